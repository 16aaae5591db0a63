/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A struct sig as R4's Dosage and the parts of a MedicationRequest, a Dosage in words and back. A schedule is written
 * as Timing.repeat and, where HL7 has one, as a code, too: servers differ in which they read.
 */
#include "config.h"

#include <string.h>

#include "base/jsonw.h"
#include "base/limits.h"
#include "fhir/holds.h"
#include "model/priv.h"
#include "model/sig_priv.h"

#define UCUM "http://unitsofmeasure.org"
#define ROUTES "http://terminology.hl7.org/CodeSystem/v2-0162"
#define SCHEDULES "http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation"
#define RATE_TYPES "http://terminology.hl7.org/CodeSystem/dose-rate-type"

static void text(struct jsonw *w, const char *name, struct str s)
{
    if (!s.n)
        return;
    jsonw_key(w, name);
    jsonw_str(w, s);
}

static void number(struct jsonw *w, const char *name, struct str lexeme)
{
    if (!lexeme.n)
        return;
    jsonw_key(w, name);
    jsonw_raw(w, lexeme);
}

static void coding(struct jsonw *w, const char *system, struct str code)
{
    jsonw_key(w, "coding");
    jsonw_open(w, '[');
    jsonw_open(w, '{');
    jsonw_key(w, "system");
    jsonw_z(w, system);
    text(w, "code", code);
    jsonw_close(w, '}');
    jsonw_close(w, ']');
}

static void concept(struct jsonw *w, const char *name, const struct sig_concept *c, const char *system)
{
    if (!c->text.n)
        return;
    if (name)
        jsonw_key(w, name);
    jsonw_open(w, '{');
    if (c->code.n)
        coding(w, system, c->code);
    text(w, "text", c->text);
    jsonw_close(w, '}');
}

static void quantity(struct jsonw *w, const char *name, const struct sig_quantity *q)
{
    if (!q->value.n)
        return;
    jsonw_key(w, name);
    jsonw_open(w, '{');
    number(w, "value", q->value);
    text(w, "unit", q->unit);
    if (q->code.n) {
        jsonw_key(w, "system");
        jsonw_z(w, UCUM);
        text(w, "code", q->code);
    }
    jsonw_close(w, '}');
}

static void range(struct jsonw *w, const char *name, const struct sig_quantity *low, const struct sig_quantity *high)
{
    jsonw_key(w, name);
    jsonw_open(w, '{');
    quantity(w, "low", low);
    quantity(w, "high", high);
    jsonw_close(w, '}');
}

static void ratio(struct jsonw *w, const char *name, const struct sig_ratio *r)
{
    if (!r->numerator.value.n)
        return;
    jsonw_key(w, name);
    jsonw_open(w, '{');
    quantity(w, "numerator", &r->numerator);
    quantity(w, "denominator", &r->denominator);
    jsonw_close(w, '}');
}

static void dose(struct jsonw *w, const struct sig_dose *d, const char *one, const char *two)
{
    if (d->range)
        range(w, two, &d->low, &d->high);
    else
        quantity(w, one, &d->low);
}

static bool is_dose(const struct sig_dose *d)
{
    return d->low.value.n || d->high.value.n;
}

static void amounts(struct jsonw *w, const struct sig_step *s)
{
    if (!is_dose(&s->dose) && !is_dose(&s->rate) && !s->rate_ratio.numerator.value.n)
        return;
    jsonw_key(w, "doseAndRate");
    jsonw_open(w, '[');
    jsonw_open(w, '{');
    if (s->dose.calculated) {
        jsonw_key(w, "type");
        jsonw_open(w, '{');
        coding(w, RATE_TYPES, STR("calculated"));
        jsonw_close(w, '}');
    }
    dose(w, &s->dose, "doseQuantity", "doseRange");
    ratio(w, "rateRatio", &s->rate_ratio);
    if (!s->rate_ratio.numerator.value.n)
        dose(w, &s->rate, "rateQuantity", "rateRange");
    jsonw_close(w, '}');
    jsonw_close(w, ']');
}

static void list(struct jsonw *w, const char *name, const struct str *s, unsigned n)
{
    if (!n)
        return;
    jsonw_key(w, name);
    jsonw_open(w, '[');
    for (unsigned i = 0; i < n; i++)
        jsonw_str(w, s[i]);
    jsonw_close(w, ']');
}

