/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as resources, one a line: they load or are refused; each value set among them has a list or a reason, never
 * both; each code of a list is a member of its set.
 */
#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "codes/valueset.h"

static void ask(const struct valueset_base *b, struct str url)
{
    struct valueset_list l;
    struct valueset_found f;
    struct arena a;
    struct str about;
    enum valueset_why why;

    arena_init(&a, 16 << 20);
    why = valueset_expand(b, url, &a, &l, &about);
    FUZZ_MUST(why < VALUESET_WHY_N && (!why || !l.n));
    for (uint32_t i = 0; i < l.n && i < 50; i++)
        FUZZ_MUST(valueset_member(b, url, l.v[i].system, l.v[i].code) != 0);
    FUZZ_MUST(!valueset_search_list(&l, STR("a b"), 5, &a, &f) && f.n <= 5 && f.n <= f.all && f.all <= l.n);
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct str rest = {(const char *)p, n};
    struct valueset_base *b = NULL;
    struct str url, date;
    uint32_t codes;

    FUZZ_MUST(!valueset_base_new(STR("es"), &b, NULL));
    while (rest.p) {
        struct str one = str_split(&rest, '\n');
        struct err e = ERR_NONE;
        int r = valueset_load_resource(b, one, &e);

        FUZZ_MUST(r == e.code);
    }
    ask(b, STR("urn:s"));
    ask(b, STR("urn:t"));
    for (unsigned i = 0; valueset_system(b, i, &url, &date, &codes); i++)
        FUZZ_MUST(codes <= n);
    valueset_base_free(b);
    return 0;
}
