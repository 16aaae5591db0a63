/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The display rules over strings, and over what wardline itself composes of a dose. Kills tests/mutants:
 * lint-blind, dose-units-raw, lint-unmarked.
 */
#include "config.h"

#include "tests/unit.h"

#include "base/mem.h"
#include "fhir/index.h"
#include "model/lint.h"
#include "model/priv.h"

#define BIT(lint) (1u << MODEL_LINT_##lint)

static void finds(void)
{
    static const struct {
        const char *s;
        unsigned broken;
    } table[] = {
        /* REQ CS-11 */
        {"take 10mg now", BIT(TOUCHING)},
        {"5mL", BIT(TOUCHING)},
        {"10 mg", 0},
        {"vitamin B12", 0},
        {"24h", 0},
        /* REQ CS-13 */
        {"5.0 mg", BIT(ZERO)},
        {"0.50 mg", BIT(ZERO)},
        {"5.0", BIT(ZERO)},
        {"0.5 mg", 0},
        {"10.05 mg", 0},
        {".5 mg", BIT(POINT)},
        {"take .5 mg", BIT(POINT)},
        {"daily.5 tablets", 0},
        {"10000 units", BIT(COMMA)},
        {"10,000 units", 0},
        {"in 2026 again", 0},
        {"127.0.0.1", 0},
        {"R4 (4.0.x)", 0},
        /* REQ CS-15 */
        {"10 U insulin", BIT(UNITS)},
        {"10U", BIT(UNITS) | BIT(TOUCHING)},
        {"100 IU", BIT(UNITS)},
        {"10 units", 0},
        {"U-shaped", 0},
        {"50 \xc2\xb5g", BIT(MICRO)},
        {"50 \xce\xbcg", BIT(MICRO)},
        {"\xce\xba\xce\xb1\xce\xbc\xce\xbc\xce\xb5", 0},
        {"2 cc", BIT(CC)},
        {"cc Dr. Ames", 0},
        {"5 mg. daily", BIT(STOP)},
        {"5 mg. Daily", 0},
        /* REQ CS-16 */
        {"one QD", BIT(OFTEN)},
        {"1 tab q.d.", BIT(OFTEN)},
        {"at HS", BIT(OFTEN)},
        {"QOD", BIT(OFTEN)},
        {"HSV", 0},
        {"MS 10 mg", BIT(MORPHINE)},
        {"MgSO4", BIT(MORPHINE)},
        {"Ms Ames", 0},
        /* REQ CS-17 */
        {"if < 50", BIT(LESS)},
        {"if >=50", BIT(LESS)},
        {"go -> 5", 0},
        {"<U+202E>", 0},
        {"", 0},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned got = model_lint(str_of(table[i].s));

        if (got != table[i].broken)
            printf("\n    '%s': 0x%x, not 0x%x ", table[i].s, got, table[i].broken);
        CU_ASSERT_EQUAL(got, table[i].broken);
    }
}

static void any_bytes(void)
{
    static const char from[] = " .,09UmgLc<>QDHS\xc2\xb5\xce\xbc-";
    char s[64];
    uint32_t seed = 1;

    for (int round = 0; round < 200000; round++) {
        size_t n = 0;

        for (; n < sizeof s && (seed >> 9) % 40; n++) {
            seed = seed * 1664525u + 1013904223u;
            s[n] = from[(seed >> 16) % (sizeof from - 1)];
        }
        seed = seed * 1664525u + 1013904223u;
        CU_ASSERT(model_lint((struct str){s, n}) < 1u << MODEL_LINTS);
    }
}

/* One medicine row out of JSON in which ' stands for ". Its words, and the rules that its server words break. */
static unsigned row_of(const char *quoted, char *words, size_t room)
{
    struct model m = {.store = NULL};
    struct model_person who = {.chart = "p", .id = STR("p"), .now_ms = 1795442700000LL};
    struct store_row row = {0};
    struct model_row out = {0};
    struct fhir_index ix;
    struct arena a;
    struct tape t;
    int rank, code;
    char *json = mem_dup(quoted, strlen(quoted));

    for (char *c = json; *c; c++)
        if (*c == '\'')
            *c = '"';
    arena_init(&a, 1 << 20);
    code = tape_parse(&t, str_of(json), NULL);
    if (!code)
        code = fhir_index(&t, NULL, &a, &ix, NULL);
    if (!code) {
        row.type = ix.type, row.id = ix.id, row.date = ix.date, row.status = ix.status;
        code = model_format(&m, &who, &row, &t, &a, &out, &rank, NULL);
    }
    CU_ASSERT_EQUAL(code, ERR_OK);
    snprintf(words, room, "%s", code ? "" : out.text.s);
    tape_fini(&t);
    arena_fini(&a);
    mem_free(json);
    return out.broken;
}

