/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include "fhir/decimal.h"
#include "fhir/read.h"

static void decimals_compare(void)
{
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {
        {"5.0", "5", 0},
        {"0.10", "0.1", 0},
        {"1.5e3", "1500", 0},
        {"-9.2", "3", -1},
        {"-9.2", "-9.1", -1},
        {"9.9", "10", -1},
        {"0", "-0.0", 0},
        {"0.000000010", "1e-8", 0},
        {"123456789.012345678", "123456789.012345679", -1},
        {"4.7", "4.65", 1},
        {"0.05", "0.5", -1},
        {"100", "99.999", 1},
        {"0", "0.01", -1},
        {"0", "-3", 1},
    };
    static const char *const none[] = {"", "-", "5 mg", "1e", "1e+", "007", "-00", "1.", "1.e5", ".5", "+1", "1..2", "0x1"};
    int o;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT(fhir_decimal_compare(str_of(rows[i].a), str_of(rows[i].b), &o));
        CU_ASSERT_EQUAL((o > 0) - (o < 0), rows[i].order);
        CU_ASSERT(fhir_decimal_compare(str_of(rows[i].b), str_of(rows[i].a), &o));
        CU_ASSERT_EQUAL((o > 0) - (o < 0), -rows[i].order);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CU_ASSERT(!fhir_decimal_compare(str_of(none[i]), STR("5"), &o));
}

static void clear_form(void)
{
    static const char *const rows[][2] = {
        {"5.0", "5"},
        {"0.50", "0.5"},
        {"1.5e3", "1,500"},
        {"1000", "1,000"},
        {"100", "100"},
        {"-0.050", "-0.05"},
        {"1234567.80", "1,234,567.8"},
        {"0.0", "0"},
        {"1e-8", "0.00000001"},
        {"0", "0"},
        {"12E+1", "120"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;

        buf_init(&b, 1000);
        CU_ASSERT(fhir_decimal_clear(str_of(rows[i][0]), &b));
        UNIT_STR(b.p, rows[i][1]);
        CU_ASSERT_EQUAL(fhir_decimal_is_clear(str_of(rows[i][0])), !strcmp(rows[i][0], rows[i][1]));
        buf_fini(&b);
    }
    CU_ASSERT(!fhir_decimal_is_clear(STR("1e99999")));
}

static const char patient[] =
    "{\"resourceType\":\"Patient\",\"meta\":{\"security\":[{\"system\":"
    "\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]},"
    "\"identifier\":[{\"use\":\"old\",\"value\":\"1\"},{\"value\":\"2\"},"
    "{\"value\":\"3\",\"period\":{\"end\":\"2001-01-01\"}},{\"use\":\"temp\",\"value\":\"4\"}],"
    "\"name\":[{\"use\":\"old\",\"family\":\"Before\"},{\"use\":\"nickname\",\"given\":[\"Peg\"]},"
    "{\"use\":\"official\",\"family\":\"Ngu\xe1\xbb\x85n\",\"given\":[\"Zo\xc3\xab\",null,"
    "\"Th\xe1\xbb\x8b\"]}]}";

static void people(void)
{
    const int64_t now = 1790000000000;
    struct tape t;
    struct buf b;
    tape_at id;

    CU_ASSERT_EQUAL(tape_parse(&t, str_of(patient), NULL), ERR_OK);
    buf_init(&b, 1000);
    fhir_name_words(&t, fhir_name(&t, 0, now), &b);
    UNIT_STR(b.p, "NGU\xe1\xbb\x84N, Zo\xc3\xab Th\xe1\xbb\x8b");
    buf_fini(&b);
    id = fhir_identifier_next(&t, 0, TAPE_NONE, now);
    CU_ASSERT(tape_str_is(&t, tape_get(&t, id, "value"), "2"));
    id = fhir_identifier_next(&t, 0, id, now);
    CU_ASSERT(tape_str_is(&t, tape_get(&t, id, "value"), "4"));
    CU_ASSERT_EQUAL(fhir_identifier_next(&t, 0, id, now), TAPE_NONE);
    CU_ASSERT_EQUAL(fhir_confidentiality(&t), 'R');
    CU_ASSERT(!fhir_unknown_modifier(&t));
    tape_fini(&t);
}

/* Parts without a word leave no comma and no bracket behind, and a name that is no text is no name. */
static void names_without_words(void)
{
    static const char *const rows[][2] = {
        {"{\"family\":\"Roe\",\"given\":[\"\"],\"prefix\":[\" \"]}", "ROE"},
        {"{\"family\":\"Roe\",\"given\":[null],\"prefix\":[null,\"Dr\"]}", "ROE (Dr)"},
        {"{\"family\":\" \",\"given\":[\"Jo\"]}", "Jo"},
        {"{\"family\":[\"Roe\"],\"text\":\"Jo Roe\"}", "Jo Roe"},
        {"{\"use\":\"official\",\"family\":12345},{\"family\":\"Roe\"}", "ROE"},
        {"{\"use\":\"official\",\"text\":{\"a\":1}},{\"family\":\"Roe\"}", "ROE"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[200];
        struct tape t;
        struct buf b;

        snprintf(json, sizeof json, "{\"name\":[%s]}", rows[i][0]);
        CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(json), NULL), ERR_OK);
        buf_init(&b, 1000);
        CU_ASSERT_EQUAL(fhir_name_words(&t, fhir_name(&t, 0, 0), &b), ERR_OK);
        UNIT_STR(b.p ? b.p : "", rows[i][1]);
        buf_fini(&b);
        tape_fini(&t);
    }
}

