/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/blob_priv.h"
#include "store/seal_priv.h"
#include "store/slots.h"
#include "store/text.h"

/* --- making ------------------------------------------------------------------------------------ */

int store_sync_path(const char *path, struct err *e)
{
    int fd = fault_hit(FAULT_IO) ? (errno = EIO, -1) : open(path, O_RDONLY | O_CLOEXEC);
    int bad = fd < 0 || fsync(fd), why = errno;

    if (fd >= 0)
        close(fd);
    return bad ? err_set(e, ERR_IO, why, 0, path) : ERR_OK;
}

int store_forget(const char *path, struct err *e)
{
    static const char *const tails[] = {"", "-wal", "-journal"};
    char full[PATH_MAX_BYTES + 16];

    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        snprintf(full, sizeof full, "%s%s", path, tails[i]);
        if (unlink(full) && errno != ENOENT)
            return err_set(e, ERR_IO, errno, 0, full);
    }
    return ERR_OK;
}

/* A log whose store has gone belongs to nothing: its key went with the store's superblock, and beside a new store it
 * would read as a loss. */
int store_forget_log(const char *path, struct err *e)
{
    char log[PATH_MAX_BYTES + 8];

    snprintf(log, sizeof log, "%s-wal", path);
    return unlink(log) && errno != ENOENT ? err_set(e, ERR_IO, errno, 0, log) : ERR_OK;
}

#define REST_STEPS 40 /* of merging words, about 2 MiB each */

/* What seal_open leaves to us: pages kept in memory. 2 MiB to write with, which store_rest gives back; 384 KiB to read
 * with, which stay: a page from the system's cache costs 6 microseconds, and holds a dozen rows. */
#define WRITE_CACHE "PRAGMA cache_size=-2048"
#define READ_CACHE "PRAGMA cache_size=-384"

static int first_settings(struct sql *c, const struct store_value *v, unsigned n, struct err *e)
{
    int code = ERR_OK;

    for (unsigned i = 0; !code && i < n; i++)
        if (!(code = mark_setting_check(v[i].name, v[i].value, e)))
            code = mark_setting_put(c, v[i].name, v[i].value, e);
    return code;
}

/* The whole file under its temporary name. */
static int build(const char *path, const struct secret *passphrase, const struct crypt_kdf *kdf,
                 const struct store_value *v, unsigned n, struct err *e)
{
    struct crypt_kdf best = kdf ? *kdf : crypt_kdf_default();
    struct seal_keys *keys = NULL;
    struct sql c = {.db = NULL};
    int code = seal_create(path, passphrase, &best, &keys, e);

    c.keys = keys;
    if (!code && !(code = seal_open(path, keys, false, &c.db, e)) && !(code = sql_exec(&c, WRITE_CACHE, e)) &&
        !(code = schema_make(&c, e)) && !(code = first_settings(&c, v, n, e)))
        code = sql_exec(&c, "PRAGMA wal_checkpoint(TRUNCATE)", e);
    sql_close(&c);
    seal_keys_free(keys);
    return code ? code : store_sync_path(path, e);
}

int store_create(const char *home, const struct secret *passphrase, const struct crypt_kdf *kdf, struct err *e)
{
    return store_create_with(home, passphrase, kdf, NULL, 0, e);
}

int store_create_with(const char *home, const struct secret *passphrase, const struct crypt_kdf *kdf,
                      const struct store_value *v, unsigned n, struct err *e)
{
    char path[PATH_MAX_BYTES], temp[PATH_MAX_BYTES];
    struct stat st;
    struct store_owner *o = NULL;
    int code = path_make_private(home, e);

    if (code || (code = path_join(path, home, STORE_FILE, e)) || (code = path_join(temp, home, STORE_FILE_NEW, e)) ||
        (code = store_own(home, &o, e)))
        return code;
    seal_register();
    if (!lstat(path, &st))
        code = err_set(e, ERR_EXISTS, 0, 0, path);
    else if (!(code = store_forget(temp, e)) && !(code = store_forget_log(path, e)) &&
             !(code = build(temp, passphrase, kdf, v, n, e))) {
        if (fault_hit(FAULT_IO) || rename(temp, path))
            code = err_set(e, ERR_IO, errno, 0, path);
        else if ((code = store_sync_path(home, e)))
            unlink(path); /* who is told that nothing was made must not find it made */
    }
    if (code && code != ERR_EXISTS)
        store_forget(temp, NULL);
    store_disown(o);
    return code;
}

