/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "fhir/plain.h"

int demo_new(const char *base, const char *db_path, const struct rng *ids, struct demo **out,
             struct err *e)
{
    struct demo *d = mem_alloc(sizeof *d);
    int code = d ? demo_state_init(d) : ERR_NOMEM;

    *out = NULL;
    if (!code) {
        d->ids = *ids;
        d->base = mem_dup(base, strlen(base));
        code = d->base ? ERR_OK : ERR_NOMEM;
    }
    if (code)
        err_set(e, code, 0, 0, "demo");
    else if (db_path)
        code = demo_db_open(d, db_path, e);
    if (code) {
        demo_free(d);
        return code;
    }
    *out = d;
    return ERR_OK;
}

void demo_free(struct demo *d)
{
    if (!d)
        return;
    demo_db_close(d->db);
    demo_state_fini(d);
    mem_free(d->base);
    mem_free(d);
}

struct demo_faults *demo_faults(struct demo *d)
{
    return &d->faults;
}

/* The version's bytes as the answer, unless the client wants less. */
static void give(struct demo_turn *t, const struct demo_version *v)
{
    struct jsonw w;

    if (demo_prefers(t, "return=minimal"))
        return; /* HAPI: no body at all */
    if (demo_prefers(t, "return=OperationOutcome")) {
        jsonw_init(&w, &t->r->body);
        demo_outcome(&w, "information", "informational", STR("Stored."));
        return;
    }
    buf_add(&t->r->body, v->bytes, v->n);
}

/* The request's body as a resource of the type. False: the turn is answered. */
static bool parse_body(struct demo_turn *t, uint32_t type, struct tape *tape)
{
    struct err e = ERR_NONE;
    tape_at meta;

    if (tape_parse(tape, t->q->body, &e)) {
        demo_fail(t,
                  e.code == ERR_TOOBIG  ? 413
                  : e.code == ERR_NOMEM ? 500
                                        : 400,
                  e.code == ERR_TOOBIG ? "too-long" : "structure",
                  "The body is not a JSON document that this server takes (%s at byte %lld)",
                  e.what, (long long)e.num);
        return false;
    }
    meta = tape_get(tape, 0, "meta");
    if (!tape_str_is(tape, tape_get(tape, 0, "resourceType"), demo_type_name(type)))
        demo_fail(t, 400, "invalid", "The body's resourceType is not %s", demo_type_name(type));
    else if (meta != TAPE_NONE && !tape_is(tape, meta, TAPE_OBJECT))
        demo_fail(t, 400, "structure", "meta is not an object");
    else
        return true;
    tape_fini(tape);
    return false;
}

static int put_stamped(struct demo_turn *t, const struct tape *tape, uint32_t i, uint32_t number)
{
    struct demo_resource *r = demo_at(t->d, i);
    struct buf b;
    int code;

    buf_init(&b, LIMIT_RESOURCE_BYTES + 1024);
    code = demo_stamp(tape, str_of(r->id), number, t->now, &b);
    if (!code)
        code = demo_put(t->d, i, t->now, number, buf_str(&b), false);
    buf_fini(&b);
    return code;
}

/* One write in a transaction of its own, unless it stands in a bundle's. */
static int write_version(struct demo_turn *t, const struct tape *tape, uint32_t i, uint32_t number)
{
    int code;

    if (t->d->faults.fail_writes) {
        t->d->faults.fail_writes--;
        return ERR_IO;
    }
    if (t->in_transaction)
        return tape ? put_stamped(t, tape, i, number)
                    : demo_put(t->d, i, t->now, number, (struct str){"", 0}, true);
    code = demo_begin(t->d);
    if (!code)
        code = tape ? put_stamped(t, tape, i, number)
                    : demo_put(t->d, i, t->now, number, (struct str){"", 0}, true);
    if (code) {
        demo_undo(t->d);
        return code;
    }
    return demo_commit(t->d);
}

