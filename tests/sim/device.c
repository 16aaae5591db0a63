/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/both.h"

/* One process: both engines and what sync/session.c, sync/send.c and sync/run.c do around them. */

static void trace(struct both_world *w, uint64_t what)
{
    w->trace = (w->trace ^ what) * 0x100000001b3u;
}

/* Between any two things that a process does it may be killed. True: it was. */
static bool boundary(struct both_device *d)
{
    struct both_world *w = d->w;
    bool kill = w->scripted ? ++w->boundary == w->kill_at : both_chance(w, BOTH_CRASH);

    if (kill)
        both_kill(d);
    return kill;
}

void both_kill(struct both_device *d)
{
    struct both_world *w = d->w;

    BOTH_SAY(w, "device %u: killed", d->no);

    for (unsigned i = 0; i < PUSH_LANES; i++) {
        struct both_lane *l = &d->lane[i];

        if (l->asking && l->flight >= 0) {
            struct both_flight *f = &w->flight[l->flight];

            f->wanted = false;
            f->live = f->at_ms[0] || f->at_ms[1];
        }
        *l = (struct both_lane){.flight = -1};
    }
    if (d->pulling)
        sim_end(&d->pull);
    sync_push_free(d->push);
    d->push = NULL;
    d->pulling = d->pushing = d->cancelled = false;
    d->wake_ms = INT64_MAX;
    d->epoch++;
    if (d->store)
        d->store->crash(d);
    d->next_ms = w->server.now_ms + 500 + both_dice(w, 60000);
}

/* --- the store and the line ------------------------------------------------------------------------------ */

static bool commit(struct both_device *d, const struct push_action *a, int *code)
{
    struct both_op was[BOTH_OPS];
    struct both_row rows[PUSH_BATCH];
    unsigned n = d->disk.n;

    if (d->store)
        return !(*code = d->store->moves(d, a, false));
    memcpy(was, d->disk.op, sizeof was);
    for (unsigned i = 0; i < a->n; i++) {
        const struct push_move *m = &a->move[i];
        struct both_op *op = both_op_of(&d->disk, d->uid[m->at]);

        if (op)
            rows[i] = d->disk.row[op->res][op->id];
        if (d->w->plant == LAW_MARKED && m->to == STORE_OP_INFLIGHT)
            continue;
        *code = both_move(d, d->uid[m->at], m->from, m->to, m->to == STORE_OP_ACKED || m->to == STORE_OP_INFLIGHT ? (unsigned)atoi(m->why) : 0);
        if (*code) { /* the transaction is undone */
            while (i--)
                if ((op = both_op_of(&d->disk, d->uid[a->move[i].at])))
                    d->disk.row[op->res][op->id] = rows[i];
            memcpy(d->disk.op, was, sizeof was);
            d->disk.n = n;
            return false;
        }
        if (m->wait_ms)
            op->next_at_ms = d->w->server.now_ms + m->wait_ms;
    }
    return true;
}

/* After a transaction. */
static void check_moves(struct both_device *d, const struct push_action *a)
{
    for (unsigned i = 0; i < a->n; i++) {
        const struct push_move *m = &a->move[i];
        struct both_op *op = both_op_of(&d->disk, d->uid[m->at]);

        d->w->truth[op->uid].conflict = d->w->truth[op->uid].conflict || m->to == STORE_OP_CONFLICT;
        d->w->doubts += m->to == STORE_OP_INDOUBT;
        both_check_conflict(d, op, m->to);
    }
}

static void stores(struct both_device *d, unsigned lane)
{
    struct both_lane *l = &d->lane[lane];
    struct push_action a = l->a;
    int code = ERR_OK;

    l->storing = false;
    if (d->store && both_chance(d->w, BOTH_CRASH)) {
        d->store->moves(d, &a, true);
        both_kill(d);
        return;
    }
    if (both_chance(d->w, BOTH_DISK))
        code = ERR_IO;
    else if (commit(d, &a, &code))
        check_moves(d, &a);
    if (boundary(d))
        return;
    both_feed(d, (struct push_event){.type = PUSH_EV_STORED, .lane = lane, .code = code});
}

