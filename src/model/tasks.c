/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tasks over all patients: what is to be done next, and for whom, with two identifiers in each row.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fhir/index.h"
#include "model/priv.h"
#include "model/scope.h"

struct listed {
    char chart[80], type[64], id[80];
    int64_t at_ms, overdue_days;
    bool day, unsent;
};

static int take(void *arg, const struct store_task *t)
{
    struct listed *x = vec_push(arg);

    if (!x)
        return ERR_NOMEM;
    snprintf(x->chart, sizeof x->chart, "%.*s", STR_ARG(t->chart));
    snprintf(x->type, sizeof x->type, "%.*s", STR_ARG(t->type));
    snprintf(x->id, sizeof x->id, "%.*s", STR_ARG(t->id));
    x->at_ms = t->at_ms;
    x->day = t->day;
    x->unsent = t->unsent;
    x->overdue_days = t->overdue_days;
    return ERR_OK;
}

static struct text due_words(const struct listed *x, const struct store_view *v, struct arena *a)
{
    int64_t from = x->day ? v->today_ms : v->from_ms, to = x->day ? v->today_ms + 1 : v->to_ms;
    char when[DATE_TEXT_MAX];
    struct date d = x->day && x->at_ms != FHIR_FOREVER ? date_of_days(x->at_ms / DATE_DAY_MS)
                                                       : date_today(x->at_ms == FHIR_FOREVER ? 0 : x->at_ms);

    if (x->at_ms == FHIR_FOREVER)
        return text_own(_("no due date"));
    if (x->overdue_days)
        return text_own(arena_fmt(a, _("OVERDUE %lldd"), (long long)x->overdue_days));
    if (x->at_ms >= from && x->at_ms < to)
        return text_own(_("due today"));
    date_text(&d, when);
    return text_own(arena_fmt(a, _("due %s"), when));
}

/* REQ: each row has two identifiers of its patient. */
static int read_who(struct model *m, const struct listed *x, struct arena *a, struct model_task *out,
                    struct model_person **who, struct err *e)
{
    struct model_patient row = {.similar = false};
    struct model_listed one = {.booked_ms = FHIR_NO_DATE};
    struct vec found;
    int code;

    vec_init(&found, sizeof(struct model_listed), 1);
    code = store_patient(m->store, str_of(x->chart), model_listed_take, &found, e);
    if (!code)
        one = *(struct model_listed *)vec_at(&found, 0);
    vec_fini(&found);
    if (code || (code = model_listed_row(m, &one, STR(""), a, &row, e)) ||
        (code = model_person_open(m, str_of(x->chart), a, who, e)))
        return code;
    out->similar = row.similar;
    out->who = text_own(arena_fmt(a, "%s  %s%s%s", row.name.s, row.number.s, row.marks.n ? "  " : "", row.marks.s));
    return ERR_OK;
}

static int read_task(struct model *m, const struct listed *x, const struct store_view *v, struct arena *a,
                     struct model_task *out, struct err *e)
{
    struct store_row r = {.type = str_of(x->type), .id = str_of(x->id), .date = STR(""),
                          .date_ms = FHIR_NO_DATE,
                          .origin = str_starts(str_of(x->id), STORE_FILE_PREFIX) ? STORE_FILE_IMPORT : STORE_SERVER};
    struct model_person *who;
    struct model_row row;
    struct buf raw;
    struct tape t;
    int rank, parsed = ERR_OK, code = read_who(m, x, a, out, &who, e);

    if (code)
        return code;
    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    code = store_get(m->store, r.type, r.id, &raw, e);
    if (!code && !(parsed = tape_parse(&t, buf_str(&raw), e))) {
        r.status = tape_plain(&t, tape_get(&t, 0, "status"));
        parsed = model_format(m, who, &r, &t, a, &row, &rank, e);
        tape_fini(&t);
    }
    buf_fini(&raw);
    if (code || parsed == ERR_NOMEM)
        return code ? code : parsed;
    if (parsed) /* REQ: what is due and cannot be shown has a row that says so */
        row.text = text_own(parsed == ERR_NOTFOUND ? _("NOT SHOWN: a row that names another patient")
                                                   : _("THIS ROW CANNOT BE READ: its content is damaged"));
    out->what = x->unsent ? text_own(arena_fmt(a, "%s [%s]", row.text.s, _("NOT SENT"))) : row.text;
    out->due = due_words(x, v, a);
    memcpy(out->chart, x->chart, sizeof out->chart);
    memcpy(out->type, x->type, sizeof out->type);
    memcpy(out->id, x->id, sizeof out->id);
    return ERR_OK;
}

int model_tasks(struct model *m, unsigned offset, unsigned limit, struct model_tasks *out, struct err *e)
{
    struct model_scope all = {.scope = STORE_EVERYBODY};
    struct store_view v;
    struct vec found;
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, 64u << 20);
    vec_init(&found, sizeof(struct listed), limit ? limit : 1u << 20);
    out->offset = offset;
    model_scope_view(m, &all, STR(""), &v);
    code = store_task_count(m->store, &out->total, e);
    if (!code)
        code = store_tasks(m->store, &v, offset, limit, take, &found, e);
    if (!code && !(out->rows = arena_alloc(&out->arena, (found.n + 1) * sizeof *out->rows)))
        code = err_set(e, ERR_NOMEM, 0, 0, "tasks");
    for (size_t i = 0; !code && i < found.n; i++) {
        code = read_task(m, vec_at(&found, i), &v, &out->arena, &out->rows[out->n], e);
        if (code == ERR_NOTFOUND || code == ERR_JSON) /* gone since, another patient's, or its patient is damaged */
            code = ERR_OK;
        else if (!code)
            out->n++;
    }
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "tasks");
    vec_fini(&found);
    if (code)
        model_tasks_fini(out);
    return code;
}

void model_tasks_fini(struct model_tasks *t)
{
    arena_fini(&t->arena);
    memset(t, 0, sizeof *t);
}
