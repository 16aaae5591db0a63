/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of a chart's sections, with the letter that opens each from anywhere in the chart.
 */
#include "config.h"

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->chart.sections;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static void build(struct ui *u)
{
    struct scr_chart *c = &u->chart;
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    scr_chart_screen()->build(u);
    list_clear(&c->sections, ui_body_rows(u));
    for (unsigned i = 0; i < n; i++) {
        struct arena *a = &c->sections.arena;

        list_add(&c->sections, text_safe(a, str_of(arena_fmt(a, "%c", s[i].letter)), 0), 3,
                 text_safe(a, str_of(_(s[i].title)), 0), tty_columns(u->tty) - LIST_MARGIN);
    }
    list_settle(&c->sections);
}

void scr_sections_open(struct ui *u)
{
    u->chart.sections.sel = u->chart.section;
    build(u);
    ui_over(u, scr_sections_screen());
}

static void paint(struct ui *u)
{
    unsigned n, m;

    scr_chart_banner(u);
    list_pages(&u->chart.sections, &n, &m);
    ui_paint_title(u, text_own(_("Sections")), (struct text){"", 0, 0}, n, m);
    list_paint(&u->chart.sections, u->tty, UI_BODY);
}

static void open_section(struct ui *u)
{
    scr_chart_section(u, u->chart.sections.sel);
}

const struct screen *scr_sections_screen(void)
{
    static const struct screen screen = {.where = ON_SECTIONS, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_section, .back = ui_under};

    return &screen;
}
