/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a server's bytes say of an operation: whether its resource is as the edit left it, as it was before, or
 * something else (reference: R4 http.html 3.1.0.1.9 history). Pure: no state, no store.
 */
#ifndef SYNC_JUDGE_H
#define SYNC_JUDGE_H

#include "sync/push.h"

struct judge_op {
    enum store_op_kind kind;
    const char *version; /* of its base; "": none, or not known */
    struct str base, body; /* base: "" when not known. body: "" of a delete */
    const char *url;     /* the server's base URL, for references */
};

struct judge_answer {
    int status;
    struct str body;
    bool whole;
};

/* Of GET Type/id. version: of the resource that the answer holds, or "". ERR_NOMEM. */
int sync_judge_read(const struct judge_op *op, const struct judge_answer *a, enum push_found *found,
               char version[STORE_VERSION_BYTES], struct err *e);

/* Of GET Type/id/_history, newest first: PUSH_FOUND_WAS_OURS with the version of the newest one that is as the edit
 * left it, PUSH_FOUND_NEVER, or PUSH_FOUND_UNKNOWN where the answer does not reach back to the base. Versions from the
 * base on do not count: an edit may bring back an old wording. */
int sync_judge_history(const struct judge_op *op, const struct judge_answer *a, enum push_found *found,
                  char version[STORE_VERSION_BYTES], struct err *e);

/* [BASE/]Type/ID[/_history/2] -> ID, if it is of that type; else "". */
void sync_judge_name(const char *location, const char *type, char id[LIMIT_ID_BYTES + 1]);

/* A body is FHIR: a JSON object with a resourceType. */
bool sync_judge_is_fhir(struct str body);

/* W/"2" -> 2; Type/id/_history/2 -> 2; else "". Of what is longer than a version may be: "". */
void sync_judge_version(const char *etag, const char *location, char version[STORE_VERSION_BYTES]);

#endif
