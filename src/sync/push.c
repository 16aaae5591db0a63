/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/push_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

int sync_push_new(struct push_state **out)
{
    struct push_state *s = mem_alloc(sizeof *s);

    if (!(*out = s))
        return ERR_NOMEM;
    vec_init(&s->slots, sizeof(struct push_slot), 1u << 20);
    vec_init(&s->need, sizeof(struct push_need), 1u << 20);
    s->most = PUSH_BATCH_FIRST;
    return ERR_OK;
}

void sync_push_free(struct push_state *s)
{
    if (!s)
        return;
    vec_fini(&s->slots);
    vec_fini(&s->need);
    mem_free(s);
}

#define ENTRY_BYTES 160 /* of an entry around its body, about: a batch of deletions has a size too */

static struct push_action *act(struct push_state *s, enum push_action_type type, unsigned lane)
{
    struct push_action *a;

    if (s->out->n == PUSH_ACTIONS_MAX)
        err_fatal("sync_push_step");
    a = &s->out->a[s->out->n++];
    *a = (struct push_action){.type = type, .lane = lane};
    return a;
}

/* --- what an answer means -------------------------------------------------------------------------- */

enum class {
    CLASS_DOUBT,   /* nobody knows */
    CLASS_DONE,
    CLASS_AGAIN,   /* not carried out; later */
    CLASS_SIGNIN,  /* nothing more in this run */
    CLASS_CLASH,   /* the version is another one, or says so */
    CLASS_GONE,    /* no such resource */
    CLASS_LARGE,
    CLASS_REFUSED, /* a person must look */
};

/* One row a range of HTTP statuses. A status that did not come with FHIR is a proxy's or a portal's, who may have cut
 * off a request that the server is still carrying out. */
static const struct rule {
    int from, to;
    enum class fhir, other;
    const char *why;
} rules[] = {
    {200, 299, CLASS_DONE, CLASS_DOUBT, ""},
    {401, 401, CLASS_SIGNIN, CLASS_SIGNIN, "sign-in"},
    {403, 403, CLASS_REFUSED, CLASS_DOUBT, "forbidden"},
    {404, 404, CLASS_GONE, CLASS_DOUBT, "gone"},
    {405, 405, CLASS_REFUSED, CLASS_DOUBT, "not-supported"},
    {408, 408, CLASS_DOUBT, CLASS_DOUBT, ""},
    {409, 409, CLASS_CLASH, CLASS_DOUBT, "version"},
    {410, 410, CLASS_GONE, CLASS_DOUBT, "gone"},
    {412, 412, CLASS_CLASH, CLASS_DOUBT, "version"},
    {413, 413, CLASS_LARGE, CLASS_LARGE, "too-large"}, /* also a proxy's word: it passes nothing on */
    {429, 429, CLASS_AGAIN, CLASS_AGAIN, ""},
    {501, 501, CLASS_REFUSED, CLASS_DOUBT, "not-supported"},
    {500, 599, CLASS_DOUBT, CLASS_DOUBT, ""},
    {400, 499, CLASS_REFUSED, CLASS_DOUBT, "refused"},
};

static const struct rule *rule_of(int status)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (status >= rules[i].from && status <= rules[i].to)
            return &rules[i];
    return &rules[5]; /* no status that HTTP has: nobody knows */
}

/* --- ends and moves ----------------------------------------------------------------------------- */

void sync_push_stop(struct push_state *s, int code)
{
    if (!s->stopping)
        s->stopping = code;
}

/* Enters a move into the lane's transaction and what follows from it into memory; of to == ACKED why is the version. */
static void move(struct push_state *s, struct push_lane *l, unsigned at, enum store_op_state to, const char *why,
                 int64_t wait_ms)
{
    struct push_slot *t = push_slot(s, at);
    struct push_move *m = &l->move[l->moves++];

    *m = (struct push_move){.at = at, .from = t->op.state, .to = to, .wait_ms = wait_ms};
    snprintf(m->why, sizeof m->why, "%s", why);
}

