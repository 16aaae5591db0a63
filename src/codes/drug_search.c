/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * REQ CS-22: a search lists and counts; it never completes what was typed, and never takes the only one for the one
 * that was meant.
 */
#include "config.h"

#include <stdlib.h>

#include "base/mem.h"
#include "codes/drugs_priv.h"

bool codes_words_match(struct str key, struct str typed)
{
    while (typed.p) {
        struct str want = str_split(&typed, ' '), rest = key;
        bool found = false;

        while (!found && rest.p) {
            struct str word = str_split(&rest, ' ');

            found = word.n >= want.n && str_eq((struct str){word.p, want.n}, want);
        }
        if (!found)
            return false;
    }
    return true;
}

static bool matches(struct str key, struct str typed, enum codes_match *how)
{
    if (str_eq(key, typed))
        *how = CODES_EXACT;
    else if (key.n > typed.n && str_eq((struct str){key.p, typed.n}, typed))
        *how = CODES_BEGINS;
    else if (codes_words_match(key, typed))
        *how = CODES_WORDS_MATCH;
    else
        return false;
    return true;
}

struct found {
    struct codes_hit hit;
    struct str name;
    bool found;
};

static int by_rank(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    bool other_a = a->hit.via.n, other_b = b->hit.via.n;

    if (a->found != b->found)
        return a->found ? -1 : 1;
    if (other_a != other_b)
        return other_a ? 1 : -1;
    return a->hit.match != b->hit.match ? (int)a->hit.match - (int)b->hit.match : str_cmp(a->name, b->name);
}

/* The better of a drug's names. */
static void take(struct found *x, const struct codes_name *name, enum codes_match how)
{
    struct str via = name->own ? STR("") : name->words;

    if (x->found && (name->own ? !x->hit.via.n && how >= x->hit.match : !x->hit.via.n || how >= x->hit.match))
        return;
    x->found = true;
    x->hit.match = how;
    x->hit.via = via;
}

/* all: for each drug one, then for each product one. */
static unsigned find_all(const struct codes_drugs *d, struct str typed, struct found *all)
{
    unsigned n = 0;

    for (unsigned i = 0; i < d->drugs; i++)
        all[i] = (struct found){.hit = {.drug = i}, .name = d->drug[i].name};
    for (unsigned i = 0; i < d->products; i++)
        all[d->drugs + i] = (struct found){.hit = {.drug = d->product[i].drug[0], .product = &d->product[i]},
                                           .name = d->product[i].words};
    for (unsigned i = 0; i < d->names; i++) {
        const struct codes_name *x = &d->name[i];
        enum codes_match how;

        if (x->means <= CODES_MEANS_PRODUCT && matches(x->key, typed, &how))
            take(&all[x->means == CODES_MEANS_DRUG ? x->of : d->drugs + x->of], x, how);
    }
    qsort(all, d->drugs + d->products, sizeof *all, by_rank);
    while (n < d->drugs + d->products && all[n].found)
        n++;
    return n;
}

int codes_drugs_search(const struct codes_drugs *d, struct str typed, struct codes_hit *hits, unsigned most,
                       unsigned *found, unsigned *all, struct err *e)
{
    struct buf key;
    struct found *x = NULL;
    int code = ERR_OK;

    *found = *all = 0;
    buf_init(&key, 1024);
    codes_key(typed, &key);
    if (!codes_drugs_bad(d) && !key.failed && key.n >= CODES_TYPED_LEAST) {
        x = mem_alloc((d->drugs + d->products) * sizeof *x);
        if (!x)
            code = err_set(e, ERR_NOMEM, 0, 0, "drugs");
        else
            *all = find_all(d, buf_str(&key), x);
    }
    for (; *found < *all && *found < most; ++*found)
        hits[*found] = x[*found].hit;
    mem_free(x);
    buf_fini(&key);
    return code;
}
