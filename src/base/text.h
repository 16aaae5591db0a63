/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one way for bytes from outside to reach a screen, a printout or a message. ncurses does not do it:
 * it obeys CR, BS, LF and TAB in data and lets bidi overrides and tag characters through.
 *
 * A struct text holds valid UTF-8 in which every character is printable. Only text_safe and text_own make
 * one; screens paint nothing else. What a server's text loses stays visible: a control character shows
 * as <CR>, <ESC> or <U+202E>; TAB, LF and CR LF become one space; zero-width runs go; at most two
 * combining marks stay on a letter. Widths are columns of the terminal in its locale's character set, never bytes.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct text {
    const char *s; /* NUL-ended; owned by the arena it was made in, or a literal */
    size_t n;      /* bytes */
    unsigned cols; /* columns on a terminal */
};

/* Server text made safe, in arena a. At most max_bytes of s are read (0 = all); when s is longer a visible
 * mark " [+N bytes]" stands behind. {"", 0, 0} when the arena is full. */
struct text text_safe(struct arena *a, struct str s, size_t max_bytes);

/* Words of wardline itself (a literal, a gettext result): kept as they are, not copied. */
struct text text_own(const char *z);

/* The same rules into a buf; lines: LF is kept as a line end (for notes and printouts). */
int text_safe_buf(struct buf *out, struct str s, bool lines);

/* Columns of safe UTF-8 on a terminal of the program's locale, as glyphs (base/glyph.h) say. */
unsigned text_cols(struct str safe);

/* The longest head of safe that fits in cols columns: its bytes. Never cuts inside a character. */
size_t text_fit(struct str safe, unsigned cols);

/* Word wrap: returns the next line (at most cols columns; a longer word is split) and moves *rest behind
 * it and its blanks. cols >= 2. The last line leaves rest->n == 0. */
struct str text_wrap(struct str *rest, unsigned cols);

/* For search and sorting: NFKD, marks stripped, case folded, blanks squeezed. Any script. */
int text_fold(struct buf *out, struct str s);

/* One code point of s (s.n > 0): its length in bytes (1 for a bad byte, with *c = TEXT_BAD). */
#define TEXT_BAD 0xffffffffu
size_t text_decode(struct str s, uint32_t *c);
/* The other way: bytes written; 0 for what is no code point. */
size_t text_encode(uint32_t c, char out[4]);
bool text_is_utf8(struct str s);

/* The one character that is both, or 0. */
uint32_t text_compose(uint32_t c, uint32_t mark);

/* Upper case, letter by letter, in any script that has it: for family names. Nothing else changes. */
int text_upper(struct buf *out, struct str s);
int text_lower(struct buf *out, struct str s);

/* C0, DEL, C1, line separators, bidi controls, tags, annotation and noncharacters. */
bool text_is_control(uint32_t c);

#endif
