/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Narratives. Whatever comes in, the text is within its limit, the same however long its buffer is, and is safe once
 * it went through the sanitiser.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/text.h"
#include "model/priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct buf out, again, safe;
    int code;

    buf_init(&out, 4096);
    code = model_xhtml((struct str){(const char *)p, n}, &out);
    FUZZ_MUST(out.n <= 4096 && (!code || code == ERR_TOOBIG));
    buf_init(&safe, 10 * 4096);
    FUZZ_MUST(text_safe_buf(&safe, buf_str(&out), true) == ERR_OK);
    for (size_t i = 0; i < safe.n; i++)
        FUZZ_MUST(safe.p[i] == '\n' || ((unsigned char)safe.p[i] >= 0x20 && safe.p[i] != 0x7f));
    /* The same in a longer buffer begins with the same words. */
    buf_init(&again, 16 * n + 64);
    FUZZ_MUST(model_xhtml((struct str){(const char *)p, n}, &again) == ERR_OK);
    FUZZ_MUST(code || (again.n == out.n && (!out.n || !memcmp(again.p, out.p, out.n))));
    buf_fini(&out);
    buf_fini(&again);
    buf_fini(&safe);
    return 0;
}
