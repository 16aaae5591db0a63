/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What became of operations that have ended: acknowledged by the server, or taken back here. Each has a row with the
 * bytes that it carried, written in the transaction that ends it (store_op_move, store_op_drop, store_op_yield,
 * store_edit), and stays for STORE_LEDGER_DAYS. The acknowledged ones are a chain: each link holds the one before, so
 * that the last says all of them, also those whose rows have gone. Threads: as in store/store.h.
 */
#ifndef STORE_LEDGER_H
#define STORE_LEDGER_H

#include "crypt/digest.h"
#include "store/edit.h"

#define STORE_LEDGER_DAYS 90

/* Those that ended without a moment ended now; those of more than STORE_LEDGER_DAYS before go, but the newest link
 * stays. In every transaction that ends one; what forgot it is caught up by the next. */
int store_ledger_stamp(struct store_tx *tx, int64_t now_ms, struct err *e);

struct store_ended {
    int64_t n;         /* in the order in which they ended, rising */
    int64_t at_ms;     /* when; of one from before there was a ledger, when it was entered */
    int64_t no;        /* of an acknowledged one, the how manieth it was; 0: from before there was a ledger */
    struct str version; /* of an acknowledged one: what the server calls it, or "" */
    /* As it was. state: STORE_OP_ACKED or STORE_OP_DISCARDED; body: as sent, or as taken back, of a deletion what it
     * deletes, "" where it is damaged. No seq, base, why, tries. */
    struct store_op op;
};
/* Before n (0: all), the newest first; op: of that one alone, or "". A code of each's other than 0 ends it and is
 * returned. */
int store_ledger_each(struct store *s, int64_t before, const char *op,
                      int (*each)(void *arg, const struct store_ended *x), void *arg, struct err *e);

struct store_ledger_head {
    int64_t acked;  /* how many the server has acknowledged since the profile was made */
    int64_t at_ms;  /* when the last of them was; 0: none */
    unsigned char link[CRYPT_SHA256]; /* zero: none */
};
int store_ledger_head(struct store *s, struct store_ledger_head *out, struct err *e);

#endif
