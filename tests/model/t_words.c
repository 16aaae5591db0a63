/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of rows, from small resources written in place ('...' stands for "..."). Kills tests/mutants:
 * model-weekly-as-daily.
 */
#include "config.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "fhir/index.h"
#include "model/priv.h"

#define NOW_MS 1795442700000LL /* 2026-11-23T14:05:00Z */

struct shown {
    char text[4096], date[64], flags[512];
    int code, rank;
};

/* Formats one resource as a row of the chart of Patient/p, a woman born on 17-May-1979. */
static struct shown show(const char *quoted)
{
    struct model m = {.store = NULL};
    struct model_person who = {.chart = "p", .id = STR("p"), .sex = STR("female"), .now_ms = NOW_MS};
    struct store_row row = {0};
    struct model_row out;
    struct fhir_index ix;
    struct shown s = {.rank = -9};
    struct arena a;
    struct tape t;
    struct err e = ERR_NONE;
    char *json = mem_dup(quoted, strlen(quoted));

    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    date_parse(STR("1979-05-17"), &who.birth);
    date_parse(STR("2026-11-23"), &who.today);
    arena_init(&a, 1 << 20);
    s.code = tape_parse(&t, str_of(json), &e);
    if (!s.code)
        s.code = fhir_index(&t, NULL, &a, &ix, &e);
    if (s.code) {
        printf("\n    %s: %s %s ", quoted, err_name(s.code), e.what);
    } else {
        row.type = ix.type, row.id = ix.id, row.date = ix.date, row.date_ms = ix.date_ms, row.status = ix.status;
        s.code = model_format(&m, &who, &row, &t, &a, &out, &s.rank, &e);
    }
    if (!s.code) {
        snprintf(s.text, sizeof s.text, "%s", out.text.s);
        snprintf(s.date, sizeof s.date, "%s", out.date.s);
        for (unsigned i = 0; i < out.flags; i++)
            snprintf(s.flags + strlen(s.flags), sizeof s.flags - strlen(s.flags), "%s%s", i ? "," : "",
                     out.flag[i]);
    }
    tape_fini(&t);
    arena_fini(&a);
    mem_free(json);
    return s;
}

#define RX(rest)                                                                                   \
    "{'resourceType':'MedicationRequest','id':'x','status':'active','subject':{'reference':"       \
    "'Patient/p'},'medicationCodeableConcept':{'text':'drug'}," rest "}"
#define DOSE(dose) RX("'dosageInstruction':[{" dose "}]")
#define QTY(value, unit) DOSE("'doseAndRate':[{'doseQuantity':{'value':" value ",'unit':'" unit "'}}]")

static void rows(const char *const (*table)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct shown s = show(table[i][0]);

        CU_ASSERT_EQUAL(s.code, ERR_OK);
        UNIT_STR(s.text, table[i][1]);
    }
}
#define ROWS(table) rows(table, sizeof(table) / sizeof *(table))

