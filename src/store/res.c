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

void store_bind_name(sqlite3_stmt *st, int origin, struct str type, struct str id)
{
    sqlite3_bind_int64(st, 1, store_hash(origin, type, id));
    sqlite3_bind_int(st, 2, origin);
    short_bind_word(st, 3, type);
    short_bind_id(st, 4, id);
}

/* --- writing ----------------------------------------------------------------------------------- */

int res_look(struct sql *c, int origin, struct str type, struct str id, struct res_row *out, int64_t size,
             struct buf *bytes, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_FIND, &st, e);

    *out = (struct res_row){.op = RES_RECEIVED};
    if (code)
        return code;
    store_bind_name(st, origin, type, id);
    if ((code = sql_step(c, st, e)) == 1) {
        struct str v = sql_column(st, 6);

        code = ERR_OK;
        out->rid = sqlite3_column_int64(st, 0);
        out->current = sqlite3_column_int(st, 4) == FHIR_INDEX_REV;
        if (sqlite3_column_type(st, 5) != SQLITE_NULL)
            out->op = sqlite3_column_int64(st, 5);
        out->version_n = v.n < sizeof out->version ? v.n : 0;
        memcpy(out->version, v.p, out->version_n);
        out->updated_ms = sqlite3_column_int64(st, 7);
        out->fetched_ms = sqlite3_column_int64(st, 8);
        if (bytes && (size < 0 || size == sqlite3_column_int64(st, 1)))
            code = body_unpack(&c->body, sql_column(st, 3), (enum body_codec)sqlite3_column_int(st, 2),
                               (size_t)sqlite3_column_int64(st, 1), bytes, e);
    }
    sql_done(st);
    return code;
}

/* The row that is there, and whether its bytes and its index are the same already. */
static int find(struct sql *c, const struct fhir_index *ix, struct str bytes, int origin, struct res_row *row,
                bool *same, struct err *e)
{
    struct buf old;
    int code;

    buf_init(&old, LIMIT_RESOURCE_BYTES);
    code = res_look(c, origin, ix->type, ix->id, row, (int64_t)bytes.n, &old, e);
    *same = !code && row->rid && row->current && row->op == RES_RECEIVED && str_eq(buf_str(&old), bytes);
    if (code == ERR_DAMAGED && row->rid) /* what is unreadable is replaced by what has just come */
        code = ERR_OK;
    buf_fini(&old);
    return code;
}

static int write_row(struct sql *c, int64_t rid, const struct fhir_index *ix, struct str chart,
                     const struct text_entry *words, const struct res_put *p, struct err *e)
{
    enum body_codec codec;
    sqlite3_stmt *st;
    char *packed;
    size_t n;
    int code = body_pack(&c->body, p->bytes, &packed, &n, &codec, e);

    if (code)
        return code;
    if (!(code = sql_use(c, rid ? SQL_UPDATE : SQL_INSERT, &st, e))) {
        if (rid)
            sqlite3_bind_int64(st, 20, rid);
        else
            store_bind_name(st, (int)p->origin, ix->type, ix->id);
        sql_bind(st, 5, ix->version);
        sqlite3_bind_int64(st, 6, ix->updated_ms);
        if (chart.n)
            sqlite3_bind_int64(st, 7, store_chart_hash(chart));
        short_bind_id(st, 8, chart);
        short_bind_date(st, 9, ix->date, ix->date_ms);
        sqlite3_bind_int64(st, 10, ix->date_ms == FHIR_NO_DATE ? STORE_UNDATED : ix->date_ms);
        sql_bind(st, 11, ix->status);
        short_bind_word(st, 12, ix->section);
        text_bind_mark(st, 13, words);
        sqlite3_bind_int64(st, 14, p->fetched_ms);
        sqlite3_bind_int(st, 15, FHIR_INDEX_REV);
        sqlite3_bind_int64(st, 16, (int64_t)p->bytes.n);
        sqlite3_bind_int(st, 17, codec);
        sqlite3_bind_blob64(st, 18, packed, n, SQLITE_STATIC);
        if (p->op != RES_RECEIVED)
            sqlite3_bind_int64(st, 19, p->op);
        code = sql_run(c, st, e);
    }
    mem_wipe(packed, n);
    return code;
}

int res_keep_prior(struct sql *c, int64_t rid, const struct fhir_index *ix, struct err *e)
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

