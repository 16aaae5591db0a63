/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

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
