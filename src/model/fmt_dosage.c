/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dosage and Timing (R4 dosage.html, datatypes.html#Timing) in full words, as a nurse would read
 * them out: never QD, HS or U (REQ CS-16). REQ: once a week is never said with a word that could be read as
 * once a day.
 */
#include "config.h"

#include <string.h>

#include "fhir/decimal.h"
#include "model/priv.h"

/* http://hl7.org/fhir/R4/valueset-event-timing.html */
static const struct model_code_word when_words[] = {
    {"MORN", N_("in the morning")},
    {"MORN.early", N_("early in the morning")},
    {"MORN.late", N_("late in the morning")},
    {"NOON", N_("at noon")},
    {"AFT", N_("in the afternoon")},
    {"AFT.early", N_("early in the afternoon")},
    {"AFT.late", N_("late in the afternoon")},
    {"EVE", N_("in the evening")},
    {"EVE.early", N_("early in the evening")},
    {"EVE.late", N_("late in the evening")},
    {"NIGHT", N_("at night")},
    {"PHS", N_("after sleep")},
    {"HS", N_("at bedtime")},
    {"WAKE", N_("on waking")},
    {"C", N_("with meals")},
    {"CM", N_("with breakfast")},
    {"CD", N_("with lunch")},
    {"CV", N_("with the evening meal")},
    {"AC", N_("before meals")},
    {"ACM", N_("before breakfast")},
    {"ACD", N_("before lunch")},
    {"ACV", N_("before the evening meal")},
    {"PC", N_("after meals")},
    {"PCM", N_("after breakfast")},
    {"PCD", N_("after lunch")},
    {"PCV", N_("after the evening meal")},
    {NULL, NULL},
};

static const struct model_code_word day_words[] = {
    {"mon", N_("Monday")},   {"tue", N_("Tuesday")}, {"wed", N_("Wednesday")},
    {"thu", N_("Thursday")}, {"fri", N_("Friday")},  {"sat", N_("Saturday")},
    {"sun", N_("Sunday")},   {NULL, NULL},
};

/* http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation and what is typed in its place. These say how often, in the
 * words that put_frequency has for it. */
static const struct model_code_word often_words[] = {
    {"QD", N_("once a day")},     {"DAILY", N_("once a day")},  {"BID", N_("twice a day")},
    {"TID", N_("3 times a day")}, {"QID", N_("4 times a day")}, {"WK", N_("once a week")},
    {"MO", N_("once a month")},   {"Q1H", N_("every hour")},    {"Q2H", N_("every 2 hours")},
    {"Q3H", N_("every 3 hours")}, {"Q4H", N_("every 4 hours")}, {"Q6H", N_("every 6 hours")},
    {"Q8H", N_("every 8 hours")}, {"Q12H", N_("every 12 hours")}, {NULL, NULL},
};

static const struct model_code_word timing_words[] = {
    {"QOD", N_("every other day")}, {"AM", N_("every morning")}, {"PM", N_("every afternoon")},
    {"BED", N_("at bedtime")},      {"HS", N_("at bedtime")},    {"STAT", N_("at once, one time")},
    {NULL, NULL},
};

/* often: a word for how often, or NULL; what else it can be is in the result alone. */
static const char *timing_word(struct str code, const char **often)
{
    *often = model_code_word(often_words, code);
    return *often ? *often : model_code_word(timing_words, code);
}

static bool is_number(struct str lexeme, const char *n)
{
    int order;

    return fhir_decimal_compare(lexeme, str_of(n), &order) && order == 0;
}

static void comma(struct model_fmt *f, bool *any)
{
    if (*any)
        model_put(f, ", ");
    *any = true;
}

/* "once", "twice", "3 times", "2 to 3 times" */
static void put_times(struct model_fmt *f, struct str n, struct str max)
{
    if (!max.n && (!n.n || is_number(n, "1"))) {
        model_put(f, _("once"));
        return;
    }
    if (!max.n && is_number(n, "2")) {
        model_put(f, _("twice"));
        return;
    }
    model_put_number(f, n.n ? n : STR("1"));
    if (max.n) {
        model_put(f, _(" to "));
        model_put_number(f, max);
    }
    model_put(f, _(" times"));
}

/* REQ: "every 8 hours" as whole words of a language: the word depends on the unit's gender in French. */
static void put_every(struct model_fmt *f, struct str period, struct str most, struct str unit)
{
    static const struct {
        const char *unit, *one, *many;
    } every[] = {
        /* TRANSLATORS: before a number and this unit: "every 8 hours", "every 4 to 6 hours" */
        {"s", N_("every second"), NC_("seconds", "every ")}, {"min", N_("every minute"), NC_("minutes", "every ")},
        {"h", N_("every hour"), NC_("hours", "every ")},     {"d", NULL, NC_("days", "every ")},
        {"wk", NULL, NC_("weeks", "every ")},                {"mo", NULL, NC_("months", "every ")},
        {"a", NULL, NC_("years", "every ")},                 {NULL, NULL, NC_("unknown unit", "every ")}};
    size_t e = 0;

    while (every[e].unit && !str_is(unit, every[e].unit))
        e++;
    if (!most.n && is_number(period, "1") && every[e].one) {
        model_put(f, _(every[e].one));
        return;
    }
    model_put(f, intl_context(every[e].many));
    model_put_duration(f, period, most, unit);
}

static void put_frequency(struct model_fmt *f, tape_at r, bool *any)
{
    /* TRANSLATORS: behind "once", "twice", "3 times"; the first is the one of a dose a day, the
     * others must not be mixed up with it */
    static const struct model_code_word each[] = {
        {"s", N_("a second")}, {"min", N_("a minute")}, {"h", N_("an hour")}, {"d", N_("a day")},
        {"wk", N_("a week")},  {"mo", N_("a month")},   {"a", N_("a year")},  {NULL, NULL}};
    struct str n = tape_lexeme(f->t, tape_get(f->t, r, "frequency"));
    struct str max = tape_lexeme(f->t, tape_get(f->t, r, "frequencyMax"));
    struct str period = tape_lexeme(f->t, tape_get(f->t, r, "period"));
    struct str most = tape_lexeme(f->t, tape_get(f->t, r, "periodMax"));
    struct str unit = tape_plain(f->t, tape_get(f->t, r, "periodUnit"));
    const char *words = model_code_word(each, unit);
    bool once = !max.n && (!n.n || is_number(n, "1"));

    if (!n.n && !max.n && !period.n)
        return;
    comma(f, any);
    if (!period.n) {
        put_times(f, n, max);
        model_put(f, _(" (how often is not recorded)"));
        return;
    }
    if (words && is_number(period, "1") && !most.n &&
        !(once && (str_is(unit, "h") || str_is(unit, "min") || str_is(unit, "s")))) {
        put_times(f, n, max);
        model_put(f, " ");
        model_put(f, words);
        return;
    }
    if (!once) {
        put_times(f, n, max);
        model_put(f, " ");
    }
    put_every(f, period, most, unit);
}

static void put_whens(struct model_fmt *f, tape_at r, bool *any)
{
    tape_at whens = tape_get(f->t, r, "when"), days = tape_get(f->t, r, "dayOfWeek");
    tape_at times = tape_get(f->t, r, "timeOfDay");
    struct str offset = tape_lexeme(f->t, tape_get(f->t, r, "offset"));
    bool first = true;

    for (tape_at w = tape_first(f->t, whens); w != TAPE_NONE;
         w = tape_next(f->t, whens, w), first = false) {
        const char *words = model_code_word(when_words, tape_plain(f->t, w));

        if (first)
            comma(f, any);
        else
            model_put(f, _(" and "));
        if (first && offset.n && !is_number(offset, "0")) {
            model_put_duration(f, offset, STR(""), STR("min"));
            model_put(f, " ");
        }
        if (words)
            model_put(f, words);
        else
            model_put_server(f, tape_plain(f->t, w));
    }
    first = true;
    for (tape_at d = tape_first(f->t, days); d != TAPE_NONE;
         d = tape_next(f->t, days, d), first = false) {
        const char *words = model_code_word(day_words, tape_plain(f->t, d));

        if (first)
            comma(f, any);
        /* TRANSLATORS: "on Monday and Thursday" */
        model_put(f, first ? C_("weekday", "on ") : _(" and "));
        model_put(f, words ? words : _("a day that is not understood"));
    }
    first = true;
    for (tape_at w = tape_first(f->t, times); w != TAPE_NONE;
         w = tape_next(f->t, times, w), first = false) {
        struct str s = tape_plain(f->t, w);

        if (first)
            comma(f, any);
        model_put(f, first ? _("at ") : _(" and "));
        if (s.n == 8 && str_ends(s, ":00"))
            s.n = 5;
        model_put_server(f, s);
    }
}

static void put_bounds(struct model_fmt *f, tape_at r, bool *any)
{
    struct fhir_choice b = fhir_choice(f->t, r, "bounds");
    struct str count = tape_lexeme(f->t, tape_get(f->t, r, "count"));
    struct str most = tape_lexeme(f->t, tape_get(f->t, r, "countMax"));
    struct str lasts = tape_lexeme(f->t, tape_get(f->t, r, "duration"));

    if (lasts.n) {
        comma(f, any);
        /* TRANSLATORS: how long one dose runs: "over 30 minutes" */
        model_put(f, _("over "));
        model_put_duration(f, lasts, tape_lexeme(f->t, tape_get(f->t, r, "durationMax")),
                           tape_plain(f->t, tape_get(f->t, r, "durationUnit")));
    }
    if (count.n || most.n) {
        comma(f, any);
        put_times(f, count, most);
        model_put(f, _(" in all"));
    }
    if (b.at == TAPE_NONE)
        return;
    comma(f, any);
    if (str_is(b.type, "Period")) {
        model_put_period(f, b.at);
        return;
    }
    /* TRANSLATORS: how long a treatment goes on: "for 5 days" */
    model_put(f, _("for "));
    if (str_is(b.type, "Range")) {
        struct fhir_quantity lo = fhir_quantity(f->t, tape_get(f->t, b.at, "low"), f->a);
        struct fhir_quantity hi = fhir_quantity(f->t, tape_get(f->t, b.at, "high"), f->a);

        model_put_duration(f, lo.value, hi.value,
                           hi.code.n   ? hi.code
                           : lo.code.n ? lo.code
                                       : hi.unit);
    } else
        model_put_span(f, b.at);
}

static void put_timing(struct model_fmt *f, tape_at timing)
{
    tape_at r = tape_get(f->t, timing, "repeat"), code = tape_get(f->t, timing, "code");
    tape_at events = tape_get(f->t, timing, "event");
    struct str words = fhir_words(f->t, code, f->a), abbr = fhir_code(f->t, code);
    const char *often, *also, *known = timing_word(abbr, &often), *typed = timing_word(words, &also);
    bool any = false,
         own = typed || tape_get(f->t, code, "text") == TAPE_NONE; /* a display is the code's, not the order's */
    size_t before;

    if (!known)
        known = typed, often = also;
    model_sep(f);
    before = f->out->n;
    put_frequency(f, r, &any);
    /* REQ: how often is never lost: the code says it where `repeat` does not, whatever else `repeat` holds; where
     * the two do not say the same, the reader must ask. */
    if (known && f->out->n == before) {
        model_put(f, known);
        any = true;
    } else if (often && !f->out->failed && strcmp(f->out->p + before, often)) {
        /* TRANSLATORS: behind how often: "once a day (its code says twice a day)" */
        model_put(f, _(" (its code says "));
        model_put(f, often);
        model_put(f, ")");
    }
    put_whens(f, r, &any);
    put_bounds(f, r, &any);
    for (tape_at e = tape_first(f->t, events); e != TAPE_NONE; e = tape_next(f->t, events, e)) {
        comma(f, &any);
        model_put(f, C_("date", "on "));
        model_put_date(f, tape_plain(f->t, e));
    }
    /* R4: a code is a complete statement of the schedule: its own words are shown beside the parts. */
    if (words.n && !(known && own)) {
        comma(f, &any);
        model_put_told(f, words);
    } else if (f->out->n == before && abbr.n) {
        model_put(f, _("timing code "));
        model_put_server(f, abbr);
    }
}

static bool put_amounts(struct model_fmt *f, tape_at list)
{
    static const struct {
        const char *stem, *type;
        void (*put)(struct model_fmt *f, tape_at at);
    } parts[] = {
        {"dose", "Quantity", model_put_dose},    {"dose", "Range", model_put_dose_range},
        {"rate", "Quantity", model_put_dose},    {"rate", "Range", model_put_dose_range},
        {"rate", "Ratio", model_put_dose_ratio},
    };
    bool any = false;

    for (tape_at d = tape_first(f->t, list); d != TAPE_NONE; d = tape_next(f->t, list, d)) {
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            struct fhir_choice c = fhir_choice(f->t, d, parts[i].stem);

            if (!str_is(c.type, parts[i].type))
                continue;
            model_sep(f);
            /* TRANSLATORS: the labels before an amount, display rule 11: REQ CS-11 */
            model_put(f, parts[i].stem[0] == 'd' ? _("DOSE ") : _("RATE "));
            parts[i].put(f, c.at);
            any = true;
        }
        if (any && fhir_has_code(f->t, tape_get(f->t, d, "type"), NULL, "calculated"))
            model_put(f, _(" (calculated)"));
    }
    return any;
}

