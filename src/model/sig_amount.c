/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Amounts: a dose, a strength, a rate, by the weight, a maximum. REQ: a number has the unit that stands behind it, or
 * is asked for one; none is converted.
 */
#include "config.h"

#include <string.h>

#include "model/sig_priv.h"

/* What stands behind "/" or "per". */
struct part {
    const struct sig_row *row;
    struct str number;
    char kind; /* 't' time, 'w' weight or surface, 'd' a dose, 'v' something that it is dissolved in */
    unsigned n; /* its tokens */
};

static struct str code_of(struct str value)
{
    return str_split(&value, '=');
}

/* The unit of a row, in words and as UCUM: "ug=mcg", "{tablet}=tablet|tablets". */
static struct sig_quantity quantity(struct str lexeme, const struct sig_row *row)
{
    struct sig_quantity q = {.value = lexeme};
    struct path_decimal d, one;
    struct str v = row->value, singular;

    q.code = str_split(&v, '=');
    singular = str_split(&v, '|');
    path_decimal_int(1, &one);
    q.unit = v.p && model_sig_decimal(lexeme, &d) && path_decimal_compare(&d, &one) > 0 ? v : singular;
    return q;
}

/* The first way that the table has to write a unit. */
struct str model_sig_unit_phrase(const struct reading *p, const char *code)
{
    const struct sig_words *w = p->env->words;
    const struct sig_row *found = NULL;

    for (unsigned i = 0; i < w->rows; i++)
        if ((BIT(w->row[i].kind) & (BIT(K_UNIT) | BIT(K_FORM))) && !w->row[i].clear.n &&
            str_is(code_of(w->row[i].value), code) && (!found || w->row[i].place < found->place))
            found = &w->row[i];
    return found ? found->text : STR("");
}

static void unit_choices(struct reading *p, struct sig_ask *ask, struct str number)
{
    static const char *const codes[] = {"mg", "ug", "g", "mL", "[iU]", "{tablet}", "{capsule}"};

    for (unsigned i = 0; p->env->unit && p->env->unit[i]; i++)
        model_sig_choice(p, ask, "%.*s %s", STR_ARG(number), p->env->unit[i]);
    for (size_t i = 0; !p->env->unit && i < sizeof codes / sizeof *codes; i++)
        SIG_OFFER(p, ask, number, model_sig_unit_phrase(p, codes[i]));
}

/* --- parts of an amount ----------------------------------------------------------------------- */

/* A unit at token i: its tokens; one with two readings is asked. */
static unsigned unit(struct reading *p, unsigned i, uint64_t kinds, const struct sig_row **row)
{
    unsigned n = model_sig_match(p, i, kinds, row);

    if (n && (*row)->clear.n)
        model_sig_row_asked(p, *row, i, n);
    if (n && (*row)->again) { /* cc, ug: read, never written */
        struct str v = (*row)->value;

        str_split(&v, '=');
        model_sig_remark(p, i, n, v);
    }
    return n;
}

static unsigned part(struct reading *p, unsigned i, struct part *out)
{
    const struct sig_row *row;
    unsigned n = model_sig_sign(p, i, '/') ? 1 : model_sig_match(p, i, BIT(K_PER), &row), k;

    *out = (struct part){.number = STR("1")};
    if (!n)
        return 0;
    if (i + n < p->n && p->t[i + n].kind == LEX_NUMBER && (k = model_sig_number(p, i + n, &out->number)))
        n += k;
    if (i + n >= p->n)
        return 0;
    k = model_sig_match(p, i + n, BIT(K_SPAN) | BIT(K_UNIT) | BIT(K_FORM), &out->row);
    if (!k)
        return 0;
    if (out->row->clear.n)
        model_sig_row_asked(p, out->row, i + n, k);
    if (out->row->kind == K_SPAN)
        out->kind = 't';
    else if (str_is(code_of(out->row->value), "kg") || str_is(code_of(out->row->value), "m2"))
        out->kind = 'w';
    else
        out->kind = str_is(code_of(out->row->value), "{dose}") ? 'd' : 'v';
    return out->n = n + k;
}

