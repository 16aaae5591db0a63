/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How often, when, and for how long: R4's Timing.repeat from words.
 */
#include "config.h"

#include <string.h>

#include "model/sig_priv.h"

/* --- numbers ---------------------------------------------------------------------------------- */

bool model_sig_decimal(struct str lexeme, struct path_decimal *out)
{
    return lexeme.n && path_decimal_parse(lexeme, out);
}

struct str model_sig_decimal_str(struct reading *p, struct path_decimal d)
{
    struct buf b;
    struct str s;

    path_decimal_trim(&d);
    buf_init(&b, 512);
    path_decimal_text(&d, &b);
    s = arena_str(p->a, buf_str(&b));
    buf_fini(&b);
    return s;
}

bool model_sig_number_is(struct str lexeme, int64_t n)
{
    struct path_decimal d, want;

    path_decimal_int(n, &want);
    return model_sig_decimal(lexeme, &d) && path_decimal_compare(&d, &want) == 0;
}

/* The number that a clear form begins with, with no-break spaces or commas between its thousands: its tokens, or 0. */
static unsigned clear_number(struct reading *p, unsigned i, struct path_decimal *out)
{
    struct buf b;
    unsigned n = 0;
    bool good;

    buf_init(&b, 512);
    for (; i + n < p->n && p->t[i + n].kind == LEX_NUMBER; n++)
        for (size_t k = 0; k < p->t[i + n].fold.n; k++)
            if (p->t[i + n].fold.p[k] != ',')
                buf_addc(&b, p->t[i + n].fold.p[k]);
    good = n && path_decimal_parse(buf_str(&b), out);
    buf_fini(&b);
    return good ? n : 0;
}

/* As JSON writes it: nobody's thousands, and its zeros in their places. */
static bool plain(const struct lex *t)
{
    bool point = false;

    for (size_t i = 0; i < t->fold.n; i++)
        if (t->fold.p[i] == '.' && !point && i)
            point = true;
        else if (t->fold.p[i] < '0' || t->fold.p[i] > '9')
            return false;
    return t->fold.n == 1 || t->fold.p[0] != '0' || t->fold.p[1] == '.';
}

unsigned model_sig_clear(struct reading *p, unsigned i, unsigned from, unsigned to)
{
    struct path_decimal a, b;
    unsigned k = i + 2, n;

    if (!model_sig_sign(p, i, '(') || !model_sig_sign(p, i + 1, '='))
        return 0;
    for (unsigned f = from; f < to; f++) {
        if (k >= p->n)
            return 0;
        if (p->t[f].kind != LEX_NUMBER) {
            if (p->t[f].kind != p->t[k].kind || !str_eq(p->t[f].fold, p->t[k].fold))
                return 0;
            k++;
            continue;
        }
        if (!p->env->said && p->t[f].doubt && str_eq(p->t[f].fold, p->t[k].fold))
            return 0; /* 1.500 (= 1.500) says nothing new */
        if (!(n = clear_number(p, k, &a)) || !plain(&p->t[f]) || !model_sig_decimal(p->t[f].fold, &b) ||
            path_decimal_compare(&a, &b) != 0)
            return 0;
        k += n;
    }
    if (!model_sig_sign(p, k, ')'))
        return 0;
    for (unsigned f = from; f < to; f++)
        if (p->t[f].kind == LEX_NUMBER) {
            p->t[f].doubt = false;
            p->t[f].remark = NULL;
            p->t[f].value = p->t[f].fold;
        }
    for (unsigned f = i; f < k; f++)
        p->t[f].free = true;
    return k + 1 - i;
}

unsigned model_sig_number(struct reading *p, unsigned i, struct str *out)
{
    const struct sig_row *row;
    unsigned n;

    if (i < p->n && p->t[i].kind == LEX_NUMBER) {
        n = 1 + model_sig_clear(p, i + 1, i, i + 1);
        *out = p->t[i].value;
        return n;
    }
    if (!p->env->said && (n = model_sig_match(p, i, BIT(K_NUMBER), &row))) {
        *out = row->value;
        return n;
    }
    return 0;
}

