/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Not against HAPI: its clock, its order of rows and the moment of a crash cannot be chosen by a seed, and a
 * history takes it seconds. What the simulated server does with ties, pages and links is taken from HAPI
 * (tests/live/demo-like-hapi); tests/live/pull and the cuts of tests/live/run meet HAPI itself.
 *
 * Thousands of histories, each from one seed. After the faults stop, two clean syncs make the client's set the server's. A
 * failing seed is printed: WARDLINE_SIM_SEED=N runs that one alone, WARDLINE_SIM_SEEDS=N that many.
 */
#include "config.h"

#include "tests/sim/client.h"
#include "tests/unit.h"

#include "base/rng.h"

#define SEEDS 3000

static struct sim_world w; /* 1 MiB: not for the stack */
static struct sim_server server;
static struct { unsigned cuts, crashes, batches, stores, requests; } sum;

static unsigned dice(unsigned n)
{
    return (unsigned)(rng_splitmix(&w.seed) % n);
}

static void setting(uint64_t seed)
{
    struct sim_part *part[SIM_LANES];
    unsigned cap[SIM_LANES];

    for (unsigned i = 0; i < SIM_LANES; i++) {
        part[i] = w.lane[i].part;
        cap[i] = w.lane[i].cap;
    }
    memset(&w, 0, sizeof w);
    memset(&server, 0, sizeof server);
    w.server = &server;
    for (unsigned i = 0; i < SIM_LANES; i++) {
        w.lane[i].part = part[i];
        w.lane[i].cap = cap[i];
    }
    w.seed = seed;
    dice(2);
    server.now_ms = 1700000000000 + dice(1000000);
    server.habit.lacks = dice(6) ? -1 : (int)dice(SIM_KINDS);
    server.habit.stored_pages = dice(2);
    server.habit.cap = dice(4) ? 2 + dice(30) : 0;
    server.habit.mute = !dice(8);
    server.habit.links_last = !dice(4);
    server.habit.no_batch = !dice(6);
    if (!dice(10))
        server.habit.unsorted = !(server.habit.mute = false);
    else if (!dice(10))
        server.habit.unfiltered = true;
    else if (!dice(12))
        server.habit.strict = true;
    else if (!dice(12))
        server.habit.lies = true;
    else if (!dice(8))
        server.habit.foreign = true, server.habit.stored_pages = server.habit.mute = false, server.habit.cap = 0;
    if (server.habit.strict || server.habit.unsorted)
        server.habit.stored_pages = false;
    w.writes = true;
    w.row_bytes = dice(4) ? 300 : 100000;
    w.slow_store = !dice(4);
    if (!server.habit.lies)
        w.fault = (struct sim_fault){.cut = dice(400), .refuse = dice(60), .offline = dice(60), .crash = dice(60),
                                     .store = dice(8), .expire = dice(20), .html = dice(4) ? 0 : 20};
    for (unsigned i = dice(8) ? 0 : 40, kind = dice(SIM_KINDS); i; i--) { /* pages of more than one transaction */
        sim_write(&server, kind, 15, 0, 100, &w.seed);
        server.now_ms += dice(5000);
    }
    for (unsigned i = dice(30); i; i--) {
        sim_write(&server, dice(SIM_KINDS), dice(30) ? 1 + dice(12) : 200, 0, 90, &w.seed);
        server.now_ms += dice(100000);
    }
}

static const char *history(uint64_t seed)
{
    const struct sim_habit *h = &server.habit;
    const char *unlike;

    setting(seed);
    for (unsigned i = 2 + dice(8); i && !w.broken; i--) {
        sim_run(&w);
        server.now_ms += dice(3) ? dice(60000) : dice(4000000);
    }
    w.fault = (struct sim_fault){0};
    w.writes = false;
    server.now_ms += 600000;
    for (unsigned i = 0; i < 2 && !w.broken; i++) {
        sim_run(&w);
        server.now_ms += 400000;
        if (w.code != (h->lacks >= 0 && sim_kinds()[h->lacks].priority == KIND_P0 ? ERR_PARTIAL : ERR_OK)) /* the first rank is never missing without a word */
            return err_name(w.code);
    }
    sum.cuts += w.cut;
    sum.crashes += w.crashes;
    sum.batches += w.batches;
    sum.stores += w.stores;
    sum.requests += w.requests;
    unlike = w.broken ? w.broken : sim_differs(&w);
    return unlike;
}