static void words(void)
{
    struct tape t;
    struct arena a;

    arena_init(&a, 1000);
    CU_ASSERT_EQUAL(
        tape_parse(&t,
                   STR("{\"a\":{\"coding\":[{\"display\":\"x\",\"code\":\"1\"},"
                       "{\"display\":\"y\",\"code\":\"2\",\"userSelected\":true}]},"
                       "\"b\":{\"text\":\"words\",\"coding\":[{\"display\":\"x\"}]},"
                       "\"c\":{\"coding\":[{\"code\":\"260373001\"}]},"
                       "\"e\":{\"coding\":[{\"system\":\"urn:oid:2.999\",\"code\":\"R\"},{\"system\":"
                       "\"http://terminology.hl7.org/CodeSystem/condition-clinical\",\"code\":\"resolved\"}]},"
                       "\"valueQuantity\":{\"value\":0.10,\"comparator\":\"<\"},"
                       "\"_d\":{\"extension\":[{\"url\":\"http://hl7.org/fhir/"
                       "StructureDefinition/data-absent-reason\",\"valueCode\":\"masked\"}]},"
                       "\"modifierExtension\":[{}]}"),
                   NULL),
        ERR_OK);
    CU_ASSERT(str_is(fhir_words(&t, tape_get(&t, 0, "a"), &a), "y"));
    CU_ASSERT(str_is(fhir_words(&t, tape_get(&t, 0, "b"), &a), "words"));
    CU_ASSERT(str_is(fhir_words(&t, tape_get(&t, 0, "c"), &a), ""));
    CU_ASSERT(fhir_has_code(&t, tape_get(&t, 0, "a"), NULL, "2"));
    CU_ASSERT(str_is(fhir_code(&t, tape_get(&t, 0, "c")), "260373001"));
    /* a status is HL7's code for it, wherever that stands beside a server's own */
    CU_ASSERT(str_is(fhir_code(&t, tape_get(&t, 0, "e")), "resolved"));
    CU_ASSERT(str_is(fhir_code(&t, tape_get(&t, 0, "a")), "1"));
    CU_ASSERT(str_is(fhir_choice(&t, 0, "value").type, "Quantity"));
    CU_ASSERT(str_is(fhir_quantity(&t, fhir_choice(&t, 0, "value").at, &a).value, "0.10"));
    CU_ASSERT(str_is(fhir_quantity(&t, fhir_choice(&t, 0, "value").at, &a).comparator, "<"));
    CU_ASSERT(str_is(fhir_absent(&t, 0, "d"), "masked"));
    CU_ASSERT(fhir_unknown_modifier(&t));
    tape_fini(&t);
    arena_fini(&a);
}

static const struct unit_test tests[] = {
    {"decimals are compared as text", decimals_compare},
    {"the clear form of a number", clear_form},
    {"names and numbers in force", people},
    {"names without words", names_without_words},
    {"words, codes, quantities, absences", words},
};
UNIT_MAIN("read", tests)