static int64_t backoff(struct push_state *s, unsigned tries)
{
    const struct rng rng = rng_seeded(&s->seed);

    return sync_pace_backoff(tries < 6 ? tries : 6, s->seed ? &rng : NULL);
}

/* What the server named; 0: nothing. */
static int64_t told_wait(const struct push_event *a)
{
    return a->retry_after_s > 0 ? sync_pace_refused(a->retry_after_s, 0) : 0;
}

/* Of what nobody knows: asked at the server. What does not name the version that it replaces is not sent again before
 * the first sending can no more be under way there. */
static void doubt(struct push_state *s, struct push_lane *l, unsigned at)
{
    struct push_slot *t = push_slot(s, at);
    bool refused = t->phase == STRAY && t->op.state == STORE_OP_QUEUED; /* the last time it was sent */
    int64_t wait = t->clash || t->op.base[0] ? 0 : s->settle_ms;

    if (refused) /* REQ: what the server said then holds for the question, too */
        wait = t->not_before_ms > s->now_ms ? t->not_before_ms - s->now_ms : 0;
    t->phase = t->tries < PUSH_TRIES && !(refused && wait > PUSH_PATIENCE_MS) ? READ : LEFT;
    t->doubted = true;
    t->not_before_ms = s->now_ms + wait;
    t->ask_ms = s->now_ms + (refused ? wait : t->questions ? backoff(s, t->questions) : 0);
    if (t->op.state != STORE_OP_INDOUBT)
        move(s, l, at, STORE_OP_INDOUBT, "", wait);
}

static void over(struct push_state *s, struct push_lane *l, unsigned at, enum store_op_state to, const char *why)
{
    push_slot(s, at)->phase = OVER;
    move(s, l, at, to, why, 0);
}

/* By evidence that it was not carried out: to be sent again, in this run if it need not wait long. */
static void requeue(struct push_state *s, struct push_lane *l, unsigned at, int64_t wait_ms)
{
    struct push_slot *t = push_slot(s, at);

    t->phase = wait_ms > PUSH_PATIENCE_MS || t->tries >= PUSH_TRIES ? LEFT : READY;
    t->not_before_ms = s->now_ms + wait_ms;
    if (t->op.state != STORE_OP_QUEUED)
        move(s, l, at, STORE_OP_QUEUED, "", wait_ms);
}

/* --- the answer to a sending ---------------------------------------------------------------------- */

static void conclude(struct push_state *s, struct push_lane *l, unsigned at, enum class class,
                     const struct push_event *a, const char *why)
{
    struct push_slot *t = push_slot(s, at);

    switch (class) {
    case CLASS_CLASH:
        t->clash = true;
        doubt(s, l, at);
        break;
    case CLASS_DOUBT:
        doubt(s, l, at);
        break;
    case CLASS_DONE:
        over(s, l, at, STORE_OP_ACKED, t->version);
        break;
    case CLASS_AGAIN:
        requeue(s, l, at, told_wait(a) ? told_wait(a) : backoff(s, t->tries));
        break;
    case CLASS_SIGNIN:
        requeue(s, l, at, 0);
        sync_push_stop(s, ERR_AUTH);
        break;
    case CLASS_GONE:
        over(s, l, at,
             t->op.kind == STORE_OP_DELETE   ? STORE_OP_ACKED
             : t->op.kind == STORE_OP_UPDATE ? STORE_OP_CONFLICT
                                             : STORE_OP_ATTENTION,
             t->op.kind == STORE_OP_DELETE ? "" : why);
        break;
    case CLASS_LARGE:
        if (l->n == 1) {
            over(s, l, at, STORE_OP_ATTENTION, why);
        } else if (l->whole.status) { /* it comes in a smaller one: pace() */
            t->tries--;
            requeue(s, l, at, 0);
        } else { /* it alone is too large for a batch */
            t->alone = true;
            requeue(s, l, at, 0);
        }
        break;
    case CLASS_REFUSED:
        over(s, l, at, STORE_OP_ATTENTION, why);
        break;
    }
}

