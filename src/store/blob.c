/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attachments as the rest of the store knows them: their rows, reading, room, and their end.
 */
#include "config.h"

#include "store/blob_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"

#define USED_MS ((int64_t)3600 * 1000) /* a use is written down once an hour */

/* --- rows ------------------------------------------------------------------------------------------ */

static void text_of(sqlite3_stmt *st, int at, char *out, size_t cap)
{
    struct str s = sql_column(st, at);

    if (s.n >= cap)
        s.n = 0;
    memcpy(out, s.p, s.n);
    out[s.n] = '\0';
}

static int row_of(sqlite3_stmt *st, struct blob_row *out, struct secret *key, struct err *e)
{
    struct str k = sql_column(st, 6), sha = sql_column(st, 10);

    out->bid = sqlite3_column_int64(st, 0);
    out->same_url = sqlite3_column_int(st, 1);
    out->used_ms = sqlite3_column_int64(st, 2);
    text_of(st, 3, out->b.etag, sizeof out->b.etag);
    text_of(st, 4, out->b.media, sizeof out->b.media);
    text_of(st, 5, out->name, sizeof out->name);
    out->b.whole = sqlite3_column_int(st, 7);
    out->b.have = (uint64_t)sqlite3_column_int64(st, 8);
    out->b.size = sqlite3_column_int64(st, 9);
    out->b.at_ms = sqlite3_column_int64(st, 11);
    if (sha.n == sizeof out->b.sha256)
        memcpy(out->b.sha256, sha.p, sha.n);
    if (k.n != CRYPT_KEY || strlen(out->name) != BLOB_NAME - 1)
        return err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
    return key ? secret_set(key, k.p, k.n) : ERR_OK;
}

int blob_find(struct sql *c, const struct store_blob_source *src, struct blob_row *out, struct secret *key,
              struct err *e)
{
    sqlite3_stmt *st = NULL;
    struct res_row row;
    int code = res_look(c, STORE_SERVER, src->type, src->id, &row, -1, NULL, e);

    *out = (struct blob_row){.rid = row.rid};
    if (code || !row.rid)
        return code;
    code = sql_prepare(c, "SELECT bid, url=?3, used_ms, etag, media, name, key, whole, have, size, sha, at_ms "
                          "FROM blob WHERE rid=?1 AND no=?2", &st, e);
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, row.rid);
    sqlite3_bind_int64(st, 2, src->no);
    sql_bind(st, 3, src->url);
    if ((code = sql_step(c, st, e)) == 1)
        code = row_of(st, out, key, e);
    sqlite3_finalize(st);
    return code;
}

int store_blob_look(struct store *s, const struct store_blob_source *src, struct store_blob *out, struct err *e)
{
    struct blob_row row;
    int code = store_read_begin(s, e);

    if (code)
        return code;
    code = blob_find(&s->r, src, &row, NULL, e);
    store_read_end(s);
    *out = row.b;
    return code || (row.bid && row.same_url) ? code : err_set(e, ERR_NOTFOUND, 0, 0, STORE_BLOBS);
}

/* --- reading --------------------------------------------------------------------------------------- */

/* Only if nobody writes: it is no use waiting for. */
static void used(struct store *s, int64_t bid, int64_t now_ms)
{
    sqlite3_stmt *st = NULL;

    if (!turn_try(&s->turn))
        return;
    if ((s->settled && !s->full) || !sql_exec(&s->w, "PRAGMA synchronous=NORMAL", NULL)) {
        s->settled = true;
        s->full = false;
        if (!sql_prepare(&s->w, "UPDATE blob SET used_ms=?2 WHERE bid=?1", &st, NULL)) {
            sqlite3_bind_int64(st, 1, bid);
            sqlite3_bind_int64(st, 2, now_ms);
            sql_step(&s->w, st, NULL);
            sqlite3_finalize(st);
        }
    }
    turn_leave(&s->turn);
}

