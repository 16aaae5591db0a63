/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is read before an order is kept or signed, row by row; and the tables that it rests on.
 */
#include "config.h"

#include <string.h>

#include "base/path.h"
#include "model/check.h"
#include "model/order_priv.h"

#define ROWS_MOST 400

/* --- the desk --------------------------------------------------------------------------------- */

int model_order_desk_open(struct model *m, const struct rng *rng, struct order_desk *out, struct err *e)
{
    char dir[PATH_MAX_BYTES];
    int code;

    *out = (struct order_desk){.env = {.m = m, .rng = rng}};
    path_data("sig", dir);
    code = model_check_tables(&m->clock, &out->cds, e);
    code = code ? code : model_sig_words_load(dir, intl_language(), &out->words, e);
    out->env.cds = out->cds;
    out->env.words = out->words;
    return code;
}

void model_order_desk_close(struct order_desk *d)
{
    cds_free(d->cds);
    model_sig_words_free(d->words);
    memset(d, 0, sizeof *d);
}

int model_order_find(const struct order_env *env, struct str typed, struct arena *a, struct order_drugs *out,
                     struct err *e)
{
    return model_order_search(cds_drugs(env->cds), typed, a, out, e);
}

const char *model_order_type(void)
{
    return ORDER_TYPE;
}

bool model_order_is(const char *type)
{
    return !strcmp(type, ORDER_TYPE);
}

/* --- rows ------------------------------------------------------------------------------------- */

struct says {
    struct arena *a;
    struct order_row *row;
    unsigned n;
};

static bool begin(struct says *s, struct arena *a)
{
    *s = (struct says){.a = a, .row = arena_alloc(a, ROWS_MOST * sizeof *s->row)};
    return s->row != NULL;
}

static struct order_row *add(struct says *s, enum order_row_kind kind, const char *lead, struct str words)
{
    struct order_row *r;

    if (s->n >= ROWS_MOST) {
        s->a->failed = true;
        return &s->row[ROWS_MOST - 1];
    }
    r = &s->row[s->n++];
    *r = (struct order_row){.kind = kind, .lead = text_own(lead), .words = text_safe(s->a, words, 0)};
    return r;
}

static struct str str_text(struct text t)
{
    return (struct str){t.s, t.n};
}

static void add_asks(struct says *s, const struct order *o)
{
    for (unsigned i = 0; i < o->sig->asks; i++) {
        const struct sig_ask *q = &o->sig->ask[i];

        add(s, ORDER_ASKS, _("ASKED"),
            str_of(arena_fmt(s->a, "\"%.*s\": %s", (int)q->len, o->sig->line.p + q->off, model_sig_why_words(q->why))));
        for (unsigned k = 0; k < q->choices; k++) {
            struct order_row *r = add(s, ORDER_CHOICE, "", str_trim(q->choice[k]));

            r->ask = i;
            r->choice = k;
        }
    }
    for (unsigned i = 0; i < o->lacks; i++)
        add(s, ORDER_SAYS, "", str_text(o->lack[i]));
}

/* A card whole: what, why, what to do, whence. */
static void add_card(struct says *s, const struct cds_result *checks, unsigned i, struct str bytes)
{
    const struct cds_card *c = &checks->card[i];
    bool open = c->tier == CDS_STOP && !model_order_answered(c, bytes);
    const char *words = arena_fmt(s->a, "%s%s - %s%s%s (%s)", open ? _("REASON NEEDED: ") : "", c->summary.s, c->why.s,
                                  c->action.n ? " - " : "", c->action.s, c->source.s);
    struct order_row *r = add(s, ORDER_CARD, cds_tier_words(c->tier), str_of(words));

    r->card = i;
    r->open = open;
}

static void add_cards(struct says *s, const struct cds_result *checks, struct str bytes, bool notes)
{
    for (unsigned i = 0; i < checks->cards; i++)
        if (notes || checks->card[i].tier != CDS_NOTE)
            add_card(s, checks, i, bytes);
}

int model_order_rows(struct order *o, struct order_row **rows, unsigned *n, struct err *e)
{
    struct str bytes = buf_str(&o->bytes);
    struct says s;

    if (!o->sig || !begin(&s, &o->arena))
        return err_set(e, ERR_NOMEM, 0, 0, "order");
    add_asks(&s, o);
    if (o->ready) {
        add(&s, ORDER_SAYS, _("ORDER"), str_text(o->words));
        add(&s, ORDER_SAYS, _("QUANTITY"), str_text(o->quantity));
        add_cards(&s, &o->checks, bytes, true);
        if (o->route_filled)
            add(&s, ORDER_SAYS, _("ROUTE"), str_of(_("filled in from the medicine's form; nobody typed it")));
        for (unsigned i = 0; i < o->sig->remarks; i++)
            add(&s, ORDER_SAYS, _("READ"),
                str_of(arena_fmt(s.a, _("\"%.*s\" as %.*s"), (int)o->sig->remark[i].len,
                                 o->sig->line.p + o->sig->remark[i].off, STR_ARG(o->sig->remark[i].means))));
        for (unsigned i = 0; i < CDS_KINDS; i++)
            add(&s, ORDER_SAYS, i ? "" : _("CHECKS"), str_text(o->checks.check[i].line));
        add(&s, ORDER_SAYS, _("LISTS"), str_of(cds_caution()));
    }
    *rows = s.row;
    *n = s.n;
    return o->arena.failed ? err_set(e, ERR_NOMEM, 0, 0, "order") : ERR_OK;
}

int model_order_line_rows(struct order_basket *b, unsigned line, struct order_row **rows, unsigned *n, struct err *e)
{
    const struct order_line *l = &b->line[line];
    const char *all = "";
    struct says s;

    if (!begin(&s, &b->arena))
        return err_set(e, ERR_NOMEM, 0, 0, "order");
    add(&s, ORDER_SAYS, l->ticked ? "[x]" : "[ ]", str_text(l->words));
    if (l->ends[0])
        add(&s, ORDER_SAYS, _("ENDS"), str_text(l->ends_words));
    add_cards(&s, &l->checks, buf_str(&l->bytes), false);
    for (unsigned i = 0; i < CDS_KINDS && all; i++)
        all = arena_fmt(&b->arena, "%s%s%s", all, i ? "; " : "", l->checks.check[i].line.s);
    add(&s, ORDER_SAYS, _("CHECKS"), str_of(all));
    add(&s, ORDER_SAYS, _("LISTS"), str_of(cds_caution())); /* REQ: on every page of cards */
    *rows = s.row;
    *n = s.n;
    return b->arena.failed ? err_set(e, ERR_NOMEM, 0, 0, "order") : ERR_OK;
}
