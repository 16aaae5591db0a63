/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/session.h"

#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sync/absent.h"
#include "sync/demand.h"
#include "sync/send.h"

struct sync_session {
    struct loop *loop;
    struct store *store;
    struct clock clock;
    struct net *net;
    struct sync_scope scope;
    struct buf base;
    struct sync_run *run;
    struct send_run *send;
    struct absent_run *absent;
    bool running, sending, absenting, over; /* over: the pull is */
    unsigned sent;           /* acknowledged, of what this sync sends */
    uint64_t deleted;
    struct err beside;       /* how the sending ended, or the looking after deletions */
    bool demand; /* what runs is of what was demanded */
    uint64_t pulled;         /* by that, when the other one runs */
    struct sync_observer observer;
};

/* A setting that may be missing: then out stays empty. */
static int optional(struct store *s, const char *name, struct buf *out, struct err *e)
{
    int r = store_setting(s, name, out, e);

    return r == ERR_NOTFOUND ? ERR_OK : r;
}

static int sign_in(struct sync_session *s, struct err *e)
{
    struct buf kind, secret;
    struct secret *key = NULL;
    int r;

    buf_init(&kind, 32);
    buf_init(&secret, 4096);
    r = optional(s->store, "auth", &kind, e);
    if (!r && (str_is(buf_str(&kind), "basic") || str_is(buf_str(&kind), "bearer"))) {
        r = store_setting(s->store, "auth.secret", &secret, e);
        key = r ? NULL : secret_new(4096);
        if (!r && (!key || secret_set(key, secret.p, secret.n)))
            r = err_set(e, ERR_NOMEM, 0, 0, NULL);
        if (!r)
            r = net_credentials(s->net, NET_FHIR, str_is(buf_str(&kind), "basic") ? NET_AUTH_BASIC : NET_AUTH_BEARER,
                                key);
    }
    secret_free(key);
    buf_fini(&secret);
    buf_fini(&kind);
    return r;
}

static int open_net(struct sync_session *s, struct err *e)
{
    struct buf ca;
    int r;

    buf_init(&ca, LIMIT_URL_BYTES);
    r = store_setting(s->store, "server", &s->base, e);
    if (!r)
        r = optional(s->store, "ca", &ca, e);
    if (!r && net_new(s->loop, &s->clock, &s->net))
        r = err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (!r)
        r = net_origin_set(s->net, NET_FHIR, s->base.p, ca.n ? ca.p : NULL, e);
    if (!r)
        r = sign_in(s, e);
    buf_fini(&ca);
    return r;
}

/* The scope of the next run. demand: what is demanded, if anything is. */
static int read_scope(struct sync_session *s, bool demand, struct err *e)
{
    struct buf scope;
    int r = ERR_OK;

    sync_scope_fini(&s->scope);
    s->demand = false;
    if (demand && !(r = sync_demand_scope(s->store, &s->scope, e)) && s->scope.n) {
        s->demand = true;
        return ERR_OK;
    }
    if (r)
        return r;
    buf_init(&scope, 1 << 20);
    r = store_setting(s->store, "scope", &scope, e);
    if (!r)
        r = sync_scope_parse(buf_str(&scope), &s->scope, e);
    buf_fini(&scope);
    return r;
}

int sync_session_new(struct loop *l, struct store *store, const struct clock *clock, struct sync_session **out,
                     struct err *e)
{
    struct sync_session *s = mem_alloc(sizeof *s);
    int r;

    *out = NULL;
    if (!s)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    s->loop = l;
    s->store = store;
    s->clock = *clock;
    buf_init(&s->base, LIMIT_URL_BYTES);
    r = open_net(s, e);
    if (!r)
        r = read_scope(s, false, e);
    if (r) {
        sync_session_free(s);
        return r;
    }
    *out = s;
    return ERR_OK;
}

void sync_session_free(struct sync_session *s)
{
    if (!s)
        return;
    sync_run_free(s->run);
    sync_send_free(s->send);
    sync_absent_free(s->absent);
    net_free(s->net);
    sync_scope_fini(&s->scope);
    buf_fini(&s->base);
    mem_free(s);
}

static void progress(void *arg, const char *type, uint64_t rows, unsigned done, unsigned all)
{
    struct sync_session *s = arg;

    if (s->observer.progress)
        s->observer.progress(s->observer.arg, type, rows, done, all);
}

static void ended(void *arg, const struct sync_report *r);

