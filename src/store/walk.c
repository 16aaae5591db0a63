/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <stdio.h>

#include "base/limits.h"
#include "store/ones.h"

/* A walk reads a stretch of rows in one snapshot, lets go of it, hands the rows out, and goes on: a reader
 * that takes its time holds neither the mutex nor the checkpoint up. A list of one section of one chart is
 * nearly always one stretch, so its rows belong together. */
#define WALK_ROWS 256            /* rows in one snapshot */
#define WALK_BYTES (256u << 10)  /* and about as many bytes */
enum { WALK_TYPE = 1, WALK_SECTION = 2, WALK_PATIENT = 4, WALK_NEWEST = 8, WALK_ROW = 16, WALK_BODY = 32 };

/* Every plan is pinned: without statistics SQLite would walk the table for the sake of ORDER BY. */
static int walk_use(struct sql *c, unsigned set, sqlite3_stmt **st, struct err *e)
{
    char text[700];
    int code = ERR_OK;

    if (!c->walk[set]) {
        snprintf(text, sizeof text, "SELECT r.rid%s%s FROM res r %s%s WHERE %s ?1%s%s%s ORDER BY %s LIMIT ?6 OFFSET ?7",
                 set & WALK_ROW ? ", " SQL_ROW_COLUMNS : "", set & WALK_BODY ? ", r.body" : "",
                 set & WALK_PATIENT ? "INDEXED BY res_chart" : set & WALK_TYPE ? "INDEXED BY res_type" : "NOT INDEXED",
                 set & WALK_ROW ? " " SQL_ROW_EDIT : "", set & (WALK_PATIENT | WALK_NEWEST) ? "+r.rid >" : "r.rid >",
                 set & WALK_PATIENT ? " AND r.chart=?2" : "", set & WALK_SECTION ? " AND r.section=?4" : "",
                 set & WALK_TYPE ? " AND r.type=?5" : "",
                 set & WALK_NEWEST ? "r.sort_ms DESC, r.rid DESC" : set & WALK_PATIENT ? "+r.rid" : "r.rid");
        code = sql_prepare(c, text, &c->walk[set], e);
    }
    *st = c->walk[set];
    return code;
}

static unsigned walk_set(const struct store_query *q)
{
    return (q->type.n ? WALK_TYPE : 0) | (q->section.n ? WALK_SECTION : 0) | (q->patient.n ? WALK_PATIENT : 0) |
           (q->newest_first ? WALK_NEWEST : 0);
}

static int walk_begin(struct sql *c, const struct store_query *q, unsigned set, int64_t after, uint64_t most,
                      unsigned offset, sqlite3_stmt **st, struct err *e)
{
    int code = walk_use(c, set, st, e);

    if (code)
        return code;
    sqlite3_bind_int64(*st, 1, after);
    if (q->patient.n)
        sqlite3_bind_int64(*st, 2, store_chart_hash(q->patient));
    if (q->section.n)
        short_bind_word(*st, 4, q->section);
    if (q->type.n)
        short_bind_word(*st, 5, q->type);
    sqlite3_bind_int64(*st, 6, most > INT64_MAX ? -1 : (int64_t)most);
    sqlite3_bind_int64(*st, 7, offset);
    return ERR_OK;
}

/* The rids of the rows behind the first offset ones. A chart's index holds them in no order of their own, and to ask
 * again for each stretch would read the whole chart each time. */
static int walk_rids(struct sql *c, const struct store_query *q, int64_t after, uint64_t left, unsigned offset,
                     struct vec *rids, struct err *e)
{
    sqlite3_stmt *st;
    int code = walk_begin(c, q, walk_set(q), after, left, offset, &st, e);

