/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A line into tokens. REQ: a number keeps its digits, and one that can be read as two numbers, or is easily misread,
 * is in doubt until its clear form stands behind it: 1.000 and 1,000; 5.0 (50), .5 (5), 05, 0,5 in English (ISMP, list
 * of error-prone abbreviations, symbols and dose designations, 2021; display rule 13). Only ASCII digits are digits.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "model/sig_priv.h"

struct lexer {
    struct str line;
    size_t at;
    char decimal;
    bool said;
    struct arena *a;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char ahead(const struct lexer *l, size_t by)
{
    return l->at + by < l->line.n ? l->line.p[l->at + by] : '\0';
}

static bool starts(const struct lexer *l, const char *bytes)
{
    return str_starts((struct str){l->line.p + l->at, l->line.n - l->at}, bytes);
}

/* Bytes of a blank here: of ASCII, or a no-break space. */
static size_t blank(const struct lexer *l)
{
    static const char *const spaces[] = {" ", "\t", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89"};

    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
        if (starts(l, spaces[i]))
            return strlen(spaces[i]);
    return 0;
}

/* A character that is written in more than one way: what it stands for, and its bytes. */
static const struct alias {
    const char *bytes, *means;
} aliases[] = {{"\xc3\x97", "x"}, {"\xe2\x80\x93", "-"}, {"\xe2\x80\x94", "-"}, {"\xe2\x88\x92", "-"},
               {"\xe2\x80\x91", "-"}};

static const struct alias *alias(const struct lexer *l)
{
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (starts(l, aliases[i].bytes))
            return &aliases[i];
    return NULL;
}

static const struct alias *vulgar(const struct lexer *l)
{
    static const struct alias fractions[] = {
        {"\xc2\xbd", "0.5"}, {"\xc2\xbc", "0.25"}, {"\xc2\xbe", "0.75"}};

    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++)
        if (starts(l, fractions[i].bytes))
            return &fractions[i];
    return NULL;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void choice(struct lexer *l, struct lex *t, struct str s)
{
    t->doubt = true;
    while (s.n > 1 && s.p[0] == '0' && is_digit(s.p[1]))
        s.p++, s.n--;
    if (memchr(s.p, '.', s.n)) {
        while (s.n && s.p[s.n - 1] == '0')
            s.n--;
        if (s.n && s.p[s.n - 1] == '.')
            s.n--;
    }
    for (unsigned i = 0; i < t->choices; i++)
        if (str_eq(t->choice[i], s))
            return;
    if (t->choices < LEX_CHOICES)
        t->choice[t->choices++] = arena_str(l->a, s);
}

/* Whole and fraction, by a point; either may be empty. */
static struct str point(struct lexer *l, struct str whole, struct str fraction)
{
    char *s = arena_fmt(l->a, "%.*s.%.*s", whole.n ? (int)whole.n : 1, whole.n ? whole.p : "0", STR_ARG(fraction));

    return str_of(s);
}

static struct str together(struct lexer *l, struct str whole, struct str rest)
{
    return str_of(arena_fmt(l->a, "%.*s%.*s", STR_ARG(whole), STR_ARG(rest)));
}

/* One separator: is it the fraction's, or the thousands'? */
static void one_separator(struct lexer *l, struct lex *t, struct str whole, char sep, struct str fraction)
{
    bool thousands = fraction.n == 3 && whole.n >= 1 && whole.n <= 3 && whole.p[0] != '0';
    bool zeros = thousands && !memcmp(fraction.p, "000", 3);
    bool own = sep == l->decimal || (l->said && sep == '.');

    t->value = point(l, whole, fraction);
    if (!whole.n) {
        choice(l, t, t->value);
        choice(l, t, fraction);
        return;
    }
    if (thousands && !l->said && (zeros || sep == ',' || !own)) {
        choice(l, t, t->value);
        choice(l, t, together(l, whole, fraction));
        return;
    }
    if (sep == ',' && !own) {
        choice(l, t, t->value);
        return;
    }
    if (fraction.p[fraction.n - 1] == '0') { /* 5.0: its point is easily lost */
        choice(l, t, t->value);
        return;
    }
    if (sep == ',')
        t->remark = t->value.p;
}

/* 1,000,000 and 1.000,5: the last separator, where it is another one, is the fraction's. */
static void many_separators(struct lexer *l, struct lex *t, struct str s)
{
    struct str rest = s, group, fraction = STR("");
    struct buf digits;
    char sep = '\0', last = '\0';
    bool good = !l->said;
    size_t groups = 0;

    buf_init(&digits, s.n + 1);
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i])) {
            sep = sep ? sep : s.p[i];
            last = s.p[i];
        }
    if (last != sep) {
        size_t k = s.n;

        while (s.p[k - 1] != last)
            k--;
        fraction = (struct str){s.p + k, s.n - k};
        rest.n = k - 1;
    }
    while (rest.n) {
        group = str_split(&rest, sep);
        good = good && (groups ? group.n == 3 : group.n >= 1 && group.n <= 3 && group.p[0] != '0');
        for (size_t i = 0; i < group.n; i++)
            good = good && is_digit(group.p[i]);
        buf_addstr(&digits, group);
        groups++;
    }
    good = good && groups > 1 && (!fraction.n || fraction.p[fraction.n - 1] != '0');
    t->value = fraction.n ? point(l, buf_str(&digits), fraction) : arena_str(l->a, buf_str(&digits));
    t->doubt = !good;
    t->remark = good ? t->value.p : NULL;
    buf_fini(&digits);
}

