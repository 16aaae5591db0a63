/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

/* --- names ------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return (h ^ 0xff) * 0x100000001b3u; /* 0xff is in no name: "a","bc" is not "ab","c" */
}

int64_t store_hash(int origin, struct str type, struct str id)
{
    uint64_t h = mix((0xcbf29ce484222325u ^ (unsigned)origin) * 0x100000001b3u, type);

    return (int64_t)mix(h, id);
}

bool store_file_id(struct str *id)
{
    if (!str_starts(*id, STORE_FILE_PREFIX))
        return false;
    id->p += sizeof STORE_FILE_PREFIX - 1;
    id->n -= sizeof STORE_FILE_PREFIX - 1;
    return true;
}

int64_t store_chart_hash(struct str chart)
{
    return store_hash(0, STR("chart"), chart);
}

struct str store_chart_of(struct str patient, enum store_origin origin, char room[STORE_CHART_BYTES])
{
    size_t pre = sizeof STORE_FILE_PREFIX - 1;

    if (origin == STORE_SERVER || !patient.n || patient.n > LIMIT_ID_BYTES)
        return patient;
    memcpy(room, STORE_FILE_PREFIX, pre);
    memcpy(room + pre, patient.p, patient.n);
    return (struct str){room, pre + patient.n};
}

/* Is the kind the patient itself? The table says so by its search parameter. */
static bool is_patient(const struct fhir_kind *k)
{
    return k && k->patient_param && !strcmp(k->patient_param, "_id");
}

static void bind_name(sqlite3_stmt *st, int origin, struct str type, struct str id)
{
    sqlite3_bind_int64(st, 1, store_hash(origin, type, id));
    sqlite3_bind_int(st, 2, origin);
    sql_bind(st, 3, type);
    sql_bind(st, 4, id);
}

/* --- writing ----------------------------------------------------------------------------------- */

/* The row that is there: *rid (0: none), and whether its bytes and its index are the same already. */
static int find(struct sql *c, const struct fhir_index *ix, struct str bytes, int origin, int64_t *rid, bool *same,
                struct err *e)
{
    sqlite3_stmt *st;
    struct buf old;
    int code = sql_use(c, SQL_FIND, &st, e);

    *rid = 0;
    *same = false;
    if (code)
        return code;
    buf_init(&old, LIMIT_RESOURCE_BYTES);
    bind_name(st, origin, ix->type, ix->id);
    if ((code = sql_step(c, st, e)) == 1) {
        size_t size = (size_t)sqlite3_column_int64(st, 1);

        code = ERR_OK;
        *rid = sqlite3_column_int64(st, 0);
        if (size == bytes.n && sqlite3_column_int(st, 4) == FHIR_INDEX_REV &&
            !(code =
                  body_unpack(&c->body, sql_column(st, 3), (enum body_codec)sqlite3_column_int(st, 2), size, &old, e)))
            *same = str_eq(buf_str(&old), bytes);
        if (code == ERR_DAMAGED) /* what is unreadable is replaced by what has just come */
            code = ERR_OK;
    }
    sql_done(st);
    buf_fini(&old);
    return code;
}

static int write_row(struct sql *c, int64_t rid, const struct fhir_index *ix, struct str chart, int origin,
                     int64_t fetched_ms, struct str bytes, struct err *e)
{
    enum body_codec codec;
    sqlite3_stmt *st;
    char *packed;
    size_t n;
    int code = body_pack(&c->body, bytes, &packed, &n, &codec, e);

    if (code)
        return code;
    if (!(code = sql_use(c, rid ? SQL_UPDATE : SQL_INSERT, &st, e))) {
        if (rid)
            sqlite3_bind_int64(st, 19, rid);
        else
            bind_name(st, origin, ix->type, ix->id);
        sql_bind(st, 5, ix->version);
        sqlite3_bind_int64(st, 6, ix->updated_ms);
        if (chart.n)
            sqlite3_bind_int64(st, 7, store_chart_hash(chart));
        sql_bind(st, 8, chart);
        sql_bind(st, 9, ix->date);
        sqlite3_bind_int64(st, 10, ix->date_ms == FHIR_NO_DATE ? STORE_UNDATED : ix->date_ms);
        sql_bind(st, 11, ix->status);
        sql_bind(st, 12, ix->section);
        sql_bind(st, 13, ix->title);
        sqlite3_bind_int64(st, 14, fetched_ms);
        sqlite3_bind_int(st, 15, FHIR_INDEX_REV);
        sqlite3_bind_int64(st, 16, (int64_t)bytes.n);
        sqlite3_bind_int(st, 17, codec);
        sqlite3_bind_blob64(st, 18, packed, n, SQLITE_STATIC);
        code = sql_run(c, st, e);
    }
    mem_wipe(packed, n);
    return code;
}

