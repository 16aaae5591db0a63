/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A form at a chart: what the chart has for it, the draft that is kept of it, and what is filed of it: all of it once,
 * under its author, in that patient's chart, or nothing.
 * Kills tests/mutants: fill-other-patient, fill-filed-twice, fill-draft-other, fill-half-filed, fill-visit-guessed,
 * fill-unfetched-none, fill-unseen-filed.
 */
#include "config.h"

#include "tests/model/ward.h"

#include "audit/audit.h"
#include "model/fill.h"
#include "store/edit.h"

#define HEAD "{\"resourceType\":\"Questionnaire\",\"url\":\"urn:test\",\"version\":\"1\",\"title\":\"Test\",\"item\":["
#define SDC "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
#define VISIT(id, status)                                                                                              \
    "{'resourceType':'Encounter','id':'" id "','status':'" status "','class':{'code':'AMB'},"                          \
    "'subject':{'reference':'Patient/p'},'period':{'start':'2026-11-20'}}"

struct bench {
    struct ward w;
    struct model_form_dirs dirs;
    char data[1024], mine[80];
    struct rng rng;
    uint64_t seed;
    struct model_fill *x;
    struct arena a;
    struct err e;
};

static void start(struct bench *b)
{
    const char *top = getenv("top_srcdir");

    memset(b, 0, sizeof *b);
    begin(&b->w);
    b->w.m.clock.boot_ms = ward_now;
    snprintf(b->w.m.practitioner, sizeof b->w.m.practitioner, "Practitioner/n");
    snprintf(b->w.m.role, sizeof b->w.m.role, "nurse");
    audit_session(b->w.m.session);
    b->seed = 7;
    b->rng = rng_seeded(&b->seed);
    arena_init(&b->a, 16u << 20);
    snprintf(b->data, sizeof b->data, "%s/data", top ? top : ".");
    snprintf(b->dirs.dir[MODEL_FORMS_PACKAGE], PATH_MAX_BYTES, "%s/forms", top ? top : ".");
    made_home(b->mine);
    snprintf(b->dirs.dir[MODEL_FORMS_USER], PATH_MAX_BYTES, "%s", b->mine);
}

static void stop(struct bench *b)
{
    model_fill_close(b->x);
    arena_fini(&b->a);
    made_remove(b->mine);
    end(&b->w);
}

static void form_file(struct bench *b, const char *name, const char *text)
{
    char path[200];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s.json", b->mine, name);
    f = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(text, f);
    fclose(f);
}

static int open_in(struct bench *b, const char *chart, const char *form)
{
    struct model_fill_how how = {&b->w.m, &b->rng, "en", &b->dirs, b->data, str_of(chart), form};

    model_fill_close(b->x);
    b->e = ERR_NONE;
    return model_fill_open(&how, &b->x, NULL, &b->e);
}

static void opened(struct bench *b, const char *form)
{
    CU_ASSERT_EQUAL_FATAL(open_in(b, "p", form), ERR_OK);
}

static form_key key(struct bench *b, const char *name)
{
    return model_form_named(model_fill_form(b->x), str_of(name));
}

static void type(struct bench *b, const char *name, const char *typed)
{
    struct form_reply reply = {0};

    CU_ASSERT_EQUAL(model_form_put(model_fill_form(b->x), key(b, name), str_of(typed), 0, &b->a, &reply, &b->e), ERR_OK);
    if (reply.said != FORM_TAKEN)
        printf("\n    %s: %s ", name, reply.words.s);
    CU_ASSERT_EQUAL(reply.said, FORM_TAKEN);
}

static struct form_row row(struct bench *b, const char *name)
{
    struct form_row r;

    CU_ASSERT_EQUAL_FATAL(model_form_row(model_fill_form(b->x), key(b, name), &b->a, &r, &b->e), ERR_OK);
    return r;
}

static int keep(struct bench *b, const char *banner)
{
    struct model_draft d;
    int code = model_fill_draft(b->x, banner, &d, &b->e);

    if (!code)
        code = model_draft_save(b->w.m.store, &d, &b->e);
    model_draft_fini(&d);
    return code;
}

static unsigned drafts(struct bench *b)
{
    struct model_draft_row d[4];
    unsigned n = 99;

    CU_ASSERT_EQUAL(model_drafts(&b->w.m, STR("p"), d, 4, &n, &b->e), ERR_OK);
    return n;
}

/* --- which forms there are ------------------------------------------------------------------------ */

