/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/filing.h"

#include <stdio.h>

#include "base/limits.h"
#include "base/mem.h"

struct part {
    size_t from, n;     /* of model_filing.bytes */
    size_t was, was_n;  /* the same of what it was made from */
    bool create, based; /* based: it was made from something */
    const char *why;
};

void model_filing_init(struct model_filing *w, struct str chart)
{
    *w = (struct model_filing){.counts = 0};
    snprintf(w->chart, sizeof w->chart, "%.*s", STR_ARG(chart));
    vec_init(&w->parts, sizeof(struct part), LIMIT_TX_ROWS);
    buf_init(&w->bytes, 4u * LIMIT_RESOURCE_BYTES);
}

void model_filing_fini(struct model_filing *w)
{
    vec_fini(&w->parts);
    buf_fini(&w->bytes);
    mem_zero(w, sizeof *w);
}

int model_filing_add(struct model_filing *w, const struct model_write *x, struct err *e)
{
    struct part *p = vec_push(&w->parts);

    if (!p)
        return err_set(e, w->parts.n == LIMIT_TX_ROWS ? ERR_TOOBIG : ERR_NOMEM, 0, LIMIT_TX_ROWS, "resources");
    *p = (struct part){.from = w->bytes.n, .n = x->bytes.n, .create = x->create, .why = x->why};
    buf_addstr(&w->bytes, x->bytes);
    p->was = w->bytes.n;
    p->was_n = x->was.n;
    p->based = x->was.p != NULL;
    if (p->based)
        buf_addstr(&w->bytes, x->was);
    return w->bytes.failed ? err_set(e, w->bytes.failed, 0, (int64_t)w->bytes.max, "resources") : ERR_OK;
}

int model_filing_write(struct model *m, const struct model_filing *w, const struct rng *rng, unsigned *ops,
                       struct err *e)
{
    struct model_write *v = mem_alloc((w->parts.n + 1) * sizeof *v);
    struct model_edited *done = mem_alloc((w->parts.n + 1) * sizeof *done);
    struct model_writes all = {v, (unsigned)w->parts.n, str_of(w->chart), str_of(w->draft)};
    int code = v && done ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, NULL);

    for (unsigned i = 0; i < all.n && !code; i++) {
        const struct part *p = vec_at(&w->parts, i);

        v[i] = (struct model_write){.bytes = {w->bytes.p + p->from, p->n}, .create = p->create, .why = p->why};
        if (p->based)
            v[i].was = (struct str){w->bytes.p + p->was, p->was_n};
    }
    code = code ? code : model_edit_all(m, &all, rng, done, e);
    *ops = 0;
    for (unsigned i = 0; i < all.n && !code; i++)
        *ops += done[i].op[0] != '\0';
    mem_free(v);
    mem_free(done);
    return code;
}
