/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/send.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "sync/priv.h"
#include "sync/send_priv.h"

static void step(struct send_run *r, struct push_event *ev);

/* --- life -------------------------------------------------------------------------------------------- */

static void destroy(struct send_run *r)
{
    for (unsigned i = 0; i < PUSH_LANES; i++) {
        buf_fini(&r->lane[i].up);
        buf_fini(&r->lane[i].down);
    }
    VEC_EACH(struct loaded, x, &r->ops)
        vec_fini(&x->needs);
    vec_fini(&r->ops);
    sync_push_free(r->state);
    mem_free(r);
}

static void hold(struct send_run *r)
{
    r->busy++;
}

static void drop(struct send_run *r)
{
    if (!--r->busy && r->abandoned)
        destroy(r);
}

/* On a turn of its own. */
static void finished(void *arg)
{
    struct send_run *r = arg;

    r->wait = 0;
    if (!r->abandoned)
        r->observer.done(r->observer.arg, &r->report); /* which may abandon it */
    drop(r);
}

static void finish(struct send_run *r, int code)
{
    struct send_report *p = &r->report;

    if (r->finishing)
        return;
    r->finishing = true;
    p->counts = sync_push_counts(r->state);
    p->code = code;
    if (p->code == ERR_NOTSENT)
        err_set(&p->err, ERR_NOTSENT, 0, p->counts.all - p->counts.acked, NULL);
    else if (p->code != p->err.code)
        err_set(&p->err, p->code, 0, 0, r->base);
    log_event("send.end", p->code, NULL, p->counts.acked, p->counts.all);
    loop_cancel(r->loop, r->wait);
    hold(r);
    if (!(r->wait = loop_after(r->loop, 0, finished, r)))
        finished(r);
}

static void note(struct send_run *r, const struct err *e)
{
    if (!r->report.err.code && e->code && e->code != ERR_CANCELLED)
        r->report.err = *e;
}

/* --- the store ---------------------------------------------------------------------------------------- */

static int run_moves(struct loop_job *job)
{
    struct send_lane *l = sync_send_lane_of(job);
    struct store_tx *tx = NULL;
    int64_t now = clock_wall_ms(&l->run->clock);
    int code = store_begin(l->run->store, true, &tx, &job->err);

    if (code)
        return code;
    for (unsigned i = 0; i < l->n && !code; i++) {
        const struct send_op *op = &l->op[i];

        code = store_op_move(tx, op->op.op, op->from, op->to, str_of(op->why), &job->err);
        if (!code && op->wait_ms)
            code = store_op_later(tx, op->op.op, now + op->wait_ms, &job->err);
    }
    if (!code)
        return store_commit(tx, &job->err);
    store_rollback(tx);
    return code;
}

static void moved(struct loop_job *job)
{
    struct send_lane *l = sync_send_lane_of(job);
    struct send_run *r = l->run;
    struct push_event ev = {.type = PUSH_EV_STORED, .lane = l->at, .code = job->code};
    struct sync_push_counts c;

    note(r, &job->err);
    step(r, &ev);
    c = sync_push_counts(r->state);
    if (c.acked != r->acked && r->observer.progress && !r->abandoned && !r->finishing)
        r->observer.progress(r->observer.arg, c.acked, c.all);
    r->acked = c.acked;
    drop(r);
}

static void submit(struct send_lane *l, enum loop_thread thread, int (*run)(struct loop_job *),
                   void (*done)(struct loop_job *))
{
    l->job = (struct loop_job){.run = run, .done = done, .urgent = thread == LOOP_STORE};
    hold(l->run);
    loop_submit(l->run->loop, thread, &l->job);
}

/* --- the line ----------------------------------------------------------------------------------------- */

/* Tells the engine what the answer said, and that it ended. */
static void tell(struct send_lane *l, int code)
{
    struct push_event end = {.type = PUSH_EV_END, .lane = l->at, .code = code, .written = l->written};

    for (unsigned i = 0; i < l->n && !code; i++) {
        struct push_event ev = l->op[i].ev;

        if (!l->op[i].answered)
            continue;
        ev.type = PUSH_EV_ANSWER;
        ev.lane = l->at;
        ev.at = l->index[i];
        ev.version = str_of(l->op[i].version);
        step(l->run, &ev);
    }
    if (!code && l->whole) {
        l->all.type = PUSH_EV_ANSWER;
        l->all.lane = l->at;
        l->all.at = PUSH_ALL;
        step(l->run, &l->all);
    }
    step(l->run, &end);
}