/* --- opening ----------------------------------------------------------------------------------- */

int store_private(const char *home, char path[PATH_MAX_BYTES], struct err *e)
{
    struct stat st;
    int code = path_join(path, home, STORE_FILE, e);

    if (code)
        return code;
    if (lstat(path, &st))
        return errno == ENOENT || errno == ENOTDIR ? err_set(e, ERR_NOPROFILE, 0, 0, home)
                                                   : err_set(e, ERR_IO, errno, 0, path);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
        return err_set(e, ERR_PERM, 0, 0, path);
    return path_make_private(home, e);
}

int store_unlock(const char *home, const struct secret *passphrase, struct store_key **out, struct err *e)
{
    return store_unlock_by(home, &(struct store_proof){.secret = passphrase}, out, NULL, e);
}

struct store_key *store_key_dup(const struct store_key *k)
{
    struct store_key *d = mem_alloc(sizeof *d);

    if (d && !(d->seal = seal_keys_dup(k->seal))) {
        mem_free(d);
        return NULL;
    }
    return d;
}

void store_key_free(struct store_key *k)
{
    if (k)
        seal_keys_free(k->seal);
    mem_free(k);
}

uint64_t store_now_ms(void)
{
    struct clock c = clock_system();

    return (uint64_t)clock_wall_ms(&c);
}

/* REQ: the one place that knows of every change of the outbox, whoever makes it. */
static void row_changed(void *arg, int what, const char *db, const char *table, sqlite3_int64 rowid)
{
    struct store *s = arg;

    (void)what;
    (void)db;
    (void)rowid;
    s->tx.outbox = s->tx.outbox || !strcmp(table, "outbox");
}

int store_connect(struct store *s, const struct store_progress *p, struct err *e)
{
    int code = seal_open(s->path, s->key->seal, false, &s->w.db, e), mended;

    if (!code && (mended = seal_super_mend(s->path, s->key->seal, &s->found, NULL)))
        log_event("store.superblock", mended, NULL, 0, 0);
    s->w.keys = s->r.keys = s->key->seal;
    seal_when_full(s->key->seal, reserve_give, s);
    if (!code)
        sqlite3_update_hook(s->w.db, row_changed, s);
    if (!code && !(code = sql_exec(&s->w, WRITE_CACHE, e)) && !(code = schema_check(&s->w, p, e)) &&
        !(code = seal_open(s->path, s->key->seal, true, &s->r.db, e)))
        code = sql_exec(&s->r, READ_CACHE, e);
    s->settled = s->full = false;
    return code;
}

/* Copies that were never finished. Sealed as they are, they only take room. */
static void drop_leftovers(const char *home)
{
    static const char *const names[] = {STORE_FILE_NEW, STORE_FILE_FROM};
    char path[PATH_MAX_BYTES];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!path_join(path, home, names[i], NULL))
            store_forget(path, NULL);
}

int store_open_told(struct store_owner *o, struct store_key *key, const struct store_progress *p, struct store **out,
                    struct err *e)
{
    struct store *s = mem_alloc(sizeof *s);
    int code;

