/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What people of one household share: a telephone number, an address. Numbers are written in many ways (+254 722 123
 * 456, 0722-123456), so they are compared by their last nine digits: what stands before those is a country's or a
 * trunk's prefix. An address is compared by its folded words. Nothing here is shown: words stay the server's.
 */
#ifndef FHIR_HOME_H
#define FHIR_HOME_H

#include "fhir/tape.h"

#define FHIR_PHONE_TYPED 4 /* digits: fewer find nobody */

/* The key of a telephone number, > 0: its last nine digits from the end, so that a number's end is a range of keys.
 * False for what has fewer than six digits: of an extension nobody can tell whose it is. What follows a letter behind
 * the digits ("x12") does not count. */
bool fhir_phone(struct str value, int64_t *key);
/* The keys [*lo, *hi) of the numbers that end in what was typed: digits, blanks and +-()./ alone. False for anything
 * else, and for fewer than FHIR_PHONE_TYPED digits. */
bool fhir_phone_typed(struct str typed, int64_t *lo, int64_t *hi);

/* An address in words, line and place: "12 Mill Lane, Northfield 10400". In a; "" when nothing stands there. */
struct str fhir_home_words(const struct tape *t, tape_at address, struct arena *a);
/* What is the same for all who live there: the folded words of line and city. False without a line (or, where there
 * is none, its text): a town is no home. *key in a. */
bool fhir_home_key(const struct tape *t, tape_at address, struct arena *a, struct str *key);
/* Does somebody live there now, and is that address no old one? */
bool fhir_home_holds(const struct tape *t, tape_at address, int64_t now_ms);

#endif
