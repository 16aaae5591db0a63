/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <stdio.h>

#include "base/limits.h"

/* A walk reads a stretch of rows in one snapshot, lets go of it, hands the rows out, and goes on: a reader
 * that takes its time holds neither the mutex nor the checkpoint up. A list of one section of one chart is
 * nearly always one stretch, so its rows belong together. */
#define WALK_ROWS 256            /* rows in one snapshot */
#define WALK_BYTES (256u << 10)  /* and about as many bytes */
enum { WALK_TYPE = 1, WALK_SECTION = 2, WALK_PATIENT = 4, WALK_NEWEST = 8 };

/* Every plan is pinned: without statistics SQLite would walk the table for the sake of ORDER BY. */
static int walk_use(struct sql *c, unsigned set, sqlite3_stmt **st, struct err *e)
{
    char text[400];
    int code = ERR_OK;

    if (!c->walk[set]) {
        snprintf(text, sizeof text, "SELECT rid FROM res %s WHERE %s ?1%s%s%s ORDER BY %s LIMIT ?6",
                 set & WALK_PATIENT ? "INDEXED BY res_chart" : set & WALK_TYPE ? "INDEXED BY res_type" : "NOT INDEXED",
                 set & (WALK_PATIENT | WALK_NEWEST) ? "+rid >" : "rid >", set & WALK_PATIENT ? " AND chart=?2" : "",
                 set & WALK_SECTION ? " AND section=?4" : "", set & WALK_TYPE ? " AND type=?5" : "",
                 set & WALK_NEWEST ? "sort_ms DESC, rid DESC" : set & WALK_PATIENT ? "+rid" : "rid");
        code = sql_prepare(c, text, &c->walk[set], e);
    }
    *st = c->walk[set];
    return code;
}

/* The rids of the next stretch. A walk by date takes them all at once: rows that come or go meanwhile
 * must not shift it. So does the walk of a chart: its index holds the rids in no order of their own, and to
 * ask again for each stretch would read the whole chart each time. */
static int walk_rids(struct sql *c, const struct store_query *q, int64_t after, uint64_t left, struct vec *rids,
                     struct err *e)
{
    unsigned set = (q->type.n ? WALK_TYPE : 0) | (q->section.n ? WALK_SECTION : 0) | (q->patient.n ? WALK_PATIENT : 0) |
                   (q->newest_first ? WALK_NEWEST : 0);
    uint64_t most = (set & (WALK_NEWEST | WALK_PATIENT)) || left < WALK_ROWS ? left : WALK_ROWS;
    sqlite3_stmt *st;
    int code = walk_use(c, set, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, after);
    if (q->patient.n)
        sqlite3_bind_int64(st, 2, store_chart_hash(q->patient));
    if (q->section.n)
        sql_bind(st, 4, q->section);
    if (q->type.n)
        sql_bind(st, 5, q->type);
    sqlite3_bind_int64(st, 6, most > INT64_MAX ? -1 : (int64_t)most);
    while ((code = sql_step(c, st, e)) == 1) {
        int64_t *rid = vec_push(rids);

        if (!rid) {
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
            break;
        }
        *rid = sqlite3_column_int64(st, 0);
    }
    sql_done(st);
    return code;
}

struct walk {
    struct arena a; /* the stretch's rows, copied out of the snapshot */
    struct vec rows;
    size_t bytes;
};

static struct str keep(struct walk *w, struct str s)
{
    w->bytes += s.n;
    return s.n ? arena_str(&w->a, s) : STR("");
}

static int copy_row(struct sql *c, struct walk *w, const struct store_query *q, sqlite3_stmt *st, int64_t rid,
                    struct err *e)
{
    struct store_row *r = vec_push(&w->rows);
    size_t size = (size_t)sqlite3_column_int64(st, 12);
    struct str id = sql_column(st, 2);
    int code = ERR_OK;

    if (!r)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    r->rowid = rid;
    r->origin = (enum store_origin)sqlite3_column_int(st, 0);
    r->type = keep(w, sql_column(st, 1));
    if (r->origin == STORE_FILE_IMPORT) {
        char *p = arena_fmt(&w->a, STORE_FILE_PREFIX "%.*s", (int)id.n, id.p);

        r->id = str_of(p);
    } else {
        r->id = keep(w, id);
    }
    r->version = keep(w, sql_column(st, 3));
    r->updated_ms = sqlite3_column_int64(st, 4);
    r->patient = keep(w, sql_column(st, 5));
    r->date = keep(w, sql_column(st, 6));
    r->date_ms = sqlite3_column_int64(st, 7);
    if (r->date_ms == STORE_UNDATED)
        r->date_ms = FHIR_NO_DATE;
    r->status = keep(w, sql_column(st, 8));
    r->section = keep(w, sql_column(st, 9));
    r->title = keep(w, sql_column(st, 10));
    r->fetched_ms = sqlite3_column_int64(st, 11);
    r->op_state = sqlite3_column_type(st, 15) == SQLITE_NULL ? -1 : sqlite3_column_int(st, 15);
    r->unsent = r->op_state >= 0;
    r->op_kind = r->op_state < 0 ? -1 : sqlite3_column_int(st, 16);
    r->by_command = sqlite3_column_int(st, 17);
    if (q->bytes) {
        char *p = size <= LIMIT_RESOURCE_BYTES ? arena_alloc(&w->a, size + 1) : NULL;

        if (size > LIMIT_RESOURCE_BYTES)
            code = err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
        else if (p && !(code = body_unpack_at(&c->body, sql_column(st, 14), (enum body_codec)sqlite3_column_int(st, 13),
                                              size, p, e)))
            r->bytes = (struct str){p, size};
        w->bytes += size;
    }
    if (!code && w->a.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, NULL);
    return code;
}

