/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * By what a create is found again where the server gives the id: an identifier of system urn:wardline:op whose value is
 * the operation's id; a kind that has no list of identifiers bears it as a tag. Pure.
 */
#ifndef SYNC_MARKER_H
#define SYNC_MARKER_H

#include "sync/judge.h"

/* "identifier=urn:wardline:op|OP", as a condition (R4 http.html 3.1.0.8.1) or, encoded, a search. */
int sync_marker_query(const char *type, const char *op, bool encoded, struct buf *out);
/* The body as it is sent: without its id, which is of this device alone, and with the marker. ERR_INPUT: it cannot
 * bear one. */
int sync_marker_body(const char *type, const char *op, struct str body, struct buf *out);

/* Of GET Type?MARKER: PUSH_FOUND_NOTHING, PUSH_FOUND_OURS (one bears it: its id and version), PUSH_FOUND_SEVERAL, or
 * PUSH_FOUND_UNKNOWN: no answer, or one that lists what does not bear it. ERR_NOMEM. */
int sync_marker_judge(const char *type, const char *op, const struct judge_answer *a, enum push_found *found,
                      char version[STORE_VERSION_BYTES], char id[LIMIT_ID_BYTES + 1], struct err *e);

#endif
