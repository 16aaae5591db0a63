/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/priv.h"

/* Boot time as the test says; step_ms is added at each reading. */
struct fake {
    int64_t now_ms, step_ms;
};

static int64_t fake_ms(void *arg)
{
    struct fake *f = arg;

    f->now_ms += f->step_ms;
    return f->now_ms;
}

static struct loop *new_loop(struct fake *f)
{
    struct clock clock = f ? (struct clock){fake_ms, fake_ms, f} : clock_system();
    struct loop *l = NULL;

    CU_ASSERT_EQUAL_FATAL(loop_new(&clock, &l), ERR_OK);
    return l;
}

/* What happened, in order, as letters. */
struct trace {
    struct loop *l;
    char s[64];
    unsigned n, stop_after;
};

static void note(struct trace *t, char c)
{
    if (t->n + 1 < sizeof t->s)
        t->s[t->n++] = c;
    if (t->n == t->stop_after)
        loop_stop(t->l, 7);
}

/* --- jobs ------------------------------------------------------------------------------------ */

struct job {
    struct loop_job job; /* first: a job is cast back */
    struct trace *t;
    char name;
    sem_t *gate; /* run waits here */
    atomic_int *order;
    int ran_as; /* 1, 2, ... by the order in which run was called; 0: never */
    unsigned done;
    struct job *then; /* submitted again from done */
};

static int job_run(struct loop_job *j)
{
    struct job *my = (struct job *)j;

    if (my->gate)
        sem_wait(my->gate);
    my->ran_as = atomic_fetch_add(my->order, 1) + 1;
    return atomic_load(&j->cancel) ? ERR_TIMEOUT : ERR_OK;
}

static void job_done(struct loop_job *j)
{
    struct job *my = (struct job *)j;

    my->done++;
    if (my->then)
        loop_submit(my->t->l, LOOP_WORK, &my->then->job);
    note(my->t, my->name);
}

static struct job job_of(struct trace *t, char name, atomic_int *order)
{
    return (struct job){.job = {.run = job_run, .done = job_done}, .t = t, .name = name, .order = order};
}

/* Kills tests/mutants/loop-urgent.patch: an urgent job that waits in line. */
static void jobs_in_order_urgent_first(void)
{
    struct trace t = {.l = new_loop(NULL), .stop_after = 5};
    atomic_int order = 0;
    sem_t gate;
    struct job j[5];

    sem_init(&gate, 0, 0);
    for (int i = 0; i < 5; i++)
        j[i] = job_of(&t, (char)('a' + i), &order);
    j[0].gate = &gate; /* holds the thread until all are queued */
    j[2].job.urgent = j[4].job.urgent = true;
    for (int i = 0; i < 5; i++)
        loop_submit(t.l, LOOP_STORE, &j[i].job);
    CU_ASSERT_EQUAL(loop_pending(t.l, LOOP_STORE), 5);
    CU_ASSERT_EQUAL(loop_pending(t.l, LOOP_WORK), 0);
    sem_post(&gate);
    CU_ASSERT_EQUAL(loop_run(t.l), 7);
    /* j[0] may not have been taken yet when the urgent ones came, then it runs after them */
    CU_ASSERT(!strcmp(t.s, "acebd") || !strcmp(t.s, "ceabd"));
    CU_ASSERT_EQUAL(loop_pending(t.l, LOOP_STORE), 0);
    loop_free(t.l);
    sem_destroy(&gate);
}

/* Until a job runs on the store thread; or until one that is waited for stands first there. */
static void wait_for(struct loop *l, const struct loop_job *job, bool runs)
{
    struct loop_worker *w = &l->workers[LOOP_STORE];

    for (bool so = false; !so; usleep(100)) {
        pthread_mutex_lock(&w->lock);
        so = runs ? w->running == job : w->first && w->first->waited;
        pthread_mutex_unlock(&w->lock);
    }
}

static int open_behind(struct loop_job *j)
{
    struct job *my = (struct job *)j;

    wait_for(my->t->l, NULL, false);
    sem_post(my->gate);
    return ERR_OK;
}

