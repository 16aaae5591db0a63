/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * View models: what a screen or a printout shows, as safe text, made from the store. The same words for
 * `show` and for the screen. Nothing here knows a terminal, a socket or a loop.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "audit/audit.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/vec.h"
#include "fhir/kind.h"
#include "store/store.h"

struct model {
    struct store *store;  /* borrowed */
    struct clock clock;
    bool demo;            /* profile of made-up patients: DEMO - NOT REAL PATIENTS everywhere */
    bool unprotected;     /* --auth none to a host that is not loopback: UNPROTECTED */
    char base[LIMIT_URL_BYTES]; /* the server's base URL, for references: as long as net takes one */
    char scope[256];
    char practitioner[LIMIT_ID_BYTES + 32]; /* whose profile it is: "Practitioner/1", or "" */
    char role[LIMIT_ID_BYTES + 32];         /* as init was told it, or "" */
    char session[AUDIT_SESSION_BYTES];      /* of the audit trail: from model_init on */
};
int model_init(struct model *m, struct store *s, const struct clock *clock, struct err *e); /* reads the settings */
/* Grows with each change of what is NOT SENT, whoever makes it: an edit here, a guest's, a sync's. What was read before
 * may say of an edit what is so no more. */
uint64_t model_edits(const struct model *m);
/* The id that a chart has now: one that was made here has another since its server has answered. In its place. */
int model_chart_now(const struct model *m, char chart[80], struct err *e);
/* The scope anew, in words for a line of the screen (a long list of patients is counted): somebody may have joined. */
int model_read_scope(struct model *m, struct err *e);

/* --- worklist -------------------------------------------------------------------------------- */

#define MODEL_MARKS_MAX 10
struct model_patient {
    char chart[80];       /* chart id */
    struct text name;     /* "FAMILY, Given" or "Name not recorded"; " (was SMITH)" behind it when only a former
                           * name has what was asked for */
    struct text born;     /* "03-Feb-1984 (42y)", "~1951 (est) ~75y", "not recorded" */
    struct text sex;      /* "Female", "not recorded" */
    bool similar;         /* SIMILAR NAME is among the marks: opening it must stop */
    struct text number;   /* first current identifier, or "no number" */
    /* What must be known before the chart is opened, each alone and all joined by blanks ("" = none): OVERDUE 12d (the
     * oldest of what is to be done was due so long ago), REPLACED, DIED, INACTIVE, TEST PATIENT, RESTRICTED, SIMILAR
     * NAME, FROM FILE, 2 NOT SENT (edits of the chart that the server has not got); before all, PHONE and HOME with
     * what a filter found of them alone. SIMILAR NAME: another patient here has the same full name; or the same birth
     * date and a family name within one letter, or the same given names and a family name that begins with the same
     * part (FARROW, FARROW-DIRUZO); or the same birth year and both names within one letter. */
    bool by_home;         /* a filter found only an address or a number that others share: it says so first */
    struct text mark[MODEL_MARKS_MAX];
    unsigned marks_n;
    struct text marks;
};

struct model_listed;
struct model_worklist {
    struct arena arena;
    struct model_patient *rows;
    struct model_listed *listed; /* model's own: what each row was made from */
    unsigned n, offset;   /* rows [offset, offset + n) of total */
    int64_t total;        /* that match */
    int64_t kept;         /* patients in the cache */
    int64_t unsent;       /* resources with an edit that the server has not got, of whomever */
    struct text empty;    /* when total = 0: "none in the N patients kept here (scope); the server was not searched" */
};
int model_worklist(struct model *m, struct str filter, unsigned offset, unsigned limit, struct model_worklist *out,
                   struct err *e);
void model_worklist_fini(struct model_worklist *w);

/* --- banner ---------------------------------------------------------------------------------- */

enum model_allergy {
    MODEL_ALLERGIES_KNOWN,
    MODEL_ALLERGIES_NONE_KNOWN,
    MODEL_ALLERGIES_NOT_RECORDED,
    MODEL_ALLERGIES_UNAVAILABLE
};

#define MODEL_BANNER_MAX 24
struct model_banner {
    struct arena arena;
    char chart[80];
    bool deceased;
    enum model_allergy allergies;
    /* Rows 1 and 2 for a terminal of a given width (at least 80): name, birth date, sex, number in that
     * order; allergy words first, then the posting letters (C crisis, W warnings, A allergies, D directives), death,
     * directives, warnings, weight with its day, labels. Number and birth date are never pushed off by a long name. */
    struct text row[2];
    /* All of it, unabridged, a fact a line: for `show` and for the detail of the banner. */
    struct text line[MODEL_BANNER_MAX];
    unsigned n;
};
int model_banner(struct model *m, struct str chart, unsigned cols, struct model_banner *out, struct err *e);
void model_banner_fini(struct model_banner *b);

/* --- sections -------------------------------------------------------------------------------- */

enum model_state {
    MODEL_ROWS,        /* there are rows */
    MODEL_EMPTY,       /* whole, and none recorded */
    MODEL_NOT_FETCHED, /* a kind of this section was never fully pulled for this patient */
    MODEL_PARTLY,      /* rows, and a kind NOT FETCHED or removed from this device */
    MODEL_REMOVED,     /* no rows, and what there was may have been removed */
};

