/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one poll loop, its timers (CLOCK_BOOTTIME), signals, and jobs on the two threads. Nothing outside
 * this room sleeps, polls or makes a thread. Every function here but loop_post is called on the loop's thread, and
 * every callback runs on it; a job's run() runs on its own and touches nothing but its own bytes (and, on the
 * store thread, the store's writing connection). Callbacks may call anything here but loop_run and loop_free.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct loop;

/* Starts both threads; no signal is ever delivered to them. Writing to a peer that has gone gives EPIPE
 * from here on, in the whole process. ERR_NOMEM or ERR_IO. */
int loop_new(const struct clock *clock, struct loop **out);
/* Cancels, joins, then calls done for every job that has not had it, on the calling thread. A waiting job
 * that is urgent still runs: what a person entered is not dropped on the way out. NULL is fine. */
void loop_free(struct loop *l);

/* Runs until loop_stop; returns its argument. Each turn: wait, deliver all ready events (signals,
 * descriptors, finished jobs, timers), then call the turn hook once (where the screen paints). A loop_stop
 * before loop_run makes it return at once; after it returned it may be run again. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int result);
void loop_on_turn(struct loop *l, void (*hook)(void *arg), void *arg);

/* File descriptors. events: POLLIN, POLLOUT; 0 removes the watch, which must happen before the descriptor
 * is closed. One watch a descriptor: a second call changes it. ERR_NOMEM. */
int loop_fd(struct loop *l, int fd, short events, void (*ready)(void *arg, int fd, short revents), void *arg);

/* One-shot timers, in order of time and then of asking; suspend counts. fire runs on a later turn, also for
 * ms <= 0. 0 is never a valid id: it means there was no memory. loop_cancel of an id that has fired is fine. */
typedef uint64_t loop_timer;
loop_timer loop_after(struct loop *l, int64_t ms, void (*fire)(void *arg), void *arg);
void loop_cancel(struct loop *l, loop_timer id);

/* The signal arrives as a loop event and in no other way, from now until loop_free. ERR_INPUT or ERR_IO. */
int loop_signal(struct loop *l, int signo, void (*fire)(void *arg, int signo), void *arg);

enum loop_thread { LOOP_STORE, LOOP_WORK, LOOP_THREADS };

/* Embed it in your own struct, zeroed; fill run, done, urgent. done is called on the loop exactly once for
 * each submitted job, after run, also when it was cancelled before it ran (then code = ERR_CANCELLED). The
 * job is the loop's until done is called; done may free it or submit it again. To cancel: set cancel. */
struct loop_job {
    int (*run)(struct loop_job *job);  /* returns ERR_OK or an error code */
    void (*done)(struct loop_job *job);
    bool urgent;                       /* a person's edit: goes before all that wait */
    atomic_bool cancel;                /* run() looks at it between steps */
    atomic_int progress;               /* permille, for whoever shows it */
    int code;                          /* run's result, valid in done */
    struct err err;
    struct loop_job *next;             /* the loop's own, as are the next lines */
    enum loop_thread thread;
    bool waited, ended;                /* of loop_do; guarded by the thread's lock */
};
void loop_submit(struct loop *l, enum loop_thread thread, struct loop_job *job);
/* Runs a job on a thread before all that wait there, and waits for its end; returns its code. done is not called. For
 * what must be on disk before anything is painted: it waits for one running job at most, so those are kept short. */
int loop_do(struct loop *l, enum loop_thread thread, struct loop_job *job);

/* A message from any other thread: the job's done is called on the loop's next turn, or in loop_free; its run is not.
 * The job is the loop's until then. */
void loop_post(struct loop *l, struct loop_job *job);

/* Jobs given to a thread whose done has not been called yet. */
unsigned loop_pending(const struct loop *l, enum loop_thread thread);

#endif
