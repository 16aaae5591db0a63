/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expressions over the answers as they are: a working response is written and read whenever it is needed and an answer
 * has changed since, so that %resource is what will be saved. Variables are computed when a rule that runs names them,
 * once for each working response.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/intl.h"
#include "fhir/read.h"

#define RUN_DEPTH 64 /* variables in variables */
#define RUN_TIDY ((size_t)16 << 20)

/* --- the working response --------------------------------------------------------------------- */

/* Both are in the order of the document. */
static void place_items(struct form *f)
{
    uint32_t at = 0;

    for (struct form_node *n = model_form_walk(&f->root, &f->root); n; n = model_form_walk(&f->root, n)) {
        n->at = TAPE_NONE;
        if (n->off == FORM_NONE)
            continue;
        if (at < f->doc_t.n && f->doc_t.nodes[at].off > n->off) /* another answer of the item before */
            at = 0;
        while (at < f->doc_t.n && (f->doc_t.nodes[at].off < n->off || f->doc_t.nodes[at].kind == TAPE_KEY))
            at++;
        if (at < f->doc_t.n && f->doc_t.nodes[at].off == n->off)
            n->at = at;
    }
}

int model_form_doc(struct form *f, struct err *e)
{
    int r;

    if (!f->stale)
        return ERR_OK;
    tape_fini(&f->doc_t);
    buf_clear(&f->doc);
    arena_fini(&f->run);
    arena_init(&f->run, FORM_ARENA_MAX);
    f->seen.n = 0;
    r = model_form_response(f, f->status, FORM_WORKING, &f->doc, e);
    r = r ? r : tape_parse(&f->doc_t, buf_str(&f->doc), e);
    if (r)
        return r;
    place_items(f);
    f->stale = false;
    return ERR_OK;
}

void model_form_tidy(struct form *f)
{
    if (f->run.used > RUN_TIDY)
        f->stale = true;
}

struct path_value model_form_doc_item(struct form *f, const struct form_node *n, struct arena *a)
{
    struct path_value v = path_root(&f->doc_t, 0), *in;

    if (n == &f->root)
        return v;
    in = arena_alloc(a, sizeof *in);
    if (in)
        *in = model_form_doc_item(f, n->parent, a);
    v.type = STR("QuestionnaireResponse.item");
    v.node.name = STR("item");
    v.node.in = in;
    v.node.at = n->at;
    if (n->at == TAPE_NONE) {
        v.node.t = &f->none;
        v.node.at = 0;
    }
    return v;
}

static struct path_value definition(const struct form *f, uint32_t item, struct arena *a)
{
    struct path_value v = path_root(&f->t, 0), *in;

    if (item == FORM_NONE)
        return v;
    in = arena_alloc(a, sizeof *in);
    if (in)
        *in = definition(f, f->item[item].parent, a);
    v.type = STR("Questionnaire.item");
    v.node.name = STR("item");
    v.node.in = in;
    v.node.at = f->item[item].at;
    return v;
}

/* --- variables -------------------------------------------------------------------------------- */

struct scope {
    struct form *f;
    struct path_var *v;
    unsigned n, cap;
};

static void put_list(struct scope *s, const char *name, const struct path_list *l)
{
    if (name && s->n < s->cap)
        s->v[s->n++] = (struct path_var){name, *l};
}

static void put(struct scope *s, const char *name, const struct path_value *v)
{
    struct path_list l = {0};

    if (path_push(&l, v, &s->f->run))
        put_list(s, name, &l);
}

static const struct form_context *context_named(const struct form *f, struct str name)
{
    for (unsigned i = 0; i < f->env.ncontexts; i++)
        if (str_is(name, f->env.contexts[i].name))
            return &f->env.contexts[i];
    return NULL;
}

static const struct form_context *context_of_type(const struct form *f, struct str type)
{
    for (unsigned i = 0; i < f->env.ncontexts; i++)
        if (type.n && str_eq(tape_plain(f->env.contexts[i].t, tape_get(f->env.contexts[i].t, f->env.contexts[i].at,
                                                                       "resourceType")), type))
            return &f->env.contexts[i];
    return NULL;
}

