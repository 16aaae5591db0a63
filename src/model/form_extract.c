/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What comes of a form, in one transaction: the response, what is extracted from it, and who said so. Observation-based
 * extraction is here (SDC 4, "Form Data Extraction"): each answer whose item has a code, and says so or stands in what
 * does; a group's parts with "component" or "member" belong to the group's Observation.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "fhir/read.h"

void model_form_urn(struct form_harvest *h, char out[FORM_URN])
{
    char uuid[37];

    rng_uuid(h->f->env.rng, uuid);
    memcpy(out, "urn:uuid:", 9);
    memcpy(out + 9, uuid, sizeof uuid);
}

void model_form_entry(struct form_harvest *h, const struct form_request *q, struct str resource)
{
    struct form_made *m = vec_push(&h->made);

    if (m && q->full_url.n < FORM_URN)
        memcpy(m->urn, q->full_url.p, q->full_url.n);
    if (m)
        m->name = arena_str(h->a, q->full_url);
    jsonw_open(h->w, '{');
    jsonw_key(h->w, "fullUrl");
    jsonw_str(h->w, q->full_url);
    jsonw_key(h->w, "resource");
    jsonw_raw(h->w, resource);
    jsonw_key(h->w, "request");
    jsonw_open(h->w, '{');
    jsonw_key(h->w, "method");
    jsonw_str(h->w, q->method);
    jsonw_key(h->w, "url");
    jsonw_str(h->w, q->url);
    if (q->none_exist.n) {
        jsonw_key(h->w, "ifNoneExist");
        jsonw_str(h->w, q->none_exist);
    }
    jsonw_close(h->w, '}');
    jsonw_close(h->w, '}');
}

/* A resource of a type, to be written into b, and the urn that it will have. */
static void begin(struct form_harvest *h, struct jsonw *w, struct buf *b, const char *type, char urn[FORM_URN])
{
    model_form_urn(h, urn);
    buf_init(b, LIMIT_RESOURCE_BYTES);
    jsonw_init(w, b);
    jsonw_open(w, '{');
    jsonw_key(w, "resourceType");
    jsonw_z(w, type);
}

/* A new resource of a type. */
static void create(struct form_harvest *h, const char *type, const char *urn, const struct buf *b)
{
    struct form_request q = {.full_url = str_of(urn), .method = STR("POST"), .url = str_of(type)};

    model_form_entry(h, &q, buf_str(b));
}

/* --- observations ------------------------------------------------------------------------------ */

/* "true", "false", or the relation to the Observation around it: "component", "member", "derived", "independent". */
static struct str wish_of(const struct form *f, uint32_t item)
{
    uint32_t i = item;

    for (;;) {
        tape_at at = i == FORM_NONE ? 0 : f->item[i].at;
        struct fhir_choice c = fhir_choice(&f->t, model_form_ext(&f->t, at, "observationExtract", 0), "value");

        if (str_is(c.type, "Code") && i == item)
            return tape_plain(&f->t, c.at);
        if (str_is(c.type, "Boolean"))
            return tape_true(&f->t, c.at) ? STR("true") : STR("false");
        if (i == FORM_NONE)
            return STR("false");
        i = f->item[i].parent;
    }
}

static bool has_code(const struct form *f, uint32_t item)
{
    return tape_count(&f->t, tape_get(&f->t, f->item[item].at, "code")) > 0;
}

static void code_of(struct form_harvest *h, struct jsonw *w, uint32_t item)
{
    const struct form *f = h->f;

    jsonw_key(w, "code");
    jsonw_open(w, '{');
    jsonw_key(w, "coding");
    model_form_compact(w, tape_raw(&f->t, tape_get(&f->t, f->item[item].at, "code")));
    jsonw_close(w, '}');
}

static void category_of(const struct form *f, struct jsonw *w, uint32_t item)
{
    bool any = false;

    for (;; item = f->item[item].parent) {
        tape_at at = item == FORM_NONE ? 0 : f->item[item].at, x;

        for (unsigned i = 0; (x = model_form_ext(&f->t, at, "observation-extract-category", i)) != TAPE_NONE; i++) {
            if (!any) {
                jsonw_key(w, "category");
                jsonw_open(w, '[');
            }
            any = true;
            model_form_compact(w, tape_raw(&f->t, fhir_choice(&f->t, x, "value").at));
        }
        if (any || item == FORM_NONE)
            break;
    }
    if (any)
        jsonw_close(w, ']');
}