/* What is waited for goes before all that wait, urgent ones too, and its done is not called. */
static void a_job_that_is_waited_for(void)
{
    struct trace t = {.l = new_loop(NULL), .stop_after = 4};
    atomic_int order = 0;
    sem_t gate;
    struct job j[4], opener = {.t = &t, .name = 'x', .gate = &gate, .job = {.run = open_behind, .done = job_done}};
    struct job plain;

    sem_init(&gate, 0, 0);
    for (int i = 0; i < 4; i++)
        j[i] = job_of(&t, (char)('a' + i), &order);
    plain = job_of(&t, 'p', &order);
    CU_ASSERT_EQUAL(loop_do(t.l, LOOP_WORK, &plain.job), ERR_OK); /* on an idle thread */
    CU_ASSERT(plain.ran_as == 1 && plain.done == 0);
    j[0].gate = &gate;
    j[2].job.urgent = true;
    loop_submit(t.l, LOOP_STORE, &j[0].job);
    wait_for(t.l, &j[0].job, true);
    loop_submit(t.l, LOOP_WORK, &opener.job);
    loop_submit(t.l, LOOP_STORE, &j[1].job);
    loop_submit(t.l, LOOP_STORE, &j[2].job);
    CU_ASSERT_EQUAL(loop_do(t.l, LOOP_STORE, &j[3].job), ERR_OK);
    CU_ASSERT(j[0].ran_as == 2 && j[3].ran_as == 3); /* behind what had been taken alone */
    CU_ASSERT_EQUAL(j[3].done, 0);
    CU_ASSERT_EQUAL(loop_run(t.l), 7);
    CU_ASSERT(j[2].ran_as == 4 && j[1].ran_as == 5);
    CU_ASSERT(j[0].done == 1 && j[1].done == 1 && j[2].done == 1 && j[3].done == 0 && opener.done == 1);
    CU_ASSERT_EQUAL(loop_pending(t.l, LOOP_STORE), 0);
    loop_free(t.l);
    sem_destroy(&gate);
}

static void a_cancelled_job_is_done_once_and_not_run(void)
{
    struct trace t = {.l = new_loop(NULL), .stop_after = 3};
    atomic_int order = 0;
    sem_t gate;
    struct job j[3];

    sem_init(&gate, 0, 0);
    for (int i = 0; i < 3; i++)
        j[i] = job_of(&t, (char)('a' + i), &order);
    j[0].gate = &gate;
    j[0].job.urgent = true;
    for (int i = 0; i < 3; i++)
        loop_submit(t.l, LOOP_WORK, &j[i].job);
    atomic_store(&j[1].job.cancel, true);
    sem_post(&gate);
    loop_run(t.l);
    UNIT_STR(t.s, "abc");
    CU_ASSERT_EQUAL(j[0].job.code, ERR_OK);
    CU_ASSERT_EQUAL(j[1].job.code, ERR_CANCELLED);
    CU_ASSERT_EQUAL(j[1].job.err.code, ERR_CANCELLED);
    CU_ASSERT_EQUAL(j[1].ran_as, 0);
    CU_ASSERT_EQUAL(j[2].job.code, ERR_OK);
    CU_ASSERT_EQUAL(j[2].ran_as, 2);
    for (int i = 0; i < 3; i++)
        CU_ASSERT_EQUAL(j[i].done, 1);
    loop_free(t.l);
    sem_destroy(&gate);
}

static void the_threads_run_side_by_side(void)
{
    struct trace t = {.l = new_loop(NULL), .stop_after = 2};
    atomic_int order = 0;
    sem_t gate;
    struct job held = job_of(&t, 'h', &order), free_one = job_of(&t, 'f', &order);

    sem_init(&gate, 0, 0);
    held.gate = &gate;
    loop_submit(t.l, LOOP_STORE, &held.job);
    loop_submit(t.l, LOOP_WORK, &free_one.job);
    t.stop_after = 1;
    loop_run(t.l);
    UNIT_STR(t.s, "f");
    t.stop_after = 2;
    sem_post(&gate);
    loop_run(t.l);
    UNIT_STR(t.s, "fh");
    loop_free(t.l);
    sem_destroy(&gate);
}

static int job_until_cancelled(struct loop_job *j)
{
    struct job *my = (struct job *)j;

    sem_post(my->gate);
    while (!atomic_load(&j->cancel))
        ;
    my->ran_as = atomic_fetch_add(my->order, 1) + 1;
    return ERR_PARTIAL;
}

