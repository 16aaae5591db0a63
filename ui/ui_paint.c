/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One paint: what every screen has in common, and the one place where the terminal passes from one
 * patient to another.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define BAR_MAX 24 /* labels of one screen */
#define BAR_KEEPS 3

static struct text safe(struct arena *a, const char *s)
{
    return text_safe(a, str_of(s), 0);
}

static void put(struct ui *u, unsigned row, unsigned col, struct text s)
{
    if (col < tty_columns(u->tty))
        tty_put(u->tty, row, col, s, tty_columns(u->tty) - col, TTY_PLAIN);
}

void ui_paint_title(struct ui *u, struct text title, struct text age, unsigned n, unsigned m)
{
    unsigned cols = tty_columns(u->tty), at = title.cols + 2;
    struct arena a;
    struct text page;

    arena_init(&a, 4096);
    page = safe(&a, arena_fmt(&a, _("Page %u of %u"), n, m));
    if (title.cols + 1 + page.cols > cols)
        page = safe(&a, arena_fmt(&a, "%u/%u", n, m));
    put(u, 2, 0, title);
    if (age.n && at + age.cols + 2 + page.cols <= cols)
        put(u, 2, at, age);
    if (page.cols < cols)
        put(u, 2, cols - page.cols, page);
    arena_fini(&a);
}

const struct command *ui_bar_next(const struct ui *u, unsigned *i, struct str *key, struct arena *a)
{
    uint64_t where = ui_where(u);
    unsigned n;
    const struct command *c = command_table(&n);

    while (*i < n) {
        const struct command *x = &c[(*i)++];
        struct str keys;

        if (!(x->where & where) || !x->label)
            continue;
        keys = str_of(conf_keys(&u->conf, x, a));
        *key = str_split(&keys, ' ');
        if (key->n)
            return x;
    }
    return NULL;
}

/* REQ CS-01: header, list, message row and key bar have rows of their own, and nothing else is painted there.
 * "Enter Open  / Find  ...": the table's rows for this screen, as many as the line holds: set closer where there are
 * more, and without those before the last three (the lock, the way to help, the way back) where that is not enough. */
static void paint_bar(struct ui *u, struct arena *a)
{
    unsigned cols = tty_columns(u->tty), at = 0, items = 0, used = 0, gap = 2, i = 0;
    const struct command *c;
    struct text s[BAR_MAX];
    struct str first;

    while (items < BAR_MAX && (c = ui_bar_next(u, &i, &first, a))) {
        s[items] = safe(a, arena_fmt(a, "%.*s %s", STR_ARG(first), command_label(u, c)));
        used += s[items++].cols;
    }
    if (items && used + (items - 1) * gap >= cols)
        gap = 1;
    while (items > BAR_KEEPS && used + (items - 1) * gap >= cols) {
        struct text *gone = &s[items - 1 - BAR_KEEPS];

        used -= gone->cols;
        memmove(gone, gone + 1, BAR_KEEPS * sizeof *gone);
        items--;
    }
    for (i = 0; i < items && at + s[i].cols < cols; i++) {
        put(u, tty_rows(u->tty) - 2, at, s[i]);
        at += s[i].cols + gap;
    }
}

/* What a sync has brought and the screen does not show yet, or what to do about one that failed, or
 * "". */
static const char *news(struct ui *u, struct arena *a)
{
    int64_t fresh = u->work.fresh;

    if (u->screen == scr_work_screen() && fresh > 0)
        return arena_fmt(
            a, P_("%lld new patient - R shows it", "%lld new patients - R shows them", fresh),
            (long long)fresh);
    if (u->screen == scr_work_screen() && (fresh || u->work.stale))
        return _("Changed since this list was made - R shows it");
    if (u->screen->where & (ON_CHART | ON_GRID | ON_TREND | ON_GROWTH | ON_TIMELINE) && u->chart.stale)
        return _("A sync has brought data since this was shown - R shows it");
    /* The last line says what failed, and has no room for what to do. */
    return u->open && !u->message[0] ? model_sync_todo(&u->sync) : "";
}

static const char *below(struct ui *u, unsigned room, struct arena *a)
{
    return u->screen == scr_chart_screen() && room < 1000 ? scr_chart_rows_below(u, room, a) : _("+ more below");
}

struct text ui_message_words(struct ui *u, struct arena *a)
{
    struct text words;
    struct buf b;

    buf_init(&b, 4096);
    buf_adds(&b, u->message[0] ? u->message : tour_text(u));
    for (int i = 0; i < 2; i++) {
        unsigned cols = tty_columns(u->tty), room = cols - (b.n ? tty_cols(buf_str(&b)) + 2 : 0);
        const char *part = !i ? news(u, a) : ui_more_below(u) ? below(u, room, a) : "";

        if (*part && b.n)
            buf_adds(&b, "  ");
        buf_adds(&b, part);
    }
    words = text_safe(a, buf_str(&b), 0);
    buf_fini(&b);
    return words;
}

bool ui_more_below(const struct ui *u)
{
    const struct list *l = ui_list(u);

    return (l && !list_at_end(l)) || (u->screen->more && u->screen->more(u));
}

