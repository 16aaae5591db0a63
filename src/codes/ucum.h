/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UCUM, the Unified Code for Units of Measure (2.2), case sensitive: which codes are units, which are of one kind, and
 * amounts from one unit to another. Numbers are exact decimals, factors exact fractions; only what UCUM itself defines
 * by a logarithm, a root or a tangent is rounded. What cannot be known is never answered: an arbitrary unit ([iU])
 * converts to nothing but its own multiples, grams to moles only with a molar mass, equivalents to moles only with a
 * charge, osmoles to nothing else. (To UCUM these are pure numbers, and a mole 6.02e23: g/mmol would be a mass.)
 *
 * The units are data (data/ucum/units.tsv); a table is read once and then read only, by any thread.
 */
#ifndef CODES_UCUM_H
#define CODES_UCUM_H

#include "base/err.h"
#include "fhir/path.h"
#include "fhir/path_decimal.h"

#define UCUM_MAX_CODE 200 /* bytes of a code that is looked at */

enum ucum_why {
    UCUM_OK,
    UCUM_SYNTAX,    /* no code: "m/", "12h" */
    UCUM_NO_UNIT,   /* a symbol that the table does not have: "mcg" */
    UCUM_SPECIAL,   /* a unit that has a zero or scale of its own stands in a product: "Cel/min" */
    UCUM_KINDS,     /* units of two kinds: a mass and a length, or one is arbitrary */
    UCUM_MOLES,     /* mass and amount of substance: a molar mass is needed */
    UCUM_CHARGE,    /* equivalents and amount of substance: a charge is needed */
    UCUM_OSMOLES,   /* osmoles and amount of substance: nothing says how many */
    UCUM_NO_VALUE,  /* its function has no value there: the logarithm of 0 */
    UCUM_TOO_LARGE, /* more digits or a larger exponent than are computed with */
    UCUM_WHY_N,
};

struct ucum;

/* Reads DIR/units.tsv; dir NULL: the table that came with the program. Errors of tsv_open; ERR_INPUT with num = the
 * line of a unit that is none. */
int ucum_open(const char *dir, struct ucum **out, struct err *e);
/* The same of bytes, which are copied. */
int ucum_load(struct str bytes, struct ucum **out, struct err *e);
void ucum_free(struct ucum *u);
/* The table's "# date:", as it is written there, and its units without prefixes. */
struct str ucum_date(const struct ucum *u);
unsigned ucum_count(const struct ucum *u);

/* Is it a code? *at (may be NULL): the byte where it is none. */
enum ucum_why ucum_check(const struct ucum *u, struct str code, size_t *at);

/* What a substance lets convert; 0 and NULL: nothing. */
struct ucum_substance {
    const struct path_decimal *molar_mass; /* grams a mole, above 0 */
    unsigned charge;                       /* equivalents a mole, without its sign */
};

/* UCUM_OK when amounts of one convert to the other. of may be NULL. */
enum ucum_why ucum_comparable(const struct ucum *u, struct str a, struct str b, const struct ucum_substance *of);
/* v of unit from in unit to: exact where it ends within PATH_SIGNIFICANT digits, else rounded half up to these; without
 * needless zeros. The same unit gives v as it is. */
enum ucum_why ucum_convert(const struct ucum *u, const struct path_decimal *v, struct str from, struct str to,
                           const struct ucum_substance *of, struct path_decimal *out);
/* *order < 0, 0, > 0 of two amounts, exactly. */
enum ucum_why ucum_compare(const struct ucum *u, const struct path_decimal *x, struct str ux,
                           const struct path_decimal *y, struct str uy, int *order);

/* For struct path_env: FHIRPath's quantities by this table, which must live as long. */
struct path_units ucum_path(const struct ucum *u);

/* Words for enum ucum_why, to be translated. */
const char *ucum_why(enum ucum_why why);

#endif
