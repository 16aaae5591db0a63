/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Decimals as the text they came in (JSON number, RFC 8259 6): compared and rewritten without ever becoming
 * a binary float, which would turn 0.10 into 0.1 and 123456789.012345678 into something else. What reads them is
 * path_decimal_parse.
 */
#ifndef FHIR_DECIMAL_H
#define FHIR_DECIMAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* The order of two lexemes by value: *order < 0, 0 or > 0. False when one is no JSON number, or is longer
 * than path_decimal.h takes (PATH_DIGITS). */
bool fhir_decimal_compare(struct str a, struct str b, int *order);

/* The clear form of a lexeme: no exponent, no trailing zero, a zero before the point, a comma at every
 * thousand of the whole part: 5.0 -> 5, 1.5e3 -> 1,500, 0.50 -> 0.5. False as above, or when out
 * failed. */
bool fhir_decimal_clear(struct str lexeme, struct buf *out);

/* Is the lexeme already in its clear form? */
bool fhir_decimal_is_clear(struct str lexeme);

#endif
