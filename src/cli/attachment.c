/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `attachment`: the content of one, fetched if it is not here, to a file or to standard output.
 */
#include "config.h"

#include "cli/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/text.h"
#include "fhir/plain.h"
#include "loop/loop.h"
#include "loop/serve.h"
#include "model/attached.h"
#include "model/edit.h"
#include "sync/attach.h"

enum { OUT, AGAIN, JSON };

struct attaching {
    struct cli_app *app;
    struct cli_out *out, *err;
    struct str type, id;
    struct buf raw;   /* the resource */
    struct tape t;
    struct arena a;
    struct fhir_attachment at;
    struct model_attached what;
    struct loop *loop;
    struct sync_attach *fetch;
    struct err why;   /* how fetching ended */
};

/* --- fetching ---------------------------------------------------------------------------------------- */

static void progress(void *arg, uint64_t have, int64_t all)
{
    struct attaching *x = arg;
    char line[160];

    if (all > 0)
        snprintf(line, sizeof line, _("fetching: %lld of %lld bytes"), (long long)have, (long long)all);
    else
        snprintf(line, sizeof line, _("fetching: %lld bytes"), (long long)have);
    cli_progress(x->err, line);
}

static void done(void *arg, const struct err *e)
{
    struct attaching *x = arg;

    x->fetch = NULL;
    x->why = *e;
    loop_stop(x->loop, 0);
}

static void stop(struct attaching *x)
{
    if (x->fetch)
        sync_attach_stop(x->fetch);
}

static void interrupted(void *arg, int signo)
{
    (void)signo;
    stop(arg);
}

static void cancelled(void *arg, int fd, short revents)
{
    struct attaching *x = arg;

    (void)revents;
    loop_fd(x->loop, fd, 0, NULL, NULL);
    stop(x);
}

static int fetch(struct attaching *x, bool again, struct err *e)
{
    const struct sync_attach_observer o = {progress, done, x};
    struct sync_session *session = NULL;
    int r = loop_new(&x->app->clock, &x->loop);

    if (r)
        return err_set(e, r, 0, 0, "loop");
    if (x->app->guest) {
        loop_serve_park(x->app->guest);
        loop_fd(x->loop, loop_serve_cancel_fd(x->app->guest), POLLIN, cancelled, x);
    } else {
        loop_signal(x->loop, SIGINT, interrupted, x);
        loop_signal(x->loop, SIGTERM, interrupted, x);
    }
    r = sync_session_new(x->loop, x->app->store, &x->app->clock, &x->app->rng, &session, e);
    if (!r)
        r = sync_attach(session, x->type, x->id, x->at.no, again, &o, &x->fetch, e);
    if (!r) {
        loop_run(x->loop);
        r = x->why.code;
        if (r)
            *e = x->why;
    }
    cli_progress(x->err, NULL);
    sync_session_free(session);
    loop_free(x->loop);
    return r;
}

/* --- giving out -------------------------------------------------------------------------------------- */

static int piece(void *arg, struct str bytes)
{
    return cli_put(arg, bytes) ? ERR_IO : ERR_OK;
}

static int give(struct attaching *x, struct cli_out *to, struct err *e)
{
    struct buf b;
    bool cut = false;
    int r = ERR_OK;

    if (x->what.kept != MODEL_KEPT_INLINE)
        return store_blob_read(x->app->store, &x->what.source, piece, to, e);
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    if (!fhir_base64(x->at.data, LIMIT_RESOURCE_BYTES, &b, &cut) || cut)
        r = err_set(e, b.failed ? b.failed : ERR_INPUT, 0, 0, "base64");
    if (!r)
        r = piece(to, buf_str(&b));
    buf_fini(&b);
    return r;
}

/* A file that is not whole does not stay: it would pass for one that is. */
static int give_file(struct attaching *x, const char *name, struct err *e)
{
    struct cli_out to;
    int fd, r;

    if (x->app->guest && (!strncmp(name, "/proc/", 6) || !strncmp(name, "/dev/", 5)))
        return err_set(e, ERR_INPUT, 0, 0, name); /* it would be this process's own */
    fd = openat(x->app->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, errno == EEXIST ? ERR_EXISTS : ERR_IO, errno, 0, name);
    cli_out_init(&to, fd);
    r = give(x, &to, e);
    cli_flush(&to);
    if (!r && (to.failed || fsync(fd)))
        r = err_set(e, ERR_IO, errno, 0, name);
    if (close(fd) && !r)
        r = err_set(e, ERR_IO, errno, 0, name);
    buf_fini(&to.buf);
    if (r)
        unlinkat(x->app->folder, name, 0);
    return r;
}

static int give_words(struct attaching *x, struct err *e)
{
    struct buf safe;
    bool cut = false;
    int r;

    buf_init(&safe, (size_t)LIMIT_RESOURCE_BYTES * 10);
    r = model_attached_text(&x->app->model, &x->what, x->at.media, &safe, &cut, e);
    if (!r)
        r = cli_words(x->out, buf_str(&safe));
    if (!r && cut)
        cli_line(x->err, "%s", _("The text goes on; --out FILE writes all of it."));
    buf_fini(&safe);
    return r;
}

/* --- the verb ---------------------------------------------------------------------------------------- */

