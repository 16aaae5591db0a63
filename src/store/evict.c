/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Removing what a server would give again, and the table that says what is not here. Charts are read on the reading
 * connection; what may go is asked once more where it goes, for an edit, a draft or a reader may have come between.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "store/blob.h"
#include "store/priv.h"
#include "store/room.h"
#include "store/seal.h"
#include "store/text.h"

#define CHART_ROWS 1000000
#define VACUUM_PAGES 256 /* given back in one transaction */
#define SPARE_PAGES 16   /* free ones that may stay in the file: less than what goes beyond any quota */
#define LOG_BYTES (4u << 20) /* the log is brought home when it is longer: a full disk has no room for a long one */
#define MERGE_STEPS 40
#define ROW_BYTES 160 /* of a row, beside its body */

/* --- the disk ------------------------------------------------------------------------------------ */

static int tidy_log(struct store *s, struct err *e)
{
    struct store_health h;
    int code = store_health(s, &h, e);

    return code || h.wal_bytes < LOG_BYTES ? code : room_checkpoint(s, false, e);
}

static int pages(struct store *s, int64_t *used, int64_t *empty, bool *shrinks, struct err *e)
{
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = room_pages(&s->r, used, empty, e)))
        code = room_shrinks(&s->r, shrinks, e);
    store_read_end(s);
    *used -= *empty;
    return code;
}

/* True when it is to stop. */
static bool stopped(const struct store_evict *ev, const struct store_progress *p)
{
    return p && p->step && p->step(p->arg, ev->freed < ev->want ? ev->freed : ev->want, ev->want);
}

/* --- which chart next ------------------------------------------------------------------------------ */

struct victim {
    int64_t rid;
    const struct fhir_kind *kind;
};
struct chart {
    int64_t pid;
    char id[STORE_CHART_BYTES];
    struct vec rows; /* of struct victim */
};

/* Those that nobody opened, by pid; then by the moment of the last opening. */
static int next_chart(struct sql *c, struct store_evict *ev, int64_t before_ms, struct chart *out, struct err *e)
{
    sqlite3_stmt *st;
    int code;

    for (; !(code = sql_use(c, ev->opened ? SQL_EVICT_OPENED : SQL_EVICT_UNOPENED, &st, e)); ev->opened = true) {
        bool last = ev->opened;

        sqlite3_bind_int64(st, 1, ev->pid);
        if (last) {
            sqlite3_bind_int64(st, 2, ev->at_ms);
            sqlite3_bind_int64(st, 3, before_ms);
        }
        if ((code = sql_step(c, st, e)) == 1) {
            out->pid = sqlite3_column_int64(st, 0);
            snprintf(out->id, sizeof out->id, "%.*s", STR_ARG(sql_column(st, 1)));
            if (last)
                ev->at_ms = sqlite3_column_int64(st, 2);
            ev->pid = out->pid;
        }
        sql_done(st);
        if (code || last)
            return code;
        ev->pid = 0;
        ev->at_ms = INT64_MIN;
    }
    return code;
}

/* The kinds that are kept least come first, and a kind's rows together. */
static int by_keep(const void *x, const void *y)
{
    const struct victim *a = x, *b = y;

    if (a->kind->keep != b->kind->keep)
        return a->kind->keep > b->kind->keep ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return (a->rid > b->rid) - (a->rid < b->rid);
}

static int list_rows(struct sql *c, struct chart *x, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_EVICT_ROWS, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, store_chart_hash(str_of(x->id)));
    short_bind_id(st, 2, str_of(x->id));
    while ((code = sql_step(c, st, e)) == 1) {
        const struct fhir_kind *k = kind_find(short_word(st, 1));
        struct victim *v = k && k->keep != KIND_KEEP_ALWAYS ? vec_push(&x->rows) : NULL;

        if (v)
            *v = (struct victim){sqlite3_column_int64(st, 0), k};
        else if (k && k->keep != KIND_KEEP_ALWAYS && x->rows.n < CHART_ROWS) {
            code = err_set(e, ERR_NOMEM, 0, 0, "rows");
            break;
        }
    }
    sql_done(st);
    if (x->rows.n > 1)
        qsort(x->rows.p, x->rows.n, sizeof(struct victim), by_keep);
    return code;
}