#define MODEL_FLAGS_MAX 15
/* What a medicine's row counts as where medicines are counted. */
enum model_counts {
    MODEL_COUNTS_NOT,
    MODEL_COUNTS_ACTIVE,
    MODEL_COUNTS_HELD,
    MODEL_COUNTS_FORBIDDEN,
    MODEL_COUNTS_PLANNED,
    MODEL_COUNTS_STOPPED, /* in the last 48 hours */
    MODEL_COUNTS_ALL
};
/* The panes of a cover. */
enum model_pane {
    MODEL_PANE_NONE,
    MODEL_PANE_ALERTS,
    MODEL_PANE_PROBLEMS,
    MODEL_PANE_MEDICINES,
    MODEL_PANE_RESULTS,
    MODEL_PANE_VITALS,
    MODEL_PANE_VISITS,
    MODEL_PANES
};
struct model_row {
    char chart[80];       /* whose row it is: asserted when it is painted */
    char type[64], id[80]; /* "" for a row that says why there are none */
    int64_t sort_ms;      /* newest first; FHIR_NO_DATE last */
    struct text date;     /* "05-Mar-2026", "no date" */
    struct text text; /* the whole row in words, never cut; flags' words are in it too where they change its meaning */
    struct text brief; /* what stands for text on the cover of a screen, and says that there is more; "": text does */
    const char *flag[MODEL_FLAGS_MAX]; /* wardline's own words: "HH", "DO NOT GIVE", "entered in error", "FROM FILE" */
    unsigned flags;
    unsigned broken;      /* display rules that its server words break (model/lint.h); MODEL_LINT_MARK stands there */
    bool abnormal;        /* outside its range, flagged so, or not to be given: the words and flags say so too */
    unsigned name_at, name_n; /* bytes of text that name the thing; before them stand words that turn it round */
    enum model_counts counts_as;
    const struct kind_section *goes_to; /* of a row that sums up a section (cover); NULL */
    enum model_pane pane; /* of a cover's row; else MODEL_PANE_NONE */
    unsigned stands_for;  /* of a row of a cover without a resource: of how many things it speaks by name or number */
    bool heading, must;   /* of a cover: heads its pane; stands on every page, however small */
    unsigned more;        /* heading: rows that its count counts and that are not among the cover's rows */
    unsigned more_abnormal; /* of those that were looked at; and how many were not */
    unsigned more_unread;
    struct text age;      /* heading: "as of 23-Nov 14:05": of the oldest kind that feeds the pane; "": none is here */
};

struct model_section {
    struct arena arena;
    const struct kind_section *section;
    enum model_state state;
    struct model_row *rows; /* at least one: an empty section's row says why */
    unsigned n;
    struct text age;        /* "as of 23-Nov 14:05", "NOT FETCHED" */
    int64_t asof_ms;        /* the same instant; 0 where age names none */
    bool removed;           /* rows were removed from this device (of a cover: of what feeds it); they can be fetched */
};
/* ", 4 days old" for data as of an instant more than a day ago, "" else; in a, NULL without memory. For words that are
 * printed once, and for the line that says that there is no link: days do not tick before a screen locks. */
const char *model_days_old(int64_t asof_ms, int64_t now_ms, struct arena *a);
/* ERR_NOTFOUND: no such patient or section. */
int model_section(struct model *m, struct str chart, struct str name, struct model_section *out, struct err *e);
void model_section_fini(struct model_section *s);

/* Of a pane, rows that do not stand on a page. */
struct model_hidden {
    unsigned rows, abnormal;
};
/* The cover for a page: which of its n rows stand on it (shown[n]), and of each pane how many do not. lines[i]: what
 * row i takes of the room. What must be seen always does, even without room; then rows of all panes in turn. */
void model_cover_fit(const struct model_section *s, const unsigned *lines, unsigned room, bool *shown,
                     struct model_hidden hidden[MODEL_PANES]);
/* "Medicines: 5 active  as of 23-Nov 14:05  +4 more"; in a. s NULL without memory. */
struct text model_heading_words(struct arena *a, const struct model_row *row, struct model_hidden hidden);

/* --- detail ---------------------------------------------------------------------------------- */

/* Any row in words, then codes, then the raw resource line by line; every line safe. */
struct model_detail {
    struct arena arena;
    char chart[80];
    struct text title;
    struct text *lines;
    unsigned n;
    unsigned codes_at, raw_at; /* line numbers where those parts begin */
    unsigned fetch;            /* the first attachment that can be fetched and is not kept, from 1; 0: none */
};
int model_detail(struct model *m, struct str chart, struct str type, struct str id, struct model_detail *out,
                 struct err *e);
void model_detail_fini(struct model_detail *d);

/* --- words ----------------------------------------------------------------------------------- */

/* One line for an error: what, where, what to do. The only place where an error becomes a sentence. */
void model_say(const struct err *e, struct buf *out);

/* The state of the last and the running sync, in words, for the worklist and row 24; main feeds it. */
enum model_sync_phase { MODEL_SYNC_NEVER, MODEL_SYNC_IDLE, MODEL_SYNC_RUNNING, MODEL_SYNC_OFFLINE, MODEL_SYNC_FAILED };
struct model_sync {
    enum model_sync_phase phase;
    char type[64];
    uint64_t rows;        /* so far; when it has ended: how many were new or changed */
    unsigned done, all;
    int64_t last_ms;      /* end of the last complete sync, device clock; 0 = never */
    int64_t next_ms;      /* next refresh; 0 = none planned */
    struct err err;
};
/* What is so, and since when: one line. What to do about a sync that failed is another; "" when it
 * did not. */
void model_sync_words(const struct model *m, const struct model_sync *s, struct arena *a, struct text *out);
/* What must stand over every page where there is no link: the words above; while a sync still tries, "offline so far".
 * False: there is one. */
bool model_sync_no_link(const struct model *m, const struct model_sync *s, struct arena *a, struct text *out);
const char *model_sync_todo(const struct model_sync *s);

#endif
