/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What of a definition is refused, and what is said of one that works: for who writes a form.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/intl.h"
#include "fhir/read.h"

static int refuse(struct form_findings *found, struct str link, int code, const char *words, struct err *e)
{
    model_form_find(found, FORM_ERROR, link, words ? words : "");
    return err_set(e, code, 0, 0, "Questionnaire");
}

static const struct {
    const char *extension, *words;
} not_built[] = {
    {"questionnaireAdaptive",
     N_("It is adaptive: a server asks its questions one by one, which wardline does not do.")},
    {"sourceStructureMap", N_("It is filled in by a StructureMap, which wardline does not have.")},
};

static bool is_modular(const struct form *f, uint32_t i)
{
    return model_form_ext(&f->t, f->item[i].at, "subQuestionnaire", 0) != TAPE_NONE;
}

int model_form_refuse(struct form *f, struct form_findings *found, struct err *e)
{
    if (fhir_unknown_modifier(&f->t))
        return refuse(found, STR(""), ERR_UNSUPPORTED,
                      _("It holds a modifierExtension or implicitRules, which may change what it means."), e);
    for (size_t i = 0; i < sizeof not_built / sizeof *not_built; i++)
        if (model_form_ext(&f->t, 0, not_built[i].extension, 0) != TAPE_NONE)
            return refuse(found, STR(""), ERR_UNSUPPORTED, _(not_built[i].words), e);
    for (uint32_t i = 0; i < f->n; i++)
        if (is_modular(f, i))
            return refuse(found, f->item[i].link, ERR_UNSUPPORTED,
                          _("It takes in another form (subQuestionnaire): publish it assembled."), e);
    return ERR_OK;
}

/* --- what is said ----------------------------------------------------------------------------- */

/* Is a %name one that somebody gives: a launch context, declared or not, or what SDC and FHIR have? */
static bool is_given(const struct form *f, struct str name)
{
    static const char *const fixed[] = {"patient", "encounter", "user", "practitioner", "location", "study"};
    tape_at x;

    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (str_is(name, fixed[i]))
            return true;
    for (unsigned i = 0; (x = model_form_ext(&f->t, 0, "launchContext", i)) != TAPE_NONE; i++)
        if (str_eq(fhir_code(&f->t, model_form_part(&f->t, x, "name")), name))
            return true;
    for (unsigned i = 0; i < f->env.ncontexts; i++)
        if (str_is(name, f->env.contexts[i].name))
            return true;
    return str_starts(name, "vs-") || str_starts(name, "ext-");
}

static void lint_rule(struct form *f, const struct form_rule *r, struct form_findings *found)
{
    struct str link = r->item == FORM_NONE ? STR("") : f->item[r->item].link;

    for (unsigned i = 0; i < r->nnames; i++)
        if (!is_given(f, r->names[i])) {
            char *words = arena_fmt(&found->a,
                                    _("An expression names %%%.*s, which nothing gives: it cannot be computed."),
                                    STR_ARG(r->names[i]));

            model_form_find(found, FORM_WARNING, link, words ? words : "");
        }
    if (r->query)
        model_form_find(found, FORM_NOTE, link,
                        _("It asks the server (x-fhir-query): what is not on this machine is not filled in."));
}

static bool is_hidden(const struct form *f, const struct form_item *d)
{
    for (; !d->hidden && d->parent != FORM_NONE; d = &f->item[d->parent])
        continue;
    return d->hidden;
}

/* With a terminology: is it here? Without one, that it must be. */
static void lint_set(struct form *f, const struct form_item *d, struct form_findings *found)
{
    struct form_coding one;
    struct arena a;
    unsigned total;
    char *words;
    int n;

    arena_init(&a, 1u << 20);
    n = f->env.expand ? f->env.expand(f->env.arg, d->value_set, STR(""), 0, 1, &a, &one, &total) : 0;
    arena_fini(&a);
    if (f->env.expand && n >= 0)
        return;
    words = arena_fmt(&found->a, n < 0 ? _("Its options are the value set %.*s, which is not on this machine.")
                                       : _("Its options are the value set %.*s, which must be on the machine."),
                      STR_ARG(d->value_set));
    model_form_find(found, n < 0 ? FORM_WARNING : FORM_NOTE, d->link, words ? words : "");
}

static void lint_item(struct form *f, const struct form_item *d, struct form_findings *found)
{
    bool foreign, computed = d->rule_calc != FORM_NONE || tape_get(&f->t, d->at, "initial") != TAPE_NONE ||
                             model_form_ext(&f->t, d->at, "initialExpression", 0) != TAPE_NONE;

    if (d->kind != FORM_GROUP && !is_hidden(f, d) && !model_form_words(f, &f->t, d->at, "text", &found->a, &foreign).n)
        model_form_find(found, FORM_WARNING, d->link, _("It has no words (text)."));
    if (d->kind == FORM_QUANTITY && !d->nunits)
        model_form_find(found, FORM_WARNING, d->link, _("A quantity without a unit to choose: any unit can be typed."));
    if (d->closed && !d->nopts && !d->value_set.n && d->rule_answers == FORM_NONE && d->kind == FORM_CHOICE)
        model_form_find(found, FORM_WARNING, d->link, _("It has no options, so it cannot be answered."));
    if (d->value_set.n && !d->nopts)
        lint_set(f, d, found);
    if (d->required && d->read_only && !computed)
        model_form_find(found, FORM_WARNING, d->link, _("It is required and cannot be answered (readOnly)."));
    if (!model_form_extractable(f, (uint32_t)(d - f->item)))
        model_form_find(found, FORM_WARNING, d->link,
                        _("Its answer is to be extracted (observationExtract) in a way that wardline does not have: "
                          "the form cannot be signed with one."));
    if (d->kind == FORM_ATTACHMENT)
        model_form_find(found, FORM_NOTE, d->link, _("A file cannot be put in yet."));
    if (d->max_occurs && d->min_occurs > d->max_occurs)
        model_form_find(found, FORM_WARNING, d->link,
                        _("It must stand more often than it may (minOccurs, maxOccurs)."));
}

void model_form_lint(struct form *f, struct form_findings *found)
{
    if (!found)
        return;
    if (!f->url.n)
        model_form_find(found, FORM_WARNING, STR(""), _("It has no url: a response cannot say which form it is of."));
    if (model_form_ext(&f->t, 0, "targetStructureMap", 0) != TAPE_NONE)
        model_form_find(found, FORM_WARNING, STR(""),
                        _("What it extracts is made by a StructureMap, which wardline does not have: answers alone are "
                          "saved."));
    for (uint32_t i = 0; i < f->rules.n; i++)
        lint_rule(f, model_form_rule(f, i), found);
    for (uint32_t i = 0; i < f->n; i++)
        lint_item(f, &f->item[i], found);
}
