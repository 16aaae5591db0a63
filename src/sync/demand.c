/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/demand.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "store/member.h"
#include "store/room.h"

#define SETTING "sync.demand"
#define SETTING_BYTES LIMIT_SMALL_JSON
#define WANTED_CHARTS 20 /* in one run; the others in the next */
#define WANTED_ENOUGH 1

static int read_setting(struct store *s, const char *name, struct buf *out, struct err *e)
{
    int code = store_setting(s, name, out, e);

    if (code != ERR_NOTFOUND)
        return code;
    if (e)
        *e = ERR_NONE;
    return ERR_OK;
}

static bool listed(struct str list, struct str id, char sep)
{
    while (list.n)
        if (str_eq(str_split(&list, sep), id))
            return true;
    return false;
}

/* ",ID" behind a setting that lists patients; the marks' own ("BASE patient/A,B") stays true with it, for they hold
 * for the others, and of this one nothing is taken from them. */
static int widen(struct store *s, struct store_tx *tx, const char *name, const char *id, struct err *e)
{
    struct buf b;
    int code;

    buf_init(&b, SETTING_BYTES);
    code = read_setting(s, name, &b, e);
    if (!code && b.n && (buf_addf(&b, ",%s", id) || b.n > SETTING_BYTES))
        code = err_set(e, ERR_TOOBIG, 0, SETTING_BYTES, name);
    if (!code && b.n)
        code = store_set(tx, name, buf_str(&b), e);
    buf_fini(&b);
    return code;
}

/* Beside the list's own, who stays whatever the list says; a cohort, whose fill brings the chart. */
static int add_member(struct store *s, struct store_tx *tx, const char *id, struct err *e)
{
    struct store_member m = {.cohort = 0};
    int code = store_member(s, str_of(id), &m, e);

    if (code && code != ERR_NOTFOUND)
        return code;
    if (!code && !m.left_ms)
        return ERR_OK;
    if ((code = store_cohort_new(tx, &m.cohort, e)))
        return code;
    snprintf(m.id, sizeof m.id, "%s", id);
    m.left_ms = 0;
    m.asked = true;
    return store_member_put(tx, &m, e);
}

/* *list: a list is followed; the marks of its members tell of this one, too. */
static int widen_scope(struct store *s, struct store_tx *tx, const char *id, enum sync_list *list, struct err *e)
{
    struct sync_scope now;
    struct buf b;
    bool has = false;
    int code;

    buf_init(&b, SETTING_BYTES);
    code = store_setting(s, "scope", &b, e);
    if (!code && !(code = sync_scope_parse(buf_str(&b), &now, e))) {
        for (unsigned i = 0; i < now.n; i++)
            has = has || !strcmp(now.patients[i], id);
        has = has || now.all;
        *list = now.list;
        sync_scope_fini(&now);
    }
    buf_fini(&b);
    if (!code && *list > SYNC_LIST_GIVEN)
        return add_member(s, tx, id, e);
    if (!code && !has && !(code = widen(s, tx, "scope", id, e)) && !*list)
        code = widen(s, tx, "sync.whose", id, e);
    return code;
}

static int add(struct store *s, struct store_tx *tx, const char *id, struct err *e)
{
    enum sync_list list = SYNC_LIST_NONE;
    struct buf b;
    int code = widen_scope(s, tx, id, &list, e);

    if (code || list)
        return code;
    buf_init(&b, SETTING_BYTES);
    code = read_setting(s, SETTING, &b, e);
    if (!code && !listed(buf_str(&b), str_of(id), ' ')) {
        buf_addf(&b, "%s%s", b.n ? " " : "", id);
        code = b.failed ? err_set(e, ERR_TOOBIG, 0, SETTING_BYTES, SETTING) : store_set(tx, SETTING, buf_str(&b), e);
    }
    buf_fini(&b);
    return code;
}

