/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A loop, a net and a scripted server together, and requests that remember what became of them.
 */
#ifndef TESTS_NET_RIG_H
#define TESTS_NET_RIG_H

#include "base/buf.h"
#include "net/net.h"
#include "tests/net/server.h"

struct rig {
    struct loop *l;
    struct net *n;
    struct server s;
    unsigned open;     /* asked and not done: rig_wait returns at 0 */
    char order[64];    /* names of the done ones */
};

struct asked {
    struct rig *rig;
    struct net_request *request;
    char name;
    unsigned heads, dones, pieces;
    struct net_head head;
    struct net_result r;
    struct buf body;
    int head_code, bytes_code;             /* what the callbacks return */
    size_t bytes_code_after;               /* bytes_code counts from so many bytes on */
    void (*on_piece)(struct asked *a);
    void (*then)(struct asked *a);         /* from on_done */
};

/* Fatal for the test when it cannot. NET_FHIR is the server's base. */
void rig_open(struct rig *g, bool (*serve)(struct server *s, int fd, const struct server_request *q), void *arg);
void rig_close(struct rig *g);
/* GET path. */
void rig_get(struct rig *g, struct asked *a, char name, const char *path);
/* ask's callbacks are filled in; the code of net_start. */
int rig_ask(struct rig *g, struct asked *a, char name, struct net_ask ask, struct err *e);
void rig_wait(struct rig *g);
void rig_forget(struct asked *a);

#endif
