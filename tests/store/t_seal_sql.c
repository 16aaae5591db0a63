/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The seal under SQLite's own habits: the same random SQL on a sealed and on a plain database gives the
 * same answers, also to a second connection; kill -9 loses nothing that was acknowledged.
 * Planted faults: seal-header-alone (a rewritten frame header is dropped), seal-hole (no page is written
 * where SQLite leaves a gap).
 */
#include "config.h"

#include "tests/unit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "tests/store/seal_help.h"

#define KEY 7

/* --- the same SQL on both ---------------------------------------------------------------------- */

/* One random statement; all its values come from the seed, so both databases see the same. */
static char *statement(uint64_t *seed)
{
    unsigned a = (unsigned)(rng_splitmix(seed) % 1000), b = (unsigned)(rng_splitmix(seed) % 1000);
    unsigned n = (unsigned)(rng_splitmix(seed) % (rng_splitmix(seed) % 8 ? 400 : 20000));

    switch (rng_splitmix(seed) % 16) {
    case 0:
        return sqlite3_mprintf("BEGIN");
    case 1:
        return sqlite3_mprintf("COMMIT");
    case 2:
        return sqlite3_mprintf("ROLLBACK");
    case 3:
        return sqlite3_mprintf("SAVEPOINT s%u", a % 3);
    case 4:
        return sqlite3_mprintf(b % 2 ? "ROLLBACK TO s%u" : "RELEASE s%u", a % 3);
    case 5:
        return sqlite3_mprintf("DELETE FROM t WHERE k BETWEEN %u AND %u", a, a + b % 40);
    case 6:
        return sqlite3_mprintf("UPDATE t SET v = v || '%u', w = zeroblob(%u) WHERE k %% 37 = %u", b, n, a % 37);
    case 7:
        return sqlite3_mprintf("UPDATE f SET body = 'note %u of %u' WHERE rowid = %u", a, b, a % 200);
    case 8:
        return sqlite3_mprintf("INSERT INTO f(rowid, body) VALUES(%u, 'five mg %u twice %u') ON CONFLICT DO NOTHING", a, b, n);
    case 9:
        return sqlite3_mprintf("PRAGMA wal_checkpoint(%s)", a % 3 ? "PASSIVE" : "TRUNCATE");
    case 10:
        return sqlite3_mprintf(a % 20 ? "SELECT 1" : "VACUUM");
    case 11:
        return sqlite3_mprintf(a % 10 ? "REINDEX i" : "DROP INDEX IF EXISTS j");
    case 12:
        return sqlite3_mprintf(a % 4 ? "SELECT 2" : "CREATE INDEX IF NOT EXISTS j ON t(w, k)");
    default:
        return sqlite3_mprintf("INSERT OR REPLACE INTO t WITH RECURSIVE n(x) AS (SELECT %u UNION ALL SELECT x+1 FROM n"
                               " WHERE x<%u) SELECT x, printf('row %%d of %u', x), zeroblob(%u) FROM n",
                               a, a + b % 60, b, n);
    }
}

static const char *const questions[] = {
    "SELECT k, v, length(w) FROM t ORDER BY k", "SELECT v, k FROM t WHERE v > 'row 5' ORDER BY v, k",
    "SELECT rowid, body FROM f WHERE f MATCH 'five OR note' ORDER BY rowid", "SELECT name, sql FROM sqlite_schema ORDER BY name",
    "SELECT k % 11, count(*), sum(length(w)) FROM t GROUP BY 1 ORDER BY 2, 1", "PRAGMA integrity_check",
};

static unsigned compare(sqlite3 *sealed, sqlite3 *plain)
{
    unsigned char a[CRYPT_HASH], b[CRYPT_HASH];
    unsigned different = 0;
    int ra, rb;

    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        help_digest(sealed, questions[i], a, &ra);
        help_digest(plain, questions[i], b, &rb);
        different += ra != rb || ra != SQLITE_OK || memcmp(a, b, CRYPT_HASH);
    }
    return different;
}

static const char begin_sql[] = "CREATE TABLE t(k INTEGER PRIMARY KEY, v TEXT, w BLOB); CREATE INDEX i ON t(v);"
                                "CREATE VIRTUAL TABLE f USING fts5(body)";

/* Runs one statement on both; 1 if their answers differ. */
static unsigned step(sqlite3 *sealed, sqlite3 *plain, uint64_t seed, uint64_t *at)
{
    char *sql = statement(at);
    int a = help_sql(sealed, sql), b = a;

    if (!strncmp(sql, "PRAGMA", 6)) /* a checkpoint: within a transaction, or before a reader, it is refused */
        CU_ASSERT(a == SQLITE_OK || a == SQLITE_ERROR || a == SQLITE_LOCKED || a == SQLITE_BUSY)
    else
        b = help_sql(plain, sql);
    if (a != b)
        printf("\n    seed %llu: %d, plain %d: %.60s ", (unsigned long long)seed, a, b, sql);
    sqlite3_free(sql);
    return a != b;
}

