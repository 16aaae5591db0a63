/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/demand.h"

#include <string.h>

#include "base/limits.h"

#define SETTING "sync.demand"
#define SETTING_BYTES (4 * LIMIT_URL_BYTES)

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

static int widen_scope(struct store *s, struct store_tx *tx, const char *id, struct err *e)
{
    struct sync_scope now, then;
    struct buf b;
    bool has = false;
    int code;

    buf_init(&b, SETTING_BYTES);
    code = store_setting(s, "scope", &b, e);
    if (!code && !(code = sync_scope_parse(buf_str(&b), &now, e))) {
        for (unsigned i = 0; i < now.n; i++)
            has = has || !strcmp(now.patients[i], id);
        has = has || now.all;
        sync_scope_fini(&now);
    }
    if (!code && !has && !buf_addf(&b, ",%s", id) && !(code = sync_scope_parse(buf_str(&b), &then, e)))
        sync_scope_fini(&then);
    buf_fini(&b);
    if (!code && !has && !(code = widen(s, tx, "scope", id, e)))
        code = widen(s, tx, "sync.whose", id, e);
    return code;
}

int sync_demand_add(struct store *s, const char *id, struct err *e)
{
    struct store_tx *tx;
    struct buf b;
    int code = str_is_id(str_of(id)) ? store_begin(s, true, &tx, e) : err_set(e, ERR_INPUT, 0, 0, "id");

    if (code)
        return code;
    buf_init(&b, SETTING_BYTES);
    code = read_setting(s, SETTING, &b, e);
    if (!code && !listed(buf_str(&b), str_of(id), ' ')) {
        buf_addf(&b, "%s%s", b.n ? " " : "", id);
        code = b.failed ? err_set(e, ERR_TOOBIG, 0, SETTING_BYTES, SETTING) : store_set(tx, SETTING, buf_str(&b), e);
    }
    if (!code)
        code = widen_scope(s, tx, id, e);
    buf_fini(&b);
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
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
    if (!code && ids.n && !(code = sync_scope_parse(buf_str(&spec), out, e)))
        out->demand = true;
    buf_fini(&spec);
    buf_fini(&ids);
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
    buf_fini(&left);
    buf_fini(&ids);
    return code;
}
