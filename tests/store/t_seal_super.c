/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The superblock is changed while the store is open and at work: the power goes between any two calls, and the n-th write,
 * sync or read fails. One of the two copies always opens the store; a change that was acknowledged rules, on both of them,
 * one that was refused does not, and half of one never.
 * Planted faults: seal-super-one-copy (the copy that ruled is left as it was), seal-super-unsynced (both copies are under
 * way at once).
 */
#include "config.h"

#include "tests/unit.h"

#include <unistd.h>

#include "base/mem.h"
#include "tests/store/disk.h"

#define KEY 7
#define CHANGES 10
#define SPOT 300 /* of slot 3's bytes, which is free: what a change writes */

static struct help start, h, image;

static struct seal_keys *keys_of(const struct help *at)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;

    help_dek(dek, KEY);
    return seal_unlock_dek(at->path, dek, &k, NULL) == ERR_OK ? k : NULL;
}

static int change(const struct help *at, const struct seal_keys *k, unsigned to)
{
    struct seal_super *s = mem_alloc(sizeof *s);
    int code = s ? seal_super_get(at->path, k, s, NULL) : ERR_NOMEM;

    if (!code) {
        memset(s->slot[3].bytes + SPOT, (int)to, 60);
        code = seal_super_put(at->path, k, s, NULL);
    }
    mem_free(s);
    return code;
}

/* What rules, or a reason why nothing may. */
static const char *ruling(const struct help *at, const struct seal_keys *k, unsigned *now)
{
    struct seal_super *s = mem_alloc(sizeof *s);
    const char *why = NULL;

    if (seal_super_get(at->path, k, s, NULL) != ERR_OK)
        why = "no copy rules";
    *now = why ? 0 : s->slot[3].bytes[SPOT];
    for (int i = 0; i < 60 && !why; i++)
        if (s->slot[3].bytes[SPOT + i] != *now)
            why = "half a change rules";
    mem_free(s);
    return why;
}

static bool alike(const struct help *at)
{
    size_t n;
    const unsigned char *p = disk_get(at->path, &n);

    return n >= 2 * SEAL_SUPER && !memcmp(p, p + SEAL_SUPER, SEAL_SUPER);
}

/* A store that a cut or a failure left: unlocked, what rules looked at, changed once more. */
static const char *fault(const struct help *at, unsigned least, unsigned most, bool both)
{
    struct seal_superblocks found;
    struct seal_keys *k = keys_of(at);
    const char *why = NULL;
    sqlite3 *db;
    unsigned now;

    if (!k)
        return "it does not unlock";
    if (!(db = help_open(at, k, false))) {
        seal_keys_free(k);
        return "it does not open";
    }
    if (!(why = ruling(at, k, &now)) && (now < least || now > most))
        why = now < least ? "an acknowledged change is gone" : "a refused change rules";
    if (!why && both && !alike(at))
        why = "the other copy is older than what was acknowledged";
    if (!why && (seal_super_mend(at->path, k, &found, NULL) || !alike(at) || ruling(at, k, &least) || least != now))
        why = "it cannot be mended";
    if (!why && (change(at, k, 99) || ruling(at, k, &now) || now != 99 || !alike(at)))
        why = "it cannot be changed any more";
    if (!why && help_int(db, "SELECT count(*) FROM t", NULL) < 1)
        why = "its rows are gone";
    sqlite3_close(db);
    seal_keys_free(k);
    return why;
}

