/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one view of a JSON document (RFC 8259): a tape of spans over its raw bytes. Nothing is converted: a
 * number stays the lexeme that the server sent, so 0.10 stays 0.10; an edit is a splice at a span.
 *
 * Refused: bytes that are not UTF-8, a byte order mark, a second document, member names that stand twice
 * in one object or hold escapes, more than LIMIT_DEPTH levels, LIMIT_NODES values or LIMIT_RESOURCE_BYTES.
 */
#ifndef FHIR_TAPE_H
#define FHIR_TAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum tape_kind {
    TAPE_OBJECT,
    TAPE_ARRAY,
    TAPE_STRING,
    TAPE_NUMBER,
    TAPE_TRUE,
    TAPE_FALSE,
    TAPE_NULL,
    TAPE_KEY, /* a member's name; its value is the next node on the tape */
};

struct tape_node {
    uint32_t off, len; /* the span in the bytes; for strings and keys with their quotes */
    uint32_t next;     /* the node behind this value's whole subtree */
    uint8_t kind;
    uint8_t escaped;   /* a string with a backslash in it */
};

struct tape {
    struct str bytes; /* borrowed: must outlive the tape */
    struct tape_node *nodes;
    uint32_t n, cap;
};

typedef uint32_t tape_at; /* a value's place on the tape; 0 is the root */
#define TAPE_NONE UINT32_MAX

/* Parses bytes. ERR_JSON with num = offset, ERR_TOOBIG, ERR_NOMEM. On error t is empty. */
int tape_parse(struct tape *t, struct str bytes, struct err *e);
/* As tape_parse with a limit of bytes other than LIMIT_RESOURCE_BYTES (Bundles in files). */
int tape_parse_max(struct tape *t, struct str bytes, size_t max, struct err *e);
void tape_fini(struct tape *t);

/* All of these take TAPE_NONE and answer TAPE_NONE, false or the empty slice. */
enum tape_kind tape_kind(const struct tape *t, tape_at at);        /* TAPE_NULL for TAPE_NONE */
bool tape_is(const struct tape *t, tape_at at, enum tape_kind kind);
tape_at tape_get(const struct tape *t, tape_at object, const char *name);
/* A path of names, "code.coding.display"; an array on the way stands for its first element. */
tape_at tape_path(const struct tape *t, tape_at from, const char *path);
/* The elements of an array; of a single value, itself (once): for (i = tape_first(..); i != TAPE_NONE; i =
 * tape_next(t, array, i)) */
tape_at tape_first(const struct tape *t, tape_at array);
tape_at tape_next(const struct tape *t, tape_at array, tape_at element);
uint32_t tape_count(const struct tape *t, tape_at array);
/* The members of an object: key nodes; the value is key + 1. */
tape_at tape_first_member(const struct tape *t, tape_at object);
tape_at tape_next_member(const struct tape *t, tape_at object, tape_at key);
struct str tape_name(const struct tape *t, tape_at key);           /* without quotes */

struct str tape_raw(const struct tape *t, tape_at at);             /* the value's bytes, quotes included */
struct str tape_lexeme(const struct tape *t, tape_at number);      /* "" unless a number */
bool tape_true(const struct tape *t, tape_at at);
/* A string's characters: borrowed when it has no escapes, else decoded in arena a (a lone surrogate
 * becomes U+FFFD, \u0000 stays a NUL byte). "" unless a string. */
struct str tape_str(const struct tape *t, tape_at string, struct arena *a);
/* As tape_str, for a string known to be short and plain (codes, ids, dates); escapes give "". */
struct str tape_plain(const struct tape *t, tape_at string);
bool tape_str_is(const struct tape *t, tape_at string, const char *plain);

#endif
