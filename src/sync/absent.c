/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/absent.h"

#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "fhir/bundle.h"
#include "fhir/tape.h"
#include "sync/errand.h"
#include "sync/judge.h"
#include "sync/leave.h"
#include "sync/priv.h"
#include "sync/server.h"

#define LIST_COUNT 1000
#define ASK_BATCH 50
#define AGAIN_MS ((int64_t)24 * 3600 * 1000)
#define SUSPECTS_MAX 100000

/* One kind whose numbers differ. */
struct kind_check {
    const struct fhir_kind *kind;
    int64_t here, total, lacking; /* here: those removed for want of room count as here */
    unsigned told;         /* parts of the scope that total is the sum of */
    int64_t removed;
    bool lacked;           /* the listing before this one lacked some, too */
    bool listed;
};

struct suspect {
    char id[LIMIT_ID_BYTES + 1];
    unsigned kind;         /* index of its kind_check */
    bool gone;
};

struct absent_run {
    struct errand x;
    struct store *store;
    struct clock clock;
    struct sync_scope scope;
    unsigned part;         /* of its patients as many as one search holds: the first one of those */
    unsigned parts;        /* that were counted */
    void (*done)(void *arg, const struct absent_report *r);
    void *arg;
    struct kind_check kind[SYNC_KINDS_MAX];
    unsigned n, at;
    /* the listing under way */
    struct seen ids, links;
    uint64_t listed;
    char url[LIMIT_URL_BYTES + 1];
    bool more;
    /* suspects of all kinds; those before asked have their answer */
    struct vec suspects;
    size_t asked, asking;
    bool counted;
    int64_t rows;          /* here, of all kinds that were counted: what the brake is a part of */
    struct sync_leave leave;
    int64_t list_ms;
    struct buf up, notes;
    bool changed, bundle;  /* bundle: the answer is one */
    bool first;            /* nothing was counted here before */
    bool all;              /* every kind that can be counted came whole */
    unsigned answers;      /* of a batch */
    struct absent_report report;
};

static void next(struct absent_run *r);

static struct absent_run *of_job(struct loop_job *job)
{
    return (struct absent_run *)(void *)sync_errand_of(job);
}

static void destroy(struct errand *x)
{
    struct absent_run *r = (struct absent_run *)(void *)x;

    sync_seen_fini(&r->ids);
    sync_seen_fini(&r->links);
    vec_fini(&r->suspects);
    buf_fini(&r->up);
    buf_fini(&r->notes);
    sync_scope_fini(&r->scope);
    sync_leave_fini(&r->leave);
    sync_errand_fini(x);
    mem_free(r);
}

/* --- which kinds ------------------------------------------------------------------------------------ */

struct note {
    int64_t here, total, lacking, ms;
};

/* The last listing of a kind: the setting's line "TYPE HERE TOTAL LACKING MS". */
static bool note_of(struct str notes, const char *type, struct note *out)
{
    size_t n = strlen(type);

    while (notes.n) {
        const char *end = memchr(notes.p, '\n', notes.n);
        size_t line = end ? (size_t)(end - notes.p) : notes.n;
        char text[200];

        if (line > n && line < sizeof text && !memcmp(notes.p, type, n) && notes.p[n] == ' ') {
            long long v[4];

            snprintf(text, sizeof text, "%.*s", (int)(line - n), notes.p + n);
            if (sscanf(text, "%lld %lld %lld %lld", &v[0], &v[1], &v[2], &v[3]) != 4)
                return false;
            *out = (struct note){v[0], v[1], v[2], v[3]};
            return true;
        }
        line += end != NULL;
        notes = (struct str){notes.p + line, notes.n - line};
    }
    return false;
}

/* Resources of a kind that the server has and that cannot be kept: lines of the setting sync.refused. */
static int64_t refused_of(struct str lines, const char *type)
{
    size_t n = strlen(type);
    int64_t found = 0;

    for (size_t i = 0; i + n < lines.n; i++)
        found += (i == 0 || lines.p[i - 1] == '\n') && !memcmp(lines.p + i, type, n) && lines.p[i + n] == '/';
    return found;
}

static int on_bundle(void *arg, int outer, struct str type, struct str total)
{
    (void)type, (void)total;
    if (outer < 0)
        ((struct absent_run *)arg)->bundle = true;
    return ERR_OK;
}

