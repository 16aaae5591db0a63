/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Preloaded under wardline and wardline-demo by tests that compare whole screens: on the wall it is always Monday,
 * 23 November 2026, 09:30:00 UTC, so that ages and instants are the same words in every run. The clocks that timers and
 * waits go by run as ever. The programs have no switch for that. $FIXED_CLOCK_MINUTES puts it forward, for a device whose
 * clock is wrong.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static time_t now = 1795426200;

__attribute__((constructor)) static void put_forward(void)
{
    const char *minutes = getenv("FIXED_CLOCK_MINUTES");

    now += minutes ? 60 * atoi(minutes) : 0;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)
        return (int)syscall(SYS_clock_gettime, id, t);
    t->tv_sec = now;
    t->tv_nsec = 0;
    return 0;
}

time_t time(time_t *out)
{
    if (out)
        *out = now;
    return now;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    (void)zone;
    t->tv_sec = now;
    t->tv_usec = 0;
    return 0;
}
