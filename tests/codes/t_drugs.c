/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The drug table: what is found, counted and understood, and what is said not to be. Kills tests/mutants:
 * drugs-rest-unsaid.
 */
#include "config.h"

#include "tests/unit.h"

#include <unistd.h>

#include "codes/drugs.h"

static const struct date today = {.precision = DATE_DAY, .year = 2026, .month = 12, .day = 1};

static const char *table_dir(void)
{
    static char dir[1100];
    const char *top = getenv("top_srcdir");

    snprintf(dir, sizeof dir, "%s/data/drugs", top ? top : ".");
    return dir;
}

static struct codes_drugs *table(void)
{
    struct codes_drugs *d = NULL;
    struct err e = ERR_NONE;

    CU_ASSERT_EQUAL_FATAL(codes_drugs_open(table_dir(), &today, &d, &e), ERR_OK);
    if (codes_drugs_bad(d))
        printf("\n    %s: state %d, line %d ", codes_drugs_bad(d)->file, codes_drugs_bad(d)->state, codes_drugs_bad(d)->line);
    CU_ASSERT_FATAL(!codes_drugs_bad(d));
    return d;
}

static void the_table(void)
{
    struct codes_drugs *d = table();
    const struct codes_product *p;
    unsigned at = 0, n = 0;
    int amoxicillin = codes_drug_find(d, STR("amoxicillin"));

    CU_ASSERT(codes_drugs_count(d) > 500);
    CU_ASSERT_FATAL(amoxicillin >= 0);
    CU_ASSERT(str_is(codes_drug(d, (unsigned)amoxicillin)->rxcui, "723"));
    CU_ASSERT(codes_drug_in(d, (unsigned)amoxicillin, (unsigned)codes_class_find(d, STR("penicillin"))));
    CU_ASSERT(!codes_drug_in(d, (unsigned)amoxicillin, (unsigned)codes_class_find(d, STR("statin"))));
    CU_ASSERT(str_is(codes_drug(d, (unsigned)codes_drug_find(d, STR("fluoxetine")))->tall, "FLUoxetine"));
    while ((p = codes_product_next(d, (unsigned)amoxicillin, &at))) {
        CU_ASSERT(n >= 2 ? p->drugs == 2 : p->drugs == 1);
        if (!n++)
            CU_ASSERT(str_is(p->strength, "250 mg") && str_is(p->form, "oral capsule"));
    }
    CU_ASSERT_EQUAL(n, 5);
    codes_drugs_free(d);
}

/* What the table itself calls a product is understood, its salts and numbers included, where it says an ingredient. */
static void every_product(void)
{
    struct codes_drugs *d = table();
    unsigned n = 0;

    for (unsigned i = 0; i < codes_drugs_count(d); i++) {
        const struct codes_product *p;

        for (unsigned at = 0; (p = codes_product_next(d, i, &at)); n++) {
            struct codes_drug_set s;
            struct err e = ERR_NONE;
            struct arena a;

            arena_init(&a, 1 << 16);
            CU_ASSERT_EQUAL(codes_drugs_of_words(d, p->words, CODES_OF_A_MEDICINE, &a, &s, &e), ERR_OK);
            if (s.drugs && !str_starts(p->words, "Pulmozyme (") && !str_starts(p->words, "Dysport ")) { /* brands in front */
                if (!s.mapped || s.drugs != p->drugs)
                    printf("\n    %.*s: %.*s ", STR_ARG(p->words), STR_ARG(s.rest));
                CU_ASSERT(s.mapped && s.drugs == p->drugs);
            }
            arena_fini(&a);
        }
    }
    CU_ASSERT(n > 400);
    codes_drugs_free(d);
}

/* Each class and each ingredient of a class, each product's ingredients, stand where their names say. */
static void every_name(void)
{
    struct codes_drugs *d = table();
    struct codes_drug_set s;
    struct err e = ERR_NONE;
    struct arena a;

    for (unsigned i = 0; i < codes_drugs_count(d); i++) {
        const struct codes_drug *x = codes_drug(d, i);

        arena_init(&a, 1 << 16);
        for (unsigned k = 0; k <= x->synonyms; k++) {
            struct str name = k ? x->synonym[k - 1] : x->name;

            CU_ASSERT_EQUAL(codes_drugs_of_words(d, name, CODES_OF_A_MEDICINE, &a, &s, &e), ERR_OK);
            if (!s.mapped || s.drugs != 1 || s.drug[0] != i || s.classes)
                printf("\n    %.*s ", STR_ARG(name));
            CU_ASSERT(s.mapped && s.drugs == 1 && s.drug[0] == i && !s.classes);
        }
        arena_fini(&a);
    }
    codes_drugs_free(d);
}

