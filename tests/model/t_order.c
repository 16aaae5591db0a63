/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prescribing without a screen: what is found, read, asked, checked, kept, signed, and done to an order. Kills
 * tests/mutants: order-check-skipped, order-old-words, order-nurse-signs, order-unnamed-signs,
 * order-refills-defaulted, order-quantity-of-another, order-colleague-signed, order-stale-signed, order-both-in-force,
 * order-stop-unreasoned.
 */
#include "config.h"

#include "tests/model/ward.h"

#include "model/order.h"

#define RX(id, status, drug, rest)                                                                                     \
    "{'resourceType':'MedicationRequest','id':'" id "','status':'" status "','intent':'order','subject':{'reference':" \
    "'Patient/p'},'authoredOn':'2026-11-01','medicationCodeableConcept':{'text':'" drug "'}" rest "}"
#define DOSE(mg)                                                                                                       \
    ",'dosageInstruction':[{'timing':{'repeat':{'frequency':1,'period':1,'periodUnit':'d'},'code':{'coding':[{"        \
    "'system':'http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation','code':'QD'}]}},'route':{'coding':[{"         \
    "'system':'http://terminology.hl7.org/CodeSystem/v2-0162','code':'PO'}],'text':'by mouth'},'doseAndRate':[{"       \
    "'doseQuantity':{'value':" mg ",'unit':'mg','system':'http://unitsofmeasure.org','code':'mg'}}]}]"
#define DOCTOR "Practitioner/d"

struct desk {
    struct ward w;
    struct cds *cds;
    struct sig_words *words;
    struct rng rng;
    uint64_t seed;
    struct order_env env;
    struct arena a;
};

