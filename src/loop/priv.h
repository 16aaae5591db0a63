/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the three files of this room share: loop.c (descriptors, signals, turns), timer.c, jobs.c.
 */
#ifndef LOOP_PRIV_H
#define LOOP_PRIV_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include "base/vec.h"
#include "loop/loop.h"

struct loop_watch {
    int fd;
    short events;
    uint64_t born; /* tells a descriptor number that was closed and opened again within one turn */
    void (*ready)(void *arg, int fd, short revents);
    void *arg;
};

struct loop_timer_row {
    int64_t at_ms;
    loop_timer id;
    void (*fire)(void *arg);
    void *arg;
};

struct loop_handler {
    void (*fire)(void *arg, int signo);
    void *arg;
};

/* One thread and its queue. lock guards the fields below it. */
struct loop_worker {
    struct loop *loop;
    pthread_t thread;
    bool started;
    unsigned pending; /* the loop's thread only */
    pthread_mutex_t lock;
    pthread_cond_t wake, ended; /* there is a job; one that loop_do waits for has ended */
    struct loop_job *first, *running;
    bool stop;
};

struct loop {
    struct clock clock;
    bool stopped, closing;
    int result;
    void (*hook)(void *arg);
    void *hook_arg;

    struct vec watches;     /* struct loop_watch */
    struct pollfd *polled;  /* room for LOOP_OWN_FDS and every watch */
    uint64_t *polled_born;  /* beside polled: the watch's born */
    size_t polled_cap;
    uint64_t births;

    struct vec timers;      /* struct loop_timer_row, soonest last */
    loop_timer last_timer;
    int timer_fd;
    int64_t armed_ms;       /* what timer_fd waits for; LOOP_UNARMED: nothing */

    int signal_fd;
    sigset_t signals, blocked_here; /* asked for; of these, not blocked before us */
    struct loop_handler handlers[NSIG];

    struct loop_worker workers[LOOP_THREADS];
    int job_fd;             /* counts finished jobs */
    pthread_mutex_t lock;   /* guards the two below */
    struct loop_job *finished, **finished_end;
};

enum { LOOP_OWN_FDS = 3 };
#define LOOP_UNARMED INT64_MAX

int loop_timer_open(struct loop *l);
void loop_timer_arm(struct loop *l);  /* timer_fd fires when the soonest is due */
void loop_timer_fire(struct loop *l); /* all that were due before the first was fired */

int loop_jobs_open(struct loop *l);
void loop_jobs_deliver(struct loop *l);
void loop_jobs_close(struct loop *l); /* cancels, joins, delivers */

#endif
