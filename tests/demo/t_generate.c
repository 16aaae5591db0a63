/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include "demo/demo.h"
#include "fhir/bundle.h"
#include "fhir/decimal.h"
#include "fhir/index.h"
#include "fhir/read.h"

#define PATIENTS 120
#define CHARTS 60
#define ROWS 20000

struct row {
    char key[80], patient[65];
};

struct ward {
    struct buf all;
    struct row *rows;
    unsigned n, patients, bundles, broken, foreign;
    unsigned per_patient[PATIENTS], allergies[PATIENTS];
    unsigned none_known, known, refuted, in_error, trailing_zero, twins, namesakes, future,
    critical, prn, tapers, letters, stopped;
    unsigned scripts, combining, preliminary, components, min_age, max_age, growing;
    char births[PATIENTS][11], names[PATIENTS][200];
    unsigned stop_at;
};

static const struct date today = {.precision = DATE_DAY, .year = 2026, .month = 11, .day = 23};

static void patient(struct ward *w, const struct tape *t, struct str id)
{
    struct date born;
    struct date_age age;
    struct buf b;

    CU_ASSERT_FATAL(w->patients < PATIENTS);
    CU_ASSERT(date_parse(tape_plain(t, tape_get(t, 0, "birthDate")), &born) && date_age(&born,
              &today, &age));
    w->min_age = age.years < (int)w->min_age ? (unsigned)age.years : w->min_age;
    w->max_age = age.years > (int)w->max_age ? (unsigned)age.years : w->max_age;
    buf_init(&b, 1000);
    fhir_name_words(t, fhir_name(t, 0, 1795442709123), &b);
    CU_ASSERT(b.n > 3);
    w->scripts += (unsigned char)b.p[0] >= 0xd0;
    w->combining += strstr(b.p, "\xcc\x81") || strstr(b.p, "\xcc\x80") || strstr(b.p, "\xcc\x82");
    snprintf(w->names[w->patients], sizeof w->names[0], "%s", b.p);
    snprintf(w->births[w->patients], sizeof w->births[0], "%.*s", STR_ARG(tape_plain(t, tape_get(t,
             0, "birthDate"))));
    for (unsigned i = w->patients; i-- > 0;) {
        w->namesakes += !strcmp(w->names[i], w->names[w->patients]);
        w->twins += !strcmp(w->births[i], w->births[w->patients]) &&
                    !strncmp(w->names[i], w->names[w->patients], strcspn(w->names[i], ","));
    }
    CU_ASSERT(str_starts(id, "p0"));
    w->patients++;
    buf_fini(&b);
}

static void numbers(struct ward *w, const struct tape *t)
{
    for (tape_at i = 0; i < t->n; i++)
        if (t->nodes[i].kind == TAPE_NUMBER)
            w->trailing_zero += memchr(tape_lexeme(t, i).p, '.', tape_lexeme(t, i).n)
            && str_ends(tape_lexeme(t, i), "0");
}

static void count(struct ward *w, const struct tape *t, const struct fhir_index *x)
{
    tape_at sure = tape_get(t, 0, "verificationStatus");

    if (str_is(x->type, "AllergyIntolerance")) {
        bool none = fhir_has_code(t, tape_get(t, 0, "code"), "http://snomed.info/sct", "716186003");

        w->allergies[w->patients - 1]++;
        w->none_known += none;
        w->refuted += str_is(fhir_code(t, sure), "refuted");
        w->in_error += str_is(fhir_code(t, sure), "entered-in-error");
        w->known += !none && tape_get(t, 0, "reaction") != TAPE_NONE;
    } else if (str_is(x->type, "Appointment")) {
        w->future += x->date_ms > date_ms(&today);
    } else if (str_is(x->type, "Observation")) {
        tape_at q = tape_get(t, 0, "valueQuantity"), range = tape_first(t, tape_get(t, 0,
                             "referenceRange"));
        struct str i = fhir_code(t, tape_get(t, 0, "interpretation"));
        int order;

        w->preliminary += str_is(x->status, "preliminary");
        w->critical += str_is(i, "HH") || str_is(i, "LL");
        w->components += tape_count(t, tape_get(t, 0, "component")) == 2;
        if (i.n && fhir_decimal_compare(tape_lexeme(t, tape_get(t, q, "value")),
                                        tape_lexeme(t, tape_path(t, range, "high.value")), &order))
            CU_ASSERT_EQUAL(i.p[0] == 'H', order > 0 || tape_get(t, q, "comparator") != TAPE_NONE);
        if (i.n && fhir_decimal_compare(tape_lexeme(t, tape_get(t, q, "value")),
                                        tape_lexeme(t, tape_path(t, range, "low.value")), &order))
            CU_ASSERT_EQUAL(i.p[0] == 'L', order < 0);
    } else if (str_is(x->type, "DocumentReference")) {
        struct str url = tape_plain(t, tape_path(t, tape_first(t, tape_get(t, 0, "content")), "attachment.url"));

        if (url.n) /* its content stands before it */
            CU_ASSERT(w->n > 1 && str_starts(url, "Binary/") && str_is(url, w->rows[w->n - 2].key));
        w->letters += url.n > 0;
    } else if (str_is(x->type, "MedicationRequest")) {
        tape_at dose = tape_get(t, 0, "dosageInstruction");

        w->prn += tape_path(t, dose, "maxDosePerPeriod") != TAPE_NONE;
        w->tapers += tape_count(t, dose) > 2;
        w->stopped += str_is(x->status, "stopped");
    }
}