static void write_and_answer(struct demo_turn *t, const struct tape *tape, uint32_t i,
                             uint32_t number, int status)
{
    const struct demo_resource *r;

    if (write_version(t, tape, i, number)) {
        demo_fail(t, 500, "exception", "The version could not be stored; nothing changed");
        return;
    }
    r = demo_at(t->d, i);
    t->r->status = status;
    demo_version_headers(t, r, r->newest, str_is(t->q->method, "POST") ? DEMO_CREATED : DEMO_THERE);
    give(t, r->newest);
}

int demo_condition(struct demo_turn *t, uint32_t type, struct str raw, size_t *n, uint32_t *first)
{
    struct demo_query q;
    struct demo_search *s;
    struct vec hits;
    int code;

    if (str_starts(raw, "?"))
        raw = (struct str){raw.p + 1, raw.n - 1};
    code = demo_query_parse(raw, &t->a, &q);
    if (!code && !q.n)
        code = ERR_INPUT;
    if (!code)
        code = demo_search_parse(t, type, &q, &s, NULL);
    if (code)
        return code;
    vec_init(&hits, sizeof(uint32_t), DEMO_RESOURCES_MAX);
    code = demo_search_run(t, s, &hits);
    *n = hits.n;
    *first = hits.n ? *(uint32_t *)hits.p : DEMO_NONE;
    vec_fini(&hits);
    return code;
}

/* False: the turn is answered. */
static bool find_by_query(struct demo_turn *t, uint32_t type, struct str raw, size_t *n,
                          uint32_t *first)
{
    if (demo_condition(t, type, raw, n, first)) {
        demo_fail(t, 400, "invalid", "The condition is not a search that this server knows");
        return false;
    }
    if (*n > 1) /* HAPI and Helios */
        demo_fail(t, 412, "multiple-matches", "The condition matches %zu resources", *n);
    return *n <= 1;
}

static void create(struct demo_turn *t, uint32_t type)
{
    struct tape tape;
    char id[37];
    uint32_t i = DEMO_NONE;
    size_t n = 0;

    if (t->q->if_none_exist.n) {
        if (!find_by_query(t, type, t->q->if_none_exist, &n, &i))
            return;
        if (n) { /* HAPI: 200 with the Location of the one that is there */
            const struct demo_version *v = demo_visible(demo_at(t->d, i), t->now);

            t->r->status = 200;
            demo_version_headers(t, demo_at(t->d, i), v, DEMO_CREATED);
            if (t->d->ways.no_location) /* Helios */
                t->r->location[0] = t->r->content_location[0] = 0;
            give(t, v);
            return;
        }
    }
    if (!parse_body(t, type, &tape))
        return;
    if (t->forced_id)
        snprintf(id, sizeof id, "%s", t->forced_id);
    else
        rng_uuid(&t->d->ids, id); /* Helios: server ids are UUIDs; the body's id is not looked at */
    if (demo_place(t->d, type, str_of(id), &i))
        demo_fail(t, 500, "exception", "No memory");
    else
        write_and_answer(t, &tape, i, 1, 201);
    tape_fini(&tape);
}

/* HAPI: a PUT that changes nothing keeps the version. */
static bool same_as(const struct demo_version *v, const struct tape *tape, const char *id)
{
    struct buf b;
    bool same;

    buf_init(&b, LIMIT_RESOURCE_BYTES + 1024);
    same = !demo_stamp(tape, str_of(id), v->number, v->updated_ms, &b) &&
           str_eq(buf_str(&b), (struct str){v->bytes, v->n});
    buf_fini(&b);
    return same;
}

