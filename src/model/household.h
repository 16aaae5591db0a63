/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who shares a home with whom, in words why: a telephone number, an address, a relation that a record names. It says
 * what the records share, and concludes nothing from it. Called by screens, on their thread.
 */
#ifndef MODEL_HOUSEHOLD_H
#define MODEL_HOUSEHOLD_H

#include "model/model.h"

#define MODEL_HOUSEHOLD_MAX 99 /* people: more share a hospital's number, and are no household */

struct model_mate {
    struct model_patient who;
    struct text why;  /* "same phone 0722 123 456; mother of ADAMS, Ada" */
};
struct model_household {
    struct arena arena;
    char chart[80];
    struct text whose; /* "ADAMS, Ada  03-Feb-1984 (42y)  1001": whose household it is */
    struct model_mate *rows; /* by name; the patient is not among them */
    unsigned n;
    bool more;         /* there are more than MODEL_HOUSEHOLD_MAX */
    struct text note;  /* what was not fetched, that more are not shown, or that nobody is; "" */
};
/* ERR_NOTFOUND: no such chart. */
int model_household(struct model *m, struct str chart, struct model_household *out, struct err *e);
void model_household_fini(struct model_household *h);

#endif
