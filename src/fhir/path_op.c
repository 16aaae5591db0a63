/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of operators and what they do (specification 6).
 */
#include "config.h"

#include <string.h>

#include "fhir/path_priv.h"

#define OP(name)                                                                                                \
    static int name(struct path_run *r, const struct path_node *n, const struct path_list *a,                   \
                    const struct path_list *b, struct path_list *out)

/* --- equality and order ----------------------------------------------------------------------- */

enum { EQUAL, NOT_EQUAL, ALIKE, NOT_ALIKE };

OP(equality)
{
    int same;

    if (n->op->kind == ALIKE || n->op->kind == NOT_ALIKE) {
        same = path_alike_lists(r, n, a, b);
        return r->failed ? r->failed : path_put_bool(r, n, out, same == (n->op->kind == ALIKE));
    }
    same = path_equal_lists(r, n, a, b);
    return same < 0 || r->failed ? r->failed : path_put_bool(r, n, out, same == (n->op->kind == EQUAL));
}

enum { LESS = 1, SAME = 2, MORE = 4 };

OP(ordering)
{
    struct path_value x, y;
    int order = 0, has = path_one(r, n, a, &x), has_b = r->failed ? 0 : path_one(r, n, b, &y);

    if (r->failed || has != 1 || has_b != 1)
        return r->failed;
    switch (path_order(r, n, &x, &y, &order)) {
    case PATH_KNOWN:
        return path_put_bool(r, n, out, n->op->kind & (order < 0 ? LESS : order > 0 ? MORE : SAME));
    case PATH_OPEN:
        return r->failed;
    case PATH_UNLIKE:
        return path_fail(r, n, PATH_NEEDS);
    default:
        return path_fail(r, n, PATH_KIND);
    }
}

/* --- three-valued logic ----------------------------------------------------------------------- */

enum { AND, OR, XOR, IMPLIES };

/* By the tables of 6.5, -1 for empty. */
static int logic(int kind, int a, int b)
{
    switch (kind) {
    case AND:
        return !a || !b ? 0 : a < 0 || b < 0 ? -1 : 1;
    case OR:
        return a == 1 || b == 1 ? 1 : a < 0 || b < 0 ? -1 : 0;
    case XOR:
        return a < 0 || b < 0 ? -1 : a != b;
    default:
        return !a || b == 1 ? 1 : a < 0 || b < 0 ? -1 : b;
    }
}

OP(boolean)
{
    int code, x = path_truth(r, n, a, &code), y = r->failed ? 0 : path_truth(r, n, b, &code), v;

    if (r->failed)
        return r->failed;
    v = logic(n->op->kind, x, y);
    return v < 0 ? ERR_OK : path_put_bool(r, n, out, v);
}

/* --- arithmetic ------------------------------------------------------------------------------- */

enum { ADD, SUBTRACT, MULTIPLY, DIVIDE, DIV, MOD };

static bool compute(int kind, const struct path_decimal *x, const struct path_decimal *y, struct path_decimal *z)
{
    struct path_decimal rest;

    switch (kind) {
    case ADD:
        return path_decimal_add(x, y, z);
    case SUBTRACT:
        return path_decimal_subtract(x, y, z);
    case MULTIPLY:
        return path_decimal_multiply(x, y, z);
    case DIVIDE:
        return path_decimal_divide(x, y, PATH_SIGNIFICANT, z);
    case DIV:
        return path_decimal_divmod(x, y, z, &rest);
    default:
        return path_decimal_divmod(x, y, &rest, z);
    }
}

/* What leaves an Integer's 64 bits (path.h) is said, not left empty. */
static int numbers(struct path_run *r, const struct path_node *n, const struct path_value *a,
                   const struct path_value *b,
                   struct path_list *out)
{
    bool whole = n->op->kind == DIV || (n->op->kind != DIVIDE && a->kind == PATH_INTEGER && b->kind == PATH_INTEGER);
    struct path_decimal x, y, z;
    int64_t v;

    if (!path_number(a, &x) || !path_number(b, &y))
        return path_fail(r, n, PATH_KIND);
    if (n->op->kind >= DIVIDE && !y.n)
        return ERR_OK; /* by zero */
    if (!compute(n->op->kind, &x, &y, &z))
        return path_fail(r, n, PATH_BAD_VALUE);
    if (!whole)
        return path_put_decimal(r, n, out, &z);
    return path_decimal_to_int(&z, &v) ? path_put_int(r, n, out, v) : path_fail(r, n, PATH_BAD_VALUE);
}

static int moved(struct path_run *r, const struct path_node *n, const struct path_value *a, const struct path_value *b,
                 struct path_list *out)
{
    enum path_unit unit = path_time_unit(b->quantity.unit, b->quantity.calendar);
    struct path_value v = *a;
    struct path_decimal whole;
    int64_t count;