static void judged(struct loop_job *job)
{
    struct send_lane *l = sync_send_lane_of(job);
    struct send_run *r = l->run;

    note(r, &job->err);
    tell(l, job->code);
    drop(r);
}

static int on_head(void *arg, const struct net_head *h)
{
    ((struct send_lane *)arg)->head = *h;
    return ERR_OK;
}

static int on_bytes(void *arg, struct str bytes)
{
    return buf_addstr(&((struct send_lane *)arg)->down, bytes);
}

static void on_done(void *arg, const struct net_result *res)
{
    struct send_lane *l = arg;
    struct send_run *r = l->run;

    l->request = NULL;
    l->written = res->bytes_up > 0;
    l->head = res->head;
    note(r, &res->err);
    if (res->code)
        tell(l, res->code);
    else
        submit(l, LOOP_WORK, sync_send_judge, judged);
    drop(r);
}

static void start_request(struct send_lane *l)
{
    struct net_ask ask = {.origin = NET_FHIR, .method = l->method, .url = l->url, .body = buf_str(&l->up),
                          .if_match = l->if_match[0] ? l->if_match : NULL, .prefer = "return=minimal",
                          .no_cache = l->doing != PUSH_ACT_SEND, .priority = KIND_P0, .on_head = on_head,
                          .on_bytes = on_bytes, .on_done = on_done, .arg = l};
    struct err e = ERR_NONE;
    int code;

    buf_clear(&l->down);
    l->whole = l->written = false;
    l->head = (struct net_head){.status = 0};
    if (l->doing != PUSH_ACT_SEND || l->n > 1)
        ask.prefer = NULL; /* it says nothing of a batch's entries */
    ask.gzip_body = l->n > 1 && !sync_setting_lately(l->run->store, "sync.nogzip", &l->run->clock);
    hold(l->run);
    code = net_start(l->run->net, &ask, &l->request, &e);
    if (!code)
        return;
    note(l->run, &e);
    tell(l, code);
    drop(l->run);
}

static void prepared(struct loop_job *job)
{
    struct send_lane *l = sync_send_lane_of(job);
    struct send_run *r = l->run;

    if (job->code && job->code != ERR_INUSE)
        note(r, &job->err);
    l->written = false;
    if (job->code || r->abandoned || r->stopping)
        tell(l, job->code ? job->code : ERR_CANCELLED);
    else
        start_request(l);
    drop(r);
}

/* --- actions ------------------------------------------------------------------------------------------ */

static void take_ops(struct send_lane *l, const struct push_action *a)
{
    bool moves = a->type == PUSH_ACT_STORE;

    l->doing = a->type;
    l->n = a->n;
    for (unsigned i = 0; i < a->n; i++) {
        struct send_op *op = &l->op[i];

        l->index[i] = moves ? a->move[i].at : a->at[i];
        *op = (struct send_op){.op = *sync_push_op_at(l->run->state, l->index[i])};
        if (!moves)
            continue;
        op->from = a->move[i].from;
        op->to = a->move[i].to;
        op->wait_ms = a->move[i].wait_ms;
        memcpy(op->why, a->move[i].why, sizeof op->why);
    }
}

static void ask(struct send_lane *l, const char *suffix)
{
    const struct push_op op = l->op[0].op;

    l->method = "GET";
    snprintf(l->url, sizeof l->url, "%s/%s%s", op.type, op.id, suffix);
    l->if_match[0] = '\0';
    buf_clear(&l->up);
    start_request(l);
}

static void wake(void *arg)
{
    struct send_run *r = arg;
    struct push_event ev = {.type = PUSH_EV_WAKE};

    r->wait = 0;
    hold(r);
    step(r, &ev);
    drop(r);
}

/* The fraction added keeps many clients from coming back as one. */
static void wait_ms(struct send_run *r, int64_t ms)
{
    loop_cancel(r->loop, r->wait);
    if (!(r->wait = loop_after(r->loop, sync_pace_draw(&r->rng, ms, ms / 4), wake, r)))
        finish(r, ERR_NOMEM);
}

