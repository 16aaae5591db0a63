/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "net/link.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

struct net_link {
    struct loop *loop;
    int fd;
    void (*changed)(void *arg);
    void *arg;
};

/* What changed is not read: an address that came is as good a reason to try as any. */
static void ready(void *arg, int fd, short revents)
{
    struct net_link *k = arg;
    char bytes[8192];

    (void)revents;
    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    k->changed(k->arg);
}

int net_link_on(struct loop *l, int fd, void (*changed)(void *arg), void *arg, struct net_link **out)
{
    struct net_link *k = mem_alloc(sizeof *k);

    *out = NULL;
    if (!k || loop_fd(l, fd, POLLIN, ready, k)) {
        close(fd);
        mem_free(k);
        return ERR_NOMEM;
    }
    *k = (struct net_link){l, fd, changed, arg};
    *out = k;
    return ERR_OK;
}

int net_link_open(struct loop *l, void (*changed)(void *arg), void *arg, struct net_link **out)
{
    struct sockaddr_nl to = {.nl_family = AF_NETLINK,
                             .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    *out = NULL;
    if (fd < 0)
        return ERR_UNSUPPORTED;
    if (bind(fd, (struct sockaddr *)&to, sizeof to)) {
        close(fd);
        return ERR_UNSUPPORTED;
    }
    return net_link_on(l, fd, changed, arg, out);
}

void net_link_close(struct net_link *k)
{
    if (!k)
        return;
    loop_fd(k->loop, k->fd, 0, NULL, NULL);
    close(k->fd);
    mem_free(k);
}
