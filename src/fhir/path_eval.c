/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The walk over an expression's tree.
 */
#include "config.h"

#include <string.h>

#include "fhir/path_priv.h"

int path_fail(struct path_run *r, const struct path_node *n, enum path_why why)
{
    if (!r->failed)
        r->failed = path_err(r->e, r->a->failed ? PATH_TOO_LONG : why, n->at, n->name);
    return r->failed;
}

int path_late(struct path_run *r, const struct path_node *n)
{
    if (r->until_ms && clock_boot_ms(r->env->clock) > r->until_ms)
        return path_fail(r, n, PATH_TOO_LONG);
    return r->failed;
}

/* The clock is looked at once in so many steps. */
int path_step(struct path_run *r, const struct path_node *n, unsigned steps)
{
    unsigned before = r->steps;

    if (steps > PATH_MAX_STEPS - r->steps)
        return path_fail(r, n, PATH_TOO_LONG);
    r->steps += steps;
    return before / 1024 != r->steps / 1024 ? path_late(r, n) : r->failed;
}

int path_bytes(struct path_run *r, const struct path_node *n, size_t bytes)
{
    return path_step(r, n, bytes / 64 < PATH_MAX_STEPS ? (unsigned)(bytes / 64) + 1 : PATH_MAX_STEPS + 1);
}

/* --- results ---------------------------------------------------------------------------------- */

int path_put(struct path_run *r, const struct path_node *n, struct path_list *out, const struct path_value *v)
{
    if (path_step(r, n, 1))
        return r->failed;
    return path_push(out, v, r->a) ? ERR_OK : path_fail(r, n, PATH_TOO_LONG);
}

int path_put_bool(struct path_run *r, const struct path_node *n, struct path_list *out, bool v)
{
    struct path_value x = {.kind = PATH_BOOLEAN, .boolean = v};

    return path_put(r, n, out, &x);
}

int path_put_int(struct path_run *r, const struct path_node *n, struct path_list *out, int64_t v)
{
    struct path_value x = {.kind = PATH_INTEGER, .integer = v};

    return path_put(r, n, out, &x);
}

int path_put_string(struct path_run *r, const struct path_node *n, struct path_list *out, struct str v)
{
    struct path_value x = {.kind = PATH_STRING, .string = v.n ? v : STR("")}; /* never without an address */

    return path_put(r, n, out, &x);
}

int path_put_decimal(struct path_run *r, const struct path_node *n, struct path_list *out, const struct path_decimal *d)
{
    struct path_value x = {.kind = PATH_DECIMAL, .decimal = path_keep(r->a, d)};

    return x.decimal ? path_put(r, n, out, &x) : path_fail(r, n, PATH_TOO_LONG);
}

int path_put_all(struct path_run *r, const struct path_node *n, struct path_list *out, const struct path_list *in)
{
    for (uint32_t i = 0; i < in->n && !r->failed; i++)
        path_put(r, n, out, &in->v[i]);
    return r->failed;
}

/* --- names ------------------------------------------------------------------------------------ */

/* "Patient" where an expression begins means the resource itself, or one of a type derived from it. */
static bool names_type(const struct path_value *v, struct str name)
{
    return v->kind == PATH_NODE && v->type.n && name.n && *name.p >= 'A' && *name.p <= 'Z' && path_type_is(v->type,
            name);
}

static int member_of_all(struct path_run *r, const struct path_node *n, const struct path_list *in,
                         struct path_list *out)
{
    for (uint32_t i = 0; i < in->n && !r->failed; i++) {
        const struct path_value *v = &in->v[i];

        if (!n->left && names_type(v, n->name)) {
            path_put(r, n, out, v);
        } else if (v->kind == PATH_NODE) {
            path_member(r, n, v, n->name, out);
        } else if (v->kind == PATH_TYPE && str_is(n->name, "name")) {
            path_put_string(r, n, out, v->string);
        } else if (v->kind == PATH_TYPE && str_is(n->name, "namespace")) {
            path_put_string(r, n, out, v->type);
        } else if (v->kind == PATH_QUANTITY && str_is(n->name, "value")) {
            path_put_decimal(r, n, out, v->quantity.value);
        } else if (v->kind == PATH_QUANTITY && (str_is(n->name, "unit") || str_is(n->name, "code"))) {
            path_put_string(r, n, out, v->quantity.unit);
        }
    }
    return r->failed;
}

/* --- variables -------------------------------------------------------------------------------- */

