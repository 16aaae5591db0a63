/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"

int fact_drop(struct sql *c, int64_t rid, struct err *e)
{
    return sql_run_with(c, SQL_FACT_DROP, rid, e);
}

int fact_found(struct sql *c, int64_t pid, struct str chart, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_FACT_FOUND, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, pid);
    sqlite3_bind_int64(st, 2, store_chart_hash(chart));
    return sql_run(c, st, e);
}

int fact_lost(struct sql *c, int64_t pid, struct err *e)
{
    int code = sql_run_with(c, SQL_FACT_LOST, pid, e);

    return code ? code : sql_run_with(c, SQL_OPENED_DROP, pid, e);
}

/* What the fact is about, for the column key. */
static int64_t key_of(const struct fhir_fact *f, enum store_origin origin)
{
    if (f->number)
        return f->number;
    return f->type.n || f->id.n ? store_hash((int)origin, f->type, f->id) : f->day;
}

static int add(struct sql *c, int64_t rid, unsigned n, const struct fhir_index *ix, enum store_origin origin,
               const struct fhir_fact *f, int64_t pid, int64_t chart, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_FACT_ADD, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    sqlite3_bind_int64(st, 2, n);
    sqlite3_bind_int(st, 3, (int)f->fact);
    sqlite3_bind_int64(st, 4, key_of(f, origin));
    sqlite3_bind_int64(st, 5, f->at_ms);
    sqlite3_bind_int64(st, 6, pid);
    sqlite3_bind_int64(st, 7, f->fact == KIND_FACT_PART ? store_hash((int)origin, ix->type, ix->id) : chart);
    return sql_run(c, st, e);
}

int fact_put(struct sql *c, int64_t rid, const struct fhir_index *ix, enum store_origin origin, struct err *e)
{
    struct str who = STR("");
    int64_t pid = 0, chart = 0;
    int code = kind_fact_next(ix->kind, NULL) ? fact_drop(c, rid, e) : ERR_OK;

    for (unsigned i = 0; !code && i < ix->facts_n; i++) {
        const struct fhir_fact *f = &ix->facts[i];
        char room[STORE_CHART_BYTES];
        struct str whose = store_chart_of(f->who, origin, room);

        if (!str_eq(f->who, who)) {
            who = f->who;
            pid = 0;
            chart = store_chart_hash(whose);
            if (who.n)
                code = find_chart(c, whose, &pid, e);
        }
        if (!code)
            code = add(c, rid, i, ix, origin, f, pid, chart, e);
    }
    return code;
}

/* --- filling ----------------------------------------------------------------------------------- */

static int fill_row(struct sql *c, sqlite3_stmt *st, const char *base, struct err *e)
{
    enum store_origin origin = (enum store_origin)sqlite3_column_int(st, 1);
    size_t size = (size_t)sqlite3_column_int64(st, 2);
    struct fhir_index ix;
    struct arena a;
    struct tape t = {.n = 0};
    struct buf raw;
    int code;

    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    code = body_unpack(&c->body, sql_column(st, 4), (enum body_codec)sqlite3_column_int(st, 3), size, &raw, e);
    if (!code && !(code = tape_parse(&t, buf_str(&raw), e)) &&
        !(code = fhir_index(&t, origin == STORE_FILE_IMPORT ? FHIR_BASE_FILE : base, &a, &ix, e)))
        code = fact_put(c, sqlite3_column_int64(st, 0), &ix, origin, e);
    if (!code)
        code = home_fill(c, sqlite3_column_int64(st, 0), buf_str(&raw), e);
    tape_fini(&t);
    arena_fini(&a);
    buf_fini(&raw);
    return code;
}

/* How far a filling got: "Type rid"; rows of kinds behind that and behind rid are to come. */
struct filling {
    unsigned kind;
    int64_t rid;
    char base[LIMIT_URL_BYTES];
};