/* REQ: digit for digit as sent, the clear form beside a number that breaks a display rule, never U, IU or mu. */
static void doses(void)
{
    static const char *const table[][2] = {
        {QTY("5", "mg"), "drug - DOSE 5 mg - active"},
        {QTY("5.0", "mg"), "drug - DOSE 5.0 mg (= 5 mg) - active"},
        {QTY("0.50", "mg"), "drug - DOSE 0.50 mg (= 0.5 mg) - active"},
        {QTY("1.5e3", "mg"), "drug - DOSE 1.5e3 mg (= 1,500 mg) - active"},
        {QTY("10000", "IU"), "drug - DOSE 10000 units (= 10,000 units) - active"},
        {QTY("1", "U"), "drug - DOSE 1 unit - active"},
        {QTY("6", "U/h"), "drug - DOSE 6 units per hour - active"},
        {QTY("125", "\xc2\xb5g"), "drug - DOSE 125 mcg - active"},
        {QTY("125", "\xce\xbcg"), "drug - DOSE 125 mcg - active"},
        {QTY("2", "cc"), "drug - DOSE 2 mL - active"},
        {QTY("2", "puff"), "drug - DOSE 2 puff - active"},
        {QTY("0", "tablet"), "drug - DOSE 0 tablet - active"},
        {DOSE("'doseAndRate':[{'doseQuantity':{'value':5}}]"), "drug - DOSE 5 (no unit recorded) - active"},
        {DOSE("'doseAndRate':[{'doseQuantity':{'unit':'mg'}}]"), "drug - DOSE amount not recorded mg - active"},
        {DOSE("'doseAndRate':[{'doseQuantity':{'value':1.0}}]"), "drug - DOSE 1.0 (= 1) (no unit recorded) - active"},
        {DOSE("'doseAndRate':[{'doseQuantity':{'value':5,'unit':'mg','comparator':'<'}}]"),
         "drug - DOSE less than 5 mg - active"},
        {DOSE("'doseAndRate':[{'doseQuantity':{'value':5,'unit':'mg','system':'http://unitsofmeasure.org','code':'ug'}}]"),
         "drug - DOSE 5 mg (UNITS DIFFER: the code says mcg) - active"},
        {DOSE("'doseAndRate':[{'doseQuantity':{'value':2,'system':'http://unitsofmeasure.org','code':'{tablet}'}}]"),
         "drug - DOSE 2 tablet - active"},
        {DOSE("'doseAndRate':[{'doseRange':{'low':{'value':1,'unit':'mg'},'high':{'value':2.0,'unit':'mg'}}}]"),
         "drug - DOSE 1 mg to 2.0 mg (= 1 mg to 2 mg) - active"},
        {DOSE("'doseAndRate':[{'doseRange':{'low':{'value':500,'unit':'mg'},'high':{'value':1000,'unit':'mg'}}}]"),
         "drug - DOSE 500 mg to 1000 mg (= 500 mg to 1,000 mg) - active"},
        {DOSE("'doseAndRate':[{'doseRange':{'low':{'value':5,'unit':'mg'},'high':{'value':10,'unit':'mg'}}}]"),
         "drug - DOSE 5 mg to 10 mg - active"},
        {DOSE("'doseAndRate':[{'doseRange':{'high':{'value':2,'unit':'mg'}}}]"), "drug - DOSE up to 2 mg - active"},
        {DOSE("'doseAndRate':[{'rateRatio':{'numerator':{'value':4,'unit':'mL'},'denominator':{'value':2,'unit':'h'}}}]"),
         "drug - RATE 4 mL per 2 hours - active"},
        {RX("'note':[]"), "drug - no dose recorded - active"},
        {DOSE("'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'}}"),
         "drug - once a day - no dose recorded - active"},
        {DOSE("'text':'one at night'"), "drug - one at night - active"},
    };

    ROWS(table);
}

#define TIMING(repeat) DOSE("'text':'x','timing':{'repeat':{" repeat "}}")