/* Kills tests/mutants/loop-drop.patch: a person's edit dropped at exit. */
static void freeing_finishes_what_runs_keeps_edits_and_cancels_the_rest(void)
{
    struct trace t = {.l = new_loop(NULL)};
    atomic_int order = 0;
    sem_t running;
    struct job a = job_of(&t, 'a', &order), b = job_of(&t, 'b', &order), edit = job_of(&t, 'e', &order),
               late = job_of(&t, 'l', &order);

    sem_init(&running, 0, 0);
    a.job.run = job_until_cancelled;
    a.gate = &running;
    b.then = &late; /* submitted while the loop is being freed */
    late.job.urgent = true;
    edit.job.urgent = true;
    loop_submit(t.l, LOOP_STORE, &a.job);
    sem_wait(&running);
    loop_submit(t.l, LOOP_STORE, &b.job);
    loop_submit(t.l, LOOP_STORE, &edit.job);
    loop_free(t.l); /* only its cancel lets a's run end */
    UNIT_STR(t.s, "aebl");
    CU_ASSERT_EQUAL(a.job.code, ERR_PARTIAL);
    CU_ASSERT_EQUAL(b.job.code, ERR_CANCELLED);
    CU_ASSERT_EQUAL(b.ran_as, 0);
    CU_ASSERT_EQUAL(edit.job.code, ERR_OK);
    CU_ASSERT_EQUAL(edit.ran_as, 2);
    CU_ASSERT_EQUAL(late.job.code, ERR_CANCELLED);
    CU_ASSERT_EQUAL(a.done + b.done + edit.done + late.done, 4);
    sem_destroy(&running);
}

static void a_thousand_jobs_each_done_once(void)
{
    struct trace t = {.l = new_loop(NULL)};
    atomic_int order = 0;
    static struct job j[1000];
    unsigned once = 0, ran = 0;

    for (int i = 0; i < 1000; i++) {
        j[i] = job_of(&t, '.', &order);
        j[i].job.urgent = i % 7 == 0;
        loop_submit(t.l, i % 2 ? LOOP_STORE : LOOP_WORK, &j[i].job);
        if (i % 3 == 0)
            atomic_store(&j[i].job.cancel, true);
    }
    loop_free(t.l);
    for (int i = 0; i < 1000; i++) {
        once += j[i].done == 1;
        ran += j[i].ran_as != 0;
        CU_ASSERT(j[i].ran_as || j[i].job.code == ERR_CANCELLED);
    }
    CU_ASSERT_EQUAL(once, 1000);
    CU_ASSERT_EQUAL(ran, (unsigned)atomic_load(&order));
}

/* --- timers ---------------------------------------------------------------------------------- */

struct tick {
    struct trace *t;
    char name;
    struct tick *adds;
    int64_t adds_ms;
    loop_timer cancels;
};

static void tick(void *arg)
{
    struct tick *k = arg;

    if (k->adds)
        loop_after(k->t->l, k->adds_ms, tick, k->adds);
    loop_cancel(k->t->l, k->cancels);
    note(k->t, k->name);
}

static void turn_mark(void *arg)
{
    note(arg, '|');
}

/* Kills tests/mutants/loop-timer-order.patch: timers in the order of asking. */
static void timers_by_time_then_by_asking(void)
{
    struct fake f = {0, 0};
    struct trace t = {.l = new_loop(&f), .stop_after = 6};
    struct tick k[5];
    const int64_t at[5] = {30, 10, 20, 10, 0};

    for (int i = 0; i < 5; i++) {
        k[i] = (struct tick){.t = &t, .name = (char)('a' + i)};
        CU_ASSERT_NOT_EQUAL(loop_after(t.l, at[i], tick, &k[i]), 0);
    }
    f.now_ms = 1000;
    loop_on_turn(t.l, turn_mark, &t);
    loop_run(t.l);
    UNIT_STR(t.s, "ebdca|");
    loop_free(t.l);
}

static void a_timer_set_by_a_timer_waits_for_the_next_turn(void)
{
    struct fake f = {0, 0};
    struct trace t = {.l = new_loop(&f), .stop_after = 4};
    struct tick b = {.t = &t, .name = 'b'}, a = {.t = &t, .name = 'a', .adds = &b};

    loop_after(t.l, -5, tick, &a);
    loop_on_turn(t.l, turn_mark, &t);
    loop_run(t.l);
    UNIT_STR(t.s, "a|b|");
    loop_free(t.l);
}

