/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The full screen wired together: the one place that knows both ui and sync.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include "cli/cli.h"

/* Opens the full screen on the profile; returns the exit status. */
int screen_main(struct cli_app *app);

#endif
