/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/session.h"

#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "store/member.h"
#include "sync/absent.h"
#include "sync/budget.h"
#include "sync/bulk.h"
#include "sync/demand.h"
#include "sync/roster.h"
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
    struct sync_bulk *bulk;
    bool bulked;             /* of this sync: over, or not wanted */
    bool may_bulk, bulk_next; /* a first fill may turn out to be large; it has: this run ends behind the first rank */
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
    struct sync_scope spec;  /* of the settings */
    struct roster_run *roster;
    bool listing;            /* the list is being read */
    int64_t list_ms;         /* when it was, by the server's clock; 0: it was not */
    struct vec legs;         /* of struct roster_leg */
    size_t leg;              /* the next one */
    bool legging, part;      /* a leg runs; it is not the last */
    int code;                /* how its pull ended */
    struct sync_kind_result kinds[SYNC_KINDS_MAX]; /* of all legs: whole where it was in each */
    unsigned n_kinds;
    bool changed;
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

    if (s->may_bulk && !s->bulk_next && s->run && sync_run_fill(s->run) >= SYNC_BULK_PATIENTS) {
        s->bulk_next = true;
        sync_run_frugal(s->run);
    }
    if (!s->budget.limit || !s->run)
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
    sync_scope_fini(&s->spec);
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
        r = sync_scope_parse(buf_str(&scope), &s->spec, e);
    if (!r && !s->spec.list && sync_scope_copy(&s->spec, &s->scope))
        r = err_set(e, ERR_NOMEM, 0, 0, NULL);
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
    vec_init(&s->legs, sizeof(struct roster_leg), 2 * STORE_MEMBERS_MOST + 1);
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
    sync_bulk_free(s->bulk);
    sync_run_free(s->run);
    sync_send_free(s->send);
    sync_absent_free(s->absent);
    sync_roster_free(s->roster);
    net_free(s->net);
    sync_scope_fini(&s->scope);
    sync_scope_fini(&s->spec);
    vec_fini(&s->legs);
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
static void pulled(void *arg, int code, const struct sync_kind_result *kinds, unsigned n, int64_t changes);

/* The run ends when the pull, what is sent and the looking after deletions all have. */
static void release(struct sync_session *s)
{
    if (s->running && s->over && !s->part && !s->listing && !s->sending && !s->absenting)
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

/* Nothing is asked of a chart that is fetched alone: nothing of it was here. */
static void look_after(struct sync_session *s)
{
    struct sync_scope all = {.n = 0};
    int r = ERR_OK;

    sync_absent_free(s->absent);
    s->absent = NULL;
    if (!s->demand && (s->code == ERR_OK || s->code == ERR_PARTIAL)) {
        if (s->spec.list)
            r = sync_roster_scope(s->store, &s->spec, 0, &all, &s->beside);
        if (!r)
            r = sync_absent_start(s->loop, s->net, s->store, &s->clock, s->spec.list ? &all : &s->scope, s->kinds,
                                  s->spec.list && !s->scope.cohort ? 0 : s->n_kinds, s->changed, s->list_ms,
                                  absent_ended, s, &s->absent, &s->beside);
        s->absenting = r == ERR_OK;
        sync_scope_fini(&all);
    }
    release(s);
}

/* --- a list, cohort by cohort ----------------------------------------------------------------------- */

static int leg_scope(struct sync_session *s, const struct roster_leg *l, struct err *e)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);
    bool whole_before = false;
    int code;

    sync_scope_fini(&s->scope);
    if (!l->cohort) {
        s->scope = (struct sync_scope){.list = s->spec.list, .some = true};
        memcpy(s->scope.list_id, s->spec.list_id, sizeof s->scope.list_id);
        return ERR_OK;
    }
    if ((code = sync_roster_scope(s->store, &s->spec, l->cohort, &s->scope, e)))
        return code;
    for (size_t i = 0; i < s->leg; i++)
        whole_before = whole_before || !((const struct roster_leg *)vec_at(&s->legs, i))->first_rank;
    s->scope.aside = whole_before;
    s->scope.some = l->first_rank;
    for (unsigned i = 0; i < n; i++)
        s->scope.kind[i] = k[i].priority == KIND_P0;
    return ERR_OK;
}

static int run_scope(struct sync_session *s, struct err *e);

