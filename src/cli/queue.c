/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/text.h"
#include "model/ledger.h"

#define WORDS_MAX ((size_t)64 << 20)

/* --- words and JSON -------------------------------------------------------------------------------- */

/* What will be said, and of whose charts: the audit trail has those first. */
struct listing {
    struct buf text;
    struct jsonw w; /* into text */
    bool json;
    bool bare; /* nobody can be noted: ids and counts, no words of a chart */
    unsigned n;
    struct vec charts; /* char[80] */
};

static int take_chart(struct listing *l, const char *chart)
{
    char *id;

    l->n++;
    if (!*chart)
        return ERR_OK;
    if (!(id = vec_push(&l->charts)))
        return ERR_NOMEM;
    memcpy(id, chart, 80);
    return ERR_OK;
}

static void member(struct jsonw *w, const char *name, const char *value)
{
    jsonw_key(w, name);
    jsonw_z(w, value);
}

/* Of one that waits or has ended. */
static void json_change(struct listing *l, const struct model_change *c)
{
    struct jsonw *w = &l->w;
    char when[DATE_INSTANT_MAX], name[160];

    date_instant(c->since_ms, when);
    snprintf(name, sizeof name, "%s/%s", c->type, c->id);
    jsonw_open(w, '{');
    member(w, "op", c->op);
    member(w, "resource", name);
    member(w, "patient", c->chart);
    member(w, "kind", model_op_kind(c->kind));
    member(w, "state", model_op_state(c->state));
    member(w, "since", when);
    member(w, "text", l->bare ? NULL : c->sentence.s);
    jsonw_key(w, "byCommand");
    jsonw_bool(w, c->by_command);
}

static void line_op(struct listing *l, const struct store_op *op, const struct model_change *c)
{
    const char *why = model_op_why(op->why);
    char when[DATE_TEXT_MAX];
    struct arena a;

    arena_init(&a, 65536);
    date_short(op->since_ms, 0, when);
    /* TRANSLATORS: an operation's id, what it is, resource, chart, "changed", "queued" */
    buf_addf(&l->text, _("%s  %s/%s  patient %s  %s  NOT SENT, %s since %s%s%s%s"), op->op,
             text_safe(&a, op->type, 64).s, text_safe(&a, op->id, 64).s,
             op->chart.n ? text_safe(&a, op->chart, 80).s : _("none"), model_op_kind_words(op->kind),
             model_op_state_words(op->state), when, op->by_command ? _(", entered by command") : "", *why ? ": " : "",
             why);
    buf_addf(&l->text, l->bare ? "\n" : "\n  %s\n", c->sentence.s);
    arena_fini(&a);
}

static int waiting(void *arg, const struct store_op *op, const struct model_change *c)
{
    struct listing *l = arg;
    int r = take_chart(l, c->chart);

    if (!r && l->json) {
        json_change(l, c);
        jsonw_key(&l->w, "why");
        jsonw_str(&l->w, op->why);
        member(&l->w, "waits", c->waits);
        jsonw_key(&l->w, "author");
        jsonw_str(&l->w, op->author);
        jsonw_key(&l->w, "tries");
        jsonw_int(&l->w, op->tries);
        jsonw_close(&l->w, '}');
    } else if (!r) {
        line_op(l, op, c);
    }
    return r ? r : l->text.failed;
}

static int ended(void *arg, const struct model_change *c)
{
    struct listing *l = arg;
    char when[DATE_INSTANT_MAX];
    int r = take_chart(l, c->chart);

    date_instant(c->at_ms, when);
    if (!r && l->json) {
        json_change(l, c);
        member(&l->w, "ended", when);
        jsonw_close(&l->w, '}');
    } else if (!r) {
        buf_addf(&l->text, "%s  %s\n", c->op, c->sentence.s);
    }
    return r ? r : l->text.failed;
}

/* REQ: whose changes are named stands in the audit trail before they are. */
static int seen(struct cli_app *app, const struct listing *l, struct str typed, struct err *e)
{
    struct vec noted;
    const struct model_seen s = {.begins = true, .typed = typed, .charts = &l->charts, .noted = &noted};
    int r;

    vec_init(&noted, 80, l->charts.n + 1);
    r = model_seen(&app->model, &s, e);
    vec_fini(&noted);
    return r;
}

