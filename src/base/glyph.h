/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How safe text (base/text.h) stands on a terminal. One glyph is what takes cells together, a character and the marks
 * on it, in the character set of the program's locale (LC_CTYPE). What that set lacks is ASCII (base/translit.h); what
 * has no ASCII is spelled out as <U+738B>; never a '?'. Every width in the program is counted by these glyphs: what is
 * measured is what is painted. Reads the locale and nothing else; any thread.
 */
#ifndef BASE_GLYPH_H
#define BASE_GLYPH_H

#include <stdbool.h>
#include <stdint.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/text.h"
#include "base/translit.h"

#define GLYPH_MARKS 4 /* on one character; ncurses holds no more */

enum glyph_way { GLYPH_ITSELF, GLYPH_ASCII, GLYPH_SPELLED };

struct glyph {
    wchar_t w[TRANSLIT_MAX]; /* GLYPH_ITSELF: a character and its marks; else each a character of its own */
    unsigned n;              /* of w; 0 for what is left out (the soft sign) */
    unsigned cols;
    size_t bytes; /* of the text that it stands for */
    enum glyph_way way;
    uint32_t c; /* the character, TEXT_BAD for no UTF-8 */
};

struct glyph_reader {
    struct str rest;
    uint32_t before; /* 0 at the start */
};

/* The next glyph of r->rest (which is not empty); moves behind it. */
void glyph_next(struct glyph_reader *r, struct glyph *g);

/* What a reader must be told of a text, as it stands on this terminal: a set. */
enum {
    GLYPH_TRANSLITERATED = 1, /* some of it is in ASCII */
    GLYPH_RTL = 2,            /* some of it is written from right to left, and shown itself */
    GLYPH_UNSURE = 4,         /* terminals do not agree how wide it is: nothing may stand to the right of it */
    GLYPH_NUMBERED = 8,       /* some of it is spelled out by number: nobody reads that as a name */
    GLYPH_WRITTEN = 16,       /* some letter of it stands there, itself or in ASCII */
};
unsigned glyph_kinds(struct str safe);
/* Words that stand once behind a name: " (translit.)", " (from right)", " (NOT ALL WRITABLE)", " (NAME NOT WRITABLE
 * HERE)" or "". */
const char *glyph_note(struct str name);

/* Which characters stand there in ASCII: "e = U+00EB, Shch = U+0429". */
void glyph_points(struct buf *out, struct str safe);

/* Safe text in the bytes of the locale, as glyphs say. */
int glyph_bytes(struct buf *out, struct str safe);

#endif
