/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is to be dispensed, from what was said: dose x how often x how long, with the sum in words. Of ranges, and of
 * what is taken as needed, the most. What cannot be counted is not, and says why: a month has no fixed number of days.
 */
#include "config.h"

#include <string.h>

#include "base/intl.h"
#include "model/sig_priv.h"

static const struct unit {
    const char *code;
    int64_t seconds; /* 0: of no fixed length */
    const char *each, *one, *many;
} units[] = {
    {"s", 1, N_("a second"), N_("second"), N_("seconds")},
    {"min", 60, N_("a minute"), N_("minute"), N_("minutes")},
    {"h", 3600, N_("an hour"), N_("hour"), N_("hours")},
    {"d", 86400, N_("a day"), N_("day"), N_("days")},
    {"wk", 604800, N_("a week"), N_("week"), N_("weeks")},
    {"mo", 0, N_("a month"), N_("month"), N_("months")},
    {"a", 0, N_("a year"), N_("year"), N_("years")},
};

static const struct unit *find(struct str code)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_is(code, units[i].code))
            return &units[i];
    return NULL;
}

static struct str larger(struct str value, struct str most, struct sig_sum *sum)
{
    sum->most = sum->most || most.n;
    return most.n ? most : value;
}

static void put(struct reading *p, struct buf *b, struct path_decimal d)
{
    buf_addstr(b, model_sig_decimal_str(p, d));
}

static void put_time(struct buf *b, struct str number, const struct unit *u)
{
    buf_addstr(b, number);
    buf_addf(b, " %s", model_sig_number_is(number, 1) ? _(u->one) : _(u->many));
}

/* How many times in one `of`, by the schedule; words of it into b. */
static const struct unit *rate(struct reading *p, const struct sig_repeat *r, struct sig_sum *sum,
                               struct path_decimal *times,
                               struct path_decimal *period, struct buf *b)
{
    const struct unit *day = find(STR("d")), *u = find(r->period_unit);
    struct path_decimal hours, rest, whole, zero;
    int64_t slots = r->ats ? r->ats : r->whens;

    path_decimal_int(1, period);
    path_decimal_int(0, &zero);
    if (!r->frequency.n && model_sig_of_meals(r))
        return NULL; /* how many meals a day? */
    if (r->frequency.n) {
        if (!u || !model_sig_decimal(larger(r->frequency, r->frequency_most, sum), times) ||
            !model_sig_decimal(r->period, period))
            return NULL;
        sum->most = sum->most || r->period_most.n;
        path_decimal_int(24, &hours);
        if (str_is(r->period_unit, "h") && model_sig_number_is(r->frequency, 1) &&
            path_decimal_divmod(&hours, period, &whole, &rest) &&
            path_decimal_compare(&rest, &zero) == 0) {
            *times = whole;
            u = day;
            path_decimal_int(1, period);
        }
        if (r->days && strcmp(u->code, "d"))
            return NULL;
    } else if (slots || r->days) {
        path_decimal_int(slots ? slots : 1, times);
        u = day;
    } else
        return NULL;
    if (r->days) {
        path_decimal_int(r->days, &whole);
        if (!path_decimal_multiply(times, &whole, times))
            return NULL;
        u = find(STR("wk"));
    }
    put(p, b, *times);
    path_decimal_int(1, &whole);
    if (path_decimal_compare(period, &whole) == 0)
        buf_addf(b, " %s", _(u->each));
    else {
        buf_adds(b, " / ");
        put_time(b, model_sig_decimal_str(p, *period), u);
    }
    return u;
}

/* How many doses a step has, whole; why not, else NULL. */
static const char *doses(struct reading *p, const struct sig_step *s, struct sig_sum *sum, struct path_decimal *n,
                         struct buf *b)
{
    const struct sig_repeat *r = &s->repeat;
    struct path_decimal times, period, length, factor;
    const struct unit *every, *goes = find(r->bounds_unit);
    struct str bounds = larger(r->bounds, r->bounds_most, sum);

    if (r->count.n) {
        if (!model_sig_decimal(larger(r->count, r->count_most, sum), n))
            return N_("not computed: it is not said how often, or for how long");
        put(p, b, *n);
        return NULL;
    }
    every = rate(p, r, sum, &times, &period, b);
    if (!every || !goes || !model_sig_decimal(bounds, &length))
        return N_("not computed: it is not said how often, or for how long");
    if (every != goes) {
        if (!every->seconds || !goes->seconds)
            return N_("not computed: months and years have no fixed number of days");
        path_decimal_int(every->seconds, &factor);
        if (!path_decimal_multiply(&period, &factor, &period))
            return N_("not computed: the numbers are too large");
        path_decimal_int(goes->seconds, &factor);
    } else
        path_decimal_int(1, &factor);
    if (!path_decimal_multiply(&times, &length, n) || !path_decimal_multiply(n, &factor, n) ||
        !path_decimal_divide(n, &period, PATH_SIGNIFICANT, n) || !path_decimal_round(n, 0, PATH_CEILING, n))
        return N_("not computed: the numbers are too large");
    buf_adds(b, " x ");
    put_time(b, bounds, goes);
    return NULL;
}

/* Things that are counted out, or a liquid that is measured. */
static bool counted(const struct sig_quantity *q)
{
    return (q->code.n && q->code.p[0] == '{') || str_is(q->code, "mL");
}

