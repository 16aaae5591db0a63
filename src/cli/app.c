/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/intl.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/guest.h"
#include "cli/host.h"
#include "crypt/keyring.h"
#include "loop/serve.h"
#include "model/edit.h"
#include "store/owner.h"
#include "sync/hub.h"

/* One line from the terminal. No signal may end the program while the echo is off: those from keys come as characters
 * (Ctrl-C ends the line), the others wait. */
static int ask(struct secret *s, const char *prompt, bool echo, struct err *e)
{
    struct termios was, quiet;
    sigset_t all, before;
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC), r;

    if (fd < 0)
        return err_set(e, ERR_NOTTY, 0, 0, "--passphrase-fd");
    if (tcgetattr(fd, &was)) {
        close(fd);
        return err_set(e, ERR_NOTTY, 0, 0, "--passphrase-fd");
    }
    quiet = was;
    quiet.c_lflag &= ~(tcflag_t)(ISIG | (echo ? 0 : ECHO | ECHOE | ECHOK | ECHONL));
    quiet.c_cc[VEOL] = 3;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    tcsetattr(fd, TCSAFLUSH, &quiet);
    (void)!write(fd, prompt, strlen(prompt));
    r = secret_read_line(s, fd);
    if (!echo)
        (void)!write(fd, "\n", 1);
    tcsetattr(fd, TCSAFLUSH, &was);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(fd);
    return r ? err_set(e, r, 0, LIMIT_PASSPHRASE, echo ? "answer" : "passphrase") : ERR_OK;
}

/* fd < 0: the terminal. option: what to call the fd. */
static int read_line(int fd, const char *option, const char *prompt, bool echo, struct secret **out, struct err *e)
{
    struct secret *s = secret_new(LIMIT_PASSPHRASE);
    int r;

    *out = NULL;
    if (!s)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (fd < 0)
        r = ask(s, prompt, echo, e);
    else if ((r = secret_read_line(s, fd)))
        err_set(e, r, 0, LIMIT_PASSPHRASE, option);
    if (r) {
        secret_free(s);
        return r;
    }
    *out = s;
    return ERR_OK;
}

int cli_passphrase(struct cli_app *app, const char *prompt, struct secret **out, struct err *e)
{
    *out = NULL;
    if (app->guest) /* REQ: no secret of one process is asked for in another */
        return err_set(e, ERR_INUSE, 0, getpid(), STORE_FILE);
    return read_line(app->passphrase_fd, "--passphrase-fd", prompt, false, out, e);
}

int cli_ask(const char *prompt, struct secret **out, struct err *e)
{
    return read_line(-1, NULL, prompt, true, out, e);
}

int cli_confirm_op(const char *prompt, const char *op, struct err *e)
{
    struct secret *typed = NULL;
    int r = cli_ask(prompt, &typed, NULL);

    if (r)
        return err_set(e, r == ERR_NOTTY ? ERR_PERSON : r, 0, 0, "answer");
    if (!str_is(str_trim((struct str){(const char *)typed->p, typed->n}), op))
        r = err_set(e, ERR_INPUT, 0, 0, op);
    secret_free(typed);
    return r;
}

/* REQ: a new passphrase that is guessed in no time is refused (ERR_SHORT): it is all that keeps the store shut. */
static int read_new(int fd, struct secret **out, struct err *e)
{
    int r = read_line(fd, "--new-fd", _("New passphrase: "), false, out, e);
    unsigned n = 0;

    if (r)
        return r;
    for (size_t i = 0; i < (*out)->n; i++)
        n += ((*out)->p[i] & 0xc0) != 0x80; /* of a character of several bytes, the first */
    if (n >= LIMIT_PASSPHRASE_LEAST)
        return ERR_OK;
    secret_free(*out);
    *out = NULL;
    return err_set(e, ERR_SHORT, 0, LIMIT_PASSPHRASE_LEAST, NULL);
}

int cli_new_passphrase(int fd, struct secret **out, struct cli_out *err, struct err *e)
{
    struct secret *again;
    bool same = false;
    int r = read_new(fd, out, e);

    while (!r && !same && fd < 0) {
        if ((r = read_line(-1, NULL, _("The same again: "), false, &again, e)))
            break;
        same = (*out)->n == again->n && !memcmp((*out)->p, again->p, again->n);
        secret_free(again);
        if (!same) {
            cli_line(err, "%s", _("The two are not the same. Once more, or Ctrl-C to stop."));
            cli_flush(err);
            secret_free(*out);
            r = read_new(-1, out, e);
        }
    }
    return r;
}

