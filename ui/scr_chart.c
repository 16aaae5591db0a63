/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The chart: a fixed banner of two rows, and one section of the kind table at a time.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/log.h"
#include "ui/priv.h"

static struct list *rows_list(struct ui *u)
{
    return &u->chart.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

/* --- rows ------------------------------------------------------------------------------------- */

static void build(struct ui *u)
{
    struct scr_chart *c = &u->chart;
    struct err e = ERR_NONE;

    /* The banner is laid out for a width; a window that changed gets it anew, for the same patient. */
    if (c->open && c->banner.row[0].n && tty_columns(u->tty) != c->cols) {
        struct model_banner b;

        if (!model_banner(&u->model, str_of(c->chart), tty_columns(u->tty), &b, &e)) {
            model_banner_fini(&c->banner);
            c->banner = b;
            c->cols = tty_columns(u->tty);
        } else { /* the old one may be cut now: it is tried again with the next key that lays out */
            ui_say_err(u, &e);
        }
    }
    list_clear(&c->list, ui_body_rows(u));
    vec_fini(&c->items);
    vec_init(&c->items, sizeof(unsigned), SIZE_MAX / sizeof(unsigned));
    if (c->rows.n && c->rows.rows[0].pane)
        scr_cover_build(u);
    else
        scr_chart_rows_build(u);
    list_settle(&c->list);
}

static bool load(struct ui *u, const char *chart, unsigned section, struct model_section *out)
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);
    struct err e = ERR_NONE;

    if (section < n && !model_section(&u->model, str_of(chart), str_of(s[section].name), out, &e))
        return true;
    ui_say_err(u, &e);
    return false;
}

/* REQ: banner and rows are read together: an older banner could say "No known allergies" above one. */
static bool load_both(struct ui *u, const char *chart, unsigned section, struct model_banner *banner,
                      struct model_section *rows)
{
    struct err e = ERR_NONE;

