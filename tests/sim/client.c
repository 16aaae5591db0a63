/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/sim/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

static const struct fhir_kind kinds[SIM_KINDS] = {
    /* of the first rank more than go by GET beside the batch of a first sync */
    {.type = "K0", .priority = KIND_P0, .patient_param = "patient"}, {.type = "K1", .priority = KIND_P0, .patient_param = "patient"},
    {.type = "K2", .priority = KIND_P0, .patient_param = "patient"}, {.type = "K3", .priority = KIND_P0, .patient_param = "patient"},
    {.type = "K4", .priority = KIND_P0, .patient_param = "patient"}, {.type = "K5", .priority = KIND_P1, .patient_param = "patient", .bulk = true},
    {.type = "K6", .priority = KIND_P2, .patient_param = "patient"}, {.type = "K7", .priority = KIND_P2, .patient_param = "patient"},
    {.type = "K8", .priority = KIND_NAMED}, {.type = "K9", .priority = KIND_NAMED},
};

const struct fhir_kind *sim_kinds(void)
{
    return kinds;
}

static unsigned dice(struct sim_world *w, unsigned n)
{
    return (unsigned)(rng_splitmix(&w->seed) % n);
}

static void broken(struct sim_world *w, const char *what)
{
    if (!w->broken)
        w->broken = what;
}

/* --- answers ---------------------------------------------------------------------------------- */

static struct sim_part *part(struct sim_lane *l, enum sync_event_type type, int outer)
{
    struct sim_part *p;

    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->part = realloc(l->part, l->cap * sizeof *l->part);
    }
    p = &l->part[l->n++];
    *p = (struct sim_part){.type = type, .outer = outer};
    return p;
}

static void links(struct sim_lane *l, const struct sim_page *g, int outer)
{
    struct sim_part *p;

    if (g->self[0]) {
        p = part(l, SYNC_EV_LINK, outer);
        strcpy(p->url, g->self);
    }
    if (g->next[0]) {
        p = part(l, SYNC_EV_LINK, outer);
        p->next = true;
        p->code = strncmp(g->next, "http:", 5) ? ERR_OK : ERR_ORIGIN;
        strcpy(p->url, g->next);
    }
}

static void bundle(struct sim_world *w, struct sim_lane *l, const struct sim_page *g, int outer)
{
    part(l, SYNC_EV_BUNDLE, outer);
    if (!w->server->habit.links_last)
        links(l, g, outer);
    for (unsigned i = 0; i < g->n; i++)
        part(l, SYNC_EV_ROW, outer)->row = g->row[i];
    if (w->server->habit.links_last)
        links(l, g, outer);
}

static void finish_answer(struct sim_world *w, struct sim_lane *l)
{
    unsigned rows = 0;

    part(l, SYNC_EV_END, -1);
    if (w->fault.html && dice(w, 1000) < w->fault.html) {
        l->n = 1; /* a portal's page: 200, no Bundle */
        l->part[0].status = 200;
        part(l, SYNC_EV_END, -1)->code = ERR_NOTFHIR;
    } else if (dice(w, 1000) < w->fault.offline) {
        l->n = 0;
        part(l, SYNC_EV_END, -1)->code = dice(w, 2) ? ERR_OFFLINE : ERR_CUT;
    } else if (dice(w, 1000) < w->fault.refuse) {
        static const int status[] = {429, 503, 500, 504};

        l->part[0].status = status[dice(w, 4)];
        l->n = 1;
        part(l, SYNC_EV_END, -1);
    } else if (dice(w, 1000) < w->fault.cut) {
        l->n = 1 + dice(w, l->n - 1);
        w->cut++;
        part(l, SYNC_EV_END, -1)->code = ERR_CUT;
    } else if (w->fault.after_rows) {
        for (unsigned i = 0; i < l->n; i++)
            if (l->part[i].type == SYNC_EV_ROW && ++rows > w->fault.after_rows) {
                l->n = i;
                w->cut++;
                part(l, SYNC_EV_END, -1)->code = ERR_CUT;
            }
        if (rows == w->fault.after_rows) { /* the row is whole, the closing brackets are not */
            w->cut++;
            l->part[l->n - 1].code = ERR_CUT;
        }
    }
}

