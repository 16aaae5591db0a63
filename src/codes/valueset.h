/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Code systems and value sets from files, offline: what a pick list offers (expand), whether a code belongs to a set
 * (member), what a code is called, and a search over a system's words or over a list. Called by forms and problem
 * entry.
 *
 * Filled once by the loads, then read only, by any thread; nothing is fetched, and nothing is kept of a question.
 * REQ: a part is never given as the whole, and "no" only where it is known: else enum valueset_why says what is
 * missing. REQ CS-22: a search never chooses and never completes a word; it counts what it leaves out.
 */
#ifndef CODES_VALUESET_H
#define CODES_VALUESET_H

#include "base/arena.h"
#include "base/err.h"
#include "fhir/tape.h"

#define VALUESET_MEMORY ((size_t)96 << 20) /* all that is loaded */
#define VALUESET_MOST 5000                 /* codes of an expansion: more is no pick list */

enum valueset_why {
    VALUESET_OK,
    VALUESET_NO_SET,    /* no such value set here */
    VALUESET_NO_SYSTEM, /* a code system that is not here */
    VALUESET_NO_CODE,   /* a filter names a code that its system does not have */
    VALUESET_FILTER,    /* a filter that is not carried out here */
    VALUESET_PART,      /* its server gave a part of it, and no rule */
    VALUESET_CIRCLE,    /* value sets that name each other */
    VALUESET_TOO_MANY,  /* more than VALUESET_MOST codes */
    VALUESET_BAD,       /* not a value set of R4 */
    VALUESET_WHY_N,
};

struct valueset_code {
    struct str system, code;
    struct str display;  /* as the set has it, else as its system has it; "" unknown. Not yet safe to show */
    bool retired;        /* its system says that it is no longer used */
    struct str synonyms; /* '|' between; "" none */
};

struct valueset_list {
    struct valueset_code *v;
    uint32_t n, cap;
};

struct valueset_base;

/* --- loading ---------------------------------------------------------------------------------- */

/* language: of displays, where a file has them ("es"; its designations, or a column display-es); what a code is called
 * otherwise is then a synonym. "": as it stands. */
int valueset_base_new(struct str language, struct valueset_base **out, struct err *e);
void valueset_base_free(struct valueset_base *b);
/* Reads DIR/FILE by its ending:
 *  .tsv  a file of codes (base/tsv.h): columns code and display, and as far as it has them system, parent (a code of
 *        the same system), status ("retired", "Inactive": no longer used; "abstract": not chosen), synonyms ('|'
 *        between) and display-es and their like. Without a column system its head says "# system: URL". A code that
 *        is there already is passed over: the first file counts.
 *  .json, .ndjson  ValueSet and CodeSystem resources of R4, one or one a line. Of two with one url the first counts.
 * Errors of tsv_open; ERR_INPUT, ERR_JSON with num = the line; ERR_TOOBIG (VALUESET_MEMORY). After an error b may have
 * a part of the file, and must be freed. */
int valueset_load(struct valueset_base *b, const char *dir, const char *file, struct err *e);
/* All files of a directory whose names end so, by name. One that is not there loads nothing. dir NULL: those that come
 * with the program. */
int valueset_load_dir(struct valueset_base *b, const char *dir, struct err *e);
/* One resource, whose bytes are copied. ERR_UNSUPPORTED: neither a ValueSet nor a CodeSystem with all its codes. */
int valueset_load_resource(struct valueset_base *b, struct str bytes, struct err *e);

/* The systems that are here: their urls and how many codes each has. i from 0; false behind the last. */
bool valueset_system(const struct valueset_base *b, unsigned i, struct str *url, struct str *date, uint32_t *codes);

/* --- asking ----------------------------------------------------------------------------------- */

/* All codes of a value set by its canonical ("URL" or "URL|VERSION"), in its order. Strings borrow from b or live in
 * a, which needs room for some megabytes. *about (may be NULL): what is missing, a url or a filter. On anything but
 * VALUESET_OK out is empty. */
enum valueset_why valueset_expand(const struct valueset_base *b, struct str canonical, struct arena *a,
                                  struct valueset_list *out, struct str *about);
/* The same of a ValueSet on a tape (one that a questionnaire contains); strings borrow from the tape, too. */
enum valueset_why valueset_expand_at(const struct valueset_base *b, const struct tape *t, tape_at at, struct arena *a,
                                     struct valueset_list *out, struct str *about);
/* 1, 0, or -1: it cannot be known. system "": any. Asks the rules and expands nothing. */
int valueset_member(const struct valueset_base *b, struct str canonical, struct str system, struct str code);
/* Is the code, or what it stands under, parent? 1, 0 or -1. */
int valueset_is_a(const struct valueset_base *b, struct str system, struct str code, struct str parent);
/* A code of a system; false: none here. */
bool valueset_lookup(const struct valueset_base *b, struct str system, struct str code, struct valueset_code *out);

/* --- searching -------------------------------------------------------------------------------- */

enum valueset_rank {
    VALUESET_CODE,    /* its code, whole */
    VALUESET_TERM,    /* its display, whole */
    VALUESET_WORDS,   /* each word that was typed begins a word of its display */
    VALUESET_SYNONYM, /* ... or of its display and synonyms */
};

struct valueset_hit {
    struct valueset_code code;
    enum valueset_rank rank;
};

struct valueset_found {
    struct valueset_hit *v; /* the best first; in one rank the shorter first, what is retired last */
    uint32_t n;             /* at most most */
    uint32_t all;           /* "10 of 40" */
};

/* Without case and accents; what has fewer than VALUESET_TYPED_LEAST letters finds codes and whole terms only.
 * VALUESET_NO_SYSTEM; VALUESET_TOO_MANY: no room; else VALUESET_OK, also when nothing is found. */
#define VALUESET_TYPED_LEAST 2
enum valueset_why valueset_search(const struct valueset_base *b, struct str system, struct str typed, uint32_t most,
                                  struct arena *a, struct valueset_found *out);
/* The same in a list, an expansion's. */
enum valueset_why valueset_search_list(const struct valueset_list *in, struct str typed, uint32_t most, struct arena *a,
                                       struct valueset_found *out);

/* A page of a value set's codes for a pick list: those that typed finds (the best first), or all in their order where
 * it is "", from the from-th on. out->all counts them all. Reasons of valueset_expand. */
enum valueset_why valueset_options(const struct valueset_base *b, struct str canonical, struct str typed, uint32_t from,
                                   uint32_t most, struct arena *a, struct valueset_found *out);
/* valueset_member as struct path_env asks (member_of): base is a const struct valueset_base. */
int valueset_path_member(void *base, struct str canonical, struct str system, struct str code);

/* Words for enum valueset_why, to be translated. */
const char *valueset_why(enum valueset_why why);

#endif
