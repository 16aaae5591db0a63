/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <string.h>

#include "base/limits.h"

/* Pull marks, references that lead to nothing yet, settings, and what waits in the outbox. */

/* --- marks ------------------------------------------------------------------------------------- */

int store_mark_put(struct store_tx *tx, const struct store_mark *m, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int code = m->type[0] ? sql_use(c, SQL_MARK_PUT, &st, &why) : err_set(&why, ERR_BUG, 0, 0, "store_mark_put");

    if (!code) {
        sql_bind(st, 1, str_of(m->type));
        sqlite3_bind_int64(st, 2, m->mark_ms);
        sqlite3_bind_int64(st, 3, m->overlap_ms);
        sqlite3_bind_int64(st, 4, m->asof_ms);
        sqlite3_bind_int64(st, 5, m->run_start_ms);
        sqlite3_bind_int64(st, 6, m->run_max_ms);
        sql_bind(st, 7, str_of(m->run_max_lexeme));
        sql_bind(st, 8, str_of(m->next));
        sqlite3_bind_int64(st, 9, m->count);
        sqlite3_bind_int64(st, 10, m->cohort);
        code = sql_run(c, st, &why);
    }
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

static bool copy(char *to, size_t room, struct str s)
{
    if (s.n >= room)
        return false;
    memcpy(to, s.p, s.n);
    to[s.n] = '\0';
    return true;
}

int store_mark_get(struct store *s, struct str type, struct store_mark *m, struct err *e)
{
    return store_mark_of(s, 0, type, m, e);
}

int store_mark_of(struct store *s, int64_t cohort, struct str type, struct store_mark *m, struct err *e)
{
    sqlite3_stmt *st;
    int code;

    *m = (struct store_mark){.cohort = cohort};
    if (!type.n || !copy(m->type, sizeof m->type, type))
        return err_set(e, ERR_BUG, 0, 0, "store_mark_get");
    if ((code = store_read_begin(s, e)))
        return code;
    if (!(code = sql_use(&s->r, SQL_MARK_GET, &st, e))) {
        sql_bind(st, 1, type);
        sqlite3_bind_int64(st, 2, cohort);
        if ((code = sql_step(&s->r, st, e)) == 1) {
            m->mark_ms = sqlite3_column_int64(st, 0);
            m->overlap_ms = sqlite3_column_int64(st, 1);
            m->asof_ms = sqlite3_column_int64(st, 2);
            m->run_start_ms = sqlite3_column_int64(st, 3);
            m->run_max_ms = sqlite3_column_int64(st, 4);
            m->count = (unsigned)sqlite3_column_int64(st, 7);
            code = copy(m->run_max_lexeme, sizeof m->run_max_lexeme, sql_column(st, 5)) &&
                           copy(m->next, sizeof m->next, sql_column(st, 6))
                       ? ERR_OK
                       : err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

/* --- references that lead to nothing yet --------------------------------------------------------- */

#define MISSING_STEP 500

static int missing_run(struct store_tx *tx, enum sql_id id, struct str type, struct str ref, struct err *e)
{
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int code = sql_use(&tx->s->w, id, &st, &why);

    if (!code) {
        sql_bind(st, 1, type);
        sql_bind(st, 2, ref);
        code = sql_run(&tx->s->w, st, &why);
    }
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

int store_missing_add(struct store_tx *tx, struct str type, struct str id, struct err *e)
{
    if (!str_is_type(type) || !str_is_id(id))
        return err_set(e, ERR_INPUT, 0, 0, "reference");
    return missing_run(tx, SQL_MISSING_ADD, type, id, e);
}

int store_missing_done(struct store_tx *tx, struct str type, struct str id, bool found, struct err *e)
{
    return missing_run(tx, found ? SQL_MISSING_DROP : SQL_MISSING_TRIED, type, id, e);
}

struct missing {
    struct str type, id;
};

int store_missing_each(struct store *s, unsigned limit, int (*each)(void *arg, struct str type, struct str id),
                       void *arg, struct err *e)
{
    struct arena a;
    struct vec all;
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    arena_init(&a, 64u << 20);
    vec_init(&all, sizeof(struct missing), limit ? limit : MISSING_STEP * 1000u);
    if (!(code = sql_use(&s->r, SQL_MISSING_EACH, &st, e))) {
        sqlite3_bind_int64(st, 1, (int64_t)all.max);
        while ((code = sql_step(&s->r, st, e)) == 1) {
            struct missing *m = vec_push(&all);

            if (m) {
                m->type = arena_str(&a, sql_column(st, 0));
                m->id = arena_str(&a, sql_column(st, 1));
            }
            if (!m || a.failed) {
                code = err_set(e, ERR_NOMEM, 0, 0, NULL);
                break;
            }
        }
        sql_done(st);
    }
    store_read_end(s);
    for (size_t i = 0; !code && i < all.n; i++) {
        const struct missing *m = vec_at(&all, i);

        code = each(arg, m->type, m->id);
    }
    vec_fini(&all);
    arena_fini(&a);
    return code;
}

/* --- settings ---------------------------------------------------------------------------------- */

static bool setting_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz.");

    return n && !name[n];
}

int mark_setting_check(const char *name, struct str value, struct err *e)
{
    if (!setting_name(name))
        return err_set(e, ERR_BUG, 0, 0, "setting");
    return value.n > LIMIT_SMALL_JSON ? err_set(e, ERR_TOOBIG, 0, LIMIT_SMALL_JSON, name) : ERR_OK;
}

int mark_setting_put(struct sql *c, const char *name, struct str value, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_SET, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, str_of(name));
    sqlite3_bind_blob64(st, 2, value.p ? value.p : "", value.n, SQLITE_STATIC);
    return sql_run(c, st, e);
}

int mark_server(struct sql *c, char base[LIMIT_URL_BYTES], struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_SETTING, &st, e);

    base[0] = '\0';
    if (code)
        return code;
    sql_bind(st, 1, STR("server"));
    if ((code = sql_step(c, st, e)) == 1)
        code = copy(base, LIMIT_URL_BYTES, sql_column(st, 0)) ? ERR_OK : err_set(e, ERR_TOOBIG, 0, 0, "server");
    sql_done(st);
    return code;
}

int store_set(struct store_tx *tx, const char *name, struct str value, struct err *e)
{
    struct err why = ERR_NONE;
    int code = mark_setting_check(name, value, &why);

    if (!code)
        code = store_tx_check(tx, mark_setting_put(&tx->s->w, name, value, &why), &why);
    if (code && e)
        *e = why;
    return code;
}

int store_setting(struct store *s, const char *name, struct buf *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_SETTING, &st, e))) {
        sql_bind(st, 1, str_of(name));
        if ((code = sql_step(&s->r, st, e)) == 1) {
            if ((code = buf_addstr(out, sql_column(st, 0))))
                err_set(e, code, 0, (int64_t)out->max, name);
        } else if (code == 0) {
            code = err_set(e, ERR_NOTFOUND, 0, 0, name);
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

/* --- the outbox -------------------------------------------------------------------------------- */

int store_queue_counts(struct store *s, struct store_queue_counts *q, struct err *e)
{
    /* By the schema's states; in flight counts as queued until something is known of it. */
    int64_t n[6] = {0};
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    *q = (struct store_queue_counts){.queued = 0};
    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_QUEUE, &st, e))) {
        while ((code = sql_step(&s->r, st, e)) == 1) {
            int state = sqlite3_column_int(st, 0);

            if (state >= 0 && state < 6)
                n[state] = sqlite3_column_int64(st, 1);
        }
        sql_done(st);
    }
    store_read_end(s);
    *q = (struct store_queue_counts){.queued = n[0] + n[1], .indoubt = n[2], .conflict = n[4], .attention = n[5]};
    return code;
}
