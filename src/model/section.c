/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A section of a chart: its rows in order, or one row that says why there are none. "None
 * recorded", "NOT FETCHED" and "some may be missing" are different things and are never mixed up.
 */
#include "config.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "model/priv.h"

#define SECTION_ROWS 200000

/* What stands in a section beside the resources of its kinds, and how it is ordered. */
static const struct extra {
    const char *section;
    int (*rows)(struct model *m, struct model_rows *rs, struct err *e);
    bool by_words;  /* alphabetical within a group, not by date: CUI's allergy list */
    bool unfetched; /* its rows say themselves that none was fetched or recorded */
} extras[] = {
    {"cover", model_cover_rows, false, true},
    {"allergies", model_allergy_rows, true, true},
    {"medicines", model_medicine_rows, false, false},
    {"encounters", model_visit_rows, false, false},
};

static const struct extra *extra_of(struct str section)
{
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++)
        if (str_is(section, extras[i].section))
            return &extras[i];
    return NULL;
}

struct model_row *model_rows_add(struct model_rows *rs, int rank)
{
    struct model_sorted *s = vec_push(&rs->rows);

    if (!s)
        return NULL;
    s->rank = rank;
    s->row.sort_ms = FHIR_NO_DATE;
    s->row.date = text_own("");
    memcpy(s->row.chart, rs->who->chart, sizeof s->row.chart);
    return &s->row;
}

/* --- rows ------------------------------------------------------------------------------------- */

struct fill {
    struct model *m;
    struct model_rows *rs;
    unsigned others; /* rows whose own reference names another patient */
    struct err *e;
};

/* REQ: until a conflict is answered both versions stand in the chart. */
static int add_beside(struct fill *f, const struct store_row *r)
{
    struct model_beside b;
    struct model_sorted *s;
    int code = model_beside_open(f->m, r, &b, f->e);

    if (!code && b.there && !(s = vec_push(&f->rs->rows)))
        code = err_set(f->e, ERR_NOMEM, 0, 0, "rows");
    else if (!code && b.there) {
        code = model_beside_format(f->m, f->rs->who, r, &b, f->rs->keep, &s->row, &s->rank, f->e);
        if (code)
            f->rs->rows.n--;
        f->others += code == ERR_NOTFOUND;
    }
    model_beside_close(&b);
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

static int add_row(void *arg, const struct store_row *r)
{
    struct fill *f = arg;
    struct model_sorted *s;
    struct tape t;
    struct err why = ERR_NONE;
    int code = tape_parse(&t, r->bytes, &why);

    if (code == ERR_NOMEM)
        return err_set(f->e, code, 0, 0, "row");
    s = vec_push(&f->rs->rows);
    if (!s) {
        tape_fini(&t);
        return err_set(f->e, ERR_NOMEM, 0, 0, "rows");
    }
    if (code) { /* it was kept, so it stays in the list, and says so */
        f->rs->rows.n--;
        struct model_row *row = model_rows_add(f->rs, -1);

        snprintf(row->type, sizeof row->type, "%.*s", STR_ARG(r->type));
        snprintf(row->id, sizeof row->id, "%.*s", STR_ARG(r->id));
        row->date = text_own(_("no date"));
        row->text = text_own(_("THIS ROW CANNOT BE READ: its content is damaged"));
        return ERR_OK;
    }
    code = model_format(f->m, f->rs->who, r, &t, f->rs->keep, &s->row, &s->rank, f->e);
    if (code)
        f->rs->rows.n--;
    tape_fini(&t);
    /* REQ: a row whose own reference names another patient is left out, whatever the index said;
     * and that it was is said: the list must not read as if it had never been there. */
    f->others += code == ERR_NOTFOUND;
    if (code && code != ERR_NOTFOUND)
        return code;
    return add_beside(f, r);
}

static int by_date(const void *x, const void *y)
{
    const struct model_sorted *a = x, *b = y;
    int c = strcmp(a->row.type, b->row.type);

    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->row.sort_ms != b->row.sort_ms)
        return a->row.sort_ms > b->row.sort_ms ? -1 : 1;
    return c ? c : strcmp(a->row.id, b->row.id);
}

static int by_words(const void *x, const void *y)
{
    const struct model_sorted *a = x, *b = y;
    int c;

    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    c = strcmp(a->row.text.s, b->row.text.s);
    return c ? c : by_date(x, y);
}

void model_rows_sort(struct str section, struct model_rows *rs)
{
    const struct extra *x = extra_of(section);

    if (rs->rows.n > 1)
        qsort(rs->rows.p, rs->rows.n, sizeof(struct model_sorted), x && x->by_words ? by_words : by_date);
}

int model_rows_fill(struct model *m, struct str section, struct model_rows *rs, struct err *e)
{
    struct store_query q = {.section = section, .patient = str_of(rs->who->chart), .bytes = true};
    struct fill f = {m, rs, 0, e};
    int code = store_each(m->store, &q, add_row, &f, e);
    struct model_row *row;

    if (code || !f.others)
        return code;
    row = model_rows_add(rs, -1);
    if (!row)
        return err_set(e, ERR_NOMEM, 0, 0, "rows");
    row->text = text_own(model_not_shown(f.others, rs->keep));
    return row->text.s ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, "rows");
}

