/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One question beside a sync, over the session's connections: a search whose answer is shown and not stored.
 */
#include "config.h"

#include "sync/session.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"

struct sync_ask {
    struct net_request *request;
    struct buf body;
    void (*done)(void *arg, const struct sync_answer *a);
    void *arg;
};

static int on_bytes(void *arg, struct str bytes)
{
    struct sync_ask *q = arg;

    return buf_addstr(&q->body, bytes);
}

static void on_done(void *arg, const struct net_result *r)
{
    struct sync_ask *q = arg;
    struct sync_answer a = {.code = r->code, .err = r->err, .status = r->head.status, .body = buf_str(&q->body)};

    if (!a.code && a.status != 200)
        a.code = err_set(&a.err, ERR_HTTP, a.status, 0, "Patient");
    q->request = NULL;
    if (q->done)
        q->done(q->arg, &a);
    buf_fini(&q->body);
    mem_free(q);
}

int sync_ask(struct sync_session *s, const char *url, void (*done)(void *arg, const struct sync_answer *a), void *arg,
             struct sync_ask **out, struct err *e)
{
    struct net_ask ask = {.origin = NET_FHIR, .method = "GET", .url = url, .no_cache = true, .on_bytes = on_bytes,
                          .on_done = on_done};
    struct sync_ask *q = mem_alloc(sizeof *q);
    int code;

    *out = NULL;
    if (!q)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    buf_init(&q->body, LIMIT_RESOURCE_BYTES);
    q->done = done;
    q->arg = arg;
    ask.arg = q;
    if ((code = net_start(sync_session_net(s), &ask, &q->request, e))) {
        mem_free(q);
        return code;
    }
    *out = q;
    return ERR_OK;
}

void sync_ask_drop(struct sync_ask *q)
{
    if (!q)
        return;
    q->done = NULL;
    if (q->request)
        net_cancel(q->request);
}
