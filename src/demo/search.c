/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

struct demo_search {
    uint32_t type;
    int64_t from, to; /* lastUpdated, from <= x < to */
    bool newest_first;
    bool by_id;
    uint32_t *ids; /* places, when by_id */
    unsigned n_ids;
    struct demo_clause **clauses;
    unsigned n;
};

/* What asks nothing of a resource. */
static bool is_control(struct str name)
{
    static const char *const known[] = {"_count", "_elements", "_summary",
                                        "_total", "_format",   "_pretty"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_is(name, known[i]))
            return true;
    return false;
}

static int bad(struct err *e, const struct demo_param *p)
{
    char what[100];

    snprintf(what, sizeof what, "%.*s", (int)(p->name.n < 60 ? p->name.n : 60), p->name.p);
    return err_set(e, ERR_INPUT, 0, 0, what);
}

/* Exact to the millisecond, as HAPI and Helios: a value without them means its whole second. */
static int read_updated(struct demo_search *s, const struct demo_param *p, struct err *e)
{
    struct str v = p->value;
    const char *prefix = "eq";
    int64_t lo, hi;

    if (v.n > 2 && v.p[0] >= 'a' && v.p[0] <= 'z') {
        prefix = v.p;
        v = (struct str){v.p + 2, v.n - 2};
    }
    if (p->modifier.n || !demo_range(v, &lo, &hi))
        return bad(e, p);
    if (!strncmp(prefix, "ge", 2) || !strncmp(prefix, "eq", 2))
        s->from = lo > s->from ? lo : s->from;
    else if (!strncmp(prefix, "gt", 2))
        s->from = hi > s->from ? hi : s->from;
    if (!strncmp(prefix, "le", 2) || !strncmp(prefix, "eq", 2))
        s->to = hi < s->to ? hi : s->to;
    else if (!strncmp(prefix, "lt", 2))
        s->to = lo < s->to ? lo : s->to;
    else if (strncmp(prefix, "ge", 2) && strncmp(prefix, "gt", 2))
        return bad(e, p);
    return ERR_OK;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Ids that several _id parameters all name. */
static int read_ids(struct demo_turn *t, struct demo_search *s, const struct demo_param *p,
                    struct err *e)
{
    struct str rest = p->value;
    unsigned n = 0, kept = 0, max = 1;
    uint32_t *ids;

    for (size_t i = 0; i < rest.n; i++)
        max += rest.p[i] == ',';
    ids = arena_alloc(&t->a, max * sizeof *ids);
    if (!ids)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (p->modifier.n || !rest.n)
        return bad(e, p);
    while (rest.p) {
        struct str id = str_split(&rest, ',');
        uint32_t i;

        if (str_starts(id, demo_type_name(s->type)) && memchr(id.p, '/', id.n))
            str_split(&id, '/');
        i = id.p ? demo_find(t->d, s->type, id) : DEMO_NONE;
        if (i != DEMO_NONE)
            ids[n++] = i;
    }
    qsort(ids, n, sizeof *ids, by_number);
    for (unsigned i = 0; i < n; i++)
        if ((!i || ids[i] != ids[i - 1]) &&
            (!s->by_id || (s->n_ids && bsearch(&ids[i], s->ids, s->n_ids, sizeof *ids, by_number))))
            ids[kept++] = ids[i];
    s->by_id = true;
    s->ids = ids;
    s->n_ids = kept;
    return ERR_OK;
}

int demo_search_parse(struct demo_turn *t, uint32_t type, const struct demo_query *q,
                      struct demo_search **out, struct err *e)
{
    struct demo_search *s = arena_alloc(&t->a, sizeof *s);
    int code = ERR_OK;

    if (!s || !(s->clauses = arena_alloc(&t->a, (q->n + 1) * sizeof(struct demo_clause *))))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    s->type = type;
    s->from = INT64_MIN;
    s->to = INT64_MAX;
    for (unsigned i = 0; i < q->n && !code; i++) {
        const struct demo_param *p = &q->p[i];

        if (is_control(p->name))
            continue;
        if (str_is(p->name, "_lastUpdated"))
            code = read_updated(s, p, e);
        else if (str_is(p->name, "_id"))
            code = read_ids(t, s, p, e);
        else if (!str_is(p->name, "_sort"))
            code = demo_clause_new(t, type, p, &s->clauses[s->n++],
                                   e); /* HAPI: an unknown one is 400, always */
        else if (str_is(p->value, "_lastUpdated") || str_is(p->value, "-_lastUpdated"))
            s->newest_first = p->value.p[0] == '-';
        else
            code = bad(e, p);
    }
    *out = s;
    return code;
}

/* Adds resource i when the version that is seen now answers the search. */
static int add_if_hit(struct demo_turn *t, const struct demo_search *s, uint32_t i,
                      const struct demo_version *v, struct vec *hits)
{
    struct tape tape = {.nodes = NULL};
    bool hit = v && !v->deleted && v->updated_ms >= s->from && v->updated_ms < s->to;
    uint32_t *to;

    for (unsigned k = 0; hit && k < s->n; k++)
        hit = demo_clause_holds(t, s->clauses[k], v, &tape);
    tape_fini(&tape);
    if (!hit)
        return ERR_OK;
    to = vec_push(hits);
    if (!to)
        return ERR_NOMEM;
    *to = i;
    return ERR_OK;
}

struct dated {
    int64_t ms;
    uint32_t i;
};

static int by_time(const void *a, const void *b)
{
    const struct dated *x = a, *y = b;

    return x->ms != y->ms ? (x->ms > y->ms) - (x->ms < y->ms) : (x->i > y->i) - (x->i < y->i);
}

/* Few ids: look at those instead of at all. */
static int run_ids(struct demo_turn *t, const struct demo_search *s, struct vec *hits)
{
    struct dated *d = arena_alloc(&t->a, (s->n_ids + 1) * sizeof *d);
    unsigned n = 0;
    int code = d ? ERR_OK : ERR_NOMEM;

    for (unsigned k = 0; d && k < s->n_ids; k++) {
        const struct demo_version *v = demo_visible(demo_at(t->d, s->ids[k]), t->now);

        if (v)
            d[n++] = (struct dated){v->updated_ms, s->ids[k]};
    }
    if (n)
        qsort(d, n, sizeof *d, by_time);
    for (unsigned k = 0; k < n && !code; k++)
        code = add_if_hit(t, s, d[k].i, demo_visible(demo_at(t->d, d[k].i), t->now), hits);
    return code;
}

int demo_search_run(struct demo_turn *t, const struct demo_search *s, struct vec *hits)
{
    const struct vec *log = &t->d->logs[s->type];
    const struct demo_log *p = log->p;
    int code = ERR_OK;

    if (s->by_id)
        code = run_ids(t, s, hits);
    for (size_t k = s->by_id ? log->n : demo_log_from(log, s->from);
         k < log->n && p[k].ms < s->to && !code; k++) {
        const struct demo_version *v = demo_visible(demo_at(t->d, p[k].resource), t->now);

        if (v && v->number == p[k].number) /* else a newer one stands further on */
            code = add_if_hit(t, s, p[k].resource, v, hits);
    }
    for (size_t k = 0; s->newest_first && k < hits->n / 2; k++) {
        uint32_t *h = hits->p, swap = h[k];

        h[k] = h[hits->n - 1 - k];
        h[hits->n - 1 - k] = swap;
    }
    return code;
}

/* False: _count is no number. Default 20, at most 1000, 0 is a count: all as HAPI. */
static bool read_count(const struct demo_query *q, size_t *count)
{
    struct str s = demo_query_get(q, "_count");
    int64_t n = DEMO_PAGE_DEFAULT;

    if (s.n && !str_int(s, 0, INT32_MAX, &n))
        return false;
    *count = n > DEMO_PAGE_MAX ? DEMO_PAGE_MAX : (size_t)n;
    return true;
}

static void answer(struct demo_turn *t, uint32_t type, struct str raw, const struct demo_query *q,
                   struct vec *hits)
{
    struct str summary = demo_query_get(q, "_summary");
    struct demo_page page = {.elements = demo_query_get(q, "_elements")};
    struct demo_kept *kept;

    if (!read_count(q, &page.count)) {
        demo_fail(t, 400, "invalid", "_count is not a number");
        return;
    }
    if (summary.n && !str_is(summary, "count") && !str_is(summary, "false")) {
        demo_fail(t, 400, "not-supported", "_summary can be count or false here");
        return;
    }
    if (str_is(summary, "count"))
        page.count = 0;
    page.total = !page.count || str_is(demo_query_get(q, "_total"), "accurate");
    page.self = str_of(arena_fmt(&t->a, "%.*s/%s%s%.*s", STR_ARG(t->base), demo_type_name(type),
                                 raw.n ? "?" : "", STR_ARG(raw)));
    page.hits = hits->p;
    page.n = hits->n;
    if (page.count && page.n > page.count) {
        kept = demo_keep(t, hits, page.total);
        if (!kept) {
            demo_fail(t, 500, "exception", "No memory to keep the search");
            return;
        }
        page.kept = kept->id;
    }
    demo_page_write(t, &page);
}

void demo_search(struct demo_turn *t, uint32_t type, struct str raw)
{
    struct demo_query q;
    struct demo_search *s;
    struct err e = ERR_NONE;
    struct vec hits;

    vec_init(&hits, sizeof(uint32_t), DEMO_RESOURCES_MAX);
    if (demo_query_parse(raw, &t->a, &q))
        demo_fail(t, 400, "invalid", "The query is not one that can be read");
    else if (demo_search_parse(t, type, &q, &s, &e))
        demo_fail(t, 400, "invalid", "Unknown or invalid search parameter: %s", e.what);
    else if (demo_search_run(t, s, &hits))
        demo_fail(t, 500, "exception", "No memory");
    else
        answer(t, type, raw, &q, &hits);
    vec_fini(&hits);
}
