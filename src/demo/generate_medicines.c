/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Medicines: ingredients in RxNorm, routes in SNOMED CT, units in UCUM. Doses are those of common leaflets,
 * made up for these people all the same.
 */
#include "config.h"

#include <stdio.h>

#include "demo/generate.h"

enum route { ORAL, INHALED, UNDER_SKIN, ON_SKIN };
static const struct {
    const char *snomed, *text, *verb, *how; /* "Take 5 mg by mouth" */
} routes[] = {
    [ORAL] = {"26643006", "Oral route", "Take", "by mouth"},
    [INHALED] = {"447694001", "Respiratory tract route", "Inhale", "through the mouth"},
    [UNDER_SKIN] = {"34206005", "Subcutaneous route", "Inject", "under the skin"},
    [ON_SKIN] = {"6064005", "Topical route", "Put", "on the skin"},
};

struct medicine {
    const char *rxnorm, *text;
    const char *dose, *unit, *ucum;
    enum route route;
    int frequency, period;
    const char *period_unit;          /* d, h, wk */
    const char *as_needed, *most;     /* NULL: regular; most: in 24 h, in the same unit */
    const char *also;                 /* a note for the patient, or NULL */
};

static const struct medicine regular[] = {
    {"29046", "Lisinopril 10 mg tablet", "10", "mg", "mg", ORAL, 1, 1, "d", NULL, NULL, NULL},
    {"17767", "Amlodipine 5 mg tablet", "5", "mg", "mg", ORAL, 1, 1, "d", NULL, NULL, NULL},
    {"6809", "Metformin 500 mg tablet", "500", "mg", "mg", ORAL, 2, 1, "d", NULL, NULL, "with "
    "meals"},
    {"274783", "Insulin glargine 100 units/mL", "14", "units", "[iU]", UNDER_SKIN, 1, 1, "d", NULL,
    NULL, "at bedtime"},
    {"41126", "Fluticasone 125 microgram inhaler", "250", "microgram", "ug", INHALED, 2, 1, "d",
    NULL, NULL, "rinse the mouth after it"},
    {"435", "Salbutamol 100 microgram inhaler", "200", "microgram", "ug", INHALED, 1, 4, "h",
    "wheeze", "800", NULL},
    {"11289", "Warfarin 3 mg tablet", "3", "mg", "mg", ORAL, 1, 1, "d", NULL, NULL, "in the "
    "evening; dose by INR"},
    {"1364430", "Apixaban 5 mg tablet", "5", "mg", "mg", ORAL, 2, 1, "d", NULL, NULL, NULL},
    {"4603", "Furosemide 40 mg tablet", "40", "mg", "mg", ORAL, 1, 1, "d", NULL, NULL, "in the "
    "morning"},
    {"6918", "Metoprolol 25 mg tablet", "12.5", "mg", "mg", ORAL, 2, 1, "d", NULL, NULL, "half a "
    "tablet"},
    {"83367", "Atorvastatin 20 mg tablet", "20", "mg", "mg", ORAL, 1, 1, "d", NULL, NULL, "at "
    "bedtime"},
    {"10582", "Levothyroxine 75 microgram tablet", "75", "microgram", "ug", ORAL, 1, 1, "d", NULL,
    NULL, "on an empty stomach"},
    {"36437", "Sertraline 50 mg tablet", "50", "mg", "mg", ORAL, 1, 1, "d", NULL, NULL, NULL},
    {"161", "Paracetamol 500 mg tablet", "1000", "mg", "mg", ORAL, 1, 6, "h", "pain", "4000", NULL},
    {"5640", "Ibuprofen 400 mg tablet", "400", "mg", "mg", ORAL, 1, 8, "h", "pain or fever",
    "1200", "with food"},
    {"7646", "Omeprazole 20 mg capsule", "20", "mg", "mg", ORAL, 1, 1, "d", NULL, NULL, "before "
    "breakfast"},
    {"5492", "Hydrocortisone 1 % cream", "1", "g", "g", ON_SKIN, 2, 1, "d", NULL, NULL, "thinly"},
    {"37418", "Sumatriptan 50 mg tablet", "50", "mg", "mg", ORAL, 1, 1, "d", "migraine", "300",
    NULL},
    {"1191", "Aspirin 75 mg tablet", "75", "mg", "mg", ORAL, 1, 1, "d", NULL, NULL, NULL},
    {"114477", "Levetiracetam 500 mg tablet", "500", "mg", "mg", ORAL, 2, 1, "d", NULL, NULL, NULL},
    {"6851", "Methotrexate 2.5 mg tablet", "7.5", "mg", "mg", ORAL, 1, 1, "wk", NULL, NULL,
    "once a WEEK, on Monday"},
    {"3407", "Digoxin 125 microgram tablet", "0.125", "mg", "mg", ORAL, 1, 1, "d", NULL, NULL,
    NULL},
};
enum { LISINOPRIL, AMLODIPINE, METFORMIN, GLARGINE, FLUTICASONE, SALBUTAMOL, WARFARIN, APIXABAN,
FUROSEMIDE, METOPROLOL,
       ATORVASTATIN, LEVOTHYROXINE, SERTRALINE, PARACETAMOL, IBUPROFEN, OMEPRAZOLE, HYDROCORTISONE,
       SUMATRIPTAN, ASPIRIN,
       LEVETIRACETAM, METHOTREXATE, DIGOXIN };

