/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a node of a document says as a value, and its words.
 */
#include "config.h"

#include <string.h>

#include "fhir/path_priv.h"

const struct path_decimal *path_keep(struct arena *a, const struct path_decimal *d)
{
    struct path_decimal *p = arena_alloc(a, sizeof *p);

    if (p)
        *p = *d;
    return p;
}

bool path_push(struct path_list *l, const struct path_value *v, struct arena *a)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 4;
        struct path_value *p = arena_alloc(a, cap * sizeof *p);

        if (!p)
            return false;
        if (l->n)
            memcpy(p, l->v, l->n * sizeof *p);
        l->v = p;
        l->cap = cap;
    }
    l->v[l->n++] = *v;
    return true;
}

struct path_value path_root(const struct tape *t, tape_at at)
{
    struct str type = path_type_known(tape_plain(t, tape_get(t, at, "resourceType")));

    return (struct path_value){.kind = PATH_NODE, .type = type, .node = {.t = t, .at = at, .more = TAPE_NONE}};
}

/* --- a node's value --------------------------------------------------------------------------- */

static bool number_value(const struct path_value *v, struct arena *a, struct path_value *out)
{
    struct str lexeme = tape_lexeme(v->node.t, v->node.at);
    bool whole = v->type.n ? path_type_is(v->type, STR("integer"))
                           : !memchr(lexeme.p, '.', lexeme.n) && !memchr(lexeme.p, 'e', lexeme.n);
    struct path_decimal d;

    if (!path_decimal_parse(lexeme, &d))
        return false;
    *out = (struct path_value){.kind = PATH_INTEGER};
    if (whole && path_decimal_to_int(&d, &out->integer))
        return true;
    out->kind = PATH_DECIMAL;
    out->decimal = path_keep(a, &d);
    return out->decimal != NULL;
}

static bool string_value(const struct path_value *v, struct arena *a, struct path_value *out)
{
    static const struct {
        const char *type;
        enum path_kind kind;
    } times[] = {{"date", PATH_DATE}, {"dateTime", PATH_DATETIME}, {"instant", PATH_DATETIME}, {"time", PATH_TIME}};
    struct str s = tape_str(v->node.t, v->node.at, a);

    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (str_is(v->type, times[i].type)) {
            *out = (struct path_value){.kind = times[i].kind};
            if (path_time_parse(s, times[i].kind, &out->time))
                return true;
        }
    *out = (struct path_value){.kind = PATH_STRING, .string = s.n ? s : STR("")};
    return true;
}

/* FHIR's Quantity where it says one amount: no comparator. A unit that is no UCUM code stands for itself. */
static bool quantity_value(const struct path_value *v, struct arena *a, struct path_value *out)
{
    const struct tape *t = v->node.t;
    tape_at at = v->node.at;
    struct str unit = tape_str(t, tape_get(t, at, "code"), a), system = tape_plain(t, tape_get(t, at, "system"));
    bool word = !unit.n || (system.n && !str_is(system, "http://unitsofmeasure.org"));
    struct path_decimal d;

    if (!path_type_is(v->type, STR("Quantity")) || tape_get(t, at, "comparator") != TAPE_NONE ||
        !path_decimal_parse(tape_lexeme(t, tape_get(t, at, "value")), &d))
        return false;
    if (word)
        unit = tape_str(t, tape_get(t, at, "unit"), a);
    *out = (struct path_value){.kind = PATH_QUANTITY, .quantity = {path_keep(a, &d), unit.n ? unit : STR("1"), false,
                               word && unit.n}};
    return out->quantity.value != NULL;
}

bool path_plain(const struct path_value *v, struct arena *a, struct path_value *out)
{
    if (v->kind != PATH_NODE) {
        *out = *v;
        return true;
    }
    switch (tape_kind(v->node.t, v->node.at)) {
    case TAPE_TRUE:
    case TAPE_FALSE:
        *out = (struct path_value){.kind = PATH_BOOLEAN, .boolean = tape_true(v->node.t, v->node.at)};
        return true;
    case TAPE_NUMBER:
        return number_value(v, a, out);
    case TAPE_STRING:
        return string_value(v, a, out);
    case TAPE_OBJECT:
        return quantity_value(v, a, out);
    default:
        return false;
    }
}

bool path_number(const struct path_value *v, struct path_decimal *out)
{
    if (v->kind == PATH_INTEGER)
        path_decimal_int(v->integer, out);
    else if (v->kind == PATH_DECIMAL && v->decimal)
        *out = *v->decimal;
    else
        return false;
    return true;
}

/* --- types ------------------------------------------------------------------------------------ */

static const char *const names[] = {[PATH_NODE] = "", [PATH_BOOLEAN] = "Boolean", [PATH_INTEGER] = "Integer",
                                    [PATH_DECIMAL] = "Decimal", [PATH_STRING] = "String", [PATH_DATE] = "Date",
                                    [PATH_DATETIME] = "DateTime", [PATH_TIME] = "Time", [PATH_QUANTITY] = "Quantity",
                                    [PATH_TYPE] = "TypeInfo"};

struct str path_type_of(const struct path_value *v, struct str *space)
{
    struct path_value plain;
    struct arena a;
    struct str name;

    *space = v->kind == PATH_NODE ? STR("FHIR") : STR("System");
    if (v->kind != PATH_NODE)
        return str_of(names[v->kind]);
    if (v->type.n)
        return v->type;
    arena_init(&a, 1 << 20);
    name = path_plain(v, &a, &plain) ? str_of(names[plain.kind]) : STR("Element");
    arena_fini(&a);
    if (!str_is(name, "Element"))
        *space = STR("System");
    return name;
}

