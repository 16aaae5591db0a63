/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "model/edit.h"

static int put_json(const struct model_edited *d, struct cli_out *out)
{
    struct jsonw w;

    jsonw_init(&w, &out->buf);
    jsonw_open(&w, '{');
    jsonw_key(&w, "op");
    jsonw_z(&w, d->op[0] ? d->op : NULL);
    jsonw_key(&w, "resource");
    jsonw_z(&w, d->name);
    jsonw_key(&w, "changed");
    jsonw_bool(&w, d->change != STORE_SAME);
    jsonw_close(&w, '}');
    return cli_put(out, STR("\n"));
}

/* Standard output has the operation's id and nothing else; what a person wants to know goes to standard error. */
static int say(const struct cli_args *args, const struct model_edited *d, struct cli_out *out, struct cli_out *err)
{
    if (args->value[0])
        return put_json(d, out);
    if (d->change == STORE_SAME && d->op[0])
        cli_line(err, _("%s: nothing changed; the same bytes wait already, NOT SENT"), d->name);
    else if (d->change == STORE_SAME)
        cli_line(err, _("%s: nothing changed; the same bytes are here already"), d->name);
    else if (err->terminal)
        cli_line(err, _("%s: queued, NOT SENT yet; entered by command"), d->name);
    return d->op[0] ? cli_line(out, "%s", d->op) : ERR_OK;
}

CLI_VERB(cli_verb_put)
{
    struct model_edited done;
    struct buf bytes;
    int r = cli_need_store(app, e);

    if (r)
        return r;
    buf_init(&bytes, LIMIT_RESOURCE_BYTES);
    r = cli_read_input(app, in, args->n ? args->word[0] : NULL, &bytes, e);
    if (!r)
        r = model_edit(&app->model, buf_str(&bytes), true, &app->rng, &done, e);
    if (!r)
        r = say(args, &done, out, err);
    buf_fini(&bytes);
    return r;
}
