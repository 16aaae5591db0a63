/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/bulk.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/log.h"
#include "base/mem.h"
#include "sync/shell.h"

#define TYPES_BYTES 1500
#define FILES_MAX 4096
#define FILE_TRIES 3     /* answers in a row that brought no new line */
#define POLL_TRIES 6
#define PATIENCE_MS (60 * 60 * 1000)
#define NDJSON "application/fhir+ndjson"

struct file {
    char type[64];
    char url[1024];
    int64_t lines;       /* of it that are stored; -1: all */
};

enum doing { LOOK, KICK, POLL, FETCH, CLEAN };

struct sync_bulk {
    struct sync_run *rows;     /* what rows of a page go through; it runs no step */
    struct sync_observer progress;
    void (*done)(void *arg, const struct sync_bulk_report *r);
    void *arg;
    struct sync_bulk_report report;
    enum doing doing;
    struct net_head head;
    char status_url[1024], types[TYPES_BYTES];
    struct buf down, line;
    struct vec files;          /* of struct file */
    unsigned at;               /* the file under way */
    int64_t seen;              /* lines of this answer */
    int64_t taken;             /* lines of the file that are stored, or on their way there */
    unsigned jobs, tries;
    bool ended, abandoned, stopping, over;
    int code;                  /* how the answer ended */
    int64_t mark_ms, begun_ms; /* begun: boot clock */
    struct loop_job job;
    loop_timer wait;
};

static void look_up(struct sync_bulk *b);
static void advance(struct sync_bulk *b);

/* --- ends --------------------------------------------------------------------------------------- */

static void destroy(struct sync_bulk *b)
{
    sync_run_bare_free(b->rows);
    buf_fini(&b->down);
    buf_fini(&b->line);
    vec_fini(&b->files);
    mem_free(b);
}

static void drop(struct sync_bulk *b)
{
    if (!--b->jobs && b->abandoned)
        destroy(b);
}

static void tell(void *arg)
{
    struct sync_bulk *b = arg;

    b->wait = 0;
    b->done(b->arg, &b->report); /* which frees it */
}

static void finish(struct sync_bulk *b, int code, const struct err *why)
{
    if (b->over)
        return;
    b->over = true;
    b->report.code = code;
    if (code && why && why->code == code)
        b->report.err = *why;
    else if (code)
        err_set(&b->report.err, code, b->head.status, 0, b->rows->base);
    log_event("sync.bulk", code, NULL, (int64_t)b->report.rows, b->at);
    loop_cancel(b->rows->loop, b->wait);
    if (!b->abandoned && !(b->wait = loop_after(b->rows->loop, 0, tell, b)))
        tell(b);
}

static void submit(struct sync_bulk *b, enum loop_thread thread, int (*run)(struct loop_job *),
                   void (*done)(struct loop_job *))
{
    b->job = (struct loop_job){.run = run, .done = done};
    b->jobs++;
    loop_submit(b->rows->loop, thread, &b->job);
}

static struct sync_bulk *of(struct loop_job *job)
{
    return (struct sync_bulk *)(void *)((char *)job - offsetof(struct sync_bulk, job));
}

/* --- what is kept ------------------------------------------------------------------------------- */

static int in_transaction(struct sync_bulk *b, int (*fill)(struct sync_bulk *, struct store_tx *, struct err *),
                          struct err *e)
{
    struct store_tx *tx;
    int code = store_begin(b->rows->store, false, &tx, e);