static void carry_out(struct both_device *d, const struct push_action *a)
{
    struct both_world *w = d->w;
    struct both_lane *l = &d->lane[a->lane];

    trace(w, (uint64_t)a->type << 8 | a->n | (uint64_t)d->no << 16 | (uint64_t)w->server.now_ms << 20);
    switch (a->type) {
    case PUSH_ACT_STORE:
        l->storing = true;
        l->a = *a;
        l->due_ms = w->server.now_ms + both_dice(w, 200);
        break;
    case PUSH_ACT_SEND:
        both_send(d, a);
        break;
    case PUSH_ACT_READ: case PUSH_ACT_HISTORY: case PUSH_ACT_SEARCH:
        both_ask(d, a);
        break;
    case PUSH_ACT_WAIT:
        d->waits++;
        d->wake_ms = w->server.now_ms + a->wait_ms;
        break;
    case PUSH_ACT_DONE:
        d->code = a->code;
        BOTH_SAY(w, "device %u: done %s", d->no, err_name(a->code));
        both_check_run(d);
        d->pushing = false;
        d->wake_ms = INT64_MAX;
        break;
    }
}

void both_feed(struct both_device *d, struct push_event ev)
{
    struct push_actions out;
    unsigned epoch = d->epoch;

    if (!d->push || (!d->pushing && ev.type != PUSH_EV_OP && ev.type != PUSH_EV_NEEDS))
        return;
    ev.now_ms = d->w->server.now_ms;
    sync_push_step(d->push, &ev, &out);
    for (unsigned i = 0; i < out.n; i++) {
        if (boundary(d) || epoch != d->epoch)
            return;
        carry_out(d, &out.a[i]);
        if (epoch != d->epoch || d->w->broken)
            return;
    }
}

/* --- a run ------------------------------------------------------------------------------------------------ */

/* load_op of src/sync/send_wire.c. */
static void load(struct both_device *d)
{
    struct both_world *w = d->w;

    d->loaded = 0;
    for (unsigned i = 0; i < d->disk.n; i++) {
        const struct both_op *o = &d->disk.op[i];
        const struct both_content *c = &w->content[o->content];
        struct push_op p = {.seq = o->seq, .kind = o->kind, .state = o->state, .after = o->after,
                            .bytes = o->content ? 40 : 0, .again = o->tries > 0,
                            .wait_ms = o->next_at_ms > w->server.now_ms ? o->next_at_ms - w->server.now_ms : 0};
        char id[20];

        if (o->state == STORE_OP_ACKED)
            continue;
        if (w->plant == LAW_I10 && o->uid == 3)
            continue;
        if (w->plant == LAW_I15)
            d->disk.op[i].author++;
        if (w->plant == LAW_I21 && o->state == STORE_OP_CONFLICT)
            d->disk.op[i].state = STORE_OP_QUEUED;
        snprintf(p.op, sizeof p.op, "%u", o->uid);
        snprintf(p.type, sizeof p.type, "K%u", o->res);
        snprintf(p.id, sizeof p.id, "%u", o->id);
        if (o->id % 5 != 4)
            snprintf(p.chart, sizeof p.chart, "p-%u", o->id % 2);
        if (o->version)
            snprintf(p.base, sizeof p.base, "%u", o->version);
        d->uid[d->loaded++] = o->uid;
        both_feed(d, (struct push_event){.type = PUSH_EV_OP, .op = &p});
        if (o->content && c->ref_kind >= 0 && w->plant != LAW_I14) {
            char type[20];

            snprintf(type, sizeof type, "K%u", c->ref_kind);
            snprintf(id, sizeof id, "%u", c->ref_id);
            both_feed(d, (struct push_event){.type = PUSH_EV_NEEDS, .res_type = str_of(type), .id = str_of(id)});
        }
    }
}

static void begin_pull(struct both_device *d)
{
    struct sim_world *p = &d->pull;
    bool faulty = !d->w->calm && d->w->rate[BOTH_PULL] && both_chance(d->w, BOTH_PULL);

    p->seed = d->w->seed + d->no * 7919u;
    p->fault = faulty ? (struct sim_fault){.cut = both_dice(d->w, 200), .refuse = both_dice(d->w, 60),
                                           .offline = both_dice(d->w, 60), .expire = 0}
                      : (struct sim_fault){.cut = 0};
    p->row_bytes = 300;
    p->few = d->w->scripted;
    memcpy(p->have, d->disk.have, sizeof p->have);
    memcpy(p->mark, d->disk.mark, sizeof p->mark);
    memcpy(p->skip, d->disk.skip, sizeof p->skip);
    p->no_batch = d->disk.no_batch;
    if (d->w->plant == LAW_I5)
        p->have[0][0] = 0;
    p->plant_rank = d->w->plant == LAW_I18;
    p->plant_clock = d->w->plant == LAW_I7;
    p->plant_loss = d->w->plant == LAW_I9;
    d->pulling = true;
    sim_begin(p);
}

