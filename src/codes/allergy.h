/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an AllergyIntolerance says: an allergy, that there is none, or nothing. One reading for banner, section and
 * checks. Pure.
 */
#ifndef CODES_ALLERGY_H
#define CODES_ALLERGY_H

#include "fhir/tape.h"

enum codes_allergy {
    CODES_ALLERGY_LIVE,    /* a real one, to be counted */
    CODES_ALLERGY_PAST,    /* real, and resolved */
    CODES_ALLERGY_NONE,    /* the statement "no known allergies" */
    CODES_ALLERGY_PARTIAL, /* "no known drug allergy" and the like: says nothing about the rest */
    CODES_ALLERGY_VOID,    /* refuted, entered in error, "no information" */
};
enum codes_allergy codes_allergy_read(const struct tape *t);
/* What it says, whether it is in force or not. */
enum codes_allergy codes_allergy_said(const struct tape *t);
/* Is it a statement that no allergy to medicines is known ("no known allergies", "no known drug allergy"), in force? */
bool codes_allergy_asked(const struct tape *t);

#endif
