/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is still to be done: orders, tasks, plans, goals, appointments, vaccines due.
 */
#include "config.h"

#include "model/priv.h"

static const struct model_status request_status[] = {
    {"active", NULL, N_("active"), 0},
    {"draft", N_("DRAFT (not signed)"), NULL, 1},
    {"on-hold", N_("ON HOLD"), NULL, 0},
    {"revoked", N_("REVOKED, not to be followed"), NULL, 3},
    {"completed", N_("COMPLETED"), NULL, 2},
    {"unknown", N_("STATUS UNKNOWN"), NULL, 1},
    {NULL, NULL, NULL, 1},
};

static const struct model_status task_status[] = {
    {"requested", NULL, N_("requested"), 0},     {"received", NULL, N_("received"), 0},
    {"accepted", NULL, N_("accepted"), 0},       {"ready", NULL, N_("ready"), 0},
    {"in-progress", NULL, N_("in progress"), 0}, {"draft", N_("DRAFT"), NULL, 1},
    {"on-hold", N_("ON HOLD"), NULL, 0},         {"rejected", N_("REJECTED"), NULL, 2},
    {"failed", N_("FAILED"), NULL, 2},           {"cancelled", N_("CANCELLED"), NULL, 2},
    {"completed", N_("COMPLETED"), NULL, 2},     {NULL, NULL, NULL, 1},
};

static const struct model_status goal_status[] = {
    {"active", NULL, N_("active"), 0},
    {"proposed", N_("PROPOSED"), NULL, 1},
    {"planned", N_("PLANNED"), NULL, 1},
    {"accepted", NULL, N_("accepted"), 0},
    {"on-hold", N_("ON HOLD"), NULL, 0},
    {"completed", N_("COMPLETED"), NULL, 2},
    {"cancelled", N_("CANCELLED"), NULL, 3},
    {"rejected", N_("REJECTED"), NULL, 3},
    {NULL, NULL, NULL, 1},
};

static const struct model_status appointment_status[] = {
    {"booked", NULL, N_("booked"), 0},
    {"proposed", N_("PROPOSED, not booked"), NULL, 0},
    {"pending", N_("PENDING, not everybody has agreed"), NULL, 0},
    {"arrived", NULL, N_("arrived"), 0},
    {"checked-in", NULL, N_("checked in"), 0},
    {"fulfilled", NULL, N_("kept"), 0},
    {"cancelled", N_("CANCELLED"), NULL, 1},
    {"noshow", N_("DID NOT COME"), NULL, 1},
    {"waitlist", N_("ON THE WAITING LIST"), NULL, 0},
    {NULL, NULL, NULL, 0},
};

/* REQ: a plan, a proposal and an option are no orders. A care plan is a plan by its nature. */
static void lead(struct model_fmt *f, bool plan)
{
    static const struct model_code_word intents[] = {
        {"proposal", N_("PROPOSAL, no order: ")},
        {"option", N_("OPTION, no order: ")},
        {"plan", N_("PLAN, no order: ")},
        {NULL, NULL},
    };
    struct str code = tape_plain(f->t, tape_get(f->t, 0, "intent"));
    const char *intent = plan && str_is(code, "plan") ? NULL : model_code_word(intents, code);

    if (model_not_false(f, tape_get(f->t, 0, "doNotPerform"))) {
        /* REQ: an order not to do something */
        model_put(f, _("DO NOT DO: "));
        model_flag(f, _("DO NOT DO"));
    }
    if (intent)
        model_put(f, intent);
}

static void order_lead(struct model_fmt *f)
{
    lead(f, false);
}

static void plan_lead(struct model_fmt *f)
{
    lead(f, true);
}

static void order_body(struct model_fmt *f)
{
    static const char *const more[] = {"orderDetail", "bodySite"}; /* a knee is left or right */
    struct str priority = tape_plain(f->t, tape_get(f->t, 0, "priority"));

    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (tape_count(f->t, tape_get(f->t, 0, more[i]))) {
            model_sep(f);
            model_put_concepts(f, tape_get(f->t, 0, more[i]), ", ");
        }
    if (priority.n && !str_is(priority, "routine")) {
        model_sep(f);
        model_put(f, str_is(priority, "stat") ? _("STAT: at once") : _("urgent"));
    }
    if (tape_count(f->t, tape_get(f->t, 0, "reasonCode"))) {
        model_sep(f);
        model_put(f, _("for: "));
        model_put_concepts(f, tape_get(f->t, 0, "reasonCode"), ", ");
    }
    model_put_notes(f);
}

