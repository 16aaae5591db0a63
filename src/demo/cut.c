/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <string.h>

/* A place in a Bundle's bytes; at = SIZE_MAX once something is not as it must be. */
struct cut {
    struct str s;
    size_t at;
};

static char here(struct cut *c)
{
    while (c->at < c->s.n && strchr(" \t\r\n", c->s.p[c->at]) && c->s.p[c->at])
        c->at++;
    return c->at < c->s.n ? c->s.p[c->at] : 0;
}

static bool take(struct cut *c, char want)
{
    if (here(c) != want) {
        c->at = SIZE_MAX;
        return false;
    }
    c->at++;
    return true;
}

static void skip_string(struct cut *c)
{
    for (c->at++; c->at < c->s.n && c->s.p[c->at] != '"'; c->at++)
        c->at += c->s.p[c->at] == '\\';
    c->at = c->at < c->s.n ? c->at + 1 : SIZE_MAX;
}

/* Over one value, by its brackets and strings alone: the tape says whether it is JSON. */
static struct str skip_value(struct cut *c)
{
    size_t depth = 0, from;

    here(c);
    from = c->at;
    while (c->at < c->s.n) {
        char k = c->s.p[c->at];

        if (k == '"') {
            skip_string(c);
        } else if (k == '{' || k == '[') {
            depth++;
            c->at++;
        } else if (depth && (k == '}' || k == ']')) {
            depth--;
            c->at++;
        } else if (!depth) { /* a word or a number: up to what ends it */
            size_t n = 0;

            while (c->at + n < c->s.n && !memchr(",]} \t\r\n", c->s.p[c->at + n], 7))
                n++;
            c->at = n ? c->at + n : SIZE_MAX;
        } else {
            c->at++;
            continue;
        }
        if (!depth)
            break;
    }
    return c->at <= c->s.n && !depth ? (struct str){c->s.p + from, c->at - from}
                                     : (struct str){NULL, 0};
}

static bool cut_entries(struct cut *c, struct vec *entries)
{
    if (!take(c, '['))
        return false;
    if (here(c) == ']')
        return take(c, ']');
    do {
        struct str *e = vec_push(entries);

        if (!e)
            return false;
        *e = skip_value(c);
        if (!e->p)
            return false;
    } while (here(c) == ',' && take(c, ','));
    return take(c, ']');
}

int demo_cut(struct str bundle, struct vec *entries, struct buf *rest)
{
    struct cut c = {bundle, 0};
    size_t done = 0;
    bool ok = take(&c, '{');

    while (ok && here(&c) == '"') {
        size_t from = c.at;
        bool entry;

        skip_string(&c);
        entry = c.at <= bundle.n && c.at - from == 7 && !memcmp(bundle.p + from, "\"entry\"", 7);
        ok = take(&c, ':');
        if (ok && entry && here(&c) == '[') {
            buf_add(rest, bundle.p + done, c.at + 1 - done);
            ok = cut_entries(&c, entries);
            done = ok ? c.at - 1 : done;
        } else if (ok) {
            ok = skip_value(&c).p;
        }
        if (ok && here(&c) == ',')
            c.at++;
    }
    buf_add(rest, bundle.p + done, bundle.n - done);
    return rest->failed ? rest->failed : ok ? ERR_OK : ERR_JSON;
}
