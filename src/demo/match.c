/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"

struct value {
    struct str text;   /* unescaped: a code, a name, an id, a URL */
    struct str system; /* token: before the '|'; p NULL: none given */
    struct str type;   /* reference: "Patient", or "" */
    char prefix[3];    /* date: "eq", "ge", ... */
    int64_t lo, hi;    /* date */
    uint32_t place;    /* patient: its number, or DEMO_NONE if it was never named */
    bool plain;        /* letters and digits only: the bytes must hold them */
};

struct demo_clause {
    const struct demo_param_kind *kind;
    bool (*test)(void *look, const struct tape *t, tape_at at);
    bool patient; /* the resource's own patient answers it */
    bool exact, contains;
    struct value *values;
    unsigned n;
};

/* What a test is given. */
struct look {
    struct demo_turn *turn;
    const struct demo_clause *c;
};

struct str demo_value_split(struct str *rest, char sep, struct arena *a)
{
    struct str all = *rest;
    char *out = arena_alloc(a, all.n + 1);
    size_t i, n = 0;

    *rest = (struct str){NULL, 0};
    if (!out)
        return (struct str){"", 0};
    for (i = 0; i < all.n && all.p[i] != sep; i++) {
        if (all.p[i] == '\\' && i + 1 < all.n && strchr("\\,|$", all.p[i + 1])) {
            if (sep == ',') /* a '|' inside keeps its backslash until it is split itself */
                out[n++] = all.p[i];
            i++;
        }
        out[n++] = all.p[i];
    }
    if (i < all.n)
        *rest = (struct str){all.p + i + 1, all.n - i - 1};
    return (struct str){out, n};
}

bool demo_walk(const struct tape *t, tape_at at, struct str path,
               bool (*each)(void *arg, const struct tape *t, tape_at at), void *arg)
{
    struct str name;

    if (tape_is(t, at, TAPE_ARRAY)) {
        for (tape_at i = tape_first(t, at); i != TAPE_NONE; i = tape_next(t, at, i))
            if (demo_walk(t, i, path, each, arg))
                return true;
        return false;
    }
    if (!path.p)
        return at != TAPE_NONE && each(arg, t, at);
    name = str_split(&path, '.');
    for (tape_at k = tape_first_member(t, at); k != TAPE_NONE; k = tape_next_member(t, at, k))
        if (str_eq(tape_name(t, k), name))
            return demo_walk(t, k + 1, path, each, arg);
    return false;
}

bool demo_range(struct str lexeme, int64_t *lo, int64_t *hi)
{
    const int64_t day = DATE_DAY_MS;
    struct date d;

    if (!date_parse(lexeme, &d))
        return false;
    *lo = date_ms(&d);
    switch (d.precision) {
    case DATE_YEAR:
        *hi = date_days(d.year + 1, 1, 1) * day;
        break;
    case DATE_MONTH:
        *hi = d.month == 12 ? date_days(d.year + 1, 1, 1) * day
                            : date_days(d.year, d.month + 1, 1) * day;
        break;
    case DATE_DAY:
        *hi = *lo + day;
        break;
    default:
        *hi = *lo + (memchr(lexeme.p, '.', lexeme.n) ? 1 : 1000);
    }
    return true;
}

/* --- what stands in a resource against what was asked ---------------------------------------- */

static bool token_is(struct look *l, struct str system, struct str code, bool has_system)
{
    for (unsigned i = 0; i < l->c->n; i++) {
        const struct value *v = &l->c->values[i];

        if ((!v->text.n || str_eq(v->text, code)) &&
            (!v->system.p || !has_system || str_eq(v->system, system)) &&
            (v->text.n || v->system.p))
            return true;
    }
    return false;
}

/* A code, a boolean, Coding, CodeableConcept, Identifier or ContactPoint. */
static bool test_token(void *look, const struct tape *t, tape_at at)
{
    struct look *l = look;
    struct arena *a = &l->turn->a;
    tape_at coding = tape_get(t, at, "coding"), code = tape_get(t, at, "code");

    if (tape_is(t, at, TAPE_STRING))
        return token_is(l, (struct str){"", 0}, tape_str(t, at, a), false);
    if (tape_is(t, at, TAPE_TRUE) || tape_is(t, at, TAPE_FALSE))
        return token_is(l, (struct str){"", 0}, tape_raw(t, at), false);
    for (tape_at i = tape_first(t, coding); i != TAPE_NONE; i = tape_next(t, coding, i))
        if (token_is(l, tape_str(t, tape_get(t, i, "system"), a),
                     tape_str(t, tape_get(t, i, "code"), a), true))
            return true;
    if (coding != TAPE_NONE || !tape_is(t, at, TAPE_OBJECT))
        return false;
    return token_is(l, tape_str(t, tape_get(t, at, "system"), a),
                    tape_str(t, code != TAPE_NONE ? code : tape_get(t, at, "value"), a), true);
}

