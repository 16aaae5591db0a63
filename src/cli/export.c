/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/intl.h"
#include "cli/room.h"
#include "model/edit.h"

enum { PATIENT };

/* One NDJSON file a type, open one at a time: rows come type by type. */
struct exporting {
    const struct cli_app *app;
    int dir;
    const char *dir_name;
    struct cli_out file;
    char type[65], name[80]; /* of the file that is open */
    enum store_origin origin; /* records of the server and of files are never in one export */
    int64_t lines, unsent;
    struct err *e;
};

/* A file that is not whole does not stay: it would pass for one that is. */
static int file_close(struct exporting *x)
{
    bool failed;
    int why;

    if (!x->type[0])
        return ERR_OK;
    cli_flush(&x->file);
    failed = x->file.failed || fsync(x->file.fd);
    failed |= close(x->file.fd) != 0;
    why = errno;
    if (failed)
        unlinkat(x->dir, x->name, 0);
    buf_fini(&x->file.buf);
    x->type[0] = '\0';
    return failed ? err_set(x->e, ERR_IO, why, 0, x->dir_name) : ERR_OK;
}

static int file_open(struct exporting *x, struct str type)
{
    int fd, r = file_close(x);

    if (r)
        return r;
    snprintf(x->name, sizeof x->name, "%.*s.ndjson", STR_ARG(type));
    /* O_EXCL: an earlier export is never mixed into, nor a link followed. */
    fd = fault_hit(FAULT_IO) ? -1 : openat(x->dir, x->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(x->e, errno == EEXIST ? ERR_EXISTS : ERR_IO, errno, 0, x->name);
    cli_out_init(&x->file, fd);
    snprintf(x->type, sizeof x->type, "%.*s", STR_ARG(type));
    return ERR_OK;
}

/* A raw line end can only stand between tokens (RFC 8259 7), so a blank in its place changes no value. */
static int one_line(struct cli_out *o, struct str bytes)
{
    int r = ERR_OK;

    while (!r && bytes.n) {
        size_t k = 0;

        while (k < bytes.n && bytes.p[k] != '\n' && bytes.p[k] != '\r')
            k++;
        r = cli_put(o, (struct str){bytes.p, k});
        if (k < bytes.n) {
            r = r ? r : cli_put(o, STR(" "));
            k++;
        }
        bytes.p += k;
        bytes.n -= k;
    }
    return r ? r : cli_put(o, STR("\n"));
}

static int row(void *arg, const struct store_row *r)
{
    struct exporting *x = arg;
    int c;

    if (cli_cancelled(x->app))
        return err_set(x->e, ERR_CANCELLED, 0, 0, NULL);
    if (r->origin != x->origin) /* one id in two charts would become one patient where the files go */
        return ERR_OK;
    c = str_is(r->type, x->type) ? ERR_OK : file_open(x, r->type);

    if (!c && one_line(&x->file, r->bytes))
        c = err_set(x->e, ERR_IO, errno, 0, x->dir_name);
    x->lines++;
    x->unsent += r->unsent;
    return c;
}

#define TYPES_MAX 512 /* FHIR R4 has 148 */

struct types {
    char (*name)[65];
    unsigned n;
};

static int one_type(void *arg, struct str type, int64_t n)
{
    struct types *t = arg;

    (void)n;
    if (t->n == TYPES_MAX)
        return ERR_TOOBIG;
    snprintf(t->name[t->n++], 65, "%.*s", STR_ARG(type));
    return ERR_OK;
}

static int export_all(struct cli_app *app, struct exporting *x, struct str chart, struct err *e)
{
    struct arena a;
    struct types t = {0};
    int r;

    arena_init(&a, TYPES_MAX * 65 + 64);
    t.name = arena_alloc(&a, TYPES_MAX * 65);
    r = t.name ? store_counts(app->store, one_type, &t, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (r == ERR_TOOBIG)
        err_set(e, r, 0, TYPES_MAX, "types");
    for (unsigned i = 0; !r && i < t.n; i++) {
        struct store_query q = {.type = str_of(t.name[i]), .patient = chart, .bytes = true};

        r = store_each(app->store, &q, row, x, e);
    }
    arena_fini(&a);
    return r ? r : file_close(x);
}

/* Before the first byte leaves the store. */
static int audited(struct cli_app *app, struct str chart, struct err *e)
{
    const struct audit_event ev = model_event(&app->model, AUDIT_EXPORT, chart);

    return model_audit(&app->model, &ev, e);
}

CLI_VERB(cli_verb_export)
{
    struct exporting x = {.app = app, .dir_name = args->word[0], .e = e};
    int r;

    (void)in;
    /* REQ: an empty id (a script's variable that was never set) is nobody, and never everybody. */
    if (args->value[PATIENT] && !*args->value[PATIENT])
        return err_set(e, ERR_USAGE, 0, 0, "--patient");
    r = cli_need_store(app, e);
    if (r)
        return r;
    x.origin = str_starts(str_of(args->value[PATIENT]), STORE_FILE_PREFIX) ? STORE_FILE_IMPORT : STORE_SERVER;
    if (mkdirat(app->folder, args->word[0], 0700) && errno != EEXIST)
        return err_set(e, ERR_IO, errno, 0, args->word[0]);
    x.dir = openat(app->folder, args->word[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (x.dir < 0)
        return err_set(e, ERR_IO, errno, 0, args->word[0]);
    r = audited(app, str_of(args->value[PATIENT]), e);
    if (!r)
        r = export_all(app, &x, str_of(args->value[PATIENT]), e);
    if (r && x.type[0]) {
        struct err first = *e;

        x.file.failed = true;
        file_close(&x);
        *e = first;
    }
    close(x.dir);
    if (!r && args->value[PATIENT] && !x.lines)
        return err_set(e, ERR_NOTFOUND, 0, 0, args->value[PATIENT]);
    if (!r) {
        cli_marks(app, out);
        if (x.unsent)
            cli_line(err, P_("%lld of them is NOT SENT: as edited here, the server does not have it yet",
                             "%lld of them are NOT SENT: as edited here, the server does not have them yet", x.unsent),
                     (long long)x.unsent);
        if (x.origin == STORE_SERVER) /* REQ: who takes a chart along is told what of it is not there */
            r = cli_removed(app, str_of(args->value[PATIENT] ? args->value[PATIENT] : ""), err, e);
        cli_line(out, P_("%lld resource exported", "%lld resources exported", x.lines), (long long)x.lines);
    }
    return r;
}
