/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Superblocks, pages and doors of the sealed store; changed bytes are t_seal_tamper's. Planted faults:
 * seal-old-passphrase (the older superblock lets the old passphrase in), seal-hole, seal-fork.
 */
#include "config.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/store/seal_help.h"

static const struct crypt_kdf cheap = {CRYPT_KDF_MIN_PASSES, CRYPT_KDF_MIN_MEM};

static struct secret *phrase(const char *z)
{
    struct secret *s = secret_new(64);

    secret_set(s, z, strlen(z));
    return s;
}

static void poke(const char *path, off_t at, const void *p, size_t n)
{
    int fd = open(path, O_WRONLY);

    CU_ASSERT_EQUAL(pwrite(fd, p, n, at), (ssize_t)n);
    close(fd);
}

static void round_trip(void)
{
    struct secret *right = phrase("correct horse battery"), *wrong = phrase("correct horse batterz");
    struct seal_keys *k = NULL;
    struct seal_superblocks sb;
    struct help h;
    sqlite3 *db, *reader;

    help_init(&h);
    CU_ASSERT_EQUAL(seal_unlock(h.path, right, &k, NULL), ERR_NOPROFILE);
    CU_ASSERT_EQUAL(seal_create(h.path, right, &cheap, &k, NULL), ERR_OK);
    seal_keys_free(k);
    CU_ASSERT_EQUAL(seal_create(h.path, right, &cheap, &k, NULL), ERR_EXISTS);
    CU_ASSERT_EQUAL(seal_unlock(h.path, wrong, &k, NULL), ERR_PASSPHRASE);
    CU_ASSERT_PTR_NULL(k);
    CU_ASSERT_EQUAL_FATAL(seal_unlock(h.path, right, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "CREATE TABLE t(a); INSERT INTO t VALUES('five mg'),(zeroblob(9000))"), SQLITE_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(reader = help_open(&h, k, true));
    CU_ASSERT_EQUAL(help_int(reader, "SELECT count(*) FROM t", NULL), 2);
    CU_ASSERT_EQUAL(help_sql(reader, "INSERT INTO t VALUES(3)"), SQLITE_READONLY);
    CU_ASSERT_EQUAL(help_sql(db, "INSERT INTO t VALUES(3)"), SQLITE_OK);
    CU_ASSERT_EQUAL(help_int(reader, "SELECT count(*) FROM t", NULL), 3);
    CU_ASSERT_EQUAL(seal_inspect(h.path, k, &sb, NULL), ERR_OK);
    CU_ASSERT(sb.a_whole && sb.b_whole && sb.format == 1 && sb.kdf.passes == 3);
    sqlite3_close(reader);
    sqlite3_close(db);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM t WHERE a='five mg'", NULL), 1);
    sqlite3_close(db);
    seal_keys_free(k);
    secret_free(right);
    secret_free(wrong);
    help_fini(&h);
}

/* --- superblock -------------------------------------------------------------------------------- */

static void newer_version(void)
{
    unsigned char b[SEAL_SUPER] = {0};
    struct seal_super s = {.version = 9, .reader = SEAL_READS + 1, .generation = 3}, back;
    struct seal_keys *k = NULL;
    struct err e = ERR_NONE;
    struct help h;

    help_init(&h);
    CU_ASSERT_EQUAL_FATAL(help_create(&h, 7, &k), ERR_OK);
    seal_super_write(b, &s, k);
    CU_ASSERT_EQUAL(seal_super_parse(b, &back), ERR_VERSION);
    poke(h.path, 0, b, sizeof b);
    seal_keys_free(k);
    struct secret *p = phrase("any");
    CU_ASSERT_EQUAL(seal_unlock(h.path, p, &k, &e), ERR_VERSION);
    CU_ASSERT_EQUAL(e.num, 9);
    secret_free(p);
    s.reader = 1; /* newer, but this reader is old enough for it */
    k = seal_keys_new(b, b);
    seal_super_write(b, &s, k);
    CU_ASSERT_EQUAL(seal_super_parse(b, &back), ERR_OK);
    seal_keys_free(k);
    help_fini(&h);
}

static void kdf_bounds(void)
{
    static const struct crypt_kdf bad[] = {{2, CRYPT_KDF_MIN_MEM}, {17, CRYPT_KDF_MIN_MEM}, {3, CRYPT_KDF_MIN_MEM - 1},
                                           {3, CRYPT_KDF_MAX_MEM + 1}, {0, 0}, {0xffffffff, UINT64_MAX}};
    struct secret *p = phrase("any"), *key = secret_new(CRYPT_KEY);
    unsigned char id[SEAL_FILE_ID] = {0}, salt[CRYPT_SALT] = {0}, dek[CRYPT_KEY] = {0};
    struct seal_slot s;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CU_ASSERT_EQUAL(crypt_kdf(key, p, salt, &bad[i]), ERR_INPUT);
        CU_ASSERT_EQUAL(seal_slot_wrap(&s, 0, id, p, &bad[i], dek, 0), ERR_INPUT);
        s = (struct seal_slot){.type = SEAL_PASSPHRASE, .kdf = bad[i]};
        CU_ASSERT_EQUAL(seal_slot_unwrap(&s, 0, id, p, key), ERR_DAMAGED);
    }
    secret_free(p);
    secret_free(key);
}

