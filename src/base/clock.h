/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Time comes in from main as this struct, so that the pure cores and the tests can have a fixed one. The
 * shipped program has no switch for it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *arg); /* UTC, milliseconds since 1970-01-01; may jump */
    int64_t (*boot_ms)(void *arg); /* milliseconds since boot, suspend included (CLOCK_BOOTTIME); never jumps */
    void *arg;
};

struct clock clock_system(void);
int64_t clock_wall_ms(const struct clock *c);
int64_t clock_boot_ms(const struct clock *c);

#endif
