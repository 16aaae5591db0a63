/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The options of a question: its own, those of a contained value set, those of a set that env knows, or computed ones.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/intl.h"
#include "fhir/path_decimal.h"
#include "fhir/read.h"

/* --- which there are --------------------------------------------------------------------------- */

/* A set from outside, once; a short one is kept and numbered. */
static int ask_env(struct form *f, struct form_item *d, struct err *e)
{
    struct form_coding *c;
    struct arena a;
    int n, r = ERR_OK;

    if (d->set_here)
        return ERR_OK;
    d->set_here = -1;
    if (!f->env.expand)
        return ERR_OK;
    arena_init(&a, 16u << 20);
    c = arena_alloc(&a, FORM_EXPAND_MAX * sizeof *c);
    n = c ? f->env.expand(f->env.arg, d->value_set, STR(""), 0, FORM_EXPAND_MAX, &a, c, &d->set_total) : -1;
    if (n > 0 && d->set_total <= (unsigned)n) {
        d->opts = arena_alloc(&f->a, (unsigned)n * sizeof *d->opts);
        for (int i = 0; i < n && d->opts; i++) {
            struct form_value v = {.set = true, .kind = FORM_CHOICE, .system = c[i].system, .text = c[i].code,
                                   .display = c[i].display};

            d->opts[i] = (struct form_opt){.v = model_form_value_keep(&f->a, &v), .at = TAPE_NONE};
        }
        d->nopts = d->opts ? (unsigned)n : 0;
        r = d->opts ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    d->set_here = n < 0 ? -1 : n > 0 && d->set_total > (unsigned)n ? 2 : 1;
    arena_fini(&a);
    return r;
}

/* A computed option: a Coding, or a value of its own. */
static bool computed_one(struct form *f, const struct form_node *n, const struct path_value *v, struct form_opt *out)
{
    struct path_value plain;
    struct buf b;
    bool ok;

    *out = (struct form_opt){.at = TAPE_NONE};
    if (v->kind == PATH_NODE && tape_is(v->node.t, v->node.at, TAPE_OBJECT)) {
        if (tape_get(v->node.t, v->node.at, "expression") != TAPE_NONE)
            return false;
        if (model_form_value_of(f, n, v, &out->v))
            return true;
    }
    if (!path_plain(v, &f->run, &plain) || plain.kind == PATH_BOOLEAN)
        return false;
    buf_init(&b, LIMIT_TEXT_CELL);
    ok = !path_text(&plain, &b) && b.n;
    out->v = (struct form_value){.set = ok, .kind = plain.kind == PATH_INTEGER ? FORM_INTEGER : plain.kind == PATH_DATE
                                                  ? FORM_DATE : plain.kind == PATH_TIME ? FORM_TIME : FORM_STRING,
                                 .text = arena_str(&f->run, buf_str(&b))};
    buf_fini(&b);
    return ok;
}

static int computed(struct form *f, const struct form_node *n, const struct form_rule *r, struct arena *a,
                    struct form_picks *out, struct err *e)
{
    struct path_list l;
    struct err why = ERR_NONE;
    struct form_opt *v;
    int res = model_form_eval(f, n, r, &l, &why);

    if (res) {
        out->here = why.code == ERR_PATH && (why.sub == PATH_NEEDS || why.sub == PATH_VARIABLE) ? FORM_NOT_HERE
                                                                                               : FORM_CANNOT;
        out->why = model_form_cannot(a, &why);
        return ERR_OK;
    }
    v = arena_alloc(a, (l.n + 1) * sizeof *v);
    if (!v)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    for (uint32_t i = 0; i < l.n; i++)
        if (computed_one(f, n, &l.v[i], &v[out->n]))
            out->n++;
    out->v = v;
    return ERR_OK;
}

static const struct form_opt yes_no[] = {
    {.at = TAPE_NONE, .v = {.set = true, .kind = FORM_BOOLEAN, .text = {"true", 4}}},
    {.at = TAPE_NONE, .v = {.set = true, .kind = FORM_BOOLEAN, .text = {"false", 5}}},
};

static void not_here(const struct form_item *d, struct arena *a, enum form_here *here, struct text *why)
{
    *here = FORM_NOT_HERE;
    *why = text_safe(a, str_of(arena_fmt(a, _("the value set %.*s is not on this machine"), STR_ARG(d->value_set))), 0);
}

int model_form_picks(struct form *f, const struct form_node *n, struct arena *a, struct form_picks *out,
                     struct err *e)
{
    struct form_item *d = &f->item[n->item];
    int r = ERR_OK;

    *out = (struct form_picks){.why = text_own("")};
    if (d->kind == FORM_BOOLEAN && !d->nopts) {
        out->v = yes_no;
        out->n = 2;
        return ERR_OK;
    }
    if (d->rule_answers != FORM_NONE)
        return computed(f, n, model_form_rule(f, d->rule_answers), a, out, e);
    if (!d->nopts && d->value_set.n)
        r = ask_env(f, d, e);
    if (!r && d->value_set.n && d->set_here < 0)
        not_here(d, a, &out->here, &out->why);
    out->v = d->opts;
    out->n = d->set_here == 2 ? d->set_total : d->nopts;
    out->search = d->set_here == 2;
    return r;
}

const struct form_opt *model_form_picked(const struct form_picks *p, const struct form_value *v)
{
    for (unsigned i = 0; i < p->n && p->v && !p->search; i++)
        if (model_form_same(&p->v[i].v, v))
            return &p->v[i];
    return NULL;
}

/* --- which may be chosen ------------------------------------------------------------------------ */

static bool names_option(const struct form *f, tape_at toggle, const struct form_value *v)
{
    const struct tape *t = &f->t;
    tape_at list = tape_get(t, toggle, "extension");
    struct form_value one;
    struct arena a;
    bool found = false;

    arena_init(&a, 1u << 20);
    for (tape_at x = tape_first(t, list); x != TAPE_NONE && !found; x = tape_next(t, list, x))
        found = tape_str_is(t, tape_get(t, x, "url"), "option") && model_form_value_read(t, x, "value", &a, &one) &&
                model_form_same(&one, v);
    arena_fini(&a);
    return found;
}

/* Of several that name an option, one that says yes is enough (SDC 4). */
int model_form_off(struct form *f, const struct form_node *n, const struct form_value *v)
{
    bool named = false, open = false;
    struct err e = ERR_NONE;

    VEC_EACH(struct form_rule, r, &f->rules)
        if (r->use == FORM_USE_TOGGLE && r->item == n->item && names_option(f, r->more, v)) {
            enum form_truth t = model_form_true(f, n, r, &e);

            if (t == FORM_TRUE)
                return 0;
            named = true;
            open = open || t == FORM_FAILED;
        }
    return !named ? 0 : open ? -1 : 1;
}

/* --- the list ------------------------------------------------------------------------------------ */

static struct str opt_words(const struct form *f, const struct form_opt *o, struct arena *a)
{
    bool foreign;
    struct str s = o->at != TAPE_NONE ? model_form_words(f, &f->t, o->at, "display", a, &foreign) : STR("");

    if (o->v.kind == FORM_BOOLEAN)
        return str_of(model_form_value_words(f, NULL, &o->v, a).s);
    return s.n ? s : o->v.kind == FORM_CHOICE ? (o->v.display.n ? o->v.display : o->v.text) : o->v.text;
}

static bool in_word(char c)
{
    return (unsigned char)c >= 0x80 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c >= '0' && c <= '9');
}