/* The run ends when the pull, what is sent and the looking after deletions all have. */
static void release(struct sync_session *s)
{
    if (s->running && s->over && !s->sending && !s->absenting)
        sync_run_beside(s->run, false, s->sent, s->deleted, &s->beside);
}

static void absent_ended(void *arg, const struct absent_report *r)
{
    struct sync_session *s = arg;

    s->absenting = false;
    s->deleted = r->deleted;
    if (r->code && !s->beside.code)
        s->beside = r->err;
    sync_absent_free(s->absent); /* *r is no more */
    s->absent = NULL;
    release(s);
}

/* What of a chart that is fetched alone was deleted is no question: nothing of it was here. */
static void pulled(void *arg, int code, const struct sync_kind_result *kinds, unsigned n, int64_t changes)
{
    struct sync_session *s = arg;

    s->over = true;
    sync_absent_free(s->absent);
    s->absent = NULL;
    if (!s->demand && (code == ERR_OK || code == ERR_PARTIAL)) {
        int r = sync_absent_start(s->loop, s->net, s->store, &s->clock, &s->scope, kinds, n, changes != 0,
                                  absent_ended, s, &s->absent, &s->beside);

        s->absenting = r == ERR_OK;
    }
    release(s);
}

static int start(struct sync_session *s, bool demand, struct err *e)
{
    struct sync_observer mine = {progress, ended, s, pulled};
    int r;

    sync_run_free(s->run);
    s->run = NULL;
    r = read_scope(s, demand, e);
    if (!r)
        r = sync_start(s->loop, s->net, s->store, &s->clock, &s->scope, s->base.p, &mine, &s->run, e);
    s->running = r == ERR_OK;
    s->over = false;
    if (s->running && !s->demand) /* a chart that somebody waits for does not wait for what is sent */
        sync_run_beside(s->run, true, 0, 0, NULL);
    return r;
}

static void ended(void *arg, const struct sync_report *r)
{
    struct sync_session *s = arg;
    struct sync_report both = *r;
    struct err e = ERR_NONE;

    s->running = false;
    if (s->demand && sync_is_whole(r->code)) { /* then all others */
        s->pulled = both.pulled;
        if (!(both.code = start(s, false, &e)))
            return;
        both.err = e;
    } else {
        both.pulled += s->pulled;
    }
    sync_run_free(s->run); /* *r is no more; nor does the run's room wait for the next one */
    s->run = NULL;
    if (s->observer.done)
        s->observer.done(s->observer.arg, &both);
}

static void send_progress(void *arg, unsigned acked, unsigned all)
{
    struct sync_session *s = arg;

    (void)all;
    s->sent = acked;
}

static void send_ended(void *arg, const struct send_report *r)
{
    struct sync_session *s = arg;

    s->sending = false;
    s->sent = r->counts.acked;
    s->beside = r->code ? r->err : s->beside;
    sync_send_free(s->send); /* *r is no more */
    s->send = NULL;
    release(s);
}

int sync_session_start(struct sync_session *s, const struct sync_observer *o, struct err *e)
{
    struct send_observer mine = {send_progress, send_ended, s};
    int code;

    if (s->running)
        return err_set(e, ERR_INUSE, 0, 0, "sync");
    s->observer = *o;
    s->pulled = 0;
    sync_send_free(s->send);
    s->send = NULL;
    s->sent = 0;
    s->deleted = 0;
    s->beside = ERR_NONE;
    net_meter_reset(s->net);
    if ((code = sync_send_start(s->loop, s->net, s->store, &s->clock, s->base.p, &mine, &s->send, e)))
        return code;
    s->sending = true;
    if (!(code = start(s, true, e)))
        return ERR_OK;
    sync_send_free(s->send);
    s->send = NULL;
    s->sending = false;
    return code;
}

struct net *sync_session_net(struct sync_session *s)
{
    return s->net;
}

struct sync_rooms sync_session_rooms(const struct sync_session *s)
{
    return (struct sync_rooms){s->loop, s->store, s->clock};
}

bool sync_session_stop(struct sync_session *s)
{
    bool running = s->running;

    if (running && s->sending)
        sync_send_cancel(s->send);
    if (running)
        sync_cancel(s->run);
    if (running && s->absenting) {
        sync_absent_free(s->absent);
        s->absent = NULL;
        s->absenting = false;
        err_set(&s->beside, ERR_CANCELLED, 0, 0, NULL);
        release(s);
    }
    return running;
}
