/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "screen.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "cli/guest.h"
#include "cli/host.h"
#include "loop/loop.h"
#include "model/model.h"
#include "store/edit.h"
#include "store/owner.h"
#include "sync/attach.h"
#include "sync/demand.h"
#include "sync/hub.h"
#include "sync/session.h"
#include "sync/watch.h"
#include "ui/monitor.h"
#include "ui/tty.h"
#include "ui/ui.h"

#define REST_MS 300 /* behind the end of a sync */

struct screen {
    struct cli_app *app;
    struct loop *loop;
    struct ui *ui;
    struct store *store;          /* from unlocked() until it is closed */
    struct sync_session *session; /* while a store is open */
    bool closing;                 /* locked, and what uses the store has not ended yet: */
    bool syncing, writing;        /* the sync that ran, what keys had written */
    struct loop_job last;         /* behind everything that was to be written */
    bool serving;                 /* guests still read the store */
    bool left;                    /* the screen is gone: the loop runs for that end alone */
    struct loop_job wish, idle;   /* messages from guests' threads */
    struct loop_job tell;         /* one from the store thread, while an older store is brought up to date */
    atomic_bool told;             /* it is under way; else that thread may write these: */
    uint64_t done, all;
    struct model_sync state;      /* what the screens say of it */
    struct sync_watch *watch;     /* when the next one goes */
    bool alone;                   /* one of its own accord runs, behind one that nothing answered: nothing is painted */
    loop_timer next, rest;
    struct sync_ask *ask;         /* under way */
    struct sync_attach *attach;   /* as well */
    bool again;                   /* a sync is to follow the one that is being stopped, as if it were the same: */
    unsigned wanted;              /* patients who were asked for, of whom the store does not know yet */
    uint64_t before;              /* rows that the stopped one brought */
};

static void sync_now(void *arg);

/* What a sync took, and what was read anew after it, has been freed by now. */
static void rest(void *arg)
{
    struct screen *s = arg;

    s->rest = 0;
    mem_trim();
}

static void plan(struct screen *s, int code)
{
    sync_watch_ended(s->watch, code, s->session ? sync_session_quiet(s->session) : 0);
    s->state.next_ms = clock_wall_ms(&s->app->clock) + sync_watch_due(s->watch);
}

static void progress(void *arg, const char *type, uint64_t rows, unsigned done, unsigned all)
{
    struct screen *s = arg;

    if (s->closing)
        return;
    snprintf(s->state.type, sizeof s->state.type, "%s", type);
    s->state.rows = rows;
    s->state.done = done;
    s->state.all = all;
    if (!s->alone || done || rows)
        ui_sync_changed(s->ui, &s->state);
    sync_hub_progress(s->app->hub, type, rows, done, all);
}

/* The last of those that use the store ends: it is closed. */
static void release(struct screen *s)
{
    if (s->syncing || s->writing || s->serving)
        return;
    sync_session_free(s->session);
    store_close(s->store);
    s->session = NULL;
    s->store = NULL;
    s->closing = false;
    mem_zero_stack();
    if (s->left)
        loop_stop(s->loop, 0);
}

static void sync_over(void *arg)
{
    struct screen *s = arg;

    s->syncing = false;
    release(s);
}

static void guests_over(struct loop_job *job)
{
    struct screen *s = (struct screen *)(void *)((char *)job - offsetof(struct screen, idle));

    s->serving = false;
    release(s);
}

/* On a guest's thread. */
static void last_guest(void *arg)
{
    struct screen *s = arg;

    s->idle = (struct loop_job){.done = guests_over};
    loop_post(s->loop, &s->idle);
}

static int nothing(struct loop_job *job)
{
    (void)job;
    return ERR_OK;
}

/* Both threads read and write the store: it is closed behind the last job of either. */
static void written(struct loop_job *job)
{
    struct screen *s = (struct screen *)(void *)((char *)job - offsetof(struct screen, last));
    bool work = job->thread == LOOP_WORK;

    if (!work || loop_pending(s->loop, LOOP_STORE) > 0) { /* what ended on one may have begun on the other */
        s->last = (struct loop_job){.run = nothing, .done = written};
        loop_submit(s->loop, work ? LOOP_STORE : LOOP_WORK, &s->last);
        return;
    }
    s->writing = false;
    release(s);
}

static void write_now(void *arg, struct loop_job *job)
{
    struct screen *s = arg;

    loop_submit(s->loop, LOOP_STORE, job);
}

static int write_at_once(void *arg, struct loop_job *job)
{
    struct screen *s = arg;

    return loop_do(s->loop, LOOP_STORE, job);
}

static void done(void *arg, const struct sync_report *r);

static void answered(void *arg, const struct sync_answer *a)
{
    struct screen *s = arg;

    s->ask = NULL;
    if (!s->closing)
        ui_server_answered(s->ui, &a->err, a->body);
}

