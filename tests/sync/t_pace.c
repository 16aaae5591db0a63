/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When the next request and the next sync may go, on a clock of the test's own.
 *
 * Kills pace-earlier-than-told, pace-forgotten-at-start, pace-no-jitter, pace-nudge-early.
 */
#include "config.h"

#include "tests/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/link.h"
#include "sync/pace.h"
#include "sync/watch.h"

#define SEC INT64_C(1000)
#define MINUTE (60 * SEC)
#define DAY (24 * 60 * MINUTE)
#define WALL INT64_C(1795000000000)
#define BOOT (INT64_C(5) * DAY)

static void bounds_double_up_to_the_cap(void)
{
    static const int64_t want[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};

    for (unsigned i = 0; i < sizeof want / sizeof *want; i++)
        CU_ASSERT_EQUAL(sync_pace_bound(i), want[i] * SEC);
    CU_ASSERT_EQUAL(sync_pace_bound(UINT32_MAX), SYNC_PACE_CAP_MS);
    CU_ASSERT_EQUAL(sync_pace_backoff(3, NULL), 8 * SEC);
}

/* Clients that fell together come back over the whole of the time: none of its tenths is empty, and the same seed gives
 * the same waits. */
static void jitter_is_full(void)
{
    uint64_t seed = 7, same = 7;
    const struct rng rng = rng_seeded(&seed), again = rng_seeded(&same);
    unsigned tenth[10] = {0};

    for (unsigned i = 0; i < 1000; i++) {
        int64_t ms = sync_pace_backoff(4, &rng);

        CU_ASSERT_FATAL(ms >= 0 && ms <= 16 * SEC);
        CU_ASSERT_EQUAL(ms, sync_pace_backoff(4, &again));
        tenth[ms * 10 / (16 * SEC + 1)]++;
    }
    for (unsigned i = 0; i < 10; i++)
        CU_ASSERT(tenth[i] > 50);
}

static void refusals_say_how_long(void)
{
    CU_ASSERT_EQUAL(sync_pace_refused(7, 5), 7 * SEC);
    CU_ASSERT_EQUAL(sync_pace_refused(0, 0), SEC);
    CU_ASSERT_EQUAL(sync_pace_refused(0, 3), 8 * SEC);
    CU_ASSERT_EQUAL(sync_pace_refused(INT64_MAX, 0), LIMIT_RETRY_AFTER_S * SEC);
}

static void what_was_told_holds(void)
{
    struct sync_pace p = {.told_ms = 0};

    CU_ASSERT_EQUAL(sync_pace_quiet(&p, BOOT), 0);
    CU_ASSERT_FALSE(sync_pace_hear(&p, 200, 0, BOOT));
    CU_ASSERT_FALSE(sync_pace_hear(&p, 202, 120, BOOT)); /* of an export that is being made */
    CU_ASSERT_FALSE(sync_pace_hear(&p, 301, 120, BOOT));
    CU_ASSERT(sync_pace_hear(&p, 429, 60, BOOT));
    CU_ASSERT_EQUAL(sync_pace_quiet(&p, BOOT + 1), 60 * SEC - 1);
    CU_ASSERT_FALSE(sync_pace_hear(&p, 503, 5, BOOT + SEC)); /* a shorter word of another request takes nothing back */
    CU_ASSERT_EQUAL(sync_pace_quiet(&p, BOOT + SEC), 59 * SEC);
    CU_ASSERT(sync_pace_hear(&p, 200, 90, BOOT + SEC)); /* entries of a batch were refused, or nothing remains */
    CU_ASSERT_EQUAL(sync_pace_quiet(&p, BOOT + SEC), 90 * SEC);
    CU_ASSERT_EQUAL(sync_pace_quiet(&p, BOOT + 91 * SEC), 0);
}

static void next_sync_is_never_before(void)
{
    uint64_t seed = 3;
    const struct rng rng = rng_seeded(&seed);
    static const int codes[] = {ERR_OK, ERR_OFFLINE, ERR_BUSY, ERR_NOTSENT, ERR_AUTH, ERR_CANCELLED, ERR_PARTIAL};

    for (unsigned i = 0; i < 2000; i++) {
        int64_t told = (int64_t)(rng_u64(&rng) % (2 * DAY));
        struct sync_pace p = {.told_ms = BOOT + told, .told_for_ms = told, .failures = i % 40};
        int64_t next = sync_pace_next(&p, codes[i % 7], BOOT, &rng);

        CU_ASSERT_FATAL(next >= told);
        CU_ASSERT_FATAL(next <= told + told / 4 || next <= SYNC_PACE_EVERY_MS * 5 / 4);
    }
}