static int add_words(struct model_rows *rs, int rank, const char *words, struct err *e)
{
    struct model_row *row = words ? model_rows_add(rs, rank) : NULL;

    if (!row)
        return err_set(e, ERR_NOMEM, 0, 0, "rows");
    row->text = text_own(words);
    return ERR_OK;
}

static enum model_state state_of(unsigned rows, const struct model_lack *l)
{
    if (rows)
        return l->unfetched.n || l->removed.n ? MODEL_PARTLY : MODEL_ROWS;
    return l->unfetched.n ? MODEL_NOT_FETCHED : l->removed.n ? MODEL_REMOVED : MODEL_EMPTY;
}

/* The row that an empty or partial section begins with. x: what stands in it by itself, or NULL.
 * REQ: what was removed from this device is never "none recorded", and says how it comes back. */
static int say_why(struct model_rows *rs, struct model_section *out, const struct extra *x,
                   const struct model_lack *l, struct err *e)
{
    const bool rows = rs->rows.n, silent = x && x->unfetched && !rows;
    int code = ERR_OK;

    out->state = state_of((unsigned)rs->rows.n, l);
    if (out->state == MODEL_EMPTY && !silent)
        code = add_words(rs, -2, rs->who->file ? _("none recorded in the file") : _("none recorded"), e);
    if (l->unfetched.n && !silent)
        code = add_words(rs, -2,
                         arena_fmt(rs->keep,
                                   rows ? _("NOT FETCHED in full, more may exist: %s") : _("NOT FETCHED yet: %s"),
                                   l->unfetched.p),
                         e);
    if (!code && l->removed.n)
        code = add_words(rs, -3, model_removed_words(l, rs->keep), e);
    return code;
}

/* How old all of it is, in words. */
static struct text age_of(const struct model_rows *rs, const struct model_lack *l, int64_t asof, struct arena *a)
{
    char when[DATE_TEXT_MAX];

    if (rs->who->file)
        return text_own(_("from a file"));
    if (l->unfetched.n || rs->lacking)
        return text_own(_("NOT FETCHED"));
    date_short(asof, rs->who->today.year, when);
    return text_own(arena_fmt(a, l->removed.n || rs->removed ? _("as of %s, NOT ALL HERE") : _("as of %s"), when));
}

static int fill(struct model *m, struct str name, struct model_rows *rs, struct model_section *out,
                struct err *e)
{
    const struct extra *x = extra_of(name);
    struct model_lack l;
    int64_t asof;
    int code;

    model_lack_init(&l);
    model_lack(m, str_of(rs->who->chart), name, &l, e);
    code = model_rows_fill(m, name, rs, e);
    if (!code)
        code = say_why(rs, out, x, &l, e);
    if (!code && x)
        code = x->rows(m, rs, e);
    asof = rs->asof_ms && rs->asof_ms < l.asof_ms ? rs->asof_ms : l.asof_ms;
    out->age = age_of(rs, &l, asof, &out->arena);
    out->asof_ms = !l.unfetched.n && !rs->lacking && !rs->who->file ? asof : 0;
    out->removed = l.removed.n || rs->removed;
    if (model_lack_fini(&l) && !code)
        code = err_set(e, ERR_NOMEM, 0, 0, "section");
    if (code)
        return code;
    model_rows_sort(name, rs);
    out->n = (unsigned)rs->rows.n;
    out->rows = arena_alloc(&out->arena, (rs->rows.n + 1) * sizeof *out->rows);
    if (!out->rows)
        return err_set(e, ERR_NOMEM, 0, 0, "section");
    for (unsigned i = 0; i < out->n; i++)
        out->rows[i] = ((struct model_sorted *)rs->rows.p)[i].row;
    return ERR_OK;
}

int model_section(struct model *m, struct str chart, struct str name, struct model_section *out,
                  struct err *e)
{
    struct model_person who;
    struct model_rows rs = {.keep = &out->arena, .who = &who};
    struct buf raw;
    struct tape t;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, (size_t)256 << 20);
    if (!(out->section = kind_section_find(name)))
        return err_set(e, ERR_NOTFOUND, 0, 0, "section");
    if ((code = model_patient_open(m, chart, &raw, &t, e)))
        return code;
    vec_init(&rs.rows, sizeof(struct model_sorted), SECTION_ROWS);
    model_person_read(m, chart, &t, &out->arena, &who);
    code = model_allergy_state(m, chart, &who.allergies, NULL, e);
    if (!code)
        code = fill(m, name, &rs, out, e);
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "section");
    vec_fini(&rs.rows);
    tape_fini(&t);
    buf_fini(&raw);
    if (code)
        model_section_fini(out);
    return code;
}

void model_section_fini(struct model_section *s)
{
    arena_fini(&s->arena);
    memset(s, 0, sizeof *s);
}
