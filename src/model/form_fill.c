/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a form begins with: its own initial values, and what its expressions find in the chart. Run once, when the form
 * is opened or an instance is added; each value says where it comes from.
 */
#include "config.h"

#include "model/form_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/intl.h"
#include "fhir/read.h"

/* --- where a value comes from ------------------------------------------------------------------ */

/* "Observation 2026-05-03" */
static struct str source_of(struct form *f, const struct path_value *v)
{
    static const char *const dates[] = {"effectiveDateTime", "recordedDate", "authoredOn", "occurrenceDateTime",
                                        "issued", "date"};
    const struct path_value *top = v;
    struct str type, date = STR("");

    while (top->kind == PATH_NODE && top->node.in && !path_type_resource(top->type))
        top = top->node.in;
    if (top->kind != PATH_NODE || !path_type_resource(top->type))
        return STR("");
    type = top->type;
    for (size_t i = 0; i < sizeof dates / sizeof *dates && !date.n; i++)
        date = tape_plain(top->node.t, tape_get(top->node.t, top->node.at, dates[i]));
    return str_of(arena_fmt(&f->a, "%.*s%s%.*s", STR_ARG(type), date.n ? " " : "", STR_ARG(date)));
}

/* Of what was computed, the first thing of the chart that it was computed from. */
static struct str source_named(struct form *f, const struct form_rule *r)
{
    return r->nnames ? arena_str(&f->a, r->names[0]) : r->nvars ? arena_str(&f->a, model_form_rule(f, r->vars[0])->name)
                                                                : STR("");
}

/* --- values that stay -------------------------------------------------------------------------- */

/* A result that outlives the working response. False: it is a part of that. */
static bool keep(struct form *f, const struct path_value *v, struct path_value *out)
{
    struct path_value *in;

    *out = *v;
    if (v->kind != PATH_NODE)
        return false;
    if (v->node.t == &f->doc_t)
        return false;
    if (!v->node.in)
        return true;
    in = arena_alloc(&f->a, sizeof *in);
    out->node.in = in;
    return in && keep(f, v->node.in, in);
}

static int populate(struct form *f, struct form_node *n, const struct form_rule *r, struct err *e)
{
    const struct form_item *d = &f->item[n->item];
    struct path_list l;
    struct err why = ERR_NONE;

    if (model_form_eval(f, n, r, &l, &why))
        return ERR_OK; /* what names it says so */
    for (uint32_t i = 0; i < l.n && (i == 0 || d->repeats); i++) {
        struct path_value *v = arena_alloc(&f->a, sizeof *v);

        if (v && !keep(f, &l.v[i], v))
            continue;
        if (v && n->around.n)
            n = model_form_grow(f, n->parent, n->item, n->next);
        if (!v || !n)
            return err_set(e, ERR_NOMEM, 0, 0, NULL);
        n->around = (struct path_list){v, 1, 1};
    }
    return ERR_OK;
}

/* --- one question ------------------------------------------------------------------------------ */

static int put_nth(struct form *f, struct form_node **n, unsigned i, const struct form_value *v, enum form_origin o,
                   struct err *e)
{
    if (i && !f->item[(*n)->item].repeats)
        return ERR_OK;
    if (i) {
        struct form_node *more = model_form_grow(f, (*n)->parent, (*n)->item, (*n)->next);

        if (!more)
            return err_set(e, ERR_NOMEM, 0, 0, NULL);
        *n = more;
    }
    return model_form_set(f, *n, v, o, e);
}

static int fixed(struct form *f, struct form_node *n, struct err *e)
{
    const struct form_item *d = &f->item[n->item];
    tape_at list = tape_get(&f->t, d->at, "initial");
    struct form_value v;
    unsigned i = 0;
    int r = ERR_OK;

    for (tape_at x = tape_first(&f->t, list); x != TAPE_NONE && !r; x = tape_next(&f->t, list, x))
        if (model_form_value_read(&f->t, x, "value", &f->a, &v)) {
            if (v.kind == FORM_QUANTITY && !v.text.n) { /* its unit alone */
                n->unit = model_form_unit_of(d, &v);
                continue;
            }
            r = put_nth(f, &n, i++, &v, FORM_INITIAL, e);
        }
    for (unsigned k = 0; k < d->nopts && !r; k++)
        if (d->opts[k].initial && !i++)
            r = put_nth(f, &n, 0, &d->opts[k].v, FORM_INITIAL, e);
        else if (d->opts[k].initial)
            r = put_nth(f, &n, 1, &d->opts[k].v, FORM_INITIAL, e);
    return r;
}

static void not_filled(struct form *f, struct form_node *n, const char *why)
{
    char *words = arena_fmt(&f->a, _("not prefilled: %s"), why);

    if (n->v.set)
        return;
    n->trouble = text_safe(&f->a, str_of(words ? words : ""), 0);
    n->mild = true;
}

static int take_found(struct form *f, struct form_node *n, const struct form_rule *r, const struct path_list *l,
                      struct err *e)
{
    struct form_value *v;
    struct str *from;
    struct arena a;
    uint32_t count = l->n; /* l is gone with the first that is put */
    int res = ERR_OK;

    if (count > 1 && !f->item[n->item].repeats) {
        not_filled(f, n, _("the chart has several values"));
        return ERR_OK;
    }
    arena_init(&a, FORM_ARENA_MAX);
    from = arena_alloc(&a, (count + 1) * sizeof *from);
    for (uint32_t i = 0; i < count && from; i++)
        from[i] = source_of(f, &l->v[i]);
    v = model_form_values_of(f, n, l, &a);
    if (!v)
        res = err_set(e, ERR_NOMEM, 0, 0, NULL);
    for (uint32_t i = 0; i < count && !res; i++) {
        if (!v[i].set) {
            not_filled(f, n, _("what the chart has is no answer to it"));
            break;
        }
        res = put_nth(f, &n, i, &v[i], FORM_PREFILLED, e);
        n->from = from[i].n ? from[i] : source_named(f, r);
        n->seen = n->from.n == 0 || f->item[n->item].read_only || f->item[n->item].hidden;
    }
    arena_fini(&a);
    return res;
}

