/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The options of a form's question, to be picked from: the marker's, or the one that was typed whole or by its number.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/mem.h"
#include "ui/priv.h"

#define OPTIONS_MOST 200

static int load(struct ui *u, struct str typed, struct arena *a, struct pick_rows *out, struct err *e)
{
    struct form_options *l = &u->pick.options;
    int code = model_form_options(scr_form_engine(u), u->pick.key, typed, 0, OPTIONS_MOST, a, l, e);

    if (code)
        return code;
    out->n = l->n;
    out->row = arena_alloc(a, (l->n + 1) * sizeof *out->row);
    for (unsigned i = 0; i < l->n && out->row; i++) {
        const struct form_option *o = &l->v[i];
        char *words = arena_fmt(a, "%s%s%s%s", o->words.s, o->score.n ? "  " : "", o->score.s,
                                o->chosen ? _("  (chosen)") : o->off ? _("  (not now)") : "");

        if (words)
            out->row[i] = text_safe(a, str_of(words), 0);
    }
    out->title = text_safe(a, str_of(arena_fmt(a, _("OPTIONS: %u of %u"), l->matched, l->total)), 0);
    if (l->here != FORM_ALL_HERE)
        out->why = l->why;
    return a->failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : ERR_OK;
}

static void put(struct ui *u, struct str what, unsigned how)
{
    form_key key = u->pick.key;
    char copy[LIMIT_TEXT_CELL]; /* it is of the page that is left */

    if (what.n >= sizeof copy) {
        ui_say(u, "%s", _("There is nothing to answer in this row."));
        return;
    }
    memcpy(copy, what.p, what.n);
    ui_under(u);
    scr_form_edit_put(u, key, (struct str){copy, what.n}, how);
    mem_zero(copy, sizeof copy);
}

static void take(struct ui *u, unsigned row)
{
    put(u, u->pick.options.v[row].put, FORM_MEANT);
}

static void typed(struct ui *u, struct str s)
{
    if (s.n)
        put(u, s, 0);
    else
        ui_say(u, "%s", _("Type a part of the option or its number, or move to it."));
}

static const char *chart(const struct ui *u)
{
    return model_fill_chart(u->form.fill);
}

void scr_options_open(struct ui *u, form_key key)
{
    static const struct pick_source source = {
        .label = N_("Option (Down marks, Enter takes, Esc leaves):"), .load = load, .take = take, .typed = typed,
        .chart = chart};

    scr_pick_open(u, &source, key);
    u->form.at = key;
}
