/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Header lines. Whatever comes in, what is kept is NUL-ended, in bounds and without control characters.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "net/priv.h"

static void must_be_clean(const char *s, size_t cap)
{
    FUZZ_MUST(memchr(s, '\0', cap));
    for (; *s; s++)
        FUZZ_MUST((unsigned char)*s >= 0x20 && *s != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct clock clock = clock_system();
    struct net_head_reader h = {0};
    struct str rest = {(const char *)p, n};
    bool ended;

    while (rest.p) {
        struct str line = str_split(&rest, '\n');

        line.n += rest.p != NULL; /* with its LF, as curl hands it over */
        if (net_head_line(&h, line, &clock, &ended))
            FUZZ_MUST(h.bytes > LIMIT_HEADER_BYTES);
        FUZZ_MUST(!ended || h.whole);
    }
    must_be_clean(h.head.etag, sizeof h.head.etag);
    must_be_clean(h.head.location, sizeof h.head.location);
    must_be_clean(h.head.content_type, sizeof h.head.content_type);
    FUZZ_MUST(h.head.retry_after_s >= 0 && h.head.retry_after_s <= LIMIT_RETRY_AFTER_S);
    FUZZ_MUST(h.head.length >= -1 && h.head.part_from >= -1 && h.head.part_of >= -1);
    FUZZ_MUST(h.head.status >= 0 && h.head.status <= 999);
    return 0;
}
