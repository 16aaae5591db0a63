/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A second, tiny process that repairs the terminal when the first one dies of what no handler can
 * catch (SIGKILL, the kernel short of memory): patient data must not stay on the glass. It holds no
 * key and no store, hears of the other's end by a pipe, and is started before either exists.
 */
#ifndef UI_MONITOR_H
#define UI_MONITOR_H

#include <stdbool.h>

/* Starts it when standard output is a terminal; -1 elsewhere or when it cannot be had (then there
 * is none). */
int ui_monitor_start(bool line); /* line mode: it restores the modes, and sends nothing */
/* An orderly end: the monitor leaves the terminal alone. monitor: what start gave. */
void ui_monitor_stop(int monitor);

#endif
