/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The end of a step: which of its amounts is the dose, what a dose by weight is, what was not said; and the sum of what
 * is to be dispensed. All of it in exact decimals.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "model/sig_priv.h"

/* --- which amount is the dose ----------------------------------------------------------------- */

static void strength(struct reading *p, const struct sig_amount *am)
{
    if (p->out->strength.n && !str_eq(p->out->strength, model_sig_raw(p, am->at, am->n)))
        model_sig_asks(p, SIG_TWICE, am->at, am->n);
    else
        p->out->strength = model_sig_raw(p, am->at, am->n);
}

static bool is_one(const struct sig_amount *am)
{
    return !am->dose.range && model_sig_number_is(am->dose.low.value, 1);
}

static struct str code_of(const struct sig_amount *am)
{
    return am->dose.low.value.n ? am->dose.low.code : am->dose.high.code;
}

/* Does what b counts be what stands behind a: "500 mg tab, 2 tab"? */
static bool of_form(const struct sig_amount *a, const struct sig_amount *b)
{
    struct str v = a->form ? a->form->value : STR("");

    return a->form && str_eq(str_split(&v, '='), code_of(b));
}

/* What stands between two amounts, but for a comma. */
static struct str between(const struct reading *p, const struct sig_amount *a, const struct sig_amount *b)
{
    unsigned i = a->at + a->n;

    i += model_sig_gap(p, i);
    return i < b->at ? model_sig_raw(p, i, b->at - i) : STR("");
}

static void offer_two(struct reading *p, struct sig_ask *ask, struct str of, struct str more)
{
    if (more.n)
        SIG_OFFER(p, ask, of, more);
    else
        SIG_OFFER(p, ask, of);
}

/* "1 g iv 4 doses": so many in all, or so many a day? */
static void ask_doses(struct reading *p, const struct sig_amount *a, const struct sig_amount *b)
{
    const struct sig_amount *many = str_is(code_of(a), "{dose}") ? a : b, *of = many == a ? b : a;
    struct sig_ask *ask = model_sig_asks(p, SIG_TWO_READINGS, a->at, b->at + b->n - a->at);
    struct str raw = model_sig_raw(p, of->at, of->n), more = between(p, a, b);

    offer_two(p, ask, model_sig_fmt(p, "%.*s %.*s %.*s", STR_ARG(raw), STR_ARG(model_sig_phrase(p, K_FOR, "")),
                                    STR_ARG(model_sig_raw(p, many->at, many->n))), more);
    if (!many->dose.range && !p->s->repeat.frequency.n)
        offer_two(p, ask, model_sig_fmt(p, "%.*s %.*s %.*s %.*s", STR_ARG(raw), STR_ARG(many->dose.low.value),
                                        STR_ARG(model_sig_phrase(p, K_TIMES, "")),
                                        STR_ARG(model_sig_phrase(p, K_EACH, "d"))), more);
}

/* Two amounts: of what strength, and how much? REQ: two strengths are no dose, a dose by weight is no strength. */
static const struct sig_amount *of_two(struct reading *p, const struct sig_amount *a, const struct sig_amount *b)
{
    unsigned n = b->at + b->n - a->at;
    bool plain = !a->by && a->basis == BASIS_NONE;
    struct sig_ask *ask;

    if (b->basis == BASIS_STRENGTH || b->form) {
        model_sig_asks(p, SIG_STRENGTH, a->at, n);
        return b;
    }
    if (a->basis != BASIS_STRENGTH && !a->form && str_is(code_of(a), "{dose}") != str_is(code_of(b), "{dose}")) {
        ask_doses(p, a, b);
        return b;
    }
    if (a->basis == BASIS_STRENGTH || of_form(a, b) ||
        (!a->countable && b->countable && !a->form && is_one(b) && !a->dose.range && plain)) {
        strength(p, a);
        return b;
    }
    if (a->countable && is_one(a) && !b->countable && !b->dose.range && !b->form && !b->by && b->basis == BASIS_NONE) {
        strength(p, b); /* 1 tab 500 mg */
        return a;
    }
    ask = model_sig_asks(p, a->countable != b->countable ? SIG_STRENGTH : SIG_TWICE, a->at, n);
    if (!a->countable && b->countable && !a->form) { /* 500 mg 2 tab: two of 500 mg, or two that make 500 mg? */
        struct str of = model_sig_raw(p, a->at, a->n), much = model_sig_raw(p, b->at, b->n), more = between(p, a, b);

        if (plain)
            offer_two(p, ask, model_sig_fmt(p, "%.*s %.*s, %.*s", STR_ARG(of),
                                            STR_ARG(model_sig_raw(p, b->at + b->n - 1, 1)), STR_ARG(much)), more);
        offer_two(p, ask, of, more);
    }
    return b;
}

