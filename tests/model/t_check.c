/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An order against a chart in a store: which rows count, and that what is not here is said. Kills tests/mutants:
 * check-not-fetched-is-whole.
 */
#include "config.h"

#include "tests/model/ward.h"

#include "model/check.h"
#include "store/edit.h"

#define RX(id, status, drug, rest)                                                                                     \
    "{'resourceType':'MedicationRequest','id':'" id "','status':'" status "','intent':'order','subject':{'reference':" \
    "'Patient/p'},'authoredOn':'2026-11-01','medicationCodeableConcept':{'text':'" drug "'}" rest "}"
#define ALLERGY(id, rest)                                                                                              \
    "{'resourceType':'AllergyIntolerance','id':'" id "','patient':{'reference':'Patient/p'}," rest "}"

static struct cds *tables(void)
{
    static const struct date today = {.precision = DATE_DAY, .year = 2026, .month = 12, .day = 1};
    const char *top = getenv("top_srcdir");
    char drugs[1100], rules[1100];
    struct err e = ERR_NONE;
    struct cds *c = NULL;

    snprintf(drugs, sizeof drugs, "%s/data/drugs", top ? top : ".");
    snprintf(rules, sizeof rules, "%s/data/cds", top ? top : ".");
    CU_ASSERT_EQUAL_FATAL(cds_open(drugs, rules, &today, &c, &e), ERR_OK);
    return c;
}

#define BASKET_MOST 2
static int order_with(struct ward *w, const struct cds *c, const char *drug, const char *const *others, unsigned n,
                      struct cds_result *out)
{
    static const char form[] = "{\"resourceType\":\"MedicationRequest\",\"medicationCodeableConcept\":{\"text\":\"%s\"}}";
    char one[512], more[BASKET_MOST][512];
    struct str basket[BASKET_MOST];
    struct err e = ERR_NONE;

    snprintf(one, sizeof one, form, drug);
    for (unsigned i = 0; i < n; i++) {
        snprintf(more[i], sizeof more[i], form, others[i]);
        basket[i] = str_of(more[i]);
    }
    return model_check_order(&w->m, c, STR("p"), str_of(one), basket, n, STR(""), out, &e);
}

static int order(struct ward *w, const struct cds *c, const char *drug, const char *other, struct cds_result *out)
{
    return order_with(w, c, drug, &other, other ? 1 : 0, out);
}

static bool says(const struct cds_result *r, enum cds_kind kind, enum cds_state state, const char *words)
{
    bool good = r->check[kind].state == state && strstr(r->check[kind].line.s, words);

    if (!good)
        printf("\n    want \"%s\": %s ", words, r->check[kind].line.s);
    return good;
}

