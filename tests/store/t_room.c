/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Room on the disk: what is removed and what never is, that nothing goes unsaid. Kills
 * tests/mutants/room-evicts-unsent.patch (an edit that is not at the server goes), room-evicts-allergies.patch (an
 * allergy goes) and room-unsaid.patch (rows go and the table does not say so).
 */
#include "config.h"

#include "tests/store/made.h"

#include "base/fault.h"
#include "base/limits.h"
#include "store/edit.h"
#include "store/priv.h"
#include "store/room.h"
#include "store/text.h"

#define CHARTS 12
#define RESULTS 60
#define ALL ((uint64_t)1 << 40)
#define HOUR ((int64_t)3600000)

static uint64_t seed = 11;

/* Letters that no compressor makes less of, as words: the index of words grows, too. */
static void noise(struct buf *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        buf_addc(b, i % 9 == 8 ? ' ' : (char)('a' + (seed >> 33) % 26));
    }
}

/* kind of a chart, with the reference to its patient and a text that only it has */
static void put(struct store *s, const char *type, const char *whose, const char *chart, unsigned no, const char *words)
{
    struct buf b;

    buf_init(&b, 1 << 16);
    buf_addf(&b, "{\"resourceType\":\"%s\",\"id\":\"%s%.4s%u\",\"%s\":{\"reference\":\"Patient/%s\"},\"status\":\"final\","
                 "\"%s\":\"%s ", type, chart, type, no, whose, chart,
             !strcmp(type, "DocumentReference") ? "description" : "valueString", words);
    noise(&b, 500);
    buf_adds(&b, "\"}");
    CU_ASSERT_EQUAL_FATAL(b.failed, 0);
    made_resource(s, b.p);
    buf_fini(&b);
}

static void chart_of(char out[8], unsigned i)
{
    snprintf(out, 8, "p%02u", i);
}

static void fill_chart(struct store *s, const char *chart, unsigned results)
{
    static const struct {
        const char *type, *whose;
    } one[] = {{"AllergyIntolerance", "patient"}, {"MedicationRequest", "subject"}, {"MedicationStatement", "subject"},
               {"Condition", "subject"},          {"Flag", "subject"},              {"Encounter", "subject"},
               {"MedicationDispense", "subject"}, {"DocumentReference", "subject"}, {"Procedure", "subject"}};

    char patient[200];

    snprintf(patient, sizeof patient, "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"name\":[{\"family\":\"ROOM%s\"}]}", chart,
             chart);
    made_resource(s, patient);
    for (size_t i = 0; i < sizeof one / sizeof *one; i++)
        put(s, one[i].type, one[i].whose, chart, 0, "zebra");
    for (unsigned i = 0; i < results; i++)
        put(s, "Observation", "subject", chart, i, "quokka");
}

static struct store *ward(char home[64], unsigned charts, unsigned results)
{
    struct store *s = made_store(home);
    char chart[8];

    for (unsigned i = 0; s && i < charts; i++) {
        chart_of(chart, i);
        fill_chart(s, chart, results);
    }
    return s;
}

static int add_one(void *arg, const struct store_row *row)
{
    (void)row;
    ++*(unsigned *)arg;
    return 0;
}

static unsigned rows_of(struct store *s, const char *chart, const char *type)
{
    const struct store_query q = {.patient = str_of(chart), .type = str_of(type)};
    unsigned n = 0;

    CU_ASSERT_EQUAL(store_each(s, &q, add_one, &n, NULL), ERR_OK);
    return n;
}

static int list_one(void *arg, const struct store_evicted *u)
{
    return buf_addf(arg, "%.*s/%.*s:%lld%s ", STR_ARG(u->chart), STR_ARG(u->type), (long long)u->n, u->wanted ? "!" : "");
}

