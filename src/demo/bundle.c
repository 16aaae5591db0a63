/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/rewrite.h"

/* One entry of a batch or transaction. */
struct step {
    struct demo_request q;
    struct demo_response r;
    struct str full_url;
    struct str target; /* "Patient/1": what a reference to full_url becomes; p NULL: none */
    uint32_t type;
    char id[37]; /* of a create in a transaction, given beforehand */
    bool done;
};

/* A conditional reference that was looked up: bundles repeat them by the thousand. */
struct known {
    struct str reference, target;
};

struct plan {
    struct demo_turn *t;
    struct step *steps;
    unsigned n;
    struct step **by_url; /* those with a full_url, sorted by it */
    unsigned n_by_url;
    struct vec known;       /* struct known */
    const char *unresolved; /* the type of a conditional reference that finds not exactly one */
    size_t found;           /* how many it finds */
};

static struct str behind_base(const struct demo_turn *t, struct str url)
{
    if (url.n > t->base.n && !memcmp(url.p, t->base.p, t->base.n) && strchr("/?", url.p[t->base.n]))
        url = (struct str){url.p + t->base.n, url.n - t->base.n};
    if (str_starts(url, "/"))
        url = (struct str){url.p + 1, url.n - 1};
    return url;
}

static bool read_step(struct demo_turn *t, const struct tape *tape, struct step *s)
{
    tape_at request = tape_get(tape, 0, "request"), resource = tape_get(tape, 0, "resource");
    struct str url = behind_base(t, tape_str(tape, tape_get(tape, request, "url"), &t->a)), first;

    *s = (struct step){
        .q = {.base = t->base, .method = tape_plain(tape, tape_get(tape, request, "method"))}};
    s->q.path = str_split(&url, '?');
    s->q.query = url.p ? url : (struct str){"", 0};
    s->q.body = tape_raw(tape, resource);
    s->q.if_match = tape_str(tape, tape_get(tape, request, "ifMatch"), &t->a);
    s->q.if_none_match = tape_str(tape, tape_get(tape, request, "ifNoneMatch"), &t->a);
    s->q.if_none_exist = tape_str(tape, tape_get(tape, request, "ifNoneExist"), &t->a);
    /* HAPI: entries of a transaction-response carry no resource unless it is asked for (Helios:
     * always). */
    s->q.prefer = demo_prefers(t, "return=representation") ? t->q->prefer : STR("return=minimal");
    s->full_url = tape_str(tape, tape_get(tape, 0, "fullUrl"), &t->a);
    first = s->q.path;
    s->type = demo_type(str_split(&first, '/'));
    if (s->q.method.n && tape_is(tape, tape_get(tape, request, "url"), TAPE_STRING))
        return true;
    demo_fail(t, 400, "required", "An entry without request.method and request.url");
    return false;
}

static bool is_create(const struct step *s)
{
    return str_is(s->q.method, "POST") && s->type != DEMO_NONE &&
           !memchr(s->q.path.p, '/', s->q.path.n);
}

/* Where the resource of a step will lie, before anything is written. */
static bool aim(struct plan *p, struct step *s)
{
    struct demo_turn *t = p->t;
    uint32_t i = DEMO_NONE;
    size_t n = 0;

    if (!is_create(s)) {
        if (str_is(s->q.method, "PUT") && s->type != DEMO_NONE && !s->q.query.n)
            s->target = s->q.path;
        return true;
    }
    rng_uuid(&t->d->ids, s->id);
    s->target = str_of(arena_fmt(&t->a, "%s/%s", demo_type_name(s->type), s->id));
    if (!s->q.if_none_exist.n)
        return true;
    for (struct step *before = p->steps; before < s; before++)
        if (before->type == s->type && str_eq(before->q.if_none_exist, s->q.if_none_exist) &&
            is_create(before)) {
            s->target = before->target;
            return true;
        }
    if (demo_condition(t, s->type, s->q.if_none_exist, &n, &i)) {
        demo_fail(t, 400, "invalid", "ifNoneExist is not a search that this server knows");
        return false;
    }
    if (n == 1)
        s->target =
            str_of(arena_fmt(&t->a, "%s/%s", demo_type_name(s->type), demo_at(t->d, i)->id));
    return true;
}

