/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Line mode: what is read. What is said is in line_say.c.
 */
#include "config.h"

#include "ui/line.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "ui/line_priv.h"
#include "ui/priv.h"

/* --- what a line says --------------------------------------------------------------------------- */

struct line_words line_parse(struct str line)
{
    struct line_words w = {.kind = LINE_EMPTY};
    struct str s = str_trim(line);
    size_t digits = 0;

    if (!s.n)
        return w;
    while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
        digits++;
    if (digits) {
        w.kind = LINE_ROW;
        w.word = str_trim((struct str){s.p + digits, s.n - digits});
        if (!str_int((struct str){s.p, digits}, 0, 1000000000, &w.row))
            w.row = 1000000000; /* no list is that long */
    } else if (s.n > 1 && memchr("/:\\", s.p[0], 3)) {
        w.kind = LINE_TEXT;
        w.opener = s.p[0];
        w.word = str_trim((struct str){s.p + 1, s.n - 1});
    } else {
        w.kind = LINE_WORD;
        w.word = s;
    }
    return w;
}

/* --- commands ----------------------------------------------------------------------------------- */

static bool same_word(struct str word, const char *z)
{
    return z && strlen(z) == word.n && !strncasecmp(word.p, z, word.n);
}

/* A key, or a key's name however it is written. */
static int key_of(struct str word)
{
    static const int named[] = {KEYS_ENTER, KEYS_TAB,   KEYS_BACKTAB, KEYS_ESC,  KEYS_UP,   KEYS_DOWN, KEYS_LEFT,
                                KEYS_RIGHT, KEYS_PGUP,  KEYS_PGDN,    KEYS_HOME, KEYS_END,  ' ',       KEYS_BACKSPACE};
    char room[16];
    int key = keys_code(word);

    for (size_t i = 0; !key && i < sizeof named / sizeof *named; i++)
        if (same_word(word, keys_name(named[i], room)))
            key = named[i];
    return key;
}

/* One of several words with blanks between them. */
static bool one_of(struct str word, const char *words)
{
    struct str rest = str_of(words);

    while (rest.p && rest.n) {
        struct str one = str_split(&rest, ' ');

        if (one.n == word.n && !strncasecmp(one.p, word.p, word.n))
            return true;
    }
    return false;
}

static const struct command *by_name(const struct ui *u, struct str word, int *arg)
{
    uint64_t where = ui_where(u);
    unsigned n;
    const struct command *c = command_table(&n);

    for (unsigned i = 0; i < n; i++)
        if (c[i].where & where && c[i].keys[0] != '@' &&
            (one_of(word, c[i].mnemonic) || same_word(word, c[i].id) ||
             (c[i].label && same_word(word, command_label(u, &c[i]))))) {
            *arg = c[i].arg;
            return &c[i];
        }
    return NULL;
}

/* A command of this screen by its id. */
static void run_id(struct ui *u, const char *id)
{
    const struct command *c = command_named(id, ui_where(u));

    if (c)
        ui_run(u, c, c->arg);
}

/* --- text for a field --------------------------------------------------------------------------- */

static void type_all(struct ui *u, struct str s)
{
    struct keys k;
    int two[2];

    keys_init(&k);
    for (size_t i = 0; i < s.n; i++) {
        unsigned n = keys_feed(&k, (unsigned char)s.p[i], two);

        for (unsigned j = 0; j < n; j++)
            if (two[j] >= ' ' && two[j] != KEYS_BACKSPACE) /* a field takes characters; the line was edited before */
                ui_key(u, two[j]);
    }
    mem_zero(&k, sizeof k);
    mem_zero(two, sizeof two);
}

static void field(struct ui *u, struct str s)
{
    if (s.n && ui_where(u) != ON_LOCK)
        ui_key(u, 'U' - '@');
    type_all(u, s);
    if (scr_find_typing(u)) {
        scr_work_refilter(u);
        scr_find_keep(u);
    } else {
        ui_key(u, KEYS_ENTER);
        /* It was refused: the next line is no answer to it. A form asks on. */
        if (u->prompt.kind && u->prompt.kind->where != ON_ANSWER && u->message[0])
            prompt_close(u);
    }
}