static int fixed_variable(struct path_run *r, const struct path_node *n, struct path_list *out)
{
    static const struct {
        const char *name, *value;
    } fixed[] = {{"sct", "http://snomed.info/sct"},
                 {"loinc", "http://loinc.org"},
                 {"ucum", "http://unitsofmeasure.org"}};
    static const struct {
        const char *prefix, *url;
    } made[] = {{"vs-", "http://hl7.org/fhir/ValueSet/"}, {"ext-", "http://hl7.org/fhir/StructureDefinition/"}};

    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (str_is(n->name, fixed[i].name))
            return path_put_string(r, n, out, str_of(fixed[i].value));
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        if (str_starts(n->name, made[i].prefix)) {
            size_t skip = strlen(made[i].prefix);
            char *url = arena_fmt(r->a, "%s%.*s", made[i].url, (int)(n->name.n - skip), n->name.p + skip);

            return url ? path_put_string(r, n, out, str_of(url)) : path_fail(r, n, PATH_TOO_LONG);
        }
    return path_fail(r, n, PATH_VARIABLE);
}

/* The resource that the root stands in (top: the one that holds that, where it is contained); the root itself when what
 * holds it is not known. */
static struct path_value resource_of(const struct path_run *r, bool top)
{
    struct path_value found = r->root;

    for (const struct path_value *v = &r->root; v && v->kind == PATH_NODE; v = v->node.in)
        if (path_type_resource(v->type)) {
            found = *v;
            if (!top)
                break;
        }
    return found;
}

static int variable(struct path_run *r, const struct path_node *n, struct path_list *out)
{
    struct path_value v;

    for (unsigned i = 0; r->env && i < r->env->nvars; i++)
        if (str_is(n->name, r->env->vars[i].name))
            return path_put_all(r, n, out, &r->env->vars[i].list);
    if (str_is(n->name, "context"))
        return path_put(r, n, out, &r->root);
    if (str_is(n->name, "resource") || str_is(n->name, "rootResource")) {
        v = resource_of(r, str_is(n->name, "rootResource"));
        return path_put(r, n, out, &v);
    }
    return fixed_variable(r, n, out);
}

/* --- nodes of the tree ------------------------------------------------------------------------ */

static int left_of(struct path_run *r, const struct path_node *n, const struct path_frame *f, struct path_list *out)
{
    if (n->left)
        return path_walk(r, n->left, f, out);
    *out = f->focus;
    return ERR_OK;
}

int path_each(struct path_run *r, const struct path_call *k, unsigned arg, uint32_t i, const struct path_list *total,
              struct path_list *out)
{
    struct path_frame f = {.focus = {&k->in.v[i], 1, 1}, .index = i, .total = total ? total : k->frame->total};

    *out = (struct path_list){0};
    return path_step(r, k->node, 1) ? r->failed : path_walk(r, k->node->arg[arg], &f, out);
}

static bool is_lambda(const struct path_fn *fn, unsigned arg)
{
    return (fn->how & (PATH_ALL_LAMBDA | PATH_TYPE_ARG)) || (arg == 0 && (fn->how & PATH_LAMBDA)) ||
           (arg == 1 && (fn->how & PATH_SECOND_LAMBDA));
}

static int call(struct path_run *r, const struct path_node *n, const struct path_frame *f, struct path_list *out)
{
    struct path_call k = {.node = n, .frame = f};

    left_of(r, n, f, &k.in);
    for (unsigned i = 0; i < n->args && i < 3 && !r->failed; i++)
        if (!is_lambda(n->fn, i))
            path_walk(r, n->arg[i], f, &k.arg[i]);
    return r->failed ? r->failed : n->fn->run(r, &k, out);
}

static int item(struct path_run *r, const struct path_node *n, const struct path_frame *f, struct path_list *out)
{
    struct path_list in = {0}, at = {0};
    int64_t i;
    int has;

    if (left_of(r, n, f, &in) || path_walk(r, n->right, f, &at))
        return r->failed;
    has = path_one_int(r, n, &at, &i);
    if (has == 1 && i >= 0 && i < in.n)
        path_put(r, n, out, &in.v[i]);
    return r->failed;
}

static int binary(struct path_run *r, const struct path_node *n, const struct path_frame *f, struct path_list *out)
{
    struct path_list a = {0}, b = {0};

    if (path_walk(r, n->left, f, &a) || path_walk(r, n->right, f, &b))
        return r->failed;
    return n->op->run(r, n, &a, &b, out);
}

