/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows from all sections of a chart, or of many charts, in one list: the timeline, and what a search found. The list
 * holds where the rows are and not their words: a chart of 30,000 resources costs 24 bytes each, and words are made
 * for a window of the list. What the store no longer has when a window is made says so and keeps its place.
 * Called by screens and the command line, on their thread.
 */
#ifndef MODEL_REFS_H
#define MODEL_REFS_H

#include "model/model.h"

struct model_ref {
    int64_t rowid, ms; /* ms: FHIR_NO_DATE when it has no day */
    uint32_t chart;    /* index in charts */
    uint16_t section;  /* index in kind_sections() */
    uint16_t tie;      /* of type and id: rows of one instant stand in one order, in whatever order they came */
};

struct model_refs {
    struct vec refs;   /* struct model_ref */
    struct vec charts; /* char[80]: chart ids */
    bool many;         /* of many charts: each row says whose it is */
    int64_t asof_ms;   /* timeline: the instant that its age names; 0: none */
    unsigned undated;  /* timeline: rows of the chart without a day, which it does not hold */
};
void model_refs_init(struct model_refs *r);
void model_refs_fini(struct model_refs *r);

/* "as of 23-Nov 14:05" of the oldest kind of a chart ("": of all together), "NOT FETCHED in full", "from a file"; in a,
 * where a->failed says that it is not whole. *asof_ms: the same instant; 0 where it names none. */
struct text model_chart_age(struct model *m, struct str chart, int64_t *asof_ms, struct arena *a);
/* All dated rows of a chart's sections, newest first, but last what is dated ahead by mistake.
 * ERR_NOTFOUND: no such chart. *age: as model_chart_age. */
int model_timeline(struct model *m, struct str chart, struct model_refs *out, struct arena *a, struct text *age,
                   struct err *e);

/* The words of rows [from, from + n): "Results - Potassium 7.1 mmol/L", of many charts "FARROW, Kenneth 70010673 -
 * Results - ...". */
struct model_window {
    struct arena arena;
    struct model_row *rows;
    unsigned from, n;
};
int model_refs_window(struct model *m, const struct model_refs *r, unsigned from, unsigned n,
                      struct model_window *out, struct err *e);
void model_window_fini(struct model_window *w);

/* --- search ----------------------------------------------------------------------------------- */

#define MODEL_FOUND_MAX 2000 /* rows; what is beyond is not looked for: narrow the words */
#define MODEL_SEARCH_WORDS 8

/* Looks for rows in which every word that was typed stands at the start of a word: of the row's words, its date, its
 * flags, or its section's title. Case and accents do not count. Runs in steps, so that a key can stop it. In all charts
 * rows that the store's index of words knows are looked at before all others; charts counts none of that. */
struct model_search;
/* chart "": in all charts. ERR_INPUT: no word was typed. ERR_TOOBIG: more than MODEL_SEARCH_WORDS. */
int model_search_begin(struct model *m, struct str chart, struct str typed, struct model_search **out, struct err *e);
/* Looks at so many more rows. */
int model_search_step(struct model_search *s, unsigned rows, struct err *e);
struct model_searched {
    bool done, full;           /* all were looked at; MODEL_FOUND_MAX were found and the rest was not */
    bool unfetched;            /* some kind never came whole: what was not found may still be on the server */
    unsigned charts, charts_all; /* looked through in full, of how many */
    uint64_t rows;             /* looked at */
    unsigned unread;           /* of those: damaged, so that nobody knows what stood in them */
};
struct model_searched model_search_state(const struct model_search *s);
const struct model_refs *model_search_found(const struct model_search *s); /* borrowed; grows with each step */
void model_search_free(struct model_search *s);

#endif
