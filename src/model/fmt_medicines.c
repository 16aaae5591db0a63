/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Medicines: orders, what the patient takes, what was given and handed out. The words that turn an
 * order round (DO NOT GIVE, ON HOLD, STOPPED, DRAFT) stand before the drug, where nobody reads past
 * them.
 */
#include "config.h"

#include "base/limits.h"
#include "cds/check.h"
#include "codes/drugs.h"
#include "fhir/index.h"
#include "model/priv.h"

#define PAST 4 /* rank of what is over, behind what was stopped of late */

static const struct model_status request_status[] = {
    {"on-hold", N_("ON HOLD"), NULL, 0},          {"active", NULL, N_("active"), 1},
    {"draft", N_("DRAFT (not signed)"), NULL, 2}, {"unknown", N_("STATUS UNKNOWN"), NULL, 2},
    {"stopped", N_("STOPPED"), NULL, 3},          {"completed", N_("COMPLETED"), NULL, PAST},
    {"cancelled", N_("CANCELLED"), NULL, 5},      {NULL, NULL, NULL, 2},
};

static const struct model_status statement_status[] = {
    {"on-hold", N_("ON HOLD"), NULL, 0},        {"active", NULL, N_("active, as stated"), 1},
    {"not-taken", N_("NOT TAKEN"), NULL, 2},    {"intended", N_("INTENDED, not started"), NULL, 2},
    {"unknown", N_("STATUS UNKNOWN"), NULL, 2}, {"stopped", N_("STOPPED"), NULL, 3},
    {"completed", N_("COMPLETED"), NULL, PAST}, {NULL, NULL, NULL, 2},
};

static const struct model_status administration_status[] = {
    {"completed", NULL, N_("given"), 6},
    {"in-progress", NULL, N_("being given now"), 6},
    {"not-done", N_("NOT GIVEN"), NULL, 6},
    {"on-hold", N_("ON HOLD"), NULL, 6},
    {"stopped", N_("STOPPED before the end"), NULL, 6},
    {"unknown", N_("STATUS UNKNOWN"), NULL, 6},
    {NULL, NULL, NULL, 6},
};

static const struct model_status dispense_status[] = {
    {"completed", NULL, N_("handed out"), 7},
    {"preparation", N_("BEING PREPARED"), NULL, 7},
    {"in-progress", N_("BEING PREPARED"), NULL, 7},
    {"on-hold", N_("ON HOLD"), NULL, 7},
    {"cancelled", N_("CANCELLED"), NULL, 7},
    {"stopped", N_("STOPPED"), NULL, 7},
    {"declined", N_("NOT HANDED OUT (declined)"), NULL, 7},
    {"unknown", N_("STATUS UNKNOWN"), NULL, 7},
    {NULL, NULL, NULL, 7},
};

/* What a Medication (contained or not) is called: its code, else its ingredients. */
static void put_medication(struct model_fmt *f, tape_at at)
{
    tape_at list = tape_get(f->t, at, "ingredient"), code = tape_get(f->t, at, "code");
    struct str status = tape_plain(f->t, tape_get(f->t, at, "status"));
    bool any = model_put_concept(f, code);

    for (tape_at i = any ? TAPE_NONE : tape_first(f->t, list); i != TAPE_NONE;
         i = tape_next(f->t, list, i)) {
        struct fhir_choice item = fhir_choice(f->t, i, "item");

        if (any)
            model_put(f, " + ");
        any = model_put_concept(f, item.at) || any;
    }
    if (!any)
        model_put(f, _("medicine without a name"));
    if (fhir_words(f->t, tape_get(f->t, at, "form"), f->a).n) {
        model_sep(f);
        model_put_concept(f, tape_get(f->t, at, "form"));
    }
    if (str_is(status, "inactive"))
        model_put(f, _(" (its medicine record is inactive)"));
    else if (str_is(status, "entered-in-error"))
        model_put(f, _(" (ITS MEDICINE RECORD WAS ENTERED IN ERROR)"));
}

static void linked_medication(struct model_fmt *f, const struct tape *t)
{
    const struct tape *own = f->t;

    f->t = t;
    put_medication(f, 0);
    f->t = own;
}

