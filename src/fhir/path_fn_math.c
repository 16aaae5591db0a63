/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Functions over numbers, and the bounds of what has a precision (specification 5.7).
 */
#include "config.h"

#include "fhir/path_fn.h"

#define PLACES 8      /* of a boundary, where none are named */
#define MOST_PLACES 28

/* The number of the input, or of its quantity. 1, 0 or an error. */
static int number(struct path_run *r, const struct path_call *k, struct path_value *v, struct path_decimal *d)
{
    int has = path_one(r, k->node, &k->in, v);

    if (has != 1)
        return has;
    if (v->kind == PATH_QUANTITY)
        *d = *v->quantity.value;
    else if (!path_number(v, d))
        return path_fail(r, k->node, PATH_KIND);
    return 1;
}

/* The result in the input's kind. */
static int give(struct path_run *r, const struct path_call *k, struct path_list *out, const struct path_value *like,
                const struct path_decimal *d)
{
    struct path_value v = *like;
    int64_t i;

    if (v.kind == PATH_INTEGER)
        return path_decimal_to_int(d, &i) ? path_put_int(r, k->node, out, i) : path_put_decimal(r, k->node, out, d);
    if (v.kind == PATH_DECIMAL)
        return path_put_decimal(r, k->node, out, d);
    v.quantity.value = path_keep(r->a, d);
    return v.quantity.value ? path_put(r, k->node, out, &v) : path_fail(r, k->node, PATH_TOO_LONG);
}

PATH_FN(path_fn_round)
{
    struct path_value v;
    struct path_decimal d;
    int64_t places = 0, whole;

    if (number(r, k, &v, &d) != 1 || (k->node->args && path_one_int(r, k->node, &k->arg[0], &places) != 1))
        return r->failed;
    if (places < 0 || places > PATH_DIGITS)
        return path_fail(r, k->node, PATH_BAD_VALUE);
    /* What has fewer digits stays as it is: rounding adds none. */
    if (places < d.scale && !path_decimal_round(&d, (int)places, (enum path_round)k->node->fn->kind, &d))
        return path_fail(r, k->node, PATH_BAD_VALUE);
    if (v.kind == PATH_DECIMAL && k->node->fn->kind != PATH_HALF_UP && path_decimal_to_int(&d, &whole))
        return path_put_int(r, k->node, out, whole);
    return give(r, k, out, &v, &d);
}

/* Has a real number as its result; what has none is empty (specification 5.7), what is too large for us is an error. */
static bool is_real(int kind, const struct path_decimal *x, const struct path_decimal *y)
{
    struct path_decimal one, whole;

    path_decimal_int(1, &one);
    switch (kind) {
    case PATH_LN:
        return x->n && !x->negative;
    case PATH_LOG:
        return x->n && !x->negative && y->n && !y->negative && path_decimal_compare(y, &one);
    case PATH_SQRT:
        return !x->negative;
    case PATH_POWER:
        if (!x->n)
            return !y->negative;
        return !x->negative || (path_decimal_round(y, 0, PATH_DOWN, &whole) && !path_decimal_compare(y, &whole));
    default:
        return true;
    }
}

PATH_FN(path_fn_math)
{
    struct path_value v, w;
    struct path_decimal x, y = {0}, z;
    bool ok = false;

    if (number(r, k, &v, &x) != 1)
        return r->failed;
    if (k->node->args) {
        if (path_one(r, k->node, &k->arg[0], &w) != 1)
            return r->failed;
        if (!path_number(&w, &y))
            return path_fail(r, k->node, PATH_KIND);
    }
    if (!is_real(k->node->fn->kind, &x, &y))
        return ERR_OK;
    switch (k->node->fn->kind) {
    case PATH_ABS:
        x.negative = false;
        return give(r, k, out, &v, &x);
    case PATH_EXP:
        ok = path_decimal_exp(&x, &z);
        break;
    case PATH_LN:
        ok = path_decimal_ln(&x, &z);
        break;
    case PATH_LOG:
        ok = path_decimal_log(&x, &y, &z);
        break;
    case PATH_SQRT:
        ok = path_decimal_sqrt(&x, &z);
        break;
    default:
        ok = path_decimal_power(&x, &y, &z);
        if (ok && v.kind == PATH_INTEGER && w.kind == PATH_INTEGER && !z.scale)
            return give(r, k, out, &v, &z);
    }
    return ok ? path_put_decimal(r, k->node, out, &z) : path_fail(r, k->node, PATH_BAD_VALUE);
}

