/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Views: each scope is one walk along an index of facts that gives a set of patients by pid; find.c cuts it with the
 * filter's. Nothing is kept.
 */
#include "config.h"

#include "store/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/limits.h"

static int64_t key_of(const struct store_view *v)
{
    struct str id = v->id;
    bool file = store_file_id(&id);

    return store_hash(file ? STORE_FILE_IMPORT : STORE_SERVER, v->type, id);
}

static int bind_key(struct sql *c, const struct store_view *v, int fact, sqlite3_stmt **st, struct err *e)
{
    int code = sql_use(c, SQL_FACT_KEY, st, e);

    if (code)
        return code;
    sqlite3_bind_int(*st, 1, fact);
    sqlite3_bind_int64(*st, 2, key_of(v));
    sqlite3_bind_int64(*st, 3, v->now_ms);
    return ERR_OK;
}

static int bind_one(struct sql *c, enum sql_id id, int64_t one, sqlite3_stmt **st, struct err *e)
{
    int code = sql_use(c, id, st, e);

    if (!code && (code = sql_error(c, sqlite3_bind_int64(*st, 1, one), e)))
        sql_done(*st);
    return code;
}

static int bind_two(struct sql *c, enum sql_id id, int64_t one, int64_t two, sqlite3_stmt **st, struct err *e)
{
    int code = sql_use(c, id, st, e);

    if (code)
        return code;
    if ((code = sql_error(c, sqlite3_bind_int64(*st, 1, one), e)) ||
        (code = sql_error(c, sqlite3_bind_int64(*st, 2, two), e)))
        sql_done(*st);
    return code;
}

/* The statement that gives a scope's pids. */
static int scope_use(struct sql *c, const struct store_view *v, sqlite3_stmt **st, struct err *e)
{
    switch (v->scope) {
    case STORE_IN_CARE:
        return bind_key(c, v, KIND_FACT_CARER, st, e);
    case STORE_AT_PLACE:
        return bind_key(c, v, KIND_FACT_PLACE, st, e);
    case STORE_MEMBERS:
        return bind_key(c, v, KIND_FACT_MEMBER, st, e);
    case STORE_BOOKED:
        return bind_two(c, SQL_FACT_BOOKED, v->day_ms, v->day_end_ms, st, e);
    case STORE_OVERDUE:
        return bind_two(c, SQL_FACT_DUE, v->today_ms, v->from_ms, st, e);
    case STORE_OPENED:
        return bind_one(c, SQL_OPENED, STORE_OPENED_MOST, st, e);
    default:
        return err_set(e, ERR_BUG, 0, 0, "scope");
    }
}

int view_mark(struct sql *c, const struct store_view *v, void (*mark)(void *arg, int64_t pid), void *arg, struct err *e)
{
    sqlite3_stmt *st;
    int code = scope_use(c, v, &st, e);

    if (code)
        return code;
    while ((code = sql_step(c, st, e)) == 1)
        if (sqlite3_column_int64(st, 0) > 0)
            mark(arg, sqlite3_column_int64(st, 0));
    sql_done(st);
    return code;
}

int view_order(struct sql *c, const struct store_view *v, sqlite3_stmt **st, struct err *e)
{
    struct store_view by = *v;

    *st = NULL;
    switch (v->order) {
    case STORE_BY_BIRTH:
        return sql_use(c, SQL_BIRTH_ORDER, st, e);
    case STORE_BY_BOOKING:
        by.scope = STORE_BOOKED;
        break;
    case STORE_BY_OVERDUE:
        by.scope = STORE_OVERDUE;
        break;
    case STORE_BY_OPENED:
        by.scope = STORE_OPENED;
        break;
    default:
        return ERR_OK;
    }
    return scope_use(c, &by, st, e);
}

/* Whole days from the day on which something was due to today. */
static int64_t days_over(const struct store_view *v, bool day, int64_t at_ms)
{
    int64_t from = day ? v->today_ms : v->from_ms;

    if (at_ms >= from)
        return 0;
    return day ? (from - at_ms) / DATE_DAY_MS : (from - at_ms + DATE_DAY_MS - 1) / DATE_DAY_MS;
}

int view_facts(struct sql *c, const struct store_view *v, int64_t pid, struct store_patient *p, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_FACT_DUE_OF, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, pid);
    while ((code = sql_step(c, st, e)) == 1) {
        int64_t days = days_over(v, sqlite3_column_int(st, 0), sqlite3_column_int64(st, 1));

        if (days > p->overdue_days)
            p->overdue_days = days;
    }
    sql_done(st);
    if (code || (code = bind_two(c, SQL_FACT_FIRST, pid, v->day_ms, &st, e)))
        return code;
    sqlite3_bind_int64(st, 3, v->day_end_ms);
    if ((code = sql_step(c, st, e)) == 1) {
        code = ERR_OK;
        if (sqlite3_column_type(st, 0) != SQLITE_NULL)
            p->booked_ms = sqlite3_column_int64(st, 0);
    }
    sql_done(st);
    return code;
}

