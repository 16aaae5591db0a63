/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Words -> tree, by Pratt's way: an operator's row in the table says how close it binds.
 */
#include "config.h"

#include <string.h>

#include "base/mem.h"
#include "fhir/path_priv.h"

#define BINDS_TYPE 9   /* is, as */
#define BINDS_SIGN 12  /* + and - before a value */

struct parser {
    struct path *x;
    struct path_lex lex;
    struct err *e;
    unsigned depth;
};

static int expression(struct parser *p, unsigned binds, const struct path_node **out);

static int bad(struct parser *p)
{
    return path_err(p->e, PATH_SYNTAX, p->lex.at, p->lex.word.n || p->lex.token != PATH_T_END ? p->lex.word
            : STR("end"));
}

static struct path_node *node(struct parser *p, enum path_what what, size_t at)
{
    struct path_node *n = p->x->nodes < PATH_MAX_NODES ? arena_alloc(&p->x->a, sizeof *n) : NULL;

    if (!n) {
        path_err(p->e, PATH_TOO_LONG, at, STR(""));
        return NULL;
    }
    p->x->nodes++;
    n->what = what;
    n->at = (uint32_t)at;
    n->height = 1;
    return n;
}

static int grow(struct parser *p, struct path_node *n, const struct path_node *child)
{
    if (child && child->height >= n->height)
        n->height = (uint16_t)(child->height + 1);
    return n->height > PATH_MAX_TREE ? path_err(p->e, PATH_DEPTH, n->at, n->name) : ERR_OK;
}

static bool at_sign(const struct parser *p, const char *z)
{
    return p->lex.token == PATH_T_SIGN && str_is(p->lex.word, z);
}

static int want(struct parser *p, const char *z)
{
    return at_sign(p, z) ? path_lex_next(&p->lex) : bad(p);
}

/* --- terms ------------------------------------------------------------------------------------ */

static int number(struct parser *p, struct path_node *n)
{
    struct path_decimal d;

    if (!path_decimal_parse(p->lex.word, &d))
        return path_err(p->e, PATH_BAD_VALUE, p->lex.at, p->lex.word);
    if (memchr(p->lex.word.p, '.', p->lex.word.n)) {
        n->value.kind = PATH_DECIMAL;
        n->value.decimal = path_keep(&p->x->a, &d);
    } else {
        n->value.kind = PATH_INTEGER;
        if (!path_decimal_to_int(&d, &n->value.integer))
            return path_err(p->e, PATH_BAD_VALUE, p->lex.at, p->lex.word);
    }
    return path_lex_next(&p->lex);
}

/* A unit behind a number: 'mg', or a word of the calendar. */
static int unit(struct parser *p, struct path_node *n)
{
    bool calendar = p->lex.token == PATH_T_NAME && !p->lex.quoted && path_time_unit(p->lex.word, true);
    struct path_decimal d;

    if (p->lex.token != PATH_T_STRING && !calendar)
        return ERR_OK;
    if (!path_number(&n->value, &d))
        return ERR_OK;
    n->value = (struct path_value){.kind = PATH_QUANTITY,
                                   .quantity = {path_keep(&p->x->a, &d), arena_str(&p->x->a, p->lex.word),
                                                calendar, false}};
    return path_lex_next(&p->lex);
}

static int moment(struct parser *p, struct path_node *n, enum path_kind kind)
{
    n->value.kind = kind;
    if (!path_time_parse(p->lex.word, kind, &n->value.time))
        return bad(p);
    return path_lex_next(&p->lex);
}

static int dollar(struct parser *p, struct path_node *n)
{
    static const struct {
        const char *name;
        enum path_what what;
    } known[] = {{"this", PATH_N_THIS}, {"index", PATH_N_INDEX}, {"total", PATH_N_TOTAL}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_is(p->lex.word, known[i].name)) {
            n->what = known[i].what;
            return path_lex_next(&p->lex);
        }
    return bad(p);
}

static bool is_type_call(const struct path_node *n)
{
    return n->fn->how & PATH_TYPE_ARG;
}

/* "FHIR.Patient", "System.String", "Quantity" */
static int type_name(struct parser *p, struct path_node *n)
{
    int r;

    if (p->lex.token != PATH_T_NAME)
        return bad(p);
    n->name = p->lex.word;
    r = path_lex_next(&p->lex);
    if (!r && at_sign(p, ".") && (str_is(n->name, "FHIR") || str_is(n->name, "System"))) {
        r = path_lex_next(&p->lex);
        if (!r && p->lex.token != PATH_T_NAME)
            return bad(p);
        n->space = n->name;
        n->name = p->lex.word;
        r = r ? r : path_lex_next(&p->lex);
    }
    return r;
}

