/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cover: what must be seen first. Beside flags and consents, which are its own kinds: the
 * allergy state, a pregnancy with its expected date, and how much is active.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "model/priv.h"

#define LOINC "http://loinc.org"
#define SNOMED "http://snomed.info/sct"

static int add_words(struct model_rows *rs, int rank, const char *words, struct err *e)
{
    struct model_row *row = words ? model_rows_add(rs, rank) : NULL;

    if (!row)
        return err_set(e, ERR_NOMEM, 0, 0, "cover");
    row->text = text_own(words);
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
        code = add_words(rs, -1, words, e);
    model_allergens_fini(&names);
    return code;
}

/* --- pregnancy ----------------------------------------------------------------------------------
 */

struct pregnancy {
    struct model *m;
    struct model_rows *rs;
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

/* LOINC 11778-8, Delivery date Estimated. */
static int find_due(void *arg, const struct store_row *r)
{
    struct pregnancy *p = arg;
    struct fhir_choice v;
    struct date due;
    struct tape t;
    bool own;
    int code = tape_parse(&t, r->bytes, NULL);

    if (code)
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
    tape_fini(&t);
    return code;
}

/* REQ: the date of an earlier pregnancy is never shown as this one's: it must lie behind the day on
 * which the active one was recorded; without an active one it must still be ahead (six weeks of
 * grace). */
static bool due_counts(const struct pregnancy *p)
{
    const int64_t grace = 42LL * 86400000;

    if (p->due.precision == DATE_NONE)
        return false;
    if (p->active && p->since_ms != FHIR_NO_DATE)
        return date_ms(&p->due) > p->since_ms;
    return date_ms(&p->due) + grace > p->rs->who->now_ms;
}

static int pregnancy_rows(struct model *m, struct model_rows *rs, struct err *e)
{
    struct pregnancy p = {.m = m, .rs = rs, .since_ms = FHIR_NO_DATE, .taken_ms = FHIR_NO_DATE};
    struct store_query q = {
        .type = STR("Condition"), .patient = str_of(rs->who->chart), .bytes = true};
    char when[DATE_TEXT_MAX];
    struct model_row *row;
    int code = store_each(m->store, &q, find_pregnancy, &p, e);

    q.type = STR("Observation");
    if (!code)
        code = store_each(m->store, &q, find_due, &p, e);
    if (code)
        return code;
    if (p.active && !due_counts(&p))
        return add_words(rs, 3, _("Pregnant: expected date of delivery not recorded"), e);
    if (!due_counts(&p))
        return ERR_OK;
    row = model_rows_add(rs, 3);
    if (!row)
        return err_set(e, ERR_NOMEM, 0, 0, "cover");
    date_text(&p.due, when);
    snprintf(row->type, sizeof row->type, "Observation");
    memcpy(row->id, p.id, sizeof row->id);
    row->text = text_own(
        arena_fmt(rs->keep,
                  p.active ? _("Pregnant: expected date of delivery %s%s")
                           : _("Expected date of delivery %s%s"),
                  when, date_ms(&p.due) < rs->who->now_ms ? _(" (that day has passed)") : ""));
    return ERR_OK;
}

/* --- counts -------------------------------------------------------------------------------------
 */

/* Rows of a section in its first ranks, and whether the section is whole. */
static int count_rows(struct model *m, struct model_rows *rs, const char *section, int ranks,
                      unsigned *n, bool *whole, struct err *e)
{
    struct arena a;
    struct model_rows sub = {.keep = &a, .who = rs->who};
    struct buf missing;
    int code;

    *n = 0;
    arena_init(&a, (size_t)256 << 20);
    buf_init(&missing, 4096);
    vec_init(&sub.rows, sizeof(struct model_sorted), 200000);
    *whole = model_fetched(m, str_of(rs->who->chart), str_of(section), &missing, NULL, e);
    code = model_rows_fill(m, str_of(section), &sub, e);
    VEC_EACH(const struct model_sorted, s, &sub.rows)
    {
        if (s->rank >= 0 && s->rank < ranks)
            (*n)++;
    }
    vec_fini(&sub.rows);
    buf_fini(&missing);
    arena_fini(&a);
    return code;
}

static int counts(struct model *m, struct model_rows *rs, struct err *e)
{
    unsigned n;
    bool whole;
    int code = count_rows(m, rs, "problems", 1, &n, &whole, e);

    if (!code)
        code = add_words(rs, 4,
                         arena_fmt(rs->keep,
                                   whole ? _("Problems: %u active")
                                         : _("Problems: %u active here, NOT FETCHED in full"),
                                   n),
                         e);
    if (!code)
        code = count_rows(m, rs, "medicines", 2, &n, &whole, e);
    if (!code)
        code = add_words(
            rs, 5,
            arena_fmt(rs->keep,
                      whole ? _("Medicines: %u active or on hold")
                            : _("Medicines: %u active or on hold here, NOT FETCHED in full"),
                      n),
            e);
    return code;
}

int model_cover_rows(struct model *m, struct model_rows *rs, struct err *e)
{
    int code = allergy_row(m, rs, e);

    if (!code)
        code = pregnancy_rows(m, rs, e);
    if (!code)
        code = counts(m, rs, e);
    return code;
}
