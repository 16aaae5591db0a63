/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Has a server what was sent to it? It may add elements, write members in another order, escape strings in another way
 * and rewrite meta; it may not change what was said.
 */
#ifndef FHIR_HOLDS_H
#define FHIR_HOLDS_H

#include "fhir/tape.h"

/* True when everything that sent says stands in got, with these exceptions: meta (R4 resource.html 3.7.2: the server
 * changes it) is not looked at; an empty object, array or string, and null, says nothing (R4 json.html 2.6.2.1);
 * "BASE/Patient/1" is "Patient/1" where base is the server's (may be NULL). Arrays are compared element by element,
 * numbers by their digits (0.1 is not 0.10: R4 datatypes.html, decimal). Memory: a is for
 * strings with escapes; false when it is full. */
bool fhir_holds(const struct tape *got, const struct tape *sent, const char *base, struct arena *a);
/* Do two values (neither the document itself) say the same, but for white space, escapes and the order of members? */
bool fhir_same(const struct tape *x, tape_at x_at, const struct tape *y, tape_at y_at, struct arena *a);

/* True when got still has something that base has and sent, made from base, has no more: an edit that takes a note away
 * is not held by a version that has the note. Objects by their members, arrays of the same length element by element;
 * meta as above. base may be got itself: then nothing may stand in got that sent does not have. */
bool fhir_keeps_dropped(const struct tape *got, const struct tape *base, const struct tape *sent);

#endif
