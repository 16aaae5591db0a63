/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/store/disk_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct disk_file {
    sqlite3_file base;
    struct disk_node *node;
    int lock;
    bool shm;
    unsigned shared, exclusive; /* locks on the log's index, a bit each */
};

static struct {
    sqlite3_vfs vfs;
    struct disk_node *node[DISK_FILES];
    unsigned id;
    enum disk_call call;
    enum disk_way way;
    unsigned long fail_at, calls;
    bool fail_on, failed;
    void (*tap)(void *arg, const char *path, const unsigned char *p, int n, sqlite3_int64 at);
    void *tap_arg;
} disk;

/* --- files ------------------------------------------------------------------------------------- */

void disk_die(const char *what)
{
    fprintf(stderr, "disk: %s\n", what);
    abort();
}

void disk_bytes_put(struct disk_bytes *b, const void *p, size_t n, size_t at)
{
    if (at + n > b->cap) {
        size_t cap = (at + n) * 3 / 2 + 65536;

        if (!(b->p = realloc(b->p, cap)))
            disk_die("no memory");
        memset(b->p + b->cap, 0, cap - b->cap);
        b->cap = cap;
    }
    if (n)
        memcpy(b->p + at, p, n);
    if (at + n > b->n)
        b->n = at + n;
}

/* What lies behind the end is always zero. */
void disk_bytes_cut(struct disk_bytes *b, size_t n)
{
    if (n < b->n)
        memset(b->p + n, 0, b->n - n);
    else
        disk_bytes_put(b, NULL, 0, n);
    b->n = n;
}

struct disk_node *disk_find(const char *path)
{
    for (int i = 0; i < DISK_FILES; i++)
        if (disk.node[i] && !disk.node[i]->gone && !strcmp(disk.node[i]->path, path))
            return disk.node[i];
    return NULL;
}

static struct disk_node *add(const char *path)
{
    for (int i = 0; i < DISK_FILES; i++)
        if (!disk.node[i]) {
            if (!(disk.node[i] = calloc(1, sizeof *disk.node[i])))
                disk_die("no memory");
            snprintf(disk.node[i]->path, sizeof disk.node[i]->path, "%s", path);
            disk.node[i]->id = ++disk.id;
            return disk.node[i];
        }
    disk_die("too many files");
    return NULL;
}

static void drop_if_unused(struct disk_node *node)
{
    if (node->refs || !node->gone)
        return;
    for (int i = 0; i < DISK_FILES; i++)
        if (disk.node[i] == node)
            disk.node[i] = NULL;
    free(node->bytes.p);
    free(node);
}

static void take_away(struct disk_node *node)
{
    node->gone = true;
    drop_if_unused(node);
}

void disk_put(const char *path, const void *p, size_t n)
{
    struct disk_node *node = disk_find(path);

    if (node && node->refs)
        disk_die("put over an open file");
    if (!p) {
        if (node)
            take_away(node);
        return;
    }
    if (!node)
        node = add(path);
    disk_bytes_cut(&node->bytes, 0);
    disk_bytes_put(&node->bytes, p, n, 0);
}

const unsigned char *disk_get(const char *path, size_t *n)
{
    struct disk_node *node = disk_find(path);

    *n = node ? node->bytes.n : 0;
    return node ? node->bytes.p : NULL;
}

unsigned char *disk_dup(const char *path, size_t *n)
{
    const unsigned char *p = disk_get(path, n);

    return p ? (unsigned char *)mem_dup(p, *n) : NULL;
}

void disk_store(const struct help *h)
{
    const char *const both[] = {h->path, h->wal};

    for (int i = 0; i < 2; i++) {
        size_t n;
        unsigned char *p = help_read(both[i], &n);

        disk_put(both[i], access(both[i], F_OK) ? NULL : p, n);
        mem_free(p);
    }
    unlink(h->wal);
}

