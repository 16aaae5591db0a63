/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When two values are equal, alike, or in order (specification 6.1 and 6.2). Units are compared by name alone; only the
 * calendar's words of fixed length are the codes of UCUM that mean the same.
 */
#include "config.h"

#include <string.h>

#include "base/text.h"
#include "fhir/path_priv.h"

static bool is_time(enum path_kind k)
{
    return k == PATH_DATE || k == PATH_DATETIME || k == PATH_TIME;
}

/* Both in the smaller unit, where one length of time is a whole number of the other. */
static bool same_length(struct path_decimal *x, enum path_unit a, struct path_decimal *y, enum path_unit b)
{
    static const int64_t ms[] = {[PATH_U_WEEK] = 604800000, [PATH_U_DAY] = 86400000, [PATH_U_HOUR] = 3600000,
                                 [PATH_U_MINUTE] = 60000, [PATH_U_SECOND] = 1000, [PATH_U_MS] = 1};
    struct path_decimal by;

    if (a < PATH_U_WEEK || b < PATH_U_WEEK) {
        path_decimal_int(12, &by);
        return a < PATH_U_WEEK && b < PATH_U_WEEK &&
               path_decimal_multiply(a == PATH_U_YEAR ? x : y, &by, a == PATH_U_YEAR ? x : y);
    }
    path_decimal_int(ms[a], &by);
    if (!path_decimal_multiply(x, &by, x))
        return false;
    path_decimal_int(ms[b], &by);
    return path_decimal_multiply(y, &by, y);
}

/* The two numbers in one unit; false: not known to be of one. */
static bool one_unit(const struct path_value *a, const struct path_value *b, struct path_decimal *x,
                     struct path_decimal *y)
{
    enum path_unit ua = path_time_unit(a->quantity.unit, a->quantity.calendar);
    enum path_unit ub = path_time_unit(b->quantity.unit, b->quantity.calendar);

    *x = *a->quantity.value;
    *y = *b->quantity.value;
    if (ua && ub)
        return ua == ub || same_length(x, ua, y, ub);
    return str_eq(a->quantity.unit, b->quantity.unit);
}

bool path_to_quantity(const struct path_value *v, struct arena *a, struct path_value *out)
{
    struct path_decimal d;

    if (v->kind == PATH_QUANTITY) {
        *out = *v;
        return true;
    }
    if (!path_number(v, &d))
        return false;
    *out = (struct path_value){.kind = PATH_QUANTITY, .quantity = {path_keep(a, &d), STR("1"), false}};
    return out->quantity.value != NULL;
}

int path_order(struct path_run *r, const struct path_value *a, const struct path_value *b, int *order)
{
    struct path_decimal x, y;
    struct path_value p, q;

    if (path_number(a, &x) && path_number(b, &y)) {
        *order = path_decimal_compare(&x, &y);
        return 1;
    }
    if (a->kind == PATH_STRING && b->kind == PATH_STRING) {
        *order = str_cmp(a->string, b->string);
        return 1;
    }
    if (is_time(a->kind) && is_time(b->kind) && (a->kind == PATH_TIME) == (b->kind == PATH_TIME))
        return path_time_compare(&a->time, &b->time, order);
    if ((a->kind == PATH_QUANTITY || b->kind == PATH_QUANTITY) && path_to_quantity(a, r->a, &p) &&
        path_to_quantity(b, r->a, &q)) {
        if (!one_unit(&p, &q, &x, &y))
            return 0;
        *order = path_decimal_compare(&x, &y);
        return 1;
    }
    return -1;
}

/* --- elements of several ---------------------------------------------------------------------- */

static bool same_tree(struct path_run *r, const struct path_node *n, const struct tape *t, tape_at a,
                      const struct tape *u, tape_at b, unsigned depth);

