/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory that is dropped as a whole: one arena per parsed document or view model. arena_fini wipes it.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *head;
    size_t used, max; /* bytes handed out; reaching max gives NULL */
    bool failed;      /* an allocation gave NULL: a writer may check once, at the end */
};

void arena_init(struct arena *a, size_t max);
void arena_fini(struct arena *a);                         /* frees all; usable again after arena_init */
void *arena_alloc(struct arena *a, size_t n);             /* zeroed, aligned for any type; NULL when full */
char *arena_dup(struct arena *a, const void *p, size_t n); /* with a NUL behind */
struct str arena_str(struct arena *a, struct str s);      /* a copy; the empty slice when full */
char *arena_fmt(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
