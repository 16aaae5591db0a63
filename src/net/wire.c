/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What really went over the line. curl counts heads and bodies, but no TLS (a cold handshake is several
 * kilobytes), no chunk and no frame headers; the kernel counts every byte of the TCP stream. Sockets are
 * known from curl's open and close callbacks.
 */
#include "config.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/tcp.h>
#include <netinet/in.h>
#endif

#include "net/priv.h"

#define SOCKETS_MAX 1024
#define CLOSE_WAIT 8 /* TCP_CLOSE_WAIT of the kernel's tcp_states.h, which is not for programs */

/* False when this system does not tell. */
static bool socket_count(int fd, struct net_count *c)
{
#ifdef __linux__
    struct tcp_info info;
    socklen_t n = sizeof info;

    memset(&info, 0, sizeof info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n))
        return false;
    /* since Linux 4.19: what was sent, less what was sent again */
    if (n < offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof info.tcpi_bytes_retrans)
        return false;
    c->up = info.tcpi_bytes_sent - info.tcpi_bytes_retrans;
    c->down = info.tcpi_bytes_received - (info.tcpi_state == CLOSE_WAIT); /* the peer's FIN counts as a byte */
    return true;
#else
    (void)fd;
    (void)c;
    return false;
#endif
}

static curl_socket_t opened(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
    struct net_wire *w = arg;
    int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
    int *row;

    (void)purpose;
    if (fd < 0)
        return CURL_SOCKET_BAD;
    if (a->socktype == SOCK_STREAM) {
        if ((row = vec_push(&w->sockets)))
            *row = fd;
        else
            w->blind = true;
    }
    return fd;
}

static int closing(void *arg, curl_socket_t fd)
{
    struct net_wire *w = arg;

    for (size_t i = 0; i < w->sockets.n; i++) {
        int *row = vec_at(&w->sockets, i);
        struct net_count c;

        if (*row != fd)
            continue;
        if (socket_count(fd, &c)) {
            w->closed.up += c.up;
            w->closed.down += c.down;
        } else
            w->blind = true;
        *row = *(int *)vec_at(&w->sockets, w->sockets.n - 1);
        w->sockets.n--;
        break;
    }
    return close(fd);
}

void net_wire_init(struct net_wire *w)
{
    *w = (struct net_wire){0};
    vec_init(&w->sockets, sizeof(int), SOCKETS_MAX);
}

void net_wire_fini(struct net_wire *w)
{
    vec_fini(&w->sockets);
}

void net_wire_watch(struct net_wire *w, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, opened);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, w);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, closing);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, w);
}

static struct net_count total(const struct net_wire *w, bool *blind)
{
    struct net_count sum = w->closed, c;

    *blind = w->blind;
    VEC_EACH(const int, fd, &w->sockets) {
        if (socket_count(*fd, &c)) {
            sum.up += c.up;
            sum.down += c.down;
        } else
            *blind = true;
    }
    return sum;
}

bool net_wire_since_reset(const struct net_wire *w, struct net_count *out)
{
    bool blind;
    struct net_count now = total(w, &blind);

    *out = (struct net_count){now.up - w->at_reset.up, now.down - w->at_reset.down};
    return !blind;
}

void net_wire_reset(struct net_wire *w)
{
    bool blind;

    w->at_reset = total(w, &blind);
}
