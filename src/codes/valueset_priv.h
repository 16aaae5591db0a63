/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside value sets: systems with their concepts, and the resources that sets are read from.
 */
#ifndef CODES_VALUESET_PRIV_H
#define CODES_VALUESET_PRIV_H

#include "base/vec.h"
#include "codes/valueset.h"

#define VALUESET_NONE UINT32_MAX
#define VALUESET_STEPS 100 /* from a concept up to the top */

struct valueset_concept {
    struct str code, display, synonyms;
    struct str key, others; /* of its display, and of that and its synonyms (codes_key) */
    struct str under;       /* its parent's code, "" none */
    uint32_t parent;        /* its place, or VALUESET_NONE */
    bool retired;
    bool abstract;          /* stands for what stands under it, and is not chosen */
    bool said;              /* its display is in the base's language */
};

struct valueset_system {
    struct str url, date;
    struct vec concepts;  /* in the order of the file */
    uint32_t *by_code;    /* places */
    uint32_t sorted;      /* so many are in by_code */
};

struct valueset_set {
    struct str url, version;
    struct tape t;
};

#define VALUESET_LANGUAGE 8

struct valueset_base {
    struct arena a;
    char language[VALUESET_LANGUAGE];
    struct vec systems, sets;
};

struct valueset_system *valueset_system_of(const struct valueset_base *b, struct str url);
const struct valueset_concept *valueset_concept_of(const struct valueset_system *s, struct str code);
static inline const struct valueset_concept *valueset_concept_at(const struct valueset_system *s, uint32_t i)
{
    return (const struct valueset_concept *)s->concepts.p + i;
}
struct valueset_code valueset_code_of(const struct valueset_system *s, const struct valueset_concept *c);
/* Is c, or what it stands under, top? 1, 0, or -1: its parents are a circle. */
int valueset_stands_under(const struct valueset_system *s, const struct valueset_concept *c,
                          const struct valueset_concept *top);
/* What a list of designations says in b's language, "" nothing. */
struct str valueset_said(const struct valueset_base *b, const struct tape *t, tape_at designations, struct arena *a);
/* What two files say of one code: the first. ERR_NOMEM, ERR_TOOBIG. */
int valueset_add(struct valueset_base *b, struct valueset_system *s, const struct valueset_concept *c, struct err *e);
struct valueset_system *valueset_system_make(struct valueset_base *b, struct str url, struct str date);
void valueset_system_unmake(struct valueset_base *b); /* the one that was made last */
/* Behind all adds: parents and the order by code. */
int valueset_settle(struct valueset_base *b, struct err *e);
/* One resource on a tape whose bytes stay; t is taken over, or freed. */
int valueset_take(struct valueset_base *b, struct tape *t, struct err *e);

#endif
