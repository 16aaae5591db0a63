/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/net/rig.h"

#include <CUnit/CUnit.h>
#include <string.h>

static int piece(void *arg, struct str bytes)
{
    struct asked *a = arg;

    CU_ASSERT(!a->dones && a->heads == 1);
    a->pieces++;
    buf_addstr(&a->body, bytes);
    if (a->on_piece)
        a->on_piece(a);
    return a->body.n >= a->bytes_code_after ? a->bytes_code : ERR_OK;
}

static int head(void *arg, const struct net_head *h)
{
    struct asked *a = arg;

    CU_ASSERT(!a->dones && !a->pieces);
    a->heads++;
    a->head = *h;
    return a->head_code;
}

static void done(void *arg, const struct net_result *r)
{
    struct asked *a = arg;
    struct rig *g = a->rig;
    size_t n = strlen(g->order);

    a->dones++;
    a->r = *r;
    a->request = NULL;
    if (n + 1 < sizeof g->order)
        g->order[n] = a->name;
    if (a->then)
        a->then(a);
    if (!--g->open)
        loop_stop(g->l, 0);
}

void rig_open(struct rig *g, bool (*serve)(struct server *s, int fd, const struct server_request *q), void *arg)
{
    struct clock clock = clock_system();

    memset(g, 0, sizeof *g);
    CU_ASSERT_FATAL(server_start(&g->s, serve, arg));
    CU_ASSERT_EQUAL_FATAL(loop_new(&clock, &g->l), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(net_new(g->l, &clock, &g->n), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(net_origin_set(g->n, NET_FHIR, g->s.base, NULL, NULL), ERR_OK);
}

void rig_close(struct rig *g)
{
    net_free(g->n);
    loop_free(g->l);
    server_stop(&g->s);
}

int rig_ask(struct rig *g, struct asked *a, char name, struct net_ask ask, struct err *e)
{
    int code;

    a->rig = g;
    a->name = name;
    buf_init(&a->body, 256u << 20);
    ask.on_head = head;
    ask.on_bytes = piece;
    ask.on_done = done;
    ask.arg = a;
    code = net_start(g->n, &ask, &a->request, e);
    g->open += !code;
    return code;
}

void rig_get(struct rig *g, struct asked *a, char name, const char *path)
{
    CU_ASSERT_EQUAL(rig_ask(g, a, name, (struct net_ask){.method = "GET", .url = path}, NULL), ERR_OK);
}

void rig_wait(struct rig *g)
{
    if (g->open)
        loop_run(g->l);
}

void rig_forget(struct asked *a)
{
    CU_ASSERT_EQUAL(a->dones, 1);
    buf_fini(&a->body);
}
