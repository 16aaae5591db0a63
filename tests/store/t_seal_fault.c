/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Below the seal the n-th call of each kind fails, once or from then on, for n = 1, 2, ... until a pass in which none
 * does; and so does the n-th allocation of SQLite and of the seal. The work spills its pages into the log (cache_size=10),
 * takes back, checkpoints, looks back, and copies itself with VACUUM INTO. After each failure every answer was an error
 * or right; then, and also when the power goes at that moment, the store opens, every page is in order, every transaction
 * is whole, and those that were acknowledged are there.
 * Planted faults: seal-header-lost (a held frame header that cannot be written is forgotten without an error),
 * seal-no-sync (a sync of the log is answered without one), seal-short-ok (half a page read is taken for the end).
 */
#include "config.h"

#include "tests/unit.h"

#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "base/rng.h"
#include "tests/store/disk.h"

#define KEY 7
#define TRANSACTIONS 9

static struct {
    struct help start, h, copy, image;
    unsigned long runs, failures, broken;
} all;

/* --- allocations of SQLite ---------------------------------------------------------------------- */

static sqlite3_mem_methods below;
static unsigned long alloc_at, allocs;

static bool no_memory(void)
{
    return alloc_at && ++allocs == alloc_at;
}

static void *fail_malloc(int n)
{
    return no_memory() ? NULL : below.xMalloc(n);
}

static void *fail_realloc(void *p, int n)
{
    return no_memory() ? NULL : below.xRealloc(p, n);
}

static bool take_over_memory(void)
{
    sqlite3_mem_methods mine;

    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &below))
        return false;
    mine = below;
    mine.xMalloc = fail_malloc;
    mine.xRealloc = fail_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) == SQLITE_OK;
}

/* --- the work ----------------------------------------------------------------------------------- */

/* Transaction n: six rows that belong together, some changed again behind a spill, and a count of all. */
#define SPILL "WITH RECURSIVE x(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM x WHERE i<6)"

#define LETTERS "replace(hex(zeroblob(%u)), '0', 'A')"
#define WHOLE "a=n*i AND length(b) >= 500 AND instr(CAST(b AS BLOB), x'00') = 0"

/* Of a commit whose sync failed nobody can say whether it stands: SQLite's next recovery may find it in the log (a plain
 * database on the same disk does the same). It is there whole or not at all, and was not acknowledged. */
struct told {
    bool acked[TRANSACTIONS + 1], begun[TRANSACTIONS + 1], unsure[TRANSACTIONS + 1];
    unsigned wrong; /* answers that were neither right nor an error */
    bool copied;
};

static unsigned count(const bool of[TRANSACTIONS + 1])
{
    unsigned n = 0;

    for (int i = 1; i <= TRANSACTIONS; i++)
        n += of[i];
    return n;
}

/* After an error the transaction is gone or can be taken back; nothing else is ever said. */
static void leave(sqlite3 *db)
{
    if (!sqlite3_get_autocommit(db))
        help_sql(db, "ROLLBACK");
}

static void transaction(sqlite3 *db, unsigned n, struct told *t)
{
    char sql[600];

    snprintf(sql, sizeof sql,
             "BEGIN; INSERT INTO t(n,i,a,b) " SPILL " SELECT %u, i, i*%u, " LETTERS " FROM x;"
             "UPDATE t SET b=" LETTERS ", a=-a WHERE n=%u AND i<4; UPDATE t SET a=-a WHERE n=%u AND i<4;"
             "INSERT INTO f(rowid, body) VALUES(%u, 'five mg twice a day %u'); UPDATE c SET v=v+1; COMMIT",
             n, n, n % 3 ? 900u : 9000u, n * 500u, n, n, n, n);
    t->begun[n] = true;
    if (help_sql(db, sql) == SQLITE_OK)
        t->acked[n] = true;
    else
        t->unsure[n] = sqlite3_extended_errcode(db) == SQLITE_IOERR_FSYNC;
    leave(db);
}

static void taken_back(sqlite3 *db)
{
    help_sql(db, "BEGIN; UPDATE c SET v=v+100; INSERT INTO t(n,i,a,b) " SPILL " SELECT 77, i, 0, zeroblob(9000) FROM x;"
                 "SAVEPOINT s; DELETE FROM t; ROLLBACK TO s; UPDATE t SET b='gone' WHERE n=1; ROLLBACK");
    leave(db);
}

