/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "cli/host.h"
#include "loop/loop.h"
#include "loop/serve.h"
#include "sync/absent.h"
#include "sync/hub.h"
#include "store/edit.h"
#include "sync/session.h"
#include "sync/watch.h"

#define LOOK_MS 250 /* between two looks at a sync that another runs */

enum { JSON, WATCH, ACCEPT, OVER_BUDGET };

struct syncing {
    struct cli_app *app;
    struct loop *loop;
    struct sync_session *session; /* once a sync was ours to run */
    struct sync_watch *timing;    /* of --watch */
    int said;                     /* the code of the last sync that failed, as it was said; of the watch */
    struct cli_out *err;
    struct sync_report report;
    sync_wish wish;
    bool watch, running, stopped;
    bool lifted;    /* this sync may take more than the day's bytes */
    bool by_signal; /* stopped by one: that is how a watch ends */
    bool moved; /* stopped, to go on at whoever owns the home next */
    struct loop_job asked; /* for the home, by a full screen: a message from a guest's thread */
};

static void again(void *arg);

static void say_progress(struct syncing *s, const char *type, uint64_t rows, unsigned done, unsigned all)
{
    char line[160];

    if (*type)
        snprintf(line, sizeof line, _("syncing %s: %lld rows, %u of %u kinds"), type, (long long)rows, done, all);
    else /* the first answer has not come */
        snprintf(line, sizeof line, _("syncing: %lld rows, %u of %u kinds"), (long long)rows, done, all);
    cli_progress(s->err, line);
}

static void progress(void *arg, const char *type, uint64_t rows, unsigned done, unsigned all)
{
    struct syncing *s = arg;

    sync_hub_progress(s->app->hub, type, rows, done, all);
    say_progress(s, type, rows, done, all);
}

/* The wish is met, by a sync of ours or another's. */
static void met(struct syncing *s, const struct sync_report *r)
{
    s->report = *r;
    /* A watch is never done: that a stop came too late for this sync does not end it. */
    if (s->watch && s->moved)
        s->report = (struct sync_report){.code = ERR_CANCELLED, .err = {.code = ERR_CANCELLED}};
    cli_progress(s->err, NULL);
    if (!s->watch || s->stopped) {
        loop_stop(s->loop, 0);
        return;
    }
    if (sync_pace_is_failure(s->said) && !sync_pace_is_failure(r->code))
        cli_line(s->err, _("the server answers again"));
    if (r->code && r->code != s->said) /* once, however often it is tried in vain */
        cli_say_error(s->err, &r->err);
    cli_flush(s->err);
    s->said = r->code;
    sync_watch_ended(s->timing, r->code, s->session ? sync_session_quiet(s->session) : 0);
}

static void done(void *arg, const struct sync_report *r)
{
    struct syncing *s = arg;

    s->running = false;
    sync_hub_end(s->app->hub, r, s->stopped); /* who waits beside us did not stop it */
    met(s, r);
}

static void run_it(struct syncing *s)
{
    struct sync_observer o = {.progress = progress, .done = done, .arg = s};
    struct sync_report failed = {0};

    if (!s->session)
        failed.code = sync_session_new(s->loop, s->app->store, &s->app->clock, &s->app->rng, &s->session, &failed.err);
    if (!failed.code && s->lifted)
        sync_session_lift(s->session);
    if (!failed.code)
        failed.code = sync_session_start(s->session, &o, &failed.err);
    s->running = !failed.code;
    if (failed.code) {
        s->watch = s->watch && failed.code == ERR_BUSY;
        done(s, &failed);
    }
}

static void look(void *arg)
{
    struct syncing *s = arg;
    struct sync_report r;
    struct sync_hub_look l = sync_hub_look(s->app->hub, s->wish, &r);

    if (l.met) {
        met(s, &r);
    } else if (l.yours) {
        run_it(s);
    } else {
        if (l.running)
            say_progress(s, l.type, l.rows, l.done, l.all);
        loop_after(s->loop, LOOK_MS, look, s);
    }
}

static void again(void *arg)
{
    struct syncing *s = arg;

    if (s->timing)
        sync_watch_begun(s->timing);
    s->wish = sync_hub_wish(s->app->hub);
    look(s);
}

