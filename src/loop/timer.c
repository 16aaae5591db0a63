/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "loop/loop.h"

#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "loop/priv.h"

#define TIMERS_MAX 65536
#define FAR_MS (INT64_C(1) << 50) /* about 35,000 years */

/* poll's own timeout stands still while the machine is suspended, so a screen that should have locked
 * during the night would lock minutes after the lid opened. A timerfd on CLOCK_BOOTTIME does not. */
int loop_timer_open(struct loop *l)
{
    l->armed_ms = LOOP_UNARMED;
    vec_init(&l->timers, sizeof(struct loop_timer_row), TIMERS_MAX);
    l->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    return l->timer_fd < 0 ? ERR_IO : ERR_OK;
}

loop_timer loop_after(struct loop *l, int64_t ms, void (*fire)(void *arg), void *arg)
{
    int64_t wait = ms < 0 ? 0 : ms > FAR_MS ? FAR_MS : ms;
    int64_t at = clock_boot_ms(&l->clock) + wait;
    struct loop_timer_row *rows;
    size_t i;

    if (!vec_push(&l->timers))
        return 0;
    rows = l->timers.p;
    for (i = l->timers.n - 1; i > 0 && rows[i - 1].at_ms <= at; i--)
        rows[i] = rows[i - 1];
    rows[i] = (struct loop_timer_row){at, ++l->last_timer, fire, arg};
    return l->last_timer;
}

void loop_cancel(struct loop *l, loop_timer id)
{
    struct loop_timer_row *rows = l->timers.p;

    for (size_t i = 0; i < l->timers.n; i++)
        if (rows[i].id == id) {
            memmove(rows + i, rows + i + 1, (l->timers.n - i - 1) * sizeof *rows);
            l->timers.n--;
            return;
        }
}

static struct loop_timer_row *soonest(struct loop *l)
{
    return vec_at(&l->timers, l->timers.n - 1); /* NULL when there is none */
}

void loop_timer_arm(struct loop *l)
{
    const struct loop_timer_row *t = soonest(l);
    struct itimerspec spec = {0};
    int64_t wait;

    if (t ? t->at_ms == l->armed_ms : l->armed_ms == LOOP_UNARMED)
        return;
    l->armed_ms = t ? t->at_ms : LOOP_UNARMED;
    if (t) {
        wait = t->at_ms - clock_boot_ms(&l->clock);
        if (wait > 0) {
            spec.it_value.tv_sec = (time_t)(wait / 1000);
            spec.it_value.tv_nsec = (long)(wait % 1000) * 1000000;
        } else
            spec.it_value.tv_nsec = 1; /* all zero would disarm it */
    }
    if (timerfd_settime(l->timer_fd, 0, &spec, NULL))
        err_fatal("timerfd_settime");
}

void loop_timer_fire(struct loop *l)
{
    int64_t now = clock_boot_ms(&l->clock);
    loop_timer newest = l->last_timer;
    struct loop_timer_row *t, row;
    uint64_t expired;

    if (read(l->timer_fd, &expired, sizeof expired) > 0)
        l->armed_ms = LOOP_UNARMED;
    /* A timer that a callback adds sorts behind all that are due now, so the first new one ends the turn. */
    while ((t = soonest(l)) && t->at_ms <= now && t->id <= newest) {
        row = *t;
        l->timers.n--;
        row.fire(row.arg);
    }
}