static void desk_open(struct desk *d, const char *patient)
{
    static const struct date today = {.precision = DATE_DAY, .year = 2026, .month = 12, .day = 1};
    const char *top = getenv("top_srcdir");
    char drugs[1100], rules[1100], sig[1100];
    struct err e = ERR_NONE;

    memset(d, 0, sizeof *d);
    snprintf(drugs, sizeof drugs, "%s/data/drugs", top ? top : ".");
    snprintf(rules, sizeof rules, "%s/data/cds", top ? top : ".");
    snprintf(sig, sizeof sig, "%s/data/sig", top ? top : ".");
    begin_with(&d->w, patient);
    CU_ASSERT_EQUAL_FATAL(cds_open(drugs, rules, &today, &d->cds, &e), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(model_sig_words_load(sig, "en", &d->words, &e), ERR_OK);
    d->rng = rng_seeded(&d->seed);
    d->env = (struct order_env){&d->w.m, d->cds, d->words, &d->rng};
    d->w.m.clock.boot_ms = ward_now;
    snprintf(d->w.m.practitioner, sizeof d->w.m.practitioner, "%s", DOCTOR);
    snprintf(d->w.m.role, sizeof d->w.m.role, "%s", "prescriber");
    snprintf(d->w.m.session, sizeof d->w.m.session, "%s", "0123456789abcdef0123456789abcdef");
    arena_init(&d->a, 64u << 20);
}

static void desk_close(struct desk *d)
{
    arena_fini(&d->a);
    cds_free(d->cds);
    model_sig_words_free(d->words);
    end(&d->w);
}

#define WOMAN "{'resourceType':'Patient','id':'p','gender':'female','birthDate':'1979-05-17'}"

/* The row of a search with these words, in any letters. */
static struct order_drug drug(struct desk *d, const char *typed, const char *words)
{
    struct order_drugs all;
    struct err e = ERR_NONE;

    CU_ASSERT_EQUAL_FATAL(model_order_search(cds_drugs(d->cds), str_of(typed), &d->a, &all, &e), ERR_OK);
    for (unsigned i = 0; i < all.n; i++)
        if (!strcasecmp(all.row[i].words.s, words))
            return all.row[i];
    printf("\n    %s: no row %s ", typed, words);
    CU_FAIL_FATAL("no such drug");
    return (struct order_drug){.product = false};
}

static int compose(struct desk *d, const char *typed, const char *words, const char *line, struct order *o)
{
    struct order_drug x = drug(d, typed, words);
    struct err e = ERR_NONE;

    return model_order_compose(&d->env, STR("p"), &x, str_of(line), STR(""), o, &e);
}

static bool has(struct str s, const char *words)
{
    bool good = s.p && memmem(s.p, s.n, words, strlen(words));

    if (!good)
        printf("\n    want \"%s\": %.*s ", words, STR_ARG(s));
    return good;
}

static bool in_store(struct desk *d, const char *id, const char *words)
{
    struct err e = ERR_NONE;
    struct buf b;
    bool good;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    good = !store_get(d->w.m.store, STR("MedicationRequest"), str_of(id), &b, &e) && has(buf_str(&b), words);
    buf_fini(&b);
    return good;
}

/* Written as the store thread would, when it could be made; w is done with. */
static int file(struct desk *d, int code, struct model_filing *w, struct err *e)
{
    unsigned ops;

    code = code ? code : model_filing_write(&d->w.m, w, &d->rng, &ops, e);
    model_filing_fini(w);
    return code;
}

static int keep(struct desk *d, const struct order *o, struct err *e)
{
    struct model_filing w;

    return file(d, model_order_keep(o, &w, e), &w, e);
}

static int sign(struct desk *d, const struct order_basket *b, unsigned *n, struct err *e)
{
    struct model_filing w;
    int code = file(d, model_order_sign(&d->env, b, &w, n, e), &w, e);

    *n = code ? 0 : *n;
    return code;
}

static int act(struct desk *d, struct str chart, struct str id, enum order_act act, struct str reason, struct err *e)
{
    struct model_filing w;

    return file(d, model_order_do(&d->env, chart, id, act, reason, &w, e), &w, e);
}

/* A draft of that line; its id in id. */
static void draft(struct desk *d, const char *typed, const char *line, char id[37])
{
    struct err e = ERR_NONE;
    struct order o;

    CU_ASSERT_EQUAL_FATAL(compose(d, typed, typed, line, &o), ERR_OK);
    CU_ASSERT_FATAL(o.ready);
    for (unsigned i = 0; i < o.checks.cards; i++)
        if (o.checks.card[i].tier == CDS_STOP)
            CU_ASSERT_EQUAL(model_order_answer(&d->env, &o, i, STR("specialist's advice"), &e), ERR_OK);
    CU_ASSERT_EQUAL(keep(d, &o, &e), ERR_OK);
    snprintf(id, 37, "%s", o.id);
    model_order_fini(&o);
}

/* --- the drug ---------------------------------------------------------------------------------- */

static void search(void)
{
    struct order_drugs all;
    struct err e = ERR_NONE;
    struct desk d;

    desk_open(&d, WOMAN);
    CU_ASSERT_EQUAL(model_order_search(cds_drugs(d.cds), STR("f"), &d.a, &all, &e), ERR_OK);
    CU_ASSERT(!all.n && strstr(all.words.s, "at least 2"));
    CU_ASSERT_EQUAL(model_order_search(cds_drugs(d.cds), STR("flu"), &d.a, &all, &e), ERR_OK);
    CU_ASSERT(all.n > 1 && all.all >= all.n); /* REQ: nothing is chosen, however much of a name is typed */
    CU_ASSERT_EQUAL(model_order_search(cds_drugs(d.cds), STR("fluoxetine"), &d.a, &all, &e), ERR_OK);
    UNIT_STR(all.row[0].words.s, "FLUoxetine");
    CU_ASSERT_EQUAL(model_order_search(cds_drugs(d.cds), STR("in"), &d.a, &all, &e), ERR_OK);
    CU_ASSERT(all.n == ORDER_DRUGS_SHOWN ? all.all > all.n : all.all == all.n);
    CU_ASSERT(strstr(all.words.s, "shows ") == all.words.s);
    CU_ASSERT_EQUAL(model_order_search(cds_drugs(d.cds), STR("paracetamol"), &d.a, &all, &e), ERR_OK);
    CU_ASSERT(all.n > 1 && !strcmp(all.row[0].via.s, "paracetamol")); /* and its products behind it */
    CU_ASSERT(all.row[1].product && str_is(all.row[1].route, "PO"));
    desk_close(&d);
}

/* --- the line ---------------------------------------------------------------------------------- */

static void composing(void)
{
    static const struct {
        const char *line, *words, *quantity, *lack; /* lack: what is asked for first; then nothing else counts */
        unsigned asks;
    } rows[] = {
        {"500 mg po tid 7d #21 r2", "500 mg - by mouth - 3 times a day, for 7 days", "21 (3 a day x 7 days = 21)", NULL, 0},
        {"500 mg po tid 7d #20 r2", "supply 20 (no unit recorded) - 2 refills", "20 - NOT THE SUM: 3 a day x 7 days = 21", NULL, 0},
        {"2 tab po tid 7d r0", "supply 42 tablets - 0 refills", "42 tablets (2 tablets x 3 a day x 7 days = 42 tablets)", NULL, 0},
        {"500 mg tid 7d r0", "by mouth", "NOT SAID; doses: 3 a day x 7 days = 21", NULL, 0}, /* the form's route */
        {"500 mg iv tid 7d r0", "intravenous", "NOT SAID", NULL, 0},                       /* what is typed stands */
        {"500 mg po tid 7d", NULL, NULL, "NOT SAID: the number of refills", 0},
        {"500 mg po 7d r0", NULL, NULL, "NOT SAID: how often", 0},
        {"po tid 7d r0", NULL, NULL, "NOT SAID: the dose", 0},
        {"500 mg po tid prn fever 7d r0", NULL, NULL, "NOT SAID: the maximum of what is taken as needed", 0},
        {"500 po tid 7d r0", NULL, NULL, NULL, 1},
        {"500 mg po qd 7d r0", NULL, NULL, NULL, 1},
        {"15 mg/kg po tid 7d r0", NULL, NULL, NULL, 1},
    };
    struct desk d;

    desk_open(&d, WOMAN);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct order o;

        CU_ASSERT_EQUAL(compose(&d, "amoxicillin", "amoxicillin", rows[i].line, &o), ERR_OK);
        if (rows[i].words) {
            CU_ASSERT(o.ready && has((struct str){o.words.s, o.words.n}, rows[i].words));
            CU_ASSERT(has((struct str){o.quantity.s, o.quantity.n}, rows[i].quantity));
            CU_ASSERT(has((struct str){o.words.s, o.words.n}, "DRAFT (not signed): amoxicillin"));
        } else {
            CU_ASSERT(!o.ready && !o.bytes.n && o.sig && o.sig->asks >= rows[i].asks);
            if (rows[i].lack)
                CU_ASSERT(o.lacks && has((struct str){o.lack[0].s, o.lack[0].n}, rows[i].lack));
        }
        CU_ASSERT(o.route_filled == !strcmp(rows[i].line, "500 mg tid 7d r0"));
        model_order_fini(&o);
    }
    desk_close(&d);
}