static int setting(struct sql *c, struct str name, char *out, size_t size, bool *there, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_SETTING, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, name);
    if ((code = sql_step(c, st, e)) == 1)
        snprintf(out, size, "%.*s", STR_ARG(sql_column(st, 0)));
    *there = code == 1;
    sql_done(st);
    return code < 0 ? code : ERR_OK;
}

static int fill_mark(struct sql *c, const char *type, int64_t rid, struct err *e)
{
    char at[LIMIT_ID_BYTES + 24];
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_SET, &st, e);

    if (code)
        return code;
    snprintf(at, sizeof at, "%s %lld", type, (long long)rid);
    sql_bind(st, 1, STR(FACT_FILLING));
    sql_bind(st, 2, str_of(at));
    return sql_run(c, st, e);
}

/* The next rows of a kind: how many there were. */
static int fill_some(struct sql *c, struct filling *f, const char *type, unsigned most, unsigned *n, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(c,
                           "SELECT rid, origin, size, codec, body FROM res INDEXED BY res_type "
                           "WHERE type=?1 AND rid>?2 ORDER BY rid LIMIT ?3",
                           &st, e);

    if (!code && !(code = sql_error(c, sqlite3_bind_int64(st, 2, f->rid), e)) &&
        !(code = sql_error(c, sqlite3_bind_int64(st, 3, most), e))) {
        short_bind_word(st, 1, str_of(type));
        while ((code = sql_step(c, st, e)) == 1) {
            f->rid = sqlite3_column_int64(st, 0);
            ++*n;
            /* A row that cannot be read says so in its chart; it does not keep a clinic out of its store. */
            if ((code = fill_row(c, st, f->base[0] ? f->base : NULL, e)) && code != ERR_JSON)
                break;
        }
    }
    sqlite3_finalize(st);
    return code;
}

static int fill_step(struct sql *c, struct filling *f, bool *done, struct err *e)
{
    unsigned kinds, n = 0;
    const struct fhir_kind *k = kind_table(&kinds);
    int code = sql_exec(c, "BEGIN IMMEDIATE", e);

    if (code)
        return code;
    while (!code && f->kind < kinds && n < LIMIT_TX_ROWS) {
        if (kind_fact_next(&k[f->kind], NULL))
            code = fill_some(c, f, k[f->kind].type, LIMIT_TX_ROWS - n, &n, e);
        if (n < LIMIT_TX_ROWS)
            f->kind++, f->rid = 0;
    }
    *done = f->kind == kinds;
    if (!code)
        code = *done ? sql_exec(c, "DELETE FROM setting WHERE name='" FACT_FILLING "'", e)
                     : fill_mark(c, k[f->kind].type, f->rid, e);
    if (!code)
        code = sql_exec(c, "COMMIT", e);
    if (code)
        sql_exec(c, "ROLLBACK", NULL);
    return code;
}

int fact_fill_begin(struct sql *c, struct err *e)
{
    return fill_mark(c, kind_table(&(unsigned){0})->type, 0, e);
}

int fact_fill(struct sql *c, struct err *e)
{
    char at[LIMIT_ID_BYTES + 24] = "", type[LIMIT_ID_BYTES + 1];
    struct filling f = {.rid = 0};
    long long rid = 0;
    bool filling = false, known;
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);
    int code = setting(c, STR(FACT_FILLING), at, sizeof at, &filling, e);

    if (code || !filling || (code = setting(c, STR("server"), f.base, sizeof f.base, &known, e)))
        return code;
    for (unsigned i = 0; i < n && sscanf(at, "%64s %lld", type, &rid) == 2; i++)
        if (!strcmp(k[i].type, type))
            f.kind = i, f.rid = rid; /* a kind that the table lacks: anew; facts are put in place of a row's own */
    while (!code && filling) {
        bool done;

        code = fill_step(c, &f, &done, e);
        filling = !done;
    }
    return code;
}
