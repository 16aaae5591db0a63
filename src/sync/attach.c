/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/attach.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fhir/attach.h"
#include "fhir/plain.h"
#include "store/blob.h"

#define PIECE_BYTES (256u << 10) /* received and not written: the answer waits above it */
#define PROGRESS_MS 250
#define AGAIN_MS 1000

struct sync_attach {
    struct sync_rooms rooms;
    struct net *net;
    struct sync_attach_observer observer;
    char type[65], id[LIMIT_ID_BYTES + 16], url[LIMIT_URL_BYTES];
    char expected[STORE_BLOB_MEDIA]; /* contentType */
    unsigned no;
    bool again;
    struct store_blob_expect expect;
    struct store_blob_writer *writer;
    struct net_request *request;
    struct loop_job job;
    loop_timer wait;
    bool busy;           /* the job is on its way */
    bool paused, ended;  /* the answer */
    bool dropped, stopped;
    bool unwritable;     /* a write failed: nothing more is written */
    bool resource;       /* the answer is a Binary in JSON: it is taken apart at its end */
    bool fresh;          /* the next bytes are the first ones */
    bool all_of_it;      /* asked without a Range: what comes cannot be the rest */
    uint64_t from, best; /* asked from; the most that was ever here */
    uint64_t have;
    struct net_head head;
    struct buf in, out;  /* received; being written */
    int64_t told_ms;
    struct err why;
};

static void ask(void *arg);
static void go_on(struct sync_attach *a);

static void destroy(struct sync_attach *a)
{
    store_blob_free(a->writer);
    buf_fini(&a->in);
    buf_fini(&a->out);
    mem_free(a);
}

static void over(struct sync_attach *a)
{
    struct sync_attach_observer o = a->observer;
    struct err why = a->why;
    bool tell = !a->dropped;

    destroy(a);
    if (tell)
        o.done(o.arg, &why);
}

static void fail(struct sync_attach *a, const struct err *e)
{
    if (!a->why.code)
        a->why = *e;
}

static void submit(struct sync_attach *a, int (*run)(struct loop_job *job), void (*done)(struct loop_job *job))
{
    a->busy = true;
    a->job = (struct loop_job){.run = run, .done = done};
    loop_submit(a->rooms.loop, LOOP_STORE, &a->job);
}

static struct sync_attach *of_job(struct loop_job *job)
{
    return (struct sync_attach *)(void *)((char *)job - offsetof(struct sync_attach, job));
}

/* True when the job's end is the end of all: it was dropped meanwhile. */
static bool job_over(struct sync_attach *a)
{
    a->busy = false;
    if (a->job.code)
        fail(a, &a->job.err);
    if (!a->dropped || a->request)
        return a->dropped;
    over(a);
    return true;
}

/* --- the end ----------------------------------------------------------------------------------------- */

/* The content of a Binary: servers that know no other form than FHIR's own (R4, Binary, "Serving Binary Resources"). */
static int unpack(struct sync_attach *a, struct err *e)
{
    struct store_blob_answer answer = {a->head.etag, "", -1};
    struct arena arena;
    struct buf bytes;
    struct tape t;
    bool cut = false;
    int code = tape_parse(&t, buf_str(&a->in), e);
    struct str data, media;

    if (code)
        return code;
    arena_init(&arena, 4 * LIMIT_RESOURCE_BYTES);
    buf_init(&bytes, LIMIT_RESOURCE_BYTES);
    data = tape_str(&t, tape_get(&t, 0, "data"), &arena);
    media = tape_str(&t, tape_get(&t, 0, "contentType"), &arena);
    if (!tape_str_is(&t, tape_get(&t, 0, "resourceType"), "Binary") ||
        !fhir_base64(data, LIMIT_RESOURCE_BYTES, &bytes, &cut) || cut)
        code = err_set(e, bytes.failed ? bytes.failed : ERR_NOTFHIR, 0, 0, "Binary");
    if (!code) {
        answer.media = arena_fmt(&arena, "%.*s", STR_ARG(media));
        code = arena.failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : store_blob_restart(a->writer, &answer, e);
    }
    if (!code)
        code = store_blob_append(a->writer, buf_str(&bytes), e);
    buf_fini(&bytes);
    arena_fini(&arena);
    tape_fini(&t);
    return code;
}

