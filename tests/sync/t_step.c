/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules of the step function, one test a rule; t_sim shows that they hold together.
 *
 * Not against HAPI: no server is asked here, each answer is made to fit one rule. The whole of the rules
 * against HAPI is tests/live/pull and tests/live/run's cuts.
 *
 * Kills sync-retry-ignored, pace-patience, budget-mark-moves, budget-first-rank-left, sync-loop-unseen, sync-count-not-halved, sync-head-stops,
 * sync-batch-one-by-one, sync-ties-dear, sync-circles, sync-batch-not-left, sync-batch-out-of-rank, sync-ahead-of-rank.
 */
#include "config.h"

#include "tests/unit.h"

#include "base/date.h"
#include "sync/step.h"

#define START_MS INT64_C(1764000000000) /* the server's Date */
#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define QUEUE 64
#define LANES (2 * SYNC_LANES) /* lane numbers stay below */

static const struct fhir_kind kinds[] = {
    {.type = "Aa", .priority = KIND_P0, .patient_param = "patient"},
    {.type = "Bb", .priority = KIND_P1, .patient_param = "subject"},
    {.type = "Cc", .priority = KIND_NAMED},
    {.type = "Dd", .priority = KIND_P0, .patient_param = "patient"},
};

/* More of the first rank than goes by GET beside the batch of a first sync; not in the order of ranks. */
static const struct fhir_kind ward[] = {
    {.type = "Pa", .priority = KIND_P0}, {.type = "Pb", .priority = KIND_P0},  {.type = "Pc", .priority = KIND_P0},
    {.type = "Na", .priority = KIND_NAMED}, {.type = "Bulk", .priority = KIND_P1, .bulk = true},
    {.type = "Pd", .priority = KIND_P0}, {.type = "Pe", .priority = KIND_P0},  {.type = "Old", .priority = KIND_P2},
    {.type = "Oa", .priority = KIND_P2}, {.type = "Ob", .priority = KIND_P2},
};
enum ward_part { PD, PE, BULK, OLD, OA, OB, NA }; /* in the batch */

/* The shell in small: stores at once, ends what is stopped, remembers the rest. */
struct bench {
    struct sync_scope scope;
    struct sync_state *s;
    char url[LANES][LIMIT_URL_BYTES + 1]; /* asked on a lane */
    unsigned lane, gets;                       /* the last GET's lane; how many there were */
    char batch[4096];                          /* the last batch */
    unsigned batches, batch_lane;
    int64_t wait_ms;                           /* the last wait */
    bool told;                                 /* the server named it */
    unsigned waits, stops, rows;               /* rows: given to the store */
    struct store_mark mark;                    /* the last one given to the store */
    bool done;
    int code;
};

static void note(struct bench *b, const struct sync_action *a, struct sync_event *queue, unsigned *n)
{
    struct sync_event ev = {.lane = a->lane, .outer = a->outer};

    if (a->type == SYNC_ACT_GET) {
        b->lane = a->lane;
        b->gets++;
        snprintf(b->url[a->lane], sizeof b->url[0], "%.*s", STR_ARG(a->url));
    } else if (a->type == SYNC_ACT_BATCH) {
        b->batches++;
        b->batch_lane = a->lane;
        snprintf(b->batch, sizeof b->batch, "%.*s", STR_ARG(a->body));
    } else if (a->type == SYNC_ACT_WAIT) {
        b->wait_ms = a->wait_ms;
        b->told = a->told;
        b->waits++;
    } else if (a->type == SYNC_ACT_DONE) {
        b->done = true;
        b->code = a->code;
    } else if (a->type == SYNC_ACT_STORE) {
        b->rows += a->rows;
        if (a->mark.type[0])
            b->mark = a->mark;
        ev.type = SYNC_EV_STORED;
        queue[(*n)++ % QUEUE] = ev;
    } else if (a->type == SYNC_ACT_STOP) {
        b->stops++;
        ev.type = SYNC_EV_END;
        ev.code = ERR_CANCELLED;
        queue[(*n)++ % QUEUE] = ev;
    } else if (a->type == SYNC_ACT_IDS) {
        ev.type = SYNC_EV_IDS;
        queue[(*n)++ % QUEUE] = ev;
    }
}

static void feed(struct bench *b, struct sync_event ev)
{
    static struct sync_actions out;
    struct sync_event queue[QUEUE];
    unsigned n = 0;

    queue[n++] = ev;
    for (unsigned i = 0; i < n; i++) {
        struct sync_event now = queue[i % QUEUE];

        sync_step(b->s, &now, &out);
        for (unsigned j = 0; j < out.n; j++)
            note(b, &out.a[j], queue, &n);
    }
}

/* spec: as for init --scope. */
static struct bench *bench_of(const struct fhir_kind *table, unsigned n_kinds, const char *spec)
{
    struct bench *b = calloc(1, sizeof *b);

    if (!b || sync_scope_parse(str_of(spec), &b->scope, NULL) || sync_new(&b->scope, table, n_kinds, &b->s))
        abort();
    return b;
}

static struct bench *bench(unsigned n_kinds, const char *spec)
{
    return bench_of(kinds, n_kinds, spec);
}

