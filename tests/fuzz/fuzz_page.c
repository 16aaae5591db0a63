/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A page and a frame of the log from a file that anybody may have written: none verifies, and what is given instead is
 * zeros. A page that the key did write is the same again, at its own place only, and with any one byte changed it is none.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "store/seal_priv.h"

static bool zero(const unsigned char *p, size_t n)
{
    return !p[0] && !memcmp(p, p + 1, n - 1);
}

/* Bytes as they lie. */
static void strange(const struct seal_keys *k, const uint8_t *p, size_t n, uint64_t place)
{
    unsigned char sealed[SEAL_FRAME] = {0}, out[SEAL_FRAME];

    memcpy(sealed, p, n < sizeof sealed ? n : sizeof sealed);
    memset(out, 1, sizeof out);
    FUZZ_MUST(!seal_page_get(k, place, sealed, out) && zero(out, SEAL_PAGE));
    memset(out, 1, sizeof out);
    FUZZ_MUST(!seal_frame_get(k, place, sealed, out) && zero(out, SEAL_FRAME));
}

static void own(const struct seal_keys *k, const uint8_t *p, size_t n, uint64_t place, size_t hurt)
{
    unsigned char page[SEAL_PAGE] = {0}, head[SEAL_FRAME_HEAD] = {0}, sealed[SEAL_FRAME], out[SEAL_FRAME];

    memcpy(page, p, n < SEAL_CONTENT ? n : SEAL_CONTENT);
    memcpy(head, p, n < sizeof head ? n : sizeof head);
    seal_page_put(k, place, page, sealed);
    FUZZ_MUST(seal_page_get(k, place, sealed, out) && !memcmp(out, page, SEAL_PAGE));
    FUZZ_MUST(!seal_page_get(k, place + 1, sealed, out) && !seal_frame_get(k, place, sealed, out));
    sealed[hurt % SEAL_PAGE] ^= (unsigned char)(1 << place % 8);
    FUZZ_MUST(!seal_page_get(k, place, sealed, out) && zero(out, SEAL_PAGE));
    seal_frame_put(k, place, head, page, sealed);
    FUZZ_MUST(seal_frame_get(k, place, sealed, out) && !memcmp(out, head, sizeof head) &&
              !memcmp(out + SEAL_FRAME_HEAD, page, SEAL_PAGE));
    FUZZ_MUST(!seal_frame_get(k, place + SEAL_FRAME, sealed, out));
    sealed[hurt % SEAL_FRAME] ^= (unsigned char)(1 << place % 8);
    FUZZ_MUST(!seal_frame_get(k, place, sealed, out) && zero(out, SEAL_FRAME));
}

/* The first 12 bytes: place, and the byte that is changed. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const unsigned char dek[CRYPT_KEY] = {2}, id[SEAL_FILE_ID] = {3};
    struct seal_keys *k = seal_keys_new(dek, id);

    FUZZ_MUST(k);
    strange(k, p, n, n);
    if (n >= 12)
        own(k, p + 12, n - 12, seal_get64(p), seal_get32(p + 8));
    seal_keys_free(k);
    return 0;
}
