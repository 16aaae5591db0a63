/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/run.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "sync/shell.h"

#define PROGRESS_MS 250
#define ROOM_SLICE_MS 50

/* --- errors and progress ------------------------------------------------------------------------ */

void sync_run_err(struct sync_run *r, const struct err *e)
{
    if (!r->report.err.code && e->code != ERR_CANCELLED)
        r->report.err = *e;
}

static void progress(struct sync_run *r)
{
    struct sync_kind_result k[SYNC_KINDS_MAX];
    int64_t now = clock_boot_ms(&r->clock);
    const char *type = "";
    unsigned n, done = 0;

    if (!r->observer.progress || now - r->progress_ms < PROGRESS_MS)
        return;
    r->progress_ms = now;
    n = sync_results(r->state, k, SYNC_KINDS_MAX);
    for (unsigned i = 0; i < n; i++) {
        done += k[i].over;
        if (!k[i].over && !*type && k[i].rows)
            type = k[i].type;
    }
    r->observer.progress(r->observer.arg, type, r->rows, done, n);
}

/* --- the end ------------------------------------------------------------------------------------ */

static void keep_quota(struct sync_run *r);

static void tell(struct sync_run *r)
{
    if (!r->abandoned)
        r->observer.done(r->observer.arg, &r->report); /* which may abandon it */
    sync_run_drop(r);
}

static int slice_over(void *arg, uint64_t done, uint64_t all)
{
    struct sync_run *r = arg;

    (void)done, (void)all;
    r->sliced = clock_boot_ms(&r->clock) - r->slice_ms > ROOM_SLICE_MS;
    return r->sliced;
}

static int make_room(struct loop_job *job)
{
    struct sync_run *r = (struct sync_run *)((char *)job - offsetof(struct sync_run, room));
    const struct store_progress p = {slice_over, r};

    r->slice_ms = clock_boot_ms(&r->clock);
    return store_keep_quota(r->store, &r->evict, clock_wall_ms(&r->clock), &p, &job->err);
}

static void room_made(struct loop_job *job)
{
    struct sync_run *r = (struct sync_run *)((char *)job - offsetof(struct sync_run, room));

    if (r->sliced && !r->stopped && !r->abandoned) {
        keep_quota(r);
        return;
    }
    r->report.removed = r->evict.rows;
    if (r->evict.want)
        log_event("sync.room", job->code, NULL, (int64_t)r->evict.rows, (int64_t)r->evict.freed);
    tell(r);
}

/* Behind what was pulled. A run on demand has another behind it. */
static void keep_quota(struct sync_run *r)
{
    r->sliced = false;
    r->room = (struct loop_job){.run = make_room, .done = room_made};
    loop_submit(r->loop, LOOP_STORE, &r->room);
}

static void saved(struct loop_job *job)
{
    struct sync_run *r = (struct sync_run *)((char *)job - offsetof(struct sync_run, last));

    if (job->code && !r->report.code) {
        r->report.code = job->code;
        r->report.err = job->err;
    }
    log_event("sync.end", r->report.code, NULL, (int64_t)r->report.pulled, (int64_t)r->report.wire.bytes_down);
    if (r->scope.demand || r->abandoned)
        tell(r);
    else
        keep_quota(r);
}

/* The code's arguments: of the error that was met, if it is that one; of a partial sync, how much and what first. */
static void say_why(struct sync_run *r)
{
    struct sync_report *p = &r->report;
    unsigned failed = 0;
    const char *first = NULL;

    for (unsigned i = 0; i < p->n; i++)
        if (p->kinds[i].failed) {
            failed++;
            first = first ? first : p->kinds[i].type;
        }
    if (!p->code && p->refused) {
        p->code = ERR_ATTENTION;
        err_set(&p->err, ERR_ATTENTION, 0, p->refused, "refused");
    } else if (p->code == ERR_PARTIAL || p->code == ERR_BUDGET) {
        err_set(&p->err, p->code, 0, failed, first);
    } else if (p->code != p->err.code) {
        int status = 0;

        for (unsigned i = 0; i < p->n && !status; i++)
            status = p->kinds[i].status;
        err_set(&p->err, p->code, status, 0, err_exit(p->code) == 3 ? r->base : first); /* 3: the line, not a kind */
    }
}

