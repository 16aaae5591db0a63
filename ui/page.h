/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A page of cells in memory: what line mode paints on. Belongs to ui/tty.c.
 */
#ifndef UI_PAGE_H
#define UI_PAGE_H

#include "base/buf.h"
#include "base/glyph.h"

struct page;

struct page *page_new(unsigned rows, unsigned cols); /* NULL: no memory */
void page_free(struct page *p);                      /* wiped; NULL is fine */
void page_clear(struct page *p);
/* Puts a glyph; what would stand beyond the edge is left out. */
void page_put(struct page *p, unsigned row, unsigned col, const struct glyph *g);
/* A row in the bytes of the locale, without blanks at its end. */
void page_row(const struct page *p, unsigned row, struct buf *out);

#endif