#define ORDER                                                                                      \
    "{'resourceType':'MedicationRequest','id':'x','status':'active','subject':{'reference':'Patient/p'}," \
    "'medicationCodeableConcept':{'text':'%s'},'dosageInstruction':[{%s}]}"

/* Every unit and every code of how often, as a server has them: in wardline's words none breaks a rule. */
static void composed(void)
{
    static const char *const units[] = {"mg", "g", "ug", "\xc2\xb5g", "\xce\xbcg", "mcg", "U", "u", "IU", "iu", "[iU]", "kU", "mU", "mL",
                                        "ml", "cc", "uL", "umol", "meq", "h", "min", "U/h", "ug/kg/min", "cel", "[in_i]"};
    static const char *const values[] = {"5", "0.5", "10000", "1.5e3", "1"};
    static const char *const codes[] = {"QD", "QOD", "BID", "TID", "QID", "HS", "BED", "AM", "PM", "STAT", "Q1H", "Q4H", "Q12H", "WK"};
    char dose[512], json[2048], words[4096];
    unsigned n = 0;

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        for (size_t j = 0; j < sizeof values / sizeof *values; j++, n++) {
            snprintf(dose, sizeof dose, "'doseAndRate':[{'doseQuantity':{'value':%s,'unit':'%s','comparator':'<'}}]", values[j],
                     units[i]);
            snprintf(json, sizeof json, ORDER, "drug", dose);
            CU_ASSERT_EQUAL(row_of(json, words, sizeof words), 0);
            /* A number that breaks a rule is the server's, and its clear form stands beside it. */
            if (model_lint(str_of(words)) & ~(strstr(words, "(= ") ? BIT(COMMA) : 0u)) {
                printf("\n    '%s' ", words);
                CU_FAIL("composed words break a rule");
            }
        }
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++, n++) {
        snprintf(dose, sizeof dose, "'timing':{'code':{'coding':[{'code':'%s'}]}}", codes[i]);
        snprintf(json, sizeof json, ORDER, "drug", dose);
        CU_ASSERT_EQUAL(row_of(json, words, sizeof words), 0);
        CU_ASSERT_EQUAL(model_lint(str_of(words)), 0);
    }
    CU_ASSERT(n > 100);
}

/* REQ CS-11, CS-13, CS-15 to CS-17: the server's own words stand as they came, marked where they break one. */
static void marked(void)
{
    static const struct {
        const char *drug, *dosage, *words;
        unsigned broken;
    } table[] = {
        {"drug", "'text':'5.0 mg QD'", "drug - 5.0 mg QD [!] - active", BIT(ZERO) | BIT(OFTEN)},
        {"MS 10mg tab", "'text':'one at night'", "MS 10mg tab [!] - one at night - active", BIT(MORPHINE) | BIT(TOUCHING)},
        {"drug", "'text':'one at night','patientInstruction':'10 U'", "drug - one at night - for the patient: 10 U [!] - active",
         BIT(UNITS)},
        {"drug", "'text':'x','timing':{'code':{'text':'2 cc hourly'}}", "drug - 2 cc hourly [!] - x - active", BIT(CC)},
        {"drug", "'text':'5 mg daily'", "drug - 5 mg daily - active", 0},
    };
    char json[2048], words[4096];

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        snprintf(json, sizeof json, ORDER, table[i].drug, table[i].dosage);
        CU_ASSERT_EQUAL(row_of(json, words, sizeof words), table[i].broken);
        UNIT_STR(words, table[i].words);
    }
    /* A result's zeros are its precision. */
    row_of("{'resourceType':'Observation','id':'x','status':'final','subject':{'reference':'Patient/p'},"
           "'code':{'text':'test'},'valueQuantity':{'value':5.0,'unit':'mg/dL'}}",
           words, sizeof words);
    CU_ASSERT_PTR_NULL(strstr(words, "[!]"));
    CU_ASSERT_PTR_NOT_NULL(strstr(words, "5.0 mg/dL"));
}

static void told(void)
{
    for (unsigned i = 0; i < MODEL_LINTS; i++) {
        CU_ASSERT(model_lint_rule(i) >= 11 && model_lint_rule(i) <= 17);
        CU_ASSERT(strlen(model_lint_words(i)) > 5);
        CU_ASSERT_EQUAL(model_lint(str_of(model_lint_words(i))), 0);
    }
}

static const struct unit_test tests[] = {
    {"each rule is found, and nothing else is", finds}, {"any bytes", any_bytes},
    {"composed words break none", composed},            {"server words are marked", marked},
    {"each has its words", told},
};
UNIT_MAIN("lint", tests)