/* A batch that was answered as a whole carries no word on any of its operations: what is said of the sign-in, the load
 * and the size holds for all; of everything else nobody knows, and such a server gets no batch again in this run,
 * unless it, or what stands before it, was only short of time. */
static void batch_refused(struct push_state *s, struct push_lane *l)
{
    const struct rule *r = rule_of(l->whole.status);
    enum class class = l->whole.fhir ? r->fhir : r->other;
    bool plain = class == CLASS_AGAIN || class == CLASS_SIGNIN || class == CLASS_LARGE;
    int st = l->whole.status;

    if (!plain && st != 408 && (st < 502 || st > 504))
        s->no_batch = true;
    for (unsigned i = 0; i < l->n; i++)
        conclude(s, l, l->at[i], plain ? class : CLASS_DOUBT, &l->whole, r->why);
}

/* Of an operation, or of one of its batch: it is not in the outbox as it was loaded. It may have been edited since, and
 * then name what is not at the server, or be a deletion now: that is the next run's. The others of a batch go alone. */
static void changed(struct push_state *s, struct push_lane *l, unsigned at)
{
    struct push_slot *t = push_slot(s, at);

    requeue(s, l, at, 0);
    t->tries--;
    t->phase = l->n > 1 ? READY : LEFT;
    t->alone = true;
}

static void sent(struct push_state *s, struct push_lane *l, int code, bool written)
{
    bool whole = code == ERR_OK, silent = true;

    for (unsigned i = 0; i < l->n; i++)
        silent = silent && !push_slot(s, l->at[i])->answered;
    if (whole && l->n > 1 && l->whole.status) {
        batch_refused(s, l);
        return;
    }
    for (unsigned i = 0; i < l->n; i++) {
        struct push_slot *t = push_slot(s, l->at[i]);
        const struct rule *r = rule_of(t->answer.status);

        if (whole && t->answered)
            conclude(s, l, l->at[i], t->answer.fhir ? r->fhir : r->other, &t->answer, r->why);
        else if (code == ERR_INUSE && !written)
            changed(s, l, l->at[i]);
        else if (silent && !written)
            requeue(s, l, l->at[i], backoff(s, t->tries));
        else
            doubt(s, l, l->at[i]);
    }
}

/* --- the answer to a question ------------------------------------------------------------------------ */

/* Its content is what the server has, or had: it happened. Before it was ever sent: then it says nothing new, which is
 * the server's to find. */
static void happened(struct push_state *s, struct push_lane *l, unsigned at)
{
    struct push_slot *t = push_slot(s, at);

    if (t->doubted) {
        over(s, l, at, STORE_OP_ACKED, t->version);
        return;
    }
    snprintf(t->op.base, sizeof t->op.base, "%s", t->version);
    requeue(s, l, at, 0);
}

/* It has not happened. An answer that refused it by its version, while that is the server's, means something else.
 * While the first sending may still be under way the server is asked once more at the end of that time: what lies
 * between the last answer and the second sending is all that is left to chance. */
static void not_yet(struct push_state *s, struct push_lane *l, unsigned at)
{
    struct push_slot *t = push_slot(s, at);

    t->questions = 0;
    if (t->clash && t->tries > 1) {
        over(s, l, at, STORE_OP_ATTENTION, "version");
    } else if (t->clash || t->op.base[0] || t->not_before_ms <= s->now_ms) {
        requeue(s, l, at, 0);
    } else {
        t->phase = READ;
        t->ask_ms = t->not_before_ms;
    }
}

/* What the server has instead of it. A create too is in conflict then: mended and sent again, it would take the place
 * of what nobody here has seen. */
