/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <stdio.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/limits.h"
#include "cli/room.h"
#include "fhir/kind.h"
#include "fhir/tape.h"
#include "sync/run.h"

/* What the last sync left behind (setting "sync.last", sync/run.h). */
struct last {
    struct buf json;
    struct tape tape;
};

static int last_open(struct cli_app *app, struct last *l, struct err *e)
{
    int r;

    *l = (struct last){0};
    buf_init(&l->json, LIMIT_SMALL_JSON);
    r = store_setting(app->store, "sync.last", &l->json, e);
    if (!r)
        r = tape_parse(&l->tape, buf_str(&l->json), e);
    return r == ERR_NOTFOUND ? ERR_OK : r;
}

static void last_close(struct last *l)
{
    tape_fini(&l->tape);
    buf_fini(&l->json);
}

static int64_t last_number(const struct last *l, const char *name)
{
    int64_t v = 0;

    str_int(tape_lexeme(&l->tape, tape_get(&l->tape, 0, name)), 0, INT64_MAX, &v);
    return v;
}

static int count_json(void *arg, struct str type, int64_t n)
{
    struct jsonw *w = arg;
    char name[65];

    snprintf(name, sizeof name, "%.*s", STR_ARG(type));
    jsonw_key(w, name);
    jsonw_int(w, n);
    return ERR_OK;
}

static void wire_json(const struct last *l, struct jsonw *w)
{
    static const char *const names[] = {"requests", "bytesUp", "bytesDown", "roundTrips"};

    jsonw_key(w, "wire");
    jsonw_open(w, '{');
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        jsonw_key(w, names[i]);
        jsonw_int(w, last_number(l, names[i]));
    }
    jsonw_close(w, '}');
}

static void queue_json(const struct store_queue_counts *q, struct jsonw *w)
{
    jsonw_key(w, "queue");
    jsonw_open(w, '{');
    jsonw_key(w, "queued");
    jsonw_int(w, q->queued);
    jsonw_key(w, "indoubt");
    jsonw_int(w, q->indoubt);
    jsonw_key(w, "conflict");
    jsonw_int(w, q->conflict);
    jsonw_key(w, "attention");
    jsonw_int(w, q->attention);
    jsonw_close(w, '}');
}

/* The kinds that a sync fetches by itself and that never came whole: each as a member of *w, or added to *words. */
static int not_fetched(struct cli_app *app, struct jsonw *w, struct buf *words, struct err *e)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);
    struct store_mark mark;
    int r = ERR_OK;

    for (unsigned i = 0; !r && i < n; i++) {
        if (k[i].priority >= KIND_NAMED) /* those that rows name come with them */
            continue;
        r = store_mark_get(app->store, str_of(k[i].type), &mark, e);
        if (r || mark.asof_ms)
            continue;
        if (w)
            jsonw_z(w, k[i].type);
        else {
            buf_adds(words, words->n ? ", " : "");
            buf_adds(words, k[i].type);
        }
    }
    return r;
}

int cli_status_members(struct cli_app *app, struct jsonw *w, struct err *e)
{
    struct store_queue_counts q;
    struct store_health h;
    struct last l;
    char when[DATE_INSTANT_MAX];
    int64_t ended;
    int r = last_open(app, &l, e);

    if (!r)
        r = store_queue_counts(app->store, &q, e);
    if (!r)
        r = store_health(app->store, &h, e);
    if (!r) {
        ended = sync_complete_ms(app->store);
        date_instant(ended, when);
        jsonw_key(w, "server");
        jsonw_z(w, app->model.base);
        jsonw_key(w, "scope");
        jsonw_z(w, app->model.scope);
        jsonw_key(w, "demo");
        jsonw_bool(w, app->model.demo);
        jsonw_key(w, "unprotected");
        jsonw_bool(w, app->model.unprotected);
        jsonw_key(w, "lastSync");
        jsonw_z(w, ended ? when : NULL);
        jsonw_key(w, "counts");
        jsonw_open(w, '{');
        r = store_counts(app->store, count_json, w, e);
        jsonw_close(w, '}');
        jsonw_key(w, "notFetched");
        jsonw_open(w, '[');
        if (!r)
            r = not_fetched(app, w, NULL, e);
        jsonw_close(w, ']');
        queue_json(&q, w);
        wire_json(&l, w);
        jsonw_key(w, "storeBytes");
        jsonw_int(w, (int64_t)(h.file_bytes + h.wal_bytes));
        if (!r)
            r = cli_room_members(app, w, e);
        if (!r)
            r = cli_budget_members(app, w, e);
    }
    last_close(&l);
    return r;
}