static void ask(void *arg, const char *url)
{
    struct screen *s = arg;
    struct err e = ERR_NONE;

    sync_ask_drop(s->ask);
    s->ask = NULL;
    if (!s->session)
        err_set(&e, ERR_CANCELLED, 0, 0, NULL);
    else
        sync_ask(s->session, url, answered, s, &s->ask, &e);
    if (e.code)
        ui_server_answered(s->ui, &e, STR(""));
}

static void ask_stop(void *arg)
{
    struct screen *s = arg;

    sync_ask_drop(s->ask);
    s->ask = NULL;
}

static void attach_changed(void *arg, uint64_t have, int64_t all)
{
    ui_attach_changed(((struct screen *)arg)->ui, have, all);
}

static void attached(void *arg, const struct err *e)
{
    struct screen *s = arg;

    s->attach = NULL;
    if (!s->closing)
        ui_attached(s->ui, e);
}

static void attach(void *arg, const char *type, const char *id, unsigned no)
{
    struct screen *s = arg;
    const struct sync_attach_observer o = {attach_changed, attached, s};
    struct err e = ERR_NONE;

    if (!s->session || s->attach)
        err_set(&e, ERR_CANCELLED, 0, 0, NULL);
    else
        sync_attach(s->session, str_of(type), str_of(id), no, false, &o, &s->attach, &e);
    if (e.code)
        ui_attached(s->ui, &e);
}

static void attach_stop(void *arg)
{
    struct screen *s = arg;

    if (s->attach)
        sync_attach_stop(s->attach);
}

/* Written on the store thread; then a sync, behind the one that runs. */
struct fetch {
    struct loop_job job;
    struct screen *s;
    struct store *store;
    char id[80];
};

static int fetch_run(struct loop_job *job)
{
    struct fetch *f = (struct fetch *)job; /* its first member */

    return sync_demand_add(f->store, f->id, &job->err);
}

static void fetch_done(struct loop_job *job)
{
    struct fetch *f = (struct fetch *)job;
    struct screen *s = f->s;
    bool running = s->state.phase == MODEL_SYNC_RUNNING;

    s->wanted--;
    if (!s->closing && job->code) {
        s->state.phase = running ? s->state.phase : MODEL_SYNC_FAILED;
        s->state.err = job->err;
        ui_sync_changed(s->ui, &s->state);
    } else if (!s->closing && running) {
        s->again = sync_session_stop(s->session);
    } else if (!s->closing) {
        sync_now(s);
        ui_sync_changed(s->ui, &s->state); /* also where no sync can begin: nobody waits for one */
    }
    mem_free(f);
}

static void fetch(void *arg, const char *id)
{
    struct screen *s = arg;
    struct fetch *f = s->store ? mem_alloc(sizeof *f) : NULL;

    if (!f)
        return;
    f->s = s;
    f->store = s->store;
    snprintf(f->id, sizeof f->id, "%s", id);
    s->wanted++;
    f->job.run = fetch_run;
    f->job.done = fetch_done;
    loop_submit(s->loop, LOOP_STORE, &f->job);
}

static void done(void *arg, const struct sync_report *r)
{
    struct screen *s = arg;

    sync_hub_end(s->app->hub, r, s->again && r->code == ERR_CANCELLED);
    if (s->closing) { /* not in here: the session is still at work below */
        s->next = loop_after(s->loop, 0, sync_over, s);
        return;
    }
    loop_cancel(s->loop, s->rest);
    s->rest = loop_after(s->loop, REST_MS, rest, s);
    if (s->again || s->wanted) { /* for the user it goes on, with one patient more; not in here, as above */
        s->before += r->pulled;
        s->state.phase = MODEL_SYNC_IDLE;
        loop_cancel(s->loop, s->next);
        s->next = s->again ? loop_after(s->loop, 0, sync_now, s) : 0;
        s->again = false;
        return;
    }
    s->state.err = r->err;
    s->state.rows = r->pulled + s->before;
    s->before = 0;
    if (sync_is_whole(r->code)) { /* every kind came whole; some resources could not be kept */
        s->state.phase = MODEL_SYNC_IDLE;
        s->state.last_ms = r->ended_ms;
    } else {
        s->state.phase =
            r->code == ERR_OFFLINE || r->code == ERR_TIMEOUT ? MODEL_SYNC_OFFLINE : MODEL_SYNC_FAILED;
    }
    plan(s, r->code);
    if (!s->alone || s->state.phase != MODEL_SYNC_OFFLINE)
        ui_sync_changed(s->ui, &s->state);
    s->alone = false;
}