static void set_up(void)
{
    struct seal_keys *k = NULL;
    sqlite3 *db;

    help_init(&start);
    help_init(&h);
    help_init(&image);
    CU_ASSERT_EQUAL_FATAL(help_create(&start, KEY, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&start, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1)"), SQLITE_OK);
    sqlite3_close(db);
    seal_keys_free(k);
    disk_start();
    disk_store(&start);
}

static void take_down(void)
{
    disk_stop();
    help_fini(&start);
    help_fini(&h);
    help_fini(&image);
}

/* Changes between transactions of the same store. */
static void cuts(void)
{
    unsigned long tried = 0, broken = 0, seeds = help_full() ? 60 : 6;
    struct seal_keys *k;
    sqlite3 *db;

    set_up();
    disk_copy(&start, &h);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k = keys_of(&h));
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    disk_record(true);
    disk_mark(0, 0);
    for (unsigned n = 1; n <= CHANGES; n++) {
        CU_ASSERT_EQUAL(help_sql(db, "INSERT INTO t VALUES(zeroblob(9000))"), SQLITE_OK);
        disk_mark(n, n - 1);
        CU_ASSERT_EQUAL(change(&h, k, n), ERR_OK);
        disk_mark(n, n);
        CU_ASSERT_EQUAL(help_sql(db, n % 3 ? "UPDATE t SET a=0 WHERE rowid=1" : "PRAGMA wal_checkpoint"), SQLITE_OK);
    }
    disk_record(false);
    sqlite3_close(db);
    seal_keys_free(k);
    for (unsigned long at = 1; at <= disk_recorded(); at++)
        for (unsigned long seed = 0; seed < seeds; seed++, tried++) {
            struct disk_cut told = disk_cut(at, at * 1000 + seed, &h, &image);
            const char *why = fault(&image, told.acked, told.begun, told.acked == told.begun);

            if (why && broken++ < 5)
                printf("\n    entry %lu seed %lu: %s ", at, seed, why);
        }
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT(tried > 300);
    help_proof("superblock, power cuts", tried, "crash points");
    take_down();
}

static void failures(void)
{
    static const struct {
        enum disk_call call;
        enum disk_way way;
        bool on;
    } ills[] = {{DISK_WRITE, DISK_EIO, false}, {DISK_WRITE, DISK_SHORT, false}, {DISK_WRITE, DISK_FULL, true}, {DISK_SYNC, DISK_EIO, false},
                {DISK_SYNC, DISK_EIO, true}, {DISK_READ, DISK_EIO, false}, {DISK_READ, DISK_SHORT, false}, {DISK_SIZE, DISK_EIO, false}};
    unsigned long tried = 0, broken = 0;

    set_up();
    for (size_t i = 0; i < sizeof ills / sizeof *ills; i++)
        for (unsigned long n = 1, hit = 1; hit && n < 100; n++, tried += hit) {
            struct seal_keys *k;
            sqlite3 *db;
            const char *why[2];
            bool stays, rules;
            int code;

            disk_copy(&start, &h);
            CU_ASSERT_PTR_NOT_NULL_FATAL(k = keys_of(&h));
            CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
            disk_record(true);
            disk_fail(ills[i].call, ills[i].way, n, ills[i].on);
            code = change(&h, k, 1);
            hit = disk_failed();
            disk_fail(ills[i].call, ills[i].way, 0, false);
            disk_record(false);
            sqlite3_close(db);
            seal_keys_free(k);
            rules = code == ERR_OK || code == ERR_PARTIAL;
            /* Refused on a disk that takes nothing back any more: it may be there all the same, whole. */
            stays = rules || ills[i].call == DISK_WRITE || ills[i].call == DISK_SYNC;
            disk_cut(disk_recorded(), n, &h, &image);
            why[0] = fault(&image, rules, stays, code == ERR_OK);
            why[1] = fault(&h, rules, stays, code == ERR_OK);
            for (int w = 0; w < 2; w++)
                if (why[w] && broken++ < 5)
                    printf("\n    ill %zu call %lu, code %d, %s: %s ", i, n, code, w ? "live" : "cut", why[w]);
        }
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT(tried > 15);
    help_proof("superblock, failing calls", tried, "failures, one a run");
    take_down();
}

static const struct unit_test tests[] = {
    {"the power goes while the superblock changes", cuts},
    {"a call fails while the superblock changes", failures},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal-super", tests, sizeof tests / sizeof *tests);
}
