/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "store/owner.h"
#include "store/priv.h"
#include "store/seal_priv.h"

/* --- a copy under its temporary name ------------------------------------------------------------ */

/* Making is one half of the way, reading back the other. */
struct way {
    const struct store_progress *p;
    bool back;
    bool bad; /* a page that does not verify */
};

static int step(void *arg, uint64_t done, uint64_t all)
{
    const struct way *w = arg;

    return w->p ? w->p->step(w->p->arg, done + (w->back ? all : 0), 2 * all) : 0;
}

static void is_bad(void *arg, int64_t no)
{
    (void)no;
    ((struct way *)arg)->bad = true;
}

static int run(const struct sql *c, const char *text, struct str value, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int code = sql_prepare(c, text, &st, e);

    if (!code && sqlite3_bind_parameter_count(st))
        sqlite3_bind_blob64(st, 1, value.p, value.n, SQLITE_STATIC);
    if (!code)
        code = sql_step(c, st, e);
    sqlite3_finalize(st);
    return code < 0 ? code : ERR_OK;
}

/* Attachments are a cache, and their files stay where they are. An older backup has no table of them. */
static int without_blobs(const struct sql *to, struct err *e)
{
    int64_t there;
    int code = sql_number(to, "SELECT count(*) FROM sqlite_master WHERE name='blob'", &there, e);

    return code || !there ? code : sql_exec(to, "DELETE FROM blob", e);
}

/* What the copy says of itself, so that it holds however it comes into use. An edit that was queued or in flight may
 * reach the server from the original: here it is in doubt (state 2), which is asked about before anything is sent. */
static int mark(const struct copy *c, const struct sql *to, struct err *e)
{
    int code = ERR_OK;

    if (c->doubt && !(code = without_blobs(to, e)))
        code = run(to, "UPDATE outbox SET state=2 WHERE state IN (0, 1)", STR(""), e);
    if (!code && c->restored.n)
        code = run(to, "INSERT OR REPLACE INTO setting(name, value) VALUES('restored.from', ?1)", c->restored, e);
    return code ? code : sql_exec(to, "PRAGMA wal_checkpoint(TRUNCATE)", e);
}

