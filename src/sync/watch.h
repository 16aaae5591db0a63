/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Syncs of the program's own accord: `sync --watch` and the full screen behind its lock. It says when the next one goes
 * (the when is sync/pace.h's): a quarter of an hour and some more behind the last; soon behind an edit that was queued;
 * ever longer apart while nothing answers, and at once when this machine's link changes then; never before the moment
 * that the server named. It runs nothing itself and paints nothing.
 *
 * On the loop's thread, but for sync_watch_queued.
 */
#ifndef SYNC_WATCH_H
#define SYNC_WATCH_H

#include "loop/loop.h"
#include "sync/pace.h"

struct sync_watch;

/* go: start a sync now; sync_watch_ended follows each, or sync_watch_put_off. ERR_NOMEM. */
int sync_watch_new(struct loop *l, const struct clock *clock, const struct rng *rng, void (*go)(void *arg), void *arg,
                   struct sync_watch **out);
/* Before loop_free: nothing goes any more. NULL is fine. */
void sync_watch_stop(struct sync_watch *w);
/* Behind loop_free, which may still deliver what sync_watch_queued posted. NULL is fine. */
void sync_watch_free(struct sync_watch *w);

/* One begins, whoever wanted it: the planned one is this one. */
void sync_watch_begun(struct sync_watch *w);
/* It has ended with that code, and the server is not to be asked for so long: plans the next. */
void sync_watch_ended(struct sync_watch *w, int code, int64_t quiet_ms);
/* No sync until the next sync_watch_begun: a lock. */
void sync_watch_put_off(struct sync_watch *w);
/* An edit was queued: any thread. Many edits are one nudge; while nothing answers it changes nothing. */
void sync_watch_queued(void *watch);
/* How long until the next one; -1: none is planned. */
int64_t sync_watch_due(const struct sync_watch *w);

#endif
