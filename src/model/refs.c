/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/refs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "model/priv.h"

#define REFS_MAX 4000000u

void model_refs_init(struct model_refs *r)
{
    memset(r, 0, sizeof *r);
    vec_init(&r->refs, sizeof(struct model_ref), REFS_MAX);
    vec_init(&r->charts, 80, REFS_MAX);
}

void model_refs_fini(struct model_refs *r)
{
    vec_fini(&r->refs);
    vec_fini(&r->charts);
    memset(r, 0, sizeof *r);
}

/* --- listing ---------------------------------------------------------------------------------- */

struct listing {
    struct model_refs *out;
    int64_t now_ms;
    bool all; /* without a day too */
    unsigned late; /* how many are dated ahead by mistake: they stand behind the others */
};

/* FNV-1a, folded; http://www.isthe.com/chongo/tech/comp/fnv/ */
static uint16_t tie_of(const struct store_row *r)
{
    const struct str of[] = {r->type, r->id};
    uint32_t h = 2166136261u;

    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < of[k].n; i++)
            h = (h ^ (unsigned char)of[k].p[i]) * 16777619u;
    return (uint16_t)(h ^ h >> 16);
}

static int list_row(void *arg, const struct store_row *r)
{
    struct listing *l = arg;
    int section = kind_section_at(r->section);
    struct model_ref *ref;

    if (section < 0) /* in no list of sections */
        return ERR_OK;
    if (r->date_ms == FHIR_NO_DATE && !l->all) {
        l->out->undated++;
        return ERR_OK;
    }
    if (!(ref = vec_push(&l->out->refs)))
        return ERR_NOMEM;
    *ref = (struct model_ref){.rowid = r->rowid,
                              .ms = r->date_ms,
                              .chart = (uint32_t)l->out->charts.n - 1,
                              .section = (uint16_t)section,
                              .tie = tie_of(r)};
    /* REQ: what is dated after today, where that is not its nature, never leads. */
    if (r->date_ms != FHIR_NO_DATE && r->date_ms > l->now_ms + DATE_DAY_MS && !model_formatter(r->type)->ahead)
        ref->ms = FHIR_NO_DATE + 1;
    return ERR_OK;
}

static int newest_first(const void *x, const void *y)
{
    const struct model_ref *a = x, *b = y;

    if (a->ms != b->ms)
        return a->ms > b->ms ? -1 : 1;
    if (a->section != b->section)
        return a->section < b->section ? -1 : 1;
    if (a->tie != b->tie)
        return a->tie < b->tie ? -1 : 1;
    return (a->rowid < b->rowid) - (a->rowid > b->rowid);
}

int model_refs_list(struct model *m, struct str chart, bool undated, struct model_refs *out, struct err *e)
{
    struct store_query q = {.patient = chart};
    struct listing l = {.out = out, .now_ms = clock_wall_ms(&m->clock), .all = undated};
    char *id = vec_push(&out->charts);
    size_t before = out->refs.n;
    int code;

    if (!id)
        return err_set(e, ERR_NOMEM, 0, 0, "rows");
    snprintf(id, 80, "%.*s", STR_ARG(chart));
    code = store_each(m->store, &q, list_row, &l, e);
    if (code == ERR_NOMEM)
        err_set(e, code, 0, 0, "rows");
    if (!code && out->refs.n > before)
        qsort((struct model_ref *)out->refs.p + before, out->refs.n - before, sizeof(struct model_ref), newest_first);
    return code;
}

struct text model_chart_age(struct model *m, struct str chart, int64_t *asof_ms, struct arena *a)
{
    unsigned n;
    const struct kind_section *all = kind_sections(&n);
    bool file = str_starts(chart, STORE_FILE_PREFIX);
    char when[DATE_TEXT_MAX];
    struct model_lack l;
    struct text age;

    model_lack_init(&l);
    for (unsigned i = 0; i < n; i++)
        model_lack(m, chart, str_of(all[i].name), &l, NULL);
    *asof_ms = !l.unfetched.n && !file ? l.asof_ms : 0;
    date_short(l.asof_ms, date_today(clock_wall_ms(&m->clock)).year, when);
    age = file            ? text_own(_("from a file"))
          : l.unfetched.n ? text_own(_("NOT FETCHED in full"))
          : l.removed.n   ? text_own(arena_fmt(a, _("as of %s, NOT ALL HERE"), when))
                          : text_own(arena_fmt(a, _("as of %s"), when));
    a->failed = model_lack_fini(&l) || a->failed;
    return age;
}

int model_timeline(struct model *m, struct str chart, struct model_refs *out, struct arena *a, struct text *age,
                   struct err *e)
{
    int code;

    model_refs_init(out);
    if (!store_has(m->store, STR("Patient"), chart, STR("")))
        return err_set(e, ERR_NOTFOUND, 0, 0, "patient");
    code = model_refs_list(m, chart, false, out, e);
    *age = model_chart_age(m, chart, &out->asof_ms, a);
    if (a->failed && !code)
        code = err_set(e, ERR_NOMEM, 0, 0, "timeline");
    if (code)
        model_refs_fini(out);
    return code;
}

/* --- words ------------------------------------------------------------------------------------ */

