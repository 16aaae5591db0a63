/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who is asked next and on which lane; what an event means for which page. The rules of one kind are in
 * sync/pull.c (a page) and sync/next.c (what follows it).
 */
#include "config.h"

#include "sync/priv.h"

#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#define STEP_PULLS 4096 /* kinds and groups of ids in one run */

int sync_new(const struct sync_scope *scope, const struct fhir_kind *kinds, unsigned n, struct sync_state **out)
{
    struct sync_state *s = mem_alloc(sizeof *s);

    *out = s;
    if (!s)
        return ERR_NOMEM;
    s->scope = scope;
    s->kinds = kinds;
    s->n_kinds = n;
    s->changes = -1;
    for (unsigned i = 0; i < SYNC_SLOTS; i++)
        buf_init(&s->url[i], LIMIT_URL_BYTES);
    buf_init(&s->body, LIMIT_SMALL_JSON);
    return ERR_OK;
}

void sync_free(struct sync_state *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->n; i++) {
        sync_pull_free(s->pull[i]);
        mem_free(s->pull[i]);
    }
    mem_free(s->pull);
    for (unsigned i = 0; i < SYNC_SLOTS; i++)
        buf_fini(&s->url[i]);
    buf_fini(&s->body);
    mem_free(s);
}

struct sync_action *sync_act(struct sync_state *s, enum sync_action_type type)
{
    struct sync_action *a;

    if (s->out->n == SYNC_ACTIONS_MAX)
        return NULL; /* 64 pages and 8 lanes cannot ask for more in one step */
    a = &s->out->a[s->out->n++];
    *a = (struct sync_action){.type = type, .outer = -1};
    return a;
}

void sync_stop(struct sync_state *s, int code)
{
    struct sync_action *a;

    if (s->stopping)
        return;
    s->stopping = code;
    for (unsigned i = 0; i < SYNC_SLOTS; i++)
        if (s->lane[i].busy && (a = sync_act(s, SYNC_ACT_STOP)))
            a->lane = i;
}

void sync_wait(struct sync_state *s, int64_t ms, bool told)
{
    struct sync_action *a = sync_act(s, SYNC_ACT_WAIT);

    if (!a)
        return;
    a->wait_ms = ms;
    a->told = told;
    s->waiting++;
}

bool sync_patience(struct sync_state *s, int code)
{
    unsigned most = s->answered || code == ERR_CUT ? SYNC_TRIES : code == ERR_OFFLINE ? 1 : 0;

    if (code != ERR_OFFLINE && code != ERR_TIMEOUT && code != ERR_CUT)
        most = 0;
    else if (s->waiting)
        return true; /* lanes fall together: one wait for all */
    if (s->offline < most) {
        sync_wait(s, sync_pace_bound(s->offline++), false);
        return true;
    }
    sync_stop(s, code ? code : ERR_OFFLINE);
    return false;
}

void sync_lane_page_over(struct sync_state *s, unsigned lane)
{
    s->lane[lane].pages--;
}

/* --- pulls ------------------------------------------------------------------------------------ */

static struct pull *add_pull(struct sync_state *s, const struct fhir_kind *k)
{
    struct pull **grown, *p;

    if (s->n == s->cap) {
        unsigned cap = s->cap ? s->cap * 2 : SYNC_KINDS_MAX;

        if (cap > STEP_PULLS || !(grown = mem_resize(s->pull, cap * sizeof *grown)))
            return NULL;
        s->pull = grown;
        s->cap = cap;
    }
    if (!(p = mem_alloc(sizeof *p)))
        return NULL;
    p->kind = k;
    p->since_ms = p->max_ms = p->chain_ms = FHIR_NO_DATE;
    p->count = SYNC_COUNT;
    buf_init(&p->ids, LIMIT_URL_BYTES);
    buf_init(&p->link, LIMIT_URL_BYTES);
    for (unsigned i = 0; i < SYNC_PAGES; i++) {
        buf_init(&p->page[i].next, LIMIT_URL_BYTES);
        buf_init(&p->page[i].asked, LIMIT_URL_BYTES);
    }
    return s->pull[s->n++] = p;
}

