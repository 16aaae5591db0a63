/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The day's bytes are used: what a chart must not be without still comes, the rest is left where it is. What was whole
 * of a page under way is kept, no mark moves, and the next sync that may goes on from there.
 */
#include "config.h"

#include "base/err.h"
#include "sync/priv.h"

static bool left(const struct sync_state *s, const struct pull *p)
{
    return s->frugal && p->kind->priority != KIND_P0;
}

int sync_ends(const struct sync_state *s, const struct pull *p)
{
    return s->stopping ? s->stopping : left(s, p) ? ERR_BUDGET : ERR_OK;
}

static void leave_lane(struct sync_state *s, unsigned lane)
{
    struct sync_action *a;

    if (s->lane[lane].left || !(a = sync_act(s, SYNC_ACT_STOP)))
        return;
    a->lane = lane;
    s->lane[lane].left = true;
}

bool sync_frugal_part(struct sync_state *s, unsigned lane, int outer)
{
    if (!left(s, s->lane[lane].of[outer]))
        return false;
    leave_lane(s, lane);
    return true;
}

void sync_frugal(struct sync_state *s)
{
    s->frugal = true;
    for (unsigned i = 0; i < s->n; i++)
        if (s->pull[i]->phase == PULL_QUEUED && left(s, s->pull[i])) {
            s->pull[i]->phase = PULL_OVER;
            s->pull[i]->code = ERR_BUDGET;
        }
    for (unsigned i = 0; i < SYNC_SLOTS; i++) {
        const struct lane *l = &s->lane[i];

        if (l->busy && l->n && !l->batch && left(s, l->of[0]))
            leave_lane(s, i);
        else if (l->busy && l->batch && l->last >= 0) /* entries before it are whole */
            sync_frugal_part(s, i, l->last);
    }
}