static int resource(void *arg, int outer, struct str bytes)
{
    struct ward *w = arg;
    struct fhir_index x;
    struct arena a;
    struct tape t;

    (void)outer;
    arena_init(&a, 100000);
    if (tape_parse(&t, bytes, NULL) || fhir_index(&t, NULL, &a, &x, NULL) || w->n >= ROWS) {
        w->broken++;
        arena_fini(&a);
        return 0;
    }
    snprintf(w->rows[w->n].key, sizeof w->rows[0].key, "%.*s/%.*s", STR_ARG(x.type), STR_ARG(x.id));
    snprintf(w->rows[w->n++].patient, sizeof w->rows[0].patient, "%.*s", STR_ARG(x.patient));
    if (str_is(x.type, "Patient"))
        patient(w, &t, x.id);
    if (x.kind && x.kind->patient_path && !(str_is(x.type, "List") && !x.patient.n)) { /* a list of many is nobody's */
        w->foreign += !x.patient.n || x.id.n < x.patient.n || memcmp(x.id.p, x.patient.p,
        x.patient.n);
        w->per_patient[w->patients - 1]++;
    }
    numbers(w, &t);
    count(w, &t, &x);
    tape_fini(&t);
    arena_fini(&a);
    return 0;
}

static int emit(void *arg, struct str bundle)
{
    struct ward *w = arg;
    struct bundle_sink sink = {.resource = resource, .arg = w};
    struct bundle_scan *s;

    w->bundles++;
    buf_addstr(&w->all, bundle);
    if (w->stop_at && w->bundles == w->stop_at)
        return ERR_CANCELLED;
    CU_ASSERT_EQUAL_FATAL(bundle_new(&sink, 0, &s), ERR_OK);
    CU_ASSERT_EQUAL(bundle_feed(s, bundle, NULL), ERR_OK);
    CU_ASSERT_EQUAL(bundle_end(s, NULL), ERR_OK);
    bundle_free(s);
    return 0;
}

static int make(struct ward *w, uint64_t seed, unsigned n, unsigned charts, const struct date *on)
{
    memset(w, 0, sizeof *w);
    w->min_age = 200;
    buf_init(&w->all, 256u << 20);
    w->rows = calloc(ROWS, sizeof *w->rows);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w->rows);
    return demo_generate(seed, n, charts, on, emit, w, NULL);
}

static void drop(struct ward *w)
{
    buf_fini(&w->all);
    free(w->rows);
}

static void a_believable_ward(void)
{
    static struct ward w;
    unsigned unrecorded = 0;

    CU_ASSERT_EQUAL(make(&w, 1, PATIENTS, CHARTS, &today), ERR_OK);
    CU_ASSERT_EQUAL(w.patients, PATIENTS);
    CU_ASSERT_EQUAL(w.broken, 0);
    CU_ASSERT_EQUAL(w.foreign, 0); /* each row is its own patient's */
    CU_ASSERT(w.bundles > 1 + PATIENTS / 7 && w.bundles < PATIENTS);
    for (unsigned i = 0; i < PATIENTS; i++)
        CU_ASSERT(i < CHARTS ? w.per_patient[i] >= 8 && w.per_patient[i] <= 200
                  : w.per_patient[i] == 1);
    CU_ASSERT(w.n > CHARTS * 60 && w.n < CHARTS * 120);
    CU_ASSERT(w.min_age <= 3 && w.max_age >= 80 && w.max_age <= 95);
    CU_ASSERT(w.known && w.none_known && w.refuted);
    for (unsigned i = 0; i < CHARTS; i++)
        unrecorded += !w.allergies[i];
    CU_ASSERT(unrecorded > 0);
    CU_ASSERT(w.trailing_zero > 200);
    CU_ASSERT(w.scripts >= 10 && w.combining >= 1);
    CU_ASSERT(w.future && w.components && w.preliminary && w.critical);
    CU_ASSERT(w.prn && w.tapers && w.stopped && w.letters);
    drop(&w);
}

