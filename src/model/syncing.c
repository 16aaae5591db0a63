/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/syncing.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "model/priv.h"

#define BAR 40 /* characters of the longest */

struct making {
    struct model *m;
    struct model_syncing *s;
    enum store_op_state first, last; /* of the part that is made */
    unsigned n;                      /* its rows */
    int64_t bytes;                   /* of what waits to be sent */
};

static struct model_syncing_row *add(struct model_syncing *s, const char *words)
{
    struct model_syncing_row *r = vec_push(&s->rows);

    if (!r || !words) {
        s->arena.failed = true;
        return NULL;
    }
    memset(r, 0, sizeof *r);
    r->text = text_own(words);
    return r;
}

static void head(struct model_syncing *s, const char *words)
{
    struct model_syncing_row *r = add(s, words);

    if (r)
        r->heading = true;
}

/* --- changes --------------------------------------------------------------------------------------------- */

/* QUEUE: what goes by itself. ATTENTION and CONFLICTS: what a person must do. */
static int take(void *arg, const struct store_op *op, const struct model_change *c)
{
    struct making *k = arg;
    struct model_syncing_row *r;
    char *id;

    if (op->state < k->first || op->state > k->last || op->state == STORE_OP_ACKED)
        return ERR_OK;
    if (!(r = add(k->s, arena_dup(&k->s->arena, c->sentence.s, c->sentence.n))))
        return ERR_NOMEM;
    k->n++;
    r->state = op->state;
    memcpy(r->op, c->op, sizeof r->op);
    memcpy(r->chart, c->chart, sizeof r->chart);
    memcpy(r->type, c->type, sizeof r->type);
    memcpy(r->id, c->id, sizeof r->id);
    if (*c->chart && (id = vec_push(&k->s->charts)))
        memcpy(id, c->chart, sizeof c->chart);
    else if (*c->chart)
        return ERR_NOMEM;
    return ERR_OK;
}

static int part(struct making *k, const char *title, const char *none, enum store_op_state first,
                enum store_op_state last, struct err *e)
{
    int code;

    k->first = first;
    k->last = last;
    k->n = 0;
    head(k->s, title);
    code = model_ledger_each(k->m, "", take, k, e);
    if (!code && !k->n)
        add(k->s, none);
    return code;
}

/* --- the line ---------------------------------------------------------------------------------------------- */

/* "640 B", "3 KB": thousands. */
static const char *size_of(int64_t bytes, struct arena *a)
{
    return bytes < 1000        ? arena_fmt(a, "%lld B", (long long)bytes)
           : bytes < 1000000 ? arena_fmt(a, "%lld KB", (long long)(bytes + 500) / 1000)
                               : arena_fmt(a, "%lld MB", (long long)(bytes + 500000) / 1000000);
}

/* Never longer than the longest, and never nothing where something went. */
static void bar(struct model_syncing *s, const char *label, int64_t bytes, int64_t most)
{
    char line[BAR + 1];
    int64_t n = most > 0 ? bytes * BAR / most : 0;

    n = n > BAR ? BAR : !n && bytes > 0 ? 1 : n;
    memset(line, '#', (size_t)n);
    line[n] = '\0';
    add(s, arena_fmt(&s->arena, "%s %s  %s", label, size_of(bytes, &s->arena), line));
}

/* What has gone today, as the setting wire.day says it ("2026-11-30 BYTES"); -1: nobody counts. */
static int64_t today(struct model *m)
{
    struct date day = date_today(clock_wall_ms(&m->clock));
    char now[16];
    struct buf b;
    int64_t n = -1;

    snprintf(now, sizeof now, "%04d-%02d-%02d ", day.year, day.month, day.day);
    buf_init(&b, 64);
    if (!store_setting(m->store, "wire.day", &b, NULL)) {
        struct str rest = buf_str(&b);

        n = 0;
        if (str_starts(rest, now)) {
            str_split(&rest, ' ');
            str_int(rest, 0, INT64_MAX, &n);
        }
    }
    buf_fini(&b);
    return n;
}

static void traffic(struct making *k, const struct model_last *l)
{
    struct model_syncing *s = k->s;
    char when[DATE_TEXT_MAX];
    int64_t day = today(k->m), most = l->bytes_up > l->bytes_down ? l->bytes_up : l->bytes_down;

    date_short(l->ended_ms, date_today(clock_wall_ms(&k->m->clock)).year, when);
    head(s, _("TRAFFIC"));
    if (!l->ended_ms) {
        add(s, _("no sync yet"));
        return;
    }
    add(s, arena_fmt(&s->arena, _("last sync %s: requests %lld, round trips %lld, acknowledged %lld"), when,
                     (long long)l->requests, (long long)l->round_trips, (long long)l->pushed));
    most = day > most ? day : most;
    bar(s, _("up"), l->bytes_up, most);
    bar(s, _("down"), l->bytes_down, most);
    if (day >= 0)
        bar(s, _("today"), day, most);
}

