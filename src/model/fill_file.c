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

struct part {
    size_t from, n; /* of model_filing.bytes */
    bool create;
};

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
    struct err *e;
};

void model_filing_fini(struct model_filing *w)
{
    vec_fini(&w->parts);
    buf_fini(&w->bytes);
    mem_zero(w, sizeof *w);
}

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
    struct buf *out = &k->out->bytes;
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
    struct part *p = vec_push(&k->out->parts);
    struct str raw = tape_raw(k->t, it->resource);

    if (!p)
        return err_set(k->e, k->out->parts.n == LIMIT_TX_ROWS ? ERR_TOOBIG : ERR_NOMEM, 0, LIMIT_TX_ROWS, "resources");
    *p = (struct part){.from = k->out->bytes.n, .create = it->create};
    if (it->create) {
        buf_addf(&k->out->bytes, "{\"id\":\"%.*s\",", STR_ARG(it->id));
        raw.p++;
        raw.n--;
    }
    rewrite(k, raw);
    p->n = k->out->bytes.n - p->from;
    return ERR_OK;
}

static void count_last(struct model_filing *w)
{
    const struct part *p = vec_at(&w->parts, w->parts.n - 1);
    struct fhir_index ix = {.section = STR("")};
    struct tape t = {.n = 0};
    struct arena a;
    unsigned i = 0;

    arena_init(&a, 4u * LIMIT_RESOURCE_BYTES);
    if (tape_parse(&t, (struct str){w->bytes.p + p->from, p->n}, NULL) || fhir_index(&t, NULL, &a, &ix, NULL))
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
            count_last(k->out);
    }
    if (!code && k->out->bytes.failed)
        code = err_set(k->e, k->out->bytes.failed, 0, (int64_t)k->out->bytes.max, "resources");
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

    *out = (struct model_filing){.counts = 0};
    vec_init(&out->parts, sizeof(struct part), LIMIT_TX_ROWS);
    buf_init(&out->bytes, 4u * LIMIT_RESOURCE_BYTES);
    buf_init(&bundle, 4u * LIMIT_RESOURCE_BYTES);
    memcpy(out->chart, x->chart.chart, sizeof out->chart);
    snprintf(out->draft, sizeof out->draft, "%s/%s", x->chart.chart, x->name);
    code = code ? code : still_open(x, e);
    code = code ? code : model_form_extract(x->form, &bundle, e);
    code = code ? code : take_apart(&k, buf_str(&bundle));
    buf_fini(&bundle);
    if (code)
        model_filing_fini(out);
    return code;
}

int model_filing_write(struct model *m, const struct model_filing *w, const struct rng *rng, unsigned *ops,
                       struct err *e)
{
    struct model_write *v = mem_alloc((w->parts.n + 1) * sizeof *v);
    struct model_edited *done = mem_alloc((w->parts.n + 1) * sizeof *done);
    struct model_writes all = {v, (unsigned)w->parts.n, str_of(w->chart), str_of(w->draft)};
    int code = v && done ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    for (unsigned i = 0; i < all.n && !code; i++) {
        const struct part *p = vec_at(&w->parts, i);

        v[i] = (struct model_write){.bytes = {w->bytes.p + p->from, p->n}, .create = p->create};
    }
    code = code ? code : model_edit_all(m, &all, rng, done, e);
    *ops = 0;
    for (unsigned i = 0; i < all.n && !code; i++)
        *ops += done[i].op[0] != '\0';
    mem_free(v);
    mem_free(done);
    return code;
}

void model_fill_filed(struct model_fill *x)
{
    x->filed = true;
    x->draft_ms = 0;
}