static void failures_are_counted_and_forgotten(void)
{
    struct sync_pace p = {.told_ms = 0};

    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(sync_pace_next(&p, ERR_OFFLINE, BOOT, NULL), SEC << i);
    CU_ASSERT_EQUAL(sync_pace_next(&p, ERR_NOTSENT, BOOT, NULL), SYNC_PACE_EVERY_MS * 5 / 4); /* the server answered */
    CU_ASSERT_EQUAL(sync_pace_next(&p, ERR_TIMEOUT, BOOT, NULL), SEC);
    CU_ASSERT(sync_pace_is_failure(ERR_BUSY) && sync_pace_is_failure(ERR_HTTP) && sync_pace_is_failure(ERR_NOTFHIR));
    CU_ASSERT_FALSE(sync_pace_is_failure(ERR_AUTH)); /* asking more often lets nobody in */
    CU_ASSERT_FALSE(sync_pace_is_failure(ERR_OK) || sync_pace_is_failure(ERR_CANCELLED) || sync_pace_is_failure(ERR_SQL));
}

/* The server said 600 seconds, 100 of them ago. */
static int64_t quiet_after(int64_t boot_ms, int64_t wall_ms)
{
    struct sync_pace p = {.told_ms = 0}, q;
    struct buf b;
    int64_t ms;

    buf_init(&b, 128);
    sync_pace_hear(&p, 429, 600, BOOT);
    CU_ASSERT_EQUAL_FATAL(sync_pace_save(&p, BOOT, WALL, &b), ERR_OK);
    sync_pace_load(&q, buf_str(&b), boot_ms, wall_ms);
    ms = sync_pace_quiet(&q, boot_ms);
    buf_fini(&b);
    return ms;
}

static void a_new_start_is_no_way_round(void)
{
    CU_ASSERT_EQUAL(quiet_after(BOOT + 100 * SEC, WALL + 100 * SEC), 500 * SEC);
    CU_ASSERT_EQUAL(quiet_after(BOOT + 601 * SEC, WALL + 601 * SEC), 0);
    CU_ASSERT_EQUAL(quiet_after(3 * SEC, WALL + 100 * SEC), 500 * SEC);      /* the machine started anew */
    CU_ASSERT_EQUAL(quiet_after(BOOT + 100 * SEC, WALL + DAY), 500 * SEC);   /* its clock was put forward */
    CU_ASSERT_EQUAL(quiet_after(BOOT + 100 * SEC, WALL - DAY), 600 * SEC);   /* back: at most what was told */
    CU_ASSERT_EQUAL(quiet_after(9 * BOOT, WALL - DAY), 600 * SEC);
}

static void what_cannot_be_read_says_nothing(void)
{
    static const char *const bad[] = {"", "1", "1 2", "a b c", "1795000600000 1 -5", "1795000600000 432600000 86400001"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sync_pace p = {.told_ms = 5};

        sync_pace_load(&p, str_of(bad[i]), BOOT, WALL);
        CU_ASSERT_EQUAL(sync_pace_quiet(&p, BOOT), 0);
    }
}

/* --- sync/watch.h ------------------------------------------------------------------------------- */

struct world {
    int64_t boot_ms;
    uint64_t seed;
    struct clock clock;
    struct loop *loop;
    struct sync_watch *w;
    unsigned went;
};

static int64_t wall(void *arg)
{
    (void)arg;
    return WALL;
}

static int64_t boot(void *arg)
{
    return ((struct world *)arg)->boot_ms;
}

static void go(void *arg)
{
    ((struct world *)arg)->went++;
}

