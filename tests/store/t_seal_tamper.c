/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Somebody without the key changes bytes of the store: every bit of both superblocks and of page 1; on each page bits,
 * zeros, another page, the same page of another file, a frame of the log. Each is met at its number and is never a row.
 * An older copy of a page put back in its place does verify: FORMAT says so, and so does the last test here.
 * Planted faults: seal-page-place (pages not bound to their number), seal-zero-page-ok (a page of zeros passes, as in
 * cksumvfs), seal-super-unkeyed (the superblock's keyed sum is not looked at).
 */
#include "config.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/store/disk.h"

#define KEY 7

static const char fill[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB); CREATE INDEX i ON t(a);"
                           "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<200)"
                           "INSERT INTO t SELECT x, printf('patient %d', x), randomblob(900 + x*7) FROM n";

/* A store of one file that lies in the disk, its superblocks also in a real one. */
static struct seal_keys *made(struct help *h, const char *sql)
{
    struct seal_keys *k = NULL;
    sqlite3 *db;

    disk_stop();
    help_init(h);
    CU_ASSERT_EQUAL_FATAL(help_create(h, KEY, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, sql), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_close(db), SQLITE_OK);
    return k;
}

/* --- superblock -------------------------------------------------------------------------------- */

static int unlock_code(const struct help *h)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    int code;

    help_dek(dek, KEY);
    code = seal_unlock_dek(h->path, dek, &k, NULL);
    seal_keys_free(k);
    return code;
}

static void resum(unsigned char *copy)
{
    crypt_hash(copy + SEAL_SUPER - CRYPT_HASH, copy, SEAL_SUPER - CRYPT_HASH, NULL);
}

/* Every bit of each copy; resummed: by someone who knows how to make the torn-write sum fit. Each eighth time the other
 * copy is damaged too, and then nothing may open. */
static void flip_each(const struct help *h, int fd, const unsigned char *head, bool resummed)
{
    const int all = 2 * SEAL_SUPER * 8;
    unsigned served = 0, refused = 0, wrong = 0;
    unsigned char b[2 * SEAL_SUPER];

    for (int bit = 0; bit < all; bit++) {
        int i = bit / 8, copy = i / SEAL_SUPER, in = i % SEAL_SUPER, code;
        bool sum = in >= SEAL_SUPER - CRYPT_HASH;

        memcpy(b, head, sizeof b);
        b[i] ^= (unsigned char)(1 << (bit % 8));
        if (resummed && !sum)
            resum(b + copy * SEAL_SUPER);
        CU_ASSERT(pwrite(fd, b, sizeof b, 0) == sizeof b);
        code = unlock_code(h);
        /* a whole copy that claims to be of a newer format is believed before the key is known */
        if (code == ERR_OK)
            served++;
        else if (code == ERR_VERSION && resummed && (in == 10 || in == 11))
            refused++;
        else
            wrong++;
        if (bit % 8 != i % 8)
            continue;
        b[i + (copy ? -SEAL_SUPER : SEAL_SUPER)] ^= 0x10;
        CU_ASSERT(pwrite(fd, b, sizeof b, 0) == sizeof b);
        code = unlock_code(h);
        if (code != ERR_DAMAGED && !(code == ERR_VERSION && resummed))
            wrong++;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(served + refused, (unsigned)all);
    CU_ASSERT(refused <= 32);
    CU_ASSERT(pwrite(fd, head, sizeof b, 0) == sizeof b);
    help_proof(resummed ? "superblock bits, sum made to fit" : "superblock bits", (unsigned long)all, "bits");
}

/* Planted fault: seal-super-unkeyed. */
static void superblock_bits(void)
{
    struct help h;
    struct seal_keys *k = made(&h, fill);
    struct seal_superblocks sb;
    unsigned char *file, b[SEAL_SUPER];
    size_t n;
    int fd = open(h.path, O_WRONLY);

    file = help_read(h.path, &n);
    CU_ASSERT(!memcmp(file, file + SEAL_SUPER, SEAL_SUPER));
    flip_each(&h, fd, file, false);
    flip_each(&h, fd, file, true);
    memcpy(b, file, sizeof b);
    b[40] ^= 1;
    resum(b);
    CU_ASSERT(pwrite(fd, b, sizeof b, SEAL_SUPER) == sizeof b);
    CU_ASSERT_EQUAL(seal_inspect(h.path, k, &sb, NULL), ERR_OK);
    CU_ASSERT(sb.a_whole && !sb.b_whole);
    CU_ASSERT_EQUAL(seal_inspect(h.path, NULL, &sb, NULL), ERR_OK);
    CU_ASSERT(sb.a_whole && sb.b_whole); /* only the key can tell */
    close(fd);
    mem_free(file);
    seal_keys_free(k);
    help_fini(&h);
}

/* --- pages ------------------------------------------------------------------------------------- */

/* Opens and reads every page; SQLITE_OK only if nothing was found. *page: where a MAC failed last, 0 if none did. */
static int read_all(const struct help *h, const struct seal_keys *k, int64_t *page)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *fresh;
    struct err e = ERR_NONE;
    sqlite3 *db = NULL;
    int rc = SQLITE_OK;

    help_dek(dek, KEY);
    CU_ASSERT_PTR_NOT_NULL_FATAL(fresh = seal_keys_new(dek, k->file_id));
    if (seal_open(h->path, fresh, true, &db, &e)) {
        CU_ASSERT_EQUAL(e.code, ERR_DAMAGED);
        rc = SQLITE_IOERR_DATA;
    } else {
        rc = help_every_page(db);
    }
    *page = seal_bad_page(fresh);
    sqlite3_close(db);
    seal_keys_free(fresh);
    return rc;
}

