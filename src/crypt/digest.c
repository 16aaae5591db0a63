/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "crypt/digest.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"

_Static_assert(CRYPT_SHA256 == crypto_hash_sha256_BYTES, "sha256");

/* libsodium has no SHA-1 (FIPS 180-4, 6.1). */
#define BLOCK 64

struct crypt_digest {
    crypto_hash_sha256_state sha256;
    uint32_t h[5];
    unsigned char block[BLOCK];
    uint64_t n; /* bytes added */
};

void crypt_digest_again(struct crypt_digest *d)
{
    static const uint32_t first[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

    crypto_hash_sha256_init(&d->sha256);
    memcpy(d->h, first, sizeof first);
    d->n = 0;
}

struct crypt_digest *crypt_digest_new(void)
{
    struct crypt_digest *d = mem_alloc(sizeof *d);

    if (d)
        crypt_digest_again(d);
    return d;
}

void crypt_digest_free(struct crypt_digest *d)
{
    if (d)
        mem_wipe(d, sizeof *d);
}

static uint32_t left(uint32_t v, int by)
{
    return v << by | v >> (32 - by);
}

static void one_block(uint32_t h[5], const unsigned char *p)
{
    uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

    for (int t = 0; t < 16; t++)
        w[t] = (uint32_t)p[4 * t] << 24 | (uint32_t)p[4 * t + 1] << 16 | (uint32_t)p[4 * t + 2] << 8 | p[4 * t + 3];
    for (int t = 16; t < 80; t++)
        w[t] = left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    for (int t = 0; t < 80; t++) {
        uint32_t f = t < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                     : t < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                     : t < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                              : (b ^ c ^ d) + 0xca62c1d6;
        uint32_t next = left(a, 5) + f + e + w[t];

        e = d;
        d = c;
        c = left(b, 30);
        b = a;
        a = next;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
    mem_zero(w, sizeof w);
}

static void add_sha1(struct crypt_digest *d, const unsigned char *p, size_t n)
{
    size_t held = d->n % BLOCK;

    d->n += n;
    while (n) {
        size_t take = BLOCK - held < n ? BLOCK - held : n;

        memcpy(d->block + held, p, take);
        p += take;
        n -= take;
        if ((held += take) == BLOCK) {
            one_block(d->h, d->block);
            held = 0;
        }
    }
}

void crypt_digest_add(struct crypt_digest *d, const void *p, size_t n)
{
    crypto_hash_sha256_update(&d->sha256, p, n);
    add_sha1(d, p, n);
}

void crypt_digest_end(struct crypt_digest *d, unsigned char sha256[CRYPT_SHA256], unsigned char sha1[CRYPT_SHA1])
{
    static const unsigned char pad[BLOCK] = {0x80};
    unsigned char bits[8];
    uint64_t n = d->n;

    crypto_hash_sha256_final(&d->sha256, sha256);
    for (int i = 0; i < 8; i++)
        bits[i] = (unsigned char)(n * 8 >> (56 - 8 * i));
    add_sha1(d, pad, 1 + (BLOCK + 55 - n % BLOCK) % BLOCK);
    add_sha1(d, bits, sizeof bits);
    for (int i = 0; i < CRYPT_SHA1; i++)
        sha1[i] = (unsigned char)(d->h[i / 4] >> (24 - 8 * (i % 4)));
    crypt_digest_again(d);
    mem_zero(d->block, sizeof d->block);
}
