/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <string.h>
#include <zstd.h>

#include "base/limits.h"
#include "base/mem.h"

/* Each row alone, so that no text of one patient shares a context with another's (CRIME), at level 1: the
 * fastest, and within 3 % of level 3 on FHIR JSON. What does not shrink is stored as it is. */
#define BODY_LEVEL 1

struct body_ctx {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
};

void body_free(struct body_ctx *b)
{
    if (b) {
        ZSTD_freeCCtx(b->pack);
        ZSTD_freeDCtx(b->unpack);
    }
    mem_free(b);
}

static int ready(struct body_ctx **b, bool pack)
{
    if (!*b && !(*b = mem_alloc(sizeof **b)))
        return ERR_NOMEM;
    if (pack && !(*b)->pack && !((*b)->pack = ZSTD_createCCtx()))
        return ERR_NOMEM;
    if (!pack && !(*b)->unpack && !((*b)->unpack = ZSTD_createDCtx()))
        return ERR_NOMEM;
    return ERR_OK;
}

int body_pack(struct body_ctx **b, struct str bytes, char **out, size_t *n, enum body_codec *codec, struct err *e)
{
    size_t room = ZSTD_compressBound(bytes.n), got = bytes.n;
    char *p = mem_alloc(room > bytes.n ? room : bytes.n);

    if (!p || ready(b, true)) {
        mem_free(p);
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    *codec = BODY_RAW;
#ifndef UNSEALED_TEST_STORE
    got = ZSTD_compressCCtx((*b)->pack, p, room, bytes.p, bytes.n, BODY_LEVEL);
    if (!ZSTD_isError(got) && got < bytes.n)
        *codec = BODY_ZSTD;
#endif
    if (*codec == BODY_RAW) {
        memcpy(p, bytes.p, bytes.n);
        got = bytes.n;
    }
    *out = p;
    *n = got;
    return ERR_OK;
}

int body_unpack_at(struct body_ctx **b, struct str packed, enum body_codec codec, size_t size, char *out, struct err *e)
{
    size_t got;

    if (codec == BODY_RAW && packed.n == size) {
        memcpy(out, packed.p, size);
        return ERR_OK;
    }
    if (ready(b, false))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    got = codec == BODY_ZSTD ? ZSTD_decompressDCtx((*b)->unpack, out, size, packed.p, packed.n) : size + 1;
    return !ZSTD_isError(got) && got == size ? ERR_OK : err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
}

int body_unpack(struct body_ctx **b, struct str packed, enum body_codec codec, size_t size, struct buf *out,
                struct err *e)
{
    int code;

    if (size > LIMIT_RESOURCE_BYTES)
        return err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
    if ((code = buf_reserve(out, size)))
        return err_set(e, code, 0, (int64_t)out->max, "resource");
    if ((code = body_unpack_at(b, packed, codec, size, out->p + out->n, e))) {
        out->p[out->n] = '\0';
        return code;
    }
    out->n += size;
    out->p[out->n] = '\0';
    return ERR_OK;
}
