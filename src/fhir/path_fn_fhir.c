/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What FHIR, SDC and SQL-on-FHIR add (R4 2.9.1.6; SDC 4.0.0; SQL-on-FHIR 2.0), and what walks a tree.
 */
#include "config.h"

#include <string.h>

#include "fhir/path_fn.h"
#include "fhir/read.h"

static const char structure[] = "http://hl7.org/fhir/StructureDefinition/";

/* A child by a C name. */
static int child(struct path_run *r, const struct path_call *k, const struct path_value *v, const char *name,
                 struct path_list *out)
{
    *out = (struct path_list){0};
    return v->kind == PATH_NODE ? path_member(r, k->node, v, str_of(name), out) : r->failed;
}

/* A child's string, or "". */
static struct str child_string(struct path_run *r, const struct path_call *k, const struct path_value *v,
                               const char *name)
{
    struct path_list l;
    struct path_value s;

    return !child(r, k, v, name, &l) && l.n == 1 && path_plain(&l.v[0], r->a, &s) && s.kind == PATH_STRING
            ? s.string : STR("");
}

PATH_FN(path_fn_children)
{
    struct path_list level = k->in, next;

    do {
        next = (struct path_list){0};
        for (uint32_t i = 0; i < level.n && !r->failed; i++)
            if (level.v[i].kind == PATH_NODE)
                path_children(r, k->node, &level.v[i], &next);
        path_put_all(r, k->node, out, &next);
        level = next;
    } while (k->node->fn->kind && next.n && !r->failed);
    return r->failed;
}

/* Nobody listens: what an expression says there may be a patient's, and a log is no place for it. */
PATH_FN(path_fn_trace)
{
    struct path_list l;

    for (uint32_t i = 0; k->node->args > 1 && i < k->in.n && !r->failed; i++)
        path_each(r, k, 1, i, NULL, &l);
    return r->failed ? r->failed : path_put_all(r, k->node, out, &k->in);
}

PATH_FN(path_fn_now)
{
    struct path_value v = {.kind = (enum path_kind)k->node->fn->kind};

    if (!r->env || !r->env->clock)
        return path_fail(r, k->node, PATH_NEEDS);
    v.time = path_time_of(r->now_ms, r->env->zone_min);
    if (v.kind == PATH_DATE) {
        v.time.precision = PATH_DAY;
        v.time.hour = v.time.min = v.time.sec = v.time.ns = v.time.digits = 0;
        v.time.zoned = false;
    } else if (v.kind == PATH_TIME) {
        v.time.year = v.time.month = v.time.day = 0;
        v.time.zoned = false;
    }
    return path_put(r, k->node, out, &v);
}

/* Extensions with that url. */
static int extensions(struct path_run *r, const struct path_call *k, const struct path_value *v, struct str url,
                      struct path_list *out)
{
    struct path_list all;

    if (child(r, k, v, "extension", &all))
        return r->failed;
    for (uint32_t i = 0; i < all.n && !r->failed; i++)
        if (str_eq(child_string(r, k, &all.v[i], "url"), url))
            path_put(r, k->node, out, &all.v[i]);
    return r->failed;
}

PATH_FN(path_fn_extension)
{
    struct str url;

    if (path_one_string(r, k->node, &k->arg[0], &url) != 1)
        return r->failed;
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++)
        extensions(r, k, &k->in.v[i], url, out);
    return r->failed;
}

static bool has_value(const struct path_value *v)
{
    return v->kind != PATH_NODE || (v->node.at != TAPE_NONE && !tape_is(v->node.t, v->node.at, TAPE_OBJECT));
}

PATH_FN(path_fn_has_value)
{
    bool has = k->in.n == 1 && has_value(&k->in.v[0]);
    struct path_value v;

    if (!k->node->fn->kind)
        return path_put_bool(r, k->node, out, has);
    return has && path_plain(&k->in.v[0], r->a, &v) ? path_put(r, k->node, out, &v) : r->failed;
}