/* Row 22: what was said, what a sync has brought, that there is more below. What was said and is longer takes the key
 * bar's row too, until the next key: an error ends in what to do. False: the row is free for the bar. */
static bool paint_message(struct ui *u, struct arena *a)
{
    unsigned row = tty_rows(u->tty) - 3;
    struct text words = ui_message_words(u, a);
    struct str rest = {words.s, words.n};

    put(u, row, 0, text_safe(a, tty_wrap(&rest, tty_columns(u->tty)), 0));
    if (!u->message[0] || !rest.n || u->asking)
        return false;
    put(u, row + 1, 0, text_safe(a, rest, 0));
    return true;
}

/* What must stand on every screen; returns the columns it takes. */
static unsigned paint_marks(struct ui *u)
{
    unsigned at = 0, row = tty_rows(u->tty) - 1;

    if (u->demo) {
        put(u, row, at, text_own(_("DEMO - NOT REAL PATIENTS")));
        at += text_own(_("DEMO - NOT REAL PATIENTS")).cols + 2;
    }
    if (u->unprotected) {
        put(u, row, at, text_own(_("UNPROTECTED")));
        at += text_own(_("UNPROTECTED")).cols + 2;
    }
    return at;
}

void ui_paint_prompt(struct ui *u, const char *label, struct str typed)
{
    unsigned at = paint_marks(u), row = tty_rows(u->tty) - 1, cols = tty_columns(u->tty);
    struct arena a;
    struct text l = text_own(label), s;

    arena_init(&a, 8192);
    put(u, row, at, l);
    at += l.cols + (typed.n ? 1 : 0);
    s = text_safe(&a, typed, 0);
    while (s.n && at + s.cols + 1 >= cols) { /* the end is what is being typed */
        uint32_t c;
        size_t k = text_decode((struct str){s.s, s.n}, &c);

        s = text_safe(&a, (struct str){s.s + k, s.n - k}, 0);
    }
    put(u, row, at, s);
    tty_cursor(u->tty, row, at + s.cols + (typed.n ? 0 : 1));
    arena_fini(&a);
}

static void paint_last(struct ui *u, struct arena *a)
{
    struct text s = {"", 0, 0};
    unsigned at = paint_marks(u);

    if (u->open && !u->asking && !u->prompt.kind && ui_where(u) != ON_STOP) {
        model_sync_words(&u->model, &u->sync_shown, a, &s);
        put(u, tty_rows(u->tty) - 1, at, s);
    }
}

static void paint_small(struct ui *u, struct arena *a)
{
    put(u, 0, 0, safe(a, arena_fmt(a, _("wardline needs %d x %d"), UI_MIN_COLS, UI_MIN_ROWS)));
    put(u, 1, 0, safe(a, arena_fmt(a, _("This window is %u x %u"), tty_columns(u->tty), tty_rows(u->tty))));
    put(u, 2, 0, text_own(u->open ? _("Only L works: it locks") : _("Only Ctrl-C works: it leaves")));
    tty_cursor(u->tty, 0, 0);
}

void ui_paint(struct ui *u)
{
    bool small = ui_small(u);
    const char *whose = small ? "" : u->screen->patient(u);
    struct list *l = ui_list(u);
    enum list_change change = l && !small ? list_change(l) : LIST_MOVES;
    struct arena a;

    /* REQ: leaving a patient, every cell of that patient is blank on the wire before a byte of the
     * next. */
    if (u->glass[0] && strcmp(u->glass, whose))
        tty_blank(u->tty);
    else if (change == LIST_OTHER)
        tty_blank_rows(u->tty, UI_BODY, ui_body_rows(u), tty_columns(u->tty));
    else if (change ==
             LIST_CLIMBS) /* the old marker first: ncurses would go up, down and up again */
        tty_blank_rows(u->tty, l->shown_row, 1, 1);
    snprintf(u->glass, sizeof u->glass, "%s", whose);
    arena_init(&a, 65536);
    tty_begin(u->tty);
    if (small) {
        paint_small(u, &a);
    } else {
        if (!palette_paint(u, &a) && !hint_paint(u, &a) && !paint_message(u, &a))
            paint_bar(u, &a);
        paint_last(u, &a);
        u->screen->paint(u);
        if (u->prompt.kind)
            ui_paint_prompt(u, u->prompt.kind->name ? u->prompt.kind->name(u) : _(u->prompt.kind->label),
                            prompt_typed(u));
        if (u->asking) {
            ui_paint_prompt(u, _("Leave wardline? y = yes, n = no"), (struct str){0});
            u->asked = true;
        }
    }
    /* REQ: a line that stalls in the middle of a row must not leave a drug's name over another's
     * dose. */
    if (change == LIST_TURNS)
        tty_show_rows(u->tty, UI_BODY, ui_body_rows(u));
    tty_show(u->tty);
    if (l && !small)
        list_shown(l);
    if (!small) {
        scr_stop_painted(u);
        prompt_painted(u);
    }
    arena_fini(&a);
}
