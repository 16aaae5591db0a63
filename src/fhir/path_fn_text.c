/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Functions over strings (specification 5.6). Places count characters, not bytes.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "fhir/path_fn.h"

static size_t step(struct str s)
{
    uint32_t c;

    return s.n ? text_decode(s, &c) : 0;
}

static int64_t characters(struct str s)
{
    int64_t n = 0;

    for (size_t by; (by = step(s)); n++)
        s.p += by, s.n -= by;
    return n;
}

/* The byte at which the i-th character begins; the end when there are fewer. */
static size_t byte_of(struct str s, int64_t i)
{
    size_t at = 0, by;

    while (i-- > 0 && (by = step((struct str){s.p + at, s.n - at})))
        at += by;
    return at;
}

/* Where part stands in s, from a byte on; SIZE_MAX: nowhere, or it failed. */
static size_t find(struct path_run *r, const struct path_node *n, struct str s, struct str part, size_t from)
{
    const char *at = NULL;

    if (from > s.n)
        return SIZE_MAX;
    if (!part.n)
        return path_step(r, n, 1) ? SIZE_MAX : from;
    if (!path_bytes(r, n, part.n)) /* memmem looks at the part first */
        at = memmem(s.p + from, s.n - from, part.p, part.n);
    if (path_bytes(r, n, at ? (size_t)(at - s.p) - from : s.n - from) || !at)
        return SIZE_MAX;
    return (size_t)(at - s.p);
}

/* The input and a string argument; false: one is empty, or it failed. */
static bool both(struct path_run *r, const struct path_call *k, struct str *s, struct str *arg)
{
    int has = path_one_string(r, k->node, &k->in, s), more = r->failed ? 0 : path_one_string(r, k->node,
            &k->arg[0], arg);

    return !r->failed && has == 1 && more == 1;
}

static int put_buf(struct path_run *r, const struct path_call *k, struct path_list *out, struct buf *b)
{
    struct str s = arena_str(r->a, buf_str(b));
    bool lost = b->failed || s.n != b->n;

    buf_fini(b);
    if (path_bytes(r, k->node, s.n))
        return r->failed;
    return lost ? path_fail(r, k->node, PATH_TOO_LONG) : path_put_string(r, k->node, out, s);
}

PATH_FN(path_fn_index_of)
{
    struct str s, part;
    size_t at, next;

    if (!both(r, k, &s, &part))
        return r->failed;
    at = find(r, k->node, s, part, 0);
    while (k->node->fn->kind && at != SIZE_MAX && (next = find(r, k->node, s, part, at + 1)) != SIZE_MAX)
        at = next;
    if (path_bytes(r, k->node, at == SIZE_MAX ? 0 : at))
        return r->failed;
    return path_put_int(r, k->node, out, at == SIZE_MAX ? -1 : characters((struct str){s.p, at}));
}

PATH_FN(path_fn_substring)
{
    struct str s;
    int64_t from, count = INT64_MAX;
    int has = path_one_string(r, k->node, &k->in, &s);
    size_t at, end;

    if (r->failed || has != 1 || path_one_int(r, k->node, &k->arg[0], &from) != 1)
        return r->failed;
    if (k->node->args > 1 && path_one_int(r, k->node, &k->arg[1], &count) != 1)
        return r->failed;
    if (path_bytes(r, k->node, s.n) || from < 0 || from >= characters(s))
        return r->failed;
    at = byte_of(s, from);
    end = count <= 0 ? at : at + byte_of((struct str){s.p + at, s.n - at}, count);
    return path_put_string(r, k->node, out, (struct str){s.p + at, end - at});
}

PATH_FN(path_fn_within)
{
    struct str s, part;
    bool yes;

    if (!both(r, k, &s, &part))
        return r->failed;
    switch (k->node->fn->kind) {
    case PATH_STARTS:
        yes = s.n >= part.n && !memcmp(s.p, part.p, part.n);
        break;
    case PATH_ENDS:
        yes = s.n >= part.n && !memcmp(s.p + s.n - part.n, part.p, part.n);
        break;
    default:
        yes = find(r, k->node, s, part, 0) != SIZE_MAX;
    }
    return r->failed ? r->failed : path_put_bool(r, k->node, out, yes);
}