/* REQ: once a week is never said with a word that could be read as once a day. */
static void timings(void)
{
    static const char *const table[][2] = {
        {TIMING("'frequency':1,'period':1,'periodUnit':'wk'"), "drug - once a week - x - active"},
        {TIMING("'period':1,'periodUnit':'wk','dayOfWeek':['mon','thu']"), "drug - once a week, on Monday and Thursday - x - active"},
        {TIMING("'frequency':2,'period':1,'periodUnit':'d'"), "drug - twice a day - x - active"},
        {TIMING("'frequency':3,'frequencyMax':4,'period':1,'periodUnit':'d'"), "drug - 3 to 4 times a day - x - active"},
        {TIMING("'frequency':1,'period':8,'periodUnit':'h'"), "drug - every 8 hours - x - active"},
        {TIMING("'frequency':1,'period':1.0,'periodUnit':'h'"), "drug - every hour - x - active"},
        {TIMING("'period':4,'periodMax':6,'periodUnit':'h'"), "drug - every 4 to 6 hours - x - active"},
        {TIMING("'frequency':1,'period':2,'periodUnit':'d'"), "drug - every 2 days - x - active"},
        {TIMING("'frequency':2,'period':3,'periodUnit':'wk'"), "drug - twice every 3 weeks - x - active"},
        {TIMING("'frequency':2"), "drug - twice (how often is not recorded) - x - active"},
        {TIMING("'when':['MORN','HS']"), "drug - in the morning and at bedtime - x - active"},
        {TIMING("'when':['AC'],'offset':30"), "drug - 30 minutes before meals - x - active"},
        {TIMING("'timeOfDay':['08:00:00','20:30:00']"), "drug - at 08:00 and 20:30 - x - active"},
        {TIMING("'period':1,'periodUnit':'d','duration':30,'durationUnit':'min','boundsDuration':{'value':5,'code':'d'}"),
         "drug - once a day, over 30 minutes, for 5 days - x - active"},
        {TIMING("'period':1,'periodUnit':'d','boundsDuration':{'value':5,'comparator':'>=','code':'d'}"),
         "drug - once a day, for at least 5 days - x - active"},
        {TIMING("'period':1,'periodUnit':'d','boundsDuration':{'unit':'days','code':'d'}"),
         "drug - once a day, for amount not recorded days - x - active"},
        {TIMING("'count':3,'period':1,'periodUnit':'d'"), "drug - once a day, 3 times in all - x - active"},
        {TIMING("'period':1,'periodUnit':'d','boundsPeriod':{'start':'2026-02-03','end':'2026-02'}"),
         "drug - once a day, from 03-Feb-2026 until Feb-2026 - x - active"},
        {DOSE("'text':'x','timing':{'code':{'coding':[{'code':'QOD'}]}}"), "drug - every other day - x - active"},
        {DOSE("'text':'x','timing':{'code':{'text':'BID'}}"), "drug - twice a day - x - active"},
        {DOSE("'text':'x','timing':{'code':{'coding':[{'code':'BID','display':'two times daily'}]}}"), "drug - twice a day - x - active"},
        {DOSE("'text':'x','timing':{'code':{'coding':[{'code':'QD'}],'text':'on dialysis days only'}}"),
         "drug - once a day, on dialysis days only - x - active"},
        {DOSE("'text':'x','timing':{'code':{'text':'BID'},'repeat':{'frequency':2,'period':1,'periodUnit':'d'}}"),
         "drug - twice a day - x - active"},
        {DOSE("'text':'x','timing':{'code':{'coding':[{'code':'BID'}]},'repeat':{'frequency':1,'period':1,'periodUnit':'wk'}}"),
         "drug - once a week (its code says twice a day) - x - active"},
        /* how often is never lost beside a period, a count or a meal */
        {DOSE("'text':'x','timing':{'code':{'text':'BID'},'repeat':{'boundsPeriod':{'start':'2026-01-01','end':'2026-12-31'}}}"),
         "drug - twice a day, from 01-Jan-2026 until 31-Dec-2026 - x - active"},
        {DOSE("'text':'x','timing':{'code':{'text':'BID'},'repeat':{'count':10}}"), "drug - twice a day, 10 times in all - x - active"},
        {DOSE("'text':'x','timing':{'code':{'text':'with dialysis'}}"), "drug - with dialysis - x - active"},
        {DOSE("'text':'x','asNeededBoolean':true"), "drug - as needed - x - active"},
        {DOSE("'text':'x','asNeededBoolean':false"), "drug - x - active"},
        {DOSE("'text':'x','asNeededCodeableConcept':{'text':'pain'},'maxDosePerPeriod':{'numerator':{'value':4,'unit':'g'},"
              "'denominator':{'value':24,'code':'h'}}"),
         "drug - as needed for pain - maximum 4 g in 24 hours - x - active"},
    };

    ROWS(table);
}

