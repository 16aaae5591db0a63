/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tasks over all patients, what is due first. A window of the whole list is in memory; it changes by a key alone.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "model/edit.h"
#include "ui/priv.h"

#define DUE_COLS 16
#define WINDOW 120 /* rows, at least */
#define WINDOW_PAGES 6

static struct list *list(struct ui *u)
{
    return &u->tasks.list;
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

/* Where the marker is, by the task that it is on. */
struct marked {
    char type[64], id[80];
    unsigned at, above; /* its place in the whole list; how many stood above it on the page */
};

static struct marked marked(const struct scr_tasks *s)
{
    struct marked m = {.at = s->tasks.offset + s->list.sel, .above = s->list.sel - s->list.top};

    if (s->list.sel < s->tasks.n) {
        memcpy(m.type, s->tasks.rows[s->list.sel].type, sizeof m.type);
        memcpy(m.id, s->tasks.rows[s->list.sel].id, sizeof m.id);
    }
    return m;
}

/* The item of that task in the window; s->tasks.n: it is not in it. */
static unsigned item_of(const struct scr_tasks *s, const struct marked *m)
{
    unsigned i = 0;

    while (i < s->tasks.n && (strcmp(s->tasks.rows[i].id, m->id) || strcmp(s->tasks.rows[i].type, m->type)))
        i++;
    return i;
}

static unsigned window(const struct ui *u)
{
    unsigned rows = ui_body_rows(u) * WINDOW_PAGES;

    return rows > WINDOW ? rows : WINDOW;
}

/* REQ: whose tasks are shown is on disk before they are. */
static bool note(struct ui *u, const struct model_tasks *fresh)
{
    struct scr_tasks *s = &u->tasks;
    struct vec charts;
    struct model_seen seen = {true, !s->loaded, STR(""), &charts, &s->noted};
    bool done = true;

    if (!s->noted.max)
        vec_init(&s->noted, 80, 1u << 24);
    vec_init(&charts, 80, fresh->n + 1);
    for (unsigned i = 0; i < fresh->n && done; i++) {
        char *id = vec_push(&charts);

        if ((done = id != NULL))
            memcpy(id, fresh->rows[i].chart, 80);
    }
    done = done && ui_save_seen(u, &seen);
    vec_fini(&charts);
    return done;
}

/* The window that begins at this row. False, and the old rows stay, when it cannot be read. */
static bool fetch(struct ui *u, unsigned offset)
{
    struct scr_tasks *s = &u->tasks;
    struct model_tasks fresh;
    struct err e = ERR_NONE;

    if (model_tasks(&u->model, offset, window(u), &fresh, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    if (!note(u, &fresh)) {
        model_tasks_fini(&fresh);
        return false;
    }
    if (s->loaded)
        model_tasks_fini(&s->tasks);
    s->tasks = fresh;
    s->asked = window(u);
    s->loaded = true;
    return true;
}

/* The window that begins half of one before this row. */
static bool fetch_around(struct ui *u, unsigned at)
{
    return fetch(u, at > window(u) / 2 ? at - window(u) / 2 : 0);
}

static void mark(struct ui *u, unsigned item, unsigned above)
{
    u->tasks.list.sel = item;
    u->tasks.list.top = item > above ? item - above : 0;
    build(u);
}

void scr_tasks_open(struct ui *u)
{
    if (!fetch(u, 0))
        return;
    mark(u, 0, 0);
    ui_over(u, scr_tasks_screen());
}

/* REQ: the marker stays on its task, wherever that stands now; where there is none any more, it is on none that was
 * pointed at, but on the first, and says so. False: it is on another row than it was, or could not be read. */
static bool find(struct ui *u, const struct marked *m)
{
    struct scr_tasks *s = &u->tasks;
    bool there = fetch_around(u, m->at) && item_of(s, m) < s->tasks.n;

    for (int64_t at = 0; !there && m->id[0] && at < s->tasks.total && fetch(u, (unsigned)at); at += window(u))
        there = item_of(s, m) < s->tasks.n && fetch_around(u, s->tasks.offset + item_of(s, m)) &&
                item_of(s, m) < s->tasks.n;
    if (!there && !fetch(u, 0))
        return false;
    mark(u, there ? item_of(s, m) : 0, m->above);
    if (!there && m->id[0])
        ui_say(u, "%s", _("The list has changed meanwhile: look again."));
    return there;
}

static void reload(struct ui *u)
{
    struct marked m = marked(&u->tasks);

    find(u, &m);
}

static bool more(const struct ui *u)
{
    const struct model_tasks *t = &u->tasks.tasks;

    return t->offset + u->tasks.asked < t->total; /* not t->n: a task that cannot be read has no row */
}

/* The window moves with the marker. Its rows are read anew, and count as seen when they were painted. False: it said
 * why the marker is not on its task any more. */
static bool around(struct ui *u)
{
    struct scr_tasks *s = &u->tasks;
    struct marked m = marked(s);
    unsigned h = ui_body_rows(u);
    bool down = s->list.sel + h >= s->tasks.n && more(u), up = s->list.sel < h && s->tasks.offset;

    return !s->tasks.n || !(down || up) || find(u, &m);
}

static void slide(struct ui *u)
{
    around(u);
}

static void jump(struct ui *u, int to_end)
{
    int64_t all = u->tasks.tasks.total;
    unsigned to = to_end && all > window(u) ? (unsigned)all - window(u) : 0;

    if (to != u->tasks.tasks.offset && fetch(u, to))
        mark(u, 0, 0);
}

static bool turn_to(struct ui *u, unsigned at)
{
    struct scr_tasks *s = &u->tasks;

    if (at >= s->tasks.total)
        return false;
    if (fetch_around(u, at))
        mark(u, at - s->tasks.offset, 0);
    return true;
}

void scr_tasks_close(struct ui *u)
{
    struct scr_tasks *s = &u->tasks;

    if (s->loaded)
        model_tasks_fini(&s->tasks);
    vec_fini(&s->noted);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

const char *scr_tasks_chart(const struct ui *u)
{
    const struct scr_tasks *s = &u->tasks;

    return s->list.sel < s->tasks.n ? s->tasks.rows[s->list.sel].chart : "";
}

int scr_tasks_step(struct ui *u, int by)
{
    struct scr_tasks *s = &u->tasks;
    struct marked m = marked(s);
    char whose[sizeof s->tasks.rows->chart];

    snprintf(whose, sizeof whose, "%s", scr_tasks_chart(u));
    while (!strcmp(scr_tasks_chart(u), whose)) {
        unsigned at;

        if (!around(u))
            return -1;
        at = s->list.sel + (unsigned)by; /* before the first it wraps round, past the last */
        if (at >= s->tasks.n)
            return find(u, &m) ? 0 : -1;
        list_select(&s->list, at);
    }
    return 1;
}

static void open_row(struct ui *u)
{
    if (*scr_tasks_chart(u))
        scr_stop_open(u, scr_tasks_chart(u), scr_tasks_screen());
}

static void paint(struct ui *u)
{
    struct scr_tasks *s = &u->tasks;
    unsigned n, m, cols = tty_columns(u->tty);
    struct arena a;

    arena_init(&a, 4096);
    tty_put(u->tty, 0, 0,
            text_safe(&a, str_of(arena_fmt(&a, P_("TASKS  %lld open, all patients kept here",
                                                  "TASKS  %lld open, all patients kept here", s->tasks.total),
                                           (long long)s->tasks.total)), 0),
            cols, TTY_PLAIN);
    list_pages_of(&s->list, (unsigned)s->tasks.total, more(u), &n, &m);
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, "  %s", _("  Due             Patient, number - task"))), 0),
                   (struct text){"", 0, 0}, n, m);
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
    static const struct screen screen = {.where = ON_TASKS, .list = list, .patient = ui_many, .build = build,
                                         .paint = paint, .open = open_row, .back = ui_under, .reload = reload,
                                         .edited = reload,
                                         .left = scr_tasks_close, .slide = slide, .jump = jump, .turn_to = turn_to,
                                         .more = more};

    return &screen;
}
