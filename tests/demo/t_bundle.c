/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Batches and transactions.
 */
#include "config.h"

#include <unistd.h>

#include "tests/demo/bed.h"

#define P(id, more) "{\"request\":{\"method\":\"PUT\",\"url\":\"Patient/" id "\"" more "},\"resource\":{\"resourceType\":\"Patient\",\"id\":\"" id "\"}}"

static int send(struct bed *b, const char *type, const char *entries)
{
    static char doc[65536];

    snprintf(doc, sizeof doc, "{\"resourceType\":\"Bundle\",\"type\":\"%s\",\"entry\":[%s]}", type, entries);
    return ask(b, "POST", "", doc);
}

static void batch_of_searches(void)
{
    struct bed b;
    char entries[8192] = "", next[1024];
    size_t n = 0;

    bed_open(&b, NULL);
    for (int i = 0; i < 25; i++) {
        char id[8];

        snprintf(id, sizeof id, "p%d", i);
        put(&b, "Patient", id, "");
    }
    for (int i = 0; i < 30; i++)
        n += (size_t)snprintf(entries + n, sizeof entries - n, "%s{\"request\":{\"method\":\"GET\",\"url\":\"%sPatient?_count=%d\"}}",
                              i ? "," : "", i == 1 ? "/" : i == 2 ? BED_BASE "/" : "", i + 1);
    CU_ASSERT_EQUAL(send(&b, "batch", entries), 200);
    CU_ASSERT(has(&b, "\"type\":\"batch-response\""));
    CU_ASSERT_EQUAL(times(&b, "\"type\":\"searchset\""), 30);
    CU_ASSERT_EQUAL(times(&b, "\"status\":\"200 OK\""), 30);
    CU_ASSERT_EQUAL(times(&b, "\"relation\":\"next\""), 24); /* 25 patients: _count 1 to 24 have more */
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 25 * 26 / 2 + 5 * 25);
    next_link(&b, next);
    CU_ASSERT_EQUAL(ask(&b, "GET", next, ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 1);
    bed_close(&b);
}

static void batch_one_by_one(void)
{
    struct bed b;

    bed_open(&b, NULL);
    CU_ASSERT_EQUAL(send(&b, "batch",
                         P("a", "") "," P("b", ",\"ifMatch\":\"W/\\\"9\\\"\"") ",{\"request\":{\"method\":\"GET\",\"url\":\"Patient/nobody\"}},"
                         "{\"request\":{\"method\":\"PUT\",\"url\":\"Patient/c\"},\"resource\":{\"resourceType\":\"Patient\",\"id\":\"d\"}},"
                         "{\"request\":{\"method\":\"GET\",\"url\":\"Patient?nonsense=1\"}},{\"request\":{\"method\":\"POST\",\"url\":\"\"},\"resource\":{}}"), 200);
    CU_ASSERT_EQUAL(times(&b, "\"status\":\"201 Created\""), 2);
    CU_ASSERT_EQUAL(times(&b, "\"status\":\"404 Not Found\""), 1);
    CU_ASSERT_EQUAL(times(&b, "\"status\":\"400 Bad Request\""), 3);
    CU_ASSERT(has(&b, "\"location\":\"Patient/a/_history/1\",\"etag\":\"1\""));
    CU_ASSERT_EQUAL(demo_count(b.d, "Patient", b.now), 2);
    bed_close(&b);
}

/* Kills tests/mutants/demo-half-transaction.patch. */
static void all_or_nothing(void)
{
    char path[] = "/tmp/t_bundle.XXXXXX", side[64];
    int fd = mkstemp(path);
    struct bed b;

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    bed_open(&b, path);
    put(&b, "Observation", "o", "\"subject\":{\"reference\":\"Patient/one\"}");
    CU_ASSERT_EQUAL(send(&b, "transaction",
                         P("a", "") ",{\"request\":{\"method\":\"PUT\",\"url\":\"Observation/o\"},\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o\","
                         "\"subject\":{\"reference\":\"Patient/two\"}}},{\"request\":{\"method\":\"PUT\",\"url\":\"Observation/z\"},\"resource\":{}}"), 400);
    CU_ASSERT(has(&b, "OperationOutcome"));
    for (int again = 0; again < 2; again++) { /* in memory, then from the disk */
        CU_ASSERT_EQUAL(demo_count(b.d, NULL, b.now), 1);
        CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 404);
        CU_ASSERT_EQUAL(ask(&b, "GET", "Observation/o", ""), 200);
        UNIT_STR(b.r.etag, "W/\"1\"");
        CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?patient=two", ""), 200);
        CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 0);
        CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?patient=one", ""), 200);
        CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 1);
        CU_ASSERT_EQUAL(ask(&b, "GET", "_history", ""), 200);
        CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 1);
        bed_close(&b);
        bed_open(&b, path);
    }
    CU_ASSERT_EQUAL(send(&b, "transaction", P("a", "")), 200);
    bed_close(&b);
    unlink(path);
    snprintf(side, sizeof side, "%s-wal", path);
    unlink(side);
    snprintf(side, sizeof side, "%s-shm", path);
    unlink(side);
}

