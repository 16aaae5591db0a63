/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sets of values, for distinct(), repeat(), '|' and their like: values that path_equal calls the same have the same
 * hash. Values that somebody made to share one cost steps, as all does.
 */
#include "config.h"

#include <string.h>

#include "fhir/path_priv.h"

#define FIRST_SLOTS 16

struct path_slot {
    uint64_t hash;
    const struct path_value *v; /* NULL: free */
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static uint64_t of_bytes(struct path_run *r, const struct path_node *n, struct str s)
{
    uint64_t h = s.n;

    if (!path_bytes(r, n, s.n))
        for (size_t i = 0; i < s.n; i++)
            h = mix(h, (unsigned char)s.p[i]);
    return h;
}

static uint64_t of_decimal(struct path_decimal d)
{
    uint64_t h;

    path_decimal_trim(&d);
    h = mix((uint64_t)d.scale, d.negative);
    for (unsigned i = 0; i < d.n; i++)
        h = mix(h, d.digit[i]);
    return h;
}

/* Of its amount in base units, or its length of time: 1 'g' is 1000 'mg', 7 days are a week. */
static uint64_t of_quantity(const struct path_run *r, const struct path_value *v)
{
    struct path_decimal d;

    return of_decimal(path_in_base(r, v, &d) ? d : *v->quantity.value);
}

static uint64_t of_tree(struct path_run *r, const struct path_node *n, const struct tape *t, tape_at at, unsigned depth)
{
    uint64_t h = (uint64_t)tape_kind(t, at), all = 0;
    struct path_decimal d;

    if (path_step(r, n, 1) || depth > PATH_MAX_DEPTH * 2)
        return 0;
    switch (tape_kind(t, at)) {
    case TAPE_OBJECT: /* in any order */
        for (tape_at k = tape_first_member(t, at); k != TAPE_NONE; k = tape_next_member(t, at, k))
            all += mix(of_bytes(r, n, tape_name(t, k)), of_tree(r, n, t, k + 1, depth + 1));
        return mix(h, all);
    case TAPE_ARRAY:
        for (tape_at i = tape_first(t, at); i != TAPE_NONE; i = tape_next(t, at, i))
            h = mix(h, of_tree(r, n, t, i, depth + 1));
        return h;
    case TAPE_NUMBER:
        return path_decimal_parse(tape_lexeme(t, at), &d) ? of_decimal(d) : h;
    case TAPE_STRING:
        return of_bytes(r, n, tape_str(t, at, r->a));
    default:
        return h;
    }
}

static uint64_t of_value(struct path_run *r, const struct path_node *n, const struct path_value *v,
                         struct path_value *plain)
{
    struct path_decimal d;

    *plain = (struct path_value){.kind = PATH_NODE};
    if (!path_plain(v, r->a, plain)) {
        plain->kind = PATH_NODE;
        return of_tree(r, n, v->node.t, v->node.at == TAPE_NONE ? v->node.more : v->node.at, 0);
    }
    switch (plain->kind) {
    case PATH_BOOLEAN:
        return plain->boolean;
    case PATH_INTEGER:
    case PATH_DECIMAL:
        return path_number(plain, &d) ? of_decimal(d) : 0;
    case PATH_QUANTITY:
        return of_quantity(r, plain);
    case PATH_DATE:
    case PATH_DATETIME:
    case PATH_TIME:
        return mix(1, (uint64_t)path_time_key(&plain->time));
    default:
        return of_bytes(r, n, plain->string);
    }
}

/* Its slot, or the free one where it belongs. */
static struct path_slot *slot_of(struct path_run *r, const struct path_node *n, const struct path_set *s, uint64_t hash,
                                 const struct path_value *v)
{
    uint32_t i = (uint32_t)mix(hash, 2) & (s->cap - 1);

    while (s->slot[i].v && !path_step(r, n, 1) &&
           (s->slot[i].hash != hash || path_equal(r, n, s->slot[i].v, v) != PATH_SAME))
        i = (i + 1) & (s->cap - 1);
    return &s->slot[i];
}

/* A set is never more than half full. */
static int grow(struct path_run *r, const struct path_node *n, struct path_set *s)
{
    struct path_set more = *s;

    if (s->cap && s->n < s->cap / 2)
        return r->failed;
    more.cap = s->cap ? s->cap * 2 : FIRST_SLOTS;
    more.slot = arena_alloc(r->a, more.cap * sizeof *more.slot);
    if (!more.slot)
        return path_fail(r, n, PATH_TOO_LONG);
    for (uint32_t i = 0; i < s->cap; i++) {
        uint32_t k = (uint32_t)mix(s->slot[i].hash, 2) & (more.cap - 1);

        while (s->slot[i].v && more.slot[k].v)
            k = (k + 1) & (more.cap - 1);
        if (s->slot[i].v)
            more.slot[k] = s->slot[i];
    }
    *s = more;
    return path_step(r, n, s->cap);
}

/* Keeps one quantity of each unit. */
static int note_unit(struct path_run *r, const struct path_node *n, struct path_set *s, const struct path_value *q)
{
    for (uint32_t i = 0; i < s->units.n && !path_step(r, n, 1); i++)
        if (str_eq(s->units.v[i].quantity.unit, q->quantity.unit) &&
            s->units.v[i].quantity.calendar == q->quantity.calendar)
            return r->failed;
    return r->failed ? r->failed : path_put(r, n, &s->units, q);
}

/* What is not in it and has a unit that no unit in it is known to differ from. */
static int check_units(struct path_run *r, const struct path_node *n, const struct path_set *s,
                       const struct path_value *q)
{
    for (uint32_t i = 0; i < s->units.n && !path_step(r, n, 1); i++)
        if (path_unlike(r, &s->units.v[i], q))
            return path_fail(r, n, PATH_NEEDS);
    return r->failed;
}

bool path_set_has(struct path_run *r, const struct path_node *n, const struct path_set *s, const struct path_value *v)
{
    struct path_value plain;
    uint64_t hash;

    if (!s->n)
        return false;
    hash = of_value(r, n, v, &plain);
    if (r->failed || slot_of(r, n, s, hash, v)->v)
        return true;
    if (plain.kind == PATH_QUANTITY)
        check_units(r, n, s, &plain);
    return false;
}

static bool add(struct path_run *r, const struct path_node *n, struct path_set *s, const struct path_value *v,
                bool checked)
{
    struct path_value plain;
    struct path_slot *slot;
    uint64_t hash;

    if (grow(r, n, s))
        return false;
    hash = of_value(r, n, v, &plain);
    slot = slot_of(r, n, s, hash, v);
    if (r->failed || slot->v)
        return false;
    if (plain.kind == PATH_QUANTITY && ((checked && check_units(r, n, s, &plain)) || note_unit(r, n, s, &plain)))
        return false;
    *slot = (struct path_slot){hash, v};
    s->n++;
    return true;
}

int path_set_fill(struct path_run *r, const struct path_node *n, struct path_set *s, const struct path_list *in)
{
    for (uint32_t i = 0; i < in->n && !r->failed; i++)
        add(r, n, s, &in->v[i], false);
    return r->failed;
}

int path_set_put(struct path_run *r, const struct path_node *n, struct path_set *s, struct path_list *out,
                 const struct path_list *in)
{
    for (uint32_t i = 0; i < in->n && !r->failed; i++)
        if (add(r, n, s, &in->v[i], !s->places))
            path_put(r, n, out, &in->v[i]);
    return r->failed;
}
