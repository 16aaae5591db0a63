/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Maximum single and daily dose, an ingredient at a time; what the chart gives of the same one counts for the day. REQ:
 * a limit by weight refuses a weight that nobody knows the day of, or that is too old.
 */
#include "config.h"

#include "cds/cds_priv.h"
#include "fhir/decimal.h"

#define CHILD_WEIGHT_DAYS 30
#define ADULT_WEIGHT_DAYS 365
#define ADULT_YEARS 18
#define ROWS_MOST 20000u

/* What holds for this patient. */
struct bound {
    const struct cds_limit *limit, *single_by, *daily_by; /* of its age; whose each of the two is */
    struct path_decimal single, daily; /* micrograms; n = 0: none known */
};

/* --- words ------------------------------------------------------------------------------------- */

static const char *why_words(enum cds_dose_why why)
{
    static const char *const words[] = {
        [CDS_DOSE_KNOWN] = "",
        [CDS_DOSE_NONE] = N_("no dose is said"),
        [CDS_DOSE_UNIT] = N_("the dose is in a unit that says no mass, and the strength is not known"),
        [CDS_DOSE_UNCLEAR] =
            N_("the dose says no single amount: its units differ, or it is \"less than\" or \"more than\""),
        [CDS_DOSE_SEVERAL] = N_("the dose is of several ingredients together"),
        [CDS_DOSE_RATE] = N_("a rate is not worked out"),
        [CDS_DOSE_OFTEN] = N_("how often is not said"),
        [CDS_DOSE_SIZE] = N_("the number is too large"),
    };

    return _(words[why]);
}

/* Micrograms in a unit, by the display rules: "4,000 mg". */
static const char *amount_words(struct cds_run *r, const struct path_decimal *micrograms, struct str unit)
{
    struct path_decimal d = *micrograms;
    struct buf digits, clear, out;
    const char *words = NULL;
    int power = 0;

    buf_init(&digits, 1024);
    buf_init(&clear, 1024);
    buf_init(&out, 2048);
    cds_mass(unit, &power);
    if (cds_scale(&d, -power)) {
        path_decimal_trim(&d);
        path_decimal_text(&d, &digits);
    }
    if (!fhir_decimal_clear(buf_str(&digits), &clear))
        buf_clear(&clear);
    for (size_t i = 0; i < clear.n; i++)
        buf_addstr(&out, clear.p[i] == ',' ? str_of(C_("between thousands", ",")) : (struct str){clear.p + i, 1});
    if (out.n && !out.failed)
        words = arena_fmt(r->a, "%s %s", out.p, str_is(unit, "ug") ? "mcg" : cds_safe(r, unit));
    else
        r->a->failed = true;
    buf_fini(&digits);
    buf_fini(&clear);
    buf_fini(&out);
    return words;
}

static void lack_both(struct cds_run *r, const char *words)
{
    cds_lack(r, CDS_SINGLE_DOSE, words);
    cds_lack(r, CDS_DAILY_DOSE, words);
}

/* --- which limit ------------------------------------------------------------------------------- */

/* Months of age, or -1. *least: the same, or a year less where the day of birth is not known. */
static int age_months(const struct cds_chart *c, int *least)
{
    struct date_age age;
    int months = date_age(&c->birth, &c->today, &age) ? age.years * 12 + age.months : -1;

    *least = months >= 12 && age.approximate ? months - 12 : months >= 0 && age.approximate ? 0 : months;
    return months;
}

static const struct cds_limit *limit_of(const struct cds *c, unsigned drug, struct str route, int months, bool *any)
{
    const struct cds_limit *found = NULL;

    *any = false;
    for (unsigned i = 0; i < c->limits; i++) {
        const struct cds_limit *x = &c->limit[i];

        if (x->drug != drug)
            continue;
        *any = true;
        if (months >= x->from && (x->to < 0 || months < x->to) && (str_is(x->route, "any") || str_eq(x->route, route)))
            found = x;
    }
    return found;
}

/* False: not known, or too old to be used; said. */
static bool weight_of(struct cds_run *r, const char *name, struct path_decimal *kg)
{
    const struct cds_chart *c = r->chart;
    char day[DATE_TEXT_MAX];
    int64_t old;
    int least, most = age_months(c, &least) >= ADULT_YEARS * 12 ? ADULT_WEIGHT_DAYS : CHILD_WEIGHT_DAYS;

    if (!path_decimal_parse(c->weight, kg) || kg->negative || !kg->n) {
        lack_both(r, arena_fmt(r->a, _("%s: the maximum is by weight, and the weight is not known"), name));
        return false;
    }
    if (c->weighed.precision < DATE_DAY) {
        lack_both(r, arena_fmt(r->a, _("%s: the maximum is by weight, and the day of the weight is not known"), name));
        return false;
    }
    old = date_days(c->today.year, c->today.month, c->today.day) -
          date_days(c->weighed.year, c->weighed.month, c->weighed.day);
    if (old >= 0 && old <= most)
        return true;
    date_text(&c->weighed, day);
    lack_both(r,
              arena_fmt(r->a, _("%s: the maximum is by weight, and that of %s is too old or dated ahead"), name, day));
    return false;
}

