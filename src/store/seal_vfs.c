/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The VFS "wardline-seal" over unix-excl: the main database's pages here, its log in seal_wal.c. What it
 * does not know it refuses, so that a newer SQLite with new habits shows errors and never leaks.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"

#define BELOW ((sqlite3_vfs *)seal_vfs.pAppData)
#define REAL(f) ((f)->real->pMethods)
#define WRITE_LOCK 0 /* of the log's index (file format 4.3, WAL_WRITE_LOCK) */
#define TYPE_MASK 0x0fff00 /* SQLITE_OPEN_MAIN_DB .. SQLITE_OPEN_WAL */

static sqlite3_vfs seal_vfs;
static pthread_mutex_t seal_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct seal_file *seal_files; /* open main databases, under seal_mutex */
static _Thread_local struct seal_keys *seal_opening_keys;

void seal_opening(struct seal_keys *k)
{
    seal_opening_keys = k;
}

bool seal_mine(const struct seal_file *f)
{
    return f->process == crypt_process();
}

bool seal_reserve_is_zero(const unsigned char *page)
{
    unsigned char any = 0;

    for (int i = SEAL_CONTENT; i < SEAL_PAGE; i++)
        any |= page[i];
    return !any;
}

/* --- below ------------------------------------------------------------------------------------- */

int seal_raw_read(struct seal_file *f, void *p, int n, sqlite3_int64 at)
{
    return fault_hit(FAULT_IO) ? SQLITE_IOERR_READ : REAL(f)->xRead(f->real, p, n, at);
}

static int raw_write(struct seal_file *f, const void *p, int n, sqlite3_int64 at)
{
    return fault_hit(FAULT_IO) ? SQLITE_FULL : REAL(f)->xWrite(f->real, p, n, at);
}

/* SQLite knows a full disk by ENOSPC alone; a user's share of it may be used up, too. */
static bool is_full(struct seal_file *f, int rc)
{
    int why = 0;

    if (rc == SQLITE_FULL)
        return true;
    return rc == SQLITE_IOERR_WRITE && !REAL(f)->xFileControl(f->real, SQLITE_FCNTL_LAST_ERRNO, &why) && why == EDQUOT;
}

int seal_raw_write(struct seal_file *f, const void *p, int n, sqlite3_int64 at)
{
    const struct seal_keys *k = f->keys;
    int rc = raw_write(f, p, n, at);

    if (rc && k->make_room && is_full(f, rc) && k->make_room(k->make_room_arg))
        rc = raw_write(f, p, n, at);
    return rc;
}

void seal_when_full(struct seal_keys *k, bool (*make_room)(void *arg), void *arg)
{
    k->make_room = make_room;
    k->make_room_arg = arg;
}

int seal_raw_size(struct seal_file *f, sqlite3_int64 *size)
{
    return fault_hit(FAULT_IO) ? SQLITE_IOERR_FSTAT : REAL(f)->xFileSize(f->real, size);
}

/* --- main database ----------------------------------------------------------------------------- */

static int db_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct seal_file *f = (struct seal_file *)file;
    int rc = seal_mine(f) ? seal_raw_size(f, size) : SQLITE_IOERR_FSTAT;

    *size = rc || *size < SEAL_DATA_OFFSET ? 0 : *size - SEAL_DATA_OFFSET;
    return rc;
}

static int bad_page(struct seal_file *f, sqlite3_int64 no)
{
    atomic_store(&f->keys->bad_page, no);
    return SQLITE_IOERR_DATA;
}

/* REQ: what was committed is never one. SQLite asks for a page that the transaction under way has made and moved
 * (auto_vacuum) before anything was written in its place. */
static bool never_written(const struct seal_file *f, sqlite3_int64 no)
{
    long long pages = atomic_load(&f->keys->pages);

    return f->keys->creating || (f->writing && pages > 0 && no > pages);
}

/* Page no into page, or zeros and a code. SQLite takes a short read for a page of zeros, so past the end of the file
 * it is told of a loss. */
