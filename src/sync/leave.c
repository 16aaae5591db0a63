/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "sync/leave.h"

#include "store/member.h"

static bool is_due(const struct sync_leave *l, const struct store_member *m)
{
    return m->left_ms < l->before_ms;
}

int sync_leave_look(struct store *s, int64_t date_ms, struct sync_leave *l, struct err *e)
{
    struct vec all;
    bool added;
    int code;

    vec_init(&l->left, sizeof(struct store_member), STORE_MEMBERS_MOST);
    vec_init(&all, sizeof(struct store_member), STORE_MEMBERS_MOST);
    l->before_ms = date_ms ? date_ms - STORE_MEMBER_GRACE_MS : 0;
    code = store_members(s, &all, e);
    VEC_EACH(const struct store_member, m, &all) {
        struct store_member *x;

        l->members += !m->asked;
        if (!m->left_ms || code)
            continue;
        if (!(x = vec_push(&l->left)) || sync_seen_add(&l->ids, sync_hash(str_of(m->id)), &added)) {
            code = err_set(e, ERR_NOMEM, 0, 0, "members");
            break;
        }
        *x = *m;
        l->due += is_due(l, m);
    }
    vec_fini(&all);
    return code;
}

void sync_leave_fini(struct sync_leave *l)
{
    vec_fini(&l->left);
    sync_seen_fini(&l->ids);
}

bool sync_leave_has(const struct sync_leave *l, struct str chart)
{
    return l->left.n && chart.n && sync_seen_has(&l->ids, sync_hash(chart));
}

int sync_leave_without(struct store *s, const struct sync_leave *l, struct str type, int64_t *here, int64_t *removed,
                       struct err *e)
{
    int code = ERR_OK;

    VEC_EACH(const struct store_member, m, &l->left) {
        int64_t n, gone;

        if ((code = store_at_server_of(s, str_of(m->id), type, &n, &gone, e)))
            break;
        *here -= n;
        *removed -= gone;
    }
    return code;
}

int sync_leave_remove(struct store *s, const struct sync_leave *l, int64_t now_ms, uint64_t *gone, struct err *e)
{
    bool went;
    int code = ERR_OK;

    VEC_EACH(const struct store_member, m, &l->left) {
        if (!is_due(l, m))
            continue;
        if ((code = store_member_remove(s, m, now_ms, &went, e)))
            break;
        *gone += went;
    }
    return code;
}