static int gather(struct cli_app *app, bool log, struct str typed, struct listing *l, struct err *e)
{
    int r;

    buf_clear(&l->text);
    l->charts.n = l->n = 0;
    jsonw_init(&l->w, &l->text);
    if (l->json)
        jsonw_open(&l->w, '[');
    r = log ? model_ledger_log(&app->model, typed, ended, l, e) : model_ledger_each(&app->model, "", waiting, l, e);
    if (l->json)
        jsonw_close(&l->w, ']');
    return !r && l->text.failed ? err_set(e, l->text.failed, 0, (int64_t)WORDS_MAX, "queue") : r;
}

static int say(struct cli_app *app, bool log, const struct listing *l, struct cli_out *out)
{
    int r;

    if (l->json)
        return (r = cli_put(out, buf_str(&l->text))) ? r : cli_put(out, STR("\n"));
    cli_marks(app, out);
    if (!l->n)
        return cli_line(out, "%s", log ? _("nothing was sent or given up in the last 90 days that has these words")
                                       : _("nothing waits to be sent"));
    return cli_words(out, buf_str(&l->text));
}

/* log: what has ended, by the words typed. On a disk that takes no audit row what waits is still told, without a
 * name. */
static int list(struct cli_app *app, bool log, struct str typed, bool json, struct cli_out *out, struct err *e)
{
    struct listing l = {.json = json};
    int r;

    buf_init(&l.text, WORDS_MAX);
    vec_init(&l.charts, 80, 1000000);
    r = gather(app, log, typed, &l, e);
    if (!r && l.charts.n && (r = seen(app, &l, log ? typed : STR("queue"), e)) && !log) {
        l.bare = true;
        r = gather(app, log, typed, &l, e);
    }
    if (!r)
        r = say(app, log, &l, out);
    vec_fini(&l.charts);
    buf_fini(&l.text);
    return r;
}

/* --- again, or given up ------------------------------------------------------------------------------ */

static int retry(struct cli_app *app, const char *op, struct cli_out *out, struct err *e)
{
    int r = model_ledger_retry(&app->model, op, e);

    if (!r)
        cli_line(out, _("%s: goes with the next sync, NOT SENT yet"), op);
    return r;
}

/* REQ: a person has read what goes, and says so by typing its id. */
static int discard(struct cli_app *app, const char *op, struct cli_out *out, struct cli_out *err, struct err *e)
{
    struct listing l = {.json = false};
    int r;

    if (app->guest) /* no question is asked in another process */
        return err_set(e, ERR_INUSE, 0, getpid(), STORE_FILE);
    buf_init(&l.text, WORDS_MAX);
    vec_init(&l.charts, 80, 1);
    r = model_ledger_each(&app->model, op, waiting, &l, e);
    if (!r && !l.n)
        r = err_set(e, ERR_NOTFOUND, 0, 0, op);
    if (!r && !(r = seen(app, &l, STR(""), e))) {
        cli_marks(app, err);
        cli_words(err, buf_str(&l.text));
        cli_flush(err);
        r = cli_confirm_op(_("Type the change's id to give it up: it will not be sent, and is gone from the chart: "),
                           op, e);
    }
    if (!r)
        r = model_ledger_discard(&app->model, op, e);
    if (!r)
        cli_line(out, _("%s: given up; `wardline queue log' still shows it for 90 days"), op);
    vec_fini(&l.charts);
    buf_fini(&l.text);
    return r;
}

/* --- the verb ------------------------------------------------------------------------------------------ */

static int log_of(struct cli_app *app, const struct cli_args *args, struct cli_out *out, struct err *e)
{
    struct buf typed;
    int r;

    buf_init(&typed, LIMIT_TEXT_CELL);
    for (int i = 1; i < args->n; i++)
        buf_addf(&typed, "%s%s", i > 1 ? " " : "", args->word[i]);
    r = typed.failed ? err_set(e, ERR_TOOBIG, 0, LIMIT_TEXT_CELL, "queue log")
                     : list(app, true, buf_str(&typed), args->value[0] != NULL, out, e);
    buf_fini(&typed);
    return r;
}

CLI_VERB(cli_verb_queue)
{
    const char *what = args->n ? args->word[0] : "";
    bool log = !strcmp(what, "log"), again = !strcmp(what, "retry"), gone = !strcmp(what, "discard");
    int r;

    (void)in;
    if ((args->n && !log && !again && !gone) || ((again || gone) && args->n != 2))
        return err_set(e, ERR_USAGE, 0, 0, args->n ? args->word[args->n - 1] : "");
    if ((r = cli_need_store(app, e)))
        return r;
    if (log)
        return log_of(app, args, out, e);
    if (again)
        return retry(app, args->word[1], out, e);
    if (gone)
        return discard(app, args->word[1], out, err, e);
    return list(app, false, STR(""), args->value[0] != NULL, out, e);
}
