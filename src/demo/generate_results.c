/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Results over years and vital signs: LOINC, UCUM. Values are written with the decimals that the laboratory
 * gives, trailing zeros and all.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "demo/generate.h"

enum panel { CHEMISTRY, BLOOD_COUNT, LIPIDS, SUGAR, THYROID, CLOTTING, PANELS };
static const struct {
    const char *loinc, *text;
} panels[PANELS] = {
    [CHEMISTRY] = {"51990-0", "Basic metabolic panel"},
    [BLOOD_COUNT] = {"58410-2", "Complete blood count"},
    [LIPIDS] = {"24331-1", "Lipid panel"},
    [SUGAR] = {"4548-4", "Hemoglobin A1c"},
    [THYROID] = {"3016-3", "Thyrotropin"},
    [CLOTTING] = {"6301-6", "INR"},
};

/* Numbers are in units of the last decimal: 410 with 2 decimals is 4.10. */
struct test {
    enum panel panel;
    const char *loinc, *text, *unit, *ucum;
    unsigned decimals;
    int low, high;              /* of the reference range; -1: none */
    int usual, spread;          /* a healthy value, and what it moves by */
    int problem, shift;         /* the problem that moves it, and by how much; -1: none */
    int critical_low, critical_high; /* -1: none */
};

static const struct test tests[] = {
    {CHEMISTRY, "2951-2", "Sodium", "mmol/L", "mmol/L", 0, 136, 145, 140, 4, GEN_HEART_FAILURE, -5,
    120, 160},
    {CHEMISTRY, "2823-3", "Potassium", "mmol/L", "mmol/L", 1, 35, 51, 42, 6, GEN_KIDNEY, 8, 28, 62},
    {CHEMISTRY, "2075-0", "Chloride", "mmol/L", "mmol/L", 0, 98, 107, 102, 4, -1, 0, -1, -1},
    {CHEMISTRY, "3094-0", "Urea nitrogen", "mg/dL", "mg/dL", 0, 7, 20, 14, 5, GEN_KIDNEY, 22, -1,
    100},
    {CHEMISTRY, "2160-0", "Creatinine", "mg/dL", "mg/dL", 2, 60, 120, 90, 22, GEN_KIDNEY, 95, -1,
    500},
    {CHEMISTRY, "2345-7", "Glucose", "mg/dL", "mg/dL", 0, 70, 99, 88, 10, GEN_DIABETES, 75, 45,
    400},
    {CHEMISTRY, "17861-6", "Calcium", "mg/dL", "mg/dL", 1, 85, 105, 94, 6, -1, 0, 65, 130},
    {BLOOD_COUNT, "718-7", "Hemoglobin", "g/dL", "g/dL", 1, 120, 160, 139, 12, GEN_ANAEMIA, -40,
    65, 200},
    {BLOOD_COUNT, "4544-3", "Hematocrit", "%", "%", 1, 360, 480, 415, 30, GEN_ANAEMIA, -110, -1,
    -1},
    {BLOOD_COUNT, "6690-2", "Leukocytes", "10*3/uL", "10*3/uL", 1, 45, 110, 70, 22, -1, 0, 15, 300},
    {BLOOD_COUNT, "777-3", "Platelets", "10*3/uL", "10*3/uL", 0, 150, 400, 255, 80, -1, 0, 30,
    1000},
    {LIPIDS, "2093-3", "Cholesterol", "mg/dL", "mg/dL", 0, -1, 200, 178, 22, GEN_LIPIDS, 55, -1,
    -1},
    {LIPIDS, "2571-8", "Triglyceride", "mg/dL", "mg/dL", 0, -1, 150, 115, 40, GEN_LIPIDS, 70, -1,
    -1},
    {LIPIDS, "2085-9", "HDL cholesterol", "mg/dL", "mg/dL", 0, 40, -1, 52, 11, -1, 0, -1, -1},
    {LIPIDS, "13457-7", "LDL cholesterol, calculated", "mg/dL", "mg/dL", 0, -1, 130, 104, 20,
    GEN_LIPIDS, 45, -1, -1},
    {SUGAR, "4548-4", "Hemoglobin A1c", "%", "%", 1, 40, 56, 52, 3, GEN_DIABETES, 22, -1, 140},
    {THYROID, "3016-3", "Thyrotropin", "m[IU]/L", "m[IU]/L", 2, 40, 400, 190, 90, GEN_THYROID, 260,
    -1, -1},
    {CLOTTING, "6301-6", "INR", "INR", "{INR}", 1, 9, 12, 10, 1, GEN_FIBRILLATION, 14, -1, 50},
};

