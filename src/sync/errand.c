/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/errand.h"

#include <stddef.h>

#include "base/limits.h"

void sync_errand_init(struct errand *x, struct loop *l, struct net *n)
{
    x->loop = l;
    x->net = n;
    buf_init(&x->down, LIMIT_PAGE_BYTES);
}

void sync_errand_fini(struct errand *x)
{
    buf_fini(&x->down);
}

struct errand *sync_errand_of(struct loop_job *job)
{
    return (struct errand *)(void *)((char *)job - offsetof(struct errand, job));
}

void sync_errand_drop(struct errand *x)
{
    if (!--x->busy && x->abandoned)
        x->destroy(x);
}

void sync_errand_submit(struct errand *x, enum loop_thread thread, int (*run)(struct loop_job *),
                        void (*done)(struct loop_job *))
{
    x->job = (struct loop_job){.run = run, .done = done};
    x->busy++;
    loop_submit(x->loop, thread, &x->job);
}

/* --- the line ----------------------------------------------------------------------------------------- */

static int on_head(void *arg, const struct net_head *h)
{
    struct errand *x = arg;

    x->head = *h;
    if (!x->date_ms)
        x->date_ms = h->date_ms;
    return ERR_OK;
}

static int on_bytes(void *arg, struct str bytes)
{
    return buf_addstr(&((struct errand *)arg)->down, bytes);
}

static void on_done(void *arg, const struct net_result *res)
{
    struct errand *x = arg;

    x->request = NULL;
    if (!x->abandoned)
        x->answered(x, res->code, &res->err);
    sync_errand_drop(x);
}

void sync_errand_ask(struct errand *x, const struct net_ask *a)
{
    struct net_ask mine = *a;
    struct err e = ERR_NONE;
    int code;

    mine.no_cache = true;
    mine.on_head = on_head;
    mine.on_bytes = on_bytes;
    mine.on_done = on_done;
    mine.arg = x;
    buf_clear(&x->down);
    x->head = (struct net_head){.status = 0};
    x->busy++;
    if (!(code = net_start(x->net, &mine, &x->request, &e)))
        return;
    x->answered(x, code, &e);
    sync_errand_drop(x);
}

int sync_errand_commit(struct store_tx *tx, int code, struct err *e)
{
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

void sync_errand_abandon(struct errand *x)
{
    if (!x)
        return;
    x->abandoned = true;
    if (x->request)
        net_cancel(x->request);
    x->busy++;
    sync_errand_drop(x);
}
