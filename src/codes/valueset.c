/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is loaded: systems by url, concepts by code, and what stands under what.
 */
#include "config.h"

#include "codes/valueset.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/intl.h"
#include "base/mem.h"
#include "codes/drugs_priv.h"
#include "codes/valueset_priv.h"

#define SYSTEMS 4000u
#define CONCEPTS 1000000u
#define SETS 4000u
#define KEY_BYTES 8192u

int valueset_base_new(struct str language, struct valueset_base **out, struct err *e)
{
    struct valueset_base *b = *out = mem_alloc(sizeof *b);

    if (!b)
        return err_set(e, ERR_NOMEM, 0, 0, "valueset");
    if (language.n && language.n < sizeof b->language)
        memcpy(b->language, language.p, language.n);
    arena_init(&b->a, VALUESET_MEMORY);
    vec_init(&b->systems, sizeof(struct valueset_system), SYSTEMS);
    vec_init(&b->sets, sizeof(struct valueset_set), SETS);
    return ERR_OK;
}

void valueset_base_free(struct valueset_base *b)
{
    if (!b)
        return;
    VEC_EACH(struct valueset_system, s, &b->systems) {
        vec_fini(&s->concepts);
        mem_free(s->by_code);
    }
    VEC_EACH(struct valueset_set, s, &b->sets)
        tape_fini(&s->t);
    vec_fini(&b->systems);
    vec_fini(&b->sets);
    arena_fini(&b->a);
    mem_free(b);
}

struct str valueset_said(const struct valueset_base *b, const struct tape *t, tape_at designations, struct arena *a)
{
    struct str want = str_of(b->language);

    for (tape_at i = tape_first(t, designations); i != TAPE_NONE && want.n; i = tape_next(t, designations, i)) {
        struct str rest = tape_plain(t, tape_get(t, i, "language"));

        if (str_eq(str_split(&rest, '-'), want)) /* "es-AR" is "es" */
            return tape_str(t, tape_get(t, i, "value"), a);
    }
    return STR("");
}

/* --- systems ---------------------------------------------------------------------------------- */

struct valueset_system *valueset_system_of(const struct valueset_base *b, struct str url)
{
    for (size_t i = b->systems.n; i-- > 0;) { /* the last one was asked for last, while a file is read */
        struct valueset_system *s = vec_at(&b->systems, i);

        if (str_eq(s->url, url))
            return s;
    }
    return NULL;
}

struct valueset_system *valueset_system_make(struct valueset_base *b, struct str url, struct str date)
{
    struct valueset_system *s = valueset_system_of(b, url);

    if (s)
        return s;
    url = arena_str(&b->a, url);
    date = date.n ? arena_str(&b->a, date) : STR("");
    s = b->a.failed ? NULL : vec_push(&b->systems);
    if (!s)
        return NULL;
    *s = (struct valueset_system){.url = url, .date = date};
    vec_init(&s->concepts, sizeof(struct valueset_concept), CONCEPTS);
    return s;
}

void valueset_system_unmake(struct valueset_base *b)
{
    struct valueset_system *s = vec_at(&b->systems, b->systems.n - 1);

    vec_fini(&s->concepts);
    mem_free(s->by_code);
    b->systems.n--;
}

bool valueset_system(const struct valueset_base *b, unsigned i, struct str *url, struct str *date, uint32_t *codes)
{
    const struct valueset_system *s = vec_at(&b->systems, i);

    if (!s)
        return false;
    *url = s->url;
    *date = s->date;
    *codes = (uint32_t)s->concepts.n;
    return true;
}

/* --- concepts --------------------------------------------------------------------------------- */