static void answer_get(struct sim_world *w, const struct sync_action *a)
{
    struct sim_lane *l = &w->lane[a->lane];
    struct sim_page g;

    w->origins_checked++;
    if (a->url.n > 5 && !memcmp(a->url.p, "http:", 5))
        broken(w, "another origin was asked");
    sim_search(w->server, a->url, &g);
    part(l, SYNC_EV_HEAD, -1)->status = g.status;
    if (g.status == 200)
        bundle(w, l, &g, -1);
    finish_answer(w, l);
}

static void answer_batch(struct sim_world *w, const struct sync_action *a)
{
    struct sim_lane *l = &w->lane[a->lane];
    struct sim_page g;
    int outer = 0;

    part(l, SYNC_EV_HEAD, -1)->status = w->server->habit.no_batch ? 400 : 200;
    w->batches++;
    for (size_t i = 0; i + 7 < a->body.n && !w->server->habit.no_batch; i++) {
        struct str url = {a->body.p + i + 7, 0};

        if (memcmp(a->body.p + i, "\"url\":\"", 7))
            continue;
        while (url.p[url.n] != '"')
            url.n++;
        if (url.p[0] == '_') { /* the system's history */
            part(l, SYNC_EV_CHANGES, -1);
            part(l, SYNC_EV_RESPONSE, outer++)->status = 200;
            continue;
        }
        sim_search(w->server, url, &g);
        if (g.status == 200)
            bundle(w, l, &g, outer);
        part(l, SYNC_EV_RESPONSE, outer++)->status = g.status;
    }
    finish_answer(w, l);
}

/* --- what a mark may say ---------------------------------------------------------------------- */

/* Every version that was there, and seen by all, when the run began, and that the mark says is stored, is. */
static void check_mark(struct sim_world *w, unsigned kind, const struct store_mark *m)
{
    bool closing = !m->run_start_ms && !m->run_max_ms;
    int64_t start = closing ? m->mark_ms : m->run_start_ms;

    w->marks_checked++;
    if (m->mark_ms > w->server->now_ms || m->asof_ms != m->mark_ms)
        broken(w, "the server's clock is behind the mark");
    if (w->server->habit.lies)
        return;
    for (unsigned id = 0; id < w->server->ids[kind]; id++) {
        const struct sim_version *v = sim_visible(w->server, kind, id);

        if (!v || v->gone || v->visible_ms != v->updated_ms || v->updated_ms >= start - 1000)
            continue;
        if ((closing || v->updated_ms < m->run_max_ms) && w->have[kind][id] < v->version)
            broken(w, closing ? "the mark stands for a row that is not stored" : "the run's place stands for a row that is not stored");
    }
}

static unsigned kind_at(const char *type)
{
    return (unsigned)(type[1] - '0');
}

static void commit(struct sim_world *w, struct sync_event *ev)
{
    struct sim_commit c = w->commit[0];

    w->n_commit--;
    memmove(w->commit, w->commit + 1, w->n_commit * sizeof *w->commit);
    *ev = (struct sync_event){.type = SYNC_EV_STORED, .lane = c.lane, .outer = c.outer};
    w->stores++;
    w->kept += w->plant_loss ? 0 : c.n;
    c.mark.mark_ms += w->plant_clock && c.mark.mark_ms ? 1000000000 : 0;
    w->stored_kind = -1;
    if (w->fault.store && dice(w, 1000) < w->fault.store) {
        ev->code = ERR_IO;
        return;
    }
    for (unsigned i = 0; i < c.n; i++) {
        unsigned *have = &w->have[c.row[i]->kind][c.row[i]->id];

        if (c.row[i]->version > *have)
            *have = c.row[i]->version;
        if (w->put)
            w->put(w->arg, c.row[i]);
    }
    if (w->stored)
        w->stored(w->arg, &c.mark);
    if (c.mark.type[0]) {
        w->stored_kind = (int)kind_at(c.mark.type);
        w->mark[w->stored_kind] = c.mark;
        check_mark(w, kind_at(c.mark.type), &c.mark);
    }
}

/* --- actions ---------------------------------------------------------------------------------- */

/* Nothing but the first rank is asked until the first rank is whole or given up. */
static void check_rank(struct sim_world *w, const struct fhir_kind *k)
{
    struct sync_kind_result r[SIM_KINDS];
    unsigned n = sync_results(w->state, r, SIM_KINDS);

    w->ranks_checked++;
    for (unsigned i = 0; i < n && k->priority != KIND_P0; i++)
        if (kinds[kind_at(r[i].type)].priority == KIND_P0 && (!r[i].over || w->plant_rank))
            broken(w, "a later rank was asked before the first was whole");
}

