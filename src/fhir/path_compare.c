/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When two values are equal, alike, or in order (specification 6.1 and 6.2). Units that differ are compared by env's
 * table of units; the calendar's words of fixed length are the codes of UCUM that mean the same. Without a table, and
 * where it cannot tell, units are of no known order, and not known to be different either: 1 'g' may be 1000 'mg'.
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
               (a != PATH_U_YEAR || path_decimal_multiply(x, &by, x)) &&
               (b != PATH_U_YEAR || path_decimal_multiply(y, &by, y));
    }
    path_decimal_int(ms[a], &by);
    if (!path_decimal_multiply(x, &by, x))
        return false;
    path_decimal_int(ms[b], &by);
    return path_decimal_multiply(y, &by, y);
}

bool path_in_least(const struct path_value *q, struct path_decimal *out)
{
    enum path_unit unit = path_time_unit(q->quantity.unit, q->quantity.calendar);
    struct path_decimal none = {0};

    *out = *q->quantity.value;
    return unit && same_length(out, unit, &none, unit < PATH_U_WEEK ? PATH_U_MONTH : PATH_U_MS);
}

static bool is_unit(const struct path_value *q, const char *ucum)
{
    return !q->quantity.calendar && str_is(q->quantity.unit, ucum);
}

/* A year of the calendar and UCUM's 'a', which the specification leaves open (6.1.1). */
static bool is_loose(enum path_unit unit, const struct path_value *q)
{
    return (unit == PATH_U_YEAR || unit == PATH_U_MONTH) && (is_unit(q, "a") || is_unit(q, "mo"));
}

/* What the table of units is asked with: a code, also for a word of the calendar of fixed length. */
static bool code_of(const struct path_value *q, struct str *out)
{
    static const char *const codes[] = {[PATH_U_WEEK] = "wk", [PATH_U_DAY] = "d", [PATH_U_HOUR] = "h",
                                        [PATH_U_MINUTE] = "min", [PATH_U_SECOND] = "s", [PATH_U_MS] = "ms"};
    enum path_unit unit = path_time_unit(q->quantity.unit, q->quantity.calendar);

    *out = q->quantity.unit;
    if (!q->quantity.calendar)
        return true;
    if (unit < PATH_U_WEEK)
        return false;
    *out = str_of(codes[unit]);
    return true;
}

const struct path_units *path_units_of(const struct path_run *r)
{
    return r->env ? r->env->units : NULL;
}

/* By the table: the order of a and b. */
static enum path_known by_table(const struct path_run *r, const struct path_value *a, const struct path_value *b,
                                int *order)
{
    const struct path_units *units = path_units_of(r);
    struct str code_a, code_b;
    int known;

    if (!units || a->quantity.word || b->quantity.word)
        return PATH_UNLIKE;
    if (!code_of(a, &code_a) || !code_of(b, &code_b))
        return PATH_OPEN; /* a year or a month of the calendar beside anything else */
    known = units->compare(units->arg, a->quantity.value, code_a, b->quantity.value, code_b, order);
    return known > 0 ? PATH_KNOWN : known < 0 ? PATH_UNLIKE : PATH_OPEN;
}

/* PATH_KNOWN and *order, PATH_OPEN (of two kinds, too) or PATH_UNLIKE. */
static enum path_known order_of(const struct path_run *r, const struct path_value *a, const struct path_value *b,
                                int *order)
{
    enum path_unit ua = path_time_unit(a->quantity.unit, a->quantity.calendar);
    enum path_unit ub = path_time_unit(b->quantity.unit, b->quantity.calendar);
    struct path_decimal x = *a->quantity.value, y = *b->quantity.value;

    if ((ua && ub && (ua == ub || same_length(&x, ua, &y, ub))) ||
        (!(ua && ub) && str_eq(a->quantity.unit, b->quantity.unit))) {
        *order = path_decimal_compare(&x, &y);
        return PATH_KNOWN;
    }
    return (ua && ub) || is_loose(ua, b) || is_loose(ub, a) ? PATH_OPEN : by_table(r, a, b, order);
}

static struct path_value one_of(const struct path_value *q, const struct path_decimal *one)
{
    struct path_value v = *q;

    v.quantity.value = one;
    return v;
}

enum path_known path_unit_order(const struct path_run *r, const struct path_value *a, const struct path_value *b,
                                int *order)
{
    struct path_decimal one;
    struct path_value x, y;

    path_decimal_int(1, &one);
    x = one_of(a, &one);
    y = one_of(b, &one);
    return order_of(r, &x, &y, order);
}

