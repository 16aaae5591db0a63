/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person does to a form: each action reads, changes, computes, and says how many rows came and went.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/intl.h"

static struct form_node *begin(struct form *f, form_key key, struct form_reply *out, struct err *e)
{
    struct form_node *n = model_form_node(f, key);

    *out = (struct form_reply){.words = text_own(""), .key = key};
    if (!n)
        err_set(e, ERR_NOTFOUND, 0, 0, "row");
    return n;
}

/* Computes, and counts what came and went. */
static int finish(struct form *f, struct form_reply *out, struct err *e)
{
    struct vec before = f->rows;
    int r;

    vec_init(&f->rows, sizeof(form_key), FORM_MAX_INSTANCES);
    r = model_form_settle(f, e);
    VEC_EACH(form_key, k, &before)
        out->fewer += model_form_index(f, *k) < 0;
    out->more = (unsigned)(f->rows.n + out->fewer - before.n);
    vec_fini(&before);
    f->touched = true;
    return r;
}

static int say(struct form_reply *out, struct arena *a, enum form_said said, const char *words)
{
    out->said = said;
    out->words = text_safe(a, str_of(words), 400);
    return ERR_OK;
}

static bool may_write(const struct form *f, const struct form_node *n)
{
    const struct form_item *d = &f->item[n->item];

    return model_form_is_answer(d->kind) && !d->read_only && d->kind != FORM_ATTACHMENT &&
           (d->rule_calc == FORM_NONE || d->editable);
}

static int cannot_write(const struct form *f, const struct form_node *n, struct form_reply *out, struct arena *a)
{
    const struct form_item *d = &f->item[n->item];
    const char *why = !model_form_is_answer(d->kind)  ? _("This is no question.")
                      : d->kind == FORM_ATTACHMENT    ? _("A file cannot be put in yet.")
                      : d->rule_calc != FORM_NONE     ? _("The form computes it.")
                                                      : _("It cannot be changed here.");

    return say(out, a, FORM_REFUSED, why);
}

/* --- reading ----------------------------------------------------------------------------------- */

static int read_words(struct form_typing *t)
{
    enum form_kind kind = t->d->kind == FORM_URL ? FORM_URL : FORM_STRING;

    if (t->d->closed)
        return model_form_read_choice(t);
    if (t->d->kind != FORM_TEXT && memchr(t->typed.p, '\n', t->typed.n))
        return model_form_refused(t, _("This takes one line."));
    if (!text_is_utf8(t->typed))
        return model_form_refused(t, _("This is no text."));
    if (kind == FORM_URL && memchr(t->typed.p, ' ', t->typed.n))
        return model_form_refused(t, _("An address has no blanks."));
    t->v = (struct form_value){.set = true, .kind = kind, .text = t->typed};
    return ERR_OK;
}

static int read_boolean(struct form_typing *t)
{
    const char *words[2] = {C_("answer", "Yes"), C_("answer", "No")};
    struct buf b, w;
    int found = -1;

    buf_init(&b, 1000);
    buf_init(&w, 1000);
    text_fold(&b, t->typed);
    for (int i = 0; i < 2; i++) {
        buf_clear(&w);
        text_fold(&w, str_of(words[i]));
        if (b.n && (str_eq(buf_str(&b), buf_str(&w)) || (b.n == 1 && w.n && *b.p == *w.p)))
            found = found < 0 ? i : 2;
    }
    buf_fini(&w);
    buf_fini(&b);
    if (t->meant || found < 0 || found > 1)
        return model_form_read_choice(t);
    t->v = (struct form_value){.set = true, .kind = FORM_BOOLEAN, .text = found ? STR("false") : STR("true")};
    return ERR_OK;
}

static int read_reference(struct form_typing *t)
{
    struct str rest = t->typed, type = str_split(&rest, '/');

    if (!str_is_type(type) || !str_is_id(rest))
        return model_form_refused(t, _("Write TYPE/ID, as in Practitioner/12."));
    t->v = (struct form_value){.set = true, .kind = FORM_REFERENCE, .text = t->typed};
    return ERR_OK;
}

static int read_typed(struct form_typing *t)
{
    if (t->d->closed && t->d->kind != FORM_QUANTITY)
        return model_form_read_choice(t);
    switch (t->d->kind) {
    case FORM_BOOLEAN:
        return read_boolean(t);
    case FORM_DECIMAL:
        return model_form_read_number(t, false);
    case FORM_INTEGER:
        return model_form_read_number(t, true);
    case FORM_DATE:
        return model_form_read_date(t);
    case FORM_DATETIME:
        return model_form_read_datetime(t);
    case FORM_TIME:
        return model_form_read_time(t);
    case FORM_QUANTITY:
        return model_form_read_quantity(t);
    case FORM_REFERENCE:
        return read_reference(t);
    default:
        return read_words(t);
    }
}

