/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The expressions of a form: where they stand, parsed once, and what each looks at.
 */
#include "config.h"

#include "model/form_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "fhir/read.h"

struct reading {
    struct form *f;
    struct form_findings *found;
    struct err *e;
};

struct form_rule *model_form_rule(const struct form *f, uint32_t i)
{
    return vec_at(&f->rules, i);
}

static int broken(struct reading *g, struct str link, int code, const char *words)
{
    model_form_find(g->found, FORM_ERROR, link, words ? words : "");
    return err_set(g->e, code, 0, 0, "Questionnaire");
}

static struct str link_of(const struct form *f, uint32_t item)
{
    return item == FORM_NONE ? STR("") : f->item[item].link;
}

static int parse(struct reading *g, struct form_rule *r)
{
    struct err why = ERR_NONE;
    char *words;

    if (!path_parse(r->text, PATH_LENIENT, &r->x, &why))
        return ERR_OK;
    words = arena_fmt(&g->f->a, _("An expression of \"%.*s\" is none: %s, at its character %lld (%s)."),
                      STR_ARG(link_of(g->f, r->item)), _(path_why(why.sub)), (long long)why.num, why.what);
    return broken(g, link_of(g->f, r->item), ERR_INPUT, words);
}

/* The expression at a place: a valueExpression, or (as in constraints) a string. */
static int add(struct reading *g, enum form_use use, uint32_t item, tape_at value, struct form_rule *like)
{
    const struct tape *t = &g->f->t;
    bool plain = tape_is(t, value, TAPE_STRING);
    struct str language = plain ? STR("text/fhirpath") : tape_plain(t, tape_get(t, value, "language"));
    struct form_rule *r, one = like ? *like : (struct form_rule){0};

    one.use = use;
    one.item = item;
    one.text = str_trim(tape_str(t, plain ? value : tape_get(t, value, "expression"), &g->f->a));
    if (!plain)
        one.name = tape_str(t, tape_get(t, value, "name"), &g->f->a);
    if (str_starts(language, "text/cql"))
        return broken(g, link_of(g->f, item), ERR_UNSUPPORTED,
                      arena_fmt(&g->f->a, _("\"%.*s\" is computed in CQL, which wardline does not have."),
                                STR_ARG(link_of(g->f, item))));
    one.query = str_is(language, "application/x-fhir-query");
    if (!one.text.n || (language.n && !one.query && !str_is(language, "text/fhirpath"))) {
        model_form_find(g->found, FORM_WARNING, link_of(g->f, item),
                        _("An expression is empty, or in a language that wardline does not have: it is not computed."));
        return ERR_OK;
    }
    if (!one.query && parse(g, &one))
        return g->e ? g->e->code : ERR_INPUT;
    r = vec_push(&g->f->rules);
    if (!r) {
        path_free(one.x);
        return err_set(g->e, ERR_TOOBIG, 0, (int64_t)g->f->rules.max, "Questionnaire.extension");
    }
    *r = one;
    return ERR_OK;
}

static int add_named(struct reading *g, enum form_use use, uint32_t item, tape_at at, const char *extension)
{
    tape_at x;
    int r = ERR_OK;

    for (unsigned i = 0; !r && (x = model_form_ext(&g->f->t, at, extension, i)) != TAPE_NONE; i++)
        r = add(g, use, item, fhir_choice(&g->f->t, x, "value").at, NULL);
    return r;
}

/* targetConstraint, and constraint as R4 had it. */
static int add_constraints(struct reading *g, uint32_t item, tape_at at, const char *extension)
{
    const struct tape *t = &g->f->t;
    tape_at x;
    int r = ERR_OK;

    for (unsigned i = 0; !r && (x = model_form_ext(t, at, extension, i)) != TAPE_NONE; i++) {
        struct form_rule like = {0};
        bool foreign;
        tape_at list = tape_get(t, x, "extension");

        for (tape_at k = tape_first(t, list); k != TAPE_NONE; k = tape_next(t, list, k))
            if (tape_str_is(t, tape_get(t, k, "url"), "human"))
                like.human = model_form_words(g->f, t, k, "valueString", &g->f->a, &foreign);
        if (!like.human.n)
            like.human = tape_str(t, model_form_part(t, x, "requirements"), &g->f->a);
        like.warning = tape_str_is(t, model_form_part(t, x, "severity"), "warning");
        r = add(g, FORM_USE_CONSTRAINT, item, model_form_part(t, x, "expression"), &like);
    }
    return r;
}

