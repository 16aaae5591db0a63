/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/palette.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "ui/priv.h"

#define FEW 3 /* matches: they are told in sentences */

enum rank { MNEMONIC, ID, NAME, LETTER, BEGINS, WORD, NONE };

/* --- finding ---------------------------------------------------------------------------------- */

static struct str folded(struct arena *a, struct str s)
{
    struct buf b;
    struct str out;

    buf_init(&b, 4096);
    text_fold(&b, s);
    out = arena_str(a, str_trim(buf_str(&b)));
    buf_fini(&b);
    return out;
}

static bool begins(struct str s, struct str with)
{
    return s.n >= with.n && !memcmp(s.p, with.p, with.n);
}

/* Does a word of s begin with this? Behind a blank, a point or a bracket. */
static bool word_begins(struct str s, struct str with)
{
    for (size_t i = 1; i + with.n <= s.n; i++)
        if (memchr(" .(", s.p[i - 1], 3) && !memcmp(s.p + i, with.p, with.n))
            return true;
    return false;
}

static enum rank least(enum rank a, enum rank b)
{
    return a < b ? a : b;
}

static enum rank name_rank(struct arena *a, struct str name, struct str word)
{
    struct str s = folded(a, name);

    return str_eq(s, word) ? NAME : begins(s, word) ? BEGINS : word_begins(s, word) ? WORD : NONE;
}

/* "list.next" is found by all of it, by its beginning if a point was typed, else by the beginning of its last part. */
static enum rank id_rank(struct str id, struct str word)
{
    struct str part = id;

    if (str_eq(id, word))
        return ID;
    if (!memchr(word.p, '.', word.n))
        for (size_t i = 0; i < id.n; i++)
            if (id.p[i] == '.')
                part = (struct str){id.p + i + 1, id.n - i - 1};
    return begins(part, word) ? BEGINS : NONE;
}

static enum rank command_rank(struct arena *a, const struct command *c, struct str word)
{
    struct str rest = str_of(c->mnemonic);
    enum rank r = NONE;

    while (rest.p && rest.n) {
        struct str m = folded(a, str_split(&rest, ' '));

        r = least(r, str_eq(m, word) ? MNEMONIC : begins(m, word) ? BEGINS : NONE);
    }
    r = least(r, id_rank(str_of(c->id), word));
    if (c->label)
        r = least(r, name_rank(a, str_of(_(c->label)), word));
    if (c->help && r == NONE && name_rank(a, str_of(_(c->help)), word) != NONE)
        r = WORD;
    return r;
}

static enum rank section_rank(struct arena *a, const struct kind_section *s, struct str word)
{
    if (word.n == 1 && word.p[0] == s->letter)
        return LETTER;
    return least(name_rank(a, str_of(_(s->title)), word), name_rank(a, str_of(s->name), word));
}

struct finding {
    struct palette_match *out;
    unsigned n;
};

static void add(struct finding *f, const struct command *c, int arg, enum rank r, enum rank want)
{
    if (r == want && f->n < PALETTE_MAX)
        f->out[f->n++] = (struct palette_match){c, arg, r};
}

/* Rows that a person would choose have a name for people; the others are for keys alone, and for who knows the ids
 * that wardline.conf takes: all of one, or its beginning with the point. */
static bool listed(const struct command *c)
{
    return c->mnemonic || c->label || c->keys[0] == '@';
}

static bool by_id(const struct command *c, struct str word)
{
    return str_eq(str_of(c->id), word) || memchr(word.p ? word.p : "", '.', word.n);
}

static void find_rank(struct arena *a, uint64_t where, bool chart, struct str word, enum rank want, struct finding *f)
{
    unsigned n, sections;
    const struct command *c = command_table(&n);
    const struct kind_section *s = kind_sections(&sections);

    for (unsigned i = 0; i < n; i++) {
        if (!listed(&c[i]) && !by_id(&c[i], word))
            continue;
        if (!strcmp(c[i].id, "chart.section") && chart)
            for (unsigned k = 0; k < sections; k++)
                add(f, &c[i], (int)k, word.n ? section_rank(a, &s[k], word) : WORD, want);
        else if (c[i].where & where && c[i].keys[0] != '@' && strcmp(c[i].id, "palette"))
            add(f, &c[i], c[i].arg, word.n ? command_rank(a, &c[i], word) : WORD, want);
    }
}

