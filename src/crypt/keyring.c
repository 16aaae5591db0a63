/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crypt/keyring.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

#if defined(__linux__) && __has_include(<linux/keyctl.h>)

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KIND "user"
/* Possessor and user may view, read, search, write, and set attributes; nobody else anything. */
#define MODE 0x3f3f0000u

static long find(const char *name)
{
    return syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, KIND, name, 0);
}

static int why(void)
{
    return errno == ENOKEY || errno == EKEYEXPIRED || errno == EKEYREVOKED ? ERR_NOTFOUND : ERR_UNSUPPORTED;
}

int crypt_keyring_put(const char *name, const struct secret *s, unsigned seconds)
{
    long key = syscall(SYS_add_key, KIND, name, s->p, s->n, KEY_SPEC_USER_KEYRING);

    if (key < 0)
        return ERR_UNSUPPORTED;
    if (syscall(SYS_keyctl, KEYCTL_SETPERM, key, MODE) ||
        (seconds && syscall(SYS_keyctl, KEYCTL_SET_TIMEOUT, key, seconds))) {
        crypt_keyring_drop(name);
        return ERR_UNSUPPORTED;
    }
    return ERR_OK;
}

int crypt_keyring_get(const char *name, struct secret *s)
{
    long key = find(name), n;

    secret_set(s, NULL, 0);
    if (key < 0 || (n = syscall(SYS_keyctl, KEYCTL_READ, key, s->p, s->cap)) < 0)
        return why();
    if ((size_t)n > s->cap) {
        secret_set(s, NULL, 0);
        return ERR_TOOBIG;
    }
    s->n = (size_t)n;
    return ERR_OK;
}

void crypt_keyring_drop(const char *name)
{
    long key = find(name);

    if (key >= 0)
        syscall(SYS_keyctl, KEYCTL_UNLINK, key, KEY_SPEC_USER_KEYRING);
}

#else

int crypt_keyring_put(const char *name, const struct secret *s, unsigned seconds)
{
    (void)name, (void)s, (void)seconds;
    return ERR_UNSUPPORTED;
}

int crypt_keyring_get(const char *name, struct secret *s)
{
    (void)name, (void)s;
    return ERR_UNSUPPORTED;
}

void crypt_keyring_drop(const char *name)
{
    (void)name;
}

#endif
