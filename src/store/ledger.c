/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "store/ones.h"
#include "store/priv.h"

#define DAY_MS (24 * 60 * 60 * 1000LL)

/* --- what ends ----------------------------------------------------------------------------------- */

static int last(struct sql *c, struct store_ledger_head *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_LEDGER_LAST, &st, e);

    memset(out, 0, sizeof *out);
    if (code)
        return code;
    if ((code = sql_step(c, st, e)) == 1) {
        struct str link = sql_column(st, 1);

        out->acked = sqlite3_column_int64(st, 0);
        out->at_ms = sqlite3_column_int64(st, 2);
        if (link.n == sizeof out->link) /* none: of before there was a ledger */
            memcpy(out->link, link.p, link.n);
        code = ERR_OK;
    }
    sql_done(st);
    return code;
}

struct sums {
    unsigned char hash[CRYPT_SHA256], link[CRYPT_SHA256];
};

/* FORMAT 6 has what a link is made of. */
static int sum(struct sql *c, sqlite3_stmt *st, const struct store_ledger_head *before, struct str version,
               struct sums *out, struct err *e)
{
    bool deletes = sqlite3_column_int(st, 3) == STORE_OP_DELETE;
    struct crypt_digest *d = crypt_digest_new();
    unsigned char sha1[CRYPT_SHA1];
    struct buf body, words;
    int code = d ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    buf_init(&body, LIMIT_RESOURCE_BYTES);
    buf_init(&words, 2048);
    if (!code && !deletes)
        code = body_unpack(&c->body, sql_column(st, 6), (enum body_codec)sqlite3_column_int(st, 5),
                           (size_t)sqlite3_column_int64(st, 4), &body, e);
    if (code == ERR_DAMAGED) /* it was sent, whatever the disk did to it since */
        code = ERR_OK;
    buf_addf(&words, "%.*s\n%.*s/%.*s\n%.*s\n%d\n", STR_ARG(sql_column(st, 0)), STR_ARG(sql_column(st, 1)),
             STR_ARG(sql_column(st, 2)), STR_ARG(version), sqlite3_column_int(st, 3));
    if (!code && words.failed)
        code = err_set(e, words.failed, 0, 0, NULL);
    if (!code) {
        crypt_digest_add(d, body.p ? body.p : "", body.n);
        crypt_digest_end(d, out->hash, sha1);
        crypt_digest_add(d, before->link, sizeof before->link);
        crypt_digest_add(d, out->hash, sizeof out->hash);
        crypt_digest_add(d, words.p, words.n);
        crypt_digest_end(d, out->link, sha1);
    }
    buf_fini(&words);
    buf_fini(&body);
    crypt_digest_free(d);
    return code;
}

