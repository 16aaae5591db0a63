/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What happened in each visit: the rows whose kind says by which element they name the visit (fhir/kind.h), counted by
 * section in the visit's row and listed in its detail. Struck rows did not happen.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "model/priv.h"

#define SECTIONS_MAX 32
#define LINES_MAX 1000

/* --- whose visit ------------------------------------------------------------------------------ */

struct scan {
    struct model *m;
    const struct model_person *who;
    /* For each row of the chart that names a visit and was not struck: the visit's type ("" in a file) and id. */
    int (*each)(void *arg, const struct store_row *r, const struct tape *t, struct str type, struct str id);
    void *arg;
};

static bool is_visit(const struct fhir_kind *k)
{
    return k && k->encounter_path && !strcmp(k->encounter_path, "id");
}

bool model_is_visit(struct str type)
{
    return is_visit(kind_find(type));
}

static int look_at(void *arg, const struct store_row *r)
{
    struct scan *s = arg;
    const struct fhir_kind *k = kind_find(r->type);
    struct str type, id;
    struct arena a;
    struct tape t;
    bool own = false;
    int code;

    if (!k || !k->encounter_path || is_visit(k) || !r->section.n || str_is(r->status, "entered-in-error"))
        return ERR_OK;
    if ((code = tape_parse(&t, r->bytes, NULL)))
        return code == ERR_NOMEM ? code : ERR_OK;
    arena_init(&a, LIMIT_URL_BYTES * 4);
    if (fhir_reference(tape_str(&t, tape_get(&t, tape_path(&t, 0, k->encounter_path), "reference"), &a),
                       model_base(s->m, s->who), &type, &id) &&
        !(code = model_own(s->m, s->who, r, &t, &own)) && own)
        code = s->each(s->arg, r, &t, type, id);
    if (a.failed)
        code = ERR_NOMEM;
    arena_fini(&a);
    tape_fini(&t);
    return code;
}

static int scan(struct scan *s, struct err *e)
{
    struct store_query q = {.patient = str_of(s->who->chart), .bytes = true};
    int code = store_each(s->m->store, &q, look_at, s, e);

    return code == ERR_NOMEM ? err_set(e, code, 0, 0, "visits") : code;
}

/* A row's id as references write it. */
static const char *bare(const char *id)
{
    return str_starts(str_of(id), STORE_FILE_PREFIX) ? id + sizeof STORE_FILE_PREFIX - 1 : id;
}

/* --- counts ----------------------------------------------------------------------------------- */

struct visit {
    struct model_row *row;
    unsigned in[SECTIONS_MAX];
};

static int by_id(const void *x, const void *y)
{
    const struct visit *a = x, *b = y;

    return strcmp(bare(a->row->id), bare(b->row->id));
}

static int count(void *arg, const struct store_row *r, const struct tape *t, struct str type, struct str id)
{
    struct vec *visits = arg;
    struct model_row key;
    struct visit want = {.row = &key}, *v;
    int section = kind_section_at(r->section);

    (void)t;
    if (id.n >= sizeof key.id || section < 0)
        return ERR_OK;
    memcpy(key.id, id.p, id.n);
    key.id[id.n] = '\0';
    v = visits->n ? bsearch(&want, visits->p, visits->n, sizeof *v, by_id) : NULL;
    if (v && (!type.n || str_is(type, v->row->type)))
        v->in[section]++;
    return ERR_OK;
}

/* "Outpatient visit - finished - in it: Results 3, Notes 1" */
static void put_counts(struct visit *v, struct arena *a)
{
    unsigned n;
    const struct kind_section *all = kind_sections(&n);
    const char *s = v->row->text.s;
    bool any = false;

    for (unsigned i = 0; i < n && i < SECTIONS_MAX && s; i++)
        if (v->in[i]) {
            /* TRANSLATORS: what happened in a visit: "in it: Results 3, Notes 1" */
            s = arena_fmt(a, "%s%s%s %u", s, any ? ", " : _(" - in it: "), _(all[i].title), v->in[i]);
            any = true;
        }
    if (any)
        v->row->text = text_own(s);
}

