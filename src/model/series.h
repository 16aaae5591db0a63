/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Results over time: the cumulative grid of a section, the trend of one test, and its plot in plain ASCII. Called by
 * screens. REQ: a value stands as the server sent it, digit for digit; a double may place a mark and is never
 * printed. Two units never share a row or an axis. What was entered in error is never plotted.
 *
 * A "test" is one code in one system (the code that R4 prescribes for a vital sign, else the first LOINC one, else
 * the first) in one unit. A blood pressure of two parts is one test of pairs; any other component is a test of its own.
 */
#ifndef MODEL_SERIES_H
#define MODEL_SERIES_H

#include "model/model.h"

/* How a plot may place a point. */
enum model_place {
    MODEL_PLACE_NONE,  /* in the list of values alone: no number, no day, struck, a future date */
    MODEL_PLACE_AT,    /* at its value */
    MODEL_PLACE_BELOW, /* "<": 'v' at the limit */
    MODEL_PLACE_ABOVE  /* ">": '^' at the limit */
};

/* One value of one test at one time: an Observation's own, its pair, or one of its components. */
struct model_point {
    const char *chart;    /* whose it is: asserted when it is painted */
    const char *type, *id;
    unsigned part;        /* 0: its own value or pair; k: its k-th component */
    int64_t ms;           /* FHIR_NO_DATE: not dated */
    struct text date;     /* "05-Mar-2026 14:05", "no date" */
    struct text day;      /* "05-Mar-2026": the day as it was written, in its own zone; "FUTURE 05-Mar-2036" */
    struct text value;    /* comparator and lexeme "<0.5"; a pair "118/76"; words where there is no number */
    struct text flag;     /* "HH", "H by range", "H/-" of a pair; "" */
    struct text range;    /* "3.5-5.1", "up to 5"; "" when none, or none that is known to be this patient's */
    struct text status;   /* "PRELIMINARY, may still change", "ENTERED IN ERROR", ...; "" for a final one */
    const char *brief;    /* the same for a cell: "prelim", "corr"; "" */
    bool struck, words;   /* entered in error; no number */
    bool unsent;          /* of an edit that the server has not got: status and brief say so */
    enum model_place place;
    char letter[2];       /* 'H', 'L', 'A' or 0 when nothing is abnormal, of each half */
    double at[2];         /* of a pair: systolic, diastolic; else the first alone */
    double low, high;     /* of range; only with has_low, has_high: same unit, and not of a pair */
    bool pair, has_low, has_high;
    const struct model_point *more; /* grid: an older one of the same test and day */
};

struct model_test {
    struct text name;     /* "Potassium" */
    struct text unit;     /* "mmol/L"; "" for words; "no unit" for a number without one */
    struct text both;     /* "Potassium, mmol/L" */
};

struct model_grid {
    struct arena arena;
    char chart[80];
    enum model_state state;
    struct text age;      /* as of a section */
    struct model_test *tests; /* rows: by the day of the newest value, then by name; vital signs in a fixed order */
    unsigned tests_n;
    struct text *days;    /* columns: newest first; what is dated in the future and what has no date come last */
    unsigned days_n;
    const struct model_point **cells; /* tests_n * days_n; see model_grid_cell */
    struct text *said;    /* what is not in it, in words: entered in error, NOT FETCHED */
    unsigned said_n;
};
/* Has a section a grid? Those that hold Observations. */
bool model_grid_has(struct str section);
/* section: "labs" or "vitals" (of others: the Observations in it). ERR_NOTFOUND: no such chart or section. */
int model_grid(struct model *m, struct str chart, struct str section, struct model_grid *out, struct err *e);
/* The newest value of a test on a day (older ones of that day: ->more), or NULL. */
const struct model_point *model_grid_cell(const struct model_grid *g, unsigned test, unsigned day);
/* "6.8 HH", "118/76 +1", "5.1 corr": a cell in at most cols columns, never cut: "(text)" for words and "(long)" for
 * what does not fit. In a, or a literal. */
struct text model_grid_words(const struct model_point *p, unsigned cols, struct arena *a);
void model_grid_fini(struct model_grid *g);

struct model_trend {
    struct arena arena;
    char chart[80];
    struct text age;      /* as of a section */
    struct model_test test;
    struct model_point *points; /* newest first; those without a date last; struck ones among them, without a value */
    unsigned n;
    struct text *said;    /* "2 results in mg/dL are not on this axis", "1 result entered in error is not plotted" */
    unsigned said_n;
};
/* The test that a resource is (part: of struct model_point; of a row of a section 0). n = 0: it is no result. When
 * its own value has no unit (no result, words), the unit of the newest that has one is taken.
 * ERR_NOTFOUND: not in this chart. */
int model_trend(struct model *m, struct str chart, struct str type, struct str id, unsigned part,
                struct model_trend *out, struct err *e);
/* "6.80 mmol/L  HH  range 3.5-5.1 - PRELIMINARY, may still change": a point's line behind its date. In a. */
struct text model_trend_words(const struct model_trend *t, unsigned i, struct arena *a);
void model_trend_fini(struct model_trend *t);

/* Plots points into height lines of at most width columns: "*" a value ('o' the lower one of a pair), H L A what is
 * abnormal (h l a), v ^ a limit, '-' the limits of the newest result's range; numbers on the axis are our own, in the
 * clear form (display rule 13). The last line has the first and the last date. Pure: asks nothing, keeps nothing.
 * *n = 0: there is nothing to place, or less than 24 columns and 5 rows. ERR_NOMEM. */
#define MODEL_PLOT_COLS 24
#define MODEL_PLOT_ROWS 5
int model_plot(const struct model_point *points, unsigned n, unsigned width, unsigned height, struct arena *a,
               struct text **lines, unsigned *lines_n);

#endif
