/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What happens around a patient: encounters, appointments, plans, flags, consents, procedures, documents.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "demo/generate.h"

#define SCT "'system':'http://snomed.info/sct'"

/* --- encounters ------------------------------------------------------------------------------- */

static void encounter(struct gen *g, struct gen_person *p, const char *class,
                      const char *class_text, const char *status,
                      const char *snomed, const char *type, int64_t from, int64_t to, int minute)
{
    char at[GEN_TIME];

    demo_gen_open(g, p, "Encounter", "en");
    demo_gen_add(g, ",'status':'%s',"
                    "'class':{'system':'http://terminology.hl7.org/CodeSystem/v3-ActCode',"
                    "'code':'%s','display':'%s'},"
               "'type':[{'coding':[{" SCT ",'code':'%s','display':'%s'}],'text':'%s'}],"
               "'subject':{'reference':'Patient/%s'},"
               "'participant':[{'individual':{'reference':'%s'}}],'period':{'start':'%s'",
            status, class, class_text, snomed, type, type, p->id, demo_gen_doctor(p->doctor),
            demo_gen_time(from, minute, at));
    if (to >= 0)
        demo_gen_add(g, ",'end':'%s'", demo_gen_time(to, minute + 35, at));
    demo_gen_add(g, "}");
    if (p->note[0])
        demo_gen_add(g, ",'reasonReference':[{'reference':'Condition/%s'}]", p->note);
    demo_gen_add(g, ",'location':[{'location':{'reference':'Location/%s'}}],"
                    "'serviceProvider':{'reference':'Organization/clinic'}",
            class[0] == 'A' ? "place-rooms" : p->doctor % 2 ? "place-ward-a" : "place-ward-b");
    snprintf(p->encounter, sizeof p->encounter, "%s", g->id);
    demo_gen_close(g);
}

void demo_gen_encounters(struct gen *g, struct gen_person *p)
{
    int n = p->years < 4 ? 4 : demo_gen_between(g, 2, 5);
    int64_t day = p->until - 300 - demo_gen_between(g, 0, 400);

    for (int i = 0; i < n; i++) {
        if (day > p->born && day <= p->until)
            encounter(g, p, "AMB", "ambulatory", "finished", i % 2 ? "390906007" : "185349003",
                      i % 2 ? "Follow-up encounter" : "Encounter for check up", day, day,
                      540 + demo_gen_between(g, 0, 30) * 15);
        day += demo_gen_between(g, 40, 160);
    }
    if (p->years >= 50 && demo_gen_chance(g, 250)) {
        day = demo_gen_days_ago(g, p, 30, 900);
        encounter(g, p, "IMP", "inpatient encounter", "finished", "183452005", "Emergency "
                  "hospital admission", day,
                  day + demo_gen_between(g, 1, 9) > p->until ? p->until : day + 1, 1290);
    }
    if (!p->dead && demo_gen_chance(g, p->years >= 60 ? 200 : 40))
        encounter(g, p, "IMP", "inpatient encounter", "in-progress", "183452005", "Emergency "
                  "hospital admission",
                  demo_gen_days_ago(g, p, 1, 6), -1, demo_gen_between(g, 0, 1300));
}

/* --- appointments ----------------------------------------------------------------------------- */

static void appointment(struct gen *g, struct gen_person *p, int64_t day, const char *status)
{
    static const char *const what[][2] = {{"ROUTINE", "Blood pressure check"}, {"FOLLOWUP",
    "Review of results"},
                                          {"CHECKUP", "Yearly check-up"}};
    unsigned which = demo_gen_below(g, 3);
    int minute = 540 + (int)demo_gen_below(g, 28) * 15;
    char from[GEN_TIME], to[GEN_TIME];

    demo_gen_open(g, p, "Appointment", "ap");
    demo_gen_add(g, ",'status':'%s',"
                    "'appointmentType':{'coding':[{'system':'http:"
                    "//terminology.hl7.org/CodeSystem/v2-0276',"
               "'code':'%s'}]},'description':'%s','start':'%s','end':'%s','minutesDuration':15,"
               "'participant':["
               "{'actor':{'reference':'%s'},'status':'accepted'},"
               "{'actor':{'reference':'Patient/%s'},'status':'%s'}]",
            status, what[which][0], what[which][1], demo_gen_time(day, minute, from),
            demo_gen_time(day, minute + 15, to),
            demo_gen_doctor(p->doctor), p->id, status[0] == 'c' ? "declined" : "accepted");
    demo_gen_close(g);
}

