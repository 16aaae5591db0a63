/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who the chart is of: the words of banner and worklist, made in one place so that they cannot
 * differ.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "model/priv.h"

int model_patient_open(struct model *m, struct str chart, struct buf *raw, struct tape *t,
                       struct err *e)
{
    int code;

    *t = (struct tape){0};
    buf_init(raw, LIMIT_RESOURCE_BYTES);
    /* A file's patient never stands in for a server's: the two are different charts. */
    if (!chart.n || (!str_starts(chart, STORE_FILE_PREFIX) &&
                     !store_has(m->store, STR("Patient"), chart, STR(""))))
        return err_set(e, ERR_NOTFOUND, 0, 0, "patient");
    code = store_get(m->store, STR("Patient"), chart, raw, e);
    if (!code)
        code = tape_parse(t, buf_str(raw), e);
    if (code)
        buf_fini(raw);
    return code;
}

/* A date as it was sent, if it is none that R4 allows; else "". */
static struct str bad_date(const struct tape *t, tape_at at, struct arena *a)
{
    struct date d;

    if (at == TAPE_NONE || date_parse(tape_plain(t, at), &d))
        return STR("");
    return tape_is(t, at, TAPE_STRING) ? arena_str(a, str_trim(tape_str(t, at, a)))
                                       : arena_str(a, tape_raw(t, at));
}

static void read_death(const struct tape *t, struct arena *a, struct model_person *p)
{
    struct fhir_choice d = fhir_choice(t, 0, "deceased");

    if (str_is(d.type, "Boolean"))
        p->dead = tape_true(t, d.at);
    else if (str_is(d.type, "DateTime")) {
        p->dead = true;
        date_parse(tape_plain(t, d.at), &p->death);
        p->died_bad = bad_date(t, d.at, a);
    }
}

void model_person_read(struct model *m, struct str chart, const struct tape *t, struct arena *a,
                       struct model_person *p)
{
    *p = (struct model_person){.file = str_starts(chart, STORE_FILE_PREFIX),
                               .now_ms = clock_wall_ms(&m->clock)};
    snprintf(p->chart, sizeof p->chart, "%.*s", STR_ARG(chart));
    p->id = arena_str(a, tape_plain(t, tape_get(t, 0, "id")));
    p->today = date_today(p->now_ms);
    p->sex = arena_str(a, tape_plain(t, tape_get(t, 0, "gender")));
    date_parse(tape_plain(t, tape_get(t, 0, "birthDate")), &p->birth);
    p->born_bad = bad_date(t, tape_get(t, 0, "birthDate"), a);
    read_death(t, a, p);
}

int model_person_open(struct model *m, struct str chart, struct arena *a, struct model_person **who, struct err *e)
{
    struct buf raw;
    struct tape t;
    int code = model_patient_open(m, chart, &raw, &t, e);

    if (code)
        return code;
    if ((*who = arena_alloc(a, sizeof **who)))
        model_person_read(m, chart, &t, a, *who);
    else
        code = err_set(e, ERR_NOMEM, 0, 0, "patient");
    tape_fini(&t);
    buf_fini(&raw);
    return code;
}

struct text model_name_text(const struct tape *t, int64_t now_ms, struct arena *a)
{
    struct text name = {0};
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    fhir_name_words(t, fhir_name(t, 0, now_ms), &b);
    if (b.n)
        name = text_safe(a, buf_str(&b), LIMIT_TEXT_CELL);
    a->failed = a->failed || b.failed; /* REQ: a name is whole or it is none */
    buf_fini(&b);
    /* Unknown stands as words, never as "?" or as a blank. */
    return name.n ? name : text_own(_("Name not recorded"));
}

void model_age(const struct date *birth, const struct date *on, char out[32])
{
    struct date_age age;
    const char *about = "";

    out[0] = '\0';
    if (!date_age(birth, on, &age))
        return;
    if (age.approximate)
        about = "~";
    /* TRANSLATORS: ages: 42 years, 14 months, 9 days */
    if (age.years >= 2 || age.approximate)
        snprintf(out, 32, _("%s%dy"), about, age.years);
    else if (age.years || age.months)
        snprintf(out, 32, _("%dm"), age.years * 12 + age.months);
    else
        snprintf(out, 32, _("%dd"), age.days);
}

struct text model_born_text(const struct model_person *p, struct arena *a)
{
    char when[DATE_TEXT_MAX], age[32], *s;