/* --- rows --------------------------------------------------------------------------------------- */

/* A key, a name; else whatever the palette makes of it: a section's name, first letters, several behind semicolons. */
static void word(struct ui *u, struct str w)
{
    uint64_t where = ui_where(u);
    int arg, key = key_of(w);
    const struct command *c = key ? conf_find(&u->conf, where, key, &arg) : NULL;

    if (!c)
        c = by_name(u, w, &arg);
    if (c) {
        if (!strcmp(c->id, "redraw"))
            line_say_forget(u);
        ui_run(u, c, arg);
    } else if (w.n > 1 && conf_find(&u->conf, where, ':', &arg)) {
        palette_open(u);
        field(u, w);
    } else {
        ui_say(u, "%s", _("That does nothing here. ? = help"));
    }
}

/* REQ: only a row that was printed before the line was typed can be chosen by its number. */
static bool printed(struct ui *u)
{
    struct list *l = ui_list(u);

    if (!l || l->plain || l->painted == l->painted_end)
        ui_say(u, "%s", _("There are no rows to choose from here."));
    else if (u->line->ahead)
        ui_say(u, "%s", _("Not chosen: the rows were not printed yet. Look, then type the number again."));
    else
        return true;
    return false;
}

static void row(struct ui *u, struct str s, const struct line_words *w)
{
    struct list *l;
    unsigned item;

    if (w->word.n && w->row && numbers_count(u, w->row < NUMBERS_COUNT ? w->row : NUMBERS_COUNT, key_of(w->word)))
        return;
    if (!printed(u))
        return;
    if (w->word.n && (w->word.p[0] == '-' || w->word.p[0] == ',')) { /* 1-4,7 */
        numbers_open(u, -1);
        field(u, s);
        return;
    }
    l = ui_list(u);
    if (w->row < 0 || w->row >= LIST_NUMBERS || !list_numbered(l, (unsigned)w->row, &item)) {
        ui_say(u, _("No row %lld was printed last."), (long long)w->row);
        return;
    }
    list_select(l, item);
    u->work.chosen = true;
    if (!w->word.n) {
        ui_key(u, KEYS_ENTER);
        return;
    }
    line_say_row(u); /* REQ: nothing is done to a row that has not been said in full */
    word(u, w->word);
}

static void text(struct ui *u, const struct line_words *w)
{
    ui_key(u, w->opener);
    if (ui_where(u) & ON_TYPING)
        field(u, w->word);
}

/* --- a line ------------------------------------------------------------------------------------- */

static void do_line(struct ui *u, struct str s)
{
    struct line_words w = line_parse(s);
    int arg;

    u->line->due = true;
    /* REQ: what came before that page could be read is no answer to it; leaving it is always one. */
    if (!(w.kind == LINE_WORD && key_of(w.word) == 'q') && (scr_stop_deaf(u) || prompt_deaf(u)))
        return;
    if (w.kind != LINE_WORD)
        hint_off(u);
    if (ui_where(u) & ON_TYPING) {
        field(u, s);
        return;
    }
    u->message[0] = '\0';
    if (u->hint.where && w.kind == LINE_WORD && key_of(w.word)) { /* the second of two keys */
        ui_key(u, key_of(w.word));
        return;
    }
    hint_off(u);
    if (u->asking) {
        int key = w.kind == LINE_EMPTY ? KEYS_ENTER : w.kind == LINE_WORD ? key_of(w.word) : 0;

        if (key && conf_find(&u->conf, ON_ASK, key, &arg)) {
            ui_key(u, key);
            return;
        }
        u->asking = false; /* what is no answer is what it is without a question */
    }
    switch (w.kind) {
    case LINE_EMPTY:
        if (ui_more_below(u))
            run_id(u, "list.next");
        else
            ui_key(u, 'q'); /* back, on every list; no file can take it away */
        break;
    case LINE_ROW:
        row(u, s, &w);
        break;
    case LINE_TEXT:
        text(u, &w);
        break;
    case LINE_WORD:
        word(u, w.word);
    }
}

