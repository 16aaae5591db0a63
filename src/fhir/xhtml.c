/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * XHTML (R4 narrative) and HTML of notes as plain text. Tags go, nothing they name is ever fetched; what a tag
 * says about the words stays in words: lines, list items, cells, powers, struck-out text.
 */
#include "config.h"

#include "fhir/plain.h"

#include <string.h>

enum tag_does { TAG_LINE, TAG_ITEM, TAG_CELL, TAG_BREAK, TAG_SKIP, TAG_STRUCK, TAG_POWER, TAG_PICTURE, TAG_PRE };

static const struct tag {
    const char *name;
    enum tag_does does;
} tags[] = {
    {"p", TAG_LINE},      {"div", TAG_LINE},     {"h1", TAG_LINE},         {"h2", TAG_LINE},
    {"h3", TAG_LINE},     {"h4", TAG_LINE},      {"h5", TAG_LINE},         {"h6", TAG_LINE},
    {"ul", TAG_LINE},     {"ol", TAG_LINE},      {"table", TAG_LINE},      {"thead", TAG_LINE},
    {"tbody", TAG_LINE},  {"tfoot", TAG_LINE},   {"tr", TAG_LINE},         {"dl", TAG_LINE},
    {"dt", TAG_LINE},     {"dd", TAG_LINE},      {"caption", TAG_LINE},    {"blockquote", TAG_LINE},
    {"address", TAG_LINE}, {"section", TAG_LINE}, {"article", TAG_LINE},   {"header", TAG_LINE},
    {"footer", TAG_LINE}, {"hr", TAG_LINE},      {"title", TAG_LINE},      {"li", TAG_ITEM},
    {"td", TAG_CELL},     {"th", TAG_CELL},      {"br", TAG_BREAK},        {"script", TAG_SKIP},
    {"style", TAG_SKIP},  {"del", TAG_STRUCK},   {"s", TAG_STRUCK},        {"strike", TAG_STRUCK},
    {"sup", TAG_POWER},   {"img", TAG_PICTURE},  {"pre", TAG_PRE},
};

struct reducer {
    const struct fhir_marks *marks;
    struct buf *out;
    size_t start;     /* of our own text in out */
    unsigned lines;   /* line ends that wait for a word behind them */
    bool blank, pre;
};

static bool line_start(const struct reducer *r)
{
    return r->out->n == r->start || r->out->p[r->out->n - 1] == '\n';
}

static bool after_digit(const struct reducer *r)
{
    char last = r->out->n > r->start ? r->out->p[r->out->n - 1] : 0;

    return !r->lines && last >= '0' && last <= '9';
}

static void put(struct reducer *r, const char *p, size_t n)
{
    if (r->lines && r->out->n > r->start)
        buf_add(r->out, "\n\n", r->lines > 2 ? 2 : r->lines);
    else if (r->blank && !line_start(r))
        buf_addc(r->out, ' ');
    r->lines = 0;
    r->blank = false;
    buf_add(r->out, p, n);
}

static void put_words(struct reducer *r, const char *words)
{
    put(r, words, strlen(words));
}

/* --- entities ----------------------------------------------------------------------------------- */

static const struct {
    const char *name, *utf8;
} entities[] = {
    {"amp", "&"},           {"lt", "<"},             {"gt", ">"},            {"quot", "\""},
    {"apos", "'"},          {"nbsp", " "},           {"micro", "\xc2\xb5"},  {"mu", "\xce\xbc"},
    {"deg", "\xc2\xb0"},    {"plusmn", "\xc2\xb1"},  {"le", "\xe2\x89\xa4"}, {"ge", "\xe2\x89\xa5"},
    {"times", "\xc3\x97"},  {"frac12", "1/2"},       {"frac14", "1/4"},      {"frac34", "3/4"},
    {"sup2", "^2"},         {"sup3", "^3"},          {"ndash", "-"},         {"mdash", "-"},
    {"minus", "-"},         {"hellip", "..."},       {"bull", "-"},          {"rarr", "->"},
    {"lsquo", "'"},         {"rsquo", "'"},          {"ldquo", "\""},        {"rdquo", "\""},
    {"eacute", "\xc3\xa9"}, {"egrave", "\xc3\xa8"},  {"auml", "\xc3\xa4"},   {"ouml", "\xc3\xb6"},
    {"uuml", "\xc3\xbc"},   {"szlig", "\xc3\x9f"},   {"ntilde", "\xc3\xb1"}, {"ccedil", "\xc3\xa7"},
};

