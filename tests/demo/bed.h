/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A demo server in process, with a clock that stands and ids that repeat.
 */
#ifndef TESTS_DEMO_BED_H
#define TESTS_DEMO_BED_H

#include <stdint.h>
#include <string.h>

#include "demo/demo.h"
#include "tests/unit.h"

#define BED_BASE "http://127.0.0.1:8080/fhir"
#define BED_NOW 1795395600000 /* 2026-11-23T01:00:00Z */

struct bed {
    struct demo *d;
    int64_t now;
    uint64_t seed;
    struct rng ids;
    struct demo_request head; /* headers of the next request; forgotten after it */
    struct demo_response r;   /* of the last request */
};

static inline void bed_open(struct bed *b, const char *db)
{
    struct err e = ERR_NONE;

    *b = (struct bed){.now = BED_NOW, .seed = 7};
    b->ids = rng_seeded(&b->seed);
    CU_ASSERT_EQUAL_FATAL(demo_new(BED_BASE, db, &b->ids, &b->d, &e), ERR_OK);
}

static inline void bed_close(struct bed *b)
{
    buf_fini(&b->r.body);
    demo_free(b->d);
}

/* Sends "GET", "Patient/1?x=y" and answers the status. */
static inline int ask(struct bed *b, const char *method, const char *url, const char *body)
{
    struct demo_request q = b->head;
    struct str rest = str_of(url);

    q.method = str_of(method);
    q.path = str_split(&rest, '?');
    q.query = rest.p ? rest : (struct str){"", 0};
    q.body = str_of(body);
    b->head = (struct demo_request){0};
    buf_fini(&b->r.body);
    demo_handle(b->d, b->now, &q, &b->r);
    return b->r.status;
}

static inline const char *body(const struct bed *b)
{
    return b->r.body.n ? b->r.body.p : "";
}

static inline bool has(const struct bed *b, const char *words)
{
    return strstr(body(b), words);
}

/* How often words stand in the body. */
static inline unsigned times(const struct bed *b, const char *words)
{
    unsigned n = 0;

    for (const char *p = body(b); (p = strstr(p, words)); p += strlen(words))
        n++;
    return n;
}

/* The path and query of the Bundle's next link, or "". */
static inline const char *next_link(const struct bed *b, char out[1024])
{
    static const char start[] = "{\"relation\":\"next\",\"url\":\"" BED_BASE;
    const char *p = strstr(body(b), start), *end = p ? strchr(p += sizeof start - 1, '"') : NULL;

    out[0] = 0;
    if (end)
        snprintf(out, 1024, "%.*s", (int)(end - p), p);
    return out;
}

/* PUT of {"resourceType":TYPE,"id":ID,REST}. */
static inline int put(struct bed *b, const char *type, const char *id, const char *rest)
{
    char url[160], doc[2048];

    snprintf(url, sizeof url, "%s/%s", type, id);
    snprintf(doc, sizeof doc, "{\"resourceType\":\"%s\",\"id\":\"%s\"%s%s}", type, id,
             *rest ? "," : "", rest);
    return ask(b, "PUT", url, doc);
}

#endif
