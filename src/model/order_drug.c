/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rows of a search for a drug: ingredients by the rules of codes/drugs.h, and behind each its products, where what
 * was typed leaves few ingredients. A product of modified release is a row of its own, as every other one.
 */
#include "config.h"

#include <string.h>

#include "model/order_priv.h"

#define FEW 4 /* ingredients: then their products are listed too */

/* What a form leaves no choice of. REQ: an injection has more than one route, and no row. */
static const struct {
    const char *words, *route;
} forms[] = {
    {"oral", "PO"},           {"chewable tablet", "PO"}, {"sublingual", "SL"}, {"inhal", "IH"},   {"topical", "TP"},
    {"transdermal", "TD"},    {"ophthalmic", "OP"},      {"otic", "OT"},       {"nasal", "NS"},   {"rectal", "PR"},
    {"vaginal", "VG"},        {"buccal", "B"},
};

static struct str route_of(struct str form)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (form.n && memmem(form.p, form.n, forms[i].words, strlen(forms[i].words)))
            return str_of(forms[i].route);
    return STR("");
}

/* The route of all products of this ingredient alone; "" where they differ, or one does not say. */
static struct str route_of_all(const struct codes_drugs *d, unsigned drug)
{
    const struct codes_product *p;
    struct str route = STR("");
    unsigned at = 0;

    while ((p = codes_product_next(d, drug, &at)) && p->drugs == 1) {
        struct str one = p->form.n ? route_of(p->form) : route;

        if (!p->form.n)
            continue; /* a word alone, as a brand's name */
        if (!one.n || (route.n && !str_eq(route, one)))
            return STR("");
        route = one;
    }
    return route;
}

static void add(struct order_drugs *out, const struct order_drug *row, struct str words, struct arena *a)
{
    char *tall;

    out->all++;
    if (out->n >= ORDER_DRUGS_SHOWN || !(tall = arena_dup(a, words.p, words.n)))
        return;
    codes_tall_man(tall, words.n);
    out->row[out->n] = *row;
    out->row[out->n++].words = text_safe(a, (struct str){tall, words.n}, 0);
}

static void add_products(const struct codes_drugs *d, unsigned drug, struct order_drugs *out, struct arena *a)
{
    const struct codes_product *p;
    unsigned at = 0;

    while ((p = codes_product_next(d, drug, &at))) {
        struct order_drug row = {.via = text_own(""), .name = p->words, .rxcui = p->rxcui,
                                 .route = route_of(p->form), .product = true};

        if (p->form.n)
            add(out, &row, p->words, a);
    }
}

static void add_hit(const struct codes_drugs *d, const struct codes_hit *hit, bool products, struct order_drugs *out,
                    struct arena *a)
{
    const struct codes_drug *drug = codes_drug(d, hit->drug);
    struct order_drug row = {.via = hit->via.n ? text_safe(a, hit->via, 0) : text_own("")};

    if (hit->product) {
        row.name = hit->product->words;
        row.rxcui = hit->product->rxcui;
        row.route = route_of(hit->product->form);
        row.product = true;
        add(out, &row, row.name, a);
        return;
    }
    row.name = drug->name;
    row.rxcui = drug->rxcui;
    row.route = route_of_all(d, hit->drug);
    add(out, &row, drug->tall, a);
    if (products)
        add_products(d, hit->drug, out, a);
}

int model_order_search(const struct codes_drugs *d, struct str typed, struct arena *a, struct order_drugs *out,
                       struct err *e)
{
    const struct codes_dated *bad = codes_drugs_bad(d);
    struct codes_hit hits[ORDER_DRUGS_SHOWN];
    unsigned found, all, plain = 0;
    int code;

    memset(out, 0, sizeof *out);
    if (bad) { /* REQ: a list that is not whole is not searched as if it were */
        const char *why = arena_fmt(a, _("The drug table cannot be used: %s %s"), bad->file, codes_dated_why(bad, a));

        out->words = text_own(why ? why : "");
        return a->failed ? err_set(e, ERR_NOMEM, 0, 0, "drugs") : ERR_OK;
    }
    if ((code = codes_drugs_search(d, typed, hits, ORDER_DRUGS_SHOWN, &found, &all, e)))
        return code;
    for (unsigned i = 0; i < found; i++)
        plain += !hits[i].product;
    for (unsigned i = 0; i < found; i++)
        add_hit(d, &hits[i], plain <= FEW && all == found, out, a);
    out->all += all - found;
    out->words = str_trim(typed).n < CODES_TYPED_LEAST
                     ? text_own(arena_fmt(a, _("Type at least %d letters"), CODES_TYPED_LEAST))
                     : text_own(arena_fmt(a, _("shows %u of %u"), out->n, out->all));
    return a->failed ? err_set(e, ERR_NOMEM, 0, 0, "drugs") : ERR_OK;
}
