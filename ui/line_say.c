/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Line mode: what is said. The screen is painted on a page in memory as ever; of that page, what is new is said.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/glyph.h"
#include "base/intl.h"
#include "base/mem.h"
#include "ui/line_priv.h"
#include "ui/priv.h"

void line_say_put(struct ui *u, struct str s)
{
    while (s.n) {
        ssize_t k = write(STDOUT_FILENO, s.p, s.n);

        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0) { /* nobody listens any more */
            loop_stop(u->loop, ERR_IO);
            return;
        }
        s.p += k;
        s.n -= (size_t)k;
    }
}

static void add_text(struct buf *out, struct text s)
{
    glyph_bytes(out, (struct str){s.s, s.n});
}

static void add_words(struct buf *out, const char *z)
{
    glyph_bytes(out, str_of(z));
}

static void end_line(struct buf *out)
{
    buf_addc(out, '\n');
}

/* The page's row, and whether it is another one than was said last (was, of LINE_ROW_BYTES, which it then is). */
static bool take_row(struct ui *u, unsigned row, char *was, struct buf *now)
{
    bool other;

    buf_init(now, 1 << 16);
    tty_page_row(u->tty, row, now);
    other = strncmp(was, now->n ? now->p : "", LINE_ROW_BYTES - 1) != 0;
    snprintf(was, LINE_ROW_BYTES, "%s", now->n ? now->p : "");
    return other;
}

/* REQ: a page of a chart says whose it is: name and birth date, where the rows above are not said again. */
static void add_whose(struct ui *u, struct buf *out)
{
    const struct model_banner *b = &u->chart.banner;

    if (!u->chart.open || strcmp(u->screen->patient(u), b->chart) || b->n < 2)
        return;
    add_text(out, b->line[0]);
    buf_adds(out, "  ");
    add_text(out, b->line[1]);
    end_line(out);
}

/* REQ: and how old all of it is, while there is no link, the last sync failed, or the one that tries has no answer. */
static void add_no_link(struct ui *u, struct buf *out)
{
    struct line *l = u->line;
    struct text s = {"", 0, 0};
    struct arena a;

    if (!u->open || (u->screen == scr_server_screen() && u->server.loaded)) /* that came over the link, just now */
        return;
    arena_init(&a, 65536);
    if (model_sync_no_link(&u->model, &u->sync, &a, &s)) {
        add_text(out, s);
        end_line(out);
        snprintf(l->last, sizeof l->last, "%s", s.s);
        l->phase = (int)u->sync.phase; /* that it tries need not be said beside it */
    }
    arena_fini(&a);
}

/* Rows 1 to 3: of the first two both when one is new, for a name and its allergies belong together. */
static bool say_head(struct ui *u, struct buf *out)
{
    struct line *l = u->line;
    struct buf a, b, t;
    bool head = take_row(u, 0, l->head[0], &a), title;

    head = take_row(u, 1, l->head[1], &b) || head;
    title = take_row(u, 2, l->title, &t);
    for (int i = 0; head && i < 2; i++) {
        const struct buf *r = i ? &b : &a;

        buf_add(out, r->p, r->n);
        if (r->n)
            end_line(out);
    }
    if (title && !head)
        add_whose(u, out);
    if (t.n && (head || title)) {
        buf_add(out, t.p, t.n);
        end_line(out);
    }
    if (head || title)
        add_no_link(u, out);
    buf_fini(&a);
    buf_fini(&b);
    buf_fini(&t);
    return head || title;
}

/* --- the body ----------------------------------------------------------------------------------- */

static void add_page_rows(struct ui *u, unsigned from, unsigned to, struct buf *out)
{
    for (unsigned i = from; i < to; i++) {
        size_t was = out->n;

        tty_page_row(u->tty, i, out);
        if (out->n > was)
            end_line(out);
    }
}

/* A line behind its row's number, or behind blanks, in the columns that the screen has for marker and number. */
static void add_numbered(const struct list *l, unsigned item, bool first, struct text line, struct buf *out)
{
    if (first && !l->plain)
        buf_addf(out, "%*u ", LIST_MARGIN - 1, list_number(l, item));
    else
        buf_addf(out, "%*s", LIST_MARGIN, "");
    add_text(out, line);
    end_line(out);
}

/* An item's lines, from one of them on, at most room of them. */
static unsigned add_item(const struct list *l, unsigned item, unsigned skip, unsigned room, struct buf *out)
{
    unsigned at = list_line_of(l, item), end = list_line_of(l, item + 1), n = 0;

    for (unsigned i = at + skip; i < end && n < room; i++, n++)
        add_numbered(l, item, !n, *(struct text *)vec_at(&l->lines, i), out);
    return n;
}

