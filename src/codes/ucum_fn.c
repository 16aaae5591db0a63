/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UCUM's special units (22): temperatures with a zero of their own, logarithms, a root and tangents. Worked out in
 * decimals to PATH_SIGNIFICANT digits or more.
 */
#include "config.h"

#include <string.h>

#include "codes/ucum_priv.h"

#define WORK 40 /* places of a series */

#define FN(name) static bool name(const struct ucum_fn *f, const struct path_decimal *x, struct path_decimal *out)

static struct path_decimal number(const char *z)
{
    struct path_decimal d;

    path_decimal_parse(str_of(z), &d);
    return d;
}

FN(less)
{
    struct path_decimal n = number(f->number);

    return path_decimal_subtract(x, &n, out);
}

FN(more)
{
    struct path_decimal n = number(f->number);

    return path_decimal_add(x, &n, out);
}

/* --- logarithms: x = log(y), -log(y), 2 log(y) ------------------------------------------------ */

FN(log_of)
{
    struct path_decimal n = number(f->number);

    return x->n && !x->negative && path_decimal_log(x, &n, out);
}

FN(power_of)
{
    struct path_decimal n = number(f->number);

    return path_decimal_power(&n, x, out);
}

FN(minus_log_of)
{
    if (!log_of(f, x, out))
        return false;
    out->negative = out->n && !out->negative;
    return true;
}

FN(minus_power_of)
{
    struct path_decimal y = *x;

    y.negative = y.n && !y.negative;
    return power_of(f, &y, out);
}

FN(twice_log_of)
{
    return log_of(f, x, out) && path_decimal_add(out, out, out);
}

FN(half_power_of)
{
    struct path_decimal two = number("2"), y;

    return path_decimal_divide(x, &two, PATH_SIGNIFICANT + x->n, &y) && power_of(f, &y, out);
}

FN(ln_of)
{
    (void)f;
    return x->n && !x->negative && path_decimal_ln(x, out);
}

FN(exp_of)
{
    (void)f;
    return path_decimal_exp(x, out);
}

FN(root_of)
{
    (void)f;
    return !x->negative && path_decimal_sqrt(x, out);
}

FN(square_of)
{
    (void)f;
    return path_decimal_multiply(x, x, out);
}

/* --- 100 tan ---------------------------------------------------------------------------------- */

static bool part(const struct path_decimal *a, const struct path_decimal *b, int64_t n, struct path_decimal *out)
{
    struct path_decimal d;

    path_decimal_int(n, &d);
    return path_decimal_multiply_to(a, b, WORK, out) && path_decimal_divide(out, &d, WORK, out) &&
           (out->scale <= WORK || path_decimal_round(out, WORK, PATH_HALF_UP, out));
}

#define GIVEN 30 /* digits, so that the conversion that follows is right in all that it gives */

static bool given(struct path_decimal *d)
{
    int places = GIVEN - (d->n - d->scale);

    if (places < d->scale && !path_decimal_round(d, places < 0 ? 0 : places, PATH_HALF_UP, d))
        return false;
    path_decimal_trim(d);
    return true;
}

/* sin x / cos x by their series, for angles of at most a turn. */
FN(tan_of)
{
    struct path_decimal limit = number("6.3"), term = number("1"), odd = number("0"), even = number("0");
    struct path_decimal size = *x, *sum;

    (void)f;
    size.negative = false;
    if (path_decimal_compare(&size, &limit) > 0)
        return false;
    for (int i = 1; i < 80 && term.n; i++) {
        sum = i % 2 ? &even : &odd;
        if (!path_decimal_add(sum, &term, sum) || !part(&term, x, i, &term))
            return false;
        if (i % 2 == 0 && term.n)
            term.negative = !term.negative; /* x^2, x^3 less; x^4, x^5 more */
    }
    if (!even.n || !path_decimal_divide(&odd, &even, PATH_SIGNIFICANT + 2, out))
        return false;
    limit = number("100");
    return path_decimal_multiply(out, &limit, out) && given(out);
}

/* A root to twice PATH_SIGNIFICANT digits: one more step of Newton's. */
static bool fine_root(const struct path_decimal *x, struct path_decimal *out)
{
    struct path_decimal r, q, two = number("2");

    return path_decimal_sqrt(x, &r) && path_decimal_divide(x, &r, WORK, &q) && path_decimal_add(&r, &q, &r) &&
           path_decimal_divide(&r, &two, WORK, out);
}

/* atan x = 2 atan(x / (1 + sqrt(1 + x^2))), until x is small; then its series. */
FN(atan_of)
{
    struct path_decimal one = number("1"), hundred = number("100"), y, z, square, power, term, sum;
    int halvings = 6;

    (void)f;
    if (!path_decimal_divide(x, &hundred, WORK, &y))
        return false;
    for (int i = 0; i < halvings; i++)
        if (!path_decimal_multiply_to(&y, &y, WORK, &z) || !path_decimal_add(&z, &one, &z) || !fine_root(&z, &z) ||
            !path_decimal_add(&z, &one, &z) || !path_decimal_divide(&y, &z, WORK, &y))
            return false;
    if (!path_decimal_multiply_to(&y, &y, WORK, &square))
        return false;
    power = sum = y;
    for (int i = 3; i < 40 && power.n; i += 2) {
        if (!path_decimal_multiply_to(&power, &square, WORK, &power) || !part(&power, &one, i, &term))
            return false;
        term.negative = term.n && (power.negative != (i % 4 == 3));
        if (!path_decimal_add(&sum, &term, &sum))
            return false;
    }
    while (halvings-- > 0)
        if (!path_decimal_add(&sum, &sum, &sum))
            return false;
    *out = sum;
    return given(out);
}

static const struct ucum_fn functions[] = {
    {"Cel", less, more, "273.15"},
    {"degF", less, more, "459.67"},
    {"degRe", less, more, "218.52"},
    {"pH", minus_log_of, minus_power_of, "10"},
    {"lg", log_of, power_of, "10"},
    {"lg2", twice_log_of, half_power_of, "10"},
    {"ld", log_of, power_of, "2"},
    {"ln", ln_of, exp_of, NULL},
    {"sqrt", root_of, square_of, NULL},
    {"tan100", tan_of, atan_of, NULL},
    {"hp10", minus_log_of, minus_power_of, "10"},
    {"hp100", minus_log_of, minus_power_of, "100"},
    {"hp1000", minus_log_of, minus_power_of, "1000"},
    {"hp50000", minus_log_of, minus_power_of, "50000"},
};

const struct ucum_fn *ucum_fn_named(struct str name)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (str_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}
