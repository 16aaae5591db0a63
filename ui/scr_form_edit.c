/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answering: Enter opens the prompt for the row at the marker, what is typed there is read by the form's engine, and
 * the next question follows. What has two readings is asked back. Keys that were typed before a question that nobody
 * could expect was on the screen are dropped, never taken for its answer.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/mem.h"
#include "ui/priv.h"

#define SAID_COLS 155 /* of options in the two rows above the prompt; more of them have a page of their own */
#define SAID_OPTIONS 9
#define UNIT_COLS 16

static void answered(struct ui *u);
static void chosen(struct ui *u);

static const char *label(const struct ui *u)
{
    return u->form.label;
}

static const struct prompt_kind answer_kind = {.where = ON_ANSWER, .name = label, .enter = answered};
static const struct prompt_kind reading_kind = {.where = ON_ANSWER, .name = label, .enter = chosen};

/* --- what one may do to a row ------------------------------------------------------------------------ */

bool scr_form_edit_row(struct ui *u, form_key key, struct arena *a, struct form_row *out)
{
    struct err e = ERR_NONE;

    if (!model_form_row(scr_form_engine(u), key, a, out, &e))
        return true;
    ui_say_err(u, &e);
    return false;
}

static bool same_patient(struct ui *u)
{
    if (!strcmp(u->chart.banner.chart, model_fill_chart(u->form.fill)))
        return true;
    ui_say(u, "%s", _("NOT TAKEN: this form is another patient's."));
    return false;
}

/* The row at the marker, when it was on the screen and is this patient's. */
form_key scr_form_edit_here(struct ui *u)
{
    form_key key = scr_form_key(u);

    if (!same_patient(u))
        return FORM_NO_KEY;
    if (list_painted(&u->form.list) && key != FORM_NO_KEY)
        return key;
    ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
    return FORM_NO_KEY;
}

/* What an action came to, on the screen and as a draft. True: it was taken. */
bool scr_form_edit_took(struct ui *u, form_key key, const struct form_reply *r)
{
    if (r->said == FORM_REFUSED) {
        ui_say(u, "%s", r->words.s);
        return false;
    }
    scr_form_changed(u, key);
    scr_form_keep(u, NULL);
    return true;
}

/* --- the prompt ---------------------------------------------------------------------------------------- */

void scr_form_edit_drop(struct ui *u)
{
    if (prompt_is(u, &answer_kind) || prompt_is(u, &reading_kind))
        prompt_close(u);
    u->form.at = FORM_NO_KEY;
}

void scr_form_edit_painted(struct ui *u)
{
    u->form.deaf = false;
}

bool scr_form_edit_deaf(struct ui *u)
{
    if (!u->form.deaf || u->screen != scr_form_screen())
        return false;
    ui_say(u, "%s", _("Not taken: it was typed before the question was on the screen."));
    return true;
}

/* All options in the rows above the prompt; false: they need a page. */
static bool say_options(struct ui *u, form_key key, struct arena *a)
{
    struct form_options l;
    struct buf b;
    bool fit;

    if (model_form_options(scr_form_engine(u), key, STR(""), 0, SAID_OPTIONS + 1, a, &l, NULL))
        return false;
    if (l.here != FORM_ALL_HERE) {
        ui_say(u, "%s", l.why.s);
        return true;
    }
    buf_init(&b, 4096);
    for (unsigned i = 0; i < l.n; i++)
        buf_addf(&b, "%s%u %s", i ? "  " : "", l.v[i].number, l.v[i].words.s);
    fit = !b.failed && l.total <= SAID_OPTIONS && tty_cols(buf_str(&b)) <= SAID_COLS;
    if (fit)
        ui_say(u, "%.*s", (int)b.n, b.p ? b.p : "");
    buf_fini(&b);
    return fit;
}

static void set_label(struct ui *u, const struct form_row *r)
{
    bool options = r->options && r->kind != FORM_BOOLEAN;
    const char *unit = r->unit_list.n && r->unit_list.cols <= UNIT_COLS && !options ? r->unit_list.s : "";

    snprintf(u->form.label, sizeof u->form.label, _("%s%s(Enter takes, Esc leaves):"), unit, *unit ? " " : "");
    if (!options && (r->limits.n || r->hint.n || (r->unit_list.n && !*unit)))
        ui_say(u, "%s%s%s%s%s", !*unit ? r->unit_list.s : "", !*unit && r->unit_list.n ? "; " : "",
               r->unit_list.n ? "" : r->hint.s, !r->unit_list.n && r->hint.n && r->limits.n ? "; " : "", r->limits.s);
    else if (!options)
        u->message[0] = '\0';
}

