/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expressions by the line, for path_suite.py and tests/live/fhirpath: reads {"expression", "file", "strict", "vars": {name: file, or
 * null for an empty one}} and writes
 * {"results": [{"type", "value"}]} or {"error", "at", "word"}. Time stands still at 2026-11-23T14:05:09Z, unless there is a
 * word on the command line. Units are those of data/ucum.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/limits.h"
#include "base/mem.h"
#include "codes/ucum.h"
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

#define VARS 32

struct given {
    struct document d[VARS];
    struct path_value root[VARS];
    struct path_var var[VARS];
    unsigned n;
};

static void give(const struct tape *ask, struct arena *a, struct given *g)
{
    tape_at vars = tape_get(ask, 0, "vars");

    g->n = 0;
    for (tape_at k = vars == TAPE_NONE ? vars : tape_first_member(ask, vars); k != TAPE_NONE && g->n < VARS;
         k = tape_next_member(ask, vars, k)) {
        struct str name = tape_name(ask, k);
        unsigned i = g->n++;

        if (!load(&g->d[i], tape_str(ask, k + 1, a)))
            exit(2);
        g->root[i] = path_root(&g->d[i].t, 0);
        g->var[i] = (struct path_var){arena_dup(a, name.p, name.n), {&g->root[i], g->d[i].bytes ? 1 : 0, 1}};
    }
}

static int run(const struct tape *ask, const struct path_units *units, bool still, struct arena *a, struct jsonw *w,
               struct err *e)
{
    static struct given given;
    struct clock clock = still ? (struct clock){wall, boot, NULL} : clock_system();
    struct path_env env = {.clock = &clock, .max_ms = 60000, .units = units};
    struct document d;
    struct path_value root;
    struct path_list found = {0};
    struct path *x = NULL;
    unsigned flags = tape_true(ask, tape_get(ask, 0, "strict")) ? PATH_STRICT : PATH_LENIENT;
    int r = path_parse(tape_str(ask, tape_get(ask, 0, "expression"), a), flags, &x, e);

    if (!load(&d, tape_str(ask, tape_get(ask, 0, "file"), a)))
        exit(2);
    give(ask, a, &given);
    root = path_root(&d.t, d.bytes ? 0 : TAPE_NONE);
    env.vars = given.var;
    env.nvars = given.n;
    if (!r && (flags & PATH_STRICT))
        r = path_check(x, root.type, e);
    if (!r)
        r = path_eval(x, &env, &root, a, &found, e);
    if (!r)
        say(w, &found);
    path_free(x);
    drop(&d);
    for (unsigned i = 0; i < given.n; i++)
        drop(&given.d[i]);
    return r;
}

int main(int argc, char **argv)
{
    static char line[1 << 20];
    const char *top = getenv("top_srcdir");
    struct path_units units;
    struct ucum *ucum;

    snprintf(line, sizeof line, "%s/data/ucum", top ? top : ".");
    if (ucum_open(line, &ucum, NULL))
        return 3;
    units = ucum_path(ucum);
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
        (void)argv;
        if (run(&ask, &units, argc == 1, &a, &w, &e)) {
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
    ucum_free(ucum);
    return 0;
}
