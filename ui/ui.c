/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The life of the full screen: input, signals, timers, lock and unlock.
 */
#include "config.h"

#include "ui/ui.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/intl.h"
#include "base/limits.h"
#include "base/mem.h"
#include "ui/priv.h"

void ui_say(struct ui *u, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(u->message, sizeof u->message, fmt, ap);
    va_end(ap);
    u->sync_said = false;
    u->trifle = false;
    u->damage = true;
}

void ui_say_err(struct ui *u, const struct err *e)
{
    struct buf b;

    buf_init(&b, sizeof u->message - 1);
    model_say(e, &b);
    ui_say(u, "%s", b.p ? b.p : err_name(e->code));
    buf_fini(&b);
}

unsigned ui_body_rows(const struct ui *u)
{
    unsigned rows = tty_rows(u->tty);

    return rows > UI_BODY + 4 ? rows - UI_BODY - 3 : 1;
}

struct list *ui_list(const struct ui *u)
{
    return u->screen->list ? u->screen->list((struct ui *)(uintptr_t)u) : NULL;
}

bool ui_small(const struct ui *u)
{
    return tty_rows(u->tty) < UI_MIN_ROWS || tty_columns(u->tty) < UI_MIN_COLS;
}

/* "2 changes NOT SENT since 14:05", "" where none are; it names no patient. */
static void unsent_words(struct ui *u, char *out, size_t n)
{
    struct model_unsent x;
    struct arena a;
    const char *words;

    out[0] = '\0';
    arena_init(&a, 4096);
    if (u->open && u->model.store && !model_unsent(&u->model, &x, NULL) &&
        (words = model_unsent_words(&u->model, &x, &a)))
        snprintf(out, n, "%s", words);
    arena_fini(&a);
}

void ui_ask(struct ui *u)
{
    char unsent[sizeof u->lock.unsent];

    u->asking = true;
    u->asked = false;
    u->message[0] = '\0';
    u->damage = true;
    unsent_words(u, unsent, sizeof unsent);
    if (unsent[0])
        ui_say(u, "%s", unsent);
}

uint64_t ui_where(const struct ui *u)
{
    if (u->asking)
        return ON_ASK;
    if (u->prompt.kind)
        return u->prompt.kind->where;
    return u->screen->where;
}

/* --- lock and unlock -------------------------------------------------------------------------- */

static const char *still_closing(void)
{
    return _("Still closing from before. Press Enter again in a moment.");
}

void ui_lock(struct ui *u)
{
    bool was_open = u->open;

    /* The glass first: whatever follows may take a while. */
    tty_blank(u->tty);
    if (was_open)
        unsent_words(u, u->lock.unsent, sizeof u->lock.unsent);
    u->glass[0] = '\0';
    scr_detail_close(u);
    scr_filing_close(u);
    scr_pick_close(u);
    scr_form_close(u);
    scr_forms_close(u);
    scr_banner_close(u);
    scr_found_close(u);
    scr_chart_close(u);
    scr_act_desk_close(u);
    scr_stop_close(u);
    scr_scopes_close(u);
    scr_tasks_close(u);
    scr_sync_close(u);
    scr_household_close(u);
    scr_server_close(u);
    scr_work_fini(u);
    list_clear(&u->help.list, 1);
    auth_unlock_drop(&u->unlock); /* REQ: what was locked meanwhile does not open by itself */
    scr_lock_forget(u);
    mem_zero(&u->palette, sizeof u->palette); /* what was typed there may be a name */
    marks_clear(u);
    marks_undo_clear(u);
    numbers_turn_clear(u);
    hint_off(u);
    u->tour = 0;
    mem_zero(u->message, sizeof u->message);
    u->open = u->fetching = false;
    mem_zero(&u->attach, sizeof u->attach);
    memset(&u->sync, 0, sizeof u->sync);
    memset(&u->sync_shown, 0, sizeof u->sync_shown);
    ui_go(u, scr_lock_screen());
    if (was_open && u->hooks.locked)
        u->hooks.locked(u->hooks.arg);
}

