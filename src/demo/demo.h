/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wardline-demo: a loopback FHIR R4 server with a made-up ward, and the tests' double. The core is
 * a function of (state, now, ids, request): no socket, no clock of its own. Each protocol behaviour
 * cites the real server whose answer it copies. One thread at a time.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/date.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/str.h"

struct demo;

/* db_path: SQLite file that every version is written through to and read back from; NULL: memory
 * only. base: "http://127.0.0.1:8080/fhir", which links in answers start with. */
int demo_new(const char *base, const char *db_path, const struct rng *ids, struct demo **out,
             struct err *e);
void demo_free(struct demo *d);

struct demo_request {
    struct str method; /* "GET" */
    struct str base;   /* the base URL that it came in by; "": the one of demo_new */
    struct str path;   /* behind the base, without '/': "Patient/1", "", "metadata" */
    struct str query;  /* raw, percent-encoded, without '?' */
    struct str body;   /* decoded (gzip undone by the socket side) */
    struct str if_match, if_none_match, if_none_exist, prefer, accept; /* "" if absent */
};

struct demo_response {
    int status;
    struct buf body;            /* empty for 204, 304 and return=minimal */
    char etag[64];              /* W/"3" or "" */
    char location[512];         /* of a create: absolute, versioned; or "" */
    char content_location[512]; /* the same of any version that is in the answer; or "" */
    char media[128];            /* of a Binary's own content, as it comes; "": FHIR JSON */
    char last_modified[40];     /* HTTP date or "" */
    int64_t updated_ms;         /* the version's meta.lastUpdated, or 0 */
    int retry_after;            /* seconds; 0: no such header */
};

/* Handles one request at instant now_ms. Always fills r (an OperationOutcome for errors); r's buf
 * is the caller's to fini. */
void demo_handle(struct demo *d, int64_t now_ms, const struct demo_request *q,
                 struct demo_response *r);

/* Resources that are not deleted at now_ms; type NULL: of all types. */
size_t demo_count(const struct demo *d, const char *type, int64_t now_ms);

/* For tests only: what servers have been seen to do wrong. All zero is a server without fault. */
struct demo_faults {
    int64_t late_ms; /* a write shows in answers only so much later, with its lastUpdated unchanged:
                      * stamped before the commit (LinuxForHealth issues 2039 and 3690) */
    bool ignore_if_match; /* a lost update answers 200 (Spark issue 714, Helios pull request 422) */
    unsigned refuse;      /* the next so many requests answer 429 with Retry-After: 1 */
    unsigned fail_writes; /* the next so many writes answer 500 and change nothing */
};
struct demo_faults *demo_faults(struct demo *d);

/* What other servers do otherwise, each whose answers it copies: ways.c. All false: HAPI, as measured. */
struct demo_ways {
    bool server_ids, server_ids_400; /* takes no id of a client's */
    bool no_location;                /* 200 to a conditional create does not say which one */
    bool no_transaction;
    bool precondition;               /* 412 to a stale If-Match */
    bool no_history;                 /* of the system */
};
struct demo_ways *demo_ways(struct demo *d);
/* "server-ids,412". False: a word that is none. */
bool demo_ways_read(struct str list, struct demo_ways *out);

/* --- the socket side (http.c) ---------------------------------------------------------------- */

struct demo_server;

/* A listening socket on 127.0.0.1; port 0 takes any free one. *bound gets the port. */
int demo_listen(unsigned port, int *fd, unsigned *bound, struct err *e);
/* Serves d on fd (which it takes over) from a thread of its own, the only one that touches d until
 * demo_server_stop. FHIR lies at /fhir. */
int demo_serve(struct demo *d, int fd, const struct clock *clock, struct demo_server **out,
               struct err *e);
void demo_server_stop(struct demo_server *s); /* NULL is fine */

/* --- the made-up ward ------------------------------------------------------------------------ */

/* Makes patients number 0..n-1, the first `charts` of them with full charts, always the same for a
 * seed and a day. emit gets one transaction Bundle a household (entries with fullUrl and request
 * PUT Type/id), its bytes valid during the call; a code other than 0 ends it. */
int demo_generate(uint64_t seed, unsigned n, unsigned charts, const struct date *today,
                  int (*emit)(void *arg, struct str bundle), void *arg, struct err *e);

/* Puts that ward into d, its lastUpdated from a day before now_ms on. The file of demo_new gets all
 * of it or nothing; after an error d is only good for demo_free. */
int demo_fill(struct demo *d, int64_t now_ms, uint64_t seed, unsigned n, unsigned charts,
              const struct date *today, struct err *e);

#endif
