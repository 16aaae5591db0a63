/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The story of a patient: problems, procedures, visits, vaccines, flags, consents, documents,
 * family.
 */
#include "config.h"

#include "model/priv.h"

/* --- problems --------------------------------------------------------------------------------- */

static const struct model_status condition_status[] = {
    {"active", NULL, N_("active"), 0},
    {"recurrence", NULL, N_("RECURRENCE: it is back"), 0},
    {"relapse", NULL, N_("RELAPSE: it is back"), 0},
    {"remission", N_("IN REMISSION"), NULL, 2},
    {"inactive", N_("INACTIVE"), NULL, 2},
    {"resolved", N_("RESOLVED"), NULL, 3},
    {NULL, NULL, NULL, 1},
};

static void condition_lead(struct model_fmt *f)
{
    static const struct model_code_word words[] = {
        {"provisional", N_("PROVISIONAL: ")},
        {"differential", N_("DIFFERENTIAL, one of several possible: ")},
        {"unconfirmed", N_("UNCONFIRMED: ")},
        {NULL, NULL},
    };
    struct str v = fhir_code(f->t, tape_get(f->t, 0, "verificationStatus"));
    const char *w = model_code_word(words, v);

    if (str_is(v, "refuted")) {
        /* REQ: ruled out: never a live problem */
        model_put(f, _("REFUTED, ruled out: "));
        f->settled = true;
        f->rank = 4;
    } else if (w)
        model_put(f, w);
}

static void put_when(struct model_fmt *f, const char *label, const char *stem)
{
    struct fhir_choice c = fhir_choice(f->t, 0, stem);

    if (c.at == TAPE_NONE)
        return;
    model_sep(f);
    model_put(f, label);
    if (str_is(c.type, "DateTime") || str_is(c.type, "Date"))
        model_put_date(f, tape_plain(f->t, c.at));
    else if (str_is(c.type, "Period"))
        model_put_period(f, c.at);
    else if (str_is(c.type, "Age")) {
        /* TRANSLATORS: "at the age of 12 years", "at the age of less than 12 years" */
        model_put(f, _("at the age of "));
        model_put_span(f, c.at);
    } else if (str_is(c.type, "String"))
        model_put_server(f, tape_str(f->t, c.at, f->a));
    else if (str_is(c.type, "Range")) {
        model_put(f, _("at the age of "));
        model_put_dose_range(f, c.at);
    }
}

static void put_concept_labelled(struct model_fmt *f, const char *label, const char *member)
{
    tape_at list = tape_get(f->t, 0, member);

    if (tape_first(f->t, list) == TAPE_NONE)
        return;
    model_sep(f);
    model_put(f, label);
    model_put_concepts(f, list, ", ");
}

static void condition_body(struct model_fmt *f)
{
    put_concept_labelled(f, _("severity: "), "severity");
    put_concept_labelled(f, "", "bodySite");
    if (!f->date.n || !str_eq(tape_plain(f->t, tape_get(f->t, 0, "onsetDateTime")), f->date))
        put_when(f, _("since "), "onset"); /* else the row's date says it */
    put_when(f, _("ended "), "abatement");
    if (fhir_has_code(f->t, tape_get(f->t, 0, "category"), NULL, "encounter-diagnosis")) {
        model_sep(f);
        model_put(f, _("diagnosis of a visit"));
    }
    model_put_notes(f);
}

/* --- procedures ------------------------------------------------------------------------------- */

static const struct model_status procedure_status[] = {
    {"completed", NULL, N_("done"), 0},          {"preparation", N_("BEING PREPARED"), NULL, 0},
    {"in-progress", N_("IN PROGRESS"), NULL, 0}, {"not-done", N_("NOT DONE"), NULL, 0},
    {"on-hold", N_("ON HOLD"), NULL, 0},         {"stopped", N_("STOPPED before the end"), NULL, 0},
    {"unknown", N_("STATUS UNKNOWN"), NULL, 0},  {NULL, NULL, NULL, 0},
};

static void procedure_body(struct model_fmt *f)
{
    put_concept_labelled(f, "", "bodySite");
    put_concept_labelled(f, _("for: "), "reasonCode");
    put_concept_labelled(f, _("outcome: "), "outcome");
    put_concept_labelled(f, _("complication: "), "complication");
    model_put_notes(f);
}

/* --- vaccines --------------------------------------------------------------------------------- */

static const struct model_status immunization_status[] = {
    {"completed", NULL, N_("given"), 0},
    {"not-done", N_("NOT GIVEN"), NULL, 0},
    {NULL, NULL, NULL, 0},
};

/* A place or a way of an injection: its words, else those of a code that is well known, else nothing: a bare code
 * helps nobody. http://terminology.hl7.org/CodeSystem/v3-HumanSubstanceAdministrationSite, v3-ActSite and
 * v3-RouteOfAdministration */
