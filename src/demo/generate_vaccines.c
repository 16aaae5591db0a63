/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Immunizations, coded in CVX (CDC). The children's dates follow the CDC's schedule by age.
 */
#include "config.h"

#include "demo/generate.h"

struct dose {
    const char *cvx, *text;
    int months; /* of age */
    int number; /* in its series */
};

static const struct dose schedule[] = {
    {"08", "Hepatitis B, pediatric", 0, 1},       {"08", "Hepatitis B, pediatric", 2, 2},
    {"116", "Rotavirus, pentavalent", 2, 1},      {"20", "DTaP", 2, 1},
    {"133", "Pneumococcal conjugate PCV13", 2, 1}, {"10", "Polio, inactivated", 2, 1},
    {"116", "Rotavirus, pentavalent", 4, 2},      {"20", "DTaP", 4, 2},
    {"133", "Pneumococcal conjugate PCV13", 4, 2}, {"10", "Polio, inactivated", 4, 2},
    {"08", "Hepatitis B, pediatric", 6, 3},       {"20", "DTaP", 6, 3},
    {"133", "Pneumococcal conjugate PCV13", 6, 3}, {"10", "Polio, inactivated", 9, 3},
    {"03", "MMR", 12, 1},                         {"21", "Varicella", 12, 1},
    {"133", "Pneumococcal conjugate PCV13", 13, 4}, {"83", "Hepatitis A, pediatric", 13, 1},
    {"20", "DTaP", 16, 4},                        {"83", "Hepatitis A, pediatric", 20, 2},
    {"03", "MMR", 50, 2},                         {"21", "Varicella", 50, 2},
    {"20", "DTaP", 50, 5},                        {"10", "Polio, inactivated", 50, 4},
    {"115", "Tdap", 134, 1},                      {"165", "HPV, 9-valent", 135, 1},
    {"165", "HPV, 9-valent", 142, 2},             {"114", "Meningococcal MCV4P", 136, 1},
};

static void immunization(struct gen *g, struct gen_person *p, const struct dose *d, int64_t day,
                         const char *refused)
{
    char at[GEN_DAY];

    demo_gen_open(g, p, "Immunization", "im");
    demo_gen_add(g, ",'status':'%s'", refused ? "not-done" : "completed");
    if (refused)
        demo_gen_add(g, ",'statusReason':{'coding':[{'system':'http:"
                        "//terminology.hl7.org/CodeSystem/v3-ActReason','code':'%s'}],"
                   "'text':'%s'}",
                refused, refused[0] == 'P' ? "Patient objection" : "Medical precaution");
    demo_gen_add(g, ",'vaccineCode':{'coding':[{'system':'http://hl7.org/fhir/sid/cvx',"
                    "'code':'%s'}],'text':'%s'},"
               "'patient':{'reference':'Patient/%s'},'occurrenceDateTime':'%s',"
               "'primarySource':true",
            d->cvx, d->text, p->id, demo_gen_day(day, at));
    if (!refused)
        demo_gen_add(g, ",'lotNumber':'L%05u',"
                        "'site':{'coding':[{'system':'http:"
                        "//terminology.hl7.org/CodeSystem/v3-ActSite',"
                   "'code':'%s'}]},'performer':[{'actor':{'reference':'%s'}}],"
                   "'protocolApplied':[{'doseNumberPositiveInt':%d}]",
                demo_gen_below(g, 100000), p->years < 2 ? "LT" : "LA", demo_gen_doctor(3),
                               d->number);
    demo_gen_close(g);
}

static void grown_ups(struct gen *g, struct gen_person *p)
{
    static const struct dose flu = {"150", "Influenza, quadrivalent", 0, 1}, tetanus = {"113",
    "Td, adult", 0, 1},
                             shingles = {"187", "Zoster, recombinant", 0, 1}, shingles_2 = {"187",
                             "Zoster, recombinant", 0, 2},
                             pneumo = {"33", "Pneumococcal polysaccharide PPSV23", 0, 1},
                             covid = {"208", "COVID-19, mRNA", 0, 1};
    int64_t autumn = date_days(date_of_days(p->until).year - 1, 10, 1);

    for (int i = 0; i < 3; i++)
        if (demo_gen_chance(g, p->years >= 65 ? 750 : 350))
            immunization(g, p, &flu, autumn - i * 365 + demo_gen_between(g, 0, 50),
                         demo_gen_chance(g, 60) ? "PATOBJ" : NULL);
    immunization(g, p, &tetanus, demo_gen_days_ago(g, p, 100, 3600), NULL);
    if (demo_gen_chance(g, 600))
        immunization(g, p, &covid, date_days(2021, 3, 1) + demo_gen_between(g, 0, 200), NULL);
    if (p->years >= 65 && demo_gen_chance(g, 600))
        immunization(g, p, &pneumo, p->until - demo_gen_between(g, 30, (p->years - 64) * 300),
                     NULL);
    if (p->years >= 55 && demo_gen_chance(g, 450)) {
        int64_t day = demo_gen_days_ago(g, p, 150, 1200);

        immunization(g, p, &shingles, day, NULL);
        immunization(g, p, &shingles_2, day + 91, demo_gen_chance(g, 150) ? "MEDPREC" : NULL);
    }
}

void demo_gen_immunizations(struct gen *g, struct gen_person *p)
{
    if (p->years >= 18) {
        grown_ups(g, p);
        return;
    }
    for (size_t i = 0; i < sizeof schedule / sizeof *schedule; i++) {
        int64_t day = p->born + schedule[i].months * 1461 / 48 + demo_gen_between(g, 0, 12);

        if (day <= p->until && !demo_gen_chance(g, 40))
            immunization(g, p, &schedule[i], day, demo_gen_chance(g, 15) ? "PATOBJ" : NULL);
    }
}
