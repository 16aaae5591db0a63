/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A borrowed slice of bytes: a pointer and a length, no NUL promised, never owned.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_ARG(s) (int)(s).n, (s).p /* for "%.*s"; only where n is known to be small */

struct str str_of(const char *z);                       /* of a C string; NULL gives the empty slice */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *z);
int str_cmp(struct str a, struct str b);                /* < 0, 0, > 0: by bytes, a beginning before the whole */
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
struct str str_trim(struct str s);                      /* without ASCII blanks at both ends */
/* Cuts *rest at the first sep: returns what is before it and moves *rest behind it (p = NULL at the end). */
struct str str_split(struct str *rest, char sep);
/* Decimal digits only, at most 18 (a leading '-' if lo < 0), the whole of s, within lo..hi. */
bool str_int(struct str s, int64_t lo, int64_t hi, int64_t *out);
int str_hex(char c);                                    /* 0..15 of a hexadecimal digit of either case, or -1 */
/* A FHIR id: [A-Za-z0-9\-\.]{1,64} (R4 datatypes, id). Nothing else may become part of a URL or a key. */
bool str_is_id(struct str s);
/* A resource type name: [A-Z][A-Za-z]{0,63}. */
bool str_is_type(struct str s);

#endif