static void found(struct bench *b, const char *want)
{
    struct model_forms l;
    struct buf out;

    buf_init(&out, 4096);
    CU_ASSERT_EQUAL_FATAL(model_forms(&b->dirs, "en", &l, &b->e), ERR_OK);
    for (unsigned i = 0; i < l.n; i++)
        buf_addf(&out, "%s:%d:%s|", l.v[i].name, (int)l.v[i].place, l.v[i].title.s);
    buf_addf(&out, "%u", l.bad);
    UNIT_STR(out.p, want);
    buf_fini(&out);
    model_forms_fini(&l);
}

#define OF_PROGRAM \
    "allergy:2:Allergy or intolerance|anc:2:Antenatal contact|appointment:2:Appointment|epds:2:EPDS: scores from the paper scale|" \
    "note:2:Note (SOAP)|phq9:2:PHQ-9: depression over the last 2 weeks|problem:2:Problem or diagnosis|referral:2:Referral|" \
    "tb:2:TB symptom screen|task:2:Task about this patient|"

static void forms(void)
{
    struct bench b;

    start(&b);
    found(&b, OF_PROGRAM "immunization:2:Vaccination|visit:2:Visit|vitals:2:Vital signs|0");
    form_file(&b, "vitals", HEAD "{\"linkId\":\"a\",\"text\":\"A\",\"type\":\"string\"}]}"); /* in place of the program's */
    form_file(&b, "torn", "{\"resourceType\":\"Questionnaire\",");
    form_file(&b, "ward", "{\"resourceType\":\"Questionnaire\",\"subjectType\":[\"Location\"],\"title\":\"Ward\"}");
    form_file(&b, "a b", HEAD "]}");
    found(&b, OF_PROGRAM "vitals:0:Test|immunization:2:Vaccination|visit:2:Visit|2");
    opened(&b, "vitals");
    CU_ASSERT(key(&b, "a") != FORM_NO_KEY);
    CU_ASSERT_EQUAL(open_in(&b, "p", "none"), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(open_in(&b, "p", "../forms/vitals"), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(open_in(&b, "nobody", "vitals"), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(open_in(&b, "file:p", "vitals"), ERR_UNSUPPORTED);
    stop(&b);
}

/* --- what the chart has ------------------------------------------------------------------------------ */

#define FROM(e) "\"extension\":[{\"url\":\"" SDC "initialExpression\",\"valueExpression\":{\"language\":\"text/fhirpath\",\"expression\":\"" e "\"}}]"
static const char asking[] = HEAD
    "{\"linkId\":\"born\",\"type\":\"date\"," FROM("%patient.birthDate") "},"
    "{\"linkId\":\"visit\",\"type\":\"string\"," FROM("%encounter.id") "},"
    "{\"linkId\":\"who\",\"type\":\"string\"," FROM("%user.name.family") "},"
    "{\"linkId\":\"weight\",\"type\":\"quantity\",\"code\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}],\"extension\":["
    "{\"url\":\"" SDC "observationLinkPeriod\",\"valueDuration\":{\"value\":1,\"code\":\"a\",\"system\":\"http://unitsofmeasure.org\"}}]}]}";

#define WEIGHT(id, when, status, kg)                                                                                   \
    OBS(id, when, status, VITAL "'code':{'coding':[{'system':'http://loinc.org','code':'29463-7'}]},"                  \
        "'valueQuantity':{'value':" kg ",'unit':'kg','system':'http://unitsofmeasure.org','code':'kg'}")

static void chart(void)
{
    struct bench b;

    start(&b);
    form_file(&b, "asking", asking);
    put(&b.w, "{'resourceType':'Practitioner','id':'n','name':[{'family':'Lunt'}]}");
    put(&b.w, VISIT("e1", "in-progress"));
    put(&b.w, VISIT("e2", "finished"));
    put(&b.w, WEIGHT("w1", "2026-11-01", "final", "71.50"));
    put(&b.w, WEIGHT("w2", "2026-11-20", "entered-in-error", "17.5"));
    put(&b.w, WEIGHT("w3", "2020-01-01", "final", "60"));
    put(&b.w, "{'resourceType':'Patient','id':'q','birthDate':'2001-01-01'}");
    put(&b.w, "{'resourceType':'Observation','id':'o','status':'final','effectiveDateTime':'2026-11-22',"
              "'subject':{'reference':'Patient/q'},'code':{'coding':[{'system':'http://loinc.org','code':'29463-7'}]}," QTY("99", "kg") "}");
    opened(&b, "asking");
    UNIT_STR(row(&b, "born").value.s, "17-May-1979");
    UNIT_STR(row(&b, "visit").value.s, "e1");
    UNIT_STR(row(&b, "who").value.s, "Lunt");
    UNIT_STR(model_fill_author(b.x, &b.a).s, "LUNT Practitioner/n (nurse)");
    UNIT_STR(model_fill_visit(b.x, &b.a).s, "Encounter/e1, 20-Nov-2026");
    UNIT_STR(row(&b, "weight").value.s, "71.50 kg");
    CU_ASSERT_EQUAL(model_form_unseen(model_fill_form(b.x)), 4);
    put(&b.w, VISIT("e3", "in-progress")); /* of two, none */
    opened(&b, "asking");
    UNIT_STR(row(&b, "visit").value.s, "");
    UNIT_STR(model_fill_visit(b.x, &b.a).s, "");
    stop(&b);
}

/* The newest that stands, of this patient, within the period; what never came is not "none". */
static void last(void)
{
    struct store_mark m = {.type = "Observation"};
    struct store_tx *tx;
    struct bench b;

    start(&b);
    form_file(&b, "asking", asking);
    put(&b.w, WEIGHT("w1", "2026-11-01", "final", "71.50"));
    put(&b.w, WEIGHT("w3", "2020-01-01", "final", "60"));
    opened(&b, "asking");
    UNIT_STR(row(&b, "weight").value.s, "71.50 kg");
    CU_ASSERT(strstr(row(&b, "weight").from.s, "Observation") != NULL);
    CU_ASSERT(!row(&b, "weight").seen);
    CU_ASSERT_EQUAL_FATAL(store_begin(b.w.m.store, false, &tx, &b.e), ERR_OK);
    CU_ASSERT_EQUAL(store_mark_put(tx, &m, &b.e), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, &b.e), ERR_OK);
    opened(&b, "asking");
    UNIT_STR(row(&b, "weight").value.s, "");
    CU_ASSERT(strstr(row(&b, "weight").trouble.s, "not prefilled: ") != NULL);
    stop(&b);
}

/* --- drafts ------------------------------------------------------------------------------------------- */

static void draft(void)
{
    struct bench b;

    start(&b);
    opened(&b, "vitals");
    CU_ASSERT_EQUAL(model_fill_draft_ms(b.x), 0);
    CU_ASSERT_EQUAL(model_fill_resume(b.x, &b.e), ERR_NOTFOUND);
    type(&b, "sys", "128");
    CU_ASSERT_EQUAL(keep(&b, "p"), ERR_OK);
    type(&b, "dia", "82");
    CU_ASSERT_EQUAL(keep(&b, "q"), ERR_INPUT); /* another patient's banner: nothing is written */
    UNIT_STR(b.e.what, "subject");
    opened(&b, "vitals");
    CU_ASSERT_EQUAL(model_fill_draft_ms(b.x), NOW_MS);
    UNIT_STR(row(&b, "sys").value.s, "");
    CU_ASSERT_EQUAL(model_fill_resume(b.x, &b.e), ERR_OK);
    UNIT_STR(row(&b, "sys").value.s, "128 mmHg");
    UNIT_STR(row(&b, "dia").value.s, "");
    CU_ASSERT_EQUAL(drafts(&b), 1);
    put(&b.w, "{'resourceType':'Patient','id':'q','birthDate':'2001-01-01'}");
    CU_ASSERT_EQUAL(open_in(&b, "q", "vitals"), ERR_OK); /* each chart its own */
    CU_ASSERT_EQUAL(model_fill_draft_ms(b.x), 0);
    CU_ASSERT_EQUAL(model_draft_discard(b.w.m.store, STR("q"), "vitals", &b.e), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(model_draft_discard(b.w.m.store, STR("p"), "vitals", &b.e), ERR_OK);
    CU_ASSERT_EQUAL(drafts(&b), 0);
    stop(&b);
}

/* Of another version: not taken up, and kept. */
static void draft_of_another(void)
{
    struct bench b;

    start(&b);
    form_file(&b, "mine", HEAD "{\"linkId\":\"a\",\"text\":\"A\",\"type\":\"string\"}]}");
    opened(&b, "mine");
    type(&b, "a", "words");
    CU_ASSERT_EQUAL(keep(&b, "p"), ERR_OK);
    form_file(&b, "mine", "{\"resourceType\":\"Questionnaire\",\"url\":\"urn:test\",\"version\":\"2\",\"item\":["
                          "{\"linkId\":\"a\",\"text\":\"Another\",\"type\":\"string\"}]}");
    opened(&b, "mine");
    CU_ASSERT_EQUAL(model_fill_resume(b.x, &b.e), ERR_INPUT);
    CU_ASSERT_EQUAL(drafts(&b), 1);
    stop(&b);
}

/* --- filing ---------------------------------------------------------------------------------------------- */

struct seen_ops {
    struct arena *a;
    struct buf words;
    char *body[20];
    unsigned n;
};

static int see_op(void *arg, const struct store_op *op)
{
    struct seen_ops *s = arg;

    buf_addf(&s->words, "%.*s:%d:%.*s:%.*s:%.*s:%d ", STR_ARG(op->type), (int)op->kind, STR_ARG(op->chart),
             STR_ARG(op->author), STR_ARG(op->role), op->by_command);
    if (s->n < 20)
        s->body[s->n++] = arena_dup(s->a, op->body.p, op->body.n);
    return ERR_OK;
}

static struct seen_ops ops(struct bench *b)
{
    const struct store_op_query q = {.bytes = true};
    struct seen_ops s = {.a = &b->a};

    buf_init(&s.words, 65536);
    buf_adds(&s.words, "");
    CU_ASSERT_EQUAL(store_op_each(b->w.m.store, &q, see_op, &s, &b->e), ERR_OK);
    return s;
}

static int count_created(void *arg, const struct audit_event *ev)
{
    *(unsigned *)arg += ev->action == AUDIT_CREATE && (str_is(ev->chart, "p") || str_is(ev->type, "Provenance")) &&
                        str_is(ev->author, "Practitioner/n") && str_is(ev->role, "nurse");
    return ERR_OK;
}

static int trail_seen(void *arg, int64_t seq, const struct audit_event *ev)
{
    (void)seq;
    return count_created(arg, ev);
}

static void file_vitals(struct bench *b)
{
    opened(b, "vitals");
    type(b, "sys", "128");
    type(b, "dia", "82");
    type(b, "wt", "72.50 kg");
    CU_ASSERT_EQUAL(keep(b, "p"), ERR_OK);
}

static void filed(void)
{
    struct model_filing w, again;
    struct seen_ops s;
    unsigned n = 0, trail = 0;
    struct bench b;

    start(&b);
    put(&b.w, VISIT("e", "in-progress"));
    file_vitals(&b);
    CU_ASSERT_EQUAL(model_fill_filing(b.x, "q", &w, &b.e), ERR_INPUT);
    UNIT_STR(b.e.what, "subject");
    CU_ASSERT_EQUAL_FATAL(model_fill_filing(b.x, "p", &w, &b.e), ERR_OK);
    CU_ASSERT(w.counts == 3 && w.count[0].n == 1 && w.count[1].n == 2 && w.count[2].n == 1);
    UNIT_STR(w.count[0].section, "forms");
    UNIT_STR(w.count[1].section, "vitals");
    UNIT_STR(w.count[2].section, "");
    CU_ASSERT_EQUAL(model_filing_write(&b.w.m, &w, &b.rng, &n, &b.e), ERR_OK);
    CU_ASSERT_EQUAL(n, 4);
    s = ops(&b);
    UNIT_STR(s.words.p, "QuestionnaireResponse:0:p:Practitioner/n:nurse:0 Observation:0:p:Practitioner/n:nurse:0 "
                        "Observation:0:p:Practitioner/n:nurse:0 Provenance:0:p:Practitioner/n:nurse:0 ");
    CU_ASSERT_FATAL(s.n == 4);
    CU_ASSERT(strstr(s.body[0], "\"encounter\":{\"reference\":\"Encounter/e\"}") != NULL);
    CU_ASSERT(strstr(s.body[3], "\"what\":{\"reference\":\"QuestionnaireResponse/") != NULL);
    CU_ASSERT(strstr(s.body[2], "\"value\":72.50") != NULL);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT(!strstr(s.body[i], "urn:uuid:"));
    buf_fini(&s.words);
    CU_ASSERT_EQUAL(drafts(&b), 0);
    CU_ASSERT_EQUAL(audit_each(b.w.m.store, 0, 0, trail_seen, &trail, &b.e), ERR_OK);
    CU_ASSERT_EQUAL(trail, 4);
    /* Enter twice; and once more from a page that was made anew. */
    CU_ASSERT_EQUAL(model_filing_write(&b.w.m, &w, &b.rng, &n, &b.e), ERR_NOTFOUND);
    UNIT_STR(b.e.what, "draft");
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT_EQUAL_FATAL(model_fill_filing(b.x, "p", &again, &b.e), ERR_OK);
    CU_ASSERT_EQUAL(model_filing_write(&b.w.m, &again, &b.rng, &n, &b.e), ERR_NOTFOUND);
    model_filing_fini(&again);
    model_fill_filed(b.x);
    CU_ASSERT_EQUAL(model_fill_filing(b.x, "p", &again, &b.e), ERR_EXISTS);
    CU_ASSERT_EQUAL(keep(&b, "p"), ERR_EXISTS);
    s = ops(&b);
    CU_ASSERT_EQUAL(s.n, 4);
    buf_fini(&s.words);
    model_filing_fini(&w);
    stop(&b);
}

/* One of them is another patient's: none is written, and the draft stays. */
static void whole_or_nothing(void)
{
    struct model_filing w;
    struct seen_ops s;
    struct bench b;
    unsigned n;
    char *at;

    start(&b);
    put(&b.w, "{'resourceType':'Patient','id':'q','birthDate':'2001-01-01'}");
    file_vitals(&b);
    CU_ASSERT_EQUAL_FATAL(model_fill_filing(b.x, "p", &w, &b.e), ERR_OK);
    for (at = w.bytes.p; at && strstr(at + 1, "\"Patient/p\"");)
        at = strstr(at + 1, "\"Patient/p\"");
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    at[9] = 'q'; /* the last of them */
    CU_ASSERT_EQUAL(model_filing_write(&b.w.m, &w, &b.rng, &n, &b.e), ERR_INPUT);
    UNIT_STR(b.e.what, "subject");
    s = ops(&b);
    CU_ASSERT_EQUAL(s.n, 0);
    buf_fini(&s.words);
    CU_ASSERT_EQUAL(drafts(&b), 1);
    model_filing_fini(&w);
    stop(&b);
}

/* What is disabled goes nowhere; what must be answered, or looked at, stops it; nobody is NOT NAMED, in words. */
static void not_yet(void)
{
    struct model_filing w;
    struct seen_ops s;
    struct bench b;
    unsigned n;

    start(&b);
    b.w.m.practitioner[0] = '\0';
    opened(&b, "allergy");
    UNIT_STR(model_fill_author(b.x, &b.a).s, "NOT NAMED: filed, not signed");
    type(&b, "what", "An allergy or intolerance");
    type(&b, "substance", "Amoxicillin");
    CU_ASSERT_EQUAL(model_fill_filing(b.x, "p", &w, &b.e), ERR_OPEN);
    CU_ASSERT_EQUAL(b.e.num, 3);
    type(&b, "what", "No known allergies");
    CU_ASSERT_EQUAL(keep(&b, "p"), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(model_fill_filing(b.x, "p", &w, &b.e), ERR_OK);
    CU_ASSERT_EQUAL(model_filing_write(&b.w.m, &w, &b.rng, &n, &b.e), ERR_OK);
    model_filing_fini(&w);
    s = ops(&b);
    CU_ASSERT_FATAL(s.n == 3);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT(!strstr(s.body[i], "Amoxicillin"));
    CU_ASSERT(strstr(s.body[2], "\"display\":\"not named\"") != NULL);
    CU_ASSERT(strstr(s.words.p, "Practitioner") == NULL);
    buf_fini(&s.words);
    form_file(&b, "asking", asking);
    opened(&b, "asking"); /* the birth date was not looked at */
    CU_ASSERT_EQUAL(model_fill_filing(b.x, "p", &w, &b.e), ERR_OPEN);
    CU_ASSERT_EQUAL(model_form_see(model_fill_form(b.x), key(&b, "born"), &b.e), ERR_OK);
    CU_ASSERT_EQUAL(model_fill_filing(b.x, "p", &w, &b.e), ERR_OK);
    model_filing_fini(&w);
    stop(&b);
}

static const struct unit_test tests[] = {
    {"which forms there are", forms},
    {"what the chart has", chart},
    {"the last observation", last},
    {"drafts", draft},
    {"a draft of another version", draft_of_another},
    {"filed once", filed},
    {"whole or nothing", whole_or_nothing},
    {"not yet", not_yet},
};

UNIT_MAIN("fill", tests)