const struct valueset_concept *valueset_concept_of(const struct valueset_system *s, struct str code)
{
    uint32_t lo = 0, hi = s->sorted;

    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const struct valueset_concept *c = valueset_concept_at(s, s->by_code[mid]);
        int o = str_cmp(c->code, code);

        if (!o)
            return c;
        if (o < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

struct valueset_code valueset_code_of(const struct valueset_system *s, const struct valueset_concept *c)
{
    return (struct valueset_code){s->url, c->code, c->display, c->retired, c->synonyms};
}

bool valueset_lookup(const struct valueset_base *b, struct str system, struct str code, struct valueset_code *out)
{
    const struct valueset_system *s = valueset_system_of(b, system);
    const struct valueset_concept *c = s ? valueset_concept_of(s, code) : NULL;

    if (c)
        *out = valueset_code_of(s, c);
    return c != NULL;
}

int valueset_stands_under(const struct valueset_system *s, const struct valueset_concept *c,
                          const struct valueset_concept *top)
{
    for (int i = 0; i < VALUESET_STEPS; i++) {
        if (c == top)
            return 1;
        if (c->parent == VALUESET_NONE)
            return c->under.n ? -1 : 0; /* under something that is not here */
        c = valueset_concept_at(s, c->parent);
    }
    return -1;
}

int valueset_is_a(const struct valueset_base *b, struct str system, struct str code, struct str parent)
{
    const struct valueset_system *s = valueset_system_of(b, system);
    const struct valueset_concept *c = s ? valueset_concept_of(s, code) : NULL;
    const struct valueset_concept *top = s ? valueset_concept_of(s, parent) : NULL;

    return c && top ? valueset_stands_under(s, c, top) : -1;
}

/* --- adding ----------------------------------------------------------------------------------- */

static struct str key_of(struct valueset_base *b, struct str words, struct str more)
{
    struct buf key;
    struct str s;

    buf_init(&key, KEY_BYTES);
    codes_key(words, &key);
    codes_key(more, &key);
    s = key.n ? arena_str(&b->a, buf_str(&key)) : STR("");
    b->a.failed |= key.failed != ERR_OK; /* it would never be found */
    buf_fini(&key);
    return s;
}

int valueset_add(struct valueset_base *b, struct valueset_system *s, const struct valueset_concept *c, struct err *e)
{
    struct valueset_concept *n;

    if (valueset_concept_of(s, c->code))
        return ERR_OK;
    n = vec_push(&s->concepts);
    if (!n)
        return err_set(e, ERR_TOOBIG, 0, CONCEPTS, "valueset");
    *n = *c;
    n->parent = VALUESET_NONE;
    n->key = key_of(b, c->display, STR(""));
    n->others = c->synonyms.n ? key_of(b, c->display, c->synonyms) : n->key;
    return b->a.failed ? err_set(e, ERR_TOOBIG, 0, VALUESET_MEMORY, "valueset") : ERR_OK;
}

struct coded {
    struct str code;
    uint32_t at;
};

static int by_code(const void *x, const void *y)
{
    const struct coded *a = x, *b = y;
    int o = str_cmp(a->code, b->code);

    return o ? o : (a->at > b->at) - (a->at < b->at);
}

static int settle(struct valueset_system *s, struct err *e)
{
    uint32_t n = (uint32_t)s->concepts.n, k = 0;
    struct coded *list = mem_alloc(n * sizeof *list);
    uint32_t *order = mem_resize(s->by_code, (n ? n : 1) * sizeof *order);

    if (order)
        s->by_code = order;
    if (!list || !order) {
        mem_free(list);
        return err_set(e, ERR_NOMEM, 0, 0, "valueset");
    }
    for (uint32_t i = 0; i < n; i++)
        list[i] = (struct coded){valueset_concept_at(s, i)->code, i};
    qsort(list, n, sizeof *list, by_code);
    for (uint32_t i = 0; i < n; i++)
        if (!k || !str_eq(list[i].code, list[i - 1].code)) /* of one file's two, the first */
            order[k++] = list[i].at;
    s->sorted = k;
    mem_free(list);
    VEC_EACH(struct valueset_concept, c, &s->concepts) {
        const struct valueset_concept *up = c->under.n ? valueset_concept_of(s, c->under) : NULL;

        c->parent = up ? (uint32_t)(up - valueset_concept_at(s, 0)) : VALUESET_NONE;
    }
    return ERR_OK;
}

int valueset_settle(struct valueset_base *b, struct err *e)
{
    int r = ERR_OK;

    VEC_EACH(struct valueset_system, s, &b->systems)
        if (!r && s->sorted != s->concepts.n)
            r = settle(s, e);
    return r;
}

const char *valueset_why(enum valueset_why why)
{
    static const char *const words[VALUESET_WHY_N] = {
        [VALUESET_OK] = "",
        [VALUESET_NO_SET] = N_("the value set is not here"),
        [VALUESET_NO_SYSTEM] = N_("the code system is not here"),
        [VALUESET_NO_CODE] = N_("its rule names a code that is not here"),
        [VALUESET_FILTER] = N_("it has a rule that is not carried out here"),
        [VALUESET_PART] = N_("only a part of it is here"),
        [VALUESET_CIRCLE] = N_("value sets name each other in a circle"),
        [VALUESET_TOO_MANY] = N_("it has too many codes for a list"),
        [VALUESET_BAD] = N_("this is no value set"),
    };

    return words[why < VALUESET_WHY_N ? why : VALUESET_BAD];
}
