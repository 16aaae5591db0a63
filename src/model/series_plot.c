/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plot in characters that a vt100 has. Doubles place marks here and nothing else: the numbers on the axis are
 * multiples of a step, written from integers.
 */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "fhir/decimal.h"
#include "fhir/index.h"
#include "model/priv.h"
#include "model/series_plot.h"

#define LABEL_MAX 12 /* columns of a number on the axis */
#define STEPS 3

/* --- the axis --------------------------------------------------------------------------------- */

/* step = mantissa * 10^exponent; the plot goes from first to last of it. */
struct axis {
    int64_t mantissa, first, last;
    int exponent;
    unsigned rows;    /* of the whole plot */
    unsigned between; /* rows from one number to the next */
};

static double axis_step(const struct axis *x)
{
    return (double)x->mantissa * pow(10, x->exponent);
}

/* The smallest round step with which low to high fits into rows, a number at every second row or further apart. */
static bool axis_find(struct axis *x, double low, double high, unsigned rows)
{
    static const int64_t mantissas[STEPS] = {1, 2, 5};
    double span = high - low, least = span > 0 ? span / rows : fabs(high) / rows;
    unsigned steps = (rows - 1) / 2;

    if (!(least > 0))
        least = 0.1;
    x->exponent = (int)floor(log10(least));
    for (unsigned i = 0;; i++) {
        double step;

        x->mantissa = mantissas[i % STEPS];
        if (i && i % STEPS == 0)
            x->exponent++;
        step = axis_step(x);
        x->first = (int64_t)floor(low / step + 1e-9);
        x->last = (int64_t)ceil(high / step - 1e-9);
        if (x->last == x->first)
            x->last++;
        if (x->last - x->first <= steps)
            break;
        if (i > 60)
            return false;
    }
    x->between = (rows - 1) / (unsigned)(x->last - x->first);
    x->rows = x->between * (unsigned)(x->last - x->first) + 1;
    return true;
}

/* The number of a mark of the axis in its clear form (display rule 13), or "" when it is too long to stand there. */
static void axis_label(const struct axis *x, int64_t k, struct arena *a, char out[LABEL_MAX + 1])
{
    char lexeme[64];
    struct buf b;

    out[0] = '\0';
    snprintf(lexeme, sizeof lexeme, "%llde%d", (long long)(k * x->mantissa), x->exponent);
    buf_init(&b, 128);
    if (k == 0)
        snprintf(out, LABEL_MAX + 1, "0");
    else if (model_clear_number(str_of(lexeme), strcmp(model_thousands(), ",") ? "" : ",", &b) && b.n <= LABEL_MAX)
        snprintf(out, LABEL_MAX + 1, "%s", b.p);
    a->failed = a->failed || b.failed == ERR_NOMEM; /* no axis without its numbers */
    buf_fini(&b);
}

/* --- the field -------------------------------------------------------------------------------- */

struct field {
    const struct series_plot *plot;
    struct axis axis;
    unsigned margin; /* columns of the numbers and the bar */
    unsigned cols;   /* behind it */
    char *cell;      /* axis.rows * cols */
};

static unsigned row_of(const struct field *f, double y)
{
    double step = axis_step(&f->axis), top = step * (double)f->axis.last;
    double at = (top - y) / step * f->axis.between;

    return at <= 0 ? 0 : at >= f->axis.rows - 1 ? f->axis.rows - 1 : (unsigned)lround(at);
}

static unsigned col_of(const struct field *f, double x)
{
    double span = f->plot->right - f->plot->left;
    double at = span > 0 ? (x - f->plot->left) / span * (f->cols - 1) : (f->cols - 1) / 2.0;

    return at <= 0 ? 0 : at >= f->cols - 1 ? f->cols - 1 : (unsigned)lround(at);
}

/* Where two marks meet, the one that must not be overlooked stands: a letter before a sign before a line. */
static unsigned weight(char c)
{
    return c == ' ' ? 0 : strchr("-.", c) ? 1 : strchr("*ov^", c) ? 2 : 3;
}

static void put(struct field *f, unsigned row, unsigned col, char c)
{
    char *at = &f->cell[(size_t)row * f->cols + col];

    if (weight(c) > weight(*at))
        *at = c;
}

static void draw(struct field *f)
{
    const struct series_plot *p = f->plot;

    memset(f->cell, ' ', (size_t)f->axis.rows * f->cols);
    for (unsigned i = 0; i < p->lines_n; i++)
        for (unsigned c = 0; c < f->cols; c++)
            put(f, row_of(f, p->lines[i]), c, '-');
    for (unsigned i = 0; i < p->marks_n; i++)
        put(f, row_of(f, p->marks[i].y), col_of(f, p->marks[i].x), p->marks[i].c);
}

/* --- lines ------------------------------------------------------------------------------------ */

static struct text line_of(const struct field *f, unsigned row, struct arena *a)
{
    char label[LABEL_MAX + 1] = "";
    const char *cells = f->cell + (size_t)row * f->cols;
    unsigned n = f->cols, mark = row % f->axis.between;