int sync_demand_add(struct store *s, const char *id, struct err *e)
{
    struct store_tx *tx;
    unsigned removed = 0;
    int code = str_is_id(str_of(id)) ? store_begin(s, true, &tx, e) : err_set(e, ERR_INPUT, 0, 0, "id");

    if (code)
        return code;
    if (!(code = store_evicted_want(tx, str_of(id), &removed, e)) && !removed)
        code = add(s, tx, id, e);
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

struct wanted {
    struct buf spec; /* "patient/A,B" */
    struct sync_scope kinds;
    char last[LIMIT_ID_BYTES + 1];
    unsigned charts;
};

/* A kind that one of them lacks is asked for all: the others' rows of it are here and cost a search's answer each. */
static int add_wanted(void *arg, const struct store_evicted *u)
{
    struct wanted *w = arg;
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);

    if (!str_is(u->chart, w->last)) {
        if (!str_is_id(u->chart) || ++w->charts > WANTED_CHARTS)
            return WANTED_ENOUGH;
        snprintf(w->last, sizeof w->last, "%.*s", STR_ARG(u->chart));
        buf_addf(&w->spec, "%s%s", w->charts == 1 ? "patient/" : ",", w->last);
    }
    for (unsigned i = 0; i < n; i++)
        w->kinds.kind[i] = w->kinds.kind[i] || str_is(u->type, k[i].type);
    return w->spec.failed;
}

static int wanted_scope(struct store *s, struct sync_scope *out, struct err *e)
{
    struct wanted w = {.charts = 0};
    int code;

    buf_init(&w.spec, SETTING_BYTES);
    code = store_evicted_each(s, STR(""), true, add_wanted, &w, e);
    if ((!code || code == WANTED_ENOUGH) && w.spec.n && !(code = sync_scope_parse(buf_str(&w.spec), out, e))) {
        out->demand = out->some = true;
        memcpy(out->kind, w.kinds.kind, sizeof out->kind);
    }
    buf_fini(&w.spec);
    return code == WANTED_ENOUGH ? ERR_OK : code;
}

int sync_demand_scope(struct store *s, struct sync_scope *out, struct err *e)
{
    struct buf ids, spec;
    int code;

    *out = (struct sync_scope){0};
    buf_init(&ids, SETTING_BYTES);
    buf_init(&spec, SETTING_BYTES);
    code = read_setting(s, SETTING, &ids, e);
    buf_adds(&spec, "patient/");
    for (size_t i = 0; i < ids.n; i++)
        buf_addc(&spec, ids.p[i] == ' ' ? ',' : ids.p[i]);
    if (!code && ids.n && !(code = sync_scope_parse(buf_str(&spec), out, e))) {
        out->demand = true;
        out->n = sync_scope_fit(out, 0); /* the others in the next sync */
        out->list = SYNC_LIST_NONE;
    }
    if (!code && !ids.n)
        code = wanted_scope(s, out, e);
    buf_fini(&spec);
    buf_fini(&ids);
    return code;
}

int sync_demand_kind_done(struct store_tx *tx, const struct sync_scope *scope, const char *type, struct err *e)
{
    int code = ERR_OK;

    for (unsigned i = 0; !code && i < scope->n; i++)
        code = store_evicted_back(tx, str_of(scope->patients[i]), str_of(type), e);
    return code;
}

int sync_demand_done(struct store *s, struct store_tx *tx, const struct sync_scope *scope, struct err *e)
{
    struct buf ids, left;
    struct str rest;
    int code;

    buf_init(&ids, SETTING_BYTES);
    buf_init(&left, SETTING_BYTES);
    code = read_setting(s, SETTING, &ids, e);
    rest = buf_str(&ids);
    while (rest.n) {
        struct str id = str_split(&rest, ' ');
        bool came = false;

        for (unsigned i = 0; i < scope->n; i++)
            came = came || str_is(id, scope->patients[i]);
        if (!came)
            buf_addf(&left, "%s%.*s", left.n ? " " : "", STR_ARG(id));
    }
    if (!code)
        code = left.failed ? err_set(e, left.failed, 0, 0, SETTING) : store_set(tx, SETTING, buf_str(&left), e);
    for (unsigned i = 0; !code && i < scope->n; i++)
        code = store_evicted_back(tx, str_of(scope->patients[i]), STR(""), e);
    buf_fini(&left);
    buf_fini(&ids);
    return code;
}