static int db_page(struct seal_file *f, sqlite3_int64 no, unsigned char *page)
{
    sqlite3_int64 at = SEAL_DATA_OFFSET + (no - 1) * SEAL_PAGE, size;
    int rc = seal_raw_read(f, f->sealed, SEAL_PAGE, at);

    if (rc == SQLITE_OK && seal_page_get(f->keys, (uint64_t)no, f->sealed, page))
        return SQLITE_OK;
    memset(page, 0, SEAL_PAGE);
    if (rc == SQLITE_OK)
        return bad_page(f, no);
    if (rc != SQLITE_IOERR_SHORT_READ)
        return rc;
    if ((rc = seal_raw_size(f, &size)))
        return rc;
    return size <= at && never_written(f, no) ? SQLITE_IOERR_SHORT_READ : bad_page(f, no);
}

/* SQLite looks at the first 100 bytes as it opens, before the log. A power cut in a checkpoint may have torn
 * page 1 of the file while the log still holds it whole: so a page 1 that does not verify is answered with
 * what the superblock says of every page. If the log does not have it, SQLite's next read of it fails. */
static int db_first_look(struct seal_file *f, unsigned char out[100])
{
    long long bad = atomic_load(&f->keys->bad_page);
    int rc = db_page(f, 1, f->clear);

    memcpy(out, f->clear, 100);
    if (!rc && !atomic_load(&f->keys->pages)) /* recovery knows better, where there is a log */
        atomic_store(&f->keys->pages, seal_big32(out + 28));
    if (rc != SQLITE_IOERR_DATA)
        return rc;
    atomic_store(&f->keys->bad_page, bad);
    memcpy(out, "SQLite format 3", 16);
    out[16] = SEAL_PAGE >> 8;
    out[20] = SEAL_RESERVE;
    return SQLITE_OK;
}

static int db_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
    struct seal_file *f = (struct seal_file *)file;
    unsigned char *out = p;

    memset(p, 0, (size_t)n);
    if (!seal_mine(f))
        return SQLITE_IOERR_READ;
    if (at == 0 && n == 100)
        return db_first_look(f, out);
    while (n > 0) {
        int in = (int)(at % SEAL_PAGE), part = SEAL_PAGE - in < n ? SEAL_PAGE - in : n;
        unsigned char *page = part == SEAL_PAGE ? out : f->clear;
        int rc = db_page(f, at / SEAL_PAGE + 1, page);

        if (rc)
            return rc;
        if (page != out)
            memcpy(out, page + in, (size_t)part);
        out += part;
        at += part;
        n -= part;
    }
    return SQLITE_OK;
}

/* Sealed zero pages from the end of the file to `to`: a hole would read as tampering. */
static int db_fill(struct seal_file *f, sqlite3_int64 to)
{
    sqlite3_int64 size;
    int rc = seal_raw_size(f, &size);

    if (rc || size >= to)
        return rc;
    if (size < SEAL_DATA_OFFSET || size % SEAL_PAGE)
        return SQLITE_IOERR_DATA; /* half a page: making it whole would hide a loss */
    memset(f->clear, 0, SEAL_PAGE);
    for (; !rc && size < to; size += SEAL_PAGE) {
        seal_page_put(f->keys, (uint64_t)((size - SEAL_DATA_OFFSET) / SEAL_PAGE + 1), f->clear, f->sealed);
        rc = seal_raw_write(f, f->sealed, SEAL_PAGE, size);
    }
    return rc;
}

static int db_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    struct seal_file *f = (struct seal_file *)file;
    int rc;

    if (!seal_mine(f) || f->readonly || n != SEAL_PAGE || at % SEAL_PAGE || !seal_reserve_is_zero(p))
        return SQLITE_IOERR_WRITE;
    if ((rc = db_fill(f, SEAL_DATA_OFFSET + at)))
        return rc;
    seal_page_put(f->keys, (uint64_t)(at / SEAL_PAGE + 1), p, f->sealed);
    return seal_raw_write(f, f->sealed, SEAL_PAGE, SEAL_DATA_OFFSET + at);
}

static int db_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct seal_file *f = (struct seal_file *)file;
    int rc;

    if (!seal_mine(f) || f->readonly || size % SEAL_PAGE || fault_hit(FAULT_IO))
        return SQLITE_IOERR_TRUNCATE;
    rc = db_fill(f, SEAL_DATA_OFFSET + size);
    return rc ? rc : REAL(f)->xTruncate(f->real, SEAL_DATA_OFFSET + size);
}

/* --- rollback journal: only while a store is made, and then only its headers --------------------- */

