/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/priv.h"

/* The two answers to a conflict: the edit as it is now wanted, made from what the server has; or none. */

struct answer {
    struct sql *c;
    struct op_head op;
    struct res_row row;
};

/* The operation and its row, if it can be answered and the server has said nothing since it was. */
static int look(struct store_tx *tx, const char *op, struct str seen, struct str type, struct str id,
                struct answer *x, struct err *e)
{
    sqlite3_stmt *st;
    int code = op_head(x->c = &tx->s->w, 0, op, &x->op, e);

    if (code)
        return code;
    if (!x->op.seq || !x->op.rid || (x->op.state != STORE_OP_CONFLICT && x->op.state != STORE_OP_ATTENTION))
        return err_set(e, ERR_NOTFOUND, 0, 0, op);
    if ((code = res_look(x->c, STORE_SERVER, type, id, &x->row, -1, NULL, e)) && code != ERR_DAMAGED)
        return code;
    if (x->row.rid != x->op.rid)
        return err_set(e, ERR_NOTFOUND, 0, 0, op);
    if (!str_eq((struct str){x->row.version, x->row.version_n}, seen))
        return err_set(e, ERR_INUSE, 0, 0, op);
    if ((code = sql_use(x->c, SQL_OP_BUSY, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, x->op.rid);
    sqlite3_bind_int64(st, 2, x->op.seq);
    code = sql_step(x->c, st, e);
    sql_done(st);
    return code == 1 ? err_set(e, ERR_INUSE, 0, 0, op) : code;
}

static int fold(struct answer *x, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(x->c, SQL_OP_FOLD, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, x->op.rid);
    sqlite3_bind_int64(st, 2, x->op.seq);
    return sql_run(x->c, st, e);
}

/* Bytes packed, at three columns: size, codec, body. */
struct packed {
    char *p;
    size_t n, size;
    enum body_codec codec;
};

static int pack(struct sql *c, struct str bytes, struct packed *out, struct err *e)
{
    *out = (struct packed){.size = bytes.n, .codec = BODY_RAW};
    return bytes.n ? body_pack(&c->body, bytes, &out->p, &out->n, &out->codec, e) : ERR_OK;
}

static void bind(sqlite3_stmt *st, int at, const struct packed *p)
{
    sqlite3_bind_int64(st, at, (int64_t)p->size);
    sqlite3_bind_int(st, at + 1, p->codec);
    sqlite3_bind_blob64(st, at + 2, p->p ? p->p : "", p->n, SQLITE_STATIC);
}

/* What the server had and deleted is made anew by a person who has seen that: this create was never sent before. */
static int write_op(struct answer *x, const struct store_rebase *r, struct err *e)
{
    enum store_op_kind kind = !r->body.n ? STORE_OP_DELETE : r->gone ? STORE_OP_CREATE : STORE_OP_UPDATE;
    char room[STORE_CHART_BYTES];
    struct packed base, body = {.p = NULL};
    sqlite3_stmt *st;
    int code = pack(x->c, r->base, &base, e);

    if (!code)
        code = pack(x->c, r->body, &body, e);
    if (!code && !(code = sql_use(x->c, SQL_OP_REBASE, &st, e))) {
        sqlite3_bind_int64(st, 1, x->op.seq);
        sqlite3_bind_int(st, 2, kind);
        sql_bind(st, 3, r->base_version);
        bind(st, 4, &base);
        bind(st, 7, &body);
        sql_bind(st, 10, store_chart_of(r->ix->patient, STORE_SERVER, room));
        if (r->author.p) {
            sql_bind(st, 11, r->author);
            sql_bind(st, 12, r->role);
            sqlite3_bind_int(st, 13, r->by_command);
        }
        code = sql_run(x->c, st, e);
    }
    mem_wipe(base.p, base.n);
    mem_wipe(body.p, body.n);
    return code;
}

/* What is received and what is edited change places: the base is the server's, the row the answer. */
static int write_row(struct store_tx *tx, struct answer *x, const struct store_rebase *r, struct err *e)
{
    const struct res_put p = {.bytes = r->body.n ? r->body : r->base,
                              .origin = STORE_SERVER,
                              .fetched_ms = x->row.fetched_ms,
                              .now_ms = r->now_ms,
                              .op = x->op.seq};
    struct fhir_index ix = *r->ix;
    struct patient_facts facts;
    struct arena a;
    int code;

    ix.version = (struct str){x->row.version, x->row.version_n};
    ix.updated_ms = x->row.updated_ms;
    arena_init(&a, RES_READ_BYTES);
    if (!(code = res_read(r->ix, &p, &a, &facts, e)))
        code = res_set(tx, &x->op.rid, &ix, &p, &facts, e);
    arena_fini(&a);
    return code;
}

int store_op_rebase(struct store_tx *tx, const struct store_rebase *r, struct err *e)
{
    struct err why = ERR_NONE;
    struct answer x = {.c = NULL};
    int code = r->body.n || r->base.n ? res_check(r->ix, r->body.n ? r->body : r->base, &why)
                                      : err_set(&why, ERR_INPUT, 0, 0, "body");

    if (!code)
        code = look(tx, r->op, r->seen, r->ix->type, r->ix->id, &x, &why);
    if (!code && !(code = fold(&x, &why)) && !(code = write_op(&x, r, &why)) &&
        !(code = sql_run_with(x.c, SQL_THEIRS_DROP, x.op.rid, &why)))
        code = write_row(tx, &x, r, &why);
    tx->queued = tx->queued || (!code && r->author.p);
    if (code && code != ERR_NOTFOUND && code != ERR_INUSE)
        store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

int store_op_yield(struct store_tx *tx, const char *op, struct str type, struct str id, struct str seen, bool gone,
                   struct err *e)
{
    struct err why = ERR_NONE;
    struct answer x = {.c = NULL};
    int code = look(tx, op, seen, type, id, &x, &why);

    if (!code && gone)
        code = store_tx_check(tx, edit_gone(x.c, x.op.rid, &why), &why);
    if (!code)
        code = store_tx_check(tx, fold(&x, &why), &why);
    if (!code)
        code = store_tx_check(tx, op_undo(tx, &x.op, &why), &why);
    if (code && e)
        *e = why;
    return code;
}
