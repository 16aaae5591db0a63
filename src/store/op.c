/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/tape.h"
#include "store/ones.h"
#include "store/priv.h"

/* The outbox: what became of each edit, and what that makes of its row. */

/* --- finding ----------------------------------------------------------------------------------- */

static void take(char *to, size_t room, struct str s)
{
    snprintf(to, room, "%.*s", (int)(s.n < room ? s.n : 0), s.p);
}

int op_head(struct sql *c, int64_t seq, const char *name, struct op_head *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, seq ? SQL_OP_HEAD : SQL_OP_NAMED, &st, e);

    *out = (struct op_head){.seq = 0};
    if (code)
        return code;
    if (seq)
        sqlite3_bind_int64(st, 1, seq);
    else
        sql_bind(st, 1, str_of(name));
    if ((code = sql_step(c, st, e)) == 1) {
        code = ERR_OK;
        out->seq = sqlite3_column_int64(st, 0);
        take(out->op, sizeof out->op, sql_column(st, 1));
        out->rid = sqlite3_column_int64(st, 2);
        out->after = sqlite3_column_int64(st, 3);
        out->kind = (enum store_op_kind)sqlite3_column_int(st, 4);
        out->state = (enum store_op_state)sqlite3_column_int(st, 5);
        take(out->author, sizeof out->author, sql_column(st, 6));
        take(out->role, sizeof out->role, sql_column(st, 7));
        out->by_command = sqlite3_column_int(st, 8);
        out->tries = (unsigned)sqlite3_column_int64(st, 9);
    }
    sql_done(st);
    return code;
}

int op_of_row(struct sql *c, enum sql_id id, int64_t rid, int64_t *seq, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, e);

    *seq = 0;
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1) {
        *seq = sqlite3_column_int64(st, 0);
        code = ERR_OK;
    }
    sql_done(st);
    return code;
}

/* --- what a row falls back to -------------------------------------------------------------------- */

static int former_theirs(struct sql *c, int64_t rid, struct op_former *f, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_THEIRS_GET, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1) {
        f->there = true;
        f->gone = sqlite3_column_int(st, 6);
        take(f->version, sizeof f->version, sql_column(st, 3));
        f->updated_ms = sqlite3_column_int64(st, 4);
        f->fetched_ms = sqlite3_column_int64(st, 5);
        code = f->gone ? ERR_OK
                       : body_unpack(&c->body, sql_column(st, 2), (enum body_codec)sqlite3_column_int(st, 1),
                                     (size_t)sqlite3_column_int64(st, 0), &f->bytes, e);
    }
    sql_done(st);
    return code;
}

/* The base of an operation; there is none of a create, nor where it is not known. */
static int former_base(struct sql *c, int64_t seq, struct op_former *f, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_OP_BASE_OF, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, seq);
    if ((code = sql_step(c, st, e)) == 1) {
        f->there = sqlite3_column_int64(st, 0) > 0;
        code = body_unpack(&c->body, sql_column(st, 2), (enum body_codec)sqlite3_column_int(st, 1),
                           (size_t)sqlite3_column_int64(st, 0), &f->bytes, e);
    }
    sql_done(st);
    return code;
}

int op_set_row(struct store_tx *tx, int64_t rid, const struct op_former *f, int64_t op, struct err *e)
{
    struct res_put p = {.bytes = buf_str(&f->bytes), .origin = STORE_SERVER, .fetched_ms = f->fetched_ms,
                        .now_ms = f->fetched_ms, .op = op};
    char base[LIMIT_URL_BYTES];
    struct patient_facts facts;
    struct fhir_index ix;
    struct arena a, read;
    struct tape t = {.n = 0};
    int code = mark_server(&tx->s->w, base, e);

    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    arena_init(&read, RES_READ_BYTES);
    if (!code && !(code = tape_parse(&t, p.bytes, e)) &&
        !(code = fhir_index(&t, base[0] ? base : NULL, &a, &ix, e))) {
        ix.version = str_of(f->version);
        ix.updated_ms = f->updated_ms;
        if (!(code = res_read(&ix, &p, &read, &facts, e)))
            code = res_set(tx, &rid, &ix, &p, &facts, e);
    }
    tape_fini(&t);
    arena_fini(&read);
    arena_fini(&a);
    return code;
}