static void put_needed(struct model_fmt *f, tape_at d)
{
    struct fhir_choice c = fhir_choice(f->t, d, "asNeeded");

    if (c.at == TAPE_NONE || tape_is(f->t, c.at, TAPE_FALSE))
        return;
    model_sep(f);
    model_put(f, _("as needed"));
    if (str_is(c.type, "CodeableConcept")) {
        size_t before = f->out->n;

        /* TRANSLATORS: "as needed for pain" */
        model_put(f, _(" for "));
        if (!model_put_concept(f, c.at) && !f->out->failed)
            f->out->n = before;
    }
}

static void put_maxima(struct model_fmt *f, tape_at d)
{
    tape_at per = tape_get(f->t, d, "maxDosePerPeriod"),
            once = tape_get(f->t, d, "maxDosePerAdministration");
    tape_at life = tape_get(f->t, d, "maxDosePerLifetime");

    if (per != TAPE_NONE) {
        model_sep(f);
        model_put(f, _("maximum "));
        model_put_dose(f, tape_get(f->t, per, "numerator"));
        model_put(f, _(" in "));
        model_put_span(f, tape_get(f->t, per, "denominator"));
    }
    if (once != TAPE_NONE) {
        model_sep(f);
        model_put(f, _("maximum "));
        model_put_dose(f, once);
        model_put(f, _(" each time"));
    }
    if (life != TAPE_NONE) {
        model_sep(f);
        model_put(f, _("maximum "));
        model_put_dose(f, life);
        model_put(f, _(" in a lifetime"));
    }
}