/* --- care plans ------------------------------------------------------------------------------- */

static void plan_name(struct model_fmt *f)
{
    struct str title = str_trim(tape_str(f->t, tape_get(f->t, 0, "title"), f->a));

    if (title.n)
        model_put_server(f, title);
    else if (!model_put_concepts(f, tape_get(f->t, 0, "category"), ", "))
        model_put(f, _("Care plan without a title"));
}

static void put_activity(struct model_fmt *f, tape_at detail)
{
    static const struct model_code_word states[] = {{"not-started", N_("not started")},
                                                    {"scheduled", N_("scheduled")},
                                                    {"in-progress", N_("in progress")},
                                                    {"on-hold", N_("ON HOLD")},
                                                    {"completed", N_("completed")},
                                                    {"cancelled", N_("CANCELLED")},
                                                    {"stopped", N_("STOPPED")},
                                                    {"unknown", N_("status unknown")},
                                                    {"entered-in-error", N_("ENTERED IN ERROR")},
                                                    {NULL, NULL}};
    const char *words = model_code_word(states, tape_plain(f->t, tape_get(f->t, detail, "status")));
    struct str said = str_trim(tape_str(f->t, tape_get(f->t, detail, "description"), f->a));

    model_sep(f);
    /* REQ: an activity that must not be done reads as one that must, without these words */
    if (model_not_false(f, tape_get(f->t, detail, "doNotPerform")))
        model_put(f, _("DO NOT: "));
    if (!model_put_concept(f, tape_get(f->t, detail, "code")))
        model_put_server(f, said.n ? said : STR(""));
    else if (said.n) {
        model_put(f, ", ");
        model_put_server(f, said);
    }
    if (words) {
        model_put(f, " (");
        model_put(f, words);
        model_put(f, ")");
    }
}

static void plan_body(struct model_fmt *f)
{
    tape_at list = tape_get(f->t, 0, "activity"), period = tape_get(f->t, 0, "period");

    model_put_labelled(f, "", str_trim(tape_str(f->t, tape_get(f->t, 0, "description"), f->a)));
    for (tape_at a = tape_first(f->t, list); a != TAPE_NONE; a = tape_next(f->t, list, a))
        if (tape_get(f->t, a, "detail") != TAPE_NONE)
            put_activity(f, tape_get(f->t, a, "detail"));
    if (period != TAPE_NONE) {
        model_sep(f);
        model_put_period(f, period);
    }
    model_put_notes(f);
}

/* --- tasks, goals, appointments, vaccines due
 * ------------------------------------------------------ */

static void task_name(struct model_fmt *f)
{
    struct str said = str_trim(tape_str(f->t, tape_get(f->t, 0, "description"), f->a));

    if (model_put_concept(f, tape_get(f->t, 0, "code"))) {
        model_put_labelled(f, "", said);
        return;
    }
    if (said.n)
        model_put_server(f, said);
    else
        model_put(f, _("Task without a description"));
}

static void task_body(struct model_fmt *f)
{
    tape_at limit = tape_path(f->t, 0, "restriction.period");

    if (limit != TAPE_NONE) {
        model_sep(f);
        /* TRANSLATORS: when a task is due: "due until 05-Mar-2026" */
        model_put(f, _("due "));
        model_put_period(f, limit);
    }
    model_put_notes(f);
}

static void goal_name(struct model_fmt *f)
{
    if (!model_put_concept(f, tape_get(f->t, 0, "description")))
        model_put(f, _("Goal without a description"));
}

static void goal_body(struct model_fmt *f)
{
    tape_at list = tape_get(f->t, 0, "target");

    for (tape_at g = tape_first(f->t, list); g != TAPE_NONE; g = tape_next(f->t, list, g)) {
        struct fhir_choice due = fhir_choice(f->t, g, "due");

        if (fhir_choice(f->t, g, "detail").at != TAPE_NONE) {
            model_sep(f);
            model_put(f, _("target: "));
            if (model_put_concept(f, tape_get(f->t, g, "measure")))
                model_put(f, " ");
            model_put_value(f, g, "detail");
        }
        if (str_is(due.type, "Date")) {
            model_sep(f);
            model_put(f, _("due "));
            model_put_date(f, tape_plain(f->t, due.at));
        }
    }
    if (tape_get(f->t, 0, "achievementStatus") != TAPE_NONE) {
        model_sep(f);
        model_put_concept(f, tape_get(f->t, 0, "achievementStatus"));
    }
    model_put_notes(f);
}

