/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rows and their mark, in one transaction on the store thread.
 */
#include "config.h"

#include <string.h>

#include "base/mem.h"
#include "sync/shell.h"

struct put {
    struct loop_job job;
    struct sync_run *run;
    unsigned lane;
    int outer;
    const struct fhir_kind *kind;
    struct pending row[LIMIT_TX_ROWS];
    unsigned n;
    struct store_mark mark;
    struct buf refused;    /* the whole list, when a row is refused or accepted by this put */
    bool refused_changed;
    int64_t now_ms;
    uint64_t changed;
    int spoilt;            /* it could not be put together */
    /* of a chunk that is in no page: */
    const char *setting;
    struct buf value;
    void (*stored)(void *arg, int code, const struct err *e, uint64_t changed, int64_t line);
    void *arg;
    int64_t line;
};

static int put_row(struct put *p, struct store_tx *tx, const struct pending *row, struct err *e)
{
    const struct item *it = row->item;
    struct str bytes = {row->chunk->bytes.p + it->off, it->n};
    enum store_change change = STORE_SAME;
    int code;

    if (it->bad)
        return ERR_OK; /* its line is in the list of the refused */
    if ((code = store_put(tx, &it->ix, bytes, STORE_SERVER, p->now_ms, &change, e)))
        return code;
    p->changed += change != STORE_SAME;
    for (unsigned i = 0; i + 1 < it->n_refs && !code; i += 2)
        code = store_missing_add(tx, it->refs[i], it->refs[i + 1], e);
    if (!code && sync_scope_by_id(&p->run->scope, p->kind))
        code = store_missing_done(tx, it->ix.type, it->ix.id, true, e);
    return code;
}

static int run(struct loop_job *job)
{
    struct put *p = (struct put *)job; /* its first member */
    struct store_tx *tx;
    int code =
        p->spoilt ? err_set(&job->err, p->spoilt, 0, 0, "sync_put") : store_begin(p->run->store, false, &tx, &job->err);

    if (code)
        return code;
    for (unsigned i = 0; i < p->n && !code; i++)
        code = put_row(p, tx, &p->row[i], &job->err);
    if (!code && p->mark.type[0] && !p->run->scope.demand &&
        !(p->run->scope.aside && sync_scope_by_id(&p->run->scope, p->kind)))
        code = store_mark_put(tx, &p->mark, &job->err);
    if (!code && p->setting)
        code = store_set(tx, p->setting, buf_str(&p->value), &job->err);
    if (!code && p->refused_changed)
        code = store_set(tx, "sync.refused", buf_str(&p->refused), &job->err);
    if (!code)
        return store_commit(tx, &job->err);
    store_rollback(tx);
    return code;
}

static void done(struct loop_job *job)
{
    struct put *p = (struct put *)job;
    struct sync_run *r = p->run;
    struct sync_event ev = {.type = SYNC_EV_STORED, .lane = p->lane, .outer = p->outer, .code = job->code};

    r->moving--;
    for (unsigned i = 0; i < p->n; i++)
        sync_chunk_release(p->row[i].chunk);
    if (job->code)
        sync_run_err(r, &job->err);
    else
        r->report.pulled += p->changed;
    buf_fini(&p->refused);
    mem_free(p);
    sync_run_step(r, &ev);
    sync_hold(r, 0, 0);
    sync_run_drop(r);
}

static void chunk_done(struct loop_job *job)
{
    struct put *p = (struct put *)job;
    struct sync_run *r = p->run;

    r->moving--;
    for (unsigned i = 0; i < p->n; i++)
        sync_chunk_release(p->row[i].chunk);
    p->stored(p->arg, job->code, &job->err, job->code ? 0 : p->changed, p->line);
    buf_fini(&p->refused);
    buf_fini(&p->value);
    mem_free(p);
}

/* The oldest rows of this part of the lane's answer, out of the lane's queue. */
static void take(struct put *p, struct shell_lane *l, unsigned want)
{
    struct pending *row = l->rows.p;
    size_t left = 0;

    for (size_t i = 0; i < l->rows.n; i++)
        if (p->n < want && row[i].item->outer == p->outer)
            p->row[p->n++] = row[i];
        else
            row[left++] = row[i];
    l->rows.n = left;
}

static int list_refused(struct put *p)
{
    struct sync_run *r = p->run;
    int code = ERR_OK;

    for (unsigned i = 0; i < p->n && !code; i++)
        if (p->row[i].item->bad)
            code = sync_notes_refuse(r, p->row[i].item->name, p->row[i].item->code);
        else if (r->refused.n)
            code = sync_notes_accept(r, p->row[i].item->ix.type, p->row[i].item->ix.id);
    if (code || !r->refused_changed)
        return code;
    if (buf_addstr(&p->refused, buf_str(&r->refused)))
        return p->refused.failed;
    p->refused_changed = true;
    r->refused_changed = false;
    return ERR_OK;
}

void sync_put(struct sync_run *r, const struct sync_action *a)
{
    struct put *p = mem_alloc(sizeof *p);

    if (!p) {
        sync_run_later(
            r, &(struct sync_event){.type = SYNC_EV_STORED, .lane = a->lane, .outer = a->outer, .code = ERR_NOMEM});
        return;
    }
    p->run = r;
    p->lane = a->lane;
    p->outer = a->outer;
    p->kind = a->kind;
    p->mark = a->mark;
    p->mark.cohort = sync_scope_cohort(&r->scope, a->kind);
    p->now_ms = clock_wall_ms(&r->clock);
    p->job.run = run;
    p->job.done = done;
    buf_init(&p->refused, LIMIT_SMALL_JSON);
    take(p, &r->lane[a->lane], a->rows);
    p->spoilt = list_refused(p);
    sync_run_hold(r);
    r->moving++;
    p->spoilt = p->n != a->rows ? ERR_BUG : p->spoilt;
    loop_submit(r->loop, LOOP_STORE, &p->job);
}

void sync_put_chunk(struct sync_run *r, struct chunk *c, const char *setting, struct str value,
                    void (*stored)(void *arg, int code, const struct err *e, uint64_t changed, int64_t line), void *arg)
{
    struct put *p = mem_alloc(sizeof *p);

    if (!p) {
        sync_chunk_release(c);
        stored(arg, ERR_NOMEM, NULL, 0, 0);
        return;
    }
    p->run = r;
    p->setting = setting;
    p->stored = stored;
    p->arg = arg;
    p->line = c->line;
    p->now_ms = clock_wall_ms(&r->clock);
    p->job.run = run;
    p->job.done = chunk_done;
    buf_init(&p->refused, LIMIT_SMALL_JSON);
    buf_init(&p->value, LIMIT_SMALL_JSON);
    p->spoilt = buf_addstr(&p->value, value);
    for (size_t i = 0; i < c->items.n && p->n < LIMIT_TX_ROWS; i++) {
        struct item *it = vec_at(&c->items, i);

        if (it->bad)
            it->known = sync_notes_refused(r, it->name);
        if (it->known || (!it->bad && (!it->ix.kind || it->ix.kind->priority == KIND_DEMAND)))
            continue;
        r->n_refused += it->bad;
        p->row[p->n++] = (struct pending){c, it};
        p->kind = it->ix.kind ? it->ix.kind : p->kind;
        c->refs++;
    }
    if (r->n_refused > SHELL_REFUSED)
        p->spoilt = ERR_TOOBIG;
    if (!p->spoilt)
        p->spoilt = list_refused(p);
    r->moving++;
    sync_chunk_release(c);
    loop_submit(r->loop, LOOP_STORE, &p->job);
}