int op_row_meta(struct sql *c, int64_t rid, struct op_former *f, char type[65], struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_ROW, &st, e);

    type[0] = '\0';
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1) {
        code = ERR_OK;
        take(type, 65, short_word(st, 1));
        take(f->version, sizeof f->version, sql_column(st, 3));
        f->updated_ms = sqlite3_column_int64(st, 4);
        f->fetched_ms = sqlite3_column_int64(st, 11);
    }
    sql_done(st);
    return code;
}

int op_row_bytes(struct sql *c, int64_t rid, struct buf *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_WORDS_OF, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1)
        code = body_unpack(&c->body, sql_column(st, 4), (enum body_codec)sqlite3_column_int(st, 3),
                           (size_t)sqlite3_column_int64(st, 2), out, e);
    sql_done(st);
    return code;
}

int op_last_received(struct sql *c, int64_t rid, struct op_former *f, struct err *e)
{
    int64_t oldest;
    int code;

    f->there = false;
    if ((code = former_theirs(c, rid, f, e)) || f->there || (code = op_of_row(c, SQL_OP_OLDEST, rid, &oldest, e)))
        return code;
    return former_base(c, oldest, f, e);
}

static int set_op(struct sql *c, int64_t rid, int64_t op, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_RES_OP, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if (op != RES_RECEIVED)
        sqlite3_bind_int64(st, 2, op);
    return sql_run(c, st, e);
}

int op_undo(struct store_tx *tx, const struct op_head *op, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct op_former f = {.there = false};
    int64_t before = 0, oldest = 0;
    char type[65];
    int code = op_row_meta(c, op->rid, &f, type, e);

    buf_init(&f.bytes, LIMIT_RESOURCE_BYTES);
    if (!code)
        code = op_of_row(c, SQL_OP_OLDEST, op->rid, &oldest, e);
    if (!code && oldest == op->seq) /* those before it, if any, are at the server */
        code = former_theirs(c, op->rid, &f, e);
    if (!code && !f.there)
        code = former_base(c, op->seq, &f, e);
    if (!code && !(code = ledger_end(c, op->seq, STORE_OP_DISCARDED, STR(""), e)) &&
        !(code = sql_run_with(c, SQL_OP_DROP, op->seq, e)))
        code = op_of_row(c, SQL_OP_NEWEST, op->rid, &before, e);
    if (!code && !before)
        code = sql_run_with(c, SQL_THEIRS_DROP, op->rid, e);
    if (!code && (f.gone || (!f.there && op->kind == STORE_OP_CREATE)))
        code = res_drop(tx, op->rid, str_of(type), e);
    else if (!code && f.there)
        code = op_set_row(tx, op->rid, &f, before ? before : RES_RECEIVED, e);
    else if (!code) /* the row still has what was received */
        code = set_op(c, op->rid, before ? before : RES_RECEIVED, e);
    buf_fini(&f.bytes);
    return code;
}

/* --- moving ------------------------------------------------------------------------------------ */

static bool may_move(enum store_op_state from, enum store_op_state to)
{
    static const unsigned steps[STORE_OP_STATES] = {
        [STORE_OP_QUEUED] = 1u << STORE_OP_INFLIGHT | 1u << STORE_OP_INDOUBT | 1u << STORE_OP_CONFLICT |
                            1u << STORE_OP_ATTENTION,
        [STORE_OP_INFLIGHT] = 1u << STORE_OP_QUEUED | 1u << STORE_OP_INDOUBT | 1u << STORE_OP_ACKED |
                              1u << STORE_OP_CONFLICT | 1u << STORE_OP_ATTENTION,
        [STORE_OP_INDOUBT] = 1u << STORE_OP_QUEUED | 1u << STORE_OP_ACKED | 1u << STORE_OP_CONFLICT |
                             1u << STORE_OP_ATTENTION,
        [STORE_OP_CONFLICT] = 1u << STORE_OP_QUEUED | 1u << STORE_OP_ATTENTION,
        [STORE_OP_ATTENTION] = 1u << STORE_OP_QUEUED | 1u << STORE_OP_CONFLICT,
    };

    return from < STORE_OP_STATES && to < STORE_OP_STATES && steps[from] >> to & 1;
}

/* The version that the server gave an acknowledged edit: what the next one is made from. */
static int next_version(struct sql *c, const struct op_head *op, struct str version, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_OP_NEXT, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, op->seq);
    sql_bind(st, 2, version);
    return sql_run(c, st, e);
}