static int checked(const struct sql *to, struct err *e)
{
    int64_t wrong;
    int code = sql_number(to, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'", &wrong, e);

    return code || !wrong ? code : err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
}

/* Does the proof open it, and to the same keys? */
static int proven(const struct copy *c, struct err *e)
{
    const struct seal_proof p = {(enum seal_slot_type)c->proof->kind, c->proof->secret};
    struct seal_keys *k = NULL;
    int code = seal_unlock_by(c->to, &p, &k, NULL, NULL, e);

    if (!code && !crypt_equal(k->raw->p, c->keys->raw->p, k->raw->n))
        code = err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
    seal_keys_free(k);
    return code;
}

/* Every page of it as the disk has it, then as SQLite understands it, then as its owner will open it. */
static int read_back(const struct copy *c, struct way *w, struct err *e)
{
    const struct seal_scan scan = {c->to, c->keys, step, is_bad, w};
    struct sql to = {.keys = c->keys};
    uint64_t looked;
    int code;

    w->back = true;
    if (!(code = seal_scan_pages(&scan, &looked, e)) && w->bad)
        code = err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
    if (!code && !(code = seal_open(c->to, c->keys, false, &to.db, e)))
        code = checked(&to, e);
    sql_close(&to);
    return code || !c->proof ? code : proven(c, e);
}

static int fill(const struct copy *c, struct way *w, struct err *e)
{
    const struct seal_copy copy = {c->from, c->from_keys, c->to, c->super, c->keys, step, w};
    struct sql to = {.keys = c->keys};
    int code = seal_copy(&copy, e);

    if (code)
        return code;
    if (!(code = seal_open(c->to, c->keys, false, &to.db, e)))
        code = mark(c, &to, e);
    sql_close(&to);
    return code ? code : store_sync_path(c->to, e);
}

int copy_make(const struct copy *c, struct err *e)
{
    struct way w = {.p = c->progress};
    struct err own = ERR_NONE;
    int code = store_forget(c->to, &own);

    if (!code && !(code = fill(c, &w, &own)))
        code = read_back(c, &w, &own);
    if (code)
        store_forget(c->to, NULL);
    if (code && e)
        *e = own;
    return code;
}

#define WAIT_MS 50 /* between two looks at whether it was stopped */

int copy_begin(struct store *s, const struct store_progress *p, struct err *e)
{
    struct timespec until;
    uint64_t ms;

    if (s->pid != getpid())
        return err_set(e, ERR_INUSE, 0, s->pid, STORE_FILE);
    do {
        if (p && p->step(p->arg, 0, 1))
            return err_set(e, ERR_CANCELLED, 0, 0, NULL);
        ms = store_now_ms() + WAIT_MS;
        until = (struct timespec){(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    } while (pthread_mutex_timedlock(&s->whole, &until));
    return ERR_OK;
}

/* --- backup ------------------------------------------------------------------------------------ */

/* Under its own file id and the same data key; the slots, which nobody could seal anew, name the id that they are
 * sealed under. */
static void as_copy(struct seal_super *super)
{
    super->version = super->reader = SEAL_VERSION_COPY;
    super->generation++;
    crypt_random(super->file_id, SEAL_FILE_ID);
}

/* The directory that holds a path. */
static int sync_holder(const char *path, struct err *e)
{
    char dir[PATH_MAX_BYTES];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) + 1 : 0;

    memcpy(dir, n ? path : ".", n ? n : 1);
    dir[n ? n : 1] = '\0';
    return store_sync_path(dir, e);
}

static int named(const char *temp, const char *path, struct err *e)
{
    int code;

    if (fault_hit(FAULT_IO) || rename(temp, path))
        return err_set(e, ERR_IO, errno, 0, path);
    if ((code = sync_holder(path, e)))
        unlink(path); /* who is told that nothing was made must not find it made */
    return code;
}

static int backup(struct store *s, struct seal_super *super, const char *to, const char *temp,
                  const struct store_progress *p, struct err *e)
{
    struct seal_keys *keys;
    int code = seal_super_get(s->path, s->key->seal, super, e);

    if (code)
        return code;
    as_copy(super);
    if (!(keys = seal_keys_like(s->key->seal, super->file_id)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    keys->anywhere = true;
    if (!(code = copy_make(&(struct copy){.from = s->path, .to = temp, .from_keys = s->key->seal, .keys = keys,
                                          .super = super, .doubt = true, .progress = p}, e)) &&
        (code = named(temp, to, e)))
        store_forget(temp, NULL);
    seal_keys_free(keys);
    return code;
}

int store_backup(struct store *s, const char *to, const struct store_progress *p, struct err *e)
{
    struct seal_super *super = mem_alloc(sizeof *super);
    char temp[PATH_MAX_BYTES];
    struct stat st;
    int code = super ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code && snprintf(temp, sizeof temp, "%s.part", to) >= (int)sizeof temp)
        code = err_set(e, ERR_TOOBIG, 0, PATH_MAX_BYTES, "path");
    if (!code && !lstat(to, &st))
        code = err_set(e, ERR_EXISTS, 0, 0, to);
    if (!code && !(code = copy_begin(s, p, e))) {
        code = backup(s, super, to, temp, p, e);
        pthread_mutex_unlock(&s->whole);
    }
    mem_free(super);
    return code;
}

/* --- restore ----------------------------------------------------------------------------------- */

#define PIECE (256 * 1024)

/* Byte for byte, from wherever it lies, to a name in the home: there it has our modes and a log of its own. */
static int fetch(const char *from, const char *to, const struct store_progress *p, struct err *e)
{
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK), out = -1, code = ERR_OK;
    char *piece = mem_alloc(PIECE);
    struct stat st = {.st_size = 0};
    uint64_t done = 0;
    ssize_t n = 0;

    if (in < 0 || fstat(in, &st) || !S_ISREG(st.st_mode))
        code = err_set(e, ERR_NOFILE, in < 0 ? errno : EINVAL, 0, from);
    else if (!piece)
        code = err_set(e, ERR_NOMEM, 0, 0, NULL);
    else if ((out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0)
        code = err_set(e, ERR_IO, errno, 0, to);
    while (!code && (n = fault_hit(FAULT_IO) ? (errno = EIO, -1) : read(in, piece, PIECE)) > 0) {
        for (ssize_t at = 0, w; !code && at < n; at += w)
            if ((w = fault_hit(FAULT_IO) ? (errno = ENOSPC, -1) : write(out, piece + at, (size_t)(n - at))) < 0)
                code = err_set(e, ERR_IO, errno, 0, to);
        done += (uint64_t)n;
        if (!code && p && p->step(p->arg, done / SEAL_PAGE, 3 * (uint64_t)st.st_size / SEAL_PAGE))
            code = err_set(e, ERR_CANCELLED, 0, 0, NULL);
    }
    if (!code && n < 0)
        code = err_set(e, ERR_IO, errno, 0, from);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    mem_free(piece);
    return code;
}

/* A passphrase that was forgotten has a successor from the first moment. */
static int add_fresh(struct seal_super *super, const struct secret *fresh, const struct secret *dek, struct err *e)
{
    const struct crypt_kdf kdf = crypt_kdf_default();
    unsigned no = 0;
    int code;

    while (no < SEAL_SLOTS && super->slot[no].type != SEAL_FREE)
        no++;
    if (no == SEAL_SLOTS)
        return err_set(e, ERR_SLOTSFULL, 0, SEAL_SLOTS, NULL);
    code = seal_slot_wrap(&super->slot[no], no, super->slot_id, fresh, &kdf, dek->p, store_now_ms());
    return code ? err_set(e, code, 0, 0, NULL) : ERR_OK;
}

/* "FILE-ID MILLISECONDS": which backup, and when it was brought back. */
static struct str origin_of(const struct seal_super *super, char out[64])
{
    size_t n = 0;

    for (int i = 0; i < SEAL_FILE_ID; i++)
        n += (size_t)snprintf(out + n, 64 - n, "%02x", super->file_id[i]);
    n += (size_t)snprintf(out + n, 64 - n, " %lld", (long long)store_now_ms());
    return (struct str){out, n};
}

/* p of fetch told a third of the way; the two of the copy are behind it. */
struct rest {
    const struct store_progress *p;
};

static int rest_step(void *arg, uint64_t done, uint64_t all)
{
    const struct rest *r = arg;

    return r->p->step(r->p->arg, all / 2 + done, all + all / 2);
}

static int reseal(const char *raw, const char *temp, const struct store_proof *proof, const struct secret *fresh,
                  const struct store_progress *p, struct err *e)
{
    const struct seal_proof shown = {(enum seal_slot_type)proof->kind, proof->secret};
    struct secret *dek = secret_new(CRYPT_KEY);
    struct seal_super *super = mem_alloc(sizeof *super);
    struct seal_keys *had = NULL, *keys = NULL;
    struct rest rest = {p};
    const struct store_progress later = {rest_step, &rest};
    struct copy c = {.from = raw, .to = temp, .super = super, .doubt = true, .proof = proof,
                     .progress = p ? &later : NULL};
    char origin[64];
    int code = dek && super ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!code && !(code = seal_unlock_by(raw, &shown, &had, dek, NULL, e)) &&
        !(code = seal_super_get(raw, had, super, e))) {
        c.restored = origin_of(super, origin);
        as_copy(super);
        if (fresh)
            code = add_fresh(super, fresh, dek, e);
        if (!code && !(keys = seal_keys_like(had, super->file_id)))
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
        c.from_keys = had;
        c.keys = keys;
        if (!code)
            code = copy_make(&c, e);
    }
    secret_free(dek);
    mem_free(super);
    seal_keys_free(had);
    seal_keys_free(keys);
    return code;
}

/* In a home that is ours, under the owner's lock. */
static int restore(const char *home, const char *from, const struct store_proof *proof, const struct secret *fresh,
                   const struct store_progress *p, struct err *e)
{
    char path[PATH_MAX_BYTES], raw[PATH_MAX_BYTES], temp[PATH_MAX_BYTES];
    struct stat st;
    int code;

    if ((code = path_join(path, home, STORE_FILE, e)) || (code = path_join(raw, home, STORE_FILE_FROM, e)) ||
        (code = path_join(temp, home, STORE_FILE_NEW, e)))
        return code;
    if (!lstat(path, &st))
        return err_set(e, ERR_EXISTS, 0, 0, path);
    seal_register();
    if (!(code = store_forget(raw, e)) && !(code = store_forget_log(path, e)) && !(code = fetch(from, raw, p, e)) &&
        !(code = reseal(raw, temp, proof, fresh, p, e)))
        code = named(temp, path, e);
    store_forget(raw, NULL);
    if (code)
        store_forget(temp, NULL);
    if (code == ERR_DAMAGED || code == ERR_PASSPHRASE)
        err_set(e, code, 0, e ? e->num : 0, from);
    return code;
}

int store_restore(const char *home, const char *from, const struct store_proof *proof, const struct secret *fresh,
                  const struct store_progress *p, struct err *e)
{
    struct store_owner *owner = NULL;
    int code = path_make_private(home, e);

    if (!code && !(code = store_own(home, &owner, e)))
        code = restore(home, from, proof, fresh, p, e);
    store_disown(owner);
    return code;
}
