/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One request: its head, its body cut into resources, and all of it handed to the step in the order it came.
 */
#include "config.h"

#include <string.h>

#include "base/mem.h"
#include "sync/shell.h"

static void deliver(struct shell_lane *l);

/* --- large rows, one at a time ------------------------------------------------------------------ */

/* One that is stuck in memory, its page having come to nothing, must not hold up the others: no job is under way
 * then. */
static bool may_grow(const struct sync_run *r)
{
    for (unsigned i = 0; i < SYNC_SLOTS; i++)
        if (r->lane[i].grows)
            return false;
    return !(r->large && r->moving);
}

static void take_turns(struct sync_run *r)
{
    for (unsigned i = 0; i < SYNC_SLOTS; i++) {
        struct shell_lane *l = &r->lane[i];

        if (!l->waits || !may_grow(r))
            continue;
        l->waits = false;
        l->grows = true;
        if (l->request)
            net_pause(l->request, r->paused);
    }
}

static void look_at_size(struct shell_lane *l)
{
    if (!l->scan || bundle_held(l->scan) <= SHELL_LARGE) {
        l->grows = l->waits = false;
    } else if (!l->grows && !l->waits) {
        l->waits = true;
        if (l->request)
            net_pause(l->request, true); /* take_turns may take that back */
    }
    take_turns(l->run);
}

/* --- chunks ----------------------------------------------------------------------------------- */

void sync_hold(struct sync_run *r, size_t more, size_t less)
{
    bool pause;

    r->held += more;
    r->held -= less;
    pause = r->moving && (r->paused ? r->held > SHELL_HELD / 2 : r->held > SHELL_HELD);
    take_turns(r);
    if (pause == r->paused)
        return;
    r->paused = pause;
    for (unsigned i = 0; i < SYNC_SLOTS; i++)
        if (r->lane[i].request)
            net_pause(r->lane[i].request, pause || r->lane[i].waits);
}

void sync_chunk_release(struct chunk *c)
{
    if (!c || --c->refs)
        return;
    c->run->large -= c->large;
    sync_hold(c->run, 0, c->held);
    buf_fini(&c->bytes);
    vec_fini(&c->items);
    arena_fini(&c->arena);
    mem_free(c);
}

static struct chunk *chunk_of(struct shell_lane *l)
{
    struct chunk *c = l->chunk;

    if (c || !(c = mem_alloc(sizeof *c)))
        return c;
    c->run = l->run;
    c->lane = l->at;
    c->refs = 1;
    buf_init(&c->bytes, SHELL_CHUNK + 2 * LIMIT_RESOURCE_BYTES);
    vec_init(&c->items, sizeof(struct item), LIMIT_PAGE_BYTES);
    arena_init(&c->arena, 2 * LIMIT_RESOURCE_BYTES);
    return l->chunk = c;
}

static struct item *add(struct shell_lane *l, enum sync_event_type type, int outer, struct str bytes)
{
    struct chunk *c = chunk_of(l);
    struct item *it = c ? vec_push(&c->items) : NULL;

    if (!it)
        return NULL;
    *it = (struct item){.type = type, .outer = outer, .off = c->bytes.n, .n = bytes.n};
    if (buf_addstr(&c->bytes, bytes)) {
        c->items.n--;
        return NULL;
    }
    c->held += bytes.n + sizeof *it;
    if (bytes.n > SHELL_LARGE && !c->large) {
        c->large = true;
        l->run->large++;
    }
    sync_hold(l->run, bytes.n + sizeof *it, 0);
    return it;
}

/* --- what the scanner finds --------------------------------------------------------------------- */

static int on_resource(void *arg, int outer, struct str bytes)
{
    return add(arg, SYNC_EV_ROW, outer, bytes) ? ERR_OK : ERR_NOMEM;
}

static int on_toobig(void *arg, int outer, struct str head)
{
    struct item *it = add(arg, SYNC_EV_ROW, outer, head);

    if (!it)
        return ERR_NOMEM;
    it->code = ERR_TOOBIG;
    return ERR_OK;
}

