/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A line of line mode: any bytes are one of its kinds, what it names lies inside them, and the glyphs of what it names,
 * made safe, cover it whole.
 */
#include "config.h"

#include "base/glyph.h"
#include "tests/fuzz/fuzz.h"
#include "ui/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = {(const char *)data, size};
    struct line_words w = line_parse(s);
    struct glyph_reader r;
    struct glyph g;
    struct arena a;
    struct text safe;
    size_t bytes = 0;

    FUZZ_MUST(!w.word.n || (w.word.p >= s.p && w.word.p + w.word.n <= s.p + s.n));
    FUZZ_MUST(w.row >= 0 && w.row <= 1000000000);
    arena_init(&a, 1 << 20);
    safe = text_safe(&a, w.word, 0);
    r = (struct glyph_reader){{safe.s, safe.n}, 0};
    while (r.rest.n) {
        glyph_next(&r, &g);
        FUZZ_MUST(g.bytes);
        bytes += g.bytes;
    }
    FUZZ_MUST(bytes == safe.n);
    arena_fini(&a);
    return 0;
}
