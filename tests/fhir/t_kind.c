/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/unit.h"

#include "fhir/kind.h"

static void in_order(void)
{
    unsigned n;
    const struct fhir_kind *k = kind_table(&n);

    UNIT_STR(k[0].type, "Patient");
    UNIT_STR(k[1].type, "AllergyIntolerance");
    for (unsigned i = 1; i < n; i++)
        CU_ASSERT(k[i - 1].priority <= k[i].priority);
    for (unsigned i = 0; i < n; i++) {
        CU_ASSERT_PTR_EQUAL(kind_find(str_of(k[i].type)), &k[i]); /* and none twice */
        CU_ASSERT(!k[i].section || kind_section_find(str_of(k[i].section)));
        CU_ASSERT(!k[i].patient_path
                  || k[i].patient_param); /* what stands in a chart can be asked for by patient */
        CU_ASSERT(!k[i].section || k[i].patient_path);
    }
    CU_ASSERT_PTR_NULL(kind_find(STR("Nothing")));
    CU_ASSERT_PTR_NULL(kind_find(STR("")));
}

static void sections(void)
{
    unsigned n, k;
    const struct kind_section *s = kind_sections(&n);
    const struct fhir_kind *kinds = kind_table(&k);

    for (unsigned i = 0; i < n; i++) {
        unsigned rows = 0;

        for (unsigned j = 0; j < i; j++)
            CU_ASSERT(s[j].letter != s[i].letter && strcmp(s[j].name, s[i].name));
        CU_ASSERT(!strchr("jkhqgGR?", s[i].letter)); /* keys of every list */
        for (unsigned j = 0; j < k; j++)
            rows += (kinds[j].section && !strcmp(kinds[j].section, s[i].name)) ||
                    (kinds[j].section_of && !strcmp(s[i].name, "vitals"));
        CU_ASSERT(rows > 0);
    }
    CU_ASSERT_PTR_NULL(kind_section_find(STR("everything")));
}

static const struct unit_test tests[] = {
    {"kinds in the order of the first sync", in_order},
    {"sections have rows and keys of their own", sections},
};
UNIT_MAIN("kind", tests)
