/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UCUM's grammar (specification 5 to 15), and amounts by it.
 */
#include "config.h"

#include "codes/ucum.h"

#include <string.h>

#include "base/intl.h"
#include "codes/ucum_priv.h"

#define NESTED 16     /* brackets in brackets */
#define FACTOR 30     /* digits of a number in a code */
#define MOST_TIMES 99 /* of an exponent, but for powers of ten */
#define MOST_TENS 300

/* --- units as factors ------------------------------------------------------------------------- */

struct ucum_unit ucum_unit_one(void)
{
    return (struct ucum_unit){.factor = ucum_ratio_one(), .scale = ucum_ratio_one()};
}

static bool is_number(const struct ucum_unit *x)
{
    for (int i = 0; i < UCUM_BASES; i++)
        if (x->dim[i])
            return false;
    return !x->owns && !x->fn && !x->moles && !x->charges && !x->osmoles;
}

static bool add_own(struct ucum_unit *a, unsigned atom, int times)
{
    unsigned i = 0;

    while (i < a->owns && a->own[i].atom < atom)
        i++;
    if (i < a->owns && a->own[i].atom == atom) {
        a->own[i].times += times;
        if (a->own[i].times)
            return true;
        a->owns--;
        memmove(&a->own[i], &a->own[i + 1], (a->owns - i) * sizeof a->own[0]);
        return true;
    }
    if (a->owns == UCUM_OWN)
        return false;
    memmove(&a->own[i + 1], &a->own[i], (a->owns - i) * sizeof a->own[0]);
    a->own[i].atom = atom;
    a->own[i].times = times;
    a->owns++;
    return true;
}

/* A unit with a scale of its own may be multiplied with a number, which then counts on that scale: dB. */
static enum ucum_why special_by(struct ucum_unit *a, const struct ucum_unit *b, int times)
{
    struct ucum_ratio number = a->factor;

    if (b->fn && times == 1 && is_number(a)) {
        *a = *b;
        return ucum_ratio_by(&a->scale, &number, 1) ? UCUM_OK : UCUM_TOO_LARGE;
    }
    if (!a->fn || !is_number(b))
        return UCUM_SPECIAL;
    return ucum_ratio_by(&a->scale, &b->factor, times) ? UCUM_OK : UCUM_TOO_LARGE;
}

enum ucum_why ucum_unit_by(struct ucum_unit *a, const struct ucum_unit *b, int times)
{
    if (a->fn || b->fn)
        return special_by(a, b, times);
    if (!ucum_ratio_by(&a->factor, &b->factor, times))
        return UCUM_TOO_LARGE;
    for (int i = 0; i < UCUM_BASES; i++)
        a->dim[i] += times * b->dim[i];
    for (unsigned i = 0; i < b->owns; i++)
        if (!add_own(a, b->own[i].atom, times * b->own[i].times))
            return UCUM_TOO_LARGE;
    a->moles += times * b->moles;
    a->charges += times * b->charges;
    a->osmoles += times * b->osmoles;
    return UCUM_OK;
}

/* --- the grammar ------------------------------------------------------------------------------ */

struct reading {
    const struct ucum *u;
    struct str code;
    size_t pos;
    unsigned depth;
};

