/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/fault.h"

#ifdef FAULT_INJECTION
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_ulong fault_at[FAULT_KINDS], fault_seen[FAULT_KINDS];

void fault_arm(enum fault_kind kind, unsigned long n)
{
    fault_seen[kind] = 0;
    fault_at[kind] = n;
}

unsigned long fault_count(enum fault_kind kind)
{
    return fault_seen[kind];
}

bool fault_hit(enum fault_kind kind)
{
    return ++fault_seen[kind] == fault_at[kind];
}

void fault_from_env(void)
{
    static const char *const names[FAULT_KINDS] = {"mem:", "io:", "net:"};
    const char *v = getenv("WARDLINE_FAULT");

    for (int k = 0; v && k < FAULT_KINDS; k++)
        if (!strncmp(v, names[k], strlen(names[k])))
            fault_arm((enum fault_kind)k, strtoul(v + strlen(names[k]), NULL, 10));
}
#else
typedef int fault_is_off; /* ISO C wants a declaration */
#endif
