/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The facts behind the worklist's scopes: who is where, in whose care, in which group, booked when, due since when.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/vec.h"
#include "fhir/home.h"
#include "fhir/index.h"
#include "fhir/read.h"

#define FACTS_MOST 100000 /* of one resource: a Group within the limits of a document has fewer */

struct reader {
    const struct tape *t;
    const char *base;
    struct arena *a;
    const struct fhir_index *ix;
    struct vec facts;
};

/* Is word one of list's, which has blanks between? */
static bool listed(const char *list, struct str word)
{
    struct str rest = str_of(list);

    while (word.n && rest.n)
        if (str_eq(str_split(&rest, ' '), word))
            return true;
    return false;
}

/* A code, or a literal such as true. */
static struct str code_at(const struct tape *t, tape_at at)
{
    struct str code = fhir_code(t, at);

    return code.n || at == TAPE_NONE ? code : tape_raw(t, at);
}

static bool any_listed(const struct reader *r, const struct kind_fact_rule *rule, tape_at element)
{
    struct str rest = str_of(rule->unless);
    char path[32];

    while (rest.n) {
        struct str p = str_split(&rest, ' ');

        snprintf(path, sizeof path, "%.*s", STR_ARG(p));
        if (listed(rule->codes, code_at(r->t, tape_path(r->t, element, path))))
            return true;
    }
    return false;
}

/* The date of a {code, value} list that a code has. */
static struct str coded_date(const struct tape *t, tape_at list, const char *codes)
{
    struct str rest = str_of(codes);
    char code[32];

    while (rest.n) {
        struct str c = str_split(&rest, ' ');

        if (c.n >= sizeof code)
            continue;
        memcpy(code, c.p, c.n);
        code[c.n] = '\0';
        for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i))
            if (fhir_has_code(t, tape_get(t, i, "code"), NULL, code))
                return tape_plain(t, tape_get(t, i, "value"));
    }
    return STR("");
}

/* The day behind the last one that a date can mean. */
static int64_t next_day(const struct date *d)
{
    switch (d->precision) {
    case DATE_YEAR:
        return date_days(d->year + 1, 1, 1);
    case DATE_MONTH:
        return d->month == 12 ? date_days(d->year + 1, 1, 1) : date_days(d->year, d->month + 1, 1);
    default:
        return date_days(d->year, d->month, d->day) + 1;
    }
}

/* What is due on a day is due until it is over; what ends on a day lasts to its end. False: no moment, no fact. */
static bool moment(const struct reader *r, const struct kind_fact_rule *rule, tape_at element, struct fhir_fact *f)
{
    bool root = rule->at && rule->at[0] == '/';
    tape_at at = rule->at ? tape_path(r->t, root ? 0 : element, rule->at + root) : TAPE_NONE;
    struct str lexeme = rule->coded ? coded_date(r->t, tape_get(r->t, element, rule->at), rule->coded) :
                                      tape_plain(r->t, at);
    bool lasts = rule->fact != KIND_FACT_TASK && rule->fact != KIND_FACT_DUE;
    struct date d;

    f->at_ms = FHIR_FOREVER;
    if (!date_parse(lexeme, &d))
        return rule->fact != KIND_FACT_DUE && rule->fact != KIND_FACT_BOOKED;
    f->day = d.precision != DATE_MINUTE;
    f->at_ms = f->day ? (next_day(&d) - !lasts) * DATE_DAY_MS : date_ms(&d);
    return !(f->day && rule->fact == KIND_FACT_BOOKED);
}

static bool reference(const struct reader *r, tape_at at, const char *types, struct str *type, struct str *id)
{
    struct str first = str_of(types);
    struct str ref = tape_str(r->t, tape_get(r->t, at, "reference"), r->a);

    if (!fhir_reference(ref, r->base, type, id))
        return false;
    if (!type->n) /* of a file: an id alone */
        *type = str_split(&first, ' ');
    return listed(types, *type);
}

static bool who_and_key(const struct reader *r, const struct kind_fact_rule *rule, tape_at element, struct fhir_fact *f)
{
    struct str type;

    f->who = f->type = f->id = STR("");
    f->number = 0;
    if (rule->fact != KIND_FACT_PART && !rule->who)
        f->who = r->ix->patient;
    else if (rule->who && !reference(r, tape_path(r->t, element, rule->who), "Patient", &type, &f->who))
        return false;
    if (rule->fact == KIND_FACT_PHONE)
        return fhir_phone(tape_str(r->t, tape_get(r->t, element, rule->key), r->a), &f->number);
    if (rule->fact == KIND_FACT_HOME)
        return fhir_home_key(r->t, element, r->a, &f->id);
    if (rule->key)
        return reference(r, rule->key[0] ? tape_path(r->t, element, rule->key) : element, rule->key_types, &f->type,
                         &f->id);
    if (rule->fact == KIND_FACT_MEMBER || rule->fact == KIND_FACT_KIN) {
        f->type = r->ix->type;
        f->id = r->ix->id;
    }
    return true;
}

static bool take(struct reader *r, const struct kind_fact_rule *rule, tape_at element)
{
    struct fhir_fact f = {.fact = rule->fact}, *at;

    if (rule->unless && any_listed(r, rule, element))
        return true;
    if (!moment(r, rule, element, &f) || !who_and_key(r, rule, element, &f))
        return true;
    if (rule->fact != KIND_FACT_PART && rule->fact != KIND_FACT_TASK && !f.who.n)
        return true;
    if (!(at = vec_push(&r->facts)))
        return false;
    *at = f;
    return true;
}

/* Every element at a path makes a fact. */
static bool take_each(struct reader *r, const struct kind_fact_rule *rule, tape_at from, struct str path)
{
    struct str rest = path, name = str_split(&rest, '.');
    char member[32];
    tape_at list;

    if (!name.n)
        return take(r, rule, from);
    snprintf(member, sizeof member, "%.*s", STR_ARG(name));
    list = tape_get(r->t, from, member);
    for (tape_at i = tape_first(r->t, list); i != TAPE_NONE; i = tape_next(r->t, list, i))
        if (!take_each(r, rule, i, rest))
            return false;
    return true;
}

int fhir_facts(const struct tape *t, const char *base, struct arena *a, struct fhir_index *out, struct err *e)
{
    struct reader r = {.t = t, .base = base, .a = a, .ix = out};
    const struct kind_fact_rule *rule = NULL;
    struct fhir_fact *copy;
    bool ok = true;

    out->facts = NULL;
    out->facts_n = 0;
    vec_init(&r.facts, sizeof(struct fhir_fact), FACTS_MOST);
    while (ok && (rule = kind_fact_next(out->kind, rule)))
        if (!rule->only || listed(rule->only, out->status))
            ok = take_each(&r, rule, 0, str_of(rule->each));
    ok = ok && !a->failed;
    if (ok && r.facts.n) {
        copy = arena_alloc(a, r.facts.n * sizeof *copy);
        ok = copy != NULL;
        if (ok) {
            memcpy(copy, r.facts.p, r.facts.n * sizeof *copy);
            out->facts = copy;
            out->facts_n = (unsigned)r.facts.n;
        }
    }
    vec_fini(&r.facts);
    return ok ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
}
