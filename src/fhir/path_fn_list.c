/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Functions over collections (specification 5.1 to 5.4, 7).
 */
#include "config.h"

#include <string.h>

#include "fhir/path_fn.h"

/* A criterion for one item: as a condition, -1 for empty. */
static int holds(struct path_run *r, const struct path_call *k, uint32_t i)
{
    struct path_list l;
    int code;

    if (path_each(r, k, 0, i, NULL, &l))
        return -1;
    return path_truth(r, k->node, &l, &code);
}

PATH_FN(path_fn_exists)
{
    bool found = k->in.n != 0 && !k->node->args;

    for (uint32_t i = 0; k->node->args && i < k->in.n && !found && !r->failed; i++)
        found = holds(r, k, i) == 1;
    return r->failed ? r->failed : path_put_bool(r, k->node, out, found == (k->node->fn->kind == PATH_EXISTS));
}

PATH_FN(path_fn_all)
{
    bool all = true;

    for (uint32_t i = 0; i < k->in.n && all && !r->failed; i++)
        all = holds(r, k, i) == 1;
    return r->failed ? r->failed : path_put_bool(r, k->node, out, all);
}

PATH_FN(path_fn_truths)
{
    int kind = k->node->fn->kind;
    bool any = false, want = kind == PATH_ANY_TRUE || kind == PATH_ALL_FALSE;

    for (uint32_t i = 0; i < k->in.n; i++) {
        struct path_value v;

        if (!path_plain(&k->in.v[i], r->a, &v) || v.kind != PATH_BOOLEAN)
            return path_fail(r, k->node, PATH_KIND);
        any |= v.boolean == want;
    }
    return path_put_bool(r, k->node, out, any == (kind == PATH_ANY_TRUE || kind == PATH_ANY_FALSE));
}

PATH_FN(path_fn_subset)
{
    const struct path_list *inner = k->node->fn->kind ? &k->arg[0] : &k->in, *outer = k->node->fn->kind ? &k->in
            : &k->arg[0];
    struct path_set set = {0};
    bool all = true;

    path_set_fill(r, k->node, &set, outer);
    for (uint32_t i = 0; i < inner->n && all && !r->failed; i++)
        all = path_set_has(r, k->node, &set, &inner->v[i]);
    return r->failed ? r->failed : path_put_bool(r, k->node, out, all);
}

PATH_FN(path_fn_count)
{
    return path_put_int(r, k->node, out, k->in.n);
}

PATH_FN(path_fn_distinct)
{
    struct path_list found = {0};
    struct path_set set = {0};

    if (path_set_put(r, k->node, &set, &found, &k->in))
        return r->failed;
    if (k->node->fn->kind)
        return path_put_bool(r, k->node, out, found.n == k->in.n);
    *out = found;
    return ERR_OK;
}

PATH_FN(path_fn_where)
{
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++)
        if (holds(r, k, i) == 1 && !r->failed)
            path_put(r, k->node, out, &k->in.v[i]);
    return r->failed;
}

PATH_FN(path_fn_select)
{
    struct path_list l;

    for (uint32_t i = 0; i < k->in.n && !r->failed; i++)
        if (!path_each(r, k, 0, i, NULL, &l))
            path_put_all(r, k->node, out, &l);
    return r->failed;
}

/* What was found is looked into again; what was there already is not. */
PATH_FN(path_fn_repeat)
{
    struct path_call each = *k;
    struct path_set set = {.places = true};
    struct path_list l;

    for (uint32_t done = 0; each.in.n && !r->failed;) {
        for (uint32_t i = 0; i < each.in.n && !r->failed; i++)
            if (!path_each(r, &each, 0, i, NULL, &l))
                path_set_put(r, k->node, &set, out, &l);
        if (out->n == done)
            break;
        each.in = (struct path_list){out->v + done, out->n - done, out->n - done};
        done = out->n;
        struct path_value *copy = arena_alloc(r->a, each.in.n * sizeof *copy);

        if (!copy)
            return path_fail(r, k->node, PATH_TOO_LONG);
        memcpy(copy, each.in.v, each.in.n * sizeof *copy); /* out moves while it grows */
        each.in.v = copy;
    }
    return r->failed;
}

