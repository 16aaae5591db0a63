/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/holds.h"

#include <stdio.h>

#include "fhir/index.h"

#define MEMBER_BYTES 128

/* Recursion: a tape has LIMIT_DEPTH levels at most. */

struct holds {
    const struct tape *got, *sent;
    const char *base;
    struct arena *a;
};

static bool says_nothing(const struct tape *t, tape_at at)
{
    switch (tape_kind(t, at)) {
    case TAPE_NULL:
        return true;
    case TAPE_OBJECT:
    case TAPE_ARRAY:
    case TAPE_STRING:
        return tape_raw(t, at).n <= 2;
    default:
        return false;
    }
}

static bool same_reference(const struct holds *h, struct str x, struct str y)
{
    struct str type[2], id[2];

    return h->base && fhir_reference(x, h->base, &type[0], &id[0]) && fhir_reference(y, h->base, &type[1], &id[1]) &&
           str_eq(type[0], type[1]) && str_eq(id[0], id[1]);
}

static bool same_string(const struct holds *h, tape_at g, tape_at s, bool reference)
{
    struct str x = tape_str(h->got, g, h->a), y = tape_str(h->sent, s, h->a);

    if (h->a->failed)
        return false;
    return str_eq(x, y) || (reference && same_reference(h, x, y));
}

static bool holds(const struct holds *h, tape_at g, tape_at s, bool reference);

static bool holds_members(const struct holds *h, tape_at g, tape_at s)
{
    for (tape_at k = tape_first_member(h->sent, s); k != TAPE_NONE; k = tape_next_member(h->sent, s, k)) {
        struct str name = tape_name(h->sent, k);
        char z[MEMBER_BYTES];

        if (says_nothing(h->sent, k + 1) || (s == 0 && str_is(name, "meta")))
            continue;
        if (name.n >= sizeof z) /* no element of R4 has such a name */
            return false;
        snprintf(z, sizeof z, "%.*s", STR_ARG(name));
        if (!holds(h, tape_get(h->got, g, z), k + 1, str_is(name, "reference")))
            return false;
    }
    return true;
}

static bool holds_elements(const struct holds *h, tape_at g, tape_at s)
{
    tape_at x = tape_first(h->got, g), y = tape_first(h->sent, s);

    for (; y != TAPE_NONE; x = tape_next(h->got, g, x), y = tape_next(h->sent, s, y))
        if (x == TAPE_NONE || (!says_nothing(h->sent, y) && !holds(h, x, y, false)))
            return false;
    return x == TAPE_NONE;
}

static bool holds(const struct holds *h, tape_at g, tape_at s, bool reference)
{
    enum tape_kind kind = tape_kind(h->sent, s);

    if (g == TAPE_NONE || tape_kind(h->got, g) != kind)
        return false;
    switch (kind) {
    case TAPE_OBJECT:
        return holds_members(h, g, s);
    case TAPE_ARRAY:
        return holds_elements(h, g, s);
    case TAPE_STRING:
        return same_string(h, g, s, reference);
    case TAPE_NUMBER:
        return str_eq(tape_lexeme(h->got, g), tape_lexeme(h->sent, s));
    default: /* true, false, null: the kind is the value */
        return true;
    }
}

bool fhir_holds(const struct tape *got, const struct tape *sent, const char *base, struct arena *a)
{
    const struct holds h = {got, sent, base, a};

    return holds(&h, 0, 0, false);
}

bool fhir_same(const struct tape *x, tape_at x_at, const struct tape *y, tape_at y_at, struct arena *a)
{
    const struct holds there = {x, y, NULL, a}, back = {y, x, NULL, a};

    return holds(&there, x_at, y_at, false) && holds(&back, y_at, x_at, false);
}

/* --- what was taken away ----------------------------------------------------------------------------- */

struct dropped {
    const struct tape *got, *base, *sent;
};

static tape_at member(const struct tape *t, tape_at object, struct str name)
{
    char z[MEMBER_BYTES];

    if (name.n >= sizeof z)
        return TAPE_NONE;
    snprintf(z, sizeof z, "%.*s", STR_ARG(name));
    return tape_get(t, object, z);
}

static bool says(const struct tape *t, tape_at at)
{
    return at != TAPE_NONE && !says_nothing(t, at);
}

static bool keeps(const struct dropped *d, tape_at g, tape_at b, tape_at s);

static bool keeps_member(const struct dropped *d, tape_at g, tape_at b, tape_at s)
{
    for (tape_at k = tape_first_member(d->base, b); k != TAPE_NONE; k = tape_next_member(d->base, b, k)) {
        struct str name = tape_name(d->base, k);
        tape_at in_got = member(d->got, g, name), in_sent = member(d->sent, s, name);

        if ((b == 0 && str_is(name, "meta")) || !says(d->base, k + 1) || !says(d->got, in_got))
            continue;
        if (!says(d->sent, in_sent) || keeps(d, in_got, k + 1, in_sent))
            return true;
    }
    return false;
}

static bool keeps(const struct dropped *d, tape_at g, tape_at b, tape_at s)
{
    tape_at x, y, z;

    if (tape_is(d->base, b, TAPE_OBJECT) && tape_is(d->sent, s, TAPE_OBJECT) && tape_is(d->got, g, TAPE_OBJECT))
        return keeps_member(d, g, b, s);
    if (!tape_is(d->base, b, TAPE_ARRAY) || !tape_is(d->sent, s, TAPE_ARRAY) || !tape_is(d->got, g, TAPE_ARRAY) ||
        tape_count(d->base, b) != tape_count(d->sent, s))
        return false;
    x = tape_first(d->got, g);
    y = tape_first(d->base, b);
    z = tape_first(d->sent, s);
    for (; x != TAPE_NONE && y != TAPE_NONE && z != TAPE_NONE;
         x = tape_next(d->got, g, x), y = tape_next(d->base, b, y), z = tape_next(d->sent, s, z))
        if (keeps(d, x, y, z))
            return true;
    return false;
}

bool fhir_keeps_dropped(const struct tape *got, const struct tape *base, const struct tape *sent)
{
    const struct dropped d = {got, base, sent};

    return keeps(&d, 0, 0, 0);
}
