/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "loop/loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/priv.h"

static void finish(struct loop *l, struct loop_job *job)
{
    uint64_t one = 1;

    pthread_mutex_lock(&l->lock);
    job->next = NULL;
    *l->finished_end = job;
    l->finished_end = &job->next;
    pthread_mutex_unlock(&l->lock);
    if (write(l->job_fd, &one, sizeof one) != sizeof one)
        err_fatal("eventfd"); /* it could only fail at a count of 2^64 */
}

static struct loop_job *take(struct loop_worker *w)
{
    struct loop_job *job;

    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stop)
        pthread_cond_wait(&w->wake, &w->lock);
    job = w->running = w->first;
    if (job)
        w->first = job->next;
    pthread_mutex_unlock(&w->lock);
    return job;
}

static void *work(void *arg)
{
    struct loop_worker *w = arg;
    struct loop_job *job;
    bool waited;

    while ((job = take(w))) {
        if (atomic_load(&job->cancel))
            job->code = err_set(&job->err, ERR_CANCELLED, 0, 0, NULL);
        else
            job->code = job->run(job);
        mem_zero_stack(); /* names and passphrases pass through it */
        pthread_mutex_lock(&w->lock);
        w->running = NULL;
        if ((waited = job->waited)) {
            job->ended = true;
            pthread_cond_signal(&w->ended);
        }
        pthread_mutex_unlock(&w->lock); /* one that was waited for is the waiter's from here */
        if (!waited)
            finish(w->loop, job);
    }
    return NULL;
}

int loop_jobs_open(struct loop *l)
{
    sigset_t all, before;

    l->finished_end = &l->finished;
    pthread_mutex_init(&l->lock, NULL);
    for (int i = 0; i < LOOP_THREADS; i++) {
        l->workers[i].loop = l;
        pthread_mutex_init(&l->workers[i].lock, NULL);
        pthread_cond_init(&l->workers[i].wake, NULL);
        pthread_cond_init(&l->workers[i].ended, NULL);
    }
    l->job_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (l->job_fd < 0)
        return ERR_IO;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int i = 0; i < LOOP_THREADS; i++)
        l->workers[i].started = !pthread_create(&l->workers[i].thread, NULL, work, &l->workers[i]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (int i = 0; i < LOOP_THREADS; i++)
        if (!l->workers[i].started)
            return ERR_NOMEM;
    return ERR_OK;
}

void loop_submit(struct loop *l, enum loop_thread thread, struct loop_job *job)
{
    struct loop_worker *w = &l->workers[thread];
    struct loop_job **at;

    job->code = ERR_OK;
    job->err = ERR_NONE;
    job->thread = thread;
    w->pending++;
    if (l->closing) {
        job->code = err_set(&job->err, ERR_CANCELLED, 0, 0, NULL);
        finish(l, job);
        return;
    }
    pthread_mutex_lock(&w->lock);
    for (at = &w->first; *at && (!job->urgent || (*at)->urgent); at = &(*at)->next)
        ;
    job->next = *at;
    *at = job;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

int loop_do(struct loop *l, enum loop_thread thread, struct loop_job *job)
{
    struct loop_worker *w = &l->workers[thread];

    job->code = ERR_OK;
    job->err = ERR_NONE;
    job->waited = true;
    job->ended = false;
    if (l->closing)
        return job->code = err_set(&job->err, ERR_CANCELLED, 0, 0, NULL);
    pthread_mutex_lock(&w->lock);
    job->next = w->first;
    w->first = job;
    pthread_cond_signal(&w->wake);
    while (!job->ended)
        pthread_cond_wait(&w->ended, &w->lock);
    pthread_mutex_unlock(&w->lock);
    return job->code;
}

void loop_post(struct loop *l, struct loop_job *job)
{
    job->code = ERR_OK;
    job->err = ERR_NONE;
    job->thread = LOOP_THREADS; /* of none */
    finish(l, job);
}

unsigned loop_pending(const struct loop *l, enum loop_thread thread)
{
    return l->workers[thread].pending;
}

void loop_jobs_deliver(struct loop *l)
{
    struct loop_job *job, *next;
    uint64_t count;

    if (read(l->job_fd, &count, sizeof count) < 0)
        return; /* EAGAIN: none */
    pthread_mutex_lock(&l->lock);
    job = l->finished;
    l->finished = NULL;
    l->finished_end = &l->finished;
    pthread_mutex_unlock(&l->lock);
    for (; job; job = next) {
        next = job->next;
        if (job->thread < LOOP_THREADS)
            l->workers[job->thread].pending--;
        job->done(job);
    }
}

void loop_jobs_close(struct loop *l)
{
    for (int i = 0; i < LOOP_THREADS; i++) {
        struct loop_worker *w = &l->workers[i];

        pthread_mutex_lock(&w->lock);
        if (w->running && !w->running->urgent)
            atomic_store(&w->running->cancel, true);
        for (struct loop_job *job = w->first; job; job = job->next)
            if (!job->urgent)
                atomic_store(&job->cancel, true);
        w->stop = true;
        pthread_cond_signal(&w->wake);
        pthread_mutex_unlock(&w->lock);
    }
    for (int i = 0; i < LOOP_THREADS; i++)
        if (l->workers[i].started)
            pthread_join(l->workers[i].thread, NULL);
    l->closing = true;
    while (l->finished) /* the threads are gone: no lock needed */
        loop_jobs_deliver(l);
    for (int i = 0; i < LOOP_THREADS; i++) {
        pthread_cond_destroy(&l->workers[i].wake);
        pthread_cond_destroy(&l->workers[i].ended);
        pthread_mutex_destroy(&l->workers[i].lock);
    }
    pthread_mutex_destroy(&l->lock);
    if (l->job_fd >= 0)
        close(l->job_fd);
}