static void appointments(struct gen *g, struct gen_person *p)
{
    static const char *const past[] = {"fulfilled", "fulfilled", "noshow", "cancelled"};

    if (p->until - 400 > p->born)
        appointment(g, p, demo_gen_days_ago(g, p, 10, 380), past[demo_gen_below(g, 4)]);
    if (p->dead)
        return;
    if (demo_gen_chance(g, 80))
        appointment(g, p, g->today, "booked");
    if (demo_gen_chance(g, 650))
        appointment(g, p, g->today + demo_gen_between(g, 1, 60), demo_gen_chance(g, 100)
                    ? "pending" : "booked");
}

/* --- plans ------------------------------------------------------------------------------------ */

static const struct {
    enum gen_problem problem;
    const char *title, *goal, *activity;
} plans[] = {
    {GEN_DIABETES, "Diabetes care plan", "Hemoglobin A1c below 7 %", "Foot check every 6 months"},
    {GEN_HYPERTENSION, "Blood pressure plan", "Blood pressure below 140/90 mmHg", "Home readings "
    "twice a week"},
    {GEN_HEART_FAILURE, "Heart failure plan", "Weight steady within 2 kg", "Weigh every morning"},
    {GEN_ASTHMA, "Asthma action plan", "No night waking in a month", "Peak flow diary"},
    {GEN_COPD, "COPD plan", "No admission this winter", "Breathing exercises"},
    {GEN_DEMENTIA, "Dementia support plan", "Safe at home", "District nurse visits each week"},
};

static void plan(struct gen *g, struct gen_person *p, size_t which)
{
    int64_t from = demo_gen_days_ago(g, p, 30, 500);
    bool over = p->dead || demo_gen_chance(g, 150);
    char goal[40], day[GEN_DAY];

    demo_gen_open(g, p, "Goal", "go");
    snprintf(goal, sizeof goal, "%s", g->id);
    demo_gen_add(g, ",'lifecycleStatus':'%s','description':{'text':'%s'},"
                    "'subject':{'reference':'Patient/%s'},'startDate':'%s'",
            over ? "completed" : "active", plans[which].goal, p->id, demo_gen_day(from, day));
    demo_gen_close(g);
    demo_gen_open(g, p, "CarePlan", "cp");
    demo_gen_add(g, ",'status':'%s','intent':'plan','title':'%s','category':[{'text':'%s'}],"
                    "'subject':{'reference':'Patient/%s'},"
               "'period':{'start':'%s'",
            over ? "completed" : "active", plans[which].title, plans[which].title, p->id,
            demo_gen_day(from, day));
    if (over)
        demo_gen_add(g, ",'end':'%s'", demo_gen_day(p->until, day));
    demo_gen_add(g, "},'author':{'reference':'%s'},'goal':[{'reference':'Goal/%s'}],"
                    "'activity':[{'detail':{'status':'%s',"
               "'doNotPerform':false,'description':'%s'}}]",
            demo_gen_doctor(p->doctor), goal, over ? "completed" : "in-progress",
                            plans[which].activity);
    demo_gen_close(g);
}

/* --- cover ------------------------------------------------------------------------------------ */

static void flag(struct gen *g, struct gen_person *p, const char *category,
                 const char *category_text, const char *text)
{
    bool over = p->dead || demo_gen_chance(g, 200);
    int64_t from = demo_gen_days_ago(g, p, 20, 600);
    char day[GEN_DAY];

    demo_gen_open(g, p, "Flag", "fl");
    demo_gen_add(g, ",'status':'%s',"
                    "'category':[{'coding':[{'system':'http:"
                    "//terminology.hl7.org/CodeSystem/flag-category',"
               "'code':'%s','display':'%s'}]}],'code':{'text':'%s'},"
               "'subject':{'reference':'Patient/%s'},'period':{'start':'%s'",
            over ? "inactive" : "active", category, category_text, text, p->id, demo_gen_day(from,
            day));
    if (over)
        demo_gen_add(g, ",'end':'%s'", demo_gen_day(p->until, day));
    demo_gen_add(g, "},'author':{'reference':'%s'}", demo_gen_doctor(p->doctor));
    demo_gen_close(g);
}

