/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Searches and their pages.
 */
#include "config.h"

#include "tests/demo/bed.h"

/* The ids of an answer's entries, in order, blank-separated. */
static const char *ids(const struct bed *b, char out[4096])
{
    size_t n = 0;

    out[0] = 0;
    for (const char *p = body(b); (p = strstr(p, "\"fullUrl\":\"")); p++) {
        const char *end = strchr(p + 11, '"'), *id = end;

        while (id[-1] != '/')
            id--;
        n += (size_t)snprintf(out + n, 4096 - n, "%s%.*s", n ? " " : "", (int)(end - id), id);
    }
    return out;
}

static void search_is(struct bed *b, const char *url, const char *want)
{
    char got[4096];

    CU_ASSERT_EQUAL(ask(b, "GET", url, ""), 200);
    UNIT_STR(ids(b, got), want);
}

static void ward(struct bed *b)
{
    bed_open(b, NULL);
    put(b, "Patient", "p1", "\"name\":[{\"family\":\"M\\u00fcller\",\"given\":[\"Ann\"]}],\"birthDate\":\"1970-02-03\",\"active\":true,"
                            "\"identifier\":[{\"system\":\"urn:mrn\",\"value\":\"A-1\"}],\"gender\":\"female\"");
    b->now++;
    put(b, "Patient", "p2", "\"name\":[{\"family\":\"Muller\"}],\"birthDate\":\"1970\",\"identifier\":[{\"value\":\"A-1\"},{\"system\":\"urn:mrn\",\"value\":\"B,2\"}]");
    b->now++;
    put(b, "Observation", "o1", "\"status\":\"final\",\"subject\":{\"reference\":\"Patient/p1\"},\"effectiveDateTime\":\"2026-01-05\","
                                "\"code\":{\"coding\":[{\"system\":\"urn:l\",\"code\":\"k\"}]},\"category\":[{\"coding\":[{\"code\":\"lab\"}]}]");
    put(b, "Observation", "o2", "\"status\":\"amended\",\"subject\":{\"reference\":\"Patient/p2\"},\"effectivePeriod\":{\"start\":\"2026-01-04\",\"end\":\"2026-01-06\"}");
    b->now++;
    put(b, "Observation", "o3", "\"status\":\"final\",\"subject\":{\"reference\":\"" BED_BASE "/Patient/p1\"},\"effectiveDateTime\":\"2026-01-05T10:00:00Z\"");
    put(b, "Observation", "o4", "\"status\":\"final\",\"subject\":{\"reference\":\"Group/p1\"}");
    put(b, "Appointment", "a1", "\"participant\":[{\"actor\":{\"reference\":\"Location/l1\"}},{\"actor\":{\"reference\":\"Patient/p1\"}},"
                                "{\"actor\":{\"reference\":\"Patient/p2\"}}]");
    put(b, "Appointment", "a2", "\"participant\":[{\"actor\":{\"reference\":\"Practitioner/p1\"}},{\"actor\":{\"reference\":\"Patient/p2\"}}]");
}

/* Kills tests/mutants/demo-other-patient.patch. */
static void by_patient(void)
{
    struct bed b;

    ward(&b);
    search_is(&b, "Observation?patient=p1", "o1 o3");
    search_is(&b, "Observation?patient=Patient/p1", "o1 o3");
    search_is(&b, "Observation?patient=" BED_BASE "/Patient/p1", "o1 o3");
    search_is(&b, "Observation?patient=p1,p2,nobody", "o1 o2 o3");
    search_is(&b, "Observation?patient=p1&patient=p2", "");
    search_is(&b, "Observation?patient=nobody", "");
    search_is(&b, "Observation?subject=Patient/p1", "o1 o3");
    search_is(&b, "Observation?subject:Patient=p1", "o1 o3");
    search_is(&b, "Observation?subject=Group/p1", "o4");
    search_is(&b, "Appointment?patient=p1", "a1");
    search_is(&b, "Appointment?patient=p2", "a1 a2");
    search_is(&b, "Appointment?actor=Practitioner/p1", "a2");
    bed_close(&b);
}

