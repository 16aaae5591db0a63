/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One process owns a store; the others ask it. Owning a home is apart from having its store open: a full screen that
 * is locked owns it still. HOME/store.lock says who owns it, HOME/owner.sock is where it is asked. What is asked and
 * answered there is not this room's; the proof is: who asks shows that it could unlock the store, and no passphrase
 * passes the socket.
 *
 * A struct store_owner belongs to one thread at a time; store_proven may be called on any.
 */
#ifndef STORE_OWNER_H
#define STORE_OWNER_H

#include <sys/types.h>

#include "store/store.h"

#define STORE_SOCKET "owner.sock"
#define STORE_CHALLENGE 32
#define STORE_PROOF 32

struct store_owner;

/* Makes this process the owner. ERR_INUSE with the holder's pid (0: unknown), ERR_PERM, ERR_IO. A forked child does not
 * own; but while it lives and holds the parent's descriptors, nobody else can: fork first. */
int store_own(const char *home, struct store_owner **out, struct err *e);
/* Gives it up; the store must be closed. NULL is fine. In a forked child it does nothing. */
void store_disown(struct store_owner *o);
/* As store_open for who owns the home already. ERR_INUSE (num 0) while a store is open under it. */
int store_open_owned(struct store_owner *o, struct store_key *key, struct store **out, struct err *e);
/* The same, and p (may be NULL) is told of rows that an older wardline indexed and that are indexed again first; when
 * it stops that, what was done is kept, and the next opening goes on there. */
int store_open_told(struct store_owner *o, struct store_key *key, const struct store_progress *p, struct store **out,
                    struct err *e);

/* The key was unlocked from a file that is no longer there under its name: the store was rotated or restored since.
 * Such a key opens nothing (store_open and the like: ERR_PASSPHRASE); whoever still has the proof unlocks once more. */
bool store_key_stale(const char *home, const struct store_key *k);

/* Puts HOME/owner.sock (0600) in the place of what a dead owner left, and listens. There is no moment in which the name
 * leads to a socket that nobody listens to. *fd is borrowed until store_disown. ERR_IO. */
int store_owner_listen(struct store_owner *o, int *fd, struct err *e);

/* Connects to the owner's socket, without waiting for it. *pid: the owner's (0: unknown). ERR_NOTFOUND: nobody listens;
 * ERR_TIMEOUT: so many wait already; ERR_PERM: it is another user's. */
int store_owner_ask(const char *home, int *fd, pid_t *pid, struct err *e);

/* The proof for a challenge of the owner's and a request: BLAKE2b over "wl-ask-1", challenge and the hash of the
 * request, keyed by sub-key 5 of the data key (FORMAT 1). */
void store_prove(const struct store_key *k, const unsigned char challenge[STORE_CHALLENGE], struct str request,
                 unsigned char proof[STORE_PROOF]);
bool store_proven(const struct store *s, const unsigned char challenge[STORE_CHALLENGE], struct str request,
                  const unsigned char proof[STORE_PROOF]);

#endif