static void consent(struct gen *g, struct gen_person *p, bool resuscitation)
{
    char at[GEN_TIME];

    demo_gen_open(g, p, "Consent", "cn");
    demo_gen_add(g, ",'status':'active',"
                    "'scope':{'coding':[{'system':'http:"
                    "//terminology.hl7.org/CodeSystem/consentscope','code':'%s',"
               "'display':'%s'}]},'category':[{'coding':[{'system':'%s','code':'%s',"
               "'display':'%s'}],'text':'%s'}],"
               "'patient':{'reference':'Patient/%s'},'dateTime':'%s',"
               "'organization':[{'reference':'Organization/clinic'}],"
               "'policyRule':{'text':'%s'},'provision':{'type':'%s'}",
            resuscitation ? "adr" : "treatment", resuscitation ? "Advanced Care Directive"
            : "Treatment",
            resuscitation ? "http://terminology.hl7.org/CodeSystem/consentcategorycodes" : "http:"
            "//loinc.org",
            resuscitation ? "dnr" : "59284-0", resuscitation ? "Do Not Resuscitate" : "Consent "
            "Document",
            resuscitation ? "Do not resuscitate" : "Consent to treatment", p->id,
            demo_gen_time(demo_gen_days_ago(g, p, 10, 700), demo_gen_between(g, 500, 1000), at),
                          "House rules of the clinic",
            resuscitation ? "deny" : "permit");
    demo_gen_close(g);
}

/* --- procedures, family, orders --------------------------------------------------------------- */

static void procedure(struct gen *g, struct gen_person *p)
{
    static const struct {
        const char *snomed, *text;
        int from; /* years of age */
    } rows[] = {{"80146002", "Appendectomy", 6},
                {"29303009", "Electrocardiographic procedure", 30},
                {"38102005", "Cholecystectomy", 30},
                {"73761001", "Colonoscopy", 48},
                {"609588000", "Total knee replacement", 60},
                {"52734007", "Total replacement of hip", 66}};
    unsigned which = demo_gen_below(g, sizeof rows / sizeof *rows);
    char day[GEN_DAY];

    if (p->years < rows[which].from + 2)
        return;
    demo_gen_open(g, p, "Procedure", "pr");
    demo_gen_add(g, ",'status':'%s','code':{'coding':[{" SCT ",'code':'%s','display':'%s'}],"
                    "'text':'%s'},"
               "'subject':{'reference':'Patient/%s'},'performedDateTime':'%s'",
            demo_gen_chance(g, 60) ? "not-done" : "completed", rows[which].snomed,
                            rows[which].text, rows[which].text, p->id,
            demo_gen_day(demo_gen_days_ago(g, p, 40, (p->years - rows[which].from) * 360), day));
    demo_gen_close(g);
}

static void family(struct gen *g, struct gen_person *p)
{
    static const char *const of[][2] = {{"MTH", "mother"}, {"FTH", "father"}};
    static const char *const what[][2] = {{"44054006", "Diabetes mellitus type 2"}, {"22298006",
    "Myocardial infarction"},
                                          {"254837009", "Malignant neoplasm of breast"}};
    unsigned who = demo_gen_below(g, 2), ill = demo_gen_below(g, who == 0 ? 3 : 2);
    char day[GEN_DAY];

    demo_gen_open(g, p, "FamilyMemberHistory", "fh");
    demo_gen_add(g, ",'status':'completed','patient':{'reference':'Patient/%s'},'date':'%s',"
                    "'relationship':{'coding':[{'system':"
               "'http://terminology.hl7.org/CodeSystem/v3-RoleCode','code':'%s','display':'%s'}],"
               "'text':'%s'},'condition':[{"
               "'code':{'coding':[{" SCT ",'code':'%s','display':'%s'}],'text':'%s'},"
               "'onsetAge':{'value':%d,'unit':'a',"
               "'system':'http://unitsofmeasure.org','code':'a'}}]",
            p->id, demo_gen_day(demo_gen_days_ago(g, p, 50, 900), day), of[who][0], of[who][1],
            of[who][1], what[ill][0], what[ill][1],
            what[ill][1], demo_gen_between(g, 41, 79));
    demo_gen_close(g);
}

