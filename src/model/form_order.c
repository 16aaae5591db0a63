/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What each rule of a form looks at, and the order in which rules are computed. An item depends on the questions that
 * its rules name and on the group that it stands in; a circle of such is a broken definition. What looks at a whole
 * group, or at everything, is computed last and again until nothing changes: that a sum stands in the group that it
 * sums is no circle.
 */
#include "config.h"

#include "model/form_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/intl.h"

#define LINKS_MAX 4096

struct looking {
    struct form *f;
    struct form_rule *r;
    uint32_t index; /* of r */
    uint32_t *links, *vars;
    struct str *names;
    unsigned nlinks, nvars, nnames;
};

/* The rule of a %name that is seen from an item: the innermost one, but never the rule itself. */
static uint32_t variable(const struct form *f, uint32_t item, struct str name, uint32_t self)
{
    for (;;) {
        for (uint32_t i = 0; i < f->rules.n; i++) {
            const struct form_rule *r = model_form_rule(f, i);

            if (i != self && r->item == item && (r->use == FORM_USE_VARIABLE || r->use == FORM_USE_POPULATE) &&
                str_eq(r->name, name))
                return i;
        }
        if (item == FORM_NONE)
            return FORM_NONE;
        item = f->item[item].parent;
    }
}

static bool within(const struct form *f, uint32_t outer, uint32_t inner)
{
    return outer <= inner && inner < f->item[outer].end;
}

/* The linkIds that a way is narrowed to: where it goes through a group to a question, the question alone. */
static void add_links(struct looking *l, const struct path_way *way)
{
    for (unsigned i = 0; i < way->nlinks; i++) {
        uint32_t item = model_form_item(l->f, way->links[i]);
        bool through = item == FORM_NONE;

        for (unsigned k = 0; k < way->nlinks && !through; k++) {
            uint32_t other = model_form_item(l->f, way->links[k]);

            through = other != FORM_NONE && other != item && within(l->f, item, other);
        }
        if (!through && l->nlinks < LINKS_MAX)
            l->links[l->nlinks++] = item;
    }
    if (l->nlinks == LINKS_MAX)
        l->r->whole = true;
}

static bool see(void *arg, const struct path_way *way)
{
    static const char *const fixed[] = {"questionnaire", "qitem", "ucum", "sct", "loinc"};
    struct looking *l = arg;
    uint32_t rule;

    if (str_is(way->from, "context") || str_is(way->from, "resource") || str_is(way->from, "rootResource")) {
        if (way->narrowed)
            add_links(l, way);
        else
            l->r->whole = true;
        return true;
    }
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (str_is(way->from, fixed[i]))
            return true;
    rule = variable(l->f, l->r->item, way->from, l->index);
    if (rule != FORM_NONE && l->nvars < LINKS_MAX)
        l->vars[l->nvars++] = rule;
    else if (rule == FORM_NONE && l->nnames < LINKS_MAX)
        l->names[l->nnames++] = way->from;
    return true;
}

static void *keep(struct form *f, const void *p, size_t n, size_t size)
{
    void *out = arena_alloc(&f->a, (n ? n : 1) * size);

    if (out && n)
        memcpy(out, p, n * size);
    return out;
}

static int look(struct looking *l, struct form_rule *r, uint32_t i, struct err *e)
{
    struct form *f = l->f;

    l->r = r;
    l->index = i;
    l->nlinks = l->nvars = l->nnames = 0;
    if (l->r->use == FORM_USE_WHEN)
        for (unsigned k = 0; k < f->item[l->r->item].nwhen; k++)
            if (l->nlinks < LINKS_MAX)
                l->links[l->nlinks++] = f->item[l->r->item].when[k].question;
    if (l->r->query)
        l->r->whole = true;
    if (l->r->x && !path_ways(l->r->x, see, l))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    l->r->links = keep(f, l->links, l->nlinks, sizeof *l->links);
    l->r->vars = keep(f, l->vars, l->nvars, sizeof *l->vars);
    l->r->names = keep(f, l->names, l->nnames, sizeof *l->names);
    l->r->nlinks = l->nlinks;
    l->r->nvars = l->nvars;
    l->r->nnames = l->nnames;
    return l->r->links && l->r->vars && l->r->names ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
}

/* --- circles ---------------------------------------------------------------------------------- */

enum colour { WHITE, GREY, BLACK };

struct sorting {
    struct form *f;
    uint8_t *of_rule, *of_item;
    unsigned *finish; /* of items */
    unsigned n;
    struct form_findings *found;
    struct err *e;
};

static int circle(struct sorting *s, struct str a, struct str b)
{
    char *words = arena_fmt(&s->f->a, str_eq(a, b) ? _("\"%.*s\" depends on itself.")
                                                   : _("\"%.*s\" and \"%.*s\" depend on each other."),
                            STR_ARG(a), STR_ARG(b));

    model_form_find(s->found, FORM_ERROR, a, words ? words : "");
    return err_set(s->e, ERR_INPUT, 0, 0, "Questionnaire");
}

