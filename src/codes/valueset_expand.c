/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules of a value set (R4, ValueSet.compose): what it includes, less what it excludes. Within one include all must
 * hold: the system, its codes or filters, and each of the value sets that it names.
 */
#include "config.h"

#include <string.h>

#include "codes/valueset_priv.h"

#define NESTED 16 /* value sets in value sets */

/* The sets that are being looked at, one in another. */
struct chain {
    const struct chain *up;
    const struct tape *t;
    tape_at at;
    unsigned depth;
};

struct work {
    const struct valueset_base *b;
    struct arena *a;
    struct str about; /* what is missing */
};

static enum valueset_why lacks(struct work *w, enum valueset_why why, struct str about)
{
    w->about = about;
    return why;
}

/* --- lists without doubles -------------------------------------------------------------------- */

#define SLOTS 16384u /* a power of two, above 2 * VALUESET_MOST */

struct bag {
    struct valueset_list list;
    uint32_t *slot; /* place + 1 */
};

static uint32_t slot_of(const struct bag *g, struct str system, struct str code)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < code.n; i++)
        h = (h ^ (unsigned char)code.p[i]) * 16777619u;
    for (h &= SLOTS - 1; g->slot[h]; h = (h + 1) & (SLOTS - 1))
        if (str_eq(g->list.v[g->slot[h] - 1].code, code) && str_eq(g->list.v[g->slot[h] - 1].system, system))
            break;
    return h;
}

static enum valueset_why bag_new(struct work *w, struct bag *g)
{
    *g = (struct bag){.slot = arena_alloc(w->a, SLOTS * sizeof *g->slot)};
    return g->slot ? VALUESET_OK : VALUESET_TOO_MANY;
}

static bool bag_has(const struct bag *g, const struct valueset_code *c)
{
    return g->slot[slot_of(g, c->system, c->code)] != 0;
}

static enum valueset_why bag_put(struct work *w, struct bag *g, const struct valueset_code *c)
{
    uint32_t i = slot_of(g, c->system, c->code);
    struct valueset_list *l = &g->list;

    if (g->slot[i])
        return VALUESET_OK;
    if (l->n == VALUESET_MOST)
        return VALUESET_TOO_MANY;
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 32;
        struct valueset_code *v = arena_alloc(w->a, cap * sizeof *v);

        if (!v)
            return VALUESET_TOO_MANY;
        if (l->n)
            memcpy(v, l->v, l->n * sizeof *v);
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = *c;
    g->slot[i] = l->n;
    return VALUESET_OK;
}

/* --- filters ---------------------------------------------------------------------------------- */

/* Is a code among those between commas? */
static bool among(struct str list, struct str code)
{
    while (list.p)
        if (str_eq(str_trim(str_split(&list, ',')), code))
            return true;
    return false;
}

enum { SELF = 1, BELOW = 2, ABOVE = 4, NOT = 8 };

static const struct {
    const char *op;
    unsigned what;
} hierarchies[] = {
    {"is-a", SELF | BELOW},
    {"descendent-of", BELOW},
    {"is-not-a", SELF | BELOW | NOT},
    {"generalizes", SELF | ABOVE},
};

/* 1, 0, or -1 and *why. */
static int stands(const struct valueset_system *s, const struct valueset_concept *c, struct str value, unsigned what,
                  enum valueset_why *why)
{
    const struct valueset_concept *of = valueset_concept_of(s, value);
    int yes;

    if (!of) {
        *why = VALUESET_NO_CODE;
        return -1;
    }
    if (c == of)
        return (what & SELF) ? !(what & NOT) : 0;
    yes = (what & ABOVE) ? valueset_stands_under(s, of, c) : valueset_stands_under(s, c, of);
    if (yes < 0)
        *why = VALUESET_NO_CODE;
    return yes < 0 ? -1 : yes != ((what & NOT) != 0);
}

