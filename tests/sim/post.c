/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/sim/both.h"

/* --- carried out -------------------------------------------------------------------------------------- */

static bool at_server(const struct both_world *w, unsigned res, unsigned id)
{
    return sim_newest(&w->server, res, id) != NULL;
}

/* Its create was, and what named it does so in vain. */
static bool taken_back(const struct both_world *w, unsigned res, unsigned id)
{
    for (unsigned uid = 1; uid <= w->edits; uid++)
        if (w->truth[uid].res == res && w->truth[uid].id == id && w->truth[uid].taken_back)
            return true;
    return false;
}

static int make(struct both_world *w, struct both_flight *f, unsigned i, bool gone, unsigned *version)
{
    struct sim_version *v = sim_next(&w->server, f->res[i], f->id[i]);
    struct both_truth *t = &w->truth[f->uid[i]];

    if (f->if_match[i] && v->version != f->if_match[i] + 1) {
        t->blindly = true;
        w->lost++;
    }
    v->content = f->content[i];
    v->by = f->uid[i];
    v->gone = gone;
    *version = v->version;
    both_check(w, LAW_BACK, !t->undone || w->device[t->device].disk.restored, "it was taken back", f->uid[i]);
    t->doubled = t->doubled || f->made[i];
    t->made += !f->made[i]; /* a create that a proxy doubles says the same twice: nobody here can help that */
    f->made[i] = true;
    if (!w->habit.blind)
        both_check(w, LAW_I2, t->made <= 1, "carried out twice", f->uid[i]);
    return v->version == 1 ? 201 : gone ? 204 : 200;
}

/* One write, as a FHIR server does it. */
static int carry_out(struct both_world *w, struct both_flight *f, unsigned i, unsigned *version)
{
    const struct sim_version *now = sim_newest(&w->server, f->res[i], f->id[i]);
    const struct both_content *c = &w->content[f->content[i]];

    *version = 0;
    if (w->server.n >= SIM_VERSIONS)
        return 500;
    if (!f->removes[i] && (!f->content[i] || c->poison)) { /* no body, or one that it does not take */
        w->truth[f->uid[i]].refused = f->content[i] != 0;
        return f->content[i] ? 422 : 400;
    }
    if (!f->removes[i] && c->ref_kind >= 0 && !((unsigned)c->ref_kind == f->res[i] && c->ref_id == f->id[i]))
        both_check(w, LAW_I14, at_server(w, (unsigned)c->ref_kind, c->ref_id) || taken_back(w, (unsigned)c->ref_kind, c->ref_id), "names what is not there", f->uid[i]);
    if (f->if_match[i] && !w->habit.blind && (!now || now->version != f->if_match[i]))
        return !now ? 404 : w->habit.stale;
    if (f->removes[i])
        return !now ? 404 : now->gone ? 410 : make(w, f, i, true, version);
    if (!now && w->habit.no_client_ids && !f->post[i])
        return 404;
    if (f->post[i] && w->truth[f->uid[i]].posted && !now->gone) { /* If-None-Exist */
        *version = now->version;
        return 200;
    }
    if (f->post[i] && w->truth[f->uid[i]].posted) /* it was deleted: neither a search nor a condition shows it */
        w->truth[f->uid[i]].made--;
    w->truth[f->uid[i]].posted = f->post[i];
    if (now && !now->gone && now->content == f->content[i] && w->habit.same_is_nothing) {
        *version = now->version;
        return 200;
    }
    return make(w, f, i, false, version);
}

static void arrives(struct both_world *w, struct both_flight *f, unsigned copy)
{
    f->at_ms[copy] = 0;
    f->answered = f->answered || copy == f->answer_of;
    if (f->doing != PUSH_ACT_SEND) {
        const struct sim_version *v = sim_newest(&w->server, f->res[0], f->id[0]);

        f->version[0] = v ? v->version : 0;
        return;
    }
    if (f->n > 1 && w->habit.no_batch) {
        f->whole = 400;
        return;
    }
    for (unsigned i = 0; i < f->n; i++) {
        unsigned version;
        int status = carry_out(w, f, i, &version);

        if (w->plant == LAW_I2 && status < 300 && f->uid[i] == 2 && !f->removes[i]) {
            f->made[i] = false;
            make(w, f, i, false, &version);
        }
        BOTH_SAY(w, "server: op %u K%u/%u content %u%s if-match %u: %d version %u", f->uid[i], f->res[i], f->id[i], f->content[i],
                 f->removes[i] ? " removed" : "", f->if_match[i], status, version);

        if (copy != f->answer_of)
            continue;
        f->status[i] = status;
        f->version[i] = version;
    }
}

