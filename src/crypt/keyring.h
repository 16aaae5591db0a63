/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kernel's keyring of this user (keyrings(7)): a secret in the kernel's memory, until the machine goes down, its
 * time is over or it is removed. Every process of this user can read it. Only Linux has it; a container may forbid it.
 */
#ifndef CRYPT_KEYRING_H
#define CRYPT_KEYRING_H

#include "crypt/secret.h"

/* name: at most 100 bytes of [a-z0-9:]. seconds 0: no end. ERR_UNSUPPORTED where there is no such keyring. */
int crypt_keyring_put(const char *name, const struct secret *s, unsigned seconds);
int crypt_keyring_get(const char *name, struct secret *s); /* ERR_NOTFOUND, ERR_UNSUPPORTED, ERR_TOOBIG */
void crypt_keyring_drop(const char *name);                 /* none there is fine */

#endif
