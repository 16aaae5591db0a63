/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What keys leave behind in the store. The list that a profile begins with is written by a job on the store thread, so
 * that no key waits for the disk; main does not close the store before the job is done. Only the opening of a chart
 * waits: its audit row is on disk before the chart is shown.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "base/path.h"
#include "model/edit.h"
#include "ui/priv.h"

struct save {
    struct loop_job job; /* first: the loop hands it back */
    struct ui *u;        /* NULL once the screen has gone */
    struct save *next;
    struct store *store;
    int (*write)(struct save *s, struct err *e);
    struct model_scope scope;
    struct model model;
    char home[PATH_MAX_BYTES];
    struct model_draft draft;   /* of a form; name and chart alone where it is to be discarded */
    struct model_filing filing;
    struct rng rng;
    unsigned ops;
    void (*after)(struct ui *u, struct save *s); /* instead of what is said */
    void (*filed)(struct ui *u, unsigned ops, const struct err *e);
    const char *said; /* on success; NULL: nothing */
};

static int keep_scope(struct save *s, struct err *e)
{
    return model_scope_keep(s->store, &s->scope, e);
}

static int keep_unlocked(struct save *s, struct err *e)
{
    return model_unlocked(&s->model, s->home, e);
}

static int keep_draft(struct save *s, struct err *e)
{
    return model_draft_save(s->store, &s->draft, e);
}

static int discard_draft(struct save *s, struct err *e)
{
    return model_draft_discard(s->store, str_of(s->draft.chart), s->draft.form, e);
}

static int file(struct save *s, struct err *e)
{
    return model_filing_write(&s->model, &s->filing, &s->rng, &s->ops, e);
}

static int run(struct loop_job *job)
{
    struct save *s = (struct save *)job;

    return s->write(s, &job->err);
}

static void drop(struct save *s)
{
    model_draft_fini(&s->draft);
    if (s->write == file)
        model_filing_fini(&s->filing);
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
        if (u->open && s->after)
            s->after(u, s);
        else if (job->code && u->open)
            ui_say_err(u, &job->err);
        else if (u->open && s->said)
            ui_say(u, "%s", s->said);
    }
    drop(s);
    mem_wipe(s, sizeof *s);
}

/* What *with holds is the job's from here. */
static void submit(struct ui *u, struct save *with)
{
    struct save *s;

    if (!u->hooks.write || !u->open) {
        drop(with);
        return;
    }
    if (!(s = mem_alloc(sizeof *s))) {
        struct err e = ERR_NONE;

        drop(with);
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

void ui_save_unlocked(struct ui *u)
{
    struct save s = {.write = keep_unlocked, .model = u->model};

    snprintf(s.home, sizeof s.home, "%s", u->home);
    submit(u, &s);
}

/* --- forms ------------------------------------------------------------------------------------------ */

/* In the order in which they were asked for: no draft is written behind the filing that it was for. */

static void draft_kept(struct ui *u, struct save *s)
{
    if (s->job.code)
        ui_say(u, "%s", _("NOT KEPT: the draft cannot be written. Is the disk full?"));
    else if (s->said)
        ui_say(u, "%s", s->said);
    scr_forms_changed(u);
}

void ui_save_draft(struct ui *u, struct model_draft *d, const char *said)
{
    submit(u, &(struct save){.write = keep_draft, .draft = *d, .said = said, .after = draft_kept});
}

static void draft_gone(struct ui *u, struct save *s)
{
    if (s->job.code)
        ui_say_err(u, &s->job.err);
    else
        ui_say(u, "%s", _("The draft is discarded."));
    scr_forms_changed(u);
}

void ui_save_discard(struct ui *u, const char *chart, const char *form)
{
    struct save s = {.write = discard_draft, .after = draft_gone};

    snprintf(s.draft.chart, sizeof s.draft.chart, "%s", chart);
    snprintf(s.draft.form, sizeof s.draft.form, "%s", form);
    submit(u, &s);
}

static void filed(struct ui *u, struct save *s)
{
    s->filed(u, s->ops, &s->job.err);
}

void ui_save_filing(struct ui *u, struct model_filing *w, void (*then)(struct ui *u, unsigned ops, const struct err *e))
{
    submit(u, &(struct save){.write = file, .model = u->model, .filing = *w, .rng = u->hooks.rng,
                             .after = filed, .filed = then});
    memset(w, 0, sizeof *w);
}

bool ui_saving_draft(const struct ui *u)
{
    for (const struct save *s = u->saves; s; s = s->next)
        if (s->write == keep_draft || s->write == discard_draft || s->write == file)
            return true;
    return false;
}

struct opening {
    struct loop_job job; /* first */
    const struct model *model;
    const char *chart;
};

static int run_opening(struct loop_job *job)
{
    struct opening *o = (struct opening *)job;

    return model_opened(o->model, str_of(o->chart), &job->err);
}

bool ui_save_opened(struct ui *u, const char *chart)
{
    struct opening o = {.job = {.run = run_opening}, .model = &u->model, .chart = chart};

    if (u->hooks.write_now && !u->hooks.write_now(u->hooks.arg, &o.job))
        return true;
    ui_say(u, "%s", _("NOT OPENED: the audit trail cannot be written. Is the disk full?"));
    return false;
}

struct seeing {
    struct loop_job job; /* first */
    const struct model *model;
    const struct model_seen *seen;
};

static int run_seeing(struct loop_job *job)
{
    struct seeing *s = (struct seeing *)job;

    return model_seen(s->model, s->seen, &job->err);
}

bool ui_save_seen(struct ui *u, const struct model_seen *seen)
{
    struct seeing s = {.job = {.run = run_seeing}, .model = &u->model, .seen = seen};

    if ((!seen->begins && !seen->charts->n) || (u->hooks.write_now && !u->hooks.write_now(u->hooks.arg, &s.job)))
        return true;
    ui_say(u, "%s", _("NOT SHOWN: the audit trail cannot be written. Is the disk full?"));
    return false;
}

void ui_save_orphan(struct ui *u)
{
    for (struct save *s = u->saves; s; s = s->next)
        s->u = NULL;
    u->saves = NULL;
}
