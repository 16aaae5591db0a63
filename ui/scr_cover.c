/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How the cover lies on a page: six panes, as many rows of each as the window has room for.
 */
#include "config.h"

#include "ui/priv.h"

struct page {
    unsigned *lines; /* that each row takes */
    bool *shown;
    struct model_hidden hidden[MODEL_PANES];
};

/* A heading stands at the margin, its rows two columns behind it, each with its day. */
static bool add(struct ui *u, unsigned i, struct model_hidden hidden)
{
    struct scr_chart *c = &u->chart;
    struct model_row row = c->rows.rows[i], *r = &row;
    struct arena *a = &c->list.arena;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;
    struct text lead = r->date.n ? text_safe(a, str_of(arena_fmt(a, "  %s", r->date.s)), 0) : r->date;

    if (r->brief.n && !u->line) /* lines that scroll by have room for all of it */
        r->text = r->brief;
    return scr_chart_rows_add(c, i, lead, r->heading ? 0 : lead.cols + 2,
                         r->heading ? model_heading_words(a, r, hidden) : scr_chart_rows_words(a, r), cols);
}

/* Every row once, to see how many lines it takes; a heading as if rows of its pane were hidden. */
static bool measure(struct ui *u, struct page *p)
{
    struct scr_chart *c = &u->chart;
    struct list kept = c->list;
    bool fine = true;

    list_init(&c->list);
    for (unsigned i = 0; i < c->rows.n; i++)
        fine = add(u, i, (struct model_hidden){10 * c->rows.rows[i].heading, 10 * c->rows.rows[i].heading}) && fine;
    for (unsigned i = 0; i < c->rows.n && fine; i++)
        p->lines[i] = list_line_of(&c->list, i + 1) - list_line_of(&c->list, i);
    fine = fine && !c->list.failed;
    list_fini(&c->list);
    c->list = kept;
    c->items.n = 0;
    return fine;
}

void scr_cover_build(struct ui *u)
{
    struct scr_chart *c = &u->chart;
    struct arena a;
    struct page p = {0};

    arena_init(&a, 1u << 20);
    p.lines = arena_alloc(&a, (c->rows.n + 1) * sizeof *p.lines);
    p.shown = arena_alloc(&a, (c->rows.n + 1) * sizeof *p.shown);
    if (!p.lines || !p.shown || !measure(u, &p)) {
        c->list.failed = true;
    } else {
        model_cover_fit(&c->rows, p.lines, ui_body_rows(u), p.shown, p.hidden);
        for (unsigned i = 0; i < c->rows.n; i++)
            if (p.shown[i] && !add(u, i, p.hidden[c->rows.rows[i].pane]))
                c->list.failed = true;
    }
    arena_fini(&a);
}