/* A password change that stopped between the two copies: the new one rules, and if it is torn the old one
 * serves. The old passphrase must not open the store beside a whole new copy. */
static void password_change(void)
{
    struct secret *old = phrase("old passphrase"), *new = phrase("new passphrase");
    unsigned char a[SEAL_SUPER], dek[CRYPT_KEY], torn = 0;
    struct seal_super s = {.version = 1, .reader = 1, .generation = 1, .codec = 2};
    struct seal_keys *k = NULL;
    struct help h;

    help_init(&h);
    help_dek(dek, 7);
    crypt_random(s.file_id, sizeof s.file_id);
    CU_ASSERT_EQUAL(seal_slot_wrap(&s.slot[0], 0, s.file_id, old, &cheap, dek, 0), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(seal_create_dek(h.path, dek, &s, &k, NULL), ERR_OK);
    CU_ASSERT_EQUAL(seal_slot_wrap(&s.slot[0], 0, s.file_id, new, &cheap, dek, 0), ERR_OK);
    s.generation = 2;
    seal_commitment(s.commitment, k);
    seal_super_write(a, &s, k);
    seal_keys_free(k);
    poke(h.path, SEAL_SUPER, a, sizeof a);
    CU_ASSERT_EQUAL(seal_unlock(h.path, new, &k, NULL), ERR_OK);
    seal_keys_free(k);
    CU_ASSERT_EQUAL(seal_unlock(h.path, old, &k, NULL), ERR_PASSPHRASE);
    CU_ASSERT_PTR_NULL(k);
    poke(h.path, SEAL_SUPER, &torn, 1);
    CU_ASSERT_EQUAL(seal_unlock(h.path, old, &k, NULL), ERR_OK);
    seal_keys_free(k);
    secret_free(old);
    secret_free(new);
    help_fini(&h);
}

/* --- pages ------------------------------------------------------------------------------------- */

static const char fill[] = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b BLOB); CREATE INDEX i ON t(a);"
                           "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n WHERE x<200)"
                           "INSERT INTO t SELECT x, printf('patient %d', x), randomblob(900 + x*7) FROM n";

/* Opens and reads every page; SQLITE_OK only if nothing was found. *page: where the first MAC failed. */
static int read_all(const struct help *h, unsigned n, int64_t *page)
{
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db = NULL;
    struct err e = ERR_NONE;
    int rc = SQLITE_OK, code;

    help_dek(dek, n);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h->path, dek, &k, NULL), ERR_OK);
    code = seal_open(h->path, k, true, &db, &e);
    if (code) {
        CU_ASSERT_EQUAL(code, ERR_DAMAGED);
        rc = SQLITE_IOERR_DATA;
    } else {
        rc = help_every_page(db);
    }
    *page = seal_bad_page(k);
    sqlite3_close(db);
    seal_keys_free(k);
    return rc;
}

static struct help made(unsigned key, const char *sql)
{
    struct seal_keys *k = NULL;
    struct help h;
    sqlite3 *db;

