/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/priv.h"

#include "base/err.h"

static int64_t later(int64_t a, int64_t b) /* FHIR_NO_DATE is the least */
{
    return a > b ? a : b;
}

static bool more(const struct page *g)
{
    return g->next.n || g->next_bad;
}

/* The page ends the run of its kind and every row of it is here. An order that was broken after a restart
 * rested on it asks for one more run from the beginning. */
bool sync_closes(const struct pull *p, const struct page *g)
{
    return g->verdict == VERDICT_WHOLE && !more(g) && (sync_ordered(p) || !p->leapt);
}

static void over(struct pull *p, int code, int status)
{
    p->phase = PULL_OVER;
    p->code = code;
    p->status = status;
    sync_seen_fini(&p->chain);
    sync_seen_fini(&p->links);
}

/* Drops the pages asked ahead: what came of them is stored, without a mark. */
static void drop_ahead(struct sync_state *s, struct pull *p)
{
    struct sync_action *a;

    for (unsigned i = 1; i < SYNC_PAGES; i++) {
        struct page *g = sync_chain(p, i);

        if (!g->live || g->orphan)
            continue;
        g->orphan = true;
        if (!g->ended && s->lane[g->lane].busy && (a = sync_act(s, SYNC_ACT_STOP)))
            a->lane = g->lane;
        sync_emit(s, p, g);
    }
}

static void restart(struct sync_state *s, struct pull *p)
{
    drop_ahead(s, p);
    if (!sync_ordered(p))
        p->max_ms = FHIR_NO_DATE;
    else if (p->max_ms != FHIR_NO_DATE)
        p->leapt = true;
    p->at_max = p->loose = 0;
    p->chain_ms = FHIR_NO_DATE;
    sync_seen_clear(&p->chain);
    sync_seen_clear(&p->links);
    buf_clear(&p->link);
    p->phase = PULL_QUEUED;
}

/* Asks link next; empty: the chain's beginning once more. */
static void by_link(struct sync_state *s, struct pull *p, struct str link)
{
    buf_clear(&p->link);
    if (buf_addstr(&p->link, link))
        sync_stop(s, p->link.failed);
    p->phase = PULL_QUEUED;
}

/* Takes the page's place in time into the run. True when it brought the run on. */
static bool merge(struct pull *p, const struct page *g)
{
    bool on = g->fresh > 0 || g->max_ms > p->max_ms;

    if (g->max_ms > p->max_ms)
        p->at_max = g->at_max;
    else if (g->max_ms == p->max_ms && g->max_ms != FHIR_NO_DATE)
        p->at_max += g->at_max;
    p->loose += g->loose;
    p->max_ms = later(p->max_ms, g->max_ms);
    if (on)
        p->barren = 0;
    return on;
}

/* True when the chain has had every row of the page before, SYNC_STALE pages in a row. */
static bool goes_round(struct sync_state *s, struct pull *p, struct page *g)
{
    bool news = false, added;

    if (g->max_ms > p->chain_ms && g->rows) {
        sync_seen_clear(&p->chain);
        p->chain_ms = g->max_ms;
        news = true;
    }
    for (size_t i = 0; i < g->hashes.n; i++) {
        if (sync_seen_add(&p->chain, *(uint64_t *)vec_at(&g->hashes, i), &added))
            sync_stop(s, ERR_NOMEM);
        news = news || added;
    }
    p->stale = news ? 0 : p->stale + 1;
    return p->stale >= SYNC_STALE;
}

bool sync_regrows(const struct pull *p, unsigned *count)
{
    unsigned top = p->ceiling && p->ceiling < SYNC_COUNT ? p->ceiling : SYNC_COUNT;

    if (p->whole < 3 || p->count >= top || !sync_ordered(p) || p->max_ms == FHIR_NO_DATE ||
        p->at_max + p->loose > (p->count < 16 ? 1 : p->count / 8))
        return false;
    *count = p->count * 2 < top ? p->count * 2 : top;
    return true;
}

/* A next link to another origin: go on by time where that gets anywhere. */
static void without_link(struct sync_state *s, struct pull *p, bool on)
{
    if (!sync_ordered(p) || (!on && p->count >= SYNC_COUNT)) {
        over(p, ERR_ORIGIN, 0);
        return;
    }
    if (!on)
        p->count = p->count * 2 < SYNC_COUNT ? p->count * 2 : SYNC_COUNT;
    restart(s, p);
}

static void go_on(struct sync_state *s, struct pull *p, struct page *g)
{
    struct page *ahead = sync_chain(p, 1);
    bool added, has_ahead = ahead->live && !ahead->orphan;
    unsigned count = SYNC_COUNT;

    if (sync_seen_add(&p->links, sync_hash(buf_str(&g->next)), &added))
        sync_stop(s, ERR_NOMEM);
    if (!added) {
        drop_ahead(s, p);
        over(p, ERR_LOOP, 0);
    } else if (g->outer >= 0 &&
               g->count < p->count) { /* in large pages, from the beginning: a leap rests on the order */
        p->max_ms = FHIR_NO_DATE;
        restart(s, p);
    } else if (!has_ahead && sync_regrows(p, &count)) {
        p->whole = 0;
        p->count = count;
        restart(s, p);
    } else if (has_ahead) {
        p->front = (p->front + 1) % SYNC_PAGES;
        if (sync_ordered(p) && ahead->first_ms != FHIR_NO_DATE && ahead->first_ms < p->max_ms)
            sync_unsorted(p);
        sync_emit(s, p, ahead);
    } else {
        by_link(s, p, buf_str(&g->next));
    }
}