static int from_chart(struct form *f, struct form_node *n, const struct form_rule *r, struct err *e)
{
    struct path_list l;
    struct err why = ERR_NONE;

    if (model_form_eval(f, n, r, &l, &why)) {
        not_filled(f, n, why.sub == PATH_VARIABLE || why.sub == PATH_NEEDS ? _("what it is taken from is not here")
                                                                            : _(path_why(why.sub)));
        return ERR_OK;
    }
    return take_found(f, n, r, &l, e);
}

/* --- the last Observation ---------------------------------------------------------------------- */

/* "2026-05-03": the day so long ago as observationLinkPeriod says; false where it says nothing that is a period. */
static bool since(const struct form *f, tape_at period, char out[16])
{
    static const struct {
        const char *unit;
        int64_t days;
    } units[] = {{"a", 366}, {"mo", 31}, {"wk", 7}, {"d", 1}, {"h", 1}};
    struct str code = tape_plain(&f->t, tape_get(&f->t, period, "code"));
    int64_t n, now = f->env.clock ? clock_wall_ms(f->env.clock) : 0;
    struct date d;

    if (!str_int(tape_lexeme(&f->t, tape_get(&f->t, period, "value")), 1, 100000, &n))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_is(code, units[i].unit)) {
            d = date_of_days(now / DATE_DAY_MS - n * units[i].days);
            snprintf(out, 16, "%04d-%02d-%02d", d.year % 10000, d.month % 100, d.day % 100);
            return true;
        }
    return false;
}

/* The patient's newest one of the item's codes, within the period. */
static bool ask_last(struct form *f, const struct form_item *d, const char *from, struct path_value *bundle)
{
    tape_at list = tape_get(&f->t, d->at, "code");
    struct buf b;
    bool found;

    buf_init(&b, LIMIT_URL_BYTES);
    buf_adds(&b, "Observation?code=");
    for (tape_at c = tape_first(&f->t, list); c != TAPE_NONE; c = tape_next(&f->t, list, c)) {
        buf_addstr(&b, c == tape_first(&f->t, list) ? STR("") : STR(","));
        buf_addstr(&b, tape_plain(&f->t, tape_get(&f->t, c, "system")));
        buf_addc(&b, '|');
        buf_addstr(&b, tape_plain(&f->t, tape_get(&f->t, c, "code")));
    }
    buf_adds(&b, "&patient=");
    buf_addstr(&b, f->env.subject);
    buf_addf(&b, "&status=final,amended,corrected&date=ge%s&_sort=-date&_count=1", from);
    found = !b.failed && f->env.query(f->env.arg, buf_str(&b), bundle);
    buf_fini(&b);
    return found;
}

static int from_observation(struct form *f, struct form_node *n, struct err *e)
{
    static const char newest[] = "entry.resource.where(status in ('final' | 'amended' | 'corrected')).first().value";
    const struct form_item *d = &f->item[n->item];
    tape_at period = model_form_ext_value(&f->t, d->at, "observationLinkPeriod");
    struct form_rule r = {.use = FORM_USE_INITIAL, .item = n->item, .text = str_of(newest)};
    struct path_value bundle;
    struct path_list l = {0};
    char from[16];
    int res;

    if (n->v.set || period == TAPE_NONE || !since(f, period, from) ||
        !tape_count(&f->t, tape_get(&f->t, d->at, "code")))
        return ERR_OK;
    if (!f->env.query || !f->env.subject.n || !ask_last(f, d, from, &bundle)) {
        not_filled(f, n, _("what it is taken from is not here"));
        return ERR_OK;
    }
    res = model_form_doc(f, e);
    res = res ? res : path_parse(r.text, PATH_LENIENT, &r.x, e);
    res = res ? res : model_form_eval_on(f, n, &r, &bundle, NULL, 0, &l, e);
    res = res ? res : take_found(f, n, &r, &l, e);
    path_free(r.x);
    return res;
}

static int fill_one(struct form *f, struct form_node *n, struct err *e)
{
    int r = ERR_OK;

    VEC_EACH(struct form_rule, rule, &f->rules)
        if (!r && rule->item == n->item && rule->use == FORM_USE_POPULATE && !n->around.n) {
            /* one more is a person's, and none of the chart's again */
            n->alone = !f->filling && f->item[n->item].repeats;
            if (!n->alone)
                r = populate(f, n, rule, e);
        }
    if (r || !model_form_is_answer(f->item[n->item].kind) || n->v.set || n->touched)
        return r;
    n->touched = true; /* an instance that this makes is not filled again */
    r = fixed(f, n, e);
    VEC_EACH(struct form_rule, rule, &f->rules)
        if (!r && rule->item == n->item && rule->use == FORM_USE_INITIAL)
            r = from_chart(f, n, rule, e);
    return r ? r : from_observation(f, n, e);
}

int model_form_fill(struct form *f, struct form_node *top, struct err *e)
{
    int r = ERR_OK;

    for (struct form_node *n = top; n && !r; n = model_form_walk(top, n))
        if (n != &f->root)
            r = fill_one(f, n, e);
    for (struct form_node *n = top; n; n = model_form_walk(top, n))
        n->touched = false;
    return r;
}
