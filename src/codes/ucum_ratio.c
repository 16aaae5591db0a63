/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Exact fractions: an inch is 254/100 of a centimetre, a minim 1/480 of a fluid ounce that is itself a part of a
 * gallon.
 */
#include "config.h"

#include <string.h>

#include "codes/ucum_priv.h"

/* Whole and without zeros at its end; what is taken away goes to *exp. */
static void normal(struct path_decimal *d, int *exp, int sign)
{
    unsigned zeros = 0;

    while (zeros < d->n && !d->digit[zeros])
        zeros++;
    memmove(d->digit, d->digit + zeros, d->n - zeros);
    d->n = (uint8_t)(d->n - zeros);
    *exp += sign * ((int)zeros - d->scale);
    d->scale = 0;
}

/* d * 10^exp */
static bool moved(struct path_decimal *d, int exp)
{
    if (exp <= d->scale) {
        d->scale = (int16_t)(d->scale - exp);
        return d->scale <= 2 * PATH_DIGITS;
    }
    exp -= d->scale;
    d->scale = 0;
    if (!d->n)
        return true;
    if (d->n + exp > PATH_DIGITS)
        return false;
    memmove(d->digit + exp, d->digit, d->n);
    memset(d->digit, 0, (size_t)exp);
    d->n = (uint8_t)(d->n + exp);
    return true;
}

struct ucum_ratio ucum_ratio_one(void)
{
    struct ucum_ratio r = {.exp = 0};

    path_decimal_int(1, &r.num);
    r.den = r.num;
    return r;
}

bool ucum_ratio_of(const struct path_decimal *d, struct ucum_ratio *out)
{
    *out = ucum_ratio_one();
    if (!d->n || d->negative)
        return false;
    out->num = *d;
    normal(&out->num, &out->exp, 1);
    return true;
}

/* What stands above and below a line alike is left out, so that mol/mol has no digits. */
static bool once(struct ucum_ratio *a, const struct path_decimal *num, const struct path_decimal *den, int exp)
{
    struct path_decimal one, above = *num, below = *den;

    path_decimal_int(1, &one);
    if (!path_decimal_compare(&a->num, &below))
        a->num = below = one;
    if (!path_decimal_compare(&a->den, &above))
        a->den = above = one;
    if (!path_decimal_multiply(&a->num, &above, &a->num) || !path_decimal_multiply(&a->den, &below, &a->den))
        return false;
    normal(&a->num, &a->exp, 1);
    normal(&a->den, &a->exp, -1);
    a->exp += exp;
    return a->exp >= -UCUM_MAX_EXP && a->exp <= UCUM_MAX_EXP;
}

bool ucum_ratio_by(struct ucum_ratio *a, const struct ucum_ratio *b, int times)
{
    for (; times > 0; times--)
        if (!once(a, &b->num, &b->den, b->exp))
            return false;
    for (; times < 0; times++)
        if (!once(a, &b->den, &b->num, -b->exp))
            return false;
    return true;
}

bool ucum_ratio_apply(const struct path_decimal *d, const struct ucum_ratio *r, struct path_decimal *out)
{
    struct path_decimal one, x;
    int digits = d->n > PATH_SIGNIFICANT ? d->n : PATH_SIGNIFICANT;

    path_decimal_int(1, &one);
    if (!path_decimal_multiply(d, &r->num, &x) || !moved(&x, r->exp))
        return false;
    if (path_decimal_compare(&r->den, &one) && !path_decimal_divide(&x, &r->den, digits, &x))
        return false;
    path_decimal_trim(&x);
    *out = x;
    return true;
}

bool ucum_ratio_order(const struct path_decimal *a, const struct ucum_ratio *r, const struct path_decimal *b,
                      const struct ucum_ratio *s, int *order)
{
    struct path_decimal x, y;
    int exp = r->exp - s->exp;

    if (!path_decimal_multiply(a, &r->num, &x) || !path_decimal_multiply(&x, &s->den, &x) ||
        !path_decimal_multiply(b, &s->num, &y) || !path_decimal_multiply(&y, &r->den, &y) ||
        !moved(exp > 0 ? &x : &y, exp > 0 ? exp : -exp))
        return false;
    *order = path_decimal_compare(&x, &y);
    return true;
}