    if (code)
        return code;
    if (!(code = fill(b, tx, e)))
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

static int forget(struct store_tx *tx, struct err *e)
{
    int code = store_set(tx, "sync.bulk", STR(""), e);

    return code ? code : store_set(tx, "sync.bulk.files", STR(""), e);
}

static int write_given_up(struct sync_bulk *b, struct store_tx *tx, struct err *e)
{
    char ms[24];
    int code = forget(tx, e);

    snprintf(ms, sizeof ms, "%lld", (long long)clock_wall_ms(&b->rows->clock));
    return code ? code : store_set(tx, "sync.nobulk", str_of(ms), e);
}

static int give_up_job(struct loop_job *job)
{
    return in_transaction(of(job), write_given_up, &job->err);
}

static void gave_up(struct loop_job *job)
{
    struct sync_bulk *b = of(job);

    finish(b, job->code, &job->err);
    drop(b);
}

/* For good: plain searches do it all, and this server is not asked again for a week. */
static void give_up(struct sync_bulk *b)
{
    if (!b->abandoned && !b->over)
        submit(b, LOOP_STORE, give_up_job, gave_up);
}

static void files_text(const struct sync_bulk *b, unsigned at, int64_t lines, struct buf *out)
{
    for (unsigned i = 0; i < b->files.n; i++) {
        const struct file *f = vec_at(&b->files, i);
        int64_t n = i == at ? lines : f->lines;

        if (n)
            buf_addf(out, "%lld %s\n", (long long)n, f->url);
    }
}

/* REQ: transactionTime, never later; and nothing in place of what a pull has marked. A kind without a file stays
 * unmarked: the server may not have it at all. */
static int write_marks(struct sync_bulk *b, struct store_tx *tx, struct err *e)
{
    int code = ERR_OK;

    for (unsigned i = 0; i < b->files.n && !code; i++) {
        const struct file *f = vec_at(&b->files, i);
        struct store_mark m;

        code = store_mark_get(b->rows->store, str_of(f->type), &m, e);
        if (code || m.mark_ms)
            continue;
        snprintf(m.type, sizeof m.type, "%s", f->type);
        m.mark_ms = b->mark_ms;
        m.run_start_ms = m.run_max_ms = 0;
        m.next[0] = '\0';
        code = store_mark_put(tx, &m, e);
    }
    return code ? code : forget(tx, e);
}

static int marks_job(struct loop_job *job)
{
    return in_transaction(of(job), write_marks, &job->err);
}

/* --- the line ------------------------------------------------------------------------------------- */

static void ask(struct sync_bulk *b, enum doing what);

static void again(void *arg)
{
    struct sync_bulk *b = arg;

    b->wait = 0;
    ask(b, b->doing);
}

/* Later: not before the server's word, if it gave one. */
static void ask_later(struct sync_bulk *b, int64_t told_s)
{
    int64_t told = told_s > 0 ? sync_pace_refused(told_s, 0) : 0,
            ms = told ? sync_pace_draw(&b->rows->rng, told, told / 4)
                      : SYNC_PACE_BASE_MS + sync_pace_backoff(b->tries, &b->rows->rng);

    if (!(b->wait = loop_after(b->rows->loop, ms, again, b)))
        finish(b, ERR_NOMEM, NULL);
}

static void said(struct sync_bulk *b)
{
    unsigned done = 0;

    if (!b->progress.progress || b->abandoned)
        return;
    for (unsigned i = 0; i < b->files.n; i++)
        done += ((struct file *)vec_at(&b->files, i))->lines < 0;
    b->progress.progress(b->progress.arg, b->at < b->files.n ? ((struct file *)vec_at(&b->files, b->at))->type : "",
                         b->report.rows, done, (unsigned)b->files.n);
}

/* --- lines of a file ----------------------------------------------------------------------------- */

static void stored(void *arg, int code, const struct err *e, uint64_t changed, int64_t lines)
{
    struct sync_bulk *b = arg;
    struct file *f = vec_at(&b->files, b->at);

    if (!code && f) {
        f->lines = lines;
        b->report.rows += changed;
        b->tries = 0;
    }
    if (code)
        finish(b, code, e);
    said(b);
    advance(b);
    drop(b);
}

static void parsed(struct loop_job *job)
{
    struct chunk *c = (struct chunk *)job;
    struct sync_bulk *b = c->run->observer.arg;
    struct buf text;

    c->run->moving--;
    if (job->code || b->abandoned || b->over) {
        if (job->code && !b->over)
            finish(b, job->code, &job->err);
        sync_chunk_release(c);
        advance(b);
        drop(b);
        return;
    }
    buf_init(&text, LIMIT_SMALL_JSON);
    files_text(b, b->at, c->line, &text);
    sync_put_chunk(b->rows, c, "sync.bulk.files", buf_str(&text), stored, b);
    buf_fini(&text);
}

static void hand_over(struct sync_bulk *b)
{
    struct shell_lane *l = &b->rows->lane[0];
    struct chunk *c = l->chunk;

    if (!c)
        return;
    l->chunk = NULL;
    c->line = b->taken;
    c->job.run = sync_parse_run;
    c->job.done = parsed;
    b->jobs++;
    b->rows->moving++;
    loop_submit(b->rows->loop, LOOP_WORK, &c->job);
}

static int take_line(struct sync_bulk *b, struct str line)
{
    struct shell_lane *l = &b->rows->lane[0];

    line = str_trim(line);
    if (!line.n || ++b->seen <= b->taken)
        return ERR_OK; /* it is stored, or was before */
    b->taken = b->seen;
    if (!sync_chunk_row(l, line))
        return ERR_NOMEM;
    if (l->chunk->items.n >= LIMIT_TX_ROWS || l->chunk->bytes.n >= SHELL_CHUNK)
        hand_over(b);
    return ERR_OK;
}

static int on_lines(struct sync_bulk *b, struct str bytes)
{
    int code = ERR_OK;

    while (bytes.n && !code) {
        const char *lf = memchr(bytes.p, '\n', bytes.n);
        size_t n = lf ? (size_t)(lf - bytes.p) : bytes.n;

        if (buf_add(&b->line, bytes.p, n))
            return ERR_TOOBIG;
        bytes.p += n + (lf != NULL);
        bytes.n -= n + (lf != NULL);
        if (lf) {
            code = take_line(b, buf_str(&b->line));
            buf_clear(&b->line);
        }
    }
    return code;
}

static bool refused(int status)
{
    return status >= 400 && status < 500 && status != 408 && status != 429;
}

/* The answer has ended and all of it is stored: the next file, or this one from where it was cut. */
static void advance(struct sync_bulk *b)
{
    struct file *f = vec_at(&b->files, b->at);

    if (b->doing != FETCH || !b->ended || b->rows->moving || b->rows->lane[0].chunk || b->over || b->abandoned)
        return;
    b->ended = false;
    if (!b->code && b->head.status == 200) {
        f->lines = -1;
        b->tries = 0;
        b->at++;
        ask(b, FETCH);
    } else if (b->code == ERR_TOOBIG || refused(b->head.status) || b->tries++ >= FILE_TRIES) {
        give_up(b); /* it would end there each time; a page lists what cannot be kept, and goes on */
    } else {
        ask_later(b, b->head.retry_after_s);
    }
}

/* --- answers -------------------------------------------------------------------------------------- */

static bool names_export(const struct tape *t, tape_at rest)
{
    tape_at list = tape_get(t, rest, "operation");

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i))
        if (tape_str_is(t, tape_get(t, i, "name"), "export") || tape_str_is(t, tape_get(t, i, "name"), "$export"))
            return true;
    return false;
}