static bool in_micrograms(struct str lexeme, const struct cds_limit *limit, const struct path_decimal *kg,
                          struct path_decimal *out)
{
    int power = 0;

    path_decimal_int(0, out);
    if (!lexeme.n)
        return true;
    return cds_mass(limit->unit, &power) && path_decimal_parse(lexeme, out) && cds_scale(out, power) &&
           (!limit->per_kg || path_decimal_multiply(out, kg, out));
}

/* REQ: no child is given more than the table allows a grown-up: a limit by weight ends there. */
static bool cap(struct cds_run *r, unsigned drug, struct str route, struct bound *b)
{
    for (unsigned i = 0; i < r->c->limits; i++) {
        const struct cds_limit *x = &r->c->limit[i];
        struct path_decimal single, daily;

        if (x->drug != drug || x->per_kg || !(str_is(x->route, "any") || str_eq(x->route, route)))
            continue;
        if (!in_micrograms(x->single, x, NULL, &single) || !in_micrograms(x->daily, x, NULL, &daily))
            return false;
        if (single.n && b->single.n && path_decimal_compare(&single, &b->single) < 0)
            b->single = single, b->single_by = x;
        if (daily.n && b->daily.n && path_decimal_compare(&daily, &b->daily) < 0)
            b->daily = daily, b->daily_by = x;
    }
    return true;
}

/* False: there is none; said why. */
static bool bound_of(struct cds_run *r, unsigned drug, const char *name, struct bound *b)
{
    struct str route = cds_route_of(r->order.entry->t, r->a);
    int least, months = age_months(r->chart, &least);
    struct path_decimal kg = {.n = 0};
    bool any;

    b->limit = limit_of(r->c, drug, route, months, &any);
    if (months >= 0 && limit_of(r->c, drug, route, least, &any) != b->limit)
        months = -1; /* REQ: of an age that may be one or another, no limit is guessed */
    if (!any)
        lack_both(r, arena_fmt(r->a, _("the list has no maximum for %s"), name));
    else if (months < 0)
        lack_both(r, arena_fmt(r->a, _("%s: the age is not known"), name));
    else if (!route.n)
        lack_both(r, arena_fmt(r->a, _("%s: the route is not said"), name));
    else if (!b->limit)
        lack_both(r, arena_fmt(r->a, _("the list has no maximum for %s at this age and by this route"), name));
    if (!any || months < 0 || !b->limit || (b->limit->per_kg && !weight_of(r, name, &kg)))
        return false;
    b->single_by = b->daily_by = b->limit;
    if (in_micrograms(b->limit->single, b->limit, &kg, &b->single) &&
        in_micrograms(b->limit->daily, b->limit, &kg, &b->daily) && (!b->limit->per_kg || cap(r, drug, route, b)))
        return true;
    lack_both(r, arena_fmt(r->a, "%s: %s", name, why_words(CDS_DOSE_SIZE)));
    return false;
}

/* --- comparing --------------------------------------------------------------------------------- */

static const char *limit_words(struct cds_run *r, const struct cds_limit *x, struct str lexeme)
{
    if (x->per_kg)
        return arena_fmt(r->a, _("%s %s per kg, %s kg"), cds_safe(r, lexeme), cds_safe(r, x->unit),
                         cds_safe(r, r->chart->weight));
    return NULL;
}

static void over(struct cds_run *r, enum cds_kind kind, unsigned drug, const struct bound *b,
                 const struct path_decimal *given, const struct path_decimal *most, const char *more)
{
    const struct cds_limit *x = kind == CDS_SINGLE_DOSE ? b->single_by : b->daily_by;
    struct cds_thing thing = {false, drug};
    const char *name = cds_thing_name(r, thing), *gives = amount_words(r, given, x->unit);
    const char *at_most = amount_words(r, most, x->unit);
    const char *by = limit_words(r, x, kind == CDS_SINGLE_DOSE ? x->single : x->daily);
    struct cds_draft d = {
        .kind = kind,
        .tier = CDS_STOP,
        .rule = STR("maximum"),
        .basis = x->basis,
        .file = &r->c->file[CDS_DOSE_LIMITS],
        .of = name,
        .action = "",
    };

    if (!gives || !at_most)
        return;
    d.summary = kind == CDS_SINGLE_DOSE
                    ? arena_fmt(r->a, _("%s: %s at once, more than the maximum of %s"), name, gives, at_most)
                    : arena_fmt(r->a, _("%s: %s in 24 hours, more than the maximum of %s"), name, gives, at_most);
    d.why = arena_fmt(r->a, "%s%s%s%s%s", r->order.name, by ? " - " : "", by ? by : "", *more ? " - " : "", more);
    cds_add(r, &d);
}

