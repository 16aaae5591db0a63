/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What one run leaves for the next, as settings (see sync/run.h).
 */
#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "store/room.h"
#include "sync/demand.h"
#include "sync/server.h"
#include "sync/shell.h"

/* --- the refused ------------------------------------------------------------------------------- */

/* "TYPE/ID HASH CODE" -> "TYPE/ID HASH" */
static struct str name_of(struct str line)
{
    while (line.n && line.p[line.n - 1] != ' ')
        line.n--;
    line.n -= line.n > 0;
    return line;
}

/* Both ways to look a line up without reading the list. */
static int index_line(struct sync_run *r, struct str name)
{
    struct str id = name_of(name);
    bool added;

    return sync_seen_add(&r->refused_names, sync_hash(name), &added) ||
                   sync_seen_add(&r->refused_ids, sync_hash(id), &added)
               ? ERR_NOMEM
               : ERR_OK;
}

static int index_lines(struct sync_run *r)
{
    struct str rest = buf_str(&r->refused);
    int code = ERR_OK;

    sync_seen_clear(&r->refused_names);
    sync_seen_clear(&r->refused_ids);
    while (rest.n && !code)
        code = index_line(r, name_of(str_split(&rest, '\n')));
    return code;
}

bool sync_notes_refused(const struct sync_run *r, struct str name)
{
    return sync_seen_has(&r->refused_names, sync_hash(name));
}

int sync_notes_refuse(struct sync_run *r, struct str name, int code)
{
    if (sync_notes_refused(r, name))
        return ERR_OK;
    if (buf_addf(&r->refused, "%.*s %s\n", STR_ARG(name), err_name(code)))
        return r->refused.failed;
    r->refused_changed = true;
    return index_line(r, name);
}

int sync_notes_accept(struct sync_run *r, struct str type, struct str id)
{
    char name[200];
    size_t at = 0, was = r->refused.n;

    snprintf(name, sizeof name, "%.*s/%.*s", STR_ARG(type), STR_ARG(id));
    if (!sync_seen_has(&r->refused_ids, sync_hash(str_of(name))))
        return ERR_OK;
    while (at < r->refused.n) {
        struct str rest = {r->refused.p + at, r->refused.n - at}, line = str_split(&rest, '\n');

        if (line.n <= type.n + 1 + id.n || memcmp(line.p, type.p, type.n) || line.p[type.n] != '/' ||
            memcmp(line.p + type.n + 1, id.p, id.n) || line.p[type.n + 1 + id.n] != ' ') {
            at += line.n + 1;
            continue;
        }
        memmove(r->refused.p + at, r->refused.p + at + line.n + 1, r->refused.n - at - line.n - 1);
        r->refused.n -= line.n + 1;
        r->n_refused--;
        r->refused_changed = true;
    }
    return r->refused.n < was ? index_lines(r) : ERR_OK;
}

unsigned sync_notes_refused_count(const struct sync_run *r)
{
    unsigned n = 0;

    for (size_t i = 0; i < r->refused.n; i++)
        n += r->refused.p[i] == '\n';
    return n;
}

/* --- what the server does not do ----------------------------------------------------------------- */

int64_t sync_setting_ms(struct store *s, const char *name)
{
    struct buf b;
    int64_t n = 0;

    buf_init(&b, 32);
    if (store_setting(s, name, &b, NULL) || !str_int(buf_str(&b), 0, INT64_MAX, &n))
        n = 0;
    buf_fini(&b);
    return n;
}

static bool lately(int64_t at, int64_t now)
{
    return at && at <= now && now - at < SYNC_TRIED_MS;
}

bool sync_setting_lately(struct store *s, const char *name, const struct clock *clock)
{
    return lately(sync_setting_ms(s, name), clock_wall_ms(clock));
}

/* Lines "TYPE MS"; those that are due to be tried again go. */
static void load_unsupported(struct sync_run *r)
{
    struct buf old;
    struct str rest;

    buf_init(&old, 8192);
    if (!store_setting(r->store, "sync.unsupported", &old, NULL)) {
        rest = buf_str(&old);
        while (rest.n) {
            struct str ms = str_split(&rest, '\n'), type = str_split(&ms, ' ');
            int64_t at;

            for (unsigned i = 0; i < r->n_kinds; i++)
                if (str_is(type, r->kinds[i].type) && r->kinds[i].priority != KIND_P0 && !r->marks[i].mark_ms &&
                    str_int(ms, 0, INT64_MAX, &at) && lately(at, clock_wall_ms(&r->clock))) {
                    r->skip[i] = true;
                    buf_addf(&r->unsupported, "%s %.*s\n", r->kinds[i].type, STR_ARG(ms));
                }
        }
    }
    buf_fini(&old);
}

int64_t sync_complete_ms(struct store *store)
{
    return sync_setting_ms(store, "sync.complete");
}

int sync_notes_load(struct sync_run *r, struct err *e)
{
    int code;

    r->same = r->scope.demand;
    if (!r->scope.demand && (code = sync_is_same(r->store, r->base, &r->scope, &r->same, e)))
        return code;
    for (unsigned i = 0; i < r->n_kinds && r->same && !r->scope.demand; i++)
        if ((code = store_mark_of(r->store, sync_scope_cohort(&r->scope, &r->kinds[i]), str_of(r->kinds[i].type),
                                  &r->marks[i], e)))
            return code;
    code = store_setting(r->store, "sync.refused", &r->refused, e);
    if (code && code != ERR_NOTFOUND)
        return code;
    if (e)
        *e = ERR_NONE;
    if (index_lines(r))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    r->n_refused = sync_notes_refused_count(r);
    if (r->same) {
        r->report.complete_ms = sync_complete_ms(r->store); /* a run that fails keeps it */
        load_unsupported(r);
    }
    r->no_batch = sync_server_refused(r->store, SERVER_BATCH, &r->clock);
    r->no_gzip = sync_server_refused(r->store, SERVER_GZIP, &r->clock);
    return ERR_OK;
}