/* REQ: after the last operation of a row the server's bytes are the truth again. What a pull brought meanwhile is what
 * was sent or newer than it: the server took the edit only because the base was still its newest, and that one, which
 * may have been pulled before the edit was sent, is no more beside it (theirs_stale). */
static int settle(struct store_tx *tx, const struct op_head *op, struct str version, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct op_former f = {.there = false}, row = {.there = false};
    sqlite3_stmt *st;
    char type[65];
    int code = op_row_meta(c, op->rid, &row, type, e);

    buf_init(&f.bytes, LIMIT_RESOURCE_BYTES);
    if (!code)
        code = former_theirs(c, op->rid, &f, e);
    if (!code && f.there)
        code = sql_run_with(c, SQL_THEIRS_DROP, op->rid, e);
    if (!code && (f.gone || (!f.there && op->kind == STORE_OP_DELETE))) {
        code = res_drop(tx, op->rid, str_of(type), e);
    } else if (!code && f.there) {
        code = op_set_row(tx, op->rid, &f, RES_RECEIVED, e);
    } else if (!code && !(code = set_op(c, op->rid, 0, e)) && !(code = sql_use(c, SQL_RECEIVED, &st, e))) {
        /* "": a server that did not say it. The one before is not what the next edit is made from. */
        sqlite3_bind_int64(st, 1, op->rid);
        sql_bind(st, 2, version);
        sqlite3_bind_int64(st, 3, row.updated_ms);
        sqlite3_bind_int64(st, 4, row.fetched_ms);
        code = sql_run(c, st, e);
    }
    buf_fini(&f.bytes);
    return code;
}

/* REQ: what the edit has replaced at the server does not come back in its place. */
static int theirs_stale(struct sql *c, const struct op_head *op, struct str version, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_THEIRS_STALE, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, op->seq);
    sql_bind(st, 2, version);
    return sql_run(c, st, e);
}

int op_replaced(struct sql *c, int64_t rid, struct str version, bool *yes, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_OP_REPLACED, &st, e);

    *yes = false;
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    sql_bind(st, 2, version);
    if (!(code = sql_run(c, st, e)))
        *yes = sqlite3_changes(c->db) > 0;
    return code;
}

