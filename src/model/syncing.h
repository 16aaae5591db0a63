/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The page of the sync: what waits, what a person must look at, conflicts, what went over the line, and what will go
 * next, as rows of one list. Reading: any thread.
 */
#ifndef MODEL_SYNCING_H
#define MODEL_SYNCING_H

#include "model/ledger.h"
#include "model/receipt.h"

struct model_syncing_row {
    bool heading;
    enum store_op_state state;
    char op[STORE_OP_BYTES];       /* "": a row of no change */
    char chart[80], type[65], id[65];
    struct text text;              /* "Allergy to Penicillin of SMITH, Jon, new - NOT SENT since ..." */
};

struct model_syncing {
    struct arena arena;
    struct vec rows;   /* struct model_syncing_row */
    struct vec charts; /* char[80]: whose changes are named */
    struct model_unsent unsent;
    struct text age;   /* "as of 23-Nov 14:05": when it was read */
};
/* To be closed in any case. */
int model_syncing_open(struct model *m, struct model_syncing *out, struct err *e);
void model_syncing_close(struct model_syncing *s);

#endif