static int reset(struct sync_run *r, struct store_tx *tx, struct err *e)
{
    return sync_begin_anew(tx, r->base, &r->scope, e);
}

static int transaction(struct sync_run *r, int (*fill)(struct sync_run *, struct store_tx *, struct err *),
                       struct err *e)
{
    struct store_tx *tx;
    int code = store_begin(r->store, false, &tx, e);

    if (code)
        return code;
    if (!(code = fill(r, tx, e)))
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

int sync_notes_reset(struct loop_job *job)
{
    return transaction((struct sync_run *)((char *)job - offsetof(struct sync_run, first)), reset, &job->err);
}

/* --- the end -------------------------------------------------------------------------------------- */

static void last_json(const struct sync_run *r, struct buf *out)
{
    const struct sync_report *p = &r->report;
    const struct {
        const char *name;
        int64_t value;
    } row[] = {
        {"started", p->started_ms},
        {"ended", p->ended_ms},
        {"server", p->server_ms},
        {"requests", (int64_t)p->wire.requests},
        {"bytesUp", (int64_t)p->wire.bytes_up},
        {"bytesDown", (int64_t)p->wire.bytes_down},
        {"roundTrips", (int64_t)p->wire.round_trips},
        {"pulled", (int64_t)p->pulled},
        {"pushed", (int64_t)p->pushed},
        {"refused", (int64_t)p->refused},
        {"complete", p->complete_ms},
    };
    struct jsonw w;

    jsonw_init(&w, out);
    jsonw_open(&w, '{');
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        jsonw_key(&w, row[i].name);
        jsonw_int(&w, row[i].value);
    }
    jsonw_key(&w, "code");
    jsonw_z(&w, err_name(p->code));
    jsonw_key(&w, "errors");
    jsonw_open(&w, '[');
    for (unsigned i = 0; i < p->n; i++) {
        if (!p->kinds[i].failed)
            continue;
        jsonw_open(&w, '{');
        jsonw_key(&w, "type");
        jsonw_z(&w, p->kinds[i].type);
        jsonw_key(&w, "code");
        jsonw_z(&w, err_name(p->kinds[i].code));
        jsonw_close(&w, '}');
    }
    jsonw_close(&w, ']');
    jsonw_close(&w, '}');
}

static int set_now(const struct sync_run *r, struct store_tx *tx, const char *name, struct err *e)
{
    char ms[24];

    snprintf(ms, sizeof ms, "%lld", (long long)r->report.ended_ms);
    return store_set(tx, name, str_of(ms), e);
}

struct untraced {
    struct sync_run *r;
    struct store_tx *tx;
};

/* Rows that others name, and that the server did not give. */
static int untraced(void *arg, struct str type, struct str id)
{
    struct untraced *u = arg;

    return sync_run_asked(u->r, type, id, false) ? store_missing_done(u->tx, type, id, false, NULL) : ERR_OK;
}

/* Only a server that gave some kind whole is heard on what it lacks: else it may be a proxy, or not the base path. */
static bool some_whole(const struct sync_report *p)
{
    for (unsigned i = 0; i < p->n; i++)
        if (p->kinds[i].over && !p->kinds[i].code)
            return true;
    return false;
}

/* REQ: what was removed is whole again only when its kind came whole. */
static int save_demand(struct sync_run *r, struct store_tx *tx, struct err *e)
{
    const struct sync_report *p = &r->report;
    int code = ERR_OK;

    if (!r->scope.some)
        return sync_is_whole(p->code) ? sync_demand_done(r->store, tx, &r->scope, e) : ERR_OK;
    for (unsigned i = 0; !code && i < p->n; i++)
        if (p->kinds[i].over && !p->kinds[i].code)
            code = sync_demand_kind_done(tx, &r->scope, p->kinds[i].type, e);
    return code;
}

static int save(struct sync_run *r, struct store_tx *tx, struct err *e)
{
    struct untraced u = {r, tx};
    struct buf b;
    int code;

    if (r->scope.demand) /* the sync behind it says the rest */
        return save_demand(r, tx, e);
    buf_init(&b, LIMIT_SMALL_JSON);
    if (!r->part)
        last_json(r, &b);
    code = r->part    ? ERR_OK
           : b.failed ? err_set(e, b.failed, 0, LIMIT_SMALL_JSON, "sync.last")
                      : store_set(tx, "sync.last", buf_str(&b), e);
    if (!code && some_whole(&r->report))
        code = store_set(tx, "sync.unsupported", buf_str(&r->unsupported), e);
    if (!code && !r->no_batch && sync_batch_refused(r->state))
        code = sync_server_shown(r->store, tx, SERVER_BATCH, false, r->report.ended_ms, e);
    if (!code && !r->part && sync_is_whole(r->report.code))
        code = set_now(r, tx, "sync.complete", e);
    if (!code && r->gzip_refused)
        code = sync_server_shown(r->store, tx, SERVER_GZIP, false, r->report.ended_ms, e);
    if (!code && r->asked.n && r->report.code != ERR_OFFLINE)
        code = store_missing_each(r->store, 0, untraced, &u, e);
    buf_fini(&b);
    return code;
}

int sync_notes_save(struct loop_job *job)
{
    struct sync_run *r = (struct sync_run *)((char *)job - offsetof(struct sync_run, last));
    int code = transaction(r, save, &job->err);

    store_rest(r->store);
    return code;
}
