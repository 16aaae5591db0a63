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
    SEARCH,   /* and whether it has it under another id */
    OVER,     /* acknowledged, in conflict, wants attention */
    LEFT,     /* no more in this run */
};

struct push_slot {
    struct push_op op;
    enum push_phase phase;
    unsigned before;         /* index + 1 of the operation before it on its resource; 0: none that is still here */
    unsigned need, needs;    /* its part of state.need */
    unsigned group;          /* of creates that name each other: index + 1 of the first; 0: none */
    unsigned tries, questions;
    int64_t not_before_ms;   /* of sending it */
    int64_t ask_ms;          /* of asking what the server has */
    bool doubted;            /* may have reached the server */
    bool earlier;            /* in an earlier run */
    bool clash;              /* the server said that the version is another one */
    bool alone;              /* in no batch: another one of its batch was not as it was loaded, or it was itself not */
    bool gone;               /* not in the outbox any more: taken back by its user */
    bool looked;             /* the server was asked for a base that is not known here */
    bool deleted;            /* the server said that it was deleted */
    bool tried;              /* it is sent as POST only because a PUT was found wrong (400): it may be the id, or not */
    bool sought;             /* and, since it was last sent, nothing was found that bears its mark */
    /* what its lane's answer said */
    bool answered;
    struct push_event answer;
    char version[STORE_VERSION_BYTES];
    char name[65];           /* the id that it names */
};

enum push_lane_phase { FREE, MARKING, SENDING, ASKING, SETTLING };

struct push_lane {
    enum push_lane_phase phase;
    enum push_phase asked;   /* ASKING: what: READ, HISTORY, SEARCH */
    bool no_ids, no_transaction; /* its transaction says so of the server */
    bool atomic;             /* SENDING: a transaction: all of them or none */
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
    bool done, no_batch, no_transaction;
    bool server_ids;         /* a create is sent as POST */
    int64_t now_ms, settle_ms;
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

/* push_rule.c: what an answer means. */
enum push_class {
    CLASS_DOUBT,   /* nobody knows */
    CLASS_DONE,
    CLASS_AGAIN,   /* not carried out; later */
    CLASS_SIGNIN,  /* nothing more in this run */
    CLASS_CLASH,   /* the version is another one, or says so */
    CLASS_GONE,    /* no such resource */
    CLASS_LARGE,
    CLASS_REFUSED, /* a person must look */
};
struct push_rule {
    int from, to;                /* HTTP's status */
    enum push_class fhir, other; /* with a FHIR body, and without */
    const char *why;
};
const struct push_rule *sync_push_rule(int status);

/* push_load.c */
void sync_push_add(struct push_state *s, const struct push_op *op);
void sync_push_add_need(struct push_state *s, struct str type, struct str id);
/* Which create makes what is named. */
void sync_push_resolve(struct push_state *s);
/* The operation with that seq, + 1; 0: none. */
unsigned sync_push_with_seq(const struct push_state *s, int64_t seq);
void sync_push_stop(struct push_state *s, int code);
/* push_group.c: those that name each other. */
void sync_push_groups(struct push_state *s);
/* When all of a group that are not acknowledged may go; INT64_MAX: one of them may not. */
int64_t sync_push_group_due(const struct push_state *s, unsigned group);

/* The server calls what slot at is of by another id. */
void sync_push_rename(struct push_state *s, unsigned at, const char *id);

#endif