static void update_parsed(struct demo_turn *t, uint32_t type, struct str id,
                          const struct tape *tape)
{
    const struct demo_version *v;
    tape_at named = tape_get(tape, 0, "id");
    uint32_t i;

    if (named == TAPE_NONE ? !t->q->query.n : !str_eq(tape_plain(tape, named), id)) {
        demo_fail(t, 400, "invalid",
                  "The body's id must be that of the URL"); /* HAPI-0419, HAPI-0420 */
        return;
    }
    if (demo_place(t->d, type, id, &i)) {
        demo_fail(t, 500, "exception", "No memory");
        return;
    }
    v = demo_at(t->d, i)->newest;
    if (!v && (t->d->ways.server_ids || t->d->ways.server_ids_400)) { /* Medplum issues 5032 and 7401 */
        if (t->d->ways.server_ids)
            demo_fail(t, 404, "not-found", "Not found");
        else
            demo_fail(t, 400, "invalid", "Cannot perform create as update with client-assigned ID");
        return;
    }
    /* HAPI: 409 (Helios and the standard: 412); where there is nothing yet If-Match is not looked
     * at: 201. */
    if (v && t->q->if_match.n && !t->d->faults.ignore_if_match &&
        !demo_etag_is(t->q->if_match, v->number)) {
        demo_fail(t, t->d->ways.precondition ? 412 : 409, "conflict",
                  "If-Match is not the current version %u", (unsigned)v->number);
        return;
    }
    if (v && !v->deleted && same_as(v, tape, demo_at(t->d, i)->id)) {
        t->r->status = 200;
        demo_version_headers(t, demo_at(t->d, i), v, DEMO_THERE);
        give(t, v);
        return;
    }
    /* HAPI and Helios: an id of the client's own makes the resource, 201; so does a PUT on a
     * deleted one. */
    write_and_answer(t, tape, i, v ? v->number + 1 : 1, v && !v->deleted ? 200 : 201);
}

static void update(struct demo_turn *t, uint32_t type, struct str id)
{
    struct tape tape;

    if (!parse_body(t, type, &tape))
        return;
    update_parsed(t, type, id, &tape);
    tape_fini(&tape);
}

static void remove_resource(struct demo_turn *t, uint32_t type, struct str id)
{
    uint32_t i = demo_find(t->d, type, id);
    const struct demo_version *v = i == DEMO_NONE ? NULL : demo_at(t->d, i)->newest;

    if (!v || v->deleted) { /* Helios: 404 also for a second DELETE (HAPI: 200) */
        demo_fail(t, 404, "not-found", "There is no %s/%.*s", demo_type_name(type), STR_ARG(id));
    } else if (t->q->if_match.n && !t->d->faults.ignore_if_match &&
               !demo_etag_is(t->q->if_match, v->number)) {
        demo_fail(t, 412, "conflict",
                  "If-Match is not the current version"); /* Helios (HAPI ignores it here) */
    } else if (write_version(t, NULL, i, v->number + 1)) {
        demo_fail(t, 500, "exception", "The deletion could not be stored; nothing changed");
    } else { /* Helios: 204 with an empty body, and nothing asks whether others refer to it */
        t->r->status = 204;
        demo_version_headers(t, demo_at(t->d, i), demo_at(t->d, i)->newest, DEMO_THERE);
        t->r->location[0] = t->r->content_location[0] = 0;
    }
}

static bool accepts_json(struct str accept)
{
    return !accept.n || memmem(accept.p, accept.n, "json", 4) ||
           memmem(accept.p, accept.n, "*/*", 3) || memmem(accept.p, accept.n, "application/*", 13);
}

/* HAPI 8.8: a Binary is its own content, with its own type, to whoever does not ask for FHIR by name; a Range is not
 * looked at (200, all of it), and there is no Last-Modified. False: it is no such one, or not asked for so. */
static bool give_content(struct demo_turn *t, uint32_t type, const struct demo_version *v)
{
    struct str accept = t->q->accept, data, media;
    struct tape tape;
    bool cut = false, content;

    if (t->in_bundle || !accept.n || memmem(accept.p, accept.n, "fhir", 4) || memmem(accept.p, accept.n, "json", 4) ||
        strcmp(demo_type_name(type), "Binary") || tape_parse(&tape, (struct str){v->bytes, v->n}, NULL))
        return false;
    data = tape_str(&tape, tape_get(&tape, 0, "data"), &t->a);
    media = tape_str(&tape, tape_get(&tape, 0, "contentType"), &t->a);
    content = data.n && fhir_base64(data, LIMIT_RESOURCE_BYTES, &t->r->body, &cut);
    if (content && media.n && media.n < sizeof t->r->media)
        snprintf(t->r->media, sizeof t->r->media, "%.*s", STR_ARG(media));
    else if (content)
        snprintf(t->r->media, sizeof t->r->media, "application/octet-stream");
    if (content)
        t->r->last_modified[0] = 0;
    tape_fini(&tape);
    return content;
}

