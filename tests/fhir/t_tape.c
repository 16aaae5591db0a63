/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include "base/limits.h"
#include "fhir/tape.h"

static void lexemes_stay(void)
{
    struct tape t;

    CU_ASSERT_EQUAL(tape_parse(&t, STR("{\"a\":{\"v\":0.10},\"b\":[1.5e3,-0.0]}"), NULL), ERR_OK);
    CU_ASSERT(str_is(tape_lexeme(&t, tape_path(&t, 0, "a.v")), "0.10"));
    CU_ASSERT(str_is(tape_raw(&t, tape_get(&t, 0, "b")), "[1.5e3,-0.0]"));
    CU_ASSERT_EQUAL(tape_count(&t, tape_get(&t, 0, "b")), 2);
    tape_fini(&t);
}

/* Kills tests/mutants/tape-twice.patch: a member that stands twice, so that two readers see two charts. */
static void refused(void)
{
    static const char *const bad[] = {
        "",       " ",      "{",        "{\"a\":1}{}",       "[1,]",     "{\"a\":1,}", "{\"a\":NaN}", "[00.5]",
        "[.5]",   "[+1]",   "[100.]",   "[1e]",              "[\"\\x\"]", "[\"\n\"]",  "{\"a\":1,\"a\":2}",
        "[\"\xff\"]", "\xef\xbb\xbf{}", "{\"\\u0061\":1}", "[\"\\ud8\"]", "nul",        "[1 2]",
    };
    struct tape t;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CU_ASSERT_EQUAL(tape_parse(&t, str_of(bad[i]), NULL), ERR_JSON);
    CU_ASSERT_EQUAL(tape_parse(&t, STR("[\"a\0b\"]"), NULL), ERR_JSON);
    CU_ASSERT_EQUAL(tape_parse(&t, STR("[\"a\\\0b\"]"), NULL), ERR_JSON); /* a NUL is no escape either */
}

static void deep(void)
{
    char s[2 * (LIMIT_DEPTH + 1) + 1];
    struct tape t;

    memset(s, '[', LIMIT_DEPTH + 1);
    memset(s + LIMIT_DEPTH + 1, ']', LIMIT_DEPTH + 1);
    CU_ASSERT_EQUAL(tape_parse(&t, (struct str){s, 2 * (LIMIT_DEPTH + 1)}, NULL), ERR_TOOBIG);
    CU_ASSERT_EQUAL(tape_parse(&t, (struct str){s + 1, 2 * LIMIT_DEPTH}, NULL), ERR_OK);
    tape_fini(&t);
}

static void escapes(void)
{
    struct arena a;
    struct tape t;

    arena_init(&a, 1000);
    CU_ASSERT_EQUAL(tape_parse(&t, STR("[\"a\\u0000b\\n\\ud83d\\ude00\\ud800x\"]"), NULL), ERR_OK);
    CU_ASSERT(str_eq(tape_str(&t, tape_first(&t, 0), &a), STR("a\0b\n\xf0\x9f\x98\x80\xef\xbf\xbdx")));
    tape_fini(&t);
    arena_fini(&a);
}

static const struct unit_test tests[] = {
    {"numbers stay lexemes", lexemes_stay},
    {"what is no JSON is refused", refused},
    {"depth has a limit", deep},
    {"escapes decode, NUL and lone surrogates too", escapes},
};
UNIT_MAIN("tape", tests)