static void put_bounds(struct jsonw *w, const struct sig_repeat *r)
{
    struct sig_quantity low = {r->bounds, r->bounds_unit, r->bounds_unit},
                        high = {r->bounds_most, r->bounds_unit, r->bounds_unit};

    if (r->bounds.n && r->bounds_most.n)
        range(w, "boundsRange", &low, &high);
    else if (r->bounds.n)
        quantity(w, "boundsDuration", &low);
    else if (r->from.n || r->until.n) {
        jsonw_key(w, "boundsPeriod");
        jsonw_open(w, '{');
        text(w, "start", r->from);
        text(w, "end", r->until);
        jsonw_close(w, '}');
    }
}

static void timing(struct jsonw *w, const struct sig_repeat *r)
{
    struct str code = model_sig_timing_code(r);

    if (!r->frequency.n && !r->whens && !r->days && !r->ats && !r->count.n && !r->lasts.n && !r->bounds.n &&
        !r->from.n && !r->until.n)
        return;
    jsonw_key(w, "timing");
    jsonw_open(w, '{');
    jsonw_key(w, "repeat");
    jsonw_open(w, '{');
    put_bounds(w, r);
    number(w, "count", r->count);
    number(w, "countMax", r->count_most);
    number(w, "duration", r->lasts);
    number(w, "durationMax", r->lasts_most);
    text(w, "durationUnit", r->lasts_unit);
    number(w, "frequency", r->frequency);
    number(w, "frequencyMax", r->frequency_most);
    number(w, "period", r->period);
    number(w, "periodMax", r->period_most);
    text(w, "periodUnit", r->period_unit);
    list(w, "dayOfWeek", r->day, r->days);
    list(w, "timeOfDay", r->at, r->ats);
    list(w, "when", r->when, r->whens);
    number(w, "offset", r->offset);
    jsonw_close(w, '}');
    if (code.n) {
        jsonw_key(w, "code");
        jsonw_open(w, '{');
        coding(w, SCHEDULES, code);
        jsonw_close(w, '}');
    }
    jsonw_close(w, '}');
}

static void needed(struct jsonw *w, const struct sig_step *s)
{
    struct sig_concept reason = {.text = s->reason};

    if (s->needed == SIG_AS_NEEDED) {
        jsonw_key(w, "asNeededBoolean");
        jsonw_bool(w, true);
    } else if (s->needed == SIG_AS_NEEDED_FOR)
        concept(w, "asNeededCodeableConcept", &reason, NULL);
}

static void put_step(struct jsonw *w, const struct sig_step *s)
{
    jsonw_open(w, '{');
    if (s->sequence) {
        jsonw_key(w, "sequence");
        jsonw_int(w, s->sequence);
    }
    if (s->extras) {
        jsonw_key(w, "additionalInstruction");
        jsonw_open(w, '[');
        for (unsigned i = 0; i < s->extras; i++)
            concept(w, NULL, &s->extra[i], NULL);
        jsonw_close(w, ']');
    }
    text(w, "patientInstruction", s->patient);
    timing(w, &s->repeat);
    needed(w, s);
    concept(w, "site", &s->site, NULL);
    concept(w, "route", &s->route, ROUTES);
    amounts(w, s);
    ratio(w, "maxDosePerPeriod", &s->most);
    quantity(w, "maxDosePerAdministration", &s->most_once);
    quantity(w, "maxDosePerLifetime", &s->most_ever);
    jsonw_close(w, '}');
}

static int put_steps(const struct sig *s, struct jsonw *w, struct err *e)
{
    if (s->asks)
        return err_set(e, ERR_OPEN, 0, s->asks, "dose line");
    jsonw_open(w, '[');
    for (unsigned i = 0; i < s->steps; i++)
        put_step(w, &s->step[i]);
    jsonw_close(w, ']');
    return w->out->failed ? err_set(e, w->out->failed, 0, 0, "dose line") : ERR_OK;
}

int model_sig_dosages(const struct sig *s, struct buf *json, struct err *e)
{
    struct jsonw w;

    jsonw_init(&w, json);
    return put_steps(s, &w, e);
}

