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
    return op->kind == STORE_OP_DELETE ? "DELETE" : "PUT"; /* of a create too: its id is ours */
}

static void etag_of(const struct push_op *op, char out[STORE_VERSION_BYTES + 4])
{
    out[0] = '\0';
    if (op->base[0]) /* of a create: it was in conflict, and a person has decided over what stands there */
        snprintf(out, STORE_VERSION_BYTES + 4, "W/\"%s\"", op->base); /* R4 http.html 3.1.0.1.3 */
}

static void entry(struct jsonw *w, const struct push_op *op, struct str body)
{
    char url[140], etag[STORE_VERSION_BYTES + 4];

    snprintf(url, sizeof url, "%s/%s", op->type, op->id);
    etag_of(op, etag);
    jsonw_open(w, '{');
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

/* Does a body name what was created here and has not reached the server? */
static int names_waiting(struct send_run *r, const struct push_op *op, struct str body, bool *yes, struct err *e)
{
    struct waiting w = {r, false};
    struct vec needs;
    int code;

    vec_init(&needs, sizeof(struct named), LIMIT_NODES);
    code = names_of(body, r->base, &needs, e);
    VEC_EACH(struct named, x, &needs) {
        if (code || (!strcmp(x->type, op->type) && !strcmp(x->id, op->id)))
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

static int add_op(void *arg, const struct store_op *op)
{
    struct preparing *p = arg;
    bool waiting = false;
    int code = names_waiting(p->lane->run, p->op, op->body, &waiting, p->e);

    if (code)
        return code;
    if (waiting || op->kind != p->op->kind) /* a deletion joined an update that was still queued */
        return err_set(p->e, ERR_INUSE, 0, 0, p->op->op);
    p->found = true;
    if (p->lane->n == 1)
        code = buf_addstr(&p->lane->up, op->body);
    else
        entry(&p->w, p->op, op->body);
    return code ? err_set(p->e, code, 0, 0, p->op->op) : ERR_OK;
}

int sync_send_prepare(struct loop_job *job)
{
    struct send_lane *l = sync_send_lane_of(job);
    struct preparing p = {.lane = l, .e = &job->err};
    int code = ERR_OK;

    buf_clear(&l->up);
    if (l->n > 1)
        sync_batch_begin(&p.w, &l->up);
    for (unsigned i = 0; i < l->n && !code; i++) {
        p.op = &l->op[i].op;
        p.found = false;
        code = store_op_each(l->run->store, &(struct store_op_query){.op = str_of(p.op->op), .bytes = true}, add_op, &p,
                             &job->err);
        if (!code && !p.found)
            code = err_set(&job->err, ERR_BUG, 0, 0, p.op->op);
    }
    l->method = l->n > 1 ? "POST" : method_of(&l->op[0].op);
    l->url[0] = l->if_match[0] = '\0';
    if (l->n > 1) {
        sync_batch_end(&p.w);
    } else {
        snprintf(l->url, sizeof l->url, "%s/%s", l->op[0].op.type, l->op[0].op.id);
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
    if (code == 429 || code == 503) /* an entry has no head of its own: the answer's says until when */
        op->ev.retry_after_s = l->head.retry_after_s;
    sync_judge_version(tag, where, op->version);
    return ERR_OK;
}

static int on_head(void *arg, int outer, struct str type, struct str total)
{
    struct send_lane *l = arg;

    (void)total;
    if (outer < 0 && type.n)
        l->whole = !str_is(type, "batch-response");
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
    op->ev.fhir = l->down.n ? sync_judge_is_fhir(buf_str(&l->down)) : success && op->version[0];
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
