/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <string.h>

#include "base/mem.h"

void demo_bundle_open(struct demo_turn *t, struct jsonw *w, const char *type)
{
    char id[37], instant[DEMO_INSTANT_MAX];

    rng_uuid(&t->d->ids, id);
    demo_instant(t->now, instant);
    jsonw_init(w, &t->r->body);
    jsonw_open(w, '{');
    jsonw_key(w, "resourceType");
    jsonw_z(w, "Bundle");
    jsonw_key(w, "id");
    jsonw_z(w, id);
    jsonw_key(w, "meta");
    jsonw_open(w, '{');
    jsonw_key(w, "lastUpdated");
    jsonw_z(w, instant);
    jsonw_close(w, '}');
    jsonw_key(w, "type");
    jsonw_z(w, type);
}

void demo_link(struct jsonw *w, const char *relation, struct str url)
{
    jsonw_open(w, '{');
    jsonw_key(w, "relation");
    jsonw_z(w, relation);
    jsonw_key(w, "url");
    jsonw_str(w, url);
    jsonw_close(w, '}');
}

static bool listed(struct str elements, struct str name)
{
    if (name.n && name.p[0] == '_') /* a primitive's extensions go with it */
        name = (struct str){name.p + 1, name.n - 1};
    while (elements.p)
        if (str_eq(str_trim(str_split(&elements, ',')), name))
            return true;
    return str_is(name, "resourceType") || str_is(name, "id") || str_is(name, "meta");
}

/* meta says that the resource is not whole (R4 search.html 3.1.1.5.9). */
static void add_meta(const struct tape *t, tape_at meta, struct buf *out)
{
    static const char tag[] =
        "{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ObservationValue\","
        "\"code\":\"SUBSETTED\"}";
    tape_at tags = tape_get(t, meta, "tag");
    size_t from = t->nodes[meta].off, cut = from + 1, end = from + t->nodes[meta].len;

    if (tape_is(t, tags, TAPE_ARRAY))
        cut = t->nodes[tags].off + 1;
    buf_add(out, t->bytes.p + from, cut - from);
    buf_addf(out, tags == TAPE_NONE ? "\"tag\":[%s]," : "%s%s", tag,
             tags != TAPE_NONE && tape_count(t, tags) ? "," : "");
    buf_add(out, t->bytes.p + cut, end - cut);
}

/* The listed members with their bytes as they stand. */
static void add_elements(struct demo_turn *turn, struct str bytes, struct str elements)
{
    struct buf *out = &turn->r->body;
    struct tape t;
    bool first = true;

    if (tape_parse(&t, bytes, NULL)) {
        buf_addstr(out, bytes);
        return;
    }
    buf_addc(out, '{');
    for (tape_at k = tape_first_member(&t, 0); k != TAPE_NONE; k = tape_next_member(&t, 0, k)) {
        struct str name = tape_name(&t, k);

        if (!listed(elements, name))
            continue;
        buf_addf(out, "%s\"%.*s\":", first ? "" : ",", STR_ARG(name));
        first = false;
        if (str_is(name, "meta"))
            add_meta(&t, k + 1, out);
        else
            buf_addstr(out, tape_raw(&t, k + 1));
    }
    buf_addc(out, '}');
    tape_fini(&t);
}

static void add_entry(struct demo_turn *t, const struct demo_page *p, struct jsonw *w, uint32_t i)
{
    const struct demo_resource *r = demo_at(t->d, i);
    const struct demo_version *v = demo_visible(r, t->now);

    if (!v || v->deleted) /* HAPI: deleted since the search was made, so the page is shorter */
        return;
    jsonw_open(w, '{');
    jsonw_key(w, "fullUrl");
    jsonw_z(w, arena_fmt(&t->a, "%.*s/%s/%s", STR_ARG(t->base), demo_type_name(r->type), r->id));
    jsonw_key(w, "resource");
    if (p->elements.n) {
        jsonw_raw(w, (struct str){"", 0});
        add_elements(t, (struct str){v->bytes, v->n}, p->elements);
    } else {
        jsonw_raw(w, (struct str){v->bytes, v->n});
    }
    jsonw_key(w, "search");
    jsonw_open(w, '{');
    jsonw_key(w, "mode");
    jsonw_z(w, "match");
    jsonw_close(w, '}');
    jsonw_close(w, '}');
}

/* How many of the page's hits fit: a page of huge resources ends early. */
static size_t fitting(const struct demo_turn *t, const struct demo_page *p)
{
    size_t n = 0, bytes = 0;

    while (n < p->count && p->offset + n < p->n) {
        const struct demo_version *v = demo_visible(demo_at(t->d, p->hits[p->offset + n]), t->now);

        bytes += (v ? v->n : 0) + 256;
        if (n && bytes > DEMO_PAGE_BYTES)
            break;
        n++;
    }
    return n;
}