    while (n && cells[n - 1] == ' ')
        n--;
    if (!mark)
        axis_label(&f->axis, f->axis.last - row / f->axis.between, a, label);
    return text_own(arena_fmt(a, "%*s %c%.*s", (int)f->margin - 2, label, mark ? '|' : '+', (int)n, cells));
}

/* The first and the last of the time axis under its ends. */
static struct text foot_of(const struct field *f, struct arena *a)
{
    const struct series_plot *p = f->plot;
    unsigned gap = f->cols > p->first.cols + p->last.cols ? f->cols - p->first.cols - p->last.cols : 0;

    if (!gap)
        return text_own(arena_fmt(a, "%*s%s", (int)f->margin, "", p->last.s));
    if (!p->first.n)
        return text_own(arena_fmt(a, "%*s%*s%s", (int)f->margin, "", (int)(gap / 2), "", p->last.s));
    return text_own(arena_fmt(a, "%*s%s%*s%s", (int)f->margin, "", p->first.s, (int)gap, "", p->last.s));
}

/* Low and high of all that must be on the axis. */
static void bounds(const struct series_plot *p, double *low, double *high)
{
    *low = HUGE_VAL;
    *high = -HUGE_VAL;
    for (unsigned i = 0; i < p->marks_n + p->lines_n; i++) {
        double y = i < p->marks_n ? p->marks[i].y : p->lines[i - p->marks_n];

        *low = y < *low ? y : *low;
        *high = y > *high ? y : *high;
    }
}

static unsigned margin_of(const struct axis *x, struct arena *a)
{
    size_t wide = 0;

    for (int64_t k = x->first; k <= x->last; k++) {
        char label[LABEL_MAX + 1];

        axis_label(x, k, a, label);
        wide = strlen(label) > wide ? strlen(label) : wide;
    }
    return (unsigned)wide + 2;
}

int model_series_draw(const struct series_plot *p, unsigned width, unsigned height, struct arena *a,
                      struct text **lines, unsigned *lines_n)
{
    struct field f = {.plot = p};
    double low, high;

    *lines = NULL;
    *lines_n = 0;
    if (!p->marks_n || width < MODEL_PLOT_COLS || height < MODEL_PLOT_ROWS)
        return ERR_OK;
    bounds(p, &low, &high);
    if (!axis_find(&f.axis, low, high, height - 1))
        return ERR_OK;
    f.margin = margin_of(&f.axis, a);
    f.cols = width - f.margin;
    f.cell = arena_alloc(a, (size_t)f.axis.rows * f.cols);
    *lines = arena_alloc(a, (f.axis.rows + 1) * sizeof **lines);
    if (!f.cell || !*lines)
        return ERR_NOMEM;
    draw(&f);
    for (unsigned i = 0; i < f.axis.rows; i++)
        (*lines)[i] = line_of(&f, i, a);
    (*lines)[f.axis.rows] = foot_of(&f, a);
    *lines_n = f.axis.rows + 1;
    return a->failed ? ERR_NOMEM : ERR_OK;
}

/* --- points ----------------------------------------------------------------------------------- */

/* The mark of a value, or of one half of a pair: the lower half's letters are small. */
static char mark_of(const struct model_point *p, int half)
{
    if (p->place == MODEL_PLACE_BELOW)
        return 'v';
    if (p->place == MODEL_PLACE_ABOVE)
        return '^';
    if (p->letter[half])
        return (char)(p->letter[half] + (half ? 'a' - 'A' : 0));
    return half ? 'o' : '*';
}

int model_plot(const struct model_point *points, unsigned n, unsigned width, unsigned height, struct arena *a,
               struct text **lines, unsigned *lines_n)
{
    struct series_plot plot = {.first = text_own("")};
    struct series_mark *marks = arena_alloc(a, (2 * (size_t)n + 1) * sizeof *marks);
    const struct model_point *newest = NULL, *oldest = NULL;

    if (!marks)
        return ERR_NOMEM;
    plot.marks = marks;
    for (unsigned i = 0; i < n; i++) {
        /* REQ: what was entered in error has no place, whoever says so. */
        if (points[i].place == MODEL_PLACE_NONE || points[i].struck)
            continue;
        for (int half = 0; half <= points[i].pair; half++)
            marks[plot.marks_n++] =
                (struct series_mark){(double)points[i].ms, points[i].at[half], mark_of(&points[i], half)};
        newest = !newest || points[i].ms > newest->ms ? &points[i] : newest;
        oldest = !oldest || points[i].ms < oldest->ms ? &points[i] : oldest;
    }
    if (newest) {
        plot.left = (double)oldest->ms;
        plot.right = (double)newest->ms;
        plot.last = newest->date;
        if (oldest->ms != newest->ms)
            plot.first = oldest->date;
        if (newest->has_low && !newest->pair)
            plot.lines[plot.lines_n++] = newest->low;
        if (newest->has_high && !newest->pair)
            plot.lines[plot.lines_n++] = newest->high;
    }
    return model_series_draw(&plot, width, height, a, lines, lines_n);
}