bool model_form_says(struct str words, struct str folded)
{
    struct buf b;
    bool all = true;

    buf_init(&b, LIMIT_TEXT_CELL * 4);
    text_fold(&b, words);
    while (all && folded.n) {
        struct str w = str_split(&folded, ' ');
        bool found = !w.n;

        for (size_t i = 0; i + w.n <= b.n && !found; i++)
            found = (!i || !in_word(b.p[i - 1])) && !memcmp(b.p + i, w.p, w.n);
        all = found;
    }
    buf_fini(&b);
    return all;
}

/* Does it say what was typed, or is that its code's beginning? */
static bool matches(struct str folded, struct str words, struct str code)
{
    return !folded.n || (code.n >= folded.n && !memcmp(code.p, folded.p, folded.n)) ||
           model_form_says(words, folded);
}

static bool chosen(const struct form_node *n, const struct form_value *v)
{
    for (const struct form_node *k = n->parent->first; k; k = k->next)
        if (k->item == n->item && k->v.set && model_form_same(&k->v, v))
            return true;
    return false;
}

static struct str put_of(const struct form_value *v, struct arena *a)
{
    return v->kind == FORM_CHOICE ? str_of(arena_fmt(a, "%.*s|%.*s|%.*s", STR_ARG(v->system), STR_ARG(v->text),
                                                     STR_ARG(v->display)))
                                  : arena_str(a, v->text);
}

