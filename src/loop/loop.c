/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "loop/loop.h"

#include <errno.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/priv.h"

#define WATCHES_MAX 4096

static int reserve_polled(struct loop *l, size_t n)
{
    size_t cap = l->polled_cap ? l->polled_cap : 16;
    void *p;

    while (cap < n)
        cap *= 2;
    if (cap == l->polled_cap)
        return ERR_OK;
    if (!(p = mem_resize(l->polled, cap * sizeof *l->polled)))
        return ERR_NOMEM;
    l->polled = p;
    if (!(p = mem_resize(l->polled_born, cap * sizeof *l->polled_born)))
        return ERR_NOMEM;
    l->polled_born = p;
    l->polled_cap = cap;
    return ERR_OK;
}

int loop_new(const struct clock *clock, struct loop **out)
{
    struct loop *l = mem_alloc(sizeof *l);
    int code;

    *out = NULL;
    if (!l)
        return ERR_NOMEM;
    l->clock = *clock;
    l->timer_fd = l->signal_fd = l->job_fd = -1;
    sigemptyset(&l->signals);
    sigemptyset(&l->blocked_here);
    vec_init(&l->watches, sizeof(struct loop_watch), WATCHES_MAX);
    signal(SIGPIPE, SIG_IGN);
    code = loop_jobs_open(l);
    if (!code)
        code = loop_timer_open(l);
    if (!code)
        code = reserve_polled(l, LOOP_OWN_FDS);
    if (!code && (l->signal_fd = signalfd(-1, &l->signals, SFD_NONBLOCK | SFD_CLOEXEC)) < 0)
        code = ERR_IO;
    if (code)
        loop_free(l);
    else
        *out = l;
    return code;
}

static int next_signal(struct loop *l)
{
    struct signalfd_siginfo info;

    return read(l->signal_fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    loop_jobs_close(l);
    if (l->signal_fd >= 0) {
        while (next_signal(l)) /* else one that came meanwhile would strike when it is unblocked */
            ;
        pthread_sigmask(SIG_UNBLOCK, &l->blocked_here, NULL);
        close(l->signal_fd);
    }
    if (l->timer_fd >= 0)
        close(l->timer_fd);
    vec_fini(&l->timers);
    vec_fini(&l->watches);
    mem_free(l->polled);
    mem_free(l->polled_born);
    mem_free(l);
}

int loop_signal(struct loop *l, int signo, void (*fire)(void *arg, int signo), void *arg)
{
    sigset_t one, before;

    if (signo < 1 || signo >= NSIG)
        return ERR_INPUT;
    sigemptyset(&one);
    sigaddset(&one, signo);
    l->handlers[signo] = (struct loop_handler){fire, arg};
    pthread_sigmask(SIG_BLOCK, &one, &before);
    if (!sigismember(&before, signo))
        sigaddset(&l->blocked_here, signo);
    sigaddset(&l->signals, signo);
    return signalfd(l->signal_fd, &l->signals, 0) < 0 ? ERR_IO : ERR_OK;
}

static struct loop_watch *watch_of(struct loop *l, int fd)
{
    VEC_EACH(struct loop_watch, w, &l->watches)
        if (w->fd == fd)
            return w;
    return NULL;
}

int loop_fd(struct loop *l, int fd, short events, void (*ready)(void *arg, int fd, short revents), void *arg)
{
    struct loop_watch *w = watch_of(l, fd);

    if (!events) {
        if (w)
            *w = ((struct loop_watch *)l->watches.p)[--l->watches.n];
        return ERR_OK;
    }
    if (!w) {
        if (reserve_polled(l, LOOP_OWN_FDS + l->watches.n + 1) || !(w = vec_push(&l->watches)))
            return ERR_NOMEM;
        w->fd = fd;
        w->born = ++l->births;
    }
    w->events = events;
    w->ready = ready;
    w->arg = arg;
    return ERR_OK;
}

static void signals_deliver(struct loop *l)
{
    int signo;

    while ((signo = next_signal(l)))
        if (l->handlers[signo].fire)
            l->handlers[signo].fire(l->handlers[signo].arg, signo);
}

static nfds_t polled_fill(struct loop *l)
{
    nfds_t n = LOOP_OWN_FDS;

    l->polled[0] = (struct pollfd){l->signal_fd, POLLIN, 0};
    l->polled[1] = (struct pollfd){l->job_fd, POLLIN, 0};
    l->polled[2] = (struct pollfd){l->timer_fd, POLLIN, 0};
    VEC_EACH(const struct loop_watch, w, &l->watches) {
        l->polled[n] = (struct pollfd){w->fd, w->events, 0};
        l->polled_born[n++] = w->born;
    }
    return n;
}

static void watches_deliver(struct loop *l, nfds_t n)
{
    for (nfds_t i = LOOP_OWN_FDS; i < n; i++) {
        struct pollfd p = l->polled[i];
        struct loop_watch *w = p.revents ? watch_of(l, p.fd) : NULL;
        struct loop_watch copy;

        /* An earlier callback of this turn may have removed the watch, or opened another file under its number. */
        if (!w || w->born != l->polled_born[i])
            continue;
        p.revents &= (short)(w->events | POLLERR | POLLHUP | POLLNVAL);
        if (!p.revents)
            continue;
        copy = *w;
        if (p.revents & POLLNVAL) /* closed behind our back: it would be ready for ever */
            loop_fd(l, p.fd, 0, NULL, NULL);
        copy.ready(copy.arg, p.fd, p.revents);
    }
}

int loop_run(struct loop *l)
{
    while (!l->stopped) {
        nfds_t n = polled_fill(l);

        loop_timer_arm(l);
        if (poll(l->polled, n, -1) < 0) {
            if (errno != EINTR)
                err_fatal("poll");
            continue;
        }
        if (l->polled[0].revents)
            signals_deliver(l);
        watches_deliver(l, n);
        loop_jobs_deliver(l);
        loop_timer_fire(l);
        if (l->hook)
            l->hook(l->hook_arg);
    }
    l->stopped = false;
    return l->result;
}

void loop_stop(struct loop *l, int result)
{
    l->stopped = true;
    l->result = result;
}

void loop_on_turn(struct loop *l, void (*hook)(void *arg), void *arg)
{
    l->hook = hook;
    l->hook_arg = arg;
}
