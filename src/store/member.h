/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is in the list that a profile follows (a Group, a List, the visits at a Location, or more patients than one
 * search holds), and whose pull marks are whose. Members that came together are a cohort: its marks say what has come
 * of those and of nobody else, so that who joins later is never asked for since a mark of the others. Cohorts that
 * are equally whole become one again. A profile without a list has no member, and cohort 0.
 *
 * Who has left stays for STORE_MEMBER_GRACE_MS (sync/leave.h): left_ms says since when. Such a member is in a cohort of
 * its own, with the marks as they were then: what came of the others since is not of it.
 */
#ifndef STORE_MEMBER_H
#define STORE_MEMBER_H

#include "base/limits.h"
#include "base/vec.h"
#include "store/store.h"

#define STORE_MEMBERS_MOST 100000
#define STORE_MEMBER_GRACE_MS ((int64_t)7 * 24 * 3600 * 1000)

struct store_member {
    char id[LIMIT_ID_BYTES + 1];
    int64_t cohort;   /* 1, 2, ... */
    int64_t since_ms; /* when it came into the list, by the server's clock */
    int64_t left_ms;  /* when the list first did not name it any more; 0: it does */
    bool asked;       /* a person wanted it: no list takes it out */
};
int store_member_put(struct store_tx *tx, const struct store_member *m, struct err *e);
int store_member_drop(struct store_tx *tx, const char *id, struct err *e); /* and marks that are nobody's */
/* ERR_NOTFOUND. */
int store_member(struct store *s, struct str id, struct store_member *out, struct err *e);
/* All, by cohort and id, into a vec of struct store_member of STORE_MEMBERS_MOST. */
int store_members(struct store *s, struct vec *out, struct err *e);
int store_members_forget(struct store_tx *tx, struct err *e); /* their marks stay: store_marks_forget */

/* A number that no cohort has. */
int store_cohort_new(struct store_tx *tx, int64_t *out, struct err *e);
/* A number that no cohort has, with what from has whole; nothing is under way of it. Put a member into it before the next
 * is made. */
int store_cohort_part(struct store_tx *tx, int64_t from, int64_t *out, struct err *e);
/* The members of from become into's, with the older of each two marks. *joined: false, and nothing is done, where one
 * has a kind whole that the other has not, or a run of one is under way. */
int store_cohort_join(struct store_tx *tx, int64_t from, int64_t into, bool *joined, struct err *e);

/* Removes what is here of a member that has left, in transactions of LIMIT_TX_ROWS, the member with the last of them; its
 * kinds are NOT FETCHED from the first on. *gone: all of it has gone. Not while an edit of the chart has not reached the
 * server (or is in conflict), while it has a draft, or when it was opened in the last STORE_EVICT_FRESH_MS. Rows of a
 * file stay. now_ms: the device's, as the openings are. */
int store_member_remove(struct store *s, const struct store_member *m, int64_t now_ms, bool *gone, struct err *e);
/* store_at_server of one chart alone. */
int store_at_server_of(struct store *s, struct str chart, struct str type, int64_t *n, int64_t *removed, struct err *e);

#endif
