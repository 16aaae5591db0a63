/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The end of a store, and what is saved of it before.
 */
#include "config.h"

#include "store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "store/blob_priv.h"
#include "store/owner.h"
#include "store/priv.h"
#include "store/room.h"
#include "store/seal_priv.h"

/* --- wiping ------------------------------------------------------------------------------------ */

/* Overwritten and synced before any name goes: an unlinked file keeps its bytes, and with its slots it could be
 * opened by whoever finds them. */
static int erase(const char *path, const struct stat *st, struct err *e)
{
    unsigned char *zero = mem_alloc(SEAL_DATA_OFFSET);
    size_t n = st->st_size < SEAL_DATA_OFFSET ? (size_t)st->st_size : SEAL_DATA_OFFSET;
    int code = zero ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code && (code = seal_write_head(path, zero, n, 0, e)))
        code = seal_write_head(path, zero, n, 0, e);
    mem_free(zero);
    return code;
}

static int erase_one(const char *home, const char *name, bool *any, struct err *e)
{
    char path[PATH_MAX_BYTES];
    struct stat st;
    int code = path_join(path, home, name, e);

    if (code)
        return code;
    if (lstat(path, &st))
        return errno == ENOENT || errno == ENOTDIR ? ERR_OK : err_set(e, ERR_IO, errno, 0, path);
    *any = true;
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
        return err_set(e, ERR_PERM, 0, 0, path);
    return erase(path, &st, e);
}

static int remove_one(const char *home, const char *name, struct err *e)
{
    char path[PATH_MAX_BYTES];
    int code = path_join(path, home, name, e);

    if (!code && (fault_hit(FAULT_IO) ? (errno = EIO, -1) : unlink(path)) && errno != ENOENT)
        code = err_set(e, ERR_IO, errno, 0, path);
    return code;
}

static int wipe(const char *home, struct err *e)
{
    static const char *const keyed[] = {STORE_FILE, STORE_FILE_NEW, STORE_FILE_FROM};
    static const char *const others[] = { /* and attachments */
        STORE_FILE "-wal", STORE_FILE "-journal", STORE_FILE_NEW "-wal", STORE_FILE_NEW "-journal",
        STORE_FILE_FROM "-wal", "owner.sock", "refused", "log", STORE_RESERVE,
    };
    const size_t n = sizeof keyed / sizeof *keyed;
    bool any = false;
    int code = ERR_OK, first = ERR_OK;

    for (size_t i = 0; !code && i < n; i++)
        code = erase_one(home, keyed[i], &any, e);
    if (!code && !any)
        code = err_set(e, ERR_NOPROFILE, 0, 0, home);
    if (code)
        return code;
    for (size_t i = 0; i < n + sizeof others / sizeof *others; i++) {
        struct err *where = first ? NULL : e;

        if ((code = remove_one(home, i < n ? keyed[i] : others[i - n], where)))
            first = code;
    }
    if ((code = blob_wipe(home, first ? NULL : e)))
        first = first ? first : code;
    return first ? first : store_sync_path(home, e);
}

int store_wipe(const char *home, struct err *e)
{
    struct stat st;
    struct store_owner *owner = NULL;
    int code;

    if (lstat(home, &st))
        return err_set(e, ERR_NOPROFILE, errno, 0, home);
    seal_register();
    if (!(code = store_own(home, &owner, e)))
        code = wipe(home, e);
    store_disown(owner);
    return code;
}

/* --- what was not sent ------------------------------------------------------------------------- */

/* A file of edits for the site: "WLUNSENT", version 1 (4 bytes), public key 32, file key sealed to it 80; then records:
 * length of the line (4), nonce 24, the line, sealed, tag 16; bound to "WLUN" and the record's number (8). A record of
 * no length is the end: a file that was cut has none. */
#define UNSENT_HEAD (8 + 4 + CRYPT_BOX_PUBLIC + CRYPT_KEY + CRYPT_BOX_MORE)
static const char unsent_magic[8] = {'W', 'L', 'U', 'N', 'S', 'E', 'N', 'T'};

struct unsent {
    int fd;
    struct secret *key;
    uint64_t number;
};

