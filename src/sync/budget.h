/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A profile on a line that is paid by the byte: so many bytes a day (both ways, as net's meter counts them), of the
 * device's own day. Edits and the first rank always go; when the day's bytes are used, a sync leaves the rest where it
 * is (SYNC_EV_FRUGAL) and says NOT FETCHED.
 *
 * Settings: budget (bytes a day; none or 0: no limit), wire.day ("2026-11-30 BYTES": what went that day). The count is
 * written as it grows, so that a kill loses no more than SYNC_BUDGET_NOTE of it.
 */
#ifndef SYNC_BUDGET_H
#define SYNC_BUDGET_H

#include "store/store.h"

#define SYNC_BUDGET_LEAST 65536        /* less than a sync of nothing takes is no budget */
#define SYNC_BUDGET_NOTE (256u << 10)

struct sync_budget {
    int64_t limit;   /* 0: none */
    char day[11];
    int64_t used;    /* of that day, as it stands in the store */
};

/* As the settings have it on the day of now; nothing was used on another one. */
int sync_budget_load(struct store *s, const struct clock *clock, struct sync_budget *out, struct err *e);
/* Bytes more went. Reads what stands there within the transaction: there may be two meters in a process. *used: of the
 * day, with them. */
int sync_budget_add(struct store *s, struct store_tx *tx, const struct clock *clock, int64_t bytes, int64_t *used,
                    struct err *e);
/* 0: none. */
int sync_budget_set(struct store_tx *tx, int64_t limit, struct err *e);
/* With so many bytes more the day's are used up. */
bool sync_budget_over(const struct sync_budget *b, int64_t more);

#endif
