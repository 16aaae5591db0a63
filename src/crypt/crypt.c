/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crypt/crypt.h"

#include <sodium.h>
#include <string.h>

#include "base/fault.h"

_Static_assert(CRYPT_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(CRYPT_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(CRYPT_TAG == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag");
_Static_assert(CRYPT_SALT == crypto_pwhash_SALTBYTES, "salt");
_Static_assert(CRYPT_KEY == crypto_kdf_KEYBYTES, "master key");
_Static_assert(CRYPT_BOX_PUBLIC == crypto_box_PUBLICKEYBYTES && CRYPT_BOX_SECRET == crypto_box_SECRETKEYBYTES, "box");
_Static_assert(CRYPT_BOX_MORE == crypto_box_SEALBYTES, "sealed box");

void crypt_seal(unsigned char *out, unsigned char tag[CRYPT_TAG], const unsigned char *in, size_t n,
                const unsigned char *ad, size_t adn, const unsigned char nonce[CRYPT_NONCE],
                const unsigned char key[CRYPT_KEY])
{
    crypto_aead_xchacha20poly1305_ietf_encrypt_detached(out, tag, NULL, in, n, ad, adn, NULL, nonce, key);
}

int crypt_unseal(unsigned char *out, const unsigned char *in, size_t n, const unsigned char tag[CRYPT_TAG],
                 const unsigned char *ad, size_t adn, const unsigned char nonce[CRYPT_NONCE],
                 const unsigned char key[CRYPT_KEY])
{
    if (!crypto_aead_xchacha20poly1305_ietf_decrypt_detached(out, NULL, in, n, tag, ad, adn, nonce, key))
        return ERR_OK;
    memset(out, 0, n);
    return ERR_DAMAGED;
}

struct crypt_kdf crypt_kdf_default(void)
{
    return (struct crypt_kdf){3, crypt_memory_left() < (1024ull << 20) ? CRYPT_KDF_MIN_MEM : CRYPT_KDF_BEST_MEM};
}

bool crypt_kdf_allowed(const struct crypt_kdf *k)
{
    return k->passes >= CRYPT_KDF_MIN_PASSES && k->passes <= CRYPT_KDF_MAX_PASSES &&
           k->mem_bytes >= CRYPT_KDF_MIN_MEM && k->mem_bytes <= CRYPT_KDF_MAX_MEM;
}

int crypt_kdf(struct secret *key, const struct secret *passphrase, const unsigned char salt[CRYPT_SALT],
              const struct crypt_kdf *k)
{
    if (!crypt_kdf_allowed(k) || key->cap < CRYPT_KEY)
        return ERR_INPUT;
    if (fault_hit(FAULT_MEM) ||
        crypto_pwhash(key->p, CRYPT_KEY, (const char *)passphrase->p, passphrase->n, salt, k->passes,
                      (size_t)k->mem_bytes, crypto_pwhash_ALG_ARGON2ID13))
        return ERR_NOMEM; /* never a weaker derivation instead */
    key->n = CRYPT_KEY;
    return ERR_OK;
}

void crypt_subkey(unsigned char *sub, uint64_t id, const unsigned char master[CRYPT_KEY])
{
    crypto_kdf_derive_from_key(sub, CRYPT_KEY, id, "wlcache1", master);
}

void crypt_hash(unsigned char out[CRYPT_HASH], const void *p, size_t n, const unsigned char *key)
{
    crypto_generichash(out, CRYPT_HASH, p, n, key, key ? CRYPT_KEY : 0);
}

bool crypt_equal(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void crypt_random(void *p, size_t n)
{
    randombytes_buf(p, n);
}

void crypt_box_pair(unsigned char pk[CRYPT_BOX_PUBLIC], struct secret *secret)
{
    crypto_box_keypair(pk, secret->p);
    secret->n = CRYPT_BOX_SECRET;
}

int crypt_box_public(unsigned char pk[CRYPT_BOX_PUBLIC], const struct secret *secret)
{
    if (secret->n != CRYPT_BOX_SECRET || crypto_scalarmult_base(pk, secret->p))
        return ERR_INPUT;
    return ERR_OK;
}

int crypt_box_seal(unsigned char *out, const unsigned char *in, size_t n, const unsigned char pk[CRYPT_BOX_PUBLIC])
{
    return crypto_box_seal(out, in, n, pk) ? ERR_INPUT : ERR_OK; /* a key of small order */
}

int crypt_box_open(unsigned char *out, const unsigned char *in, size_t n, const struct secret *secret)
{
    unsigned char pk[CRYPT_BOX_PUBLIC];
    int code = n < CRYPT_BOX_MORE ? ERR_INPUT : crypt_box_public(pk, secret);

    if (code)
        return code;
    return crypto_box_seal_open(out, in, n, pk, secret->p) ? ERR_PASSPHRASE : ERR_OK;
}