const char *ui_closing(const struct ui *u)
{
    return u->hooks.closing && u->hooks.closing(u->hooks.arg) ? still_closing() : NULL;
}

static void opened(void *arg, struct store *s, const struct err *e)
{
    struct ui *u = arg;
    struct err why = ERR_NONE;

    u->last_key_ms = clock_boot_ms(u->clock);
    scr_lock_forget(u);
    u->damage = true;
    if (!s) {
        if (line_over(u, e->code))
            return;
        if (e->code == ERR_INUSE && !e->num) /* no other process is known to hold it */
            ui_say(u, "%s", still_closing());
        else
            ui_say_err(u, e);
        return;
    }
    u->hooks.unlocked(u->hooks.arg, s);
    u->open = true;
    if (model_init(&u->model, s, u->clock, &why)) {
        ui_lock(u);
        ui_say_err(u, &why);
        return;
    }
    u->demo = u->model.demo;
    u->unprotected = u->model.unprotected;
    ui_save_unlocked(u);
    ui_go(u, scr_work_screen());
    scr_work_load(u);
    tour_offer(u);
}

void ui_unlocking(struct ui *u)
{
    struct secret *passphrase = u->lock.typed;
    int code;

    u->lock.typed = NULL;
    u->lock.trying = true;
    u->damage = true;
    code = auth_unlock_start(u->loop, u->home, passphrase, &u->hooks.open, opened, u, &u->unlock);
    if (code) {
        struct err e = ERR_NONE;

        err_set(&e, code, 0, 0, "unlock");
        opened(u, NULL, &e);
    }
}

/* --- input ------------------------------------------------------------------------------------ */

void ui_type(struct ui *u, int key)
{
    if (u->screen == scr_lock_screen())
        scr_lock_type(u, key);
    else
        prompt_key(u, key);
    u->damage = true;
}

/* REQ: where nothing is shown no key acts unseen; what can be done there stands on the screen. */
static void key_small(struct ui *u, int key)
{
    int arg;
    const struct command *c = command_find(u->screen->where, key, &arg);

    if (c && !strcmp(c->id, "lock"))
        c->run(u, arg);
    else if (c && !strcmp(c->id, "lock.exit"))
        loop_stop(u->loop, 0);
}

bool ui_run(struct ui *u, const struct command *c, int arg)
{
    const char *why = c->refused ? c->refused(u, arg) : NULL;

    if (why)
        ui_say(u, "%s", why);
    else
        c->run(u, arg);
    if (!why)
        tour_done(u, c);
    return !why;
}

static void say_again(struct ui *u, const void *what)
{
    ui_say(u, "%s", (const char *)what);
}

/* What was said goes with the next key; z brings it back. */
static void dismiss(struct ui *u, const struct command *by)
{
    if (!u->message[0])
        return;
    if (!u->trifle && (!by || strcmp(by->id, "undo")))
        marks_undo_keep(u, say_again, u->message, strlen(u->message) + 1);
    u->message[0] = '\0';
    u->damage = true;
}

static void no_such_key(struct ui *u, uint64_t where, int key)
{
    int arg;

    if (where == ON_WORKLIST && conf_find(&u->conf, ON_CHART, key, &arg)) /* whoever has just left a chart */
        ui_say(u, "%s", _("That key works in an open chart; Enter opens the row's."));
    else if (where & ON_LISTS)
        ui_say(u, "%s", _("That key does nothing here. ? = help"));
    else if (where & ON_TYPING)
        ui_say(u, "%s", _("That key does nothing here."));
    u->trifle = true;
}

/* Behind a g, M or ' the next key is its second one, or drops it and is itself. */
static bool key_waited_for(struct ui *u, int key)
{
    int arg;
    const struct command *c = conf_find(&u->conf, u->hint.where, key, &arg);

    hint_off(u);
    if (c)
        ui_run(u, c, arg);
    return c != NULL;
}

