/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An attachment's file: its chunks one after the other, each nonce, ciphertext, tag, and nothing else. What it is and
 * how long stands in its row; nothing of the file is believed before it is authenticated.
 */
#include "config.h"

#include "store/blob_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"
#include "store/seal_priv.h"

#define MORE (CRYPT_NONCE + CRYPT_TAG) /* bytes of a chunk beside its content */

int blob_path(const char *store, const char *name, char out[PATH_MAX_BYTES], struct err *e)
{
    const char *slash = strrchr(store, '/');
    int n = snprintf(out, PATH_MAX_BYTES, "%.*s" STORE_BLOBS "%s%s", slash ? (int)(slash - store) + 1 : 0, store,
                     *name ? "/" : "", name);

    return n < PATH_MAX_BYTES ? ERR_OK : err_set(e, ERR_TOOBIG, 0, PATH_MAX_BYTES, "path");
}

int blob_open(const char *store, const char *name, bool write)
{
    char path[PATH_MAX_BYTES];

    if (fault_hit(FAULT_IO)) {
        errno = EIO;
        return -1;
    }
    if (blob_path(store, name, path, NULL)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
}

void blob_unlink(const char *store, const char *name)
{
    char path[PATH_MAX_BYTES];

    if (!blob_path(store, name, path, NULL))
        unlink(path); /* one that stays is swept at the next opening */
}

bool blob_busy(int fd)
{
    return flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
}

uint64_t blob_chunks(uint64_t size)
{
    return size ? (size - 1) / STORE_BLOB_CHUNK + 1 : 1;
}

uint64_t blob_file_bytes(uint64_t have, bool whole)
{
    return have + MORE * (whole ? blob_chunks(have) : have / STORE_BLOB_CHUNK);
}

/* A chunk is of this format, at this place, and the last one or not: a file that was cut at a chunk, or whose chunks
 * changed about, does not verify. Which file it is says the key, which is that file's own. */
#define AD_BYTES 17
static void bind_place(unsigned char ad[AD_BYTES], uint64_t no, bool last)
{
    memcpy(ad, "WLBL", 4);
    seal_put32(ad + 4, 1);
    seal_put64(ad + 8, no);
    ad[16] = last;
}

static off_t place(uint64_t no)
{
    return (off_t)(no * BLOB_SEALED);
}

int blob_chunk_write(const struct blob_file *f, uint64_t no, bool last, const unsigned char *in, size_t n,
                     struct err *e)
{
    unsigned char ad[AD_BYTES];

    bind_place(ad, no, last);
    crypt_nonce(f->sealed);
    crypt_seal(f->sealed + CRYPT_NONCE, f->sealed + CRYPT_NONCE + n, in, n, ad, sizeof ad, f->sealed, f->key->p);
    for (size_t at = 0; at < n + MORE;) {
        ssize_t w = fault_hit(FAULT_IO) ? (errno = ENOSPC, -1)
                                        : pwrite(f->fd, f->sealed + at, n + MORE - at, place(no) + (off_t)at);

        if (w < 0 && errno != EINTR)
            return err_set(e, errno == ENOSPC ? ERR_FULL : ERR_IO, errno, 0, STORE_BLOBS);
        at += w > 0 ? (size_t)w : 0;
    }
    return ERR_OK;
}

int blob_chunk_read(const struct blob_file *f, uint64_t no, bool last, unsigned char *out, size_t n, struct err *e)
{
    unsigned char ad[AD_BYTES];

    for (size_t at = 0; at < n + MORE;) {
        ssize_t r = fault_hit(FAULT_IO) ? (errno = EIO, -1)
                                        : pread(f->fd, f->sealed + at, n + MORE - at, place(no) + (off_t)at);

        if (r < 0 && errno != EINTR)
            return err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
        if (!r)
            return err_set(e, ERR_DAMAGED, 0, (int64_t)no, STORE_BLOBS);
        at += r > 0 ? (size_t)r : 0;
    }
    bind_place(ad, no, last);
    if (crypt_unseal(out, f->sealed + CRYPT_NONCE, n, f->sealed + CRYPT_NONCE + n, ad, sizeof ad, f->sealed, f->key->p))
        return err_set(e, ERR_DAMAGED, 0, (int64_t)no, STORE_BLOBS);
    return ERR_OK;
}

int blob_walk(const struct blob_file *f, uint64_t have, bool whole, unsigned char *plain,
              int (*each)(void *arg, struct str piece), void *arg, struct err *e)
{
    uint64_t chunks = whole ? blob_chunks(have) : have / STORE_BLOB_CHUNK;
    struct stat st;
    int code = ERR_OK;

    if (fstat(f->fd, &st))
        return err_set(e, ERR_IO, errno, 0, STORE_BLOBS);
    if (whole && (uint64_t)st.st_size != blob_file_bytes(have, true)) /* longer or shorter than it was made */
        code = err_set(e, ERR_DAMAGED, 0, (int64_t)chunks - 1, STORE_BLOBS);
    for (uint64_t no = 0; !code && no < chunks; no++) {
        bool last = whole && no + 1 == chunks;
        size_t n = last ? (size_t)(have - no * STORE_BLOB_CHUNK) : STORE_BLOB_CHUNK;

        if (!(code = blob_chunk_read(f, no, last, plain, n, e)) && each)
            code = each(arg, (struct str){(const char *)plain, n});
    }
    mem_zero(plain, STORE_BLOB_CHUNK);
    return code;
}