static void not_ours(struct push_state *s, struct push_lane *l, unsigned at, const char *why)
{
    over(s, l, at, STORE_OP_CONFLICT, why);
}

/* This server has no history for us, or none that is so long ago: a person must say. */
static bool tells_nobody(int status, unsigned questions)
{
    return (status >= 400 && status < 500 && status != 401 && status != 408 && status != 429) || status == 501 ||
           (status == 200 && questions >= PUSH_TRIES);
}

static void unknown(struct push_state *s, struct push_lane *l, unsigned at, const struct push_event *a)
{
    struct push_slot *t = push_slot(s, at);

    if (t->answered && a->status == 401)
        sync_push_stop(s, ERR_AUTH);
    if (l->history && t->answered && a->fhir && tells_nobody(a->status, t->questions)) {
        not_ours(s, l, at, t->deleted ? "gone" : "no-history");
        return;
    }
    t->phase = t->questions < PUSH_TRIES ? (l->history ? HISTORY : READ) : LEFT;
    t->ask_ms = s->now_ms + (told_wait(a) ? told_wait(a) : backoff(s, t->questions));
}

static void told(struct push_state *s, struct push_lane *l, unsigned at, int code)
{
    struct push_slot *t = push_slot(s, at);
    enum push_found found = t->answered && !code ? t->answer.found : PUSH_FOUND_UNKNOWN;

    t->looked = found != PUSH_FOUND_UNKNOWN;
    switch (found) {
    case PUSH_FOUND_UNKNOWN:
        unknown(s, l, at, &t->answer);
        break;
    case PUSH_FOUND_BASE:
        snprintf(t->op.base, sizeof t->op.base, "%s", t->version); /* where it was not known, it is now */
        not_yet(s, l, at);
        break;
    case PUSH_FOUND_NOTHING:
        if (t->op.kind == STORE_OP_CREATE)
            not_yet(s, l, at);
        else if (t->op.kind == STORE_OP_DELETE)
            happened(s, l, at);
        else
            not_ours(s, l, at, "gone");
        break;
    case PUSH_FOUND_GONE:
        if (t->op.kind == STORE_OP_DELETE) {
            happened(s, l, at);
        } else { /* it may have happened before it was deleted */
            t->deleted = true;
            t->phase = HISTORY;
        }
        break;
    case PUSH_FOUND_OURS:
    case PUSH_FOUND_WAS_OURS:
        happened(s, l, at);
        break;
    case PUSH_FOUND_OTHER:
        t->phase = t->doubted && t->op.kind != STORE_OP_DELETE ? HISTORY : OVER;
        if (t->phase == OVER)
            not_ours(s, l, at, "version");
        break;
    case PUSH_FOUND_NEVER:
        not_ours(s, l, at, t->op.kind == STORE_OP_CREATE ? "id-taken" : t->deleted ? "gone" : "version");
        break;
    }
}

/* --- what is next ------------------------------------------------------------------------------------ */

/* The operation before it was acknowledged: what its resource was made from is known only then. */
static bool in_turn(const struct push_state *s, const struct push_slot *t)
{
    return !t->before || push_slot(s, t->before - 1)->op.state == STORE_OP_ACKED;
}

/* And what it names is at the server. */
static bool unblocked(const struct push_state *s, const struct push_slot *t)
{
    const struct push_need *need = s->need.p;

    if (!in_turn(s, t))
        return false;
    for (unsigned i = 0; i < t->needs; i++)
        if (need[t->need + i].on && push_slot(s, need[t->need + i].on - 1)->op.state != STORE_OP_ACKED)
            return false;
    return true;
}

/* Its state in the store is what its phase says: a move may still be on its way there. */
static bool sendable(const struct push_state *s, const struct push_slot *t)
{
    return t->phase == READY && t->op.state == STORE_OP_QUEUED && t->not_before_ms <= s->now_ms && unblocked(s, t);
}

