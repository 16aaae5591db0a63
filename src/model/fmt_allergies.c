/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Allergies and the four states of a chart: known, none known, not recorded, unavailable.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model/priv.h"

struct state {
    struct model *m;
    bool live, none;
    struct model_allergens *names; /* or NULL */
    struct err *e;
};

void model_allergens_init(struct model_allergens *n, struct arena *a)
{
    *n = (struct model_allergens){.a = a};
    vec_init(&n->all, sizeof(struct model_allergen), 10000);
}

void model_allergens_fini(struct model_allergens *n)
{
    vec_fini(&n->all);
}

/* What an allergy is called where there is room for a name alone, and how sure anybody is of it. */
static struct text allergen_name(const struct tape *t, struct arena *a)
{
    tape_at code = tape_get(t, 0, "code");
    struct str words = str_trim(fhir_words(t, code, a)), bare = fhir_code(t, code);
    struct str v = fhir_code(t, tape_get(t, 0, "verificationStatus"));
    const char *unsure = str_is(v, "unconfirmed") ? _(" (unconfirmed)")
                         : str_is(v, "presumed")  ? _(" (presumed)")
                                                  : "";

    if (!words.n && bare.n)
        return text_own(
            arena_fmt(a, _("code %s%s"), text_safe(a, bare, LIMIT_TEXT_CELL).s, unsure));
    return text_own(arena_fmt(
        a, "%s%s", words.n ? text_safe(a, words, LIMIT_TEXT_CELL).s : _("ALLERGEN NOT NAMED"),
        unsure));
}

/* REQ: the banner names what is live; an inactive one is only counted there. */
static int add_allergen(struct state *s, const struct tape *t)
{
    struct model_allergen *x;

    if (!s->names)
        return ERR_OK;
    if (t && str_is(fhir_code(t, tape_get(t, 0, "clinicalStatus")), "inactive")) {
        s->names->inactive++;
        return ERR_OK;
    }
    if (!(x = vec_push(&s->names->all)))
        return ERR_NOMEM;
    x->name = t ? allergen_name(t, s->names->a) : text_own(_("an entry that cannot be read"));
    x->order = (unsigned)s->names->all.n;
    /* Where only some of the names fit, the worst must be among them. */
    x->severe = !t || str_is(tape_plain(t, tape_get(t, 0, "criticality")), "high");
    return s->names->a->failed ? ERR_NOMEM : ERR_OK;
}

