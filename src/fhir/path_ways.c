/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an expression depends on: a walk over its tree that evaluates nothing. A way is a chain of steps from a variable
 * or a bare name; the linkIds that its criteria name narrow what of a form it can see.
 */
#include "config.h"

#include "fhir/path_priv.h"

#define LINKS_MAX 256 /* in one way; more, and it counts as one that sees everything */

struct ways {
    bool (*see)(void *arg, const struct path_way *way);
    void *arg;
    bool ok, broad; /* broad: a criterion lets more through than what it names */
    struct str *links;
};

static bool is_link(const struct path_node *n)
{
    return n && n->what == PATH_N_MEMBER && !n->left && str_is(n->name, "linkId");
}

static bool is_sign(const struct path_node *n, const char *sign)
{
    return n && n->what == PATH_N_BINARY && n->op && str_is(str_of(n->op->sign), sign);
}

/* The strings that one side of a comparison gives: 'a', or ('a' | 'b'). */
static unsigned strings(struct ways *w, unsigned have, const struct path_node *n)
{
    if (n && n->what == PATH_N_VALUE && n->value.kind == PATH_STRING) {
        if (have < LINKS_MAX)
            w->links[have] = n->value.string;
        return have + 1;
    }
    if (is_sign(n, "|"))
        return strings(w, strings(w, have, n->left), n->right);
    w->broad = true;
    return have;
}

/* The linkIds that a criterion asks for: all that it lets through has one of them, or it is broad. */
static unsigned links(struct ways *w, unsigned have, const struct path_node *n)
{
    unsigned left, right;

    if ((is_sign(n, "=") || is_sign(n, "in")) && is_link(n->left))
        return strings(w, have, n->right);
    if (is_sign(n, "=") && is_link(n->right))
        return strings(w, have, n->left);
    if (is_sign(n, "or") || is_sign(n, "and")) {
        left = links(w, have, n->left);
        right = links(w, left, n->right);
        w->broad = w->broad || (is_sign(n, "or") && (left == have || right == left));
        return right;
    }
    return have;
}

static bool is_call(const struct path_node *n, const char *name)
{
    return n->what == PATH_N_CALL && str_is(n->name, name);
}

static void walk(struct ways *w, const struct path_node *n, bool inner);

/* Does a chain's first step begin at what surrounds it, and where? */
static bool begins(const struct path_node *leaf, bool inner, struct str *from)
{
    bool steps = is_call(leaf, "repeat") || is_call(leaf, "descendants") || is_call(leaf, "children");

    *from = leaf->what == PATH_N_VARIABLE ? leaf->name : STR("context");
    if (leaf->what == PATH_N_VARIABLE)
        return true;
    return !inner && (leaf->what == PATH_N_MEMBER || leaf->what == PATH_N_THIS || steps);
}

/* A chain of steps: where it begins, with all that its criteria name; then what stands in its arguments. */
static void chain(struct ways *w, const struct path_node *n, bool inner)
{
    const struct path_node *leaf = n;
    struct path_way way = {.links = w->links};
    unsigned have = 0;

    w->broad = false;
    for (const struct path_node *step = n; step; step = step->left) {
        leaf = step;
        if (step->what == PATH_N_BINARY || step->what == PATH_N_MINUS || step->what == PATH_N_PLUS)
            break;
        for (unsigned i = 0; i < step->args && (is_call(step, "where") || is_call(step, "exists")); i++)
            have = links(w, have, step->arg[i]);
    }
    way.narrowed = have && have <= LINKS_MAX && !w->broad;
    way.nlinks = way.narrowed ? have : 0;
    if (begins(leaf, inner, &way.from))
        w->ok = w->ok && w->see(w->arg, &way);
    for (const struct path_node *step = n; step && w->ok; step = step->left) {
        if (step->what == PATH_N_BINARY || step->what == PATH_N_MINUS || step->what == PATH_N_PLUS) {
            walk(w, step, inner); /* (a | b).c */
            break;
        }
        for (unsigned i = 0; i < step->args; i++) /* of a function without an input: its input is the surroundings' */
            walk(w, step->arg[i], inner || step->left || is_call(step, "repeat"));
        if (step->what == PATH_N_ITEM)
            walk(w, step->right, true);
    }
}

static void walk(struct ways *w, const struct path_node *n, bool inner)
{
    if (!n || !w->ok)
        return;
    if (n->what != PATH_N_BINARY && n->what != PATH_N_MINUS && n->what != PATH_N_PLUS) {
        chain(w, n, inner);
        return;
    }
    walk(w, n->left, inner);
    walk(w, n->right, inner);
}

bool path_ways(const struct path *x, bool (*see)(void *arg, const struct path_way *way), void *arg)
{
    struct arena a;
    struct ways w = {see, arg, true, false, NULL};

    arena_init(&a, 2 * LINKS_MAX * sizeof *w.links);
    w.links = arena_alloc(&a, LINKS_MAX * sizeof *w.links);
    w.ok = w.links != NULL;
    walk(&w, x->root, false);
    arena_fini(&a);
    return w.ok;
}
