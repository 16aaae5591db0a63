/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the engine of sending: what it knows of an operation and of a lane (push.c), and how they are put in order
 * before a run (push_load.c).
 */
#ifndef SYNC_PUSH_PRIV_H
#define SYNC_PUSH_PRIV_H

#include "base/vec.h"
#include "sync/push.h"

enum push_phase {
    READY,    /* may be sent, when nothing is before it */
    STRAY,    /* was in flight when a run broke off */
    LANE,     /* a lane has it */
    READ,     /* the server is to be asked what it has */
    HISTORY,  /* and what it had */
    OVER,     /* acknowledged, in conflict, wants attention */
    LEFT,     /* no more in this run */
};

struct push_slot {
    struct push_op op;
    enum push_phase phase;
    unsigned before;         /* index + 1 of the operation before it on its resource; 0: none that is still here */
    unsigned need, needs;    /* its part of state.need */
    unsigned tries, questions;
    int64_t not_before_ms;   /* of sending it */
    int64_t ask_ms;          /* of asking what the server has */
    bool doubted;            /* may have reached the server */
    bool clash;              /* the server said that the version is another one */
    bool alone;              /* in no batch: another one of its batch was not as it was loaded, or it was itself not */
    bool gone;               /* not in the outbox any more: taken back by its user */
    bool looked;             /* the server was asked for a base that is not known here */
    bool deleted;            /* the server said that it was deleted */
    /* what its lane's answer said */
    bool answered;
    struct push_event answer;
    char version[STORE_VERSION_BYTES];
};

enum push_lane_phase { FREE, MARKING, SENDING, ASKING, SETTLING };

struct push_lane {
    enum push_lane_phase phase;
    bool history;            /* ASKING: what was asked */
    unsigned n, at[PUSH_BATCH];
    struct push_move move[PUSH_BATCH];
    unsigned moves;
    size_t bytes;            /* of the bodies that were sent */
    int64_t asked_ms;
    struct push_event whole; /* the answer to a batch as a whole, when that was no batch-response */
};

struct push_need {
    unsigned of;             /* index of the slot that names it */
    char type[65], id[65];
    unsigned on;             /* index + 1 of the create that makes it; 0: none here */
};

struct push_state {
    struct vec slots, need;  /* of struct push_slot, struct push_need */
    struct push_lane lane[PUSH_LANES];
    bool done, no_batch;
    int64_t now_ms, settle_ms;
    uint64_t seed;
    size_t most;             /* bytes of one batch */
    int64_t quiet_ms;        /* the server said: nothing before that */
    unsigned offline;        /* requests in a row that reached nobody */
    int stopping;            /* the code that ends the run */
    struct push_actions *out;
};

static inline struct push_slot *push_slot(const struct push_state *s, unsigned i)
{
    return (struct push_slot *)s->slots.p + i;
}

/* push_load.c */
void sync_push_add(struct push_state *s, const struct push_op *op);
void sync_push_add_need(struct push_state *s, struct str type, struct str id);
/* Which create makes what is named. */
void sync_push_resolve(struct push_state *s);
/* The operation with that seq, + 1; 0: none. */
unsigned sync_push_with_seq(const struct push_state *s, int64_t seq);
void sync_push_stop(struct push_state *s, int code);

#endif