static void searching(void)
{
    static const struct {
        const char *typed, *first, *via;
        enum codes_match match;
        unsigned least;
    } rows[] = {
        {"amoxicillin", "amoxicillin", "", CODES_EXACT, 1},
        {"AMOX", "amoxicillin", "", CODES_BEGINS, 1},
        {"flu", "flucloxacillin", "", CODES_BEGINS, 8},
        {"paracetamol", "acetaminophen", "paracetamol", CODES_EXACT, 1},
        {"Paracétamol", "acetaminophen", "paracetamol", CODES_EXACT, 1},
        {"acid fol", "folic acid", "", CODES_WORDS_MATCH, 1},
        {"disop tenof", "tenofovir disoproxil", "", CODES_WORDS_MATCH, 1},
        {"penicillin", "penicillin g", "", CODES_BEGINS, 2},
    };
    struct codes_drugs *d = table();
    struct codes_hit hits[600];
    unsigned found, all, some;
    struct err e = ERR_NONE;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(codes_drugs_search(d, str_of(rows[i].typed), hits, 600, &found, &all, &e), ERR_OK);
        CU_ASSERT_FATAL(found >= rows[i].least && found == all);
        CU_ASSERT(str_is(codes_drug(d, hits[0].drug)->name, rows[i].first));
        CU_ASSERT(str_is(hits[0].via, rows[i].via) && hits[0].match == rows[i].match);
    }
    CU_ASSERT_EQUAL(codes_drugs_search(d, STR("co-trim"), hits, 600, &found, &all, &e), ERR_OK);
    CU_ASSERT(found == 1 && hits[0].product && hits[0].product->drugs == 2 && str_is(hits[0].product->words, "co-trimoxazole"));
    /* REQ CS-22: as many as fit, and how many there are; one letter finds nobody. */
    CU_ASSERT_EQUAL(codes_drugs_search(d, STR("flu"), hits, 3, &some, &all, &e), ERR_OK);
    CU_ASSERT(some == 3 && all > 8);
    CU_ASSERT_EQUAL(codes_drugs_search(d, STR("f"), hits, 600, &found, &all, &e), ERR_OK);
    CU_ASSERT(!found && !all);
    CU_ASSERT_EQUAL(codes_drugs_search(d, STR("zzz"), hits, 600, &found, &all, &e), ERR_OK);
    CU_ASSERT(!found && !all);
    codes_drugs_free(d);
}

#define LONG8 "xxxxxxxx"
#define LONG64 LONG8 LONG8 LONG8 LONG8 LONG8 LONG8 LONG8 LONG8
#define LONG LONG64 LONG64 LONG64 LONG64 /* 256 bytes: too long for a key */

