/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A form as rows: which there are now, what each one says, and how one is found by what is typed.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/date.h"
#include "base/intl.h"
#include "fhir/read.h"

/* --- which ------------------------------------------------------------------------------------- */

void model_form_list_rows(struct form *f)
{
    struct form_node *n = f->root.first;

    f->rows.n = 0;
    while (n) {
        bool shown = n->on && !f->item[n->item].hidden && !f->item[n->item].words_of;
        form_key *row = shown ? vec_push(&f->rows) : NULL;

        n->row = -1;
        if (row) {
            *row = n->key;
            n->row = (int)f->rows.n - 1;
        }
        if (row && n->first) {
            n = n->first;
            continue;
        }
        for (struct form_node *k = n->first; k; k = model_form_walk(n, k))
            k->row = -1;
        while (n != &f->root && !n->next)
            n = n->parent;
        n = n == &f->root ? NULL : n->next;
    }
}

unsigned model_form_rows(const struct form *f)
{
    return (unsigned)f->rows.n;
}

form_key model_form_at(const struct form *f, unsigned i)
{
    const form_key *k = vec_at(&f->rows, i);

    return k ? *k : FORM_NO_KEY;
}

int model_form_index(const struct form *f, form_key key)
{
    const struct form_node *n = model_form_node(f, key);

    return n ? n->row : -1;
}

unsigned model_form_under(const struct form *f, form_key key, form_key *out, unsigned max)
{
    const struct form_node *n = key == FORM_NO_KEY ? &f->root : model_form_node(f, key);
    unsigned found = 0;

    for (const struct form_node *k = n ? n->first : NULL; k; k = k->next)
        if (k->row >= 0 && found++ < max)
            out[found - 1] = k->key;
    return found;
}

/* --- names ------------------------------------------------------------------------------------- */

struct str model_form_name(const struct form *f, form_key key, struct arena *a)
{
    const struct form_node *n = model_form_node(f, key);
    char *numbers = NULL;
    unsigned nth;

    if (!n)
        return STR("");
    for (const struct form_node *k = n; k != &f->root; k = k->parent)
        if (f->item[k->item].repeats) {
            model_form_count(k, &nth);
            numbers = numbers ? arena_fmt(a, "%u.%s", nth, numbers) : arena_fmt(a, "%u", nth);
        }
    return str_of(numbers ? arena_fmt(a, "%.*s#%s", STR_ARG(f->item[n->item].link), numbers)
                          : arena_dup(a, f->item[n->item].link.p, f->item[n->item].link.n));
}

/* The instance of an item by the numbers of what repeats around it, outermost first; what is not said is the first. */
static const struct form_node *descend(const struct form *f, const struct form_node *at, uint32_t item,
                                       struct str *numbers)
{
    const struct form_node *n;
    uint32_t step = FORM_NONE;
    int64_t nth = 1;

    for (n = at->first; n && step == FORM_NONE; n = n->next)
        if (n->item <= item && item < f->item[n->item].end)
            step = n->item;
    if (step == FORM_NONE)
        return NULL;
    if (f->item[step].repeats && numbers->n && !str_int(str_split(numbers, '.'), 1, FORM_MAX_INSTANCES, &nth))
        return NULL;
    n = NULL;
    for (int64_t i = 0; i < nth; i++) {
        n = model_form_beside(at, step, n);
        if (!n)
            return NULL;
    }
    return step == item ? n : descend(f, n, item, numbers);
}

form_key model_form_named(const struct form *f, struct str name)
{
    uint32_t item = model_form_item(f, name);
    struct str numbers = STR(""), link = name;
    const struct form_node *n;

    for (size_t i = name.n; i > 0 && item == FORM_NONE; i--)
        if (name.p[i - 1] == '#') {
            link = (struct str){name.p, i - 1};
            numbers = (struct str){name.p + i, name.n - i};
            item = model_form_item(f, link);
            break;
        }
    n = item == FORM_NONE ? NULL : descend(f, &f->root, item, &numbers);
    return n && !numbers.n ? n->key : FORM_NO_KEY;
}

static struct str label_of(const struct form *f, const struct form_node *n, struct arena *a, bool *foreign)
{
    return model_form_words(f, &f->t, f->item[n->item].at, "text", a, foreign);
}

unsigned model_form_jump(const struct form *f, struct str typed, form_key *out, unsigned max)
{
    form_key exact = model_form_named(f, str_trim(typed));
    struct arena a;
    struct buf b;
    unsigned found = 0;

    if (exact && model_form_index(f, exact) >= 0) {
        if (max)
            out[0] = exact;
        return 1;
    }
    buf_init(&b, LIMIT_TEXT_CELL * 4);
    arena_init(&a, 4u << 20);
    text_fold(&b, str_trim(typed));
    VEC_EACH(form_key, k, &f->rows) {
        bool foreign;

        if (b.n && model_form_says(label_of(f, model_form_node(f, *k), &a, &foreign), buf_str(&b)) && found++ < max)
            out[found - 1] = *k;
    }
    arena_fini(&a);
    buf_fini(&b);
    return found;
}

