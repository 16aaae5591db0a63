/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cumulative grid: tests down, days across, the column of tests locked (scr_grid_days.c lays it out).
 * REQ CS-06: the names of the tests stay where the days move.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->grid.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* The cells of a row as they stand behind the locked column; one blank for a row without any here. */
static struct text cells_of(struct ui *u, unsigned test)
{
    struct scr_grid *g = &u->grid;
    struct text t;
    struct buf b;

    buf_init(&b, 4096);
    for (unsigned k = 0; k < g->shown; k++) {
        const struct model_point *p = model_grid_cell(&g->g, test, g->left + k);
        struct text words;

        if (!p)
            continue;
        words = model_grid_words(p, g->wide[k], &g->list.arena);
        for (unsigned at = g->indent + tty_cols(buf_str(&b)); at < g->at[k]; at++)
            buf_addc(&b, ' ');
        buf_add(&b, words.s, words.n);
    }
    t = b.n ? text_safe(&g->list.arena, buf_str(&b), 0) : text_own(" ");
    if (b.failed)
        g->list.failed = true;
    buf_fini(&b);
    return t;
}

static void build(struct ui *u)
{
    struct scr_grid *g = &u->grid;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;
    struct text none = {"", 0, 0};

    scr_chart_screen()->build(u);
    scr_grid_days_lay_out(u);
    list_clear(&g->list, ui_body_rows(u) - 1);
    for (unsigned i = 0; i < g->g.tests_n; i++)
        list_add(&g->list, g->g.tests[i].both, g->indent, cells_of(u, i), cols);
    for (unsigned i = 0; i < g->g.said_n; i++)
        list_add(&g->list, none, 0, g->g.said[i], cols);
    list_settle(&g->list);
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool load(struct ui *u)
{
    struct model_grid fresh;
    struct err e = ERR_NONE;
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    if (model_grid(&u->model, str_of(u->chart.chart), str_of(s[u->chart.section].name), &fresh, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    scr_grid_close(u);
    u->grid.g = fresh;
    u->grid.loaded = true;
    return true;
}

void scr_grid_open(struct ui *u)
{
    if (!scr_chart_fresh(u) || !load(u))
        return;
    build(u);
    ui_over(u, scr_grid_screen());
}

/* The marker stays on its test and its day, wherever they stand now. */
static void reload(struct ui *u)
{
    struct scr_grid *g = &u->grid;
    const char *test = NULL, *day = NULL;
    struct arena a;

    arena_init(&a, 1u << 20);
    if (g->list.sel < g->g.tests_n)
        test = arena_dup(&a, g->g.tests[g->list.sel].both.s, g->g.tests[g->list.sel].both.n);
    if (g->day < g->g.days_n)
        day = arena_dup(&a, g->g.days[g->day].s, g->g.days[g->day].n);
    if (scr_chart_renewed(u) && load(u)) {
        for (unsigned i = 0; test && i < g->g.tests_n; i++)
            if (!strcmp(test, g->g.tests[i].both.s))
                g->list.sel = i;
        for (unsigned k = 0; day && k < g->g.days_n; k++)
            if (!strcmp(day, g->g.days[k].s))
                g->day = k;
        build(u);
        list_forget(&g->list);
        u->damage = true;
    }
    arena_fini(&a);
}

void scr_grid_close(struct ui *u)
{
    struct scr_grid *g = &u->grid;

    if (g->loaded)
        model_grid_fini(&g->g);
    list_fini(&g->list);
    memset(g, 0, sizeof *g);
}

static const struct model_point *cell_at(const struct ui *u)
{
    const struct scr_grid *g = &u->grid;

    return model_grid_cell(&g->g, g->list.sel, g->day);
}

/* Any value of the row: the newest, when there is none at the marker. */
const struct model_point *scr_grid_test(const struct ui *u)
{
    const struct scr_grid *g = &u->grid;
    const struct model_point *p = cell_at(u);

    for (unsigned k = 0; !p && k < g->g.days_n; k++)
        p = model_grid_cell(&g->g, g->list.sel, k);
    return p;
}

/* --- paint ------------------------------------------------------------------------------------ */

static void paint_days(struct ui *u)
{
    struct scr_grid *g = &u->grid;

    for (unsigned k = 0; k < g->shown; k++)
        tty_put(u->tty, UI_BODY, LIST_MARGIN + g->at[k], g->g.days[g->left + k], g->wide[k] + SCR_GRID_GAP, TTY_PLAIN);
}

/* The marker of the cell, and the cursor on it: what a braille line follows. */
static void paint_cell(struct ui *u)
{
    struct scr_grid *g = &u->grid;
    unsigned tall = list_line_of(&g->list, g->list.sel + 1) - list_line_of(&g->list, g->list.sel);
    unsigned row = g->list.shown_row + tall - 1, k = g->day - g->left;

    if (g->list.sel >= g->g.tests_n || k >= g->shown)
        return;
    /* REQ: no '>', '<', '=' or '|', which before a number would be read with it. */
    tty_put(u->tty, row, LIST_MARGIN + g->at[k] - 1, text_own("["), 1, TTY_PLAIN);
    tty_cursor(u->tty, row, LIST_MARGIN + g->at[k]);
}

/* REQ: each cell that is painted is of the patient above it. */
static bool own(struct ui *u)
{
    struct scr_grid *g = &u->grid;
    unsigned from, to;

    if (!scr_chart_own(u, g->g.chart))
        return false;
    list_visible(&g->list, &from, &to);
    for (unsigned i = from; i < to && i < g->g.tests_n; i++)
        for (unsigned k = 0; k < g->shown; k++) {
            const struct model_point *p = model_grid_cell(&g->g, i, g->left + k);

            for (; p; p = p->more)
                if (!scr_chart_own(u, p->chart))
                    return false;
        }
    return true;
}

static void paint(struct ui *u)
{
    struct scr_grid *g = &u->grid;
    unsigned n, m, all;
    const struct kind_section *s = kind_sections(&all);
    const char *title;
    struct arena a;

    arena_init(&a, 4096);
    scr_chart_banner(u);
    list_pages(&g->list, &n, &m);
    title = arena_fmt(&a, _("%s: dates %u-%u of %u, newest first"), _(s[u->chart.section].title),
                      g->shown ? g->left + 1 : 0, g->left + g->shown, g->g.days_n);
    ui_paint_title(u, text_safe(&a, str_of(title), 0), g->g.age, n, m);
    arena_fini(&a);
    u->chart.mixed = false;
    if (!own(u)) {
        list_forget(&g->list);
        return;
    }
    if (g->list.failed) {
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this section: NOT SHOWN.")),
                tty_columns(u->tty), TTY_PLAIN);
        return;
    }
    paint_days(u);
    list_paint(&g->list, u->tty, UI_BODY + 1);
    paint_cell(u);
    g->seen = true;
}

/* --- keys ------------------------------------------------------------------------------------- */

static void open_cell(struct ui *u)
{
    const struct model_point *p = cell_at(u);

    if (!p)
        ui_say(u, "%s", _("There is nothing behind this row."));
    else if (!u->grid.seen)
        ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
    else
        scr_detail_open(u, p->type, p->id);
}

const struct screen *scr_grid_screen(void)
{
    static const struct screen screen = {.where = ON_GRID, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_cell, .back = ui_under, .reload = reload,
                                         .edited = reload, .left = scr_grid_close};

    return &screen;
}
