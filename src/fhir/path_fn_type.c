/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Conversion and types (specification 5.5 and 6.3).
 */
#include "config.h"

#include <string.h>

#include "fhir/path_fn.h"

/* Each converter: false where the value does not convert. */
static bool to_boolean(const struct path_value *v, struct arena *a, struct path_value *out)
{
    static const char *const yes[] = {"true", "t", "yes", "y", "1", "1.0"}, *const no[] = {"false", "f", "no", "n",
            "0", "0.0"};
    struct path_decimal d;
    int64_t n;

    (void)a;
    out->kind = PATH_BOOLEAN;
    if (v->kind == PATH_BOOLEAN) {
        *out = *v;
        return true;
    }
    if (path_number(v, &d)) {
        if (!path_decimal_to_int(&d, &n) || (n != 0 && n != 1))
            return false;
        out->boolean = n == 1;
        return true;
    }
    for (size_t i = 0; v->kind == PATH_STRING && i < sizeof yes / sizeof *yes; i++) {
        char small[8] = "";

        if (v->string.n >= sizeof small)
            return false;
        for (size_t j = 0; j < v->string.n; j++)
            small[j] = (char)(v->string.p[j] >= 'A' && v->string.p[j] <= 'Z' ? v->string.p[j] + 32 : v->string.p[j]);
        if (!strcmp(small, yes[i]) || !strcmp(small, no[i])) {
            out->boolean = !strcmp(small, yes[i]);
            return true;
        }
    }
    return false;
}

static bool to_integer(const struct path_value *v, struct arena *a, struct path_value *out)
{
    struct path_decimal d;

    (void)a;
    out->kind = PATH_INTEGER;
    if (v->kind == PATH_BOOLEAN) {
        out->integer = v->boolean;
        return true;
    }
    if (v->kind == PATH_INTEGER) {
        *out = *v;
        return true;
    }
    if (v->kind != PATH_STRING || memchr(v->string.p, '.', v->string.n) || memchr(v->string.p, 'e', v->string.n))
        return false;
    return path_decimal_parse(v->string, &d) && path_decimal_to_int(&d, &out->integer);
}

static bool to_decimal(const struct path_value *v, struct arena *a, struct path_value *out)
{
    struct path_decimal d;

    if (v->kind == PATH_BOOLEAN)
        path_decimal_int(v->boolean, &d);
    else if (!path_number(v, &d) && (v->kind != PATH_STRING || !path_decimal_parse(v->string, &d)))
        return false;
    out->kind = PATH_DECIMAL;
    out->decimal = path_keep(a, &d);
    return out->decimal != NULL;
}

static bool to_string(const struct path_value *v, struct arena *a, struct path_value *out)
{
    struct buf b;
    bool ok;

    if (v->kind == PATH_NODE || v->kind == PATH_TYPE)
        return false;
    out->kind = PATH_STRING;
    out->string = v->string;
    if (v->kind == PATH_STRING)
        return true;
    buf_init(&b, PATH_MAX_ARENA / 2);
    ok = !path_text(v, &b);
    a->failed |= !ok; /* so that the evaluation fails: "does not convert" would be a wrong answer */
    out->string = arena_str(a, buf_str(&b));
    if (!out->string.n)
        out->string = STR("");
    buf_fini(&b);
    return ok;
}

static bool to_time(const struct path_value *v, enum path_kind kind, struct path_value *out)
{
    out->kind = kind;
    if (v->kind == kind) {
        *out = *v;
        return true;
    }
    if (v->kind == PATH_STRING)
        return path_time_parse(v->string, kind, &out->time);
    out->time = v->time;
    if (v->kind == PATH_DATE && kind == PATH_DATETIME)
        return true;
    if (v->kind != PATH_DATETIME || kind != PATH_DATE)
        return false;
    if (out->time.precision > PATH_DAY)
        out->time.precision = PATH_DAY;
    out->time.hour = out->time.min = out->time.sec = out->time.ns = out->time.digits = 0;
    out->time.zoned = false;
    return true;
}

/* "4 days", "1 'mg'", "1.5" */
static bool quantity_words(struct str s, struct arena *a, struct path_value *out)
{
    struct path_decimal d;
    size_t n = 0;

    while (n < s.n && s.p[n] != ' ' && s.p[n] != '\'')
        n++;
    if (!path_decimal_parse((struct str){s.p, n}, &d) || memchr(s.p, 'e', n) || memchr(s.p, 'E', n))
        return false;
    s = str_trim((struct str){s.p + n, s.n - n});
    *out = (struct path_value){.kind = PATH_QUANTITY, .quantity = {path_keep(a, &d), STR("1"), false, false}};
    if (s.n > 2 && s.p[0] == '\'' && s.p[s.n - 1] == '\'') {
        out->quantity.unit = (struct str){s.p + 1, s.n - 2};
    } else if (s.n) {
        out->quantity.unit = s;
        out->quantity.calendar = true;
        if (!path_time_unit(s, true))
            return false;
    }
    return out->quantity.value != NULL;
}

