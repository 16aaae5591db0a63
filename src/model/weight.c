/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The weight that stands in the banner, with its day: doses are reckoned by it.
 */
#include "config.h"

#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "model/priv.h"

#define LOINC "http://loinc.org"
#define BODY_WEIGHT "29463-7"
#define FOUND 1 /* ends the walk: newer ones come first */

struct weighing {
    struct model *m;
    const struct model_person *who;
    struct arena *a;
    struct model_weight *out;
    int64_t at_ms; /* of the one found; FHIR_NO_DATE: none, or an undated one */
};

/* Statuses of an Observation under which its value was measured and stands. */
static bool stands(struct str status)
{
    static const char *const codes[] = {"final", "amended", "corrected", "preliminary", "unknown"};

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_is(status, codes[i]))
            return true;
    return false;
}

/* What a dose is reckoned by: a weight in kg, with nothing before its number. */
static void put_kg(struct weighing *w, const struct tape *t, tape_at quantity)
{
    struct fhir_quantity q = fhir_quantity(t, quantity, w->a), kg = {.unit = STR("kg")};

    w->out->kg = STR("");
    w->out->day = (struct date){.precision = DATE_NONE};
    if (!q.comparator.n && !model_unit_clash(&q) && model_same_unit(&q, &kg))
        w->out->kg = arena_str(w->a, q.value);
}

static int put_weight(struct weighing *w, const struct store_row *r, const struct tape *t, tape_at quantity)
{
    struct arena a;
    struct buf out;
    struct model_fmt f = {.m = w->m, .who = w->who, .t = t, .a = &a, .keep = w->a, .out = &out};
    char when[DATE_TEXT_MAX];
    struct date d;

    arena_init(&a, LIMIT_RESOURCE_BYTES);
    buf_init(&out, LIMIT_RESOURCE_BYTES);
    model_put_result(&f, quantity);
    w->out->value = text_safe(w->a, buf_str(&out), LIMIT_TEXT_CELL); /* a unit of kilobytes closes no chart */
    if (date_parse(r->date, &d)) {
        if (d.precision > DATE_DAY)
            d.precision = DATE_DAY;
        date_text(&d, when);
        w->out->date = text_safe(w->a, str_of(when), 0);
    } else {
        w->out->date = text_own(_("no date"));
    }
    w->out->unsent = r->unsent;
    put_kg(w, t, quantity);
    if (date_parse(r->date, &d))
        w->out->day = d;
    w->at_ms = r->date_ms;
    w->a->failed = w->a->failed || out.failed || a.failed;
    buf_fini(&out);
    arena_fini(&a);
    return w->a->failed ? ERR_NOMEM : r->date_ms == FHIR_NO_DATE ? ERR_OK : FOUND;
}

/* Undated ones come first and are taken only as long as there is no other. */
static int look_at(void *arg, const struct store_row *r)
{
    struct weighing *w = arg;
    struct tape t;
    tape_at quantity;
    bool own = false;
    int code;

    if (r->date_ms != FHIR_NO_DATE && r->date_ms <= w->at_ms)
        return FOUND;
    /* A chart may hold thousands of results and no weight: most are told by their bytes. */
    if (!stands(r->status) || (r->date_ms != FHIR_NO_DATE && r->date_ms > w->who->now_ms + DATE_DAY_MS) ||
        !memmem(r->bytes.p, r->bytes.n, BODY_WEIGHT, sizeof BODY_WEIGHT - 1))
        return ERR_OK;
    if ((code = tape_parse(&t, r->bytes, NULL)))
        return code == ERR_NOMEM ? code : ERR_OK;
    quantity = tape_get(&t, 0, "valueQuantity");
    if (fhir_has_code(&t, tape_get(&t, 0, "code"), LOINC, BODY_WEIGHT) &&
        tape_get(&t, quantity, "value") != TAPE_NONE && !fhir_unknown_modifier(&t) &&
        !(code = model_own(w->m, w->who, r, &t, &own)) && own)
        code = put_weight(w, r, &t, quantity);
    tape_fini(&t);
    return code;
}

int model_weight(struct model *m, const struct model_person *who, struct arena *a, struct model_weight *out,
                 struct err *e)
{
    static const char *const sections[] = {"vitals", "labs"}; /* not every server says of a weight that it is vital */
    struct weighing w = {.m = m, .who = who, .a = a, .out = out, .at_ms = FHIR_NO_DATE};
    struct model_lack l;
    int code = ERR_OK;

    *out = (struct model_weight){.value = {"", 0, 0}, .date = {"", 0, 0}};
    model_lack_init(&l);
    out->fetched = model_lack(m, str_of(who->chart), STR("vitals"), &l, NULL);
    out->removed = l.removed.n && !l.unfetched.n;
    a->failed = model_lack_fini(&l) || a->failed;
    for (size_t i = 0; i < sizeof sections / sizeof *sections && code >= 0; i++) {
        struct store_query q = {
            .section = str_of(sections[i]), .patient = str_of(who->chart), .bytes = true, .newest_first = true};

        code = store_each(m->store, &q, look_at, &w, e);
    }
    return code >= 0 ? ERR_OK : code == ERR_NOMEM ? err_set(e, code, 0, 0, "banner") : code;
}
