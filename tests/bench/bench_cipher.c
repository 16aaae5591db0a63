/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * bench_cipher DB ROWS N CACHE: the figures of peer.h in SQLCipher 4, its own defaults but for the checkpoint and the
 * cache, which are the sealed store's. Built by store.py, not by the makefile: SQLCipher is no part of this tree.
 */
#include "tests/bench/peer.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int sqlite3_key(sqlite3 *db, const void *key, int n);

static sqlite3 *opened(const char *path, const char *key, int n)
{
    sqlite3 *db;

    peer_must(!sqlite3_open(path, &db) && !sqlite3_key(db, key, n), "open");
    peer_must(!sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL), "key");
    return db;
}

int main(int argc, char **argv)
{
    /* A raw key, as the format has it: 32 bytes and the salt; no KDF runs. */
    static const char raw[] = "x'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f'";
    struct rows rs;
    char other[4096];
    sqlite3 *db;
    double t;

    peer_must(argc == 5, "usage: bench_cipher DB ROWS N CACHE");
    rows_open(&rs, argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
    db = opened(argv[1], raw, sizeof raw - 1);
    peer_measure(db, argv[1], &rs, (unsigned)strtoul(argv[4], NULL, 10), 16384);
    t = peer_cpu();
    db = opened(argv[1], raw, sizeof raw - 1);
    peer_say("reopen", peer_cpu() - t, 0);
    sqlite3_close(db);
    snprintf(other, sizeof other, "%s.2", argv[1]);
    db = opened(other, "correct horse", 13);
    peer_must(!sqlite3_exec(db, "CREATE TABLE t(x)", NULL, NULL, NULL), "other");
    sqlite3_close(db);
    t = peer_cpu();
    db = opened(other, "correct horse", 13);
    peer_say("unlock", peer_cpu() - t, 0);
    sqlite3_close(db);
    unlink(other);
    return 0;
}