unsigned palette_find(uint64_t where, bool chart, struct str word, struct palette_match out[PALETTE_MAX])
{
    struct finding f = {out, 0};
    struct arena a;
    struct str w;

    for (enum rank r = MNEMONIC; r < NONE; r++) {
        arena_init(&a, 1 << 20);
        w = folded(&a, word);
        if (w.n || !str_trim(word).n)
            find_rank(&a, where, chart, w, r, &f);
        arena_fini(&a);
    }
    return f.n;
}

unsigned palette_best(const struct palette_match *m, unsigned n)
{
    unsigned k = 0;

    while (k < n && m[k].rank == m[0].rank)
        k++;
    return n && m[0].rank == MNEMONIC ? 1 : k;
}

/* --- doing ------------------------------------------------------------------------------------ */

static bool in_chart(const struct ui *u)
{
    return u->chart.open && !strcmp(u->screen->patient(u), u->chart.chart);
}

/* REQ: what asks something is answered by a person who has seen it, never by the next step of a jump. */
static bool stopped(const struct ui *u)
{
    return !u->open || u->asking || u->prompt.kind || u->hint.where || u->screen->where & ON_STOP || u->chart.mixed;
}

/* Does one step. False: it was not done; or it said something and led nowhere, which is why it was not. */
static bool step(struct ui *u, struct str word)
{
    struct palette_match m[PALETTE_MAX];
    unsigned n = palette_find(u->screen->where, in_chart(u), word, m), best = palette_best(m, n);
    const struct screen *was = u->screen;
    char chart[sizeof u->chart.chart];

    if (best == 1) {
        memcpy(chart, u->chart.chart, sizeof chart);
        ui_run(u, m[0].c, m[0].arg);
        return !u->message[0] || u->screen != was || strcmp(u->chart.chart, chart) != 0;
    }
    if (n)
        ui_say(u, P_("\"%.*s\" could be %u command: type more of it.",
                     "\"%.*s\" could be %u commands: type more of it.", n),
               STR_ARG(word), n);
    else if (palette_find(~0u, true, word, m))
        ui_say(u, _("\"%.*s\" does nothing on this screen."), STR_ARG(word));
    else
        ui_say(u, _("No command is called \"%.*s\". ? = help"), STR_ARG(word));
    return false;
}

static void not_done(struct ui *u, struct str rest)
{
    char said[sizeof u->message];

    if (!str_trim(rest).n)
        return;
    snprintf(said, sizeof said, "%s", u->message);
    ui_say(u, "%s%s%s %.*s", said, said[0] ? "  " : "", _("Not done:"), STR_ARG(rest));
    mem_zero(said, sizeof said);
}

static void run_all(struct ui *u, struct str all)
{
    while (all.p && all.n) {
        struct str from = all, word = str_trim(str_split(&all, ';'));

        if (!word.n)
            continue;
        if (!step(u, word)) {
            if (all.p && all.n)
                not_done(u, u->message[0] ? from : all);
            return;
        }
        if (all.p && all.n && stopped(u)) {
            not_done(u, all);
            return;
        }
    }
}

/* --- the prompt ------------------------------------------------------------------------------- */

/* The step that is being typed: behind the last semicolon. */
static struct str last_step(struct str typed, size_t *head)
{
    *head = 0;
    for (size_t i = 0; i < typed.n; i++)
        if (typed.p[i] == ';')
            *head = i + 1;
    return str_trim((struct str){typed.p + *head, typed.n - *head});
}

static void changed(struct ui *u)
{
    memset(&u->palette, 0, sizeof u->palette);
}

static void enter(struct ui *u)
{
    struct str typed = prompt_typed(u);
    char all[PROMPT_MAX];
    size_t n = typed.n;

    memcpy(all, typed.p, n);
    prompt_close(u);
    changed(u);
    run_all(u, (struct str){all, n});
    mem_zero(all, sizeof all);
}