static int argument(struct parser *p, struct path_node *n)
{
    const struct path_node **more = arena_alloc(&p->x->a, (n->args + 1) * sizeof *more), *a = NULL;
    bool down = false;
    int r;

    if (!more || n->args >= n->fn->most)
        return path_err(p->e, more ? PATH_FUNCTION : PATH_TOO_LONG, n->at, n->name);
    if (str_is(n->name, "sort") && at_sign(p, "-")) {
        down = true;
        r = path_lex_next(&p->lex);
    } else {
        r = ERR_OK;
    }
    if (!r && is_type_call(n)) {
        struct path_node *t = node(p, PATH_N_TYPE, p->lex.at);

        a = t;
        r = t ? type_name(p, t) : ERR_PATH;
    } else if (!r) {
        r = expression(p, 0, &a);
    }
    if (r)
        return r;
    if (down) {
        struct path_node *copy = node(p, a->what, a->at);

        if (!copy)
            return ERR_PATH;
        *copy = *a;
        copy->descending = true;
        a = copy;
    }
    if (n->args)
        memcpy(more, n->arg, n->args * sizeof *more);
    more[n->args++] = a;
    n->arg = more;
    return grow(p, n, a);
}

static int call(struct parser *p, struct path_node *n)
{
    int r = want(p, "(");

    n->what = PATH_N_CALL;
    n->fn = path_fn_named(n->name);
    if (!r && !n->fn)
        return path_err(p->e, PATH_FUNCTION, n->at, n->name);
    while (!r && !at_sign(p, ")")) {
        r = argument(p, n);
        if (!r && !at_sign(p, ")"))
            r = want(p, ",");
    }
    if (!r && n->args < n->fn->least)
        return path_err(p->e, PATH_FUNCTION, n->at, n->name);
    return r ? r : want(p, ")");
}

/* A name, or a function: behind a dot, or where an expression begins. */
static int invocation(struct parser *p, const struct path_node *left, const struct path_node **out)
{
    struct path_node *n = node(p, PATH_N_MEMBER, p->lex.at);
    int r;

    if (!n)
        return ERR_PATH;
    n->left = left;
    *out = n;
    if (p->lex.token == PATH_T_DOLLAR)
        return dollar(p, n);
    if (p->lex.token != PATH_T_NAME)
        return bad(p);
    n->name = arena_str(&p->x->a, p->lex.word);
    r = path_lex_next(&p->lex);
    if (!r && at_sign(p, "("))
        r = call(p, n);
    return r ? r : grow(p, n, left);
}

static int brackets(struct parser *p, const struct path_node **out)
{
    int r = path_lex_next(&p->lex);

    r = r ? r : expression(p, 0, out);
    return r ? r : want(p, ")");
}

static int empty(struct parser *p, struct path_node *n)
{
    int r = path_lex_next(&p->lex);

    n->what = PATH_N_EMPTY;
    return r ? r : want(p, "}");
}

static int literal(struct parser *p, struct path_node *n)
{
    int r;

    switch (p->lex.token) {
    case PATH_T_NUMBER:
        r = number(p, n);
        return r ? r : unit(p, n);
    case PATH_T_STRING:
        n->value = (struct path_value){.kind = PATH_STRING, .string = p->lex.word};
        return path_lex_next(&p->lex);
    case PATH_T_DATE:
        return moment(p, n, PATH_DATE);
    case PATH_T_DATETIME:
        return moment(p, n, PATH_DATETIME);
    case PATH_T_CLOCK:
        return moment(p, n, PATH_TIME);
    case PATH_T_PERCENT:
        n->what = PATH_N_VARIABLE;
        n->name = arena_str(&p->x->a, p->lex.word);
        return path_lex_next(&p->lex);
    default:
        return at_sign(p, "{") ? empty(p, n) : bad(p);
    }
}

static int term(struct parser *p, const struct path_node **out)
{
    struct path_node *n;

    if (at_sign(p, "("))
        return brackets(p, out);
    if (p->lex.token == PATH_T_NAME && !p->lex.quoted && (str_is(p->lex.word, "true") || str_is(p->lex.word,
            "false"))) {
        n = node(p, PATH_N_VALUE, p->lex.at);
        if (!n)
            return ERR_PATH;
        n->value = (struct path_value){.kind = PATH_BOOLEAN, .boolean = str_is(p->lex.word, "true")};
        *out = n;
        return path_lex_next(&p->lex);
    }
    if (p->lex.token == PATH_T_NAME || p->lex.token == PATH_T_DOLLAR)
        return invocation(p, NULL, out);
    n = node(p, PATH_N_VALUE, p->lex.at);
    *out = n;
    return n ? literal(p, n) : ERR_PATH;
}