static void read_version(struct demo_turn *t, uint32_t type, struct str id, struct str number)
{
    uint32_t i = demo_find(t->d, type, id);
    const struct demo_version *v = i == DEMO_NONE ? NULL : demo_visible(demo_at(t->d, i), t->now);
    int64_t n = 0;

    if (v && number.n)
        v = str_int(number, 1, UINT32_MAX, &n)
                ? demo_version_get(demo_at(t->d, i), t->now, (uint32_t)n)
                : NULL;
    if (!v) {
        demo_fail(t, 404, "not-found", "There is no %s/%.*s", demo_type_name(type), STR_ARG(id));
        return;
    }
    if (v->deleted) { /* HAPI and Helios: 410; HAPI names the version of the deletion in Location */
        demo_fail(t, 410, "deleted", "%s/%.*s was deleted", demo_type_name(type), STR_ARG(id));
        demo_version_headers(t, demo_at(t->d, i), v, DEMO_CREATED);
        t->r->etag[0] = t->r->last_modified[0] = t->r->content_location[0] = 0;
        return;
    }
    if (t->q->if_none_match.n && demo_etag_is(t->q->if_none_match, v->number)) {
        t->r->status = 304; /* HAPI: without an ETag */
        return;
    }
    if (!t->in_bundle) /* HAPI: a read in a batch has no etag beside the resource's own versionId */
        demo_version_headers(t, demo_at(t->d, i), v, DEMO_THERE);
    t->r->status = 200;
    if (!give_content(t, type, v))
        buf_add(&t->r->body, v->bytes, v->n);
}

static void not_allowed(struct demo_turn *t)
{
    demo_fail(t, 405, "not-supported", "This server does not do that method here");
}

static void route_root(struct demo_turn *t, struct str first)
{
    struct demo_query q;

    if (str_is(first, "metadata") && str_is(t->q->method, "GET")) {
        demo_metadata(t);
    } else if (str_is(first, "_history") && t->d->ways.no_history) {
        demo_fail(t, 501, "not-supported", "This server has no history of all resources");
    } else if (str_is(first, "$export") && str_is(t->q->method, "GET")) {
        demo_export(t, DEMO_NONE);
    } else if (str_is(first, "$export-poll-status")) {
        demo_export_poll(t);
    } else if (str_is(first, "_history") && str_is(t->q->method, "GET")) {
        demo_history(t, DEMO_NONE, DEMO_NONE);
    } else if (first.n) {
        demo_fail(t, 404, "not-supported", "R4 has no such resource type");
    } else if (str_is(t->q->method, "POST")) {
        demo_bundle(t);
    } else if (!str_is(t->q->method, "GET")) {
        not_allowed(t);
    } else if (demo_query_parse(t->q->query, &t->a, &q) || !demo_query_get(&q, "_getpages").n) {
        demo_fail(t, 400, "not-supported", "A search names a resource type here");
    } else {
        demo_page(t, &q);
    }
}

static void route_type(struct demo_turn *t, uint32_t type)
{
    struct demo_query q;
    size_t n;
    uint32_t i;

    if (str_is(t->q->method, "GET")) {
        demo_search(t, type, t->q->query);
    } else if (str_is(t->q->method, "HEAD")) {
        demo_fail(t, 400, "not-supported", "No HEAD of a search"); /* HAPI */
    } else if (str_is(t->q->method, "POST")) {
        create(t, type);
    } else if (str_is(t->q->method, "PUT") && !demo_query_parse(t->q->query, &t->a, &q) && q.n) {
        if (!find_by_query(t, type, t->q->query, &n, &i))
            return;
        if (n)
            update(t, type, str_of(demo_at(t->d, i)->id));
        else
            create(t, type);
    } else {
        not_allowed(t);
    }
}

static void route_id(struct demo_turn *t, uint32_t type, struct str id, struct str history,
                     struct str number)
{
    uint32_t i;