static void put_code_point(struct reducer *r, uint32_t c)
{
    char u[4];
    size_t n;

    if (!c || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        c = 0xfffd;
    if (c < 0x80)
        u[0] = (char)c, n = 1;
    else if (c < 0x800)
        u[0] = (char)(0xc0 | c >> 6), u[1] = (char)(0x80 | (c & 63)), n = 2;
    else if (c < 0x10000)
        u[0] = (char)(0xe0 | c >> 12), u[1] = (char)(0x80 | (c >> 6 & 63)),
        u[2] = (char)(0x80 | (c & 63)), n = 3;
    else
        u[0] = (char)(0xf0 | c >> 18), u[1] = (char)(0x80 | (c >> 12 & 63)),
        u[2] = (char)(0x80 | (c >> 6 & 63)), u[3] = (char)(0x80 | (c & 63)), n = 4;
    if (c == ' ' || c == 0xa0)
        r->blank = true;
    else
        put(r, u, n);
}

/* "&...;" at s: its length, or 0 when it is none that is known; then the & stands for itself. */
static size_t entity(struct reducer *r, struct str s)
{
    const char *end = memchr(s.p, ';', s.n < 12 ? s.n : 12);
    struct str name = {s.p + 1, end ? (size_t)(end - s.p) - 1 : 0};
    bool hex = name.n > 2 && (name.p[1] == 'x' || name.p[1] == 'X');
    uint32_t c = 0;

    if (!end || !name.n)
        return 0;
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (str_is(name, entities[i].name)) {
            /* REQ: two and a half is not 21/2 */
            r->blank = r->blank || (entities[i].utf8[0] == '1' && after_digit(r));
            put_words(r, entities[i].utf8);
            return name.n + 2;
        }
    if (name.p[0] != '#' || name.n < 2)
        return 0;
    for (size_t i = hex ? 2 : 1; i < name.n; i++) {
        int v = str_hex(name.p[i]);

        if (v < 0 || (!hex && v > 9))
            return 0;
        c = c > 0x10ffff ? c : c * (hex ? 16 : 10) + (uint32_t)v;
    }
    put_code_point(r, c);
    return name.n + 2;
}

/* --- tags --------------------------------------------------------------------------------------- */

static const struct tag *tag_find(struct str s)
{
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        size_t n = strlen(tags[i].name), k = 0;

        while (k < n && k < s.n && (s.p[k] | 32) == tags[i].name[k])
            k++;
        if (k == n && (k == s.n || strchr(" \t\r\n/>", s.p[k])))
            return &tags[i];
    }
    return NULL;
}

/* Up to and with the '>' that ends a tag; quotes may hide one. 0: it does not end. */
static size_t tag_length(struct str s)
{
    char quote = 0;

    for (size_t i = 1; i < s.n; i++) {
        if (quote)
            quote = s.p[i] == quote ? 0 : quote;
        else if (s.p[i] == '"' || s.p[i] == '\'')
            quote = s.p[i];
        else if (s.p[i] == '>')
            return i + 1;
    }
    return 0;
}

static size_t find_end(struct str s, const char *mark)
{
    size_t n = strlen(mark);

    for (size_t i = 0; i + n <= s.n; i++)
        if (!memcmp(s.p + i, mark, n))
            return i + n;
    return s.n;
}

/* The length of <script>...</script>, whatever stands inside. */
static size_t skip_element(struct str s, const struct tag *t)
{
    for (size_t i = 1; i + 2 < s.n; i++)
        if (s.p[i] == '<' && s.p[i + 1] == '/' && tag_find((struct str){s.p + i + 2, s.n - i - 2}) == t)
            return i;
    return s.n;
}

static size_t tag_at(struct reducer *r, struct str s)
{
    bool close = s.n > 1 && s.p[1] == '/';
    struct str name = {s.p + 1 + close, s.n - 1 - close};
    const struct tag *t = tag_find(name);
    size_t n = tag_length(s);

    if (!n || !t)
        return n;
    switch (t->does) {
    case TAG_LINE:
        r->lines = r->lines ? r->lines : 1;
        break;
    case TAG_BREAK:
        r->lines++;
        break;
    case TAG_ITEM:
        r->lines = r->lines ? r->lines : 1;
        if (!close)
            put_words(r, "- ");
        break;
    case TAG_CELL:
        if (!close && !r->lines && !line_start(r))
            put_words(r, "  ");
        r->blank = false;
        break;
    case TAG_STRUCK: /* REQ: what was struck out never reads as if it stood */
        put_words(r, close ? r->marks->struck_end : r->marks->struck);
        break;
    case TAG_POWER: /* REQ: ten to the ninth is not 109 */
        if (!close)
            put_words(r, "^");
        break;
    case TAG_PICTURE:
        put_words(r, r->marks->picture);
        break;
    case TAG_PRE:
        r->lines = r->lines ? r->lines : 1;
        r->pre = !close;
        break;
    case TAG_SKIP:
        return close ? n : skip_element(s, t);
    }
    return n;
}

/* Anything that begins with '<': its length; 0 when it is no markup, and stands for itself. */
static size_t markup(struct reducer *r, struct str s)
{
    if (str_starts(s, "<!--"))
        return find_end(s, "-->");
    if (str_starts(s, "<![CDATA[")) {
        size_t n = find_end(s, "]]>");

        put(r, s.p + 9, n >= 12 ? n - 12 : 0);
        return n;
    }
    if (s.n > 1 && (s.p[1] == '!' || s.p[1] == '?' || s.p[1] == '/' || ((s.p[1] | 32) >= 'a' && (s.p[1] | 32) <= 'z')))
        return tag_at(r, s);
    return 0;
}

int fhir_xhtml(struct str s, const struct fhir_marks *marks, struct buf *out)
{
    struct reducer r = {.marks = marks, .out = out, .start = out->n};

    while (s.n && !out->failed) {
        size_t k = s.p[0] == '<' ? markup(&r, s) : s.p[0] == '&' ? entity(&r, s) : 0;

        if (!k) {
            k = 1;
            if (s.p[0] == '\n' && r.pre)
                r.lines++;
            else if (strchr(" \t\r\n", s.p[0]) && s.p[0]) {
                if (r.pre)
                    put(&r, " ", 1);
                r.blank = !r.pre;
            } else {
                while (k < s.n && !strchr(" \t\r\n<&", s.p[k]))
                    k++;
                put(&r, s.p, k);
            }
        }
        s.p += k;
        s.n -= k;
    }
    return out->failed;
}
