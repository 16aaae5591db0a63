/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers as values: their JSON, their words, their order. Numbers stay the digits that were typed or received.
 */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/date.h"
#include "base/intl.h"
#include "fhir/path_decimal.h"
#include "fhir/path_time.h"
#include "fhir/read.h"

#define UCUM "http://unitsofmeasure.org"

static const char *const names[FORM_KINDS] = {
    [FORM_BOOLEAN] = "valueBoolean",   [FORM_DECIMAL] = "valueDecimal",     [FORM_INTEGER] = "valueInteger",
    [FORM_DATE] = "valueDate",         [FORM_DATETIME] = "valueDateTime",   [FORM_TIME] = "valueTime",
    [FORM_STRING] = "valueString",     [FORM_TEXT] = "valueString",         [FORM_URL] = "valueUri",
    [FORM_CHOICE] = "valueCoding",     [FORM_OPEN_CHOICE] = "valueCoding",  [FORM_QUANTITY] = "valueQuantity",
    [FORM_REFERENCE] = "valueReference", [FORM_ATTACHMENT] = "valueAttachment",
};

const char *model_form_value_name(enum form_kind kind)
{
    return names[kind] ? names[kind] : "valueString";
}

enum form_kind model_form_value_kind(enum form_kind kind)
{
    return kind == FORM_TEXT ? FORM_STRING : kind == FORM_OPEN_CHOICE ? FORM_CHOICE : kind;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void member(struct jsonw *w, const char *name, struct str s)
{
    if (s.n) {
        jsonw_key(w, name);
        jsonw_str(w, s);
    }
}

void model_form_compact(struct jsonw *w, struct str json)
{
    struct buf b;
    bool inside = false;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];

        if (inside || !strchr(" \t\r\n", c))
            buf_addc(&b, c);
        if (c == '\\' && inside && i + 1 < json.n)
            buf_addc(&b, json.p[++i]);
        else if (c == '"')
            inside = !inside;
    }
    if (b.failed && !w->out->failed)
        w->out->failed = b.failed;
    jsonw_raw(w, buf_str(&b));
    buf_fini(&b);
}

int model_form_value_json(const struct form_value *v, struct buf *out)
{
    struct jsonw w;

    jsonw_init(&w, out);
    if (v->json.n)
        return buf_addstr(out, v->json);
    switch (v->kind) {
    case FORM_BOOLEAN:
    case FORM_DECIMAL:
    case FORM_INTEGER:
        return buf_addstr(out, v->text);
    case FORM_CHOICE:
        jsonw_open(&w, '{');
        member(&w, "system", v->system);
        member(&w, "code", v->text);
        member(&w, "display", v->display);
        jsonw_close(&w, '}');
        return out->failed;
    case FORM_QUANTITY:
        jsonw_open(&w, '{');
        if (v->text.n) {
            jsonw_key(&w, "value");
            jsonw_raw(&w, v->text);
        }
        member(&w, "comparator", v->comparator);
        member(&w, "unit", v->display);
        member(&w, "system", v->code.n ? v->system : STR(""));
        member(&w, "code", v->code);
        jsonw_close(&w, '}');
        return out->failed;
    case FORM_REFERENCE:
        jsonw_open(&w, '{');
        member(&w, "reference", v->text);
        member(&w, "display", v->display);
        jsonw_close(&w, '}');
        return out->failed;
    default:
        jsonw_str(&w, v->text);
        return out->failed;
    }
}

struct form_value model_form_value_keep(struct arena *a, const struct form_value *v)
{
    struct form_value k = *v;

    k.text = arena_str(a, v->text);
    k.system = arena_str(a, v->system);
    k.display = arena_str(a, v->display);
    k.code = arena_str(a, v->code);
    k.comparator = arena_str(a, v->comparator);
    k.json = v->json.n ? arena_str(a, v->json) : STR("");
    if (!a->failed)
        return k;
    return (struct form_value){0};
}

/* --- order ------------------------------------------------------------------------------------ */

