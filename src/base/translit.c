/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/translit.h"

#include <stddef.h>
#include <string.h>
#include <utf8proc.h>

#include "base/text.h"

/* Sorted. Letters of two cases stand here as small ones, but where the table has both. */
static const struct {
    uint16_t c;
    char s[12];
} table[] = {
    {0x00a1, "!"}, {0x00a3, "GBP"}, {0x00a5, "JPY"}, {0x00a6, "|"}, {0x00a9, "(C)"}, {0x00aa, "(a)"},
    {0x00ab, "\""}, {0x00ac, "not "}, {0x00ae, "(R)"}, {0x00b0, "deg"}, {0x00b1, "+/-"}, {0x00b4, "'"},
    {0x00b5, "micro"}, {0x00ba, "(o)"}, {0x00bb, "\""},
    {0x00c6, "AE"}, {0x00d0, "D"}, {0x00d7, "x"}, {0x00d8, "O"}, {0x00de, "TH"}, {0x00df, "ss"}, {0x00e6, "ae"},
    {0x00f0, "d"}, {0x00f7, "/"}, {0x00f8, "o"}, {0x00fe, "th"}, {0x0110, "D"}, {0x0111, "d"}, {0x0126, "H"},
    {0x0127, "h"}, {0x0131, "i"}, {0x0138, "q"}, {0x0141, "L"}, {0x0142, "l"}, {0x014a, "N"}, {0x014b, "n"},
    {0x0152, "OE"}, {0x0153, "oe"}, {0x0166, "T"}, {0x0167, "t"}, {0x017f, "s"}, {0x0180, "b"}, {0x0181, "B"},
    {0x0186, "O"}, {0x018a, "D"}, {0x018f, "E"}, {0x0190, "E"}, {0x0191, "F"}, {0x0192, "f"}, {0x0198, "K"},
    {0x0199, "k"}, {0x01b3, "Y"}, {0x01b4, "y"}, {0x01b5, "Z"}, {0x01b6, "z"}, {0x0253, "b"}, {0x0254, "o"},
    {0x0257, "d"}, {0x0259, "e"}, {0x025b, "e"}, {0x02b9, "'"}, {0x02ba, "\""}, {0x02bb, "'"}, {0x02bc, "'"},
    {0x02be, "'"}, {0x02bf, "'"}, {0x03b1, "a"}, {0x03b2, "v"}, {0x03b3, "g"}, {0x03b4, "d"}, {0x03b5, "e"},
    {0x03b6, "z"}, {0x03b7, "i"}, {0x03b8, "th"}, {0x03b9, "i"}, {0x03ba, "k"}, {0x03bb, "l"}, {0x03bc, "m"},
    {0x03bd, "n"}, {0x03be, "x"}, {0x03bf, "o"}, {0x03c0, "p"}, {0x03c1, "r"}, {0x03c2, "s"}, {0x03c3, "s"},
    {0x03c4, "t"}, {0x03c5, "y"}, {0x03c6, "f"}, {0x03c7, "ch"}, {0x03c8, "ps"}, {0x03c9, "o"}, {0x0430, "a"},
    {0x0431, "b"}, {0x0432, "v"}, {0x0433, "g"}, {0x0434, "d"}, {0x0435, "e"}, {0x0436, "zh"}, {0x0437, "z"},
    {0x0438, "i"}, {0x0439, "i"}, {0x043a, "k"}, {0x043b, "l"}, {0x043c, "m"}, {0x043d, "n"}, {0x043e, "o"},
    {0x043f, "p"}, {0x0440, "r"}, {0x0441, "s"}, {0x0442, "t"}, {0x0443, "u"}, {0x0444, "f"}, {0x0445, "kh"},
    {0x0446, "ts"}, {0x0447, "ch"}, {0x0448, "sh"}, {0x0449, "shch"}, {0x044a, "ie"}, {0x044b, "y"}, {0x044c, ""},
    {0x044d, "e"}, {0x044e, "iu"}, {0x044f, "ia"}, {0x0451, "e"}, {0x0452, "d"}, {0x0453, "g"}, {0x0454, "ie"},
    {0x0455, "dz"}, {0x0456, "i"}, {0x0457, "i"}, {0x0458, "j"}, {0x0459, "lj"}, {0x045a, "nj"}, {0x045b, "c"},
    {0x045c, "k"}, {0x045e, "u"}, {0x045f, "dz"}, {0x0491, "g"}, {0x1e9e, "SS"}, {0x2010, "-"}, {0x2011, "-"},
    {0x2012, "-"}, {0x2013, "-"}, {0x2014, "-"}, {0x2015, "-"}, {0x2018, "'"}, {0x2019, "'"}, {0x201a, "'"},
    {0x201b, "'"}, {0x201c, "\""}, {0x201d, "\""}, {0x201e, "\""}, {0x201f, "\""}, {0x2022, "*"},
    {0x2026, "..."}, {0x2030, " per mille"}, {0x2032, "'"}, {0x2033, "\""}, {0x2039, "'"}, {0x203a, "'"},
    {0x2044, "/"}, {0x20ac, "EUR"}, {0x2116, "No."}, {0x2122, "(TM)"}, {0x2126, "ohm"}, {0x2190, "<-"},
    {0x2191, "(up)"}, {0x2192, "->"}, {0x2193, "(down)"}, {0x21d2, "=>"}, {0x2212, "-"}, {0x2215, "/"},
    {0x2217, "*"}, {0x221e, "infinity"}, {0x2248, "~"}, {0x2260, "!="}, {0x2264, "<="},
    {0x2265, ">="}, {0x2640, "(female)"}, {0x2642, "(male)"}, {0x2713, "(yes)"}, {0x2714, "(yes)"},
    {0x2717, "(no)"}, {0x2718, "(no)"},
};

