/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Problems and allergies, coded in SNOMED CT (disorders, substances, findings).
 */
#include "config.h"

#include <stdio.h>

#include "demo/generate.h"

#define CLINICAL "http://terminology.hl7.org/CodeSystem/condition-clinical"
#define VERIFIED "http://terminology.hl7.org/CodeSystem/condition-ver-status"

static const struct {
    const char *snomed, *text;
    int from, to;        /* years of age */
    unsigned per_mille;  /* of those */
    bool passes;         /* over within weeks */
} problems[GEN_PROBLEMS] = {
    [GEN_HYPERTENSION] = {"38341003", "Hypertensive disorder", 38, 99, 480, false},
    [GEN_DIABETES] = {"44054006", "Diabetes mellitus type 2", 40, 99, 240, false},
    [GEN_ASTHMA] = {"195967001", "Asthma", 4, 60, 110, false},
    [GEN_COPD] = {"13645005", "Chronic obstructive lung disease", 50, 99, 150, false},
    [GEN_FIBRILLATION] = {"49436004", "Atrial fibrillation", 60, 99, 200, false},
    [GEN_HEART_FAILURE] = {"84114007", "Heart failure", 65, 99, 170, false},
    [GEN_LIPIDS] = {"55822004", "Hyperlipidemia", 35, 99, 350, false},
    [GEN_THYROID] = {"40930008", "Hypothyroidism", 25, 99, 110, false},
    [GEN_DEPRESSION] = {"35489007", "Depressive disorder", 17, 90, 140, false},
    [GEN_ARTHRITIS] = {"396275006", "Osteoarthritis", 50, 99, 380, false},
    [GEN_KIDNEY] = {"709044004", "Chronic kidney disease", 60, 99, 180, false},
    [GEN_REFLUX] = {"235595009", "Gastroesophageal reflux disease", 25, 99, 200, false},
    [GEN_ECZEMA] = {"24079001", "Atopic dermatitis", 0, 25, 160, false},
    [GEN_MIGRAINE] = {"37796009", "Migraine", 14, 60, 130, false},
    [GEN_CORONARY] = {"53741008", "Coronary arteriosclerosis", 58, 99, 210, false},
    [GEN_EPILEPSY] = {"84757009", "Epilepsy", 5, 80, 20, false},
    [GEN_ANAEMIA] = {"271737000", "Anemia", 16, 99, 110, false},
    [GEN_DEMENTIA] = {"52448006", "Dementia", 74, 99, 160, false},
    [GEN_RHEUMATOID] = {"69896004", "Rheumatoid arthritis", 35, 90, 30, false},
    [GEN_OTITIS] = {"65363002", "Otitis media", 1, 9, 550, true},
    [GEN_BRONCHITIS] = {"10509002", "Acute bronchitis", 3, 99, 330, true},
    [GEN_URINARY] = {"68566005", "Urinary tract infectious disease", 16, 99, 220, true},
    [GEN_THROAT] = {"43878008", "Streptococcal sore throat", 4, 40, 260, true},
    [GEN_PNEUMONIA] = {"233604007", "Pneumonia", 1, 99, 90, true},
};

/* A share of charts has a row that was taken back, or that nobody is sure of. */
static const char *verification(struct gen *g)
{
    unsigned at = demo_gen_below(g, 100);

    return at < 3 ? "entered-in-error" : at < 6 ? "refuted" : at < 13 ? "provisional" : "confirmed";
}

static void problem(struct gen *g, struct gen_person *p, unsigned which)
{
    bool passes = problems[which].passes;
    int span = p->years > problems[which].from ? p->years - problems[which].from : 1;
    int64_t onset = demo_gen_days_ago(g, p, 20, passes ? 900 : (span > 25 ? 25 : span) * 365);
    bool over = passes && (p->until - onset > 30 || demo_gen_chance(g, 300));
    const char *sure = verification(g);
    char day[GEN_DAY];

    demo_gen_open(g, p, "Condition", "co");
    if (sure[0] != 'e') /* con-5 */
        demo_gen_add(g, ",'clinicalStatus':{'coding':[{'system':'" CLINICAL "','code':'%s'}]}",
                over ? "resolved" : sure[0] == 'r' ? "inactive" : "active");
    demo_gen_add(g, ",'verificationStatus':{'coding':[{'system':'" VERIFIED "','code':'%s'}]},"
                    "'category':[{'coding':[{'system':"
               "'http://terminology.hl7.org/CodeSystem/condition-category',"
               "'code':'problem-list-item',"
               "'display':'Problem List Item'}]}]",
            sure);
    if (demo_gen_chance(g, 300))
        demo_gen_add(g, ",'severity':{'coding':[{'system':'http://snomed.info/sct','code':'%s',"
                        "'display':'%s'}]}",
                span % 2 ? "255604002" : "6736007", span % 2 ? "Mild" : "Moderate");
    demo_gen_add(g, ",'code':{'coding':[{'system':'http://snomed.info/sct','code':'%s',"
                    "'display':'%s'}],'text':'%s'},"
               "'subject':{'reference':'Patient/%s'},'onsetDateTime':'%s'",
            problems[which].snomed, problems[which].text, problems[which].text, p->id,
            demo_gen_day(onset, day));
    if (over && sure[0] != 'e')
        demo_gen_add(g, ",'abatementDateTime':'%s'", demo_gen_day(onset + 8 > p->until ? p->until
                        : onset + 8, day));
    demo_gen_add(g, ",'recordedDate':'%s','recorder':{'reference':'%s'}",
            demo_gen_day(onset + 1 > p->until ? p->until : onset + 1, day),
                         demo_gen_doctor(p->doctor));
    if (sure[0] == 'c' || sure[0] == 'p') {
        if (!over)
            p->problems |= 1u << which;
        if (!p->note[0])
            snprintf(p->note, sizeof p->note, "%s", g->id);
    }
    demo_gen_close(g);
}