/* On the work thread: a CapabilityStatement is megabytes at some servers. */
static int look_job(struct loop_job *job)
{
    struct sync_bulk *b = of(job);
    struct tape t;
    tape_at list;
    bool yes = false;

    if (tape_parse_max(&t, buf_str(&b->down), LIMIT_PAGE_BYTES, NULL))
        return ERR_UNSUPPORTED;
    list = tape_get(&t, 0, "rest");
    for (tape_at i = tape_first(&t, list); i != TAPE_NONE; i = tape_next(&t, list, i))
        yes = yes || names_export(&t, i);
    tape_fini(&t);
    return yes ? ERR_OK : ERR_UNSUPPORTED;
}

static void looked(struct loop_job *job)
{
    struct sync_bulk *b = of(job);

    if (job->code)
        give_up(b);
    else
        ask(b, KICK);
    drop(b);
}

static int keep_status(struct sync_bulk *b, struct store_tx *tx, struct err *e)
{
    int code = store_set(tx, "sync.bulk", str_of(b->status_url), e);

    return code ? code : store_set(tx, "sync.bulk.files", STR(""), e);
}

static int kicked_job(struct loop_job *job)
{
    return in_transaction(of(job), keep_status, &job->err);
}

static void kicked(struct loop_job *job)
{
    struct sync_bulk *b = of(job);

    if (job->code) {
        finish(b, job->code, &job->err);
    } else if (!b->abandoned && !b->over) {
        b->doing = POLL;
        b->tries = 0;
        ask_later(b, b->head.retry_after_s);
    }
    drop(b);
}

