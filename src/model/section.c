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

/* --- what is fetched -------------------------------------------------------------------------- */

static bool default_section(struct str name)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);

    for (unsigned i = 0; i < n; i++)
        if (k[i].section && str_is(name, k[i].section))
            return true;
    return false;
}

/* May resources of a kind stand in a section? A kind whose section hangs on its content may be in
 * any that no other kind has as its own. */
static bool kind_feeds(const struct fhir_kind *k, struct str name)
{
    if (!k->section || k->priority == KIND_DEMAND)
        return false;
    return str_is(name, k->section) || (k->section_of && !default_section(name));
}

/* REQ: of a patient whom somebody asked for, and whose chart has not come whole, no mark of the others tells. */
bool model_demanded(struct model *m, struct str chart)
{
    struct buf b;
    struct str rest;
    bool is = false;
    int code;

    buf_init(&b, LIMIT_SMALL_JSON);
    code = store_setting(m->store, "sync.demand", &b, NULL);
    rest = buf_str(&b);
    while (!is && rest.n)
        is = str_eq(str_split(&rest, ' '), chart);
    buf_fini(&b);
    return is || (code && code != ERR_NOTFOUND);
}

bool model_fetched(struct model *m, struct str chart, struct str section, struct buf *missing,
                   int64_t *asof_ms, struct err *e)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);
    bool whole = true, demanded = model_demanded(m, chart);

    if (asof_ms)
        *asof_ms = 0;
    if (str_starts(chart, STORE_FILE_PREFIX)) /* a file is what it is */
        return true;
    for (unsigned i = 0; i < n; i++) {
        struct store_mark mark;

        if (!kind_feeds(&k[i], section))
            continue;
        /* REQ: what cannot be told counts as not fetched. */
        if (demanded || store_mark_get(m->store, str_of(k[i].type), &mark, e) || !mark.asof_ms) {
            buf_adds(missing, missing->n ? ", " : "");
            buf_adds(missing, k[i].type);
            whole = false;
        } else if (asof_ms && (!*asof_ms || mark.asof_ms < *asof_ms))
            *asof_ms = mark.asof_ms;
    }
    return whole;
}

/* --- rows ------------------------------------------------------------------------------------- */

struct fill {
    struct model *m;
    struct model_rows *rs;
    unsigned others; /* rows whose own reference names another patient */
    struct err *e;
};

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
    return code == ERR_NOTFOUND ? ERR_OK : code;
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

/* The row that an empty or partial section begins with. x: what stands in it by itself, or NULL. */
static int say_why(struct model_rows *rs, struct model_section *out, const struct extra *x,
                   bool whole, const struct buf *missing, struct err *e)
{
    struct model_row *row;

    out->state = rs->rows.n ? (whole ? MODEL_ROWS : MODEL_PARTLY)
                 : whole    ? MODEL_EMPTY
                            : MODEL_NOT_FETCHED;
    if (out->state == MODEL_ROWS ||
        (x && x->unfetched && (out->state == MODEL_EMPTY || out->state == MODEL_NOT_FETCHED)))
        return ERR_OK;
    row = model_rows_add(rs, -2);
    if (!row)
        return err_set(e, ERR_NOMEM, 0, 0, "rows");
    if (out->state == MODEL_EMPTY)
        row->text = text_own(rs->who->file ? _("none recorded in the file") : _("none recorded"));
    else if (out->state == MODEL_NOT_FETCHED)
        row->text = text_own(arena_fmt(rs->keep, _("NOT FETCHED yet: %s"), missing->p));
    else
        row->text =
            text_own(arena_fmt(rs->keep, _("NOT FETCHED in full, more may exist: %s"), missing->p));
    return row->text.s ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, "rows");
}

static int fill(struct model *m, struct str name, struct model_rows *rs, struct model_section *out,
                struct err *e)
{
    const struct extra *x = extra_of(name);
    struct buf missing;
    char when[DATE_TEXT_MAX];
    int64_t asof;
    bool whole;
    int code;

    buf_init(&missing, 4096);
    whole = model_fetched(m, str_of(rs->who->chart), name, &missing, &asof, e);
    code = model_rows_fill(m, name, rs, e);
    if (!code)
        code = say_why(rs, out, x, whole, &missing, e);
    if (!code && x)
        code = x->rows(m, rs, e);
    if (!code && missing.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "section");
    buf_fini(&missing);
    if (code)
        return code;
    model_rows_sort(name, rs);
    if (rs->asof_ms && rs->asof_ms < asof)
        asof = rs->asof_ms;
    whole = whole && !rs->lacking;
    date_short(asof, rs->who->today.year, when);
    out->age = rs->who->file ? text_own(_("from a file"))
               : !whole      ? text_own(_("NOT FETCHED"))
                             : text_own(arena_fmt(&out->arena, _("as of %s"), when));
    out->asof_ms = whole && !rs->who->file ? asof : 0;
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