static void put_known(struct model_fmt *f, const char *member)
{
    static const struct model_code_word words[] = {
        {"LA", N_("left arm")},       {"RA", N_("right arm")},    {"LT", N_("left thigh")},
        {"RT", N_("right thigh")},    {"LD", N_("left deltoid")}, {"RD", N_("right deltoid")},
        {"LG", N_("left buttock")},   {"RG", N_("right buttock")},
        {"LLFA", N_("left lower forearm")}, {"RLFA", N_("right lower forearm")},
        {"LVL", N_("left vastus lateralis")}, {"RVL", N_("right vastus lateralis")},
        {"IM", N_("into a muscle")},  {"SQ", N_("under the skin")},
        {"IDINJ", N_("into the skin")}, {"NASINHLC", N_("into the nose")}, {"PO", N_("by mouth")},
        {NULL, NULL}};
    tape_at at = tape_get(f->t, 0, member);
    const char *known = model_code_word(words, fhir_code(f->t, at));

    if (fhir_words(f->t, at, f->a).n)
        put_concept_labelled(f, "", member);
    else if (known) {
        model_sep(f);
        model_put(f, known);
    }
}

static void immunization_body(struct model_fmt *f)
{
    struct str lot = str_trim(tape_str(f->t, tape_get(f->t, 0, "lotNumber"), f->a));
    struct str expires = tape_plain(f->t, tape_get(f->t, 0, "expirationDate"));
    tape_at applied = tape_get(f->t, 0, "protocolApplied");

    if (tape_get(f->t, 0, "doseQuantity") != TAPE_NONE) {
        model_sep(f);
        model_put(f, _("DOSE "));
        model_put_dose(f, tape_get(f->t, 0, "doseQuantity"));
    }
    for (tape_at p = tape_first(f->t, applied); p != TAPE_NONE; p = tape_next(f->t, applied, p)) {
        struct fhir_choice n = fhir_choice(f->t, p, "doseNumber");

        if (n.at == TAPE_NONE)
            continue;
        model_sep(f);
        /* TRANSLATORS: the place of a vaccination in its series: "dose number 2" */
        model_put(f, _("dose number "));
        model_put_server(f, str_is(n.type, "String") ? tape_str(f->t, n.at, f->a)
                                                     : tape_lexeme(f->t, n.at));
    }
    if (tape_true(f->t, tape_get(f->t, 0, "isSubpotent"))) {
        model_sep(f);
        model_put(f, _("SUBPOTENT: does not count as a full dose"));
    }
    put_known(f, "site");
    put_known(f, "route");
    model_put_labelled(f, _("lot "), lot);
    if (expires.n) {
        model_sep(f);
        model_put(f, _("lot expires "));
        model_put_date(f, expires);
    }
    if (tape_is(f->t, tape_get(f->t, 0, "primarySource"), TAPE_FALSE)) {
        model_sep(f);
        model_put(f, _("reported, not seen at first hand"));
    }
    model_put_notes(f);
}

/* --- visits ----------------------------------------------------------------------------------- */

static const struct model_status encounter_status[] = {
    {"finished", NULL, N_("finished"), 0},
    {"in-progress", N_("IN PROGRESS"), NULL, 0},
    {"arrived", N_("ARRIVED"), NULL, 0},
    {"triaged", N_("TRIAGED"), NULL, 0},
    {"onleave", N_("ON LEAVE"), NULL, 0},
    {"planned", N_("PLANNED"), NULL, 0},
    {"cancelled", N_("CANCELLED"), NULL, 0},
    {"unknown", N_("STATUS UNKNOWN"), NULL, 0},
    {NULL, NULL, NULL, 0},
};

static void encounter_name(struct model_fmt *f)
{
    /* http://terminology.hl7.org/CodeSystem/v3-ActCode, encounter classes */
    static const struct model_code_word classes[] = {
        {"AMB", N_("Outpatient visit")},
        {"IMP", N_("Inpatient stay")},
        {"EMER", N_("Emergency visit")},
        {"VR", N_("Remote visit")},
        {"HH", N_("Home visit")},
        {"OBSENC", N_("Observation stay")},
        {"SS", N_("Short stay")},
        {"ACUTE", N_("Acute inpatient stay")},
        {"FLD", N_("Field visit")},
        {"NONAC", N_("Non-acute inpatient stay")},
        {"PRENC", N_("Visit before admission")},
        {NULL, NULL},
    };
    const char *words =
        model_code_word(classes, tape_plain(f->t, tape_path(f->t, 0, "class.code")));

    if (words)
        model_put(f, words);
    else if (!model_put_concept(f, tape_get(f->t, 0, "class")))
        model_put(f, _("Visit"));
    put_concept_labelled(f, "", "type");
}

