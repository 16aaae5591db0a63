/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the shell of sending: a lane's request, and the two rooms of its work.
 */
#ifndef SYNC_SEND_PRIV_H
#define SYNC_SEND_PRIV_H

#include "base/buf.h"
#include "base/limits.h"
#include "base/vec.h"
#include "sync/judge.h"
#include "sync/send.h"

#define SEND_DOWN_BYTES LIMIT_PAGE_BYTES /* of one answer: a history holds many versions */

/* An operation of a lane as it was when its action came: other threads read it. */
struct send_op {
    struct push_op op;
    enum store_op_state from, to; /* of a move */
    char why[STORE_VERSION_BYTES];
    int64_t wait_ms;
    /* what the answer said of it */
    bool answered;
    struct push_event ev;
    char version[STORE_VERSION_BYTES];
};

struct send_lane {
    struct send_run *run;
    unsigned at;
    enum push_action_type doing;
    unsigned n;
    struct send_op op[PUSH_BATCH];
    unsigned index[PUSH_BATCH]; /* their places in the engine's order */
    struct loop_job job;
    struct net_request *request;
    struct buf up, down;
    const char *method;
    char url[LIMIT_URL_BYTES], if_match[STORE_VERSION_BYTES + 4];
    struct net_head head;
    int code;                   /* how the answer ended */
    bool written, whole;        /* whole: the answer is of the request as one (PUSH_ALL) */
    struct push_event all;
};

struct send_run {
    struct loop *loop;
    struct net *net;
    struct store *store;
    struct clock clock;
    struct rng rng;
    char base[LIMIT_URL_BYTES];
    struct send_observer observer;
    struct push_state *state;
    struct send_lane lane[PUSH_LANES];
    struct loop_job load;
    struct vec ops;             /* of struct loaded; until the engine has them */
    loop_timer wait;
    unsigned busy, acked;
    bool stopping, abandoned, finishing, started;
    struct send_report report;
};

/* --- send_wire.c: on the work thread ------------------------------------------------------------ */

/* An operation for the engine, and what its body names. */
struct loaded {
    struct push_op op;
    struct vec needs;           /* of struct named */
};
struct named {
    char type[65], id[65];
};
/* mend.c, on the store thread: conflicts that need no person are merged and queued again. */
int sync_send_mend(struct loop_job *job);
/* The outbox into r->ops. */
int sync_send_load(struct loop_job *job);
/* The request of a lane that is to send: method, url, if_match, up. ERR_INUSE: an operation was edited since it was
 * loaded and now is a deletion, or names something that has not reached the server. */
int sync_send_prepare(struct loop_job *job);
/* What the lane's answer says. */
int sync_send_judge(struct loop_job *job);
struct send_lane *sync_send_lane_of(struct loop_job *job);

#endif
