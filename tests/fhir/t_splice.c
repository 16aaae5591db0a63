/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Edits of a resource's root as bytes. Kills tests/mutants: splice-other-byte.
 */
#include "config.h"

#include "tests/unit.h"

#include "fhir/splice.h"

static void edits(void)
{
    static const struct {
        const char *was, *name, *json, *is;
        enum splice_how how;
    } rows[] = {
        {"{\"a\":1,\"b\": 2.50 }", "b", "\"x\"", "{\"a\":1,\"b\": \"x\" }", SPLICE_SET},
        {" {\n \"a\" : 0.10,\n \"b\":[1]\n}\n", "c", "{}", "{\n \"a\" : 0.10,\n \"b\":[1],\"c\":{}\n}", SPLICE_SET},
        {"{}", "c", "1", "{\"c\":1}", SPLICE_SET},
        {"{ }", "c", "1", "{\"c\":1 }", SPLICE_SET},
        {"{\"n\":[ 1 , 2 ],\"z\":0}", "n", "3", "{\"n\":[ 1 , 2 ,3],\"z\":0}", SPLICE_ADD},
        {"{\"n\":[]}", "n", "3", "{\"n\":[3]}", SPLICE_ADD},
        {"{\"z\":0}", "n", "3", "{\"z\":0,\"n\":[3]}", SPLICE_ADD},
        {"{\"a\":1, \"b\":2, \"c\":3}", "a", "", "{ \"b\":2, \"c\":3}", SPLICE_DROP},
        {"{\"a\":1, \"b\":2, \"c\":3}", "b", "", "{\"a\":1, \"c\":3}", SPLICE_DROP},
        {"{\"a\":1, \"b\":2, \"c\":3}", "c", "", "{\"a\":1, \"b\":2}", SPLICE_DROP},
        {"{\"a\":1}", "a", "", "{}", SPLICE_DROP},
        {"{\"a\":1}", "q", "", "{\"a\":1}", SPLICE_DROP},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct splice x = {rows[i].name, rows[i].how, str_of(rows[i].json)};
        struct err e = ERR_NONE;
        struct buf out;
        struct tape t;

        buf_init(&out, 4096);
        CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(rows[i].was), &e), ERR_OK);
        CU_ASSERT_EQUAL(fhir_splice(&t, &x, 1, &out, &e), ERR_OK);
        UNIT_STR(out.p ? out.p : "", rows[i].is);
        tape_fini(&t);
        buf_fini(&out);
    }
}

static void several(void)
{
    static const struct splice x[] = {{"b", SPLICE_DROP, {"", 0}},
                                      {"status", SPLICE_SET, {"\"active\"", 8}},
                                      {"note", SPLICE_ADD, {"{}", 2}},
                                      {"fresh", SPLICE_SET, {"true", 4}}};
    struct err e = ERR_NONE;
    struct buf out;
    struct tape t;

    buf_init(&out, 4096);
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, STR("{\"b\":1,\"status\":\"draft\",\"z\":\"\\u00e4\"}"), &e), ERR_OK);
    CU_ASSERT_EQUAL(fhir_splice(&t, x, 4, &out, &e), ERR_OK);
    UNIT_STR(out.p ? out.p : "", "{\"status\":\"active\",\"z\":\"\\u00e4\",\"note\":[{}],\"fresh\":true}");
    tape_fini(&t);
    buf_fini(&out);
}

/* What no edit may be. */
static void refused(void)
{
    static const struct {
        const char *was;
        struct splice x;
        int code;
    } rows[] = {
        {"[1]", {"a", SPLICE_SET, {"1", 1}}, ERR_INPUT},
        {"{\"n\":{}}", {"n", SPLICE_ADD, {"1", 1}}, ERR_INPUT},
        {"{\"n\":1}", {"n", SPLICE_SET, {"1}", 2}}, ERR_JSON},
        {"{\"n\":1}", {"n", SPLICE_SET, {"1,\"m\":2", 7}}, ERR_BUG}, /* a member that nobody named */
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = ERR_NONE;
        struct buf out;
        struct tape t;

        buf_init(&out, 4096);
        CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(rows[i].was), &e), ERR_OK);
        CU_ASSERT_EQUAL(fhir_splice(&t, &rows[i].x, 1, &out, &e), rows[i].code);
        tape_fini(&t);
        buf_fini(&out);
    }
}

static const struct unit_test tests[] = {
    {"one edit, and all other bytes", edits},
    {"several", several},
    {"refused", refused},
};

UNIT_MAIN("splice", tests)
