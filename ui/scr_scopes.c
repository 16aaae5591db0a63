/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which patients the list shows, and in which order: two short lists to choose from.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define NAME_COLS 44

static struct list *list(struct ui *u)
{
    return &u->scopes.list;
}

static void build(struct ui *u)
{
    struct scr_scopes *s = &u->scopes;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;
    struct arena *a;

    list_clear(&s->list, ui_body_rows(u));
    a = &s->list.arena;
    for (unsigned i = 0; s->orders && i < MODEL_ORDERS; i++)
        list_add(&s->list, text_safe(a, str_of(model_order_words((enum store_order)i)), 0), 0,
                 (struct text){"", 0, 0}, cols);
    for (unsigned i = 0; !s->orders && i < s->scopes.n; i++) {
        const struct model_scope_row *r = &s->scopes.rows[i];
        const char *n = arena_fmt(a, P_("%lld patient", "%lld patients", r->n), (long long)r->n);

        list_add(&s->list, r->name, NAME_COLS, text_safe(a, str_of(r->refused ? r->refused : n), 0), cols);
    }
    list_settle(&s->list);
}

/* With the marker on what is shown now. */
static void open(struct ui *u, bool orders)
{
    struct model_scopes fresh = {.n = 0};
    struct err e = ERR_NONE;

    if (!orders && model_scopes(&u->model, &fresh, &e)) {
        ui_say_err(u, &e);
        return;
    }
    scr_scopes_close(u);
    u->scopes.scopes = fresh;
    u->scopes.loaded = !orders;
    u->scopes.orders = orders;
    u->scopes.list.sel = orders ? (unsigned)u->work.scope.order : 0;
    for (unsigned i = 0; i < fresh.n; i++)
        if (model_scope_same(&fresh.rows[i].scope, &u->work.scope))
            u->scopes.list.sel = i;
    build(u);
    ui_over(u, scr_scopes_screen());
}

void scr_scopes_open(struct ui *u)
{
    open(u, false);
}

void scr_scopes_order(struct ui *u)
{
    open(u, true);
}

void scr_scopes_close(struct ui *u)
{
    struct scr_scopes *s = &u->scopes;

    if (s->loaded)
        model_scopes_fini(&s->scopes);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

/* The order that a list is read in, until another one is chosen. */
static enum store_order natural(enum store_scope scope)
{
    return scope == STORE_BOOKED    ? STORE_BY_BOOKING
           : scope == STORE_OPENED  ? STORE_BY_OPENED
           : scope == STORE_OVERDUE ? STORE_BY_OVERDUE
                                    : STORE_BY_NAME;
}

/* What the marker is on; false when that cannot be had. */
static bool chosen(struct ui *u, struct model_scope *out)
{
    struct scr_scopes *s = &u->scopes;

    *out = u->work.scope;
    if (s->orders) {
        out->order = (enum store_order)s->list.sel;
        return true;
    }
    if (s->list.sel >= s->scopes.n)
        return false;
    if (s->scopes.rows[s->list.sel].refused) {
        ui_say(u, "%s", s->scopes.rows[s->list.sel].refused);
        return false;
    }
    *out = s->scopes.rows[s->list.sel].scope;
    out->order = natural(out->scope);
    return true;
}

static void again(struct ui *u, const void *what)
{
    struct model_scope was;

    memcpy(&was, what, sizeof was);
    if (u->screen != scr_work_screen())
        ui_go(u, scr_work_screen());
    scr_work_view(u, &was);
}

static void choose(struct ui *u)
{
    struct model_scope scope;

    if (!chosen(u, &scope))
        return;
    marks_undo_keep(u, again, &u->work.scope, sizeof u->work.scope);
    ui_under(u);
    scr_work_view(u, &scope);
}

void scr_scopes_default(struct ui *u)
{
    struct model_scope scope;

    if (!chosen(u, &scope))
        return;
    ui_save_scope(u, &scope);
    choose(u);
}

static void paint(struct ui *u)
{
    struct scr_scopes *s = &u->scopes;
    unsigned n, m, cols = tty_columns(u->tty);

    tty_put(u->tty, 0, 0, text_own(s->orders ? _("PATIENTS  In which order") : _("PATIENTS  Which list")), cols,
            TTY_PLAIN);
    list_pages(&s->list, &n, &m);
    ui_paint_title(u, text_own(""), (struct text){"", 0, 0}, n, m);
    if (s->list.failed)
        tty_put(u->tty, UI_BODY, 0, text_own(_("No memory for the list.")), cols, TTY_PLAIN);
    else
        list_paint(&s->list, u->tty, UI_BODY);
}

const struct screen *scr_scopes_screen(void)
{
    static const struct screen screen = {.where = ON_SCOPES, .list = list, .patient = ui_many, .build = build,
                                         .paint = paint, .open = choose, .back = ui_under, .left = scr_scopes_close};

    return &screen;
}