void ui_key(struct ui *u, int key)
{
    char utf8[4];
    uint64_t where = ui_where(u);
    const struct command *c;
    int arg;

    if (ui_small(u)) {
        key_small(u, key);
        return;
    }
    if (u->hint.where && !u->asking && key_waited_for(u, key))
        return;
    if (scr_stop_deaf(u) || prompt_deaf(u))
        return;
    if (where == ON_ASK && !conf_find(&u->conf, where, key, &arg)) {
        /* REQ: a key that is no answer is never swallowed: after a lost '/' a name would be read
         * as commands. */
        u->asking = false;
        where = ui_where(u);
        ui_key(u, key);
        if (!u->message[0] && !u->asking && where & ON_LISTS && u->screen != scr_lock_screen())
            ui_say(u, "%s", _("Not left."));
        return;
    }
    if (scr_form_edit_deaf(u))
        return;
    if (where & ON_TYPING && keys_utf8(key, utf8)) {
        if (where != ON_ANSWER) /* there the options stand above what is typed */
            u->message[0] = '\0';
        ui_type(u, key);
        mem_zero(utf8, sizeof utf8);
        return;
    }
    scr_work_refilter(u);
    c = conf_find(&u->conf, where, key, &arg);
    dismiss(u, c);
    if (where == ON_STOP && scr_stop_type(u, key)) /* the one field that is always open there */
        return;
    if (c)
        ui_run(u, c, arg);
    else
        no_such_key(u, where, key);
}

static void feed(struct ui *u, const int *keys, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        ui_key(u, keys[i]);
}

static void esc_over(void *arg)
{
    struct ui *u = arg;
    int keys[2];

    u->esc_timer = 0;
    feed(u, keys, keys_timeout(&u->keys, keys));
}

static void input(void *arg, int fd, short revents)
{
    struct ui *u = arg;
    unsigned char bytes[256];
    size_t n, all = 0;
    int keys[2];

    (void)fd;
    if (u->line) {
        line_input(u);
        return;
    }
    if (u->esc_timer) {
        loop_cancel(u->loop, u->esc_timer);
        u->esc_timer = 0;
    }
    /* Everything that waits, before one paint: a held-down key costs one frame, not one a repeat. */
    while (all < 65536 && (n = tty_read(u->tty, bytes, sizeof bytes))) {
        for (size_t i = 0; i < n; i++)
            feed(u, keys, keys_feed(&u->keys, bytes[i], keys));
        all += n;
    }
    mem_zero(bytes, sizeof bytes);
    mem_zero(keys, sizeof keys);
    if (all)
        u->last_key_ms = clock_boot_ms(u->clock);
    else if (revents & (POLLHUP | POLLERR | POLLNVAL)) {
        loop_fd(u->loop, tty_fd(u->tty), 0, NULL, NULL);
        loop_stop(u->loop, 0);
    }
    if (keys_waiting(&u->keys))
        u->esc_timer = loop_after(u->loop, u->esc_ms, esc_over, u);
}

/* --- timers and signals ----------------------------------------------------------------------- */

int64_t ui_idle(struct ui *u)
{
    int64_t left = u->last_key_ms + UI_IDLE_MS - clock_boot_ms(u->clock);

    if (left <= 0) {
        if (u->open) {
            ui_lock(u);
            ui_say(u,
                   P_("Locked after %d minute without a key.", "Locked after %d minutes without a key.", UI_IDLE_MIN),
                   UI_IDLE_MIN);
        } else if (!u->lock.trying) {
            scr_lock_forget(u);
        }
        u->last_key_ms = clock_boot_ms(u->clock);
        left = UI_IDLE_MS;
    }
    return left;
}

static void idle(void *arg)
{
    struct ui *u = arg;

    u->idle_timer = loop_after(u->loop, ui_idle(u), idle, u);
}

/* REQ: for a new size: the screen that is shown and all that lie below it. A row that was wrapped for a wider window
 * would be cut, and a range of 150 read as 15. */
static void lay_out(struct ui *u)
{
    for (unsigned i = 0; i < u->below_n; i++)
        u->below[i]->build(u);
    if (u->screen->build)
        u->screen->build(u);
}

