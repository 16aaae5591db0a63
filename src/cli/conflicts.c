/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <stdio.h>

#include "base/intl.h"
#include "model/conflict.h"

static const char *const side_names[MODEL_SIDES] = {"base", "mine", "theirs"};

/* --- words ------------------------------------------------------------------------------------------- */

static const char *side_label(enum model_side s)
{
    static const char *const words[MODEL_SIDES] = {N_("made from"), N_("yours"), N_("server's")};

    return _(words[s]);
}

static const char *taken(const struct model_conflict_field *f)
{
    if (f->take == MODEL_TAKE_OPEN)
        return _("to be answered");
    return f->take == MODEL_TAKE_MINE ? _("yours goes in") : _("the server's stays");
}

int cli_conflict_words(struct cli_out *out, const struct model_conflict *c)
{
    cli_line(out, "%s  %s", c->op, c->what.s);
    if (c->who.n) /* TRANSLATORS: whose it is */
        cli_line(out, _("  patient %s"), c->who.s);
    cli_line(out, _("  %s/%s, changed here since %s%s%s"), c->type, c->id, c->since.s, c->why.n ? ": " : "", c->why.s);
    for (int s = 0; s < MODEL_SIDES; s++)
        if (c->side[s].n)
            cli_line(out, "  %s: %s", side_label((enum model_side)s), c->side[s].s);
    for (unsigned i = 0; i < c->n; i++) {
        const struct model_conflict_field *f = &c->field[i];

        cli_line(out, "  %s (%s)", f->label.s, taken(f));
        for (int s = 0; s < MODEL_SIDES; s++)
            if (c->n > 1 || f->value[s].n)
                cli_line(out, "    %s: %s", side_label((enum model_side)s),
                         f->value[s].n ? f->value[s].s : _("nothing"));
    }
    return out->failed ? ERR_IO : ERR_OK;
}

/* --- JSON -------------------------------------------------------------------------------------------- */

static void json_field(struct jsonw *w, const struct model_conflict *c, unsigned i)
{
    struct model_conflict_raw raw = model_conflict_raw(c, i);

    jsonw_open(w, '{');
    jsonw_key(w, "path");
    jsonw_str(w, raw.path);
    jsonw_key(w, "key");
    jsonw_str(w, raw.key);
    for (int s = 0; s < MODEL_SIDES; s++) { /* JSON in a string: what was sent, to the digit */
        jsonw_key(w, side_names[s]);
        if (raw.value[s].n)
            jsonw_str(w, raw.value[s]);
        else
            jsonw_z(w, NULL);
    }
    jsonw_key(w, "ask");
    jsonw_bool(w, c->field[i].ask);
    jsonw_close(w, '}');
}

static void json_conflict(struct jsonw *w, const struct model_conflict *c)
{
    char name[160];

    snprintf(name, sizeof name, "%s/%s", c->type, c->id);
    jsonw_open(w, '{');
    jsonw_key(w, "op");
    jsonw_z(w, c->op);
    jsonw_key(w, "resource");
    jsonw_z(w, name);
    jsonw_key(w, "patient");
    jsonw_z(w, c->chart);
    jsonw_key(w, "fetched");
    jsonw_bool(w, c->fetched);
    jsonw_key(w, "always");
    jsonw_bool(w, c->always);
    for (int s = 0; s < MODEL_SIDES; s++) {
        jsonw_key(w, side_names[s]);
        jsonw_z(w, c->side[s].s);
    }
    jsonw_key(w, "fields");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < c->n; i++)
        json_field(w, c, i);
    jsonw_close(w, ']');
    jsonw_close(w, '}');
}

/* --- the verb ------------------------------------------------------------------------------------------ */

struct listing {
    struct cli_app *app;
    struct cli_out *out;
    struct jsonw *w; /* NULL: words */
    unsigned n;
    struct err *e;
};

static int one(void *arg, const struct store_op *op)
{
    struct listing *l = arg;
    struct model_conflict c;
    struct audit_event ev = model_event(&l->app->model, AUDIT_GET, op->chart);
    int r;

    ev.type = op->type;
    ev.id = op->id;
    if ((r = model_audit(&l->app->model, &ev, l->e))) /* before anything of it is shown */
        return r;
    r = model_conflict_open(&l->app->model, op->op, &c, l->e);
    if (!r && l->w)
        json_conflict(l->w, &c);
    else if (!r)
        cli_conflict_words(l->out, &c);
    model_conflict_close(&c);
    l->n++;
    return r == ERR_NOTFOUND ? ERR_OK : r; /* answered meanwhile */
}

CLI_VERB(cli_verb_conflicts)
{
    struct listing l = {.app = app, .out = out, .e = e};
    struct jsonw w;
    int r = cli_need_store(app, e);

    (void)in, (void)err;
    if (r)
        return r;
    if (args->value[0]) {
        l.w = &w;
        jsonw_init(&w, &out->buf);
        jsonw_open(&w, '[');
        r = model_conflicts(&app->model, STR(""), one, &l, e);
        jsonw_close(&w, ']');
        return r ? r : cli_put(out, STR("\n"));
    }
    cli_marks(app, out);
    r = model_conflicts(&app->model, STR(""), one, &l, e);
    if (!r && !l.n)
        cli_line(out, "%s", _("no conflicts"));
    return r;
}
