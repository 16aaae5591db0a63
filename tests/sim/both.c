/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "base/rng.h"
#include "tests/sim/both.h"

const char *const both_fault_names[BOTH_FAULTS] = {
    "never", "lost", "unanswered", "late", "doubled", "portal", "gateway", "busy", "throttled", "signin", "large", "partly",
    "crash", "disk", "cancel", "backup", "rival", "deleted", "poison", "undo", "squash", "mend", "again", "pull",
};

unsigned both_dice(struct both_world *w, unsigned n)
{
    return w->scripted ? 0 : (unsigned)(rng_splitmix(&w->seed) % n);
}

bool both_chance(struct both_world *w, enum both_fault f)
{
    if (w->scripted || both_dice(w, 1000) >= w->rate[f] || w->off[f] || w->calm)
        return false;
    w->seen[f]++;
    return true;
}

/* --- what a seed is --------------------------------------------------------------------------------------- */

static void habits(struct both_world *w)
{
    w->server.habit.lacks = -1;
    w->server.habit.stored_pages = both_dice(w, 2);
    w->server.habit.cap = both_dice(w, 4) ? 0 : 2 + both_dice(w, 30);
    w->server.habit.no_batch = w->habit.no_batch = !both_dice(w, 6);
    w->habit.stale = both_dice(w, 2) ? 409 : 412;
    w->habit.blind = !both_dice(w, 25);
    w->habit.no_history = !both_dice(w, 12);
    w->habit.no_client_ids = !both_dice(w, 20);
    w->habit.mute = !both_dice(w, 8);
    w->habit.same_is_nothing = both_dice(w, 2);
    w->habit.history = both_dice(w, 10) ? 1000 : 2;
}

static void rates(struct both_world *w)
{
    static const unsigned most[BOTH_FAULTS] = {
        [BOTH_NEVER] = 80, [BOTH_LOST] = 80, [BOTH_UNANSWERED] = 120, [BOTH_LATE] = 80, [BOTH_DOUBLED] = 80,
        [BOTH_PORTAL] = 40, [BOTH_GATEWAY] = 40, [BOTH_BUSY] = 40, [BOTH_THROTTLED] = 40, [BOTH_SIGNIN] = 20,
        [BOTH_LARGE] = 40, [BOTH_PARTLY] = 80, [BOTH_CRASH] = 12, [BOTH_DISK] = 10, [BOTH_CANCEL] = 5,
        [BOTH_BACKUP] = 30, [BOTH_RIVAL] = 150, [BOTH_DELETED] = 40, [BOTH_POISON] = 60, [BOTH_UNDO] = 80,
        [BOTH_AGAIN] = 100, [BOTH_PULL] = 400,
    };

    for (unsigned i = 0; i < BOTH_FAULTS; i++)
        w->rate[i] = both_dice(w, 3) ? both_dice(w, most[i] + 1) : 0;
}

static unsigned say(struct both_world *w, int ref_kind, unsigned ref_id, bool poison)
{
    if (w->contents + 1 >= BOTH_CONTENTS)
        return 0;
    w->content[++w->contents] = (struct both_content){ref_kind, ref_id, poison};
    return w->contents;
}

/* All but what the pulls' lanes have allocated, which is most of the world. */
static void clear(struct both_world *w)
{
    char *behind = (char *)(w->device + BOTH_DEVICES);

    memset(w, 0, offsetof(struct both_world, device));
    memset(behind, 0, sizeof *w - (size_t)(behind - (char *)w));
    for (unsigned i = 0; i < BOTH_DEVICES; i++) {
        struct both_device *d = &w->device[i];
        char *last = (char *)&d->pull.commit, *first = (char *)&d->pull.lane;

        memset(d, 0, (size_t)(first - (char *)d));
        memset(last, 0, sizeof *d - (size_t)(last - (char *)d));
    }
}