PATH_FN(path_fn_case)
{
    struct str s;
    struct buf b;

    if (path_one_string(r, k->node, &k->in, &s) != 1 || path_bytes(r, k->node, s.n))
        return r->failed;
    if (k->node->fn->kind == PATH_TRIM)
        return path_put_string(r, k->node, out, str_trim(s));
    buf_init(&b, PATH_MAX_ARENA);
    if (k->node->fn->kind == PATH_UPPER)
        text_upper(&b, s);
    else
        text_lower(&b, s);
    return put_buf(r, k, out, &b);
}

/* Each place where part stands; an empty part stands before, between and behind all characters. */
static void replace(struct path_run *r, const struct path_node *node, struct str s, struct str part, struct str by,
                    struct buf *b)
{
    size_t at = 0, next;

    while (!part.n) {
        size_t n = step((struct str){s.p + at, s.n - at});

        buf_addstr(b, by);
        if (!n || b->failed || path_step(r, node, 1))
            return;
        buf_add(b, s.p + at, n);
        at += n;
    }
    while ((next = find(r, node, s, part, at)) != SIZE_MAX && !b->failed) {
        buf_add(b, s.p + at, next - at);
        buf_addstr(b, by);
        at = next + part.n;
    }
    buf_add(b, s.p + at, s.n - at);
}

PATH_FN(path_fn_replace)
{
    struct str s, part, by;
    struct buf b;

    if (!both(r, k, &s, &part) || path_one_string(r, k->node, &k->arg[1], &by) != 1)
        return r->failed;
    buf_init(&b, PATH_MAX_ARENA / 2);
    replace(r, k->node, s, part, by, &b);
    return put_buf(r, k, out, &b);
}

PATH_FN(path_fn_length)
{
    struct str s;

    if (path_one_string(r, k->node, &k->in, &s) != 1 || path_bytes(r, k->node, s.n))
        return r->failed;
    return path_put_int(r, k->node, out, characters(s));
}

PATH_FN(path_fn_chars)
{
    struct str s;

    if (path_one_string(r, k->node, &k->in, &s) != 1)
        return r->failed;
    for (size_t by; (by = step(s)) && !r->failed; s.p += by, s.n -= by)
        path_put_string(r, k->node, out, (struct str){s.p, by});
    return r->failed;
}

PATH_FN(path_fn_split)
{
    struct str s, mark;
    size_t at = 0, next;

    if (!both(r, k, &s, &mark))
        return r->failed;
    if (!mark.n)
        return path_fn_chars(r, k, out);
    while ((next = find(r, k->node, s, mark, at)) != SIZE_MAX && !r->failed) {
        path_put_string(r, k->node, out, (struct str){s.p + at, next - at});
        at = next + mark.n;
    }
    return r->failed ? r->failed : path_put_string(r, k->node, out, (struct str){s.p + at, s.n - at});
}

PATH_FN(path_fn_join)
{
    struct str mark = STR("");
    struct path_value v;
    struct buf b;

    if (!k->in.n || (k->node->args && path_one_string(r, k->node, &k->arg[0], &mark) < 0))
        return r->failed;
    buf_init(&b, PATH_MAX_ARENA / 2);
    for (uint32_t i = 0; i < k->in.n; i++) {
        if (!path_plain(&k->in.v[i], r->a, &v) || (v.kind != PATH_STRING && (r->x->flags & PATH_STRICT))) {
            buf_fini(&b);
            return path_fail(r, k->node, PATH_KIND);
        }
        if (i)
            buf_addstr(&b, mark);
        path_text(&v, &b);
    }
    return put_buf(r, k, out, &b);
}

/* --- encode, decode --------------------------------------------------------------------------- */

static const char digits64[2][65] = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"};

static void to_64(struct str s, const char *digit, struct buf *b)
{
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t v = 0;
        size_t have = s.n - i < 3 ? s.n - i : 3;

        for (size_t j = 0; j < 3; j++)
            v = v << 8 | (j < have ? (unsigned char)s.p[i + j] : 0u);
        for (size_t j = 0; j < 4; j++)
            buf_addc(b, j <= have ? digit[v >> (18 - 6 * j) & 63] : '=');
    }
}

static bool from_64(struct str s, const char *digit, struct buf *b)
{
    uint32_t v = 0;
    unsigned bits = 0;

    while (s.n && s.p[s.n - 1] == '=')
        s.n--;
    for (size_t i = 0; i < s.n; i++) {
        const char *d = s.p[i] ? strchr(digit, s.p[i]) : NULL;

        if (!d)
            return false;
        v = (v << 6 | (uint32_t)(d - digit)) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_addc(b, (char)(v >> bits & 255));
        }
    }
    return true;
}

