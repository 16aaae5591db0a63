/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of attachments share: a sealed file chunk by chunk (blob_file.c), its row (blob.c), its writer
 * (blob_write.c). Nobody else includes it but verify.c and wipe.c.
 */
#ifndef STORE_BLOB_PRIV_H
#define STORE_BLOB_PRIV_H

#include "store/blob.h"
#include "store/priv.h"

#define BLOB_NAME_BYTES 16
#define BLOB_NAME (2 * BLOB_NAME_BYTES + 1)
#define BLOB_SEALED (CRYPT_NONCE + STORE_BLOB_CHUNK + CRYPT_TAG)

/* --- blob_file.c ---------------------------------------------------------------------------------- */

/* HOME/blobs/NAME; name "": the folder. store: path of HOME's store. */
int blob_path(const char *store, const char *name, char out[PATH_MAX_BYTES], struct err *e);
/* Opens for reading, or with write for both; -1 and errno. */
int blob_open(const char *store, const char *name, bool write);
void blob_unlink(const char *store, const char *name);
bool blob_busy(int fd); /* another writes it; else it is ours until fd is closed */

uint64_t blob_chunks(uint64_t size);              /* of a whole one */
uint64_t blob_file_bytes(uint64_t have, bool whole); /* as long as its file is, at least, or exactly if it is whole */

struct blob_file {
    int fd;
    const struct secret *key;
    unsigned char *sealed; /* BLOB_SEALED bytes of working memory */
};
/* Chunk no, n bytes of content (STORE_BLOB_CHUNK, in the last one any number up to that). */
int blob_chunk_write(const struct blob_file *f, uint64_t no, bool last, const unsigned char *in, size_t n,
                     struct err *e);
/* ERR_DAMAGED (num: no), ERR_IO. */
int blob_chunk_read(const struct blob_file *f, uint64_t no, bool last, unsigned char *out, size_t n, struct err *e);
/* All chunks of one that has so many bytes, in order; plain: STORE_BLOB_CHUNK bytes. A code of each ends it. */
int blob_walk(const struct blob_file *f, uint64_t have, bool whole, unsigned char *plain,
              int (*each)(void *arg, struct str piece), void *arg, struct err *e);

/* --- blob.c --------------------------------------------------------------------------------------- */

struct blob_row {
    int64_t bid, rid; /* bid 0: there is no such one; rid 0: nor its row of res */
    int64_t used_ms;
    char name[BLOB_NAME];
    bool same_url;
    struct store_blob b;
};
/* key (CRYPT_KEY bytes): may be NULL. */
int blob_find(struct sql *c, const struct store_blob_source *src, struct blob_row *out, struct secret *key,
              struct err *e);
/* Takes a row out, within a transaction or a turn; *alone: no other names its file, which is to be unlinked behind the
 * commit. */
int blob_forget(struct sql *c, int64_t bid, const char *name, bool *alone, struct err *e);
/* Files that no row names. Nobody may begin one meanwhile: in the turn, or before the store is anybody's. */
void blob_sweep(struct store *s);
/* Looks through every chunk of every one; calls bad with its number. */
int blob_verify(struct sql *c, const char *store, int (*step)(void *arg, uint64_t chunks),
                void (*bad)(void *arg, int64_t bid), void *arg, struct err *e);
/* Unlinks all files and the folder. ERR_IO. */
int blob_wipe(const char *home, struct err *e);

#endif
