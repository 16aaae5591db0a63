/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A new entry in a chart: the drafts that wait there, then the forms there are.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define TITLE_COLS 44

static struct list *list(struct ui *u)
{
    return &u->forms.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

/* --- rows ------------------------------------------------------------------------------------- */

static const struct model_form_file *form_named(const struct scr_forms *f, const char *name)
{
    for (unsigned i = 0; i < f->forms.n; i++)
        if (!strcmp(f->forms.v[i].name, name))
            return &f->forms.v[i];
    return NULL;
}

static const char *place_words(enum model_forms_place p)
{
    return p == MODEL_FORMS_USER ? _("your own") : p == MODEL_FORMS_SITE ? _("of this site") : "";
}

static void add_draft(struct ui *u, const struct model_draft_row *d, unsigned cols)
{
    struct scr_forms *f = &u->forms;
    const struct model_form_file *form = form_named(f, d->form);
    struct arena *a = &f->list.arena;
    struct date now = date_today(clock_wall_ms(u->clock));
    char when[DATE_TEXT_MAX];

    date_short(d->changed_ms, now.year, when);
    list_add(&f->list, form ? form->title : text_safe(a, str_of(d->form), 0), TITLE_COLS,
             text_safe(a, str_of(arena_fmt(a, _("DRAFT of %s"), when)), 0), cols);
}

static void build(struct ui *u)
{
    struct scr_forms *f = &u->forms;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    scr_chart_screen()->build(u);
    list_clear(&f->list, ui_body_rows(u));
    for (unsigned i = 0; i < f->drafts_n; i++)
        add_draft(u, &f->drafts[i], cols);
    for (unsigned i = 0; i < f->forms.n; i++)
        list_add(&f->list, f->forms.v[i].title, TITLE_COLS, text_own(place_words(f->forms.v[i].place)), cols);
    list_settle(&f->list);
}

void scr_forms_close(struct ui *u)
{
    struct scr_forms *f = &u->forms;

    model_forms_fini(&f->forms);
    list_fini(&f->list);
    memset(f, 0, sizeof *f);
    list_init(&f->list);
}

static bool load(struct ui *u)
{
    struct scr_forms *f = &u->forms;
    struct model_form_dirs dirs;
    struct err e = ERR_NONE;

    scr_forms_close(u);
    model_form_dirs(&dirs);
    if (model_forms(&dirs, intl_language(), &f->forms, &e) ||
        model_drafts(&u->model, str_of(u->chart.chart), f->drafts, MODEL_DRAFTS_MAX, &f->drafts_n, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    if (f->drafts_n > MODEL_DRAFTS_MAX)
        f->drafts_n = MODEL_DRAFTS_MAX;
    snprintf(f->chart, sizeof f->chart, "%s", u->chart.chart);
    build(u);
    return true;
}

void scr_forms_open(struct ui *u, int arg)
{
    (void)arg;
    if (!load(u))
        return;
    if (u->forms.forms.bad)
        ui_say(u, P_("%u file is no form: wardline form check says why.",
                     "%u files are no forms: wardline form check says why.", u->forms.forms.bad), u->forms.forms.bad);
    ui_over(u, scr_forms_screen());
}

const char *scr_forms_refused(const struct ui *u, int arg)
{
    (void)arg;
    return u->chart.chart[0] && strchr(u->chart.chart, ':') ? _("This patient came from a file: nothing can be filed.")
                                                            : NULL;
}

/* --- choosing ----------------------------------------------------------------------------------- */

static void choose(struct ui *u)
{
    struct scr_forms *f = &u->forms;
    unsigned sel = f->list.sel;

    if (sel < f->drafts_n) {
        scr_form_open(u, f->drafts[sel].form, true);
        return;
    }
    sel -= f->drafts_n;
    if (sel < f->forms.n)
        scr_form_open(u, f->forms.v[sel].name, false);
}

static void discarded(struct ui *u)
{
    struct scr_forms *f = &u->forms;
    struct str typed = prompt_typed(u);
    bool yes = typed.n == 1 && (*typed.p == 'y' || *typed.p == *C_("answer", "y"));

    prompt_close(u);
    if (!yes || f->list.sel >= f->drafts_n) {
        ui_say(u, "%s", _("Not discarded: the draft is kept."));
        return;
    }
    ui_save_discard(u, f->chart, f->drafts[f->list.sel].form);
}

/* A draft was kept or discarded: the list says so where it is shown. */
void scr_forms_changed(struct ui *u)
{
    if (u->screen == scr_forms_screen() && !u->prompt.kind)
        load(u);
}

static const struct prompt_kind discard_kind = {
    .where = ON_PROMPT, .label = N_("Discard this draft for good? y and Enter:"), .enter = discarded};

void scr_forms_discard(struct ui *u, int arg)
{
    (void)arg;
    if (!list_painted(&u->forms.list))
        ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
    else if (u->forms.list.sel >= u->forms.drafts_n)
        ui_say(u, "%s", _("That row is no draft."));
    else
        prompt_open(u, &discard_kind, (struct str){0});
}

/* --- the screen ----------------------------------------------------------------------------------- */

static void paint(struct ui *u)
{
    struct scr_forms *f = &u->forms;
    unsigned n, m;

    scr_chart_banner(u);
    list_pages(&f->list, &n, &m);
    ui_paint_title(u, text_own(_("NEW ENTRY")), text_own(_("drafts stay on this device")), n, m);
    u->chart.mixed = false;
    if (!scr_chart_own(u, f->chart))
        list_forget(&f->list);
    else if (f->list.failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for the list.")), tty_columns(u->tty), TTY_PLAIN);
    else if (!f->list.items)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("There are no forms on this machine.")), tty_columns(u->tty),
                TTY_PLAIN);
    else
        list_paint(&f->list, u->tty, UI_BODY);
}

static void reload(struct ui *u)
{
    load(u);
}

const struct screen *scr_forms_screen(void)
{
    static const struct screen screen = {.where = ON_FORMS, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = choose, .back = ui_under, .reload = reload,
                                         .edited = reload, .left = scr_forms_close};

    return &screen;
}