#define JOURNAL_HEAD 512 /* SQLite pads a header with zeros to its idea of a sector; one more at each spill */
#define JOURNAL_FIELDS 28

static int journal_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
    struct seal_file *f = (struct seal_file *)file;

    memset(p, 0, (size_t)n);
    if (!seal_mine(f))
        return SQLITE_IOERR_READ;
    if (at + n > JOURNAL_HEAD)
        return SQLITE_IOERR_SHORT_READ; /* nothing was written there, whatever lies there now */
    return seal_raw_read(f, p, n, at);
}

static int journal_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    struct seal_file *f = (struct seal_file *)file;
    const unsigned char *b = p;
    sqlite3_int64 in = at % JOURNAL_HEAD;

    if (!seal_mine(f) || in + n > JOURNAL_HEAD)
        return SQLITE_IOERR_WRITE;
    for (int i = 0; i < n; i++)
        if (in + i >= JOURNAL_FIELDS && b[i])
            return SQLITE_IOERR_WRITE;
    return seal_raw_write(f, p, n, at);
}

/* --- common ------------------------------------------------------------------------------------ */

static int log_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct seal_file *f = (struct seal_file *)file;
    int rc = seal_mine(f) ? seal_wal_flush(f) : SQLITE_IOERR_FSTAT;

    return rc ? rc : seal_raw_size(f, size);
}

static int log_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct seal_file *f = (struct seal_file *)file;
    sqlite3_int64 now;
    int rc = seal_mine(f) && !fault_hit(FAULT_IO) ? seal_wal_flush(f) : SQLITE_IOERR_TRUNCATE;

    if (rc || (rc = seal_raw_size(f, &now)))
        return rc;
    return size > now ? SQLITE_IOERR_TRUNCATE : REAL(f)->xTruncate(f->real, size);
}

static int any_sync(sqlite3_file *file, int flags)
{
    struct seal_file *f = (struct seal_file *)file;
    int rc = seal_mine(f) && !fault_hit(FAULT_IO) ? seal_wal_flush(f) : SQLITE_IOERR_FSYNC;

    rc = rc ? rc : REAL(f)->xSync(f->real, flags);
    if (rc && f->role == SEAL_WAL)
        atomic_store(&f->keys->coming, 0);
    return rc;
}

static int any_close(sqlite3_file *file)
{
    struct seal_file *f = (struct seal_file *)file, **at;
    int rc, rc2;

    if (!seal_mine(f))
        return SQLITE_IOERR_CLOSE; /* a forked child: file, locks and index are its parent's */
    rc = seal_wal_flush(f);
    pthread_mutex_lock(&seal_mutex);
    for (at = &seal_files; *at && *at != f; at = &(*at)->next)
        ;
    if (*at)
        *at = f->next;
    rc2 = REAL(f)->xClose(f->real);
    pthread_mutex_unlock(&seal_mutex);
    secret_free(f->work);
    f->base.pMethods = NULL;
    return rc ? rc : rc2;
}

static int any_lock(sqlite3_file *file, int level)
{
    struct seal_file *f = (struct seal_file *)file;

    return seal_mine(f) ? REAL(f)->xLock(f->real, level) : SQLITE_IOERR_LOCK;
}

static int any_unlock(sqlite3_file *file, int level)
{
    struct seal_file *f = (struct seal_file *)file;

    return seal_mine(f) ? REAL(f)->xUnlock(f->real, level) : SQLITE_IOERR_UNLOCK;
}

static int any_reserved(sqlite3_file *file, int *out)
{
    struct seal_file *f = (struct seal_file *)file;

    return seal_mine(f) ? REAL(f)->xCheckReservedLock(f->real, out) : SQLITE_IOERR_CHECKRESERVEDLOCK;
}

/* While a copy is made it has no journal: nobody could read it, and page 1 must not lie in one. */
static int veto_pragma(const struct seal_file *f, char **arg)
{
    if (seal_pragma_allowed(arg[1], arg[2]) ||
        (f->keys->creating && arg[2] && !strcasecmp(arg[1], "journal_mode") && !strcasecmp(arg[2], "off")))
        return SQLITE_NOTFOUND;
    arg[0] = sqlite3_mprintf("not allowed on a sealed store");
    return SQLITE_ERROR;
}

