/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of UCUM share: exact fractions, a unit as a factor of the base units, and the table.
 */
#ifndef CODES_UCUM_PRIV_H
#define CODES_UCUM_PRIV_H

#include "codes/ucum.h"

/* num / den * 10^exp: whole numbers above 0 without zeros at their ends. */
struct ucum_ratio {
    struct path_decimal num, den;
    int exp;
};

#define UCUM_MAX_EXP 400

struct ucum_ratio ucum_ratio_one(void);
/* False: not above 0. */
bool ucum_ratio_of(const struct path_decimal *d, struct ucum_ratio *out);
/* a *= b^times; false: too many digits. */
bool ucum_ratio_by(struct ucum_ratio *a, const struct ucum_ratio *b, int times);
/* d * r, rounded to so many digits where it does not end. */
bool ucum_ratio_apply(const struct path_decimal *d, const struct ucum_ratio *r, struct path_decimal *out);
/* The order of a * r and b * s. */
bool ucum_ratio_order(const struct path_decimal *a, const struct ucum_ratio *r, const struct path_decimal *b,
                      const struct ucum_ratio *s, int *order);

#define UCUM_BASES 7
#define UCUM_OWN 4 /* arbitrary units in one code */

struct ucum_unit {
    struct ucum_ratio factor;
    struct ucum_ratio scale; /* of a special unit: what its own number is multiplied with before fn */
    const struct ucum_fn *fn; /* of a special unit, else NULL */
    int dim[UCUM_BASES];
    struct {
        unsigned atom;
        int times;
    } own[UCUM_OWN]; /* by atom */
    unsigned owns;
    int moles, charges, osmoles; /* of mol, eq and osm, which UCUM takes for pure numbers */
};

/* A scale of its own: to gives its number, from takes it. False: no value. */
struct ucum_fn {
    const char *name;
    bool (*to)(const struct ucum_fn *f, const struct path_decimal *x, struct path_decimal *out);
    bool (*from)(const struct ucum_fn *f, const struct path_decimal *x, struct path_decimal *out);
    const char *number; /* the zero's distance, or the base */
};
const struct ucum_fn *ucum_fn_named(struct str name);

enum ucum_kind { UCUM_PREFIX, UCUM_BASE, UCUM_UNIT, UCUM_SCALE, UCUM_ARBITRARY };

struct ucum_atom {
    struct str code;
    enum ucum_kind kind;
    bool metric;
    bool known; /* its unit is worked out */
    struct ucum_unit unit;
    /* as the table has it */
    unsigned line;
    struct str value, by, fn, needs;
};

struct ucum {
    struct arena a;
    struct str date;
    struct ucum_atom *atom, *prefix; /* by code; the longest first */
    unsigned n, prefixes;
    int mass;                 /* the gram's place in dim */
    struct ucum_ratio mole;
};

/* Of an atom that is known; NULL. */
const struct ucum_atom *ucum_atom_named(const struct ucum *u, struct str code);
enum ucum_why ucum_read(const struct ucum *u, struct str code, struct ucum_unit *out, size_t *at);
struct ucum_unit ucum_unit_one(void);
/* a *= b^times */
enum ucum_why ucum_unit_by(struct ucum_unit *a, const struct ucum_unit *b, int times);

#endif