static void bench_free(struct bench *b)
{
    sync_free(b->s);
    sync_scope_fini(&b->scope);
    free(b);
}

static void start(struct bench *b, const struct store_mark *marks)
{
    feed(b, (struct sync_event){.type = SYNC_EV_START, .outer = -1, .marks = marks});
}

static void head(struct bench *b, unsigned lane, int status, int64_t date_ms)
{
    feed(b, (struct sync_event){.type = SYNC_EV_HEAD, .lane = lane, .outer = -1, .status = status, .date_ms = date_ms});
}

static void link_to(struct bench *b, unsigned lane, const char *url, bool next)
{
    feed(b, (struct sync_event){.type = SYNC_EV_LINK, .lane = lane, .outer = -1, .url = str_of(url), .next = next});
}

static void row(struct bench *b, unsigned lane, const char *id, int64_t at)
{
    feed(b, (struct sync_event){.type = SYNC_EV_ROW, .lane = lane, .outer = -1, .id = str_of(id), .updated_ms = at,
                                .first_version = true});
}

static void end(struct bench *b, unsigned lane, int code)
{
    feed(b, (struct sync_event){.type = SYNC_EV_END, .lane = lane, .outer = -1, .code = code});
}

/* A 200 with a Bundle that repeats what was asked. */
static void opens(struct bench *b, unsigned lane)
{
    char self[LIMIT_URL_BYTES + 1];

    snprintf(self, sizeof self, "%s", b->url[lane]);
    head(b, lane, 200, START_MS);
    feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .lane = lane, .outer = -1});
    link_to(b, lane, self, false);
}

static void nothing_new(struct bench *b, unsigned lane)
{
    opens(b, lane);
    end(b, lane, ERR_OK);
}

static struct sync_kind_result result(const struct bench *b, const char *type)
{
    struct sync_kind_result r[SYNC_KINDS_MAX];
    unsigned n = sync_results(b->s, r, SYNC_KINDS_MAX);

    for (unsigned i = 0; i < n; i++)
        if (!strcmp(r[i].type, type))
            return r[i];
    CU_FAIL("no result for the kind");
    return (struct sync_kind_result){0};
}

static bool asks(const struct bench *b, unsigned lane, const char *part)
{
    bool is = strstr(b->url[lane], part) != NULL;

    if (!is)
        printf("\n    \"%s\" is not in \"%s\" ", part, b->url[lane]);
    return is;
}

static bool asks_from(const struct bench *b, unsigned lane, int64_t ms)
{
    char want[64], at[DATE_INSTANT_MAX];

    date_instant(ms, at);
    snprintf(want, sizeof want, "_lastUpdated=ge%s&", at);
    return asks(b, lane, want);
}

/* --- the mark --------------------------------------------------------------------------------- */

static void mark_is_the_start(void)
{
    struct bench *b = bench(1, "all");

    start(b, NULL);
    feed(b, (struct sync_event){.type = SYNC_EV_HEAD, .outer = -1, .status = 200, .date_ms = START_MS, .waited_ms = 2000});
    feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .outer = -1});
    link_to(b, 0, b->url[0], false);
    row(b, 0, "a", START_MS - DAY);
    link_to(b, 0, "Aa?page=2", true);
    end(b, 0, ERR_OK);
    CU_ASSERT_EQUAL(b->mark.mark_ms, 0); /* a run under way is no mark */
    CU_ASSERT_EQUAL(b->mark.run_start_ms, START_MS - 2000);
    UNIT_STR(b->url[b->lane], "Aa?page=2");
    head(b, b->lane, 200, START_MS + HOUR); /* later answers move nothing */
    feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .lane = b->lane, .outer = -1});
    row(b, b->lane, "b", START_MS + HOUR);
    end(b, b->lane, ERR_OK);
    CU_ASSERT(b->done && b->code == ERR_OK);
    CU_ASSERT_EQUAL(b->mark.mark_ms, START_MS - 2000);
    CU_ASSERT_EQUAL(b->mark.run_start_ms, 0);
    bench_free(b);
}

static void no_mark_after_a_failed_page(void)
{
    struct bench *b = bench(1, "all");
    struct store_mark m = {.mark_ms = START_MS - DAY, .asof_ms = START_MS - DAY};

    start(b, &m);
    opens(b, 0);
    row(b, 0, "a", START_MS - HOUR);
    link_to(b, 0, "Aa?page=2", true);
    end(b, 0, ERR_OK);
    head(b, b->lane, 403, START_MS);
    end(b, b->lane, ERR_OK);
    CU_ASSERT(b->done && b->code == ERR_AUTH);
    CU_ASSERT_EQUAL(b->rows, 1); /* what came is kept */
    CU_ASSERT_EQUAL(b->mark.mark_ms, START_MS - DAY);
    CU_ASSERT_EQUAL(b->mark.asof_ms, START_MS - DAY);
    bench_free(b);
}

static void asks_from_mark_minus_overlap(void)
{
    static const struct { int64_t stored, used; } t[] = {{0, 5 * MINUTE}, {20 * MINUTE, 20 * MINUTE}, {MINUTE, 5 * MINUTE}};

    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct bench *b = bench(1, "all");
        struct store_mark m = {.mark_ms = START_MS - HOUR, .overlap_ms = t[i].stored};

        start(b, &m);
        CU_ASSERT(asks_from(b, 0, START_MS - HOUR - t[i].used));
        bench_free(b);
    }
}

