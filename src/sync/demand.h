/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What somebody asked for. Patients, one by one: such a patient joins the profile's scope and goes on being synced like
 * the others; but the marks of the scope say nothing of what it had before, so that its chart is first pulled alone,
 * from the beginning, without touching a mark. Until that has come whole the id stands in the setting "sync.demand"
 * (ids, blanks between), which each sync begins with; what is shown of such a chart says NOT FETCHED.
 * And what was removed of a chart that is here (store/room.h): those kinds alone are pulled again, from the beginning.
 */
#ifndef SYNC_DEMAND_H
#define SYNC_DEMAND_H

#include "store/store.h"
#include "sync/step.h"

/* What was removed of the chart is wanted back; where nothing was, adds the patient to the setting, and to the scope
 * where that is not all, in one transaction. On the store thread. ERR_INPUT: no id; ERR_TOOBIG: no URL holds so
 * many. */
int sync_demand_add(struct store *s, const char *id, struct err *e);
/* What is still to be pulled so, patients first; of removed kinds those of some charts at a time: *out as of
 * sync_scope_parse, with demand set; n 0: nothing. */
int sync_demand_scope(struct store *s, struct sync_scope *out, struct err *e);
/* Patients have come: takes those of scope out of the setting, and nothing of them is said to be removed any more. */
int sync_demand_done(struct store *s, struct store_tx *tx, const struct sync_scope *scope, struct err *e);
/* Of a scope of some kinds: this kind has come whole, for all of its charts. */
int sync_demand_kind_done(struct store_tx *tx, const struct sync_scope *scope, const char *type, struct err *e);

#endif
