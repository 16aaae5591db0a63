/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run that asks the server small things one after another is made of (sync/absent.h, sync/roster.h): one request
 * at a time, whose whole answer is kept, or one job at a time on a thread; and a run that is abandoned while either is
 * under way lives on until that has ended. It is the first member of such a run. Of the loop's thread.
 */
#ifndef SYNC_ERRAND_H
#define SYNC_ERRAND_H

#include "base/buf.h"
#include "loop/loop.h"
#include "net/net.h"
#include "store/store.h"

struct errand {
    struct loop *loop;
    struct net *net;
    struct net_request *request;
    struct net_head head;
    struct buf down;      /* the answer, of at most LIMIT_PAGE_BYTES */
    int64_t date_ms;      /* the server's, of the first answer that said it; 0: none did */
    struct loop_job job;
    unsigned busy;        /* what is under way: jobs, requests */
    bool abandoned;
    /* The answer came whole, or not (code). Not of an abandoned run. */
    void (*answered)(struct errand *x, int code, const struct err *e);
    void (*destroy)(struct errand *x);
};

/* down has its room from here on; destroy ends with sync_errand_fini. */
void sync_errand_init(struct errand *x, struct loop *l, struct net *n);
void sync_errand_fini(struct errand *x);
/* done ends with sync_errand_drop. */
void sync_errand_submit(struct errand *x, enum loop_thread thread, int (*run)(struct loop_job *),
                        void (*done)(struct loop_job *));
struct errand *sync_errand_of(struct loop_job *job);
void sync_errand_drop(struct errand *x);
/* a: origin, method, url, body and priority; the rest is done here. answered comes on a later turn, or, when nothing
 * can be asked, now. */
void sync_errand_ask(struct errand *x, const struct net_ask *a);
/* Commits when code says that all was written; else takes it back, and code is the answer. */
int sync_errand_commit(struct store_tx *tx, int code, struct err *e);
/* Nobody waits for it any more. NULL is fine. */
void sync_errand_abandon(struct errand *x);

#endif
