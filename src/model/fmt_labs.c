/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Results, vital signs and reports. REQ: the value stands digit for digit with its comparator and
 * unit; no number, no zero and no limit is ever made up; whether it is outside its range is
 * computed only where the range is this patient's and in the same unit.
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "fhir/decimal.h"
#include "model/priv.h"

#define LOINC "http://loinc.org"
/* Of MODEL_FLAGS_MAX. The others: unknown modifier, H by range, L by range, future date, restricted, FROM FILE, and the
 * five of an edit that is not at the server. */
#define FLAGS_OF_VALUES 4

static const struct model_status observation_status[] = {
    {"final", NULL, NULL, 0},
    {"registered", NULL, N_("REGISTERED, no result yet"), 0},
    {"preliminary", NULL, N_("PRELIMINARY, may still change"), 0},
    {"amended", NULL, N_("AMENDED after it was first reported"), 0},
    {"corrected", NULL, N_("CORRECTED: an earlier value was wrong"), 0},
    {"cancelled", N_("CANCELLED"), NULL, 0},
    {"unknown", NULL, N_("STATUS UNKNOWN"), 0},
    {NULL, NULL, NULL, 0},
};

static const struct model_status report_status[] = {
    {"final", NULL, NULL, 0},
    {"registered", NULL, N_("REGISTERED, no report yet"), 0},
    {"partial", NULL, N_("PARTIAL, more is to come"), 0},
    {"preliminary", NULL, N_("PRELIMINARY, may still change"), 0},
    {"amended", NULL, N_("AMENDED after it was first reported"), 0},
    {"corrected", NULL, N_("CORRECTED: an earlier report was wrong"), 0},
    {"appended", NULL, N_("APPENDED: text was added later"), 0},
    {"cancelled", N_("CANCELLED"), NULL, 0},
    {"unknown", NULL, N_("STATUS UNKNOWN"), 0},
    {NULL, NULL, NULL, 0},
};

/* --- reference ranges ------------------------------------------------------------------------- */

/* The value of a lexeme without sign or exponent, whatever the locale's point is; -1: not understood. */
static double plain_number(struct str s)
{
    double v = 0, parts = 0;

    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            v = v * 10 + (s.p[i] - '0');
            parts *= 10;
        } else if (s.p[i] == '.')
            parts = 1;
        else
            return -1;
    return parts > 0 ? v / parts : v;
}

/* Days that an age quantity means, and those of one of its unit; months and years by the calendar's mean. -1: not
 * understood. */
static double age_days(const struct fhir_quantity *q, double *unit)
{
    static const struct {
        const char *code;
        double days;
    } units[] = {{"min", 1.0 / 1440}, {"h", 1.0 / 24},   {"d", 1},      {"wk", 7},
                 {"mo", 30.4375},     {"a", 365.25},     {"days", 1},   {"weeks", 7},
                 {"months", 30.4375}, {"years", 365.25}, {"y", 365.25}, {"yr", 365.25}};
    double value = q->value.n ? plain_number(q->value) : -1;

    for (size_t i = 0; value >= 0 && i < sizeof units / sizeof *units; i++)
        if (str_is(q->code, units[i].code) || str_is(q->unit, units[i].code)) {
            *unit = units[i].days;
            return value * units[i].days;
        }
    return -1;
}

/* How many days later a date may be than its first. */
static double open_days(const struct date *d)
{
    return d->precision == DATE_YEAR ? 366 : d->precision == DATE_MONTH ? 31 : 1;
}

enum fits { FITS_NO, FITS_YES, FITS_UNSURE };

/* Does an age range hold the patient's age when the sample was taken? An upper end of 17 years holds all of the
 * eighteenth in some laboratories and none of it in others. fits: what the rest of the range says. */
static enum fits age_fits(struct model_fmt *f, tape_at age, enum fits fits)
{
    struct fhir_quantity lo = fhir_quantity(f->t, tape_get(f->t, age, "low"), f->a);
    struct fhir_quantity hi = fhir_quantity(f->t, tape_get(f->t, age, "high"), f->a);
    const struct date *born = &f->who->birth;
    double unit = 0, least = age_days(&lo, &unit), most = age_days(&hi, &unit), days, slack;
    struct date taken;

