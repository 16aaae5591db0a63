/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A walk over large things (operations, those that have ended), inside the store: each is read in a snapshot and an
 * arena of its own, and neither the snapshot nor a lock is held while it is given.
 */
#ifndef STORE_ONES_H
#define STORE_ONES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* room: bytes of each arena. read: 1, 0 at the end, or a code. most: 0 for all. */
int walk_ones(size_t room, unsigned most, int (*read)(void *arg, struct arena *a, struct err *e),
              int (*give)(void *arg), void *arg, struct err *e);

#endif
