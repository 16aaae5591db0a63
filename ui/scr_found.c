/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Search in the open chart or in all charts: the words are typed on the last row, the rows are looked through in steps
 * between keys, and nothing is shown before that is over or was stopped: a list that is read never grows.
 */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "base/intl.h"
#include "model/edit.h"
#include "ui/priv.h"

#define STEP_ROWS 64     /* some milliseconds */
#define PROGRESS_MS 1000 /* its numbers cost bytes on a thin line */

static struct list *list(struct ui *u)
{
    return &u->found.rows.list;
}

static const char *patient(const struct ui *u)
{
    return u->found.all ? UI_MANY : u->chart.chart;
}

static void build(struct ui *u)
{
    if (!u->found.all)
        scr_chart_screen()->build(u);
    scr_rows_build(u, &u->found.rows);
}

/* --- searching -------------------------------------------------------------------------------- */

/* How far it got, in words: what was not looked at is never passed over. */
static const char *state_words(const struct scr_found *f, unsigned found, struct arena *a)
{
    struct model_searched s = model_search_state(f->search);
    const char *n = arena_fmt(a, P_("%u row found", "%u rows found", found), found);
    bool partial = !s.done || f->failed;

    if (n && s.unread)
        n = arena_fmt(a, P_("%s (%u ROW CANNOT BE READ)", "%s (%u ROWS CANNOT BE READ)", s.unread), n, s.unread);
    if (!n)
        return "";
    if (s.full)
        return arena_fmt(a, _("the first %u rows found; NOT SEARCHED FURTHER: type more words"), found);
    if (f->all)
        return arena_fmt(a, f->running ? _("%s so far, %u of %u charts searched")
                            : partial  ? _("%s; STOPPED: %u of %u charts searched")
                                       : _("%s; %u of %u charts searched"),
                         n, s.charts, s.charts_all);
    return f->running ? arena_fmt(a, _("%s so far"), n)
           : partial  ? arena_fmt(a, _("%s; STOPPED before the end"), n)
                      : n;
}

/* REQ: whose rows are shown is on disk before they are. */
static bool note(struct ui *u)
{
    struct scr_found *f = &u->found;
    struct vec noted;
    struct model_seen seen = {.begins = true, .typed = f->typed, .noted = &noted};
    bool done;

    if (!f->all)
        return true;
    vec_init(&noted, 80, MODEL_FOUND_MAX);
    seen.charts = &model_search_found(f->search)->charts;
    done = ui_save_seen(u, &seen);
    vec_fini(&noted);
    return done;
}

static void show(struct ui *u)
{
    struct scr_found *f = &u->found;
    struct arena a;

    f->running = false;
    if (!note(u)) {
        ui_under(u);
        return;
    }
    scr_rows_show(u, &f->rows, model_search_found(f->search), 0, 0);
    u->damage = true;
    if (!u->line)
        return;
    arena_init(&a, 4096); /* in lines nothing is seen to change: it is said */
    ui_say(u, "%s", state_words(f, (unsigned)model_search_found(f->search)->refs.n, &a));
    arena_fini(&a);
}

static void step(void *arg)
{
    struct ui *u = arg;
    struct scr_found *f = &u->found;
    struct err e = ERR_NONE;
    int64_t now = clock_boot_ms(u->clock);

    f->timer = 0;
    /* In line mode the next line is about what this one found. */
    if (model_search_step(f->search, u->line && !f->all ? UINT_MAX : STEP_ROWS, &e)) {
        ui_say_err(u, &e);
        f->failed = true;
        show(u);
        return;
    }
    if (model_search_state(f->search).done) {
        show(u);
        return;
    }
    if (now - f->painted_ms >= PROGRESS_MS) {
        f->painted_ms = now;
        u->damage = true;
    }
    if (!(f->timer = loop_after(u->loop, 0, step, u)))
        show(u);
}

void scr_found_close(struct ui *u)
{
    struct scr_found *f = &u->found;

    if (f->timer)
        loop_cancel(u->loop, f->timer);
    scr_rows_close(&f->rows);
    model_search_free(f->search);
    arena_fini(&f->arena);
    memset(f, 0, sizeof *f);
    list_init(&f->rows.list);
}

static void begin(struct ui *u, bool all)
{
    struct scr_found *f = &u->found;
    struct model_search *search;
    struct err e = ERR_NONE;
    struct text words, age;
    int64_t asof;
    struct str typed;
    struct arena a;

    if (!all && !scr_chart_fresh(u)) {
        prompt_close(u);
        return;
    }
    if (model_search_begin(&u->model, all ? STR("") : str_of(u->chart.chart), prompt_typed(u), &search, &e)) {
        prompt_close(u);
        if (e.code == ERR_INPUT)
            ui_say(u, "%s", _("No word was typed: nothing was searched."));
        else if (e.code == ERR_TOOBIG)
            ui_say(u, _("More than %d words: nothing was searched."), MODEL_SEARCH_WORDS);
        else
            ui_say_err(u, &e);
        return;
    }
    arena_init(&a, 8192);
    words = text_safe(&a, prompt_typed(u), 0);
    typed = arena_str(&a, prompt_typed(u));
    age = model_chart_age(&u->model, all ? STR("") : str_of(u->chart.chart), &asof, &a);
    prompt_close(u);
    if (u->screen == scr_found_screen())
        ui_under(u);
    scr_found_close(u);
    f->search = search;
    f->all = all;
    f->arena = a;
    f->words = words;
    f->age = model_search_state(search).unfetched ? text_own(_("NOT FETCHED in full")) : age;
    f->typed = typed;
    f->running = true;
    f->painted_ms = clock_boot_ms(u->clock);
    ui_over(u, scr_found_screen());
    step(u);
}

