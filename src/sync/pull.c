/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One kind's run: rows, pages, and what follows a page that was whole, cut or refused.
 *
 * Why it always gets on, rows of one instant included. Rows come in ascending lastUpdated, so a chain may
 * be taken up at the greatest instant stored, `ge`, and loses nothing. Rows of that very instant come again;
 * when a cut page held nothing else and nothing new, asking for as many rows as the cut left makes the next answer
 * end where that one broke, and its next link leads on to rows that are new. A page counts as whole when its Bundle is
 * closed, or when it holds as many rows as were asked for and all links came before them (R4 search.html:
 * a server gives no more than _count; its self link shows that it kept to it).
 *
 * A stored search (HAPI) shows a row's newest version in the place of the one that was there when the search
 * was made. A row that may have changed since, its commit up to an overlap late, therefore neither moves
 * the restart point nor counts against the order, unless it is its first version, which had no other place. The
 * next run asks for it anyway.
 */
#include "config.h"

#include "sync/priv.h"

#include <string.h>

#include "base/date.h"
#include "base/err.h"

static bool is_front(const struct pull *p, const struct page *g)
{
    return &p->page[p->front] == g;
}

static int64_t later(int64_t a, int64_t b) /* FHIR_NO_DATE is the least */
{
    return a > b ? a : b;
}

struct page *sync_chain(struct pull *p, unsigned i)
{
    return &p->page[(p->front + i) % SYNC_PAGES];
}

void sync_pull_free(struct pull *p)
{
    for (unsigned i = 0; i < SYNC_PAGES; i++) {
        buf_fini(&p->page[i].next);
        buf_fini(&p->page[i].asked);
        vec_fini(&p->page[i].parcels);
        vec_fini(&p->page[i].hashes);
    }
    buf_fini(&p->ids);
    buf_fini(&p->link);
    sync_seen_fini(&p->links);
    sync_seen_fini(&p->chain);
    sync_seen_fini(&p->torn);
}

void sync_page_open(struct pull *p, struct page *g, unsigned lane, int outer, struct str link)
{
    struct buf next = g->next, asked = g->asked;

    vec_fini(&g->parcels);
    vec_fini(&g->hashes);
    *g = (struct page){.live = true, .lane = lane, .outer = outer, .from_link = link.n > 0};
    g->next = next;
    g->asked = asked;
    buf_clear(&g->next);
    buf_clear(&g->asked);
    buf_addstr(&g->asked, link);
    vec_init(&g->parcels, sizeof(struct parcel), LIMIT_PAGE_BYTES / LIMIT_TX_ROWS);
    vec_init(&g->hashes, sizeof(uint64_t), LIMIT_PAGE_BYTES / 8);
    g->count = outer >= 0 && (p->mark.mark_ms || p->ids.n) ? SYNC_COUNT_BATCH : p->count;
    g->first_ms = g->max_ms = FHIR_NO_DATE;
}

bool sync_more_due(struct pull *p)
{
    struct page *g = sync_chain(p, 0);

    for (unsigned i = 1; i < SYNC_PAGES && sync_chain(p, i)->live && !sync_chain(p, i)->orphan; i++)
        g = sync_chain(p, i);
    if (p->phase != PULL_ASKED || !g->live)
        return p->phase != PULL_OVER;
    return g->ended ? !sync_closes(p, g) : !g->bundle || !g->links_first || g->next.n || g->next_bad;
}

/* --- what comes in ---------------------------------------------------------------------------- */

void sync_unsorted(struct pull *p)
{
    p->disorder = true;
    p->notes |= SYNC_NOTE_UNSORTED;
}

/* Nothing more of the answer is wanted; of a batch only this part. */
static void leave(struct sync_state *s, const struct page *g)
{
    struct sync_action *a;

    if (g->outer < 0 && (a = sync_act(s, SYNC_ACT_STOP)))
        a->lane = g->lane;
}

