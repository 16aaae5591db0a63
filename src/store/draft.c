/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/limits.h"
#include "base/mem.h"
#include "store/priv.h"

/* What somebody began and did not sign. A draft is never a row of a chart. */

static int write_draft(struct sql *c, const struct store_draft *d, struct err *e)
{
    enum body_codec codec;
    sqlite3_stmt *st;
    char *packed;
    size_t n;
    int code = body_pack(&c->body, d->bytes, &packed, &n, &codec, e);

    if (code)
        return code;
    if (!(code = sql_use(c, SQL_DRAFT_PUT, &st, e))) {
        sql_bind(st, 1, d->name);
        sql_bind(st, 2, d->chart);
        sql_bind(st, 3, d->form);
        sqlite3_bind_int64(st, 4, d->changed_ms);
        sqlite3_bind_int64(st, 5, (int64_t)d->bytes.n);
        sqlite3_bind_int(st, 6, codec);
        sqlite3_bind_blob64(st, 7, packed, n, SQLITE_STATIC);
        code = sql_run(c, st, e);
    }
    mem_wipe(packed, n);
    return code;
}

int store_draft_put(struct store_tx *tx, const struct store_draft *d, struct err *e)
{
    struct err why = ERR_NONE;
    int code = d->name.n && d->bytes.n ? ERR_OK : err_set(&why, ERR_INPUT, 0, 0, "draft");

    if (!code && d->bytes.n > LIMIT_RESOURCE_BYTES)
        code = err_set(&why, ERR_TOOBIG, 0, LIMIT_RESOURCE_BYTES, "draft");
    if (!code && (d->name.n > LIMIT_TEXT_CELL || d->form.n > LIMIT_TEXT_CELL || d->chart.n >= STORE_CHART_BYTES))
        code = err_set(&why, ERR_TOOBIG, 0, LIMIT_TEXT_CELL, "draft");
    if (!code)
        code = store_tx_check(tx, write_draft(&tx->s->w, d, &why), &why);
    if (code && e)
        *e = why;
    return code;
}

int store_draft_drop(struct store_tx *tx, struct str name, struct err *e)
{
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int code = sql_use(&tx->s->w, SQL_DRAFT_DROP, &st, &why);

    if (!code) {
        sql_bind(st, 1, name);
        code = sql_run(&tx->s->w, st, &why);
    }
    store_tx_check(tx, code, &why);
    if (!code && !sqlite3_changes(tx->s->w.db))
        code = err_set(&why, ERR_NOTFOUND, 0, 0, "draft");
    if (code && e)
        *e = why;
    return code;
}

int store_draft_get(struct store *s, struct str name, struct buf *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_DRAFT_GET, &st, e))) {
        sql_bind(st, 1, name);
        if ((code = sql_step(&s->r, st, e)) == 1)
            code = body_unpack(&s->r.body, sql_column(st, 2), (enum body_codec)sqlite3_column_int(st, 1),
                               (size_t)sqlite3_column_int64(st, 0), out, e);
        else if (!code)
            code = err_set(e, ERR_NOTFOUND, 0, 0, "draft");
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

static int read_drafts(struct sql *c, struct str chart, struct arena *a, struct vec *all, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_DRAFT_EACH, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, chart);
    while ((code = sql_step(c, st, e)) == 1) {
        struct store_draft *d = vec_push(all);

        if (d)
            *d = (struct store_draft){arena_str(a, sql_column(st, 0)), arena_str(a, sql_column(st, 1)),
                                      arena_str(a, sql_column(st, 2)), sqlite3_column_int64(st, 3), STR("")};
        if (!d || a->failed) {
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
            break;
        }
    }
    sql_done(st);
    return code;
}

int store_draft_each(struct store *s, struct str chart, int (*each)(void *arg, const struct store_draft *d), void *arg,
                     struct err *e)
{
    struct arena a;
    struct vec all;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    arena_init(&a, 64u << 20);
    vec_init(&all, sizeof(struct store_draft), 1u << 20);
    code = read_drafts(&s->r, chart, &a, &all, e);
    store_read_end(s);
    VEC_EACH(const struct store_draft, d, &all)
    {
        if (code)
            break;
        code = each(arg, d);
    }
    vec_fini(&all);
    arena_fini(&a);
    return code;
}