static int end_run(struct loop_job *job)
{
    struct sync_attach *a = of_job(job);
    int code = a->resource ? unpack(a, &job->err) : ERR_OK;

    if (!code)
        code = store_blob_end(a->writer, &a->expect, clock_wall_ms(&a->rooms.clock), &job->err);
    if (code == ERR_MISMATCH)
        snprintf(job->err.what, sizeof job->err.what, "%.64s/%.64s", a->type, a->id);
    return code;
}

static int keep_run(struct loop_job *job)
{
    return store_blob_keep(of_job(job)->writer, &job->err);
}

static void last_done(struct loop_job *job)
{
    struct sync_attach *a = of_job(job);

    if (!job_over(a))
        over(a);
}

/* What cuts a line, where the rest can be asked for; and something new must come each time. */
static bool worth_asking(const struct sync_attach *a)
{
    static const int cuts[] = {ERR_CUT, ERR_OFFLINE, ERR_TIMEOUT};

    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        if (a->why.code == cuts[i])
            return !a->stopped && !a->resource && store_blob_at(a->writer) > a->best;
    return false;
}

/* The answer is over, and what came of it is written. */
static void finish(struct sync_attach *a)
{
    if (a->writer && worth_asking(a)) {
        a->best = store_blob_at(a->writer);
        a->why = ERR_NONE;
        if ((a->wait = loop_after(a->rooms.loop, AGAIN_MS, ask, a)))
            return;
        err_set(&a->why, ERR_NOMEM, 0, 0, NULL);
    }
    submit(a, a->why.code ? keep_run : end_run, last_done);
}

/* --- the answer -------------------------------------------------------------------------------------- */

static int write_run(struct loop_job *job)
{
    struct sync_attach *a = of_job(job);
    const struct store_blob_answer answer = {a->head.etag, a->head.content_type, a->head.coded ? -1 : a->head.length};
    int code = a->fresh ? store_blob_restart(a->writer, &answer, &job->err) : ERR_OK;

    a->fresh = false;
    return code ? code : store_blob_append(a->writer, buf_str(&a->out), &job->err);
}

static void write_done(struct loop_job *job)
{
    struct sync_attach *a = of_job(job);

    if (job_over(a))
        return;
    buf_clear(&a->out);
    a->unwritable = job->code != ERR_OK;
    if (a->unwritable && a->request)
        net_cancel(a->request);
    go_on(a);
}

static void progress(struct sync_attach *a)
{
    int64_t now = clock_boot_ms(&a->rooms.clock);

    if (!a->observer.progress || now - a->told_ms < PROGRESS_MS)
        return;
    a->told_ms = now;
    a->observer.progress(a->observer.arg, a->have, a->head.part_of >= 0                     ? a->head.part_of
                                                   : a->head.length >= 0 && !a->head.coded ? a->head.length
                                                                                           : a->expect.size);
}

/* Writes what came, lets more come, or ends. */
static void go_on(struct sync_attach *a)
{
    if (a->busy || a->dropped)
        return;
    if (!a->unwritable && !a->resource && (a->in.n || a->fresh)) { /* also what came before a cut */
        struct buf swap = a->out;

        a->out = a->in;
        a->in = swap;
        submit(a, write_run, write_done);
        if (a->paused && a->request)
            net_pause(a->request, false);
        a->paused = false;
    } else if (a->ended) {
        finish(a);
    }
}

/* A 206 is the rest of what is here only if it begins where that ends, and is of the same content. */
static bool is_rest(const struct sync_attach *a, const struct net_head *h)
{
    struct store_blob had;

    store_blob_begun(a->writer, &had);
    return a->from && !h->coded && h->part_from == (int64_t)a->from &&
           (*had.etag ? !strcmp(had.etag, h->etag) : a->expect.hashed) &&
           (had.size < 0 || h->part_of < 0 || had.size == h->part_of);
}

