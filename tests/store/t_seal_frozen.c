/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stores that earlier versions wrote open for ever: with their passphrase, with their data key, with a log that nobody
 * closed, with two slots and a superblock left half changed, and a whole profile of schema 3. make_frozen wrote them;
 * FORMAT fixes every byte's order, so that they are the same on every machine.
 * Planted faults: seal-format-drift (pages are bound to another version number: a store made today opens, yesterday's
 * does not).
 */
#include "config.h"

#include "tests/store/made.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/copy.h"
#include "store/room.h"
#include "tests/store/frozen.h"
#include "tests/store/seal_help.h"

static bool lay(const char *name, const char *to)
{
    const char *top = getenv("top_srcdir");
    char path[1100];
    unsigned char *p;
    size_t n;

    snprintf(path, sizeof path, "%s/tests/store/frozen/%s", top ? top : ".", name);
    p = help_read(path, &n);
    if (n)
        help_write(to, p, n);
    mem_free(p);
    return n > 0;
}

static void holds(sqlite3 *db, int64_t rows)
{
    sqlite3 *plain = NULL;
    unsigned char a[CRYPT_HASH], b[CRYPT_HASH];
    int rc;

    CU_ASSERT_EQUAL_FATAL(sqlite3_open(":memory:", &plain), SQLITE_OK);
    CU_ASSERT_EQUAL(help_sql(plain, FROZEN_SCHEMA FROZEN_ROWS("1", "24")), SQLITE_OK);
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM frozen", NULL), rows);
    CU_ASSERT(help_digest(db, "SELECT * FROM frozen ORDER BY n", a, &rc));
    CU_ASSERT(help_digest(plain, "SELECT * FROM frozen ORDER BY n", b, &rc));
    CU_ASSERT(!memcmp(a, b, sizeof a));
    CU_ASSERT_EQUAL(help_int(db, "SELECT n FROM frozen WHERE v='row 19, \xc3\xa9t\xc3\xa9 5 mg'", NULL), 19);
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", NULL), 0);
    sqlite3_close(plain);
}

static void opens_with(const char *name, const char *words, bool log)
{
    struct secret *p = words ? made_pass(words) : NULL;
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    struct help h;
    sqlite3 *db;
    char wal[64];

    help_init(&h);
    memset(dek, FROZEN_KEY, sizeof dek);
    snprintf(wal, sizeof wal, "%s-wal", name);
    CU_ASSERT_FATAL(lay(name, h.path));
    CU_ASSERT(!log || lay(wal, h.wal));
    CU_ASSERT_EQUAL_FATAL(p ? seal_unlock(h.path, p, &k, NULL) : seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    for (int time = 0; time < 2; time++) { /* and again behind the checkpoint that a close makes */
        CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
        holds(db, 24);
        CU_ASSERT_EQUAL(help_sql(db, "INSERT INTO frozen VALUES(99, 'goes on', 0); DELETE FROM frozen WHERE n=99"), SQLITE_OK);
        sqlite3_close(db);
    }
    CU_ASSERT(!seal_wal_damaged(k) && seal_bad_page(k) == 0);
    seal_keys_free(k);
    secret_free(p);
    help_fini(&h);
}

/* Planted fault: seal-format-drift. */
static void plain_store(void)
{
    opens_with("plain.wdb", NULL, false);
    opens_with("plain.wdb", FROZEN_PASS, false);
}

static void open_log(void)
{
    opens_with("log.wdb", FROZEN_PASS, true);
}

static void two_slots(void)
{
    struct secret *wrong = made_pass("nobody's words");
    struct seal_keys *k = NULL;
    struct help h;

    opens_with("two-slots.wdb", FROZEN_PASS, false);
    opens_with("two-slots.wdb", FROZEN_SECOND, false);
    help_init(&h);
    CU_ASSERT_FATAL(lay("two-slots.wdb", h.path));
    CU_ASSERT_EQUAL(seal_unlock(h.path, wrong, &k, NULL), ERR_PASSPHRASE);
    secret_free(wrong);
    help_fini(&h);
}

/* It was made without pointer maps; a rotation gives it some, and then its file can shrink. */
static void gives_back(struct store *s, const struct secret *p)
{
    struct store_slot dropped[STORE_SLOTS];
    struct store_room room;
    unsigned n;

    CU_ASSERT(store_room(s, &room, NULL) == ERR_OK && !room.shrinks);
    CU_ASSERT_EQUAL(store_rotate(s, &(struct store_proof){.secret = p}, NULL, dropped, &n, NULL), ERR_OK);
    CU_ASSERT(store_room(s, &room, NULL) == ERR_OK && room.shrinks);
}

static void profile(void)
{
    struct secret *p = made_pass(FROZEN_PASS);
    struct store_key *k = NULL;
    struct store *s = NULL;
    struct store_mark m;
    struct err e = ERR_NONE;
    char home[64], path[100];
    struct buf b;

    made_home(home);
    snprintf(path, sizeof path, "%s/%s", home, STORE_FILE);
    CU_ASSERT_FATAL(lay("profile-3.wdb", path));
    CU_ASSERT_EQUAL_FATAL(store_unlock(home, p, &k, &e), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(store_open(home, k, &s, &e), ERR_OK);
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    CU_ASSERT_EQUAL(store_get(s, STR("Patient"), STR("f1"), &b, NULL), ERR_OK);
    CU_ASSERT(str_is(buf_str(&b), FROZEN_PATIENT));
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_get(s, STR("Observation"), STR("f2"), &b, NULL), ERR_OK);
    CU_ASSERT(str_is(buf_str(&b), FROZEN_RESULT));
    CU_ASSERT(store_mark_get(s, STR("Patient"), &m, NULL) == ERR_OK && m.mark_ms == FROZEN_MARK);
    buf_fini(&b);
    gives_back(s, p);
    store_close(s);
    secret_free(p);
    made_remove(home);
}

static const struct unit_test tests[] = {
    {"a store, by its key and by its passphrase", plain_store},
    {"a store with a log that nobody closed", open_log},
    {"a store with two slots and one newer superblock", two_slots},
    {"a profile of schema 3", profile},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal-frozen", tests, sizeof tests / sizeof *tests);
}