    *out = NULL;
    if (!s) {
        store_key_free(key);
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    s->key = key;
    s->pid = getpid();
    pthread_mutex_init(&s->mutex, NULL);
    pthread_mutex_init(&s->whole, NULL);
    turn_init(&s->turn);
    if (!(code = owner_enter(o, e))) {
        s->owner = o;
        if (!(code = store_private(owner_home(o), s->path, e))) {
            drop_leftovers(owner_home(o));
            /* with another file's key the log would count as torn, and go */
            code = store_key_stale(owner_home(o), key) ? err_set(e, ERR_PASSPHRASE, 0, 0, NULL)
                                                       : store_connect(s, p, e);
            if (!code) {
                blob_sweep(s);
                reserve_take(s);
            }
        }
    }
    if (code)
        store_close(s);
    else
        *out = s;
    return code;
}

int store_open_owned(struct store_owner *o, struct store_key *key, struct store **out, struct err *e)
{
    return store_open_told(o, key, NULL, out, e);
}

int store_open(const char *home, struct store_key *key, struct store **out, struct err *e)
{
    struct store_owner *o;
    char path[PATH_MAX_BYTES];
    int code = store_private(home, path, e);

    *out = NULL;
    if (code || (code = store_own(home, &o, e))) {
        store_key_free(key);
        return code;
    }
    if ((code = store_open_owned(o, key, out, e)))
        store_disown(o);
    else
        (*out)->owner_mine = true;
    return code;
}

void store_close(struct store *s)
{
    struct store_owner *mine;

    /* A forked child owns nothing: closing here would checkpoint under the parent's feet. */
    if (!s || s->pid != getpid())
        return;
    if (s->in_tx)
        store_rollback(&s->tx);
    sql_close(&s->r);
    sql_close(&s->w);
    seal_memory_rest();
    pthread_mutex_destroy(&s->mutex);
    turn_fini(&s->turn);
    pthread_mutex_destroy(&s->whole);
    store_key_free(s->key);
    mine = s->owner_mine ? s->owner : NULL;
    if (s->owner)
        owner_leave(s->owner);
    mem_free(s);
    store_disown(mine);
}

static int enough(void *arg)
{
    return --*(int *)arg < 0;
}

/* What deletions left in the words goes now, a few hundred milliseconds of it; the rest at the next rest. */
void store_rest(struct store *s)
{
    int steps = REST_STEPS;

    store_text_settle(s, enough, &steps, NULL);
    if (!turn_try(&s->turn)) /* somebody writes: there is nothing to give back yet */
        return;
    if (s->loose)
        blob_sweep(s);
    s->loose = false;
    sqlite3_db_release_memory(s->w.db);
    body_free(s->w.body);
    s->w.body = NULL;
    turn_leave(&s->turn);
    seal_memory_rest();
}

bool store_pages_locked(void)
{
    struct seal_memory_state m;

    seal_memory_state(&m);
    return m.ours && m.held;
}

int store_health(struct store *s, struct store_health *h, struct err *e)
{
    struct seal_superblocks sb = {.a_whole = false};
    const struct seal_superblocks *was = &s->found;
    char wal[PATH_MAX_BYTES + 8];
    struct stat st;
    int code = seal_inspect(s->path, s->key->seal, &sb, e);

    *h = (struct store_health){
        .superblock_a = was->a_whole && sb.a_whole, .superblock_b = was->b_whole && sb.b_whole,
        .kdf = sb.kdf, .format = sb.format};
    h->wal_damaged = seal_wal_damaged(s->key->seal);
    snprintf(wal, sizeof wal, "%s-wal", s->path);
    if (!stat(s->path, &st))
        h->file_bytes = (uint64_t)st.st_size;
    if (!stat(wal, &st))
        h->wal_bytes = (uint64_t)st.st_size;
    return code;
}

/* --- transactions ------------------------------------------------------------------------------ */

/* REQ: while the reserve is given up, what is no edit is refused: it would take what an edit is to have. */
static int begin(struct store *s, bool durable, bool removes, struct err *e)
{
    int code;

    s->w.fills = !durable;
    s->removing = removes;
    if (!durable && !removes && !reserve_take(s))
        return err_set(e, ERR_FULL, ENOSPC, 0, STORE_FILE);
    if (s->full != durable || !s->settled) {
        if ((code = sql_exec(&s->w, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", e)))
            return code;
        s->full = durable;
        s->settled = true;
    }
    return sql_exec(&s->w, "BEGIN IMMEDIATE", e);
}

static int begin_in_turn(struct store *s, bool durable, bool removes, struct store_tx **out, struct err *e)
{
    int code;

    *out = NULL;
    if (s->pid != getpid())
        return err_set(e, ERR_INUSE, 0, s->pid, STORE_FILE);
    if (turn_mine(&s->turn))
        return err_set(e, ERR_BUG, 0, 0, "store_begin");
    turn_take(&s->turn, durable);
    if ((code = begin(s, durable, removes, e))) {
        turn_leave(&s->turn);
        return code;
    }
    s->in_tx = true;
    s->tx = (struct store_tx){.s = s};
    *out = &s->tx;
    return ERR_OK;
}

int store_begin(struct store *s, bool durable, struct store_tx **out, struct err *e)
{
    return begin_in_turn(s, durable, false, out, e);
}

int store_begin_removal(struct store *s, struct store_tx **out, struct err *e)
{
    return begin_in_turn(s, false, true, out, e);
}

int store_hold(struct store *s, struct err *e)
{
    if (s->pid != getpid())
        return err_set(e, ERR_INUSE, 0, s->pid, STORE_FILE);
    if (turn_mine(&s->turn))
        return err_set(e, ERR_BUG, 0, 0, "store_hold");
    turn_take(&s->turn, false);
    return ERR_OK;
}

void store_let_go(struct store *s)
{
    turn_leave(&s->turn);
}

void store_rollback(struct store_tx *tx)
{
    if (!tx || !turn_mine(&tx->s->turn) || !tx->s->in_tx)
        return;
    /* SQLite rolls back by itself on a full disk and the like: then there is nothing left to do. */
    if (!sqlite3_get_autocommit(tx->s->w.db))
        sql_exec(&tx->s->w, "ROLLBACK", NULL);
    tx->s->in_tx = false;
    turn_leave(&tx->s->turn);
}

int store_commit(struct store_tx *tx, struct err *e)
{
    int code = tx->failed ? err_set(e, tx->failed, tx->why.sub, tx->why.num, tx->why.what) : ERR_OK;
    struct store *s = tx->s;
    bool tell = tx->queued && s->on_queued;

    if (!code && sqlite3_get_autocommit(tx->s->w.db))
        code = err_set(e, ERR_BUG, 0, 0, "store_commit");
    if (!code)
        code = sql_exec(&tx->s->w, "COMMIT", e);
    if (!code && tx->outbox)
        atomic_fetch_add(&s->edits, 1);
    store_rollback(tx); /* after a good COMMIT only the flag goes */
    if (!code && tell)
        s->on_queued(s->queued_arg);
    return code;
}

uint64_t store_edits(struct store *s)
{
    return atomic_load(&s->edits);
}

void store_on_queued(struct store *s, void (*queued)(void *arg), void *arg)
{
    s->on_queued = queued;
    s->queued_arg = arg;
}

int store_tx_check(struct store_tx *tx, int code, const struct err *e)
{
    if (code && !tx->failed) {
        tx->failed = code;
        if (e)
            tx->why = *e;
    }
    return code;
}

int store_read_begin(struct store *s, struct err *e)
{
    sqlite3_stmt *st;
    int code;

    if (s->pid != getpid())
        return err_set(e, ERR_INUSE, 0, s->pid, STORE_FILE);
    pthread_mutex_lock(&s->mutex);
    if (!(code = sql_use(&s->r, SQL_BEGIN, &st, e)))
        code = sql_run(&s->r, st, e);
    if (code)
        pthread_mutex_unlock(&s->mutex);
    return code;
}

void store_read_end(struct store *s)
{
    sqlite3_stmt *st;

    /* A snapshot that cannot be let go of would be read from for ever. */
    if (!sqlite3_get_autocommit(s->r.db) && (sql_use(&s->r, SQL_COMMIT, &st, NULL) || sql_run(&s->r, st, NULL)))
        sql_exec(&s->r, "ROLLBACK", NULL);
    pthread_mutex_unlock(&s->mutex);
}
