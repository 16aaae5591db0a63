/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/rng.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"

static void system_fill(void *arg, void *p, size_t n)
{
    char *at = p;

    (void)arg;
    while (n) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            err_fatal("getrandom");
        at += got;
        n -= (size_t)got;
    }
}

struct rng rng_system(void)
{
    return (struct rng){system_fill, NULL};
}

void rng_fill(const struct rng *r, void *p, size_t n)
{
    r->fill(r->arg, p, n);
}

uint64_t rng_u64(const struct rng *r)
{
    uint64_t v;

    rng_fill(r, &v, sizeof v);
    return v;
}

void rng_uuid(const struct rng *r, char out[37])
{
    unsigned char b[16];
    size_t at = 0;

    rng_fill(r, b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        snprintf(out + at, 3, "%02x", b[i]);
        at += 2;
    }
}

uint64_t rng_splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void seeded_fill(void *arg, void *p, size_t n)
{
    for (char *at = p; n;) {
        uint64_t v = rng_splitmix(arg);
        size_t k = n < sizeof v ? n : sizeof v;

        memcpy(at, &v, k);
        at += k;
        n -= k;
    }
}

struct rng rng_seeded(uint64_t *state)
{
    return (struct rng){seeded_fill, state};
}