    if (!date_parse(f->date, &taken) || born->precision == DATE_NONE || (lo.value.n && least < 0) ||
        (hi.value.n && most < 0))
        return FITS_UNSURE;
    days = (double)(date_days(taken.year, taken.month, taken.day) - date_days(born->year, born->month, born->day));
    slack = open_days(born) > open_days(&taken) ? open_days(born) : open_days(&taken);
    if ((lo.value.n && days + slack < least) || (hi.value.n && days - slack > most + unit))
        return FITS_NO;
    return (lo.value.n && days - slack < least) || (hi.value.n && days + slack > most) ? FITS_UNSURE : fits;
}

/* Is a range meant for this patient's sex and age when the sample was taken? */
static enum fits range_fits(struct model_fmt *f, tape_at range)
{
    static const char *const sexes[] = {"male", "female"};
    tape_at to = tape_get(f->t, range, "appliesTo"), age = tape_get(f->t, range, "age");
    enum fits fits = FITS_YES;

    if (to != TAPE_NONE) {
        bool named = false, mine = false;

        for (int i = 0; i < 2; i++) {
            const char letter[2] = {sexes[i][0] == 'm' ? 'M' : 'F', 0};

            if (fhir_has_code(f->t, to, NULL, letter) || fhir_has_code(f->t, to, NULL, sexes[i])) {
                named = true;
                mine = mine || str_is(f->who->sex, sexes[i]);
            }
        }
        if (named && !mine && (str_is(f->who->sex, "male") || str_is(f->who->sex, "female")))
            return FITS_NO;
        if (!named || !mine)
            fits = FITS_UNSURE;
    }
    return age == TAPE_NONE ? fits : age_fits(f, age, fits);
}

/* "therapeutic range", "range": what the limits mean. */
static void put_range_kind(struct model_fmt *f, tape_at range)
{
    static const struct model_code_word kinds[] = {{"normal", N_("range ")},
                                                   {"therapeutic", N_("therapeutic range ")},
                                                   {"treatment", N_("treatment range ")},
                                                   {"recommended", N_("recommended range ")},
                                                   {"post", N_("range after therapy ")},
                                                   {"endocrine", N_("endocrine range ")},
                                                   {"pre-therapeutic", N_("range before therapy ")},
                                                   {NULL, NULL}};
    tape_at type = tape_get(f->t, range, "type");
    const char *words = model_code_word(kinds, fhir_code(f->t, type));

    if (words)
        model_put(f, words);
    else if (type == TAPE_NONE)
        model_put(f, _("range "));
    else {
        model_put(f, _("range ("));
        model_put_concept(f, type);
        model_put(f, ") ");
    }
}

/* "3.5-5.1", "at least 9", "up to 5". REQ: a missing limit is not made up; only the one that was sent stands there. */
static void put_limit_numbers(struct model_fmt *f, const struct fhir_quantity *lo, const struct fhir_quantity *hi)
{
    if (lo->value.n && hi->value.n) {
        model_put_server(f, lo->value);
        if (!model_same_unit(lo, hi)) {
            model_put(f, " ");
            model_put_result_unit(f, lo);
        }
        model_put(f, lo->value.p[0] == '-' || hi->value.p[0] == '-' || !model_same_unit(lo, hi)
                         ? _(" to ")
                         : "-");
        model_put_server(f, hi->value);
    } else if (lo->value.n) {
        model_put(f, _("at least "));
        model_put_server(f, lo->value);
    } else if (hi->value.n) {
        model_put(f, _("up to "));
        model_put_server(f, hi->value);
    }
}

static void put_limits(struct model_fmt *f, tape_at range, const struct fhir_quantity *value)
{
    struct fhir_quantity lo = fhir_quantity(f->t, tape_get(f->t, range, "low"), f->a);
    struct fhir_quantity hi = fhir_quantity(f->t, tape_get(f->t, range, "high"), f->a);
    const struct fhir_quantity *last = hi.value.n ? &hi : &lo;

    put_limit_numbers(f, &lo, &hi);
    if (last->value.n && (last->unit.n || last->code.n)) {
        model_put(f, " ");
        model_put_result_unit(f, last);
    }
    if (last->value.n && value->value.n && !model_same_unit(last, value))
        model_put(f, _(" (other unit than the value)"));
}