static int add_toggles(struct reading *g, uint32_t item, tape_at at)
{
    const struct tape *t = &g->f->t;
    tape_at x;
    int r = ERR_OK;

    for (unsigned i = 0; !r && (x = model_form_ext(t, at, "answerOptionsToggleExpression", i)) != TAPE_NONE; i++) {
        struct form_rule like = {.more = x};

        r = add(g, FORM_USE_TOGGLE, item, model_form_part(t, x, "expression"), &like);
    }
    return r;
}

static const struct {
    const char *name;
    enum form_use use;
} plain_uses[] = {
    {"variable", FORM_USE_VARIABLE},
    {"enableWhenExpression", FORM_USE_ENABLE},
    {"calculatedExpression", FORM_USE_CALC},
    {"initialExpression", FORM_USE_INITIAL},
    {"answerExpression", FORM_USE_ANSWERS},
    {"itemPopulationContext", FORM_USE_POPULATE},
};

/* A value that is computed, where FHIR has a fixed one: on the companion of a member. */
static int add_computed(struct reading *g, enum form_use use, uint32_t item, tape_at object, const char *member,
                        const char *extension)
{
    return add_named(g, use, item, tape_get(&g->f->t, object, member), extension);
}

/* minValue with a calculated value: the extension's _value[x] has it. */
static int add_limit(struct reading *g, enum form_use use, uint32_t item, tape_at x)
{
    const struct tape *t = &g->f->t;
    int r = ERR_OK;

    for (tape_at k = tape_first_member(t, x); k != TAPE_NONE && !r; k = tape_next_member(t, x, k))
        if (str_starts(tape_name(t, k), "_value"))
            r = add_named(g, use, item, k + 1, "cqf-calculatedValue");
    return r;
}

static int item_rules(struct reading *g, uint32_t i)
{
    struct form_item *d = &g->f->item[i];
    unsigned before = (unsigned)g->f->rules.n;
    struct form_rule *when;
    int r = ERR_OK;

    for (size_t k = 0; k < sizeof plain_uses / sizeof *plain_uses && !r; k++)
        r = add_named(g, plain_uses[k].use, i, d->at, plain_uses[k].name);
    r = r ? r : add_constraints(g, i, d->at, "constraint");
    r = r ? r : add_constraints(g, i, d->at, "targetConstraint");
    r = r ? r : add_toggles(g, i, d->at);
    r = r ? r : add_limit(g, FORM_USE_MIN, i, d->min);
    r = r ? r : add_limit(g, FORM_USE_MAX, i, d->max);
    r = r ? r : add_computed(g, FORM_USE_WORDS, i, d->at, "_text", "cqf-expression");
    r = r ? r : add_computed(g, FORM_USE_REQUIRED, i, d->at, "_required", "cqf-expression");
    if (r)
        return r;
    if (d->nwhen) {
        when = vec_push(&g->f->rules);
        if (!when)
            return err_set(g->e, ERR_TOOBIG, 0, (int64_t)g->f->rules.max, "Questionnaire.extension");
        *when = (struct form_rule){.use = FORM_USE_WHEN, .item = i};
    }
    for (unsigned k = before; k < g->f->rules.n; k++) {
        if (model_form_rule(g->f, k)->use == FORM_USE_CALC)
            d->rule_calc = k;
        if (model_form_rule(g->f, k)->use == FORM_USE_ANSWERS) {
            d->rule_answers = k;
            d->closed = true;
        }
    }
    return ERR_OK;
}

int model_form_rules(struct form *f, struct form_findings *found, struct err *e)
{
    struct reading g = {f, found, e};
    int r = add_named(&g, FORM_USE_VARIABLE, FORM_NONE, 0, "variable");

    r = r ? r : add_constraints(&g, FORM_NONE, 0, "constraint");
    r = r ? r : add_constraints(&g, FORM_NONE, 0, "targetConstraint");
    for (uint32_t i = 0; i < f->n && !r; i++)
        r = item_rules(&g, i);
    return r;
}