static int by_severity(const void *x, const void *y)
{
    const struct model_allergen *a = x, *b = y;

    if (a->severe != b->severe)
        return a->severe ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

const char *model_allergens_words(const struct model_allergens *n)
{
    const char *all = model_allergy_words(MODEL_ALLERGIES_KNOWN);

    if (!n->all.n && n->inactive)
        return arena_fmt(n->a, P_("%s: %u inactive", "%s: %u inactive", n->inactive), all,
                         n->inactive);
    VEC_EACH(const struct model_allergen, x, &n->all)
    {
        all = all ? arena_fmt(n->a, "%s%s %s", all, x == n->all.p ? ":" : ",", x->name.s) : NULL;
    }
    return all;
}

/* One that was named already, by the version beside it: as bad as the worse of the two. */
static bool named(struct state *s, const struct tape *t, size_t from)
{
    struct text name = s->names ? allergen_name(t, s->names->a) : text_own("");

    for (size_t i = from; s->names && i < s->names->all.n; i++) {
        struct model_allergen *x = vec_at(&s->names->all, i);

        if (strcmp(x->name.s, name.s))
            continue;
        x->severe = x->severe || str_is(tape_plain(t, tape_get(t, 0, "criticality")), "high");
        return true;
    }
    return false;
}

/* REQ: of a row in conflict an allergy on either side alerts. from: where the row's own names begin. */
static int count_beside(struct state *s, const struct store_row *r, size_t from)
{
    struct model_beside b;
    int code = model_beside_open(s->m, r, &b, s->e);

    if (!code && b.there && codes_allergy_read(&b.t) == CODES_ALLERGY_LIVE) {
        s->live = true;
        if (!named(s, &b.t, from))
            code = add_allergen(s, &b.t);
        if (code)
            err_set(s->e, code, 0, 0, "allergies");
    }
    model_beside_close(&b);
    return code;
}

static int count_row(void *arg, const struct store_row *r)
{
    struct state *s = arg;
    size_t from = s->names ? s->names->all.n : 0;
    struct tape t;
    int code = tape_parse(&t, r->bytes, s->e);

    if (code == ERR_NOMEM)
        return code;
    if (code) { /* what cannot be read may be an allergy: never "none known" over it */
        s->live = true;
        code = add_allergen(s, NULL);
        return code ? err_set(s->e, code, 0, 0, "allergies") : ERR_OK;
    }
    switch (codes_allergy_read(&t)) {
    case CODES_ALLERGY_LIVE:
        s->live = true;
        code = add_allergen(s, &t);
        break;
    case CODES_ALLERGY_NONE:
        s->none = true;
        break;
    default:
        break;
    }
    tape_fini(&t);
    return code ? err_set(s->e, code, 0, 0, "allergies") : count_beside(s, r, from);
}

/* No kind that is always kept is ever removed (fhir/kind.h); should one be, it is never "none known". */
static bool removed(struct model *m, struct str chart)
{
    struct model_lack l;
    bool yes;

    model_lack_init(&l);
    model_lack(m, chart, STR("allergies"), &l, NULL);
    yes = l.removed.n;
    return model_lack_fini(&l) || yes;
}

int model_allergy_state(struct model *m, struct str chart, enum model_allergy *out,
                        struct model_allergens *names, struct err *e)
{
    struct store_query q = {.type = STR("AllergyIntolerance"), .patient = chart, .bytes = true};
    struct state s = {.m = m, .names = names, .e = e};
    int64_t asof_ms = 0;
    int code = store_each(m->store, &q, count_row, &s, e);

    if (!code)
        code = store_asof(m->store, chart, STR("AllergyIntolerance"), &asof_ms, e);
    if (code)
        return code;
    if (names && names->all.n > 1)
        qsort(names->all.p, names->all.n, sizeof(struct model_allergen), by_severity);
    /* REQ: a real allergy outranks "none known"; a list that is not whole never says "none known"
     * or "not recorded"; nobody asked is not "none known". */
    if (s.live)
        *out = MODEL_ALLERGIES_KNOWN;
    else if ((!asof_ms || model_demanded(m, chart) || removed(m, chart)) &&
             !str_starts(chart, STORE_FILE_PREFIX))
        *out = MODEL_ALLERGIES_UNAVAILABLE;
    else
        *out = s.none ? MODEL_ALLERGIES_NONE_KNOWN : MODEL_ALLERGIES_NOT_RECORDED;
    return ERR_OK;
}

/* REQ CS-20: exactly these words, everywhere. */
const char *model_allergy_words(enum model_allergy s)
{
    static const char *const words[] = {N_("Known allergies"), N_("No known allergies"),
                                        N_("Allergies not recorded"), N_("Allergies unavailable")};

    return _(words[s]);
}

int model_allergy_rows(struct model *m, struct model_rows *rs, struct err *e)
{
    const enum model_allergy s = rs->who->allergies;
    struct model_row *row;

    (void)m;
    /* A statement of none says it in its own row. */
    if (s == MODEL_ALLERGIES_KNOWN || s == MODEL_ALLERGIES_NONE_KNOWN)
        return ERR_OK;
    row = model_rows_add(rs, -1);
    if (!row)
        return err_set(e, ERR_NOMEM, 0, 0, "rows");
    row->text = text_own(model_allergy_words(s));
    if (s == MODEL_ALLERGIES_UNAVAILABLE)
        row->text = text_own(_("Allergies unavailable - NOT FETCHED"));
    return ERR_OK;
}

/* --- one allergy ------------------------------------------------------------------------------ */

static const struct model_status allergy_status[] = {
    {"active", NULL, N_("active"), 0},
    {"inactive", N_("INACTIVE"), NULL, 2},
    {"resolved", N_("RESOLVED"), NULL, 3},
    {NULL, NULL, NULL, 1},
};

static void allergy_lead(struct model_fmt *f)
{
    struct str v = fhir_code(f->t, tape_get(f->t, 0, "verificationStatus"));

    if (str_is(v, "refuted")) {
        /* REQ: disproved, so never a live allergy */
        model_put(f, _("REFUTED: "));
        model_flag(f, _("refuted"));
        f->settled = true;
        f->rank = 4;
    }
}

/* The statement row says "no known allergies" only where the whole chart does. */
static bool put_statement(struct model_fmt *f)
{
    if (codes_allergy_said(f->t) != CODES_ALLERGY_NONE)
        return false;
    if (codes_allergy_read(f->t) == CODES_ALLERGY_VOID) {
        model_put(f, _("a statement that there were none"));
        return true;
    }
    f->settled = true;
    f->rank = f->who->allergies == MODEL_ALLERGIES_NONE_KNOWN ? -1 : 5;
    model_put(f, f->who->allergies == MODEL_ALLERGIES_NONE_KNOWN
                     ? _("No known allergies - asked, and none")
                 : f->who->allergies == MODEL_ALLERGIES_KNOWN
                     ? _("A statement that there were none: outranked, see the other rows")
                     : _("A statement that there were none; this list is not whole"));
    return true;
}

static void allergy_name(struct model_fmt *f)
{
    if (put_statement(f))
        return;
    if (codes_allergy_read(f->t) == CODES_ALLERGY_PARTIAL &&
        f->who->allergies == MODEL_ALLERGIES_KNOWN) {
        /* REQ: "no known drug allergy" never stands above the allergies as if it were one, or were true */
        model_put(f, _("OUTRANKED by the allergies beside it: "));
        f->rank = 5;
    }
    if (!model_put_concept(f, tape_get(f->t, 0, "code")))
        model_put(f, _("ALLERGEN NOT NAMED"));
}

static void put_reactions(struct model_fmt *f)
{
    static const struct model_code_word severities[] = {
        {"mild", N_("mild")}, {"moderate", N_("moderate")}, {"severe", N_("severe")}, {NULL, NULL}};
    tape_at list = tape_get(f->t, 0, "reaction");
    bool first = true;

    for (tape_at r = tape_first(f->t, list); r != TAPE_NONE;
         r = tape_next(f->t, list, r), first = false) {
        struct str severity = tape_plain(f->t, tape_get(f->t, r, "severity"));
        struct str said = str_trim(tape_str(f->t, tape_get(f->t, r, "description"), f->a));
        const char *words = model_code_word(severities, severity);

        if (first)
            model_sep(f);
        /* REQ CS-21: at once joined by +, separate events by a comma. */
        model_put(f, first ? "" : ", ");
        model_put_concepts(f, tape_get(f->t, r, "manifestation"), " + ");
        if (words) {
            model_put(f, " (");
            model_put(f, words);
            model_put(f, ")");
        }
        if (tape_get(f->t, r, "substance") != TAPE_NONE) {
            model_put(f, _(" to "));
            model_put_concept(f, tape_get(f->t, r, "substance"));
        }
        if (said.n) {
            model_put(f, " \"");
            model_put_server(f, said);
            model_put(f, "\"");
        }
    }
}

static void put_practitioner(struct model_fmt *f, const struct tape *t)
{
    struct buf name;

    buf_init(&name, LIMIT_TEXT_CELL);
    fhir_name_words(t, fhir_name(t, 0, f->who->now_ms), &name);
    model_put_server(f, buf_str(&name));
    f->out->failed = f->out->failed ? f->out->failed : name.failed;
    buf_fini(&name);
}

/* Who says so: "asserted by the patient", "recorded by Dr. Jane Miller"; nothing when nobody is named. */
static void put_source(struct model_fmt *f, const char *label, const char *member)
{
    tape_at at = tape_get(f->t, 0, member);
    struct str shown = str_trim(tape_str(f->t, tape_get(f->t, at, "display"), f->a)), type, id;
    struct str reference = tape_str(f->t, tape_get(f->t, at, "reference"), f->a);
    size_t before = f->out->n, named;

    model_sep(f);
    model_put(f, label);
    named = f->out->n;
    if (fhir_reference(reference, model_base(f->m, f->who), &type, &id) && str_eq(id, f->who->id) &&
        str_is(type, "Patient"))
        model_put(f, _("the patient"));
    else if (shown.n)
        model_put_server(f, shown);
    else if (reference.n)
        model_link(f, reference, "Practitioner", put_practitioner);
    if (f->out->n == named && !f->out->failed)
        f->out->n = before;
}

static void allergy_body(struct model_fmt *f)
{
    static const struct model_code_word criticality[] = {
        {"high", N_("criticality high")},
        {"low", N_("criticality low")},
        {"unable-to-assess", N_("criticality unable to assess")},
        {NULL, NULL},
    };
    static const struct model_code_word verification[] = {
        {"confirmed", N_("confirmed")},
        {"unconfirmed", N_("UNCONFIRMED: still a warning")},
        {"presumed", N_("PRESUMED: still a warning")},
        {NULL, NULL},
    };
    static const struct model_code_word types[] = {
        {"intolerance", N_("intolerance")}, {"allergy", N_("allergy")}, {NULL, NULL}};
    const char *words[3] = {
        model_code_word(criticality, tape_plain(f->t, tape_get(f->t, 0, "criticality"))),
        model_code_word(types, tape_plain(f->t, tape_get(f->t, 0, "type"))),
        model_code_word(verification, fhir_code(f->t, tape_get(f->t, 0, "verificationStatus"))),
    };
    struct str last = tape_plain(f->t, tape_get(f->t, 0, "lastOccurrence"));

    if (codes_allergy_read(f->t) == CODES_ALLERGY_NONE)
        return;
    put_reactions(f);
    for (int i = 0; i < 3; i++)
        if (words[i]) {
            model_sep(f);
            model_put(f, words[i]);
        }
    if (last.n) {
        model_sep(f);
        model_put(f, _("last "));
        model_put_date(f, last);
    }
    put_source(f, _("asserted by "), "asserter");
    put_source(f, _("recorded by "), "recorder");
    model_put_notes(f);
}

static const struct model_formatter formatters[] = {
    {"AllergyIntolerance", allergy_lead, allergy_name, allergy_body, allergy_status, false},
    {NULL, NULL, NULL, NULL, NULL, false},
};

const struct model_formatter *model_formatters_allergies(void)
{
    return formatters;
}
