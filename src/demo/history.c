/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct row {
    int64_t ms;
    uint32_t resource;
    const struct demo_version *v;
};

static int newest_first(const void *a, const void *b)
{
    const struct row *x = a, *y = b;

    return x->ms != y->ms ? (x->ms < y->ms) - (x->ms > y->ms)
                          : (x->v->number < y->v->number) - (x->v->number > y->v->number);
}

static int add_row(struct vec *rows, uint32_t i, const struct demo_version *v)
{
    struct row *r = vec_push(rows);

    if (!r)
        return ERR_NOMEM;
    *r = (struct row){v->updated_ms, i, v};
    return ERR_OK;
}

static int add_type(struct demo_turn *t, uint32_t type, int64_t since, struct vec *rows)
{
    const struct vec *log = &t->d->logs[type];
    const struct demo_log *p = log->p;
    int code = ERR_OK;

    for (size_t k = demo_log_from(log, since); k < log->n && !code; k++) {
        const struct demo_version *v =
            demo_version_get(demo_at(t->d, p[k].resource), t->now, p[k].number);

        if (v)
            code = add_row(rows, p[k].resource, v);
    }
    return code;
}

/* R4 http.html 3.1.0.9: a deletion has no resource. */
static void add_entry(struct demo_turn *t, struct jsonw *w, const struct row *row)
{
    const struct demo_resource *r = demo_at(t->d, row->resource);
    char etag[64], line[48];
    const char *url = arena_fmt(&t->a, "%s/%s", demo_type_name(r->type), r->id);
    bool first = !row->v->older || row->v->older->deleted;

    demo_etag(row->v->number, etag);
    jsonw_open(w, '{');
    jsonw_key(w, "fullUrl");
    jsonw_z(w, arena_fmt(&t->a, "%.*s/%s", STR_ARG(t->base), url));
    if (!row->v->deleted) {
        jsonw_key(w, "resource");
        jsonw_raw(w, (struct str){row->v->bytes, row->v->n});
    }
    jsonw_key(w, "request");
    jsonw_open(w, '{');
    jsonw_key(w, "method");
    jsonw_z(w, row->v->deleted ? "DELETE" : row->v->number == 1 ? "POST" : "PUT");
    jsonw_key(w, "url");
    jsonw_z(w, arena_fmt(&t->a, "%s/_history/%" PRIu32, url, row->v->number));
    jsonw_close(w, '}');
    jsonw_key(w, "response");
    jsonw_open(w, '{');
    jsonw_key(w, "status");
    jsonw_z(w, demo_status_line(first && !row->v->deleted ? 201 : 200, line));
    jsonw_key(w, "etag");
    jsonw_z(w, etag);
    jsonw_close(w, '}');
    jsonw_close(w, '}');
}

static struct str page_url(struct demo_turn *t, size_t offset, size_t count, struct str since)
{
    struct str encoded = demo_query_encode(since, &t->a);

    return str_of(arena_fmt(&t->a, "%.*s/%.*s?_offset=%zu&_count=%zu%s%.*s", STR_ARG(t->base),
                            STR_ARG(t->q->path), offset, count, since.n ? "&_since=" : "",
                            STR_ARG(encoded)));
}

/* HAPI: pages by _count and _offset; total only without _since. */
static void answer(struct demo_turn *t, const struct vec *rows, size_t offset, size_t count,
                   struct str since)
{
    size_t end = offset + count < rows->n ? offset + count : rows->n, bytes = 0;
    struct row *p = rows->p;
    struct jsonw w;

    for (size_t i = offset; i < end; i++) {
        bytes += p[i].v->n + 512u;
        if (i > offset && bytes > DEMO_PAGE_BYTES)
            end = i;
    }
    t->r->status = 200;
    demo_dated(t, t->now);
    demo_bundle_open(t, &w, "history");
    if (!since.n) {
        jsonw_key(&w, "total");
        jsonw_int(&w, (int64_t)rows->n);
    }
    jsonw_key(&w, "link");
    jsonw_open(&w, '[');
    demo_link(&w, "self", page_url(t, offset, count, since));
    if (end < rows->n && end > offset)
        demo_link(&w, "next", page_url(t, end, count, since));
    jsonw_close(&w, ']');
    if (offset < end) {
        jsonw_key(&w, "entry");
        jsonw_open(&w, '[');
        for (size_t i = offset; i < end; i++)
            add_entry(t, &w, &p[i]);
        jsonw_close(&w, ']');
    }
    jsonw_close(&w, '}');
}

static bool read_query(struct demo_turn *t, struct str *since, int64_t *from, int64_t *offset,
                       int64_t *count)
{
    struct demo_query q;
    struct str s;
    int64_t ignored;

    *from = INT64_MIN;
    *offset = 0;
    *count = DEMO_PAGE_DEFAULT;
    if (demo_query_parse(t->q->query, &t->a, &q))
        return false;
    *since = demo_query_get(&q, "_since");
    if (since->n && !demo_range(*since, from, &ignored)) /* HAPI and Helios: inclusive */
        return false;
    s = demo_query_get(&q, "_offset");
    if (s.n && !str_int(s, 0, DEMO_RESOURCES_MAX, offset))
        return false;
    s = demo_query_get(&q, "_count");
    if (s.n && !str_int(s, 1, INT32_MAX, count))
        return false;
    if (*count > DEMO_PAGE_MAX)
        *count = DEMO_PAGE_MAX;
    return true;
}

void demo_history(struct demo_turn *t, uint32_t type, uint32_t resource)
{
    int64_t from, offset, count;
    struct str since;
    struct vec rows;
    int code = ERR_OK;

    if (!read_query(t, &since, &from, &offset, &count)) {
        demo_fail(t, 400, "invalid", "_since, _offset or _count cannot be read");
        return;
    }
    vec_init(&rows, sizeof(struct row), SIZE_MAX);
    if (resource != DEMO_NONE) {
        for (const struct demo_version *v = demo_visible(demo_at(t->d, resource), t->now);
             v && !code; v = v->older)
            if (v->updated_ms >= from)
                code = add_row(&rows, resource, v);
    } else {
        for (uint32_t i = 0; i < demo_type_count() && !code; i++)
            if (type == DEMO_NONE || type == i)
                code = add_type(t, i, from, &rows);
    }
    if (rows.n)
        qsort(rows.p, rows.n, sizeof(struct row), newest_first);
    if (code)
        demo_fail(t, 500, "exception", "No memory");
    else
        answer(t, &rows, (size_t)offset, (size_t)count, since);
    vec_fini(&rows);
}