int res_check(const struct fhir_index *ix, struct str bytes, struct err *e)
{
    if (!str_is_type(ix->type) || !str_is_id(ix->id) || !bytes.n)
        return err_set(e, ERR_INPUT, 0, 0, "resource");
    if (bytes.n > LIMIT_RESOURCE_BYTES)
        return err_set(e, ERR_TOOBIG, 0, LIMIT_RESOURCE_BYTES, "resource");
    return ERR_OK;
}

int res_read(const struct fhir_index *ix, const struct res_put *p, struct arena *a, struct patient_facts *facts,
             struct err *e)
{
    return is_patient(ix->kind) ? patient_read(p->bytes, p->now_ms, a, facts, e) : ERR_OK;
}

int res_set(struct store_tx *tx, int64_t *rid, const struct fhir_index *ix, const struct res_put *p,
            const struct patient_facts *facts, struct err *e)
{
    char chart_room[STORE_CHART_BYTES], own_room[STORE_CHART_BYTES];
    struct sql *c = &tx->s->w;
    struct str chart = store_chart_of(ix->patient, p->origin, chart_room);
    struct text_entry words;
    int code = text_begin(c, *rid, ix->words, chart, &words, e);

    if (!code)
        code = write_row(c, *rid, ix, chart, &words, p, e);
    if (!code && !*rid) {
        *rid = sqlite3_last_insert_rowid(c->db);
        code = count_add(c, ix->type, 1, e);
    }
    if (!code)
        code = text_end(c, *rid, &words, e);
    text_free(&words);
    if (!code && is_patient(ix->kind))
        code = patient_put(tx, *rid, store_chart_of(ix->id, p->origin, own_room), p->origin, facts, e);
    return code ? code : fact_put(c, *rid, ix, p->origin, e);
}

int store_put(struct store_tx *tx, const struct fhir_index *ix, struct str bytes, enum store_origin origin,
              int64_t fetched_ms, enum store_change *change, struct err *e)
{
    const struct res_put put = {.bytes = bytes, .origin = origin, .fetched_ms = fetched_ms,
                                .now_ms = fetched_ms, .op = RES_RECEIVED};
    struct sql *c = &tx->s->w;
    enum store_change how = STORE_NEW;
    struct patient_facts facts;
    struct res_row row = {.rid = 0};
    struct arena a;
    struct err why = ERR_NONE;
    bool same = false;
    int code = res_check(ix, bytes, &why);

    /* Everything that can be refused is refused before the first write; what fails after it spoils the
     * transaction, so that no half of a row is ever committed. */
    arena_init(&a, RES_READ_BYTES);
    if (!code)
        code = res_read(ix, &put, &a, &facts, &why);
    if (!code)
        code = store_tx_check(tx, find(c, ix, bytes, (int)origin, &row, &same, &why), &why);
    if (!code)
        how = same ? STORE_SAME : row.rid ? STORE_CHANGED : STORE_NEW;
    if (!code && row.rid && row.op >= 0 && !same && !str_eq(ix->version, (struct str){row.version, row.version_n}))
        code = store_tx_check(tx, op_replaced(c, row.rid, ix->version, &same, &why), &why);
    if (!code && same) {
        how = STORE_SAME;
    } else if (!code && row.op > 0) {
        code = store_tx_check(tx, edit_beside(c, row.rid, ix, &put, &how, &why), &why);
    } else if (!code && !same) {
        /* The bytes of an edit that was acknowledged are no version of the server's. */
        if (row.rid && row.op == RES_RECEIVED)
            code = res_keep_prior(c, row.rid, ix, &why);
        if (!code)
            code = res_set(tx, &row.rid, ix, &put, &facts, &why);
        store_tx_check(tx, code, &why);
    }
    arena_fini(&a);
    if (change)
        *change = how;
    if (code && e)
        *e = why;
    return code;
}

int res_drop(struct store_tx *tx, int64_t rid, struct str type, struct err *e)
{
    static const enum sql_id hangs[] = {SQL_PRIOR_DROP, SQL_THEIRS_DROP, SQL_OP_FORGET, SQL_DELETE};
    struct sql *c = &tx->s->w;
    int code = text_drop(c, rid, e);

    if (!code)
        code = fact_drop(c, rid, e);
    if (!code && !(code = sql_run_with(c, SQL_BLOB_FORGET, rid, e)) && sqlite3_changes(c->db))
        tx->s->loose = true;
    for (size_t i = 0; !code && i < sizeof hangs / sizeof *hangs; i++)
        code = sql_run_with(c, hangs[i], rid, e);
    if (!code && !(code = count_add(c, type, -1, e)))
        code = patient_drop(tx, rid, e);
    return code;
}

