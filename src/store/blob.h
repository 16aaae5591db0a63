/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attachments that were fetched: content of any size, sealed under HOME/blobs in files that tell nothing of it (see
 * FORMAT 9). A cache: none of it is in a backup, and all of it can be fetched again. Each belongs to a row of the
 * server's and goes with it; two with the same content share one file. What was fetched in part is taken up again: of a
 * part counts what whole chunks are on the disk.
 *
 * Threads: a writer belongs to one thread at a time; it begins transactions of its own, so its thread has none. All
 * others: any thread.
 */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "crypt/digest.h"
#include "store/store.h"

#define STORE_BLOBS "blobs" /* in HOME, 0700 */
#define STORE_BLOB_CHUNK (64u << 10)
#define STORE_BLOB_ETAG 128
#define STORE_BLOB_MEDIA 128

/* Which attachment: of a row of the server's, the no-th that it names (fhir/attach.h), as it names it now: what was
 * fetched from another URL is not this one. */
struct store_blob_source {
    struct str type, id;
    unsigned no;
    struct str url; /* as it stands there */
};

struct store_blob {
    uint64_t have;  /* bytes that are here; whole chunks unless it is whole */
    int64_t size;   /* of the content as far as it is known, or -1 */
    bool whole;
    int64_t at_ms;  /* when the last of it came */
    char etag[STORE_BLOB_ETAG];   /* of the answer that it came in, as received, or "" */
    char media[STORE_BLOB_MEDIA]; /* its Content-Type, printable ASCII, or "" */
    unsigned char sha256[CRYPT_SHA256]; /* of a whole one */
};
/* What is here of it. ERR_NOTFOUND: nothing. */
int store_blob_look(struct store *s, const struct store_blob_source *src, struct store_blob *out, struct err *e);

/* Gives the content of a whole one, in pieces of at most STORE_BLOB_CHUNK bytes, each verified before it is given.
 * ERR_NOTFOUND: it is not here whole. ERR_DAMAGED: from the chunk err.num on; what was given before it is good. A code
 * other than 0 of each ends it and is returned. The pieces are wiped. */
int store_blob_read(struct store *s, const struct store_blob_source *src, int (*each)(void *arg, struct str piece),
                    void *arg, struct err *e);

/* --- writing -------------------------------------------------------------------------------------- */

struct store_blob_writer;
struct store_blob_answer { /* what the server says of what it sends */
    const char *etag, *media;
    int64_t size;   /* of the whole content, or -1 */
};
struct store_blob_expect { /* what the attachment says of its content */
    int64_t size;   /* -1: nothing */
    bool hashed;
    unsigned char sha1[CRYPT_SHA1]; /* Attachment.hash */
};

/* Takes up what is here of it, or begins. again: begins in any case; what was here is gone. ERR_NOTFOUND: there is no
 * such row of the server's; ERR_EXISTS: it is here, whole; ERR_INUSE: another writes it; ERR_IO, ERR_NOMEM. */
int store_blob_begin(struct store *s, const struct store_blob_source *src, bool again, int64_t now_ms,
                     struct store_blob_writer **out, struct err *e);
/* What its row says: what is there for another time, and what was said when it came. */
void store_blob_begun(const struct store_blob_writer *w, struct store_blob *out);
/* Bytes that it has, counted or not. */
uint64_t store_blob_at(const struct store_blob_writer *w);
/* Begins at the first byte, with what an answer says of it. Before the first append, unless a part is taken up. */
int store_blob_restart(struct store_blob_writer *w, const struct store_blob_answer *a, struct err *e);
/* Every 16 chunks are synced and then counted. ERR_TOOBIG past LIMIT_ATTACHMENT_BYTES; ERR_NOTFOUND: its row has gone
 * meanwhile; ERR_IO (sub ENOSPC: the disk is full): what was counted stays. */
int store_blob_append(struct store_blob_writer *w, struct str bytes, struct err *e);
/* Counts what is there of whole chunks, for another time. Of less nothing stays, and the writer is of no more use. */
int store_blob_keep(struct store_blob_writer *w, struct err *e);
/* That was all. The content is said to be here only behind the sync of file and folder. ERR_MISMATCH: it is not what
 * the attachment says (num: its size); then nothing of it is kept. The writer is of no more use either way. */
int store_blob_end(struct store_blob_writer *w, const struct store_blob_expect *x, int64_t now_ms, struct err *e);
void store_blob_free(struct store_blob_writer *w); /* touches neither store nor file. NULL is fine */

/* --- room ----------------------------------------------------------------------------------------- */

/* Bytes of all files. */
int store_blob_bytes(struct store *s, uint64_t *bytes, struct err *e);
/* Drops least recently used ones, whole ones and parts that nobody writes, until at least want bytes of files are
 * gone, or none is left that was last used before a moment (a use is noted once an hour). One transaction each. */
int store_blob_evict(struct store *s, uint64_t want, int64_t before_ms, uint64_t *freed, struct err *e);

#endif
