/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "ui/tty.h"

#define MONITOR_BYTES 256

struct repair {
    struct termios modes;
    char bytes[MONITOR_BYTES]; /* clears, then leaves special modes */
    size_t n;
};

/* Waits for the other's word or its end. Signals that reach the whole group are not for this
 * process. */
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

int ui_monitor_start(bool line)
{
    struct repair r = {.n = 0};
    int pipes[2];
    sigset_t all, before;
    pid_t child;

    if (tcgetattr(1, &r.modes) || pipe2(pipes, O_CLOEXEC))
        return -1;
    r.n = line ? 0 : tty_goodbye(r.bytes, sizeof r.bytes);
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
