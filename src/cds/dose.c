/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a Dosage gives of an ingredient at once and in any 24 hours: the greatest that it allows, in exact decimals.
 * What cannot be worked out is said to be so, never taken for nothing.
 */
#include "config.h"

#include "base/limits.h"
#include "cds/cds_priv.h"

#define DOSAGES_MOST 100u

static const struct {
    const char *unit;
    int power; /* micrograms, as a power of ten */
} masses[] = {
    {"kg", 9}, {"g", 6}, {"mg", 3}, {"ug", 0}, {"mcg", 0}, {"ng", -3},
};

bool cds_mass(struct str unit, int *power)
{
    for (size_t i = 0; i < sizeof masses / sizeof *masses; i++)
        if (str_is(unit, masses[i].unit)) {
            *power = masses[i].power;
            return true;
        }
    return false;
}

bool cds_scale(struct path_decimal *d, int power)
{
    struct path_decimal ten, out = *d;

    path_decimal_int(10, &ten);
    for (int i = 0; i < (power < 0 ? -power : power); i++) {
        *d = out;
        if (!(power < 0 ? path_decimal_divide(d, &ten, PATH_DIGITS / 2, &out) : path_decimal_multiply(d, &ten, &out)))
            return false;
    }
    *d = out;
    return true;
}

/* --- amounts ----------------------------------------------------------------------------------- */

/* What stands before the next " / ": the '/' of "100 mg/mL" is one of its unit. */
static struct str next_part(struct str *rest)
{
    struct str part = *rest;

    for (size_t i = 0; i + 3 <= rest->n; i++)
        if (str_is((struct str){rest->p + i, 3}, " / ")) {
            part.n = i;
            *rest = (struct str){rest->p + i + 3, rest->n - i - 3};
            return part;
        }
    *rest = (struct str){NULL, 0};
    return part;
}

/* What one countable thing of a product holds of an ingredient: "875 mg / 125 mg", in the product's own order. */
static bool strength_of(const struct codes_product *p, unsigned drug, struct path_decimal *out)
{
    struct str rest = p->strength, one = rest;
    unsigned at = 0;
    int power;

    while (at < p->drugs && p->drug[at] != drug)
        at++;
    if (at == p->drugs)
        return false;
    for (unsigned i = 0; i <= at; i++) {
        if (!rest.p)
            return false;
        one = str_trim(next_part(&rest));
    }
    return path_decimal_parse(str_split(&one, ' '), out) && one.p && cds_mass(one, &power) && cds_scale(out, power);
}

/* Units that count what a product's strength is of. */
static bool is_countable(struct str unit)
{
    static const char *const words[] = {"tablet", "capsule", "tab", "cap", "tabs", "caps", "tablets", "capsules", "1"};

    if (unit.n > 2 && unit.p[0] == '{' && unit.p[unit.n - 1] == '}')
        unit = (struct str){unit.p + 1, unit.n - 2};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_is(unit, words[i]))
            return true;
    return false;
}

/* Units that are neither a mass nor a count. */
static bool is_other(struct str unit)
{
    static const char *const words[] = {"mL", "ml",  "L",  "l",  "cc",   "mmol", "mEq",  "meq",
                                        "IU", "iu",  "[iU]", "U", "unit", "units", "%"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_is(unit, words[i]))
            return true;
    return false;
}

/* Do a Quantity's words say another unit than its code? The chart shows both. */
static bool units_differ(const struct fhir_quantity *q)
{
    int said, coded;

    if (!q->ucum || !q->code.n || !q->unit.n)
        return false;
    if (!cds_mass(q->unit, &said))
        return (is_countable(q->unit) && cds_mass(q->code, &coded)) ||
               (is_other(q->unit) && (cds_mass(q->code, &coded) || is_countable(q->code)));
    return cds_mass(q->code, &coded) ? said != coded : is_countable(q->code);
}

