/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Unlocking a profile: the KDF on the work thread, then the store opened on the store thread.
 */
#ifndef AUTH_UNLOCK_H
#define AUTH_UNLOCK_H

#include "crypt/secret.h"
#include "loop/loop.h"
#include "store/store.h"

/* Takes the passphrase. opened is called once on the loop: store (owned by the callee) or NULL with e.
 * Waits 1, 2, 4 .. 60 s before it answers after each failure in a row. */
struct auth_unlock;
int auth_unlock_start(struct loop *l, const char *home, struct secret *passphrase,
                      void (*opened)(void *arg, struct store *s, const struct err *e), void *arg, struct auth_unlock **out);
/* The same without a loop, for commands. */
int auth_unlock_now(const char *home, const struct secret *passphrase, struct store **out, struct err *e);

#endif