    if (model_banner(&u->model, str_of(chart), tty_columns(u->tty), banner, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    if (load(u, chart, section, rows))
        return true;
    model_banner_fini(banner);
    return false;
}

/* Both in place of what is shown of the same patient. */
static bool renew(struct ui *u, unsigned section)
{
    struct scr_chart *c = &u->chart;
    struct model_banner banner;
    struct model_section rows;
    struct err e = ERR_NONE;

    if (model_chart_now(&u->model, c->chart, &e)) { /* REQ: a new patient's chart goes on under the server's id */
        ui_say_err(u, &e);
        return false;
    }
    if (!load_both(u, c->chart, section, &banner, &rows))
        return false;
    model_banner_fini(&c->banner);
    model_section_fini(&c->rows);
    c->banner = banner;
    c->cols = tty_columns(u->tty);
    c->rows = rows;
    c->section = section;
    c->stale = false;
    return true;
}

/* REQ CS-07: one chart is open at a time; the one before is closed and its bytes leave the screen (ui_paint.c). */
bool scr_chart_open(struct ui *u, const char *chart, const struct screen *from)
{
    struct scr_chart *c = &u->chart;
    struct model_banner banner;
    struct model_section rows;
    char id[sizeof c->chart];

    snprintf(id, sizeof id, "%s", chart); /* it may be part of what is dropped here */
    if (!load_both(u, id, 0, &banner, &rows))
        return false;
    ui_go(u, from); /* which leaves the chart that lay over it */
    scr_chart_close(u);
    memcpy(c->chart, id, sizeof id);
    c->banner = banner;
    c->cols = tty_columns(u->tty);
    c->rows = rows;
    c->open = true;
    c->counted = false;
    build(u);
    ui_over(u, scr_chart_screen());
    return true;
}

void scr_chart_close(struct ui *u)
{
    struct scr_chart *c = &u->chart;

    scr_timeline_close(u);
    if (!u->found.all)
        scr_found_close(u);
    if (c->open) {
        model_banner_fini(&c->banner);
        model_section_fini(&c->rows);
    }
    scr_grid_close(u);
    scr_trend_close(u);
    scr_growth_close(u);
    scr_conflicts_close(u);
    scr_act_close(u);
    list_fini(&c->list);
    list_fini(&c->sections);
    vec_fini(&c->items);
    memset(c, 0, sizeof *c);
    list_init(&c->list);
    list_init(&c->sections);
}

void scr_chart_section(struct ui *u, unsigned section)
{
    struct scr_chart *c = &u->chart;

    scr_chart_rows_remember(c);
    if (!renew(u, section))
        return;
    scr_chart_rows_return(u);
    ui_go(u, scr_chart_screen());
}

bool scr_chart_seek(struct ui *u, const char *type, const char *id)
{
    struct scr_chart *c = &u->chart;

    for (unsigned i = 0; i < c->list.items && id[0]; i++) {
        const struct model_row *r = scr_chart_rows_at(c, i);

        if (r && !strcmp(r->id, id) && !strcmp(r->type, type)) {
            list_select(&c->list, i);
            return true;
        }
    }
    return false;
}

static void reload(struct ui *u)
{
    scr_chart_rows_remember(&u->chart);
    if (renew(u, u->chart.section))
        scr_chart_rows_return(u);
}

bool scr_chart_renewed(struct ui *u)
{
    u->chart.stale = true;
    reload(u);
    return !u->chart.stale;
}

bool scr_chart_fresh(struct ui *u)
{
    return !u->chart.stale || scr_chart_renewed(u);
}

/* --- paint ------------------------------------------------------------------------------------ */

void scr_chart_banner(struct ui *u)
{
    const struct model_banner *b = &u->chart.banner;
    enum tty_look look = b->deceased ? TTY_ALERT : TTY_PLAIN;

    for (unsigned i = 0; i < 2; i++)
        tty_put(u->tty, i, 0, b->row[i], tty_columns(u->tty), look);
}

bool scr_chart_own(struct ui *u, const char *chart)
{
    if (!strcmp(chart, u->chart.banner.chart) && !strcmp(chart, u->chart.chart))
        return true;
    u->chart.mixed = true;
    tty_put(u->tty, UI_BODY, LIST_MARGIN,
            text_own(_("Display stopped: row of another patient. Enter = list")),
            tty_columns(u->tty), TTY_ALERT);
    tty_cursor(u->tty, UI_BODY, LIST_MARGIN);
    if (!u->chart.counted) /* for doctor; once a chart, whatever is painted again */
        log_event("display.stopped", ERR_OK, NULL, 0, 0);
    u->chart.counted = true;
    return false;
}

bool scr_chart_body(struct ui *u, struct list *l, const char *chart)
{
    u->chart.mixed = false;
    if (!scr_chart_own(u, chart)) {
        if (l)
            list_forget(l);
        return false;
    }
    if (l && l->failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this list: NOT SHOWN.")), tty_columns(u->tty),
                TTY_PLAIN);
    else if (l)
        list_paint(l, u->tty, UI_BODY);
    return l && !l->failed;
}

static void paint(struct ui *u)
{
    struct scr_chart *c = &u->chart;
    unsigned from, to, n, m;
    struct arena a;

    arena_init(&a, 4096);
    scr_chart_banner(u);
    list_pages(&c->list, &n, &m);
    ui_paint_title(u, text_safe(&a, str_of(_(c->rows.section->title)), 0), c->rows.age, n, m);
    arena_fini(&a);
    c->mixed = false;
    list_visible(&c->list, &from, &to);
    for (unsigned i = from; i < to && !c->mixed; i++)
        scr_chart_own(u, scr_chart_rows_at(c, i)->chart);
    if (c->mixed)
        list_forget(&c->list);
    else if (c->list.failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this section: NOT SHOWN.")),
                tty_columns(u->tty), TTY_PLAIN);
    else
        list_paint(&c->list, u->tty, UI_BODY);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void open_row(struct ui *u)
{
    struct scr_chart *c = &u->chart;
    const struct model_row *r = scr_chart_rows_at(c, c->list.sel);
    unsigned n;
    const struct kind_section *all = kind_sections(&n);

    if (r && r->id[0])
        scr_detail_open(u, r->type, r->id);
    else if (r && r->goes_to) /* the row sums up a section */
        scr_chart_section(u, (unsigned)(r->goes_to - all));
    else
        ui_say(u, "%s", _("There is nothing behind this row."));
}

/* REQ: every section leads back to the cover, however it was opened, and the cover to the list: who types q and a row's
 * number in a section opens nobody else's chart by it. */
static void back(struct ui *u)
{
    if (u->chart.section)
        scr_chart_section(u, 0);
    else
        ui_under(u);
}

const struct screen *scr_chart_screen(void)
{
    static const struct screen screen = {.where = ON_CHART, .list = rows_list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_row, .back = back, .reload = reload,
                                         .edited = reload, .left = scr_chart_close};

    return &screen;
}