    /* REQ: what cannot be read is there all the same, and is shown as it came */
    if (p->born_bad.n)
        return text_own(
            arena_fmt(a, _("UNREADABLE: %s"), text_safe(a, p->born_bad, 64).s));
    if (p->birth.precision == DATE_NONE)
        return text_own(_("not recorded"));
    date_text(&p->birth, when);
    /* Of somebody who has died none is said here: the banner says the age at death. */
    age[0] = '\0';
    if (!p->dead)
        model_age(&p->birth, &p->today, age);
    if (p->birth.precision < DATE_DAY) /* REQ: no day is made up, and what is not known to the day says so */
        /* TRANSLATORS: a birth date of which the day is not known, then the age: "~1984 (est) ~42y" */
        s = arena_fmt(a, _("~%s (est)%s%s"), when, age[0] ? " " : "", age);
    else
        s = age[0] ? arena_fmt(a, "%s (%s)", when, age) : arena_fmt(a, "%s", when);
    return text_own(s ? s : "");
}

struct text model_sex_text(const struct model_person *p, struct arena *a)
{
    static const struct model_code_word words[] = {{"male", N_("Male")},
                                                   {"female", N_("Female")},
                                                   {"other", N_("Other")},
                                                   {"unknown", N_("Unknown")},
                                                   {NULL, NULL}};
    const char *w = model_code_word(words, p->sex);

    if (w)
        return text_own(w);
    return p->sex.n ? text_safe(a, p->sex, 64) : text_own(_("not recorded"));
}

/* How well an identifier serves as the number of a patient. A medical record number is what it is
 * for; numbers that the state gave are nobody's business on a screen that others see. */
static int number_rank(const struct tape *t, tape_at id)
{
    static const char *const last[] = {"SS", "DL", "PPN", "NI", "TAX", "SB"};
    tape_at type = tape_get(t, id, "type");

    if (fhir_has_code(t, type, NULL, "MR"))
        return 0;
    for (size_t i = 0; i < sizeof last / sizeof *last; i++)
        if (fhir_has_code(t, type, NULL, last[i]))
            return 3;
    return tape_str_is(t, tape_get(t, id, "use"), "usual") ? 1 : 2;
}

tape_at model_number(const struct tape *t, int64_t now_ms)
{
    tape_at best = TAPE_NONE;

    for (tape_at i = TAPE_NONE; (i = fhir_identifier_next(t, 0, i, now_ms)) != TAPE_NONE;)
        if (best == TAPE_NONE || number_rank(t, i) < number_rank(t, best))
            best = i;
    return best;
}

/* --- other records of the same person --------------------------------------------------------- */

bool model_is_test(const struct tape *t)
{
    return fhir_has_code(t, tape_get(t, tape_get(t, 0, "meta"), "security"),
                         "http://terminology.hl7.org/CodeSystem/v3-ActReason", "HTEST");
}

/* What its own resource says of it; false when that is not here. */
static bool other_words(struct model *m, const char *chart, int64_t now_ms, struct arena *a,
                        struct model_other *out)
{
    struct text number;
    struct tape t;
    struct buf raw;
    tape_at i;
    int code = model_patient_open(m, str_of(chart), &raw, &t, NULL);

    a->failed = a->failed || code == ERR_NOMEM; /* not here, and no memory to look, are not the same */
    if (code)
        return false;
    i = model_number(&t, now_ms);
    number = i == TAPE_NONE ? out->number
                            : text_safe(a, str_trim(tape_str(&t, tape_get(&t, i, "value"), a)), 64);
    if (i != TAPE_NONE)
        out->number = text_own(arena_fmt(a, _("No. %s"), number.s));
    out->words = text_own(arena_fmt(a, "%s %s", model_name_text(&t, now_ms, a).s, number.s));
    tape_fini(&t);
    buf_fini(&raw);
    return true;
}

bool model_linked_patient(struct model *m, const struct model_person *who, const struct tape *t,
                          const char *type, struct arena *a, struct model_other *out)
{
    tape_at links = tape_get(t, 0, "link");
    struct str kind, id, reference;
    const char *chart;

    for (tape_at l = tape_first(t, links); l != TAPE_NONE; l = tape_next(t, links, l)) {
        if (!tape_str_is(t, tape_get(t, l, "type"), type))
            continue;
        reference = tape_str(t, tape_path(t, l, "other.reference"), a);
        *out = (struct model_other){text_own(_("another one")), text_own(_("another one"))};
        if (!fhir_reference(reference, model_base(m, who), &kind, &id)) {
            if (reference.n) /* of another server: as it was sent */
                out->words = out->number = text_safe(a, reference, 128);
            return true;
        }
        out->number = text_own(arena_fmt(a, _("ID %.*s"), STR_ARG(id)));
        out->words = out->number;
        chart = arena_fmt(a, "%s%.*s", who->file ? STORE_FILE_PREFIX : "", STR_ARG(id));
        if (m->store && chart)
            other_words(m, chart, who->now_ms, a, out);
        return true;
    }
    return false;
}