/* REQ: a corrected result can be held against the one that was acted on. */
static int keep_prior(struct sql *c, int64_t rid, const struct fhir_index *ix, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_PRIOR_KEEP, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    sql_bind(st, 2, ix->version);
    sql_bind(st, 3, ix->status);
    return sql_run(c, st, e);
}

static int drop_row(struct sql *c, enum sql_id id, int64_t rid, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, id, &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, rid);
    return sql_run(c, st, e);
}

static int count_add(struct sql *c, struct str type, int n, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_COUNT_ADD, &st, e);

    if (code)
        return code;
    sql_bind(st, 1, type);
    sqlite3_bind_int(st, 2, n);
    return sql_run(c, st, e);
}

static int check(const struct fhir_index *ix, struct str bytes, struct err *e)
{
    if (!str_is_type(ix->type) || !str_is_id(ix->id) || !bytes.n)
        return err_set(e, ERR_INPUT, 0, 0, "resource");
    if (bytes.n > LIMIT_RESOURCE_BYTES)
        return err_set(e, ERR_TOOBIG, 0, LIMIT_RESOURCE_BYTES, "resource");
    return ERR_OK;
}

int store_put(struct store_tx *tx, const struct fhir_index *ix, struct str bytes, enum store_origin origin,
              int64_t fetched_ms, enum store_change *change, struct err *e)
{
    char chart_room[STORE_CHART_BYTES], own_room[STORE_CHART_BYTES];
    struct str chart = store_chart_of(ix->patient, origin, chart_room);
    struct sql *c = &tx->s->w;
    struct patient_facts facts;
    struct arena a;
    struct err why = ERR_NONE;
    bool same = false;
    int64_t rid = 0;
    int code = check(ix, bytes, &why);

    /* Everything that can be refused is refused before the first write; what fails after it spoils the
     * transaction, so that no half of a row is ever committed. */
    arena_init(&a, 8u * LIMIT_RESOURCE_BYTES); /* a Patient that is all escaped names is kept, too */
    if (!code && is_patient(ix->kind))
        code = patient_read(bytes, fetched_ms, &a, &facts, &why);
    if (!code)
        code = store_tx_check(tx, find(c, ix, bytes, origin, &rid, &same, &why), &why);
    if (change)
        *change = same ? STORE_SAME : rid ? STORE_CHANGED : STORE_NEW;
    if (!code && !same) {
        if (rid)
            code = keep_prior(c, rid, ix, &why);
        if (!code && !(code = write_row(c, rid, ix, chart, origin, fetched_ms, bytes, &why)) && !rid) {
            rid = sqlite3_last_insert_rowid(c->db);
            code = count_add(c, ix->type, 1, &why);
        }
        if (!code && is_patient(ix->kind))
            code = patient_put(tx, rid, store_chart_of(ix->id, origin, own_room), origin, &facts, &why);
        if (!code)
            code = fact_put(c, rid, ix, origin, &why);
        store_tx_check(tx, code, &why);
    }
    arena_fini(&a);
    if (code && e)
        *e = why;
    return code;
}