int ledger_end(struct sql *c, int64_t seq, enum store_op_state how, struct str version, struct err *e)
{
    struct store_ledger_head before = {.acked = 0};
    struct sums s;
    sqlite3_stmt *st;
    bool acked = how == STORE_OP_ACKED;
    int code = acked ? last(c, &before, e) : ERR_OK;

    if (!code && acked && !(code = sql_use(c, SQL_LEDGER_BODY, &st, e))) {
        sqlite3_bind_int64(st, 1, seq);
        if ((code = sql_step(c, st, e)) == 1)
            code = sum(c, st, &before, version, &s, e);
        sql_done(st);
    }
    if (code || (code = sql_use(c, SQL_LEDGER_ADD, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, seq);
    sqlite3_bind_int(st, 2, how);
    sql_bind(st, 3, version);
    sqlite3_bind_int64(st, 4, acked ? before.acked + 1 : 0);
    sqlite3_bind_blob(st, 5, acked ? s.hash : (const unsigned char *)"", acked ? sizeof s.hash : 0, SQLITE_STATIC);
    sqlite3_bind_blob(st, 6, acked ? s.link : (const unsigned char *)"", acked ? sizeof s.link : 0, SQLITE_STATIC);
    return sql_run(c, st, e);
}

int ledger_end_behind(struct sql *c, int64_t rid, int64_t seq, struct err *e)
{
    sqlite3_stmt *st;
    int64_t next = seq;
    int code = ERR_OK;

    while (!code && next) {
        if ((code = sql_use(c, SQL_LEDGER_BEHIND, &st, e)))
            return code;
        sqlite3_bind_int64(st, 1, rid);
        sqlite3_bind_int64(st, 2, next);
        code = sql_step(c, st, e);
        next = code == 1 ? sqlite3_column_int64(st, 0) : 0;
        sql_done(st);
        if (code == 1)
            code = ledger_end(c, next, STORE_OP_DISCARDED, STR(""), e);
    }
    return code;
}

static int stamp(struct sql *c, int64_t now_ms, struct err *e)
{
    static const enum sql_id old[] = {SQL_LEDGER_OLD, SQL_LEDGER_PRUNE};
    int code = sql_run_with(c, SQL_LEDGER_STAMP, now_ms, e);

    for (size_t i = 0; !code && i < sizeof old / sizeof *old; i++)
        code = sql_run_with(c, old[i], now_ms - STORE_LEDGER_DAYS * DAY_MS, e);
    return code;
}

int store_ledger_stamp(struct store_tx *tx, int64_t now_ms, struct err *e)
{
    struct err why = ERR_NONE;
    int code = store_tx_check(tx, stamp(&tx->s->w, now_ms, &why), &why);

    if (code && e)
        *e = why;
    return code;
}

/* --- reading ------------------------------------------------------------------------------------- */

static int read_ended(struct sql *c, sqlite3_stmt *st, struct arena *a, struct store_ended *x, struct err *e)
{
    struct store_op *op = &x->op;
    struct str *const text[] = {&op->type, &op->id, &op->chart, &op->author, &op->role, &x->version};
    size_t size = (size_t)sqlite3_column_int64(st, 14);
    struct str name = sql_column(st, 1);
    char *p;
    int code;

    memset(x, 0, sizeof *x);
    x->n = sqlite3_column_int64(st, 0);
    snprintf(op->op, sizeof op->op, "%.*s", STR_ARG(name));
    for (int i = 0; i < 6; i++)
        *text[i] = arena_str(a, sql_column(st, 2 + i));
    op->by_command = sqlite3_column_int(st, 8);
    op->kind = (enum store_op_kind)sqlite3_column_int(st, 9);
    op->state = (enum store_op_state)sqlite3_column_int(st, 10);
    op->since_ms = sqlite3_column_int64(st, 11);
    x->at_ms = sqlite3_column_int64(st, 12);
    x->no = sqlite3_column_int64(st, 13);
    op->base_etag = op->why = op->base = op->body = STR("");
    if (size && size <= LIMIT_RESOURCE_BYTES && (p = arena_alloc(a, size + 1))) {
        code = body_unpack_at(&c->body, sql_column(st, 16), (enum body_codec)sqlite3_column_int(st, 15), size, p, e);
        if (code && code != ERR_DAMAGED)
            return code;
        op->body = code ? STR("") : (struct str){p, size};
    }
    return a->failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : ERR_OK;
}

/* The next one before n: 1, 0 at the end, or a code. */
static int next_ended(struct store *s, int64_t before, const char *op, struct arena *a, struct store_ended *x,
                      struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_LEDGER_EACH, &st, e))) {
        sqlite3_bind_int64(st, 1, before);
        sql_bind(st, 2, str_of(op));
        if ((code = sql_step(&s->r, st, e)) == 1) {
            code = read_ended(&s->r, st, a, x, e);
            code = code ? code : 1;
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

struct ended_walk {
    struct store *s;
    const char *op;
    int (*each)(void *arg, const struct store_ended *x);
    void *arg;
    struct store_ended x; /* the last one read */
};

static int ended_read(void *arg, struct arena *a, struct err *e)
{
    struct ended_walk *w = arg;

    return next_ended(w->s, w->x.n, w->op, a, &w->x, e);
}

static int ended_give(void *arg)
{
    struct ended_walk *w = arg;

    return w->each(w->arg, &w->x);
}

int store_ledger_each(struct store *s, int64_t before, const char *op,
                      int (*each)(void *arg, const struct store_ended *x), void *arg, struct err *e)
{
    struct ended_walk w = {.s = s, .op = op, .each = each, .arg = arg, .x = {.n = before ? before : INT64_MAX}};

    return walk_ones(2 * LIMIT_RESOURCE_BYTES, 0, ended_read, ended_give, &w, e);
}

int store_ledger_head(struct store *s, struct store_ledger_head *out, struct err *e)
{
    int code = store_read_begin(s, e);

    if (code)
        return code;
    code = last(&s->r, out, e);
    store_read_end(s);
    return code;
}
