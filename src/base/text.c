/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/err.h"
#include "base/glyph.h"

size_t text_decode(struct str s, uint32_t *c)
{
    utf8proc_int32_t v;
    utf8proc_ssize_t k = utf8proc_iterate((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &v);

    if (k <= 0) {
        *c = TEXT_BAD;
        return 1;
    }
    *c = (uint32_t)v;
    return (size_t)k;
}

size_t text_encode(uint32_t c, char out[4])
{
    utf8proc_ssize_t n = c > 0x10ffff || (c >= 0xd800 && c < 0xe000)
                             ? 0
                             : utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)out);

    return n > 0 ? (size_t)n : 0;
}

bool text_is_utf8(struct str s)
{
    while (s.n) {
        uint32_t c;
        size_t k;

        /* Plain ASCII is nearly everything: step over it without a call. */
        if (!((unsigned char)s.p[0] & 0x80)) {
            s.p++, s.n--;
            continue;
        }
        k = text_decode(s, &c);
        if (c == TEXT_BAD)
            return false;
        s.p += k;
        s.n -= k;
    }
    return true;
}

bool text_is_control(uint32_t c)
{
    if (c == TEXT_BAD)
        return false;
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x206f) ||
           (c >= 0xfff9 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe ||
           (c >= 0xfdd0 && c <= 0xfdef) || (c >= 0xe0000 && c <= 0xe0fff);
}

static bool invisible(uint32_t c)
{
    return c == 0x00ad || c == 0x034f || c == 0x180e || c == 0x200b || c == 0x2060 ||
           (c >= 0x2061 && c <= 0x2064) || c == 0xfeff || c == 0x115f || c == 0x1160 ||
           c == 0x3164 || c == 0xffa0 || (c >= 0xfe00 && c <= 0xfe0f);
}

static bool joiner(uint32_t c)
{
    return c == 0x200c || c == 0x200d;
}

static bool letter(uint32_t c)
{
    utf8proc_category_t k = c == TEXT_BAD ? UTF8PROC_CATEGORY_CN
                                          : utf8proc_category((utf8proc_int32_t)c);

    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
           k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_MC;
}

static bool mark(uint32_t c)
{
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);

    return k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_ME;
}

static void show_control(struct buf *out, uint32_t c)
{
    static const char *const c0[32] = {"NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL",
                                       "BS",  "TAB", "LF",  "VT",  "FF",  "CR",  "SO",  "SI",
                                       "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB",
                                       "CAN", "EM",  "SUB", "ESC", "FS",  "GS",  "RS",  "US"};
    if (c < 0x20)
        buf_addf(out, "<%s>", c0[c]);
    else if (c == 0x7f)
        buf_adds(out, "<DEL>");
    else
        buf_addf(out, "<U+%04X>", (unsigned)c);
}

/* Does the terminal have no business with this character although it is no control? */
static bool unshowable(uint32_t c)
{
    utf8proc_category_t k = utf8proc_category((utf8proc_int32_t)c);

    return k == UTF8PROC_CATEGORY_CN || k == UTF8PROC_CATEGORY_CO || k == UTF8PROC_CATEGORY_CS ||
           (k == UTF8PROC_CATEGORY_CF && !joiner(c));
}

int text_safe_buf(struct buf *out, struct str s, bool lines)
{
    uint32_t before = 0; /* the last character that was written */
    unsigned marks = 0;

    while (s.n) {
        uint32_t c, after = 0;
        size_t k = text_decode(s, &c);
        struct str here = {s.p, k};

        s.p += k;
        s.n -= k;
        if (c == '\r' && s.n && s.p[0] == '\n')
            continue;
        if (c == '\n' && lines) {
            buf_addc(out, '\n');
            before = ' ';
            continue;
        }
        if (c == '\n' || c == '\t')
            c = ' ', here = STR(" ");
        if (c == TEXT_BAD) {
            buf_adds(out, "\xef\xbf\xbd");
        } else if (invisible(c)) {
            continue;
        } else if (joiner(c)) {
            if (s.n)
                text_decode(s, &after);
            if (!letter(before) || !letter(after) || (marks >= 2 && mark(after)))
                continue;
            buf_addstr(out, here);
        } else if (text_is_control(c) || unshowable(c)) {
            show_control(out, c);
            c = '>';
        } else if (mark(c)) {
            if (!before) /* a mark alone would sit on what another field wrote */
                buf_addc(out, ' ');
            if (++marks > 2)
                continue;
            buf_addstr(out, here);
        } else {
            buf_addstr(out, here);
        }
        if (!mark(c == TEXT_BAD ? 'x' : c) && !joiner(c)) /* a joiner is no letter to pile more marks on */
            marks = 0;
        before = c;
    }
    return out->failed;
}

struct text text_safe(struct arena *a, struct str s, size_t max_bytes)
{
    size_t over = max_bytes && s.n > max_bytes ? s.n - max_bytes : 0;
    struct text t = {"", 0, 0};
    struct buf b;
    char *copy;