/* Where a value lies: -1 below, 1 above, 0 inside or not to be said. */
static int outside(struct model_fmt *f, tape_at range, const struct fhir_quantity *value)
{
    struct fhir_quantity lo = fhir_quantity(f->t, tape_get(f->t, range, "low"), f->a);
    struct fhir_quantity hi = fhir_quantity(f->t, tape_get(f->t, range, "high"), f->a);
    int o;

    if (lo.value.n && model_same_unit(&lo, value) &&
        fhir_decimal_compare(value->value, lo.value, &o) && o < 0 &&
        (!value->comparator.n || value->comparator.p[0] == '<'))
        return -1;
    if (hi.value.n && model_same_unit(&hi, value) &&
        fhir_decimal_compare(value->value, hi.value, &o) && o > 0 &&
        (!value->comparator.n || value->comparator.p[0] == '>'))
        return 1;
    return 0;
}

/* Does a range's text say its two limits and nothing more? Blanks, the unit and the kind of dash apart. */
static bool says_limits(struct model_fmt *f, tape_at range, struct str text)
{
    struct fhir_quantity lo = fhir_quantity(f->t, tape_get(f->t, range, "low"), f->a);
    struct fhir_quantity hi = fhir_quantity(f->t, tape_get(f->t, range, "high"), f->a);
    const char *want = arena_fmt(f->a, "%.*s-%.*s", STR_ARG(lo.value), STR_ARG(hi.value));
    char *said = arena_alloc(f->a, text.n + 1);
    struct str rest;
    size_t n = 0;

    if (!want || !said || !lo.value.n || !hi.value.n || text.n > 64)
        return false;
    for (size_t i = 0; i < text.n; i++)
        if (text.n - i >= 3 && !memcmp(text.p + i, "\xe2\x80\x93", 3)) { /* an en dash */
            said[n++] = '-';
            i += 2;
        } else if (text.p[i] != ' ')
            said[n++] = text.p[i];
    rest = (struct str){said, n};
    if (!str_starts(rest, want))
        return false;
    rest.p += strlen(want), rest.n -= strlen(want);
    return !rest.n || str_eq(rest, hi.unit) || str_eq(rest, hi.code);
}

static void put_range(struct model_fmt *f, tape_at range, enum fits fits,
                      const struct fhir_quantity *value)
{
    struct str text = str_trim(tape_str(f->t, tape_get(f->t, range, "text"), f->a));
    tape_at to = tape_get(f->t, range, "appliesTo");

    model_sep(f);
    put_range_kind(f, range);
    put_limits(f, range, value);
    if (text.n && !says_limits(f, range, text)) {
        model_put(f, tape_get(f->t, range, "low") != TAPE_NONE ||
                             tape_get(f->t, range, "high") != TAPE_NONE
                         ? " "
                         : "");
        model_put_server(f, text);
    }
    if (fits == FITS_UNSURE) {
        /* TRANSLATORS: a reference range of which it is not known whether it is for this patient */
        model_put(f, _(" (for: "));
        if (!model_put_concepts(f, to, ", "))
            model_put(f, _("an age"));
        model_put(f, _("; not known to be this patient's)"));
    }
}

/* REQ CS-19: the server's flag: its letter as a flag of the row, letter and words in the text. */
static bool put_interpretation(struct model_fmt *f, tape_at object)
{
    tape_at list = tape_get(f->t, object, "interpretation");
    bool any = false;

    for (tape_at i = tape_first(f->t, list); i != TAPE_NONE; i = tape_next(f->t, list, i)) {
        struct str code = fhir_code(f->t, i);
        const char *words = model_interpretation_word(code);

        model_put(f, "  ");
        if (words && !str_is(code, "N")) {
            const char *flag = arena_dup(f->keep, code.p, code.n); /* a code of the table: plain ASCII */

            model_put_server(f, code);
            model_put(f, " ");
            model_put(f, words);
            /* REQ: a panel with many flags leaves room for those that say what the row is. */
            if (flag && f->row->flags - f->said < FLAGS_OF_VALUES)
                model_flag(f, flag);
            any = f->row->abnormal = true;
        } else if (words)
            /* TRANSLATORS: the laboratory's own flag says normal */
            model_put(f, _("flagged normal"));
        else
            any = model_put_concept(f, i) || any;
    }
    return any;
}