static int on_bundle(void *arg, int outer, struct str type, struct str total)
{
    (void)total;
    if (!str_is(type, "searchset"))
        return ERR_OK;
    return add(arg, SYNC_EV_BUNDLE, outer, STR("")) ? ERR_OK : ERR_NOMEM;
}

static int on_response(void *arg, int entry, struct str status, struct str etag, struct str location)
{
    struct item *it = add(arg, SYNC_EV_RESPONSE, entry, STR(""));
    int64_t code = 0;

    (void)etag;
    (void)location;
    if (!it)
        return ERR_NOMEM;
    status.n = status.n < 3 ? status.n : 3; /* "200 OK" */
    it->status = str_int(status, 100, 599, &code) ? (int)code : 0;
    return ERR_OK;
}

static int on_link(void *arg, int outer, struct str relation, struct str url)
{
    struct shell_lane *l = arg;
    bool next = str_is(relation, "next");
    char gated[LIMIT_URL_BYTES + 1];
    struct err e = ERR_NONE;
    struct item *it;
    int code = ERR_OK;

    if (!next && !str_is(relation, "self"))
        return ERR_OK;
    if (next && !(code = net_gate(l->run->net, NET_FHIR, url, gated, &e)))
        url = str_of(gated);
    if (code)
        sync_run_err(l->run, &e);
    if (!(it = add(l, SYNC_EV_LINK, outer, url)))
        return ERR_NOMEM;
    it->next = next;
    it->code = code;
    return ERR_OK;
}

/* --- in order to the step ----------------------------------------------------------------------- */

/* The step must not hear of what comes behind a row that was lost: its mark would stand for that row too. */
static void lose(struct shell_lane *l, int code)
{
    if (!l->lost)
        l->lost = code;
    if (l->request)
        net_cancel(l->request);
}

static bool too_many(const struct sync_run *r, const struct item *it)
{
    return it->bad && !it->known && r->n_refused >= SHELL_REFUSED;
}

static bool keep_row(struct shell_lane *l, struct chunk *c, struct item *it, const struct fhir_kind *k)
{
    struct pending *p;

    if (!it->bad && !(it->ix.kind && it->ix.kind == k))
        return false; /* an OperationOutcome, an included row: not of this search */
    if (it->bad)
        it->known = sync_notes_refused(l->run, it->name);
    if (it->known || too_many(l->run, it))
        return true;
    l->run->n_refused += it->bad;
    if (!(p = vec_push(&l->rows))) {
        lose(l, ERR_NOMEM);
        return false;
    }
    *p = (struct pending){c, it};
    c->refs++;
    return true;
}

static void give(struct shell_lane *l, struct chunk *c, struct item *it)
{
    struct sync_event ev = {.type = it->type, .lane = l->at, .outer = it->outer, .status = it->status, .code = it->code,
                            .next = it->next, .changes = it->changes};
    const struct fhir_kind *k = sync_kind_on(l->run->state, l->at, it->outer);

    if (it->type == SYNC_EV_LINK)
        ev.url = (struct str){c->bytes.p + it->off, it->n};
    if (it->type == SYNC_EV_ROW) {
        l->unsaid += it->n;
        ev.code = too_many(l->run, it) && !sync_notes_refused(l->run, it->name) ? ERR_TOOBIG : ERR_OK;
        if (!keep_row(l, c, it, k))
            return;
        ev.bytes = l->unsaid;
        l->unsaid = 0;
        ev.id = it->bad ? it->name : it->ix.id;
        ev.updated_ms = it->ix.updated_ms;
        ev.first_version = str_is(it->ix.version, "1");
        ev.known = it->known;
        ev.bad = it->bad;
        l->run->rows++;
    }
    sync_run_step(l->run, &ev);
}

