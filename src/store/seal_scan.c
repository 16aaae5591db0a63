/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every page and every frame as it lies in the file, whether SQLite would ever read it or not.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"

#define AT_ONCE 64 /* pages a read */

/* Opens each page of a piece. *header: how many pages the database says that it has, from page 1. */
static void look_at(const struct seal_scan *s, const unsigned char *piece, size_t n, uint64_t first,
                    unsigned char *clear, uint64_t *header)
{
    for (size_t i = 0; i < n; i++) {
        if (!seal_page_get(s->keys, first + i, piece + i * SEAL_PAGE, clear))
            s->bad(s->arg, (int64_t)(first + i));
        else if (first + i == 1)
            *header = seal_big32(clear + 28);
    }
}

int seal_scan_pages(const struct seal_scan *s, uint64_t *looked, struct err *e)
{
    struct secret *clear = secret_new(SEAL_PAGE);
    unsigned char *piece = mem_alloc(AT_ONCE * SEAL_PAGE);
    struct seal_reader r = {.fd = -1};
    uint64_t all = 0, header = 0;
    int code = clear && piece ? seal_reader_open(&r, s->path, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    *looked = 0;
    if (!code && r.size > SEAL_DATA_OFFSET)
        all = (r.size - SEAL_DATA_OFFSET) / SEAL_PAGE;
    while (!code && *looked < all) {
        size_t n = all - *looked < AT_ONCE ? (size_t)(all - *looked) : AT_ONCE;
        int got = seal_read_at(&r, piece, n * SEAL_PAGE, SEAL_DATA_OFFSET + *looked * SEAL_PAGE, e);

        if (got < 0 || (size_t)got != n * SEAL_PAGE) {
            code = got < 0 ? got : err_set(e, ERR_IO, 0, 0, s->path);
            break;
        }
        look_at(s, piece, n, *looked + 1, clear->p, &header);
        *looked += n;
        if (s->step && s->step(s->arg, *looked, all))
            code = err_set(e, ERR_CANCELLED, 0, 0, NULL);
    }
    if (!code && (r.size < SEAL_DATA_OFFSET + SEAL_PAGE || r.size % SEAL_PAGE || header > all))
        s->bad(s->arg, 0); /* cut short */
    seal_reader_close(&r);
    secret_free(clear);
    mem_free(piece);
    return code;
}

int seal_scan_again(const struct seal_scan *s, int64_t no, bool *bad, struct err *e)
{
    struct secret *clear = secret_new(SEAL_PAGE);
    unsigned char *page = mem_alloc(SEAL_PAGE);
    struct seal_reader r = {.fd = -1};
    uint64_t page_no = no ? (uint64_t)no : 1;
    int code = clear && page ? seal_reader_open(&r, s->path, e) : err_set(e, ERR_NOMEM, 0, 0, NULL), got = 0;

    if (!code && (got = seal_read_at(&r, page, SEAL_PAGE, SEAL_DATA_OFFSET + (page_no - 1) * SEAL_PAGE, e)) < 0)
        code = got;
    if (!code) {
        *bad = got != SEAL_PAGE || !seal_page_get(s->keys, page_no, page, clear->p);
        if (!no)
            *bad |= r.size % SEAL_PAGE || seal_big32(clear->p + 28) > (r.size - SEAL_DATA_OFFSET) / SEAL_PAGE;
    }
    seal_reader_close(&r);
    secret_free(clear);
    mem_free(page);
    return code;
}

/* A frame of an earlier turn of the log has other salts, and nobody reads it; one of this turn whose salts were changed
 * still opens with the right ones. */
static bool frame_is_bad(const struct seal_scan *s, uint64_t at, unsigned char *frame, const unsigned char *salts,
                         unsigned char *clear, uint64_t *looked)
{
    if (salts && memcmp(frame + 8, salts, 8)) {
        memcpy(frame + 8, salts, 8);
        return seal_frame_get(s->keys, at, frame, clear);
    }
    ++*looked;
    return !seal_frame_get(s->keys, at, frame, clear);
}

/* The last frame may be cut short: the trace of a power cut. */
static int scan_frames(const struct seal_scan *s, const struct seal_reader *r, unsigned char *frame,
                       unsigned char *clear, uint64_t *looked, struct err *e)
{
    unsigned char head[SEAL_WAL_HEAD];
    bool whole;
    int got = seal_read_at(r, head, sizeof head, 0, e);

    if (got < 0 || got < SEAL_WAL_HEAD)
        return got < 0 ? got : ERR_OK;
    if (!(whole = seal_wal_header_is_whole(head)))
        s->bad(s->arg, 0);
    for (uint64_t at = SEAL_WAL_HEAD; at + SEAL_FRAME <= r->size; at += SEAL_FRAME) {
        if ((got = seal_read_at(r, frame, SEAL_FRAME, at, e)) < 0)
            return got;
        if (frame_is_bad(s, at, frame, whole ? head + 16 : NULL, clear, looked))
            s->bad(s->arg, (int64_t)((at - SEAL_WAL_HEAD) / SEAL_FRAME + 1));
    }
    return ERR_OK;
}

int seal_scan_log(const struct seal_scan *s, uint64_t *looked, struct err *e)
{
    struct secret *work = secret_new(2 * SEAL_FRAME + 16);
    size_t n = strlen(s->path) + sizeof "-wal";
    char *path = mem_alloc(n);
    struct seal_reader r = {.fd = -1};
    struct stat st;
    int code = work && path ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    *looked = 0;
    if (!code)
        snprintf(path, n, "%s-wal", s->path);
    if (!code && !lstat(path, &st) && !(code = seal_reader_open(&r, path, e)))
        code = scan_frames(s, &r, work->p, work->p + SEAL_FRAME, looked, e);
    seal_reader_close(&r); /* SQLite locks the database, never the log: this close drops nothing */
    secret_free(work);
    mem_free(path);
    return code;
}
