/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "loop/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

#define MOST 32          /* guests who are let in at a time; more wait in the kernel's queue */
#define TAKES_MS 1000    /* a cancelled guest has so long to take what it is told */
#define BACK_OFF_MS 100  /* when the process is out of descriptors */

enum state { GREETED, ASKED, RUNNING, ENDED };

struct serve_guest {
    struct serve *serve;
    struct serve_guest *next;
    enum state state;
    int fd, cancel_fd;
    bool deaf; /* its leaving was seen */
    bool parked;
    int64_t ask_by;
    unsigned char note[SERVE_NOTE];
    char *asked;
    size_t asked_n;
    int fds[SERVE_FDS];
    unsigned n_fds;
    atomic_int reason;
    pthread_t thread;
};

struct serve {
    struct serve_rules rules;
    struct clock clock;
    int listening, wake;
    pthread_t door;
    pthread_mutex_t lock; /* guards the list, the states and stopping */
    struct serve_guest *first;
    unsigned n, running;
    bool stopping;
    char *room;           /* of ask_most + 1 bytes: the door's */
    int64_t closed_until; /* the door's: no accept before */
    int64_t pulse_at;     /* the door's */
};

/* --- one guest ---------------------------------------------------------------------------------- */

static void ring(int fd)
{
    uint64_t one = 1;

    if (write(fd, &one, sizeof one) < 0 && errno != EAGAIN) /* EAGAIN: it rings already */
        err_fatal("eventfd");
}

static void close_all(int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

static void guest_free(struct serve_guest *g)
{
    close_all(g->fds, g->n_fds);
    close(g->fd);
    if (g->cancel_fd >= 0)
        close(g->cancel_fd);
    mem_wipe(g->asked, g->asked_n);
    mem_free(g);
}

static void cancel(struct serve_guest *g, int reason)
{
    int none = 0;

    if (atomic_compare_exchange_strong(&g->reason, &none, reason))
        ring(g->cancel_fd);
}

/* Takes the one message that asks, with its descriptors. False: this is none. */
static bool hear(struct serve *s, struct serve_guest *g)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int) * SERVE_FDS)];
    } control;
    struct iovec iov = {s->room, s->rules.ask_most + 1};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(g->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (n < 0)
        return errno == EAGAIN || errno == EINTR; /* it will be asked again */
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
        unsigned k = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));

        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || k > SERVE_FDS - g->n_fds)
            continue; /* control has no room for more than one set */
        memcpy(g->fds + g->n_fds, CMSG_DATA(c), k * sizeof(int));
        g->n_fds += k;
    }
    if (n == 0 || (size_t)n > s->rules.ask_most || (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
        g->n_fds != s->rules.fds || !(g->asked = mem_dup(s->room, (size_t)n)))
        return false;
    g->asked_n = (size_t)n;
    mem_zero(s->room, (size_t)n); /* words of a search may be a name */
    g->state = ASKED;
    return true;
}

static void *work(void *arg)
{
    struct serve_guest *g = arg;
    struct serve *s = g->serve;

    s->rules.run(s->rules.arg, g);
    mem_zero_stack(); /* the C library keeps it for another thread */
    pthread_mutex_lock(&s->lock);
    g->state = ENDED;
    ring(s->wake); /* under the lock: behind it the door may have gone */
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* --- the door ----------------------------------------------------------------------------------- */

/* A new one, greeted; NULL when it is not let in. */
static struct serve_guest *let_in(struct serve *s, int fd)
{
    struct serve_guest *g;
    struct ucred peer;
    socklen_t size = sizeof peer;
    char out[SERVE_GREETING];
    size_t n;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) || peer.uid != geteuid() ||
        !(g = mem_alloc(sizeof *g))) {
        close(fd);
        return NULL;
    }
    g->serve = s;
    g->fd = fd;
    g->cancel_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    n = g->cancel_fd < 0 ? 0 : s->rules.greet(s->rules.arg, g->note, out);
    if (!n || send(fd, out, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n) {
        guest_free(g);
        return NULL;
    }
    g->ask_by = clock_boot_ms(&s->clock) + s->rules.ask_ms;
    return g;
}

