/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The log: whatever happens to its bytes, what opens is a prefix of whole commits, and a loss that can be
 * seen is said. Planted faults: seal-wal-silent (the loss is not said), seal-wal-place (frames not bound to
 * their offset), seal-loose (frames that SQLite left without salts stay so), seal-head-held (a commit's last header is still
 * in memory when it is acknowledged).
 */
#include "config.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/store/seal_help.h"

#define KEY 7
#define COMMITS 4

/* The state after n commits answers n to this. */
static const char commits[] = "SELECT (SELECT count(*) FROM c) * ((SELECT count(*) FROM c) * 8 = (SELECT sum(n) FROM d))";
static const char setup[] = "CREATE TABLE c(a); CREATE TABLE d(n, b); CREATE TABLE f(a INTEGER PRIMARY KEY, b);"
                            "CREATE TABLE u(a UNIQUE, b)";
/* Each: one row in c, eight in d. The second has frames enough for one in the middle. */
static const char *const commit[COMMITS] = {
    "BEGIN; INSERT INTO c VALUES(1); INSERT INTO d VALUES(8, 'x'); COMMIT",
    "BEGIN; INSERT INTO c VALUES(2); INSERT INTO d VALUES(8, randomblob(9000)); COMMIT",
    "BEGIN; INSERT INTO c VALUES(3); INSERT INTO d VALUES(8, 'y'); COMMIT",
    "BEGIN; INSERT INTO c VALUES(4); INSERT INTO d VALUES(8, 'z'); COMMIT",
};

/* A process that commits and goes without closing; a statement behind a '!' must fail. */
static void run_and_die(const struct help *h, const char *const *sql, int n)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db;
    int status;
    pid_t pid;

    fflush(NULL);
    if (!(pid = fork())) {
        help_dek(dek, KEY);
        if (seal_unlock_dek(h->path, dek, &k, NULL) || !(db = help_open(h, k, false)))
            _exit(1);
        for (int i = 0; i < n; i++)
            if (!!help_sql(db, sql[i] + (*sql[i] == '!')) != (*sql[i] == '!'))
                _exit(2);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    CU_ASSERT_EQUAL_FATAL(status, 0);
}

static struct help with_tables(void)
{
    struct seal_keys *k = NULL;
    struct help h;
    sqlite3 *db;

    help_init(&h);
    CU_ASSERT_EQUAL_FATAL(help_create(&h, KEY, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, setup), SQLITE_OK);
    sqlite3_close(db);
    seal_keys_free(k);
    return h;
}

static struct help with_log(void)
{
    struct help h = with_tables();

    run_and_die(&h, commit, COMMITS);
    return h;
}

/* How many commits stand, or -1 on an error. A reader recovers without writing a byte. */
static int standing(const struct help *h, bool *damaged)
{
    unsigned char dek[CRYPT_KEY], id[SEAL_FILE_ID];
    int rc = 0, n = -1, fd = open(h->path, O_RDONLY);
    struct seal_keys *k;
    sqlite3 *db = NULL;

    /* the superblock is not what is tried here: 25,000 times without its hashes */
    CU_ASSERT_EQUAL_FATAL(pread(fd, id, sizeof id, 32), SEAL_FILE_ID);
    close(fd);
    help_dek(dek, KEY);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k = seal_keys_new(dek, id));
    if (seal_open(h->path, k, true, &db, NULL) == ERR_OK) {
        n = (int)help_int(db, commits, &rc);
        if (rc)
            n = -1;
        sqlite3_close(db);
    }
    *damaged = seal_wal_damaged(k);
    seal_keys_free(k);
    return n;
}

/* Commits whose last frame ends at or before byte `end`; *frames: all frames. */
static int whole_commits(const unsigned char *wal, size_t n, size_t end, int *frames)
{
    int whole = 0;

    *frames = 0;
    for (size_t at = SEAL_WAL_HEAD; at + SEAL_FRAME <= n; at += SEAL_FRAME, ++*frames)
        if (at + SEAL_FRAME <= end && (wal[at + 4] | wal[at + 5] | wal[at + 6] | wal[at + 7]))
            whole++;
    return whole;
}

