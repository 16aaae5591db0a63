/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What can be said of an expression without a document: each part's type, as far as FHIR's table gives one, and whether
 * it has an order. Where a type is not known nothing is said.
 */
#include "config.h"

#include <string.h>

#include "fhir/path_priv.h"

struct known {
    struct str type;  /* "" unknown */
    bool shuffled;
};

struct checking {
    const struct path *x;
    struct str root;
    struct err *e;
    int failed;
};

static struct known look(struct checking *c, const struct path_node *n, struct known here);

static struct known complain(struct checking *c, enum path_why why, const struct path_node *n)
{
    if (!c->failed)
        c->failed = path_err(c->e, why, n->at, n->name);
    return (struct known){STR(""), false};
}

/* System's types have no elements that the table knows. */
static bool is_system(struct str type)
{
    return !path_type_known(type).n;
}

static struct known member(struct checking *c, const struct path_node *n, struct known in)
{
    struct path_element el;

    if (!n->left && n->name.n && *n->name.p >= 'A' && *n->name.p <= 'Z' && path_type_known(n->name).n) {
        if (path_type_is(in.type, n->name))
            return in;
        if (path_type_resource(in.type) && path_type_resource(n->name) && !str_is(in.type, "Resource"))
            return complain(c, PATH_NO_ELEMENT, n);
        return (struct known){n->name, false};
    }
    if (!in.type.n || is_system(in.type) || str_is(in.type, "Resource") || str_is(in.type, "DomainResource"))
        return (struct known){STR(""), in.shuffled};
    if (!path_type_element(in.type, n->name, &el))
        return complain(c, PATH_NO_ELEMENT, n);
    return (struct known){el.type, in.shuffled};
}

static struct known call(struct checking *c, const struct path_node *n, struct known in)
{
    struct known out = {STR(""), in.shuffled}, arg = {STR(""), false};
    bool type = n->fn->how & PATH_TYPE_ARG;

    for (unsigned i = 0; i < n->args && !type; i++)
        arg = look(c, n->arg[i], (n->fn->how & (PATH_LAMBDA | PATH_ALL_LAMBDA)) ? (struct known){in.type, false}
                : (struct known){STR(""), false});
    if (type && n->args && !path_type_exists(n->arg[0]->space, n->arg[0]->name))
        return complain(c, PATH_NO_TYPE, n->arg[0]);
    if ((n->fn->how & PATH_ORDERED) && in.shuffled)
        return complain(c, PATH_ORDER, n);
    if (n->fn->how & PATH_SHUFFLES)
        out.shuffled = true;
    if (type && (str_is(n->name, "as") || str_is(n->name, "ofType")))
        out.type = n->arg[0]->name;
    else if (n->fn->gives)
        out.type = !strcmp(n->fn->gives, "=") ? in.type : str_of(n->fn->gives);
    else if (str_is(n->name, "select"))
        out.type = arg.type;
    return out;
}

static struct known binary(struct checking *c, const struct path_node *n, struct known here)
{
    struct known a = look(c, n->left, here), b = look(c, n->right, here);

    if (str_is(n->name, "|"))
        return (struct known){str_eq(a.type, b.type) ? a.type : STR(""), a.shuffled || b.shuffled};
    return (struct known){STR(""), false};
}

static struct known look(struct checking *c, const struct path_node *n, struct known here)
{
    struct known left = n->left && n->what != PATH_N_BINARY ? look(c, n->left, here) : here;

    if (c->failed)
        return here;
    switch (n->what) {
    case PATH_N_THIS:
        return here;
    case PATH_N_MEMBER:
        return member(c, n, left);
    case PATH_N_CALL:
        return call(c, n, left);
    case PATH_N_ITEM:
        look(c, n->right, here);
        return left;
    case PATH_N_BINARY:
        return binary(c, n, here);
    case PATH_N_TYPE:
        if (!path_type_exists(n->space, n->name))
            return complain(c, PATH_NO_TYPE, n);
        return (struct known){n->fn && str_is(str_of(n->fn->name), "as") ? n->name : STR("Boolean"), false};
    case PATH_N_VARIABLE:
        return (struct known){str_is(n->name, "resource") || str_is(n->name, "context") ? c->root : STR(""), false};
    default:
        return (struct known){STR(""), false};
    }
}

int path_check(const struct path *x, struct str type, struct err *e)
{
    struct checking c = {.x = x, .root = type, .e = e};

    look(&c, x->root, (struct known){type, false});
    return c.failed;
}
