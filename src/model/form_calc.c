/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * After each change, all that depends on it: which items are enabled, what is calculated. A rule runs when something
 * that it looks at has changed, in the order of form_order.c, again and again until nothing changes; what never settles
 * says so.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/intl.h"

#define PASSES 20

/* --- what is to be done ------------------------------------------------------------------------ */

static bool touches(const struct form *f, const struct form_rule *r, uint32_t from, uint32_t to)
{
    if (r->whole)
        return true;
    for (unsigned i = 0; i < r->nlinks; i++)
        if (r->links[i] < to && f->item[r->links[i]].end > from)
            return true;
    return false;
}

void model_form_mark(struct form *f, uint32_t item, bool subtree)
{
    uint32_t to = subtree ? f->item[item].end : item + 1;

    f->stale = true;
    f->changes++;
    VEC_EACH(struct form_rule, r, &f->rules)
        if (!r->dirty)
            r->dirty = touches(f, r, item, to) || (r->item != FORM_NONE && r->item >= item && r->item < to && subtree);
}

void model_form_mark_all(struct form *f)
{
    f->stale = true;
    f->changes++;
    VEC_EACH(struct form_rule, r, &f->rules)
        r->dirty = true;
}

static bool identical(const struct form_value *a, const struct form_value *b)
{
    if (!a->set || !b->set)
        return a->set == b->set;
    return a->kind == b->kind && str_eq(a->text, b->text) && str_eq(a->system, b->system) &&
           str_eq(a->display, b->display) && str_eq(a->code, b->code) && str_eq(a->comparator, b->comparator);
}

int model_form_set(struct form *f, struct form_node *n, const struct form_value *v, enum form_origin origin,
                   struct err *e)
{
    struct form_value none = {0}, k = v ? model_form_value_keep(&f->a, v) : none;

    if (v && v->set && !k.set)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if (!identical(&n->v, &k))
        model_form_mark(f, n->item, false);
    n->v = k;
    if (k.set && k.kind == FORM_QUANTITY)
        n->unit = model_form_unit_of(&f->item[n->item], &k);
    else if (!k.set && f->item[n->item].nunits == 1)
        n->unit = 1;
    n->origin = k.set ? origin : FORM_EMPTY;
    n->trouble = text_own("");
    n->mild = false;
    n->seen = true;
    n->from = STR("");
    f->changes++;
    return ERR_OK;
}

/* --- enabled? --------------------------------------------------------------------------------- */

enum met { UNMET, MET, OPEN };

/* Numbers are compared with numbers, dates with dates, times with times: what is asked of others is whether they are
 * the same. */
static bool are_ordered(enum form_kind a, enum form_kind b)
{
    static const int order[FORM_KINDS] = {[FORM_DECIMAL] = 1, [FORM_INTEGER] = 1, [FORM_QUANTITY] = 1,
                                          [FORM_DATE] = 2,    [FORM_DATETIME] = 2, [FORM_TIME] = 3};

    return order[a] && order[a] == order[b];
}

static enum met met_by(const struct form *f, const struct form_when *w, const struct form_value *has)
{
    int order = 0;

    if ((w->op == FORM_EQ || w->op == FORM_NE) && !are_ordered(has->kind, w->v.kind))
        return model_form_same(has, &w->v) ? MET : UNMET; /* of =; != is about all answers */
    if (!model_form_compare(has, &w->v, f->env.units, &order))
        return OPEN; /* 500 mg and 0.5 g, a month and a day of it: nobody can say that they are not equal */
    switch (w->op) {
    case FORM_EQ:
    case FORM_NE:
        return order ? UNMET : MET;
    case FORM_GT:
        return order > 0 ? MET : UNMET;
    case FORM_LT:
        return order < 0 ? MET : UNMET;
    case FORM_GE:
        return order >= 0 ? MET : UNMET;
    default:
        return order <= 0 ? MET : UNMET;
    }
}

/* The nearest instances of the question: those in the same repeat, else in the one around it. */
static const struct form_node *nearest(const struct form *f, const struct form_node *n, uint32_t question)
{
    const struct form_node *top = n->parent;

    while (top != &f->root && !(top->item <= question && question < f->item[top->item].end))
        top = top->parent;
    return top;
}