static void note_unsupported(struct sync_run *r, const char *type)
{
    for (unsigned i = 0; i < r->n_kinds; i++)
        if (!strcmp(r->kinds[i].type, type) && !r->skip[i]) {
            r->skip[i] = true;
            buf_addf(&r->unsupported, "%s %lld\n", type, (long long)r->report.ended_ms);
        }
}

/* The pull has ended, and what goes on beside it has not. */
static void over(struct sync_run *r, int code)
{
    struct sync_kind_result kinds[SYNC_KINDS_MAX];
    bool first = !r->over;

    r->over = true;
    r->over_code = code;
    if (first && r->observer.over && !r->abandoned)
        r->observer.over(r->observer.arg, code, kinds, sync_results(r->state, kinds, SYNC_KINDS_MAX),
                         sync_changes(r->state));
}

static void finish(struct sync_run *r, int code)
{
    struct sync_report *p = &r->report;

    if (r->beside) {
        over(r, code);
        return;
    }
    r->finishing = true;
    p->code = code;
    p->ended_ms = clock_wall_ms(&r->clock);
    p->wire = net_meter(r->net);
    p->n = sync_results(r->state, p->kinds, SYNC_KINDS_MAX);
    p->refused = sync_notes_refused_count(r);
    for (unsigned i = 0; i < p->n; i++)
        if (p->kinds[i].code == ERR_UNSUPPORTED && !p->kinds[i].failed)
            note_unsupported(r, p->kinds[i].type);
    if (!code)
        p->complete_ms = p->ended_ms;
    say_why(r);
    if (r->beside_err.code && (!p->code || p->code == ERR_ATTENTION)) {
        p->code = r->beside_err.code;
        p->err = r->beside_err;
    }
    r->last.run = sync_notes_save;
    r->last.done = saved;
    sync_run_hold(r);
    loop_submit(r->loop, LOOP_STORE, &r->last);
}

void sync_run_beside(struct sync_run *r, bool beside, uint64_t pushed, uint64_t deleted, const struct err *e)
{
    r->beside = beside;
    r->report.pushed = pushed;
    r->report.deleted = deleted;
    if (e)
        r->beside_err = *e;
    if (!beside && r->over && !r->finishing)
        finish(r, r->over_code);
}

/* --- actions ------------------------------------------------------------------------------------ */

static void wake(void *arg)
{
    struct sync_run *r = arg;

    r->wait = 0;
    for (unsigned n = r->waits; n && !r->finishing; n--) {
        r->waits--;
        sync_run_step(r, &(struct sync_event){.type = SYNC_EV_WAKE});
    }
}

/* One timer for all waits, set to the longest. */
static void wait_ms(struct sync_run *r, int64_t ms, bool told)
{
    int64_t now = clock_boot_ms(&r->clock),
            until = now + (told ? sync_pace_draw(&r->rng, ms, ms / 4) : sync_pace_draw(&r->rng, 0, ms));

    r->waits++;
    if (r->wait && until <= r->wait_until)
        return;
    loop_cancel(r->loop, r->wait);
    r->wait_until = until;
    if (!(r->wait = loop_after(r->loop, until - now, wake, r)))
        sync_run_later(r, &(struct sync_event){.type = SYNC_EV_CANCEL});
}

bool sync_run_asked(struct sync_run *r, struct str type, struct str id, bool add)
{
    char name[200];
    bool added;

    snprintf(name, sizeof name, "%.*s/%.*s", STR_ARG(type), STR_ARG(id));
    if (add)
        return sync_seen_add(&r->asked, sync_hash(str_of(name)), &added) || !added;
    return sync_seen_has(&r->asked, sync_hash(str_of(name)));
}

