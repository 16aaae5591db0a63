/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stores of every older version, made by the SQL of that version, are brought up to date where they are opened:
 * nothing of them is lost, and whatever fails on the way leaves the older store, which the next start opens.
 * Kills tests/mutants/schema-outbox-lost.patch and schema-in-two.patch.
 */
#include "config.h"

#include "tests/store/older.h"

#include "base/fault.h"
#include "base/limits.h"
#include "store/edit.h"

#define BASE "https://ward.example/fhir"
#define PATIENT "{\"resourceType\":\"Patient\",\"id\":\"p\",\"name\":[{\"family\":\"Adams\"}]}"
#define TASK                                                                                                  \
    "{\"resourceType\":\"Task\",\"id\":\"t\",\"status\":\"requested\",\"for\":{\"reference\":\"" BASE           \
    "/Patient/p\"},\"restriction\":{\"period\":{\"end\":\"2020-01-01\"}}}"
#define OLD_RESULT "{\"resourceType\":\"Observation\",\"id\":\"o\",\"valueQuantity\":{\"value\":5.0}}"
#define SENT "{\"resourceType\":\"Task\",\"id\":\"t\",\"status\":\"completed\"}"

static void insert(struct store *s, int64_t rid, const char *type, const char *id, const char *bytes)
{
    char sql[2000];

    snprintf(sql, sizeof sql,
             "INSERT INTO res(rid, key, origin, type, id, version, updated_ms, chart, patient, date, sort_ms, status, "
             "section, title, fetched_ms, index_rev, size, codec, body) VALUES(%lld, %lld, 0, '%s', '%s', '7', 1, "
             "%lld, 'p', '', 9223372036854775807, '', 'orders', '', 5, 1, %zu, 0, CAST('%s' AS BLOB))",
             (long long)rid, (long long)store_hash(0, str_of(type), str_of(id)), type, id,
             (long long)store_chart_hash(STR("p")), strlen(bytes), bytes);
    older_exec(s, sql);
    snprintf(sql, sizeof sql, "INSERT INTO count(type, n) VALUES('%s', 1)", type);
    older_exec(s, sql);
}

/* What each version can hold, in its own tables. */
static void fill(struct store *s, int version)
{
    older_exec(s, "INSERT INTO setting(name, value) VALUES('server', '" BASE "')");
    insert(s, 1, "Patient", "p", PATIENT);
    insert(s, 2, "Task", "t", TASK);
    insert(s, 3, "Observation", "o", OLD_RESULT);
    older_exec(s, "INSERT INTO patient VALUES(9, 1, 'p', 0, 'ADAMS', 'adams', 'adams', '', '', '', '', '', 'adams')");
    older_exec(s, "INSERT INTO patient_word VALUES('adams', 9)");
    older_exec(s, "INSERT INTO outbox VALUES(4, 'old-1', 'Task', 't', 'p', 1, 3, '6', 'Practitioner/1', 8, 0, 1, '', "
                  "1, 0, 'x')");
    older_exec(s, "INSERT INTO outbox VALUES(7, 'old-2', 'Task', 't', 'p', 1, 0, '7', 'Practitioner/1', 9, 0, 0, '', "
                  "length(CAST('" SENT "' AS BLOB)), 0, CAST('" SENT "' AS BLOB))");
    if (version >= 2)
        older_exec(s, "INSERT INTO res_prior VALUES(3, '6', 3, 0, 'old')");
    if (version >= 3) {
        older_exec(s, "INSERT INTO fact VALUES(2, 0, 1, 1, 1577836800000, 9, 0)");
        older_exec(s, "INSERT INTO opened VALUES(9, 5)");
    }
}

static void older_store(char home[64], int version)
{
    struct store *s = made_store(home);

    older_turn(s, version);
    fill(s, version);
    store_close(s);
}

static int one_op(void *arg, const struct store_op *op)
{
    ++*(int *)arg;
    if (op->seq == 7) {
        UNIT_STR(op->op, "old-2");
        CU_ASSERT(op->state == STORE_OP_QUEUED && op->kind == STORE_OP_UPDATE && op->since_ms == 9);
        CU_ASSERT(str_is(op->author, "Practitioner/1") && str_is(op->base_etag, "7") && str_is(op->chart, "p"));
        CU_ASSERT(str_is(op->body, SENT) && !op->base.n && !op->by_command && op->after == 0);
    } else {
        CU_ASSERT(op->seq == 4 && op->state == STORE_OP_ACKED);
    }
    return ERR_OK;
}

