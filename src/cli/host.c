/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/host.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/mem.h"
#include "cli/ask.h"
#include "loop/serve.h"

struct cli_host {
    const struct cli_app *app; /* the owner's */
    struct serve *serve;
    pthread_mutex_t lock;  /* guards the rest */
    struct store *store;   /* NULL: locked */
    unsigned using;        /* guests that have it in hand */
    bool leaving, owed;    /* owed: idle, when using is 0 */
    bool keeps, asked;     /* a full screen; to give the home up */
    void (*when_asked)(void *arg);
    void *asked_arg;
    void (*idle)(void *arg);
    void *arg;
};

static size_t greet(void *arg, unsigned char note[SERVE_NOTE], char out[SERVE_GREETING])
{
    struct cli_host *h = arg;
    bool open;

    crypt_random(note, STORE_CHALLENGE);
    pthread_mutex_lock(&h->lock);
    open = h->store != NULL;
    pthread_mutex_unlock(&h->lock);
    return cli_ask_greet(out, open, note);
}

/* The store, for as long as the guest needs it. NULL: locked. */
static struct store *borrow(struct cli_host *h, bool *leaving)
{
    struct store *s;

    pthread_mutex_lock(&h->lock);
    s = h->store;
    *leaving = h->leaving;
    h->using += s != NULL;
    pthread_mutex_unlock(&h->lock);
    return s;
}

static void give_back(struct cli_host *h)
{
    bool call;

    pthread_mutex_lock(&h->lock);
    call = --h->using == 0 && h->owed;
    if (call)
        h->owed = false;
    pthread_mutex_unlock(&h->lock);
    if (call)
        h->idle(h->arg);
}

/* --- what a verb says --------------------------------------------------------------------------- */

static int say(struct serve_guest *g, char kind, struct str s)
{
    char packet[ASK_PIECE];
    int r = ERR_OK;

    for (size_t n; !r && s.n; s = (struct str){s.p + n, s.n - n}) {
        n = s.n < sizeof packet - 1 ? s.n : sizeof packet - 1;
        packet[0] = kind;
        memcpy(packet + 1, s.p, n);
        r = loop_serve_send(g, (struct str){packet, n + 1});
    }
    mem_zero(packet, sizeof packet);
    return r;
}

static int say_out(void *arg, struct str s)
{
    return say(arg, 'o', s);
}

static int say_err(void *arg, struct str s)
{
    return say(arg, 'e', s);
}

static void say_result(struct serve_guest *g, int code, bool again, const struct err *e)
{
    struct buf b;

    buf_init(&b, 1024);
    if (!cli_ask_result(&b, code ? err_exit(code) : 0, again, e))
        loop_serve_send(g, buf_str(&b));
    buf_fini(&b);
}

/* --- running it --------------------------------------------------------------------------------- */

static int run_verb(struct cli_host *h, struct serve_guest *g, struct store *s, struct ask *a, struct err *e)
{
    const struct cli_verb *v = cli_verb_named(a->word[0]);
    struct cli_app app = {.passphrase_fd = -1,
                          .clock = h->app->clock,
                          .rng = h->app->rng,
                          .memory_locked = h->app->memory_locked,
                          .settings = h->app->settings,
                          .store = s,
                          .hub = h->app->hub,
                          .guest = g,
                          .unproven = !(a->flags & ASK_PROVEN),
                          .folder = loop_serve_fd(g, ASK_FOLDER)};
    struct cli_out out, err;
    struct intl_thread theirs;
    int r;

    if (!v)
        return err_set(e, ERR_USAGE, 0, 0, a->word[0]);
    if (v->how & CLI_ALONE)
        return err_set(e, ERR_INUSE, 0, getpid(), STORE_FILE);
    if (app.unproven && !(v->how & CLI_COUNTS))
        return err_set(e, ERR_PASSPHRASE, 0, 0, NULL);
    memcpy(app.home, h->app->home, sizeof app.home);
    if ((r = model_init(&app.model, s, &app.clock, e)))
        return r;
    intl_thread_begin(&theirs, a->characters); /* what their terminal can show */
    cli_out_sink(&out, (a->flags & ASK_OUT_TERMINAL) != 0, say_out, g);
    cli_out_sink(&err, (a->flags & ASK_ERR_TERMINAL) != 0, say_err, g);
    r = cli_run(&app, v, a->n, a->word, loop_serve_fd(g, ASK_STDIN), &out, &err, e);
    cli_out_fini(&out);
    cli_out_fini(&err);
    intl_thread_end(&theirs);
    return r;
}

