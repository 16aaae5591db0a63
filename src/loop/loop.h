/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one poll loop, its timers (CLOCK_BOOTTIME), signals, and jobs on the two threads. Nothing outside
 * this room sleeps, polls or makes a thread. Every callback runs on the loop's thread; a job's run() runs on its
 * own and touches nothing but its own bytes (and, on the store thread, the store's writing connection).
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct loop;

int loop_new(const struct clock *clock, struct loop **out);
void loop_free(struct loop *l); /* cancels and joins; NULL is fine */

/* Runs until loop_stop; returns its argument. Each turn: wait, deliver all ready events, then call the
 * turn hook once (where the screen paints). */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int result);
void loop_on_turn(struct loop *l, void (*hook)(void *arg), void *arg);

/* File descriptors. events: POLLIN, POLLOUT; 0 removes the watch. One watch a descriptor. */
int loop_fd(struct loop *l, int fd, short events, void (*ready)(void *arg, int fd, short revents), void *arg);

/* One-shot timers; 0 is never a valid id. loop_cancel of an id that has fired is fine. */
typedef uint64_t loop_timer;
loop_timer loop_after(struct loop *l, int64_t ms, void (*fire)(void *arg), void *arg);
void loop_cancel(struct loop *l, loop_timer id);

/* Signals arrive as loop events (signalfd or self-pipe). */
int loop_signal(struct loop *l, int signo, void (*fire)(void *arg, int signo), void *arg);

enum loop_thread { LOOP_STORE, LOOP_WORK, LOOP_THREADS };

/* Embed it in your own struct. done is called on the loop exactly once for each submitted job, after run,
 * also when it was cancelled before it ran (then code = ERR_CANCELLED). */
struct loop_job {
    int (*run)(struct loop_job *job);  /* returns ERR_OK or an error code */
    void (*done)(struct loop_job *job);
    bool urgent;                       /* a person's edit: goes before all that wait */
    atomic_bool cancel;                /* run() looks at it between steps */
    atomic_int progress;               /* permille, for whoever shows it */
    int code;                          /* run's result, valid in done */
    struct err err;
    struct loop_job *next;             /* the queue's own */
};
void loop_submit(struct loop *l, enum loop_thread thread, struct loop_job *job);

/* Jobs that are queued or running on a thread. */
unsigned loop_pending(const struct loop *l, enum loop_thread thread);

#endif
