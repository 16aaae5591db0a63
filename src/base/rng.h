/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chance comes in from main as this struct, so that the pure cores and the tests can have a fixed one.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    void (*fill)(void *arg, void *p, size_t n);
    void *arg;
};

/* From getrandom(2). */
struct rng rng_system(void);
void rng_fill(const struct rng *r, void *p, size_t n);
uint64_t rng_u64(const struct rng *r);
/* A random UUID (RFC 4122 version 4), 36 characters and a NUL. */
void rng_uuid(const struct rng *r, char out[37]);

/* A small repeatable generator for tests and made-up wards (SplitMix64, public domain by S. Vigna);
 * *state is the seed. */
uint64_t rng_splitmix(uint64_t *state);
struct rng rng_seeded(uint64_t *state);

#endif