/* -1: an error, which is an answer too. */
static int64_t ask(sqlite3 *db, const char *sql, int64_t least, int64_t most, struct told *t)
{
    int rc;
    int64_t got = help_int(db, sql, &rc);

    if (rc != SQLITE_OK)
        return -1;
    if (got < least || got > most) {
        if (all.broken < 8)
            printf("\n    %s: %lld, not %lld ", sql, (long long)got, (long long)least);
        t->wrong++;
    }
    return got;
}

static void questions(sqlite3 *db, struct told *t)
{
    static const char *const of_all[] = {
        "SELECT count(*) / 6 + count(*) % 6 * 1000 FROM t", "SELECT count(*) / 6 FROM t WHERE n>0 AND " WHOLE,
        "SELECT count(*) FROM t INDEXED BY t_n WHERE n>0 AND i=1", "SELECT count(*) FROM f WHERE f MATCH 'twice'"};
    int64_t n;

    help_sql(db, "BEGIN"); /* they are all asked of one moment */
    n = ask(db, "SELECT v FROM c", count(t->acked), count(t->acked) + count(t->unsure), t);
    for (size_t i = 0; n >= 0 && i < sizeof of_all / sizeof *of_all; i++)
        ask(db, of_all[i], n, n, t);
    leave(db);
}

/* Opens with the keys at hand: a store's superblocks are a real file's here. */
static sqlite3 *open_with(const struct help *h, struct seal_keys *k, bool readonly)
{
    sqlite3 *db = NULL;
    struct err e = ERR_NONE;

    return seal_open(h->path, k, readonly, &db, &e) ? NULL : db;
}

/* What a rotation does: a sealed copy under another key, to a file that has superblocks and no page. */
static void copy_out(sqlite3 *db, struct seal_keys *k2, struct told *t)
{
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", all.copy.path);

    sqlite3_set_authorizer(db, NULL, NULL);
    seal_opening(k2);
    k2->creating = true;
    t->copied = sql && help_sql(db, sql) == SQLITE_OK;
    k2->creating = false;
    seal_opening(NULL);
    sqlite3_free(sql);
}

/* VACUUM leaves "no log" in page 1 (bytes 18 and 19); whoever copies says so there before the copy is opened. */
static void has_log(const struct help *h, const struct seal_keys *k)
{
    unsigned char page[SEAL_PAGE], sealed[SEAL_PAGE], *all_of_it;
    size_t n;
    const unsigned char *p = disk_get(h->path, &n);

    if (n < SEAL_DATA_OFFSET + SEAL_PAGE || !seal_page_get(k, 1, p + SEAL_DATA_OFFSET, page))
        return;
    page[18] = page[19] = 2;
    seal_page_put(k, 1, page, sealed);
    all_of_it = (unsigned char *)mem_dup(p, n);
    memcpy(all_of_it + SEAL_DATA_OFFSET, sealed, SEAL_PAGE);
    disk_put(h->path, all_of_it, n);
    mem_free(all_of_it);
}

static void work(struct seal_keys *k, struct seal_keys *k2, struct told *t)
{
    sqlite3 *db = open_with(&all.h, k, false), *reader;

    *t = (struct told){.wrong = 0};
    disk_mark(0, 0);
    if (!db)
        return;
    help_sql(db, "PRAGMA cache_size=10; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=30");
    for (unsigned n = 1; n <= 4; n++)
        transaction(db, n, t);
    taken_back(db);
    questions(db, t);
    if ((reader = open_with(&all.h, k, true)))
        help_sql(reader, "BEGIN; SELECT count(*) FROM t");
    transaction(db, 5, t);
    help_sql(db, "PRAGMA wal_checkpoint(PASSIVE)");
    transaction(db, 6, t);
    sqlite3_close(reader);
    help_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    transaction(db, 7, t);
    help_sql(db, "VACUUM");
    leave(db);
    copy_out(db, k2, t);
    transaction(db, 8, t);
    questions(db, t);
    sqlite3_close(db);
    if (!(db = open_with(&all.h, k, false)))
        return;
    help_sql(db, "PRAGMA cache_size=10; PRAGMA synchronous=FULL");
    transaction(db, 9, t);
    questions(db, t);
    sqlite3_close(db);
}

/* --- what must hold ----------------------------------------------------------------------------- */

