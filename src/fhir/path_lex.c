/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of an expression (specification, appendix A).
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "fhir/path_priv.h"

int path_err(struct err *e, enum path_why why, size_t at, struct str what)
{
    char word[64];
    size_t n = what.n < sizeof word - 1 ? what.n : sizeof word - 1;

    memcpy(word, what.p ? what.p : "", n);
    word[n] = '\0';
    return err_set(e, ERR_PATH, (int)why, (int64_t)at + 1, word);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The character so many places ahead; NUL behind the end. */
static char ahead(const struct path_lex *l, size_t by)
{
    return l->pos + by < l->text.n ? l->text.p[l->pos + by] : '\0';
}

static int bad(struct path_lex *l, size_t at)
{
    return path_err(l->e, PATH_SYNTAX, at, (struct str){l->text.p + at, l->text.n - at < 12 ? l->text.n - at : 12});
}

static int blanks(struct path_lex *l)
{
    for (;;) {
        char c = ahead(l, 0);

        if (l->pos < l->text.n && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
            l->pos++;
        } else if (c == '/' && ahead(l, 1) == '/') {
            while (l->pos < l->text.n && ahead(l, 0) != '\n' && ahead(l, 0) != '\r')
                l->pos++;
        } else if (c == '/' && ahead(l, 1) == '*') {
            size_t begun = l->pos;

            for (l->pos += 2; ahead(l, 0) != '*' || ahead(l, 1) != '/'; l->pos++)
                if (l->pos + 1 >= l->text.n)
                    return bad(l, begun);
            l->pos += 2;
        } else {
            return ERR_OK;
        }
    }
}

static bool hex4(const struct path_lex *l, size_t by, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < 4; i++) {
        int d = str_hex(ahead(l, by + i));

        if (d < 0)
            return false;
        *out = *out * 16 + (uint32_t)d;
    }
    return true;
}

/* \uXXXX, two of them for what lies above the first plane. Bytes written, 0 for none. */
static size_t unicode(struct path_lex *l, char *to)
{
    uint32_t c, low;

    if (!hex4(l, 2, &c))
        return 0;
    l->pos += 6;
    if (c >= 0xd800 && c < 0xdc00 && ahead(l, 0) == '\\' && ahead(l, 1) == 'u' && hex4(l, 2, &low) && low >= 0xdc00 &&
        low < 0xe000) {
        l->pos += 6;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    return text_encode(c, to);
}

/* What stands between two marks, its escapes undone. */
static int between(struct path_lex *l, char mark)
{
    static const char from[] = "'\"`\\/rntf", to[] = "'\"`\\/\r\n\t\f";
    size_t begun = l->pos++, end = l->pos, n = 0;
    char *p;

    while (end < l->text.n && l->text.p[end] != mark)
        end += l->text.p[end] == '\\' ? 2 : 1;
    p = arena_alloc(l->a, end - begun + 1); /* no escape is longer than it was written */
    if (!p)
        return err_set(l->e, ERR_NOMEM, 0, 0, NULL);
    while (ahead(l, 0) != mark) {
        const char *known;

        if (l->pos >= l->text.n)
            return bad(l, begun);
        if (ahead(l, 0) != '\\') {
            p[n++] = l->text.p[l->pos++];
        } else if (ahead(l, 1) == 'u') {
            size_t wrote = unicode(l, p + n);

            if (!wrote)
                return bad(l, l->pos);
            n += wrote;
        } else {
            known = ahead(l, 1) ? strchr(from, ahead(l, 1)) : NULL;
            if (!known && l->strict)
                return bad(l, l->pos);
            p[n++] = known ? to[known - from] : ahead(l, 1); /* a form's '\d' is d, as fhirpath.js reads it */
            l->pos += 2;
        }
    }
    l->pos++;
    l->word = (struct str){p, n};
    return ERR_OK;
}

static bool digits(struct path_lex *l, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_digit(ahead(l, i)))
            return false;
    l->pos += n;
    return true;
}

static void clock_word(struct path_lex *l)
{
    if (!digits(l, 2) || ahead(l, 0) != ':' || !is_digit(ahead(l, 1)))
        return;
    l->pos++;
    if (!digits(l, 2) || ahead(l, 0) != ':' || !is_digit(ahead(l, 1)))
        return;
    l->pos++;
    if (!digits(l, 2) || ahead(l, 0) != '.' || !is_digit(ahead(l, 1)))
        return;
    for (l->pos++; is_digit(ahead(l, 0));)
        l->pos++;
}