static int fits_filter(struct work *w, const struct valueset_system *s, const struct valueset_concept *c,
                       const struct tape *t, tape_at filter, enum valueset_why *why)
{
    struct str name = tape_plain(t, tape_get(t, filter, "property")), op = tape_plain(t, tape_get(t, filter, "op"));
    struct str value = tape_str(t, tape_get(t, filter, "value"), w->a);
    bool of_code = str_is(name, "concept") || str_is(name, "code");
    int yes;

    for (size_t i = 0; of_code && i < sizeof hierarchies / sizeof *hierarchies; i++)
        if (str_is(op, hierarchies[i].op)) {
            yes = stands(s, c, value, hierarchies[i].what, why);
            if (yes < 0)
                w->about = value;
            return yes;
        }
    if (of_code && (str_is(op, "in") || str_is(op, "not-in")))
        return among(value, c->code) == (op.n == 2);
    if (of_code && str_is(op, "="))
        return str_eq(c->code, value);
    if (str_is(name, "parent") && str_is(op, "="))
        return str_eq(c->under, value);
    if (str_is(name, "display") && str_is(op, "="))
        return str_eq(c->display, value);
    *why = lacks(w, VALUESET_FILTER, name);
    return -1;
}

/* Of all filters of an include: 1, 0, or -1 and *why. */
static int fits(struct work *w, const struct valueset_system *s, const struct valueset_concept *c, const struct tape *t,
                tape_at include, enum valueset_why *why)
{
    tape_at filters = tape_get(t, include, "filter");
    int all = 1;

    for (tape_at f = tape_first(t, filters); f != TAPE_NONE && all; f = tape_next(t, filters, f)) {
        int yes = fits_filter(w, s, c, t, f, why);

        if (yes < 1)
            all = yes < 0 ? -1 : 0;
        if (yes < 0)
            return -1;
    }
    return all;
}

/* --- membership ------------------------------------------------------------------------------- */

static const struct valueset_set *set_of(const struct valueset_base *b, struct str canonical)
{
    struct str rest = canonical, url = str_split(&rest, '|');

    VEC_EACH(const struct valueset_set, s, &b->sets)
        if (str_eq(s->url, url) && (!rest.n || str_eq(rest, s->version)))
            return s;
    return NULL;
}

static bool goes_round(const struct chain *up, const struct tape *t, tape_at at)
{
    for (; up; up = up->up)
        if (up->t == t && up->at == at)
            return true;
    return false;
}

static int in_set(struct work *w, const struct tape *t, tape_at at, struct str system, struct str code,
                  const struct chain *up);

static int and_(int a, int b)
{
    return !a || !b ? 0 : a < 0 || b < 0 ? -1 : 1;
}

static int in_system(struct work *w, const struct tape *t, tape_at include, struct str url, struct str code)
{
    tape_at listed = tape_get(t, include, "concept");
    const struct valueset_system *s = valueset_system_of(w->b, url);
    const struct valueset_concept *c = s ? valueset_concept_of(s, code) : NULL;
    enum valueset_why why = VALUESET_OK;

    for (tape_at i = tape_first(t, listed); i != TAPE_NONE; i = tape_next(t, listed, i))
        if (str_eq(tape_str(t, tape_get(t, i, "code"), w->a), code))
            return 1;
    if (listed != TAPE_NONE)
        return 0;
    return !s ? -1 : !c ? 0 : fits(w, s, c, t, include, &why);
}

static int in_include(struct work *w, const struct tape *t, tape_at include, struct str system, struct str code,
                      const struct chain *up)
{
    struct str url = tape_str(t, tape_get(t, include, "system"), w->a);
    tape_at sets = tape_get(t, include, "valueSet");
    int yes = 1;

    if (url.n)
        yes = system.n && !str_eq(system, url) ? 0 : in_system(w, t, include, url, code);
    for (tape_at i = tape_first(t, sets); i != TAPE_NONE && yes; i = tape_next(t, sets, i)) {
        const struct valueset_set *s = set_of(w->b, tape_str(t, i, w->a));

        yes = and_(yes, s ? in_set(w, &s->t, 0, system, code, up) : -1);
    }
    return yes;
}

static int in_any(struct work *w, const struct tape *t, tape_at list, struct str system, struct str code,
                  const struct chain *up)
{
    int any = 0;

    for (tape_at i = tape_first(t, list); i != TAPE_NONE && any < 1; i = tape_next(t, list, i)) {
        int yes = in_include(w, t, i, system, code, up);

        any = yes ? yes : any;
    }
    return any;
}

