/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Template-based extraction (SDC 4, templateExtract): a contained resource is copied; where it says so, an element is
 * repeated for each result of an expression, or replaced by what one gives. An expression without a result takes the
 * element away. An expression that does not work is an error, and nothing is extracted.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "fhir/read.h"

struct copying {
    struct form_harvest *h;
    const struct form_node *n;
    struct path_var *vars; /* allocated ids, and names that contexts were given */
    unsigned nvars, cap;
    struct vec parsed; /* struct path *, of this template: its literals are the results that they give */
    int failed;
};

/* --- expressions -------------------------------------------------------------------------------- */

static struct str expression_at(struct form *f, tape_at x, struct str *name)
{
    tape_at v = fhir_choice(&f->t, x, "value").at;
    bool plain = tape_is(&f->t, v, TAPE_STRING);

    *name = plain ? STR("") : tape_plain(&f->t, tape_get(&f->t, v, "name"));
    return plain ? tape_str(&f->t, v, &f->run) : tape_str(&f->t, tape_get(&f->t, v, "expression"),
                                                                           &f->run);
}

static int eval(struct copying *c, struct str text, const struct path_value *on, struct path_list *out)
{
    struct form *f = c->h->f;
    struct form_rule r = {.item = c->n == &f->root ? FORM_NONE : c->n->item, .text = text};
    struct path **kept = vec_push(&c->parsed);
    int res = kept ? path_parse(text, PATH_LENIENT, &r.x, c->h->e) : err_set(c->h->e, ERR_NOMEM, 0, 0, NULL);

    if (kept)
        *kept = r.x;
    res = res ? res : model_form_look(f, &r, c->h->e);
    res = res ? res : model_form_eval_on(f, c->n, &r, on, c->vars, c->nvars, out, c->h->e);
    if (res)
        c->failed = res;
    return res;
}

/* --- values ------------------------------------------------------------------------------------- */

static void json_of(struct form *f, const struct path_value *v, struct jsonw *w)
{
    struct buf b;

    if (v->kind == PATH_NODE && v->node.at != TAPE_NONE) {
        model_form_compact(w, tape_raw(v->node.t, v->node.at));
        return;
    }
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    if (v->kind == PATH_QUANTITY) {
        struct form_value q = model_form_value_quantity(f, v);

        model_form_value_json(&q, &b);
        jsonw_raw(w, buf_str(&b));
    } else {
        path_text(v, &b);
        if (v->kind == PATH_BOOLEAN || v->kind == PATH_INTEGER || v->kind == PATH_DECIMAL)
            jsonw_raw(w, buf_str(&b));
        else
            jsonw_str(w, buf_str(&b));
    }
    buf_fini(&b);
}

static bool is_template_mark(const struct tape *t, tape_at extension)
{
    struct str url = tape_plain(t, tape_get(t, extension, "url"));

    return str_ends(url, "sdc-questionnaire-templateExtractContext") ||
           str_ends(url, "sdc-questionnaire-templateExtractValue");
}

static tape_at mark(const struct tape *t, tape_at element, const char *name)
{
    return model_form_ext(t, element, name, 0);
}

/* --- copying ------------------------------------------------------------------------------------ */

static void object(struct copying *c, tape_at at, const struct path_value *on, struct jsonw *w, bool top);

/* What an element is made for: the results of its context, or what is around it. */
static int contexts(struct copying *c, tape_at marks, const struct path_value *on, struct path_list *out)
{
    struct form *f = c->h->f;
    tape_at x = mark(&f->t, marks, "templateExtractContext");
    struct str name, text;
    int r;

    if (x == TAPE_NONE) {
        *out = (struct path_list){0};
        return path_push(out, on, &c->h->f->run) ? ERR_OK : (c->failed = err_set(c->h->e, ERR_NOMEM, 0, 0, NULL));
    }
    text = expression_at(f, x, &name);
    r = eval(c, text, on, out);
    if (!r && name.n && c->nvars < c->cap)
        c->vars[c->nvars++] = (struct path_var){arena_dup(c->h->a, name.p, name.n), {0}};
    return r;
}

/* One element, once for each of its contexts: at, with its marks on itself or on its companion. Each that is written is
 * followed by *n growing. most: 0 any number. */
