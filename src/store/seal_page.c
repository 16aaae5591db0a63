/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/seal_priv.h"

#include <string.h>

/* The only two places where the control build of the canary test differs. */
static void put(unsigned char *p, size_t n, unsigned char *nonce_tag, const unsigned char *in,
                const unsigned char *ad, size_t adn, const unsigned char *key)
{
#ifdef UNSEALED_TEST_STORE
    (void)ad, (void)adn, (void)key;
    memmove(p, in, n);
    memset(nonce_tag, 0xff, SEAL_RESERVE);
#else
    crypt_nonce(nonce_tag);
    crypt_seal(p, nonce_tag + CRYPT_NONCE, in, n, ad, adn, nonce_tag, key);
#endif
}

static bool get(unsigned char *p, size_t n, const unsigned char *nonce_tag, const unsigned char *in,
                const unsigned char *ad, size_t adn, const unsigned char *key)
{
#ifdef UNSEALED_TEST_STORE
    (void)ad, (void)adn, (void)key;
    memmove(p, in, n);
    return nonce_tag[0] == 0xff;
#else
    return crypt_unseal(p, in, n, nonce_tag + CRYPT_NONCE, ad, adn, nonce_tag, key) == ERR_OK;
#endif
}

/* What a message is bound to: its role, this format, this file, its place. */
static void bind(unsigned char ad[32], const char role[4], const struct seal_keys *k, uint64_t place)
{
    memcpy(ad, role, 4);
    seal_put32(ad + 4, SEAL_VERSION);
    memcpy(ad + 8, k->file_id, SEAL_FILE_ID);
    seal_put64(ad + 24, place);
}

void seal_page_put(const struct seal_keys *k, uint64_t no, const unsigned char *page, unsigned char *sealed)
{
    unsigned char ad[32];

    bind(ad, "WLDB", k, no);
    put(sealed, SEAL_CONTENT, sealed + SEAL_CONTENT, page, ad, sizeof ad, seal_key(k, SEAL_K_DB));
}

bool seal_page_get(const struct seal_keys *k, uint64_t no, const unsigned char *sealed, unsigned char *page)
{
    unsigned char ad[32];

    bind(ad, "WLDB", k, no);
    memset(page + SEAL_CONTENT, 0, SEAL_RESERVE);
    return get(page, SEAL_CONTENT, sealed + SEAL_CONTENT, sealed, ad, sizeof ad, seal_key(k, SEAL_K_DB));
}

/* A frame's checksum covers the page in clear, so it is sealed with it: two checksums of one page would
 * tell an edit. */
#define MESSAGE (SEAL_FRAME_HEAD - SEAL_FRAME_CLEAR + SEAL_CONTENT)

static void bind_frame(unsigned char ad[48], const struct seal_keys *k, uint64_t at, const unsigned char *head)
{
    bind(ad, "WLWL", k, at);
    memcpy(ad + 32, head, SEAL_FRAME_CLEAR);
}

void seal_frame_put(const struct seal_keys *k, uint64_t at, const unsigned char *head, const unsigned char *page,
                    unsigned char *sealed)
{
    unsigned char ad[48], *message = sealed + SEAL_FRAME_CLEAR;

    bind_frame(ad, k, at, head);
    memmove(sealed + SEAL_FRAME_HEAD, page, SEAL_CONTENT);
    memmove(sealed, head, SEAL_FRAME_HEAD);
    put(message, MESSAGE, message + MESSAGE, message, ad, sizeof ad, seal_key(k, SEAL_K_WAL));
}

bool seal_frame_get(const struct seal_keys *k, uint64_t at, const unsigned char *sealed, unsigned char *frame)
{
    const unsigned char *message = sealed + SEAL_FRAME_CLEAR;
    unsigned char ad[48];
    bool fits;

    bind_frame(ad, k, at, sealed);
    fits = get(frame + SEAL_FRAME_CLEAR, MESSAGE, message + MESSAGE, message, ad, sizeof ad,
               seal_key(k, SEAL_K_WAL));
    memcpy(frame, sealed, SEAL_FRAME_CLEAR);
    memset(frame + SEAL_FRAME_HEAD + SEAL_CONTENT, 0, SEAL_RESERVE);
    if (!fits)
        memset(frame, 0, SEAL_FRAME);
    return fits;
}
