/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/both.h"

/* What must hold. Names as in the design's table of invariants; those behind them are ours. */
const char *const both_law_names[LAWS] = {
    [LAW_I1] = "I1 nothing lost", [LAW_I2] = "I2 nothing twice", [LAW_I3] = "I3 both sides equal",
    [LAW_I5] = "I5 mark behind rows", [LAW_I7] = "I7 mark by the server's clock", [LAW_I8] = "I8 ends", [LAW_I9] = "I9 a row's way shortens the rest", [LAW_I10] = "I10 poison holds up its own",
    [LAW_I14] = "I14 targets first", [LAW_I15] = "I15 origin and author", [LAW_I18] = "I18 first rank first",
    [LAW_I19] = "I19 as slowly as told", [LAW_I21] = "I21 conflicts are a person's", [LAW_I23] = "I23 same seed, same trace",
    [LAW_MARKED] = "marked before it leaves", [LAW_CAUSE] = "a conflict has a cause", [LAW_STOPPED] = "nothing after a cancel",
    [LAW_BACK] = "taken back is not sent",
};

void both_broken(struct both_world *w, enum both_law law, const char *what, unsigned uid)
{
    const struct both_truth *t = &w->truth[uid];

    if (w->broken)
        return;
    w->law = law;
    w->broken = what;
    snprintf(w->where, sizeof w->where, "operation %u, %s of K%u/%u by device %u, at %lld", uid,
             t->kind == STORE_OP_CREATE ? "create" : t->kind == STORE_OP_UPDATE ? "update" : "delete", t->res, t->id,
             t->device, (long long)w->server.now_ms);
}

void both_check(struct both_world *w, enum both_law law, bool ok, const char *what, unsigned uid)
{
    w->held[law]++;
    if (!ok)
        both_broken(w, law, what, uid);
}

/* Does the server have, or had it, what the operation says? */
static bool happened(const struct both_world *w, const struct both_truth *t)
{
    int at = t->id < w->server.ids[t->res] ? w->server.newest[t->res][t->id] : -1;

    if (t->kind == STORE_OP_DELETE && at < 0)
        return true;
    for (; at >= 0; at = w->server.v[at].before)
        if (t->kind == STORE_OP_DELETE ? w->server.v[at].gone : w->server.v[at].content == t->content)
            return true;
    return false;
}

/* I1: every edit that was acknowledged to its user is in the outbox, or the server has it. */
void both_check_truth(struct both_world *w)
{
    for (unsigned uid = 1; uid <= w->edits && !w->broken; uid++) {
        const struct both_truth *t = &w->truth[uid];
        const struct both_op *op = t->taken_back ? NULL : both_op_of(&w->device[t->device].disk, uid);

        if (t->taken_back)
            continue;
        if (t->conflict)
            both_check(w, LAW_I21, op && op->state == STORE_OP_CONFLICT, "left its conflict by itself", uid);
        if (op && op->state != STORE_OP_ACKED)
            both_check(w, LAW_I1, op->content == t->content, "the outbox says something else", uid);
        else
            both_check(w, LAW_I1, happened(w, t), "neither in the outbox nor at the server", uid);
    }
}

void both_check_send(struct both_device *d, const struct push_action *a)
{
    struct both_world *w = d->w;
    bool sends = a->type == PUSH_ACT_SEND;

    d->requests++;
    w->requests++;
    both_check(w, LAW_STOPPED, !d->cancelled, "a request after a cancel", d->uid[a->at[0]]);
    both_check(w, LAW_I19, w->server.now_ms >= d->quiet_ms, "sooner than the server said", d->uid[a->at[0]]);
    for (unsigned i = 0; i < a->n; i++) {
        unsigned uid = d->uid[a->at[i]];
        const struct both_op *op = both_op_of(&d->disk, uid);
        const struct both_op *before = NULL;

        if (!op)
            continue;
        for (unsigned k = 0; k < d->disk.n; k++)
            if (op->after && d->disk.op[k].seq == op->after)
                before = &d->disk.op[k];
        both_check(w, LAW_I15, w->truth[uid].device == d->no && w->truth[uid].author == op->author, "another's edit", uid);
        if (!sends)
            continue;
        both_check(w, LAW_MARKED, op->state == STORE_OP_INFLIGHT, "sent before it was marked", uid);
        both_check(w, LAW_I14, !before || before->state == STORE_OP_ACKED, "sent before the one before it", uid);
    }
}

/* Has somebody else written this resource, or was it deleted, or may the server not tell? A server that looks at no
 * If-Match lets an edit take the place of what its device has only just pulled, or never saw; no request can prevent
 * that. What is promised there: the next edit is held against what the server has, and the difference, be it with this
 * device's own earlier edit, is a person's to see; so such a write is a cause. */
static bool cause(const struct both_world *w, const struct both_device *d, const struct both_op *op)
{
    int at = w->server.newest[op->res][op->id];

    if (d->disk.restored || w->habit.no_history || w->habit.history < 50)
        return true;
    for (; at >= 0; at = w->server.v[at].before) {
        const struct sim_version *v = &w->server.v[at];

        if (v->by == op->uid && v->content != op->content) /* a late copy of what it said before it was mended */
            return true;
        if (v->gone || (v->by && (w->truth[v->by].doubled || w->truth[v->by].blindly)))
            return true;
        if ((!v->by || w->truth[v->by].device != d->no) && (!op->version || v->version > op->version))
            return true;
    }
    return false;
}

