/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/marks.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "ui/priv.h"

static struct mark *of_letter(struct ui *u, int letter)
{
    if (letter >= 'a' && letter <= 'z')
        return &u->mark[letter - 'a'];
    return letter >= 'A' && letter <= 'Z' ? &u->mark[26 + letter - 'A'] : NULL;
}

static void mark_row(struct mark *m, const char *type, const char *id)
{
    snprintf(m->type, sizeof m->type, "%s", type);
    snprintf(m->id, sizeof m->id, "%s", id);
}

static bool set(struct ui *u, struct mark *m)
{
    const char *whose = u->screen->patient(u);
    unsigned n;
    const struct kind_section *s = kind_sections(&n);
    const struct scr_work *w = &u->work;
    const struct scr_chart *c = &u->chart;

    if (u->screen == scr_work_screen() && w->list.sel < w->rows.n) {
        m->on_list = true;
        m->at = w->rows.offset + w->list.sel;
        snprintf(m->chart, sizeof m->chart, "%s", w->rows.rows[w->list.sel].chart);
        return true;
    }
    if (!whose[0] || !strcmp(whose, UI_MANY) || c->section >= n)
        return false;
    snprintf(m->chart, sizeof m->chart, "%s", whose);
    snprintf(m->section, sizeof m->section, "%s", s[c->section].name);
    if (scr_chart_rows_at(c, c->list.sel))
        mark_row(m, scr_chart_rows_at(c, c->list.sel)->type, scr_chart_rows_at(c, c->list.sel)->id);
    return true;
}

void marks_set(struct ui *u, int letter)
{
    struct mark *m = of_letter(u, letter), fresh = {.letter = (char)letter};
    unsigned n;

    if (!m || !set(u, &fresh)) {
        ui_say(u, "%s", _("There is nothing here to mark."));
        return;
    }
    *m = fresh;
    if (m->on_list)
        ui_say(u, _("Mark %c: this patient in the list."), letter);
    else if (u->screen->where & ON_CHART)
        ui_say(u, _("Mark %c: this place in the chart."), letter);
    else /* a page over the chart is made anew each time: what lies below it is marked */
        ui_say(u, _("Mark %c: this chart, at %s; not this page."), letter,
               _(kind_sections(&n)[u->chart.section].title));
}

/* False: it said why it could not be read. */
static bool to_section(struct ui *u, const struct mark *m)
{
    unsigned n, i = 0;
    const struct kind_section *s = kind_sections(&n);

    while (i < n && strcmp(s[i].name, m->section))
        i++;
    scr_chart_section(u, i);
    return u->screen == scr_chart_screen() && u->chart.section == i;
}

void marks_go(struct ui *u, int letter)
{
    const struct mark *m = of_letter(u, letter);
    bool other, another;

    if (!m || !m->letter) {
        ui_say(u, _("Mark %c is not set."), letter);
        return;
    }
    other = !u->chart.open || strcmp(u->chart.chart, m->chart);
    another = other && u->chart.open;
    if (m->on_list) {
        if (u->screen != scr_work_screen())
            ui_go(u, scr_work_screen());
        if (!scr_work_seek(u, m->at, m->chart))
            ui_say(u, _("The patient of mark %c is not in this list any more, or elsewhere in it."), letter);
        else if (another)
            ui_say(u, _("Mark %c: another patient."), letter);
        return;
    }
    if (other && !scr_stop_open(u, m->chart, scr_work_screen())) {
        if (u->screen == scr_stop_screen()) /* it is answered first, and nothing is gone to behind it */
            ui_say(u, another ? _("Mark %c: another patient. Answer this page first, then ' and the letter again.")
                              : _("Mark %c: answer this page first, then ' and the letter again."), letter);
        return; /* else it has said why */
    }
    if (!to_section(u, m))
        return;
    if (m->id[0] && !scr_chart_seek(u, m->type, m->id))
        ui_say(u, another ? _("Mark %c: another patient. Its row is not in this section any more.")
                          : _("The row of mark %c is not in this section any more."), letter);
    else if (another) /* REQ: whoever typed it may think of the chart that was open */
        ui_say(u, _("Mark %c: another patient."), letter);
}

void marks_clear(struct ui *u)
{
    mem_zero(u->mark, sizeof u->mark);
}

/* --- what was dismissed ------------------------------------------------------------------------ */

void marks_undo_keep(struct ui *u, void (*again)(struct ui *u, const void *what), const void *what, size_t n)
{
    if (u->undo_n == UNDO_MAX)
        memmove(u->undo, u->undo + 1, (UNDO_MAX - 1) * sizeof *u->undo), u->undo_n--;
    u->undo[u->undo_n].again = again;
    memcpy(u->undo[u->undo_n++].what, what, n < UNDO_BYTES ? n : UNDO_BYTES);
}

bool marks_undo_last(struct ui *u)
{
    struct undo last;

    if (!u->undo_n)
        return false;
    last = u->undo[--u->undo_n];
    last.again(u, last.what);
    mem_zero(&last, sizeof last);
    return true;
}

void marks_undo_clear(struct ui *u)
{
    mem_zero(u->undo, sizeof u->undo);
    u->undo_n = 0;
}