static void encounter_body(struct model_fmt *f)
{
    tape_at period = tape_get(f->t, 0, "period");
    struct str end = tape_plain(f->t, tape_get(f->t, period, "end"));

    put_concept_labelled(f, "", "serviceType");
    put_concept_labelled(f, _("for: "), "reasonCode");
    if (end.n) {
        model_sep(f);
        model_put(f, _("until "));
        model_put_date(f, end);
    }
}

/* --- flags and consents: the cover ------------------------------------------------------------ */

static const struct model_status flag_status[] = {
    {"active", NULL, N_("active"), 0},
    {"inactive", N_("ENDED, no longer in force"), NULL, 7},
    {NULL, NULL, NULL, 1},
};

static const struct model_status consent_status[] = {
    {"active", NULL, N_("active"), 1},
    {"draft", N_("DRAFT, not in force"), NULL, 6},
    {"proposed", N_("PROPOSED, not in force"), NULL, 6},
    {"rejected", N_("REJECTED, not in force"), NULL, 7},
    {"inactive", N_("INACTIVE, no longer in force"), NULL, 7},
    {NULL, NULL, NULL, 2},
};

static void flag_body(struct model_fmt *f)
{
    /* http://terminology.hl7.org/CodeSystem/flag-category */
    static const struct model_code_word categories[] = {
        {"advance-directive", N_("advance directive")},
        {"behavioral", N_("behaviour")},
        {"safety", N_("safety")},
        {"contact", N_("contact precautions")},
        {"clinical", N_("clinical")},
        {"drug", N_("medicines")},
        {"diet", N_("diet")},
        {"lab", N_("laboratory")},
        {"admin", N_("administrative")},
        {"research", N_("research")},
        {NULL, NULL}};
    tape_at period = tape_get(f->t, 0, "period"), category = tape_get(f->t, 0, "category");
    const char *words = model_code_word(categories, fhir_code(f->t, category));

    if (words && !fhir_words(f->t, category, f->a).n) {
        model_sep(f);
        model_put(f, words);
    } else
        put_concept_labelled(f, "", "category");
    if (period != TAPE_NONE) {
        model_sep(f);
        model_put_period(f, period);
    }
    if (str_is(f->status, "active") && fhir_period_over(f->t, period, f->who->now_ms))
        model_put(f, _(" (its period is over, its status is not)"));
}

static void consent_name(struct model_fmt *f)
{
    /* http://terminology.hl7.org/CodeSystem/consentcategorycodes: the short words that a ward calls
     * them by */
    static const struct model_code_word directives[] = {{"dnr", N_("DNR")},
                                                        {"acd", N_("advance care directive")},
                                                        {"hcd", N_("health care directive")},
                                                        {"polst", N_("POLST")},
                                                        {NULL, NULL}};
    tape_at category = tape_get(f->t, 0, "category");

    model_put(f, _("Consent: "));
    if (!model_put_concepts(f, category, ", ") && !model_put_concept(f, tape_get(f->t, 0, "scope")))
        model_put(f, _("of a kind that is not named"));
    for (const struct model_code_word *d = directives; d->code; d++)
        if (fhir_has_code(f->t, category, NULL, d->code)) {
            model_put(f, " (");
            model_put(f, _(d->words));
            model_put(f, ")");
        }
}

static void consent_body(struct model_fmt *f)
{
    static const struct model_code_word types[] = {{"deny", N_("denies, with what follows")},
                                                   {"permit", N_("permits, with what follows")},
                                                   {NULL, NULL}};
    const char *words =
        model_code_word(types, tape_plain(f->t, tape_path(f->t, 0, "provision.type")));

    put_concept_labelled(f, _("by rule: "), "policyRule");
    if (words) {
        model_sep(f);
        model_put(f, words);
        model_put(f, _(": see the detail"));
    }
    if (tape_get(f->t, tape_get(f->t, 0, "provision"), "period") != TAPE_NONE) {
        model_sep(f);
        model_put_period(f, tape_get(f->t, tape_get(f->t, 0, "provision"), "period"));
    }
}

/* --- documents -------------------------------------------------------------------------------- */

static const struct model_status document_status[] = {
    {"current", NULL, NULL, 0},
    {"superseded", N_("SUPERSEDED, a newer version exists"), NULL, 0},
    {NULL, NULL, NULL, 0},
};

static void put_first_words(struct model_fmt *f)
{
    size_t before = f->out->n;

    model_sep(f);
    if (!model_put_first_words(f) && !f->out->failed)
        f->out->n = before;
}

