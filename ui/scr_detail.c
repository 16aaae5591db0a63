/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One row in full: its words, its codes, the resource as it was received.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->detail.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static void build(struct ui *u)
{
    struct scr_detail *d = &u->detail;
    struct text none = {"", 0, 0};

    scr_chart_screen()->build(u);
    list_clear(&d->list, ui_body_rows(u));
    d->list.plain = true;
    for (unsigned i = 0; i < d->d.n; i++)
        list_add(&d->list, none, 0, d->d.lines[i], tty_columns(u->tty) - LIST_MARGIN);
    list_settle(&d->list);
}

bool scr_detail_open(struct ui *u, const char *type, const char *id)
{
    struct model_detail fresh;
    struct {
        char type[64], id[80];
    } row;
    struct err e = ERR_NONE;

    snprintf(row.type, sizeof row.type, "%s", type); /* they may be part of what is dropped here */
    snprintf(row.id, sizeof row.id, "%s", id);
    if (!scr_chart_fresh(u))
        return false;
    if (model_detail(&u->model, str_of(u->chart.chart), str_of(row.type), str_of(row.id), &fresh, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    scr_detail_close(u);
    u->detail.d = fresh;
    memcpy(u->detail.type, row.type, sizeof row.type);
    memcpy(u->detail.id, row.id, sizeof row.id);
    u->detail.loaded = true;
    build(u);
    ui_over(u, scr_detail_screen());
    return true;
}

void scr_detail_close(struct ui *u)
{
    struct scr_detail *d = &u->detail;

    if (d->loaded)
        model_detail_fini(&d->d);
    list_fini(&d->list);
    memset(d, 0, sizeof *d);
    list_init(&d->list);
}

void scr_detail_part(struct ui *u, int part)
{
    struct list *l = &u->detail.list;
    unsigned at = part == 2 ? u->detail.d.raw_at : part == 1 ? u->detail.d.codes_at : 0;

    l->top = at < l->items ? at : l->top;
    l->skip = 0;
    list_select(l, at);
}

static void paint(struct ui *u)
{
    struct scr_detail *d = &u->detail;
    unsigned n, m;

    scr_chart_banner(u);
    list_pages(&d->list, &n, &m);
    ui_paint_title(u, d->d.title, (struct text){"", 0, 0}, n, m);
    u->chart.mixed = false;
    if (!scr_chart_own(u, d->d.chart))
        list_forget(&d->list);
    else if (d->list.failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this row: NOT SHOWN.")),
                tty_columns(u->tty), TTY_PLAIN);
    else
        list_paint(&d->list, u->tty, UI_BODY);
}

static void nothing(struct ui *u)
{
    (void)u;
}

static void back(struct ui *u)
{
    ui_under(u);
}

const struct screen *scr_detail_screen(void)
{
    static const struct screen screen = {.where = ON_DETAIL, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = nothing, .back = back, .left = scr_detail_close};

    return &screen;
}
