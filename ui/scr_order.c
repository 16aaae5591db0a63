/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One order: its line is typed on the last row; what is asked is answered row by row; then it is read back from its own
 * bytes, with all checks, and kept as a draft or taken to be signed. Nothing is stored before that.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define LEAD_COLS 10
static struct list *list(struct ui *u)
{
    return &u->order.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static void build(struct ui *u)
{
    struct scr_order *o = &u->order;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    scr_chart_screen()->build(u);
    list_clear(&o->list, ui_body_rows(u));
    if (o->before.n)
        list_add(&o->list, text_own(_("BEFORE")), LEAD_COLS, o->before, cols);
    if (!o->n)
        list_add(&o->list, text_own(""), LEAD_COLS,
                 text_own(_("The dose line: amount, route, how often, how long, refills. As in: 500 mg po tid 7d r0")),
                 cols);
    for (unsigned i = 0; i < o->n; i++) {
        list_add(&o->list, o->rows[i].lead, LEAD_COLS, o->rows[i].words, cols);
        if (o->rows[i].kind == ORDER_CARD)
            list_look(&o->list, TTY_ABNORMAL);
    }
    list_settle(&o->list);
}

/* The row at the marker; NULL: it is none of the order's. */
static const struct order_row *at_marker(const struct scr_order *o)
{
    unsigned at = o->list.sel - (o->before.n ? 1 : 0); /* before the first it wraps round, past the last */

    return at < o->n ? &o->rows[at] : NULL;
}

static void show(struct ui *u)
{
    struct scr_order *o = &u->order;
    struct err e = ERR_NONE;

    o->n = 0;
    if (model_order_rows(&o->o, &o->rows, &o->n, &e)) {
        o->n = 0;
        o->o.ready = false; /* REQ: what cannot be read back is not signed */
        ui_say_err(u, &e);
    }
    build(u);
    u->damage = true;
}

static void compose(struct ui *u, struct str line)
{
    struct scr_order *o = &u->order;
    struct err e = ERR_NONE;

    if (o->loaded)
        model_order_fini(&o->o);
    o->loaded = true;
    o->read = false;
    o->n = 0;
    o->line_n = line.n < sizeof o->line ? line.n : sizeof o->line;
    memmove(o->line, line.p, o->line_n);
    if (model_order_compose(&u->desk.env, str_of(u->chart.chart), &o->drug, (struct str){o->line, o->line_n},
                            str_of(o->prior), &o->o, &e)) {
        o->o.ready = false;
        ui_say_err(u, &e);
        build(u);
        return;
    }
    o->list.sel = o->list.top = 0;
    show(u);
}

/* --- the line --------------------------------------------------------------------------------- */

static void typed(struct ui *u)
{
    const struct prompt p = u->prompt;

    prompt_close(u);
    compose(u, (struct str){p.typed, p.n});
}

static void not_typed(struct ui *u)
{
    if (!u->order.n) /* there is nothing here yet */
        ui_under(u);
}

static const struct prompt_kind dosing = {.where = ON_PROMPT, .label = N_("Dose:"), .enter = typed,
                                          .cancelled = not_typed};

void scr_order_edit(struct ui *u)
{
    prompt_open(u, &dosing, STR(""));
    prompt_set(u, (struct str){u->order.line, u->order.line_n});
}

static void begin(struct ui *u)
{
    build(u);
    ui_over(u, scr_order_screen());
    scr_order_edit(u);
}

void scr_order_open(struct ui *u, const struct order_drug *drug)
{
    struct scr_order *o = &u->order;
    const struct order_drug keep = *drug; /* it is of the screen that is left */

    scr_order_close(u);
    o->drug = keep;
    arena_init(&o->arena, 4u << 20);
    o->drug.words = text_safe(&o->arena, (struct str){keep.words.s, keep.words.n}, 0);
    o->drug.via = text_own("");
    begin(u);
}

void scr_order_again(struct ui *u, const char *id)
{
    struct scr_order *o = &u->order;
    struct order_again again;
    struct err e = ERR_NONE;

    scr_order_close(u);
    arena_init(&o->arena, 16u << 20);
    if (model_order_again(&u->desk.env, str_of(u->chart.chart), str_of(id), &o->arena, &again, &e)) {
        if (e.code == ERR_INPUT)
            ui_say(u, "%s",
                   _("Its dose is free text, or its medicine stands in the order alone: prescribe it anew (O)."));
        else
            ui_say_err(u, &e);
        return;
    }
    if (again.line.n > sizeof o->line) { /* REQ: no part of a dose is left out */
        ui_say(u, "%s", _("Its dose has no room on one line: prescribe it anew (O)."));
        return;
    }
    o->drug = again.drug;
    o->before = again.words;
    memcpy(o->prior, again.prior, sizeof o->prior);
    memcpy(o->line, again.line.s, again.line.n);
    o->line_n = again.line.n;
    begin(u);
    ui_say(u, "%s",
           _("Go over the line, and type the refills (r0: none). The order before ends when this one is signed."));
}

void scr_order_close(struct ui *u)
{
    struct scr_order *o = &u->order;

    if (o->loaded)
        model_order_fini(&o->o);
    arena_fini(&o->arena);
    list_fini(&o->list);
    memset(o, 0, sizeof *o);
    list_init(&o->list);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void open_row(struct ui *u)
{
    struct scr_order *o = &u->order;
    const struct order_row *r = at_marker(o);
    struct buf line;

    if (!r || r->kind != ORDER_CHOICE) {
        scr_order_edit(u);
        return;
    }
    buf_init(&line, SIG_LINE_BYTES);
    if (model_sig_answer(o->o.sig, r->ask, r->choice, &line) || line.n > sizeof o->line)
        ui_say(u, "%s", _("The line has no room for that: type it anew (e)."));
    else
        compose(u, buf_str(&line));
    buf_fini(&line);
}

bool scr_order_reason(struct ui *u, struct str typed)
{
    struct scr_order *o = &u->order;
    struct err e = ERR_NONE;
    unsigned i = 0;

    while (i < o->n && !o->rows[i].open)
        i++;
    if (i == o->n || model_order_answer(&u->desk.env, &o->o, o->rows[i].card, typed, &e))
        return false;
    prompt_close(u);
    show(u);
    scr_order_end(u, o->signing);
    return true;
}

static void kept(struct ui *u)
{
    scr_act_written(u, u->act.written);
    ui_say(u, "%s", _("Kept as a draft: NOT SIGNED, NOT SENT. U lists what is to be signed."));
}

static void kept_to_sign(struct ui *u)
{
    scr_act_written(u, u->act.written);
    scr_sign_open(u, u->act.written);
}

static bool readable(struct ui *u)
{
    struct scr_order *o = &u->order;

    if (!o->loaded || !o->o.ready)
        ui_say(u, "%s", _("NOT KEPT: something is still asked, or not said. e changes the line."));
    else if (strcmp(u->chart.banner.chart, o->o.chart))
        ui_say(u, "%s", _("NOT KEPT: this order is another patient's."));
    else if (!o->read) /* REQ: nothing is decided that was not read */
        ui_say(u, "%s", _("NOT KEPT: read it to its end first (Space)."));
    else
        return true;
    return false;
}

void scr_order_end(struct ui *u, bool signs)
{
    struct scr_order *o = &u->order;
    struct model_filing w;
    struct err e = ERR_NONE;

    if (signs && model_order_may(&u->model) != ORDER_MAY_SIGN) {
        ui_say(u, _("%s d keeps it as a draft."), model_order_may_words(&u->model));
        return;
    }
    o->signing = signs;
    if (!readable(u))
        return;
    for (unsigned i = 0; i < o->n; i++)
        if (o->rows[i].open) {
            list_select(&o->list, i + (o->before.n ? 1 : 0));
            scr_act_reason(u);
            return;
        }
    if (model_order_keep(&o->o, &w, &e)) {
        model_filing_fini(&w);
        ui_say_err(u, &e);
        return;
    }
    scr_act_file(u, &w, o->o.id, signs ? kept_to_sign : kept);
}

/* --- the screen --------------------------------------------------------------------------------- */

static void paint(struct ui *u)
{
    struct scr_order *o = &u->order;
    unsigned n, m;
    struct arena a;

    arena_init(&a, 65536);
    scr_chart_banner(u);
    list_pages(&o->list, &n, &m);
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, _("ORDER, not kept yet: %s"), o->drug.words.s)), 0),
                   (struct text){"", 0, 0}, n, m);
    arena_fini(&a);
    if (scr_chart_body(u, &o->list, o->loaded ? o->o.chart : u->chart.chart))
        o->read = o->read || list_at_end(&o->list);
}

const struct screen *scr_order_screen(void)
{
    static const struct screen screen = {.where = ON_ORDER, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_row, .back = ui_under, .left = scr_order_close};

    return &screen;
}
