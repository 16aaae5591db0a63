/* SPDX-License-Identifier: GPL-3.0-or-later
 * Sources: tests/store/disk.c tests/store/disk_cut.c tests/store/seal_help.c
 *
 * A log beside a store, after somebody without the key has worked on it. The input is a list of changes of 8 bytes each:
 * what, how, where, whence; what is left over is put behind the log. What opens is a number of whole commits, from the
 * first on, or an error.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "tests/store/disk.h"

#define KEY 7
#define COMMITS 5
#define ROOM (1u << 20)

static struct {
    struct help h;
    unsigned char *log, *work;
    size_t n;
    struct seal_keys *k;
} made;

static void end(void)
{
    seal_keys_free(made.k);
    mem_free(made.log);
    mem_free(made.work);
    disk_stop();
    help_fini(&made.h);
}

/* Five commits, the second of many frames, the fourth with pages written twice. */
static void begin(void)
{
    static const char *const commits[COMMITS] = {
        "BEGIN; INSERT INTO c VALUES(1); INSERT INTO d VALUES(8, 'x'); COMMIT",
        "BEGIN; INSERT INTO c VALUES(2); INSERT INTO d VALUES(8, randomblob(19000)); COMMIT",
        "BEGIN; INSERT INTO c VALUES(3); INSERT INTO d VALUES(8, 'y'); COMMIT",
        "BEGIN; INSERT INTO c VALUES(4); INSERT INTO d VALUES(8, randomblob(70000)); UPDATE d SET b='z' WHERE rowid<3; COMMIT",
        "BEGIN; INSERT INTO c VALUES(5); INSERT INTO d VALUES(8, 'z'); COMMIT",
    };
    unsigned char *store;
    size_t n;
    sqlite3 *db;

    FUZZ_MUST(!crypt_init(NULL));
    help_init(&made.h);
    FUZZ_MUST(help_create(&made.h, KEY, &made.k) == ERR_OK && (db = help_open(&made.h, made.k, false)));
    FUZZ_MUST(!help_sql(db, "CREATE TABLE c(a); CREATE TABLE d(n, b)") && !sqlite3_close(db));
    disk_start();
    disk_store(&made.h);
    FUZZ_MUST((db = help_open(&made.h, made.k, false)) && !help_sql(db, "PRAGMA cache_size=10"));
    for (int i = 0; i < COMMITS; i++)
        FUZZ_MUST(!help_sql(db, commits[i]));
    made.log = disk_dup(made.h.wal, &made.n);
    store = disk_dup(made.h.path, &n);
    sqlite3_close(db);
    disk_put(made.h.path, store, n);
    mem_free(store);
    made.work = mem_alloc(ROOM);
    FUZZ_MUST(made.log && made.work && made.n > SEAL_WAL_HEAD + 30 * SEAL_FRAME && made.n < ROOM / 2);
    atexit(end);
}

static void put_big(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* SQLite's sum over the header made to fit, or no input would get past it. */
static void resum(unsigned char *head)
{
    bool big = head[3] & 1;
    uint32_t a = 0, b = 0, x[2];

    for (int i = 0; i < 24; i += 8) {
        for (int j = 0; j < 2; j++) {
            unsigned char turned[4] = {head[i + 4 * j + 3], head[i + 4 * j + 2], head[i + 4 * j + 1], head[i + 4 * j]};

            x[j] = seal_get32(big ? turned : head + i + 4 * j);
        }
        a += x[0] + b;
        b += x[1] + a;
    }
    put_big(head + 24, a);
    put_big(head + 28, b);
}

static size_t change(unsigned char *log, size_t n, const uint8_t *c)
{
    size_t frames = (n > SEAL_WAL_HEAD ? n - SEAL_WAL_HEAD : 0) / SEAL_FRAME;
    size_t at = ((size_t)c[2] << 16 | (size_t)c[3] << 8 | c[4]), from = (size_t)c[5] << 16 | (size_t)c[6] << 8 | c[7];

    if (!n)
        return 0;
    switch (c[0] % 7) {
    case 0:
        log[at % n] ^= (unsigned char)(1 << c[1] % 8);
        return n;
    case 1:
        log[at % n] = c[1];
        return n;
    case 2: /* a frame in another's place */
        if (frames)
            memmove(log + SEAL_WAL_HEAD + at % frames * SEAL_FRAME, log + SEAL_WAL_HEAD + from % frames * SEAL_FRAME, SEAL_FRAME);
        return n;
    case 3:
        return at % (n + 1);
    case 4:
        at %= n;
        memset(log + at, c[1], from % (n - at) + 1);
        return n;
    case 5: /* a field of the header, or of a frame's, in clear */
        if (n >= SEAL_WAL_HEAD)
            memcpy(log + at % 6 * 4, c + 4, 4);
        return n;
    default:
        if (frames)
            memcpy(log + SEAL_WAL_HEAD + at % frames * SEAL_FRAME + c[1] % 4 * 4, c + 4, 4);
        return n;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    size_t log_n, done = 0, rest;
    sqlite3 *db = NULL;
    int rc = 0;
    int64_t stands;

    if (!made.log)
        begin();
    memcpy(made.work, made.log, log_n = made.n);
    for (; done + 8 <= n && done < 8 * 64; done += 8)
        log_n = change(made.work, log_n, p + done);
    rest = n - done < ROOM - log_n ? n - done : ROOM - log_n;
    memcpy(made.work + log_n, p + done, rest);
    log_n += rest;
    if (log_n >= SEAL_WAL_HEAD && (n & 1))
        resum(made.work);
    disk_put(made.h.wal, made.work, log_n);
    if (seal_open(made.h.path, made.k, true, &db, NULL) != ERR_OK)
        return 0;
    stands = help_int(db, "SELECT (SELECT count(*) FROM c) * ((SELECT count(*) FROM c) * 8 = (SELECT sum(n) FROM d))", &rc);
    FUZZ_MUST(rc || (stands >= 0 && stands <= COMMITS));
    if (!rc && stands)
        FUZZ_MUST(help_int(db, "SELECT max(a) FROM c", &rc) == stands);
    if (!rc)
        FUZZ_MUST(help_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", &rc) == 0 || rc);
    sqlite3_close(db);
    return 0;
}
