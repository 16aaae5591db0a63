/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <stdio.h>

#include "base/date.h"
#include "base/intl.h"
#include "base/text.h"
#include "model/edit.h"

static int json_op(void *arg, const struct store_op *op)
{
    struct jsonw *w = arg;
    char when[DATE_INSTANT_MAX], name[160];

    date_instant(op->since_ms, when);
    snprintf(name, sizeof name, "%.*s/%.*s", STR_ARG(op->type), STR_ARG(op->id));
    jsonw_open(w, '{');
    jsonw_key(w, "op");
    jsonw_z(w, op->op);
    jsonw_key(w, "resource");
    jsonw_z(w, name);
    jsonw_key(w, "patient");
    jsonw_str(w, op->chart);
    jsonw_key(w, "kind");
    jsonw_z(w, model_op_kind(op->kind));
    jsonw_key(w, "state");
    jsonw_z(w, model_op_state(op->state));
    jsonw_key(w, "since");
    jsonw_z(w, when);
    jsonw_key(w, "why");
    jsonw_str(w, op->why);
    jsonw_key(w, "author");
    jsonw_str(w, op->author);
    jsonw_key(w, "byCommand");
    jsonw_bool(w, op->by_command);
    jsonw_key(w, "tries");
    jsonw_int(w, op->tries);
    jsonw_close(w, '}');
    return w->out->failed;
}

struct listing {
    struct cli_out *out;
    unsigned n;
};

static int line_op(void *arg, const struct store_op *op)
{
    struct listing *l = arg;
    const char *why = model_op_why(op->why);
    char when[DATE_TEXT_MAX];
    struct arena a;
    int r;

    arena_init(&a, 65536);
    date_short(op->since_ms, 0, when);
    l->n++;
    /* TRANSLATORS: an operation's id, what it is, resource, chart, "changed", "queued" */
    r = cli_line(l->out, _("%s  %s/%s  patient %s  %s  NOT SENT, %s since %s%s%s%s"), op->op,
                 text_safe(&a, op->type, 64).s, text_safe(&a, op->id, 64).s,
                 op->chart.n ? text_safe(&a, op->chart, 80).s : _("none"), model_op_kind_words(op->kind),
                 model_op_state_words(op->state), when, op->by_command ? _(", entered by command") : "",
                 *why ? ": " : "", why);
    arena_fini(&a);
    return r;
}

CLI_VERB(cli_verb_queue)
{
    const struct store_op_query q = {.limit = 0};
    struct listing l = {.out = out};
    struct jsonw w;
    int r = cli_need_store(app, e);

    (void)in, (void)err;
    if (r)
        return r;
    if (args->value[0]) {
        jsonw_init(&w, &out->buf);
        jsonw_open(&w, '[');
        r = store_op_each(app->store, &q, json_op, &w, e);
        jsonw_close(&w, ']');
        return r ? r : cli_put(out, STR("\n"));
    }
    cli_marks(app, out);
    r = store_op_each(app->store, &q, line_op, &l, e);
    if (!r && !l.n)
        cli_line(out, "%s", _("nothing waits to be sent"));
    return r;
}
