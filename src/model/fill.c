/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/intl.h"
#include "base/mem.h"
#include "model/fill_priv.h"
#include "model/priv.h"

/* --- what the form asks ------------------------------------------------------------------------- */

static int zone_min(void *arg, int64_t wall_ms)
{
    (void)arg;
    return date_zone_min(wall_ms);
}

static bool resolve(void *arg, struct str reference, struct path_value *out)
{
    return model_fill_resolve(&((struct model_fill *)arg)->chart, reference, out);
}

static bool query(void *arg, struct str text, struct path_value *out)
{
    return model_fill_query(&((struct model_fill *)arg)->chart, text, out);
}

static int member_of(void *arg, struct str set, struct str system, struct str code)
{
    return model_codes_member(((struct model_fill *)arg)->codes, set, system, code);
}

static int expand(void *arg, struct str set, struct str filter, unsigned from, unsigned max, struct arena *a,
                  struct form_coding *out, unsigned *total)
{
    return model_codes_expand(((struct model_fill *)arg)->codes, set, filter, from, max, a, out, total);
}

/* --- opening ------------------------------------------------------------------------------------- */

static void draft_name(char out[MODEL_DRAFT_NAME], const char *chart, const char *form)
{
    snprintf(out, MODEL_DRAFT_NAME, "%s/%s", chart, form);
}

static int note_draft(void *arg, const struct store_draft *d)
{
    struct model_fill *x = arg;

    if (str_is(d->form, x->name))
        x->draft_ms = d->changed_ms;
    return ERR_OK;
}

static int open_form(struct model_fill *x, const struct model_fill_how *how, struct form_findings *found, struct err *e)
{
    struct str bytes;
    struct arena a;
    int code;

    arena_init(&a, 32u << 20);
    code = model_fill_bytes(how->dirs, how->form, &a, &bytes, e);
    x->env = (struct form_env){.clock = &x->m->clock, .rng = how->rng, .zone_min = zone_min, .language = how->language,
                               .contexts = x->chart.contexts, .ncontexts = x->chart.ncontexts,
                               .subject = str_of(x->chart.subject), .encounter = str_of(x->chart.encounter),
                               .author = str_of(x->m->practitioner), .arg = x, .resolve = resolve,
                               .member_of = member_of, .expand = expand, .query = query,
                               .units = model_codes_units(x->codes)};
    code = code ? code : model_form_open(bytes, &x->env, &x->form, found, e);
    arena_fini(&a);
    return code;
}

int model_fill_open(const struct model_fill_how *how, struct model_fill **out, struct form_findings *found,
                    struct err *e)
{
    struct model_fill *x = mem_alloc(sizeof *x);
    int code = ERR_OK;

    *out = NULL;
    if (!x || !(x->codes = model_codes_new(how->data))) {
        mem_free(x);
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    }
    x->m = how->m;
    x->rng = how->rng;
    x->chart.m = how->m;
    if (str_starts(how->chart, STORE_FILE_PREFIX))
        code = err_set(e, ERR_UNSUPPORTED, 0, 0, "file");
    else if (how->chart.n >= sizeof x->chart.chart || strlen(how->form) >= sizeof x->name)
        code = err_set(e, ERR_NOTFOUND, 0, 0, "form");
    if (!code) {
        memcpy(x->chart.chart, how->chart.p, how->chart.n);
        memcpy(x->name, how->form, strlen(how->form));
        code = model_fill_chart_open(&x->chart, e);
    }
    code = code ? code : open_form(x, how, found, e);
    code = code ? code : store_draft_each(x->m->store, how->chart, note_draft, x, e);
    if (code)
        model_fill_close(x);
    else
        *out = x;
    return code;
}

void model_fill_close(struct model_fill *x)
{
    if (!x)
        return;
    model_form_close(x->form);
    model_fill_chart_close(&x->chart);
    model_codes_free(x->codes);
    mem_wipe(x, sizeof *x);
}

struct form *model_fill_form(const struct model_fill *x)
{
    return x->form;
}

const char *model_fill_chart(const struct model_fill *x)
{
    return x->chart.chart;
}

const char *model_fill_name(const struct model_fill *x)
{
    return x->name;
}

const struct model_codes *model_fill_codes(const struct model_fill *x)
{
    return x->codes;
}

/* --- in words ------------------------------------------------------------------------------------- */

struct text model_fill_author(const struct model_fill *x, struct arena *a)
{
    const struct fill_doc *who = model_fill_context(&x->chart, "practitioner");
    struct text name = who ? model_name_text(&who->t, clock_wall_ms(&x->m->clock), a) : text_own("");
    struct text ref = text_safe(a, str_of(x->m->practitioner), 0), role = text_safe(a, str_of(x->m->role), 0);
    char *words;