static int any_control(sqlite3_file *file, int op, void *arg)
{
    struct seal_file *f = (struct seal_file *)file;

    if (!seal_mine(f))
        return SQLITE_IOERR;
    switch (op) {
    case SQLITE_FCNTL_PRAGMA:
        return veto_pragma(f, arg);
    case SQLITE_FCNTL_SIZE_HINT: /* would make holes */
    case SQLITE_FCNTL_CHUNK_SIZE:
        return SQLITE_OK;
    case SQLITE_FCNTL_MMAP_SIZE:
        *(sqlite3_int64 *)arg = 0;
        return SQLITE_OK;
    case SQLITE_FCNTL_POWERSAFE_OVERWRITE: /* without it SQLite splits a page at its sync point */
        *(int *)arg = 1;
        return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME:
        *(char **)arg = sqlite3_mprintf("%s", SEAL_VFS);
        return SQLITE_OK;
    case SQLITE_FCNTL_LOCKSTATE:
    case SQLITE_FCNTL_LAST_ERRNO:
    case SQLITE_FCNTL_PERSIST_WAL:
    case SQLITE_FCNTL_HAS_MOVED:
    case SQLITE_FCNTL_SYNC:
        return REAL(f)->xFileControl(f->real, op, arg);
    default:
        return SQLITE_NOTFOUND;
    }
}

static int any_sector(sqlite3_file *file)
{
    struct seal_file *f = (struct seal_file *)file;

    return REAL(f)->xSectorSize(f->real);
}

static int any_traits(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* and neither atomic writes nor reads of parts */
}

static int shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    struct seal_file *f = (struct seal_file *)file;

    return seal_mine(f) ? REAL(f)->xShmMap(f->real, page, size, extend, out) : SQLITE_IOERR_SHMMAP;
}

/* The writer is done: what it committed, if it did, is how long the database is now. */
static void writer_done(struct seal_file *f)
{
    long long pages = atomic_exchange(&f->keys->coming, 0);

    if (pages)
        atomic_store(&f->keys->pages, pages);
}

static int shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    struct seal_file *f = (struct seal_file *)file;
    bool writer = seal_mine(f) && offset == WRITE_LOCK && (flags & SQLITE_SHM_EXCLUSIVE);
    int rc;

    if (writer && (flags & SQLITE_SHM_UNLOCK)) /* before another one can begin */
        writer_done(f);
    rc = seal_mine(f) ? REAL(f)->xShmLock(f->real, offset, n, flags) : SQLITE_IOERR_SHMLOCK;
    if (!rc && writer)
        f->writing = flags & SQLITE_SHM_LOCK;
    return rc;
}

static void shm_barrier(sqlite3_file *file)
{
    struct seal_file *f = (struct seal_file *)file;

    REAL(f)->xShmBarrier(f->real);
}

static int shm_unmap(sqlite3_file *file, int forget)
{
    struct seal_file *f = (struct seal_file *)file;

    return seal_mine(f) ? REAL(f)->xShmUnmap(f->real, forget) : SQLITE_OK;
}

/* iVersion 2: no xFetch, so nothing is ever mapped. */
static const sqlite3_io_methods seal_db = {
    2, any_close, db_read, db_write, db_truncate, any_sync, db_size, any_lock, any_unlock, any_reserved,
    any_control, any_sector, any_traits, shm_map, shm_lock, shm_barrier, shm_unmap, NULL, NULL};
static const sqlite3_io_methods seal_log = {
    1, any_close, seal_wal_read, seal_wal_write, log_truncate, any_sync, log_size, any_lock, any_unlock,
    any_reserved, any_control, any_sector, any_traits, NULL, NULL, NULL, NULL, NULL, NULL};
static const sqlite3_io_methods seal_journal = {
    1, any_close, journal_read, journal_write, log_truncate, any_sync, log_size, any_lock, any_unlock,
    any_reserved, any_control, any_sector, any_traits, NULL, NULL, NULL, NULL, NULL, NULL};

/* --- opening ----------------------------------------------------------------------------------- */

/* The keys of a file about to be opened; NULL refuses it. */
static struct seal_keys *keys_for(const char *name, int flags, enum seal_role *role)
{
    struct seal_keys *k = seal_opening_keys;

