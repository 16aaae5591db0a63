/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One resource at a time: reading and writing, its bytes, its versions, the disk, the faults.
 */
#include "config.h"

#include <unistd.h>

#include "tests/demo/bed.h"

#define AT "\"2026-11-23T01:00:00.000+00:00\""

static void metadata(void)
{
    struct bed b;

    bed_open(&b, NULL);
    CU_ASSERT_EQUAL(ask(&b, "GET", "metadata", ""), 200);
    CU_ASSERT(has(&b, "\"resourceType\":\"CapabilityStatement\""));
    CU_ASSERT(has(&b, "\"fhirVersion\":\"4.0.1\""));
    CU_ASSERT(has(&b, "\"code\":\"transaction\""));
    CU_ASSERT_EQUAL(times(&b, "\"versioning\":"), 146);
    CU_ASSERT(has(&b, "{\"type\":\"Flag\","));
    bed_close(&b);
}

/* What is posted and what is kept of it, under the id "x" and version 1. */
static void stamped(void)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"{\"resourceType\":\"Basic\",\"id\":\"x\"}",
         "{\"resourceType\":\"Basic\",\"id\":\"x\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":" AT "}}"},
        {"{ \"id\" : \"x\" , \"resourceType\" : \"Basic\" }",
         "{ \"id\" : \"x\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":" AT "} , \"resourceType\" : \"Basic\" }"},
        {"{\"meta\":{},\"id\":\"x\",\"resourceType\":\"Basic\"}",
         "{\"meta\":{\"versionId\":\"1\",\"lastUpdated\":" AT "},\"id\":\"x\",\"resourceType\":\"Basic\"}"},
        {"{\"resourceType\":\"Basic\",\"id\":\"x\",\"meta\":{\"profile\":[\"urn:p\"]}}",
         "{\"resourceType\":\"Basic\",\"id\":\"x\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":" AT
         ",\"profile\":[\"urn:p\"]}}"},
        {"{\"resourceType\":\"Basic\",\"id\":\"x\",\"meta\":{ \"lastUpdated\" : \"1999-01-01T00:00:00Z\", \"versionId\" : \"77\" }}",
         "{\"resourceType\":\"Basic\",\"id\":\"x\",\"meta\":{ \"lastUpdated\" : " AT ", \"versionId\" : \"1\" }}"},
        {"{\"resourceType\":\"Basic\",\"id\":\"x\",\"meta\":{\"source\":\"s\",\"versionId\":\"a\\\"b\"}}",
         "{\"resourceType\":\"Basic\",\"id\":\"x\",\"meta\":{\"lastUpdated\":" AT ",\"source\":\"s\",\"versionId\":\"1\"}}"},
        {"{\"resourceType\":\"Basic\",\"id\":\"x\",\"n\":[0.10,1E-2,-0,5.0,100000000000000000000.0010],\"s\":\"\\u00e9 \\/ \xc3\xa9\"}",
         "{\"resourceType\":\"Basic\",\"id\":\"x\",\"meta\":{\"versionId\":\"1\",\"lastUpdated\":" AT
         "},\"n\":[0.10,1E-2,-0,5.0,100000000000000000000.0010],\"s\":\"\\u00e9 \\/ \xc3\xa9\"}"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bed b;

        bed_open(&b, NULL);
        CU_ASSERT_EQUAL(ask(&b, "PUT", "Basic/x", rows[i].in), 201);
        UNIT_STR(body(&b), rows[i].out);
        CU_ASSERT_EQUAL(ask(&b, "GET", "Basic/x", ""), 200);
        UNIT_STR(body(&b), rows[i].out);
        bed_close(&b);
    }
}

