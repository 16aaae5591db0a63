/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fhir/bundle.h"
#include "fhir/ndjson.h"
#include "model/edit.h"

#define IMPORT_CHUNK 65536

/* All files are walked twice: first every resource in them is parsed, so that one that is not whole changes
 * nothing; then their rows are stored, LIMIT_TX_ROWS a transaction. An import that was stopped is begun again:
 * rows that are there already cost nothing. */
struct importing {
    struct cli_app *app;
    struct cli_out *err;
    int in;
    const char *name;      /* the file's, without its folders: for messages */
    bool storing;          /* second walk */
    struct store_tx *tx;
    unsigned in_tx;
    int64_t rows, fresh;
    int64_t now_ms;
    bool inside;           /* the error is of the resource that rows counts, not of what is around it */
    struct err *e;
};

static int commit(struct importing *m)
{
    int r = m->tx ? store_commit(m->tx, m->e) : ERR_OK;

    m->tx = NULL;
    m->in_tx = 0;
    return r;
}

static int store_one(struct importing *m, const struct fhir_index *ix, struct str bytes)
{
    enum store_change change = STORE_SAME;
    int r = m->tx ? ERR_OK : store_begin(m->app->store, false, &m->tx, m->e);

    if (!r)
        r = store_put(m->tx, ix, bytes, STORE_FILE_IMPORT, m->now_ms, &change, m->e);
    m->fresh += change != STORE_SAME;
    if (!r && ++m->in_tx == LIMIT_TX_ROWS)
        r = commit(m);
    return r;
}

static void progress(const struct importing *m)
{
    char line[160];

    if (m->rows % 200)
        return;
    snprintf(line, sizeof line, m->storing ? _("storing %s: %lld resources") : _("reading %s: %lld resources"),
             m->name, (long long)m->rows);
    cli_progress(m->err, line);
}

static int one(struct importing *m, struct str bytes)
{
    struct fhir_index ix;
    struct arena a;
    struct tape t;
    int r = tape_parse(&t, bytes, m->e);

    m->rows++;
    if (!r && cli_cancelled(m->app))
        r = err_set(m->e, ERR_CANCELLED, 0, 0, NULL);
    if (!r) {
        arena_init(&a, LIMIT_RESOURCE_BYTES * 2);
        r = fhir_index(&t, FHIR_BASE_FILE, &a, &ix, m->e);
        if (!r && m->storing)
            r = store_one(m, &ix, bytes);
        arena_fini(&a);
    }
    tape_fini(&t);
    m->inside = r != ERR_OK;
    progress(m);
    return r;
}

static int bundle_resource(void *arg, int outer, struct str bytes)
{
    (void)outer;
    return one(arg, bytes);
}

static int ndjson_resource(void *arg, int64_t line, struct str bytes)
{
    (void)line;
    return one(arg, bytes);
}

/* HL7 v2 begins with a header segment, maybe behind MLLP's start byte. */
static bool is_hl7v2(struct str head)
{
    if (head.n && head.p[0] == '\x0b')
        head = (struct str){head.p + 1, head.n - 1};
    return str_starts(head, "MSH") || str_starts(head, "FHS") || str_starts(head, "BHS");
}

/* Reads fd to its end and hands every piece to feed. */
static int pump(int fd, int (*feed)(void *to, struct str bytes, struct err *e), void *to, struct importing *m)
{
    char *chunk = mem_alloc(IMPORT_CHUNK);
    ssize_t n = 1;
    int r = chunk ? ERR_OK : ERR_NOMEM;

    while (!r && (n = read(fd, chunk, IMPORT_CHUNK)) > 0)
        r = feed(to, (struct str){chunk, (size_t)n}, m->e);
    if (!r && n < 0)
        r = err_set(m->e, ERR_IO, errno, 0, m->name);
    mem_wipe(chunk, IMPORT_CHUNK);
    return r;
}

static int feed_bundle(void *to, struct str bytes, struct err *e)
{
    return bundle_feed(to, bytes, e);
}

static int feed_ndjson(void *to, struct str bytes, struct err *e)
{
    return ndjson_feed(to, bytes, e);
}