static void stop(struct syncing *s)
{
    s->stopped = true;
    if (s->running) {
        sync_session_stop(s->session);
        return;
    }
    /* Between two syncs of --watch there is nothing that was stopped. */
    if (!s->watch || s->moved)
        s->report = (struct sync_report){.code = ERR_CANCELLED, .err = {.code = ERR_CANCELLED}};
    loop_stop(s->loop, 0);
}

static void interrupted(void *arg, int signo)
{
    struct syncing *s = arg;

    (void)signo;
    s->by_signal = true;
    stop(s);
}

static void give_up(struct loop_job *job)
{
    struct syncing *s = (struct syncing *)(void *)((char *)job - offsetof(struct syncing, asked));

    s->moved = true;
    stop(s);
}

static void home_wanted(void *arg)
{
    struct syncing *s = arg;

    if (s->asked.done)
        return;
    s->asked.done = give_up;
    loop_post(s->loop, &s->asked);
}

/* The asker has gone, or the owner goes. */
static void cancelled(void *arg, int fd, short revents)
{
    struct syncing *s = arg;

    (void)revents;
    loop_fd(s->loop, fd, 0, NULL, NULL);
    s->moved = loop_serve_cancelled(s->app->guest) != SERVE_LEFT;
    stop(s);
}

static int run(struct syncing *s, struct err *e)
{
    int r = loop_new(&s->app->clock, &s->loop);

    if (r)
        return err_set(e, r, 0, 0, "loop");
    if (s->app->guest) {
        loop_serve_park(s->app->guest);
        loop_fd(s->loop, loop_serve_cancel_fd(s->app->guest), POLLIN, cancelled, s);
    } else {
        loop_signal(s->loop, SIGINT, interrupted, s);
        loop_signal(s->loop, SIGTERM, interrupted, s);
        cli_host_on_asked(s->app->host, home_wanted, s);
    }
    if (s->watch && sync_watch_new(s->loop, &s->app->clock, &s->app->rng, again, s, &s->timing)) {
        loop_free(s->loop);
        return err_set(e, ERR_NOMEM, 0, 0, "watch");
    }
    if (s->timing && !s->app->guest) /* a guest's edits are the owner's to send */
        store_on_queued(s->app->store, sync_watch_queued, s->timing);
    again(s);
    loop_run(s->loop);
    if (!s->app->guest)
        cli_host_on_asked(s->app->host, NULL, NULL);
    if (s->timing && !s->app->guest)
        store_on_queued(s->app->store, NULL, NULL);
    sync_watch_stop(s->timing);
    sync_session_free(s->session);
    r = s->watch && s->by_signal && !s->moved ? ERR_OK : s->report.code; /* what failed before was said as it did */
    if (r)
        *e = s->report.err;
    loop_free(s->loop);
    sync_watch_free(s->timing);
    return r;
}

static int say(struct cli_app *app, const struct cli_args *args, const struct sync_report *r, struct cli_out *out,
               struct err *e)
{
    struct jsonw w;
    int c;

