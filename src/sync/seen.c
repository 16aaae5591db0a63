/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/priv.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define SEEN_MAX ((size_t)1 << 22) /* 32 MiB; beyond it every hash counts as new */

void sync_seen_fini(struct seen *s)
{
    mem_free(s->slot);
    *s = (struct seen){0};
}

void sync_seen_clear(struct seen *s)
{
    if (s->cap > 4096)
        sync_seen_fini(s);
    else if (s->slot)
        memset(s->slot, 0, s->cap * sizeof *s->slot);
    s->n = 0;
}

static bool put(uint64_t *slot, size_t cap, uint64_t h)
{
    size_t i = (size_t)h & (cap - 1);

    while (slot[i] && slot[i] != h)
        i = (i + 1) & (cap - 1);
    if (slot[i])
        return false;
    slot[i] = h;
    return true;
}

static int grow(struct seen *s)
{
    size_t cap = s->cap ? s->cap * 2 : 256;
    uint64_t *slot = mem_alloc(cap * sizeof *slot);

    if (!slot)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->cap; i++)
        if (s->slot[i])
            put(slot, cap, s->slot[i]);
    mem_free(s->slot);
    s->slot = slot;
    s->cap = cap;
    return ERR_OK;
}

int sync_seen_add(struct seen *s, uint64_t h, bool *added)
{
    *added = true;
    if (s->n * 2 >= s->cap) {
        if (s->cap >= SEEN_MAX)
            return ERR_OK;
        if (grow(s))
            return ERR_NOMEM;
    }
    *added = put(s->slot, s->cap, h ? h : 1);
    s->n += *added;
    return ERR_OK;
}

bool sync_seen_has(const struct seen *s, uint64_t h)
{
    size_t i;

    if (!s->cap)
        return false;
    h = h ? h : 1;
    for (i = (size_t)h & (s->cap - 1); s->slot[i] && s->slot[i] != h; i = (i + 1) & (s->cap - 1))
        ;
    return s->slot[i] == h;
}

/* FNV-1a, 64 bits (public domain, Fowler, Noll, Vo). Not against an enemy: a clash ends a page chain early
 * with an error at worst. */
uint64_t sync_hash(struct str s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return h;
}
