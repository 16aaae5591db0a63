/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One writing connection and three reading ones in threads of their own, as the loop and the store thread have them, and
 * a fourth that only makes checkpoints: every snapshot is a whole transaction, and numbers only grow. tests/store/run
 * --full runs this under ThreadSanitizer too.
 * Planted fault: seal-shared-scratch (all files decrypt into one scratch).
 */
#include "config.h"

#include "tests/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/store/seal_help.h"

#define KEY 7
#define READERS 3

static struct {
    struct help h;
    struct seal_keys *k;
    atomic_bool done;
    atomic_uint wrong, snapshots;
} all;

/* count: rows of the transactions so far, four each, that sum to nothing. */
static void *reads(void *arg)
{
    sqlite3 *db = help_open(&all.h, all.k, true);
    int64_t last = 0;

    (void)arg;
    help_sql(db, "PRAGMA cache_size=10");
    while (db && !atomic_load(&all.done)) {
        int rc;
        int64_t n;

        if (help_sql(db, "BEGIN"))
            break;
        n = help_int(db, "SELECT count(*) FROM t", &rc);
        if (rc || n % 4 || n < last || help_int(db, "SELECT ifnull(sum(a), 0) FROM t", NULL) != 0 ||
            help_int(db, "SELECT count(*) FROM t WHERE length(b)<>100+n%9*500", NULL) != 0)
            atomic_fetch_add(&all.wrong, 1);
        last = n;
        help_sql(db, "COMMIT");
        atomic_fetch_add(&all.snapshots, 1);
    }
    sqlite3_close(db);
    return db;
}

static void *checkpoints(void *arg)
{
    sqlite3 *db = help_open(&all.h, all.k, false);

    (void)arg;
    while (db && !atomic_load(&all.done)) {
        help_sql(db, "PRAGMA wal_checkpoint(PASSIVE)");
        sqlite3_sleep(1);
    }
    sqlite3_close(db);
    return db;
}

/* At least so many, and until the readers have seen something of it; how many. */
static unsigned writes(sqlite3 *db, unsigned transactions)
{
    char sql[400];
    unsigned n;

    for (n = 0; n < transactions || (atomic_load(&all.snapshots) < 100 && n < 100000);) {
        n++;
        snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; INSERT INTO t VALUES(%u, %u, zeroblob(9)), (%u, -%u, zeroblob(9)), (%u, 0, zeroblob(9)), (%u, 0, zeroblob(9));"
                                  "UPDATE t SET b=zeroblob(100+n%%9*500) WHERE n=%u; COMMIT", n, n, n, n, n, n, n);
        if (help_sql(db, sql) != SQLITE_OK)
            atomic_fetch_add(&all.wrong, 1);
        if (n >= transactions) /* on a busy machine: each snapshot counts all rows, so more of them starve the readers */
            sqlite3_sleep(2);
    }
    return n;
}

static void threads(void)
{
    unsigned transactions = help_full() ? 2000 : 200;
    pthread_t t[READERS + 1];
    sqlite3 *db;

    help_init(&all.h);
    CU_ASSERT_EQUAL_FATAL(help_create(&all.h, KEY, &all.k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&all.h, all.k, false));
    CU_ASSERT_EQUAL(help_sql(db, "PRAGMA cache_size=10; CREATE TABLE t(n, a, b); CREATE INDEX i ON t(n)"), SQLITE_OK);
    for (int i = 0; i <= READERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&t[i], NULL, i < READERS ? reads : checkpoints, NULL), 0);
    transactions = writes(db, transactions);
    atomic_store(&all.done, true);
    for (int i = 0; i <= READERS; i++) {
        void *opened;

        pthread_join(t[i], &opened);
        CU_ASSERT_PTR_NOT_NULL(opened);
    }
    CU_ASSERT_EQUAL(all.wrong, 0);
    CU_ASSERT(all.snapshots >= 100);
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM t", NULL), transactions * 4);
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", NULL), 0);
    CU_ASSERT(seal_bad_page(all.k) == 0 && !seal_wal_damaged(all.k));
    help_proof("threads", transactions, "transactions under three readers and a checkpointer");
    sqlite3_close(db);
    seal_keys_free(all.k);
    help_fini(&all.h);
}

static const struct unit_test tests[] = {
    {"readers, a writer and a checkpointer in threads", threads},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal-threads", tests, sizeof tests / sizeof *tests);
}