    if (!str_is_id(id)) {
        demo_fail(t, str_is(t->q->method, "PUT") ? 400 : 404, "not-found",
                  "That is no id"); /* HAPI */
    } else if (history.p) {
        i = demo_find(t->d, type, id);
        if (!str_is(t->q->method, "GET"))
            not_allowed(t);
        else if (number.p)
            read_version(t, type, id, number.n ? number : STR("-"));
        else if (i == DEMO_NONE || !demo_visible(demo_at(t->d, i), t->now))
            demo_fail(t, 404, "not-found", "There is no %s/%.*s", demo_type_name(type),
                      STR_ARG(id));
        else
            demo_history(t, type, i);
    } else if (str_is(t->q->method, "GET") ||
               str_is(t->q->method, "HEAD")) { /* the socket side drops the body */
        read_version(t, type, id, (struct str){"", 0});
    } else if (str_is(t->q->method, "PUT")) {
        update(t, type, id);
    } else if (str_is(t->q->method, "DELETE")) {
        remove_resource(t, type, id);
    } else {
        not_allowed(t);
    }
}

void demo_route(struct demo_turn *t)
{
    struct str rest = t->q->path, part[4];
    uint32_t type;

    for (int i = 0; i < 4; i++)
        part[i] = rest.p ? str_split(&rest, '/') : (struct str){NULL, 0};
    type = demo_type(part[0]);
    if (!accepts_json(t->q->accept) && !str_is(part[0], "Binary")) {
        demo_fail(t, 406, "not-supported", "This server speaks JSON only"); /* Helios */
    } else if (rest.p) {
        demo_fail(t, 404, "not-supported", "There is nothing at that path");
    } else if (type == DEMO_NONE) {
        route_root(t, part[0]);
    } else if (!part[1].p || !part[1].n) {
        route_type(t, type);
    } else if (str_is(part[1], "_search") && !part[2].p) {
        if (!str_is(t->q->method, "POST") && !str_is(t->q->method, "GET"))
            not_allowed(t);
        else if (t->q->query.n && t->q->body.n)
            demo_search(
                t, type,
                str_of(arena_fmt(&t->a, "%.*s&%.*s", STR_ARG(t->q->query), STR_ARG(t->q->body))));
        else
            demo_search(t, type, t->q->body.n ? t->q->body : t->q->query);
    } else if (str_is(part[1], "_history") && !part[2].p && str_is(t->q->method, "GET")) {
        demo_history(t, type, DEMO_NONE);
    } else if (str_is(part[0], "Group") && str_is(part[2], "$export") && !part[3].p &&
               demo_find(t->d, type, part[1]) != DEMO_NONE) {
        demo_export(t, demo_find(t->d, type, part[1]));
    } else if (str_is(part[0], "Binary") && !part[2].p && demo_export_file(t, part[1])) {
        ;
    } else if (part[2].p && !str_is(part[2], "_history")) {
        demo_fail(t, 404, "not-supported", "This server has no such operation");
    } else {
        route_id(t, type, part[1], part[2], part[3]);
    }
}

void demo_turn_run(struct demo *d, int64_t now, const struct demo_request *q,
                   struct demo_response *r, const struct demo_turn *outer, const char *forced_id)
{
    struct demo_turn t = {.d = d, .now = now, .q = q, .r = r, .forced_id = forced_id};

    demo_answer_init(r);
    arena_init(&t.a, DEMO_TURN_BYTES);
    t.base = q->base.n ? q->base : str_of(d->base);
    if (outer) {
        t.in_bundle = true;
        t.in_transaction = outer->d->open;
    }
    demo_route(&t);
    if (r->body.failed)
        demo_fail(&t, 500, "too-costly", "The answer does not fit in memory");
    arena_fini(&t.a);
}

void demo_handle(struct demo *d, int64_t now_ms, const struct demo_request *q,
                 struct demo_response *r)
{
    struct demo_turn t = {.d = d, .now = now_ms, .q = q, .r = r};

    if (!d->faults.refuse) {
        demo_turn_run(d, now_ms, q, r, NULL, NULL);
        return;
    }
    d->faults.refuse--;
    demo_answer_init(r);
    demo_fail(&t, 429, "throttled", "Too many requests");
    r->retry_after = 1;
}
