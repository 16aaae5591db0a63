/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A large first fill by $export (HL7 Bulk Data Access 2.0): the kinds behind the first rank, as one file of NDJSON a
 * kind or more, in place of thousands of pages. The server makes them while it is polled, no sooner than it says; files
 * come through the gate, line by line, by the way that rows of a page go. What it promises:
 *   - the marks are transactionTime, or the server's Date when that is earlier; the kinds count as whole only behind
 *     the pull that follows, which asks from there;
 *   - after a kill the same export goes on where its lines are stored: the status URL and each file's lines are kept;
 *   - what the manifest calls deleted deletes nothing: sync/absent.h asks for each row;
 *   - whatever fails for good, or takes more than an hour, plain searches do all of it, and it is not tried again for a
 *     week.
 *
 * Settings: sync.bulk (the status URL; "": none), sync.bulk.files (lines "LINES URL", -1: all of it), sync.nobulk (MS).
 */
#ifndef SYNC_BULK_H
#define SYNC_BULK_H

#include "sync/run.h"

#define SYNC_BULK_PATIENTS 500 /* as many, and the rest of a first fill is worth an export */

struct sync_bulk;
struct sync_bulk_report {
    int code;            /* ERR_OK: all of it is here, or the server has none and plain searches are to do it */
    struct err err;
    uint64_t rows;       /* new or changed here */
};

/* Starts one, or goes on with the one that is kept. done comes once, on a later turn. All is borrowed until
 * sync_bulk_free. */
int sync_bulk_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock, const struct rng *rng,
                    const char *base, const struct sync_observer *progress,
                    void (*done)(void *arg, const struct sync_bulk_report *r), void *arg, struct sync_bulk **out,
                    struct err *e);
/* done comes with ERR_CANCELLED; what is stored stays, and the next sync goes on with it. */
void sync_bulk_stop(struct sync_bulk *b);
/* NULL is fine. done does not come any more. */
void sync_bulk_free(struct sync_bulk *b);

/* One was begun and has not ended. */
bool sync_bulk_waits(struct store *s);
/* It may be tried at this server. */
bool sync_bulk_may(struct store *s, const struct clock *clock);

#endif