/* The answer as a whole Bundle, through a sink of r's. */
static int read_bundle(struct absent_run *r, const struct bundle_sink *sink, struct err *e)
{
    struct bundle_scan *scan;
    int code = bundle_new(sink, LIMIT_PAGE_BYTES, &scan);

    r->bundle = false;
    if (code)
        return err_set(e, code, 0, 0, NULL);
    code = bundle_feed(scan, buf_str(&r->x.down), e);
    if (!code)
        code = bundle_end(scan, e);
    bundle_free(scan);
    return code || (r->bundle && r->x.head.status == 200) ? code : err_set(e, ERR_NOTFHIR, 0, 0, NULL);
}

/* --- counting --------------------------------------------------------------------------------------- */

static int on_count(void *arg, int outer, struct str type, struct str total)
{
    struct absent_run *r = arg;
    int64_t n;

    r->bundle = r->bundle || outer < 0;
    if (outer >= 0 && (unsigned)outer < r->n && type.n && str_int(total, 0, INT64_MAX, &n)) {
        r->kind[outer].total += n;
        r->kind[outer].told++;
    }
    return ERR_OK;
}

static void count_body(struct absent_run *r)
{
    struct jsonw w;
    struct buf url;

    buf_init(&url, LIMIT_URL_BYTES);
    sync_batch_begin(&w, &r->up);
    for (unsigned i = 0; i < r->n; i++) {
        buf_clear(&url);
        buf_addf(&url, "%s?", r->kind[i].kind->type);
        sync_scope_url_part(&r->scope, r->kind[i].kind, r->part, sync_scope_fit(&r->scope, r->part), &url);
        buf_adds(&url, "_summary=count");
        sync_get_entry(&w, buf_str(&url));
    }
    sync_batch_end(&w);
    buf_fini(&url);
}

/* The next part of the scope's patients; false: that was the last. */
static bool next_part(struct absent_run *r)
{
    unsigned at = r->part + sync_scope_fit(&r->scope, r->part);
    bool more = at > r->part && at < r->scope.n;

    r->part = more ? at : 0;
    return more;
}

/* The kinds whose numbers differ and were not looked at lately. */
static int choose(struct loop_job *job)
{
    struct absent_run *r = of_job(job);
    const struct bundle_sink sink = {.head = on_count, .arg = r};
    int64_t now = clock_wall_ms(&r->clock);
    struct buf refused;
    struct note was;
    unsigned kept = 0;
    int code = read_bundle(r, &sink, &job->err);

    r->parts++;
    if (!code && next_part(r))
        return ERR_OK;
    r->counted = true;
    buf_init(&refused, LIMIT_SMALL_JSON);
    if (!code && (code = store_setting(r->store, "sync.counted", &r->notes, &job->err)) == ERR_NOTFOUND)
        code = ERR_OK;
    if (!code && (code = store_setting(r->store, "sync.refused", &refused, &job->err)) == ERR_NOTFOUND)
        code = ERR_OK;
    for (unsigned i = 0; i < r->n && !code; i++) {
        struct kind_check k = r->kind[i];

        if ((code = store_at_server(r->store, str_of(k.kind->type), &k.here, &k.removed, &job->err)) ||
            (code = sync_leave_without(r->store, &r->leave, str_of(k.kind->type), &k.here, &k.removed, &job->err)))
            break;
        r->rows += k.here;
        k.here += k.removed + refused_of(buf_str(&refused), k.kind->type);
        if (k.here == k.total || k.told < r->parts)
            continue;
        if (note_of(buf_str(&r->notes), k.kind->type, &was)) {
            if (was.here == k.here && was.total == k.total && !was.lacking && now - was.ms < AGAIN_MS)
                continue;
            k.lacked = was.lacking > 0;
        }
        r->kind[kept++] = k;
    }
    r->n = kept;
    buf_fini(&refused);
    return code;
}

/* --- listing ---------------------------------------------------------------------------------------- */

static int on_listed(void *arg, int outer, struct str bytes)
{
    struct absent_run *r = arg;
    struct tape t = {.n = 0};
    bool added;
    struct str id;
    int code = tape_parse(&t, bytes, NULL);

    if (!code && outer < 0 && tape_str_is(&t, tape_get(&t, 0, "resourceType"), r->kind[r->at].kind->type)) {
        id = tape_plain(&t, tape_get(&t, 0, "id"));
        if (!(code = sync_seen_add(&r->ids, sync_hash(id), &added)))
            r->listed += added;
    }
    tape_fini(&t);
    return code;
}

