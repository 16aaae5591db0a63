/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory that runs out and files that fail, at the first such call, the second, and so on until a pass in
 * which none does. Run it under --enable-sanitizers too: then nothing may leak either.
 */
#include "config.h"

#include "tests/store/made.h"

#include "base/fault.h"
#include "base/limits.h"

#ifdef FAULT_INJECTION

static const struct str patient = STR("{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"\xc3\x96zt\\u00fcrk\",\"given\":[\"Ay\xc5\x9f" "e\"]}],"
                                      "\"birthDate\":\"1984-02-03\",\"identifier\":[{\"value\":\"123 456\"}]}");

static int two_rows_and_a_mark(struct store *s, struct err *e)
{
    struct fhir_index p = made_index("Patient", "p1", "p1", "", FHIR_NO_DATE), o = made_index("Observation", "o1", "p1", "labs", 5);
    struct store_mark m = {.type = "Patient", .mark_ms = 5};
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, e);

    if (code)
        return code;
    /* Codes are passed over on purpose: a spoilt transaction must refuse to commit by itself. Only what was
     * refused before its first write (ERR_NOMEM while reading) is the caller's to act on. */
    if ((code = store_put(tx, &o, STR("{\"value\":0.10}"), STORE_SERVER, 1, NULL, e)) ||
        (code = store_put(tx, &p, patient, STORE_SERVER, 1, NULL, e))) {
        store_rollback(tx);
        return code;
    }
    store_mark_put(tx, &m, e);
    return store_commit(tx, e);
}

static int note(void *arg, const struct store_row *row)
{
    ++*(int *)arg;
    return row->type.n && row->id.n ? 0 : 1;
}

static int listed(void *arg, const struct store_patient *p)
{
    CU_ASSERT(str_is(p->name, "\xc3\x96ZT\xc3\x9cRK, Ay\xc5\x9f" "e") && str_is(p->birth, "1984-02-03"));
    ++*(int *)arg;
    return 0;
}