static void created(void)
{
    struct bed b;

    bed_open(&b, NULL);
    CU_ASSERT_EQUAL(ask(&b, "POST", "Patient", "{\"resourceType\":\"Patient\",\"id\":\"mine\",\"gender\":\"male\"}"), 201);
    UNIT_STR(b.r.etag, "W/\"1\"");
    CU_ASSERT(!strncmp(b.r.location, BED_BASE "/Patient/", strlen(BED_BASE "/Patient/")));
    CU_ASSERT(strstr(b.r.location, "/_history/1") != NULL);
    UNIT_STR(b.r.last_modified, "Mon, 23 Nov 2026 01:00:00 GMT");
    CU_ASSERT(!has(&b, "mine"));
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/mine", ""), 404);
    b.head.prefer = STR("return=minimal");
    CU_ASSERT_EQUAL(ask(&b, "POST", "Patient", "{\"resourceType\":\"Patient\"}"), 201);
    CU_ASSERT_EQUAL(b.r.body.n, 0);
    b.head.base = STR("http://proxy:1/fhir");
    CU_ASSERT_EQUAL(ask(&b, "POST", "Patient", "{\"resourceType\":\"Patient\"}"), 201);
    CU_ASSERT(!strncmp(b.r.location, "http://proxy:1/fhir/Patient/", 28));
    bed_close(&b);
}

static void refused(void)
{
    static const struct {
        const char *method, *url, *body;
        int status;
    } rows[] = {
        {"POST", "Patient", "", 400},
        {"POST", "Patient", "{", 400},
        {"POST", "Patient", "[]", 400},
        {"POST", "Patient", "{}", 400},
        {"POST", "Patient", "{\"resourceType\":\"Group\"}", 400},
        {"POST", "Patient", "{\"resourceType\":\"Patient\",\"meta\":[]}", 400},
        {"POST", "Patient", "{\"resourceType\":\"Patient\",\"resourceType\":\"Patient\"}", 400},
        {"PUT", "Patient/a", "{\"resourceType\":\"Patient\"}", 400},
        {"PUT", "Patient/a", "{\"resourceType\":\"Patient\",\"id\":\"b\"}", 400},
        {"PUT", "Patient/a_b", "{\"resourceType\":\"Patient\",\"id\":\"a_b\"}", 400},
        {"PUT", "Patient", "{\"resourceType\":\"Patient\",\"id\":\"a\"}", 405},
        {"PATCH", "Patient/a", "[]", 405},
        {"GET", "Patiemt/a", "", 404},
        {"GET", "Patient/a/b", "", 404},
        {"GET", "Patient/a/_history/1/x", "", 404},
        {"GET", "$everything", "", 404},
        {"GET", "", "", 400},
        {"PUT", "", "", 405},
        {"DELETE", "Patient/a", "", 404},
    };
    struct bed b;

    bed_open(&b, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_EQUAL(ask(&b, rows[i].method, rows[i].url, rows[i].body), rows[i].status);
        CU_ASSERT(has(&b, "\"resourceType\":\"OperationOutcome\""));
    }
    b.head.accept = STR("application/fhir+xml");
    CU_ASSERT_EQUAL(ask(&b, "GET", "metadata", ""), 406);
    CU_ASSERT_EQUAL(demo_count(b.d, NULL, b.now), 0);
    bed_close(&b);
}

/* Kills tests/mutants/demo-lost-update.patch. */
static void updated(void)
{
    struct bed b;

    bed_open(&b, NULL);
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"male\""), 201);
    UNIT_STR(b.r.location, "");
    UNIT_STR(b.r.content_location, BED_BASE "/Patient/a/_history/1");
    b.now += 5;
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"male\""), 200); /* nothing changed */
    UNIT_STR(b.r.etag, "W/\"1\"");
    CU_ASSERT(has(&b, AT));
    b.head.if_match = STR("W/\"1\"");
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"female\""), 200);
    UNIT_STR(b.r.etag, "W/\"2\"");
    CU_ASSERT(has(&b, "\"2026-11-23T01:00:00.005+00:00\""));
    b.head.if_match = STR("W/\"1\"");
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"other\""), 409);
    b.head.if_match = STR("\"2\"");
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"other\""), 200);
    b.head.if_match = STR("W/\"2\"");
    CU_ASSERT_EQUAL(ask(&b, "DELETE", "Patient/a", ""), 412);
    b.head.if_none_match = STR("*"); /* no meaning on PUT: HAPI and Helios */
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"unknown\""), 200);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 200);
    UNIT_STR(b.r.etag, "W/\"4\"");
    CU_ASSERT(has(&b, "unknown"));
    bed_close(&b);
}