static void dispense(struct jsonw *w, const struct sig *s)
{
    const struct sig_quantity *q = s->quantity.value.n ? &s->quantity : &s->sum.total;
    bool much = s->quantity.value.n || (s->sum.known && !s->sum.doses); /* so many doses are no amount of a medicine */

    if (!much && !s->repeats.n) /* R4 ele-1: none is empty */
        return;
    jsonw_key(w, "dispenseRequest");
    jsonw_open(w, '{');
    number(w, "numberOfRepeatsAllowed", s->repeats);
    if (much)
        quantity(w, "quantity", q);
    jsonw_close(w, '}');
}

int model_sig_request(const struct sig *s, struct buf *json, struct err *e)
{
    struct sig_concept note = {.text = s->note};
    struct jsonw w;
    int code;

    jsonw_init(&w, json);
    if (s->asks)
        return err_set(e, ERR_OPEN, 0, s->asks, "dose line");
    if (s->stat)
        text(&w, "priority", STR("stat"));
    if (s->note.n) {
        jsonw_key(&w, "note");
        jsonw_open(&w, '[');
        concept(&w, NULL, &note, NULL);
        jsonw_close(&w, ']');
    }
    jsonw_key(&w, "dosageInstruction");
    if ((code = put_steps(s, &w, e)))
        return code;
    dispense(&w, s);
    if (s->no_substitution) {
        jsonw_key(&w, "substitution");
        jsonw_open(&w, '{');
        jsonw_key(&w, "allowedBoolean");
        jsonw_bool(&w, false);
        jsonw_close(&w, '}');
    }
    return json->failed ? err_set(e, json->failed, 0, 0, "dose line") : ERR_OK;
}

/* --- words ------------------------------------------------------------------------------------ */

bool model_sig_say(const struct tape *t, tape_at dosage, struct buf *out)
{
    struct model_row row = {0};
    struct arena a;
    struct model_fmt f = {.t = t, .a = &a, .keep = &a, .out = out, .sep = " - ", .row = &row};
    bool dose;

    arena_init(&a, LIMIT_RESOURCE_BYTES);
    dose = model_put_dosages(&f, dosage);
    if (a.failed && !out->failed)
        out->failed = ERR_NOMEM;
    arena_fini(&a);
    return dose;
}

int model_sig_read_back(const struct sig *s, struct buf *words, struct err *e)
{
    struct buf json;
    struct tape t;
    int code;

    buf_init(&json, LIMIT_RESOURCE_BYTES);
    code = model_sig_dosages(s, &json, e);
    if (!code && !(code = tape_parse(&t, buf_str(&json), e))) {
        model_sig_say(&t, 0, words);
        code = words->failed ? err_set(e, words->failed, 0, 0, "dosage") : ERR_OK;
        tape_fini(&t);
    }
    buf_fini(&json);
    return code;
}

/* Has y all members of x, with the same in them? The number of a step that is the only one says nothing, nor does "not
 * as needed". */
static bool has_all(const struct tape *t, tape_at x, const struct tape *u, tape_at y, bool single, struct arena *a)
{
    for (tape_at k = tape_first_member(t, x); k != TAPE_NONE; k = tape_next_member(t, x, k)) {
        struct str name = tape_name(t, k);
        const char *z = arena_dup(a, name.p, name.n);
        tape_at other = z ? tape_get(u, y, z) : TAPE_NONE;

        if ((single && str_is(name, "sequence")) || (str_is(name, "asNeededBoolean") && tape_is(t, k + 1, TAPE_FALSE)))
            continue;
        if (other == TAPE_NONE || !fhir_same(t, k + 1, u, other, a))
            return false;
    }
    return true;
}

/* Do the two arrays (or the one Dosage and an array of it) say the same? */
static bool same(const struct tape *t, tape_at dosage, struct str json, struct arena *a)
{
    tape_at x = tape_first(t, dosage), y;
    struct tape own;
    bool good = tape_parse(&own, json, NULL) == ERR_OK;

    if (!good)
        return false;
    y = tape_first(&own, 0);
    for (; good && x != TAPE_NONE && y != TAPE_NONE; x = tape_next(t, dosage, x), y = tape_next(&own, 0, y))
        good = tape_is(t, x, TAPE_OBJECT) && has_all(t, x, &own, y, tape_count(&own, 0) == 1, a) &&
               has_all(&own, y, t, x, tape_count(&own, 0) == 1, a);
    good = good && x == TAPE_NONE && y == TAPE_NONE;
    tape_fini(&own);
    return good;
}

