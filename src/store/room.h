/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Room on the disk: what the store takes, a quota, what is removed when it is exceeded, and a reserve for edits.
 *
 * What goes is a unit: the rows of one kind (its KIND_KEEP, fhir/kind.h) of one chart. Before its first row goes, the
 * table `evicted` says so, in the same transaction; so what is not here is never taken for what is not recorded.
 * Never removed: a row with an edit that the server has not acknowledged; anything of a chart with a draft, of a file,
 * or of a chart opened in the last STORE_EVICT_FRESH_MS; a kind of KIND_KEEP_ALWAYS.
 *
 * The reserve is a file of STORE_RESERVE_BYTES. When the disk is full in the middle of a durable transaction, or of
 * a removal, it is given up and the write done again. Until it can be taken back nothing else is written: a cache fill
 * is refused with ERR_FULL, so that what was kept for an edit is there for an edit.
 *
 * Threads: as in store/store.h; store_evict writes, in short transactions of its own.
 */
#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include "store/copy.h"
#include "store/store.h"

#define STORE_RESERVE "reserve"
#define STORE_RESERVE_BYTES (16u << 20)
#define STORE_QUOTA_LEAST (8u << 20)
#define STORE_EVICT_FRESH_MS ((int64_t)12 * 3600 * 1000) /* a shift: no row goes from under a reader */

struct store_room {
    uint64_t file_bytes, wal_bytes, blob_bytes; /* on disk */
    uint64_t free_bytes;    /* of file_bytes: pages that hold nothing now */
    uint64_t disk_free;     /* what the file system would still give this user */
    uint64_t quota;         /* 0: none */
    uint64_t reserve_bytes; /* STORE_RESERVE_BYTES, or 0: given up, or never had */
    int64_t removed;        /* units that are not here */
    bool shrinks;           /* free pages go back to the disk; else new rows take them, a rotation gives them back */
};
int store_room(struct store *s, struct store_room *r, struct err *e);
/* By how much the store is over its quota; 0: it is not, or there is none. Free pages that cannot be given back do not
 * count. */
uint64_t store_room_over(const struct store_room *r);
/* 0: none. ERR_INPUT: less than STORE_QUOTA_LEAST. */
int store_quota_set(struct store_tx *tx, uint64_t bytes, struct err *e);

/* --- removing ---------------------------------------------------------------------------------- */

/* One removal, which may take several calls; all zero before the first. */
struct store_evict {
    uint64_t want;        /* bytes */
    uint64_t freed;       /* bytes of pages that hold nothing any more, or are gone from the file */
    uint64_t units, rows; /* removed */
    /* where it is */
    bool begun, opened;
    int64_t goal;         /* pages in use */
    uint64_t guess;       /* what the rows took that went since freed was measured: their words go later */
    uint64_t row_bytes;   /* of the store for each of its rows, all in all */
    unsigned merges;
    int64_t pid, at_ms;
};
/* Removes units until that many bytes are free, and gives them back to the disk where the store shrinks: charts that
 * were opened longest ago first (never opened ones before them), of a chart the kinds that are kept least before
 * others. Transactions of at most LIMIT_TX_ROWS. progress' step is asked between them (done and all: bytes); when it
 * stops it, ERR_CANCELLED, and the next call with the same ev goes on. Without room for want it removes what may go;
 * freed tells. */
int store_evict(struct store *s, struct store_evict *ev, int64_t now_ms, const struct store_progress *p,
                struct err *e);
/* The same for what the quota asks for, and a tenth of it beyond; nothing to do: ev->want stays 0. */
int store_keep_quota(struct store *s, struct store_evict *ev, int64_t now_ms, const struct store_progress *p,
                     struct err *e);

/* --- what was removed -------------------------------------------------------------------------- */

struct store_evicted {
    struct str chart, type;
    int64_t at_ms, n; /* when the last of its rows went; how many did, those that came again and went again too */
    bool wanted;      /* somebody asked for it: a sync is to bring it back */
};
/* Those of a chart. chart "": wanted ones of all charts; or else one for each kind, with chart "", where n is how many
 * charts. By chart and type. */
int store_evicted_each(struct store *s, struct str chart, bool wanted,
                       int (*each)(void *arg, const struct store_evicted *u), void *arg, struct err *e);
/* All of a chart is wanted; what is wanted is not removed again before it has come. *n: how many units. */
int store_evicted_want(struct store_tx *tx, struct str chart, unsigned *n, struct err *e);
/* All rows of a wanted unit have come; type "": of the whole chart, wanted or not. */
int store_evicted_back(struct store_tx *tx, struct str chart, struct str type, struct err *e);
/* Every kind is fetched from its beginning again: until then it says NOT FETCHED. */
int store_evicted_forget(struct store_tx *tx, struct err *e);

#endif
