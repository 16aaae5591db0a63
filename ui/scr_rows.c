/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A list of rows from many sections, of which a window is in memory: the timeline, and what a search found.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define WINDOW_PAGES 6
#define MARGIN_PAGES 2 /* from the window's end: then it slides */

static unsigned total(const struct scr_rows *r)
{
    return r->refs ? (unsigned)r->refs->refs.n : 0;
}

static bool more(const struct scr_rows *r)
{
    return r->loaded && r->w.from + r->w.n < total(r);
}

/* Of the screen that is shown. */
static struct scr_rows *shown(const struct ui *u)
{
    return (struct scr_rows *)u->screen->list((struct ui *)(uintptr_t)u);
}

void scr_rows_build(struct ui *u, struct scr_rows *r)
{
    unsigned h = ui_body_rows(u), cols = tty_columns(u->tty) - LIST_MARGIN;

    list_clear(&r->list, h);
    r->list.base = r->w.from;
    r->list.phase = (h - r->w.from % h) % h;
    for (unsigned i = 0; i < r->w.n; i++) {
        const struct model_row *row = &r->w.rows[i];
        struct text body = scr_chart_rows_words(&r->list.arena, row);

        if (row->text.n && !body.n)
            r->list.failed = true;
        list_add(&r->list, row->date, row->date.cols + 2, body, cols);
        if (row->abnormal || row->counts_as == MODEL_COUNTS_FORBIDDEN)
            list_look(&r->list, TTY_ABNORMAL);
    }
    list_settle(&r->list);
}

/* Reads the window that begins at from; sel and top count from the whole list's start. */
static bool fetch(struct ui *u, struct scr_rows *r, unsigned from, unsigned sel, unsigned top)
{
    struct model_window fresh;
    struct err e = ERR_NONE;

    if (model_refs_window(&u->model, r->refs, from, ui_body_rows(u) * WINDOW_PAGES, &fresh, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    if (r->loaded)
        model_window_fini(&r->w);
    r->loaded = true;
    r->w = fresh;
    r->list.sel = sel > r->w.from ? sel - r->w.from : 0;
    r->list.top = top > r->w.from ? top - r->w.from : 0;
    scr_rows_build(u, r);
    return true;
}

bool scr_rows_show(struct ui *u, struct scr_rows *r, const struct model_refs *refs, unsigned sel, unsigned above)
{
    unsigned h = ui_body_rows(u);

    r->refs = refs;
    if (sel >= total(r))
        sel = total(r) ? total(r) - 1 : 0;
    return fetch(u, r, sel > 3 * h ? sel - 3 * h : 0, sel, sel > above ? sel - above : 0);
}

void scr_rows_slide(struct ui *u)
{
    struct scr_rows *r = shown(u);
    struct list *l = &r->list, was = *l;
    unsigned h = ui_body_rows(u), sel = r->w.from + l->sel, top = r->w.from + l->top;

    if (!r->loaded ||
        !((l->sel + MARGIN_PAGES * h >= r->w.n && more(r)) || (l->sel < MARGIN_PAGES * h && r->w.from)))
        return;
    if (fetch(u, r, sel > 3 * h ? sel - 3 * h : 0, sel, top)) /* the rows that refs names, in another window */
        list_slid(l, &was);
}

void scr_rows_edited(struct ui *u)
{
    struct scr_rows *r = shown(u);

    if (r->loaded && (u->screen->patient(u) == ui_many(u) || scr_chart_fresh(u)))
        fetch(u, r, r->w.from, r->w.from + r->list.sel, r->w.from + r->list.top);
}

void scr_rows_jump(struct ui *u, int to_end)
{
    struct scr_rows *r = shown(u);
    unsigned size = ui_body_rows(u) * WINDOW_PAGES, last = total(r) > size ? total(r) - size : 0;

    if (r->loaded && (to_end ? last : 0) != r->w.from)
        fetch(u, r, to_end ? last : 0, to_end ? total(r) - 1 : 0, to_end ? last : 0);
}

bool scr_rows_turn_to(struct ui *u, unsigned at)
{
    struct scr_rows *r = shown(u);

    if (!r->loaded || at >= total(r))
        return false;
    scr_rows_show(u, r, r->refs, at, 0);
    return true;
}

bool scr_rows_more(const struct ui *u)
{
    return more(shown(u));
}

void scr_rows_pages(const struct scr_rows *r, unsigned *n, unsigned *m)
{
    list_pages_of(&r->list, total(r), more(r), n, m);
}

const struct model_row *scr_rows_at(const struct scr_rows *r)
{
    return r->loaded && r->list.sel < r->w.n ? &r->w.rows[r->list.sel] : NULL;
}

void scr_rows_close(struct scr_rows *r)
{
    if (r->loaded)
        model_window_fini(&r->w);
    list_fini(&r->list);
    memset(r, 0, sizeof *r);
    list_init(&r->list);
}