/* REQ: what turns an order round stands before the drug. */
static void orders(void)
{
    static const char *const table[][2] = {
        {RX("'doNotPerform':true"), "DO NOT GIVE: drug - no dose recorded - active"},
        {RX("'doNotPerform':'true'"), "DO NOT GIVE: drug - no dose recorded - active"}, /* no R4, and no order to give */
        {RX("'doNotPerform':false"), "drug - no dose recorded - active"},
        {RX("'intent':'proposal'"), "PROPOSAL, no order: drug - no dose recorded - active"},
        {RX("'modifierExtension':[{'url':'x'}]"),
         "CAUTION, unknown modifier, meaning may change: drug - no dose recorded - active"},
        {"{'resourceType':'MedicationRequest','id':'x','status':'stopped','statusReason':{'text':'rash'},'subject':"
         "{'reference':'Patient/p'},'medicationCodeableConcept':{'text':'drug'}}",
         "STOPPED (rash): drug - no dose recorded"},
        {"{'resourceType':'MedicationRequest','id':'x','status':'frozen','subject':{'reference':'Patient/p'},"
         "'medicationCodeableConcept':{'text':'drug'}}",
         "drug - no dose recorded - status frozen"},
        {"{'resourceType':'MedicationRequest','id':'x','subject':{'reference':'Patient/p'},"
         "'medicationCodeableConcept':{'coding':[{'code':'11289'}]}}",
         "code 11289 (no words sent) - no dose recorded - status not recorded"},
        {"{'resourceType':'MedicationRequest','id':'x','status':'entered-in-error','subject':{'reference':'Patient/p'},"
         "'medicationCodeableConcept':{'text':'drug'},'dosageInstruction':[{'text':'9 mg'}]}",
         "ENTERED IN ERROR: drug"},
        {"{'resourceType':'MedicationRequest','id':'x','status':'active','subject':{'reference':'Patient/p'},"
         "'medicationReference':{'reference':'#m'},'contained':[{'resourceType':'Medication','id':'m','ingredient':"
         "[{'itemCodeableConcept':{'text':'a'}},{'itemCodeableConcept':{'text':'b'}}]}]}",
         "a + b - no dose recorded - active"},
        {RX("'dosageInstruction':[{'sequence':2,'text':'b'},{'sequence':1,'text':'a'},{'sequence':2,'text':'c'}]"),
         "drug - STEP 1: a - then STEP 2: b - AND ALSO: c - active"},
    };

    ROWS(table);
}

#define OBS(rest)                                                                                  \
    "{'resourceType':'Observation','id':'x','status':'final','subject':{'reference':'Patient/p'}," \
    "'effectiveDateTime':'2026-02-27','code':{'text':'test'}" rest "}"
#define VAL(value, more) OBS(",'valueQuantity':{'value':" value ",'unit':'mg/L'" more "}")
#define RANGE(low, high)                                                                           \
    "'referenceRange':[{'low':{'value':" low ",'unit':'mg/L'},'high':{'value':" high ",'unit':'mg/L'}}]"
#define RANGED(value, low, high) OBS(",'valueQuantity':{'value':" value ",'unit':'mg/L'}," RANGE(low, high))