/* --- an option that shuts out the others --------------------------------------------------------- */

static bool is_exclusive(struct form *f, const struct form_node *n, const struct form_value *v)
{
    const struct form_item *d = &f->item[n->item];

    for (unsigned i = 0; i < d->nopts; i++)
        if (d->opts[i].exclusive && model_form_same(&d->opts[i].v, v))
            return true;
    return false;
}

/* Takes away what v shuts out, or what shuts v out; keep stays. */
static void make_alone(struct form *f, struct form_node *keep, const struct form_value *v)
{
    bool alone = is_exclusive(f, keep, v);
    struct form_node *next;

    for (struct form_node *k = keep->parent->first; k; k = next) {
        next = k->next;
        if (k != keep && k->item == keep->item && k->v.set && (alone || is_exclusive(f, k, &k->v)))
            model_form_prune(f, k);
    }
}

static bool stands_already(const struct form_node *n, const struct form_value *v)
{
    for (const struct form_node *k = n->parent->first; k; k = k->next)
        if (k != n && k->item == n->item && k->v.set && k->v.kind == FORM_CHOICE && model_form_same(&k->v, v))
            return true;
    return false;
}

static int write_value(struct form *f, struct form_node *n, const struct form_value *v, struct form_reply *out,
                       struct arena *a, struct str typed, struct err *e)
{
    const struct form_item *d = &f->item[n->item];
    struct text words;
    int r;

    if (stands_already(n, v))
        return say(out, a, FORM_REFUSED, _("It is chosen already."));
    make_alone(f, n, v);
    model_form_mark(f, n->item, false);
    r = model_form_set(f, n, v, FORM_TYPED, e);
    n->overridden = d->rule_calc != FORM_NONE;
    if (r)
        return r;
    words = model_form_value_words(f, d, &n->v, a);
    out->words = str_eq((struct str){words.s, words.n}, typed) ? text_own("") : words;
    return finish(f, out, e);
}

int model_form_put(struct form *f, form_key key, struct str typed, unsigned how, struct arena *a,
                   struct form_reply *out, struct err *e)
{
    struct form_node *n = begin(f, key, out, e);
    struct form_typing t = {.f = f, .n = n, .meant = how & FORM_MEANT, .a = a, .out = out, .e = e, .unit_words = "",
                            .unit_put = ""};
    int r;

    if (!n)
        return ERR_NOTFOUND;
    if (typed.n > FORM_MAX_TYPED)
        return err_set(e, ERR_TOOBIG, 0, FORM_MAX_TYPED, "answer");
    if (!may_write(f, n))
        return cannot_write(f, n, out, a);
    t.d = &f->item[n->item];
    t.typed = t.d->kind == FORM_TEXT ? typed : str_trim(typed);
    if (!t.typed.n)
        return model_form_clear(f, key, a, out, e);
    r = read_typed(&t);
    if (!r && t.v.set)
        r = write_value(f, n, &t.v, out, a, t.typed, e);
    return r;
}

int model_form_clear(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e)
{
    struct form_node *n = begin(f, key, out, e);
    const struct form_item *d;
    int r;

    if (!n)
        return ERR_NOTFOUND;
    if (!may_write(f, n))
        return cannot_write(f, n, out, a);
    d = &f->item[n->item];
    r = model_form_set(f, n, NULL, FORM_TYPED, e);
    n->overridden = false; /* the form computes it again */
    if (d->rule_calc != FORM_NONE)
        model_form_rule(f, d->rule_calc)->dirty = true;
    return r ? r : finish(f, out, e);
}

int model_form_toggle(struct form *f, form_key key, unsigned number, struct arena *a, struct form_reply *out,
                      struct err *e)
{
    struct form_node *n = begin(f, key, out, e), *place = NULL;
    struct form_picks p;
    struct form_value v;
    int r;

