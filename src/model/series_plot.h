/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside results over time: marks and lines on two axes, drawn in ASCII. For trends and for growth curves.
 */
#ifndef MODEL_SERIES_PLOT_H
#define MODEL_SERIES_PLOT_H

#include "model/series.h"

struct series_mark {
    double x, y;
    char c; /* '.' a curve; '*' 'o' 'v' '^' a value; any other: one that must not be overlooked */
};

struct series_plot {
    const struct series_mark *marks;
    unsigned marks_n;
    double left, right;       /* of the horizontal axis */
    double lines[2];          /* across the whole plot, as '-' */
    unsigned lines_n;
    struct text first, last;  /* under the ends of the horizontal axis; first "": one in the middle */
};

/* As model_plot (series.h). */
int model_series_draw(const struct series_plot *p, unsigned width, unsigned height, struct arena *a,
                      struct text **lines, unsigned *lines_n);

#endif
