/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A fuzz target is tests/fuzz/fuzz_NAME.c with this one function, and tests/fuzz/corpus/NAME/ with inputs.
 * `make check` replays the corpus and a few thousand mutations of it (replay.c); `tests/fuzz/fuzz.sh NAME
 * SECONDS` lets libFuzzer loose on it under AddressSanitizer and UndefinedBehaviorSanitizer.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* A broken promise: ends the run where it happened. */
#define FUZZ_MUST(cond)                                                                            \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
