/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include "fhir/index.h"

#define BASE "https://h.example/fhir"

static int index_of(const char *json, const char *base, struct arena *a, struct tape *t,
                    struct fhir_index *out)
{
    arena_init(a, 100000);
    CU_ASSERT_EQUAL_FATAL(tape_parse(t, str_of(json), NULL), ERR_OK);
    return fhir_index(t, base, a, out, NULL);
}

static void drop(struct arena *a, struct tape *t)
{
    tape_fini(t);
    arena_fini(a);
}

#define IS(field, want)                                                                        \
    do {                                                                                       \
        char text_[200];                                                                       \
        snprintf(text_, sizeof text_, "%.*s", STR_ARG(field));                                 \
        UNIT_STR(text_, want);                                                                 \
    } while (0)

static void a_row(void)
{
    struct fhir_index x;
    struct arena a;
    struct tape t;

    CU_ASSERT_EQUAL(index_of("{\"resourceType\":\"Observation\",\"id\":\"o-1\",\"meta\":"
                    "{\"versionId\":\"7\","
                             "\"lastUpdated\":\"2026-11-23T14:05:09.123+00:00\"}"
                             ",\"status\":\"final\","
                             "\"category\":[{\"coding\":[{\"code\":\"exam\"}]},"
                             "{\"coding\":[{\"code\":\"vital-signs\"}]}],"
                             "\"code\":{\"coding\":[{\"display\":\"Pulse\"}]}"
                             ",\"subject\":{\"reference\":\"Patient\\/p\"},"
                             "\"effectivePeriod\":{\"start\":\"2026-11\"}"
                             ",\"issued\":\"2026-11-24T00:00:00Z\"}",
                             BASE, &a, &t, &x), ERR_OK);
    CU_ASSERT_PTR_EQUAL(x.kind, kind_find(STR("Observation")));
    IS(x.type, "Observation");
    IS(x.id, "o-1");
    IS(x.version, "7");
    IS(x.updated, "2026-11-23T14:05:09.123+00:00");
    CU_ASSERT_EQUAL(x.updated_ms, 1795442709123);
    IS(x.patient, "p");
    IS(x.date, "2026-11");
    CU_ASSERT_EQUAL(x.date_ms, 1793491200000);
    IS(x.status, "final");
    IS(x.section, "vitals");
    IS(x.title, "Pulse");
    drop(&a, &t);
    CU_ASSERT_EQUAL(index_of("{\"resourceType\":\"Patient\",\"id\":\"p\",\"contact\":[{\"id\":"
                    "\"c\"}]}", BASE, &a, &t, &x), ERR_OK);
    IS(x.patient, "p");
    IS(x.section, "");
    CU_ASSERT_EQUAL(x.date_ms, FHIR_NO_DATE);
    CU_ASSERT_EQUAL(x.updated_ms, FHIR_NO_DATE);
    drop(&a, &t);
    CU_ASSERT_EQUAL(index_of("{\"resourceType\":\"MedicationRequest\",\"id\":\"m\",\"status\":"
                    "\"on-hold\",\"authoredOn\":\"yesterday\","
                             "\"medicationReference\":{\"display\":\" Amoxicillin \"}"
                             ",\"subject\":{\"reference\":\"Patient/p\"}}",
                             NULL, &a, &t, &x), ERR_OK);
    IS(x.title, "Amoxicillin");
    IS(x.date, "yesterday");
    CU_ASSERT_EQUAL(x.date_ms, FHIR_NO_DATE);
    drop(&a, &t);
    CU_ASSERT_EQUAL(index_of("{\"resourceType\":\"Appointment\",\"id\":\"a\",\"participant\":"
                    "[{\"actor\":{\"reference\":"
                             "\"Practitioner/d\"}},{\"status\":\"x\"},"
                             "{\"actor\":{\"reference\":\"Patient/p\"}}]}", NULL, &a, &t, &x),
                             ERR_OK);
    IS(x.patient, "p");
    drop(&a, &t);
    CU_ASSERT_EQUAL(index_of("{\"resourceType\":\"Basic\",\"id\":\"b\",\"subject\":"
                    "{\"reference\":\"Patient/p\"}}", NULL, &a, &t, &x), ERR_OK);
    CU_ASSERT(!x.kind && !x.patient.n);
    drop(&a, &t);
}

