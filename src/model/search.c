/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Search in a chart or in all of them, in steps. Rows are made as their section words them and thrown away again: what
 * is found is what somebody would have read.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fhir/index.h"
#include "model/priv.h"
#include "store/room.h"
#include "model/refs.h"
#include "store/text.h"

#define CHARTS_AT_ONCE 256
#define LIKELY_ROWS 200 /* of all charts: those that the store's index of words knows are looked at first */

struct model_search {
    struct model *m;
    struct buf folded; /* what was typed */
    struct str word[MODEL_SEARCH_WORDS];
    unsigned words;
    struct model_refs found;
    struct model_searched state;
    /* what is looked through: charts[at_chart], its rows from at on */
    struct vec charts; /* char[80]: the next of all, or the one */
    unsigned at_chart, offset;
    bool all;
    /* In all charts: first the likely rows, by chart in the order of names, then everything, but not again what was
     * found. */
    bool likely_first;
    struct vec likely, known; /* rowids, ascending */
    struct model_refs rows;
    struct model_reader reader;
    bool open;
    size_t at;
};

/* --- words ------------------------------------------------------------------------------------ */

static bool joins(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c & 0x80);
}

/* Does a word stand in folded text, at the start of one of its words? */
static bool stands(struct str text, struct str word)
{
    for (size_t at = 0; text.n - at >= word.n;) {
        const char *p = memmem(text.p + at, text.n - at, word.p, word.n);

        if (!p)
            return false;
        if (p == text.p || !joins(p[-1]) || !joins(word.p[0]))
            return true;
        at = (size_t)(p - text.p) + 1;
    }
    return false;
}

static bool matches(const struct model_search *s, const struct model_row *row, unsigned section, int *code)
{
    unsigned n;
    struct buf b, folded;
    bool yes = true;

    buf_init(&b, 8 * LIMIT_RESOURCE_BYTES);
    buf_init(&folded, 8 * LIMIT_RESOURCE_BYTES);
    buf_addf(&b, "%s %s ", _(kind_sections(&n)[section].title), row->date.s);
    buf_add(&b, row->text.s, row->text.n);
    for (unsigned i = 0; i < row->flags; i++)
        buf_addf(&b, " %s", row->flag[i]);
    text_fold(&folded, buf_str(&b));
    for (unsigned i = 0; i < s->words && yes; i++)
        yes = stands(buf_str(&folded), s->word[i]);
    if (b.failed || folded.failed)
        *code = ERR_NOMEM;
    buf_fini(&b);
    buf_fini(&folded);
    return yes;
}

/* --- likely rows -------------------------------------------------------------------------------- */

struct likely_chart {
    char id[80];
    struct str name; /* folded */
};

struct likely {
    struct model_search *s;
    struct vec charts; /* struct likely_chart */
    struct arena a;
};