/* REQ: what is checked, read back and kept are the same bytes; a STOP has a reason, and the reason stands in them. */
static void stopped(void)
{
    struct err e = ERR_NONE;
    struct order o;
    struct desk d;

    desk_open(&d, WOMAN);
    put(&d.w, "{'resourceType':'AllergyIntolerance','id':'1','patient':{'reference':'Patient/p'},'code':{'text':'Penicillin'},"
              "'criticality':'high','reaction':[{'manifestation':[{'text':'Anaphylaxis'}]}]}");
    CU_ASSERT_EQUAL(compose(&d, "amoxicillin", "amoxicillin", "500 mg po tid 7d r0", &o), ERR_OK);
    CU_ASSERT_FATAL(o.ready && o.checks.stops && o.checks.card[0].kind == CDS_ALLERGY);
    CU_ASSERT(has((struct str){o.checks.check[CDS_ALLERGY].line.s, o.checks.check[CDS_ALLERGY].line.n}, "FOUND 1"));
    CU_ASSERT_EQUAL(keep(&d, &o, &e), ERR_CHECKS);
    CU_ASSERT_EQUAL(model_order_answer(&d.env, &o, 0, STR(" . "), &e), ERR_INPUT);
    CU_ASSERT_EQUAL(model_order_answer(&d.env, &o, 0, STR("a\033[2J reason"), &e), ERR_INPUT);
    CU_ASSERT_EQUAL(model_order_answer(&d.env, &o, 9, STR("a reason"), &e), ERR_INPUT);
    CU_ASSERT_EQUAL(model_order_answer(&d.env, &o, 0, STR("tolerated in 2025"), &e), ERR_OK);
    CU_ASSERT(has((struct str){o.words.s, o.words.n}, "Given all the same: tolerated in 2025"));
    CU_ASSERT_EQUAL(model_order_open(&o.checks, buf_str(&o.bytes)), 0);
    CU_ASSERT_EQUAL(keep(&d, &o, &e), ERR_OK);
    CU_ASSERT(in_store(&d, o.id, "tolerated in 2025") && in_store(&d, o.id, "\"status\":\"draft\""));
    CU_ASSERT(in_store(&d, o.id, "\"requester\":{\"reference\":\"" DOCTOR "\"}"));
    model_order_fini(&o);
    desk_close(&d);
}

