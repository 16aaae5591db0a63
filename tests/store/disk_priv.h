/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What disk.c (files and calls) and disk_cut.c (the record, and what a power cut leaves) share. Both take memory from
 * malloc: what tests fail in base/mem.h is the seal's.
 */
#ifndef TESTS_STORE_DISK_PRIV_H
#define TESTS_STORE_DISK_PRIV_H

#include "tests/store/disk.h"

#define DISK_FILES 32
#define DISK_SHM_PAGES 64

struct disk_bytes {
    unsigned char *p;
    size_t n, cap;
};

struct disk_node {
    char path[128];
    unsigned id; /* another file that takes the name later has another one */
    struct disk_bytes bytes;
    int refs;
    bool gone; /* has no name any more */
    int sharing;
    const void *reserved, *exclusive; /* the struct disk_file that holds it */
    void *shm[DISK_SHM_PAGES];
    int indexed, shm_shared[8];
    unsigned shm_exclusive;
};

enum disk_note { DISK_NOTE_WRITE, DISK_NOTE_SIZE, DISK_NOTE_SYNC, DISK_NOTE_LOST, DISK_NOTE_CREATE, DISK_NOTE_DELETE,
                 DISK_NOTE_MARK };

void disk_die(const char *what);
struct disk_node *disk_find(const char *path);
void disk_each(void (*each)(const struct disk_node *node));
void disk_bytes_put(struct disk_bytes *b, const void *p, size_t n, size_t at);
void disk_bytes_cut(struct disk_bytes *b, size_t n); /* longer too */
void disk_note(enum disk_note note, const struct disk_node *node, sqlite3_int64 at, const void *p, size_t n);
void disk_forget_record(void);

#endif