static void read_again(void)
{
    struct bed b;

    bed_open(&b, NULL);
    put(&b, "Patient", "a", "\"gender\":\"male\"");
    put(&b, "Patient", "a", "\"gender\":\"female\"");
    b.head.if_none_match = STR("W/\"2\"");
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 304);
    CU_ASSERT_EQUAL(b.r.body.n, 0);
    b.head.if_none_match = STR("W/\"1\", W/\"3\"");
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 200);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a/_history/1", ""), 200);
    CU_ASSERT(has(&b, "\"male\""));
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a/_history/3", ""), 404);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a/_history/x", ""), 404);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a/_history/", ""), 404);
    CU_ASSERT_EQUAL(ask(&b, "DELETE", "Patient/a", ""), 204);
    CU_ASSERT_EQUAL(b.r.body.n, 0);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 410);
    UNIT_STR(b.r.location, BED_BASE "/Patient/a/_history/3");
    CU_ASSERT_EQUAL(ask(&b, "DELETE", "Patient/a", ""), 404);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a/_history/2", ""), 200);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a/_history/3", ""), 410);
    CU_ASSERT_EQUAL(demo_count(b.d, "Patient", b.now), 0);
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"male\""), 201);
    UNIT_STR(b.r.etag, "W/\"4\"");
    CU_ASSERT_EQUAL(demo_count(b.d, "Patient", b.now), 1);
    bed_close(&b);
}

/* A Binary is its own content to whoever does not ask for FHIR by name (HAPI 8.8). */
static void content(void)
{
    static const struct {
        const char *accept;
        bool content;
    } cases[] = {{"*/*", true},  {"application/pdf", true},       {"text/plain, */*;q=0.1", true},
                 {"", false},    {"application/fhir+json", false}, {"application/json", false}};
    struct bed b;

    bed_open(&b, NULL);
    CU_ASSERT_EQUAL(put(&b, "Binary", "b", "\"contentType\":\"text/plain\",\"data\":\"QWxsIHdlbGw=\""), 201);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        b.head.accept = str_of(cases[i].accept);
        CU_ASSERT_EQUAL(ask(&b, "GET", "Binary/b", ""), 200);
        CU_ASSERT_EQUAL(!strcmp(body(&b), "All well"), cases[i].content);
        UNIT_STR(b.r.media, cases[i].content ? "text/plain" : "");
        UNIT_STR(b.r.etag, "W/\"1\"");
    }
    b.head.accept = STR("*/*");
    CU_ASSERT_EQUAL(ask(&b, "GET", "Binary/none", ""), 404);
    UNIT_STR(b.r.media, "");
    bed_close(&b);
}

static void created_once(void)
{
    static const char who[] = "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:op\",\"value\":\"7-a\"}]}";
    struct bed b;
    char first[512];

    bed_open(&b, NULL);
    b.head.if_none_exist = STR("identifier=urn:op|7-a");
    CU_ASSERT_EQUAL(ask(&b, "POST", "Patient", who), 201);
    snprintf(first, sizeof first, "%s", b.r.location);
    b.head.if_none_exist = STR("identifier=urn%3Aop%7C7-a");
    CU_ASSERT_EQUAL(ask(&b, "POST", "Patient", who), 200);
    UNIT_STR(b.r.location, first);
    b.head.if_none_exist = STR("identifier=urn:other|7-a");
    CU_ASSERT_EQUAL(ask(&b, "POST", "Patient", who), 201);
    b.head.if_none_exist = STR("identifier=7-a");
    CU_ASSERT_EQUAL(ask(&b, "POST", "Patient", who), 412);
    b.head.if_none_exist = STR("nonsense=7-a");
    CU_ASSERT_EQUAL(ask(&b, "POST", "Patient", who), 400);
    b.head.if_none_exist = STR("?");
    CU_ASSERT_EQUAL(ask(&b, "POST", "Patient", who), 400);
    CU_ASSERT_EQUAL(demo_count(b.d, "Patient", b.now), 2);
    bed_close(&b);
}