form_key model_form_next_open(struct form *f, form_key after)
{
    int i = after == FORM_NO_KEY ? 0 : model_form_index(f, after) + 1;
    form_key found = FORM_NO_KEY;
    struct arena a;

    arena_init(&a, 16u << 20);
    for (; i < (int)f->rows.n && found == FORM_NO_KEY; i++) {
        struct form_node *n = model_form_node(f, model_form_at(f, (unsigned)i));
        struct form_list l = {.a = &a};
        struct err e = ERR_NONE;

        model_form_node_problems(f, n, &l, &e);
        for (unsigned k = 0; k < l.n; k++)
            if (l.v[k].grade == FORM_ERROR && model_form_is_answer(f->item[n->item].kind))
                found = n->key;
        if (!n->seen)
            found = n->key;
    }
    arena_fini(&a);
    return found;
}

/* --- words ------------------------------------------------------------------------------------- */

static const char *hint_of(enum form_kind kind)
{
    switch (kind) {
    case FORM_DATE:
        return _("03-May-2026, May-2026, 2026, t, t-3");
    case FORM_DATETIME:
        return _("03-May-2026 14:05, n (now), or a date");
    case FORM_TIME:
        return "14:05";
    case FORM_INTEGER:
        return _("a whole number");
    case FORM_DECIMAL:
        return _("a number");
    case FORM_QUANTITY:
        return _("a number and its unit");
    case FORM_REFERENCE:
        return "TYPE/ID";
    default:
        return "";
    }
}

/* "from 0 to 300; at most 2 decimal places" */
static struct text limits_of(struct form *f, const struct form_node *n, struct arena *a)
{
    const struct form_item *d = &f->item[n->item];
    struct form_value low, high;
    struct err e = ERR_NONE;
    bool has_low = model_form_limit(f, n, false, &low, &e);
    bool has_high = model_form_limit(f, n, true, &high, &e); /* e: of either */
    struct text l = has_low ? model_form_value_words(f, NULL, &low, a) : text_own("");
    struct text h = has_high ? model_form_value_words(f, NULL, &high, a) : text_own("");
    char *s = has_low && has_high ? arena_fmt(a, _("from %s to %s"), l.s, h.s)
              : has_low           ? arena_fmt(a, _("at least %s"), l.s)
              : has_high          ? arena_fmt(a, _("at most %s"), h.s)
                                  : arena_dup(a, "", 0);

    if (e.code && s)
        s = arena_fmt(a, "%s%s%s", s, *s ? "; " : "", model_form_cannot(a, &e).s);
    if (d->places >= 0 && s)
        s = arena_fmt(a, "%s%s%s", s, *s ? "; " : "",
                      d->places ? arena_fmt(a, P_("at most %d decimal place", "at most %d decimal places", d->places),
                                            d->places) : _("whole numbers"));
    if (d->max_length >= 0 && s)
        s = arena_fmt(a, "%s%s%s", s, *s ? "; " : "",
                      arena_fmt(a, P_("at most %lld character", "at most %lld characters", d->max_length),
                                (long long)d->max_length));
    return text_safe(a, str_of(s), 0);
}

static struct text from_words(const struct form_node *n, struct arena *a)
{
    struct str rest = n->from, type = str_split(&rest, ' ');
    struct date d;
    char date[DATE_TEXT_MAX];

    if (!n->from.n)
        return text_own("");
    if (!rest.n || !date_parse(rest, &d))
        return text_safe(a, str_of(arena_fmt(a, _("from the chart: %.*s"), STR_ARG(type))), 200);
    date_text(&d, date);
    return text_safe(a, str_of(arena_fmt(a, _("from the chart: %.*s of %s"), STR_ARG(type), date)), 200);
}

static void label(struct form *f, struct form_node *n, struct arena *a, struct form_row *out)
{
    const struct form_item *d = &f->item[n->item];
    struct path_list l;
    struct err e = ERR_NONE;
    bool foreign;

    out->label = text_safe(a, label_of(f, n, a, &out->foreign), LIMIT_TEXT_CELL);
    out->prefix = text_safe(a, model_form_words(f, &f->t, d->at, "prefix", a, &foreign), 100);
    out->brief = text_safe(a, tape_str(&f->t, model_form_ext_value(&f->t, d->at, "shortText"), a), 200);
    if (!out->brief.n)
        out->brief = out->label;
    out->help = text_own("");
    if (d->help != FORM_NONE)
        out->help = text_safe(a, model_form_words(f, &f->t, f->item[d->help].at, "text", a, &foreign),
                              LIMIT_TEXT_CELL);
    VEC_EACH(struct form_rule, r, &f->rules)
        if (r->use == FORM_USE_WORDS && r->item == n->item) {
            struct buf b;

            buf_init(&b, LIMIT_TEXT_CELL);
            if (model_form_eval(f, n, r, &l, &e))
                out->label = model_form_cannot(a, &e);
            else if (l.n && !path_text(&l.v[0], &b))
                out->label = text_safe(a, buf_str(&b), LIMIT_TEXT_CELL);
            buf_fini(&b);
        }
}

