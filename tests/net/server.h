/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A loopback HTTP/1.1 server for the tests of net: it says exactly the bytes a test wants and counts what
 * it heard and said. Threads of its own; nothing of it is in the program.
 */
#ifndef TESTS_NET_SERVER_H
#define TESTS_NET_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;

struct server_request {
    char method[16], path[512]; /* path: what is behind "/fhir/" */
    char head[8192];            /* the whole head, NUL-ended */
    char *body;
    size_t body_n;
    unsigned nth_here, nth;     /* 1, 2, ... on this connection; of all */
};

struct server {
    int listener, port;
    char base[64]; /* "http://127.0.0.1:PORT/fhir" */
    pthread_t thread;
    /* Says the answer. Returns whether the connection stays open. */
    bool (*serve)(struct server *s, int fd, const struct server_request *q);
    void *arg;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    unsigned connections, requests, at_once, most_at_once;
    uint64_t heard, said;
    char log[4096]; /* "GET a;POST b;" */
    char last_head[8192];
    bool gate_open; /* server_wait_gate returns once it is */
    int fds[256];
    pthread_t threads[256];
};

bool server_start(struct server *s, bool (*serve)(struct server *s, int fd, const struct server_request *q), void *arg);
void server_stop(struct server *s);
void server_say(struct server *s, int fd, const void *p, size_t n);
void server_says(struct server *s, int fd, const char *text);
void server_reset(struct server *s, int fd); /* RST instead of FIN when the connection ends */
void server_wait_gate(struct server *s);
void server_open_gate(struct server *s);
void server_wait_requests(struct server *s, unsigned n); /* until n were heard, or the gate is open */
unsigned server_count(struct server *s, const unsigned *what);

#endif
