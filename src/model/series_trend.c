/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The trend of one test: all its values in one unit, and in words what is not among them.
 */
#include "config.h"

#include <stdlib.h>
#include <limits.h>
#include <string.h>

#include "base/limits.h"
#include "model/series_priv.h"

#define TREND_BYTES ((size_t)128 << 20)
#define UNITS_MAX 6 /* other units that are named; more are counted together */

/* --- the test that a resource is -------------------------------------------------------------- */

struct target {
    struct model *m;
    const struct model_person *who;
    struct arena *keep;
    struct str id;
    unsigned part;
    struct series_value v;
    bool found, read;
    struct err *e;
};

static void choose(struct target *g, const struct vec *values)
{
    const struct series_value *v = values->p;

    for (unsigned i = 0; i < values->n; i++)
        if (!g->read || (v[i].p.part == g->part && g->v.p.part != g->part)) {
            g->v = v[i];
            g->read = true;
        }
}

static int look(void *arg, const struct store_row *r)
{
    struct target *g = arg;
    struct vec values;
    struct buf raw;
    struct tape t;
    int code;

    if (!str_eq(r->id, g->id))
        return ERR_OK;
    g->found = true;
    vec_init(&values, sizeof(struct series_value), LIMIT_NODES);
    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    code = store_get(g->m->store, r->type, r->id, &raw, g->e);
    if (!code && !(code = tape_parse(&t, buf_str(&raw), g->e))) {
        code = model_series_read(g->m, g->who, r, &t, g->keep, &values, g->e);
        if (!code)
            choose(g, &values);
        tape_fini(&t);
    }
    buf_fini(&raw);
    vec_fini(&values);
    return code;
}

/* --- which values are its own ----------------------------------------------------------------- */

struct other {
    const struct series_value *v;
    unsigned n;
};

struct picking {
    struct model_trend *out;
    const struct series_value *test; /* by which a value belongs to it */
    struct other other[UNITS_MAX];
    unsigned others, more, struck, limits, unplaced, future, undated;
};

static void count_other(struct picking *p, const struct series_value *v)
{
    for (unsigned i = 0; i < p->others; i++)
        if (model_series_same_test(p->other[i].v, v)) {
            p->other[i].n++;
            return;
        }
    if (p->others < UNITS_MAX)
        p->other[p->others++] = (struct other){v, 1};
    else
        p->more++;
}

static void count_point(struct picking *p, const struct series_value *v)
{
    const struct model_point *q = &v->p;

    if (q->struck)
        p->struck++;
    else if (q->place == MODEL_PLACE_BELOW || q->place == MODEL_PLACE_ABOVE)
        p->limits++;
    else if (q->place == MODEL_PLACE_NONE) {
        if (q->ms == FHIR_NO_DATE)
            p->undated++;
        else if (q->ms == FHIR_NO_DATE + 1)
            p->future++;
        else
            p->unplaced++;
    }
}

/* REQ: of this test and in this unit; what has no unit because it has no number belongs to any. */
static void pick(struct picking *p, struct vec *values)
{
    const struct series_value *v = values->p;
    struct model_trend *out = p->out;

    for (unsigned i = 0; i < values->n; i++) {
        if (!model_series_same_code(&v[i], p->test))
            continue;
        if (v[i].is == SERIES_NUMBER && !model_series_same_test(&v[i], p->test)) {
            count_other(p, &v[i]);
            continue;
        }
        out->points[out->n++] = v[i].p;
        count_point(p, &v[i]);
    }
}

/* --- words ------------------------------------------------------------------------------------ */

static void say(struct model_trend *t, const char *words)
{
    if (words)
        t->said[t->said_n++] = text_own(words);
}

static void say_others(struct picking *p)
{
    struct arena *a = &p->out->arena;

    for (unsigned i = 0; i < p->others; i++) {
        const struct text *unit = &p->other[i].v->unit_text;
        unsigned n = p->other[i].n;

        say(p->out, arena_fmt(a, P_("%u result in %s is not on this axis", "%u results in %s are not on this axis", n),
                              n, unit->n ? unit->s : _("no unit")));
    }
    if (p->more)
        say(p->out, arena_fmt(a, P_("%u result in another unit is not on this axis",
                                    "%u results in other units are not on this axis", p->more),
                              p->more));
}

struct text model_series_age(const struct model_person *who, bool whole, int64_t asof_ms, struct arena *a)
{
    char when[DATE_TEXT_MAX];

    if (who->file)
        return text_own(_("from a file"));
    if (!whole)
        return text_own(_("NOT FETCHED"));
    date_short(asof_ms, who->today.year, when);
    return text_own(arena_fmt(a, _("as of %s"), when));
}

/* REQ: a plot's mark cannot say that its value is not at the server yet: its words do. */
struct text model_series_unsent(unsigned n, struct arena *a)
{
    return text_own(arena_fmt(a, P_("NOT SENT: %u value here is not at the server yet",
                                    "NOT SENT: %u values here are not at the server yet", n),
                              n));
}