static bool from_hex(struct str s, struct buf *b)
{
    for (size_t i = 0; i + 1 < s.n; i += 2) {
        if (str_hex(s.p[i]) < 0 || str_hex(s.p[i + 1]) < 0)
            return false;
        buf_addc(b, (char)(str_hex(s.p[i]) * 16 + str_hex(s.p[i + 1])));
    }
    return s.n % 2 == 0;
}

PATH_FN(path_fn_code)
{
    struct str s, how;
    struct buf b;
    bool back = k->node->fn->kind, ok = true;

    if (!both(r, k, &s, &how) || path_bytes(r, k->node, s.n))
        return r->failed;
    buf_init(&b, PATH_MAX_ARENA / 2);
    if (str_is(how, "hex") && back)
        ok = from_hex(s, &b);
    else if (str_is(how, "hex"))
        for (size_t i = 0; i < s.n; i++)
            buf_addf(&b, "%02x", (unsigned)(unsigned char)s.p[i]);
    else if (!str_is(how, "base64") && !str_is(how, "urlbase64"))
        ok = false;
    else if (back)
        ok = from_64(s, digits64[str_is(how, "urlbase64")], &b);
    else
        to_64(s, digits64[str_is(how, "urlbase64")], &b);
    if (ok && text_is_utf8(buf_str(&b)))
        return put_buf(r, k, out, &b);
    buf_fini(&b);
    return path_fail(r, k->node, PATH_BAD_VALUE);
}

/* --- escape, unescape ------------------------------------------------------------------------- */

static const struct {
    const char *how, *plain, *written;
} marks[] = {
    {"html", "&", "&amp;"}, {"html", "<", "&lt;"}, {"html", ">", "&gt;"}, {"html", "\"", "&quot;"},
    {"html", "'", "&#39;"}, {"json", "\\", "\\\\"}, {"json", "\"", "\\\""}, {"json", "\n", "\\n"},
    {"json", "\r", "\\r"}, {"json", "\t", "\\t"}, {"json", "\b", "\\b"}, {"json", "\f", "\\f"},
};

static size_t mark_at(struct str s, struct str how, bool back, struct str *by)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *from = back ? marks[i].written : marks[i].plain;

        if (str_is(how, marks[i].how) && str_starts(s, from)) {
            *by = str_of(back ? marks[i].plain : marks[i].written);
            return strlen(from);
        }
    }
    return 0;
}

static bool hex4(struct str s, size_t at, uint32_t *out)
{
    if (s.n < at + 6 || s.p[at] != '\\' || s.p[at + 1] != 'u')
        return false;
    *out = 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        if (str_hex(s.p[i]) < 0)
            return false;
        *out = *out * 16 + (uint32_t)str_hex(s.p[i]);
    }
    return true;
}

/* JSON's \\uXXXX, and what is written so: bytes of s, 0 for none. */
static size_t unicode_at(struct str s, bool back, struct buf *b)
{
    uint32_t c, low;
    char to[8];
    size_t n = 6;

    if (!back) {
        if ((unsigned char)*s.p >= ' ')
            return 0;
        buf_addf(b, "\\u%04x", (unsigned)(unsigned char)*s.p);
        return 1;
    }
    if (s.n > 1 && s.p[0] == '\\' && s.p[1] == '/') {
        buf_addc(b, '/');
        return 2;
    }
    if (!hex4(s, 0, &c))
        return 0;
    if (c >= 0xd800 && c < 0xdc00 && hex4(s, 6, &low) && low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        n = 12;
    }
    buf_add(b, to, text_encode(c, to));
    return n;
}

PATH_FN(path_fn_escape)
{
    struct str s, how, by;
    struct buf b;

    if (!both(r, k, &s, &how) || path_bytes(r, k->node, s.n))
        return r->failed;
    if (!str_is(how, "html") && !str_is(how, "json"))
        return path_fail(r, k->node, PATH_BAD_VALUE);
    buf_init(&b, PATH_MAX_ARENA / 2);
    while (s.n) {
        size_t n = mark_at(s, how, k->node->fn->kind, &by);

        if (n)
            buf_addstr(&b, by);
        else if (str_is(how, "json") && (n = unicode_at(s, k->node->fn->kind, &b)))
            ;
        else
            buf_addc(&b, *s.p), n = 1;
        s.p += n, s.n -= n;
    }
    return put_buf(r, k, out, &b);
}
