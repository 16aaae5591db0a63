/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The household of a row of the worklist: the people here who share a phone, an address or a relation with that
 * patient, and which. Who is opened from it passes the page that stops at similar patients, like anybody else.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->household.list;
}

static void build(struct ui *u)
{
    struct scr_household *s = &u->household;

    list_clear(&s->list, ui_body_rows(u));
    for (unsigned i = 0; i < s->home.n; i++)
        ui_person_row(&s->list, &s->home.rows[i].who, s->home.rows[i].why.s, tty_columns(u->tty) - LIST_MARGIN);
    list_settle(&s->list);
}

static bool load(struct ui *u, const char *chart)
{
    struct scr_household *s = &u->household;
    struct model_household fresh;
    struct err e = ERR_NONE;

    if (model_household(&u->model, str_of(chart), &fresh, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    if (s->loaded)
        model_household_fini(&s->home);
    s->home = fresh;
    s->loaded = true;
    return true;
}

void scr_household_open(struct ui *u)
{
    struct scr_work *w = &u->work;

    if (w->list.sel >= w->rows.n)
        return;
    /* REQ: the household of a row that was on the screen, as Enter opens no other. */
    if (!list_painted(&w->list)) {
        ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
        return;
    }
    if (!load(u, w->rows.rows[w->list.sel].chart))
        return;
    u->household.list.sel = u->household.list.top = 0;
    build(u);
    ui_over(u, scr_household_screen());
}

static void reload(struct ui *u)
{
    if (load(u, u->household.home.chart))
        build(u);
}

static void open_row(struct ui *u)
{
    struct scr_household *s = &u->household;

    if (s->list.sel < s->home.n)
        scr_stop_open(u, s->home.rows[s->list.sel].who.chart, scr_household_screen());
}

static void back(struct ui *u)
{
    ui_go(u, scr_work_screen());
    scr_household_close(u);
}

void scr_household_close(struct ui *u)
{
    struct scr_household *s = &u->household;

    if (s->loaded)
        model_household_fini(&s->home);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

static void paint(struct ui *u)
{
    struct scr_household *s = &u->household;
    unsigned n, m, cols = tty_columns(u->tty);
    struct arena a;

    arena_init(&a, 65536);
    tty_put(u->tty, 0, 0, text_safe(&a, str_of(arena_fmt(&a, _("HOUSEHOLD of %s"), s->home.whose.s)), 0), cols,
            TTY_PLAIN);
    tty_put(u->tty, 1, 0,
            s->home.note.n ? s->home.note
                           : text_own(_("Who shares a phone, an address or a relation with this patient, and which")),
            cols, TTY_PLAIN);
    list_pages(&s->list, &n, &m);
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, P_("%u person", "%u people", s->home.n), s->home.n)), 0),
                   (struct text){"", 0, 0}, n, m);
    if (s->list.failed)
        tty_put(u->tty, UI_BODY, 0, text_own(_("No memory for the list.")), cols, TTY_PLAIN);
    else if (s->home.n)
        list_paint(&s->list, u->tty, UI_BODY);
    if (s->list.failed || !s->home.n)
        tty_cursor(u->tty, UI_BODY, LIST_MARGIN);
    arena_fini(&a);
}

const struct screen *scr_household_screen(void)
{
    static const struct screen screen = {.where = ON_HOUSEHOLD, .list = list, .patient = ui_many, .build = build,
                                         .paint = paint, .open = open_row, .back = back, .reload = reload,
                                         .edited = reload};

    return &screen;
}