bool model_sig_numbers(struct reading *p, unsigned i, struct sig_numbers *out)
{
    const struct sig_row *row;
    struct path_decimal low, high;
    unsigned between, n;

    *out = (struct sig_numbers){0};
    if (!(out->n = model_sig_number(p, i, &out->low)))
        return false;
    between = model_sig_sign(p, i + out->n, '-') && !p->env->said ? 1 : model_sig_match(p, i + out->n, BIT(K_TO), &row);
    if (!between || i + out->n + between >= p->n || p->t[i + out->n + between].kind != LEX_NUMBER)
        return true;
    n = model_sig_number(p, i + out->n + between, &out->high);
    if (!p->env->said && model_sig_sign(p, i + out->n + between + n, '-') && p->t[i + out->n + between + n].glued) {
        out->high = STR(""); /* 1-0-1 is no range */
        return true;
    }
    out->n += between + n;
    if (!p->env->said && model_sig_decimal(out->low, &low) && model_sig_decimal(out->high, &high) &&
        path_decimal_compare(&low, &high) >= 0) {
        struct sig_ask *ask = model_sig_asks(p, SIG_BACKWARDS, i, out->n);

        if (path_decimal_compare(&low, &high) == 0) {
            SIG_OFFER(p, ask, out->low);
            return true;
        }
        model_sig_choice(p, ask, "%.*s-%.*s", STR_ARG(out->high), STR_ARG(out->low));
    }
    return true;
}

/* --- how often -------------------------------------------------------------------------------- */

bool model_sig_often_row(struct sig_repeat *r, struct str value)
{
    struct str often = str_split(&value, ' '), unit = str_split(&value, ' ');

    r->frequency = str_split(&often, '/');
    r->period = often;
    r->period_unit = unit;
    while (value.n && r->whens < SIG_WHENS)
        r->when[r->whens++] = str_split(&value, ' ');
    return r->frequency.n && r->period.n && r->period_unit.n;
}

static bool same_often(const struct sig_repeat *a, const struct sig_repeat *b)
{
    return str_eq(a->frequency, b->frequency) && str_eq(a->frequency_most, b->frequency_most) &&
           str_eq(a->period, b->period) && str_eq(a->period_most, b->period_most) &&
           str_eq(a->period_unit, b->period_unit);
}

bool model_sig_add_when(struct reading *p, struct str code, unsigned i, unsigned n)
{
    struct sig_repeat *r = &p->s->repeat;

    for (unsigned k = 0; k < r->whens; k++)
        if (str_eq(r->when[k], code))
            return true;
    if (r->whens == SIG_WHENS || r->ats) { /* R4 tim-10: a time of day excludes them */
        model_sig_asks(p, SIG_TWICE, i, n);
        return false;
    }
    r->when[r->whens++] = code;
    return true;
}

bool model_sig_often(struct reading *p, const struct sig_repeat *set, unsigned i, unsigned n)
{
    struct sig_repeat *r = &p->s->repeat;

    if (r->frequency.n && !same_often(r, set)) {
        model_sig_asks(p, SIG_TWICE, i, n);
        return false;
    }
    r->frequency = set->frequency;
    r->frequency_most = set->frequency_most;
    r->period = set->period;
    r->period_most = set->period_most;
    r->period_unit = set->period_unit;
    for (unsigned k = 0; k < set->whens; k++)
        if (!model_sig_add_when(p, set->when[k], i, n))
            return false;
    return true;
}

/* "every 6 hours", "q6h", "every hour", "every Monday" behind an "every" of e tokens. */
static unsigned every(struct reading *p, unsigned i, unsigned e, struct sig_repeat *r)
{
    const struct sig_row *row;
    struct sig_numbers number = {.low = STR("1")};
    unsigned n;

    if (i + e < p->n && p->t[i + e].kind == LEX_NUMBER && !model_sig_numbers(p, i + e, &number))
        return 0;
    n = model_sig_match(p, i + e + number.n, BIT(K_SPAN), &row);
    if (!n && number.n && !p->env->said) { /* q4: hours or days? */
        struct sig_ask *ask = model_sig_asks(p, SIG_NO_UNIT, i, e + number.n);
        struct str raw = model_sig_raw(p, i + e, number.n);

        SIG_OFFER(p, ask, model_sig_phrase(p, K_EVERY, ""), raw, model_sig_phrase(p, K_SPAN, "h"));
        SIG_OFFER(p, ask, model_sig_phrase(p, K_EVERY, ""), raw, model_sig_phrase(p, K_SPAN, "d"));
        return e + number.n;
    }
    if (!n)
        return 0;
    if (row->clear.n && model_sig_row_asked(p, row, i + e + number.n, n))
        return e + number.n + n;
    if (number.n && number.n + e == 2 && model_sig_number_is(number.low, 1) && str_is(row->value, "d") &&
        !number.high.n && e == 1 &&
        p->t[i].len == 1 && !p->env->said) { /* q1d is misread as qid */
        struct sig_ask *ask = model_sig_asks(p, SIG_TWO_READINGS, i, e + number.n + n);

        SIG_OFFER(p, ask, model_sig_phrase(p, K_OFTEN, "1/1 d"));
        SIG_OFFER(p, ask, model_sig_phrase(p, K_OFTEN, "4/1 d"));
        return e + number.n + n;
    }
    r->period = number.low;
    r->period_most = number.high;
    r->period_unit = row->value;
    return e + number.n + n;
}