    if (!x->m->practitioner[0])
        return text_own(_("NOT NAMED: filed, not signed"));
    words = arena_fmt(a, "%s%s%s%s%s%s", name.s, name.n ? " " : "", ref.s, role.n ? " (" : "", role.s,
                      role.n ? ")" : "");
    return text_safe(a, str_of(words ? words : ""), 0);
}

struct text model_fill_visit(const struct model_fill *x, struct arena *a)
{
    const struct fill_doc *visit = model_fill_context(&x->chart, "encounter");
    struct str start;
    char day[DATE_TEXT_MAX] = "";
    struct date d;

    if (!visit)
        return text_own("");
    start = tape_plain(&visit->t, tape_path(&visit->t, 0, "period.start"));
    if (date_parse(start, &d))
        date_text(&d, day);
    return text_safe(a, str_of(arena_fmt(a, "%s%s%s", x->chart.encounter, day[0] ? ", " : "", day)), 0);
}

/* --- drafts ----------------------------------------------------------------------------------------- */

int model_fill_at(const struct model_fill *x, const char *banner, struct err *e)
{
    if (strcmp(banner, x->chart.chart))
        return err_set(e, ERR_INPUT, 0, 0, "subject");
    return x->filed ? err_set(e, ERR_EXISTS, 0, 0, x->name) : ERR_OK;
}

int64_t model_fill_draft_ms(const struct model_fill *x)
{
    return x->draft_ms;
}

int model_fill_resume(struct model_fill *x, struct err *e)
{
    char name[MODEL_DRAFT_NAME];
    struct buf b;
    int code;

    draft_name(name, x->chart.chart, x->name);
    buf_init(&b, LIMIT_RESOURCE_BYTES);
    code = store_draft_get(x->m->store, str_of(name), &b, e);
    code = code ? code : model_form_resume(x->form, buf_str(&b), e);
    buf_fini(&b);
    return code;
}

int model_fill_draft(struct model_fill *x, const char *banner, struct model_draft *out, struct err *e)
{
    int code = model_fill_at(x, banner, e);

    *out = (struct model_draft){.changed_ms = clock_wall_ms(&x->m->clock)};
    buf_init(&out->bytes, LIMIT_RESOURCE_BYTES);
    if (code)
        return code;
    draft_name(out->name, x->chart.chart, x->name);
    memcpy(out->chart, x->chart.chart, sizeof out->chart);
    memcpy(out->form, x->name, sizeof out->form);
    code = model_form_response(x->form, "in-progress", FORM_DRAFT, &out->bytes, e);
    if (!code)
        x->draft_ms = out->changed_ms;
    return code;
}

void model_draft_fini(struct model_draft *d)
{
    buf_fini(&d->bytes);
    mem_zero(d, sizeof *d);
}

static int end(struct store_tx *tx, int code, struct err *e)
{
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

int model_draft_save(struct store *s, const struct model_draft *d, struct err *e)
{
    const struct store_draft row = {.name = str_of(d->name), .chart = str_of(d->chart), .form = str_of(d->form),
                                    .changed_ms = d->changed_ms, .bytes = buf_str(&d->bytes)};
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, e);

    return code ? code : end(tx, store_draft_put(tx, &row, e), e);
}

int model_draft_discard(struct store *s, struct str chart, const char *form, struct err *e)
{
    char name[MODEL_DRAFT_NAME];
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, e);

    if (code)
        return code;
    snprintf(name, sizeof name, "%.*s/%s", STR_ARG(chart), form);
    return end(tx, store_draft_drop(tx, str_of(name), e), e);
}

struct drafts {
    struct model_draft_row *v;
    unsigned max, n;
};

static int add_draft(void *arg, const struct store_draft *d)
{
    struct drafts *l = arg;

    if (d->form.n >= MODEL_FORM_NAME)
        return ERR_OK;
    if (l->n < l->max) {
        l->v[l->n] = (struct model_draft_row){.changed_ms = d->changed_ms};
        memcpy(l->v[l->n].form, d->form.p, d->form.n);
    }
    l->n++;
    return ERR_OK;
}

int model_drafts(struct model *m, struct str chart, struct model_draft_row *out, unsigned max, unsigned *n,
                 struct err *e)
{
    struct drafts l = {out, max, 0};
    int code = store_draft_each(m->store, chart, add_draft, &l, e);

    *n = l.n;
    return code;
}
