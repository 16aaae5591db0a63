/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/path_decimal.h"

#include <string.h>

#define WIDE (2 * PATH_DIGITS + 2)

/* Room for a product before it is rounded. */
struct wide {
    unsigned n;
    uint8_t digit[WIDE];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void strip(struct path_decimal *d)
{
    while (d->n && !d->digit[d->n - 1])
        d->n--;
    if (!d->n)
        d->negative = false;
}

/* Zeros below: the same value with a larger scale. */
static bool shift(struct path_decimal *d, unsigned zeros)
{
    if (d->n && d->n + zeros > PATH_DIGITS)
        return false;
    if (d->n) {
        memmove(d->digit + zeros, d->digit, d->n);
        memset(d->digit, 0, zeros);
        d->n = (uint8_t)(d->n + zeros);
    }
    d->scale = (int16_t)(d->scale + (int)zeros);
    return d->scale <= 2 * PATH_DIGITS;
}

static bool exponent(struct str s, int *out)
{
    int64_t v;

    *out = 0;
    if (!s.n)
        return true;
    if (*s.p != 'e' && *s.p != 'E')
        return false;
    s.p++, s.n--;
    if (s.n && *s.p == '+')
        s.p++, s.n--;
    if (!str_int(s, -1000, 1000, &v))
        return false;
    *out = (int)v;
    return true;
}

bool path_decimal_parse(struct str s, struct path_decimal *out)
{
    uint8_t high[PATH_DIGITS];
    unsigned n = 0, whole = 0, fraction = 0;
    int exp;

    memset(out, 0, sizeof *out);
    if (s.n && (*s.p == '-' || *s.p == '+'))
        out->negative = *s.p == '-', s.p++, s.n--;
    for (bool point = false; s.n && (is_digit(*s.p) || (*s.p == '.' && !point)); s.p++, s.n--) {
        if (*s.p == '.') {
            point = true;
            continue;
        }
        *(point ? &fraction : &whole) += 1;
        if (!n && *s.p == '0')
            continue;
        if (n == PATH_DIGITS)
            return false;
        high[n++] = (uint8_t)(*s.p - '0');
    }
    if (!whole || s.p[-1] == '.' || !exponent(s, &exp) || fraction > PATH_DIGITS)
        return false;
    for (unsigned i = 0; i < n; i++)
        out->digit[i] = high[n - 1 - i];
    out->n = (uint8_t)n;
    out->scale = (int16_t)fraction;
    strip(out);
    if (exp < 0) {
        out->scale = (int16_t)(out->scale - exp);
        return out->scale <= PATH_DIGITS;
    }
    if (exp <= out->scale || !out->n) {
        out->scale = (int16_t)(exp <= out->scale ? out->scale - exp : 0);
        return true;
    }
    if (!shift(out, (unsigned)(exp - out->scale)))
        return false;
    out->scale = 0;
    return true;
}

void path_decimal_int(int64_t v, struct path_decimal *out)
{
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    memset(out, 0, sizeof *out);
    out->negative = v < 0;
    for (; u; u /= 10)
        out->digit[out->n++] = (uint8_t)(u % 10);
}

bool path_decimal_to_int(const struct path_decimal *d, int64_t *out)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < (unsigned)d->scale && i < d->n; i++)
        if (d->digit[i])
            return false;
    if (d->n > d->scale + 19) /* 19 digits fit the unsigned 64 bits */
        return false;
    for (int i = d->n - 1; i >= d->scale; i--)
        v = v * 10 + d->digit[i];
    if (v > (uint64_t)INT64_MAX + d->negative)
        return false;
    *out = !d->negative ? (int64_t)v : v ? -(int64_t)(v - 1) - 1 : 0;
    return true;
}

/* The digit at a power of ten. */
static int at(const struct path_decimal *d, int power)
{
    int i = power + d->scale;

    return i >= 0 && i < d->n ? d->digit[i] : 0;
}

static int magnitude(const struct path_decimal *a, const struct path_decimal *b)
{
    int top = a->n - a->scale > b->n - b->scale ? a->n - a->scale : b->n - b->scale;
    int low = a->scale > b->scale ? -a->scale : -b->scale;

    for (int p = top; p >= low; p--)
        if (at(a, p) != at(b, p))
            return at(a, p) > at(b, p) ? 1 : -1;
    return 0;
}

int path_decimal_compare(const struct path_decimal *a, const struct path_decimal *b)
{
    int o;

    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    o = magnitude(a, b);
    return a->negative ? -o : o;
}