void disk_copy(const struct help *from, const struct help *to)
{
    size_t n;
    const unsigned char *p = disk_get(from->path, &n);

    disk_put(to->path, p, n);
    help_stand_in(to, p, n);
    p = disk_get(from->wal, &n);
    disk_put(to->wal, p, n);
}

void disk_tap(void (*tap)(void *arg, const char *path, const unsigned char *p, int n, sqlite3_int64 at), void *arg)
{
    disk.tap = tap;
    disk.tap_arg = arg;
}

/* --- failures ---------------------------------------------------------------------------------- */

void disk_fail(enum disk_call call, enum disk_way way, unsigned long n, bool on)
{
    disk.call = call;
    disk.way = way;
    disk.fail_at = n;
    disk.fail_on = on;
    disk.calls = 0;
    disk.failed = false;
}

bool disk_failed(void)
{
    return disk.failed;
}

static bool fails(enum disk_call call)
{
    bool now;

    if (call != disk.call || !disk.fail_at)
        return false;
    now = ++disk.calls == disk.fail_at || (disk.fail_on && disk.calls > disk.fail_at);
    disk.failed |= now;
    return now;
}

/* --- calls on a file --------------------------------------------------------------------------- */

static int d_close(sqlite3_file *file)
{
    struct disk_file *f = (struct disk_file *)file;

    if (f->lock)
        file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
    f->node->refs--;
    drop_if_unused(f->node);
    return SQLITE_OK;
}

static int d_read(sqlite3_file *file, void *p, int n, sqlite3_int64 at)
{
    const struct disk_bytes *b = &((struct disk_file *)file)->node->bytes;
    bool fail = fails(DISK_READ);
    int got = (size_t)at >= b->n ? 0 : (size_t)at + (size_t)n > b->n ? (int)(b->n - (size_t)at) : n;

    memset(p, 0, (size_t)n);
    if (fail && disk.way != DISK_SHORT)
        return SQLITE_IOERR_READ;
    if (fail)
        got /= 2;
    if (got)
        memcpy(p, b->p + at, (size_t)got);
    return got < n ? SQLITE_IOERR_SHORT_READ : SQLITE_OK;
}

static int d_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    struct disk_file *f = (struct disk_file *)file;
    bool fail = fails(DISK_WRITE);
    int put = !fail ? n : disk.way == DISK_EIO ? 0 : n / 2;

    if (disk.tap)
        disk.tap(disk.tap_arg, f->node->path, p, n, at);
    if (put) {
        disk_bytes_put(&f->node->bytes, p, (size_t)put, (size_t)at);
        disk_note(DISK_NOTE_WRITE, f->node, at, p, (size_t)put);
    }
    return !fail ? SQLITE_OK : disk.way == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int d_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct disk_file *f = (struct disk_file *)file;

    if (fails(DISK_TRUNCATE))
        return SQLITE_IOERR_TRUNCATE;
    disk_bytes_cut(&f->node->bytes, (size_t)size);
    disk_note(DISK_NOTE_SIZE, f->node, size, NULL, 0);
    return SQLITE_OK;
}

