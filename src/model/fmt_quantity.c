/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Amounts. What the server sent stands digit for digit. REQ (display rules 12 to 17): in an order a
 * number that breaks a display rule gets its clear form beside it, micrograms are mcg, units are
 * never U or IU, a comparator is words; a result's number and unit stand as sent, without the mu
 * glyph. REQ CS-14: no amount is converted into another unit: the unit that was ordered is the one that is read.
 */
#include "config.h"

#include <string.h>

#include "fhir/decimal.h"
#include "model/priv.h"

/* REQ CS-15: ways of writing a unit, the UCUM code that they mean, and the words for it in an order (NULL: as
 * sent). */
static const struct unit {
    const char *written, *means, *order;
} units[] = {
    {"mg", "mg", NULL},
    {"milligram", "mg", NULL},
    {"milligrams", "mg", NULL},
    {"g", "g", NULL},
    {"gram", "g", NULL},
    {"grams", "g", NULL},
    {"kg", "kg", NULL},
    {"kilogram", "kg", NULL},
    {"ng", "ng", NULL},
    {"ug", "ug", N_("mcg")},
    {"mcg", "ug", N_("mcg")},
    {"\xc2\xb5g", "ug", N_("mcg")},
    {"\xce\xbcg", "ug", N_("mcg")},
    {"microgram", "ug", N_("mcg")},
    {"micrograms", "ug", N_("mcg")},
    {"mL", "mL", N_("mL")},
    {"ml", "mL", N_("mL")},
    {"cc", "mL", N_("mL")},
    {"cm3", "mL", N_("mL")},
    {"milliliter", "mL", NULL},
    {"millilitre", "mL", NULL},
    {"L", "L", NULL},
    {"l", "L", N_("L")},
    {"dL", "dL", NULL},
    {"uL", "uL", N_("microlitre")},
    {"\xc2\xb5L", "uL", N_("microlitre")},
    {"\xce\xbcL", "uL", N_("microlitre")},
    {"mmol", "mmol", NULL},
    {"nmol", "nmol", NULL},
    {"pmol", "pmol", NULL},
    {"umol", "umol", N_("micromol")},
    {"\xc2\xb5mol", "umol", N_("micromol")},
    {"\xce\xbcmol", "umol", N_("micromol")},
    {"mol", "mol", NULL},
    {"mEq", "meq", NULL},
    {"meq", "meq", N_("mEq")},
    {"U", "[iU]", N_("units")},
    {"u", "[iU]", N_("units")},
    {"IU", "[iU]", N_("units")},
    {"iU", "[iU]", N_("units")},
    {"iu", "[iU]", N_("units")},
    {"I.U.", "[iU]", N_("units")},
    {"[iU]", "[iU]", N_("units")},
    {"[IU]", "[iU]", N_("units")},
    {"[U]", "[iU]", N_("units")},
    {"unit", "[iU]", N_("units")},
    {"units", "[iU]", N_("units")},
    {"{unit}", "[iU]", N_("units")},
    {"{Unit}", "[iU]", N_("units")},
    {"[USP'U]", "[iU]", N_("units")},
    {"international unit", "[iU]", N_("units")},
    {"international units", "[iU]", N_("units")},
    {"mIU", "m[iU]", N_("milliunits")},
    {"m[IU]", "m[iU]", N_("milliunits")},
    {"m[iU]", "m[iU]", N_("milliunits")},
    {"mU", "m[iU]", N_("milliunits")},
    {"kIU", "k[iU]", N_("thousand units")},
    {"k[iU]", "k[iU]", N_("thousand units")},
    {"s", "s", N_("second")},
    {"sec", "s", N_("second")},
    {"min", "min", N_("minute")},
    {"minute", "min", N_("minute")},
    {"h", "h", N_("hour")},
    {"hr", "h", N_("hour")},
    {"hour", "h", N_("hour")},
    {"d", "d", N_("day")},
    {"day", "d", N_("day")},
    {"wk", "wk", N_("week")},
    {"week", "wk", N_("week")},
    {"mo", "mo", N_("month")},
    {"month", "mo", N_("month")},
    {"a", "a", N_("year")},
    {"year", "a", N_("year")},
    {"m2", "m2", N_("square metre")},
    {"kPa", "kPa", NULL},
    {"mm[Hg]", "mm[Hg]", N_("mmHg")},
    {"mmHg", "mm[Hg]", NULL},
    {"Cel", "Cel", N_("degrees Celsius")},
    {"degC", "Cel", NULL},
    {"C", "Cel", NULL},
    {"\xc2\xb0"
     "C",
     "Cel", NULL},
    {"[degF]", "[degF]", N_("degF")},
    {"degF", "[degF]", NULL},
    {"F", "[degF]", NULL},
    {"\xc2\xb0"
     "F",
     "[degF]", NULL},
    {"lb", "[lb_av]", NULL},
    {"lbs", "[lb_av]", NULL},
    {"[lb_av]", "[lb_av]", N_("lb")},
    {"in", "[in_i]", NULL},
    {"[in_i]", "[in_i]", N_("in")},
    {"cm", "cm", NULL},
    {"m", "m", NULL},
    {"%", "%", NULL},
};

