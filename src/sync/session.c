/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/session.h"

#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "sync/absent.h"
#include "sync/budget.h"
#include "sync/demand.h"
#include "sync/send.h"

struct sync_session {
    struct loop *loop;
    struct store *store;
    struct clock clock;
    struct rng rng;
    struct sync_pace pace;
    struct sync_budget budget;
    int64_t seen, pending;   /* the meter as it was looked at last; bytes that are not in budget.used yet */
    int64_t counting;        /* those of them that the note under way brings there */
    int64_t now_used;        /* what came of that */
    bool lifted, frugal;     /* the day's bytes do not count for what runs; it was told that they are used */
    struct loop_job note;    /* keeps what the server said, and what went */
    struct buf noted;        /* what is to stand in the setting */
    loop_timer ending;       /* the sync that runs, as the server is not to be asked */
    bool noting, note_again, gone; /* gone: freed, but for that job */
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

/* --- when the server may be asked -------------------------------------------------------------- */

static void note(struct sync_session *s);
static void destroy(struct sync_session *s);

static int write_note(struct loop_job *job)
{
    struct sync_session *s = (struct sync_session *)(void *)((char *)job - offsetof(struct sync_session, note));
    struct store_tx *tx;
    int r = store_begin(s->store, false, &tx, &job->err);

    if (r)
        return r;
    if (!(r = store_set(tx, "sync.pace", buf_str(&s->noted), &job->err)))
        r = sync_budget_add(s->store, tx, &s->clock, s->counting, &s->now_used, &job->err);
    if (!r)
        return store_commit(tx, &job->err);
    store_rollback(tx);
    return r;
}

static void noted(struct loop_job *job)
{
    struct sync_session *s = (struct sync_session *)(void *)((char *)job - offsetof(struct sync_session, note));

    s->noting = false;
    if (!job->code) {
        s->budget.used = s->now_used;
        s->pending -= s->counting;
    }
    if (s->gone)
        destroy(s);
    else if (s->note_again)
        note(s);
}

/* A program that is started anew must not ask before either. */
static void note(struct sync_session *s)
{
    s->note_again = s->noting;
    if (s->noting)
        return;
    buf_clear(&s->noted);
    if (sync_pace_save(&s->pace, clock_boot_ms(&s->clock), clock_wall_ms(&s->clock), &s->noted))
        return;
    s->noting = true;
    s->counting = s->pending;
    s->note = (struct loop_job){.run = write_note, .done = noted, .urgent = true};
    loop_submit(s->loop, LOOP_STORE, &s->note);
}

static void leave_alone(struct sync_session *s);

static void look_at_meter(struct sync_session *s)
{
    struct net_meter m = net_meter(s->net);
    int64_t now = (int64_t)(m.bytes_up + m.bytes_down);

    s->pending += now - s->seen;
    s->seen = now;
}

/* Bytes came. */
static void count(void *arg)
{
    struct sync_session *s = arg;

    if (!s->budget.limit)
        return;
    look_at_meter(s);
    if (s->pending >= SYNC_BUDGET_NOTE && !s->noting)
        note(s);
    if (s->frugal || s->lifted || !s->running || !sync_budget_over(&s->budget, s->pending))
        return;
    s->frugal = true;
    sync_run_frugal(s->run);
}

/* The meter begins anew, for the report of a sync; what it had is not forgotten. */
static void reset_meter(struct sync_session *s)
{
    look_at_meter(s);
    net_meter_reset(s->net);
    s->seen = 0;
}

void sync_session_lift(struct sync_session *s)
{
    s->lifted = true;
}

static void heard(void *arg, enum net_origin o, const struct net_head *h)
{
    struct sync_session *s = arg;

    if (o != NET_FHIR || !sync_pace_hear(&s->pace, h->status, h->retry_after_s, clock_boot_ms(&s->clock)))
        return;
    net_quiet(s->net, NET_FHIR, s->pace.told_ms);
    note(s);
    if (sync_session_quiet(s) > SYNC_PACE_PATIENCE_MS)
        leave_alone(s);
}

int64_t sync_session_quiet(const struct sync_session *s)
{
    return sync_pace_quiet(&s->pace, clock_boot_ms(&s->clock));
}

static int busy(const struct sync_session *s, struct err *e)
{
    return err_set(e, ERR_BUSY, 0, (sync_session_quiet(s) + 999) / 1000, NULL);
}

static int read_pace(struct sync_session *s, struct err *e)
{
    struct buf b;
    int r;

    buf_init(&b, 128);
    if (!(r = optional(s->store, "sync.pace", &b, e)))
        sync_pace_load(&s->pace, buf_str(&b), clock_boot_ms(&s->clock), clock_wall_ms(&s->clock));
    buf_fini(&b);
    net_quiet(s->net, NET_FHIR, s->pace.told_ms);
    net_on_head(s->net, heard, s);
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

static void destroy(struct sync_session *s)
{
    buf_fini(&s->noted);
    mem_free(s);
}

int sync_session_new(struct loop *l, struct store *store, const struct clock *clock, const struct rng *rng,
                     struct sync_session **out, struct err *e)
{
    struct sync_session *s = mem_alloc(sizeof *s);
    int r;

    *out = NULL;
    if (!s)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    s->loop = l;
    s->store = store;
    s->clock = *clock;
    s->rng = *rng;
    buf_init(&s->base, LIMIT_URL_BYTES);
    buf_init(&s->noted, 128);
    r = open_net(s, e);
    if (!r)
        r = read_pace(s, e);
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
    loop_cancel(s->loop, s->ending);
    sync_run_free(s->run);
    sync_send_free(s->send);
    sync_absent_free(s->absent);
    net_free(s->net);
    sync_scope_fini(&s->scope);
    buf_fini(&s->base);
    s->gone = true;
    if (!s->noting)
        destroy(s);
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
    struct sync_observer mine = {progress, ended, s, pulled, count};
    int r;

    sync_run_free(s->run);
    s->run = NULL;
    r = read_scope(s, demand, e);
    if (!r)
        r = sync_start(s->loop, s->net, s->store, &s->clock, &s->rng, &s->scope, s->base.p, &mine, &s->run, e);
    s->running = r == ERR_OK;
    s->over = false;
    s->frugal = false;
    if (s->running)
        count(s);
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
    if (both.code == ERR_BUSY)
        busy(s, &both.err);
    if (s->demand && (sync_is_whole(r->code) || r->code == ERR_BUDGET)) { /* then all others */
        s->pulled = both.pulled;
        if (!(both.code = start(s, false, &e)))
            return;
        both.err = e;
    } else {
        both.pulled += s->pulled;
    }
    sync_run_free(s->run); /* *r is no more; nor does the run's room wait for the next one */
    s->run = NULL;
    if (s->budget.limit) {
        look_at_meter(s);
        note(s);
    }
    s->lifted = false;
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
    if (sync_session_quiet(s) > SYNC_PACE_PATIENCE_MS)
        return busy(s, e);
    s->observer = *o;
    s->pulled = 0;
    sync_send_free(s->send);
    s->send = NULL;
    s->sent = 0;
    s->deleted = 0;
    s->beside = ERR_NONE;
    reset_meter(s);
    if ((code = sync_budget_load(s->store, &s->clock, &s->budget, e)))
        return code;
    if ((code = sync_send_start(s->loop, s->net, s->store, &s->clock, &s->rng, s->base.p, &mine, &s->send, e)))
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

static void stop_absent(struct sync_session *s, const struct err *why)
{
    if (!s->absenting)
        return;
    sync_absent_free(s->absent);
    s->absent = NULL;
    s->absenting = false;
    s->beside = *why;
    release(s);
}

bool sync_session_stop(struct sync_session *s)
{
    bool running = s->running;

    if (running && s->sending)
        sync_send_cancel(s->send);
    if (running)
        sync_cancel(s->run);
    if (running)
        stop_absent(s, &(struct err){.code = ERR_CANCELLED});
    return running;
}

/* Within one turn of net's: what it says ends the sync on a later one. */
static void ends_busy(void *arg)
{
    struct sync_session *s = arg;
    struct err why = ERR_NONE;

    s->ending = 0;
    if (!s->running)
        return;
    busy(s, &why);
    sync_run_stop(s->run, ERR_BUSY);
    stop_absent(s, &why);
}

static void leave_alone(struct sync_session *s)
{
    if (s->running && !s->ending)
        s->ending = loop_after(s->loop, 0, ends_busy, s);
}