/* Where a value lies by the one range that is this patient's: -1 below, 1 above, 0 inside or not to be said. *mine:
 * that range; TAPE_NONE when none is known to be, or more than one: with two that fit, neither is chosen. */
static int place_of(struct model_fmt *f, tape_at object, const struct fhir_quantity *q, tape_at *mine)
{
    tape_at list = tape_get(f->t, object, "referenceRange");
    unsigned fit = 0;

    *mine = TAPE_NONE;
    for (tape_at r = tape_first(f->t, list); r != TAPE_NONE; r = tape_next(f->t, list, r))
        if (range_fits(f, r) == FITS_YES && fit++ == 0)
            *mine = r;
    if (fit != 1)
        *mine = TAPE_NONE;
    return *mine != TAPE_NONE && q->value.n ? outside(f, *mine, q) : 0;
}

/* REQ: a letter that was computed here says so, and stands only where the server sent no flag of its own and the range
 * is what is normal: 1.1 is not "low" because a therapy aims at 2 to 3. */
static const char *by_range(struct model_fmt *f, tape_at object, tape_at range, int place)
{
    tape_at type = tape_get(f->t, range, "type");

    if (!place || tape_count(f->t, tape_get(f->t, object, "interpretation")) ||
        (type != TAPE_NONE && !str_is(fhir_code(f->t, type), "normal")))
        return NULL;
    /* TRANSLATORS: H (high) and L (low) are the laboratory's letters and stay; this one was computed from the range */
    return place < 0 ? _("L by range") : _("H by range");
}

/* Interpretation and ranges of an Observation or a component. */
static void put_judgement(struct model_fmt *f, tape_at object)
{
    struct fhir_choice v = fhir_choice(f->t, object, "value");
    struct fhir_quantity q = {0};
    tape_at list = tape_get(f->t, object, "referenceRange"), mine;
    bool said = put_interpretation(f, object);
    int place;

    if (str_is(v.type, "Quantity"))
        q = fhir_quantity(f->t, v.at, f->a);
    place = place_of(f, object, &q, &mine);
    /* REQ: outside its own range is said even when no flag, or a flag N, came with it. */
    if (place && !said) {
        const char *letter = by_range(f, object, mine, place);

        model_put(f, place < 0 ? _("  BELOW RANGE") : _("  ABOVE RANGE"));
        model_flag(f, letter ? letter : _("outside range"));
        f->row->abnormal = true;
    }
    for (tape_at r = tape_first(f->t, list); r != TAPE_NONE; r = tape_next(f->t, list, r)) {
        enum fits fits = range_fits(f, r);

        if (fits != FITS_NO)
            put_range(f, r, fits, &q);
    }
}

/* The server's flags, letters or words, that are not "normal". */
static char put_letters(struct model_fmt *f, tape_at object)
{
    tape_at list = tape_get(f->t, object, "interpretation");
    char letter = 0;

    for (tape_at i = tape_first(f->t, list); i != TAPE_NONE; i = tape_next(f->t, list, i)) {
        struct str code = fhir_code(f->t, i);

        if (str_is(code, "N"))
            continue;
        if (f->out->n)
            model_put(f, " ");
        if (!model_interpretation_word(code)) {
            model_put_concept(f, i);
            continue;
        }
        model_put_server(f, code);
        if (!letter && memchr("HLA", code.p[0], 3))
            letter = code.p[0];
        else if (!letter && (str_is(code, "<") || str_is(code, ">")))
            letter = code.p[0] == '<' ? 'L' : 'H';
    }
    return letter;
}