static int64_t overlap_after(int64_t stored, int64_t late)
{
    struct bench *b = bench(1, "all");
    struct store_mark m = {.mark_ms = START_MS - 10 * HOUR, .overlap_ms = stored};
    int64_t got;

    start(b, &m);
    opens(b, 0);
    row(b, 0, "late", m.mark_ms - late);
    end(b, 0, ERR_OK);
    CU_ASSERT_EQUAL(b->mark.mark_ms, START_MS);
    got = b->mark.overlap_ms;
    bench_free(b);
    return got;
}

static void overlap_grows_and_is_capped(void)
{
    CU_ASSERT_EQUAL(overlap_after(0, -HOUR), SYNC_OVERLAP_MS); /* after the mark: not late */
    CU_ASSERT_EQUAL(overlap_after(0, 4 * MINUTE), 8 * MINUTE);
    CU_ASSERT_EQUAL(overlap_after(DAY, MINUTE), DAY); /* never shrinks */
    CU_ASSERT_EQUAL(overlap_after(DAY, 20 * HOUR), SYNC_OVERLAP_MAX_MS);
}

/* --- pages ------------------------------------------------------------------------------------ */

static void cut_page_is_halved_and_doubled(void)
{
    static const char *const counts[] = {"500", "250", "125", "62", "31", "15", "7", "3", "1", "1"};
    struct bench *b = bench(1, "all");
    int64_t at = START_MS - DAY;
    char id[16], want[32], next[32];
    unsigned i;

    start(b, NULL);
    CU_ASSERT(asks(b, 0, "_count=1000"));
    for (i = 0; i < sizeof counts / sizeof *counts; i++) {
        unsigned lane = b->lane;

        if (i == 0)
            opens(b, lane);
        else
            head(b, lane, 200, START_MS);
        feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .lane = lane, .outer = -1});
        snprintf(id, sizeof id, "cut-%u", i);
        row(b, lane, id, at += MINUTE);
        end(b, lane, ERR_CUT);
        snprintf(want, sizeof want, "_count=%s", counts[i]);
        CU_ASSERT(!b->done && asks(b, b->lane, want) && asks_from(b, b->lane, at));
    }
    CU_ASSERT_EQUAL(b->rows, i);
    for (i = 0; i < 3; i++) {
        unsigned lane = b->lane;

        opens(b, lane);
        snprintf(next, sizeof next, "Aa?whole=%u", i);
        link_to(b, lane, next, true);
        snprintf(id, sizeof id, "whole-%u", i);
        row(b, lane, id, at += MINUTE);
        end(b, lane, ERR_OK);
        if (i < 2)
            UNIT_STR(b->url[b->lane], next);
    }
    CU_ASSERT(asks(b, b->lane, "_count=2") && asks_from(b, b->lane, at));
    CU_ASSERT_EQUAL(result(b, "Aa").cuts, 10);
    bench_free(b);
}

/* Of a batch that breaks off in an entry: that one goes by GET, those behind it in a batch of their own. */
static void cut_batch_goes_on_in_one(void)
{
    enum { N = sizeof ward / sizeof *ward, CUT = 5 }; /* Bulk, behind five of the first rank */
    struct bench *b = bench_of(ward, N, "all");
    struct store_mark m[N];

    for (unsigned i = 0; i < N; i++)
        m[i] = (struct store_mark){.mark_ms = START_MS - DAY, .asof_ms = START_MS - DAY};
    start(b, m);
    CU_ASSERT(b->batches == 1 && !b->gets && strstr(b->batch, "Pa?") && strstr(b->batch, "Na?"));
    head(b, 0, 200, START_MS);
    for (int i = 0; i <= CUT; i++) {
        feed(b, (struct sync_event){.type = SYNC_EV_RESPONSE, .outer = i, .status = 200});
        feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .outer = i});
    }
    feed(b, (struct sync_event){.type = SYNC_EV_ROW, .outer = CUT, .id = STR("b"), .updated_ms = START_MS - HOUR});
    end(b, 0, ERR_CUT);
    CU_ASSERT_EQUAL(b->rows, 1);
    CU_ASSERT(b->batches == 2 && !strstr(b->batch, "Pa?") && !strstr(b->batch, "Bulk?") && strstr(b->batch, "Old?") && strstr(b->batch, "Na?"));
    CU_ASSERT_EQUAL(result(b, "Pa").over, true);
    CU_ASSERT_EQUAL(result(b, "Bulk").cuts, 1);
    CU_ASSERT(asks(b, b->lane, "Bulk?") && asks(b, b->lane, "_count=500"));
    CU_ASSERT_EQUAL(result(b, "Old").cuts, 0);
    for (unsigned i = 0; i < 4; i++) { /* nothing comes: three times in a batch, then one by one */
        unsigned lane = b->batch_lane, gets = b->gets;

        head(b, lane, 200, START_MS);
        end(b, lane, ERR_CUT);
        CU_ASSERT_EQUAL(b->batches, i < 3 ? i + 3 : 5);
        CU_ASSERT(i < 3 ? strstr(b->batch, "Old?") && strstr(b->batch, "Na?") : b->gets == gets + 3 && asks(b, b->lane, "Oa?"));
    }
    bench_free(b);
}