static void on_self(struct sync_state *s, struct pull *p, struct page *g, struct str url)
{
    const char *scope = p->ids.n ? "_id" : s->scope->all ? NULL : p->kind->patient_param;

    if (sync_echoes_count(url, g->count))
        p->count_kept = true;
    if (g->from_link || !(sync_echoes(url, "_count") || sync_echoes(url, "_sort") || sync_echoes(url, "_lastUpdated")))
        return; /* opaque: says nothing */
    if (scope && !sync_echoes(url, scope)) { /* it would send other patients */
        g->foreign = true;
        leave(s, g);
        return;
    }
    if (sync_from(p) != FHIR_NO_DATE && !sync_echoes(url, "_lastUpdated")) {
        p->notes |= SYNC_NOTE_UNFILTERED;
        p->disorder = true;
    }
    if (sync_echoes(url, "_sort"))
        p->promised = true;
    else
        sync_unsorted(p);
}

void sync_on_link(struct sync_state *s, struct pull *p, struct page *g, const struct sync_event *ev)
{
    if (!g->rows)
        g->links_first = true;
    if (!ev->next) {
        on_self(s, p, g, ev->url);
    } else if (ev->code) {
        g->next_bad = true;
        p->notes |= SYNC_NOTE_ORIGIN;
    } else {
        buf_clear(&g->next);
        if (buf_addstr(&g->next, ev->url))
            sync_stop(s, g->next.failed);
    }
}

static bool seal(struct sync_state *s, struct page *g, bool last)
{
    struct parcel *b = vec_push(&g->parcels);

    if (!b) {
        s->store_failed = true;
        sync_stop(s, ERR_NOMEM);
        return false;
    }
    *b = (struct parcel){g->open, g->max_ms, last};
    g->open = 0;
    return true;
}

void sync_parcel(struct sync_state *s, struct pull *p, struct page *g)
{
    if (g->open && seal(s, g, false))
        sync_emit(s, p, g);
}

/* Where a row stands in time. */
static void place(struct pull *p, struct page *g, int64_t at, bool first_version)
{
    int64_t overlap = p->mark.overlap_ms > SYNC_OVERLAP_MS ? p->mark.overlap_ms : SYNC_OVERLAP_MS;

    if (at == FHIR_NO_DATE) {
        sync_unsorted(p);
        return;
    }
    if (p->start_ms && (at >= p->start_ms || (at >= p->start_ms - overlap && !first_version))) {
        g->loose++;
        return;
    }
    if (g->first_ms == FHIR_NO_DATE) {
        g->first_ms = at;
        if (is_front(p, g) && sync_ordered(p) && at < p->max_ms)
            sync_unsorted(p);
    }
    if (at < g->max_ms)
        sync_unsorted(p);
    g->at_max = at == g->max_ms ? g->at_max + 1 : at > g->max_ms ? 1 : g->at_max;
    g->max_ms = later(g->max_ms, at);
}

void sync_on_row(struct sync_state *s, struct pull *p, struct page *g, const struct sync_event *ev)
{
    uint64_t *h;

    if (g->foreign || g->spoilt)
        return;
    if (ev->code) {
        g->spoilt = ev->code;
        leave(s, g);
        return;
    }
    g->rows++;
    p->rows++;
    if (g->rows > g->count)
        p->count_kept = false;
    if (ev->bad)
        p->notes |= SYNC_NOTE_REFUSED;
    if ((h = vec_push(&g->hashes)))
        *h = sync_hash(ev->id);
    if (!ev->bad || ev->updated_ms != FHIR_NO_DATE)
        place(p, g, ev->updated_ms, ev->first_version);
    if (ev->known)
        return;
    g->fresh++;
    p->fresh++;
    if (p->since_ms != FHIR_NO_DATE && ev->updated_ms != FHIR_NO_DATE && ev->updated_ms >= p->since_ms &&
        p->mark.mark_ms - ev->updated_ms > p->late_ms)
        p->late_ms = p->mark.mark_ms - ev->updated_ms;
    if (++g->open == LIMIT_TX_ROWS)
        sync_parcel(s, p, g);
}

/* --- what is stored --------------------------------------------------------------------------- */

