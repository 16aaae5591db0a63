/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fetching writes an attachment chunk by chunk. The last chunk that came is held back until it is known whether more
 * follow: it alone is sealed as the last. REQ: a row counts a chunk only behind its sync, and says "whole" only behind
 * that of the file and of the folder.
 */
#include "config.h"

#include "store/blob_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"

#define COUNT_CHUNKS 16 /* a sync each MiB */

struct store_blob_writer {
    struct store *s;
    struct blob_row row;
    struct secret *key;
    struct blob_file f;
    unsigned char *plain;       /* STORE_BLOB_CHUNK bytes of content, of which */
    size_t held;                /* are not sealed yet */
    uint64_t chunks, counted;   /* sealed; those of them that the row knows of */
    bool folder_synced;
    struct crypt_digest *sums;
};

/* --- beginning --------------------------------------------------------------------------------------- */

static int fresh_key(struct secret *key)
{
    unsigned char raw[CRYPT_KEY];
    int code;

    crypt_random(raw, sizeof raw);
    code = secret_set(key, raw, sizeof raw);
    mem_zero(raw, sizeof raw);
    return code;
}

static int make_folder(struct store *s, struct err *e)
{
    char folder[PATH_MAX_BYTES], home[PATH_MAX_BYTES];
    int code = blob_path(s->path, "", folder, e);

    if (code)
        return code;
    if (!mkdir(folder, 0700)) {
        snprintf(home, sizeof home, "%.*s", (int)(strlen(folder) - strlen(STORE_BLOBS)), folder);
        return store_sync_path(home, e);
    }
    return errno == EEXIST ? path_make_private(folder, e) : err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
}

static int make_file(struct store_blob_writer *w, struct err *e)
{
    unsigned char raw[BLOB_NAME_BYTES];
    char path[PATH_MAX_BYTES];
    int code = make_folder(w->s, e);

    crypt_random(raw, sizeof raw);
    for (int i = 0; i < BLOB_NAME_BYTES; i++)
        snprintf(w->row.name + 2 * i, 3, "%02x", raw[i]);
    if (code || (code = blob_path(w->s->path, w->row.name, path, e)))
        return code;
    w->f.fd = fault_hit(FAULT_IO) ? (errno = ENOSPC, -1)
                                  : open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (w->f.fd < 0 || blob_busy(w->f.fd))
        return err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
    return ERR_OK;
}

static int insert(struct store_blob_writer *w, const struct store_blob_source *src, int64_t now_ms, struct err *e)
{
    struct sql *c = &w->s->w;
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(c, "INSERT INTO blob(rid, no, url, etag, media, name, key, whole, have, size, sha, at_ms, "
                              "used_ms) VALUES(?1, ?2, ?3, '', '', ?4, ?5, 0, 0, -1, x'', ?6, ?6)", &st, e);

    if (code)
        return code;
    sqlite3_bind_int64(st, 1, w->row.rid);
    sqlite3_bind_int64(st, 2, src->no);
    sql_bind(st, 3, src->url);
    sql_bind(st, 4, str_of(w->row.name));
    sqlite3_bind_blob64(st, 5, w->key->p, w->key->n, SQLITE_STATIC);
    sqlite3_bind_int64(st, 6, now_ms);
    code = sql_step(c, st, e);
    sqlite3_finalize(st);
    if (!code) {
        w->row.bid = sqlite3_last_insert_rowid(c->db);
        w->row.b = (struct store_blob){.size = -1};
    }
    return code;
}

/* Does what is there serve? Its file is open, and ours, then. Without one that does, *again. */
static int take_up(struct store_blob_writer *w, bool *again, struct err *e)
{
    const struct store_blob *b = &w->row.b;
    struct stat st;

    if ((w->f.fd = blob_open(w->s->path, w->row.name, true)) < 0) {
        *again = true;
        return errno == ENOENT ? ERR_OK : err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
    }
    if (blob_busy(w->f.fd) && !b->whole)
        return err_set(e, ERR_INUSE, 0, 0, STORE_BLOBS);
    *again = *again || !w->row.same_url || fstat(w->f.fd, &st) ||
             (b->whole ? (uint64_t)st.st_size != blob_file_bytes(b->have, true)
                       : (uint64_t)st.st_size < blob_file_bytes(b->have, false));
    if (b->whole && !*again)
        return err_set(e, ERR_EXISTS, 0, 0, STORE_BLOBS);
    if (*again) {
        close(w->f.fd);
        w->f.fd = -1;
    }
    return ERR_OK;
}

