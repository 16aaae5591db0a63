/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The worklist: all patients kept here, filtered by what is typed after '/'. A window of the whole list is
 * in memory. What is shown changes by a key alone; what a sync brought is counted, and shown by R.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define NAME_COLS 28
#define BORN_COLS 18
#define SEX_COLS 7

static struct list *list(struct ui *u)
{
    return &u->work.list;
}

static const char *patient(const struct ui *u)
{
    (void)u;
    return UI_MANY;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void pad(struct buf *b, struct text s, unsigned cols)
{
    unsigned w = tty_cols((struct str){s.s, s.n});

    buf_add(b, s.s, s.n);
    while (w++ < cols)
        buf_addc(b, ' ');
    buf_addc(b, ' ');
}

/* One line when all of it fits its columns; else the whole name first, and the rest below it: a name is
 * never cut, for two patients may differ in its end. */
static void add_row(struct list *l, const struct model_patient *p, unsigned cols)
{
    struct buf b;
    struct text whole, none = {"", 0, 0};
    bool one = tty_cols((struct str){p->name.s, p->name.n}) <= NAME_COLS;

    buf_init(&b, 65536);
    if (one)
        pad(&b, p->name, NAME_COLS);
    pad(&b, p->born, BORN_COLS);
    pad(&b, p->sex, SEX_COLS);
    buf_add(&b, p->number.s, p->number.n);
    if (p->marks.n) {
        buf_adds(&b, "  ");
        buf_add(&b, p->marks.s, p->marks.n);
    }
    whole = text_safe(&l->arena, buf_str(&b), 0);
    if (b.failed || !whole.n)
        l->failed = true;
    if (one && tty_cols((struct str){whole.s, whole.n}) <= cols)
        list_add(l, whole, 0, none, cols);
    else if (one)
        list_add(l, none, 2, whole, cols);
    else
        list_add(l, p->name, 4, whole, cols);
    buf_fini(&b);
}

static void build(struct ui *u)
{
    struct scr_work *w = &u->work;

    list_clear(&w->list, ui_body_rows(u));
    for (unsigned i = 0; i < w->rows.n; i++)
        add_row(&w->list, &w->rows.rows[i], tty_columns(u->tty) - LIST_MARGIN);
    list_settle(&w->list);
}

/* --- the window ------------------------------------------------------------------------------- */

static unsigned window_rows(const struct ui *u)
{
    return ui_body_rows(u) * 6;
}

/* Reads rows from offset on; the old window stays in *old (which the caller drops). */
static bool fetch(struct ui *u, unsigned offset, struct model_worklist *old)
{
    struct scr_work *w = &u->work;
    struct model_worklist fresh;
    struct err e = ERR_NONE;

    memset(old, 0, sizeof *old);
    if (model_worklist(&u->model, (struct str){w->filter, w->filter_n}, offset, window_rows(u), &fresh, &e)) {
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

static bool same_row(const struct model_worklist *a, unsigned i, const struct model_worklist *b, unsigned k)
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
            l->top = k >= sel - top ? k - (sel - top) : 0;
            return true;
        }
    return false;
}

void scr_work_load(struct ui *u)
{
    struct scr_work *w = &u->work;
    struct model_worklist old;

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
    build(u);
    u->damage = true;
}

/* The window moves with the marker. The rows that both windows hold must be the same: else a sync has
 * changed the list meanwhile, and what is on the screen no longer counts as seen. */
static void slide_to(struct ui *u, unsigned offset, unsigned sel, unsigned top)
{
    struct scr_work *w = &u->work;
    struct list *l = &w->list;
    struct model_worklist old;
    unsigned from = l->painted + w->rows.offset, to = l->painted_end + w->rows.offset, was = w->rows.offset;
    unsigned old_sel = l->sel;
    bool same = true;

    if (!fetch(u, offset, &old))
        return;
    for (unsigned g = was; g < was + old.n; g++)
        if (g >= w->rows.offset && g < w->rows.offset + w->rows.n)
            same = same && same_row(&old, g - was, &w->rows, g - w->rows.offset);
    l->sel = old_sel;
    if (same || !keep(l, &old, &w->rows)) {
        l->sel = sel - w->rows.offset;
        l->top = top > w->rows.offset ? top - w->rows.offset : 0;
    }
    drop(u, &old);
    build(u);
    if (same && from >= w->rows.offset && to > from) {
        l->painted = from - w->rows.offset;
        l->painted_end = to - w->rows.offset;
    } else if (!same) {
        w->stale = true;
        ui_say(u, "%s", _("The list has changed meanwhile: look again."));
    }
}

void scr_work_slide(struct ui *u)
{
    struct scr_work *w = &u->work;
    unsigned h = ui_body_rows(u), sel, top;

    if (u->screen != scr_work_screen() || !w->loaded || !w->rows.n)
        return;
    sel = w->rows.offset + w->list.sel;
    top = w->rows.offset + w->list.top;
    if ((w->list.sel + 2 * h >= w->rows.n && w->rows.offset + w->rows.n < w->rows.total) ||
        (w->list.sel < 2 * h && w->rows.offset))
        slide_to(u, sel > 3 * h ? sel - 3 * h : 0, sel, top);
}

void scr_work_jump(struct ui *u, int to_end)
{
    struct scr_work *w = &u->work;
    unsigned size = window_rows(u), last = w->rows.total > size ? (unsigned)w->rows.total - size : 0;
    unsigned offset = to_end ? last : 0;
    struct model_worklist old;

    if (!w->loaded || offset == w->rows.offset || !fetch(u, offset, &old))
        return;
    drop(u, &old);
    w->list.sel = w->list.top = 0;
    build(u);
}

/* --- filter ----------------------------------------------------------------------------------- */

static void refilter(struct ui *u)
{
    struct scr_work *w = &u->work;
    struct model_worklist old;

    if (!fetch(u, 0, &old))
        return;
    drop(u, &old);
    w->list.sel = w->list.top = 0;
    w->chosen = false;
    w->shown_total = w->rows.total;
    w->fresh = 0;
    build(u);
}

void scr_work_find(struct ui *u, bool on)
{
    u->work.finding = on;
    u->work.chosen = false;
    if (!on && u->work.filter_n) {
        u->work.filter_n = 0;
        refilter(u);
    }
    u->damage = true;
}

void scr_work_type(struct ui *u, int key)
{
    struct scr_work *w = &u->work;
    char bytes[4];
    size_t n = keys_utf8(key, bytes);

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
    refilter(u);
}

/* REQ: with more than one match, Enter opens none of them by itself: the names may be the same. */
void scr_work_enter(struct ui *u)
{
    struct scr_work *w = &u->work;

    if (w->rows.total != 1 && !w->chosen) {
        w->finding = false;
        u->damage = true;
        if (w->rows.total > 1 && w->filter_n)
            ui_say(u, _("%lld patients match: move to the right one, then Enter."), (long long)w->rows.total);
        return;
    }
    if (!list_painted(&w->list)) {
        ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
        return;
    }
    u->screen->open(u);
}

/* --- what a sync brought ---------------------------------------------------------------------- */

void scr_work_count(struct ui *u, bool now)
{
    struct scr_work *w = &u->work;
    struct model_worklist one;
    int64_t t = clock_boot_ms(u->clock);

    if (!u->open || !w->loaded || (!now && t - w->counted_ms < 5000))
        return;
    w->counted_ms = t;
    if (model_worklist(&u->model, (struct str){w->filter, w->filter_n}, 0, 1, &one, NULL))
        return;
    w->fresh = one.total - w->shown_total;
    model_worklist_fini(&one);
    u->damage = true;
}

void scr_work_fini(struct ui *u)
{
    struct scr_work *w = &u->work;

    if (w->loaded)
        model_worklist_fini(&w->rows);
    list_fini(&w->list);
    memset(w, 0, sizeof *w);
    list_init(&w->list);
}

/* --- paint ------------------------------------------------------------------------------------ */

static void paint_head(struct ui *u, struct arena *a)
{
    struct scr_work *w = &u->work;
    unsigned cols = tty_columns(u->tty), h = ui_body_rows(u), top = w->rows.offset + w->list.top;
    unsigned pages = w->rows.total > h ? (unsigned)((w->rows.total + h - 1) / h) : 1, page = (top + h - 1) / h + 1;
    struct text filter = text_safe(a, (struct str){w->filter, w->filter_n}, 0), head;
    struct buf b;

    tty_put(u->tty, 0, 0, text_safe(a, str_of(arena_fmt(a, P_("PATIENTS  %lld kept here", "PATIENTS  %lld kept here", w->rows.kept),
                                                        (long long)w->rows.kept)), 0), cols, TTY_PLAIN);
    if (w->filter_n)
        tty_put(u->tty, 1, 0, text_safe(a, str_of(arena_fmt(a, P_("%lld matches \"%s\"", "%lld match \"%s\"", w->rows.total),
                                                            (long long)w->rows.total, filter.s)), 0), cols, TTY_PLAIN);
    buf_init(&b, 4096);
    buf_adds(&b, "  ");
    pad(&b, text_own(_("Name")), NAME_COLS);
    pad(&b, text_own(_("Born")), BORN_COLS);
    pad(&b, text_own(_("Sex")), SEX_COLS);
    buf_adds(&b, _("Number"));
    head = text_safe(a, buf_str(&b), 0);
    buf_fini(&b);
    if (page > pages || (list_at_end(&w->list) && w->rows.offset + w->rows.n >= w->rows.total))
        page = pages;
    ui_paint_title(u, head, (struct text){"", 0, 0}, page, pages);
}

static void paint(struct ui *u)
{
    struct scr_work *w = &u->work;
    struct arena a;

    arena_init(&a, 65536);
    paint_head(u, &a);
    if (w->list.failed)
        tty_put(u->tty, UI_BODY, 0, text_own(_("No memory for the list.")), tty_columns(u->tty), TTY_PLAIN);
    else if (w->loaded && !w->rows.n) {
        struct str rest = {w->rows.empty.s, w->rows.empty.n};
        unsigned row = UI_BODY;

        while (rest.n && row < UI_BODY + ui_body_rows(u)) {
            struct str line = tty_wrap(&rest, tty_columns(u->tty) - LIST_MARGIN);

            tty_put(u->tty, row++, LIST_MARGIN, text_safe(&a, line, 0), tty_columns(u->tty), TTY_PLAIN);
        }
        tty_cursor(u->tty, UI_BODY, LIST_MARGIN);
    } else {
        list_paint(&w->list, u->tty, UI_BODY);
    }
    arena_fini(&a);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void open_chart(struct ui *u)
{
    struct scr_work *w = &u->work;

    if (w->list.sel < w->rows.n && scr_chart_open(u, w->rows.rows[w->list.sel].chart))
        w->finding = false;
}

static void back(struct ui *u)
{
    if (u->work.filter_n) {
        scr_work_find(u, false);
    } else {
        u->asking = true;
        u->asked = false;
    }
}

const struct screen *scr_work_screen(void)
{
    static const struct screen screen = {ON_WORKLIST, list, patient, build, paint, open_chart, back, scr_work_load};

    return &screen;
}
