/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/decimal.h"

#include <string.h>

#include "base/err.h"
#include "fhir/path_decimal.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A number of JSON: no '+', and no zeros before another digit. */
static bool parse(struct str s, struct path_decimal *d)
{
    struct str n = s;

    if (n.n && *n.p == '-')
        n.p++, n.n--;
    return n.n && is_digit(*n.p) && !(n.n > 1 && *n.p == '0' && is_digit(n.p[1])) && path_decimal_parse(s, d);
}

bool fhir_decimal_compare(struct str a, struct str b, int *order)
{
    struct path_decimal x, y;

    *order = 0;
    if (!parse(a, &x) || !parse(b, &y))
        return false;
    *order = path_decimal_compare(&x, &y);
    return true;
}

/* Digits before the point, a comma at every thousand of them, a sign and a point. */
#define CLEAR_MAX (2 * PATH_DIGITS + PATH_DIGITS / 3 + 8)

/* The clear form into room of CLEAR_MAX bytes; its length, or 0. Needs no memory, so it cannot be
 * lost. */
static size_t clear_form(struct str lexeme, char out[CLEAR_MAX])
{
    struct path_decimal d;
    size_t n = 0;
    int top;

    if (!parse(lexeme, &d))
        return 0;
    path_decimal_trim(&d);
    top = d.n > d.scale ? d.n : d.scale + 1;
    if (d.negative)
        out[n++] = '-';
    for (int i = top - 1; i >= 0; i--) {
        out[n++] = (char)('0' + (i < d.n ? d.digit[i] : 0));
        if (i == d.scale && i)
            out[n++] = '.';
        else if (i > d.scale && (i - d.scale) % 3 == 0)
            out[n++] = ',';
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
