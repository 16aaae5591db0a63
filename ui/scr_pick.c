/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The options of a question that has many: a list that what is typed filters, over the form. The marker's option, or
 * the one that was typed whole or by its number, is taken by Enter; nothing is chosen beforehand.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/mem.h"
#include "ui/priv.h"

#define PICK_MOST 200

static void chosen(struct ui *u);
static void filter(struct ui *u);
static void dropped(struct ui *u);
static void step(struct ui *u, int by);

static const struct prompt_kind pick_kind = {
    .where = ON_ANSWER, .label = N_("Option (Down marks, Enter takes, Esc leaves):"), .enter = chosen,
    .changed = filter, .cancelled = dropped, .move = step};

static struct list *list(struct ui *u)
{
    return &u->pick.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static void build(struct ui *u)
{
    struct scr_pick *p = &u->pick;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    scr_chart_screen()->build(u);
    list_clear(&p->list, ui_body_rows(u));
    for (unsigned i = 0; i < p->l.n; i++) {
        const struct form_option *o = &p->l.v[i];
        char *words = arena_fmt(&p->list.arena, "%s%s%s%s", o->words.s, o->score.n ? "  " : "", o->score.s,
                                o->chosen ? _("  (chosen)") : o->off ? _("  (not now)") : "");

        if (!words)
            p->list.failed = true;
        list_add(&p->list, text_own(""), 0, text_safe(&p->list.arena, str_of(words ? words : ""), 0), cols);
    }
    list_settle(&p->list);
}

static bool load(struct ui *u, struct str typed)
{
    struct scr_pick *p = &u->pick;
    struct err e = ERR_NONE;

    arena_fini(&p->arena);
    arena_init(&p->arena, 8u << 20);
    p->l = (struct form_options){.n = 0};
    p->marked = false;
    if (model_form_options(scr_form_engine(u), p->key, typed, 0, PICK_MOST, &p->arena, &p->l, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    p->list.sel = p->list.top = 0;
    build(u);
    p->list.unmarked = true;
    u->damage = true;
    return true;
}

static void filter(struct ui *u)
{
    load(u, prompt_typed(u));
}

static void step(struct ui *u, int by)
{
    struct scr_pick *p = &u->pick;

    if (p->marked)
        list_move(&p->list, by);
    else if (p->list.items)
        list_select(&p->list, 0);
    p->marked = p->list.items > 0;
}

static void dropped(struct ui *u)
{
    ui_under(u);
}

void scr_pick_open(struct ui *u, form_key key)
{
    scr_pick_close(u);
    u->pick.key = key;
    if (!load(u, STR("")))
        return;
    ui_over(u, scr_pick_screen());
    prompt_open(u, &pick_kind, (struct str){0});
    u->form.at = key;
}

void scr_pick_close(struct ui *u)
{
    struct scr_pick *p = &u->pick;

    list_fini(&p->list);
    arena_fini(&p->arena);
    memset(p, 0, sizeof *p);
    list_init(&p->list);
    arena_init(&p->arena, 8u << 20);
}

/* REQ: as Enter elsewhere: no option that nobody has seen. */
static void chosen(struct ui *u)
{
    struct scr_pick *p = &u->pick;
    struct str typed = prompt_typed(u), what = STR("");
    form_key key = p->key;
    char copy[LIMIT_TEXT_CELL];
    bool marked = p->marked && p->list.sel < p->l.n;

    if (marked && !list_painted(&p->list)) {
        ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
        return;
    }
    if (!marked && !typed.n) {
        ui_say(u, "%s", _("Type a part of the option or its number, or move to it."));
        return;
    }
    what = marked ? p->l.v[p->list.sel].put : typed;
    if (what.n >= sizeof copy) {
        ui_say(u, "%s", _("There is nothing to answer in this row."));
        return;
    }
    memcpy(copy, what.p, what.n);
    what.p = copy;
    ui_under(u);
    scr_form_edit_put(u, key, what, marked ? FORM_MEANT : 0);
    mem_zero(copy, sizeof copy);
}

static void open_row(struct ui *u)
{
    u->pick.marked = true;
    chosen(u);
}

static void paint(struct ui *u)
{
    struct scr_pick *p = &u->pick;
    unsigned n, m;
    struct arena a;

    arena_init(&a, 65536);
    scr_chart_banner(u);
    list_pages(&p->list, &n, &m);
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, _("OPTIONS: %u of %u"), p->l.matched, p->l.total)), 0),
                   text_own(""), n, m);
    u->chart.mixed = false;
    if (!scr_chart_own(u, model_fill_chart(u->form.fill)))
        list_forget(&p->list);
    else if (p->list.failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for the list.")), tty_columns(u->tty), TTY_PLAIN);
    else if (p->l.here != FORM_ALL_HERE)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, p->l.why, tty_columns(u->tty), TTY_PLAIN);
    else
        list_paint(&p->list, u->tty, UI_BODY);
    arena_fini(&a);
}

const struct screen *scr_pick_screen(void)
{
    static const struct screen screen = {.where = ON_PICK, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_row, .back = ui_under, .left = scr_pick_close};

    return &screen;
}