static void add_body(struct ui *u, struct buf *out)
{
    struct list *l = ui_list(u);
    unsigned end = UI_BODY + ui_body_rows(u), before = 0, used = 0, top;

    if (!l || l->painted == l->painted_end || l->failed) {
        add_page_rows(u, UI_BODY, end, out);
        return;
    }
    if (l->sel > l->painted)
        before = list_line_of(l, l->sel) - list_line_of(l, l->painted) - l->skip;
    top = l->shown_row > before ? l->shown_row - before : UI_BODY;
    add_page_rows(u, UI_BODY, top, out);
    for (unsigned i = l->painted; i < l->painted_end; i++)
        used += add_item(l, i, i == l->top ? l->skip : 0, l->height - used, out);
    add_page_rows(u, top + used, end, out);
}

void line_say_row(struct ui *u)
{
    struct list *l = ui_list(u);
    struct buf out;

    buf_init(&out, 1 << 20);
    add_item(l, l->sel, 0, UINT32_MAX, &out);
    line_say_put(u, buf_str(&out));
    buf_fini(&out);
}

static void say_body(struct ui *u, bool other, struct buf *out)
{
    struct line *k = u->line;
    struct list *l = ui_list(u);
    struct buf now;

    buf_init(&now, LINE_BODY_BYTES);
    add_body(u, &now);
    if (other || !str_eq(buf_str(&now), buf_str(&k->body)))
        buf_add(out, now.p, now.n);
    else if (l && l->painted < l->painted_end && l->sel != k->sel)
        add_item(l, l->sel, l->sel == l->top ? l->skip : 0, l->height, out);
    k->sel = l ? l->sel : 0;
    buf_fini(&k->body);
    k->body = now;
}

/* --- words, and what can be typed --------------------------------------------------------------- */

static void say_words(struct ui *u, struct arena *a, struct buf *out)
{
    struct line *l = u->line;
    struct text words = ui_message_words(u, a);

    if (u->hint.where) /* what may follow the key that waits for a second one */
        add_page_rows(u, tty_rows(u->tty) - 3, tty_rows(u->tty) - 1, out);
    if (words.n && (u->message[0] || strncmp(words.s, l->words, LINE_ROW_BYTES - 1))) {
        add_text(out, words);
        end_line(out);
    }
    snprintf(l->words, sizeof l->words, "%s", words.s);
}

/* What the sync does: when it begins and when it has ended, never its numbers while it runs. */
static void say_sync(struct ui *u, struct arena *a, struct buf *out)
{
    struct line *l = u->line;
    struct text s = {"", 0, 0};
    bool running = u->sync.phase == MODEL_SYNC_RUNNING;

    if (!u->open)
        return;
    model_sync_words(&u->model, &u->sync, a, &s);
    if (s.n && (running ? l->phase != MODEL_SYNC_RUNNING : strncmp(s.s, l->last, LINE_ROW_BYTES - 1) != 0)) {
        add_text(out, s);
        end_line(out);
    }
    l->phase = (int)u->sync.phase;
    if (!running)
        snprintf(l->last, sizeof l->last, "%s", s.s);
}

/* How the table's first key is typed here: Enter and Space are an empty line or a number. */
static const char *typed_as(struct str key, uint64_t where)
{
    int code = keys_code(key);

    if (where & (ON_LOCK | ON_ASK))
        return NULL;
    /* TRANSLATORS: line mode, what is typed: "number Open", "Enter Page", "/words Find" */
    return code == KEYS_ENTER ? _("number") : code == ' ' ? _("Enter") : code == '/' ? _("/words") : NULL;
}

static void say_bar(struct ui *u, struct arena *a, struct buf *out)
{
    uint64_t where = ui_where(u);
    unsigned i = 0;
    const struct command *c;
    size_t was = out->n;
    struct str first;

    if (where == u->line->where && (u->work.filter_n > 0) == u->line->filtered)
        return;
    u->line->where = where;
    u->line->filtered = u->work.filter_n > 0; /* Back is called by what it does */
    while (!(where & ON_TYPING) && (c = ui_bar_next(u, &i, &first, a))) {
        const char *as = typed_as(first, where);

        if (out->n > was)
            buf_adds(out, "  ");
        if (as)
            add_words(out, as);
        else
            buf_addstr(out, first);
        buf_addc(out, ' ');
        add_words(out, command_label(u, c));
    }
    if (out->n > was)
        end_line(out);
    if (u->screen == scr_help_screen()) {
        add_words(out, _("Type a number to open that row, a number and a key to do that to the row, /words to find, a "
                         "key, its name or a label alone; an empty line is the next page, at the end back."));
        end_line(out);
    }
}

