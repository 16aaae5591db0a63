/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What one key does to a row of a form: another instance, one less, the next unit, yes or no; the next open question.
 */
#include "config.h"

#include "base/intl.h"
#include "ui/priv.h"

typedef int action(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e);

static void act(struct ui *u, action *what)
{
    form_key key = scr_form_edit_here(u);
    struct form_reply r = {0};
    struct arena a;
    struct err e = ERR_NONE;

    if (key == FORM_NO_KEY)
        return;
    arena_init(&a, 4u << 20);
    if (what(scr_form_engine(u), key, &a, &r, &e))
        ui_say_err(u, &e);
    else
        scr_form_edit_took(u, r.key != FORM_NO_KEY ? r.key : key, &r);
    arena_fini(&a);
}

void scr_form_acts_add(struct ui *u, int arg)
{
    (void)arg;
    act(u, model_form_add);
}

void scr_form_acts_remove(struct ui *u, int arg)
{
    (void)arg;
    act(u, model_form_remove);
}

static int next_unit(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e)
{
    return model_form_unit(f, key, 1, a, out, e);
}

void scr_form_acts_unit(struct ui *u, int arg)
{
    (void)arg;
    act(u, next_unit);
}

static int put_yes(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e)
{
    return model_form_put(f, key, STR("true"), FORM_MEANT, a, out, e);
}

static int put_no(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e)
{
    return model_form_put(f, key, STR("false"), FORM_MEANT, a, out, e);
}

void scr_form_acts_truth(struct ui *u, int yes)
{
    struct form_row r;
    struct arena a;
    form_key key = scr_form_key(u);
    bool is;

    arena_init(&a, 4u << 20);
    is = key != FORM_NO_KEY && scr_form_edit_row(u, key, &a, &r) && r.kind == FORM_BOOLEAN;
    arena_fini(&a);
    if (is)
        act(u, yes ? put_yes : put_no);
    else
        ui_say(u, "%s", _("y and n answer yes-or-no questions; Enter answers this one."));
}

/* To the next row that a person must still fill or look at. first: from the top, and nothing is said. */
void scr_form_acts_next(struct ui *u, int first)
{
    form_key key = model_form_next_open(scr_form_engine(u), first ? FORM_NO_KEY : scr_form_key(u));

    if (key == FORM_NO_KEY && !first)
        key = model_form_next_open(scr_form_engine(u), FORM_NO_KEY);
    if (key != FORM_NO_KEY)
        scr_form_changed(u, key);
    else if (!first)
        ui_say(u, "%s", _("Nothing is left to be answered."));
}

/* --- ^ ------------------------------------------------------------------------------------------------------ */

static void jump(struct ui *u)
{
    struct str typed = prompt_typed(u);
    form_key key = FORM_NO_KEY;
    unsigned n = model_form_jump(scr_form_engine(u), typed, &key, 1);

    prompt_close(u);
    if (!n)
        ui_say(u, "%s", _("No question here is called so."));
    else if (n > 1)
        ui_say(u, P_("%u question is called so; the first one.", "%u questions are called so; the first one.", n), n);
    if (n)
        scr_form_changed(u, key);
}

static const struct prompt_kind jump_kind = {.where = ON_PROMPT, .label = N_("To the question:"), .enter = jump};

void scr_form_acts_jump(struct ui *u, int arg)
{
    (void)arg;
    prompt_open(u, &jump_kind, (struct str){0});
}