static void resume(struct pull *p, const struct store_mark *m)
{
    int64_t overlap = m->overlap_ms > SYNC_OVERLAP_MS ? m->overlap_ms : SYNC_OVERLAP_MS;

    p->mark = *m;
    if (m->mark_ms && !p->ids_missing)
        p->since_ms = m->mark_ms - overlap;
    if (!m->run_start_ms || p->ids.n)
        return;
    p->start_ms = m->run_start_ms;
    p->leapt = m->run_max_ms != 0;
    p->promised = m->run_max_ms != 0;
    p->max_ms = m->run_max_ms ? m->run_max_ms : FHIR_NO_DATE;
    p->count = m->count ? m->count : SYNC_COUNT;
    buf_adds(&p->link, m->next);
}

static void on_id(struct sync_state *s, const struct sync_event *ev)
{
    const struct fhir_kind *k = NULL;
    struct pull *p = NULL;

    for (unsigned i = 0; i < s->n_kinds && !k; i++)
        if (str_is(ev->res_type, s->kinds[i].type))
            k = &s->kinds[i];
    if (!k || !sync_scope_by_id(s->scope, k) || !str_is_id(ev->id))
        return;
    for (unsigned i = s->n; i > s->n_by_id && !p; i--)
        if (s->pull[i - 1]->kind == k && s->pull[i - 1]->n_ids < SYNC_IDS)
            p = s->pull[i - 1];
    if (!p && !(p = add_pull(s, k))) {
        sync_stop(s, ERR_NOMEM);
        return;
    }
    p->ids_missing = s->started;
    for (unsigned i = 0; i < s->n_by_id; i++)
        if (s->pull[i]->kind == k)
            p->mark = s->pull[i]->mark;
    if (p->n_ids++)
        buf_addc(&p->ids, ',');
    buf_addstr(&p->ids, ev->id);
}

static const struct store_mark *mark_of(const struct sync_event *ev, unsigned i)
{
    static const struct store_mark none;

    return ev->marks ? &ev->marks[i] : &none;
}

/* At a first sync the first kinds go by GET beside the batch: they are there before it is made, and their
 * connections are open when next pages are asked. */
static bool goes_alone(const struct sync_state *s, const struct pull *p)
{
    unsigned n = 0;

    for (unsigned i = 0; s->pull[i] != p; i++)
        n += s->pull[i]->kind->priority == KIND_P0 && !s->pull[i]->ids.n;
    return p->kind->priority == KIND_P0 && !p->ids.n && !p->mark.mark_ms && n < SYNC_LANES - 1;
}

/* The batch may hold later ranks: what is not whole of the first goes in it too, or goes out by GET before it. The rest
 * of a batch that was cut need not look at kinds that have been whole. */
static bool in_rank(const struct sync_state *s, bool rest)
{
    bool first = false, open = false;

    for (unsigned i = 0; i < s->n; i++) {
        const struct pull *p = s->pull[i];

        if (p->kind->priority != KIND_P0 || p->phase == PULL_OVER || (rest && p->mark.mark_ms))
            continue;
        if (!p->batched && (p->start_ms || !goes_alone(s, p)))
            return false;
        open = true;
        first = first || p->batched;
    }
    return first || !open;
}

/* All that has no run under way, in one batch. What the lanes can ask at once comes sooner in pages of its own. */
static void plan_batch(struct sync_state *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->n; i++) {
        struct pull *p = s->pull[i];

        p->batched = p->phase == PULL_QUEUED && !p->start_ms && !p->alone && n < SYNC_KINDS_MAX && !goes_alone(s, p);
        n += p->batched;
    }
    s->batch_due = n > (s->later_planned ? SYNC_LANES : 1) && !s->no_batch && in_rank(s, false);
}

/* A kind that must not be missing without a word: of the first rank, or there was some of it before. */
static bool needed(const struct pull *p)
{
    return p->kind->priority == KIND_P0 || p->mark.mark_ms;
}