/* Whole transactions, the acknowledged ones among them; live: and no other. */
static const char *fault(const struct help *h, struct seal_keys *k, const struct told *t, bool live)
{
    int64_t present = 0;
    const char *why = NULL;
    sqlite3 *db = open_with(h, k, false);

    if (!db)
        return "it does not open";
    for (unsigned n = 1; n <= TRANSACTIONS && !why; n++) {
        char sql[200];
        int64_t rows;

        snprintf(sql, sizeof sql, "SELECT count(*) + 100 * (SELECT count(*) FROM f WHERE rowid=%u) FROM t WHERE n=%u AND "
                                  WHOLE, n, n);
        rows = help_int(db, sql, NULL);
        if (rows != 0 && rows != 106)
            why = "half a transaction stands";
        else if (!rows && t->acked[n])
            why = "an acknowledged transaction is gone";
        else if (rows && (live ? !t->acked[n] && !t->unsure[n] : !t->begun[n]))
            why = "a refused transaction stands";
        present += rows != 0;
    }
    if (!why && (help_int(db, "SELECT v FROM c", NULL) != present ||
                 help_int(db, "SELECT count(*) FROM t", NULL) != present * 6))
        why = "rows of no transaction stand";
    if (!why && help_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", NULL) != 0)
        why = "its pages are not in order";
    if (!why && (help_sql(db, "UPDATE c SET v=v") || help_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)")))
        why = "it does not go on";
    sqlite3_close(db);
    return why;
}

static void tell(const char *what, unsigned long n, const char *where, const char *why)
{
    if (why && all.broken++ < 8)
        printf("\n    %s %lu: %s: %s ", what, n, where, why);
}

static struct seal_keys *keys_of(const struct help *h)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;

    help_dek(dek, KEY);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h->path, dek, &k, NULL), ERR_OK);
    return k;
}

static void lay_out(void)
{
    const unsigned char *p;
    size_t n;

    disk_copy(&all.start, &all.h);
    p = disk_get(all.start.path, &n);
    disk_put(all.copy.path, p, SEAL_DATA_OFFSET);
    disk_put(all.copy.wal, NULL, 0);
}

/* One pass with a failure armed by arm(n). False when it did not come: the last pass. */
static bool pass(const char *what, unsigned long n, void (*arm)(unsigned long n, const void *arg), const void *arg,
                 bool (*came)(void))
{
    struct seal_keys *k = keys_of(&all.h), *k2 = keys_of(&all.copy), *k3 = keys_of(&all.h);
    struct told t;
    bool hit;

    lay_out();
    disk_record(true);
    arm(n, arg);
    work(k, k2, &t);
    hit = came();
    arm(0, arg);
    disk_record(false);
    tell(what, n, "an answer", t.wrong ? "wrong" : NULL);
    if (!hit && (count(t.acked) != TRANSACTIONS || !t.copied))
        tell(what, n, "with no failure", "something failed");
    disk_cut(disk_recorded(), n * 7919 + 1, &all.h, &all.image);
    tell(what, n, "after a power cut", fault(&all.image, k3, &t, false));
    tell(what, n, "the store", fault(&all.h, k3, &t, true));
    if (t.copied) {
        has_log(&all.copy, k2);
        t.acked[8] = t.acked[9] = false; /* came later */
        tell(what, n, "the copy", fault(&all.copy, k2, &t, true));
    }
    seal_keys_free(k);
    seal_keys_free(k2);
    seal_keys_free(k3);
    all.runs++;
    all.failures += hit;
    return hit;
}

static void set_up(void)
{
    struct seal_keys *k = NULL;
    sqlite3 *db;

    help_init(&all.start);
    help_init(&all.h);
    help_init(&all.copy);
    help_init(&all.image);
    all.runs = all.failures = all.broken = 0;
    CU_ASSERT_EQUAL_FATAL(help_create(&all.start, KEY, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&all.start, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "CREATE TABLE t(n, i, a, b); CREATE INDEX t_n ON t(n, i); CREATE TABLE c(v);"
                                 "INSERT INTO c VALUES(0); CREATE VIRTUAL TABLE f USING fts5(body)"), SQLITE_OK);
    sqlite3_close(db);
    seal_keys_free(k);
    disk_start();
    disk_store(&all.start);
    disk_copy(&all.start, &all.h);
    disk_copy(&all.start, &all.copy);
}

