/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shell around the step function: carries actions to net and store, runs bytes through the bundle
 * scanner and the tape on the work thread, commits on the store thread, and tells its observer.
 */
#ifndef SYNC_RUN_H
#define SYNC_RUN_H

#include "loop/loop.h"
#include "net/net.h"
#include "store/store.h"
#include "sync/step.h"

struct sync_run;

struct sync_report {
    int code;                 /* ERR_OK, ERR_OFFLINE, ERR_PARTIAL, ERR_CANCELLED, ... */
    struct err err;
    uint64_t pulled, pushed;  /* resources new or changed here; operations acknowledged */
    struct net_meter wire;
    int64_t started_ms, ended_ms; /* device clock, for show */
    int64_t server_ms;        /* server's Date at the start, or 0 */
    struct sync_kind_result kinds[SYNC_KINDS_MAX];
    unsigned n;
};

struct sync_observer {
    /* kind under way, rows so far, kinds done of kinds in all. On the loop's thread, at most 4 times a second. */
    void (*progress)(void *arg, const char *type, uint64_t rows, unsigned done, unsigned all);
    void (*done)(void *arg, const struct sync_report *r);
    void *arg;
};

/* Starts one full sync. base: the profile's base URL (references). done comes exactly once, after the report's
 * numbers are stored under the setting "sync.last" (JSON) for `status`. */
int sync_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock, const struct sync_scope *scope,
               const char *base, const struct sync_observer *o, struct sync_run **out, struct err *e);
void sync_cancel(struct sync_run *r);
void sync_run_free(struct sync_run *r); /* after done */

#endif
