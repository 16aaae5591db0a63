/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tasks over all patients, what is due first. A window of the whole list is in memory; it changes by a key alone.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define DUE_COLS 16
#define WINDOW 120
#define STEP 60 /* rows by which the window moves; what both windows hold stays where it is on the screen */

static struct list *list(struct ui *u)
{
    return &u->tasks.list;
}

static const char *patient(const struct ui *u)
{
    (void)u;
    return UI_MANY;
}

static void build(struct ui *u)
{
    struct scr_tasks *s = &u->tasks;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    list_clear(&s->list, ui_body_rows(u));
    s->list.base = s->tasks.offset;
    for (unsigned i = 0; i < s->tasks.n; i++) {
        const struct model_task *t = &s->tasks.rows[i];
        struct buf b;
        struct text body;

        buf_init(&b, 1 << 20);
        buf_add(&b, t->who.s, t->who.n);
        buf_adds(&b, " - ");
        buf_add(&b, t->what.s, t->what.n);
        body = text_safe(&s->list.arena, buf_str(&b), 0);
        if (b.failed || !body.n)
            s->list.failed = true;
        list_add(&s->list, t->due, DUE_COLS, body, cols);
        buf_fini(&b);
    }
    list_settle(&s->list);
}

/* False, and the old rows stay, when it cannot be read. */
static bool load(struct ui *u, unsigned offset)
{
    struct scr_tasks *s = &u->tasks;
    struct model_tasks fresh;
    struct err e = ERR_NONE;

    if (model_tasks(&u->model, offset, WINDOW, &fresh, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    if (s->loaded)
        model_tasks_fini(&s->tasks);
    s->tasks = fresh;
    s->loaded = true;
    return true;
}

void scr_tasks_open(struct ui *u)
{
    u->tasks.list.sel = u->tasks.list.top = 0;
    if (!load(u, 0))
        return;
    build(u);
    ui_over(u, scr_tasks_screen());
}

static void reload(struct ui *u)
{
    if (load(u, u->tasks.tasks.offset))
        build(u);
}

void scr_tasks_slide(struct ui *u)
{
    struct scr_tasks *s = &u->tasks;
    unsigned h = ui_body_rows(u), at = s->tasks.offset + s->list.sel, top = s->tasks.offset + s->list.top, to;

    if (u->screen != scr_tasks_screen() || !s->tasks.n)
        return;
    if (s->list.sel + h >= s->tasks.n && s->tasks.offset + WINDOW < s->tasks.total)
        to = s->tasks.offset + STEP;
    else if (s->list.sel < h && s->tasks.offset)
        to = s->tasks.offset > STEP ? s->tasks.offset - STEP : 0;
    else
        return;
    if (!load(u, to))
        return;
    s->list.sel = at > to ? at - to : 0;
    s->list.top = top > to ? top - to : 0;
    build(u);
}

void scr_tasks_close(struct ui *u)
{
    struct scr_tasks *s = &u->tasks;

    if (s->loaded)
        model_tasks_fini(&s->tasks);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

bool scr_tasks_step(struct ui *u, int by)
{
    struct scr_tasks *s = &u->tasks;
    const struct model_task *rows = s->tasks.rows;
    unsigned step = (unsigned)by, at = s->list.sel + step; /* before the first it wraps round, past the last */

    while (at < s->tasks.n && !strcmp(rows[at].chart, rows[s->list.sel].chart))
        at += step;
    if (at >= s->tasks.n)
        return false;
    list_select(&s->list, at);
    scr_stop_open(u, s->tasks.rows[s->list.sel].chart, scr_tasks_screen());
    return true;
}

static void open_row(struct ui *u)
{
    struct scr_tasks *s = &u->tasks;

    if (s->list.sel < s->tasks.n)
        scr_stop_open(u, s->tasks.rows[s->list.sel].chart, scr_tasks_screen());
}

static void back(struct ui *u)
{
    ui_under(u);
}

static void paint(struct ui *u)
{
    struct scr_tasks *s = &u->tasks;
    unsigned n, m, cols = tty_columns(u->tty), h = ui_body_rows(u);
    struct arena a;

    arena_init(&a, 4096);
    tty_put(u->tty, 0, 0,
            text_safe(&a, str_of(arena_fmt(&a, P_("TASKS  %lld open, all patients kept here",
                                                  "TASKS  %lld open, all patients kept here", s->tasks.total),
                                           (long long)s->tasks.total)), 0),
            cols, TTY_PLAIN);
    list_pages(&s->list, &n, &m);
    n += s->tasks.offset / h;
    m += (unsigned)(s->tasks.total - s->tasks.n) / h;
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, "  %s", _("  Due             Patient, number - task"))), 0),
                   (struct text){"", 0, 0}, n, m > n ? m : n);
    if (s->list.failed)
        tty_put(u->tty, UI_BODY, 0, text_own(_("No memory for the list.")), cols, TTY_PLAIN);
    else if (!s->tasks.n)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No open task of a patient who is kept here.")), cols,
                TTY_PLAIN);
    else
        list_paint(&s->list, u->tty, UI_BODY);
    arena_fini(&a);
}

const struct screen *scr_tasks_screen(void)
{
    static const struct screen screen = {.where = ON_TASKS, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_row, .back = back, .reload = reload,
                                         .left = scr_tasks_close};

    return &screen;
}