static const struct sig_amount *find_dose(struct reading *p)
{
    const struct sig_amount *a = p->amount;
    struct sig_ask *ask;

    if (!p->amounts)
        return NULL;
    if (p->amounts == 2)
        return of_two(p, a, a + 1);
    if (p->amounts > 2)
        model_sig_asks(p, SIG_TWICE, a[1].at, a[p->amounts - 1].at + a[p->amounts - 1].n - a[1].at);
    else if (a->basis == BASIS_STRENGTH) {
        strength(p, a); /* what it contains is no dose */
        return NULL;
    } else if (a->form) { /* 500 mg tab: one of them? */
        ask = model_sig_asks(p, SIG_STRENGTH, a->at, a->n);
        model_sig_choice(p, ask, "%.*s, 1 %.*s", STR_ARG(model_sig_raw(p, a->at, a->n)),
                         STR_ARG(model_sig_raw(p, a->at + a->n - 1, 1)));
        SIG_OFFER(p, ask, model_sig_raw(p, a->at, a->n - 1));
    }
    return a;
}

/* --- a dose by weight or surface -------------------------------------------------------------- */

bool model_sig_of_meals(const struct sig_repeat *r)
{
    for (unsigned i = 0; i < r->whens; i++)
        if (str_is(r->when[i], "C") || str_is(r->when[i], "AC") || str_is(r->when[i], "PC"))
            return true;
    return false;
}

/* How often a day, exactly; false where that is no whole number. */
static bool per_day(const struct sig_repeat *r, struct path_decimal *out)
{
    struct path_decimal n, period, day, rest;

    if (r->frequency_most.n || r->period_most.n)
        return false;
    if (!r->frequency.n) {
        path_decimal_int(r->ats ? r->ats : r->whens, out);
        return (r->ats || r->whens) && !r->days && !model_sig_of_meals(r);
    }
    if (!model_sig_decimal(r->frequency, &n) || !model_sig_decimal(r->period, &period))
        return false;
    if (str_is(r->period_unit, "h"))
        path_decimal_int(24, &day);
    else if (str_is(r->period_unit, "d"))
        path_decimal_int(1, &day);
    else
        return false;
    if (!path_decimal_multiply(&n, &day, &n) || !path_decimal_divmod(&n, &period, out, &rest))
        return false;
    path_decimal_int(0, &day);
    return path_decimal_compare(&rest, &day) == 0 && path_decimal_compare(out, &day) > 0;
}

/* REQ: a weight that is missing, has no day, is of a day to come or too old makes no dose. */
static bool measure_holds(struct reading *p, const struct sig_amount *am, const struct sig_measure *m)
{
    const struct date *d = &m->date, *today = &p->env->today;
    int64_t days;

    if (!m->value.n) {
        model_sig_asks(p, SIG_NO_WEIGHT, am->at, am->n);
        return false;
    }
    days = date_days(today->year, today->month, today->day) - date_days(d->year, d->month, d->day);
    if (d->precision < DATE_DAY || today->precision < DATE_DAY || days < 0 || days > p->env->measure_days) {
        model_sig_asks(p, SIG_OLD_WEIGHT, am->at, am->n);
        return false;
    }
    return true;
}

/* One end of a dose times the measure, shared out over a day's doses; false when it does not divide evenly. */
static bool times_measure(struct reading *p, struct sig_quantity *q, const struct path_decimal *by,
                          const struct path_decimal *doses)
{
    struct path_decimal d, each, back;

    if (!q->value.n)
        return true;
    if (!model_sig_decimal(q->value, &d) || !path_decimal_multiply(&d, by, &d) ||
        !path_decimal_divide(&d, doses, PATH_SIGNIFICANT, &each) || !path_decimal_multiply(&each, doses, &back) ||
        path_decimal_compare(&back, &d) != 0)
        return false;
    q->value = model_sig_decimal_str(p, each);
    return true;
}

