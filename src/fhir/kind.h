/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one table of resource kinds. sync, store, model and cli read it; an `if` on a resource type anywhere
 * else is a defect. A new section is one row here and one formatter in model.
 */
#ifndef FHIR_KIND_H
#define FHIR_KIND_H

#include <stdbool.h>

#include "fhir/tape.h"

enum kind_priority {
    KIND_P0,      /* safety-critical, for every patient before anything else */
    KIND_P1,      /* recent results, vaccines, orders */
    KIND_P2,      /* older history, documents' metadata */
    KIND_NAMED,   /* Practitioner and the like: those that other rows name */
    KIND_DEMAND,  /* never by itself: Claim, ExplanationOfBenefit, ImagingStudy, Binary */
};

struct fhir_kind {
    const char *type;            /* "AllergyIntolerance" */
    enum kind_priority priority;
    const char *patient_param;   /* search parameter that names the patient (R4); "_id" for Patient; NULL: none */
    const char *patient_path;    /* reference to the patient: "subject" (Patient: "id"); NULL: belongs to no chart */
    const char *date_paths;      /* in order of preference, blank-separated:
                                  * "effectiveDateTime effectivePeriod.start issued" */
    const char *code_path;       /* CodeableConcept that names it */
    const char *title_path;      /* a string that names it when code_path says nothing; NULL: none */
    const char *status_path;     /* a code or CodeableConcept */
    const char *section;         /* chart section by default; NULL: in no section */
    /* Where the section hangs on the content (labs or vitals): returns a section's name; NULL = use section. */
    const char *(*section_of)(const struct tape *t);
    bool bulk;                   /* as a rule most of a record by number: asked in full pages from the first on */
};

/* In the order of the first sync (DESIGN 3). Ends at *n. */
const struct fhir_kind *kind_table(unsigned *n);
const struct fhir_kind *kind_find(struct str type); /* NULL: unknown type; kept and shown generically */

/* The chart's sections in the order of the screen. name stays in --json and in tests and is never
 * translated; title is N_. letter is the key that opens it. */
struct kind_section {
    const char *name;  /* "medicines", "care plans" */
    const char *title; /* N_("Medicines") */
    char letter;
};
const struct kind_section *kind_sections(unsigned *n);
const struct kind_section *kind_section_find(struct str name);

#endif