/* --- opening ----------------------------------------------------------------------------------- */

static int keyring_proof(struct cli_app *app, struct store_proof *out, struct err *e)
{
    char name[CLI_KEYRING_NAME];
    struct secret *s = secret_new(CRYPT_KEY);
    int r = s ? cli_keyring_name(app, name, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);

    if (!r && crypt_keyring_get(name, s))
        r = err_set(e, ERR_NOKEYRING, 0, 0, NULL);
    *out = (struct store_proof){STORE_SLOT_KEYRING, s};
    return r;
}

int cli_proof(struct cli_app *app, const char *escrow, const char *prompt, struct store_proof *out, struct err *e)
{
    struct secret *s = NULL;
    int r;

    *out = (struct store_proof){.secret = NULL};
    if (escrow) {
        r = cli_escrow_secret(escrow, &s, e);
        *out = (struct store_proof){STORE_SLOT_ESCROW, s};
    } else if (app->keyring) {
        return keyring_proof(app, out, e);
    } else {
        r = cli_passphrase(app, prompt, &s, e);
        out->secret = s;
    }
    return r;
}

/* Rows that an older wardline indexed are indexed again first: a line on the terminal once that begins, and Ctrl-C. */
struct settling {
    const struct cli_app *app;
    struct cli_out err;
    struct cli_work work;
    bool begun;
};

static int settling_step(void *arg, uint64_t done, uint64_t all)
{
    struct settling *s = arg;

    if (!s->begun) {
        cli_out_init(&s->err, 2);
        cli_work_begin(&s->work, s->app, &s->err, _("bringing the store up to date"));
        s->begun = true;
    }
    return s->work.progress.step(s->work.progress.arg, done, all);
}

static int open_own(struct cli_app *app, struct store_key *key, struct err *e)
{
    struct settling s = {.app = app};
    const struct store_progress p = {settling_step, &s};
    int r = store_open_told(app->owner, key, &p, &app->store, e);

    if (s.begun) {
        cli_work_end(&s.work);
        cli_out_fini(&s.err);
    }
    return r;
}

/* This process owns the home: opens the store, and answers the others from now on. Takes the key. */
static int become_owner(struct cli_app *app, struct store_key *key, struct err *e)
{
    char log[PATH_MAX_BYTES];
    int r, trail;

    app->yielded = false;
    app->key = store_key_dup(key);
    r = open_own(app, key, e);
    if (!r)
        r = model_init(&app->model, app->store, &app->clock, e);
    if (!r && sync_hub_new(&app->hub))
        r = err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (!r)
        cli_host_open(app, app->store, NULL, NULL, &app->host, NULL); /* without a socket it works, alone */
    if (!r && !path_join(log, app->home, "log", NULL))
        log_open(log, &app->clock);
    /* A full disk does not keep support from `status'; what shows a chart writes a row of its own, or shows nothing. */
    if (!r && (trail = model_unlocked(&app->model, app->home, NULL)))
        log_event("audit.unlock", trail, NULL, 0, 0);
    return r;
}

/* Becomes the owner, or has the one that is run the verb. Takes the key. app->stale: the store was rotated since. */
static int need(struct cli_app *app, struct store_key *key, struct err *e)
{
    int r;

    app->stale = false;
    r = cli_guest_or_owner(app, key, e);
    if (!r && !app->answered && key && (app->stale = store_key_stale(app->home, key))) {
        store_disown(app->owner);
        app->owner = NULL;
        r = err_set(e, ERR_PASSPHRASE, 0, 0, NULL);
    }
    if (r || app->answered) {
        store_key_free(key);
        return r ? r : app->status ? app->status : ERR_CANCELLED;
    }
    return become_owner(app, key, e);
}

static int unlock_by(struct cli_app *app, const struct store_proof *proof, struct store_key **key, struct err *e)
{
    int r = store_unlock_by(app->home, proof, key, NULL, e);

    if (r == ERR_PASSPHRASE)
        audit_refused_note(app->home);
    return r;
}

#define UNLOCKS_MOST 3 /* two rotations in the time of an unlocking are enough */

