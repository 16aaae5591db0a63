/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is filed of a form: the transaction Bundle of the form engine, taken apart into resources with the ids that
 * their urns already are, each naming the others by TYPE/ID, for the outbox sends them one by one and in this order.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "fhir/index.h"
#include "model/fill_priv.h"

#define URN "urn:uuid:"
#define URN_BYTES (sizeof URN - 1 + 36)

/* An entry of the Bundle. */
struct entry {
    struct str urn, type, id; /* urn "": none; id: of an update */
    tape_at resource;
    bool create;
};

struct taking {
    const struct tape *t;
    struct entry *v;
    unsigned n;
    struct model_filing *out;
    struct buf one; /* the resource under way */
    struct err *e;
};

/* --- reading the Bundle ---------------------------------------------------------------------------- */

static int unsupported(struct taking *k, const char *what)
{
    return err_set(k->e, ERR_UNSUPPORTED, 0, 0, what);
}

/* An operation of the outbox has an id and is a create or an update; what a server would look for first cannot be asked
 * with the link down. */
static int read_entry(struct taking *k, tape_at at, struct entry *out)
{
    const struct tape *t = k->t;
    tape_at request = tape_get(t, at, "request");
    struct str method = tape_plain(t, tape_get(t, request, "method")), url = tape_plain(t, tape_get(t, request, "url"));
    struct str urn = tape_plain(t, tape_get(t, at, "fullUrl"));

    *out = (struct entry){.resource = tape_get(t, at, "resource"), .create = str_is(method, "POST")};
    out->type = tape_plain(t, tape_get(t, out->resource, "resourceType"));
    if (tape_get(t, request, "ifNoneExist") != TAPE_NONE)
        return unsupported(k, "ifNoneExist");
    if (out->create && tape_get(t, out->resource, "id") != TAPE_NONE)
        return unsupported(k, "id");
    if (urn.n == URN_BYTES && str_starts(urn, URN))
        out->urn = urn;
    if (out->create) {
        if (!out->urn.n)
            return unsupported(k, "fullUrl");
        out->id = (struct str){urn.p + sizeof URN - 1, 36};
        return ERR_OK;
    }
    if (!str_is(method, "PUT"))
        return unsupported(k, "request.method");
    str_split(&url, '/');
    out->id = url;
    return str_is_id(url) ? ERR_OK : unsupported(k, "request.url");
}

static const struct entry *named(const struct taking *k, struct str urn)
{
    for (unsigned i = 0; i < k->n; i++)
        if (k->v[i].urn.n && str_eq(k->v[i].urn, urn))
            return &k->v[i];
    return NULL;
}

/* --- writing ----------------------------------------------------------------------------------------- */

/* The resource's bytes, with the urns of this Bundle as references. A string is a urn of ours or it is not: they were
 * made up for this Bundle. */
static void rewrite(struct taking *k, struct str raw)
{
    struct buf *out = &k->one;
    size_t from = 0;

    for (size_t i = 0; i + URN_BYTES + 2 <= raw.n; i++) {
        struct str urn = {raw.p + i + 1, URN_BYTES};
        const struct entry *it;

        if (raw.p[i] != '"' || raw.p[i + 1 + URN_BYTES] != '"' || !str_starts(urn, URN) || !(it = named(k, urn)))
            continue;
        buf_add(out, raw.p + from, i + 1 - from);
        buf_addf(out, "%.*s/%.*s", STR_ARG(it->type), STR_ARG(it->id));
        from = i + 1 + URN_BYTES;
        i = from;
    }
    buf_add(out, raw.p + from, raw.n - from);
}

static int put_part(struct taking *k, const struct entry *it)
{
    struct str raw = tape_raw(k->t, it->resource);
    struct model_write w = {.create = it->create};

    buf_clear(&k->one);
    if (it->create) {
        buf_addf(&k->one, "{\"id\":\"%.*s\",", STR_ARG(it->id));
        raw.p++;
        raw.n--;
    }
    rewrite(k, raw);
    w.bytes = buf_str(&k->one);
    return k->one.failed ? err_set(k->e, k->one.failed, 0, (int64_t)k->one.max, "resources")
                         : model_filing_add(k->out, &w, k->e);
}

