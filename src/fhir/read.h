/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Typed reading of R4 elements over the tape. Nothing is converted: numbers stay lexemes, words stay as the
 * server wrote them and are not yet safe to show. Sentences are model's business.
 *
 * All of these take TAPE_NONE and answer with empty slices, false or TAPE_NONE. Strings are borrowed from
 * the tape or live in the arena.
 */
#ifndef FHIR_READ_H
#define FHIR_READ_H

#include "base/date.h"
#include "fhir/tape.h"

/* Every value at a path of names, arrays on the way opened, until visit says that it has what it wants: then true. */
bool fhir_each_at(const struct tape *t, tape_at from, struct str path,
                  bool (*visit)(void *arg, const struct tape *t, tape_at at), void *arg);

/* A choice element: fhir_choice(t, at, "value") finds valueQuantity and gives {its value, "Quantity"}. */
struct fhir_choice {
    tape_at at;
    struct str type; /* "" when there is none */
};
struct fhir_choice fhir_choice(const struct tape *t, tape_at object, const char *stem);

/* --- codes and words -------------------------------------------------------------------------- */

/* A code that stands alone, in a Coding, or in a CodeableConcept's first coding of HL7's own systems, else in its
 * first. Plain ASCII or "". */
struct str fhir_code(const struct tape *t, tape_at at);
/* What a CodeableConcept (or Coding, or string) says: text, else the display of the coding that a person
 * selected, else the first display, else "". Never a code. */
struct str fhir_words(const struct tape *t, tape_at at, struct arena *a);
/* Does a coding of a CodeableConcept (or a list of them) have that system and code? system NULL: any. */
bool fhir_has_code(const struct tape *t, tape_at at, const char *system, const char *code);

/* --- quantities ------------------------------------------------------------------------------- */

struct fhir_quantity {
    struct str value;      /* lexeme, or "" */
    struct str comparator; /* "<", "<=", ">=", ">", "" */
    struct str unit;       /* the server's words for it, or "" */
    struct str code;       /* or "" */
    bool ucum;             /* code is UCUM */
};
struct fhir_quantity fhir_quantity(const struct tape *t, tape_at at, struct arena *a);

/* --- what is not there ------------------------------------------------------------------------ */

/* The reason for which object's primitive member is missing (extension data-absent-reason on _member), or "". */
struct str fhir_absent(const struct tape *t, tape_at object, const char *member);
/* An element that may change the meaning of what holds it and that nothing here understands: a
 * modifierExtension anywhere in the document, contained resources included, or implicitRules (R4 2.1.0.3). */
bool fhir_unknown_modifier(const struct tape *t);

/* --- time ------------------------------------------------------------------------------------- */

/* Has a Period (or an element that has .period) ended before an instant? No period or no end: no. */
bool fhir_period_over(const struct tape *t, tape_at period, int64_t now_ms);

/* --- people ----------------------------------------------------------------------------------- */

/* The name in force: official, usual, without use, then others, ended and old ones last; TAPE_NONE when
 * no name holds a word. now_ms: wall clock. */
tape_at fhir_name(const struct tape *t, tape_at patient, int64_t now_ms);
/* "FAMILY, Given Given (Prefix)"; a name with text alone gives that. Appends nothing when there is no word. */
int fhir_name_words(const struct tape *t, tape_at name, struct buf *out);

/* The identifiers in force (not old, not ended), each in turn; TAPE_NONE at the end. at = TAPE_NONE begins. */
tape_at fhir_identifier_next(const struct tape *t, tape_at patient, tape_at at, int64_t now_ms);

/* meta.security's confidentiality, the strictest that stands there: 'V', 'R', or 0 for anything else. */
char fhir_confidentiality(const struct tape *t);

/* A contained resource "#id", or TAPE_NONE. */
tape_at fhir_contained(const struct tape *t, struct str reference);

#endif