int64_t both_line(struct both_world *w)
{
    for (;;) {
        struct both_flight *first = NULL;
        unsigned copy = 0;

        for (unsigned i = 0; i < BOTH_FLIGHTS; i++)
            for (unsigned k = 0; k < 2 && w->flight[i].live; k++)
                if (w->flight[i].at_ms[k] && (!first || w->flight[i].at_ms[k] < first->at_ms[copy])) {
                    first = &w->flight[i];
                    copy = k;
                }
        if (!first || first->at_ms[copy] > w->server.now_ms)
            return first ? first->at_ms[copy] : INT64_MAX;
        arrives(w, first, copy);
        first->live = first->wanted || first->at_ms[0] || first->at_ms[1];
    }
}

/* --- handed to the line ---------------------------------------------------------------------------------- */

static struct both_flight *flight(struct both_device *d, const struct push_action *a, int *at)
{
    struct both_world *w = d->w;

    for (int i = 0; i < BOTH_FLIGHTS; i++)
        if (!w->flight[i].live) {
            *at = i;
            w->flight[i] = (struct both_flight){.live = true, .wanted = true, .device = d->no, .n = a->n,
                                                .doing = a->type};
            return &w->flight[i];
        }
    both_broken(w, LAW_I8, "too many requests under way", 0);
    *at = 0;
    return &w->flight[0];
}

/* What happens to the next request: the first fault that its dice want. */
static int fate_of(struct both_world *w, bool sends, unsigned n)
{
    static const enum both_fault writes[] = {BOTH_NEVER, BOTH_LOST, BOTH_UNANSWERED, BOTH_LATE, BOTH_DOUBLED, BOTH_PORTAL,
                                             BOTH_GATEWAY, BOTH_BUSY, BOTH_THROTTLED, BOTH_SIGNIN, BOTH_LARGE, BOTH_PARTLY};
    static const enum both_fault reads[] = {BOTH_NEVER, BOTH_LOST, BOTH_PORTAL, BOTH_GATEWAY, BOTH_BUSY, BOTH_THROTTLED,
                                            BOTH_SIGNIN};
    unsigned all = sends ? sizeof writes / sizeof *writes : sizeof reads / sizeof *reads;

    if (w->scripted)
        return ++w->request == w->fate_at ? (int)w->fate : BOTH_FAULTS;
    for (unsigned i = 0; i < all; i++) {
        enum both_fault f = sends ? writes[i] : reads[i];

        if ((f == BOTH_PARTLY && n == 1) || (f == BOTH_LARGE && n == 1 && both_dice(w, 8)))
            continue;
        if (both_chance(w, f))
            return f;
    }
    return BOTH_FAULTS;
}

/* When the copies come, and when the lane hears of it. */
static void schedule(struct both_device *d, struct both_lane *l, struct both_flight *f)
{
    struct both_world *w = d->w;
    int64_t now = w->server.now_ms, soon = 20 + both_dice(w, 2000), late = 0;
    bool named = true; /* each names the version that it replaces */

    for (unsigned i = 0; i < f->n; i++)
        named = named && f->if_match[i];
    l->due_ms = now + soon + both_dice(w, 2000);
    f->at_ms[0] = now + soon;
    switch (l->fate) {
    case BOTH_NEVER: case BOTH_LOST: case BOTH_PORTAL: case BOTH_BUSY: case BOTH_THROTTLED: case BOTH_SIGNIN:
    case BOTH_LARGE:
        f->at_ms[0] = 0;
        break;
    case BOTH_LATE:
        late = w->scripted ? 30000 : named && !both_dice(w, 3) ? both_dice(w, 10000000) : both_dice(w, BOTH_LATE_MS);
        f->at_ms[0] = now + soon + late;
        break;
    case BOTH_DOUBLED:
        late = w->scripted ? 3000 : both_dice(w, 3) ? both_dice(w, 3000) : both_dice(w, BOTH_LATE_MS);
        f->at_ms[1] = now + soon + late;
        if (late < 3000 && both_dice(w, 2)) {
            f->answer_of = 1;
            l->due_ms += late;
        }
        break;
    default:
        break;
    }
    if (l->fate == BOTH_BUSY || l->fate == BOTH_THROTTLED)
        l->after_s = both_dice(w, 3) ? 1 + both_dice(w, 200) : 0;
}

