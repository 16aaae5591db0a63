/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <stdio.h>

#include "base/limits.h"

/* Rows that an older wardline indexed are indexed again from their bytes, facts and homes too, where the store is
 * opened, before anything is read: 200 a transaction, the last one that is done in the setting index.next. What breaks
 * off goes on there at the next start. An edit's row keeps its version, its moments and its operation. */

#define REV "index.rev" /* FHIR_INDEX_REV of all rows */
#define NEXT "index.next"

/* A setting that is a number; -1: there is none. */
static int number_of(struct sql *c, const char *name, int64_t *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_SETTING, &st, e);

    *out = -1;
    if (code)
        return code;
    sql_bind(st, 1, str_of(name));
    if ((code = sql_step(c, st, e)) == 1)
        code = str_int(sql_column(st, 0), 0, INT64_MAX, out) ? ERR_OK : err_set(e, ERR_DAMAGED, 0, 0, name);
    sql_done(st);
    return code;
}

static int put_number(struct sql *c, const char *name, int64_t v, struct err *e)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)v);

    return mark_setting_put(c, name, (struct str){text, (size_t)n}, e);
}

static int end(struct sql *c, int code, struct err *e)
{
    if (!code)
        code = sql_exec(c, "COMMIT", e);
    if (code)
        sql_exec(c, "ROLLBACK", NULL);
    return code;
}

/* Everything that the index says goes at once: FTS5 could not be told what an older one had put into it. */
static int begin(struct sql *c, struct err *e)
{
    int code = sql_exec(c, "BEGIN IMMEDIATE", e);

    if (code)
        return code;
    if (!(code = sql_exec(c, "INSERT INTO words(words) VALUES('delete-all')", e)))
        code = put_number(c, NEXT, 0, e);
    return end(c, code, e);
}

/* The rows behind *next. *next is the last of them, -1 when there was none. */
static int some(struct sql *c, const char *base, int64_t *next, struct err *e)
{
    int64_t rid[LIMIT_TX_ROWS];
    unsigned n = 0;
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_OLD_RIDS, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, *next);
    sqlite3_bind_int(st, 2, LIMIT_TX_ROWS);
    while (n < LIMIT_TX_ROWS && (code = sql_step(c, st, e)) == 1) {
        rid[n++] = sqlite3_column_int64(st, 0);
        code = ERR_OK;
    }
    sql_done(st);
    for (unsigned i = 0; i < n && !code; i++)
        code = res_index_again(c, rid[i], base, e);
    *next = n ? rid[n - 1] : -1;
    return code;
}

static int step(struct sql *c, const char *base, int64_t *next, struct err *e)
{
    int code = sql_exec(c, "BEGIN IMMEDIATE", e);

    if (code)
        return code;
    code = some(c, base, next, e);
    if (!code && *next >= 0)
        code = put_number(c, NEXT, *next, e);
    else if (!code && !(code = put_number(c, REV, FHIR_INDEX_REV, e)))
        code = sql_exec(c, "DELETE FROM setting WHERE name='" NEXT "'", e);
    return end(c, code, e);
}

/* How many rows there are, and how many of them are done. */
static int how_far(struct sql *c, int64_t next, int64_t *done, int64_t *all, struct err *e)
{
    char sql[80];
    int code = sql_number(c, "SELECT count(*) FROM res", all, e);

    snprintf(sql, sizeof sql, "SELECT count(*) FROM res WHERE rid <= %lld", (long long)next);
    return code || !next ? code : sql_number(c, sql, done, e);
}

int settle_rows(struct sql *c, const struct store_progress *p, struct err *e)
{
    char base[LIMIT_URL_BYTES];
    int64_t rev, next, done = 0, all = 0;
    int code = number_of(c, REV, &rev, e);

    if (code || rev == FHIR_INDEX_REV || (code = number_of(c, NEXT, &next, e)) || (code = mark_server(c, base, e)))
        return code;
    if (next < 0) {
        code = begin(c, e);
        next = 0;
    }
    if (!code && p)
        code = how_far(c, next, &done, &all, e);
    while (!code && next >= 0) {
        done = done + LIMIT_TX_ROWS < all ? done + LIMIT_TX_ROWS : all;
        if (!(code = step(c, base[0] ? base : NULL, &next, e)) && next >= 0 && p &&
            p->step(p->arg, (uint64_t)done, (uint64_t)all))
            code = err_set(e, ERR_CANCELLED, 0, 0, STORE_FILE);
    }
    return code;
}

int settle_again(struct sql *c, struct err *e)
{
    int code = sql_exec(c, "DELETE FROM setting WHERE name IN ('" REV "', '" NEXT "')", e);

    return code ? code : settle_rows(c, NULL, e);
}