/* Planted fault: seal-wal-silent. Every byte of the header and of the frames of commits 1 and 2. */
static void flips(void)
{
    struct help h = with_log();
    unsigned wrong = 0, unsaid = 0, tried = 0;
    int frames, fd = open(h.wal, O_RDWR);
    unsigned char *wal;
    bool damaged;
    size_t n;

    wal = help_read(h.wal, &n);
    CU_ASSERT_EQUAL(whole_commits(wal, n, n, &frames), COMMITS);
    CU_ASSERT(frames >= 8);
    CU_ASSERT_EQUAL(standing(&h, &damaged), COMMITS);
    CU_ASSERT(!damaged);
    for (size_t at = 0; at < SEAL_WAL_HEAD + 5 * SEAL_FRAME; at += at < SEAL_WAL_HEAD + 3 * SEAL_FRAME ? 1 : 61, tried++) {
        size_t frame = at < SEAL_WAL_HEAD ? 0 : at - (at - SEAL_WAL_HEAD) % SEAL_FRAME;
        unsigned char one = wal[at] ^ (unsigned char)(1 << (at % 8));
        int want = frame ? whole_commits(wal, n, frame, &frames) : 0;

        CU_ASSERT_EQUAL(pwrite(fd, &one, 1, (off_t)at), 1);
        wrong += standing(&h, &damaged) != want;
        unsaid += !damaged;
        CU_ASSERT_EQUAL(pwrite(fd, wal + at, 1, (off_t)at), 1);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(unsaid, 0);
    CU_ASSERT(tried > 3 * SEAL_FRAME);
    help_proof("bytes of the log changed", tried, "bits");
    close(fd);
    mem_free(wal);
    help_fini(&h);
}

static void put_big(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static uint32_t get_big(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* SQLite's sum over the header, as anybody can make it (file format 4.1). */
static void resum(unsigned char *head)
{
    bool big = head[3] & 1;
    uint32_t a = 0, b = 0;

    for (int i = 0; i < 24; i += 8) {
        a += (big ? get_big(head + i) : seal_get32(head + i)) + b;
        b += (big ? get_big(head + i + 4) : seal_get32(head + i + 4)) + a;
    }
    put_big(head + 24, a);
    put_big(head + 28, b);
}

/* Each field of the header, which lies in clear, set to other values by someone who makes its sum fit. The sums of the
 * frames, which are sealed, begin with it: so no commit stands then, or nothing opens. */
static void header_fields(void)
{
    static const struct {
        int at;
        const char *name;
    } fields[] = {{0, "magic"}, {4, "version"}, {8, "page size"}, {12, "checkpoint number"}, {16, "salt 1"}, {20, "salt 2"}};
    static const uint32_t values[] = {0, 1, 512, 4096, 8192, 65536, 3007000, 3008000, 0x377f0682, 0x377f0683, 0x7fffffff,
                                      0xffffffff};
    struct help h = with_log();
    unsigned wrong = 0, tried = 0;
    unsigned char *wal;
    bool damaged;
    size_t n;

    wal = help_read(h.wal, &n);
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++) {
        uint32_t was = get_big(wal + fields[f].at);

        for (size_t v = 0; v < sizeof values / sizeof *values; v++, tried++) {
            int got;

            put_big(wal + fields[f].at, values[v]);
            resum(wal);
            help_write(h.wal, wal, n);
            got = standing(&h, &damaged);
            if (values[v] == was ? got != COMMITS : got > 0) {
                printf("\n    %s = %u: %d commits ", fields[f].name, values[v], got);
                wrong++;
            }
        }
        put_big(wal + fields[f].at, was);
        resum(wal);
    }
    help_write(h.wal, wal, n);
    CU_ASSERT_EQUAL(standing(&h, &damaged), COMMITS);
    CU_ASSERT_EQUAL(wrong, 0);
    help_proof("fields of the log's header", tried, "values");
    mem_free(wal);
    help_fini(&h);
}

/* Cut at every byte of the last three frames. */
static void truncations(void)
{
    struct help h = with_log();
    unsigned wrong = 0, tried = 0;
    unsigned char *wal;
    bool damaged;
    int frames;
    size_t n;

    wal = help_read(h.wal, &n);
    for (size_t cut = n; cut > n - 3 * SEAL_FRAME; cut--, tried++) {
        CU_ASSERT_EQUAL(truncate(h.wal, (off_t)cut), 0);
        wrong += standing(&h, &damaged) != whole_commits(wal, n, cut, &frames);
    }
    for (size_t cut = 0; cut <= SEAL_WAL_HEAD; cut++) {
        help_write(h.wal, wal, cut);
        wrong += standing(&h, &damaged) != 0;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(tried == 3 * SEAL_FRAME);
    help_proof("logs cut short", tried + SEAL_WAL_HEAD, "lengths");
    mem_free(wal);
    help_fini(&h);
}

/* Planted fault: seal-wal-place. A frame of the same log in another place, frames of another store's log
 * under the same key, the log of an earlier moment under today's header. */
static void pasted(void)
{
    struct help h = with_log(), g = with_log();
    unsigned char *wal, *other;
    unsigned wrong = 0;
    bool damaged;
    int frames;
    size_t n, n2;

    wal = help_read(h.wal, &n);
    other = help_read(g.wal, &n2);
    CU_ASSERT_EQUAL_FATAL(n, n2);
    whole_commits(wal, n, n, &frames);
    for (int to = 0; to < frames; to++) {
        size_t at = SEAL_WAL_HEAD + (size_t)to * SEAL_FRAME;
        unsigned char *copy = mem_alloc(n);
        int want = whole_commits(wal, n, at, &(int){0});

        for (int from = 0; from < frames; from++) {
            memcpy(copy, wal, n);
            memcpy(copy + at, wal + SEAL_WAL_HEAD + (size_t)from * SEAL_FRAME, SEAL_FRAME);
            help_write(h.wal, copy, n);
            wrong += standing(&h, &damaged) != (from == to ? COMMITS : want);
            memcpy(copy + at, other + SEAL_WAL_HEAD + (size_t)from * SEAL_FRAME, SEAL_FRAME);
            memcpy(copy + at, wal + at, SEAL_FRAME_CLEAR);
            help_write(h.wal, copy, n);
            wrong += standing(&h, &damaged) != want;
        }
        memcpy(copy, wal, n);
        memset(copy + at, 0, SEAL_FRAME); /* never reached the disk, later ones did */
        help_write(h.wal, copy, n);
        wrong += standing(&h, &damaged) != want || damaged != (to + 1 < frames);
        mem_free(copy);
    }
    help_write(h.wal, other, n);
    wrong += standing(&h, &damaged) != 0;
    CU_ASSERT_EQUAL(wrong, 0);
    mem_free(wal);
    mem_free(other);
    help_fini(&h);
    help_fini(&g);
}

/* A writer goes on behind the damage: what stood stays, the lost commits do not come back. */
static void goes_on(void)
{
    static const char *const more[] = {"BEGIN; INSERT INTO c VALUES(9); INSERT INTO d VALUES(8, 'more'); COMMIT"};
    struct help h = with_log();
    unsigned char *wal;
    bool damaged;
    size_t n;

    wal = help_read(h.wal, &n);
    wal[n - SEAL_FRAME + 100] ^= 1;
    help_write(h.wal, wal, n);
    CU_ASSERT_EQUAL(standing(&h, &damaged), COMMITS - 1);
    CU_ASSERT(damaged);
    run_and_die(&h, more, 1);
    CU_ASSERT_EQUAL(standing(&h, &damaged), COMMITS);
    CU_ASSERT(!damaged);
    mem_free(wal);
    help_fini(&h);
}

/* What the log's clear bytes say: page numbers, sizes and salts. Nothing that a page's content changes
 * stands outside the sealed part. */
static void checksum_is_sealed(void)
{
    struct help h = with_log();
    unsigned char *wal, dek[CRYPT_KEY], *frame = mem_alloc(SEAL_FRAME), back[SEAL_FRAME];
    struct seal_keys *k = NULL;
    unsigned same = 0;
    size_t n;

    wal = help_read(h.wal, &n);
    help_dek(dek, KEY);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    for (size_t at = SEAL_WAL_HEAD; at < n; at += SEAL_FRAME) {
        CU_ASSERT(seal_frame_get(k, at, wal + at, frame));
        CU_ASSERT(!seal_frame_get(k, at + SEAL_FRAME, wal + at, back)); /* bound to its place */
        same += !memcmp(frame + SEAL_FRAME_CLEAR, wal + at + SEAL_FRAME_CLEAR, 4);
        same += memmem(wal, n, frame + SEAL_FRAME_CLEAR, 8) != NULL;
        wal[at + 5000 % SEAL_FRAME] ^= 1;
        CU_ASSERT(!seal_frame_get(k, at, wal + at, frame));
        CU_ASSERT(frame[0] == 0 && !memcmp(frame, frame + 1, SEAL_FRAME - 1));
    }
    CU_ASSERT_EQUAL(same, 0);
    seal_keys_free(k);
    mem_free(wal);
    mem_free(frame);
    help_fini(&h);
}

/* New pages that go into the log and are written there again, before they are taken back: SQLite then writes the commit's
 * frames without salts and may not make them good (src/store/seal_wal.c). */
#define SMALL "PRAGMA cache_size=10"
#define MANY "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<60) "
#define FILL "SAVEPOINT s; INSERT INTO f " MANY "SELECT x, zeroblob(3000) FROM n; "
#define EDIT(n) "UPDATE f SET b=zeroblob(" #n ") WHERE a>20; "
#define AGAIN EDIT(2999) EDIT(2998) "ROLLBACK TO s; RELEASE s; "
#define ROW(n) "INSERT INTO c VALUES(" #n "); INSERT INTO d VALUES(8, 'x')"
#define ROWS(n, bytes) "INSERT INTO c VALUES(" #n "); INSERT INTO d VALUES(8, zeroblob(" #bytes ")); "

/* Planted faults: seal-loose, seal-head-held. A commit of a few frames, so that it ends before the frame
 * that was overwritten, and one of many; at the log's beginning and behind another; a savepoint, and a statement that
 * fails. */
static void taken_back(void)
{
    static const char *const works[][8] = {
        {SMALL, "BEGIN; " FILL AGAIN ROW(1) "; COMMIT", ROW(2), ROW(3)},
        {SMALL, "BEGIN; " FILL AGAIN ROWS(1, 900000) "COMMIT", ROW(2), ROW(3)},
        {SMALL, ROW(1), "BEGIN; " FILL AGAIN ROW(2) "; COMMIT", "BEGIN; " FILL AGAIN ROWS(3, 900000) "COMMIT"},
        {SMALL, "BEGIN; " ROWS(1, 90000) FILL AGAIN "COMMIT", "BEGIN; " FILL AGAIN ROW(2) "; COMMIT",
         "BEGIN; " FILL AGAIN ROW(3) "; ROLLBACK", ROW(3)},
        {SMALL, "INSERT INTO u VALUES(printf('%.900d', 0), 0); BEGIN", ROW(1),
         "!INSERT INTO u " MANY "SELECT printf('%.900d', x * 37 % 60), zeroblob(3000) FROM n", ROW(2), "COMMIT", ROW(3)},
    };

    for (size_t w = 0; w < sizeof works / sizeof *works; w++) {
        struct help h = with_tables();
        bool damaged;
        int n = 0;

        while (n < 8 && works[w][n])
            n++;
        run_and_die(&h, works[w], n);
        CU_ASSERT_EQUAL(standing(&h, &damaged), 3);
        CU_ASSERT(!damaged);
        help_fini(&h);
    }
}

static const struct unit_test tests[] = {
    {"one bit anywhere: whole commits before it stand, the loss is said", flips},
    {"each field of the header", header_fields},
    {"cut at every byte of three frames", truncations},
    {"frames moved, foreign, or missing in the middle", pasted},
    {"a writer goes on behind the damage", goes_on},
    {"SQLite's checksums are nowhere in clear", checksum_is_sealed},
    {"what follows a rollback to a savepoint, or of a statement, stands", taken_back},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal-wal", tests, sizeof tests / sizeof *tests);
}