static void queue_line(const struct store_queue_counts *q, struct cli_out *out)
{
    cli_line(out, _("queue: %lld queued, %lld in doubt, %lld in conflict, %lld need attention"), (long long)q->queued,
             (long long)q->indoubt, (long long)q->conflict, (long long)q->attention);
}

static int count_line(void *arg, struct str type, int64_t n)
{
    return cli_line(arg, "  %.*s %lld", STR_ARG(type), (long long)n);
}

/* Resources that could not be kept (setting "sync.refused", a line each: TYPE/ID HASH CODE). */
static void say_refused(struct cli_app *app, struct cli_out *out)
{
    struct buf b;
    struct arena a;
    struct str rest;

    buf_init(&b, LIMIT_SMALL_JSON);
    arena_init(&a, LIMIT_SMALL_JSON);
    if (!store_setting(app->store, "sync.refused", &b, NULL))
        for (rest = buf_str(&b); rest.p && rest.n;) {
            struct str line = str_split(&rest, '\n'), name = str_split(&line, ' ');

            str_split(&line, ' ');
            if (name.n)
                cli_line(out, _("not kept: %s (%s)"), text_safe(&a, name, 160).s, text_safe(&a, line, 40).s);
        }
    arena_fini(&a);
    buf_fini(&b);
}

static int say_not_fetched(struct cli_app *app, struct cli_out *out, struct err *e)
{
    struct buf b;
    int r;

    buf_init(&b, LIMIT_SMALL_JSON);
    r = not_fetched(app, NULL, &b, e);
    if (!r && b.n)
        cli_line(out, _("NOT FETCHED yet: %s"), b.p);
    buf_fini(&b);
    return r;
}

static int words(struct cli_app *app, struct cli_out *out, struct err *e)
{
    struct store_queue_counts q;
    struct store_health h;
    struct last l;
    char when[DATE_TEXT_MAX];
    struct arena a;
    int64_t ended;
    int r = last_open(app, &l, e);

    if (!r)
        r = store_queue_counts(app->store, &q, e);
    if (!r)
        r = store_health(app->store, &h, e);
    if (!r) {
        cli_marks(app, out);
        cli_line(out, _("server %s, scope %s"), app->model.base, app->model.scope);
        ended = sync_complete_ms(app->store);
        date_short(ended, 0, when);
        arena_init(&a, 4096);
        cli_line(out, _("last complete sync: %s%s"), ended ? when : _("never"),
                 model_days_old(ended, clock_wall_ms(&app->clock), &a));
        arena_fini(&a);
        /* Another sync than the complete one, when a later one failed. */
        cli_line(out, _("traffic of the last sync: requests %lld, bytes up %lld, bytes down %lld, round trips %lld"),
                 (long long)last_number(&l, "requests"), (long long)last_number(&l, "bytesUp"),
                 (long long)last_number(&l, "bytesDown"), (long long)last_number(&l, "roundTrips"));
        queue_line(&q, out);
        cli_line(out, _("store: %lld bytes"), (long long)(h.file_bytes + h.wal_bytes));
        r = store_counts(app->store, count_line, out, e);
        say_refused(app, out);
        if (!r)
            r = say_not_fetched(app, out, e);
        if (!r)
            r = cli_budget_words(app, out, e);
        if (!r)
            r = cli_removed(app, STR(""), out, e);
    }
    last_close(&l);
    return r;
}

/* What the owner tells whoever does not show the passphrase. */
static int counts_only(struct cli_app *app, bool json, struct cli_out *out, struct err *e)
{
    struct store_queue_counts q;
    struct jsonw w;
    int r = store_queue_counts(app->store, &q, e);

    if (r)
        return r;
    if (!json) {
        cli_line(out, _("open in process %lld; without the passphrase, counts only"), (long long)getpid());
        queue_line(&q, out);
        return store_counts(app->store, count_line, out, e);
    }
    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '{');
    jsonw_key(&w, "locked");
    jsonw_bool(&w, false);
    jsonw_key(&w, "pid");
    jsonw_int(&w, getpid());
    jsonw_key(&w, "counts");
    jsonw_open(&w, '{');
    r = store_counts(app->store, count_json, &w, e);
    jsonw_close(&w, '}');
    queue_json(&q, &w);
    jsonw_close(&w, '}');
    return r ? r : cli_put(out, STR("\n"));
}

CLI_VERB(cli_verb_status)
{
    struct jsonw w;
    int r = cli_need_store(app, e);

    (void)in, (void)err;
    if (r)
        return r;
    if (app->unproven)
        return counts_only(app, args->value[0] != NULL, out, e);
    if (!args->value[0])
        return words(app, out, e);
    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '{');
    r = cli_status_members(app, &w, e);
    jsonw_close(&w, '}');
    return r ? r : cli_put(out, STR("\n"));
}