/* A page by link, cut among rows of one instant: a restart there would bring more of them again than the page has left. */
static void cut_among_ties_asks_the_link(void)
{
    struct bench *b = bench(1, "all");
    struct store_mark m = {.run_start_ms = START_MS, .count = 8};
    char id[16];

    start(b, &m);
    opens(b, b->lane);
    link_to(b, b->lane, "Aa?page=2", true);
    for (unsigned i = 0; i < 8; i++) {
        snprintf(id, sizeof id, "t-%u", i);
        row(b, b->lane, id, i < 5 ? START_MS - DAY : START_MS - HOUR);
    }
    end(b, b->lane, ERR_OK);
    UNIT_STR(b->url[b->lane], "Aa?page=2");
    head(b, b->lane, 200, START_MS);
    feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .lane = b->lane, .outer = -1});
    row(b, b->lane, "t-8", START_MS - HOUR);
    row(b, b->lane, "t-9", START_MS - HOUR);
    end(b, b->lane, ERR_CUT);
    CU_ASSERT_EQUAL(b->rows, 10);
    UNIT_STR(b->url[b->lane], "Aa?page=2"); /* five again would be more than half a page */
    bench_free(b);
}

/* A page that is cut behind the same two rows each time: versions of one resource, so that either is another one than the
 * store has, without an end. */
static void same_rows_cut_for_ever_end(void)
{
    struct bench *b = bench(1, "all");
    unsigned i;

    start(b, NULL);
    for (i = 0; i < 40 && !b->done; i++) {
        unsigned lane = b->lane;

        opens(b, lane);
        row(b, lane, "again", START_MS - DAY);
        row(b, lane, "again", START_MS - DAY);
        end(b, lane, ERR_JSON);
    }
    CU_ASSERT(b->done && b->code == ERR_JSON);
    CU_ASSERT_EQUAL(b->mark.mark_ms, 0);
    bench_free(b);
}

static void seen_next_link_ends(void)
{
    struct bench *b = bench(1, "all");
    char id[16];

    start(b, NULL);
    for (unsigned i = 0; i < 4 && !b->done; i++) { /* rows are new each time: only the link tells */
        unsigned lane = b->lane;

        opens(b, lane);
        snprintf(id, sizeof id, "r-%u", i);
        row(b, lane, id, START_MS - DAY + i);
        link_to(b, lane, "Aa?page=again", true);
        end(b, lane, ERR_OK);
    }
    CU_ASSERT(b->done && b->code == ERR_LOOP);
    CU_ASSERT_EQUAL(result(b, "Aa").pages, 2);
    CU_ASSERT_EQUAL(b->mark.mark_ms, 0);
    bench_free(b);
}

static void nothing_new_for_ever_ends(void)
{
    struct bench *b = bench(1, "all");
    char next[32];
    unsigned i;

    start(b, NULL);
    for (i = 0; i < 40 && !b->done; i++) {
        unsigned lane = b->lane;

        opens(b, lane);
        row(b, lane, "same", START_MS - DAY);
        snprintf(next, sizeof next, "Aa?page=%u", i);
        link_to(b, lane, next, true);
        end(b, lane, ERR_OK);
    }
    CU_ASSERT(b->done && b->code == ERR_LOOP);
    CU_ASSERT(i > 2 && i < 20); /* patience, with an end */
    CU_ASSERT_EQUAL(b->mark.mark_ms, 0);
    bench_free(b);
}

static void expired_link_restarts(void)
{
    struct bench *b = bench(1, "all");
    struct store_mark m = {.run_start_ms = START_MS - HOUR, .run_max_ms = START_MS - 2 * HOUR, .next = "Aa?old=7", .count = 500};

    start(b, &m);
    UNIT_STR(b->url[0], "Aa?old=7");
    head(b, 0, 410, START_MS);
    end(b, 0, ERR_OK);
    CU_ASSERT(!b->done && asks_from(b, b->lane, START_MS - 2 * HOUR));
    nothing_new(b, b->lane);
    CU_ASSERT(b->done && b->code == ERR_OK);
    CU_ASSERT_EQUAL(b->mark.mark_ms, START_MS - HOUR); /* the run's own start, not this answer's Date */
    bench_free(b);
}

static void no_restart_rests_on_a_broken_order(void)
{
    for (int broken = 0; broken < 2; broken++) {
        struct bench *b = bench(1, "all");

        start(b, NULL);
        opens(b, 0);
        row(b, 0, "a", START_MS - 3 * HOUR);
        row(b, 0, "b", START_MS - (broken ? 4 : 2) * HOUR);
        end(b, 0, ERR_CUT);
        CU_ASSERT_EQUAL(b->rows, 2);
        CU_ASSERT_EQUAL(b->gets, 2);
        CU_ASSERT_EQUAL(!strstr(b->url[b->lane], "_lastUpdated=ge"), broken);
        CU_ASSERT_EQUAL(b->mark.run_max_ms, broken ? 0 : START_MS - 2 * HOUR);
        CU_ASSERT_EQUAL(!(result(b, "Aa").notes & SYNC_NOTE_UNSORTED), !broken);
        bench_free(b);
    }
}