static const struct unit *unit_find(struct str part)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (str_is(part, units[i].written))
            return &units[i];
    return NULL;
}

/* Do two texts of units name the same? 1 yes, 0 no, -1 cannot be said. */
static int units_agree(struct str a, struct str b)
{
    if (str_eq(a, b))
        return 1;
    while (a.p && b.p) {
        struct str x = str_trim(str_split(&a, '/')), y = str_trim(str_split(&b, '/'));
        const struct unit *u = unit_find(x), *v = unit_find(y);

        if (str_eq(x, y))
            continue;
        if (!u || !v)
            return -1;
        if (strcmp(u->means, v->means))
            return 0;
    }
    return a.p || b.p ? -1 : 1;
}

bool model_unit_clash(const struct fhir_quantity *q)
{
    return q->ucum && q->unit.n && q->code.n && units_agree(q->unit, q->code) == 0;
}

bool model_same_unit(const struct fhir_quantity *a, const struct fhir_quantity *b)
{
    if (a->ucum && b->ucum && a->code.n && b->code.n)
        return str_eq(a->code, b->code);
    return units_agree(a->unit.n ? a->unit : a->code, b->unit.n ? b->unit : b->code) == 1;
}

/* One part of a unit in an order; per: it stands behind "per". A part that is not known stays as
 * sent. */
static void put_order_part(struct model_fmt *f, struct str part, bool per, bool one)
{
    const struct unit *u = unit_find(part);
    const char *words = u && u->order ? _(u->order) : NULL;

    if (u && !strcmp(u->means, "[iU]") && (per || one))
        words = _("unit");
    if (words)
        model_put(f, words);
    else
        model_put_server(f, part);
}

/* A UCUM annotation "{tablet}" is words already. */
static struct str annotation(struct str code)
{
    if (code.n > 2 && code.p[0] == '{' && code.p[code.n - 1] == '}' &&
        !memchr(code.p + 1, '{', code.n - 2))
        return (struct str){code.p + 1, code.n - 2};
    return code;
}

void model_put_order_unit(struct model_fmt *f, const struct fhir_quantity *q, bool one)
{
    struct str rest = q->unit.n ? q->unit : q->code;
    bool per = false;

    if (!unit_find(rest))
        rest = annotation(rest);
    while (rest.n) {
        struct str part = str_trim(str_split(&rest, '/'));

        /* TRANSLATORS: between the parts of a unit: "mcg per kg per minute" */
        if (per)
            model_put(f, _(" per "));
        put_order_part(f, part, per, one && !per);
        per = true;
        if (!rest.p)
            break;
    }
    if (model_unit_clash(q)) {
        struct fhir_quantity code = {.unit = q->code};

        /* TRANSLATORS: the unit's text and its code are not the same unit: the reader must ask */
        model_put(f, _(" (UNITS DIFFER: the code says "));
        model_put_order_unit(f, &code, false);
        model_put(f, ")");
    }
}

/* A result's unit as sent; only the mu glyph is spelled, which is misread as m. */
static void put_result_text(struct model_fmt *f, struct str s)
{
    while (s.n) {
        size_t k = 1;

        if (s.n >= 2 && (!memcmp(s.p, "\xc2\xb5", 2) || !memcmp(s.p, "\xce\xbc", 2))) {
            model_put(f, s.n >= 3 && s.p[2] == 'g' ? "mc" : "micro");
            s.p += 2, s.n -= 2;
            continue;
        }
        while (k < s.n && (unsigned char)s.p[k] != 0xc2 && (unsigned char)s.p[k] != 0xce)
            k++;
        model_put_server(f, (struct str){s.p, k});
        s.p += k, s.n -= k;
    }
}

