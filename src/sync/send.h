/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shell around sync_push_step: the outbox to the server, over a session's net, beside whatever is pulled. Bodies
 * are read and answers judged on the work thread; moves are durable transactions on the store thread, before a request
 * leaves and after its answer came.
 *
 * Setting: sync.nobatch (MS; see sync/run.h) is read here and written by nobody but the pull; sync.settle (ms): for how
 * long a request that the line has lost may still be under way at the server; PUSH_SETTLE_MS where there is none.
 */
#ifndef SYNC_SEND_H
#define SYNC_SEND_H

#include "base/rng.h"
#include "loop/loop.h"
#include "net/net.h"
#include "store/store.h"
#include "sync/push.h"

struct send_run;

struct send_report {
    int code;       /* ERR_OK: nothing is left; ERR_NOTSENT (num: how many); ERR_OFFLINE, ERR_AUTH, ... */
    struct err err;
    struct sync_push_counts counts;
};

struct send_observer {
    /* How many of all are acknowledged. On the loop's thread, when it changes. May be NULL. */
    void (*progress)(void *arg, unsigned acked, unsigned all);
    void (*done)(void *arg, const struct send_report *r);
    void *arg;
};

/* Starts sending what the outbox holds now. done comes exactly once, on a later turn. base: the profile's base URL
 * (net's NET_FHIR). All but the observer are borrowed until sync_send_free. ERR_NOMEM, ERR_TOOBIG. */
int sync_send_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock, const struct rng *rng,
               const char *base,
               const struct send_observer *o, struct send_run **out, struct err *e);
/* Sends nothing more; done comes with ERR_CANCELLED, what was on the line is in doubt. */
void sync_send_cancel(struct send_run *r);
/* NULL is fine. As sync_run_free. */
void sync_send_free(struct send_run *r);

#endif
