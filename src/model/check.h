/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The local checks (cds/check.h) of an order against a chart that is here: this is what a screen of orders calls. It
 * gathers the chart's medicines and allergies, with what the server has beside an edit, and says what of them is not
 * here. REQ: a row of another patient is never looked at; one that cannot be read is said to be there.
 */
#ifndef MODEL_CHECK_H
#define MODEL_CHECK_H

#include "cds/check.h"
#include "model/model.h"

/* The tables that came with the program, or a site's in their place, held against clock's day; read once, for a screen.
 * As cds_open; cds_free. */
int model_check_tables(const struct clock *clock, struct cds **out, struct err *e);

/* order: the bytes of a MedicationRequest as it is to be signed. others: orders of the same basket, not signed and not
 * in the store. replaces: "MedicationRequest/ID" that the order renews or changes, or "". out as of cds_check_order:
 * to be given to cds_result_fini whatever is returned. ERR_NOTFOUND: no such chart; ERR_JSON: an order that is none. */
int model_check_order(struct model *m, const struct cds *c, struct str chart, struct str order,
                      const struct str *others, unsigned n, struct str replaces, struct cds_result *out,
                      struct err *e);

#endif