static bool is_page(const struct sync_attach *a, struct str media)
{
    struct str want = str_of(a->expected);

    return fhir_is_media(media, "text/html") && want.n && !fhir_is_media(want, "text/html") &&
           !fhir_is_media(want, "application/xhtml+xml");
}

static int refused(struct sync_attach *a, int status)
{
    if (status == 404 || status == 410)
        return err_set(&a->why, ERR_NOTFOUND, status, 0, a->url);
    return err_set(&a->why, status == 401 || status == 403 ? ERR_AUTH : ERR_HTTP, status, 0, a->type);
}

static int on_head(void *arg, const struct net_head *h)
{
    struct sync_attach *a = arg;
    struct str media = str_of(h->content_type);

    a->head = *h;
    if (h->status == 416 || (h->status == 206 && !is_rest(a, h))) {
        a->all_of_it = a->from > 0; /* once more from the first byte */
        return a->from ? ERR_CANCELLED : refused(a, h->status);
    }
    if (h->status != 200 && h->status != 206)
        return refused(a, h->status);
    if (is_page(a, media)) /* a portal's, a proxy's */
        return err_set(&a->why, ERR_NOTFHIR, 0, 0, h->content_type);
    if (h->status == 206) {
        a->have = a->from;
        return ERR_OK;
    }
    if (h->length > (int64_t)LIMIT_ATTACHMENT_BYTES)
        return err_set(&a->why, ERR_TOOBIG, 0, LIMIT_ATTACHMENT_BYTES, "attachment");
    a->fresh = true; /* all of it, whatever was asked for */
    a->have = 0;
    a->resource = fhir_is_media(media, "application/fhir+json") &&
                  !fhir_is_media(str_of(a->expected), "application/fhir+json");
    return ERR_OK;
}

static int on_bytes(void *arg, struct str bytes)
{
    struct sync_attach *a = arg;

    if (a->why.code)
        return a->why.code;
    if (buf_addstr(&a->in, bytes))
        return err_set(&a->why, a->in.failed, 0, (int64_t)a->in.max, "attachment");
    a->have += bytes.n;
    progress(a);
    if (a->resource || a->in.n < PIECE_BYTES)
        return ERR_OK;
    if (a->busy) {
        a->paused = true;
        net_pause(a->request, true);
    } else {
        go_on(a);
    }
    return ERR_OK;
}

static void on_done(void *arg, const struct net_result *r)
{
    struct sync_attach *a = arg;

    a->request = NULL;
    a->ended = true;
    if (a->dropped) {
        if (!a->busy)
            over(a);
        return;
    }
    if (a->all_of_it && !a->why.code && !a->stopped && r->code == ERR_CANCELLED) {
        a->wait = loop_after(a->rooms.loop, 0, ask, a);
        if (a->wait)
            return;
    }
    if (r->code)
        fail(a, &r->err);
    go_on(a);
}

/* --- the question ------------------------------------------------------------------------------------ */

static void ask(void *arg)
{
    struct sync_attach *a = arg;
    struct store_blob had;
    struct net_ask q = {.origin = NET_FHIR, .method = "GET", .url = a->url, .accept = "*/*", .plain = true,
                        .on_head = on_head, .on_bytes = on_bytes, .on_done = on_done, .arg = a};
    struct err e = ERR_NONE;

    a->wait = 0;
    a->ended = false;
    buf_clear(&a->in);
    store_blob_begun(a->writer, &had);
    /* Without an ETag or a hash nothing would show that two halves are not of one whole. */
    a->from = a->all_of_it || !(*had.etag || a->expect.hashed) ? 0 : store_blob_at(a->writer);
    q.from = a->from;
    if (net_start(a->net, &q, &a->request, &e)) {
        fail(a, &e);
        a->ended = true;
        go_on(a);
    }
}