    *role = (flags & TYPE_MASK) == SQLITE_OPEN_MAIN_DB ? SEAL_DB
            : (flags & TYPE_MASK) == SQLITE_OPEN_WAL   ? SEAL_WAL
                                                       : SEAL_JOURNAL;
    if (!name || (*role == SEAL_JOURNAL && (flags & TYPE_MASK) != SQLITE_OPEN_MAIN_JOURNAL))
        return NULL;
    if (*role != SEAL_DB) {
        struct seal_file *main_file = (struct seal_file *)sqlite3_database_file_object(name);

        k = main_file->base.pMethods == &seal_db ? main_file->keys : NULL;
    }
    if (!k || k->process != crypt_process() || (*role == SEAL_JOURNAL && !k->creating))
        return NULL;
    return k;
}

/* In a forked child of a process with an open store SQLite's table of locks says "ours": it never asks the
 * kernel, so no store may be opened there, not even with the passphrase. */
static bool inherited(void)
{
    bool any = false;

    pthread_mutex_lock(&seal_mutex);
    for (struct seal_file *f = seal_files; f; f = f->next)
        any |= !seal_mine(f);
    pthread_mutex_unlock(&seal_mutex);
    return any;
}

/* A store is made by seal_create alone. unix-excl locks for the whole process, and keeps the log's index on
 * the heap, only where it may write: a reader's file is opened for both and kept from writing here. */
static int below_open(struct seal_file *f, const char *name, int flags, int *out_flags)
{
    int rc, given = 0;

    f->readonly = f->role == SEAL_DB && (flags & SQLITE_OPEN_READONLY);
    if (f->role == SEAL_DB)
        flags = (flags & ~(SQLITE_OPEN_CREATE | SQLITE_OPEN_READONLY)) | SQLITE_OPEN_READWRITE;
    if (f->role == SEAL_DB && inherited())
        return SQLITE_BUSY;
    rc = BELOW->xOpen(BELOW, name, f->real, flags, &given);
    if (!rc && f->role == SEAL_DB && (given & SQLITE_OPEN_READONLY)) {
        REAL(f)->xClose(f->real);
        return SQLITE_CANTOPEN;
    }
    if (f->readonly)
        given = (given & ~SQLITE_OPEN_READWRITE) | SQLITE_OPEN_READONLY;
    if (out_flags)
        *out_flags = given;
    return rc;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct seal_file *f = (struct seal_file *)file;
    enum seal_role role;
    struct seal_keys *k = keys_for(name, flags, &role);
    struct seal_file *other;
    struct stat st;
    int rc;

    (void)vfs;
    *f = (struct seal_file){.role = role, .keys = k, .real = (sqlite3_file *)(f + 1)};
    if (!k || fault_hit(FAULT_IO))
        return SQLITE_CANTOPEN;
    if (!(f->work = secret_new(2 * SEAL_FRAME + 16)))
        return SQLITE_NOMEM;
    f->sealed = f->work->p;
    f->clear = f->work->p + SEAL_FRAME;
    f->process = k->process;
    rc = below_open(f, name, flags, out_flags);
    if (!rc && role == SEAL_DB && stat(name, &st)) { /* not in the list, a look at its head would drop its locks */
        REAL(f)->xClose(f->real);
        rc = SQLITE_CANTOPEN;
    }
    if (rc) {
        secret_free(f->work);
        return rc;
    }
    f->base.pMethods = role == SEAL_DB ? &seal_db : role == SEAL_WAL ? &seal_log : &seal_journal;
    if (role == SEAL_DB) {
        f->dev = st.st_dev;
        f->ino = st.st_ino;
        pthread_mutex_lock(&seal_mutex);
        for (other = seal_files; other && (other->dev != f->dev || other->ino != f->ino); other = other->next)
            ;
        if (!other || other->keys != k) /* who opens it a second time with keys of its own sees no recovery */
            atomic_store(&k->pages, other ? -1 : 0);
        f->next = seal_files;
        seal_files = f;
        pthread_mutex_unlock(&seal_mutex);
    }
    return SQLITE_OK;
}

static bool is_journal(const char *name)
{
    size_t n = strlen(name);

    return n > 8 && !strcmp(name + n - 8, "-journal");
}

