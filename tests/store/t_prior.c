/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The version that a correction corrected stays. Kills tests/mutants/store-prior-stays.patch: a row that takes
 * the place of a deleted one gets its earlier version.
 */
#include "config.h"

#include "tests/store/older.h"

#include "store/priv.h"

static void put(struct store *s, const char *version, const char *status, const char *bytes)
{
    struct fhir_index ix = made_index("Observation", "k", "p", "labs", 1);

    ix.version = str_of(version);
    ix.status = str_of(status);
    CU_ASSERT_EQUAL(made_put(s, &ix, str_of(bytes), STORE_SERVER, NULL), ERR_OK);
}

static void expect_prior(struct store *s, const char *version, const char *bytes)
{
    char got[STORE_VERSION_BYTES] = "";
    struct buf out;
    int code;

    buf_init(&out, 1000);
    code = store_prior(s, STR("Observation"), STR("k"), &out, got, NULL);
    CU_ASSERT_EQUAL(code, bytes ? ERR_OK : ERR_NOTFOUND);
    UNIT_STR(out.p ? out.p : "", bytes ? bytes : "");
    UNIT_STR(got, version);
    buf_fini(&out);
}

static void kept(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct store_tx *tx;

    put(s, "1", "final", "{\"a\":1}");
    put(s, "2", "final", "{\"a\":2}");
    expect_prior(s, "", NULL); /* a change that is no correction keeps nothing */
    put(s, "3", "corrected", "{\"a\":3}");
    expect_prior(s, "2", "{\"a\":2}");
    put(s, "3", "corrected", "{\"a\":3}");
    put(s, "3", "corrected", "{ \"a\":3}"); /* the same version in other bytes is no earlier one */
    expect_prior(s, "2", "{\"a\":2}");
    put(s, "4", "entered-in-error", "{\"a\":4}");
    expect_prior(s, "3", "{ \"a\":3}");
    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Observation"), STR("k"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    put(s, "5", "final", "{\"a\":5}"); /* a new row, which may get the old one's number */
    expect_prior(s, "", NULL);
    made_end(s, home);
}

/* A store of the first version is brought up to date where it is opened, and nothing of it is lost. */
static void from_version_1(void)
{
    char home[64];
    struct store *s = made_store(home);
    int64_t version = 0;

    put(s, "1", "final", "{\"a\":1}");
    older_turn(s, 1);
    store_close(s);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(sql_number(&s->w, "PRAGMA user_version", &version, NULL), ERR_OK);
    CU_ASSERT_EQUAL(version, schema_version());
    put(s, "2", "amended", "{\"a\":2}");
    expect_prior(s, "1", "{\"a\":1}");
    store_close(s);
    s = made_open(home);
    expect_prior(s, "1", "{\"a\":1}");
    made_end(s, home);
}

static const struct unit_test tests[] = {
    {"a correction keeps what it corrected", kept},
    {"a store of version 1 is brought up to date", from_version_1},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("prior", tests, sizeof tests / sizeof *tests);
}