static int date_word(struct path_lex *l)
{
    size_t begun = l->pos++, from = l->pos;

    l->token = PATH_T_DATE;
    if (ahead(l, 0) == 'T') {
        l->pos++;
        l->token = PATH_T_CLOCK;
        from = l->pos;
        clock_word(l);
    } else {
        if (!digits(l, 4))
            return bad(l, begun);
        for (int i = 0; i < 2 && ahead(l, 0) == '-' && is_digit(ahead(l, 1)) && is_digit(ahead(l, 2)); i++)
            l->pos += 3;
        if (ahead(l, 0) == 'T') {
            size_t t = ++l->pos;

            l->token = PATH_T_DATETIME;
            clock_word(l);
            if (l->pos > t && ahead(l, 0) == 'Z')
                l->pos++;
            else if (l->pos > t && (ahead(l, 0) == '+' || ahead(l, 0) == '-') && is_digit(ahead(l, 1)) &&
                     is_digit(ahead(l, 2)) && ahead(l, 3) == ':')
                l->pos += 6;
        }
    }
    if (l->pos > l->text.n || is_letter(ahead(l, 0)))
        return bad(l, begun);
    l->word = (struct str){l->text.p + from, l->pos - from};
    return l->word.n ? ERR_OK : bad(l, begun);
}

static void name_word(struct path_lex *l)
{
    size_t begun = l->pos;
    bool hyphens = l->token == PATH_T_PERCENT && !l->strict;

    while (is_letter(ahead(l, 0)) || is_digit(ahead(l, 0)) || (hyphens && ahead(l, 0) == '-' && is_letter(ahead(l, 1))))
        l->pos++;
    l->word = (struct str){l->text.p + begun, l->pos - begun};
}

static int marked(struct path_lex *l, enum path_token token)
{
    size_t begun = l->pos++;

    l->token = token;
    if (token == PATH_T_PERCENT && (ahead(l, 0) == '`' || ahead(l, 0) == '\''))
        return between(l, ahead(l, 0));
    name_word(l);
    return l->word.n ? ERR_OK : bad(l, begun);
}

static int sign(struct path_lex *l)
{
    static const char *const two[] = {"<=", ">=", "!=", "!~"};

    l->token = PATH_T_SIGN;
    l->word = (struct str){l->text.p + l->pos, 1};
    for (size_t i = 0; i < sizeof two / sizeof *two; i++)
        if (ahead(l, 0) == two[i][0] && ahead(l, 1) == two[i][1])
            l->word.n = 2;
    if (l->word.n == 1 && !strchr("()[]{}.,+-*/|&=~<>", ahead(l, 0)))
        return bad(l, l->pos);
    l->pos += l->word.n;
    return ERR_OK;
}

static void number_word(struct path_lex *l)
{
    size_t begun = l->pos;

    while (is_digit(ahead(l, 0)))
        l->pos++;
    if (ahead(l, 0) == '.' && is_digit(ahead(l, 1)))
        for (l->pos++; is_digit(ahead(l, 0));)
            l->pos++;
    l->word = (struct str){l->text.p + begun, l->pos - begun};
    l->token = PATH_T_NUMBER;
}

int path_lex_next(struct path_lex *l)
{
    int r = blanks(l);
    char c = ahead(l, 0);

    l->at = l->pos;
    l->quoted = false;
    l->word = STR("");
    l->token = PATH_T_END;
    if (r || l->pos >= l->text.n)
        return r;
    if (is_digit(c)) {
        number_word(l);
    } else if (is_letter(c)) {
        l->token = PATH_T_NAME;
        name_word(l);
    } else if (c == '\'' || c == '"') {
        l->token = c == '\'' ? PATH_T_STRING : PATH_T_NAME; /* "name" was a name before the first release */
        l->quoted = true;
        return between(l, c);
    } else if (c == '`') {
        l->token = PATH_T_NAME;
        l->quoted = true;
        return between(l, c);
    } else if (c == '@') {
        return date_word(l);
    } else if (c == '$' || c == '%') {
        return marked(l, c == '$' ? PATH_T_DOLLAR : PATH_T_PERCENT);
    } else {
        return sign(l);
    }
    return ERR_OK;
}