/* --- refusals --------------------------------------------------------------------------------- */

static void signed_out_stops_all(void)
{
    struct bench *b = bench(4, "all");

    start(b, NULL);
    CU_ASSERT_EQUAL(b->gets, 2); /* both of the first rank */
    head(b, 0, 401, START_MS);
    end(b, 0, ERR_OK);
    CU_ASSERT(b->done && b->code == ERR_AUTH);
    CU_ASSERT_EQUAL(b->gets, 2);
    CU_ASSERT_EQUAL(b->stops, 1);
    CU_ASSERT_EQUAL(result(b, "Bb").code, ERR_AUTH);
    CU_ASSERT_EQUAL(result(b, "Dd").code, ERR_AUTH);
    bench_free(b);
}

static void forbidden_ends_the_kind(void)
{
    struct bench *b = bench(2, "all");

    start(b, NULL);
    head(b, 0, 403, START_MS);
    end(b, 0, ERR_OK);
    CU_ASSERT(!b->done && asks(b, b->lane, "Bb?"));
    nothing_new(b, b->lane);
    CU_ASSERT(b->done && b->code == ERR_PARTIAL);
    CU_ASSERT(result(b, "Aa").code == ERR_AUTH && result(b, "Aa").status == 403);
    CU_ASSERT(result(b, "Bb").code == ERR_OK);
    bench_free(b);
}

/* A head beyond the limit, of a server or of what stands before it: one search's answer, not the state of the line. */
static void huge_head_ends_the_kind(void)
{
    struct bench *b = bench(2, "all");

    start(b, NULL);
    end(b, 0, ERR_TOOBIG);
    CU_ASSERT(!b->done && !b->waits && asks(b, b->lane, "Bb?"));
    nothing_new(b, b->lane);
    CU_ASSERT(b->done && b->code == ERR_PARTIAL);
    CU_ASSERT(result(b, "Aa").code == ERR_TOOBIG && result(b, "Bb").code == ERR_OK);
    bench_free(b);
}

static void retry_after_is_honoured(void)
{
    static const struct { int64_t said, waited; } t[] = {{7, 7000}, {0, 1000}, {90, 90000}};

    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct bench *b = bench(1, "all");

        start(b, NULL);
        feed(b, (struct sync_event){.type = SYNC_EV_HEAD, .outer = -1, .status = i ? 503 : 429, .retry_after_s = t[i].said});
        end(b, 0, ERR_OK);
        CU_ASSERT_EQUAL(b->wait_ms, t[i].waited);
        CU_ASSERT_EQUAL(b->told, t[i].said > 0);
        CU_ASSERT(b->waits == 1 && b->gets == 1 && !b->done); /* nobody asks before */
        feed(b, (struct sync_event){.type = SYNC_EV_WAKE});
        CU_ASSERT_EQUAL(b->gets, 2);
        nothing_new(b, b->lane);
        CU_ASSERT(b->done && b->code == ERR_OK);
        bench_free(b);
    }
}

/* Longer than anybody waits within a sync: it ends, and the next one comes after that. */
static void long_retry_after_ends(void)
{
    struct bench *b = bench(2, "all");

    start(b, NULL);
    feed(b, (struct sync_event){.type = SYNC_EV_HEAD, .outer = -1, .status = 503, .retry_after_s = 91});
    end(b, 0, ERR_OK);
    end(b, 1, ERR_CANCELLED);
    CU_ASSERT(b->done && b->code == ERR_BUSY && !b->waits);
    bench_free(b);
}

/* The day's bytes are used before anything is asked: the first rank comes, and counts as whole. */
static void frugal_from_the_start(void)
{
    struct bench *b = bench(4, "all");

    feed(b, (struct sync_event){.type = SYNC_EV_FRUGAL});
    start(b, NULL);
    CU_ASSERT(!b->batches && b->gets == 2 && asks(b, 0, "Aa?") && asks(b, 1, "Dd?"));
    nothing_new(b, 0);
    nothing_new(b, 1);
    CU_ASSERT(b->done && b->code == ERR_BUDGET && b->gets == 2);
    CU_ASSERT(result(b, "Aa").code == ERR_OK && result(b, "Dd").code == ERR_OK);
    CU_ASSERT(result(b, "Bb").code == ERR_BUDGET && result(b, "Cc").code == ERR_BUDGET);
    bench_free(b);
}