static int row_op(void *arg, const struct store_row *row)
{
    CU_ASSERT_EQUAL(row->op_state, str_is(row->type, "Task") ? STORE_OP_QUEUED : -1);
    ++*(int *)arg;
    return ERR_OK;
}

static int nobody(void *arg, const struct store_patient *p)
{
    CU_ASSERT(str_is(p->id, "p"));
    ++*(int *)arg;
    return ERR_OK;
}

static void expect_all(struct store *s, int version)
{
    const struct store_view due = {.scope = STORE_OVERDUE, .now_ms = MADE_NOW, .today_ms = MADE_NOW};
    const struct store_query q = {.limit = 0};
    char prior[STORE_VERSION_BYTES];
    struct store_queue_counts n;
    struct buf b;
    int64_t v = 0;
    int ops = 0, rows = 0, overdue = 0;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    CU_ASSERT_EQUAL(sql_number(&s->w, "PRAGMA user_version", &v, NULL), ERR_OK);
    CU_ASSERT_EQUAL(v, schema_version());
    CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("o"), &b, NULL), ERR_OK);
    CU_ASSERT(str_eq(buf_str(&b), STR(OLD_RESULT)));
    CU_ASSERT_EQUAL(store_view_patients(s, &due, 0, 0, nobody, &overdue, NULL), ERR_OK);
    CU_ASSERT_EQUAL(overdue, 1);
    CU_ASSERT_EQUAL(store_queue_counts(s, &n, NULL), ERR_OK);
    CU_ASSERT(n.queued == 1 && !n.indoubt && !n.conflict && !n.attention);
    CU_ASSERT_EQUAL(store_op_each(s, &(struct store_op_query){.all = true, .bytes = true}, one_op, &ops, NULL), ERR_OK);
    CU_ASSERT_EQUAL(ops, 2);
    CU_ASSERT_EQUAL(store_each(s, &q, row_op, &rows, NULL), ERR_OK);
    CU_ASSERT_EQUAL(rows, 3);
    CU_ASSERT_EQUAL(store_prior(s, STR("Observation"), STR("o"), &b, prior, NULL),
                    version >= 2 ? ERR_OK : ERR_NOTFOUND);
    buf_fini(&b);
}

