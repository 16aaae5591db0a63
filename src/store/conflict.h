/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A conflict with its three versions and what can be made of them (fhir/merge.h): for the merge without a person
 * (sync), for the one by a person (model). Threads: as in store/store.h.
 */
#ifndef STORE_CONFLICT_H
#define STORE_CONFLICT_H

#include "base/limits.h"
#include "fhir/merge.h"
#include "store/edit.h"

struct store_conflict {
    char op[STORE_OP_BYTES];
    char type[65], id[65], chart[80];
    char author[LIMIT_ID_BYTES + 72], role[LIMIT_ID_BYTES + 72]; /* whose edit it is */
    char why[LIMIT_ID_BYTES];
    bool by_command;
    enum store_op_state state;
    int64_t since_ms;
    bool fetched;              /* what the server has is here; else merge is empty and nothing can be answered but
                                * to give the edit up */
    bool gone;                 /* the server deleted it */
    bool deletes;              /* the edit does */
    char seen[STORE_VERSION_BYTES];
    struct buf bytes[MERGE_SIDES];
    struct tape tape[MERGE_SIDES];
    bool there[MERGE_SIDES];
    struct arena a;
    struct merge merge;        /* with its choices: the caller's to make */
};

/* Of an operation in conflict, or one that the server refused. mine is the row as it stands, with later edits.
 * ERR_NOTFOUND: there is no such one. out is to be closed in any case. */
int store_conflict_open(struct store *s, const char *op, struct store_conflict *out, struct err *e);
void store_conflict_close(struct store_conflict *c);

struct store_answer {
    const char *base;        /* the server's URL, or NULL */
    struct str author, role; /* who answered; author.p NULL: nobody was asked */
    bool by_command;
    int64_t now_ms;
};
/* Carries the choices out: *queued, the merged bytes wait to be sent; else nothing of the edit was left, and it is
 * given up. ERR_OPEN: choices are open, num. ERR_INPUT: the result would be in another chart ("subject"), or theirs is
 * not here ("theirs"). ERR_INUSE: the server said something else since it was opened. ERR_NOTFOUND: it was answered
 * already. */
int store_conflict_answer(struct store_tx *tx, const struct store_conflict *c, const struct store_answer *a,
                          bool *queued, struct err *e);
/* Gives the edit up. */
int store_conflict_yield(struct store_tx *tx, const struct store_conflict *c, struct err *e);

#endif
