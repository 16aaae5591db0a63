/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/check.h"

#include <string.h>

#include "base/limits.h"
#include "base/path.h"
#include "base/vec.h"
#include "model/priv.h"

#define ENTRIES_MOST 20000u
#define CHECK_BYTES ((size_t)128 << 20)

int model_check_tables(const struct clock *clock, struct cds **out, struct err *e)
{
    struct date today = date_today(clock_wall_ms(clock));
    char drugs[PATH_MAX_BYTES], rules[PATH_MAX_BYTES];

    path_data("drugs", drugs);
    path_data("cds", rules);
    return cds_open(drugs, rules, &today, out, e);
}

/* What is gathered of a chart: bytes in a, tapes on the heap. */
struct gather {
    struct model_fmt f; /* first: what model_link hands on leads back here */
    struct arena a;
    struct buf out;     /* of f: nothing is written there but a failure */
    struct vec tapes, medicines, allergies;
    const struct tape *linked; /* what model_link found */
    struct err *e;
    int code;
};

/* Bytes parsed and held until the end; NULL: they cannot be read. */
static const struct tape *hold(struct gather *g, struct str bytes)
{
    struct str kept = arena_str(&g->a, bytes);
    struct tape **x = vec_push(&g->tapes);
    int code;

    if (!x || !(*x = arena_alloc(&g->a, sizeof **x)) || g->a.failed) {
        g->code = err_set(g->e, ERR_NOMEM, 0, 0, "checks");
        return NULL;
    }
    code = tape_parse(*x, kept, NULL);
    if (code == ERR_NOMEM)
        g->code = err_set(g->e, ERR_NOMEM, 0, 0, "checks");
    return code ? NULL : *x;
}

static void take_link(struct model_fmt *f, const struct tape *t)
{
    struct gather *g = (struct gather *)f;

    g->linked = hold(g, t->bytes);
}

/* The Medication that it names, when it is here and not contained. */
static const struct tape *medication_of(struct gather *g, const struct tape *t)
{
    struct str reference = tape_str(t, tape_path(t, 0, "medicationReference.reference"), &g->a);

    g->linked = NULL;
    g->f.t = t;
    if (reference.n && fhir_contained(t, reference) == TAPE_NONE)
        model_link(&g->f, reference, "Medication", take_link);
    return g->linked;
}

static void add(struct gather *g, struct vec *to, const struct cds_entry *x)
{
    struct cds_entry *at = vec_push(to);

    if (at)
        *at = *x;
    else
        g->code = err_set(g->e, ERR_TOOBIG, 0, ENTRIES_MOST, "checks");
}

/* t: the bytes parsed, to be looked at and not kept; NULL: they cannot be. */
static void add_medicine(struct gather *g, const struct store_row *r, struct str bytes, const struct tape *t)
{
    struct cds_entry x = {.t = NULL};

    if (!model_medicine_stands(r->type, t, g->f.who->now_ms, &x))
        return;
    x.type = arena_str(&g->a, r->type);
    x.id = arena_str(&g->a, r->id);
    x.t = t ? hold(g, bytes) : NULL;
    x.medication = x.t ? medication_of(g, x.t) : NULL;
    add(g, &g->medicines, &x);
}

static void add_allergy(struct gather *g, const struct store_row *r, struct str bytes, const struct tape *t)
{
    struct cds_entry x = {.type = arena_str(&g->a, r->type), .id = arena_str(&g->a, r->id)};

    x.t = t ? hold(g, bytes) : NULL;
    add(g, &g->allergies, &x);
}

/* REQ: a row of this patient's, and what the server has beside it: of two versions both count. */
static int take_row(struct gather *g, const struct store_row *r,
                    void (*take)(struct gather *g, const struct store_row *r, struct str bytes, const struct tape *t))
{
    struct model_beside b;
    struct tape t;
    bool own = true;
    int code = tape_parse(&t, r->bytes, g->e), failed = code == ERR_NOMEM ? code : ERR_OK;

    if (!code)
        failed = model_own(g->f.m, g->f.who, r, &t, &own);
    if (!failed && own)
        take(g, r, r->bytes, code ? NULL : &t);
    tape_fini(&t);
    if (failed || !own)
        return failed;
    code = model_beside_open(g->f.m, r, &b, g->e);
    if (!code && b.there)
        take(g, r, buf_str(&b.bytes), &b.t);
    model_beside_close(&b);
    return code ? code : g->code;
}

