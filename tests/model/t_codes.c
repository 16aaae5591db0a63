/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables joined to expressions and forms: a condition and a limit see amounts, whatever their unit; a set's options
 * are the set's; what is not here is said once, by name, and never answered.
 * Kills tests/mutants: codes-not-here-is-no, codes-amounts-by-digits.
 */
#include "config.h"

#include "tests/unit.h"

#include <unistd.h>

#include "fhir/path_decimal.h"
#include "model/codes.h"

#define HEAD "{\"resourceType\":\"Questionnaire\",\"url\":\"urn:test\",\"version\":\"1\",\"item\":["
#define FHIR "http://hl7.org/fhir/StructureDefinition/"
#define KG(v, unit, code) "{\"value\":" v ",\"unit\":\"" unit "\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"" code "\"}"
#define UNIT(code, words)                                                                                              \
    "{\"url\":\"" FHIR "questionnaire-unitOption\",\"valueCoding\":{\"system\":\"http://unitsofmeasure.org\",\"code\":\"" code  \
    "\",\"display\":\"" words "\"}}"

struct bench {
    struct model_codes *codes;
    struct form_env env;
    struct form *f;
    struct arena a;
    struct err e;
};

static int member_of(void *arg, struct str set, struct str system, struct str code)
{
    return model_codes_member(((struct bench *)arg)->codes, set, system, code);
}

static int expand(void *arg, struct str set, struct str filter, unsigned from, unsigned max, struct arena *a,
                  struct form_coding *out, unsigned *total)
{
    return model_codes_expand(((struct bench *)arg)->codes, set, filter, from, max, a, out, total);
}

/* The tree's, not those beside a program that is installed. */
static const char *data(void)
{
    static char dir[1024];
    const char *top = getenv("top_srcdir");

    snprintf(dir, sizeof dir, "%s/data", top ? top : ".");
    return dir;
}

static void begin(struct bench *b, const char *dir, const char *form)
{
    *b = (struct bench){.codes = model_codes_new(dir), .e = ERR_NONE};
    arena_init(&b->a, 16u << 20);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b->codes);
    b->env = (struct form_env){.language = "en", .arg = b, .member_of = member_of, .expand = expand,
                               .units = model_codes_units(b->codes)};
    CU_ASSERT_EQUAL_FATAL(model_form_open(str_of(form), &b->env, &b->f, NULL, &b->e), ERR_OK);
}

static void end(struct bench *b)
{
    model_form_close(b->f);
    model_codes_free(b->codes);
    arena_fini(&b->a);
}

static enum form_said put(struct bench *b, const char *name, const char *typed)
{
    struct form_reply reply = {0};

    CU_ASSERT_EQUAL(model_form_put(b->f, model_form_named(b->f, str_of(name)), str_of(typed), 0, &b->a, &reply, &b->e),
                    ERR_OK);
    return reply.said;
}

static bool shown(struct bench *b, const char *name)
{
    return model_form_index(b->f, model_form_named(b->f, str_of(name))) >= 0;
}

static const char *lack(struct bench *b, unsigned i)
{
    struct text l[MODEL_LACKS];
    unsigned n = model_codes_lacks(b->codes, &b->a, l, MODEL_LACKS);

    return i < n ? l[i].s : "";
}

static const char weights[] = HEAD
    "{\"linkId\":\"w\",\"type\":\"quantity\",\"extension\":[" UNIT("kg", "kg") "," UNIT("g", "g") "," UNIT("[lb_av]", "lb") ","
    UNIT("st", "stone") ",{\"url\":\"http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-maxQuantity\",\"valueQuantity\":"
    KG("300", "kg", "kg") "}]},"
    "{\"linkId\":\"small\",\"type\":\"string\",\"enableWhen\":[{\"question\":\"w\",\"operator\":\"<\",\"answerQuantity\":"
    KG("2.5", "kg", "kg") "}]}]}";

static void amounts(void)
{
    static const struct {
        const char *typed;
        bool small, problem;
    } rows[] = {
        {"2 kg", true, false},     {"2400 g", true, false},   {"2500 g", false, false}, {"5.4 lb", true, false},
        {"5.6 lb", false, false},  {"400 kg", false, true},   {"299000 g", false, false}, {"301000 g", false, true},
        {"700 lb", false, true},
    };
    struct form_problem *p;
    struct bench b;
    unsigned n;

    begin(&b, data(), weights);
    CU_ASSERT(!*lack(&b, 0));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(put(&b, "w", rows[i].typed), FORM_TAKEN);
        CU_ASSERT_EQUAL(model_form_problems(b.f, &b.a, &p, &n, &b.e), ERR_OK);
        if (shown(&b, "small") != rows[i].small || (n > 0) != rows[i].problem)
            printf("\n    %s ", rows[i].typed);
        CU_ASSERT_EQUAL(shown(&b, "small"), rows[i].small);
        CU_ASSERT_EQUAL(n > 0, rows[i].problem);
    }
    CU_ASSERT(!*lack(&b, 0));
    put(&b, "w", "2 stone"); /* "st" is a stere to UCUM: a volume is no weight, and is asked about */
    CU_ASSERT(shown(&b, "small"));
    end(&b);
}

