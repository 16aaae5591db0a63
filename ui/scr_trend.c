/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The trend of one test: its plot, what is not on it, and below the list of all its values, which says the same in
 * words and is what a screen reader reads.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "ui/priv.h"

#define VALUES_ROWS 5 /* of the list, at least, under a plot */

static struct list *list(struct ui *u)
{
    return &u->trend.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

/* --- lines ------------------------------------------------------------------------------------ */

/* All that is said, as lines; more of it than a third of the page goes behind the values. */
static void wrap_notes(struct ui *u, unsigned cols, unsigned most)
{
    struct scr_trend *t = &u->trend;
    struct str rest;
    struct buf b;

    buf_init(&b, LIMIT_TEXT_CELL);
    for (unsigned i = 0; i < t->t.said_n; i++) {
        buf_adds(&b, i ? ". " : "");
        buf_add(&b, t->t.said[i].s, t->t.said[i].n);
    }
    buf_adds(&b, b.n ? "." : "");
    rest = buf_str(&b);
    t->notes_n = 0;
    while (rest.n && t->notes_n < most && t->notes_n < SCR_TREND_NOTES)
        t->notes[t->notes_n++] = text_safe(&t->arena, tty_wrap(&rest, cols), 0);
    if (rest.n) /* REQ: what is said is not cut: all of it stands behind the values */
        t->notes_n = 0;
    t->notes_below = rest.n > 0;
    buf_fini(&b);
}

static void build(struct ui *u)
{
    struct scr_trend *t = &u->trend;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN, rows = ui_body_rows(u), room, wide = 0;
    struct text none = {"", 0, 0};

    scr_chart_screen()->build(u);
    arena_fini(&t->arena);
    arena_init(&t->arena, 16u << 20);
    wrap_notes(u, cols, rows / 3);
    room = rows - t->notes_n;
    t->plot_n = 0;
    t->failed = model_plot(t->t.points, t->t.n, cols, room > VALUES_ROWS ? room - VALUES_ROWS : 0, &t->arena, &t->plot,
                           &t->plot_n) != ERR_OK;
    list_clear(&t->list, room - t->plot_n);
    for (unsigned i = 0; i < t->t.n; i++) {
        unsigned w = tty_cols((struct str){t->t.points[i].date.s, t->t.points[i].date.n});

        wide = w > wide ? w : wide;
    }
    for (unsigned i = 0; i < t->t.n; i++)
        list_add(&t->list, t->t.points[i].date, wide + 2, model_trend_words(&t->t, i, &t->list.arena), cols);
    for (unsigned i = 0; t->notes_below && i < t->t.said_n; i++)
        list_add(&t->list, none, 0, t->t.said[i], cols);
    list_settle(&t->list);
}

/* --- opening ---------------------------------------------------------------------------------- */

bool scr_trend_open(struct ui *u, const char *type, const char *id, unsigned part)
{
    struct scr_trend *t = &u->trend;
    struct model_trend fresh;
    struct err e = ERR_NONE;

    if (model_trend(&u->model, str_of(u->chart.chart), str_of(type), str_of(id), part, &fresh, &e)) {
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
    if (u->screen != scr_trend_screen())
        ui_over(u, scr_trend_screen());
    build(u);
    list_forget(&t->list);
    u->damage = true;
    return true;
}

void scr_trend_close(struct ui *u)
{
    struct scr_trend *t = &u->trend;

    if (t->loaded)
        model_trend_fini(&t->t);
    arena_fini(&t->arena);
    list_fini(&t->list);
    memset(t, 0, sizeof *t);
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
    unsigned n, m, row = UI_BODY;
    struct arena a;

    arena_init(&a, 65536);
    scr_chart_banner(u);
    list_pages(&t->list, &n, &m);
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, _("Trend: %s"), t->t.test.both.s)), 0),
                   (struct text){"", 0, 0}, n, m);
    arena_fini(&a);
    u->chart.mixed = false;
    if (!own(u)) {
        list_forget(&t->list);
        return;
    }
    if (t->list.failed || t->failed) {
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this row: NOT SHOWN.")), tty_columns(u->tty),
                TTY_PLAIN);
        return;
    }
    for (unsigned i = 0; i < t->plot_n; i++)
        tty_put(u->tty, row++, LIST_MARGIN, t->plot[i], tty_columns(u->tty), TTY_PLAIN);
    for (unsigned i = 0; i < t->notes_n; i++)
        tty_put(u->tty, row++, LIST_MARGIN, t->notes[i], tty_columns(u->tty), TTY_PLAIN);
    list_paint(&t->list, u->tty, row);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void open_value(struct ui *u)
{
    struct scr_trend *t = &u->trend;

    if (t->list.sel < t->t.n)
        scr_detail_open(u, t->t.points[t->list.sel].type, t->t.points[t->list.sel].id);
    else
        ui_say(u, "%s", _("There is nothing behind this row."));
}

static void back(struct ui *u)
{
    ui_under(u);
}

const struct screen *scr_trend_screen(void)
{
    static const struct screen screen = {.where = ON_TREND, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_value, .back = back, .left = scr_trend_close};

    return &screen;
}
