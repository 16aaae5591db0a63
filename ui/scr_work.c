/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The worklist: all patients kept here, filtered by what is typed after '/'. A window of the whole
 * list is in memory. What is shown changes by a key alone; what a sync brought is counted, and
 * shown by R.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->work.list;
}

/* --- the window ------------------------------------------------------------------------------- */

/* While a filter is typed, each character asks anew: for little more than the page. */
static unsigned window_rows(const struct ui *u)
{
    return ui_body_rows(u) * (scr_find_typing(u) ? 2 : 6);
}

/* Reads rows from offset on; the old window stays in *old (which the caller drops). */
static bool fetch(struct ui *u, unsigned offset, struct model_worklist *old)
{
    struct scr_work *w = &u->work;
    struct model_worklist fresh;
    struct err e = ERR_NONE;

    memset(old, 0, sizeof *old);
    if (model_read_scope(&u->model, &e) ||
        model_worklist_in(&u->model, &w->scope, (struct str){w->filter, w->filter_n}, offset, window_rows(u),
                          &fresh, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    if (w->loaded)
        *old = w->rows;
    w->rows = fresh;
    return true;
}

static void drop(struct ui *u, struct model_worklist *old)
{
    if (u->work.loaded)
        model_worklist_fini(old);
    u->work.loaded = true;
}

static bool same_row(const struct model_worklist *a, unsigned i, const struct model_worklist *b,
                     unsigned k)
{
    return i < a->n && k < b->n && !strcmp(a->rows[i].chart, b->rows[k].chart);
}

/* Puts the marker on the patient it was on; false when it is not in the window. */
static bool keep(struct list *l, const struct model_worklist *old, const struct model_worklist *now)
{
    unsigned sel = l->sel, top = l->top;

    for (unsigned k = 0; k < now->n; k++)
        if (same_row(old, sel, now, k)) {
            l->sel = k;
            l->top = k >= sel - top && (top || old->offset)
                         ? k - (sel - top)
                         : 0; /* the first page shows what is new on it */
            return true;
        }
    return false;
}

void scr_work_load(struct ui *u)
{
    struct scr_work *w = &u->work;
    struct model_worklist old;
    struct err e = ERR_NONE;

    if (!w->loaded && model_scope_default(&u->model, &w->scope, &e))
        ui_say_err(u, &e);
    if (!fetch(u, w->loaded ? w->rows.offset : 0, &old))
        return;
    if (!w->rows.n && w->rows.offset && w->rows.total) { /* the list became shorter than that */
        drop(u, &old);
        if (!fetch(u, 0, &old))
            return;
    }
    if (!w->loaded || !keep(&w->list, &old, &w->rows))
        w->list.sel = w->list.top = 0;
    drop(u, &old);
    w->shown_total = w->rows.total;
    w->fresh = 0;
    w->stale = false;
    scr_work_rows_build(u);
    u->damage = true;
}

/* The window moves with the marker. The rows that both windows hold must be the same: else a sync
 * has changed the list meanwhile, and what is on the screen no longer counts as seen. */
static void slide_to(struct ui *u, unsigned offset, unsigned sel, unsigned top)
{
    struct scr_work *w = &u->work;
    struct list *l = &w->list, seen = *l;
    struct model_worklist old;
    unsigned was = w->rows.offset;
    bool same = true;

    if (!fetch(u, offset, &old))
        return;
    for (unsigned g = was; g < was + old.n; g++)
        if (g >= w->rows.offset && g < w->rows.offset + w->rows.n)
            same = same && same_row(&old, g - was, &w->rows, g - w->rows.offset);
    if (same || !keep(l, &old, &w->rows)) {
        l->sel = sel - w->rows.offset;
        l->top = top > w->rows.offset ? top - w->rows.offset : 0;
    }
    drop(u, &old);
    scr_work_rows_build(u);
    if (same) {
        list_slid(l, &seen);
    } else {
        w->stale = true;
        ui_say(u, "%s", _("The list has changed meanwhile: look again."));
    }
}

static bool more(const struct ui *u)
{
    return u->work.rows.offset + u->work.rows.n < u->work.rows.total;
}

void scr_work_slide(struct ui *u)
{
    struct scr_work *w = &u->work;
    unsigned h = ui_body_rows(u), sel, top;

    if (!w->loaded || !w->rows.n)
        return;
    sel = w->rows.offset + w->list.sel;
    top = w->rows.offset + w->list.top;
    if ((w->list.sel + 2 * h >= w->rows.n && more(u)) ||
        (w->list.sel < 2 * h && w->rows.offset))
        slide_to(u, sel > 3 * h ? sel - 3 * h : 0, sel, top);
}

void scr_work_view(struct ui *u, const struct model_scope *scope)
{
    u->work.scope = *scope;
    u->work.filter_n = 0;
    u->work.due = true;
    u->work.stale = false;
    scr_work_refilter(u);
    list_forget(&u->work.list);
    u->damage = true;
}

static void jump(struct ui *u, int to_end)
{
    struct scr_work *w = &u->work;
    unsigned size = window_rows(u),
             last = w->rows.total > size ? (unsigned)w->rows.total - size : 0;
    unsigned offset = to_end ? last : 0;
    struct model_worklist old;

    if (!w->loaded || offset == w->rows.offset || !fetch(u, offset, &old))
        return;
    drop(u, &old);
    w->list.sel = w->list.top = 0;
    scr_work_rows_build(u);
}

bool scr_work_seek(struct ui *u, unsigned at, const char *chart)
{
    struct scr_work *w = &u->work;
    unsigned h = ui_body_rows(u), from = w->rows.offset, found = at;
    struct model_worklist old;

    if (!w->loaded || at >= w->rows.total)
        return false;
    if (at < from || at >= from + w->rows.n) {
        from = at > 3 * h ? at - 3 * h : 0;
        if (!fetch(u, from, &old))
            return false;
        drop(u, &old);
        w->list.sel = w->list.top = 0;
        scr_work_rows_build(u);
    }
    for (unsigned i = 0; chart && i < w->rows.n; i++)
        if (!strcmp(w->rows.rows[i].chart, chart))
            found = from + i;
    if (found - from >= w->rows.n || (chart && strcmp(w->rows.rows[found - from].chart, chart)))
        return false;
    if (!chart)
        list_turn_to(&w->list, list_line_of(&w->list, found - from));
    list_select(&w->list, found - from);
    w->chosen = true;
    u->damage = true;
    return true;
}

static bool turn_to(struct ui *u, unsigned at)
{
    return scr_work_seek(u, at, NULL);
}

/* The filter has changed: once for all the characters that were waiting, before the next paint or
 * command. */
void scr_work_refilter(struct ui *u)
{
    struct scr_work *w = &u->work;
    struct model_worklist old;

    if (!w->due)
        return;
    w->due = false;
    if (!fetch(u, 0, &old))
        return;
    drop(u, &old);
    w->list.sel = w->list.top = 0;
    w->chosen = false;
    w->shown_total = w->rows.total;
    w->fresh = 0;
    scr_work_rows_build(u);
}

void scr_work_count(struct ui *u, bool now)
{
    struct scr_work *w = &u->work;
    struct model_worklist one;
    int64_t t = clock_boot_ms(u->clock);

    if (!u->open || !w->loaded || (!now && t - w->counted_ms < 5000))
        return;
    w->counted_ms = t;
    if (model_worklist_in(&u->model, &w->scope, (struct str){w->filter, w->filter_n}, 0, 1, &one, NULL))
        return;
    w->fresh = one.total - w->shown_total;
    model_worklist_fini(&one);
    if (w->fresh > 0 && !w->shown_total && !w->filter_n) /* an empty list has nothing that could move under a key */
        scr_work_load(u);
    u->damage = true;
}

/* --- the end ------------------------------------------------------------------------------------ */

void scr_work_fini(struct ui *u)
{
    struct scr_work *w = &u->work;

    if (w->loaded)
        model_worklist_fini(&w->rows);
    list_fini(&w->list);
    memset(w, 0, sizeof *w);
    list_init(&w->list);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void open_chart(struct ui *u)
{
    struct scr_work *w = &u->work;

    if (w->list.sel < w->rows.n)
        scr_stop_open(u, w->rows.rows[w->list.sel].chart, scr_work_screen());
}

static void back(struct ui *u)
{
    if (u->work.filter_n)
        scr_find_drop(u);
    else
        ui_ask(u);
}

const struct screen *scr_work_screen(void)
{
    static const struct screen screen = {.where = ON_WORKLIST, .list = list, .patient = ui_many,
                                         .build = scr_work_rows_build, .paint = scr_work_rows_paint,
                                         .open = open_chart, .back = back, .reload = scr_work_load,
                                         .edited = scr_work_rows_edited, .steady = true,
                                         .several = numbers_turn_rows, .slide = scr_work_slide, .jump = jump,
                                         .turn_to = turn_to, .more = more};

    return &screen;
}