/* "Patient/1" of "http://here/fhir/Patient/1/_history/2". */
static struct str bare_reference(const struct demo_turn *t, struct str s)
{
    if (s.n > t->base.n && !memcmp(s.p, t->base.p, t->base.n) && s.p[t->base.n] == '/')
        s = (struct str){s.p + t->base.n + 1, s.n - t->base.n - 1};
    for (size_t i = 0; i + 10 <= s.n; i++)
        if (!memcmp(s.p + i, "/_history/", 10))
            s.n = i;
    return s;
}

static bool test_reference(void *look, const struct tape *t, tape_at at)
{
    struct look *l = look;
    tape_at to = tape_is(t, at, TAPE_OBJECT) ? tape_get(t, at, "reference") : at;
    struct str s = bare_reference(l->turn, tape_str(t, to, &l->turn->a)), id = s, type;

    type = str_split(&id, '/');
    for (unsigned i = 0; i < l->c->n; i++) {
        const struct value *v = &l->c->values[i];

        if (s.n && (str_eq(s, v->text) ||
                    (id.p && str_eq(id, v->text) && (!v->type.n || str_eq(type, v->type)))))
            return true;
    }
    return false;
}

static bool string_is(struct look *l, struct str s)
{
    struct buf folded;
    bool yes = false;

    buf_init(&folded, LIMIT_RESOURCE_BYTES);
    text_fold(&folded, s);
    for (unsigned i = 0; i < l->c->n && !yes; i++) {
        struct str v = l->c->values[i].text;

        if (l->c->exact)
            yes = str_eq(s, v);
        else if (l->c->contains)
            yes = folded.n && memmem(folded.p, folded.n, v.p, v.n);
        else
            yes = folded.n >= v.n && !memcmp(folded.p, v.p, v.n);
    }
    buf_fini(&folded);
    return yes;
}

static bool test_text(void *look, const struct tape *t, tape_at at)
{
    struct look *l = look;

    return tape_is(t, at, TAPE_STRING) && string_is(l, tape_str(t, at, &l->turn->a));
}

/* A string, or HumanName's parts. */
static bool test_string(void *look, const struct tape *t, tape_at at)
{
    static const char *const parts[] = {"family", "given", "prefix", "suffix", "text"};

    if (!tape_is(t, at, TAPE_OBJECT))
        return test_text(look, t, at);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (demo_walk(t, at, str_of(parts[i]), test_text, look))
            return true;
    return false;
}

static bool test_uri(void *look, const struct tape *t, tape_at at)
{
    struct look *l = look;
    struct str s = tape_str(t, at, &l->turn->a);

    for (unsigned i = 0; i < l->c->n; i++)
        if (s.n && str_eq(s, l->c->values[i].text))
            return true;
    return false;
}

/* R4 search.html 3.1.1.4.7: both sides are ranges. */
static bool date_holds(const struct value *v, int64_t lo, int64_t hi)
{
    bool eq = lo >= v->lo && hi <= v->hi;

    if (!strcmp(v->prefix, "eq"))
        return eq;
    if (!strcmp(v->prefix, "ne"))
        return !eq;
    if (!strcmp(v->prefix, "gt"))
        return hi > v->hi;
    if (!strcmp(v->prefix, "ge"))
        return hi > v->hi || eq;
    if (!strcmp(v->prefix, "lt"))
        return lo < v->lo;
    if (!strcmp(v->prefix, "le"))
        return lo < v->lo || eq;
    return !strcmp(v->prefix, "sa") ? lo >= v->hi : hi <= v->lo;
}

static bool test_date(void *look, const struct tape *t, tape_at at)
{
    struct look *l = look;
    int64_t lo, hi, ignored;

    if (tape_is(t, at, TAPE_OBJECT)) {
        tape_at start = tape_get(t, at, "start"), end = tape_get(t, at, "end");

        if (start == TAPE_NONE && end == TAPE_NONE)
            return false;
        if (start == TAPE_NONE || !demo_range(tape_plain(t, start), &lo, &ignored))
            lo = INT64_MIN;
        if (end == TAPE_NONE || !demo_range(tape_plain(t, end), &ignored, &hi))
            hi = INT64_MAX;
    } else if (!demo_range(tape_plain(t, at), &lo, &hi)) {
        return false;
    }
    for (unsigned i = 0; i < l->c->n; i++)
        if (date_holds(&l->c->values[i], lo, hi))
            return true;
    return false;
}

/* --- a parameter's values -------------------------------------------------------------------- */

static const struct {
    const char *kind;
    bool (*test)(void *look, const struct tape *t, tape_at at);
} tests[] = {
    {"token", test_token},   {"reference", test_reference},
    {"string", test_string}, {"date", test_date},
    {"uri", test_uri},
};

static bool read_date(struct value *v, struct str s)
{
    static const char known[] = "eq ne gt ge lt le sa eb";

    memcpy(v->prefix, "eq", 3);
    if (s.n > 2 && s.p[0] >= 'a' && s.p[0] <= 'z') {
        memcpy(v->prefix, s.p, 2);
        s = (struct str){s.p + 2, s.n - 2};
        if (!strstr(known, v->prefix))
            return false;
    }
    return demo_range(s, &v->lo, &v->hi);
}