static void parsed(struct loop_job *job)
{
    struct chunk *c = (struct chunk *)job;
    struct shell_lane *l = &c->run->lane[c->lane];

    l->jobs--;
    l->run->moving--;
    if (job->code)
        lose(l, job->code);
    for (; c->first < c->items.n && !l->lost && !l->run->abandoned; c->first++)
        give(l, c, vec_at(&c->items, c->first));
    sync_chunk_release(c);
    deliver(l);
    sync_hold(l->run, 0, 0);
    sync_run_drop(l->run);
}

static void submit(struct shell_lane *l)
{
    struct chunk *c = l->chunk;

    l->chunk = NULL;
    l->jobs++;
    l->run->moving++;
    c->job.run = sync_parse_run;
    c->job.done = parsed;
    sync_run_hold(l->run);
    loop_submit(l->run->loop, LOOP_WORK, &c->job);
}

static void end(struct shell_lane *l)
{
    struct sync_event ev = {.type = SYNC_EV_END, .lane = l->at, .outer = -1, .code = l->lost ? l->lost : l->code};

    l->ended = false;
    bundle_free(l->scan);
    l->scan = NULL;
    sync_run_step(l->run, &ev);
}

/* Hands over what can be: marks and links at once, so that a next page is asked while its rows still stream;
 * rows by way of the work thread; the end when all else is over. */
static void deliver(struct shell_lane *l)
{
    struct chunk *c = l->chunk;

    if (l->run->abandoned)
        return;
    if (c && l->lost)
        c->first = c->items.n;
    while (c && !l->jobs && !l->lost && c->first < c->items.n &&
           ((struct item *)vec_at(&c->items, c->first))->type != SYNC_EV_ROW)
        give(l, c, vec_at(&c->items, c->first++));
    if (c && c->first < c->items.n && (!l->jobs || c->bytes.n >= SHELL_CHUNK)) {
        submit(l);
    } else if (c && c->first == c->items.n) {
        l->chunk = NULL;
        sync_chunk_release(c);
    }
    if (l->ended && !l->jobs && !l->chunk)
        end(l);
}

/* --- net's calls ------------------------------------------------------------------------------ */

static void metered(struct sync_run *r)
{
    if (r->observer.metered)
        r->observer.metered(r->observer.arg);
}

static int on_head(void *arg, const struct net_head *h)
{
    struct shell_lane *l = arg;
    struct sync_event ev = {.type = SYNC_EV_HEAD,
                            .lane = l->at,
                            .outer = -1,
                            .status = h->status,
                            .date_ms = h->date_ms,
                            .waited_ms = clock_boot_ms(&l->run->clock) - l->asked_ms,
                            .retry_after_s = h->retry_after_s};

    if (l->run->abandoned)
        return ERR_CANCELLED;
    l->status = h->status;
    metered(l->run);
    if (l->gzipped && (h->status == 400 || h->status == 415))
        return ERR_OK; /* perhaps the compression: asked once more in clear before the step hears of it */
    if (l->resent && h->status < 300)
        l->run->gzip_refused = true;
    if (!l->run->report.server_ms)
        l->run->report.server_ms = h->date_ms;
    sync_run_step(l->run, &ev);
    return ERR_OK;
}

static int on_bytes(void *arg, struct str bytes)
{
    struct shell_lane *l = arg;
    struct err e = ERR_NONE;
    int code;

    if (l->run->abandoned)
        return ERR_CANCELLED;
    metered(l->run);
    if (l->status < 200 || l->status > 299)
        return ERR_OK; /* a refusal's words are the server's; nobody reads them here */
    code = bundle_feed(l->scan, bytes, &e);
    if (code)
        sync_run_err(l->run, &e);
    deliver(l);
    look_at_size(l);
    return code;
}

static int whole(struct shell_lane *l)
{
    struct err e = ERR_NONE;
    int code;

    if (l->status < 200 || l->status > 299)
        return ERR_OK;
    if ((code = bundle_end(l->scan, &e)))
        sync_run_err(l->run, &e);
    return code;
}

static int send(struct shell_lane *l, const struct net_ask *more);

