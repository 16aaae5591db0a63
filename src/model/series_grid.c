/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cumulative grid: tests down, days across.
 */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "model/series_priv.h"

#define TESTS_MAX 20000u
#define DAYS_MAX 200000u
#define GRID_BYTES ((size_t)256 << 20)

/* A row under way, and what it is sorted by. */
struct row {
    const struct series_value *first; /* its newest value */
    unsigned at;                      /* its place before sorting */
    int64_t column;                   /* of its newest day */
};

struct day {
    int64_t column;
    struct text text;
};

struct filling {
    struct model_grid *g;
    struct vec *values; /* newest first */
    struct vec rows, days;
    unsigned *row_of, *day_of; /* of each value; UINT_MAX: stands in no cell */
};

/* --- rows ------------------------------------------------------------------------------------- */

static unsigned find_row(const struct filling *f, const struct series_value *v)
{
    const struct row *r = f->rows.p;

    for (unsigned i = 0; i < f->rows.n; i++)
        if (model_series_same_test(r[i].first, v))
            return i;
    return UINT_MAX;
}

/* Of the same code, whatever the unit: what has no value has none. One with numbers first. */
static unsigned find_kin(const struct filling *f, const struct series_value *v)
{
    const struct row *r = f->rows.p;
    unsigned found = UINT_MAX;

    for (unsigned i = 0; i < f->rows.n; i++)
        if (model_series_same_code(r[i].first, v) &&
            (found == UINT_MAX || (r[i].first->is == SERIES_NUMBER && r[found].first->is != SERIES_NUMBER)))
            found = i;
    return found;
}

static unsigned new_row(struct filling *f, const struct series_value *v)
{
    struct row *r = vec_push(&f->rows);

    if (!r)
        return UINT_MAX;
    *r = (struct row){v, (unsigned)f->rows.n - 1, v->column};
    return r->at;
}

/* Which row each value stands in: values first, then what has none. */
static bool find_rows(struct filling *f)
{
    const struct series_value *v = f->values->p;

    for (int absent = 0; absent < 2; absent++)
        for (unsigned i = 0; i < f->values->n; i++) {
            struct row *r;
            unsigned at;

            if (v[i].p.struck || (v[i].is == SERIES_ABSENT) != absent)
                continue;
            at = absent ? find_kin(f, &v[i]) : find_row(f, &v[i]);
            if (at == UINT_MAX && (at = new_row(f, &v[i])) == UINT_MAX)
                return false;
            r = vec_at(&f->rows, at);
            if (v[i].column > r->column)
                r->column = v[i].column;
            f->row_of[i] = at;
        }
    return true;
}

static int by_place(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    int c;

    if (a->first->rank != b->first->rank)
        return a->first->rank < b->first->rank ? -1 : 1;
    if (a->column != b->column)
        return a->column > b->column ? -1 : 1;
    c = strcmp(a->first->name.s, b->first->name.s);
    if (!c)
        c = strcmp(a->first->unit_text.s, b->first->unit_text.s);
    return c ? c : a->at < b->at ? -1 : 1;
}

/* --- columns ---------------------------------------------------------------------------------- */

static int by_day(const void *x, const void *y)
{
    const struct day *a = x, *b = y;

    return a->column == b->column ? 0 : a->column > b->column ? -1 : 1;
}

static bool find_days(struct filling *f)
{
    const struct series_value *v = f->values->p;
    struct day *d;
    size_t n = 0;

    for (unsigned i = 0; i < f->values->n; i++) {
        if (f->row_of[i] == UINT_MAX)
            continue;
        if (!(d = vec_push(&f->days)))
            return false;
        *d = (struct day){v[i].column, v[i].p.day};
    }
    d = f->days.p;
    if (f->days.n > 1)
        qsort(d, f->days.n, sizeof *d, by_day);
    for (size_t i = 0; i < f->days.n; i++)
        if (!n || d[n - 1].column != d[i].column)
            d[n++] = d[i];
    f->days.n = n;
    for (unsigned i = 0; i < f->values->n; i++) {
        struct day key = {v[i].column, {0}}, *at = n ? bsearch(&key, d, n, sizeof *d, by_day) : NULL;

        f->day_of[i] = f->row_of[i] == UINT_MAX || !at ? UINT_MAX : (unsigned)(at - d);
    }
    return true;
}

