/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What of a document a server may change and still hold it. Kills holds-zeros, holds-shorter.
 */
#include "config.h"

#include "tests/unit.h"

#include "fhir/holds.h"

#define BASE "https://h.example/fhir"

static const struct pair {
    const char *sent, *got;
    bool holds;
} pairs[] = {
    {"{\"a\":1}", "{\"a\":1}", true},
    {"{\"a\":1}", "{\"b\":2,\"a\":1}", true},
    {"{\"a\":1,\"b\":2}", "{\"a\":1}", false},
    {"{\"a\":0.10}", "{\"a\":0.1}", false}, /* a dose's digits say how exact it is */
    {"{\"a\":0.10}", "{\"a\":0.10}", true},
    {"{\"a\":\"\\u00e9\"}", "{\"a\":\"\xc3\xa9\"}", true},
    {"{\"a\":\"x\"}", "{\"a\":\"y\"}", false},
    {"{\"a\":\"1\"}", "{\"a\":1}", false},
    {"{\"a\":true}", "{\"a\":false}", false},
    {"{\"a\":[1,2]}", "{\"a\":[1,2]}", true},
    {"{\"a\":[1,2]}", "{\"a\":[2,1]}", false},
    {"{\"a\":[1]}", "{\"a\":[1,2]}", false}, /* a second allergy code is not what was said */
    {"{\"a\":[1,2]}", "{\"a\":[1]}", false},
    {"{\"a\":[{\"b\":1}]}", "{\"a\":[{\"b\":1,\"c\":2}]}", true},
    {"{\"meta\":{\"versionId\":\"1\"},\"a\":1}", "{\"meta\":{\"versionId\":\"2\"},\"a\":1}", true},
    {"{\"x\":{\"meta\":1}}", "{\"x\":{\"meta\":2}}", false},
    {"{\"a\":{},\"b\":[],\"c\":null,\"d\":\"\"}", "{}", true},
    {"{\"subject\":{\"reference\":\"" BASE "/Patient/1\"}}", "{\"subject\":{\"reference\":\"Patient/1\"}}", true},
    {"{\"subject\":{\"reference\":\"Patient/1\"}}", "{\"subject\":{\"reference\":\"Patient/2\"}}", false},
    {"{\"subject\":{\"reference\":\"https://o.example/fhir/Patient/1\"}}", "{\"subject\":{\"reference\":\"Patient/1\"}}", false},
    {"{\"text\":\"" BASE "/Patient/1\"}", "{\"text\":\"Patient/1\"}", false},
};

static void each_pair(void)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct tape sent = {.n = 0}, got = {.n = 0};
        struct arena a;

        arena_init(&a, 4096);
        CU_ASSERT_EQUAL_FATAL(tape_parse(&sent, str_of(pairs[i].sent), NULL), ERR_OK);
        CU_ASSERT_EQUAL_FATAL(tape_parse(&got, str_of(pairs[i].got), NULL), ERR_OK);
        if (fhir_holds(&got, &sent, BASE, &a) != pairs[i].holds) {
            printf("\n    %s in %s ", pairs[i].sent, pairs[i].got);
            CU_ASSERT(false);
        }
        tape_fini(&sent);
        tape_fini(&got);
        arena_fini(&a);
    }
}

/* Strings with escapes need room: without it nothing is held, and the arena says why. */
static void no_room(void)
{
    struct tape t = {.n = 0};
    struct arena a;

    arena_init(&a, 1);
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, STR("{\"a\":\"\\u00e9 and more of it\"}"), NULL), ERR_OK);
    CU_ASSERT(!fhir_holds(&t, &t, NULL, &a));
    CU_ASSERT(a.failed);
    tape_fini(&t);
    arena_fini(&a);
}

static const struct unit_test tests[] = {
    {"what holds and what does not", each_pair},
    {"no room", no_room},
};

int main(void)
{
    return unit_main("holds", tests, sizeof tests / sizeof *tests);
}
