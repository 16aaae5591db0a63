/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The programs that oracle.py watches. `oracle_writer make DIR` makes DIR/store.wdb; stdin: data key in hex, passphrase.
 * `oracle_writer work DIR`; stdin: passphrase, then words: each goes into rows, indexes and a full-text index, with spills,
 * rollbacks, savepoints and checkpoints; "ok" is printed once that is durable. `oracle_writer sums DIR`; stdin: data key:
 * prints what a reader of the plaintext would know: "sum HEX" for each checksum that SQLite keeps in the log, "page HEX" for
 * pieces of pages. `oracle_writer blobs HOME`, of a whole profile; stdin: passphrase: prints "key HEX" of each attachment's
 * file. Secrets are read into locked memory alone.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/priv.h"
#include "tests/store/seal_help.h"

#define MARK "oracle-mark-in-plain-memory"

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "oracle_writer: %s\n", what);
    exit(2);
}

static struct secret *line(void)
{
    struct secret *s = secret_new(LIMIT_PASSPHRASE);

    must(s && secret_read_line(s, 0) == ERR_OK, "stdin");
    return s;
}

static unsigned digit(unsigned char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static struct secret *key_line(void)
{
    struct secret *hex = line(), *key = secret_new(CRYPT_KEY);

    must(hex->n == 2 * CRYPT_KEY && key, "key");
    for (size_t i = 0; i < CRYPT_KEY; i++)
        key->p[i] = (unsigned char)(digit(hex->p[2 * i]) << 4 | digit(hex->p[2 * i + 1]));
    secret_free(hex);
    return key;
}

static void make(const char *path)
{
    struct seal_super s = {.version = SEAL_VERSION, .reader = SEAL_VERSION, .generation = 1, .codec = 2};
    const struct crypt_kdf cheap = {CRYPT_KDF_MIN_PASSES, CRYPT_KDF_MIN_MEM};
    struct secret *key = key_line(), *words = line();
    struct seal_keys *k = NULL;

    crypt_random(s.file_id, sizeof s.file_id);
    must(seal_slot_wrap(&s.slot[0], 0, s.file_id, words, &cheap, key->p, 0) == ERR_OK, "slot");
    must(seal_create_dek(path, key->p, &s, &k, NULL) == ERR_OK, path);
    seal_keys_free(k);
    secret_free(key);
    secret_free(words);
}

static void put(sqlite3 *db, unsigned n, const char *word)
{
    static const char *const each[] = {
        "BEGIN", "INSERT INTO t VALUES(?1, ?2, printf('%.*c', 900 + ?1 % 7 * 900, ?2))", "UPDATE t SET v = v || ?2 WHERE n % 9 = ?1 % 9",
        "INSERT INTO f(rowid, body) VALUES(?1, 'note of ' || ?2)", "SAVEPOINT s", "INSERT INTO t SELECT n + 10000, ?2, v || ?2 FROM t WHERE n < 40",
        "ROLLBACK TO s", "RELEASE s", "COMMIT"};
    sqlite3_stmt *st;

    for (size_t i = 0; i < sizeof each / sizeof *each; i++) {
        must(sqlite3_prepare_v2(db, each[i], -1, &st, NULL) == SQLITE_OK, each[i]);
        sqlite3_bind_int(st, 1, (int)n);
        sqlite3_bind_text(st, 2, word, -1, SQLITE_TRANSIENT);
        must(sqlite3_step(st) == SQLITE_DONE, each[i]);
        sqlite3_finalize(st);
    }
    if (n % 16 == 9)
        must(help_sql(db, "PRAGMA wal_checkpoint(PASSIVE)") == SQLITE_OK, "checkpoint");
    if (n % 40 == 39)
        must(help_sql(db, "VACUUM") == SQLITE_OK, "vacuum");
}

static void work(const char *path)
{
    struct secret *words = line();
    struct seal_keys *k = NULL;
    char *mark = malloc(64), word[100];
    sqlite3 *db = NULL;
    unsigned n;

    snprintf(mark, 64, "%s %d", MARK, (int)getpid()); /* shows that an image of this process can be searched */
    must(seal_unlock(path, words, &k, NULL) == ERR_OK && seal_open(path, k, false, &db, NULL) == ERR_OK, path);
    secret_free(words);
    help_sql(db, "PRAGMA cache_size=10; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=60; CREATE TABLE t(n INTEGER PRIMARY KEY, w, v);"
                 "CREATE INDEX i ON t(w); CREATE VIRTUAL TABLE f USING fts5(body)");
    n = (unsigned)help_int(db, "SELECT ifnull(max(n), 0) + 1 FROM t", NULL);
    puts("open");
    fflush(stdout);
    for (; fgets(word, sizeof word, stdin); n++) {
        word[strcspn(word, "\n")] = '\0';
        put(db, n, word);
        puts("ok");
        fflush(stdout);
    }
    must(sqlite3_close(db) == SQLITE_OK, "close");
    seal_keys_free(k);
    free(mark);
}

static void say(const char *what, const unsigned char *p, size_t n)
{
    printf("%s ", what);
    while (n--)
        printf("%02x", *p++);
    putchar('\n');
}

/* 24 bytes of a page that are not nearly all alike. */
static void piece(const unsigned char *page, unsigned at)
{
    for (unsigned tries = 0; tries < 40; tries++, at = (at + 97) % (SEAL_CONTENT - 24)) {
        unsigned kinds = 0;

        for (int i = 1; i < 24; i++)
            kinds += page[at + i] != page[at + i - 1];
        if (kinds > 16) {
            say("page", page + at, 24);
            return;
        }
    }
}

static void sums(const struct help *h)
{
    static unsigned char frame[SEAL_FRAME], page[SEAL_PAGE];
    struct secret *key = key_line();
    struct seal_keys *k = NULL;
    unsigned char *p, turned[8];
    size_t n;

    must(seal_unlock_dek(h->path, key->p, &k, NULL) == ERR_OK, h->path);
    p = help_read(h->wal, &n);
    for (size_t at = SEAL_WAL_HEAD; at + SEAL_FRAME <= n; at += SEAL_FRAME)
        if (seal_frame_get(k, at, p + at, frame)) {
            for (int i = 0; i < 8; i++)
                turned[i] = frame[SEAL_FRAME_CLEAR + (i & 4) + 3 - (i & 3)];
            say("sum", frame + SEAL_FRAME_CLEAR, 8);
            say("sum", turned, 8);
            piece(frame + SEAL_FRAME_HEAD, (unsigned)(at % 3000));
        }
    p = help_read(h->path, &n);
    for (size_t no = 1; SEAL_DATA_OFFSET + no * SEAL_PAGE <= n; no++)
        if (seal_page_get(k, no, p + SEAL_DATA_OFFSET + (no - 1) * SEAL_PAGE, page))
            piece(page, (unsigned)(no * 131 % 3000));
}

static void blobs(const char *home)
{
    struct secret *words = line();
    struct store_key *k = NULL;
    struct store *s = NULL;
    sqlite3_stmt *st;

    must(store_unlock(home, words, &k, NULL) == ERR_OK && store_open(home, k, &s, NULL) == ERR_OK, home);
    must(sqlite3_prepare_v2(s->r.db, "SELECT key FROM blob", -1, &st, NULL) == SQLITE_OK, "blob");
    while (sqlite3_step(st) == SQLITE_ROW)
        say("key", sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
    sqlite3_finalize(st);
    store_close(s);
    secret_free(words);
}

int main(int argc, char **argv)
{
    struct help h;

    umask(077);
    must(argc == 3 && crypt_init(NULL) == ERR_OK, "make|work|sums|blobs DIR");
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* or not even a test could look */
    snprintf(h.path, sizeof h.path, "%s/store.wdb", argv[2]);
    snprintf(h.wal, sizeof h.wal, "%s/store.wdb-wal", argv[2]);
    if (!strcmp(argv[1], "make"))
        make(h.path);
    else if (!strcmp(argv[1], "work"))
        work(h.path);
    else if (!strcmp(argv[1], "blobs"))
        blobs(argv[2]);
    else
        sums(&h);
    return 0;
}
