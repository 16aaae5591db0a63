/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UCUM: what is a code, what converts, and what must not. Facts are definitions (an inch is 2.54 cm) and the examples of
 * UCUM's own specification. Kills tests/mutants: ucum-arbitrary-converts, ucum-equivalents-free, ucum-zero-forgotten.
 */
#include "config.h"

#include "tests/unit.h"

#include "base/fault.h"
#include "codes/ucum.h"

static struct ucum *table(void)
{
    static struct ucum *u;
    char dir[1024];
    const char *top = getenv("top_srcdir");

    snprintf(dir, sizeof dir, "%s/data/ucum", top ? top : ".");
    if (!u)
        CU_ASSERT_FATAL(!ucum_open(dir, &u, NULL));
    return u;
}

static void codes(void)
{
    static const char *const good[] = {
        "m", "/m", "10*3/ul", "10*-3/ul", "10*+3/ul", "m[H2O]", "rad2{a}", "{a}.rad2{b}", "1{c}", "{e}", "%", "dB[10.nV]",
        "kg/m2", "mmol/(8.h.kg)", "umol/2.h", "m[IU]/L", "u[IU]/mL", "mm[Hg]", "/[HPF]", "10.L/(min.m2)", "mL/{hb}.m2",
        "4.[pi].10*-7.N/A2", "g.m/{hb}", "[in_i'Hg]", "[Amb'a'1'U]", "[m/s2/Hz^(1/2)]", "Cel", "[degF]", "meq/L", "ug/dL",
        "dar", "''", "10^3/uL", "Kibit", "m3.kg-1.s-2", "1",
    };
    static const struct {
        const char *code;
        enum ucum_why why;
        size_t at;
    } bad[] = {
        {"", UCUM_SYNTAX, 0},          {"m/", UCUM_SYNTAX, 2},         {"12h", UCUM_SYNTAX, 2},
        {"g/12h", UCUM_SYNTAX, 4},     {"{|}1", UCUM_SYNTAX, 3},       {"{a}rad2", UCUM_SYNTAX, 3},
        {"ug(8.h)", UCUM_SYNTAX, 2},   {"10+3/ul", UCUM_SYNTAX, 2},    {"rad2{\xe9\x8c\xa0}", UCUM_SYNTAX, 5},
        {"mg per day", UCUM_SYNTAX, 2}, {"m0", UCUM_SYNTAX, 2},        {"0.m", UCUM_SYNTAX, 1},
        {"(m", UCUM_SYNTAX, 2},        {"m)", UCUM_SYNTAX, 1},         {"m..s", UCUM_SYNTAX, 2},
        {"iU", UCUM_NO_UNIT, 0},       {"mcg", UCUM_NO_UNIT, 0},       {"Kg", UCUM_NO_UNIT, 0},
        {"cc", UCUM_NO_UNIT, 0},       {"molv", UCUM_NO_UNIT, 0},      {"mmol/kg[H20]", UCUM_NO_UNIT, 5},
        {"k[in_i]", UCUM_NO_UNIT, 0},  {"mmin", UCUM_NO_UNIT, 0},      {"Cel/min", UCUM_SPECIAL, 4},
        {"Cel2", UCUM_SPECIAL, 4},     {"/Cel", UCUM_SPECIAL, 1},      {"m999", UCUM_TOO_LARGE, 4},
    };
    size_t at;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        enum ucum_why why = ucum_check(table(), str_of(good[i]), &at);

        if (why)
            printf("\n    %s: %d at %zu ", good[i], why, at);
        CU_ASSERT(!why);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        enum ucum_why why = ucum_check(table(), str_of(bad[i].code), &at);

        if (why != bad[i].why || at != bad[i].at)
            printf("\n    %s: %d at %zu ", bad[i].code, why, at);
        CU_ASSERT(why == bad[i].why && at == bad[i].at);
        CU_ASSERT(ucum_why(why)[0] != '\0');
    }
    CU_ASSERT(ucum_count(table()) > 300 && ucum_date(table()).n == 10);
}

static const char *convert(const char *v, const char *from, const char *to, const char *mass, unsigned charge)
{
    static char said[300];
    struct ucum_substance of = {NULL, charge};
    struct path_decimal d, m, out;
    enum ucum_why why;
    struct buf b;

    CU_ASSERT_FATAL(path_decimal_parse(str_of(v), &d));
    if (mass && path_decimal_parse(str_of(mass), &m))
        of.molar_mass = &m;
    why = ucum_convert(table(), &d, str_of(from), str_of(to), &of, &out);
    snprintf(said, sizeof said, "why %d", why);
    if (why)
        return said;
    buf_init(&b, 4096);
    path_decimal_text(&out, &b);
    snprintf(said, sizeof said, "%s", b.p);
    buf_fini(&b);
    return said;
}