/* What an earlier run had of a file. */
static int64_t lines_of(struct str known, const char *url)
{
    int64_t n = 0;

    while (known.n) {
        struct str line = str_split(&known, '\n'), lines = str_split(&line, ' ');

        if (str_is(line, url) && str_int(lines, -1, INT64_MAX, &n))
            return n;
    }
    return 0;
}

/* One file of the manifest. A kind that was not asked for is passed over; a URL elsewhere ends it all. */
static int add_file(struct sync_bulk *b, const struct tape *t, tape_at one, struct str known)
{
    struct str type = tape_plain(t, tape_get(t, one, "type")), rest = str_of(b->types);
    char gated[LIMIT_URL_BYTES + 1];
    struct arena a;
    struct file *f;
    bool wanted = false;
    int code;

    while (rest.n && !wanted)
        wanted = str_eq(str_split(&rest, ','), type);
    if (!wanted)
        return ERR_OK;
    arena_init(&a, 2 * LIMIT_URL_BYTES);
    code = net_gate(b->rows->net, NET_FHIR, tape_str(t, tape_get(t, one, "url"), &a), gated, NULL);
    arena_fini(&a);
    if (code || strlen(gated) >= sizeof f->url)
        return code ? code : ERR_TOOBIG;
    if (!(f = vec_push(&b->files)))
        return ERR_TOOBIG;
    snprintf(f->type, sizeof f->type, "%.*s", STR_ARG(type));
    memcpy(f->url, gated, strlen(gated) + 1);
    f->lines = lines_of(known, f->url);
    return ERR_OK;
}

/* ERR_UNSUPPORTED: it is none, or says that something could not be exported. */
static int read_manifest(struct sync_bulk *b)
{
    struct tape t;
    struct date d;
    struct buf known;
    tape_at output;
    int64_t at;
    int code;

    if (tape_parse(&t, buf_str(&b->down), NULL))
        return ERR_UNSUPPORTED;
    buf_init(&known, LIMIT_SMALL_JSON);
    store_setting(b->rows->store, "sync.bulk.files", &known, NULL);
    output = tape_get(&t, 0, "output");
    at = date_parse(tape_plain(&t, tape_get(&t, 0, "transactionTime")), &d) ? date_ms(&d) : FHIR_NO_DATE;
    code = at == FHIR_NO_DATE || !tape_is(&t, output, TAPE_ARRAY) || tape_count(&t, tape_get(&t, 0, "error"))
               ? ERR_UNSUPPORTED
               : ERR_OK;
    for (tape_at i = tape_first(&t, output); i != TAPE_NONE && !code; i = tape_next(&t, output, i))
        code = add_file(b, &t, i, buf_str(&known));
    b->mark_ms = b->head.date_ms && b->head.date_ms < at ? b->head.date_ms : at;
    buf_fini(&known);
    tape_fini(&t);
    return code;
}

static void polled(struct sync_bulk *b)
{
    int status = b->head.status;

    if (clock_boot_ms(&b->rows->clock) - b->begun_ms > PATIENCE_MS) {
        give_up(b); /* nobody gets older history while an export is made for ever */
    } else if (status == 202 || ((status == 429 || status >= 500) && b->tries++ < POLL_TRIES)) {
        if (status == 202)
            b->tries += b->tries < 8; /* where no Retry-After says when: ever longer */
        ask_later(b, b->head.retry_after_s);
    } else if (status != 200 || read_manifest(b)) {
        give_up(b);
    } else {
        b->tries = 0;
        ask(b, FETCH);
    }
}