/* --- signing ----------------------------------------------------------------------------------- */

struct rows_seen {
    char why[16][24];
    unsigned n;
};

static int see(void *arg, int64_t seq, const struct audit_event *ev)
{
    struct rows_seen *r = arg;

    (void)seq;
    if (r->n < 16)
        snprintf(r->why[r->n++], sizeof r->why[0], "%.*s", STR_ARG(ev->reason));
    return 0;
}

static void signing(void)
{
    struct order_basket b;
    struct rows_seen seen = {.n = 0};
    struct err e = ERR_NONE;
    char one[37], two[37];
    struct desk d;
    unsigned n;

    desk_open(&d, WOMAN);
    draft(&d, "amlodipine", "5 mg po daily 30d r1", one);
    draft(&d, "metformin", "500 mg po bid 30d r1", two);
    put(&d.w, RX("x", "draft", "ibuprofen", ",'requester':{'reference':'Practitioner/else'}"));
    CU_ASSERT_EQUAL_FATAL(model_order_basket(&d.env, STR("p"), &b, &e), ERR_OK);
    CU_ASSERT(b.n == 2 && b.others == 1);
    CU_ASSERT_EQUAL(sign(&d, &b, &n, &e), ERR_OPEN); /* REQ: none is ticked beforehand */
    for (unsigned i = 0; i < b.n; i++)
        b.line[i].ticked = !strcmp(b.line[i].id, two);
    for (unsigned i = 0; i < b.n; i++)
        CU_ASSERT(!strstr(b.line[i].words.s, "DRAFT") && has(buf_str(&b.line[i].bytes), "\"status\":\"active\""));
    CU_ASSERT_EQUAL(sign(&d, &b, &n, &e), ERR_OK);
    CU_ASSERT(n == 1 && in_store(&d, two, "\"status\":\"active\"") && in_store(&d, one, "\"status\":\"draft\"") &&
              in_store(&d, "x", "\"status\":\"draft\""));
    CU_ASSERT_EQUAL(sign(&d, &b, &n, &e), ERR_STALE); /* it is signed already */
    model_order_basket_fini(&b);
    CU_ASSERT_EQUAL_FATAL(model_order_basket(&d.env, STR("p"), &b, &e), ERR_OK);
    CU_ASSERT(b.n == 1 && !strcmp(b.line[0].id, one));
    /* REQ: what was shown is what is signed: a draft that has changed since is not. */
    put(&d.w, RX("y", "draft", "acetaminophen", ",'requester':{'reference':'" DOCTOR "'}" DOSE("400")));
    model_order_basket_fini(&b);
    CU_ASSERT_EQUAL_FATAL(model_order_basket(&d.env, STR("p"), &b, &e), ERR_OK);
    CU_ASSERT(b.n == 2);
    put(&d.w, RX("y", "draft", "acetaminophen", ",'requester':{'reference':'" DOCTOR "'}" DOSE("4000")));
    b.line[0].ticked = b.line[1].ticked = true;
    CU_ASSERT_EQUAL(sign(&d, &b, &n, &e), ERR_STALE);
    CU_ASSERT(!n && in_store(&d, one, "\"status\":\"draft\"") && in_store(&d, "y", "\"status\":\"draft\""));
    model_order_basket_fini(&b);
    CU_ASSERT_EQUAL(audit_each(d.w.m.store, 0, 0, see, &seen, &e), 0);
    CU_ASSERT(seen.n == 3 && !strcmp(seen.why[0], "draft") && !strcmp(seen.why[2], "signed"));
    desk_close(&d);
}