static void understanding(void)
{
    static const struct {
        const char *words, *drugs, *rest;
        enum codes_speaks of;
    } rows[] = {
        {"Amoxicillin 500 MG / clavulanate 125 MG Oral Tablet", "amoxicillin + clavulanate", "", CODES_OF_A_MEDICINE},
        {"St. John’s Wort", "st john's wort", "", CODES_OF_A_MEDICINE},
        {"Amoxicilina 500 mg cápsulas", "amoxicillin", "", CODES_OF_A_MEDICINE},
        {"losartan potassium 50mg tab", "losartan", "", CODES_OF_A_MEDICINE},
        {"potassium chloride 10 meq", "potassium chloride", "", CODES_OF_A_MEDICINE},
        {"ibuprofeno jarabe", "ibuprofen", "", CODES_OF_A_MEDICINE},
        {"penicillin", "Penicillins", "", CODES_OF_A_MEDICINE},
        {"Co-trimoxazole 480 mg twice daily", "sulfamethoxazole + trimethoprim", "", CODES_OF_A_MEDICINE},
        {"5-ASA", "mesalamine", "", CODES_OF_A_MEDICINE},
        {"paracetamol 500mg cada 8h", "acetaminophen", "", CODES_OF_A_MEDICINE},
        {"valproate de sodium 500 mg", "valproate", "", CODES_OF_A_MEDICINE},
        {"amoxicillin / potassium clavulanate", "amoxicillin + clavulanate", "", CODES_OF_A_MEDICINE},
        {"salbutamol 100 micrograms 4x at 6pm", "albuterol", "", CODES_OF_A_MEDICINE},
        {"amoxicillin 500 mg [clavulanate 125 mg]", "amoxicillin + clavulanate", "", CODES_OF_A_MEDICINE},
        {"amoxicillin 500 mg [newdrug 125mg]", "amoxicillin", "newdrug", CODES_OF_A_MEDICINE},
        {"furosemide 40 mg [potassium 20 mEq]", "furosemide", "potassium", CODES_OF_A_MEDICINE},
        {"metformin 500 mg [Glumetza 24 Hour]", "metFORMIN", "", CODES_OF_A_MEDICINE},
        {"amoxicillin [capsule] 500 mg [Moxatag]", "amoxicillin", "", CODES_OF_A_MEDICINE},
        {"Penicillin V Potassium 250 MG Oral Tablet", "penicillin v", "", CODES_OF_A_MEDICINE},
        {"heparin sodium, porcine 5000 UNT/ML", "heparin", "", CODES_OF_A_MEDICINE},
        {"Allergy to penicillin", "Penicillins", "", CODES_OF_AN_ALLERGY},
        {"Sulfa drugs", "Sulfonamide antibiotics", "", CODES_OF_AN_ALLERGY},
        {"Alergia a la penicilina", "Penicillins", "", CODES_OF_AN_ALLERGY},
        {"oxycodone 5 mg [Oxycontin]", "oxyCODONE", "", CODES_OF_A_MEDICINE},
        /* REQ: an allergy keeps its class beside an ingredient of it, a medicine does not */
        {"Aminoglycosides (gentamicin)", "gentamicin + Aminoglycosides", "", CODES_OF_AN_ALLERGY},
        {"Aminoglycosides (gentamicin)", "gentamicin", "", CODES_OF_A_MEDICINE},
        {"Penicillin, sulfa [anaphylaxis]", "Penicillins + Sulfonamide antibiotics", "", CODES_OF_AN_ALLERGY},
        {"Penicillin [rash], sulfa [anaphylaxis]", "Penicillins + Sulfonamide antibiotics", "", CODES_OF_AN_ALLERGY},
        {"Penicillin [wondermycin]", "Penicillins", "wondermycin", CODES_OF_AN_ALLERGY},
        /* REQ: half understood is not understood. */
        {"amoxicillin / newdrug", "amoxicillin", "newdrug", CODES_OF_A_MEDICINE},
        {"amoxicillin [newdrug] 500 mg [Moxatag]", "amoxicillin", "newdrug", CODES_OF_A_MEDICINE},
        {"Furosemide 40 mg + potassium 20 mEq", "furosemide", "potassium", CODES_OF_A_MEDICINE},
        {"Furosemide, potassium", "furosemide", "potassium", CODES_OF_A_MEDICINE},
        {"Calcium 600 mg with vitamin D", "cholecalciferol", "Calcium", CODES_OF_A_MEDICINE},
        {"sulfa, magnesium", "Sulfonamide antibiotics", "magnesium", CODES_OF_AN_ALLERGY},
        {"prednisone 10 mg and 6MP 50 mg", "predniSONE", "6MP", CODES_OF_A_MEDICINE},
        {"aspirin 5FU", "aspirin", "5FU", CODES_OF_A_MEDICINE},
        {"aspirin " LONG, "aspirin", LONG, CODES_OF_A_MEDICINE},
        {"Allergy to penicillin", "Penicillins", "Allergy to", CODES_OF_A_MEDICINE},
        {"Tylenol", "", "Tylenol", CODES_OF_A_MEDICINE},
        {"500 mg tablet", "", "", CODES_OF_A_MEDICINE},
        {"", "", "", CODES_OF_A_MEDICINE},
        {"amoxicillinx", "", "amoxicillinx", CODES_OF_A_MEDICINE},
    };
    struct codes_drugs *d = table();
    struct codes_drug_set s;
    struct err e = ERR_NONE;
    struct arena a;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(codes_drugs_of_words(d, str_of(rows[i].words), rows[i].of, &a, &s, &e), ERR_OK);
        UNIT_STR(codes_drug_set_words(d, &s, &a), rows[i].drugs);
        CU_ASSERT(str_is(s.rest, rows[i].rest));
        CU_ASSERT_EQUAL(s.mapped, *rows[i].drugs && !*rows[i].rest);
    }
    arena_fini(&a);
    codes_drugs_free(d);
}

