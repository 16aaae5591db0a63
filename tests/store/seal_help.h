/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the seal's tests share: a scratch directory, a store with a fixed data key (no KDF), whole files
 * in and out of memory. Files are read and changed only while no connection is open.
 */
#ifndef TESTS_STORE_SEAL_HELP_H
#define TESTS_STORE_SEAL_HELP_H

#include "store/seal_priv.h"

struct help {
    char dir[64], path[96], wal[96];
};

void help_init(struct help *h); /* makes a new directory under $TMPDIR */
void help_fini(struct help *h); /* removes it and its files */

/* An empty sealed store at h->path, opened for writing. keys_dek = the same key for the same n. */
void help_dek(unsigned char dek[CRYPT_KEY], unsigned n);
int help_create(const struct help *h, unsigned n, struct seal_keys **k);
sqlite3 *help_open(const struct help *h, struct seal_keys *k, bool readonly);
/* Runs SQL; the primary result code. */
int help_sql(sqlite3 *db, const char *sql);
/* The first column of the first row as a number; -1 when there is none. *rc may be NULL. */
int64_t help_int(sqlite3 *db, const char *sql, int *rc);

/* Has every page of a store with a table t(b) read; the primary result code, SQLITE_OK only if nothing was found. */
int help_every_page(sqlite3 *db);

unsigned char *help_read(const char *path, size_t *n); /* mem_free */
void help_write(const char *path, const void *p, size_t n);
/* Copies store and log as they lie there to another directory. */
void help_copy(const struct help *from, const struct help *to);
/* The superblocks of a store whose pages are elsewhere (tests/store/disk.h), in a real file at h->path. */
void help_stand_in(const struct help *h, const void *p, size_t n);
/* A hash over all columns of all rows of a question. False on an error; *rc is the primary result code. */
bool help_digest(sqlite3 *db, const char *sql, unsigned char out[CRYPT_HASH], int *rc);

/* True under tests/store/run --full: the whole size of a proof, not its sample. */
bool help_full(void);
/* Says how much was tried; tests/store/run collects these lines. */
void help_proof(const char *name, unsigned long count, const char *what);

#endif
