/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Growth curves against values that others computed. Kills tests/mutants: growth-other-sex, growth-plain-z.
 *
 * "anthro": README.md and tests/testthat of WHO's R package anthro 1.1.0 (commit b776d8a12b1c).
 * "anthroplus": data-raw/survey_who2007_z.csv of WHO's R package anthroplus 1.0.0 (commit 799a7deaf7df), the z-scores
 * of its sample survey. "field tables": the simplified tables that WHO prints (child-growth-standards, z-scores).
 */
#include "config.h"

#include <math.h>

#include "tests/model/ward.h"

#include "model/growth.h"
#include "model/growth_table.h"

static const char *tables(void)
{
    static char dir[1100];
    const char *top = getenv("top_srcdir");

    snprintf(dir, sizeof dir, "%s/data/growth", top ? top : ".");
    return dir;
}

static double z_of(const char *file, char sex, double at, double y, bool restricted)
{
    struct growth_table t;
    struct growth_row row;
    struct err e = ERR_NONE;
    struct arena a;
    double z = NAN;

    arena_init(&a, 1 << 20);
    CU_ASSERT_EQUAL(model_growth_load(tables(), file, sex, &a, &t, &e), ERR_OK);
    if (model_growth_at(&t, at, &row))
        z = model_growth_z(&row, y, restricted);
    arena_fini(&a);
    return z;
}

/* --- others' values --------------------------------------------------------------------------- */

static void of_the_young(void)
{
    static const struct {
        const char *file;
        char sex;
        double at, y;
        bool restricted;
        double z;
    } rows[] = {
        /* anthro: README.md */
        {"length-for-age.tsv", 'm', 1001, 120, false, 7.31},
        {"length-for-age.tsv", 'f', 1000, 80, false, -3.50},
        {"length-for-age.tsv", 'm', 1010, 100, false, 1.62},
        {"length-for-age.tsv", 'm', 1000, 100, false, 1.70},
        {"weight-for-age.tsv", 'm', 1001, 18, true, 2.20},
        {"weight-for-age.tsv", 'f', 1000, 15, true, 0.95},
        {"weight-for-age.tsv", 'm', 1010, 10, true, -2.76},
        {"weight-for-age.tsv", 'm', 1000, 15, true, 0.69},
        {"weight-for-height.tsv", 'm', 120, 18, true, -2.39},
        {"weight-for-height.tsv", 'f', 80, 15, true, 4.13},
        {"weight-for-height.tsv", 'm', 100, 10, true, -5.19},
        {"weight-for-height.tsv", 'm', 100, 15, true, -0.29},
        {"bmi-for-age.tsv", 'm', 1001, 12.5, true, -3.01},
        {"bmi-for-age.tsv", 'f', 1000, 23.4375, true, 4.66},
        {"bmi-for-age.tsv", 'm', 1010, 10, true, -5.61},
        {"bmi-for-age.tsv", 'm', 1000, 15, true, -0.58},
        /* anthro: test-zscore-weight-for-age.R, test-zscores.R (72.86 cm lying at 987 days) */
        {"weight-for-age.tsv", 'f', 1522, 17, true, 0.24},
        {"length-for-age.tsv", 'm', 987, 72.86 - 0.7, false, -6.09},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double z = z_of(rows[i].file, rows[i].sex, rows[i].at, rows[i].y, rows[i].restricted);

        if (fabs(z - rows[i].z) > 0.00501)
            printf("\n    %s %c %g %g: %f, published %g", rows[i].file, rows[i].sex, rows[i].at, rows[i].y, z, rows[i].z);
        CU_ASSERT(fabs(z - rows[i].z) <= 0.00501);
    }
}

