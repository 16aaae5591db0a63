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

int body_pack(struct str bytes, char **out, size_t *n, enum body_codec *codec, struct err *e)
{
    size_t room = ZSTD_compressBound(bytes.n), got = bytes.n;
    char *p = mem_alloc(room > bytes.n ? room : bytes.n);

    if (!p)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    *codec = BODY_RAW;
#ifndef UNSEALED_TEST_STORE
    got = ZSTD_compress(p, room, bytes.p, bytes.n, BODY_LEVEL);
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

int body_unpack(struct str packed, enum body_codec codec, size_t size, struct buf *out, struct err *e)
{
    size_t got = packed.n;
    int code;

    if (size > LIMIT_RESOURCE_BYTES || (codec == BODY_RAW && packed.n != size))
        return err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
    if ((code = buf_reserve(out, size)))
        return err_set(e, code, 0, (int64_t)out->max, "resource");
    if (codec == BODY_RAW)
        return buf_add(out, packed.p, packed.n);
    got = ZSTD_decompress(out->p + out->n, size, packed.p, packed.n);
    if (codec != BODY_ZSTD || ZSTD_isError(got) || got != size)
        return err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
    out->n += size;
    out->p[out->n] = '\0';
    return ERR_OK;
}
