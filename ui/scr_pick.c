/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A list that what is typed on the last line filters, over a screen of a chart: of a question that has many options
 * (ui/scr_options.c), of medicines (ui/scr_drug.c). Nothing is completed and nothing chosen beforehand: a row is taken
 * that was moved to, or whose number was typed.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define PICK_ARENA (8u << 20)

static void chosen(struct ui *u);
static void filter(struct ui *u);
static void dropped(struct ui *u);
static void step(struct ui *u, int by);

static const char *label(const struct ui *u)
{
    return _(u->pick.source->label);
}

static const struct prompt_kind pick_kind = {.where = ON_ANSWER, .name = label, .enter = chosen, .changed = filter,
                                             .cancelled = dropped, .move = step};

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
    bool unmarked = p->list.unmarked;

    scr_chart_screen()->build(u);
    list_clear(&p->list, ui_body_rows(u));
    for (unsigned i = 0; i < p->rows.n; i++)
        list_add(&p->list, text_own(""), 0, p->rows.row[i], tty_columns(u->tty) - LIST_MARGIN);
    list_settle(&p->list);
    p->list.unmarked = unmarked;
}

static bool load(struct ui *u, struct str typed)
{
    struct scr_pick *p = &u->pick;
    struct err e = ERR_NONE;

    arena_fini(&p->arena);
    arena_init(&p->arena, PICK_ARENA);
    p->rows = (struct pick_rows){.n = 0};
    if (p->source->load(u, typed, &p->arena, &p->rows, &e)) {
        p->rows.n = 0;
        ui_say_err(u, &e);
    }
    p->list.sel = p->list.top = 0;
    p->list.unmarked = true; /* REQ: however much of a name is typed, nobody has chosen yet */
    build(u);
    u->damage = true;
    return !e.code;
}

static void filter(struct ui *u)
{
    load(u, prompt_typed(u));
}

static void step(struct ui *u, int by)
{
    struct scr_pick *p = &u->pick;

    if (p->list.unmarked && p->list.items)
        list_select(&p->list, 0);
    else
        list_move(&p->list, by);
}

static void dropped(struct ui *u)
{
    ui_under(u);
}

void scr_pick_find(struct ui *u, int arg)
{
    (void)arg;
    prompt_open(u, &pick_kind, STR(""));
    load(u, STR(""));
}

void scr_pick_open(struct ui *u, const struct pick_source *source, form_key key)
{
    scr_pick_close(u);
    u->pick.source = source;
    u->pick.key = key;
    if (!load(u, STR("")))
        return;
    ui_over(u, scr_pick_screen());
    prompt_open(u, &pick_kind, (struct str){0});
}

void scr_pick_close(struct ui *u)
{
    struct scr_pick *p = &u->pick;

    list_fini(&p->list);
    arena_fini(&p->arena);
    memset(p, 0, sizeof *p);
    list_init(&p->list);
    arena_init(&p->arena, PICK_ARENA);
}

static void chosen(struct ui *u)
{
    struct scr_pick *p = &u->pick;

    if (p->list.unmarked || p->list.sel >= p->rows.n)
        p->source->typed(u, prompt_typed(u));
    else if (!list_painted(&p->list)) /* REQ: as Enter elsewhere: no option that nobody has seen */
        ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
    else
        p->source->take(u, p->list.sel);
}

static void paint(struct ui *u)
{
    struct scr_pick *p = &u->pick;
    unsigned n, m;

    scr_chart_banner(u);
    list_pages(&p->list, &n, &m);
    ui_paint_title(u, p->rows.title, text_own(""), n, m);
    if (p->rows.why.n)
        list_forget(&p->list);
    scr_chart_body(u, p->rows.why.n ? NULL : &p->list, p->source->chart(u));
    if (p->rows.why.n && !u->chart.mixed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, p->rows.why, tty_columns(u->tty), TTY_PLAIN);
}

const struct screen *scr_pick_screen(void)
{
    static const struct screen screen = {.where = ON_PICK, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = chosen, .back = ui_under, .left = scr_pick_close};

    return &screen;
}
