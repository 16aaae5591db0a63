/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * No nonce is used twice: not by two writes of SQLite's, nor by four threads, nor by a process and its forked children.
 * And a store past 1 GiB, where SQLite leaves out the page of its lock bytes, is whole.
 * Planted fault: seal-nonce-reuse (a nonce serves two pages).
 */
#include "config.h"

#include "tests/unit.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/store/disk.h"

#define KEY 7
#define WORKERS 4 /* threads, and then as many children */

static unsigned char (*nonces)[CRYPT_NONCE];
static size_t used, room;

static void take(const unsigned char *at)
{
    if (used < room)
        memcpy(nonces[used++], at, CRYPT_NONCE);
}

static void tap(void *arg, const char *path, const unsigned char *p, int n, sqlite3_int64 at)
{
    (void)arg, (void)path;
    if ((n == SEAL_PAGE && at >= SEAL_DATA_OFFSET) || n == SEAL_FRAME)
        take(p + n - SEAL_RESERVE);
}

/* Pages and frames as SQLite writes them: with spills, headers rewritten, checkpoints. */
static size_t by_sqlite(size_t want)
{
    struct seal_keys *k = NULL;
    struct help h;
    sqlite3 *db;

    disk_stop();
    help_init(&h);
    CU_ASSERT_EQUAL_FATAL(help_create(&h, KEY, &k), ERR_OK);
    disk_start();
    disk_store(&h);
    disk_tap(tap, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "PRAGMA cache_size=10; PRAGMA wal_autocheckpoint=100; CREATE TABLE t(n INTEGER PRIMARY KEY, b)"), SQLITE_OK);
    while (used < want)
        if (help_sql(db, "BEGIN; INSERT OR REPLACE INTO t WITH RECURSIVE x(n) AS (SELECT abs(random()) % 500 UNION ALL SELECT n+7 FROM x"
                         " WHERE n<500) SELECT n, zeroblob(2000) FROM x; UPDATE t SET b=zeroblob(900) WHERE n%5=1; COMMIT") != SQLITE_OK)
            break;
    sqlite3_close(db);
    seal_keys_free(k);
    disk_stop();
    help_fini(&h);
    return used;
}

struct share {
    const struct seal_keys *k;
    size_t from, to;
};

static void *seal_some(void *arg)
{
    static const unsigned char page[SEAL_PAGE], head[SEAL_FRAME_HEAD];
    const struct share *s = arg;
    unsigned char sealed[SEAL_FRAME];

    for (size_t i = s->from; i < s->to; i++) {
        if (i & 1)
            seal_page_put(s->k, i, page, sealed);
        else
            seal_frame_put(s->k, i * SEAL_FRAME, head, page, sealed);
        memcpy(nonces[i], sealed + (i & 1 ? SEAL_PAGE : SEAL_FRAME) - SEAL_RESERVE, CRYPT_NONCE);
    }
    return NULL;
}

static void in_threads(const struct seal_keys *k, size_t from, size_t to)
{
    struct share s[WORKERS];
    pthread_t t[WORKERS];

    for (size_t i = 0; i < WORKERS; i++) {
        s[i] = (struct share){k, from + (to - from) * i / WORKERS, from + (to - from) * (i + 1) / WORKERS};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&t[i], NULL, seal_some, &s[i]), 0);
    }
    for (size_t i = 0; i < WORKERS; i++)
        pthread_join(t[i], NULL);
}