static bool decimals(const struct form_value *a, const struct form_value *b, int *order)
{
    struct path_decimal x, y;

    if (!path_decimal_parse(a->text, &x) || !path_decimal_parse(b->text, &y))
        return false;
    *order = path_decimal_compare(&x, &y);
    return true;
}

static bool is_number(enum form_kind k)
{
    return k == FORM_DECIMAL || k == FORM_INTEGER;
}

static bool is_date(enum form_kind k)
{
    return k == FORM_DATE || k == FORM_DATETIME;
}

/* By their codes where both have one, else by their words. No unit is not any unit. */
static bool same_unit(const struct form_value *a, const struct form_value *b)
{
    if (a->code.n && b->code.n)
        return str_eq(a->code, b->code) && (!a->system.n || !b->system.n || str_eq(a->system, b->system));
    return str_eq(a->display.n ? a->display : a->code, b->display.n ? b->display : b->code);
}

void model_form_take_unit(struct form_value *v, const struct form_value *unit)
{
    v->code = unit->text;
    v->system = unit->system;
    v->display = unit->display.n ? unit->display : unit->text;
}

unsigned model_form_unit_of(const struct form_item *d, const struct form_value *q)
{
    for (unsigned i = 0; i < d->nunits && (q->code.n || q->display.n); i++) {
        struct form_value u = {0};

        model_form_take_unit(&u, &d->units[i].v);
        if (same_unit(q, &u))
            return i + 1;
    }
    return 0;
}

/* Of units that differ, where both are UCUM's by their codes: what stands in words alone may be another unit. */
static bool amounts(const struct form_value *a, const struct form_value *b, const struct path_units *units, int *order)
{
    struct path_decimal x, y;

    if (a->kind != FORM_QUANTITY || b->kind != FORM_QUANTITY || same_unit(a, b))
        return decimals(a, b, order);
    return units && a->code.n && b->code.n && str_is(a->system, UCUM) && str_is(b->system, UCUM) &&
           path_decimal_parse(a->text, &x) && path_decimal_parse(b->text, &y) &&
           units->compare(units->arg, &x, a->code, &y, b->code, order) > 0;
}

bool model_form_compare(const struct form_value *a, const struct form_value *b, const struct path_units *units,
                        int *order)
{
    struct path_time x, y;
    bool numbers = is_number(a->kind) || a->kind == FORM_QUANTITY;

    if (a->comparator.n || b->comparator.n)
        return false;
    if (numbers && (is_number(b->kind) || b->kind == FORM_QUANTITY))
        return amounts(a, b, units, order);
    if (is_date(a->kind) && is_date(b->kind))
        return path_time_parse(a->text, a->kind == FORM_DATE ? PATH_DATE : PATH_DATETIME, &x) &&
               path_time_parse(b->text, b->kind == FORM_DATE ? PATH_DATE : PATH_DATETIME, &y) &&
               path_time_compare(&x, &y, order);
    if (a->kind == FORM_TIME && b->kind == FORM_TIME)
        return path_time_parse(a->text, PATH_TIME, &x) && path_time_parse(b->text, PATH_TIME, &y) &&
               path_time_compare(&x, &y, order);
    if (a->kind != b->kind)
        return false;
    *order = str_cmp(a->text, b->text);
    return true;
}

bool model_form_same(const struct form_value *a, const struct form_value *b)
{
    int order;

    if (!a->set || !b->set)
        return a->set == b->set;
    if (a->kind == FORM_CHOICE && b->kind == FORM_CHOICE)
        return a->text.n || b->text.n ? str_eq(a->text, b->text) && (!a->system.n || !b->system.n ||
                                                                      str_eq(a->system, b->system))
                                      : str_eq(a->display, b->display);
    if (a->kind == FORM_CHOICE || b->kind == FORM_CHOICE) { /* own words beside an option */
        const struct form_value *c = a->kind == FORM_CHOICE ? a : b, *s = c == a ? b : a;

        return s->kind == FORM_STRING && str_eq(s->text, c->display.n ? c->display : c->text);
    }
    return model_form_compare(a, b, NULL, &order) && !order; /* the same answer, not the same amount */
}

/* --- words ------------------------------------------------------------------------------------ */