static int find(struct sync_attach *a, struct buf *raw, struct arena *arena, struct err *e)
{
    struct fhir_attachment at;
    struct tape t;
    int code = store_get(a->rooms.store, str_of(a->type), str_of(a->id), raw, e);

    if (code || (code = tape_parse(&t, buf_str(raw), e)))
        return code;
    if (!fhir_attachment(&t, kind_find(str_of(a->type)), a->no, arena, &at) || !at.url.n)
        code = err_set(e, ERR_NOTFOUND, 0, 0, "attachment");
    else if (at.url.n >= sizeof a->url)
        code = err_set(e, ERR_TOOBIG, 0, LIMIT_URL_BYTES, "URL");
    else {
        snprintf(a->url, sizeof a->url, "%.*s", STR_ARG(at.url));
        snprintf(a->expected, sizeof a->expected, "%.*s", STR_ARG(at.media));
        a->expect = (struct store_blob_expect){.size = at.size, .hashed = at.hashed};
        memcpy(a->expect.sha1, at.sha1, sizeof a->expect.sha1);
    }
    tape_fini(&t);
    return code;
}

static int nothing(void *arg, struct str piece)
{
    (void)arg, (void)piece;
    return ERR_OK;
}

/* One that is here, but damaged, is fetched again. */
static int begin(struct sync_attach *a, const struct store_blob_source *src, struct err *e)
{
    int64_t now = clock_wall_ms(&a->rooms.clock);
    int code = store_blob_begin(a->rooms.store, src, a->again, now, &a->writer, e);

    if (code == ERR_EXISTS && store_blob_read(a->rooms.store, src, nothing, NULL, NULL) == ERR_DAMAGED)
        code = store_blob_begin(a->rooms.store, src, true, now, &a->writer, e);
    return code;
}

static int open_run(struct loop_job *job)
{
    struct sync_attach *a = of_job(job);
    struct store_blob_source src = {str_of(a->type), str_of(a->id), a->no, STR("")};
    struct arena arena;
    struct buf raw;
    int code;

    arena_init(&arena, 4 * LIMIT_RESOURCE_BYTES);
    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    code = find(a, &raw, &arena, &job->err);
    src.url = str_of(a->url);
    if (!code)
        code = begin(a, &src, &job->err);
    buf_fini(&raw);
    arena_fini(&arena);
    return code;
}

static void open_done(struct loop_job *job)
{
    struct sync_attach *a = of_job(job);

    if (job_over(a))
        return;
    if (a->stopped && !a->why.code)
        err_set(&a->why, ERR_CANCELLED, 0, 0, NULL);
    if (a->why.code == ERR_EXISTS) /* it is here */
        a->why = ERR_NONE;
    if (a->writer && !a->why.code)
        ask(a);
    else
        over(a);
}

int sync_attach(struct sync_session *s, struct str type, struct str id, unsigned no, bool again,
                const struct sync_attach_observer *o, struct sync_attach **out, struct err *e)
{
    struct sync_attach *a;

    *out = NULL;
    if (type.n >= sizeof a->type || id.n >= sizeof a->id)
        return err_set(e, ERR_TOOBIG, 0, LIMIT_ID_BYTES, "id");
    if (!(a = mem_alloc(sizeof *a)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    a->rooms = sync_session_rooms(s);
    a->net = sync_session_net(s);
    a->observer = *o;
    a->no = no;
    a->again = again;
    a->head.length = a->head.part_of = -1;
    snprintf(a->type, sizeof a->type, "%.*s", STR_ARG(type));
    snprintf(a->id, sizeof a->id, "%.*s", STR_ARG(id));
    buf_init(&a->in, LIMIT_RESOURCE_BYTES);
    buf_init(&a->out, LIMIT_RESOURCE_BYTES);
    submit(a, open_run, open_done);
    *out = a;
    return ERR_OK;
}

void sync_attach_stop(struct sync_attach *a)
{
    const struct err why = {.code = ERR_CANCELLED};

    a->stopped = true;
    if (a->wait) {
        loop_cancel(a->rooms.loop, a->wait);
        a->wait = 0;
        a->ended = true;
        fail(a, &why);
        go_on(a);
    } else if (a->request) {
        net_cancel(a->request);
    }
}

void sync_attach_drop(struct sync_attach *a)
{
    if (!a)
        return;
    a->dropped = true;
    loop_cancel(a->rooms.loop, a->wait);
    if (a->request)
        net_cancel(a->request);
    else if (!a->busy)
        over(a);
}