/* A Quantity as micrograms of the which-th ingredient. */
static enum cds_dose_why amount_of(const struct cds_medicine *m, unsigned which, tape_at quantity, struct arena *a,
                                   struct path_decimal *out)
{
    const struct tape *t = m->entry->t;
    struct fhir_quantity q = fhir_quantity(t, quantity, a);
    struct str unit = q.ucum && q.code.n ? q.code : q.unit;
    struct path_decimal of;
    int power;

    if (!path_decimal_parse(q.value, out))
        return CDS_DOSE_NONE;
    if (q.comparator.n || units_differ(&q))
        return CDS_DOSE_UNCLEAR;
    if (cds_mass(unit, &power)) {
        if (m->set.drugs != 1)
            return CDS_DOSE_SEVERAL;
        return cds_scale(out, power) ? CDS_DOSE_KNOWN : CDS_DOSE_SIZE;
    }
    if (!is_countable(unit) || !m->product || !strength_of(m->product, m->set.drug[which], &of))
        return CDS_DOSE_UNIT;
    return path_decimal_multiply(out, &of, out) ? CDS_DOSE_KNOWN : CDS_DOSE_SIZE;
}

static void greater(struct path_decimal *to, const struct path_decimal *d)
{
    if (path_decimal_compare(d, to) > 0)
        *to = *d;
}

/* The greatest single dose of one Dosage. */
static enum cds_dose_why single_of(const struct cds_medicine *m, unsigned which, tape_at dosage, struct arena *a,
                                   struct path_decimal *out)
{
    const struct tape *t = m->entry->t;
    tape_at list = tape_get(t, dosage, "doseAndRate");
    enum cds_dose_why why = CDS_DOSE_NONE;

    path_decimal_int(0, out);
    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        struct fhir_choice dose = fhir_choice(t, i, "dose");
        tape_at high = str_is(dose.type, "Range") ? tape_get(t, dose.at, "high") : dose.at;
        struct path_decimal one;
        enum cds_dose_why w;

        if (!dose.type.n) {
            why = fhir_choice(t, i, "rate").type.n ? CDS_DOSE_RATE : CDS_DOSE_NONE;
            break;
        }
        w = amount_of(m, which, high, a, &one);
        if (w != CDS_DOSE_KNOWN)
            return w;
        greater(out, &one);
        why = CDS_DOSE_KNOWN;
    }
    return why;
}

/* --- how often --------------------------------------------------------------------------------- */

/* Minutes of a period's unit; 0: none. */
static int64_t minutes_of(struct str unit)
{
    static const struct {
        const char *unit;
        int64_t minutes;
    } units[] = {{"min", 1}, {"h", 60}, {"d", 1440}, {"wk", 10080}, {"mo", 40320}, {"a", 525600}};

    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_is(unit, units[i].unit))
            return units[i].minutes;
    return 0;
}

/* Times in any 24 hours by a code alone (v3 GTSAbbreviation); 0: none that says it. */
static int64_t code_times(struct str code)
{
    static const struct {
        const char *code;
        int times;
    } codes[] = {{"QD", 1}, {"BID", 2}, {"TID", 3}, {"QID", 4},  {"QOD", 1},  {"AM", 1},  {"PM", 1},  {"BED", 1},
                 {"WK", 1}, {"MO", 1},  {"Q1H", 24}, {"Q2H", 12}, {"Q3H", 8}, {"Q4H", 6}, {"Q6H", 4}, {"Q8H", 3}};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_is(code, codes[i].code))
            return codes[i].times;
    return 0;
}

static bool number(const struct tape *t, tape_at at, struct path_decimal *out)
{
    return path_decimal_parse(tape_lexeme(t, at), out);
}

/* The greater of two members, as a number; false: neither is one. */
static bool most_of(const struct tape *t, tape_at object, const char *name, const char *most, struct path_decimal *out)
{
    return number(t, tape_get(t, object, most), out) || number(t, tape_get(t, object, name), out);
}