static void by_value(void)
{
    struct bed b;

    ward(&b);
    search_is(&b, "Patient?_id=p2,nobody,p1,p2", "p1 p2");
    search_is(&b, "Patient?_id=p2,p1&_id=p1", "p1");
    search_is(&b, "Patient?_id=Patient/p2", "p2");
    search_is(&b, "Observation?_id=o3,o1,o2&patient=p1", "o1 o3");
    search_is(&b, "Patient?identifier=A-1", "p1 p2");
    search_is(&b, "Patient?identifier=urn:mrn%7CA-1", "p1");
    search_is(&b, "Patient?identifier=%7CA-1", "p2");
    search_is(&b, "Patient?identifier=urn:mrn%7C", "p1 p2");
    search_is(&b, "Patient?identifier=urn:mrn%7CB%5C,2", "p2");
    search_is(&b, "Patient?identifier=urn:mrn%7CB,2", "");
    search_is(&b, "Patient?name=m%C3%BCl", "p1 p2");
    search_is(&b, "Patient?name=MULLER&name=an", "p1");
    search_is(&b, "Patient?name:exact=Muller", "p2");
    search_is(&b, "Patient?family:contains=lle", "p1 p2");
    search_is(&b, "Patient?name=uller", "");
    search_is(&b, "Patient?active=true", "p1");
    search_is(&b, "Patient?gender=female", "p1");
    search_is(&b, "Patient?birthdate=1970-02-03", "p1");
    search_is(&b, "Patient?birthdate=1970", "p1 p2");
    search_is(&b, "Patient?birthdate=lt1970-06-01", "p1 p2");
    search_is(&b, "Observation?status=final", "o1 o3 o4");
    search_is(&b, "Observation?status=final,amended", "o1 o2 o3 o4");
    search_is(&b, "Observation?category=lab", "o1");
    search_is(&b, "Observation?code=urn:l%7Ck", "o1");
    search_is(&b, "Observation?code=urn:m%7Ck", "");
    search_is(&b, "Observation?date=2026-01-05", "o1 o3");
    search_is(&b, "Observation?date=gt2026-01-05", "o2");
    search_is(&b, "Observation?date=ge2026-01-05&date=lt2026-01-06", "o1 o2 o3");
    search_is(&b, "Observation?date=ge2026-01-07", "");
    bed_close(&b);
}

/* Kills tests/mutants/demo-updated-gt.patch. */
static void by_last_updated(void)
{
    struct bed b;

    ward(&b);
    search_is(&b, "Observation?_lastUpdated=ge2026-11-23T01:00:00.003Z", "o3 o4");
    search_is(&b, "Observation?_lastUpdated=gt2026-11-23T01:00:00.002%2B00:00", "o3 o4");
    search_is(&b, "Observation?_lastUpdated=gt2026-11-23T01:00:00.003Z", "");
    search_is(&b, "Observation?_lastUpdated=le2026-11-23T01:00:00.002Z", "o1 o2");
    search_is(&b, "Observation?_lastUpdated=lt2026-11-23T01:00:00.002Z", "");
    search_is(&b, "Observation?_lastUpdated=2026-11-23T01:00:00.002Z", "o1 o2");
    search_is(&b, "Observation?_lastUpdated=2026-11-23T03:00:00.002%2B02:00", "o1 o2");
    search_is(&b, "Observation?_lastUpdated=2026-11-23", "o1 o2 o3 o4");
    search_is(&b, "Observation?_lastUpdated=ge2026-11-23T01:00:00.002Z&_lastUpdated=lt2026-11-23T01:00:00.003Z", "o1 o2");
    b.now++;
    put(&b, "Observation", "o1", "\"status\":\"corrected\"");
    search_is(&b, "Observation?_sort=_lastUpdated", "o2 o3 o4 o1");
    search_is(&b, "Observation?_sort=-_lastUpdated", "o1 o4 o3 o2");
    search_is(&b, "Observation?_id=o1,o2,o3&_sort=_lastUpdated", "o2 o3 o1");
    search_is(&b, "Observation?_lastUpdated=lt2026-11-23T01:00:00.003Z", "o2"); /* only the version of now counts */
    ask(&b, "DELETE", "Observation/o2", "");
    search_is(&b, "Observation?_sort=_lastUpdated", "o3 o4 o1");
    bed_close(&b);
}

