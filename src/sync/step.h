/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sync engine: step(state, event) -> actions, with no clock, socket, file or chance inside. The shell
 * (sync/run.h) carries the actions out and feeds back what happened. The simulator and the tests drive the
 * same function. Rules: reference sync R1 to R8 with ARCHITECTURE's mark and cut rules:
 *   - the mark of a kind is the server's Date at the start of a run without a failed page, never later and
 *     never the device's; the next run asks `ge` mark minus overlap (5 minutes, growing with lateness);
 *   - rows and mark are one transaction; a page's rows are stored before its next link is trusted;
 *   - a page that was cut: its whole resources are kept (order verified), then it is asked again from the
 *     greatest lastUpdated stored, with _count halved (down to 1); three whole pages and it doubles back;
 *   - a next link seen before, or pages without anything new, end the kind with ERR_LOOP;
 *   - KIND_P0 of all patients before any KIND_P1, and so on.
 */
#ifndef SYNC_STEP_H
#define SYNC_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "fhir/kind.h"
#include "store/store.h"

#define SYNC_OVERLAP_MS (5 * 60 * 1000)
#define SYNC_OVERLAP_MAX_MS (24 * 3600 * 1000)
#define SYNC_COUNT 500        /* _count to begin with */
#define SYNC_KINDS_MAX 64

struct sync_state;

/* What may be synced: every patient, or some. */
struct sync_scope {
    bool all;
    char (*patients)[65]; /* FHIR ids */
    unsigned n;
};
/* "all" or "patient/ID[,ID...]". ERR_USAGE with the word; group/, list/ and location/ give ERR_UNSUPPORTED. */
int sync_scope_parse(struct str spec, struct sync_scope *out, struct err *e);
void sync_scope_fini(struct sync_scope *s);

enum sync_event_type {
    SYNC_EV_START,     /* marks (one a kind) as stored, in kind order */
    SYNC_EV_HEAD,      /* an answer's head: lane, status, date_ms, retry_after */
    SYNC_EV_ROW,       /* a whole resource of a page: lane, outer, updated_ms, lexeme, known (same version here) */
    SYNC_EV_LINK,      /* self or next link that passed the origin gate (url) or did not (code) */
    SYNC_EV_END,       /* the answer ended: code (ERR_OK: whole), for lane */
    SYNC_EV_STORED,    /* the transaction for lane is committed, or failed (code) */
    SYNC_EV_CANCEL,
};

struct sync_event {
    enum sync_event_type type;
    unsigned lane;
    int outer;               /* batch entry, or -1 */
    int status, code;
    int64_t date_ms, updated_ms, retry_after_s;
    struct str lexeme, url;  /* lastUpdated's lexeme; a link */
    bool known, next;        /* row known already; link is next (else self) */
    const struct store_mark *marks; /* SYNC_EV_START: an array in kind order */
    unsigned n;
};

enum sync_action_type {
    SYNC_ACT_GET,     /* ask url (relative to the base) on lane; body empty */
    SYNC_ACT_BATCH,   /* POST body (a batch Bundle of searches) on lane */
    SYNC_ACT_STORE,   /* commit lane's rows so far, and mark, in one transaction */
    SYNC_ACT_STOP,    /* abandon what is under way on lane */
    SYNC_ACT_DONE,    /* finished: code, kind results are in the state */
};

struct sync_action {
    enum sync_action_type type;
    unsigned lane;
    const struct fhir_kind *kind; /* NULL for a batch */
    struct str url, body;         /* owned by the state until the next step */
    struct store_mark mark;       /* SYNC_ACT_STORE; type "" = rows only */
    int64_t wait_ms;              /* before asking (Retry-After) */
    int code;
};

#define SYNC_ACTIONS_MAX 128
struct sync_actions {
    struct sync_action a[SYNC_ACTIONS_MAX];
    unsigned n;
};

int sync_new(const struct sync_scope *scope, struct sync_state **out); /* scope is borrowed */
void sync_free(struct sync_state *s);
void sync_step(struct sync_state *s, const struct sync_event *ev, struct sync_actions *out);

/* For progress lines and `sync --json`: kind by kind. */
struct sync_kind_result {
    const char *type;
    uint64_t rows, fresh;      /* received; new or changed */
    unsigned pages, cuts;
    int code;                  /* ERR_OK or why it is not whole */
};
unsigned sync_results(const struct sync_state *s, struct sync_kind_result *out, unsigned max);

#endif