/* REQ: a result's digits, comparator and unit as sent; nothing about a range that is not hers or not in its unit. */
static void results(void)
{
    static const char *const table[][2] = {
        {VAL("7.30", ""), "test 7.30 mg/L"},
        {VAL("1.5e3", ""), "test 1.5e3 mg/L"},
        {VAL("0.01", ",'comparator':'<'"), "test <0.01 mg/L"},
        {OBS(",'valueQuantity':{'value':3,'unit':'\xc2\xb5mol/L'}"), "test 3 micromol/L"},
        {OBS(",'valueQuantity':{'value':3,'unit':'\xce\xbcg/L'}"), "test 3 mcg/L"},
        {OBS(",'valueQuantity':{'value':30,'unit':'U/L'}"), "test 30 U/L"},
        {RANGED("5", "1", "9"), "test 5 mg/L - range 1-9 mg/L"},
        {RANGED("10", "1", "9.9"), "test 10 mg/L  ABOVE RANGE - range 1-9.9 mg/L"},
        {RANGED("0.9", "1", "9"), "test 0.9 mg/L  BELOW RANGE - range 1-9 mg/L"},
        {RANGED("-5", "-3.0", "3.0"), "test -5 mg/L  BELOW RANGE - range -3.0 to 3.0 mg/L"},
        {OBS(",'valueQuantity':{'value':10,'unit':'g/L'}," RANGE("1", "9")),
         "test 10 g/L - range 1-9 mg/L (other unit than the value)"},
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L','comparator':'<'}," RANGE("9", "12")),
         "test <8 mg/L  BELOW RANGE - range 9-12 mg/L"},
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L','comparator':'>'}," RANGE("9", "12")),
         "test >8 mg/L - range 9-12 mg/L"},
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L'},'referenceRange':[{'appliesTo':[{'coding':[{'code':'M'}]}],"
             "'low':{'value':9,'unit':'mg/L'}}]"),
         "test 8 mg/L"},
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L'},'referenceRange':[{'appliesTo':[{'text':'runners'}],"
             "'low':{'value':9,'unit':'mg/L'}}]"),
         "test 8 mg/L - range at least 9 mg/L (for: runners; not known to be this patient's)"},
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L'},'referenceRange':[{'age':{'high':{'value':28,'code':'d'}},"
             "'low':{'value':9,'unit':'mg/L'}}]"),
         "test 8 mg/L"},
        /* born on 17-May-1979, taken on 27-Feb-2026: 46 years and nine months */
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L'},'referenceRange':[{'age':{'low':{'value':46.5,'code':'a'}},"
             "'low':{'value':9,'unit':'mg/L'}}]"),
         "test 8 mg/L  BELOW RANGE - range at least 9 mg/L"},
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L'},'referenceRange':[{'age':{'low':{'value':47.5,'code':'a'}},"
             "'low':{'value':9,'unit':'mg/L'}}]"),
         "test 8 mg/L"},
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L'},'referenceRange':[{'age':{'low':{'value':1e1,'code':'a'}},"
             "'low':{'value':9,'unit':'mg/L'}}]"),
         "test 8 mg/L - range at least 9 mg/L (for: an age; not known to be this patient's)"},
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L'},'referenceRange':[{'age':{'high':{'value':46,'code':'a'}},"
             "'low':{'value':9,'unit':'mg/L'}}]"),
         "test 8 mg/L - range at least 9 mg/L (for: an age; not known to be this patient's)"},
        {OBS(",'valueQuantity':{'value':8,'unit':'mg/L'},'referenceRange':[{'age':{'high':{'value':45,'code':'a'}},"
             "'low':{'value':9,'unit':'mg/L'}}]"),
         "test 8 mg/L"},
        {OBS(",'valueQuantity':{'value':2,'unit':'{score}'}"), "test 2 score"},
        {OBS(",'valueQuantity':{'value':98,'unit':'mm[Hg]'}"), "test 98 mmHg"},
        {OBS(",'valueBoolean':false"), "test no (false)"},
        {OBS(",'valueBoolean':'true'"), "test neither yes nor no was sent: see the detail"},
        {OBS(",'valueRange':{'low':{'unit':'mg'}}"), "test no number sent"},
        {OBS(",'valueInteger':0"), "test 0"},
        {OBS(",'valueRatio':{'numerator':{'value':1},'denominator':{'value':160}}"), "test 1:160"},
        {OBS(",'valueRange':{'low':{'value':5,'unit':'/HPF'},'high':{'value':10,'unit':'/HPF'}}"), "test 5-10 /HPF"},
        {OBS(",'dataAbsentReason':{'coding':[{'code':'not-performed'}]}"), "test - no result: not performed"},
        {OBS(""), "test - no value recorded"},
        {OBS(",'hasMember':[{'reference':'Observation/1'}]"), "test - panel of 1 result, on a row of its own"},
        {OBS(",'interpretation':[{'coding':[{'code':'HH'}]}],'valueInteger':7"), "test 7  HH critically high"},
        {OBS(",'interpretation':[{'coding':[{'system':'urn:x','code':'2'},{'system':'http://terminology.hl7.org/CodeSystem/"
             "v3-ObservationInterpretation','code':'LL'}]}],'valueInteger':7"),
         "test 7  LL critically low"},
        {OBS(",'component':[{'code':{'text':'a'},'valueString':'b'},{'code':{'text':'c'},'dataAbsentReason':{'text':'d'}}]"),
         "test a b; c no result: d"},
        {"{'resourceType':'Observation','id':'x','status':'registered','subject':{'reference':'Patient/p'},'code':{'text':'test'}}",
         "test - REGISTERED, no result yet"},
    };

    ROWS(table);
}

#define PART(flag)                                                                                 \
    "{'code':{'text':'a'},'valueInteger':1,'interpretation':[{'coding':[{'code':'" flag "'}]}]}"

