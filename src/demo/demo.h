/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wardline-demo: a loopback FHIR R4 server with a made-up ward, and the tests' double. The core is a function of (state,
 * now, ids, request): no socket, no clock of its own. Each protocol behaviour cites the real server whose
 * answer it copies.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/err.h"
#include "base/rng.h"
#include "base/str.h"

struct demo;

/* db_path: SQLite file that every version is written through to and read back from; NULL: memory only.
 * base: "http://127.0.0.1:8080/fhir", which links in answers start with. */
int demo_new(const char *base, const char *db_path, const struct rng *ids, struct demo **out, struct err *e);
void demo_free(struct demo *d);

struct demo_request {
    struct str method;         /* "GET" */
    struct str path;           /* behind the base, without '/': "Patient/1", "", "metadata" */
    struct str query;          /* raw, percent-encoded, without '?' */
    struct str body;           /* decoded (gzip undone by the socket side) */
    struct str if_match, if_none_match, if_none_exist, prefer, accept; /* "" if absent */
};

struct demo_response {
    int status;
    struct buf body;           /* empty for 304 and return=minimal */
    char etag[64];             /* W/"3" or "" */
    char location[256];        /* absolute, versioned, or "" */
    char last_modified[40];    /* HTTP date or "" */
};

/* Handles one request at instant now_ms. Always fills r (an OperationOutcome for errors); r's buf is the caller's
 * to fini. */
void demo_handle(struct demo *d, int64_t now_ms, const struct demo_request *q, struct demo_response *r);

/* --- the made-up ward ------------------------------------------------------------------------ */

/* Makes patients number 0..n-1, the first `charts` of them with full charts, always the same for a seed and a day.
 * emit gets one transaction Bundle a household (entries with fullUrl and request PUT Type/id), its bytes valid
 * during the call; a code other than 0 ends it. */
int demo_generate(uint64_t seed, unsigned n, unsigned charts, const struct date *today,
                  int (*emit)(void *arg, struct str bundle), void *arg, struct err *e);

#endif