/* Kills sync-parcel-rows, sync-silent-lack, sync-gt, sync-no-overlap, sync-mark-before-rows, sync-link-lost, sync-cut-is-whole, sync-mark-late. */
static void histories(void)
{
    const char *one = getenv("WARDLINE_SIM_SEED"), *many = getenv("WARDLINE_SIM_SEEDS"), *why;
    uint64_t first = one ? strtoull(one, NULL, 10) : 1, n = one ? 1 : many ? strtoull(many, NULL, 10) : SEEDS;
    unsigned bad = 0;

    for (uint64_t seed = first; seed < first + n && bad < 25; seed++)
        if ((why = history(seed))) {
            const struct sim_habit *h = &server.habit;

            printf("\n    seed %llu: %s (%s%s%s%s%s%s%s%s%s lacks %d, pages to %u) ", (unsigned long long)seed, why,
                   h->stored_pages ? "stored pages " : "", h->unsorted ? "unsorted " : "", h->lies ? "lies " : "",
                   h->unfiltered ? "unfiltered " : "", h->foreign ? "foreign " : "", h->mute ? "mute " : "",
                   h->links_last ? "links last " : "", h->no_batch ? "no batch " : "", h->strict ? "strict " : "", h->lacks, h->cap);
            bad++;
        }
    CU_ASSERT_EQUAL(bad, 0);
    if (!one) { /* each fault did happen */
        CU_ASSERT(sum.cuts > n && sum.crashes > n / 10 && sum.batches > n && sum.stores > n * 10);
    }
    printf("%u cuts, %u crashes, %u requests ", sum.cuts, sum.crashes, sum.requests);
}

/* A server with 3 x 200 rows of one instant and 300 rows of an instant each, loaded just before or long before the sync. */
static void ward(unsigned long_ago, bool stored_pages)
{
    setting(7);
    server.habit = (struct sim_habit){.lacks = -1, .stored_pages = stored_pages};
    server.n = 0;
    memset(server.ids, 0, sizeof server.ids);
    w.writes = w.slow_store = false;
    w.fault = (struct sim_fault){0};
    for (unsigned i = 0; i < 3; i++, server.now_ms += 10)
        sim_write(&server, 1, 200, 0, 100, &w.seed);
    for (unsigned i = 0; i < 300; i++, server.now_ms += 7)
        sim_write(&server, 3, 1, 0, 100, &w.seed);
    server.now_ms += long_ago;
}

/* Every answer is cut behind its k-th row. Kills sync-ties-stuck. */
static void cuts(void)
{
    unsigned whole = 900, bad = 0;

    for (unsigned mode = 0; mode < 4; mode++)
        for (unsigned k = 1; k < 520 && bad < 3; k += k < 8 ? 1 : 97) { /* one that does not end takes long */
            ward(mode & 1 ? 4000000 : 2000, mode & 2);
            w.fault.after_rows = k;
            sim_run(&w);
            if (w.broken || w.code || sim_differs(&w) || w.rows_sent > whole + w.cut * SYNC_COUNT) {
                bad++;
                printf("\n    mode %u, cut behind row %u: %s %s, %u rows sent, %u cuts, %u requests ", mode, k, err_name(w.code),
                       w.broken ? w.broken : "", w.rows_sent, w.cut, w.requests);
            }
            CU_ASSERT(!w.broken && w.done && w.code == ERR_OK && !sim_differs(&w));
            CU_ASSERT(w.rows_sent <= whole + w.cut * SYNC_COUNT);
        }
}

static const struct unit_test tests[] = {
    {"each answer cut behind its k-th row: all rows, in bounded bytes", cuts},
{"after faults, two clean syncs make both sides equal", histories},
};
UNIT_MAIN("sim", tests)
