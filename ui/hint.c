/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/hint.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define WORDS_MAX (UI_SECTIONS_MAX + 1)
#define TITLE_COLS_MAX 20
#define TITLE_COLS_MIN 3

unsigned hint_fill(const struct text *word, unsigned n, unsigned cols, struct arena *a, struct text row[2])
{
    struct buf b;
    unsigned done = 0;

    for (unsigned r = 0; r < 2; r++) {
        unsigned at = 0;

        buf_init(&b, 4096);
        for (; done < n && (at ? at + 2 : 0) + word[done].cols <= cols; done++) {
            buf_adds(&b, at ? "  " : "");
            buf_add(&b, word[done].s, word[done].n);
            at += (at ? 2 : 0) + word[done].cols;
        }
        row[r] = text_safe(a, buf_str(&b), 0);
        buf_fini(&b);
    }
    return done;
}

/* The beginning of a title: its first so many columns. It stands beside its letter; the whole one is on the page it
 * leads to. */
static struct text title(struct arena *a, char letter, const char *s, unsigned cols)
{
    struct text t = text_safe(a, str_of(s), 0);
    struct str all = {t.s, t.n};

    while (all.n && tty_cols(all) > cols)
        do
            all.n--;
        while (all.n && ((unsigned char)all.p[all.n] & 0xc0) == 0x80);
    while (all.n && all.p[all.n - 1] == ' ')
        all.n--;
    return text_safe(a, str_of(arena_fmt(a, "%c %.*s", letter, STR_ARG(all))), 0);
}

static void go_rows(struct ui *u, struct arena *a, struct text row[2])
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);
    struct text word[WORDS_MAX];

    n = n < UI_SECTIONS_MAX ? n : UI_SECTIONS_MAX;
    for (unsigned cols = TITLE_COLS_MAX; cols >= TITLE_COLS_MIN; cols--) { /* as much of each as lets all of them in */
        for (unsigned i = 0; i < n; i++)
            word[i] = title(a, s[i].letter, _(s[i].title), cols);
        word[n] = title(a, 'g', _("List"), cols);
        if (hint_fill(word, n + 1, tty_columns(u->tty), a, row) == n + 1)
            return;
    }
}

static void mark_rows(struct ui *u, struct arena *a, struct text row[2])
{
    char set[MARKS * 2 + 1] = "";
    size_t n = 0;

    /* The letters alone: a name here would be that of another patient than the banner's. */
    for (unsigned i = 0; i < MARKS; i++)
        if (u->mark[i].letter) {
            set[n++] = ' ';
            set[n++] = u->mark[i].letter;
        }
    set[n] = '\0';
    row[0] = text_safe(a, str_of(arena_fmt(a, "%s%s", n ? _("Marks set:") : _("No mark is set."), set)), 0);
    row[1] = text_own(u->hint.where == ON_MARK ? _("A letter marks this place; ' and the letter lead back to it.")
                                               : _("A letter leads to its mark."));
}

/* The rows of the table behind a key that has no other words: "r Renew  h Hold". */
static void table_rows(struct ui *u, struct arena *a, struct text row[2])
{
    struct text word[WORDS_MAX];
    unsigned all, n = 0;
    const struct command *c = command_table(&all);

    for (unsigned i = 0; i < all && n < WORDS_MAX; i++)
        if (c[i].where & u->hint.where && c[i].label)
            word[n++] = text_safe(a, str_of(arena_fmt(a, "%s %s", conf_keys(&u->conf, &c[i], a), _(c[i].label))), 0);
    hint_fill(word, n, tty_columns(u->tty), a, row);
}

bool hint_paint(struct ui *u, struct arena *a)
{
    struct text row[2] = {{"", 0, 0}, {"", 0, 0}};
    unsigned at = tty_rows(u->tty) - 3, cols = tty_columns(u->tty);

    if (!u->hint.where || !u->hint.shown)
        return false;
    if (u->hint.where == ON_GO)
        go_rows(u, a, row);
    else if (u->hint.where == ON_ACT)
        table_rows(u, a, row);
    else
        mark_rows(u, a, row);
    for (unsigned i = 0; i < 2; i++)
        tty_put(u->tty, at + i, 0, row[i], cols, TTY_PLAIN);
    return true;
}

static void pause_over(void *arg)
{
    struct ui *u = arg;

    u->hint.timer = 0;
    u->hint.shown = true;
    u->damage = true;
}

void hint_on(struct ui *u, uint64_t where)
{
    hint_off(u);
    u->hint.where = where;
    u->hint.timer = loop_after(u->loop, HINT_MS, pause_over, u);
}

void hint_off(struct ui *u)
{
    if (u->hint.timer)
        loop_cancel(u->loop, u->hint.timer);
    u->damage = u->damage || u->hint.shown;
    memset(&u->hint, 0, sizeof u->hint);
}

void hint_second(struct ui *u, int where)
{
    hint_on(u, (uint64_t)where);
}

void hint_drop(struct ui *u, int arg)
{
    (void)u, (void)arg; /* it was dropped when this key came */
}