static void on_signal(void *arg, int signo)
{
    struct ui *u = arg;

    switch (signo) {
    case SIGWINCH:
        tty_resized(u->tty);
        lay_out(u);
        tty_redraw(u->tty);
        u->damage = true;
        break;
    case SIGTSTP:
        ui_lock(u);
        if (getsid(0) == getpid()) /* nobody could wake it up */
            break;
        tty_suspend(u->tty);
        raise(SIGSTOP);
        tty_resume(u->tty);
        lay_out(u);
        u->damage = true;
        break;
    default: /* HUP, TERM, INT */
        ui_lock(u);
        loop_stop(u->loop, 0);
    }
}

static void turn(void *arg)
{
    struct ui *u = arg;

    ui_stack_turn(u);
    if (u->line) {
        line_turn(u);
    } else if (u->damage) {
        u->damage = false;
        scr_work_refilter(u);
        ui_paint(u);
    }
}

/* --- sync ------------------------------------------------------------------------------------- */

static void sync_later(void *arg)
{
    struct ui *u = arg;
    int64_t fresh = u->work.fresh;

    u->sync_timer = 0;
    u->sync_painted_ms = clock_boot_ms(u->clock);
    ui_stack_edits(u);
    scr_work_count(u, false);
    if (u->sync.phase != MODEL_SYNC_RUNNING || u->sync_shown.phase != u->sync.phase || u->work.fresh == fresh)
        u->sync_shown = u->sync;
    else /* what is new for the list in this paint, the sync's numbers in the next one */
        u->sync_timer = loop_after(u->loop, UI_SYNC_MS, sync_later, u);
    u->damage = true;
}

void ui_sync_changed(struct ui *u, const struct model_sync *s)
{
    bool ended = u->sync.phase == MODEL_SYNC_RUNNING && s->phase != MODEL_SYNC_RUNNING;
    bool same = u->sync.phase == s->phase;
    int64_t since = clock_boot_ms(u->clock) - u->sync_painted_ms;

    if (ended && s->rows && u->open) {
        u->chart.stale = u->chart.open;
        u->work.stale = true;
    }
    u->sync = *s;
    u->fetching = false;
    if (!same && u->sync_said)
        u->message[0] = '\0';
    if (ended && u->sync_asked && s->phase == MODEL_SYNC_IDLE)
        ui_say(u, P_("%llu new or changed", "%llu new or changed", s->rows),
               (unsigned long long)s->rows);
    else if (ended && u->sync_asked && s->phase == MODEL_SYNC_FAILED) /* the last row has no room for what to do */
        ui_say_err(u, &s->err);
    u->sync_asked = u->sync_asked && s->phase == MODEL_SYNC_RUNNING;
    if (ended)
        scr_work_count(u, true);
    /* While it runs, its numbers cost bytes on a thin line. */
    if (!same || since >= UI_SYNC_MS) {
        if (u->sync_timer)
            loop_cancel(u->loop, u->sync_timer);
        sync_later(u);
    } else if (!u->sync_timer) {
        u->sync_timer = loop_after(u->loop, UI_SYNC_MS - since, sync_later, u);
    }
}

/* --- open and close --------------------------------------------------------------------------- */

static int watch(struct ui *u)
{
    static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGTSTP, SIGWINCH};
    int code = loop_fd(u->loop, tty_fd(u->tty), POLLIN, input, u);

    for (size_t i = 0; !code && i < sizeof signals / sizeof *signals; i++)
        code = loop_signal(u->loop, signals[i], on_signal, u);
    u->idle_timer = loop_after(u->loop, UI_IDLE_MS, idle, u);
    if (!code && !u->idle_timer)
        code = ERR_NOMEM;
    loop_on_turn(u->loop, turn, u);
    return code;
}

static int open_on(struct loop *l, const struct clock *clock, const char *home, const struct ui_hooks *h, bool line,
                   struct ui **out, struct err *e)
{
    struct ui *u = mem_alloc(sizeof *u);
    const char *ssh = getenv("SSH_CONNECTION");
    int code;

