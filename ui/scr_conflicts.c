/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The conflicts of a chart, one at a time: what the change was made from, the change, what the server has; then each
 * element in which they differ, to be answered by a person. Nothing is answered beforehand, and nothing is stored
 * before all of it is.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

#define LABEL_COLS 22

static struct list *list(struct ui *u)
{
    return &u->conflicts.list;
}

static const char *patient(const struct ui *u)
{
    return u->chart.chart;
}

static const char *side_label(enum model_side s)
{
    static const char *const words[MODEL_SIDES] = {N_("made from"), N_("yours"), N_("server's")};

    return _(words[s]);
}

/* --- rows ------------------------------------------------------------------------------------- */

/* Three items are the three versions whole; then three a field, in the same order. */
static bool taken(const struct model_conflict_field *f, enum model_side s)
{
    return (s == MODEL_MINE && f->take == MODEL_TAKE_MINE) || (s == MODEL_THEIRS && f->take == MODEL_TAKE_THEIRS);
}

static void add_field(struct ui *u, const struct model_conflict_field *f)
{
    struct scr_conflicts *c = &u->conflicts;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    for (int s = 0; s < MODEL_SIDES; s++) {
        const char *mark = taken(f, (enum model_side)s)                                ? _("  <- THIS")
                           : s == MODEL_BASE && f->take == MODEL_TAKE_OPEN ? _("  TO BE ANSWERED: m or t")
                                                                                       : "";
        char *words = arena_fmt(&c->list.arena, "%s: %s%s", side_label((enum model_side)s),
                                f->value[s].n ? f->value[s].s : c->c.n > 1 ? _("nothing") : _("as above"), mark);

        if (!words)
            c->list.failed = true;
        list_add(&c->list, s == MODEL_BASE ? f->label : text_own(""), LABEL_COLS, text_own(words ? words : ""), cols);
    }
}

static void build(struct ui *u)
{
    struct scr_conflicts *c = &u->conflicts;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    scr_chart_screen()->build(u);
    list_clear(&c->list, ui_body_rows(u));
    for (int s = 0; s < MODEL_SIDES && c->loaded; s++)
        list_add(&c->list, text_own(side_label((enum model_side)s)), LABEL_COLS, c->c.side[s], cols);
    for (unsigned i = 0; i < c->c.n && c->loaded; i++)
        add_field(u, &c->c.field[i]);
    list_settle(&c->list);
}

/* --- opening ---------------------------------------------------------------------------------- */

struct wanted {
    const char *type, *id;
    char first[STORE_OP_BYTES], op[STORE_OP_BYTES]; /* op: of that row */
    char next[STORE_OP_BYTES];                      /* behind the one that is shown */
    const char *shown;
    bool passed;
    unsigned n;
};

static int look(void *arg, const struct store_op *op)
{
    struct wanted *w = arg;

    if (!w->n++)
        memcpy(w->first, op->op, sizeof w->first);
    if (str_is(op->type, w->type) && str_is(op->id, w->id))
        memcpy(w->op, op->op, sizeof w->op);
    if (w->passed && !w->next[0])
        memcpy(w->next, op->op, sizeof w->next);
    w->passed = w->passed || !strcmp(op->op, w->shown);
    return ERR_OK;
}

static bool find(struct ui *u, struct wanted *w)
{
    struct err e = ERR_NONE;

    if (model_conflicts(&u->model, str_of(u->chart.chart), look, w, &e)) {
        ui_say_err(u, &e);
        return false;
    }
    return w->n > 0;
}

static bool load(struct ui *u, const char *op, unsigned n)
{
    struct scr_conflicts *c = &u->conflicts;
    struct model_conflict fresh;
    struct err e = ERR_NONE;

    if (model_conflict_open(&u->model, op, &fresh, &e)) {
        model_conflict_close(&fresh);
        ui_say_err(u, &e);
        return false;
    }
    scr_conflicts_close(u);
    c->c = fresh;
    c->of = n;
    c->loaded = true;
    /* REQ: a person answers each of what is asked; a proposal that nobody has read is no answer. */
    for (unsigned i = 0; i < c->c.n; i++)
        if (c->c.field[i].ask)
            c->c.field[i].take = MODEL_TAKE_OPEN;
    build(u);
    u->damage = true;
    return true;
}

void scr_conflicts_open(struct ui *u)
{
    const struct model_row *row =
        u->screen == scr_chart_screen() ? scr_chart_rows_at(&u->chart, u->chart.list.sel) : NULL;
    struct wanted w = {.type = row ? row->type : u->detail.type, .id = row ? row->id : u->detail.id, .shown = ""};

    if (!scr_chart_fresh(u))
        return;
    if (u->screen != scr_chart_screen() && u->screen != scr_detail_screen())
        w.type = w.id = "";
    if (!find(u, &w)) {
        if (!w.n)
            ui_say(u, "%s", _("No conflicts in this chart."));
        return;
    }
    if (load(u, w.op[0] ? w.op : w.first, w.n))
        ui_over(u, scr_conflicts_screen());
}

