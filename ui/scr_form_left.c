/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much of a form is answered, and how much must still be.
 */
#include "config.h"

#include "base/intl.h"
#include "ui/priv.h"

void scr_form_left_count(struct ui *u)
{
    struct form *f = scr_form_engine(u);
    struct form_problem *p;
    struct arena a;
    unsigned n = 0;

    u->form.asked = u->form.answered = 0;
    for (unsigned i = 0; i < model_form_rows(f); i++) {
        struct form_row r;

        arena_init(&a, 4u << 20);
        if (!model_form_row(f, model_form_at(f, i), &a, &r, NULL) && r.question && !r.read_only) {
            u->form.asked++;
            u->form.answered += r.value.n > 0;
        }
        arena_fini(&a);
    }
    u->form.left = model_form_unseen(f);
    arena_init(&a, 8u << 20);
    if (!model_form_problems(f, &a, &p, &n, NULL))
        for (unsigned i = 0; i < n; i++)
            u->form.left += p[i].grade == FORM_ERROR;
    arena_fini(&a);
}

/* REQ: how many are left is said, however long the form's title is; and nobody is told that all is answered who has
 * answered a part. */
struct text scr_form_left_words(const struct ui *u, struct text title, struct arena *a)
{
    const struct scr_form *s = &u->form;
    unsigned n = s->left, room = tty_columns(u->tty) - SCR_FORM_PAGE_COLS;
    const char *words = n ? arena_fmt(a, P_("%u question still to be answered",
                                            "%u questions still to be answered", n), n)
                        : !s->answered           ? _("nothing answered yet, nothing required")
                        : s->answered < s->asked ? arena_fmt(a, _("%u of %u answered, none required left: F files it"),
                                                             s->answered, s->asked)
                                                 : _("all answered: F files it");
    struct text t = text_safe(a, str_of(words ? words : ""), 0);

    if (title.cols + t.cols <= room)
        return t;
    return text_safe(a, str_of(n ? arena_fmt(a, _("%u to answer"), n)
                                 : arena_fmt(a, _("%u of %u: F files it"), s->answered, s->asked)), 0);
}