int path_in_unit(const struct path_run *r, const struct path_value *q, const struct path_value *of,
                 struct path_decimal *out)
{
    const struct path_units *units = path_units_of(r);
    struct str from, to;

    *out = *q->quantity.value;
    if (str_eq(q->quantity.unit, of->quantity.unit) && q->quantity.calendar == of->quantity.calendar)
        return 1;
    if (!units || q->quantity.word || of->quantity.word || !code_of(q, &from) || !code_of(of, &to))
        return -1;
    return units->convert(units->arg, out, from, to, out);
}

bool path_in_base(const struct path_run *r, const struct path_value *q, struct path_decimal *out)
{
    const struct path_units *units = path_units_of(r);
    struct str code;

    if (units && code_of(q, &code) && units->base(units->arg, q->quantity.value, code, out) > 0)
        return true;
    return path_in_least(q, out);
}

bool path_unlike(const struct path_run *r, const struct path_value *a, const struct path_value *b)
{
    int order;

    return path_unit_order(r, a, b, &order) == PATH_UNLIKE;
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
    *out = (struct path_value){.kind = PATH_QUANTITY, .quantity = {path_keep(a, &d), STR("1"), false, false}};
    return out->quantity.value != NULL;
}

enum path_known path_order(struct path_run *r, const struct path_node *n, const struct path_value *a,
                           const struct path_value *b, int *order)
{
    struct path_decimal x, y;
    struct path_value p, q;

    if (path_number(a, &x) && path_number(b, &y)) {
        *order = path_decimal_compare(&x, &y);
        return PATH_KNOWN;
    }
    if (a->kind == PATH_STRING && b->kind == PATH_STRING) {
        path_bytes(r, n, a->string.n < b->string.n ? a->string.n : b->string.n);
        *order = str_cmp(a->string, b->string);
        return PATH_KNOWN;
    }
    if (is_time(a->kind) && is_time(b->kind) && (a->kind == PATH_TIME) == (b->kind == PATH_TIME))
        return path_time_compare(&a->time, &b->time, order) ? PATH_KNOWN : PATH_OPEN;
    if ((a->kind == PATH_QUANTITY || b->kind == PATH_QUANTITY) && path_to_quantity(a, r->a, &p) &&
        path_to_quantity(b, r->a, &q)) {
        return order_of(r, &p, &q, order);
    }
    return PATH_OTHER_KIND;
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

enum path_same path_equal(struct path_run *r, const struct path_node *n, const struct path_value *a,
                          const struct path_value *b)
{
    struct path_value x, y;
    int order = 0;

    if (is_whole(a) && is_whole(b) && a->kind == b->kind && !(path_plain(a, r->a, &x) && path_plain(b, r->a, &y)))
        return same_nodes(r, n, a, b);
    if (!path_plain(a, r->a, &x) || !path_plain(b, r->a, &y))
        return 0;
    if (x.kind == PATH_BOOLEAN || y.kind == PATH_BOOLEAN)
        return x.kind == y.kind && x.boolean == y.boolean;
    if (x.kind == PATH_TYPE || y.kind == PATH_TYPE)
        return x.kind == y.kind && str_eq(x.string, y.string) && str_eq(x.type, y.type);
    switch (path_order(r, n, &x, &y, &order)) {
    case PATH_KNOWN:
        return order ? PATH_DIFFERS : PATH_SAME;
    case PATH_OPEN:
        return PATH_SAME_OPEN;
    case PATH_UNLIKE:
        return PATH_SAME_UNLIKE;
    default:
        return PATH_DIFFERS;
    }
}

int path_equal_lists(struct path_run *r, const struct path_node *n, const struct path_list *a,
                     const struct path_list *b)
{
    bool open = false, unlike = false;

    if (!a->n || !b->n)
        return -1;
    if (a->n != b->n)
        return 0;
    for (uint32_t i = 0; i < a->n && !path_step(r, n, 1); i++) {
        enum path_same same = path_equal(r, n, &a->v[i], &b->v[i]);

        if (same == PATH_DIFFERS)
            return 0;
        open |= same == PATH_SAME_OPEN;
        unlike |= same == PATH_SAME_UNLIKE;
    }
    if (unlike)
        path_fail(r, n, PATH_NEEDS);
    return open || r->failed ? -1 : 1;
}

/* Letters without case, blanks as one. */
static bool alike_words(struct path_run *r, const struct path_node *n, struct str a, struct str b)
{
    struct buf x, y;
    bool same;

    if (path_bytes(r, n, a.n + b.n))
        return false;
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
static void loosen(struct path_value *q)
{
    static const char *const loose[][2] = {{"year", "a"}, {"years", "a"}, {"month", "mo"}, {"months", "mo"}};

    for (size_t i = 0; q->quantity.calendar && i < sizeof loose / sizeof *loose; i++)
        if (str_is(q->quantity.unit, loose[i][0]))
            q->quantity.unit = str_of(loose[i][1]), q->quantity.calendar = false;
}

/* In the larger of two units: 4 'g' is like 4040 'mg' as 4 is like 4.04. */
static enum path_same alike_quantities(const struct path_run *r, const struct path_value *a,
                                       const struct path_value *b)
{
    struct path_value p = *a, q = *b;
    struct path_decimal x = *p.quantity.value, y = *q.quantity.value;
    enum path_unit ua, ub;
    enum path_known known;
    int order = 0, same;

    loosen(&p);
    loosen(&q);
    ua = path_time_unit(p.quantity.unit, p.quantity.calendar);
    ub = path_time_unit(q.quantity.unit, q.quantity.calendar);
    if (ua && ub)
        return (ua == ub || same_length(&x, ua, &y, ub)) && alike_numbers(x, y) ? PATH_SAME : PATH_DIFFERS;
    known = path_unit_order(r, &p, &q, &order);
    if (known != PATH_KNOWN)
        return known == PATH_UNLIKE ? PATH_SAME_UNLIKE : PATH_DIFFERS;
    same = order >= 0 ? path_in_unit(r, &q, &p, &y) : path_in_unit(r, &p, &q, &x);
    if (same < 0)
        return PATH_SAME_UNLIKE;
    return same && alike_numbers(x, y) ? PATH_SAME : PATH_DIFFERS;
}

static enum path_same alike(struct path_run *r, const struct path_node *n, const struct path_value *a,
                            const struct path_value *b)
{
    struct path_value x, y, p, q;
    struct path_decimal d, e;
    int order;

    if (!path_plain(a, r->a, &x) || !path_plain(b, r->a, &y))
        return is_whole(a) && is_whole(b) && same_nodes(r, n, a, b);
    if (path_number(&x, &d) && path_number(&y, &e))
        return alike_numbers(d, e);
    if (x.kind == PATH_STRING && y.kind == PATH_STRING)
        return alike_words(r, n, x.string, y.string);
    if (is_time(x.kind) && is_time(y.kind))
        return path_time_same_precision(&x.time, &y.time) && path_order(r, n, &x, &y, &order) == PATH_KNOWN && !order;
    if ((x.kind == PATH_QUANTITY || y.kind == PATH_QUANTITY) && path_to_quantity(&x, r->a, &p) &&
        path_to_quantity(&y, r->a, &q))
        return alike_quantities(r, &p, &q);
    return path_equal(r, n, &x, &y) == PATH_SAME;
}

/* A value of b, not used yet, that is like v; b->n: none. */
static uint32_t partner(struct path_run *r, const struct path_node *n, const struct path_value *v,
                        const struct path_list *b, const bool *used)
{
    bool unlike = false;

    for (uint32_t k = 0; k < b->n && !path_step(r, n, 1); k++) {
        enum path_same same = used[k] ? PATH_DIFFERS : alike(r, n, v, &b->v[k]);

        if (same == PATH_SAME)
            return k;
        unlike |= same == PATH_SAME_UNLIKE;
    }
    if (unlike)
        path_fail(r, n, PATH_NEEDS);
    return b->n;
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
        uint32_t k = partner(r, n, &a->v[i], b, used);

        if (k == b->n)
            return false;
        used[k] = true;
    }
    return true;
}

bool path_has(struct path_run *r, const struct path_node *n, const struct path_list *l, const struct path_value *v)
{
    bool unlike = false;

    for (uint32_t i = 0; i < l->n && !path_step(r, n, 1); i++) {
        enum path_same same = path_equal(r, n, &l->v[i], v);

        if (same == PATH_SAME)
            return true;
        unlike |= same == PATH_SAME_UNLIKE;
    }
    if (unlike)
        path_fail(r, n, PATH_NEEDS);
    return false;
}