/* --- input -------------------------------------------------------------------------------------- */

void line_free(struct ui *u)
{
    struct line *l = u->line;

    if (!l)
        return;
    loop_cancel(u->loop, l->next);
    tty_echo(u->tty, true);
    if (l->prompted && l->talks)
        line_say_put(u, STR("\n"));
    buf_fini(&l->body);
    mem_wipe(l, sizeof *l);
    u->line = NULL;
}

/* What comes next must wait for this: a script goes on when it is over. */
static bool busy(const struct ui *u)
{
    bool syncing = u->fetching || (u->sync_asked && u->sync.phase == MODEL_SYNC_RUNNING);

    bool writing = ui_saving_draft(u);

    return u->lock.trying ||
           (!u->line->talks && (writing || u->attach.busy || syncing || u->found.running || line_say_asks(u)));
}

static void next_line(void *arg);

static void plan_next(struct ui *u)
{
    struct line *l = u->line;

    if (!l->next && !busy(u) && (memchr(l->in, '\n', l->in_n) || l->ended))
        l->next = loop_after(u->loop, 0, next_line, u);
}

/* One line a turn: its answer is out before the next is looked at. */
static void next_line(void *arg)
{
    struct ui *u = arg;
    struct line *l = u->line;
    const char *end = memchr(l->in, '\n', l->in_n);
    char one[LINE_MAX_BYTES];
    size_t n;

    l->next = 0;
    if (busy(u))
        return;
    if (!end && l->ended && !l->in_n) {
        loop_stop(u->loop, u->open || l->was_open ? ERR_OK : ERR_NOTTY);
        return;
    }
    if (!end && !l->ended)
        return;
    n = end ? (size_t)(end - l->in) : l->in_n;
    memcpy(one, l->in, n);
    l->in_n -= n + (end != NULL);
    memmove(l->in, l->in + n + (end != NULL), l->in_n);
    mem_zero(l->in + l->in_n, sizeof l->in - l->in_n);
    if (n && one[n - 1] == '\r')
        n--;
    l->prompted = false;
    do_line(u, (struct str){one, n});
    mem_zero(one, sizeof one);
    u->damage = true;
}

int line_new(struct ui *u)
{
    struct line *l = mem_alloc(sizeof *l);

    if (!l)
        return ERR_NOMEM;
    buf_init(&l->body, LINE_BODY_BYTES);
    l->talks = isatty(STDIN_FILENO);
    l->due = true;
    u->line = l;
    l->next = loop_after(u->loop, 0, next_line, u); /* the first turn */
    return l->next ? ERR_OK : ERR_NOMEM;
}

void line_input(struct ui *u)
{
    struct line *l = u->line;
    ssize_t k;

    if (l->in_n == sizeof l->in) { /* a line without an end */
        mem_zero(l->in, sizeof l->in);
        l->in_n = 0;
        l->too_long = true;
    }
    k = read(STDIN_FILENO, l->in + l->in_n, sizeof l->in - l->in_n);
    if (k < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (k <= 0) {
        l->ended = true;
        loop_fd(u->loop, STDIN_FILENO, 0, NULL, NULL);
    } else {
        l->in_n += (size_t)k;
        u->last_key_ms = clock_boot_ms(u->clock);
    }
    if (l->too_long) {
        char *end = memchr(l->in, '\n', l->in_n);
        size_t gone = end ? (size_t)(end - l->in) : l->in_n; /* its end stays: an empty line that says so */

        if (end) {
            l->in_n -= gone + 1;
            memmove(l->in, end + 1, l->in_n);
            l->too_long = false;
            l->due = u->damage = true;
            ui_say(u, "%s", _("That line is too long: nothing of it was done."));
        } else {
            l->in_n = 0;
        }
        mem_zero(l->in + l->in_n, sizeof l->in - l->in_n);
    }
    plan_next(u);
}

void line_turn(struct ui *u)
{
    line_say_new(u);
    plan_next(u);
}

bool line_over(struct ui *u, int code)
{
    if (!u->line || u->line->talks)
        return false;
    loop_stop(u->loop, code);
    return true;
}