static void say_counts(struct picking *p)
{
    struct arena *a = &p->out->arena;
    unsigned unsent = 0;

    for (unsigned i = 0; i < p->out->n; i++)
        unsent += p->out->points[i].unsent;
    if (unsent)
        say(p->out, model_series_unsent(unsent, a).s);
    if (p->struck)
        say(p->out, arena_fmt(a, P_("%u entered in error is not plotted", "%u entered in error are not plotted",
                                    p->struck),
                              p->struck));
    if (p->limits)
        say(p->out, arena_fmt(a, P_("%u is a limit (< or >): v or ^ stands at it",
                                    "%u are limits (< or >): v or ^ stands at them", p->limits),
                              p->limits));
    if (p->unplaced)
        say(p->out, arena_fmt(a, P_("%u without a number or a day is not plotted",
                                    "%u without a number or a day are not plotted", p->unplaced),
                              p->unplaced));
    if (p->undated)
        say(p->out, arena_fmt(a, P_("%u without a date is not plotted", "%u without a date are not plotted",
                                    p->undated),
                              p->undated));
    if (p->future)
        say(p->out, arena_fmt(a, P_("%u dated in the future is not plotted", "%u dated in the future are not plotted",
                                    p->future),
                              p->future));
}

/* What the signs of the plot mean, where it is not plain. */
static void say_signs(struct model_trend *t)
{
    const struct model_point *newest = NULL;

    for (unsigned i = 0; !newest && i < t->n; i++)
        if (t->points[i].place != MODEL_PLACE_NONE)
            newest = &t->points[i];
    if (newest && newest->pair)
        say(t, _("* systolic, o diastolic"));
    else if (newest && (newest->has_low || newest->has_high))
        say(t, arena_fmt(&t->arena, _("--- range of the newest: %s"), newest->range.s));
}

static void say_walk(struct model_trend *t, const struct series_walk *w, const struct buf *missing)
{
    if (missing->n)
        say(t, arena_fmt(&t->arena, _("NOT FETCHED in full, more may exist: %s"), missing->p));
    if (w->others)
        say(t, model_not_shown(w->others, &t->arena));
    if (w->unread)
        say(t, model_not_read(w->unread, &t->arena));
}

/* --- opening ---------------------------------------------------------------------------------- */

/* A result without a number has no unit: the newest that has one gives it. */
static const struct series_value *unit_giver(const struct series_value *target, const struct vec *values)
{
    const struct series_value *v = values->p;

    for (unsigned i = 0; target->is != SERIES_NUMBER && i < values->n; i++)
        if (v[i].is == SERIES_NUMBER && !v[i].p.struck && model_series_same_code(&v[i], target))
            return &v[i];
    return target;
}

static int collect(struct series_walk *w, const struct series_value *target, struct model_trend *out, struct err *e)
{
    struct picking p = {.out = out};
    struct buf missing;
    int64_t asof = 0;
    bool whole;
    int code;

    w->holding = target->code;
    buf_init(&missing, 4096);
    /* A report that is missing hides no vital sign. */
    whole = model_fetched(w->m, str_of(w->who->chart), target->rank == UINT_MAX ? STR("labs") : STR("vitals"), &missing,
                          &asof, e);
    out->age = model_series_age(w->who, whole, asof, &out->arena);
    code = model_series_walk(w, STR(""));
    if (!code && w->values.n > 1)
        qsort(w->values.p, w->values.n, sizeof(struct series_value), model_series_newest_first);
    out->points = arena_alloc(&out->arena, (w->values.n + 1) * sizeof *out->points);
    out->said = arena_alloc(&out->arena, (UNITS_MAX + 10) * sizeof *out->said);
    if (!code && out->points && out->said) {
        p.test = unit_giver(target, &w->values);
        model_series_test(p.test, &out->arena, &out->test);
        pick(&p, &w->values);
        say_signs(out);
        say_others(&p);
        say_counts(&p);
        say_walk(out, w, &missing);
    }
    if (!code && (out->arena.failed || missing.failed))
        code = err_set(e, ERR_NOMEM, 0, 0, "trend");
    buf_fini(&missing);
    vec_fini(&w->values);
    return code;
}

static int open_trend(struct model *m, const struct model_person *who, struct str type, struct str id, unsigned part,
                      struct model_trend *out, struct err *e)
{
    struct series_walk w = {.m = m, .who = who, .keep = &out->arena, .e = e};
    struct target g = {.m = m, .who = who, .keep = &out->arena, .id = id, .part = part, .e = e};
    struct store_query q = {.type = type, .patient = str_of(who->chart)};
    int code = ERR_OK;

    if (!model_is_result(type))
        return ERR_OK;
    code = store_each(m->store, &q, look, &g, e);
    if (!code && !g.found)
        code = err_set(e, ERR_NOTFOUND, 0, 0, "row");
    return !code && g.read ? collect(&w, &g.v, out, e) : code;
}

int model_trend(struct model *m, struct str chart, struct str type, struct str id, unsigned part,
                struct model_trend *out, struct err *e)
{
    struct model_person *who;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, TREND_BYTES);
    if (!(code = model_person_open(m, chart, &out->arena, &who, e))) {
        memcpy(out->chart, who->chart, sizeof out->chart);
        code = open_trend(m, who, type, id, part, out, e);
    }
    if (code)
        model_trend_fini(out);
    return code;
}

struct text model_trend_words(const struct model_trend *t, unsigned i, struct arena *a)
{
    const struct model_point *p = &t->points[i];
    const char *unit = p->words ? "" : t->test.unit.s;
    char *s = arena_fmt(a, "%s%s%s%s%s%s%s%s%s", p->value.s, *unit ? " " : "", unit, p->flag.n ? "  " : "", p->flag.s,
                        p->range.n ? _(" - range ") : "", p->range.s, p->status.n ? " - " : "", p->status.s);

    return text_own(s ? s : "");
}

void model_trend_fini(struct model_trend *t)
{
    arena_fini(&t->arena);
    memset(t, 0, sizeof *t);
}