static int by_rowid(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static bool has_rowid(const struct vec *rowids, int64_t rowid)
{
    return rowids->n && bsearch(&rowid, rowids->p, rowids->n, sizeof rowid, by_rowid);
}

static int take_likely(void *arg, const struct store_row *row)
{
    struct likely *l = arg;
    struct likely_chart *c = NULL;
    int64_t *rowid;

    if (!row->patient.n)
        return ERR_OK;
    for (size_t i = l->charts.n; i && !c; i--)
        if (str_is(row->patient, ((struct likely_chart *)vec_at(&l->charts, i - 1))->id))
            c = vec_at(&l->charts, i - 1);
    if (!c && (c = vec_push(&l->charts))) {
        snprintf(c->id, sizeof c->id, "%.*s", STR_ARG(row->patient));
        c->name = STR("");
    }
    if (!c || !(rowid = vec_push(&l->s->likely)))
        return ERR_NOMEM;
    *rowid = row->rowid;
    return ERR_OK;
}

struct naming {
    struct likely *l;
    struct likely_chart *c;
};

static int take_name(void *arg, const struct store_patient *p)
{
    struct naming *n = arg;
    struct buf b;

    buf_init(&b, 32 * LIMIT_TEXT_CELL);
    text_fold(&b, p->name);
    n->c->name = arena_str(&n->l->a, buf_str(&b));
    buf_fini(&b);
    return ERR_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct likely_chart *x = a, *y = b;
    int d = !x->name.n - !y->name.n; /* the nameless last, as in every list */

    d = d ? d : str_cmp(x->name, y->name);
    return d ? d : strcmp(x->id, y->id);
}

/* What cannot be known beforehand is found in its turn: no failure is one of the search. */
static void find_likely(struct model_search *s, struct str typed)
{
    const struct store_text_query q = {.words = typed, .chart = STR(""), .limit = LIKELY_ROWS};
    struct likely l = {.s = s};
    bool ok;

    vec_init(&l.charts, sizeof(struct likely_chart), LIKELY_ROWS);
    arena_init(&l.a, 4u << 20);
    ok = !store_text_search(s->m->store, &q, take_likely, &l, NULL);
    for (size_t i = 0; ok && i < l.charts.n; i++) {
        struct naming n = {&l, vec_at(&l.charts, i)};

        ok = !store_patient(s->m->store, str_of(n.c->id), take_name, &n, NULL) && !l.a.failed;
    }
    if (ok && l.charts.n) {
        qsort(l.charts.p, l.charts.n, sizeof(struct likely_chart), by_name);
        qsort(s->likely.p, s->likely.n, sizeof(int64_t), by_rowid);
        for (size_t i = 0; ok && i < l.charts.n; i++) {
            char *id = vec_push(&s->charts);

            ok = id != NULL;
            if (ok)
                memcpy(id, ((struct likely_chart *)vec_at(&l.charts, i))->id, 80);
        }
        s->likely_first = ok;
    }
    if (!ok)
        s->charts.n = 0;
    vec_fini(&l.charts);
    arena_fini(&l.a);
}

/* Of a chart's rows, those that are to be looked at now. */
static void narrow(struct model_search *s)
{
    struct vec *refs = &s->rows.refs;
    size_t n = 0;

    if (!s->likely_first && !s->known.n)
        return;
    for (size_t i = 0; i < refs->n; i++) {
        const struct model_ref *r = vec_at(refs, i);

        if (s->likely_first ? has_rowid(&s->likely, r->rowid) : !has_rowid(&s->known, r->rowid))
            memmove(vec_at(refs, n++), r, sizeof *r);
    }
    refs->n = n;
}

/* The likely ones are through: everything, from the beginning. */
static int look_at_all(struct model_search *s)
{
    s->likely_first = false;
    s->charts.n = s->at_chart = 0;
    VEC_EACH(const struct model_ref, r, &s->found.refs)
    {
        int64_t *rowid = vec_push(&s->known);

        if (!rowid)
            return ERR_NOMEM;
        *rowid = r->rowid;
    }
    if (s->known.n)
        qsort(s->known.p, s->known.n, sizeof(int64_t), by_rowid);
    return ERR_OK;
}

/* --- charts ----------------------------------------------------------------------------------- */

static int take_chart(void *arg, const struct store_patient *p)
{
    struct model_search *s = arg;
    char *id = vec_push(&s->charts);

    if (!id)
        return ERR_NOMEM;
    snprintf(id, 80, "%.*s", STR_ARG(p->id));
    return ERR_OK;
}

/* Opens the next chart; state.done when there is none. */
static int next_chart(struct model_search *s, struct err *e)
{
    const char *id;
    int code;

    if (s->open) {
        model_reader_close(&s->reader);
        model_refs_fini(&s->rows);
        s->open = false;
        s->state.charts += !s->likely_first;
    }
    if (s->likely_first && s->at_chart == s->charts.n && (code = look_at_all(s)))
        return code;
    if (s->all && s->at_chart == s->charts.n) {
        s->charts.n = s->at_chart = 0;
        code = store_patients(s->m->store, STR(""), s->offset, CHARTS_AT_ONCE, take_chart, s, e);
        if (code)
            return code;
        s->offset += (unsigned)s->charts.n;
    }
    if (!(id = vec_at(&s->charts, s->at_chart))) {
        s->state.done = true;
        return ERR_OK;
    }
    s->at_chart++;
    if ((code = model_reader_open(s->m, str_of(id), &s->reader, e)))
        return code == ERR_NOTFOUND ? ERR_OK : code; /* gone since */
    s->open = true;
    model_refs_init(&s->rows);
    s->at = 0;
    code = model_refs_list(s->m, str_of(id), true, &s->rows, e);
    narrow(s);
    return code;
}

/* --- rows ------------------------------------------------------------------------------------- */

struct looking {
    struct model_search *s;
    struct err *e;
};

static int keep_found(struct model_search *s, const struct model_ref *ref)
{
    struct vec *charts = &s->found.charts;
    struct model_ref *at;
    const char *id = vec_at(&s->rows.charts, 0), *last = charts->n ? vec_at(charts, charts->n - 1) : NULL;

    if (!last || strcmp(last, id)) {
        char *fresh = vec_push(charts);

        if (!fresh)
            return ERR_NOMEM;
        memcpy(fresh, id, 80);
    }
    if (!(at = vec_push(&s->found.refs)))
        return ERR_NOMEM;
    *at = *ref;
    at->chart = (uint32_t)charts->n - 1;
    s->state.full = s->found.refs.n >= MODEL_FOUND_MAX;
    return ERR_OK;
}

static int look_at(void *arg, const struct store_row *r)
{
    struct looking *l = arg;
    struct model_search *s = l->s;
    const struct model_ref *ref;
    struct model_row row;
    struct arena a;
    int code, why = ERR_OK;

    while ((ref = vec_at(&s->rows.refs, s->at)) && ref->rowid != r->rowid)
        s->at++; /* gone since it was listed */
    if (!ref || s->state.full)
        return ERR_OK;
    s->at++;
    arena_init(&a, 8 * LIMIT_RESOURCE_BYTES);
    code = model_reader_row(&s->reader, r, &a, &row, l->e);
    if (!code && a.failed)
        why = ERR_NOMEM;
    if (!code && !why && matches(s, &row, ref->section, &why))
        code = keep_found(s, ref);
    arena_fini(&a);
    s->state.unread += code == ERR_JSON && !s->likely_first; /* then everything is looked at once more */
    return why ? why : code == ERR_NOTFOUND || code == ERR_JSON ? ERR_OK : code;
}

static int look_through(struct model_search *s, unsigned n, struct err *e)
{
    struct looking l = {s, e};
    size_t from = s->at;
    int64_t rowids[256];
    unsigned k = 0;
    int code;

    while (k < n && k < sizeof rowids / sizeof *rowids && from + k < s->rows.refs.n) {
        rowids[k] = ((const struct model_ref *)vec_at(&s->rows.refs, from + k))->rowid;
        k++;
    }
    code = store_rows(s->m->store, rowids, k, look_at, &l, e);
    s->at = from + k;
    s->state.rows += k;
    return code;
}

int model_search_step(struct model_search *s, unsigned rows, struct err *e)
{
    uint64_t until = s->state.rows + rows;
    int code = ERR_OK;

    while (!code && !s->state.done && s->state.rows < until) {
        if (s->open && s->at < s->rows.refs.n)
            code = look_through(s, (unsigned)(until - s->state.rows), e);
        else
            code = next_chart(s, e);
        if (s->state.full)
            s->state.done = true;
        if (!s->open)
            until -= until > s->state.rows; /* a chart without rows is work too */
    }
    return code == ERR_NOMEM ? err_set(e, code, 0, 0, "search") : code;
}

static int any_removed(void *arg, const struct store_evicted *u)
{
    (void)arg, (void)u;
    return 1;
}

/* REQ: a search that finds nothing where nothing was fetched does not read as if nothing were known. chart "": all. */
static bool fetched(struct model *m, struct str chart)
{
    unsigned n;
    const struct kind_section *all = kind_sections(&n);
    struct buf missing;
    bool whole = chart.n || !store_evicted_each(m->store, chart, false, any_removed, NULL, NULL);

    buf_init(&missing, 65536);
    for (unsigned i = 0; i < n; i++)
        whole = model_fetched(m, chart, str_of(all[i].name), &missing, NULL, NULL) && whole;
    buf_fini(&missing);
    return whole;
}

int model_search_begin(struct model *m, struct str chart, struct str typed, struct model_search **out, struct err *e)
{
    struct model_search *s = mem_alloc(sizeof *s);
    struct str rest;
    int64_t all = 1;
    int code = ERR_OK;

    if (!s)
        return err_set(e, ERR_NOMEM, 0, 0, "search");
    s->m = m;
    s->all = !chart.n;
    buf_init(&s->folded, 4096);
    model_refs_init(&s->found);
    s->found.many = s->all;
    vec_init(&s->charts, 80, CHARTS_AT_ONCE + LIKELY_ROWS);
    vec_init(&s->likely, sizeof(int64_t), LIKELY_ROWS);
    vec_init(&s->known, sizeof(int64_t), MODEL_FOUND_MAX);
    text_fold(&s->folded, typed);
    rest = buf_str(&s->folded);
    while (!code && rest.n) {
        struct str word = str_split(&rest, ' ');

        if (word.n && s->words == MODEL_SEARCH_WORDS) /* REQ: no word is left out of a search in silence */
            code = err_set(e, ERR_TOOBIG, 0, MODEL_SEARCH_WORDS, "search");
        else if (word.n)
            s->word[s->words++] = word;
    }
    if (code)
        s->words = MODEL_SEARCH_WORDS;
    else if (s->all)
        code = store_patient_count(m->store, STR(""), &all, e);
    else
        code = take_chart(s, &(struct store_patient){.id = chart});
    s->state.charts_all = (unsigned)all;
    if (s->folded.failed || code == ERR_NOMEM)
        code = err_set(e, ERR_NOMEM, 0, 0, "search");
    else if (!code && !s->words)
        code = err_set(e, ERR_INPUT, 0, 0, "search");
    if (code) {
        model_search_free(s);
        return code;
    }
    if (s->all)
        find_likely(s, typed);
    s->state.unfetched = !fetched(m, s->all ? STR("") : chart);
    *out = s;
    return ERR_OK;
}

struct model_searched model_search_state(const struct model_search *s)
{
    return s->state;
}

const struct model_refs *model_search_found(const struct model_search *s)
{
    return &s->found;
}

void model_search_free(struct model_search *s)
{
    if (!s)
        return;
    if (s->open) {
        model_reader_close(&s->reader);
        model_refs_fini(&s->rows);
    }
    model_refs_fini(&s->found);
    vec_fini(&s->charts);
    vec_fini(&s->likely);
    vec_fini(&s->known);
    buf_fini(&s->folded);
    mem_wipe(s, sizeof *s);
}