bool path_decimal_add(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *out)
{
    struct path_decimal x = *a, y = *b, r = {0};
    bool same = a->negative == b->negative;
    int carry = 0;

    if (magnitude(a, b) < 0)
        x = *b, y = *a;
    if ((x.scale < y.scale && !shift(&x, (unsigned)(y.scale - x.scale))) ||
        (y.scale < x.scale && !shift(&y, (unsigned)(x.scale - y.scale))))
        return false;
    r.scale = x.scale;
    r.negative = x.negative;
    for (unsigned i = 0; i < x.n || i < y.n || carry; i++) {
        int d = (i < x.n ? x.digit[i] : 0) + (same ? 1 : -1) * (i < y.n ? y.digit[i] : 0) + carry;

        if (i == PATH_DIGITS)
            return false;
        carry = d > 9 ? 1 : d < 0 ? -1 : 0;
        r.digit[i] = (uint8_t)(d - 10 * carry);
        r.n = (uint8_t)(i + 1);
    }
    strip(&r);
    *out = r;
    return true;
}

bool path_decimal_subtract(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *out)
{
    struct path_decimal y = *b;

    y.negative = y.n && !y.negative;
    return path_decimal_add(a, &y, out);
}

/* Drops the lowest digits of w, and says whether 1 must be added to what stays. */
static bool drop(struct wide *w, unsigned count, bool negative, enum path_round how)
{
    bool rest = false, half = count && count <= w->n && w->digit[count - 1] >= 5;

    for (unsigned i = 0; i < count && i < w->n; i++)
        rest |= w->digit[i] != 0;
    if (count >= w->n) {
        w->n = 0;
    } else {
        memmove(w->digit, w->digit + count, w->n - count);
        w->n -= count;
    }
    return how == PATH_HALF_UP ? half : how == PATH_DOWN ? false : rest && negative == (how == PATH_FLOOR);
}

static bool narrow(struct wide *w, bool up, bool negative, int scale, struct path_decimal *out)
{
    struct path_decimal r = {.negative = negative, .scale = (int16_t)scale};

    for (unsigned i = 0; up; i++) {
        if (i == WIDE)
            return false;
        if (i >= w->n)
            w->digit[w->n++] = 0;
        up = w->digit[i] == 9;
        w->digit[i] = (uint8_t)(up ? 0 : w->digit[i] + 1);
    }
    while (w->n && !w->digit[w->n - 1])
        w->n--;
    if (w->n > PATH_DIGITS || scale > 2 * PATH_DIGITS)
        return false;
    memcpy(r.digit, w->digit, w->n);
    r.n = (uint8_t)w->n;
    strip(&r);
    *out = r;
    return true;
}

bool path_decimal_multiply_to(const struct path_decimal *a, const struct path_decimal *b, int scale,
                              struct path_decimal *out)
{
    struct wide w = {.n = (unsigned)a->n + b->n};
    int full = a->scale + b->scale;
    bool negative = a->negative != b->negative, up = false;

    for (unsigned i = 0; i < a->n; i++) {
        unsigned carry = 0;

        for (unsigned k = 0; k < b->n || carry; k++) {
            unsigned d = w.digit[i + k] + (k < b->n ? a->digit[i] * b->digit[k] : 0u) + carry;

            w.digit[i + k] = (uint8_t)(d % 10);
            carry = d / 10;
        }
    }
    if (full > scale)
        up = drop(&w, (unsigned)(full - scale), negative, PATH_HALF_UP), full = scale;
    return narrow(&w, up, negative, full, out);
}

bool path_decimal_multiply(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *out)
{
    struct path_decimal x = *a, y = *b;

    if (a->scale + b->scale > 2 * PATH_DIGITS) {
        path_decimal_trim(&x);
        path_decimal_trim(&y);
    }
    return x.scale + y.scale <= 2 * PATH_DIGITS && path_decimal_multiply_to(&x, &y, 2 * PATH_DIGITS, out);
}

/* rest >= divisor, both whole numbers. */
static bool fits(const struct wide *rest, const struct path_decimal *by)
{
    if (rest->n != by->n)
        return rest->n > by->n;
    for (unsigned i = rest->n; i-- > 0;)
        if (rest->digit[i] != by->digit[i])
            return rest->digit[i] > by->digit[i];
    return true;
}