/* Children that go on with their parent's key, as no store of ours does, and a child of each. */
static void in_children(const struct seal_keys *k, size_t from, size_t to)
{
    fflush(NULL);
    for (size_t i = 0; i < WORKERS; i++) {
        struct share s = {k, from + (to - from) * i / WORKERS, from + (to - from) * (i + 1) / WORKERS};
        size_t half = s.from + (s.to - s.from) / 2;

        if (!fork()) {
            bool grandchild = fork() == 0;

            seal_some(&(struct share){k, grandchild ? half : s.from, grandchild ? s.to : half});
            while (wait(NULL) > 0)
                ;
            _exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
}

static int order(const void *a, const void *b)
{
    return memcmp(a, b, CRYPT_NONCE);
}

static void never_twice(void)
{
    const size_t bytes = (room = help_full() ? 10000000 : 100000) * CRYPT_NONCE;
    unsigned char dek[CRYPT_KEY], id[SEAL_FILE_ID] = {3};
    size_t twice = 0, by_sql;
    struct seal_keys *k;

    nonces = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(nonces != MAP_FAILED);
    help_dek(dek, KEY);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k = seal_keys_new(dek, id));
    used = 0;
    by_sql = by_sqlite(room / 5);
    CU_ASSERT(by_sql >= room / 5);
    in_threads(k, by_sql, room / 2);
    in_children(k, room / 2, room / 4 * 3);
    in_threads(k, room / 4 * 3, room);
    qsort(nonces, room, CRYPT_NONCE, order);
    for (size_t i = 1; i < room; i++)
        twice += !memcmp(nonces[i - 1], nonces[i], CRYPT_NONCE);
    CU_ASSERT_EQUAL(twice, 0);
    help_proof("nonces, none twice", room, "page and frame writes");
    munmap(nonces, bytes);
    seal_keys_free(k);
}

/* --- 1 GiB --------------------------------------------------------------------------------------- */

#define LOCK_PAGE (0x40000000 / SEAL_PAGE + 1) /* sqlite.org/fileformat2.html 1.4 */

static void every_page_verifies(const struct help *h, const struct seal_keys *k)
{
    static unsigned char sealed[SEAL_PAGE], page[SEAL_PAGE];
    unsigned long pages = 0, bad = 0;
    FILE *f = fopen(h->path, "rb");

    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fseek(f, SEAL_DATA_OFFSET, SEEK_SET), 0);
    while (fread(sealed, 1, SEAL_PAGE, f) == SEAL_PAGE) {
        bad += !seal_page_get(k, ++pages, sealed, page);
        if (pages == LOCK_PAGE)
            bad += page[0] || memcmp(page, page + 1, SEAL_PAGE - 1); /* ours: SQLite writes nothing there */
    }
    fclose(f);
    CU_ASSERT_EQUAL(bad, 0);
    CU_ASSERT(pages > LOCK_PAGE + 1000);
    help_proof("a store past 1 GiB", pages, "pages verified");
}

static void past_a_gibibyte(void)
{
    struct seal_keys *k = NULL;
    struct help h;
    sqlite3 *db;
    int rc = 0;

    if (!help_full()) {
        unit_skip("1 GiB: only with --full");
        return;
    }
    help_init(&h);
    CU_ASSERT_EQUAL_FATAL(help_create(&h, KEY, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "CREATE TABLE t(n INTEGER PRIMARY KEY, b)"), SQLITE_OK);
    for (int i = 0; i < 110 && !rc; i++)
        rc = help_sql(db, "INSERT INTO t(b) WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM x WHERE n<10)"
                          " SELECT zeroblob(1000000) FROM x");
    CU_ASSERT_EQUAL(rc, SQLITE_OK);
    CU_ASSERT_EQUAL(help_int(db, "SELECT sum(length(b)) FROM t", NULL), 1100000000);
    CU_ASSERT_EQUAL(help_sql(db, "DELETE FROM t WHERE n % 3 = 1; INSERT INTO t(b) VALUES(zeroblob(90000000))"), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_close(db), SQLITE_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", NULL), 0);
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM t", NULL), 1100 - 367 + 1);
    sqlite3_close(db);
    every_page_verifies(&h, k);
    seal_keys_free(k);
    help_fini(&h);
}

static const struct unit_test tests[] = {
    {"no nonce twice", never_twice},
    {"a store past 1 GiB", past_a_gibibyte},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal-nonce", tests, sizeof tests / sizeof *tests);
}