static int weigh(void *arg, const struct store_op *op)
{
    if (op->state == STORE_OP_QUEUED)
        *(int64_t *)arg += (int64_t)op->body.n;
    return ERR_OK;
}

/* "in 2 min", "at once": at the speed of the last sync. */
static const char *lasts(int64_t bytes, int64_t speed, struct arena *a)
{
    int64_t seconds = speed > 0 ? bytes / speed : 0;

    return seconds < 1    ? _("at once")
           : seconds < 60 ? arena_fmt(a, _("in %lld s"), (long long)seconds)
                          : arena_fmt(a, _("in %lld min"), (long long)(seconds + 59) / 60);
}

/* What a sync fetches by itself and that never came whole. */
static int lacking(struct model *m, struct buf *out, struct err *e)
{
    unsigned n;
    const struct fhir_kind *kind = kind_table(&n);
    int code = ERR_OK;

    for (unsigned i = 0; !code && i < n; i++) {
        struct store_mark mark;

        if (kind[i].priority >= KIND_NAMED || (code = store_mark_get(m->store, str_of(kind[i].type), &mark, e)) ||
            mark.asof_ms)
            continue;
        buf_addf(out, "%s%s", out->n ? ", " : "", kind[i].type);
    }
    return code;
}

static int plan(struct making *k, const struct model_last *l, struct err *e)
{
    const struct store_op_query q = {.bytes = true};
    struct model_syncing *s = k->s;
    struct arena *a = &s->arena;
    int64_t ms = l->ended_ms - l->started_ms, speed = 0;
    struct buf none;
    int code = store_op_each(k->m->store, &q, weigh, &k->bytes, e);

    if (ms > 0)
        speed = (l->bytes_up + l->bytes_down) * 1000 / ms;
    head(s, _("LINK PLAN"));
    add(s, speed > 0 ? arena_fmt(a, _("speed of the last sync: %s a second"), size_of(speed, a))
                     : _("speed: not measured yet"));
    if (!k->bytes)
        add(s, _("1. changes: none wait"));
    else if (speed > 0)
        add(s, arena_fmt(a, _("1. changes: %s, %s"), size_of(k->bytes, a), lasts(k->bytes, speed, a)));
    else
        add(s, arena_fmt(a, _("1. changes: %s"), size_of(k->bytes, a)));
    buf_init(&none, LIMIT_SMALL_JSON);
    if (!code && !(code = lacking(k->m, &none, e)) && none.n)
        add(s, arena_fmt(a, _("2. NOT FETCHED yet, size not known: %s"), none.p));
    else if (!code && speed > 0)
        add(s, arena_fmt(a, _("2. what is new at the server: the last time %s, %s"), size_of(l->bytes_down, a),
                         lasts(l->bytes_down, speed, a)));
    buf_fini(&none);
    return code;
}

/* --- the page ------------------------------------------------------------------------------------------------ */

static int fill(struct making *k, struct err *e)
{
    struct model_syncing *s = k->s;
    struct model_last l;
    char when[DATE_TEXT_MAX];
    const char *unsent;
    int64_t now = clock_wall_ms(&k->m->clock);
    int code = model_unsent(k->m, &s->unsent, e);

    if (code)
        return code;
    date_short(now, date_today(now).year, when);
    s->age = text_own(arena_fmt(&s->arena, _("as of %s"), when));
    unsent = model_unsent_words(k->m, &s->unsent, &s->arena);
    if ((code = part(k, unsent && *unsent ? arena_fmt(&s->arena, _("QUEUE: %s"), unsent) : _("QUEUE"),
                     _("nothing waits to be sent"), STORE_OP_QUEUED, STORE_OP_INDOUBT, e)) ||
        (code = part(k, _("ATTENTION"), _("nothing was refused"), STORE_OP_ATTENTION, STORE_OP_ATTENTION, e)) ||
        (code = part(k, _("CONFLICTS"), _("no conflicts"), STORE_OP_CONFLICT, STORE_OP_CONFLICT, e)) ||
        (code = model_last_read(k->m, &l, e)))
        return code;
    traffic(k, &l);
    code = plan(k, &l, e);
    return !code && s->arena.failed ? err_set(e, ERR_NOMEM, 0, 0, "sync") : code;
}

int model_syncing_open(struct model *m, struct model_syncing *out, struct err *e)
{
    struct making k = {.m = m, .s = out};

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 64u << 20);
    vec_init(&out->rows, sizeof(struct model_syncing_row), 1000000);
    vec_init(&out->charts, 80, 1000000);
    return fill(&k, e);
}

void model_syncing_close(struct model_syncing *s)
{
    vec_fini(&s->rows);
    vec_fini(&s->charts);
    arena_fini(&s->arena);
    memset(s, 0, sizeof *s);
}
