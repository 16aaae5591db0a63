/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What store keeps beside a resource's bytes so that lists need not open it. Made by walking the tape by
 * the paths of the kind table.
 */
#ifndef FHIR_INDEX_H
#define FHIR_INDEX_H

#include "fhir/kind.h"

#define FHIR_INDEX_REV 2 /* raised when a column's meaning changes: store then fills rows again, lazily */
#define FHIR_NO_DATE INT64_MIN

/* One fact behind the worklist's scopes, by the rules of the kind table (kind_fact_next). */
#define FHIR_FOREVER INT64_MAX
struct fhir_fact {
    enum kind_fact fact;
    bool day;        /* at is a day and no instant: its midnight in UTC */
    int64_t at_ms;   /* of what is due: the last day that the date can mean. Of an end: the first moment after it.
                      * FHIR_FOREVER: no end; a task without a time */
    struct str who;  /* the patient's id, or "" */
    struct str type, id; /* the key, or "". Of a home: "" and the folded words that make it */
    int64_t number;      /* of a telephone: fhir_phone's key; else 0 */
};

struct fhir_index {
    const struct fhir_kind *kind; /* NULL for a type that the table does not have */
    struct str type, id;          /* both valid (str_is_type, str_is_id) */
    struct str version;           /* meta.versionId as received, or "" */
    struct str updated;           /* meta.lastUpdated's lexeme, or "" */
    int64_t updated_ms;           /* or FHIR_NO_DATE */
    struct str patient;           /* the patient's id ("Patient/ID" or BASE/Patient/ID of base), or "" */
    struct str date;              /* lexeme of the first date path that holds one, or "" */
    int64_t date_ms;              /* or FHIR_NO_DATE */
    struct str status;            /* code, or "" */
    struct str section;           /* by the kind table, or "" */
    struct str title;             /* CodeableConcept's words; server text, not yet safe */
    struct str words;             /* title and what stands at the kind's text_paths, for search (fhir_text) */
    const struct fhir_fact *facts; /* in the arena */
    unsigned facts_n;
};

/* In place of base for a document from a file: there "urn:uuid:X" names the resource with id X of the same
 * file, as exporters of whole charts write it, and no absolute URL is known. */
#define FHIR_BASE_FILE "urn:uuid:"

/* base: the profile's FHIR base URL, to tell BASE/Patient/1 from another server's; or FHIR_BASE_FILE; or NULL.
 * Strings are borrowed from the tape or the arena. ERR_INPUT: no object, no valid resourceType or id;
 * ERR_NOMEM: the arena is full. */
int fhir_index(const struct tape *t, const char *base, struct arena *a, struct fhir_index *out,
struct err *e);

/* Fills out->facts; fhir_index does it. out->kind, id, patient and status are set. As fhir_index. */
int fhir_facts(const struct tape *t, const char *base, struct arena *a, struct fhir_index *out, struct err *e);

/* "Patient/ID", "BASE/Patient/ID", either with "/_history/V" -> type and id. False for contained (#x),
 * conditional and foreign references, and of urn: ones but with base FHIR_BASE_FILE: those give type "" and the
 * id. */
bool fhir_reference(struct str ref, const char *base, struct str *type, struct str *id);

/* Calls each(arg, type, id) for every literal Reference.reference in the document that fhir_reference knows. */
void fhir_references(const struct tape *t, const char *base, void (*each)(void *arg,
struct str type, struct str id), void *arg);

#endif