/* What a problem is treated with, and in how many of a thousand. */
static const struct {
    enum gen_problem problem;
    unsigned medicine, per_mille;
} treatment[] = {
    {GEN_HYPERTENSION, LISINOPRIL, 700},    {GEN_HYPERTENSION, AMLODIPINE, 450},  {GEN_DIABETES,
    METFORMIN, 850},
    {GEN_DIABETES, GLARGINE, 250},          {GEN_ASTHMA, SALBUTAMOL, 950},        {GEN_ASTHMA,
    FLUTICASONE, 600},
    {GEN_COPD, SALBUTAMOL, 800},            {GEN_FIBRILLATION, APIXABAN, 550},
       {GEN_FIBRILLATION, METOPROLOL, 650},
    {GEN_FIBRILLATION, DIGOXIN, 120},       {GEN_HEART_FAILURE, FUROSEMIDE, 900}, {GEN_LIPIDS,
    ATORVASTATIN, 800},
    {GEN_THYROID, LEVOTHYROXINE, 950},      {GEN_DEPRESSION, SERTRALINE, 700},    {GEN_ARTHRITIS,
    PARACETAMOL, 700},
    {GEN_ARTHRITIS, IBUPROFEN, 250},        {GEN_REFLUX, OMEPRAZOLE, 850},        {GEN_ECZEMA,
    HYDROCORTISONE, 700},
    {GEN_MIGRAINE, SUMATRIPTAN, 600},       {GEN_CORONARY, ASPIRIN, 800},         {GEN_EPILEPSY,
    LEVETIRACETAM, 900},
    {GEN_RHEUMATOID, METHOTREXATE, 800},
};

static void concept(struct gen *g, const char *rxnorm, const char *text)
{
    demo_gen_add(g, ",'medicationCodeableConcept':{'coding':[{'system':'http:"
                    "//www.nlm.nih.gov/research/umls/rxnorm','code':'%s'}],"
               "'text':'%s'}", rxnorm, text);
}

static void how_often(struct gen *g, const struct medicine *m)
{
    static const char *const times[] = {"", "once", "twice", "3 times", "4 times"};

    if (m->as_needed)
        demo_gen_add(g, ", up to every %d %s, for %s; at most %s %s in 24 hours", m->period,
                m->period_unit[0] == 'h' ? "hours" : "day", m->as_needed, m->most, m->unit);
    else
        demo_gen_add(g, " %s a %s", times[m->frequency], m->period_unit[0] == 'w' ? "week" : "day");
    if (m->also)
        demo_gen_add(g, ", %s", m->also);
}

/* One element of dosageInstruction, without its brackets' neighbours. */
static void dosage(struct gen *g, const struct medicine *m)
{
    demo_gen_add(g, "{'sequence':1,'text':'%s %s %s %s", routes[m->route].verb, m->dose, m->unit,
                    routes[m->route].how);
    how_often(g, m);
    demo_gen_add(g, "','timing':{'repeat':{'frequency':%d,'period':%d,'periodUnit':'%s'}},"
                    "'asNeeded", m->frequency, m->period,
            m->period_unit);
    if (m->as_needed)
        demo_gen_add(g, "CodeableConcept':{'text':'%s'}", m->as_needed);
    else
        demo_gen_add(g, "Boolean':false");
    demo_gen_add(g, ",'route':{'coding':[{'system':'http://snomed.info/sct','code':'%s',"
                    "'display':'%s'}]},'doseAndRate':[{"
               "'type':{'coding':[{'system':'http:"
               "//terminology.hl7.org/CodeSystem/dose-rate-type','code':'ordered',"
               "'display':'Ordered'}]},'doseQuantity':{'value':%s,'unit':'%s',"
               "'system':'http://unitsofmeasure.org','code':'%s'}}]",
            routes[m->route].snomed, routes[m->route].text, m->dose, m->unit, m->ucum);
    if (m->as_needed)
        demo_gen_add(g, ",'maxDosePerPeriod':{'numerator':{'value':%s,'unit':'%s',"
                        "'system':'http://unitsofmeasure.org',"
                   "'code':'%s'},'denominator':{'value':24,'unit':'h',"
                   "'system':'http://unitsofmeasure.org','code':'h'}}",
                m->most, m->unit, m->ucum);
    demo_gen_add(g, "}");
}