static void order(struct gen *g, struct gen_person *p)
{
    static const char *const what[][2] = {{"24331-1", "Lipid panel"}, {"58410-2", "Complete "
    "blood count"},
                                          {"4548-4", "Hemoglobin A1c"}};
    unsigned which = demo_gen_below(g, 3);
    char day[GEN_DAY];

    demo_gen_open(g, p, "ServiceRequest", "sr");
    demo_gen_add(g, ",'status':'%s','intent':'order','priority':'%s',"
                    "'code':{'coding':[{'system':'http://loinc.org','code':'%s',"
               "'display':'%s'}],'text':'%s'},'subject':{'reference':'Patient/%s'},"
               "'authoredOn':'%s','requester':{'reference':'%s'}",
            p->dead ? "revoked" : demo_gen_chance(g, 700) ? "active" : "draft", demo_gen_chance(g,
            100) ? "urgent" : "routine",
            what[which][0], what[which][1], what[which][1], p->id,
            demo_gen_day(demo_gen_days_ago(g, p, 0, 20), day), demo_gen_doctor(p->doctor));
    demo_gen_close(g);
}

/* --- documents -------------------------------------------------------------------------------- */

static void base64(const char *s, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t n = strlen(s); n; s += 3, n -= n < 3 ? n : 3) {
        unsigned v = (unsigned)(unsigned char)s[0] << 16 | (n > 1
        ? (unsigned)(unsigned char)s[1] << 8 : 0) |
                     (n > 2 ? (unsigned char)s[2] : 0);

        *out++ = digits[v >> 18];
        *out++ = digits[v >> 12 & 63];
        *out++ = n > 1 ? digits[v >> 6 & 63] : '=';
        *out++ = n > 2 ? digits[v & 63] : '=';
    }
    *out = '\0';
}

static void document(struct gen *g, struct gen_person *p)
{
    bool letter = demo_gen_chance(g, 400);
    int64_t day = demo_gen_days_ago(g, p, 5, 600);
    char text[300], data[420], at[GEN_TIME], on[GEN_DAY];

    snprintf(text, sizeof text, "%s, %s\n\nThank you for seeing this made-up patient (age "
             "%d).\nNo change to the medicines; "
             "see again in %d weeks.\n", letter ? "Letter" : "Discharge summary", demo_gen_day(day,
             on), p->years, demo_gen_between(g, 2, 12));
    base64(text, data);
    demo_gen_open(g, p, "DocumentReference", "do");
    demo_gen_add(g, ",'status':'current','docStatus':'final',"
                    "'type':{'coding':[{'system':'http://loinc.org','code':'%s','display':'%s'}],"
               "'text':'%s'},'subject':{'reference':'Patient/%s'},'date':'%s',"
               "'author':[{'reference':'%s'}],'description':'%s',"
               "'content':[{'attachment':{'contentType':'text/plain; charset=utf-8',"
               "'language':'en','data':'%s','size':%zu,"
               "'title':'%s','creation':'%s'}}]",
            letter ? "51852-2" : "18842-5", letter ? "Letter" : "Discharge summary", letter
            ? "Letter" : "Discharge summary", p->id,
            demo_gen_time(day, 900, at), demo_gen_doctor(p->doctor), letter ? "Letter to a "
                          "specialist" : "Summary at discharge", data,
            strlen(text), letter ? "letter.txt" : "discharge.txt", demo_gen_day(day, on));
    demo_gen_close(g);
}