void demo_gen_problem_list(struct gen *g, struct gen_person *p)
{
    for (unsigned i = 0; i < GEN_PROBLEMS; i++)
        if (p->years >= problems[i].from && p->years <= problems[i].to && demo_gen_chance(g,
        problems[i].per_mille) &&
            !(i == GEN_URINARY && !p->female))
            problem(g, p, i);
}

/* --- allergies -------------------------------------------------------------------------------- */

static const struct {
    const char *snomed, *text, *category, *reaction, *reaction_text, *criticality, *severity;
    bool penicillin;
} allergies[] = {
    {"764146007", "Penicillin", "medication", "126485001", "Urticaria", "low", "moderate", true},
    {"764146007", "Penicillin", "medication", "39579001", "Anaphylaxis", "high", "severe", true},
    {"387406002", "Sulfonamide", "medication", "271807003", "Eruption of skin", "low", "mild",
    false},
    {"387494007", "Codeine", "medication", "422587007", "Nausea", "low", "mild", false},
    {"387458008", "Aspirin", "medication", "267036007", "Dyspnea", "high", "severe", false},
    {"387207008", "Ibuprofen", "medication", "41291007", "Angioedema", "high", "severe", false},
    {"762952008", "Peanut", "food", "39579001", "Anaphylaxis", "high", "severe", false},
    {"102263004", "Eggs", "food", "247472004", "Weal", "low", "mild", false},
    {"256277009", "Grass pollen", "environment", "49727002", "Cough", "low", "mild", false},
    {"111088007", "Latex", "environment", "126485001", "Urticaria", "unable-to-assess", "moderate",
    false},
};
#define ALLERGIES (sizeof allergies / sizeof *allergies)

static void allergy(struct gen *g, struct gen_person *p, unsigned which, const char *clinical,
                    const char *sure)
{
    int64_t day = demo_gen_days_ago(g, p, 60, 5000);
    char s[GEN_DAY];

    demo_gen_open(g, p, "AllergyIntolerance", "al");
    if (sure[0] != 'e') /* ait-2 */
        demo_gen_add(g, ",'clinicalStatus':{'coding':[{'system':'http:"
                        "//terminology.hl7.org/CodeSystem/allergyintolerance-clinical',"
                   "'code':'%s'}]}", clinical);
    demo_gen_add(g, ",'verificationStatus':{'coding':[{'system':"
               "'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',"
               "'code':'%s'}]},'type':'%s',"
               "'category':['%s'],'criticality':'%s',"
               "'code':{'coding':[{'system':'http://snomed.info/sct','code':'%s',"
               "'display':'%s'}],'text':'%s'},'patient':{'reference':'Patient/%s'}",
            sure, allergies[which].criticality[0] == 'h' ? "allergy" : "intolerance",
            allergies[which].category,
            allergies[which].criticality, allergies[which].snomed, allergies[which].text,
            allergies[which].text, p->id);
    if (demo_gen_chance(g, 600))
        demo_gen_add(g, ",'onsetDateTime':'%.4s'", demo_gen_day(day, s));
    demo_gen_add(g, ",'recordedDate':'%s','recorder':{'reference':'%s'}", demo_gen_day(day, s),
                    demo_gen_doctor(p->doctor));
    if (sure[0] == 'c')
        demo_gen_add(g, ",'reaction':[{'manifestation':[{'coding':[{'system':'http:"
                        "//snomed.info/sct','code':'%s',"
                   "'display':'%s'}],'text':'%s'}],'severity':'%s'}]",
                allergies[which].reaction, allergies[which].reaction_text,
                allergies[which].reaction_text,
                allergies[which].severity);
    demo_gen_close(g);
    /* a refuted one is no reason to withhold, but nobody tries it in a made-up ward either */
    p->penicillin |= allergies[which].penicillin;
}

static void none_known(struct gen *g, struct gen_person *p)
{
    char s[GEN_DAY];

    demo_gen_open(g, p, "AllergyIntolerance", "al");
    demo_gen_add(g, ",'clinicalStatus':{'coding':[{'system':'http:"
                    "//terminology.hl7.org/CodeSystem/allergyintolerance-clinical',"
               "'code':'active'}]},'verificationStatus':{'coding':[{'system':"
               "'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification',"
               "'code':'confirmed'}]},"
               "'code':{'coding':[{'system':'http://snomed.info/sct','code':'716186003',"
               "'display':'No known allergy'}],"
               "'text':'No known allergies'},'patient':{'reference':'Patient/%s'},"
               "'recordedDate':'%s'",
            p->id, demo_gen_day(demo_gen_days_ago(g, p, 30, 900), s));
    demo_gen_close(g);
}

/* Known, none known, not recorded, refuted. */
void demo_gen_allergies(struct gen *g, struct gen_person *p)
{
    unsigned state = demo_gen_below(g, 100), at = demo_gen_below(g, ALLERGIES), n;

    if (state < 48) {
        n = 1 + (state < 16) + (state < 5);
        for (unsigned i = 0; i < n; i++)
            allergy(g, p, (at + i * 3) % ALLERGIES, "active",
                    i == 2 ? "entered-in-error" : i == 1 && state % 3 == 0 ? "unconfirmed"
                    : "confirmed");
    } else if (state < 76) {
        none_known(g, p);
    } else if (state >= 92) {
        allergy(g, p, at, "inactive", "refuted");
    }
}