static void closing_mark(const struct pull *p, struct store_mark *m)
{
    int64_t at = p->start_ms ? p->start_ms : later(p->max_ms, p->page[p->front].max_ms);
    int64_t overlap = m->overlap_ms > SYNC_OVERLAP_MS ? m->overlap_ms : SYNC_OVERLAP_MS;

    if (at > 0)
        m->mark_ms = m->asof_ms = at;
    if (p->late_ms * 2 > overlap)
        overlap = p->late_ms * 2;
    m->overlap_ms = overlap < SYNC_OVERLAP_MAX_MS ? overlap : SYNC_OVERLAP_MAX_MS;
    m->run_start_ms = m->run_max_ms = 0;
    m->run_max_lexeme[0] = m->next[0] = '\0';
    m->count = 0;
}

static void progress_mark(const struct pull *p, const struct page *g, const struct parcel *b, struct store_mark *m)
{
    int64_t max = sync_ordered(p) ? later(p->max_ms, b->max_ms) : FHIR_NO_DATE;
    bool whole = b->last && g->verdict == VERDICT_WHOLE;
    bool again = p->at_max + p->loose > p->count || !sync_ordered(p);
    struct str link = whole ? buf_str(&g->next) : again ? buf_str(&g->asked) : STR("");

    m->run_start_ms = p->start_ms;
    m->run_max_ms = max == FHIR_NO_DATE ? 0 : max;
    m->run_max_lexeme[0] = m->next[0] = '\0';
    if (m->run_max_ms)
        date_instant(m->run_max_ms, m->run_max_lexeme);
    if (link.n && link.n < sizeof m->next) {
        memcpy(m->next, link.p, link.n);
        m->next[link.n] = '\0';
    }
    m->count = p->count;
}

/* Whole by all its id groups, this one being the last. */
static bool by_id_closes(const struct sync_state *s, const struct pull *p, int64_t *start_ms)
{
    *start_ms = p->start_ms;
    for (unsigned i = 0; i < s->n; i++) {
        const struct pull *o = s->pull[i];

        if (o == p || o->kind != p->kind || !o->ids.n)
            continue;
        if (o->phase != PULL_OVER || o->code)
            return false;
        if (o->start_ms && o->start_ms < *start_ms)
            *start_ms = o->start_ms;
    }
    return true;
}

static void mark_for(const struct sync_state *s, const struct pull *p, const struct page *g, const struct parcel *b,
                     struct store_mark *m)
{
    bool close = b->last && sync_closes(p, g);
    int64_t start = 0;

    *m = (struct store_mark){0};
    if (!is_front(p, g) || g->orphan)
        return;
    if (p->ids.n && !(close && by_id_closes(s, p, &start)))
        return;
    *m = p->mark;
    memcpy(m->type, p->kind->type, strlen(p->kind->type) + 1);
    if (!close) {
        progress_mark(p, g, b, m);
        return;
    }
    closing_mark(p, m);
    if (p->ids.n && start)
        m->mark_ms = m->asof_ms = start;
}

/* Nothing to say to the store: no rows, and a page that moved nothing. */
static bool idle(const struct pull *p, const struct page *g, const struct parcel *b)
{
    return !b->rows && g->verdict != VERDICT_WHOLE && (b->max_ms == FHIR_NO_DATE || b->max_ms <= p->max_ms);
}

void sync_emit(struct sync_state *s, struct pull *p, struct page *g)
{
    struct parcel *b = vec_at(&g->parcels, 0);
    struct sync_action *a;

    if (!b || g->storing)
        return;
    if (s->store_failed) {
        g->parcels.n = 0;
        if (g->ended)
            sync_page_over(s, p, g);
        return;
    }
    if (b->last && !is_front(p, g) && !g->orphan)
        return;
    if (b->last && (g->orphan ? !b->rows : idle(p, g, b))) {
        sync_page_over(s, p, g);
        return;
    }
    if (!(a = sync_act(s, SYNC_ACT_STORE)))
        return;
    a->lane = g->lane;
    a->outer = g->outer;
    a->kind = p->kind;
    a->rows = b->rows;
    mark_for(s, p, g, b, &a->mark);
    g->storing = true;
}