static unsigned char *page_at(unsigned char *file, int64_t no)
{
    return file + SEAL_DATA_OFFSET + (no - 1) * SEAL_PAGE;
}

/* What reads a pointer map (page 2) is the integrity check alone, and it says in words what it could not read. */
static bool met(const struct help *h, const struct seal_keys *k, const unsigned char *file, size_t n, int64_t no)
{
    int64_t page;

    disk_put(h->path, file, n);
    return read_all(h, k, &page) == (no == 2 ? SQLITE_CORRUPT : SQLITE_IOERR_DATA) && page == no;
}

static void first_page_bits(void)
{
    struct help h;
    struct seal_keys *k = made(&h, "CREATE TABLE t(b); INSERT INTO t VALUES('x')");
    unsigned char *file;
    unsigned missed = 0;
    int64_t page;
    size_t n;

    disk_start();
    disk_store(&h);
    file = disk_dup(h.path, &n);
    for (unsigned bit = 0; bit < SEAL_PAGE * 8; bit++) {
        file[SEAL_DATA_OFFSET + bit / 8] ^= (unsigned char)(1 << bit % 8);
        missed += !met(&h, k, file, n, 1);
        file[SEAL_DATA_OFFSET + bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    CU_ASSERT_EQUAL(missed, 0);
    disk_put(h.path, file, n);
    CU_ASSERT_EQUAL(read_all(&h, k, &page), SQLITE_OK);
    help_proof("bits of page 1", SEAL_PAGE * 8, "bits");
    mem_free(file);
    seal_keys_free(k);
    disk_stop();
    help_fini(&h);
}

/* A frame of the log that holds a page of this number, or NULL. */
static const unsigned char *frame_of(const unsigned char *log, size_t n, int64_t no)
{
    for (size_t at = SEAL_WAL_HEAD; at + SEAL_FRAME <= n; at += SEAL_FRAME)
        if (log[at] == 0 && log[at + 1] == 0 && log[at + 2] * 256 + log[at + 3] == no)
            return log + at;
    return NULL;
}

/* Planted faults: seal-page-place, seal-zero-page-ok. */
static void pages(void)
{
    static const unsigned char zero[SEAL_PAGE];
    struct help h, other;
    struct seal_keys *k = made(&h, fill), *k2 = made(&other, fill); /* one key: only the file id differs */
    unsigned char *file, *foreign, *log, *p, was[SEAL_PAGE];
    unsigned long tried = 0, missed = 0, of_log = 0;
    size_t n, n2, log_n;
    sqlite3 *db;
    int64_t page;

    disk_start();
    disk_store(&h);
    disk_store(&other);
    file = disk_dup(h.path, &n);
    foreign = disk_dup(other.path, &n2);
    CU_ASSERT(n == n2 && n > SEAL_DATA_OFFSET + 60 * SEAL_PAGE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "UPDATE t SET a = a || ' jr', b = randomblob(length(b))"), SQLITE_OK);
    log = disk_dup(h.wal, &log_n);
    sqlite3_close(db);
    disk_put(h.wal, NULL, 0);
    for (int64_t no = 1; no <= (int64_t)(n - SEAL_DATA_OFFSET) / SEAL_PAGE; no++) {
        int64_t swap = no % ((int64_t)(n - SEAL_DATA_OFFSET) / SEAL_PAGE) + 1;
        const unsigned char *frame = frame_of(log, log_n, no);

        p = page_at(file, no);
        memcpy(was, p, SEAL_PAGE);
        for (unsigned i = 0; i < 8; i++, tried++) {
            unsigned bit = (unsigned)(((uint64_t)no * 8 + i) * 2654435761u % (SEAL_PAGE * 8));

            p[bit / 8] ^= (unsigned char)(1 << bit % 8);
            missed += !met(&h, k, file, n, no);
            p[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        memcpy(p, zero, SEAL_PAGE);
        missed += !met(&h, k, file, n, no);
        memcpy(p, page_at(file, swap), SEAL_PAGE);
        missed += !met(&h, k, file, n, no);
        memcpy(p, page_at(foreign, no), SEAL_PAGE);
        missed += !met(&h, k, file, n, no);
        tried += 3;
        for (int from = SEAL_FRAME_CLEAR; frame && from <= SEAL_FRAME_HEAD; from += 8, tried++, of_log++) {
            memcpy(p, frame + from, SEAL_PAGE);
            missed += !met(&h, k, file, n, no);
        }
        memcpy(p, was, SEAL_PAGE);
    }
    CU_ASSERT_EQUAL(missed, 0);
    CU_ASSERT(of_log > 60);
    disk_put(h.path, file, n);
    CU_ASSERT_EQUAL(read_all(&h, k, &page), SQLITE_OK);
    help_proof("pages changed", tried, "changes");
    mem_free(file);
    mem_free(foreign);
    mem_free(log);
    seal_keys_free(k);
    seal_keys_free(k2);
    disk_stop();
    help_fini(&h);
    help_fini(&other);
}

/* --full: every bit of each of 200 pages and of as many frames, without SQLite. */
static void every_bit(void)
{
    static unsigned char page[SEAL_PAGE], sealed[SEAL_FRAME], frame[SEAL_FRAME], head[SEAL_FRAME_HEAD];
    unsigned char dek[CRYPT_KEY], id[SEAL_FILE_ID] = {3};
    unsigned long tried = 0, missed = 0, times = help_full() ? 200 : 2;
    struct seal_keys *k;

    help_dek(dek, KEY);
    CU_ASSERT_PTR_NOT_NULL_FATAL(k = seal_keys_new(dek, id));
    crypt_random(page, SEAL_CONTENT);
    for (unsigned long no = 1; no <= times; no++) {
        seal_page_put(k, no, page, sealed);
        for (unsigned bit = 0; bit < SEAL_PAGE * 8; bit++, tried++) {
            sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
            missed += seal_page_get(k, no, sealed, frame);
            sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        seal_frame_put(k, no * SEAL_FRAME, head, page, sealed);
        for (unsigned bit = 0; bit < SEAL_FRAME * 8; bit++, tried++) {
            sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
            missed += seal_frame_get(k, no * SEAL_FRAME, sealed, frame);
            sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
    }
    CU_ASSERT_EQUAL(missed, 0);
    help_proof("bits of pages and frames", tried, "bits");
    seal_keys_free(k);
}

/* What the seal does not promise: all pages of yesterday put back are yesterday's store, and one such page is met by no
 * MAC. It is a page that the key once wrote there; FORMAT names who can tell. */
static void older_copy(void)
{
    struct help h;
    struct seal_keys *k = made(&h, fill);
    unsigned char *old, *now;
    unsigned met_it = 0, by_sqlite = 0, replayed = 0;
    size_t n, n2;
    sqlite3 *db;
    int64_t page;

    disk_start();
    disk_store(&h);
    old = disk_dup(h.path, &n);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "UPDATE t SET a = a || ' jr', b = randomblob(length(b))"), SQLITE_OK);
    sqlite3_close(db);
    now = disk_dup(h.path, &n2);
    CU_ASSERT(n2 >= n);
    for (int64_t no = 1; no <= (int64_t)(n - SEAL_DATA_OFFSET) / SEAL_PAGE; no++) {
        unsigned char was[SEAL_PAGE];

        memcpy(was, page_at(now, no), SEAL_PAGE);
        memcpy(page_at(now, no), page_at(old, no), SEAL_PAGE);
        disk_put(h.path, now, n2);
        by_sqlite += read_all(&h, k, &page) != SQLITE_OK;
        met_it += page != 0;
        replayed++;
        memcpy(page_at(now, no), was, SEAL_PAGE);
    }
    CU_ASSERT_EQUAL(met_it, 0);
    CU_ASSERT(replayed > 60);
    disk_put(h.path, old, n);
    CU_ASSERT_EQUAL(read_all(&h, k, &page), SQLITE_OK);
    printf("\n    (%u pages put back: none met by the seal, %u by SQLite) ", replayed, by_sqlite);
    mem_free(old);
    mem_free(now);
    seal_keys_free(k);
    disk_stop();
    help_fini(&h);
}

static const struct unit_test tests[] = {
    {"every bit of both superblocks", superblock_bits},
    {"every bit of page 1", first_page_bits},
    {"a changed, zeroed, swapped or foreign page is met at its number", pages},
    {"every bit of a page and of a frame", every_bit},
    {"an older copy in the same place verifies, as FORMAT says", older_copy},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal-tamper", tests, sizeof tests / sizeof *tests);
}
