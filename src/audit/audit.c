/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "audit/audit.h"

#include <stdio.h>

#include "base/limits.h"
#include "crypt/crypt.h"
#include "store/trail.h"

static const char *const names[AUDIT_ACTIONS] = {
    [AUDIT_UNLOCK] = "unlock", [AUDIT_OPEN] = "open",     [AUDIT_SHOW] = "show",     [AUDIT_GET] = "get",
    [AUDIT_CREATE] = "create", [AUDIT_UPDATE] = "update", [AUDIT_DELETE] = "delete", [AUDIT_EXPORT] = "export",
    [AUDIT_IMPORT] = "import", [AUDIT_PRINT] = "print",   [AUDIT_KEY] = "key",
    [AUDIT_SEARCH] = "search", [AUDIT_TASKS] = "tasks",
};

const char *audit_action_name(enum audit_action action)
{
    return action > 0 && action < AUDIT_ACTIONS ? names[action] : NULL;
}

int audit_append(struct store_tx *tx, const struct audit_event *ev, struct err *e)
{
    const struct store_trail t = {.at_ms = ev->at_ms,
                                  .boot_ms = ev->boot_ms,
                                  .action = (int)ev->action,
                                  .outcome = (int)ev->outcome,
                                  .session = ev->session,
                                  .author = ev->author,
                                  .role = ev->role,
                                  .chart = ev->chart,
                                  .type = ev->type,
                                  .id = ev->id,
                                  .version = ev->version,
                                  .purpose = ev->purpose,
                                  .reason = ev->reason};
    const struct str text[] = {t.session, t.author, t.role,    t.chart, t.type,
                               t.id,      t.version, t.purpose, t.reason};

    if (!audit_action_name(ev->action))
        return err_set(e, ERR_INPUT, 0, 0, "audit");
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (text[i].n > LIMIT_TEXT_CELL)
            return err_set(e, ERR_TOOBIG, 0, LIMIT_TEXT_CELL, "audit");
    return store_trail_append(tx, &t, e);
}

struct reading {
    int (*each)(void *arg, int64_t seq, const struct audit_event *ev);
    void *arg;
};

static int one(void *arg, const struct store_trail *t)
{
    const struct reading *r = arg;
    const struct audit_event ev = {.at_ms = t->at_ms,
                                   .boot_ms = t->boot_ms,
                                   .session = t->session,
                                   .author = t->author,
                                   .role = t->role,
                                   .action = (enum audit_action)t->action,
                                   .outcome = (enum audit_outcome)t->outcome,
                                   .chart = t->chart,
                                   .type = t->type,
                                   .id = t->id,
                                   .version = t->version,
                                   .purpose = t->purpose,
                                   .reason = t->reason};

    return r->each(r->arg, t->seq, &ev);
}

int audit_each(struct store *s, int64_t after, unsigned limit,
               int (*each)(void *arg, int64_t seq, const struct audit_event *ev), void *arg, struct err *e)
{
    struct reading r = {each, arg};

    return store_trail_each(s, after, limit, one, &r, e);
}

void audit_session(char out[AUDIT_SESSION_BYTES])
{
    unsigned char random[(AUDIT_SESSION_BYTES - 1) / 2];

    crypt_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(out + 2 * i, 3, "%02x", random[i]);
}