static void put_name(struct model_fmt *f)
{
    tape_at ref = tape_get(f->t, 0, "medicationReference");
    struct str reference = tape_str(f->t, tape_get(f->t, ref, "reference"), f->a), display;
    tape_at contained = fhir_contained(f->t, reference);

    if (ref == TAPE_NONE) {
        if (!model_put_concept(f, tape_get(f->t, 0, "medicationCodeableConcept")))
            model_put(f, _("medicine not recorded"));
        return;
    }
    if (contained != TAPE_NONE) {
        put_medication(f, contained);
        return;
    }
    if (reference.n && model_link(f, reference, "Medication", linked_medication) == MODEL_LINK_OWN)
        return;
    display = str_trim(tape_str(f->t, tape_get(f->t, ref, "display"), f->a));
    if (display.n) {
        model_put_told(f, display);
        return;
    }
    /* REQ: the order stays in the list and says that its medicine cannot be named. */
    model_put(f, _("MEDICINE NOT AVAILABLE HERE (its record is not in this cache)"));
}

/* REQ: the screen sets look-alike names apart; the order of letters is what was sent. */
static void medicine_name(struct model_fmt *f)
{
    size_t from = f->out->n;

    put_name(f);
    if (f->out->n > from)
        codes_tall_man(f->out->p + from, f->out->n - from);
}

/* --- stopped of late --------------------------------------------------------------------------- */

#define HOUR_MS 3600000LL
#define STOPPED_MS (48 * HOUR_MS) /* the recently stopped, whom NHS CUI's medication list counts: two days */

/* When it ended, as far as its record says: the end of its period or of its dosage; else, of a record that was changed
 * since it was made, the moment of that change. FHIR_NO_DATE: it does not say. R4 has no element of its own for it. */
static int64_t stopped_ms(const struct tape *t, int64_t now_ms)
{
    static const char *const ends[] = {"effectivePeriod.end", "dosageInstruction.timing.repeat.boundsPeriod.end",
                                       "dosage.timing.repeat.boundsPeriod.end"};
    struct str version = tape_plain(t, tape_path(t, 0, "meta.versionId"));
    struct date d;

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (date_parse(tape_plain(t, tape_path(t, 0, ends[i])), &d) && date_ms(&d) <= now_ms)
            return date_ms(&d); /* one that is ahead was planned when it was not yet stopped */
    if (version.n && !str_is(version, "1") && date_parse(tape_plain(t, tape_path(t, 0, "meta.lastUpdated")), &d))
        return date_ms(&d);
    return FHIR_NO_DATE;
}

static void count_stopped(struct model_fmt *f)
{
    int64_t at;

    if (!str_is(f->status, "stopped"))
        return;
    at = stopped_ms(f->t, f->who->now_ms);
    if (at != FHIR_NO_DATE && at <= f->who->now_ms && at > f->who->now_ms - STOPPED_MS)
        f->row->counts_as = MODEL_COUNTS_STOPPED;
    else
        f->rank = PAST;
}

/* "2 stopped in the last 48 h: warfarin, digoxin", above all others. */
int model_medicine_rows(struct model *m, struct model_rows *rs, struct err *e)
{
    struct model_row *row;
    struct buf b;
    unsigned n = 0;

    (void)m;
    buf_init(&b, LIMIT_TEXT_CELL);
    VEC_EACH(const struct model_sorted, s, &rs->rows)
    {
        if (s->rank >= 9 || s->row.counts_as != MODEL_COUNTS_STOPPED)
            continue;
        buf_adds(&b, n++ ? ", " : "");
        buf_add(&b, s->row.text.s + s->row.name_at, s->row.name_n);
    }
    if (n) {
        row = model_rows_add(rs, -1);
        if (row)
            row->text = text_own(arena_fmt(
                rs->keep, P_("%u stopped in the last 48 h: %s", "%u stopped in the last 48 h: %s", n), n, b.p));
        if (!row || !row->text.s || b.failed)
            n = 0, rs->keep->failed = true;
    }
    buf_fini(&b);
    return rs->keep->failed ? err_set(e, ERR_NOMEM, 0, 0, "medicines") : ERR_OK;
}

static void count_active(struct model_fmt *f)
{
    f->row->counts_as = str_is(f->status, "active")    ? MODEL_COUNTS_ACTIVE
                        : str_is(f->status, "on-hold") ? MODEL_COUNTS_HELD
                                                       : MODEL_COUNTS_NOT;
}

