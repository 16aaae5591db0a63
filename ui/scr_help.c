/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The keys of the screen below, from the table of commands; what is not allowed now says why.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define KEYS_COLS 20

static struct list *list(struct ui *u)
{
    return &u->help.list;
}

static const char *patient(const struct ui *u)
{
    return u->help.from->patient(u);
}

static bool over_chart(const struct ui *u)
{
    return u->help.from->where & (ON_CHART | ON_SECTIONS | ON_DETAIL | ON_BANNER | ON_GRID | ON_TREND);
}

static void add_sections(struct ui *u)
{
    struct list *l = &u->help.list;
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    for (unsigned i = 0; i < n; i++)
        list_add(l,
                 text_safe(&l->arena,
                           str_of(i < 9 ? arena_fmt(&l->arena, "%c %u", s[i].letter, i + 1)
                                        : arena_fmt(&l->arena, "%c", s[i].letter)),
                           0),
                 KEYS_COLS, text_safe(&l->arena, str_of(_(s[i].title)), 0),
                 tty_columns(u->tty) - LIST_MARGIN);
}

static void build(struct ui *u)
{
    struct list *l = &u->help.list;
    unsigned n;
    const struct command *c = command_table(&n);

    u->help.from->build(u);
    list_clear(l, ui_body_rows(u));
    for (unsigned i = 0; i < n; i++, c++) {
        const char *why;

        if (!(c->where & u->help.from->where))
            continue;
        if (!c->help) {
            add_sections(u);
            continue;
        }
        why = c->refused && c->run != NULL && u->screen == u->help.from ? c->refused(u, c->arg)
                                                                        : NULL;
        list_add(
            l, text_safe(&l->arena, str_of(c->keys), 0), KEYS_COLS,
            text_safe(&l->arena,
                      str_of(why ? arena_fmt(&l->arena, "%s (%s)", _(c->help), why) : _(c->help)),
                      0),
            tty_columns(u->tty) - LIST_MARGIN);
    }
    list_settle(l);
}

void scr_help_open(struct ui *u)
{
    u->help.from = u->screen;
    u->help.list.sel = u->help.list.top = 0;
    build(u);
    ui_go(u, scr_help_screen());
}

static void paint(struct ui *u)
{
    unsigned n, m;
    struct arena a;

    arena_init(&a, 4096);
    if (over_chart(u))
        scr_chart_banner(u);
    list_pages(&u->help.list, &n, &m);
    ui_paint_title(
        u,
        text_safe(&a,
                  str_of(arena_fmt(&a, _("Keys: %s"), _(command_where_name(u->help.from->where)))),
                  0),
        (struct text){"", 0, 0}, n, m);
    list_paint(&u->help.list, u->tty, UI_BODY);
    arena_fini(&a);
}

static void nothing(struct ui *u)
{
    (void)u;
}

static void back(struct ui *u)
{
    ui_go(u, u->help.from);
}

const struct screen *scr_help_screen(void)
{
    static const struct screen screen = {ON_HELP, list, patient, build, paint, nothing, back, NULL};

    return &screen;
}