PATH_FN(path_fn_part)
{
    uint32_t n = k->in.n, from = 0, to = n;

    switch (k->node->fn->kind) {
    case PATH_THE_SINGLE:
        if (n > 1)
            return path_fail(r, k->node, PATH_SINGLE);
        break;
    case PATH_THE_FIRST:
        to = n ? 1 : 0;
        break;
    case PATH_THE_LAST:
        from = n ? n - 1 : 0;
        break;
    default:
        from = n ? 1 : 0;
    }
    for (uint32_t i = from; i < to && !r->failed; i++)
        path_put(r, k->node, out, &k->in.v[i]);
    return r->failed;
}

PATH_FN(path_fn_slice)
{
    bool taking = k->node->fn->kind;
    int64_t n = 0;
    int has = path_one_int(r, k->node, &k->arg[0], &n);

    if (r->failed || has != 1)
        return r->failed;
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++)
        if (taking == ((int64_t)i < n))
            path_put(r, k->node, out, &k->in.v[i]);
    return r->failed;
}

PATH_FN(path_fn_meet)
{
    bool excluding = k->node->fn->kind;
    struct path_set other = {0}, set = {.places = true}; /* units were compared with the other's */

    path_set_fill(r, k->node, &other, &k->arg[0]);
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++) {
        const struct path_list one = {&k->in.v[i], 1, 1};

        if (path_set_has(r, k->node, &other, one.v) == excluding || r->failed)
            continue;
        if (excluding)
            path_put(r, k->node, out, one.v);
        else
            path_set_put(r, k->node, &set, out, &one);
    }
    return r->failed;
}

PATH_FN(path_fn_union)
{
    struct path_set set = {0};

    if (k->node->fn->kind)
        return path_put_all(r, k->node, out, &k->in) ? r->failed : path_put_all(r, k->node, out, &k->arg[0]);
    return path_set_put(r, k->node, &set, out, &k->in) ? r->failed
                                                        : path_set_put(r, k->node, &set, out, &k->arg[0]);
}

/* The arguments see the input as $this; only the one that is wanted is worked out. */
PATH_FN(path_fn_iif)
{
    struct path_frame f = *k->frame;
    struct path_list l = {0};
    struct path_value v;
    int yes = -1;

    if (k->in.n > 1)
        return path_fail(r, k->node, PATH_SINGLE);
    if (k->node->left)
        f.focus = k->in;
    if (path_walk(r, k->node->arg[0], &f, &l))
        return r->failed;
    if (l.n > 1)
        return path_fail(r, k->node, PATH_SINGLE);
    if (l.n) {
        if (!path_plain(&l.v[0], r->a, &v) || v.kind != PATH_BOOLEAN)
            return path_fail(r, k->node, PATH_KIND);
        yes = v.boolean;
    }
    if (yes == 1)
        return path_walk(r, k->node->arg[1], &f, out);
    return k->node->args > 2 ? path_walk(r, k->node->arg[2], &f, out) : ERR_OK;
}

PATH_FN(path_fn_aggregate)
{
    struct path_list total = k->arg[1], next;

    for (uint32_t i = 0; i < k->in.n && !r->failed; i++)
        if (!path_each(r, k, 0, i, &total, &next))
            total = next;
    *out = total;
    return r->failed;
}

/* The operator of the table on two values, as if it stood in the expression. */
static int operate(struct path_run *r, const struct path_call *k, const char *sign, const struct path_value *a,
                   const struct path_value *b, struct path_list *out)
{
    struct path_value x = *a, y = *b;
    struct path_list l = {&x, 1, 1}, m = {&y, 1, 1};
    struct path_node n = *k->node;

    *out = (struct path_list){0};
    n.op = path_operator_named(str_of(sign));
    return n.op->run(r, &n, &l, &m, out);
}

/* The larger or smaller of two, or their sum; false: empty. */
static bool fold(struct path_run *r, const struct path_call *k, struct path_value *sum, const struct path_value *v)
{
    int kind = k->node->fn->kind;
    struct path_list l;
    struct path_value t;

    if (kind == PATH_SUM || kind == PATH_AVG) {
        if (operate(r, k, "+", sum, v, &l) || !l.n)
            return false;
        *sum = l.v[0];
        return true;
    }
    if (operate(r, k, kind == PATH_LEAST ? "<" : ">", v, sum, &l) || !l.n || !path_plain(&l.v[0], r->a, &t))
        return false;
    if (t.boolean)
        *sum = *v;
    return true;
}