/* REQ: an order not to give, a plan and a proposal are no orders to give, and never counted as such. */
static void request_lead(struct model_fmt *f)
{
    static const struct model_code_word intents[] = {
        {"plan", N_("PLAN, no order: ")},
        {"proposal", N_("PROPOSAL, no order: ")},
        {"option", N_("OPTION, no order: ")},
        {NULL, NULL},
    };
    const char *intent = model_code_word(intents, tape_plain(f->t, tape_get(f->t, 0, "intent")));

    count_active(f);
    if (f->row->counts_as && intent)
        f->row->counts_as = MODEL_COUNTS_PLANNED;
    count_stopped(f);
    if (str_is(f->status, "draft"))
        model_flag(f, _("NOT SIGNED")); /* also where the words before the name have no room */
    if (model_not_false(f, tape_get(f->t, 0, "doNotPerform"))) {
        if (f->row->counts_as && f->row->counts_as != MODEL_COUNTS_STOPPED)
            f->row->counts_as = MODEL_COUNTS_FORBIDDEN;
        if (f->row->counts_as == MODEL_COUNTS_FORBIDDEN)
            f->rank = 0; /* never behind a page of what is given */
        model_put(f, _("DO NOT GIVE: "));
        model_flag(f, _("DO NOT GIVE"));
    }
    if (intent)
        model_put(f, intent);
}

/* --- for the checks ---------------------------------------------------------------------------- */

#define LONG_AGO_MS (365 * 24 * HOUR_MS) /* a medicine of before interacts with nothing any more */

/* What is ordered or stated. One with a status that nobody knows counts as active. */
static const struct {
    const char *type, *status; /* NULL: any other */
    int stand;                 /* enum cds_stand; -1: does not count */
} standing[] = {
    {"MedicationRequest", "on-hold", CDS_HELD},       {"MedicationRequest", "draft", CDS_DRAFTED},
    {"MedicationRequest", "stopped", CDS_STOPPED},    {"MedicationRequest", "completed", CDS_STOPPED},
    {"MedicationRequest", "cancelled", -1},           {"MedicationRequest", "entered-in-error", -1},
    {"MedicationRequest", NULL, CDS_ACTIVE},          {"MedicationStatement", "on-hold", CDS_HELD},
    {"MedicationStatement", "intended", CDS_PLANNED}, {"MedicationStatement", "stopped", CDS_STOPPED},
    {"MedicationStatement", "completed", CDS_STOPPED}, {"MedicationStatement", "not-taken", -1},
    {"MedicationStatement", "entered-in-error", -1},  {"MedicationStatement", NULL, CDS_ACTIVE},
};

static int stand_of(struct str type, struct str status)
{
    for (size_t i = 0; i < sizeof standing / sizeof *standing; i++)
        if (str_is(type, standing[i].type) && (!standing[i].status || str_is(status, standing[i].status)))
            return standing[i].stand;
    return -1;
}

/* Days since it was stopped: *days -1 when nobody knows. False: long ago. */
static bool stopped_of_late(const struct tape *t, int64_t now_ms, int *days)
{
    int64_t at = stopped_ms(t, now_ms);
    struct date d;

    *days = -1;
    if (at == FHIR_NO_DATE) /* it cannot have ended before it was written */
        return !date_parse(tape_plain(t, tape_get(t, 0, "authoredOn")), &d) || date_ms(&d) > now_ms - LONG_AGO_MS;
    *days = at > now_ms ? 0 : (int)((now_ms - at) / DATE_DAY_MS);
    return at > now_ms - LONG_AGO_MS;
}

bool model_medicine_stands(struct str type, const struct tape *t, int64_t now_ms, struct cds_entry *x)
{
    struct model_fmt f = {.t = t};
    int stand = stand_of(type, t ? tape_plain(t, tape_get(t, 0, "status")) : STR(""));
    struct str intent = t ? tape_plain(t, tape_get(t, 0, "intent")) : STR("");

    if (stand < 0)
        return false;
    if ((stand == CDS_ACTIVE || stand == CDS_HELD) &&
        (str_is(intent, "plan") || str_is(intent, "proposal") || str_is(intent, "option")))
        stand = CDS_PLANNED;
    x->stand = (enum cds_stand)stand;
    x->not_wanted = t && stand != CDS_STOPPED && model_not_false(&f, tape_get(t, 0, "doNotPerform"));
    return stand != CDS_STOPPED || stopped_of_late(t, now_ms, &x->stopped_days);
}