/* Kills tests/mutants/index-foreign.patch: another server's patient taken for our own of the same id. */
static void whose_row_it_is(void)
{
    static const struct {
        const char *reference, *base, *patient;
    } rows[] = {
        {"Patient/1", BASE, "1"},
        {"Patient/1", NULL, "1"},
        {"Patient/1/_history/4", BASE, "1"},
        {BASE "/Patient/1", BASE, "1"},
        {BASE "/Patient/1", BASE "/", "1"},
        {BASE "/Patient/1/_history/2", BASE, "1"},
        {BASE "/Patient/1", NULL, ""},
        {BASE "2/Patient/1", BASE, ""},
        {BASE "/x/Patient/1", BASE, ""},
        {"https://other.example/fhir/Patient/1", BASE, ""},
        {"http://h.example/fhir/Patient/1", BASE, ""},
        {"https://x.example/fhir/Patient/1", BASE, ""},
        {"#1", BASE, ""},
        {"#Patient/1", BASE, ""},
        {"urn:uuid:1", BASE, ""},
        {"urn:uuid:1", FHIR_BASE_FILE, "1"},
        {"urn:uuid:/Patient/1", FHIR_BASE_FILE, ""},
        {"urn:oid:1.2", FHIR_BASE_FILE, ""},
        {"Patient/1", FHIR_BASE_FILE, "1"},
        {BASE "/Patient/1", FHIR_BASE_FILE, ""},
        {"Patient?identifier=1", BASE, ""},
        {"Patient/1?x", BASE, ""},
        {"Patient/", BASE, ""},
        {"Patient/1/", BASE, ""},
        {"Patient/1/_history", BASE, ""},
        {"Patient/1/_history/", BASE, ""},
        {"Patient/1/x/2", BASE, ""},
        {"Patient/..", BASE, ""},
        {"Patient/a b", BASE, ""},
        {"/Patient/1", BASE, ""},
        {"Group/1", BASE, ""},
        {"patient/1", BASE, ""},
        {"", BASE, ""},
        {"Patient\\/\\u0031", BASE, "1"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fhir_index x;
        struct arena a;
        struct tape t;
        char json[300];

        snprintf(json, sizeof json, "{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":"
                 "{\"reference\":\"%s\"}}",
                 rows[i].reference);
        CU_ASSERT_EQUAL(index_of(json, rows[i].base, &a, &t, &x), ERR_OK);
        IS(x.patient, rows[i].patient);
        drop(&a, &t);
    }
}

static void refused(void)
{
    static const char *const bad[] = {
        "[]", "7", "\"Patient\"", "{}", "{\"id\":\"1\"}", "{\"resourceType\":\"Patient\"}",
        "{\"resourceType\":7,\"id\":\"1\"}",
        "{\"resourceType\":\"Patient\",\"id\":1}", "{\"resourceType\":\"Patient\",\"id\":\"a/b\"}",
        "{\"resourceType\":\"../x\",\"id\":\"1\"}", "{\"resourceType\":\"Patient\",\"id\":\"\"}",
        "{\"resourceType\":\"Patient\",\"id\":"
        "\"0123456789012345678901234567890123456789012345678901234567890123x\"}",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fhir_index x;
        struct arena a;
        struct tape t;

        CU_ASSERT_EQUAL(index_of(bad[i], BASE, &a, &t, &x), ERR_INPUT);
        drop(&a, &t);
    }
}

static void a_full_arena_loses_no_patient(void)
{
    struct fhir_index x;
    struct arena a;
    struct tape t;

    arena_init(&a, 4);
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, STR("{\"resourceType\":\"Condition\",\"id\":\"c\","
                          "\"subject\":{\"reference\":"
                                             "\"Patient\\/1\"}}"), NULL), ERR_OK);
    CU_ASSERT_EQUAL(fhir_index(&t, BASE, &a, &x, NULL), ERR_NOMEM);
    drop(&a, &t);
    arena_init(&a, 4); /* nor the words that it is searched by */
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, STR("{\"resourceType\":\"Condition\",\"id\":\"c\","
                                             "\"code\":{\"text\":\"Asthma\\/COPD\"}}"), NULL), ERR_OK);
    CU_ASSERT_EQUAL(fhir_index(&t, BASE, &a, &x, NULL), ERR_NOMEM);
    drop(&a, &t);
}

static void note_reference(void *arg, struct str type, struct str id)
{
    char *s = arg;

    sprintf(s + strlen(s), "%.*s/%.*s ", STR_ARG(type), STR_ARG(id));
}

static void all_references(void)
{
    char got[200] = "";
    struct tape t;

    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, STR("{\"reference\":\"Organization/o\",\"a\":"
                          "[{\"reference\":\"Practitioner\\/p\"},"
                                             "{\"reference\":{\"reference\":\"#x\"}},"
                                             "{\"display\":\"reference\"}],"
                                             "\"b\":{\"reference\":\"" BASE "/Location/l\"},"
                                             "\"c\":{\"reference\":\"https:"
                                             "//other.example/Location/m\"}}"), NULL), ERR_OK);
    fhir_references(&t, BASE, note_reference, got);
    UNIT_STR(got, "Organization/o Practitioner/p Location/l ");
    tape_fini(&t);
}

static const struct unit_test tests[] = {
    {"a row's columns", a_row},
    {"whose row it is", whose_row_it_is},
    {"no type or id, no row", refused},
    {"a full arena loses no patient", a_full_arena_loses_no_patient},
    {"all references of a document", all_references},
};
UNIT_MAIN("index", tests)