static const char *what_enter_does(struct ui *u)
{
    if (ui_more_below(u))
        return _("Enter = next page> ");
    if (u->screen == scr_work_screen())
        return u->work.filter_n ? _("Enter = all patients> ") : _("Enter = leave> ");
    return _("Enter = back> ");
}

static void say_prompt(struct ui *u, struct buf *out)
{
    size_t was = out->n;

    if (u->lock.trying || (!u->line->talks && line_say_asks(u))) /* the answer comes first */
        return;
    if (ui_where(u) == ON_LOCK) {
        add_words(out, _("Passphrase:"));
        buf_addc(out, ' ');
    } else if (ui_where(u) & (ON_ASK | ON_TYPING | ON_STOP)) {
        tty_page_row(u->tty, tty_rows(u->tty) - 1, out);
        buf_addc(out, ' ');
    } else {
        if (u->demo) {
            add_words(out, _("DEMO - NOT REAL PATIENTS"));
            buf_adds(out, "  ");
        }
        if (u->unprotected) {
            add_words(out, _("UNPROTECTED"));
            buf_adds(out, "  ");
        }
        add_words(out, what_enter_does(u));
    }
    u->line->prompted = out->n > was;
    if (!u->line->talks) /* no echo ends the line */
        end_line(out);
}

/* --- all of it ---------------------------------------------------------------------------------- */

static void say_lock(struct ui *u, bool other, struct buf *out)
{
    struct line *l = u->line;

    if (other) {
        if (!l->greeted) {
            add_words(out, _("wardline in line mode. Type ? for help once it is open."));
            end_line(out);
        }
        l->greeted = true;
        add_page_rows(u, 0, UI_BODY + 1, out);
    }
    if (u->lock.trying && !l->trying)
        add_page_rows(u, UI_BODY + 1, UI_BODY + 2, out);
}

bool line_say_asks(const struct ui *u)
{
    return u->screen == scr_server_screen() && u->server.asking;
}

static bool wanted(const struct ui *u)
{
    const struct line *l = u->line;

    return l->due || u->screen != l->screen || u->lock.trying != l->trying || line_say_asks(u) != l->asking ||
           (u->message[0] && strncmp(u->message, l->words, strlen(u->message)) != 0);
}

/* Has somebody typed on before the last answer was out? */
static bool typed_ahead(const struct ui *u)
{
    return u->line->talks && (memchr(u->line->in, '\n', u->line->in_n) || tty_waits(u->tty));
}

void line_say_forget(struct ui *u)
{
    struct line *l = u->line;

    mem_zero(l->head, sizeof l->head);
    mem_zero(l->title, sizeof l->title);
    mem_zero(l->words, sizeof l->words);
    l->last[0] = '\0';
    l->where = 0;
    buf_fini(&l->body); /* which wipes it */
    buf_init(&l->body, LINE_BODY_BYTES);
}

void line_say_new(struct ui *u)
{
    struct line *l = u->line;
    bool other = u->screen != l->screen, locked = u->screen == scr_lock_screen();
    struct arena a;
    struct buf out;

    if ((!u->damage && !l->due) || !wanted(u))
        return;
    l->was_open = l->was_open || u->open;
    l->ahead = typed_ahead(u);
    scr_work_refilter(u);
    u->damage = false;
    u->hint.shown = u->hint.where != 0; /* nobody waits for it here */
    ui_paint(u);
    arena_init(&a, 1 << 20);
    buf_init(&out, 4 << 20);
    if (l->talks && (l->prompted || l->silent))
        end_line(&out);
    if (locked && other) /* nothing of a patient is in memory any more */
        line_say_forget(u);
    if (locked)
        say_lock(u, other, &out);
    else
        say_body(u, say_head(u, &out) || other, &out);
    say_words(u, &a, &out);
    say_sync(u, &a, &out);
    if (!locked && !line_say_asks(u)) /* there is no row yet to do anything to */
        say_bar(u, &a, &out);
    say_prompt(u, &out);
    l->silent = ui_where(u) == ON_LOCK && !u->lock.trying;
    tty_echo(u->tty, !l->silent);
    line_say_put(u, buf_str(&out));
    l->due = false;
    l->screen = u->screen;
    l->trying = u->lock.trying;
    l->asking = line_say_asks(u);
    buf_fini(&out);
    arena_fini(&a);
}