static bool failed(const struct pull *p)
{
    return p->code && (p->code != ERR_UNSUPPORTED || needed(p));
}

static void on_start(struct sync_state *s, const struct sync_event *ev)
{
    unsigned by_id = s->n;

    for (unsigned i = 0; i < s->n_kinds; i++) {
        const struct fhir_kind *k = &s->kinds[i];
        struct pull *p;

        for (unsigned j = 0; j < by_id; j++)
            if (s->pull[j]->kind == k)
                resume(s->pull[j], mark_of(ev, i));
        if (k->priority == KIND_DEMAND || sync_scope_by_id(s->scope, k) || (s->scope->some && !s->scope->kind[i]))
            continue;
        if (!(p = add_pull(s, k))) {
            sync_stop(s, ERR_NOMEM);
            return;
        }
        resume(p, mark_of(ev, i));
        if (ev->skip && ev->skip[i] && !needed(p)) {
            p->phase = PULL_OVER;
            p->code = ERR_UNSUPPORTED;
        }
    }
    s->started = true;
    s->n_by_id = s->n;
    s->no_batch = ev->no_batch;
    if (s->frugal)
        sync_frugal(s);
    plan_batch(s);
}

/* --- asking ----------------------------------------------------------------------------------- */

static unsigned busy_lanes(const struct sync_state *s)
{
    unsigned busy = 0;

    for (unsigned i = 0; i < SYNC_SLOTS; i++)
        busy += s->lane[i].busy;
    return busy;
}

static int free_slot(const struct sync_state *s)
{
    for (unsigned i = 0; i < SYNC_SLOTS && busy_lanes(s) < SYNC_LANES; i++)
        if (!s->lane[i].busy && !s->lane[i].pages)
            return (int)i;
    return -1;
}

static void ask_page(struct sync_state *s, struct pull *p, struct page *g, unsigned slot, struct str link)
{
    struct lane *l = &s->lane[slot];
    struct sync_action *a;
    int64_t from = sync_from(p);

    *l = (struct lane){.busy = true, .pages = 1, .n = 1, .last = -1};
    l->of[0] = p;
    sync_page_open(p, g, slot, -1, link);
    buf_clear(&s->url[slot]);
    if (link.n)
        buf_addstr(&s->url[slot], link);
    else
        sync_url(s, p, from, p->count, &s->url[slot]);
    p->leapt = p->leapt || (!link.n && !p->bare && from != p->since_ms);
    p->phase = PULL_ASKED;
    if (s->url[slot].failed || !(a = sync_act(s, SYNC_ACT_GET))) {
        sync_stop(s, ERR_TOOBIG);
        return;
    }
    a->lane = slot;
    a->kind = p->kind;
    a->url = buf_str(&s->url[slot]);
    a->first = !link.n;
}

static void ask_batch(struct sync_state *s, unsigned slot)
{
    struct lane *l = &s->lane[slot];
    struct sync_action *a;

    *l = (struct lane){.batch = true, .last = -1};
    for (unsigned i = 0; i < s->n * SYNC_RANKS && l->n < SYNC_KINDS_MAX; i++) {
        struct pull *p = s->pull[i % s->n];

        if (!p->batched || p->phase != PULL_QUEUED || p->kind->priority != (enum kind_priority)(i / s->n))
            continue;
        if (p->kind->priority != KIND_P0 && !p->kind->bulk && !p->mark.mark_ms && !p->ids.n)
            p->count = SYNC_COUNT_LATER;
        sync_page_open(p, &p->page[p->front], slot, (int)l->n, STR(""));
        p->phase = PULL_ASKED;
        l->of[l->n++] = p;
    }
    s->batch_due = false;
    if (!l->n)
        return;
    l->busy = true;
    l->pages = l->n;
    if (sync_batch_body(s, l, &s->body) || !(a = sync_act(s, SYNC_ACT_BATCH))) {
        sync_stop(s, ERR_TOOBIG);
        return;
    }
    a->lane = slot;
    a->body = buf_str(&s->body);
}

