/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "fhir/kind.h"

#include <string.h>

#include "base/intl.h"
#include "fhir/read.h"

static const char *observation_section(const struct tape *t)
{
    /* any system: servers brought up from older releases still write the one of DSTU2 */
    return fhir_has_code(t, tape_get(t, 0, "category"), NULL, "vital-signs") ? "vitals" : "labs";
}

#define EFFECTIVE "effectiveDateTime effectivePeriod.start effectiveInstant effectivePeriod.end"

#define NAMES "name.family name.given name.text"

/* Search parameters: R4 searchparameter-registry.html. Where R4 has both `patient` and `subject`, `patient`
 * stands here: it finds patients only. */
static const struct fhir_kind kinds[] = {
    /* type, priority, keep, patient_param, patient_path, date_paths, code_path, title_path, status_path,
     * section, section_of, bulk, encounter_path, text_paths */
    {"Patient", KIND_P0, KIND_KEEP_ALWAYS, "_id", "id", NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NAMES},
    {"AllergyIntolerance", KIND_P0, KIND_KEEP_ALWAYS, "patient", "patient",
     "onsetDateTime onsetPeriod.start recordedDate", "code", NULL, "clinicalStatus", "allergies",
     NULL, false, "encounter", "note.text reaction.manifestation reaction.substance reaction.description"},
    {"MedicationRequest", KIND_P0, KIND_KEEP_ALWAYS, "patient", "subject", "authoredOn", "medicationCodeableConcept",
     "medicationReference.display", "status", "medicines", NULL, false, "encounter",
     "dosageInstruction.text dosageInstruction.patientInstruction note.text reasonCode statusReason"},
    {"MedicationStatement", KIND_P0, KIND_KEEP_ALWAYS, "patient", "subject", EFFECTIVE " dateAsserted",
     "medicationCodeableConcept", "medicationReference.display", "status", "medicines", NULL,
     false, "context", "dosage.text note.text reasonCode"},
    {"Medication", KIND_P0, KIND_KEEP_ALWAYS, NULL, NULL, NULL, "code", NULL, "status", NULL, NULL, false, NULL, NULL},
    {"Condition", KIND_P0, KIND_KEEP_ALWAYS, "patient", "subject", "onsetDateTime onsetPeriod.start recordedDate",
     "code", NULL, "clinicalStatus", "problems", NULL, false, "encounter", "bodySite note.text"},
    {"Flag", KIND_P0, KIND_KEEP_ALWAYS, "patient", "subject", "period.start", "code", NULL, "status", "cover", NULL,
     false, "encounter", NULL},
    {"Consent", KIND_P0, KIND_KEEP_ALWAYS, "patient", "patient", "dateTime", "category", NULL, "status", "cover",
     NULL, false, NULL, NULL},
    {"Encounter", KIND_P0, KIND_KEEP_ALWAYS, "patient", "subject", "period.start period.end", "type",
     "serviceType.text", "status", "encounters", NULL, false, "id", "reasonCode"},

    {"Observation", KIND_P1, KIND_KEEP_MIDDLE, "patient", "subject", EFFECTIVE " issued", "code", NULL, "status",
     "labs", observation_section, true, "encounter",
     "valueString valueCodeableConcept component.valueString component.valueCodeableConcept note.text"},
    {"DiagnosticReport", KIND_P1, KIND_KEEP_MIDDLE, "patient", "subject", EFFECTIVE " issued", "code", NULL, "status",
     "labs", NULL, false, "encounter", "conclusion conclusionCode presentedForm.title presentedForm"},
    {"Immunization", KIND_P1, KIND_KEEP_LAST, "patient", "patient", "occurrenceDateTime recorded", "vaccineCode",
     NULL, "status", "immunizations", NULL, false, "encounter", "note.text reaction.detail.display"},
    {"MedicationAdministration", KIND_P1, KIND_KEEP_LAST, "patient", "subject", EFFECTIVE,
     "medicationCodeableConcept", "medicationReference.display", "status", "medicines", NULL,
     false, "context", "dosage.text note.text"},
    {"MedicationDispense", KIND_P1, KIND_KEEP_LAST, "patient", "subject", "whenHandedOver whenPrepared",
     "medicationCodeableConcept", "medicationReference.display", "status", "medicines", NULL,
     false, "context", "dosageInstruction.text note.text"},
    {"ServiceRequest", KIND_P1, KIND_KEEP_LAST, "patient", "subject",
     "authoredOn occurrenceDateTime occurrencePeriod.start", "code", NULL, "status", "orders",
     NULL, false, "encounter", "orderDetail patientInstruction reasonCode note.text"},
    {"Task", KIND_P1, KIND_KEEP_ALWAYS, "patient", "for", "authoredOn lastModified", "code", "description", "status",
     "orders", NULL, false, "encounter", "description note.text"},
    {"CarePlan", KIND_P1, KIND_KEEP_LAST, "patient", "subject", "period.start created", "category", "title",
     "status", "care plans", NULL, false, "encounter",
     "title description activity.detail.description activity.detail.code note.text"},
    {"Goal", KIND_P1, KIND_KEEP_LAST, "patient", "subject", "startDate statusDate", "description", NULL,
     "lifecycleStatus", "care plans", NULL, false, NULL, "note.text"},
    {"Appointment", KIND_P1, KIND_KEEP_ALWAYS, "patient", "participant.actor", "start requestedPeriod.start",
     "serviceType", "description", "status", "appointments", NULL, false, NULL,
     "description comment patientInstruction reasonCode"},
    {"Procedure", KIND_P2, KIND_KEEP_MIDDLE, "patient", "subject", "performedDateTime performedPeriod.start", "code",
     NULL, "status", "procedures", NULL, false, "encounter",
     "bodySite outcome complication reasonCode note.text"},
    {"FamilyMemberHistory", KIND_P2, KIND_KEEP_MIDDLE, "patient", "patient", "date", "relationship", "name", "status",
     "family", NULL, false, NULL, "name condition.code condition.note.text note.text"},
    {"ImmunizationRecommendation", KIND_P2, KIND_KEEP_ALWAYS, "patient", "patient", "date",
     "recommendation.vaccineCode", NULL, NULL, "immunizations", NULL, false, NULL, NULL},
    {"DocumentReference", KIND_P2, KIND_KEEP_FIRST, "patient", "subject", "date context.period.start", "type",
     "description", "status", "documents", NULL, false, "context.encounter",
     "description content.attachment.title content.attachment text.div"},
    {"Composition", KIND_P2, KIND_KEEP_FIRST, "patient", "subject", "date", "type", "title", "status", "notes",
     NULL, false, "encounter",
     "title section.title section.text.div section.section.title section.section.text.div text.div"},
    {"QuestionnaireResponse", KIND_P2, KIND_KEEP_FIRST, "patient", "subject", "authored", NULL, "questionnaire",
     "status", "forms", NULL, false, "encounter",
     "item.text item.answer.valueString item.item.text item.item.answer.valueString text.div"},
    {"RelatedPerson", KIND_P2, KIND_KEEP_ALWAYS, "patient", "patient", "period.start", "relationship", NULL, NULL,
     "family", NULL, false, NULL, NAMES},
    {"CareTeam", KIND_P2, KIND_KEEP_ALWAYS, "patient", "subject", "period.start", "category", "name", "status",
     "care plans", NULL, false, "encounter", "name note.text"},
    {"Group", KIND_P2, KIND_KEEP_ALWAYS, "member", NULL, NULL, "code", "name", NULL, NULL, NULL, false, NULL, "name"},
    {"List", KIND_P2, KIND_KEEP_ALWAYS, "patient", "subject", "date", "code", "title", "status", NULL, NULL, false,
     "encounter",
     "title note.text"},

    {"Practitioner", KIND_NAMED, KIND_KEEP_ALWAYS, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NAMES},
    {"PractitionerRole", KIND_NAMED, KIND_KEEP_ALWAYS, NULL, NULL, "period.start", "code", NULL, NULL, NULL, NULL,
     false, NULL, NULL},
    {"Organization", KIND_NAMED, KIND_KEEP_ALWAYS, NULL, NULL, NULL, "type", "name", NULL, NULL, NULL, false, NULL,
     "name"},
    {"Location", KIND_NAMED, KIND_KEEP_ALWAYS, NULL, NULL, NULL, "type", "name", "status", NULL, NULL, false, NULL,
     "name description"},

    {"Claim", KIND_DEMAND, KIND_KEEP_ALWAYS, "patient", "patient", "created", "type", NULL, "status", NULL, NULL,
     false, NULL, NULL},
    {"ExplanationOfBenefit", KIND_DEMAND, KIND_KEEP_ALWAYS, "patient", "patient", "created", "type", NULL, "status",
     NULL, NULL, false, NULL, NULL},
    {"ImagingStudy", KIND_DEMAND, KIND_KEEP_ALWAYS, "patient", "subject", "started", "procedureCode", "description",
     "status", NULL, NULL, false, "encounter", NULL},
    {"Binary", KIND_DEMAND, KIND_KEEP_ALWAYS, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL},
    /* what a form's answers came from: written here, never asked for */
    {"Provenance", KIND_DEMAND, KIND_KEEP_ALWAYS, NULL, NULL, "recorded", NULL, NULL, NULL, NULL, NULL, false, NULL,
     NULL},
};