/* "#id": what is contained in the resource that holds the reference. */
static bool contained(struct path_run *r, const struct path_value *from, struct str reference, struct path_value *out)
{
    const struct path_value *top = from;
    tape_at at;

    while (top->kind == PATH_NODE && top->node.in && !(path_type_resource(top->type) && !str_is(top->node.name,
            "contained")))
        top = top->node.in;
    if (top->kind != PATH_NODE)
        top = &r->root;
    if (top->kind != PATH_NODE || !reference.n)
        return false;
    at = fhir_contained(top->node.t, reference);
    if (at == TAPE_NONE)
        return false;
    *out = path_root(top->node.t, at);
    out->node.name = STR("contained");
    out->node.in = top;
    return true;
}

PATH_FN(path_fn_resolve)
{
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++) {
        struct path_value *v = &k->in.v[i], s, found;
        struct str reference = path_plain(v, r->a, &s) && s.kind == PATH_STRING ? s.string : child_string(r, k, v,
                "reference");
        bool here = str_starts(reference, "#") ? contained(r, v, reference, &found)
                                               : reference.n && r->env && r->env->resolve &&
                                                     r->env->resolve(r->env->arg, reference, &found);

        if (here)
            path_put(r, k->node, out, &found);
    }
    return r->failed;
}

/* Only FHIR's own types are known here; a profile is a validator's work. */
PATH_FN(path_fn_conforms)
{
    struct path_value v;
    struct str url, name, space;

    if (path_one_any(r, k->node, &k->in, &v) != 1 || path_one_string(r, k->node, &k->arg[0], &url) != 1)
        return r->failed;
    if (!str_starts(url, structure))
        return path_fail(r, k->node, PATH_NEEDS);
    name = path_type_known((struct str){url.p + sizeof structure - 1, url.n - (sizeof structure - 1)});
    if (!name.n)
        return path_fail(r, k->node, PATH_NEEDS);
    return path_put_bool(r, k->node, out, path_type_is(path_type_of(&v, &space), name));
}

/* --- codes ------------------------------------------------------------------------------------ */

struct coding {
    struct str system, code;
};

/* A code, a Coding; of a CodeableConcept each coding in turn, also one without a code. False: no more. */
static bool coding_at(struct path_run *r, const struct path_call *k, const struct path_value *v, uint32_t i,
                      struct coding *c)
{
    struct path_value s;
    struct path_list l;

    *c = (struct coding){0};
    if (path_plain(v, r->a, &s)) {
        c->code = s.kind == PATH_STRING ? s.string : STR("");
        return !i && c->code.n;
    }
    if (!child(r, k, v, "coding", &l) && l.n) {
        if (i >= l.n)
            return false;
        v = &l.v[i];
    } else if (i) {
        return false;
    }
    c->system = child_string(r, k, v, "system");
    c->code = child_string(r, k, v, "code");
    return true;
}

PATH_FN(path_fn_member_of)
{
    struct path_value v;
    struct coding c;
    struct str url;
    int is = 0;
    bool open = false;

    if (path_one_any(r, k->node, &k->in, &v) != 1 || path_one_string(r, k->node, &k->arg[0], &url) != 1)
        return r->failed;
    for (uint32_t i = 0; is < 1 && coding_at(r, k, &v, i, &c); i++) { /* one member is enough */
        if (!c.code.n)
            continue;
        is = r->env && r->env->member_of ? r->env->member_of(r->env->arg, url, c.system, c.code) : -1;
        open |= is < 0;
    }
    if (r->failed)
        return r->failed;
    return is < 1 && open ? path_fail(r, k->node, PATH_NEEDS) : path_put_bool(r, k->node, out, is);
}

/* --- weights ---------------------------------------------------------------------------------- */

static const char *const scores[] = {"http://hl7.org/fhir/StructureDefinition/itemWeight",
                                     "http://hl7.org/fhir/StructureDefinition/ordinalValue",
                                     "http://hl7.org/fhir/StructureDefinition/questionnaire-ordinalValue"};

