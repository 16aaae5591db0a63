/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/trail.h"

#include "base/vec.h"
#include "store/priv.h"

#define TRAIL_STEP 200

/* The text columns, in the order of both statements. */
static void texts_of(struct store_trail *t, struct str *out[9])
{
    struct str *const all[] = {&t->session, &t->author, &t->role,    &t->chart, &t->type,
                               &t->id,      &t->version, &t->purpose, &t->reason};

    for (int i = 0; i < 9; i++)
        out[i] = all[i];
}

static int write_row(struct sql *c, const struct store_trail *t, struct err *e)
{
    struct store_trail row = *t;
    struct str *text[9];
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_TRAIL_ADD, &st, e);

    if (code)
        return code;
    texts_of(&row, text);
    sqlite3_bind_int64(st, 1, t->at_ms);
    sqlite3_bind_int64(st, 2, t->boot_ms);
    sqlite3_bind_int(st, 3, t->action);
    sqlite3_bind_int(st, 4, t->outcome);
    for (int i = 0; i < 9; i++)
        sql_bind(st, 5 + i, *text[i]);
    return sql_run(c, st, e);
}

int store_trail_append(struct store_tx *tx, const struct store_trail *t, struct err *e)
{
    struct err why = ERR_NONE;
    int code = store_tx_check(tx, write_row(&tx->s->w, t, &why), &why);

    if (code && e)
        *e = why;
    return code;
}

static int read_step(struct sql *c, int64_t after, unsigned most, struct arena *a, struct vec *rows, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_TRAIL_EACH, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, after);
    sqlite3_bind_int64(st, 2, most);
    while ((code = sql_step(c, st, e)) == 1) {
        struct store_trail *t = vec_push(rows);
        struct str *text[9];

        if (t) {
            *t = (struct store_trail){.seq = sqlite3_column_int64(st, 0),
                                      .at_ms = sqlite3_column_int64(st, 1),
                                      .boot_ms = sqlite3_column_int64(st, 2),
                                      .action = sqlite3_column_int(st, 3),
                                      .outcome = sqlite3_column_int(st, 4)};
            texts_of(t, text);
            for (int i = 0; i < 9; i++)
                *text[i] = arena_str(a, sql_column(st, 5 + i));
        }
        if (!t || a->failed) {
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
            break;
        }
    }
    sql_done(st);
    return code;
}

int store_trail_each(struct store *s, int64_t after, unsigned limit,
                     int (*each)(void *arg, const struct store_trail *t), void *arg, struct err *e)
{
    unsigned left = limit ? limit : UINT32_MAX;
    bool more = true;
    int code = ERR_OK;

    while (!code && more && left) {
        unsigned most = left < TRAIL_STEP ? left : TRAIL_STEP;
        struct arena a;
        struct vec rows;

        arena_init(&a, 64u << 20);
        vec_init(&rows, sizeof(struct store_trail), TRAIL_STEP);
        if (!(code = store_read_begin(s, e))) {
            code = read_step(&s->r, after, most, &a, &rows, e);
            store_read_end(s);
        }
        more = rows.n == most;
        left -= (unsigned)rows.n;
        VEC_EACH(const struct store_trail, t, &rows)
        {
            if (code)
                break;
            after = t->seq;
            code = each(arg, t);
        }
        vec_fini(&rows);
        arena_fini(&a);
    }
    return code;
}
