/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/store/disk_priv.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"

struct entry {
    enum disk_note note;
    unsigned id;
    const char *path; /* CREATE, DELETE: into names */
    sqlite3_int64 at; /* SIZE: the new size; DELETE: 1 = the directory was synced; MARK: begun */
    size_t n;         /* MARK: acknowledged */
    unsigned char *bytes;
};

struct inode {
    unsigned id;
    struct disk_bytes bytes;
};
struct name {
    const char *path;
    unsigned id;
};

/* A set of files as a disk holds them without any cache. */
struct state {
    struct inode inode[DISK_FILES];
    struct name name[DISK_FILES];
};

static struct {
    bool on;
    struct entry *e;
    unsigned long n, cap;
    char names[DISK_FILES][128];
    struct state before; /* as it was when the record began */
    /* The replay: what is surely on the disk behind the first `at` entries, and which of these are not. */
    struct state sure;
    unsigned long at, *open;
    unsigned long opens;
    struct disk_cut told;
} rec;

/* --- a state ------------------------------------------------------------------------------------ */

static struct disk_bytes *inode(struct state *s, unsigned id)
{
    struct inode *free_one = NULL;

    for (int i = 0; i < DISK_FILES; i++) {
        if (s->inode[i].id == id)
            return &s->inode[i].bytes;
        if (!s->inode[i].id && !free_one)
            free_one = &s->inode[i];
    }
    if (!free_one)
        disk_die("too many files in a record");
    free_one->id = id;
    return &free_one->bytes;
}

static struct name *name_of(struct state *s, const char *path)
{
    struct name *free_one = NULL;

    for (int i = 0; i < DISK_FILES; i++) {
        if (s->name[i].path && !strcmp(s->name[i].path, path))
            return &s->name[i];
        if (!s->name[i].path && !free_one)
            free_one = &s->name[i];
    }
    return free_one;
}

static void state_free(struct state *s)
{
    for (int i = 0; i < DISK_FILES; i++)
        free(s->inode[i].bytes.p);
    *s = (struct state){.inode = {{0}}};
}

static void state_copy(struct state *to, const struct state *from)
{
    for (int i = 0; i < DISK_FILES; i++) {
        to->inode[i].id = from->inode[i].id;
        disk_bytes_cut(&to->inode[i].bytes, 0);
        if (from->inode[i].id)
            disk_bytes_put(&to->inode[i].bytes, from->inode[i].bytes.p, from->inode[i].bytes.n, 0);
        to->name[i] = from->name[i];
    }
}

/* --- writing the record ------------------------------------------------------------------------- */

static const char *keep_name(const char *path)
{
    for (int i = 0; i < DISK_FILES; i++) {
        if (!strcmp(rec.names[i], path))
            return rec.names[i];
        if (!rec.names[i][0]) {
            snprintf(rec.names[i], sizeof rec.names[i], "%s", path);
            return rec.names[i];
        }
    }
    disk_die("too many names in a record");
    return NULL;
}

static void add_entry(struct entry e, const void *p)
{
    if (rec.n == rec.cap) {
        rec.cap = rec.cap * 2 + 1024;
        if (!(rec.e = realloc(rec.e, rec.cap * sizeof *rec.e)))
            disk_die("no memory");
    }
    if (p && !(e.bytes = malloc(e.n)))
        disk_die("no memory");
    if (p)
        memcpy(e.bytes, p, e.n);
    rec.e[rec.n++] = e;
}

void disk_note(enum disk_note note, const struct disk_node *node, sqlite3_int64 at, const void *p, size_t n)
{
    if (!rec.on)
        return;
    add_entry((struct entry){.note = note, .id = node->id, .at = at, .n = n,
                             .path = note == DISK_NOTE_CREATE || note == DISK_NOTE_DELETE ? keep_name(node->path) : NULL},
              p);
}

void disk_mark(unsigned begun, unsigned acked)
{
    if (rec.on)
        add_entry((struct entry){.note = DISK_NOTE_MARK, .at = begun, .n = acked}, NULL);
}

unsigned long disk_recorded(void)
{
    return rec.n;
}

void disk_forget_record(void)
{
    for (unsigned long i = 0; i < rec.n; i++)
        free(rec.e[i].bytes);
    rec.n = rec.at = rec.opens = 0;
    rec.on = false;
    memset(rec.names, 0, sizeof rec.names);
    state_free(&rec.before);
    state_free(&rec.sure);
    free(rec.open);
    rec.open = NULL;
}

static void begin_with(const struct disk_node *node)
{
    *name_of(&rec.before, node->path) = (struct name){keep_name(node->path), node->id};
    disk_bytes_put(inode(&rec.before, node->id), node->bytes.p, node->bytes.n, 0);
}

void disk_record(bool on)
{
    if (on) {
        disk_forget_record();
        disk_each(begin_with);
    }
    rec.on = on;
}

/* --- the cut ------------------------------------------------------------------------------------ */

/* How likely what was not synced is there, of 256: one draw for each file and cut, so that also "all of the log and
 * nothing of the database" and the like come. */
static unsigned likely(uint64_t *seed)
{
    static const unsigned some[] = {0, 24, 128, 128, 232, 256};

    return some[rng_splitmix(seed) % (sizeof some / sizeof *some)];
}

