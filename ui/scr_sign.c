/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One's own drafts of a chart, to be signed: each as it will be written, with what it ends and its checks. Nothing is
 * ticked beforehand but the order that was just read back. Two digits that stand on the page are the signature's key:
 * others each time, and no key counts that was typed before they could be read.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define LEAD_COLS 10

static struct list *list(struct ui *u)
{
    return &u->sign.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static void build(struct ui *u)
{
    struct scr_sign *s = &u->sign;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;
    struct err e = ERR_NONE;
    struct vec was = s->items;

    scr_chart_screen()->build(u);
    list_clear(&s->list, ui_body_rows(u));
    vec_init(&s->items, sizeof(struct sign_item), 100000);
    for (unsigned i = 0; i < s->b.n; i++) {
        struct order_row *rows;
        unsigned n;

        if (model_order_line_rows(&s->b, i, &rows, &n, &e)) {
            s->list.failed = true;
            break;
        }
        for (unsigned k = 0; k < n; k++) {
            struct sign_item *x = vec_push(&s->items);

            if (!x)
                s->list.failed = true;
            else
                *x = (struct sign_item){.line = i, .card = rows[k].card, .open = rows[k].open};
            list_add(&s->list, rows[k].lead, LEAD_COLS, rows[k].words, cols);
            if (rows[k].kind == ORDER_CARD)
                list_look(&s->list, TTY_ABNORMAL);
        }
    }
    list_settle(&s->list);
    for (unsigned i = 0; i < was.n && was.n == s->items.n; i++)
        ((struct sign_item *)vec_at(&s->items, i))->seen = ((struct sign_item *)vec_at(&was, i))->seen;
    vec_fini(&was);
}

static unsigned ticked(const struct scr_sign *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->b.n; i++)
        n += s->b.line[i].ticked;
    return n;
}

void scr_sign_open(struct ui *u, const char *id)
{
    struct order_basket b;
    struct err e = ERR_NONE;

    if (!scr_chart_fresh(u) || !scr_act_desk(u))
        return;
    if (model_order_basket(&u->desk.env, str_of(u->chart.chart), &b, &e)) {
        model_order_basket_fini(&b);
        if (e.code == ERR_ROLE)
            ui_say(u, "%s", model_order_may_words(&u->model));
        else
            ui_say_err(u, &e);
        return;
    }
    scr_sign_close(u);
    u->sign.b = b;
    u->sign.loaded = true;
    for (unsigned i = 0; i < b.n; i++)
        b.line[i].ticked = id && !strcmp(b.line[i].id, id);
    build(u);
    if (!b.n) {
        scr_sign_close(u);
        ui_say(u, "%s", b.others ? _("No draft of yours in this chart; others sign theirs.")
                                 : _("Nothing is to be signed in this chart."));
        return;
    }
    for (unsigned i = 0; i < u->sign.items.n; i++)
        if (u->sign.b.line[((struct sign_item *)vec_at(&u->sign.items, i))->line].ticked) {
            list_select(&u->sign.list, i);
            break;
        }
    ui_over(u, scr_sign_screen());
    if (ticked(&u->sign))
        scr_sign_ask(u);
}