#define UCUM "'system':'http://unitsofmeasure.org'"

static void category(struct gen *g, const char *code, const char *display)
{
    demo_gen_add(g, ",'category':[{'coding':[{'system':'http:"
                    "//terminology.hl7.org/CodeSystem/observation-category','code':'%s',"
               "'display':'%s'}]}]", code, display);
}

static void code(struct gen *g, const char *loinc, const char *text)
{
    demo_gen_add(g, ",'code':{'coding':[{'system':'http://loinc.org','code':'%s','display':'%s'}]"
                    ",'text':'%s'}", loinc, text, text);
}

static void bound(struct gen *g, const char *which, int value, const struct test *t)
{
    char n[GEN_TIME];

    if (value >= 0)
        demo_gen_add(g, "'%s':{'value':%s,'unit':'%s'," UCUM ",'code':'%s'},", which,
                        demo_gen_fixed(value, t->decimals, n), t->unit, t->ucum);
}

static void range(struct gen *g, const struct test *t)
{
    char lo[GEN_TIME], hi[GEN_TIME];

    demo_gen_add(g, ",'referenceRange':[{");
    bound(g, "low", t->low, t);
    bound(g, "high", t->high, t);
    demo_gen_fixed(t->low, t->decimals, lo);
    demo_gen_fixed(t->high, t->decimals, hi);
    if (t->low < 0)
        demo_gen_add(g, "'text':'below %s'}]", hi);
    else if (t->high < 0)
        demo_gen_add(g, "'text':'above %s'}]", lo);
    else
        demo_gen_add(g, "'text':'%s - %s'}]", lo, hi);
}

static void interpretation(struct gen *g, const struct test *t, int value)
{
    static const char *const words[][2] = {{"LL", "Critical low"}, {"L", "Low"}, {"N", "Normal"},
    {"H", "High"},
                                           {"HH", "Critical high"}};
    int at = t->low >= 0 && value < t->low ? 1 : t->high >= 0 && value > t->high ? 3 : 2;

    if (at == 1 && t->critical_low >= 0 && value < t->critical_low)
        at = 0;
    if (at == 3 && t->critical_high >= 0 && value > t->critical_high)
        at = 4;
    demo_gen_add(g, ",'interpretation':[{'coding':[{'system':'http:"
                    "//terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',"
               "'code':'%s','display':'%s'}]}]", words[at][0], words[at][1]);
}

static void about(struct gen *g, struct gen_person *p, int64_t day, int minute)
{
    char at[GEN_TIME];

    demo_gen_add(g, ",'subject':{'reference':'Patient/%s'},'effectiveDateTime':'%s'", p->id,
                    demo_gen_time(day, minute, at));
}

/* step: how many panels ago; the trend goes towards the newest. */
static void result(struct gen *g, struct gen_person *p, const struct test *t, int64_t day,
                   int minute, int step)
{
    int value = t->usual + demo_gen_between(g, -t->spread, t->spread);
    bool moved = t->problem >= 0 && demo_gen_has(p, (enum gen_problem)t->problem);
    bool newest = step == 0 && p->until - day < 3;
    char n[GEN_TIME];

    if (moved)
        value += t->shift - t->shift * step / 9 + demo_gen_between(g, 0, t->spread);
    if (t->critical_high > 0 && demo_gen_chance(g, 6)) /* somebody must be called */
        value = t->critical_low > 0 && demo_gen_chance(g, 500) ? t->critical_low - t->spread / 3 - 1
                                                          : t->critical_high + t->spread;
    if (value < 1)
        value = 1;
    demo_gen_open(g, p, "Observation", "ob");
    demo_gen_add(g, ",'status':'%s'", newest && demo_gen_chance(g, 250) ? "preliminary"
                    : demo_gen_chance(g, 15) ? "corrected" : "final");
    category(g, "laboratory", "Laboratory");
    code(g, t->loinc, t->text);
    about(g, p, day, minute);
    demo_gen_add(g, ",'issued':'%s','performer':[{'reference':'Organization/clinic'}]",
                    demo_gen_time(day, minute + 150, n));
    if (demo_gen_chance(g, 8)) {
        demo_gen_add(g, ",'dataAbsentReason':{'coding':[{'system':'http:"
                        "//terminology.hl7.org/CodeSystem/data-absent-reason',"
                   "'code':'error','display':'Error'}],'text':'Specimen haemolysed'}");
    } else {
        bool beyond = t->critical_high > 0 && value > t->critical_high && demo_gen_chance(g, 300);

        demo_gen_add(g, ",'valueQuantity':{'value':%s,%s'unit':'%s'," UCUM ",'code':'%s'}",
                demo_gen_fixed(beyond ? t->critical_high : value, t->decimals, n), beyond
                               ? "'comparator':'>'," : "", t->unit,
                t->ucum);
        interpretation(g, t, beyond ? t->critical_high + 1 : value);
    }
    range(g, t);
    demo_gen_close(g);
}