static void fail(struct sync_session *s, const struct err *e);

static void next_leg(struct sync_session *s)
{
    struct err e = ERR_NONE;
    int code = ERR_OK;

    if (s->leg == s->legs.n && !s->listing)
        code = sync_roster_legs(s->store, &s->legs, &e);
    if (!code && s->leg == s->legs.n && !s->listing && !vec_push(&s->legs)) /* nobody */
        code = err_set(&e, ERR_NOMEM, 0, 0, NULL);
    if (!code && s->leg == s->legs.n)
        return; /* the list says who */
    if (!code)
        code = leg_scope(s, vec_at(&s->legs, s->leg), &e);
    if (!code)
        code = run_scope(s, &e);
    s->legging = !code;
    if (code)
        fail(s, &e);
    else
        s->leg++;
}

/* What one cohort lacks is no reason to leave the others. */
static bool goes_on(int code)
{
    return sync_is_whole(code) || code == ERR_PARTIAL || code == ERR_BUDGET;
}

/* The pull of the run is over, and the list is known: is there another cohort? */
static void decide(struct sync_session *s)
{
    struct err e = ERR_NONE;

    if (!s->over || s->listing)
        return;
    if (s->spec.list && !s->demand && goes_on(s->code)) {
        if (s->leg == s->legs.n && sync_roster_legs(s->store, &s->legs, &e) && !s->beside.code)
            s->beside = e;
        if ((s->part = s->leg < s->legs.n)) {
            sync_run_part(s->run, true, 0);
            sync_run_beside(s->run, false, 0, 0, NULL);
            return;
        }
        sync_run_part(s->run, false, s->pulled);
        s->pulled = 0;
    }
    look_after(s);
}

static void pulled(void *arg, int code, const struct sync_kind_result *kinds, unsigned n, int64_t changes)
{
    struct sync_session *s = arg;

    s->over = true;
    s->code = code;
    s->changed = s->changed || changes != 0;
    sync_roster_merge(s->kinds, &s->n_kinds, kinds, n);
    decide(s);
}

static void list_ready(void *arg, bool known)
{
    struct sync_session *s = arg;
    struct err e = ERR_NONE;

    if (known && sync_roster_legs(s->store, &s->legs, &e))
        fail(s, &e);
    else if (s->leg < s->legs.n)
        next_leg(s);
}

static void list_read(void *arg, const struct roster_report *r)
{
    struct sync_session *s = arg;

    s->listing = false;
    s->list_ms = r->code ? 0 : r->date_ms;
    if (r->code && !s->beside.code)
        s->beside = r->err;
    sync_roster_free(s->roster); /* *r is no more */
    s->roster = NULL;
    if (s->legging)
        decide(s);
    else
        next_leg(s);
}

/* --- one run ------------------------------------------------------------------------------------------ */

/* A first fill, of everybody, on a line that nobody counts; or one that was begun. */
static void plan_bulk(struct sync_session *s)
{
    bool may = !s->bulked && !s->demand && s->scope.all && !s->budget.limit;
    struct store_mark m;

    s->bulk_next = may && sync_bulk_waits(s->store);
    s->may_bulk = may && !s->bulk_next && sync_bulk_may(s->store, &s->clock) &&
                  !store_mark_get(s->store, STR("Patient"), &m, NULL) && !m.mark_ms;
}

static int run_scope(struct sync_session *s, struct err *e)
{
    struct sync_observer mine = {progress, ended, s, pulled, count};
    int r = sync_start(s->loop, s->net, s->store, &s->clock, &s->rng, &s->scope, s->base.p, &mine, &s->run, e);

    s->over = s->frugal = false;
    s->running = r == ERR_OK;
    plan_bulk(s);
    if (!r && s->bulk_next)
        sync_run_frugal(s->run);
    if (!r)
        count(s);
    if (!r && !s->demand) /* a chart that somebody waits for does not wait for what is sent */
        sync_run_beside(s->run, true, 0, 0, NULL);
    return r;
}