/* Everything or nothing is there. */
static int whole(struct store *s)
{
    struct store_query q = {.bytes = true};
    struct store_mark m;
    int rows = 0, lines = 0;

    CU_ASSERT_EQUAL(store_each(s, &q, note, &rows, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_patients(s, STR("ozt 123456 aysr"), 0, 10, listed, &lines, NULL), ERR_OK);
    CU_ASSERT_EQUAL(lines, 0);
    CU_ASSERT_EQUAL(store_patients(s, STR("ozt 123456 ay"), 0, 10, listed, &lines, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_mark_get(s, STR("Patient"), &m, NULL), ERR_OK);
    CU_ASSERT((rows == 2 && lines == 1 && m.mark_ms == 5) || (rows == 0 && lines == 0 && m.mark_ms == 0));
    return rows;
}

static void take_out(struct store *s)
{
    struct store_mark m = {.type = "Patient"};
    struct store_tx *tx;
    struct err e;

    CU_ASSERT_EQUAL_FATAL(store_begin(s, false, &tx, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Patient"), STR("p1"), STORE_SERVER, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Observation"), STR("o1"), STORE_SERVER, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_mark_put(tx, &m, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, &e), ERR_OK);
}

static void writing(void)
{
    char home[64];
    struct store *s = made_store(home);
    bool done = false;

    for (unsigned long n = 1; !done && n < 2000; n++) {
        struct err e = ERR_NONE;
        int code;

        fault_arm(FAULT_MEM, n);
        code = two_rows_and_a_mark(s, &e);
        done = fault_count(FAULT_MEM) < n;
        fault_arm(FAULT_MEM, 0);
        CU_ASSERT(code == ERR_OK || code == ERR_NOMEM);
        CU_ASSERT_EQUAL(whole(s), code ? 0 : 2);
        if (done)
            CU_ASSERT_EQUAL(code, ERR_OK);
        CU_ASSERT_EQUAL(two_rows_and_a_mark(s, &e), ERR_OK);
        CU_ASSERT_EQUAL(whole(s), 2);
        take_out(s);
    }
    CU_ASSERT(done);
    made_end(s, home);
}

static int read_all(struct store *s)
{
    struct store_query q = {.bytes = true, .patient = STR("p1"), .newest_first = true};
    struct buf b;
    int rows = 0, lines = 0, code;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    if (!(code = store_get(s, STR("Patient"), STR("p1"), &b, NULL))) {
        CU_ASSERT(str_eq(buf_str(&b), patient));
        if (!(code = store_each(s, &q, note, &rows, NULL))) {
            CU_ASSERT_EQUAL(rows, 2);
            if (!(code = store_patients(s, STR("ozt ay"), 0, 10, listed, &lines, NULL)))
                CU_ASSERT_EQUAL(lines, 1);
        }
    }
    buf_fini(&b);
    return code;
}

static void reading(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct err e;
    bool done = false;

    CU_ASSERT_EQUAL(two_rows_and_a_mark(s, &e), ERR_OK);
    CU_ASSERT_EQUAL(made_patient(s, "p2", STORE_SERVER, "\"name\":[{\"family\":\"Ozu\"},{\"family\":\"Aylin\"}]"), ERR_OK);
    CU_ASSERT_EQUAL(made_patient(s, "p3", STORE_SERVER, "\"name\":[{\"family\":\"Ozoz\"}]"), ERR_OK);
    for (unsigned long n = 1; !done && n < 2000; n++) {
        int code;

        fault_arm(FAULT_MEM, n);
        code = read_all(s);
        done = fault_count(FAULT_MEM) < n;
        fault_arm(FAULT_MEM, 0);
        CU_ASSERT_EQUAL(code, done ? ERR_OK : ERR_NOMEM);
    }
    CU_ASSERT(done);
    made_end(s, home);
}

/* Making and opening: after each failure the home holds no half a store, and another try works. */
static void making(enum fault_kind kind)
{
    bool done = false;

    for (unsigned long n = 1; !done && n < 1000; n++) {
        struct secret *p = made_pass("correct horse");
        struct store_key *k = NULL;
        struct store *s = NULL;
        char home[64], path[100];
        struct err e;
        int code, created;

        made_home(home);
        snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
        fault_arm(kind, n);
        if (!(code = created = store_create(home, p, &made_kdf, &e)) && !(code = store_unlock(home, p, &k, &e)))
            code = store_open(home, k, &s, &e);
        done = fault_count(kind) < n;
        fault_arm(kind, 0);
        CU_ASSERT_EQUAL(created == ERR_OK, access(path, F_OK) == 0); /* not made, and yet there: init would say EXISTS */
        CU_ASSERT_EQUAL(code == ERR_OK, s != NULL);
        if (done)
            CU_ASSERT_EQUAL(code, ERR_OK);
        store_close(s);
        s = NULL;
        if (done || n % 8 == 0) { /* not each time: it runs the KDF twice */
            code = store_create(home, p, &made_kdf, &e);
            CU_ASSERT_EQUAL(code, created ? ERR_OK : ERR_EXISTS);
            s = made_open(home);
            CU_ASSERT_PTR_NOT_NULL_FATAL(s);
            CU_ASSERT_EQUAL(two_rows_and_a_mark(s, &e), ERR_OK);
        }
        secret_free(p);
        made_end(s, home);
    }
    CU_ASSERT(done);
}

static void making_without_memory(void)
{
    making(FAULT_MEM);
}

static void making_without_files(void)
{
    making(FAULT_IO);
}

#else

static void writing(void)
{
    unit_skip("not configured with --enable-fault-injection");
}
#define reading writing
#define making_without_memory writing
#define making_without_files writing

#endif

static const struct unit_test tests[] = {
    {"without memory a write is whole or nothing", writing},
    {"without memory a read is right or an error", reading},
    {"a store is made whole or not at all, without memory", making_without_memory},
    {"and with files that fail", making_without_files},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("fault", tests, sizeof tests / sizeof *tests);
}