static void unit(const struct form *f, const struct form_node *n, struct arena *a, struct form_row *out)
{
    const struct form_item *d = &f->item[n->item];
    bool foreign;

    out->units = d->kind == FORM_QUANTITY ? d->nunits : 0;
    out->unit = text_own("");
    out->unit_list = text_safe(a, str_of(out->units ? model_form_unit_list(d, a) : ""), 400);
    if (n->unit && n->unit <= d->nunits) {
        const struct form_value *u = &d->units[n->unit - 1].v;

        out->unit = text_safe(a, u->display.n ? u->display : u->text, 80);
    } else if (d->unit_text != FORM_NONE) {
        out->unit = text_safe(a, model_form_words(f, &f->t, f->item[d->unit_text].at, "text", a, &foreign), 80);
    }
}

static void value(struct form *f, struct form_node *n, struct arena *a, struct form_row *out)
{
    const struct form_item *d = &f->item[n->item];
    bool plain = n->v.kind == FORM_CHOICE || n->v.kind == FORM_BOOLEAN || n->v.kind == FORM_QUANTITY ||
                 n->v.kind == FORM_DATE || n->v.kind == FORM_DATETIME;

    out->value = model_form_value_words(f, d, &n->v, a);
    out->typed = !n->v.set ? text_own("") : plain ? out->value : text_safe(a, n->v.text, FORM_MAX_TYPED);
    out->raw = d->kind == FORM_TEXT ? n->v.text : STR("");
    out->score = text_own("");
    for (unsigned i = 0; i < d->nopts && n->v.set; i++)
        if (d->opts[i].score.n && model_form_same(&d->opts[i].v, &n->v))
            out->score = text_safe(a, d->opts[i].score, 40);
}

static void flags(struct form *f, struct form_node *n, struct form_row *out)
{
    const struct form_item *d = &f->item[n->item];
    struct err e = ERR_NONE;

    out->kind = d->kind;
    out->shape = d->shape;
    out->question = model_form_is_answer(d->kind);
    out->required = d->kind != FORM_DISPLAY && model_form_needed(f, n, &e);
    out->read_only = d->read_only || (d->rule_calc != FORM_NONE && !d->editable) || d->kind == FORM_ATTACHMENT;
    out->repeats = d->repeats;
    out->count = d->repeats ? model_form_count(n, &out->nth) : 1;
    out->nth = d->repeats ? out->nth : 1;
    out->can_add = d->repeats && !out->read_only && (!d->max_occurs || out->count < d->max_occurs);
    out->can_remove = d->repeats && !out->read_only;
    out->options = out->question && (d->closed || d->kind == FORM_BOOLEAN);
    out->origin = n->origin;
    out->seen = n->seen;
    out->overridden = n->overridden;
    for (const struct form_node *k = n->parent; k && k != &f->root; k = k->parent)
        out->depth++;
    for (int i = 0; i <= n->row; i++) { /* pages begin at the top, or under what holds them all */
        const struct form_node *k = model_form_node(f, model_form_at(f, (unsigned)i));

        out->page += f->item[k->item].shape == FORM_PAGE && i > 0;
    }
}

int model_form_row(struct form *f, form_key key, struct arena *a, struct form_row *out, struct err *e)
{
    struct form_node *n = model_form_node(f, key);
    struct form_list l = {.a = a};
    struct str hint;
    int r;

    *out = (struct form_row){.key = key};
    if (!n)
        return err_set(e, ERR_NOTFOUND, 0, 0, "row");
    out->parent = n->parent == &f->root ? FORM_NO_KEY : n->parent->key;
    flags(f, n, out);
    label(f, n, a, out);
    unit(f, n, a, out);
    value(f, n, a, out);
    hint = tape_str(&f->t, model_form_ext_value(&f->t, f->item[n->item].at, "entryFormat"), a);
    out->hint = hint.n ? text_safe(a, hint, 200) : text_own(out->options ? "" : hint_of(out->kind));
    out->limits = out->question ? limits_of(f, n, a) : text_own("");
    out->from = from_words(n, a);
    out->trouble = n->trouble.n ? n->trouble : n->doubt.n ? n->doubt : text_own("");
    r = model_form_node_problems(f, n, &l, e);
    out->problems = l.v;
    out->nproblems = l.n;
    return r || !a->failed ? r : err_set(e, ERR_NOMEM, 0, 0, NULL);
}