    s.n -= over;
    while (over && s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
        s.n--, over++;
    buf_init(&b, s.n * 10 + 64);
    text_safe_buf(&b, s, false);
    if (over)
        buf_addf(&b, " [+%zu bytes]", over);
    copy = b.failed ? NULL : arena_dup(a, b.p ? b.p : "", b.n);
    if (!copy)
        a->failed = true; /* the empty text is not what the server sent */
    if (copy)
        t = (struct text){copy, b.n, text_cols(buf_str(&b))};
    buf_fini(&b);
    return t;
}

struct text text_own(const char *z)
{
    struct str s = str_of(z);

    return (struct text){s.p, s.n, text_cols(s)};
}

unsigned text_cols(struct str safe)
{
    struct glyph_reader r = {safe, 0};
    struct glyph g;
    unsigned cols = 0;

    while (r.rest.n) {
        glyph_next(&r, &g);
        cols += g.cols;
    }
    return cols;
}

size_t text_fit(struct str safe, unsigned cols)
{
    struct glyph_reader r = {safe, 0};
    struct glyph g;
    unsigned used = 0;
    size_t fit = 0;

    while (r.rest.n) {
        glyph_next(&r, &g);
        used += g.cols;
        if (used > cols)
            break;
        fit += g.bytes;
    }
    return fit;
}

struct str text_wrap(struct str *rest, unsigned cols)
{
    size_t fit = text_fit(*rest, cols), cut = fit;
    struct str line;

    if (fit == 0 && rest->n) { /* a character wider than the line: take it all the same */
        struct glyph_reader r = {*rest, 0};
        struct glyph g;

        glyph_next(&r, &g);
        fit = cut = g.bytes;
    }
    if (fit < rest->n && rest->p[fit] != ' ') {
        while (cut && rest->p[cut - 1] != ' ')
            cut--;
        if (!cut)
            cut = fit;
    }
    line = (struct str){rest->p, cut};
    while (line.n && line.p[line.n - 1] == ' ')
        line.n--;
    rest->p += cut;
    rest->n -= cut;
    while (rest->n && rest->p[0] == ' ')
        rest->p++, rest->n--;
    return line;
}

static void fold_byte(struct buf *out, char c, bool *gap)
{
    if (c == ' ') {
        *gap = true;
        return;
    }
    if (*gap && out->n && out->p[out->n - 1] != ' ')
        buf_addc(out, ' ');
    *gap = false;
    buf_addc(out, c);
}

/* Printable ASCII in lines, as most of what is folded: a tenth of the time. False: it is more, nothing was done. */
static bool fold_plain(struct buf *out, struct str s)
{
    bool gap = true;

    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] < 0x20 || s.p[i] > 0x7e) && s.p[i] != '\n')
            return false;
    for (size_t i = 0; i < s.n; i++)
        fold_byte(out, s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 32) : s.p[i] == '\n' ? ' ' : s.p[i], &gap);
    return true;
}

static int fold_all(struct buf *out, struct str s)
{
    utf8proc_uint8_t *map = NULL;
    utf8proc_ssize_t n =
        utf8proc_map((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.n, &map,
                     UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_STRIPMARK |
                         UTF8PROC_IGNORE | UTF8PROC_LUMP | UTF8PROC_STRIPCC);
    bool gap = true;

    for (utf8proc_ssize_t i = 0; i < n; i++)
        fold_byte(out, (char)map[i], &gap);
    free(map);
    return n < 0 ? (n == UTF8PROC_ERROR_NOMEM ? ERR_NOMEM : ERR_INPUT) : out->failed;
}

int text_fold(struct buf *out, struct str s)
{
    if (fold_plain(out, s))
        return out->failed;
    return fold_all(out, s);
}

uint32_t text_compose(uint32_t c, uint32_t m)
{
    utf8proc_int32_t two[2] = {(utf8proc_int32_t)c, (utf8proc_int32_t)m};

    if (c == TEXT_BAD || m == TEXT_BAD || m < 0x300)
        return 0;
    return utf8proc_normalize_utf32(two, 2, UTF8PROC_STABLE | UTF8PROC_COMPOSE) == 1 ? (uint32_t)two[0] : 0;
}

static int cased(struct buf *out, struct str s, utf8proc_int32_t (*to)(utf8proc_int32_t))
{
    while (s.n) {
        char up[4];
        uint32_t c;
        size_t k = text_decode(s, &c);
        size_t n = c == TEXT_BAD ? 0 : text_encode((uint32_t)to((utf8proc_int32_t)c), up);

        buf_add(out, n ? up : s.p, n ? n : k);
        s.p += k;
        s.n -= k;
    }
    return out->failed;
}

int text_upper(struct buf *out, struct str s)
{
    return cased(out, s, utf8proc_toupper);
}

int text_lower(struct buf *out, struct str s)
{
    return cased(out, s, utf8proc_tolower);
}