static const char *removed(struct store *s, const char *chart, bool wanted)
{
    static char out[8000];
    struct buf b;

    buf_init(&b, sizeof out - 1);
    CU_ASSERT_EQUAL(store_evicted_each(s, str_of(chart), wanted, list_one, &b, NULL), ERR_OK);
    snprintf(out, sizeof out, "%s", b.n ? b.p : "");
    buf_fini(&b);
    return out;
}

static struct store_evict evict(struct store *s, uint64_t want, int64_t now_ms)
{
    struct store_evict ev = {.want = want};

    CU_ASSERT_EQUAL(store_evict(s, &ev, now_ms, NULL, NULL), ERR_OK);
    return ev;
}

static int see(void *arg, const struct store_row *row)
{
    return buf_addf(arg, "%.*s ", STR_ARG(row->id));
}

static unsigned found(struct store *s, const char *word)
{
    const struct store_text_query q = {.words = str_of(word)};
    unsigned n = 0;

    CU_ASSERT_EQUAL(store_text_search(s, &q, add_one, &n, NULL), ERR_OK);
    return n;
}

static void finding(void *arg, const struct store_finding *f)
{
    printf("\n    found: %d %lld %s ", (int)f->place, (long long)f->no, f->what ? f->what : "");
    ++*(unsigned *)arg;
}