static void appointment_name(struct model_fmt *f)
{
    struct str said = str_trim(tape_str(f->t, tape_get(f->t, 0, "description"), f->a));

    if (said.n)
        model_put_server(f, said);
    else if (!model_put_concepts(f, tape_get(f->t, 0, "serviceType"), ", ") &&
             !model_put_concept(f, tape_get(f->t, 0, "appointmentType")))
        model_put(f, _("Appointment"));
}

static void appointment_body(struct model_fmt *f)
{
    struct str end = tape_plain(f->t, tape_get(f->t, 0, "end"));

    if (tape_count(f->t, tape_get(f->t, 0, "reasonCode"))) {
        model_sep(f);
        model_put(f, _("for: "));
        model_put_concepts(f, tape_get(f->t, 0, "reasonCode"), ", ");
    }
    if (end.n) {
        model_sep(f);
        model_put(f, _("until "));
        model_put_date(f, end);
    }
    model_put_labelled(f, "", str_trim(tape_str(f->t, tape_get(f->t, 0, "comment"), f->a)));
}

static void due_name(struct model_fmt *f)
{
    model_put(f, _("Vaccines due"));
}

static void due_body(struct model_fmt *f)
{
    tape_at list = tape_get(f->t, 0, "recommendation");

    for (tape_at r = tape_first(f->t, list); r != TAPE_NONE; r = tape_next(f->t, list, r)) {
        tape_at dates = tape_get(f->t, r, "dateCriterion");

        model_sep(f);
        if (!model_put_concepts(f, tape_get(f->t, r, "vaccineCode"), ", "))
            model_put_concept(f, tape_get(f->t, r, "targetDisease"));
        model_put(f, ": ");
        model_put_concept(f, tape_get(f->t, r, "forecastStatus"));
        for (tape_at d = tape_first(f->t, dates); d != TAPE_NONE; d = tape_next(f->t, dates, d)) {
            model_put(f, ", ");
            model_put_concept(f, tape_get(f->t, d, "code"));
            model_put(f, " ");
            model_put_date(f, tape_plain(f->t, tape_get(f->t, d, "value")));
        }
    }
}

/* --- care teams ------------------------------------------------------------------------------- */

static const struct model_status team_status[] = {
    {"active", NULL, N_("active"), 0},
    {"proposed", N_("PROPOSED"), NULL, 1},
    {"suspended", N_("SUSPENDED"), NULL, 1},
    {"inactive", N_("ENDED"), NULL, 2},
    {NULL, NULL, NULL, 1},
};

static void team_name(struct model_fmt *f)
{
    struct str name = str_trim(tape_str(f->t, tape_get(f->t, 0, "name"), f->a));

    model_put(f, _("Care team"));
    model_put_labelled(f, "", name);
    if (!name.n && tape_count(f->t, tape_get(f->t, 0, "category"))) {
        model_sep(f);
        model_put_concepts(f, tape_get(f->t, 0, "category"), ", ");
    }
}

/* Who is in it, but for the patient. */
static void team_body(struct model_fmt *f)
{
    tape_at list = tape_get(f->t, 0, "participant");

    for (tape_at p = tape_first(f->t, list); p != TAPE_NONE; p = tape_next(f->t, list, p)) {
        struct str shown = str_trim(tape_str(f->t, tape_path(f->t, p, "member.display"), f->a));

        if (!shown.n || fhir_has_code(f->t, tape_get(f->t, p, "role"), NULL, "116154003"))
            continue;
        model_put_labelled(f, "", shown);
        if (tape_count(f->t, tape_get(f->t, p, "role"))) {
            model_put(f, " (");
            model_put_concepts(f, tape_get(f->t, p, "role"), ", ");
            model_put(f, ")");
        }
    }
}

static const struct model_formatter formatters[] = {
    {"ServiceRequest", order_lead, NULL, order_body, request_status, true},
    {"CarePlan", plan_lead, plan_name, plan_body, request_status, true},
    {"CareTeam", NULL, team_name, team_body, team_status, true},
    {"Task", NULL, task_name, task_body, task_status, true},
    {"Goal", NULL, goal_name, goal_body, goal_status, true},
    {"Appointment", NULL, appointment_name, appointment_body, appointment_status, true},
    {"ImmunizationRecommendation", NULL, due_name, due_body, NULL, true},
    {NULL, NULL, NULL, NULL, NULL, false},
};

const struct model_formatter *model_formatters_plans(void)
{
    return formatters;
}