/* frequency times in a period: how often at most in any 24 hours. */
static bool by_period(const struct tape *t, tape_at repeat, struct path_decimal *times)
{
    struct path_decimal often, period, day, length;
    int64_t minutes = minutes_of(tape_plain(t, tape_get(t, repeat, "periodUnit")));

    if (!minutes || !number(t, tape_get(t, repeat, "period"), &period) || !period.n)
        return false;
    if (!most_of(t, repeat, "frequency", "frequencyMax", &often))
        path_decimal_int(1, &often); /* R4: without one, once in a period */
    path_decimal_int(1440, &day);
    path_decimal_int(minutes, &length);
    return path_decimal_multiply(&often, &day, &often) && path_decimal_multiply(&period, &length, &period) &&
           path_decimal_divide(&often, &period, PATH_SIGNIFICANT, &often) &&
           path_decimal_round(&often, 0, PATH_CEILING, times);
}

/* At, before or after each meal: how many of them there are in a day is not said. */
static bool by_meals(const struct tape *t, tape_at repeat)
{
    tape_at list = tape_get(t, repeat, "when");

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i))
        if (tape_str_is(t, i, "C") || tape_str_is(t, i, "AC") || tape_str_is(t, i, "PC"))
            return true;
    return false;
}

static bool times_of(const struct tape *t, tape_at dosage, struct path_decimal *times)
{
    tape_at timing = tape_get(t, dosage, "timing"), repeat = tape_get(t, timing, "repeat");
    uint32_t at = tape_count(t, tape_get(t, repeat, "timeOfDay")), when = tape_count(t, tape_get(t, repeat, "when"));
    struct path_decimal named, count;
    bool known = by_period(t, repeat, times);
    int64_t n = at > when ? at : when;

    if (!most_of(t, repeat, "frequency", "frequencyMax", &named) && by_meals(t, repeat))
        return false;
    if (!n && !known)
        n = code_times(fhir_code(t, tape_get(t, timing, "code")));
    if (!n && !known && tape_count(t, tape_get(t, repeat, "dayOfWeek")))
        n = 1;
    path_decimal_int(n, &named);
    if (!known)
        *times = named;
    else
        greater(times, &named);
    if (most_of(t, repeat, "count", "countMax", &count)) { /* so many in all */
        if (!times->n || path_decimal_compare(&count, times) < 0)
            *times = count;
    }
    return times->n > 0;
}

/* maxDosePerPeriod, in any 24 hours. */
static bool most_a_day(const struct cds_medicine *m, unsigned which, tape_at dosage, struct arena *a,
                       struct path_decimal *out)
{
    const struct tape *t = m->entry->t;
    tape_at most = tape_get(t, dosage, "maxDosePerPeriod"), in = tape_get(t, most, "denominator");
    struct fhir_quantity q = fhir_quantity(t, in, a);
    struct path_decimal day, length, period, often;

    if (amount_of(m, which, tape_get(t, most, "numerator"), a, out) != CDS_DOSE_KNOWN)
        return false;
    path_decimal_int(1440, &day);
    path_decimal_int(minutes_of(q.ucum ? q.code : q.unit), &length);
    if (!length.n || !path_decimal_parse(q.value, &period) || !period.n ||
        !path_decimal_multiply(&period, &length, &period) ||
        !path_decimal_divide(&day, &period, PATH_SIGNIFICANT, &often) ||
        !path_decimal_round(&often, 0, PATH_CEILING, &often))
        return false;
    return path_decimal_multiply(out, &often, out);
}

static enum cds_dose_why daily_of(const struct cds_medicine *m, unsigned which, tape_at dosage,
                                  enum cds_dose_why single_why, const struct path_decimal *single, struct arena *a,
                                  struct path_decimal *out)
{
    const struct tape *t = m->entry->t;
    struct path_decimal times, most;
    bool limited = most_a_day(m, which, dosage, a, &most);
    enum cds_dose_why why = single_why;

