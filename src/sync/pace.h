/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When the next request, and the next sync of a profile's own accord, may go. Pure: the clock (boot, milliseconds) and
 * chance are handed in; who waits, and what carries it out, is elsewhere (net_quiet, sync/watch.h). What it promises:
 *   - nothing is asked before the moment that the server named, however it said it (net_head.retry_after_s), whichever
 *     part of the program had asked, and not after a new start of the program either: the setting sync.pace;
 *   - behind failures of the line the waits double, and each is drawn between nothing and its bound (full jitter), so
 *     that clients that fell together do not come back together.
 */
#ifndef SYNC_PACE_H
#define SYNC_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/rng.h"

#define SYNC_PACE_BASE_MS 1000
#define SYNC_PACE_CAP_MS (15 * 60 * 1000)
#define SYNC_PACE_PATIENCE_MS 90000   /* the longest wait within a sync: beyond, it ends with ERR_BUSY; NET_HELD_MS */
#define SYNC_PACE_EVERY_MS (15 * 60 * 1000) /* between two syncs, and up to a quarter more */
#define SYNC_PACE_NUDGE_MS 2000       /* behind an edit, and up to half as much more: the next one goes with it */

struct sync_pace {
    int64_t told_ms;      /* nothing to the server before; 0: it said nothing */
    int64_t told_for_ms;  /* how long that was when it was said */
    unsigned failures;    /* syncs in a row that the line, or the server, did not carry */
};

/* Between least and least + spread. rng NULL: the most. */
int64_t sync_pace_draw(const struct rng *rng, int64_t least_ms, int64_t spread_ms);
/* The bound of the wait behind so many failures before this one, and one wait up to it. rng NULL: the bound. */
int64_t sync_pace_bound(unsigned failures);
int64_t sync_pace_backoff(unsigned failures, const struct rng *rng);
/* What an answer that refuses (429, 503) asks for: never less than it says. refusals: those in a row before it. */
int64_t sync_pace_refused(int64_t retry_after_s, unsigned refusals);

/* An answer's head. True: nothing may go for longer than was known. A 202's and a redirect's Retry-After are of that
 * one resource. */
bool sync_pace_hear(struct sync_pace *p, int status, int64_t retry_after_s, int64_t now_ms);
/* How long nothing may go to the server; 0: it may now. */
int64_t sync_pace_quiet(const struct sync_pace *p, int64_t now_ms);
/* A sync has ended with that code: how long until the next one of the program's own accord. */
int64_t sync_pace_next(struct sync_pace *p, int code, int64_t now_ms, const struct rng *rng);
/* The code says that the line or the server did not carry a sync: another one soon may do better. */
bool sync_pace_is_failure(int code);

/* For the next start of the program. Both clocks count: the one of the two that says longer, at most what was told; one
 * that was set, or another boot, makes nothing earlier unless both agree. load: what cannot be read says nothing. */
int sync_pace_save(const struct sync_pace *p, int64_t now_ms, int64_t wall_ms, struct buf *out);
void sync_pace_load(struct sync_pace *p, struct str saved, int64_t now_ms, int64_t wall_ms);

#endif
