/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is in the list that a profile follows: a Group's members, a List's items, the subjects of the visits that are
 * open at a Location, or the patients that the scope names where one search does not hold them all. The list is asked
 * while the members that are known are pulled: it costs no round trip. Who is new in it is a cohort of its own
 * (store/member.h), pulled behind the others from the very beginning, and resumed like any pull. Who is not in it any more
 * has left: sync/leave.h.
 */
#ifndef SYNC_ROSTER_H
#define SYNC_ROSTER_H

#include "base/vec.h"
#include "loop/loop.h"
#include "net/net.h"
#include "sync/step.h"

struct roster_run;

struct roster_report {
    int code; /* ERR_OK; ERR_LIST, ERR_HTTP, ERR_OFFLINE, ...: nothing has changed */
    struct err err;
    unsigned joined, left;
    int64_t date_ms; /* of the answer, by the server's clock; 0: it did not say, or was not asked */
};

struct roster_observer {
    /* What is known of it from before is ready to be pulled (known false: nothing is, wait for done). */
    void (*ready)(void *arg, bool known);
    /* The list is stored. Once, on a later turn. Both may abandon the run. */
    void (*done)(void *arg, const struct roster_report *r);
    void *arg;
};

/* spec: of sync_scope_parse, with a list; copied, as base and the observer are. All else is borrowed until
 * sync_roster_free. */
int sync_roster_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock,
                      const struct sync_scope *spec, const char *base, const struct roster_observer *o,
                      struct roster_run **out, struct err *e);
/* NULL is fine. done does not come any more. */
void sync_roster_free(struct roster_run *r);

/* The members of a cohort that are still in the list; of cohort 0: of all. *out as of sync_scope_parse. */
int sync_roster_scope(struct store *s, const struct sync_scope *spec, int64_t cohort, struct sync_scope *out,
                      struct err *e);
struct roster_cohort {
    int64_t cohort;
    bool fresh; /* its first rank was never whole */
    bool asked; /* a person waits for somebody of it */
};
/* One run of a sync that follows a list. */
struct roster_leg {
    int64_t cohort;  /* 0: of nobody, so that the sync is told of */
    bool first_rank; /* those kinds alone: before another cohort's later ones */
};
/* Adds to legs (a vec of struct roster_leg) the cohorts that are in none. The first rank of all that have nothing yet
 * comes before anything else of theirs. */
int sync_roster_legs(struct store *s, struct vec *legs, struct err *e);
/* What came of a leg, to what came of those before it: whole is what was whole in each. all: SYNC_KINDS_MAX. */
void sync_roster_merge(struct sync_kind_result *all, unsigned *n_all, const struct sync_kind_result *kinds, unsigned n);

/* Cohorts with members in the list, into a vec of struct roster_cohort: those that somebody waits for first. */
int sync_roster_cohorts(struct store *s, struct vec *out, struct err *e);

#endif