/* Opens it for a row; list: a question with many options may open the page of its options. */
static void ask(struct ui *u, form_key key)
{
    struct form_row r;
    struct arena a;
    bool page = false;

    arena_init(&a, 4u << 20);
    if (!scr_form_edit_row(u, key, &a, &r)) {
        arena_fini(&a);
        return;
    }
    if (!r.question)
        ui_say(u, "%s", r.help.n ? r.help.s : _("There is nothing to answer in this row."));
    else if (r.read_only)
        ui_say(u, "%s", _("This is computed, and cannot be typed."));
    else if (r.kind == FORM_ATTACHMENT)
        ui_say(u, "%s", _("A file cannot be put in yet."));
    else if (r.raw.n > PROMPT_MAX || r.typed.n > PROMPT_MAX)
        ui_say(u, "%s", _("What stands here is longer than this line: it can be taken away (-), not changed."));
    else if (r.options && r.kind != FORM_BOOLEAN && !say_options(u, key, &a))
        page = true;
    else {
        u->form.at = key;
        set_label(u, &r);
        prompt_open(u, &answer_kind, (struct str){r.typed.s, r.typed.n});
    }
    arena_fini(&a);
    if (page)
        scr_options_open(u, key);
}

void scr_form_edit_answer(struct ui *u, int arg)
{
    form_key key = scr_form_edit_here(u);

    (void)arg;
    if (key != FORM_NO_KEY)
        ask(u, key);
}

/* The next question below, in the prompt at once; where the last one's answer changed rows, deaf until it is seen. */
static void go_on(struct ui *u, form_key from, bool same_rows)
{
    struct form *f = scr_form_engine(u);
    int at = model_form_index(f, from);
    struct form_row r = {.question = false};
    struct arena a;
    form_key key = FORM_NO_KEY;
    unsigned top = u->form.list.top;

    for (unsigned i = (unsigned)(at + 1); at >= 0 && i < model_form_rows(f) && key == FORM_NO_KEY; i++) {
        arena_init(&a, 4u << 20);
        if (!model_form_row(f, model_form_at(f, i), &a, &r, NULL) && r.question && !r.read_only)
            key = model_form_at(f, i);
        arena_fini(&a);
    }
    prompt_close(u);
    if (key == FORM_NO_KEY)
        return;
    list_select(&u->form.list, (unsigned)model_form_index(f, key));
    u->form.deaf = !same_rows || top != u->form.list.top;
    if (!u->line)
        ask(u, key);
}

/* --- answers --------------------------------------------------------------------------------------------- */

static void ask_back(struct ui *u, const struct form_reply *r)
{
    struct scr_form *s = &u->form;
    struct buf b;

    arena_fini(&s->arena);
    arena_init(&s->arena, 1u << 20);
    buf_init(&b, 1024);
    buf_adds(&b, r->words.s);
    s->readings = 0;
    for (unsigned i = 0; i < r->n && i < FORM_READINGS; i++) {
        s->reading[i] = arena_str(&s->arena, r->reading[i].put);
        buf_addf(&b, "  %u = %s", i + 1, r->reading[i].words.s);
        s->readings++;
    }
    if (s->arena.failed)
        s->readings = 0;
    snprintf(s->label, sizeof s->label, "%s", _("Which number is meant (Enter takes, Esc leaves):"));
    prompt_open(u, &reading_kind, (struct str){0});
    ui_say(u, "%.*s", (int)b.n, b.p ? b.p : "");
    s->deaf = true; /* REQ: what was typed ahead chooses no reading */
    buf_fini(&b);
}

void scr_form_edit_put(struct ui *u, form_key key, struct str typed, unsigned how)
{
    struct form_reply r = {0};
    struct arena a;
    struct err e = ERR_NONE;

    if (!same_patient(u)) {
        prompt_close(u);
        return;
    }
    arena_init(&a, 8u << 20);
    if (model_form_put(scr_form_engine(u), key, typed, how, &a, &r, &e)) {
        prompt_close(u);
        ui_say_err(u, &e);
    } else if (r.said == FORM_ASKED) {
        ask_back(u, &r);
    } else if (scr_form_edit_took(u, key, &r)) {
        go_on(u, key, !r.more && !r.fewer); /* what it was read as stands in its row */
    }
    arena_fini(&a);
    u->damage = true;
}

static void answered(struct ui *u)
{
    form_key key = u->form.at;
    char typed[PROMPT_MAX];
    struct str s = prompt_typed(u);
    size_t n = s.n;

    if (u->prompt.fresh) { /* looked at, and it stands */
        if (!model_form_see(scr_form_engine(u), key, NULL))
            scr_form_changed(u, key);
        go_on(u, key, true);
        return;
    }
    memcpy(typed, s.p, n);
    scr_form_edit_put(u, key, (struct str){typed, n}, 0);
    mem_zero(typed, sizeof typed);
}

static void chosen(struct ui *u)
{
    struct scr_form *s = &u->form;
    int64_t n;

    if (str_int(prompt_typed(u), 1, s->readings, &n))
        scr_form_edit_put(u, s->at, s->reading[n - 1], FORM_MEANT);
    else
        ui_say(u, P_("Type 1, or Esc.", "Type a number from 1 to %u, or Esc.", s->readings), s->readings);
}