/* A sync that fails may have written a part, and the kernel then takes the rest for written. */
static int d_sync(sqlite3_file *file, int flags)
{
    struct disk_file *f = (struct disk_file *)file;
    bool fail = fails(DISK_SYNC);

    (void)flags;
    disk_note(fail ? DISK_NOTE_LOST : DISK_NOTE_SYNC, f->node, 0, NULL, 0);
    return fail ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int d_size(sqlite3_file *file, sqlite3_int64 *size)
{
    if (fails(DISK_SIZE))
        return SQLITE_IOERR_FSTAT;
    *size = (sqlite3_int64)((struct disk_file *)file)->node->bytes.n;
    return SQLITE_OK;
}

static int d_lock(sqlite3_file *file, int level)
{
    struct disk_file *f = (struct disk_file *)file;
    struct disk_node *o = f->node;

    if (f->lock >= level)
        return SQLITE_OK;
    if (fails(DISK_LOCK))
        return disk.way == DISK_EIO ? SQLITE_IOERR_LOCK : SQLITE_BUSY;
    if (o->exclusive && o->exclusive != f)
        return SQLITE_BUSY;
    if (level >= SQLITE_LOCK_RESERVED && o->reserved && o->reserved != f)
        return SQLITE_BUSY;
    if (f->lock == SQLITE_LOCK_NONE)
        o->sharing++;
    if (level >= SQLITE_LOCK_RESERVED)
        o->reserved = f;
    if (level == SQLITE_LOCK_EXCLUSIVE) {
        if (o->sharing > 1) {
            f->lock = SQLITE_LOCK_PENDING;
            return SQLITE_BUSY;
        }
        o->exclusive = f;
    }
    f->lock = level;
    return SQLITE_OK;
}

static int d_unlock(sqlite3_file *file, int level)
{
    struct disk_file *f = (struct disk_file *)file;
    struct disk_node *o = f->node;

    if (f->lock <= level)
        return SQLITE_OK;
    if (o->exclusive == f)
        o->exclusive = NULL;
    if (o->reserved == f)
        o->reserved = NULL;
    if (level == SQLITE_LOCK_NONE)
        o->sharing--;
    f->lock = level;
    return SQLITE_OK;
}

static int d_reserved(sqlite3_file *file, int *out)
{
    *out = ((struct disk_file *)file)->node->reserved != NULL;
    return SQLITE_OK;
}

static int d_control(sqlite3_file *file, int op, void *arg)
{
    (void)file;
    if (op != SQLITE_FCNTL_HAS_MOVED)
        return SQLITE_NOTFOUND;
    *(int *)arg = 0;
    return SQLITE_OK;
}

static int d_sector(sqlite3_file *file)
{
    (void)file;
    return DISK_SECTOR;
}

static int d_traits(sqlite3_file *file)
{
    (void)file;
    return 0;
}

static int d_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    struct disk_file *f = (struct disk_file *)file;
    struct disk_node *o = f->node;

    *out = NULL;
    if (fails(DISK_SHM) || page >= DISK_SHM_PAGES)
        return SQLITE_IOERR_SHMMAP;
    if (!f->shm)
        o->indexed++;
    f->shm = true;
    if (!o->shm[page] && extend && !(o->shm[page] = calloc(1, (size_t)size)))
        return SQLITE_NOMEM;
    *out = o->shm[page];
    return SQLITE_OK;
}

static int d_shm_lock(sqlite3_file *file, int first, int n, int flags)
{
    struct disk_file *f = (struct disk_file *)file;
    struct disk_node *o = f->node;
    unsigned mask = ((1u << n) - 1) << first;

    if ((flags & SQLITE_SHM_LOCK) && fails(DISK_SHM))
        return disk.way == DISK_EIO ? SQLITE_IOERR_SHMLOCK : SQLITE_BUSY;
    for (int i = first; i < first + n; i++) {
        unsigned bit = 1u << i;

        if (flags & SQLITE_SHM_UNLOCK) {
            o->shm_shared[i] -= (f->shared & bit) != 0;
            if (f->exclusive & bit)
                o->shm_exclusive &= ~bit;
        } else if ((o->shm_exclusive & ~f->exclusive & bit) ||
                   ((flags & SQLITE_SHM_EXCLUSIVE) && o->shm_shared[i] > ((f->shared & bit) != 0))) {
            return SQLITE_BUSY;
        }
    }
    if (flags & SQLITE_SHM_UNLOCK) {
        f->shared &= ~mask;
        f->exclusive &= ~mask;
    } else if (flags & SQLITE_SHM_EXCLUSIVE) {
        f->exclusive |= mask;
        o->shm_exclusive |= mask;
    } else {
        o->shm_shared[first] += (f->shared & mask) == 0;
        f->shared |= mask;
    }
    return SQLITE_OK;
}

