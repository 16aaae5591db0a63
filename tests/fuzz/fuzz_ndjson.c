/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file of lines, and how it is cut into pieces (the first byte says how). What is told does not hang on the
 * pieces, and is every line that is not blank, in order, under its number.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "base/buf.h"
#include "base/limits.h"
#include "fhir/ndjson.h"

static int on_resource(void *arg, int64_t line, struct str bytes)
{
    FUZZ_MUST(bytes.n && line > 0);
    buf_addf(arg, "%lld:", (long long)line);
    return buf_addstr(arg, bytes);
}

static void scan(struct buf *told, struct str bytes, size_t piece)
{
    struct ndjson_sink sink = {on_resource, NULL, told};
    struct ndjson_scan *s;

    buf_init(told, 64u << 20);
    FUZZ_MUST(!ndjson_new(&sink, &s));
    for (size_t i = 0; i < bytes.n; i += piece)
        FUZZ_MUST(!ndjson_feed(s, (struct str){bytes.p + i, bytes.n - i < piece ? bytes.n - i : piece}, NULL));
    FUZZ_MUST(!ndjson_end(s, NULL));
    ndjson_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str bytes = {(const char *)p + 1, n ? n - 1 : 0}, rest = bytes;
    struct buf all, pieces, want;

    if (!n || n > LIMIT_RESOURCE_BYTES)
        return 0;
    buf_init(&want, 64u << 20);
    for (int64_t line = 1; rest.p; line++) {
        struct str s = str_trim(str_split(&rest, '\n'));

        if (s.n)
            on_resource(&want, line, s);
    }
    scan(&all, bytes, bytes.n ? bytes.n : 1);
    scan(&pieces, bytes, 1 + p[0] % 16);
    FUZZ_MUST(str_eq(buf_str(&all), buf_str(&want)) && str_eq(buf_str(&pieces), buf_str(&want)));
    buf_fini(&all);
    buf_fini(&pieces);
    buf_fini(&want);
    return 0;
}