    if (why == CDS_DOSE_KNOWN) {
        if (!times_of(t, dosage, &times))
            why = CDS_DOSE_OFTEN;
        else if (!path_decimal_multiply(single, &times, out))
            why = CDS_DOSE_SIZE;
    }
    if (limited && (why != CDS_DOSE_KNOWN || path_decimal_compare(&most, out) < 0)) {
        *out = most;
        why = CDS_DOSE_KNOWN;
    }
    return why;
}

/* --- all of an order --------------------------------------------------------------------------- */

/* Dosages of one sequence, and those without one, run together; others follow one another. */
static bool together(const struct tape *t, tape_at a, tape_at b)
{
    struct str x = tape_lexeme(t, tape_get(t, a, "sequence")), y = tape_lexeme(t, tape_get(t, b, "sequence"));

    return !x.n || !y.n || str_eq(x, y);
}

void cds_dose_of(const struct cds_medicine *m, unsigned which, struct arena *a, struct cds_dose *out)
{
    const struct tape *t = m->entry->t;
    tape_at list = tape_get(t, 0, "dosageInstruction");

    *out = (struct cds_dose){CDS_DOSE_NONE, CDS_DOSE_NONE, {.n = 0}, {.n = 0}};
    list = list == TAPE_NONE ? tape_get(t, 0, "dosage") : list;
    if (tape_count(t, list) > DOSAGES_MOST) { /* each is reckoned with each */
        out->single_why = out->daily_why = CDS_DOSE_SIZE;
        return;
    }
    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        struct path_decimal single, sum, one;
        enum cds_dose_why why = single_of(m, which, i, a, &single);

        if (why != CDS_DOSE_KNOWN || i == tape_first(t, list))
            out->single_why = why;
        if (why == CDS_DOSE_KNOWN)
            greater(&out->single, &single);
        path_decimal_int(0, &sum);
        for (tape_at k = tape_first(t, list); k != TAPE_NONE; k = tape_next(t, list, k)) {
            if (!together(t, i, k))
                continue;
            why = single_of(m, which, k, a, &single);
            why = daily_of(m, which, k, why, &single, a, &one);
            if (why == CDS_DOSE_KNOWN && !path_decimal_add(&sum, &one, &sum))
                why = CDS_DOSE_SIZE;
            if (why != CDS_DOSE_KNOWN)
                break;
        }
        if (why != CDS_DOSE_KNOWN) {
            out->daily_why = why;
            break;
        }
        out->daily_why = CDS_DOSE_KNOWN;
        greater(&out->daily, &sum);
    }
}

/* --- by which way ------------------------------------------------------------------------------ */

static bool is_oral(struct str folded)
{
    static const char *const words[] = {"po", "oral", "orally", "by mouth", "oral route", "oral use", "via oral",
                                        "por boca", "por la boca", "voie orale", "par la bouche", "per os"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_is(folded, words[i]))
            return true;
    return false;
}

struct str cds_route_of(const struct tape *t, struct arena *a)
{
    tape_at list = tape_get(t, 0, "dosageInstruction");
    struct str found = STR("");

    list = list == TAPE_NONE ? tape_get(t, 0, "dosage") : list;
    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        tape_at route = tape_get(t, i, "route");
        struct str words = fhir_words(t, route, a), code = fhir_code(t, route), one;
        struct buf b;

        buf_init(&b, LIMIT_TEXT_CELL);
        text_fold(&b, words.n ? words : code);
        one = arena_str(a, buf_str(&b));
        if (is_oral(one) || str_is(code, "PO") || fhir_has_code(t, route, "http://snomed.info/sct", "26643006"))
            one = STR("oral");
        buf_fini(&b);
        if (!one.n || (found.n && !str_eq(one, found)))
            return STR("");
        found = one;
    }
    return found;
}