int model_reader_open(struct model *m, struct str chart, struct model_reader *r, struct err *e)
{
    struct buf raw;
    struct tape t;
    tape_at number;
    struct text second;
    int code;

    memset(r, 0, sizeof *r);
    arena_init(&r->arena, 4 * LIMIT_RESOURCE_BYTES);
    r->m = m;
    if ((code = model_patient_open(m, chart, &raw, &t, e)))
        return code;
    model_person_read(m, chart, &t, &r->arena, &r->who);
    number = model_number(&t, r->who.now_ms);
    second = number == TAPE_NONE
                 ? model_born_text(&r->who, &r->arena)
                 : text_safe(&r->arena, str_trim(tape_str(&t, tape_get(&t, number, "value"), &r->arena)), 64);
    r->name = text_own(arena_fmt(&r->arena, "%s %s", model_name_text(&t, r->who.now_ms, &r->arena).s, second.s));
    code = model_allergy_state(m, chart, &r->who.allergies, NULL, e);
    tape_fini(&t);
    buf_fini(&raw);
    if (!code && r->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "rows");
    if (code)
        model_reader_close(r);
    return code;
}

void model_reader_close(struct model_reader *r)
{
    arena_fini(&r->arena);
    memset(r, 0, sizeof *r);
}

int model_reader_row(struct model_reader *r, const struct store_row *s, struct arena *keep, struct model_row *row,
                     struct err *e)
{
    struct tape t;
    int rank, code = tape_parse(&t, s->bytes, NULL);

    if (code == ERR_NOMEM)
        return err_set(e, code, 0, 0, "row");
    if (code)
        return ERR_JSON;
    code = model_format(r->m, &r->who, s, &t, keep, row, &rank, e);
    tape_fini(&t);
    return code;
}

struct windowing {
    struct model *m;
    const struct model_refs *r;
    struct model_window *out;
    struct model_reader reader;
    bool open;
    uint32_t chart;
    unsigned at; /* rows of the window so far */
    struct err *e;
};

static struct model_row *next_row(struct windowing *w)
{
    const struct model_ref *ref = vec_at(&w->r->refs, w->out->from + w->at);
    struct model_row *row = &w->out->rows[w->at++];

    snprintf(row->chart, sizeof row->chart, "%s", (const char *)vec_at(&w->r->charts, ref->chart));
    row->date = text_own(_("no date"));
    row->text = text_own(_("This row is not here any more: a sync took it away"));
    return row;
}

/* "Results - ", with the patient's name before it where there are many. */
static void prefix(struct windowing *w, struct model_row *row, const struct model_ref *ref)
{
    unsigned n;
    const char *title = _(kind_sections(&n)[ref->section].title);
    struct arena *a = &w->out->arena;

    row->text = text_own(w->r->many ? arena_fmt(a, "%s - %s - %s", w->reader.name.s, title, row->text.s)
                                    : arena_fmt(a, "%s - %s", title, row->text.s));
    row->name_n = 0; /* it names one thing among many: nothing here shortens it */
}

static int take_row(void *arg, const struct store_row *s)
{
    struct windowing *w = arg;
    const struct model_ref *ref;
    struct model_row *row, fresh;
    int code;

    do /* rows that are gone in between keep their places */
        ref = vec_at(&w->r->refs, w->out->from + w->at), row = next_row(w);
    while (ref->rowid != s->rowid && w->at < w->out->n);
    if (ref->rowid != s->rowid || !str_is(s->patient, row->chart))
        return ERR_OK;
    if (!w->open || w->chart != ref->chart) {
        if (w->open)
            model_reader_close(&w->reader);
        w->open = false;
        if ((code = model_reader_open(w->m, s->patient, &w->reader, w->e))) /* its patient may be gone since */
            return code == ERR_NOTFOUND ? ERR_OK : code;
        w->open = true;
        w->chart = ref->chart;
    }
    code = model_reader_row(&w->reader, s, &w->out->arena, &fresh, w->e);
    if (!code)
        *row = fresh;
    else if (code == ERR_JSON)
        row->text = text_own(_("THIS ROW CANNOT BE READ: its content is damaged"));
    else if (code == ERR_NOTFOUND)
        row->text = text_own(_("NOT SHOWN: a row that names another patient"));
    else
        return code;
    prefix(w, row, ref);
    return ERR_OK;
}

int model_refs_window(struct model *m, const struct model_refs *r, unsigned from, unsigned n, struct model_window *out,
                      struct err *e)
{
    struct windowing w = {.m = m, .r = r, .out = out, .e = e};
    int64_t *rowids;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, (size_t)64 << 20);
    out->from = from < r->refs.n ? from : (unsigned)r->refs.n;
    out->n = n < r->refs.n - out->from ? n : (unsigned)(r->refs.n - out->from);
    out->rows = arena_alloc(&out->arena, (out->n + 1) * sizeof *out->rows);
    rowids = arena_alloc(&out->arena, (out->n + 1) * sizeof *rowids);
    if (!out->rows || !rowids) {
        model_window_fini(out);
        return err_set(e, ERR_NOMEM, 0, 0, "rows");
    }
    for (unsigned i = 0; i < out->n; i++)
        rowids[i] = ((const struct model_ref *)vec_at(&r->refs, out->from + i))->rowid;
    code = store_rows(m->store, rowids, out->n, take_row, &w, e);
    while (!code && w.at < out->n)
        next_row(&w);
    if (w.open)
        model_reader_close(&w.reader);
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "rows");
    if (code)
        model_window_fini(out);
    return code;
}

void model_window_fini(struct model_window *w)
{
    arena_fini(&w->arena);
    memset(w, 0, sizeof *w);
}
