/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Cuts NDJSON (one resource a line, as Bulk Data files are) into its resources while it streams in, keeping
 * only the line under way. Blank lines go. What a line holds is for the tape to check.
 */
#ifndef FHIR_NDJSON_H
#define FHIR_NDJSON_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct ndjson_sink {
    /* A line (counted from 1) without its end. bytes are valid during the call. A code other than 0 stops the
     * scan and is returned. */
    int (*resource)(void *arg, int64_t line, struct str bytes);
    /* May be NULL (then ERR_TOOBIG, num = the line, ends the scan). The line passed LIMIT_RESOURCE_BYTES and is
     * dropped. head: its first LIMIT_TEXT_CELL bytes. */
    int (*toobig)(void *arg, int64_t line, struct str head);
    void *arg;
};

struct ndjson_scan;

int ndjson_new(const struct ndjson_sink *sink, struct ndjson_scan **out);
void ndjson_free(struct ndjson_scan *s);
int ndjson_feed(struct ndjson_scan *s, struct str bytes, struct err *e);
/* The last line may have no end of its own. */
int ndjson_end(struct ndjson_scan *s, struct err *e);

#endif
