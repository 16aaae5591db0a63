/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The grid sideways: what the terminal's width leaves over decides how many days stand side by side.
 */
#include "config.h"

#include "base/intl.h"
#include "ui/priv.h"

#define LOCKED_SHARE 3 / 8 /* of the columns, at most, for the tests' names */
#define CELL_COLS 24       /* no cell is wider: "(long)" stands for one that would be */

/* What fits of the days from the first shown one on. */
static void lay_out(struct ui *u, unsigned cols)
{
    struct scr_grid *g = &u->grid;
    unsigned at = g->indent;
    struct arena a;

    arena_init(&a, 16u << 20);
    g->shown = 0;
    for (unsigned k = g->left; k < g->g.days_n && g->shown < SCR_GRID_DAYS; k++) {
        unsigned wide = tty_cols((struct str){g->g.days[k].s, g->g.days[k].n});

        for (unsigned i = 0; i < g->g.tests_n; i++) {
            const struct model_point *p = model_grid_cell(&g->g, i, k);
            struct text words = p ? model_grid_words(p, CELL_COLS, &a) : (struct text){"", 0, 0};
            unsigned w = tty_cols((struct str){words.s, words.n});

            wide = w > wide ? w : wide;
        }
        if (g->shown && at + wide > cols)
            break;
        g->at[g->shown] = at;
        g->wide[g->shown++] = wide;
        at += wide + SCR_GRID_GAP;
    }
    arena_fini(&a);
}

/* Moves the window of days by as little as it takes to hold the chosen one. */
static void show_day(struct ui *u, unsigned cols)
{
    struct scr_grid *g = &u->grid;

    if (g->day < g->left)
        g->left = g->day;
    for (lay_out(u, cols); g->day >= g->left + g->shown && g->left < g->day; lay_out(u, cols))
        g->left++;
}

static void locked_column(struct ui *u, unsigned cols)
{
    struct scr_grid *g = &u->grid;
    unsigned most = cols * LOCKED_SHARE, wide = 11;

    for (unsigned i = 0; i < g->g.tests_n; i++) {
        unsigned w = tty_cols((struct str){g->g.tests[i].both.s, g->g.tests[i].both.n});

        wide = w > wide && w <= most ? w : wide;
    }
    g->indent = wide + SCR_GRID_GAP;
}

void scr_grid_days_lay_out(struct ui *u)
{
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    locked_column(u, cols);
    show_day(u, cols);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* Where no marker is seen, the date is said. */
static void say_day(struct ui *u)
{
    if (u->line)
        /* TRANSLATORS: the date of the grid's column that was moved to */
        ui_say(u, _("At %s"), u->grid.g.days[u->grid.day].s);
}

void scr_grid_days_move(struct ui *u, int by)
{
    struct scr_grid *g = &u->grid;
    unsigned left = g->left;

    if (by < 0 && !g->day) {
        ui_say(u, "%s", _("This is the newest date."));
        return;
    }
    if (by > 0 && g->day + 1 >= g->g.days_n) {
        ui_say(u, "%s", _("This is the last date."));
        return;
    }
    g->day = by < 0 ? g->day - 1 : g->day + 1;
    g->seen = false;
    u->damage = true;
    say_day(u);
    show_day(u, tty_columns(u->tty) - LIST_MARGIN);
    if (g->left == left)
        return;
    /* REQ: other days: no value may stand under another day's date while the line stalls. */
    scr_grid_screen()->build(u);
    list_forget(&g->list);
}

/* The days beside those that are shown, as many as fit. */
void scr_grid_days_turn(struct ui *u, int by)
{
    struct scr_grid *g = &u->grid;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    if (by < 0 ? !g->left : g->left + g->shown >= g->g.days_n) {
        ui_say(u, "%s", by < 0 ? _("This is the newest date.") : _("This is the last date."));
        return;
    }
    g->day = by < 0 ? g->left - 1 : g->left + g->shown;
    g->left = g->day;
    while (by < 0 && g->left) {
        g->left--;
        lay_out(u, cols);
        if (g->day >= g->left + g->shown) {
            g->left++;
            break;
        }
    }
    g->seen = false;
    u->damage = true;
    say_day(u);
    scr_grid_screen()->build(u);
    list_forget(&g->list); /* as in scr_grid_days_move */
}
