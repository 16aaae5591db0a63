/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "base/clock.h"

#include <time.h>

#include "base/err.h"

static int64_t read_ms(clockid_t id)
{
    struct timespec t;

    if (clock_gettime(id, &t))
        err_fatal("clock_gettime");
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_wall(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_boot(void *arg)
{
    (void)arg;
    return read_ms(CLOCK_BOOTTIME);
}

struct clock clock_system(void)
{
    return (struct clock){system_wall, system_boot, NULL};
}

int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c->arg);
}

int64_t clock_boot_ms(const struct clock *c)
{
    return c->boot_ms(c->arg);
}