static void stale_in_a_transaction(void)
{
    struct bed b;

    bed_open(&b, NULL);
    put(&b, "Patient", "old", "");
    put(&b, "Patient", "old", "\"gender\":\"male\"");
    CU_ASSERT_EQUAL(send(&b, "transaction", P("a", "") "," P("old", ",\"ifMatch\":\"W/\\\"1\\\"\"")), 409);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 404);
    CU_ASSERT_EQUAL(send(&b, "transaction", P("a", "") "," P("old", ",\"ifMatch\":\"W/\\\"2\\\"\"")), 200);
    CU_ASSERT(has(&b, "\"etag\":\"3\""));
    bed_close(&b);
}

static void references_resolved(void)
{
    struct bed b;
    char id[64] = "", url[128];
    const char *p;

    bed_open(&b, NULL);
    CU_ASSERT_EQUAL(send(&b, "transaction",
                         "{\"fullUrl\":\"urn:uuid:2\",\"request\":{\"method\":\"POST\",\"url\":\"Observation\"},\"resource\":{\"resourceType\":\"Observation\","
                         "\"subject\":{\"reference\":\"urn:uuid:1\"},\"valueQuantity\":{\"value\":0.10},\"note\":[{\"text\":\"urn:uuid:1\"}],"
                         "\"hasMember\":[{\"reference\" : \"urn:uuid:2\"},{\"reference\":\"urn:uuid:9\"}]}},"
                         "{\"fullUrl\":\"urn:uuid:1\",\"request\":{\"method\":\"POST\",\"url\":\"Patient\"},\"resource\":{\"resourceType\":\"Patient\","
                         "\"identifier\":[{\"value\":\"who\"}]}}"), 200);
    CU_ASSERT(has(&b, "\"type\":\"transaction-response\""));
    p = strstr(body(&b), "\"location\":\"Patient/");
    CU_ASSERT_FATAL(p != NULL);
    snprintf(id, sizeof id, "%.*s", 36, p + strlen("\"location\":\"Patient/"));
    snprintf(url, sizeof url, "Observation?patient=%s", id);
    CU_ASSERT_EQUAL(ask(&b, "GET", url, ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 1);
    snprintf(url, sizeof url, "\"subject\":{\"reference\":\"Patient/%s\"},\"valueQuantity\":{\"value\":0.10},", id);
    CU_ASSERT(has(&b, url));
    CU_ASSERT(has(&b, "\"note\":[{\"text\":\"urn:uuid:1\"}]"));
    CU_ASSERT(has(&b, "\"hasMember\":[{\"reference\" : \"Observation/"));
    CU_ASSERT(has(&b, "{\"reference\":\"urn:uuid:9\"}"));
    CU_ASSERT_EQUAL(send(&b, "transaction",
                         "{\"request\":{\"method\":\"PUT\",\"url\":\"Flag/f\"},\"resource\":{\"resourceType\":\"Flag\",\"id\":\"f\",\"subject\":"
                         "{\"reference\":\"Patient?identifier=who\"}}}"), 200);
    ask(&b, "GET", "Flag/f", "");
    CU_ASSERT(has(&b, id));
    CU_ASSERT_EQUAL(send(&b, "transaction",
                         "{\"request\":{\"method\":\"PUT\",\"url\":\"Flag/g\"},\"resource\":{\"resourceType\":\"Flag\",\"id\":\"g\",\"subject\":"
                         "{\"reference\":\"Patient?identifier=nobody\"}}}"), 404);
    put(&b, "Patient", "twin", "\"identifier\":[{\"value\":\"who\"}]");
    CU_ASSERT_EQUAL(send(&b, "transaction",
                         "{\"request\":{\"method\":\"PUT\",\"url\":\"Flag/g\"},\"resource\":{\"resourceType\":\"Flag\",\"id\":\"g\",\"subject\":"
                         "{\"reference\":\"Patient?identifier=who\"}}}"), 412);
    bed_close(&b);
}

static void created_once(void)
{
    static const char twice[] =
        "{\"fullUrl\":\"urn:uuid:1\",\"request\":{\"method\":\"POST\",\"url\":\"Patient\",\"ifNoneExist\":\"identifier=once\"},"
        "\"resource\":{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":\"once\"}]}},"
        "{\"fullUrl\":\"urn:uuid:2\",\"request\":{\"method\":\"POST\",\"url\":\"Patient\",\"ifNoneExist\":\"identifier=once\"},"
        "\"resource\":{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":\"once\"}]}},"
        "{\"request\":{\"method\":\"POST\",\"url\":\"Flag\"},\"resource\":{\"resourceType\":\"Flag\",\"subject\":{\"reference\":\"urn:uuid:2\"}}}";
    struct bed b;

    bed_open(&b, NULL);
    CU_ASSERT_EQUAL(send(&b, "transaction", twice), 200);
    CU_ASSERT_EQUAL(times(&b, "201 Created"), 2);
    CU_ASSERT_EQUAL(times(&b, "200 OK"), 1);
    CU_ASSERT_EQUAL(send(&b, "transaction", twice), 200);
    CU_ASSERT_EQUAL(times(&b, "201 Created"), 1);
    CU_ASSERT_EQUAL(demo_count(b.d, "Patient", b.now), 1);
    CU_ASSERT_EQUAL(demo_count(b.d, "Flag", b.now), 2);
    ask(&b, "GET", "Flag", "");
    CU_ASSERT_EQUAL(times(&b, "urn:uuid"), 0);
    bed_close(&b);
}

static void one_instant_and_order(void)
{
    struct bed b;

    bed_open(&b, NULL);
    put(&b, "Patient", "gone", "");
    b.now += 7;
    CU_ASSERT_EQUAL(send(&b, "transaction",
                         "{\"request\":{\"method\":\"GET\",\"url\":\"Patient/a\"}},{\"request\":{\"method\":\"GET\",\"url\":\"Patient?_summary=count\"}}," P("a", "") "," P("b", "")
                         ",{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/gone\"}}"), 200);
    CU_ASSERT(has(&b, "\"total\":2")); /* reads come last */
    CU_ASSERT_EQUAL(times(&b, "204 No Content"), 1);
    ask(&b, "GET", "Patient?_lastUpdated=2026-11-23T01:00:00.007Z", "");
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 2);
    bed_close(&b);
}

