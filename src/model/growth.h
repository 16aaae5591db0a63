/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Growth curves: a child's measurements against the tables of the World Health Organization (data/growth). Called by
 * screens. REQ: a measurement stands as the server sent it; a z-score is our own number, says so by its words, and is
 * there only where birth date, sex, unit and age are known and a table has them: never a guess.
 */
#ifndef MODEL_GROWTH_H
#define MODEL_GROWTH_H

#include "model/model.h"

enum model_growth_kind {
    MODEL_GROWTH_WEIGHT,
    MODEL_GROWTH_LENGTH, /* length up to 730 days of age, height from 731 on */
    MODEL_GROWTH_WEIGHT_LENGTH,
    MODEL_GROWTH_BMI,
    MODEL_GROWTH_HEAD,
    MODEL_GROWTH_KINDS
};

struct model_growth_point {
    const char *chart, *type, *id; /* of two measurements: the weight's */
    struct text date;     /* "05-Mar-2026" */
    struct text age;      /* "9m", "" when it cannot be said */
    /* "9.10 kg"; of two measurements "9.10 kg, 71.5 cm"; what is not final says so, each behind its own:
     * "9.10 kg [NOT SENT], 71.5 cm [PRELIMINARY, may still change]". */
    struct text value;
    struct text words;    /* "0.4 above the median: z = +0.4", or why there is none: "no WHO table for this age" */
    bool unsent;          /* it, or one of the two, is of an edit that the server has not got */
    bool has_z, placed;   /* placed: on the plot's curves */
    double z;             /* to be shown as words has it */
    double x, y;          /* days of age, or cm; kg, cm, kg/m2 */
};

struct model_growth_curve; /* private */

struct model_growth {
    struct arena arena;
    char chart[80];
    enum model_growth_kind kind;
    struct text title;    /* "Weight for age, girls" */
    struct text age;      /* "as of 23-Nov 14:05"; "" where it is refused */
    struct text refused;  /* why there are no curves for this patient at all; "" */
    struct model_growth_point *points; /* newest first */
    unsigned n;
    struct text *said;    /* which table, what the signs mean, what is not on the plot */
    unsigned said_n;
    const struct model_growth_curve *curve; /* NULL: nothing to plot */
};

/* dir: where the tables lie (path_data). ERR_IO when a table that is needed is not there or damaged; ERR_NOTFOUND: no
 * such chart. */
int model_growth(struct model *m, struct str chart, enum model_growth_kind kind, const char *dir,
                 struct model_growth *out, struct err *e);
void model_growth_fini(struct model_growth *g);

/* Five curves as '.', ending in 3 2 0 2 3 (SD), values as 'X'. As model_plot (series.h). */
int model_growth_plot(const struct model_growth *g, unsigned width, unsigned height, struct arena *a,
                      struct text **lines, unsigned *lines_n);

#endif
