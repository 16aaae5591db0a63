/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is done to the order at the chart's marker; and what all screens of orders share: the tables, and the way back
 * to the medicines, read anew, when something was written.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

bool scr_act_desk(struct ui *u)
{
    struct err e = ERR_NONE;

    if (model_order_may(&u->model) == ORDER_MAY_NOT) {
        ui_say(u, "%s", model_order_may_words(&u->model));
        return false;
    }
    if (u->desk.cds)
        return true;
    if (model_order_desk_open(&u->model, &u->hooks.rng, &u->desk, &e)) {
        model_order_desk_close(&u->desk);
        ui_say_err(u, &e);
        return false;
    }
    return true;
}

void scr_act_close(struct ui *u)
{
    scr_order_close(u);
    scr_sign_close(u);
    u->act = (struct scr_act){.number = u->act.number, .busy = u->act.busy};
}

void scr_act_desk_close(struct ui *u)
{
    scr_act_close(u);
    model_order_desk_close(&u->desk);
    u->act.busy = false;
}

/* --- writing ------------------------------------------------------------------------------------- */

static void filed(struct ui *u, unsigned ops, const struct err *e)
{
    void (*done)(struct ui *u) = u->act.from == u->screen ? u->act.done : NULL;

    (void)ops;
    u->act.busy = false;
    u->act.done = NULL;
    if (e->code) {
        ui_say_err(u, e);
        return;
    }
    u->chart.stale = u->chart.open;
    if (done)
        done(u);
    else
        ui_say(u, "%s", _("The order is written: NOT SENT yet, it goes with the next sync."));
}

void scr_act_file(struct ui *u, struct model_filing *w, const char *id, void (*done)(struct ui *u))
{
    if (u->act.busy) {
        model_filing_fini(w);
        ui_say(u, "%s", _("NOT DONE: the one before is still being written. Once more, in a moment."));
        return;
    }
    u->act.busy = true;
    u->act.from = u->screen;
    u->act.done = done;
    snprintf(u->act.written, sizeof u->act.written, "%s", id);
    ui_save_filing(u, w, filed);
}

void scr_act_written(struct ui *u, const char *id)
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    char order[sizeof u->act.written]; /* it may be part of what is left */

    snprintf(order, sizeof order, "%s", id);
    for (unsigned i = 0; i < n; i++)
        if (!strcmp(s[i].name, "medicines"))
            scr_chart_section(u, i);
    scr_chart_seek(u, model_order_type(), order);
    snprintf(u->act.written, sizeof u->act.written, "%s", order);
}

/* --- two digits, and the reason of a STOP ----------------------------------------------------------- */

/* They are no secret: they prove that somebody has read the page. */
void scr_act_digits(struct ui *u)
{
    unsigned was = u->act.number;

    while (u->act.number == was)
        u->act.number = 10 + (unsigned)(rng_u64(&u->hooks.rng) % 90);
    snprintf(u->act.digits, sizeof u->act.digits, "%u", u->act.number);
}

static const char *stop_label(const struct ui *u)
{
    return u->act.label;
}

static void why(struct ui *u)
{
    struct str typed = str_trim(prompt_typed(u));

    if (!str_starts(typed, u->act.digits)) {
        ui_say(u, _("Type %s first, then the reason."), u->act.digits);
        return;
    }
    typed.p += strlen(u->act.digits);
    typed.n -= strlen(u->act.digits);
    if (!(u->screen == scr_sign_screen() ? scr_sign_reason : scr_order_reason)(u, str_trim(typed)))
        ui_say(u, _("A reason has at least %d letters."), ORDER_REASON_LEAST);
}

static const struct prompt_kind stopped = {.where = ON_PROMPT, .name = stop_label, .enter = why, .guarded = true};

void scr_act_reason(struct ui *u)
{
    scr_act_digits(u);
    snprintf(u->act.label, sizeof u->act.label, _("STOP: type %s, then why all the same:"), u->act.digits);
    prompt_open(u, &stopped, STR(""));
}

/* --- for the table of commands ---------------------------------------------------------------------- */

void scr_act_line(struct ui *u, int arg)
{
    (void)arg;
    scr_order_edit(u);
}