static enum met when_met(const struct form *f, const struct form_node *n, const struct form_when *w)
{
    const struct form_node *top = nearest(f, n, w->question);
    bool any = false;
    enum met best = UNMET;

    for (const struct form_node *k = top; k; k = model_form_walk(top, k)) {
        enum met m;

        if (k == &f->root || k->item != w->question || !k->v.set || !model_form_on(k))
            continue;
        any = true;
        m = w->op == FORM_EXISTS ? MET : met_by(f, w, &k->v);
        if (m == MET || best == UNMET)
            best = m;
    }
    if (w->op == FORM_EXISTS)
        return any == str_is(w->v.text, "true") ? MET : UNMET;
    if (w->op == FORM_NE)
        return best == MET ? UNMET : best == OPEN ? OPEN : MET; /* R4: no answer is equal */
    return best;
}

static enum met whens_met(const struct form *f, const struct form_node *n)
{
    const struct form_item *d = &f->item[n->item];
    bool open = false;

    for (unsigned i = 0; i < d->nwhen; i++) {
        enum met m = when_met(f, n, &d->when[i]);

        if (m == (d->any ? MET : UNMET))
            return m;
        open = open || m == OPEN;
    }
    return open ? OPEN : d->any && d->nwhen ? UNMET : MET;
}

static void doubt(struct form *f, struct form_node *n, struct text words)
{
    if (words.n != n->doubt.n || (words.n && memcmp(words.s, n->doubt.s, words.n)))
        n->doubt = words;
    f->changes++;
}

/* What cannot be said is shown: a question that is not asked by mistake is worse than one too many. */
static void enable(struct form *f, struct form_node *n)
{
    enum met m = whens_met(f, n);
    struct err e = ERR_NONE;
    bool on = m != UNMET;
    struct text why = text_own("");

    if (m == OPEN)
        why = text_own(_("whether this is to be asked cannot be said: what it depends on cannot be compared"));
    VEC_EACH(struct form_rule, r, &f->rules)
        if (on && r->use == FORM_USE_ENABLE && r->item == n->item) {
            enum form_truth t = model_form_true(f, n, r, &e);

            on = t == FORM_TRUE || t == FORM_FAILED;
            if (t == FORM_FAILED)
                why = model_form_cannot(&f->a, &e);
        }
    if (on != n->on) {
        n->on = on;
        model_form_mark(f, n->item, true);
    }
    if (n->doubt.n || why.n)
        doubt(f, n, on ? why : text_own(""));
}

static void enable_all(struct form *f, uint32_t item)
{
    for (struct form_node *n = model_form_walk(&f->root, &f->root); n; n = model_form_walk(&f->root, n))
        if (n->item == item)
            enable(f, n);
}

/* --- calculated ------------------------------------------------------------------------------- */

static void trouble(struct form *f, struct form_node *n, struct text words, bool mild)
{
    n->trouble = words;
    n->mild = mild;
    f->changes++;
}

static int put_value(struct form *f, struct form_node *n, const struct form_value *v, struct err *e)
{
    struct form_value k = v ? *v : (struct form_value){0};

    if (identical(&n->v, &k) && !n->trouble.n) {
        n->origin = k.set ? FORM_CALCULATED : FORM_EMPTY;
        return ERR_OK;
    }
    return model_form_set(f, n, v, FORM_CALCULATED, e);
}

/* What is there no more is not summed any more either; what a person typed over stays. */
static void drop_behind(struct form *f, struct form_node *n)
{
    struct form_node *next;

    for (struct form_node *k = n->next; k && k->item == n->item; k = next) {
        next = k->next;
        if (k->overridden)
            continue;
        model_form_prune(f, k);
        model_form_mark(f, n->item, false);
    }
}