/* Odd seeds have a cache of ten pages, so that pages spill into the log and are rewritten there; even ones SQLite's. */
static void one_seed(uint64_t seed, unsigned steps)
{
    struct seal_keys *k = NULL;
    sqlite3 *sealed, *reader, *plain = NULL;
    unsigned different = 0;
    uint64_t at = seed;
    struct help h;

    help_init(&h);
    CU_ASSERT_EQUAL_FATAL(help_create(&h, KEY, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(sealed = help_open(&h, k, false));
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(":memory:", &plain), SQLITE_OK);
    help_sql(plain, "PRAGMA page_size=4096");
    if (seed % 2)
        help_sql(sealed, "PRAGMA cache_size=10; PRAGMA wal_autocheckpoint=50");
    CU_ASSERT_EQUAL(help_sql(sealed, begin_sql), SQLITE_OK);
    CU_ASSERT_EQUAL(help_sql(plain, begin_sql), SQLITE_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reader = help_open(&h, k, true));
    for (unsigned i = 0; i < steps; i++) {
        different += step(sealed, plain, seed, &at);
        if (i % 40 == 39)
            different += compare(sealed, plain);
        if (i % 40 == 39 && sqlite3_get_autocommit(sealed)) /* what is committed another connection sees */
            different += compare(reader, plain);
    }
    help_sql(sealed, "COMMIT");
    help_sql(plain, "COMMIT");
    different += compare(reader, plain);
    sqlite3_close(reader);
    sqlite3_close(sealed);
    CU_ASSERT_PTR_NOT_NULL_FATAL(sealed = help_open(&h, k, false));
    different += compare(sealed, plain);
    CU_ASSERT_EQUAL(different, 0);
    CU_ASSERT_EQUAL(seal_bad_page(k), 0);
    CU_ASSERT(!seal_wal_damaged(k));
    sqlite3_close(sealed);
    sqlite3_close(plain);
    seal_keys_free(k);
    help_fini(&h);
}

/* Planted faults: seal-header-alone, seal-hole. */
static void differential(void)
{
    uint64_t seeds = help_full() ? 1000 : 16;

    for (uint64_t seed = 1; seed <= seeds; seed++)
        one_seed(seed, 200);
    help_proof("random SQL, sealed and plain", seeds * 200, "statements");
}

/* --- kill -9 ----------------------------------------------------------------------------------- */

/* Transactions of three rows that sum to zero, numbered; each number is told once its commit returned. */
static void writer(const struct help *h, int out, uint64_t seed)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db;
    char sql[400];

    help_dek(dek, KEY);
    if (seal_unlock_dek(h->path, dek, &k, NULL) || !(db = help_open(h, k, false)))
        _exit(1);
    help_sql(db, "PRAGMA cache_size=10; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=20");
    for (uint32_t n = (uint32_t)help_int(db, "SELECT ifnull(max(n),0)+1 FROM t", NULL);; n++) {
        unsigned size = (unsigned)(rng_splitmix(&seed) % (n % 5 ? 300 : 60000));

        snprintf(sql, sizeof sql,
                 "BEGIN; INSERT INTO t VALUES(%u,%u,zeroblob(%u)); INSERT INTO t VALUES(%u,-%u,'x');"
                 "UPDATE t SET b=zeroblob(%u) WHERE rowid %% 17 = %u AND a>0; INSERT INTO t VALUES(%u,0,'y'); COMMIT",
                 n, n, size, n, n, size / 9, n % 17, n);
        if (help_sql(db, sql) || write(out, &n, sizeof n) != sizeof n)
            _exit(2);
    }
}

static void killed(void)
{
    struct seal_keys *k = NULL;
    uint64_t seed = 3;
    uint32_t acked = 0, lost = 0, rounds = 0;
    struct help h;
    sqlite3 *db;

    help_init(&h);
    CU_ASSERT_EQUAL_FATAL(help_create(&h, KEY, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "CREATE TABLE t(n,a,b); CREATE INDEX i ON t(n)"), SQLITE_OK);
    sqlite3_close(db);
    for (; rounds < (help_full() ? 1000u : 60u); rounds++) {
        unsigned after = (unsigned)(rng_splitmix(&seed) % 6), spin = (unsigned)(rng_splitmix(&seed) % 400000);
        int ends[2], status;
        uint32_t n;
        pid_t pid;

        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        fflush(NULL);
        if (!(pid = fork())) {
            close(ends[0]);
            writer(&h, ends[1], seed);
        }
        close(ends[1]);
        for (unsigned i = 0; i <= after && read(ends[0], &n, sizeof n) == sizeof n; i++)
            acked = n;
        for (volatile unsigned i = 0; i < spin; i++) /* somewhere in the next ones */
            ;
        kill(pid, SIGKILL);
        while (read(ends[0], &n, sizeof n) == sizeof n)
            acked = n;
        close(ends[0]);
        waitpid(pid, &status, 0);
        CU_ASSERT(WIFSIGNALED(status));
        CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, rounds % 2));
        lost += help_int(db, "SELECT ifnull(max(n),0) FROM t", NULL) < acked;
        lost += help_int(db, "SELECT count(*)=3*max(n) AND sum(a)=0 FROM t", NULL) != 1;
        lost += help_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", NULL) != 0;
        sqlite3_close(db);
    }
    CU_ASSERT_EQUAL(lost, 0);
    CU_ASSERT(acked >= rounds);
    help_proof("kill -9", rounds, "kills");
    CU_ASSERT_EQUAL(seal_bad_page(k), 0);
    seal_keys_free(k);
    help_fini(&h);
}

static const struct unit_test tests[] = {
    {"random SQL: sealed and plain agree", differential},
    {"kill -9: what was acknowledged is there", killed},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal-sql", tests, sizeof tests / sizeof *tests);
}