/* One Dosage. MedicationAdministration.dosage has dose and rate without doseAndRate. True: a dose
 * stands in it. */
static bool put_dosage(struct model_fmt *f, tape_at d)
{
    struct str text = str_trim(tape_str(f->t, tape_get(f->t, d, "text"), f->a));
    struct str patient = str_trim(tape_str(f->t, tape_get(f->t, d, "patientInstruction"), f->a));
    static const char *const concepts[] = {"route", "method", "site"};
    tape_at more = tape_get(f->t, d, "additionalInstruction"),
            list = tape_get(f->t, d, "doseAndRate");
    tape_at alone = tape_get(f->t, d, "dose"), timing = tape_get(f->t, d, "timing");
    bool dose = put_amounts(f, list != TAPE_NONE ? list : d), said = false;

    if (alone != TAPE_NONE) {
        model_sep(f);
        model_put(f, _("DOSE "));
        model_put_dose(f, alone);
        dose = true;
    }
    for (size_t i = 0; i < sizeof concepts / sizeof *concepts; i++)
        if (tape_get(f->t, d, concepts[i]) != TAPE_NONE) {
            model_sep(f);
            model_put_concept(f, tape_get(f->t, d, concepts[i]));
        }
    if (timing != TAPE_NONE)
        put_timing(f, timing);
    put_needed(f, d);
    put_maxima(f, d);
    for (tape_at m = tape_first(f->t, more); m != TAPE_NONE; m = tape_next(f->t, more, m)) {
        model_sep(f);
        model_put_concept(f, m);
        said = said || str_eq(fhir_words(f->t, m, f->a), text);
    }
    if (!said)
        model_put_labelled(f, "", text);
    if (!str_eq(patient, text))
        model_put_labelled(f, _("for the patient: "), patient);
    return dose || text.n || patient.n;
}