static int start(struct sync_session *s, bool demand, struct err *e)
{
    const struct roster_observer list = {list_ready, list_read, s};
    int r;

    sync_run_free(s->run);
    s->run = NULL;
    s->legs.n = s->leg = 0;
    s->legging = s->part = s->changed = false;
    s->list_ms = 0;
    s->n_kinds = 0;
    r = read_scope(s, demand, e);
    if (!r && s->spec.list && !s->demand) {
        r = sync_roster_start(s->loop, s->net, s->store, &s->clock, &s->spec, s->base.p, &list, &s->roster, e);
        s->listing = r == ERR_OK;
        s->over = false;
    } else if (!r) {
        r = run_scope(s, e);
    }
    s->running = r == ERR_OK;
    return r;
}

static void tell(struct sync_session *s, const struct sync_report *r)
{
    s->running = false;
    sync_run_free(s->run); /* nor does the run's room wait for the next one */
    s->run = NULL;
    if (s->budget.limit) {
        look_at_meter(s);
        note(s);
    }
    s->lifted = false;
    if (s->observer.done)
        s->observer.done(s->observer.arg, r);
}

/* No run could be begun. */
static void fail(struct sync_session *s, const struct err *e)
{
    const struct sync_report none = {.code = e->code, .err = *e, .pulled = s->pulled};

    sync_roster_free(s->roster);
    s->roster = NULL;
    s->listing = false;
    sync_send_free(s->send);
    s->send = NULL;
    s->sending = false;
    tell(s, &none);
}

/* Then the pull that makes it whole. */
static void bulk_ended(void *arg, const struct sync_bulk_report *r)
{
    struct sync_session *s = arg;
    struct sync_report last = {.code = r->code, .err = r->err, .ended_ms = clock_wall_ms(&s->clock)};

    s->pulled += r->rows;
    sync_bulk_free(s->bulk);
    s->bulk = NULL;
    s->bulked = true;
    if (!last.code && !(last.code = start(s, false, &last.err)))
        return;
    last.wire = net_meter(s->net);
    ended(s, &last);
}

static int start_bulk(struct sync_session *s, struct err *e)
{
    const struct sync_observer o = {progress, NULL, s, NULL, count};

    sync_run_free(s->run);
    s->run = NULL;
    return sync_bulk_start(s->loop, s->net, s->store, &s->clock, &s->rng, s->base.p, &o, bulk_ended, s, &s->bulk, e);
}

static void ended(void *arg, const struct sync_report *r)
{
    struct sync_session *s = arg;
    struct sync_report both = *r;
    struct err e = ERR_NONE;

    s->legging = false;
    both.pulled += s->pulled;
    if (s->bulk_next && r->code == ERR_BUDGET && !s->frugal && !s->demand) {
        s->pulled = both.pulled;
        if (!(both.code = start_bulk(s, &e)))
            return;
        both.err = e;
    }
    if (both.code == ERR_BUSY)
        busy(s, &both.err);
    if (s->part && goes_on(r->code)) { /* then the next cohort */
        s->pulled = both.pulled;
        s->part = false;
        if (r->code != ERR_OK && !s->beside.code)
            s->beside = r->err;
        sync_run_free(s->run); /* *r is no more */
        s->run = NULL;
        next_leg(s);
        return;
    }
    if (s->demand && (sync_is_whole(r->code) || r->code == ERR_BUDGET)) { /* then all others */
        s->pulled = both.pulled;
        if (!(both.code = start(s, false, &e)))
            return;
        both.err = e;
    }
    tell(s, &both);
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
    s->bulked = false;
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

static void stop_list(struct sync_session *s, const struct err *why)
{
    if (!s->listing)
        return;
    sync_roster_free(s->roster);
    s->roster = NULL;
    s->listing = false;
    s->code = why->code;
    s->beside = *why;
    if (s->legging)
        decide(s);
    else
        next_leg(s); /* which is stopped, and tells */
}

bool sync_session_stop(struct sync_session *s)
{
    bool running = s->running;

    if (running && s->sending)
        sync_send_cancel(s->send);
    if (running)
        stop_list(s, &(struct err){.code = ERR_CANCELLED});
    if (running && s->bulk)
        sync_bulk_stop(s->bulk);
    else if (running && s->run)
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
    stop_list(s, &why);
    if (s->bulk)
        sync_bulk_stop(s->bulk);
    else if (s->run)
        sync_run_stop(s->run, ERR_BUSY);
    stop_absent(s, &why);
}

static void leave_alone(struct sync_session *s)
{
    if (s->running && !s->ending)
        s->ending = loop_after(s->loop, 0, ends_busy, s);
}
