/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whose the marks are, and what it is to begin anew: one transaction, after which nothing says of this server, or of
 * this scope, what was true of another.
 */
#include "config.h"

#include "store/member.h"
#include "store/room.h"
#include "sync/priv.h"

#define WHOSE_BYTES (2 * LIMIT_URL_BYTES)

/* Marks hold for one server and one scope: "BASE SCOPE". Who is in a list may change, its marks are cohorts'. */
static int whose(const char *base, const struct sync_scope *scope, struct buf *out)
{
    static const char *const list[] = {"", "patient/...", "group/", "list/", "location/"};

    buf_addf(out, "%s %s", base, scope->all ? "all" : scope->list ? list[scope->list] : "patient/");
    buf_adds(out, scope->list_id);
    for (unsigned i = 0; i < scope->n && !scope->list; i++)
        buf_addf(out, "%s%s", i ? "," : "", scope->patients[i]);
    return out->failed;
}

/* What could not be read says nothing of the kind. */
int sync_is_same(struct store *s, const char *base, const struct sync_scope *scope, bool *same, struct err *e)
{
    struct buf was, is;
    int code;

    *same = false;
    buf_init(&was, WHOSE_BYTES);
    buf_init(&is, WHOSE_BYTES);
    code = store_setting(s, "sync.whose", &was, e);
    if (code == ERR_NOTFOUND)
        code = ERR_OK;
    if (!code && whose(base, scope, &is))
        code = err_set(e, is.failed, 0, WHOSE_BYTES, "sync.whose");
    *same = !code && was.n && str_eq(buf_str(&was), buf_str(&is));
    buf_fini(&was);
    buf_fini(&is);
    return code;
}

int sync_begin_anew(struct store_tx *tx, const char *base, const struct sync_scope *scope, struct err *e)
{
    static const char *const of_server[] = {"sync.unsupported", "sync.complete", "sync.changed", "sync.counts",
                                            "sync.counted",     "sync.brake",    "sync.accept",  "sync.bulk",
                                            "sync.bulk.files",  "sync.nobulk"};
    struct buf b;
    int code = store_marks_forget(tx, e);

    buf_init(&b, WHOSE_BYTES);
    if (!code)
        code = store_members_forget(tx, e);
    if (!code && whose(base, scope, &b))
        code = err_set(e, b.failed, 0, WHOSE_BYTES, "sync.whose");
    for (size_t i = 0; i < sizeof of_server / sizeof *of_server && !code; i++)
        code = store_set(tx, of_server[i], STR(""), e);
    if (!code)
        code = store_set(tx, "sync.whose", buf_str(&b), e);
    if (!code)
        code = store_evicted_forget(tx, e);
    buf_fini(&b);
    return code;
}
