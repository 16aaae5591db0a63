/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding a patient: what is typed after '/' filters the worklist as it is typed. All patients kept
 * here are searched, not those on the screen.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

void scr_find_on(struct ui *u, bool on)
{
    u->work.finding = on;
    u->work.chosen = false;
    u->work.replace = on; /* the old text stands there until something is typed */
    if (!on && u->work.filter_n) {
        u->work.filter_n = 0;
        u->work.due = true;
    }
    u->damage = true;
}

void scr_find_type(struct ui *u, int key)
{
    struct scr_work *w = &u->work;
    char bytes[4];
    size_t n = keys_utf8(key, bytes);

    if (n && w->replace)
        w->filter_n = 0;
    w->replace = false;
    if (key == KEYS_BACKSPACE) {
        if (!w->filter_n) {
            w->finding = false;
            return;
        }
        while (w->filter_n && ((unsigned char)w->filter[--w->filter_n] & 0xc0) == 0x80)
            ;
    } else if (key == 'U' - '@') {
        w->filter_n = 0;
    } else if (n && key < KEYS_BYTE && w->filter_n + n <= sizeof w->filter) {
        memcpy(w->filter + w->filter_n, bytes, n);
        w->filter_n += n;
    } else {
        return;
    }
    w->due = true;
}

/* REQ: with more than one match, Enter opens none of them by itself: the names may be the same. */
void scr_find_enter(struct ui *u)
{
    struct scr_work *w = &u->work;

    if (w->rows.total != 1 && !w->chosen) {
        w->finding = false;
        u->damage = true;
        if (w->rows.total > 1 && w->filter_n)
            ui_say(u, _("%lld patients match: move to the right one, then Enter."),
                   (long long)w->rows.total);
        return;
    }
    if (!list_painted(&w->list)) {
        ui_say(u, "%s",
               _("Not opened: that row was not on the screen yet. Look, then Enter again."));
        return;
    }
    u->screen->open(u);
}