static void d_shm_barrier(sqlite3_file *file)
{
    (void)file;
}

static int d_shm_unmap(sqlite3_file *file, int forget)
{
    struct disk_file *f = (struct disk_file *)file;

    (void)forget;
    if (f->shm && !--f->node->indexed)
        for (int i = 0; i < DISK_SHM_PAGES; i++) {
            free(f->node->shm[i]);
            f->node->shm[i] = NULL;
        }
    f->shm = false;
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    2, d_close, d_read, d_write, d_truncate, d_sync, d_size, d_lock, d_unlock, d_reserved, d_control, d_sector,
    d_traits, d_shm_map, d_shm_lock, d_shm_barrier, d_shm_unmap, NULL, NULL};

/* --- calls on the whole ------------------------------------------------------------------------ */

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct disk_file *f = (struct disk_file *)file;
    struct disk_node *node = name ? disk_find(name) : NULL;

    (void)v;
    *f = (struct disk_file){.node = NULL};
    if (fails(DISK_OPEN) || !name || (!node && !(flags & SQLITE_OPEN_CREATE)))
        return SQLITE_CANTOPEN;
    if (!node) {
        node = add(name);
        disk_note(DISK_NOTE_CREATE, node, 0, NULL, 0);
    }
    node->refs++;
    f->node = node;
    f->base.pMethods = &methods;
    if (out)
        *out = flags;
    return SQLITE_OK;
}

static int v_delete(sqlite3_vfs *v, const char *name, int sync_dir)
{
    struct disk_node *node = disk_find(name);

    (void)v;
    if (fails(DISK_DELETE))
        return SQLITE_IOERR_DELETE;
    if (!node)
        return SQLITE_IOERR_DELETE_NOENT;
    disk_note(DISK_NOTE_DELETE, node, sync_dir, NULL, 0);
    take_away(node);
    return SQLITE_OK;
}

static int v_access(sqlite3_vfs *v, const char *name, int flags, int *out)
{
    (void)v, (void)flags;
    *out = disk_find(name) != NULL;
    return SQLITE_OK;
}

static int v_path(sqlite3_vfs *v, const char *name, int n, char *out)
{
    (void)v;
    return snprintf(out, (size_t)n, "%s", name) < n ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int v_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    return us;
}

void disk_each(void (*each)(const struct disk_node *node))
{
    for (int i = 0; i < DISK_FILES; i++)
        if (disk.node[i] && !disk.node[i]->gone)
            each(disk.node[i]);
}

static void forget_all(void)
{
    disk_forget_record();
    for (int i = 0; i < DISK_FILES; i++)
        if (disk.node[i]) {
            if (disk.node[i]->refs)
                disk_die("a file is still open");
            take_away(disk.node[i]);
        }
    disk_fail(DISK_OPEN, DISK_EIO, 0, false);
    disk.tap = NULL;
    disk.id = 0; /* what a cut leaves depends on it: the same seed, the same cut */
}

void disk_start(void)
{
    sqlite3_vfs *real = sqlite3_vfs_find("unix-excl");

    forget_all();
    sqlite3_vfs_unregister(&disk.vfs);
    disk.vfs = *real;
    disk.vfs.iVersion = 2;
    disk.vfs.szOsFile = (int)sizeof(struct disk_file);
    disk.vfs.zName = "test-disk";
    disk.vfs.xOpen = v_open;
    disk.vfs.xDelete = v_delete;
    disk.vfs.xAccess = v_access;
    disk.vfs.xFullPathname = v_path;
    disk.vfs.xSleep = v_sleep;
    if (sqlite3_vfs_register(&disk.vfs, 0) || seal_register_over(&disk.vfs))
        disk_die("register");
}

void disk_stop(void)
{
    forget_all();
    if (seal_register_over(sqlite3_vfs_find("unix-excl")))
        disk_die("register");
}
