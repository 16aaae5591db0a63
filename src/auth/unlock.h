/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Unlocking a profile: the KDF on the work thread, then the store opened on the store thread, so that the
 * lock screen stays alive. Called on the loop's thread.
 */
#ifndef AUTH_UNLOCK_H
#define AUTH_UNLOCK_H

#include "crypt/secret.h"
#include "loop/loop.h"
#include "store/slots.h"

struct auth_unlock;

/* Opens the store with a key that fits, and takes it (also on error), on the store thread. cancel: the screen waits no
 * more. open NULL: store_open. */
struct auth_opener {
    int (*open)(void *arg, struct store_key *key, const atomic_bool *cancel, struct store **out, struct err *e);
    void *arg;
};

/* Tries a passphrase and takes it (also on error). opened is called once on the loop: with the store, which
 * is the callee's from then on, or with NULL and e. After a wrong passphrase it answers only after 1, 2, 4 ..
 * 60 s, by how many were wrong in a row: *u remembers. *u is NULL before the first try and is handed in again
 * for the next one. ERR_NOMEM; ERR_BUG while a try is under way: then opened is not called. */
int auth_unlock_start(struct loop *l, const char *home, struct secret *passphrase, const struct auth_opener *opener,
                      void (*opened)(void *arg, struct store *s, const struct err *e), void *arg,
                      struct auth_unlock **u);
/* Forgets a try that is under way: opened will not be called. May be called in opened. NULL is fine. */
void auth_unlock_free(struct auth_unlock *u);

/* Drops the try that is under way, as when the screen locks: opened will not be called for it. How many were
 * wrong in a row is kept, and a wait that was cut short is made up for by the next try. **u NULL is fine. */
void auth_unlock_drop(struct auth_unlock **u);

/* The wait after so many wrong passphrases in a row. */
int64_t auth_unlock_wait_ms(unsigned failures);

#endif