/* REQ: whose passphrase is right is not told that it is wrong, because the store was rotated that very second. */
static int unlock_and_need(struct cli_app *app, const struct store_proof *proof, struct err *e)
{
    struct store_key *key = NULL;
    int r = ERR_PASSPHRASE;

    for (int i = 0; i < UNLOCKS_MOST && (!i || (app->stale && (!app->typed || *app->typed))); i++) {
        app->stale = false;
        if (!(r = unlock_by(app, proof, &key, e)))
            r = need(app, key, e);
    }
    return r;
}

int cli_need_store_by(struct cli_app *app, const struct store_proof *proof, struct err *e)
{
    return unlock_and_need(app, proof, e);
}

int cli_find_profile(struct cli_app *app, struct err *e)
{
    char file[PATH_MAX_BYTES];
    int r = path_home(app->home_option, app->home, e);

    if (!r)
        r = path_join(file, app->home, STORE_FILE, e);
    if (!r && access(file, F_OK))
        r = err_set(e, ERR_NOPROFILE, errno, 0, app->home);
    return r;
}

/* Where there is nobody to give a proof, a verb that says counts without it goes on without a key. */
static int unlock(struct cli_app *app, struct err *e)
{
    struct store_proof proof = {.secret = NULL};
    struct secret *typed;
    int r = cli_proof(app, NULL, _("Passphrase: "), &proof, e);

    if (r == ERR_NOTTY && app->verb && (app->verb->how & CLI_COUNTS))
        return need(app, NULL, e);
    typed = (struct secret *)proof.secret;
    app->typed = &typed;
    if (!r)
        r = unlock_and_need(app, &proof, e);
    app->typed = NULL;
    secret_free(typed);
    return r;
}

/* A command that had the home and gave it up, for a store that was sealed anew since. It keeps no passphrase: a
 * terminal is asked once more, and so is a file. */
static int ask_again(struct cli_app *app, struct err *e)
{
    int r;

    app->yielded = false;
    if (app->passphrase_fd >= 0)
        (void)lseek(app->passphrase_fd, 0, SEEK_SET); /* what comes through a pipe has gone through it */
    r = unlock(app, e);
    if (r == ERR_NOTTY || r == ERR_INPUT || (r == ERR_PASSPHRASE && app->stale))
        return err_set(e, ERR_ROTATED, 0, 0, NULL);
    return r;
}

int cli_need_store(struct cli_app *app, struct err *e)
{
    struct store_key *key = app->key;
    int r;

    if (app->store)
        return ERR_OK;
    r = cli_find_profile(app, e);
    if (r)
        return r;
    if (!app->yielded)
        return unlock(app, e);
    app->key = NULL;
    r = need(app, key, e);
    return r == ERR_PASSPHRASE && app->stale ? ask_again(app, e) : r;
}

void cli_close_store(struct cli_app *app)
{
    if (app->guest) /* it is the owner's */
        return;
    cli_host_close(app->host);
    store_close(app->store);
    store_disown(app->owner);
    sync_hub_free(app->hub);
    if (!app->yielded) {
        store_key_free(app->key);
        app->key = NULL;
    }
    app->store = NULL;
    app->owner = NULL;
    app->host = NULL;
    app->hub = NULL;
}

bool cli_cancelled(const struct cli_app *app)
{
    int reason = app->guest ? loop_serve_cancelled(app->guest) : cli_host_asked(app->host) ? HOST_MOVED : 0;

    return reason && (reason != HOST_MOVED || (app->verb->how & CLI_AGAIN));
}

int cli_fd_option(const char *name, const char *value, int *fd, struct err *e)
{
    int64_t n;

    if (!str_int(str_of(value), 0, 1 << 20, &n) || fcntl((int)n, F_GETFD) < 0)
        return err_set(e, ERR_USAGE, 0, 0, name);
    *fd = (int)n;
    return ERR_OK;
}

void cli_marks(const struct cli_app *app, struct cli_out *out)
{
    if (app->model.demo)
        cli_line(out, "%s", _("DEMO - NOT REAL PATIENTS"));
    if (app->model.unprotected)
        cli_line(out, "%s", _("UNPROTECTED - this server asks for no sign-in"));
}

void cli_say_error(struct cli_out *err, const struct err *e)
{
    struct buf b;

    buf_init(&b, 4096);
    model_say(e, &b);
    cli_line(err, "wardline: %s", b.n ? b.p : err_name(e->code));
    buf_fini(&b);
    cli_flush(err);
}

int cli_fail(const struct err *e)
{
    struct cli_out o;

    cli_out_init(&o, 2);
    cli_say_error(&o, e);
    cli_out_fini(&o);
    return err_exit(e->code);
}
