/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The timeline of a chart: the dated rows of all sections, newest first.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->timeline.rows.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static void build(struct ui *u)
{
    scr_chart_screen()->build(u);
    scr_rows_build(u, &u->timeline.rows);
}

/* Drops the words, and keeps where somebody was in them. */
static void leave(struct ui *u)
{
    struct scr_timeline *t = &u->timeline;
    const struct model_ref *was = t->loaded ? vec_at(&t->refs.refs, t->rows.w.from + t->rows.list.sel) : NULL;

    if (was) {
        t->rowid = was->rowid;
        t->above = t->rows.list.sel - t->rows.list.top;
    }
    scr_rows_close(&t->rows);
    if (t->loaded) {
        model_refs_fini(&t->refs);
        arena_fini(&t->arena);
    }
    t->loaded = false;
    t->age = (struct text){"", 0, 0};
}

/* The marker stays on the row it was on, if that is still there. */
static bool load(struct ui *u)
{
    struct scr_timeline *t = &u->timeline;
    struct model_refs fresh;
    unsigned sel = 0;
    struct arena a;
    struct text age;
    struct err e = ERR_NONE;

    arena_init(&a, 4096);
    if (model_timeline(&u->model, str_of(u->chart.chart), &fresh, &a, &age, &e)) {
        arena_fini(&a);
        ui_say_err(u, &e);
        return false;
    }
    leave(u);
    for (size_t i = 0; t->rowid && i < fresh.refs.n; i++)
        if (((const struct model_ref *)vec_at(&fresh.refs, i))->rowid == t->rowid)
            sel = (unsigned)i;
    t->refs = fresh;
    t->arena = a;
    t->age = age;
    t->loaded = true;
    return scr_rows_show(u, &t->rows, &t->refs, sel, t->above);
}

void scr_timeline_open(struct ui *u)
{
    if (scr_chart_fresh(u) && load(u))
        ui_over(u, scr_timeline_screen());
}

void scr_timeline_close(struct ui *u)
{
    leave(u);
    u->timeline.rowid = 0;
}

static void paint(struct ui *u)
{
    struct scr_timeline *t = &u->timeline;
    unsigned n, m, from, to;
    struct arena a;
    const char *title;

    scr_chart_banner(u);
    scr_rows_pages(&t->rows, &n, &m);
    arena_init(&a, 4096);
    title = arena_fmt(&a, _("Timeline: %u"), (unsigned)t->refs.refs.n);
    if (t->refs.undated)
        title = arena_fmt(&a, _("%s (%u without a date: in their sections)"), title, t->refs.undated);
    ui_paint_title(u, text_safe(&a, str_of(title), 0), t->age, n, m);
    arena_fini(&a);
    u->chart.mixed = false;
    list_visible(&t->rows.list, &from, &to);
    for (unsigned i = from; i < to && !u->chart.mixed; i++)
        scr_chart_own(u, t->rows.w.rows[i].chart);
    if (u->chart.mixed)
        list_forget(&t->rows.list);
    else if (t->rows.list.failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this section: NOT SHOWN.")),
                tty_columns(u->tty), TTY_PLAIN);
    else if (!t->refs.refs.n)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("no row with a date")), tty_columns(u->tty), TTY_PLAIN);
    else
        list_paint(&t->rows.list, u->tty, UI_BODY);
}

static void open_row(struct ui *u)
{
    const struct model_row *r = scr_rows_at(&u->timeline.rows);

    if (r && r->id[0])
        scr_detail_open(u, r->type, r->id);
    else
        ui_say(u, "%s", _("There is nothing behind this row."));
}

static void reload(struct ui *u)
{
    if (scr_chart_renewed(u))
        load(u);
}

const struct screen *scr_timeline_screen(void)
{
    static const struct screen screen = {.where = ON_TIMELINE, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_row, .back = ui_under, .reload = reload,
                                         .edited = reload, .left = leave,
                                         .slide = scr_rows_slide, .jump = scr_rows_jump, .turn_to = scr_rows_turn_to,
                                         .more = scr_rows_more};

    return &screen;
}
