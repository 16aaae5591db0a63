/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A search in all charts: rows that the index of words knows come first, and nothing that is said of the rest becomes
 * untrue. Kills tests/mutants/model-search-likely.patch: what was found first stands there twice.
 */
#include "config.h"

#include "tests/store/made.h"

#include "base/rng.h"
#include "model/model.h"
#include "model/refs.h"

#define PATIENTS 60

static int64_t fixed(void *arg)
{
    (void)arg;
    return MADE_NOW;
}

static const char *const words[] = {"wheezing", "rash", "flood", "fracture", "wheezes"};

/* Nobody knows beforehand in which order: names and numbers go apart. */
static struct store *ward(char home[64])
{
    struct store *s = made_store(home);
    uint64_t seed = 9;

    for (int i = 0; i < PATIENTS; i++) {
        char json[500];

        snprintf(json, sizeof json, "{\"resourceType\":\"Patient\",\"id\":\"p%d\",\"name\":[{\"family\":\"Fam%02d\",\"given\":[\"Anna\"]}]}", i, (i * 37) % PATIENTS);
        made_resource(s, json);
        for (int k = 0; k < 4; k++) {
            snprintf(json, sizeof json,
                     "{\"resourceType\":\"Condition\",\"id\":\"c%d-%d\",\"clinicalStatus\":{\"coding\":[{\"code\":\"active\"}]},\"code\":{\"text\":\"%s %s\"},"
                     "\"subject\":{\"reference\":\"Patient/p%d\"},\"onsetDateTime\":\"2020-0%d-11\"}",
                     i, k, words[rng_splitmix(&seed) % 5], i == 41 && k == 2 ? "Rarest" : words[rng_splitmix(&seed) % 5], i, k + 1);
            made_resource(s, json);
        }
    }
    return s;
}

static int by_rowid(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Adds what a search finds, to the end. */
static void all_of(struct model *m, const char *chart, const char *typed, struct vec *rowids)
{
    struct model_search *search;

    CU_ASSERT_EQUAL_FATAL(model_search_begin(m, str_of(chart), str_of(typed), &search, NULL), ERR_OK);
    while (!model_search_state(search).done)
        CU_ASSERT_EQUAL_FATAL(model_search_step(search, 7, NULL), ERR_OK);
    CU_ASSERT_EQUAL(model_search_state(search).charts, model_search_state(search).charts_all);
    CU_ASSERT_EQUAL(model_search_state(search).charts_all, chart[0] ? 1 : PATIENTS);
    VEC_EACH(const struct model_ref, r, &model_search_found(search)->refs)
    {
        int64_t *to = vec_push(rowids);

        *to = r->rowid;
    }
    model_search_free(search);
}

/* REQ: every row that a search in its chart finds, and each once. */
static void all_and_once(void)
{
    static const char *const typed[] = {"wheez", "rash flood", "RAREST", "problems", "2020 rash", "active", "nothing-like-it", "wheezing wheezes"};
    char home[64];
    struct store *s = ward(home);
    struct model m = {.store = s, .clock = {fixed, fixed, NULL}};

    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        struct vec all, each;

        vec_init(&all, sizeof(int64_t), 10000);
        vec_init(&each, sizeof(int64_t), 10000);
        all_of(&m, "", typed[i], &all);
        for (int p = 0; p < PATIENTS; p++) {
            char chart[16];

            snprintf(chart, sizeof chart, "p%d", p);
            all_of(&m, chart, typed[i], &each);
        }
        CU_ASSERT_EQUAL(all.n, each.n);
        if (all.n && all.n == each.n) {
            qsort(all.p, all.n, sizeof(int64_t), by_rowid);
            qsort(each.p, each.n, sizeof(int64_t), by_rowid);
            CU_ASSERT(!memcmp(all.p, each.p, all.n * sizeof(int64_t)));
        }
        vec_fini(&all);
        vec_fini(&each);
    }
    made_end(s, home);
}

/* One step finds what is rare, wherever its chart stands, and says that no chart was searched. */
static void likely_first(void)
{
    char home[64];
    struct store *s = ward(home);
    struct model m = {.store = s, .clock = {fixed, fixed, NULL}};
    struct model_search *search;

    CU_ASSERT_EQUAL_FATAL(model_search_begin(&m, STR(""), STR("rarest"), &search, NULL), ERR_OK);
    CU_ASSERT_EQUAL(model_search_step(search, 1, NULL), ERR_OK);
    CU_ASSERT_EQUAL(model_search_found(search)->refs.n, 1);
    CU_ASSERT_EQUAL(model_search_state(search).charts, 0);
    CU_ASSERT(!model_search_state(search).done);
    UNIT_STR((const char *)vec_at(&model_search_found(search)->charts, 0), "p41");
    model_search_free(search);
    made_end(s, home);
}

static const struct unit_test tests[] = {
    {"every row, and each once", all_and_once},
    {"likely rows come first", likely_first},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("search", tests, sizeof tests / sizeof *tests);
}