static void report(struct gen *g, struct gen_person *p, enum panel panel, int64_t day, int step)
{
    int minute = 7 * 60 + demo_gen_between(g, 0, 180);
    char ids[12][40], at[GEN_TIME];
    unsigned n = 0;

    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (tests[i].panel == panel && n < 12) {
            result(g, p, &tests[i], day, minute, step);
            snprintf(ids[n++], sizeof ids[0], "%s", g->id);
        }
    if (n < 2)
        return;
    demo_gen_open(g, p, "DiagnosticReport", "rp");
    demo_gen_add(g, ",'status':'final',"
                    "'category':[{'coding':[{'system':'http:"
                    "//terminology.hl7.org/CodeSystem/v2-0074','code':'LAB',"
               "'display':'Laboratory'}]}]");
    code(g, panels[panel].loinc, panels[panel].text);
    about(g, p, day, minute);
    demo_gen_add(g, ",'issued':'%s','performer':[{'reference':'Organization/clinic'}],'result':[",
                    demo_gen_time(day, minute + 160, at));
    for (unsigned i = 0; i < n; i++)
        demo_gen_add(g, "%s{'reference':'Observation/%s'}", i ? "," : "", ids[i]);
    demo_gen_add(g, "]");
    demo_gen_close(g);
}

void demo_gen_labs(struct gen *g, struct gen_person *p)
{
    int years = p->years < 16 ? (p->years > 1) : demo_gen_between(g, 2, 4);
    int64_t day = demo_gen_days_ago(g, p, 0, demo_gen_chance(g, 200) ? 2 : 200);

    for (int i = 0; i < years; i++, day -= demo_gen_between(g, 290, 420)) {
        if (day <= p->born)
            break;
        report(g, p, BLOOD_COUNT, day, i);
        if (p->years < 16)
            continue;
        report(g, p, CHEMISTRY, day, i);
        if (i < 2 && p->years > 35)
            report(g, p, LIPIDS, day, i);
        if (demo_gen_has(p, GEN_DIABETES))
            report(g, p, SUGAR, day, i);
        if (demo_gen_has(p, GEN_THYROID))
            report(g, p, THYROID, day, i);
        if (demo_gen_has(p, GEN_FIBRILLATION))
            report(g, p, CLOTTING, day, i);
    }
}

/* --- vital signs ------------------------------------------------------------------------------ */

/* Usual growth, boys and girls together: rounded medians after the WHO child growth standards (2006) and the
 * CDC charts (2000). Tenths of a kilogram and of a centimetre. */
static const struct {
    int months, weight, height;
} growth[] = {
    {0, 34, 500},    {3, 62, 605},    {6, 76, 670},    {12, 93, 750},   {24, 120, 870},  {36, 142,
    955},
    {48, 163, 1025}, {60, 184, 1090}, {72, 207, 1155}, {96, 256, 1275}, {120, 325, 1385}, {144,
    405, 1495},
    {168, 500, 1605}, {192, 585, 1680}, {216, 640, 1705}, {480, 740, 1705}, {720, 760, 1690},
    {1200, 660, 1640},
};

static int between_months(int64_t age, bool weight)
{
    int months = (int)(age * 12 * 4 / 1461);
    size_t i = 0, last = sizeof growth / sizeof *growth - 1;

    if (months < 0)
        months = 0;
    while (i + 1 < last && growth[i + 1].months <= months)
        i++;
    int from = weight ? growth[i].weight : growth[i].height, to = weight ? growth[i + 1].weight
    : growth[i + 1].height;

    return from + (to - from) * (months - growth[i].months) / (growth[i + 1].months - growth[i].months);
}

int demo_gen_weight(const struct gen_person *p, int64_t age)
{
    int w = between_months(age, true) * (int)p->size / 1000;

    return p->female && age > 15 * 365 ? w * 93 / 100 : w;
}

int demo_gen_height(const struct gen_person *p, int64_t age)
{
    int h = between_months(age, false) * (700 + (int)p->size * 3 / 10) / 1000;

    return p->female && age > 14 * 365 ? h * 95 / 100 : h;
}