static void unsent_bind(unsigned char ad[12], uint64_t number)
{
    memcpy(ad, "WLUN", 4);
    seal_put64(ad + 4, number);
}

static int put(int fd, const void *p, size_t n, struct err *e)
{
    for (size_t at = 0; at < n;) {
        ssize_t w = fault_hit(FAULT_IO) ? (errno = ENOSPC, -1) : write(fd, (const char *)p + at, n - at);

        if (w < 0 && errno != EINTR)
            return err_set(e, ERR_IO, errno, 0, "unsent");
        at += w > 0 ? (size_t)w : 0;
    }
    return ERR_OK;
}

static int put_record(struct unsent *u, struct str line, struct err *e)
{
    size_t n = 4 + CRYPT_NONCE + line.n + CRYPT_TAG;
    unsigned char ad[12], *b = mem_alloc(n);
    int code;

    if (!b)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    unsent_bind(ad, u->number++);
    seal_put32(b, (uint32_t)line.n);
    crypt_nonce(b + 4);
    crypt_seal(b + 4 + CRYPT_NONCE, b + n - CRYPT_TAG, (const unsigned char *)line.p, line.n, ad, sizeof ad, b + 4,
               u->key->p);
    code = put(u->fd, b, n, e);
    mem_free(b);
    return code;
}

static void member(struct jsonw *w, const char *name, struct str value)
{
    jsonw_key(w, name);
    jsonw_str(w, value);
}

/* One edit as a line of JSON. */
static int put_edit(struct unsent *u, struct sql *c, sqlite3_stmt *st, struct err *e)
{
    struct buf line, body;
    struct jsonw w;
    int code;

    buf_init(&body, LIMIT_RESOURCE_BYTES);
    buf_init(&line, LIMIT_RESOURCE_BYTES + 4096);
    code = body_unpack(&c->body, sql_column(st, 8), (enum body_codec)sqlite3_column_int(st, 7),
                       (size_t)sqlite3_column_int64(st, 6), &body, e);
    if (!code) {
        jsonw_init(&w, &line);
        jsonw_open(&w, '{');
        member(&w, "op", sql_column(st, 0));
        member(&w, "type", sql_column(st, 1));
        member(&w, "id", sql_column(st, 2));
        member(&w, "baseEtag", sql_column(st, 3));
        member(&w, "author", sql_column(st, 4));
        jsonw_key(&w, "sinceMs");
        jsonw_int(&w, sqlite3_column_int64(st, 5));
        jsonw_key(&w, "resource");
        jsonw_raw(&w, body.n ? buf_str(&body) : STR("null"));
        jsonw_close(&w, '}');
        code = put_record(u, buf_str(&line), e);
    }
    buf_fini(&line);
    buf_fini(&body);
    return code;
}

static int put_edits(struct store *s, struct unsent *u, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(&s->w, "SELECT op, type, id, base_etag, author, since_ms, size, codec, body FROM outbox "
                                  "WHERE state<>3 ORDER BY seq", &st, e);

    while (!code && (code = sql_step(&s->w, st, e)) == 1)
        code = put_edit(u, &s->w, st, e);
    sqlite3_finalize(st);
    return code ? code : put_record(u, STR(""), e);
}

static int put_head(struct unsent *u, const unsigned char *pk, struct err *e)
{
    unsigned char head[UNSENT_HEAD];

    memcpy(head, unsent_magic, 8);
    seal_put32(head + 8, 1);
    memcpy(head + 12, pk, CRYPT_BOX_PUBLIC);
    crypt_random(u->key->p, CRYPT_KEY);
    if (crypt_box_seal(head + 12 + CRYPT_BOX_PUBLIC, u->key->p, CRYPT_KEY, pk))
        return err_set(e, ERR_INPUT, 0, 0, "escrow key");
    return put(u->fd, head, sizeof head, e);
}