static int walk(struct importing *m, int fd, bool lines)
{
    struct bundle_sink sink = {.resource = bundle_resource, .arg = m};
    struct bundle_scan *scan = NULL;
    struct ndjson_sink line_sink = {.resource = ndjson_resource, .arg = m};
    struct ndjson_scan *nd = NULL;
    int r = lines ? ndjson_new(&line_sink, &nd) : bundle_new(&sink, 0, &scan);

    m->rows = 0;
    if (r)
        err_set(m->e, r, 0, 0, m->name);
    else if (lseek(fd, 0, SEEK_SET) < 0)
        r = err_set(m->e, ERR_IO, errno, 0, m->name);
    if (!r)
        r = pump(fd, lines ? feed_ndjson : feed_bundle, lines ? (void *)nd : (void *)scan, m);
    if (!r)
        r = lines ? ndjson_end(nd, m->e) : bundle_end(scan, m->e);
    ndjson_free(nd);
    bundle_free(scan);
    return r;
}

/* Bad input is a file's, and in it a byte's (NAME:BYTE) or a resource's (NAME#3: the third). */
static int say_where(struct importing *m, int r)
{
    char where[2 * sizeof m->e->what + 32];

    if (r == ERR_CANCELLED || (err_exit(r) != 2 && err_exit(r) != 3))
        return r; /* 3: the scanner speaks of a line; here it is a file */
    if (m->inside)
        snprintf(where, sizeof where, "%.150s#%lld%s%s", m->name, (long long)m->rows, r == ERR_TOOBIG ? ": " : "",
                 r == ERR_TOOBIG ? m->e->what : "");
    else if (r == ERR_JSON)
        snprintf(where, sizeof where, "%.150s:%lld", m->name, (long long)m->e->num);
    else
        snprintf(where, sizeof where, "%.150s", m->name);
    return err_set(m->e, r == ERR_TOOBIG ? r : ERR_INPUT, 0, m->e->num, where);
}

/* One walk over a file: to check it, or to store what it holds. */
static int one_file(struct importing *m, const char *path)
{
    const char *slash = strrchr(path, '/');
    char head[16];
    ssize_t n;
    int fd = cli_open(m->app, m->in, path), r;

    m->name = slash ? slash + 1 : path;
    m->inside = false;
    if (fd < 0)
        return err_set(m->e, ERR_NOFILE, errno, 0, m->name);
    n = pread(fd, head, sizeof head, 0);
    if (n == 0) {
        close(fd);
        return err_set(m->e, ERR_EMPTY, 0, 0, m->name);
    }
    if (n > 0 && is_hl7v2((struct str){head, (size_t)n})) {
        close(fd);
        return err_set(m->e, ERR_UNSUPPORTED, 0, 0, "HL7 v2");
    }
    r = walk(m, fd, str_ends(str_of(path), ".ndjson"));
    if (!r && !m->rows)
        r = err_set(m->e, ERR_INPUT, 0, 0, m->name);
    if (!r)
        r = commit(m);
    store_rollback(m->tx);
    m->tx = NULL;
    close(fd);
    return say_where(m, r);
}

/* Before the first row is stored. */
static int audited(struct cli_app *app, int64_t rows, struct err *e)
{
    struct audit_event ev = model_event(&app->model, AUDIT_IMPORT, STR(""));
    char count[24];

    snprintf(count, sizeof count, "%lld", (long long)rows);
    ev.reason = str_of(count);
    return model_audit(&app->model, &ev, e);
}

CLI_VERB(cli_verb_import)
{
    struct importing m = {.app = app, .err = err, .in = in, .e = e};
    int64_t rows = 0, read = 0;
    int r = cli_need_store(app, e);

    if (r)
        return r;
    m.now_ms = clock_wall_ms(&app->clock);
    for (int walk = 0; walk < 2; walk++) {
        m.storing = walk == 1;
        if (!r && m.storing)
            r = audited(app, read, e);
        for (int i = 0; !r && i < args->n; i++) {
            r = one_file(&m, args->word[i]);
            rows += r || !m.storing ? 0 : m.rows;
            read += r || m.storing ? 0 : m.rows;
        }
    }
    cli_progress(err, NULL);
    if (!r) {
        cli_marks(app, out);
        cli_line(out, _("%lld resources read, %lld new or changed; they say FROM FILE, NOT ON SERVER"), (long long)rows,
                 (long long)m.fresh);
    }
    return r;
}