/* Open, by R4's task-status; a draft is nobody's yet. 30980-7 is the date a vaccine is due, 59778-1 the one from which
 * it is overdue (R4 immunization-recommendation-date-criterion). */
#define TASK_OPEN "requested received accepted ready in-progress on-hold"
#define BOOKED "booked pending arrived checked-in fulfilled"
/* R4 contact-point-system, contact-point-use, address-use: what is no number to call somebody at, and no home. */
#define NO_PHONE "email fax pager url other old"
#define NO_HOME "old temp billing"
#define VISIT_OPEN "in-progress arrived triaged onleave"

static const struct kind_fact_rule fact_rules[] = {
    /* type, fact, only, each, unless, codes, who, key, key_types, at, coded */
    {"Patient", KIND_FACT_CARER, NULL, "generalPractitioner", NULL, NULL, NULL, "",
     "Practitioner PractitionerRole", NULL, NULL},
    {"Encounter", KIND_FACT_PLACE, VISIT_OPEN, "location", "status", "planned reserved completed", NULL,
     "location", "Location", "period.end", NULL},
    {"Encounter", KIND_FACT_CARER, VISIT_OPEN, "participant", NULL, NULL, NULL, "individual",
     "Practitioner PractitionerRole", "period.end", NULL},
    {"Task", KIND_FACT_TASK, TASK_OPEN, NULL, NULL, NULL, NULL, NULL, NULL, "restriction.period.end", NULL},
    {"Appointment", KIND_FACT_BOOKED, BOOKED, "participant", "status", "declined", "actor", NULL, NULL, "/start", NULL},
    {"ImmunizationRecommendation", KIND_FACT_DUE, NULL, "recommendation", "forecastStatus",
     "immune contraindicated complete", NULL, NULL, NULL, "dateCriterion", "59778-1 30980-7"},
    {"CareTeam", KIND_FACT_CARER, "active", "participant", NULL, NULL, NULL, "member",
     "Practitioner PractitionerRole", "period.end", NULL},
    {"Group", KIND_FACT_MEMBER, NULL, "member", "inactive", "true", "entity", NULL, NULL, "period.end", NULL},
    {"List", KIND_FACT_MEMBER, "current", "entry", "deleted", "true", "item", NULL, NULL, NULL, NULL},
    {"Patient", KIND_FACT_PHONE, NULL, "telecom", "system use", NO_PHONE, NULL, "value", NULL, "period.end", NULL},
    {"Patient", KIND_FACT_PHONE, NULL, "contact.telecom", "system use", NO_PHONE, NULL, "value", NULL,
     "period.end", NULL},
    {"Patient", KIND_FACT_HOME, NULL, "address", "use", NO_HOME, NULL, "", NULL, "period.end", NULL},
    {"Patient", KIND_FACT_KIN, NULL, "link", NULL, NULL, NULL, "other", "RelatedPerson", NULL, NULL},
    {"RelatedPerson", KIND_FACT_PHONE, NULL, "telecom", "system use", NO_PHONE, NULL, "value", NULL, "period.end",
     NULL},
    {"RelatedPerson", KIND_FACT_KIN, NULL, NULL, "active", "false", NULL, NULL, NULL, "period.end", NULL},
    {"Location", KIND_FACT_PART, NULL, "partOf", NULL, NULL, NULL, "", "Location", NULL, NULL},
    {"PractitionerRole", KIND_FACT_PART, NULL, "practitioner", NULL, NULL, NULL, "", "Practitioner", NULL, NULL},
};