void scr_conflicts_close(struct ui *u)
{
    struct scr_conflicts *c = &u->conflicts;

    if (c->loaded)
        model_conflict_close(&c->c);
    list_fini(&c->list);
    memset(c, 0, sizeof *c);
    list_init(&c->list);
}

/* --- answering -------------------------------------------------------------------------------- */

void scr_conflicts_take(struct ui *u, int take)
{
    struct scr_conflicts *c = &u->conflicts;
    unsigned at = c->list.sel / MODEL_SIDES;

    if (!list_painted(&c->list)) /* REQ: as Enter: no row that nobody has seen */
        ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
    else if (at < 1 || at > c->c.n || !c->c.fetched)
        ui_say(u, "%s", _("Move to an element below that differs, then m (yours) or t (the server's)."));
    else
        c->c.field[at - 1].take = (enum model_take)take;
    build(u);
    u->damage = true;
}

struct storing {
    struct loop_job job; /* first */
    struct ui *u;
    bool queued;
};

static int run(struct loop_job *job)
{
    struct storing *s = (struct storing *)job;

    return model_conflict_answer(&s->u->model, &s->u->conflicts.c, MODEL_TAKE_OPEN, false, &s->queued, &job->err);
}

/* The next one of the chart, or back to it. */
static void go_on(struct ui *u)
{
    struct wanted w = {.type = "", .id = "", .shown = ""};

    if (scr_chart_renewed(u) && find(u, &w) && load(u, w.first, w.n))
        return;
    ui_under(u);
}

void scr_conflicts_store(struct ui *u, int arg)
{
    struct storing s = {.job = {.run = run}, .u = u};
    unsigned left = model_conflict_left(&u->conflicts.c);
    struct err e = ERR_NONE;

    (void)arg;
    if (!u->conflicts.c.fetched)
        ui_say(u, "%s", _("What the server has is not here yet: sync first (S)."));
    else if (left)
        ui_say(u, P_("NOT STORED: %u answer is missing.", "NOT STORED: %u answers are missing.", left), left);
    else if (model_conflict_may(&u->model, &u->conflicts.c, &e))
        ui_say_err(u, &e);
    else if (!u->hooks.write_now || !u->hooks.write_now(u->hooks.arg, &s.job)) {
        ui_say(u, "%s", s.queued ? _("Stored: NOT SENT yet, it goes with the next sync.")
                                 : _("Stored: the server's stands, the change made here is given up."));
        go_on(u);
    } else if (s.job.err.code == ERR_INUSE || s.job.err.code == ERR_NOTFOUND) {
        ui_say(u, "%s", _("NOT STORED: the server has changed it again. Look once more."));
        go_on(u);
    } else {
        ui_say_err(u, &s.job.err);
    }
}

void scr_conflicts_next(struct ui *u, int arg)
{
    struct wanted w = {.type = "", .id = "", .shown = u->conflicts.c.op};
    char op[STORE_OP_BYTES];

    (void)arg;
    if (!find(u, &w) || w.n < 2) {
        ui_say(u, "%s", _("There is no other conflict in this chart."));
        return;
    }
    memcpy(op, w.next[0] ? w.next : w.first, sizeof op);
    load(u, op, w.n);
}

/* --- the screen --------------------------------------------------------------------------------- */

static void paint(struct ui *u)
{
    struct scr_conflicts *c = &u->conflicts;
    unsigned n, m;
    struct arena a;

    arena_init(&a, 65536);
    scr_chart_banner(u);
    list_pages(&c->list, &n, &m);
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, _("CONFLICT (%u in this chart): %s"), c->of, c->c.what.s)), 0),
                   (struct text){"", 0, 0}, n, m);
    arena_fini(&a);
    u->chart.mixed = false;
    if (!scr_chart_own(u, c->c.chart))
        list_forget(&c->list);
    else if (c->list.failed)
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_own(_("No memory for this row: NOT SHOWN.")), tty_columns(u->tty),
                TTY_PLAIN);
    else
        list_paint(&c->list, u->tty, UI_BODY);
}

static void choose(struct ui *u)
{
    unsigned side = u->conflicts.list.sel % MODEL_SIDES;

    scr_conflicts_take(u, side == MODEL_MINE ? MODEL_TAKE_MINE : side == MODEL_THEIRS ? MODEL_TAKE_THEIRS
                                                                                      : MODEL_TAKE_OPEN);
}

static void back(struct ui *u)
{
    ui_under(u);
}

const struct screen *scr_conflicts_screen(void)
{
    static const struct screen screen = {.where = ON_CONFLICTS, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = choose, .back = back, .left = scr_conflicts_close};

    return &screen;
}