int store_opened(struct store_tx *tx, struct str chart, int64_t at_ms, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int64_t pid = 0;
    int code = find_chart(c, chart, &pid, &why);

    if (!code && pid && !(code = bind_two(c, SQL_OPENED_PUT, pid, at_ms, &st, &why)) &&
        !(code = sql_run(c, st, &why)))
        code = sql_run_with(c, SQL_OPENED_TRIM, STORE_OPENED_KEPT, &why);
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

/* --- keys -------------------------------------------------------------------------------------- */

struct place_key {
    int64_t key, n;
    struct str type, id;
};

/* The name behind a hash; "" when its resource is not here. */
static int name_key(struct sql *c, struct place_key *k, struct arena *a, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_FACT_KEY_ROW, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, k->key);
    if ((code = sql_step(c, st, e)) == 1) {
        bool file = sqlite3_column_int(st, 0) == STORE_FILE_IMPORT;
        char room[SHORT_ROOM];

        code = ERR_OK;
        k->type = arena_str(a, short_word(st, 1));
        k->id = str_of(arena_fmt(a, "%s%.*s", file ? STORE_FILE_PREFIX : "", STR_ARG(short_id(st, 2, room))));
    }
    sql_done(st);
    return code;
}

static int read_keys(struct sql *c, int fact, int64_t now_ms, struct vec *keys, struct arena *a, struct err *e)
{
    sqlite3_stmt *st;
    int code = bind_two(c, SQL_FACT_KEYS, fact, now_ms, &st, e);

    if (code)
        return code;
    while ((code = sql_step(c, st, e)) == 1) {
        struct place_key *k = vec_push(keys);

        if (!k) {
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
            break;
        }
        *k = (struct place_key){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), STR(""), STR("")};
    }
    sql_done(st);
    for (size_t i = 0; !code && i < keys->n; i++)
        code = name_key(c, vec_at(keys, i), a, e);
    return !code && a->failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : code;
}

int store_view_keys(struct store *s, enum store_scope scope, int64_t now_ms,
                    int (*each)(void *arg, struct str type, struct str id, int64_t n), void *arg, struct err *e)
{
    int fact = scope == STORE_AT_PLACE ? KIND_FACT_PLACE : scope == STORE_MEMBERS ? KIND_FACT_MEMBER : KIND_FACT_CARER;
    struct vec keys;
    struct arena a;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    vec_init(&keys, sizeof(struct place_key), 100000);
    arena_init(&a, 32u << 20);
    code = read_keys(&s->r, fact, now_ms, &keys, &a, e);
    store_read_end(s);
    VEC_EACH(const struct place_key, k, &keys)
    {
        if (code)
            break;
        if (k->type.n)
            code = each(arg, k->type, k->id, k->n);
    }
    vec_fini(&keys);
    arena_fini(&a);
    return code;
}

/* --- tasks ------------------------------------------------------------------------------------- */

static int read_task(struct sql *c, const struct store_view *v, sqlite3_stmt *at, struct store_task *t,
                     struct arena *a, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_ROW, &st, e);

    if (code)
        return code;
    t->day = sqlite3_column_int(at, 2);
    t->at_ms = sqlite3_column_int64(at, 3);
    t->overdue_days = days_over(v, t->day, t->at_ms);
    sqlite3_bind_int64(st, 1, sqlite3_column_int64(at, 0));
    if ((code = sql_step(c, st, e)) == 1) {
        bool file = sqlite3_column_int(st, 0) == STORE_FILE_IMPORT;
        char room[SHORT_ROOM];

        code = ERR_OK;
        t->type = arena_str(a, short_word(st, 1));
        t->id = str_of(arena_fmt(a, "%s%.*s", file ? STORE_FILE_PREFIX : "", STR_ARG(short_id(st, 2, room))));
        t->chart = arena_str(a, short_id(st, 5, room));
        t->unsent = sqlite3_column_type(st, 13) != SQLITE_NULL;
    }
    sql_done(st);
    return !code && a->failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : code;
}

int store_tasks(struct store *s, const struct store_view *v, unsigned offset, unsigned limit,
                int (*each)(void *arg, const struct store_task *t), void *arg, struct err *e)
{
    struct vec tasks;
    struct arena a;
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    vec_init(&tasks, sizeof(struct store_task), limit ? limit : 1u << 20);
    arena_init(&a, 64u << 20);
    if (!(code = bind_two(&s->r, SQL_TASKS, limit ? (int64_t)limit : -1, offset, &st, e))) {
        while ((code = sql_step(&s->r, st, e)) == 1) {
            struct store_task *t = vec_push(&tasks);

            if ((code = t ? read_task(&s->r, v, st, t, &a, e) : err_set(e, ERR_NOMEM, 0, 0, NULL)))
                break;
        }
        sql_done(st);
    }
    store_read_end(s);
    VEC_EACH(const struct store_task, t, &tasks)
    {
        if (code)
            break;
        code = each(arg, t);
    }
    vec_fini(&tasks);
    arena_fini(&a);
    return code;
}

int store_task_count(struct store *s, int64_t *n, struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    *n = 0;
    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_TASK_COUNT, &st, e))) {
        if ((code = sql_step(&s->r, st, e)) == 1) {
            *n = sqlite3_column_int64(st, 0);
            code = ERR_OK;
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}