int store_delete(struct store_tx *tx, struct str type, struct str id, enum store_origin origin, struct err *e)
{
    struct sql *c = &tx->s->w;
    struct err why = ERR_NONE;
    struct res_row row;
    int code = res_look(c, (int)origin, type, id, &row, -1, NULL, &why);

    if (!code && row.rid)
        code = row.op > 0 ? edit_gone(c, row.rid, &why) : res_drop(tx, row.rid, type, &why);
    store_tx_check(tx, code, &why);
    if (code && e)
        *e = why;
    return code;
}

/* --- indexing again -------------------------------------------------------------------------------- */

/* What the row says of itself, in whichever form. */
static void as_it_is(sqlite3_stmt *st, struct fhir_index *ix, char id[SHORT_ROOM], char patient[SHORT_ROOM],
                     char date[SHORT_ROOM])
{
    int64_t ms = sqlite3_column_int64(st, 5);

    *ix = (struct fhir_index){.type = short_word(st, 1), .id = short_id(st, 2, id), .patient = short_id(st, 3, patient),
                              .date_ms = ms == STORE_UNDATED ? FHIR_NO_DATE : ms, .status = sql_column(st, 6),
                              .section = short_word(st, 7), .words = STR("")};
    ix->date = short_date(st, 4, ms, date);
}

static int write_again(struct sql *c, int64_t rid, const struct fhir_index *ix, struct str chart, struct str bytes,
                       struct err *e)
{
    enum body_codec codec = BODY_RAW;
    struct text_entry words;
    sqlite3_stmt *st;
    char *packed = NULL;
    size_t n = 0;
    int code = text_begin(c, 0, ix->words, chart, &words, e);

    if (!code && bytes.n)
        code = body_pack(&c->body, bytes, &packed, &n, &codec, e);
    if (!code && !(code = sql_use(c, SQL_INDEX_AGAIN, &st, e))) {
        sqlite3_bind_int64(st, 1, rid);
        short_bind_word(st, 2, ix->type);
        short_bind_id(st, 3, ix->id);
        short_bind_id(st, 4, chart);
        if (chart.n)
            sqlite3_bind_int64(st, 5, store_chart_hash(chart));
        short_bind_date(st, 6, ix->date, ix->date_ms);
        sqlite3_bind_int64(st, 7, ix->date_ms == FHIR_NO_DATE ? STORE_UNDATED : ix->date_ms);
        sql_bind(st, 8, ix->status);
        short_bind_word(st, 9, ix->section);
        text_bind_mark(st, 10, &words);
        sqlite3_bind_int(st, 11, FHIR_INDEX_REV);
        if (bytes.n) {
            sqlite3_bind_int(st, 12, codec);
            sqlite3_bind_blob64(st, 13, packed, n, SQLITE_STATIC);
        }
        if (!(code = sql_run(c, st, e)))
            code = text_end(c, rid, &words, e);
    }
    text_free(&words);
    mem_wipe(packed, n);
    return code;
}

int res_index_again(struct sql *c, int64_t rid, const char *base, struct err *e)
{
    char id[SHORT_ROOM], patient[SHORT_ROOM], date[SHORT_ROOM], room[STORE_CHART_BYTES];
    enum store_origin origin;
    struct fhir_index was, ix;
    struct arena a;
    struct tape t = {.n = 0};
    struct buf raw;
    sqlite3_stmt *st;
    int code = sql_use(c, SQL_OLD_ROW, &st, e);

    if (code)
        return code;
    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    sqlite3_bind_int64(st, 1, rid);
    if ((code = sql_step(c, st, e)) == 1) {
        origin = (enum store_origin)sqlite3_column_int(st, 0);
        as_it_is(st, &was, id, patient, date);
        code = body_unpack(&c->body, sql_column(st, 10), (enum body_codec)sqlite3_column_int(st, 9),
                           (size_t)sqlite3_column_int64(st, 8), &raw, e);
        if (!code && !(code = tape_parse(&t, buf_str(&raw), e)))
            code = fhir_index(&t, origin == STORE_FILE_IMPORT ? FHIR_BASE_FILE : base, &a, &ix, e);
        if (!code) {
            code = write_again(c, rid, &ix, store_chart_of(ix.patient, origin, room), buf_str(&raw), e);
            if (!code && !(code = fact_put(c, rid, &ix, origin, e)))
                code = home_fill(c, rid, buf_str(&raw), e);
        } else if (code != ERR_NOMEM) { /* unreadable: its own bytes stay, whatever they are */
            code = write_again(c, rid, &was, was.patient, STR(""), e);
        }
    }
    sql_done(st);
    tape_fini(&t);
    arena_fini(&a);
    buf_fini(&raw);
    return code;
}

