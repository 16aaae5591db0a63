/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "fhir/rewrite.h"

/* Ids of the server's choice. What was created here has an id of ours until the server has answered with its own; then
 * the row and everything that names it and was not sent yet is renamed at once. What is edited later by a screen, or a
 * file, that still knows the old id is renamed as it comes. */

struct renaming {
    struct store_tx *tx;
    struct sql *c;
    struct op_head op;
    char base[LIMIT_URL_BYTES]; /* the server's */
    char type[65], was[LIMIT_ID_BYTES + 1], id[LIMIT_ID_BYTES + 1];
    struct arena *a;            /* of what a reference becomes */
    struct str swapped;
    /* what a pull brought under the new id, before anybody knew that it is the same */
    struct op_former twin;
    int64_t twin_op;            /* its newest edit here, or 0 */
    struct buf twin_row;        /* and how it shows it */
};

static void take(char *to, size_t room, struct str s)
{
    snprintf(to, room, "%.*s", (int)(s.n < room ? s.n : 0), s.p);
}

/* --- bytes --------------------------------------------------------------------------------------- */

static struct str swap(void *arg, struct str reference)
{
    struct renaming *x = arg;
    struct str type, id;

    if (fhir_reference(reference, x->base[0] ? x->base : NULL, &type, &id) && str_is(type, x->type) &&
        str_is(id, x->was))
        return x->swapped;
    return (struct str){NULL, 0};
}

/* The bytes as they are from now on; *changed false: as they were, and out has nothing. own: they are its own. */
static int renamed_bytes(struct renaming *x, struct str bytes, bool own, struct buf *out, bool *changed, struct err *e)
{
    struct tape t = {.n = 0};
    struct buf named;
    int code;

    *changed = false;
    if (!bytes.n || tape_parse(&t, bytes, NULL)) /* what cannot be read names nothing */
        return ERR_OK;
    buf_init(&named, LIMIT_RESOURCE_BYTES + LIMIT_ID_BYTES);
    code = fhir_rewrite(&t, swap, x, x->a, &named, changed);
    tape_fini(&t);
    if (!code && own && !(code = tape_parse(&t, buf_str(&named), e))) {
        *changed = true;
        code = fhir_rewrite_id(&t, str_of(x->id), out);
        tape_fini(&t);
    } else if (!code && *changed) {
        code = buf_addstr(out, buf_str(&named));
    }
    buf_fini(&named);
    if (x->a->failed)
        code = ERR_NOMEM;
    return code ? err_set(e, code, 0, LIMIT_RESOURCE_BYTES, "rename") : ERR_OK;
}

/* --- operations and rows --------------------------------------------------------------------------- */

/* An operation that is not acknowledged: its bytes. */
struct unsent {
    int64_t seq, rid;
    struct buf base, body;
};

/* The next one behind seq: 1, 0 at the end, or a code. */
static int next_unsent(struct sql *c, int64_t after, struct unsent *u, struct err *e)
{
    struct buf *const out[] = {&u->base, &u->body};
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_OP_UNSENT, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, after);
    if ((code = sql_step(c, st, e)) == 1) {
        u->seq = sqlite3_column_int64(st, 0);
        u->rid = sqlite3_column_int64(st, 1);
        for (int i = 0; i < 2 && code == 1; i++) {
            size_t size = (size_t)sqlite3_column_int64(st, 2 + 3 * i);
            int bad = ERR_OK;

            buf_clear(out[i]);
            if (size)
                bad = body_unpack(&c->body, sql_column(st, 4 + 3 * i),
                                  (enum body_codec)sqlite3_column_int(st, 3 + 3 * i), size, out[i], e);
            code = bad ? bad : 1;
        }
    }
    sql_done(st);
    return code;
}

static int write_unsent(struct renaming *x, int64_t seq, enum sql_id id, struct str bytes, struct err *e)
{
    struct body_packed p;
    sqlite3_stmt *st;
    int code = body_packed(&x->c->body, bytes, &p, e);

    if (!code && !(code = sql_use(x->c, id, &st, e))) {
        sqlite3_bind_int64(st, 1, seq);
        body_bind(st, 2, &p);
        code = sql_run(x->c, st, e);
    }
    mem_wipe(p.p, p.n);
    return code;
}

