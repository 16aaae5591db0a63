/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A form at a chart, one question a line: what is asked, what is answered, and in words what is wrong with it. Each
 * change goes to the store thread as a draft; what is typed goes through ui/scr_form_edit.c, what is filed through
 * ui/scr_filing.c.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "ui/priv.h"

#define LABEL_COLS 32
#define ROW_ARENA (4u << 20)

static struct list *list(struct ui *u)
{
    return &u->form.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

struct form *scr_form_engine(const struct ui *u)
{
    return u->form.fill ? model_fill_form(u->form.fill) : NULL;
}

form_key scr_form_key(const struct ui *u)
{
    return u->form.fill ? model_form_at(scr_form_engine(u), u->form.list.sel) : FORM_NO_KEY;
}

/* --- rows --------------------------------------------------------------------------------------- */

static const char *problems(const struct form_row *r, struct arena *a)
{
    const char *all = "";

    for (unsigned i = 0; i < r->nproblems; i++) {
        if (r->problems[i].grade == FORM_NOTE || (r->required && !r->value.n && r->problems[i].grade == FORM_ERROR))
            continue; /* "to be answered" says it */
        all = arena_fmt(a, "%s%s%s", all, r->problems[i].grade == FORM_ERROR ? "  !! " : "  ! ",
                        r->problems[i].words.s);
        all = all ? all : "";
    }
    return all;
}

/* What stands behind the label. '*': prefilled and not looked at yet. */
static const char *answer_words(const struct form_row *r, struct arena *a)
{
    bool unit = r->unit.n && (r->kind != FORM_QUANTITY || !r->value.n);
    const char *value = r->trouble.n ? r->trouble.s : r->value.n ? r->value.s : "____";
    const char *must = r->required && !r->value.n ? _("  to be answered") : "";

    return arena_fmt(a, "%s%s%s%s%s%s%s%s%s%s", r->seen ? "" : "* ", value, unit ? " " : "", unit ? r->unit.s : "",
                     r->score.n ? arena_fmt(a, " [%s]", r->score.s) : "", must, r->from.n ? "  (" : "", r->from.s,
                     r->from.n ? ")" : "", problems(r, a));
}

static void add_row(struct ui *u, const struct form_row *r, unsigned cols)
{
    struct arena *a = &u->form.list.arena;
    unsigned depth = r->depth < 6 ? r->depth : 6;
    const char *nth = r->count > 1 ? arena_fmt(a, " %u/%u", r->nth, r->count) : "";
    char *label = arena_fmt(a, "%*s%s%s%s%s", (int)(2 * depth), "", r->prefix.s, r->prefix.n ? " " : "", r->label.s,
                            nth ? nth : "");
    const char *words = r->question ? answer_words(r, a) : problems(r, a);

    if (!label || !words)
        u->form.list.failed = true;
    list_add(&u->form.list, text_safe(a, str_of(label ? label : ""), 0), r->question ? LABEL_COLS : 0,
             text_safe(a, str_of(words ? words : ""), 0), cols);
}

/* Which row stands on which line, for a size of the terminal. */
static uint64_t layout_of(const struct ui *u)
{
    const struct list *l = &u->form.list;
    uint64_t h = list_layout(l) ^ (tty_columns(u->tty) * 1000u + tty_rows(u->tty));

    for (unsigned i = 0; i < l->items; i++)
        h = (h ^ model_form_at(scr_form_engine(u), i)) * UINT64_C(0x100000001b3);
    return h;
}

static void build(struct ui *u)
{
    struct scr_form *s = &u->form;
    const struct list was = s->list; /* its numbers */
    uint64_t layout = s->layout;
    struct form *f = scr_form_engine(u);
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    scr_chart_screen()->build(u);
    list_clear(&s->list, ui_body_rows(u));
    for (unsigned i = 0; f && i < model_form_rows(f); i++) {
        struct form_row r;
        struct arena a;

        arena_init(&a, ROW_ARENA);
        if (model_form_row(f, model_form_at(f, i), &a, &r, NULL))
            s->list.failed = true;
        else
            add_row(u, &r, cols);
        arena_fini(&a);
    }
    if (f)
        scr_form_left_count(u);
    list_settle(&s->list);
    s->layout = f ? layout_of(u) : 0;
    if (f && layout == s->layout && !s->list.failed) /* every row stands where it stood: what differs is painted */
        list_slid(&s->list, &was);
}

void scr_form_changed(struct ui *u, form_key at)
{
    int i = at == FORM_NO_KEY ? -1 : model_form_index(scr_form_engine(u), at);

    build(u);
    if (i >= 0)
        list_select(&u->form.list, (unsigned)i);
    u->damage = true;
}

/* --- opening and leaving -------------------------------------------------------------------------- */

static bool resume(struct ui *u, struct model_fill *x, struct err *e)
{
    if (!model_fill_resume(x, e))
        return true;
    if (e->code == ERR_INPUT)
        ui_say(u, "%s", _("NOT OPENED: this draft is of another version of the form. It is kept; x discards it."));
    else
        ui_say_err(u, e);
    return false;
}

static void say_refused(struct ui *u, const struct form_findings *found, const struct err *e)
{
    if (found->n && (e->code == ERR_INPUT || e->code == ERR_UNSUPPORTED))
        ui_say(u, _("This form cannot be opened: %s"), found->v[0].words.s);
    else
        ui_say_err(u, e);
}

void scr_form_open(struct ui *u, const char *name, bool draft)
{
    struct model_form_dirs dirs;
    struct model_fill_how how = {&u->model, &u->hooks.rng, intl_language(), &dirs, NULL, str_of(u->chart.chart), name};
    struct form_findings found;
    struct model_fill *x;
    struct err e = ERR_NONE;

    if (ui_saving_draft(u)) { /* REQ: no draft is taken up, or written over, before it is whole */
        ui_say(u, "%s", _("A draft is still being written: once more, in a moment."));
        return;
    }
    if (!scr_chart_fresh(u))
        return;
    model_form_dirs(&dirs);
    model_form_findings_init(&found);
    if (model_fill_open(&how, &x, &found, &e)) {
        say_refused(u, &found, &e);
    } else if (!draft && model_fill_draft_ms(x)) { /* REQ: a new one would take its place */
        model_fill_close(x);
        ui_say(u, "%s", _("A draft of it is kept: go on with that (its row above), or discard it there with x."));
    } else if (draft && !resume(u, x, &e)) {
        model_fill_close(x);
    } else {
        scr_form_close(u);
        u->form.fill = x;
        build(u);
        ui_over(u, scr_form_screen());
        scr_form_acts_next(u, 1);
    }
    model_form_findings_fini(&found);
}

void scr_form_close(struct ui *u)
{
    struct scr_form *s = &u->form;

    scr_form_edit_drop(u);
    model_fill_close(s->fill);
    list_fini(&s->list);
    arena_fini(&s->arena);
    mem_zero(s, sizeof *s);
    list_init(&s->list);
    arena_init(&s->arena, 1u << 20);
}

/* REQ: every change is kept as a draft before anybody can think that it is. Not at another patient's banner. */
void scr_form_keep(struct ui *u, const char *said)
{
    struct scr_form *s = &u->form;
    struct model_draft d;
    struct err e = ERR_NONE;

    if (s->filed)
        return;
    if (model_fill_draft(s->fill, u->chart.banner.chart, &d, &e)) {
        model_draft_fini(&d);
        ui_say_err(u, &e);
        return;
    }
    s->kept = true;
    ui_save_draft(u, &d, said);
}

static void left(struct ui *u)
{
    if (u->form.fill && u->form.kept && !u->form.filed)
        scr_form_keep(u, _("The draft is kept on this device: N leads back to it."));
    scr_form_close(u);
}

/* --- the screen ------------------------------------------------------------------------------------ */

static void paint(struct ui *u)
{
    struct scr_form *s = &u->form;
    struct text title, more;
    unsigned n, m;
    struct arena a;

    arena_init(&a, 65536);
    scr_chart_banner(u);
    list_pages(&s->list, &n, &m);
    title = model_form_title(scr_form_engine(u), &a);
    more = scr_form_left_words(u, title, &a);
    if (title.cols + more.cols + SCR_FORM_PAGE_COLS <= tty_columns(u->tty))
        ui_paint_title(u, title, more, n, m);
    else
        ui_paint_title(u, more, text_own(""), n, m);
    arena_fini(&a);
    u->chart.mixed = false;
    if (!scr_chart_own(u, model_fill_chart(s->fill)))
        list_forget(&s->list);
    else if (s->list.failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this form: NOT SHOWN.")), tty_columns(u->tty),
                TTY_PLAIN);
    else
        list_paint(&s->list, u->tty, UI_BODY);
    scr_form_edit_painted(u);
}

static void answer(struct ui *u)
{
    scr_form_edit_answer(u, 0);
}

const struct screen *scr_form_screen(void)
{
    static const struct screen screen = {.where = ON_FORM, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = answer, .back = ui_under, .left = left};

    return &screen;
}
