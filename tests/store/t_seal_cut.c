/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The power goes between any two calls below the seal. Of what no sync has followed each 512-byte sector, each size and
 * each name of a file is on the disk or not, sectors under way are torn. What then opens must be the state after some
 * whole number of transactions, not fewer than were acknowledged under synchronous=FULL, with every page in order; and
 * the power may go again in the work that follows.
 * Planted faults: seal-no-sync (a sync of the log is answered without one), seal-torn-first (a page 1 torn in a
 * checkpoint keeps the store shut, though the log has it), seal-tag-ignored-on-recovery (a frame that does not verify is
 * taken all the same).
 */
#include "config.h"

#include "tests/unit.h"

#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tests/store/disk.h"

#define KEY 7
#define TRANSACTIONS 16

static const char begin_sql[] = "CREATE TABLE mark(n); INSERT INTO mark VALUES(0); CREATE TABLE t(k INTEGER PRIMARY KEY, v, w);"
                                "CREATE INDEX i ON t(v)";
static const char state_sql[] = "SELECT 1, n, 0 FROM mark UNION ALL SELECT k, v, w FROM t UNION ALL "
                                "SELECT name, sql, 0 FROM sqlite_schema ORDER BY 1, 2";

/* --- the work ----------------------------------------------------------------------------------- */

/* One statement of transaction n; all its values come from the seed, so that it does the same on every database. */
static char *statement(uint64_t *seed)
{
    unsigned a = (unsigned)(rng_splitmix(seed) % 60), b = (unsigned)(rng_splitmix(seed) % 1000);
    unsigned size = (unsigned)(rng_splitmix(seed) % (rng_splitmix(seed) % 6 ? 300 : 30000));

    switch (rng_splitmix(seed) % 12) {
    case 0:
        return sqlite3_mprintf("DELETE FROM t WHERE k BETWEEN %u AND %u", a, a + b % 20);
    case 1:
        return sqlite3_mprintf("UPDATE t SET v = v || '%u', w = zeroblob(%u) WHERE k %% 7 = %u", b, size / 9, a % 7);
    case 2:
        return sqlite3_mprintf("SAVEPOINT s; INSERT OR REPLACE INTO t VALUES(%u, 'no', zeroblob(%u)); ROLLBACK TO s; RELEASE s", a, size);
    case 3:
        return sqlite3_mprintf(b % 2 ? "CREATE TABLE IF NOT EXISTS x%u(a)" : "DROP TABLE IF EXISTS x%u", a % 4);
    case 4:
        return sqlite3_mprintf(b % 2 ? "CREATE INDEX IF NOT EXISTS j ON t(w)" : "DROP INDEX IF EXISTS j");
    default:
        return sqlite3_mprintf("INSERT OR REPLACE INTO t WITH RECURSIVE n(x) AS (SELECT %u UNION ALL SELECT x+1 FROM n WHERE x<%u)"
                               " SELECT x, printf('row %%d of %u', x), zeroblob(%u) FROM n", a, a + b % 4, b, size);
    }
}

static int run_one(sqlite3 *db, char *sql)
{
    int rc = help_sql(db, sql);

    sqlite3_free(sql);
    return rc;
}

/* Transaction n of a seed's work, alike on every database. SQLITE_OK or what failed. */
static int transaction(sqlite3 *db, uint64_t work, unsigned n)
{
    uint64_t seed = work * 1000003 + n;
    unsigned times = 1 + (unsigned)(rng_splitmix(&seed) % 5);
    int rc = help_sql(db, "BEGIN");

    while (!rc && times--)
        rc = run_one(db, statement(&seed));
    if (!rc)
        rc = run_one(db, sqlite3_mprintf("UPDATE mark SET n=%u", n));
    return rc ? rc : help_sql(db, "COMMIT");
}

