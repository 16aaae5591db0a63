/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What must be seen on a cover whatever else is there, beside flags and consents, which are its own kinds: the allergy
 * state, critical results, a pregnancy with its expected date.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "model/priv.h"

#define LOINC "http://loinc.org"
#define SNOMED "http://snomed.info/sct"

/* section: whose sum the words are; NULL: of none. n: of how many things they speak. */
static int add_words(struct model_rows *rs, int rank, const char *section, const char *words, unsigned n,
                     struct err *e)
{
    struct model_row *row = words ? model_rows_add(rs, rank) : NULL;

    if (!row)
        return err_set(e, ERR_NOMEM, 0, 0, "cover");
    row->text = text_own(words);
    row->stands_for = n;
    row->must = true;
    row->goes_to = section ? kind_section_find(str_of(section)) : NULL;
    return ERR_OK;
}

static int allergy_row(struct model *m, struct model_rows *rs, struct err *e)
{
    const char *words = model_allergy_words(rs->who->allergies);
    enum model_allergy state;
    struct model_allergens names;
    int code;

    model_allergens_init(&names, rs->keep);
    code = model_allergy_state(m, str_of(rs->who->chart), &state, &names, e);
    if (!code && rs->who->allergies == MODEL_ALLERGIES_UNAVAILABLE)
        words = _("Allergies unavailable - NOT FETCHED");
    else if (!code && rs->who->allergies == MODEL_ALLERGIES_KNOWN)
        words = model_allergens_words(&names);
    if (!code)
        code = add_words(rs, -1, "allergies", words,
                         rs->who->allergies == MODEL_ALLERGIES_KNOWN ? (unsigned)names.all.n : 0, e);
    model_allergens_fini(&names);
    return code;
}

/* --- pregnancy -------------------------------------------------------------------------------- */

#define CRITICAL_ROWS 5
struct criticals {
    struct model *m;
    struct model_rows *rs;
    struct model_row row[CRITICAL_ROWS]; /* newest first */
    unsigned n, all;
};
static int keep_critical(struct criticals *k, const struct store_row *r, const struct tape *t);
static int critical_rows(struct model_rows *rs, const struct criticals *k, struct err *e);

struct pregnancy {
    struct model *m;
    struct model_rows *rs;
    struct criticals critical; /* found in the same walk over all observations */
    bool active;
    int64_t since_ms; /* of the active one; FHIR_NO_DATE: not recorded */
    int64_t taken_ms; /* of the newest EDD that may be this pregnancy's */
    char id[80];
    struct date due;
};

static bool is_pregnancy(const struct tape *t)
{
    static const char *const codes[] = {"77386006", "72892002", "47200007",
                                        "9899009",  "16356006", "237238006"};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (fhir_has_code(t, tape_get(t, 0, "code"), SNOMED, codes[i]))
            return true;
    return false;
}