static void member(struct jsonw *w, const char *name, struct str value)
{
    jsonw_key(w, name);
    jsonw_str(w, value);
}

struct listing {
    struct attaching *x;
    struct jsonw *w;
    struct err *e;
};

static int list_one(void *arg, const struct fhir_attachment *at)
{
    struct listing *l = arg;
    struct model_attached what;
    int r = model_attached(&l->x->app->model, l->x->type, l->x->id, at, &what, l->e);

    if (r)
        return r;
    jsonw_open(l->w, '{');
    jsonw_key(l->w, "no");
    jsonw_int(l->w, at->no + 1);
    member(l->w, "title", at->title);
    member(l->w, "contentType", at->media);
    member(l->w, "url", at->url);
    jsonw_key(l->w, "state");
    jsonw_z(l->w, model_kept_name(what.kept));
    jsonw_key(l->w, "have");
    jsonw_int(l->w, (int64_t)what.blob.have);
    if (what.kept == MODEL_KEPT_WHOLE || at->size >= 0) {
        jsonw_key(l->w, "size");
        jsonw_int(l->w, what.kept == MODEL_KEPT_WHOLE ? what.blob.size : at->size);
    }
    jsonw_close(l->w, '}');
    return ERR_OK;
}

static int list(struct attaching *x, struct err *e)
{
    struct jsonw w;
    struct listing l = {x, &w, e};
    int r;

    jsonw_init(&w, &x->out->buf);
    jsonw_open(&w, '[');
    r = fhir_attachments(&x->t, kind_find(x->type), &x->a, list_one, &l);
    jsonw_close(&w, ']');
    return r ? r : cli_put(x->out, STR("\n"));
}

/* REQ: that a document is read is on disk before a byte of it is given out. */
static int audited(struct attaching *x, struct err *e)
{
    struct audit_event ev = model_event(&x->app->model, AUDIT_GET, STR(""));
    char chart[80] = "";

    if (model_chart_of(&x->app->model, x->id, buf_str(&x->raw), chart, NULL))
        chart[0] = '\0';
    ev.chart = str_of(chart);
    ev.type = x->type;
    ev.id = x->id;
    return model_audit(&x->app->model, &ev, e);
}

static bool is_here(const struct attaching *x)
{
    return x->what.kept == MODEL_KEPT_WHOLE || x->what.kept == MODEL_KEPT_INLINE;
}

static int content(struct attaching *x, const struct cli_args *args, struct err *e)
{
    bool terminal = x->out->terminal && !args->value[OUT], words = model_is_words(x->at.media);
    int r = ERR_OK;

    if (terminal && (!words || x->what.kept == MODEL_KEPT_INLINE)) /* its bytes would drive the terminal */
        return err_set(e, ERR_USAGE, 0, 0, "--out");
    if (x->what.kept == MODEL_KEPT_NOWHERE || x->what.kept == MODEL_KEPT_FILE)
        return err_set(e, ERR_NOTFOUND, 0, 0, "attachment");
    if (!is_here(x) || (args->value[AGAIN] && x->what.kept == MODEL_KEPT_WHOLE))
        r = fetch(x, args->value[AGAIN] != NULL, e);
    if (!r && !(r = audited(x, e)))
        r = args->value[OUT] ? give_file(x, args->value[OUT], e)
            : terminal       ? give_words(x, e)
                             : give(x, x->out, e);
    return r;
}

static int opened(struct attaching *x, const struct cli_args *args, struct err *e)
{
    int64_t no = 1;
    int r;

    if (args->value[JSON])
        return list(x, e);
    if (args->n > 1 && !str_int(str_of(args->word[1]), 1, 100000, &no))
        return err_set(e, ERR_USAGE, 0, 0, args->word[1]);
    if (!fhir_attachment(&x->t, kind_find(x->type), (unsigned)no - 1, &x->a, &x->at))
        return err_set(e, ERR_NOTFOUND, 0, 0, args->n > 1 ? args->word[1] : args->word[0]);
    r = model_attached(&x->app->model, x->type, x->id, &x->at, &x->what, e);
    return r ? r : content(x, args, e);
}

CLI_VERB(cli_verb_attachment)
{
    struct attaching x = {.app = app, .out = out, .err = err, .id = str_of(args->word[0])};
    struct str bare;
    int r;

    (void)in;
    x.type = str_split(&x.id, '/');
    bare = x.id;
    if (x.id.p && str_starts(x.id, STORE_FILE_PREFIX))
        bare = (struct str){x.id.p + strlen(STORE_FILE_PREFIX), x.id.n - strlen(STORE_FILE_PREFIX)};
    if (!x.id.p || !str_is_type(x.type) || !str_is_id(bare))
        return err_set(e, ERR_INPUT, 0, 0, args->word[0]);
    if ((r = cli_need_store(app, e)))
        return r;
    buf_init(&x.raw, LIMIT_RESOURCE_BYTES);
    arena_init(&x.a, 4 * LIMIT_RESOURCE_BYTES);
    if (!(r = store_get(app->store, x.type, x.id, &x.raw, e)) && !(r = tape_parse(&x.t, buf_str(&x.raw), e))) {
        r = opened(&x, args, e);
        tape_fini(&x.t);
    }
    arena_fini(&x.a);
    buf_fini(&x.raw);
    return r;
}
