/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table behind the audit trail. audit/audit.h is who calls this, and says what its fields mean.
 */
#ifndef STORE_TRAIL_H
#define STORE_TRAIL_H

#include "store/store.h"

struct store_trail {
    int64_t seq; /* given here, rising */
    int64_t at_ms, boot_ms;
    int action, outcome;
    struct str session, author, role, chart, type, id, version, purpose, reason;
};
int store_trail_append(struct store_tx *tx, const struct store_trail *t, struct err *e);
/* Those behind seq after, oldest first; limit 0 = all. 200 rows are one snapshot. */
int store_trail_each(struct store *s, int64_t after, unsigned limit,
                     int (*each)(void *arg, const struct store_trail *t), void *arg, struct err *e);

#endif