static void list_one(struct form *f, const struct form_node *n, const struct form_opt *o, unsigned number,
                     struct arena *a, struct form_options *out)
{
    out->v[out->n++] = (struct form_option){
        .number = number, .put = put_of(&o->v, a), .prefix = text_safe(a, o->prefix, 40),
        .words = o->v.kind == FORM_CHOICE ? text_safe(a, opt_words(f, o, a), 400)
                                          : model_form_value_words(f, &f->item[n->item], &o->v, a),
        .score = text_safe(a, o->score, 40), .chosen = chosen(n, &o->v), .exclusive = o->exclusive,
        .off = model_form_off(f, n, &o->v) == 1};
}

static int search(struct form *f, const struct form_node *n, struct str filter, unsigned from, unsigned max,
                  struct arena *a, struct form_options *out)
{
    struct form_coding *c = arena_alloc(a, (max + 1) * sizeof *c);
    unsigned total = 0;
    int got = c ? f->env.expand(f->env.arg, f->item[n->item].value_set, filter, from, max, a, c, &total) : -1;

    for (int i = 0; i < got && c; i++) {
        struct form_opt o = {.at = TAPE_NONE, .v = {.set = true, .kind = FORM_CHOICE, .system = c[i].system,
                                                    .text = c[i].code, .display = c[i].display}};

        list_one(f, n, &o, 0, a, out);
    }
    out->matched = total;
    return got;
}

int model_form_options(struct form *f, form_key key, struct str filter, unsigned from, unsigned max, struct arena *a,
                       struct form_options *out, struct err *e)
{
    struct form_node *n = model_form_node(f, key);
    struct form_picks p;
    struct buf folded;
    int r;

    *out = (struct form_options){.why = text_own("")};
    if (!n)
        return err_set(e, ERR_NOTFOUND, 0, 0, "row");
    r = model_form_picks(f, n, a, &p, e);
    max = max > FORM_EXPAND_MAX ? FORM_EXPAND_MAX : max;
    out->v = arena_alloc(a, (max + 1) * sizeof *out->v);
    if (r || !out->v)
        return r ? r : err_set(e, ERR_NOMEM, 0, 0, NULL);
    out->here = p.here;
    out->why = p.why;
    out->total = p.n;
    if (p.search) {
        if (search(f, n, filter, from, max, a, out) < 0)
            not_here(&f->item[n->item], a, &out->here, &out->why);
        return ERR_OK;
    }
    buf_init(&folded, LIMIT_TEXT_CELL * 4);
    text_fold(&folded, str_trim(filter));
    for (unsigned i = 0; i < p.n && p.v; i++) {
        struct str code = p.v[i].v.kind == FORM_CHOICE ? p.v[i].v.text : STR("");

        if (matches(buf_str(&folded), opt_words(f, &p.v[i], a), code) && out->matched++ >= from && out->n < max)
            list_one(f, n, &p.v[i], i + 1, a, out);
    }
    buf_fini(&folded);
    return ERR_OK;
}

/* --- typed -------------------------------------------------------------------------------------- */

static void take(struct form_typing *t, const struct form_opt *o)
{
    int off = model_form_off(t->f, t->n, &o->v);

    if (off > 0)
        model_form_refused(t, _("This option cannot be chosen with the other answers as they are."));
    else
        t->v = o->v;
}

static int of_put(struct form_typing *t, const struct form_picks *p)
{
    struct str rest = t->typed, system, code;
    struct form_value v = {.set = true, .kind = FORM_CHOICE};

    for (unsigned i = 0; i < p->n && p->v && !p->search; i++)
        if (str_eq(put_of(&p->v[i].v, t->a), t->typed)) {
            take(t, &p->v[i]);
            return ERR_OK;
        }
    system = str_split(&rest, '|');
    code = str_split(&rest, '|');
    if (!code.n || !p->search)
        return t->d->kind == FORM_OPEN_CHOICE
                   ? (t->v = (struct form_value){.set = true, .kind = FORM_STRING, .text = t->typed}, ERR_OK)
                   : model_form_refused(t, _("This is none of the options."));
    v.system = system;
    v.text = code;
    v.display = rest;
    t->v = v;
    return ERR_OK;
}