/* A rule's links with those of the variables that it names. */
static int spread(struct sorting *s, uint32_t i)
{
    struct form_rule *r = model_form_rule(s->f, i);
    struct vec all;
    int res = ERR_OK;

    if (s->of_rule[i] == BLACK)
        return ERR_OK;
    s->of_rule[i] = GREY;
    vec_init(&all, sizeof(uint32_t), LINKS_MAX);
    for (unsigned k = 0; k < r->nlinks; k++) {
        uint32_t *p = vec_push(&all);

        if (p)
            *p = r->links[k];
    }
    for (unsigned v = 0; v < r->nvars && !res; v++) {
        struct form_rule *var = model_form_rule(s->f, r->vars[v]);

        if (s->of_rule[r->vars[v]] == GREY)
            res = circle(s, r->name, var->name);
        else
            res = spread(s, r->vars[v]);
        r->whole = r->whole || var->whole;
        for (unsigned k = 0; k < var->nlinks && !res; k++) {
            uint32_t *p = vec_push(&all);

            if (p)
                *p = var->links[k];
        }
    }
    r->whole = r->whole || all.n >= LINKS_MAX;
    r->links = keep(s->f, all.p, all.n, sizeof(uint32_t));
    r->nlinks = r->links ? (unsigned)all.n : 0;
    vec_fini(&all);
    s->of_rule[i] = BLACK;
    return r->links ? res : err_set(s->e, ERR_NOMEM, 0, 0, NULL);
}

static bool decides(const struct form_rule *r)
{
    return r->use == FORM_USE_CALC || r->use == FORM_USE_WHEN || r->use == FORM_USE_ENABLE;
}

static int visit(struct sorting *s, uint32_t item);

static int visit_next(struct sorting *s, uint32_t from, uint32_t to)
{
    if (s->of_item[to] == GREY)
        return circle(s, s->f->item[from].link, s->f->item[to].link);
    return s->of_item[to] == BLACK ? ERR_OK : visit(s, to);
}

static int visit(struct sorting *s, uint32_t item)
{
    const struct form_item *d = &s->f->item[item];
    int r = ERR_OK;

    s->of_item[item] = GREY;
    if (d->parent != FORM_NONE)
        r = visit_next(s, item, d->parent);
    for (uint32_t i = 0; i < s->f->rules.n && !r; i++) {
        const struct form_rule *rule = model_form_rule(s->f, i);

        if (rule->item != item || !decides(rule))
            continue;
        for (unsigned k = 0; k < rule->nlinks && !r; k++)
            if (model_form_is_answer(s->f->item[rule->links[k]].kind))
                r = visit_next(s, item, rule->links[k]);
    }
    s->of_item[item] = BLACK;
    s->finish[item] = s->n++;
    return r;
}

/* --- the order -------------------------------------------------------------------------------- */

struct ranked {
    unsigned rank;
    uint32_t i;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank) : (x->i > y->i) - (x->i < y->i);
}

/* Rules in the order of their items; on one item its enabling first; what looks at groups or everything last. */
static int rank(struct sorting *s)
{
    struct form *f = s->f;
    struct ranked *v = arena_alloc(&f->a, (f->rules.n + 1) * sizeof *v);

    f->order = arena_alloc(&f->a, (f->rules.n + 1) * sizeof *f->order);
    if (!v || !f->order)
        return err_set(s->e, ERR_NOMEM, 0, 0, NULL);
    for (uint32_t i = 0; i < f->rules.n; i++) {
        const struct form_rule *r = model_form_rule(f, i);
        bool soft = r->whole;

        for (unsigned k = 0; k < r->nlinks; k++)
            soft = soft || f->item[r->links[k]].end > r->links[k] + 1;
        v[i].i = i;
        v[i].rank = (r->item == FORM_NONE ? 0 : 2 * s->finish[r->item]) + (r->use == FORM_USE_CALC) +
                    (soft && r->use == FORM_USE_CALC ? 4 * FORM_MAX_ITEMS : 0);
    }
    qsort(v, f->rules.n, sizeof *v, by_rank);
    for (uint32_t i = 0; i < f->rules.n; i++)
        f->order[i] = v[i].i;
    return ERR_OK;
}

static bool looking_make(struct looking *l, struct arena *a)
{
    l->links = arena_alloc(a, LINKS_MAX * sizeof *l->links);
    l->vars = arena_alloc(a, LINKS_MAX * sizeof *l->vars);
    l->names = arena_alloc(a, LINKS_MAX * sizeof *l->names);
    return !a->failed;
}

int model_form_look(struct form *f, struct form_rule *r, struct err *e)
{
    struct looking l = {.f = f};
    struct arena a;
    int res;

    arena_init(&a, 1u << 20);
    res = looking_make(&l, &a) ? look(&l, r, FORM_NONE, e) : err_set(e, ERR_NOMEM, 0, 0, NULL);
    arena_fini(&a);
    return res;
}

int model_form_order(struct form *f, struct form_findings *found, struct err *e)
{
    struct sorting s = {f, NULL, NULL, NULL, 0, found, e};
    struct looking l = {.f = f};
    struct arena a;
    int r = ERR_OK;

    arena_init(&a, 16u << 20);
    looking_make(&l, &a);
    s.of_rule = arena_alloc(&a, f->rules.n + 1);
    s.of_item = arena_alloc(&a, f->n + 1);
    s.finish = arena_alloc(&a, (f->n + 1) * sizeof *s.finish);
    if (a.failed)
        r = err_set(e, ERR_NOMEM, 0, 0, NULL);
    for (uint32_t i = 0; i < f->rules.n && !r; i++)
        r = look(&l, model_form_rule(f, i), i, e);
    for (uint32_t i = 0; i < f->rules.n && !r; i++)
        r = spread(&s, i);
    for (uint32_t i = 0; i < f->n && !r; i++)
        r = s.of_item[i] == BLACK ? ERR_OK : visit(&s, i);
    r = r ? r : rank(&s);
    arena_fini(&a);
    return r;
}
