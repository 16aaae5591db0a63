/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The form engine: an R4 Questionnaire (with SDC 4) that is being filled. Pure: no screen, no store, no network; time,
 * chance, the chart and value sets come in by struct form_env. A form is a tree of definitions and one of instances
 * (repeats, groups in repeats, items under answers); a screen sees rows: what is enabled and not hidden, in order.
 * Every action ends with all that depends on it computed; what cannot be computed says so on its row, never blank.
 * Nothing is guessed: model_form_put answers with a question where what was typed has two readings.
 *
 * One thread. Words (struct text) are safe, in env's language, and live in the arena that the caller gives. A row's
 * key is good until that row is removed, whatever is inserted before it; it is never given again.
 */
#ifndef MODEL_FORM_H
#define MODEL_FORM_H

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"
#include "fhir/path.h"

struct form;
typedef uint32_t form_key; /* an instance: a row that is, or may come to be, shown */
#define FORM_NO_KEY 0u
#define FORM_MAX_ITEMS 5000      /* definitions */
#define FORM_MAX_INSTANCES 20000 /* rows, shown or not */
#define FORM_MAX_TYPED 65536     /* bytes of one answer */

/* --- what a form is opened with --------------------------------------------------------------- */

struct form_coding {
    struct str system, code, display; /* "" where there is none */
};

/* A resource by the name that launchContext and expressions use: "patient", "encounter", "user", "practitioner". */
struct form_context {
    const char *name;
    const struct tape *t;
    tape_at at;
};

/* Borrowed, with all that it points to and that its functions give (but strings in a), until model_form_close. */
struct form_env {
    const struct clock *clock;                      /* NULL: no today() and no typed "t" */
    const struct rng *rng;                          /* model_form_extract needs it */
    int (*zone_min)(void *arg, int64_t wall_ms);    /* east of UTC at an instant; NULL: UTC */
    const char *language;                           /* "en", "es", "fr": of questions and of typed numbers */
    const struct form_context *contexts;
    unsigned ncontexts;
    struct str subject, encounter, author;          /* references for what is saved ("Patient/1"), or "" */
    void *arg;                                      /* of the functions; each may be NULL */
    bool (*resolve)(void *arg, struct str reference, struct path_value *out);
    int (*member_of)(void *arg, struct str value_set, struct str system, struct str code); /* 1, 0, -1 not here */
    /* Options of a value set whose words begin with those of filter (""; all), from the from-th on, at most max, into
     * out (strings in a); *total: how many there are in all. How many were written, or -1: the set is not here. */
    int (*expand)(void *arg, struct str value_set, struct str filter, unsigned from, unsigned max, struct arena *a,
                  struct form_coding *out, unsigned *total);
    /* What a FHIR search ("Observation?code=x&patient=1") finds, as a Bundle. False: not here. */
    bool (*query)(void *arg, struct str query, struct path_value *out);
    const struct path_units *units; /* NULL: amounts whose units differ cannot be compared */
};

/* --- opening ---------------------------------------------------------------------------------- */

enum form_grade {
    FORM_NOTE,    /* kept as it is, and not acted on */
    FORM_WARNING, /* works, but somebody should look; of an answer: it may be confirmed */
    FORM_ERROR,   /* the form is not opened; of an answer: it may not be signed */
};

struct form_finding {
    enum form_grade grade;
    struct text link;  /* the item's linkId, or "" for the form */
    struct text words; /* whole sentence */
};

/* What is to be said of a definition, gravest first. */
struct form_findings {
    struct arena a;
    struct form_finding *v;
    unsigned n;
};
void model_form_findings_init(struct form_findings *l);
void model_form_findings_fini(struct form_findings *l);

/* Opens a Questionnaire (of which a copy is kept), fills in initial values and what env's contexts give, computes.
 * Refused, with the words in found, are: what is no Questionnaire or has a broken definition (ERR_INPUT: two items of
 * one linkId, expressions or conditions in a circle, both named, an expression that is none) and what is not built
 * (ERR_UNSUPPORTED: CQL, StructureMap, adaptive forms, modular forms that are not assembled). found may be NULL. */
int model_form_open(struct str bytes, const struct form_env *env, struct form **out, struct form_findings *found,
                    struct err *e);
void model_form_close(struct form *f); /* wipes */

struct text model_form_title(const struct form *f, struct arena *a);
struct str model_form_canonical(const struct form *f); /* "url|version" (or url, or ""): what a response is of */
unsigned model_form_changes(const struct form *f);     /* grows with every change: rows must be made anew */
bool model_form_touched(const struct form *f);         /* somebody typed since it was opened */

/* --- rows ------------------------------------------------------------------------------------- */

enum form_kind {
    FORM_GROUP,
    FORM_DISPLAY,
    FORM_BOOLEAN,
    FORM_DECIMAL,
    FORM_INTEGER,
    FORM_DATE,
    FORM_DATETIME,
    FORM_TIME,
    FORM_STRING,
    FORM_TEXT, /* of several lines */
    FORM_URL,
    FORM_CHOICE,
    FORM_OPEN_CHOICE, /* an option or own words */
    FORM_QUANTITY,
    FORM_REFERENCE,
    FORM_ATTACHMENT, /* shown, and kept where it was resumed; not filled */
    FORM_KINDS,
};