static int escrow_of(struct store *s, unsigned char pk[CRYPT_BOX_PUBLIC], struct err *e)
{
    struct seal_super *super = mem_alloc(sizeof *super);
    struct seal_slot_info info;
    int code = super ? seal_super_get(s->path, s->key->seal, super, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);
    unsigned no = 0;

    while (!code && no < SEAL_SLOTS && super->slot[no].type != SEAL_ESCROW)
        no++;
    if (!code && no == SEAL_SLOTS)
        code = err_set(e, ERR_NOSLOT, 0, 0, "escrow");
    if (!code) {
        seal_slot_about(&super->slot[no], &info);
        memcpy(pk, info.public_key, CRYPT_BOX_PUBLIC);
    }
    mem_free(super);
    return code;
}

int store_unsent_save(struct store *s, const char *path, struct err *e)
{
    struct unsent u = {.fd = -1, .key = secret_new(CRYPT_KEY)};
    unsigned char pk[CRYPT_BOX_PUBLIC];
    int code = u.key ? escrow_of(s, pk, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code && (u.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        code = err_set(e, errno == EEXIST ? ERR_EXISTS : ERR_IO, errno, 0, path);
    if (!code && !(code = put_head(&u, pk, e)) && !(code = put_edits(s, &u, e)) &&
        (fault_hit(FAULT_IO) ? (errno = EIO, -1) : fsync(u.fd)))
        code = err_set(e, ERR_IO, errno, 0, path);
    if (u.fd >= 0)
        close(u.fd);
    if (code && u.fd >= 0)
        unlink(path);
    secret_free(u.key);
    return code;
}

static int get(int fd, void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t r = fault_hit(FAULT_IO) ? (errno = EIO, -1) : read(fd, (char *)p + at, n - at);

        if (r < 0 && errno != EINTR)
            return ERR_IO;
        if (!r)
            return ERR_DAMAGED; /* the end is a record, not the end of the file */
        at += r > 0 ? (size_t)r : 0;
    }
    return ERR_OK;
}

/* ERR_OK and *end once the last record was read. */
static int get_record(struct unsent *u, bool *end, int (*each)(void *arg, struct str line), void *arg)
{
    unsigned char ad[12], head[4 + CRYPT_NONCE], *b;
    size_t n;
    int code = get(u->fd, head, sizeof head);

    if (code)
        return code;
    n = seal_get32(head);
    if (n > LIMIT_RESOURCE_BYTES + 4096)
        return ERR_DAMAGED;
    if (!(b = mem_alloc(n + CRYPT_TAG)))
        return ERR_NOMEM;
    unsent_bind(ad, u->number++);
    if (!(code = get(u->fd, b, n + CRYPT_TAG)) &&
        !(code = crypt_unseal(b, b, n, b + n, ad, sizeof ad, head + 4, u->key->p)) && n)
        code = each(arg, (struct str){(const char *)b, n});
    *end = !n;
    mem_wipe(b, n + CRYPT_TAG);
    return code;
}

static int get_head(struct unsent *u, const struct secret *secret_key)
{
    unsigned char head[UNSENT_HEAD], pk[CRYPT_BOX_PUBLIC];

    if (get(u->fd, head, sizeof head) || memcmp(head, unsent_magic, 8) || seal_get32(head + 8) != 1)
        return ERR_INPUT;
    if (crypt_box_public(pk, secret_key) || memcmp(pk, head + 12, sizeof pk))
        return ERR_PASSPHRASE;
    return crypt_box_open(u->key->p, head + 12 + CRYPT_BOX_PUBLIC, CRYPT_KEY + CRYPT_BOX_MORE, secret_key)
               ? ERR_DAMAGED
               : ERR_OK;
}

int store_unsent_open(const char *path, const struct secret *secret_key, int (*each)(void *arg, struct str line),
                      void *arg, struct err *e)
{
    struct unsent u = {.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), .key = secret_new(CRYPT_KEY)};
    bool end = false;
    int code = ERR_OK;

    if (u.fd < 0)
        code = err_set(e, ERR_NOFILE, errno, 0, path);
    else if (!u.key)
        code = err_set(e, ERR_NOMEM, 0, 0, NULL);
    else if ((code = get_head(&u, secret_key)))
        err_set(e, code, 0, 0, path);
    while (!code && !end)
        if ((code = get_record(&u, &end, each, arg)))
            err_set(e, code, 0, 0, path);
    if (u.fd >= 0)
        close(u.fd);
    secret_free(u.key);
    return code;
}
