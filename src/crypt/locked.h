/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Stretches of memory for what must not reach a disk: locked where the system allows it, with guard pages around them,
 * kept out of core dumps. Secrets have one (crypt/secret.h), SQLite's pages another (store/seal_memory.c).
 */
#ifndef CRYPT_LOCKED_H
#define CRYPT_LOCKED_H

#include <stdbool.h>
#include <stddef.h>

struct locked {
    unsigned char *p; /* zeroed */
    size_t n;
    bool held;        /* the system locked it */
};

enum locked_kind {
    LOCKED_SECRETS, /* a forked child sees zeroes */
    LOCKED_PAGES,
};

/* n bytes, rounded up to whole pages, each of which takes memory once it is written to. ERR_NOMEM; that the system
 * would not lock it is no error: held tells. */
int locked_map(struct locked *l, size_t n, enum locked_kind kind);
void locked_unmap(struct locked *l); /* wipes */
/* Gives back the memory of the whole pages within [from, to) of a stretch of LOCKED_PAGES, which the caller has wiped;
 * they are as locked as before. */
void locked_give_back(struct locked *l, size_t from, size_t to);
/* How many bytes may be locked in all: RLIMIT_MEMLOCK, or SIZE_MAX. */
size_t locked_most(void);

#endif
