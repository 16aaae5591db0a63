/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/monitor.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

#define MONITOR_BYTES 256

struct repair {
    struct termios modes;
    char bytes[MONITOR_BYTES]; /* leaves special modes, then clears */
    size_t n;
};

static void add(struct repair *r, char *capability)
{
    const char *s = tigetstr(capability);
    size_t n;

    if (!s || s == (const char *)-1)
        return;
    n = strlen(s);
    if (r->n + n < sizeof r->bytes) {
        memcpy(r->bytes + r->n, s, n);
        r->n += n;
    }
}

/* Waits for the other's word or its end. Signals that reach the whole group are not for this process. */
_Noreturn static void watch(int from, const struct repair *r)
{
    char bye;
    ssize_t n;

    do
        n = read(from, &bye, 1);
    while (n < 0 && errno == EINTR);
    if (n == 0) {
        tcsetattr(1, TCSAFLUSH, &r->modes);
        (void)!write(1, r->bytes, r->n);
    }
    _exit(0);
}

int ui_monitor_start(void)
{
    static char sgr0[] = "sgr0", rmkx[] = "rmkx", rmcup[] = "rmcup", clear[] = "clear";
    struct repair r = {.n = 0};
    int pipes[2], code;
    sigset_t all, before;
    pid_t child;

    if (tcgetattr(1, &r.modes) || setupterm(NULL, 1, &code) == ERR || pipe2(pipes, O_CLOEXEC))
        return -1;
    add(&r, sgr0);
    add(&r, rmkx);
    add(&r, rmcup);
    add(&r, clear);
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, &before);
    child = fork();
    if (child == 0) {
        close(pipes[1]);
        close(0);
        close(2);
        prctl(PR_SET_NAME, "wardline-tty");
        watch(pipes[0], &r);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(pipes[0]);
    if (child < 0) {
        close(pipes[1]);
        return -1;
    }
    return pipes[1];
}

void ui_monitor_stop(int monitor)
{
    if (monitor < 0)
        return;
    (void)!write(monitor, "q", 1);
    close(monitor);
}
