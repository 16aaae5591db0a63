/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shell around the step function: carries actions to net and store, runs bytes through the bundle
 * scanner and the tape on the work thread, commits on the store thread, and tells its observer.
 *
 * A resource that cannot be kept (no JSON, too big, no valid id) never blocks the others, nor does it make a kind
 * come again for ever: it stands in the setting "sync.refused", a line "TYPE/ID HASH ERR_CODE" each ('?' where it
 * does not say), until a later version of it is taken. While there is one, a sync ends with ERR_ATTENTION.
 *
 * Other settings: sync.last (JSON, below), sync.whose (server and scope of the marks; another scope begins
 * anew), sync.unsupported (lines "TYPE MS": this server has no such kind, not asked again for a week; never a kind of
 * the first rank, nor one that it once had: a sync without those is partial),
 * sync.complete (MS: the end of the last sync in which every kind came whole), sync.nobatch and sync.nogzip (MS:
 * the server refused a batch, a compressed body). */
#ifndef SYNC_RUN_H
#define SYNC_RUN_H

#include "base/rng.h"
#include "loop/loop.h"
#include "net/net.h"
#include "store/store.h"
#include "sync/step.h"

struct sync_run;

struct sync_report {
    int code;                 /* ERR_OK, ERR_ATTENTION, ERR_NOTSENT, ERR_PARTIAL, ERR_BUDGET, ERR_OFFLINE, ... */
    struct err err;           /* the same with its arguments */
    unsigned refused;         /* resources that cannot be kept, of this and earlier runs */
    uint64_t removed;         /* rows removed behind it to keep the quota (store/room.h) */
    uint64_t pulled, pushed;  /* resources new or changed here; operations acknowledged */
    uint64_t deleted;         /* rows that the server has no more */
    struct net_meter wire;    /* since the caller reset it */
    int64_t started_ms, ended_ms; /* device clock, for show */
    int64_t complete_ms;      /* the same for the end of the last sync in which every kind was whole; 0 never */
    int64_t server_ms;        /* server's Date at the start, or 0 */
    struct sync_kind_result kinds[SYNC_KINDS_MAX];
    unsigned n;
};

/* Everything that the server has came whole, whatever a person must still look at. */
static inline bool sync_is_whole(int code)
{
    return code == ERR_OK || code == ERR_ATTENTION || code == ERR_NOTSENT || code == ERR_BRAKE;
}

struct sync_observer {
    /* kind under way, rows so far, kinds done of kinds in all. On the loop's thread, at most 4 times a second. */
    void (*progress)(void *arg, const char *type, uint64_t rows, unsigned done, unsigned all);
    void (*done)(void *arg, const struct sync_report *r);
    void *arg;
    /* While something goes on beside it (sync_run_beside): the pull is over, with that code. Once. May be NULL. */
    void (*over)(void *arg, int code, const struct sync_kind_result *kinds, unsigned n, int64_t changes);
    /* Bytes came. May be NULL. */
    void (*metered)(void *arg);
};

/* Starts one full sync. base: the profile's base URL (references; set as NET_FHIR in n). done comes exactly once, on
 * a later turn, after the report's numbers are stored under the setting "sync.last" for `status`: {"started",
 * "ended", "server" (ms), "code" ("ERR_OK"), "requests", "bytesUp", "bytesDown", "roundTrips", "pulled", "pushed",
 * "refused", "complete" (ms, 0 never), "errors": [{"type", "code"}]}. scope is copied; the others are borrowed
 * until sync_run_free. */
int sync_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock, const struct rng *rng,
               const struct sync_scope *scope, const char *base, const struct sync_observer *o, struct sync_run **out,
               struct err *e);
void sync_cancel(struct sync_run *r);
/* The same, for a reason of the caller's: the code that it ends with. */
void sync_run_stop(struct sync_run *r, int code);
/* From now on nothing is asked but the first rank: what else is under way is left, and ends with ERR_BUDGET. */
void sync_run_frugal(struct sync_run *r);
/* While something goes on beside it, the run does not end: beside true; then once false, with what came of it: how many
 * operations were acknowledged, rows deleted because the server has them no more, and the code (its error in e) that
 * counts where the pull itself has none. */
void sync_run_beside(struct sync_run *r, bool beside, uint64_t pushed, uint64_t deleted, const struct err *e);
/* NULL is fine. Before done: stops it (done is not called any more) and frees it when its last request and job have
 * come back, which net_free and loop_free make sure of. Also from within done. */
void sync_run_free(struct sync_run *r);

/* The setting sync.complete; 0: none yet, or it cannot be read. */
int64_t sync_complete_ms(struct store *store);

#endif
