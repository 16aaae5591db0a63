/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What screens with a plot share: the plot above, what is to be said of it, and below the list of all its values, which
 * says the same in words and is what a screen reader reads.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "ui/priv.h"

#define VALUES_ROWS 5 /* of the list, at least, under a plot */

/* All that is said, as lines; more of it than a third of the page goes behind the values. */
static void wrap_notes(struct scr_plot *p, const struct text *said, unsigned n, unsigned cols, unsigned most)
{
    struct str rest;
    struct buf b;

    buf_init(&b, LIMIT_TEXT_CELL);
    for (unsigned i = 0; i < n; i++) {
        buf_adds(&b, i ? ". " : "");
        buf_add(&b, said[i].s, said[i].n);
    }
    buf_adds(&b, b.n ? "." : "");
    rest = buf_str(&b);
    p->failed = b.failed;
    p->notes_n = 0;
    while (rest.n && p->notes_n < most && p->notes_n < SCR_PLOT_NOTES)
        p->notes[p->notes_n++] = text_safe(&p->arena, tty_wrap(&rest, cols), 0);
    p->notes_below = rest.n > 0;
    if (p->notes_below) /* REQ: what is said is not cut: all of it stands behind the values */
        p->notes_n = 0;
    buf_fini(&b);
}

void scr_plot_begin(struct ui *u, struct scr_plot *p, const struct text *said, unsigned n,
                    int (*draw)(struct ui *u, unsigned width, unsigned height, struct arena *a, struct text **lines,
                                unsigned *lines_n))
{
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN, rows = ui_body_rows(u), room;

    scr_chart_screen()->build(u);
    arena_fini(&p->arena);
    arena_init(&p->arena, 16u << 20);
    wrap_notes(p, said, n, cols, rows / 3);
    room = rows - p->notes_n;
    p->plot_n = 0;
    if (draw(u, cols, room > VALUES_ROWS ? room - VALUES_ROWS : 0, &p->arena, &p->plot, &p->plot_n))
        p->failed = true;
    list_clear(&p->list, room - p->plot_n);
}

void scr_plot_end(struct ui *u, struct scr_plot *p, const struct text *said, unsigned n)
{
    struct text none = {"", 0, 0};

    for (unsigned i = 0; p->notes_below && i < n; i++)
        list_add(&p->list, none, 0, said[i], tty_columns(u->tty) - LIST_MARGIN);
    list_settle(&p->list);
}

void scr_plot_paint(struct ui *u, struct scr_plot *p)
{
    unsigned row = UI_BODY;

    if (p->list.failed || p->failed) {
        tty_put(u->tty, row, LIST_MARGIN, text_own(_("No memory for this row: NOT SHOWN.")), tty_columns(u->tty),
                TTY_PLAIN);
        return;
    }
    for (unsigned i = 0; i < p->plot_n; i++)
        tty_put(u->tty, row++, LIST_MARGIN, p->plot[i], tty_columns(u->tty), TTY_PLAIN);
    for (unsigned i = 0; i < p->notes_n; i++)
        tty_put(u->tty, row++, LIST_MARGIN, p->notes[i], tty_columns(u->tty), TTY_PLAIN);
    list_paint(&p->list, u->tty, row);
}

void scr_plot_fini(struct scr_plot *p)
{
    arena_fini(&p->arena);
    list_fini(&p->list);
}