static void carry_out(struct send_run *r, const struct push_action *a)
{
    struct send_lane *l = &r->lane[a->lane];

    switch (a->type) {
    case PUSH_ACT_STORE:
        take_ops(l, a);
        submit(l, LOOP_STORE, run_moves, moved);
        break;
    case PUSH_ACT_SEND:
        take_ops(l, a);
        submit(l, LOOP_WORK, sync_send_prepare, prepared);
        break;
    case PUSH_ACT_READ:
        take_ops(l, a);
        ask(l, "");
        break;
    case PUSH_ACT_HISTORY:
        take_ops(l, a);
        ask(l, "/_history?_count=50");
        break;
    case PUSH_ACT_WAIT:
        wait_ms(r, a->wait_ms);
        break;
    case PUSH_ACT_DONE:
        finish(r, a->code);
        break;
    }
}

static void step(struct send_run *r, struct push_event *ev)
{
    struct push_actions out;

    ev->now_ms = clock_boot_ms(&r->clock);
    if (r->finishing || r->abandoned)
        return;
    sync_push_step(r->state, ev, &out);
    for (unsigned i = 0; i < out.n; i++)
        carry_out(r, &out.a[i]);
}

/* --- the beginning ------------------------------------------------------------------------------------ */

static void loaded(struct loop_job *job)
{
    struct send_run *r = (struct send_run *)(void *)((char *)job - offsetof(struct send_run, load));
    struct push_event ev = {.type = PUSH_EV_START, .settle_ms = sync_setting_ms(r->store, "sync.settle"),
                            .seed = rng_u64(&r->rng)};

    ev.no_batch = sync_setting_lately(r->store, "sync.nobatch", &r->clock);
    VEC_EACH(struct loaded, x, &r->ops) {
        struct push_event op = {.type = PUSH_EV_OP, .op = &x->op};

        step(r, &op);
        VEC_EACH(struct named, n, &x->needs) {
            struct push_event need = {.type = PUSH_EV_NEEDS, .res_type = str_of(n->type), .id = str_of(n->id)};

            step(r, &need);
        }
        vec_fini(&x->needs);
    }
    vec_fini(&r->ops);
    note(r, &job->err);
    if (job->code)
        finish(r, job->code);
    else
        step(r, &ev);
    drop(r);
}

/* Then the outbox is read. Without it all is sent that can be: a conflict more or less is no reason to send nothing. */
static void mended(struct loop_job *job)
{
    struct send_run *r = (struct send_run *)(void *)((char *)job - offsetof(struct send_run, load));

    note(r, &job->err);
    if (r->abandoned || r->finishing) {
        drop(r);
        return;
    }
    r->load = (struct loop_job){.run = sync_send_load, .done = loaded};
    loop_submit(r->loop, LOOP_WORK, &r->load);
}

int sync_send_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock, const struct rng *rng,
               const char *base,
               const struct send_observer *o, struct send_run **out, struct err *e)
{
    struct send_run *r = mem_alloc(sizeof *r);

    *out = NULL;
    if (!r || sync_push_new(&r->state)) {
        mem_free(r);
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    r->loop = l;
    r->net = n;
    r->store = s;
    r->clock = *clock;
    r->rng = *rng;
    r->observer = *o;
    vec_init(&r->ops, sizeof(struct loaded), 1u << 20);
    for (unsigned i = 0; i < PUSH_LANES; i++) {
        r->lane[i].run = r;
        r->lane[i].at = i;
        buf_init(&r->lane[i].up, LIMIT_PAGE_BYTES);
        buf_init(&r->lane[i].down, SEND_DOWN_BYTES);
    }
    if (strlen(base) >= sizeof r->base) {
        destroy(r);
        return err_set(e, ERR_TOOBIG, 0, sizeof r->base, "base URL");
    }
    memcpy(r->base, base, strlen(base) + 1);
    r->load = (struct loop_job){.run = sync_send_mend, .done = mended};
    hold(r);
    loop_submit(l, LOOP_STORE, &r->load);
    *out = r;
    return ERR_OK;
}

void sync_send_cancel(struct send_run *r)
{
    struct push_event ev = {.type = PUSH_EV_CANCEL};

    r->stopping = true;
    step(r, &ev);
    for (unsigned i = 0; i < PUSH_LANES; i++)
        if (r->lane[i].request)
            net_cancel(r->lane[i].request);
}

void sync_send_free(struct send_run *r)
{
    if (!r)
        return;
    r->abandoned = true;
    if (r->wait && r->finishing)
        r->busy--; /* of finish */
    loop_cancel(r->loop, r->wait);
    for (unsigned i = 0; i < PUSH_LANES; i++)
        if (r->lane[i].request)
            net_cancel(r->lane[i].request);
    hold(r);
    drop(r);
}
