/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the checks: the rules as they were read, and one run of all checks over one order.
 */
#ifndef CDS_CDS_PRIV_H
#define CDS_CDS_PRIV_H

#include "base/intl.h"
#include "base/vec.h"
#include "cds/check.h"
#include "fhir/path_decimal.h"
#include "fhir/read.h"

/* --- rules ------------------------------------------------------------------------------------- */

/* An ingredient or a class: of a rule's side, or of what a medicine was understood as. */
struct cds_thing {
    bool is_class;
    unsigned of;
};

#define CDS_NO_ALERT (-1)
struct cds_rule {
    struct str id;
    struct cds_thing a, b; /* of an allergy: what it is to, what is ordered */
    int tier;              /* enum cds_tier, or CDS_NO_ALERT */
    int days;
    struct str effect, action, basis;
};

struct cds_limit {
    unsigned drug;
    struct str route;         /* "oral"; "any" */
    int from, to;             /* months of age, to not included; -1: no end */
    bool per_kg;
    struct str single, daily; /* lexemes; "" none known */
    struct str unit, basis;
};

struct cds {
    struct arena arena;
    struct codes_drugs *drugs;
    struct codes_dated file[CDS_FILES];
    struct cds_rule *interaction, *allergy;
    struct cds_limit *limit;
    unsigned interactions, allergies, limits;
};

/* "stop", "ask", "note"; none: "-", too, as CDS_NO_ALERT. False: it is no such word. */
bool cds_read_tier(struct str s, bool none, int *out);
/* Is it the side, or in its class? */
bool cds_thing_in(const struct codes_drugs *d, struct cds_thing thing, struct cds_thing side);

/* --- one run ----------------------------------------------------------------------------------- */

/* A medicine as it was understood. */
struct cds_medicine {
    const struct cds_entry *entry;
    struct codes_drug_set set;
    const struct codes_product *product; /* by its code; NULL */
    const char *name;                    /* safe */
    const char *row;                     /* "Warfarin 5 mg, active, of 03-Feb-2026": safe */
};

struct cds_run {
    const struct cds *c;
    const struct cds_chart *chart;
    struct arena *a;
    struct cds_medicine order;
    struct cds_medicine *med; /* the chart's, without what the order replaces */
    unsigned meds;
    struct vec cards, lacks[CDS_KINDS];
    const char *today;
};

unsigned cds_things(const struct codes_drug_set *s);
struct cds_thing cds_thing_at(const struct codes_drug_set *s, unsigned i);
const char *cds_thing_name(const struct cds_run *r, struct cds_thing t); /* in tall-man letters; safe */
const char *cds_safe(struct cds_run *r, struct str s);                   /* never NULL */
/* Its day in words, "" when it has none: authoredOn, effective, dateAsserted, recordedDate, onset. */
const char *cds_when(struct cds_run *r, const struct tape *t);

/* What was not checked, in words that are kept: a sentence. */
void cds_lack(struct cds_run *r, enum cds_kind kind, const char *words);
/* A file that cannot be used is a lack of kind; true: it can. */
bool cds_usable(struct cds_run *r, enum cds_kind kind, const struct codes_dated *f);
/* The order and the drug table are understood; what is not is a lack. False: nothing of it can be looked at. */
bool cds_order_known(struct cds_run *r, enum cds_kind kind);
/* The chart's medicines are whole and understood; what is not is a lack. */
void cds_medicines_known(struct cds_run *r, enum cds_kind kind);
/* A vec of const char *, one after another; never NULL. */
const char *cds_names(struct cds_run *r, const struct vec *names, const char *between);

/* A card: rule is part of its key; about may be NULL; words are kept, not copied. file: NULL, or where the rule is. */
struct cds_draft {
    enum cds_kind kind;
    enum cds_tier tier;
    struct str rule, basis;
    const struct codes_dated *file;
    const struct cds_entry *about;
    const char *of; /* the ordered thing */
    const char *summary, *why, *action;
};
void cds_add(struct cds_run *r, const struct cds_draft *d);

void cds_check_allergies(struct cds_run *r);
void cds_check_interactions(struct cds_run *r);
void cds_check_duplicates(struct cds_run *r);
void cds_check_doses(struct cds_run *r);

/* --- doses ------------------------------------------------------------------------------------- */

enum cds_dose_why {
    CDS_DOSE_KNOWN,
    CDS_DOSE_NONE,    /* no dose is said */
    CDS_DOSE_UNIT,    /* in a unit that says no mass, and the product's strength is not known */
    CDS_DOSE_UNCLEAR, /* words and code say two units, or it is "less than" */
    CDS_DOSE_SEVERAL, /* of several ingredients together */
    CDS_DOSE_RATE,    /* an infusion by rate */
    CDS_DOSE_OFTEN,   /* how often is not said */
    CDS_DOSE_SIZE,    /* a number that is too large to be worked with */
};
/* The greatest amount of an ingredient that an order's dosages give at once, and in any 24 hours, in micrograms. which:
 * its place in the medicine's set. */
struct cds_dose {
    enum cds_dose_why single_why, daily_why;
    struct path_decimal single, daily;
};
void cds_dose_of(const struct cds_medicine *m, unsigned which, struct arena *a, struct cds_dose *out);
/* Micrograms in one of a unit, as a power of ten. False: it is no mass. */
bool cds_mass(struct str unit, int *power);
bool cds_scale(struct path_decimal *d, int power); /* times 10^power */
/* "oral" for what is given by mouth, else the route's words, folded; "" none is said, or several that differ. */
struct str cds_route_of(const struct tape *t, struct arena *a);

#endif