static void by_weight(struct reading *p, const struct sig_amount *am, struct sig_dose *dose)
{
    const struct sig_measure *m = am->by == 'k' ? &p->env->weight : &p->env->surface;
    const char *unit = am->by == 'k' ? "kg" : "m2";
    struct path_decimal by, doses;
    char day[DATE_TEXT_MAX], shared[64] = "";

    if (am->basis == BASIS_NONE) {
        struct sig_ask *ask = model_sig_asks(p, SIG_DAY_OR_DOSE, am->at, am->n);
        struct str raw = model_sig_raw(p, am->at, am->n);

        model_sig_choice(p, ask, "%.*s/%.*s", STR_ARG(raw), STR_ARG(model_sig_unit_phrase(p, "{dose}")));
        model_sig_choice(p, ask, "%.*s/%.*s", STR_ARG(raw), STR_ARG(model_sig_singular(p, K_SPAN, "d")));
        return;
    }
    if (!measure_holds(p, am, m))
        return;
    path_decimal_int(1, &doses);
    if (am->basis == BASIS_DAY && !per_day(&p->s->repeat, &doses)) {
        model_sig_asks(p, p->s->repeat.frequency.n ? SIG_INEXACT : SIG_HOW_OFTEN, am->at, am->n);
        return;
    }
    if (!model_sig_decimal(m->value, &by) || !times_measure(p, &dose->low, &by, &doses) ||
        !times_measure(p, &dose->high, &by, &doses)) {
        model_sig_asks(p, SIG_INEXACT, am->at, am->n);
        return;
    }
    dose->calculated = true;
    date_text(&m->date, day);
    if (am->basis == BASIS_DAY)
        snprintf(shared, sizeof shared, " / %.*s", STR_ARG(model_sig_decimal_str(p, doses)));
    p->out->formula = model_sig_fmt(p, "%.*s%s%.*s x %.*s %s (%s)%s = %.*s%s%.*s %.*s", STR_ARG(p->out->formula),
                              p->out->formula.n ? "; " : "", STR_ARG(model_sig_raw(p, am->at, am->n)),
                                  STR_ARG(m->value), unit, day,
                              shared, STR_ARG(dose->low.value), dose->range ? "-" : "", STR_ARG(dose->high.value),
                              STR_ARG(dose->low.unit));
}

/* --- the end of a step ------------------------------------------------------------------------ */

static bool has_times(const struct sig_repeat *r)
{
    return r->frequency.n || r->whens || r->ats || r->days || r->count.n;
}

static unsigned lacks(const struct reading *p, const struct sig_step *s)
{
    const struct sig_repeat *r = &s->repeat;
    unsigned out = 0;

    if (!s->dose.low.value.n && !s->dose.high.value.n && !s->rate.low.value.n && !s->rate.high.value.n &&
        !s->rate_ratio.numerator.value.n)
        out |= SIG_LACKS_DOSE;
    if (!s->route.text.n)
        out |= SIG_LACKS_ROUTE;
    if (!has_times(r) && !s->rate.low.value.n &&
        !s->rate.high.value.n &&
        !s->rate_ratio.numerator.value.n)
        out |= SIG_LACKS_SCHEDULE;
    if (s->needed != SIG_ALWAYS && !s->most.numerator.value.n)
        out |= SIG_LACKS_MAXIMUM;
    if (s->needed == SIG_AS_NEEDED && p->env->reason)
        out |= SIG_LACKS_REASON;
    return out;
}

static bool goes_on(const struct sig_step *s)
{
    const struct sig_repeat *r = &s->repeat;

    return !r->bounds.n && !r->count.n && !r->until.n;
}

/* REQ: "10 units am and 20 units pm for 7 days": what is said of one alone, is it of both? Of steps that follow each
 * other, only "as needed" is asked. */
static bool said_once(const struct sig_step *a, const struct sig_step *b)
{
    if ((a->needed != SIG_ALWAYS) != (b->needed != SIG_ALWAYS))
        return true;
    if (a->sequence != b->sequence)
        return false;
    if (!has_times(&a->repeat) != !has_times(&b->repeat)) /* 5 mg plus 10 mg bid */
        return true;
    return goes_on(a) != goes_on(b) || !a->repeat.days != !b->repeat.days || !a->site.text.n != !b->site.text.n ||
           !a->repeat.lasts.n != !b->repeat.lasts.n || !a->extras != !b->extras;
}