void model_put_result_unit(struct model_fmt *f, const struct fhir_quantity *q)
{
    struct str written = annotation(q->unit.n ? q->unit : q->code);
    const struct unit *u = unit_find(written);

    /* UCUM's brackets are for machines: mm[Hg] is mmHg. What is not in the table stays as sent. */
    if (u && u->order && memchr(written.p, '[', written.n) && strcmp(u->means, "[iU]"))
        model_put(f, _(u->order));
    else
        put_result_text(f, written);
    if (model_unit_clash(q)) {
        model_put(f, _(" (UNITS DIFFER: the code says "));
        model_put_server(f, q->code);
        model_put(f, ")");
    }
}

/* REQ CS-13: commas from 1,000 on are English: where a comma is read as the decimal point, 1,000 units were one. */
const char *model_thousands(void)
{
    /* TRANSLATORS: stands between the thousands of a number ("1,000"); where a comma or a point can be read as the
     * decimal sign, a no-break space (U+00A0) */
    return C_("between thousands", ",");
}

bool model_clear_number(struct str lexeme, const char *between, struct buf *out)
{
    struct buf b;
    bool can;

    buf_init(&b, 4096);
    can = fhir_decimal_clear(lexeme, &b);
    for (size_t i = 0; can && i < b.n; i++)
        can = (b.p[i] == ',' ? buf_adds(out, between) : buf_addc(out, b.p[i])) == ERR_OK;
    if (b.failed)
        out->failed = b.failed;
    buf_fini(&b);
    return can;
}

/* " (= 1,500)" behind a number that breaks a display rule; into the row itself, so that it is not
 * lost apart. */
static bool begin_clear(struct model_fmt *f, struct str lexeme)
{
    size_t before = f->out->n;

    if (fhir_decimal_is_clear(lexeme))
        return false;
    model_put(f, " (= ");
    if (model_clear_number(lexeme, model_thousands(), f->out) || f->out->failed)
        return true;
    f->out->n = before; /* too long to be written out: it stands as sent */
    return false;
}

void model_put_number(struct model_fmt *f, struct str lexeme)
{
    model_put_server(f, lexeme);
    if (begin_clear(f, lexeme))
        model_put(f, ")");
}

/* REQ CS-17: no < or > in an order. */
static void put_comparator_words(struct model_fmt *f, struct str c)
{
    if (str_is(c, "<"))
        model_put(f, _("less than "));
    else if (str_is(c, "<="))
        model_put(f, _("at most "));
    else if (str_is(c, ">="))
        model_put(f, _("at least "));
    else if (str_is(c, ">"))
        model_put(f, _("more than "));
    else if (c.n) {
        model_put_server(f, c);
        model_put(f, " ");
    }
}

static bool is_one(struct str lexeme)
{
    int order;

    return fhir_decimal_compare(lexeme, STR("1"), &order) && order == 0;
}

/* REQ CS-13: 5.0 mg is shown as sent, and as 5 mg beside it: a lost point must not make ten times the
 * dose. */
static void put_clear_dose(struct model_fmt *f, const struct fhir_quantity *q)
{
    struct fhir_quantity plain = {.unit = q->unit.n ? q->unit : q->code};

    if (!begin_clear(f, q->value))
        return;
    model_put(f, plain.unit.n ? " " : "");
    model_put_order_unit(f, &plain, is_one(q->value));
    model_put(f, ")");
}

/* clear: with the clear form behind it, if it needs one. */
static void put_dose(struct model_fmt *f, const struct fhir_quantity *q, bool clear)
{
    put_comparator_words(f, q->comparator);
    if (!q->value.n) {
        model_put(f, _("amount not recorded"));
        if (q->unit.n || q->code.n)
            model_put(f, " ");
        model_put_order_unit(f, q, false);
        return;
    }
    model_put_server(f, q->value);
    if (q->unit.n || q->code.n)
        model_put(f, " ");
    model_put_order_unit(f, q, is_one(q->value));
    if (clear)
        put_clear_dose(f, q);
    if (!q->unit.n && !q->code.n)
        model_put(f, _(" (no unit recorded)"));
}

void model_put_dose(struct model_fmt *f, tape_at at)
{
    struct fhir_quantity q = fhir_quantity(f->t, at, f->a);

    put_dose(f, &q, true);
}