PATH_FN(path_fn_fold)
{
    struct path_value sum = {0}, v, n = {.kind = PATH_INTEGER};
    struct path_list l;

    for (uint32_t i = 0; i < k->in.n; i++) {
        struct path_list one = {&k->in.v[i], 1, 1};

        if (k->node->args && path_each(r, k, 0, i, NULL, &one))
            return r->failed;
        if (path_one(r, k->node, &one, &v) != 1)
            return r->failed;
        if (i && !fold(r, k, &sum, &v))
            return r->failed;
        if (!i)
            sum = v;
    }
    if (!k->in.n) /* the sum of nothing is 0 in SDC and fhirpath.js; the least of nothing is none */
        return k->node->fn->kind == PATH_SUM ? path_put_int(r, k->node, out, 0) : ERR_OK;
    if (k->node->fn->kind != PATH_AVG)
        return path_put(r, k->node, out, &sum);
    n.integer = k->in.n;
    return operate(r, k, "/", &sum, &n, &l) ? r->failed : path_put_all(r, k->node, out, &l);
}

/* --- sort ------------------------------------------------------------------------------------- */

struct sorting {
    struct path_run *r;
    const struct path_call *k;
    unsigned keys;
    struct path_value *key; /* keys of each item; PATH_NODE: it has none */
};

static int find_keys(struct sorting *s)
{
    const struct path_call *k = s->k;

    for (uint32_t i = 0; i < k->in.n; i++)
        for (unsigned n = 0; n < s->keys; n++) {
            struct path_list l = {&k->in.v[i], 1, 1};
            struct path_value *key = &s->key[(size_t)i * s->keys + n];

            if (k->node->args && path_each(s->r, k, n, i, NULL, &l))
                return s->r->failed;
            if (path_one(s->r, k->node, &l, key) != 1)
                key->kind = PATH_NODE;
            if (s->r->failed)
                return s->r->failed;
        }
    return ERR_OK;
}

/* What has no key comes first in either direction (R4's suite, testSort10). */
static int by_keys(const struct sorting *s, uint32_t a, uint32_t b)
{
    const struct path_value *v = &s->key[(size_t)a * s->keys], *w = &s->key[(size_t)b * s->keys];
    const struct path_node *n = s->k->node;

    for (unsigned i = 0; i < s->keys; i++, v++, w++) {
        bool has = v->kind != PATH_NODE, has_b = w->kind != PATH_NODE;
        enum path_known known;
        int order = 0;

        if (path_step(s->r, n, 1))
            return 0;
        if (has != has_b)
            return has - has_b;
        known = has ? path_order(s->r, n, v, w, &order) : PATH_OPEN;
        if (known == PATH_OTHER_KIND || known == PATH_UNLIKE)
            path_fail(s->r, n, known == PATH_UNLIKE ? PATH_NEEDS : PATH_KIND);
        if (known == PATH_KNOWN && order)
            return n->args && n->arg[i]->descending ? -order : order;
    }
    return 0;
}

/* Runs of ever twice the length; stable. */
static const uint32_t *merged(const struct sorting *s, uint32_t *from, uint32_t *to)
{
    const uint32_t n = s->k->in.n;

    for (uint32_t run = 1; run < n; run *= 2) {
        uint32_t *swap = from;

        for (uint32_t lo = 0; lo < n; lo += 2 * run) {
            uint32_t mid = n - lo < run ? n : lo + run, hi = n - mid < run ? n : mid + run, a = lo, b = mid;

            for (uint32_t i = lo; i < hi; i++)
                to[i] = b == hi || (a < mid && by_keys(s, from[a], from[b]) <= 0) ? from[a++] : from[b++];
        }
        from = to;
        to = swap;
    }
    return from;
}

PATH_FN(path_fn_sort)
{
    struct sorting s = {.r = r, .k = k, .keys = k->node->args ? k->node->args : 1};
    uint32_t *place = arena_alloc(r->a, (k->in.n + 1) * 2 * sizeof *place);
    const uint32_t *sorted;

    s.key = arena_alloc(r->a, (size_t)(k->in.n + 1) * s.keys * sizeof *s.key);
    if (!place || !s.key)
        return path_fail(r, k->node, PATH_TOO_LONG);
    if (find_keys(&s))
        return r->failed;
    for (uint32_t i = 0; i < k->in.n; i++)
        place[i] = i;
    sorted = merged(&s, place, place + k->in.n + 1);
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++)
        path_put(r, k->node, out, &k->in.v[sorted[i]]);
    return r->failed;
}
