/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/send_priv.h"

#include <string.h>

#include "audit/audit.h"
#include "base/log.h"
#include "store/conflict.h"

/* Conflicts that nobody need be asked about: what the server has is here, and the two sides changed different things
 * of those that fhir/merge.c's table lists, or the same. They are queued again before the outbox is loaded. */

#define MEND_MAX 1000 /* in one run */

struct name {
    char op[STORE_OP_BYTES];
};

static int note(void *arg, const struct store_op *op)
{
    struct name *n = op->state == STORE_OP_CONFLICT ? vec_push(arg) : NULL;

    if (n)
        memcpy(n->op, op->op, sizeof n->op);
    return ERR_OK; /* those that found no room: in the next run */
}

/* REQ: who reads the trail sees that nobody was asked. */
static int write(struct send_run *r, const struct store_conflict *c, bool *queued, struct err *e)
{
    const struct store_answer a = {.base = r->base, .now_ms = clock_wall_ms(&r->clock)};
    const struct audit_event ev = {.at_ms = a.now_ms,
                                   .boot_ms = clock_boot_ms(&r->clock),
                                   .session = STR(""),
                                   .author = str_of(c->author),
                                   .role = str_of(c->role),
                                   .action = AUDIT_UPDATE,
                                   .chart = str_of(c->chart),
                                   .type = str_of(c->type),
                                   .id = str_of(c->id),
                                   .version = str_of(c->seen),
                                   .purpose = STR(""),
                                   .reason = STR("conflict: merged")};
    struct store_tx *tx;
    int code = store_begin(r->store, true, &tx, e);

    if (code)
        return code;
    if (!(code = store_conflict_answer(tx, c, &a, queued, e)))
        code = audit_append(tx, &ev, e);
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

int sync_send_mend(struct loop_job *job)
{
    struct send_run *r = (struct send_run *)(void *)((char *)job - offsetof(struct send_run, load));
    unsigned mended = 0;
    struct vec names;
    int code;

    vec_init(&names, sizeof(struct name), MEND_MAX);
    code = store_op_each(r->store, &(struct store_op_query){.limit = 0}, note, &names, &job->err);
    VEC_EACH(struct name, n, &names) {
        struct store_conflict c;
        struct err why = ERR_NONE;
        bool queued = false;

        /* One that fails stays a conflict: a person sees it. */
        if (!code && !store_conflict_open(r->store, n->op, &c, &why) && c.fetched && !c.merge.ask &&
            !write(r, &c, &queued, &why))
            mended++;
        if (!code)
            store_conflict_close(&c);
        if (why.code)
            log_event("send.mend", why.code, NULL, 0, 0);
    }
    if (mended)
        log_event("send.mend", ERR_OK, NULL, mended, 0);
    vec_fini(&names);
    return code;
}
