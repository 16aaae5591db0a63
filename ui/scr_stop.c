/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way into a chart, whoever asks for it; and the page that stops there when others here are easily taken for the
 * patient: all of them, with what tells them apart. Nobody is chosen beforehand, Enter alone opens nothing, and no key
 * that was typed before the page could be read counts.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define DEAF_MS 500 /* after the paint: what comes within it was on its way before anybody could have read the page */

static struct list *list(struct ui *u)
{
    return &u->stop.list;
}

/* --- rows --------------------------------------------------------------------------------------- */

/* What tells apart. */
static void add_row(struct list *l, const struct model_alike *r, unsigned cols)
{
    const char *what = arena_fmt(&l->arena, "%s - %s", r->visit.s, r->clinician.s);

    if (what)
        ui_person_row(l, &r->who, what, cols);
    else
        l->failed = true;
}

static void build(struct ui *u)
{
    struct scr_stop *s = &u->stop;
    bool unmarked = s->list.unmarked;

    list_clear(&s->list, ui_body_rows(u));
    for (unsigned i = 0; i < s->similar.n; i++)
        add_row(&s->list, &s->similar.rows[i], tty_columns(u->tty) - LIST_MARGIN);
    list_settle(&s->list);
    s->list.unmarked = unmarked;
}

/* --- the way into a chart ----------------------------------------------------------------------- */

static bool enter(struct ui *u, const char *chart, const struct screen *from)
{
    char id[sizeof u->chart.chart];

    snprintf(id, sizeof id, "%s", chart); /* it may be part of what is dropped */
    if (!ui_save_opened(u, id) || !scr_chart_open(u, id, from))
        return false;
    return true;
}

bool scr_stop_open(struct ui *u, const char *chart, const struct screen *from)
{
    struct model_similar similar;
    struct err e = ERR_NONE;
    bool opened;
    char now[sizeof u->chart.chart];

    numbers_turn_clear(u);
    snprintf(now, sizeof now, "%s", chart);
    chart = now; /* REQ: under the id that it has now: under an old one it would be empty */
    if (model_chart_now(&u->model, now, &e) || model_similar(&u->model, str_of(chart), &similar, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    if (similar.n < 2) {
        opened = enter(u, chart, from);
        model_similar_fini(&similar);
        return opened;
    }
    /* REQ: no chart is behind this page: whoever leaves it is at the list. */
    ui_go(u, from);
    scr_chart_close(u);
    scr_stop_close(u);
    u->stop.similar = similar;
    u->stop.loaded = true;
    u->stop.list.unmarked = true;
    build(u);
    ui_over(u, scr_stop_screen());
    return false;
}

void scr_stop_close(struct ui *u)
{
    struct scr_stop *s = &u->stop;

    if (s->loaded)
        model_similar_fini(&s->similar);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

void scr_stop_neighbour(struct ui *u, int by)
{
    struct scr_work *w = &u->work;
    bool tasks = ui_below(u) == scr_tasks_screen();
    int there;
    const char *at_marker;
    unsigned at;

    scr_work_slide(u);
    at = w->list.sel + (unsigned)by;
    /* REQ: the next one is that of the list that was opened, not of where a marker happens to stand. */
    at_marker = tasks ? scr_tasks_chart(u) : w->list.sel < w->rows.n ? w->rows.rows[w->list.sel].chart : "";
    if (strcmp(u->chart.chart, at_marker)) {
        ui_say(u, "%s", _("This chart was not opened at the list's marker: there is no next one. q leads back."));
        return;
    }
    there = tasks ? scr_tasks_step(u, by) : at < w->rows.n; /* before the first it wraps round, past the last */
    if (there < 0)
        return;
    if (!there) {
        ui_say(u, "%s",
               by < 0 ? _("This is the first patient of the list.") : _("This is the last patient of the list."));
    } else if (tasks) {
        scr_stop_open(u, scr_tasks_chart(u), scr_tasks_screen());
    } else {
        list_select(&w->list, at);
        /* Not on the stop page, where it would read as the place of one of its rows. */
        if (scr_stop_open(u, w->rows.rows[at].chart, scr_work_screen()))
            ui_say(u, _("Patient %u of %lld in this list"), w->rows.offset + at + 1, (long long)w->rows.total);
    }
}

/* --- keys ---------------------------------------------------------------------------------------- */

bool scr_stop_deaf(struct ui *u)
{
    struct scr_stop *s = &u->stop;

    if (u->screen != scr_stop_screen() || !ui_seen_late(u, &s->seen, DEAF_MS))
        return false;
    if (s->seen.painted)
        ui_say(u, "%s", _("Keys that were typed before this page could be read were dropped."));
    return true;
}

void scr_stop_painted(struct ui *u)
{
    struct scr_stop *s = &u->stop;

    if (u->screen == scr_stop_screen())
        ui_seen_paint(u, &s->seen);
}

bool scr_stop_type(struct ui *u, int key)
{
    struct scr_stop *s = &u->stop;
    unsigned n;

    if (key < '0' || key > '9')
        return false;
    n = s->typed * 10 + (unsigned)(key - '0');
    if (!n || n > s->similar.n)
        n = (unsigned)(key - '0'); /* no such row: a number begins anew */
    s->typed = n <= s->similar.n ? n : 0;
    if (s->typed)
        list_select(&s->list, s->typed - 1);
    else
        ui_say(u, _("There is no number %u on this page."), n);
    u->damage = true;
    return true;
}

static void open_row(struct ui *u)
{
    struct scr_stop *s = &u->stop;

    /* REQ: nobody is opened whom nobody pointed at. */
    if (s->list.unmarked) {
        ui_say(u, "%s", _("Nobody is chosen. Type the number of the right patient, or move to it; then Enter."));
        return;
    }
    if (s->list.sel < s->similar.n)
        enter(u, s->similar.rows[s->list.sel].who.chart, ui_below(u));
}

/* --- paint ---------------------------------------------------------------------------------------- */

static void paint(struct ui *u)
{
    struct scr_stop *s = &u->stop;
    unsigned n, m, cols = tty_columns(u->tty);
    char typed[16] = "";
    const char *many;
    struct arena a;

    arena_init(&a, 4096);
    tty_put(u->tty, 0, 0, text_own(_("STOP: these patients are easily taken for one another")), cols, TTY_STRONG);
    tty_put(u->tty, 1, 0, text_own(_("Which one is it? Ask for the birth date and the number. q = none of them")), cols,
            TTY_PLAIN);
    list_pages(&s->list, &n, &m);
    many = arena_fmt(&a, P_("%u patient", "%u patients", s->similar.n), s->similar.n);
    ui_paint_title(u, text_safe(&a, str_of(many), 0), (struct text){"", 0, 0}, n, m);
    if (s->list.failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this page: NOBODY CAN BE OPENED.")), cols,
                TTY_PLAIN);
    else
        list_paint(&s->list, u->tty, UI_BODY);
    if (s->list.failed)
        list_forget(&s->list);
    if (s->typed)
        snprintf(typed, sizeof typed, "%u", s->typed);
    if (s->list.unmarked)
        ui_paint_prompt(u, _("Number of the right patient:"), str_of(typed));
    arena_fini(&a);
}

const struct screen *scr_stop_screen(void)
{
    static const struct screen screen = {.where = ON_STOP, .list = list, .patient = ui_many, .build = build,
                                         .paint = paint, .open = open_row, .back = ui_under, .left = scr_stop_close};

    return &screen;
}
