/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/intl.h"
#include "base/limits.h"
#include "base/log.h"
#include "cli/guest.h"
#include "cli/host.h"
#include "loop/serve.h"
#include "model/edit.h"
#include "store/owner.h"
#include "sync/hub.h"

/* One line from the terminal, not echoed. No signal may end the program while the echo is off: those from
 * keys come as characters (Ctrl-C ends the line), the others wait. */
static int ask(struct secret *s, const char *prompt, struct err *e)
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
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ISIG);
    quiet.c_cc[VEOL] = 3;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    tcsetattr(fd, TCSAFLUSH, &quiet);
    (void)!write(fd, prompt, strlen(prompt));
    r = secret_read_line(s, fd);
    (void)!write(fd, "\n", 1);
    tcsetattr(fd, TCSAFLUSH, &was);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(fd);
    return r ? err_set(e, r, 0, LIMIT_PASSPHRASE, "passphrase") : ERR_OK;
}

int cli_passphrase(struct cli_app *app, const char *prompt, struct secret **out, struct err *e)
{
    struct secret *s = secret_new(LIMIT_PASSPHRASE);
    int r;

    *out = NULL;
    if (!s)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (app->guest) /* REQ: no secret of one process is asked for in another */
        r = err_set(e, ERR_INUSE, 0, getpid(), STORE_FILE);
    else if (app->passphrase_fd < 0)
        r = ask(s, prompt, e);
    else if ((r = secret_read_line(s, app->passphrase_fd)))
        err_set(e, r, 0, LIMIT_PASSPHRASE, "--passphrase-fd");
    if (r) {
        secret_free(s);
        return r;
    }
    *out = s;
    return ERR_OK;
}

/* The key, by the passphrase. Where there is nobody to give one, a verb that says counts without it goes on: *key is
 * NULL. */
static int unlock(struct cli_app *app, struct store_key **key, struct err *e)
{
    struct secret *s;
    int r = cli_passphrase(app, _("Passphrase: "), &s, e);

    *key = NULL;
    if (r == ERR_NOTTY && app->verb && (app->verb->how & CLI_COUNTS))
        return ERR_OK;
    if (r)
        return r;
    r = store_unlock(app->home, s, key, e);
    secret_free(s);
    if (r == ERR_PASSPHRASE)
        audit_refused_note(app->home);
    return r;
}

/* This process owns the home: opens the store, and answers the others from now on. Takes the key. */
static int become_owner(struct cli_app *app, struct store_key *key, struct err *e)
{
    char log[PATH_MAX_BYTES];
    int r, trail;

    app->yielded = false;
    app->key = store_key_dup(key);
    r = store_open_owned(app->owner, key, &app->store, e);
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

int cli_need_store(struct cli_app *app, struct err *e)
{
    struct store_key *key = NULL;
    char file[PATH_MAX_BYTES];
    int r;

    if (app->store)
        return ERR_OK;
    r = path_home(app->home_option, app->home, e);
    if (!r)
        r = path_join(file, app->home, STORE_FILE, e);
    if (!r && access(file, F_OK))
        r = err_set(e, ERR_NOPROFILE, errno, 0, app->home);
    if (!r && app->yielded) {
        key = app->key;
        app->key = NULL;
    } else if (!r) {
        r = unlock(app, &key, e);
    }
    if (!r)
        r = cli_guest_or_owner(app, key, e);
    if (r || app->answered) {
        store_key_free(key);
        return r ? r : app->status ? app->status : ERR_CANCELLED;
    }
    return become_owner(app, key, e);
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