void model_judge(struct model_fmt *f, tape_at object, struct model_judgement *out)
{
    struct fhir_choice v = fhir_choice(f->t, object, "value");
    struct fhir_quantity q = {0};
    struct buf aside, *was = f->out;
    const char *letter;
    tape_at mine;
    int place;

    *out = (struct model_judgement){.flag = text_own(""), .range = text_own("")};
    if (str_is(v.type, "Quantity"))
        q = fhir_quantity(f->t, v.at, f->a);
    place = place_of(f, object, &q, &mine);
    model_aside(f, &aside);
    out->letter = put_letters(f, object);
    letter = by_range(f, object, mine, place);
    if (letter) {
        model_put(f, letter);
        out->letter = place < 0 ? 'L' : 'H';
    } else if (place && !out->letter && !aside.n) /* flagged normal, or a range of another kind */
        model_put(f, _("outside range"));
    out->flag = model_aside_end(f, &aside, was);
    if (mine != TAPE_NONE) {
        struct fhir_quantity lo = fhir_quantity(f->t, tape_get(f->t, mine, "low"), f->a);
        struct fhir_quantity hi = fhir_quantity(f->t, tape_get(f->t, mine, "high"), f->a);

        if ((lo.value.n && !model_same_unit(&lo, &q)) || (hi.value.n && !model_same_unit(&hi, &q)))
            return; /* REQ: never beside a number of another unit */
        model_aside(f, &aside);
        put_limit_numbers(f, &lo, &hi);
        out->range = model_aside_end(f, &aside, was);
        out->low = lo.value, out->high = hi.value;
    }
}

/* --- values ----------------------------------------------------------------------------------- */

bool model_put_absent(struct model_fmt *f, tape_at object)
{
    tape_at reason = tape_get(f->t, object, "dataAbsentReason");
    const char *words = model_absent_word(fhir_code(f->t, reason));

    if (reason == TAPE_NONE)
        return false;
    /* TRANSLATORS: followed by the reason why there is no value: "no result: not performed" */
    model_put(f, _("no result: "));
    if (words)
        model_put(f, words);
    else if (!model_put_concept(f, reason))
        model_put(f, _("no reason given"));
    return true;
}

static tape_at component_of(struct model_fmt *f, const char *loinc)
{
    tape_at list = tape_get(f->t, 0, "component");

    for (tape_at c = tape_first(f->t, list); c != TAPE_NONE; c = tape_next(f->t, list, c))
        if (fhir_has_code(f->t, tape_get(f->t, c, "code"), LOINC, loinc))
            return c;
    return TAPE_NONE;
}

bool model_pressure(struct model_fmt *f, tape_at *systolic, tape_at *diastolic)
{
    *systolic = component_of(f, "8480-6");
    *diastolic = component_of(f, "8462-4");
    return *systolic != TAPE_NONE && *diastolic != TAPE_NONE &&
           tape_count(f->t, tape_get(f->t, 0, "component")) == 2;
}

/* REQ: systolic before diastolic, whatever the order on the wire; a missing half is words, never a
 * zero. */
static bool put_pressure(struct model_fmt *f)
{
    struct fhir_quantity sq, dq;
    tape_at s, d;

    if (!model_pressure(f, &s, &d))
        return false;
    sq = fhir_quantity(f->t, tape_get(f->t, s, "valueQuantity"), f->a);
    dq = fhir_quantity(f->t, tape_get(f->t, d, "valueQuantity"), f->a);
    if (sq.value.n && dq.value.n && !sq.comparator.n && !dq.comparator.n &&
        model_same_unit(&sq, &dq)) {
        model_put(f, " ");
        model_put_server(f, sq.value);
        model_put(f, "/");
        model_put_result(f, tape_get(f->t, d, "valueQuantity"));
        put_judgement(f, s);
        put_judgement(f, d);
        return true;
    }
    for (int i = 0; i < 2; i++) {
        tape_at c = i ? d : s;

        model_put(f, i ? _("; diastolic ") : _(" systolic "));
        if (!model_put_absent(f, c) && !model_put_value(f, c, "value"))
            model_put(f, _("not recorded"));
        put_judgement(f, c);
    }
    return true;
}

