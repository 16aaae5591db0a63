/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ask [--ca FILE] [--post BODY] BASE WAVE...: the room alone, for scripts (TLS, proxies, the meter). A wave
 * is paths joined by ',', asked side by side; the next wave starts when all have been answered. One line an
 * answer and one for the meter:
 *     PATH CODE status=200 decoded=35 up=120 down=210 reused=0
 *     meter requests=1 up=120 down=210 rounds=2
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"

struct ask {
    struct loop *l;
    struct net *n;
    const char *body;
    char **waves;
    unsigned open;
};

struct one {
    struct ask *ask;
    char path[512];
};

static void next_wave(void *arg);

static void done(void *arg, const struct net_result *r)
{
    struct one *one = arg;
    struct ask *a = one->ask;

    printf("%s %s status=%d decoded=%llu up=%llu down=%llu reused=%d what=%s\n", one->path, r->code ? err_name(r->code) : "OK",
           r->head.status, (unsigned long long)r->decoded, (unsigned long long)r->bytes_up, (unsigned long long)r->bytes_down,
           r->reused, r->err.what);
    free(one);
    if (!--a->open)
        next_wave(a);
}

static void next_wave(void *arg)
{
    struct ask *a = arg;
    struct str rest = str_of(*a->waves);

    if (!*a->waves) {
        loop_stop(a->l, 0);
        return;
    }
    a->waves++;
    while (rest.p) {
        struct str path = str_split(&rest, ',');
        struct one *one = calloc(1, sizeof *one);
        struct net_ask ask = {.method = a->body ? "POST" : "GET", .url = one->path, .body = str_of(a->body), .on_done = done, .arg = one};
        struct err e = ERR_NONE;

        one->ask = a;
        snprintf(one->path, sizeof one->path, "%.*s", (int)path.n, path.p);
        if (net_start(a->n, &ask, NULL, &e)) {
            printf("%s %s what=%s\n", one->path, err_name(e.code), e.what);
            exit(1);
        }
        a->open++;
    }
}

int main(int argc, char **argv)
{
    struct clock clock = clock_system();
    struct ask a = {0};
    struct err e = ERR_NONE;
    const char *ca = NULL;
    struct net_meter m;

    for (argv++; argc > 2 && *argv && !strncmp(*argv, "--", 2); argv += 2)
        *(strcmp(*argv, "--ca") ? &a.body : &ca) = argv[1];
    if (!argv[0] || !argv[1])
        return 1;
    a.waves = argv + 1;
    if (loop_new(&clock, &a.l) || net_new(a.l, &clock, &a.n) || net_origin_set(a.n, NET_FHIR, argv[0], ca, &e)) {
        printf("%s what=%s\n", err_name(e.code), e.what);
        return 1;
    }
    next_wave(&a);
    loop_run(a.l);
    m = net_meter(a.n);
    printf("meter requests=%llu up=%llu down=%llu rounds=%llu\n", (unsigned long long)m.requests, (unsigned long long)m.bytes_up,
           (unsigned long long)m.bytes_down, (unsigned long long)m.round_trips);
    net_free(a.n);
    loop_free(a.l);
    return 0;
}
