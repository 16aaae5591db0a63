/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the step function: a pull is one kind's run, a page is one answer (or one entry of a batch answer) of
 * it, a lane is one request under way.
 */
#ifndef SYNC_PRIV_H
#define SYNC_PRIV_H

#include "base/buf.h"
#include "base/jsonw.h"
#include "base/vec.h"
#include "fhir/index.h"
#include "sync/pace.h"
#include "sync/step.h"

/* Slots: SYNC_LANES requests, and as many answers again whose rows are still being stored. */
#define SYNC_SLOTS (2 * SYNC_LANES)
/* Bytes of an answer's rows that may wait for a parcel: all slots together stay in the shell's memory. */
#define SYNC_PARCEL_BYTES (768u << 10)
#define SYNC_PAGES 3      /* of one kind: one being stored, one that streams, one that is asked */
#define SYNC_STALE 8      /* pages in a row that brought nothing their chain had not had */
#define SYNC_TRIES 3      /* answers in a row that brought nothing, at _count 1 */
#define SYNC_IDS 40       /* ids in one search by id: 40 of 64 bytes fit a URL */
#define SYNC_ROUNDS 4     /* rounds of named rows that name others */
#define SYNC_RANKS 4      /* KIND_P0 .. KIND_NAMED */

/* A set of 64-bit hashes. */
struct seen {
    uint64_t *slot;
    size_t n, cap;
};
void sync_seen_fini(struct seen *s);
void sync_seen_clear(struct seen *s);
int sync_seen_add(struct seen *s, uint64_t hash, bool *added);
bool sync_seen_has(const struct seen *s, uint64_t hash);
uint64_t sync_hash(struct str s);

/* A run of rows that goes to the store as one transaction. */
struct parcel {
    unsigned rows;        /* unknown ones */
    int64_t max_ms;       /* where the page had come when it was closed; FHIR_NO_DATE: nowhere */
    bool last;            /* closes the page: waits until the page is the front one */
};

enum verdict {
    VERDICT_NONE,
    VERDICT_WHOLE,        /* every row of the page is here; page.next says whether there is more */
    VERDICT_CUT,          /* keep what came, ask again, smaller */
    VERDICT_AGAIN,        /* nothing came; ask the same again after the wait */
    VERDICT_EXPIRED,      /* the stored link is no more: ask from the greatest lastUpdated */
    VERDICT_BARE,         /* refused with 400: ask without _lastUpdated and _sort */
    VERDICT_LOOSE,        /* a batch entry that did not work: ask it by GET */
    VERDICT_FAIL,         /* the kind ends with page.code */
};

struct page {
    bool live;
    unsigned lane;
    int outer;
    bool from_link;       /* asked by a next link */
    bool bundle, ended, storing;
    bool orphan;          /* asked ahead of a page that failed: its rows are stored, it moves no mark */
    int spoilt;           /* a row came that can neither be stored nor listed: the kind ends with this code */
    bool foreign;         /* the server ignored the scope: nothing of it is kept */
    int status, code;
    unsigned count;       /* what was asked for; 0 unknown */
    unsigned rows, fresh, open; /* rows of the kind; unknown ones; of those in no parcel yet */
    int64_t first_ms, max_ms;
    unsigned at_max, loose;      /* rows at max_ms, and those too new to say: a restart brings them again */
    bool links_first;     /* a link came before the first row: all links are known then */
    bool next_bad;        /* a next link came that may not be followed */
    struct buf next;      /* gated next link, or empty */
    struct buf asked;     /* the link it was asked by, or empty */
    struct vec parcels;   /* of struct parcel */
    struct vec hashes;    /* of uint64_t: ids of the rows */
    enum verdict verdict;
};

enum pull_phase { PULL_QUEUED, PULL_ASKED, PULL_OVER };