/* REQ: a STOP that came up since the draft was made is answered before it is signed. */
static void stopped_since(void)
{
    struct order_basket b;
    struct err e = ERR_NONE;
    char one[37];
    struct desk d;
    unsigned n;

    desk_open(&d, WOMAN);
    draft(&d, "amoxicillin", "500 mg po tid 7d r0", one);
    put(&d.w, "{'resourceType':'AllergyIntolerance','id':'1','patient':{'reference':'Patient/p'},'code':{'text':'Penicillin'},"
              "'criticality':'high','reaction':[{'manifestation':[{'text':'Anaphylaxis'}]}]}");
    CU_ASSERT_EQUAL_FATAL(model_order_basket(&d.env, STR("p"), &b, &e), ERR_OK);
    CU_ASSERT_FATAL(b.n == 1 && b.line[0].checks.stops);
    b.line[0].ticked = true;
    CU_ASSERT_EQUAL(sign(&d, &b, &n, &e), ERR_CHECKS);
    CU_ASSERT(in_store(&d, one, "\"status\":\"draft\""));
    CU_ASSERT_EQUAL(model_order_line_answer(&d.env, &b, 0, 0, STR("no other drug here"), &e), ERR_OK);
    CU_ASSERT(has((struct str){b.line[0].words.s, b.line[0].words.n}, "no other drug here"));
    CU_ASSERT_EQUAL(sign(&d, &b, &n, &e), ERR_OK);
    CU_ASSERT(in_store(&d, one, "no other drug here") && in_store(&d, one, "\"status\":\"active\""));
    model_order_basket_fini(&b);
    desk_close(&d);
}