void sync_on_stored(struct sync_state *s, struct pull *p, struct page *g, int code)
{
    struct parcel *b = vec_at(&g->parcels, 0);

    g->storing = false;
    if (code) {
        s->store_failed = true;
        sync_stop(s, code);
    } else if (b->last) {
        sync_page_over(s, p, g);
        return;
    } else {
        g->parcels.n--;
        memmove(b, b + 1, g->parcels.n * sizeof *b);
    }
    sync_emit(s, p, g);
}

/* --- how it ended ----------------------------------------------------------------------------- */

bool sync_is_cut(int code)
{
    return code == ERR_CUT || code == ERR_TIMEOUT || code == ERR_OFFLINE || code == ERR_DECODE || code == ERR_JSON ||
           code == ERR_TOOBIG || code == ERR_CANCELLED;
}

/* All the rows that were asked for are here though the Bundle is not closed. */
static bool full(const struct pull *p, const struct page *g)
{
    return p->count_kept && g->links_first && g->rows == g->count && !g->next_bad;
}

static enum verdict fail(struct page *g, int code)
{
    g->code = code;
    return VERDICT_FAIL;
}

static enum verdict refused(struct sync_state *s, struct pull *p, struct page *g)
{
    int st = g->status;

    if (st == 401) {
        sync_stop(s, ERR_AUTH);
        return fail(g, ERR_AUTH);
    }
    if (st == 403)
        return fail(g, ERR_AUTH);
    if (st == 408 || st == 429 || st >= 500) {
        if (st == 501)
            return fail(g, ERR_UNSUPPORTED);
        return ++p->tries > SYNC_TRIES ? fail(g, ERR_HTTP) : VERDICT_AGAIN;
    }
    if (st >= 300 && st < 400) { /* a portal, or a server that moved: nobody follows it with a token */
        sync_stop(s, ERR_NOTFHIR);
        return fail(g, ERR_NOTFHIR);
    }
    if (g->from_link)
        return VERDICT_EXPIRED;
    if (st == 400 && !p->bare)
        return VERDICT_BARE;
    return fail(g, st == 400 || st == 404 || st == 405 ? ERR_UNSUPPORTED : ERR_HTTP);
}

static enum verdict lost(struct sync_state *s, const struct pull *p, struct page *g, int code)
{
    if (sync_ends(s, p))
        return VERDICT_CUT;
    if (code == ERR_TOOBIG) /* a head beyond the limit is this search's answer, not the state of the line */
        return fail(g, code);
    return sync_patience(s, code) ? VERDICT_AGAIN : fail(g, code ? code : ERR_OFFLINE);
}

static enum verdict judge(struct sync_state *s, struct pull *p, struct page *g, int code)
{
    bool ends = sync_ends(s, p) != ERR_OK;

    if (g->foreign)
        return fail(g, ERR_UNSUPPORTED);
    if (g->spoilt)
        return fail(g, g->spoilt);
    if (!g->status)
        return lost(s, p, g, code);
    if (g->status < 200 || g->status > 299)
        return refused(s, p, g);
    if (code == ERR_OK && g->bundle)
        return VERDICT_WHOLE;
    if (sync_is_cut(code) && g->bundle && full(p, g))
        return VERDICT_WHOLE;
    /* The cut fell on another part of the batch, or the step left it here: nothing rests on where. */
    if (g->outer >= 0 && (code == ERR_CANCELLED ? !ends : sync_is_cut(code) && !g->rows))
        return VERDICT_LOOSE;
    if (sync_is_cut(code) || ends) {
        g->code = code;
        return VERDICT_CUT;
    }
    if (code == ERR_NOTFHIR) { /* a portal between us: nothing that it says is about the record */
        sync_stop(s, ERR_NOTFHIR);
        return fail(g, ERR_NOTFHIR);
    }
    if (code)
        sync_stop(s, code);
    return fail(g, code ? code : ERR_NOTFHIR);
}

void sync_on_end(struct sync_state *s, struct pull *p, struct page *g, int code, bool loose)
{
    g->ended = true;
    g->code = code;
    g->verdict = loose ? VERDICT_LOOSE : g->orphan ? VERDICT_CUT : judge(s, p, g, code);
    if (!seal(s, g, true) && !g->storing && !g->parcels.n)
        sync_page_over(s, p, g);
    else
        sync_emit(s, p, g);
}