bool path_type_exists(struct str space, struct str name)
{
    /* FHIR's names are also asked of System, where they mean nothing (R4's suite, testType22). */
    if (path_type_known(name).n || str_is(name, "SimpleQuantity") || str_is(name, "MoneyQuantity"))
        return true;
    for (size_t i = 1; (!space.n || str_is(space, "System")) && i < sizeof names / sizeof *names; i++)
        if (str_is(name, names[i]))
            return true;
    return str_is(name, "Any");
}

bool path_is_type(const struct path_value *v, struct str space, struct str name)
{
    struct str has_space, has = path_type_of(v, &has_space);

    if (space.n && !str_eq(space, has_space))
        return false;
    if (str_is(has_space, "System"))
        return str_eq(has, name) || str_is(name, "Any");
    if (str_is(name, "SimpleQuantity") || str_is(name, "MoneyQuantity"))
        name = STR("Quantity");
    return path_type_is(has, name);
}

/* --- words ------------------------------------------------------------------------------------ */

static int quantity_text(const struct path_value *v, struct buf *out)
{
    path_decimal_text(v->quantity.value, out);
    buf_addc(out, ' ');
    if (!v->quantity.calendar)
        buf_addc(out, '\'');
    buf_addstr(out, v->quantity.unit);
    if (!v->quantity.calendar)
        buf_addc(out, '\'');
    return out->failed;
}

/* A document's bytes without the blanks between its values. */
static int node_text(struct str raw, struct buf *out)
{
    bool inside = false;

    for (size_t i = 0; i < raw.n; i++) {
        char c = raw.p[i];

        if (inside && c == '\\' && i + 1 < raw.n)
            buf_addc(out, raw.p[i++]);
        else if (c == '"')
            inside = !inside;
        else if (!inside && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
            continue;
        buf_addc(out, raw.p[i]);
    }
    return out->failed;
}

static int text_of_node(const struct path_value *v, struct buf *out)
{
    struct arena a;
    int r;

    if (tape_is(v->node.t, v->node.at, TAPE_STRING)) {
        arena_init(&a, PATH_MAX_ARENA);
        r = buf_addstr(out, tape_str(v->node.t, v->node.at, &a));
        arena_fini(&a);
        return r;
    }
    return node_text(tape_raw(v->node.t, v->node.at == TAPE_NONE ? v->node.more : v->node.at), out);
}

int path_text(const struct path_value *v, struct buf *out)
{
    switch (v->kind) {
    case PATH_NODE:
        return text_of_node(v, out);
    case PATH_BOOLEAN:
        return buf_adds(out, v->boolean ? "true" : "false");
    case PATH_INTEGER:
        return buf_addf(out, "%lld", (long long)v->integer);
    case PATH_DECIMAL:
        return path_decimal_text(v->decimal, out);
    case PATH_STRING:
        return buf_addstr(out, v->string);
    case PATH_DATE:
    case PATH_DATETIME:
    case PATH_TIME:
        return path_time_text(&v->time, v->kind, out);
    case PATH_QUANTITY:
        return quantity_text(v, out);
    case PATH_TYPE:
        buf_addstr(out, v->type);
        buf_addc(out, '.');
        return buf_addstr(out, v->string);
    }
    return ERR_OK;
}

/* --- one value -------------------------------------------------------------------------------- */

int path_one_any(struct path_run *r, const struct path_node *n, const struct path_list *l, struct path_value *out)
{
    if (l->n > 1)
        return path_fail(r, n, PATH_SINGLE);
    if (l->n)
        *out = l->v[0];
    return l->n ? 1 : 0;
}

int path_one(struct path_run *r, const struct path_node *n, const struct path_list *l, struct path_value *out)
{
    struct path_value any;
    int has = path_one_any(r, n, l, &any);

    if (has != 1)
        return has;
    if (path_plain(&any, r->a, out))
        return r->a->failed ? path_fail(r, n, PATH_TOO_LONG) : 1;
    if (any.kind == PATH_NODE && any.node.at == TAPE_NONE)
        return 0; /* extensions alone */
    return path_fail(r, n, PATH_KIND);
}

int path_one_string(struct path_run *r, const struct path_node *n, const struct path_list *l, struct str *out)
{
    struct path_value v;
    int has = path_one(r, n, l, &v);

    if (has != 1)
        return has;
    if (v.kind != PATH_STRING)
        return path_fail(r, n, PATH_KIND);
    *out = v.string;
    return 1;
}

int path_one_int(struct path_run *r, const struct path_node *n, const struct path_list *l, int64_t *out)
{
    struct path_value v;
    struct path_decimal d;
    int has = path_one(r, n, l, &v);

    if (has != 1)
        return has;
    return path_number(&v, &d) && path_decimal_to_int(&d, out) ? 1 : path_fail(r, n, PATH_KIND);
}

int path_truth(struct path_run *r, const struct path_node *n, const struct path_list *l, int *code)
{
    struct path_value any, v;
    int has = path_one_any(r, n, l, &any);

    *code = ERR_OK;
    if (has < 0) {
        *code = has;
        return 2;
    }
    if (!has)
        return -1;
    if (path_plain(&any, r->a, &v) && v.kind == PATH_BOOLEAN)
        return v.boolean;
    return 1; /* a single value of another type counts as true (specification 4.5) */
}
