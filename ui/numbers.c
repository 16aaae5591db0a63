/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/numbers.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static bool one_number(struct str s, unsigned *out)
{
    int64_t v;

    if (!s.n || s.n > 2 || !str_int(s, 0, LIST_NUMBERS - 1, &v))
        return false;
    *out = (unsigned)v;
    return true;
}

bool numbers_parse(struct str typed, unsigned out[LIST_NUMBERS], unsigned *n)
{
    bool seen[LIST_NUMBERS] = {false};

    *n = 0;
    if (!typed.n || typed.p[typed.n - 1] == ',' || typed.p[typed.n - 1] == '-')
        return false;
    while (typed.n) {
        struct str part = str_split(&typed, ','), first = str_split(&part, '-');
        unsigned from, to;

        if (!one_number(first, &from))
            return false;
        to = from;
        if (part.n && !one_number(part, &to))
            return false;
        for (unsigned i = from;; i = (i + 1) % LIST_NUMBERS) {
            if (!seen[i])
                out[(*n)++] = i;
            seen[i] = true;
            if (i == to)
                break;
        }
    }
    return true;
}

/* --- choosing rows ---------------------------------------------------------------------------- */

/* The rows that the typed numbers stand for, or the reason why there are none. */
static bool chosen(struct ui *u, unsigned item[LIST_NUMBERS], unsigned *n)
{
    unsigned number[LIST_NUMBERS];
    struct list *l = ui_list(u);

    if (!numbers_parse(prompt_typed(u), number, n)) {
        ui_say(u, _("No row number: \"%.*s\". As in 7 or 1-4,7."), STR_ARG(prompt_typed(u)));
        return false;
    }
    for (unsigned i = 0; i < *n; i++)
        /* REQ: a number means the row that it was painted before; any other opens nothing. */
        if (!l || !list_numbered(l, number[i], &item[i])) {
            ui_say(u, _("Row %u is not on the screen."), number[i]);
            return false;
        }
    return true;
}

static void point(struct ui *u, unsigned item)
{
    list_select(ui_list(u), item);
    u->work.chosen = true;
    u->damage = true;
}

static void enter(struct ui *u)
{
    unsigned item[LIST_NUMBERS], n;
    bool ok = chosen(u, item, &n);

    prompt_close(u);
    if (!ok)
        return;
    point(u, item[0]);
    if (n == 1)
        ui_key(u, KEYS_ENTER);
    else if (u->screen->several)
        u->screen->several(u, item, n);
    else
        ui_say(u, "%s", _("One row at a time here: nothing was opened."));
}

bool numbers_count(struct ui *u, int64_t count, int key)
{
    int arg;
    const struct command *c = conf_find(&u->conf, u->screen->where, key, &arg);

    if (!c || (strcmp(c->id, "list.down") && strcmp(c->id, "list.up")))
        return false;
    while (count-- > 0 && ui_run(u, c, arg))
        ;
    return true;
}

/* REQ: a letter behind a number that is refused is dropped with it: it must not act on the row that happens to be
 * marked. */
static void letter(struct ui *u, int key)
{
    unsigned item[LIST_NUMBERS], n;
    int64_t count;
    bool ok;

    if (str_int(prompt_typed(u), 1, NUMBERS_COUNT, &count) && numbers_count(u, count, key)) {
        prompt_close(u);
        return;
    }
    ok = chosen(u, item, &n);
    prompt_close(u);
    if (!ok)
        return;
    if (n > 1) {
        ui_say(u, "%s", _("Several rows: only Enter takes them. Nothing was done."));
        return;
    }
    point(u, item[0]);
    ui_key(u, key);
}

static void arrow(struct ui *u, int by)
{
    letter(u, by > 0 ? KEYS_DOWN : KEYS_UP);
}

static bool takes(int key)
{
    return (key >= '0' && key <= '9') || key == '-' || key == ',';
}

void numbers_open(struct ui *u, int digit)
{
    static const struct prompt_kind kind = {
        .where = ON_PROMPT, .label = N_("Row:"), .enter = enter, .move = arrow, .takes = takes, .over = letter};

    prompt_open(u, &kind, (struct str){0});
    if (digit >= '0' && digit <= '9')
        prompt_key(u, digit);
}

/* --- pages ------------------------------------------------------------------------------------ */

static void page_enter(struct ui *u)
{
    struct list *l = ui_list(u);
    int64_t page;
    bool ok = str_int(prompt_typed(u), 1, 1000000, &page);
    unsigned at;

    if (!ok)
        ui_say(u, _("No page: \"%.*s\"."), STR_ARG(prompt_typed(u)));
    prompt_close(u);
    if (!ok || !l)
        return;
    at = (unsigned)(page - 1) * ui_body_rows(u);
    /* Pages are those of the title: of a whole list of which a window is in memory, in rows; else in lines. */
    ok = u->screen->turn_to ? u->screen->turn_to(u, at) : at < list_lines(l);
    if (!ok)
        ui_say(u, _("There is no page %lld."), (long long)page);
    else if (!u->screen->turn_to)
        list_turn_to(l, at);
}

static bool digit_only(int key)
{
    return key >= '0' && key <= '9';
}

static void no_digit(struct ui *u, int key)
{
    (void)key;
    ui_say(u, "%s", _("The number of a page, then Enter."));
}

void numbers_page(struct ui *u)
{
    static const struct prompt_kind kind = {
        .where = ON_PROMPT, .label = N_("Page:"), .enter = page_enter, .takes = digit_only, .over = no_digit};

    prompt_open(u, &kind, (struct str){0});
}

/* --- patients in turn ------------------------------------------------------------------------- */

void numbers_turn_clear(struct ui *u)
{
    memset(&u->turn, 0, sizeof u->turn);
}

static void turn_add(struct ui *u, const char *chart)
{
    struct numbers_turn *t = &u->turn;

    if (t->n < LIST_NUMBERS)
        snprintf(t->chart[t->n++], sizeof t->chart[0], "%s", chart);
}

void numbers_turn_rows(struct ui *u, const unsigned *item, unsigned n)
{
    numbers_turn_clear(u);
    for (unsigned i = 0; i < n; i++)
        turn_add(u, u->work.rows.rows[item[i]].chart);
    numbers_turn(u, 0);
}

bool numbers_turn(struct ui *u, int by)
{
    struct numbers_turn *t = &u->turn, keep;
    unsigned to = t->at + (unsigned)by;

    if (!t->n)
        return false;
    if (to >= t->n) {
        ui_say(u, "%s", by > 0
               ? _("That was the last of the patients chosen.") : _("That was the first of the patients chosen."));
        return true;
    }
    t->at = to;
    keep = *t;
    ui_say(u, _("Patient %u of the %u chosen: ] is the next one."), to + 1, t->n);
    scr_stop_open(u, keep.chart[to], scr_work_screen());
    *t = keep; /* every other way into a chart ends the turn */
    return true;
}
