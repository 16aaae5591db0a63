/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/tape.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

struct parser {
    struct tape *t;
    const char *p, *at, *end;
    int code;                    /* why it stopped */
    const char *why;
    uint32_t stack[LIMIT_DEPTH]; /* open containers */
    unsigned depth;
};

static bool stop(struct parser *p, int code, const char *why)
{
    if (!p->code) {
        p->code = code;
        p->why = why;
    }
    return false;
}

static void blanks(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
        p->at++;
}

static struct tape_node *push(struct parser *p, enum tape_kind kind)
{
    struct tape *t = p->t;
    struct tape_node *n;

    if (t->n >= LIMIT_NODES) {
        stop(p, ERR_TOOBIG, "nodes");
        return NULL;
    }
    if (t->n == t->cap) {
        uint32_t cap = t->cap ? t->cap * 2 : 64;
        struct tape_node *nodes = mem_resize(t->nodes, cap * sizeof *nodes);

        if (!nodes) {
            stop(p, ERR_NOMEM, NULL);
            return NULL;
        }
        t->nodes = nodes;
        t->cap = cap;
    }
    n = &t->nodes[t->n++];
    *n = (struct tape_node){.off = (uint32_t)(p->at - p->p), .kind = (uint8_t)kind};
    return n;
}

static bool hex4(const char *s, const char *end, uint32_t *v)
{
    *v = 0;
    if (end - s < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int d = str_hex(s[i]);

        if (d < 0)
            return false;
        *v = *v << 4 | (uint32_t)d;
    }
    return true;
}

static bool string(struct parser *p, enum tape_kind kind)
{
    struct tape_node *n = push(p, kind);
    const char *s = p->at + 1;
    uint32_t v;

    if (!n)
        return false;
    for (;; s++) {
        if (s >= p->end)
            return p->at = s, stop(p, ERR_JSON, "string");
        if (*s == '"')
            break;
        if ((unsigned char)*s < 0x20)
            return p->at = s, stop(p, ERR_JSON, "control character in a string");
        if (*s != '\\')
            continue;
        n->escaped = 1;
        /* strchr also finds the NUL that ends its list */
        if (++s >= p->end || !*s || !strchr("\"\\/bfnrtu", *s) || (*s == 'u' && !hex4(s + 1, p->end, &v)))
            return p->at = s, stop(p, ERR_JSON, "escape");
    }
    n->len = (uint32_t)(s + 1 - p->at);
    n->next = p->t->n;
    if (kind == TAPE_KEY && n->escaped)
        return stop(p, ERR_JSON, "escape in a member's name");
    p->at = s + 1;
    return true;
}

static bool run(struct parser *p)
{
    const char *from = p->at;

    while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
        p->at++;
    return p->at > from;
}

static bool number(struct parser *p)
{
    struct tape_node *n = push(p, TAPE_NUMBER);
    const char *from = p->at;

    if (!n)
        return false;
    if (*p->at == '-')
        p->at++;
    if (p->at < p->end && *p->at == '0')
        p->at++;
    else if (!run(p))
        return stop(p, ERR_JSON, "number");
    if (p->at < p->end && *p->at == '.') {
        p->at++;
        if (!run(p))
            return stop(p, ERR_JSON, "number");
    }
    if (p->at < p->end && (*p->at | 32) == 'e') {
        p->at++;
        if (p->at < p->end && (*p->at == '+' || *p->at == '-'))
            p->at++;
        if (!run(p))
            return stop(p, ERR_JSON, "number");
    }
    n->len = (uint32_t)(p->at - from);
    n->next = p->t->n;
    return true;
}