    if (!u)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    u->loop = l;
    u->clock = clock;
    u->hooks = *h;
    snprintf(u->home, sizeof u->home, "%s", home);
    u->esc_ms = ssh && *ssh ? 400 : 150;
    u->last_key_ms = clock_boot_ms(clock);
    list_init(&u->work.list);
    list_init(&u->chart.list);
    list_init(&u->chart.sections);
    list_init(&u->detail.list);
    list_init(&u->banner.list);
    list_init(&u->timeline.rows.list);
    list_init(&u->conflicts.list);
    list_init(&u->syncing.list);
    list_init(&u->forms.list);
    list_init(&u->form.list);
    list_init(&u->pick.list);
    list_init(&u->filing.list);
    list_init(&u->order.list);
    list_init(&u->sign.list);
    arena_init(&u->forms.forms.arena, 1);
    arena_init(&u->form.arena, 1);
    arena_init(&u->pick.arena, 1);
    list_init(&u->found.rows.list);
    list_init(&u->help.list);
    list_init(&u->stop.list);
    list_init(&u->scopes.list);
    list_init(&u->tasks.list);
    list_init(&u->household.list);
    list_init(&u->server.list);
    u->screen = scr_lock_screen();
    u->damage = true;
    if ((code = line ? tty_open_line(&u->tty, e) : tty_open(&u->tty, e))) {
        mem_free(u);
        return code;
    }
    keys_init(&u->keys);
    tty_sequences(u->tty, &u->keys);
    conf_read(&u->conf);
    if (!conf_say(&u->conf, u->message, sizeof u->message) && u->conf.theme[0] && !tty_theme(u->tty, u->conf.theme))
        ui_say(u, _("wardline.conf: there is no theme \"%s\"."), u->conf.theme);
    if (u->conf.mouse)
        tty_mouse(u->tty);
    u->keys.mouse = u->conf.mouse;
    scr_lock_forget(u);
    if ((line && (code = line_new(u))) || (code = watch(u))) {
        ui_close(u);
        return err_set(e, code, 0, 0, NULL);
    }
    if (!line)
        turn(u);
    *out = u;
    return ERR_OK;
}

int ui_open(struct loop *l, const struct clock *clock, const char *home, const struct ui_hooks *h, struct ui **out,
            struct err *e)
{
    return open_on(l, clock, home, h, false, out, e);
}

int ui_open_line(struct loop *l, const struct clock *clock, const char *home, const struct ui_hooks *h, struct ui **out,
                 struct err *e)
{
    return open_on(l, clock, home, h, true, out, e);
}

bool ui_theme(struct ui *u, const char *name)
{
    u->damage = true;
    return tty_theme(u->tty, name);
}

void ui_passphrase(struct ui *u, struct secret *passphrase)
{
    secret_free(u->lock.typed);
    u->lock.typed = passphrase;
    ui_unlocking(u);
}

void ui_close(struct ui *u)
{
    static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGTSTP, SIGWINCH};

    if (!u)
        return;
    ui_lock(u);
    loop_fd(u->loop, tty_fd(u->tty), 0, NULL, NULL);
    loop_on_turn(u->loop, NULL, NULL);
    loop_cancel(u->loop, u->idle_timer);
    loop_cancel(u->loop, u->esc_timer);
    loop_cancel(u->loop, u->sync_timer);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        loop_signal(u->loop, signals[i], NULL, NULL);
    auth_unlock_free(u->unlock);
    line_free(u);
    tty_close(u->tty);
    secret_free(u->lock.typed);
    list_fini(&u->work.list);
    list_fini(&u->chart.list);
    list_fini(&u->chart.sections);
    list_fini(&u->detail.list);
    list_fini(&u->banner.list);
    list_fini(&u->timeline.rows.list);
    list_fini(&u->conflicts.list);
    list_fini(&u->syncing.list);
    list_fini(&u->order.list);
    list_fini(&u->sign.list);
    list_fini(&u->found.rows.list);
    list_fini(&u->help.list);
    list_fini(&u->stop.list);
    list_fini(&u->scopes.list);
    list_fini(&u->tasks.list);
    list_fini(&u->household.list);
    list_fini(&u->server.list);
    ui_save_orphan(u);
    mem_wipe(u, sizeof *u);
}

void ui_emergency(void)
{
    tty_emergency();
}