/* The row with what it shows, as given or with what it names renamed; nothing changes where it names nothing. */
static int write_row(struct renaming *x, int64_t rid, struct str shown, struct err *e)
{
    struct op_former f = {.there = true};
    struct buf now;
    int64_t newest = 0;
    char type[65];
    bool changed = false;
    int code = op_row_meta(x->c, rid, &f, type, e);

    buf_init(&f.bytes, LIMIT_RESOURCE_BYTES);
    buf_init(&now, LIMIT_RESOURCE_BYTES + LIMIT_ID_BYTES);
    if (!code && shown.n)
        code = buf_addstr(&f.bytes, shown);
    else if (!code)
        code = op_row_bytes(x->c, rid, &f.bytes, e);
    if (!code && !(code = op_of_row(x->c, SQL_OP_NEWEST, rid, &newest, e)))
        code = renamed_bytes(x, buf_str(&f.bytes), rid == x->op.rid, &now, &changed, e);
    if (!code && changed) {
        buf_fini(&f.bytes);
        f.bytes = now;
        buf_init(&now, 1);
        code = op_set_row(x->tx, rid, &f, newest ? newest : RES_RECEIVED, e);
    }
    buf_fini(&now);
    buf_fini(&f.bytes);
    return code;
}

/* REQ: whatever names it and has not been sent says the new name, in the outbox and in its row. */
static int write_namers(struct renaming *x, struct err *e)
{
    struct unsent u = {.seq = 0};
    struct buf now;
    int code;

    buf_init(&u.base, LIMIT_RESOURCE_BYTES);
    buf_init(&u.body, LIMIT_RESOURCE_BYTES);
    buf_init(&now, LIMIT_RESOURCE_BYTES + LIMIT_ID_BYTES);
    while ((code = next_unsent(x->c, u.seq, &u, e)) == 1) {
        const struct buf *bytes[] = {&u.base, &u.body};
        static const enum sql_id to[] = {SQL_OP_SET_BASE, SQL_OP_SET_BODY};
        bool own = u.rid && u.rid == x->op.rid, any = false;

        code = ERR_OK;
        for (int i = 0; i < 2 && !code; i++) {
            bool changed;

            buf_clear(&now);
            if (!(code = renamed_bytes(x, buf_str(bytes[i]), own, &now, &changed, e)) && changed)
                code = write_unsent(x, u.seq, to[i], buf_str(&now), e);
            any = any || changed;
        }
        if (!code && any && u.rid && !own)
            code = write_row(x, u.rid, STR(""), e);
        if (code)
            break;
    }
    buf_fini(&now);
    buf_fini(&u.body);
    buf_fini(&u.base);
    return code;
}

/* --- the same under both names ----------------------------------------------------------------------- */

/* A pull brought it before the answer, or the question behind it, told whose it is: one row takes both in. */
static int absorb(struct renaming *x, struct err *e)
{
    struct res_row row;
    sqlite3_stmt *st;
    int code = res_look(x->c, STORE_SERVER, str_of(x->type), str_of(x->id), &row, -1, &x->twin_row, e);

    if (code || !row.rid || row.rid == x->op.rid)
        return code;
    x->twin.there = true;
    take(x->twin.version, sizeof x->twin.version, (struct str){row.version, row.version_n});
    x->twin.updated_ms = row.updated_ms;
    x->twin.fetched_ms = row.fetched_ms;
    if (row.op > 0) {
        x->twin_op = row.op;
        code = op_last_received(x->c, row.rid, &x->twin, e);
        if (!code && !(code = sql_use(x->c, SQL_OP_GIVE, &st, e))) {
            sqlite3_bind_int64(st, 1, row.rid);
            sqlite3_bind_int64(st, 2, x->op.rid);
            code = sql_run(x->c, st, e);
        }
    } else {
        code = buf_addstr(&x->twin.bytes, buf_str(&x->twin_row));
    }
    return code ? code : res_drop(x->tx, row.rid, str_of(x->type), e);
}

/* What the pull brought stands beside the edit from now on: it takes the row's place when that is acknowledged. */
static int beside(struct renaming *x, struct err *e)
{
    const struct res_put p = {.bytes = buf_str(&x->twin.bytes), .origin = STORE_SERVER,
                              .fetched_ms = x->twin.fetched_ms, .now_ms = x->twin.fetched_ms, .op = RES_RECEIVED};
    const struct fhir_index ix = {.version = str_of(x->twin.version), .updated_ms = x->twin.updated_ms};
    enum store_change change;

    if (!x->twin.there)
        return ERR_OK;
    if (x->twin.gone)
        return edit_gone(x->c, x->op.rid, e);
    return p.bytes.n ? edit_beside(x->c, x->op.rid, &ix, &p, &change, e) : ERR_OK;
}

/* --- the store ----------------------------------------------------------------------------------------- */