    if (!args->value[JSON]) {
        cli_marks(app, out);
        for (unsigned i = 0; i < r->n; i++)
            if (r->kinds[i].code == ERR_UNSUPPORTED)
                cli_line(out, _("not supported by this server: %s"), r->kinds[i].type);
        if (r->pushed)
            cli_line(out,
                     P_("%lld change made here reached the server", "%lld changes made here reached the server",
                        r->pushed),
                     (long long)r->pushed);
        if (r->deleted)
            cli_line(out,
                     P_("%lld entry was deleted at the server", "%lld entries were deleted at the server", r->deleted),
                     (long long)r->deleted);
        if (r->removed)
            cli_line(out, _("removed from this device to keep its quota: %lld rows (`wardline quota')"),
                     (long long)r->removed);
        return cli_line(
            out, _("new or changed resources: %lld; requests %lld, bytes up %lld, bytes down %lld, round trips %lld"),
            (long long)r->pulled, (long long)r->wire.requests, (long long)r->wire.bytes_up,
            (long long)r->wire.bytes_down, (long long)r->wire.round_trips);
    }
    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '{');
    c = cli_status_members(app, &w, e);
    jsonw_key(&w, "pulled");
    jsonw_int(&w, (int64_t)r->pulled);
    jsonw_key(&w, "pushed");
    jsonw_int(&w, (int64_t)r->pushed);
    jsonw_key(&w, "deleted");
    jsonw_int(&w, (int64_t)r->deleted);
    jsonw_key(&w, "removed");
    jsonw_int(&w, (int64_t)r->removed);
    jsonw_key(&w, "errors");
    jsonw_open(&w, '[');
    for (unsigned i = 0; i < r->n; i++) {
        if (!r->kinds[i].code)
            continue;
        jsonw_open(&w, '{');
        jsonw_key(&w, "type");
        jsonw_z(&w, r->kinds[i].type);
        jsonw_key(&w, "error");
        jsonw_z(&w, err_name(r->kinds[i].code));
        jsonw_close(&w, '}');
    }
    jsonw_close(&w, ']');
    jsonw_close(&w, '}');
    return c ? c : cli_put(out, STR("\n"));
}

/* A patient that the scope names and the server does not have: a slip of the pen that no sync would ever
 * mend, so it is said each time. */
static int check_scope(struct cli_app *app, struct err *e)
{
    struct sync_scope scope;
    struct err first = ERR_NONE;
    struct buf spec;
    int64_t n = 0;
    int r;

    buf_init(&spec, 1 << 20);
    r = store_setting(app->store, "scope", &spec, e);
    if (!r)
        r = sync_scope_parse(buf_str(&spec), &scope, e);
    buf_fini(&spec);
    if (r)
        return r;
    for (unsigned i = 0; i < scope.n; i++)
        if (!store_has(app->store, STR("Patient"), str_of(scope.patients[i]), STR("")) && !n++)
            err_set(&first, ERR_SCOPE, 0, 0, scope.patients[i]);
    sync_scope_fini(&scope);
    first.num = n;
    if (n)
        *e = first;
    return n ? ERR_SCOPE : ERR_OK;
}

/* Whoever runs the sync finds it in the store. */
static int accept(struct cli_app *app, struct err *e)
{
    struct store_tx *tx;
    int r = store_begin(app->store, true, &tx, e);

    if (r)
        return r;
    if (!(r = sync_absent_accept(app->store, tx, e)))
        return store_commit(tx, e);
    store_rollback(tx);
    return r;
}

/* The day's bytes are used, and somebody sits there who may say that it be so. */
static bool go_over(struct cli_app *app, const struct cli_out *err)
{
    struct secret *s = NULL;
    char prompt[200];
    bool yes;

    if (app->guest || !err->terminal)
        return false;
    snprintf(prompt, sizeof prompt, "%s", _("The day's bytes are used. Fetch the rest all the same? Type yes: "));
    if (cli_ask(prompt, &s, NULL))
        return false;
    yes = str_is((struct str){(const char *)s->p, s->n}, C_("answer", "yes"));
    secret_free(s);
    return yes;
}

CLI_VERB(cli_verb_sync)
{
    struct syncing s = {.app = app, .err = err, .watch = args->value[WATCH] != NULL,
                        .lifted = args->value[OVER_BUDGET] != NULL};
    struct err told = ERR_NONE;
    int r = cli_need_store(app, e);

    (void)in;
    if (!r && args->value[ACCEPT])
        r = accept(app, e);
    if (r)
        return r;
    r = run(&s, e);
    if (r == ERR_BUDGET && !s.watch && go_over(app, err)) {
        s = (struct syncing){.app = app, .err = err, .lifted = true};
        *e = ERR_NONE;
        r = run(&s, e);
    }
    /* What was said could not be taken back if it begins again elsewhere. */
    if (r == ERR_CANCELLED && (app->guest || cli_host_asked(app->host)))
        return r;
    if (sync_is_whole(s.report.code) || s.report.code == ERR_BUDGET || args->value[JSON])
        say(app, args, &s.report, out, &told);
    return r ? r : check_scope(app, e);
}
