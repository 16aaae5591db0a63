/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The demo server's core. Input: "METHOD URL" LF If-None-Exist LF If-Match LF body. Whatever comes,
 * the answer has an HTTP status and is JSON or empty, a request that failed changed nothing, and
 * every next link can be followed.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "demo/demo.h"
#include "fhir/tape.h"

#define BASE "http://h/fhir"
#define NOW INT64_C(1795395600000)

static void must_be_json(struct str s)
{
    struct tape t;
    int code = tape_parse_max(&t, s, (size_t)1 << 28, NULL);

    FUZZ_MUST(code == ERR_OK || code == ERR_TOOBIG || code == ERR_NOMEM);
    if (!code)
        tape_fini(&t);
}

static void send(struct demo *d, struct str method, struct str url, struct str body,
                 struct demo_response *r)
{
    struct demo_request q = {.method = method, .path = str_split(&url, '?'), .body = body};

    q.query = url.p ? url : (struct str){"", 0};
    demo_handle(d, NOW, &q, r);
}

static void stock(struct demo *d)
{
    static const char ward[] =
        "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":["
        "{\"request\":{\"method\":\"PUT\",\"url\":\"Patient/"
        "a\"},\"resource\":{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{\"family\":\"Ng\"}"
        "],"
        "\"birthDate\":\"1970-02\",\"identifier\":[{\"system\":\"s\",\"value\":\"1\"}]}},"
        "{\"request\":{\"method\":\"PUT\",\"url\":\"Patient/"
        "b\"},\"resource\":{\"resourceType\":\"Patient\",\"id\":\"b\"}},"
        "{\"request\":{\"method\":\"PUT\",\"url\":\"Observation/"
        "o\"},\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\","
        "\"subject\":{\"reference\":\"Patient/"
        "a\"},\"effectivePeriod\":{\"start\":\"2026-01-01\"},\"code\":{\"coding\":[{\"code\":\"k\"}"
        "]},\"x\":0.10}}]}";
    struct demo_response r;

    send(d, STR("POST"), STR(""), str_of(ward), &r);
    FUZZ_MUST(r.status == 200);
    buf_fini(&r.body);
}

/* Follows the first page of a Bundle a few steps. */
static void follow(struct demo *d, struct demo_response *r)
{
    static const char mark[] = "{\"relation\":\"next\",\"url\":\"" BASE;

    for (int i = 0; i < 4 && r->body.n; i++) {
        char url[512];
        const char *p = strstr(r->body.p, mark),
                   *end = p ? strchr(p += sizeof mark - 1, '"') : NULL;

        if (!end || (size_t)(end - p) >= sizeof url)
            return;
        memcpy(url, p, (size_t)(end - p));
        url[end - p] = 0;
        if (memchr(url, '\\', (size_t)(end - p)))
            return; /* _elements is the client's own and may hold anything */
        buf_fini(&r->body);
        send(d, STR("GET"), str_of(url[0] == '/' ? url + 1 : url), (struct str){"", 0}, r);
        FUZZ_MUST(r->status == 200 || r->status == 400);
        must_be_json(buf_str(&r->body));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str rest = {(const char *)p, n}, line = str_split(&rest, '\n'), url;
    struct demo_request q = {.method = str_split(&line, ' ')};
    uint64_t seed = 1;
    struct rng ids = rng_seeded(&seed);
    struct demo_response r, before, after;
    struct demo *d;

    if (n > 1u << 16 || demo_new(BASE, NULL, &ids, &d, NULL))
        return 0;
    stock(d);
    url = line.p ? line : (struct str){"", 0};
    q.path = str_split(&url, '?');
    q.query = url.p ? url : (struct str){"", 0};
    q.if_none_exist = rest.p ? str_split(&rest, '\n') : rest;
    q.if_match = rest.p ? str_split(&rest, '\n') : rest;
    q.body = rest.p ? rest : (struct str){"", 0};
    send(d, STR("GET"), STR("_history?_count=1000"), (struct str){"", 0}, &before);
    demo_handle(d, NOW, &q, &r);
    FUZZ_MUST(r.status >= 200 && r.status < 600);
    if (r.body.n)
        must_be_json(buf_str(&r.body));
    if (r.status >= 400) {
        const char *a, *b;

        FUZZ_MUST(r.body.n);
        send(d, STR("GET"), STR("_history?_count=1000"), (struct str){"", 0}, &after);
        a = strstr(before.body.p, "\"type\":\"history\"");
        b = strstr(after.body.p, "\"type\":\"history\"");
        FUZZ_MUST(a && b && !strcmp(a, b));
        buf_fini(&after.body);
    }
    follow(d, &r);
    buf_fini(&before.body);
    buf_fini(&r.body);
    demo_free(d);
    return 0;
}