/* To be asked for: of one that waits behind another on its resource the server's answer would mean nothing yet. That it
 * is in doubt stands in the store by then. */
static bool askable(const struct push_state *s, const struct push_slot *t)
{
    bool noted = t->op.state == STORE_OP_INDOUBT || (t->op.state == STORE_OP_QUEUED && !t->doubted);

    return (t->phase == READ || t->phase == HISTORY) && noted && in_turn(s, t);
}

/* An edit whose base has no version here cannot name what it replaces: what the server has is read first. */
static bool base_unknown(const struct push_slot *t)
{
    return t->op.kind != STORE_OP_CREATE && !t->op.base[0] && !t->looked;
}

static void take(struct push_lane *l, struct push_slot *t, unsigned at, enum push_lane_phase phase)
{
    t->phase = LANE;
    t->answered = false;
    t->answer = (struct push_event){.status = 0};
    t->version[0] = '\0';
    l->at[l->n++] = at;
    l->phase = phase;
}

static void ask(struct push_state *s, unsigned lane, unsigned at, bool history)
{
    struct push_lane *l = &s->lane[lane];
    struct push_action *a = act(s, history ? PUSH_ACT_HISTORY : PUSH_ACT_READ, lane);

    push_slot(s, at)->questions++;
    take(l, push_slot(s, at), at, ASKING);
    l->history = history;
    a->at[a->n++] = at;
}

/* The lane's moves as one transaction; none: it is free again. */
static void store(struct push_state *s, unsigned lane, enum push_lane_phase phase)
{
    struct push_lane *l = &s->lane[lane];
    struct push_action *a;

    l->phase = l->moves ? phase : FREE;
    if (!l->moves)
        return;
    a = act(s, PUSH_ACT_STORE, lane);
    a->n = l->moves;
    memcpy(a->move, l->move, l->moves * sizeof *l->move);
}

/* Sendable operations from at on, of one patient and of different resources, for one batch. */
static void gather(struct push_state *s, unsigned lane, unsigned at)
{
    struct push_lane *l = &s->lane[lane];
    const struct push_op *first = &push_slot(s, at)->op;
    bool alone = s->no_batch || !first->chart[0] || push_slot(s, at)->alone;
    size_t bytes = 0;

    for (unsigned i = at; i < s->slots.n && l->n < (alone ? 1u : PUSH_BATCH); i++) {
        struct push_slot *t = push_slot(s, i);

        if (strcmp(t->op.chart, first->chart) || !sendable(s, t) || base_unknown(t) || (l->n && t->alone))
            continue;
        if (l->n && bytes + t->op.bytes + ENTRY_BYTES > s->most)
            break;
        bytes += t->op.bytes + ENTRY_BYTES;
        t->tries++;
        t->clash = false;
        take(l, t, i, MARKING);
        move(s, l, i, STORE_OP_INFLIGHT, t->op.base, 0);
    }
    l->bytes = bytes;
    store(s, lane, MARKING);
}

/* Those that a broken run left in flight. */
static bool strays(struct push_state *s, unsigned lane)
{
    struct push_lane *l = &s->lane[lane];

    for (unsigned i = 0; i < s->slots.n && l->moves < PUSH_BATCH; i++)
        if (push_slot(s, i)->phase == STRAY)
            doubt(s, l, i);
    if (l->moves)
        store(s, lane, SETTLING);
    return l->phase != FREE;
}

/* Gives a free lane its next work. */
static void fill(struct push_state *s, unsigned lane)
{
    if (strays(s, lane) || s->now_ms < s->quiet_ms)
        return;
    for (unsigned i = 0; i < s->slots.n; i++) {
        struct push_slot *t = push_slot(s, i);

        if (askable(s, t) && t->ask_ms <= s->now_ms) {
            ask(s, lane, i, t->phase == HISTORY);
            return;
        }
        if (sendable(s, t)) {
            if (base_unknown(t))
                ask(s, lane, i, false);
            else
                gather(s, lane, i);
            return;
        }
    }
}