static void labels(void)
{
    struct shown s = show(RX("'doNotPerform':true,'modifierExtension':[{}]"));

    UNIT_STR(s.flags, "unknown modifier,DO NOT GIVE");
    UNIT_STR(s.date, "no date");
    s = show(OBS(",'interpretation':[{'coding':[{'code':'LL'}]}],'valueInteger':7,'meta':{'security':[{'system':"
                 "'http://terminology.hl7.org/CodeSystem/v3-Confidentiality','code':'V'}]}"));
    UNIT_STR(s.flags, "LL,very restricted");
    UNIT_STR(s.date, "27-Feb-2026");
    s = show("{'resourceType':'Observation','id':'x','status':'final','subject':{'reference':'Patient/p'},"
             "'effectiveDateTime':'2093-01-05','code':{'text':'test'},'valueInteger':1}");
    UNIT_STR(s.text, "test 1 - DATED IN THE FUTURE");
    /* REQ: however many flags a panel has, what the row is keeps its own */
    s = show(OBS(",'component':[" PART("H") "," PART("H") "," PART("L") "," PART("HH") "," PART("A") "," PART("LL") ","
                 PART("AA") "," PART("U") "," PART("D") "],'meta':{'security':[{'system':"
                 "'http://terminology.hl7.org/CodeSystem/v3-Confidentiality','code':'R'}]}"));
    UNIT_STR(s.flags, "H,L,HH,A,restricted");
    CU_ASSERT(strstr(s.text, "LL critically low") != NULL);
}

#define OF(type, rest) "{'resourceType':'" type "','id':'x','subject':{'reference':'Patient/p'}," rest "}"

/* What is still to be done, and what was: its state, its side, its numbers. */
static void others(void)
{
    static const char *const table[][2] = {
        {OF("ServiceRequest", "'status':'active','intent':'order','code':{'text':'X-ray'},'bodySite':[{'text':'left knee'}],"
                              "'orderDetail':[{'text':'two views'}]"),
         "X-ray - two views - left knee - active"},
        {OF("ServiceRequest", "'status':'active','intent':'plan','code':{'text':'X-ray'}"), "PLAN, no order: X-ray - active"},
        {OF("ServiceRequest", "'status':'active','intent':'order','doNotPerform':true,'code':{'text':'X-ray'}"),
         "DO NOT DO: X-ray - active"},
        {OF("CarePlan", "'status':'active','intent':'plan','title':'Diabetes'"), "Diabetes - active"},
        {OF("Goal", "'lifecycleStatus':'active','description':{'text':'g'},'target':[{'measure':{'text':'steps'},"
                    "'detailInteger':8000},{'measure':{'text':'HbA1c'},'detailRange':{'low':{'value':6.0,'unit':'%'},"
                    "'high':{'value':7.0,'unit':'%'}}},{'detailBoolean':false}]"),
         "g - target: steps 8000 - target: HbA1c 6.0-7.0 % - target: no (false) - active"},
        {"{'resourceType':'FamilyMemberHistory','id':'x','status':'completed','patient':{'reference':'Patient/p'},"
         "'relationship':{'text':'father'},'deceasedAge':{'value':62,'code':'a'}}",
         "father - this relative died at the age of 62 years"},
        {"{'resourceType':'FamilyMemberHistory','id':'x','status':'completed','patient':{'reference':'Patient/p'},"
         "'relationship':{'text':'father'},'deceasedBoolean':true}",
         "father - this relative has died"},
        {"{'resourceType':'FamilyMemberHistory','id':'x','status':'completed','patient':{'reference':'Patient/p'},"
         "'relationship':{'text':'father'},'deceasedBoolean':false}",
         "father"},
        {OF("Condition", "'code':{'text':'asthma'},'clinicalStatus':{'coding':[{'code':'active'}]},"
                         "'onsetAge':{'value':12,'comparator':'<','code':'a'}"),
         "asthma - since at the age of less than 12 years - active"},
        /* the document behind it is void: its words are not read out, whatever the reference's own status */
        {OF("DocumentReference", "'status':'current','docStatus':'entered-in-error','type':{'text':'Letter'},"
                                 "'description':'give 9 mg'"),
         "ENTERED IN ERROR: Letter"},
        {OF("QuestionnaireResponse", "'status':'completed'"), "Form without a name - completed"},
    };

    ROWS(table);
}

