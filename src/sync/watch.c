/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/watch.h"

#include <stddef.h>

#include "base/mem.h"
#include "net/link.h"

struct sync_watch {
    struct loop *loop;
    struct clock clock;
    struct rng rng;
    struct sync_pace pace;
    void (*go)(void *arg);
    void *arg;
    struct net_link *link;
    loop_timer timer;
    int64_t due_ms;          /* boot clock; of the timer */
    bool running, nudged;    /* nudged: an edit was queued since the last one began */
    struct loop_job queued;  /* from whichever thread queued an edit: */
    atomic_bool posted;      /* it is under way */
};

static void fire(void *arg)
{
    struct sync_watch *w = arg;

    w->timer = 0;
    w->go(w->arg);
}

static void plan(struct sync_watch *w, int64_t ms)
{
    loop_cancel(w->loop, w->timer);
    w->due_ms = clock_boot_ms(&w->clock) + ms;
    w->timer = loop_after(w->loop, ms, fire, w);
}

/* Not before the server allows it, and only if that is earlier than what is planned. */
static void sooner(struct sync_watch *w, int64_t spread_ms, int64_t least_ms)
{
    int64_t now = clock_boot_ms(&w->clock), ms = sync_pace_draw(&w->rng, least_ms, spread_ms),
            quiet = sync_pace_quiet(&w->pace, now);

    if (quiet && ms < quiet + quiet / 4)
        ms = sync_pace_draw(&w->rng, quiet, quiet / 4);
    if (w->timer && w->due_ms > now + ms)
        plan(w, ms);
}

static void nudge(struct sync_watch *w)
{
    w->nudged = true;
    if (!w->running && !w->pace.failures)
        sooner(w, SYNC_PACE_NUDGE_MS / 2, SYNC_PACE_NUDGE_MS);
}

static void was_queued(struct loop_job *job)
{
    struct sync_watch *w = (struct sync_watch *)(void *)((char *)job - offsetof(struct sync_watch, queued));

    atomic_store(&w->posted, false);
    if (w->go)
        nudge(w);
}

void sync_watch_queued(void *watch)
{
    struct sync_watch *w = watch;

    if (atomic_exchange(&w->posted, true))
        return;
    w->queued = (struct loop_job){.done = was_queued};
    loop_post(w->loop, &w->queued);
}

/* The first try behind a change may be too early (an address, but no route yet): the waits begin anew with it. */
static void link_changed(void *arg)
{
    struct sync_watch *w = arg;

    if (!w->pace.failures || w->running)
        return;
    w->pace.failures = 1;
    sooner(w, SYNC_PACE_BASE_MS, 0);
}

int sync_watch_new(struct loop *l, const struct clock *clock, const struct rng *rng, void (*go)(void *arg), void *arg,
                   struct sync_watch **out)
{
    struct sync_watch *w = *out = mem_alloc(sizeof *w);

    if (!w)
        return ERR_NOMEM;
    w->loop = l;
    w->clock = *clock;
    w->rng = *rng;
    w->go = go;
    w->arg = arg;
    net_link_open(l, link_changed, w, &w->link); /* without it the waits alone find out */
    return ERR_OK;
}

void sync_watch_stop(struct sync_watch *w)
{
    if (!w)
        return;
    sync_watch_put_off(w);
    net_link_close(w->link);
    w->link = NULL;
    w->go = NULL;
}

void sync_watch_free(struct sync_watch *w)
{
    mem_free(w);
}

void sync_watch_begun(struct sync_watch *w)
{
    sync_watch_put_off(w);
    w->running = true;
    w->nudged = false;
}

void sync_watch_ended(struct sync_watch *w, int code, int64_t quiet_ms)
{
    int64_t now = clock_boot_ms(&w->clock);

    w->running = false;
    w->pace.told_ms = quiet_ms ? now + quiet_ms : 0;
    plan(w, sync_pace_next(&w->pace, code, now, &w->rng));
    if (w->nudged)
        nudge(w);
}

void sync_watch_put_off(struct sync_watch *w)
{
    loop_cancel(w->loop, w->timer);
    w->timer = 0;
    w->running = false;
}

int64_t sync_watch_due(const struct sync_watch *w)
{
    int64_t left = w->timer ? w->due_ms - clock_boot_ms(&w->clock) : -1;

    return w->timer && left < 0 ? 0 : left;
}