static void document_body(struct model_fmt *f)
{
    static const struct model_code_word states[] = {
        {"preliminary", N_("PRELIMINARY, not signed")},
        {"amended", N_("amended")},
        {"final", N_("final")},
        {NULL, NULL}};
    const char *words = model_code_word(states, tape_plain(f->t, tape_get(f->t, 0, "docStatus")));
    tape_at attached = tape_path(f->t, 0, "content.attachment");

    model_put_labelled(f, "", str_trim(tape_str(f->t, tape_get(f->t, 0, "description"), f->a)));
    model_put_labelled(f, "", str_trim(tape_str(f->t, tape_get(f->t, attached, "title"), f->a)));
    model_put_labelled(f, "", tape_plain(f->t, tape_get(f->t, attached, "contentType")));
    put_first_words(f);
    if (words) {
        model_sep(f);
        model_put(f, words);
    }
}

static const struct model_status composition_status[] = {
    {"final", NULL, N_("final"), 0},
    {"preliminary", N_("PRELIMINARY, not signed"), NULL, 0},
    {"amended", NULL, N_("AMENDED after it was signed"), 0},
    {NULL, NULL, NULL, 0},
};

static void composition_body(struct model_fmt *f)
{
    model_put_labelled(f, "", str_trim(tape_str(f->t, tape_get(f->t, 0, "title"), f->a)));
    put_first_words(f);
}

static const struct model_status response_status[] = {
    {"completed", NULL, N_("completed"), 0},
    {"in-progress", N_("NOT FINISHED"), NULL, 0},
    {"amended", NULL, N_("AMENDED"), 0},
    {"stopped", N_("ABANDONED, not finished"), NULL, 0},
    {NULL, NULL, NULL, 0},
};

static void response_name(struct model_fmt *f)
{
    struct str form = tape_plain(f->t, tape_get(f->t, 0, "questionnaire"));
    struct str shown =
        tape_str(f->t, tape_path(f->t, 0, "_questionnaire.extension.valueString"), f->a);

    model_put(f, _("Form "));
    if (shown.n || form.n)
        model_put_server(f, shown.n ? shown : form);
    else
        model_put(f, _("without a name"));
}

static void nothing(struct model_fmt *f)
{
    (void)f;
}

/* --- family ----------------------------------------------------------------------------------- */

static const struct model_status family_status[] = {
    {"completed", NULL, NULL, 0},
    {"partial", NULL, N_("PARTIAL, not all is known"), 0},
    {"health-unknown", N_("HEALTH NOT KNOWN"), NULL, 0},
    {NULL, NULL, NULL, 0},
};

static void family_name(struct model_fmt *f)
{
    if (!model_put_concept(f, tape_get(f->t, 0, "relationship")))
        model_put(f, _("Relative"));
}

static void family_body(struct model_fmt *f)
{
    tape_at list = tape_get(f->t, 0, "condition");
    struct fhir_choice died = fhir_choice(f->t, 0, "deceased");

    for (tape_at c = tape_first(f->t, list); c != TAPE_NONE; c = tape_next(f->t, list, c)) {
        struct fhir_choice onset = fhir_choice(f->t, c, "onset");

        model_sep(f);
        model_put_concept(f, tape_get(f->t, c, "code"));
        if (str_is(onset.type, "Age")) {
            model_put(f, _(" at the age of "));
            model_put_span(f, onset.at);
        } else if (str_is(onset.type, "String")) {
            model_put(f, ", ");
            model_put_server(f, tape_str(f->t, onset.at, f->a));
        }
        if (tape_true(f->t, tape_get(f->t, c, "contributedToDeath")))
            model_put(f, _(" (contributed to death)"));
    }
    if (str_is(died.type, "Boolean") && tape_true(f->t, died.at)) {
        model_sep(f);
        model_put(f, _("this relative has died"));
    } else if (!str_is(died.type, "Boolean"))
        /* TRANSLATORS: followed by when: "this relative died at the age of 62 years" */
        put_when(f, _("this relative died "), "deceased");
    model_put_notes(f);
}

static const struct model_formatter formatters[] = {
    {"Condition", condition_lead, NULL, condition_body, condition_status, false},
    {"Procedure", NULL, NULL, procedure_body, procedure_status, false},
    {"Immunization", NULL, NULL, immunization_body, immunization_status, false},
    {"Encounter", NULL, encounter_name, encounter_body, encounter_status, true},
    {"Flag", NULL, NULL, flag_body, flag_status, false},
    {"Consent", NULL, consent_name, consent_body, consent_status, false},
    {"DocumentReference", NULL, NULL, document_body, document_status, false},
    {"Composition", NULL, NULL, composition_body, composition_status, false},
    {"QuestionnaireResponse", NULL, response_name, nothing, response_status, false},
    {"FamilyMemberHistory", NULL, family_name, family_body, family_status, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};

const struct model_formatter *model_formatters_story(void)
{
    return formatters;
}