static void twins_and_namesakes(void)
{
    static struct ward w;

    CU_ASSERT_EQUAL(make(&w, 2, PATIENTS, 0, &today), ERR_OK);
    CU_ASSERT(w.twins > 0);
    CU_ASSERT_EQUAL(w.n, PATIENTS + 16);
    drop(&w);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->key, ((const struct row *)b)->key);
}

static unsigned dangling;
static void look(void *arg, struct str type, struct str id)
{
    struct ward *w = arg;
    struct row want;

    snprintf(want.key, sizeof want.key, "%.*s/%.*s", STR_ARG(type), STR_ARG(id));
    dangling += !bsearch(&want, w->rows, w->n, sizeof want, by_key);
}

static void every_reference_has_its_resource_and_every_id_its_own(void)
{
    static struct ward w;
    struct str rest;

    CU_ASSERT_EQUAL(make(&w, 3, 40, 40, &today), ERR_OK);
    qsort(w.rows, w.n, sizeof *w.rows, by_key);
    for (unsigned i = 1; i < w.n; i++)
        CU_ASSERT(strcmp(w.rows[i - 1].key, w.rows[i].key));
    dangling = 0;
    for (rest = buf_str(&w.all); rest.p;) { /* an entry a line */
        struct str line = str_trim(str_split(&rest, '\n'));
        struct tape t;

        if (!str_starts(line, "{\"fullUrl\""))
            continue;
        if (str_ends(line, ","))
            line.n--;
        CU_ASSERT_EQUAL_FATAL(tape_parse(&t, line, NULL), ERR_OK);
        fhir_references(&t, NULL, look, &w);
        tape_fini(&t);
    }
    CU_ASSERT_EQUAL(dangling, 0);
    drop(&w);
}

static void the_same_for_a_seed_and_a_day(void)
{
    static struct ward a, b;
    struct date tomorrow = today;

    tomorrow.day++;
    CU_ASSERT_EQUAL(make(&a, 9, 20, 5, &today), ERR_OK);
    CU_ASSERT_EQUAL(make(&b, 9, 20, 5, &today), ERR_OK);
    CU_ASSERT(str_eq(buf_str(&a.all), buf_str(&b.all)));
    drop(&b);
    CU_ASSERT_EQUAL(make(&b, 10, 20, 5, &today), ERR_OK);
    CU_ASSERT(!str_eq(buf_str(&a.all), buf_str(&b.all)));
    drop(&b);
    CU_ASSERT_EQUAL(make(&b, 9, 20, 5, &tomorrow), ERR_OK);
    CU_ASSERT(!str_eq(buf_str(&a.all), buf_str(&b.all)));
    drop(&b);
    CU_ASSERT_EQUAL(make(&b, 9, 60, 20, &today),
                    ERR_OK); /* more people do not change those before */
    for (unsigned i = 0; i < 20; i++)
        CU_ASSERT(!strcmp(a.names[i], b.names[i]) && !strcmp(a.births[i], b.births[i]));
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(a.per_patient[i], b.per_patient[i]);
    drop(&b);
    drop(&a);
}

static void it_can_be_stopped(void)
{
    static struct ward w;
    struct err e = ERR_NONE;

    memset(&w, 0, sizeof w);
    buf_init(&w.all, 64u << 20);
    w.rows = calloc(ROWS, sizeof *w.rows);
    w.stop_at = 2;
    CU_ASSERT_EQUAL(demo_generate(1, 50, 50, &today, emit, &w, &e), ERR_CANCELLED);
    CU_ASSERT_EQUAL(w.bundles, 2);
    CU_ASSERT_EQUAL(e.code, ERR_CANCELLED);
    drop(&w);
}

static const struct unit_test tests[] = {
    {"a believable ward", a_believable_ward},
    {"twins and namesakes", twins_and_namesakes},
    {"every reference has its resource, every id is its own",
    every_reference_has_its_resource_and_every_id_its_own},
    {"the same for a seed and a day", the_same_for_a_seed_and_a_day},
    {"it can be stopped", it_can_be_stopped},
};
UNIT_MAIN("generate", tests)