static void amounts(void)
{
    static const char *const rows[][4] = {
        {"1", "[in_i]", "cm", "2.54"},
        {"1", "[lb_av]", "kg", "0.45359237"},
        {"1", "[gal_us]", "L", "3.785411784"},
        {"1", "mo", "d", "30.4375"},
        {"36.6", "Cel", "[degF]", "97.88"},
        {"98.6", "[degF]", "Cel", "37"},
        {"-40", "[degF]", "Cel", "-40"},
        {"0", "K", "Cel", "-273.15"},
        {"37000", "mCel", "K", "310.15"},
        {"7.4", "[pH]", "nmol/L", "39.8107170553497251"},
        {"30", "dB", "1", "1000"},
        {"6", "dB[V]", "V", "1.9952623149688796"},
        {"100", "%[slope]", "deg", "45"},
        {"45", "deg", "%[slope]", "100"},
        {"1", "[p'diop]", "deg", "0.572938697683485927"},
        {"120", "mm[Hg]", "kPa", "15.99864"},
        {"6.3", "s/m.mg", "s.m-1.g", "0.0063"},
        {"6.30", "4.s/m", "s/m", "25.2"},
        {"1", "[ly]", "cm", "946073047258080000"},
        {"1", "1/[ly]", "cm-1", "0.00000000000000000105700083402461546"},
        {"1", "S", "g-1.m-2.C2.s", "0.001"},
        {"1", "Oe", "A/m", "79.5774715459476679"},
        {"0.1234567890123456789012", "mg", "g", "0.0001234567890123456789012"},
        {"1.50", "mg", "mg", "1.50"},
        {"5", "mg/kg/d", "ug/(kg.d)", "5000"},
        {"250", "[iU]", "k[IU]", "0.25"},
        {"12", "m[IU]/L", "u[IU]/mL", "12"},
        {"3", "[CFU]/mL", "10*3.[CFU]/L", "3"},
        {"140", "meq/L", "eq/L", "0.14"},
        {"290", "mosm/kg", "osm/g", "0.00029"},
        {"60", "U/L", "ukat/L", "1"},
        {"1", "10*3/uL", "10*9/L", "1"},
        {"50", "%", "1", "0.5"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        UNIT_STR(convert(rows[i][0], rows[i][1], rows[i][2], NULL, 0), rows[i][3]);
}

/* An answer to one of these could be a dose. */
static void never(void)
{
    static const struct {
        const char *from, *to;
        enum ucum_why why;
    } rows[] = {
        {"mg", "mL", UCUM_KINDS},          {"[iU]", "mg", UCUM_KINDS},        {"[iU]", "1", UCUM_KINDS},
        {"[iU]", "[arb'U]", UCUM_KINDS},   {"[USP'U]", "[iU]", UCUM_KINDS},   {"[hp_X]", "[hp_C]", UCUM_KINDS},
        {"[iU]/L", "U/L", UCUM_KINDS},     {"mg/dL", "mmol/L", UCUM_MOLES},   {"mmol", "g", UCUM_MOLES},
        {"meq/L", "mmol/L", UCUM_CHARGE},  {"mosm/kg", "mmol/kg", UCUM_OSMOLES}, {"meq", "mg", UCUM_CHARGE},
        {"mcg", "mg", UCUM_NO_UNIT},       {"mg", "tablet", UCUM_NO_UNIT},    {"cm", "[s]", UCUM_NO_UNIT},
        {"mmol/L", "10*9/L", UCUM_KINDS},    {"g/mmol", "g", UCUM_KINDS},      {"nmol/d", "/wk", UCUM_KINDS},
        {"Cel", "Cel/min", UCUM_SPECIAL},  {"d", "mg", UCUM_KINDS},           {"[iU]2", "[iU]", UCUM_KINDS},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum ucum_why why = ucum_comparable(table(), str_of(rows[i].from), str_of(rows[i].to), NULL);
        struct path_decimal one, out;
        int order;

        path_decimal_int(1, &one);
        if (why != rows[i].why)
            printf("\n    %s, %s: %d ", rows[i].from, rows[i].to, why);
        CU_ASSERT(why == rows[i].why);
        CU_ASSERT(ucum_convert(table(), &one, str_of(rows[i].from), str_of(rows[i].to), NULL, &out) == why);
        CU_ASSERT(ucum_compare(table(), &one, str_of(rows[i].from), &one, str_of(rows[i].to), &order) == why);
    }
    UNIT_STR(convert("0", "1", "B", NULL, 0), "why 8"); /* UCUM_NO_VALUE */
    UNIT_STR(convert("1", "10*300.m", "10*-300.m", NULL, 0), "why 9");
}

/* Glucose 180.156 g/mol, calcium 40.078 g/mol of charge 2. */
static void substances(void)
{
    UNIT_STR(convert("90", "mg/dL", "mmol/L", "180.156", 0), "4.9956704189702258");
    UNIT_STR(convert("5", "mmol/L", "mg/dL", "180.156", 0), "90.078");
    UNIT_STR(convert("2.5", "mmol/L", "meq/L", NULL, 2), "5");
    UNIT_STR(convert("5", "meq/L", "mmol/L", NULL, 2), "2.5");
    UNIT_STR(convert("5", "meq/L", "mg/dL", "40.078", 2), "10.0195");
    UNIT_STR(convert("10.0195", "mg/dL", "meq/L", "40.078", 2), "5");
    UNIT_STR(convert("5", "meq/L", "mg/dL", "40.078", 0), "why 6");
    UNIT_STR(convert("5", "mg", "mL", "40.078", 2), "why 4");
    UNIT_STR(convert("5", "mosm/L", "mg/dL", "40.078", 2), "why 7");
}

static void order(void)
{
    static const struct {
        const char *x, *ux, *y, *uy;
        int order;
    } rows[] = {
        {"1", "g", "1000", "mg", 0},         {"1", "[lb_av]", "0.45359237", "kg", 0}, {"37", "Cel", "98.6", "[degF]", 0},
        {"1", "[ft_us]", "0.3048", "m", 1},  {"1", "[ft_i]", "0.3048", "m", 0},       {"3", "[ft_us]", "1", "[yd_us]", 0},
        {"-1", "g", "0", "mg", -1},          {"1", "a", "365.25", "d", 0},            {"365", "d", "1", "a", -1},
        {"0.1", "1", "10", "%", 0},
    };
    struct path_decimal x, y;
    int o = 9;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CU_ASSERT_FATAL(path_decimal_parse(str_of(rows[i].x), &x) && path_decimal_parse(str_of(rows[i].y), &y));
        CU_ASSERT(!ucum_compare(table(), &x, str_of(rows[i].ux), &y, str_of(rows[i].uy), &o));
        CU_ASSERT(((o > 0) - (o < 0)) == rows[i].order);
    }
}

/* A table that is not whole, or not right, is not used. */
static void tables(void)
{
#define HEAD "code\tkind\tmetric\tvalue\tunit\tfunction\tneeds\tname\n"
#define LEAST "m\tbase\t\t\t\t\t\tmeter\ng\tbase\t\t\t\t\t\tgram\nmol\tunit\tmetric\t6.0221367\t10*23\t\tmoles\tmole\n10*\tunit\t\t10\t1\t\t\tten\n"
    static const struct {
        const char *bytes;
        int code, line;
    } bad[] = {
        {"", ERR_EMPTY, 0},
        {"code\tkind\n" "m\tbase\n", ERR_INPUT, 1},
        {HEAD "m\tbase\t\t\t\t\t\tmeter\n", ERR_INPUT, 1},
        {HEAD LEAST "x\tunit\t\t2\ty\t\t\t\ny\tunit\t\t2\tx\t\t\t\n", ERR_INPUT, 6},
        {HEAD LEAST "x\tunit\t\t0\tm\t\t\t\n", ERR_INPUT, 6},
        {HEAD LEAST "x\tunit\t\t-1\tm\t\t\t\n", ERR_INPUT, 6},
        {HEAD LEAST "x\tspecial\t\t1\tm\tnone\t\t\n", ERR_INPUT, 6},
        {HEAD LEAST "x\tspecial\t\t1\tm\t\t\t\n", ERR_INPUT, 6},
        {HEAD LEAST "x\tunit\t\t1\tm\t\tluck\t\n", ERR_INPUT, 6},
        {HEAD LEAST "x\twish\t\t1\tm\t\t\t\n", ERR_INPUT, 6},
        {"# rows: 6\n" HEAD LEAST "m\tunit\t\t2\tg\t\t\t\n", ERR_INPUT, 0},
        {HEAD LEAST "g\tunit\t\t2\tm\t\t\t\n", ERR_INPUT, 6},
    };
    struct ucum *u = NULL;
    struct err e;

    CU_ASSERT(!ucum_load(STR("# date: 2024-01-01\n" HEAD LEAST), &u, NULL) && ucum_count(u) == 4);
    ucum_free(u);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        e = ERR_NONE;
        if (ucum_load(str_of(bad[i].bytes), &u, &e) != bad[i].code || e.num != bad[i].line)
            printf("\n    table %zu: %s, line %lld ", i, err_name(e.code), (long long)e.num);
        CU_ASSERT(e.code == bad[i].code && e.num == bad[i].line && !u);
    }
    CU_ASSERT(ucum_open("/nonexistent", &u, &e) == ERR_NOFILE && !u);
    ucum_free(NULL);
}

static void no_memory(void)
{
#ifdef FAULT_INJECTION
    const char *top = getenv("top_srcdir");
    char dir[1024];
    struct ucum *u;
    struct err e;

    snprintf(dir, sizeof dir, "%s/data/ucum", top ? top : ".");
    for (unsigned long n = 1; n < 100; n++) {
        fault_arm(FAULT_MEM, n);
        CU_ASSERT(ucum_open(dir, &u, &e) ? !u && e.code == ERR_NOMEM : ucum_count(u) == ucum_count(table()));
        if (fault_count(FAULT_MEM) < n)
            n = 100;
        fault_arm(FAULT_MEM, 0);
        ucum_free(u);
    }
#else
    unit_skip("no fault injection in this build");
#endif
}

static const struct unit_test tests[] = {
    {"codes, and what is none", codes},
    {"amounts from unit to unit", amounts},
    {"what never converts", never},
    {"grams, moles and equivalents of a substance", substances},
    {"two amounts in order, exactly", order},
    {"tables that are not used", tables},
    {"no memory, no table", no_memory},
};

UNIT_MAIN("ucum", tests)