static void give_id(struct sync_run *r, struct str type, struct str id)
{
    struct sync_actions none;

    none.n = 0;
    sync_step(r->state, &(struct sync_event){.type = SYNC_EV_ID, .res_type = type, .id = id}, &none);
}

static int missing(void *arg, struct str type, struct str id)
{
    struct sync_run *r = arg;

    if (!sync_run_asked(r, type, id, true))
        give_id(r, type, id);
    return ERR_OK;
}

static void give_missing(struct sync_run *r)
{
    struct err e = ERR_NONE;

    if (store_missing_each(r->store, 0, missing, r, &e))
        sync_run_err(r, &e);
    sync_run_later(r, &(struct sync_event){.type = e.code ? SYNC_EV_CANCEL : SYNC_EV_IDS});
}

static void carry_out(struct sync_run *r)
{
    for (unsigned i = 0; i < r->actions.n; i++) {
        const struct sync_action *a = &r->actions.a[i];

        switch (a->type) {
        case SYNC_ACT_GET:
        case SYNC_ACT_BATCH:
            sync_answer_ask(r, a);
            break;
        case SYNC_ACT_STORE:
            sync_put(r, a);
            break;
        case SYNC_ACT_STOP:
            sync_answer_stop(r, a->lane);
            break;
        case SYNC_ACT_WAIT:
            wait_ms(r, a->wait_ms, a->told);
            break;
        case SYNC_ACT_IDS:
            give_missing(r);
            break;
        case SYNC_ACT_DONE:
            finish(r, a->code);
            break;
        }
    }
}

void sync_run_later(struct sync_run *r, const struct sync_event *ev)
{
    if (r->n_later == sizeof r->later / sizeof *r->later)
        err_fatal("sync_run_later"); /* an event that the step never hears of is a sync that never ends */
    r->later[r->n_later++] = *ev;
}

void sync_run_step(struct sync_run *r, const struct sync_event *ev)
{
    if (r->abandoned)
        return;
    sync_step(r->state, ev, &r->actions);
    carry_out(r);
    while (r->n_later) {
        struct sync_event next = r->later[0];

        memmove(r->later, r->later + 1, --r->n_later * sizeof *r->later);
        sync_step(r->state, &next, &r->actions);
        carry_out(r);
    }
    progress(r);
}

/* --- the beginning ------------------------------------------------------------------------------ */

static int held(void *arg, const struct store_row *row)
{
    if (row->origin == STORE_SERVER)
        give_id(arg, row->type, row->id);
    return ERR_OK;
}

static void begin(struct sync_run *r)
{
    struct sync_event ev = {.type = SYNC_EV_START, .marks = r->marks, .skip = r->skip, .no_batch = r->no_batch};
    struct err e = ERR_NONE;

    for (unsigned i = 0; i < r->n_kinds && !e.code; i++)
        if (!r->scope.some && sync_scope_by_id(&r->scope, &r->kinds[i]))
            store_each(r->store, &(struct store_query){.type = str_of(r->kinds[i].type)}, held, r, &e);
    if (e.code) {
        sync_run_err(r, &e);
        finish(r, e.code);
        return;
    }
    sync_run_step(r, &ev);
}

static void was_reset(struct loop_job *job)
{
    struct sync_run *r = (struct sync_run *)((char *)job - offsetof(struct sync_run, first));

    if (r->abandoned) {
        ;
    } else if (job->code) {
        sync_run_err(r, &job->err);
        finish(r, job->code);
    } else {
        begin(r);
    }
    sync_run_drop(r);
}