static int indexer(struct parser *p, const struct path_node **out)
{
    struct path_node *n = node(p, PATH_N_ITEM, p->lex.at);
    int r = n ? path_lex_next(&p->lex) : ERR_PATH;

    if (r)
        return r;
    n->left = *out;
    r = expression(p, 0, &n->right);
    r = r ? r : want(p, "]");
    *out = n;
    r = r ? r : grow(p, n, n->left);
    return r ? r : grow(p, n, n->right);
}

/* What a term is followed by closely: dots and indices. */
static int chain(struct parser *p, const struct path_node **out)
{
    int r = term(p, out);

    while (!r && (at_sign(p, ".") || at_sign(p, "["))) {
        if (at_sign(p, "[")) {
            r = indexer(p, out);
        } else {
            r = path_lex_next(&p->lex);
            r = r ? r : invocation(p, *out, out);
        }
    }
    return r;
}

/* --- operators -------------------------------------------------------------------------------- */

static int prefix(struct parser *p, const struct path_node **out)
{
    struct path_node *n;
    int r;

    if (!at_sign(p, "-") && !at_sign(p, "+"))
        return chain(p, out);
    n = node(p, at_sign(p, "-") ? PATH_N_MINUS : PATH_N_PLUS, p->lex.at);
    r = n ? path_lex_next(&p->lex) : ERR_PATH;
    if (r)
        return r;
    r = expression(p, BINDS_SIGN, &n->left);
    *out = n;
    return r ? r : grow(p, n, n->left);
}

static int type_operator(struct parser *p, const struct path_node **out)
{
    struct path_node *n = node(p, PATH_N_TYPE, p->lex.at);
    int r;

    if (!n)
        return ERR_PATH;
    n->fn = path_fn_named(p->lex.word);
    n->left = *out;
    *out = n;
    r = path_lex_next(&p->lex);
    r = r ? r : type_name(p, n);
    return r ? r : grow(p, n, n->left);
}

static int binary(struct parser *p, const struct path_operator *op, const struct path_node **out)
{
    struct path_node *n = node(p, PATH_N_BINARY, p->lex.at);
    int r;

    if (!n)
        return ERR_PATH;
    n->op = op;
    n->name = str_of(op->sign);
    n->left = *out;
    *out = n;
    r = path_lex_next(&p->lex);
    r = r ? r : expression(p, op->binds + 1, &n->right);
    r = r ? r : grow(p, n, n->left);
    return r ? r : grow(p, n, n->right);
}

static int expression(struct parser *p, unsigned binds, const struct path_node **out)
{
    int r;

    if (++p->depth > PATH_MAX_DEPTH)
        return path_err(p->e, PATH_DEPTH, p->lex.at, p->lex.word);
    r = prefix(p, out);
    while (!r && (p->lex.token == PATH_T_SIGN || p->lex.token == PATH_T_NAME) && !p->lex.quoted) {
        bool type = p->lex.token == PATH_T_NAME && (str_is(p->lex.word, "is") || str_is(p->lex.word, "as"));
        const struct path_operator *op = type ? NULL : path_operator_named(p->lex.word);

        if (type ? binds > BINDS_TYPE : !op || op->binds < binds)
            break;
        r = type ? type_operator(p, out) : binary(p, op, out);
    }
    p->depth--;
    return r;
}

int path_parse(struct str text, unsigned flags, struct path **out, struct err *e)
{
    struct parser p = {.e = e};
    int r;

    *out = NULL;
    if (text.n > PATH_MAX_BYTES_TEXT)
        return err_set(e, ERR_TOOBIG, 0, PATH_MAX_BYTES_TEXT, "expression");
    p.x = mem_alloc(sizeof *p.x);
    if (!p.x)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    arena_init(&p.x->a, PATH_MAX_ARENA);
    p.x->text = arena_str(&p.x->a, text);
    p.x->flags = flags;
    p.lex = (struct path_lex){.text = p.x->text, .strict = (flags & PATH_STRICT) != 0, .a = &p.x->a, .e = e};
    r = path_lex_next(&p.lex);
    r = r ? r : expression(&p, 0, &p.x->root);
    if (!r && p.lex.token != PATH_T_END)
        r = bad(&p);
    if (!r && p.x->a.failed)
        r = path_err(e, PATH_TOO_LONG, 0, STR(""));
    if (r)
        path_free(p.x);
    else
        *out = p.x;
    return r;
}

void path_free(struct path *x)
{
    if (!x)
        return;
    arena_fini(&x->a);
    mem_free(x);
}
