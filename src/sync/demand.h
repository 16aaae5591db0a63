/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patients that somebody asked for one by one. Such a patient joins the profile's scope and goes on being synced like
 * the others; but the marks of the scope say nothing of what it had before, so that its chart is first pulled alone,
 * from the beginning, without touching a mark. Until that has come whole the id stands in the setting "sync.demand"
 * (ids, blanks between), which each sync begins with; what is shown of such a chart says NOT FETCHED.
 */
#ifndef SYNC_DEMAND_H
#define SYNC_DEMAND_H

#include "store/store.h"
#include "sync/step.h"

/* Adds a patient to the setting, and to the scope where that is not all, in one transaction. On the store thread.
 * ERR_INPUT: no id; ERR_TOOBIG: no URL holds so many. */
int sync_demand_add(struct store *s, const char *id, struct err *e);
/* The patients that are still to be pulled so: *out as of sync_scope_parse, with demand set; n 0: none. */
int sync_demand_scope(struct store *s, struct sync_scope *out, struct err *e);
/* They have come: takes those of scope out of the setting. */
int sync_demand_done(struct store *s, struct store_tx *tx, const struct sync_scope *scope, struct err *e);

#endif
