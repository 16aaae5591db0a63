/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The sync: what waits, what a person must look at, conflicts, what went over the line and what goes next, in one list.
 * It changes by a key alone. Enter opens the chart at the row of a change, or its conflict.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "ui/priv.h"

static struct list *list(struct ui *u)
{
    return &u->syncing.list;
}

static const struct model_syncing_row *at_marker(const struct ui *u)
{
    const struct scr_sync *s = &u->syncing;

    return s->loaded && s->list.sel < s->page.rows.n ? vec_at(&s->page.rows, s->list.sel) : NULL;
}

static void build(struct ui *u)
{
    struct scr_sync *s = &u->syncing;
    unsigned cols = tty_columns(u->tty) - LIST_MARGIN;

    list_clear(&s->list, ui_body_rows(u));
    for (size_t i = 0; s->loaded && i < s->page.rows.n; i++) {
        const struct model_syncing_row *r = vec_at(&s->page.rows, i);

        list_add(&s->list, text_own(""), r->heading ? 0 : 2, r->text, cols);
    }
    list_settle(&s->list);
}

/* REQ: whose changes are named is on disk before they are shown. */
static bool note(struct ui *u, const struct model_syncing *page)
{
    struct scr_sync *s = &u->syncing;
    const struct model_seen seen = {false, !s->loaded, STR("queue"), &page->charts, &s->noted};

    if (!s->noted.max)
        vec_init(&s->noted, 80, 1u << 24);
    return !page->charts.n || ui_save_seen(u, &seen);
}

/* The marker stays on its change, where that is still there. */
static bool load(struct ui *u)
{
    struct scr_sync *s = &u->syncing;
    const struct model_syncing_row *was = at_marker(u);
    char op[STORE_OP_BYTES] = "";
    struct model_syncing fresh;
    struct err e = ERR_NONE;

    if (was)
        memcpy(op, was->op, sizeof op);
    if (model_syncing_open(&u->model, &fresh, &e) || !note(u, &fresh)) {
        if (e.code)
            ui_say_err(u, &e);
        model_syncing_close(&fresh);
        return false;
    }
    if (s->loaded)
        model_syncing_close(&s->page);
    s->page = fresh;
    s->loaded = true;
    s->armed[0] = '\0';
    for (size_t i = 0; *op && i < fresh.rows.n; i++)
        if (!strcmp(((struct model_syncing_row *)vec_at(&fresh.rows, i))->op, op))
            s->list.sel = (unsigned)i;
    build(u);
    u->damage = true;
    return true;
}

void scr_sync_open(struct ui *u, int arg)
{
    (void)arg;
    scr_sync_close(u);
    if (load(u))
        ui_over(u, scr_sync_screen());
}

void scr_sync_close(struct ui *u)
{
    struct scr_sync *s = &u->syncing;

    if (s->loaded)
        model_syncing_close(&s->page);
    vec_fini(&s->noted);
    list_fini(&s->list);
    memset(s, 0, sizeof *s);
    list_init(&s->list);
}

static void reload(struct ui *u)
{
    load(u);
}

/* --- what a person does ---------------------------------------------------------------------------------- */

struct acting {
    struct loop_job job; /* first */
    struct ui *u;
    char op[STORE_OP_BYTES];
    int (*run)(struct model *m, const char *op, struct err *e);
};

static int run(struct loop_job *job)
{
    struct acting *a = (struct acting *)job;

    return a->run(&a->u->model, a->op, &job->err);
}

static void act(struct ui *u, const struct model_syncing_row *r,
                int (*what)(struct model *m, const char *op, struct err *e), const char *said)
{
    struct acting a = {.job = {.run = run}, .u = u, .run = what};

    memcpy(a.op, r->op, sizeof a.op);
    if (u->hooks.write_now && u->hooks.write_now(u->hooks.arg, &a.job)) {
        ui_say_err(u, &a.job.err);
        return;
    }
    if (load(u))
        ui_say(u, "%s", said);
}

/* The change at the marker; NULL, and it said why: none, or one that nobody has seen. */
static const struct model_syncing_row *chosen(struct ui *u)
{
    const struct model_syncing_row *r = at_marker(u);

    if (!list_painted(&u->syncing.list))
        ui_say(u, "%s", _("Not opened: that row was not on the screen yet. Look, then Enter again."));
    else if (!r || !r->op[0])
        ui_say(u, "%s", _("Move to a change first."));
    else
        return r;
    return NULL;
}

void scr_sync_again(struct ui *u, int arg)
{
    const struct model_syncing_row *r = chosen(u);

    (void)arg;
    if (r)
        act(u, r, model_ledger_retry, _("It goes with the next sync; NOT SENT yet."));
}

/* REQ: nothing is given up by one key: the second one counts only while the question stands. */
void scr_sync_discard(struct ui *u, int arg)
{
    struct scr_sync *s = &u->syncing;
    const struct model_syncing_row *r = chosen(u);

    (void)arg;
    if (!r)
        return;
    if (strcmp(s->armed, r->op) || s->armed_ms + SCR_SYNC_ARMED_MS < clock_boot_ms(u->clock)) {
        memcpy(s->armed, r->op, sizeof s->armed);
        s->armed_ms = clock_boot_ms(u->clock);
        ui_say(u, "%s", _("Give this change up? It will not be sent. d once more does it."));
        return;
    }
    act(u, r, model_ledger_discard, _("Given up; `wardline queue log' still shows it for 90 days."));
}

static void open_row(struct ui *u)
{
    const struct model_syncing_row *r = chosen(u);
    char type[65], id[65];
    bool conflict;

    if (!r || !r->chart[0]) {
        if (r)
            ui_say(u, "%s", _("There is nothing behind this row."));
        return;
    }
    memcpy(type, r->type, sizeof type);
    memcpy(id, r->id, sizeof id);
    conflict = r->state == STORE_OP_CONFLICT;
    /* REQ: the stop at similar patients stands on this way too; behind it is the chart, and not yet the row. */
    if (!scr_stop_open(u, r->chart, scr_sync_screen()))
        return;
    if (scr_detail_open(u, type, id) && conflict)
        scr_conflicts_open(u);
}

/* --- the screen -------------------------------------------------------------------------------------------- */

static void paint(struct ui *u)
{
    struct scr_sync *s = &u->syncing;
    unsigned n, m, cols = tty_columns(u->tty);
    struct arena a;
    const char *unsent;

    arena_init(&a, 4096);
    unsent = model_unsent_words(&u->model, &s->page.unsent, &a);
    tty_put(u->tty, 0, 0,
            text_safe(&a, str_of(arena_fmt(&a, "%s  %s", _("SYNC"),
                                           unsent && *unsent ? unsent : _("nothing waits to be sent"))), 0),
            cols, TTY_PLAIN);
    list_pages(&s->list, &n, &m);
    ui_paint_title(u, text_own(_("  Changes made here, what went over the line, what goes next")), s->page.age, n, m);
    if (s->list.failed)
        tty_put(u->tty, UI_BODY, 0, text_own(_("No memory for the list.")), cols, TTY_PLAIN);
    else
        list_paint(&s->list, u->tty, UI_BODY);
    arena_fini(&a);
}

const struct screen *scr_sync_screen(void)
{
    static const struct screen screen = {.where = ON_SYNC, .list = list, .patient = ui_many, .build = build,
                                         .paint = paint, .open = open_row, .back = ui_under, .reload = reload,
                                         .edited = reload, .left = scr_sync_close};

    return &screen;
}