/* Is an expansion, which a server made, all of the set? */
static bool is_whole(const struct tape *t, tape_at expansion, uint32_t listed)
{
    int64_t total, offset = 0;
    tape_at says = tape_get(t, expansion, "total"), from = tape_get(t, expansion, "offset");
    tape_at more = tape_get(t, expansion, "extension"), asked = tape_get(t, expansion, "parameter");

    if (from != TAPE_NONE && (!str_int(tape_lexeme(t, from), 0, INT32_MAX, &offset) || offset))
        return false;
    for (tape_at i = tape_first(t, more); i != TAPE_NONE; i = tape_next(t, more, i))
        if (str_ends(tape_plain(t, tape_get(t, i, "url")), "valueset-toocostly"))
            return false;
    for (tape_at i = tape_first(t, asked); i != TAPE_NONE; i = tape_next(t, asked, i))
        if (tape_str_is(t, tape_get(t, i, "name"), "filter") ||
            (says == TAPE_NONE && tape_str_is(t, tape_get(t, i, "name"), "count")))
            return false;
    return says == TAPE_NONE || (str_int(tape_lexeme(t, says), 0, INT32_MAX, &total) && total == listed);
}

static enum valueset_why contained(struct work *w, const struct tape *t, tape_at list, struct bag *g, uint32_t *listed,
                                   unsigned depth)
{
    enum valueset_why why = depth < NESTED ? VALUESET_OK : VALUESET_BAD;

    for (tape_at i = tape_first(t, list); i != TAPE_NONE && !why; i = tape_next(t, list, i)) {
        struct valueset_code c = {.system = tape_str(t, tape_get(t, i, "system"), w->a),
                                  .code = tape_str(t, tape_get(t, i, "code"), w->a),
                                  .display = tape_str(t, tape_get(t, i, "display"), w->a),
                                  .retired = tape_true(t, tape_get(t, i, "inactive"))};
        struct str said = valueset_said(w->b, t, tape_get(t, i, "designation"), w->a);

        if (said.n)
            c.display = said;
        ++*listed;
        if (c.code.n && !tape_true(t, tape_get(t, i, "abstract")))
            why = bag_put(w, g, &c);
        why = why ? why : contained(w, t, tape_get(t, i, "contains"), g, listed, depth + 1);
    }
    return why;
}

/* What a server listed; *whole: all of it. */
static enum valueset_why server_list(struct work *w, const struct tape *t, tape_at at, struct bag *g, bool *whole)
{
    tape_at expansion = tape_get(t, at, "expansion");
    enum valueset_why why = bag_new(w, g);
    uint32_t listed = 0;

    why = why ? why : contained(w, t, tape_get(t, expansion, "contains"), g, &listed, 0);
    *whole = is_whole(t, expansion, listed);
    return why;
}

static int in_server_list(struct work *w, const struct tape *t, tape_at at, struct str system, struct str code)
{
    struct bag g;
    bool whole;

    if (server_list(w, t, at, &g, &whole))
        return -1;
    for (uint32_t i = 0; i < g.list.n; i++)
        if (str_eq(g.list.v[i].code, code) && (!system.n || str_eq(g.list.v[i].system, system)))
            return 1;
    return whole ? 0 : -1;
}

static int by_rules(struct work *w, const struct tape *t, tape_at compose, struct str system, struct str code,
                    const struct chain *here)
{
    int not_in = in_any(w, t, tape_get(t, compose, "exclude"), system, code, here);

    return and_(in_any(w, t, tape_get(t, compose, "include"), system, code, here), not_in < 0 ? -1 : !not_in);
}

static int in_set(struct work *w, const struct tape *t, tape_at at, struct str system, struct str code,
                  const struct chain *up)
{
    struct chain here = {up, t, at, up ? up->depth + 1 : 0};
    tape_at compose = tape_get(t, at, "compose");
    int yes = -1;

    if (goes_round(up, t, at) || here.depth > NESTED || !tape_str_is(t, tape_get(t, at, "resourceType"), "ValueSet"))
        return -1;
    if (compose != TAPE_NONE)
        yes = by_rules(w, t, compose, system, code, &here);
    return yes < 0 && tape_get(t, at, "expansion") != TAPE_NONE ? in_server_list(w, t, at, system, code) : yes;
}