/* All instances of a calculated question under one parent. */
static int calculate(struct form *f, struct form_node *n, const struct form_rule *r, struct err *e)
{
    const struct form_item *d = &f->item[n->item];
    struct path_list l = {0};
    struct err why = ERR_NONE;
    struct form_value *v;
    struct arena a;
    int res = ERR_OK, failed = model_form_eval(f, n, r, &l, &why);

    if (!failed && l.n > 1 && !d->repeats)
        failed = err_set(&why, ERR_PATH, PATH_SINGLE, 1, NULL);
    arena_init(&a, FORM_ARENA_MAX);
    v = model_form_values_of(f, n, &l, &a);
    if (!v)
        res = err_set(e, ERR_NOMEM, 0, 0, NULL);
    for (uint32_t i = 0; i < (l.n ? l.n : 1) && !res; i++) {
        if (i && (!n->next || n->next->item != n->item) && !model_form_another(f, n)) {
            res = err_set(e, ERR_NOMEM, 0, 0, NULL);
            break;
        }
        n = i ? n->next : n;
        if (n->overridden)
            continue; /* typed over: stays, whatever the form computes for its place */
        if (!failed && l.n && !v[i].set)
            failed = err_set(&why, ERR_PATH, PATH_KIND, 1, NULL);
        res = put_value(f, n, failed || !l.n ? NULL : &v[i], e);
        if (failed && !res) {
            trouble(f, n, model_form_cannot(&f->a, &why), false);
            break;
        }
    }
    arena_fini(&a);
    if (!res)
        drop_behind(f, n);
    return res;
}

static int calculate_all(struct form *f, const struct form_rule *r, struct err *e)
{
    int res = ERR_OK;

    for (struct form_node *n = model_form_walk(&f->root, &f->root); n && !res; n = model_form_walk(&f->root, n))
        if (n->item == r->item && !n->overridden && (!n->prev || n->prev->item != n->item))
            res = calculate(f, n, r, e);
    return res;
}

/* What goes and comes without end stays, and says so. */
static void ask_in_doubt(struct form *f, uint32_t item)
{
    for (struct form_node *n = model_form_walk(&f->root, &f->root); n; n = model_form_walk(&f->root, n)) {
        if (n->item != item)
            continue;
        n->on = true;
        doubt(f, n, text_own(_("whether this is to be asked cannot be said: that changes what it depends on, without "
                               "end")));
    }
    f->stale = true;
}

/* What is still to be computed after so many passes has no value, or is asked. */
static int never_settles(struct form *f, struct err *e)
{
    int r = ERR_OK;

    VEC_EACH(struct form_rule, rule, &f->rules) {
        bool asks = rule->use == FORM_USE_WHEN || rule->use == FORM_USE_ENABLE;

        rule->circular = rule->dirty && (asks || rule->use == FORM_USE_CALC);
        if (rule->circular && asks)
            ask_in_doubt(f, rule->item);
    }
    for (struct form_node *n = model_form_walk(&f->root, &f->root); n && !r; n = model_form_walk(&f->root, n)) {
        uint32_t calc = f->item[n->item].rule_calc;

        if (calc == FORM_NONE || !model_form_rule(f, calc)->circular || n->overridden)
            continue;
        r = model_form_set(f, n, NULL, FORM_CALCULATED, e);
        trouble(f, n, text_own(_("cannot compute: its value changes what it is computed from, without end")), false);
    }
    VEC_EACH(struct form_rule, rule, &f->rules)
        if (rule->circular)
            rule->dirty = false;
    return r;
}

int model_form_settle(struct form *f, struct err *e)
{
    bool again = true;
    int r = ERR_OK;

    f->until_ms = f->env.clock ? clock_boot_ms(f->env.clock) + FORM_SETTLE_MS : 0;
    for (unsigned pass = 0; pass < PASSES && again && !r; pass++) {
        again = false;
        for (uint32_t k = 0; k < f->rules.n && !r; k++) {
            struct form_rule *rule = model_form_rule(f, f->order[k]);

            if (!rule->dirty)
                continue;
            rule->dirty = false;
            again = again || rule->use == FORM_USE_CALC || rule->use == FORM_USE_WHEN || rule->use == FORM_USE_ENABLE;
            if (rule->use == FORM_USE_CALC)
                r = calculate_all(f, rule, e);
            else if (rule->use == FORM_USE_WHEN || rule->use == FORM_USE_ENABLE)
                enable_all(f, rule->item);
        }
    }
    f->until_ms = 0;
    if (again && !r)
        r = never_settles(f, e);
    model_form_list_rows(f);
    return r;
}
