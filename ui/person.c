/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A row of a list of people: the page of similar patients, a household, a server's answer.
 */
#include "config.h"

#include "base/glyph.h"
#include "base/intl.h"
#include "ui/priv.h"

#define LEAD_COLS 2

const char *ui_many(const struct ui *u)
{
    (void)u;
    return UI_MANY;
}

/* REQ: a name that this terminal cannot write says so wherever somebody is chosen by it. */
void ui_person_row(struct list *l, const struct model_patient *who, const char *what, unsigned cols)
{
    struct text lead, body;
    struct buf b;

    buf_init(&b, 65536);
    buf_addf(&b, "%s%s  ", who->name.s, glyph_note((struct str){who->name.s, who->name.n}));
    buf_addf(&b, _("Born %s"), who->born.s);
    buf_addf(&b, "  %s  %s", who->sex.s, who->number.s);
    lead = text_safe(&l->arena, buf_str(&b), 0);
    buf_clear(&b);
    buf_adds(&b, what);
    for (unsigned i = 0; i < who->marks_n; i++)
        buf_addf(&b, "%s%s", i ? ", " : " - ", who->mark[i].s);
    body = text_safe(&l->arena, buf_str(&b), 0);
    if (b.failed || !lead.n || !body.n)
        l->failed = true;
    list_add(l, lead, LEAD_COLS, body, cols);
    buf_fini(&b);
}
