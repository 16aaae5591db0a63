/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/edit.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/ledger.h"
#include "store/priv.h"

/* What was last received of a row that has been edited lies in res_theirs, or else is the base of the row's oldest
 * unacknowledged operation; of a row that was created here there may be nothing. */

/* --- beside an edit ---------------------------------------------------------------------------- */

/* Are the bytes in columns 0 to 2 (size, codec, body) these? */
static int same_bytes(struct sql *c, sqlite3_stmt *st, struct str bytes, bool *same, struct err *e)
{
    size_t size = (size_t)sqlite3_column_int64(st, 0);
    struct buf b;
    int code = ERR_OK;

    *same = false;
    if (size != bytes.n)
        return ERR_OK;
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    code = body_unpack(&c->body, sql_column(st, 2), (enum body_codec)sqlite3_column_int(st, 1), size, &b, e);
    *same = !code && str_eq(buf_str(&b), bytes);
    buf_fini(&b);
    return code == ERR_DAMAGED ? ERR_OK : code; /* what is unreadable is replaced by what has just come */
}

/* theirs: is there a row of res_theirs (gone or not), and does it hold these bytes? */
static int theirs_look(struct sql *c, int64_t rid, struct str bytes, bool *there, bool *same, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_THEIRS_GET, &st, e);

    *there = *same = false;
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1) {
        *there = true;
        code = sqlite3_column_int(st, 6) ? ERR_OK : same_bytes(c, st, bytes, same, e);
    }
    sql_done(st);
    return code;
}

