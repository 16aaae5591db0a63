/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a patient stands in the worklist, and the three rows above.
 */
#include "config.h"

#include "base/glyph.h"
#include "base/intl.h"
#include "ui/priv.h"

#define NAME_COLS 28
#define BORN_COLS 18
#define SEX_COLS 7

/* As wide as the widest of its words in the language. */
static unsigned sex_cols(void)
{
    static const char *const words[] = {N_("Sex"), N_("Male"), N_("Female"), N_("Other"), N_("Unknown")};
    unsigned cols = SEX_COLS;

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        unsigned w = tty_cols(str_of(_(words[i])));

        cols = w > cols ? w : cols;
    }
    return cols;
}

static void pad(struct buf *b, struct text s, unsigned cols)
{
    unsigned w = tty_cols((struct str){s.s, s.n});

    buf_add(b, s.s, s.n);
    while (w++ < cols)
        buf_addc(b, ' ');
    buf_addc(b, ' ');
}

/* All rows have the columns of the heading, whatever wraps: a long name stands on a line of its
 * own, for a name is never cut (two patients may differ in its end), and what needs more room goes
 * on below, behind the names' column. */
static void add_row(struct list *l, const struct model_patient *p, unsigned cols)
{
    struct buf b;
    struct text rest;
    const char *note;
    unsigned room;

    buf_init(&b, 65536);
    pad(&b, p->born, BORN_COLS);
    pad(&b, p->sex, sex_cols());
    buf_add(&b, p->number.s, p->number.n);
    room = cols - NAME_COLS - 1 - tty_cols(buf_str(&b));
    if (p->marks.n) { /* a blank less is better than SIMILAR on one line and NAME on the next */
        buf_adds(&b, room < cols && tty_cols((struct str){p->marks.s, p->marks.n}) + 1 == room ? " " : "  ");
        buf_add(&b, p->marks.s, p->marks.n);
    }
    note = glyph_note((struct str){p->name.s, p->name.n});
    if (note[0]) { /* REQ: a name that stands there in other letters than its own says so */
        buf_addc(&b, ' ');
        buf_adds(&b, note);
    }
    rest = text_safe(&l->arena, buf_str(&b), 0);
    if (b.failed || !rest.n)
        l->failed = true;
    list_add(l, p->name, NAME_COLS + 1, rest, cols);
    buf_fini(&b);
}

void scr_work_rows_build(struct ui *u)
{
    struct scr_work *w = &u->work;
    unsigned h = ui_body_rows(u);

    list_clear(&w->list, h);
    w->list.base = w->rows.offset;
    w->list.phase = (h - w->rows.offset % h) % h;
    for (unsigned i = 0; i < w->rows.n; i++)
        add_row(&w->list, &w->rows.rows[i], tty_columns(u->tty) - LIST_MARGIN);
    list_settle(&w->list);
}

/* REQ: what is NOT SENT stands in its row, without a key; the rows stay where they are. */
void scr_work_rows_edited(struct ui *u)
{
    struct scr_work *w = &u->work;
    struct model_worklist fresh;
    struct err e = ERR_NONE;
    uint64_t was = list_layout(&w->list);
    struct list seen = w->list;

    if (!w->loaded || w->due)
        return;
    u->damage = true;
    if (model_worklist_again(&u->model, &w->scope, (struct str){w->filter, w->filter_n}, &w->rows, &fresh, &e)) {
        w->stale = true;
        return;
    }
    model_worklist_fini(&w->rows);
    w->rows = fresh;
    scr_work_rows_build(u);
    if (list_layout(&w->list) == was)
        list_slid(&w->list, &seen);
}

/* Which patients these are, and in which order when it is not the usual one. */
static struct text which(struct ui *u, struct arena *a)
{
    const struct scr_work *w = &u->work;
    const char *order = "", *all;