static void read_reference(struct demo_turn *t, struct demo_clause *c, struct value *v,
                           struct str modifier)
{
    struct str rest;

    v->type = modifier;
    if (c->patient)
        v->type = STR("Patient");
    v->text = bare_reference(t, v->text);
    rest = v->text;
    v->place = DEMO_NONE;
    if (c->patient && str_starts(rest, "Patient/"))
        rest = (struct str){rest.p + 8, rest.n - 8};
    if (c->patient)
        v->place = demo_find(t->d, demo_type(STR("Patient")), rest);
    if (c->patient)
        v->text = rest;
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] >= '0' && s.p[i] <= '9') && !((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z') &&
            s.p[i] != '-')
            return false;
    return s.n > 0;
}

static bool read_value(struct demo_turn *t, struct demo_clause *c, struct value *v, struct str s,
                       struct str modifier)
{
    struct arena *a = &t->a;

    if (c->test == test_token) {
        struct str rest = s, first = demo_value_split(&rest, '|', a);

        v->text = rest.p ? demo_value_split(&rest, '|', a) : first;
        v->system = v->text.p == first.p ? (struct str){NULL, 0} : first;
        v->plain = is_plain(v->text);
        return true;
    }
    v->text = demo_value_split(&s, '\0', a);
    if (c->test == test_date)
        return read_date(v, v->text);
    if (c->test == test_reference)
        read_reference(t, c, v, modifier);
    if (c->test == test_string && !c->exact) {
        struct buf b;

        buf_init(&b, LIMIT_URL_BYTES);
        text_fold(&b, v->text);
        v->text = arena_str(a, buf_str(&b));
        buf_fini(&b);
    }
    v->plain = c->test == test_reference && is_plain(v->text);
    return v->text.n > 0;
}

int demo_clause_new(struct demo_turn *t, uint32_t type, const struct demo_param *p,
                    struct demo_clause **out, struct err *e)
{
    struct demo_clause *c = arena_alloc(&t->a, sizeof *c);
    struct str rest = p->value;
    unsigned max = 1;
    char what[160];

    snprintf(what, sizeof what, "%s?%.*s%s%.*s", demo_type_name(type),
             (int)(p->name.n < 40 ? p->name.n : 40), p->name.p, p->modifier.n ? ":" : "",
             (int)(p->modifier.n < 40 ? p->modifier.n : 40), p->modifier.n ? p->modifier.p : "");
    for (size_t i = 0; i < rest.n; i++)
        max += rest.p[i] == ',';
    if (!c || !(c->values = arena_alloc(&t->a, max * sizeof *c->values)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    c->kind = demo_param_find(type, p->name);
    if (!c->kind)
        return err_set(e, ERR_INPUT, 0, 0, what);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (!strcmp(c->kind->kind, tests[i].kind))
            c->test = tests[i].test;
    c->patient = !strcmp(c->kind->name, "patient");
    c->exact = c->test == test_string && str_is(p->modifier, "exact");
    c->contains = c->test == test_string && str_is(p->modifier, "contains");
    if (p->modifier.n && !c->exact && !c->contains &&
        (c->test != test_reference || demo_type(p->modifier) == DEMO_NONE))
        return err_set(e, ERR_INPUT, 0, 0, what);
    while (rest.p)
        if (!read_value(t, c, &c->values[c->n++], demo_value_split(&rest, ',', &t->a), p->modifier))
            return err_set(e, ERR_INPUT, 0, 0, what);
    *out = c;
    return ERR_OK;
}

/* False when the bytes cannot hold any of the values: cheaper than parsing them. */
static bool may_hold(const struct demo_clause *c, const struct demo_version *v)
{
    for (unsigned i = 0; i < c->n; i++)
        if (!c->values[i].plain || memmem(v->bytes, v->n, c->values[i].text.p, c->values[i].text.n))
            return true;
    return memmem(v->bytes, v->n, "\\u", 2);
}

bool demo_clause_holds(struct demo_turn *t, const struct demo_clause *c,
                       const struct demo_version *v, struct tape *tape)
{
    struct look look = {t, c};
    struct str paths = str_of(c->kind->paths);

    if (c->patient && v->patient != DEMO_SEVERAL) {
        for (unsigned k = 0; k < c->n; k++)
            if (c->values[k].place != DEMO_NONE && c->values[k].place == v->patient)
                return true;
        return false;
    }
    if (!may_hold(c, v))
        return false;
    if (!tape->nodes && tape_parse(tape, (struct str){v->bytes, v->n}, NULL))
        return false;
    while (paths.p) {
        struct str path = str_split(&paths, ' ');

        if (demo_walk(tape, 0, path, c->test, &look))
            return true;
    }
    return false;
}
