/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "auth/unlock.h"
#include "base/intl.h"
#include "base/limits.h"
#include "base/log.h"
#include "model/edit.h"

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
    if (app->passphrase_fd < 0)
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

int cli_need_store(struct cli_app *app, struct err *e)
{
    struct secret *s;
    char log[PATH_MAX_BYTES], file[PATH_MAX_BYTES];
    int r, trail;

    if (app->store)
        return ERR_OK;
    r = path_home(app->home_option, app->home, e);
    if (!r)
        r = path_join(file, app->home, STORE_FILE, e);
    if (!r && access(file, F_OK))
        r = err_set(e, ERR_NOPROFILE, errno, 0, app->home);
    if (!r)
        r = cli_passphrase(app, _("Passphrase: "), &s, e);
    if (r)
        return r;
    r = auth_unlock_now(app->home, s, &app->store, e);
    secret_free(s);
    if (!r)
        r = model_init(&app->model, app->store, &app->clock, e);
    if (!r && !path_join(log, app->home, "log", NULL))
        log_open(log, &app->clock);
    /* A full disk does not keep support from `status'; what shows a chart writes a row of its own, or shows nothing. */
    if (!r && (trail = model_unlocked(&app->model, app->home, NULL)))
        log_event("audit.unlock", trail, NULL, 0, 0);
    return r;
}

void cli_close_store(struct cli_app *app)
{
    store_close(app->store);
    app->store = NULL;
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

int cli_fail(const struct err *e)
{
    struct cli_out o;
    struct buf b;

    cli_out_init(&o, 2);
    buf_init(&b, 4096);
    model_say(e, &b);
    cli_line(&o, "wardline: %s", b.n ? b.p : err_name(e->code));
    buf_fini(&b);
    cli_out_fini(&o);
    return err_exit(e->code);
}
