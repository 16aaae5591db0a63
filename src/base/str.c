/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/str.h"

#include <string.h>

#include "base/limits.h"

struct str str_of(const char *z)
{
    return z ? (struct str){z, strlen(z)} : (struct str){"", 0};
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || !memcmp(a.p, b.p, a.n));
}

bool str_is(struct str a, const char *z)
{
    return str_eq(a, str_of(z));
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, const char *prefix)
{
    size_t n = strlen(prefix);

    return s.n >= n && !memcmp(s.p, prefix, n);
}

bool str_ends(struct str s, const char *suffix)
{
    size_t n = strlen(suffix);

    return s.n >= n && !memcmp(s.p + s.n - n, suffix, n);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.n && blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_split(struct str *rest, char sep)
{
    struct str head = *rest;
    const char *at = rest->n ? memchr(rest->p, sep, rest->n) : NULL;

    if (!at) {
        *rest = (struct str){NULL, 0};
        return head;
    }
    head.n = (size_t)(at - head.p);
    *rest = (struct str){at + 1, rest->n - head.n - 1};
    return head;
}

bool str_int(struct str s, int64_t lo, int64_t hi, int64_t *out)
{
    bool neg = s.n && s.p[0] == '-' && lo < 0;
    int64_t v = 0;

    if (neg)
        s.p++, s.n--;
    if (s.n == 0 || s.n > 18)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (s.p[i] - '0');
    }
    if (neg)
        v = -v;
    if (v < lo || v > hi)
        return false;
    *out = v;
    return true;
}

static bool alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool str_is_id(struct str s)
{
    if (s.n == 0 || s.n > LIMIT_ID_BYTES)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
            return false;
    /* A path of dots alone would leave the collection it is put behind. */
    return !str_is(s, ".") && !str_is(s, "..");
}

int str_hex(char c)
{
    char low = (char)(c | 32);

    return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool str_is_type(struct str s)
{
    if (s.n == 0 || s.n > 64 || s.p[0] < 'A' || s.p[0] > 'Z')
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!alnum(s.p[i]) || (s.p[i] >= '0' && s.p[i] <= '9'))
            return false;
    return true;
}