static void open_commit(struct sim_world *w, const struct sync_action *a)
{
    struct sim_commit *c = &w->commit[w->n_commit++];
    struct sim_lane *l = &w->lane[a->lane];
    unsigned left = 0;

    *c = (struct sim_commit){.lane = a->lane, .outer = a->outer, .mark = a->mark};
    if (a->rows > LIMIT_TX_ROWS)
        broken(w, "a transaction takes too many rows");
    for (unsigned i = 0; i < l->n_open; i++) {
        if (l->outer[i] == a->outer && c->n < a->rows) {
            c->row[c->n++] = l->open[i];
            continue;
        }
        l->open[left] = l->open[i];
        l->outer[left++] = l->outer[i];
    }
    l->n_open = left;
    if (c->n != a->rows)
        broken(w, "the step stores rows that did not come");
}

static void stop(struct sim_world *w, unsigned lane)
{
    struct sim_lane *l = &w->lane[lane];

    if (l->at < l->n)
        l->n = l->at + dice(w, l->n - l->at);
    part(l, SYNC_EV_END, -1)->code = ERR_CANCELLED;
}

static void carry_out(struct sim_world *w)
{
    for (unsigned i = 0; i < w->actions.n; i++) {
        const struct sync_action *a = &w->actions.a[i];

        if (a->type == SYNC_ACT_GET || a->type == SYNC_ACT_BATCH) {
            struct sim_lane *l = &w->lane[a->lane];

            if (l->at < l->n)
                broken(w, "a busy lane is asked");
            l->n = l->at = l->n_open = 0;
            l->asked_ms = w->server->now_ms;
            w->requests++;
            if (a->type == SYNC_ACT_GET)
                check_rank(w, a->kind), answer_get(w, a);
            else
                answer_batch(w, a);
        } else if (a->type == SYNC_ACT_STORE) {
            open_commit(w, a);
        } else if (a->type == SYNC_ACT_STOP) {
            stop(w, a->lane);
        } else if (a->type == SYNC_ACT_WAIT) {
            w->wakes++;
            if (a->wait_ms < 1000)
                broken(w, "asks again at once");
        } else if (a->type == SYNC_ACT_DONE) {
            w->done = true;
            w->code = a->code;
            if (w->n_commit)
                broken(w, "done before all is stored");
        }
    }
}

static void deliver(struct sim_world *w, unsigned lane, struct sync_event *ev, char id[20])
{
    struct sim_lane *l = &w->lane[lane];
    const struct sim_part *p = &l->part[l->at++];

    *ev = (struct sync_event){.type = p->type, .lane = lane, .outer = p->outer, .status = p->status, .code = p->code, .next = p->next};
    if (p->type == SYNC_EV_HEAD) {
        w->server->now_ms += dice(w, 8) ? 0 : dice(w, 20000);
        ev->date_ms = w->server->now_ms / 1000 * 1000;
        ev->waited_ms = w->server->now_ms - l->asked_ms;
        ev->retry_after_s = dice(w, 3);
    } else if (p->type == SYNC_EV_LINK) {
        ev->url = str_of(p->url);
    } else if (p->type == SYNC_EV_ROW) {
        w->rows_sent++;
        snprintf(id, 20, "%u", p->row->id);
        ev->id = str_of(id);
        ev->updated_ms = p->row->updated_ms;
        ev->first_version = p->row->version == 1;
        ev->bytes = w->row_bytes;
        ev->known = w->known ? w->known(w->arg, p->row) : w->have[p->row->kind][p->row->id] == p->row->version;
        if (!ev->known) {
            w->fresh++;
            l->open[l->n_open] = p->row;
            l->outer[l->n_open++] = p->outer;
        }
    }
}

static void others_write(struct sim_world *w)
{
    unsigned rows = dice(w, 40) ? 1 + dice(w, 12) : 60 + dice(w, 150);

    sim_write(w->server, dice(w, SIM_KINDS), rows, dice(w, 5) ? 0 : dice(w, 270000), 70, &w->seed);
}