/* sync_send_prepare of src/sync/send_wire.c, on what is on the disk now. */
static int prepare(struct both_device *d, const struct push_action *a, struct both_flight *f)
{
    for (unsigned i = 0; i < a->n; i++) {
        const struct push_op *p = sync_push_op_at(d->push, a->at[i]);
        const struct both_op *op = both_op_of(&d->disk, d->uid[a->at[i]]);
        const struct both_content *c = op ? &d->w->content[op->content] : NULL;

        if (!op)
            return ERR_BUG;
        f->uid[i] = op->uid;
        f->res[i] = op->res;
        f->id[i] = op->id;
        f->content[i] = op->content;
        f->removes[i] = p->kind == STORE_OP_DELETE;
        f->create[i] = p->kind == STORE_OP_CREATE;
        f->post[i] = p->post;
        f->if_match[i] = (unsigned)atoi(p->base);
        if (op->kind != p->kind)
            return ERR_INUSE;
        if (op->content && c->ref_kind >= 0 && !((unsigned)c->ref_kind == op->res && c->ref_id == op->id) &&
            d->w->plant != LAW_I14) {
            const struct both_disk *k = &d->disk;

            for (unsigned j = 0; j < k->n; j++)
                if (k->op[j].kind == STORE_OP_CREATE && k->op[j].state != STORE_OP_ACKED &&
                    k->op[j].res == (unsigned)c->ref_kind && k->op[j].id == c->ref_id)
                    return ERR_INUSE;
        }
    }
    return ERR_OK;
}

void both_send(struct both_device *d, const struct push_action *a)
{
    struct both_lane *l = &d->lane[a->lane];
    struct both_flight *f = flight(d, a, &l->flight);
    int code = prepare(d, a, f);

    l->doing = a->type;
    l->a = *a;
    l->after_s = 0;
    if (code) {
        f->live = f->wanted = false;
        both_feed(d, (struct push_event){.type = PUSH_EV_END, .lane = a->lane, .code = code});
        return;
    }
    both_check_send(d, a);
    l->asking = true;
    l->fate = fate_of(d->w, true, a->n);
    for (unsigned i = 0; i < a->n; i++)
        BOTH_SAY(d->w, "device %u lane %u: sends op %u: %s", d->no, a->lane, f->uid[i], l->fate < BOTH_FAULTS ? both_fault_names[l->fate] : "");
    schedule(d, l, f);
}

void both_ask(struct both_device *d, const struct push_action *a)
{
    struct both_lane *l = &d->lane[a->lane];
    struct both_flight *f = flight(d, a, &l->flight);

    both_check_send(d, a);
    f->uid[0] = d->uid[a->at[0]];
    f->res[0] = d->w->truth[f->uid[0]].res;
    f->id[0] = d->w->truth[f->uid[0]].id;
    l->doing = a->type;
    l->a = *a;
    l->after_s = 0;
    l->asking = true;
    l->fate = fate_of(d->w, false, 1);
    BOTH_SAY(d->w, "device %u lane %u: asks (%d) op %u: %s", d->no, a->lane, a->type, f->uid[0], l->fate < BOTH_FAULTS ? both_fault_names[l->fate] : "");
    schedule(d, l, f);
}

/* --- what is asked, in bytes for the judge --------------------------------------------------------------------- */

static void say(struct buf *b, unsigned res, unsigned id, unsigned content, unsigned version)
{
    buf_addf(b, "{\"resourceType\":\"K%u\",\"id\":\"%u\",", res, id);
    if (version)
        buf_addf(b, "\"meta\":{\"versionId\":\"%u\"},", version);
    buf_addf(b, "\"says\":\"%u\"}", content);
}