/* Somebody waits for the home: it is asked for, and the waiting ends when this process closes its door. */
static int yield(struct cli_host *h, struct serve_guest *g, struct err *e)
{
    bool keeps;

    pthread_mutex_lock(&h->lock);
    keeps = h->keeps;
    h->asked |= !keeps;
    if (!keeps && h->when_asked)
        h->when_asked(h->asked_arg);
    pthread_mutex_unlock(&h->lock);
    if (keeps)
        return err_set(e, ERR_INUSE, 0, getpid(), STORE_FILE);
    loop_serve_park(g);
    while (!loop_serve_cancelled(g))
        loop_serve_pause(g, INT32_MAX);
    return err_set(e, ERR_CANCELLED, 0, 0, NULL);
}

static void serve_one(struct cli_host *h, struct serve_guest *g, struct ask *a)
{
    struct err e = ERR_NONE;
    bool leaving, again = false;
    struct store *s = borrow(h, &leaving);
    int r;

    if (!s) {
        say_result(g, err_set(&e, ERR_LOCKED, 0, 0, NULL), leaving, &e);
        return;
    }
    if ((a->flags & ASK_PROVEN) && !store_proven(s, loop_serve_note(g), a->request, a->proof))
        r = err_set(&e, ERR_PASSPHRASE, 0, 0, NULL);
    else if (a->flags & ASK_YIELD)
        r = yield(h, g, &e);
    else
        r = run_verb(h, g, s, a, &e);
    if (r && loop_serve_cancelled(g) == HOST_LOCKED)
        r = err_set(&e, ERR_LOCKED, 0, 0, NULL);
    again = r == ERR_CANCELLED && loop_serve_cancelled(g) == HOST_MOVED;
    if (!r)
        e = ERR_NONE;
    say_result(g, r, again, &e);
    give_back(h);
}

static void serve(void *arg, struct serve_guest *g)
{
    struct cli_host *h = arg;
    struct ask *a = mem_alloc(sizeof *a);
    struct err e = ERR_NONE;

    if (a && cli_ask_parse(loop_serve_asked(g), a))
        serve_one(h, g, a);
    else
        say_result(g, err_set(&e, a ? ERR_INPUT : ERR_NOMEM, 0, 0, STORE_SOCKET), false, &e);
    mem_free(a);
}

/* --- from the owner ----------------------------------------------------------------------------- */

int cli_host_open(struct cli_app *app, struct store *s, void (*idle)(void *arg), void *arg, struct cli_host **out,
                  struct err *e)
{
    struct serve_rules rules = {LIMIT_ASK_BYTES, ASK_FDS, HOST_ASK_MS, HOST_GUESTS, STR("k"), 2000, greet, serve, NULL};
    struct cli_host *h = mem_alloc(sizeof *h);
    int fd, r;

    *out = NULL;
    if (!h)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    h->app = app;
    h->store = s;
    h->idle = idle;
    h->arg = arg;
    pthread_mutex_init(&h->lock, NULL);
    rules.arg = h;
    r = store_owner_listen(app->owner, &fd, e);
    if (!r && (r = loop_serve_start(fd, &rules, &h->serve)))
        err_set(e, r, 0, 0, STORE_SOCKET);
    if (r) {
        pthread_mutex_destroy(&h->lock);
        mem_free(h);
    } else {
        *out = h;
    }
    return r;
}

void cli_host_unlocked(struct cli_host *h, struct store *s)
{
    pthread_mutex_lock(&h->lock);
    h->store = s;
    pthread_mutex_unlock(&h->lock);
}

void cli_host_keeps(struct cli_host *h)
{
    pthread_mutex_lock(&h->lock);
    h->keeps = true;
    pthread_mutex_unlock(&h->lock);
}

bool cli_host_asked(struct cli_host *h)
{
    bool asked;

    if (!h)
        return false;
    pthread_mutex_lock(&h->lock);
    asked = h->asked;
    pthread_mutex_unlock(&h->lock);
    return asked;
}

void cli_host_on_asked(struct cli_host *h, void (*call)(void *arg), void *arg)
{
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->when_asked = call;
    h->asked_arg = arg;
    if (call && h->asked)
        call(arg);
    pthread_mutex_unlock(&h->lock);
}

bool cli_host_lock(struct cli_host *h, bool leaving)
{
    bool busy;

    if (!h)
        return false;
    pthread_mutex_lock(&h->lock);
    h->store = NULL;
    h->leaving = leaving;
    busy = h->using > 0;
    h->owed = busy && h->idle;
    pthread_mutex_unlock(&h->lock);
    loop_serve_cancel(h->serve, leaving ? HOST_MOVED : HOST_LOCKED);
    return busy;
}

void cli_host_close(struct cli_host *h)
{
    if (!h)
        return;
    cli_host_lock(h, true);
    loop_serve_stop(h->serve);
    pthread_mutex_destroy(&h->lock);
    mem_free(h);
}