static void by_code(void)
{
    static const struct {
        const char *json, *drugs;
        bool mapped;
    } rows[] = {
#define RX "\"system\":\"" CODES_RXNORM "\",\"code\":"
        {"{\"coding\":[{" RX "\"723\"}]}", "amoxicillin", true},
        {"{\"coding\":[{" RX "\"562251\"}]}", "amoxicillin + clavulanate", true},
        {"{\"coding\":[{" RX "\"315971\"}],\"text\":\"Lasix 40mg\"}", "furosemide", true},
        {"{\"coding\":[{" RX "\"723\"}],\"text\":\"ibuprofen\"}", "amoxicillin + ibuprofen", true},
        {"{\"coding\":[{" RX "\"999999999\",\"display\":\"warfarin 5 MG\"}],\"text\":\"the blue one\"}", "warfarin", true},
        {"{\"coding\":[{" RX "\"999999999\"}],\"text\":\"the blue one\"}", "", false},
        {"{\"coding\":[{\"system\":\"http://other.example\",\"code\":\"723\"}]}", "", false},
        {"{}", "", false},
    };
    struct codes_drugs *d = table();
    struct codes_drug_set s;
    struct err e = ERR_NONE;
    struct arena a;
    struct tape t;

    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(rows[i].json), &e), ERR_OK);
        CU_ASSERT_EQUAL(codes_drugs_of(d, &t, 0, CODES_OF_A_MEDICINE, &a, &s, &e), ERR_OK);
        UNIT_STR(codes_drug_set_words(d, &s, &a), rows[i].drugs);
        CU_ASSERT_EQUAL(s.mapped, rows[i].mapped);
        CU_ASSERT(s.mapped ? !s.rest.n : s.rest.n || !s.words.n);
        tape_fini(&t);
    }
    arena_fini(&a);
    codes_drugs_free(d);
}

/* REQ: without one of its files, or with one that is too old, the table finds and understands nothing. */
static void without_a_file(void)
{
    static const struct date later = {.precision = DATE_DAY, .year = 2032, .month = 1, .day = 1};
    struct codes_drugs *d = NULL;
    struct codes_drug_set s;
    struct codes_hit hit;
    struct err e = ERR_NONE;
    unsigned found, all;
    struct arena a;

    arena_init(&a, 1 << 16);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(codes_drugs_open(i ? table_dir() : "/nowhere", i ? &later : &today, &d, &e), ERR_OK);
        CU_ASSERT(codes_drugs_bad(d) && codes_drugs_bad(d)->state == (i ? CODES_FILE_OLD : CODES_FILE_MISSING));
        CU_ASSERT_EQUAL(codes_drugs_of_words(d, STR("warfarin"), CODES_OF_A_MEDICINE, &a, &s, &e), ERR_OK);
        CU_ASSERT(!s.mapped && !s.drugs);
        CU_ASSERT_EQUAL(codes_drugs_search(d, STR("warfarin"), &hit, 1, &found, &all, &e), ERR_OK);
        CU_ASSERT(!found && !all);
        codes_drugs_free(d);
    }
    arena_fini(&a);
}

static void tall_man(void)
{
    char s[] = "fluoxetine, Prednisone; afluoxetine";

    codes_tall_man(s, sizeof s - 1);
    UNIT_STR(s, "FLUoxetine, predniSONE; afluoxetine");
}

static const struct unit_test tests[] = {
    {"ingredients, classes, products", the_table},
    {"every name finds its ingredient", every_name},
    {"every product finds its ingredients", every_product},
    {"a search counts and never completes", searching},
    {"words are understood wholly or not", understanding},
    {"codes, and words beside them", by_code},
    {"no file, an old file", without_a_file},
    {"tall-man letters", tall_man},
};

UNIT_MAIN("drugs", tests)
