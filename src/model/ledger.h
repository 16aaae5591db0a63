/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The ledger: every change made here as one plain sentence, until ninety days after the server acknowledged it or
 * it was given up. The same maker for the screen, `queue`, `status` and paper: "Allergy to Penicillin of SMITH, Jon -
 * NOT SENT since 14:05: waits for the patient's own record". What each state and reason means stands in wardline(1)
 * under STATES (tests/house/states.py compares). Reading: any thread; what writes, as model/edit.h.
 */
#ifndef MODEL_LEDGER_H
#define MODEL_LEDGER_H

#include "model/edit.h"
#include "store/ledger.h"

struct model_change {
    char op[STORE_OP_BYTES], type[65], id[65], chart[80];
    enum store_op_kind kind;
    enum store_op_state state;
    bool by_command;
    int64_t since_ms;     /* when it was entered */
    int64_t at_ms;        /* of one that has ended: when; 0: it still waits */
    const char *waits;    /* what it waits for, as a code: "patient"; "" of one that has ended. --json has it */
    struct text what;     /* "Allergy to Penicillin" */
    struct text whom;     /* "SMITH, Jon", "" */
    struct text how;      /* "NOT SENT since 23-Nov 14:05: ...": all behind the dash */
    struct text sentence;
};

/* What has not reached the server, in the order in which it is sent; op: of that one alone, or "". The op given has no
 * bytes. A code of each's other than 0 ends it and is returned. */
int model_ledger_each(struct model *m, const char *op,
                      int (*each)(void *arg, const struct store_op *op, const struct model_change *c), void *arg,
                      struct err *e);
/* What has ended, the newest first: those in whose sentence a word begins with each word of typed ("": all). */
int model_ledger_log(struct model *m, struct str typed,
                     int (*each)(void *arg, const struct model_change *c), void *arg, struct err *e);

/* Sent again with the next sync, whatever it was to wait for; with its audit row. ERR_NOTFOUND; ERR_OPEN: it is in
 * conflict, and a person answers that; ERR_ROLE: as for a conflict. */
int model_ledger_retry(struct model *m, const char *op, struct err *e);
/* Gives it up: the row is again what the server last said of it, or goes; with its audit row. ERR_NOTFOUND; ERR_ROLE;
 * ERR_LINE: it may be on the line, or have been; ERR_BEHIND: so many others rest on it. */
int model_ledger_discard(struct model *m, const char *op, struct err *e);

#endif