static void element(struct copying *c, tape_at at, tape_at marks, const struct path_value *on, struct jsonw *w,
                    unsigned most, unsigned *n)
{
    struct form *f = c->h->f;
    tape_at value = mark(&f->t, marks, "templateExtractValue");
    unsigned vars = c->nvars;
    struct path_list all, got;
    struct str name;

    if (contexts(c, marks, on, &all))
        return;
    for (uint32_t i = 0; i < all.n && !c->failed; i++) {
        if (c->nvars > vars)
            c->vars[vars].list = (struct path_list){&all.v[i], 1, 1};
        if (value != TAPE_NONE) {
            if (eval(c, expression_at(f, value, &name), &all.v[i], &got))
                return;
            for (uint32_t k = 0; k < got.n; k++, ++*n)
                json_of(f, &got.v[k], w);
        } else if (tape_is(&f->t, at, TAPE_OBJECT)) {
            size_t before = w->out->n;
            bool comma = w->comma;

            object(c, at, &all.v[i], w, false);
            if (w->out->n - before - (comma ? 1 : 0) == 2) { /* {}: all that it held was taken away */
                w->out->n = before;
                w->comma = comma;
            } else {
                ++*n;
            }
        } else if (at != TAPE_NONE) {
            model_form_compact(w, tape_raw(&f->t, at));
            ++*n;
        }
        if (most && *n > most && !c->failed) /* the first of several is nobody's choice */
            c->failed = err_set(c->h->e, ERR_PATH, PATH_SINGLE, 1, NULL);
    }
    c->nvars = vars;
}

/* A member's extensions without the marks, where some are left. */
static void extensions(struct copying *c, tape_at list, struct jsonw *w)
{
    const struct form *f = c->h->f;
    bool any = false;

    for (tape_at x = tape_first(&f->t, list); x != TAPE_NONE; x = tape_next(&f->t, list, x)) {
        if (is_template_mark(&f->t, x))
            continue;
        if (!any) {
            jsonw_key(w, "extension");
            jsonw_open(w, '[');
        }
        any = true;
        model_form_compact(w, tape_raw(&f->t, x));
    }
    if (any)
        jsonw_close(w, ']');
}

/* name: the member without '_'; at and marks: its value and its companion, each may be missing. */
static void member(struct copying *c, struct str name, tape_at at, tape_at marks, const struct path_value *on,
                   struct jsonw *w)
{
    const struct tape *t = &c->h->f->t;
    bool list = tape_is(t, at, TAPE_ARRAY) || tape_is(t, marks, TAPE_ARRAY);
    size_t before = w->out->n;
    bool comma = w->comma;
    char key[128];
    unsigned n = 0;
    tape_at i, k;

    if (name.n >= sizeof key)
        return;
    memcpy(key, name.p, name.n);
    key[name.n] = '\0';
    jsonw_key(w, key);
    if (list)
        jsonw_open(w, '[');
    i = tape_is(t, at, TAPE_ARRAY) ? tape_first(t, at) : at;
    k = tape_is(t, marks, TAPE_ARRAY) ? tape_first(t, marks) : marks;
    while ((i != TAPE_NONE || k != TAPE_NONE) && !c->failed) {
        tape_at own = tape_is(t, i, TAPE_OBJECT) ? i : k;

        element(c, tape_is(t, i, TAPE_NULL) ? TAPE_NONE : i, own, on, w, list ? 0 : 1, &n);
        i = list && i != TAPE_NONE && tape_is(t, at, TAPE_ARRAY) ? tape_next(t, at, i) : TAPE_NONE;
        k = list && k != TAPE_NONE && tape_is(t, marks, TAPE_ARRAY) ? tape_next(t, marks, k) : TAPE_NONE;
    }
    if (list)
        jsonw_close(w, ']');
    if (!n) {
        w->out->n = before;
        w->comma = comma;
    }
}

static tape_at companion(const struct tape *t, tape_at object, struct str name, char prefix)
{
    for (tape_at k = tape_first_member(t, object); k != TAPE_NONE; k = tape_next_member(t, object, k)) {
        struct str has = tape_name(t, k);

        if (prefix ? has.n == name.n + 1 && *has.p == prefix && !memcmp(has.p + 1, name.p, name.n) : str_eq(has, name))
            return k + 1;
    }
    return TAPE_NONE;
}

static void object(struct copying *c, tape_at at, const struct path_value *on, struct jsonw *w, bool top)
{
    const struct tape *t = &c->h->f->t;

    jsonw_open(w, '{');
    for (tape_at k = tape_first_member(t, at); k != TAPE_NONE && !c->failed; k = tape_next_member(t, at, k)) {
        struct str name = tape_name(t, k);
        bool under = name.n > 1 && *name.p == '_';

        if (top && str_is(name, "id")) /* the template's own */
            continue;
        if (str_is(name, "extension"))
            extensions(c, k + 1, w);
        else if (!under)
            member(c, name, k + 1, companion(t, at, name, '_'), on, w);
        else if (companion(t, at, (struct str){name.p + 1, name.n - 1}, 0) == TAPE_NONE)
            member(c, (struct str){name.p + 1, name.n - 1}, TAPE_NONE, k + 1, on, w);
    }
    jsonw_close(w, '}');
}

/* --- one template ------------------------------------------------------------------------------- */

static int broken(struct copying *c, struct str what)
{
    char words[100];
    size_t n = what.n < sizeof words - 1 ? what.n : sizeof words - 1;

    memcpy(words, what.p, n);
    words[n] = '\0';
    return c->failed = err_set(c->h->e, ERR_INPUT, 0, 0, words);
}