static void updated_by_query(void)
{
    struct bed b;

    bed_open(&b, NULL);
    put(&b, "Patient", "a", "\"identifier\":[{\"system\":\"s\",\"value\":\"1\"}]");
    CU_ASSERT_EQUAL(ask(&b, "PUT", "Patient?identifier=s|1", "{\"resourceType\":\"Patient\",\"gender\":\"male\",\"identifier\":[{\"system\":\"s\",\"value\":\"1\"}]}"), 200);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 200);
    CU_ASSERT(has(&b, "\"male\""));
    CU_ASSERT_EQUAL(ask(&b, "PUT", "Patient?identifier=s|2", "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"s\",\"value\":\"2\"}]}"), 201);
    CU_ASSERT_EQUAL(demo_count(b.d, "Patient", b.now), 2);
    bed_close(&b);
}

static void history(void)
{
    struct bed b;
    char next[1024];

    bed_open(&b, NULL);
    put(&b, "Patient", "a", "\"gender\":\"male\"");
    b.now += 1000;
    put(&b, "Patient", "a", "\"gender\":\"female\"");
    put(&b, "Flag", "f", "");
    b.now += 1000;
    ask(&b, "DELETE", "Patient/a", "");
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a/_history", ""), 200);
    CU_ASSERT(has(&b, "\"total\":3"));
    CU_ASSERT_EQUAL(times(&b, "\"resource\":"), 2);
    CU_ASSERT(strstr(body(&b), "\"method\":\"DELETE\"") < strstr(body(&b), "\"method\":\"PUT\""));
    CU_ASSERT(strstr(body(&b), "\"method\":\"PUT\"") < strstr(body(&b), "\"method\":\"POST\""));
    CU_ASSERT_EQUAL(ask(&b, "GET", "_history?_since=2026-11-23T01:00:01Z&_count=2", ""), 200); /* inclusive */
    CU_ASSERT(!has(&b, "\"total\""));
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 2);
    snprintf(next, sizeof next, "_history%s", strchr(next_link(&b, next), '?') ? strchr(next, '?') : "");
    CU_ASSERT_EQUAL(ask(&b, "GET", next, ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 1);
    UNIT_STR(next_link(&b, next), "");
    CU_ASSERT_EQUAL(ask(&b, "GET", "Flag/_history", ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 1);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/none/_history", ""), 404);
    CU_ASSERT_EQUAL(ask(&b, "GET", "_history?_since=yesterday", ""), 400);
    bed_close(&b);
}

/* --- the disk ----------------------------------------------------------------------------------- */

static void kept(void)
{
    char path[] = "/tmp/t_demo.XXXXXX", was[4096], side[64];
    int fd = mkstemp(path);
    struct bed b;

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    bed_open(&b, path);
    put(&b, "Patient", "a", "\"gender\":\"male\"");
    put(&b, "Patient", "a", "\"gender\":\"female\",\"x\":0.10");
    put(&b, "Observation", "o", "\"subject\":{\"reference\":\"Patient/a\"}");
    put(&b, "Flag", "f", "");
    ask(&b, "DELETE", "Flag/f", "");
    ask(&b, "GET", "Patient/a", "");
    snprintf(was, sizeof was, "%s", body(&b));
    bed_close(&b);
    bed_open(&b, path);
    CU_ASSERT_EQUAL(demo_count(b.d, NULL, b.now), 2);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 200);
    UNIT_STR(body(&b), was);
    UNIT_STR(b.r.etag, "W/\"2\"");
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a/_history/1", ""), 200);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Flag/f", ""), 410);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Observation?patient=a", ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 1);
    CU_ASSERT_EQUAL(put(&b, "Flag", "f", ""), 201);
    UNIT_STR(b.r.etag, "W/\"3\"");
    bed_close(&b);
    unlink(path);
    snprintf(side, sizeof side, "%s-wal", path);
    unlink(side);
    snprintf(side, sizeof side, "%s-shm", path);
    unlink(side);
}

static void no_database(void)
{
    char path[] = "/tmp/t_demo.XXXXXX";
    int fd = mkstemp(path);
    uint64_t seed = 1;
    struct rng ids = rng_seeded(&seed);
    struct err e = ERR_NONE;
    struct demo *d;

    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, "this is a diary, not a database, and it goes on and on", 54), 54);
    close(fd);
    CU_ASSERT_EQUAL(demo_new(BED_BASE, path, &ids, &d, &e), ERR_SQL);
    CU_ASSERT_PTR_NULL(d);
    UNIT_STR(e.what, path);
    unlink(path);
}