/* One end of a range in its clear form. */
static void put_clear_end(struct model_fmt *f, const struct fhir_quantity *q)
{
    struct fhir_quantity plain = {.unit = q->unit.n ? q->unit : q->code};

    if (!model_clear_number(q->value, model_thousands(), f->out))
        model_put_server(f, q->value);
    model_put(f, plain.unit.n ? " " : "");
    model_put_order_unit(f, &plain, is_one(q->value));
}

/* REQ: the clear form of a range is that of both its ends: beside one of them it read as another dose. */
static void put_whole_range(struct model_fmt *f, tape_at low, tape_at high)
{
    struct fhir_quantity lo = fhir_quantity(f->t, low, f->a), hi = fhir_quantity(f->t, high, f->a);

    put_dose(f, &lo, false);
    model_put(f, _(" to "));
    put_dose(f, &hi, false);
    if (!lo.value.n || !hi.value.n ||
        (fhir_decimal_is_clear(lo.value) && fhir_decimal_is_clear(hi.value)))
        return;
    model_put(f, " (= ");
    put_clear_end(f, &lo);
    model_put(f, _(" to "));
    put_clear_end(f, &hi);
    model_put(f, ")");
}

void model_put_dose_range(struct model_fmt *f, tape_at range)
{
    tape_at low = tape_get(f->t, range, "low"), high = tape_get(f->t, range, "high");

    if (low == TAPE_NONE && high == TAPE_NONE) {
        model_put(f, _("amount not recorded"));
        return;
    }
    if (low != TAPE_NONE && high != TAPE_NONE) {
        put_whole_range(f, low, high);
        return;
    }
    if (low == TAPE_NONE)
        /* TRANSLATORS: a range of doses with its upper end alone: "up to 20 mg" */
        model_put(f, _("up to "));
    else
        model_put_dose(f, low);
    if (low != TAPE_NONE)
        /* TRANSLATORS: a range of doses without an upper end: "5 mg or more" */
        model_put(f, _(" or more"));
    if (high != TAPE_NONE)
        model_put_dose(f, high);
}

static bool is_time(struct str unit)
{
    static const char *const times[] = {"s", "min", "h", "d", "wk", "mo", "a"};
    const struct unit *u = unit_find(unit);

    for (size_t i = 0; u && i < sizeof times / sizeof *times; i++)
        if (!strcmp(u->means, times[i]))
            return true;
    return false;
}

void model_put_dose_ratio(struct model_fmt *f, tape_at ratio)
{
    struct fhir_quantity d = fhir_quantity(f->t, tape_get(f->t, ratio, "denominator"), f->a);
    struct str unit = d.unit.n ? d.unit : d.code;

    model_put_dose(f, tape_get(f->t, ratio, "numerator"));
    model_put(f, _(" per "));
    if (is_one(d.value) && unit.n) {
        struct fhir_quantity alone = {.unit = unit};

        model_put_order_unit(f, &alone, true);
    } else if (d.value.n && !d.comparator.n && is_time(unit))
        model_put_duration(f, d.value, STR(""), unit);
    else
        put_dose(f, &d, true);
}

void model_put_duration(struct model_fmt *f, struct str value, struct str max, struct str code)
{
    static const struct {
        const char *code, *one, *many;
    } names[] = {{"s", N_("second"), N_("seconds")}, {"min", N_("minute"), N_("minutes")},
                 {"h", N_("hour"), N_("hours")},     {"d", N_("day"), N_("days")},
                 {"wk", N_("week"), N_("weeks")},    {"mo", N_("month"), N_("months")},
                 {"a", N_("year"), N_("years")}};
    const struct unit *u = unit_find(code);

    if (value.n)
        model_put_number(f, value);
    else if (!max.n)
        model_put(f, _("amount not recorded"));
    if (max.n) {
        model_put(f, value.n ? _(" to ") : _("up to "));
        model_put_number(f, max);
    }
    model_put(f, " ");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (u && !strcmp(u->means, names[i].code)) {
            model_put(f, is_one(max.n ? max : value) ? _(names[i].one) : _(names[i].many));
            return;
        }
    if (code.n)
        model_put_server(f, code);
    else
        model_put(f, _("(unit not recorded)"));
}

void model_put_span(struct model_fmt *f, tape_at quantity)
{
    struct fhir_quantity q = fhir_quantity(f->t, quantity, f->a);

    put_comparator_words(f, q.comparator);
    model_put_duration(f, q.value, STR(""), q.code.n ? q.code : q.unit);
}