    if (!unit || (a->kind == PATH_TIME && unit <= PATH_U_DAY))
        return path_fail(r, n, PATH_BAD_VALUE);
    if (!path_decimal_round(b->quantity.value, 0, PATH_DOWN, &whole) || !path_decimal_to_int(&whole, &count) ||
        count == INT64_MIN)
        return path_fail(r, n, PATH_BAD_VALUE);
    if (!path_time_add(&v.time, v.kind, n->op->kind == SUBTRACT ? -count : count, unit))
        return path_fail(r, n, PATH_BAD_VALUE); /* out of the calendar */
    return path_put(r, n, out, &v);
}

#define UNIT_BYTES 200

/* A unit's code as a part of another one's: "m/s" -> "(m/s)". */
static struct str in_brackets(struct path_run *r, struct str code)
{
    bool simple = !memchr(code.p, '/', code.n) && !memchr(code.p, '.', code.n);

    return simple ? code
                  : str_of(arena_fmt(r->a, "(%s%.*s)", *code.p == '/' ? "1" : "", STR_ARG(code)));
}

/* The unit of a product or quotient; without a table of units as far as it is known all the same: one of them is 1, or
 * both are the same. What the table does not know is no unit. */
static bool unit_of(struct path_run *r, int kind, const struct path_value *p, const struct path_value *q,
                    struct path_value *out)
{
    const struct path_units *units = path_units_of(r);
    struct str a = p->quantity.unit, b = q->quantity.unit;
    struct path_decimal one;
    int order;

    out->quantity = p->quantity;
    if (str_is(b, "1"))
        return true;
    out->quantity = q->quantity;
    if (kind == MULTIPLY && str_is(a, "1"))
        return true;
    out->quantity.calendar = out->quantity.word = false;
    out->quantity.unit = STR("1");
    if (kind == DIVIDE && str_eq(a, b))
        return true;
    if (!units || p->quantity.calendar || q->quantity.calendar || p->quantity.word || q->quantity.word ||
        a.n + b.n > UNIT_BYTES)
        return false;
    b = in_brackets(r, b);
    if (!b.p)
        return false;
    out->quantity.unit = str_of(arena_fmt(r->a, "%.*s%s%.*s", STR_ARG(a), kind == DIVIDE ? "/" : ".", STR_ARG(b)));
    path_decimal_int(1, &one);
    return units->compare(units->arg, &one, out->quantity.unit, &one, out->quantity.unit, &order) > 0;
}

/* Both in the smaller of their units (6.6.3): PATH_KNOWN, or why not. A unit with a zero of its own is added to itself
 * alone. */
static enum path_known level(struct path_run *r, struct path_value *p, struct path_value *q, struct path_decimal *x,
                             struct path_decimal *y)
{
    struct path_decimal none = {0}, zero;
    struct path_value nothing;
    enum path_known known;
    int order = 0;

    if (str_eq(p->quantity.unit, q->quantity.unit))
        return PATH_KNOWN;
    known = path_units_of(r) ? path_unit_order(r, p, q, &order) : PATH_UNLIKE;
    if (known != PATH_KNOWN)
        return known;
    nothing = order > 0 ? *p : *q;
    nothing.quantity.value = &none;
    if (path_in_unit(r, &nothing, order > 0 ? q : p, &zero) != 1 || zero.n)
        return PATH_UNLIKE;
    if ((order > 0 ? path_in_unit(r, p, q, x) : path_in_unit(r, q, p, y)) != 1)
        return PATH_UNLIKE;
    if (order > 0)
        p->quantity = q->quantity;
    return PATH_KNOWN;
}

static int quantities(struct path_run *r, const struct path_node *n, const struct path_value *a,
                      const struct path_value *b, struct path_list *out)
{
    bool sum = n->op->kind == ADD || n->op->kind == SUBTRACT;
    struct path_value p, q, v = {.kind = PATH_QUANTITY};
    struct path_decimal x, y, z;
    enum path_known known;

    if (!path_to_quantity(a, r->a, &p) || !path_to_quantity(b, r->a, &q) || n->op->kind > DIVIDE)
        return path_fail(r, n, PATH_KIND);
    if (n->op->kind == DIVIDE && !q.quantity.value->n)
        return ERR_OK;
    x = *p.quantity.value;
    y = *q.quantity.value;
    if (sum) {
        known = level(r, &p, &q, &x, &y);
        if (known == PATH_OPEN)
            return path_fail(r, n, PATH_KIND);
        v.quantity = p.quantity;
    } else {
        known = unit_of(r, n->op->kind, &p, &q, &v) ? PATH_KNOWN : PATH_UNLIKE;
    }
    if (known != PATH_KNOWN)
        return path_fail(r, n, PATH_NEEDS); /* not known to be of one unit, nor what their product's is */
    if (!compute(n->op->kind, &x, &y, &z))
        return path_fail(r, n, PATH_BAD_VALUE);
    v.quantity.value = path_keep(r->a, &z);
    return v.quantity.value ? path_put(r, n, out, &v) : path_fail(r, n, PATH_TOO_LONG);
}

