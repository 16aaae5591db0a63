/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/glyph.h"

#include <langinfo.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"

#define PICTURES 0x1f000 /* emoji and the like: new ones come every year, and old terminals do not know them */

/* Can the locale's character set say it? The C locale of some C libraries passes bytes above 0x7f through, but they are
 * no characters there. */
static bool in_charset(uint32_t c)
{
    char bytes[MB_LEN_MAX];
    mbstate_t to = {0}, from = {0};
    wchar_t back = 0;
    size_t n;

    if (c < 0x80)
        return true;
    if (!strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968"))
        return false;
    n = wcrtomb(bytes, (wchar_t)c, &to);
    return n != (size_t)-1 && mbrtowc(&back, bytes, n, &from) == n && back == (wchar_t)c;
}

/* Columns, or -1: not to be shown. */
static int columns(uint32_t c)
{
    return c == TEXT_BAD || !in_charset(c) ? -1 : wcwidth((wchar_t)c);
}

static void spell(struct glyph *g, uint32_t c)
{
    char word[16];

    g->n = (unsigned)snprintf(word, sizeof word, "<U+%04X>", c == TEXT_BAD ? 0xfffdu : (unsigned)c);
    for (unsigned i = 0; i < g->n; i++)
        g->w[i] = (wchar_t)word[i];
    g->cols = g->n;
    g->way = GLYPH_SPELLED;
}

static uint32_t peek(struct str s, size_t *k)
{
    uint32_t c = 0;

    *k = s.n ? text_decode(s, &c) : 0;
    return c;
}

static void take(struct glyph_reader *r, struct glyph *g, size_t k)
{
    r->rest.p += k;
    r->rest.n -= k;
    g->bytes += k;
}

/* Marks behind a character that stands as itself: those that the terminal can put on it. */
static void take_marks(struct glyph_reader *r, struct glyph *g)
{
    size_t k;
    uint32_t c;

    while (r->rest.n && g->n < 1 + GLYPH_MARKS) {
        c = peek(r->rest, &k);
        if (c < 0x300 || columns(c) != 0)
            break;
        g->w[g->n++] = (wchar_t)c;
        take(r, g, k);
    }
}

/* An accent that the character set has no place for: on a letter it goes with it, and that is a transliteration.
 * REQ: of a letter that is spelled out by number nothing is left out: a mark there may be a vowel or its lack. */
static void drop_marks(struct glyph_reader *r, struct glyph *g)
{
    size_t k;
    uint32_t c;

    while (r->rest.n && g->way != GLYPH_SPELLED && translit_letter(g->c)) {
        c = peek(r->rest, &k);
        if (c < 0x300 || columns(c) >= 0 || !translit_mark(c))
            break;
        take(r, g, k);
        g->way = GLYPH_ASCII;
    }
}

static void in_ascii(struct glyph_reader *r, struct glyph *g)
{
    char plain[TRANSLIT_MAX];
    size_t k;

    if (g->c == TEXT_BAD || !translit_ascii(g->c, r->before, peek(r->rest, &k), plain)) {
        spell(g, g->c);
        return;
    }
    for (const char *s = plain; *s; s++)
        g->w[g->n++] = (wchar_t)*s;
    g->cols = g->n;
    g->way = GLYPH_ASCII;
}

/* An ASCII letter with no mark behind it. */
static bool plain(struct str s)
{
    return s.p[0] >= ' ' && s.p[0] < 0x7f && (s.n == 1 || !((unsigned char)s.p[1] & 0x80));
}

void glyph_next(struct glyph_reader *r, struct glyph *g)
{
    size_t k, more;
    uint32_t whole;
    int w;

    g->n = g->cols = 0;
    g->bytes = 0;
    g->way = GLYPH_ITSELF;
    if (plain(r->rest)) { /* nearly everything */
        g->c = r->before = (unsigned char)r->rest.p[0];
        g->w[0] = (wchar_t)g->c;
        g->n = g->cols = 1;
        take(r, g, 1);
        return;
    }
    g->c = peek(r->rest, &k);
    take(r, g, k);
    /* A letter and its accent in two characters are the one that has both, where there is one. */
    while (r->rest.n && ((unsigned char)r->rest.p[0] & 0x80) && (whole = text_compose(g->c, peek(r->rest, &more))) &&
           (columns(whole) > 0 || columns(g->c) < 0)) {
        g->c = whole;
        take(r, g, more);
    }
    w = columns(g->c);
    if (w > 0) {
        g->w[g->n++] = (wchar_t)g->c;
        g->cols = (unsigned)w;
        take_marks(r, g);
    } else if (w == 0) { /* a mark with nothing under it */
        spell(g, g->c);
    } else {
        in_ascii(r, g);
    }
    drop_marks(r, g);
    r->before = g->c;
}

unsigned glyph_kinds(struct str safe)
{
    struct glyph_reader r = {safe, 0};
    struct glyph g;
    unsigned kinds = 0;

    while (r.rest.n) {
        glyph_next(&r, &g);
        if (g.way == GLYPH_ASCII)
            kinds |= GLYPH_TRANSLITERATED;
        if (g.way == GLYPH_SPELLED)
            kinds |= GLYPH_NUMBERED;
        else if (translit_letter(g.c))
            kinds |= GLYPH_WRITTEN;
        if (g.way == GLYPH_ITSELF && g.c >= 0x80) {
            kinds |= translit_rtl(g.c) ? GLYPH_RTL | GLYPH_UNSURE : 0;
            kinds |= g.n > 1 || g.c >= PICTURES ? GLYPH_UNSURE : 0;
        }
        if (g.way == GLYPH_ITSELF && g.n > 1)
            kinds |= GLYPH_UNSURE;
    }
    return kinds;
}

const char *glyph_note(struct str name)
{
    unsigned kinds = glyph_kinds(name);

    if (kinds & GLYPH_NUMBERED)
        /* TRANSLATORS: behind a name of which letters stand as numbers (<U+738B>): this terminal cannot write them */
        return kinds & GLYPH_WRITTEN ? _(" (NOT ALL WRITABLE)") : _(" (NAME NOT WRITABLE HERE)");
    /* TRANSLATORS: behind a name that this terminal's character set cannot show: it stands there in other letters */
    if (kinds & GLYPH_TRANSLITERATED)
        return _(" (translit.)");
    /* TRANSLATORS: behind a name in Arabic or Hebrew: its first letter stands at the left, as in the record */
    return kinds & GLYPH_RTL ? _(" (from right)") : "";
}

void glyph_points(struct buf *out, struct str safe)
{
    struct glyph_reader r = {safe, 0};
    struct glyph g;

    while (r.rest.n) {
        struct str from = r.rest;

        glyph_next(&r, &g);
        if (g.way != GLYPH_ASCII)
            continue;
        buf_adds(out, out->n ? ", " : "");
        for (unsigned i = 0; i < g.n; i++)
            buf_addc(out, (char)g.w[i]);
        buf_adds(out, " =");
        for (from.n = g.bytes; from.n;) {
            uint32_t c;
            size_t k = text_decode(from, &c);

            buf_addf(out, " U+%04X", (unsigned)c);
            from.p += k;
            from.n -= k;
        }
    }
}

int glyph_bytes(struct buf *out, struct str safe)
{
    struct glyph_reader r = {safe, 0};
    struct glyph g;

    while (r.rest.n) {
        mbstate_t state = {0};
        char bytes[MB_LEN_MAX];

        glyph_next(&r, &g);
        for (unsigned i = 0; i < g.n; i++) {
            size_t n = wcrtomb(bytes, g.w[i], &state);

            if (n != (size_t)-1)
                buf_add(out, bytes, n);
        }
    }
    return out->failed;
}
