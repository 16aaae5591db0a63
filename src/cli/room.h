/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Room on the disk, as quota, status and doctor tell it.
 */
#ifndef CLI_ROOM_H
#define CLI_ROOM_H

#include "base/jsonw.h"
#include "cli/cli.h"
#include "store/room.h"

/* The member "room" into an open object. */
int cli_room_members(struct cli_app *app, struct jsonw *w, struct err *e);
/* A line for each kind of which rows were removed from this device; of a chart, or of all (""). */
int cli_removed(struct cli_app *app, struct str chart, struct cli_out *out, struct err *e);

#endif