/* When something of this run is due, or INT64_MAX. */
static int64_t due_ms(const struct push_state *s)
{
    int64_t due = INT64_MAX;

    for (unsigned i = 0; i < s->slots.n; i++) {
        const struct push_slot *t = push_slot(s, i);
        int64_t at = askable(s, t)                             ? t->ask_ms
                     : t->phase == READY && unblocked(s, t) ? t->not_before_ms
                                                               : INT64_MAX;

        at = at < s->quiet_ms ? s->quiet_ms : at;
        due = at < due ? at : due;
    }
    return due;
}

static void finish(struct push_state *s)
{
    struct sync_push_counts c = sync_push_counts(s);

    s->done = true;
    act(s, PUSH_ACT_DONE, 0)->code = s->stopping ? s->stopping : c.acked < c.all ? ERR_NOTSENT : ERR_OK;
}

static void go_on(struct push_state *s)
{
    bool busy = false;
    int64_t due;

    for (unsigned i = 0; i < PUSH_LANES; i++) {
        if (s->lane[i].phase == FREE && !s->stopping)
            fill(s, i);
        busy = busy || s->lane[i].phase != FREE;
    }
    if (busy)
        return;
    due = s->stopping ? INT64_MAX : due_ms(s);
    if (due == INT64_MAX || due - s->now_ms > PUSH_PATIENCE_MS)
        finish(s);
    else
        act(s, PUSH_ACT_WAIT, 0)->wait_ms = due > s->now_ms ? due - s->now_ms : 0;
}

/* --- events ------------------------------------------------------------------------------------------ */

static void start(struct push_state *s, const struct push_event *ev)
{
    s->settle_ms = ev->settle_ms ? ev->settle_ms : PUSH_SETTLE_MS;
    s->no_batch = ev->no_batch;
    s->seed = ev->seed;
    sync_push_resolve(s);
    for (unsigned i = 0; i < s->slots.n; i++) {
        struct push_slot *t = push_slot(s, i);
        int64_t wait = t->op.wait_ms;

        if (t->phase == READ && wait > s->settle_ms)
            wait = s->settle_ms; /* however the clock was set since */
        t->not_before_ms = s->now_ms + wait;
        t->before = t->op.after ? sync_push_with_seq(s, t->op.after) : 0;
    }
}

/* The transaction that was to mark them found one of them gone: its user took it back, or made it something else. Which
 * one, only a transaction of its own tells. */
static void unmarked(struct push_state *s, struct push_lane *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        struct push_slot *t = push_slot(s, l->at[i]);

        t->gone = l->n == 1;
        t->phase = t->gone ? LEFT : READY;
        t->alone = true;
        t->tries--;
    }
}

/* Marked, and nothing is to leave any more, or not now. */
static void hold(struct push_state *s, unsigned lane)
{
    struct push_lane *l = &s->lane[lane];

    for (unsigned i = 0; i < l->n; i++) {
        push_slot(s, l->at[i])->tries--;
        requeue(s, l, l->at[i], 0);
    }
    l->n = 0;
    store(s, lane, SETTLING);
}

static void send(struct push_state *s, unsigned lane)
{
    struct push_lane *l = &s->lane[lane];
    struct push_action *a = act(s, PUSH_ACT_SEND, lane);

    l->phase = SENDING;
    l->asked_ms = s->now_ms;
    l->whole = (struct push_event){.status = 0};
    a->n = l->n;
    memcpy(a->at, l->at, l->n * sizeof *l->at);
}

/* A version that an operation was given is what the next one of its resource is made from. */
static void pass_on(struct push_state *s, const struct push_lane *l)
{
    for (unsigned i = 0; i < s->slots.n; i++) {
        struct push_slot *t = push_slot(s, i);

        for (unsigned k = 0; k < l->moves && t->before; k++)
            if (l->move[k].to == STORE_OP_ACKED && l->move[k].at == t->before - 1)
                snprintf(t->op.base, sizeof t->op.base, "%s", l->move[k].why);
    }
}