int valueset_member(const struct valueset_base *b, struct str canonical, struct str system, struct str code)
{
    const struct valueset_set *s = set_of(b, canonical);
    struct arena a;
    struct work w = {b, &a, STR("")};
    int yes;

    if (!s)
        return -1;
    arena_init(&a, 4 << 20);
    yes = in_set(&w, &s->t, 0, system, code, NULL);
    if (a.failed)
        yes = -1;
    arena_fini(&a);
    return yes;
}

/* --- expansion -------------------------------------------------------------------------------- */

static enum valueset_why expand(struct work *w, const struct tape *t, tape_at at, const struct chain *up,
                                struct bag *out);

static enum valueset_why listed_codes(struct work *w, const struct tape *t, tape_at listed, struct str url,
                                      struct bag *out)
{
    const struct valueset_system *s = valueset_system_of(w->b, url);
    enum valueset_why why = VALUESET_OK;

    for (tape_at i = tape_first(t, listed); i != TAPE_NONE && !why; i = tape_next(t, listed, i)) {
        struct str own = valueset_said(w->b, t, tape_get(t, i, "designation"), w->a);
        struct str code = tape_str(t, tape_get(t, i, "code"), w->a);
        const struct valueset_concept *k = s ? valueset_concept_of(s, code) : NULL;
        struct valueset_code c = k ? valueset_code_of(s, k) : (struct valueset_code){.display = STR("")};

        c.system = url;
        c.code = code;
        if (!own.n && !(k && k->said)) /* the set's word goes before the system's, b's language before both */
            own = tape_str(t, tape_get(t, i, "display"), w->a);
        if (own.n)
            c.display = own;
        why = c.code.n ? bag_put(w, out, &c) : VALUESET_BAD;
    }
    return why;
}

static enum valueset_why system_codes(struct work *w, const struct tape *t, tape_at include, struct str url,
                                      struct bag *out)
{
    tape_at listed = tape_get(t, include, "concept");
    const struct valueset_system *s = valueset_system_of(w->b, url);
    enum valueset_why why = VALUESET_OK;

    if (listed != TAPE_NONE)
        return listed_codes(w, t, listed, url, out);
    if (!s)
        return lacks(w, VALUESET_NO_SYSTEM, url);
    VEC_EACH(const struct valueset_concept, c, &s->concepts) {
        int yes = fits(w, s, c, t, include, &why);

        if (yes < 0)
            return why;
        if (yes && !c->abstract) {
            struct valueset_code code = valueset_code_of(s, c);

            if ((why = bag_put(w, out, &code)))
                return lacks(w, why, url);
        }
    }
    return VALUESET_OK;
}

/* What a has and b has, too. */
static enum valueset_why both(struct work *w, struct bag *a, const struct bag *b)
{
    struct bag g;
    enum valueset_why why = bag_new(w, &g);

    for (uint32_t i = 0; i < a->list.n && !why; i++)
        if (bag_has(b, &a->list.v[i]))
            why = bag_put(w, &g, &a->list.v[i]);
    *a = g;
    return why;
}

static enum valueset_why include_codes(struct work *w, const struct tape *t, tape_at include, const struct chain *up,
                                       struct bag *out)
{
    struct str url = tape_str(t, tape_get(t, include, "system"), w->a);
    tape_at sets = tape_get(t, include, "valueSet");
    enum valueset_why why = bag_new(w, out);
    bool first = !url.n;
    struct bag one;

    if (!why && !url.n && sets == TAPE_NONE)
        why = VALUESET_BAD;
    if (!why && url.n)
        why = system_codes(w, t, include, url, out);
    for (tape_at i = tape_first(t, sets); i != TAPE_NONE && !why; i = tape_next(t, sets, i)) {
        struct str canonical = tape_str(t, i, w->a);
        const struct valueset_set *s = set_of(w->b, canonical);

        why = s ? expand(w, &s->t, 0, up, &one) : lacks(w, VALUESET_NO_SET, canonical);
        if (!why && first)
            *out = one;
        else if (!why)
            why = both(w, out, &one);
        first = false;
    }
    return why;
}