/* HAPI: absolute, opaque, by the base that the request came in by. */
static struct str page_url(struct demo_turn *t, const struct demo_page *p, size_t offset)
{
    struct str elements = demo_query_encode(p->elements, &t->a);

    return str_of(arena_fmt(
        &t->a, "%.*s?_getpages=%s&_getpagesoffset=%zu&_count=%zu%s%.*s&_bundletype=searchset",
        STR_ARG(t->base), p->kept, offset, p->count, p->elements.n ? "&_elements=" : "",
        STR_ARG(elements)));
}

/* Unasked, HAPI says a total once its reading ahead (13 hits for the first pages, then 503) has met
 * the end. */
static bool knows_total(const struct demo_page *p, bool more)
{
    return (!p->offset && !more) || p->n <= 13 || (p->offset >= 13 && p->n <= 503);
}

static void links(struct demo_turn *t, const struct demo_page *p, size_t end, struct jsonw *w)
{
    jsonw_key(w, "link");
    jsonw_open(w, '[');
    demo_link(w, "self", p->self);
    if (end < p->n && p->kept)
        demo_link(w, "next", page_url(t, p, end));
    if (p->kept && p->offset)
        demo_link(w, "previous", page_url(t, p, p->offset > p->count ? p->offset - p->count : 0));
    jsonw_close(w, ']');
}

void demo_page_write(struct demo_turn *t, const struct demo_page *p)
{
    size_t n = p->count ? fitting(t, p) : 0, end = p->offset + n;
    bool more = p->count && end < p->n;
    struct jsonw w;

    t->r->status = 200;
    demo_dated(t, t->now); /* HAPI: the moment of the search */
    demo_bundle_open(t, &w, "searchset");
    if (p->total || knows_total(p, more)) {
        jsonw_key(&w, "total");
        jsonw_int(&w, (int64_t)p->n);
    }
    if (p->count)
        links(t, p, end, &w); /* HAPI: a count has none at all */
    if (n) {
        jsonw_key(&w, "entry");
        jsonw_open(&w, '[');
        for (size_t i = p->offset; i < end; i++)
            add_entry(t, p, &w, p->hits[i]);
        jsonw_close(&w, ']');
    }
    jsonw_close(&w, '}');
}

/* --- searches that are being paged ----------------------------------------------------------- */

static void drop_oldest(struct demo *d, size_t n)
{
    struct demo_kept *k = d->kept.p;

    for (size_t i = 0; i < n; i++) {
        d->kept_hits -= k[i].n;
        mem_free(k[i].hits);
    }
    d->kept.n -= n;
    memmove(k, k + n, d->kept.n * sizeof *k);
}

struct demo_kept *demo_keep(struct demo_turn *t, struct vec *hits, bool total)
{
    struct demo *d = t->d;
    struct demo_kept *k;
    size_t old = 0;

    while (old < d->kept.n &&
           t->now - ((struct demo_kept *)vec_at(&d->kept, old))->made_ms > DEMO_KEPT_MS)
        old++;
    if (old)
        drop_oldest(d, old);
    if (d->kept.n == d->kept.max)
        drop_oldest(d, d->kept.n / 8);
    while (d->kept.n && d->kept_hits + hits->n > DEMO_KEPT_HITS)
        drop_oldest(d, 1);
    k = vec_push(&d->kept);
    if (!k)
        return NULL;
    d->kept_hits += hits->n;
    *k = (struct demo_kept){.made_ms = t->now, .hits = hits->p, .n = hits->n, .total = total};
    rng_uuid(&d->ids, k->id);
    hits->p = NULL;
    hits->n = hits->cap = 0;
    return k;
}

void demo_page(struct demo_turn *t, const struct demo_query *q)
{
    struct str id = demo_query_get(q, "_getpages");
    struct demo_page page = {.elements = demo_query_get(q, "_elements")};
    int64_t offset, count;

    if (!str_int(demo_query_get(q, "_getpagesoffset"), 0, DEMO_RESOURCES_MAX, &offset) ||
        !str_int(demo_query_get(q, "_count"), 1, INT32_MAX, &count)) {
        demo_fail(t, 400, "invalid", "The page's offset or _count is not a number");
        return;
    }
    page.offset = (size_t)offset;
    page.count = count > DEMO_PAGE_MAX ? DEMO_PAGE_MAX : (size_t)count;
    VEC_EACH(struct demo_kept, k, &t->d->kept)
    if (str_is(id, k->id) && t->now - k->made_ms <= DEMO_KEPT_MS) {
        page.hits = k->hits;
        page.n = k->n;
        page.total = k->total;
        page.kept = k->id;
    }
    if (!page.kept) { /* HAPI: an unknown or expired one is 410 */
        demo_fail(t, 410, "not-found", "The search is no longer kept: start again");
        return;
    }
    page.self = page_url(t, &page, page.offset);
    demo_page_write(t, &page);
}