static void marked(struct loop_job *job)
{
    struct sync_bulk *b = of(job);

    if (job->code)
        finish(b, job->code, &job->err);
    else
        ask(b, CLEAN);
    drop(b);
}

/* Nothing came: the line, not the server. What is kept goes on with the next sync. */
static void lost(struct sync_bulk *b, const struct err *e)
{
    if (b->doing == CLEAN)
        finish(b, ERR_OK, NULL);
    else if (e->code != ERR_CANCELLED && b->tries++ < FILE_TRIES && b->doing == POLL)
        ask_later(b, 0);
    else
        finish(b, e->code, e);
}

/* Where it is to be polled: at this server, or nowhere. */
static bool take_status(struct sync_bulk *b)
{
    char gated[LIMIT_URL_BYTES + 1];

    if (!b->head.content_location[0] ||
        net_gate(b->rows->net, NET_FHIR, str_of(b->head.content_location), gated, NULL) ||
        strlen(gated) >= sizeof b->status_url)
        return false;
    memcpy(b->status_url, gated, strlen(gated) + 1);
    return true;
}

static void on_done(void *arg, const struct net_result *res)
{
    struct sync_bulk *b = arg;
    struct shell_lane *l = &b->rows->lane[0];

    l->request = NULL;
    b->head = res->head;
    b->code = res->code;
    if (b->abandoned || b->over) {
        ;
    } else if (b->stopping) {
        finish(b, ERR_CANCELLED, NULL);
    } else if (b->doing == FETCH && (res->head.status || res->code == ERR_CUT)) {
        if (!res->code && b->line.n && take_line(b, buf_str(&b->line))) /* the last line has no LF everywhere */
            b->code = ERR_NOMEM;
        buf_clear(&b->line);
        hand_over(b);
        b->ended = true;
        advance(b);
    } else if (res->code) {
        lost(b, &res->err);
    } else if (res->head.status == 401) {
        finish(b, ERR_AUTH, NULL);
    } else if (b->doing == LOOK && res->head.status == 200) {
        submit(b, LOOP_WORK, look_job, looked);
    } else if (b->doing == KICK && res->head.status == 202 && take_status(b)) {
        submit(b, LOOP_STORE, kicked_job, kicked);
    } else if (b->doing == POLL) {
        polled(b);
    } else if (b->doing == CLEAN) {
        finish(b, ERR_OK, NULL);
    } else {
        give_up(b);
    }
    drop(b);
}

static int on_head(void *arg, const struct net_head *h)
{
    ((struct sync_bulk *)arg)->head = *h;
    return ERR_OK;
}

static int on_bytes(void *arg, struct str bytes)
{
    struct sync_bulk *b = arg;

    if (b->abandoned || b->over)
        return ERR_CANCELLED;
    if (b->progress.metered)
        b->progress.metered(b->progress.arg);
    if (b->doing != FETCH)
        return buf_addstr(&b->down, bytes);
    return b->head.status == 200 ? on_lines(b, bytes) : ERR_OK;
}

static void ask(struct sync_bulk *b, enum doing what)
{
    struct net_ask q = {.origin = NET_FHIR, .method = what == CLEAN ? "DELETE" : "GET", .no_cache = what != FETCH,
                        .priority = KIND_P2, .on_head = on_head, .on_bytes = on_bytes, .on_done = on_done, .arg = b};
    char kick[TYPES_BYTES + 100];
    struct err e = ERR_NONE;
    int code;

    while (what == FETCH && b->at < b->files.n && ((struct file *)vec_at(&b->files, b->at))->lines < 0)
        b->at++;
    if (b->abandoned || b->over)
        return;
    if (what == FETCH && b->at == b->files.n) {
        submit(b, LOOP_STORE, marks_job, marked);
        return;
    }
    b->doing = what;
    b->head = (struct net_head){.status = 0};
    b->seen = 0;
    buf_clear(&b->down);
    buf_clear(&b->line);
    if (what == LOOK) {
        q.url = "metadata";
    } else if (what == KICK) {
        snprintf(kick, sizeof kick, "$export?_outputFormat=application%%2Ffhir%%2Bndjson&_type=%s", b->types);
        q.url = kick;
        q.prefer = "respond-async";
    } else if (what == FETCH) {
        const struct file *f = vec_at(&b->files, b->at);

        q.url = f->url;
        q.accept = NDJSON;
        b->taken = f->lines;
    } else {
        q.url = b->status_url;
    }
    b->jobs++;
    if ((code = net_start(b->rows->net, &q, &b->rows->lane[0].request, &e))) {
        finish(b, code, &e);
        drop(b);
    }
}