void both_init(struct both_world *w, const struct both_setting *s)
{
    clear(w);
    w->scripted = s->scripted;
    w->kill_at = s->kill_at;
    w->fate_at = s->fate_at;
    w->fate = s->fate;
    w->seed = s->seed;
    memcpy(w->off, s->off, sizeof w->off);
    w->plant = s->plant;
    w->plant_disk = s->plant_disk;
    w->say = s->say;
    w->server.now_ms = 1700000000000;
    w->devices = w->scripted ? 2 : 1 + both_dice(w, BOTH_DEVICES);
    habits(w);
    if (w->scripted) {
        w->habit = (struct both_habit){.stale = 412, .history = 1000};
        w->server.habit = (struct sim_habit){.lacks = -1};
    }
    rates(w);
    if (s->store) { /* what only a disk can show */
        w->rate[BOTH_CRASH] *= 2;
        w->rate[BOTH_BACKUP] *= 4;
    }
    for (unsigned i = 0; i < BOTH_DEVICES; i++) {
        struct both_device *d = &w->device[i];

        d->no = i;
        d->w = w;
        d->author = 1 + both_dice(w, 2);
        d->wake_ms = INT64_MAX;
        d->next_ms = w->server.now_ms + both_dice(w, 10000);
        d->pull.server = &w->server;
        d->pull.known = both_known;
        d->pull.put = both_pulled;
        d->pull.stored = both_stored;
        d->pull.arg = d;
        for (unsigned k = 0; k < PUSH_LANES; k++)
            d->lane[k].flight = -1;
    }
    if ((w->device[0].store = s->store))
        s->store->give(&w->device[0]);
    for (unsigned i = 2 + both_dice(w, 6); i; i--) {
        struct sim_version *v;
        unsigned res = both_dice(w, 2) ? 0 : 5;

        v = sim_next(&w->server, res, sim_reserve(&w->server, res));
        v->content = say(w, -1, 0, false);
        w->server.now_ms += both_dice(w, 2000);
    }
}

void both_fini(struct both_world *w)
{
    for (unsigned i = 0; i < BOTH_DEVICES; i++) {
        sync_push_free(w->device[i].push);
        if (w->device[i].pulling)
            sim_end(&w->device[i].pull);
        if (w->device[i].store)
            w->device[i].store->take(&w->device[i]);
        w->device[i].store = NULL;
        w->device[i].push = NULL;
        w->device[i].pulling = false;
    }
}

/* --- users ------------------------------------------------------------------------------------------------ */

/* A row of this device's; false: none. */
static bool any_row(struct both_device *d, unsigned *res, unsigned *id)
{
    for (unsigned tries = 0; tries < 20; tries++) {
        *res = both_dice(d->w, 2) ? 0 : 5;
        *id = d->w->server.ids[*res] ? both_dice(d->w, d->w->server.ids[*res]) : 0;
        if (*id < BOTH_IDS && d->disk.row[*res][*id].here)
            return true;
    }
    return false;
}

static unsigned wording(struct both_device *d)
{
    struct both_world *w = d->w;
    unsigned res = 0, id = 0;
    bool names = both_dice(w, 3) == 0 && any_row(d, &res, &id);

    return say(w, names ? (int)res : -1, id, both_chance(w, BOTH_POISON));
}

static void user(struct both_device *d)
{
    struct both_world *w = d->w;
    unsigned what = both_dice(w, 10), res, id;

    if (what < 3 || !any_row(d, &res, &id)) {
        res = both_dice(w, 2) ? 0 : 5;
        if (w->server.ids[res] < BOTH_IDS)
            both_edit(d, STORE_OP_CREATE, res, sim_reserve(&w->server, res), wording(d));
    } else if (both_chance(w, BOTH_UNDO)) {
        struct both_op *op = both_newest(&d->disk, res, id);

        if (op)
            both_undo(d, op->uid);
    } else if (what == 9) {
        both_edit(d, STORE_OP_DELETE, res, id, 0);
    } else if (both_chance(w, BOTH_AGAIN)) {
        int at = w->server.newest[res][id]; /* an old wording of this resource */

        for (unsigned back = both_dice(w, 4); at >= 0 && back && w->server.v[at].before >= 0; back--)
            at = w->server.v[at].before;
        if (at >= 0 && w->server.v[at].content && w->server.v[at].content < SIM_RIVAL &&
            w->server.v[at].content != d->disk.row[res][id].content)
            both_edit(d, STORE_OP_UPDATE, res, id, w->server.v[at].content);
    } else {
        unsigned content = wording(d);

        if (content)
            both_edit(d, STORE_OP_UPDATE, res, id, content);
    }
    if (!both_dice(w, 4))
        d->next_ms = w->server.now_ms; /* and says sync */
}

