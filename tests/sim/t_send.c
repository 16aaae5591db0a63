/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pulling and sending together, thousands of histories, each from one seed; each law that must hold counts how often it
 * was looked at and is broken on purpose once; and a small scope whole: two resources, two devices, every kill and every
 * loss. A failing seed is shrunk to fewer faults and acts, and the command that repeats it is printed.
 *   WARDLINE_SIM_SEEDS=10000   so many (1,000 otherwise)     WARDLINE_SIM_SEED=N   that one alone
 *   WARDLINE_SIM_SAY=1         a line an event               WARDLINE_SIM_SCOPE=3  so many acts in the small scope
 *
 * Not against HAPI, for the reason that tests/sim/t_sim.c gives; tests/sync/push.py has the same line before a server.
 *
 * The planted faults of the design's list, as they are called in tests/mutants, and the test that each names:
 *   M1 gt for ge                sync-gt                   M9  mark from the device's clock  sync-mark-late
 *   M2 no overlap               sync-no-overlap           M11 foreign next link             net-prefix, net-redirect
 *   M3 mark before rows         sync-mark-before-rows     M12 OperationOutcome on 2xx       not made: push.c reads status
 *   M4 link lost                sync-link-lost            M13 OK is whole                   sync-cut-is-whole
 *   M6 412 is a conflict        push-clash-decides        M14 squash into what is sent      edit-joins-sent, -doubted
 *   M7 sent again blindly       push-blind, -settle-*     M5, M10, M15, M16: no deletion by absence, no merge, no scope
 *   M8 stops at the first       push-poison-blocks        that grows and no photos are in these two engines
 * M6, M7 and M8 die here too, within 100 seeds.
 */
#include "config.h"

#include "tests/sim/both.h"
#include "tests/unit.h"

#define SEEDS 1000

static struct both_world w; /* some MiB: not for the stack */
static unsigned long seen[BOTH_FAULTS], held[LAWS], requests, doubts, conflicts;

static void add_up(void)
{
    for (unsigned i = 0; i < BOTH_FAULTS; i++)
        seen[i] += w.seen[i];
    for (unsigned i = 0; i < LAWS; i++)
        held[i] += w.held[i];
    for (unsigned i = 0; i < w.devices; i++) {
        held[LAW_I5] += w.device[i].pull.marks_checked;
        held[LAW_I18] += w.device[i].pull.ranks_checked;
        held[LAW_I15] += w.device[i].pull.origins_checked;
    }
    requests += w.requests;
    doubts += w.doubts;
    conflicts += w.conflicts;
}

static unsigned long number(const char *name, unsigned long otherwise)
{
    const char *s = getenv(name);

    return s && *s ? strtoul(s, NULL, 10) : otherwise;
}

static struct both_setting setting(uint64_t seed)
{
    struct both_setting s = {.seed = seed, .acts = (unsigned)number("WARDLINE_SIM_ACTS", 1000), .plant = LAWS, .say = getenv("WARDLINE_SIM_SAY") != NULL};
    const char *off = getenv("WARDLINE_SIM_OFF");

    for (unsigned i = 0; off && i < BOTH_FAULTS; i++) {
        const char *at = strstr(off, both_fault_names[i]);

        s.off[i] = at != NULL;
    }
    return s;
}

/* --- what fails ---------------------------------------------------------------------------------------- */

/* Takes away faults and acts while the same law is broken; the command that repeats what is left. */
static void shrink(struct both_setting s, enum both_law law)
{
    bool acts = true;

    for (unsigned i = 0; i < BOTH_FAULTS; i++) {
        s.off[i] = true;
        if (!both_history(&w, &s) || w.law != law)
            s.off[i] = false;
    }
    for (s.acts = 30; s.acts && acts;) {
        s.acts--;
        acts = both_history(&w, &s) && w.law == law;
    }
    s.acts += !acts;
    both_history(&w, &s);
    printf("\n      %s\n      WARDLINE_SIM_SAY=1 WARDLINE_SIM_SEED=%llu WARDLINE_SIM_ACTS=%u WARDLINE_SIM_OFF=", w.where,
           (unsigned long long)s.seed, s.acts);
    for (unsigned i = 0; i < BOTH_FAULTS; i++)
        if (s.off[i])
            printf("%s,", both_fault_names[i]);
    printf(" tests/sim/t_send\n");
}

/* I23: a seed says all: twice the same. */
static void again(const struct both_setting *s)
{
    uint64_t trace = w.trace;

    both_history(&w, s);
    held[LAW_I23]++;
    if (w.trace != trace)
        both_broken(&w, LAW_I23, "another trace", 0);
}

static void histories(void)
{
    bool one = getenv("WARDLINE_SIM_SEED") != NULL;
    uint64_t first = number("WARDLINE_SIM_SEED", 1), n = one ? 1 : number("WARDLINE_SIM_SEEDS", SEEDS);
    unsigned bad = 0, most = (unsigned)number("WARDLINE_SIM_BAD", 5);

    for (uint64_t seed = first; seed < first + n && bad < most; seed++) {
        struct both_setting s = setting(seed);

        both_history(&w, &s);
        if (!w.broken && seed % 50 == 1)
            again(&s);
        add_up();
        if (w.broken) {
            printf("\n    seed %llu: %s: %s (%s)", (unsigned long long)seed, both_law_names[w.law], w.broken, w.where);
            bad++;
            if (!one)
                shrink(s, w.law);
        }
    }
    CU_ASSERT_EQUAL(bad, 0);
    printf("\n    %lu requests, %lu doubts, %lu conflicts", requests, doubts, conflicts);
    for (unsigned i = 0; i < LAWS; i++)
        printf("\n    %-32s held %lu times", both_law_names[i], held[i]);
    for (unsigned i = 0; i < BOTH_FAULTS; i++)
        printf("%s%s %lu", i % 8 ? ", " : "\n    ", both_fault_names[i], seen[i]);
    printf("\n    ");
    for (unsigned i = 0; i < BOTH_FAULTS && !one && n >= 1000; i++) /* each fault did happen, each law was looked at */
        CU_ASSERT(seen[i] > 0);
    for (unsigned i = 0; i < LAWS && !one && n >= 1000; i++)
        CU_ASSERT(held[i] > 0);
}