/* The copy of a table that was changed stays until the next start, and no longer. */
static void expect_copy(struct store *s, bool there)
{
    int64_t n = 0;

    CU_ASSERT_EQUAL(sql_number(&s->w, "SELECT count(*) FROM sqlite_schema WHERE name='outbox_3'", &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, there);
}

static void from_each(void)
{
    for (int version = 1; version <= OLDER_NEWEST; version++) {
        char home[64];
        struct store *s;

        older_store(home, version);
        s = made_open(home);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        expect_all(s, version);
        expect_copy(s, true);
        store_close(s);
        s = made_open(home);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        expect_all(s, version);
        expect_copy(s, false);
        made_end(s, home);
    }
}

/* A new store and one that was brought up to date have the same tables. */
static void same_tables(void)
{
    static const char list[] = "SELECT name||':'||coalesce((SELECT group_concat(name||type||\"notnull\"||pk) FROM "
                               "pragma_table_info(t.name)), replace(sql,' ','')) FROM sqlite_schema t "
                               "WHERE name NOT LIKE 'sqlite_%' AND name<>'outbox_3' ORDER BY name";
    char home[64];
    struct store *s = made_store(home);
    struct buf want, got;

    buf_init(&want, 1 << 20);
    buf_init(&got, 1 << 20);
    sqlite3_set_authorizer(s->w.db, NULL, NULL);
    older_list(s, list, &want);
    made_end(s, home);
    for (int version = 1; version <= OLDER_NEWEST; version++) {
        older_store(home, version);
        s = made_open(home);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        sqlite3_set_authorizer(s->w.db, NULL, NULL);
        buf_clear(&got);
        older_list(s, list, &got);
        CU_ASSERT(want.n > 1000 && str_eq(buf_str(&want), buf_str(&got)));
        made_end(s, home);
    }
    buf_fini(&want);
    buf_fini(&got);
}

#ifdef FAULT_INJECTION

/* The version that lies there, and its rows, seen without the code that would change them. */
static int64_t version_of(const char *home)
{
    struct secret *p = made_pass("correct horse");
    struct store_key *k = NULL;
    struct sql c = {.db = NULL};
    char path[100];
    int64_t version = 0, rows = 0, ops = 0;

    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    CU_ASSERT_EQUAL_FATAL(store_unlock(home, p, &k, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(seal_open(path, k->seal, false, &c.db, NULL), ERR_OK);
    CU_ASSERT_EQUAL(sql_number(&c, "PRAGMA user_version", &version, NULL), ERR_OK);
    CU_ASSERT_EQUAL(sql_number(&c, "SELECT count(*) FROM res", &rows, NULL), ERR_OK);
    CU_ASSERT_EQUAL(sql_number(&c, "SELECT count(*) FROM outbox", &ops, NULL), ERR_OK);
    CU_ASSERT(rows == 3 && ops == 2);
    sql_close(&c);
    store_key_free(k);
    secret_free(p);
    return version;
}

/* The store as it lies there, in a home of its own: to make it anew each time would run the KDF once more. */
static void copy(const char *from, char home[64])
{
    char path[100], chunk[4096];
    FILE *in, *out;
    size_t n;

    made_home(home);
    snprintf(path, sizeof path, "%s/%s", from, STORE_FILE);
    in = fopen(path, "rb");
    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    umask(077);
    out = fopen(path, "wb");
    CU_ASSERT_FATAL(in && out);
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
        CU_ASSERT_EQUAL(fwrite(chunk, 1, n, out), n);
    fclose(in);
    fclose(out);
}

static void fails(enum fault_kind kind, int version)
{
    char made[64];
    bool done = false;

    older_store(made, version);
    for (unsigned long n = 1; !done && n < 4000; n += 1 + n / 10) {
        struct secret *p = made_pass("correct horse");
        struct store_key *k = NULL;
        struct store *s = NULL;
        char home[64];
        int code;

        copy(made, home);
        CU_ASSERT_EQUAL_FATAL(store_unlock(home, p, &k, NULL), ERR_OK);
        fault_arm(kind, n);
        code = store_open(home, k, &s, NULL);
        done = fault_count(kind) < n;
        fault_arm(kind, 0);
        CU_ASSERT_EQUAL(code == ERR_OK, s != NULL);
        if (done)
            CU_ASSERT_EQUAL(code, ERR_OK);
        store_close(s);
        if (code) {
            int64_t is = version_of(home);

            CU_ASSERT(is == version || is == schema_version());
        }
        s = made_open(home);
        CU_ASSERT_PTR_NOT_NULL_FATAL(s);
        expect_all(s, version);
        secret_free(p);
        made_end(s, home);
    }
    CU_ASSERT(done);
    made_remove(made);
}

static void without_memory(void)
{
    for (int version = 1; version <= OLDER_NEWEST; version++)
        fails(FAULT_MEM, version);
}

static void without_files(void)
{
    for (int version = 1; version <= OLDER_NEWEST; version++)
        fails(FAULT_IO, version);
}

#else

static void without_memory(void)
{
    unit_skip("not configured with --enable-fault-injection");
}
#define without_files without_memory

#endif

/* A step that cannot be done leaves the older store as it was: here a table stands in its way that no older version had. */
static void fails_midway(void)
{
    for (int version = 1; version <= OLDER_NEWEST; version++) {
        char home[64];
        struct store *s = NULL;
        struct secret *p = made_pass("correct horse");
        struct store_key *k = NULL;
        struct sql c = {.db = NULL};
        char path[100];
        int64_t is = 0, n = -1;

        s = made_store(home);
        older_turn(s, version);
        fill(s, version);
        older_exec(s, "CREATE TABLE audit(x)");
        store_close(s);
        CU_ASSERT_EQUAL_FATAL(store_unlock(home, p, &k, NULL), ERR_OK);
        CU_ASSERT_EQUAL(store_open(home, k, &s, NULL), ERR_SQL);
        snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
        CU_ASSERT_EQUAL_FATAL(store_unlock(home, p, &k, NULL), ERR_OK);
        CU_ASSERT_EQUAL_FATAL(seal_open(path, k->seal, false, &c.db, NULL), ERR_OK);
        CU_ASSERT_EQUAL(sql_number(&c, "PRAGMA user_version", &is, NULL), ERR_OK);
        CU_ASSERT_EQUAL(is, version);
        CU_ASSERT_EQUAL(sql_number(&c, "SELECT count(*) FROM sqlite_schema WHERE name IN ('fact', 'draft', 'outbox_3')",
                                   &n, NULL), ERR_OK);
        CU_ASSERT_EQUAL(n, version == 3); /* fact */
        sql_close(&c);
        store_key_free(k);
        secret_free(p);
        made_remove(home);
    }
}

struct stopping {
    unsigned calls, at; /* at: stops there; 0: never */
    uint64_t first, last, all;
};

static int stopping(void *arg, uint64_t done, uint64_t all)
{
    struct stopping *s = arg;

    s->first = s->calls++ ? s->first : done;
    CU_ASSERT(done <= all && done >= s->last);
    s->last = done;
    s->all = all;
    return s->calls == s->at;
}

static int open_told(struct store_owner *o, const char *home, struct stopping *with, struct store **s)
{
    const struct store_progress p = {stopping, with};
    struct secret *pass = made_pass("correct horse");
    struct store_key *k = NULL;

    CU_ASSERT_EQUAL_FATAL(store_unlock(home, pass, &k, NULL), ERR_OK);
    secret_free(pass);
    return store_open_told(o, k, &p, s, NULL);
}

/* Rows of an older index: how far it is, is told; what was stopped is whole up to there and goes on there; and a store of
 * this version tells nothing. Kills tests/mutants/settle-from-start.patch. */
static void told(void)
{
    enum { MORE = 900 };
    char home[64], id[32], bytes[200];
    struct store *s = made_store(home);
    struct stopping first = {.at = 2}, second = {.at = 0}, third = {.at = 0};
    struct store_owner *o = NULL;
    int64_t rev = 0;

    older_turn(s, 3);
    fill(s, 3);
    for (int i = 0; i < MORE; i++) {
        snprintf(id, sizeof id, "m%d", i);
        snprintf(bytes, sizeof bytes, "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"valueString\":\"x%d\"}", id, i);
        insert(s, 10 + i, "Basic", id, bytes);
        older_exec(s, "DELETE FROM count WHERE type='Basic'");
    }
    store_close(s);
    CU_ASSERT_EQUAL_FATAL(store_own(home, &o, NULL), ERR_OK);
    CU_ASSERT_EQUAL(open_told(o, home, &first, &s), ERR_CANCELLED);
    CU_ASSERT(!s && first.calls == 2 && first.first == LIMIT_TX_ROWS && first.last == 2 * LIMIT_TX_ROWS && first.all == MORE + 3);
    CU_ASSERT_EQUAL_FATAL(open_told(o, home, &second, &s), ERR_OK);
    CU_ASSERT(second.first == 3 * LIMIT_TX_ROWS && second.last == MORE + 3 && second.all == MORE + 3);
    CU_ASSERT_EQUAL(sql_number(&s->w, "SELECT count(*) FROM res WHERE index_rev<>2", &rev, NULL), ERR_OK);
    CU_ASSERT_EQUAL(rev, 0);
    store_close(s);
    CU_ASSERT_EQUAL_FATAL(open_told(o, home, &third, &s), ERR_OK);
    CU_ASSERT_EQUAL(third.calls, 0);
    store_close(s);
    store_disown(o);
    made_remove(home);
}

static const struct unit_test tests[] = {
    {"an opening that brings rows up to date tells how far it is, and can be stopped", told},
    {"a store of each older version keeps all that it held", from_each},
    {"and has the tables of a new one", same_tables},
    {"a step that cannot be done leaves the older store", fails_midway},
    {"so does one without memory", without_memory},
    {"and one whose files fail", without_files},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("schema", tests, sizeof tests / sizeof *tests);
}
