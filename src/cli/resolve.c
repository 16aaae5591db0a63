/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "model/conflict.h"

enum { MINE, THEIRS };

/* REQ: an allergy, a medicine, who somebody is: a person has read what would go, and says so by typing which one. */
static int confirm(struct cli_app *app, const struct model_conflict *c, enum model_take take, struct cli_out *err,
                   struct err *e)
{
    cli_marks(app, err);
    cli_conflict_words(err, c);
    cli_flush(err);
    return cli_confirm_op(take == MODEL_TAKE_MINE
                              ? _("Type the change's id to send YOURS (what only the server changed stays): ")
                              : _("Type the change's id to give YOURS up and keep the server's: "),
                          c->op, e);
}

static int resolve(struct cli_app *app, struct model_conflict *c, enum model_take take, struct cli_out *out,
                   struct cli_out *err, struct err *e)
{
    bool queued;
    int r = model_conflict_may(&app->model, c, e);

    model_conflict_take(c, take);
    if (!r && take == MODEL_TAKE_MINE && !c->fetched && c->state == STORE_OP_CONFLICT)
        r = err_set(e, ERR_INPUT, 0, 0, "the server's version is not here yet: sync first");
    if (!r && c->always)
        r = confirm(app, c, take, err, e);
    if (!r)
        r = model_conflict_answer(&app->model, c, take, true, &queued, e);
    if (r == ERR_INUSE)
        return err_set(e, ERR_INPUT, 0, 0, "the server has changed it again: see `wardline conflicts'");
    if (!r)
        cli_line(out, queued ? _("%s: queued again, NOT SENT yet") : _("%s: given up; the server's stands"), c->op);
    return r;
}

CLI_VERB(cli_verb_resolve)
{
    bool mine = args->value[MINE], theirs = args->value[THEIRS];
    struct audit_event ev;
    struct model_conflict c;
    int r;

    (void)in;
    if (mine == theirs)
        return err_set(e, ERR_USAGE, 0, 0, "--mine or --theirs");
    if ((r = cli_need_store(app, e)))
        return r;
    if (!(r = model_conflict_open(&app->model, args->word[0], &c, e))) {
        ev = model_event(&app->model, AUDIT_GET, str_of(c.chart));
        ev.type = str_of(c.type);
        ev.id = str_of(c.id);
        r = model_audit(&app->model, &ev, e);
    }
    if (!r)
        r = resolve(app, &c, mine ? MODEL_TAKE_MINE : MODEL_TAKE_THEIRS, out, err, e);
    model_conflict_close(&c);
    return r;
}
