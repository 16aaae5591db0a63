/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A child's growth curves, one kind of them at a time.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "base/path.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->growth.plot.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static int draw(struct ui *u, unsigned width, unsigned height, struct arena *a, struct text **lines, unsigned *lines_n)
{
    return model_growth_plot(&u->growth.g, width, height, a, lines, lines_n);
}

/* "05-Mar-2026  9m  9.10 kg  0.4 above the median: z = +0.4" */
static void build(struct ui *u)
{
    struct scr_growth *g = &u->growth;
    struct list *l = &g->plot.list;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN, wide = 0;

    scr_plot_begin(u, &g->plot, g->g.said, g->g.said_n, draw);
    for (unsigned i = 0; i < g->g.n; i++) {
        unsigned w = tty_cols((struct str){g->g.points[i].date.s, g->g.points[i].date.n});

        wide = w > wide ? w : wide;
    }
    for (unsigned i = 0; i < g->g.n; i++) {
        const struct model_growth_point *p = &g->g.points[i];
        char *words = arena_fmt(&l->arena, "%s%s%s%s%s", p->age.s, p->age.n ? "  " : "", p->value.s,
                                p->words.n ? "  " : "", p->words.s);

        if (!words)
            l->failed = true;
        list_add(l, p->date, wide + 2, text_safe(&l->arena, str_of(words), 0), cols);
    }
    scr_plot_end(u, &g->plot, g->g.said, g->g.said_n);
}

/* --- opening ---------------------------------------------------------------------------------- */

/* In place of what is shown, or says why not. */
static void load(struct ui *u, enum model_growth_kind kind)
{
    struct scr_growth *g = &u->growth;
    struct model_growth fresh;
    struct err e = ERR_NONE;
    char dir[PATH_MAX_BYTES];

    if (!scr_chart_fresh(u))
        return;
    path_data("growth", dir);
    if (model_growth(&u->model, str_of(u->chart.chart), kind, dir, &fresh, &e)) {
        ui_say_err(u, &e);
        return;
    }
    if (fresh.refused.n) {
        ui_say(u, "%s", fresh.refused.s);
        model_growth_fini(&fresh);
        return;
    }
    scr_growth_close(u);
    g->g = fresh;
    g->loaded = true;
    if (u->screen != scr_growth_screen())
        ui_over(u, scr_growth_screen());
    build(u);
    list_forget(&g->plot.list);
    u->damage = true;
}

void scr_growth_open(struct ui *u)
{
    load(u, MODEL_GROWTH_WEIGHT);
}

/* The next kind of curves, or the one before. */
static void turn(struct ui *u, int by)
{
    unsigned kind = (unsigned)u->growth.g.kind + MODEL_GROWTH_KINDS + (unsigned)by;

    load(u, (enum model_growth_kind)(kind % MODEL_GROWTH_KINDS));
}

void scr_growth_close(struct ui *u)
{
    struct scr_growth *g = &u->growth;

    if (g->loaded)
        model_growth_fini(&g->g);
    scr_plot_fini(&g->plot);
    memset(g, 0, sizeof *g);
}

static void reload(struct ui *u)
{
    if (scr_chart_renewed(u))
        load(u, u->growth.g.kind);
}

/* --- paint ------------------------------------------------------------------------------------ */

static bool own(struct ui *u)
{
    struct scr_growth *g = &u->growth;
    bool mine = scr_chart_own(u, g->g.chart);

    for (unsigned i = 0; mine && i < g->g.n; i++)
        mine = scr_chart_own(u, g->g.points[i].chart);
    return mine;
}

static void paint(struct ui *u)
{
    struct scr_growth *g = &u->growth;
    unsigned n, m;

    scr_chart_banner(u);
    list_pages(&g->plot.list, &n, &m);
    ui_paint_title(u, g->g.title, g->g.age, n, m);
    u->chart.mixed = false;
    if (own(u))
        scr_plot_paint(u, &g->plot);
    else
        list_forget(&g->plot.list);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void open_value(struct ui *u)
{
    struct scr_growth *g = &u->growth;

    if (g->plot.list.sel < g->g.n)
        scr_detail_open(u, g->g.points[g->plot.list.sel].type, g->g.points[g->plot.list.sel].id);
    else
        ui_say(u, "%s", _("There is nothing behind this row."));
}

const struct screen *scr_growth_screen(void)
{
    static const struct screen screen = {.where = ON_GROWTH, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_value, .back = ui_under, .sideways = turn,
                                         .reload = reload, .edited = reload, .left = scr_growth_close};

    return &screen;
}