/* Does the row's oldest operation rest on these bytes? */
static int is_base(struct sql *c, int64_t rid, struct str bytes, bool *same, struct err *e)
{
    sqlite3_stmt *st;
    int64_t oldest;
    int code = op_of_row(c, SQL_OP_OLDEST, rid, &oldest, e);

    *same = false;
    if (code || (code = sql_use(c, SQL_OP_BASE_OF, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, oldest);
    if ((code = sql_step(c, st, e)) == 1)
        code = same_bytes(c, st, bytes, same, e);
    sql_done(st);
    return code;
}

static int theirs_put(struct sql *c, int64_t rid, const struct fhir_index *ix, const struct res_put *p, bool gone,
                      struct err *e)
{
    enum body_codec codec = BODY_RAW;
    char *packed = NULL;
    sqlite3_stmt *st;
    size_t n = 0;
    int code = gone ? ERR_OK : body_pack(&c->body, p->bytes, &packed, &n, &codec, e);

    if (code)
        return code;
    if (!(code = sql_use(c, SQL_THEIRS_PUT, &st, e))) {
        sqlite3_bind_int64(st, 1, rid);
        sql_bind(st, 2, gone ? STR("") : ix->version);
        sqlite3_bind_int64(st, 3, gone ? FHIR_NO_DATE : ix->updated_ms);
        sqlite3_bind_int64(st, 4, gone ? 0 : p->fetched_ms);
        sqlite3_bind_int(st, 5, gone);
        sqlite3_bind_int64(st, 6, gone ? 0 : (int64_t)p->bytes.n);
        sqlite3_bind_int(st, 7, codec);
        sqlite3_bind_blob64(st, 8, packed ? packed : "", n, SQLITE_STATIC);
        code = sql_run(c, st, e);
    }
    mem_wipe(packed, n);
    return code;
}

static int received(struct sql *c, int64_t rid, struct str version, int64_t updated_ms, int64_t fetched_ms,
                    struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_RECEIVED, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    sql_bind(st, 2, version);
    sqlite3_bind_int64(st, 3, updated_ms);
    sqlite3_bind_int64(st, 4, fetched_ms);
    return sql_run(c, st, e);
}

int edit_beside(struct sql *c, int64_t rid, const struct fhir_index *ix, const struct res_put *p,
                enum store_change *change, struct err *e)
{
    bool there, same, base = false;
    int code = theirs_look(c, rid, p->bytes, &there, &same, e);

    if (!code)
        code = is_base(c, rid, p->bytes, &base, e);
    *change = same || (!there && base) ? STORE_SAME : STORE_CHANGED;
    if (code || *change == STORE_SAME)
        return code;
    if (base) /* it is again what the edit was made from */
        code = sql_run_with(c, SQL_THEIRS_DROP, rid, e);
    else
        code = theirs_put(c, rid, ix, p, false, e);
    return code ? code : received(c, rid, ix->version, ix->updated_ms, p->fetched_ms, e);
}

int edit_gone(struct sql *c, int64_t rid, struct err *e)
{
    int code = theirs_put(c, rid, NULL, NULL, true, e);

    return code ? code : received(c, rid, STR(""), FHIR_NO_DATE, 0, e);
}

/* --- editing ----------------------------------------------------------------------------------- */

struct editing {
    const struct store_edit *ed;
    struct store_tx *tx;
    struct sql *c;
    struct fhir_index ix;  /* of the row as it will stand: its version is what was last received */
    struct res_row row;
    struct buf present;    /* the row's bytes */
    bool held;             /* and those could be read */
    char own[STORE_VERSION_BYTES]; /* the meta.versionId in them */
    size_t own_n;
    struct op_head newest; /* seq 0: there is none */
    struct str chart;
    char chart_room[STORE_CHART_BYTES];
};

static int refuse(const struct store_edit *ed, struct err *e)
{
    const size_t most = LIMIT_ID_BYTES + 64;

    if (ed->kind != STORE_OP_CREATE && ed->kind != STORE_OP_UPDATE && ed->kind != STORE_OP_DELETE)
        return err_set(e, ERR_BUG, 0, 0, "store_edit");
    if (ed->author.n > most || ed->role.n > most)
        return err_set(e, ERR_TOOBIG, 0, (int64_t)most, "author");
    return res_check(ed->ix, ed->kind == STORE_OP_DELETE ? STR("-") : ed->bytes, e);
}

/* What the row's own bytes say that they are: after an edit that was acknowledged, the version before it. */
static int own_version(struct editing *x, struct err *e)
{
    struct tape t;
    struct str v;
    int code = x->held && x->row.rid && x->row.op == 0 ? tape_parse(&t, buf_str(&x->present), e) : ERR_NOTFOUND;

    memcpy(x->own, x->row.version, sizeof x->own);
    x->own_n = x->row.version_n;
    if (code)
        return code == ERR_NOMEM ? code : ERR_OK;
    v = tape_plain(&t, tape_path(&t, 0, "meta.versionId"));
    x->own_n = v.n < sizeof x->own ? v.n : 0;
    memcpy(x->own, v.p, x->own_n);
    tape_fini(&t);
    return ERR_OK;
}

/* What is there, and whether the edit may be made of it. Nothing is written here. */
static int look(struct editing *x, struct err *e)
{
    const struct fhir_index *ix = x->ed->ix;
    char name[160];
    int code = res_look(x->c, STORE_SERVER, ix->type, ix->id, &x->row, -1, &x->present, e);

    x->held = !code;
    if (code == ERR_DAMAGED && x->row.rid) /* a page that cannot be read does not keep a nurse from writing */
        code = ERR_OK;
    if (code)
        return code;
    snprintf(name, sizeof name, "%.*s/%.*s", STR_ARG(ix->type), STR_ARG(ix->id));
    if (x->ed->kind == STORE_OP_CREATE && x->row.rid)
        return err_set(e, ERR_EXISTS, 0, 0, name);
    if (x->ed->kind != STORE_OP_CREATE && !x->row.rid)
        return err_set(e, ERR_NOTFOUND, 0, 0, name);
    if (x->row.op > 0)
        return op_head(x->c, x->row.op, NULL, &x->newest, e);
    return own_version(x, e);
}

/* May the edit join the newest operation? One that nobody has begun to send: if it is of the same hand, for what a
 * person wrote and what a command wrote stay apart. One that was in doubt and is queued again has been sent: a copy of
 * it may still come to the server, and what was sent must be known by what it said. And one that the server did not
 * take: it is mended so. */
static bool joins(const struct editing *x)
{
    const struct op_head *n = &x->newest;

    if (!n->seq || n->state == STORE_OP_INFLIGHT || n->state == STORE_OP_INDOUBT)
        return false;
    return n->state != STORE_OP_QUEUED || (!n->tries && n->by_command == x->ed->by_command &&
                                           str_is(x->ed->author, n->author) && str_is(x->ed->role, n->role));
}

static int join(struct editing *x, struct err *e)
{
    const struct store_edit *ed = x->ed;
    enum body_codec codec = BODY_RAW;
    char *packed = NULL;
    sqlite3_stmt *st;
    size_t n = 0;
    int code = ed->kind == STORE_OP_DELETE ? ERR_OK : body_pack(&x->c->body, ed->bytes, &packed, &n, &codec, e);

    if (code)
        return code;
    if (!(code = sql_use(x->c, SQL_OP_JOIN, &st, e))) {
        sqlite3_bind_int64(st, 1, x->newest.seq);
        sqlite3_bind_int(st, 2, x->newest.kind == STORE_OP_CREATE ? STORE_OP_CREATE : ed->kind);
        sql_bind(st, 3, x->chart);
        sqlite3_bind_int64(st, 4, (int64_t)ed->bytes.n);
        sqlite3_bind_int(st, 5, codec);
        sqlite3_bind_blob64(st, 6, packed ? packed : "", n, SQLITE_STATIC);
        sql_bind(st, 7, ed->author);
        sql_bind(st, 8, ed->role);
        sqlite3_bind_int(st, 9, ed->by_command);
        code = sql_run(x->c, st, e);
    }
    mem_wipe(packed, n);
    return code;
}

/* Made from another version than the one that stands here? */
static bool stale(const struct editing *x)
{
    struct str own = {x->own, x->own_n};

    return x->ed->kind == STORE_OP_UPDATE && !x->newest.seq && x->ed->ix->version.n &&
           !str_eq(x->ed->ix->version, own);
}

/* The version that the edit was made from; "" where the operation before it says that. */
static struct str base_version(const struct editing *x)
{
    if (x->newest.seq || x->ed->kind == STORE_OP_CREATE)
        return STR("");
    return stale(x) ? x->ed->ix->version : (struct str){x->row.version, x->row.version_n};
}

static int add(struct editing *x, const char *op, int64_t *seq, struct err *e)
{
    const struct store_edit *ed = x->ed;
    enum body_codec codec = BODY_RAW;
    char *packed = NULL;
    sqlite3_stmt *st;
    size_t n = 0;
    int code = ed->kind == STORE_OP_DELETE ? ERR_OK : body_pack(&x->c->body, ed->bytes, &packed, &n, &codec, e);

    if (code)
        return code;
    if (!(code = sql_use(x->c, SQL_OP_ADD, &st, e))) {
        sql_bind(st, 1, str_of(op));
        sqlite3_bind_int64(st, 2, x->row.rid);
        sqlite3_bind_int64(st, 3, x->newest.seq);
        sql_bind(st, 4, ed->ix->type);
        sql_bind(st, 5, ed->ix->id);
        sql_bind(st, 6, x->chart);
        sqlite3_bind_int(st, 7, ed->kind);
        sql_bind(st, 8, base_version(x));
        sql_bind(st, 9, ed->author);
        sql_bind(st, 10, ed->role);
        sqlite3_bind_int(st, 11, ed->by_command);
        sqlite3_bind_int64(st, 12, ed->now_ms);
        sqlite3_bind_int64(st, 13, (int64_t)ed->bytes.n);
        sqlite3_bind_int(st, 14, codec);
        sqlite3_bind_blob64(st, 15, packed ? packed : "", n, SQLITE_STATIC);
        if (!(code = sql_run(x->c, st, e)))
            *seq = sqlite3_last_insert_rowid(x->c->db);
    }
    mem_wipe(packed, n);
    return code;
}

/* Copies the base while it is still there: without it nobody could ever merge three ways. Of an edit that was made
 * from another version than the one held, the base is known only if it is the version before a correction; what is
 * held then is what the server last said. */
static int keep_base(struct editing *x, int64_t seq, struct err *e)
{
    bool from_other = stale(x);
    sqlite3_stmt *st;
    int code = from_other ? sql_run_with(x->c, SQL_THEIRS_KEEP, x->row.rid, e) : ERR_OK;

    if (code || x->ed->kind == STORE_OP_CREATE ||
        (code = sql_use(x->c, from_other ? SQL_OP_BASE_PRIOR : SQL_OP_BASE, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, seq);
    sqlite3_bind_int64(st, 2, x->row.rid);
    if (from_other)
        sql_bind(st, 3, x->ed->ix->version);
    return sql_run(x->c, st, e);
}

/* The row as it stands from now on, with the operation's number. */
static int write_edit(struct editing *x, int64_t seq, struct err *e)
{
    const struct res_put p = {.bytes = x->ed->bytes, .origin = STORE_SERVER, .fetched_ms = x->row.fetched_ms,
                              .now_ms = x->ed->now_ms, .op = seq};
    struct patient_facts facts;
    sqlite3_stmt *st;
    struct arena a;
    int code;

    if (x->ed->kind == STORE_OP_DELETE) { /* it stays until the server has deleted it, and says so */
        if ((code = sql_use(x->c, SQL_RES_OP, &st, e)))
            return code;
        sqlite3_bind_int64(st, 1, x->row.rid);
        sqlite3_bind_int64(st, 2, seq);
        return sql_run(x->c, st, e);
    }
    arena_init(&a, RES_READ_BYTES);
    code = res_read(x->ed->ix, &p, &a, &facts, e);
    if (!code)
        code = res_set(x->tx, &x->row.rid, &x->ix, &p, &facts, e);
    arena_fini(&a);
    return code;
}

/* Nobody but this device ever knew of it. */
static int undo(struct editing *x, struct err *e)
{
    int code = op_undo(x->tx, &x->newest, e);

    return code ? code : store_ledger_stamp(x->tx, x->ed->now_ms, e);
}

/* A create's row comes first: its number goes into the operation. */
static int act(struct editing *x, enum store_change *change, char op[STORE_OP_BYTES], struct err *e)
{
    bool joined = joins(x), fresh = !x->row.rid;
    int64_t seq = x->newest.seq;
    sqlite3_stmt *st;
    int code = ERR_OK;

    *change = joined ? STORE_CHANGED : STORE_NEW;
    if (joined && x->newest.kind == STORE_OP_CREATE && x->ed->kind == STORE_OP_DELETE)
        return undo(x, e);
    if (joined) {
        memcpy(op, x->newest.op, STORE_OP_BYTES);
        code = join(x, e);
    } else {
        rng_uuid(x->ed->rng, op);
        if (fresh)
            code = write_edit(x, 0, e);
        if (!code && !(code = add(x, op, &seq, e)))
            code = keep_base(x, seq, e);
    }
    if (code || !fresh)
        return code ? code : write_edit(x, seq, e);
    if ((code = sql_use(x->c, SQL_RES_OP, &st, e)))
        return code;
    sqlite3_bind_int64(st, 1, x->row.rid);
    sqlite3_bind_int64(st, 2, seq);
    return sql_run(x->c, st, e);
}

/* The very bytes that are there, and no operation in the way that says otherwise. */
static bool unchanged(const struct editing *x)
{
    if (x->ed->kind == STORE_OP_DELETE)
        return x->newest.seq && x->newest.kind == STORE_OP_DELETE;
    return x->ed->kind == STORE_OP_UPDATE && x->held && (!x->newest.seq || x->newest.kind != STORE_OP_DELETE) &&
           str_eq(buf_str(&x->present), x->ed->bytes);
}

/* In place of what came: with the names of today. */
static int current_names(struct rename_edit *now, struct editing *x, struct store_tx *tx, struct err *e)
{
    int code = store_tx_check(tx, rename_edit(x->c, now, e), e);

    x->ed = &now->ed;
    x->ix = *now->ed.ix;
    return code;
}

/* REQ: what is NOT SENT is counted in the chart that it was written in, who said so included. */
static int chart_of(struct editing *x, struct err *e)
{
    char now[LIMIT_ID_BYTES + 1];
    bool renamed = false;
    int code = ERR_OK;

    x->chart = store_chart_of(x->ed->ix->patient, STORE_SERVER, x->chart_room);
    if (x->chart.n || !x->ed->chart.n)
        return ERR_OK;
    x->chart = x->ed->chart;
    if (!(code = rename_get(x->c, STR("Patient"), x->chart, now, &renamed, e)) && renamed)
        x->chart = store_chart_of(str_of(now), STORE_SERVER, x->chart_room);
    return code;
}

int store_edit(struct store_tx *tx, const struct store_edit *ed, enum store_change *change, char op[STORE_OP_BYTES],
               struct err *e)
{
    struct editing x = {.ed = ed, .tx = tx, .c = &tx->s->w, .ix = *ed->ix};
    enum store_change how = STORE_SAME;
    struct rename_edit now = {.ed = *ed};
    struct err why = ERR_NONE;
    int code = refuse(ed, &why);

    op[0] = '\0';
    arena_init(&now.a, 4 * LIMIT_RESOURCE_BYTES);
    buf_init(&now.bytes, LIMIT_RESOURCE_BYTES);
    buf_init(&x.present, LIMIT_RESOURCE_BYTES);
    if (!code)
        code = current_names(&now, &x, tx, &why);
    if (!code)
        code = look(&x, &why);
    x.ix.version = (struct str){x.row.version, x.row.version_n};
    x.ix.updated_ms = x.row.rid ? x.row.updated_ms : FHIR_NO_DATE;
    if (!code)
        code = chart_of(&x, &why);
    if (!code && unchanged(&x))
        memcpy(op, x.newest.op, STORE_OP_BYTES);
    else if (!code)
        code = store_tx_check(tx, act(&x, &how, op, &why), &why);
    if (code)
        op[0] = '\0';
    tx->queued = tx->queued || (!code && how != STORE_SAME);
    buf_fini(&x.present);
    tape_fini(&now.t);
    buf_fini(&now.bytes);
    arena_fini(&now.a);
    if (change)
        *change = how;
    if (code && e)
        *e = why;
    return code;
}