static const char *find(uint32_t c)
{
    size_t from = 0, to = sizeof table / sizeof *table;

    while (from < to) {
        size_t mid = (from + to) / 2;

        if (table[mid].c == c)
            return table[mid].s;
        if (table[mid].c < c)
            from = mid + 1;
        else
            to = mid;
    }
    return NULL;
}

static utf8proc_category_t category(uint32_t c)
{
    return c && c != TEXT_BAD ? utf8proc_category((utf8proc_int32_t)c) : UTF8PROC_CATEGORY_ZS;
}

static bool capital(uint32_t c)
{
    return category(c) == UTF8PROC_CATEGORY_LU;
}

/* One that strikes through says something else without itself. */
bool translit_mark(uint32_t c)
{
    return category(c) == UTF8PROC_CATEGORY_MN && utf8proc_get_property((utf8proc_int32_t)c)->combining_class > 1;
}

bool translit_letter(uint32_t c)
{
    utf8proc_category_t k = category(c);

    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

bool translit_rtl(uint32_t c)
{
    utf8proc_bidi_class_t k = utf8proc_get_property((utf8proc_int32_t)(c > 0x10ffff ? 0 : c))->bidi_class;

    return k == UTF8PROC_BIDI_CLASS_R || k == UTF8PROC_BIDI_CLASS_AL;
}

/* The letter under its accents: nothing else changes. */
static uint32_t bare(uint32_t c)
{
    utf8proc_int32_t d[8];
    int was = 0;
    utf8proc_ssize_t n =
        c > 0x10ffff ? 0 : utf8proc_decompose_char((utf8proc_int32_t)c, d, 8, UTF8PROC_DECOMPOSE, &was);

    for (utf8proc_ssize_t i = 1; i < n && i < 8; i++)
        if (!translit_mark((uint32_t)d[i]))
            return c;
    return n > 0 && n <= 8 ? (uint32_t)d[0] : c;
}

static bool greek(uint32_t c)
{
    uint32_t b = bare(c);

    return b >= 0x370 && b < 0x400 && b != 0x3bc;
}

/* A letter alone, without its accents. NULL: it has none. */
static const char *letter(uint32_t c, uint32_t before, uint32_t after)
{
    static const uint32_t u_after[] = {0x3b1, 0x3b5, 0x3bf}; /* ISO 843: au, eu, ou */
    uint32_t small = (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
    uint32_t left = before && before != TEXT_BAD ? (uint32_t)utf8proc_tolower((utf8proc_int32_t)bare(before)) : 0;

    if (c == 0x3bc && !greek(before) && !greek(after))
        return "micro"; /* REQ: 5 mg for 5 mu-g would be a thousand times the dose */
    if (small == 0x3c5)
        for (size_t i = 0; i < sizeof u_after / sizeof *u_after; i++)
            if (left == u_after[i])
                return "u";
    return find(small);
}

static size_t put(char room[TRANSLIT_MAX], size_t n, const char *s, bool upper, bool all)
{
    for (size_t i = 0; s[i] && n + 1 < TRANSLIT_MAX; i++) {
        bool small = s[i] >= 'a' && s[i] <= 'z';

        room[n++] = (char)(upper && small && (i == 0 || all) ? s[i] - 'a' + 'A' : s[i]);
    }
    room[n] = '\0';
    return n;
}

/* What a compatibility character is made of, with what keeps its meaning apart. */
static bool made_of(uint32_t c, char room[TRANSLIT_MAX])
{
    static const struct {
        utf8proc_propval_t type;
        const char *open, *close;
    } signs[] = {
        {UTF8PROC_DECOMP_TYPE_SUPER, "^", ""},  {UTF8PROC_DECOMP_TYPE_SUB, "_", ""},
        {UTF8PROC_DECOMP_TYPE_CIRCLE, "(", ")"}, {UTF8PROC_DECOMP_TYPE_FRACTION, " ", ""},
    };
    utf8proc_propval_t type = utf8proc_get_property((utf8proc_int32_t)c)->decomp_type;
    const char *open = "", *close = "";
    utf8proc_int32_t d[16];
    int was = 0;
    utf8proc_ssize_t n =
        utf8proc_decompose_char((utf8proc_int32_t)c, d, 16, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &was);
    size_t at;

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (type == signs[i].type)
            open = signs[i].open, close = signs[i].close;
    if (n <= 0 || n > 16 || (n == 1 && (uint32_t)d[0] == c) || (n > 1 && d[0] == ' '))
        return false; /* a blank with a mark on it is no word */
    at = put(room, 0, open, false, false);
    for (utf8proc_ssize_t i = 0; i < n; i++) {
        char one[2] = {(char)d[i], '\0'};
        const char *s = d[i] < 0x80 ? one : letter((uint32_t)d[i], 0, 0);

        if (!s && translit_mark((uint32_t)d[i]) && i && translit_letter((uint32_t)d[i - 1]))
            continue;
        if (!s)
            return false;
        at = put(room, at, s, false, false);
    }
    return put(room, at, close, false, false) + 1 < TRANSLIT_MAX && !strchr(room, '?');
}

bool translit_ascii(uint32_t c, uint32_t before, uint32_t after, char room[TRANSLIT_MAX])
{
    const char *s;
    uint32_t b;

    room[0] = '\0';
    if (c > 0x10ffff)
        return false;
    if ((s = find(c)) && c != 0x3bc && c != 0x3c5) {
        put(room, 0, s, false, false);
        return true;
    }
    b = bare(c);
    if (b < 0x80 && b != c && translit_letter(b)) {
        put(room, 0, (char[]){(char)b, '\0'}, false, false);
        return true;
    }
    /* U+0439 is a letter of its own, found above; so is each that a table has, whatever it decomposes to. */
    if ((s = letter(c, before, after)) || (translit_letter(b) && (s = letter(b, before, after)))) {
        put(room, 0, s, capital(c), capital(before) || capital(after));
        return true;
    }
    return made_of(c, room);
}
