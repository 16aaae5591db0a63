/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The worklist, a page at a time: never more patients in memory than are asked for. Name, birth
 * date, sex and number are those of the banner, read from the same resource.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "model/priv.h"

#define WORKLIST_ARENA ((size_t)512 << 20)

struct filling {
    struct model *m;
    struct model_worklist *w;
    struct vec ids; /* struct found: read the resources after the walk */
};

struct found {
    char chart[80];
    unsigned similar;
    enum store_origin origin;
};

static int take(void *arg, const struct store_patient *p)
{
    struct filling *f = arg;
    struct found *x = vec_push(&f->ids);

    if (!x)
        return ERR_NOMEM;
    snprintf(x->chart, sizeof x->chart, "%.*s", STR_ARG(p->id));
    x->similar = p->similar;
    x->origin = p->origin;
    return ERR_OK;
}

static struct text number_of(const struct tape *t, int64_t now_ms, struct arena *a)
{
    tape_at i = model_number(t, now_ms);

    if (i == TAPE_NONE)
        return text_own(_("no number"));
    return text_safe(a, str_trim(tape_str(t, tape_get(t, i, "value"), a)), 64);
}

/* REQ: namesakes, the dead, and patients that are in no server's list are marked in words. */
static struct text marks_of(const struct found *x, const struct model_person *who, struct arena *a)
{
    const char *words[] = {who->dead ? _("DIED") : NULL, x->similar ? _("SIMILAR NAME") : NULL,
                           x->origin == STORE_FILE_IMPORT ? _("FROM FILE") : NULL};
    struct text all = {"", 0, 0};
    struct buf b;

    buf_init(&b, 256);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i]) {
            buf_adds(&b, b.n ? " " : "");
            buf_adds(&b, words[i]);
        }
    if (b.n)
        all = text_own(arena_dup(a, b.p, b.n));
    a->failed = a->failed || b.failed;
    buf_fini(&b);
    return all;
}

static int read_row(struct filling *f, const struct found *x, struct model_patient *row,
                    struct err *e)
{
    struct arena *a = &f->w->arena;
    struct model_person who;
    struct buf raw;
    struct tape t;
    int code = model_patient_open(f->m, str_of(x->chart), &raw, &t, e);

    if (code)
        return code;
    model_person_read(f->m, str_of(x->chart), &t, a, &who);
    memcpy(row->chart, x->chart, sizeof row->chart);
    row->name = model_name_text(&t, who.now_ms, a);
    row->born = model_born_text(&who, a);
    row->sex = model_sex_text(&who, a);
    row->number = number_of(&t, who.now_ms, a);
    row->marks = marks_of(x, &who, a);
    tape_fini(&t);
    buf_fini(&raw);
    return ERR_OK;
}

static void say_empty(struct model *m, struct model_worklist *w, bool filtered)
{
    const char *scope = m->scope[0] ? text_safe(&w->arena, str_of(m->scope), 0).s : _("all");

    if (w->total)
        return;
    if (filtered) /* REQ: an empty search is of this cache alone, and says so */
        w->empty = text_own(arena_fmt(
            &w->arena,
            P_("none in the %lld patient kept here (%s); the server was not searched",
               "none in the %lld patients kept here (%s); the server was not searched", w->kept),
            (long long)w->kept, scope));
    else
        w->empty = text_own(arena_fmt(
            &w->arena, _("no patients kept here yet (%s); synchronise to fetch them"), scope));
}

int model_worklist(struct model *m, struct str filter, unsigned offset, unsigned limit,
                   struct model_worklist *out, struct err *e)
{
    struct filling f = {.m = m, .w = out};
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, WORKLIST_ARENA);
    vec_init(&f.ids, sizeof(struct found), limit ? limit : 1u << 20);
    out->offset = offset;
    code = store_patient_count(m->store, filter, &out->total, e);
    if (!code)
        code = store_patient_count(m->store, STR(""), &out->kept, e);
    if (!code)
        code = store_patients(m->store, filter, offset, limit, take, &f, e);
    if (!code && !(out->rows = arena_alloc(&out->arena, (f.ids.n + 1) * sizeof *out->rows)))
        code = err_set(e, ERR_NOMEM, 0, 0, "worklist");
    for (size_t i = 0; !code && i < f.ids.n; i++) {
        code = read_row(&f, vec_at(&f.ids, i), &out->rows[out->n], e);
        if (code == ERR_NOTFOUND) /* gone since the walk */
            code = ERR_OK;
        else if (!code)
            out->n++;
    }
    if (!code)
        say_empty(m, out, str_trim(filter).n != 0);
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "worklist");
    vec_fini(&f.ids);
    if (code)
        model_worklist_fini(out);
    return code;
}

void model_worklist_fini(struct model_worklist *w)
{
    arena_fini(&w->arena);
    memset(w, 0, sizeof *w);
}
