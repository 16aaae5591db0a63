/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One step down in a document: from an element to what it holds, with the types that FHIR's table gives. A primitive's
 * _name member is the element's extensions and id.
 */
#include "config.h"

#include <string.h>

#include "fhir/path_priv.h"

struct down {
    struct path_run *r;
    const struct path_node *n;
    const struct path_value *in; /* a copy that stays */
    struct path_list *out;
};

static int one(struct down *d, const struct tape *t, tape_at at, tape_at more, struct str name, struct str type)
{
    struct path_value v = {.kind = PATH_NODE, .type = type, .node = {t, at, more, name, d->in}};
    struct str says;

    if (at == TAPE_NONE && more == TAPE_NONE)
        return ERR_OK;
    if (tape_is(t, at, TAPE_OBJECT)) {
        says = tape_plain(t, tape_get(t, at, "resourceType"));
        if (says.n && path_type_known(says).n && (!type.n || path_type_resource(type)))
            v.type = path_type_known(says);
    }
    return path_put(d->r, d->n, d->out, &v);
}

/* The values of a member and of its companion, side by side. */
static int values(struct down *d, const struct tape *t, tape_at at, tape_at more, struct str name, struct str type)
{
    bool list = tape_is(t, at, TAPE_ARRAY), more_list = tape_is(t, more, TAPE_ARRAY);
    tape_at i = list ? tape_first(t, at) : at, k = more_list ? tape_first(t, more) : more;

    while ((i != TAPE_NONE || k != TAPE_NONE) && !d->r->failed) {
        one(d, t, tape_is(t, i, TAPE_NULL) ? TAPE_NONE : i, tape_is(t, k, TAPE_OBJECT) ? k : TAPE_NONE, name, type);
        i = list && i != TAPE_NONE ? tape_next(t, at, i) : TAPE_NONE;
        k = more_list && k != TAPE_NONE ? tape_next(t, more, k) : TAPE_NONE;
    }
    return d->r->failed;
}

/* The value at a name that is no C string. */
static tape_at get(const struct tape *t, tape_at object, struct str prefix, struct str name)
{
    if (!tape_is(t, object, TAPE_OBJECT))
        return TAPE_NONE;
    for (tape_at k = tape_first_member(t, object); k != TAPE_NONE; k = tape_next_member(t, object, k)) {
        struct str has = tape_name(t, k);

        if (has.n == prefix.n + name.n && !memcmp(has.p, prefix.p, prefix.n) &&
            !memcmp(has.p + prefix.n, name.p, name.n))
            return k + 1;
    }
    return TAPE_NONE;
}

static struct str type_of(struct str type, struct str name)
{
    struct path_element el;

    return path_type_element(type, name, &el) ? el.type : STR("");
}

/* value -> valueQuantity: the member that the document has of a choice. */
static int choice(struct down *d, const struct path_value *v, tape_at object, struct str name)
{
    const struct tape *t = v->node.t;
    struct str stem, type;

    for (tape_at k = tape_first_member(t, object); k != TAPE_NONE && !d->r->failed; k = tape_next_member(t, object,
            k)) {
        struct str has = tape_name(t, k), bare = str_starts(has, "_") ? (struct str){has.p + 1, has.n - 1} : has;

        if (bare.n <= name.n || memcmp(bare.p, name.p, name.n) || bare.p[name.n] < 'A' || bare.p[name.n] > 'Z')
            continue;
        if (!path_type_choice(v->type, bare, &stem, &type) || !str_eq(stem, name))
            continue;
        if (bare.p != has.p && get(t, object, STR(""), bare) != TAPE_NONE)
            continue; /* seen with its value */
        return values(d, t, bare.p == has.p ? k + 1 : TAPE_NONE, get(t, object, STR("_"), bare), name, type);
    }
    return d->r->failed;
}

static const struct path_value *keep(struct path_run *r, const struct path_node *n, const struct path_value *v)
{
    struct path_value *p = arena_alloc(r->a, sizeof *p);

    if (!p)
        path_fail(r, n, PATH_TOO_LONG);
    else
        *p = *v;
    return p;
}

int path_member(struct path_run *r, const struct path_node *n, const struct path_value *v, struct str name,
                struct path_list *out)
{
    const struct tape *t = v->node.t;
    struct down d = {.r = r, .n = n, .out = out};
    tape_at object = tape_is(t, v->node.at, TAPE_OBJECT) ? v->node.at : v->node.more, at, more;
    struct path_element el;
    struct str stem, type;
    bool known = path_type_element(v->type, name, &el);

    if (object == TAPE_NONE || str_is(name, "resourceType"))
        return path_step(r, n, 1);
    at = get(t, object, STR(""), name);
    more = get(t, object, STR("_"), name);
    if (at == TAPE_NONE && more == TAPE_NONE && v->type.n && !known)
        return path_step(r, n, 1);
    d.in = keep(r, n, v);
    if (!d.in)
        return r->failed;
    if (at != TAPE_NONE || more != TAPE_NONE) {
        type = known ? el.type : STR("");
        if (!known && path_type_choice(v->type, name, &stem, &type) && (r->x->flags & PATH_STRICT))
            return r->failed; /* valueQuantity is JSON's name, not the element's */
        return values(&d, t, at, more, name, type);
    }
    return known && !el.choice ? r->failed : choice(&d, v, object, name);
}

int path_children(struct path_run *r, const struct path_node *n, const struct path_value *v, struct path_list *out)
{
    const struct tape *t = v->node.t;
    struct down d = {.r = r, .n = n, .out = out, .in = keep(r, n, v)};
    tape_at object = tape_is(t, v->node.at, TAPE_OBJECT) ? v->node.at : v->node.more;

    if (!tape_is(t, object, TAPE_OBJECT) || !d.in)
        return r->failed;
    for (tape_at k = tape_first_member(t, object); k != TAPE_NONE && !r->failed; k = tape_next_member(t, object, k)) {
        struct str has = tape_name(t, k), bare = str_starts(has, "_") ? (struct str){has.p + 1, has.n - 1} : has,
                stem, type;

        if (str_is(has, "resourceType") || (bare.p != has.p && get(t, object, STR(""), bare) != TAPE_NONE))
            continue;
        type = type_of(v->type, bare);
        stem = bare;
        if (!type.n && !path_type_choice(v->type, bare, &stem, &type))
            stem = bare, type = STR("");
        values(&d, t, bare.p == has.p ? k + 1 : TAPE_NONE, get(t, object, STR("_"), bare), stem, type);
    }
    return r->failed;
}