    if (!n)
        return ERR_NOTFOUND;
    if (!may_write(f, n))
        return cannot_write(f, n, out, a);
    r = model_form_picks(f, n, a, &p, e);
    if (r)
        return r;
    if (!number || number > p.n || !p.v || p.search)
        return say(out, a, FORM_REFUSED, _("This is none of the options."));
    v = model_form_value_keep(&f->a, &p.v[number - 1].v); /* computed ones go when another row is made for it */
    if (!v.set)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    for (struct form_node *k = n->parent->first; k; k = k->next) {
        if (k->item != n->item)
            continue;
        if (k->v.set && model_form_same(&k->v, &v)) {
            unsigned nth;

            if (model_form_count(k, &nth) > 1) {
                model_form_prune(f, k);
                model_form_mark(f, n->item, true);
            } else if ((r = model_form_set(f, k, NULL, FORM_TYPED, e))) {
                return r;
            }
            return finish(f, out, e);
        }
        place = place || (k->v.set && f->item[n->item].repeats) ? place : k;
    }
    if (model_form_off(f, n, &v) > 0)
        return say(out, a, FORM_REFUSED, _("This option cannot be chosen with the other answers as they are."));
    if (!place) {
        r = model_form_add(f, key, a, out, e);
        if (r || out->said == FORM_REFUSED)
            return r;
        place = model_form_node(f, out->key);
    }
    out->key = place->key;
    return write_value(f, place, &v, out, a, STR(""), e);
}

int model_form_unit(struct form *f, form_key key, int by, struct arena *a, struct form_reply *out, struct err *e)
{
    struct form_node *n = begin(f, key, out, e);
    const struct form_item *d;
    struct form_value v;
    int r = ERR_OK;

    if (!n)
        return ERR_NOTFOUND;
    if (!may_write(f, n))
        return cannot_write(f, n, out, a);
    d = &f->item[n->item];
    if (d->kind != FORM_QUANTITY || d->nunits < 2)
        return say(out, a, FORM_REFUSED, _("There is no other unit."));
    n->unit = by < 0 ? (n->unit > 1 ? n->unit - 1 : d->nunits) : n->unit % d->nunits + 1;
    f->changes++;
    if (n->v.set) {
        v = n->v;
        v.json = STR("");
        model_form_take_unit(&v, &d->units[n->unit - 1].v);
        r = model_form_set(f, n, &v, FORM_TYPED, e);
        out->words = model_form_value_words(f, d, &n->v, a);
    }
    return r ? r : finish(f, out, e);
}

int model_form_add(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e)
{
    struct form_node *n = begin(f, key, out, e), *more;
    const struct form_item *d;
    unsigned nth;
    int r;

    if (!n)
        return ERR_NOTFOUND;
    d = &f->item[n->item];
    if (!d->repeats || d->read_only || (model_form_is_answer(d->kind) && !may_write(f, n)))
        return say(out, a, FORM_REFUSED, _("It does not repeat."));
    if (d->max_occurs && model_form_count(n, &nth) >= d->max_occurs)
        return say(out, a, FORM_REFUSED, arena_fmt(a, _("There can be no more than %u."), d->max_occurs));
    more = model_form_another(f, n);
    if (!more)
        return say(out, a, FORM_REFUSED, _("The form has no room for more."));
    r = model_form_is_answer(d->kind) ? ERR_OK : model_form_fill(f, more, e); /* one more answer is a person's */
    for (struct form_node *k = more->first; k && !r && model_form_is_answer(d->kind); k = k->next)
        r = model_form_fill(f, k, e);
    out->key = more->key;
    model_form_mark(f, n->item, true);
    return r ? r : finish(f, out, e);
}

int model_form_remove(struct form *f, form_key key, struct arena *a, struct form_reply *out, struct err *e)
{
    struct form_node *n = begin(f, key, out, e), *fresh;
    const struct form_item *d;
    unsigned nth;

    if (!n)
        return ERR_NOTFOUND;
    d = &f->item[n->item];
    if (!d->repeats || d->read_only || (model_form_is_answer(d->kind) && !may_write(f, n)))
        return say(out, a, FORM_REFUSED, _("It does not repeat."));
    if (model_form_count(n, &nth) < 2) { /* the last one stays, empty */
        fresh = model_form_another(f, n);
        if (!fresh)
            return say(out, a, FORM_REFUSED, _("The form has no room for more."));
        out->key = fresh->key;
    }
    model_form_prune(f, n);
    model_form_mark(f, n->item, true);
    return finish(f, out, e);
}

int model_form_see(struct form *f, form_key key, struct err *e)
{
    struct form_node *n = model_form_node(f, key);

    if (!n)
        return err_set(e, ERR_NOTFOUND, 0, 0, "row");
    if (!n->seen)
        f->changes++;
    n->seen = true;
    return ERR_OK;
}
