/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Value sets: what a list must hold, and must not; what is not known is never "no" and never a shorter list. Kills
 * tests/mutants: valueset-part-as-whole, valueset-unknown-is-no.
 */
#include "config.h"

#include "tests/unit.h"

#include "base/fault.h"
#include "codes/valueset.h"

#define ANIMALS                                                                                                    \
    "{\"resourceType\":\"CodeSystem\",\"url\":\"urn:a\",\"content\":\"complete\",\"concept\":[{\"code\":\"animal\","   \
    "\"display\":\"Animal\",\"concept\":[{\"code\":\"dog\",\"display\":\"Dog\",\"designation\":[{\"value\":\"Hound\"}]},"  \
    "{\"code\":\"cat\",\"display\":\"House cat\"},{\"code\":\"auk\",\"display\":\"Great auk\",\"property\":[{\"code\":"    \
    "\"status\",\"valueCode\":\"retired\"}]}]},{\"code\":\"plant\",\"display\":\"Plant\"},"                     \
    "{\"code\":\"none\",\"display\":\"Great nothing\",\"property\":[{\"code\":\"notSelectable\",\"valueBoolean\":true}]}]}"
#define SET(url, rest) "{\"resourceType\":\"ValueSet\",\"url\":\"" url "\"," rest "}"
#define RULE(url, rest) SET(url, "\"compose\":{\"include\":[" rest "]}")
#define OF_A(filter) "{\"system\":\"urn:a\",\"filter\":[" filter "]}"
#define IS(op, value) "{\"property\":\"concept\",\"op\":\"" op "\",\"value\":\"" value "\"}"

static const char *const resources[] = {
    ANIMALS,
    RULE("urn:all", "{\"system\":\"urn:a\"}"),
    RULE("urn:two", "{\"system\":\"urn:a\",\"concept\":[{\"code\":\"cat\",\"display\":\"Puss\"},{\"code\":\"dog\"}]}"),
    RULE("urn:below", OF_A(IS("descendent-of", "animal"))),
    RULE("urn:is-a", OF_A(IS("is-a", "animal"))),
    RULE("urn:not", OF_A(IS("is-not-a", "animal"))),
    RULE("urn:up", OF_A(IS("generalizes", "dog"))),
    RULE("urn:in", OF_A(IS("in", "dog, plant"))),
    RULE("urn:both", OF_A(IS("is-a", "animal") "," IS("not-in", "cat"))),
    RULE("urn:strange", OF_A("{\"property\":\"legs\",\"op\":\"=\",\"value\":\"4\"}")),
    RULE("urn:lost", OF_A(IS("is-a", "unicorn"))),
    RULE("urn:elsewhere", "{\"system\":\"urn:b\"},{\"system\":\"urn:a\"}"),
    RULE("urn:meet", "{\"valueSet\":[\"urn:below\",\"urn:two\"]}"),
    RULE("urn:within", "{\"system\":\"urn:a\",\"valueSet\":[\"urn:two\"]}"),
    RULE("urn:none", "{\"valueSet\":[\"urn:missing\"]}"),
    RULE("urn:x", "{\"valueSet\":[\"urn:y\"]}"),
    RULE("urn:y", "{\"valueSet\":[\"urn:x\"]}"),
    RULE("urn:twice", "{\"system\":\"urn:a\"},{\"system\":\"urn:a\",\"concept\":[{\"code\":\"dog\"}]}"),
    SET("urn:less", "\"compose\":{\"include\":[{\"system\":\"urn:a\"}],\"exclude\":[" OF_A(IS("is-a", "animal")) "]}"),
    SET("urn:living", "\"compose\":{\"inactive\":false,\"include\":[" OF_A(IS("descendent-of", "animal")) "]}"),
    SET("urn:whole", "\"expansion\":{\"total\":2,\"contains\":[{\"system\":\"urn:b\",\"code\":\"1\",\"display\":\"One\"},"
                     "{\"system\":\"urn:b\",\"code\":\"2\"}]}"),
    SET("urn:part", "\"expansion\":{\"total\":300,\"contains\":[{\"system\":\"urn:b\",\"code\":\"1\"}]}"),
    SET("urn:page", "\"expansion\":{\"offset\":20,\"contains\":[{\"system\":\"urn:b\",\"code\":\"1\"}]}"),
    SET("urn:asked", "\"expansion\":{\"parameter\":[{\"name\":\"filter\",\"valueString\":\"o\"}],\"contains\":[{\"system\":"
                     "\"urn:b\",\"code\":\"1\"}]}"),
    SET("urn:server", "\"compose\":{\"include\":[{\"system\":\"urn:b\"}]},\"expansion\":{\"contains\":[{\"system\":\"urn:b\","
                      "\"code\":\"1\"}]}"),
    SET("urn:empty", "\"status\":\"draft\""),
    SET("urn:dated", "\"version\":\"2\",\"compose\":{\"include\":[{\"system\":\"urn:a\"}]}"),
};

