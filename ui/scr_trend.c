/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The trend of one test.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->trend.plot.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static int draw(struct ui *u, unsigned width, unsigned height, struct arena *a, struct text **lines, unsigned *lines_n)
{
    return model_plot(u->trend.t.points, u->trend.t.n, width, height, a, lines, lines_n);
}

static void build(struct ui *u)
{
    struct scr_trend *t = &u->trend;
    struct list *l = &t->plot.list;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN, wide = 0;

    scr_plot_begin(u, &t->plot, t->t.said, t->t.said_n, draw);
    for (unsigned i = 0; i < t->t.n; i++) {
        unsigned w = tty_cols((struct str){t->t.points[i].date.s, t->t.points[i].date.n});

        wide = w > wide ? w : wide;
    }
    for (unsigned i = 0; i < t->t.n; i++)
        list_add(l, t->t.points[i].date, wide + 2, model_trend_words(&t->t, i, &l->arena), cols);
    scr_plot_end(u, &t->plot, t->t.said, t->t.said_n);
}

/* --- opening ---------------------------------------------------------------------------------- */

bool scr_trend_open(struct ui *u, const char *type, const char *id, unsigned part)
{
    struct scr_trend *t = &u->trend;
    struct model_trend fresh;
    struct err e = ERR_NONE;
    struct {
        char type[64], id[80];
    } row;

    snprintf(row.type, sizeof row.type, "%s", type); /* they may be part of what is dropped here */
    snprintf(row.id, sizeof row.id, "%s", id);
    if (!scr_chart_fresh(u))
        return false;
    if (model_trend(&u->model, str_of(u->chart.chart), str_of(row.type), str_of(row.id), part, &fresh, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    if (!fresh.n) {
        model_trend_fini(&fresh);
        ui_say(u, "%s", _("No trend: this row is not a test's result."));
        return false;
    }
    /* From a detail one goes back to where that came from: each leads to the other. */
    if (u->screen == scr_detail_screen())
        ui_under(u);
    scr_trend_close(u);
    t->t = fresh;
    t->loaded = true;
    memcpy(t->type, row.type, sizeof row.type);
    memcpy(t->id, row.id, sizeof row.id);
    t->part = part;
    if (u->screen != scr_trend_screen())
        ui_over(u, scr_trend_screen());
    build(u);
    list_forget(&t->plot.list);
    u->damage = true;
    return true;
}

void scr_trend_close(struct ui *u)
{
    struct scr_trend *t = &u->trend;

    if (t->loaded)
        model_trend_fini(&t->t);
    scr_plot_fini(&t->plot);
    memset(t, 0, sizeof *t);
}

static void reload(struct ui *u)
{
    if (scr_chart_renewed(u))
        scr_trend_open(u, u->trend.type, u->trend.id, u->trend.part);
}

/* --- paint ------------------------------------------------------------------------------------ */

/* REQ: a plot shows all its points at once: each of them is of the patient above it. */
static bool own(struct ui *u)
{
    struct scr_trend *t = &u->trend;
    bool mine = scr_chart_own(u, t->t.chart);

    for (unsigned i = 0; mine && i < t->t.n; i++)
        mine = scr_chart_own(u, t->t.points[i].chart);
    return mine;
}

static void paint(struct ui *u)
{
    struct scr_trend *t = &u->trend;
    unsigned n, m;
    struct arena a;

    arena_init(&a, 65536);
    scr_chart_banner(u);
    list_pages(&t->plot.list, &n, &m);
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, _("Trend, oldest left: %s"), t->t.test.both.s)), 0),
                   t->t.age, n, m);
    arena_fini(&a);
    u->chart.mixed = false;
    if (own(u))
        scr_plot_paint(u, &t->plot);
    else
        list_forget(&t->plot.list);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void open_value(struct ui *u)
{
    struct scr_trend *t = &u->trend;

    if (t->plot.list.sel < t->t.n)
        scr_detail_open(u, t->t.points[t->plot.list.sel].type, t->t.points[t->plot.list.sel].id);
    else
        ui_say(u, "%s", _("There is nothing behind this row."));
}

const struct screen *scr_trend_screen(void)
{
    static const struct screen screen = {.where = ON_TREND, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_value, .back = ui_under, .reload = reload,
                                         .edited = reload, .left = scr_trend_close};

    return &screen;
}