/* anthroplus: sex, months, kg, cm, then z of height, weight (NAN: older than 120 months) and BMI. */
static void of_the_old(void)
{
    static const struct {
        char sex;
        double months, kg, cm, height, weight, bmi;
    } rows[] = {
        {'m', 166.59, 50.7, 153.7, -1.13, NAN, 0.94},   {'m', 184.09, 84.6, 181.7, 1.43, NAN, 1.66},
        {'m', 172.42, 76.7, 166.6, 0.14, NAN, 2.23},    {'f', 133.88, 46.5, 144.3, -0.25, NAN, 1.65},
        {'m', 188.57, 126.4, 171.4, -0.07, NAN, 4.21},  {'m', 149.48, 77.2, 156.1, 0.55, NAN, 3.14},
        {'f', 141.04, 98.8, 163.3, 1.99, NAN, 3.81},    {'m', 66.27, 34.4, 123.5, 2.20, 4.23, 4.08},
        {'m', 80.65, 18.8, 114.6, -1.07, -1.26, -0.87}, {'m', 89.78, 25.3, 129.2, 0.87, 0.35, -0.32},
        {'f', 99, 33.7, 141.5, 2.29, 1.52, 0.54},       {'f', 74.27, 29.7, 125, 1.69, 2.23, 1.88},
        {'m', 78.74, 16.6, 115.7, -0.69, -2.13, -2.76}, {'f', 87.96, 39.5, 144.3, 3.87, 2.93, 1.63},
        {'f', 117.4, 57.9, 149.6, 1.94, 3.05, 2.69},    {'m', 66.17, 37.1, 126.4, 2.82, 4.93, 4.41},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        double bmi = rows[i].kg / (rows[i].cm * rows[i].cm / 10000);
        double z = z_of("length-for-age-5.tsv", rows[i].sex, rows[i].months, rows[i].cm, false);

        CU_ASSERT(fabs(z - rows[i].height) <= 0.00501);
        z = z_of("bmi-for-age-5.tsv", rows[i].sex, rows[i].months, bmi, true);
        CU_ASSERT(fabs(z - rows[i].bmi) <= 0.00501);
        if (isnan(rows[i].weight))
            continue;
        z = z_of("weight-for-age-5.tsv", rows[i].sex, rows[i].months, rows[i].kg, true);
        CU_ASSERT(fabs(z - rows[i].weight) <= 0.00501);
    }
}

/* field tables: boys' weight and head at birth, girls' weight at 12 months: -3, -2, 0, +2, +3 SD. */
static void of_the_field(void)
{
    static const struct {
        const char *file;
        char sex;
        double at, sd[5];
    } rows[] = {
        {"weight-for-age.tsv", 'm', 0, {2.1, 2.5, 3.3, 4.4, 5.0}},
        {"head-for-age.tsv", 'm', 0, {30.7, 31.9, 34.5, 37.0, 38.3}},
        {"weight-for-age.tsv", 'f', 365, {6.3, 7.0, 8.9, 11.5, 13.1}},
    };
    static const int z[5] = {-3, -2, 0, 2, 3};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct growth_table t;
        struct growth_row row;
        struct err e = ERR_NONE;
        struct arena a;

        arena_init(&a, 1 << 20);
        CU_ASSERT_EQUAL(model_growth_load(tables(), rows[i].file, rows[i].sex, &a, &t, &e), ERR_OK);
        CU_ASSERT(model_growth_at(&t, rows[i].at, &row));
        for (int k = 0; k < 5; k++)
            CU_ASSERT(fabs(model_growth_value(&row, z[k]) - rows[i].sd[k]) <= 0.05001);
        CU_ASSERT(!model_growth_at(&t, 5000, &row));
        arena_fini(&a);
    }
}

/* --- charts ----------------------------------------------------------------------------------- */

#define LOINC(code) VITAL "'code':{'coding':[{'system':'http://loinc.org','code':'" code "'}]},"
#define CHILD(sex, born) "{'resourceType':'Patient','id':'p','gender':'" sex "','birthDate':'" born "'}"

/* "title|date age value words|..."; the plot. */
static char *grown(struct ward *w, enum model_growth_kind kind, char *plot, size_t room)
{
    static char out[4096];
    struct model_growth g;
    struct err e = ERR_NONE;
    size_t at;
    int code = model_growth(&w->m, STR("p"), kind, tables(), &g, &e);

    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    at = (size_t)snprintf(out, sizeof out, "%s%s", g.title.s, g.refused.s);
    for (unsigned i = 0; i < g.n; i++) {
        CU_ASSERT(!strcmp(g.points[i].chart, "p"));
        at += (size_t)snprintf(out + at, sizeof out - at, "\n%s %s %s %s", g.points[i].date.s, g.points[i].age.s,
                               g.points[i].value.s, g.points[i].words.s);
    }
    for (unsigned i = 0; i < g.said_n; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "\n%s", g.said[i].s);
    if (plot) {
        struct text *lines;
        unsigned n;

        CU_ASSERT_EQUAL(model_growth_plot(&g, 78, 12, &g.arena, &lines, &n), ERR_OK);
        at = 0;
        plot[0] = '\0';
        for (unsigned i = 0; i < n; i++)
            at += (size_t)snprintf(plot + at, room - at, "%s\n", lines[i].s);
    }
    model_growth_fini(&g);
    return out;
}