/* The word that means this match and no other. */
static struct str word_of(const struct palette_match *m)
{
    unsigned n;
    struct str rest = str_of(m->c->mnemonic);

    if (m->c->keys[0] == '@')
        return str_of(_(kind_sections(&n)[m->arg].title));
    return rest.n ? str_split(&rest, ' ') : str_of(m->c->label ? _(m->c->label) : m->c->id);
}

static void move(struct ui *u, int by)
{
    struct palette *p = &u->palette;
    struct palette_match m[PALETTE_MAX];
    struct str typed = prompt_typed(u), word;
    char line[PROMPT_MAX];
    size_t head;
    unsigned n;

    if (!p->at) {
        memcpy(p->base, typed.p, typed.n);
        p->base_n = typed.n;
    }
    typed = (struct str){p->base, p->base_n};
    n = palette_find(u->screen->where, in_chart(u), last_step(typed, &head), m);
    p->at = (p->at + n + 1 + (unsigned)by) % (n + 1);
    word = p->at ? word_of(&m[p->at - 1]) : (struct str){typed.p + head, typed.n - head};
    if (head + word.n > sizeof line)
        return;
    memcpy(line, typed.p, head);
    memcpy(line + head, word.p, word.n);
    prompt_set(u, (struct str){line, head + word.n});
    mem_zero(line, sizeof line);
}

static const struct prompt_kind kind = {
    .where = ON_PROMPT, .label = ":", .changed = changed, .enter = enter, .move = move};

void palette_open(struct ui *u)
{
    changed(u);
    prompt_open(u, &kind, (struct str){0});
}

static bool is_open(const struct ui *u)
{
    return prompt_is(u, &kind);
}

/* --- paint ------------------------------------------------------------------------------------ */

static struct text match_text(const struct ui *u, struct arena *a, const struct palette_match *m, bool few)
{
    unsigned n;
    const struct kind_section *s = kind_sections(&n);
    struct str word = word_of(m);
    const char *more = m->c->label && m->c->mnemonic ? command_label(u, m->c) : "", *line;

    if (m->c->keys[0] == '@')
        line = arena_fmt(a, "%c %s", s[m->arg].letter, _(s[m->arg].title));
    else if (few && m->c->help)
        line = arena_fmt(a, "%.*s: %s", STR_ARG(word), _(m->c->help));
    else
        line = arena_fmt(a, *more ? "%.*s %s" : "%.*s%s", STR_ARG(word), more);
    return text_safe(a, str_of(line), 0);
}

bool palette_paint(struct ui *u, struct arena *a)
{
    struct palette_match m[PALETTE_MAX];
    struct text word[PALETTE_MAX], row[2];
    struct str typed = u->palette.at ? (struct str){u->palette.base, u->palette.base_n} : prompt_typed(u);
    unsigned n, done, at = tty_rows(u->tty) - 3, cols = tty_columns(u->tty);
    size_t head;

    if (!is_open(u))
        return false;
    n = palette_find(u->screen->where, in_chart(u), last_step(typed, &head), m);
    for (unsigned few = n <= FEW, tries = 0; tries <= few; tries++) { /* sentences, if they have room */
        for (unsigned i = 0; i < n; i++)
            word[i] = match_text(u, a, &m[i], few && !tries);
        if ((done = hint_fill(word, n, cols, a, row)) == n)
            break;
    }
    if (!n)
        row[0] = text_own(_("No command of this screen is called that."));
    for (unsigned i = 0; i < 2; i++)
        tty_put(u->tty, at + i, 0, row[i], cols, TTY_PLAIN);
    if (done < n) {
        struct text rest = text_safe(a, str_of(arena_fmt(a, "+%u", n - done)), 0);

        if (row[1].cols + 2 + rest.cols <= cols)
            tty_put(u->tty, at + 1, cols - rest.cols, rest, cols, TTY_PLAIN);
    }
    return true;
}
