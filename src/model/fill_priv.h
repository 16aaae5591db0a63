/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MODEL_FILL_PRIV_H
#define MODEL_FILL_PRIV_H

#include "model/fill.h"

/* --- fill_forms.c ------------------------------------------------------------------------------- */

/* The bytes of the form of a name. ERR_NOTFOUND. */
int model_fill_bytes(const struct model_form_dirs *dirs, const char *name, struct arena *a, struct str *bytes,
                     struct err *e);

/* --- fill_chart.c ------------------------------------------------------------------------------- */

/* A resource of the chart, or what a search of it found, that the form borrows until it is closed. */
struct fill_doc {
    struct fill_doc *next;
    struct buf bytes;
    struct tape t;
};

#define FILL_CONTEXTS 6
struct fill_chart {
    struct model *m;
    char chart[80];
    struct fill_doc *docs;
    struct form_context contexts[FILL_CONTEXTS];
    unsigned ncontexts;
    char subject[96], encounter[96];
};
/* The patient (ERR_NOTFOUND), the chart's only visit that is open, and who is at work. */
int model_fill_chart_open(struct fill_chart *c, struct err *e);
void model_fill_chart_close(struct fill_chart *c);
const struct fill_doc *model_fill_context(const struct fill_chart *c, const char *name); /* NULL: not here */
/* As of struct form_env. */
bool model_fill_resolve(struct fill_chart *c, struct str reference, struct path_value *out);
bool model_fill_query(struct fill_chart *c, struct str query, struct path_value *out);

/* --- fill.c --------------------------------------------------------------------------------------- */

struct model_fill {
    struct model *m;
    const struct rng *rng;
    struct fill_chart chart;
    char name[MODEL_FORM_NAME];
    struct form *form;
    struct form_env env;
    struct model_codes *codes;
    int64_t draft_ms;
    bool filed;
};
/* REQ: a form is of one patient, whoever's banner stands above it now. */
int model_fill_at(const struct model_fill *x, const char *banner, struct err *e);

#endif