static bool same_members(struct path_run *r, const struct path_node *n, const struct tape *t, tape_at a,
                         const struct tape *u, tape_at b, unsigned depth)
{
    uint32_t left = 0, right = 0;

    for (tape_at k = tape_first_member(t, a); k != TAPE_NONE; k = tape_next_member(t, a, k), left++) {
        struct str name = tape_name(t, k);
        tape_at other = TAPE_NONE;

        for (tape_at m = tape_first_member(u, b); m != TAPE_NONE && other == TAPE_NONE; m = tape_next_member(u, b, m))
            if (str_eq(tape_name(u, m), name))
                other = m + 1;
        if (other == TAPE_NONE || !same_tree(r, n, t, k + 1, u, other, depth))
            return false;
    }
    for (tape_at m = tape_first_member(u, b); m != TAPE_NONE; m = tape_next_member(u, b, m))
        right++;
    return left == right;
}

static bool same_tree(struct path_run *r, const struct path_node *n, const struct tape *t, tape_at a,
                      const struct tape *u, tape_at b, unsigned depth)
{
    struct path_decimal x, y;
    tape_at i, k;

    if (path_step(r, n, 1) || depth > PATH_MAX_DEPTH * 2 || tape_kind(t, a) != tape_kind(u, b))
        return false;
    switch (tape_kind(t, a)) {
    case TAPE_OBJECT:
        return same_members(r, n, t, a, u, b, depth + 1);
    case TAPE_ARRAY:
        for (i = tape_first(t, a), k = tape_first(u, b); i != TAPE_NONE && k != TAPE_NONE;
             i = tape_next(t, a, i), k = tape_next(u, b, k))
            if (!same_tree(r, n, t, i, u, k, depth + 1))
                return false;
        return i == k;
    case TAPE_NUMBER:
        return path_decimal_parse(tape_lexeme(t, a), &x) && path_decimal_parse(tape_lexeme(u, b), &y) &&
               !path_decimal_compare(&x, &y);
    case TAPE_STRING:
        return str_eq(tape_raw(t, a), tape_raw(u, b)) || str_eq(tape_str(t, a, r->a), tape_str(u, b, r->a));
    default:
        return true;
    }
}

static bool is_whole(const struct path_value *v)
{
    return v->kind == PATH_NODE && (v->node.at == TAPE_NONE || tape_is(v->node.t, v->node.at, TAPE_OBJECT));
}

static bool same_nodes(struct path_run *r, const struct path_node *n, const struct path_value *a,
                       const struct path_value *b)
{
    tape_at x = a->node.at == TAPE_NONE ? a->node.more : a->node.at;
    tape_at y = b->node.at == TAPE_NONE ? b->node.more : b->node.at;

    return (a->node.t == b->node.t && x == y) || same_tree(r, n, a->node.t, x, b->node.t, y, 0);
}

/* --- equal and alike -------------------------------------------------------------------------- */

int path_equal(struct path_run *r, const struct path_node *n, const struct path_value *a, const struct path_value *b)
{
    struct path_value x, y;
    int order = 0, known;

    if (is_whole(a) && is_whole(b) && a->kind == b->kind && !(path_plain(a, r->a, &x) && path_plain(b, r->a, &y)))
        return same_nodes(r, n, a, b);
    if (!path_plain(a, r->a, &x) || !path_plain(b, r->a, &y))
        return 0;
    if (x.kind == PATH_BOOLEAN || y.kind == PATH_BOOLEAN)
        return x.kind == y.kind && x.boolean == y.boolean;
    if (x.kind == PATH_TYPE || y.kind == PATH_TYPE)
        return x.kind == y.kind && str_eq(x.string, y.string) && str_eq(x.type, y.type);
    known = path_order(r, &x, &y, &order);
    return known < 0 ? 0 : known ? order == 0 : -1;
}

int path_equal_lists(struct path_run *r, const struct path_node *n, const struct path_list *a,
                     const struct path_list *b)
{
    int all = 1;

    if (!a->n || !b->n)
        return -1;
    if (a->n != b->n)
        return 0;
    for (uint32_t i = 0; i < a->n; i++) {
        int same = path_equal(r, n, &a->v[i], &b->v[i]);

        if (!same)
            return 0;
        all = same < 0 ? -1 : all;
    }
    return all;
}

