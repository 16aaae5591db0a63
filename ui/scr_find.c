/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding a patient: what is typed after '/' filters the worklist as it is typed. All patients kept
 * here are searched, not those on the screen.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "ui/priv.h"

static void changed(struct ui *u)
{
    struct scr_work *w = &u->work;
    struct str typed = prompt_typed(u);

    w->filter_n = typed.n;
    memcpy(w->filter, typed.p, typed.n);
    w->due = true;
}

static void again(struct ui *u, const void *what)
{
    struct scr_work *w = &u->work;
    const char *filter = what;

    if (u->screen != scr_work_screen())
        ui_go(u, scr_work_screen());
    w->filter_n = strlen(filter);
    memcpy(w->filter, filter, w->filter_n);
    w->due = true;
    u->damage = true;
}

void scr_find_drop(struct ui *u)
{
    char was[PROMPT_MAX + 1];

    memcpy(was, u->work.filter, u->work.filter_n);
    was[u->work.filter_n] = '\0';
    if (u->work.filter_n)
        marks_undo_keep(u, again, was, u->work.filter_n + 1);
    mem_zero(was, sizeof was);
    u->work.due = u->work.filter_n > 0;
    u->work.filter_n = 0;
    u->work.chosen = false;
    u->damage = true;
}

/* REQ: with more than one match, Enter opens none of them by itself: the names may be the same. */
static void enter(struct ui *u)
{
    struct scr_work *w = &u->work;

    if ((w->rows.total != 1 || !w->rows.n || w->rows.rows[0].by_home) && !w->chosen) {
        prompt_close(u);
        if (w->rows.total > 1 && w->filter_n)
            ui_say(u, _("%lld patients match: move to the right one, then Enter."),
                   (long long)w->rows.total);
        else if (w->rows.total == 1) /* REQ: of a home or a number that others share, nobody is opened unseen */
            ui_say(u, "%s", _("Found by home or phone alone: is it the right one? Then Enter."));
        return;
    }
    if (!list_painted(&w->list)) {
        ui_say(u, "%s",
               _("Not opened: that row was not on the screen yet. Look, then Enter again."));
        return;
    }
    u->screen->open(u);
}

static const struct prompt_kind finding = {.where = ON_FIND,
                                           .label = N_("Find:"),
                                           .changed = changed,
                                           .enter = enter,
                                           .cancelled = scr_find_drop};

void scr_find_open(struct ui *u)
{
    u->work.chosen = false;
    prompt_open(u, &finding, (struct str){u->work.filter, u->work.filter_n});
}

bool scr_find_typing(const struct ui *u)
{
    return prompt_is(u, &finding);
}

void scr_find_keep(struct ui *u)
{
    if (scr_find_typing(u))
        prompt_close(u);
}
