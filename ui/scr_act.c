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
    if (model_order_desk_open(&u->model, u->hooks.rng, &u->desk, &e)) {
        model_order_desk_close(&u->desk);
        ui_say_err(u, &e);
        return false;
    }
    return true;
}

void scr_act_close(struct ui *u)
{
    scr_drug_close(u);
    scr_order_close(u);
    scr_sign_close(u);
    memset(&u->act, 0, sizeof u->act);
}

void scr_act_desk_close(struct ui *u)
{
    scr_act_close(u);
    model_order_desk_close(&u->desk);
}

void scr_act_written(struct ui *u, const char *id)
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    u->chart.stale = true;
    for (unsigned i = 0; i < n; i++)
        if (!strcmp(s[i].name, "medicines"))
            scr_chart_section(u, i);
    scr_chart_seek(u, model_order_type(), id);
}

void scr_act_body(struct ui *u, struct list *l, const char *chart)
{
    u->chart.mixed = false;
    if (!scr_chart_own(u, chart))
        list_forget(l);
    else if (l->failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this list: NOT SHOWN.")), tty_columns(u->tty),
                TTY_PLAIN);
    else
        list_paint(l, u->tty, UI_BODY);
}

/* --- the reason of a STOP -------------------------------------------------------------------------- */

static void why(struct ui *u)
{
    bool done = (u->screen == scr_sign_screen() ? scr_sign_reason : scr_order_reason)(u, prompt_typed(u));

    if (!done)
        ui_say(u, _("A reason has at least %d letters."), ORDER_REASON_LEAST);
}

static const struct prompt_kind stopped = {.where = ON_PROMPT, .label = N_("STOP: why all the same?"), .enter = why};

void scr_act_reason(struct ui *u)
{
    prompt_open(u, &stopped, STR(""));
}

/* --- for the table of commands ---------------------------------------------------------------------- */

void scr_act_new(struct ui *u, int again)
{
    if (again)
        scr_drug_find(u);
    else
        scr_drug_open(u);
}

void scr_act_line(struct ui *u, int arg)
{
    (void)arg;
    scr_order_edit(u);
}

void scr_act_end(struct ui *u, int signs)
{
    if (signs)
        scr_order_sign(u);
    else
        scr_order_keep(u);
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

/* --- on the order at the marker ------------------------------------------------------------------ */

struct acting {
    const struct order_env *env;
    const char *chart, *id;
    enum order_act act;
    struct str reason;
    struct model_edited done;
};

static int act(void *arg, struct err *e)
{
    struct acting *a = arg;

    return model_order_do(a->env, str_of(a->chart), str_of(a->id), a->act, a->reason, &a->done, e);
}

static void write(struct ui *u, struct str reason)
{
    struct acting a = {&u->desk.env, u->chart.chart, u->act.id, u->act.act, reason, {.change = STORE_SAME}};
    char id[sizeof u->act.id];

    if (!ui_save_now(u, act, &a))
        return;
    memcpy(id, u->act.id, sizeof id);
    scr_act_written(u, id);
    ui_say(u, _("Done: %s. NOT SENT yet, it goes with the next sync."), model_order_act_words(u->act.act));
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