static void begin(struct world *x)
{
    struct clock real = clock_system();
    struct rng rng;

    *x = (struct world){.boot_ms = BOOT, .seed = 11, .clock = {wall, boot, x}};
    rng = rng_seeded(&x->seed);
    CU_ASSERT_EQUAL_FATAL(loop_new(&real, &x->loop), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(sync_watch_new(x->loop, &x->clock, &rng, go, x, &x->w), ERR_OK);
}

static void stop_loop(void *arg)
{
    loop_stop(arg, 0);
}

static void turn(struct world *x)
{
    loop_after(x->loop, 0, stop_loop, x->loop);
    loop_run(x->loop);
}

static void fini(struct world *x)
{
    sync_watch_stop(x->w);
    loop_free(x->loop);
    sync_watch_free(x->w);
}

static void interval_has_jitter(void)
{
    struct world x;
    int64_t first, due;
    bool differs = false;

    begin(&x);
    CU_ASSERT_EQUAL(sync_watch_due(x.w), -1);
    sync_watch_begun(x.w);
    sync_watch_ended(x.w, ERR_OK, 0);
    first = sync_watch_due(x.w);
    for (unsigned i = 0; i < 20; i++) {
        sync_watch_begun(x.w);
        CU_ASSERT_EQUAL(sync_watch_due(x.w), -1); /* nothing beside the one that runs */
        sync_watch_ended(x.w, ERR_OK, 0);
        due = sync_watch_due(x.w);
        CU_ASSERT(due >= SYNC_PACE_EVERY_MS && due <= SYNC_PACE_EVERY_MS * 5 / 4);
        differs = differs || due != first;
    }
    CU_ASSERT(differs);
    sync_watch_put_off(x.w);
    CU_ASSERT_EQUAL(sync_watch_due(x.w), -1);
    fini(&x);
}

static void an_edit_goes_soon(void)
{
    struct world x;
    int64_t due;

    begin(&x);
    sync_watch_begun(x.w);
    sync_watch_ended(x.w, ERR_OK, 0);
    for (unsigned i = 0; i < 100; i++)
        sync_watch_queued(x.w);
    turn(&x);
    due = sync_watch_due(x.w);
    CU_ASSERT(due >= SYNC_PACE_NUDGE_MS && due <= SYNC_PACE_NUDGE_MS * 3 / 2);
    sync_watch_queued(x.w);
    turn(&x);
    CU_ASSERT(sync_watch_due(x.w) <= due); /* one after the other, they put nothing off */
    sync_watch_begun(x.w);
    sync_watch_queued(x.w);
    turn(&x); /* while one runs: it may not be in that one */
    CU_ASSERT_EQUAL(sync_watch_due(x.w), -1);
    sync_watch_ended(x.w, ERR_OK, 0);
    CU_ASSERT(sync_watch_due(x.w) <= SYNC_PACE_NUDGE_MS * 3 / 2);
    sync_watch_begun(x.w);
    sync_watch_ended(x.w, ERR_OK, 0);
    CU_ASSERT(sync_watch_due(x.w) >= SYNC_PACE_EVERY_MS); /* it has gone */
    fini(&x);
}

static void an_edit_is_no_way_round_what_was_told(void)
{
    struct world x;

    begin(&x);
    sync_watch_begun(x.w);
    sync_watch_ended(x.w, ERR_NOTSENT, 200 * SEC);
    CU_ASSERT(sync_watch_due(x.w) >= 200 * SEC);
    x.boot_ms += 50 * SEC;
    sync_watch_queued(x.w);
    turn(&x);
    CU_ASSERT(sync_watch_due(x.w) >= 150 * SEC && sync_watch_due(x.w) < 200 * SEC);
    fini(&x);
}

static void offline_is_left_to_the_waits(void)
{
    struct world x;
    int64_t due;

    begin(&x);
    for (unsigned i = 0; i < 12; i++) {
        sync_watch_begun(x.w);
        sync_watch_ended(x.w, ERR_OFFLINE, 0);
        CU_ASSERT(sync_watch_due(x.w) <= sync_pace_bound(i));
    }
    due = sync_watch_due(x.w);
    sync_watch_queued(x.w);
    turn(&x);
    CU_ASSERT_EQUAL(sync_watch_due(x.w), due); /* nobody to send it to */
    CU_ASSERT_EQUAL(x.went, 0);
    fini(&x);
}

static void changed(void *arg)
{
    ++*(unsigned *)arg;
}

static void a_link_that_changes_is_heard(void)
{
    struct world x;
    struct net_link *k;
    unsigned n = 0;
    int pair[2];

    begin(&x);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    CU_ASSERT_EQUAL_FATAL(net_link_on(x.loop, pair[0], changed, &n, &k), ERR_OK);
    turn(&x);
    CU_ASSERT_EQUAL(n, 0);
    CU_ASSERT(send(pair[1], "a", 1, 0) == 1 && send(pair[1], "b", 1, 0) == 1);
    turn(&x);
    CU_ASSERT_EQUAL(n, 1); /* both at once */
    net_link_close(k);
    close(pair[1]);
    fini(&x);
}

static const struct unit_test tests[] = {
    {"bounds double up to the cap", bounds_double_up_to_the_cap},
    {"jitter is full", jitter_is_full},
    {"refusals say how long", refusals_say_how_long},
    {"what was told holds", what_was_told_holds},
    {"the next sync is never before", next_sync_is_never_before},
    {"failures are counted and forgotten", failures_are_counted_and_forgotten},
    {"a new start is no way round", a_new_start_is_no_way_round},
    {"what cannot be read says nothing", what_cannot_be_read_says_nothing},
    {"the interval has jitter", interval_has_jitter},
    {"an edit goes soon", an_edit_goes_soon},
    {"an edit is no way round what was told", an_edit_is_no_way_round_what_was_told},
    {"offline is left to the waits", offline_is_left_to_the_waits},
    {"a link that changes is heard", a_link_that_changes_is_heard},
};

UNIT_MAIN("pace", tests)