/* A statement of up to three words. */
static int run_words(struct sql *c, enum sql_id id, struct str a, struct str b, struct str d, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, a);
    sql_bind(st, 2, b);
    if (d.n)
        sql_bind(st, 3, d);
    return sql_run(c, st, e);
}

static int write_names(struct renaming *x, struct err *e)
{
    struct str type = str_of(x->type), was = str_of(x->was), id = str_of(x->id);
    sqlite3_stmt *st;
    int code = run_words(x->c, SQL_RENAMED_AGAIN, type, was, id, e);

    if (!code && !(code = run_words(x->c, SQL_RENAMED_PUT, type, was, id, e)) && x->op.rid &&
        !(code = sql_use(x->c, SQL_RES_NAME, &st, e))) {
        store_bind_name(st, STORE_SERVER, type, id);
        sqlite3_bind_int64(st, 5, x->op.rid);
        code = sql_run(x->c, st, e);
    }
    return code ? code : run_words(x->c, SQL_OP_NAME, type, was, id, e);
}

/* The chart of a patient that was created here. */
static int write_chart(struct renaming *x, int64_t pid, struct err *e)
{
    static const enum sql_id of_chart[] = {SQL_OP_CHART, SQL_DRAFT_CHART};
    int code = pid ? fact_found(x->c, pid, str_of(x->id), e) : ERR_OK;

    for (size_t i = 0; !code && pid && i < sizeof of_chart / sizeof *of_chart; i++)
        code = run_words(x->c, of_chart[i], str_of(x->was), str_of(x->id), STR(""), e);
    return code;
}

static int rename_all(struct renaming *x, struct err *e)
{
    bool twin_shows;
    int64_t pid = 0, newest = 0;
    int code = op_of_row(x->c, SQL_PATIENT_FIND, x->op.rid, &pid, e);

    if (!code && x->op.rid && !(code = absorb(x, e)))
        code = op_of_row(x->c, SQL_OP_NEWEST, x->op.rid, &newest, e);
    twin_shows = x->twin_op && x->twin_op == newest;
    if (!code && !(code = write_names(x, e)) && x->op.rid &&
        !(code = write_row(x, x->op.rid, twin_shows ? buf_str(&x->twin_row) : STR(""), e)))
        code = write_chart(x, pid, e);
    if (!code && !(code = write_namers(x, e)) && x->op.rid)
        code = beside(x, e);
    return code;
}

static int look(struct renaming *x, const char *op, struct str id, struct err *e)
{
    sqlite3_stmt *st;
    int code = op_head(x->c, 0, op, &x->op, e);

    if (!code && (!x->op.seq || x->op.state == STORE_OP_ACKED || x->op.kind != STORE_OP_CREATE))
        return err_set(e, ERR_NOTFOUND, 0, 0, op);
    if (code || (code = sql_use(x->c, SQL_OP_TARGET, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, x->op.seq);
    if ((code = sql_step(x->c, st, e)) == 1) {
        code = ERR_OK;
        take(x->type, sizeof x->type, sql_column(st, 0));
        take(x->was, sizeof x->was, sql_column(st, 1));
    }
    sql_done(st);
    take(x->id, sizeof x->id, id);
    return code ? code : mark_server(x->c, x->base, e);
}

int store_op_rename(struct store_tx *tx, const char *op, struct str id, struct err *e)
{
    struct renaming x = {.tx = tx, .c = &tx->s->w};
    char name[160];
    struct err why = ERR_NONE;
    struct arena a;
    int code = str_is_id(id) ? ERR_OK : err_set(&why, ERR_INPUT, 0, 0, "id");

    arena_init(&a, 4u * LIMIT_RESOURCE_BYTES);
    x.a = &a;
    buf_init(&x.twin.bytes, LIMIT_RESOURCE_BYTES);
    buf_init(&x.twin_row, LIMIT_RESOURCE_BYTES);
    if (!code)
        code = look(&x, op, id, &why);
    snprintf(name, sizeof name, "%s/%s", x.type, x.id);
    x.swapped = str_of(name);
    if (!code && strcmp(x.was, x.id) != 0)
        code = store_tx_check(tx, rename_all(&x, &why), &why);
    buf_fini(&x.twin.bytes);
    buf_fini(&x.twin_row);
    arena_fini(&a);
    if (code && e)
        *e = why;
    return code;
}

/* --- who still knows the old name ---------------------------------------------------------------------- */

int rename_get(struct sql *c, struct str type, struct str id, char room[LIMIT_ID_BYTES + 1], bool *yes, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_RENAMED_GET, &st, e);

    *yes = false;
    if (code)
        return code;
    sql_bind(st, 1, type);
    sql_bind(st, 2, id);
    if ((code = sql_step(c, st, e)) == 1) {
        *yes = true;
        take(room, LIMIT_ID_BYTES + 1, sql_column(st, 0));
        code = ERR_OK;
    }
    sql_done(st);
    return code;
}

int store_renamed(struct store *s, struct str type, char id[LIMIT_ID_BYTES + 1], struct err *e)
{
    char now[LIMIT_ID_BYTES + 1];
    bool yes = false;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = rename_get(&s->r, type, str_of(id), now, &yes, e)) && yes)
        memcpy(id, now, sizeof now);
    store_read_end(s);
    return code;
}