static int joined(struct path_run *r, const struct path_node *n, struct str a, struct str b, struct path_list *out)
{
    char *p = arena_alloc(r->a, a.n + b.n + 1);

    if (!p)
        return path_fail(r, n, PATH_TOO_LONG);
    memcpy(p, a.n ? a.p : "", a.n);
    memcpy(p + a.n, b.n ? b.p : "", b.n);
    return path_put_string(r, n, out, (struct str){p, a.n + b.n});
}

OP(arithmetic)
{
    struct path_value x, y;
    int has = path_one(r, n, a, &x), has_b = r->failed ? 0 : path_one(r, n, b, &y);

    if (r->failed || has != 1 || has_b != 1)
        return r->failed;
    if (n->op->kind == ADD && x.kind == PATH_STRING && y.kind == PATH_STRING)
        return joined(r, n, x.string, y.string, out);
    if (n->op->kind <= SUBTRACT && (x.kind == PATH_DATE || x.kind == PATH_DATETIME || x.kind == PATH_TIME))
        return y.kind == PATH_QUANTITY ? moved(r, n, &x, &y, out) : path_fail(r, n, PATH_KIND);
    if (x.kind == PATH_QUANTITY || y.kind == PATH_QUANTITY)
        return quantities(r, n, &x, &y, out);
    return numbers(r, n, &x, &y, out);
}

/* What stands beside '&'. Forms write numbers there, and fhirpath.js takes them. */
static int words(struct path_run *r, const struct path_node *n, const struct path_list *l, struct str *out)
{
    struct path_value v;
    struct buf b;
    int has = path_one(r, n, l, &v);

    *out = STR("");
    if (has != 1)
        return r->failed;
    if (v.kind == PATH_STRING) {
        *out = v.string;
        return ERR_OK;
    }
    if (r->x->flags & PATH_STRICT)
        return path_fail(r, n, PATH_KIND);
    buf_init(&b, PATH_MAX_ARENA);
    if (path_text(&v, &b))
        path_fail(r, n, PATH_TOO_LONG);
    else
        *out = arena_str(r->a, buf_str(&b));
    buf_fini(&b);
    return r->failed;
}

OP(concatenate)
{
    struct str x, y;

    return words(r, n, a, &x) || words(r, n, b, &y) ? r->failed : joined(r, n, x, y, out);
}

/* --- collections ------------------------------------------------------------------------------ */

OP(unite)
{
    struct path_set s = {0};

    return path_set_put(r, n, &s, out, a) ? r->failed : path_set_put(r, n, &s, out, b);
}

OP(member)
{
    const struct path_list *one = n->op->kind ? b : a, *all = n->op->kind ? a : b;
    struct path_value v;
    int has = path_one_any(r, n, one, &v);
    bool in;

    if (r->failed || has != 1)
        return r->failed;
    in = path_has(r, n, all, &v);
    return r->failed ? r->failed : path_put_bool(r, n, out, in);
}

static const struct path_operator operators[] = {
    {"*", 11, arithmetic, MULTIPLY},
    {"/", 11, arithmetic, DIVIDE},
    {"div", 11, arithmetic, DIV},
    {"mod", 11, arithmetic, MOD},
    {"+", 10, arithmetic, ADD},
    {"-", 10, arithmetic, SUBTRACT},
    {"&", 10, concatenate, 0},
    /* is and as, 9: path_parse.c */
    {"|", 8, unite, 0},
    {"<", 7, ordering, LESS},
    {"<=", 7, ordering, LESS | SAME},
    {">", 7, ordering, MORE},
    {">=", 7, ordering, MORE | SAME},
    {"=", 6, equality, EQUAL},
    {"!=", 6, equality, NOT_EQUAL},
    {"~", 6, equality, ALIKE},
    {"!~", 6, equality, NOT_ALIKE},
    {"in", 5, member, 0},
    {"contains", 5, member, 1},
    {"and", 4, boolean, AND},
    {"or", 3, boolean, OR},
    {"xor", 3, boolean, XOR},
    {"implies", 2, boolean, IMPLIES},
};

const struct path_operator *path_operator_named(struct str sign)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (str_is(sign, operators[i].sign))
            return &operators[i];
    return NULL;
}
