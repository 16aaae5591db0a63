/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was deleted at the server. A search does not show it: a pull brings what changed, never what went. So each sync
 * asks whether anything changed at all (SYNC_EV_CHANGES); if so, or once a day, how many there are of each kind; and
 * where that is not the number of the rows here, which they are. A row that is not listed is a suspicion, no more (an
 * index may lag behind): the server is asked for each by its id, and only its 404 or 410 deletes the row here. Rows
 * with an unsent edit are left to sync/push.h.
 *
 * The brake is one for these rows and for patients who have left the list: more than SYNC_BRAKE_LEAST and
 * than one in SYNC_BRAKE_PART that would go in one sync, or a list of nobody, are more likely another server or list, or one
 * restored from an old backup: nothing goes, and a person is asked (ERR_BRAKE; the setting sync.brake has the number until
 * a person accepts it, or it is no more).
 *
 * Setting sync.changed: something changed, and not all kinds have been counted since. sync.counts: MS of the last
 * counting. sync.counted: lines "TYPE HERE TOTAL LACKING MS", the last listing of a kind: it is not listed again for a
 * day while both numbers stay. Rows that the server lists and that are not here, twice: the kind is pulled anew; those
 * removed to make room (store/room.h) are not of them.
 */
#ifndef SYNC_ABSENT_H
#define SYNC_ABSENT_H

#include "sync/run.h"

#define SYNC_BRAKE_LEAST 20
#define SYNC_BRAKE_PART 50

struct absent_run;

struct absent_report {
    int code;          /* ERR_OK, ERR_BRAKE (num: rows), ERR_OFFLINE, ... */
    struct err err;
    uint64_t deleted;  /* rows */
    uint64_t left;     /* patients: sync/leave.h */
};

/* Looks after a pull that brought those kinds whole. Without changes, and within a day, it asks nothing. done comes
 * once, on a later turn. list_ms: when the list was read, by the server's clock, or 0; who has left it for long goes, too,
 * and nothing of those who have is counted. Nobody in the list: no kinds. scope and results are copied, all else is borrowed until sync_absent_free. */
int sync_absent_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock,
                      const struct sync_scope *scope, const struct sync_kind_result *kinds, unsigned n_kinds,
                      bool changed, int64_t list_ms, void (*done)(void *arg, const struct absent_report *r),
                      void *arg, struct absent_run **out, struct err *e);
/* A person says that the deletions are meant, as many as the brake named (and SYNC_BRAKE_LEAST more): of the next sync
 * of this store. */
int sync_absent_accept(struct store *s, struct store_tx *tx, struct err *e);
/* NULL is fine; done does not come any more. */
void sync_absent_free(struct absent_run *r);

#endif