struct current {
    struct sql *c;
    const char *base;
    struct arena *a;
    int code;
};

static struct str swap_current(void *arg, struct str reference)
{
    struct current *x = arg;
    char now[LIMIT_ID_BYTES + 1];
    struct str type, id;
    bool yes = false;

    if (!x->code && fhir_reference(reference, x->base, &type, &id))
        x->code = rename_get(x->c, type, id, now, &yes, NULL);
    return yes ? str_of(arena_fmt(x->a, "%.*s/%s", STR_ARG(type), now)) : (struct str){NULL, 0};
}

/* The bytes with the names of today, in out; *changed false: they have them, and out has nothing. */
static int current_bytes(struct current *x, struct str bytes, struct buf *out, bool *changed, struct err *e)
{
    char now[LIMIT_ID_BYTES + 1] = "";
    struct tape t = {.n = 0};
    struct buf named;
    bool own = false;
    int code = tape_parse(&t, bytes, e);

    if (code)
        return code;
    buf_init(&named, LIMIT_RESOURCE_BYTES + LIMIT_ID_BYTES);
    code = fhir_rewrite(&t, swap_current, x, x->a, &named, changed);
    if (!code && !(code = x->code))
        code = rename_get(x->c, tape_plain(&t, tape_get(&t, 0, "resourceType")),
                          tape_plain(&t, tape_get(&t, 0, "id")), now, &own, e);
    tape_fini(&t);
    if (!code && own && !(code = tape_parse(&t, buf_str(&named), e))) {
        *changed = true;
        code = fhir_rewrite_id(&t, str_of(now), out);
        tape_fini(&t);
    } else if (!code && *changed) {
        code = buf_addstr(out, buf_str(&named));
    }
    buf_fini(&named);
    return code ? err_set(e, code, 0, LIMIT_RESOURCE_BYTES, "rename") : ERR_OK;
}

/* Was anything ever renamed? Nearly everywhere nothing was. */
static int begin_current(struct sql *c, struct current *x, struct arena *a, char base[LIMIT_URL_BYTES], bool *any,
                         struct err *e)
{
    int64_t n = 0;
    int code = op_of_row(c, SQL_RENAMED_ANY, 0, &n, e);

    *any = n > 0;
    if (!code && n)
        code = mark_server(c, base, e);
    *x = (struct current){.c = c, .base = n && base[0] ? base : NULL, .a = a};
    return code;
}

int store_current(struct store *s, struct str bytes, struct buf *out, bool *changed, struct err *e)
{
    char base[LIMIT_URL_BYTES];
    struct current x;
    struct arena a;
    bool any = false;
    int code = store_read_begin(s, e);

    *changed = false;
    if (code)
        return code;
    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    if (!(code = begin_current(&s->r, &x, &a, base, &any, e)) && any)
        code = current_bytes(&x, bytes, out, changed, e);
    arena_fini(&a);
    store_read_end(s);
    return code;
}

int rename_edit(struct sql *c, struct rename_edit *r, struct err *e)
{
    char base[LIMIT_URL_BYTES], now[LIMIT_ID_BYTES + 1];
    struct current x;
    bool any = false, changed = false;
    int code = begin_current(c, &x, &r->a, base, &any, e);

    if (code || !any)
        return code;
    if (r->ed.kind == STORE_OP_DELETE) {
        if ((code = rename_get(c, r->ed.ix->type, r->ed.ix->id, now, &changed, e)) || !changed)
            return code;
        r->ix = *r->ed.ix;
        r->ix.id = arena_str(&r->a, str_of(now));
        r->ed.ix = &r->ix;
        return r->a.failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : ERR_OK;
    }
    if ((code = current_bytes(&x, r->ed.bytes, &r->bytes, &changed, e)) || !changed)
        return code;
    r->ed.bytes = buf_str(&r->bytes);
    if (!(code = tape_parse(&r->t, r->ed.bytes, e)) && !(code = fhir_index(&r->t, x.base, &r->a, &r->ix, e)))
        r->ed.ix = &r->ix;
    return code;
}