/* They are used up midway: a later rank's page is left, what came of it is stored, and its mark does not move. */
static void frugal_midway(void)
{
    struct bench *b = bench(2, "all");
    unsigned lane;

    start(b, NULL);
    nothing_new(b, b->lane);
    lane = b->lane;
    CU_ASSERT(asks(b, lane, "Bb?"));
    feed(b, (struct sync_event){.type = SYNC_EV_HEAD, .lane = lane, .outer = -1, .status = 200, .date_ms = START_MS});
    feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .lane = lane, .outer = -1});
    feed(b, (struct sync_event){.type = SYNC_EV_ROW, .lane = lane, .outer = -1, .id = STR("x"), .bytes = 100,
                                .updated_ms = START_MS - HOUR});
    b->rows = 0;
    b->mark = (struct store_mark){.mark_ms = 0};
    feed(b, (struct sync_event){.type = SYNC_EV_FRUGAL});
    CU_ASSERT(b->stops == 1 && b->done && b->code == ERR_BUDGET);
    CU_ASSERT(b->rows == 1 && !b->mark.mark_ms && b->gets == 2);
    CU_ASSERT(result(b, "Bb").code == ERR_BUDGET && result(b, "Aa").code == ERR_OK);
    bench_free(b);
}

static void ignored_filter_is_said(void)
{
    struct bench *b = bench(1, "all");
    struct store_mark m = {.mark_ms = START_MS - HOUR};

    start(b, &m);
    head(b, 0, 200, START_MS);
    feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .outer = -1});
    link_to(b, 0, "Aa?_sort=_lastUpdated&_count=500", false);
    end(b, 0, ERR_OK);
    CU_ASSERT(result(b, "Aa").notes & SYNC_NOTE_UNFILTERED);
    bench_free(b);
    b = bench(1, "all"); /* one that repeats it has no such note */
    start(b, &m);
    nothing_new(b, 0);
    CU_ASSERT_EQUAL(result(b, "Aa").notes, 0);
    bench_free(b);
}

static void other_patients_are_not_kept(void)
{
    struct bench *b = bench(1, "patient/p1");

    start(b, NULL);
    head(b, 0, 200, START_MS);
    feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .outer = -1});
    link_to(b, 0, "Aa?_sort=_lastUpdated&_count=500", false); /* the scope is not in it */
    row(b, 0, "of-another", START_MS - HOUR);
    end(b, 0, ERR_OK);
    CU_ASSERT_EQUAL(b->rows, 0);
    CU_ASSERT_EQUAL(b->mark.mark_ms, 0);
    CU_ASSERT_EQUAL(result(b, "Aa").code, ERR_UNSUPPORTED);
    bench_free(b);
}

/* --- the run ---------------------------------------------------------------------------------- */

static void cancel_stops_and_keeps(void)
{
    struct bench *b = bench(2, "all");

    start(b, NULL);
    opens(b, 0);
    row(b, 0, "a", START_MS - HOUR);
    feed(b, (struct sync_event){.type = SYNC_EV_CANCEL});
    CU_ASSERT(b->done && b->code == ERR_CANCELLED);
    CU_ASSERT(b->stops == 1 && b->gets == 1);
    CU_ASSERT_EQUAL(b->rows, 1); /* it was whole */
    CU_ASSERT_EQUAL(b->mark.mark_ms, 0);
    bench_free(b);
}

static void first_rank_first(void)
{
    struct bench *b = bench(4, "all");

    start(b, NULL);
    CU_ASSERT(b->gets == 2 && asks(b, 0, "Aa?") && asks(b, 1, "Dd?"));
    nothing_new(b, 0);
    CU_ASSERT_EQUAL(b->gets, 2); /* Dd is not whole yet */
    opens(b, 1);
    row(b, 1, "d", START_MS - HOUR);
    CU_ASSERT_EQUAL(b->gets, 2);
    end(b, 1, ERR_OK);
    CU_ASSERT_EQUAL(b->gets, 4);
    CU_ASSERT(asks(b, b->lane, "Cc?"));
    bench_free(b);
}

static void named_patients(void)
{
    struct bench *b = bench(3, "patient/p1,p2");

    feed(b, (struct sync_event){.type = SYNC_EV_ID, .res_type = STR("Cc"), .id = STR("c1")});
    feed(b, (struct sync_event){.type = SYNC_EV_ID, .res_type = STR("Cc"), .id = STR("c2")});
    start(b, NULL);
    CU_ASSERT(asks(b, b->lane, "Aa?patient=p1,p2&"));
    nothing_new(b, b->lane);
    {
        bool subject = false, by_id = false;

        for (unsigned i = 0; i < LANES; i++) {
            subject = subject || strstr(b->url[i], "Bb?subject=p1,p2&");
            by_id = by_id || strstr(b->url[i], "Cc?_id=c1,c2&"); /* it has no patient: by the ids that are named */
        }
        CU_ASSERT(subject && by_id);
    }
    bench_free(b);
}

/* --- the batch of a first sync ---------------------------------------------------------------- */

static struct bench *first_sync(void)
{
    struct bench *b = bench_of(ward, sizeof ward / sizeof *ward, "all");

    start(b, NULL);
    CU_ASSERT(b->gets == 3 && b->batches == 1 && asks(b, 0, "Pa?") && asks(b, 1, "Pb?") && asks(b, 2, "Pc?"));
    return b;
}