static void refused(void)
{
    static const char *const urls[] = {
        "Observation?nonsense=1", "Observation?name=x", "Condition?status=active", "Observation?_sort=date",
        "Observation?_count=x", "Observation?_count=-1", "Observation?_lastUpdated=yesterday", "Observation?_lastUpdated=ge2026-11-23T01:00:00.000+00:00",
        "Observation?_lastUpdated=zz2026", "Observation?date=ge2026-13-01", "Observation?date=~2026", "Observation?patient=",
        "Observation?status=%zz", "Observation?status=%4", "Observation?status:not=final", "Observation?_id=", "Observation?_summary=true",
        "Observation?patient:Blah=1", "Practitioner?patient=p1", "Observation?_include=x",
    };
    struct bed b;

    ward(&b);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        CU_ASSERT_EQUAL(ask(&b, "GET", urls[i], ""), 400);
        CU_ASSERT(has(&b, "OperationOutcome"));
    }
    b.head.prefer = STR("handling=lenient");
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?nonsense=1", ""), 400);
    bed_close(&b);
}

static void forms_and_links(void)
{
    struct bed b;

    ward(&b);
    CU_ASSERT_EQUAL(ask(&b, "POST", "Observation/_search", "patient=p1&_count=1"), 200);
    CU_ASSERT(has(&b, "{\"relation\":\"self\",\"url\":\"" BED_BASE "/Observation?patient=p1&_count=1\"}"));
    CU_ASSERT(has(&b, "\"relation\":\"next\""));
    CU_ASSERT_EQUAL(ask(&b, "POST", "Observation/_search?patient=p1", "_count=5"), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 2);
    b.head.base = STR("http://proxy:1/fhir");
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?_count=1", ""), 200);
    CU_ASSERT_EQUAL(times(&b, "http://proxy:1/fhir"), 3);
    CU_ASSERT(has(&b, "\"mode\":\"match\""));
    bed_close(&b);
}

static void counts_and_subsets(void)
{
    struct bed b;

    ward(&b);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?_summary=count", ""), 200);
    CU_ASSERT(has(&b, "\"total\":4"));
    CU_ASSERT(!has(&b, "\"entry\"") && !has(&b, "\"link\""));
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?_count=0&patient=p1", ""), 200);
    CU_ASSERT(has(&b, "\"total\":2") && !has(&b, "\"entry\""));
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?_elements=status&_id=o1", ""), 200);
    CU_ASSERT(has(&b, "\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o1\",\"meta\":{\"tag\":[{\"system\":"
                      "\"http://terminology.hl7.org/CodeSystem/v3-ObservationValue\",\"code\":\"SUBSETTED\"}],\"versionId\":\"1\","
                      "\"lastUpdated\":\"2026-11-23T01:00:00.002+00:00\"},\"status\":\"final\"}"));
    put(&b, "Basic", "t", "\"meta\":{\"tag\":[]},\"_x\":{},\"x\":0.10,\"y\":1");
    CU_ASSERT_EQUAL(ask(&b, "GET", "Basic?_elements=x", ""), 200);
    CU_ASSERT(has(&b, "\"code\":\"SUBSETTED\"}]},\"_x\":{},\"x\":0.10}"));
    bed_close(&b);
}

/* --- pages -------------------------------------------------------------------------------------- */

static void fill(struct bed *b, unsigned n)
{
    char id[16];

    bed_open(b, NULL);
    for (unsigned i = 0; i < n; i++) {
        snprintf(id, sizeof id, "o%u", i);
        put(b, "Observation", id, "\"status\":\"final\"");
        b->now += i % 100 == 99; /* a hundred at a time share their instant */
    }
}

/* 500 rows, a hundred of them on each instant, while others write: every one of them exactly once.
 * Kills tests/mutants/demo-page-edge.patch. */
