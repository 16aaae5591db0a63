/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <string.h>

/* A bare '+' is a blank, as in forms (HAPI mends one in a date). p = NULL for a bad escape. */
static struct str decode(struct str s, struct arena *a)
{
    char *out = arena_alloc(a, s.n + 1), *to = out;

    for (size_t i = 0; out && i < s.n; i++) {
        if (s.p[i] == '+') {
            *to++ = ' ';
        } else if (s.p[i] != '%') {
            *to++ = s.p[i];
        } else if (s.n - i < 3 || str_hex(s.p[i + 1]) < 0 || str_hex(s.p[i + 2]) < 0) {
            return (struct str){NULL, 0};
        } else {
            *to++ = (char)(str_hex(s.p[i + 1]) << 4 | str_hex(s.p[i + 2]));
            i += 2;
        }
    }
    return (struct str){out, out ? (size_t)(to - out) : 0};
}

struct str demo_query_encode(struct str s, struct arena *a)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~,";
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(a, s.n * 3 + 1), *to = out;

    for (size_t i = 0; out && i < s.n; i++) {
        if (s.p[i] && strchr(plain, s.p[i])) {
            *to++ = s.p[i];
        } else {
            *to++ = '%';
            *to++ = digits[(unsigned char)s.p[i] >> 4];
            *to++ = digits[s.p[i] & 15];
        }
    }
    return (struct str){out, out ? (size_t)(to - out) : 0};
}

int demo_query_parse(struct str raw, struct arena *a, struct demo_query *out)
{
    struct str rest = raw;
    unsigned n = 1;

    for (size_t i = 0; i < raw.n; i++)
        n += raw.p[i] == '&';
    *out = (struct demo_query){0};
    if (n > DEMO_PARAMS_MAX)
        return ERR_TOOBIG;
    out->p = arena_alloc(a, n * sizeof *out->p);
    if (!out->p)
        return ERR_NOMEM;
    while (rest.p && rest.n) {
        struct str value = str_split(&rest, '&'), name;
        struct demo_param *p = &out->p[out->n];

        if (!value.n)
            continue;
        name = str_split(&value, '=');
        name = decode(name, a);
        p->value = decode(value, a);
        if (!name.p || !p->value.p)
            return ERR_INPUT;
        p->name = str_split(&name, ':');
        p->modifier = name;
        out->n++;
    }
    return ERR_OK;
}

struct str demo_query_get(const struct demo_query *q, const char *name)
{
    for (unsigned i = q->n; i; i--)
        if (str_is(q->p[i - 1].name, name))
            return q->p[i - 1].value;
    return (struct str){"", 0};
}
