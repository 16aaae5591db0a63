/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "demo/priv.h"

struct filling {
    struct demo *d;
    int64_t now;
};

static int post(void *arg, struct str bundle)
{
    struct filling *f = arg;
    struct demo_request q = {.method = STR("POST"), .body = bundle};
    struct demo_response r;
    int status;

    demo_handle(f->d, f->now, &q, &r);
    status = r.status;
    buf_fini(&r.body);
    f->now += 10; /* a household an instant: ties are normal on a server */
    return status == 200 ? ERR_OK : ERR_BUG;
}

int demo_fill(struct demo *d, int64_t now_ms, uint64_t seed, unsigned n, unsigned charts,
              const struct date *today, struct err *e)
{
    /* A ward of yesterday: a client's first sync has its overlap behind it. */
    struct filling f = {d, now_ms - INT64_C(24) * 60 * 60 * 1000};
    int code = d->db ? demo_db_begin(d->db) : ERR_OK;

    if (code)
        return err_set(e, code, 0, 0, "demo_fill");
    d->filling = true;
    code = demo_generate(seed, n, charts < n ? charts : n, today, post, &f, e);
    d->filling = false;
    if (!code && d->db && (code = demo_db_commit(d->db)))
        err_set(e, code, 0, 0, "demo_fill");
    if (code && d->db)
        demo_db_undo(d->db); /* the next start makes the ward whole */
    return code;
}
