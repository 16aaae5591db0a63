/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The primitives that store builds on, over libsodium: XChaCha20-Poly1305-IETF, Argon2id, BLAKE2b.
 */
#ifndef CRYPT_CRYPT_H
#define CRYPT_CRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypt/secret.h"

#define CRYPT_KEY 32
#define CRYPT_NONCE 24
#define CRYPT_TAG 16
#define CRYPT_SALT 16
#define CRYPT_HASH 32
#define CRYPT_BOX_PUBLIC 32
#define CRYPT_BOX_SECRET 32
#define CRYPT_BOX_MORE 48 /* bytes that crypt_box_seal adds */

/* Seals in place or from in to out (n bytes each), tag apart. Never fails. */
void crypt_seal(unsigned char *out, unsigned char tag[CRYPT_TAG], const unsigned char *in, size_t n,
                const unsigned char *ad, size_t adn, const unsigned char nonce[CRYPT_NONCE],
                const unsigned char key[CRYPT_KEY]);
/* ERR_DAMAGED, and out zeroed, unless the tag fits. */
int crypt_unseal(unsigned char *out, const unsigned char *in, size_t n, const unsigned char tag[CRYPT_TAG],
                 const unsigned char *ad, size_t adn, const unsigned char nonce[CRYPT_NONCE],
                 const unsigned char key[CRYPT_KEY]);

struct crypt_kdf {
    uint32_t passes;    /* Argon2id opslimit: 3..16 */
    uint64_t mem_bytes; /* 64 MiB..2 GiB */
};
#define CRYPT_KDF_MIN_PASSES 3
#define CRYPT_KDF_MAX_PASSES 16
#define CRYPT_KDF_MIN_MEM (64ull << 20)
#define CRYPT_KDF_MAX_MEM (2048ull << 20)
#define CRYPT_KDF_BEST_MEM (256ull << 20)
/* Bytes that this process may still take: of the machine, of its own limit, of its control groups. UINT64_MAX: it
 * cannot be told. */
uint64_t crypt_memory_left(void);
/* CRYPT_KDF_BEST_MEM and 3 passes; CRYPT_KDF_MIN_MEM when less than 1 GiB of memory is left now. */
struct crypt_kdf crypt_kdf_default(void);
/* Within these bounds: asked of a file's numbers before they cost memory or time. */
bool crypt_kdf_allowed(const struct crypt_kdf *k);
/* Slow and big on purpose: for the work thread. ERR_INPUT out of bounds, ERR_NOMEM. key: CRYPT_KEY bytes. */
int crypt_kdf(struct secret *key, const struct secret *passphrase, const unsigned char salt[CRYPT_SALT],
              const struct crypt_kdf *k);

/* Sub-key number id (1..) of a master key, context "wlcache1". sub: CRYPT_KEY bytes. */
void crypt_subkey(unsigned char *sub, uint64_t id, const unsigned char master[CRYPT_KEY]);
/* BLAKE2b-256; key may be NULL. */
void crypt_hash(unsigned char out[CRYPT_HASH], const void *p, size_t n, const unsigned char *key);
bool crypt_equal(const void *a, const void *b, size_t n); /* takes the same time wherever they differ */
void crypt_random(void *p, size_t n);                     /* for salts and keys */
/* Never the same twice: 16 random bytes a process and a counter; a forked child starts anew. */
void crypt_nonce(unsigned char nonce[CRYPT_NONCE]);
/* A site's key pair (X25519), and what only its secret half opens (libsodium's crypto_box_seal). secret: at least
 * CRYPT_BOX_SECRET bytes. crypt_box_open: n counts the sealed bytes, out has n - CRYPT_BOX_MORE; ERR_PASSPHRASE. */
void crypt_box_pair(unsigned char pk[CRYPT_BOX_PUBLIC], struct secret *secret);
int crypt_box_public(unsigned char pk[CRYPT_BOX_PUBLIC], const struct secret *secret); /* ERR_INPUT */
int crypt_box_seal(unsigned char *out, const unsigned char *in, size_t n, const unsigned char pk[CRYPT_BOX_PUBLIC]);
int crypt_box_open(unsigned char *out, const unsigned char *in, size_t n, const struct secret *secret);

/* A number that is the same throughout a process and another one in a forked child. Never 0. */
uint64_t crypt_process(void);

#endif
