/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is wrong, or missing, in the answers: in whole sentences, of one row or of all.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/intl.h"
#include "fhir/read.h"

static int add(struct form_list *l, form_key key, enum form_grade grade, struct text words)
{
    struct form_problem *more;

    if (!(l->n & (l->n - 1))) {
        more = arena_alloc(l->a, (l->n ? 2 * l->n : 1) * sizeof *more);
        if (!more)
            return ERR_NOMEM;
        if (l->n)
            memcpy(more, l->v, l->n * sizeof *more);
        l->v = more;
    }
    l->v[l->n++] = (struct form_problem){key, grade, words};
    return ERR_OK;
}

static int say(struct form_list *l, const struct form_node *n, enum form_grade grade, const char *words)
{
    return add(l, n->key, grade, text_safe(l->a, str_of(words), 1000));
}

/* --- limits ------------------------------------------------------------------------------------ */

bool model_form_limit(struct form *f, const struct form_node *n, bool most, struct form_value *out, struct err *e)
{
    const struct form_item *d = &f->item[n->item];
    enum form_use use = most ? FORM_USE_MAX : FORM_USE_MIN;
    struct path_list l;

    VEC_EACH(struct form_rule, r, &f->rules)
        if (r->item == n->item && r->use == use) {
            if (model_form_eval(f, n, r, &l, e))
                return false;
            if (l.n == 1 && model_form_value_of(f, n, &l.v[0], out))
                return true;
            err_set(e, ERR_PATH, l.n > 1 ? PATH_SINGLE : l.n ? PATH_KIND : PATH_NEEDS, 1, NULL);
            return false;
        }
    return model_form_value_read(&f->t, most ? d->max : d->min, "value", &f->a, out) && out->set;
}

static int check_limit(struct form *f, struct form_node *n, bool most, struct form_list *l)
{
    struct form_value limit;
    struct err e = ERR_NONE;
    struct text words;
    int order;

    if (!model_form_limit(f, n, most, &limit, &e))
        return e.code ? add(l, n->key, FORM_WARNING, model_form_cannot(l->a, &e)) : ERR_OK;
    words = model_form_value_words(f, NULL, &limit, l->a);
    if (!model_form_compare(&n->v, &limit, f->env.units, &order))
        return say(l, n, FORM_WARNING, arena_fmt(l->a, _("It cannot be compared with its limit (%s)."), words.s));
    if (most ? order <= 0 : order >= 0)
        return ERR_OK;
    return say(l, n, FORM_ERROR, most ? arena_fmt(l->a, _("At most %s can stand here."), words.s)
                                      : arena_fmt(l->a, _("At least %s can stand here."), words.s));
}