static bool to_quantity(const struct path_value *v, struct arena *a, struct path_value *out)
{
    struct path_value n = {.kind = PATH_INTEGER, .integer = v->kind == PATH_BOOLEAN && v->boolean};

    if (v->kind == PATH_BOOLEAN)
        return path_to_quantity(&n, a, out);
    return v->kind == PATH_STRING ? quantity_words(v->string, a, out) : path_to_quantity(v, a, out);
}

static bool convert(const struct path_value *v, enum path_kind kind, struct arena *a, struct path_value *out)
{
    *out = (struct path_value){0};
    switch (kind) {
    case PATH_BOOLEAN:
        return to_boolean(v, a, out);
    case PATH_INTEGER:
        return to_integer(v, a, out);
    case PATH_DECIMAL:
        return to_decimal(v, a, out);
    case PATH_STRING:
        return to_string(v, a, out);
    case PATH_QUANTITY:
        return to_quantity(v, a, out);
    default:
        return to_time(v, kind, out);
    }
}

/* To another unit, a code of UCUM; false: it is of another kind, or it failed. */
static bool to_unit(struct path_run *r, const struct path_call *k, struct str unit, struct path_value *q)
{
    struct path_value of = {.kind = PATH_QUANTITY, .quantity = {.unit = unit}};
    struct path_decimal d;
    int same = path_in_unit(r, q, &of, &d);

    if (same < 0)
        path_fail(r, k->node, PATH_NEEDS);
    if (same < 1)
        return false;
    of.quantity.value = path_keep(r->a, &d);
    if (!of.quantity.value)
        path_fail(r, k->node, PATH_TOO_LONG);
    *q = of;
    return of.quantity.value != NULL;
}

PATH_FN(path_fn_convert)
{
    enum path_kind kind = (enum path_kind)(k->node->fn->kind & ~PATH_CONVERTS);
    bool only = k->node->fn->kind & PATH_CONVERTS, ok;
    struct path_value any, v, made;
    struct str unit;
    int has = path_one_any(r, k->node, &k->in, &any);

    if (r->failed || has != 1)
        return r->failed;
    ok = path_plain(&any, r->a, &v) && convert(&v, kind, r->a, &made);
    if (ok && k->node->args && kind == PATH_QUANTITY) {
        if (path_one_string(r, k->node, &k->arg[0], &unit) != 1)
            return r->failed;
        ok = to_unit(r, k, unit, &made);
        if (r->failed)
            return r->failed;
    }
    if (only)
        return path_put_bool(r, k->node, out, ok);
    return ok ? path_put(r, k->node, out, &made) : r->failed;
}

/* as and ofType take a primitive of exactly that type: a code is a string, but not given as one (R4's suite,
 * testInheritance). */
static bool fits(int kind, const struct path_value *v, struct str space, struct str name)
{
    struct str at, has = path_type_of(v, &at);

    if (!path_is_type(v, space, name))
        return false;
    return kind == PATH_IS || v->kind != PATH_NODE || !path_type_primitive(has) || str_eq(has, name);
}

PATH_FN(path_fn_of_type)
{
    const struct path_node *t = k->node->arg[0];
    int kind = k->node->fn->kind;

    if (!path_type_exists(t->space, t->name))
        return path_err(r->e, PATH_NO_TYPE, t->at, t->name), r->failed = ERR_PATH;
    if (kind != PATH_OF_TYPE && k->in.n > 1)
        return path_fail(r, k->node, PATH_SINGLE);
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++) {
        bool yes = fits(kind, &k->in.v[i], t->space, t->name);

        if (kind == PATH_IS)
            path_put_bool(r, k->node, out, yes);
        else if (yes)
            path_put(r, k->node, out, &k->in.v[i]);
    }
    return r->failed;
}

PATH_FN(path_fn_type)
{
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++) {
        struct path_value v = {.kind = PATH_TYPE};

        v.string = path_type_of(&k->in.v[i], &v.type);
        path_put(r, k->node, out, &v);
    }
    return r->failed;
}

PATH_FN(path_fn_not)
{
    int code, v = path_truth(r, k->node, &k->in, &code);

    return r->failed || v < 0 ? r->failed : path_put_bool(r, k->node, out, !v);
}
