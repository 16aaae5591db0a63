/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The machine's own end of the line: the kernel says when an interface or an address comes or goes (rtnetlink(7)). No
 * byte leaves the machine for it. That the server's end is back is not seen from here. On the loop's thread.
 */
#ifndef NET_LINK_H
#define NET_LINK_H

#include "loop/loop.h"

struct net_link;

/* changed: something did, on a later turn; several changes may come as one. ERR_UNSUPPORTED where the kernel does not
 * say; ERR_NOMEM. */
int net_link_open(struct loop *l, void (*changed)(void *arg), void *arg, struct net_link **out);
void net_link_close(struct net_link *k); /* before loop_free. NULL is fine */
/* The same over a descriptor of the caller's, which is taken over: each message is a change. */
int net_link_on(struct loop *l, int fd, void (*changed)(void *arg), void *arg, struct net_link **out);

#endif