static void expect_sound(struct store *s)
{
    struct store_verified v;
    unsigned n = 0;

    CU_ASSERT_EQUAL(store_verify(s, NULL, finding, &n, &v, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, 0);
}

/* --- what goes ---------------------------------------------------------------------------------- */

static void kept_always(void)
{
    static const char *const stay[] = {"Patient", "AllergyIntolerance", "MedicationRequest", "MedicationStatement",
                                       "Condition", "Flag", "Encounter"};
    static const char *const go[] = {"Observation", "DocumentReference", "Procedure", "MedicationDispense"};
    char home[64], chart[8];
    struct store *s = ward(home, CHARTS, RESULTS);
    struct store_evict ev;
    int64_t patients = 0;

    CU_ASSERT_EQUAL(found(s, "quokka"), CHARTS * RESULTS);
    CU_ASSERT_EQUAL(found(s, "zebra"), CHARTS);
    ev = evict(s, ALL, MADE_NOW);
    CU_ASSERT_EQUAL(ev.rows, CHARTS * (RESULTS + 3));
    CU_ASSERT_EQUAL(ev.units, CHARTS * 4);
    CU_ASSERT(ev.freed < ALL);
    for (unsigned i = 0; i < CHARTS; i++) {
        chart_of(chart, i);
        for (size_t k = 1; k < sizeof stay / sizeof *stay; k++)
            CU_ASSERT_EQUAL(rows_of(s, chart, stay[k]), 1);
        for (size_t k = 0; k < sizeof go / sizeof *go; k++)
            CU_ASSERT_EQUAL(rows_of(s, chart, go[k]), 0);
    }
    UNIT_STR(removed(s, "p03", false),
             "p03/DocumentReference:1 p03/MedicationDispense:1 p03/Observation:60 p03/Procedure:1 ");
    UNIT_STR(removed(s, "", false),
             "/DocumentReference:12 /MedicationDispense:12 /Observation:12 /Procedure:12 ");
    CU_ASSERT_EQUAL(found(s, "quokka"), 0);
    CU_ASSERT_EQUAL(found(s, "zebra"), 0);
    CU_ASSERT_EQUAL(store_patient_count(s, STR("room"), &patients, NULL), ERR_OK);
    CU_ASSERT_EQUAL(patients, CHARTS);
    expect_sound(s);
    CU_ASSERT_EQUAL(evict(s, ALL, MADE_NOW).rows, 0); /* and there is no more */
    made_end(s, home);
}

static void opened(struct store *s, const char *chart, int64_t at_ms)
{
    struct store_tx *tx;

    CU_ASSERT_EQUAL_FATAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_opened(tx, str_of(chart), at_ms, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
}

/* The units in the order in which they go: each as the smallest wish takes it. */
static void in_order(void)
{
    static const char *const want[] = {
        "p01/DocumentReference", "p01/Observation", "p01/Procedure", "p01/MedicationDispense",
        "p02/DocumentReference", "p02/Observation", "p02/Procedure", "p02/MedicationDispense",
        "p00/DocumentReference", "p00/Observation", "p00/Procedure", "p00/MedicationDispense",
    };
    char home[64];
    struct store *s = ward(home, 4, 12);
    unsigned units = 0;

    opened(s, "p00", MADE_NOW - 20 * HOUR);
    opened(s, "p02", MADE_NOW - 40 * HOUR);
    opened(s, "p03", MADE_NOW - 2 * HOUR); /* somebody reads it */
    for (unsigned i = 0; i < 40 && units < sizeof want / sizeof *want; i++) {
        struct store_room room;
        struct store_evict ev;
        char chart[8];

        CU_ASSERT_EQUAL(store_room(s, &room, NULL), ERR_OK);
        ev = evict(s, room.free_bytes + SEAL_PAGE, MADE_NOW);
        if (!ev.rows)
            break;
        for (uint64_t k = 0; k < ev.units && units < sizeof want / sizeof *want; k++, units++) {
            snprintf(chart, sizeof chart, "%.3s", want[units]);
            CU_ASSERT(strstr(removed(s, chart, false), want[units]) != NULL);
        }
        if (units < sizeof want / sizeof *want) {
            snprintf(chart, sizeof chart, "%.3s", want[units]);
            CU_ASSERT(strstr(removed(s, chart, false), want[units]) == NULL);
        }
    }
    CU_ASSERT_EQUAL(units, sizeof want / sizeof *want);
    evict(s, ALL, MADE_NOW);
    CU_ASSERT_EQUAL(rows_of(s, "p03", "Observation"), 12);
    CU_ASSERT(evict(s, ALL, MADE_NOW + 11 * HOUR).rows > 12); /* the shift is over */
    CU_ASSERT_EQUAL(rows_of(s, "p03", "Observation"), 0);
    made_end(s, home);
}

/* --- what never goes ----------------------------------------------------------------------------- */

static void edit(struct store *s, const char *bytes, enum store_op_kind kind)
{
    struct rng rng = rng_seeded(&seed);
    char op[STORE_OP_BYTES];
    struct fhir_index ix;
    struct store_tx *tx;
    struct arena a;
    struct tape t;

    arena_init(&a, 1 << 20);
    CU_ASSERT_EQUAL_FATAL(tape_parse(&t, str_of(bytes), NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(fhir_index(&t, NULL, &a, &ix, NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_edit(tx, &(struct store_edit){.kind = kind, .ix = &ix, .bytes = str_of(bytes),
                                                        .author = STR("Practitioner/1"), .now_ms = MADE_NOW, .rng = &rng},
                               NULL, op, NULL),
                    ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    tape_fini(&t);
    arena_fini(&a);
}

#define DOSE(id, chart, status)                                                                                   \
    "{\"resourceType\":\"MedicationAdministration\",\"id\":\"" id "\",\"status\":\"" status "\",\"subject\":{\"reference\":" \
    "\"Patient/" chart "\"},\"dosage\":{\"text\":\"20 mg\"}}"

/* A dose that was given here and one that was corrected here stay, with the operation that is to be sent. */
static void unsent(void)
{
    char home[64];
    struct store *s = ward(home, 2, 3);
    const struct store_query q = {.patient = STR("p00"), .type = STR("MedicationAdministration")};
    struct store_queue_counts n;
    struct buf b;

    made_resource(s, DOSE("old", "p00", "completed"));
    made_resource(s, DOSE("mine", "p00", "in-progress"));
    edit(s, DOSE("mine", "p00", "completed"), STORE_OP_UPDATE);
    edit(s, DOSE("new", "p00", "completed"), STORE_OP_CREATE);
    evict(s, ALL, MADE_NOW);
    buf_init(&b, 1000);
    CU_ASSERT_EQUAL(store_each(s, &q, see, &b, NULL), ERR_OK);
    UNIT_STR(b.n ? b.p : "", "mine new ");
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_get(s, STR("MedicationAdministration"), STR("mine"), &b, NULL), ERR_OK);
    CU_ASSERT(str_eq(buf_str(&b), STR(DOSE("mine", "p00", "completed"))));
    CU_ASSERT(strstr(removed(s, "p00", false), "p00/MedicationAdministration:1 ") != NULL);
    CU_ASSERT_EQUAL(store_queue_counts(s, &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n.queued, 2);
    expect_sound(s);
    buf_fini(&b);
    made_end(s, home);
}

static void drafts_and_files(void)
{
    char home[64];
    struct store *s = ward(home, 2, 3);
    struct fhir_index ix = made_index("Patient", "f1", "f1", "", FHIR_NO_DATE);
    struct store_tx *tx;

    CU_ASSERT_EQUAL_FATAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_draft_put(tx, &(struct store_draft){STR("d"), STR("p01"), STR("note"), 1, STR("begun")}, NULL),
                    ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(made_put(s, &ix, STR("{\"resourceType\":\"Patient\",\"id\":\"f1\"}"), STORE_FILE_IMPORT, NULL), ERR_OK);
    ix = made_index("Observation", "fo", "f1", "labs", 5);
    CU_ASSERT_EQUAL(made_put(s, &ix, STR("{\"resourceType\":\"Observation\",\"id\":\"fo\"}"), STORE_FILE_IMPORT, NULL),
                    ERR_OK);
    evict(s, ALL, MADE_NOW);
    CU_ASSERT_EQUAL(rows_of(s, "p00", "Observation"), 0);
    CU_ASSERT_EQUAL(rows_of(s, "p01", "Observation"), 3);
    CU_ASSERT_EQUAL(rows_of(s, "file:f1", "Observation"), 1);
    UNIT_STR(removed(s, "p01", false), "");
    made_end(s, home);
}

/* --- room ---------------------------------------------------------------------------------------- */

static void smaller(void)
{
    char home[64];
    struct store *s = ward(home, 30, RESULTS);
    struct store_room before, after;
    struct store_evict ev = {.want = 0};
    struct store_tx *tx;

    CU_ASSERT_EQUAL(room_checkpoint(s, true, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_room(s, &before, NULL), ERR_OK);
    CU_ASSERT(before.quota == 0 && before.reserve_bytes == STORE_RESERVE_BYTES && before.disk_free);
    CU_ASSERT_EQUAL(store_room_over(&before), 0);
    CU_ASSERT_EQUAL(store_keep_quota(s, &ev, MADE_NOW, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(ev.rows, 0);
    CU_ASSERT_EQUAL_FATAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_quota_set(tx, STORE_QUOTA_LEAST - 1, NULL), ERR_INPUT);
    CU_ASSERT_EQUAL(store_set(tx, "quota", STR("1300000"), NULL), ERR_OK); /* less than may be asked for */
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_keep_quota(s, &ev, MADE_NOW, NULL, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_room(s, &after, NULL), ERR_OK);
    printf("\n    proof room: %llu bytes before, %llu behind, quota %llu, %llu rows of %llu units ",
           (unsigned long long)before.file_bytes, (unsigned long long)after.file_bytes, (unsigned long long)after.quota,
           (unsigned long long)ev.rows, (unsigned long long)ev.units);
    /* bytes of the file, not of pages in use: a disk has no more of them for others until then */
    CU_ASSERT(before.file_bytes > 1300000 && after.file_bytes <= 1300000 && after.file_bytes > 900000);
    CU_ASSERT(after.shrinks);
    CU_ASSERT_EQUAL(after.wal_bytes, 0);
    CU_ASSERT_EQUAL(store_room_over(&after), 0);
    CU_ASSERT_EQUAL(after.removed, (int64_t)ev.units);
    CU_ASSERT(rows_of(s, "p29", "Observation") == RESULTS); /* no more than that went */
    expect_sound(s);
    made_end(s, home);
}

/* REQ: where rows of a unit are not here, the table says so, at any moment. */
static unsigned unsaid(struct store *s, unsigned charts, unsigned results)
{
    char chart[8];
    unsigned bad = 0;

    for (unsigned i = 0; i < charts; i++) {
        chart_of(chart, i);
        bad += rows_of(s, chart, "Observation") < results && !strstr(removed(s, chart, false), "Observation");
        bad += rows_of(s, chart, "DocumentReference") < 1 && !strstr(removed(s, chart, false), "DocumentReference");
        bad += rows_of(s, chart, "AllergyIntolerance") != 1;
    }
    return bad;
}

static int every_other(void *arg, uint64_t done, uint64_t all)
{
    (void)done, (void)all;
    return ++*(unsigned *)arg % 2 == 0;
}

/* A unit of more rows than a transaction takes: it is stopped in the middle of it, and the rows that are left are
 * beside the words on those that went. */
static void stopped(void)
{
    char home[64];
    struct store *s = ward(home, 2, 450);
    unsigned n = 0, calls = 0, partly = 0;
    const struct store_progress p = {every_other, &n};
    struct store_evict ev = {.want = ALL};
    int code;

    while ((code = store_evict(s, &ev, MADE_NOW, &p, NULL)) == ERR_CANCELLED && calls++ < 100) {
        unsigned left = rows_of(s, "p00", "Observation");

        partly += left && left < 450;
        CU_ASSERT_EQUAL(unsaid(s, 2, 450), 0);
    }
    CU_ASSERT_EQUAL(code, ERR_OK);
    CU_ASSERT(partly && calls > 3);
    CU_ASSERT_EQUAL(ev.rows, 2 * 453);
    UNIT_STR(removed(s, "p00", false),
             "p00/DocumentReference:1 p00/MedicationDispense:1 p00/Observation:450 p00/Procedure:1 ");
    made_end(s, home);
}

/* --- and comes back -------------------------------------------------------------------------------- */

static unsigned want(struct store *s, const char *chart)
{
    struct store_tx *tx;
    unsigned n = 99;

    CU_ASSERT_EQUAL_FATAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_evicted_want(tx, str_of(chart), &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    return n;
}

static void back(struct store *s, const char *chart, const char *type)
{
    struct store_tx *tx;

    CU_ASSERT_EQUAL_FATAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_evicted_back(tx, str_of(chart), str_of(type), NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
}

static void wanted(void)
{
    char home[64];
    struct store *s = ward(home, 2, 3);

    CU_ASSERT_EQUAL(want(s, "p00"), 0);
    evict(s, ALL, MADE_NOW);
    CU_ASSERT_EQUAL(want(s, "p00"), 4);
    UNIT_STR(removed(s, "", true), "p00/DocumentReference:1! p00/MedicationDispense:1! p00/Observation:3! p00/Procedure:1! ");
    put(s, "Observation", "subject", "p00", 0, "quokka"); /* they come: and are not taken away before they are whole */
    CU_ASSERT_EQUAL(evict(s, ALL, MADE_NOW).rows, 0);
    CU_ASSERT_EQUAL(rows_of(s, "p00", "Observation"), 1);
    back(s, "p00", "Observation");
    back(s, "p01", "Observation"); /* which nobody asked for */
    UNIT_STR(removed(s, "p00", false), "p00/DocumentReference:1! p00/MedicationDispense:1! p00/Procedure:1! ");
    CU_ASSERT(strstr(removed(s, "p01", false), "p01/Observation:3 ") != NULL);
    back(s, "p01", "");
    UNIT_STR(removed(s, "p01", false), "");
    CU_ASSERT_EQUAL(evict(s, ALL, MADE_NOW).rows, 1);
    made_end(s, home);
}

/* --- when calls fail -------------------------------------------------------------------------------- */

#ifdef FAULT_INJECTION
#define FAULT_RESULTS 5

/* Each call of files or memory fails once: whatever becomes of the removal, nothing goes unsaid, and the next one
 * ends it. */
static void faults(void)
{
    static const enum fault_kind kinds[] = {FAULT_IO, FAULT_MEM};
    unsigned long tried = 0;

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        bool any = true;

        for (unsigned long n = 1; any; n += n < 40 ? 1 : 1 + n / 12, tried++) {
            char home[64];
            struct store *s = ward(home, 2, FAULT_RESULTS);
            struct store_evict ev = {.want = ALL};

            fault_arm(kinds[k], n);
            store_evict(s, &ev, MADE_NOW, NULL, NULL);
            any = fault_count(kinds[k]) >= n;
            fault_arm(kinds[k], 0);
            CU_ASSERT_EQUAL(unsaid(s, 2, FAULT_RESULTS), 0);
            store_close(s);
            s = made_open(home);
            CU_ASSERT_PTR_NOT_NULL_FATAL(s);
            CU_ASSERT_EQUAL(unsaid(s, 2, FAULT_RESULTS), 0);
            evict(s, ALL, MADE_NOW);
            CU_ASSERT_EQUAL(rows_of(s, "p00", "Observation") + rows_of(s, "p01", "Observation"), 0);
            CU_ASSERT_EQUAL(unsaid(s, 2, FAULT_RESULTS), 0);
            made_end(s, home);
        }
    }
    printf("\n    proof room faults: %lu calls ", tried);
}

/* A write below that fails for want of room: an edit gets the reserve, a cache fill does not, and is refused from then
 * on. Without the disk really being full the reserve comes back at once, so that it is looked at in between. */
static void reserve(void)
{
    char home[64], path[100];
    struct store *s = ward(home, 1, 1);
    struct fhir_index ix = made_index("Observation", "x", "p00", "labs", 5);
    struct store_tx *tx;
    struct err e = ERR_NONE;

    snprintf(path, sizeof path, "%s/%s", home, STORE_RESERVE);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    CU_ASSERT_EQUAL_FATAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_put(tx, &ix, STR("{\"a\":1}"), STORE_SERVER, 1, NULL, NULL), ERR_OK);
    fault_arm(FAULT_IO, 1);
    CU_ASSERT_EQUAL(store_commit(tx, &e), ERR_FULL);
    fault_arm(FAULT_IO, 0);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    CU_ASSERT_EQUAL_FATAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_put(tx, &ix, STR("{\"a\":2}"), STORE_SERVER, 1, NULL, NULL), ERR_OK);
    fault_arm(FAULT_IO, 1);
    CU_ASSERT_EQUAL(store_commit(tx, &e), ERR_OK);
    fault_arm(FAULT_IO, 0);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    CU_ASSERT(store_has(s, STR("Observation"), STR("x"), STR("")));
    CU_ASSERT_EQUAL_FATAL(store_begin(s, false, &tx, NULL), ERR_OK); /* there is room for it: it is taken back */
    store_rollback(tx);
    CU_ASSERT_EQUAL(access(path, F_OK), 0);
    made_end(s, home);
}
#else
static void faults(void)
{
    unit_skip("built without --enable-fault-injection");
}
static void reserve(void)
{
    unit_skip("built without --enable-fault-injection");
}
#endif

static const struct unit_test tests[] = {
    {"what is kept always stays; the rest goes, with its words", kept_always},
    {"who was opened longest ago goes first, documents before results", in_order},
    {"what is not at the server stays", unsent},
    {"a chart with a draft stays, and what came from a file", drafts_and_files},
    {"what is in use gets smaller, and no more than that goes", smaller},
    {"stopped between two transactions", stopped},
    {"what is wanted stays until it is whole", wanted},
    {"every call fails once", faults},
    {"the reserve is an edit's", reserve},
};
UNIT_MAIN("room", tests)