/* --- reading one ------------------------------------------------------------------------------- */

static int get_of(struct store *s, int origin, struct str type, struct str id, struct buf *out, struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(&s->r, SQL_BODY, &st, e);

    if (code)
        return code;
    store_bind_name(st, origin, type, id);
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
    char name[LIMIT_ID_BYTES + 80], now[LIMIT_ID_BYTES + 1];
    bool file = store_file_id(&id), renamed = false;
    int code = str_is_type(type) && str_is_id(id) ? ERR_OK : ERR_NOTFOUND;

    if (!code) {
        if ((code = store_read_begin(s, e)))
            return code;
        code = get_of(s, file ? STORE_FILE_IMPORT : STORE_SERVER, type, id, out, e);
        if (code == ERR_NOTFOUND && !file)
            code = get_of(s, STORE_FILE_IMPORT, type, id, out, e);
        if (code == ERR_NOTFOUND && !file && !rename_get(&s->r, type, id, now, &renamed, e) && renamed)
            code = get_of(s, STORE_SERVER, type, str_of(now), out, e);
        store_read_end(s);
    }
    if (code == ERR_NOTFOUND) {
        snprintf(name, sizeof name, "%.*s/%s%.*s", (int)(type.n > 64 ? 64 : type.n), type.p,
                 file ? STORE_FILE_PREFIX : "", (int)(id.n > 64 ? 64 : id.n), id.p);
        err_set(e, ERR_NOTFOUND, 0, 0, name);
    }
    return code;
}

static int prior_of(struct sql *c, enum sql_id by, int origin, struct str type, struct str id, struct buf *out,
                    char version[STORE_VERSION_BYTES], struct err *e)
{
    sqlite3_stmt *st;
    int code = sql_use(c, by, &st, e);

    if (code)
        return code;
    store_bind_name(st, origin, type, id);
    if ((code = sql_step(c, st, e)) == 1) {
        struct str v = sql_column(st, 3);

        snprintf(version, STORE_VERSION_BYTES, "%.*s", (int)(v.n < STORE_VERSION_BYTES ? v.n : 0), v.p);
        code = body_unpack(&c->body, sql_column(st, 2), (enum body_codec)sqlite3_column_int(st, 1),
                           (size_t)sqlite3_column_int64(st, 0), out, e);
    } else if (!code)
        code = ERR_NOTFOUND;
    sql_done(st);
    return code;
}

int store_prior(struct store *s, struct str type, struct str id, struct buf *out, char version[STORE_VERSION_BYTES],
                struct err *e)
{
    int origin = store_file_id(&id) ? STORE_FILE_IMPORT : STORE_SERVER;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    code = prior_of(&s->r, SQL_PRIOR_BASE, origin, type, id, out, version, e);
    if (code == ERR_NOTFOUND)
        code = prior_of(&s->r, SQL_PRIOR_GET, origin, type, id, out, version, e);
    store_read_end(s);
    return code == ERR_NOTFOUND ? err_set(e, code, 0, 0, "prior") : code;
}

bool store_has(struct store *s, struct str type, struct str id, struct str version)
{
    int origin = store_file_id(&id) ? STORE_FILE_IMPORT : STORE_SERVER;
    sqlite3_stmt *st;
    bool found = false;

    if (store_read_begin(s, NULL))
        return false;
    if (!sql_use(&s->r, SQL_HAS, &st, NULL)) {
        store_bind_name(st, origin, type, id);
        sql_bind(st, 5, version);
        found = sql_step(&s->r, st, NULL) == 1;
        sql_done(st);
    }
    store_read_end(s);
    return found;
}