static void head(struct gen *g, struct gen_person *p, const char *status, const char *intent)
{
    demo_gen_open(g, p, "MedicationRequest", "mr");
    demo_gen_add(g, ",'status':'%s','intent':'%s'", status, intent);
}

static void tail(struct gen *g, struct gen_person *p, int64_t day)
{
    char s[GEN_DAY];

    demo_gen_add(g, ",'subject':{'reference':'Patient/%s'}", p->id);
    if (p->encounter[0] && demo_gen_chance(g, 300))
        demo_gen_add(g, ",'encounter':{'reference':'Encounter/%s'}", p->encounter);
    demo_gen_add(g, ",'authoredOn':'%s','requester':{'reference':'%s'}", demo_gen_day(day, s),
                    demo_gen_doctor(p->doctor));
}

static void prescribe(struct gen *g, struct gen_person *p, const struct medicine *m)
{
    unsigned at = demo_gen_below(g, 100);
    const char *status = p->dead    ? "stopped"
                         : at < 80  ? "active"
                         : at < 87  ? "stopped"
                         : at < 92  ? "on-hold"
                         : at < 95  ? "draft"
                         : at < 98  ? "cancelled"
                                    : "entered-in-error";

    head(g, p, status, status[0] == 'd' ? "plan" : "order");
    if (status[0] == 's' || status[0] == 'o')
        demo_gen_add(g, ",'statusReason':{'text':'%s'}", p->dead ? "Patient died" : at % 2
                        ? "Side effects" : "Before surgery");
    concept(g, m->rxnorm, m->text);
    tail(g, p, demo_gen_days_ago(g, p, 3, 700));
    demo_gen_add(g, ",'dosageInstruction':[");
    dosage(g, m);
    demo_gen_add(g, "],'dispenseRequest':{'numberOfRepeatsAllowed':%d,"
                    "'expectedSupplyDuration':{'value':%d,'unit':'d',"
               "'system':'http://unitsofmeasure.org','code':'d'}}",
            demo_gen_between(g, 0, 5), demo_gen_chance(g, 500) ? 28 : 90);
    demo_gen_close(g);
}

/* Prednisone going down, each step for so many days. */
static void taper(struct gen *g, struct gen_person *p)
{
    static const struct {
        const char *dose;
        int days;
    } steps[] = {{"40", 5}, {"20", 5}, {"10", 5}, {"5", 7}, {"2.5", 7}};
    int64_t day = demo_gen_days_ago(g, p, 2, 60);
    char from[GEN_DAY], to[GEN_DAY];

    head(g, p, p->until - day > 29 || p->dead ? "completed" : "active", "order");
    concept(g, "8640", "Prednisone 5 mg tablet");
    tail(g, p, day);
    demo_gen_add(g, ",'dosageInstruction':[");
    for (int i = 0; i < 5; i++) {
        demo_gen_add(g, "%s{'sequence':%d,'text':'%s %s mg by mouth once a day for %d days',"
                        "'timing':{'repeat':{'boundsPeriod':"
                   "{'start':'%s','end':'%s'},'frequency':1,'period':1,'periodUnit':'d',"
                   "'when':['MORN']}},'asNeededBoolean':"
                   "false,'route':{'coding':[{'system':'http://snomed.info/sct',"
                   "'code':'26643006','display':'Oral route'}]},"
                   "'doseAndRate':[{'doseQuantity':{'value':%s,'unit':'mg',"
                   "'system':'http://unitsofmeasure.org','code':'mg'}}]}",
                i ? "," : "", i + 1, i ? "then" : "Take", steps[i].dose, steps[i].days,
                demo_gen_day(day, from),
                demo_gen_day(day + steps[i].days - 1, to), steps[i].dose);
        day += steps[i].days;
    }
    demo_gen_add(g, "]");
    demo_gen_close(g);
}