/* "a day" or "every 3 days" behind a number of times that took n tokens. */
static unsigned times_of(struct reading *p, unsigned i, unsigned n, struct sig_repeat *r)
{
    const struct sig_row *row;
    unsigned k = model_sig_match(p, i + n, BIT(K_EACH), &row);

    if (k) {
        r->period = STR("1");
        r->period_unit = row->value;
        return n + k;
    }
    k = model_sig_match(p, i + n, BIT(K_EVERY), &row);
    k = k ? every(p, i + n, k, r) : 0;
    return k ? n + k : 0;
}

/* "once", "twice", "3 times" alone: in all, or of what time? */
static unsigned times_alone(struct reading *p, unsigned i, unsigned n, const struct sig_numbers *times, bool word)
{
    const struct sig_row *row;
    unsigned k = model_sig_match(p, i + n, BIT(K_IN_ALL) | BIT(K_COUNTED), &row);
    struct sig_repeat *r = &p->s->repeat;
    struct sig_ask *ask;

    if (k || (word && model_sig_number_is(times->low, 1))) {
        if (r->count.n && !str_eq(r->count, times->low))
            model_sig_asks(p, SIG_TWICE, i, n + k);
        r->count = times->low;
        r->count_most = times->high;
        return n + k;
    }
    ask = model_sig_asks(p, SIG_TWO_READINGS, i, n);
    SIG_OFFER(p, ask, times->low, model_sig_phrase(p, K_TIMES, ""), model_sig_phrase(p, K_EACH, "d"));
    SIG_OFFER(p, ask, times->low, model_sig_phrase(p, K_TIMES, ""), model_sig_phrase(p, K_IN_ALL, ""));
    return n;
}

/* A number of times. */
static unsigned times(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_numbers number = {0};
    struct sig_repeat r = {0};
    unsigned n = model_sig_match(p, i, BIT(K_ONCE), &row), k;
    bool word = n;

    if (n)
        number.low = row->value;
    else if (!model_sig_numbers(p, i, &number))
        return 0;
    else if (!(k = model_sig_match(p, i + number.n, BIT(K_TIMES), &row))) {
        k = model_sig_match(p, i + number.n, BIT(K_EACH), &row);
        if (!k || p->env->said)
            return 0;
        /* "3 a day": three times, or three tablets? */
        SIG_OFFER(p, model_sig_asks(p, SIG_TWO_READINGS, i, number.n + k), model_sig_raw(p, i, number.n),
                  model_sig_phrase(p, K_TIMES, ""), model_sig_raw(p, i + number.n, k));
        return number.n + k;
    } else if (p->t[i + number.n].fold.n == 1 && i + number.n + k < p->n && p->t[i + number.n + k].kind == LEX_NUMBER)
        return 0; /* 2 x 500 mg: the amounts' */
    else
        n = number.n + k;
    r.frequency = number.low;
    r.frequency_most = number.high;
    if (!(k = times_of(p, i, n, &r)))
        return times_alone(p, i, n, &number, word);
    if (r.period.n) /* else it was asked */
        model_sig_often(p, &r, i, k);
    return k;
}

unsigned model_sig_read_often(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_numbers number;
    struct sig_repeat r = {.frequency = STR("1")};
    unsigned n = model_sig_match(p, i, BIT(K_OFTEN), &row), e = model_sig_match(p, i, BIT(K_EVERY), &row),
             k = times(p, i);

    if (k)
        return k;
    if (n && n >= e) {
        model_sig_match(p, i, BIT(K_OFTEN), &row);
        if (row->clear.n && model_sig_row_asked(p, row, i, n))
            return n;
        r = (struct sig_repeat){0};
        if (model_sig_often_row(&r, row->value))
            model_sig_often(p, &r, i, n);
        return n;
    }
    if (e && (k = every(p, i, e, &r))) {
        if (r.period.n)
            model_sig_often(p, &r, i, k);
        return k;
    }
    if (e && (k = model_sig_match(p, i + e, BIT(K_DAY), &row))) /* every Monday */
        return e;
    if (p->t[i].kind == LEX_NUMBER && model_sig_numbers(p, i, &number) &&
        (k = model_sig_match(p, i + number.n, BIT(K_HOURLY), &row))) {
        r.period = number.low;
        r.period_most = number.high;
        r.period_unit = row->value;
        model_sig_often(p, &r, i, number.n + k);
        return number.n + k;
    }
    return 0;
}

