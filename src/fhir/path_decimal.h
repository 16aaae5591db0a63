/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Exact decimals for FHIRPath: digits and a scale, no binary float anywhere. value = digits / 10^scale. All functions
 * answer false when the result has more than PATH_DIGITS digits or twice as many places, or is not defined; none gives
 * 0 for what is only too small.
 */
#ifndef FHIR_PATH_DECIMAL_H
#define FHIR_PATH_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define PATH_DIGITS 120
/* Of a quotient or a root that does not end: what every reader keeps (XML Schema 2, 3.2.3). */
#define PATH_SIGNIFICANT 18

struct path_decimal {
    bool negative;      /* never of zero */
    uint8_t n;          /* digits in use, without leading zeros */
    int16_t scale;      /* 0.. */
    uint8_t digit[PATH_DIGITS]; /* the lowest first */
};

enum path_round { PATH_HALF_UP, PATH_DOWN, PATH_FLOOR, PATH_CEILING };

/* [+-]digits[.digits][e[+-]digits] */
bool path_decimal_parse(struct str s, struct path_decimal *out);
void path_decimal_int(int64_t v, struct path_decimal *out);
/* Whole and within 64 bits. */
bool path_decimal_to_int(const struct path_decimal *d, int64_t *out);
int path_decimal_compare(const struct path_decimal *a, const struct path_decimal *b);
bool path_decimal_add(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *out);
bool path_decimal_subtract(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *out);
bool path_decimal_multiply(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *out);
/* The same, rounded half up to a scale. */
bool path_decimal_multiply_to(const struct path_decimal *a, const struct path_decimal *b, int scale,
                              struct path_decimal *out);
/* With so many significant digits where it does not end, rounded half up; without needless zeros. */
bool path_decimal_divide(const struct path_decimal *a, const struct path_decimal *b, int digits,
                         struct path_decimal *out);
/* The whole part of the quotient, towards zero, and the rest. */
bool path_decimal_divmod(const struct path_decimal *a, const struct path_decimal *b, struct path_decimal *quotient,
                         struct path_decimal *rest);
/* To exactly so many digits behind the point. */
bool path_decimal_round(const struct path_decimal *a, int scale, enum path_round how, struct path_decimal *out);
void path_decimal_trim(struct path_decimal *d); /* without zeros at the end of the fraction */
int path_decimal_text(const struct path_decimal *d, struct buf *out);

/* To PATH_SIGNIFICANT digits; a whole number is given whole. |x| of exp at most 150. */
bool path_decimal_exp(const struct path_decimal *x, struct path_decimal *out);
bool path_decimal_ln(const struct path_decimal *x, struct path_decimal *out);
bool path_decimal_log(const struct path_decimal *x, const struct path_decimal *base, struct path_decimal *out);
bool path_decimal_sqrt(const struct path_decimal *x, struct path_decimal *out);
bool path_decimal_power(const struct path_decimal *x, const struct path_decimal *y, struct path_decimal *out);

#endif