/* A rollback journal beside a finished store is not ours: playing it back would seal a stranger's pages. */
static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    *out = 0;
    return is_journal(name) ? SQLITE_OK : BELOW->xAccess(BELOW, name, flags, out);
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_dir)
{
    (void)vfs;
    return fault_hit(FAULT_IO) ? SQLITE_IOERR_DELETE : BELOW->xDelete(BELOW, name, sync_dir);
}

static int vfs_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    return BELOW->xFullPathname(BELOW, name, n, out);
}

static void *vfs_dlopen(sqlite3_vfs *vfs, const char *name)
{
    (void)vfs, (void)name;
    return NULL;
}

static void vfs_dlerror(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    sqlite3_snprintf(n, out, "no extensions");
}

static void (*vfs_dlsym(sqlite3_vfs *vfs, void *lib, const char *name))(void)
{
    (void)vfs, (void)lib, (void)name;
    return NULL;
}

static void vfs_dlclose(sqlite3_vfs *vfs, void *lib)
{
    (void)vfs, (void)lib;
}

static int vfs_random(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    crypt_random(out, (size_t)n);
    return n;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return BELOW->xSleep(BELOW, us);
}

static int vfs_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    return BELOW->xCurrentTime(BELOW, out);
}

static int vfs_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    return BELOW->xGetLastError ? BELOW->xGetLastError(BELOW, n, out) : 0;
}

static int vfs_time64(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    (void)vfs;
    return BELOW->xCurrentTimeInt64(BELOW, out);
}

int seal_register_over(sqlite3_vfs *below)
{
    if (!below || below->iVersion < 2)
        return ERR_BUG;
    if (seal_vfs.pAppData)
        sqlite3_vfs_unregister(&seal_vfs);
    seal_vfs = (sqlite3_vfs){.iVersion = 2, .szOsFile = (int)sizeof(struct seal_file) + below->szOsFile,
                             .mxPathname = below->mxPathname, .zName = SEAL_VFS, .pAppData = below,
                             .xOpen = vfs_open, .xDelete = vfs_delete, .xAccess = vfs_access,
                             .xFullPathname = vfs_path, .xDlOpen = vfs_dlopen, .xDlError = vfs_dlerror,
                             .xDlSym = vfs_dlsym, .xDlClose = vfs_dlclose, .xRandomness = vfs_random,
                             .xSleep = vfs_sleep, .xCurrentTime = vfs_time, .xGetLastError = vfs_error,
                             .xCurrentTimeInt64 = vfs_time64};
    if (sqlite3_vfs_register(&seal_vfs, 0) == SQLITE_OK)
        return ERR_OK;
    seal_vfs.pAppData = NULL; /* else seal_register would take it for done */
    return ERR_NOMEM;
}

int seal_register(void)
{
    int code;

    pthread_mutex_lock(&seal_mutex);
    seal_memory_take();
    code = seal_vfs.pAppData ? ERR_OK : seal_register_over(sqlite3_vfs_find("unix-excl"));
    pthread_mutex_unlock(&seal_mutex);
    return code;
}

/* --- the superblock's bytes -------------------------------------------------------------------- */

static int read_open_file(struct seal_file *f, unsigned char *p, size_t n, size_t *got, uint64_t *size,
                          const char *path, struct err *e)
{
    sqlite3_int64 bytes = 0;

    if (seal_raw_size(f, &bytes))
        return err_set(e, ERR_IO, 0, 0, path);
    *size = (uint64_t)bytes;
    *got = *size < n ? (size_t)*size : n;
    return seal_raw_read(f, p, (int)*got, 0) ? err_set(e, ERR_IO, 0, 0, path) : ERR_OK;
}

static int read_closed_file(const char *path, unsigned char *p, size_t n, size_t *got, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), code = ERR_OK;

    if (fd < 0)
        return err_set(e, errno == ELOOP ? ERR_PERM : ERR_IO, errno, 0, path);
    for (*got = 0; *got < n;) {
        ssize_t r = fault_hit(FAULT_IO) ? (errno = EIO, -1) : pread(fd, p + *got, n - *got, (off_t)*got);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            code = err_set(e, ERR_IO, errno, 0, path);
        if (r <= 0)
            break;
        *got += (size_t)r;
    }
    close(fd);
    return code;
}

static struct seal_file *open_file(const struct stat *st)
{
    struct seal_file *f = seal_files;