static struct valueset_base *base(void)
{
    static struct valueset_base *b;

    if (b)
        return b;
    CU_ASSERT_FATAL(!valueset_base_new(STR(""), &b, NULL));
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
        CU_ASSERT_FATAL(!valueset_load_resource(b, str_of(resources[i]), NULL));
    return b;
}

/* "dog cat", or "why 3 urn:b". */
static const char *expand(const char *canonical)
{
    static char said[4000];
    struct valueset_list l;
    struct arena a;
    struct str about;
    enum valueset_why why;
    size_t n = 0;

    arena_init(&a, 8 << 20);
    why = valueset_expand(base(), str_of(canonical), &a, &l, &about);
    said[0] = '\0';
    if (why)
        snprintf(said, sizeof said, "why %d %.*s", why, STR_ARG(about));
    CU_ASSERT(!why || !l.n);
    for (uint32_t i = 0; i < l.n; i++)
        n += (size_t)snprintf(said + n, sizeof said - n, "%s%.*s%s", i ? " " : "", STR_ARG(l.v[i].code),
                              l.v[i].retired ? "!" : "");
    arena_fini(&a);
    return said;
}

static void lists(void)
{
    static const char *const rows[][2] = {
        {"urn:all", "animal dog cat auk! plant"},
        {"urn:two", "cat dog"},
        {"urn:below", "dog cat auk!"},
        {"urn:is-a", "animal dog cat auk!"},
        {"urn:not", "plant"},
        {"urn:up", "animal dog"},
        {"urn:in", "dog plant"},
        {"urn:both", "animal dog auk!"},
        {"urn:meet", "dog cat"},
        {"urn:within", "dog cat"},
        {"urn:twice", "animal dog cat auk! plant"},
        {"urn:less", "plant"},
        {"urn:living", "dog cat"},
        {"urn:whole", "1 2"},
        {"urn:server", "1"},
        {"urn:dated|2", "animal dog cat auk! plant"},
        {"urn:dated", "animal dog cat auk! plant"},
        /* What is not whole is no list. */
        {"urn:missing", "why 1 urn:missing"},
        {"urn:dated|1", "why 1 urn:dated|1"},
        {"urn:none", "why 1 urn:missing"},
        {"urn:elsewhere", "why 2 urn:b"},
        {"urn:lost", "why 3 unicorn"},
        {"urn:strange", "why 4 legs"},
        {"urn:part", "why 5 "},
        {"urn:page", "why 5 "},
        {"urn:asked", "why 5 "},
        {"urn:x", "why 6 urn:x"},
        {"urn:empty", "why 8 "},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        UNIT_STR(expand(rows[i][0]), rows[i][1]);
    for (int i = 1; i < VALUESET_WHY_N; i++)
        CU_ASSERT(valueset_why((enum valueset_why)i)[0] != '\0');
}

static void members(void)
{
    static const struct {
        const char *set, *system, *code;
        int in;
    } rows[] = {
        {"urn:all", "urn:a", "none", 1},     {"urn:all", "urn:a", "dog", 1},      {"urn:all", "", "dog", 1},          {"urn:all", "urn:a", "unicorn", 0},
        {"urn:all", "urn:b", "dog", 0},      {"urn:two", "urn:a", "plant", 0},   {"urn:two", "", "cat", 1},
        {"urn:below", "urn:a", "animal", 0}, {"urn:less", "urn:a", "dog", 0},    {"urn:less", "urn:a", "plant", 1},
        {"urn:meet", "urn:a", "auk", 0},     {"urn:meet", "urn:a", "cat", 1},    {"urn:elsewhere", "urn:a", "dog", 1},
        {"urn:whole", "urn:b", "2", 1},      {"urn:whole", "urn:b", "3", 0},     {"urn:part", "urn:b", "1", 1},
        {"urn:server", "urn:b", "1", 1},
        /* "No" would be a guess. */
        {"urn:missing", "urn:a", "dog", -1}, {"urn:elsewhere", "urn:b", "1", -1}, {"urn:part", "urn:b", "3", -1},
        {"urn:strange", "urn:a", "dog", -1}, {"urn:lost", "urn:a", "dog", -1},   {"urn:x", "urn:a", "dog", -1},
        {"urn:none", "urn:a", "dog", -1},    {"urn:empty", "urn:a", "dog", -1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int in = valueset_member(base(), str_of(rows[i].set), str_of(rows[i].system), str_of(rows[i].code));

        if (in != rows[i].in)
            printf("\n    %s %s|%s: %d ", rows[i].set, rows[i].system, rows[i].code, in);
        CU_ASSERT(in == rows[i].in);
    }
    CU_ASSERT(valueset_is_a(base(), STR("urn:a"), STR("dog"), STR("animal")) == 1);
    CU_ASSERT(valueset_is_a(base(), STR("urn:a"), STR("plant"), STR("animal")) == 0);
    CU_ASSERT(valueset_is_a(base(), STR("urn:a"), STR("elf"), STR("animal")) == -1);
}

static const char *dir(const char *sub)
{
    static char path[1024];
    const char *top = getenv("top_srcdir");

    snprintf(path, sizeof path, "%s/%s", top ? top : ".", sub);
    return path;
}

/* The first codes, and "3 of 12". */
static const char *search(const struct valueset_base *b, const char *system, const char *typed, uint32_t most)
{
    static char said[2000];
    struct valueset_found f;
    struct arena a;
    size_t n = 0;

    arena_init(&a, 1 << 20);
    CU_ASSERT(!valueset_search(b, str_of(system), str_of(typed), most, &a, &f));
    said[0] = '\0';
    for (uint32_t i = 0; i < f.n; i++)
        n += (size_t)snprintf(said + n, sizeof said - n, "%.*s:%d ", STR_ARG(f.v[i].code.code), f.v[i].rank);
    snprintf(said + n, sizeof said - n, "(%u of %u)", f.n, f.all);
    arena_fini(&a);
    return said;
}

/* What comes with the program. */
static void shipped(void)
{
    struct valueset_base *b = NULL, *es = NULL;
    struct valueset_code c;
    struct valueset_list l;
    struct valueset_found f;
    struct arena a;
    struct str url, date;
    uint32_t codes, all = 0;

    CU_ASSERT_FATAL(!valueset_base_new(STR(""), &b, NULL) && !valueset_load_dir(b, dir("data/codes"), NULL));
    for (unsigned i = 0; valueset_system(b, i, &url, &date, &codes); i++, all += codes)
        CU_ASSERT(date.n == 10);
    CU_ASSERT(all > 1100);
    CU_ASSERT(valueset_lookup(b, STR("http://hl7.org/fhir/sid/cvx"), STR("03"), &c) && str_is(c.synonyms, "MMR"));
    CU_ASSERT(valueset_lookup(b, STR("http://hl7.org/fhir/sid/cvx"), STR("02"), &c) && c.retired);
    arena_init(&a, 8 << 20);
    CU_ASSERT(!valueset_expand(b, STR("http://hl7.org/fhir/ValueSet/yesnodontknow"), &a, &l, NULL) && l.n == 3);
    CU_ASSERT(str_is(l.v[0].display, "No") && str_is(l.v[2].code, "asked-unknown"));
    CU_ASSERT(!valueset_expand(b, STR("http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1"), &a, &l, NULL));
    CU_ASSERT(!valueset_search_list(&l, STR("FEM"), 10, &a, &f) && f.n == 1 && f.all == 1 && str_is(f.v[0].code.code, "female") && f.v[0].rank == VALUESET_WORDS);
    CU_ASSERT(!valueset_expand(b, STR("http://hl7.org/fhir/ValueSet/observation-interpretation"), &a, &l, NULL) && l.n > 40);
    for (uint32_t i = 0; i < l.n; i++)
        CU_ASSERT(!str_starts(l.v[i].code, "_"));
    CU_ASSERT(!valueset_base_new(STR("es"), &es, NULL) && !valueset_load_dir(es, dir("data/codes"), NULL));
    CU_ASSERT(valueset_lookup(es, STR("http://hl7.org/fhir/administrative-gender"), STR("female"), &c));
    CU_ASSERT(str_is(c.display, "Femenino") && str_is(c.synonyms, "Female"));
    valueset_base_free(es);
    arena_fini(&a);
    CU_ASSERT(valueset_member(b, STR("http://hl7.org/fhir/ValueSet/condition-clinical"),
                              STR("http://terminology.hl7.org/CodeSystem/condition-clinical"), STR("relapse")) == 1);
    /* A code first, then a whole term, then words, then the short name; what is no longer given last. */
    UNIT_STR(search(b, "http://hl7.org/fhir/sid/cvx", "03", 3), "03:0 (1 of 1)");
    UNIT_STR(search(b, "http://hl7.org/fhir/sid/cvx", "mmr", 2), "03:3 94:3 (2 of 2)");
    valueset_base_free(b);
}

static void searches(void)
{
    UNIT_STR(search(base(), "urn:a", "CAT", 10), "cat:0 (1 of 1)");
    UNIT_STR(search(base(), "urn:a", "great  AUK", 10), "auk:1 (1 of 1)");
    UNIT_STR(search(base(), "urn:a", "ho", 10), "cat:2 dog:3 (2 of 2)");
    UNIT_STR(search(base(), "urn:a", "ca ho", 10), "cat:2 (1 of 1)");
    UNIT_STR(search(base(), "urn:a", "a", 10), "(0 of 0)");
    UNIT_STR(search(base(), "urn:a", "", 10), "(0 of 0)");
    UNIT_STR(search(base(), "urn:a", "an", 0), "(0 of 1)");
    UNIT_STR(search(base(), "urn:a", "ouse", 10), "(0 of 0)");
}

/* "plant (1 of 3)" from the third on. */
static const char *options(const char *set, const char *typed, uint32_t from, uint32_t most)
{
    static char said[500];
    struct valueset_found f;
    struct arena a;
    enum valueset_why why;
    size_t n = 0;

    arena_init(&a, 8 << 20);
    why = valueset_options(base(), str_of(set), str_of(typed), from, most, &a, &f);
    for (uint32_t i = 0; i < f.n; i++)
        n += (size_t)snprintf(said + n, sizeof said - n, "%.*s ", STR_ARG(f.v[i].code.code));
    if (why)
        snprintf(said, sizeof said, "why %d", why);
    else
        snprintf(said + n, sizeof said - n, "(%u of %u)", f.n, f.all);
    arena_fini(&a);
    return said;
}

static void pages(void)
{
    UNIT_STR(options("urn:all", "", 0, 2), "animal dog (2 of 5)");
    UNIT_STR(options("urn:all", "", 4, 2), "plant (1 of 5)");
    UNIT_STR(options("urn:all", "", 9, 2), "(0 of 5)");
    UNIT_STR(options("urn:below", "ho", 1, 5), "dog (1 of 2)");
    UNIT_STR(options("urn:two", "pus", 0, 5), "cat (1 of 1)"); /* by the set's own word */
    UNIT_STR(options("urn:elsewhere", "", 0, 5), "why 2");
    CU_ASSERT(valueset_path_member(base(), STR("urn:all"), STR("urn:a"), STR("dog")) == 1);
}

/* A set's designation, then the system's, then the words that they have. */
static void languages(void)
{
    static const char system[] =
        "{\"resourceType\":\"CodeSystem\",\"url\":\"urn:l\",\"content\":\"complete\",\"concept\":[{\"code\":\"1\",\"display\":\"House\","
        "\"designation\":[{\"language\":\"es-AR\",\"value\":\"Casa\"}]},{\"code\":\"2\",\"display\":\"Tree\",\"designation\":[{\"language\":"
        "\"es\",\"value\":\"\u00c1rbol\"}]},{\"code\":\"3\",\"display\":\"Sea\"}]}";
    static const char set[] =
        RULE("urn:s", "{\"system\":\"urn:l\",\"concept\":[{\"code\":\"1\",\"display\":\"Home\"},{\"code\":\"2\",\"designation\":[{\"language\":"
                      "\"es\",\"value\":\"Palo\"}]},{\"code\":\"3\",\"display\":\"Ocean\"},{\"code\":\"4\",\"display\":\"Four\"}]}");
    static const char *const want[][2] = {{"es", "Casa Palo Ocean Four"}, {"", "Home Tree Ocean Four"}, {"fr", "Home Tree Ocean Four"}};

    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        struct valueset_base *b = NULL;
        struct valueset_list l;
        struct arena a;
        char said[200] = "";

        CU_ASSERT_FATAL(!valueset_base_new(str_of(want[i][0]), &b, NULL));
        CU_ASSERT(!valueset_load_resource(b, str_of(system), NULL) && !valueset_load_resource(b, str_of(set), NULL));
        arena_init(&a, 8 << 20);
        CU_ASSERT(!valueset_expand(b, STR("urn:s"), &a, &l, NULL));
        for (uint32_t k = 0; k < l.n; k++)
            snprintf(said + strlen(said), sizeof said - strlen(said), "%s%.*s", k ? " " : "", STR_ARG(l.v[k].display));
        UNIT_STR(said, want[i][1]);
        if (!i) {
            UNIT_STR(search(b, "urn:l", "arbo", 5), "2:2 (1 of 1)");
            UNIT_STR(search(b, "urn:l", "tree", 5), "2:3 (1 of 1)");
        }
        arena_fini(&a);
        valueset_base_free(b);
    }
}

static void refused(void)
{
    static const struct {
        const char *bytes;
        int code;
    } rows[] = {
        {"{", ERR_JSON},
        {"{\"resourceType\":\"Patient\"}", ERR_UNSUPPORTED},
        {"{\"resourceType\":\"CodeSystem\",\"url\":\"urn:c\",\"content\":\"fragment\",\"concept\":[{\"code\":\"x\"}]}", ERR_UNSUPPORTED},
        {"{\"resourceType\":\"CodeSystem\",\"content\":\"complete\"}", ERR_INPUT},
        {"{\"resourceType\":\"CodeSystem\",\"url\":\"urn:c\",\"content\":\"complete\",\"concept\":[{\"display\":\"x\"}]}", ERR_INPUT},
        {"{\"resourceType\":\"CodeSystem\",\"url\":\"urn:c\",\"content\":\"complete\",\"concept\":[{\"code\":\"x\"},{\"display\":\"y\"}]}",
         ERR_INPUT},
    };
    struct valueset_base *b = NULL;
    struct valueset_found f;
    struct arena a;
    struct str url, date;
    struct err e;
    uint32_t n;

    CU_ASSERT_FATAL(!valueset_base_new(STR(""), &b, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT(valueset_load_resource(b, str_of(rows[i].bytes), &e) == rows[i].code);
    CU_ASSERT(valueset_load(b, dir("data/codes"), "README", &e) == ERR_UNSUPPORTED);
    CU_ASSERT(valueset_load(b, dir("data/codes"), "none.tsv", &e) == ERR_NOFILE);
    CU_ASSERT(valueset_load(b, dir("data/ucum"), "units.tsv", &e) == ERR_INPUT); /* no display */
    CU_ASSERT(!valueset_load_dir(b, "/nonexistent", &e));
    CU_ASSERT(!valueset_system(b, 0, &url, &date, &n)); /* half of a system is none */
    arena_init(&a, 1000);
    CU_ASSERT(valueset_search(b, STR("urn:nowhere"), STR("dog"), 5, &a, &f) == VALUESET_NO_SYSTEM && !f.all);
    arena_fini(&a);
    valueset_base_free(b);
    valueset_base_free(NULL);
}

/* REQ: a concept of two parents: one alone would be kept, and "no" said where it is yes. */
static void two_parents(void)
{
#define UNDER(code) "{\"code\":\"parent\",\"valueCode\":\"" code "\"}"
#define TREE(child) "{\"resourceType\":\"CodeSystem\",\"url\":\"urn:tree\",\"content\":\"complete\",\"concept\":[{\"code\":\"b\"},{\"code\":\"a\"" child "}]}"
    static const struct {
        const char *bytes;
        int code;
    } rows[] = {
        {TREE("},{\"code\":\"c\",\"property\":[" UNDER("a") "," UNDER("b") "]"), ERR_UNSUPPORTED},
        {TREE(",\"concept\":[{\"code\":\"c\",\"property\":[" UNDER("b") "]}]"), ERR_UNSUPPORTED},
        {TREE(",\"concept\":[{\"code\":\"c\"}]},{\"code\":\"c\",\"property\":[" UNDER("b") "]"), ERR_UNSUPPORTED}, /* by standing there twice */
        {TREE(",\"concept\":[{\"code\":\"c\"}]},{\"code\":\"c\",\"property\":[" UNDER("a") ",{\"code\":\"notSelectable\",\"valueBoolean\":true}]"), ERR_UNSUPPORTED},
        {TREE(",\"concept\":[{\"code\":\"c\",\"property\":[" UNDER("a") "]}]},{\"code\":\"c\",\"property\":[" UNDER("a") "]"), ERR_OK}, /* the same one twice */
    };
    struct valueset_base *b = NULL;
    struct err e;

    CU_ASSERT_FATAL(!valueset_base_new(STR(""), &b, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT(valueset_load_resource(b, str_of(rows[i].bytes), &e) == rows[i].code);
        CU_ASSERT(valueset_is_a(b, STR("urn:tree"), STR("c"), STR("a")) == (rows[i].code ? -1 : 1));
    }
    valueset_base_free(b);
}

/* Without memory at any place there is an error, or what would have been said anyway. */
static void no_memory(void)
{
#ifdef FAULT_INJECTION
    for (unsigned long n = 1; n < 400; n++) {
        struct valueset_base *b = NULL;
        struct valueset_list l = {0};
        struct valueset_found f = {0};
        enum valueset_why why = VALUESET_OK;
        struct arena a;
        int r;

        arena_init(&a, 8 << 20);
        fault_arm(FAULT_MEM, n);
        r = valueset_base_new(STR(""), &b, NULL);
        for (size_t i = 0; i < 4 && !r; i++)
            r = valueset_load_resource(b, str_of(resources[i]), NULL);
        if (!r)
            why = valueset_expand(b, STR("urn:below"), &a, &l, NULL);
        CU_ASSERT(r || why || l.n == 3);
        if (!r && !valueset_search(b, STR("urn:a"), STR("ho"), 5, &a, &f))
            CU_ASSERT(f.all == 2);
        if (!r && !why && !valueset_search_list(&l, STR("ho"), 5, &a, &f))
            CU_ASSERT(f.all == 2);
        if (fault_count(FAULT_MEM) < n)
            n = 400;
        fault_arm(FAULT_MEM, 0);
        arena_fini(&a);
        valueset_base_free(b);
    }
#else
    unit_skip("no fault injection in this build");
#endif
}

static const struct unit_test tests[] = {
    {"lists by rules, and what is no list", lists},
    {"members: yes, no, or not known", members},
    {"searches are counted", searches},
    {"pages of a pick list", pages},
    {"displays in the language of who reads", languages},
    {"what comes with the program", shipped},
    {"what is refused", refused},
    {"a concept of two parents", two_parents},
    {"no memory, no shorter list", no_memory},
};

UNIT_MAIN("valueset", tests)