/* The same instant on the clock of the place. */
static struct date here(const struct form *f, const struct date *d)
{
    int64_t ms = date_ms(d), at = ms + (int64_t)f->env.zone_min(f->env.arg, ms) * 60000;
    int64_t days = at / DATE_DAY_MS - (at % DATE_DAY_MS < 0), rest = at - days * DATE_DAY_MS;
    struct date out = date_of_days(days);

    out.precision = DATE_MINUTE;
    out.hour = (int)(rest / 3600000);
    out.min = (int)(rest / 60000 % 60);
    out.sec = (int)(rest / 1000 % 60);
    out.offset_min = date_zone_min(ms); /* it goes without saying */
    return out;
}

/* An instant on the clock of the place, as it is typed: form_when.c reads these words. */
static struct text date_words(const struct form *f, struct str s, struct arena *a)
{
    struct date d;
    char words[DATE_TEXT_MAX];

    if (!date_parse(s, &d))
        return text_safe(a, s, 100);
    if (d.precision == DATE_MINUTE && f->env.zone_min)
        d = here(f, &d);
    date_text(&d, words);
    return text_safe(a, str_of(words), 0);
}

/* An option's words are the form's, in the language of the screen, where the form has it. */
static struct text choice_words(const struct form *f, const struct form_item *d, const struct form_value *v,
                                struct arena *a)
{
    bool foreign;

    for (unsigned i = 0; d && i < d->nopts; i++)
        if (d->opts[i].at != TAPE_NONE && model_form_same(&d->opts[i].v, v)) {
            struct str s = model_form_words(f, &f->t, d->opts[i].at, "display", a, &foreign);

            if (s.n)
                return text_safe(a, s, 400);
        }
    return text_safe(a, v->display.n ? v->display : v->text, 400);
}

struct text model_form_value_words(const struct form *f, const struct form_item *d, const struct form_value *v,
                                   struct arena *a)
{
    char *words;

    if (!v->set)
        return text_own("");
    switch (v->kind) {
    case FORM_BOOLEAN:
        return text_own(str_is(v->text, "true") ? C_("answer", "Yes") : C_("answer", "No"));
    case FORM_DATE:
    case FORM_DATETIME:
        return date_words(f, v->text, a);
    case FORM_CHOICE:
        return choice_words(f, d, v, a);
    case FORM_QUANTITY:
        words = arena_fmt(a, "%.*s%.*s%s%.*s", STR_ARG(v->comparator), STR_ARG(v->text),
                          v->display.n || v->code.n ? " " : "", STR_ARG(v->display.n ? v->display : v->code));
        return text_safe(a, str_of(words), 200);
    case FORM_REFERENCE:
        return text_safe(a, v->display.n ? v->display : v->text, 200);
    default:
        return text_safe(a, v->text, LIMIT_TEXT_CELL);
    }
}

/* --- what an expression gave ------------------------------------------------------------------- */