static void sign_head(struct gen *g, struct gen_person *p, const char *loinc, const char *text,
                      int64_t day, int minute)
{
    demo_gen_open(g, p, "Observation", "vs");
    demo_gen_add(g, ",'status':'final'");
    category(g, "vital-signs", "Vital Signs");
    code(g, loinc, text);
    about(g, p, day, minute);
    demo_gen_add(g, ",'performer':[{'reference':'%s'}]", demo_gen_doctor(3 + 2 * (p->doctor % 2)));
}

static void sign(struct gen *g, struct gen_person *p, const char *loinc, const char *text,
                 int value, unsigned decimals,
                 const char *unit, const char *ucum, int64_t day, int minute)
{
    char n[GEN_TIME];

    sign_head(g, p, loinc, text, day, minute);
    demo_gen_add(g, ",'valueQuantity':{'value':%s,'unit':'%s'," UCUM ",'code':'%s'}",
                    demo_gen_fixed(value, decimals, n), unit, ucum);
    demo_gen_close(g);
}

static void blood_pressure(struct gen *g, struct gen_person *p, int64_t day, int minute)
{
    int high = demo_gen_has(p, GEN_HYPERTENSION) ? 18 : 0, child = p->years < 14
                            ? (14 - p->years) * 2 : 0;
    int systolic = demo_gen_between(g, 106, 134) + high - child, diastolic = demo_gen_between(g,
                                    62, 82) + high / 2 - child / 2;

    sign_head(g, p, "85354-9", "Blood pressure", day, minute);
    demo_gen_add(g, ",'component':[{'code':{'coding':[{'system':'http://loinc.org',"
                    "'code':'8480-6','display':"
               "'Systolic blood pressure'}]},'valueQuantity':{'value':%d,'unit':'mmHg'," UCUM ","
               "'code':'mm[Hg]'}},"
               "{'code':{'coding':[{'system':'http://loinc.org','code':'8462-4',"
               "'display':'Diastolic blood pressure'}]},"
               "'valueQuantity':{'value':%d,'unit':'mmHg'," UCUM ",'code':'mm[Hg]'}}]",
            systolic, diastolic);
    demo_gen_close(g);
}

static void measure(struct gen *g, struct gen_person *p, int64_t day)
{
    int minute = 8 * 60 + demo_gen_between(g, 0, 540), years = (int)((day - p->born) * 4 / 1461);
    int kg = demo_gen_weight(p, day - p->born) + (years > 18 ? demo_gen_between(g, -15, 15)
                             : demo_gen_between(g, 0, 1));
    int cm = demo_gen_height(p, day - p->born);

    sign(g, p, "29463-7", "Body weight", years < 2 ? kg * 10 + demo_gen_between(g, 0, 9) : kg,
         years < 2 ? 2 : 1, "kg", "kg", day, minute);
    if (years < 18 || demo_gen_chance(g, 250))
        sign(g, p, "8302-2", "Body height", cm, 1, "cm", "cm", day, minute);
    if (years < 2)
        sign(g, p, "9843-4", "Head circumference", 350 + (int)((day - p->born) * 130 / 730), 1,
             "cm", "cm", day, minute);
    else
        sign(g, p, "39156-5", "Body mass index",
             (int)((int64_t)kg * 100000 / ((int64_t)cm * cm / 10)), 1, "kg/m2", "kg/m2", day,
             minute);
    if (years >= 3)
        blood_pressure(g, p, day, minute + 1);
    sign(g, p, "8867-4", "Heart rate", demo_gen_between(g, 58, 92) + (years < 12 ? (12 - years) * 4
         : 0), 0, "beats/min", "/min", day, minute + 1);
    sign(g, p, "8310-5", "Body temperature", demo_gen_between(g, 361, 375), 1, "Cel", "Cel", day,
         minute + 2);
    if (years >= 16 || demo_gen_chance(g, 300)) {
        sign(g, p, "9279-1", "Respiratory rate", demo_gen_between(g, 12, 20) + (years < 6 ? 10
             : 0), 0, "breaths/min", "/min", day, minute + 2);
        sign(g, p, "2708-6", "Oxygen saturation", demo_gen_between(g, demo_gen_has(p, GEN_COPD)
             ? 88 : 95, 99), 0, "%", "%", day, minute + 2);
    }
}

void demo_gen_vitals(struct gen *g, struct gen_person *p)
{
    int64_t day = demo_gen_days_ago(g, p, 0, 90);
    int visits = p->years < 3 ? 6 : p->years < 18 ? 5 : demo_gen_between(g, 3, 4);

    for (int i = 0; i < visits && day > p->born; i++) {
        measure(g, p, day);
        day -= p->years < 3 ? demo_gen_between(g, 60, 130) : demo_gen_between(g, 120, 400);
    }
}