/* --- when ------------------------------------------------------------------------------------- */

/* HH:MM at token i, or HH:MM:SS; as R4's time. */
static unsigned clock_time(struct reading *p, unsigned i, struct str *out)
{
    int64_t h, m;

    if (i + 2 >= p->n || p->t[i].kind != LEX_NUMBER || !model_sig_sign(p, i + 1, ':') || !p->t[i + 1].glued ||
        p->t[i + 2].kind != LEX_NUMBER || !p->t[i + 2].glued || p->t[i + 2].len != 2 || p->t[i].len > 2)
        return 0;
    if (!str_int(p->t[i].fold, 0, 23, &h) || !str_int(p->t[i + 2].fold, 0, 59, &m) || model_sig_sign(p, i + 3, ':'))
        return 0;
    p->t[i].free = p->t[i + 2].free = true; /* 08 is no 0.8 here */
    *out = model_sig_fmt(p, "%02d:%02d:00", (int)h, (int)m);
    return 3;
}

static unsigned at(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_repeat *r = &p->s->repeat;
    unsigned n = model_sig_match(p, i, BIT(K_AT), &row), k;
    struct str time;

    if (!(k = clock_time(p, i + n, &time)))
        return 0;
    if (r->whens || r->ats == SIG_TIMES) {
        model_sig_asks(p, SIG_TWICE, i, n + k);
        return n + k;
    }
    n += k;
    for (unsigned j = 0; j < r->ats; j++)
        if (str_eq(r->at[j], time)) /* the same time counts once: which other one was meant? */
            model_sig_asks(p, SIG_TWICE, i, n);
    r->at[r->ats++] = time;
    if ((k = model_sig_match(p, i + n, BIT(K_AND), &row)) && clock_time(p, i + n + k, &time))
        n += k; /* the next one is read by itself */
    return n;
}

static unsigned day(struct reading *p, unsigned i)
{
    const struct sig_row *row, *glue;
    struct sig_repeat *r = &p->s->repeat;
    unsigned on = model_sig_match(p, i, BIT(K_ON), &row), n = model_sig_match(p, i + on, BIT(K_DAY), &row), k;

    if (!n)
        return 0;
    if (row->clear.n && model_sig_row_asked(p, row, i + on, n))
        return on + n;
    for (k = 0; k < r->days; k++)
        if (str_eq(r->day[k], row->value))
            break;
    if (k == r->days && r->days < SIG_DAYS)
        r->day[r->days++] = row->value;
    n += on;
    if ((k = model_sig_match(p, i + n, BIT(K_AND), &glue)) && model_sig_match(p, i + n + k, BIT(K_DAY), &row))
        n += k;
    return n;
}

/* Before or after something, so that "30 minutes" may stand before it (R4 tim-9). */
static bool takes_offset(struct str code)
{
    return str_starts(code, "AC") || str_starts(code, "PC") || str_is(code, "HS") || str_is(code, "WAKE") ||
           str_is(code, "PHS");
}

static unsigned when(struct reading *p, unsigned i)
{
    const struct sig_row *row, *span;
    struct sig_repeat *r = &p->s->repeat;
    struct str minutes = STR("");
    unsigned n = p->t[i].kind == LEX_NUMBER ? model_sig_number(p, i, &minutes) : 0, k, at = i;
    int64_t number;

    if (n) {
        if (!(k = model_sig_match(p, i + n, BIT(K_SPAN), &span)))
            return 0;
        n += k;
    }
    if (!(k = model_sig_match(p, i + n, BIT(K_WHEN), &row)))
        return 0;
    if (n && (!takes_offset(row->value) || span->clear.n || r->offset.n || r->whens))
        return 0;
    if (n && (!str_is(span->value, "min") || !str_int(minutes, 1, 1440, &number))) {
        model_sig_asks(p, SIG_TWO_READINGS, i, n + k); /* R4 has minutes here, and no number is changed */
        return n + k;
    }
    if (row->clear.n && model_sig_row_asked(p, row, i + n, k))
        return n + k;
    if (model_sig_add_when(p, row->value, i, n + k))
        r->offset = n ? minutes : r->offset;
    n += k;
    at = i + n;
    if (((k = model_sig_match(p, at, BIT(K_AND), &row)) ||
         (k = model_sig_sign(p, at, '&') || model_sig_sign(p, at, '+'))) &&
        model_sig_match(p, at + k, BIT(K_WHEN), &row))
        n += k;
    return n;
}