/* A place in a document, read as value[x] is. */
static bool of_node(struct form *f, const struct path_value *v, struct form_value *out)
{
    static const struct {
        const char *type;
        enum form_kind kind;
    } types[] = {{"Coding", FORM_CHOICE}, {"Quantity", FORM_QUANTITY}, {"Reference", FORM_REFERENCE}};
    const struct tape *t = v->node.t;
    tape_at at = v->node.at;
    size_t i = 0;

    if (!tape_is(t, at, TAPE_OBJECT))
        return false;
    while (i < 3 && !path_type_is(v->type, str_of(types[i].type)))
        i++;
    *out = (struct form_value){.kind = i < 3 ? types[i].kind : FORM_CHOICE, .json = tape_raw(t, at)};
    if (path_type_is(v->type, STR("CodeableConcept")) || (!v->type.n && tape_get(t, at, "coding") != TAPE_NONE)) {
        tape_at first = tape_first(t, tape_get(t, at, "coding"));

        if (first == TAPE_NONE) {
            *out = (struct form_value){.kind = FORM_STRING, .text = tape_str(t, tape_get(t, at, "text"), &f->run)};
            return out->set = out->text.n > 0;
        }
        out->json = tape_raw(t, first);
        at = first;
    } else if (path_type_resource(v->type)) {
        struct str id = tape_plain(t, tape_get(t, at, "id"));
        char *ref = arena_fmt(&f->run, "%.*s/%.*s", STR_ARG(v->type), STR_ARG(id));

        *out = (struct form_value){.set = id.n > 0, .kind = FORM_REFERENCE, .text = str_of(ref)};
        return id.n > 0;
    } else if (i == 3 && v->type.n) {
        return false;
    }
    if (out->kind == FORM_QUANTITY && tape_get(t, at, "comparator") != TAPE_NONE)
        return false; /* it says no one amount */
    if (out->kind == FORM_QUANTITY)
        out->text = tape_lexeme(t, tape_get(t, at, "value"));
    else
        out->text = tape_str(t, tape_get(t, at, out->kind == FORM_REFERENCE ? "reference" : "code"), &f->run);
    out->system = tape_str(t, tape_get(t, at, "system"), &f->run);
    out->display = tape_str(t, tape_get(t, at, out->kind == FORM_QUANTITY ? "unit" : "display"), &f->run);
    out->code = out->kind == FORM_QUANTITY ? tape_str(t, tape_get(t, at, "code"), &f->run) : STR("");
    out->set = out->text.n || out->display.n;
    return out->set;
}

/* A string or a number, as a question's kind has it. */
static bool of_words(struct form *f, const struct form_node *n, struct form_value *out)
{
    const struct form_item *d = &f->item[n->item];
    struct form_picks picks;
    struct path_decimal dec;
    const struct form_value typed = *out;
    int64_t whole;

    switch (d->kind) {
    case FORM_STRING:
    case FORM_TEXT:
        out->kind = FORM_STRING;
        return true;
    case FORM_URL:
        out->kind = FORM_URL;
        return true;
    case FORM_DECIMAL:
        out->kind = FORM_DECIMAL;
        return path_decimal_parse(typed.text, &dec);
    case FORM_INTEGER:
        out->kind = FORM_INTEGER;
        if (!path_decimal_parse(typed.text, &dec) || !path_decimal_to_int(&dec, &whole) || whole < INT32_MIN ||
            whole > INT32_MAX)
            return false;
        out->text = str_of(arena_fmt(&f->run, "%lld", (long long)whole));
        return true;
    case FORM_QUANTITY:
        if (!path_decimal_parse(typed.text, &dec))
            return false;
        out->kind = FORM_QUANTITY;
        if (d->nunits)
            model_form_take_unit(out, &d->units[n->unit ? n->unit - 1 : 0].v);
        return d->nunits == 1 || n->unit;
    case FORM_CHOICE:
    case FORM_OPEN_CHOICE:
        if (!model_form_picks(f, n, &f->run, &picks, NULL))
            for (unsigned i = 0; i < picks.n && picks.v; i++)
                if (str_eq(picks.v[i].v.text, typed.text) || str_eq(picks.v[i].v.display, typed.text)) {
                    *out = picks.v[i].v;
                    return true;
                }
        return d->kind == FORM_OPEN_CHOICE && typed.kind == FORM_STRING;
    default:
        return false;
    }
}

static bool of_time(struct form *f, const struct form_item *d, const struct path_value *v, struct form_value *out)
{
    struct path_time t = v->time;
    struct buf b;
    enum path_kind kind = v->kind;
    bool ok;

    if (d->kind == FORM_DATE && kind == PATH_DATETIME) {
        kind = PATH_DATE;
        if (t.precision > PATH_DAY)
            t.precision = PATH_DAY;
        t.hour = t.min = t.sec = t.ns = t.digits = 0;
        t.zoned = false;
    }
    buf_init(&b, 64);
    ok = !path_time_text(&t, kind, &b);
    *out = (struct form_value){.set = true, .text = arena_str(&f->run, buf_str(&b)),
                               .kind = d->kind == FORM_STRING || d->kind == FORM_TEXT ? FORM_STRING : d->kind};
    buf_fini(&b);
    return ok && (d->kind == FORM_STRING || d->kind == FORM_TEXT || (kind == PATH_TIME ? d->kind == FORM_TIME
                                                                                     : is_date(d->kind)));
}