/* In one transaction: what is there, or a new one in its place. gone: the name of a file to be unlinked, or "". */
static int place(struct store_blob_writer *w, const struct store_blob_source *src, bool again, int64_t now_ms,
                 char gone[BLOB_NAME], struct err *e)
{
    struct sql *c = &w->s->w;
    bool alone = false;
    int code = blob_find(c, src, &w->row, w->key, e);

    gone[0] = '\0';
    if (!code && !w->row.rid)
        code = err_set(e, ERR_NOTFOUND, 0, 0, STORE_BLOBS);
    if (code)
        return code;
    if (w->row.bid) {
        if ((code = take_up(w, &again, e)) || !again)
            return code;
        if ((code = blob_forget(c, w->row.bid, w->row.name, &alone, e)))
            return code;
        if (alone)
            memcpy(gone, w->row.name, BLOB_NAME);
    }
    if ((code = fresh_key(w->key)))
        return err_set(e, code, 0, 0, NULL);
    code = make_file(w, e);
    return code ? code : insert(w, src, now_ms, e);
}

static int add_sum(void *arg, struct str piece)
{
    crypt_digest_add(arg, piece.p, piece.n);
    return ERR_OK;
}

/* The sums of what is there: they go on from it. */
static int sum_again(struct store_blob_writer *w, struct err *e)
{
    const struct store_blob_answer unknown = {"", "", -1};
    int code;

    if (ftruncate(w->f.fd, (off_t)blob_file_bytes(w->row.b.have, false)))
        return err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
    w->chunks = w->counted = w->row.b.have / STORE_BLOB_CHUNK;
    code = blob_walk(&w->f, w->row.b.have, false, w->plain, add_sum, w->sums, e);
    return code == ERR_DAMAGED ? store_blob_restart(w, &unknown, e) : code;
}

int store_blob_begin(struct store *s, const struct store_blob_source *src, bool again, int64_t now_ms,
                     struct store_blob_writer **out, struct err *e)
{
    struct store_blob_writer *w = mem_alloc(sizeof *w);
    char gone[BLOB_NAME] = "";
    struct store_tx *tx;
    int code;

    *out = NULL;
    if (!w)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    *w = (struct store_blob_writer){.s = s, .key = secret_new(CRYPT_KEY), .plain = mem_alloc(STORE_BLOB_CHUNK),
                                    .sums = crypt_digest_new()};
    w->f = (struct blob_file){-1, w->key, mem_alloc(BLOB_SEALED)};
    code = w->key && w->plain && w->sums && w->f.sealed ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (!code && !(code = store_begin(s, false, &tx, e))) {
        if ((code = place(w, src, again, now_ms, gone, e))) {
            s->loose = true; /* a file that was made is nobody's */
            store_rollback(tx);
        } else
            code = store_commit(tx, e);
    }
    if (!code && gone[0])
        blob_unlink(s->path, gone);
    if (!code)
        code = sum_again(w, e);
    if (code)
        store_blob_free(w);
    else
        *out = w;
    return code;
}

void store_blob_begun(const struct store_blob_writer *w, struct store_blob *out)
{
    *out = w->row.b;
}

uint64_t store_blob_at(const struct store_blob_writer *w)
{
    return w->chunks * STORE_BLOB_CHUNK + w->held;
}

void store_blob_free(struct store_blob_writer *w)
{
    if (!w)
        return;
    if (w->f.fd >= 0)
        close(w->f.fd);
    mem_free(w->f.sealed);
    mem_wipe(w->plain, w->plain ? STORE_BLOB_CHUNK : 0);
    crypt_digest_free(w->sums);
    secret_free(w->key);
    mem_free(w);
}