void scr_sign_close(struct ui *u)
{
    struct scr_sign *s = &u->sign;

    if (s->loaded)
        model_order_basket_fini(&s->b);
    vec_fini(&s->items);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

/* --- ticking ---------------------------------------------------------------------------------- */

void scr_sign_tick(struct ui *u, int all)
{
    struct scr_sign *s = &u->sign;
    const struct sign_item *x = vec_at(&s->items, s->list.sel);

    if (!list_painted(&s->list)) { /* REQ: as Enter: no row that nobody has seen */
        ui_say(u, "%s", _("Not ticked: that row was not on the screen yet. Look, then once more."));
        return;
    }
    for (unsigned i = 0; i < s->b.n && all; i++)
        s->b.line[i].ticked = true;
    if (!all && x)
        s->b.line[x->line].ticked = !s->b.line[x->line].ticked;
    build(u);
    u->damage = true;
}

static void tick(struct ui *u)
{
    scr_sign_tick(u, 0);
}

/* A row of a ticked order that has not been on the screen; false: none. */
static bool unread(const struct scr_sign *s, unsigned *item)
{
    for (*item = 0; *item < s->items.n; ++*item) {
        const struct sign_item *x = vec_at(&s->items, *item);

        if (!x->seen && s->b.line[x->line].ticked)
            return true;
    }
    return false;
}

/* --- reasons ---------------------------------------------------------------------------------- */

/* A STOP of a ticked line that has no reason; NULL. */
static const struct sign_item *open_stop(const struct scr_sign *s, unsigned *item)
{
    for (*item = 0; *item < s->items.n; ++*item) {
        const struct sign_item *x = vec_at(&s->items, *item);

        if (x->open && s->b.line[x->line].ticked)
            return x;
    }
    return NULL;
}

bool scr_sign_reason(struct ui *u, struct str typed)
{
    struct scr_sign *s = &u->sign;
    struct err e = ERR_NONE;
    unsigned item;
    const struct sign_item *x = open_stop(s, &item);

    if (!x || model_order_line_answer(&u->desk.env, &s->b, x->line, x->card, typed, &e))
        return false;
    prompt_close(u);
    build(u);
    scr_sign_ask(u);
    return true;
}

/* --- the two digits ------------------------------------------------------------------------------ */

static void changed(struct ui *u)
{
    struct str typed = prompt_typed(u);
    bool right = str_is(typed, u->act.digits);
    unsigned item;

    if (typed.n < 2)
        return;
    prompt_close(u);
    if (!right)
        ui_say(u, "%s", _("NOT SIGNED: these are not the digits of this page. s asks again."));
    else if (unread(&u->sign, &item))
        ui_say(u, "%s", _("NOT SIGNED: read all that is ticked first; then s again."));
    else
        scr_act_sign_now(u);
}

static bool digit(int key)
{
    return key >= '0' && key <= '9';
}

static void given_up(struct ui *u)
{
    prompt_close(u);
    ui_say(u, "%s", _("NOT SIGNED."));
}

static void no_digit(struct ui *u, int key)
{
    (void)key, given_up(u);
}

static const struct prompt_kind signature = {
    .where = ON_PROMPT, .label = N_("The two digits:"), .changed = changed, .enter = given_up, .cancelled = given_up,
    .takes = digit, .over = no_digit, .guarded = true};

void scr_sign_ask(struct ui *u)
{
    struct scr_sign *s = &u->sign;
    unsigned item;

    if (!ticked(s)) {
        ui_say(u, "%s", _("Nothing is ticked: x ticks the order at the marker, a all of them."));
        return;
    }
    if (open_stop(s, &item)) {
        list_select(&s->list, item);
        scr_act_reason(u);
        return;
    }
    if (unread(s, &item) && s->list.shown) { /* REQ: what nobody has read is not signed */
        list_select(&s->list, item);
        u->damage = true;
        ui_say(u, "%s", _("NOT SIGNED: read all that is ticked first; then s again."));
        return;
    }
    scr_act_digits(u);
    prompt_open(u, &signature, STR(""));
}

/* --- the screen --------------------------------------------------------------------------------- */

static void paint(struct ui *u)
{
    struct scr_sign *s = &u->sign;
    unsigned n, m, k = ticked(s);
    const char *words;
    struct arena a;

    arena_init(&a, 65536);
    scr_chart_banner(u);
    list_pages(&s->list, &n, &m);
    words = prompt_is(u, &signature)
                ? arena_fmt(&a, P_("SIGN %u order: type %s", "SIGN %u orders: type %s", k), k, u->act.digits)
                : arena_fmt(&a, _("NOT SIGNED: %u of yours, %u ticked; of others: %u"),
                                                 s->b.n + s->b.more, k, s->b.others);
    ui_paint_title(u, text_safe(&a, str_of(words), 0), (struct text){"", 0, 0}, n, m);
    arena_fini(&a);
    if (!scr_chart_body(u, &s->list, s->b.chart))
        return;
    list_visible(&s->list, &n, &m);
    for (unsigned i = n; i < m; i++)
        ((struct sign_item *)vec_at(&s->items, i))->seen = true;
}

const struct screen *scr_sign_screen(void)
{
    static const struct screen screen = {.where = ON_SIGN, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = tick, .back = ui_under, .left = scr_sign_close};

    return &screen;
}