/* What the pull has on disk is on the device's disk at once. */
static void pulled(struct both_device *d)
{
    const struct sim_world *p = &d->pull;

    for (unsigned k = 0; k < SIM_KINDS; k++)
        memcpy(d->disk.have[k], p->have[k], BOTH_IDS * sizeof p->have[k][0]);
    if (p->stored_kind >= 0)
        d->disk.mark[p->stored_kind] = p->mark[p->stored_kind];
    memcpy(d->disk.skip, p->skip, sizeof p->skip);
    d->disk.no_batch = p->no_batch;
}

void both_start(struct both_device *d)
{
    struct push_event ev = {.type = PUSH_EV_START, .settle_ms = BOTH_SETTLE_MS, .no_batch = d->disk.no_batch};

    d->requests = d->waits = 0;
    d->quiet_ms = 0;
    d->cancelled = false;
    sync_push_free(d->push);
    if (sync_push_new(&d->push))
        return;
    d->pushing = false;
    load(d);
    d->pushing = true;
    begin_pull(d);
    both_feed(d, ev);
}

static void pull_turn(struct both_device *d)
{
    struct sim_world *p = &d->pull;
    unsigned long stores = p->stores;
    enum both_law law;

    sim_event(p);
    if (p->stores != stores)
        pulled(d);
    if (p->broken) {
        law = strstr(p->broken, "clock")                        ? LAW_I7
              : strstr(p->broken, "mark") || strstr(p->broken, "place") ? LAW_I5
              : strstr(p->broken, "rank")                             ? LAW_I18
              : strstr(p->broken, "origin")                           ? LAW_I15
                                                                      : LAW_I8;
        both_broken(d->w, law, p->broken, 0);
    }
    if (p->done) {
        if (p->fresh)
            both_check(d->w, LAW_I9, p->kept > 0, "rows came, and none was kept", 0);
        sim_end(p);
        pulled(d);
        d->pulling = false;
    }
}

int64_t both_due(const struct both_device *d)
{
    int64_t due = d->pushing ? d->wake_ms : INT64_MAX;

    if (!d->pushing && !d->pulling)
        return d->next_ms;
    if (d->pulling)
        return d->w->server.now_ms;
    for (unsigned i = 0; i < PUSH_LANES; i++)
        if ((d->lane[i].storing || d->lane[i].asking) && d->lane[i].due_ms < due)
            due = d->lane[i].due_ms;
    return due;
}

static void idle(struct both_device *d)
{
    struct both_world *w = d->w;

    if (w->server.now_ms < d->next_ms)
        return;
    both_start(d);
    if (!d->pushing && !d->pulling)
        d->next_ms = w->server.now_ms + 1000 + both_dice(w, 300000);
}

bool both_turn(struct both_device *d)
{
    struct both_world *w = d->w;
    unsigned ready[PUSH_LANES + 2], n = 0, was = d->epoch;

    if (!d->pushing && !d->pulling) {
        if (w->server.now_ms < d->next_ms)
            return false;
        idle(d);
        return true;
    }
    for (unsigned i = 0; i < PUSH_LANES; i++)
        if ((d->lane[i].storing || d->lane[i].asking) && d->lane[i].due_ms <= w->server.now_ms)
            ready[n++] = i;
    if (d->pushing && d->wake_ms <= w->server.now_ms)
        ready[n++] = PUSH_LANES;
    if (d->pulling)
        ready[n++] = PUSH_LANES + 1;
    if (!n)
        return false;
    n = ready[both_dice(w, n)];
    if (n == PUSH_LANES + 1) {
        if (!boundary(d))
            pull_turn(d);
    } else if (n == PUSH_LANES) {
        d->wake_ms = INT64_MAX;
        both_feed(d, (struct push_event){.type = PUSH_EV_WAKE});
    } else if (d->lane[n].storing) {
        stores(d, n);
    } else if (!boundary(d)) {
        both_answer(d, n);
    }
    if (was == d->epoch && !d->pushing && !d->pulling)
        d->next_ms = w->scripted ? INT64_MAX : w->server.now_ms + 1000 + both_dice(w, 300000);
    if (was == d->epoch && d->pushing && !d->cancelled && both_chance(w, BOTH_CANCEL)) {
        d->cancelled = true;
        if (w->plant != LAW_STOPPED)
            both_feed(d, (struct push_event){.type = PUSH_EV_CANCEL});
    }
    return true;
}