/* What the store now holds. */
static void stored(struct push_state *s, unsigned lane, int code)
{
    struct push_lane *l = &s->lane[lane];
    bool mark = l->phase == MARKING;

    if (mark && code == ERR_NOTFOUND)
        unmarked(s, l);
    else if (code)
        sync_push_stop(s, code);
    for (unsigned i = 0; i < l->moves && !code; i++)
        push_slot(s, l->move[i].at)->op.state = l->move[i].to;
    if (!code && !mark)
        pass_on(s, l);
    l->moves = 0;
    if (mark && !code && (s->stopping || s->now_ms < s->quiet_ms)) {
        hold(s, lane);
        return;
    }
    if (mark && !code) {
        send(s, lane);
        return;
    }
    l->phase = FREE;
    l->n = 0;
}

static void answered(struct push_state *s, const struct push_event *ev)
{
    struct push_lane *l = &s->lane[ev->lane];
    struct push_slot *t;

    if (s->quiet_ms < s->now_ms + told_wait(ev))
        s->quiet_ms = s->now_ms + told_wait(ev); /* it is said to this client, whatever it has asked */
    if (ev->at >= s->slots.n) { /* PUSH_ALL */
        l->whole = *ev;
        l->whole.version = STR("");
        return;
    }
    t = push_slot(s, ev->at);
    t->answered = true;
    t->answer = *ev;
    t->answer.version = STR(""); /* borrowed for the call */
    snprintf(t->version, sizeof t->version, "%.*s", STR_ARG(ev->version));
}

/* The size of a batch follows the line, as much as it takes in some seconds, and what the server takes at all. */
static void pace(struct push_state *s, const struct push_lane *l, bool good)
{
    int64_t took = s->now_ms - l->asked_ms;

    if (l->whole.status == 413)
        s->most = l->bytes / 2;
    else if (good && took <= PUSH_SOON_MS && s->most < PUSH_BATCH_BYTES)
        s->most *= 2;
    else if ((!good || took > 4 * PUSH_SOON_MS) && s->most > 1024)
        s->most /= 2;
}

static void ended(struct push_state *s, const struct push_event *ev)
{
    struct push_lane *l = &s->lane[ev->lane];
    bool silent = ev->code == ERR_OFFLINE || ev->code == ERR_TIMEOUT || ev->code == ERR_TLS;

    s->offline = silent ? s->offline + 1 : 0;
    if (s->offline > 1 || ev->code == ERR_TLS) /* TLS: it will not be trusted the next moment either */
        sync_push_stop(s, ev->code);
    if (l->phase == SENDING) {
        pace(s, l, !ev->code);
        sent(s, l, ev->code, ev->written);
    } else {
        told(s, l, l->at[0], ev->code);
    }
    l->n = 0;
    store(s, ev->lane, SETTLING);
}

void sync_push_step(struct push_state *s, const struct push_event *ev, struct push_actions *out)
{
    out->n = 0;
    s->out = out;
    if (s->done)
        return;
    s->now_ms = ev->now_ms;
    switch (ev->type) {
    case PUSH_EV_OP:
        sync_push_add(s, ev->op);
        return;
    case PUSH_EV_NEEDS:
        sync_push_add_need(s, ev->res_type, ev->id);
        return;
    case PUSH_EV_START:
        start(s, ev);
        break;
    case PUSH_EV_STORED:
        stored(s, ev->lane, ev->code);
        break;
    case PUSH_EV_ANSWER:
        answered(s, ev);
        return;
    case PUSH_EV_END:
        ended(s, ev);
        break;
    case PUSH_EV_WAKE:
        break;
    case PUSH_EV_CANCEL:
        sync_push_stop(s, ERR_CANCELLED);
        break;
    }
    go_on(s);
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
