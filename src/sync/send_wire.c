/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/send_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "fhir/bundle.h"
#include "fhir/index.h"
#include "fhir/rewrite.h"
#include "sync/priv.h"

struct send_lane *sync_send_lane_of(struct loop_job *job)
{
    return (struct send_lane *)(void *)((char *)job - offsetof(struct send_lane, job));
}

static void copy(char *to, size_t room, struct str s)
{
    snprintf(to, room, "%.*s", (int)(s.n < room ? s.n : 0), s.p);
}

/* --- the outbox ------------------------------------------------------------------------------------ */

struct naming {
    struct vec *needs;
    int failed;
};

static void name(void *arg, struct str type, struct str id)
{
    struct naming *n = arg;
    struct named *x = vec_push(n->needs);

    if (!x) {
        n->failed = ERR_NOMEM;
        return;
    }
    copy(x->type, sizeof x->type, type);
    copy(x->id, sizeof x->id, id);
}

/* What a body names, into needs. One that cannot be read is the server's to refuse. */
static int names_of(struct str body, const char *base, struct vec *needs, struct err *e)
{
    struct naming n = {needs, ERR_OK};
    struct tape t = {.n = 0};

    if (body.n && !tape_parse(&t, body, NULL))
        fhir_references(&t, base, name, &n);
    tape_fini(&t);
    return n.failed ? err_set(e, n.failed, 0, 0, NULL) : ERR_OK;
}

struct loading {
    struct send_run *run;
    int64_t now_ms;
    struct err *e;
};

static int load_op(void *arg, const struct store_op *op)
{
    struct loading *l = arg;
    struct loaded *x;

    if (!(x = vec_push(&l->run->ops)))
        return err_set(l->e, ERR_NOMEM, 0, 0, NULL);
    vec_init(&x->needs, sizeof(struct named), LIMIT_NODES);
    x->op = (struct push_op){.seq = op->seq, .kind = op->kind, .state = op->state, .after = op->after,
                             .bytes = op->body.n, .again = op->tries > 0,
                             .wait_ms = op->next_at_ms > l->now_ms ? op->next_at_ms - l->now_ms : 0};
    memcpy(x->op.op, op->op, sizeof x->op.op);
    copy(x->op.type, sizeof x->op.type, op->type);
    copy(x->op.id, sizeof x->op.id, op->id);
    copy(x->op.chart, sizeof x->op.chart, op->chart);
    copy(x->op.base, sizeof x->op.base, op->base_etag);
    return names_of(op->body, l->run->base, &x->needs, l->e);
}

int sync_send_load(struct loop_job *job)
{
    struct send_run *r = (struct send_run *)(void *)((char *)job - offsetof(struct send_run, load));
    struct loading l = {r, clock_wall_ms(&r->clock), &job->err};

    return store_op_each(r->store, &(struct store_op_query){.bytes = true}, load_op, &l, &job->err);
}

/* --- the request ----------------------------------------------------------------------------------- */

static const char *method_of(const struct push_op *op)
{
    return op->kind == STORE_OP_DELETE ? "DELETE" : op->post ? "POST" : "PUT"; /* of a create too: its id is ours */
}

/* Where to, and on which condition. */
static void target(const struct push_op *op, char *url, size_t room, char condition[160])
{
    struct buf b;

    condition[0] = '\0';
    snprintf(url, room, op->post ? "%s" : "%s/%s", op->type, op->id);
    if (!op->post)
        return;
    buf_init(&b, 160);
    if (!sync_marker_query(op->type, op->op, false, &b))
        snprintf(condition, 160, "%s", b.p);
    buf_fini(&b);
}

static void etag_of(const struct push_op *op, char out[STORE_VERSION_BYTES + 4])
{
    out[0] = '\0';
    if (op->base[0]) /* of a create: it was in conflict, and a person has decided over what stands there */
        snprintf(out, STORE_VERSION_BYTES + 4, "W/\"%s\"", op->base); /* R4 http.html 3.1.0.1.3 */
}