static void sync_now(void *arg)
{
    struct screen *s = arg;
    struct sync_observer o = {.progress = progress, .done = done, .arg = s};
    struct err e = ERR_NONE;
    int r;

    if (s->state.phase == MODEL_SYNC_RUNNING && s->alone) { /* by key: now somebody wants to see it */
        s->alone = false;
        ui_sync_changed(s->ui, &s->state);
    }
    loop_cancel(s->loop, s->next);
    s->next = 0;
    if (!s->session || s->state.phase == MODEL_SYNC_RUNNING || !sync_hub_begin(s->app->hub))
        return;
    sync_watch_begun(s->watch);
    r = sync_session_start(s->session, &o, &e);
    if (r)
        sync_hub_end(s->app->hub, &(struct sync_report){.code = r, .err = e}, false);
    s->state.phase = r ? MODEL_SYNC_FAILED : MODEL_SYNC_RUNNING;
    s->state.err = e;
    s->state.type[0] = '\0';
    s->state.rows = 0;
    s->state.next_ms = 0;
    if (r)
        plan(s, r);
    if (!s->alone || r)
        ui_sync_changed(s->ui, &s->state);
}

/* Of the program's own accord. While the line is away the screen goes on saying so: that somebody has tried again in
 * vain is no news to a thin line. */
static void sync_by_itself(void *arg)
{
    struct screen *s = arg;

    s->alone = s->state.phase == MODEL_SYNC_OFFLINE;
    sync_now(s);
}

static void wished(struct loop_job *job)
{
    struct screen *s = (struct screen *)(void *)((char *)job - offsetof(struct screen, wish));

    if (s->store && !s->session && sync_hub_begin(s->app->hub)) /* it could not be opened: they hear why */
        sync_hub_end(s->app->hub, &(struct sync_report){.code = s->state.err.code, .err = s->state.err}, false);
    sync_now(s);
}

/* On a guest's thread. */
static void guest_wishes(void *arg)
{
    struct screen *s = arg;

    s->wish = (struct loop_job){.done = wished};
    loop_post(s->loop, &s->wish);
}

static void sync_stop(void *arg)
{
    struct screen *s = arg;

    s->again = false;
    if (s->session)
        sync_session_stop(s->session);
}

static void unlocked(void *arg, struct store *store)
{
    struct screen *s = arg;
    struct err e = ERR_NONE;

    s->store = store;
    store_on_queued(store, sync_watch_queued, s->watch);
    if (!s->app->host && !cli_host_open(s->app, store, last_guest, s, &s->app->host, NULL))
        cli_host_keeps(s->app->host);
    s->state = (struct model_sync){.last_ms = sync_complete_ms(store)};
    s->state.phase = s->state.last_ms ? MODEL_SYNC_IDLE : MODEL_SYNC_NEVER;
    if (sync_session_new(s->loop, store, &s->app->clock, &s->app->rng, &s->session, &e)) {
        s->state.phase = MODEL_SYNC_FAILED;
        s->state.err = e;
        ui_sync_changed(s->ui, &s->state);
    } else {
        sync_now(s);
    }
    if (s->app->host)
        cli_host_unlocked(s->app->host, store);
}

static void locked(void *arg)
{
    struct screen *s = arg;

    loop_cancel(s->loop, s->next);
    s->next = 0;
    sync_watch_put_off(s->watch);
    s->alone = false;
    s->again = false;
    s->before = 0;
    ask_stop(s);
    sync_attach_drop(s->attach); /* a job of its own that runs is among those that are waited for */
    s->attach = NULL;
    if (!s->store)
        return;
    s->syncing = s->session && sync_session_stop(s->session);
    s->writing = loop_pending(s->loop, LOOP_STORE) > 0 || loop_pending(s->loop, LOOP_WORK) > 0;
    s->serving = cli_host_lock(s->app->host, s->left);
    s->closing = s->syncing || s->writing || s->serving;
    if (s->writing) { /* the store thread takes its jobs in turn: this one comes when the others are done */
        s->last = (struct loop_job){.run = nothing, .done = written};
        loop_submit(s->loop, LOOP_STORE, &s->last);
    }
    release(s);
}

static bool closing(void *arg)
{
    const struct screen *s = arg;

    return s->closing;
}

static int check_profile(struct cli_app *app, struct err *e)
{
    char file[PATH_MAX_BYTES];
    int r = path_home(app->home_option, app->home, e);

    if (!r)
        r = path_join(file, app->home, STORE_FILE, e);
    if (!r && access(file, F_OK))
        r = err_set(e, ERR_NOPROFILE, 0, 0, app->home);
    if (!r && !path_join(file, app->home, "log", NULL))
        log_open(file, &app->clock);
    return r;
}

struct opening {
    struct screen *s;
    const atomic_bool *cancel;
};