static void made_up(void)
{
    char path[] = "/tmp/t_demo.XXXXXX", side[64];
    struct date today = {.precision = DATE_DAY, .year = 2026, .month = 11, .day = 23};
    int fd = mkstemp(path);
    struct bed b;
    size_t n;

    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
    bed_open(&b, path);
    demo_faults(b.d)->fail_writes = 1;
    CU_ASSERT(demo_fill(b.d, b.now, 1, 9, 2, &today, NULL) != ERR_OK);
    bed_close(&b);
    bed_open(&b, path);
    CU_ASSERT_EQUAL(demo_count(b.d, NULL, b.now), 0);
    CU_ASSERT_EQUAL(demo_fill(b.d, b.now, 1, 9, 2, &today, NULL), ERR_OK);
    CU_ASSERT_EQUAL(demo_count(b.d, "Patient", b.now), 9);
    n = demo_count(b.d, NULL, b.now);
    CU_ASSERT(n > 30);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient?_lastUpdated=gt2026-11-22T12:00:00Z", ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 0); /* a client's overlap lies behind it */
    bed_close(&b);
    bed_open(&b, path);
    CU_ASSERT_EQUAL(demo_count(b.d, NULL, b.now), n);
    CU_ASSERT_EQUAL(put(&b, "Patient", "new", ""), 201);
    bed_close(&b);
    unlink(path);
    snprintf(side, sizeof side, "%s-wal", path);
    unlink(side);
    snprintf(side, sizeof side, "%s-shm", path);
    unlink(side);
}

/* --- faults ------------------------------------------------------------------------------------- */

static void late_commit(void)
{
    struct bed b;

    bed_open(&b, NULL);
    put(&b, "Patient", "a", "\"gender\":\"male\"");
    demo_faults(b.d)->late_ms = 60000;
    b.now += 1000;
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"female\""), 200);
    CU_ASSERT_EQUAL(put(&b, "Patient", "b", ""), 201);
    b.now += 59999;
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/b", ""), 404);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient?_sort=_lastUpdated", ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 1);
    CU_ASSERT(has(&b, "\"male\""));
    b.now += 1;
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient?_lastUpdated=2026-11-23T01:00:01.000Z", ""), 200);
    CU_ASSERT_EQUAL(times(&b, "\"fullUrl\""), 2); /* as if they had always been there */
    bed_close(&b);
}

static void other_faults(void)
{
    struct bed b;

    bed_open(&b, NULL);
    put(&b, "Patient", "a", "");
    put(&b, "Patient", "a", "\"gender\":\"male\"");
    demo_faults(b.d)->ignore_if_match = true;
    b.head.if_match = STR("W/\"1\"");
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"other\""), 200);
    demo_faults(b.d)->refuse = 2;
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 429);
    CU_ASSERT_EQUAL(b.r.retry_after, 1);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 429);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 200);
    demo_faults(b.d)->fail_writes = 1;
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"female\""), 500);
    CU_ASSERT_EQUAL(ask(&b, "GET", "Patient/a", ""), 200);
    CU_ASSERT(has(&b, "\"other\""));
    CU_ASSERT_EQUAL(put(&b, "Patient", "a", "\"gender\":\"female\""), 200);
    bed_close(&b);
}

static const struct unit_test tests[] = {
    {"metadata says what there is", metadata},
    {"id and meta are spliced in, every other byte stays", stamped},
    {"a create gets an id, an ETag and a Location", created},
    {"what cannot be done is refused with an outcome", refused},
    {"If-Match: a stale update changes nothing", updated},
    {"read, vread, 304, 404, 410", read_again},
    {"a Binary's content", content},
    {"If-None-Exist creates once", created_once},
    {"PUT by query", updated_by_query},
    {"history of one, of a type, of all", history},
    {"what was written is there after a restart", kept},
    {"a made-up ward is in the file as a whole or not at all", made_up},
    {"a file that is no database is refused", no_database},
    {"fault: a late commit keeps its old lastUpdated", late_commit},
    {"faults: lost update, 429, failing disk", other_faults},
};

UNIT_MAIN("demo", tests)
