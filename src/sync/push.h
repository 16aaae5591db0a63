/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sending: the outbox's engine, step(state, event) -> actions, with no clock, socket, file or chance inside, as
 * sync/step.h is for pulling. The shell (sync/send.h) carries the actions out. What it promises:
 *   - an operation is on disk as in flight before a byte of it is handed to the line;
 *   - of an outcome that is not a well-formed FHIR answer to that very operation nobody knows whether it happened:
 *     the operation is then in doubt, and the server is asked (by version, content, history) before anything is sent
 *     again. A create has its name from us and an update consumes its base, so a second sending has no second effect;
 *   - it leaves the outbox only by positive evidence: an answer, or what the server was found to have;
 *   - operations of one resource go one after the other, and what names a resource that was created here waits for it;
 *     an operation that cannot be sent holds up those alone;
 *   - several of one patient go in one batch, each with an answer of its own.
 */
#ifndef SYNC_PUSH_H
#define SYNC_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "store/edit.h"
#include "sync/pace.h"

#define PUSH_LANES 2            /* requests under way at once: others are the pull's */
#define PUSH_BATCH 50           /* operations in one batch at most */
#define PUSH_BATCH_FIRST (16u << 10) /* bytes of bodies in the first batch; doubled when an answer came soon, */
#define PUSH_BATCH_BYTES (1u << 20)  /* up to this */
#define PUSH_SOON_MS 4000       /* halved when it took four times that, or was lost */
#define PUSH_PATIENCE_MS SYNC_PACE_PATIENCE_MS /* what must wait longer is left to the next run */
/* A server may still commit a request that the line has lost for as long as it, or a proxy before it, works on one. */
#define PUSH_SETTLE_MS 60000
#define PUSH_TRIES 5            /* of one operation in one run, and questions after it */
#define PUSH_ALL UINT32_MAX     /* EV_ANSWER to a batch that is no batch-response: of none of them, and of all */

/* One operation as the engine needs it. */
struct push_op {
    int64_t seq;
    char op[STORE_OP_BYTES];
    char type[65], id[65];
    char chart[80];             /* "" for none */
    enum store_op_kind kind;
    enum store_op_state state;  /* not acknowledged. Behind one in conflict or wanting attention others wait */
    int64_t after;              /* as in struct store_op */
    bool again;                 /* of one that is queued: it may have been sent before, saying something else */
    char base[STORE_VERSION_BYTES]; /* base_etag */
    size_t bytes;               /* of the body */
    int64_t wait_ms;            /* from the start: before it may be tried; of one in doubt: sent again */
};

enum push_event_type {
    PUSH_EV_OP,      /* before START, in order of seq: op; deps as given by PUSH_EV_NEEDS behind it */
    PUSH_EV_NEEDS,   /* before START: the last EV_OP names a resource (type, id) */
    PUSH_EV_START,   /* settle_ms, no_batch, seed */
    PUSH_EV_STORED,  /* the ACT_STORE of that lane is committed, or failed: code; ERR_NOTFOUND: an operation is not
                      * there in the state that the move names */
    PUSH_EV_ANSWER,  /* to operation at on lane, of an answer or of a batch's entry: status, fhir, version,
                      * retry_after_s; of a question: found */
    PUSH_EV_END,     /* the answer ended: lane, code (ERR_OK: whole), written. An operation of that lane that had no
                      * EV_ANSWER has no answer. ERR_INUSE, not written: an operation was edited since it was given */
    PUSH_EV_WAKE,    /* the last ACT_WAIT is over */
    PUSH_EV_CANCEL,  /* sends nothing more; what is on the line is waited for */
};

/* What a question found of an operation's resource, by comparing bytes (sync/judge.h). */
enum push_found {
    PUSH_FOUND_UNKNOWN,  /* no answer that tells */
    PUSH_FOUND_NOTHING,  /* no such resource, and never heard of (404) */
    PUSH_FOUND_GONE,     /* it was deleted (410) */
    PUSH_FOUND_BASE,     /* it is the version that the edit was made from */
    PUSH_FOUND_OURS,     /* its current content is the operation's */
    PUSH_FOUND_OTHER,    /* another one: the history will tell */
    PUSH_FOUND_WAS_OURS, /* history: a version behind the base was ours, others came since */
    PUSH_FOUND_NEVER,    /* history: none behind the base was ours */
};

struct push_event {
    enum push_event_type type;
    const struct push_op *op;   /* EV_OP */
    struct str res_type, id;    /* EV_NEEDS */
    int64_t now_ms;             /* of all: a clock that only grows */
    int64_t settle_ms;          /* 0: PUSH_SETTLE_MS */
    bool no_batch;              /* the server lately refused one */
    uint64_t seed;              /* of the waits' chance; 0: each wait is its bound */
    unsigned lane, at;          /* at: an operation's place in the order of EV_OP */
    int status, code;
    bool fhir;                  /* the body was FHIR, or there was none and a 2xx named the version */
    enum push_found found;
    struct str version;         /* the resource's version as the answer names it, or "" */
    int64_t retry_after_s;
    bool written;               /* EV_END: a byte of the request may have left */
};

enum push_action_type {
    PUSH_ACT_STORE, /* move[0..n), in one durable transaction; EV_STORED with the lane answers it */
    PUSH_ACT_SEND,  /* operations at[0..n) on lane: one as a request of its own, several as a batch */
    PUSH_ACT_READ,  /* on lane: GET the resource of at[0] and judge */
    PUSH_ACT_HISTORY, /* on lane: GET its history and judge */
    PUSH_ACT_WAIT,  /* EV_WAKE after wait_ms, in place of an earlier wait */
    PUSH_ACT_DONE,  /* finished: code */
};

struct push_move {
    unsigned at;
    enum store_op_state from, to;
    /* Of ACKED: the version; of INFLIGHT: that of its base, or ""; else a word of the table in sync/push.c, or "". */
    char why[STORE_VERSION_BYTES];
    int64_t wait_ms;            /* not 0: store_op_later, that long from now */
};

struct push_action {
    enum push_action_type type;
    unsigned lane, n;
    unsigned at[PUSH_BATCH];
    struct push_move move[PUSH_BATCH];
    int64_t wait_ms;
    int code;
};

#define PUSH_ACTIONS_MAX (2 * PUSH_LANES) /* one a lane, and a wait or the end */
struct push_actions {
    struct push_action a[PUSH_ACTIONS_MAX];
    unsigned n;
};

struct push_state;

int sync_push_new(struct push_state **out); /* ERR_NOMEM */
void sync_push_free(struct push_state *s);  /* NULL is fine */
/* Clears out first. */
void sync_push_step(struct push_state *s, const struct push_event *ev, struct push_actions *out);

/* What became of them. held: they wait for another operation, or longer than this run. */
struct sync_push_counts {
    unsigned all, acked, conflict, attention, doubt, held;
};
struct sync_push_counts sync_push_counts(const struct push_state *s);
/* As it is now; NULL past the end. base is the version that the next sending names. */
const struct push_op *sync_push_op_at(const struct push_state *s, unsigned at);

#endif