static int acknowledged(struct store_tx *tx, const struct op_head *op, struct str version, struct err *e)
{
    struct sql *c = &tx->s->w;
    sqlite3_stmt *st;
    int64_t newest = 0;
    int code = sql_run_with(c, SQL_PRIOR_SENT, op->seq, e);

    if (!code && !(code = theirs_stale(c, op, version, e)) &&
        !(code = ledger_end(c, op->seq, STORE_OP_ACKED, version, e)) &&
        !(code = sql_run_with(c, SQL_OP_SENT, op->seq, e)) &&
        !(code = next_version(c, op, version, e)) && op->rid)
        code = op_of_row(c, SQL_OP_NEWEST, op->rid, &newest, e);
    if (code || !op->rid)
        return code;
    if (!newest)
        return settle(tx, op, version, e);
    /* what is behind it was made from what the server has now: a version that nobody has to fetch */
    if ((code = set_op(c, op->rid, newest, e)) || !version.n || (code = sql_use(c, SQL_ROW_VERSION, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, op->rid);
    sql_bind(st, 2, version);
    return sql_run(c, st, e);
}

static int move(struct store_tx *tx, const struct op_head *op, enum store_op_state to, struct str why, struct err *e)
{
    struct sql *c = &tx->s->w;
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_OP_STATE, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, op->seq);
    sqlite3_bind_int(st, 2, to);
    sql_bind(st, 3, to == STORE_OP_ACKED || to == STORE_OP_INFLIGHT ? STR("") : why);
    sqlite3_bind_int(st, 4, (to == STORE_OP_INFLIGHT) - (op->state == STORE_OP_INFLIGHT && to == STORE_OP_QUEUED));
    sql_bind(st, 5, to == STORE_OP_INFLIGHT ? why : STR(""));
    code = sql_run(c, st, e);
    return code || to != STORE_OP_ACKED ? code : acknowledged(tx, op, why, e);
}

int store_op_move(struct store_tx *tx, const char *op, enum store_op_state from, enum store_op_state to, struct str why,
                  struct err *e)
{
    struct err bad = ERR_NONE;
    struct op_head head;
    int code = may_move(from, to) ? ERR_OK : err_set(&bad, ERR_BUG, 0, (int64_t)to, "store_op_move");

    if (!code && why.n > LIMIT_ID_BYTES)
        code = err_set(&bad, ERR_TOOBIG, 0, LIMIT_ID_BYTES, "why");
    if (!code)
        code = store_tx_check(tx, op_head(&tx->s->w, 0, op, &head, &bad), &bad);
    if (!code && (!head.seq || head.state != from))
        code = err_set(&bad, ERR_NOTFOUND, 0, 0, op);
    else if (!code)
        code = store_tx_check(tx, move(tx, &head, to, why, &bad), &bad);
    if (code && e)
        *e = bad;
    return code;
}

int store_op_later(struct store_tx *tx, const char *op, int64_t next_at_ms, struct err *e)
{
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int code = sql_use(&tx->s->w, SQL_OP_LATER, &st, &why);

    if (!code) {
        sql_bind(st, 1, str_of(op));
        sqlite3_bind_int64(st, 2, next_at_ms);
        code = sql_run(&tx->s->w, st, &why);
    }
    store_tx_check(tx, code, &why);
    if (!code && !sqlite3_changes(tx->s->w.db))
        code = err_set(&why, ERR_NOTFOUND, 0, 0, op);
    if (code && e)
        *e = why;
    return code;
}

int store_op_doubt(struct store_tx *tx, struct str why, struct err *e)
{
    struct err bad = ERR_NONE;
    sqlite3_stmt *st;
    int code = sql_use(&tx->s->w, SQL_OP_DOUBT, &st, &bad);

    if (!code) {
        sql_bind(st, 1, why);
        code = sql_run(&tx->s->w, st, &bad);
    }
    store_tx_check(tx, code, &bad);
    if (code && e)
        *e = bad;
    return code;
}

static int drop(struct store_tx *tx, const struct op_head *op, struct err *e)
{
    struct sql *c = &tx->s->w;
    int code;

    if (op->rid)
        return op_undo(tx, op, e);
    code = ledger_end(c, op->seq, STORE_OP_DISCARDED, STR(""), e);
    return code ? code : sql_run_with(c, SQL_OP_DROP, op->seq, e);
}

int store_op_drop(struct store_tx *tx, const char *op, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    struct op_head head;
    int64_t newest = 0;
    int code = store_tx_check(tx, op_head(c, 0, op, &head, &why), &why);

    if (!code && (!head.seq || head.state == STORE_OP_ACKED))
        code = err_set(&why, ERR_NOTFOUND, 0, 0, op);
    if (!code && head.rid)
        code = store_tx_check(tx, op_of_row(c, SQL_OP_NEWEST, head.rid, &newest, &why), &why);
    if (!code && (head.state == STORE_OP_INFLIGHT || head.state == STORE_OP_INDOUBT || (newest && newest != head.seq) ||
                  (head.state == STORE_OP_QUEUED && head.tries)))
        code = err_set(&why, ERR_INUSE, 0, 0, op);
    else if (!code)
        code = store_tx_check(tx, drop(tx, &head, &why), &why);
    if (code && e)
        *e = why;
    return code;
}

/* --- reading ----------------------------------------------------------------------------------- */

static int unpack_into(struct sql *c, sqlite3_stmt *st, int at, struct arena *a, struct str *out, struct err *e)
{
    size_t size = (size_t)sqlite3_column_int64(st, at);
    char *p;

    if (!size)
        return ERR_OK;
    if (size > LIMIT_RESOURCE_BYTES)
        return err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
    if (!(p = arena_alloc(a, size + 1)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    *out = (struct str){p, size};
    return body_unpack_at(&c->body, sql_column(st, at + 2), (enum body_codec)sqlite3_column_int(st, at + 1), size, p,
                          e);
}

static int read_op(struct sql *c, sqlite3_stmt *st, bool bytes, struct arena *a, struct store_op *op, struct err *e)
{
    struct str *const text[] = {&op->type, &op->id, &op->chart, &op->author, &op->role};
    int code = ERR_OK;

    *op = (struct store_op){.seq = sqlite3_column_int64(st, 0), .after = sqlite3_column_int64(st, 2)};
    take(op->op, sizeof op->op, sql_column(st, 1));
    for (int i = 0; i < 5; i++)
        *text[i] = arena_str(a, sql_column(st, 3 + i));
    op->by_command = sqlite3_column_int(st, 8);
    op->kind = (enum store_op_kind)sqlite3_column_int(st, 9);
    op->state = (enum store_op_state)sqlite3_column_int(st, 10);
    op->base_etag = arena_str(a, sql_column(st, 11));
    op->why = arena_str(a, sql_column(st, 12));
    op->since_ms = sqlite3_column_int64(st, 13);
    op->next_at_ms = sqlite3_column_int64(st, 14);
    op->tries = (unsigned)sqlite3_column_int64(st, 15);
    op->base = op->body = STR("");
    if (bytes && !(code = unpack_into(c, st, 16, a, &op->base, e)))
        code = unpack_into(c, st, 19, a, &op->body, e);
    return !code && a->failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : code;
}

/* The next one behind seq after: 1, 0 at the end, or a code. */
static int next_op(struct store *s, const struct store_op_query *q, int64_t after, struct arena *a, struct store_op *op,
                   struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_OP_EACH, &st, e))) {
        sqlite3_bind_int64(st, 1, after);
        sqlite3_bind_int(st, 2, q->all);
        sql_bind(st, 3, q->chart);
        sql_bind(st, 4, q->type);
        sql_bind(st, 5, q->id);
        sql_bind(st, 6, q->op);
        if ((code = sql_step(&s->r, st, e)) == 1) {
            code = read_op(&s->r, st, q->bytes, a, op, e);
            code = code ? code : 1;
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

struct op_walk {
    struct store *s;
    const struct store_op_query *q;
    int (*each)(void *arg, const struct store_op *op);
    void *arg;
    struct store_op op; /* the last one read */
};

static int op_read(void *arg, struct arena *a, struct err *e)
{
    struct op_walk *w = arg;

    return next_op(w->s, w->q, w->op.seq, a, &w->op, e);
}

static int op_give(void *arg)
{
    struct op_walk *w = arg;

    return w->each(w->arg, &w->op);
}

int store_op_each(struct store *s, const struct store_op_query *q, int (*each)(void *arg, const struct store_op *op),
                  void *arg, struct err *e)
{
    struct op_walk w = {.s = s, .q = q, .each = each, .arg = arg};

    return walk_ones(3 * LIMIT_RESOURCE_BYTES, q->limit, op_read, op_give, &w, e);
}

int store_op_theirs(struct store *s, struct str type, struct str id, struct buf *out, char version[STORE_VERSION_BYTES],
                    bool *gone, struct err *e)
{
    struct op_former f = {.there = false};
    struct sql *c = &s->r;
    struct res_row row;
    int code = store_read_begin(s, e);

    *gone = false;
    if (code)
        return code;
    buf_init(&f.bytes, LIMIT_RESOURCE_BYTES);
    code = res_look(c, STORE_SERVER, type, id, &row, -1, NULL, e);
    if (!code && row.op > 0)
        code = op_last_received(c, row.rid, &f, e);
    store_read_end(s);
    if (!code && !f.there)
        code = err_set(e, ERR_NOTFOUND, 0, 0, "theirs");
    if (!code && (code = buf_addstr(out, buf_str(&f.bytes))))
        err_set(e, code, 0, (int64_t)out->max, "theirs");
    take(version, STORE_VERSION_BYTES, (struct str){row.version, row.version_n});
    *gone = f.gone;
    buf_fini(&f.bytes);
    return code;
}

int store_op_beside(struct store *s, struct str type, struct str id, enum store_beside *what, struct err *e)
{
    struct res_row row;
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    *what = STORE_BESIDE_NOTHING;
    if (code)
        return code;
    code = res_look(&s->r, STORE_SERVER, type, id, &row, -1, NULL, e);
    if (!code && row.op > 0 && !(code = sql_use(&s->r, SQL_THEIRS_GET, &st, e))) {
        sqlite3_bind_int64(st, 1, row.rid);
        if ((code = sql_step(&s->r, st, e)) == 1) {
            *what = sqlite3_column_int(st, 6) ? STORE_BESIDE_GONE : STORE_BESIDE_OTHER;
            code = ERR_OK;
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

int store_unsent(struct store *s, struct str chart, int64_t *n, struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    *n = 0;
    if (code)
        return code;
    if (!(code = sql_use(&s->r, chart.n ? SQL_UNSENT_OF : SQL_UNSENT, &st, e))) {
        if (chart.n)
            sql_bind(st, 1, chart);
        if ((code = sql_step(&s->r, st, e)) == 1) {
            *n = sqlite3_column_int64(st, 0);
            code = ERR_OK;
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}