/* --- removing -------------------------------------------------------------------------------------- */

/* Has nobody opened the chart, begun a draft in it or asked for the unit since? */
static int may_go(struct sql *c, const struct chart *x, struct str type, int64_t before_ms, bool *yes, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_EVICT_MAY, &st, e);

    *yes = false;
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, x->pid);
    sql_bind(st, 2, str_of(x->id));
    sql_bind(st, 3, type);
    sqlite3_bind_int64(st, 4, before_ms);
    if ((code = sql_step(c, st, e)) == 1) {
        *yes = sqlite3_column_int(st, 0);
        code = ERR_OK;
    }
    sql_done(st);
    return code;
}

/* As received, and nobody's edit by now? Then about what it takes, with its places in the indexes; else 0. */
static int look_at(struct sql *c, int64_t rid, uint64_t *bytes, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_EVICT_LOOK, &st, e);

    *bytes = 0;
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1) {
        *bytes = (uint64_t)sqlite3_column_int64(st, 0) * 5 / 4 + ROW_BYTES;
        code = ERR_OK;
    }
    sql_done(st);
    return code;
}

static int note(struct sql *c, const struct chart *x, struct str type, int64_t now_ms, int64_t n, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_EVICTED_ADD, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, str_of(x->id));
    sql_bind(st, 2, type);
    sqlite3_bind_int64(st, 3, now_ms);
    sqlite3_bind_int64(st, 4, n);
    return sql_run(c, st, e);
}

/* REQ: that rows of a unit are not here is on disk no later than that they have gone. */
static int remove_in(struct store_tx *tx, const struct chart *x, const struct victim *v, unsigned n, int64_t now_ms,
                     struct store_evict *ev, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct str type = str_of(v->kind->type);
    uint64_t gone = 0, guess = 0, bytes;
    bool go;
    int code = may_go(c, x, type, now_ms - STORE_EVICT_FRESH_MS, &go, e);

    for (unsigned i = 0; !code && go && i < n; i++) {
        if ((code = look_at(c, v[i].rid, &bytes, e)) || !bytes)
            continue;
        code = res_drop(tx, v[i].rid, type, e);
        guess += bytes > ev->row_bytes ? bytes : ev->row_bytes;
        gone++;
    }
    if (!code && gone && !(code = note(c, x, type, now_ms, (int64_t)gone, e))) {
        ev->rows += gone;
        ev->guess += guess;
    }
    return code;
}

static int remove_some(struct store *s, const struct chart *x, const struct victim *v, unsigned n, int64_t now_ms,
                       struct store_evict *ev, struct err *e)
{
    struct store_tx *tx;
    int code = store_begin_removal(s, &tx, e);

    if (code)
        return code;
    if ((code = remove_in(tx, x, v, n, now_ms, ev, e))) {
        store_rollback(tx);
        return code;
    }
    code = store_commit(tx, e);
    return code ? code : tidy_log(s, e);
}

static int count_rows(struct store *s, int64_t *n, struct err *e)
{
    int code = store_read_begin(s, e);

    if (code)
        return code;
    code = sql_number(&s->r, "SELECT coalesce(sum(n), 0) FROM count", n, e);
    store_read_end(s);
    return code;
}

static int measure(struct store *s, struct store_evict *ev, struct err *e)
{
    int64_t used, empty, rows = 0;
    bool shrinks;
    int code = pages(s, &used, &empty, &shrinks, e);

    if (!code && !ev->begun && !(code = count_rows(s, &rows, e))) {
        ev->begun = true;
        ev->row_bytes = rows ? (uint64_t)used * SEAL_PAGE / (uint64_t)rows : 0;
        ev->goal = used + (shrinks ? empty : 0) - (int64_t)(ev->want / SEAL_PAGE);
    }
    if (!code)
        ev->freed = used > ev->goal ? ev->want - (uint64_t)(used - ev->goal) * SEAL_PAGE : ev->want;
    if (!code && used > ev->goal && (uint64_t)(used - ev->goal) * SEAL_PAGE > ev->want)
        ev->freed = 0;
    return code;
}