/* --- values of results ------------------------------------------------------------------------ */

static void put_result(struct model_fmt *f, const struct fhir_quantity *q)
{
    /* REQ: a comparator without which the number is another result stands with its number. */
    model_put_server(f, q->comparator);
    if (!q->value.n) {
        model_put(f, _("no number sent"));
        return;
    }
    model_put_server(f, q->value);
    if (q->unit.n || q->code.n) {
        model_put(f, " ");
        model_put_result_unit(f, q);
    }
}

void model_put_result(struct model_fmt *f, tape_at at)
{
    struct fhir_quantity q = fhir_quantity(f->t, at, f->a);

    put_result(f, &q);
}

static void value_quantity(struct model_fmt *f, tape_at at)
{
    model_put_result(f, at);
}

static void value_concept(struct model_fmt *f, tape_at at)
{
    if (!model_put_concept(f, at))
        model_put(f, _("coded value without code or words"));
}

static void value_string(struct model_fmt *f, tape_at at)
{
    model_put_server(f, tape_str(f->t, at, f->a));
}

static void value_boolean(struct model_fmt *f, tape_at at)
{
    /* TRANSLATORS: a result that is a yes/no answer: no is a value, not a gap */
    model_put(f, tape_true(f->t, at)               ? _("yes (true)")
                 : tape_is(f->t, at, TAPE_FALSE)   ? _("no (false)")
                                                   : _("neither yes nor no was sent: see the detail"));
}

static void value_number(struct model_fmt *f, tape_at at)
{
    model_put_server(f, tape_lexeme(f->t, at));
}

static void value_range(struct model_fmt *f, tape_at at)
{
    struct fhir_quantity low = fhir_quantity(f->t, tape_get(f->t, at, "low"), f->a);
    struct fhir_quantity high = fhir_quantity(f->t, tape_get(f->t, at, "high"), f->a);

    if (low.value.n && high.value.n) {
        model_put_server(f, low.value);
        if (!model_same_unit(&low, &high)) {
            model_put(f, " ");
            model_put_result_unit(f, &low);
        }
        /* A minus sign behind a dash would be lost. */
        model_put(f,
                  low.value.p[0] == '-' || high.value.p[0] == '-' || !model_same_unit(&low, &high)
                      ? _(" to ")
                      : "-");
        put_result(f, &high);
    } else if (low.value.n) {
        put_result(f, &low);
        model_put(f, _(" or more"));
    } else if (high.value.n) {
        model_put(f, _("up to "));
        put_result(f, &high);
    } else
        model_put(f, _("no number sent"));
}

static void value_ratio(struct model_fmt *f, tape_at at)
{
    /* REQ: a titre is two numbers, never their quotient. */
    model_put_result(f, tape_get(f->t, at, "numerator"));
    model_put(f, ":");
    model_put_result(f, tape_get(f->t, at, "denominator"));
}

static void value_sampled(struct model_fmt *f, tape_at at)
{
    (void)at;
    /* TRANSLATORS: the result is a waveform, which is no single value */
    model_put(f, _("sampled data (a waveform): see the detail"));
}

static void value_date(struct model_fmt *f, tape_at at)
{
    model_put_date(f, tape_plain(f->t, at));
}

static void value_time(struct model_fmt *f, tape_at at)
{
    model_put_server(f, tape_plain(f->t, at));
}

bool model_put_value(struct model_fmt *f, tape_at object, const char *stem)
{
    static const struct {
        const char *type;
        void (*put)(struct model_fmt *f, tape_at at);
    } puts[] = {
        {"Quantity", value_quantity}, {"CodeableConcept", value_concept}, {"String", value_string},
        {"Boolean", value_boolean},   {"Integer", value_number},          {"Range", value_range},
        {"Ratio", value_ratio},       {"SampledData", value_sampled},     {"Time", value_time},
        {"DateTime", value_date},     {"Period", model_put_period},
    };
    struct fhir_choice c = fhir_choice(f->t, object, stem);

    if (c.at == TAPE_NONE)
        return false;
    for (size_t i = 0; i < sizeof puts / sizeof *puts; i++)
        if (str_is(c.type, puts[i].type)) {
            puts[i].put(f, c.at);
            return true;
        }
    model_put(f, _("a value of a kind that is not shown here: see the detail"));
    return true;
}