static void every_row_once(void)
{
    struct bed b;
    char next[1024] = "Observation?_sort=_lastUpdated&_count=7", id[16];
    unsigned seen[500] = {0}, pages = 0;

    fill(&b, 500);
    while (next[0]) {
        CU_ASSERT_EQUAL_FATAL(ask(&b, "GET", next, ""), 200);
        CU_ASSERT_FATAL(++pages < 100);
        for (const char *p = body(&b); (p = strstr(p, "/Observation/o")); p++)
            seen[atoi(p + 14) % 500]++;
        next_link(&b, next);
        snprintf(id, sizeof id, "x%u", pages);
        put(&b, "Observation", id, "");
        put(&b, "Observation", "o3", pages % 2 ? "\"status\":\"amended\"" : "\"status\":\"final\"");
    }
    CU_ASSERT_EQUAL(pages, 72);
    for (unsigned i = 0; i < 500; i++)
        CU_ASSERT_EQUAL(seen[i], 1);
    bed_close(&b);
}

static void deleted_under_way(void)
{
    struct bed b;
    char next[1024];

    fill(&b, 30);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?_count=10", ""), 200);
    next_link(&b, next);
    ask(&b, "DELETE", "Observation/o12", "");
    CU_ASSERT_EQUAL(ask(&b, "GET", next, ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 9);
    next_link(&b, next);
    CU_ASSERT_EQUAL(ask(&b, "GET", next, ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 10);
    UNIT_STR(next_link(&b, next), "");
    bed_close(&b);
}

static void pages_expire(void)
{
    struct bed b;
    char next[1024];

    fill(&b, 30);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?_count=10&_total=accurate&_elements=status", ""), 200);
    CU_ASSERT(has(&b, "\"total\":30"));
    next_link(&b, next);
    b.now += 60 * 60 * 1000;
    CU_ASSERT_EQUAL(ask(&b, "GET", next, ""), 200);
    CU_ASSERT(has(&b, "\"total\":30") && has(&b, "SUBSETTED") && has(&b, "\"previous\""));
    b.now++;
    CU_ASSERT_EQUAL(ask(&b, "GET", next, ""), 410);
    CU_ASSERT_EQUAL(ask(&b, "GET", "?_getpages=x&_getpagesoffset=0&_count=10", ""), 410);
    CU_ASSERT_EQUAL(ask(&b, "GET", "?_getpages=x&_getpagesoffset=-1&_count=10", ""), 400);
    CU_ASSERT_EQUAL(ask(&b, "GET", "?_getpages=x", ""), 400);
    bed_close(&b);
}

static void many_searches(void)
{
    struct bed b;
    char first[1024], last[1024];

    fill(&b, 3);
    ask(&b, "GET", "Observation?_count=1", "");
    next_link(&b, first);
    for (unsigned i = 0; i < 5000; i++)
        ask(&b, "GET", "Observation?_count=1", "");
    next_link(&b, last);
    CU_ASSERT_EQUAL(ask(&b, "GET", first, ""), 410); /* the oldest make room */
    CU_ASSERT_EQUAL(ask(&b, "GET", last, ""), 200);
    bed_close(&b);
}

static void sizes(void)
{
    struct bed b;

    fill(&b, 1500);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation", ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 20);
    CU_ASSERT(!has(&b, "\"total\""));
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?_count=5000", ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 1000);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?_count=1&_id=o1", ""), 200);
    CU_ASSERT(has(&b, "\"total\":1") && !has(&b, "\"next\""));
    bed_close(&b);
}

static const struct unit_test tests[] = {
    {"by patient: nobody else's rows", by_patient},
    {"by id, identifier, name, code, date", by_value},
    {"_lastUpdated is exact to the millisecond", by_last_updated},
    {"what is not understood is refused, never ignored", refused},
    {"POST _search; links by the base of the request", forms_and_links},
    {"_summary=count, _count=0, _elements", counts_and_subsets},
    {"500 rows with ties come exactly once while others write", every_row_once},
    {"a row deleted under way leaves its page shorter", deleted_under_way},
    {"pages expire after an hour", pages_expire},
    {"too many open searches drop the oldest", many_searches},
    {"page sizes and totals", sizes},
};

UNIT_MAIN("demo search", tests)
