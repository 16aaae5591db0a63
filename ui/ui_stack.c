/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which screen lies over which; and that none of them says of an edit what is so no more. The store counts what changes
 * the outbox, whoever does it; each screen of the stack has the number that it was read at, and is brought up to date
 * when it is shown with another one.
 */
#include "config.h"

#include "ui/priv.h"

/* --- edits -------------------------------------------------------------------------------------- */

static void look(struct ui *u)
{
    uint64_t n = u->open && u->model.store ? model_edits(&u->model) : u->edits;

    if (n != u->edits)
        u->chart.stale = u->chart.open;
    u->edits = n;
}

/* REQ: NOT SENT stands where something is not at the server, at once and without a key, and nowhere else. */
static void bring_up(struct ui *u)
{
    bool old = u->read != u->edits;

    u->read = u->edits;
    if (old && u->open && u->screen->edited)
        u->screen->edited(u);
}

void ui_stack_edits(struct ui *u)
{
    look(u);
    if (u->screen->steady)
        bring_up(u);
}

void ui_stack_turn(struct ui *u)
{
    if (u->open && u->sync.phase != MODEL_SYNC_RUNNING) /* its numbers cost bytes: with those of the last line */
        ui_stack_edits(u);
}

void ui_stack_reload(struct ui *u)
{
    look(u);
    u->read = u->edits;
    u->screen->reload(u);
    u->damage = true;
}

/* --- the stack ------------------------------------------------------------------------------------ */

static void show(struct ui *u, const struct screen *s)
{
    if (u->screen && u->screen->list)
        list_forget(u->screen->list(u));
    u->screen = s;
    prompt_close(u);
    if (s->list)
        list_forget(s->list(u));
    u->asking = false;
    u->damage = true;
}

static void leave(struct ui *u, const struct screen *s)
{
    if (s && s->left)
        s->left(u);
}

void ui_go(struct ui *u, const struct screen *s)
{
    const struct screen *was = u->screen;
    unsigned keep = was == s ? u->below_n : 0;
    uint64_t read = was == s ? u->read : u->edits; /* as of before it was read */

    look(u);
    for (unsigned i = 0; i < u->below_n; i++)
        if (u->below[i] == s) {
            keep = i;
            read = u->below_read[i];
        }
    show(u, s);
    while (u->below_n > keep)
        if (u->below[--u->below_n] != s)
            leave(u, u->below[u->below_n]);
    if (was != s)
        leave(u, was);
    u->read = read;
    if (was != s)
        bring_up(u);
}

/* REQ: a screen stands in the stack once: what it holds is one thing, and the caller has put something new there. */
static void take_out(struct ui *u, const struct screen *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < u->below_n; i++)
        if (u->below[i] != s) {
            u->below_read[n] = u->below_read[i];
            u->below[n++] = u->below[i];
        }
    u->below_n = n;
}

void ui_over(struct ui *u, const struct screen *s)
{
    if (u->screen == s) {
        ui_go(u, s);
        return;
    }
    take_out(u, s);
    u->below_read[u->below_n] = u->read;
    u->below[u->below_n++] = u->screen;
    show(u, s);
    u->read = u->edits; /* as of before it was read: at worst it is read once more */
}

const struct screen *ui_below(const struct ui *u)
{
    return u->below_n ? u->below[u->below_n - 1] : scr_work_screen();
}

void ui_under(struct ui *u)
{
    ui_go(u, ui_below(u));
}
