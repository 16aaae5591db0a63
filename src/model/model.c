/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/model.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "store/edit.h"

static int setting(struct store *s, const char *name, char *out, size_t max, struct err *e)
{
    struct buf b;
    int code;

    buf_init(&b, max - 1);
    code = store_setting(s, name, &b, e);
    if (code == ERR_NOTFOUND)
        code = ERR_OK;
    if (!code && b.n)
        memcpy(out, b.p, b.n);
    out[code ? 0 : b.n] = '\0';
    buf_fini(&b);
    return code;
}

int model_read_scope(struct model *m, struct err *e)
{
    struct buf b;
    unsigned n = 1;
    int code;

    buf_init(&b, 1 << 20);
    code = store_setting(m->store, "scope", &b, e);
    if (code == ERR_NOTFOUND) {
        code = ERR_OK;
    } else if (!code && b.n < sizeof m->scope) {
        memcpy(m->scope, b.p, b.n);
        m->scope[b.n] = '\0';
    } else if (!code) {
        for (size_t i = 0; i < b.n; i++)
            n += b.p[i] == ',';
        snprintf(m->scope, sizeof m->scope, P_("%u patient", "%u patients", n), n);
    }
    buf_fini(&b);
    return code;
}

uint64_t model_edits(const struct model *m)
{
    return store_edits(m->store);
}

int model_chart_now(const struct model *m, char chart[80], struct err *e)
{
    char id[LIMIT_ID_BYTES + 1];
    int code;

    if (strlen(chart) >= sizeof id || strchr(chart, ':'))
        return ERR_OK;
    snprintf(id, sizeof id, "%s", chart);
    if (!(code = store_renamed(m->store, STR("Patient"), id, e)))
        snprintf(chart, 80, "%s", id);
    return code;
}

int model_init(struct model *m, struct store *s, const struct clock *clock, struct err *e)
{
    char demo[8] = "", unprotected[8] = "";
    int code;

    *m = (struct model){.store = s, .clock = *clock};
    if ((code = setting(s, "server", m->base, sizeof m->base, e)) ||
        (code = model_read_scope(m, e)) ||
        (code = setting(s, "practitioner", m->practitioner, sizeof m->practitioner, e)) ||
        (code = setting(s, "role", m->role, sizeof m->role, e)) ||
        (code = setting(s, "unprotected", unprotected, sizeof unprotected, e)) ||
        (code = setting(s, "demo", demo, sizeof demo, e)))
        return code;
    audit_session(m->session);
    m->demo = demo[0] && strcmp(demo, "0");
    m->unprotected = unprotected[0] != '\0';
    return ERR_OK;
}