static void which_rows(void)
{
    static const struct {
        const char *json;
        enum cds_tier tier;
        bool found;
        const char *words;
    } rows[] = {
        {RX("a", "active", "warfarin", ""), CDS_STOP, true, "(active, of 01-Nov-2026)"},
        {RX("a", "unknown", "warfarin", ""), CDS_STOP, true, "(active"},
        {RX("a", "on-hold", "warfarin", ""), CDS_STOP, true, "(on hold"},
        {RX("a", "draft", "warfarin", ""), CDS_STOP, true, "(not signed yet"},
        {RX("a", "active", "warfarin", ",'doNotPerform':true"), CDS_STOP, true, "(DO NOT GIVE"},
        {RX("a", "cancelled", "warfarin", ""), 0, false, ""},
        {RX("a", "stopped", "warfarin", ""), 0, false, ""},
        {RX("a", "entered-in-error", "warfarin", ""), 0, false, ""},
        {"{'resourceType':'MedicationRequest','id':'a','status':'active','intent':'proposal','subject':{'reference':'Patient/p'},"
         "'medicationCodeableConcept':{'text':'warfarin'}}", CDS_ASK, true, "(planned or proposed)"},
        {RX("a", "cancelled", "warfarin", ""), 0, false, ""}, /* it makes room for the next ones */
        {"{'resourceType':'MedicationStatement','id':'a','status':'active','subject':{'reference':'Patient/p'},"
         "'medicationCodeableConcept':{'text':'warfarin'}}", CDS_STOP, true, "(active)"},
        {"{'resourceType':'MedicationStatement','id':'a','status':'not-taken','subject':{'reference':'Patient/p'},"
         "'medicationCodeableConcept':{'text':'warfarin'}}", 0, false, ""},
        {"{'resourceType':'MedicationRequest','id':'a','status':'active','subject':{'reference':'Patient/p'},"
         "'medicationReference':{'reference':'Medication/m'}}", CDS_STOP, true, "Warfarin sodium 5 MG"},
        {"{'resourceType':'MedicationRequest','id':'a','status':'active','subject':{'reference':'Patient/p'},'contained':[{"
         "'resourceType':'Medication','id':'x','code':{'text':'Warfarin'}}],'medicationReference':{'reference':'#x'}}", CDS_STOP,
         true, "Warfarin (active)"},
        {"{'resourceType':'MedicationRequest','id':'a','status':'active','subject':{'reference':'Patient/p'},'contained':[{"
         "'resourceType':'Medication','id':'x','ingredient':[{'itemCodeableConcept':{'text':'warfarin'}}]}],"
         "'medicationReference':{'reference':'#x'}}", CDS_STOP, true, "warfarin (active)"},
    };
    struct cds *c = tables();
    struct ward w;

    begin(&w);
    put(&w, "{'resourceType':'Medication','id':'m','code':{'text':'Warfarin sodium 5 MG'}}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct cds_result r;

        put(&w, rows[i].json); /* in the place of the one before */
        CU_ASSERT_EQUAL(order(&w, c, "warfarin", NULL, &r), ERR_OK);
        if (r.check[CDS_DUPLICATE].found != rows[i].found || r.check[CDS_DUPLICATE].lacks)
            printf("\n    %s: %s ", rows[i].json, r.check[CDS_DUPLICATE].line.s);
        CU_ASSERT(r.check[CDS_DUPLICATE].found == rows[i].found && !r.check[CDS_DUPLICATE].lacks);
        if (rows[i].found && r.cards)
            CU_ASSERT(r.card[0].tier == rows[i].tier && strstr(r.card[0].why.s, rows[i].words) != NULL);
        cds_result_fini(&r);
    }
    end(&w);
    cds_free(c);
}

static void the_chart(void)
{
    struct cds *c = tables();
    struct cds_result r;
    struct ward w;

    begin(&w);
    CU_ASSERT_EQUAL(order(&w, c, "amoxicillin", NULL, &r), ERR_OK);
    CU_ASSERT(says(&r, CDS_ALLERGY, CDS_COULD_NOT_RUN, "allergies not recorded"));
    cds_result_fini(&r);
    put(&w, ALLERGY("1", "'code':{'text':'Penicillin'}"));
    put(&w, RX("a", "active", "metformin", ""));
    put(&w, RX("b", "active", "wonderol", ""));
    put_damaged(&w, RX("c", "active", "x", ""));
    put(&w, "{'resourceType':'MedicationRequest','id':'d','status':'active','subject':{'reference':'Patient/p'},"
            "'medicationReference':{'reference':'Medication/none','display':'nobody knows'}}");
    CU_ASSERT_EQUAL(order(&w, c, "amoxicillin", "ibuprofen", &r), ERR_OK);
    CU_ASSERT(says(&r, CDS_ALLERGY, CDS_FOUND, "FOUND 1") && r.stops && r.card[0].kind == CDS_ALLERGY);
    CU_ASSERT(says(&r, CDS_INTERACTION, CDS_COULD_NOT_RUN, "2 medicines are not, or not wholly, in the drug table: "));
    CU_ASSERT(says(&r, CDS_INTERACTION, CDS_COULD_NOT_RUN, "wonderol"));
    CU_ASSERT(says(&r, CDS_INTERACTION, CDS_COULD_NOT_RUN, "nobody knows"));
    CU_ASSERT(says(&r, CDS_INTERACTION, CDS_COULD_NOT_RUN, "1 medicine cannot be read"));
    cds_result_fini(&r);
    CU_ASSERT_EQUAL(order(&w, c, "warfarin", "ibuprofen", &r), ERR_OK); /* another one of the basket */
    CU_ASSERT(says(&r, CDS_INTERACTION, CDS_FOUND, "FOUND 1 (list of 30-Nov-2026); NOT CHECKED"));
    CU_ASSERT(r.cards == 1 && strstr(r.card[0].why.s, "ibuprofen (not signed yet)") != NULL);
    cds_result_fini(&r);
    CU_ASSERT_EQUAL(order_with(&w, c, "warfarin", (const char *const[]){"ibuprofen", "naproxen"}, 2, &r), ERR_OK);
    CU_ASSERT(says(&r, CDS_INTERACTION, CDS_FOUND, "FOUND 2")); /* REQ: each has a card, and a key of its own */
    CU_ASSERT(r.cards == 2 && !str_eq(r.card[0].key, r.card[1].key));
    cds_result_fini(&r);
    end(&w);
    cds_free(c);
}