static int by_bytes(struct str a, struct str b)
{
    int c = memcmp(a.p ? a.p : "", b.p ? b.p : "", a.n < b.n ? a.n : b.n);

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static int by_url(const void *a, const void *b)
{
    return by_bytes((*(struct step *const *)a)->full_url, (*(struct step *const *)b)->full_url);
}

static int by_target(const void *a, const void *b)
{
    return by_bytes((*(struct step *const *)a)->target, (*(struct step *const *)b)->target);
}

/* Aims every step, refuses a resource that is named twice (R4 http.html 3.1.0.11.2). */
static bool make_plan(struct plan *p)
{
    struct demo_turn *t = p->t;
    unsigned n = 0;

    p->by_url = arena_alloc(&t->a, (p->n + 1) * sizeof(struct step *));
    if (!p->by_url) {
        demo_fail(t, 500, "exception", "No memory");
        return false;
    }
    for (unsigned i = 0; i < p->n; i++)
        if (!aim(p, &p->steps[i]))
            return false;
    for (unsigned i = 0; i < p->n; i++)
        if (p->steps[i].target.p && !is_create(&p->steps[i]))
            p->by_url[n++] = &p->steps[i];
    if (n)
        qsort(p->by_url, n, sizeof *p->by_url, by_target);
    for (unsigned i = 1; i < n; i++)
        if (str_eq(p->by_url[i]->target, p->by_url[i - 1]->target)) {
            demo_fail(t, 400, "invalid", "The transaction names one resource twice");
            return false;
        }
    for (unsigned i = 0; i < p->n; i++)
        if (p->steps[i].target.p && p->steps[i].full_url.n)
            p->by_url[p->n_by_url++] = &p->steps[i];
    if (p->n_by_url)
        qsort(p->by_url, p->n_by_url, sizeof *p->by_url, by_url);
    return true;
}

static struct str look_up(struct plan *p, uint32_t kind, struct str reference, struct str condition)
{
    struct known *k;
    uint32_t i;
    size_t n = 0;

    VEC_EACH(struct known, old, &p->known)
    if (str_eq(old->reference, reference))
        return old->target;
    if (!demo_condition(p->t, kind, condition, &n, &i) && n == 1 && (k = vec_push(&p->known))) {
        k->reference = reference;
        k->target =
            str_of(arena_fmt(&p->t->a, "%s/%s", demo_type_name(kind), demo_at(p->t->d, i)->id));
        return k->target;
    }
    p->found = n;
    p->unresolved = demo_type_name(kind);
    return (struct str){NULL, 0};
}

/* What a reference becomes: the target of an entry's fullUrl, or the one that a condition finds. */
static struct str swap(void *arg, struct str reference)
{
    struct plan *p = arg;
    struct step key = {.full_url = reference}, *want = &key, **found = NULL;
    struct str rest = reference, type;
    uint32_t kind;

    if (p->n_by_url && reference.n)
        found = bsearch(&want, p->by_url, p->n_by_url, sizeof *p->by_url, by_url);
    if (found)
        return (*found)->target;
    type = str_split(&rest, '?');
    kind = rest.p ? demo_type(type) : DEMO_NONE;
    return kind == DEMO_NONE ? (struct str){NULL, 0} : look_up(p, kind, reference, rest);
}

static bool rewrite(struct plan *p, struct step *s)
{
    struct tape tape;
    struct buf b;
    bool ok;

    if (!s->q.body.n || tape_parse(&tape, s->q.body, NULL))
        return true; /* the step itself will say what is wrong with it */
    buf_init(&b, LIMIT_RESOURCE_BYTES * 2);
    ok = !fhir_rewrite(&tape, swap, p, &p->t->a, &b, NULL) && !p->unresolved;
    if (ok)
        s->q.body = arena_str(&p->t->a, buf_str(&b));
    buf_fini(&b);
    tape_fini(&tape);
    if (p->unresolved) /* HAPI */
        demo_fail(p->t, p->found ? 412 : 404, "processing",
                  "A conditional reference finds %zu of type %s", p->found, p->unresolved);
    else if (!ok)
        demo_fail(p->t, 413, "too-long", "A resource is too large");
    return ok;
}

static void run_step(struct demo_turn *t, struct step *s)
{
    demo_turn_run(t->d, t->now, &s->q, &s->r, t, s->id[0] ? s->id : NULL);
    s->done = true;
}

/* R4: first deletions, then creates, updates, and what reads. */
static unsigned rank(const struct step *s)
{
    return str_is(s->q.method, "DELETE") ? 0
           : str_is(s->q.method, "POST") ? 1
           : str_is(s->q.method, "PUT")  ? 2
                                         : 3;
}

/* A transaction's answer to the first entry that fails is that entry's answer (HAPI). */
static bool run_all(struct plan *p)
{
    struct demo_turn *t = p->t;

    for (unsigned r = 0; r < 4; r++)
        for (unsigned i = 0; i < p->n; i++) {
            struct step *s = &p->steps[i];

            if (rank(s) != r)
                continue;
            run_step(t, s);
            if (s->r.status < 400)
                continue;
            t->r->status = s->r.status;
            buf_clear(&t->r->body);
            buf_addstr(&t->r->body, buf_str(&s->r.body));
            return false;
        }
    return true;
}

static bool transaction(struct plan *p)
{
    struct demo_turn *t = p->t;

    if (!make_plan(p))
        return false;
    for (unsigned i = 0; i < p->n; i++)
        if (!rewrite(p, &p->steps[i]))
            return false;
    if (demo_begin(t->d)) {
        demo_undo(t->d);
        demo_fail(t, 500, "exception", "The transaction could not begin");
        return false;
    }
    if (!run_all(p)) {
        demo_undo(t->d);
        return false;
    }
    if (demo_commit(t->d)) {
        demo_fail(t, 500, "exception", "The transaction could not be stored; nothing changed");
        return false;
    }
    return true;
}

static void answer_step(struct jsonw *w, const struct step *s)
{
    bool fine = s->r.status < 400;
    char line[48], instant[DEMO_INSTANT_MAX];
    struct str tag = str_of(s->r.etag);

    jsonw_open(w, '{');
    if (fine && s->r.body.n) {
        jsonw_key(w, "resource");
        jsonw_raw(w, buf_str(&s->r.body));
    }
    jsonw_key(w, "response");
    jsonw_open(w, '{');
    jsonw_key(w, "status");
    jsonw_z(w, demo_status_line(s->r.status, line));
    if (s->r.location[0]) {
        jsonw_key(w, "location");
        jsonw_z(w, s->r.location);
    }
    if (tag.n > 4) { /* HAPI: the bare number here, W/"1" in headers and histories */
        jsonw_key(w, "etag");
        jsonw_str(w, (struct str){tag.p + 3, tag.n - 4});
    }
    if (s->r.status == 201) { /* HAPI: not of an update */
        demo_instant(s->r.updated_ms, instant);
        jsonw_key(w, "lastModified");
        jsonw_z(w, instant);
    }
    if (!fine || rank(s) < 3) { /* HAPI: also a write that went well has an outcome */
        jsonw_key(w, "outcome");
        if (fine)
            demo_outcome(w, "information", "informational", STR("Stored."));
        else
            jsonw_raw(w, buf_str(&s->r.body));
    }
    jsonw_close(w, '}');
    jsonw_close(w, '}');
}

static void answer(struct plan *p, const char *type)
{
    struct demo_turn *t = p->t;
    struct jsonw w;
    char id[37];

    t->r->status = 200;
    rng_uuid(&t->d->ids, id);
    snprintf(t->r->location, sizeof t->r->location, "%.*s/Bundle/%s", STR_ARG(t->base),
             id); /* HAPI; reads as 404 */
    demo_bundle_open(t, &w, type);
    jsonw_key(&w, "link");
    jsonw_open(&w, '[');
    demo_link(&w, "self", t->base);
    jsonw_close(&w, ']');
    jsonw_key(&w, "entry");
    jsonw_open(&w, '[');
    for (unsigned i = 0; i < p->n; i++)
        answer_step(&w, &p->steps[i]);
    jsonw_close(&w, ']');
    jsonw_close(&w, '}');
}

/* Says why a Bundle, or one of its entries, cannot be parsed. */
static bool unreadable(struct demo_turn *t, const struct err *e)
{
    demo_fail(t,
              e->code == ERR_TOOBIG  ? 413
              : e->code == ERR_NOMEM ? 500
                                     : 400,
              e->code == ERR_TOOBIG ? "too-long" : "structure",
              "The body is not a Bundle that this server takes (%s)", e->what);
    return false;
}

static bool read_plan(struct plan *p, const struct vec *entries)
{
    struct demo_turn *t = p->t;
    struct err e = ERR_NONE;

    p->steps = arena_alloc(&t->a, (entries->n + 1) * sizeof *p->steps);
    if (!p->steps) {
        demo_fail(t, 413, "too-costly", "Too many entries");
        return false;
    }
    VEC_EACH(struct str, bytes, entries)
    {
        struct tape tape;
        bool ok;

        if (tape_parse(&tape, *bytes, &e))
            return unreadable(t, &e);
        ok = read_step(t, &tape, &p->steps[p->n++]);
        tape_fini(&tape);
        if (!ok)
            return false;
    }
    return true;
}

static void run_bundle(struct demo_turn *t, const struct tape *rest, const struct vec *entries)
{
    struct plan p = {.t = t};
    bool atomic = tape_str_is(rest, tape_get(rest, 0, "type"), "transaction");

    if (!tape_str_is(rest, tape_get(rest, 0, "resourceType"), "Bundle") ||
        (!atomic && !tape_str_is(rest, tape_get(rest, 0, "type"), "batch"))) {
        demo_fail(t, 400, "invalid", "The body is not a batch or transaction Bundle");
        return;
    }
    if (atomic && t->d->ways.no_transaction) { /* MS fhir-server issue 1467 */
        demo_fail(t, 405, "not-supported", "Transactions are not supported");
        return;
    }
    if (tape_get(rest, 0, "entry") != TAPE_NONE &&
        !tape_is(rest, tape_get(rest, 0, "entry"), TAPE_ARRAY)) {
        demo_fail(t, 400, "structure", "entry is not an array");
        return;
    }
    vec_init(&p.known, sizeof(struct known), DEMO_RESOURCES_MAX);
    if (read_plan(&p, entries)) {
        if (!atomic)
            for (unsigned i = 0; i < p.n; i++)
                run_step(t, &p.steps[i]);
        if (!atomic || transaction(&p))
            answer(&p, atomic ? "transaction-response" : "batch-response");
    }
    for (unsigned i = 0; i < p.n; i++)
        if (p.steps[i].done)
            buf_fini(&p.steps[i].r.body);
    vec_fini(&p.known);
}

void demo_bundle(struct demo_turn *t)
{
    struct err e = ERR_NONE;
    struct vec entries;
    struct buf rest;
    struct tape tape;
    int code;

    if (t->in_bundle) {
        demo_fail(t, 400, "invalid", "A bundle in a bundle");
        return;
    }
    vec_init(&entries, sizeof(struct str), DEMO_RESOURCES_MAX);
    buf_init(&rest, LIMIT_PAGE_BYTES);
    code = demo_cut(t->q->body, &entries, &rest);
    if (code)
        err_set(&e, code, 0, 0, "entry");
    if (code || tape_parse(&tape, buf_str(&rest), &e)) {
        unreadable(t, &e);
    } else {
        run_bundle(t, &tape, &entries);
        tape_fini(&tape);
    }
    buf_fini(&rest);
    vec_fini(&entries);
}