static int on_link(void *arg, int outer, struct str relation, struct str url)
{
    struct absent_run *r = arg;
    char gated[LIMIT_URL_BYTES + 1];
    bool added = false;

    if (outer >= 0 || !str_is(relation, "next"))
        return ERR_OK;
    if (net_gate(r->x.net, NET_FHIR, url, gated, NULL))
        return ERR_ORIGIN;
    if (sync_seen_add(&r->links, sync_hash(str_of(gated)), &added))
        return ERR_NOMEM;
    if (!added)
        return ERR_LOOP;
    snprintf(r->url, sizeof r->url, "%s", gated);
    r->more = true;
    return ERR_OK;
}

static int on_row(void *arg, const struct store_row *row)
{
    struct absent_run *r = arg;
    struct suspect *s;

    if (row->origin != STORE_SERVER || sync_leave_has(&r->leave, row->patient))
        return ERR_OK;
    if (sync_seen_has(&r->ids, sync_hash(row->id))) {
        r->listed--;
        return ERR_OK;
    }
    if (row->unsent)
        return ERR_OK;
    if (!(s = vec_push(&r->suspects)))
        return ERR_TOOBIG;
    s->kind = r->at;
    snprintf(s->id, sizeof s->id, "%.*s", STR_ARG(row->id));
    return ERR_OK;
}

static void list_url(struct absent_run *r);

/* A page's ids; behind the last page the rows here are held against them. */
static int read_page(struct loop_job *job)
{
    struct absent_run *r = of_job(job);
    const struct bundle_sink sink = {.resource = on_listed, .link = on_link, .head = on_bundle, .arg = r};
    struct kind_check *k = &r->kind[r->at];
    int code;

    r->more = false;
    code = read_bundle(r, &sink, &job->err);
    if (code || r->more)
        return code;
    if (next_part(r)) {
        list_url(r);
        r->more = true;
        return ERR_OK;
    }
    k->listed = true;
    code = store_each(r->store, &(struct store_query){.type = str_of(k->kind->type)}, on_row, r, &job->err);
    k->lacking = (int64_t)r->listed > k->removed ? (int64_t)r->listed - k->removed : 0;
    return code;
}

static void page_read(struct loop_job *job)
{
    struct absent_run *r = of_job(job);

    if (!r->x.abandoned) {
        if (job->code) /* this kind tells nothing: its suspects, if any, are not complete */
            log_event("sync.list", job->code, r->kind[r->at].kind->type, (int64_t)r->listed, 0);
        if (job->code || !r->more) {
            r->at++;
            r->url[0] = '\0';
            r->part = 0;
        }
        next(r);
    }
    sync_errand_drop(&r->x);
}

static void list_url(struct absent_run *r)
{
    const struct fhir_kind *k = r->kind[r->at].kind;
    struct buf b;

    buf_init(&b, LIMIT_URL_BYTES);
    buf_addf(&b, "%s?", k->type);
    sync_scope_url_part(&r->scope, k, r->part, sync_scope_fit(&r->scope, r->part), &b);
    buf_addf(&b, "_elements=id&_count=%u", LIST_COUNT);
    snprintf(r->url, sizeof r->url, "%s", b.failed ? "" : b.p);
    buf_fini(&b);
    if (r->part)
        return;
    sync_seen_clear(&r->ids);
    sync_seen_clear(&r->links);
    r->listed = 0;
}

/* --- asking for each ---------------------------------------------------------------------------------- */

static int on_response(void *arg, int at, struct str status, struct str etag, struct str location)
{
    struct absent_run *r = arg;
    struct suspect *s;

    (void)etag, (void)location;
    r->answers++;
    if (at < 0 || (size_t)at >= r->asking)
        return ERR_OK;
    s = vec_at(&r->suspects, r->asked + (size_t)at);
    s->gone = str_starts(status, "404") || str_starts(status, "410");
    return ERR_OK;
}