/* REQ: "max 8 tab/day": no more than that for so long. from: where the step's words begin. */
static void at_most(const struct sig_step *s, struct sig_sum *sum, struct path_decimal *n, struct buf *b,
                    size_t from)
{
    const struct sig_quantity *most = &s->most.numerator, *time = &s->most.denominator;
    const struct unit *in = find(time->code), *goes = find(s->repeat.bounds_unit);
    struct str bounds = s->repeat.bounds_most.n ? s->repeat.bounds_most : s->repeat.bounds;
    struct path_decimal cap, length, of, factor;

    if (!str_eq(most->code, sum->total.code) || !in || !goes || (in != goes && (!in->seconds || !goes->seconds)) ||
        !model_sig_decimal(most->value, &cap) || !model_sig_decimal(time->value, &of) ||
        !model_sig_decimal(bounds, &length))
        return;
    path_decimal_int(in == goes ? 1 : goes->seconds, &factor);
    if (!path_decimal_multiply(&length, &factor, &length))
        return;
    path_decimal_int(in == goes ? 1 : in->seconds, &factor);
    if (!path_decimal_multiply(&of, &factor, &of) || !path_decimal_multiply(&cap, &length, &cap) ||
        !path_decimal_divide(&cap, &of, PATH_SIGNIFICANT, &cap) || path_decimal_compare(n, &cap) <= 0)
        return;
    *n = cap;
    sum->most = true;
    b->n = from;
    buf_addf(b, "%.*s %.*s", STR_ARG(most->value), STR_ARG(most->unit));
    if (model_sig_number_is(time->value, 1))
        buf_addf(b, " %s", _(in->each));
    else {
        buf_adds(b, " / ");
        put_time(b, time->value, in);
    }
    buf_adds(b, " x ");
    put_time(b, bounds, goes);
}

static const char *add_step(struct reading *p, const struct sig_step *s, struct sig_sum *sum,
                            struct path_decimal *total, struct buf *b)
{
    const struct sig_quantity *dose = s->dose.high.value.n ? &s->dose.high : &s->dose.low;
    bool things = counted(dose);
    struct path_decimal n, each;
    const char *why;
    size_t from = b->n;

    sum->most = sum->most || s->dose.range || s->needed != SIG_ALWAYS;
    if (s != p->out->step && (things == sum->doses || (things && !str_eq(sum->total.code, dose->code))))
        return N_("not computed: the steps have different units");
    sum->doses = !things;
    if (things) {
        sum->total.code = dose->code;
        buf_addf(b, "%.*s %.*s x ", STR_ARG(dose->value), STR_ARG(dose->unit));
    }
    if ((why = doses(p, s, sum, &n, b)))
        return why;
    path_decimal_int(1, &each);
    if ((things && !model_sig_decimal(dose->value, &each)) || !path_decimal_multiply(&n, &each, &n))
        return N_("not computed: the numbers are too large");
    if (things)
        at_most(s, sum, &n, b, from);
    if (!path_decimal_add(total, &n, total))
        return N_("not computed: the numbers are too large");
    return NULL;
}

/* The unit's words for so many: those of the largest dose in it, or the table's plural. */
static struct str unit_words(struct reading *p, struct str code, struct str total)
{
    const struct sig_words *w = p->env->words;

    for (unsigned i = 0; i < w->rows; i++) {
        struct str v = w->row[i].value, c = str_split(&v, '='), one = str_split(&v, '|');

        if ((w->row[i].kind == K_FORM || w->row[i].kind == K_UNIT) && str_eq(c, code))
            return v.p && !model_sig_number_is(total, 1) ? v : one;
    }
    return STR("");
}

/* A quantity that can be compared: of the same unit, or of none. */
static bool differs(const struct sig_quantity *typed, const struct sig_sum *sum, const struct path_decimal *total)
{
    struct path_decimal d;

    if (typed->code.n && !str_eq(typed->code, sum->total.code))
        return false;
    return model_sig_decimal(typed->value, &d) && path_decimal_compare(&d, total) != 0;
}

void model_sig_sum(struct reading *p)
{
    struct sig_sum *sum = &p->out->sum;
    struct path_decimal total;
    const char *why = p->out->asks ? N_("not computed while something is asked") : NULL;
    struct buf b;

    path_decimal_int(0, &total);
    buf_init(&b, 4096);
    for (unsigned i = 0; i < p->out->steps && !why; i++) {
        buf_adds(&b, i ? " + " : "");
        why = add_step(p, &p->out->step[i], sum, &total, &b);
    }
    if (why) {
        *sum = (struct sig_sum){.words = str_of(_(why))};
        buf_fini(&b);
        return;
    }
    path_decimal_round(&total, 0, PATH_CEILING, &total);
    sum->known = true;
    sum->total.value = model_sig_decimal_str(p, total);
    if (!sum->doses)
        sum->total.unit = unit_words(p, sum->total.code, sum->total.value);
    sum->differs = differs(&p->out->quantity, sum, &total);
    buf_adds(&b, " = ");
    buf_addstr(&b, sum->total.value);
    buf_addf(&b, sum->total.unit.n ? " %.*s" : "%.*s", STR_ARG(sum->total.unit));
    sum->words = arena_str(p->a, buf_str(&b));
    p->failed = p->failed || b.failed;
    buf_fini(&b);
}