/* What a reference to it is within a transaction (R4 http.html 3.1.0.11.2). */
static void full_url(const struct send_lane *l, const struct push_op *op, char *url, size_t room)
{
    if (op->post)
        snprintf(url, room, "urn:uuid:%s", op->id);
    else
        snprintf(url, room, "%s/%s/%s", l->run->base, op->type, op->id);
}

static void entry(const struct send_lane *l, struct jsonw *w, const struct push_op *op, struct str body)
{
    char url[140], etag[STORE_VERSION_BYTES + 4], condition[160], full[LIMIT_URL_BYTES + 140];

    target(op, url, sizeof url, condition);
    etag_of(op, etag);
    jsonw_open(w, '{');
    if (l->atomic) {
        full_url(l, op, full, sizeof full);
        jsonw_key(w, "fullUrl");
        jsonw_z(w, full);
    }
    if (op->kind != STORE_OP_DELETE) {
        jsonw_key(w, "resource");
        jsonw_raw(w, body);
    }
    jsonw_key(w, "request");
    jsonw_open(w, '{');
    jsonw_key(w, "method");
    jsonw_z(w, method_of(op));
    jsonw_key(w, "url");
    jsonw_z(w, url);
    if (etag[0]) {
        jsonw_key(w, "ifMatch");
        jsonw_z(w, etag);
    }
    if (condition[0]) {
        jsonw_key(w, "ifNoneExist");
        jsonw_z(w, condition);
    }
    jsonw_close(w, '}');
    jsonw_close(w, '}');
}

struct waiting {
    struct send_run *run;
    bool yes;
};

static int waits(void *arg, const struct store_op *op)
{
    ((struct waiting *)arg)->yes |= op->kind == STORE_OP_CREATE;
    return ERR_OK;
}

/* In the same transaction? */
static const struct push_op *beside(const struct send_lane *l, struct str type, struct str id)
{
    for (unsigned i = 0; i < l->n && l->atomic; i++)
        if (str_is(type, l->op[i].op.type) && str_is(id, l->op[i].op.id))
            return &l->op[i].op;
    return NULL;
}

/* Does a body name what was created here and has not reached the server? */
static int names_waiting(struct send_lane *l, const struct push_op *op, struct str body, bool *yes, struct err *e)
{
    struct send_run *r = l->run;
    struct waiting w = {r, false};
    struct vec needs;
    int code;

    vec_init(&needs, sizeof(struct named), LIMIT_NODES);
    code = names_of(body, r->base, &needs, e);
    VEC_EACH(struct named, x, &needs) {
        if (code || (!strcmp(x->type, op->type) && !strcmp(x->id, op->id)) ||
            beside(l, str_of(x->type), str_of(x->id)))
            continue;
        code = store_op_each(r->store, &(struct store_op_query){.type = str_of(x->type), .id = str_of(x->id)}, waits,
                             &w, e);
    }
    vec_fini(&needs);
    *yes = w.yes;
    return code;
}

struct preparing {
    struct send_lane *lane;
    struct jsonw w;
    const struct push_op *op;
    bool found;
    struct err *e;
};

struct swapping {
    const struct send_lane *lane;
    struct arena a;
};

static struct str swap(void *arg, struct str reference)
{
    struct swapping *x = arg;
    const struct push_op *op = NULL;
    char url[LIMIT_URL_BYTES + 140];
    struct str type, id;

    if (fhir_reference(reference, x->lane->run->base, &type, &id))
        op = beside(x->lane, type, id);
    if (!op || !op->post)
        return (struct str){NULL, 0};
    full_url(x->lane, op, url, sizeof url);
    return arena_str(&x->a, str_of(url));
}