int model_sig_from(const struct sig_env *env, const struct tape *t, tape_at dosage, struct arena *a, struct sig *out,
             bool *whole, struct err *e)
{
    struct sig_env said = *env;
    struct buf words, json;
    int code;

    *whole = false;
    said.said = said.no_drug = true;
    buf_init(&words, LIMIT_RESOURCE_BYTES);
    buf_init(&json, LIMIT_RESOURCE_BYTES);
    model_sig_say(t, dosage, &words);
    code = words.failed ? err_set(e, words.failed, 0, 0, "dosage") : ERR_OK;
    code = code ? code : model_sig_read(&said, arena_str(a, buf_str(&words)), a, out, e);
    if (code == ERR_TOOBIG || code == ERR_INPUT) { /* longer than any line: free text */
        *out = (struct sig){0};
        code = ERR_OK;
    } else if (!code && !out->asks)
        *whole = model_sig_dosages(out, &json, NULL) == ERR_OK && same(t, dosage, buf_str(&json), a);
    buf_fini(&json);
    buf_fini(&words);
    return code;
}

const char *model_sig_why_name(enum sig_why why)
{
    static const char *const names[SIG_WHYS] = {
        "two readings", "number", "no unit", "unknown", "twice", "backwards", "fraction", "day or dose",
        "strength", "no weight", "old weight", "inexact", "how often", "no period", "date", "too long"};

    return why < SIG_WHYS ? names[why] : "";
}

const char *model_sig_why_words(enum sig_why why)
{
    static const char *const words[SIG_WHYS] = {
        [SIG_TWO_READINGS] = N_("this has more than one reading"),
        [SIG_NUMBER] = N_("this number has more than one reading, or is easily misread"),
        [SIG_NO_UNIT] = N_("of what? the number has no unit"),
        [SIG_UNKNOWN] = N_("this is not understood"),
        [SIG_TWICE] = N_("this is said twice, and not the same"),
        [SIG_BACKWARDS] = N_("the range goes backwards"),
        [SIG_FRACTION] = N_("this fraction is no decimal number: type the dose"),
        [SIG_DAY_OR_DOSE] = N_("each time, or for a whole day?"),
        [SIG_STRENGTH] = N_("is it the strength of one, or the dose?"),
        [SIG_NO_WEIGHT] = N_("weight or body surface, with its day, is not known here"),
        [SIG_OLD_WEIGHT] = N_("weight or body surface is too old, or has no day: measure again"),
        [SIG_INEXACT] = N_("this does not divide evenly: type the dose"),
        [SIG_HOW_OFTEN] = N_("a day's dose: shared out among how many times a day? type it, as in tid"),
        [SIG_NO_PERIOD] = N_("the maximum in how long a time?"),
        [SIG_DATE] = N_("day or month first? type the date as 2026-12-31"),
        [SIG_TOO_LONG] = N_("the line is too long, or asks too much: nothing of the rest was read"),
    };

    return why < SIG_WHYS ? _(words[why]) : "";
}

const char *model_sig_lack_words(enum sig_lack one)
{
    static const struct {
        enum sig_lack lack;
        const char *words;
    } words[] = {
        {SIG_LACKS_DRUG, N_("the medicine")},          {SIG_LACKS_DOSE, N_("the dose")},
        {SIG_LACKS_ROUTE, N_("the route")},            {SIG_LACKS_SCHEDULE, N_("how often")},
        {SIG_LACKS_MAXIMUM, N_("the maximum of what is taken as needed")},
        {SIG_LACKS_REASON, N_("what it is needed for")}, {SIG_LACKS_REPEATS, N_("the number of refills")},
        {SIG_LACKS_QUANTITY, N_("the quantity")},      {SIG_LACKS_LENGTH, N_("how long a step goes on")},
    };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].lack == one)
            return _(words[i].words);
    return "";
}