/* A course that is over; liquids by weight for small children. */
static void course(struct gen *g, struct gen_person *p)
{
    int64_t day = demo_gen_days_ago(g, p, 20, 700);
    bool child = p->years < 12, amoxicillin = !p->penicillin;
    int kg10 = demo_gen_weight(p, day - p->born), mg = amoxicillin ? 15 : 10;
    char dose[GEN_TIME];

    demo_gen_fixed(child ? (kg10 * mg / 10 + 12) / 25 * 25 : amoxicillin ? 500 : 250, 0, dose);
    head(g, p, "completed", "order");
    if (amoxicillin)
        concept(g, "723", child ? "Amoxicillin 250 mg/5 mL suspension" : "Amoxicillin 500 mg "
                "capsule");
    else
        concept(g, "18631", child ? "Azithromycin 200 mg/5 mL suspension" : "Azithromycin 250 mg "
                "tablet");
    tail(g, p, day);
    demo_gen_add(g, ",'dosageInstruction':[{'text':'%s mg by mouth %s a day for %d days',"
                    "'timing':{'repeat':{'boundsDuration':"
               "{'value':%d,'unit':'d','system':'http://unitsofmeasure.org','code':'d'},"
               "'frequency':%d,'period':1,"
               "'periodUnit':'d'}},'route':{'coding':[{'system':'http://snomed.info/sct',"
               "'code':'26643006','display':"
               "'Oral route'}]},'doseAndRate':[{'doseQuantity':{'value':%s,'unit':'mg',"
               "'system':'http://unitsofmeasure.org',"
               "'code':'mg'}}]}]",
            dose, amoxicillin ? "3 times" : "once", amoxicillin ? 7 : 3, amoxicillin ? 7 : 3,
            amoxicillin ? 3 : 1, dose);
    demo_gen_close(g);
}

/* What the patient takes without an order. */
static void own_medicine(struct gen *g, struct gen_person *p)
{
    const struct medicine *m = &regular[p->years < 12 ? PARACETAMOL : demo_gen_chance(g, 500)
    ? IBUPROFEN : PARACETAMOL];
    char s[GEN_DAY];

    demo_gen_open(g, p, "MedicationStatement", "ms");
    demo_gen_add(g, ",'status':'%s'", demo_gen_chance(g, 700) && !p->dead ? "active" : "completed");
    concept(g, m->rxnorm, p->years < 12 ? "Paracetamol 120 mg/5 mL suspension" : m->text);
    demo_gen_add(g, ",'subject':{'reference':'Patient/%s'},'effectivePeriod':{'start':'%s'},"
                    "'dateAsserted':'%s',"
               "'informationSource':{'reference':'Patient/%s'}",
            p->id, demo_gen_day(demo_gen_days_ago(g, p, 20, 300), (char[GEN_DAY]){0}),
            demo_gen_day(demo_gen_days_ago(g, p, 1, 15), s), p->id);
    if (p->years >= 12) {
        demo_gen_add(g, ",'dosage':[");
        dosage(g, m);
        demo_gen_add(g, "]");
    } else {
        demo_gen_add(g, ",'dosage':[{'text':'one spoon now and then'}]");
    }
    demo_gen_close(g);
}

static void never_again(struct gen *g, struct gen_person *p)
{
    head(g, p, "active", "order");
    demo_gen_add(g, ",'doNotPerform':true");
    concept(g, "723", "Amoxicillin");
    tail(g, p, demo_gen_days_ago(g, p, 10, 400));
    demo_gen_add(g, ",'note':[{'text':'Allergic to penicillins. Do not give.'}]");
    demo_gen_close(g);
}

void demo_gen_medicines(struct gen *g, struct gen_person *p)
{
    uint32_t given = 0;

    for (size_t i = 0; i < sizeof treatment / sizeof *treatment; i++) {
        unsigned m = treatment[i].medicine;

        if (m == APIXABAN && demo_gen_chance(g, 350))
            m = WARFARIN;
        if (!demo_gen_has(p, treatment[i].problem) || given & 1u << m || !demo_gen_chance(g,
        treatment[i].per_mille))
            continue;
        if ((m == IBUPROFEN || m == ASPIRIN) && given & (1u << APIXABAN | 1u << WARFARIN))
            continue;
        given |= 1u << m;
        prescribe(g, p, &regular[m]);
    }
    if ((demo_gen_has(p, GEN_COPD) || demo_gen_has(p, GEN_ASTHMA)) && p->years > 15
    && demo_gen_chance(g, 300))
        taper(g, p);
    if (p->born < p->until - 200)
        for (int i = demo_gen_between(g, 0, 2); i > 0; i--)
            course(g, p);
    if (p->penicillin && demo_gen_chance(g, 300) && !p->dead)
        never_again(g, p);
    if (p->years >= 1 && demo_gen_chance(g, 450) && !(given & 1u << PARACETAMOL)
    && !(given & 1u << IBUPROFEN))
        own_medicine(g, p);
}