void scr_act_end(struct ui *u, int signs)
{
    scr_order_end(u, signs != 0);
}

void scr_act_list(struct ui *u, int arg)
{
    (void)arg;
    scr_sign_open(u, NULL);
}

void scr_act_sign(struct ui *u, int arg)
{
    (void)arg;
    scr_sign_ask(u);
}

/* --- what is ticked, and its digits were typed ------------------------------------------------------ */

static void signed_all(struct ui *u)
{
    unsigned n = u->act.n;

    scr_act_written(u, u->act.written);
    ui_say(u, P_("Signed: %u order. NOT SENT yet, it goes with the next sync.",
                 "Signed: %u orders. NOT SENT yet, they go with the next sync.", n), n);
}

void scr_act_sign_now(struct ui *u)
{
    const struct order_basket *b = &u->sign.b;
    const char *id = "";
    struct model_filing w;
    struct err e = ERR_NONE;
    unsigned n;

    if (strcmp(u->chart.banner.chart, b->chart)) {
        ui_say(u, "%s", _("NOT SIGNED: these orders are another patient's."));
        return;
    }
    for (unsigned i = b->n; i--;)
        if (b->line[i].ticked)
            id = b->line[i].id;
    if (model_order_sign(&u->desk.env, b, &w, &n, &e)) {
        model_filing_fini(&w);
        ui_say_err(u, &e);
        return;
    }
    u->act.n = n;
    scr_act_file(u, &w, id, signed_all);
}

/* --- on the order at the marker ------------------------------------------------------------------ */

static void acted(struct ui *u)
{
    scr_act_written(u, u->act.written);
    ui_say(u, _("Done: %s. NOT SENT yet, it goes with the next sync."), model_order_act_words(u->act.act));
}

static void write(struct ui *u, struct str reason)
{
    struct model_filing w;
    struct err e = ERR_NONE;

    if (!model_order_do(&u->desk.env, str_of(u->chart.chart), str_of(u->act.id), u->act.act, reason, &w, &e)) {
        scr_act_file(u, &w, u->act.id, acted);
        return;
    }
    model_filing_fini(&w);
    ui_say_err(u, &e);
}

static void reasoned(struct ui *u)
{
    char typed[PROMPT_MAX];
    size_t n = prompt_typed(u).n;
    struct str reason = {typed, n};

    memcpy(typed, prompt_typed(u).p, n);
    if ((n || model_order_act_reason(u->act.act)) && !model_order_reason_good(reason)) {
        ui_say(u, _("A reason has at least %d letters."), ORDER_REASON_LEAST);
        return;
    }
    prompt_close(u);
    write(u, reason);
}

static const struct prompt_kind reason = {.where = ON_PROMPT, .label = N_("Reason:"), .enter = reasoned};

/* Which order: the row at the marker, or the one that is open. False, and said why: it is none. */
static bool which(struct ui *u)
{
    const struct model_row *r =
        u->screen == scr_chart_screen() ? scr_chart_rows_at(&u->chart, u->chart.list.sel) : NULL;
    const char *type = r ? r->type : u->detail.type, *id = r ? r->id : u->detail.id;

    if (u->screen == scr_chart_screen() && !list_painted(&u->chart.list)) { /* REQ: no row that nobody has seen */
        ui_say(u, "%s", _("Not done: that row was not on the screen yet. Look, then once more."));
        return false;
    }
    if (!model_order_is(type) || !id[0]) {
        ui_say(u, "%s", _("That row is no order of a medicine."));
        return false;
    }
    snprintf(u->act.id, sizeof u->act.id, "%s", id);
    return true;
}

void scr_act_again(struct ui *u, int arg)
{
    char id[sizeof u->act.id];

    (void)arg;
    if (!which(u) || !scr_chart_fresh(u) || !scr_act_desk(u))
        return;
    memcpy(id, u->act.id, sizeof id);
    scr_order_again(u, id);
}

void scr_act_do(struct ui *u, int what)
{
    if (!which(u) || !scr_act_desk(u))
        return;
    u->act.act = (enum order_act)what;
    if (what == ORDER_RELEASE)
        write(u, STR(""));
    else
        prompt_open(u, &reason, STR(""));
}