    if (code)
        return code;
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

/* The row of a statement that gives SQL_ROW_COLUMNS and body from column at on. */
static int copy_row(struct sql *c, struct walk *w, const struct store_query *q, sqlite3_stmt *st, int at, int64_t rid,
                    struct err *e)
{
    struct store_row *r = vec_push(&w->rows);
    size_t size = (size_t)sqlite3_column_int64(st, at + 10);
    char room[SHORT_ROOM];
    struct str id = short_id(st, at + 2, room);
    int code = ERR_OK;

    if (!r)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    r->rowid = rid;
    r->origin = (enum store_origin)sqlite3_column_int(st, at);
    r->type = keep(w, short_word(st, at + 1));
    if (r->origin == STORE_FILE_IMPORT) {
        char *p = arena_fmt(&w->a, STORE_FILE_PREFIX "%.*s", (int)id.n, id.p);

        r->id = str_of(p);
    } else {
        r->id = keep(w, id);
    }
    r->version = keep(w, sql_column(st, at + 3));
    r->updated_ms = sqlite3_column_int64(st, at + 4);
    r->patient = keep(w, short_id(st, at + 5, room));
    r->date_ms = sqlite3_column_int64(st, at + 7);
    r->date = keep(w, short_date(st, at + 6, r->date_ms, room));
    if (r->date_ms == STORE_UNDATED)
        r->date_ms = FHIR_NO_DATE;
    r->status = keep(w, sql_column(st, at + 8));
    r->section = keep(w, short_word(st, at + 9));
    r->fetched_ms = sqlite3_column_int64(st, at + 11);
    r->op_state = sqlite3_column_type(st, at + 13) == SQLITE_NULL ? -1 : sqlite3_column_int(st, at + 13);
    r->unsent = r->op_state >= 0;
    r->op_kind = r->op_state < 0 ? -1 : sqlite3_column_int(st, at + 14);
    r->by_command = sqlite3_column_int(st, at + 15);
    if (q->bytes) {
        char *p = size <= LIMIT_RESOURCE_BYTES ? arena_alloc(&w->a, size + 1) : NULL;

        if (size > LIMIT_RESOURCE_BYTES)
            code = err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
        else if (p && !(code = body_unpack_at(&c->body, sql_column(st, at + 16),
                                              (enum body_codec)sqlite3_column_int(st, at + 12), size, p, e)))
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
        char room[SHORT_ROOM];

        sqlite3_bind_int64(st, 1, rid);
        code = sql_step(c, st, e);
        /* The index knows a chart by its hash alone: two charts of one hash must not mix. */
        if (code == 1 && (!q->patient.n || str_eq(short_id(st, 5, room), q->patient)))
            code = copy_row(c, w, q, st, 0, rid, e);
        else if (code == 1)
            code = ERR_OK;
        sql_done(st); /* a row that has gone since is left out */
    }
    return code;
}

/* Where the walk's own statement comes in its index's order, it gives the rows as well: to ask for each one by its rid
 * costs a third of a list. */
static bool is_direct(const struct store_query *q)
{
    return q->patient.n ? q->section.n && q->newest_first : !q->newest_first;
}

/* A stretch of a direct walk. *taken: rows that the statement gave; *more: there may be more. */
static int walk_rows(struct sql *c, const struct store_query *q, int64_t *after, uint64_t left, struct walk *w,
                     unsigned *taken, bool *more, struct err *e)
{
    char room[SHORT_ROOM];
    sqlite3_stmt *st;
    int code = walk_begin(c, q, walk_set(q) | WALK_ROW | (q->bytes ? WALK_BODY : 0), *after, left, 0, &st, e);

    *taken = 0;
    *more = false;
    if (code)
        return code;
    while ((code = sql_step(c, st, e)) == 1) {
        int64_t rid = sqlite3_column_int64(st, 0);

        code = ERR_OK;
        if (w->rows.n == WALK_ROWS || w->bytes >= WALK_BYTES) {
            *more = true;
            break;
        }
        ++*taken;
        if (!q->newest_first)
            *after = rid;
        if ((!q->patient.n || str_eq(short_id(st, 6, room), q->patient)) &&
            (code = copy_row(c, w, q, st, 1, rid, e)))
            break;
    }
    sql_done(st);
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
    bool more = true, direct = is_direct(q), listed = false;

    vec_init(&rids, sizeof(int64_t), SIZE_MAX / sizeof(int64_t));
    while (more && !code) {
        struct walk w = {.bytes = 0};
        unsigned taken = 0;

        arena_init(&w.a, WALK_BYTES + 4 * LIMIT_RESOURCE_BYTES);
        vec_init(&w.rows, sizeof(struct store_row), WALK_ROWS);
        if ((code = store_read_begin(s, e)))
            break;
        if (direct)
            code = walk_rows(&s->r, q, &after, left, &w, &taken, &more, e);
        left -= taken;
        if (!code && !listed && (!direct || (more && q->newest_first))) {
            /* All at once: what comes or goes meanwhile must not shift the rest. */
            code = walk_rids(&s->r, q, after, left, taken, &rids, e);
            listed = true;
        }
        if (!code && listed) {
            if (!direct)
                code = read_rows(&s->r, q, &rids, &at, &w, e);
            direct = false;
            more = at < rids.n;
        }
        store_read_end(s);
        if (!code)
            code = hand_over(&w, each, arg); /* no lock and no snapshot is held: each may read on its own */
        vec_fini(&w.rows);
        arena_fini(&w.a);
    }
    vec_fini(&rids);
    return code;
}

int walk_given(struct store *s, const struct store_query *q, const struct vec *rids,
               int (*each)(void *arg, const struct store_row *row), void *arg, struct err *e)
{
    size_t at = 0;
    int code = ERR_OK;

    while (!code && at < rids->n) {
        struct walk w = {.bytes = 0};

        arena_init(&w.a, WALK_BYTES + 4 * LIMIT_RESOURCE_BYTES);
        vec_init(&w.rows, sizeof(struct store_row), WALK_ROWS);
        if (!(code = store_read_begin(s, e))) {
            code = read_rows(&s->r, q, rids, &at, &w, e);
            store_read_end(s);
        }
        if (!code)
            code = hand_over(&w, each, arg);
        vec_fini(&w.rows);
        arena_fini(&w.a);
    }
    return code;
}

int store_rows(struct store *s, const int64_t *rowids, unsigned n, int (*each)(void *arg, const struct store_row *row),
               void *arg, struct err *e)
{
    const struct store_query q = {.bytes = true};
    struct vec rids;
    int code;

    vec_init(&rids, sizeof(int64_t), n + 1);
    for (unsigned i = 0; i < n; i++) {
        int64_t *rid = vec_push(&rids);

        if (!rid) {
            vec_fini(&rids);
            return err_set(e, ERR_NOMEM, 0, 0, NULL);
        }
        *rid = rowids[i];
    }
    code = walk_given(s, &q, &rids, each, arg, e);
    vec_fini(&rids);
    return code;
}

struct counted {
    struct str type;
    int64_t n;
};

int store_at_server(struct store *s, struct str type, int64_t *n, int64_t *removed, struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    *n = *removed = 0;
    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_AT_SERVER, &st, e))) {
        sql_bind(st, 1, type);
        short_bind_word(st, 2, type);
        if ((code = sql_step(&s->r, st, e)) == 1) {
            *n = sqlite3_column_int64(st, 0);
            *removed = sqlite3_column_int64(st, 1);
            code = ERR_OK;
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

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

int walk_ones(size_t room, unsigned most, int (*read)(void *arg, struct arena *a, struct err *e),
              int (*give)(void *arg), void *arg, struct err *e)
{
    bool more = true;
    int code = ERR_OK;

    for (unsigned n = 0; !code && more && (!most || n < most); n++) {
        struct arena a;

        arena_init(&a, room);
        code = read(arg, &a, e);
        more = code == 1;
        if (more)
            code = give(arg);
        arena_fini(&a);
    }
    return code;
}