/* A plain number says an amount where that has no unit, or the one that the question is asked in. */
static bool in_its_unit(const struct form_item *d, const struct form_value *q)
{
    return (!q->code.n && !q->display.n) || (d->nunits == 1 && model_form_unit_of(d, q));
}

struct form_value model_form_value_quantity(struct form *f, const struct path_value *v)
{
    bool none = str_is(v->quantity.unit, "1"), coded = !none && !v->quantity.calendar && !v->quantity.word;
    struct form_value q = {.set = true, .kind = FORM_QUANTITY, .display = none ? STR("") : v->quantity.unit,
                           .code = coded ? v->quantity.unit : STR(""),
                           .system = coded ? STR(UCUM) : STR("")};
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    path_decimal_text(v->quantity.value, &b);
    q.text = arena_str(&f->run, buf_str(&b));
    buf_fini(&b);
    return q;
}

/* of_node; an option that an expression took from the form itself leaves its translations and scores there. */
static bool of_answer(struct form *f, const struct path_value *v, struct form_value *out)
{
    bool is = of_node(f, v, out);

    if (is && out->kind == FORM_CHOICE && v->node.t == &f->t && tape_get(&f->t, v->node.at, "version") == TAPE_NONE)
        out->json = STR("");
    return is;
}

bool model_form_value_of(struct form *f, const struct form_node *n, const struct path_value *v,
                         struct form_value *out)
{
    const struct form_item *d = &f->item[n->item];
    struct path_value plain = *v;
    enum form_kind want = model_form_value_kind(d->kind);
    struct buf b;

    *out = (struct form_value){0};
    if (v->kind == PATH_NODE && of_answer(f, v, out))
        return out->kind == want || (out->kind == FORM_CHOICE && (want == FORM_STRING) &&
                                     (out->json = STR(""), out->kind = FORM_STRING,
                                      out->text = out->display.n ? out->display : out->text, true)) ||
               (out->kind == FORM_STRING && d->kind == FORM_OPEN_CHOICE) ||
               (out->kind == FORM_QUANTITY && is_number(want) && in_its_unit(d, out) &&
                (out->json = STR(""), of_words(f, n, out)));
    if (v->kind == PATH_NODE && !path_plain(v, &f->run, &plain))
        return false;
    if (plain.kind == PATH_DATE || plain.kind == PATH_DATETIME || plain.kind == PATH_TIME)
        return of_time(f, d, &plain, out);
    if (plain.kind == PATH_QUANTITY) {
        *out = model_form_value_quantity(f, &plain);
        return out->text.n && want == FORM_QUANTITY;
    }
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    *out = (struct form_value){.set = true, .kind = plain.kind == PATH_STRING ? FORM_STRING : FORM_DECIMAL};
    if (!path_text(&plain, &b) && plain.kind == PATH_BOOLEAN)
        out->kind = FORM_BOOLEAN;
    out->text = arena_str(&f->run, buf_str(&b));
    buf_fini(&b);
    if (!out->text.n)
        return false;
    if (out->kind == want && want != FORM_DECIMAL)
        return true;
    if (out->kind == FORM_BOOLEAN && want != FORM_STRING)
        return false;
    return of_words(f, n, out);
}

struct form_value *model_form_values_of(struct form *f, struct form_node *n, const struct path_list *l,
                                        struct arena *a)
{
    struct form_value *out = arena_alloc(a, (l->n + 1) * sizeof *out);
    unsigned unit;

    for (uint32_t i = 0; i < l->n && out; i++) {
        bool more = i && (!n->next || n->next->item != n->item); /* one that is still to be made */

        n = i && !more ? n->next : n;
        unit = n->unit;
        n->unit = more ? f->item[n->item].nunits == 1 : unit;
        if (!model_form_value_of(f, n, &l->v[i], &out[i]))
            out[i] = (struct form_value){0};
        n->unit = unit;
        out[i] = model_form_value_keep(a, &out[i]);
    }
    return a->failed ? NULL : out;
}
