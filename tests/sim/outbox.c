/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "tests/sim/both.h"

/* What src/store/edit.c and op.c do, on numbers. Each function is one transaction. */

struct both_op *both_op_of(struct both_disk *d, unsigned uid)
{
    for (unsigned i = 0; i < d->n; i++)
        if (d->op[i].uid == uid)
            return &d->op[i];
    return NULL;
}


static struct both_op *of_row(struct both_disk *d, unsigned res, unsigned id, bool newest)
{
    struct both_op *found = NULL;

    for (unsigned i = 0; i < d->n; i++)
        if (d->op[i].res == res && d->op[i].id == id && d->op[i].state != STORE_OP_ACKED && (newest || !found))
            found = &d->op[i];
    return found;
}

struct both_op *both_newest(struct both_disk *d, unsigned res, unsigned id)
{
    return of_row(d, res, id, true);
}

static void drop_op(struct both_disk *d, struct both_op *op)
{
    size_t behind = (size_t)(d->op + d->n - (op + 1));

    memmove(op, op + 1, behind * sizeof *op);
    d->n--;
}

/* Room for one more: the oldest acknowledged one whose row has nothing left goes. */
static bool room(struct both_disk *d)
{
    for (unsigned i = 0; i < d->n && d->n == BOTH_OPS; i++)
        if (d->op[i].state == STORE_OP_ACKED && !of_row(d, d->op[i].res, d->op[i].id, true))
            drop_op(d, &d->op[i]);
    return d->n < BOTH_OPS;
}

/* op_undo of src/store/op.c. */
static void undo(struct both_disk *d, struct both_op *op)
{
    struct both_row *r = &d->row[op->res][op->id];
    struct both_op was = *op, *before;
    bool theirs = !was.after && r->theirs;

    drop_op(d, op);
    before = of_row(d, was.res, was.id, true);
    if (theirs) {
        r->content = r->theirs_content;
        r->version = r->shown = r->theirs_version;
    } else if (was.kind != STORE_OP_CREATE) {
        r->content = was.base;
        r->shown = was.base_version;
    } else {
        r->here = false;
    }
    if (!before)
        r->theirs = false;
    r->op = before ? before->seq : -1;
    if (!r->here)
        r->version = r->shown = 0;
}

/* Joins() of src/store/edit.c. */
static bool joins(const struct both_device *d, const struct both_op *n)
{
    if (!n || n->state == STORE_OP_INFLIGHT || n->state == STORE_OP_INDOUBT)
        return false;
    return n->state != STORE_OP_QUEUED || (n->tries == 0 && n->author == d->author);
}

static unsigned join(struct both_device *d, struct both_op *n, enum store_op_kind kind, unsigned content)
{
    struct both_truth *t = &d->w->truth[n->uid];

    if (n->kind == STORE_OP_CREATE && kind == STORE_OP_DELETE) { /* nobody but this device ever knew of it */
        t->taken_back = t->undone = true;
        undo(&d->disk, n);
        return 0;
    }
    BOTH_SAY(d->w, "device %u: op %u state %d joined: kind %d says %u", d->no, n->uid, n->state, kind, content);
    d->w->seen[n->state == STORE_OP_QUEUED ? BOTH_SQUASH : BOTH_MEND]++;
    n->kind = n->kind == STORE_OP_CREATE ? STORE_OP_CREATE : kind;
    n->content = content;
    n->author = d->author;
    n->state = n->state == STORE_OP_ATTENTION ? STORE_OP_QUEUED : n->state;
    n->next_at_ms = 0;
    t->content = content;
    t->kind = n->kind;
    t->author = d->author;
    return n->uid;
}

unsigned both_edit(struct both_device *d, enum store_op_kind kind, unsigned res, unsigned id, unsigned content)
{
    struct both_disk *disk = &d->disk;
    struct both_row *r = &disk->row[res][id];
    struct both_op *n = r->here && r->op > 0 ? both_newest(disk, res, id) : NULL, *op;
    unsigned uid;

    if (d->store)
        return d->store->edit(d, kind, res, id, content);
    if ((kind == STORE_OP_CREATE) == r->here || d->w->edits == BOTH_EDITS)
        return 0;
    if (n && n->kind == STORE_OP_DELETE && kind == STORE_OP_DELETE)
        return 0;
    if (joins(d, n)) {
        if ((uid = join(d, n, kind, content)) && kind != STORE_OP_DELETE)
            r->content = content;
        return uid;
    }
    if (!room(disk))
        return 0;
    n = n ? both_newest(disk, res, id) : NULL; /* room() moves them */
    op = &disk->op[disk->n++];
    *op = (struct both_op){.seq = ++disk->seq, .after = n ? n->seq : 0, .uid = ++d->w->edits, .res = res, .id = id,
                           .kind = kind, .content = content, .author = d->author,
                           .version = n || kind == STORE_OP_CREATE ? 0 : r->version,
                           .base = kind == STORE_OP_CREATE ? 0 : r->content,
                           .base_version = n || kind == STORE_OP_CREATE ? 0 : r->shown};
    d->w->truth[op->uid] = (struct both_truth){.device = d->no, .res = res, .id = id, .content = content, .kind = kind,
                                               .author = d->author};
    BOTH_SAY(d->w, "device %u: op %u (seq %d after %d) kind %d of K%u/%u says %u from %u (version %u)", d->no, op->uid, (int)op->seq,
             (int)op->after, kind, res, id, content, op->base, op->version);
    r->here = true;
    r->op = op->seq;
    if (kind != STORE_OP_DELETE)
        r->content = content;
    if (d->w->plant == LAW_I1 && op->uid == 2) {
        disk->n--;
        r->op = -1;
        return 2;
    }
    return op->uid;
}

