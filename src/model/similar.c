/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Patients who are easily taken for one another, side by side: who was seen where and by whom tells them apart when
 * name and birth date do not.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fhir/index.h"
#include "model/priv.h"
#include "model/scope.h"

/* --- names of places and people ---------------------------------------------------------------- */

static struct text name_in(const struct tape *t, int64_t now_ms, struct arena *a)
{
    tape_at name = tape_get(t, 0, "name");

    if (tape_is(t, name, TAPE_STRING))
        return text_safe(a, str_trim(tape_str(t, name, a)), LIMIT_TEXT_CELL);
    return name == TAPE_NONE ? (struct text){"", 0, 0} : model_name_text(t, now_ms, a);
}

struct text model_named(struct model *m, const struct model_person *who, const struct tape *t, tape_at reference,
                        struct arena *a)
{
    struct text name = text_safe(a, str_trim(tape_str(t, tape_get(t, reference, "display"), a)), LIMIT_TEXT_CELL);
    struct str type, id, ref = tape_str(t, tape_get(t, reference, "reference"), a);
    const char *key;
    struct buf raw;
    struct tape named;

    if (name.n || !fhir_reference(ref, model_base(m, who), &type, &id) || !type.n)
        return name;
    key = arena_fmt(a, "%s%.*s", who->file ? STORE_FILE_PREFIX : "", STR_ARG(id));
    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    if (key && store_has(m->store, type, str_of(key), STR("")) &&
        !store_get(m->store, type, str_of(key), &raw, NULL) && !tape_parse(&named, buf_str(&raw), NULL)) {
        name = name_in(&named, who->now_ms, a);
        tape_fini(&named);
    }
    buf_fini(&raw);
    return name;
}

/* --- the last visit ------------------------------------------------------------------------------ */

struct visiting {
    struct model *m;
    const struct model_person *who;
    struct model_alike *out;
    struct arena *a;
    struct err *e;
    bool found;
};

static struct text place(struct visiting *v, const struct tape *t)
{
    tape_at list = tape_get(t, 0, "location"), last = TAPE_NONE;

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i))
        last = i;
    if (last != TAPE_NONE) {
        struct text name = model_named(v->m, v->who, t, tape_get(t, last, "location"), v->a);

        if (name.n)
            return name;
    }
    return model_named(v->m, v->who, t, tape_get(t, 0, "serviceProvider"), v->a);
}

static struct text clinician(struct visiting *v, const struct tape *t)
{
    tape_at list = tape_get(t, 0, "participant");

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        struct text name = model_named(v->m, v->who, t, tape_get(t, i, "individual"), v->a);

        if (name.n)
            return name;
    }
    return (struct text){"", 0, 0};
}

/* The newest that has begun and took place, by what is of this patient by its own reference. */
static int take_visit(void *arg, const struct store_row *r)
{
    static const char *const never[] = {"planned", "cancelled", "entered-in-error"};
    struct visiting *v = arg;
    struct text where, by;
    char when[DATE_TEXT_MAX];
    struct date d;
    struct tape t;
    bool own = false;
    int code;

    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (str_is(r->status, never[i]))
            return ERR_OK;
    if (r->date_ms == FHIR_NO_DATE || r->date_ms > v->who->now_ms || !date_parse(r->date, &d))
        return ERR_OK;
    if (tape_parse(&t, r->bytes, NULL))
        return ERR_OK;
    code = model_own(v->m, v->who, r, &t, &own);
    if (!code && own) {
        v->found = true;
        d = d.precision == DATE_MINUTE ? (struct date){DATE_DAY, d.year, d.month, d.day, 0, 0, 0, 0, 0} : d;
        date_text(&d, when);
        where = place(v, &t);
        by = clinician(v, &t);
        v->out->visit = text_own(where.n ? arena_fmt(v->a, _("last visit %s, %s"), when, where.s)
                                         : arena_fmt(v->a, _("last visit %s, place not recorded"), when));
        if (by.n)
            v->out->clinician = by;
    }
    tape_fini(&t);
    return code ? code : v->found; /* not 0: no more of them, of a chart that may have thousands */
}

static int last_visit(struct model *m, const struct model_person *who, struct model_alike *out, struct arena *a,
                      struct err *e)
{
    struct store_query q = {.type = STR("Encounter"), .patient = str_of(who->chart), .bytes = true,
                            .newest_first = true};
    struct visiting v = {.m = m, .who = who, .out = out, .a = a, .e = e};
    struct buf missing;
    int code;

    out->visit = text_own(_("no visit recorded"));
    code = store_each(m->store, &q, take_visit, &v, e);
    code = code > 0 ? ERR_OK : code;
    buf_init(&missing, 1024);
    /* REQ: what was not fetched is not the same as nothing. */
    if (!code && !v.found && !model_fetched(m, str_of(who->chart), STR("encounters"), &missing, NULL, NULL))
        out->visit = text_own(_("visits NOT FETCHED"));
    buf_fini(&missing);
    return code;
}

static int read_alike(struct model *m, const struct model_listed *x, struct arena *a, struct model_alike *out,
                      struct err *e)
{
    struct model_person who;
    struct buf raw;
    struct tape t;
    int code = model_listed_row(m, x, STR(""), a, &out->who, e);

    if (code || (code = model_patient_open(m, str_of(x->chart), &raw, &t, e)))
        return code;
    model_person_read(m, str_of(x->chart), &t, a, &who);
    code = last_visit(m, &who, out, a, e);
    if (!out->clinician.n) /* the patient's own stands where no visit names one */
        out->clinician = model_named(m, &who, &t, tape_first(&t, tape_get(&t, 0, "generalPractitioner")), a);
    if (!out->clinician.n)
        out->clinician = text_own(_("no clinician recorded"));
    tape_fini(&t);
    buf_fini(&raw);
    return code;
}

/* By name and chart, wherever the one stands that was asked for: no place is hers. */
static int by_name(const void *a, const void *b)
{
    const struct model_alike *x = a, *y = b;
    int d = strcmp(x->who.name.s, y->who.name.s);

    return d ? d : strcmp(x->who.chart, y->who.chart);
}

int model_similar(struct model *m, struct str chart, struct model_similar *out, struct err *e)
{
    struct vec found;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 64u << 20);
    vec_init(&found, sizeof(struct model_listed), 1000);
    code = store_patient(m->store, chart, model_listed_take, &found, e);
    if (!code)
        code = store_similar(m->store, chart, model_listed_take, &found, e);
    if (!code && !(out->rows = arena_alloc(&out->arena, (found.n + 1) * sizeof *out->rows)))
        code = err_set(e, ERR_NOMEM, 0, 0, "similar");
    if (!code && found.n < 2) /* nobody is: nothing has to be read */
        out->n = (unsigned)found.n;
    for (size_t i = 0; !code && found.n > 1 && i < found.n; i++) {
        code = read_alike(m, vec_at(&found, i), &out->arena, &out->rows[out->n], e);
        if (code == ERR_NOTFOUND)
            code = ERR_OK;
        else if (!code)
            out->n++;
    }
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "similar");
    if (!code && out->n > 1)
        qsort(out->rows, out->n, sizeof *out->rows, by_name);
    vec_fini(&found);
    if (code)
        model_similar_fini(out);
    return code;
}

void model_similar_fini(struct model_similar *s)
{
    arena_fini(&s->arena);
    memset(s, 0, sizeof *s);
}