static int64_t characters(struct str s)
{
    int64_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

/* 1 it fits, 0 not, -1 it is no pattern. The whole answer is meant (R4). */
static int fits(struct form *f, const struct form_item *d, struct str s)
{
    static const char text[] = "%answer.matches('^(?:' + %pattern + ')$')";
    struct path_value v[2] = {{.kind = PATH_STRING, .string = s}, {.kind = PATH_STRING, .string = d->regex}};
    struct path_var vars[2] = {{"answer", {&v[0], 1, 1}}, {"pattern", {&v[1], 1, 1}}};
    struct path_env env = {.vars = vars, .nvars = 2};
    struct path_value root = path_root(&f->none, 0), plain;
    struct path *x;
    struct path_list l = {0};
    struct arena a;
    int r = path_parse(str_of(text), PATH_LENIENT, &x, NULL), is = -1;

    arena_init(&a, PATH_MAX_ARENA);
    if (!r && !path_eval(x, &env, &root, &a, &l, NULL) && l.n == 1 && path_plain(&l.v[0], &a, &plain))
        is = plain.boolean;
    path_free(x);
    arena_fini(&a);
    return is;
}

static int check_text(struct form *f, struct form_node *n, struct form_list *l)
{
    const struct form_item *d = &f->item[n->item];
    const char *point = memchr(n->v.text.p, '.', n->v.text.n);
    int64_t length = characters(n->v.text);
    int r = ERR_OK, fit;

    if (n->v.kind == FORM_DECIMAL || n->v.kind == FORM_QUANTITY) {
        if (d->places >= 0 && point && n->v.text.p + n->v.text.n - point - 1 > d->places)
            r = say(l, n, FORM_ERROR, !d->places ? _("No decimal place can stand here.")
                                                 : arena_fmt(l->a, P_("At most %d decimal place can stand here.",
                                                                      "At most %d decimal places can stand here.",
                                                                      d->places), d->places));
        return r;
    }
    if (n->v.kind != FORM_STRING && n->v.kind != FORM_URL)
        return ERR_OK;
    if (d->max_length >= 0 && length > d->max_length)
        r = say(l, n, FORM_ERROR, arena_fmt(l->a, P_("At most %lld character can stand here.",
                                                     "At most %lld characters can stand here.", d->max_length),
                                            (long long)d->max_length));
    if (!r && length < d->min_length)
        r = say(l, n, FORM_ERROR, arena_fmt(l->a, P_("At least %lld character must stand here.",
                                                     "At least %lld characters must stand here.", d->min_length),
                                            (long long)d->min_length));
    fit = !r && d->regex.n ? fits(f, d, n->v.text) : 1;
    if (!fit)
        r = say(l, n, FORM_ERROR, _("It has not the form that is asked for."));
    return r || fit >= 0 ? r : say(l, n, FORM_WARNING, _("The form's pattern for it cannot be checked."));
}

static int check_option(struct form *f, struct form_node *n, struct form_list *l, struct err *e)
{
    struct form_picks p;
    int r;

    if (!f->item[n->item].closed || (f->item[n->item].kind == FORM_OPEN_CHOICE))
        return ERR_OK;
    r = model_form_picks(f, n, l->a, &p, e);
    if (r || p.here != FORM_ALL_HERE || p.search)
        return r;
    if (!model_form_picked(&p, &n->v))
        return say(l, n, FORM_WARNING, _("It is none of the options."));
    if (model_form_off(f, n, &n->v) <= 0)
        return ERR_OK;
    return say(l, n, FORM_WARNING, _("This option cannot be chosen with the other answers as they are."));
}

/* --- what is missing ---------------------------------------------------------------------------- */

bool model_form_needed(struct form *f, const struct form_node *n, struct err *e)
{
    VEC_EACH(struct form_rule, r, &f->rules)
        if (r->item == n->item && r->use == FORM_USE_REQUIRED) {
            enum form_truth t = model_form_true(f, n, r, e);

            return t == FORM_TRUE || t == FORM_FAILED;
        }
    return f->item[n->item].required;
}

static bool has_answer(const struct form_node *n)
{
    if (n->v.set)
        return true;
    for (const struct form_node *k = n->first; k; k = k->next)
        if (k->on && has_answer(k))
            return true;
    return false;
}

/* Said once, on the first instance. */
static int check_count(struct form *f, struct form_node *n, struct form_list *l)
{
    const struct form_item *d = &f->item[n->item];
    unsigned have = 0, least = d->min_occurs;
    struct err e = ERR_NONE;

    if ((n->prev && n->prev->item == n->item) || d->kind == FORM_DISPLAY)
        return ERR_OK;
    for (const struct form_node *k = n; k && k->item == n->item; k = k->next)
        have += has_answer(k);
    if (!least && model_form_needed(f, n, &e))
        least = 1;
    if (e.code && add(l, n->key, FORM_WARNING, model_form_cannot(l->a, &e)))
        return ERR_NOMEM;
    if (have < least)
        return say(l, n, FORM_ERROR, least == 1 ? _("An answer is needed.")
                                                : arena_fmt(l->a, _("At least %u answers are needed."), least));
    if (d->max_occurs && have > d->max_occurs)
        return say(l, n, FORM_ERROR, arena_fmt(l->a, _("There can be no more than %u."), d->max_occurs));
    return ERR_OK;
}

static int check_constraints(struct form *f, const struct form_node *n, uint32_t item, struct form_list *l)
{
    int r = ERR_OK;

    VEC_EACH(struct form_rule, rule, &f->rules) {
        struct err e = ERR_NONE;
        enum form_truth t;

        if (r || rule->use != FORM_USE_CONSTRAINT || rule->item != item)
            continue;
        t = model_form_true(f, n, rule, &e);
        if (t == FORM_FAILED)
            r = add(l, n->key, FORM_WARNING, model_form_cannot(l->a, &e));
        else if (t == FORM_FALSE)
            r = add(l, n->key, rule->warning ? FORM_WARNING : FORM_ERROR,
                    rule->human.n ? text_safe(l->a, rule->human, 1000)
                                  : text_own(_("A rule of the form is not met.")));
    }
    return r;
}

int model_form_node_problems(struct form *f, struct form_node *n, struct form_list *l, struct err *e)
{
    int r;

    model_form_tidy(f);
    r = check_count(f, n, l);
    if (!r && n->trouble.n)
        r = add(l, n->key, n->mild ? FORM_NOTE : FORM_WARNING, n->trouble);
    if (!r && n->doubt.n)
        r = add(l, n->key, FORM_WARNING, n->doubt);
    if (n->v.set) {
        r = r ? r : check_limit(f, n, false, l);
        r = r ? r : check_limit(f, n, true, l);
        r = r ? r : check_text(f, n, l);
        r = r ? r : check_option(f, n, l, e);
    }
    if (!r && (n->v.set || f->item[n->item].kind == FORM_GROUP))
        r = check_constraints(f, n, n->item, l);
    return r ? err_set(e, r, 0, 0, NULL) : ERR_OK;
}

int model_form_problems(struct form *f, struct arena *a, struct form_problem **out, unsigned *n, struct err *e)
{
    struct form_list l = {.a = a}, sorted = {.a = a};
    int r = check_constraints(f, &f->root, FORM_NONE, &l);

    for (unsigned i = 0; i < l.n; i++)
        l.v[i].key = FORM_NO_KEY;
    VEC_EACH(form_key, k, &f->rows)
        if (!r)
            r = model_form_node_problems(f, model_form_node(f, *k), &l, e);
    for (int grade = FORM_ERROR; grade >= FORM_NOTE && !r; grade--)
        for (unsigned i = 0; i < l.n && !r; i++)
            if ((int)l.v[i].grade == grade)
                r = add(&sorted, l.v[i].key, l.v[i].grade, l.v[i].words);
    *out = sorted.v;
    *n = sorted.n;
    return r ? err_set(e, r, 0, 0, NULL) : ERR_OK;
}

unsigned model_form_unseen(const struct form *f)
{
    unsigned n = 0;

    VEC_EACH(form_key, k, &f->rows)
        n += !model_form_node(f, *k)->seen;
    return n;
}