static void put_context(struct scope *s, const char *name, const struct form_context *c)
{
    struct path_value v = path_root(c->t, c->at);

    put(s, name, &v);
}

/* A form may call the patient by a name of its own. */
static void put_contexts(struct scope *s)
{
    const struct form *f = s->f;
    tape_at x;

    for (unsigned i = 0; i < f->env.ncontexts; i++)
        put_context(s, f->env.contexts[i].name, &f->env.contexts[i]);
    for (unsigned i = 0; (x = model_form_ext(&f->t, 0, "launchContext", i)) != TAPE_NONE; i++) {
        struct str name = fhir_code(&f->t, model_form_part(&f->t, x, "name"));
        const struct form_context *c = context_of_type(f, tape_plain(&f->t, model_form_part(&f->t, x, "type")));

        if (name.n && c && !context_named(f, name))
            put_context(s, arena_dup(&s->f->run, name.p, name.n), c);
    }
}

/* Where a rule of an item is at home, seen from an instance under it. */
static const struct form_node *home(const struct form *f, const struct form_node *at, uint32_t item)
{
    while (at != &f->root && at->item != item)
        at = at->parent;
    return at;
}

static int variable(struct form *f, const struct form_node *at, uint32_t rule, struct path_list *out, struct err *e)
{
    const struct form_rule *r = model_form_rule(f, rule);
    const struct form_node *own = home(f, at, r->item);
    struct form_seen *s, one = {.rule = rule, .at = own};

    if (r->use == FORM_USE_POPULATE && (own->around.n || own->alone)) {
        *out = own->around;
        return ERR_OK;
    }
    VEC_EACH(struct form_seen, p, &f->seen)
        if (p->rule == rule && p->at == own) {
            *out = p->list;
            if (p->failed && e)
                *e = p->e;
            return p->failed;
        }
    if (f->depth >= RUN_DEPTH)
        return err_set(e, ERR_PATH, PATH_DEPTH, 1, NULL);
    f->depth++;
    one.failed = model_form_eval(f, own, r, &one.list, &one.e);
    f->depth--;
    s = vec_push(&f->seen);
    if (s)
        *s = one;
    *out = one.list;
    if (one.failed && e)
        *e = one.e;
    return one.failed;
}

static int scope_make(struct scope *s, const struct form_node *at, const struct form_rule *r,
                      const struct path_value *root, struct err *e)
{
    struct form *f = s->f;
    struct path_value v;
    int res = ERR_OK;

    s->cap += 2 * f->env.ncontexts + 24 + r->nvars;
    s->v = arena_alloc(&f->run, s->cap * sizeof *s->v);
    if (!s->v)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    put(s, "context", root);
    v = path_root(&f->doc_t, 0);
    put(s, "resource", &v);
    v = path_root(&f->t, 0);
    put(s, "questionnaire", &v);
    if (at != &f->root) {
        v = definition(f, at->item, &f->run);
        put(s, "qitem", &v);
    }
    for (unsigned i = 0; i < r->nvars && !res; i++) {
        const struct form_rule *var = model_form_rule(f, r->vars[i]);
        struct path_list l = {0};

        res = variable(f, at, r->vars[i], &l, e);
        put_list(s, arena_dup(&f->run, var->name.p, var->name.n), &l);
    }
    put_contexts(s);
    return res;
}

/* --- evaluation ------------------------------------------------------------------------------- */

static struct path_env path_env_of(const struct form *f, const struct scope *s)
{
    struct path_env p = {.clock = f->env.clock, .vars = s->v, .nvars = s->n, .arg = f->env.arg,
                         .resolve = f->env.resolve, .member_of = f->env.member_of, .units = f->env.units};

    if (f->env.clock && f->env.zone_min)
        p.zone_min = f->env.zone_min(f->env.arg, clock_wall_ms(f->env.clock));
    return p;
}

/* "Observation?patient={{%patient.id}}": what stands in braces is computed first. */
static int query(struct form *f, const struct path_env *env, const struct path_value *root, struct str text,
                 struct path_list *out, struct err *e)
{
    struct path_value found;
    struct buf b;
    int r = ERR_OK;

