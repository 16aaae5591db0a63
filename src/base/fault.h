/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The hook with which tests fail the n-th allocation, file or network call. Without
 * --enable-fault-injection it is compiled to nothing: a shipped program has no switch for it.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>

enum fault_kind { FAULT_MEM, FAULT_IO, FAULT_NET, FAULT_KINDS };

#ifdef FAULT_INJECTION
/* Arms a kind: its n-th call from now (1 is the next) fails, once; n = 0 disarms. Resets the count. */
void fault_arm(enum fault_kind kind, unsigned long n);
/* How many calls of a kind were made since it was armed. */
unsigned long fault_count(enum fault_kind kind);
/* True when this call must fail. */
bool fault_hit(enum fault_kind kind);
/* Arms from WARDLINE_FAULT=mem:N|io:N|net:N, before main drops the environment. */
void fault_from_env(void);
#else
#define fault_hit(kind) ((void)(kind), false)
#define fault_from_env() ((void)0)
#endif

#endif
