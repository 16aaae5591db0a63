/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The keys of the screen below, from the table of commands; what is not allowed now says why. Enter on a row does it.
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
    return ui_below(u)->patient(u);
}

/* What a command would say on the screen below: its reasons look at the screen that is shown. */
static const char *refusal(struct ui *u, const struct command *c, int arg)
{
    const struct screen *mine = u->screen;
    const char *why;

    u->screen = ui_below(u);
    why = c->refused ? c->refused(u, arg) : NULL;
    u->screen = mine;
    return why;
}

static void add(struct ui *u, const struct command *c, int arg, const char *keys, const char *words)
{
    struct list *l = &u->help.list;

    if (l->items == HELP_ROWS)
        return;
    u->help.row[l->items].c = c;
    u->help.row[l->items].arg = arg;
    list_add(l, text_safe(&l->arena, str_of(keys), 0), KEYS_COLS, text_safe(&l->arena, str_of(words), 0),
             tty_columns(u->tty) - LIST_MARGIN);
}

static void add_sections(struct ui *u, const struct command *c)
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);

    for (unsigned i = 0; i < n; i++)
        add(u, c, (int)i, arena_fmt(&u->help.list.arena, "%c", s[i].letter), _(s[i].title));
}

static void add_command(struct ui *u, const struct command *c)
{
    struct arena *a = &u->help.list.arena;
    const char *why = refusal(u, c, c->arg), *keys = conf_keys(&u->conf, c, a);
    struct str rest = str_of(c->mnemonic), mnemonic = str_split(&rest, ' ');

    if (!*keys) /* the palette alone has it */
        keys = arena_fmt(a, ":%.*s", STR_ARG(mnemonic));
    add(u, c, c->arg, keys, why ? arena_fmt(a, "%s (%s)", _(c->help), why) : _(c->help));
}

static void build(struct ui *u)
{
    struct list *l = &u->help.list;
    unsigned n;
    const struct command *c = command_table(&n);

    if (ui_below(u)->build)
        ui_below(u)->build(u);
    list_clear(l, ui_body_rows(u));
    for (unsigned bar = 1; bar <= 1; bar--) /* what stands in the key bar first */
        for (unsigned i = 0; i < n; i++) {
            if (!(c[i].where & ui_below(u)->where) || bar != (c[i].label != NULL))
                continue;
            if (c[i].help)
                add_command(u, &c[i]);
            else
                add_sections(u, &c[i]);
        }
    list_settle(l);
}

void scr_help_open(struct ui *u)
{
    ui_over(u, scr_help_screen());
    u->help.list.sel = u->help.list.top = 0;
    build(u);
}

static void paint(struct ui *u)
{
    unsigned n, m;
    struct arena a;

    arena_init(&a, 4096);
    if (strcmp(patient(u), UI_MANY) && patient(u)[0])
        scr_chart_banner(u);
    list_pages(&u->help.list, &n, &m);
    ui_paint_title(
        u,
        text_safe(&a,
                  str_of(arena_fmt(&a, _("Keys: %s"), _(command_where_name(ui_below(u)->where)))),
                  0),
        (struct text){"", 0, 0}, n, m);
    list_paint(&u->help.list, u->tty, UI_BODY);
    arena_fini(&a);
}

/* What the row says, on the screen below; a row of that one counts as not seen, so nothing of a patient opens by it. */
static void run_row(struct ui *u)
{
    const struct command *c = u->help.row[u->help.list.sel].c;
    int arg = u->help.row[u->help.list.sel].arg;

    ui_under(u);
    ui_run(u, c, arg);
}

const struct screen *scr_help_screen(void)
{
    static const struct screen screen = {.where = ON_HELP, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = run_row, .back = ui_under};

    return &screen;
}
