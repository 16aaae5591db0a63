/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The search for a drug, to be picked from: it says how many there are, and the only match is no choice.
 */
#include "config.h"

#include "base/intl.h"
#include "ui/priv.h"

static int load(struct ui *u, struct str typed, struct arena *a, struct pick_rows *out, struct err *e)
{
    struct order_drugs *found = arena_alloc(a, sizeof *found);
    int code = found ? model_order_find(&u->desk.env, typed, a, found, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (code)
        return code;
    u->pick.drugs = found;
    out->row = arena_alloc(a, (found->n + 1) * sizeof *out->row);
    out->n = found->n;
    for (unsigned i = 0; i < found->n && out->row; i++) {
        const struct order_drug *r = &found->row[i];
        const char *words = r->via.n ? arena_fmt(a, _("%s (found as %s)"), r->words.s, r->via.s) : r->words.s;

        if (words)
            out->row[i] = text_safe(a, str_of(words), 0);
    }
    out->title = text_safe(a, str_of(arena_fmt(a, _("New order: which medicine?  %s"), found->words.s)), 0);
    return a->failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : ERR_OK;
}

static void take(struct ui *u, unsigned row)
{
    scr_order_open(u, &u->pick.drugs->row[row]);
}

static void typed(struct ui *u, struct str s)
{
    bool asked = u->prompt.kind != NULL, many = u->pick.rows.n > 0;

    (void)s;
    prompt_close(u);
    if (many && !asked)
        ui_say(u, "%s", _("No medicine is chosen: type the number of its row, or move to it; then Enter."));
    else if (many)
        ui_say(u, "%s", _("Type the number of the medicine's row, or move to it; then Enter. / searches again."));
    else
        ui_say(u, "%s", _("Nothing in the drug table matches. / searches again."));
}

static const char *chart(const struct ui *u)
{
    return u->chart.chart;
}

void scr_drug_open(struct ui *u, int arg)
{
    static const struct pick_source source = {.label = N_("Medicine (Esc leaves):"), .load = load, .take = take,
                                              .typed = typed, .chart = chart};

    (void)arg;
    if (scr_chart_fresh(u) && scr_act_desk(u))
        scr_pick_open(u, &source, FORM_NO_KEY);
}