static enum valueset_why rules(struct work *w, const struct tape *t, tape_at compose, const struct chain *up,
                               struct bag *out)
{
    tape_at include = tape_get(t, compose, "include"), exclude = tape_get(t, compose, "exclude");
    bool no_retired = tape_is(t, tape_get(t, compose, "inactive"), TAPE_FALSE);
    struct bag all, less, one;
    enum valueset_why why = bag_new(w, &all);

    why = why ? why : bag_new(w, &less);
    why = why ? why : bag_new(w, out);
    for (tape_at i = tape_first(t, include); i != TAPE_NONE && !why; i = tape_next(t, include, i)) {
        why = include_codes(w, t, i, up, &one);
        for (uint32_t k = 0; k < one.list.n && !why; k++)
            why = bag_put(w, &all, &one.list.v[k]);
    }
    for (tape_at i = tape_first(t, exclude); i != TAPE_NONE && !why; i = tape_next(t, exclude, i)) {
        why = include_codes(w, t, i, up, &one);
        for (uint32_t k = 0; k < one.list.n && !why; k++)
            why = bag_put(w, &less, &one.list.v[k]);
    }
    for (uint32_t k = 0; k < all.list.n && !why; k++)
        if (!bag_has(&less, &all.list.v[k]) && !(no_retired && all.list.v[k].retired))
            why = bag_put(w, out, &all.list.v[k]);
    return why;
}

/* Do the rules, as far as they can be followed, keep out what the server listed? Then the list is of other rules. */
static bool contradicted(const struct work *w, const struct tape *t, tape_at compose, const struct bag *server,
                         const struct chain *here)
{
    bool yes = false;

    for (uint32_t i = 0; i < server->list.n && !yes && compose != TAPE_NONE; i++) {
        struct arena a;
        struct work one = {w->b, &a, STR("")};

        arena_init(&a, 4 << 20);
        yes = !by_rules(&one, t, compose, server->list.v[i].system, server->list.v[i].code, here) && !a.failed;
        arena_fini(&a);
    }
    return yes;
}

static enum valueset_why expand(struct work *w, const struct tape *t, tape_at at, const struct chain *up,
                                struct bag *out)
{
    struct chain here = {up, t, at, up ? up->depth + 1 : 0};
    tape_at compose = tape_get(t, at, "compose");
    enum valueset_why why, listed;
    struct bag server;
    bool whole;

    if (!tape_str_is(t, tape_get(t, at, "resourceType"), "ValueSet"))
        return VALUESET_BAD;
    if (goes_round(up, t, at) || here.depth > NESTED)
        return lacks(w, VALUESET_CIRCLE, tape_str(t, tape_get(t, at, "url"), w->a));
    why = compose == TAPE_NONE ? VALUESET_PART : rules(w, t, compose, &here, out);
    if (!why || tape_get(t, at, "expansion") == TAPE_NONE)
        return why == VALUESET_PART && compose == TAPE_NONE ? VALUESET_BAD : why;
    listed = server_list(w, t, at, &server, &whole);
    if (listed || !whole || contradicted(w, t, compose, &server, &here))
        return why;
    *out = server;
    return VALUESET_OK;
}

enum valueset_why valueset_expand_at(const struct valueset_base *b, const struct tape *t, tape_at at, struct arena *a,
                                     struct valueset_list *out, struct str *about)
{
    struct work w = {b, a, STR("")};
    struct bag g = {.slot = NULL};
    enum valueset_why why = expand(&w, t, at, NULL, &g);

    if (!why && a->failed)
        why = VALUESET_TOO_MANY;
    *out = why ? (struct valueset_list){0} : g.list;
    if (about)
        *about = why ? w.about : STR("");
    return why;
}

enum valueset_why valueset_expand(const struct valueset_base *b, struct str canonical, struct arena *a,
                                  struct valueset_list *out, struct str *about)
{
    const struct valueset_set *s = set_of(b, canonical);

    if (s)
        return valueset_expand_at(b, &s->t, 0, a, out, about);
    *out = (struct valueset_list){0};
    if (about)
        *about = canonical;
    return VALUESET_NO_SET;
}
