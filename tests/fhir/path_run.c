/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expressions by the line, for path_suite.py and tests/live/fhirpath: reads {"expression", "file", "strict", "form"} and writes
 * {"results": [{"type", "value"}]} or {"error", "at", "word"}. Time stands still at 2026-11-23T14:05:09Z.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fhir/path.h"

struct document {
    char *bytes;
    struct tape t;
};

static int64_t wall(void *arg)
{
    (void)arg;
    return INT64_C(1795442709000);
}

static int64_t boot(void *arg)
{
    (void)arg;
    return 1; /* steps are the limit here, not the machine */
}

static bool load(struct document *d, struct str path)
{
    char name[1024];
    FILE *f;
    size_t n;

    *d = (struct document){0};
    if (!path.n)
        return true;
    snprintf(name, sizeof name, "%.*s", STR_ARG(path));
    f = fopen(name, "rb");
    d->bytes = mem_alloc(LIMIT_RESOURCE_BYTES);
    if (!f || !d->bytes)
        return false;
    n = fread(d->bytes, 1, LIMIT_RESOURCE_BYTES, f);
    fclose(f);
    return !tape_parse(&d->t, (struct str){d->bytes, n}, NULL);
}

static void drop(struct document *d)
{
    tape_fini(&d->t);
    mem_free(d->bytes);
}

static void say(struct jsonw *w, const struct path_list *l)
{
    jsonw_key(w, "results");
    jsonw_open(w, '[');
    for (uint32_t i = 0; i < l->n; i++) {
        struct str space, type = path_type_of(&l->v[i], &space);
        struct buf b;

        buf_init(&b, LIMIT_RESOURCE_BYTES);
        path_text(&l->v[i], &b);
        jsonw_open(w, '{');
        jsonw_key(w, "type");
        jsonw_str(w, type);
        jsonw_key(w, "value");
        jsonw_str(w, buf_str(&b));
        jsonw_close(w, '}');
        buf_fini(&b);
    }
    jsonw_close(w, ']');
}

static int run(const struct tape *ask, struct arena *a, struct jsonw *w, struct err *e)
{
    struct clock clock = {wall, boot, NULL};
    struct path_env env = {.clock = &clock};
    struct document d, form;
    struct path_value root, q;
    struct path_var var = {"questionnaire", {&q, 1, 1}};
    struct path_list found = {0};
    struct path *x = NULL;
    unsigned flags = tape_true(ask, tape_get(ask, 0, "strict")) ? PATH_STRICT : PATH_LENIENT;
    int r = path_parse(tape_str(ask, tape_get(ask, 0, "expression"), a), flags, &x, e);

    if (!load(&d, tape_str(ask, tape_get(ask, 0, "file"), a)) || !load(&form, tape_str(ask, tape_get(ask, 0, "form"), a)))
        exit(2);
    root = path_root(&d.t, d.bytes ? 0 : TAPE_NONE);
    q = path_root(&form.t, 0);
    env.vars = &var;
    env.nvars = form.bytes ? 1 : 0;
    if (!r && (flags & PATH_STRICT))
        r = path_check(x, root.type, e);
    if (!r)
        r = path_eval(x, &env, &root, a, &found, e);
    if (!r)
        say(w, &found);
    path_free(x);
    drop(&d);
    drop(&form);
    return r;
}

int main(void)
{
    static char line[1 << 20];

    while (fgets(line, sizeof line, stdin)) {
        struct err e = ERR_NONE;
        struct tape ask;
        struct arena a;
        struct jsonw w;
        struct buf b;

        if (tape_parse(&ask, (struct str){line, strlen(line)}, &e))
            return 2;
        buf_init(&b, 64 << 20);
        arena_init(&a, PATH_MAX_ARENA);
        jsonw_init(&w, &b);
        jsonw_open(&w, '{');
        if (run(&ask, &a, &w, &e)) {
            jsonw_key(&w, "error");
            jsonw_int(&w, e.sub);
            jsonw_key(&w, "at");
            jsonw_int(&w, e.num);
            jsonw_key(&w, "word");
            jsonw_z(&w, e.what);
        }
        jsonw_close(&w, '}');
        buf_addc(&b, '\n');
        fwrite(b.p, 1, b.n, stdout);
        fflush(stdout);
        buf_fini(&b);
        arena_fini(&a);
        tape_fini(&ask);
    }
    return 0;
}