static void kick(void *arg)
{
    struct sync_run *r = arg;

    r->kick = 0;
    if (r->same) {
        begin(r);
        return;
    }
    r->first.run = sync_notes_reset;
    r->first.done = was_reset;
    sync_run_hold(r);
    loop_submit(r->loop, LOOP_STORE, &r->first);
}

static void init(struct sync_run *r)
{
    buf_init(&r->refused, LIMIT_SMALL_JSON);
    buf_init(&r->unsupported, LIMIT_SMALL_JSON);
    for (unsigned i = 0; i < SYNC_SLOTS; i++) {
        r->lane[i].run = r;
        r->lane[i].at = i;
        vec_init(&r->lane[i].rows, sizeof(struct pending), LIMIT_PAGE_BYTES);
        buf_init(&r->lane[i].body, LIMIT_SMALL_JSON);
    }
    r->kinds = kind_table(&r->n_kinds);
    r->report.started_ms = clock_wall_ms(&r->clock);
}

int sync_start(struct loop *l, struct net *n, struct store *s, const struct clock *clock, const struct rng *rng,
               const struct sync_scope *scope, const char *base, const struct sync_observer *o, struct sync_run **out,
               struct err *e)
{
    struct sync_run *r = mem_alloc(sizeof *r);
    int code;

    *out = NULL;
    if (!r)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    r->loop = l;
    r->net = n;
    r->store = s;
    r->clock = *clock;
    r->rng = *rng;
    r->observer = *o;
    init(r);
    if (strlen(base) >= sizeof r->base || r->n_kinds > SYNC_KINDS_MAX)
        code = err_set(e, ERR_TOOBIG, 0, sizeof r->base, "base URL");
    else
        code = sync_scope_copy(scope, &r->scope) ? err_set(e, ERR_NOMEM, 0, 0, NULL) : ERR_OK;
    if (!code) {
        memcpy(r->base, base, strlen(base) + 1);
        r->marks = mem_alloc(SYNC_KINDS_MAX * sizeof *r->marks);
        if (!r->marks || sync_new(&r->scope, r->kinds, r->n_kinds, &r->state))
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    if (!code)
        code = sync_notes_load(r, e);
    if (!code && !(r->kick = loop_after(l, 0, kick, r)))
        code = err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (code)
        sync_run_free(r);
    else
        *out = r;
    return code;
}

void sync_run_stop(struct sync_run *r, int code)
{
    r->stopped = true;
    if (!r->finishing)
        sync_run_step(r, &(struct sync_event){.type = SYNC_EV_CANCEL, .code = code});
}

void sync_run_frugal(struct sync_run *r)
{
    if (!r->finishing)
        sync_run_step(r, &(struct sync_event){.type = SYNC_EV_FRUGAL});
}

void sync_cancel(struct sync_run *r)
{
    sync_run_stop(r, ERR_CANCELLED);
}

static void destroy(struct sync_run *r)
{
    for (unsigned i = 0; i < SYNC_SLOTS; i++)
        sync_answer_fini(&r->lane[i]);
    sync_free(r->state);
    sync_scope_fini(&r->scope);
    sync_seen_fini(&r->asked);
    sync_seen_fini(&r->refused_names);
    sync_seen_fini(&r->refused_ids);
    buf_fini(&r->refused);
    buf_fini(&r->unsupported);
    mem_free(r->marks);
    mem_free(r);
}

void sync_run_hold(struct sync_run *r)
{
    r->busy++;
}

void sync_run_drop(struct sync_run *r)
{
    if (!--r->busy && r->abandoned)
        destroy(r);
}

void sync_run_free(struct sync_run *r)
{
    if (!r)
        return;
    loop_cancel(r->loop, r->kick);
    loop_cancel(r->loop, r->wait);
    r->abandoned = true;
    for (unsigned i = 0; i < SYNC_SLOTS; i++)
        if (r->lane[i].request)
            net_cancel(r->lane[i].request);
    sync_run_hold(r);
    sync_run_drop(r);
}