/* --- going on ----------------------------------------------------------------------------------------- */

/* The row as the writer knows it, as a fill of the cache: what is lost of it with the power is fetched again. The name
 * is part of the question: a row that has gone meanwhile is not made anew. */
static int update(struct store_blob_writer *w, struct err *e)
{
    const struct store_blob *b = &w->row.b;
    struct sql *c = &w->s->w;
    sqlite3_stmt *st = NULL;
    struct store_tx *tx;
    int code = store_begin(w->s, false, &tx, e);

    if (code)
        return code;
    code = sql_prepare(c, "UPDATE blob SET etag=?3, media=?4, key=?5, whole=?6, have=?7, size=?8, sha=?9, at_ms=?10, "
                          "used_ms=?10 WHERE bid=?1 AND name=?2", &st, e);
    if (!code) {
        sqlite3_bind_int64(st, 1, w->row.bid);
        sql_bind(st, 2, str_of(w->row.name));
        sql_bind(st, 3, str_of(b->etag));
        sql_bind(st, 4, str_of(b->media));
        sqlite3_bind_blob64(st, 5, w->key->p, w->key->n, SQLITE_STATIC);
        sqlite3_bind_int(st, 6, b->whole);
        sqlite3_bind_int64(st, 7, (int64_t)b->have);
        sqlite3_bind_int64(st, 8, b->size);
        sqlite3_bind_blob64(st, 9, b->sha256, b->whole ? CRYPT_SHA256 : 0, SQLITE_STATIC);
        sqlite3_bind_int64(st, 10, b->at_ms);
        code = sql_step(c, st, e);
        sqlite3_finalize(st);
    }
    if (!code && !sqlite3_changes(c->db))
        code = err_set(e, ERR_NOTFOUND, 0, 0, STORE_BLOBS);
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

static int sync_all(struct store_blob_writer *w, struct err *e)
{
    char folder[PATH_MAX_BYTES];
    int code;

    if (fault_hit(FAULT_IO) ? (errno = EIO, -1) : fdatasync(w->f.fd))
        return err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
    if (w->folder_synced)
        return ERR_OK;
    if (!(code = blob_path(w->s->path, "", folder, e)) && !(code = store_sync_path(folder, e)))
        w->folder_synced = true;
    return code;
}

int store_blob_restart(struct store_blob_writer *w, const struct store_blob_answer *a, struct err *e)
{
    struct store_blob *b = &w->row.b;
    int code = fresh_key(w->key); /* no chunk of before verifies among those that come */

    if (code)
        return err_set(e, code, 0, 0, NULL);
    *b = (struct store_blob){.size = a->size, .at_ms = b->at_ms};
    snprintf(b->etag, sizeof b->etag, "%s", strlen(a->etag) < sizeof b->etag ? a->etag : "");
    snprintf(b->media, sizeof b->media, "%s", a->media);
    w->chunks = w->counted = 0;
    w->held = 0;
    crypt_digest_again(w->sums);
    if (!(code = update(w, e)) && ftruncate(w->f.fd, 0))
        code = err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
    return code;
}

static int drop(struct store_blob_writer *w, struct err *e)
{
    struct store_tx *tx;
    bool alone = false;
    int code = store_begin(w->s, false, &tx, e);

    if (code)
        return code;
    if ((code = blob_forget(&w->s->w, w->row.bid, w->row.name, &alone, e)))
        store_rollback(tx);
    else if (!(code = store_commit(tx, e)) && alone)
        blob_unlink(w->s->path, w->row.name);
    return code;
}

int store_blob_keep(struct store_blob_writer *w, struct err *e)
{
    int code;

    if (!w->chunks)
        return drop(w, e);
    if (w->counted == w->chunks)
        return ERR_OK;
    if ((code = sync_all(w, e)))
        return code;
    w->row.b.have = w->chunks * STORE_BLOB_CHUNK;
    if (!(code = update(w, e)))
        w->counted = w->chunks;
    return code;
}

int store_blob_append(struct store_blob_writer *w, struct str bytes, struct err *e)
{
    int code = ERR_OK;

    if (store_blob_at(w) + bytes.n > LIMIT_ATTACHMENT_BYTES)
        return err_set(e, ERR_TOOBIG, 0, LIMIT_ATTACHMENT_BYTES, "attachment");
    while (!code && bytes.n) {
        size_t take = STORE_BLOB_CHUNK - w->held < bytes.n ? STORE_BLOB_CHUNK - w->held : bytes.n;

        if (!take) { /* more follows, so that it is not the last */
            if (!(code = blob_chunk_write(&w->f, w->chunks, false, w->plain, w->held, e))) {
                w->chunks++;
                w->held = 0;
                if (w->chunks - w->counted >= COUNT_CHUNKS)
                    code = store_blob_keep(w, e);
            }
            continue;
        }
        memcpy(w->plain + w->held, bytes.p, take);
        crypt_digest_add(w->sums, bytes.p, take);
        w->held += take;
        bytes.p += take;
        bytes.n -= take;
    }
    return code;
}

/* --- the end ------------------------------------------------------------------------------------------- */

/* The name of another row's file of the same content, into name; "": there is none. */
static int twin(struct store_blob_writer *w, char name[BLOB_NAME], struct err *e)
{
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(&w->s->w, "SELECT name FROM blob WHERE sha=?2 AND whole AND bid<>?1 AND have=?3 LIMIT 1",
                           &st, e);

    name[0] = '\0';
    if (code)
        return code;
    sqlite3_bind_int64(st, 1, w->row.bid);
    sqlite3_bind_blob64(st, 2, w->row.b.sha256, CRYPT_SHA256, SQLITE_STATIC);
    sqlite3_bind_int64(st, 3, (int64_t)w->row.b.have);
    if ((code = sql_step(&w->s->w, st, e)) == 1)
        code = snprintf(name, BLOB_NAME, "%.*s", STR_ARG(sql_column(st, 0))) < BLOB_NAME ? ERR_OK : ERR_BUG;
    sqlite3_finalize(st);
    return code;
}

/* If the same content was here already, its rows name the new file from now on, which was written a moment ago; the old
 * one may have come to harm, and goes. */
static int share(struct store_blob_writer *w, struct err *e)
{
    sqlite3_stmt *st = NULL;
    char old[BLOB_NAME];
    struct store_tx *tx;
    int code = store_begin(w->s, false, &tx, e);

    if (code)
        return code;
    if (!(code = twin(w, old, e)) && old[0] &&
        !(code = sql_prepare(&w->s->w, "UPDATE blob SET (name, key)=(SELECT name, key FROM blob WHERE bid=?1) "
                                       "WHERE name=?2", &st, e))) {
        sqlite3_bind_int64(st, 1, w->row.bid);
        sql_bind(st, 2, str_of(old));
        code = sql_step(&w->s->w, st, e);
        sqlite3_finalize(st);
    }
    if (!code)
        code = store_commit(tx, e);
    else
        store_rollback(tx);
    if (!code && old[0])
        blob_unlink(w->s->path, old);
    return code;
}

int store_blob_end(struct store_blob_writer *w, const struct store_blob_expect *x, int64_t now_ms, struct err *e)
{
    uint64_t size = store_blob_at(w);
    unsigned char sha1[CRYPT_SHA1];
    struct store_blob *b = &w->row.b;
    int code;

    crypt_digest_end(w->sums, b->sha256, sha1);
    if ((x->size >= 0 && (uint64_t)x->size != size) || (x->hashed && memcmp(x->sha1, sha1, sizeof sha1))) {
        code = drop(w, e);
        return code ? code : err_set(e, ERR_MISMATCH, 0, (int64_t)size, STORE_BLOBS);
    }
    if ((code = blob_chunk_write(&w->f, w->chunks, true, w->plain, w->held, e)) || (code = sync_all(w, e)))
        return code;
    b->have = size;
    b->size = (int64_t)size;
    b->whole = true;
    b->at_ms = now_ms;
    if ((code = update(w, e)))
        return code;
    share(w, NULL); /* if that fails there are two files */
    return ERR_OK;
}