static void a_cancelled_timer_stays_silent(void)
{
    struct fake f = {0, 0};
    struct trace t = {.l = new_loop(&f), .stop_after = 2};
    struct tick a = {.t = &t, .name = 'a'}, b = {.t = &t, .name = 'b'}, c = {.t = &t, .name = 'c'},
                d = {.t = &t, .name = 'd'};
    loop_timer id;

    id = loop_after(t.l, 1, tick, &a);
    loop_cancel(t.l, id);
    loop_cancel(t.l, id);
    loop_cancel(t.l, 0);
    loop_after(t.l, 2, tick, &b);
    b.cancels = loop_after(t.l, 3, tick, &c); /* due in the same turn */
    loop_after(t.l, 4, tick, &d);
    f.now_ms = 100;
    loop_run(t.l);
    UNIT_STR(t.s, "bd");
    loop_free(t.l);
}

static void a_standing_clock_fires_nothing(void)
{
    struct fake f = {50, 0};
    struct trace t = {.l = new_loop(&f), .stop_after = 2};
    struct tick a = {.t = &t, .name = 'a'};
    atomic_int order = 0;
    struct job j = job_of(&t, 'j', &order), k = job_of(&t, 'k', &order);

    loop_after(t.l, 1, tick, &a); /* the timerfd wakes the loop, the clock does not agree */
    j.then = &k;
    loop_submit(t.l, LOOP_WORK, &j.job);
    loop_run(t.l);
    UNIT_STR(t.s, "jk");
    f.step_ms = 1000;
    t.stop_after = 3;
    loop_run(t.l);
    UNIT_STR(t.s, "jka");
    loop_free(t.l);
}