/* --- the beginning -------------------------------------------------------------------------------- */

static void kick(void *arg)
{
    struct sync_bulk *b = arg;

    b->wait = 0;
    look_up(b);
}

static void look_up(struct sync_bulk *b)
{
    if (b->types[0])
        ask(b, b->status_url[0] ? POLL : LOOK);
    else
        give_up(b);
}

/* All that a sync fetches by itself behind the first rank and that was never whole. */
static void types(struct sync_bulk *b)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);
    struct store_mark m;
    size_t at = 0;

    for (unsigned i = 0; i < n; i++)
        if (k[i].priority != KIND_P0 && k[i].priority != KIND_DEMAND && at + 66 < sizeof b->types &&
            !store_mark_get(b->rows->store, str_of(k[i].type), &m, NULL) && !m.mark_ms)
            at += (size_t)snprintf(b->types + at, sizeof b->types - at, "%s%s", at ? "," : "", k[i].type);
}

int sync_bulk_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock, const struct rng *rng,
                    const char *base, const struct sync_observer *progress,
                    void (*done)(void *arg, const struct sync_bulk_report *r), void *arg, struct sync_bulk **out,
                    struct err *e)
{
    struct sync_bulk *b = mem_alloc(sizeof *b);
    struct buf kept;
    int code;

    *out = NULL;
    if (!b)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if ((code = sync_run_bare(l, n, s, clock, rng, base, &b->rows, e))) {
        mem_free(b);
        return code;
    }
    b->rows->observer.arg = b;
    b->progress = *progress;
    b->done = done;
    b->arg = arg;
    b->begun_ms = clock_boot_ms(clock);
    buf_init(&b->down, LIMIT_PAGE_BYTES);
    buf_init(&b->line, LIMIT_RESOURCE_BYTES);
    vec_init(&b->files, sizeof(struct file), FILES_MAX);
    buf_init(&kept, sizeof b->status_url - 1);
    if (!store_setting(s, "sync.bulk", &kept, NULL))
        snprintf(b->status_url, sizeof b->status_url, "%.*s", (int)kept.n, kept.n ? kept.p : "");
    buf_fini(&kept);
    types(b);
    if (!(b->wait = loop_after(l, 0, kick, b))) {
        destroy(b);
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    *out = b;
    return ERR_OK;
}

void sync_bulk_stop(struct sync_bulk *b)
{
    b->stopping = true;
    if (b->rows->lane[0].request)
        net_cancel(b->rows->lane[0].request);
    else
        finish(b, ERR_CANCELLED, NULL);
}

void sync_bulk_free(struct sync_bulk *b)
{
    if (!b)
        return;
    b->abandoned = true;
    loop_cancel(b->rows->loop, b->wait);
    if (b->rows->lane[0].request)
        net_cancel(b->rows->lane[0].request);
    b->jobs++;
    drop(b);
}

bool sync_bulk_waits(struct store *s)
{
    struct buf b;
    bool yes;

    buf_init(&b, 1024);
    yes = !store_setting(s, "sync.bulk", &b, NULL) && b.n;
    buf_fini(&b);
    return yes;
}

bool sync_bulk_may(struct store *s, const struct clock *clock)
{
    return !sync_setting_lately(s, "sync.nobulk", clock);
}
