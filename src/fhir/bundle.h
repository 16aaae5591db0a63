/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cuts a Bundle (R4 bundle.html) into its resources while it streams in, keeping only the entry under way,
 * so that a page may be large, and a page that is cut still gives every whole resource in it. A resource
 * handed over is syntactically whole JSON by its brackets and strings; the tape checks the rest.
 */
#ifndef FHIR_BUNDLE_H
#define FHIR_BUNDLE_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct bundle_sink {
    /* A whole entry.resource. outer: index of the batch-response entry whose resource is the searchset
     * Bundle that holds it, or -1. bytes are valid during the call. A code other than 0 stops the scan and is
     * returned by bundle_feed. Any of these may be NULL. */
    int (*resource)(void *arg, int outer, struct str bytes);
    /* Bundle.link; relation "next", "self". url as decoded. May come after the entries. */
    int (*link)(void *arg, int outer, struct str relation, struct str url);
    /* entry.response of a batch or transaction response: status "200 OK", etag, location ("" if absent). */
    int (*response)(void *arg, int entry, struct str status, struct str etag, struct str location);
    /* Bundle.type and total, when they are met; total is the lexeme. */
    int (*head)(void *arg, int outer, struct str type, struct str total);
    /* May be NULL (then ERR_TOOBIG ends the scan). An entry's resource passed LIMIT_RESOURCE_BYTES: its bytes are
     * dropped as they come and the scan goes on behind it. head: its first LIMIT_TEXT_CELL bytes. */
    int (*toobig)(void *arg, int outer, struct str head);
    void *arg;
};

struct bundle_scan;

/* max_bytes: LIMIT_PAGE_BYTES for a page, 0 = unlimited for files. */
int bundle_new(const struct bundle_sink *sink, size_t max_bytes, struct bundle_scan **out);
void bundle_free(struct bundle_scan *s);
/* ERR_NOTFHIR when the first bytes are no JSON object, ERR_JSON, ERR_TOOBIG, or the sink's code. A root
 * object that is not a Bundle (an OperationOutcome, a Patient) is handed to resource() whole, by bundle_end. */
int bundle_feed(struct bundle_scan *s, struct str bytes, struct err *e);
/* ERR_CUT unless the root object is closed; or the code of the feed that failed, or the sink's. Once, at the end. */
int bundle_end(struct bundle_scan *s, struct err *e);
/* Bytes of the entry under way that are kept in memory. */
size_t bundle_held(const struct bundle_scan *s);
/* Bytes fed so far. */
size_t bundle_bytes(const struct bundle_scan *s);

#endif