static int find_pregnancy(void *arg, const struct store_row *r)
{
    struct pregnancy *p = arg;
    struct model_row row;
    struct arena a;
    struct tape t;
    int rank, code = tape_parse(&t, r->bytes, NULL);

    if (code)
        return code == ERR_NOMEM ? code : ERR_OK;
    arena_init(&a, LIMIT_RESOURCE_BYTES);
    if (is_pregnancy(&t) &&
        !(code = model_format(p->m, p->rs->who, r, &t, &a, &row, &rank, NULL)) && rank == 0) {
        p->active = true;
        if (p->since_ms == FHIR_NO_DATE || (r->date_ms != FHIR_NO_DATE && r->date_ms > p->since_ms))
            p->since_ms = r->date_ms;
    }
    arena_fini(&a);
    tape_fini(&t);
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

/* A chart holds thousands of results, and hardly one that is critical: most are told by their bytes. */
static bool may_matter(struct str bytes)
{
    static const char *const marks[] = {"11778-8", "\"HH\"", "\"LL\"", "\"AA\""};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (memmem(bytes.p, bytes.n, marks[i], strlen(marks[i])))
            return true;
    return false;
}

/* Every observation, once. LOINC 11778-8, Delivery date Estimated. */
static int look_at(void *arg, const struct store_row *r)
{
    struct pregnancy *p = arg;
    struct fhir_choice v;
    struct date due;
    struct tape t;
    bool own;
    int code;

    if (!may_matter(r->bytes))
        return ERR_OK;
    if ((code = tape_parse(&t, r->bytes, NULL)))
        return code == ERR_NOMEM ? code : ERR_OK;
    v = fhir_choice(&t, 0, "value");
    if (fhir_has_code(&t, tape_get(&t, 0, "code"), LOINC, "11778-8") &&
        !str_is(r->status, "entered-in-error") && !str_is(r->status, "cancelled") &&
        str_is(v.type, "DateTime") && date_parse(tape_plain(&t, v.at), &due) &&
        r->date_ms >= p->taken_ms && !(code = model_own(p->m, p->rs->who, r, &t, &own)) && own) {
        p->taken_ms = r->date_ms;
        p->due = due;
        snprintf(p->id, sizeof p->id, "%.*s", STR_ARG(r->id));
    }
    if (!code)
        code = keep_critical(&p->critical, r, &t);
    tape_fini(&t);
    return code;
}

/* REQ: the date of an earlier pregnancy is never shown as this one's: it must lie behind the day on
 * which the active one was recorded; without an active one it must still be ahead (six weeks of
 * grace). */
static bool due_counts(const struct pregnancy *p)
{
    const int64_t grace = 42LL * DATE_DAY_MS;

    if (p->due.precision == DATE_NONE)
        return false;
    if (p->active && p->since_ms != FHIR_NO_DATE)
        return date_ms(&p->due) > p->since_ms;
    return date_ms(&p->due) + grace > p->rs->who->now_ms;
}

/* REQ: a date that may stand in what is not here is not one that nobody recorded. */
static bool results_are_here(struct model *m, const char *chart)
{
    struct model_lack l;
    bool whole;

    model_lack_init(&l);
    whole = model_lack(m, str_of(chart), STR("labs"), &l, NULL);
    return !model_lack_fini(&l) && whole;
}

static int found_rows(struct model *m, struct model_rows *rs, struct err *e)
{
    struct pregnancy p = {.m = m, .rs = rs, .since_ms = FHIR_NO_DATE, .taken_ms = FHIR_NO_DATE,
                          .critical = {.m = m, .rs = rs}};
    struct store_query q = {
        .type = STR("Condition"), .patient = str_of(rs->who->chart), .bytes = true};
    char when[DATE_TEXT_MAX];
    struct model_row *row;
    int code = store_each(m->store, &q, find_pregnancy, &p, e);

    q.type = STR("Observation");
    if (!code)
        code = store_each(m->store, &q, look_at, &p, e);
    if (!code)
        code = critical_rows(rs, &p.critical, e);
    if (code)
        return code;
    if (p.active && !due_counts(&p))
        return add_words(rs, 3, "problems",
                         results_are_here(m, rs->who->chart)
                             ? _("Pregnant: expected date of delivery not recorded")
                             : _("Pregnant: expected date of delivery unavailable - results are not all here"),
                         1, e);
    if (!due_counts(&p))
        return ERR_OK;
    row = model_rows_add(rs, 3);
    if (!row)
        return err_set(e, ERR_NOMEM, 0, 0, "cover");
    row->must = true;
    date_text(&p.due, when);
    snprintf(row->type, sizeof row->type, "Observation");
    memcpy(row->id, p.id, sizeof row->id);
    row->goes_to = kind_section_find(STR("labs"));
    row->text = text_own(
        arena_fmt(rs->keep,
                  p.active ? _("Pregnant: expected date of delivery %s%s")
                           : _("Expected date of delivery %s%s"),
                  when, date_ms(&p.due) < rs->who->now_ms ? _(" (that day has passed)") : ""));
    return ERR_OK;
}

/* --- critical results ------------------------------------------------------------------------- */

static bool critical(const struct tape *t, tape_at object)
{
    static const char *const codes[] = {"HH", "LL", "AA"};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (fhir_has_code(t, tape_get(t, object, "interpretation"), NULL, codes[i]))
            return true;
    return false;
}

static bool is_critical(const struct tape *t)
{
    tape_at parts = tape_get(t, 0, "component");

    if (critical(t, 0))
        return true;
    for (tape_at c = tape_first(t, parts); c != TAPE_NONE; c = tape_next(t, parts, c))
        if (critical(t, c))
            return true;
    return false;
}

/* Keeps the newest; the row that an older one leaves stays in the arena. */
static int keep_critical(struct criticals *k, const struct store_row *r, const struct tape *t)
{
    const int64_t year = 366LL * DATE_DAY_MS;
    unsigned at = k->n < CRITICAL_ROWS ? k->n : CRITICAL_ROWS - 1;
    struct model_row row;
    bool own;
    int rank, code;

    if (!str_is(r->status, "final") && !str_is(r->status, "corrected") &&
        !str_is(r->status, "amended"))
        return ERR_OK;
    if (r->date_ms == FHIR_NO_DATE || r->date_ms < k->rs->who->now_ms - year || !is_critical(t))
        return ERR_OK;
    if ((code = model_own(k->m, k->rs->who, r, t, &own)) || !own)
        return code;
    k->all++;
    if (k->n == CRITICAL_ROWS && k->row[at].sort_ms >= r->date_ms)
        return ERR_OK;
    code = model_format(k->m, k->rs->who, r, t, k->rs->keep, &row, &rank, NULL);
    if (code)
        return code == ERR_NOTFOUND ? ERR_OK : code;
    /* TRANSLATORS: before a result of which the laboratory says that it is critical */
    row.text = text_own(arena_fmt(k->rs->keep, _("CRITICAL RESULT: %s"), row.text.s));
    row.goes_to = kind_section_find(r->section);
    for (; at && k->row[at - 1].sort_ms < row.sort_ms; at--)
        k->row[at] = k->row[at - 1];
    k->row[at] = row;
    k->n += k->n < CRITICAL_ROWS;
    return ERR_OK;
}

static int critical_rows(struct model_rows *rs, const struct criticals *k, struct err *e)
{
    for (unsigned i = 0; i < k->n; i++) {
        struct model_row *row = model_rows_add(rs, 2);

        if (!row)
            return err_set(e, ERR_NOMEM, 0, 0, "cover");
        *row = k->row[i];
        row->must = true;
    }
    if (k->all <= k->n)
        return ERR_OK;
    /* REQ: what has no room by name is at least said. */
    return add_words(rs, 2, "labs",
                     arena_fmt(rs->keep,
                               P_("CRITICAL RESULTS: %u more in the last 12 months",
                                  "CRITICAL RESULTS: %u more in the last 12 months", k->all - k->n),
                               k->all - k->n),
                     k->all - k->n, e);
}

int model_alert_rows(struct model *m, struct model_rows *rs, struct err *e)
{
    int code = allergy_row(m, rs, e);

    return code ? code : found_rows(m, rs, e);
}
