/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Row bodies: whatever was packed comes back, with the dictionary that the row itself names, whichever later ones do.
 * Kills tests/mutants/body-wrong-dict.patch: a row is read with the dictionary that its layout would get today.
 */
#include "config.h"

#include "tests/store/made.h"

#include <zstd.h>

#include "base/mem.h"
#include "base/rng.h"
#include "store/priv.h"

#define FLAT "{\"resourceType\":\"Observation\",\"id\":\"a\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":" \
             "\"http://loinc.org\",\"code\":\"718-7\"}]},\"subject\":{\"reference\":\"Patient/7\"}}"
#define LINES "{\n  \"resourceType\": \"Observation\",\n  \"id\": \"a\",\n  \"status\": \"final\",\n  \"code\": {\n    \"coding\": [ {\n" \
              "      \"system\": \"http://loinc.org\",\n      \"code\": \"718-7\"\n    } ]\n  }\n}"

static void there_and_back(struct body_ctx **b, struct str raw, enum body_codec want, unsigned dict)
{
    enum body_codec codec;
    struct buf out;
    char *packed;
    size_t n;

    CU_ASSERT_EQUAL_FATAL(body_pack(b, raw, &packed, &n, &codec, NULL), ERR_OK);
    CU_ASSERT_EQUAL(codec, want);
    if (want == BODY_DICT)
        CU_ASSERT_EQUAL(ZSTD_getDictID_fromFrame(packed, n), dict);
    buf_init(&out, LIMIT_RESOURCE_BYTES);
    CU_ASSERT_EQUAL(body_unpack(b, (struct str){packed, n}, codec, raw.n, &out, NULL), ERR_OK);
    CU_ASSERT(str_eq(buf_str(&out), raw));
    buf_fini(&out);
    mem_wipe(packed, n);
}

static void every_layout(void)
{
    struct body_ctx *b = NULL;
    uint64_t seed = 7;
    char noise[3000];

    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)rng_splitmix(&seed);
    there_and_back(&b, STR(FLAT), BODY_DICT, BODY_DICT_FLAT);
    there_and_back(&b, STR(LINES), BODY_DICT, BODY_DICT_LINES);
    there_and_back(&b, (struct str){noise, sizeof noise}, BODY_RAW, 0);
    there_and_back(&b, STR("x"), BODY_RAW, 0);
    body_free(b);
}

/* As a store of before has them. */
static void without_dictionary(void)
{
    struct body_ctx *b = NULL;
    char packed[1000], raw[] = FLAT FLAT;
    size_t n = ZSTD_compress(packed, sizeof packed, raw, sizeof raw - 1, 1);
    struct buf out;

    buf_init(&out, 4096);
    CU_ASSERT_EQUAL(body_unpack(&b, (struct str){packed, n}, BODY_ZSTD, sizeof raw - 1, &out, NULL), ERR_OK);
    UNIT_STR(out.p, raw);
    buf_clear(&out);
    CU_ASSERT_EQUAL(body_unpack(&b, (struct str){packed, n}, BODY_DICT, sizeof raw - 1, &out, NULL), ERR_DAMAGED);
    CU_ASSERT_EQUAL(out.n, 0);
    buf_fini(&out);
    body_free(b);
}

/* A row of one layout that was packed with the other's dictionary: nothing but its own head says so. */
static void the_row_names_it(void)
{
    struct body_ctx *b = NULL;
    char packed[1000];
    unsigned dicts;
    const struct body_dict *all = dict_table(&dicts);

    CU_ASSERT_EQUAL_FATAL(dicts, BODY_DICTS);
    for (unsigned i = 0; i < dicts; i++) {
        ZSTD_CCtx *c = ZSTD_createCCtx();
        size_t n = ZSTD_compress_usingDict(c, packed, sizeof packed, FLAT, sizeof FLAT - 1, all[i].bytes, all[i].n, 3);
        struct buf out;

        buf_init(&out, 4096);
        CU_ASSERT_EQUAL(body_unpack(&b, (struct str){packed, n}, BODY_DICT, sizeof FLAT - 1, &out, NULL), ERR_OK);
        UNIT_STR(out.n ? out.p : "", FLAT);
        buf_fini(&out);
        ZSTD_freeCCtx(c);
    }
    body_free(b);
}

/* Of a later wardline: said so, and not taken for damage. */
static void unknown_dictionary(void)
{
    struct body_ctx *b = NULL;
    struct err e = ERR_NONE;
    enum body_codec codec;
    struct buf out;
    char *packed;
    size_t n;

    buf_init(&out, 4096);
    CU_ASSERT_EQUAL_FATAL(body_pack(&b, STR(FLAT), &packed, &n, &codec, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL((unsigned char)packed[5], BODY_DICT_FLAT); /* behind magic and descriptor */
    packed[5] = 99;
    CU_ASSERT_EQUAL(body_unpack(&b, (struct str){packed, n}, codec, sizeof FLAT - 1, &out, &e), ERR_VERSION);
    CU_ASSERT_EQUAL(e.num, 99);
    packed[5] = BODY_DICT_FLAT;
    CU_ASSERT_EQUAL(body_unpack(&b, (struct str){packed, n}, codec, sizeof FLAT - 2, &out, NULL), ERR_DAMAGED);
    CU_ASSERT_EQUAL(body_unpack(&b, (struct str){packed, n - 1}, codec, sizeof FLAT - 1, &out, NULL), ERR_DAMAGED);
    mem_wipe(packed, n);
    buf_fini(&out);
    body_free(b);
}

static const struct unit_test tests[] = {
    {"every layout comes back", every_layout},
    {"rows without a dictionary", without_dictionary},
    {"a row names its dictionary", the_row_names_it},
    {"a dictionary that is not here", unknown_dictionary},
};

UNIT_MAIN("body", tests)