static void roles(void)
{
    static const struct {
        const char *role, *practitioner;
        enum order_may may;
    } rows[] = {
        {"prescriber", DOCTOR, ORDER_MAY_SIGN}, {"prescriber", "", ORDER_MAY_DRAFT}, {"nurse", DOCTOR, ORDER_MAY_DRAFT},
        {"", DOCTOR, ORDER_MAY_DRAFT},          {"chief", DOCTOR, ORDER_MAY_DRAFT},  {"support", DOCTOR, ORDER_MAY_NOT},
        {"registrar", DOCTOR, ORDER_MAY_NOT},
    };
    struct order_basket b;
    struct err e = ERR_NONE;
    char one[37];
    struct order o;
    struct desk d;
    unsigned n;

    desk_open(&d, WOMAN);
    draft(&d, "amlodipine", "5 mg po daily 30d r1", one);
    CU_ASSERT_EQUAL_FATAL(model_order_basket(&d.env, STR("p"), &b, &e), ERR_OK);
    b.line[0].ticked = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct order_basket none;

        snprintf(d.w.m.role, sizeof d.w.m.role, "%s", rows[i].role);
        snprintf(d.w.m.practitioner, sizeof d.w.m.practitioner, "%s", rows[i].practitioner);
        CU_ASSERT_EQUAL(model_order_may(&d.w.m), rows[i].may);
        CU_ASSERT((rows[i].may == ORDER_MAY_SIGN) == !model_order_may_words(&d.w.m)[0]);
        if (rows[i].may == ORDER_MAY_SIGN)
            continue;
        CU_ASSERT_EQUAL(sign(&d, &b, &n, &e), ERR_ROLE);
        CU_ASSERT_EQUAL(model_order_basket(&d.env, STR("p"), &none, &e), ERR_ROLE);
        model_order_basket_fini(&none);
        CU_ASSERT_EQUAL(act(&d, STR("p"), str_of(one), ORDER_STOP, STR("no more"), &e), ERR_ROLE);
        CU_ASSERT_EQUAL(compose(&d, "metformin", "metformin", "500 mg po bid 30d r1", &o),
                        rows[i].may == ORDER_MAY_NOT ? ERR_ROLE : ERR_OK);
        model_order_fini(&o);
    }
    model_order_basket_fini(&b);
    /* A nurse's draft: entered by the nurse, and nobody stands for it. Who drafted it takes it back. */
    snprintf(d.w.m.role, sizeof d.w.m.role, "%s", "nurse");
    snprintf(d.w.m.practitioner, sizeof d.w.m.practitioner, "%s", "Practitioner/n");
    draft(&d, "metformin", "500 mg po bid 30d r1", one);
    CU_ASSERT(in_store(&d, one, "\"recorder\":{\"reference\":\"Practitioner/n\"}"));
    snprintf(d.w.m.role, sizeof d.w.m.role, "%s", "prescriber");
    snprintf(d.w.m.practitioner, sizeof d.w.m.practitioner, "%s", "Practitioner/n"); /* even to the same person later: it was drafted by a nurse */
    CU_ASSERT_EQUAL_FATAL(model_order_basket(&d.env, STR("p"), &b, &e), ERR_OK);
    CU_ASSERT(b.n == 0 && b.others == 2);
    model_order_basket_fini(&b);
    snprintf(d.w.m.role, sizeof d.w.m.role, "%s", "nurse");
    CU_ASSERT_EQUAL(act(&d, STR("p"), str_of(one), ORDER_STOP, STR("wrong patient"), &e), ERR_OK);
    CU_ASSERT(in_store(&d, one, "\"status\":\"cancelled\""));
    desk_close(&d);
}

/* REQ: an order of another chart is not found in this one, and what names another patient is not signed: order_sign.c asks,
 * and so does edit.c behind it (fill-other-patient). */