/* REQ: a row whose own reference names somebody else is refused, whoever hands it over. */
static void whose(void)
{
    static const char *const others[] = {
        "{'resourceType':'Observation','id':'x','status':'final','subject':{'reference':'Patient/q'},'code':{'text':'t'}}",
        "{'resourceType':'Observation','id':'x','status':'final','subject':{'reference':'#p'},'code':{'text':'t'}}",
        "{'resourceType':'Observation','id':'x','status':'final','subject':{'reference':'Group/p'},'code':{'text':'t'}}",
        "{'resourceType':'Observation','id':'x','status':'final','code':{'text':'t'}}",
        "{'resourceType':'Observation','id':'x','status':'final','subject':{'reference':'http://a.example/Patient/p'},'code':{'text':'t'}}",
    };

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CU_ASSERT_EQUAL(show(others[i]).code, ERR_NOTFOUND);
    CU_ASSERT_EQUAL(show("{'resourceType':'Appointment','id':'x','status':'booked','participant':[{'actor':{'reference':"
                         "'Practitioner/p'}},{'actor':{'reference':'Patient/p'}}]}").code, ERR_OK);
}

/* Server text is never a command to the terminal, and never cut in silence. */
static void hostile(void)
{
    char *big = mem_alloc(20000), name[6000];
    struct shown s = show("{'resourceType':'Observation','id':'x','status':'final','subject':{'reference':'Patient/p'},"
                          "'code':{'text':'a\\u001b[2Jb\\u202ec'},'valueString':'d\\u0000\\re'}");

    UNIT_STR(s.text, "a<ESC>[2Jb<U+202E>c d<NUL><CR>e");
    memset(name, 'n', 5000);
    name[5000] = '\0';
    snprintf(big, 20000, OBS(",'valueString':'%s'"), name);
    s = show(big);
    CU_ASSERT(strstr(s.text, "nn [+904 bytes]") != NULL || strlen(s.text) == sizeof s.text - 1);
    mem_free(big);
    s = show("{'resourceType':'Basic','id':'x','code':{'text':'odd thing'},'status':'new'}");
    UNIT_STR(s.text, "Basic: odd thing - status new");
}

/* REQ: refuted, resolved and struck never count; "no known drug allergy" is not "no known allergies". */
static void allergies(void)
{
    static const struct {
        const char *json;
        enum codes_allergy row;
    } table[] = {
        {"{'code':{'text':'penicillin'}}", CODES_ALLERGY_LIVE},
        {"{'code':{'text':'penicillin'},'clinicalStatus':{'coding':[{'code':'inactive'}]}}", CODES_ALLERGY_LIVE},
        {"{'code':{'text':'penicillin'},'clinicalStatus':{'coding':[{'code':'resolved'}]}}", CODES_ALLERGY_PAST},
        {"{'code':{'text':'penicillin'},'verificationStatus':{'coding':[{'code':'refuted'}]}}", CODES_ALLERGY_VOID},
        {"{'code':{'text':'penicillin'},'verificationStatus':{'coding':[{'code':'entered-in-error'}]}}", CODES_ALLERGY_VOID},
        {"{'code':{'text':'penicillin'},'verificationStatus':{'coding':[{'system':'urn:x','code':'R'},{'system':"
         "'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification','code':'refuted'}]}}", CODES_ALLERGY_VOID},
        {"{'code':{'text':'penicillin'},'verificationStatus':{'coding':[{'code':'unconfirmed'}]}}", CODES_ALLERGY_LIVE},
        {"{'code':{'coding':[{'system':'http://snomed.info/sct','code':'716186003'}]}}", CODES_ALLERGY_NONE},
        {"{'code':{'coding':[{'system':'http://snomed.info/sct','code':'716186003'}]},'verificationStatus':{'coding':"
         "[{'code':'entered-in-error'}]}}", CODES_ALLERGY_VOID},
        {"{'code':{'coding':[{'system':'http://snomed.info/sct','code':'409137002'}]}}", CODES_ALLERGY_PARTIAL},
        {"{'code':{'text':'No Known  Allergies'}}", CODES_ALLERGY_NONE},
        {"{'code':{'text':'NKDA'}}", CODES_ALLERGY_PARTIAL},
        {"{'code':{'text':'no known allergies to nuts but penicillin'}}", CODES_ALLERGY_LIVE},
        {"{}", CODES_ALLERGY_LIVE},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char *json = mem_dup(table[i].json, strlen(table[i].json));
        struct tape t;

        for (char *c = json; *c; c++)
            if (*c == '\'')
                *c = '"';
        CU_ASSERT_EQUAL(tape_parse(&t, str_of(json), NULL), ERR_OK);
        if (codes_allergy_read(&t) != table[i].row)
            printf("\n    %s ", table[i].json);
        CU_ASSERT_EQUAL(codes_allergy_read(&t), table[i].row);
        tape_fini(&t);
        mem_free(json);
    }
    UNIT_STR(model_allergy_words(MODEL_ALLERGIES_KNOWN), "Known allergies");
    UNIT_STR(model_allergy_words(MODEL_ALLERGIES_NONE_KNOWN), "No known allergies");
    UNIT_STR(model_allergy_words(MODEL_ALLERGIES_NOT_RECORDED), "Allergies not recorded");
    UNIT_STR(model_allergy_words(MODEL_ALLERGIES_UNAVAILABLE), "Allergies unavailable");
}