static void refused(void)
{
    static const struct {
        const char *type, *entries;
    } rows[] = {
        {"transaction", P("a", "") "," P("a", "")},
        {"transaction", "{\"resource\":{}}"},
        {"batch", "{\"request\":{\"method\":\"GET\"}}"},
        {"batch", "1"},
        {"searchset", ""},
        {"", ""},
        {"transaction", "{\"request\":{\"method\":\"POST\",\"url\":\"Patient\",\"ifNoneExist\":\"nonsense=1\"},\"resource\":{\"resourceType\":\"Patient\"}}"},
        {"transaction", "{\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}"},
    };
    struct bed b;

    bed_open(&b, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(send(&b, rows[i].type, rows[i].entries), 400);
    CU_ASSERT_EQUAL(ask(&b, "POST", "", "{\"resourceType\":\"Patient\",\"type\":\"batch\"}"), 400);
    CU_ASSERT_EQUAL(ask(&b, "POST", "", "no json"), 400);
    CU_ASSERT_EQUAL(demo_count(b.d, NULL, b.now), 0);
    CU_ASSERT_EQUAL(send(&b, "transaction", ""), 200);
    bed_close(&b);
}

/* What is no JSON is refused wherever it is broken, and a good one however it is laid out. */
static void laid_out(void)
{
    static const struct {
        const char *doc;
        int status;
    } rows[] = {
        {"{\"entry\" : [ {\"resource\":{\"resourceType\":\"Flag\",\"id\":\"f\",\"x\":\"]}\\\"{[\"} ,"
         "\"request\":{\"url\":\"Flag/f\",\"method\":\"PUT\"}} ] , \"type\":\"batch\",\"resourceType\":\"Bundle\",\"n\":[1,{\"entry\":[]}]}\n", 200},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[ ]}", 200},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":{}}", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[],\"entry\":[]}", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{},]}", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{} {}]}", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{]}]}", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"a", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\" \"entry\":[]}", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[]", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[]}]", 400},
        {"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":", 400},
        {"[]", 400},
        {"{", 400},
        {"", 400},
    };
    struct bed b;

    bed_open(&b, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CU_ASSERT_EQUAL(ask(&b, "POST", "", rows[i].doc), rows[i].status);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Flag/f", ""), 200);
    CU_ASSERT(has(&b, ",\"x\":\"]}\\\"{[\"}"));
    bed_close(&b);
}

/* A disk that fails in the middle of a transaction. */
static void failing_write(void)
{
    struct bed b;

    bed_open(&b, NULL);
    demo_faults(b.d)->fail_writes = 1;
    CU_ASSERT_EQUAL(send(&b, "transaction", P("a", "") "," P("b", "")), 500);
    CU_ASSERT_EQUAL(demo_count(b.d, NULL, b.now), 0);
    CU_ASSERT_EQUAL(send(&b, "transaction", P("a", "") "," P("b", "")), 200);
    bed_close(&b);
}

static const struct unit_test tests[] = {
    {"a batch of 30 searches", batch_of_searches},
    {"a batch's entries stand alone", batch_one_by_one},
    {"a transaction that fails leaves nothing, in memory and on disk", all_or_nothing},
    {"a stale ifMatch undoes the whole transaction", stale_in_a_transaction},
    {"references to entries and conditional references", references_resolved},
    {"ifNoneExist, twice in one transaction and again", created_once},
    {"one instant; reads last", one_instant_and_order},
    {"what is no bundle is refused", refused},
    {"a Bundle's bytes, whole and broken", laid_out},
    {"a failing write in a transaction", failing_write},
};

UNIT_MAIN("demo bundles", tests)
