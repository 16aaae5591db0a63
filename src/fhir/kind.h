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
    KIND_DEMAND,  /* never by itself: Claim, ExplanationOfBenefit, ImagingStudy, Binary, Provenance */
};

/* What goes first when a device has no room for all (store/room.h). */
enum kind_keep {
    KIND_KEEP_ALWAYS, /* what is to be given, what must not be, who the patient is, what the worklist is made of; and
                       * what no sync would bring back */
    KIND_KEEP_LAST,   /* goes last of those that may: what was given, ordered and planned */
    KIND_KEEP_MIDDLE, /* results */
    KIND_KEEP_FIRST,  /* goes first: documents, notes, answers to forms */
};

struct fhir_kind {
    const char *type;            /* "AllergyIntolerance" */
    enum kind_priority priority;
    enum kind_keep keep;
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
    const char *encounter_path;  /* reference to the visit that it happened in; "id": it is a visit; NULL: to none */
    /* What a search finds it by beside its title, blank-separated: strings, CodeableConcepts, narratives (".div"),
     * Attachments ("attachment", "presentedForm"); NULL: nothing. Raise FHIR_INDEX_REV when it changes. */
    const char *text_paths;
};

/* In the order of the first sync (DESIGN 3). Ends at *n. */
const struct fhir_kind *kind_table(unsigned *n);
const struct fhir_kind *kind_find(struct str type); /* NULL: unknown type; kept and shown generically */

/* What a resource says of where a patient is to be found: the facts behind the worklist's scopes, and what people of
 * one household share. at is the moment
 * named here; a fact without one is for ever, where that makes sense, or is none. */
enum kind_fact {
    KIND_FACT_TASK = 1, /* something open is to be done for the patient; at: by when, or never */
    KIND_FACT_DUE,      /* a vaccine is; at: by when */
    KIND_FACT_BOOKED,   /* an appointment; at: its start */
    KIND_FACT_PLACE,    /* the patient is at the Location that is the key; at: until when */
    KIND_FACT_CARER,    /* the key cares for the patient; at: until when */
    KIND_FACT_MEMBER,   /* the patient is in the Group or List that is the key; at: until when */
    KIND_FACT_PART,     /* of no patient: the resource is a part of the key (a bed of a ward, a role of a person) */
    KIND_FACT_PHONE,    /* the patient is reached at the number that is the key; at: until when */
    KIND_FACT_HOME,     /* the patient lives at the address that the key is made of; at: until when */
    KIND_FACT_KIN,      /* the key is a RelatedPerson who the patient has, or who the patient is; at: until when */
};
struct kind_fact_rule {
    const char *type;      /* of the kind */
    enum kind_fact fact;
    const char *only;      /* codes of the kind's status, of which it must have one; NULL: any */
    const char *each;      /* path to what makes a fact each, arrays on the way opened; NULL: the resource makes one */
    const char *unless;    /* paths from an element, blanks between ... */
    const char *codes;     /* ... and the codes there (or the literal true) that rule the fact out */
    const char *who;       /* path from an element to the reference to the patient; NULL: the kind's own patient */
    const char *key;       /* the same to the key; "": the element itself; NULL: the resource, or none */
    const char *key_types; /* what the key may be; the first is what a file's nameless reference stands for. NULL: the
                            * key is no reference */
    const char *at;        /* path from an element, or with / before it from the resource */
    const char *coded;     /* at leads to a list of {code, value}: codes in order of preference; NULL: it does not */
};
/* The rules of a kind, one after another: NULL begins, NULL ends. */
const struct kind_fact_rule *kind_fact_next(const struct fhir_kind *k, const struct kind_fact_rule *rule);

/* The chart's sections in the order of the screen. name stays in --json and in tests and is never
 * translated; title is N_. letter is the key that opens it. */
struct kind_section {
    const char *name;  /* "medicines", "care plans" */
    const char *title; /* N_("Medicines") */
    char letter;
    const char *one;   /* N_("Allergy to"): what one entry of it is, before its name */
};
const struct kind_section *kind_sections(unsigned *n);
const struct kind_section *kind_section_find(struct str name);
int kind_section_at(struct str name); /* its place in the table, or -1: none */

#endif
