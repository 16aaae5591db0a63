/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking the process that owns a home, instead of being it.
 */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include <stdatomic.h>

#include "cli/cli.h"

#define CLI_SILENT_MS 5000 /* who says nothing for so long does not answer */

/* Makes this process the owner of app->home (app->owner), or has the one that is run app's verb: then app->answered,
 * with app->status, and what it says has been written. key: for the proof; NULL: there is none, and nobody is to become
 * owner. ERR_SILENT, ERR_GONE, ERR_INUSE (a verb that runs for nobody else), ERR_CANCELLED. */
int cli_guest_or_owner(struct cli_app *app, const struct store_key *key, struct err *e);

/* For a full screen, on any thread: asks an owner that is none to give the home up, and waits for that as long as it
 * takes. Then this process owns it (app->owner). ERR_INUSE with its pid: it is a full screen, which does not;
 * ERR_CANCELLED, ERR_SILENT. */
int cli_guest_relieve(struct cli_app *app, const struct store_key *key, const atomic_bool *cancel, struct err *e);

#endif
