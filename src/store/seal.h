/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sealing VFS and the superblock. File format version 1 and the contract with SQLite are written in
 * store/FORMAT (byte for byte). Every page of the database and every frame of its
 * WAL is one AEAD message bound to the file, its role and its position; a frame's message holds SQLite's
 * own checksum too, which would otherwise leak the page. Whatever this file does not know it refuses.
 */
#ifndef STORE_SEAL_H
#define STORE_SEAL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "crypt/crypt.h"

#define SEAL_PAGE 4096
#define SEAL_RESERVE 40
#define SEAL_DATA_OFFSET 16384
#define SEAL_FRAME 4120

struct seal_keys; /* K_db, K_wal, K_hdr and the file id, in locked memory; of no use in a forked child */

/* Makes superblock and an empty database at path, which must not exist: synced, but in place at once, so
 * give a temporary name, fill it, rename it. ERR_EXISTS, ERR_INPUT (kdf out of bounds), ERR_NOMEM, ERR_IO.
 * On an error nothing of it is left. */
int seal_create(const char *path, const struct secret *passphrase, const struct crypt_kdf *kdf, struct seal_keys **out,
                struct err *e);
/* Either copy of the superblock may serve. ERR_NOPROFILE, ERR_PERM (owner, mode, link), ERR_PASSPHRASE,
 * ERR_VERSION, ERR_DAMAGED, ERR_NOMEM, ERR_IO. Slow: runs the KDF. */
int seal_unlock(const char *path, const struct secret *passphrase, struct seal_keys **out, struct err *e);
void seal_keys_free(struct seal_keys *k);
struct seal_keys *seal_keys_dup(const struct seal_keys *k); /* for another opening; NULL when there is no memory */

/* A write that meets a full disk calls it, on the thread that writes; true: room was made, the write is done again,
 * once. */
void seal_when_full(struct seal_keys *k, bool (*make_room)(void *arg), void *arg);

struct seal_superblocks {
    bool a_whole, b_whole; /* torn-write sum fits; keyed sum fits once keys are known */
    uint32_t format;
    struct crypt_kdf kdf;  /* the least memory of a passphrase slot */
};
/* keys may be NULL (before unlock). Safe while the store is open here; open(2) and close(2) of a store
 * file by anyone else in this process are not: POSIX drops the owner's locks at that close. */
int seal_inspect(const char *path, const struct seal_keys *keys, struct seal_superblocks *out, struct err *e);

/* Registers the VFS "wardline-seal" over unix-excl; again is fine. */
int seal_register(void);
/* Opens a database through it. The keys are borrowed and must outlive every connection. readonly: a
 * second connection of the same process. Set on it: WAL, temp_store=memory, secure_delete, cell_size_check,
 * trusted_schema off, defensive; leaving them is refused, and so are ATTACH, extensions and every pragma that
 * the seal does not know. For a start only: wal_autocheckpoint=16384, synchronous=NORMAL (never OFF), busy
 * timeout 2 s.
 * ERR_INUSE (another process has it), ERR_DAMAGED (num = page), ERR_UNSUPPORTED (network file system). */
int seal_open(const char *path, struct seal_keys *keys, bool readonly, sqlite3 **db, struct err *e);
/* True when recovery met a whole frame that does not verify, or frames behind a header that does not:
 * the commits before it stand, some behind it were lost. A frame cut short by the end of the file is the
 * trace of a power cut and says nothing. */
bool seal_wal_damaged(const struct seal_keys *keys);
/* The page at which the last MAC failure was met, 0 if none. */
int64_t seal_bad_page(const struct seal_keys *keys);

#endif