/* Versions newest first, from the one that stood when it was asked. */
static void history(struct both_world *w, const struct both_flight *f, struct buf *b)
{
    int at = w->server.newest[f->res[0]][f->id[0]];
    unsigned n = 0;

    buf_addstr(b, STR("{\"resourceType\":\"Bundle\",\"type\":\"history\",\"entry\":["));
    for (; at >= 0 && n < w->habit.history; at = w->server.v[at].before) {
        const struct sim_version *v = &w->server.v[at];

        if (v->version > f->version[0])
            continue;
        buf_addstr(b, str_of(n++ ? ",{" : "{"));
        if (!v->gone) {
            buf_addstr(b, STR("\"resource\":"));
            say(b, v->kind, v->id, v->content, v->version);
            buf_addstr(b, STR(","));
        }
        buf_addf(b, "\"request\":{\"method\":\"%s\",\"url\":\"K%u/%u\"}}", v->gone ? "DELETE" : "PUT", v->kind, v->id);
    }
    buf_addstr(b, STR("]"));
    if (at >= 0)
        buf_addstr(b, STR(",\"link\":[{\"relation\":\"next\",\"url\":\"more\"}]"));
    buf_addstr(b, STR("}"));
}

static int found(struct both_world *w, const struct both_flight *f, struct buf *b)
{
    int at = w->server.newest[f->res[0]][f->id[0]];

    while (at >= 0 && w->server.v[at].version > f->version[0])
        at = w->server.v[at].before;
    if (w->truth[f->uid[0]].posted) { /* under the id that was given to it here it is not there */
        buf_addstr(b, STR("{\"resourceType\":\"OperationOutcome\"}"));
        return 404;
    }
    if (f->doing == PUSH_ACT_HISTORY && w->habit.no_history) {
        buf_addstr(b, STR("{\"resourceType\":\"OperationOutcome\"}"));
        return 501;
    }
    if (at >= 0 && f->doing == PUSH_ACT_HISTORY) {
        history(w, f, b);
        return 200;
    }
    if (at >= 0 && !w->server.v[at].gone) {
        say(b, f->res[0], f->id[0], w->server.v[at].content, w->server.v[at].version);
        return 200;
    }
    buf_addstr(b, STR("{\"resourceType\":\"OperationOutcome\"}"));
    return at >= 0 ? 410 : 404;
}

/* By its mark: sync_marker_judge on a search's answer. */
static void search(struct both_device *d, struct both_lane *l, struct push_event *ev, char version[STORE_VERSION_BYTES])
{
    const struct both_flight *f = &d->w->flight[l->flight];
    int at = d->w->server.newest[f->res[0]][f->id[0]];
    bool there = d->w->truth[f->uid[0]].posted && f->version[0];

    while (at >= 0 && d->w->server.v[at].version > f->version[0])
        at = d->w->server.v[at].before;
    there = there && at >= 0 && !d->w->server.v[at].gone;
    ev->status = 200;
    ev->fhir = true;
    ev->found = there ? PUSH_FOUND_OURS : PUSH_FOUND_NOTHING;
    ev->id = str_of(sync_push_op_at(d->push, l->a.at[0])->id);
    if (there)
        snprintf(version, STORE_VERSION_BYTES, "%u", d->w->server.v[at].version);
}

/* judge_op of src/sync/send_wire.c. */
static void judge(struct both_device *d, struct both_lane *l, struct push_event *ev, char version[STORE_VERSION_BYTES])
{
    const struct both_flight *f = &d->w->flight[l->flight];
    const struct push_op *p = sync_push_op_at(d->push, l->a.at[0]);
    const struct both_op *op = both_op_of(&d->disk, f->uid[0]);
    struct buf answer, base, body;
    struct judge_op j = {p->kind, p->base, STR(""), STR(""), "http://sim/fhir"};
    struct judge_answer a = {.whole = true};
    struct err e = ERR_NONE;

    buf_init(&answer, 1 << 20);
    buf_init(&base, 1 << 10);
    buf_init(&body, 1 << 10);
    a.status = found(d->w, f, &answer);
    if (op->base)
        say(&base, op->res, op->id, op->base, op->base_version);
    if (op->content)
        say(&body, op->res, op->id, op->content, 0);
    j.base = buf_str(&base);
    j.body = buf_str(&body);
    a.body = buf_str(&answer);
    ev->status = a.status;
    ev->fhir = sync_judge_is_fhir(a.body);
    (l->doing == PUSH_ACT_HISTORY ? sync_judge_history : sync_judge_read)(&j, &a, &ev->found, version, &e);
    if (d->w->plant == LAW_CAUSE)
        ev->found = l->doing == PUSH_ACT_HISTORY ? PUSH_FOUND_NEVER : PUSH_FOUND_OTHER;
    buf_fini(&answer);
    buf_fini(&base);
    buf_fini(&body);
}

