/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The n-th allocation fails, for every n: the answer is an error or right, and nothing is half
 * done.
 */
#include "config.h"

#include "base/fault.h"
#include "tests/demo/bed.h"

#ifdef FAULT_INJECTION

static const char family[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
    "{\"fullUrl\":\"urn:uuid:1\",\"request\":{\"method\":\"POST\",\"url\":\"Patient\","
    "\"ifNoneExist\":\"identifier=x\"},"
    "\"resource\":{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":\"x\"}]}},"
    "{\"request\":{\"method\":\"PUT\",\"url\":\"Observation/"
    "o\"},\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o\","
    "\"subject\":{\"reference\":\"urn:uuid:1\"}}},"
    "{\"request\":{\"method\":\"PUT\",\"url\":\"Observation/"
    "p\"},\"resource\":{\"resourceType\":\"Observation\",\"id\":\"p\","
    "\"subject\":{\"reference\":\"Patient/a\"}}}]}";

/* Runs one request with the n-th allocation failing until it no longer fails; says how many n there
 * were. */
static unsigned long each(const char *method, const char *url, const char *doc,
                          void (*then)(struct bed *b, int status))
{
    unsigned long n = 0;
    bool all = false;

    while (!all && n < 10000) {
        struct bed b;
        int status;

        bed_open(&b, NULL);
        put(&b, "Patient", "a", "\"gender\":\"male\",\"name\":[{\"family\":\"Ng\"}]");
        put(&b, "Patient", "b", "");
        fault_arm(FAULT_MEM, ++n);
        status = ask(&b, method, url, doc);
        all = fault_count(FAULT_MEM) < n;
        fault_arm(FAULT_MEM, 0);
        CU_ASSERT(status >= 200 && status < 600);
        if (all)
            CU_ASSERT(status < 300);
        then(&b, status);
        bed_close(&b);
    }
    return n;
}

/* All three or none; a transaction that said 200 has all three. */
static void then_family(struct bed *b, int status)
{
    size_t n = demo_count(b->d, NULL, b->now);

    CU_ASSERT(n == 2 || n == 5);
    if (status == 200)
        CU_ASSERT_EQUAL(n, 5);
    CU_ASSERT_EQUAL(ask(b, "GET", "_history?_count=100", ""), 200);
    CU_ASSERT_EQUAL(times(b, "\"fullUrl\""), n);
    CU_ASSERT_EQUAL(ask(b, "POST", "", family), 200); /* it goes on */
    CU_ASSERT_EQUAL(demo_count(b->d, NULL, b->now), 5);
    CU_ASSERT_EQUAL(ask(b, "GET", "Observation?patient=a", ""), 200);
    CU_ASSERT_EQUAL(times(b, "\"fullUrl\""), 1);
}

static void transaction(void)
{
    CU_ASSERT(each("POST", "", family, then_family) > 20);
}

static void then_put(struct bed *b, int status)
{
    CU_ASSERT_EQUAL(ask(b, "GET", "Patient/a", ""), 200);
    if (status == 200)
        CU_ASSERT(
            has(b, "\"female\"")); /* else it may have been stored: the answer alone was lost */
    CU_ASSERT(has(b, "male"));
    CU_ASSERT_EQUAL(put(b, "Patient", "a", "\"gender\":\"other\""), 200);
}

static void update(void)
{
    CU_ASSERT(each("PUT", "Patient/a",
                   "{\"resourceType\":\"Patient\",\"id\":\"a\",\"gender\":\"female\"}",
                   then_put) > 5);
}

static void then_search(struct bed *b, int status)
{
    if (status == 200 && b->r.body.n)
        CU_ASSERT(!has(b, "/Patient/b\"")); /* never the other patient for want of memory */
    CU_ASSERT_EQUAL(ask(b, "GET", "Patient?name=ng", ""), 200);
    CU_ASSERT_EQUAL(times(b, "\"fullUrl\""), 1);
}

static void search(void)
{
    CU_ASSERT(each("GET", "Patient?name=ng&_sort=_lastUpdated&_elements=id", "", then_search) > 5);
}

static void nothing(struct bed *b, int status)
{
    (void)status;
    CU_ASSERT_EQUAL(demo_count(b->d, NULL, b->now), 2);
}

static void pages(void)
{
    CU_ASSERT(each("GET", "Patient?_count=1", "", nothing) > 3);
    CU_ASSERT(each("GET", "_history?_count=1", "", nothing) > 3);
    CU_ASSERT(each("GET", "metadata", "", nothing) > 2);
}

static void opening(void)
{
    uint64_t seed = 1;
    struct rng ids = rng_seeded(&seed);
    struct demo *d = NULL;
    unsigned long n = 0;

    while (!d && n < 100) {
        fault_arm(FAULT_MEM, ++n);
        if (demo_new(BED_BASE, NULL, &ids, &d, NULL))
            CU_ASSERT_PTR_NULL(d);
        fault_arm(FAULT_MEM, 0);
    }
    CU_ASSERT(n > 3 && d);
    demo_free(d);
}

#else

static void transaction(void)
{
    unit_skip("not built with --enable-fault-injection");
}
#define update transaction
#define search transaction
#define pages transaction
#define opening transaction

#endif

static const struct unit_test tests[] = {
    {"a transaction is whole or not there", transaction},
    {"an update", update},
    {"a search never answers with another", search},
    {"pages, history, metadata", pages},
    {"opening", opening},
};

UNIT_MAIN("demo without memory", tests)