/* REQ: what goes in the same transaction has no id yet: it is named as its entry is. */
static int name_beside(const struct send_lane *l, struct str body, struct buf *out)
{
    struct swapping x = {.lane = l};
    struct tape t = {.n = 0};
    int code = tape_parse(&t, body, NULL);

    arena_init(&x.a, LIMIT_RESOURCE_BYTES);
    if (!code)
        code = fhir_rewrite(&t, swap, &x, &x.a, out, NULL);
    if (!code && x.a.failed)
        code = ERR_NOMEM;
    arena_fini(&x.a);
    tape_fini(&t);
    return code;
}

static int add_body(struct preparing *p, struct str body)
{
    struct buf marked, named;
    int code = ERR_OK;

    buf_init(&marked, LIMIT_RESOURCE_BYTES + 1024);
    buf_init(&named, LIMIT_RESOURCE_BYTES + 1024);
    if (p->lane->atomic && !(code = name_beside(p->lane, body, &named)))
        body = buf_str(&named);
    if (!code && p->op->post && !(code = sync_marker_body(p->op->type, p->op->op, body, &marked)))
        body = buf_str(&marked);
    if (!code && p->lane->n == 1)
        code = buf_addstr(&p->lane->up, body);
    else if (!code)
        entry(p->lane, &p->w, p->op, body);
    buf_fini(&named);
    buf_fini(&marked);
    return code ? err_set(p->e, code, 0, 0, p->op->op) : ERR_OK;
}

static int add_op(void *arg, const struct store_op *op)
{
    struct preparing *p = arg;
    bool waiting = false;
    int code = names_waiting(p->lane, p->op, op->body, &waiting, p->e);

    if (code)
        return code;
    if (waiting || op->kind != p->op->kind) /* a deletion joined an update that was still queued */
        return err_set(p->e, ERR_INUSE, 0, 0, p->op->op);
    p->found = true;
    return add_body(p, op->body);
}

int sync_send_prepare(struct loop_job *job)
{
    struct send_lane *l = sync_send_lane_of(job);
    struct preparing p = {.lane = l, .e = &job->err};
    int code = ERR_OK;

    buf_clear(&l->up);
    if (l->n > 1)
        sync_bundle_begin(&p.w, &l->up, l->atomic ? "transaction" : "batch");
    for (unsigned i = 0; i < l->n && !code; i++) {
        p.op = &l->op[i].op;
        p.found = false;
        code = store_op_each(l->run->store, &(struct store_op_query){.op = str_of(p.op->op), .bytes = true}, add_op, &p,
                             &job->err);
        if (!code && !p.found)
            code = err_set(&job->err, ERR_BUG, 0, 0, p.op->op);
    }
    l->method = l->n > 1 ? "POST" : method_of(&l->op[0].op);
    l->url[0] = l->if_match[0] = l->condition[0] = '\0';
    if (l->n > 1) {
        sync_batch_end(&p.w);
    } else {
        target(&l->op[0].op, l->url, sizeof l->url, l->condition);
        etag_of(&l->op[0].op, l->if_match);
    }
    if (!code && l->up.failed)
        code = err_set(&job->err, l->up.failed, 0, 0, "batch");
    return code;
}

/* --- the answer ------------------------------------------------------------------------------------ */

/* One entry of a batch-response (R4 http.html 3.1.0.11.3: in the order of the request's entries). */
static int on_response(void *arg, int at, struct str status, struct str etag, struct str location)
{
    struct send_lane *l = arg;
    char tag[STORE_VERSION_BYTES + 4], where[LIMIT_URL_BYTES];
    struct send_op *op;
    int64_t code = 0;

    if (at < 0 || (unsigned)at >= l->n)
        return ERR_OK;
    op = &l->op[at];
    copy(tag, sizeof tag, etag);
    copy(where, sizeof where, location);
    str_int((struct str){status.p, status.n < 3 ? status.n : 3}, 100, 599, &code);
    op->answered = true;
    op->ev = (struct push_event){.status = (int)code, .fhir = true};
    sync_judge_version(tag, where, op->version);
    sync_judge_name(where, op->op.type, op->name);
    return ERR_OK;
}

