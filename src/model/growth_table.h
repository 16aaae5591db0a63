/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside growth curves: one table of data/growth for one sex, and Cole's LMS method.
 */
#ifndef MODEL_GROWTH_TABLE_H
#define MODEL_GROWTH_TABLE_H

#include "base/arena.h"
#include "base/err.h"

struct growth_row {
    double at, l, m, s;
};

struct growth_table {
    struct growth_row *rows; /* in a; at ascending */
    unsigned n;
};

/* Reads DIR/FILE. sex: 'm' or 'f'. ERR_IO with file as what: not there, or not such a table. */
int model_growth_load(const char *dir, const char *file, char sex, struct arena *a, struct growth_table *out,
                      struct err *e);
/* The row at a place, interpolated between two. False outside the table. */
bool model_growth_at(const struct growth_table *t, double at, struct growth_row *out);
/* z of a measurement y > 0. restricted: beyond 3 SD by the distance from the second to the third (WHO 2006, chapter 7):
 * for all that is not normally distributed, which is weight. */
double model_growth_z(const struct growth_row *r, double y, bool restricted);
/* The measurement at a z. */
double model_growth_value(const struct growth_row *r, double z);

#endif