int store_blob_read(struct store *s, const struct store_blob_source *src, int (*each)(void *arg, struct str piece),
                    void *arg, struct err *e)
{
    struct secret *key = secret_new(CRYPT_KEY);
    unsigned char *plain = mem_alloc(STORE_BLOB_CHUNK);
    struct blob_file f = {-1, key, mem_alloc(BLOB_SEALED)};
    int64_t now = (int64_t)store_now_ms();
    struct blob_row row = {.bid = 0};
    int code = key && plain && f.sealed ? store_read_begin(s, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code) {
        code = blob_find(&s->r, src, &row, key, e);
        store_read_end(s);
        if (!code && (!row.bid || !row.same_url || !row.b.whole))
            code = err_set(e, ERR_NOTFOUND, 0, 0, STORE_BLOBS);
    }
    if (!code && (f.fd = blob_open(s->path, row.name, false)) < 0)
        code = errno == ENOENT ? err_set(e, ERR_DAMAGED, 0, 0, STORE_BLOBS)
                               : err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
    if (!code)
        code = blob_walk(&f, row.b.have, true, plain, each, arg, e);
    if (!code && now - row.used_ms > USED_MS)
        used(s, row.bid, now);
    if (f.fd >= 0)
        close(f.fd);
    mem_free(f.sealed);
    mem_free(plain); /* blob_walk has wiped it */
    secret_free(key);
    return code;
}

/* --- the end of one -------------------------------------------------------------------------------- */

static int named(struct sql *c, const char *name, bool *is, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(c, "SELECT 1 FROM blob WHERE name=?1", &st, e);

    if (code)
        return code;
    sql_bind(st, 1, str_of(name));
    code = sql_step(c, st, e);
    sqlite3_finalize(st);
    *is = code == 1;
    return code == 1 ? ERR_OK : code;
}

int blob_forget(struct sql *c, int64_t bid, const char *name, bool *alone, struct err *e)
{
    sqlite3_stmt *st = NULL;
    bool other = true;
    int code = sql_prepare(c, "DELETE FROM blob WHERE bid=?1", &st, e);

    *alone = false;
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, bid);
    code = sql_step(c, st, e);
    sqlite3_finalize(st);
    if (!code)
        code = named(c, name, &other, e);
    *alone = !code && !other;
    return code;
}

/* Calls each for every file of the folder; a missing folder has none. */
static int each_file(const char *folder, int (*each)(void *arg, int dir, const char *name), void *arg, struct err *e)
{
    DIR *d = opendir(folder);
    struct dirent *at;
    int code = ERR_OK;

    if (!d)
        return errno == ENOENT ? ERR_OK : err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
    while (!code && (at = readdir(d)))
        if (strcmp(at->d_name, ".") && strcmp(at->d_name, ".."))
            code = each(arg, dirfd(d), at->d_name);
    closedir(d);
    return code;
}

static int sweep_one(void *arg, int dir, const char *name)
{
    bool is = true;

    if (!named(arg, name, &is, NULL) && !is)
        unlinkat(dir, name, 0);
    return ERR_OK;
}

void blob_sweep(struct store *s)
{
    char folder[PATH_MAX_BYTES];

    if (!blob_path(s->path, "", folder, NULL))
        each_file(folder, sweep_one, &s->w, NULL);
}

static int wipe_one(void *arg, int dir, const char *name)
{
    if ((fault_hit(FAULT_IO) ? (errno = EIO, -1) : unlinkat(dir, name, 0)) && errno != ENOENT)
        return err_set(arg, ERR_IO, errno, 0, STORE_BLOBS);
    return ERR_OK;
}

int blob_wipe(const char *home, struct err *e)
{
    char folder[PATH_MAX_BYTES];
    int code = path_join(folder, home, STORE_BLOBS, e);

    if (!code)
        code = each_file(folder, wipe_one, e, e);
    if (!code && rmdir(folder) && errno != ENOENT)
        code = err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
    return code;
}

/* --- room ------------------------------------------------------------------------------------------- */

static int add_size(void *arg, int dir, const char *name)
{
    struct stat st;

    if (!fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode))
        *(uint64_t *)arg += (uint64_t)st.st_size;
    return ERR_OK;
}

int store_blob_bytes(struct store *s, uint64_t *bytes, struct err *e)
{
    char folder[PATH_MAX_BYTES];
    int code = blob_path(s->path, "", folder, e);

    *bytes = 0;
    return code ? code : each_file(folder, add_size, bytes, e);
}

