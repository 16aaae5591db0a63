/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/net/server.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    struct server *s;
    int fd;
};

void server_say(struct server *s, int fd, const void *p, size_t n)
{
    const char *at = p;

    pthread_mutex_lock(&s->lock);
    s->said += n; /* before the first byte leaves: who has read them all finds them counted */
    pthread_mutex_unlock(&s->lock);
    while (n) {
        ssize_t k = send(fd, at, n, MSG_NOSIGNAL);

        if (k <= 0)
            return;
        at += k;
        n -= (size_t)k;
    }
}

void server_says(struct server *s, int fd, const char *text)
{
    server_say(s, fd, text, strlen(text));
}

void server_reset(struct server *s, int fd)
{
    struct linger l = {1, 0};

    (void)s;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

void server_wait_gate(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    while (!s->gate_open)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

void server_wait_requests(struct server *s, unsigned n)
{
    pthread_mutex_lock(&s->lock);
    while (s->requests < n && !s->gate_open)
        pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

void server_open_gate(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    s->gate_open = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

unsigned server_count(struct server *s, const unsigned *what)
{
    unsigned n;

    pthread_mutex_lock(&s->lock);
    n = *what;
    pthread_mutex_unlock(&s->lock);
    return n;
}

static bool hear(struct server *s, int fd, void *p, size_t n)
{
    char *at = p;

    while (n) {
        ssize_t k = recv(fd, at, n, 0);

        if (k <= 0)
            return false;
        pthread_mutex_lock(&s->lock);
        s->heard += (uint64_t)k;
        pthread_mutex_unlock(&s->lock);
        at += k;
        n -= (size_t)k;
    }
    return true;
}

static bool hear_request(struct server *s, int fd, struct server_request *q)
{
    size_t n = 0;
    const char *length;

    do {
        if (n + 1 >= sizeof q->head || !hear(s, fd, q->head + n, 1))
            return false;
        q->head[++n] = '\0';
    } while (n < 4 || strcmp(q->head + n - 4, "\r\n\r\n"));
    if (sscanf(q->head, "%15s /fhir%511s", q->method, q->path) != 2)
        return false;
    memmove(q->path, q->path + (q->path[0] == '/'), strlen(q->path) + (q->path[0] != '/'));
    length = strcasestr(q->head, "\r\ncontent-length:");
    q->body_n = length ? (size_t)atol(length + 17) : 0;
    q->body = calloc(1, q->body_n + 1);
    return q->body && hear(s, fd, q->body, q->body_n);
}

static void *converse(void *arg)
{
    struct connection *c = arg;
    struct server *s = c->s;
    unsigned nth = 0;
    bool more = true;

    while (more) {
        struct server_request q = {.nth_here = ++nth};

        more = hear_request(s, c->fd, &q);
        if (more) {
            size_t n;

            pthread_mutex_lock(&s->lock);
            q.nth = ++s->requests;
            n = strlen(s->log);
            snprintf(s->log + n, sizeof s->log - n, "%s %s;", q.method, q.path);
            memcpy(s->last_head, q.head, sizeof q.head);
            if (++s->at_once > s->most_at_once)
                s->most_at_once = s->at_once;
            pthread_cond_broadcast(&s->changed);
            pthread_mutex_unlock(&s->lock);
            more = s->serve(s, c->fd, &q);
            pthread_mutex_lock(&s->lock);
            s->at_once--;
            pthread_mutex_unlock(&s->lock);
        }
        free(q.body);
    }
    /* The number stays taken until server_stop, so that no other thread's socket gets it meanwhile. */
    dup2(s->listener, c->fd);
    free(c);
    return NULL;
}

static void *listen_on(void *arg)
{
    struct server *s = arg;

    for (unsigned i = 0; i < sizeof s->fds / sizeof *s->fds; i++) {
        struct connection *c = calloc(1, sizeof *c);
        int fd = accept(s->listener, NULL, NULL);

        if (fd < 0 || !c) {
            free(c);
            break;
        }
        *c = (struct connection){s, fd};
        pthread_mutex_lock(&s->lock);
        s->fds[s->connections] = fd;
        if (pthread_create(&s->threads[s->connections], NULL, converse, c))
            abort();
        s->connections++;
        pthread_mutex_unlock(&s->lock);
    }
    return NULL;
}

bool server_start(struct server *s, bool (*serve)(struct server *s, int fd, const struct server_request *q), void *arg)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;

    memset(s, 0, sizeof *s);
    s->serve = serve;
    s->arg = arg;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&a, sizeof a) || listen(s->listener, 64) ||
        getsockname(s->listener, (struct sockaddr *)&a, &n))
        return false;
    s->port = ntohs(a.sin_port);
    snprintf(s->base, sizeof s->base, "http://127.0.0.1:%d/fhir", s->port);
    return !pthread_create(&s->thread, NULL, listen_on, s);
}

void server_stop(struct server *s)
{
    server_open_gate(s);
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    for (unsigned i = 0; i < s->connections; i++) {
        shutdown(s->fds[i], SHUT_RDWR);
        pthread_join(s->threads[i], NULL);
        close(s->fds[i]);
    }
    close(s->listener);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
}