bool both_undo(struct both_device *d, unsigned uid)
{
    struct both_op *op = both_op_of(&d->disk, uid);

    if (!op || op->state == STORE_OP_ACKED || (op->state == STORE_OP_QUEUED && op->tries) || op->state == STORE_OP_INFLIGHT || op->state == STORE_OP_INDOUBT ||
        both_newest(&d->disk, op->res, op->id) != op)
        return false;
    if (d->store)
        return d->store->undo(d, uid);
    d->w->truth[uid].taken_back = d->w->truth[uid].undone = true;
    if (d->w->plant == LAW_BACK)
        return true;
    undo(&d->disk, op);
    return true;
}

/* acknowledged() and settle() of src/store/op.c. */
static void acknowledged(struct both_disk *d, struct both_op *op, unsigned version)
{
    struct both_row *r = &d->row[op->res][op->id];
    struct both_op *newest;

    for (unsigned i = 0; i < d->n; i++)
        if (d->op[i].after == op->seq)
            d->op[i].version = version;
    if (r->theirs && op->version && op->version != version && r->theirs_version == op->version) /* pulled before it was sent */
        r->theirs = false;
    if ((newest = both_newest(d, op->res, op->id))) {
        r->op = newest->seq;
        r->version = r->theirs || !version ? r->version : version;
    } else if (r->theirs) {
        r->content = r->theirs_content;
        r->version = r->shown = r->theirs_version;
        r->theirs = false;
        r->op = -1;
    } else if (op->kind == STORE_OP_DELETE) {
        *r = (struct both_row){.here = false};
    } else {
        r->op = 0;
        r->version = r->shown = version;
    }
}

int both_move(struct both_device *d, unsigned uid, enum store_op_state from, enum store_op_state to, unsigned version)
{
    struct both_op *op = both_op_of(&d->disk, uid);

    if (!op || op->state != from)
        return ERR_NOTFOUND;
    BOTH_SAY(d->w, "device %u: op %u from %d to %d version %u", d->no, uid, from, to, version);
    if (to == STORE_OP_INFLIGHT && version)
        op->version = version; /* what its sending names */
    op->state = to;
    op->tries += to == STORE_OP_INFLIGHT;
    op->tries -= from == STORE_OP_INFLIGHT && to == STORE_OP_QUEUED; /* it is certain that it was not */
    if (to == STORE_OP_ACKED) {
        acknowledged(&d->disk, op, version);
        if (version > d->disk.have[op->res][op->id]) /* what the pull's marks count as here */
            d->disk.have[op->res][op->id] = d->pull.have[op->res][op->id] = version;
    }
    return ERR_OK;
}

void both_doubt_all(struct both_disk *d)
{
    for (unsigned i = 0; i < d->n; i++)
        if (d->op[i].state == STORE_OP_QUEUED || d->op[i].state == STORE_OP_INFLIGHT)
            d->op[i].state = STORE_OP_INDOUBT;
}

/* --- what a pull brings ------------------------------------------------------------------------------ */

/* A page that was asked for before an edit was acknowledged may still say what that edit replaced: once. */
static bool replaced(struct both_disk *d, const struct sim_version *v)
{
    for (unsigned i = 0; i < d->n; i++)
        if (d->op[i].res == v->kind && d->op[i].id == v->id && d->op[i].state == STORE_OP_ACKED &&
            d->op[i].version == v->version) {
            d->op[i].version = 0;
            return true;
        }
    return false;
}

/* store_put: beside an edit, else in its place. */
void both_pulled(void *device, const struct sim_version *v)
{
    struct both_device *d = device;
    struct both_row *r = v->id < BOTH_IDS ? &d->disk.row[v->kind][v->id] : NULL;
    const struct both_op *oldest;

    if (d->store && r) {
        d->store->put(d, v);
        return;
    }
    if (d->w->say && r)
        BOTH_SAY(d->w, "device %u: pulled K%u/%u version %u says %u over op %d version %u", d->no, v->kind, v->id, v->version, v->content, (int)r->op, r->version);
    if (!r || (r->here && r->op >= 0 && v->version != r->version && replaced(&d->disk, v)))
        return;
    if (r->here && r->op > 0) {
        oldest = of_row(&d->disk, v->kind, v->id, false);
        r->theirs = !(oldest->base == v->content && oldest->base_version == v->version);
        r->theirs_content = v->content;
        r->theirs_version = v->version;
        r->version = v->version;
        return;
    }
    *r = (struct both_row){.here = true, .content = v->content, .version = v->version, .shown = v->version, .op = -1};
}

bool both_known(void *device, const struct sim_version *v)
{
    const struct both_device *d = device;
    const struct both_row *r = v->id < BOTH_IDS ? &d->disk.row[v->kind][v->id] : NULL;

    if (d->store && r)
        return d->store->known(d, v);
    return r ? r->here && r->op != 0 && r->version == v->version : d->disk.have[v->kind][v->id] == v->version;
}

void both_stored(void *device, const struct store_mark *m)
{
    struct both_device *d = device;

    if (d->store)
        d->store->mark(d, m);
}