/* --- what the lane hears --------------------------------------------------------------------------------- */

/* Of the request as one. Retry-After holds for the whole device. */
static void whole(struct both_device *d, struct both_lane *l, int status, bool fhir)
{
    struct push_event ev = {.type = PUSH_EV_ANSWER, .lane = l->a.lane, .status = status, .fhir = fhir,
                            .retry_after_s = d->w->plant == LAW_I19 ? 0 : l->after_s};

    ev.at = l->a.n > 1 ? PUSH_ALL : l->a.at[0];
    if (l->after_s && d->w->server.now_ms + l->after_s * 1000 > d->quiet_ms)
        d->quiet_ms = d->w->server.now_ms + l->after_s * 1000;
    if (status == 413 && l->a.n == 1)
        d->w->truth[d->w->flight[l->flight].uid[0]].refused = true;
    both_feed(d, ev);
}

static void entries(struct both_device *d, struct both_lane *l)
{
    const struct both_flight *f = &d->w->flight[l->flight];

    for (unsigned i = 0; i < f->n; i++) {
        struct push_event ev = {.type = PUSH_EV_ANSWER, .lane = l->a.lane, .at = l->a.at[i], .status = f->status[i],
                                .fhir = true};
        char version[STORE_VERSION_BYTES] = "";

        if (f->doing != PUSH_ACT_SEND && !both_op_of(&d->disk, f->uid[i]))
            continue; /* taken back while it was asked for: nobody compares anything */
        if (f->doing == PUSH_ACT_SEARCH)
            search(d, l, &ev, version);
        else if (f->doing != PUSH_ACT_SEND)
            judge(d, l, &ev, version);
        else if (f->version[i] && !d->w->habit.mute)
            snprintf(version, sizeof version, "%u", f->version[i]);
        if (l->fate == BOTH_PARTLY && both_dice(d->w, 2)) {
            if (both_dice(d->w, 2))
                continue; /* the entry is missing */
            ev.status = 500;
        }
        ev.version = str_of(version);
        if (f->doing == PUSH_ACT_SEND && f->post[i] && f->version[i] && both_dice(d->w, 4))
            ev.id = str_of(sync_push_op_at(d->push, ev.at)->id); /* else an answer that does not say which */
        both_feed(d, ev);
    }
}

void both_answer(struct both_device *d, unsigned lane)
{
    static const int lost[] = {ERR_OFFLINE, ERR_CUT, ERR_CUT, ERR_TIMEOUT};
    struct both_lane *l = &d->lane[lane];
    struct both_flight *f = &d->w->flight[l->flight];
    struct push_event end = {.type = PUSH_EV_END, .lane = lane, .written = true};
    unsigned epoch = d->epoch;

    switch (l->fate) {
    case BOTH_NEVER:
        end.written = false;
        end.code = ERR_OFFLINE;
        break;
    case BOTH_LOST: case BOTH_UNANSWERED: case BOTH_LATE:
        end.code = lost[both_dice(d->w, 4)];
        break;
    case BOTH_PORTAL:
        whole(d, l, 200, false);
        break;
    case BOTH_GATEWAY:
        whole(d, l, 502, false);
        break;
    case BOTH_BUSY:
        whole(d, l, 503, both_dice(d->w, 2));
        break;
    case BOTH_THROTTLED:
        whole(d, l, 429, both_dice(d->w, 2));
        break;
    case BOTH_SIGNIN:
        whole(d, l, 401, both_dice(d->w, 2));
        break;
    case BOTH_LARGE:
        whole(d, l, 413, both_dice(d->w, 2));
        break;
    default:
        if (f->whole)
            whole(d, l, f->whole, true);
        else
            entries(d, l);
    }
    f->wanted = false;
    f->live = f->at_ms[0] || f->at_ms[1];
    l->asking = false;
    l->flight = -1;
    if (epoch == d->epoch)
        both_feed(d, end);
}