static bool first_rank_over(const struct sync_state *s)
{
    for (unsigned i = 0; i < s->n; i++)
        if (s->pull[i]->kind->priority == KIND_P0 && s->pull[i]->phase != PULL_OVER)
            return false;
    return true;
}

/* The first queued kind; later ranks wait until the first is whole (or failed) for all patients. */
static struct pull *queued(const struct sync_state *s)
{
    struct pull *found = NULL;
    bool p0 = !first_rank_over(s);

    for (unsigned i = 0; i < s->n && !found; i++) {
        struct pull *p = s->pull[i];

        if (p->phase == PULL_QUEUED && !(p->batched && s->batch_due) && !p->page[p->front].live &&
            (!p0 || p->kind->priority == KIND_P0))
            found = p;
    }
    return found;
}

/* The last page of p's chain, if the one behind it may be asked by now: one that streams is enough to wait for, since
 * all that is on its way is wasted when it breaks. */
static bool may_go_ahead(struct pull *p, unsigned *tail)
{
    const struct page *g = sync_chain(p, 0);
    unsigned count;
    bool streams = false;

    *tail = 0;
    if (p->phase != PULL_ASKED || !g->live || (g->outer >= 0 && g->count < p->count) || p->cuts ||
        p->count < SYNC_COUNT_LATER || sync_regrows(p, &count))
        return false;
    for (;;) {
        if (g->ended ? g->verdict != VERDICT_WHOLE : streams)
            return false;
        streams = !g->ended;
        if (*tail + 1 == SYNC_PAGES)
            return false;
        if (!sync_chain(p, *tail + 1)->live)
            return g->next.n && !g->next_bad;
        g = sync_chain(p, ++*tail);
        if (g->orphan)
            return false;
    }
}

static struct pull *ahead(const struct sync_state *s, unsigned *tail)
{
    bool p0 = !first_rank_over(s);

    for (unsigned i = 0; i < s->n; i++)
        if ((!p0 || s->pull[i]->kind->priority == KIND_P0) && !sync_ends(s, s->pull[i]) &&
            may_go_ahead(s->pull[i], tail))
            return s->pull[i];
    return NULL;
}

/* A kind of many pages streams one whose next link is not known yet: the last lane waits for it, else the line runs
 * empty behind answers of kinds that have nothing. */
static bool keeps_lane(const struct sync_state *s)
{
    for (unsigned i = 0; i < s->n && busy_lanes(s) == SYNC_LANES - 1; i++)
        for (unsigned j = 0; j < SYNC_PAGES; j++) {
            const struct page *g = &s->pull[i]->page[j];

            if (g->live && g->from_link && !g->ended && !g->orphan && !g->links_first && !s->pull[i]->cuts)
                return true;
        }
    return false;
}

static void schedule(struct sync_state *s)
{
    struct pull *p;
    unsigned tail;
    int slot;

    if (s->started && !s->later_planned && !s->batch_due && first_rank_over(s)) {
        s->later_planned = true;
        plan_batch(s);
    }
    while (!s->stopping && !s->waiting && (slot = free_slot(s)) >= 0) {
        if (s->batch_due &&
            (busy_lanes(s) == SYNC_LANES - 1 || !queued(s))) { /* what goes alone is made sooner: it is asked before */
            ask_batch(s, (unsigned)slot);
        } else if ((p = ahead(s, &tail))) { /* before other kinds: it is a page that is sure to fill the line */
            ask_page(s, p, sync_chain(p, tail + 1), (unsigned)slot, buf_str(&sync_chain(p, tail)->next));
        } else if ((p = queued(s)) && (p->link.n || !keeps_lane(s))) {
            ask_page(s, p, &p->page[p->front], (unsigned)slot, buf_str(&p->link));
        } else {
            return;
        }
    }
}

/* --- the end ---------------------------------------------------------------------------------- */