static void written(struct jsonw *w, const struct form_value *v)
{
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    model_form_value_json(v, &b);
    jsonw_raw(w, buf_str(&b));
    buf_fini(&b);
}

static void raw(struct jsonw *w, const char *name, const struct form_value *v)
{
    jsonw_key(w, name);
    written(w, v);
}

/* value[x] as Observation has it. */
static void value_of(const struct form *f, struct jsonw *w, const struct form_node *n)
{
    const struct form_item *d = &f->item[n->item];
    struct form_value v = n->v;

    if (v.kind == FORM_CHOICE) {
        jsonw_key(w, "valueCodeableConcept");
        jsonw_open(w, '{');
        v.json = STR("");
        jsonw_key(w, "coding");
        jsonw_open(w, '[');
        written(w, &v);
        jsonw_close(w, ']');
        if (v.display.n) {
            jsonw_key(w, "text");
            jsonw_str(w, v.display);
        }
        jsonw_close(w, '}');
    } else if (v.kind == FORM_DECIMAL || (v.kind == FORM_INTEGER && d->nunits == 1)) {
        v.kind = FORM_QUANTITY;
        v.json = STR("");
        if (d->nunits == 1)
            model_form_take_unit(&v, &d->units[0].v);
        raw(w, "valueQuantity", &v);
    } else if (v.kind == FORM_DATE) {
        v.kind = FORM_DATETIME;
        raw(w, "valueDateTime", &v);
    } else if (v.kind == FORM_URL) {
        v.kind = FORM_STRING;
        raw(w, "valueString", &v);
    } else {
        raw(w, model_form_value_name(v.kind), &v);
    }
}

static bool can_be_value(const struct form_node *n)
{
    return n->v.set && n->v.kind != FORM_REFERENCE && n->v.kind != FORM_ATTACHMENT &&
           (n->v.kind != FORM_CHOICE || n->v.text.n);
}

static void one_observation(struct form_harvest *h, struct form_node *n, struct form_made *members, unsigned nmembers,
                            char urn[FORM_URN]);

/* What belongs to a group's Observation, as components. */
static void components(struct form_harvest *h, struct jsonw *w, const struct form_node *group)
{
    bool any = false;

    for (struct form_node *k = group->first; k; k = k->next) {
        if (!k->on || !can_be_value(k) || !has_code(h->f, k->item) || !str_is(wish_of(h->f, k->item), "component"))
            continue;
        if (!any) {
            jsonw_key(w, "component");
            jsonw_open(w, '[');
        }
        any = true;
        jsonw_open(w, '{');
        code_of(h, w, k->item);
        value_of(h->f, w, k);
        jsonw_close(w, '}');
    }
    if (any)
        jsonw_close(w, ']');
}

static bool has_parts(const struct form_harvest *h, const struct form_node *group, const char *wish)
{
    for (const struct form_node *k = group->first; k; k = k->next)
        if (k->on && can_be_value(k) && has_code(h->f, k->item) && str_is(wish_of(h->f, k->item), wish))
            return true;
    return false;
}