/* A letter of another house, which stands beside its record (Binary) and comes when somebody asks for it. */
void demo_gen_letter(struct gen *g, struct gen_person *p)
{
    static const char *const asked[] = {"Creatinine and potassium in two weeks, please.", "Please weigh at each visit.",
                                        "Blood pressure at the next three visits, please."};
    const char *title = "Letter of the district hospital";
    int64_t day;
    char text[1000], data[1400], binary[40], at[GEN_TIME], on[GEN_DAY];
    int n;

    if (!demo_gen_chance(g, 80))
        return;
    day = demo_gen_days_ago(g, p, 5, 90);
    n = snprintf(text, sizeof text, "MADE-UP DISTRICT HOSPITAL\nMedical outpatients, %s\n\nDear colleague,\n\n"
                 "Thank you for referring this made-up patient, whom I saw today in the presence of a relative.\n"
                 "The history is as in your letter. Examination: comfortable at rest, chest clear, no oedema.\n"
                 "The electrocardiogram of today shows sinus rhythm, rate 76; the chest film is normal.\n\n"
                 "I have not changed the medicines. %s\nI will see the patient again in %d months, or sooner if you "
                 "wish.\n\nWith kind regards\n", demo_gen_day(day, on), asked[demo_gen_below(g, 3)],
                 demo_gen_between(g, 2, 6));
    base64(text, data);
    demo_gen_open(g, p, "Binary", "bi");
    snprintf(binary, sizeof binary, "%s", g->id);
    demo_gen_add(g, ",'contentType':'text/plain; charset=utf-8','securityContext':{'reference':'Patient/%s'},"
                    "'data':'%s'", p->id, data);
    demo_gen_close(g);
    demo_gen_open(g, p, "DocumentReference", "do");
    demo_gen_add(g, ",'status':'current','docStatus':'final','type':{'coding':[{'system':'http://loinc.org',"
                    "'code':'51852-2','display':'Letter'}],'text':'Letter'},'subject':{'reference':'Patient/%s'},"
                    "'date':'%s','description':'%s',"
                    "'content':[{'attachment':{'contentType':'text/plain; charset=utf-8','language':'en',"
                    "'url':'Binary/%s','size':%d,'title':'%s','creation':'%s'}}]",
                 p->id, demo_gen_time(day, 660, at), title, binary, n, "district-hospital.txt", on);
    demo_gen_close(g);
}

static void note(struct gen *g, struct gen_person *p)
{
    static const char *const said[] = {"Feels well. No new complaints.", "Sleeping badly, "
    "otherwise well.",
                                       "Cough for a week, no fever.", "Came for the results of "
                                       "the blood tests."};
    char at[GEN_TIME];
    const char *words = said[demo_gen_below(g, 4)];

    demo_gen_open(g, p, "Composition", "cm");
    demo_gen_add(g, ",'status':'final','type':{'coding':[{'system':'http://loinc.org',"
                    "'code':'11506-3','display':'Progress note'}],"
               "'text':'Progress note'},'subject':{'reference':'Patient/%s'}", p->id);
    if (p->encounter[0])
        demo_gen_add(g, ",'encounter':{'reference':'Encounter/%s'}", p->encounter);
    demo_gen_add(g, ",'date':'%s','author':[{'reference':'%s'}],'title':'Progress note',"
                    "'section':[{'title':'Visit','code':{'coding':[{"
               "'system':'http://loinc.org','code':'10164-2',"
               "'display':'History of present illness'}]},'text':{'status':'generated',"
               "'div':'<div xmlns=\\'http://www.w3.org/1999/xhtml\\'><p>%s</p></div>'}}",
            demo_gen_time(demo_gen_days_ago(g, p, 2, 300), 1000, at), demo_gen_doctor(p->doctor),
                          words);
    if (p->note[0])
        demo_gen_add(g, ",{'title':'Problems','entry':[{'reference':'Condition/%s'}]}", p->note);
    demo_gen_add(g, "]");
    demo_gen_close(g);
}

void demo_gen_care(struct gen *g, struct gen_person *p)
{
    appointments(g, p);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
        if (demo_gen_has(p, plans[i].problem) && demo_gen_chance(g, 400))
            plan(g, p, i);
    if (p->years >= 75 && demo_gen_chance(g, 400))
        flag(g, p, "safety", "Safety", "Falls risk");
    if (demo_gen_chance(g, 50))
        flag(g, p, "contact", "Subject Contact", "Needs an interpreter");
    if (p->years >= 18 && demo_gen_chance(g, 12))
        flag(g, p, "behavioral", "Behavioral", "Threatened staff");
    if (demo_gen_chance(g, 250))
        consent(g, p, false);
    if (p->years >= 78 && demo_gen_chance(g, 250))
        consent(g, p, true);
    for (int i = demo_gen_between(g, 0, 2); i > 0; i--)
        procedure(g, p);
    if (p->years >= 25 && demo_gen_chance(g, 400))
        family(g, p);
    if (demo_gen_chance(g, 350))
        order(g, p);
    for (int i = demo_gen_between(g, 0, 2); i > 0; i--)
        document(g, p);
    if (demo_gen_chance(g, 700))
        note(g, p);
}
