/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is going to be written at one patient's chart, all or none: flat bytes, made on the loop's thread and shown
 * there, then taken to the store thread. Made by a form that is filed and by orders; written by model_filing_write
 * alone, so that nothing is kept in two ways.
 *
 * REQ: these bytes are written and no others; each resource of them is of that chart.
 */
#ifndef MODEL_FILING_H
#define MODEL_FILING_H

#include "base/buf.h"
#include "base/vec.h"
#include "model/edit.h"

#define MODEL_FILING_TYPES 16
#define MODEL_FILING_DRAFT 160 /* bytes of a draft's name */
struct model_filing {
    char chart[80];
    char draft[MODEL_FILING_DRAFT]; /* which it came of and which goes with it, or "" */
    struct vec parts;               /* of each resource where it stands in bytes, and what it was made from */
    struct buf bytes;
    struct {
        char section[32]; /* of the chart; "": of none, which is who filed it */
        unsigned n;
    } count[MODEL_FILING_TYPES]; /* the response of a form first. REQ: all is counted, as what is NOT SENT is */
    unsigned counts;
};
/* Empty, of that chart. To be given to _fini in any case. */
void model_filing_init(struct model_filing *w, struct str chart);
void model_filing_fini(struct model_filing *w); /* wipes */
/* One more, copied; x->why is kept as it is: a literal. ERR_TOOBIG: more than LIMIT_TX_ROWS, or bytes than four
 * resources may have; ERR_NOMEM. */
int model_filing_add(struct model_filing *w, const struct model_write *x, struct err *e);
/* On the store thread: one transaction, operations of this author and role in this order, an audit row each, and the
 * draft goes. Errors of model_edit_all: nothing is written. *ops: how many operations. */
int model_filing_write(struct model *m, const struct model_filing *w, const struct rng *rng, unsigned *ops,
                       struct err *e);

#endif