/* Every code has a sentence of its own: what, where, what to do. */
static void sentences(void)
{
    static const int codes[] = {
#define CODE(code, status) code,
        ERR_TABLE(CODE)
#undef CODE
    };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct err e = {.code = codes[i], .what = "thing", .num = 7, .sub = 8};
        struct buf b;

        buf_init(&b, 4096);
        model_say(&e, &b);
        CU_ASSERT(b.n > 20 && strncmp(b.p, "ERR_", 4) && strchr(b.p, ';'));
        buf_fini(&b);
    }
}

static int64_t fixed(void *arg)
{
    (void)arg;
    return NOW_MS;
}

/* REQ: "synced" means that the server acknowledged it; a failure or a line that is down never says so. */
static void sync_words(void)
{
    struct model m = {.clock = {fixed, fixed, NULL}};
    struct model_sync s = {.last_ms = NOW_MS - 60000, .next_ms = NOW_MS + 600000};
    struct arena a;
    struct text t;

    arena_init(&a, 10000);
    for (int p = MODEL_SYNC_NEVER; p <= MODEL_SYNC_FAILED; p++) {
        s.phase = (enum model_sync_phase)p;
        s.err.code = ERR_TLS;
        model_sync_words(&m, &s, &a, &t);
        CU_ASSERT(t.n > 0);
        CU_ASSERT_EQUAL(strncmp(t.s, "synced 23-Nov ", 14) == 0, p == MODEL_SYNC_IDLE);
        CU_ASSERT_EQUAL(strstr(t.s, "synced") != NULL, p == MODEL_SYNC_IDLE);
    }
    UNIT_STR(t.s, "NOT up to date since 23-Nov 14:04: the server's certificate was refused");
    UNIT_STR(model_sync_todo(&s), "nothing was sent; ask your support, do not go around it");
    s.phase = MODEL_SYNC_RUNNING; /* the age stays while it runs */
    model_sync_words(&m, &s, &a, &t);
    UNIT_STR(t.s, "fetching, no answer yet; as of 23-Nov 14:04");
    UNIT_STR(model_sync_todo(&s), "");
    s.phase = MODEL_SYNC_IDLE;
    s.last_ms = 0;
    model_sync_words(&m, &s, &a, &t);
    UNIT_STR(t.s, "no complete sync yet");
    s.phase = MODEL_SYNC_OFFLINE; /* a part may have been fetched: never "nothing" */
    model_sync_words(&m, &s, &a, &t);
    UNIT_STR(t.s, "offline, no complete sync yet");
    arena_fini(&a);
}

static const struct unit_test tests[] = {
    {"doses", doses},
    {"timings", timings},
    {"orders", orders},
    {"results", results},
    {"flags and dates", labels},
    {"orders, goals, relatives", others},
    {"a row of another patient is refused", whose},
    {"hostile and unknown resources", hostile},
    {"which allergies count", allergies},
    {"every error has a sentence", sentences},
    {"the state of the sync in words", sync_words},
};
UNIT_MAIN("words", tests)