static void accept_some(struct serve *s)
{
    for (int i = 0; i < MOST && s->n < MOST; i++) {
        int fd = accept4(s->listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        struct serve_guest *g, **at = &s->first;

        if (fd < 0) {
            if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
                s->closed_until = clock_boot_ms(&s->clock) + BACK_OFF_MS;
            return;
        }
        if (!(g = let_in(s, fd)))
            continue;
        while (*at) /* behind those that came before: they are served in that order */
            at = &(*at)->next;
        *at = g;
        s->n++;
    }
}

/* Who has ended, or will not be served, goes; who has asked is served while there is room. Under the lock. */
static void tidy(struct serve *s)
{
    int64_t now = clock_boot_ms(&s->clock);

    for (struct serve_guest **at = &s->first, *g; (g = *at);) {
        bool out = (g->state == GREETED && (s->stopping || now >= g->ask_by)) || (g->state == ASKED && s->stopping) ||
                   (g->state < RUNNING && g->deaf);

        if (g->state == ASKED && !out && s->running < s->rules.guests) {
            out = pthread_create(&g->thread, NULL, work, g) != 0;
            if (!out) {
                g->state = RUNNING;
                s->running++;
            }
        }
        if (g->state == ENDED) {
            pthread_join(g->thread, NULL); /* it has left the lock and does no more */
            s->running -= !g->parked;
            out = true;
        }
        if (out) {
            *at = g->next;
            guest_free(g);
            s->n--;
        } else {
            at = &g->next;
        }
    }
}

/* A full socket needs no pulse: its peer has something to read. Under the lock. */
static void pulse(struct serve *s)
{
    int64_t now = clock_boot_ms(&s->clock);

    if (now < s->pulse_at)
        return;
    s->pulse_at = now + s->rules.pulse_ms;
    for (const struct serve_guest *g = s->first; g; g = g->next)
        if (g->state == ASKED || g->state == RUNNING)
            (void)!send(g->fd, s->rules.pulse.p, s->rules.pulse.n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void sooner(int64_t *wait, int64_t ms)
{
    if (*wait < 0 || ms < *wait)
        *wait = ms > 0 ? ms : 0;
}

/* What to wait for, in the order of the list, and how long. How many; 0: this is the end. Under the lock. */
static nfds_t watch(struct serve *s, struct pollfd p[MOST + 2], int64_t *wait)
{
    int64_t now = clock_boot_ms(&s->clock);
    nfds_t n = 2;

    *wait = -1;
    if (s->stopping && !s->first)
        return 0;
    p[0] = (struct pollfd){s->wake, POLLIN, 0};
    p[1] = (struct pollfd){s->stopping || s->n == MOST || now < s->closed_until ? -1 : s->listening, POLLIN, 0};
    if (now < s->closed_until)
        sooner(wait, s->closed_until - now);
    for (const struct serve_guest *g = s->first; g; g = g->next) {
        p[n++] = (struct pollfd){g->deaf ? -1 : g->fd, POLLIN, 0};
        sooner(wait, g->state == GREETED ? g->ask_by - now : s->pulse_at - now);
    }
    return n;
}

static void attend(struct serve *s, const struct pollfd *p)
{
    uint64_t count;

    if (p[0].revents && read(s->wake, &count, sizeof count) < 0 && errno != EAGAIN)
        err_fatal("eventfd");
    pthread_mutex_lock(&s->lock);
    p += 2;
    for (struct serve_guest *g = s->first; g; g = g->next, p++) {
        if (!p->revents)
            continue;
        if (g->state == GREETED) {
            g->deaf = !hear(s, g);
        } else {
            /* A word that stayed unread would turn the answer into a reset. */
            (void)!recv(g->fd, s->room, s->rules.ask_most + 1, MSG_DONTWAIT);
            g->deaf = true;
            cancel(g, SERVE_LEFT);
        }
    }
    pthread_mutex_unlock(&s->lock);
}

static void *door(void *arg)
{
    struct serve *s = arg;
    struct pollfd p[MOST + 2];
    int64_t wait;
    nfds_t n;

    for (;;) {
        pthread_mutex_lock(&s->lock);
        tidy(s);
        pulse(s);
        n = watch(s, p, &wait);
        pthread_mutex_unlock(&s->lock);
        if (!n)
            return NULL;
        if (poll(p, n, wait < 0 ? -1 : (int)wait) < 0) {
            if (errno != EINTR)
                err_fatal("poll");
            continue;
        }
        attend(s, p);
        if (p[1].revents) {
            pthread_mutex_lock(&s->lock);
            accept_some(s);
            pthread_mutex_unlock(&s->lock);
        }
    }
}

/* --- from outside ------------------------------------------------------------------------------- */

static void serve_free(struct serve *s)
{
    if (s->wake >= 0)
        close(s->wake);
    pthread_mutex_destroy(&s->lock);
    mem_free(s->room);
    mem_free(s);
}

int loop_serve_start(int listening, const struct serve_rules *rules, struct serve **out)
{
    struct serve *s = mem_alloc(sizeof *s);
    sigset_t all, before;
    int r;

    *out = NULL;
    if (!s)
        return ERR_NOMEM;
    s->rules = *rules;
    s->clock = clock_system();
    s->listening = listening;
    s->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    s->room = mem_alloc(rules->ask_most + 1);
    pthread_mutex_init(&s->lock, NULL);
    r = !s->room ? ERR_NOMEM : s->wake < 0 || fcntl(listening, F_SETFL, O_NONBLOCK) ? ERR_IO : ERR_OK;
    if (!r) {
        sigfillset(&all); /* guests' threads are the door's children and take its mask */
        pthread_sigmask(SIG_SETMASK, &all, &before);
        if (pthread_create(&s->door, NULL, door, s))
            r = ERR_NOMEM;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    if (r)
        serve_free(s);
    else
        *out = s;
    return r;
}

void loop_serve_stop(struct serve *s)
{
    if (!s)
        return;
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_mutex_unlock(&s->lock);
    ring(s->wake);
    pthread_join(s->door, NULL);
    serve_free(s);
}

void loop_serve_cancel(struct serve *s, int reason)
{
    pthread_mutex_lock(&s->lock);
    for (struct serve_guest *g = s->first; g; g = g->next)
        if (g->state == RUNNING)
            cancel(g, reason);
    pthread_mutex_unlock(&s->lock);
}

/* --- on a guest's thread ------------------------------------------------------------------------ */

struct str loop_serve_asked(const struct serve_guest *g)
{
    return (struct str){g->asked, g->asked_n};
}

const unsigned char *loop_serve_note(const struct serve_guest *g)
{
    return g->note;
}

int loop_serve_fd(const struct serve_guest *g, unsigned at)
{
    return at < g->n_fds ? g->fds[at] : -1;
}

int loop_serve_cancelled(const struct serve_guest *g)
{
    return atomic_load(&g->reason);
}

int loop_serve_cancel_fd(const struct serve_guest *g)
{
    return g->cancel_fd;
}

int loop_serve_send(struct serve_guest *g, struct str message)
{
    int64_t by = 0, now;

    while (send(g->fd, message.p, message.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        bool cancelled = loop_serve_cancelled(g) != 0;
        struct pollfd p[2] = {{g->fd, POLLOUT, 0}, {cancelled ? -1 : g->cancel_fd, POLLIN, 0}};

        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return ERR_IO;
        now = clock_boot_ms(&g->serve->clock);
        if (cancelled && !by)
            by = now + TAKES_MS;
        if (cancelled && now >= by)
            return ERR_IO;
        if (poll(p, 2, cancelled ? (int)(by - now) : -1) < 0 && errno != EINTR)
            return ERR_IO;
    }
    return ERR_OK;
}

void loop_serve_park(struct serve_guest *g)
{
    struct serve *s = g->serve;

    pthread_mutex_lock(&s->lock);
    s->running -= !g->parked;
    g->parked = true;
    ring(s->wake); /* there may be room for one who waits */
    pthread_mutex_unlock(&s->lock);
}

void loop_serve_pause(struct serve_guest *g, int64_t ms)
{
    struct pollfd p = {g->cancel_fd, POLLIN, 0};

    poll(&p, 1, (int)(ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : ms));
}

bool loop_serve_readable(struct serve_guest *g, int fd)
{
    struct pollfd p[2] = {{fd, POLLIN, 0}, {g->cancel_fd, POLLIN, 0}};

    while (poll(p, 2, -1) < 0)
        if (errno != EINTR)
            return false;
    return !loop_serve_cancelled(g);
}