    help_init(&h);
    CU_ASSERT_EQUAL_FATAL(help_create(&h, key, &k), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, sql), SQLITE_OK);
    CU_ASSERT_EQUAL(sqlite3_close(db), SQLITE_OK);
    seal_keys_free(k);
    return h;
}

/* Cut at every page's border and inside: never less data without a word. */
static void truncated(void)
{
    struct help h = made(7, fill);
    unsigned char *file, dek[CRYPT_KEY];
    struct secret *p = phrase("any");
    size_t n;
    unsigned silent = 0;

    file = help_read(h.path, &n);
    help_dek(dek, 7);
    for (size_t cut = 0; cut < n; cut += cut < SEAL_DATA_OFFSET ? 1024 : cut % SEAL_PAGE ? 1 : SEAL_PAGE - 1) {
        struct seal_keys *k = NULL;
        int64_t page;
        int code;

        help_write(h.path, file, cut);
        code = seal_unlock_dek(h.path, dek, &k, NULL);
        seal_keys_free(k);
        if (cut < SEAL_DATA_OFFSET + SEAL_PAGE) {
            silent += code != ERR_DAMAGED;
            if (cut < SEAL_SUPER)
                silent += seal_unlock(h.path, p, &k, NULL) != ERR_DAMAGED;
        } else {
            silent += code != ERR_OK || read_all(&h, 7, &page) == SQLITE_OK;
        }
    }
    CU_ASSERT_EQUAL(silent, 0);
    mem_free(file);
    secret_free(p);
    help_fini(&h);
}

/* A transaction that makes pages and moves them. */
static const char moved[] = "BEGIN; CREATE TABLE ta(x); CREATE TABLE tb(x); CREATE INDEX ib ON tb(x); CREATE TABLE tc(x);"
                            "INSERT INTO tc VALUES(7); DROP TABLE ta; DROP INDEX ib; COMMIT";

/* A commit whose last frame found no room is none: the pages that it would have brought are nobody's. Planted fault:
 * seal-failed-counts. */
static void no_room_at_the_end(void)
{
    static const char big[] = "BEGIN; INSERT INTO t VALUES(zeroblob(120000)); COMMIT";
    struct help whole = made(7, "CREATE TABLE t(b); INSERT INTO t VALUES(1)"), h;
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    struct rlimit old, less;
    struct stat st;
    sqlite3 *db;

    signal(SIGXFSZ, SIG_IGN);
    help_init(&h);
    help_copy(&whole, &h);
    help_dek(dek, 7);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(whole.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&whole, k, false));
    CU_ASSERT_EQUAL(help_sql(db, big), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(stat(whole.wal, &st), 0);
    sqlite3_close(db);
    seal_keys_free(k);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    getrlimit(RLIMIT_FSIZE, &old);
    less = old;
    less.rlim_cur = (rlim_t)st.st_size - 1000;
    setrlimit(RLIMIT_FSIZE, &less);
    CU_ASSERT_NOT_EQUAL(help_sql(db, big), SQLITE_OK);
    setrlimit(RLIMIT_FSIZE, &old);
    help_sql(db, "ROLLBACK");
    CU_ASSERT_EQUAL(help_sql(db, moved), SQLITE_OK);
    CU_ASSERT_EQUAL(help_int(db, "SELECT x FROM tc", NULL), 7);
    CU_ASSERT_EQUAL(seal_bad_page(k), 0);
    sqlite3_close(db);
    seal_keys_free(k);
    help_fini(&h);
    help_fini(&whole);
}

/* Pages that a transaction makes and moves before they are written anywhere are nobody's loss. What was committed and is
 * not there is one, for a writer too: the log says how long the file is, so SQLite does not look. Planted fault:
 * seal-past-end. */