static int64_t sequence_of(struct model_fmt *f, tape_at d)
{
    int64_t n;

    return str_int(tape_lexeme(f->t, tape_get(f->t, d, "sequence")), 0, INT32_MAX, &n) ? n : -1;
}

/* The smallest sequence number above last, or -2. */
static int64_t next_sequence(struct model_fmt *f, tape_at list, int64_t last)
{
    int64_t best = -2;

    for (tape_at d = tape_first(f->t, list); d != TAPE_NONE; d = tape_next(f->t, list, d)) {
        int64_t n = sequence_of(f, d);

        if (n > last && (best == -2 || n < best))
            best = n;
    }
    return best;
}

/* REQ: every step of a taper, in the order of sequence and not of the array; equal numbers run
 * together. */
bool model_put_dosages(struct model_fmt *f, tape_at list)
{
    bool dose = false, many = next_sequence(f, list, -2) != -2 &&
                              next_sequence(f, list, next_sequence(f, list, -2)) != -2;
    unsigned step = 0;

    for (int64_t s = next_sequence(f, list, -2); s != -2; s = next_sequence(f, list, s)) {
        bool first = true;

        step++;
        for (tape_at d = tape_first(f->t, list); d != TAPE_NONE; d = tape_next(f->t, list, d)) {
            if (sequence_of(f, d) != s)
                continue;
            model_sep(f);
            if (first && many && s >= 0)
                /* TRANSLATORS: the steps of a taper, one after the other */
                model_putf(f, step == 1 ? _("STEP %u: ") : _("then STEP %u: "), step);
            else if (!first)
                /* TRANSLATORS: two dosages that run at the same time */
                model_put(f, _("AND ALSO: "));
            first = false;
            dose = put_dosage(f, d) || dose;
        }
    }
    return dose;
}