/* REQ: a row goes on the server's word on that very id, in FHIR, and on nothing else. */
static int read_answers(struct loop_job *job)
{
    struct absent_run *r = of_job(job);
    const struct bundle_sink sink = {.response = on_response, .head = on_bundle, .arg = r};
    int code;

    if (r->asking == 1) {
        struct suspect *s = vec_at(&r->suspects, r->asked);

        s->gone = (r->x.head.status == 404 || r->x.head.status == 410) && sync_judge_is_fhir(buf_str(&r->x.down));
        return ERR_OK;
    }
    r->answers = 0;
    code = read_bundle(r, &sink, &job->err);
    if (!code && r->answers != r->asking) /* which answer is of which is not sure then */
        code = ERR_NOTFHIR;
    for (size_t i = 0; code && i < r->asking; i++)
        ((struct suspect *)vec_at(&r->suspects, r->asked + i))->gone = false;
    return code == ERR_NOMEM ? code : ERR_OK;
}

static void answers_read(struct loop_job *job)
{
    struct absent_run *r = of_job(job);

    r->asked += r->asking;
    if (!r->x.abandoned)
        next(r);
    sync_errand_drop(&r->x);
}

static void ask_body(struct absent_run *r)
{
    struct jsonw w;

    sync_batch_begin(&w, &r->up);
    for (size_t i = 0; i < r->asking; i++) {
        const struct suspect *s = vec_at(&r->suspects, r->asked + i);
        char url[150];

        snprintf(url, sizeof url, "%s/%s", r->kind[s->kind].kind->type, s->id);
        sync_get_entry(&w, str_of(url));
    }
    sync_batch_end(&w);
}

/* --- the line ----------------------------------------------------------------------------------------- */

static void end(struct absent_run *r, int code, const struct err *e);
static void chosen(struct loop_job *job);

static void answered(struct errand *x, int code, const struct err *e)
{
    struct absent_run *r = (struct absent_run *)(void *)x;
    bool listing = r->counted && r->at < r->n;

    if (code)
        end(r, code, e);
    else if (!r->counted)
        sync_errand_submit(x, LOOP_WORK, choose, chosen);
    else
        sync_errand_submit(x, LOOP_WORK, listing ? read_page : read_answers, listing ? page_read : answers_read);
}

static void ask(struct absent_run *r, const char *method, const char *url, struct str body)
{
    const struct net_ask a = {.origin = NET_FHIR, .method = method, .url = url, .body = body, .repeatable = true,
                              .gzip_body = body.n && !sync_server_refused(r->store, SERVER_GZIP, &r->clock),
                              .priority = KIND_P1};

    sync_errand_ask(&r->x, &a);
}

/* --- deleting ------------------------------------------------------------------------------------------ */

static int64_t gone_count(const struct absent_run *r)
{
    int64_t n = 0;

    VEC_EACH(const struct suspect, s, &r->suspects)
        n += s->gone;
    return n;
}

static int delete_some(struct absent_run *r, struct store_tx *tx, size_t from, size_t *to, struct err *e)
{
    unsigned n = 0;
    int code = ERR_OK;

    for (*to = from; *to < r->suspects.n && n < LIMIT_TX_ROWS && !code; ++*to) {
        const struct suspect *s = vec_at(&r->suspects, *to);

        if (!s->gone)
            continue;
        n++;
        code = store_delete(tx, str_of(r->kind[s->kind].kind->type), str_of(s->id), STORE_SERVER, e);
        code = code == ERR_NOTFOUND ? ERR_OK : code;
    }
    r->report.deleted += code ? 0 : n;
    return code;
}

static int note_brake(struct store_tx *tx, int64_t n, struct err *e)
{
    char text[24];
    int code = store_set(tx, "sync.accept", STR(""), e);

    snprintf(text, sizeof text, "%lld", (long long)n);
    return code ? code : store_set(tx, "sync.brake", n ? str_of(text) : STR(""), e);
}

/* What was listed, with the numbers that it leaves; and kinds of which the server lists more than once what is not
 * here: from the beginning. */