static unsigned times(const char *s, char c)
{
    unsigned n = 0;

    for (; *s; s++)
        n += *s == c;
    return n;
}

/* A boy of anthro's README: 1001 days, 18 kg, 120 cm. REQ: digits as sent; his sex's table. */
static void a_boy(void)
{
    struct ward w;
    char plot[4096];

    begin_with(&w, CHILD("male", "2023-06-08"));
    put(&w, OBS("w", "2026-03-05", "final", LOINC("29463-7") QTY("18.00", "kg")));
    put(&w, OBS("l", "2026-03-05", "final", LOINC("8302-2") QTY("120", "cm")));
    put(&w, OBS("x", "2026-03-04", "entered-in-error", LOINC("29463-7") QTY("99", "kg")));
    put(&w, OBS("g", "2023-06-08", "final", LOINC("29463-7") QTY("3350", "g")));
    put(&w, OBS("i", "2026-03-03", "final", LOINC("29463-7") QTY("40", "[lb_av]")));
    put(&w, OBS("j", "2026-03-02", "final", LOINC("29463-7") QTY("18", "stone")));
    put(&w, OBS("k", "2023-06-01", "final", LOINC("29463-7") QTY("3", "kg")));
    put(&w, OBS("h", "2024-06-08", "final", LOINC("9843-4") QTY("46.1", "cm")));
    UNIT_STR(grown(&w, MODEL_GROWTH_WEIGHT, plot, sizeof plot),
             "Weight for age, boys\n"
             "05-Mar-2026 2y 8m 18.00 kg 2.2 SD above the median: z = +2.2 - above +2 SD\n"
             "04-Mar-2026  ENTERED IN ERROR \n"
             "03-Mar-2026 2y 8m 40 lb 2.27 SD above the median: z = +2.27 - above +2 SD\n"
             "02-Mar-2026 2y 8m 18 stone no z-score: unit not known\n"
             "08-Jun-2023 0d 3350 g 0.01 SD above the median: z = +0.01\n"
             "01-Jun-2023  3 kg no z-score: dated before the birth date\n"
             "WHO Standards 2006; curves: -3, -2, 0, +2, +3 SD");
    CU_ASSERT(times(plot, 'X') >= 2);
    CU_ASSERT(times(plot, '.') > 150);
    CU_ASSERT_PTR_NULL(strstr(plot, "99"));
    CU_ASSERT_PTR_NOT_NULL(strstr(grown(&w, MODEL_GROWTH_LENGTH, NULL, 0),
                                  "\n05-Mar-2026 2y 8m 120 cm 7.31 SD above the median: z = +7.31 - OUTSIDE WHO'S LIMITS"));
    CU_ASSERT_PTR_NOT_NULL(strstr(grown(&w, MODEL_GROWTH_WEIGHT_LENGTH, plot, sizeof plot),
                                  "\n05-Mar-2026 2y 8m 18.00 kg, 120 cm 2.39 SD below the median: z = -2.39 - below -2 SD\n"));
    CU_ASSERT_EQUAL(times(plot, 'X'), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(grown(&w, MODEL_GROWTH_BMI, NULL, 0),
                                  "\n05-Mar-2026 2y 8m 18.00 kg, 120 cm 3.01 SD below the median: z = -3.01 - below -3 SD\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(grown(&w, MODEL_GROWTH_HEAD, NULL, 0), "\n08-Jun-2024 12m 46.1 cm "));
    put_damaged(&w, OBS("d", "2026-03-06", "final", LOINC("29463-7") QTY("18.5", "kg")));
    CU_ASSERT_PTR_NOT_NULL(strstr(grown(&w, MODEL_GROWTH_WEIGHT, NULL, 0), "\nNOT SHOWN: 1 row that cannot be read"));
    end(&w);
}

/* Lying and standing differ by 0.7 cm; which one was measured is said by the code. */
static void lying(void)
{
    struct ward w;

    begin_with(&w, CHILD("male", "2023-06-08"));
    put(&w, OBS("l", "2026-02-19", "final", LOINC("8306-3") QTY("72.86", "cm"))); /* 987 days */
    CU_ASSERT_PTR_NOT_NULL(strstr(grown(&w, MODEL_GROWTH_LENGTH, NULL, 0),
                                  "72.86 cm 6.09 SD below the median: z = -6.09 - OUTSIDE WHO'S LIMITS: check the value, its "
                                  "date and the birth date - 0.7 cm taken off, as it was measured lying\n"));
    end(&w);
}

/* REQ: refused in words, never guessed. */
static void refused(void)
{
    static const struct {
        const char *patient, *words;
    } table[] = {
        {"{'resourceType':'Patient','id':'p','gender':'male','birthDate':'2023-06'}", "need a full birth date"},
        {"{'resourceType':'Patient','id':'p','gender':'male'}", "need a full birth date"},
        {"{'resourceType':'Patient','id':'p','gender':'male','birthDate':'2023-02-30'}", "need a full birth date"},
        {"{'resourceType':'Patient','id':'p','birthDate':'2023-06-08'}", "need a sex"},
        {"{'resourceType':'Patient','id':'p','gender':'other','birthDate':'2023-06-08'}", "need a sex"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ward w;
        char plot[2048];

        begin_with(&w, table[i].patient);
        put(&w, OBS("w", "2026-03-05", "final", LOINC("29463-7") QTY("18", "kg")));
        CU_ASSERT_PTR_NOT_NULL(strstr(grown(&w, MODEL_GROWTH_WEIGHT, plot, sizeof plot), table[i].words));
        CU_ASSERT_EQUAL(plot[0], '\0');
        CU_ASSERT_PTR_NULL(strstr(grown(&w, MODEL_GROWTH_WEIGHT, NULL, 0), "z ="));
        end(&w);
    }
}

static void no_table(void)
{
    struct ward w;
    char plot[2048];

    begin(&w); /* a woman of 46 */
    put(&w, OBS("w", "2026-03-05", "final", LOINC("29463-7") QTY("70", "kg")));
    put(&w, OBS("v", "1989-03-05", "final", LOINC("29463-7") QTY("30.5", "kg")));
    put(&w, OBS("u", "1989-03", "final", LOINC("29463-7") QTY("30.5", "kg")));
    UNIT_STR(grown(&w, MODEL_GROWTH_WEIGHT, plot, sizeof plot),
             "Weight for age, girls\n05-Mar-2026 46y 9m 70 kg no WHO table for this age\n"
             "05-Mar-1989 9y 9m 30.5 kg 0.11 SD below the median: z = -0.11\n"
             "Mar-1989  30.5 kg no z-score: a limit, or no day\n"
             "WHO Reference 2007; curves: -3, -2, 0, +2, +3 SD");
    CU_ASSERT_EQUAL(times(plot, 'X'), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(grown(&w, MODEL_GROWTH_HEAD, NULL, 0), "none recorded"));
    end(&w);
}

/* A table that is not there or not whole is no table: never half of one. */
static void damaged(void)
{
    static const char *const bad[] = {
        "", "sex\tdays\tl\tm\ts\n", "sex\tdays\tl\tm\ts\nm\t0\t1\t3\n", "sex\tdays\tl\tm\ts\nm\t1\t1\t3\t0.1\nm\t0\t1\t3\t0.1\n",
        "sex\tdays\tl\tm\ts\nm\t0\t1\t3\t0.1\nm\t1\t1\t3\t0.1", "sex\tdays\tl\tm\ts\nm\t0\t1\t-3\t0.1\nm\t1\t1\t3\t0.1\n",
        "sex\tdays\tl\tm\ts\nm\t0\t1\t3\t0.1\nx\t1\t1\t3\t0.1\n",
    };
    char dir[] = "/tmp/wardline-growth-XXXXXX", path[64];
    struct growth_table t;
    struct err e = ERR_NONE;
    struct arena a;

    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/t.tsv", dir);
    arena_init(&a, 1 << 20);
    CU_ASSERT_EQUAL(model_growth_load(dir, "t.tsv", 'm', &a, &t, &e), ERR_IO);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        FILE *f = fopen(path, "w");

        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        fputs(bad[i], f);
        fclose(f);
        CU_ASSERT_EQUAL(model_growth_load(dir, "t.tsv", 'm', &a, &t, &e), ERR_IO);
    }
    arena_fini(&a);
    remove(path);
    remove(dir);
}

static const struct unit_test tests[] = {
    {"z below 5 years", of_the_young}, {"z from 5 years on", of_the_old}, {"curves", of_the_field},
    {"a boy", a_boy},                  {"lying and standing", lying},     {"refused", refused},
    {"no table", no_table},            {"damaged tables", damaged},
};

UNIT_MAIN("growth", tests)
