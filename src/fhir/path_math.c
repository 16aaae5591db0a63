/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Roots, powers and logarithms in decimals: worked out to WORK places or digits, given with PATH_SIGNIFICANT digits
 * however small they are.
 */
#include "config.h"

#include <string.h>

#include "fhir/path_decimal.h"

#define WORK 44

static void literal(const char *z, struct path_decimal *out)
{
    path_decimal_parse(str_of(z), out);
}

/* Rounds to the digits that are given out: so many significant ones, fewer behind a point that has a large number
 * before it. */
static bool give(const struct path_decimal *x, struct path_decimal *out)
{
    int whole = x->n - x->scale, scale = x->n ? PATH_SIGNIFICANT - whole : 0;

    if (!path_decimal_round(x, scale < 0 ? 0 : scale, PATH_HALF_UP, out))
        return false;
    path_decimal_trim(out);
    return true;
}

static bool times(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *out)
{
    return path_decimal_multiply_to(a, b, WORK, out);
}

/* a / n to WORK places. */
static bool by(const struct path_decimal *a, int64_t n, struct path_decimal *out)
{
    struct path_decimal d;

    path_decimal_int(n, &d);
    return path_decimal_divide(a, &d, WORK, out) &&
           (out->scale <= WORK || path_decimal_round(out, WORK, PATH_HALF_UP, out));
}

/* e^x = (e^(x / 2^halvings))^(2^halvings), the inner one by its series. */
static bool exp_work(const struct path_decimal *x, struct path_decimal *out)
{
    struct path_decimal limit, y, term, sum, one;
    int halvings = 0;

    literal("150", &limit);
    y = *x;
    y.negative = false;
    if (path_decimal_compare(&y, &limit) > 0)
        return false;
    literal("0.5", &limit);
    while (path_decimal_compare(&y, &limit) > 0) {
        if (!by(&y, 2, &y))
            return false;
        halvings++;
    }
    path_decimal_int(1, &one);
    term = sum = one;
    for (int i = 1; i < 60 && term.n; i++)
        if (!times(&term, &y, &term) || !by(&term, i, &term) || !path_decimal_add(&sum, &term, &sum))
            return false;
    while (halvings-- > 0)
        if (!times(&sum, &sum, &sum))
            return false;
    if (x->negative)
        return path_decimal_divide(&one, &sum, WORK, out);
    *out = sum;
    return true;
}

/* ln(m * 10^k) = 2 artanh((m - 1) / (m + 1)) + k ln 10 */
static bool ln_work(const struct path_decimal *x, struct path_decimal *out)
{
    struct path_decimal m = *x, one, up, down, z, square, power, term, sum, ten, three;
    int k;

    if (!x->n || x->negative)
        return false;
    k = x->n - x->scale; /* m: 0.1 .. 1 */
    m.scale = m.n;
    literal("0.3", &three);
    if (path_decimal_compare(&m, &three) < 0)
        k--, m.scale--;
    path_decimal_int(1, &one);
    if (!path_decimal_subtract(&m, &one, &up) || !path_decimal_add(&m, &one, &down) ||
        !path_decimal_divide(&up, &down, WORK, &z) || !times(&z, &z, &square))
        return false;
    /* z has WORK digits however small it is: near 1 it is nearly the whole sum. */
    power = sum = z;
    for (int i = 3; i < 200 && power.n; i += 2)
        if (!times(&power, &square, &power) || !by(&power, i, &term) || !path_decimal_add(&sum, &term, &sum))
            return false;
    literal("4.60517018598809136803598290936872841520220297725754595206665580193514521935470496", &ten); /* 2 ln 10 */
    path_decimal_int(k, &one);
    if (!times(&ten, &one, &ten) || !by(&ten, 2, &ten) || !path_decimal_add(&sum, &sum, &sum))
        return false;
    return path_decimal_add(&sum, &ten, out);
}

bool path_decimal_exp(const struct path_decimal *x, struct path_decimal *out)
{
    struct path_decimal r;

    return exp_work(x, &r) && give(&r, out);
}

bool path_decimal_ln(const struct path_decimal *x, struct path_decimal *out)
{
    struct path_decimal r;

    return ln_work(x, &r) && give(&r, out);
}

bool path_decimal_log(const struct path_decimal *x, const struct path_decimal *base, struct path_decimal *out)
{
    struct path_decimal a, b, r;

    return ln_work(x, &a) && ln_work(base, &b) && b.n && path_decimal_divide(&a, &b, WORK - 6, &r) && give(&r, out);
}

static bool whole_power(struct path_decimal x, int64_t n, struct path_decimal *out)
{
    struct path_decimal r;

    path_decimal_int(1, &r);
    for (; n; n >>= 1) {
        if ((n & 1) && !path_decimal_multiply(&r, &x, &r))
            return false;
        if (n > 1 && !path_decimal_multiply(&x, &x, &x))
            return false;
    }
    *out = r;
    return true;
}

/* Newton's way from 1, on the digits of x read as 0.1 .. 10: its power of ten is even and goes by half. */
bool path_decimal_sqrt(const struct path_decimal *x, struct path_decimal *out)
{
    struct path_decimal m = *x, r, q, before, ten, factor;
    int places = x->n - x->scale, half = places >= 0 ? places / 2 : -((1 - places) / 2);

    if (x->negative)
        return false;
    if (!x->n) {
        path_decimal_int(0, out);
        return true;
    }
    m.scale = (int16_t)(x->scale + 2 * half);
    path_decimal_int(1, &r);
    for (int i = 0; i < 80; i++) {
        before = r;
        if (!path_decimal_divide(&m, &r, WORK, &q) || !path_decimal_add(&r, &q, &r) || !by(&r, 2, &r))
            return false;
        if (!path_decimal_compare(&r, &before))
            break;
    }
    path_decimal_int(10, &ten);
    if (half > 0 && (!whole_power(ten, half, &factor) || !path_decimal_multiply(&r, &factor, &r)))
        return false;
    if (half < 0)
        r.scale = (int16_t)(r.scale - half);
    return give(&r, out);
}

/* A product to WORK significant digits, or one more. */
static bool near_product(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *out)
{
    int places = WORK + 1 - (a->n - a->scale) - (b->n - b->scale);

    return path_decimal_multiply_to(a, b, places > 0 ? places : 0, out);
}

/* A product of many digits is no longer wanted whole. */
static bool whole_power_rounded(struct path_decimal x, int64_t n, struct path_decimal *out)
{
    struct path_decimal r;

    path_decimal_int(1, &r);
    for (; n; n >>= 1) {
        if ((n & 1) && !near_product(&r, &x, &r))
            return false;
        if (n > 1 && !near_product(&x, &x, &x))
            return false;
    }
    return give(&r, out);
}

bool path_decimal_power(const struct path_decimal *x, const struct path_decimal *y, struct path_decimal *out)
{
    struct path_decimal r, one;
    int64_t n;

    if (path_decimal_to_int(y, &n) && n >= -1000 && n <= 1000) {
        if (!whole_power(*x, n < 0 ? -n : n, &r) && !whole_power_rounded(*x, n < 0 ? -n : n, &r))
            return false;
        path_decimal_int(1, &one);
        if (n < 0)
            return r.n && path_decimal_divide(&one, &r, PATH_SIGNIFICANT, out);
        *out = r;
        return true;
    }
    if (!x->n && y->n && !y->negative) {
        path_decimal_int(0, out);
        return true;
    }
    return ln_work(x, &r) && times(&r, y, &r) && exp_work(&r, &one) && give(&one, out);
}