static void other_patient(void)
{
    struct order_basket b;
    struct err e = ERR_NONE;
    struct arena a;
    struct order_again again;
    struct desk d;
    char one[37];
    unsigned n;

    desk_open(&d, WOMAN);
    put(&d.w, "{'resourceType':'Patient','id':'q','gender':'male','birthDate':'1979-05-17'}");
    put(&d.w, "{'resourceType':'MedicationRequest','id':'other','status':'active','intent':'order','subject':{'reference':"
              "'Patient/q'},'medicationCodeableConcept':{'text':'metformin'}" DOSE("500") "}");
    arena_init(&a, 1 << 20);
    CU_ASSERT_EQUAL(act(&d, STR("p"), STR("other"), ORDER_HOLD, STR(""), &e), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(model_order_again(&d.env, STR("p"), STR("other"), &a, &again, &e), ERR_NOTFOUND);
    arena_fini(&a);
    draft(&d, "amlodipine", "5 mg po daily 30d r1", one);
    CU_ASSERT_EQUAL_FATAL(model_order_basket(&d.env, STR("p"), &b, &e), ERR_OK);
    CU_ASSERT_FATAL(b.n == 1);
    b.line[0].ticked = true;
    snprintf(b.chart, sizeof b.chart, "%s", "q"); /* as if the screen had gone on to another patient */
    CU_ASSERT_EQUAL(sign(&d, &b, &n, &e), ERR_INPUT);
    CU_ASSERT(in_store(&d, one, "\"status\":\"draft\""));
    model_order_basket_fini(&b);
    desk_close(&d);
}

/* --- actions ----------------------------------------------------------------------------------- */

/* Is the row these bytes, with status for '@' and why behind them? */
static bool is_but(struct desk *d, const char *id, const struct buf *bytes, const char *status, const char *why)
{
    const char *at = memchr(bytes->p, '@', bytes->n);
    struct err e = ERR_NONE;
    char want[4096];
    struct buf b;
    bool good;

    snprintf(want, sizeof want, "%.*s%s%.*s%s%s%s", (int)(at - bytes->p), bytes->p, status,
             (int)(bytes->n - (size_t)(at - bytes->p) - 2), at + 1, why ? ",\"statusReason\":{\"text\":\"" : "",
             why ? why : "", why ? "\"}}" : "}");
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    good = !store_get(d->w.m.store, STR("MedicationRequest"), str_of(id), &b, &e) && str_is(buf_str(&b), want);
    if (!good)
        printf("\n    want %s:\n     got %.*s ", want, STR_ARG(buf_str(&b)));
    buf_fini(&b);
    return good;
}

static void acting(void)
{
    static const struct {
        enum order_act act;
        const char *reason;
        int code;
        const char *is, *why;
    } rows[] = {
        {ORDER_RELEASE, "", ERR_STATE, "active", NULL},
        {ORDER_HOLD, "surgery on Friday", ERR_OK, "on-hold", "surgery on Friday"},
        {ORDER_HOLD, "", ERR_STATE, "on-hold", "surgery on Friday"},
        {ORDER_RELEASE, "", ERR_OK, "active", NULL},
        {ORDER_STOP, "", ERR_INPUT, "active", NULL},
        {ORDER_STOP, "cough", ERR_OK, "stopped", "cough"},
        {ORDER_HOLD, "", ERR_STATE, "stopped", "cough"},
        {ORDER_ERROR, "", ERR_INPUT, "stopped", "cough"},
        {ORDER_ERROR, "another patient's", ERR_OK, "entered-in-error", "another patient's"},
        {ORDER_ERROR, "once more", ERR_STATE, "entered-in-error", "another patient's"},
    };
    struct err e = ERR_NONE;
    struct desk d;

    desk_open(&d, WOMAN);
    put(&d.w, RX("a", "active", "lisinopril", DOSE("5.0")));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf want; /* REQ: the order as it was, but for how it stands */

        buf_init(&want, 4096);
        buf_adds(&want, RX("a", "@", "lisinopril", DOSE("5.0")));
        for (size_t k = 0; k < want.n; k++)
            if (want.p[k] == '\'')
                want.p[k] = '"';
        CU_ASSERT_EQUAL(act(&d, STR("p"), STR("a"), rows[i].act, str_of(rows[i].reason), &e),
                        rows[i].code);
        CU_ASSERT(is_but(&d, "a", &want, rows[i].is, rows[i].why));
        buf_fini(&want);
    }
    CU_ASSERT_EQUAL(act(&d, STR("p"), STR("none"), ORDER_HOLD, STR(""), &e), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(act(&d, STR("file:p"), STR("a"), ORDER_HOLD, STR(""), &e), ERR_INPUT);
    desk_close(&d);
}

/* Another dose is another order; the one before is stopped with it, in one transaction, and not before. */
static void changing(void)
{
    struct order_again again;
    struct order_basket b;
    struct err e = ERR_NONE;
    struct order o;
    struct desk d;
    unsigned n;

    desk_open(&d, WOMAN);
    put(&d.w, RX("a", "active", "lisinopril", DOSE("5") ",'dispenseRequest':{'numberOfRepeatsAllowed':3}"));
    CU_ASSERT_EQUAL_FATAL(model_order_again(&d.env, STR("p"), STR("a"), &d.a, &again, &e), ERR_OK);
    UNIT_STR(again.line.s, "DOSE 5 mg - by mouth - once a day");
    UNIT_STR(again.prior, "MedicationRequest/a");
    /* REQ: refills are typed, also of what is renewed. */
    CU_ASSERT_EQUAL(model_order_compose(&d.env, STR("p"), &again.drug, str_of(again.line.s), str_of(again.prior), &o, &e), ERR_OK);
    CU_ASSERT(!o.ready && o.lacks == 1 && has((struct str){o.lack[0].s, o.lack[0].n}, "refills"));
    model_order_fini(&o);
    CU_ASSERT_EQUAL(model_order_compose(&d.env, STR("p"), &again.drug, STR("10 mg po daily 30d r1"), str_of(again.prior), &o, &e),
                    ERR_OK);
    CU_ASSERT_FATAL(o.ready);
    CU_ASSERT(has((struct str){o.words.s, o.words.n}, "10 mg - by mouth - once a day"));
    CU_ASSERT(!o.checks.check[CDS_DUPLICATE].found); /* it takes the other one's place */
    CU_ASSERT_EQUAL(keep(&d, &o, &e), ERR_OK);
    CU_ASSERT(in_store(&d, "a", "\"status\":\"active\"")); /* nothing has happened to it yet */
    CU_ASSERT_EQUAL_FATAL(model_order_basket(&d.env, STR("p"), &b, &e), ERR_OK);
    CU_ASSERT_FATAL(b.n == 1 && !strcmp(b.line[0].ends, "a"));
    CU_ASSERT(has((struct str){b.line[0].words.s, b.line[0].words.n}, "10 mg"));
    CU_ASSERT(has((struct str){b.line[0].ends_words.s, b.line[0].ends_words.n}, " 5 mg"));
    b.line[0].ticked = true;
    CU_ASSERT_EQUAL(sign(&d, &b, &n, &e), ERR_OK);
    CU_ASSERT(in_store(&d, "a", "\"status\":\"stopped\"") && in_store(&d, "a", "changed: "));
    CU_ASSERT(in_store(&d, o.id, "\"status\":\"active\"") && in_store(&d, o.id, "\"priorPrescription\":{\"reference\":\"MedicationRequest/a\"}"));
    model_order_basket_fini(&b);
    model_order_fini(&o);
    desk_close(&d);
}

static void not_again(void)
{
    struct order_again again;
    struct err e = ERR_NONE;
    struct desk d;

    desk_open(&d, WOMAN);
    put(&d.w, RX("t", "active", "lisinopril", ",'dosageInstruction':[{'text':'as the clinic said'}]"));
    put(&d.w, RX("n", "active", "lisinopril", ""));
    put(&d.w, RX("e", "entered-in-error", "lisinopril", DOSE("5")));
    put(&d.w, RX("f", "active", "lisinopril", DOSE("5") ",'doNotPerform':true"));
    CU_ASSERT_EQUAL(model_order_again(&d.env, STR("p"), STR("t"), &d.a, &again, &e), ERR_INPUT);
    CU_ASSERT_EQUAL(model_order_again(&d.env, STR("p"), STR("n"), &d.a, &again, &e), ERR_INPUT);
    CU_ASSERT_EQUAL(model_order_again(&d.env, STR("p"), STR("e"), &d.a, &again, &e), ERR_STATE);
    CU_ASSERT_EQUAL(model_order_again(&d.env, STR("p"), STR("f"), &d.a, &again, &e), ERR_STATE);
    desk_close(&d);
}

static const struct unit_test tests[] = {
    {"a drug is searched, none is chosen", search},
    {"a line becomes an order, or is asked about", composing},
    {"a stop has a reason, in the order itself", stopped},
    {"one's own are signed, one by one", signing},
    {"a stop that came up since", stopped_since},
    {"who may", roles},
    {"another patient's", other_patient},
    {"hold, release, stop, struck out", acting},
    {"a change stops the one before", changing},
    {"what is not prescribed again", not_again},
};

UNIT_MAIN("order", tests)
