/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/mem.h"
#include "model/edit.h"

#define PUT_CHUNK 65536

static int read_all(const struct cli_app *app, int fd, const char *name, struct buf *out, struct err *e)
{
    char *chunk = mem_alloc(PUT_CHUNK);
    long n = 1;
    int r = chunk ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    while (!r && n > 0) {
        n = cli_read(app, fd, chunk, PUT_CHUNK);
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            r = err_set(e, ERR_IO, errno, 0, name);
        else if (n > 0 && (r = buf_add(out, chunk, (size_t)n)))
            err_set(e, r, 0, LIMIT_RESOURCE_BYTES, name);
    }
    mem_wipe(chunk, PUT_CHUNK);
    return r || out->n ? r : err_set(e, ERR_EMPTY, 0, 0, name);
}

/* The file's name without its folders, for messages. */
static int read_input(const struct cli_app *app, const struct cli_args *args, int in, struct buf *out, struct err *e)
{
    const char *path = args->n && strcmp(args->word[0], "-") ? args->word[0] : NULL;
    const char *slash = path ? strrchr(path, '/') : NULL, *name = slash ? slash + 1 : path;
    int fd, r;

    if (!path)
        return read_all(app, in, "standard input", out, e);
    fd = cli_open(app, in, path);
    if (fd < 0)
        return err_set(e, ERR_NOFILE, errno, 0, name);
    r = read_all(app, fd, name, out, e);
    close(fd);
    return r;
}

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
    r = read_input(app, args, in, &bytes, e);
    if (!r)
        r = model_edit(&app->model, buf_str(&bytes), true, &app->rng, &done, e);
    if (!r)
        r = say(args, &done, out, err);
    buf_fini(&bytes);
    return r;
}
