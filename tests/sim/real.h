/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The first device's store may be the real sealed one, on a disk in memory that loses what no sync has followed
 * (tests/store/disk.h), in place of the numbers of outbox.c. Each call is one transaction of the real store; what then
 * stands in it is read back into struct both_disk, so that the engines' actions and the laws see the same of both.
 */
#ifndef TESTS_SIM_REAL_H
#define TESTS_SIM_REAL_H

#include "tests/sim/both.h"

/* Once a process: makes the store that each history begins with. False: there is none. */
bool real_start(void);
void real_stop(void);

extern const struct both_store real_store;

struct real_sums {
    unsigned long transactions, crashes, torn, restored, unsynced; /* unsynced: crashes that took something back */
};
extern struct real_sums real_sums;

#endif