    buf_init(&b, LIMIT_URL_BYTES);
    while (text.n && !r) {
        struct str rest = text;
        size_t n = 0;
        struct path *x = NULL;
        struct path_list l = {0};

        while (n + 1 < text.n && memcmp(text.p + n, "{{", 2))
            n++;
        if (n + 1 >= text.n) {
            buf_addstr(&b, text);
            break;
        }
        buf_add(&b, text.p, n);
        rest = (struct str){text.p + n + 2, text.n - n - 2};
        for (n = 0; n + 1 < rest.n && memcmp(rest.p + n, "}}", 2);)
            n++;
        r = n + 1 < rest.n ? path_parse(str_trim((struct str){rest.p, n}), PATH_LENIENT, &x, e)
                           : err_set(e, ERR_PATH, PATH_SYNTAX, 1, NULL);
        r = r ? r : path_eval(x, env, root, &f->run, &l, e);
        for (uint32_t i = 0; i < l.n && !r; i++)
            r = path_text(&l.v[i], &b);
        path_free(x);
        text = n + 2 < rest.n ? (struct str){rest.p + n + 2, rest.n - n - 2} : STR("");
    }
    if (!r && f->env.query && !b.failed && f->env.query(f->env.arg, buf_str(&b), &found))
        r = path_push(out, &found, &f->run) ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
    else if (!r)
        r = err_set(e, ERR_PATH, PATH_NEEDS, 1, "x-fhir-query");
    buf_fini(&b);
    return r;
}

int model_form_eval_on(struct form *f, const struct form_node *at, const struct form_rule *r,
                       const struct path_value *root, const struct path_var *more, unsigned nmore,
                       struct path_list *out, struct err *e)
{
    struct scope s = {.f = f, .cap = nmore};
    struct path_env env;
    int res = scope_make(&s, at, r, root, e);

    *out = (struct path_list){0};
    if (!res && f->until_ms && clock_boot_ms(f->env.clock) > f->until_ms)
        res = err_set(e, ERR_PATH, PATH_TOO_LONG, 1, NULL);
    if (res)
        return res;
    for (unsigned i = 0; i < nmore; i++)
        put_list(&s, more[i].name, &more[i].list);
    env = path_env_of(f, &s);
    return r->query ? query(f, &env, root, r->text, out, e) : path_eval(r->x, &env, root, &f->run, out, e);
}

int model_form_eval(struct form *f, const struct form_node *at, const struct form_rule *r, struct path_list *out,
                    struct err *e)
{
    struct path_value root;
    int res = model_form_doc(f, e);

    *out = (struct path_list){0};
    if (res)
        return res;
    root = model_form_doc_item(f, at, &f->run);
    return model_form_eval_on(f, at, r, &root, NULL, 0, out, e);
}

struct text model_form_cannot(struct arena *a, const struct err *e)
{
    char *words;

    if (e->code != ERR_PATH)
        words = arena_fmt(a, _("cannot compute: %s"), err_name(e->code));
    else if (e->what[0])
        words = arena_fmt(a, _("cannot compute: %s (%s)"), _(path_why(e->sub)), e->what);
    else
        words = arena_fmt(a, _("cannot compute: %s"), _(path_why(e->sub)));
    return text_safe(a, str_of(words ? words : "!"), 0);
}

enum form_truth model_form_true(struct form *f, const struct form_node *at, const struct form_rule *r, struct err *e)
{
    struct path_list l;
    struct path_value v;

    if (model_form_eval(f, at, r, &l, e))
        return FORM_FAILED;
    if (!l.n)
        return FORM_NOTHING;
    if (l.n == 1 && path_plain(&l.v[0], &f->run, &v) && v.kind == PATH_BOOLEAN)
        return v.boolean ? FORM_TRUE : FORM_FALSE;
    err_set(e, ERR_PATH, l.n > 1 ? PATH_SINGLE : PATH_KIND, 1, NULL);
    return FORM_FAILED;
}
