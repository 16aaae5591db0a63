/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sync engine: step(state, event) -> actions, with no clock, socket, file or chance inside. The shell
 * (sync/run.h) carries the actions out and feeds back what happened; the simulator and the tests drive the
 * same function. What it promises:
 *   - `ge`, never `gt`; the mark of a kind is the server's Date when its run began, never later and never the
 *     device's; the next run asks from mark minus overlap, which grows with the lateness seen;
 *   - rows and mark are one transaction, and a mark never stands for rows that are not stored;
 *   - a page that was cut leaves its whole resources; it is asked again from the greatest lastUpdated stored,
 *     smaller. Progress never needs a page larger than the rows of one instant: see sync/pull.c;
 *   - a next link is followed on its own origin only; paging that goes in circles ends with ERR_LOOP;
 *   - once it is to be frugal (the day's bytes are used), nothing but KIND_P0 is asked, and the others are not called
 *     whole;
 *   - KIND_P0 is whole for all patients before anything else is asked, but for what stands behind it in the same
 *     answer: a first sync asks all ranks in one batch, in their order, and leaves it where P0 has more to come.
 */
#ifndef SYNC_STEP_H
#define SYNC_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/limits.h"
#include "fhir/kind.h"
#include "store/store.h"

#define SYNC_OVERLAP_MS (5 * 60 * 1000)
#define SYNC_OVERLAP_MAX_MS (24 * 3600 * 1000)
/* _count to begin with, and the most: a page outlasts the round trip for the next link, and HAPI FHIR gives no more. */
#define SYNC_COUNT 1000
#define SYNC_COUNT_BATCH 50   /* _count inside a batch, where nearly all are empty */
/* There, of a later rank that never came: a server makes the whole batch before it sends any. */
#define SYNC_COUNT_LATER 200
#define SYNC_KINDS_MAX 64
#define SYNC_LANES 4          /* requests under way at once */

struct sync_state;

/* What may be synced: every patient, or some. With some, kinds that have no search by patient (Practitioner,
 * Organization, ...) are fetched by id, those that a stored row names; with all, they are pulled like others. */
struct sync_scope {
    bool all;
    bool demand; /* no marks are read or written: sync/demand.h */
    bool some;   /* only those kinds, by their place in the kind table */
    bool kind[SYNC_KINDS_MAX];
    char (*patients)[65]; /* FHIR ids */
    unsigned n;
};
/* "all" or "patient/ID[,ID...]". ERR_USAGE with the word; group/, list/ and location/ give ERR_UNSUPPORTED;
 * ERR_TOOBIG when the ids do not fit one URL. */
int sync_scope_parse(struct str spec, struct sync_scope *out, struct err *e);
int sync_scope_copy(const struct sync_scope *from, struct sync_scope *to); /* ERR_NOMEM */
void sync_scope_fini(struct sync_scope *s);
/* True for a kind that this scope pulls by the ids that other rows name. */
bool sync_scope_by_id(const struct sync_scope *s, const struct fhir_kind *k);

enum sync_event_type {
    SYNC_EV_ID,        /* before START: an id of a by-id kind that is here; after ACT_IDS: one that is not. type, id */
    SYNC_EV_START,     /* marks and skip, in kind order; no_batch */
    SYNC_EV_HEAD,      /* an answer's head: lane, status, date_ms, waited_ms, retry_after_s */
    SYNC_EV_BUNDLE,    /* a Bundle opened: lane, outer. An answer without one is not FHIR search */
    SYNC_EV_RESPONSE,  /* batch entry outer has this status */
    SYNC_EV_CHANGES,   /* the server's history of all resources, asked in the batch, has this many entries: changes */
    SYNC_EV_LINK,      /* self link, or a next link that passed the gate (ERR_OK) or did not (code): lane, outer, url */
    SYNC_EV_ROW,       /* a whole resource: lane, outer, id, bytes, updated_ms, known, bad */
    SYNC_EV_END,       /* the answer ended: lane, code (ERR_OK: whole). After it lane sends no more rows */
    SYNC_EV_STORED,    /* the oldest ACT_STORE of lane and outer is committed, or failed (code) */
    SYNC_EV_WAKE,      /* an ACT_WAIT is over */
    SYNC_EV_IDS,       /* all ids that ACT_IDS asked for were given */
    SYNC_EV_FRUGAL,    /* at any moment: from here on the first rank alone, what else is under way is left */
    SYNC_EV_CANCEL,    /* code: why, or ERR_OK: on request */
};

struct sync_event {
    enum sync_event_type type;
    unsigned lane;
    int outer;                /* batch entry, or -1 */
    int status, code;
    int64_t date_ms;          /* the answer's Date, 0 if it has none */
    int64_t waited_ms;        /* from asking to the head; makes the mark earlier, never later */
    int64_t updated_ms;       /* meta.lastUpdated, FHIR_NO_DATE if it has none */
    int64_t retry_after_s;
    struct str res_type, id, url;
    size_t bytes;             /* ROW: what it and all that came before it holds in memory, since the row before */
    bool known;               /* ROW: this version is here (or was refused before): nothing to store */
    bool first_version;       /* ROW: meta.versionId is "1" */
    bool bad;                 /* ROW: not readable; the shell lists it as refused in the same transaction, unless
                               * code says that the list is full: the kind ends there */
    bool next;                /* LINK: next, else self */
    const struct store_mark *marks; /* START */
    const bool *skip;         /* START, may be NULL: the server lately said that it has no such kind */
    bool no_batch;            /* START: the server lately refused a batch */
    int64_t changes;          /* CHANGES: as many as were asked for, one, says: or more */
};

enum sync_action_type {
    SYNC_ACT_GET,     /* ask url on lane: relative to the base, or as a next link was given; kind */
    SYNC_ACT_BATCH,   /* POST body (a batch Bundle of searches) to the base on lane */
    SYNC_ACT_STORE,   /* commit the oldest `rows` unknown rows of lane and outer, and mark, in one transaction */
    SYNC_ACT_STOP,    /* abandon what is under way on lane; END follows all the same */
    SYNC_ACT_WAIT,    /* send WAKE after wait_ms: told, not before, and soon after; else at any moment until it */
    SYNC_ACT_IDS,     /* give by EV_ID the ids that rows name and that are not here, then EV_IDS */
    SYNC_ACT_DONE,    /* finished: code; kind results are in the state */
};

struct sync_action {
    enum sync_action_type type;
    unsigned lane;
    int outer;
    const struct fhir_kind *kind; /* GET, STORE */
    struct str url, body;         /* owned by the state until the next step */
    unsigned rows;                /* STORE: 0 to LIMIT_TX_ROWS */
    struct store_mark mark;       /* STORE: type "" = rows only */
    int64_t wait_ms;
    bool told;                    /* WAIT: the server named that time */
    int code;
    bool first;                   /* GET: begins a chain (send no-cache), not a next page */
};

#define SYNC_ACTIONS_MAX 128
struct sync_actions {
    struct sync_action a[SYNC_ACTIONS_MAX];
    unsigned n;
};

/* scope and kinds (kind_table) are borrowed. */
int sync_new(const struct sync_scope *scope, const struct fhir_kind *kinds, unsigned n, struct sync_state **out);
void sync_free(struct sync_state *s);
/* Clears out first. Running out of memory inside ends the run with ERR_NOMEM, like any other failure. */
void sync_step(struct sync_state *s, const struct sync_event *ev, struct sync_actions *out);

/* What a server did that makes a kind dearer or its result weaker. */
enum sync_note {
    SYNC_NOTE_UNFILTERED = 1, /* ignored _lastUpdated: everything comes each time */
    SYNC_NOTE_UNSORTED = 2,   /* ignored _sort, or broke the order: a cut page starts the kind over */
    SYNC_NOTE_ORIGIN = 4,     /* gave a next link to another origin, which was not followed */
    SYNC_NOTE_REFUSED = 8,    /* sent resources that are not readable; they are listed */
};

/* For progress lines and `sync --json`: kind by kind. */
struct sync_kind_result {
    const char *type;
    uint64_t rows, fresh;      /* received; new or changed */
    unsigned pages, cuts, notes;
    bool over;
    bool failed; /* the code counts: of this server's lacks only those of kinds that must not be missing */
    int code;                  /* ERR_OK, ERR_UNSUPPORTED (not by this server), or why it is not whole */
    int status;                /* HTTP status behind the code, or 0 */
};
unsigned sync_results(const struct sync_state *s, struct sync_kind_result *out, unsigned max);
/* Did anything change at the server since the oldest mark, in whatever way: 0 no, else yes; -1: it did not say. A
 * search by _lastUpdated does not show what was deleted (sync/absent.h). */
int64_t sync_changes(const struct sync_state *s);
/* The server refused the batch of this run. */
bool sync_batch_refused(const struct sync_state *s);

#endif
