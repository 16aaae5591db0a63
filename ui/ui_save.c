/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What keys leave behind in the store: the list that a profile begins with, and whose chart was opened. Written by a
 * job on the store thread, so that no key waits for the disk; main does not close the store before the job is done.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "ui/priv.h"

struct save {
    struct loop_job job; /* first: the loop hands it back */
    struct ui *u;        /* NULL once the screen has gone */
    struct save *next;
    struct store *store;
    int (*write)(struct save *s, struct err *e);
    struct model_scope scope;
    char chart[80];
    int64_t at_ms;
    const char *said; /* on success; NULL: nothing */
};

static int keep_scope(struct save *s, struct err *e)
{
    return model_scope_keep(s->store, &s->scope, e);
}

static int keep_opened(struct save *s, struct err *e)
{
    return model_opened(s->store, str_of(s->chart), s->at_ms, e);
}

static int run(struct loop_job *job)
{
    struct save *s = (struct save *)job;

    return s->write(s, &job->err);
}

static void done(struct loop_job *job)
{
    struct save *s = (struct save *)job, **at;
    struct ui *u = s->u;

    if (u) {
        for (at = &u->saves; *at && *at != s; at = &(*at)->next)
            ;
        if (*at)
            *at = s->next;
        if (job->code && u->open)
            ui_say_err(u, &job->err);
        else if (u->open && s->said)
            ui_say(u, "%s", s->said);
    }
    mem_wipe(s, sizeof *s);
}

static void submit(struct ui *u, struct save *with)
{
    struct save *s;

    if (!u->hooks.write || !u->open)
        return;
    if (!(s = mem_alloc(sizeof *s))) {
        struct err e = ERR_NONE;

        err_set(&e, ERR_NOMEM, 0, 0, NULL);
        ui_say_err(u, &e);
        return;
    }
    *s = *with;
    s->u = u;
    s->store = u->model.store;
    s->job.run = run;
    s->job.done = done;
    s->next = u->saves;
    u->saves = s;
    u->hooks.write(u->hooks.arg, &s->job);
}

void ui_save_scope(struct ui *u, const struct model_scope *scope)
{
    submit(u, &(struct save){.write = keep_scope, .scope = *scope, .said = _("Kept: wardline begins with this list.")});
}

void ui_save_opened(struct ui *u, const char *chart)
{
    struct save s = {.write = keep_opened, .at_ms = clock_wall_ms(u->clock)};

    snprintf(s.chart, sizeof s.chart, "%s", chart);
    submit(u, &s);
    mem_zero(&s, sizeof s);
}

void ui_save_orphan(struct ui *u)
{
    for (struct save *s = u->saves; s; s = s->next)
        s->u = NULL;
    u->saves = NULL;
}
