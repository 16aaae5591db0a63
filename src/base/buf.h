/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A growing run of bytes with a hard maximum, given at init. A failed append sticks: b.failed holds the
 * code (ERR_TOOBIG or ERR_NOMEM) and later appends do nothing, so a writer may check once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/str.h"

struct buf {
    char *p;      /* NUL-ended whenever not NULL; the NUL is not counted in n */
    size_t n;     /* bytes */
    size_t cap;
    size_t used;  /* bytes of p that may ever have been written: what is wiped */
    size_t max;   /* n never passes it */
    int failed;   /* ERR_OK, ERR_TOOBIG or ERR_NOMEM */
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);                  /* wipes and frees; b may be used again after buf_init */
void buf_clear(struct buf *b);                 /* n = 0, failure forgotten, memory kept */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_adds(struct buf *b, const char *s);
int buf_addstr(struct buf *b, struct str s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int buf_reserve(struct buf *b, size_t extra);  /* room for extra more bytes */
void buf_drop(struct buf *b, size_t n);        /* removes the first n bytes */
char *buf_take(struct buf *b, size_t *n);      /* hands the bytes over (mem_free); b is empty after */
struct str buf_str(const struct buf *b);       /* borrowed until the next change */

#endif
