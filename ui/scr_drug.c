/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The search for a drug: what is typed on the last row lists what matches, and says how many there are. Nothing is
 * completed, and the only match is no choice: a row is moved to, or its number is typed.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->drug.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static void build(struct ui *u)
{
    struct scr_drug *d = &u->drug;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;
    bool unmarked = d->list.unmarked;

    scr_chart_screen()->build(u);
    list_clear(&d->list, ui_body_rows(u));
    for (unsigned i = 0; i < d->found.n; i++) {
        const struct order_drug *r = &d->found.row[i];
        const char *words =
            r->via.n ? arena_fmt(&d->list.arena, _("%s (found as %s)"), r->words.s, r->via.s) : r->words.s;

        if (!words)
            d->list.failed = true;
        list_add(&d->list, text_own(""), 0, text_safe(&d->list.arena, str_of(words), 0), cols);
    }
    list_settle(&d->list);
    d->list.unmarked = unmarked;
}

/* --- searching -------------------------------------------------------------------------------- */

static void changed(struct ui *u)
{
    struct scr_drug *d = &u->drug;
    struct err e = ERR_NONE;

    arena_fini(&d->arena);
    arena_init(&d->arena, 4u << 20);
    if (model_order_find(&u->desk.env, prompt_typed(u), &d->arena, &d->found, &e)) {
        memset(&d->found, 0, sizeof d->found);
        ui_say_err(u, &e);
    }
    d->list.sel = d->list.top = 0;
    d->list.unmarked = true; /* REQ: however much of a name is typed, nobody has chosen yet */
    build(u);
    u->damage = true;
}

static void move(struct ui *u, int by)
{
    struct scr_drug *d = &u->drug;

    if (d->list.unmarked && d->list.items)
        list_select(&d->list, 0);
    else
        list_move(&d->list, by);
}

static void open_row(struct ui *u)
{
    struct scr_drug *d = &u->drug;

    if (d->list.unmarked || d->list.sel >= d->found.n)
        ui_say(u, "%s", _("No medicine is chosen: type the number of its row, or move to it; then Enter."));
    else
        scr_order_open(u, &d->found.row[d->list.sel]);
}

static void enter(struct ui *u)
{
    struct scr_drug *d = &u->drug;

    if (!d->list.unmarked && list_painted(&d->list)) {
        open_row(u);
        return;
    }
    prompt_close(u);
    if (d->found.n)
        ui_say(u, "%s", _("Type the number of the medicine's row, or move to it; then Enter. / searches again."));
    else
        ui_say(u, "%s", _("Nothing in the drug table matches. / searches again."));
}

static const struct prompt_kind finding = {
    .where = ON_PROMPT, .label = N_("Medicine:"), .changed = changed, .enter = enter, .move = move};

void scr_drug_find(struct ui *u)
{
    prompt_open(u, &finding, STR(""));
    changed(u);
}

void scr_drug_open(struct ui *u)
{
    if (!scr_chart_fresh(u) || !scr_act_desk(u))
        return;
    scr_drug_close(u);
    u->drug.list.unmarked = true;
    ui_over(u, scr_drug_screen());
    scr_drug_find(u);
}

void scr_drug_close(struct ui *u)
{
    struct scr_drug *d = &u->drug;

    arena_fini(&d->arena);
    list_fini(&d->list);
    memset(d, 0, sizeof *d);
    list_init(&d->list);
}

/* --- the screen --------------------------------------------------------------------------------- */

static void paint(struct ui *u)
{
    struct scr_drug *d = &u->drug;
    unsigned n, m;
    struct arena a;

    arena_init(&a, 4096);
    scr_chart_banner(u);
    list_pages(&d->list, &n, &m);
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, _("New order: which medicine?  %s"),
                                                     d->found.words.s ? d->found.words.s : "")), 0),
                   (struct text){"", 0, 0}, n, m);
    arena_fini(&a);
    scr_act_body(u, &d->list, u->chart.chart);
}

const struct screen *scr_drug_screen(void)
{
    static const struct screen screen = {.where = ON_DRUG, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_row, .back = ui_under, .left = scr_drug_close};

    return &screen;
}