static void take_down(const char *proof)
{
    CU_ASSERT_EQUAL(all.broken, 0);
    help_proof(proof, all.failures, "failures, one a run");
    disk_stop();
    help_fini(&all.start);
    help_fini(&all.h);
    help_fini(&all.copy);
    help_fini(&all.image);
}

/* --- the disk ----------------------------------------------------------------------------------- */

static const struct ill {
    const char *name;
    enum disk_call call;
    enum disk_way way;
    bool on;       /* and every call behind it */
    unsigned step; /* of the sample: a page that was lost shows where it is read for its rows, which is seldom */
} ills[] = {
    {"a read", DISK_READ, DISK_EIO, false, 31},
    {"half a read", DISK_READ, DISK_SHORT, false, 3},
    {"all reads from", DISK_READ, DISK_EIO, true, 31},
    {"a write", DISK_WRITE, DISK_EIO, false, 31},
    {"half a write", DISK_WRITE, DISK_SHORT, false, 31},
    {"a write on a full disk", DISK_WRITE, DISK_FULL, false, 31},
    {"a disk that is full from write", DISK_WRITE, DISK_FULL, true, 31},
    {"a sync", DISK_SYNC, DISK_EIO, false, 31},
    {"all syncs from", DISK_SYNC, DISK_EIO, true, 31},
    {"a truncation", DISK_TRUNCATE, DISK_EIO, false, 31},
    {"all truncations from", DISK_TRUNCATE, DISK_EIO, true, 31},
    {"a size", DISK_SIZE, DISK_EIO, false, 31},
    {"an opening", DISK_OPEN, DISK_EIO, false, 31},
    {"a lock", DISK_LOCK, DISK_EIO, false, 31},
    {"a lock that another has", DISK_LOCK, DISK_FULL, false, 31},
    {"a lock on the index", DISK_SHM, DISK_EIO, false, 31},
    {"a lock on the index that another has", DISK_SHM, DISK_FULL, false, 31},
    {"a deletion", DISK_DELETE, DISK_EIO, false, 31},
};

static void arm_disk(unsigned long n, const void *arg)
{
    const struct ill *ill = arg;

    disk_fail(ill->call, ill->way, n, ill->on);
}

/* Sample: the first 12, then some; the pass in which none failed ends it. */
static unsigned long next(unsigned long n, unsigned long step)
{
    return n < 12 || help_full() ? n + 1 : n + step;
}

static void failing_disk(void)
{
    set_up();
    for (size_t i = 0; i < sizeof ills / sizeof *ills; i++) {
        unsigned long n = 1;

        while (n < 100000 && pass(ills[i].name, n, arm_disk, &ills[i], disk_failed))
            n = next(n, ills[i].step);
        CU_ASSERT(n > 1 && n < 100000);
    }
    take_down("failing calls");
}

/* --- memory ------------------------------------------------------------------------------------- */

static void arm_memory(unsigned long n, const void *arg)
{
    (void)arg;
    alloc_at = n;
    if (n)
        allocs = 0;
}

static bool memory_failed(void)
{
    return alloc_at && allocs >= alloc_at;
}

static void failing_memory(void)
{
    unsigned long n = 1;

    set_up();
    while (n < 1000000 && pass("an allocation", n, arm_memory, NULL, memory_failed))
        n = next(n, 97);
    CU_ASSERT(n > 500 && n < 1000000);
    take_down("failing allocations of SQLite");
}

#ifdef FAULT_INJECTION
static unsigned long own_at;

static void arm_own(unsigned long n, const void *arg)
{
    (void)arg;
    own_at = n;
    fault_arm(FAULT_MEM, n);
}

static bool own_failed(void)
{
    return fault_count(FAULT_MEM) >= own_at;
}

static void failing_own_memory(void)
{
    unsigned long n = 1;

    set_up();
    while (n < 10000 && pass("an allocation of ours", n, arm_own, NULL, own_failed))
        n++;
    CU_ASSERT(n > 5 && n < 10000);
    take_down("failing allocations of the seal");
}
#else
static void failing_own_memory(void)
{
    unit_skip("not configured with --enable-fault-injection");
}
#endif

static const struct unit_test tests[] = {
    {"the n-th call of each kind fails", failing_disk},
    {"the n-th allocation of SQLite fails", failing_memory},
    {"the n-th allocation of the seal fails", failing_own_memory},
};

int main(void)
{
    if (!take_over_memory() || crypt_init(NULL))
        return 99;
    return unit_main("seal-fault", tests, sizeof tests / sizeof *tests);
}