struct pull {
    const struct fhir_kind *kind;
    unsigned at;              /* place in the kind table */
    struct buf ids;           /* by id: "a,b,c"; else empty */
    bool ids_missing;         /* these were never here: no _lastUpdated */
    unsigned n_ids;
    enum pull_phase phase;
    struct store_mark mark;   /* as stored when the run began */
    int64_t since_ms;         /* ge bound; FHIR_NO_DATE: none */
    int64_t start_ms;         /* the server's Date when the run began; 0 not known yet */
    int64_t max_ms;           /* greatest lastUpdated (below start) up to which all is received */
    unsigned at_max, loose;   /* rows received in this chain at it, and too new to say: a restart brings them again */
    int64_t late_ms;          /* worst lateness */
    unsigned count, whole;    /* _count now; whole pages in a row */
    unsigned ceiling;         /* the server's own page limit, once it showed */
    bool count_kept;          /* self link repeats our _count and no page had more rows */
    bool bare;
    bool promised;            /* a self link repeated _sort: until then nothing rests on the order */
    bool disorder;            /* the order was broken, or is not there to see */
    bool leapt;               /* restarted from max_ms in this run: rests on the order */
    bool batched;             /* goes in the batch */
    bool alone;               /* no answer in a batch served: by GET only */
    struct buf link;          /* how to ask when queued: this link; empty: the beginning of a chain */
    unsigned stale, barren;   /* see SYNC_STALE, SYNC_TRIES */
    unsigned tries, again;    /* refusals in a row; asks of one link in a row */
    struct page page[SYNC_PAGES]; /* a ring: page[front], and behind it those asked ahead */
    unsigned front;
    struct seen links;        /* next links of this run */
    struct seen chain;        /* ids since the chain last moved on in time */
    int64_t chain_ms;
    struct seen torn;         /* ids of cut pages since the run last moved on in time */
    unsigned circles;         /* cut pages of one row in a row that brought none but those */
    uint64_t rows, fresh;
    unsigned pages, cuts, notes;
    int code, status;
};

struct lane {
    bool busy;                /* a request is under way */
    bool batch;
    unsigned pages;           /* pages that are not over: the lane is free when both are none */
    struct pull *of[SYNC_KINDS_MAX]; /* batch: by outer; GET: of[0] */
    unsigned n;
    size_t bytes;             /* of rows that came since a parcel was closed */
    int status;               /* 0 until a head came */
    int64_t retry_after_s;    /* of the head */
    int last;                 /* greatest batch entry that showed; those before it are whole */
    bool left;                /* batch: stopped because the first rank has more to come */
};

struct sync_state {
    const struct sync_scope *scope;
    const struct fhir_kind *kinds;
    unsigned n_kinds;
    struct pull **pull;       /* kind order, by-id ones behind */
    unsigned n, cap;
    struct lane lane[SYNC_SLOTS];
    bool started, done;
    bool answered;            /* a head came in this run */
    bool no_batch;            /* refused lately, or in this run */
    bool batch_due, batch_refused;
    bool later_planned;       /* the ranks behind the first had their chance of a batch */
    bool ids_asked;           /* ACT_IDS is out */
    unsigned n_by_id;         /* pulls by id when it went out: no new ones end the rounds */
    bool frugal;              /* the first rank alone */
    bool store_failed;        /* no mark may be written any more */
    unsigned rounds, waiting, offline, refusals, batch_tries;
    int64_t changes;          /* sync_changes */
    int stopping;             /* the code that ends the run, or ERR_OK */
    struct buf url[SYNC_SLOTS];
    struct buf body;
    struct sync_actions *out;
};

/* --- notes.c: settings that are numbers --------------------------------------------------------- */

#define SYNC_TRIED_MS ((int64_t)7 * 24 * 3600 * 1000) /* what a server refused is not tried again for a week */
int64_t sync_setting_ms(struct store *s, const char *name); /* 0: there is none, or no number */
/* A moment that is no longer ago than that. */
bool sync_setting_lately(struct store *s, const char *name, const struct clock *clock);

/* --- url.c: the searches ---------------------------------------------------------------------- */