static void after_whole(struct sync_state *s, struct pull *p, struct page *g)
{
    bool on = merge(p, g);

    p->pages++;
    p->whole++;
    p->again = p->tries = 0;
    if (g->next.n && g->rows && g->rows < g->count)
        p->ceiling = g->rows;
    if (more(g) && (goes_round(s, p, g) || p->pages >= LIMIT_PAGES)) {
        drop_ahead(s, p);
        over(p, ERR_LOOP, 0);
    } else if (g->next_bad)
        without_link(s, p, on);
    else if (g->next.n)
        go_on(s, p, g);
    else if (sync_closes(p, g))
        over(p, ERR_OK, 0);
    else { /* once more from the beginning, resting on nothing */
        p->leapt = false;
        restart(s, p);
    }
}

/* True when cut pages come to nothing: the smallest ones bring the same rows again and again. That a row is unknown
 * each time is no progress: two of one id in one page replace each other in the store for ever. */
static bool goes_in_circles(struct sync_state *s, struct pull *p, struct page *g)
{
    bool news = g->max_ms > p->max_ms, added;

    if (news)
        sync_seen_clear(&p->torn);
    for (size_t i = 0; i < g->hashes.n; i++) {
        if (sync_seen_add(&p->torn, *(uint64_t *)vec_at(&g->hashes, i), &added))
            sync_stop(s, ERR_NOMEM);
        news = news || added;
    }
    if (news || g->count > 1)
        p->circles = 0;
    else
        p->circles++;
    return p->circles > SYNC_TRIES;
}

static void after_cut(struct sync_state *s, struct pull *p, struct page *g)
{
    bool ties = g->first_ms == FHIR_NO_DATE || g->first_ms == g->max_ms || !sync_ordered(p);
    bool circles = goes_in_circles(s, p, g);
    bool small = g->outer >= 0 && g->count < p->count; /* a batch's page, which says nothing of what fits */
    unsigned half = g->count / 2 ? g->count / 2 : 1;
    bool on = merge(p, g);

    p->cuts++;
    p->whole = 0;
    if (circles || (!on && g->count <= 1 && ++p->barren > SYNC_TRIES)) {
        over(p, g->code ? g->code : ERR_CUT, 0);
        return;
    }
    /* A restart would bring again more rows than half a page has, in smaller pages, each with its own head: try the
     * page itself twice. */
    if (g->from_link && (!sync_ordered(p) || 2 * (p->at_max + p->loose) > g->count) && p->again++ < 2) {
        drop_ahead(s, p);
        by_link(s, p, buf_str(&g->asked));
        return;
    }
    p->again = 0;
    p->count = ties && !on && g->rows && g->rows < half ? g->rows : half;
    if (small)
        p->count = SYNC_COUNT / 2;
    restart(s, p);
}

static void after_nothing(struct sync_state *s, struct pull *p, struct page *g)
{
    if (g->verdict == VERDICT_AGAIN) {
        drop_ahead(s, p);
        by_link(s, p, buf_str(&g->asked));
        return;
    }
    if (g->verdict == VERDICT_EXPIRED && ++p->barren > SYNC_TRIES) {
        over(p, ERR_HTTP, g->status);
        return;
    }
    if (g->verdict == VERDICT_LOOSE) {
        p->count = SYNC_COUNT;
        p->start_ms = p->rows ? p->start_ms : p->mark.run_start_ms;
    }
    if (g->verdict == VERDICT_BARE) {
        p->bare = true;
        p->notes |= SYNC_NOTE_UNFILTERED;
        sync_unsorted(p);
    }
    restart(s, p);
}

void sync_page_over(struct sync_state *s, struct pull *p, struct page *g)
{
    vec_fini(&g->parcels);
    g->live = false;
    sync_lane_page_over(s, g->lane);
    if (g->orphan)
        return;
    if (sync_ends(s, p)) {
        drop_ahead(s, p);
        if (sync_closes(p, g) && !s->store_failed)
            over(p, ERR_OK, 0); /* it had come to its end before the stop */
        else
            over(p, g->verdict == VERDICT_FAIL ? g->code : sync_ends(s, p), g->status >= 300 ? g->status : 0);
    } else if (g->verdict == VERDICT_WHOLE) {
        after_whole(s, p, g);
    } else if (g->verdict == VERDICT_CUT) {
        after_cut(s, p, g);
    } else if (g->verdict == VERDICT_FAIL) {
        drop_ahead(s, p);
        over(p, g->code, g->status);
    } else {
        after_nothing(s, p, g);
    }
}
