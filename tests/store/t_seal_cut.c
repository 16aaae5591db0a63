/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The power goes at every call below the seal. What was written since the last sync of its file reaches the
 * disk in sectors of 512 bytes, each or not by chance; the write under way is torn. What a commit with
 * synchronous=FULL acknowledged must be there afterwards, as whole transactions, with every page in order.
 * Planted faults: seal-no-sync (a sync of the log is answered without one), seal-torn-first (a page 1 torn in a
 * checkpoint keeps the store shut, though the log has it).
 */
#include "config.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "tests/store/seal_help.h"

#define KEY 7
#define SECTOR 512
#define TRANSACTIONS 14

/* One write that no sync has followed yet. */
struct change {
    struct cut_file *file;
    sqlite3_int64 at, size_before;
    int n;
    unsigned char *old;
};

struct cut_file {
    sqlite3_file base;
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs vfs, *below;
    long calls, last; /* the power goes at call number last */
    uint64_t seed;
    struct change change[4096];
    unsigned changes;
    int acks;
} cut;

#define REAL(f) (((struct cut_file *)(f))->real)

static bool chance(void)
{
    return rng_splitmix(&cut.seed) & 1;
}

/* Takes back, sector by sector, what chance has not let through. */
static void take_back(const struct change *c)
{
    static const unsigned char zero[SECTOR];
    sqlite3_file *f = c->file->real;

    for (sqlite3_int64 at = c->at; at < c->at + c->n;) {
        sqlite3_int64 end = (at / SECTOR + 1) * SECTOR;
        int n = (int)((end < c->at + c->n ? end : c->at + c->n) - at);

        if (chance())
            f->pMethods->xWrite(f, at < c->size_before ? c->old + (at - c->at) : zero, n, at);
        at += n;
    }
}

static void power_goes(void)
{
    while (cut.changes)
        take_back(&cut.change[--cut.changes]);
    _exit(0);
}

/* Counts a call; true when it is the last. */
static bool is_last(void)
{
    return ++cut.calls == cut.last;
}

static int cut_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    struct change *c = &cut.change[cut.changes];
    int torn = (int)(rng_splitmix(&cut.seed) % ((unsigned)n + 1)), rc;
    bool last = is_last();

    *c = (struct change){.file = (struct cut_file *)f, .at = at, .n = n, .old = mem_alloc((size_t)n)};
    if (REAL(f)->pMethods->xFileSize(REAL(f), &c->size_before) || !c->old || ++cut.changes == 4096)
        _exit(3);
    REAL(f)->pMethods->xRead(REAL(f), c->old, n, at);
    rc = REAL(f)->pMethods->xWrite(REAL(f), p, last ? torn : n, at);
    if (last)
        power_goes();
    return rc;
}

static int cut_sync(sqlite3_file *f, int flags)
{
    unsigned left = 0;

    (void)flags; /* the disk of this test is the table of changes: a real fsync would only cost time */
    if (is_last())
        power_goes();
    for (unsigned i = 0; i < cut.changes; i++) {
        if (cut.change[i].file != (struct cut_file *)f)
            cut.change[left++] = cut.change[i];
        else
            mem_free(cut.change[i].old);
    }
    cut.changes = left;
    return SQLITE_OK;
}

/* A truncation is on disk at once, and with it what was written there before. */
static int cut_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    if (is_last())
        power_goes();
    for (unsigned i = 0; i < cut.changes; i++)
        if (cut.change[i].file == (struct cut_file *)f && cut.change[i].at + cut.change[i].n > size)
            cut.change[i].n = cut.change[i].at < size ? (int)(size - cut.change[i].at) : 0;
    return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

static int cut_close(sqlite3_file *f)
{
    _exit(f ? 0 : 1); /* the work ends before anything is closed */
}

#define PASS(name, params, args)                                                                   \
    static int cut_##name params                                                                   \
    {                                                                                              \
        return REAL(f)->pMethods->x##name args;                                                    \
    }
PASS(Read, (sqlite3_file * f, void *p, int n, sqlite3_int64 at), (REAL(f), p, n, at))
PASS(FileSize, (sqlite3_file * f, sqlite3_int64 *n), (REAL(f), n))
PASS(Lock, (sqlite3_file * f, int l), (REAL(f), l))
PASS(Unlock, (sqlite3_file * f, int l), (REAL(f), l))
PASS(CheckReservedLock, (sqlite3_file * f, int *o), (REAL(f), o))
PASS(FileControl, (sqlite3_file * f, int op, void *p), (REAL(f), op, p))
PASS(SectorSize, (sqlite3_file * f), (REAL(f)))
PASS(DeviceCharacteristics, (sqlite3_file * f), (REAL(f)))
PASS(ShmMap, (sqlite3_file * f, int p, int s, int e, void volatile **o), (REAL(f), p, s, e, o))
PASS(ShmLock, (sqlite3_file * f, int o, int n, int x), (REAL(f), o, n, x))
PASS(ShmUnmap, (sqlite3_file * f, int d), (REAL(f), d))