static void put_reasons(struct model_fmt *f)
{
    tape_at reasons = tape_get(f->t, 0, "reasonCode");

    if (tape_first(f->t, reasons) == TAPE_NONE)
        return;
    model_sep(f);
    /* TRANSLATORS: what a medicine is given for: "for: hypertension" */
    model_put(f, _("for: "));
    model_put_concepts(f, reasons, ", ");
}

static void put_supply(struct model_fmt *f)
{
    tape_at d = tape_get(f->t, 0, "dispenseRequest");
    struct str refills = tape_lexeme(f->t, tape_get(f->t, d, "numberOfRepeatsAllowed"));
    tape_at lasts = tape_get(f->t, d, "expectedSupplyDuration"),
            valid = tape_get(f->t, d, "validityPeriod");

    if (tape_get(f->t, d, "quantity") != TAPE_NONE) {
        model_sep(f);
        /* TRANSLATORS: how much is to be handed out: "supply 28 tablet" */
        model_put(f, _("supply "));
        model_put_dose(f, tape_get(f->t, d, "quantity"));
    }
    if (lasts != TAPE_NONE) {
        model_sep(f);
        model_put(f, _("supply for "));
        model_put_span(f, lasts);
    }
    /* REQ: zero refills is a number, not a gap. */
    if (refills.n) {
        model_sep(f);
        model_put_number(f, refills);
        model_put(f, str_is(refills, "1") ? _(" refill") : _(" refills"));
    }
    if (valid != TAPE_NONE) {
        model_sep(f);
        model_put(f, _("prescription valid "));
        model_put_period(f, valid);
    }
    if (tape_is(f->t, tape_path(f->t, 0, "substitution.allowedBoolean"), TAPE_FALSE)) {
        model_sep(f);
        model_put(f, _("no substitution"));
    }
}

static void put_doses(struct model_fmt *f, const char *member)
{
    tape_at list = tape_get(f->t, 0, member);

    /* REQ: a missing dose is said, never left as a gap that a reader fills. */
    if (!model_put_dosages(f, list)) {
        model_sep(f);
        model_put(f, _("no dose recorded"));
    }
}

static void request_body(struct model_fmt *f)
{
    struct str priority = tape_plain(f->t, tape_get(f->t, 0, "priority"));

    put_doses(f, "dosageInstruction");
    if (str_is(priority, "stat") || str_is(priority, "asap") || str_is(priority, "urgent")) {
        model_sep(f);
        model_put(f, str_is(priority, "stat") ? _("STAT: at once") : _("urgent"));
    }
    put_reasons(f);
    put_supply(f);
    if (tape_true(f->t, tape_get(f->t, 0, "reportedBoolean")) ||
        tape_get(f->t, 0, "reportedReference") != TAPE_NONE) {
        model_sep(f);
        model_put(f, _("reported, not seen at first hand"));
    }
    model_put_notes(f);
}

static void statement_body(struct model_fmt *f)
{
    put_doses(f, "dosage");
    put_reasons(f);
    model_put_notes(f);
}

static void administration_body(struct model_fmt *f)
{
    put_doses(f, "dosage");
    put_reasons(f);
    model_put_notes(f);
}

static void dispense_body(struct model_fmt *f)
{
    if (tape_get(f->t, 0, "quantity") != TAPE_NONE) {
        model_sep(f);
        model_put(f, _("supply "));
        model_put_dose(f, tape_get(f->t, 0, "quantity"));
    }
    put_doses(f, "dosageInstruction");
    model_put_notes(f);
}

static void statement_lead(struct model_fmt *f)
{
    count_active(f);
    count_stopped(f);
    /* TRANSLATORS: what the patient or a relative says is taken; not an order */
    model_put(f, _("Stated use: "));
}

static void administration_lead(struct model_fmt *f)
{
    model_put(f, _("Administration: "));
}

static void dispense_lead(struct model_fmt *f)
{
    model_put(f, _("Dispensing: "));
}

static void medication_name(struct model_fmt *f)
{
    put_medication(f, 0);
}

static const struct model_formatter formatters[] = {
    {"MedicationRequest", request_lead, medicine_name, request_body, request_status, false},
    {"MedicationStatement", statement_lead, medicine_name, statement_body, statement_status, false},
    {"MedicationAdministration", administration_lead, medicine_name, administration_body,
     administration_status, false},
    {"MedicationDispense", dispense_lead, medicine_name, dispense_body, dispense_status, false},
    {"Medication", NULL, medication_name, NULL, NULL, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};

const struct model_formatter *model_formatters_medicines(void)
{
    return formatters;
}
