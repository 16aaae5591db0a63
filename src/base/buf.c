/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_fini(struct buf *b)
{
    mem_wipe(b->p, b->used);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = ERR_OK;
    if (b->p)
        b->p[0] = '\0';
}

int buf_reserve(struct buf *b, size_t extra)
{
    size_t cap;
    char *p;

    if (b->failed)
        return b->failed;
    if (extra > b->max || b->n > b->max - extra)
        return b->failed = ERR_TOOBIG;
    if (b->n + extra + 1 <= b->cap) {
        b->used = b->n + extra + 1 > b->used ? b->n + extra + 1 : b->used;
        return ERR_OK;
    }
    cap = b->cap ? b->cap : 128;
    while (cap < b->n + extra + 1)
        cap *= 2;
    if (cap > b->max && b->max < SIZE_MAX)
        cap = b->max + 1;
    /* Not realloc: it would leave patient data behind in the old block. */
    p = mem_alloc(cap);
    if (!p)
        return b->failed = ERR_NOMEM;
    if (b->n)
        memcpy(p, b->p, b->n);
    p[b->n] = '\0';
    mem_wipe(b->p, b->used);
    b->p = p;
    b->cap = cap;
    b->used = b->n + extra + 1;
    return ERR_OK;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
    int r = buf_reserve(b, n);

    if (r)
        return r;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    b->p[b->n] = '\0';
    return ERR_OK;
}

int buf_adds(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_addstr(struct buf *b, struct str s)
{
    return buf_add(b, s.p, s.n);
}

int buf_addc(struct buf *b, char c)
{
    return buf_add(b, &c, 1);
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    int n, r;

    va_start(ap, fmt);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return b->failed = ERR_BUG;
    r = buf_reserve(b, (size_t)n);
    if (r)
        return r;
    va_start(ap, fmt);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    return ERR_OK;
}

void buf_drop(struct buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    if (!n)
        return;
    memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
    b->p[b->n] = '\0';
}

char *buf_take(struct buf *b, size_t *n)
{
    char *p = b->p;

    if (n)
        *n = b->n;
    buf_init(b, b->max);
    return p;
}

struct str buf_str(const struct buf *b)
{
    return (struct str){b->p ? b->p : "", b->n};
}