/* Each law is broken on purpose, by the world and not by the engine, and is seen to be. */
static void planted(void)
{
    if (getenv("WARDLINE_SIM_SEED"))
        return;
    for (enum both_law law = 0; law < LAWS; law++) {
        uint64_t seed = 1;

        for (; seed < 600; seed++) {
            struct both_setting s = setting(seed);

            s.plant = law;
            both_history(&w, &s);
            if (law == LAW_I23)
                again(&s);
            if (w.broken && w.law == law)
                break;
        }
        if (seed == 600)
            printf("\n    %s: a planted violation was not seen ", both_law_names[law]);
        CU_ASSERT(seed < 600);
    }
}

/* --- small scope ------------------------------------------------------------------------------------------ */

/* Two resources, two devices: an update of the first by either, a create of the second that names the first or an edit of
 * it, and a sync of either. */
static void do_act(unsigned act)
{
    struct both_device *d = &w.device[act & 1];
    unsigned made = w.server.ids[5];

    switch (act) {
    case 0: case 1:
        w.content[++w.contents] = (struct both_content){.ref_kind = -1};
        both_edit(d, STORE_OP_UPDATE, 0, 0, w.contents);
        break;
    case 2:
        w.content[++w.contents] = (struct both_content){.ref_kind = 0, .ref_id = 0};
        if (!made)
            both_edit(d, STORE_OP_CREATE, 5, sim_reserve(&w.server, 5), w.contents);
        else
            both_edit(d, STORE_OP_UPDATE, 5, 0, w.contents);
        break;
    default:
        d = &w.device[act - 3];
        d->next_ms = w.server.now_ms;
        both_run(&w, 3000);
    }
}

/* One script under one fault. How many boundaries it had and requests. */
static void scoped(unsigned script, unsigned acts, struct both_setting s, unsigned *boundaries, unsigned *asked)
{
    both_init(&w, &s);
    w.server.n = w.server.ids[0] = w.server.ids[5] = w.contents = 0;
    sim_next(&w.server, 0, sim_reserve(&w.server, 0))->content = w.contents = 1;
    w.content[1].ref_kind = -1;
    w.server.now_ms += 1000;
    both_run(&w, 3000);
    w.boundary = w.request = 0;
    for (unsigned i = 0, left = script; i < acts && !w.broken; i++, left /= 5)
        do_act(left % 5);
    for (unsigned i = 0; i < 6 && !w.broken; i++) { /* what is to be waited for is */
        w.calm = true;
        w.device[0].next_ms = w.device[1].next_ms = w.server.now_ms;
        both_run(&w, 100000);
    }
    *boundaries = w.boundary;
    *asked = w.request;
    if (!w.broken)
        both_check_end(&w);
    both_fini(&w);
}

static unsigned scope_bad, scope_runs;

static void expect_scope(unsigned script, const struct both_setting *s)
{
    scope_runs++;
    if (!w.broken)
        return;
    if (scope_bad++ < 5)
        printf("\n    script %u, kill %u, fate %s of request %u: %s: %s (%s) ", script, s->kill_at,
               s->fate_at ? both_fault_names[s->fate] : "-", s->fate_at, both_law_names[w.law], w.broken, w.where);
}

/* All scripts of so many acts, each killed at every boundary, with each request lost in every way, and with two. */
static void small_scope(void)
{
    unsigned acts = (unsigned)number("WARDLINE_SIM_SCOPE", 2), scripts = 1, all, asked, none, not_asked;

    if (getenv("WARDLINE_SIM_SEED"))
        return;
    for (unsigned i = 0; i < acts; i++)
        scripts *= 5;
    for (unsigned script = 0; script < scripts; script++) {
        struct both_setting s = {.seed = 1, .plant = LAWS, .scripted = true, .say = getenv("WARDLINE_SIM_SAY") != NULL};

        scoped(script, acts, s, &all, &asked);
        expect_scope(script, &s);
        for (s.kill_at = 1; s.kill_at <= all; s.kill_at++) {
            scoped(script, acts, s, &none, &not_asked);
            expect_scope(script, &s);
        }
        s.kill_at = 0;
        for (s.fate_at = 1; s.fate_at <= asked; s.fate_at++)
            for (s.fate = 0; s.fate <= BOTH_SIGNIN; s.fate++) {
                scoped(script, acts, s, &none, &not_asked);
                expect_scope(script, &s);
            }
    }
    CU_ASSERT_EQUAL(scope_bad, 0);
    printf("%u scripts, %u runs ", scripts, scope_runs);
}

static const struct unit_test tests[] = {
    {"histories", histories},
    {"each law sees what breaks it", planted},
    {"two resources, two devices, every kill and loss", small_scope},
};
UNIT_MAIN("send", tests)