/* The least recently used behind a place in that order; bid 0: none. */
static int oldest(struct sql *c, struct blob_row *row, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(c, "SELECT bid, used_ms, name FROM blob WHERE (used_ms, bid) > (?1, ?2) "
                              "ORDER BY used_ms, bid LIMIT 1", &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, row->used_ms);
    sqlite3_bind_int64(st, 2, row->bid);
    if ((code = sql_step(c, st, e)) == 1) {
        row->bid = sqlite3_column_int64(st, 0);
        row->used_ms = sqlite3_column_int64(st, 1);
        text_of(st, 2, row->name, sizeof row->name);
        code = ERR_OK;
    } else if (!code) {
        row->bid = 0;
    }
    sqlite3_finalize(st);
    return code;
}

static int evict_one(struct store *s, const struct blob_row *row, uint64_t *freed, struct err *e)
{
    struct store_tx *tx;
    struct stat st = {.st_size = 0};
    int fd = blob_open(s->path, row->name, false), code;
    bool alone = false;

    if (fd >= 0 && (blob_busy(fd) || fstat(fd, &st))) {
        close(fd);
        return ERR_OK;
    }
    if (!(code = store_begin(s, false, &tx, e))) {
        if ((code = blob_forget(&s->w, row->bid, row->name, &alone, e)))
            store_rollback(tx);
        else
            code = store_commit(tx, e);
    }
    if (!code && alone) {
        blob_unlink(s->path, row->name);
        *freed += (uint64_t)st.st_size;
    }
    if (fd >= 0)
        close(fd);
    return code;
}

int store_blob_evict(struct store *s, uint64_t want, int64_t before_ms, uint64_t *freed, struct err *e)
{
    struct blob_row row = {.used_ms = INT64_MIN};
    int code = ERR_OK;

    *freed = 0;
    while (!code && *freed < want) {
        if ((code = store_read_begin(s, e)))
            break;
        code = oldest(&s->r, &row, e);
        store_read_end(s);
        if (code || !row.bid || row.used_ms >= before_ms)
            break;
        code = evict_one(s, &row, freed, e);
    }
    return code;
}

/* --- is it what it was? ------------------------------------------------------------------------------ */

struct looking {
    int (*step)(void *arg, uint64_t chunks);
    void *arg;
    uint64_t chunks;
};

static int looked(void *arg, struct str piece)
{
    struct looking *l = arg;

    (void)piece;
    return l->step(l->arg, ++l->chunks) ? ERR_CANCELLED : ERR_OK;
}

/* Is this one whole as its row says? *busy: it is being written, and cannot be told. */
static int verify_one(const struct blob_row *row, const char *store, const struct blob_file *f, unsigned char *plain,
                      struct looking *l, bool *busy)
{
    struct blob_file file = *f;
    int code;

    *busy = false;
    if ((file.fd = blob_open(store, row->name, false)) < 0)
        return ERR_DAMAGED;
    *busy = !row->b.whole && blob_busy(file.fd);
    code = *busy ? ERR_OK : blob_walk(&file, row->b.have, row->b.whole, plain, looked, l, NULL);
    close(file.fd);
    return code;
}

int blob_verify(struct sql *c, const char *store, int (*step)(void *arg, uint64_t chunks),
                void (*bad)(void *arg, int64_t bid), void *arg, struct err *e)
{
    struct secret *key = secret_new(CRYPT_KEY);
    unsigned char *plain = mem_alloc(STORE_BLOB_CHUNK);
    struct blob_file f = {-1, key, mem_alloc(BLOB_SEALED)};
    struct looking l = {step, arg, 0};
    sqlite3_stmt *st = NULL;
    int code = key && plain && f.sealed ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code)
        code = sql_prepare(c, "SELECT bid, 1, used_ms, etag, media, name, key, whole, have, size, sha, at_ms FROM blob "
                              "ORDER BY bid", &st, e);
    while (!code && (code = sql_step(c, st, e)) == 1) {
        struct blob_row row = {.bid = 0};
        bool busy = false;

        code = row_of(st, &row, key, NULL);
        if (!code)
            code = verify_one(&row, store, &f, plain, &l, &busy);
        if (code == ERR_CANCELLED)
            err_set(e, code, 0, 0, NULL);
        else if (code)
            bad(arg, row.bid);
        code = code == ERR_CANCELLED ? code : ERR_OK;
    }
    sqlite3_finalize(st);
    mem_free(f.sealed);
    mem_free(plain);
    secret_free(key);
    return code;
}
