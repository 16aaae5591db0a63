/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Results over time, from small resources written in place ('...' stands for "..."). Kills tests/mutants:
 * series-two-units, series-struck-plotted, series-by-range-unsaid.
 */
#include "config.h"

#include "tests/model/ward.h"

#include "model/series.h"

#define K "'code':{'coding':[{'system':'http://lab','code':'K'},{'system':'http://loinc.org','code':'2823-3'}],'text':'Potassium'}"
#define LESS(value, unit) "'valueQuantity':{'value':" value ",'unit':'" unit "','comparator':'<'}"
#define RANGE(lo, hi) ",'referenceRange':[{'low':{'value':" lo ",'unit':'mmol/L'},'high':{'value':" hi ",'unit':'mmol/L'}}]"
#define FLAG(code)                                                                                                     \
    ",'interpretation':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation',"    \
    "'code':'" code "'}]}]"
#define BP "'code':{'coding':[{'system':'http://loinc.org','code':'85354-9'}],'text':'Blood pressure'},'component':["
#define HALF(code, value)                                                                                              \
    "{'code':{'coding':[{'system':'http://loinc.org','code':'" code "'}]},'valueQuantity':{'value':" value             \
    ",'unit':'mmHg'}}"

/* "Potassium, mmol/L: 05-Mar-2026=6.80 HH | 04-Mar-2026=..." a line a test. */
static char *grid(struct ward *w, const char *section)
{
    static char out[8192];
    struct model_grid g;
    struct err e = ERR_NONE;
    size_t at = 0;
    int code = model_grid(&w->m, STR("p"), str_of(section), &g, &e);

    out[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    for (unsigned i = 0; i < g.tests_n; i++) {
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s:", i ? "\n" : "", g.tests[i].both.s);
        for (unsigned k = 0; k < g.days_n; k++) {
            const struct model_point *p = model_grid_cell(&g, i, k);

            if (!p)
                continue;
            CU_ASSERT(!strcmp(p->chart, "p"));
            at += (size_t)snprintf(out + at, sizeof out - at, " %s=%s;", g.days[k].s, model_grid_words(p, 40, &g.arena).s);
        }
    }
    for (unsigned i = 0; i < g.said_n; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", at ? "\n" : "", g.said[i].s);
    model_grid_fini(&g);
    return out;
}

/* The points of a trend, a line each, then what is said; and the plot. */
static char *trend(struct ward *w, const char *id, unsigned part, char *plot, size_t room)
{
    static char out[16384];
    struct model_trend t;
    struct err e = ERR_NONE;
    size_t at;
    int code = model_trend(&w->m, STR("p"), STR("Observation"), str_of(id), part, &t, &e);

    out[0] = '\0';
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    at = (size_t)snprintf(out, sizeof out, "%s", t.test.both.s ? t.test.both.s : "");
    for (unsigned i = 0; i < t.n; i++) {
        const struct model_point *p = &t.points[i];

        at += (size_t)snprintf(out + at, sizeof out - at, "\n%s %s%s%s%s%s%s%s", p->date.s, p->value.s, p->flag.n ? " " : "",
                               p->flag.s, p->range.n ? " range " : "", p->range.s, p->status.n ? " - " : "", p->status.s);
    }
    for (unsigned i = 0; i < t.said_n; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "\n%s", t.said[i].s);
    if (plot) {
        struct text *lines;
        unsigned n;

        CU_ASSERT_EQUAL(model_plot(t.points, t.n, 40, 10, &t.arena, &lines, &n), ERR_OK);
        at = 0;
        plot[0] = '\0';
        for (unsigned i = 0; i < n; i++) {
            CU_ASSERT(lines[i].cols <= 40);
            at += (size_t)snprintf(plot + at, room - at, "%s%s", i ? "\n" : "", lines[i].s);
        }
    }
    model_trend_fini(&t);
    return out;
}

/* How often a character stands in a plot's field, its numbers and dates apart. */
static unsigned marks(const char *plot, char c)
{
    unsigned n = 0;
    bool field = false;

    for (; *plot; plot++) {
        if (*plot == '\n')
            field = false;
        n += field && *plot == c;
        field = field || *plot == '|' || (*plot == '+' && plot[-1] == ' ');
    }
    return n;
}

/* --- tests ------------------------------------------------------------------------------------ */

/* REQ: digit for digit, one unit a row, +1 for an older one of the day, the newest day first. */
static void a_grid(void)
{
    struct ward w;

    begin(&w);
    put(&w, OBS("a", "2026-03-05T08:00:00Z", "final", K "," QTY("6.80", "mmol/L") FLAG("HH") RANGE("3.5", "5.1")));
    put(&w, OBS("b", "2026-03-05T06:00:00Z", "final", K "," QTY("5.0", "mmol/L") RANGE("3.5", "5.1")));
    put(&w, OBS("c", "2026-03-01", "preliminary", K "," QTY("5.20", "mmol/L") RANGE("3.5", "5.1")));
    put(&w, OBS("d", "2026-02-01", "final", K "," QTY("19.5", "mg/dL")));
    put(&w, OBS("e", "2026-01-15", "entered-in-error", K "," QTY("99", "mmol/L")));
    put(&w, OBS("f", "2026-01-10", "final", K ",'dataAbsentReason':{'coding':[{'code':'not-performed'}]}"));
    put(&w, OBS("g", "2036-01-10", "final", K "," QTY("4.0", "mmol/L")));
    put(&w, OBS("h", "2026-01", "final", "'code':{'text':'Culture'},'valueString':'no growth'"));
    put(&w, OBS("i", "2026-01-01", "cancelled", K "," QTY("77", "mmol/L")));
    UNIT_STR(grid(&w, "labs"),
             "Potassium, mmol/L: 05-Mar-2026=6.80 HH +1; 01-Mar-2026=5.20 H by range prelim; "
             "10-Jan-2026=no result: not performed; 01-Jan-2026=cancelled; FUTURE 10-Jan-2036=4.0;\n"
             "Potassium, mg/dL: 01-Feb-2026=19.5;\n"
             "Culture: Jan-2026=no growth;\n"
             "1 value entered in error is not shown here");
    end(&w);
}

static void cells_whole(void)
{
    struct model_point p = {.value = text_own("1234567.50"), .flag = text_own("HH"), .brief = ""};
    struct model_point older = {.brief = ""};
    struct arena a;

    arena_init(&a, 4096);
    UNIT_STR(model_grid_words(&p, 13, &a).s, "1234567.50 HH");
    /* REQ: no part of a value: it is whole or it is not there. */
    UNIT_STR(model_grid_words(&p, 12, &a).s, "(long) HH");
    p.words = true;
    p.more = &older;
    UNIT_STR(model_grid_words(&p, 12, &a).s, "(text) HH +1");
    UNIT_STR(model_grid_words(&p, 8, &a).s, "(text)");
    arena_fini(&a);
}

/* REQ: two units never on one axis; what is not on it is counted in words. */
static void units(void)
{
    struct ward w;
    char plot[2048];

    begin(&w);
    put(&w, OBS("a", "2026-03-05T08:00:00Z", "final", K "," QTY("6.80", "mmol/L") FLAG("HH") RANGE("3.5", "5.1")));
    put(&w, OBS("c", "2026-03-01", "final", K "," QTY("5.20", "mmol/L")));
    put(&w, OBS("d", "2026-02-01", "final", K "," QTY("19.5", "mg/dL")));
    put(&w, OBS("x", "2026-02-02", "final", K "," QTY("4.4", "")));
    put(&w, OBS("y", "2026-02-03", "final",
                K ",'valueQuantity':{'value':4,'unit':'mmol/L','system':'http://unitsofmeasure.org','code':'mg/dL'}"));
    UNIT_STR(trend(&w, "a", 0, plot, sizeof plot),
             "Potassium, mmol/L\n"
             "05-Mar-2026 08:00 6.80 HH range 3.5-5.1\n"
             "01-Mar-2026 5.20\n"
             "--- range of the newest: 3.5-5.1\n"
             "1 result in mmol/L (UNITS DIFFER: the code says mg/dL) is not on this axis\n"
             "1 result in no unit is not on this axis\n"
             "1 result in mg/dL is not on this axis");
    CU_ASSERT_EQUAL(marks(plot, 'H'), 1);
    CU_ASSERT_EQUAL(marks(plot, '*'), 1);
    CU_ASSERT(!strstr(plot, "15 +") && !strstr(plot, "20 +"));
    UNIT_STR(trend(&w, "d", 0, plot, sizeof plot),
             "Potassium, mg/dL\n01-Feb-2026 19.5\n"
             "2 results in mmol/L are not on this axis\n"
             "1 result in mmol/L (UNITS DIFFER: the code says mg/dL) is not on this axis\n"
             "1 result in no unit is not on this axis");
    end(&w);
}

/* REQ: entered in error: no value, no place; a limit is no value; a day that nobody wrote is none. */
static void unplaced(void)
{
    struct ward w;
    char plot[2048];

    begin(&w);
    put(&w, OBS("a", "2026-03-05", "final", K "," LESS("0.5", "mmol/L")));
    put(&w, OBS("b", "2026-03-04", "entered-in-error", K "," QTY("99", "mmol/L")));
    put(&w, OBS("c", "2026-03-03", "corrected", K "," QTY("1.50", "mmol/L")));
    put(&w, OBS("d", "2026-03", "final", K "," QTY("1.6", "mmol/L")));
    put(&w, OBS("e", "2026-03-02", "final", K ",'valueString':'haemolysed'"));
    put(&w, OBS("f", "2026-03-01", "final", K "," QTY("1.0", "mmol/L")));
    put(&w, OBS("g", "2026-03-02", "final", K "," QTY("50", "mmol/L") ",'modifierExtension':[{'url':'http://x','valueBoolean':true}]"));
    UNIT_STR(trend(&w, "f", 0, plot, sizeof plot),
             "Potassium, mmol/L\n"
             "05-Mar-2026 <0.5\n"
             "04-Mar-2026 ENTERED IN ERROR\n"
             "03-Mar-2026 1.50 - CORRECTED: an earlier value was wrong\n"
             "02-Mar-2026 haemolysed\n"
             "02-Mar-2026 see the row - unknown modifier\n"
             "Mar-2026 1.6\n"
             "01-Mar-2026 1.0\n"
             "1 entered in error is not plotted\n"
             "1 is a limit (< or >): v or ^ stands at it\n"
             "3 without a number or a day are not plotted");
    CU_ASSERT_EQUAL(marks(plot, '*'), 2);
    CU_ASSERT_EQUAL(marks(plot, 'v'), 1);
    CU_ASSERT_PTR_NULL(strstr(plot, "100"));
    /* A struck row's own trend is that of its test. */
    CU_ASSERT_PTR_NOT_NULL(strstr(trend(&w, "b", 0, NULL, 0), "Potassium, mmol/L\n05-Mar-2026 <0.5"));
    end(&w);
}

/* REQ: computed flags say so; never from a range of another unit, age or sex, of a therapy, or beside a flag that was
 * sent. */
static void by_range(void)
{
    static const char *const table[][2] = {
        {RANGE("3.5", "5.1"), "6.0 H by range"},
        {RANGE("6.5", "7"), "6.0 L by range"},
        {RANGE("3.5", "6.0"), "6.0"},
        {FLAG("H") RANGE("3.5", "5.1"), "6.0 H"},
        {FLAG("N") RANGE("3.5", "5.1"), "6.0 outside range"},
        {",'referenceRange':[{'high':{'value':5,'unit':'mg/dL'}}]", "6.0"},
        {",'referenceRange':[{'high':{'value':5}}]", "6.0"},
        {",'referenceRange':[{'high':{'value':5,'unit':'mmol/L'},'appliesTo':[{'coding':[{'code':'male'}]}]}]", "6.0"},
        {",'referenceRange':[{'high':{'value':5,'unit':'mmol/L'},'appliesTo':[{'coding':[{'code':'female'}]}]}]",
         "6.0 H by range"},
        {",'referenceRange':[{'high':{'value':5,'unit':'mmol/L'},'age':{'high':{'value':12,'unit':'years'}}}]", "6.0"},
        {",'referenceRange':[{'high':{'value':5,'unit':'mmol/L'},'type':{'coding':[{'code':'therapeutic'}]}}]",
         "6.0 outside range"},
        {RANGE("3.5", "5.1") "," "'note':[{'text':'x'}]", "6.0 H by range"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char json[2048], want[256];
        struct ward w;

        begin(&w);
        snprintf(json, sizeof json, OBS("a", "2026-03-05", "final", K "," QTY("6.0", "mmol/L") "%s"), table[i][0]);
        put(&w, json);
        snprintf(want, sizeof want, "Potassium, mmol/L: 05-Mar-2026=%s;", table[i][1]);
        UNIT_STR(grid(&w, "labs"), want);
        end(&w);
    }
}

/* A pressure is a pair; its missing half is words; vital signs stand in a fixed order. */
static void pairs(void)
{
    struct ward w;
    char plot[2048];

    begin(&w);
    put(&w, OBS("a", "2026-03-05", "final", VITAL BP HALF("8462-4", "124") "," HALF("8480-6", "182") "]"));
    put(&w, OBS("b", "2026-03-04", "final", VITAL BP HALF("8480-6", "118") ",{'code':{'coding':[{'system':"
                "'http://loinc.org','code':'8462-4'}]},'dataAbsentReason':{'coding':[{'code':'error'}]}}]"));
    put(&w, OBS("c", "2026-03-03", "final", VITAL BP HALF("8480-6", "120") "," HALF("8462-4", "70") "]"));
    put(&w, OBS("d", "2026-03-06", "final", VITAL "'code':{'coding':[{'system':'http://loinc.org','code':'29463-7'}],"
                "'text':'Weight'}," QTY("70.20", "kg")));
    UNIT_STR(grid(&w, "vitals"), "Blood pressure, mmHg: 05-Mar-2026=182/124; 04-Mar-2026=118/no result: measurement error; "
                                 "03-Mar-2026=120/70;\nWeight, kg: 06-Mar-2026=70.20;");
    CU_ASSERT_PTR_NOT_NULL(strstr(trend(&w, "a", 0, plot, sizeof plot), "\n05-Mar-2026 182/124\n"));
    CU_ASSERT_EQUAL(marks(plot, '*'), 2);
    CU_ASSERT_EQUAL(marks(plot, 'o'), 2);
    end(&w);
}

static const char *age(struct ward *w, const char *id)
{
    static char out[64];
    struct model_trend t;
    struct err e = ERR_NONE;

    CU_ASSERT_EQUAL_FATAL(model_trend(&w->m, STR("p"), STR("Observation"), str_of(id), 0, &t, &e), ERR_OK);
    snprintf(out, sizeof out, "%s", t.age.s);
    model_trend_fini(&t);
    return out;
}

/* REQ: reports that were not fetched say nothing of a weight; of a result's values they do. */
static void without_reports(void)
{
    struct ward w;
    struct store_tx *tx;
    struct store_mark m = {.type = "DiagnosticReport"};

    begin(&w);
    put(&w, OBS("a", "2026-03-06", "final", VITAL "'code':{'coding':[{'system':'http://loinc.org','code':'29463-7'}],"
                "'text':'Weight'}," QTY("70.20", "kg")));
    put(&w, OBS("b", "2026-03-06", "final", "'code':{'text':'Potassium'}," QTY("4.1", "mmol/L")));
    CU_ASSERT_EQUAL_FATAL(store_begin(w.m.store, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_mark_put(tx, &m, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(strncmp(age(&w, "a"), "as of ", 6), 0);
    UNIT_STR(age(&w, "b"), "NOT FETCHED");
    end(&w);
}

/* Parts of another kind are tests of their own; each has a trend. */
static void parts(void)
{
    static const char score[] =
        OBS("a", "2026-03-05", "final",
            "'code':{'text':'Apgar'},'valueInteger':9,'component':[{'code':{'text':'Colour'},'valueInteger':1},"
            "{'code':{'text':'Tone'},'valueInteger':2}]");
    struct ward w;

    begin(&w);
    put(&w, score);
    UNIT_STR(grid(&w, "labs"), "Apgar: 05-Mar-2026=9;\nColour: 05-Mar-2026=1;\nTone: 05-Mar-2026=2;");
    UNIT_STR(trend(&w, "a", 0, NULL, 0), "Apgar\n05-Mar-2026 9");
    UNIT_STR(trend(&w, "a", 2, NULL, 0), "Tone\n05-Mar-2026 2");
    end(&w);
}

/* REQ: another patient's row stands in no grid and on no axis, and that it was left out is said. */
static void of_another(void)
{
    struct ward w;
    struct fhir_index ix = {.kind = kind_find(STR("Observation")), .type = STR("Observation"), .id = STR("o"),
                            .patient = STR("p"), .date = STR("2026-03-05"), .status = STR("final"), .section = STR("labs")};

    begin(&w);
    CU_ASSERT_EQUAL(made_put(w.m.store, &ix,
                             STR("{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\",\"subject\":{\"reference\":"
                                 "\"Patient/q\"},\"code\":{\"text\":\"Potassium\"},\"valueQuantity\":{\"value\":9,\"unit\":\"mmol/L\"}}"),
                             STORE_SERVER, NULL), ERR_OK);
    UNIT_STR(grid(&w, "labs"), "none recorded\nNOT SHOWN: 1 row that names another patient");
    end(&w);
}

/* --- the plot alone --------------------------------------------------------------------------- */

static struct model_point at(int64_t day, double value)
{
    return (struct model_point){.ms = day * 86400000, .at = {value}, .place = MODEL_PLACE_AT, .date = text_own("a date"),
                                .value = text_own(""), .brief = ""};
}

/* REQ (display rule 13): numbers of the axis have no trailing zero, a zero before the point, a comma at thousands. */
static void axes(void)
{
    static const struct {
        double low, high;
    } spans[] = {{0.001, 0.0035}, {0.1, 0.9}, {3.2, 6.8}, {-5, 5},   {38.95, 39.05}, {90, 182},
                 {950, 5200},     {5, 5},     {0, 0},     {1e9, 4e9}, {0, 1e-12},     {1.23456789, 1.23456790}};

    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct model_point p[2] = {at(0, spans[i].low), at(1, spans[i].high)};
        struct text *lines;
        unsigned n;
        struct arena a;

        arena_init(&a, 1 << 20);
        CU_ASSERT_EQUAL(model_plot(p, 2, 60, 12, &a, &lines, &n), ERR_OK);
        CU_ASSERT(n >= 3 && n <= 12);
        for (unsigned k = 0; k + 1 < n; k++) {
            const char *bar = strpbrk(lines[k].s, "|+");
            char label[32] = "", *end;

            CU_ASSERT(lines[k].cols <= 60 && bar);
            if (!bar)
                continue;
            snprintf(label, sizeof label, "%.*s", (int)(bar - lines[k].s), lines[k].s);
            for (end = label + strlen(label); end > label && end[-1] == ' ';)
                *--end = '\0';
            if (strchr(label, '.') && end[-1] == '0')
                printf("\n    %s ", lines[k].s);
            CU_ASSERT(!strchr(label, '.') || end[-1] != '0');
            CU_ASSERT_PTR_NULL(strstr(label, " ."));
        }
        arena_fini(&a);
    }
}

static void plot_places(void)
{
    struct model_point p[3] = {at(0, 1), at(5, 2), at(10, 3)};
    struct text *lines;
    unsigned n;
    struct arena a;

    p[2].letter[0] = 'H';
    p[2].has_low = p[2].has_high = true;
    p[2].low = 1, p[2].high = 2;
    arena_init(&a, 1 << 20);
    CU_ASSERT_EQUAL(model_plot(p, 3, 32, 10, &a, &lines, &n), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(n, 10);
    UNIT_STR(lines[0].s, "  3 +                          H");
    UNIT_STR(lines[4].s, "  2 +-------------*-------------");
    arena_fini(&a);
    arena_init(&a, 1 << 20);
    /* Struck points have no place even where somebody gave them one. */
    for (int i = 0; i < 3; i++)
        p[i].struck = true;
    CU_ASSERT_EQUAL(model_plot(p, 3, 32, 10, &a, &lines, &n), ERR_OK);
    CU_ASSERT_EQUAL(n, 0);
    p[0].struck = false;
    CU_ASSERT_EQUAL(model_plot(p, 3, 23, 10, &a, &lines, &n), ERR_OK);
    CU_ASSERT_EQUAL(n, 0);
    arena_fini(&a);
}

static const struct unit_test tests[] = {
    {"a grid", a_grid},
    {"a cell is whole", cells_whole},
    {"two units share no axis", units},
    {"what has no place", unplaced},
    {"flags by range", by_range},
    {"pairs", pairs},
    {"reports that are missing", without_reports},
    {"parts", parts},
    {"another patient's row", of_another},
    {"numbers of an axis", axes},
    {"places of a plot", plot_places},
};

UNIT_MAIN("series", tests)
