/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Before a form is filed: every answer in words, who it will be by and what is written. y files exactly what was read
 * here, once; whatever is changed is read back anew.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define LABEL_COLS 32

static struct list *list(struct ui *u)
{
    return &u->filing.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

/* --- rows ---------------------------------------------------------------------------------------- */

static void add(struct ui *u, const char *label, struct text words)
{
    struct list *l = &u->filing.list;

    list_add(l, text_safe(&l->arena, str_of(label), 0), LABEL_COLS, words, tty_columns(u->tty) - LIST_MARGIN);
}

static void add_answer(struct ui *u, form_key key)
{
    struct list *l = &u->filing.list;
    struct form_row r;
    struct arena a;
    const char *words, *label;
    bool unit;

    arena_init(&a, 4u << 20);
    if (model_form_row(scr_form_engine(u), key, &a, &r, NULL)) {
        l->failed = true;
    } else if (r.question || r.kind == FORM_GROUP) {
        unit = r.value.n && r.unit.n && r.kind != FORM_QUANTITY;
        label = arena_fmt(&a, "%*s%s", (int)(2 * (r.depth < 6 ? r.depth : 6)), "", r.label.s);
        words = !r.question  ? ""
                : !r.value.n ? _("not answered")
                             : arena_fmt(&a, "%s%s%s", r.value.s, unit ? " " : "", unit ? r.unit.s : "");
        for (unsigned i = 0; words && i < r.nproblems; i++)
            if (r.problems[i].grade == FORM_WARNING)
                words = arena_fmt(&a, "%s  ! %s", words, r.problems[i].words.s);
        l->failed = l->failed || !label || !words;
        add(u, label ? label : "", text_safe(&l->arena, str_of(words ? words : ""), 0));
    }
    arena_fini(&a);
}

static void build(struct ui *u)
{
    struct scr_filing *s = &u->filing;
    struct form *f = scr_form_engine(u);
    struct text visit;

    scr_chart_screen()->build(u);
    list_clear(&s->list, ui_body_rows(u));
    s->list.plain = true;
    for (unsigned i = 0; f && s->loaded && i < model_form_rows(f); i++)
        add_answer(u, model_form_at(f, i));
    if (f && s->loaded) {
        visit = model_fill_visit(u->form.fill, &s->list.arena);
        if (visit.n)
            add(u, _("Visit"), visit);
        add(u, _("By"), model_fill_author(u->form.fill, &s->list.arena));
        add(u, _("Will be written"), model_filing_words(&s->w, &s->list.arena));
    }
    list_settle(&s->list);
}

/* --- opening ---------------------------------------------------------------------------------------- */

void scr_filing_open(struct ui *u, int arg)
{
    struct scr_filing *s = &u->filing;
    struct err e = ERR_NONE;

    (void)arg;
    scr_filing_close(u);
    if (model_fill_filing(u->form.fill, u->chart.banner.chart, &s->w, &e)) {
        if (e.code == ERR_OPEN) {
            ui_say(u, P_("NOT YET: %u question is still to be answered, put right or looked at.",
                         "NOT YET: %u questions are still to be answered, put right or looked at.", (unsigned)e.num),
                   (unsigned)e.num);
            scr_form_acts_next(u, 1);
        } else {
            ui_say_err(u, &e);
        }
        return;
    }
    s->loaded = true;
    scr_form_keep(u, NULL); /* what is filed was a draft: that it has gone tells that it was filed */
    build(u);
    ui_over(u, scr_filing_screen());
}

void scr_filing_close(struct ui *u)
{
    struct scr_filing *s = &u->filing;

    if (s->loaded)
        model_filing_fini(&s->w);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

/* --- filing -------------------------------------------------------------------------------------------- */

/* It is on disk, or not at all. The form may have been left meanwhile: its draft says then what is so. */
void scr_filing_done(struct ui *u, unsigned ops, const struct err *e)
{
    bool here = u->form.fill && u->form.filed;

    if (e->code) {
        if (here)
            u->form.filed = false;
        ui_say_err(u, e);
        if (u->screen == scr_filing_screen())
            ui_under(u);
        return;
    }
    if (here)
        model_fill_filed(u->form.fill);
    if (here && (u->screen == scr_filing_screen() || u->screen == scr_form_screen()))
        ui_go(u, scr_chart_screen());
    ui_say(u, P_("Filed: NOT SENT yet, %u entry goes with the next sync.",
                 "Filed: NOT SENT yet, %u entries go with the next sync.", ops), ops);
}

void scr_filing_file(struct ui *u, int arg)
{
    struct scr_filing *s = &u->filing;

    (void)arg;
    if (!s->loaded || u->form.filed)
        return;
    if (!s->painted || !list_at_end(&s->list)) {
        ui_say(u, "%s", _("NOT FILED: read it to its end first (Space)."));
        return;
    }
    if (strcmp(u->chart.banner.chart, s->w.chart)) {
        ui_say(u, "%s", _("NOT FILED: this form is another patient's."));
        return;
    }
    u->form.filed = true; /* REQ: from here on no second y, and no draft behind it */
    ui_say(u, "%s", _("Filing ..."));
    ui_save_filing(u, &s->w, scr_filing_done);
}

/* --- the screen ------------------------------------------------------------------------------------------ */

static void paint(struct ui *u)
{
    struct scr_filing *s = &u->filing;
    unsigned n, m;

    scr_chart_banner(u);
    list_pages(&s->list, &n, &m);
    ui_paint_title(u, text_own(_("READ BACK: y files it, q goes back")), text_own(""), n, m);
    s->painted = scr_chart_body(u, &s->list, model_fill_chart(u->form.fill));
}

static void nothing(struct ui *u)
{
    ui_say(u, "%s", _("y files it, q goes back."));
}

const struct screen *scr_filing_screen(void)
{
    static const struct screen screen = {.where = ON_FILING, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = nothing, .back = ui_under, .left = scr_filing_close};

    return &screen;
}