/* Rows of an answer that still streams are on their way to the store before they fill the memory. */
static void check_held(struct sim_world *w)
{
    for (unsigned i = 0; i < SIM_LANES; i++) {
        const struct sim_lane *l = &w->lane[i];
        bool storing = false;

        for (unsigned j = 0; j < w->n_commit; j++)
            storing = storing || w->commit[j].lane == i;
        if (!storing && !w->fault.store && l->at < l->n && l->n_open * w->row_bytes > SIM_PARCEL_BYTES + w->row_bytes)
            broken(w, "rows wait for more bytes than memory is meant to hold");
    }
}

void sim_event(struct sim_world *w)
{
    unsigned ready[SIM_LANES + 2], n = 0;
    struct sync_event ev = {0};
    char id[20];

    for (unsigned i = 0; i < SIM_LANES; i++)
        if (w->lane[i].at < w->lane[i].n)
            ready[n++] = i;
    if (w->n_commit && (!n || !w->slow_store || !dice(w, 300)))
        ready[n++] = SIM_LANES;
    if (w->wakes)
        ready[n++] = SIM_LANES + 1;
    if (!n) {
        broken(w, "nothing to wait for and not done");
        return;
    }
    n = ready[dice(w, n)];
    if (n < SIM_LANES) {
        deliver(w, n, &ev, id);
    } else if (n == SIM_LANES) {
        commit(w, &ev);
    } else {
        w->wakes--;
        ev.type = SYNC_EV_WAKE;
    }
    sync_step(w->state, &ev, &w->actions);
    carry_out(w);
    check_held(w);
}

void sim_begin(struct sim_world *w)
{
    static const struct sync_scope all = {.all = true};
    static struct fhir_kind few[2];
    const struct store_mark marks[2] = {w->mark[0], w->mark[5]};
    const bool skip[2] = {w->skip[0], w->skip[5]};
    struct sync_event ev = {.type = SYNC_EV_START, .marks = w->mark, .skip = w->skip, .no_batch = w->no_batch};

    w->done = false;
    w->code = ERR_OK;
    w->n_commit = w->wakes = w->fresh = w->kept = 0;
    for (unsigned i = 0; i < SIM_LANES; i++)
        w->lane[i].n = w->lane[i].at = w->lane[i].n_open = 0;
    few[0] = kinds[0];
    few[1] = kinds[5];
    if (w->few) {
        ev.marks = marks;
        ev.skip = skip;
    }
    sync_new(&all, w->few ? few : kinds, w->few ? 2 : SIM_KINDS, &w->state);
    sync_step(w->state, &ev, &w->actions);
    carry_out(w);
}

void sim_end(struct sim_world *w)
{
    struct sync_kind_result r[SIM_KINDS];

    for (unsigned i = 0; w->done && i < sync_results(w->state, r, SIM_KINDS); i++)
        if (r[i].code == ERR_UNSUPPORTED && !r[i].failed)
            w->skip[kind_at(r[i].type)] = true;
    w->no_batch = w->no_batch || sync_batch_refused(w->state);
    sync_free(w->state);
    w->state = NULL;
}

void sim_run(struct sim_world *w)
{
    sim_begin(w);
    for (unsigned step = 0; !w->done && !w->broken; step++) {
        w->server->now_ms += dice(w, 50) ? dice(w, 20) : dice(w, 3000);
        if (w->writes && !dice(w, 60))
            others_write(w);
        if (w->fault.expire && dice(w, 1000) < w->fault.expire)
            sim_expire(w->server);
        if (w->fault.crash && dice(w, 10000) < w->fault.crash) {
            w->crashes++;
            w->code = ERR_CANCELLED;
            break;
        }
        sim_event(w);
        if (step > 400000)
            broken(w, "does not end");
    }
    sim_end(w);
}

const char *sim_differs(const struct sim_world *w)
{
    static char text[200];

    for (unsigned k = 0; k < SIM_KINDS; k++)
        for (unsigned id = 0; id < w->server->ids[k]; id++) {
            const struct sim_version *v = sim_visible(w->server, k, id);

            if (v && (int)k != w->server->habit.lacks && w->have[k][id] != v->version) {
                snprintf(text, sizeof text, "K%u/%u: version %u here, %u at the server (written at %lld, seen from %lld)", k, id,
                         w->have[k][id], v->version, (long long)v->updated_ms, (long long)v->visible_ms);
                return text;
            }
        }
    return NULL;
}