static void settle(struct shell_lane *l, const struct net_result *res)
{
    int code = res->code;

    if (l->gzipped && !code && (l->status == 400 || l->status == 415)) {
        struct net_ask again = {
            .method = "POST", .url = "", .body = buf_str(&l->body), .repeatable = true, .no_cache = true};

        l->gzipped = false;
        l->resent = l->run->no_gzip = true;
        l->status = 0;
        if (!send(l, &again))
            return;
        code = ERR_OFFLINE;
    }
    if (code)
        sync_run_err(l->run, &res->err);
    else
        code = whole(l);
    if (!l->code)
        l->code = code;
    l->ended = true;
    deliver(l);
}

static void on_done(void *arg, const struct net_result *res)
{
    struct shell_lane *l = arg;

    l->request = NULL;
    l->grows = l->waits = false; /* what has not come by now will not */
    if (!l->run->abandoned) {
        settle(l, res);
        take_turns(l->run);
    }
    sync_run_drop(l->run);
}

/* --- asking ------------------------------------------------------------------------------------- */

static int send(struct shell_lane *l, const struct net_ask *more)
{
    struct net_ask ask = *more;
    struct err e = ERR_NONE;
    int code;

    ask.origin = NET_FHIR;
    ask.on_head = on_head;
    ask.on_bytes = on_bytes;
    ask.on_done = on_done;
    ask.arg = l;
    l->asked_ms = clock_boot_ms(&l->run->clock);
    code = net_start(l->run->net, &ask, &l->request, &e);
    if (code) {
        sync_run_err(l->run, &e);
        return code;
    }
    sync_run_hold(l->run);
    if (l->run->paused)
        net_pause(l->request, true);
    l->grows = l->waits = false;
    return ERR_OK;
}

void sync_answer_ask(struct sync_run *r, const struct sync_action *a)
{
    static const struct bundle_sink sink = {on_resource, on_link, on_response, on_bundle, on_toobig, NULL};
    struct shell_lane *l = &r->lane[a->lane];
    struct bundle_sink mine = sink;
    struct net_ask ask = {
        .method = "GET", .no_cache = a->first, .priority = a->kind ? (int)a->kind->priority : KIND_P0};
    char url[LIMIT_URL_BYTES + 1];
    int code;

    for (size_t i = 0; i < l->rows.n; i++) /* rows that the step left: they came by mistake */
        sync_chunk_release(((struct pending *)vec_at(&l->rows, i))->chunk);
    l->rows.n = 0;
    l->kind = a->kind;
    l->code = l->status = l->lost = 0;
    l->unsaid = 0;
    l->ended = l->gzipped = l->resent = false;
    mine.arg = l;
    code = bundle_new(&mine, LIMIT_PAGE_BYTES, &l->scan);
    if (a->type == SYNC_ACT_BATCH) {
        buf_clear(&l->body);
        code = code ? code : buf_addstr(&l->body, a->body);
        ask = (struct net_ask){.method = "POST", .url = "", .body = a->body, .repeatable = true, .no_cache = true,
                               .gzip_body = !r->no_gzip};
        l->gzipped = ask.gzip_body;
    } else {
        memcpy(url, a->url.p, a->url.n);
        url[a->url.n] = '\0';
        ask.url = url;
    }
    if (code || (code = send(l, &ask))) {
        bundle_free(l->scan);
        l->scan = NULL;
        sync_run_later(r, &(struct sync_event){.type = SYNC_EV_END, .lane = a->lane, .outer = -1, .code = code});
    }
}

void sync_answer_stop(struct sync_run *r, unsigned lane)
{
    if (r->lane[lane].request)
        net_cancel(r->lane[lane].request);
}

void sync_answer_fini(struct shell_lane *l)
{
    for (size_t i = 0; i < l->rows.n; i++)
        sync_chunk_release(((struct pending *)vec_at(&l->rows, i))->chunk);
    vec_fini(&l->rows);
    if (l->chunk)
        sync_chunk_release(l->chunk);
    l->chunk = NULL;
    bundle_free(l->scan);
    l->scan = NULL;
    buf_fini(&l->body);
}