/* What the chart gives of it beside the order, added; more: which rows, a vec of const char *. */
static void add_chart(struct cds_run *r, unsigned drug, const char *name, struct path_decimal *sum, struct vec *more)
{
    for (unsigned i = 0; i < r->meds; i++) {
        const struct cds_medicine *m = &r->med[i];
        struct cds_dose dose;
        const char **with;

        if (!m->entry->t || m->entry->not_wanted || (m->entry->stand != CDS_ACTIVE && m->entry->stand != CDS_DRAFTED))
            continue;
        for (unsigned k = 0; k < m->set.drugs; k++) {
            if (m->set.drug[k] != drug)
                continue;
            cds_dose_of(m, k, r->a, &dose);
            if (dose.daily_why != CDS_DOSE_KNOWN || !path_decimal_add(sum, &dose.daily, sum))
                cds_lack(r, CDS_DAILY_DOSE,
                         arena_fmt(r->a, _("%s: not counted in the dose of a day: %s: %s"), name, m->row,
                                   why_words(dose.daily_why == CDS_DOSE_KNOWN ? CDS_DOSE_SIZE : dose.daily_why)));
            else if ((with = vec_push(more)))
                *with = arena_fmt(r->a, _("with %s"), m->row);
            else
                r->a->failed = true;
        }
    }
}

static void check_single(struct cds_run *r, unsigned drug, const char *name, const struct bound *b,
                         const struct cds_dose *dose)
{
    if (!b->single.n)
        cds_lack(r, CDS_SINGLE_DOSE, arena_fmt(r->a, _("the list has no maximum single dose for %s"), name));
    else if (dose->single_why != CDS_DOSE_KNOWN)
        cds_lack(r, CDS_SINGLE_DOSE, arena_fmt(r->a, "%s: %s", name, why_words(dose->single_why)));
    /* REQ: also when another step of the order is not known */
    if (b->single.n && path_decimal_compare(&dose->single, &b->single) > 0)
        over(r, CDS_SINGLE_DOSE, drug, b, &dose->single, &b->single, "");
}

static void check_daily(struct cds_run *r, unsigned drug, const char *name, const struct bound *b,
                        const struct cds_dose *dose)
{
    struct path_decimal sum = dose->daily;
    struct vec more;

    if (!b->daily.n) {
        cds_lack(r, CDS_DAILY_DOSE, arena_fmt(r->a, _("the list has no maximum daily dose for %s"), name));
        return;
    }
    if (dose->daily_why != CDS_DOSE_KNOWN)
        cds_lack(r, CDS_DAILY_DOSE, arena_fmt(r->a, "%s: %s", name, why_words(dose->daily_why)));
    vec_init(&more, sizeof(const char *), ROWS_MOST);
    add_chart(r, drug, name, &sum, &more);
    if (path_decimal_compare(&sum, &b->daily) > 0)
        over(r, CDS_DAILY_DOSE, drug, b, &sum, &b->daily, cds_names(r, &more, "; "));
    vec_fini(&more);
}

static bool ready(struct cds_run *r, enum cds_kind kind)
{
    bool usable = cds_usable(r, kind, &r->c->file[CDS_DOSE_LIMITS]);

    return cds_order_known(r, kind) && usable;
}

void cds_check_doses(struct cds_run *r)
{
    bool single = ready(r, CDS_SINGLE_DOSE), daily = ready(r, CDS_DAILY_DOSE);

    if (single && daily)
        for (unsigned i = 0; i < r->order.set.classes; i++)
            lack_both(r, arena_fmt(r->a, _("the list has no maximum for %s"),
                                   cds_thing_name(r, cds_thing_at(&r->order.set, r->order.set.drugs + i))));
    cds_medicines_known(r, CDS_DAILY_DOSE);
    for (unsigned i = 0; single && daily && i < r->order.set.drugs; i++) {
        unsigned drug = r->order.set.drug[i];
        const char *name = cds_thing_name(r, cds_thing_at(&r->order.set, i));
        struct cds_dose dose;
        struct bound b;

        if (!bound_of(r, drug, name, &b))
            continue;
        cds_dose_of(&r->order, i, r->a, &dose);
        check_single(r, drug, name, &b, &dose);
        check_daily(r, drug, name, &b, &dose);
    }
}