/* "mL/h", "ug/kg/min": a rate's unit, in words and as UCUM. */
static void rate_unit(struct reading *p, struct sig_quantity *q, const struct part *parts, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct str v = parts[i].row->value, code = str_split(&v, '=');

        q->unit = model_sig_fmt(p, "%.*s/%.*s", STR_ARG(q->unit), STR_ARG(v.p ? v : code));
        q->code = model_sig_fmt(p, "%.*s/%.*s", STR_ARG(q->code), STR_ARG(code));
    }
}

/* A day, written as in "500 mg/d": d may be a dose. French has j, which is a day and nothing else. */
static bool short_day(const struct reading *p, unsigned i)
{
    return !p->env->said && i < p->n && p->t[i].kind == LEX_WORD && str_is(p->t[i].fold, "d");
}

/* unit: of the time that it is for: "d", or a longer one, in which more than one dose has room, too. */
static void ask_day(struct reading *p, struct sig_amount *am, unsigned n, bool by, struct str unit)
{
    bool day = str_is(unit, "d");
    struct sig_ask *ask = model_sig_asks(p, day ? SIG_DAY_OR_DOSE : SIG_TWO_READINGS, am->at, n);
    struct str raw = model_sig_raw(p, am->at, am->n);
    struct str often = model_sig_phrase(p, K_OFTEN, model_sig_fmt(p, "1/1 %.*s", STR_ARG(unit)).p);

    if (by && day) {
        model_sig_choice(p, ask, "%.*s/%.*s", STR_ARG(raw), STR_ARG(model_sig_unit_phrase(p, "{dose}")));
        model_sig_choice(p, ask, "%.*s/%.*s", STR_ARG(raw), STR_ARG(model_sig_singular(p, K_SPAN, "d")));
    } else if (by && often.n)
        model_sig_choice(p, ask, "%.*s/%.*s %.*s", STR_ARG(raw), STR_ARG(model_sig_unit_phrase(p, "{dose}")),
                         STR_ARG(often));
    else if (!by)
        SIG_OFFER(p, ask, raw, often);
}

/* What the parts behind a unit make of the amount: n tokens of them. am->n is what stands before. */
static void weigh(struct reading *p, struct sig_amount *am, const struct part *q, unsigned parts, unsigned n)
{
    struct str time = q[parts - 1].kind == 't' ? q[parts - 1].row->value : STR("");
    bool day = str_is(time, "d"), slow = day || str_is(time, "wk") || str_is(time, "mo") || str_is(time, "a");

    for (unsigned k = 0; k < parts; k++) /* REQ: of 10 kg, of 2 doses, in 2 days: no number is dropped */
        if (q[k].kind != 'v' && !(parts == 1 && q[0].kind == 't') && !model_sig_number_is(q[k].number, 1)) {
            model_sig_asks(p, SIG_UNKNOWN, am->at, am->n + n);
            return;
        }
    if (q[0].kind == 'v' && parts == 1)
        am->basis = BASIS_STRENGTH;
    else if (q[0].kind == 'd' && parts == 1)
        am->basis = BASIS_DOSE;
    else if (q[0].kind == 't' && parts == 1 && p->rate && !model_sig_number_is(q[0].number, 1)) {
        am->basis = BASIS_RATE;
        am->per = (struct sig_quantity){q[0].number, q[0].row->value, q[0].row->value};
    } else if (q[0].kind == 't' && parts == 1 && !p->rate && !model_sig_number_is(q[0].number, 1)) {
        struct sig_ask *ask = model_sig_asks(p, SIG_TWO_READINGS, am->at, am->n + n); /* 500 mg/8 h */
        struct str raw = model_sig_raw(p, am->at, am->n), span = model_sig_phrase(p, K_SPAN, "h");

        if (str_is(q[0].row->value, "h"))
            SIG_OFFER(p, ask, raw, model_sig_phrase(p, K_EVERY, ""), q[0].number, span);
        SIG_OFFER(p, ask, model_sig_phrase(p, K_RATE, ""), model_sig_raw(p, am->at, am->n + n));
    } else if (q[0].kind == 't' && parts == 1 && slow && !p->rate) /* REQ: 10 mg a week is no rate */
        ask_day(p, am, am->n + n, false, time);
    else if (q[parts - 1].kind == 't' && (parts == 1 || q[0].kind == 'w') && !(slow && !p->rate)) {
        am->basis = BASIS_RATE;
        rate_unit(p, &am->dose.low, q, parts);
        if (am->dose.range)
            rate_unit(p, &am->dose.high, q, parts);
    } else if (q[0].kind == 'w') {
        am->by = str_is(code_of(q[0].row->value), "kg") ? 'k' : 'm';
        am->basis = parts == 1 ? BASIS_NONE : q[1].kind == 'd' ? BASIS_DOSE : day ? BASIS_DAY : BASIS_RATE;
        if (slow && (!day || short_day(p, am->at + am->n + n - 1))) { /* mg/kg/d, mg/kg/week */
            am->n += q[0].n;
            ask_day(p, am, am->n + q[1].n, true, time);
            am->n -= q[0].n;
            am->by = 0;
        }
    } else
        model_sig_asks(p, SIG_UNKNOWN, am->at + am->n, n);
}

