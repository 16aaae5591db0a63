/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the shell. Bytes go net -> scanner (loop's thread) -> chunk -> tape and index (work thread) -> step, row by
 * row (loop's thread) -> put (store thread). What lies in memory between is counted; above SHELL_HELD the
 * answers are paused while a job is under way that will bring it down: without one, only more bytes can. Of rows
 * larger than SHELL_LARGE there is one at a time: with its copies and its tape, one of 8 MiB is 40 MiB.
 */
#ifndef SYNC_SHELL_H
#define SYNC_SHELL_H

#include "fhir/bundle.h"
#include "fhir/index.h"
#include "loop/loop.h"
#include "net/net.h"
#include "store/room.h"
#include "store/store.h"
#include "sync/priv.h"
#include "sync/run.h"

#define SHELL_HELD                                                                                                     \
    (SYNC_SLOTS * SYNC_PARCEL_BYTES) /* bytes of rows on their way; answers pause above it, go on below half */
#define SHELL_LARGE (1u << 20) /* one row of more than that at a time */
#define SHELL_REFUSED 1000       /* resources that cannot be kept: one more ends its kind with an error */
#define SHELL_CHUNK (128u << 10) /* bytes of rows parsed in one job */

struct chunk;

/* What an answer brought, in its order. Slices lie in the chunk's bytes or arena. */
struct item {
    enum sync_event_type type; /* BUNDLE, RESPONSE, LINK, ROW */
    int outer, status, code;
    bool next, known, bad;
    int64_t changes;           /* CHANGES */
    size_t off, n;             /* in the chunk's bytes: the resource, or the link */
    struct fhir_index ix;      /* ROW */
    struct str name;           /* ROW, bad: "TYPE/ID HASH" */
    struct str *refs;          /* ROW: type, id, type, id of by-id kinds that it names */
    unsigned n_refs;
};

struct chunk {
    struct loop_job job;
    struct sync_run *run;
    unsigned lane, refs;       /* refs: the lane or job that fills it, and each row not yet stored */
    size_t first;              /* items before it are delivered */
    struct buf bytes;
    struct vec items;
    struct arena arena;
    size_t held;
    bool large;
};

struct shell_lane {
    struct sync_run *run;
    unsigned at;
    const struct fhir_kind *kind; /* NULL: a batch */
    struct net_request *request;
    struct bundle_scan *scan;
    struct chunk *chunk;       /* under construction */
    unsigned jobs;             /* chunks on the work thread */
    bool ended, gzipped, resent;
    bool grows, waits;         /* receives a large row; would, and waits for its turn */
    int lost;                  /* a row could not be read for want of memory: nothing behind it is handed over */
    size_t unsaid;             /* bytes of rows that the step does not hear of */
    int code, status;
    int64_t asked_ms;          /* boot clock */
    struct buf body;           /* the batch, to send it once more in clear */
    struct vec rows;           /* of struct pending: unknown rows in order, not yet in a put */
};

struct pending {
    struct chunk *chunk;
    struct item *item;
};

struct sync_run {
    struct loop *loop;
    struct net *net;
    struct store *store;
    struct clock clock;
    struct rng rng;
    struct sync_scope scope;
    char base[LIMIT_URL_BYTES];
    struct sync_observer observer;
    const struct fhir_kind *kinds;
    unsigned n_kinds;
    struct sync_state *state;
    struct sync_actions actions;
    struct shell_lane lane[SYNC_SLOTS];
    size_t held;
    unsigned large;            /* chunks in memory with a large row */
    bool paused, finishing, abandoned;
    bool beside, over;         /* something is sent beside it; the pull is over, with over_code */
    int over_code;
    struct err beside_err;     /* what became of what was sent */
    unsigned moving;           /* jobs that parse or store rows */
    unsigned busy;             /* requests and jobs that will still call back */
    loop_timer kick, wait;
    int64_t wait_until;        /* boot clock */
    unsigned waits;
    struct sync_event later[2 * SYNC_ACTIONS_MAX]; /* what failed on the spot: the step hears of it after this step */
    unsigned n_later;
    int64_t progress_ms;
    uint64_t rows;
    struct buf refused;        /* lines "TYPE/ID HASH CODE"; see run.h */
    struct seen refused_names, refused_ids; /* of its lines: "TYPE/ID HASH", "TYPE/ID" */
    unsigned n_refused;        /* its lines, and those that are on their way to it */
    bool refused_changed;
    struct seen asked;         /* ids asked for because a row names them */
    bool no_gzip, no_batch, gzip_refused;
    bool same;                 /* marks of this server and scope */
    struct store_mark *marks;  /* kind order, for START */
    bool skip[SYNC_KINDS_MAX]; /* in kind order */
    struct buf unsupported;    /* lines "TYPE MS" */
    struct sync_report report;
    struct loop_job first, last; /* transactions of the run's own: its marks begin anew; its report */
    struct loop_job room;        /* and what the quota takes away, in slices: who opens a chart waits for one at most */
    struct store_evict evict;
    int64_t slice_ms;            /* boot clock: when it began */
    bool sliced, stopped;        /* there is more to remove; it was cancelled: not now */
};

/* --- answer.c: from the socket to the step ------------------------------------------------------ */

void sync_answer_ask(struct sync_run *r, const struct sync_action *a);
void sync_answer_stop(struct sync_run *r, unsigned lane);
void sync_answer_fini(struct shell_lane *l);
void sync_chunk_release(struct chunk *c);
/* Counts rows in memory; pauses the answers or lets them go on. Also (0, 0) when a job is over. */
void sync_hold(struct sync_run *r, size_t more, size_t less);

/* --- parse.c: on the work thread ---------------------------------------------------------------- */

int sync_parse_run(struct loop_job *job);

/* --- put.c: to the store ------------------------------------------------------------------------ */

void sync_put(struct sync_run *r, const struct sync_action *a);

/* --- notes.c: what is remembered from run to run ------------------------------------------------- */

int sync_notes_load(struct sync_run *r, struct err *e);
/* Begins anew: no mark of another server or scope is left (store thread). */
int sync_notes_reset(struct loop_job *job);
/* Writes sync.last and the rest in one transaction, on the store thread. */
int sync_notes_save(struct loop_job *job);
/* ERR_NOMEM, ERR_TOOBIG. */
int sync_notes_refuse(struct sync_run *r, struct str name, int code);
bool sync_notes_refused(const struct sync_run *r, struct str name);
/* A row that was refused once is here now. */
int sync_notes_accept(struct sync_run *r, struct str type, struct str id);
unsigned sync_notes_refused_count(const struct sync_run *r);

/* --- run.c -------------------------------------------------------------------------------------- */

/* Around everything that calls back later. drop: frees the run when it was abandoned and this was the last. */
void sync_run_hold(struct sync_run *r);
void sync_run_drop(struct sync_run *r);
/* Gives the step an event and carries out what it wants. */
void sync_run_step(struct sync_run *r, const struct sync_event *ev);
/* The same, once the step under way is carried out. */
void sync_run_later(struct sync_run *r, const struct sync_event *ev);
/* True when that id was asked for in this run because a row names it; add: from now on. */
bool sync_run_asked(struct sync_run *r, struct str type, struct str id, bool add);
/* The first error with its words, for the report. */
void sync_run_err(struct sync_run *r, const struct err *e);

#endif
