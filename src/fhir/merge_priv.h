/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Between merge.c, which compares, and merge_write.c.
 */
#ifndef FHIR_MERGE_PRIV_H
#define FHIR_MERGE_PRIV_H

#include "fhir/merge.h"

/* Members that are one: a name with and without its underscore, the ways to write one choice. */
struct merge_group {
    struct str stem, path;
    bool choice, meta; /* meta: of the resource's meta */
    bool split;        /* a list, with a field for each element that changed */
    bool written;
};

/* An object of one of the documents. */
struct merge_place {
    const struct tape *t;
    tape_at at;
};

struct merge_place merge_place_of(const struct merge *m, enum merge_side side, bool meta);
bool merge_in_group(const struct merge_group *g, struct str name);
bool merge_is_server(struct str name); /* of a member of meta */
bool merge_same(const struct merge_group *g, struct merge_place x, struct merge_place y, struct arena *a);

#endif