unsigned model_sig_read_when(struct reading *p, unsigned i)
{
    unsigned n = at(p, i);

    n = n ? n : day(p, i);
    return n ? n : when(p, i);
}

/* --- how long --------------------------------------------------------------------------------- */

/* A number of minutes to years: its tokens. */
static unsigned span(struct reading *p, unsigned i, struct sig_numbers *number, struct str *unit)
{
    const struct sig_row *row;
    unsigned n;

    if (i >= p->n || !model_sig_numbers(p, i, number) || !(n = model_sig_match(p, i + number->n, BIT(K_SPAN), &row)))
        return 0;
    *unit = row->clear.n && model_sig_row_asked(p, row, i + number->n, n) ? STR("") : row->value;
    return number->n + n;
}

static unsigned over(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_repeat *r = &p->s->repeat;
    struct sig_numbers number;
    struct str unit;
    unsigned n = model_sig_match(p, i, BIT(K_OVER), &row), k;

    if (!n || !(k = span(p, i + n, &number, &unit)))
        return 0;
    if (r->lasts.n)
        model_sig_asks(p, SIG_TWICE, i, n + k);
    r->lasts = number.low;
    r->lasts_most = number.high;
    r->lasts_unit = unit;
    return n + k;
}

/* A day as R4 writes it, or as a row of a chart does: "05-Feb-2026". */
static unsigned date(struct reading *p, unsigned i, struct str *out)
{
    const struct sig_row *row;
    struct date d;
    unsigned n = 5;

    if (i + 4 >= p->n || p->t[i].kind != LEX_NUMBER || !model_sig_sign(p, i + 1, '-') ||
        !model_sig_sign(p, i + 3, '-') ||
        p->t[i + 4].kind != LEX_NUMBER)
        return 0;
    if (p->t[i].len == 4)
        *out = model_sig_raw(p, i, n);
    else if (model_sig_match(p, i + 2, BIT(K_MONTH), &row) == 1)
        *out = model_sig_fmt(p, "%.*s-%.*s-%.*s", STR_ARG(p->t[i + 4].fold), STR_ARG(row->value),
                             STR_ARG(p->t[i].fold));
    else
        return 0;
    if (!date_parse(*out, &d) || d.precision != DATE_DAY)
        return 0;
    for (unsigned k = i; k < i + n; k++)
        p->t[k].free = true;
    return n;
}

static unsigned period(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_repeat *r = &p->s->repeat;
    struct date day;
    unsigned n = model_sig_match(p, i, BIT(K_FROM) | BIT(K_UNTIL), &row), k;
    struct str *to;
    bool twice;

    if (!n)
        return 0;
    to = row->kind == K_FROM ? &r->from : &r->until;
    twice = to->n;
    if (i + n + 4 < p->n && p->t[i + n].kind == LEX_NUMBER && model_sig_sign(p, i + n + 1, '/') &&
        model_sig_sign(p, i + n + 3, '/')) {
        model_sig_asks(p, SIG_DATE, i, n + 5);
        return n + 5;
    }
    if (!(k = date(p, i + n, to)))
        return 0;
    if (r->bounds.n || twice)
        model_sig_asks(p, SIG_TWICE, i, n + k);
    date_parse(*to, &day);
    if (!p->env->said && ((r->from.n && r->until.n && str_cmp(r->from, r->until) > 0) ||
                          (to == &r->until && date_ms(&day) < date_ms(&p->env->today))))
        model_sig_asks(p, SIG_DATE, i, n + k); /* it ends before it begins, or has ended */
    return n + k;
}