static bool is_enough(const struct store_evict *ev)
{
    return ev->freed + ev->guess >= ev->want;
}

/* A unit goes whole before it is asked whether that was enough. *done: the chart has no more. */
static int remove_chart(struct store *s, const struct chart *x, int64_t now_ms, struct store_evict *ev,
                        const struct store_progress *p, bool *done, struct err *e)
{
    const struct victim *v = x->rows.p;
    int code = ERR_OK;
    size_t i = 0;

    *done = false;
    while (!code && i < x->rows.n && !is_enough(ev)) {
        size_t end = i;
        uint64_t before = ev->rows;

        while (end < x->rows.n && v[end].kind == v[i].kind)
            end++;
        while (!code && i < end) {
            unsigned n = end - i < LIMIT_TX_ROWS ? (unsigned)(end - i) : LIMIT_TX_ROWS;

            if (stopped(ev, p))
                return err_set(e, ERR_CANCELLED, 0, 0, "room");
            code = remove_some(s, x, v + i, n, now_ms, ev, e);
            i += n;
        }
        ev->units += ev->rows > before;
    }
    *done = i == x->rows.n;
    return code;
}

/* *any: there was one. While it has more, the same one comes next. */
static int remove_next(struct store *s, int64_t now_ms, struct store_evict *ev, const struct store_progress *p,
                       bool *any, struct err *e)
{
    struct store_evict was = *ev;
    struct chart x = {.pid = 0};
    bool done = true;
    int code = store_read_begin(s, e), found;

    *any = false;
    if (code)
        return code;
    vec_init(&x.rows, sizeof(struct victim), CHART_ROWS);
    found = next_chart(&s->r, ev, now_ms - STORE_EVICT_FRESH_MS, &x, e);
    code = found == 1 ? list_rows(&s->r, &x, e) : found;
    store_read_end(s);
    *any = found == 1;
    if (!code && *any)
        code = remove_chart(s, &x, now_ms, ev, p, &done, e);
    if (!done) {
        ev->opened = was.opened;
        ev->pid = was.pid;
        ev->at_ms = was.at_ms;
    }
    vec_fini(&x.rows);
    return code;
}

/* --- giving back ----------------------------------------------------------------------------------- */

struct merging {
    struct store_evict *ev;
    const struct store_progress *p;
    bool stopped;
};

static int merge_step(void *arg)
{
    struct merging *m = arg;

    m->stopped = stopped(m->ev, m->p);
    return m->stopped || ++m->ev->merges > MERGE_STEPS;
}

/* Words of what went leave the index a part at a time; the rest of them at the next rest. */
static int settle_words(struct store *s, struct store_evict *ev, const struct store_progress *p, struct err *e)
{
    struct merging m = {ev, p, false};

    store_text_settle(s, merge_step, &m, NULL);
    return m.stopped ? err_set(e, ERR_CANCELLED, 0, 0, "room") : ERR_OK;
}

static int vacuum_some(struct store *s, struct err *e)
{
    struct store_tx *tx;
    char sql[48];
    int code = store_begin_removal(s, &tx, e);

    if (code)
        return code;
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", VACUUM_PAGES);
    if ((code = sql_exec(&s->w, sql, e))) {
        store_rollback(tx);
        return code;
    }
    return store_commit(tx, e);
}

static int give_back(struct store *s, const struct store_evict *ev, const struct store_progress *p, struct err *e)
{
    int64_t used, empty;
    bool shrinks;
    int code;

    while (!(code = pages(s, &used, &empty, &shrinks, e)) && shrinks && empty > SPARE_PAGES) {
        if (stopped(ev, p))
            return err_set(e, ERR_CANCELLED, 0, 0, "room");
        if ((code = vacuum_some(s, e)) || (code = tidy_log(s, e)))
            return code;
    }
    if (!code)
        code = room_checkpoint(s, true, e);
    turn_take(&s->turn, false);
    reserve_take(s);
    turn_leave(&s->turn);
    return code;
}