/* The table is not there: a question in doubt is asked, a limit says that it was not compared, and why is said once. */
static void no_tables(void)
{
    char dir[] = "/tmp/t_codesXXXXXX";
    struct form_problem *p;
    struct bench b;
    unsigned n;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    begin(&b, dir, weights);
    put(&b, "w", "2 kg");
    CU_ASSERT(!*lack(&b, 0)); /* the same unit asks no table */
    put(&b, "w", "2600 g");
    CU_ASSERT(shown(&b, "small"));
    CU_ASSERT_EQUAL(model_form_problems(b.f, &b.a, &p, &n, &b.e), ERR_OK);
    CU_ASSERT(n == 2 && strstr(p[0].words.s, "cannot be compared") != NULL);
    CU_ASSERT(strstr(lack(&b, 0), "The table of units cannot be used: ") != NULL);
    UNIT_STR(lack(&b, 1), "");
    CU_ASSERT_EQUAL(model_codes_member(b.codes, STR("http://hl7.org/fhir/ValueSet/administrative-gender"), STR(""), STR("male")),
                    -1);
    rmdir(dir);
    end(&b);
}

static const char sexes[] = HEAD
    "{\"linkId\":\"s\",\"type\":\"choice\",\"answerValueSet\":\"http://hl7.org/fhir/ValueSet/administrative-gender\"},"
    "{\"linkId\":\"x\",\"type\":\"choice\",\"answerValueSet\":\"http://example.org/none\"},"
    "{\"linkId\":\"in\",\"type\":\"string\",\"extension\":[{\"url\":\"http://hl7.org/fhir/uv/sdc/StructureDefinition/"
    "sdc-questionnaire-enableWhenExpression\",\"valueExpression\":{\"language\":\"text/fhirpath\",\"expression\":"
    "\"%resource.item.where(linkId='s').answer.value.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')\"}}]}]}";

static void sets(void)
{
    struct form_options l;
    struct bench b;

    begin(&b, data(), sexes);
    CU_ASSERT_EQUAL(model_form_options(b.f, model_form_named(b.f, STR("s")), STR(""), 0, 10, &b.a, &l, &b.e), ERR_OK);
    CU_ASSERT(l.here == FORM_ALL_HERE && l.total == 4 && l.n == 4);
    UNIT_STR(l.n ? l.v[0].words.s : "", "Male");
    CU_ASSERT_EQUAL(put(&b, "s", "Female"), FORM_TAKEN);
    CU_ASSERT(shown(&b, "in"));
    CU_ASSERT(!*lack(&b, 0));
    CU_ASSERT_EQUAL(model_form_options(b.f, model_form_named(b.f, STR("x")), STR(""), 0, 10, &b.a, &l, &b.e), ERR_OK);
    CU_ASSERT_EQUAL(l.here, FORM_NOT_HERE);
    CU_ASSERT_EQUAL(put(&b, "x", "anything"), FORM_REFUSED);
    CU_ASSERT(strstr(lack(&b, 0), "http://example.org/none") != NULL);
    UNIT_STR(lack(&b, 1), "");
    CU_ASSERT_EQUAL(model_codes_member(b.codes, STR("http://example.org/other"), STR("urn:x"), STR("1")), -1);
    CU_ASSERT(strstr(lack(&b, 1), "http://example.org/other") != NULL);
    end(&b);
}

/* A unit that no table has is named; what the two units say of each other is the expression's. */
static void unknown_unit(void)
{
    struct path_decimal one, out;
    struct bench b;
    const struct path_units *u;

    begin(&b, data(), HEAD "{\"linkId\":\"s\",\"type\":\"string\"}]}");
    u = model_codes_units(b.codes);
    CU_ASSERT(path_decimal_parse(STR("1"), &one));
    CU_ASSERT_EQUAL(u->convert(u->arg, &one, STR("kg"), STR("g"), &out), 1);
    CU_ASSERT_EQUAL(u->convert(u->arg, &one, STR("kg"), STR("m"), &out), 0);
    CU_ASSERT(!*lack(&b, 0));
    CU_ASSERT_EQUAL(u->convert(u->arg, &one, STR("mcg"), STR("g"), &out), -1);
    CU_ASSERT_EQUAL(u->convert(u->arg, &one, STR("mcg"), STR("kg"), &out), -1);
    UNIT_STR(lack(&b, 0), "The unit \"mcg\" cannot be computed with: UCUM has no such unit.");
    UNIT_STR(lack(&b, 1), "");
    end(&b);
}

static const struct unit_test tests[] = {
    {"amounts whatever their unit", amounts},
    {"no tables", no_tables},
    {"value sets", sets},
    {"a unit that no table has", unknown_unit},
};

UNIT_MAIN("codes", tests)
