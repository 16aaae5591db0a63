/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Histories one after the other, from seeds; what t_send.c and t_real.c share. A failing seed is shrunk to fewer faults
 * and acts, and the command that repeats it is printed.
 */
#ifndef TESTS_SIM_SEEDS_H
#define TESTS_SIM_SEEDS_H

#include "tests/sim/both.h"

extern struct both_world sim_w; /* some MiB: not for the stack */

/* A number from the environment. */
unsigned long sim_number(const char *name, unsigned long otherwise);
/* Of a seed, with what the environment takes away. */
struct both_setting sim_setting(uint64_t seed);
/* So many seeds (WARDLINE_SIM_SEEDS, WARDLINE_SIM_SEED), each `twice`-th one twice; from `whole` on each fault must have
 * happened. */
void sim_histories(const struct both_store *store, unsigned seeds, unsigned twice, unsigned whole, const char *program);
/* The history in sim_w once more; I23 is broken when it is another one. */
void sim_again(const struct both_setting *s);

#endif
