/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * F: the server is asked for the worklist's filter, and what it answers is listed. Nobody of it is here unless the row
 * says so: Enter on one asks for the chart, which a sync then brings and goes on bringing.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->server.list;
}

static void build(struct ui *u)
{
    struct scr_server *s = &u->server;

    list_clear(&s->list, ui_body_rows(u));
    for (unsigned i = 0; i < s->answer.n; i++) /* REQ: whoever is not here says so before anything else */
        ui_person_row(&s->list, &s->answer.rows[i], model_here_words(s->answer.here[i]),
                      tty_columns(u->tty) - LIST_MARGIN);
    list_settle(&s->list);
}

static void drop(struct ui *u)
{
    struct scr_server *s = &u->server;

    if (s->asking)
        u->hooks.ask_stop(u->hooks.arg);
    if (s->loaded)
        model_server_fini(&s->answer);
    s->asking = s->loaded = false;
    build(u);
}

void scr_server_open(struct ui *u)
{
    struct scr_server *s = &u->server;
    struct err e = ERR_NONE;
    struct buf url;

    if (!u->hooks.ask)
        return;
    buf_init(&url, LIMIT_URL_BYTES);
    if (!u->work.filter_n || model_server_query((struct str){u->work.filter, u->work.filter_n}, &url, &e))
        ui_say(u, "%s", _("Type after / whom to look for; F then asks the server."));
    else {
        drop(u);
        s->list.sel = s->list.top = 0;
        s->asking = true;
        ui_over(u, scr_server_screen());
        u->hooks.ask(u->hooks.arg, url.p);
    }
    buf_fini(&url);
}

void ui_server_answered(struct ui *u, const struct err *e, struct str body)
{
    struct scr_server *s = &u->server;
    struct err why = *e;

    if (!s->asking)
        return;
    s->asking = false;
    if (!why.code && !model_server_read(&u->model, body, &s->answer, &why)) {
        s->loaded = true;
        build(u);
        u->damage = true;
        return;
    }
    /* The list, with its filter: what is here can still be used. */
    if (u->screen == scr_server_screen())
        ui_go(u, scr_work_screen());
    ui_say_err(u, &why);
}

static void open_row(struct ui *u)
{
    struct scr_server *s = &u->server;
    char id[80], name[200];

    if (s->list.sel >= s->answer.n)
        return;
    snprintf(id, sizeof id, "%s", s->answer.rows[s->list.sel].chart);
    snprintf(name, sizeof name, "%s", s->answer.rows[s->list.sel].name.s);
    if (s->answer.here[s->list.sel] != MODEL_HERE_NOT) {
        ui_go(u, scr_work_screen());
        scr_stop_open(u, id, scr_work_screen());
        return;
    }
    ui_go(u, scr_work_screen());
    drop(u);
    ui_say(u, _("%s is being fetched; R shows who has come, S stops it."), name);
    u->sync_asked = u->fetching = true;
    u->hooks.fetch(u->hooks.arg, id);
}

static void back(struct ui *u)
{
    bool stopped = u->server.asking;

    ui_go(u, scr_work_screen());
    drop(u);
    if (stopped)
        ui_say(u, "%s", _("Stopped: the server was not searched."));
}

void scr_server_close(struct ui *u)
{
    struct scr_server *s = &u->server;

    drop(u);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

static void paint(struct ui *u)
{
    struct scr_server *s = &u->server;
    unsigned n, m, cols = tty_columns(u->tty);
    struct text filter;
    struct arena a;

    arena_init(&a, 65536);
    filter = text_safe(&a, (struct str){u->work.filter, u->work.filter_n}, 0);
    tty_put(u->tty, 0, 0, text_safe(&a, str_of(arena_fmt(&a, _("SERVER  who matches \"%s\""), filter.s)), 0), cols,
            TTY_PLAIN);
    tty_put(u->tty, 1, 0,
            s->asking   ? text_own(_("Asking the server; q stops it"))
            : s->loaded ? s->answer.head
                        : text_own(_("The answer was dropped; F asks again")),
            cols, TTY_PLAIN);
    list_pages(&s->list, &n, &m);
    ui_paint_title(u, text_own(_("Enter on one fetches the chart and goes on syncing it")), (struct text){"", 0, 0}, n,
                   m);
    if (s->list.failed)
        tty_put(u->tty, UI_BODY, 0, text_own(_("No memory for the list.")), cols, TTY_PLAIN);
    else if (s->answer.n)
        list_paint(&s->list, u->tty, UI_BODY);
    if (s->list.failed || !s->answer.n)
        tty_cursor(u->tty, UI_BODY, LIST_MARGIN);
    arena_fini(&a);
}

const struct screen *scr_server_screen(void)
{
    static const struct screen screen = {.where = ON_SERVER, .list = list, .patient = ui_many, .build = build,
                                         .paint = paint, .open = open_row, .back = back};

    return &screen;
}
