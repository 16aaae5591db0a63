/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The whole banner, a fact a line: what two rows have no room for, a long name, many allergies,
 * alerts.
 */
#include "config.h"

#include <string.h>

#include "base/glyph.h"
#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->banner.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

/* A name in other letters than its own: which they are, by their code points. */
static void add_points(struct list *l, struct text name, unsigned cols)
{
    struct buf b;

    buf_init(&b, 65536);
    glyph_points(&b, (struct str){name.s, name.n});
    if (b.n)
        list_add(l, (struct text){"", 0, 0}, 0,
                 text_safe(&l->arena,
                           str_of(arena_fmt(&l->arena, _("This terminal lacks letters of the name: %s"), b.p)), 0),
                 cols);
    if (glyph_kinds((struct str){name.s, name.n}) & GLYPH_NUMBERED)
        list_add(
            l, (struct text){"", 0, 0}, 0,
            text_own(_("This terminal cannot write all letters of the name: go by the birth date and the number")),
            cols);
    l->failed = l->failed || b.failed;
    buf_fini(&b);
}

static void build(struct ui *u)
{
    struct scr_banner *s = &u->banner;
    struct text none = {"", 0, 0};

    scr_chart_screen()->build(u);
    list_clear(&s->list, ui_body_rows(u));
    s->list.plain = true;
    for (unsigned i = 0; i < s->b.n; i++) {
        list_add(&s->list, none, 0, s->b.line[i], tty_columns(u->tty) - LIST_MARGIN);
        if (!i)
            add_points(&s->list, s->b.line[i], tty_columns(u->tty) - LIST_MARGIN);
    }
    list_settle(&s->list);
}

void scr_banner_open(struct ui *u)
{
    struct model_banner fresh;
    struct err e = ERR_NONE;

    if (model_banner(&u->model, str_of(u->chart.chart), tty_columns(u->tty), &fresh, &e)) {
        ui_say_err(u, &e);
        return;
    }
    scr_banner_close(u);
    u->banner.b = fresh;
    u->banner.loaded = true;
    build(u);
    ui_over(u, scr_banner_screen());
}

void scr_banner_close(struct ui *u)
{
    struct scr_banner *s = &u->banner;

    if (s->loaded)
        model_banner_fini(&s->b);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

static void paint(struct ui *u)
{
    struct scr_banner *s = &u->banner;
    unsigned n, m;

    scr_chart_banner(u);
    list_pages(&s->list, &n, &m);
    ui_paint_title(u, text_own(_("Who this is, in full")), (struct text){"", 0, 0}, n, m);
    u->chart.mixed = false;
    if (!scr_chart_own(u, s->b.chart))
        list_forget(&s->list);
    else if (s->list.failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for the banner: NOT SHOWN.")),
                tty_columns(u->tty), TTY_PLAIN);
    else
        list_paint(&s->list, u->tty, UI_BODY);
}

static void edited(struct ui *u)
{
    if (scr_chart_fresh(u))
        scr_banner_open(u);
}

static void nothing(struct ui *u)
{
    (void)u;
}

const struct screen *scr_banner_screen(void)
{
    static const struct screen screen = {.where = ON_BANNER, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = nothing, .back = ui_under,
                                         .edited = edited, .left = scr_banner_close};

    return &screen;
}