/* Reads rows rids[*at..] until the stretch is full. */
static int read_rows(struct sql *c, const struct store_query *q, const struct vec *rids, size_t *at, struct walk *w,
                     struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_ROW, &st, e);

    while (!code && *at < rids->n && w->rows.n < WALK_ROWS && w->bytes < WALK_BYTES) {
        int64_t rid = *(int64_t *)vec_at(rids, (*at)++);

        sqlite3_bind_int64(st, 1, rid);
        code = sql_step(c, st, e);
        /* The index knows a chart by its hash alone: two charts of one hash must not mix. */
        if (code == 1 && (!q->patient.n || str_eq(sql_column(st, 5), q->patient)))
            code = copy_row(c, w, q, st, rid, e);
        else if (code == 1)
            code = ERR_OK;
        sql_done(st); /* a row that has gone since is left out */
    }
    return code;
}

static int hand_over(struct walk *w, int (*each)(void *arg, const struct store_row *row), void *arg)
{
    int code = 0;

    VEC_EACH(const struct store_row, r, &w->rows)
    {
        if (code)
            break;
        code = each(arg, r);
    }
    return code;
}

/* A type of one section: its rows of a chart stand together in the index under that section. */
static struct store_query narrowed(const struct store_query *asked)
{
    const struct fhir_kind *k = asked->patient.n && !asked->section.n ? kind_find(asked->type) : NULL;
    struct store_query q = *asked;

    if (k && !k->section_of)
        q.section = str_of(k->section);
    return q;
}

int store_each(struct store *s, const struct store_query *asked, int (*each)(void *arg, const struct store_row *row),
               void *arg, struct err *e)
{
    const struct store_query narrow = narrowed(asked), *q = &narrow;
    uint64_t left = q->limit ? q->limit : UINT64_MAX;
    int64_t after = q->newest_first ? INT64_MIN : q->after_rowid;
    struct vec rids;
    size_t at = 0;
    int code = ERR_OK;
    bool more = true;

    vec_init(&rids, sizeof(int64_t), SIZE_MAX / sizeof(int64_t));
    while (more && !code) {
        struct walk w = {.bytes = 0};

        arena_init(&w.a, WALK_BYTES + 4 * LIMIT_RESOURCE_BYTES);
        vec_init(&w.rows, sizeof(struct store_row), WALK_ROWS);
        if ((code = store_read_begin(s, e)))
            break;
        if (at == rids.n) {
            rids.n = at = 0;
            code = walk_rids(&s->r, q, after, left, &rids, e);
            left -= rids.n < left ? rids.n : left;
            if (rids.n)
                after = *(int64_t *)vec_at(&rids, rids.n - 1);
            more = rids.n > 0;
        }
        if (!code)
            code = read_rows(&s->r, q, &rids, &at, &w, e);
        store_read_end(s);
        if (!code)
            code = hand_over(&w, each, arg); /* no lock and no snapshot is held: each may read on its own */
        vec_fini(&w.rows);
        arena_fini(&w.a);
        more = more && (at < rids.n || (left && !q->newest_first));
    }
    vec_fini(&rids);
    return code;
}

int store_rows(struct store *s, const int64_t *rowids, unsigned n, int (*each)(void *arg, const struct store_row *row),
               void *arg, struct err *e)
{
    const struct store_query q = {.bytes = true};
    struct vec rids;
    size_t at = 0;
    int code = ERR_OK;

    vec_init(&rids, sizeof(int64_t), n + 1);
    for (unsigned i = 0; i < n; i++) {
        int64_t *rid = vec_push(&rids);

        if (!rid) {
            vec_fini(&rids);
            return err_set(e, ERR_NOMEM, 0, 0, NULL);
        }
        *rid = rowids[i];
    }
    while (!code && at < n) {
        struct walk w = {.bytes = 0};

        arena_init(&w.a, WALK_BYTES + 4 * LIMIT_RESOURCE_BYTES);
        vec_init(&w.rows, sizeof(struct store_row), WALK_ROWS);
        if (!(code = store_read_begin(s, e))) {
            code = read_rows(&s->r, &q, &rids, &at, &w, e);
            store_read_end(s);
        }
        if (!code)
            code = hand_over(&w, each, arg);
        vec_fini(&w.rows);
        arena_fini(&w.a);
    }
    vec_fini(&rids);
    return code;
}

struct counted {
    struct str type;
    int64_t n;
};

int store_counts(struct store *s, int (*each)(void *arg, struct str type, int64_t n), void *arg, struct err *e)
{
    struct arena a;
    struct vec all;
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    arena_init(&a, 1u << 20);
    vec_init(&all, sizeof(struct counted), 4096);
    if (!(code = sql_use(&s->r, SQL_COUNTS, &st, e))) {
        while ((code = sql_step(&s->r, st, e)) == 1) {
            struct counted *c = vec_push(&all);

            if (c)
                c->type = arena_str(&a, sql_column(st, 0));
            if (!c || a.failed) {
                code = err_set(e, ERR_NOMEM, 0, 0, NULL);
                break;
            }
            c->n = sqlite3_column_int64(st, 1);
        }
        sql_done(st);
    }
    store_read_end(s);
    for (size_t i = 0; !code && i < all.n; i++) {
        const struct counted *c = vec_at(&all, i);

        code = each(arg, c->type, c->n);
    }
    vec_fini(&all);
    arena_fini(&a);
    return code;
}
