/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/budget.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "cli/priv.h"
#include "fhir/tape.h"

int cli_read_budget(const char *word, int64_t *out, struct err *e)
{
    struct str w = str_of(word);
    uint64_t bytes;

    if (str_ends(w, "/day"))
        w.n -= 4;
    if (cli_read_size(w, SYNC_BUDGET_LEAST, &bytes))
        return err_set(e, ERR_INPUT, 0, SYNC_BUDGET_LEAST, word);
    *out = (int64_t)bytes;
    return ERR_OK;
}

/* "5 MiB", "100000 bytes" */
static void size_words(int64_t bytes, char out[40])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    int at = -1;

    while (at < 3 && bytes && bytes % 1024 == 0) {
        bytes /= 1024;
        at++;
    }
    if (at < 0)
        snprintf(out, 40, _("%lld bytes"), (long long)bytes);
    else
        snprintf(out, 40, "%lld %s", (long long)bytes, units[at]);
}

/* The kinds that the last sync left for it, into *words, or as members of *w. */
static int left_kinds(struct cli_app *app, struct buf *words, struct jsonw *w, struct err *e)
{
    struct tape t = {.n = 0};
    struct buf b;
    tape_at errors;
    int r;

    buf_init(&b, LIMIT_SMALL_JSON);
    r = store_setting(app->store, "sync.last", &b, e);
    if (!r)
        r = tape_parse(&t, buf_str(&b), e);
    errors = r ? TAPE_NONE : tape_get(&t, 0, "errors");
    for (tape_at at = tape_first(&t, errors); at != TAPE_NONE; at = tape_next(&t, errors, at)) {
        struct str type = tape_plain(&t, tape_get(&t, at, "type"));

        if (!tape_str_is(&t, tape_get(&t, at, "code"), "ERR_BUDGET"))
            continue;
        if (w)
            jsonw_str(w, type);
        else
            buf_addf(words, "%s%.*s", words->n ? ", " : "", STR_ARG(type));
    }
    tape_fini(&t);
    buf_fini(&b);
    return r == ERR_NOTFOUND ? ERR_OK : r;
}

int cli_budget_words(struct cli_app *app, struct cli_out *out, struct err *e)
{
    struct sync_budget b;
    struct buf kinds;
    char size[40];
    int r = sync_budget_load(app->store, &app->clock, &b, e);

    if (r || !b.limit)
        return r;
    size_words(b.limit, size);
    cli_line(out, _("budget: %s a day; today %lld bytes went"), size, (long long)b.used);
    buf_init(&kinds, LIMIT_SMALL_JSON);
    r = left_kinds(app, &kinds, NULL, e);
    if (!r && kinds.n)
        cli_line(out, _("NOT FETCHED: the day's %s were used: %s"), size, kinds.p);
    buf_fini(&kinds);
    return r;
}

int cli_budget_members(struct cli_app *app, struct jsonw *w, struct err *e)
{
    struct sync_budget b;
    int r = sync_budget_load(app->store, &app->clock, &b, e);

    if (r)
        return r;
    jsonw_key(w, "budget");
    jsonw_open(w, '{');
    jsonw_key(w, "bytesADay");
    if (b.limit)
        jsonw_int(w, b.limit);
    else
        jsonw_z(w, NULL);
    jsonw_key(w, "bytesToday");
    jsonw_int(w, b.used);
    jsonw_key(w, "notFetched");
    jsonw_open(w, '[');
    r = left_kinds(app, NULL, w, e);
    jsonw_close(w, ']');
    jsonw_close(w, '}');
    return r;
}

static int set(struct cli_app *app, int64_t bytes, struct err *e)
{
    struct store_tx *tx;
    int r = store_begin(app->store, true, &tx, e);

    if (r)
        return r;
    if (!(r = sync_budget_set(tx, bytes, e)))
        return store_commit(tx, e);
    store_rollback(tx);
    return r;
}

CLI_VERB(cli_verb_budget)
{
    struct sync_budget b;
    int64_t bytes = 0;
    struct jsonw w;
    int r = args->n ? cli_read_budget(args->word[0], &bytes, e) : ERR_OK;

    (void)in, (void)err;
    if (r || (r = cli_need_store(app, e)) || (args->n && (r = set(app, bytes, e))) ||
        (r = sync_budget_load(app->store, &app->clock, &b, e)))
        return r;
    if (!args->value[0])
        return b.limit ? cli_budget_words(app, out, e)
                       : cli_line(out, "%s", _("budget: none; syncs take what they need"));
    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '{');
    r = cli_budget_members(app, &w, e);
    jsonw_close(&w, '}');
    return r ? r : cli_put(out, STR("\n"));
}
