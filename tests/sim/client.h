/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Drives the step function against the model server: lanes that deliver out of step, a store that commits when it likes,
 * cuts, refusals, crashes between any two actions. One seed is one history.
 */
#ifndef TESTS_SIM_CLIENT_H
#define TESTS_SIM_CLIENT_H

#include "sync/step.h"
#include "tests/sim/server.h"

#define SIM_LANES 16
#define SIM_PARCEL_BYTES (768u << 10)

/* One part of an answer, as it will come. */
struct sim_part {
    enum sync_event_type type;
    int outer, status, code;
    const struct sim_version *row;
    bool next;
    char url[300];
};

struct sim_fault { /* chances in 1000, each time */
    unsigned cut, refuse, offline, crash, store, stray, expire, html;
    unsigned after_rows;  /* every answer is cut behind that many rows; 0 = not */
};

struct sim_world {
    uint64_t seed;
    struct sim_server *server;
    struct sim_fault fault;
    bool writes;                    /* others write while we sync */
    size_t row_bytes;               /* what a row takes in memory */
    bool slow_store;                /* answers overtake commits */
    /* what is on disk */
    unsigned have[SIM_KINDS][SIM_ROWS];
    struct store_mark mark[SIM_KINDS];
    int stored_kind;                /* whose mark the last transaction wrote; -1 none */
    bool skip[SIM_KINDS], no_batch;
    /* one run */
    struct sync_state *state;
    struct sync_actions actions;
    struct sim_lane {
        struct sim_part *part;
        unsigned n, cap, at;
        int64_t asked_ms;
        const struct sim_version *open[SIM_VERSIONS]; /* unknown rows handed to the step, in order */
        int outer[SIM_VERSIONS];
        unsigned n_open;
    } lane[SIM_LANES];
    struct sim_commit {
        unsigned lane, kind, n;
        int outer;
        const struct sim_version *row[LIMIT_TX_ROWS];
        struct store_mark mark;
    } commit[128];
    unsigned n_commit, wakes;
    bool done;
    int code;
    /* counted */
    unsigned requests, rows_sent, cut, crashes, stores, batches;
    unsigned fresh, kept;           /* of this run: rows that came and were not here; rows that were stored */
    bool few;                       /* two kinds alone, K0 and K5: what a small scope writes */
    bool plant_rank, plant_clock, plant_loss; /* violations, to see that they are noticed */
    unsigned long marks_checked, ranks_checked, origins_checked;
    const char *broken;             /* the first invariant that did not hold */
    /* Where edits are made too (tests/sim/device.c): whether a version is here, and where it goes. NULL: have[]. */
    bool (*known)(void *arg, const struct sim_version *v);
    void (*put)(void *arg, const struct sim_version *v);
    void (*stored)(void *arg, const struct store_mark *m); /* the end of a transaction; type "": no mark */
    void *arg;
};

/* One run of sync to its end or to a crash (then code is ERR_CANCELLED and done is false). */
void sim_run(struct sim_world *w);
/* The same in steps, for one that is not alone: begin, then event until done, then end. */
void sim_begin(struct sim_world *w);
void sim_event(struct sim_world *w);
void sim_end(struct sim_world *w);
/* NULL, or what is unlike: client and server hold the same newest versions of every kind that the server has. */
const char *sim_differs(const struct sim_world *w);
const struct fhir_kind *sim_kinds(void);

#endif