static int outcome(const struct sync_state *s)
{
    int first = ERR_OK;
    unsigned good = 0;
    bool partial = false;

    if (s->stopping)
        return s->stopping;
    for (unsigned i = 0; i < s->n; i++) {
        int code = s->pull[i]->code;

        if (!code)
            good++;
        else if (code != ERR_UNSUPPORTED)
            first = !first || first == code ? code : ERR_PARTIAL;
        partial = partial || failed(s->pull[i]);
    }
    if (good)
        return !partial ? ERR_OK : first == ERR_BUDGET ? ERR_BUDGET : ERR_PARTIAL;
    return first ? first : ERR_NOTFHIR; /* nothing there is a kind of resource: no FHIR server, or not its base path */
}

static void finish(struct sync_state *s)
{
    struct sync_action *a;
    bool open = false;

    for (unsigned i = 0; i < SYNC_SLOTS; i++)
        open = open || s->lane[i].busy || s->lane[i].pages;
    if (open || (!s->stopping && s->waiting))
        return;
    for (unsigned i = 0; i < s->n; i++) {
        struct pull *p = s->pull[i];

        if (p->phase == PULL_OVER)
            continue;
        if (!s->stopping)
            return;
        p->phase = PULL_OVER;
        p->code = s->stopping;
    }
    if (!s->stopping && !s->frugal && !s->scope->all && !s->ids_asked && s->rounds < SYNC_ROUNDS &&
        (a = sync_act(s, SYNC_ACT_IDS))) {
        s->rounds++;
        s->ids_asked = true;
        s->n_by_id = s->n;
    }
    if (s->ids_asked && !s->stopping)
        return;
    if ((a = sync_act(s, SYNC_ACT_DONE))) {
        a->code = outcome(s);
        s->done = true;
    }
}

/* --- events ----------------------------------------------------------------------------------- */

static struct page *page_of(struct sync_state *s, unsigned lane, int outer, struct pull **p)
{
    struct lane *l = &s->lane[lane];
    unsigned at = outer < 0 ? 0 : (unsigned)outer;

    if (at >= l->n || (outer >= 0) != l->batch)
        return NULL;
    *p = l->of[at];
    for (unsigned i = 0; i < SYNC_PAGES; i++) {
        struct page *g = &(*p)->page[i];

        if (g->live && g->lane == lane && g->outer == outer)
            return g;
    }
    return NULL;
}

const struct fhir_kind *sync_kind_on(const struct sync_state *s, unsigned lane, int outer)
{
    const struct lane *l = &s->lane[lane];
    unsigned at = outer < 0 ? 0 : (unsigned)outer;

    return at < l->n && (outer >= 0) == l->batch ? l->of[at]->kind : NULL;
}

/* It is said to this client, whatever it has asked. */
static void refused(struct sync_state *s, int64_t retry_after_s)
{
    int64_t ms = sync_pace_refused(retry_after_s, s->refusals++);

    if (ms > SYNC_PACE_PATIENCE_MS)
        sync_stop(s, ERR_BUSY);
    else
        sync_wait(s, ms, retry_after_s > 0);
}

static void on_head(struct sync_state *s, const struct sync_event *ev)
{
    struct lane *l = &s->lane[ev->lane];
    struct pull *p;
    struct page *g;

    s->answered = true;
    s->offline = 0;
    l->status = ev->status;
    l->retry_after_s = ev->retry_after_s;
    if (ev->status == 429 || ev->status == 503)
        refused(s, ev->retry_after_s);
    else
        s->refusals = 0;
    if (l->batch && (ev->status < 200 || ev->status > 299))
        return;
    for (unsigned i = 0; i < l->n; i++) {
        if (!(g = page_of(s, ev->lane, l->batch ? (int)i : -1, &p)))
            continue;
        g->status = ev->status;
        if (!p->start_ms && ev->date_ms && ev->status < 300)
            p->start_ms = ev->date_ms - (ev->waited_ms > 0 ? ev->waited_ms : 0);
    }
}