static bool comes(uint64_t *seed, unsigned of256)
{
    return rng_splitmix(seed) % 256 < of256;
}

/* A write, sector by sector. A sector under way may be new up to some byte only, or hold anything within the bytes of
 * this write; bytes beside it are safe (SQLITE_IOCAP_POWERSAFE_OVERWRITE, which the seal promises). */
static void put_some(struct disk_bytes *b, const struct entry *e, uint64_t *seed, unsigned of256)
{
    for (size_t at = (size_t)e->at, end = at + e->n, n; at < end; at += n) {
        size_t next = (at / DISK_SECTOR + 1) * DISK_SECTOR;
        const unsigned char *p = e->bytes + (at - (size_t)e->at);
        uint64_t how = rng_splitmix(seed);

        n = (next < end ? next : end) - at;
        if (!comes(seed, of256))
            continue;
        if (how % 32 == 0) {
            disk_bytes_put(b, p, (size_t)(how >> 8) % (n + 1), at);
        } else if (how % 64 == 1) {
            unsigned char any[DISK_SECTOR];

            memset(any, (int)(how >> 16), sizeof any);
            disk_bytes_put(b, any, n, at);
        } else {
            disk_bytes_put(b, p, n, at);
        }
    }
}

static void apply(struct state *s, const struct entry *e)
{
    if (e->note == DISK_NOTE_WRITE)
        disk_bytes_put(inode(s, e->id), e->bytes, e->n, (size_t)e->at);
    else if (e->note == DISK_NOTE_SIZE)
        disk_bytes_cut(inode(s, e->id), (size_t)e->at);
    else if (e->note == DISK_NOTE_CREATE)
        *name_of(s, e->path) = (struct name){e->path, e->id};
    else if (name_of(s, e->path)->id == e->id)
        name_of(s, e->path)->path = NULL;
}

static bool is_name(const struct entry *e)
{
    return e->note == DISK_NOTE_CREATE || e->note == DISK_NOTE_DELETE;
}

/* A sync of a file makes its name sure too, as SQLite's unix VFS does for a log that it made. */
static void settle(const struct entry *sync)
{
    unsigned long left = 0;
    uint64_t seed = rec.at * 0x9e3779b9u;
    bool names = sync->note == DISK_NOTE_DELETE;

    for (unsigned long i = 0; i < rec.opens; i++)
        names |= sync->note == DISK_NOTE_SYNC && rec.e[rec.open[i]].note == DISK_NOTE_CREATE && rec.e[rec.open[i]].id == sync->id;
    for (unsigned long i = 0; i < rec.opens; i++) {
        const struct entry *e = &rec.e[rec.open[i]];

        if (is_name(e) ? names : e->id == sync->id && sync->note == DISK_NOTE_SYNC)
            apply(&rec.sure, e);
        else if (sync->note == DISK_NOTE_LOST && e->note == DISK_NOTE_WRITE && e->id == sync->id)
            put_some(inode(&rec.sure, e->id), e, &seed, 128);
        else
            rec.open[left++] = rec.open[i];
    }
    rec.opens = left;
}

static void replay_to(unsigned long entries)
{
    if (!rec.open || entries < rec.at) {
        state_copy(&rec.sure, &rec.before);
        rec.at = rec.opens = 0;
        rec.told = (struct disk_cut){0, 0};
        if (!rec.open && !(rec.open = calloc(rec.n + 1, sizeof *rec.open)))
            disk_die("no memory");
    }
    for (; rec.at < entries; rec.at++) {
        const struct entry *e = &rec.e[rec.at];

        if (e->note == DISK_NOTE_MARK)
            rec.told = (struct disk_cut){(unsigned)e->at, (unsigned)e->n};
        else if (e->note != DISK_NOTE_SYNC && e->note != DISK_NOTE_LOST)
            rec.open[rec.opens++] = rec.at;
        if (e->note == DISK_NOTE_SYNC || e->note == DISK_NOTE_LOST || (e->note == DISK_NOTE_DELETE && e->at))
            settle(e);
    }
}

static void lay(struct state *s, const char *from, const char *to)
{
    struct name *n = name_of(s, from);
    struct disk_bytes *b = n && n->path ? inode(s, n->id) : NULL;

    disk_put(to, b ? b->p : NULL, b ? b->n : 0);
}

struct disk_cut disk_cut(unsigned long entries, uint64_t seed, const struct help *from, const struct help *to)
{
    static struct state image;
    unsigned of256[8];
    const unsigned char *p;
    size_t n;

    if (rec.on || entries > rec.n)
        disk_die("cut while recording");
    replay_to(entries);
    state_copy(&image, &rec.sure);
    rng_splitmix(&seed);
    for (int i = 0; i < 8; i++)
        of256[i] = likely(&seed);
    for (unsigned long i = 0; i < rec.opens; i++) {
        const struct entry *e = &rec.e[rec.open[i]];

        if (e->note == DISK_NOTE_WRITE)
            put_some(inode(&image, e->id), e, &seed, of256[e->id % 8]);
        else if (comes(&seed, of256[is_name(e) ? 0 : e->id % 8]))
            apply(&image, e);
    }
    lay(&image, from->path, to->path);
    lay(&image, from->wal, to->wal);
    if ((p = disk_get(to->path, &n)))
        help_stand_in(to, p, n);
    return rec.told;
}
