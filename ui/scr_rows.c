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

void scr_rows_build(struct ui *u, struct scr_rows *r)
{
    unsigned h = ui_body_rows(u), cols = tty_columns(u->tty) - LIST_MARGIN;

    list_clear(&r->list, h);
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

void scr_rows_slide(struct ui *u, struct scr_rows *r)
{
    struct list *l = &r->list;
    unsigned h = ui_body_rows(u), was = r->w.from, sel = was + l->sel, top = was + l->top;
    unsigned from = was + l->painted, to = was + l->painted_end;
    unsigned shown_top = was + l->shown_top, shown_sel = was + l->shown_sel;
    bool shown = l->shown, below = was + r->w.n < total(r);

    if (!r->loaded || !((l->sel + MARGIN_PAGES * h >= r->w.n && below) || (l->sel < MARGIN_PAGES * h && was)))
        return;
    if (!fetch(u, r, sel > 3 * h ? sel - 3 * h : 0, sel, top) || from < r->w.from)
        return;
    /* The rows are the same, in another window: what is on the screen is still seen. */
    l->painted = from - r->w.from;
    l->painted_end = to - r->w.from;
    l->shown = shown && shown_top >= r->w.from;
    l->shown_top = shown_top - r->w.from;
    l->shown_sel = shown_sel - r->w.from;
}

void scr_rows_jump(struct ui *u, struct scr_rows *r, int to_end)
{
    unsigned size = ui_body_rows(u) * WINDOW_PAGES, last = total(r) > size ? total(r) - size : 0;

    if (r->loaded && (to_end ? last : 0) != r->w.from)
        fetch(u, r, to_end ? last : 0, to_end ? total(r) - 1 : 0, to_end ? last : 0);
}

bool scr_rows_more(const struct scr_rows *r)
{
    return r->loaded && r->w.from + r->w.n < total(r);
}

/* Pages are counted in rows; where rows need more lines than one, there are more of them. */
void scr_rows_pages(const struct ui *u, const struct scr_rows *r, unsigned *n, unsigned *m)
{
    unsigned h = ui_body_rows(u), top = r->w.from + r->list.top;

    *m = total(r) > h ? (total(r) + h - 1) / h : 1;
    *n = (top + h - 1) / h + 1;
    if (list_at_end(&r->list) && !scr_rows_more(r)) {
        *m = *n > *m ? *n : *m;
        *n = *m;
    } else if (*n >= *m) {
        *m = *n + 1;
    }
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