    while (f && (f->dev != st->st_dev || f->ino != st->st_ino))
        f = f->next;
    return f;
}

int seal_reader_open(struct seal_reader *r, const char *path, struct err *e)
{
    struct stat st;
    int code = ERR_OK;

    *r = (struct seal_reader){.fd = -1};
    if (lstat(path, &st))
        return err_set(e, ERR_IO, errno, 0, path);
    *r = (struct seal_reader){-1, st.st_dev, st.st_ino, (uint64_t)st.st_size};
    pthread_mutex_lock(&seal_mutex);
    if (!open_file(&st) && (r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) < 0)
        code = err_set(e, ERR_IO, errno, 0, path);
    pthread_mutex_unlock(&seal_mutex);
    return code;
}

void seal_reader_close(struct seal_reader *r)
{
    if (r->fd >= 0)
        close(r->fd);
    r->fd = -1;
}

int seal_read_at(const struct seal_reader *r, void *p, size_t n, uint64_t at, struct err *e)
{
    const struct stat st = {.st_dev = r->dev, .st_ino = r->ino};
    struct seal_file *f;
    ssize_t got = -1;

    n = at >= r->size ? 0 : r->size - at < n ? (size_t)(r->size - at) : n;
    if (r->fd >= 0) {
        do
            got = fault_hit(FAULT_IO) ? (errno = EIO, -1) : pread(r->fd, p, n, (off_t)at);
        while (got < 0 && errno == EINTR);
    } else {
        pthread_mutex_lock(&seal_mutex);
        if ((f = open_file(&st)) && !seal_raw_read(f, p, (int)n, (sqlite3_int64)at))
            got = (ssize_t)n;
        pthread_mutex_unlock(&seal_mutex);
    }
    return got < 0 ? err_set(e, ERR_IO, errno, 0, "store.wdb") : (int)got;
}

int seal_read_head(const char *path, unsigned char *p, size_t n, size_t *got, uint64_t *size, struct err *e)
{
    struct seal_file *f;
    struct stat st;
    int code;

    memset(p, 0, n);
    *got = 0;
    if (lstat(path, &st))
        return err_set(e, errno == ENOENT || errno == ENOTDIR ? ERR_NOPROFILE : ERR_IO, errno, 0, path);
    if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
        return err_set(e, ERR_PERM, 0, 0, path);
    *size = (uint64_t)st.st_size;
    pthread_mutex_lock(&seal_mutex);
    f = open_file(&st);
    code = f ? read_open_file(f, p, n, got, size, path, e) : read_closed_file(path, p, n, got, e);
    pthread_mutex_unlock(&seal_mutex);
    return code;
}

static int write_closed_file(const char *path, const unsigned char *p, size_t n, uint64_t at, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), code = ERR_OK;

    if (fd < 0)
        return err_set(e, errno == ELOOP ? ERR_PERM : ERR_IO, errno, 0, path);
    for (size_t done = 0; done < n && !code;) {
        ssize_t w = fault_hit(FAULT_IO) ? (errno = ENOSPC, -1) : pwrite(fd, p + done, n - done, (off_t)(at + done));

        if (w < 0 && errno != EINTR)
            code = err_set(e, ERR_IO, errno, 0, path);
        else if (w > 0)
            done += (size_t)w;
    }
    if (!code && (fault_hit(FAULT_IO) ? (errno = EIO, -1) : fsync(fd)))
        code = err_set(e, ERR_IO, errno, 0, path);
    close(fd);
    return code;
}

int seal_write_head(const char *path, const void *p, size_t n, uint64_t at, struct err *e)
{
    struct seal_file *f;
    struct stat st;
    int code;

    if (lstat(path, &st))
        return err_set(e, ERR_IO, errno, 0, path);
    pthread_mutex_lock(&seal_mutex);
    if (!(f = open_file(&st)))
        code = write_closed_file(path, p, n, at, e);
    else if (!seal_mine(f) || seal_raw_write(f, p, (int)n, (sqlite3_int64)at) || fault_hit(FAULT_IO) ||
             REAL(f)->xSync(f->real, SQLITE_SYNC_FULL))
        code = err_set(e, ERR_IO, EIO, 0, path);
    else
        code = ERR_OK;
    pthread_mutex_unlock(&seal_mutex);
    return code;
}