static void past_the_end(void)
{
    struct help h = made(7, fill), g;
    unsigned char *file, dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db;
    size_t n;

    help_init(&g);
    help_dek(dek, 7);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, moved), SQLITE_OK);
    CU_ASSERT_EQUAL(help_int(db, "SELECT x FROM tc", NULL), 7);
    CU_ASSERT_EQUAL(help_every_page(db), SQLITE_OK);
    CU_ASSERT_EQUAL(seal_bad_page(k), 0);
    help_copy(&h, &g);
    sqlite3_close(db);
    file = help_read(g.path, &n);
    help_write(g.path, file, n - 9 * SEAL_PAGE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&g, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "BEGIN IMMEDIATE"), SQLITE_OK);
    CU_ASSERT_NOT_EQUAL(help_every_page(db), SQLITE_OK);
    CU_ASSERT(seal_bad_page(k) > (int64_t)((n - SEAL_DATA_OFFSET) / SEAL_PAGE) - 9);
    sqlite3_close(db);
    seal_keys_free(k);
    mem_free(file);
    help_fini(&g);
    help_fini(&h);
}

static void put_le(unsigned char *p, uint64_t v, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = (unsigned char)(v >> (8 * i));
}

/* The bytes where store/FORMAT says that they are, opened without the seal's own code: a store that is made today
 * must open in ten years. */
static void as_format_says(void)
{
    struct help h = made(7, fill);
    unsigned char dek[CRYPT_KEY], db_key[CRYPT_KEY], wal_key[CRYPT_KEY], ad[48] = "WLDB", out[4064], sum[32];
    struct seal_keys *k = NULL;
    unsigned char *file, *log;
    size_t n, log_n;
    sqlite3 *db;

    help_dek(dek, 7);
    crypt_subkey(db_key, 1, dek);
    crypt_subkey(wal_key, 2, dek);
    file = help_read(h.path, &n);
    CU_ASSERT(n % 4096 == 0 && n > 16384 + 4096);
    CU_ASSERT(!memcmp(file, "WARDLN\r\n\1\0\1\0\0\x40\0\0\0\x10\0\0\x28\1", 22) && file[23] == 8);
    crypt_hash(sum, file, 4064, NULL);
    CU_ASSERT(!memcmp(sum, file + 4064, 32) && !memcmp(file, file + 4096, 4096));
    put_le(ad + 4, 1, 4);
    memcpy(ad + 8, file + 32, 16);
    for (size_t no = 1; no <= n / 4096 - 4; no++) {
        const unsigned char *page = file + 16384 + (no - 1) * 4096;

        put_le(ad + 24, no, 8);
        CU_ASSERT_EQUAL(crypt_unseal(out, page, 4056, page + 4080, ad, 32, page + 4056, db_key), ERR_OK);
        CU_ASSERT(no > 1 || !memcmp(out, "SQLite format 3", 16));
    }
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "INSERT INTO t(a) VALUES('in the log')"), SQLITE_OK);
    log = help_read(h.wal, &log_n);
    CU_ASSERT(log_n > 32 && (log_n - 32) % 4120 == 0);
    memcpy(ad, "WLWL", 4);
    for (size_t at = 32; at + 4120 <= log_n; at += 4120) {
        put_le(ad + 24, at, 8);
        memcpy(ad + 32, log + at, 16);
        CU_ASSERT_EQUAL(crypt_unseal(out, log + at + 16, 4064, log + at + 4104, ad, 48, log + at + 4080, wal_key), ERR_OK);
    }
    mem_free(file);
    mem_free(log);
    sqlite3_close(db);
    seal_keys_free(k);
    help_fini(&h);
}

/* --- doors ------------------------------------------------------------------------------------- */