static void number(struct lexer *l, struct lex *t)
{
    size_t n = 0, seps = 0, at = 0;
    const struct alias *v;
    struct str s;

    while (is_digit(ahead(l, n)) || ((ahead(l, n) == '.' || ahead(l, n) == ',') && is_digit(ahead(l, n + 1)))) {
        if (!is_digit(ahead(l, n)))
            seps++, at = n;
        n++;
    }
    s = (struct str){l->line.p + l->at, n};
    if (seps == 1)
        one_separator(l, t, (struct str){s.p, at}, s.p[at], (struct str){s.p + at + 1, n - at - 1});
    else if (seps)
        many_separators(l, t, s);
    else
        t->value = s;
    if (s.n > 1 && s.p[0] == '0' && is_digit(s.p[1])) { /* 05: was it 0.5? */
        t->choices = 0;
        if (!seps) {
            choice(l, t, s);
            choice(l, t, point(l, STR("0"), (struct str){s.p + 1, s.n - 1}));
        }
        t->doubt = true;
    }
    l->at += n;
    if (!seps && (v = vulgar(l))) { /* 1 and a half, in two characters */
        t->value = point(l, s, (struct str){v->means + 2, strlen(v->means) - 2});
        t->remark = t->value.p;
        l->at += strlen(v->bytes);
    }
}

/* --- words ------------------------------------------------------------------------------------ */

/* Bytes of a letter, or of what stands inside a word: an apostrophe, the points of b.i.d. */
static size_t letter(const struct lexer *l, size_t by)
{
    unsigned char c = (unsigned char)ahead(l, by);
    struct lexer here = *l;

    here.at += by;
    if ((c | 32) >= 'a' && (c | 32) <= 'z')
        return 1;
    if (c == '\'' && by)
        return 1;
    if (c == '.' && by)
        return here.at + 1 >= l->line.n || !is_digit(ahead(l, by + 1)) ? 1 : 0;
    if (c < 0x80 || blank(&here) || alias(&here) || vulgar(&here))
        return 0;
    return text_decode((struct str){l->line.p + here.at, l->line.n - here.at}, &(uint32_t){0});
}

static int word(struct lexer *l, struct lex *t)
{
    struct buf b, plain;
    size_t n = 0, k;
    int failed;

    while ((k = letter(l, n)))
        n += k;
    buf_init(&b, SIG_LINE_BYTES * 8);
    buf_init(&plain, SIG_LINE_BYTES * 8);
    text_fold(&b, (struct str){l->line.p + l->at, n});
    for (size_t i = 0; i < b.n; i++) {
        if (b.n - i >= 3 && !memcmp(b.p + i, "\xe2\x80\x99", 3)) { /* the printers' apostrophe */
            buf_addc(&plain, '\'');
            i += 2;
        } else if (b.p[i] != '.')
            buf_addc(&plain, b.p[i]);
    }
    t->fold = arena_str(l->a, buf_str(&plain));
    failed = b.failed ? b.failed : plain.failed; /* of a server's Dosage: too long a word is free text */
    buf_fini(&b);
    buf_fini(&plain);
    l->at += n;
    return failed;
}

static void quote(struct lexer *l, struct lex *t)
{
    const char *end = memchr(l->line.p + l->at + 1, '"', l->line.n - l->at - 1);

    t->kind = LEX_SIGN;
    t->fold = STR("\"");
    if (end) { /* one that nothing closes is not understood */
        t->kind = LEX_QUOTE;
        t->fold = str_trim((struct str){l->line.p + l->at + 1, (size_t)(end - l->line.p) - l->at - 1});
        l->at = (size_t)(end - l->line.p);
    }
    l->at++;
}

static int one(struct lexer *l, struct lex *t)
{
    const struct alias *al = alias(l), *v = vulgar(l);

    if (v) {
        t->kind = LEX_NUMBER;
        t->value = str_of(v->means);
        t->remark = v->means;
        l->at += strlen(v->bytes);
    } else if (is_digit(ahead(l, 0)) || ((ahead(l, 0) == '.' || ahead(l, 0) == ',') && is_digit(ahead(l, 1)))) {
        t->kind = LEX_NUMBER;
        number(l, t);
    } else if (ahead(l, 0) == '"')
        quote(l, t);
    else if (al) {
        t->kind = al->means[0] == 'x' ? LEX_WORD : LEX_SIGN;
        t->fold = str_of(al->means);
        l->at += strlen(al->bytes);
    } else if (letter(l, 0))
        return word(l, t);
    else {
        t->kind = LEX_SIGN;
        t->fold = (struct str){l->line.p + l->at++, 1};
    }
    return ERR_OK;
}

int model_sig_lex(struct str line, char decimal, bool said, struct arena *a, struct lex *token, unsigned max,
                  unsigned *n)
{
    struct lexer l = {line, 0, decimal, said, a};
    bool glued = false;
    int code;

    *n = 0;
    while (l.at < line.n) {
        struct lex *t = &token[*n];
        size_t k = blank(&l);

        if (k) {
            l.at += k;
            glued = false;
            continue;
        }
        if (*n == max)
            return ERR_TOOBIG;
        *t = (struct lex){.off = l.at, .glued = glued};
        if ((code = one(&l, t)))
            return code;
        t->len = l.at - t->off;
        if (t->kind == LEX_NUMBER)
            t->fold = (struct str){line.p + t->off, t->len};
        glued = true;
        ++*n;
    }
    return a->failed ? ERR_NOMEM : ERR_OK;
}