/* The batch as a whole did not work: asked again after a wait, or entry by entry. */
static void batch_failed(struct sync_state *s, struct lane *l, int code)
{
    int st = l->status;
    bool busy = st == 429 || st == 408 || (st >= 500 && st != 501);

    if (st == 401 || (st >= 300 && st < 400))
        sync_stop(s, st == 401 ? ERR_AUTH : ERR_NOTFHIR);
    else if (!st && code != ERR_TIMEOUT && code != ERR_TOOBIG)
        s->batch_due = sync_patience(s, code);
    else if (busy && st != 504 && s->batch_tries++ < SYNC_TRIES)
        s->batch_due = true;
    else /* too much at once for the server or a proxy's patience, or not taken at all: kind by kind */
        s->batch_refused = st && !busy;
    s->no_batch = s->no_batch || !s->batch_due;
    if (s->batch_due && !s->waiting)
        sync_wait(s, SYNC_PACE_BASE_MS, false);
}

/* The batch's entry has ended: whole when code is ERR_OK. */
static void part_end(struct sync_state *s, unsigned lane, unsigned i, int code)
{
    struct pull *p;
    struct page *g = page_of(s, lane, (int)i, &p);
    bool loose, busy;

    if (!g || g->ended)
        return;
    busy = !code && (g->status == 429 || g->status == 503);
    if (busy && !s->waiting) /* the server has had enough within the batch: one wait for all that it left */
        refused(s, s->lane[lane].retry_after_s);
    loose = !code && g->status != 403 && (g->status < 200 || g->status > 299 || !g->bundle);
    p->alone = p->alone || (loose && !busy);
    p->batched = false;
    sync_on_end(s, p, g, code, loose);
}

/* A later entry than before shows: those before it are whole. Behind the first rank nothing more is wanted while one of
 * that never was whole and has more to come. Not for the rest of a page that was cut: that goes on beside the batch,
 * whose bytes are here or on their way and would be paid twice. */
static void part_shows(struct sync_state *s, unsigned lane, int outer)
{
    struct lane *l = &s->lane[lane];
    struct sync_action *a;

    for (int i = l->last < 0 ? 0 : l->last; i < outer; i++)
        part_end(s, lane, (unsigned)i, ERR_OK);
    l->last = outer;
    if (sync_frugal_part(s, lane, outer))
        return;
    for (unsigned i = 0; i < s->n && !l->left && l->of[outer]->kind->priority != KIND_P0; i++) {
        struct pull *p = s->pull[i];

        if (p->kind->priority == KIND_P0 && !p->mark.mark_ms && !p->alone && !p->cuts && sync_more_due(p) &&
            (a = sync_act(s, SYNC_ACT_STOP))) {
            a->lane = lane;
            l->left = true;
        }
    }
}

/* Entries of a batch answer that broke off before it came to them go into another batch: one by one each would cost a
 * head. It is shorter by what came; when nothing comes, SYNC_TRIES times, they are asked one by one after all. */
static bool not_reached(const struct lane *l, unsigned i, int code)
{
    return sync_is_cut(code) && (int)i > l->last;
}

static void batch_end(struct sync_state *s, unsigned lane, int code)
{
    struct lane *l = &s->lane[lane];
    bool failed = l->status < 200 || l->status > 299, again = false;

    if (failed)
        batch_failed(s, l, code);
    else if (!l->left && l->n > 1 && not_reached(l, l->n - 2, code))
        again = s->batch_due = l->last >= 0 || s->batch_tries++ < SYNC_TRIES;
    for (unsigned i = 0; i < l->n; i++) {
        bool later = failed || not_reached(l, i, code);
        struct pull *p;
        struct page *g = page_of(s, lane, (int)i, &p);

        if (!g || g->ended)
            continue;
        p->batched = s->batch_due && later;
        if (later)
            sync_on_end(s, p, g, code, true);
        else
            part_end(s, lane, i, code);
    }
    if (again && !in_rank(s, true)) { /* together all the same, when the first rank is whole */
        s->batch_due = false;
        s->later_planned = false;
    }
}