static void doors(void)
{
    static const char *const refused[] = {
        "PRAGMA journal_mode=DELETE", "PRAGMA journal_mode=OFF", "PRAGMA journal_mode=MEMORY", "PRAGMA page_size=8192",
        "PRAGMA mmap_size=1000000", "PRAGMA temp_store=1", "PRAGMA temp_store=FILE", "PRAGMA temp.temp_store=1",
        "PRAGMA synchronous=OFF", "PRAGMA synchronous=0", "PRAGMA main.synchronous=off", "PRAGMA secure_delete=OFF",
        "PRAGMA secure_delete=FAST", "PRAGMA temp_store_directory='/tmp'", "PRAGMA writable_schema=ON",
        "PRAGMA locking_mode=EXCLUSIVE", "ATTACH '/tmp/x.db' AS x", "ATTACH ':memory:' AS x",
        "ATTACH 'file:/tmp/x.db?vfs=unix' AS x", "SELECT load_extension('x')", "VACUUM INTO '/tmp/x.db'",
        "PRAGMA query_only=OFF", "PRAGMA threads=4", "PRAGMA of_a_newer_sqlite=1", /* what is not known is refused */
        "CREATE TABLE sqlite_x(a)", "SELECT \"no such column\"",
    };
    struct help h = made(7, fill);
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db, *bare = NULL;

    help_dek(dek, 7);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int rc = help_sql(db, refused[i]);

        if (rc == SQLITE_OK)
            printf("\n    not refused: %s ", refused[i]);
        CU_ASSERT_NOT_EQUAL(rc, SQLITE_OK);
    }
    CU_ASSERT_EQUAL(help_int(db, "PRAGMA temp_store", NULL), 2);
    CU_ASSERT_EQUAL(help_int(db, "PRAGMA secure_delete", NULL), 1);
    CU_ASSERT_EQUAL(help_int(db, "PRAGMA cell_size_check", NULL), 1);
    CU_ASSERT_EQUAL(help_int(db, "PRAGMA trusted_schema", NULL), 0);
    CU_ASSERT_EQUAL(help_int(db, "PRAGMA wal_autocheckpoint", NULL), 16384);
    CU_ASSERT_EQUAL(help_int(db, "PRAGMA mmap_size", NULL), 0);
    CU_ASSERT_EQUAL(help_sql(db, "DELETE FROM t WHERE id%3; VACUUM; PRAGMA synchronous=FULL"), SQLITE_OK);
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM t", NULL), 66);
    /* nobody opens a file through the VFS but seal_open, which brings the keys */
    CU_ASSERT_EQUAL(sqlite3_open_v2(h.path, &bare, SQLITE_OPEN_READWRITE, SEAL_VFS), SQLITE_CANTOPEN);
    sqlite3_close(bare);
    sqlite3_close(db);
    seal_keys_free(k);
    help_fini(&h);
}

static void link_and_mode(void)
{
    struct help h = made(7, fill), g;
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db = NULL;

    help_init(&g);
    help_dek(dek, 7);
    CU_ASSERT_EQUAL(symlink(h.path, g.path), 0);
    CU_ASSERT_EQUAL(seal_unlock_dek(g.path, dek, &k, NULL), ERR_PERM);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_EQUAL(seal_open(g.path, k, false, &db, NULL), ERR_PERM);
    CU_ASSERT_EQUAL(seal_create_dek(g.path, dek, &(struct seal_super){.version = 1}, &(struct seal_keys *){NULL}, NULL), ERR_EXISTS);
    chmod(h.path, 0640);
    CU_ASSERT_EQUAL(seal_open(h.path, k, false, &db, NULL), ERR_PERM);
    chmod(h.path, 0600);
    /* a directory that is a link is the user's own business */
    unlink(g.path);
    rmdir(g.dir);
    CU_ASSERT_EQUAL(symlink(h.dir, g.dir), 0);
    CU_ASSERT_PTR_NOT_NULL(db = help_open(&g, k, false));
    sqlite3_close(db);
    unlink(g.dir);
    seal_keys_free(k);
    help_fini(&h);
}

/* A rollback journal put beside the store must not be played back: we would seal its pages ourselves. */
static void planted_journal(void)
{
    struct help h = made(7, fill);
    unsigned char journal[512 + 4 + SEAL_PAGE + 4] = {0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7, 0, 0, 0, 1};
    char path[128];
    int64_t page;

    journal[19] = 2; /* pages before; sector 512, page 4096 */
    journal[22] = 2;
    journal[26] = 0x10;
    journal[515] = 2;
    snprintf(path, sizeof path, "%s-journal", h.path);
    help_write(path, journal, sizeof journal);
    CU_ASSERT_EQUAL(read_all(&h, 7, &page), SQLITE_OK);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    unlink(path);
    help_fini(&h);
}

/* The contract with SQLite, line by line, on the file itself: what it does not do today is refused, what it
 * may leave out is filled in. Planted fault: seal-hole. */