static int minus(struct path_run *r, const struct path_node *n, const struct path_frame *f, struct path_list *out)
{
    struct path_list in = {0};
    struct path_value v;
    struct path_decimal d;
    int has;

    if (path_walk(r, n->left, f, &in))
        return r->failed;
    has = path_one(r, n, &in, &v);
    if (has != 1)
        return r->failed;
    if (v.kind == PATH_INTEGER) {
        if (n->what == PATH_N_MINUS && v.integer == INT64_MIN)
            return path_fail(r, n, PATH_BAD_VALUE);
        if (n->what == PATH_N_MINUS)
            v.integer = -v.integer;
        return path_put(r, n, out, &v);
    }
    if (v.kind != PATH_DECIMAL && v.kind != PATH_QUANTITY)
        return path_fail(r, n, PATH_KIND);
    d = v.kind == PATH_DECIMAL ? *v.decimal : *v.quantity.value;
    d.negative = n->what == PATH_N_MINUS ? d.n && !d.negative : d.negative;
    if (v.kind == PATH_DECIMAL)
        return path_put_decimal(r, n, out, &d);
    v.quantity.value = path_keep(r->a, &d);
    return v.quantity.value ? path_put(r, n, out, &v) : path_fail(r, n, PATH_TOO_LONG);
}

/* `is` and `as` as operators: the functions of those names. */
static int type_operator(struct path_run *r, const struct path_node *n, const struct path_frame *f,
                         struct path_list *out)
{
    struct path_node inner = {.what = PATH_N_TYPE, .at = n->at, .name = n->name, .space = n->space};
    const struct path_node *arg = &inner;
    struct path_node as_call = {.what = PATH_N_CALL, .at = n->at, .name = n->name, .fn = n->fn, .arg = &arg, .args = 1};
    struct path_call k = {.node = &as_call, .frame = f};

    if (path_walk(r, n->left, f, &k.in))
        return r->failed;
    return n->fn->run(r, &k, out);
}

static int place(struct path_run *r, const struct path_node *n, const struct path_frame *f, struct path_list *out)
{
    if (n->what == PATH_N_TOTAL)
        return f->total ? path_put_all(r, n, out, f->total) : r->failed;
    return f->index < 0 ? path_fail(r, n, PATH_VARIABLE) : path_put_int(r, n, out, f->index);
}

int path_walk(struct path_run *r, const struct path_node *n, const struct path_frame *f, struct path_list *out)
{
    struct path_list in = {0};

    if (path_step(r, n, 1))
        return r->failed;
    switch (n->what) {
    case PATH_N_VALUE:
        return path_put(r, n, out, &n->value);
    case PATH_N_EMPTY:
        return ERR_OK;
    case PATH_N_THIS:
        return path_put_all(r, n, out, &f->focus);
    case PATH_N_INDEX:
    case PATH_N_TOTAL:
        return place(r, n, f, out);
    case PATH_N_VARIABLE:
        return variable(r, n, out);
    case PATH_N_MEMBER:
        return left_of(r, n, f, &in) ? r->failed : member_of_all(r, n, &in, out);
    case PATH_N_CALL:
        return call(r, n, f, out);
    case PATH_N_ITEM:
        return item(r, n, f, out);
    case PATH_N_BINARY:
        return binary(r, n, f, out);
    case PATH_N_MINUS:
    case PATH_N_PLUS:
        return minus(r, n, f, out);
    case PATH_N_TYPE:
        return type_operator(r, n, f, out);
    }
    return r->failed;
}

int path_eval(const struct path *x, const struct path_env *env, const struct path_value *root, struct arena *a,
              struct path_list *out, struct err *e)
{
    struct path_run r = {.x = x, .env = env, .a = a, .e = e, .root = *root};
    struct path_value *keep = arena_alloc(a, sizeof *keep);
    struct path_frame f = {.focus = {keep, 1, 1}, .index = -1};

    *out = (struct path_list){0};
    if (!keep)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    *keep = *root;
    if (env && env->clock) {
        r.until_ms = clock_boot_ms(env->clock) + (env->max_ms ? env->max_ms : PATH_MAX_MS);
        r.now_ms = clock_wall_ms(env->clock);
    }
    path_walk(&r, x->root, &f, out);
    if (!r.failed && a->failed)
        path_fail(&r, x->root, PATH_TOO_LONG);
    if (r.failed)
        *out = (struct path_list){0};
    return r.failed;
}