static int take_medicine(void *arg, const struct store_row *r)
{
    return take_row(arg, r, add_medicine);
}

static int take_allergy(void *arg, const struct store_row *r)
{
    return take_row(arg, r, add_allergy);
}

static enum cds_here here(struct gather *g, const char *section)
{
    struct model_lack l;
    enum cds_here is = CDS_WHOLE;

    model_lack_init(&l);
    if (!model_lack(g->f.m, str_of(g->f.who->chart), str_of(section), &l, NULL))
        is = l.unfetched.n || !l.removed.n ? CDS_NOT_FETCHED : CDS_REMOVED;
    if (model_lack_fini(&l))
        is = CDS_NOT_FETCHED;
    return is;
}

static int take_chart(struct gather *g, struct cds_chart *chart)
{
    static const struct {
        const char *section;
        int (*take)(void *arg, const struct store_row *r);
    } sections[] = {{"medicines", take_medicine}, {"allergies", take_allergy}};
    struct model_weight weight;
    int code = ERR_OK;

    for (size_t i = 0; i < sizeof sections / sizeof *sections && !code; i++) {
        struct store_query q = {
            .section = str_of(sections[i].section), .patient = str_of(g->f.who->chart), .bytes = true};

        code = store_each(g->f.m->store, &q, sections[i].take, g, g->e);
    }
    if (!code)
        code = model_weight(g->f.m, g->f.who, &g->a, &weight, g->e);
    if (code)
        return code;
    *chart = (struct cds_chart){
        .medicines_here = here(g, "medicines"),
        .allergies_here = here(g, "allergies"),
        .birth = g->f.who->birth,
        .today = g->f.who->today,
        .weight = weight.kg,
        .weighed = weight.day,
    };
    return ERR_OK;
}

static int check(struct gather *g, const struct cds *c, struct str order, const struct str *others, unsigned n,
                 struct str replaces, struct cds_result *out)
{
    struct cds_entry x = {.type = STR("MedicationRequest"), .stand = CDS_DRAFTED};
    struct cds_chart chart;
    int code = take_chart(g, &chart);

    for (unsigned i = 0; i < n && !code && !g->code; i++) {
        struct cds_entry other = {.type = x.type, .t = hold(g, others[i]), .stand = CDS_DRAFTED};

        other.medication = other.t ? medication_of(g, other.t) : NULL;
        add(g, &g->medicines, &other);
    }
    if (code || g->code)
        return code ? code : g->code;
    x.t = hold(g, order);
    if (!x.t)
        return g->code ? g->code : err_set(g->e, ERR_JSON, 0, 0, NULL);
    x.id = arena_str(&g->a, tape_plain(x.t, tape_get(x.t, 0, "id")));
    x.medication = medication_of(g, x.t);
    chart.medicine = g->medicines.p;
    chart.medicines = (unsigned)g->medicines.n;
    chart.allergy = g->allergies.p;
    chart.allergies = (unsigned)g->allergies.n;
    code = g->out.failed ? err_set(g->e, g->out.failed, 0, 0, "checks") : ERR_OK;
    return code ? code : cds_check_order(c, &chart, &x, replaces, out, g->e);
}

int model_check_order(struct model *m, const struct cds *c, struct str chart, struct str order,
                      const struct str *others, unsigned n, struct str replaces, struct cds_result *out,
                      struct err *e)
{
    struct gather g = {.e = e};
    struct model_person *who = NULL;
    int code;

    *out = (struct cds_result){.cards = 0};
    arena_init(&g.a, CHECK_BYTES);
    buf_init(&g.out, LIMIT_TEXT_CELL);
    vec_init(&g.tapes, sizeof(struct tape *), 3 * ENTRIES_MOST);
    vec_init(&g.medicines, sizeof(struct cds_entry), ENTRIES_MOST);
    vec_init(&g.allergies, sizeof(struct cds_entry), ENTRIES_MOST);
    code = model_person_open(m, chart, &g.a, &who, e);
    g.f = (struct model_fmt){.m = m, .who = who, .a = &g.a, .out = &g.out};
    if (!code)
        code = check(&g, c, order, others, n, replaces, out);
    VEC_EACH(struct tape *, x, &g.tapes)
    {
        if (*x)
            tape_fini(*x);
    }
    vec_fini(&g.tapes);
    vec_fini(&g.medicines);
    vec_fini(&g.allergies);
    buf_fini(&g.out);
    arena_fini(&g.a);
    return code;
}