/* An expression of the extension's parts, as one string; "" where it has none. */
static struct str part(struct copying *c, tape_at x, const char *name, const struct path_value *on)
{
    struct form *f = c->h->f;
    struct str text = tape_str(&f->t, model_form_part(&f->t, x, name), &f->run);
    struct path_list l;
    struct str out = STR("");
    struct buf b;

    if (!text.n || eval(c, text, on, &l))
        return out;
    if (l.n > 1)
        c->failed = err_set(c->h->e, ERR_PATH, PATH_SINGLE, 1, NULL);
    if (l.n != 1)
        return out;
    buf_init(&b, LIMIT_URL_BYTES);
    if (!path_text(&l.v[0], &b))
        out = arena_str(&f->run, buf_str(&b));
    buf_fini(&b);
    return out;
}

static int template(struct copying *c, tape_at x, const struct path_value *on)
{
    struct form *f = c->h->f;
    struct str ref = tape_plain(&f->t, tape_get(&f->t, model_form_part(&f->t, x, "template"), "reference")), id, type;
    tape_at at = fhir_contained(&f->t, ref);
    struct form_request q = {.method = STR("POST")};
    char urn[FORM_URN];
    struct jsonw w;
    struct buf b;

    type = tape_plain(&f->t, tape_get(&f->t, at, "resourceType"));
    if (at == TAPE_NONE || !str_is_type(type))
        return broken(c, ref.n ? ref : STR("templateExtract"));
    q.full_url = part(c, x, "fullUrl", on);
    id = part(c, x, "resourceId", on);
    q.none_exist = part(c, x, "ifNoneExist", on);
    model_form_urn(c->h, urn);
    if (!q.full_url.n)
        q.full_url = str_of(urn);
    q.url = type;
    if (id.n && !str_is_id(id))
        return broken(c, STR("resourceId"));
    if (id.n) {
        q.method = STR("PUT");
        q.url = str_of(arena_fmt(c->h->a, "%.*s/%.*s", STR_ARG(type), STR_ARG(id)));
    }
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    jsonw_init(&w, &b);
    object(c, at, on, &w, true);
    if (id.n && b.n > 2) { /* the id first */
        struct buf with;

        buf_init(&with, LIMIT_RESOURCE_BYTES);
        buf_addf(&with, "{\"id\":\"%.*s\",", STR_ARG(id));
        buf_add(&with, b.p + 1, b.n - 1);
        buf_fini(&b);
        b = with;
    }
    if (!c->failed && b.failed)
        c->failed = err_set(c->h->e, b.failed, 0, LIMIT_RESOURCE_BYTES, "template");
    if (!c->failed)
        model_form_entry(c->h, &q, buf_str(&b));
    buf_fini(&b);
    return c->failed;
}

/* The ids that are seen from an instance. */
static int ids(struct copying *c)
{
    struct form *f = c->h->f;

    c->cap = (unsigned)c->h->ids.n + 64;
    c->nvars = 0;
    c->vars = arena_alloc(&f->run, c->cap * sizeof *c->vars);
    if (!c->vars)
        return c->failed = err_set(c->h->e, ERR_NOMEM, 0, 0, NULL);
    VEC_EACH(struct form_made, m, &c->h->ids)
        for (const struct form_node *n = c->n; n; n = n->parent)
            if (n == m->in) {
                struct path_value v = {.kind = PATH_STRING, .string = str_of(m->urn)};
                struct path_list l = {0};

                if (path_push(&l, &v, &f->run))
                    c->vars[c->nvars++] = (struct path_var){arena_dup(&f->run, m->name.p, m->name.n), l};
            }
    return ERR_OK;
}

int model_form_templates(struct form_harvest *h)
{
    struct form *f = h->f;
    struct copying c = {.h = h};

    vec_init(&c.parsed, sizeof(struct path *), FORM_MAX_INSTANCES);
    for (struct form_node *n = &f->root; n && !c.failed; n = model_form_walk(&f->root, n)) {
        tape_at at = n == &f->root ? 0 : f->item[n->item].at, x;
        struct path_value on;

        if (n != &f->root && (n->at == TAPE_NONE || !model_form_on(n) ||
                              (model_form_is_answer(f->item[n->item].kind) && n->prev && n->prev->item == n->item)))
            continue;
        for (unsigned i = 0; !c.failed && (x = model_form_ext(&f->t, at, "templateExtract", i)) != TAPE_NONE; i++) {
            c.n = n;
            on = model_form_doc_item(f, n, &f->run);
            if (!ids(&c))
                template(&c, x, &on);
            VEC_EACH(struct path *, parsed, &c.parsed)
                path_free(*parsed);
            c.parsed.n = 0;
        }
    }
    vec_fini(&c.parsed);
    return c.failed;
}