static void take(struct wide *rest, const struct path_decimal *by)
{
    int borrow = 0;

    for (unsigned i = 0; i < rest->n; i++) {
        int d = rest->digit[i] - (i < by->n ? by->digit[i] : 0) - borrow;

        borrow = d < 0;
        rest->digit[i] = (uint8_t)(d + 10 * borrow);
    }
    while (rest->n && !rest->digit[rest->n - 1])
        rest->n--;
}

/* Whole division of the digits of a followed by so many zeros: the quotient in q, what is left in rest. */
static void long_division(const struct path_decimal *a, unsigned zeros, const struct path_decimal *by, struct wide *q,
                          struct wide *rest)
{
    *q = (struct wide){.n = a->n + zeros};
    *rest = (struct wide){0};
    for (unsigned i = q->n; i-- > 0;) {
        if (rest->n)
            memmove(rest->digit + 1, rest->digit, rest->n);
        rest->digit[0] = i >= zeros ? a->digit[i - zeros] : 0;
        if (rest->n || rest->digit[0])
            rest->n++;
        while (fits(rest, by)) {
            take(rest, by);
            q->digit[i]++;
        }
    }
    while (q->n && !q->digit[q->n - 1])
        q->n--;
}

bool path_decimal_divide(const struct path_decimal *a, const struct path_decimal *b, int digits,
                         struct path_decimal *out)
{
    struct wide q, rest, twice = {0};
    int zeros = b->n + digits - a->n, scale, more;
    bool up, negative = a->negative != b->negative;

    if (!b->n)
        return false;
    if (zeros < b->scale - a->scale)
        zeros = b->scale - a->scale;
    if (zeros < 0)
        zeros = 0;
    if (a->n + zeros >= WIDE)
        return false;
    long_division(a, (unsigned)zeros, b, &q, &rest);
    scale = a->scale + zeros - b->scale;
    more = (int)q.n - digits < scale ? (int)q.n - digits : scale;
    if (more > 0) {
        up = drop(&q, (unsigned)more, negative, PATH_HALF_UP);
        scale -= more;
    } else { /* 2 rest >= b, b read as a whole number */
        for (unsigned i = 0, carry = 0; i < rest.n || carry; i++) {
            unsigned d = (i < rest.n ? rest.digit[i] * 2u : 0u) + carry;

            twice.digit[twice.n++] = (uint8_t)(d % 10);
            carry = d / 10;
        }
        up = rest.n && fits(&twice, b);
    }
    if (!narrow(&q, up, negative, scale, out))
        return false;
    path_decimal_trim(out);
    return true;
}

bool path_decimal_divmod(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *quotient,
                         struct path_decimal *rest)
{
    struct path_decimal x = *a, y = *b, back;
    struct wide q, r;

    if (!b->n || (x.scale < y.scale && !shift(&x, (unsigned)(y.scale - x.scale))) ||
        (y.scale < x.scale && !shift(&y, (unsigned)(x.scale - y.scale))))
        return false;
    long_division(&x, 0, &y, &q, &r);
    return narrow(&q, false, a->negative != b->negative, 0, quotient) && path_decimal_multiply(quotient, b, &back) &&
           path_decimal_subtract(a, &back, rest);
}

bool path_decimal_round(const struct path_decimal *a, int scale, enum path_round how, struct path_decimal *out)
{
    struct wide w = {.n = a->n};
    bool up;

    if (scale < 0 || scale > PATH_DIGITS)
        return false;
    if (scale >= a->scale) {
        *out = *a;
        return shift(out, (unsigned)(scale - a->scale));
    }
    memcpy(w.digit, a->digit, a->n);
    up = drop(&w, (unsigned)(a->scale - scale), a->negative, how);
    return narrow(&w, up, a->negative, scale, out);
}

void path_decimal_trim(struct path_decimal *d)
{
    unsigned zeros = 0;

    while (zeros < (unsigned)d->scale && (zeros >= d->n || !d->digit[zeros]))
        zeros++;
    if (zeros >= d->n)
        d->n = 0;
    else
        memmove(d->digit, d->digit + zeros, d->n - zeros), d->n = (uint8_t)(d->n - zeros);
    d->scale = (int16_t)(d->scale - (int)zeros);
    strip(d);
}

int path_decimal_text(const struct path_decimal *d, struct buf *out)
{
    int top = d->n > d->scale ? d->n : d->scale + 1;

    if (d->negative)
        buf_addc(out, '-');
    for (int i = top - 1; i >= 0; i--) {
        buf_addc(out, (char)('0' + (i < d->n ? d->digit[i] : 0)));
        if (i == d->scale && i)
            buf_addc(out, '.');
    }
    return out->failed;
}