static int look(const struct reading *r)
{
    return r->pos < r->code.n ? (unsigned char)r->code.p[r->pos] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* "{...}" of the printable characters of ASCII: means nothing. */
static enum ucum_why annotation(struct reading *r)
{
    for (r->pos++; look(r) != '}'; r->pos++)
        if (look(r) < '!' || look(r) > '~' || look(r) == '{')
            return UCUM_SYNTAX;
    r->pos++;
    return UCUM_OK;
}

/* A symbol ends at an operator, a bracket that is not its own, or an exponent. */
static struct str symbol(struct reading *r)
{
    size_t from = r->pos;
    unsigned square = 0;
    int c;

    if (str_starts((struct str){r->code.p + from, r->code.n - from}, "10*") ||
        str_starts((struct str){r->code.p + from, r->code.n - from}, "10^")) {
        r->pos += 3;
        return (struct str){r->code.p + from, 3};
    }
    for (; (c = look(r)) >= '!' && c <= '~'; r->pos++) {
        if (!square && (strchr("./(){}+-", c) || is_digit(c)))
            break;
        if (c == '[')
            square++;
        else if (c == ']' && !square--)
            break;
    }
    return (struct str){r->code.p + from, r->pos - from};
}

static enum ucum_why times_of(struct reading *r, int most, int *out)
{
    size_t from = r->pos;
    int64_t v;

    *out = 1;
    if (look(r) == '+' || look(r) == '-')
        r->pos++;
    if (r->pos == from && !is_digit(look(r)))
        return UCUM_OK;
    while (is_digit(look(r)))
        r->pos++;
    if (r->code.p[from] == '+')
        from++;
    if (!str_int((struct str){r->code.p + from, r->pos - from}, -100000, 100000, &v) || !v)
        return UCUM_SYNTAX;
    *out = (int)v;
    return v > most || v < -most ? UCUM_TOO_LARGE : UCUM_OK;
}

/* An atom, or a prefix before a metric one. */
static enum ucum_why named(const struct ucum *u, struct str symbol, struct ucum_unit *out)
{
    const struct ucum_atom *a = ucum_atom_named(u, symbol);

    if (a) {
        *out = a->unit;
        return UCUM_OK;
    }
    for (unsigned i = 0; i < u->prefixes; i++) {
        const struct ucum_atom *p = &u->prefix[i];
        size_t n = p->code.n;

        if (symbol.n <= n || memcmp(symbol.p, p->code.p, n))
            continue;
        a = ucum_atom_named(u, (struct str){symbol.p + n, symbol.n - n});
        if (!a || !a->metric)
            continue;
        *out = p->unit;
        return ucum_unit_by(out, &a->unit, 1);
    }
    return UCUM_NO_UNIT;
}

static enum ucum_why simple(struct reading *r, struct ucum_unit *out)
{
    size_t from = r->pos;
    struct str word = symbol(r);
    struct ucum_unit base;
    enum ucum_why why;
    int times;

    if (!word.n)
        return UCUM_SYNTAX;
    if ((why = named(r->u, word, &base))) {
        r->pos = from;
        return why;
    }
    if ((why = times_of(r, str_starts(word, "10") ? MOST_TENS : MOST_TIMES, &times)))
        return why;
    *out = ucum_unit_one();
    return ucum_unit_by(out, &base, times);
}

static enum ucum_why factor(struct reading *r, struct ucum_unit *out)
{
    size_t from = r->pos;
    struct path_decimal d;

    while (is_digit(look(r)))
        r->pos++;
    *out = ucum_unit_one();
    if (r->pos - from > FACTOR)
        return UCUM_TOO_LARGE;
    return path_decimal_parse((struct str){r->code.p + from, r->pos - from}, &d) && ucum_ratio_of(&d, &out->factor)
               ? UCUM_OK
               : UCUM_SYNTAX;
}

static enum ucum_why term(struct reading *r, struct ucum_unit *out, int first);

static enum ucum_why component(struct reading *r, struct ucum_unit *out)
{
    struct str rest = {r->code.p + r->pos, r->code.n - r->pos};
    enum ucum_why why;

    *out = ucum_unit_one();
    if (look(r) == '{')
        return annotation(r);
    if (look(r) == '(') {
        if (++r->depth > NESTED)
            return UCUM_TOO_LARGE;
        r->pos++;
        if ((why = term(r, out, 1)))
            return why;
        if (look(r) != ')')
            return UCUM_SYNTAX;
        r->pos++;
        r->depth--;
        return UCUM_OK;
    }
    why = is_digit(look(r)) && !str_starts(rest, "10*") && !str_starts(rest, "10^") ? factor(r, out) : simple(r, out);
    return !why && look(r) == '{' ? annotation(r) : why;
}

/* Components from the left: a/b.c is (a/b).c. first: -1 behind a leading '/'. */
static enum ucum_why term(struct reading *r, struct ucum_unit *out, int first)
{
    struct ucum_unit next;
    enum ucum_why why;
    int sign = first;

    *out = ucum_unit_one();
    for (;;) {
        size_t from = r->pos;

        if ((why = component(r, &next)))
            return why;
        if ((why = ucum_unit_by(out, &next, sign))) {
            r->pos = from;
            return why;
        }
        if (look(r) != '.' && look(r) != '/')
            return UCUM_OK;
        sign = look(r) == '/' ? -1 : 1;
        r->pos++;
    }
}

enum ucum_why ucum_read(const struct ucum *u, struct str code, struct ucum_unit *out, size_t *at)
{
    struct reading r = {.u = u, .code = code.n ? code : STR("")};
    enum ucum_why why = UCUM_TOO_LARGE;
    bool under = code.n && *code.p == '/';

    if (code.n <= UCUM_MAX_CODE) {
        r.pos = under;
        why = term(&r, out, under ? -1 : 1);
    }
    if (!why && r.pos < code.n)
        why = UCUM_SYNTAX;
    if (at)
        *at = r.pos;
    return why;
}

enum ucum_why ucum_check(const struct ucum *u, struct str code, size_t *at)
{
    struct ucum_unit unit;

    return ucum_read(u, code, &unit, at);
}

/* --- kinds ------------------------------------------------------------------------------------ */

static bool same_own(const struct ucum_unit *a, const struct ucum_unit *b)
{
    if (a->owns != b->owns)
        return false;
    for (unsigned i = 0; i < a->owns; i++)
        if (a->own[i].atom != b->own[i].atom || a->own[i].times != b->own[i].times)
            return false;
    return true;
}

/* What a's amounts are multiplied with besides both factors: equivalents to moles, grams to moles. */
static enum ucum_why bridge(const struct ucum *u, const struct ucum_unit *a, const struct ucum_unit *b,
                            const struct ucum_substance *of, struct ucum_ratio *out)
{
    int mass = a->dim[u->mass] - b->dim[u->mass], charges = a->charges - b->charges;
    int count = b->moles + b->charges + b->osmoles - a->moles - a->charges - a->osmoles;
    struct path_decimal charge;
    struct ucum_ratio r;

    *out = ucum_ratio_one();
    for (int i = 0; i < UCUM_BASES; i++)
        if (i != u->mass && a->dim[i] != b->dim[i])
            return UCUM_KINDS;
    if (!same_own(a, b) || mass != count)
        return UCUM_KINDS;
    if (a->osmoles != b->osmoles)
        return UCUM_OSMOLES;
    if (charges && (!of || !of->charge))
        return UCUM_CHARGE;
    if (mass && (!of || !of->molar_mass))
        return UCUM_MOLES;
    if (charges) {
        path_decimal_int(of->charge, &charge);
        if (!ucum_ratio_of(&charge, &r) || !ucum_ratio_by(out, &r, -charges))
            return UCUM_TOO_LARGE;
    }
    if (!mass)
        return UCUM_OK;
    if (!ucum_ratio_of(of->molar_mass, &r))
        return UCUM_MOLES;
    return ucum_ratio_by(out, &r, -mass) && ucum_ratio_by(out, &u->mole, mass) ? UCUM_OK : UCUM_TOO_LARGE;
}

/* --- amounts ---------------------------------------------------------------------------------- */

/* v of a unit as a number of its factor. */
static enum ucum_why amount(const struct ucum_unit *a, const struct path_decimal *v, struct path_decimal *out)
{
    *out = *v;
    if (!a->fn)
        return UCUM_OK;
    if (!ucum_ratio_apply(v, &a->scale, out))
        return UCUM_TOO_LARGE;
    return a->fn->from(a->fn, out, out) ? UCUM_OK : UCUM_NO_VALUE;
}

static enum ucum_why unscaled(const struct ucum_unit *a, struct path_decimal *d)
{
    struct ucum_ratio scale = ucum_ratio_one();
    struct path_decimal y;

    if (!a->fn)
        return UCUM_OK;
    if (!a->fn->to(a->fn, d, &y))
        return UCUM_NO_VALUE;
    return ucum_ratio_by(&scale, &a->scale, -1) && ucum_ratio_apply(&y, &scale, d) ? UCUM_OK : UCUM_TOO_LARGE;
}

/* To the digits that a function's value is good for. */
static bool rounded(struct path_decimal *d)
{
    int places = PATH_SIGNIFICANT - (d->n - d->scale);

    if (d->n > PATH_SIGNIFICANT && !path_decimal_round(d, places < 0 ? 0 : places, PATH_HALF_UP, d))
        return false;
    path_decimal_trim(d);
    return true;
}

struct pair {
    struct ucum_unit a, b;
    struct ucum_ratio between;
};

static enum ucum_why pair_of(const struct ucum *u, struct str a, struct str b, const struct ucum_substance *of,
                             struct pair *out)
{
    enum ucum_why why = ucum_read(u, a, &out->a, NULL);

    why = why ? why : ucum_read(u, b, &out->b, NULL);
    return why ? why : bridge(u, &out->a, &out->b, of, &out->between);
}

enum ucum_why ucum_comparable(const struct ucum *u, struct str a, struct str b, const struct ucum_substance *of)
{
    struct pair p;

    return pair_of(u, a, b, of, &p);
}

enum ucum_why ucum_convert(const struct ucum *u, const struct path_decimal *v, struct str from, struct str to,
                           const struct ucum_substance *of, struct path_decimal *out)
{
    struct pair p;
    struct path_decimal d;
    enum ucum_why why = pair_of(u, from, to, of, &p);

    if (why)
        return why;
    if (str_eq(from, to)) {
        *out = *v;
        return UCUM_OK;
    }
    if ((why = amount(&p.a, v, &d)))
        return why;
    if (!ucum_ratio_by(&p.between, &p.a.factor, 1) || !ucum_ratio_by(&p.between, &p.b.factor, -1) ||
        !ucum_ratio_apply(&d, &p.between, &d))
        return UCUM_TOO_LARGE;
    why = unscaled(&p.b, &d);
    if (!why && (p.a.fn || p.b.fn) && !rounded(&d))
        why = UCUM_TOO_LARGE;
    if (!why)
        *out = d;
    return why;
}

enum ucum_why ucum_compare(const struct ucum *u, const struct path_decimal *x, struct str ux,
                           const struct path_decimal *y, struct str uy, int *order)
{
    struct pair p;
    struct path_decimal a, b;
    enum ucum_why why = pair_of(u, ux, uy, NULL, &p);

    why = why ? why : amount(&p.a, x, &a);
    why = why ? why : amount(&p.b, y, &b);
    if (why)
        return why;
    return ucum_ratio_order(&a, &p.a.factor, &b, &p.b.factor, order) ? UCUM_OK : UCUM_TOO_LARGE;
}

/* --- for FHIRPath ----------------------------------------------------------------------------- */

static int said(enum ucum_why why)
{
    return why == UCUM_OK ? 1 : why == UCUM_KINDS ? 0 : -1;
}

static int path_compare(const void *arg, const struct path_decimal *x, struct str ux, const struct path_decimal *y,
                        struct str uy, int *order)
{
    return said(ucum_compare(arg, x, ux, y, uy, order));
}

static int path_convert(const void *arg, const struct path_decimal *x, struct str from, struct str to,
                        struct path_decimal *out)
{
    return said(ucum_convert(arg, x, from, to, NULL, out));
}

static int path_base(const void *arg, const struct path_decimal *x, struct str unit, struct path_decimal *out)
{
    struct ucum_unit a;
    struct path_decimal d;
    enum ucum_why why = ucum_read(arg, unit, &a, NULL);

    why = why ? why : amount(&a, x, &d);
    return !why && ucum_ratio_apply(&d, &a.factor, out) ? 1 : -1;
}

struct path_units ucum_path(const struct ucum *u)
{
    return (struct path_units){u, path_compare, path_convert, path_base};
}

const char *ucum_why(enum ucum_why why)
{
    static const char *const words[UCUM_WHY_N] = {
        [UCUM_OK] = "",
        [UCUM_SYNTAX] = N_("not a unit of UCUM"),
        [UCUM_NO_UNIT] = N_("UCUM has no such unit"),
        [UCUM_SPECIAL] = N_("a unit with a scale of its own cannot be part of another unit"),
        [UCUM_KINDS] = N_("units of two kinds"),
        [UCUM_MOLES] = N_("mass and moles convert only with a molar mass"),
        [UCUM_CHARGE] = N_("equivalents and moles convert only with a charge"),
        [UCUM_OSMOLES] = N_("osmoles and moles do not convert"),
        [UCUM_NO_VALUE] = N_("the unit has no value there"),
        [UCUM_TOO_LARGE] = N_("too large a number or unit"),
    };

    return why < UCUM_WHY_N ? words[why] : words[UCUM_SYNTAX];
}