static bool word(struct parser *p, const char *w, enum tape_kind kind)
{
    size_t len = strlen(w);
    struct tape_node *n;

    if ((size_t)(p->end - p->at) < len || memcmp(p->at, w, len))
        return stop(p, ERR_JSON, "value");
    n = push(p, kind);
    if (!n)
        return false;
    n->len = (uint32_t)len;
    n->next = p->t->n;
    p->at += len;
    return true;
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* No member's name may stand twice: two readers would then see two different charts. */
static bool names_differ(struct parser *p, uint32_t object)
{
    struct tape *t = p->t;
    struct str small[32], *names = small;
    uint32_t n = 0, i;
    bool ok = true;

    for (i = object + 1; i < t->n; i = t->nodes[i + 1].next)
        n++;
    if (n > 32 && !(names = mem_alloc(n * sizeof *names)))
        return stop(p, ERR_NOMEM, NULL);
    n = 0;
    for (i = object + 1; i < t->n; i = t->nodes[i + 1].next)
        names[n++] = tape_name(t, i);
    if (n > 32)
        qsort(names, n, sizeof *names, by_bytes);
    for (i = 1; ok && i < n; i++)
        for (uint32_t j = n > 32 ? i - 1 : 0; ok && j < i; j++)
            ok = !str_eq(names[i], names[j]);
    if (names != small)
        mem_free(names);
    return ok || stop(p, ERR_JSON, "member twice in one object");
}

static bool close_container(struct parser *p)
{
    uint32_t at = p->stack[--p->depth];
    struct tape_node *n = &p->t->nodes[at];

    p->at++;
    n->len = (uint32_t)(p->at - p->p) - n->off;
    n->next = p->t->n;
    return n->kind != TAPE_OBJECT || names_differ(p, at);
}

static bool open_container(struct parser *p, enum tape_kind kind)
{
    if (p->depth == LIMIT_DEPTH)
        return stop(p, ERR_TOOBIG, "depth");
    if (!push(p, kind))
        return false;
    p->stack[p->depth++] = p->t->n - 1;
    p->at++;
    return true;
}

static bool key(struct parser *p)
{
    blanks(p);
    if (p->at >= p->end || *p->at != '"')
        return stop(p, ERR_JSON, "member's name");
    if (!string(p, TAPE_KEY))
        return false;
    blanks(p);
    if (p->at >= p->end || *p->at != ':')
        return stop(p, ERR_JSON, "colon");
    p->at++;
    return true;
}

/* One value; a container is only opened. */
static bool value(struct parser *p, bool *opened)
{
    *opened = false;
    blanks(p);
    if (p->at >= p->end)
        return stop(p, ERR_JSON, "end of input");
    switch (*p->at) {
    case '{':
        *opened = true;
        return open_container(p, TAPE_OBJECT);
    case '[':
        *opened = true;
        return open_container(p, TAPE_ARRAY);
    case '"':
        return string(p, TAPE_STRING);
    case 't':
        return word(p, "true", TAPE_TRUE);
    case 'f':
        return word(p, "false", TAPE_FALSE);
    case 'n':
        return word(p, "null", TAPE_NULL);
    default:
        return *p->at == '-' || (*p->at >= '0' && *p->at <= '9') ? number(p)
                                                                : stop(p, ERR_JSON, "value");
    }
}

static bool document(struct parser *p)
{
    bool fresh; /* the innermost container has just been opened */

    if (!value(p, &fresh))
        return false;
    while (p->depth) {
        bool object = p->t->nodes[p->stack[p->depth - 1]].kind == TAPE_OBJECT;

        blanks(p);
        if (p->at >= p->end)
            return stop(p, ERR_JSON, "end of input");
        if (*p->at == (object ? '}' : ']')) {
            if (!close_container(p))
                return false;
            fresh = false;
            continue;
        }
        if (!fresh) {
            if (*p->at != ',')
                return stop(p, ERR_JSON, "comma");
            p->at++;
        }
        if ((object && !key(p)) || !value(p, &fresh))
            return false;
    }
    blanks(p);
    return p->at == p->end || stop(p, ERR_JSON, "text behind the document");
}

int tape_parse_max(struct tape *t, struct str bytes, size_t max, struct err *e)
{
    struct parser p = {.t = t, .p = bytes.p, .at = bytes.p, .end = bytes.p + bytes.n};

    *t = (struct tape){.bytes = bytes};
    if (bytes.n > max)
        return err_set(e, ERR_TOOBIG, 0, (int64_t)max, "resource");
    if (!text_is_utf8(bytes))
        stop(&p, ERR_JSON, "not UTF-8");
    else
        document(&p);
    if (p.code) {
        tape_fini(t);
        return err_set(e, p.code, 0, p.code == ERR_JSON ? p.at - p.p : 0, p.why);
    }
    return ERR_OK;
}

int tape_parse(struct tape *t, struct str bytes, struct err *e)
{
    return tape_parse_max(t, bytes, LIMIT_RESOURCE_BYTES, e);
}

void tape_fini(struct tape *t)
{
    mem_free(t->nodes);
    *t = (struct tape){0};
}

enum tape_kind tape_kind(const struct tape *t, tape_at at)
{
    return at < t->n ? (enum tape_kind)t->nodes[at].kind : TAPE_NULL;
}

bool tape_is(const struct tape *t, tape_at at, enum tape_kind kind)
{
    return at < t->n && t->nodes[at].kind == kind;
}

struct str tape_raw(const struct tape *t, tape_at at)
{
    return at < t->n ? (struct str){t->bytes.p + t->nodes[at].off, t->nodes[at].len}
                     : (struct str){"", 0};
}

struct str tape_name(const struct tape *t, tape_at at)
{
    struct str s = tape_raw(t, at);

    return s.n < 2 ? (struct str){"", 0} : (struct str){s.p + 1, s.n - 2};
}

tape_at tape_first_member(const struct tape *t, tape_at object)
{
    return tape_is(t, object, TAPE_OBJECT) && t->nodes[object].next > object + 1 ? object + 1 : TAPE_NONE;
}

tape_at tape_next_member(const struct tape *t, tape_at object, tape_at at)
{
    tape_at next = t->nodes[at + 1].next;

    return next < t->nodes[object].next ? next : TAPE_NONE;
}

tape_at tape_get(const struct tape *t, tape_at object, const char *name)
{
    for (tape_at k = tape_first_member(t, object); k != TAPE_NONE; k = tape_next_member(t, object, k))
        if (str_is(tape_name(t, k), name))
            return k + 1;
    return TAPE_NONE;
}

tape_at tape_first(const struct tape *t, tape_at array)
{
    if (array >= t->n || t->nodes[array].kind == TAPE_NULL)
        return TAPE_NONE;
    if (t->nodes[array].kind != TAPE_ARRAY)
        return array;
    return t->nodes[array].next > array + 1 ? array + 1 : TAPE_NONE;
}

tape_at tape_next(const struct tape *t, tape_at array, tape_at element)
{
    if (element == array || !tape_is(t, array, TAPE_ARRAY))
        return TAPE_NONE;
    return t->nodes[element].next < t->nodes[array].next ? t->nodes[element].next : TAPE_NONE;
}

uint32_t tape_count(const struct tape *t, tape_at array)
{
    uint32_t n = 0;

    for (tape_at i = tape_first(t, array); i != TAPE_NONE; i = tape_next(t, array, i))
        n++;
    return n;
}

tape_at tape_path(const struct tape *t, tape_at from, const char *path)
{
    struct str rest = str_of(path);

    while (rest.p && from != TAPE_NONE) {
        struct str name = str_split(&rest, '.');
        tape_at k, object = tape_first(t, from);

        from = TAPE_NONE;
        for (k = tape_first_member(t, object); k != TAPE_NONE; k = tape_next_member(t, object, k))
            if (str_eq(tape_name(t, k), name)) {
                from = k + 1;
                break;
            }
    }
    return tape_is(t, from, TAPE_ARRAY) ? tape_first(t, from) : from;
}

struct str tape_lexeme(const struct tape *t, tape_at at)
{
    return tape_is(t, at, TAPE_NUMBER) ? tape_raw(t, at) : (struct str){"", 0};
}

bool tape_true(const struct tape *t, tape_at at)
{
    return tape_is(t, at, TAPE_TRUE);
}

struct str tape_plain(const struct tape *t, tape_at at)
{
    return tape_is(t, at, TAPE_STRING) && !t->nodes[at].escaped ? tape_name(t, at)
                                                                : (struct str){"", 0};
}

bool tape_str_is(const struct tape *t, tape_at at, const char *plain)
{
    return tape_is(t, at, TAPE_STRING) && str_is(tape_plain(t, at), plain);
}

/* One \u escape at s (behind the u), with its low half when it is a high surrogate. */
static const char *unescape_u(const char *s, const char *end, uint32_t *c)
{
    uint32_t low;

    hex4(s, end, c);
    s += 4;
    if (*c >= 0xd800 && *c < 0xdc00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u' &&
        hex4(s + 2, end, &low) && low >= 0xdc00 && low < 0xe000) {
        *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
        return s + 6;
    }
    if (*c >= 0xd800 && *c < 0xe000)
        *c = 0xfffd;
    return s;
}

struct str tape_str(const struct tape *t, tape_at at, struct arena *a)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    struct str s;
    const char *p, *end;
    char *out, *to;

    if (!tape_is(t, at, TAPE_STRING))
        return (struct str){"", 0};
    s = tape_name(t, at);
    if (!t->nodes[at].escaped)
        return s;
    out = to = arena_alloc(a, s.n + 1);
    if (!out)
        return (struct str){"", 0};
    for (p = s.p, end = s.p + s.n; p < end;) {
        uint32_t c;

        if (*p != '\\') {
            *to++ = *p++;
        } else if (p[1] != 'u') {
            *to++ = into[strchr(from, p[1]) - from];
            p += 2;
        } else {
            p = unescape_u(p + 2, end, &c);
            to += text_encode(c, to);
        }
    }
    return (struct str){out, (size_t)(to - out)};
}