static bool put_components(struct model_fmt *f, bool after)
{
    tape_at list = tape_get(f->t, 0, "component");
    bool any = false;

    if (put_pressure(f))
        return true;
    for (tape_at c = tape_first(f->t, list); c != TAPE_NONE; c = tape_next(f->t, list, c)) {
        model_put(f, any || after ? "; " : " ");
        if (!model_put_concept(f, tape_get(f->t, c, "code")))
            model_put(f, _("part without a name"));
        model_put(f, " ");
        if (!model_put_absent(f, c) && !model_put_value(f, c, "value"))
            model_put(f, _("not recorded"));
        put_judgement(f, c);
        any = true;
    }
    return any;
}

/* A short note ("haemolysed") belongs beside its value; a long one is only pointed to. */
static void put_note(struct model_fmt *f)
{
    tape_at notes = tape_get(f->t, 0, "note");
    size_t n = 0;

    for (tape_at i = tape_first(f->t, notes); i != TAPE_NONE; i = tape_next(f->t, notes, i))
        n += tape_raw(f->t, tape_get(f->t, i, "text")).n;
    if (n && n <= 160)
        model_put_notes(f);
    else if (n) {
        model_sep(f);
        model_put(f, _("has a note: see the detail"));
    }
}

static void earlier_value(struct model_fmt *f)
{
    unsigned flags = f->row->flags;
    bool abnormal = f->row->abnormal;

    if (fhir_choice(f->t, 0, "value").at != TAPE_NONE)
        model_put_value(f, 0, "value");
    else if (!put_components(f, false) && !model_put_absent(f, 0))
        model_put(f, _("no value recorded"));
    f->row->flags = flags; /* the flags of a value that no longer stands are not the row's */
    f->row->abnormal = abnormal;
}

/* What stood there before: its own words, if it was of this patient. */
static int put_prior(struct model_fmt *f, struct str bytes, void (*put)(struct model_fmt *f))
{
    const struct tape *now = f->t;
    struct store_row row = {.type = str_of(f->row->type)};
    struct tape t;
    bool own = false;
    int code = tape_parse(&t, bytes, NULL);

    if (code)
        return code;
    if (!(code = model_own(f->m, f->who, &row, &t, &own))) {
        f->t = &t;
        if (own)
            put(f);
        else
            model_put(f, _("it named another patient, not shown"));
        f->t = now;
    }
    tape_fini(&t);
    return code;
}

/* REQ: who acted on a result that was corrected must see by how much: the status' words, and the value before. */
static void put_correction(struct model_fmt *f, const char *absent, void (*put)(struct model_fmt *f))
{
    const struct model_status *s = model_status(model_formatter(str_of(f->row->type)), f->status);
    char version[STORE_VERSION_BYTES] = "";
    size_t before;
    struct buf bytes;
    int code = ERR_NOTFOUND;

    if (!str_is(f->status, "corrected") && !str_is(f->status, "amended"))
        return;
    f->settled = true; /* its words stand here, before the earlier value */
    model_sep(f);
    model_put(f, _(s->tail));
    model_sep(f);
    before = f->out->n;
    buf_init(&bytes, LIMIT_RESOURCE_BYTES);
    if (f->m->store)
        code = store_prior(f->m->store, str_of(f->row->type), str_of(f->row->id), &bytes, version, NULL);
    if (!code) {
        /* TRANSLATORS: before the value that a corrected result had at first */
        model_put(f, _("earlier: "));
        code = put_prior(f, buf_str(&bytes), put);
    }
    if (code == ERR_NOMEM)
        f->out->failed = code;
    else if (code && !f->out->failed) {
        f->out->n = before;
        model_put(f, absent);
    } else if (version[0]) {
        model_put(f, _(" (version "));
        model_put_server(f, str_of(version));
        model_put(f, ")");
    }
    buf_fini(&bytes);
}

