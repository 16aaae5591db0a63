/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/store/seal_help.h"

static const struct crypt_kdf cheap = {CRYPT_KDF_MIN_PASSES, CRYPT_KDF_MIN_MEM};

static struct secret *phrase(const char *z)
{
    struct secret *s = secret_new(64);

    secret_set(s, z, strlen(z));
    return s;
}

static void round_trip(void)
{
    struct secret *right = phrase("correct horse battery"), *wrong = phrase("correct horse batterz");
    struct seal_keys *k = NULL;
    struct seal_superblocks sb;
    struct help h;
    sqlite3 *db, *reader;

    help_init(&h);
    CU_ASSERT_EQUAL(seal_create(h.path, right, &cheap, &k, NULL), ERR_OK);
    seal_keys_free(k);
    CU_ASSERT_EQUAL(seal_create(h.path, right, &cheap, &k, NULL), ERR_EXISTS);
    CU_ASSERT_EQUAL(seal_unlock(h.path, wrong, &k, NULL), ERR_PASSPHRASE);
    CU_ASSERT_PTR_NULL(k);
    CU_ASSERT_EQUAL_FATAL(seal_unlock(h.path, right, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "CREATE TABLE t(a); INSERT INTO t VALUES('five mg'),(zeroblob(9000))"), SQLITE_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reader = help_open(&h, k, true));
    CU_ASSERT_EQUAL(help_int(reader, "SELECT count(*) FROM t", NULL), 2);
    CU_ASSERT_EQUAL(help_sql(reader, "INSERT INTO t VALUES(3)"), SQLITE_READONLY);
    CU_ASSERT_EQUAL(help_sql(db, "INSERT INTO t VALUES(3)"), SQLITE_OK);
    CU_ASSERT_EQUAL(help_int(reader, "SELECT count(*) FROM t", NULL), 3);
    CU_ASSERT_EQUAL(seal_inspect(h.path, k, &sb, NULL), ERR_OK);
    CU_ASSERT(sb.a_whole && sb.b_whole && sb.format == 1 && sb.kdf.passes == 3);
    sqlite3_close(reader);
    sqlite3_close(db);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM t WHERE a='five mg'", NULL), 1);
    sqlite3_close(db);
    seal_keys_free(k);
    secret_free(right);
    secret_free(wrong);
    help_fini(&h);
}

static const struct unit_test tests[] = {
    {"a store opens with its passphrase and no other", round_trip},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal", tests, sizeof tests / sizeof *tests);
}