    if (w->scope.order != STORE_BY_NAME)
        order = arena_fmt(a, _(", by %s"), model_order_words(w->scope.order));
    if (w->scope.scope == STORE_EVERYBODY)
        all = arena_fmt(a, P_("PATIENTS  %lld kept here (%s)%s", "PATIENTS  %lld kept here (%s)%s", w->rows.kept),
                        (long long)w->rows.kept, model_kept_words(&u->model, a), order);
    else if (w->filter_n)
        all = arena_fmt(a, P_("PATIENTS  %s, of %lld kept here%s", "PATIENTS  %s, of %lld kept here%s", w->rows.kept),
                        model_scope_words(&u->model, &w->scope, a).s, (long long)w->rows.kept, order);
    else
        all = arena_fmt(a, P_("PATIENTS  %s: %lld of %lld kept here%s", "PATIENTS  %s: %lld of %lld kept here%s",
                              w->rows.kept),
                        model_scope_words(&u->model, &w->scope, a).s, (long long)w->rows.total,
                        (long long)w->rows.kept, order);
    if (w->rows.unsent) /* REQ: never pushed off by the words of a list */
        all = arena_fmt(a, _("%lld NOT SENT  %s"), (long long)w->rows.unsent, all);
    return text_safe(a, str_of(all), 0);
}

static void paint_head(struct ui *u, struct arena *a)
{
    struct scr_work *w = &u->work;
    unsigned cols = tty_columns(u->tty), page, pages;
    struct text filter = text_safe(a, (struct str){w->filter, w->filter_n}, 0), head;
    struct buf b;
    const char *match;

    tty_put(u->tty, 0, 0, which(u, a), cols, TTY_PLAIN);
    if (w->filter_n) {
        match = arena_fmt(a, P_("%lld matches \"%s\"", "%lld match \"%s\"", w->rows.total),
                          (long long)w->rows.total, filter.s);
        tty_put(u->tty, 1, 0, text_safe(a, str_of(match), 0), cols, TTY_PLAIN);
    }
    buf_init(&b, 4096);
    buf_adds(&b, "    "); /* LIST_MARGIN */
    pad(&b, text_own(_("Name")), NAME_COLS);
    pad(&b, text_own(_("Born")), BORN_COLS);
    pad(&b, text_own(_("Sex")), sex_cols());
    buf_adds(&b, _("Number"));
    head = text_safe(a, buf_str(&b), 0);
    buf_fini(&b);
    list_pages_of(&w->list, (unsigned)w->rows.total, scr_work_screen()->more(u), &page, &pages);
    ui_paint_title(u, head, (struct text){"", 0, 0}, page, pages);
}

/* How the server is asked for whom nobody here matches, behind the words of the model. */
static const char *asks(struct ui *u, struct arena *a)
{
    const struct command *c = command_named("list.server", ON_WORKLIST);
    struct str keys = str_of(conf_keys(&u->conf, c, a)), key = str_split(&keys, ' ');

    if (!u->work.filter_n || !u->hooks.ask)
        return "";
    if (!key.n) /* wardline.conf took it away: the palette has it still */
        key = str_of(arena_fmt(a, ":%s", c->mnemonic));
    return arena_fmt(a, u->prompt.kind ? _("Enter, then %.*s asks the server.") : _("%.*s asks the server."),
                     STR_ARG(key));
}

/* From a row of the body on; the row behind. */
static unsigned put_wrapped(struct ui *u, struct str words, unsigned row, struct arena *a)
{
    while (words.n && row < UI_BODY + ui_body_rows(u)) {
        struct str line = tty_wrap(&words, tty_columns(u->tty) - LIST_MARGIN);

        tty_put(u->tty, row++, LIST_MARGIN, text_safe(a, line, 0), tty_columns(u->tty), TTY_PLAIN);
    }
    return row;
}

void scr_work_rows_paint(struct ui *u)
{
    struct scr_work *w = &u->work;
    struct arena a;

    arena_init(&a, 65536);
    paint_head(u, &a);
    if (w->list.failed)
        tty_put(u->tty, UI_BODY, 0, text_own(_("No memory for the list.")), tty_columns(u->tty),
                TTY_PLAIN);
    else if (w->loaded && !w->rows.n) {
        put_wrapped(u, str_of(asks(u, &a)), put_wrapped(u, (struct str){w->rows.empty.s, w->rows.empty.n}, UI_BODY, &a),
                    &a);
        tty_cursor(u->tty, UI_BODY, LIST_MARGIN);
    } else {
        list_paint(&w->list, u->tty, UI_BODY);
    }
    arena_fini(&a);
}