/* All that begin with what was typed, as readings of it. */
static int beginnings(struct form_typing *t)
{
    struct form_options l;
    int r = model_form_options(t->f, t->n->key, t->typed, 0, FORM_READINGS, t->a, &l, t->e);

    if (r)
        return r;
    if (!l.matched && t->d->kind != FORM_OPEN_CHOICE)
        return model_form_refused(t, l.here == FORM_NOT_HERE  ? _("The options are not on this machine.")
                                     : l.here == FORM_CANNOT ? l.why.s : _("This is none of the options."));
    if (!l.matched && l.here == FORM_ALL_HERE) {
        t->v = (struct form_value){.set = true, .kind = FORM_STRING, .text = t->typed};
        return ERR_OK;
    }
    /* nobody could look whether there is an option for it */
    model_form_asked(t, !l.matched ? l.why.s : l.matched == 1 ? _("Is this meant?") : _("Which of them?"));
    for (unsigned i = 0; i < l.n; i++)
        model_form_reading(t, l.v[i].words.s, arena_dup(t->a, l.v[i].put.p, l.v[i].put.n));
    t->out->readings = l.matched;
    if (t->d->kind == FORM_OPEN_CHOICE && t->out->n < FORM_READINGS)
        model_form_reading(t, arena_fmt(t->a, _("own words: %.*s"), STR_ARG(t->typed)),
                           arena_dup(t->a, t->typed.p, t->typed.n));
    return ERR_OK;
}

/* The option whose whole words, or code, were typed. *found: how many have them. */
static const struct form_opt *whole_words(struct form_typing *t, const struct form_picks *p, unsigned *found)
{
    const struct form_opt *whole = NULL;
    struct buf typed, words;

    *found = 0;
    buf_init(&typed, LIMIT_TEXT_CELL * 4);
    buf_init(&words, LIMIT_TEXT_CELL * 4);
    text_fold(&typed, t->typed);
    for (unsigned i = 0; i < p->n && p->v && !p->search; i++) {
        buf_clear(&words);
        text_fold(&words, opt_words(t->f, &p->v[i], t->a));
        if (str_eq(buf_str(&typed), buf_str(&words)) ||
            (p->v[i].v.kind == FORM_CHOICE && str_eq(p->v[i].v.text, t->typed))) {
            whole = &p->v[i];
            ++*found;
        }
    }
    buf_fini(&words);
    buf_fini(&typed);
    return *found == 1 ? whole : NULL;
}

/* Do words begin with a number that is the same: "5" and "5 mg", not "5.5 mg"? */
static bool begins_with(struct str words, const struct path_decimal *number, struct arena *a)
{
    size_t n = 0, whole;
    struct path_decimal d;

    while (n < words.n && words.p[n] >= '0' && words.p[n] <= '9')
        n++;
    whole = n;
    if (whole && n + 1 < words.n && (words.p[n] == '.' || words.p[n] == ',') && words.p[n + 1] >= '0' &&
        words.p[n + 1] <= '9')
        for (n++; n < words.n && words.p[n] >= '0' && words.p[n] <= '9';)
            n++;
    return whole && path_decimal_parse(str_of(arena_fmt(a, "%.*s%s%.*s", (int)whole, words.p, n > whole ? "." : "",
                                                        n > whole ? (int)(n - whole - 1) : 0, words.p + whole + 1)),
                                       &d) && !path_decimal_compare(&d, number);
}

static void one_of(struct form_typing *t, const struct form_opt *o)
{
    struct str put = put_of(&o->v, t->a);

    model_form_reading(t, text_safe(t->a, opt_words(t->f, o, t->a), 400).s, arena_dup(t->a, put.p, put.n));
}

/* "3" may be the third option, or the one that says 3, scores 3 (PHQ-9), or is a dose of 3. False: only the third. */
static bool either(struct form_typing *t, const struct form_picks *p, const struct form_opt *counted,
                   const struct form_opt *whole)
{
    struct path_decimal typed, score;

    if (!path_decimal_parse(t->typed, &typed))
        return false;
    for (const struct form_opt *o = p->v; o < p->v + p->n; o++) {
        if (o == counted || !(o == whole || begins_with(opt_words(t->f, o, t->a), &typed, t->a) ||
                              begins_with(o->prefix, &typed, t->a) ||
                              (path_decimal_parse(o->score, &score) && !path_decimal_compare(&score, &typed))))
            continue;
        if (!t->out->n) {
            model_form_asked(t, _("The number of an option, and the words or the score of another: which is meant?"));
            one_of(t, counted);
        }
        one_of(t, o);
    }
    return t->out->n > 0;
}

int model_form_read_choice(struct form_typing *t)
{
    struct form_picks p;
    const struct form_opt *whole, *counted = NULL;
    unsigned found;
    int64_t number;
    int r = model_form_picks(t->f, t->n, t->a, &p, t->e);

    if (r)
        return r;
    if (t->meant)
        return of_put(t, &p);
    whole = whole_words(t, &p, &found);
    if (!p.search && p.v && str_int(t->typed, 1, p.n, &number))
        counted = &p.v[number - 1];
    if (!whole && (found > 1 || !counted))
        return beginnings(t);
    if (counted && whole != counted && either(t, &p, counted, whole))
        return ERR_OK;
    take(t, whole ? whole : counted);
    return ERR_OK;
}
