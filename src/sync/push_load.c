/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The outbox, as the engine of sending is given it: who waits for whom.
 */
#include "config.h"

#include "sync/push_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A create that was refused, mended by its user and is sent again takes the place of whatever has its id: an earlier
 * copy that came late, or, where this outbox is a backup's, what its user did since that backup was made, or others.
 * The server is asked first. */
void sync_push_add(struct push_state *s, const struct push_op *op)
{
    struct push_slot *t = vec_push(&s->slots);

    if (!t) {
        sync_push_stop(s, ERR_NOMEM);
        return;
    }
    *t = (struct push_slot){.op = *op, .need = (unsigned)s->need.n};
    t->phase = op->state == STORE_OP_INFLIGHT  ? STRAY
               : op->state == STORE_OP_INDOUBT ? READ
               : op->state == STORE_OP_QUEUED  ? READY
                                               : OVER; /* a person's: what comes behind it waits */
    if (t->phase == READY && op->again && op->kind == STORE_OP_CREATE && !op->base[0])
        t->phase = STRAY; /* it names no version that would keep it from what stands there by now */
    t->doubted = t->phase == READ;
    t->earlier = t->doubted || t->phase == STRAY;
}

void sync_push_add_need(struct push_state *s, struct str type, struct str id)
{
    struct push_need *n = s->slots.n ? vec_push(&s->need) : NULL;

    if (!n) {
        sync_push_stop(s, ERR_NOMEM);
        return;
    }
    *n = (struct push_need){.of = (unsigned)s->slots.n - 1};
    snprintf(n->type, sizeof n->type, "%.*s", STR_ARG(type));
    snprintf(n->id, sizeof n->id, "%.*s", STR_ARG(id));
    push_slot(s, n->of)->needs++;
}

struct maker {
    const struct push_op *op;
    unsigned at;
};

static int by_name(const void *a, const void *b)
{
    const struct push_op *x = ((const struct maker *)a)->op, *y = ((const struct maker *)b)->op;
    int c = strcmp(x->type, y->type);

    return c ? c : strcmp(x->id, y->id);
}

void sync_push_resolve(struct push_state *s)
{
    struct maker *m = s->slots.n ? mem_alloc(s->slots.n * sizeof *m) : NULL;
    struct push_need *need = s->need.p;
    unsigned n = 0;

    if (s->slots.n && !m) {
        sync_push_stop(s, ERR_NOMEM);
        return;
    }
    for (unsigned i = 0; i < s->slots.n; i++)
        if (push_slot(s, i)->op.kind == STORE_OP_CREATE)
            m[n++] = (struct maker){&push_slot(s, i)->op, i};
    if (n)
        qsort(m, n, sizeof *m, by_name);
    for (size_t i = 0; i < s->need.n && n; i++) {
        struct push_op named = {.seq = 0};
        struct maker key = {&named, 0}, *found;

        snprintf(named.type, sizeof named.type, "%s", need[i].type);
        snprintf(named.id, sizeof named.id, "%s", need[i].id);
        found = bsearch(&key, m, n, sizeof *m, by_name);
        if (found && found->at != need[i].of)
            need[i].on = found->at + 1;
    }
    mem_free(m);
}

unsigned sync_push_with_seq(const struct push_state *s, int64_t seq)
{
    unsigned lo = 0, hi = (unsigned)s->slots.n;

    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;

        if (push_slot(s, mid)->op.seq < seq)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < s->slots.n && push_slot(s, lo)->op.seq == seq ? lo + 1 : 0;
}

void sync_push_rename(struct push_state *s, unsigned at, const char *id)
{
    const struct push_op was = push_slot(s, at)->op;

    for (unsigned i = 0; i < s->slots.n; i++) {
        struct push_op *op = &push_slot(s, i)->op;

        if (!strcmp(op->type, was.type) && !strcmp(op->id, was.id))
            snprintf(op->id, sizeof op->id, "%s", id);
    }
}

/* --- for whoever looks -------------------------------------------------------------------------------- */

struct sync_push_counts sync_push_counts(const struct push_state *s)
{
    struct sync_push_counts c = {.all = 0};

    for (unsigned i = 0; i < s->slots.n; i++) {
        if (push_slot(s, i)->gone)
            continue;
        c.all++;
        switch (push_slot(s, i)->op.state) {
        case STORE_OP_ACKED:
            c.acked++;
            break;
        case STORE_OP_CONFLICT:
            c.conflict++;
            break;
        case STORE_OP_ATTENTION:
            c.attention++;
            break;
        case STORE_OP_QUEUED:
            c.held++;
            break;
        default:
            c.doubt++;
        }
    }
    return c;
}

const struct push_op *sync_push_op_at(const struct push_state *s, unsigned at)
{
    return at < s->slots.n ? &push_slot(s, at)->op : NULL;
}