enum form_shape {
    FORM_PLAIN,
    FORM_GTABLE, /* of a group that repeats: an instance is a line of a table, its questions are the columns */
    FORM_TABLE,  /* of a group: its questions are lines, their options columns */
    FORM_GRID,   /* of a group: its groups are lines, their questions columns */
    FORM_PAGE,   /* of a group: begins a page */
    FORM_TABS,   /* of a group: its groups are pages beside each other */
    FORM_DROPDOWN, FORM_RADIO, FORM_CHECKBOX, FORM_AUTOCOMPLETE, FORM_SLIDER, FORM_SPINNER, /* of a question */
    FORM_HEADER, FORM_FOOTER, FORM_LEGAL, FORM_PROMPT,                                      /* of words */
    FORM_SECURITY, FORM_SIGNATURE,
};

enum form_origin {
    FORM_EMPTY,
    FORM_TYPED,
    FORM_INITIAL,    /* the form's own initial value */
    FORM_PREFILLED,  /* from the chart: row.from says where and of when */
    FORM_CALCULATED,
    FORM_RESUMED,    /* from an earlier response */
};

struct form_problem {
    form_key key;
    enum form_grade grade; /* FORM_ERROR blocks signing, FORM_WARNING is asked */
    struct text words;
};

struct form_row {
    form_key key, parent; /* parent: FORM_NO_KEY at the top */
    enum form_kind kind;
    enum form_shape shape;
    unsigned depth, page; /* page: from 0; the same for all where the form has none */
    struct text prefix, label;
    struct text brief;    /* label for the head of a column (shortText), or the label */
    bool foreign;         /* label is not in env's language: there is no translation */
    struct text value;    /* as it is shown: "72 kg", "Yes", "03-May-2024"; "" without an answer */
    struct text typed;    /* the same for a line editor: model_form_put takes it back to the same value */
    struct str raw;       /* FORM_TEXT: with its line ends, as it is saved, not safe to show; until the next change */
    struct text unit;     /* of the number, or the one chosen; "" none */
    unsigned units;       /* how many there are to choose from (model_form_unit) */
    struct text unit_list; /* all of them: "kg, lb", or "" */
    struct text score;    /* of the option chosen, where it has one ("3") */
    struct text hint;     /* entry format, or what the kind takes ("YYYY-MM-DD") */
    struct text limits;   /* in words: "0 to 300", "at most 2 decimal places", or "" */
    struct text help;     /* of '?', or "" */
    bool question;        /* takes an answer: no group, no words */
    bool required, read_only, repeats;
    bool can_add, can_remove;
    unsigned nth, count;  /* "2 of 3", of a row that repeats; else 1 of 1 */
    bool options;         /* model_form_options has a list for it */
    enum form_origin origin;
    struct text from;     /* "from the chart: Observation 03-May-2026", or "" */
    bool seen;            /* false: prefilled and not yet passed over on purpose (model_form_see) */
    bool overridden;      /* computed by the form, and typed over */
    struct text trouble;  /* "cannot compute: ...", "not prefilled: ...": shown in place of the value, or "" */
    struct form_problem *problems;
    unsigned nproblems;
};

unsigned model_form_rows(const struct form *f);                /* how many are shown now */
form_key model_form_at(const struct form *f, unsigned i);      /* of the i-th, or FORM_NO_KEY */
int model_form_index(const struct form *f, form_key key);      /* its place, or -1: not shown (now) */
/* ERR_NOTFOUND: no such key. */
int model_form_row(struct form *f, form_key key, struct arena *a, struct form_row *out, struct err *e);
/* The rows directly under one, shown now, in order: the cells of a table's line. How many there are; at most max are
 * written. FORM_NO_KEY: the top. */
unsigned model_form_under(const struct form *f, form_key key, form_key *out, unsigned max);

/* A row's name that outlives the process: its linkId, and where something repeats, the numbers of the instances from
 * the outermost on: "weight", "dose#2", "reaction#1.3". "" for no such key. */
struct str model_form_name(const struct form *f, form_key key, struct arena *a);
/* The row of a name; shown or not. FORM_NO_KEY. */
form_key model_form_named(const struct form *f, struct str name);
/* Rows shown that answer to what was typed behind '^': the name itself, else those in whose label each word typed
 * begins a word. In order, at most max; how many there are in all. */
unsigned model_form_jump(const struct form *f, struct str typed, form_key *out, unsigned max);
/* The next row after key (FORM_NO_KEY: from the top) that a person must still fill or look at: required and empty, an
 * error, prefilled and not seen. FORM_NO_KEY: none. */
form_key model_form_next_open(struct form *f, form_key after);

/* --- options ---------------------------------------------------------------------------------- */

