/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/store/seal_help.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static void die(const char *what)
{
    perror(what);
    abort();
}

void help_init(struct help *h)
{
    const char *tmp = getenv("TMPDIR");
    char *real = realpath(tmp ? tmp : "/tmp", NULL); /* as the seal will name it to SQLite */

    snprintf(h->dir, sizeof h->dir, "%s/sealXXXXXX", real && strlen(real) < 40 ? real : "/tmp");
    free(real);
    if (!mkdtemp(h->dir))
        die(h->dir);
    snprintf(h->path, sizeof h->path, "%s/store.wdb", h->dir);
    snprintf(h->wal, sizeof h->wal, "%s/store.wdb-wal", h->dir);
}

void help_fini(struct help *h)
{
    unlink(h->path);
    unlink(h->wal);
    if (rmdir(h->dir))
        die(h->dir); /* a file that nobody expected there */
}

void help_dek(unsigned char dek[CRYPT_KEY], unsigned n)
{
    memset(dek, (int)n, CRYPT_KEY);
}

int help_create(const struct help *h, unsigned n, struct seal_keys **k)
{
    struct seal_super s = {.version = SEAL_VERSION, .reader = SEAL_VERSION, .generation = 1, .codec = 2};
    unsigned char dek[CRYPT_KEY];

    help_dek(dek, n);
    crypt_random(s.file_id, sizeof s.file_id);
    return seal_create_dek(h->path, dek, &s, k, NULL);
}

sqlite3 *help_open(const struct help *h, struct seal_keys *k, bool readonly)
{
    sqlite3 *db = NULL;
    struct err e = ERR_NONE;

    if (seal_open(h->path, k, readonly, &db, &e))
        printf("\n    open: %s sub %d num %lld ", err_name(e.code), e.sub, (long long)e.num);
    return db;
}

int help_sql(sqlite3 *db, const char *sql)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL) & 0xff;

    return rc;
}

int64_t help_int(sqlite3 *db, const char *sql, int *rc)
{
    sqlite3_stmt *st = NULL;
    int64_t v = -1;
    int got = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

    if (!got && (got = sqlite3_step(st)) == SQLITE_ROW) {
        v = sqlite3_column_int64(st, 0);
        got = SQLITE_OK;
    }
    sqlite3_finalize(st);
    if (rc)
        *rc = got;
    return v;
}

int help_every_page(sqlite3 *db)
{
    int rc;
    int64_t wrong = help_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", &rc);

    if (!rc)
        help_int(db, "SELECT sum(length(b)) FROM t", &rc);
    return rc || !wrong ? rc : SQLITE_CORRUPT;
}

unsigned char *help_read(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    unsigned char *p = NULL;
    struct stat st;

    *n = 0;
    if (!f)
        return mem_alloc(1);
    if (fstat(fileno(f), &st) || !(p = mem_alloc((size_t)st.st_size)))
        die(path);
    *n = fread(p, 1, (size_t)st.st_size, f);
    fclose(f);
    return p;
}

void help_write(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    if (!f || fchmod(fileno(f), 0600) || fwrite(p, 1, n, f) != n || fclose(f))
        die(path);
}

void help_copy(const struct help *from, const struct help *to)
{
    const char *const pair[2][2] = {{from->path, to->path}, {from->wal, to->wal}};

    for (int i = 0; i < 2; i++) {
        size_t n;
        unsigned char *p = help_read(pair[i][0], &n);

        unlink(pair[i][1]);
        if (n)
            help_write(pair[i][1], p, n);
        mem_free(p);
    }
}

void help_stand_in(const struct help *h, const void *p, size_t n)
{
    const size_t heads = 2 * SEAL_SUPER, most = SEAL_DATA_OFFSET + SEAL_PAGE;
    int fd = open(h->path, O_WRONLY | O_CREAT, 0600);

    if (fd < 0 || ftruncate(fd, (off_t)(n < most ? n : most)) ||
        pwrite(fd, p, n < heads ? n : heads, 0) != (ssize_t)(n < heads ? n : heads) || close(fd))
        die(h->path);
}

bool help_digest(sqlite3 *db, const char *sql, unsigned char out[CRYPT_HASH], int *rc)
{
    unsigned char mix[2 * CRYPT_HASH] = {0};
    sqlite3_stmt *st = NULL;

    *rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);
    while (!*rc || *rc == SQLITE_ROW) {
        *rc = sqlite3_step(st);
        for (int c = 0; *rc == SQLITE_ROW && c < sqlite3_column_count(st); c++) {
            const void *p = sqlite3_column_blob(st, c);

            crypt_hash(mix + CRYPT_HASH, p ? p : "", (size_t)sqlite3_column_bytes(st, c), NULL);
            crypt_hash(mix, mix, sizeof mix, NULL);
        }
    }
    *rc = *rc == SQLITE_DONE ? SQLITE_OK : *rc & 0xff;
    sqlite3_finalize(st);
    memcpy(out, mix, CRYPT_HASH);
    return *rc == SQLITE_OK;
}

bool help_full(void)
{
    return getenv("STORE_PROOFS_FULL") != NULL;
}

void help_proof(const char *name, unsigned long count, const char *what)
{
    printf("\n    proof %s: %lu %s ", name, count, what);
}