static int note_counts(struct absent_run *r, struct store_tx *tx, struct err *e)
{
    int64_t now = clock_wall_ms(&r->clock);
    struct note was;
    struct buf b;
    unsigned n;
    const struct fhir_kind *all = kind_table(&n);
    int code = ERR_OK;

    buf_init(&b, LIMIT_SMALL_JSON);
    for (unsigned i = 0; i < n && !code; i++) {
        const struct kind_check *k = NULL;

        for (unsigned j = 0; j < r->n; j++)
            if (r->kind[j].kind == &all[i] && r->kind[j].listed)
                k = &r->kind[j];
        if (k)
            buf_addf(&b, "%s %lld %lld %lld %lld\n", all[i].type, (long long)k->here, (long long)k->total,
                     (long long)(k->lacked ? 0 : k->lacking), (long long)now);
        else if (note_of(buf_str(&r->notes), all[i].type, &was))
            buf_addf(&b, "%s %lld %lld %lld %lld\n", all[i].type, (long long)was.here, (long long)was.total,
                     (long long)was.lacking, (long long)was.ms);
        if (k && k->lacking && k->lacked) {
            struct store_mark m = {.mark_ms = 0};

            snprintf(m.type, sizeof m.type, "%s", all[i].type);
            code = store_mark_put(tx, &m, e);
        }
    }
    if (!code)
        code = b.failed ? err_set(e, b.failed, 0, 0, "sync.counted") : store_set(tx, "sync.counted", buf_str(&b), e);
    buf_clear(&b);
    buf_addf(&b, "%lld", (long long)now);
    if (!code)
        code = store_set(tx, "sync.counts", buf_str(&b), e);
    if (!code && r->all)
        code = store_set(tx, "sync.changed", STR(""), e);
    buf_fini(&b);
    return code;
}

int sync_absent_accept(struct store *s, struct store_tx *tx, struct err *e)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)sync_setting_ms(s, "sync.brake"));
    return store_set(tx, "sync.accept", str_of(text), e);
}

/* What would go is too much of what there is. */
static bool brakes(const struct absent_run *r, int64_t gone)
{
    int64_t accepted = sync_setting_ms(r->store, "sync.accept"), free = SYNC_BRAKE_LEAST + accepted;
    int64_t due = r->leave.due, members = r->leave.members;

    return (gone > free && gone > r->rows / SYNC_BRAKE_PART) || (due > free && due > members / SYNC_BRAKE_PART) ||
           (due > 1 + accepted && due == members);
}

/* REQ: one brake, before anything goes: on rows that were deleted there, and on patients who have left the list. */
static int take_out(struct loop_job *job)
{
    struct absent_run *r = of_job(job);
    int64_t gone = gone_count(r);
    bool brake = brakes(r, gone);
    struct store_tx *tx;
    size_t at = 0;
    int code = ERR_OK;

    while (!brake && at < r->suspects.n && !code)
        if (!(code = store_begin(r->store, false, &tx, &job->err)))
            code = sync_errand_commit(tx, delete_some(r, tx, at, &at, &job->err), &job->err);
    if (!code && !brake)
        code = sync_leave_remove(r->store, &r->leave, clock_wall_ms(&r->clock), &r->report.left, &job->err);
    if (!code && !(code = store_begin(r->store, false, &tx, &job->err))) {
        code = note_brake(tx, brake ? gone + r->leave.due : 0, &job->err);
        code = sync_errand_commit(tx, code || brake || !r->counted ? code : note_counts(r, tx, &job->err), &job->err);
    }
    return !code && brake ? err_set(&job->err, ERR_BRAKE, 0, gone + r->leave.due, NULL) : code;
}

static void taken_out(struct loop_job *job)
{
    struct absent_run *r = of_job(job);

    log_event("sync.absent", job->code, NULL, (int64_t)r->report.deleted, (int64_t)r->suspects.n);
    if (!r->x.abandoned)
        end(r, job->code, &job->err);
    sync_errand_drop(&r->x);
}

/* --- in order ------------------------------------------------------------------------------------------- */

static void end(struct absent_run *r, int code, const struct err *e)
{
    r->report.code = code;
    r->report.err = *e;
    r->done(r->arg, &r->report); /* which may abandon it */
}

static void next(struct absent_run *r)
{
    const struct suspect *s;
    char url[150];

    if (!r->counted) {
        count_body(r);
        ask(r, "POST", "", buf_str(&r->up));
    } else if (r->at < r->n) {
        if (!r->url[0])
            list_url(r);
        ask(r, "GET", r->url, STR(""));
    } else if (r->asked < r->suspects.n) {
        size_t left = r->suspects.n - r->asked;

        r->asking = left < ASK_BATCH ? left : ASK_BATCH;
        s = vec_at(&r->suspects, r->asked);
        snprintf(url, sizeof url, "%s/%s", r->kind[s->kind].kind->type, s->id);
        if (r->asking > 1)
            ask_body(r);
        ask(r, r->asking > 1 ? "POST" : "GET", r->asking > 1 ? "" : url, r->asking > 1 ? buf_str(&r->up) : STR(""));
    } else {
        sync_errand_submit(&r->x, LOOP_STORE, take_out, taken_out);
    }
}

