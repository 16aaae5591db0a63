/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/member.h"

#include <stdio.h>

#include "fhir/kind.h"
#include "store/priv.h"

/* A statement of the transaction with up to two numbers. */
static int run(struct store_tx *tx, enum sql_id id, int64_t a, int64_t b, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, &why);

    if (!code) {
        int n = sqlite3_bind_parameter_count(st);

        if (n > 0)
            sqlite3_bind_int64(st, 1, a);
        if (n > 1)
            sqlite3_bind_int64(st, 2, b);
        code = sql_run(c, st, &why);
    }
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

static int number(struct store_tx *tx, enum sql_id id, int64_t a, int64_t b, int64_t *out, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, &why);

    *out = 0;
    if (!code) {
        if (sqlite3_bind_parameter_count(st) > 1) {
            sqlite3_bind_int64(st, 1, a);
            sqlite3_bind_int64(st, 2, b);
        }
        if ((code = sql_step(c, st, &why)) == 1) {
            *out = sqlite3_column_int64(st, 0);
            code = ERR_OK;
        }
        sql_done(st);
    }
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

int store_marks_forget(struct store_tx *tx, struct err *e)
{
    return run(tx, SQL_MARK_FORGET, 0, 0, e);
}

int store_members_forget(struct store_tx *tx, struct err *e)
{
    return run(tx, SQL_MEMBERS_FORGET, 0, 0, e);
}

/* --- members ----------------------------------------------------------------------------------- */

int store_member_put(struct store_tx *tx, const struct store_member *m, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int code = str_is_id(str_of(m->id)) && m->cohort > 0 ? sql_use(c, SQL_MEMBER_PUT, &st, &why)
                                                         : err_set(&why, ERR_BUG, 0, 0, "store_member_put");

    if (!code) {
        sql_bind(st, 1, str_of(m->id));
        sqlite3_bind_int64(st, 2, m->cohort);
        sqlite3_bind_int64(st, 3, m->since_ms);
        sqlite3_bind_int64(st, 4, m->left_ms);
        sqlite3_bind_int64(st, 5, m->asked);
        code = sql_run(c, st, &why);
    }
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

int store_member_drop(struct store_tx *tx, const char *id, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_MEMBER_DROP, &st, &why);

    if (!code) {
        sql_bind(st, 1, str_of(id));
        code = sql_run(c, st, &why);
    }
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code ? code : run(tx, SQL_COHORT_TIDY, 0, 0, e);
}

static void fill(sqlite3_stmt *st, struct store_member *m)
{
    *m = (struct store_member){.cohort = sqlite3_column_int64(st, 1),
                               .since_ms = sqlite3_column_int64(st, 2),
                               .left_ms = sqlite3_column_int64(st, 3),
                               .asked = sqlite3_column_int(st, 4) != 0};
    snprintf(m->id, sizeof m->id, "%.*s", STR_ARG(sql_column(st, 0)));
}

static int look(struct store *s, struct str id, struct store_member *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(&s->r, SQL_MEMBER_GET, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, id);
    if ((code = sql_step(&s->r, st, e)) == 1) {
        fill(st, out);
        code = ERR_OK;
    } else if (!code) {
        code = ERR_NOTFOUND;
    }
    sql_done(st);
    return code;
}

int store_member(struct store *s, struct str id, struct store_member *out, struct err *e)
{
    int code = store_read_begin(s, e);

    if (code)
        return code;
    code = look(s, id, out, e);
    store_read_end(s);
    return code == ERR_NOTFOUND ? err_set(e, code, 0, 0, "member") : code;
}

int store_members(struct store *s, struct vec *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_MEMBERS, &st, e))) {
        while ((code = sql_step(&s->r, st, e)) == 1) {
            struct store_member *m = vec_push(out);

            if (!m) {
                code = err_set(e, ERR_TOOBIG, 0, STORE_MEMBERS_MOST, "members");
                break;
            }
            fill(st, m);
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

/* --- cohorts ----------------------------------------------------------------------------------- */

int store_cohort_new(struct store_tx *tx, int64_t *out, struct err *e)
{
    return number(tx, SQL_COHORT_NEW, 0, 0, out, e);
}

int store_cohort_part(struct store_tx *tx, int64_t from, int64_t *out, struct err *e)
{
    int code = store_cohort_new(tx, out, e);

    return code ? code : run(tx, SQL_COHORT_PART, from, *out, e);
}

int store_cohort_join(struct store_tx *tx, int64_t from, int64_t into, bool *joined, struct err *e)
{
    int64_t apart;
    int code = number(tx, SQL_COHORT_APART, from, into, &apart, e);

    *joined = false;
    if (code || apart)
        return code;
    if (!(code = run(tx, SQL_COHORT_JOIN, from, into, e)) && !(code = run(tx, SQL_COHORT_DROP, from, 0, e)))
        code = run(tx, SQL_COHORT_MOVE, from, into, e);
    *joined = !code;
    return code;
}

/* --- since when a kind is whole -------------------------------------------------------------------- */

/* The least of all cohorts; *any: there is one. */
static int least(struct store *s, struct str type, int64_t *asof_ms, bool *any, struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    *any = false;
    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_MARK_ASOF, &st, e))) {
        sql_bind(st, 1, type);
        if ((code = sql_step(&s->r, st, e)) == 1) {
            *any = sqlite3_column_type(st, 0) != SQLITE_NULL;
            *asof_ms = sqlite3_column_int64(st, 0);
            code = ERR_OK;
        }
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

int store_asof(struct store *s, struct str chart, struct str type, int64_t *asof_ms, struct err *e)
{
    const struct fhir_kind *k = kind_find(type);
    struct store_member who = {.cohort = 0};
    struct store_mark m;
    bool members;
    int code;

    if ((code = least(s, type, asof_ms, &members, e)))
        return code;
    /* REQ: where a list is followed, no mark of its members tells of somebody who is none. */
    if (members && k && k->patient_param) {
        if (!chart.n)
            return ERR_OK;
        *asof_ms = 0;
        if ((code = store_member(s, chart, &who, NULL)))
            return code == ERR_NOTFOUND ? ERR_OK : err_set(e, code, 0, 0, "member");
    }
    if (!(code = store_mark_of(s, who.cohort, type, &m, e)))
        *asof_ms = m.asof_ms;
    return code;
}
