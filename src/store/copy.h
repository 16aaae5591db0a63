/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A store as a whole: sealed anew with another key, copied to a backup, brought back from one, looked through, and
 * destroyed. A copy is made by VACUUM INTO under a temporary name, read back to the last byte, synced and only then
 * given its name: whatever goes wrong before leaves the old one as it was, and what is left over goes at the next
 * opening.
 *
 * Threads: what takes a struct store runs on the thread that writes; readers go on, but for the moment in which
 * store_rotate changes the files.
 */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/slots.h"

/* Another data key and file id. The slot that the proof opened and the escrow slots are in the new store, with the
 * same numbers; others cannot be, as nobody knows their secrets: they stand in dropped, *n of them. Backups keep the
 * old key. Stopped, it is begun anew. ERR_LASTSLOT: the proof is no passphrase, and no passphrase would be left.
 * ERR_PASSPHRASE, ERR_CANCELLED, ERR_DAMAGED, ERR_NOMEM, ERR_IO: the old store is in force. After ERR_PARTIAL the new
 * one is, and both after it and after ERR_IO the store may have to be closed and opened again. */
int store_rotate(struct store *s, const struct store_proof *proof, const struct store_progress *p,
                 struct store_slot dropped[STORE_SLOTS], unsigned *n, struct err *e);

/* One file at `to`, sealed with the same data key under a file id of its own, which the same secrets open. What it
 * has queued is in doubt there, so that it is never sent twice. ERR_EXISTS, ERR_CANCELLED, ERR_DAMAGED, ERR_NOMEM,
 * ERR_IO: there is nothing at `to`. */
int store_backup(struct store *s, const char *to, const struct store_progress *p, struct err *e);

/* A backup becomes HOME's store, under a file id of its own, with the backup's slots and, when fresh is given, that
 * passphrase too. Setting "restored.from" is the backup's file id and the time. ERR_EXISTS: there is a store.
 * ERR_NOFILE, ERR_DAMAGED (also when `from` is no backup), ERR_PASSPHRASE, ERR_CANCELLED, ERR_IO: HOME has none. A
 * damaged page that holds nothing is no obstacle: what comes out was read back whole. */
int store_restore(const char *home, const char *from, const struct store_proof *proof, const struct secret *fresh,
                  const struct store_progress *p, struct err *e);

enum store_place {
    STORE_AT_SUPERBLOCK, /* no 0: copy A, 1: copy B */
    STORE_AT_LOG,        /* no: frame from 1, 0: the header */
    STORE_AT_PAGE,       /* no: page from 1; 0: the file's size */
    STORE_AT_DATABASE,   /* SQLite's own check; no: 0 */
    STORE_AT_BLOB,       /* an attachment; no: which */
    STORE_AT_ROW,        /* rows against what was derived from them; no: how many do not fit, what: which */
};
struct store_finding {
    enum store_place place;
    int64_t no;
    const char *what; /* no patient data */
};
struct store_verified {
    uint64_t pages, frames, rows, chunks; /* looked at; chunks: of attachments */
    uint64_t findings;
};
/* Both superblocks, every frame of the log, every page, SQLite's integrity check, then rows against indexes, then
 * every chunk of the attachments. Calls
 * found for the first 100 findings. ERR_OK also when there are findings; ERR_CANCELLED, ERR_NOMEM, ERR_IO when it
 * could not look. */
int store_verify(struct store *s, const struct store_progress *p,
                 void (*found)(void *arg, const struct store_finding *), void *arg, struct store_verified *out,
                 struct err *e);
/* The same, as far as it goes, for a store that cannot be opened: superblocks, and with a proof that opens one, log
 * and pages. proof may be NULL. ERR_INUSE. */
int store_verify_shut(const char *home, const struct store_proof *proof, const struct store_progress *p,
                      void (*found)(void *arg, const struct store_finding *), void *arg, struct store_verified *out,
                      struct err *e);

/* Nobody can open it any more: both superblocks are overwritten and synced, and only then the files are removed.
 * Needs no key. ERR_NOPROFILE, ERR_INUSE, ERR_IO (also when they are still there). */
int store_wipe(const char *home, struct err *e);

/* What has not reached the server, sealed to the first escrow slot's public key, at path, which must not exist.
 * ERR_NOSLOT: there is none. */
int store_unsent_save(struct store *s, const char *path, struct err *e);
/* Opens such a file with the site's secret key: each edit as one line of JSON, for which it calls each. ERR_NOFILE,
 * ERR_PASSPHRASE (another key), ERR_DAMAGED, ERR_INPUT (no such file). */
int store_unsent_open(const char *path, const struct secret *secret_key, int (*each)(void *arg, struct str line),
                      void *arg, struct err *e);

#endif