static int on_head(void *arg, int outer, struct str type, struct str total)
{
    struct send_lane *l = arg;

    (void)total;
    if (outer < 0 && type.n)
        l->whole = !str_is(type, l->atomic ? "transaction-response" : "batch-response");
    return ERR_OK;
}

/* Of a batch: each entry's word, where the answer is a batch-response; else the answer's own status, for all. */
static int judge_batch(struct send_lane *l, struct err *e)
{
    const struct bundle_sink sink = {.head = on_head, .response = on_response, .arg = l};
    struct bundle_scan *scan;
    int code;

    l->whole = true;
    if (l->head.status == 200) {
        if ((code = bundle_new(&sink, LIMIT_PAGE_BYTES, &scan)))
            return err_set(e, code, 0, 0, NULL);
        code = bundle_feed(scan, buf_str(&l->down), e);
        if (!code)
            code = bundle_end(scan, e);
        bundle_free(scan);
        if (code == ERR_NOMEM)
            return code;
        if (code) /* what came is not the answer's end */
            l->whole = true;
    }
    l->all = (struct push_event){.status = l->head.status, .fhir = sync_judge_is_fhir(buf_str(&l->down)),
                                 .retry_after_s = l->head.retry_after_s};
    if (l->whole && l->all.status == 200)
        l->all.fhir = false; /* 200, and no batch-response: nobody's word */
    return ERR_OK;
}

/* Of a single one. Without a body, only a version says that a FHIR server, and nothing on the way, has answered. */
static void judge_single(struct send_lane *l)
{
    struct send_op *op = &l->op[0];
    bool success = l->head.status / 100 == 2;

    op->answered = true;
    sync_judge_version(l->head.etag, l->head.location, op->version);
    op->ev = (struct push_event){.status = l->head.status, .retry_after_s = l->head.retry_after_s};
    sync_judge_name(l->head.location, op->op.type, op->name);
    op->ev.fhir = l->down.n ? sync_judge_is_fhir(buf_str(&l->down)) : success && (op->version[0] || op->name[0]);
}

struct asking {
    struct send_lane *lane;
    struct err *e;
};

static int judge_op(void *arg, const struct store_op *stored)
{
    struct asking *q = arg;
    struct send_lane *l = q->lane;
    struct send_op *op = &l->op[0];
    const struct judge_op j = {op->op.kind, op->op.base, stored->base, stored->body, l->run->base};
    const struct judge_answer a = {l->head.status, buf_str(&l->down), true};
    int (*judge)(const struct judge_op *, const struct judge_answer *, enum push_found *, char *, struct err *) =
        l->doing == PUSH_ACT_HISTORY ? sync_judge_history : sync_judge_read;

    op->answered = true;
    op->ev = (struct push_event){.status = l->head.status, .fhir = sync_judge_is_fhir(buf_str(&l->down)),
                                 .retry_after_s = l->head.retry_after_s};
    if (l->doing == PUSH_ACT_SEARCH)
        return sync_marker_judge(op->op.type, op->op.op, &a, &op->ev.found, op->version, op->name, q->e);
    return judge(&j, &a, &op->ev.found, op->version, q->e);
}

int sync_send_judge(struct loop_job *job)
{
    struct send_lane *l = sync_send_lane_of(job);
    struct asking q = {l, &job->err};

    if (l->doing == PUSH_ACT_SEND && l->n > 1)
        return judge_batch(l, &job->err);
    if (l->doing == PUSH_ACT_SEND) {
        judge_single(l);
        return ERR_OK;
    }
    return store_op_each(l->run->store, &(struct store_op_query){.op = str_of(l->op[0].op.op), .bytes = true}, judge_op,
                         &q, &job->err);
}