static void chosen(struct loop_job *job)
{
    struct absent_run *r = of_job(job);

    if (r->x.abandoned)
        ;
    else if (job->code) /* a server that does not count for us: nothing is known, and nothing goes */
        end(r, job->code == ERR_NOTFHIR ? ERR_OK : job->code, job->code == ERR_NOTFHIR ? &(struct err){0} : &job->err);
    else
        next(r);
    sync_errand_drop(&r->x);
}

/* Is there anything to count for? */
static int look(struct loop_job *job)
{
    struct absent_run *r = of_job(job);

    r->first = !sync_setting_ms(r->store, "sync.counts");
    r->changed = r->changed || clock_wall_ms(&r->clock) - sync_setting_ms(r->store, "sync.counts") >= AGAIN_MS ||
                 sync_setting_ms(r->store, "sync.changed") || sync_setting_ms(r->store, "sync.brake");
    return sync_leave_look(r->store, r->list_ms, &r->leave, &job->err);
}

/* That something changed was said once: it stands until all kinds have been counted. */
static int note_changed(struct loop_job *job)
{
    struct absent_run *r = of_job(job);
    struct store_tx *tx;
    int code = store_begin(r->store, false, &tx, &job->err);

    return code ? code : sync_errand_commit(tx, store_set(tx, "sync.changed", STR("1"), &job->err), &job->err);
}

static void noted(struct loop_job *job)
{
    struct absent_run *r = of_job(job);

    if (r->x.abandoned)
        ;
    else if (job->code)
        end(r, job->code, &job->err);
    else
        next(r);
    sync_errand_drop(&r->x);
}

/* Behind a first sync there is nothing to count for: from now on. */
static int begin_counting(struct loop_job *job)
{
    struct absent_run *r = of_job(job);
    struct store_tx *tx;
    int code = store_begin(r->store, false, &tx, &job->err);

    return code ? code : sync_errand_commit(tx, note_counts(r, tx, &job->err), &job->err);
}

static void looked(struct loop_job *job)
{
    struct absent_run *r = of_job(job);

    if (r->x.abandoned)
        ;
    else if (job->code)
        end(r, job->code, &job->err);
    else if (r->n && r->first)
        sync_errand_submit(&r->x, LOOP_STORE, begin_counting, taken_out);
    else if (!(r->n && r->changed) && r->leave.due)
        sync_errand_submit(&r->x, LOOP_STORE, take_out, taken_out);
    else if (!r->n || !r->changed)
        end(r, ERR_OK, &(struct err){0});
    else
        sync_errand_submit(&r->x, LOOP_STORE, note_changed, noted);
    sync_errand_drop(&r->x);
}

int sync_absent_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock,
                      const struct sync_scope *scope, const struct sync_kind_result *kinds, unsigned n_kinds,
                      bool changed, int64_t list_ms, void (*done)(void *arg, const struct absent_report *r),
                      void *arg, struct absent_run **out, struct err *e)
{
    struct absent_run *r = mem_alloc(sizeof *r);

    *out = NULL;
    if (!r)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    sync_errand_init(&r->x, l, n);
    r->x.answered = answered;
    r->x.destroy = destroy;
    r->store = s;
    r->clock = *clock;
    r->done = done;
    r->arg = arg;
    vec_init(&r->suspects, sizeof(struct suspect), SUSPECTS_MAX);
    buf_init(&r->up, LIMIT_SMALL_JSON);
    buf_init(&r->notes, LIMIT_SMALL_JSON);
    r->all = true;
    for (unsigned i = 0; i < n_kinds; i++)
        if (sync_scope_by_id(scope, kind_find(str_of(kinds[i].type))) || kinds[i].code == ERR_UNSUPPORTED)
            continue;
        else if (!kinds[i].over || kinds[i].code)
            r->all = false;
        else
            r->kind[r->n++] = (struct kind_check){.kind = kind_find(str_of(kinds[i].type))};
    r->changed = changed;
    r->list_ms = list_ms;
    if (sync_scope_copy(scope, &r->scope)) {
        destroy(&r->x);
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    sync_errand_submit(&r->x, LOOP_WORK, look, looked);
    *out = r;
    return ERR_OK;
}

void sync_absent_free(struct absent_run *r)
{
    sync_errand_abandon(r ? &r->x : NULL);
}