static void enter_chart(struct ui *u)
{
    begin(u, false);
}

static void enter_all(struct ui *u)
{
    begin(u, true);
}

void scr_found_open(struct ui *u, int all)
{
    static const struct prompt_kind kinds[] = {
        {.where = ON_PROMPT, .label = N_("Search this chart:"), .enter = enter_chart},
        {.where = ON_PROMPT, .label = N_("Search all charts:"), .enter = enter_all},
    };

    prompt_open(u, &kinds[all != 0], STR(""));
}

/* --- paint ------------------------------------------------------------------------------------ */

static void paint_body(struct ui *u, struct arena *a)
{
    struct scr_found *f = &u->found;
    struct list *l = &f->rows.list;
    unsigned from, to;
    const char *words = f->running                               ? _("Searching. q stops it and shows what was found.")
                        : l->failed                              ? _("No memory for this list: NOT SHOWN.")
                        : !model_search_found(f->search)->refs.n ? _("No row with these words.")
                                                                 : "";

    if (*words) {
        tty_put(u->tty, UI_BODY, LIST_MARGIN, text_safe(a, str_of(words), 0), tty_columns(u->tty), TTY_PLAIN);
        if (model_search_state(f->search).unfetched)
            tty_put(u->tty, UI_BODY + 1, LIST_MARGIN, text_own(_("NOT FETCHED in full")), tty_columns(u->tty),
                    TTY_PLAIN);
        tty_cursor(u->tty, UI_BODY, LIST_MARGIN);
        list_forget(l);
        return;
    }
    u->chart.mixed = false;
    list_visible(l, &from, &to);
    for (unsigned i = from; !f->all && i < to && !u->chart.mixed; i++)
        scr_chart_own(u, f->rows.w.rows[i].chart);
    if (u->chart.mixed)
        list_forget(l);
    else
        list_paint(l, u->tty, UI_BODY);
}

static void paint(struct ui *u)
{
    struct scr_found *f = &u->found;
    unsigned n = 1, m = 1, cols = tty_columns(u->tty);
    struct arena a;
    const char *what, *state;

    arena_init(&a, 16384);
    what = arena_fmt(&a, f->all ? _("Search in all charts: %s") : _("Search: %s"), f->words.s);
    if (f->all) {
        tty_put(u->tty, 0, 0, text_safe(&a, str_of(what), 0), cols, TTY_PLAIN);
        what = "";
    } else {
        scr_chart_banner(u);
    }
    if (!f->running)
        scr_rows_pages(&f->rows, &n, &m);
    state = state_words(f, (unsigned)model_search_found(f->search)->refs.n, &a);
    ui_paint_title(u, text_safe(&a, str_of(arena_fmt(&a, "%s%s%s", what, *what ? "  " : "", state)), 0),
                   f->age, n, m);
    paint_body(u, &a);
    arena_fini(&a);
}

/* --- keys ------------------------------------------------------------------------------------- */

static void open_row(struct ui *u)
{
    struct scr_found *f = &u->found;
    const struct model_row *r = scr_rows_at(&f->rows);
    char type[64], id[80];

    if (!r || !r->id[0]) {
        ui_say(u, "%s", _("There is nothing behind this row."));
        return;
    }
    memcpy(type, r->type, sizeof type);
    memcpy(id, r->id, sizeof id);
    /* REQ: the stop at similar patients stands on this way too; behind it is the chart, and not yet the row. */
    if (!f->all || scr_stop_open(u, r->chart, scr_found_screen()))
        scr_detail_open(u, type, id);
}

/* While it runs, back stops it and shows what there is. */
static void back(struct ui *u)
{
    struct scr_found *f = &u->found;

    if (f->running) {
        loop_cancel(u->loop, f->timer);
        f->timer = 0;
        show(u);
        return;
    }
    ui_under(u);
}

const struct screen *scr_found_screen(void)
{
    static const struct screen screen = {.where = ON_FOUND, .list = list, .patient = patient, .build = build,
                                         .paint = paint, .open = open_row, .back = back, .left = scr_found_close,
                                         .edited = scr_rows_edited,
                                         .slide = scr_rows_slide, .jump = scr_rows_jump, .turn_to = scr_rows_turn_to,
                                         .more = scr_rows_more};

    return &screen;
}