static void cut_barrier(sqlite3_file *f)
{
    REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static const sqlite3_io_methods cut_io = {
    2, cut_close, cut_Read, cut_write, cut_truncate, cut_sync, cut_FileSize, cut_Lock, cut_Unlock,
    cut_CheckReservedLock, cut_FileControl, cut_SectorSize, cut_DeviceCharacteristics, cut_ShmMap, cut_ShmLock,
    cut_barrier, cut_ShmUnmap, NULL, NULL};

static int cut_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct cut_file *f = (struct cut_file *)file;
    int rc;

    (void)v;
    f->real = (sqlite3_file *)(f + 1);
    rc = cut.below->xOpen(cut.below, name, f->real, flags, out);
    f->base.pMethods = rc ? NULL : &cut_io;
    return rc;
}

/* The work of one process: numbered transactions, each told once it is acknowledged. */
static void work(const struct help *h, long last, int out)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    char sql[400];
    sqlite3 *db;

    cut.below = sqlite3_vfs_find("unix-excl");
    cut.vfs = *cut.below;
    cut.vfs.szOsFile += (int)sizeof(struct cut_file);
    cut.vfs.xOpen = cut_open;
    cut.last = last;
    cut.seed = (uint64_t)last * 977;
    help_dek(dek, KEY);
    if (seal_register_over(&cut.vfs) || seal_unlock_dek(h->path, dek, &k, NULL) || !(db = help_open(h, k, false)))
        _exit(2);
    help_sql(db, "PRAGMA cache_size=10; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=12");
    for (unsigned char n = 1; n <= TRANSACTIONS; n++) {
        snprintf(sql, sizeof sql,
                 "BEGIN; INSERT INTO t VALUES(%u,%u,zeroblob(%u)); INSERT INTO t VALUES(%u,-%u,'x');"
                 "UPDATE t SET b=zeroblob(%u) WHERE n%%3=%u AND a>0; COMMIT;%s",
                 n, n, n % 4 ? 200u : 70000u, n, n, n * 40u, n % 3u, n % 7 == 5 ? "PRAGMA wal_checkpoint(TRUNCATE)" : "");
        if (help_sql(db, sql) || write(out, &n, 1) != 1)
            _exit(4);
    }
    _exit(77); /* the power never went */
}

/* After the cut, with the real VFS: whole transactions, all that were acknowledged, every page in order. */
static bool holds(const struct help *h, int acked)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db;
    bool ok;

    help_dek(dek, KEY);
    if (seal_unlock_dek(h->path, dek, &k, NULL))
        return false;
    if (!(db = help_open(h, k, false))) {
        seal_keys_free(k);
        return false;
    }
    ok = help_int(db, "SELECT ifnull(max(n),0) FROM t", NULL) >= acked &&
         help_int(db, "SELECT count(*)=2*ifnull(max(n),0) AND ifnull(sum(a),0)=0 FROM t", NULL) == 1 &&
         help_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", NULL) == 0 &&
         help_sql(db, "INSERT INTO t VALUES(99,0,'goes on')") == SQLITE_OK;
    sqlite3_close(db);
    seal_keys_free(k);
    return ok;
}

/* One run with the power going at call number last; its exit status. */
static int run(const struct help *h, long last, int *acked)
{
    int ends[2], status = 0;
    unsigned char n;
    pid_t pid;

    *acked = 0;
    CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
    fflush(NULL);
    if (!(pid = fork()))
        work(h, last, ends[1]);
    close(ends[1]);
    while (read(ends[0], &n, 1) == 1)
        *acked = n;
    close(ends[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* Planted fault: seal-no-sync. */
static void every_call(void)
{
    struct seal_keys *k = NULL;
    struct help start, h;
    unsigned broken = 0, odd = 0;
    int acked, status = 0;
    long last;
    sqlite3 *db;

    help_init(&start);
    help_init(&h);
    CU_ASSERT_EQUAL_FATAL(help_create(&start, KEY, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&start, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "CREATE TABLE t(n,a,b); CREATE INDEX i ON t(n)"), SQLITE_OK);
    sqlite3_close(db);
    seal_keys_free(k);
    for (last = 1; status != 77 && last < 5000; last++) {
        help_copy(&start, &h);
        status = run(&h, last, &acked);
        odd += status != 0 && status != 77;
        if (!holds(&h, acked)) {
            printf("\n    call %ld: %d acknowledged ", last, acked);
            broken++;
        }
    }
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT_EQUAL(odd, 0);
    CU_ASSERT(last > 200 && last < 5000);
    printf(" (%ld cuts) ", last - 2);
    help_fini(&start);
    help_fini(&h);
}

static const struct unit_test tests[] = {
    {"the power goes at every call", every_call},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal-cut", tests, sizeof tests / sizeof *tests);
}