static void observation_body(struct model_fmt *f)
{
    tape_at members = tape_get(f->t, 0, "hasMember");
    bool value = fhir_choice(f->t, 0, "value").at != TAPE_NONE, parts;

    if (value) {
        model_put(f, " ");
        model_put_value(f, 0, "value");
        put_judgement(f, 0);
    }
    parts = put_components(f, value);
    if (!value && tape_get(f->t, 0, "dataAbsentReason") != TAPE_NONE) {
        model_sep(f);
        model_put_absent(f, 0);
        put_judgement(f, 0);
    } else if (!value && !parts && tape_count(f->t, members)) {
        model_sep(f);
        model_putf(f,
                   P_("panel of %u result, on a row of its own",
                      "panel of %u results, each on a row of its own", tape_count(f->t, members)),
                   tape_count(f->t, members));
    } else if (!value && !parts && !str_is(f->status, "registered") &&
               !str_is(f->status, "cancelled")) {
        model_sep(f);
        model_put(f, _("no value recorded"));
        put_judgement(f, 0);
    }
    if (tape_get(f->t, 0, "bodySite") != TAPE_NONE) {
        model_sep(f);
        model_put_concept(f, tape_get(f->t, 0, "bodySite"));
    }
    put_note(f);
    put_correction(f, _("earlier value not kept here"), earlier_value);
}

/* --- reports ---------------------------------------------------------------------------------- */

static void result_name(struct model_fmt *f, const struct tape *t)
{
    const struct tape *own = f->t;

    f->t = t;
    if (!model_put_concept(f, tape_get(t, 0, "code")))
        model_put(f, _("result without a name"));
    f->t = own;
}

static void earlier_report(struct model_fmt *f)
{
    struct str conclusion = str_trim(tape_str(f->t, tape_get(f->t, 0, "conclusion"), f->a));

    if (conclusion.n)
        model_put_server(f, conclusion);
    else
        model_put(f, _("a report without a conclusion"));
}

static void report_body(struct model_fmt *f)
{
    tape_at list = tape_get(f->t, 0, "result"), forms = tape_get(f->t, 0, "presentedForm");
    struct str conclusion = str_trim(tape_str(f->t, tape_get(f->t, 0, "conclusion"), f->a));
    bool any = false;

    for (tape_at r = tape_first(f->t, list); r != TAPE_NONE; r = tape_next(f->t, list, r)) {
        struct str ref = tape_str(f->t, tape_get(f->t, r, "reference"), f->a);

        if (!any)
            model_sep(f);
        model_put(f, any ? ", " : _("results: "));
        any = true;
        if (fhir_contained(f->t, ref) != TAPE_NONE) {
            if (!model_put_concept(f, tape_get(f->t, fhir_contained(f->t, ref), "code")))
                model_put(f, _("result without a name"));
            continue;
        }
        switch (model_link(f, ref, "Observation", result_name)) {
        case MODEL_LINK_OTHER:
            /* REQ: never another patient's value, name of test, or display text in this chart. */
            model_put(f, _("RESULT OF ANOTHER PATIENT, not shown"));
            model_flag(f, _("result of another patient"));
            break;
        case MODEL_LINK_MISSING:
            model_put(f, _("a result that is not available here"));
            break;
        case MODEL_LINK_OWN:
            break;
        }
    }
    model_put_labelled(f, _("conclusion: "), conclusion);
    if (tape_count(f->t, tape_get(f->t, 0, "conclusionCode"))) {
        model_sep(f);
        model_put_concepts(f, tape_get(f->t, 0, "conclusionCode"), ", ");
    }
    if (tape_count(f->t, forms)) {
        model_sep(f);
        model_putf(f, P_("%u document attached", "%u documents attached", tape_count(f->t, forms)),
                   tape_count(f->t, forms));
    }
    put_correction(f, _("earlier report not kept here"), earlier_report);
}

static const struct model_formatter formatters[] = {
    {"Observation", NULL, NULL, observation_body, observation_status, false},
    {"DiagnosticReport", NULL, NULL, report_body, report_status, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};

bool model_is_result(struct str type)
{
    return model_formatter(type)->body == observation_body;
}

const struct model_formatter *model_formatters_labs(void)
{
    return formatters;
}