static void contract(void)
{
    struct help h = made(7, fill);
    unsigned char dek[CRYPT_KEY], page[SEAL_PAGE], part[SEAL_PAGE];
    struct seal_keys *k = NULL;
    sqlite3_file *f = NULL;
    sqlite3_int64 size, n;
    sqlite3 *db;
    int powersafe = 0;

    help_dek(dek, 7);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f), SQLITE_OK);
    const sqlite3_io_methods *io = f->pMethods;

    CU_ASSERT_EQUAL(io->iVersion, 2);
    CU_ASSERT_EQUAL(io->xDeviceCharacteristics(f), SQLITE_IOCAP_POWERSAFE_OVERWRITE);
    CU_ASSERT_EQUAL(io->xFileControl(f, SQLITE_FCNTL_POWERSAFE_OVERWRITE, &powersafe), SQLITE_OK);
    CU_ASSERT_EQUAL(powersafe, 1);
    CU_ASSERT_EQUAL(io->xFileControl(f, SQLITE_FCNTL_BEGIN_ATOMIC_WRITE, NULL), SQLITE_NOTFOUND);
    CU_ASSERT_EQUAL(io->xFileSize(f, &size), SQLITE_OK);
    n = 1 << 30;
    CU_ASSERT_EQUAL(io->xFileControl(f, SQLITE_FCNTL_SIZE_HINT, &n), SQLITE_OK);
    CU_ASSERT(io->xFileSize(f, &n) == SQLITE_OK && n == size);
    /* parts of pages read; page 1 too, whose bytes 16..23 other engines leave in clear */
    CU_ASSERT_EQUAL(io->xRead(f, page, SEAL_PAGE, 0), SQLITE_OK);
    CU_ASSERT(!memcmp(page, "SQLite format 3", 16) && page[20] == SEAL_RESERVE);
    CU_ASSERT(io->xRead(f, part, 16, 24) == SQLITE_OK && !memcmp(part, page + 24, 16));
    CU_ASSERT(io->xRead(f, part, 100, 0) == SQLITE_OK && !memcmp(part, page, 100));
    CU_ASSERT(io->xRead(f, part, SEAL_PAGE, 100) == SQLITE_OK && !memcmp(part, page + 100, SEAL_PAGE - 100));
    memset(part, 1, sizeof part);
    CU_ASSERT_EQUAL(io->xRead(f, part, SEAL_PAGE, size), SQLITE_IOERR_DATA); /* a page of zeros would be a lie */
    CU_ASSERT(part[0] == 0 && !memcmp(part, part + 1, SEAL_PAGE - 1));
    /* writes that are not a page, or use the bytes that are ours */
    CU_ASSERT_EQUAL(io->xWrite(f, page, 512, 0), SQLITE_IOERR_WRITE);
    CU_ASSERT_EQUAL(io->xWrite(f, page, SEAL_PAGE, 512), SQLITE_IOERR_WRITE);
    page[SEAL_PAGE - 1] = 1;
    CU_ASSERT_EQUAL(io->xWrite(f, page, SEAL_PAGE, 0), SQLITE_IOERR_WRITE);
    page[SEAL_PAGE - 1] = 0;
    /* no holes */
    CU_ASSERT_EQUAL(io->xWrite(f, page, SEAL_PAGE, size + 3 * SEAL_PAGE), SQLITE_OK);
    for (int i = 0; i < 3; i++)
        CU_ASSERT(io->xRead(f, part, SEAL_PAGE, size + i * SEAL_PAGE) == SQLITE_OK && part[0] == 0);
    CU_ASSERT(io->xRead(f, part, SEAL_PAGE, size + 3 * SEAL_PAGE) == SQLITE_OK && !memcmp(part, page, SEAL_CONTENT));
    CU_ASSERT_EQUAL(io->xTruncate(f, size + 6 * SEAL_PAGE), SQLITE_OK);
    CU_ASSERT(io->xRead(f, part, SEAL_PAGE, size + 5 * SEAL_PAGE) == SQLITE_OK && part[0] == 0);
    CU_ASSERT_EQUAL(io->xTruncate(f, size + 100), SQLITE_IOERR_TRUNCATE);
    CU_ASSERT_EQUAL(io->xTruncate(f, size), SQLITE_OK);
    sqlite3_close(db);
    seal_keys_free(k);
    help_fini(&h);
}