static void on_end(struct sync_state *s, const struct sync_event *ev)
{
    struct lane *l = &s->lane[ev->lane];
    struct pull *p;
    struct page *g;

    l->busy = false;
    if (l->batch)
        batch_end(s, ev->lane, ev->code);
    else if ((g = page_of(s, ev->lane, -1, &p)))
        sync_on_end(s, p, g, ev->code, false);
}

/* Rows lie in memory until they are in a parcel: none waits behind more than SYNC_PARCEL_BYTES of its answer. */
static void on_row(struct sync_state *s, struct pull *p, struct page *g, const struct sync_event *ev)
{
    struct lane *l = &s->lane[ev->lane];

    sync_on_row(s, p, g, ev);
    l->bytes += ev->bytes;
    if (l->bytes < SYNC_PARCEL_BYTES)
        return;
    l->bytes = 0;
    for (unsigned i = 0; i < l->n; i++)
        if ((g = page_of(s, ev->lane, l->batch ? (int)i : -1, &p)))
            sync_parcel(s, p, g);
}

static void on_page(struct sync_state *s, const struct sync_event *ev)
{
    struct lane *l = &s->lane[ev->lane];
    struct pull *p;
    struct page *g = page_of(s, ev->lane, ev->outer, &p);

    if (!g)
        return;
    if (ev->outer > l->last)
        part_shows(s, ev->lane, ev->outer);
    if (ev->type == SYNC_EV_BUNDLE)
        g->bundle = true;
    else if (ev->type == SYNC_EV_RESPONSE)
        g->status = ev->status;
    else if (ev->type == SYNC_EV_LINK)
        sync_on_link(s, p, g, ev);
    else if (ev->type == SYNC_EV_ROW)
        on_row(s, p, g, ev);
    else if (g->storing)
        sync_on_stored(s, p, g, ev->code);
}

void sync_step(struct sync_state *s, const struct sync_event *ev, struct sync_actions *out)
{
    s->out = out;
    out->n = 0;
    if (s->done || (ev->lane >= SYNC_SLOTS))
        return;
    switch (ev->type) {
    case SYNC_EV_ID:
        on_id(s, ev);
        return;
    case SYNC_EV_START:
        on_start(s, ev);
        break;
    case SYNC_EV_HEAD:
        on_head(s, ev);
        break;
    case SYNC_EV_END:
        on_end(s, ev);
        break;
    case SYNC_EV_WAKE:
        s->waiting -= s->waiting > 0;
        break;
    case SYNC_EV_IDS:
        s->rounds = s->n > s->n_by_id ? s->rounds : SYNC_ROUNDS;
        s->ids_asked = false;
        break;
    case SYNC_EV_FRUGAL:
        sync_frugal(s);
        break;
    case SYNC_EV_CANCEL:
        sync_stop(s, ev->code ? ev->code : ERR_CANCELLED);
        break;
    case SYNC_EV_CHANGES:
        s->changes = ev->changes;
        break;
    default:
        on_page(s, ev);
    }
    schedule(s);
    if (s->started)
        finish(s);
}

/* --- results ---------------------------------------------------------------------------------- */

static void add_result(const struct pull *p, struct sync_kind_result *r)
{
    bool first = !r->type;

    r->type = p->kind->type;
    r->rows += p->rows;
    r->fresh += p->fresh;
    r->pages += p->pages;
    r->cuts += p->cuts;
    r->notes |= p->notes;
    r->over = (first || r->over) && p->phase == PULL_OVER;
    r->failed = r->failed || failed(p);
    if (p->code) {
        r->code = p->code;
        r->status = p->status;
    }
}

unsigned sync_results(const struct sync_state *s, struct sync_kind_result *out, unsigned max)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->n; i++) {
        unsigned at = 0;

        while (at < n && strcmp(out[at].type, s->pull[i]->kind->type))
            at++;
        if (at == max)
            continue;
        if (at == n)
            out[n++] = (struct sync_kind_result){0};
        add_result(s->pull[i], &out[at]);
    }
    return n;
}

int64_t sync_changes(const struct sync_state *s)
{
    return s->changes;
}

bool sync_batch_refused(const struct sync_state *s)
{
    return s->batch_refused;
}
