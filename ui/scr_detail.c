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

/* --- attachments ------------------------------------------------------------------------------------ */

static bool of_attach(const struct ui *u)
{
    return !strcmp(u->attach.type, u->detail.type) && !strcmp(u->attach.id, u->detail.id);
}

/* REQ: a shown page changes by a key alone: what has come is shown by the next F. */
void scr_detail_fetch(struct ui *u)
{
    struct attach *f = &u->attach;

    if (f->busy) {
        ui_say(u, "%s", _("Stopping. What came so far is kept."));
        u->hooks.attach_stop(u->hooks.arg);
    } else if (f->come && of_attach(u)) {
        f->come = false;
        scr_detail_open(u, u->detail.type, u->detail.id);
    } else if (!u->detail.d.fetch) {
        ui_say(u, "%s", _("Nothing of this row is to be fetched."));
    } else if (u->hooks.attach) {
        *f = (struct attach){.busy = true, .percent = -1};
        memcpy(f->type, u->detail.type, sizeof f->type);
        memcpy(f->id, u->detail.id, sizeof f->id);
        ui_say(u, "%s", _("Fetching the document; F stops it."));
        u->hooks.attach(u->hooks.arg, f->type, f->id, u->detail.d.fetch - 1);
    }
}

void ui_attach_changed(struct ui *u, uint64_t have, int64_t all)
{
    int percent = all > 0 ? (int)(have * 100 / (uint64_t)all) : 0;

    if (!u->attach.busy || percent / 10 == u->attach.percent / 10) /* a thin line pays for each */
        return;
    u->attach.percent = percent;
    if (percent && u->screen == scr_detail_screen() && of_attach(u))
        ui_say(u, _("Fetching the document: %d %%; F stops it."), percent);
}

void ui_attached(struct ui *u, const struct err *e)
{
    u->attach.busy = false;
    u->attach.come = !e->code;
    if (e->code == ERR_CANCELLED)
        ui_say(u, "%s", _("Stopped. What came so far is kept."));
    else if (e->code)
        ui_say_err(u, e);
    else if (u->screen == scr_detail_screen() && of_attach(u))
        ui_say(u, "%s", _("The document has come. F shows it."));
    else
        ui_say(u, "%s", _("The document has come; it stands in its row."));
    u->damage = true;
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

/* Where somebody was in it; a row that is no more leads back to the chart. */
static void edited(struct ui *u)
{
    struct list *l = &u->detail.list;
    unsigned sel = l->sel, top = l->top;

    if (!scr_detail_open(u, u->detail.type, u->detail.id)) {
        ui_under(u);
        return;
    }
    l->top = top < l->items ? top : 0;
    list_select(l, sel);
}

static void nothing(struct ui *u)
{
    (void)u;
}

const struct screen *scr_detail_screen(void)
{
    static const struct screen screen = {.where = ON_DETAIL, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = nothing, .back = ui_under,
                                         .edited = edited, .left = scr_detail_close};

    return &screen;
}