/* The same for the log. */
static void contract_log(void)
{
    struct help h = made(7, fill);
    unsigned char dek[CRYPT_KEY], frame[SEAL_FRAME] = {0}, back[SEAL_FRAME];
    struct seal_keys *k = NULL;
    sqlite3_file *f = NULL;
    sqlite3 *db;

    help_dek(dek, 7);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &f), SQLITE_OK);
    const sqlite3_io_methods *io = f->pMethods;

    frame[3] = 2;
    frame[20] = 77;
    frame[200] = 99;
    CU_ASSERT_EQUAL(io->xWrite(f, frame, 24, 32), SQLITE_OK);
    CU_ASSERT_EQUAL(io->xSync(f, SQLITE_SYNC_NORMAL), SQLITE_IOERR_WRITE); /* a header that has no page yet */
    CU_ASSERT_EQUAL(io->xWrite(f, frame, 24, 32), SQLITE_OK);
    CU_ASSERT_EQUAL(io->xWrite(f, frame + 24, SEAL_PAGE, 56), SQLITE_OK);
    CU_ASSERT(io->xRead(f, back, SEAL_FRAME, 32) == SQLITE_OK && !memcmp(back, frame, SEAL_FRAME));
    CU_ASSERT(io->xRead(f, back, 8, 32 + 16) == SQLITE_OK && !memcmp(back, frame + 16, 8));
    CU_ASSERT(io->xRead(f, back, SEAL_PAGE, 56) == SQLITE_OK && !memcmp(back, frame + 24, SEAL_PAGE));
    frame[20] = 78; /* a header alone, as after a spill */
    CU_ASSERT_EQUAL(io->xWrite(f, frame, 24, 32), SQLITE_OK);
    CU_ASSERT(io->xRead(f, back, SEAL_FRAME, 32) == SQLITE_OK && !memcmp(back, frame, SEAL_FRAME));
    frame[201] = 98; /* a page alone */
    CU_ASSERT_EQUAL(io->xWrite(f, frame + 24, SEAL_PAGE, 56), SQLITE_OK);
    CU_ASSERT(io->xRead(f, back, SEAL_FRAME, 32) == SQLITE_OK && !memcmp(back, frame, SEAL_FRAME));
    CU_ASSERT_EQUAL(io->xWrite(f, frame + 24, SEAL_PAGE, 56 + SEAL_FRAME), SQLITE_IOERR_WRITE); /* no header */
    CU_ASSERT_EQUAL(io->xWrite(f, frame, 100, 32), SQLITE_IOERR_WRITE);
    CU_ASSERT_EQUAL(io->xWrite(f, frame, 24, 33), SQLITE_IOERR_WRITE);
    CU_ASSERT_EQUAL(io->xWrite(f, frame, SEAL_FRAME, 32), SQLITE_IOERR_WRITE);
    CU_ASSERT_EQUAL(io->xRead(f, back, SEAL_FRAME, 40), SQLITE_IOERR_READ);
    frame[SEAL_FRAME - 1] = 1;
    CU_ASSERT_EQUAL(io->xWrite(f, frame + 24, SEAL_PAGE, 56), SQLITE_IOERR_WRITE);
    CU_ASSERT_EQUAL(io->xTruncate(f, 0), SQLITE_OK);
    CU_ASSERT_EQUAL(io->xTruncate(f, 4096), SQLITE_IOERR_TRUNCATE);
    sqlite3_close(db);
    seal_keys_free(k);
    help_fini(&h);
}

