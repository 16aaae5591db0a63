/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Creates that name each other: none of them can be the first. They go together or not at all.
 */
#include "config.h"

#include "sync/push_priv.h"

#include "base/mem.h"

static bool is_open(const bool *settled, const struct push_need *need)
{
    return need->on && !settled[need->on - 1];
}

static bool all_settled(const struct push_state *s, const struct push_slot *t, const bool *settled)
{
    const struct push_need *need = s->need.p;

    for (unsigned i = 0; i < t->needs; i++)
        if (is_open(settled, &need[t->need + i]))
            return false;
    return true;
}

/* Whatever can go before others, from the front. */
static void settle_front(const struct push_state *s, bool *settled)
{
    for (bool more = true; more;) {
        more = false;
        for (unsigned i = 0; i < s->slots.n; i++)
            if (!settled[i] && all_settled(s, push_slot(s, i), settled))
                settled[i] = more = true;
    }
}

/* And what only waits for others, from behind: what nobody names that is left. */
static void settle_back(const struct push_state *s, bool *settled, bool *named)
{
    const struct push_need *need = s->need.p;

    for (bool more = true; more;) {
        more = false;
        for (unsigned i = 0; i < s->slots.n; i++)
            named[i] = false;
        for (size_t i = 0; i < s->need.n; i++)
            if (!settled[need[i].of] && is_open(settled, &need[i]))
                named[need[i].on - 1] = true;
        for (unsigned i = 0; i < s->slots.n; i++)
            if (!settled[i] && !named[i])
                settled[i] = more = true;
    }
}

/* The first of them, + 1. */
static unsigned leader(const struct push_state *s, unsigned at)
{
    while (push_slot(s, at)->group != at + 1)
        at = push_slot(s, at)->group - 1;
    return at + 1;
}

static void join(const struct push_state *s, const bool *settled)
{
    const struct push_need *need = s->need.p;

    for (unsigned i = 0; i < s->slots.n; i++)
        push_slot(s, i)->group = settled[i] ? 0 : i + 1;
    for (size_t i = 0; i < s->need.n; i++) {
        unsigned a, b;

        if (settled[need[i].of] || !is_open(settled, &need[i]))
            continue;
        a = leader(s, need[i].of);
        b = leader(s, need[i].on - 1);
        push_slot(s, (a > b ? a : b) - 1)->group = a > b ? b : a;
    }
    for (unsigned i = 0; i < s->slots.n; i++)
        if (push_slot(s, i)->group)
            push_slot(s, i)->group = leader(s, i);
}

void sync_push_groups(struct push_state *s)
{
    bool *settled = s->slots.n ? mem_alloc(2 * s->slots.n * sizeof *settled) : NULL;

    if (!s->slots.n)
        return;
    if (!settled) {
        sync_push_stop(s, ERR_NOMEM);
        return;
    }
    for (unsigned i = 0; i < s->slots.n; i++) /* only a create is waited for by name */
        settled[i] = push_slot(s, i)->op.kind != STORE_OP_CREATE;
    settle_front(s, settled);
    settle_back(s, settled, settled + s->slots.n);
    join(s, settled);
    mem_free(settled);
}

/* What it names besides the others is at the server. */
static bool free_outside(const struct push_state *s, const struct push_slot *t)
{
    const struct push_need *need = s->need.p;

    for (unsigned i = 0; i < t->needs; i++) {
        unsigned on = need[t->need + i].on;

        if (on && push_slot(s, on - 1)->group != t->group && push_slot(s, on - 1)->op.state != STORE_OP_ACKED)
            return false;
    }
    return true;
}

int64_t sync_push_group_due(const struct push_state *s, unsigned group)
{
    int64_t due = 0;

    for (unsigned i = group - 1; i < s->slots.n; i++) {
        const struct push_slot *t = push_slot(s, i);

        if (t->group != group || t->op.state == STORE_OP_ACKED)
            continue;
        if (t->phase != READY || t->op.state != STORE_OP_QUEUED || !free_outside(s, t))
            return INT64_MAX;
        due = t->not_before_ms > due ? t->not_before_ms : due;
    }
    return due;
}
