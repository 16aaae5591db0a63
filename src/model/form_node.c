/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tree of instances: under each instance stand those of the items under its definition, in the definitions' order,
 * at least one of each.
 */
#include "config.h"

#include "model/form_priv.h"

struct form_node *model_form_node(const struct form *f, form_key key)
{
    struct form_node *const *p = key ? vec_at(&f->nodes, key - 1) : NULL;

    return p && !(*p)->gone ? *p : NULL;
}

struct form_node *model_form_beside(const struct form_node *parent, uint32_t item, const struct form_node *after)
{
    struct form_node *n = after ? after->next : parent->first;

    while (n && n->item != item)
        n = n->next;
    return n;
}

struct form_node *model_form_walk(const struct form_node *top, const struct form_node *at)
{
    if (at->first)
        return at->first;
    while (at != top && !at->next)
        at = at->parent;
    return at == top ? NULL : at->next;
}

bool model_form_on(const struct form_node *n)
{
    for (; n; n = n->parent)
        if (!n->on)
            return false;
    return true;
}

unsigned model_form_count(const struct form_node *n, unsigned *nth)
{
    unsigned count = 0;

    *nth = 0;
    for (const struct form_node *k = n->parent->first; k; k = k->next)
        if (k->item == n->item) {
            count++;
            if (k == n)
                *nth = count;
        }
    return count;
}

bool model_form_shown(const struct form *f, const struct form_node *n)
{
    for (; n && n != &f->root; n = n->parent)
        if (!n->on || f->item[n->item].hidden || f->item[n->item].words_of)
            return false;
    return n != NULL;
}

/* Makes one, without what is under it. */
static struct form_node *make(struct form *f, struct form_node *parent, uint32_t item, struct form_node *before)
{
    struct form_node **slot, *n = f->live < FORM_MAX_INSTANCES ? arena_alloc(&f->a, sizeof *n) : NULL;

    slot = n ? vec_push(&f->nodes) : NULL;
    if (!slot)
        return NULL;
    *slot = n;
    *n = (struct form_node){.key = (form_key)f->nodes.n, .item = item, .parent = parent, .on = true, .off = FORM_NONE,
                            .at = TAPE_NONE, .row = -1, .seen = true};
    n->next = before;
    n->prev = before ? before->prev : parent->last;
    *(n->prev ? &n->prev->next : &parent->first) = n;
    *(before ? &before->prev : &parent->last) = n;
    f->live++;
    return n;
}

struct form_node *model_form_grow(struct form *f, struct form_node *parent, uint32_t item, struct form_node *before)
{
    struct form_node *n = make(f, parent, item, before);

    if (!n)
        return NULL;
    if (f->item[item].nunits == 1)
        n->unit = 1;
    for (uint32_t i = item + 1; i < f->item[item].end; i = f->item[i].end)
        if (!model_form_grow(f, n, i, NULL)) {
            model_form_prune(f, n);
            return NULL;
        }
    f->stale = true;
    return n;
}

static void leave(struct form *f, struct form_node *n)
{
    for (struct form_node *k = n->first; k; k = k->next)
        leave(f, k);
    n->gone = true;
    f->live--;
}

void model_form_prune(struct form *f, struct form_node *n)
{
    leave(f, n);
    *(n->prev ? &n->prev->next : &n->parent->first) = n->next;
    *(n->next ? &n->next->prev : &n->parent->last) = n->prev;
    f->stale = true;
}

struct form_node *model_form_another(struct form *f, struct form_node *n)
{
    while (n->next && n->next->item == n->item)
        n = n->next;
    return model_form_grow(f, n->parent, n->item, n->next);
}

int model_form_plant(struct form *f, struct err *e)
{
    while (f->root.first)
        model_form_prune(f, f->root.first);
    for (uint32_t i = 0; i < f->n; i = f->item[i].end)
        if (!model_form_grow(f, &f->root, i, NULL))
            return err_set(e, ERR_NOMEM, 0, 0, NULL);
    return ERR_OK;
}

struct form_tree model_form_lift(struct form *f)
{
    struct form_tree t = {f->root.first, f->root.last, f->live};

    f->root.first = f->root.last = NULL;
    f->live = 0;
    f->stale = true;
    return t;
}

void model_form_lay_back(struct form *f, struct form_tree t)
{
    while (f->root.first)
        model_form_prune(f, f->root.first);
    f->root.first = t.first;
    f->root.last = t.last;
    f->live = t.live;
    f->stale = true;
}

void model_form_fell(struct form *f, struct form_tree t)
{
    f->live += t.live;
    for (struct form_node *n = t.first; n; n = n->next)
        leave(f, n);
}