/* No letter is one of the keys that move, leave or help on every screen (j k h q g G R ?). */
static const struct kind_section sections[] = {
    {"cover", N_("Cover"), 'c', N_("Cover entry")},
    {"problems", N_("Problems"), 'p', N_("Problem")},
    {"medicines", N_("Medicines"), 'm', N_("Medicine")},
    {"allergies", N_("Allergies"), 'a', N_("Allergy to")},
    {"labs", N_("Results"), 'l', N_("Result")},
    {"vitals", N_("Vital signs"), 'v', N_("Vital sign")},
    {"immunizations", N_("Immunizations"), 'i', N_("Immunization")},
    {"encounters", N_("Visits"), 'e', N_("Visit")},
    {"notes", N_("Notes"), 'n', N_("Note")},
    {"documents", N_("Documents"), 'd', N_("Document")},
    {"care plans", N_("Care plans"), 't', N_("Care plan")},
    {"appointments", N_("Appointments"), 's', N_("Appointment")},
    {"procedures", N_("Procedures"), 'x', N_("Procedure")},
    {"family", N_("Family"), 'f', N_("Family history")},
    {"orders", N_("Orders"), 'o', N_("Order")},
    {"forms", N_("Forms"), 'u', N_("Form")},
};

const struct fhir_kind *kind_table(unsigned *n)
{
    *n = sizeof kinds / sizeof *kinds;
    return kinds;
}

const struct fhir_kind *kind_find(struct str type)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (str_is(type, kinds[i].type))
            return &kinds[i];
    return NULL;
}

const struct kind_fact_rule *kind_fact_next(const struct fhir_kind *k, const struct kind_fact_rule *rule)
{
    const struct kind_fact_rule *end = fact_rules + sizeof fact_rules / sizeof *fact_rules;

    for (rule = rule ? rule + 1 : fact_rules; k && rule < end; rule++)
        if (!strcmp(rule->type, k->type))
            return rule;
    return NULL;
}

const struct kind_section *kind_sections(unsigned *n)
{
    *n = sizeof sections / sizeof *sections;
    return sections;
}

int kind_section_at(struct str name)
{
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (str_is(name, sections[i].name))
            return (int)i;
    return -1;
}

const struct kind_section *kind_section_find(struct str name)
{
    int at = kind_section_at(name);

    return at < 0 ? NULL : &sections[at];
}
