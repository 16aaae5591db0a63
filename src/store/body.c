/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/priv.h"

#include <string.h>
#define ZSTD_STATIC_LINKING_ONLY 1 /* for the two that configure looks for */
#include <zstd.h>

#include "base/limits.h"
#include "base/mem.h"

/* Each row alone, so that no text of one patient shares a context with another's (CRIME), with a dictionary that
 * was trained on made-up patients (data/rows/train.py) and never changes: the frame's head names it. At level 1: level
 * 3 makes rows 3 % smaller, takes 0.7 microseconds a row more and 360 KiB of memory. What does not shrink is stored as
 * it is. */
#define BODY_LEVEL 1
#define HEAD_BYTES 64 /* a line end among the first means that the whole is laid out in lines */

#ifdef HAVE_ZSTD_CREATECDICT_BYREFERENCE
#define MAKE_CDICT ZSTD_createCDict_byReference
#else
#define MAKE_CDICT ZSTD_createCDict
#endif
#ifdef HAVE_ZSTD_CREATEDDICT_BYREFERENCE
#define MAKE_DDICT ZSTD_createDDict_byReference
#else
#define MAKE_DDICT ZSTD_createDDict
#endif

struct body_ctx {
    ZSTD_CCtx *pack;
    ZSTD_DCtx *unpack;
    ZSTD_CDict *packs[BODY_DICTS]; /* made at first use */
    ZSTD_DDict *unpacks[BODY_DICTS];
};

void body_free(struct body_ctx *b)
{
    if (b) {
        ZSTD_freeCCtx(b->pack);
        ZSTD_freeDCtx(b->unpack);
        for (unsigned i = 0; i < BODY_DICTS; i++) {
            ZSTD_freeCDict(b->packs[i]);
            ZSTD_freeDDict(b->unpacks[i]);
        }
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

/* The place of a dictionary in dict_table, or BODY_DICTS. */
static unsigned dict_of(unsigned id)
{
    unsigned n, i = 0;
    const struct body_dict *all = dict_table(&n);

    while (i < n && i < BODY_DICTS && all[i].id != id)
        i++;
    return i < n ? i : BODY_DICTS;
}

static ZSTD_CDict *packer(struct body_ctx *b, struct str bytes)
{
    bool lines = memchr(bytes.p, '\n', bytes.n < HEAD_BYTES ? bytes.n : HEAD_BYTES) != NULL;
    unsigned n, i = dict_of(lines ? BODY_DICT_LINES : BODY_DICT_FLAT);
    const struct body_dict *all = dict_table(&n);

    if (!b->packs[i])
        b->packs[i] = MAKE_CDICT(all[i].bytes, all[i].n, BODY_LEVEL);
    return b->packs[i];
}

static size_t pack_row(struct body_ctx *b, char *out, size_t room, struct str bytes)
{
    ZSTD_CDict *dict = packer(b, bytes);

    return dict ? ZSTD_compress_usingCDict(b->pack, out, room, bytes.p, bytes.n, dict) : room + 1;
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
    got = pack_row(*b, p, room, bytes);
    if (!ZSTD_isError(got) && got < bytes.n)
        *codec = BODY_DICT;
#endif
    if (*codec == BODY_RAW) {
        memcpy(p, bytes.p, bytes.n);
        got = bytes.n;
    }
    *out = p;
    *n = got;
    return ERR_OK;
}

int body_packed(struct body_ctx **b, struct str bytes, struct body_packed *out, struct err *e)
{
    *out = (struct body_packed){.size = bytes.n, .codec = BODY_RAW};
    return bytes.n ? body_pack(b, bytes, &out->p, &out->n, &out->codec, e) : ERR_OK;
}

void body_bind(sqlite3_stmt *st, int at, const struct body_packed *p)
{
    sqlite3_bind_int64(st, at, (int64_t)p->size);
    sqlite3_bind_int(st, at + 1, p->codec);
    sqlite3_bind_blob64(st, at + 2, p->p ? p->p : "", p->n, SQLITE_STATIC);
}

/* A row packed with a dictionary. One that is not here was made by a later wardline. */
static int unpack_row(struct body_ctx *b, struct str packed, size_t size, char *out, struct err *e)
{
    unsigned n, id = ZSTD_getDictID_fromFrame(packed.p, packed.n), i = dict_of(id);
    const struct body_dict *all = dict_table(&n);
    size_t got;

    if (i == BODY_DICTS)
        return id ? err_set(e, ERR_VERSION, 0, id, STORE_FILE) : err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
    if (!b->unpacks[i] && !(b->unpacks[i] = MAKE_DDICT(all[i].bytes, all[i].n)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    got = ZSTD_decompress_usingDDict(b->unpack, out, size, packed.p, packed.n, b->unpacks[i]);
    return !ZSTD_isError(got) && got == size ? ERR_OK : err_set(e, ERR_DAMAGED, 0, 0, STORE_FILE);
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
    if (codec == BODY_DICT)
        return unpack_row(*b, packed, size, out, e);
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