/* What happens between transactions and leaves no trace in the rows. */
static int between(sqlite3 *db, uint64_t work, unsigned n)
{
    uint64_t seed = work * 7919 + n, rows;

    switch (rng_splitmix(&seed) % 9) {
    case 0:
        return help_sql(db, "PRAGMA wal_checkpoint(PASSIVE)");
    case 1:
        return help_sql(db, "PRAGMA wal_checkpoint(RESTART)");
    case 2:
        return help_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    case 3: /* taken back, after it has spilled into the log */
        rows = rng_splitmix(&seed) % 60;
        return run_one(db, sqlite3_mprintf("BEGIN; INSERT OR REPLACE INTO t WITH RECURSIVE n(x) AS (SELECT %u UNION ALL SELECT x+1"
                                           " FROM n WHERE x<%u) SELECT x, 'taken back', zeroblob(3000) FROM n; ROLLBACK",
                                           (unsigned)rows, (unsigned)rows + 20));
    case 4:
        return n % 3 ? SQLITE_OK : help_sql(db, "VACUUM");
    case 5: /* free pages go back to the disk, some or all */
        return help_sql(db, n % 2 ? "PRAGMA incremental_vacuum(3)" : "PRAGMA incremental_vacuum");
    default:
        return SQLITE_OK;
    }
}

/* The state after each number of transactions, on a plain database. */
static void expected(uint64_t work, unsigned char digest[TRANSACTIONS + 1][CRYPT_HASH])
{
    sqlite3 *db = NULL;
    int rc;

    CU_ASSERT_EQUAL_FATAL(sqlite3_open(":memory:", &db), SQLITE_OK);
    CU_ASSERT_EQUAL(help_sql(db, begin_sql), SQLITE_OK);
    for (unsigned n = 0; n <= TRANSACTIONS; n++) {
        CU_ASSERT(n == 0 || transaction(db, work, n) == SQLITE_OK);
        CU_ASSERT(help_digest(db, state_sql, digest[n], &rc));
    }
    sqlite3_close(db);
}

static sqlite3 *open_at(const struct help *h, struct seal_keys **k)
{
    unsigned char dek[CRYPT_KEY];
    sqlite3 *db = NULL;

    help_dek(dek, KEY);
    *k = NULL;
    if (seal_unlock_dek(h->path, dek, k, NULL))
        return NULL;
    if (!(db = help_open(h, *k, false)))
        seal_keys_free(*k);
    return db;
}

static void close_it(sqlite3 *db, struct seal_keys *k)
{
    sqlite3_close(db);
    seal_keys_free(k);
}

/* All transactions behind the first `from`, written down; a close in the middle takes the log away, and every third
 * work has a reader that stands in a checkpoint's way. */
static void record(const struct help *h, uint64_t work, unsigned from)
{
    struct seal_keys *k;
    sqlite3 *db = open_at(h, &k), *reader = NULL;
    unsigned failed = 0;

    disk_record(true);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db);
    disk_mark(from, from);
    for (unsigned n = from + 1; n <= TRANSACTIONS; n++) {
        help_sql(db, "PRAGMA cache_size=10; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=12");
        if (work % 3 == 0 && n % 5 == 2 && (reader = help_open(h, k, true)))
            failed += help_sql(reader, "BEGIN; SELECT count(*) FROM t") != SQLITE_OK;
        disk_mark(n, n - 1);
        failed += transaction(db, work, n) != SQLITE_OK;
        disk_mark(n, n);
        between(db, work, n);
        if (n % 5 == 4 && reader) {
            sqlite3_close(reader);
            reader = NULL;
        }
        if (n % 7 == 5 && !reader) {
            close_it(db, k);
            CU_ASSERT_PTR_NOT_NULL_FATAL(db = open_at(h, &k));
        }
    }
    sqlite3_close(reader);
    close_it(db, k);
    disk_record(false);
    CU_ASSERT_EQUAL(failed, 0);
}

/* --- the check ---------------------------------------------------------------------------------- */