static void tell(struct loop_job *job)
{
    struct screen *s = (struct screen *)(void *)((char *)job - offsetof(struct screen, tell));

    if (!s->left)
        ui_opening(s->ui, s->done, s->all);
    atomic_store(&s->told, false);
}

/* On the store thread. A screen that locks, or goes, waits no longer than for 200 rows. */
static int opening_step(void *arg, uint64_t done, uint64_t all)
{
    struct opening *o = arg;
    struct screen *s = o->s;

    if (!atomic_exchange(&s->told, true)) {
        s->done = done;
        s->all = all;
        s->tell = (struct loop_job){.done = tell};
        loop_post(s->loop, &s->tell);
    }
    return atomic_load(o->cancel);
}

/* On the store thread. The home is this screen's from its start to its end, unless another had it as it began: a
 * command of a schedule gives it up, as its sync can go on in here. */
static int open_store(void *arg, struct store_key *key, const atomic_bool *cancel, struct store **out, struct err *e)
{
    struct screen *s = arg;
    struct opening o = {s, cancel};
    const struct store_progress p = {opening_step, &o};
    int r = s->app->owner ? ERR_OK : cli_guest_relieve(s->app, key, cancel, e);

    if (!r)
        return store_open_told(s->app->owner, key, &p, out, e);
    store_key_free(key);
    return r;
}

/* Behind the monitor's fork: it must not hold the lock when this process is killed. */
static int own(struct screen *s, struct err *e)
{
    int r = sync_hub_new(&s->app->hub) ? err_set(e, ERR_NOMEM, 0, 0, NULL) : ERR_OK;

    if (r)
        return r;
    sync_hub_keeper(s->app->hub, guest_wishes, s);
    r = store_own(s->app->home, &s->app->owner, e);
    if (!r && !cli_host_open(s->app, NULL, last_guest, s, &s->app->host, NULL))
        cli_host_keeps(s->app->host);
    return r == ERR_INUSE ? ERR_OK : r;
}

/* The passphrase of --passphrase-fd, if there is one. */
static int given(struct cli_app *app, struct secret **out, struct err *e)
{
    *out = NULL;
    return app->passphrase_fd < 0 ? ERR_OK : cli_passphrase(app, "", out, e);
}

static int open_ui(struct screen *s, bool line, struct err *e)
{
    struct ui_hooks hooks = {.open = {open_store, s}, .unlocked = unlocked, .locked = locked, .closing = closing,
                             .sync_now = sync_now, .sync_stop = sync_stop, .write = write_now,
                             .write_now = write_at_once, .ask = ask, .ask_stop = ask_stop, .attach = attach,
                             .attach_stop = attach_stop, .fetch = fetch, .rng = &s->app->rng, .arg = s};
    struct secret *passphrase = NULL;
    int r = given(s->app, &passphrase, e);

    if (!r)
        r = (line ? ui_open_line : ui_open)(s->loop, &s->app->clock, s->app->home, &hooks, &s->ui, e);
    if (r) {
        secret_free(passphrase);
        return r;
    }
    if (s->app->theme && !ui_theme(s->ui, s->app->theme)) {
        secret_free(passphrase);
        ui_close(s->ui);
        return err_set(e, ERR_USAGE, 0, 0, s->app->theme);
    }
    if (passphrase)
        ui_passphrase(s->ui, passphrase);
    return ERR_OK;
}

int screen_main(struct cli_app *app)
{
    struct screen s = {.app = app};
    struct err e = ERR_NONE;
    bool line = app->line || !tty_able();
    int r = check_profile(app, &e), monitor = r ? -1 : ui_monitor_start(line);

    if (!r && loop_new(&app->clock, &s.loop))
        r = err_set(&e, ERR_NOMEM, 0, 0, NULL);
    if (!r && sync_watch_new(s.loop, &app->clock, &app->rng, sync_by_itself, &s, &s.watch))
        r = err_set(&e, ERR_NOMEM, 0, 0, NULL);
    if (!r)
        r = own(&s, &e);
    e = r ? e : ERR_NONE;
    if (!r)
        r = open_ui(&s, line, &e);
    if (!r) {
        err_on_fatal(ui_emergency);
        r = loop_run(s.loop);
        if (r && !e.code)
            err_set(&e, r, 0, 0, r == ERR_NOTTY ? "--passphrase-fd" : r == ERR_IO ? "standard output" : NULL);
        s.left = true;
        ui_close(s.ui);
        err_on_fatal(NULL);
    }
    s.left = true;
    if (s.closing) /* the sync and the guests end first */
        loop_run(s.loop);
    cli_host_close(app->host);
    sync_watch_stop(s.watch);
    loop_free(s.loop);
    sync_watch_free(s.watch);
    store_disown(app->owner);
    sync_hub_free(app->hub);
    ui_monitor_stop(monitor);
    return r ? cli_fail(&e) : 0;
}