/* A restart may rest on the order: the server says that it sorts, and nothing spoke against it. */
bool sync_ordered(const struct pull *p);
/* Where p's chain begins now: max_ms where the order holds, else since_ms. */
int64_t sync_from(const struct pull *p);
int sync_url(const struct sync_state *s, const struct pull *p, int64_t from_ms, unsigned count, struct buf *out);
/* "patient=1,2&", or "" for all. */
void sync_scope_url(const struct sync_scope *scope, const struct fhir_kind *k, struct buf *out);
/* A batch Bundle into out (cleared first): entries are written between the two. */
void sync_batch_begin(struct jsonw *w, struct buf *out);
void sync_batch_end(struct jsonw *w);
/* An entry of a batch that asks for url. */
void sync_get_entry(struct jsonw *w, struct str url);
/* The searches of a lane; behind them, where all kinds were whole before, whether anything changed (R4 http.html
 * 3.1.0.1.9: history of the system, with _since). */
int sync_batch_body(const struct sync_state *s, const struct lane *l, struct buf *out);
bool sync_echoes(struct str url, const char *param);              /* self link has that parameter */
bool sync_echoes_count(struct str url, unsigned count);

/* --- frugal.c: the first rank alone --------------------------------------------------------------- */

/* Why p is to end where it is: the run stops, or p is left; ERR_OK: it is not. */
int sync_ends(const struct sync_state *s, const struct pull *p);
/* From now on. */
void sync_frugal(struct sync_state *s);
/* A batch answer shows an entry of a later rank: true, and the rest of it is left. */
bool sync_frugal_part(struct sync_state *s, unsigned lane, int outer);

/* --- pull.c: one kind's run ------------------------------------------------------------------- */

void sync_pull_free(struct pull *p);
/* Behind what came of it there is, or may be, more to ask: false when the rest of it streams. */
bool sync_more_due(struct pull *p);
/* The i-th page of the chain from the front one. */
struct page *sync_chain(struct pull *p, unsigned i);
void sync_page_open(struct pull *p, struct page *g, unsigned lane, int outer, struct str link);
void sync_on_link(struct sync_state *s, struct pull *p, struct page *g, const struct sync_event *ev);
void sync_on_row(struct sync_state *s, struct pull *p, struct page *g, const struct sync_event *ev);
/* The answer broke off, or cannot be read from somewhere on: what came before is good. */
bool sync_is_cut(int code);
/* loose: a batch entry that says nothing; it is asked again. */
void sync_on_end(struct sync_state *s, struct pull *p, struct page *g, int code, bool loose);
void sync_on_stored(struct sync_state *s, struct pull *p, struct page *g, int code);
/* The order does not hold: nothing may rest on it any more. */
void sync_unsorted(struct pull *p);
/* Closes a parcel of the page's rows that are in none. */
void sync_parcel(struct sync_state *s, struct pull *p, struct page *g);
/* Gives the store the page's oldest parcel, when it is due. */
void sync_emit(struct sync_state *s, struct pull *p, struct page *g);

/* --- next.c: what follows a page -------------------------------------------------------------- */

/* The page is over and stored: goes on, restarts or ends its kind. */
void sync_page_over(struct sync_state *s, struct pull *p, struct page *g);
/* The page ends the run of its kind and every row of it is here. */
bool sync_closes(const struct pull *p, const struct page *g);
/* A larger _count is due and costs nearly nothing. */
bool sync_regrows(const struct pull *p, unsigned *count);

/* --- step.c ----------------------------------------------------------------------------------- */

void sync_stop(struct sync_state *s, int code);
void sync_wait(struct sync_state *s, int64_t ms, bool told);
/* No head came. True: to be asked again after a wait (once when nothing ever answered in this run: a line that
 * just woke up); else the run stops. */
bool sync_patience(struct sync_state *s, int code);
struct sync_action *sync_act(struct sync_state *s, enum sync_action_type type);
/* What the page under way there is of; NULL: none. */
const struct fhir_kind *sync_kind_on(const struct sync_state *s, unsigned lane, int outer);
void sync_lane_page_over(struct sync_state *s, unsigned lane);

#endif