static void one_observation(struct form_harvest *h, struct form_node *n, struct form_made *members, unsigned nmembers,
                            char urn[FORM_URN])
{
    const struct form *f = h->f;
    const struct form_made *response = vec_at(&h->made, 0);
    struct jsonw w;
    struct buf b;

    begin(h, &w, &b, "Observation", urn);
    jsonw_key(&w, "status");
    jsonw_z(&w, "final");
    category_of(f, &w, n->item);
    code_of(h, &w, n->item);
    model_form_reference(&w, "subject", f->env.subject);
    model_form_reference(&w, "encounter", f->env.encounter);
    jsonw_key(&w, "effectiveDateTime");
    jsonw_z(&w, h->now);
    if (f->env.author.n) {
        jsonw_key(&w, "performer");
        jsonw_open(&w, '[');
        jsonw_open(&w, '{');
        jsonw_key(&w, "reference");
        jsonw_str(&w, f->env.author);
        jsonw_close(&w, '}');
        jsonw_close(&w, ']');
    }
    if (n->v.set)
        value_of(f, &w, n);
    for (unsigned i = 0; i < nmembers; i++) {
        if (!i) {
            jsonw_key(&w, "hasMember");
            jsonw_open(&w, '[');
        }
        jsonw_open(&w, '{');
        jsonw_key(&w, "reference");
        jsonw_z(&w, members[i].urn);
        jsonw_close(&w, '}');
        if (i + 1 == nmembers)
            jsonw_close(&w, ']');
    }
    jsonw_key(&w, "derivedFrom");
    jsonw_open(&w, '[');
    jsonw_open(&w, '{');
    jsonw_key(&w, "reference");
    jsonw_z(&w, response ? response->urn : "");
    jsonw_close(&w, '}');
    jsonw_close(&w, ']');
    if (!n->v.set)
        components(h, &w, n);
    jsonw_close(&w, '}');
    create(h, "Observation", urn, &b);
    buf_fini(&b);
}

static int group_observation(struct form_harvest *h, struct form_node *n)
{
    struct vec members; /* struct form_made, with their urns alone */
    char urn[FORM_URN] = "";
    int r = ERR_OK;

    vec_init(&members, sizeof(struct form_made), FORM_MAX_INSTANCES);
    for (struct form_node *k = n->first; k && !r; k = k->next)
        if (k->on && can_be_value(k) && has_code(h->f, k->item) && str_is(wish_of(h->f, k->item), "member")) {
            struct form_made *m = vec_push(&members);

            if (m)
                one_observation(h, k, NULL, 0, m->urn);
            else
                r = err_set(h->e, ERR_NOMEM, 0, 0, NULL);
        }
    if (!r && (members.n || has_parts(h, n, "component")))
        one_observation(h, n, vec_at(&members, 0), (unsigned)members.n, urn);
    vec_fini(&members);
    return r;
}

bool model_form_extractable(const struct form *f, uint32_t item)
{
    uint32_t in = f->item[item].parent;
    struct str wish = wish_of(f, item);

    if (!has_code(f, item) || !model_form_is_answer(f->item[item].kind))
        return true;
    if (str_is(wish, "component") || str_is(wish, "member")) /* of the group around it, which is an Observation */
        return in != FORM_NONE && f->item[in].kind == FORM_GROUP && has_code(f, in) && str_is(wish_of(f, in), "true");
    return str_is(wish, "true") || str_is(wish, "false") || str_is(wish, "independent");
}

static int not_extracted(struct form_harvest *h, const struct form_item *d)
{
    char what[100];
    size_t n = d->link.n < sizeof what - 1 ? d->link.n : sizeof what - 1;

    memcpy(what, d->link.p, n);
    what[n] = '\0';
    return err_set(h->e, ERR_UNSUPPORTED, 0, 0, what);
}

int model_form_observations(struct form_harvest *h)
{
    struct form *f = h->f;
    char urn[FORM_URN] = "";
    int r = ERR_OK;

    for (struct form_node *n = model_form_walk(&f->root, &f->root); n && !r; n = model_form_walk(&f->root, n)) {
        struct str wish;

        if (!model_form_on(n) || !has_code(f, n->item))
            continue;
        wish = wish_of(f, n->item);
        if (can_be_value(n) && !model_form_extractable(f, n->item))
            r = not_extracted(h, &f->item[n->item]);
        else if (f->item[n->item].kind == FORM_GROUP && str_is(wish, "true"))
            r = group_observation(h, n);
        else if ((str_is(wish, "true") || str_is(wish, "independent")) && can_be_value(n))
            one_observation(h, n, NULL, 0, urn);
    }
    if (r)
        return r;
    return h->w->out->failed ? err_set(h->e, h->w->out->failed, 0, LIMIT_RESOURCE_BYTES, "Bundle") : ERR_OK;
}

/* --- the Bundle -------------------------------------------------------------------------------- */