struct form_option {
    unsigned number;    /* from 1, of all: what a person types; the same under any filter. 0: of a set too long */
    struct str put;     /* for model_form_put with FORM_MEANT */
    struct text prefix, words;
    struct text score;  /* or "" */
    bool chosen;        /* by this row, or a row beside it of the same question */
    bool exclusive;     /* clears the others */
    bool off;           /* may not be chosen now */
};

enum form_here {
    FORM_ALL_HERE,
    FORM_NOT_HERE, /* the value set is not on this machine: nothing can be chosen, and that is said */
    FORM_CANNOT,   /* the options are computed, and cannot be: list.why */
};

struct form_options {
    enum form_here here;
    struct text why;
    struct form_option *v;
    unsigned n, matched, total; /* "10 of 40": matched by the filter, of total */
};
/* Those whose words, or code, begin with the words typed, from the from-th of them on, at most max. */
int model_form_options(struct form *f, form_key key, struct str filter, unsigned from, unsigned max, struct arena *a,
                 struct form_options *out, struct err *e);

/* --- actions ---------------------------------------------------------------------------------- */

enum form_said {
    FORM_TAKEN,   /* words: what it was read as, where that is not what was typed; else "" */
    FORM_ASKED,   /* words: the question; one of the readings is to be given to model_form_put with FORM_MEANT */
    FORM_REFUSED, /* words: why; nothing is changed */
};

#define FORM_READINGS 12
struct form_reply {
    enum form_said said;
    struct text words;
    struct {
        struct text words;
        struct str put;
    } reading[FORM_READINGS];
    unsigned n;         /* readings written */
    unsigned readings;  /* in all: "12 of 40" */
    unsigned more, fewer; /* rows that came and went by it */
    form_key key;       /* of the answer: what model_form_add made */
};

enum {
    FORM_MEANT = 1, /* typed is a reading's put: taken without a question */
};

/* Reads what was typed by the row's kind and sets it; "" clears. The answer stays what it was unless FORM_TAKEN.
 * Choices: an option's number, its whole words, its code, or a beginning, which is asked back even when it is the only
 * one; so is a number that is also another option's words, dose, score or prefix, and own words where the options are
 * not here. Numbers: digits stay as typed; "0,5" is 0.5 where the language writes so; "1.000" and "1,000" are asked.
 * Quantities: "72 kg". Dates: 2026, 2026-05, 2026-05-03, 3 May 2026, t, t-3; 3/5/2026 is asked. A value beyond a limit
 * is taken, and is a problem of its row. ERR_NOTFOUND, ERR_NOMEM, ERR_TOOBIG. */
int model_form_put(struct form *f, form_key key, struct str typed, unsigned how, struct arena *a,
                   struct form_reply *out, struct err *e);
/* Sets, or takes back, an option by its number: of a question that repeats, beside the others. What excludes others
 * clears them. */
int model_form_toggle(struct form *f, form_key key, unsigned number, struct arena *a, struct form_reply *out,
                      struct err *e);
/* The next unit (by 1 or -1) of a number; the number stays: units are never converted by a key. */
int model_form_unit(struct form *f, form_key key, int by, struct arena *a, struct form_reply *out, struct err *e);
int model_form_clear(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e);
/* Another instance behind the last one of key's kind. Refused at its maximum. */
int model_form_add(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e);
/* Takes an instance away, with all under it; the last one is cleared instead. */
int model_form_remove(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e);
/* A prefilled value was looked at and stands. */
int model_form_see(struct form *f, form_key key, struct err *e);

/* --- what is open, and what comes of it ------------------------------------------------------- */

/* Of all rows shown and of the form itself (key FORM_NO_KEY): errors first, each in the order of rows. */
int model_form_problems(struct form *f, struct arena *a, struct form_problem **out, unsigned *n, struct err *e);
unsigned model_form_unseen(const struct form *f); /* prefilled rows, shown, that nobody has looked at */

enum {
    FORM_DRAFT = 1, /* for this machine only: with what is disabled, and where each answer came from */
};
/* The QuestionnaireResponse, in the Questionnaire's order and without what is disabled, appended to out. status:
 * "in-progress", "completed", "amended"... */
int model_form_response(struct form *f, const char *status, unsigned flags, struct buf *out, struct err *e);
/* Takes the answers of an earlier response, or draft, of the same form and version, in place of all that is there.
 * ERR_INPUT: it is of another form or subject, or holds what this form has no place for (what: linkId); ERR_TOOBIG: too
 * many answers. Nothing is changed then. */
int model_form_resume(struct form *f, struct str bytes, struct err *e);
/* A transaction Bundle: the response (completed), what is extracted from it (observation- and template-based), and
 * Provenance. It looks at no problem: who calls it has (model_form_problems). ERR_PATH, ERR_INPUT: an expression or a
 * template of the form does not work (what: linkId or template); ERR_UNSUPPORTED: an answer (what: linkId) is to be
 * extracted in a way that is not built; then there is no Bundle. */
int model_form_extract(struct form *f, struct buf *out, struct err *e);

#endif
