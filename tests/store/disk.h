/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A disk in memory: a VFS that tests put below the seal. It keeps files by name, fails the call that it is told to
 * fail, writes down what was written and when it was synced, and gives back what a power cut at any moment may have
 * left. One thread. The seal wants a real file where a store lies (it looks at owner and mode, and at the superblock
 * before SQLite does): disk_store lays one there, and the bytes of pages are only here.
 */
#ifndef TESTS_STORE_DISK_H
#define TESTS_STORE_DISK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/store/seal_help.h"

#define DISK_SECTOR 512

/* --- files ------------------------------------------------------------------------------------- */

void disk_start(void); /* registers the VFS, puts the seal over it, forgets all files; again is fine */
void disk_stop(void);  /* forgets all files and puts the seal back over unix-excl */
void disk_put(const char *path, const void *p, size_t n); /* a whole file, synced; NULL: takes it away */
const unsigned char *disk_get(const char *path, size_t *n); /* borrowed until the next call; NULL: no such file */
unsigned char *disk_dup(const char *path, size_t *n);       /* a copy: mem_free */
/* Takes a store that lies at h, and its log, from the real files into the disk; the real one stays as a stand-in. */
void disk_store(const struct help *h);
/* Copies both files of a store within the disk, and the superblocks into the other's stand-in. */
void disk_copy(const struct help *from, const struct help *to);

/* --- failures ---------------------------------------------------------------------------------- */

enum disk_call { DISK_OPEN, DISK_READ, DISK_WRITE, DISK_SYNC, DISK_TRUNCATE, DISK_SIZE, DISK_LOCK, DISK_SHM, DISK_DELETE,
                 DISK_CALLS };
enum disk_way {
    DISK_EIO,   /* the call does nothing */
    DISK_SHORT, /* a read gets, a write puts half of its bytes */
    DISK_FULL,  /* a write puts half of its bytes and says that the disk is full */
};
/* The n-th call of this kind from now fails, and with `on` all behind it; n = 0: none does. */
void disk_fail(enum disk_call call, enum disk_way way, unsigned long n, bool on);
bool disk_failed(void); /* whether that call came */

/* Called with each page or frame that is written, before it is. NULL: nobody. */
void disk_tap(void (*tap)(void *arg, const char *path, const unsigned char *p, int n, sqlite3_int64 at), void *arg);

/* --- the power ---------------------------------------------------------------------------------- */

void disk_record(bool on); /* on: begins a new record, of the files as they are now; off: keeps it for disk_cut */
void disk_mark(unsigned begun, unsigned acked); /* notes in the record how far the work is */
unsigned long disk_recorded(void);              /* entries of the record */

struct disk_cut {
    unsigned begun, acked; /* as last noted before the cut */
};
/* The files as the cut behind the first `entries` entries of the record may leave them, under the name of to: what was
 * synced is there; of the rest each sector, size and name is or is not, as the seed says. Going back to fewer entries
 * than before is slow. The superblocks are laid in to's stand-in too. */
struct disk_cut disk_cut(unsigned long entries, uint64_t seed, const struct help *from, const struct help *to);

#endif