static void part(struct bench *b, enum ward_part i, const char *row_id, const char *next)
{
    static const char *const self[] = {"Pd?_sort=_lastUpdated&_count=1000", "Pe?_sort=_lastUpdated&_count=1000",
                                       "Bulk?_sort=_lastUpdated&_count=1000", "Old?_sort=_lastUpdated&_count=200",
                                       "Oa?_sort=_lastUpdated&_count=200", "Ob?_sort=_lastUpdated&_count=200",
                                       "Na?_sort=_lastUpdated&_count=200"};
    struct sync_event ev = {.type = SYNC_EV_BUNDLE, .lane = b->batch_lane, .outer = (int)i};

    feed(b, ev);
    ev.type = SYNC_EV_LINK;
    ev.url = str_of(self[i]);
    feed(b, ev);
    ev.url = str_of(next ? next : "");
    ev.next = true;
    if (next)
        feed(b, ev);
    ev = (struct sync_event){.type = SYNC_EV_ROW, .lane = b->batch_lane, .outer = (int)i, .id = str_of(row_id ? row_id : ""),
                             .updated_ms = START_MS - DAY, .first_version = true};
    if (row_id)
        feed(b, ev);
}

static void status(struct bench *b, enum ward_part i, int code)
{
    feed(b, (struct sync_event){.type = SYNC_EV_RESPONSE, .lane = b->batch_lane, .outer = (int)i, .status = code});
}

static void alone_are_whole(struct bench *b)
{
    for (unsigned lane = 0; lane < 3; lane++)
        nothing_new(b, lane);
}

static void first_batch_is_in_rank_order(void)
{
    static const char *const want[] = {"Pd?_sort=_lastUpdated&_count=1000\"", "Pe?_sort=_lastUpdated&_count=1000\"",
                                       "Bulk?_sort=_lastUpdated&_count=1000\"", "Old?_sort=_lastUpdated&_count=200\"",
                                       "Na?_sort=_lastUpdated&_count=200\""};
    struct bench *b = first_sync();
    const char *at = b->batch;

    for (size_t i = 0; i < sizeof want / sizeof *want && at; i++)
        CU_ASSERT_PTR_NOT_NULL(at = strstr(at, want[i]));
    alone_are_whole(b);
    head(b, b->batch_lane, 200, START_MS);
    part(b, PD, "d", NULL);
    CU_ASSERT(!result(b, "Pd").over); /* more of it may come */
    part(b, PE, "e", NULL);
    CU_ASSERT(result(b, "Pd").over && b->mark.mark_ms == START_MS); /* stored, mark and all, while the batch streams */
    CU_ASSERT_EQUAL(b->gets, 3);
    part(b, BULK, "b", "Bulk?page=2");
    CU_ASSERT(result(b, "Pe").over && b->gets == 4 && asks(b, b->lane, "Bulk?page=2")); /* at once, while this page streams */
    nothing_new(b, b->lane);
    part(b, OLD, "o", "Old?page=2");
    CU_ASSERT(b->gets == 5 && asks(b, b->lane, "Old?page=2")); /* goes on behind the page that it has */
    part(b, OA, NULL, NULL);
    part(b, OB, NULL, NULL);
    part(b, NA, NULL, NULL);
    end(b, b->batch_lane, ERR_OK);
    nothing_new(b, b->lane);
    CU_ASSERT(b->done && b->code == ERR_OK && b->batches == 1 && b->gets == 5 && b->stops == 0 && b->rows == 4);
    bench_free(b);
}

static void batch_is_left_for_the_first_rank(void)
{
    struct bench *b = first_sync();
    unsigned next;

    alone_are_whole(b);
    head(b, b->batch_lane, 200, START_MS);
    part(b, PD, "d", "Pd?page=2");
    part(b, PE, NULL, NULL);
    next = b->lane;
    CU_ASSERT(b->gets == 4 && asks(b, next, "Pd?page=2") && b->stops == 0);
    feed(b, (struct sync_event){.type = SYNC_EV_BUNDLE, .lane = b->batch_lane, .outer = BULK});
    CU_ASSERT_EQUAL(b->stops, 1);
    CU_ASSERT(b->gets == 4 && b->batches == 1); /* nothing of a later rank is asked */
    opens(b, next);
    row(b, next, "d2", START_MS - HOUR);
    end(b, next, ERR_OK);
    CU_ASSERT(result(b, "Pd").over && b->batches == 2 && strstr(b->batch, "Bulk?") && strstr(b->batch, "Na?"));
    CU_ASSERT(!b->done && b->gets == 4);
    bench_free(b);
}

static void batch_is_left_for_those_alone(void)
{
    for (int streams = 0; streams < 2; streams++) {
        struct bench *b = first_sync();

        nothing_new(b, 0);
        nothing_new(b, 1);
        if (streams) /* its one page is under way: nothing more of it has to be asked */
            opens(b, 2);
        head(b, b->batch_lane, 200, START_MS);
        part(b, PD, "d", NULL);
        part(b, PE, "e", NULL);
        part(b, BULK, "b", "Bulk?page=2");
        CU_ASSERT_EQUAL(b->stops, !streams);
        CU_ASSERT_EQUAL(b->gets, 3); /* and none of a later rank before it is whole */
        if (streams)
            end(b, 2, ERR_OK);
        CU_ASSERT_EQUAL(b->gets, 3 + streams);
        bench_free(b);
    }
}