static void per_parts(struct reading *p, struct sig_amount *am)
{
    struct part q[2];
    unsigned parts = 0, n = 0, k;

    while (parts < 2 && (k = part(p, am->at + am->n + n, &q[parts]))) {
        n += k;
        parts++;
    }
    if (!parts)
        return;
    weigh(p, am, q, parts, n);
    am->n += n;
}

/* "5 mg to 10 mg": the other end, with a unit of its own. */
static unsigned other_end(struct reading *p, unsigned i, struct sig_amount *am)
{
    const struct sig_row *row;
    struct path_decimal low, high;
    struct str number;
    unsigned n = model_sig_sign(p, i, '-') && !p->env->said ? 1 : model_sig_match(p, i, BIT(K_TO), &row), k, u;

    if (!n || i + n >= p->n || p->t[i + n].kind != LEX_NUMBER || !(k = model_sig_number(p, i + n, &number)) ||
        !(u = unit(p, i + n + k, BIT(K_UNIT) | BIT(K_FORM), &row)))
        return 0;
    am->dose.high = quantity(number, row);
    am->dose.range = true;
    if (!p->env->said && !str_eq(am->dose.high.code, am->dose.low.code)) /* 500 mg to 1 g has two scales */
        model_sig_asks(p, SIG_TWO_READINGS, am->at, i + n + k + u - am->at);
    else if (!p->env->said && model_sig_decimal(am->dose.low.value, &low) && model_sig_decimal(number, &high) &&
             path_decimal_compare(&low, &high) >= 0) /* 10 mg to 5 mg */
        model_sig_choice(p, model_sig_asks(p, SIG_BACKWARDS, am->at, i + n + k + u - am->at), "%.*s-%.*s %.*s",
                         STR_ARG(number), STR_ARG(am->dose.low.value), STR_ARG(model_sig_raw(p, i + n + k, u)));
    return n + k + u;
}

/* "5 mL per hour to 10 mL per hour" */
static unsigned other_rate(struct reading *p, unsigned i, struct sig_amount *am)
{
    const struct sig_row *row;
    struct sig_amount high;
    unsigned n = model_sig_match(p, i, BIT(K_TO), &row), k;

    if (!n || am->basis != BASIS_RATE || am->dose.range || am->per.value.n ||
        !(k = model_sig_read_amount(p, i + n, false, &high)))
        return 0;
    am->dose.high = high.dose.low;
    am->dose.range = true;
    if (high.basis != BASIS_RATE || high.dose.range || !str_eq(high.dose.low.code, am->dose.low.code))
        model_sig_asks(p, SIG_TWO_READINGS, am->at, i + n + k - am->at);
    return n + k;
}

