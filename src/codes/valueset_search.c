/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * REQ CS-22: a search lists and counts; it never completes what was typed, and never takes the only one for the one
 * that was meant.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codes/drugs_priv.h"
#include "codes/valueset_priv.h"

#define HITS 1000000u

struct typed {
    struct str code; /* as it was typed */
    struct buf key;
};

struct match {
    uint32_t at, length;
    enum valueset_rank rank;
    bool retired;
};

static bool same_code(struct str a, struct str b)
{
    if (a.n != b.n || !a.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        char x = a.p[i], y = b.p[i];

        x = (char)(x >= 'a' && x <= 'z' ? x - 32 : x);
        y = (char)(y >= 'a' && y <= 'z' ? y - 32 : y);
        if (x != y)
            return false;
    }
    return true;
}

static bool matches(const struct typed *t, struct str code, struct str key, struct str others, enum valueset_rank *rank)
{
    struct str typed = buf_str(&t->key);

    if (same_code(code, t->code))
        *rank = VALUESET_CODE;
    else if (typed.n && str_eq(key, typed))
        *rank = VALUESET_TERM;
    else if (typed.n < VALUESET_TYPED_LEAST)
        return false;
    else if (codes_words_match(key, typed))
        *rank = VALUESET_WORDS;
    else if (others.n != key.n && codes_words_match(others, typed))
        *rank = VALUESET_SYNONYM;
    else
        return false;
    return true;
}

static int better(const void *x, const void *y)
{
    const struct match *a = x, *b = y;

    if (a->rank != b->rank)
        return (int)a->rank - (int)b->rank;
    if (a->retired != b->retired)
        return a->retired ? 1 : -1;
    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

static void begin(struct typed *t, struct str typed, struct vec *found)
{
    t->code = str_trim(typed);
    buf_init(&t->key, 1024);
    codes_key(t->code, &t->key);
    vec_init(found, sizeof(struct match), HITS);
}

static bool note(struct vec *found, uint32_t at, size_t length, enum valueset_rank rank, bool retired)
{
    struct match *m = vec_push(found);

    if (m)
        *m = (struct match){at, (uint32_t)length, rank, retired};
    return m != NULL;
}

/* Puts the best first, and makes room for those that are given. whole: no match was lost. */
static enum valueset_why finish(struct typed *t, struct vec *found, bool whole, uint32_t most, struct arena *a,
                                struct valueset_found *out)
{
    whole = whole && !t->key.failed;
    buf_fini(&t->key);
    if (found->n)
        qsort(found->p, found->n, sizeof(struct match), better);
    out->all = (uint32_t)found->n;
    out->n = out->all < most ? out->all : most;
    out->v = arena_alloc(a, (out->n ? out->n : 1) * sizeof *out->v);
    if (whole && out->v)
        return VALUESET_OK;
    *out = (struct valueset_found){0};
    return VALUESET_TOO_MANY;
}

enum valueset_why valueset_search(const struct valueset_base *b, struct str system, struct str typed, uint32_t most,
                                  struct arena *a, struct valueset_found *out)
{
    const struct valueset_system *s = valueset_system_of(b, system);
    enum valueset_why why;
    struct typed t;
    struct vec found;
    bool whole = true;

    *out = (struct valueset_found){0};
    if (!s)
        return VALUESET_NO_SYSTEM;
    begin(&t, typed, &found);
    for (uint32_t i = 0; i < s->sorted && whole; i++) {
        const struct valueset_concept *c = valueset_concept_at(s, s->by_code[i]);
        enum valueset_rank rank;

        if (!c->abstract && matches(&t, c->code, c->key, c->others, &rank))
            whole = note(&found, s->by_code[i], c->display.n, rank, c->retired);
    }
    why = finish(&t, &found, whole, most, a, out);
    for (uint32_t i = 0; i < out->n; i++) {
        const struct match *m = vec_at(&found, i);

        out->v[i] = (struct valueset_hit){valueset_code_of(s, valueset_concept_at(s, m->at)), m->rank};
    }
    vec_fini(&found);
    return why;
}

enum valueset_why valueset_search_list(const struct valueset_list *in, struct str typed, uint32_t most, struct arena *a,
                                       struct valueset_found *out)
{
    enum valueset_why why;
    struct typed t;
    struct vec found;
    bool whole = true;

    *out = (struct valueset_found){0};
    begin(&t, typed, &found);
    for (uint32_t i = 0; i < in->n && whole; i++) {
        const struct valueset_code *c = &in->v[i];
        struct buf key, others;
        enum valueset_rank rank;

        buf_init(&key, 8192);
        buf_init(&others, 16384);
        codes_key(c->display, &key);
        codes_key(c->display, &others);
        codes_key(c->synonyms, &others);
        whole = !key.failed && !others.failed;
        if (whole && matches(&t, c->code, buf_str(&key), buf_str(&others), &rank))
            whole = note(&found, i, c->display.n, rank, c->retired);
        buf_fini(&key);
        buf_fini(&others);
    }
    why = finish(&t, &found, whole, most, a, out);
    for (uint32_t i = 0; i < out->n; i++) {
        const struct match *m = vec_at(&found, i);

        out->v[i] = (struct valueset_hit){in->v[m->at], m->rank};
    }
    vec_fini(&found);
    return why;
}

static enum valueset_why all_of(const struct valueset_list *in, struct arena *a, struct valueset_found *out)
{
    *out = (struct valueset_found){arena_alloc(a, (in->n ? in->n : 1) * sizeof *out->v), 0, in->n};
    for (uint32_t i = 0; i < in->n && out->v; i++)
        out->v[out->n++] = (struct valueset_hit){in->v[i], VALUESET_WORDS};
    if (out->v)
        return VALUESET_OK;
    *out = (struct valueset_found){0};
    return VALUESET_TOO_MANY;
}

enum valueset_why valueset_options(const struct valueset_base *b, struct str canonical, struct str typed, uint32_t from,
                                   uint32_t most, struct arena *a, struct valueset_found *out)
{
    struct valueset_list l;
    enum valueset_why why = valueset_expand(b, canonical, a, &l, NULL);

    *out = (struct valueset_found){0};
    if (why)
        return why;
    why = str_trim(typed).n ? valueset_search_list(&l, typed, l.n, a, out) : all_of(&l, a, out);
    if (why)
        return why;
    from = from < out->n ? from : out->n;
    out->v += from;
    out->n -= from;
    if (out->n > most)
        out->n = most;
    return VALUESET_OK;
}

int valueset_path_member(void *base, struct str canonical, struct str system, struct str code)
{
    return valueset_member(base, canonical, system, code);
}