/* Kills sync-cut-pays-twice. */
static void batch_is_not_left_for_a_cut_page(void)
{
    struct bench *b = first_sync();
    unsigned again;

    nothing_new(b, 0);
    nothing_new(b, 1);
    opens(b, 2);
    row(b, 2, "c", START_MS - HOUR);
    end(b, 2, ERR_CUT);
    again = b->lane;
    CU_ASSERT_EQUAL(b->gets, 4);
    head(b, b->batch_lane, 200, START_MS);
    part(b, PD, "d", NULL);
    part(b, PE, "e", NULL);
    part(b, BULK, "b", "Bulk?page=2");
    CU_ASSERT(b->stops == 0 && b->gets == 4); /* what is on its way is taken, and no more of it asked */
    nothing_new(b, again);
    CU_ASSERT(b->gets == 5 && asks(b, b->lane, "Bulk?page=2"));
    bench_free(b);
}

static void cut_batch_is_taken_as_far_as_it_came(void)
{
    struct bench *b = first_sync();
    unsigned lane = 0;

    alone_are_whole(b);
    head(b, b->batch_lane, 200, START_MS);
    part(b, PD, "d", NULL);
    part(b, PE, NULL, NULL);
    status(b, PE, 404); /* this one alone is asked by GET, for all the others the batch goes on */
    part(b, BULK, "b", NULL);
    CU_ASSERT(b->stops == 0 && b->gets == 4 && asks(b, b->lane, "Pe?_sort=_lastUpdated&_count=1000"));
    lane = b->lane;
    part(b, OLD, "o", NULL);
    end(b, b->batch_lane, ERR_CUT);
    CU_ASSERT(b->gets == 4 && b->batches == 1); /* later ranks wait for Pe */
    nothing_new(b, lane);
    CU_ASSERT(result(b, "Bulk").over && !result(b, "Bulk").cuts && b->rows == 3);
    {
        bool old = false, na = false;

        for (unsigned i = 0; i < LANES; i++) {
            old = old || (strstr(b->url[i], "Old?_lastUpdated=ge") && strstr(b->url[i], "_count=100"));
            na = na || strstr(b->url[i], "Na?_sort=_lastUpdated&_count=1000"); /* it had not begun: no smaller page */
        }
        CU_ASSERT(old && na && b->gets == 8 && b->batches == 1);
    }
    bench_free(b);
}

static void batch_too_much_at_once(void)
{
    static const struct { int status, code; } t[] = {{0, ERR_TIMEOUT}, {0, ERR_TOOBIG}, {504, ERR_OK}};

    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct bench *b = first_sync();

        alone_are_whole(b);
        if (t[i].status)
            head(b, b->batch_lane, t[i].status, START_MS);
        end(b, b->batch_lane, t[i].code);
        CU_ASSERT(b->waits == 0 && b->batches == 1 && b->gets == 5);
        CU_ASSERT(asks(b, b->lane, "Pe?_sort=_lastUpdated&_count=1000") && !sync_batch_refused(b->s));
        bench_free(b);
    }
}

static const struct unit_test tests[] = {
    {"the mark is the server's Date at the run's start", mark_is_the_start},
    {"no mark after a failed page", no_mark_after_a_failed_page},
    {"asks ge mark minus overlap", asks_from_mark_minus_overlap},
    {"overlap grows with lateness and is capped", overlap_grows_and_is_capped},
    {"a cut page is halved down to 1, doubled after three whole ones", cut_page_is_halved_and_doubled},
    {"a cut batch goes on in another", cut_batch_goes_on_in_one},
    {"a page cut among rows of one instant is asked by its link", cut_among_ties_asks_the_link},
    {"the same rows in a cut page for ever end the kind", same_rows_cut_for_ever_end},
    {"a next link seen before ends the kind", seen_next_link_ends},
    {"pages without anything new end the kind", nothing_new_for_ever_ends},
    {"an expired link restarts at the greatest lastUpdated", expired_link_restarts},
    {"no restart rests on a broken order", no_restart_rests_on_a_broken_order},
    {"401 stops the run", signed_out_stops_all},
    {"403 ends the kind alone", forbidden_ends_the_kind},
    {"a head beyond the limit ends the kind alone", huge_head_ends_the_kind},
    {"Retry-After is honoured", retry_after_is_honoured},
    {"a long Retry-After ends the sync", long_retry_after_ends},
    {"frugal from the start: the first rank alone", frugal_from_the_start},
    {"frugal midway: what came is kept", frugal_midway},
    {"an ignored _lastUpdated is said", ignored_filter_is_said},
    {"an ignored scope: nothing is kept", other_patients_are_not_kept},
    {"cancel stops, and keeps what is whole", cancel_stops_and_keeps},
    {"the first rank before the second", first_rank_first},
    {"a first sync asks one batch, in the order of ranks", first_batch_is_in_rank_order},
    {"the batch is left where the first rank has more", batch_is_left_for_the_first_rank},
    {"the batch is left where a kind beside it has not come", batch_is_left_for_those_alone},
    {"the batch is not left for the rest of a cut page", batch_is_not_left_for_a_cut_page},
    {"a cut batch is taken as far as it came", cut_batch_is_taken_as_far_as_it_came},
    {"a batch that is too much at once is asked kind by kind", batch_too_much_at_once},
    {"named patients by patient_param, the rest by id", named_patients},
};

UNIT_MAIN("step", tests)
