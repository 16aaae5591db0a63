/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "cli/probe.h"

#include "base/limits.h"
#include "fhir/tape.h"
#include "loop/loop.h"
#include "sync/session.h"

struct probing {
    struct cli_app *app;
    struct loop *loop;
    struct cli_probe *p;
    struct buf body;
};

static int on_bytes(void *arg, struct str bytes)
{
    struct probing *g = arg;

    return buf_addstr(&g->body, bytes);
}

static void on_done(void *arg, const struct net_result *r)
{
    struct probing *g = arg;

    g->p->code = r->code;
    g->p->err = r->err;
    g->p->status = r->head.status;
    g->p->date_ms = r->head.date_ms;
    g->p->local_ms = clock_wall_ms(&g->app->clock);
    g->p->bytes_down = r->bytes_down;
    g->p->decoded = r->decoded;
    loop_stop(g->loop, 0);
}

/* CapabilityStatement (R4 capabilitystatement.html). */
static void read_abilities(struct probing *g)
{
    struct tape t;
    tape_at i, interactions;

    if (tape_parse(&t, buf_str(&g->body), NULL))
        return;
    g->p->r4 = str_starts(tape_plain(&t, tape_get(&t, 0, "fhirVersion")), "4.0");
    interactions = tape_get(&t, tape_first(&t, tape_get(&t, 0, "rest")), "interaction");
    for (i = tape_first(&t, interactions); i != TAPE_NONE; i = tape_next(&t, interactions, i))
        g->p->batch |= tape_str_is(&t, tape_get(&t, i, "code"), "batch") ||
                       /* HAPI 8.8 lists only "transaction" and does both. */
                       tape_str_is(&t, tape_get(&t, i, "code"), "transaction");
    tape_fini(&t);
}

void cli_probe_server(struct cli_app *app, struct cli_probe *p)
{
    struct probing g = {.app = app, .p = p};
    struct sync_session *s = NULL;
    struct net_ask ask = {.origin = NET_FHIR, .method = "GET", .url = "metadata", .on_bytes = on_bytes,
                          .on_done = on_done, .arg = &g};
    struct net_request *request;

    *p = (struct cli_probe){.https = str_starts(str_of(app->model.base), "https:")};
    buf_init(&g.body, LIMIT_RESOURCE_BYTES);
    p->code = loop_new(&app->clock, &g.loop);
    if (!p->code)
        p->code = sync_session_new(g.loop, app->store, &app->clock, &app->rng, &s, &p->err);
    if (!p->code)
        p->code = net_start(sync_session_net(s), &ask, &request, &p->err);
    if (!p->code)
        loop_run(g.loop);
    if (!p->code && p->status == 200)
        read_abilities(&g);
    sync_session_free(s);
    loop_free(g.loop);
    buf_fini(&g.body);
}