/* --- cells ------------------------------------------------------------------------------------ */

static bool lay_out(struct filling *f)
{
    struct model_grid *g = f->g;
    const struct series_value *v = f->values->p;
    struct row *rows = f->rows.p;
    unsigned *moved = arena_alloc(&g->arena, (f->rows.n + 1) * sizeof *moved);
    struct model_point *points = arena_alloc(&g->arena, (f->values->n + 1) * sizeof *points);

    g->tests_n = (unsigned)f->rows.n;
    g->days_n = (unsigned)f->days.n;
    g->tests = arena_alloc(&g->arena, (g->tests_n + 1) * sizeof *g->tests);
    g->days = arena_alloc(&g->arena, (g->days_n + 1) * sizeof *g->days);
    g->cells = arena_alloc(&g->arena, ((size_t)g->tests_n * g->days_n + 1) * sizeof *g->cells);
    if (!moved || !points || !g->tests || !g->days || !g->cells)
        return false;
    if (g->tests_n > 1)
        qsort(rows, g->tests_n, sizeof *rows, by_place);
    for (unsigned i = 0; i < g->tests_n; i++) {
        moved[rows[i].at] = i;
        model_series_test(rows[i].first, &g->arena, &g->tests[i]);
    }
    for (unsigned i = 0; i < g->days_n; i++)
        g->days[i] = ((struct day *)f->days.p)[i].text;
    for (unsigned i = (unsigned)f->values->n; i-- > 0;) { /* oldest first: each new head is newer */
        const struct model_point **cell;

        if (f->day_of[i] == UINT_MAX)
            continue;
        cell = &g->cells[(size_t)moved[f->row_of[i]] * g->days_n + f->day_of[i]];
        points[i] = v[i].p;
        points[i].more = *cell;
        *cell = &points[i];
    }
    return true;
}

static bool fill(struct model_grid *g, struct vec *values)
{
    struct filling f = {.g = g, .values = values};
    bool whole;

    vec_init(&f.rows, sizeof(struct row), TESTS_MAX);
    vec_init(&f.days, sizeof(struct day), DAYS_MAX * 10);
    if (values->n > 1)
        qsort(values->p, values->n, sizeof(struct series_value), model_series_newest_first);
    f.row_of = arena_alloc(&g->arena, (values->n + 1) * sizeof *f.row_of);
    f.day_of = arena_alloc(&g->arena, (values->n + 1) * sizeof *f.day_of);
    if (f.row_of)
        memset(f.row_of, 0xff, (values->n + 1) * sizeof *f.row_of);
    whole = f.row_of && f.day_of && find_rows(&f) && find_days(&f) && lay_out(&f);
    vec_fini(&f.rows);
    vec_fini(&f.days);
    return whole;
}

/* --- what is not in it ------------------------------------------------------------------------ */

static void say(struct model_grid *g, const char *words)
{
    if (words)
        g->said[g->said_n++] = text_own(words);
}