int store_delete(struct store_tx *tx, struct str type, struct str id, enum store_origin origin, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    sqlite3_stmt *st;
    int64_t rid = 0;
    int code = sql_use(c, SQL_FIND, &st, &why);

    if (!code) {
        bind_name(st, origin, type, id);
        if ((code = sql_step(c, st, &why)) == 1) {
            rid = sqlite3_column_int64(st, 0);
            code = ERR_OK;
        }
        sql_done(st);
    }
    if (!code && rid && !(code = fact_drop(c, rid, &why)) && !(code = drop_row(c, SQL_PRIOR_DROP, rid, &why)) &&
        !(code = drop_row(c, SQL_DELETE, rid, &why)) && !(code = count_add(c, type, -1, &why)))
        code = patient_drop(tx, rid, &why);
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

/* --- reading one ------------------------------------------------------------------------------- */

static int get_of(struct store *s, int origin, struct str type, struct str id, struct buf *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(&s->r, SQL_BODY, &st, e);

    if (code)
        return code;
    bind_name(st, origin, type, id);
    if ((code = sql_step(&s->r, st, e)) == 1)
        code = body_unpack(&s->r.body, sql_column(st, 2), (enum body_codec)sqlite3_column_int(st, 1),
                           (size_t)sqlite3_column_int64(st, 0), out, e);
    else if (code == 0)
        code = ERR_NOTFOUND;
    sql_done(st);
    return code;
}

int store_get(struct store *s, struct str type, struct str id, struct buf *out, struct err *e)
{
    char name[LIMIT_ID_BYTES + 80];
    bool file = store_file_id(&id);
    int code = str_is_type(type) && str_is_id(id) ? ERR_OK : ERR_NOTFOUND;

    if (!code) {
        if ((code = store_read_begin(s, e)))
            return code;
        code = get_of(s, file ? STORE_FILE_IMPORT : STORE_SERVER, type, id, out, e);
        if (code == ERR_NOTFOUND && !file)
            code = get_of(s, STORE_FILE_IMPORT, type, id, out, e);
        store_read_end(s);
    }
    if (code == ERR_NOTFOUND) {
        snprintf(name, sizeof name, "%.*s/%s%.*s", (int)(type.n > 64 ? 64 : type.n), type.p,
                 file ? STORE_FILE_PREFIX : "", (int)(id.n > 64 ? 64 : id.n), id.p);
        err_set(e, ERR_NOTFOUND, 0, 0, name);
    }
    return code;
}

int store_prior(struct store *s, struct str type, struct str id, struct buf *out, char version[STORE_VERSION_BYTES],
                struct err *e)
{
    int origin = store_file_id(&id) ? STORE_FILE_IMPORT : STORE_SERVER;
    sqlite3_stmt *st;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    if (!(code = sql_use(&s->r, SQL_PRIOR_GET, &st, e))) {
        bind_name(st, origin, type, id);
        if ((code = sql_step(&s->r, st, e)) == 1) {
            struct str v = sql_column(st, 3);

            snprintf(version, STORE_VERSION_BYTES, "%.*s", (int)(v.n < STORE_VERSION_BYTES ? v.n : 0), v.p);
            code = body_unpack(&s->r.body, sql_column(st, 2), (enum body_codec)sqlite3_column_int(st, 1),
                               (size_t)sqlite3_column_int64(st, 0), out, e);
        } else if (!code)
            code = err_set(e, ERR_NOTFOUND, 0, 0, "prior");
        sql_done(st);
    }
    store_read_end(s);
    return code;
}

bool store_has(struct store *s, struct str type, struct str id, struct str version)
{
    int origin = store_file_id(&id) ? STORE_FILE_IMPORT : STORE_SERVER;
    sqlite3_stmt *st;
    bool found = false;

    if (store_read_begin(s, NULL))
        return false;
    if (!sql_use(&s->r, SQL_HAS, &st, NULL)) {
        bind_name(st, origin, type, id);
        sql_bind(st, 5, version);
        found = sql_step(&s->r, st, NULL) == 1;
        sql_done(st);
    }
    store_read_end(s);
    return found;
}