/* Attachments go before rows: what is lost with one is one fetch, and its row goes on saying what it is. */
static int attachments(struct store *s, struct store_evict *ev, int64_t now_ms, struct err *e)
{
    uint64_t freed;
    int code = store_blob_evict(s, ev->want, now_ms - STORE_EVICT_FRESH_MS, &freed, e);

    ev->want -= freed < ev->want ? freed : ev->want;
    return code;
}

int store_evict(struct store *s, struct store_evict *ev, int64_t now_ms, const struct store_progress *p, struct err *e)
{
    bool any = true, all = false;
    bool fresh = !ev->begun;
    int code = fresh ? attachments(s, ev, now_ms, e) : ERR_OK;

    if (!code && fresh)
        code = measure(s, ev, e);
    while (!code && !all) {
        while (!code && any && !is_enough(ev))
            code = remove_next(s, now_ms, ev, p, &any, e);
        if (code || (code = settle_words(s, ev, p, e)) || (code = measure(s, ev, e)))
            break;
        ev->guess = 0;
        ev->merges = 0;
        /* REQ: no more goes than must: while words still stand for what went, nobody can say that it was not enough. */
        all = !any || ev->freed >= ev->want || !store_text_settled(s);
    }
    return code ? code : give_back(s, ev, p, e);
}

/* --- what was removed ------------------------------------------------------------------------------ */

#define EVICTED_MOST 10000000

static enum sql_id list_of(struct str chart, bool wanted)
{
    return chart.n ? SQL_EVICTED_OF : wanted ? SQL_EVICTED_WANTED : SQL_EVICTED_ALL;
}

int store_evicted_each(struct store *s, struct str chart, bool wanted,
                       int (*each)(void *arg, const struct store_evicted *u), void *arg, struct err *e)
{
    struct arena a;
    struct vec all;
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    arena_init(&a, 1u << 30);
    vec_init(&all, sizeof(struct store_evicted), EVICTED_MOST);
    if (!(code = sql_use(&s->r, list_of(chart, wanted), &st, e))) {
        if (chart.n)
            sql_bind(st, 1, chart);
        while ((code = sql_step(&s->r, st, e)) == 1) {
            struct store_evicted *u = vec_push(&all);

            if (u)
                *u = (struct store_evicted){arena_str(&a, sql_column(st, 0)), arena_str(&a, sql_column(st, 1)),
                                            sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3),
                                            sqlite3_column_int(st, 4)};
            if (!u || a.failed) {
                code = err_set(e, ERR_NOMEM, 0, 0, "evicted");
                break;
            }
        }
        sql_done(st);
    }
    store_read_end(s);
    for (size_t i = 0; !code && i < all.n; i++) {
        const struct store_evicted *u = vec_at(&all, i);

        if (u->wanted || !wanted)
            code = each(arg, u);
    }
    vec_fini(&all);
    arena_fini(&a);
    return code;
}

static int change(struct store_tx *tx, enum sql_id id, struct str chart, struct str type, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, &why);

    if (!code) {
        if (chart.n)
            sql_bind(st, 1, chart);
        if (id == SQL_EVICTED_BACK)
            sql_bind(st, 2, type);
        code = sql_run(c, st, &why);
    }
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

int store_evicted_want(struct store_tx *tx, struct str chart, unsigned *n, struct err *e)
{
    int code = change(tx, SQL_EVICTED_WANT, chart, STR(""), e);

    *n = code ? 0 : (unsigned)sqlite3_changes(tx->s->w.db);
    return code;
}

int store_evicted_back(struct store_tx *tx, struct str chart, struct str type, struct err *e)
{
    return change(tx, SQL_EVICTED_BACK, chart, type, e);
}

int store_evicted_forget(struct store_tx *tx, struct err *e)
{
    return change(tx, SQL_EVICTED_FORGET, STR(""), STR(""), e);
}