/* REQ: what was never fetched is not "none". */
static void not_fetched(void)
{
    struct store_mark none = {.type = "MedicationRequest"};
    struct cds *c = tables();
    struct err e = ERR_NONE;
    struct store_tx *tx;
    struct cds_result r;
    struct ward w;

    begin(&w);
    put(&w, ALLERGY("1", "'code':{'text':'no known allergies'}"));
    CU_ASSERT_EQUAL(order(&w, c, "amlodipine", NULL, &r), ERR_OK);
    CU_ASSERT(r.check[CDS_INTERACTION].state == CDS_CLEAN && r.check[CDS_ALLERGY].state == CDS_CLEAN);
    cds_result_fini(&r);
    CU_ASSERT_EQUAL_FATAL(store_begin(w.m.store, false, &tx, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_mark_put(tx, &none, &e), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, &e), ERR_OK);
    CU_ASSERT_EQUAL(order(&w, c, "amlodipine", NULL, &r), ERR_OK);
    CU_ASSERT(says(&r, CDS_INTERACTION, CDS_COULD_NOT_RUN, "medicines NOT FETCHED"));
    CU_ASSERT(r.check[CDS_ALLERGY].state == CDS_CLEAN);
    cds_result_fini(&r);
    CU_ASSERT_EQUAL(model_check_order(&w.m, c, STR("nobody"), STR("{}"), NULL, 0, STR(""), &r, &e), ERR_NOTFOUND);
    cds_result_fini(&r);
    CU_ASSERT_EQUAL(model_check_order(&w.m, c, STR("p"), STR("{"), NULL, 0, STR(""), &r, &e), ERR_JSON);
    cds_result_fini(&r);
    end(&w);
    cds_free(c);
}

/* By the chart's own weight, and its day. */
static void the_weight(void)
{
    static const char dose[] =
        "{\"resourceType\":\"MedicationRequest\",\"medicationCodeableConcept\":{\"text\":\"paracetamol\"},\"dosageInstruction\":[{"
        "\"route\":{\"text\":\"oral\"},\"timing\":{\"repeat\":{\"frequency\":1,\"period\":1,\"periodUnit\":\"d\"}},\"doseAndRate\":[{"
        "\"doseQuantity\":{\"value\":200,\"unit\":\"mg\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"}}]}]}";
    struct cds *c = tables();
    struct err e = ERR_NONE;
    struct cds_result r;
    struct ward w;

    begin_with(&w, "{'resourceType':'Patient','id':'p','birthDate':'2024-05-17'}");
    CU_ASSERT_EQUAL(model_check_order(&w.m, c, STR("p"), str_of(dose), NULL, 0, STR(""), &r, &e), ERR_OK);
    CU_ASSERT(says(&r, CDS_SINGLE_DOSE, CDS_COULD_NOT_RUN, "the weight is not known"));
    cds_result_fini(&r);
    put(&w, OBS("w", "2026-11-20", "final", VITAL "'code':{'coding':[{'system':'http://loinc.org','code':'29463-7'}]}," QTY("12.5", "kg")));
    CU_ASSERT_EQUAL(model_check_order(&w.m, c, STR("p"), str_of(dose), NULL, 0, STR(""), &r, &e), ERR_OK);
    CU_ASSERT(says(&r, CDS_SINGLE_DOSE, CDS_FOUND, "FOUND 1"));
    if (r.cards)
        UNIT_STR(r.card[0].summary.s, "acetaminophen: 200 mg at once, more than the maximum of 187.5 mg");
    cds_result_fini(&r);
    end(&w);
    cds_free(c);
}

static const struct unit_test tests[] = {
    {"which rows count", which_rows},
    {"allergies, medicines, the basket", the_chart},
    {"a chart that is not here", not_fetched},
    {"by weight", the_weight},
};

UNIT_MAIN("check", tests)