/* REQ: 1/2, 1/4, 3/4 of what is counted; 25/100 mg is two strengths, and never a quarter. */
unsigned model_sig_read_fraction(struct reading *p, unsigned i, struct str *value)
{
    const struct sig_row *row;
    struct path_decimal a, b, q, back;
    int64_t of, n;

    if (i + 2 >= p->n || p->t[i].kind != LEX_NUMBER || !model_sig_sign(p, i + 1, '/') || !p->t[i + 1].glued ||
        p->t[i + 2].kind != LEX_NUMBER || !p->t[i + 2].glued || p->t[i].doubt || p->t[i + 2].doubt)
        return 0;
    if (!str_int(p->t[i + 2].value, 2, 4, &of) || !str_int(p->t[i].value, 1, of - 1, &n) ||
        !model_sig_match(p, i + 3, BIT(K_FORM), &row))
        return 0;
    if (!model_sig_decimal(p->t[i].value, &a) || !model_sig_decimal(p->t[i + 2].value, &b) ||
        !path_decimal_divide(&a, &b, PATH_SIGNIFICANT, &q) || !path_decimal_multiply(&q, &b, &back) ||
        path_decimal_compare(&back, &a) != 0) {
        model_sig_asks(p, SIG_FRACTION, i, 3);
        *value = STR("");
        return 3;
    }
    *value = model_sig_decimal_str(p, q);
    model_sig_remark(p, i, 3, *value);
    return 3;
}

unsigned model_sig_read_amount(struct reading *p, unsigned i, bool alone, struct sig_amount *am)
{
    const struct sig_row *row;
    struct sig_numbers number = {0};
    unsigned up = model_sig_match(p, i, BIT(K_UP_TO), &row), n = up, u, k;

    *am = (struct sig_amount){.at = i};
    if (i + n >= p->n)
        return 0;
    if ((k = model_sig_read_fraction(p, i + n, &number.low)))
        number.n = k;
    else if (!model_sig_numbers(p, i + n, &number))
        return 0;
    n += number.n;
    if (!(u = unit(p, i + n, BIT(K_UNIT) | BIT(K_FORM), &row)))
        return 0;
    am->countable = row->kind == K_FORM;
    n += u;
    am->dose.low = quantity(number.low, row);
    am->dose.range = number.high.n || up;
    if (up && !number.high.n) {
        am->dose.high = am->dose.low;
        am->dose.low = (struct sig_quantity){0};
    } else if (number.high.n)
        am->dose.high = quantity(number.high, row);
    else if (!alone)
        n += other_end(p, i + n, am);
    if (str_is(code_of(row->value), "%"))
        am->basis = BASIS_STRENGTH; /* of what is in it: no dose */
    am->n = n;
    if (!alone) {
        am->n = n += model_sig_clear(p, i + n, i + up, i + n);
        per_parts(p, am);
        n = am->n += other_rate(p, i + am->n, am);
    }
    n += model_sig_clear(p, i + n, i + up, i + n);
    if (!alone && !am->countable && !am->by && am->basis == BASIS_NONE && (k = unit(p, i + n, BIT(K_FORM), &am->form)))
        n += k;
    else
        am->form = NULL;
    am->n = n;
    return n;
}

/* --- doses ------------------------------------------------------------------------------------ */

static unsigned take(struct reading *p, const struct sig_amount *am)
{
    if (am->basis == BASIS_RATE && am->per.value.n) {
        if (p->s->rate_ratio.numerator.value.n)
            model_sig_asks(p, SIG_TWICE, am->at, am->n);
        p->s->rate_ratio = (struct sig_ratio){am->dose.low, am->per};
    } else if (am->basis == BASIS_RATE || p->rate) {
        if (am->basis != BASIS_RATE && !p->env->said)
            model_sig_asks(p, SIG_NO_PERIOD, am->at, am->n);
        if (p->s->rate.low.value.n || p->s->rate.high.value.n)
            model_sig_asks(p, SIG_TWICE, am->at, am->n);
        p->s->rate = am->dose;
    } else if (p->amounts == SIG_AMOUNTS)
        model_sig_asks(p, SIG_TWICE, am->at, am->n);
    else
        p->amount[p->amounts++] = *am;
    p->rate = false;
    return am->n;
}