static void many_timers(void)
{
    struct fake f = {0, 0};
    struct trace t = {.l = new_loop(&f)};
    static struct tick k[500];
    static loop_timer id[500];

    for (int i = 0; i < 500; i++) {
        k[i] = (struct tick){.t = &t, .name = (char)('A' + (i * 37 % 500) / 10)};
        id[i] = loop_after(t.l, i * 37 % 500, tick, &k[i]);
    }
    for (int i = 0; i < 500; i++)
        if (i * 37 % 500 % 10)
            loop_cancel(t.l, id[i]);
    f.now_ms = 10000;
    t.stop_after = 50;
    loop_run(t.l);
    UNIT_STR(t.s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqr");
    loop_free(t.l);
}

/* --- descriptors and signals ----------------------------------------------------------------- */

struct pipe_end {
    struct trace *t;
    int fd[2];
    char name;
    struct pipe_end *closes; /* removed and reopened by this one's callback */
};

static void readable(void *arg, int fd, short revents)
{
    struct pipe_end *p = arg;
    char c;

    CU_ASSERT(fd == p->fd[0] && (revents & (POLLIN | POLLHUP)));
    if (read(fd, &c, 1) != 1) {
        loop_fd(p->t->l, fd, 0, NULL, NULL);
        note(p->t, '$');
        return;
    }
    if (p->closes) {
        struct pipe_end *other = p->closes;

        loop_fd(p->t->l, other->fd[0], 0, NULL, NULL);
        close(other->fd[0]);
        close(other->fd[1]);
        CU_ASSERT_EQUAL(pipe(other->fd), 0); /* the numbers come again, but nothing is ready there */
        loop_fd(p->t->l, other->fd[0], POLLIN, readable, other);
        close(p->fd[1]);
    }
    note(p->t, p->name);
}

static void descriptors(void)
{
    struct trace t = {.l = new_loop(NULL), .stop_after = 4};
    struct pipe_end a = {.t = &t, .name = 'a'}, b = {.t = &t, .name = 'b'};
    int old;

    CU_ASSERT_FATAL(!pipe(a.fd) && !pipe(b.fd));
    old = b.fd[0];
    a.closes = &b;
    loop_fd(t.l, a.fd[0], POLLIN, readable, &a);
    loop_fd(t.l, b.fd[0], POLLIN, readable, &b);
    CU_ASSERT(write(a.fd[1], "x", 1) == 1 && write(b.fd[1], "x", 1) == 1);
    loop_on_turn(t.l, turn_mark, &t);
    loop_run(t.l);
    UNIT_STR(t.s, "a|$|");
    CU_ASSERT_EQUAL(b.fd[0], old); /* else the test did not test it */
    t.stop_after = 6;
    CU_ASSERT_EQUAL(write(b.fd[1], "y", 1), 1);
    loop_run(t.l);
    UNIT_STR(t.s, "a|$|b|");
    loop_free(t.l);
    close(a.fd[0]);
    close(b.fd[0]);
    close(b.fd[1]);
}

static void a_removed_watch_leaves_nothing_behind(void)
{
    struct trace t = {.l = new_loop(NULL), .stop_after = 1};
    struct pipe_end a = {.t = &t, .name = 'a'};
    int fd;

    CU_ASSERT_FATAL(!pipe(a.fd));
    fd = fcntl(a.fd[0], F_DUPFD, 500);
    loop_fd(t.l, a.fd[0], POLLIN, readable, &a);
    loop_fd(t.l, fd, POLLIN, readable, &a);
    loop_fd(t.l, fd, 0, NULL, NULL);
    close(fd);
    CU_ASSERT_EQUAL(write(a.fd[1], "x", 1), 1);
    loop_run(t.l);
    UNIT_STR(t.s, "a");
    loop_free(t.l);
    close(a.fd[0]);
    close(a.fd[1]);
}

static void got_signal(void *arg, int signo)
{
    note(arg, signo == SIGTERM ? 'T' : signo == SIGUSR1 ? 'U' : '?');
}

static int job_raises(struct loop_job *j)
{
    (void)j;
    kill(getpid(), SIGUSR1);
    return ERR_OK;
}

static void signals(void)
{
    struct trace t = {.l = new_loop(NULL), .stop_after = 2};
    atomic_int order = 0;
    struct job j = job_of(&t, 'j', &order);
    int fd[2];

    CU_ASSERT_EQUAL(loop_signal(t.l, SIGTERM, got_signal, &t), ERR_OK);
    CU_ASSERT_EQUAL(loop_signal(t.l, SIGUSR1, got_signal, &t), ERR_OK);
    CU_ASSERT_EQUAL(loop_signal(t.l, 0, got_signal, &t), ERR_INPUT);
    CU_ASSERT_EQUAL(loop_signal(t.l, 1000, got_signal, &t), ERR_INPUT);
    kill(getpid(), SIGTERM); /* would end the program if it were delivered to any thread */
    kill(getpid(), SIGUSR1);
    loop_run(t.l);
    CU_ASSERT(!strcmp(t.s, "UT") || !strcmp(t.s, "TU"));
    t.n = 0;
    memset(t.s, 0, sizeof t.s);
    j.job.run = job_raises;
    loop_submit(t.l, LOOP_WORK, &j.job);
    loop_run(t.l);
    CU_ASSERT(!strcmp(t.s, "Uj") || !strcmp(t.s, "jU"));
    kill(getpid(), SIGTERM); /* one that comes too late ends with the loop */
    loop_free(t.l);
    CU_ASSERT_FATAL(!pipe(fd));
    close(fd[0]);
    CU_ASSERT_EQUAL(write(fd[1], "x", 1), -1); /* EPIPE, not SIGPIPE */
    close(fd[1]);
}

static void stopping_before_running(void)
{
    struct trace t = {.l = new_loop(NULL), .stop_after = 99};
    struct tick a = {.t = &t, .name = 'a'};

    loop_after(t.l, 0, tick, &a);
    loop_stop(t.l, 3);
    CU_ASSERT_EQUAL(loop_run(t.l), 3);
    UNIT_STR(t.s, "");
    t.stop_after = 1;
    CU_ASSERT_EQUAL(loop_run(t.l), 7);
    UNIT_STR(t.s, "a");
    loop_free(t.l);
    loop_free(NULL);
}

static const struct unit_test tests[] = {
    {"jobs run in order, urgent ones first", jobs_in_order_urgent_first},
    {"one that is waited for runs before all that wait", a_job_that_is_waited_for},
    {"a cancelled job is done once and not run", a_cancelled_job_is_done_once_and_not_run},
    {"the two threads run side by side", the_threads_run_side_by_side},
    {"freeing: what runs ends, edits are kept, the rest is cancelled",
     freeing_finishes_what_runs_keeps_edits_and_cancels_the_rest},
    {"a thousand jobs, each done once", a_thousand_jobs_each_done_once},
    {"timers by time, then by asking", timers_by_time_then_by_asking},
    {"a timer set by a timer waits for the next turn", a_timer_set_by_a_timer_waits_for_the_next_turn},
    {"a cancelled timer stays silent", a_cancelled_timer_stays_silent},
    {"a standing clock fires nothing", a_standing_clock_fires_nothing},
    {"many timers", many_timers},
    {"descriptors: end of file, and a number used again", descriptors},
    {"a removed watch leaves nothing behind", a_removed_watch_leaves_nothing_behind},
    {"signals are events, also those a thread raises", signals},
    {"a stop before the run", stopping_before_running},
};
UNIT_MAIN("loop", tests)
