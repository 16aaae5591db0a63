/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside results over time: one Observation as values of tests, and when two of them are the same test.
 */
#ifndef MODEL_SERIES_PRIV_H
#define MODEL_SERIES_PRIV_H

#include "model/priv.h"
#include "model/series.h"

enum series_class {
    SERIES_NUMBER,
    SERIES_WORDS, /* coded, text, a titre: no number to place */
    SERIES_ABSENT /* no result, cancelled, entered in error: of any unit */
};

struct series_value {
    struct str system, code; /* code "": words alone name the test, in system */
    unsigned rank;           /* a fixed place among vital signs; UINT_MAX: none */
    enum series_class is;
    struct fhir_quantity unit; /* without a value */
    bool clash;              /* the unit's text and its code are not the same unit */
    int64_t column;          /* the day as a number, newest greatest; dates of the future below all, then no date */
    struct text name, unit_text;
    struct model_point p;
};

/* The values of one Observation, pushed to out. Strings in keep. ERR_NOTFOUND: another patient's row; ERR_NOMEM. */
int model_series_read(struct model *m, const struct model_person *who, const struct store_row *r,
                      const struct tape *t, struct arena *keep, struct vec *out, struct err *e);
bool model_series_same_code(const struct series_value *a, const struct series_value *b);
/* Same code, and a unit that is known to be the same. REQ: never true for two units. */
bool model_series_same_test(const struct series_value *a, const struct series_value *b);
int model_series_newest_first(const void *a, const void *b); /* for qsort, of struct series_value */
void model_series_test(const struct series_value *v, struct arena *a, struct model_test *out);

/* A lexeme's value, to place a mark. False: not a number, or one that no axis can hold. */
bool model_series_number(struct str lexeme, double *v);

/* Every Observation of a chart (section "": of all), parsed and read into values. */
struct series_walk {
    struct model *m;
    const struct model_person *who;
    struct arena *keep;
    struct vec values;   /* of struct series_value */
    struct str holding;  /* only resources in whose bytes this stands; "" all */
    unsigned others, unread; /* rows of another patient, damaged rows */
    struct err *e;
};
int model_series_walk(struct series_walk *w, struct str section);
/* "as of 23-Nov 14:05", "NOT FETCHED" where not every kind is whole; .s NULL without memory. */
struct text model_series_age(const struct model_person *who, bool whole, int64_t asof_ms, struct arena *a);
/* "NOT SENT: 2 values here are not at the server yet": of a plot. In a. */
struct text model_series_unsent(unsigned n, struct arena *a);

#endif