/* A number that has no unit: of what? */
static unsigned bare(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_numbers number;
    struct sig_ask *ask;
    unsigned n, u;

    if (p->t[i].kind != LEX_NUMBER)
        return 0;
    if (i + 1 < p->n && p->t[i + 1].kind == LEX_NUMBER && !p->t[i + 1].glued) { /* 10 000 units; 1 1/2 */
        struct str value;
        unsigned f = model_sig_read_fraction(p, i + 1, &value);
        int64_t x;

        n = f ? 1 + f : 2;
        u = model_sig_match(p, i + n, BIT(K_UNIT) | BIT(K_FORM), &row);
        ask = model_sig_asks(p, SIG_NUMBER, i, n);
        if (!str_int(p->t[i].fold, 1, 999, &x)) /* 0.5 125 are two numbers, and not one */
            return n + u;
        if (f && str_starts(value, "0."))
            model_sig_choice(p, ask, "%.*s%.*s", STR_ARG(p->t[i].fold), (int)value.n - 1, value.p + 1);
        else if (!f && p->t[i + 1].len == 3 && u && str_int(p->t[i + 1].fold, 0, 999, &x))
            model_sig_choice(p, ask, "%.*s%.*s", STR_ARG(p->t[i].fold), STR_ARG(p->t[i + 1].fold));
        return n + u;
    }
    if (!model_sig_numbers(p, i, &number))
        return 0;
    for (n = number.n; i + n < p->n && p->t[i + n].glued &&
                           (p->t[i + n].kind == LEX_WORD || p->t[i + n].kind == LEX_NUMBER);)
        n++;
    while (model_sig_sign(p, i + n, '/') && i + n + 1 < p->n && p->t[i + n + 1].kind == LEX_NUMBER)
        n += 2;
    if (n > number.n) { /* 1O mg: the letter is a part of it; 25/100 mg: of what is each? */
        n += model_sig_match(p, i + n, BIT(K_UNIT) | BIT(K_FORM), &row);
        model_sig_asks(p, SIG_UNKNOWN, i, n);
        return n;
    }
    ask = model_sig_asks(p, SIG_NO_UNIT, i, number.n);
    if (!p->t[i].doubt)
        unit_choices(p, ask, model_sig_raw(p, i, number.n));
    return number.n;
}

unsigned model_sig_read_dose(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_amount am;
    unsigned x = 0, n;

    if (i + 1 < p->n && p->t[i].kind == LEX_NUMBER)
        x = model_sig_match(p, i + 1, BIT(K_TIMES) | BIT(K_OF), &row);
    if (x && i + 1 + x < p->n && p->t[i + 1 + x].kind == LEX_NUMBER &&
        (n = model_sig_read_amount(p, i + 1 + x, false, &am))) {
        model_sig_asks(p, SIG_STRENGTH, i, 1 + x + n); /* 2 x 500 mg */
        return 1 + x + n;
    }
    if ((n = model_sig_read_amount(p, i, false, &am)))
        return take(p, &am);
    return bare(p, i);
}

/* 1-0-1: in the morning, at noon, in the evening, and a fourth at bedtime. */
unsigned model_sig_read_pattern(struct reading *p, unsigned i)
{
    static const char *const whens[] = {"MORN", "NOON", "EVE", "HS"}, *const times[] = {"", "1", "2", "3", "4"};
    const struct sig_row *row = NULL;
    struct sig_amount am = {.at = i, .countable = true};
    struct sig_repeat r = {.period = STR("1"), .period_unit = STR("d")};
    unsigned places = 0, n = 0, u;
    bool same = true;

    while (i + n < p->n && p->t[i + n].kind == LEX_NUMBER && (!n || p->t[i + n].glued)) {
        places++;
        n++;
        if (!model_sig_sign(p, i + n, '-') || !p->t[i + n].glued || places == 4)
            break;
        n++;
    }
    if (places < 3 || p->t[i + n - 1].kind != LEX_NUMBER)
        return 0;
    for (unsigned k = 0; k < places; k++) {
        struct str v = p->t[i + 2 * k].value;

        if (model_sig_number_is(v, 0))
            continue;
        same = same && (!am.dose.low.value.n || str_eq(am.dose.low.value, v));
        am.dose.low.value = v;
        r.when[r.whens++] = str_of(whens[k]);
    }
    r.frequency = str_of(times[r.whens]); /* REQ: so often, and at no other time of day */
    u = model_sig_match(p, i + n, BIT(K_FORM) | BIT(K_UNIT), &row);
    if (!same || !am.dose.low.value.n) /* 1-0-2: two doses, to be typed as two */
        model_sig_asks(p, SIG_TWO_READINGS, i, n);
    else if (!u)
        unit_choices(p, model_sig_asks(p, SIG_NO_UNIT, i, n), model_sig_raw(p, i, n));
    else if (model_sig_often(p, &r, i, n)) {
        am.dose.low = quantity(am.dose.low.value, row);
        am.n = n + u;
        if (row->clear.n)
            model_sig_row_asked(p, row, i + n, u);
        take(p, &am);
    }
    return n + u;
}