/* Half a unit of the last digit that was written, down or up. */
static bool boundary(struct path_decimal d, int64_t places, bool high, struct path_decimal *out)
{
    struct path_decimal half = {.n = 1, .digit = {5}, .scale = (int16_t)(d.scale + 1)};

    half.negative = !high;
    return path_decimal_add(&d, &half, &d) &&
           path_decimal_round(&d, (int)places, high ? PATH_CEILING : PATH_FLOOR, out);
}

PATH_FN(path_fn_boundary)
{
    struct path_value v;
    struct path_decimal d;
    int64_t places = -1;
    bool high = k->node->fn->kind;

    if (path_one(r, k->node, &k->in, &v) != 1 ||
        (k->node->args && path_one_int(r, k->node, &k->arg[0], &places) != 1))
        return r->failed;
    if (v.kind == PATH_DATE || v.kind == PATH_DATETIME || v.kind == PATH_TIME) {
        if (k->node->args && places <= 0)
            return ERR_OK;
        return path_time_boundary(&v.time, v.kind, k->node->args ? places : 0, high) ? path_put(r, k->node, out,
                &v) : ERR_OK;
    }
    if (v.kind == PATH_QUANTITY)
        d = *v.quantity.value;
    else if (!path_number(&v, &d))
        return path_fail(r, k->node, PATH_KIND);
    if (!k->node->args)
        places = d.scale + 1 > PLACES ? d.scale + 1 : PLACES;
    if (places < 0 || places > MOST_PLACES)
        return ERR_OK;
    if (!boundary(d, places, high, &d))
        return path_fail(r, k->node, PATH_BAD_VALUE);
    if (v.kind == PATH_INTEGER)
        v.kind = PATH_DECIMAL;
    return give(r, k, out, &v, &d);
}

PATH_FN(path_fn_precision)
{
    struct path_value v;
    struct path_decimal d;

    if (path_one(r, k->node, &k->in, &v) != 1)
        return r->failed;
    if (v.kind == PATH_DATE || v.kind == PATH_DATETIME || v.kind == PATH_TIME)
        return path_put_int(r, k->node, out, path_time_precision(&v.time, v.kind));
    if (v.kind == PATH_QUANTITY)
        d = *v.quantity.value;
    else if (!path_number(&v, &d))
        return path_fail(r, k->node, PATH_KIND);
    return path_put_int(r, k->node, out, d.scale); /* digits behind the point, as R4's suite has it */
}

/* Of one kind; without a table of units, of one name. What is no unit of this table is comparable to nothing (R4's
 * suite, Comparable2). */
PATH_FN(path_fn_comparable)
{
    struct path_value v, w;
    int order;
    enum path_known known;

    if (path_one(r, k->node, &k->in, &v) != 1 || path_one(r, k->node, &k->arg[0], &w) != 1)
        return r->failed;
    if (v.kind != PATH_QUANTITY || w.kind != PATH_QUANTITY)
        return path_fail(r, k->node, PATH_KIND);
    known = path_unit_order(r, &v, &w, &order);
    if (known != PATH_KNOWN && !path_units_of(r))
        return known == PATH_UNLIKE ? path_fail(r, k->node, PATH_NEEDS) : r->failed;
    return path_put_bool(r, k->node, out, known == PATH_KNOWN);
}
