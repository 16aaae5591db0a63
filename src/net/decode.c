/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <brotli/decode.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"
#include "net/priv.h"

/* A window that an answer may ask us to keep: what RFC 9659 allows for zstd in HTTP, and what brotli's library
 * makes unless told otherwise. Brotli begins with less, and holds both while it moves; some room is for tables. */
#define WINDOW_LOG 23
#define BROTLI_LOG 22
#define BROTLI_BYTES ((3u << (BROTLI_LOG - 1)) + (512u << 10))

struct net_decoder {
    const struct coding *coding;
    bool ended;                 /* what came so far is whole */
    z_stream gzip;
    BrotliDecoderState *brotli;
    size_t brotli_bytes;        /* that it holds */
    bool brotli_full;           /* it asked for more than BROTLI_BYTES */
    ZSTD_DCtx *zstd;
};

struct coding {
    const char *name;
    int (*open)(struct net_decoder *d);
    int (*next)(struct net_decoder *d, struct str *in, char *out, size_t room, size_t *n);
};

/* --- gzip (RFC 1952) -------------------------------------------------------------------------- */

static int gzip_open(struct net_decoder *d)
{
    return inflateInit2(&d->gzip, 15 + 16) == Z_OK ? ERR_OK : ERR_NOMEM;
}

static int gzip_next(struct net_decoder *d, struct str *in, char *out, size_t room, size_t *n)
{
    uInt given = in->n < UINT_MAX ? (uInt)in->n : UINT_MAX;
    int code;

    if (d->ended && in->n && inflateReset(&d->gzip) != Z_OK) /* another member (2.2) */
        return ERR_DECODE;
    d->ended = d->ended && !in->n;
    if (d->ended)
        return ERR_OK;
    d->gzip.next_in = (Bytef *)in->p;
    d->gzip.avail_in = given;
    d->gzip.next_out = (Bytef *)out;
    d->gzip.avail_out = (uInt)room;
    code = inflate(&d->gzip, Z_NO_FLUSH);
    *n = room - d->gzip.avail_out;
    in->p += given - d->gzip.avail_in;
    in->n -= given - d->gzip.avail_in;
    d->ended = code == Z_STREAM_END;
    return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR ? ERR_OK
           : code == Z_MEM_ERROR                                       ? ERR_NOMEM
                                                                       : ERR_DECODE;
}

/* --- brotli (RFC 7932) ------------------------------------------------------------------------ */

/* Before each block, its size. */
union block {
    size_t n;
    max_align_t align;
};

static void *brotli_alloc(void *arg, size_t n)
{
    struct net_decoder *d = arg;
    union block *b;

    if (n > BROTLI_BYTES - d->brotli_bytes) {
        d->brotli_full = true;
        return NULL;
    }
    if (!(b = mem_alloc(sizeof *b + n)))
        return NULL;
    b->n = n;
    d->brotli_bytes += n;
    return b + 1;
}

static void brotli_free(void *arg, void *p)
{
    struct net_decoder *d = arg;
    union block *b = p;

    if (!b)
        return;
    d->brotli_bytes -= b[-1].n;
    mem_wipe(b - 1, sizeof *b + b[-1].n);
}

static int brotli_open(struct net_decoder *d)
{
    d->brotli = BrotliDecoderCreateInstance(brotli_alloc, brotli_free, d);
    return d->brotli ? ERR_OK : ERR_NOMEM;
}

static int brotli_next(struct net_decoder *d, struct str *in, char *out, size_t room, size_t *n)
{
    const uint8_t *p = (const uint8_t *)in->p;
    uint8_t *to = (uint8_t *)out;
    size_t left = room;
    BrotliDecoderResult r;

    if (d->ended)
        return in->n ? ERR_DECODE : ERR_OK;
    r = BrotliDecoderDecompressStream(d->brotli, &in->n, &p, &left, &to, NULL);
    in->p = (const char *)p;
    *n = room - left;
    d->ended = r == BROTLI_DECODER_RESULT_SUCCESS;
    return r != BROTLI_DECODER_RESULT_ERROR ? ERR_OK : d->brotli_full ? ERR_TOOBIG : ERR_DECODE;
}

/* --- zstd (RFC 8878) -------------------------------------------------------------------------- */

static int zstd_open(struct net_decoder *d)
{
    d->zstd = ZSTD_createDCtx();
    return d->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, WINDOW_LOG)) ? ERR_OK
                                                                                                      : ERR_NOMEM;
}

static int zstd_next(struct net_decoder *d, struct str *in, char *out, size_t room, size_t *n)
{
    ZSTD_inBuffer from = {in->p, in->n, 0};
    ZSTD_outBuffer to = {out, room, 0};
    size_t left;

    if (d->ended && !in->n)
        return ERR_OK;
    left = ZSTD_decompressStream(d->zstd, &to, &from);
    in->p += from.pos;
    in->n -= from.pos;
    *n = to.pos;
    d->ended = !left; /* a frame is whole; another may follow (3.1) */
    if (!ZSTD_isError(left))
        return ERR_OK;
    return ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge ? ERR_TOOBIG : ERR_DECODE;
}

/* --- any of them ------------------------------------------------------------------------------ */

static const struct coding codings[] = {
    {"gzip", gzip_open, gzip_next},
    {"x-gzip", gzip_open, gzip_next},
    {"br", brotli_open, brotli_next},
    {"zstd", zstd_open, zstd_next},
};

int net_decoder_new(const char *coding, struct net_decoder **out)
{
    int code = ERR_DECODE;

    *out = NULL;
    if (!*coding || !strcasecmp(coding, "identity"))
        return ERR_OK;
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
        struct net_decoder *d;

        if (strcasecmp(coding, codings[i].name))
            continue;
        if (!(d = mem_alloc(sizeof *d)))
            return ERR_NOMEM;
        d->coding = &codings[i];
        if ((code = d->coding->open(d)))
            net_decoder_free(d);
        else
            *out = d;
        break;
    }
    return code;
}

int net_decoder_next(struct net_decoder *d, struct str *in, char *out, size_t room, size_t *n)
{
    size_t had = in->n;
    int code;

    *n = 0;
    code = d->coding->next(d, in, out, room, n);
    return !code && had && had == in->n && !*n ? ERR_DECODE : code; /* no way on: bytes that belong to nothing */
}

bool net_decoder_ended(const struct net_decoder *d)
{
    return d->ended;
}

size_t net_decoder_bytes(const struct net_decoder *d)
{
    /* Brotli begins with little, and which it will want is not known before its bytes are in. */
    return d->zstd ? ZSTD_sizeof_DCtx(d->zstd) : d->brotli ? BROTLI_BYTES : 0;
}

void net_decoder_free(struct net_decoder *d)
{
    if (!d)
        return;
    if (d->gzip.state)
        inflateEnd(&d->gzip);
    if (d->brotli)
        BrotliDecoderDestroyInstance(d->brotli);
    ZSTD_freeDCtx(d->zstd);
    mem_free(d);
}
