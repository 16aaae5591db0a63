/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/hub.h"

#include <pthread.h>
#include <stdio.h>

#include "base/mem.h"

/* Syncs are counted as they begin. A wish is the number of the first one that meets it. */
struct sync_hub {
    pthread_mutex_t lock; /* guards all below */
    uint64_t begun;
    uint64_t told;        /* wishes up to this have their answer in report */
    bool running, called;
    struct sync_report report;
    char type[64];
    uint64_t rows;
    unsigned done, all;
    void (*call)(void *arg);
    void *arg;
};

int sync_hub_new(struct sync_hub **out)
{
    struct sync_hub *h = *out = mem_alloc(sizeof *h);

    if (!h)
        return ERR_NOMEM;
    pthread_mutex_init(&h->lock, NULL);
    return ERR_OK;
}

void sync_hub_free(struct sync_hub *h)
{
    if (!h)
        return;
    pthread_mutex_destroy(&h->lock);
    mem_free(h);
}

void sync_hub_keeper(struct sync_hub *h, void (*call)(void *arg), void *arg)
{
    pthread_mutex_lock(&h->lock);
    h->call = call;
    h->arg = arg;
    h->called = false;
    pthread_mutex_unlock(&h->lock);
}

/* Under the lock. */
static bool begin(struct sync_hub *h)
{
    if (h->running)
        return false;
    h->running = true;
    h->called = false;
    h->begun++;
    h->type[0] = '\0';
    h->rows = 0;
    h->done = h->all = 0;
    return true;
}

bool sync_hub_begin(struct sync_hub *h)
{
    bool yes;

    pthread_mutex_lock(&h->lock);
    yes = begin(h);
    pthread_mutex_unlock(&h->lock);
    return yes;
}

void sync_hub_progress(struct sync_hub *h, const char *type, uint64_t rows, unsigned done, unsigned all)
{
    pthread_mutex_lock(&h->lock);
    snprintf(h->type, sizeof h->type, "%s", type);
    h->rows = rows;
    h->done = done;
    h->all = all;
    pthread_mutex_unlock(&h->lock);
}

void sync_hub_end(struct sync_hub *h, const struct sync_report *r, bool given_up)
{
    pthread_mutex_lock(&h->lock);
    h->running = false;
    if (!given_up) {
        h->report = *r;
        h->told = h->begun + (r->code == ERR_CANCELLED); /* who stopped it does not want the next one either */
    }
    pthread_mutex_unlock(&h->lock);
}

sync_wish sync_hub_wish(struct sync_hub *h)
{
    sync_wish w;

    pthread_mutex_lock(&h->lock);
    w = h->begun + 1;
    if (h->told >= w) /* a stop that nobody heard is not the answer to what is wished after it */
        h->told = h->begun;
    pthread_mutex_unlock(&h->lock);
    return w;
}

struct sync_hub_look sync_hub_look(struct sync_hub *h, sync_wish w, struct sync_report *report)
{
    struct sync_hub_look l = {.met = false};
    void (*call)(void *arg) = NULL;
    void *arg = NULL;

    pthread_mutex_lock(&h->lock);
    l.met = h->told >= w;
    l.running = h->running;
    if (l.met)
        *report = h->report;
    else if (h->running) {
        snprintf(l.type, sizeof l.type, "%s", h->type);
        l.rows = h->rows;
        l.done = h->done;
        l.all = h->all;
    } else if (!h->call) {
        l.yours = begin(h);
    } else if (!h->called) {
        h->called = true;
        call = h->call;
        arg = h->arg;
    }
    pthread_mutex_unlock(&h->lock);
    if (call)
        call(arg);
    return l;
}
