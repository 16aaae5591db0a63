/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/page.h"

#include <limits.h>
#include <string.h>

#include "base/mem.h"

struct cell {
    wchar_t w[1 + GLYPH_MARKS];
    unsigned n; /* 0: blank */
    bool half;  /* the second column of a wide one */
};

struct page {
    unsigned rows, cols;
    struct cell cells[];
};

static size_t size_of(unsigned rows, unsigned cols)
{
    return sizeof(struct page) + (size_t)rows * cols * sizeof(struct cell);
}

struct page *page_new(unsigned rows, unsigned cols)
{
    struct page *p = mem_alloc(size_of(rows, cols));

    if (p) {
        p->rows = rows;
        p->cols = cols;
        page_clear(p);
    }
    return p;
}

void page_free(struct page *p)
{
    if (p)
        mem_wipe(p, size_of(p->rows, p->cols));
}

void page_clear(struct page *p)
{
    memset(p->cells, 0, (size_t)p->rows * p->cols * sizeof *p->cells);
}

void page_put(struct page *p, unsigned row, unsigned col, const struct glyph *g)
{
    bool whole = g->way == GLYPH_ITSELF;

    for (unsigned i = 0; i < g->cols && row < p->rows && col + i < p->cols; i++) {
        struct cell *c = &p->cells[(size_t)row * p->cols + col + i];

        memset(c, 0, sizeof *c);
        c->half = whole && i;
        if (whole && !i)
            c->n = g->n;
        else if (!whole)
            c->n = 1;
        memcpy(c->w, whole ? g->w : g->w + i, c->n * sizeof *c->w);
    }
}

void page_row(const struct page *p, unsigned row, struct buf *out)
{
    unsigned end = p->cols;
    const struct cell *c = row < p->rows ? &p->cells[(size_t)row * p->cols] : NULL;

    while (c && end && !c[end - 1].half && (!c[end - 1].n || (c[end - 1].n == 1 && c[end - 1].w[0] == L' ')))
        end--;
    for (unsigned i = 0; c && i < end; i++) {
        mbstate_t state = {0};
        char bytes[MB_LEN_MAX];

        if (!c[i].n && !c[i].half)
            buf_addc(out, ' ');
        for (unsigned k = 0; k < c[i].n; k++) {
            size_t n = wcrtomb(bytes, c[i].w[k], &state);

            if (n != (size_t)-1)
                buf_add(out, bytes, n);
        }
    }
}