void both_check_conflict(struct both_device *d, const struct both_op *op, enum store_op_state to)
{
    struct both_world *w = d->w;
    const struct both_truth *t = &w->truth[op->uid];

    if (to == STORE_OP_CONFLICT) {
        w->conflicts++;
        both_check(w, LAW_CAUSE, cause(w, d, op), "a conflict with nobody", op->uid);
    } else if (to == STORE_OP_ATTENTION) {
        both_check(w, LAW_CAUSE, t->refused || (w->habit.no_client_ids && op->kind == STORE_OP_CREATE) || cause(w, d, op),
                   "refused, and was not", op->uid);
    } else if (to == STORE_OP_ACKED && !d->disk.restored) {
        both_check(w, LAW_I1, happened(w, t), "acknowledged, and never happened", op->uid);
    }
}

/* I8: a run's requests are bounded by what it had to do. */
void both_check_run(struct both_device *d)
{
    static const int ends[] = {ERR_OK, ERR_NOTSENT, ERR_OFFLINE, ERR_CUT, ERR_TIMEOUT, ERR_AUTH, ERR_CANCELLED, ERR_IO};
    bool may = false;

    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++)
        may = may || d->code == ends[i];
    both_check(d->w, LAW_I10, may, "a run that one operation has ended", 0);
    if (d->w->plant == LAW_I8)
        d->requests *= 1000;
    both_check(d->w, LAW_I8, d->requests <= d->loaded * 24 + 8 && d->waits <= d->loaded * 48 + 16, "too many requests in a run", 0);
}

/* --- when all is calm ----------------------------------------------------------------------------------- */

/* May it still be here? In conflict or refused, or behind such a one. */
static bool excused(struct both_device *d, const struct both_op *op, unsigned depth)
{
    const struct both_content *c = &d->w->content[op->content];

    if (op->state == STORE_OP_CONFLICT || op->state == STORE_OP_ATTENTION || depth > BOTH_OPS)
        return true;
    for (unsigned i = 0; i < d->disk.n; i++) {
        const struct both_op *o = &d->disk.op[i];

        if (o == op || o->state == STORE_OP_ACKED)
            continue;
        if (op->after && o->seq == op->after && excused(d, o, depth + 1))
            return true;
        if (op->content && c->ref_kind >= 0 && o->kind == STORE_OP_CREATE && o->res == (unsigned)c->ref_kind &&
            o->id == c->ref_id && excused(d, o, depth + 1))
            return true;
    }
    return false;
}

/* The row is what the server has, to the version. Of two kinds of servers it knows less: one that makes no version of
 * what is there already leaves it as acknowledged and not received again; and where answers name no version besides,
 * the row may have none: the content is equal, and the next edit asks for the version before it is sent. */
static bool is_servers(const struct both_world *w, const struct both_row *r, const struct sim_version *v)
{
    if (!r->here || r->content != v->content)
        return false;
    if (r->version == v->version)
        return r->op == -1 || w->habit.same_is_nothing;
    return w->habit.same_is_nothing && w->habit.mute && r->op == 0 && r->version == 0;
}

static void check_row(struct both_device *d, unsigned res, unsigned id)
{
    struct both_world *w = d->w;
    const struct both_row *r = &d->disk.row[res][id];
    const struct sim_version *v = sim_newest(&w->server, res, id);
    const struct both_op *op = both_newest(&d->disk, res, id);
    unsigned uid = op ? op->uid : v ? v->by : 0;

    if (w->say)
        BOTH_SAY(w, "K%u/%u: device %u: here %d says %u version %u op %d, server %u version %u", res, id, d->no, r->here, r->content,
                 r->version, (int)r->op, v ? v->content : 0, v ? v->version : 0);
    if (v && !v->gone && !op)
        both_check(w, LAW_I3, is_servers(w, r, v), "the row is not the server's", v->by);
    else if (v && !v->gone)
        both_check(w, LAW_I3, r->here && (r->version == v->version || v->by) && r->op > 0, "what the server has is not beside the edit", uid);
    else if (!v)
        both_check(w, LAW_I3, !r->here || op, "a row that the server never had", uid);
}

void both_check_end(struct both_world *w)
{
    both_check_truth(w);
    for (unsigned i = 0; i < w->devices && !w->broken; i++) {
        struct both_device *d = &w->device[i];

        if (w->plant == LAW_I3)
            d->disk.row[0][0].content++;
        for (unsigned k = 0; k < d->disk.n; k++)
            if (d->disk.op[k].state != STORE_OP_ACKED)
                both_check(w, LAW_I10, excused(d, &d->disk.op[k], 0), "held up by nothing", d->disk.op[k].uid);
        for (unsigned res = 0; res < SIM_KINDS; res++)
            for (unsigned id = 0; id < w->server.ids[res] && id < BOTH_IDS; id++)
                check_row(d, res, id);
    }
}