/* A new id for each item that asks for one, in each of its repeats. */
static void allocate(struct form_harvest *h)
{
    struct form *f = h->f;

    for (struct form_node *n = &f->root; n; n = model_form_walk(&f->root, n)) {
        tape_at at = n == &f->root ? 0 : f->item[n->item].at, x;

        for (unsigned i = 0; (x = model_form_ext(&f->t, at, "extractAllocateId", i)) != TAPE_NONE; i++) {
            struct form_made *m = vec_push(&h->ids);

            if (!m)
                return;
            m->name = tape_str(&f->t, fhir_choice(&f->t, x, "value").at, h->a);
            m->in = n;
            model_form_urn(h, m->urn);
        }
    }
}

static void provenance(struct form_harvest *h)
{
    struct form *f = h->f;
    const struct form_made *response = vec_at(&h->made, 0);
    char urn[FORM_URN];
    struct jsonw w;
    struct buf b;

    begin(h, &w, &b, "Provenance", urn);
    jsonw_key(&w, "target");
    jsonw_open(&w, '[');
    VEC_EACH(struct form_made, m, &h->made) {
        jsonw_open(&w, '{');
        jsonw_key(&w, "reference");
        jsonw_str(&w, m->name);
        jsonw_close(&w, '}');
    }
    jsonw_close(&w, ']');
    jsonw_key(&w, "recorded");
    jsonw_z(&w, h->now);
    jsonw_key(&w, "agent");
    jsonw_raw(&w, STR("[{\"type\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
                      "provenance-participant-type\",\"code\":\"author\"}]},\"who\":{"));
    w.comma = false;
    jsonw_key(&w, f->env.author.n ? "reference" : "display");
    jsonw_str(&w, f->env.author.n ? f->env.author : STR("not named"));
    buf_adds(&b, "}}]");
    w.comma = true;
    jsonw_key(&w, "entity");
    jsonw_raw(&w, STR("[{\"role\":\"source\",\"what\":{\"reference\":"));
    w.comma = false;
    jsonw_z(&w, response ? response->urn : "");
    buf_adds(&b, "}}]");
    w.comma = true;
    jsonw_close(&w, '}');
    create(h, "Provenance", urn, &b);
    buf_fini(&b);
}

static int harvest(struct form_harvest *h)
{
    struct form *f = h->f;
    char urn[FORM_URN];
    struct buf b;
    int r;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    model_form_urn(h, urn);
    allocate(h);
    r = model_form_response(f, "completed", 0, &b, h->e);
    if (!r)
        create(h, "QuestionnaireResponse", urn, &b);
    buf_fini(&b);
    r = r ? r : model_form_doc(f, h->e);
    r = r ? r : model_form_observations(h);
    r = r ? r : model_form_templates(h);
    if (!r)
        provenance(h);
    return r;
}

int model_form_extract(struct form *f, struct buf *out, struct err *e)
{
    struct jsonw w;
    struct arena a;
    struct form_harvest h = {.f = f, .w = &w, .a = &a, .e = e};
    size_t before = out->n;
    int r;

    if (model_form_ext(&f->t, 0, "targetStructureMap", 0) != TAPE_NONE)
        return err_set(e, ERR_UNSUPPORTED, 0, 0, "StructureMap");
    if (!f->env.rng)
        return err_set(e, ERR_BUG, 0, 0, "model_form_extract");
    arena_init(&a, FORM_ARENA_MAX);
    vec_init(&h.made, sizeof(struct form_made), FORM_MAX_INSTANCES);
    vec_init(&h.ids, sizeof(struct form_made), FORM_MAX_INSTANCES);
    model_form_now(f, h.now);
    f->status = "completed";
    f->stale = true;
    jsonw_init(&w, out);
    jsonw_open(&w, '{');
    jsonw_key(&w, "resourceType");
    jsonw_z(&w, "Bundle");
    jsonw_key(&w, "type");
    jsonw_z(&w, "transaction");
    jsonw_key(&w, "entry");
    jsonw_open(&w, '[');
    r = harvest(&h);
    jsonw_close(&w, ']');
    jsonw_close(&w, '}');
    f->status = "in-progress";
    f->stale = true;
    vec_fini(&h.ids);
    vec_fini(&h.made);
    arena_fini(&a);
    if (!r && out->failed)
        r = err_set(e, out->failed, 0, (int64_t)out->max, "Bundle");
    if (r)
        out->n = before; /* nothing, rather than a part */
    return r;
}
