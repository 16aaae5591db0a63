/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <limits.h>
#include <zlib.h>

#include "base/mem.h"
#include "net/priv.h"

int net_gzip(struct str in, char **out, size_t *out_n)
{
    z_stream z = {0};
    char *p;
    int code;

    *out = NULL;
    *out_n = 0;
    if (in.n < 2 || in.n > INT_MAX)
        return ERR_OK;
    if (!(p = mem_alloc(in.n)))
        return ERR_NOMEM;
    if (deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        mem_free(p);
        return ERR_NOMEM;
    }
    z.next_in = (Bytef *)in.p;
    z.avail_in = (uInt)in.n;
    z.next_out = (Bytef *)p;
    z.avail_out = (uInt)in.n - 1; /* room only for what is worth it */
    code = deflate(&z, Z_FINISH);
    *out_n = z.total_out;
    deflateEnd(&z);
    if (code == Z_STREAM_END)
        *out = p;
    else
        mem_wipe(p, in.n);
    return ERR_OK;
}