static void rival(struct both_world *w)
{
    unsigned res = both_dice(w, 2) ? 0 : 5, id;
    const struct sim_version *now;
    struct sim_version *v;
    unsigned content;

    if (!w->server.ids[res] || w->server.n + 10 >= SIM_VERSIONS)
        return;
    id = both_dice(w, w->server.ids[res]);
    if (!(now = sim_newest(&w->server, res, id)) || now->gone || !(content = say(w, -1, 0, false)))
        return;
    BOTH_SAY(w, "rival writes K%u/%u", res, id);
    if (both_chance(w, BOTH_DELETED)) {
        v = sim_next(&w->server, res, id);
        v->gone = true;
    } else {
        v = sim_next(&w->server, res, id);
        v->content = content;
        if (!both_dice(w, 4))
            v->visible_ms += both_dice(w, 200000);
    }
}

/* Its disk is what it was when the copy was made; what it did since is the old one's. */
static void restore(struct both_device *d)
{
    struct both_world *w = d->w;

    BOTH_SAY(w, "device %u restored", d->no);
    both_kill(d);
    if (d->store) {
        d->store->restore(d);
    } else {
        d->disk = d->backup;
        both_doubt_all(&d->disk);
    }
    d->disk.restored = true;
    for (unsigned uid = 1; uid <= w->edits; uid++) {
        struct both_op *op = both_op_of(&d->disk, uid);
        struct both_truth *t = &w->truth[uid];

        if (t->device == d->no)
            t->conflict = op && op->state == STORE_OP_CONFLICT;

        if (t->device != d->no)
            continue;
        t->taken_back = !op;
        if (op && op->state != STORE_OP_ACKED) {
            t->content = op->content;
            t->kind = op->kind;
            t->author = op->author;
        }
    }
}

static void act(struct both_world *w)
{
    struct both_device *d = &w->device[both_dice(w, w->devices)];

    if (both_chance(w, BOTH_RIVAL))
        rival(w);
    if (both_chance(w, BOTH_BACKUP)) {
        if (d->has_backup)
            restore(d);
        else if (d->store)
            d->store->backup(d);
        else
            d->backup = d->disk;
        d->has_backup = !d->has_backup;
    }
    user(d);
}

/* --- time ---------------------------------------------------------------------------------------------------- */

static int64_t earliest(struct both_world *w)
{
    int64_t due = both_line(w);

    for (unsigned i = 0; i < w->devices; i++) {
        int64_t d = both_due(&w->device[i]);

        due = d < due ? d : due;
    }
    return due;
}

static bool anything(struct both_world *w)
{
    unsigned first = both_dice(w, w->devices);

    both_line(w);
    for (unsigned i = 0; i < w->devices && !w->broken; i++)
        if (both_turn(&w->device[(first + i) % w->devices]))
            return true;
    return false;
}

void both_run(struct both_world *w, int64_t ms)
{
    int64_t end = w->server.now_ms + ms, due;

    for (unsigned step = 0; w->server.now_ms < end && !w->broken; step++) {
        if (anything(w)) {
            w->server.now_ms += both_dice(w, 30);
        } else {
            due = earliest(w);
            w->server.now_ms = due < end ? due > w->server.now_ms ? due : w->server.now_ms : end;
        }
        if (step > 60000)
            both_broken(w, LAW_I8, "does not end", 0);
    }
}

/* Clean syncs until nothing is under way and a whole pull has come behind the last sending. */
static void calm(struct both_world *w)
{
    w->calm = true;
    both_run(w, 12000000); /* whatever the line still holds is delivered */
    for (unsigned round = 0; round < 4 && !w->broken; round++) {
        for (unsigned i = 0; i < w->devices; i++)
            w->device[i].next_ms = w->server.now_ms;
        both_run(w, 400000);
    }
}

const char *both_history(struct both_world *w, const struct both_setting *s)
{
    static unsigned planted; /* what no seed says */
    unsigned acts;

    both_init(w, s);
    both_run(w, 30000);
    acts = 5 + both_dice(w, 25);
    acts = acts < s->acts ? acts : s->acts;
    if (w->plant == LAW_I23)
        w->trace = ++planted;
    for (unsigned i = 0; i < acts && !w->broken; i++) {
        act(w);
        both_check_truth(w);
        both_run(w, both_dice(w, 3) ? both_dice(w, 3000) : both_dice(w, 200000));
    }
    if (!w->broken)
        calm(w);
    if (!w->broken)
        both_check_end(w);
    both_fini(w);
    return w->broken;
}
