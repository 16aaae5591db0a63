/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside model/order: reading orders of a chart, and what all writing of them asks first.
 */
#ifndef MODEL_ORDER_PRIV_H
#define MODEL_ORDER_PRIV_H

#include "fhir/splice.h"
#include "model/order.h"
#include "model/priv.h"

#define ORDER_TYPE "MedicationRequest"
#define ORDER_ARENA ((size_t)64 << 20)

/* An order's bytes in words, as its chart says them. In a. */
int model_order_said(const struct order_env *env, struct str chart, struct str bytes, struct arena *a,
                      struct text *out, struct err *e);
/* The bytes of an order of this chart, by id. REQ: of this chart by its own reference. ERR_NOTFOUND. */
int model_order_read(const struct order_env *env, struct str chart, struct str id, struct arena *a, struct str *out,
                     struct err *e);
/* Is it a draft of an order, and whose: one's own? */
bool model_order_is_draft(const struct tape *t);
bool model_order_is_own(const struct model *m, const struct tape *t);
/* bytes with these edits, in place. */
int model_order_splice(struct buf *bytes, const struct splice *edit, unsigned n, struct err *e);
/* t with another status and why, "" for no reason; all other bytes stay. */
int model_order_status(const struct tape *t, const char *status, struct str reason, struct buf *out, struct err *e);
/* A note behind the others: who and when are this profile and moment. */
int model_order_note(const struct order_env *env, struct buf *bytes, struct str text, struct err *e);
/* Adds the reason of a STOP to bytes. */
int model_order_stop_note(const struct order_env *env, const struct cds_result *checks, unsigned card,
                          struct str reason, struct buf *bytes, struct err *e);
/* ERR_INPUT: orders are not written in a chart that came from a file. */
int model_order_may_chart(struct str chart, struct err *e);

#endif