static void count(struct model_filing *w, struct str bytes)
{
    struct fhir_index ix = {.section = STR("")};
    struct tape t = {.n = 0};
    struct arena a;
    unsigned i = 0;

    arena_init(&a, 4u * LIMIT_RESOURCE_BYTES);
    if (tape_parse(&t, bytes, NULL) || fhir_index(&t, NULL, &a, &ix, NULL))
        ix.section = STR("");
    while (i < w->counts && !str_is(ix.section, w->count[i].section))
        i++;
    if (i < MODEL_FILING_TYPES && ix.section.n < sizeof w->count[i].section) {
        if (i == w->counts)
            memcpy(w->count[w->counts++].section, ix.section.p, ix.section.n);
        w->count[i].n++;
    }
    tape_fini(&t);
    arena_fini(&a);
}

struct text model_filing_words(const struct model_filing *w, struct arena *a)
{
    unsigned n = (unsigned)w->parts.n;
    const char *all = arena_fmt(a, P_("%u entry", "%u entries", n), n);

    for (unsigned i = 0; i < w->counts && all; i++) {
        const struct kind_section *s = kind_section_find(str_of(w->count[i].section));

        all = arena_fmt(a, "%s%s%s %u", all, i ? ", " : ": ", s ? _(s->title) : _("who filed it"), w->count[i].n);
    }
    return text_safe(a, str_of(all ? all : ""), 0);
}

static int take_apart(struct taking *k, struct str bundle)
{
    struct tape t;
    tape_at list;
    unsigned max;
    int code = tape_parse_max(&t, bundle, 4u * LIMIT_RESOURCE_BYTES, k->e);

    if (code)
        return code;
    k->t = &t;
    list = tape_get(&t, 0, "entry");
    max = tape_count(&t, list);
    k->v = mem_alloc((max + 1) * sizeof *k->v);
    if (!k->v)
        code = err_set(k->e, ERR_NOMEM, 0, 0, NULL);
    for (tape_at x = tape_first(&t, list); x != TAPE_NONE && !code; x = tape_next(&t, list, x))
        if (!(code = read_entry(k, x, &k->v[k->n])))
            k->n++;
    for (unsigned i = 0; i < k->n && !code; i++) {
        code = put_part(k, &k->v[i]);
        if (!code)
            count(k->out, buf_str(&k->one));
    }
    mem_free(k->v);
    tape_fini(&t);
    return code;
}

/* What must be answered, put right or looked at before this can be filed. */
static int still_open(struct model_fill *x, struct err *e)
{
    struct form_problem *p;
    struct arena a;
    unsigned n, left = model_form_unseen(x->form);
    int code;

    arena_init(&a, 32u << 20);
    code = model_form_problems(x->form, &a, &p, &n, e);
    for (unsigned i = 0; i < n && !code; i++)
        left += p[i].grade == FORM_ERROR;
    arena_fini(&a);
    return code ? code : left ? err_set(e, ERR_OPEN, 0, left, x->name) : ERR_OK;
}

int model_fill_filing(struct model_fill *x, const char *banner, struct model_filing *out, struct err *e)
{
    struct taking k = {.out = out, .e = e};
    struct buf bundle;
    int code = model_fill_at(x, banner, e);

    _Static_assert(MODEL_DRAFT_NAME <= MODEL_FILING_DRAFT, "a draft's name has room in what is filed of it");
    model_filing_init(out, str_of(x->chart.chart));
    buf_init(&bundle, 4u * LIMIT_RESOURCE_BYTES);
    buf_init(&k.one, LIMIT_RESOURCE_BYTES);
    snprintf(out->draft, sizeof out->draft, "%s/%s", x->chart.chart, x->name);
    code = code ? code : still_open(x, e);
    code = code ? code : model_form_extract(x->form, &bundle, e);
    code = code ? code : take_apart(&k, buf_str(&bundle));
    buf_fini(&bundle);
    buf_fini(&k.one);
    if (code)
        model_filing_fini(out);
    return code;
}

void model_fill_filed(struct model_fill *x)
{
    x->filed = true;
    x->draft_ms = 0;
}