/* The score that stands on a coding or a value itself. */
static bool own_score(struct path_run *r, const struct path_call *k, const struct path_value *v, struct path_value *out)
{
    struct path_list ext = {0}, l;

    for (size_t i = 0; i < sizeof scores / sizeof *scores && !ext.n && !r->failed; i++)
        extensions(r, k, v, str_of(scores[i]), &ext);
    return ext.n && !child(r, k, &ext.v[0], "value", &l) && l.n && path_plain(&l.v[0], r->a, out);
}

/* The linkId of the item that an answer's value stands in. */
static struct str link_of(struct path_run *r, const struct path_call *k, const struct path_value *v)
{
    for (; v && v->kind == PATH_NODE; v = v->node.in)
        if (str_is(v->node.name, "item"))
            return child_string(r, k, v, "linkId");
    return STR("");
}

/* The question with that linkId, anywhere below. */
static bool question(struct path_run *r, const struct path_call *k, const struct path_value *in, struct str link,
                     struct path_value *out)
{
    struct path_list items;

    if (child(r, k, in, "item", &items))
        return false;
    for (uint32_t i = 0; i < items.n && !r->failed; i++) {
        if (str_eq(child_string(r, k, &items.v[i], "linkId"), link)) {
            *out = items.v[i];
            return true;
        }
        if (question(r, k, &items.v[i], link, out))
            return true;
    }
    return false;
}

/* The score that the form gives an answer: on the option that is the same. */
static bool option_score(struct path_run *r, const struct path_call *k, const struct path_value *form,
                         const struct path_value *v, struct path_value *out)
{
    struct path_list options, value;
    struct path_value q;
    struct coding want, has;
    enum path_same same;

    if (!question(r, k, form, link_of(r, k, v), &q) || child(r, k, &q, "answerOption", &options))
        return false;
    for (uint32_t i = 0; i < options.n && !r->failed; i++) {
        if (child(r, k, &options.v[i], "value", &value) || value.n != 1)
            continue;
        if (coding_at(r, k, v, 0, &want) && want.code.n) {
            if (!coding_at(r, k, &value.v[0], 0, &has) || !str_eq(want.code, has.code) ||
                (want.system.n && has.system.n && !str_eq(want.system, has.system)))
                continue;
        } else if ((same = path_equal(r, k->node, v, &value.v[0])) != PATH_SAME) {
            if (same == PATH_SAME_UNLIKE)
                path_fail(r, k->node, PATH_NEEDS);
            continue;
        }
        return own_score(r, k, &value.v[0], out) || own_score(r, k, &options.v[i], out);
    }
    return false;
}

PATH_FN(path_fn_weight)
{
    const struct path_list *form = NULL;

    for (unsigned i = 0; r->env && i < r->env->nvars; i++)
        if (!strcmp(r->env->vars[i].name, "questionnaire"))
            form = &r->env->vars[i].list;
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++) {
        const struct path_value *v = &k->in.v[i];
        struct path_list inner = {0};
        struct path_value score;

        if (v->kind == PATH_NODE && tape_is(v->node.t, v->node.at, TAPE_OBJECT) && !child(r, k, v, "value",
                &inner) && inner.n == 1 &&
            !path_is_type(v, STR(""), STR("Quantity")))
            v = &inner.v[0]; /* an answer stands for its value */
        if (own_score(r, k, v, &score) || (form && form->n == 1 && option_score(r, k, &form->v[0], v, &score)))
            path_put(r, k->node, out, &score);
    }
    return r->failed;
}

/* --- keys of SQL-on-FHIR ---------------------------------------------------------------------- */

PATH_FN(path_fn_key)
{
    for (uint32_t i = 0; i < k->in.n && !r->failed; i++) {
        struct str id = child_string(r, k, &k->in.v[i], k->node->fn->kind ? "reference" : "id"), type = STR("");

        if (k->node->fn->kind) { /* [url/]Type/id[/_history/v] */
            struct str rest = id;

            for (id = STR(""); rest.n && !str_is(rest, "_history");) {
                struct str part = str_split(&rest, '/');

                if (str_is(part, "_history"))
                    break;
                type = id;
                id = part;
            }
        }
        if (id.n && (!k->node->args || str_eq(type, k->node->arg[0]->name)))
            path_put_string(r, k->node, out, id);
    }
    return r->failed;
}