static bool say_all(struct model_grid *g, struct series_walk *w, const struct buf *missing)
{
    const struct series_value *v = w->values.p;
    unsigned struck = 0, unsent = 0;

    if (!(g->said = arena_alloc(&g->arena, 6 * sizeof *g->said)))
        return false;
    for (unsigned i = 0; i < w->values.n; i++)
        struck += v[i].p.struck, unsent += v[i].p.unsent;
    if (missing->n)
        say(g, arena_fmt(&g->arena,
                         g->tests_n ? _("NOT FETCHED in full, more may exist: %s") : _("NOT FETCHED yet: %s"),
                         missing->p));
    else if (!g->tests_n)
        say(g, w->who->file ? _("none recorded in the file") : _("none recorded"));
    if (struck)
        say(g, arena_fmt(&g->arena,
                         P_("%u value entered in error is not shown here",
                            "%u values entered in error are not shown here", struck),
                         struck));
    if (unsent)
        say(g, arena_fmt(&g->arena,
                         P_("NOT SENT: %u value here (unsent) is not at the server yet",
                            "NOT SENT: %u values here (unsent) are not at the server yet", unsent),
                         unsent));
    if (w->others)
        say(g, model_not_shown(w->others, &g->arena));
    if (w->unread)
        say(g, model_not_read(w->unread, &g->arena));
    return !g->arena.failed;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int read_section(struct series_walk *w, struct str section, struct model_grid *g, struct err *e)
{
    struct buf missing;
    int64_t asof = 0;
    bool whole;
    int code;

    buf_init(&missing, 4096);
    whole = model_fetched(w->m, str_of(w->who->chart), section, &missing, &asof, e);
    code = model_series_walk(w, section);
    if (!code && (!fill(g, &w->values) || !say_all(g, w, &missing) || missing.failed))
        code = err_set(e, ERR_NOMEM, 0, 0, "grid");
    g->state = g->tests_n ? (whole ? MODEL_ROWS : MODEL_PARTLY) : whole ? MODEL_EMPTY : MODEL_NOT_FETCHED;
    g->age = model_series_age(w->who, whole, asof, &g->arena);
    if (!code && !g->age.s)
        code = err_set(e, ERR_NOMEM, 0, 0, "grid");
    buf_fini(&missing);
    vec_fini(&w->values);
    return code;
}

int model_grid(struct model *m, struct str chart, struct str section, struct model_grid *out, struct err *e)
{
    struct model_person *who;
    struct series_walk w = {.m = m, .keep = &out->arena, .e = e};
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, GRID_BYTES);
    if (!kind_section_find(section))
        return err_set(e, ERR_NOTFOUND, 0, 0, "section");
    if (!(code = model_person_open(m, chart, &out->arena, &who, e))) {
        memcpy(out->chart, who->chart, sizeof out->chart);
        w.who = who; /* points name its chart */
        code = read_section(&w, section, out, e);
    }
    if (code)
        model_grid_fini(out);
    return code;
}

void model_grid_fini(struct model_grid *g)
{
    arena_fini(&g->arena);
    memset(g, 0, sizeof *g);
}

bool model_grid_has(struct str section)
{
    return str_is(section, "labs") || str_is(section, "vitals");
}

const struct model_point *model_grid_cell(const struct model_grid *g, unsigned test, unsigned day)
{
    return test < g->tests_n && day < g->days_n ? g->cells[(size_t)test * g->days_n + day] : NULL;
}

struct text model_grid_words(const struct model_point *p, unsigned cols, struct arena *a)
{
    unsigned more = 0;
    struct text t;

    for (const struct model_point *q = p->more; q; q = q->more)
        more++;
    /* REQ: a part of a value is another value: what does not fit whole is not shown at all, and says so. */
    for (int i = 0; i < 2; i++) {
        const char *value = i ? (p->words ? _("(text)") : _("(long)")) : p->value.s;
        const char *tail = arena_fmt(a, "%s%s%s%s", p->flag.n ? " " : "", p->flag.s, *p->brief ? " " : "",
                                     *p->brief ? _(p->brief) : "");

        t = text_own(more ? arena_fmt(a, "%s%s +%u", value, tail, more) : arena_fmt(a, "%s%s", value, tail));
        if (!t.s || t.cols <= cols)
            break;
        if (i)
            t = text_own(value);
    }
    return t.s ? t : text_own("");
}