/* Letters without case, blanks as one. */
static bool alike_words(struct path_run *r, struct str a, struct str b)
{
    struct buf x, y;
    bool same;

    if (str_eq(a, b))
        return true;
    buf_init(&x, 1 << 20);
    buf_init(&y, 1 << 20);
    same = !text_fold(&x, a) && !text_fold(&y, b) && str_eq(buf_str(&x), buf_str(&y));
    r->a->failed |= x.failed || y.failed;
    buf_fini(&x);
    buf_fini(&y);
    return same;
}

/* Rounded to the digits of the one that has fewer; zeros at the end are none. */
static bool alike_numbers(struct path_decimal x, struct path_decimal y)
{
    int scale;

    path_decimal_trim(&x);
    path_decimal_trim(&y);
    scale = x.scale < y.scale ? x.scale : y.scale;
    return path_decimal_round(&x, scale, PATH_HALF_UP, &x) && path_decimal_round(&y, scale, PATH_HALF_UP, &y) &&
           !path_decimal_compare(&x, &y);
}

/* In the calendar's loose way a year is UCUM's 'a', a month its 'mo'. */
static bool alike_quantities(const struct path_value *a, const struct path_value *b)
{
    static const char *const loose[][2] = {{"year", "a"}, {"years", "a"}, {"month", "mo"}, {"months", "mo"}};
    struct path_value p = *a, q = *b;
    struct path_decimal x, y;

    for (size_t i = 0; i < sizeof loose / sizeof *loose; i++) {
        if (p.quantity.calendar && str_is(p.quantity.unit, loose[i][0]))
            p.quantity.unit = str_of(loose[i][1]), p.quantity.calendar = false;
        if (q.quantity.calendar && str_is(q.quantity.unit, loose[i][0]))
            q.quantity.unit = str_of(loose[i][1]), q.quantity.calendar = false;
    }
    return one_unit(&p, &q, &x, &y) && alike_numbers(x, y);
}

bool path_alike(struct path_run *r, const struct path_node *n, const struct path_value *a, const struct path_value *b)
{
    struct path_value x, y, p, q;
    struct path_decimal d, e;
    int order;

    if (!path_plain(a, r->a, &x) || !path_plain(b, r->a, &y))
        return is_whole(a) && is_whole(b) && same_nodes(r, n, a, b);
    if (path_number(&x, &d) && path_number(&y, &e))
        return alike_numbers(d, e);
    if (x.kind == PATH_STRING && y.kind == PATH_STRING)
        return alike_words(r, x.string, y.string);
    if (is_time(x.kind) && is_time(y.kind))
        return path_time_same_precision(&x.time, &y.time) && path_order(r, &x, &y, &order) == 1 && !order;
    if ((x.kind == PATH_QUANTITY || y.kind == PATH_QUANTITY) && path_to_quantity(&x, r->a, &p) &&
        path_to_quantity(&y, r->a, &q))
        return alike_quantities(&p, &q);
    return path_equal(r, n, &x, &y) == 1;
}

bool path_alike_lists(struct path_run *r, const struct path_node *n, const struct path_list *a,
                      const struct path_list *b)
{
    bool *used;

    if (a->n != b->n)
        return false;
    used = arena_alloc(r->a, a->n + 1);
    if (!used)
        return false;
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t k = 0;

        while (k < b->n && (used[k] || path_step(r, n, 1) || !path_alike(r, n, &a->v[i], &b->v[k])))
            k++;
        if (k == b->n)
            return false;
        used[k] = true;
    }
    return true;
}

bool path_has(struct path_run *r, const struct path_node *n, const struct path_list *l, const struct path_value *v)
{
    for (uint32_t i = 0; i < l->n; i++)
        if (path_step(r, n, 1) || path_equal(r, n, &l->v[i], v) == 1)
            return true;
    return false;
}
