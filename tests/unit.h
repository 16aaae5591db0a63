/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A room's test program: a table of tests and one line.
 *     static const struct unit_test tests[] = {{"a date keeps its precision", precision}, ...};
 *     UNIT_MAIN("date", tests)
 * A test that needs data which is not here calls unit_skip("why") and returns; that is said aloud.
 */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit_test {
    const char *name;
    void (*run)(void);
};

static inline void unit_skip(const char *why)
{
    printf(" skipped: %s ", why);
}

/* $WARDLINE_DATA or ../shared/data beside the source tree, if sub is there; else NULL and says skipped. */
static inline const char *unit_data(const char *sub)
{
    static char path[1024];
    const char *data = getenv("WARDLINE_DATA"), *top = getenv("top_srcdir");
    FILE *f;

    if (data && *data)
        snprintf(path, sizeof path, "%s/%s", data, sub);
    else
        snprintf(path, sizeof path, "%s/../shared/data/%s", top ? top : ".", sub);
    f = fopen(path, "r");
    if (!f) {
        unit_skip("no WARDLINE_DATA");
        return NULL;
    }
    fclose(f);
    return path;
}

/* Equal C strings, with both shown when they are not. */
#define UNIT_STR(got, want)                                                                        \
    do {                                                                                           \
        const char *got_ = (got), *want_ = (want);                                                 \
        if (strcmp(got_, want_))                                                                   \
            printf("\n    %s:%d: got \"%s\", want \"%s\" ", __FILE__, __LINE__, got_, want_);     \
        CU_ASSERT(!strcmp(got_, want_));                                                           \
    } while (0)

static inline int unit_main(const char *suite, const struct unit_test *tests, size_t n)
{
    CU_pSuite s;
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS || !(s = CU_add_suite(suite, NULL, NULL)))
        return 99;
    for (size_t i = 0; i < n; i++)
        if (!CU_add_test(s, tests[i].name, tests[i].run))
            return 99;
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}

#define UNIT_MAIN(suite, tests)                                                                    \
    int main(void)                                                                                 \
    {                                                                                              \
        return unit_main(suite, tests, sizeof(tests) / sizeof *(tests));                           \
    }

#endif