/* "weekly on Monday and Thursday", "every 2 days at 08:00 and 20:00": more days or times of day than so often? */
static bool more_often(const struct sig_repeat *r, unsigned slots)
{
    bool week = str_is(r->period_unit, "wk"), one = model_sig_number_is(r->period, 1);

    if (!r->frequency.n || r->frequency_most.n || str_is(r->period_unit, "h") || (one && str_is(r->period_unit, "d")))
        return false;
    if (week && one && r->days)
        return !model_sig_number_is(r->frequency, (int64_t)r->days * (slots ? slots : 1));
    return slots > 1 || (r->days > 1 && model_sig_number_is(r->frequency, 1) && !str_is(r->period_unit, "d"));
}

/* "daily am and pm", "tid at 08:00": so many times, and another number of times of day? */
static bool contradicts(const struct sig_repeat *r)
{
    unsigned slots = r->ats ? r->ats : r->whens;

    if (r->frequency.n && model_sig_number_is(r->count, 1)) /* stat tid */
        return true;
    if (more_often(r, slots))
        return true;
    if (model_sig_of_meals(r))
        return false;
    return slots && r->frequency.n && !r->frequency_most.n && !r->period_most.n && str_is(r->period_unit, "d") &&
           model_sig_number_is(r->period, 1) && !model_sig_number_is(r->frequency, slots);
}

/* Is it more each time than the line's own maximum? */
static bool over_most(const struct sig_step *s)
{
    const struct sig_quantity *dose = s->dose.high.value.n ? &s->dose.high : &s->dose.low;
    struct path_decimal d, most;

    return str_eq(dose->code, s->most_once.code) && model_sig_decimal(dose->value, &d) &&
           model_sig_decimal(s->most_once.value, &most) && path_decimal_compare(&d, &most) > 0;
}

void model_sig_close_step(struct reading *p, unsigned end)
{
    const struct sig_amount *am = find_dose(p);
    struct sig_step *s = p->s, *before = p->out->steps > 1 ? s - 1 : NULL;

    if (am) {
        s->dose = am->dose;
        if (am->by)
            by_weight(p, am, &s->dose);
        else if (am->basis == BASIS_DAY)
            s->dose = (struct sig_dose){0};
        if (!p->env->said && over_most(s))
            model_sig_asks(p, SIG_TWICE, am->at, am->n);
    }
    if (before && !s->route.text.n && !p->env->said)
        s->route = before->route; /* the one thing that is carried over: it is read back in every step */
    s->lacks = lacks(p, s);
    if (before && before->sequence != s->sequence && goes_on(before))
        before->lacks |= SIG_LACKS_LENGTH;
    if (before && !p->env->said && !p->begun) /* "then", and nothing behind it */
        model_sig_asks(p, SIG_UNKNOWN, p->step_at, 1);
    if (!p->env->said && p->step_at < end && contradicts(&s->repeat))
        model_sig_asks(p, SIG_TWICE, p->step_at, end - p->step_at);
    if (before && !p->env->said && p->step_at < end && said_once(before, s))
        model_sig_asks(p, SIG_TWO_READINGS, p->step_at, 1);
    p->amounts = 0;
    p->rate = false;
}

/* --- HL7's codes ------------------------------------------------------------------------------ */

/* http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation: a schedule and nothing else. */
struct str model_sig_timing_code(const struct sig_repeat *r)
{
    static const struct {
        const char *frequency, *period, *unit, *when, *code;
    } codes[] = {
        {"1", "1", "d", "", "QD"},     {"2", "1", "d", "", "BID"},    {"3", "1", "d", "", "TID"},
        {"4", "1", "d", "", "QID"},    {"1", "2", "d", "", "QOD"},    {"1", "1", "h", "", "Q1H"},
        {"1", "2", "h", "", "Q2H"},    {"1", "3", "h", "", "Q3H"},    {"1", "4", "h", "", "Q4H"},
        {"1", "6", "h", "", "Q6H"},    {"1", "8", "h", "", "Q8H"},    {"1", "1", "wk", "", "WK"},
        {"1", "1", "mo", "", "MO"},    {"1", "1", "d", "MORN", "AM"}, {"1", "1", "d", "AFT", "PM"},
        {"1", "1", "d", "HS", "BED"},
    };

    if (r->frequency_most.n || r->period_most.n || r->whens > 1 || r->days || r->ats || r->offset.n)
        return STR("");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_is(r->frequency, codes[i].frequency) && str_is(r->period, codes[i].period) &&
            str_is(r->period_unit, codes[i].unit) && str_is(r->whens ? r->when[0] : STR(""), codes[i].when))
            return str_of(codes[i].code);
    return STR("");
}
