/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/decimal.h"

#include <string.h>

#include "base/err.h"

/* value = 0.d1d2d3... * 10^point, without zeros at either end; n = 0 is zero. */
struct decimal {
    char digit[FHIR_DECIMAL_DIGITS];
    unsigned n;
    long point;
    bool negative;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool push(struct decimal *d, char c)
{
    if (d->n == FHIR_DECIMAL_DIGITS)
        return false;
    d->digit[d->n++] = c;
    return true;
}

static bool exponent(struct str *s, long *out)
{
    bool minus;
    long v = 0;

    *out = 0;
    if (!s->n)
        return true;
    if (*s->p != 'e' && *s->p != 'E')
        return false;
    s->p++, s->n--;
    minus = s->n && *s->p == '-';
    if (s->n && (*s->p == '-' || *s->p == '+'))
        s->p++, s->n--;
    if (!s->n)
        return false;
    for (; s->n; s->p++, s->n--) {
        if (!is_digit(*s->p) || v > 100000)
            return false;
        v = v * 10 + (*s->p - '0');
    }
    *out = minus ? -v : v;
    return true;
}

static bool parse(struct str s, struct decimal *d)
{
    bool point = false;
    long whole = 0, exp;

    memset(d, 0, sizeof *d);
    if (s.n && *s.p == '-')
        d->negative = true, s.p++, s.n--;
    if (!s.n || !is_digit(*s.p) || (s.n > 1 && *s.p == '0' && is_digit(s.p[1])))
        return false;
    for (; s.n && (is_digit(*s.p) || (*s.p == '.' && !point)); s.p++, s.n--) {
        if (*s.p == '.') {
            point = true;
            continue;
        }
        if (*s.p == '0' && !d->n) { /* leading zeros move the point only */
            if (point)
                whole--;
            continue;
        }
        if (!point)
            whole++;
        if (!push(d, *s.p))
            return false;
    }
    if (s.p[-1] == '.' || !exponent(&s, &exp))
        return false;
    while (d->n && d->digit[d->n - 1] == '0')
        d->n--;
    d->point = whole + exp;
    if (!d->n)
        d->point = 0, d->negative = false;
    return true;
}

bool fhir_decimal_compare(struct str a, struct str b, int *order)
{
    struct decimal x, y;
    unsigned n;
    int o;

    *order = 0;
    if (!parse(a, &x) || !parse(b, &y))
        return false;
    if (x.negative != y.negative || !x.n || !y.n) {
        int sx = x.n ? (x.negative ? -1 : 1) : 0, sy = y.n ? (y.negative ? -1 : 1) : 0;

        *order = (sx > sy) - (sx < sy);
        return true;
    }
    if (x.point != y.point) {
        o = x.point > y.point ? 1 : -1;
    } else {
        n = x.n < y.n ? x.n : y.n;
        o = memcmp(x.digit, y.digit, n);
        o = o ? o : (x.n > y.n) - (x.n < y.n);
    }
    *order = x.negative ? -o : o;
    return true;
}

#define CLEAR_MAX (2 * FHIR_DECIMAL_DIGITS + FHIR_DECIMAL_DIGITS / 3 + 8)

/* The clear form into room of CLEAR_MAX bytes; its length, or 0. Needs no memory, so it cannot be
 * lost. */
static size_t clear_form(struct str lexeme, char out[CLEAR_MAX])
{
    struct decimal d;
    size_t n = 0;

    if (!parse(lexeme, &d) || d.point > FHIR_DECIMAL_DIGITS || d.point < -FHIR_DECIMAL_DIGITS)
        return 0;
    if (d.negative)
        out[n++] = '-';
    if (d.point <= 0)
        out[n++] = '0';
    for (long i = 0; i < d.point; i++) {
        if (i && (d.point - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = i < (long)d.n ? d.digit[i] : '0';
    }
    if ((long)d.n > d.point) {
        out[n++] = '.';
        for (long i = d.point; i < 0; i++)
            out[n++] = '0';
        for (unsigned i = d.point > 0 ? (unsigned)d.point : 0; i < d.n; i++)
            out[n++] = d.digit[i];
    }
    return n;
}

bool fhir_decimal_clear(struct str lexeme, struct buf *out)
{
    char room[CLEAR_MAX];
    size_t n = clear_form(lexeme, room);

    return n && buf_add(out, room, n) == ERR_OK;
}

bool fhir_decimal_is_clear(struct str lexeme)
{
    char room[CLEAR_MAX];

    return str_eq((struct str){room, clear_form(lexeme, room)}, lexeme);
}