/* Why a store is not as it must be, or NULL; *n: transactions that stand. */
static const char *fault(const struct help *h, struct disk_cut told, unsigned char digest[][CRYPT_HASH], unsigned *n)
{
    unsigned char now[CRYPT_HASH];
    const char *why = NULL;
    struct seal_keys *k;
    sqlite3 *db = open_at(h, &k);
    int64_t stands;
    int rc;

    if (!db)
        return "it does not open";
    stands = help_int(db, "SELECT n FROM mark", &rc);
    *n = (unsigned)stands;
    if (rc || stands < 0 || stands > (int64_t)told.begun)
        why = "its mark is not there";
    else if (stands < (int64_t)told.acked)
        why = "what was acknowledged is not there";
    else if (!help_digest(db, state_sql, now, &rc) || memcmp(now, digest[stands], CRYPT_HASH))
        why = "it is no whole number of transactions";
    else if (help_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", NULL) != 0)
        why = "its pages are not in order";
    close_it(db, k);
    return why;
}

struct tally {
    unsigned long points, broken;
};

static void try_cut(struct tally *t, unsigned long at, uint64_t seed, const struct help *from, const struct help *to,
                    unsigned char digest[][CRYPT_HASH], unsigned *stands)
{
    struct disk_cut told = disk_cut(at, seed, from, to);
    const char *why = fault(to, told, digest, stands);

    t->points++;
    if (why && t->broken++ < 5)
        printf("\n    entry %lu seed %llu: %s (%u begun, %u acknowledged) ", at, (unsigned long long)seed, why, told.begun,
               told.acked);
}

/* A store that a cut left, kept while others are recorded. */
struct kept {
    unsigned char *p, *wal;
    size_t n, wal_n;
    unsigned stands;
};

static void keep(struct kept *k, const struct help *h, unsigned stands)
{
    k->p = disk_dup(h->path, &k->n);
    k->wal = disk_dup(h->wal, &k->wal_n);
    k->stands = stands;
}

#define KEPT 12

/* Cuts at every entry of one work's record, `images` of each, and of the work that went on behind some of them. */
static void one_work(struct tally *t, uint64_t work, unsigned images, const struct help *start)
{
    unsigned char digest[TRANSACTIONS + 1][CRYPT_HASH];
    struct kept kept[KEPT] = {{NULL}};
    unsigned long entries;
    struct help h, image;
    unsigned stands;

    help_init(&h);
    help_init(&image);
    expected(work, digest);
    disk_copy(start, &h);
    record(&h, work, 0);
    entries = disk_recorded();
    CU_ASSERT(entries > 100);
    for (unsigned long at = 0; at <= entries; at++)
        for (unsigned i = 0; i < images; i++) {
            try_cut(t, at, work * 100000 + at * 16 + i, &h, &image, digest, &stands);
            if (i == 0 && at % (entries / KEPT) == 1 && at / (entries / KEPT) < KEPT) {
                disk_cut(at, work * 100000 + at * 16, &h, &image);
                keep(&kept[at / (entries / KEPT)], &image, stands);
            }
        }
    for (unsigned i = 0; i < KEPT; i++) {
        if (kept[i].p && kept[i].stands < TRANSACTIONS) {
            disk_put(h.path, kept[i].p, kept[i].n);
            disk_put(h.wal, kept[i].wal, kept[i].wal_n);
            record(&h, work, kept[i].stands);
            for (unsigned long at = 1 + i % 5; at <= disk_recorded(); at += 5)
                try_cut(t, at, work + at * 77 + i, &h, &image, digest, &stands);
        }
        mem_free(kept[i].p);
        mem_free(kept[i].wal);
    }
    disk_put(h.path, NULL, 0);
    disk_put(h.wal, NULL, 0);
    disk_put(image.path, NULL, 0);
    disk_put(image.wal, NULL, 0);
    help_fini(&h);
    help_fini(&image);
}

static void every_entry(void)
{
    unsigned long want = help_full() ? 100000 : 2000;
    struct seal_keys *k = NULL;
    struct tally t = {0, 0};
    struct help start;
    sqlite3 *db;

    help_init(&start);
    CU_ASSERT_EQUAL_FATAL(help_create(&start, KEY, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&start, k, false));
    CU_ASSERT_EQUAL(help_sql(db, begin_sql), SQLITE_OK);
    close_it(db, k);
    disk_start();
    disk_store(&start);
    for (uint64_t work = 1; t.points < want; work++)
        one_work(&t, work, help_full() ? 4 : 1, &start);
    CU_ASSERT_EQUAL(t.broken, 0);
    help_proof("power cuts", t.points, "crash points");
    disk_stop();
    help_fini(&start);
}

static const struct unit_test tests[] = {
    {"the power goes between any two calls", every_entry},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal-cut", tests, sizeof tests / sizeof *tests);
}
