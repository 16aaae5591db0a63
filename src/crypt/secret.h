/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys, passphrases and tokens live here and nowhere else: one stretch of 64 KiB that is locked, guarded, kept out of
 * core dumps; each is wiped when freed. What is larger than an eighth of it, or finds no place, has locked pages of its
 * own. A forked child sees zeroes. Any thread.
 */
#ifndef CRYPT_SECRET_H
#define CRYPT_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct secret {
    unsigned char *p; /* locked memory */
    size_t n;         /* bytes in use */
    size_t cap;
};

/* Once, from main, before any other thread: sodium_init, no core dumps, not dumpable. locked (may be
 * NULL) tells whether that stretch is locked (doctor asks). 0 or ERR_BUG. */
int crypt_init(bool *locked);

struct secret *secret_new(size_t cap);             /* NULL when there is no memory */
/* Wipes; NULL is fine. Bytes behind it that were written to are a bug, which ends the program. */
void secret_free(struct secret *s);
struct secret *secret_dup(const struct secret *s);
int secret_set(struct secret *s, const void *p, size_t n); /* ERR_TOOBIG past cap */
/* Reads one line (without its LF or CR LF) from a descriptor into s, nothing of it elsewhere.
 * ERR_INPUT when it is empty, ERR_TOOBIG when longer than cap, ERR_CANCELLED at a Ctrl-C in it. */
int secret_read_line(struct secret *s, int fd);

#endif