/* "8 h" alone: at 8 o'clock, for 8 hours, or every 8? True: it is asked. */
static bool hours(struct reading *p, unsigned i, const struct sig_numbers *number, struct str unit, unsigned n)
{
    struct str raw = model_sig_raw(p, i, n);
    struct sig_ask *ask;
    int64_t hour;

    if (!str_is(unit, "h") && !str_is(unit, "min") && !str_is(unit, "s"))
        return false;
    ask = model_sig_asks(p, SIG_TWO_READINGS, i, n);
    SIG_OFFER(p, ask, model_sig_phrase(p, K_FOR, ""), raw);
    SIG_OFFER(p, ask, model_sig_phrase(p, K_OVER, ""), raw);
    SIG_OFFER(p, ask, model_sig_phrase(p, K_EVERY, ""), raw);
    if (str_is(unit, "h") && !number->high.n && str_int(number->low, 0, 23, &hour))
        model_sig_choice(p, ask, "%.*s %02d:00", STR_ARG(model_sig_phrase(p, K_AT, "")), (int)hour);
    return true;
}

/* x7d and "for 7 days"; "for 3 doses" ("3 doses" alone is an amount); "7 days" alone. x3 and 2/52 are asked. */
static unsigned bounds(struct reading *p, unsigned i)
{
    const struct sig_row *row;
    struct sig_repeat *r = &p->s->repeat;
    struct sig_numbers number;
    struct str unit;
    unsigned n = model_sig_match(p, i, BIT(K_FOR), &row), k = span(p, i + n, &number, &unit);

    if (k && !n && !p->env->said && hours(p, i, &number, unit, k))
        return k;
    if (k && i + n < p->n) {
        if (r->bounds.n || r->from.n || r->until.n)
            model_sig_asks(p, SIG_TWICE, i, n + k);
        r->bounds = number.low;
        r->bounds_most = number.high;
        r->bounds_unit = unit;
        return n + k;
    }
    if (i + n >= p->n || p->t[i + n].kind != LEX_NUMBER || !model_sig_numbers(p, i + n, &number))
        return 0;
    if (n && (k = model_sig_match(p, i + n + number.n, BIT(K_COUNTED), &row))) {
        if (r->count.n)
            model_sig_asks(p, SIG_TWICE, i, n + number.n + k);
        r->count = number.low;
        r->count_most = number.high;
        return n + number.n + k;
    }
    if (!n || model_sig_sign(p, i + n + number.n, '/'))
        return 0;
    if (model_sig_match(p, i + n + number.n, BIT(K_UNIT) | BIT(K_FORM), &row))
        return 0;
    {
        struct sig_ask *ask = model_sig_asks(p, SIG_TWO_READINGS, i, n + number.n);
        struct str raw = model_sig_raw(p, i + n, number.n);

        SIG_OFFER(p, ask, model_sig_phrase(p, K_FOR, ""), raw, model_sig_phrase(p, K_SPAN, "d"));
        SIG_OFFER(p, ask, raw, model_sig_phrase(p, K_TIMES, ""), model_sig_phrase(p, K_EACH, "d"));
        SIG_OFFER(p, ask, raw, model_sig_phrase(p, K_TIMES, ""), model_sig_phrase(p, K_IN_ALL, ""));
    }
    return n + number.n;
}

/* 2/52 weeks, 3/7 days, 6/12 months where that is written; elsewhere a fraction. */
static unsigned slash(struct reading *p, unsigned i)
{
    static const struct {
        const char *of, *unit;
    } of[] = {{"7", "d"}, {"52", "wk"}, {"12", "mo"}};
    const struct sig_row *row;
    unsigned n = model_sig_match(p, i, BIT(K_FOR), &row);

    if (i + n + 2 >= p->n || p->t[i + n].kind != LEX_NUMBER || !model_sig_sign(p, i + n + 1, '/') ||
        !p->t[i + n + 1].glued ||
        p->t[i + n + 2].kind != LEX_NUMBER || !p->t[i + n + 2].glued)
        return 0;
    for (size_t k = 0; k < sizeof of / sizeof *of; k++)
        if (str_is(p->t[i + n + 2].fold, of[k].of)) {
            struct sig_ask *ask = model_sig_asks(p, SIG_TWO_READINGS, i, n + 3);

            SIG_OFFER(p, ask, model_sig_phrase(p, K_FOR, ""), p->t[i + n].fold,
                      model_sig_phrase(p, K_SPAN, of[k].unit));
            return n + 3;
        }
    return 0;
}

unsigned model_sig_read_lasting(struct reading *p, unsigned i)
{
    unsigned n = over(p, i);

    n = n ? n : period(p, i);
    n = n ? n : slash(p, i);
    return n ? n : bounds(p, i);
}
