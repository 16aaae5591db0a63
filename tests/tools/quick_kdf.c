/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Preloaded under wardline by scripts that run it many times: Argon2id with the least work instead of 256 MiB. The
 * program has no switch for that. What the real derivation costs is held by tests/crypt/t_crypt, by doctor.py (the
 * slot's figures stay the real ones), and by the screens' tests, which derive in full. The work that was asked for
 * goes into the salt, so that another figure still gives another key.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sodium.h>
#include <string.h>

typedef int pwhash(unsigned char *, unsigned long long, const char *, unsigned long long, const unsigned char *,
                   unsigned long long, size_t, int);

int crypto_pwhash(unsigned char *const out, unsigned long long n, const char *const passphrase, unsigned long long length,
                  const unsigned char *const salt, unsigned long long passes, size_t memory, int algorithm)
{
    unsigned long long asked[2] = {passes, memory};
    unsigned char mixed[crypto_pwhash_SALTBYTES];
    pwhash *real;
    void *found = dlsym(RTLD_NEXT, "crypto_pwhash");

    memcpy(&real, &found, sizeof real);
    for (size_t i = 0; i < sizeof mixed; i++)
        mixed[i] = salt[i] ^ ((const unsigned char *)asked)[i % sizeof asked];
    return real(out, n, passphrase, length, mixed, crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN, algorithm);
}
