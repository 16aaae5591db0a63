/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In place of libsodium's Argon2id, for a test that unlocks some thousand times: the work that was asked for is only
 * hashed in, so that another figure still gives another key. As tests/tools/quick_kdf.c, for one program.
 */
#ifndef TESTS_STORE_QUICK_H
#define TESTS_STORE_QUICK_H

#include <sodium.h>

int crypto_pwhash(unsigned char *const out, unsigned long long n, const char *const passphrase, unsigned long long length,
                  const unsigned char *const salt, unsigned long long passes, size_t memory, int algorithm)
{
    crypto_generichash_state st;
    unsigned long long asked[3] = {passes, memory, (unsigned long long)algorithm};

    crypto_generichash_init(&st, salt, crypto_pwhash_SALTBYTES, n);
    crypto_generichash_update(&st, (const unsigned char *)asked, sizeof asked);
    crypto_generichash_update(&st, (const unsigned char *)passphrase, length);
    return crypto_generichash_final(&st, out, n);
}

#endif
