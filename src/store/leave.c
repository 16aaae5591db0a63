/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who has left the list that the profile follows, and what is here of them.
 */
#include "config.h"

#include <stdio.h>

#include "base/limits.h"
#include "store/member.h"
#include "store/priv.h"
#include "store/room.h"

struct left_row {
    int64_t rid;
    char type[LIMIT_ID_BYTES + 1];
};

/* REQ: nobody's work goes with a patient who has left: it is asked in the transaction in which the rows would go. */
static int may_go(struct sql *c, struct str chart, int64_t before_ms, bool *yes, struct err *e)
{
    sqlite3_stmt *st;
    int64_t pid;
    int code = find_chart(c, chart, &pid, e);

    *yes = false;
    if (code || (code = sql_use(c, SQL_LEFT_MAY, &st, e)))
        return code;
    sql_bind(st, 1, chart);
    sqlite3_bind_int64(st, 2, pid);
    sqlite3_bind_int64(st, 3, before_ms);
    if ((code = sql_step(c, st, e)) == 1) {
        *yes = sqlite3_column_int(st, 0);
        code = ERR_OK;
    }
    sql_done(st);
    return code;
}

static int next_rows(struct sql *c, struct str chart, struct left_row *out, unsigned *n, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_LEFT_ROWS, &st, e);

    *n = 0;
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, store_chart_hash(chart));
    short_bind_id(st, 2, chart);
    short_bind_word(st, 3, STR("Patient"));
    sqlite3_bind_int(st, 4, LIMIT_TX_ROWS);
    while ((code = sql_step(c, st, e)) == 1) {
        out[*n].rid = sqlite3_column_int64(st, 0);
        snprintf(out[*n].type, sizeof out[*n].type, "%.*s", STR_ARG(short_word(st, 1)));
        ++*n;
    }
    sql_done(st);
    return code;
}

/* *more: there are other rows. *stays: nothing may go, and nothing went. */
static int remove_some(struct store_tx *tx, const struct store_member *m, bool first, int64_t now_ms, bool *more,
                       bool *stays, struct err *e)
{
    struct store_member now = *m;
    struct left_row rows[LIMIT_TX_ROWS];
    bool go = false;
    unsigned n = 0;
    int code = may_go(&tx->s->w, str_of(m->id), now_ms - STORE_EVICT_FRESH_MS, &go, e);

    *stays = !code && !go;
    if (code || !go)
        return code;
    /* REQ: no kind of which rows have gone is called whole: the cohort has no marks. */
    if (first && !(code = store_cohort_new(tx, &now.cohort, e)))
        code = store_member_put(tx, &now, e);
    if (!code)
        code = next_rows(&tx->s->w, str_of(m->id), rows, &n, e);
    for (unsigned i = 0; i < n && !code; i++)
        code = res_drop(tx, rows[i].rid, str_of(rows[i].type), e);
    *more = n == LIMIT_TX_ROWS;
    if (!code && !*more && !(code = store_member_drop(tx, m->id, e)))
        code = store_evicted_back(tx, str_of(m->id), STR(""), e);
    return code;
}

int store_member_remove(struct store *s, const struct store_member *m, int64_t now_ms, bool *gone, struct err *e)
{
    bool more = true, stays = false;
    struct store_tx *tx;
    int code = ERR_OK;

    for (bool first = true; !code && more && !stays; first = false) {
        if ((code = store_begin_removal(s, &tx, e)))
            break;
        if ((code = remove_some(tx, m, first, now_ms, &more, &stays, e)) || stays)
            store_rollback(tx);
        else
            code = store_commit(tx, e);
    }
    *gone = !code && !more && !stays;
    return code;
}

int store_at_server_of(struct store *s, struct str chart, struct str type, int64_t *n, int64_t *removed, struct err *e)
{
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    *n = *removed = 0;
    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_AT_SERVER_OF, &st, e))) {
        sqlite3_bind_int64(st, 1, store_chart_hash(chart));
        short_bind_id(st, 2, chart);
        short_bind_word(st, 3, type);
        sql_bind(st, 4, chart);
        sql_bind(st, 5, type);
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