/* --- the most --------------------------------------------------------------------------------- */

/* "in 24 hours", "/24h", "a day", "daily" behind a maximum. */
static unsigned in_time(struct reading *p, unsigned i, struct sig_quantity *time)
{
    const struct sig_row *row;
    struct str number = STR("1");
    unsigned n = model_sig_match(p, i, BIT(K_EACH), &row), k;

    if (n && model_sig_sign(p, i, '/') && short_day(p, i + 1))
        return 0;
    if (n || ((n = model_sig_match(p, i, BIT(K_OFTEN), &row)) && str_is(row->value, "1/1 d"))) {
        struct str unit = row->kind == K_EACH ? row->value : STR("d");

        if (row->clear.n)
            return 0;
        *time = (struct sig_quantity){number, unit, unit};
        return n;
    }
    n = model_sig_sign(p, i, '/') ? 1 : model_sig_match(p, i, BIT(K_IN) | BIT(K_PER), &row);
    if (!n)
        return 0;
    if (i + n < p->n && p->t[i + n].kind == LEX_NUMBER && (k = model_sig_number(p, i + n, &number)))
        n += k;
    if (!(k = model_sig_match(p, i + n, BIT(K_SPAN), &row)) || row->clear.n)
        return 0;
    if (short_day(p, i + n) && str_is(row->value, "d") && n == 1 && model_sig_sign(p, i, '/'))
        return 0; /* /d: a day, or a dose? */
    *time = (struct sig_quantity){number, row->value, row->value};
    return n + k;
}

static void set_most(struct reading *p, struct sig_quantity *to, struct sig_quantity q, unsigned i, unsigned n)
{
    if (to->value.n)
        model_sig_asks(p, SIG_TWICE, i, n);
    *to = q;
}

unsigned model_sig_read_max(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_quantity time;
    struct sig_amount am;
    struct sig_ask *ask;
    struct str number;
    unsigned n = model_sig_match(p, i, BIT(K_MAX), &row), k;

    if (!n || i + n >= p->n)
        return 0;
    if (!(k = model_sig_read_amount(p, i + n, true, &am))) {
        if (!(k = model_sig_number(p, i + n, &number)))
            return 0;
        unit_choices(p, model_sig_asks(p, SIG_NO_UNIT, i + n, k), number);
        n += k;
        return n + in_time(p, i + n, &time);
    }
    n += k;
    if (am.dose.range) {
        model_sig_asks(p, SIG_TWO_READINGS, i, n);
        return n + in_time(p, i + n, &time);
    }
    if ((k = model_sig_match(p, i + n, BIT(K_TIME), &row)))
        set_most(p, &p->s->most_once, am.dose.low, i, n + k);
    else if ((k = model_sig_match(p, i + n, BIT(K_LIFE), &row)))
        set_most(p, &p->s->most_ever, am.dose.low, i, n + k);
    else if ((k = in_time(p, i + n, &time))) {
        set_most(p, &p->s->most.numerator, am.dose.low, i, n + k);
        p->s->most.denominator = time;
    } else {
        struct str raw = model_sig_raw(p, i, n);

        n += model_sig_sign(p, i + n, '/') && short_day(p, i + n + 1) ? 2 : 0;
        ask = model_sig_asks(p, SIG_NO_PERIOD, i, n);
        model_sig_choice(p, ask, "%.*s %.*s 24 %.*s", STR_ARG(raw), STR_ARG(model_sig_phrase(p, K_IN, "")),
                         STR_ARG(model_sig_phrase(p, K_SPAN, "h")));
        SIG_OFFER(p, ask, raw, model_sig_phrase(p, K_TIME, ""));
    }
    return n + k;
}
