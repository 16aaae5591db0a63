/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How the rows of a section lie on the page, and where somebody was in each section of the open chart.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "ui/priv.h"

#define DATE_COLS_MAX 24
#define ROW_BYTES                                                                                                      \
    (5u * LIMIT_RESOURCE_BYTES) /* no row of the model is longer: one long row must not hide its section */

struct text scr_chart_rows_words(struct arena *a, const struct model_row *r)
{
    struct buf b;
    struct text t;

    buf_init(&b, ROW_BYTES);
    buf_add(&b, r->text.s, r->text.n);
    for (unsigned i = 0; i < r->flags; i++) {
        buf_adds(&b, i ? ", " : "  [");
        buf_adds(&b, r->flag[i]);
    }
    if (r->flags)
        buf_adds(&b, "]");
    t = b.failed ? (struct text){"", 0, 0} : text_safe(a, buf_str(&b), 0);
    buf_fini(&b);
    return t;
}

bool scr_chart_rows_add(struct scr_chart *c, unsigned row, struct text lead, unsigned indent, struct text body,
                   unsigned cols)
{
    unsigned *at = vec_push(&c->items);

    if (!at || (c->rows.rows[row].text.n && !body.n))
        return false;
    *at = row;
    list_add(&c->list, lead, indent, body, cols);
    if (c->rows.rows[row].abnormal || c->rows.rows[row].counts_as == MODEL_COUNTS_FORBIDDEN)
        list_look(&c->list, TTY_ABNORMAL);
    return true;
}

const struct model_row *scr_chart_rows_at(const struct scr_chart *c, unsigned item)
{
    const unsigned *at = vec_at(&c->items, item);

    return at ? &c->rows.rows[*at] : NULL;
}

/* A line or more for each row of the section. */
void scr_chart_rows_build(struct ui *u)
{
    struct scr_chart *c = &u->chart;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN, wide = 0;

    for (unsigned i = 0; i < c->rows.n; i++) {
        unsigned w = tty_cols((struct str){c->rows.rows[i].date.s, c->rows.rows[i].date.n});

        if (w > wide && w <= DATE_COLS_MAX)
            wide = w;
    }
    for (unsigned i = 0; i < c->rows.n; i++) {
        const struct model_row *r = &c->rows.rows[i];

        if (!scr_chart_rows_add(c, i, r->date, wide ? wide + 1 : 0, scr_chart_rows_words(&c->list.arena, r), cols))
            c->list.failed = true;
    }
}

/* Where the marker and the page are, by the resources that they are on. */
void scr_chart_rows_remember(struct scr_chart *c)
{
    struct scr_place *p = &c->places[c->section];
    const struct model_row *sel = scr_chart_rows_at(c, c->list.sel);

    *p = (struct scr_place){.known = true, .sel = c->list.sel, .above = c->list.sel - c->list.top};
    if (!sel)
        return;
    snprintf(p->type, sizeof p->type, "%s", sel->type);
    snprintf(p->id, sizeof p->id, "%s", sel->id);
}

/* The marker goes to the resource it was on, wherever that stands now, as far down the page as it was. */
void scr_chart_rows_return(struct ui *u)
{
    struct scr_chart *c = &u->chart;
    const struct scr_place *p = &c->places[c->section];

    c->list.sel = p->known ? p->sel : 0;
    c->list.top = 0;
    scr_chart_screen()->build(u);
    for (unsigned i = 0; p->id[0] && i < c->list.items; i++) {
        const struct model_row *r = scr_chart_rows_at(c, i);

        if (!strcmp(r->id, p->id) && !strcmp(r->type, p->type)) {
            c->list.sel = i;
            break;
        }
    }
    c->list.top = c->list.sel > p->above ? c->list.sel - p->above : 0;
    list_settle(&c->list);
}

/* --- what lies below --------------------------------------------------------------------------- */

/* "ON HOLD: digoxin": what turns a medicine round goes with its name. */
static struct str named(const struct model_row *r)
{
    size_t n = r->name_at + r->name_n;
    bool in_force = r->counts_as && r->counts_as != MODEL_COUNTS_STOPPED;

    return in_force && n <= r->text.n ? (struct str){r->text.s, n} : (struct str){"", 0};
}

#define BELOW_COLS 28 /* names beyond these cost a page more than its 1,550 bytes */

const char *scr_chart_rows_below(const struct ui *u, unsigned cols, struct arena *a)
{
    const struct scr_chart *c = &u->chart;
    unsigned from, to, n = 0;
    const char *s = _("below: ");

    list_visible(&c->list, &from, &to);
    for (unsigned i = to; s && i < c->list.items; i++) {
        const struct model_row *r = scr_chart_rows_at(c, i);
        struct str name = r ? named(r) : (struct str){"", 0};
        const char *longer;

        if (!name.n)
            break;
        longer = arena_fmt(a, "%s%s%.*s", s, n ? ", " : "", STR_ARG(name));
        if (!longer || tty_cols(str_of(longer)) + 8 > cols) /* " +99999" */
            break;
        if (n && tty_cols(str_of(longer)) > BELOW_COLS)
            break;
        s = longer;
        n++;
    }
    to += n;
    if (n && s && to < c->list.items)
        s = arena_fmt(a, _("%s +%u"), s, c->list.items - to);
    return n && s ? s : _("+ more below");
}