static int child_status(pid_t pid)
{
    int status = 0;

    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* Planted fault: seal-fork. SQLite's lock table would let the child write under its parent. */
static void forked_child(void)
{
    struct help h = made(7, fill);
    unsigned char dek[CRYPT_KEY];
    struct seal_keys *k = NULL;
    sqlite3 *db, *second = NULL;
    pid_t pid;

    help_dek(dek, 7);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(help_sql(db, "INSERT INTO t(a) VALUES('parent')"), SQLITE_OK);
    fflush(NULL);
    if (!(pid = fork())) {
        int bad = help_sql(db, "INSERT INTO t(a) VALUES('child')") == SQLITE_OK;

        bad |= (help_sql(db, "SELECT count(*) FROM t") == SQLITE_OK) << 1;
        bad |= (seal_open(h.path, k, false, &second, NULL) == ERR_OK) << 2;
        sqlite3_close(db);
        _exit(bad);
    }
    CU_ASSERT_EQUAL(child_status(pid), 0);
    CU_ASSERT_EQUAL(help_sql(db, "INSERT INTO t(a) VALUES('parent')"), SQLITE_OK);
    CU_ASSERT_EQUAL(help_int(db, "SELECT count(*) FROM t WHERE a='parent'", NULL), 2);
    sqlite3_close(db);
    seal_keys_free(k);
    help_fini(&h);
}

/* Waits for a byte, then tries to open the store with its own keys. */
static void try_to_open(const struct help *h, int fd)
{
    unsigned char dek[CRYPT_KEY], go;
    struct seal_keys *k = NULL;
    sqlite3 *db = NULL;
    int code;

    help_dek(dek, 7);
    if (fd >= 0 && read(fd, &go, 1) != 1)
        _exit(9);
    code = seal_unlock_dek(h->path, dek, &k, NULL) ? ERR_BUG : seal_open(h->path, k, false, &db, NULL);
    _exit(code == ERR_OK ? 0 : code == ERR_INUSE ? 1 : 2);
}

/* A second process is refused while the first is at work, even after the first looked at its own
 * superblock (a second descriptor's close would have dropped the lock), and so is a child that has the
 * passphrase. */
static void second_process(void)
{
    struct help h = made(7, fill);
    unsigned char dek[CRYPT_KEY];
    struct seal_superblocks sb;
    struct seal_keys *k = NULL, *again = NULL;
    int start[2];
    sqlite3 *db;
    pid_t pid, child;

    CU_ASSERT_EQUAL_FATAL(pipe(start), 0);
    fflush(NULL);
    if (!(pid = fork()))
        try_to_open(&h, start[0]);
    help_dek(dek, 7);
    CU_ASSERT_EQUAL_FATAL(seal_unlock_dek(h.path, dek, &k, NULL), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(db = help_open(&h, k, false));
    CU_ASSERT_EQUAL(seal_inspect(h.path, k, &sb, NULL), ERR_OK);
    CU_ASSERT_EQUAL(seal_unlock_dek(h.path, dek, &again, NULL), ERR_OK);
    seal_keys_free(again);
    CU_ASSERT_EQUAL(write(start[1], "", 1), 1);
    CU_ASSERT_EQUAL(child_status(pid), 1);
    if (!(child = fork()))
        try_to_open(&h, -1);
    CU_ASSERT_EQUAL(child_status(child), 1);
    CU_ASSERT_EQUAL(help_sql(db, "INSERT INTO t(a) VALUES('still ours')"), SQLITE_OK);
    sqlite3_close(db);
    if (!(child = fork()))
        try_to_open(&h, -1);
    CU_ASSERT_EQUAL(child_status(child), 0);
    close(start[0]);
    close(start[1]);
    seal_keys_free(k);
    help_fini(&h);
}

static const struct unit_test tests[] = {
    {"a store opens with its passphrase and no other", round_trip},
    {"a newer format is named", newer_version},
    {"KDF numbers out of bounds are never run", kdf_bounds},
    {"a password change cut in two", password_change},
    {"a file cut short is never fewer rows", truncated},
    {"pages that nobody wrote, and pages that are lost", past_the_end},
    {"a commit that found no room at its end", no_room_at_the_end},
    {"every byte where FORMAT says", as_format_says},
    {"settings that the seal needs cannot be left", doors},
    {"the contract with SQLite: the database", contract},
    {"the contract with SQLite: the log", contract_log},
    {"links and open modes are refused", link_and_mode},
    {"a planted rollback journal is ignored", planted_journal},
    {"a forked child can do nothing", forked_child},
    {"a second process is refused", second_process},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("seal", tests, sizeof tests / sizeof *tests);
}
