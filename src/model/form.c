/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/form_priv.h"

#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fhir/read.h"

static int read_form(struct form *f, struct form_findings *found, struct err *e)
{
    int r = tape_parse(&f->t, buf_str(&f->bytes), e);

    if (!r && !tape_str_is(&f->t, tape_get(&f->t, 0, "resourceType"), "Questionnaire")) {
        model_form_find(found, FORM_ERROR, STR(""), _("It is no Questionnaire."));
        r = err_set(e, ERR_INPUT, 0, 0, "resourceType");
    }
    if (r)
        return r;
    f->url = tape_str(&f->t, tape_get(&f->t, 0, "url"), &f->a);
    f->version = tape_str(&f->t, tape_get(&f->t, 0, "version"), &f->a);
    f->canonical = f->url;
    if (f->url.n && f->version.n)
        f->canonical = str_of(arena_fmt(&f->a, "%.*s|%.*s", STR_ARG(f->url), STR_ARG(f->version)));
    r = model_form_define(f, found, e);
    r = r ? r : model_form_refuse(f, found, e);
    r = r ? r : model_form_rules(f, found, e);
    return r ? r : model_form_order(f, found, e);
}

static int begin(struct form *f, struct err *e)
{
    int r = model_form_plant(f, e);

    f->stale = true;
    f->filling = true;
    r = r ? r : model_form_fill(f, &f->root, e);
    f->filling = false;
    model_form_mark_all(f);
    r = r ? r : model_form_settle(f, e);
    f->touched = false;
    return r;
}

int model_form_open(struct str bytes, const struct form_env *env, struct form **out, struct form_findings *found,
                    struct err *e)
{
    struct form *f = mem_alloc(sizeof *f);
    int r;

    *out = NULL;
    if (!f)
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    f->env = *env;
    f->status = "in-progress";
    f->root.on = true;
    f->root.item = FORM_NONE;
    arena_init(&f->a, FORM_ARENA_MAX);
    arena_init(&f->run, FORM_ARENA_MAX);
    buf_init(&f->bytes, LIMIT_RESOURCE_BYTES);
    buf_init(&f->doc, LIMIT_RESOURCE_BYTES);
    vec_init(&f->rules, sizeof(struct form_rule), 4 * FORM_MAX_ITEMS);
    vec_init(&f->nodes, sizeof(struct form_node *), FORM_KEYS_MAX);
    vec_init(&f->rows, sizeof(form_key), FORM_MAX_INSTANCES);
    vec_init(&f->seen, sizeof(struct form_seen), FORM_KEYS_MAX);
    r = buf_addstr(&f->bytes, bytes) ? err_set(e, f->bytes.failed, 0, LIMIT_RESOURCE_BYTES, "Questionnaire") : ERR_OK;
    r = r ? r : tape_parse(&f->none, STR("{}"), e);
    r = r ? r : read_form(f, found, e);
    if (!r)
        model_form_lint(f, found);
    r = r ? r : begin(f, e);
    if (r && r == ERR_JSON)
        model_form_find(found, FORM_ERROR, STR(""), _("It is not JSON."));
    if (r)
        model_form_close(f);
    else
        *out = f;
    return r;
}

void model_form_close(struct form *f)
{
    if (!f)
        return;
    VEC_EACH(struct form_rule, r, &f->rules)
        path_free(r->x);
    vec_fini(&f->seen);
    vec_fini(&f->rows);
    vec_fini(&f->nodes);
    vec_fini(&f->rules);
    tape_fini(&f->doc_t);
    tape_fini(&f->none);
    tape_fini(&f->t);
    buf_fini(&f->doc);
    buf_fini(&f->bytes);
    arena_fini(&f->run);
    arena_fini(&f->a);
    mem_wipe(f, sizeof *f);
}

struct text model_form_title(const struct form *f, struct arena *a)
{
    bool foreign;
    struct str s = model_form_words(f, &f->t, 0, "title", a, &foreign);

    if (!s.n)
        s = tape_str(&f->t, tape_get(&f->t, 0, "name"), a);
    return text_safe(a, s.n ? s : f->url, 400);
}

struct str model_form_canonical(const struct form *f)
{
    return f->canonical;
}

unsigned model_form_changes(const struct form *f)
{
    return f->changes;
}

bool model_form_touched(const struct form *f)
{
    return f->touched;
}