/* REQ: a count of rows that were not all pulled is no count. */
static int say_missing(struct model *m, struct model_rows *rs, struct err *e)
{
    unsigned n;
    const struct kind_section *all = kind_sections(&n);
    struct model_row *row;
    struct model_lack l;
    bool lacks = false;

    model_lack_init(&l);
    for (unsigned i = 0; i < n; i++)
        lacks = !model_lack(m, str_of(rs->who->chart), str_of(all[i].name), &l, NULL) || lacks;
    row = lacks && rs->rows.n ? model_rows_add(rs, -1) : NULL;
    if (row)
        row->text = text_own(
            l.unfetched.n
                ? _("What happened in a visit is counted from what is here: NOT FETCHED in full")
                : _("What happened in a visit is counted from what is here: part was removed, fetch with F"));
    rs->removed = rs->removed || l.removed.n;
    if (model_lack_fini(&l) || (lacks && rs->rows.n && !row))
        rs->keep->failed = true;
    return rs->keep->failed ? err_set(e, ERR_NOMEM, 0, 0, "visits") : ERR_OK;
}

int model_visit_rows(struct model *m, struct model_rows *rs, struct err *e)
{
    struct vec visits;
    struct scan s = {.m = m, .who = rs->who, .each = count, .arg = &visits};
    int code = ERR_OK;

    vec_init(&visits, sizeof(struct visit), rs->rows.n + 1);
    VEC_EACH(struct model_sorted, r, &rs->rows)
    {
        struct visit *v = model_is_visit(str_of(r->row.type)) ? vec_push(&visits) : NULL;

        if (v)
            v->row = &r->row;
        else if (model_is_visit(str_of(r->row.type)))
            code = err_set(e, ERR_NOMEM, 0, 0, "visits");
    }
    if (!code && visits.n) {
        qsort(visits.p, visits.n, sizeof(struct visit), by_id);
        code = scan(&s, e);
        VEC_EACH(struct visit, v, &visits) { put_counts(v, rs->keep); }
    }
    vec_fini(&visits);
    return code ? code : say_missing(m, rs, e);
}

/* --- list ------------------------------------------------------------------------------------- */

struct listing {
    struct model *m;
    const struct model_person *who;
    struct arena *a;
    struct str type, id;
    struct vec *rows; /* struct model_sorted: rank is the section */
    unsigned more;
};

static int list_row(void *arg, const struct store_row *r, const struct tape *t, struct str type, struct str id)
{
    struct listing *l = arg;
    struct model_sorted *s;
    int rank, code, section = kind_section_at(r->section);

    if (section < 0 || !str_eq(id, l->id) || (type.n && !str_eq(type, l->type)))
        return ERR_OK;
    if (l->rows->n >= LINES_MAX) {
        l->more++;
        return ERR_OK;
    }
    if (!(s = vec_push(l->rows)))
        return ERR_NOMEM;
    code = model_format(l->m, l->who, r, t, l->a, &s->row, &rank, NULL);
    s->rank = section;
    if (code)
        l->rows->n--;
    return code == ERR_NOTFOUND ? ERR_OK : code;
}

int model_visit_lines(struct model *m, const struct model_person *who, struct str type, struct str id, struct arena *a,
                      struct vec *lines, struct err *e)
{
    unsigned n;
    const struct kind_section *all = kind_sections(&n);
    struct model_rows rs = {.keep = a, .who = who};
    struct listing l = {.m = m, .who = who, .a = a, .type = type, .rows = &rs.rows};
    struct scan s = {.m = m, .who = who, .each = list_row, .arg = &l};
    const char *name = arena_dup(a, id.p, id.n);
    struct text *line;
    int code;

    l.id = name ? str_of(bare(name)) : id;
    vec_init(&rs.rows, sizeof(struct model_sorted), LINES_MAX + 1);
    code = scan(&s, e);
    model_rows_sort(STR(""), &rs);
    line = !code && rs.rows.n ? vec_push(lines) : NULL;
    if (line)
        *line = text_own(_("In this visit:"));
    VEC_EACH(const struct model_sorted, r, &rs.rows)
    {
        if (code || !(line = vec_push(lines)))
            break;
        *line = text_own(arena_fmt(a, "%s: %s  %s", _(all[r->rank].title), r->row.date.s, r->row.text.s));
        a->failed = a->failed || !line->s;
    }
    if (!code && l.more && (line = vec_push(lines)))
        *line = text_own(arena_fmt(a, P_("and %u more row", "and %u more rows", l.more), l.more));
    if (!code && (a->failed || (rs.rows.n && !line)))
        code = err_set(e, ERR_NOMEM, 0, 0, "visits");
    vec_fini(&rs.rows);
    return code;
}
