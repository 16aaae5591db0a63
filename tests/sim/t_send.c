/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pulling and sending together, thousands of histories, each from one seed; each law that must hold counts how often it
 * was looked at and is broken on purpose once; and a small scope whole: two resources, two devices, every kill and every
 * loss. A failing seed is shrunk to fewer faults and acts, and the command that repeats it is printed.
 *   WARDLINE_SIM_SEEDS=10000   so many (500 otherwise)     WARDLINE_SIM_SEED=N   that one alone
 *   WARDLINE_SIM_SAY=1         a line an event               WARDLINE_SIM_SCOPE=6  so many acts in the small scope
 *   WARDLINE_SIM_FROM=5001     the first, and seeds alone    WARDLINE_SIM_PARTS=10, WARDLINE_SIM_PART=0  a tenth of that
 *
 * Not against HAPI, for the reason that tests/sim/t_sim.c gives; tests/sync/push.py has the same line before a server.
 *
 * Which of the planted faults is which of the design's sixteen, and what shows each of its twenty-four invariants, is in
 * the tables beside this, mutants.tsv and invariants.tsv. tests/sim/run --full does all of it.
 */
#include "config.h"

#include "tests/sim/seeds.h"
#include "tests/unit.h"

#define SEEDS 500

static void histories(void)
{
    sim_histories(NULL, SEEDS, 50, SEEDS, "tests/sim/t_send");
}

/* Each law is broken on purpose, by the world and not by the engine, and is seen to be. */
static void planted(void)
{
    if (getenv("WARDLINE_SIM_SEED") || getenv("WARDLINE_SIM_FROM"))
        return;
    for (enum both_law law = 0; law < LAWS; law++) {
        uint64_t seed = 1;

        for (; seed < 600; seed++) {
            struct both_setting s = sim_setting(seed);

            s.plant = law;
            both_history(&sim_w, &s);
            if (law == LAW_I23)
                sim_again(&s);
            if (sim_w.broken && sim_w.law == law)
                break;
        }
        printf("\n    %-32s planted, %s (seed %u: %s)", both_law_names[law], seed < 600 ? "seen" : "NOT SEEN", (unsigned)seed,
               sim_w.broken ? sim_w.broken : "-");
        CU_ASSERT(seed < 600);
    }
    printf("\n    ");
}

/* --- small scope ------------------------------------------------------------------------------------------ */

/* Two resources, two devices: an update of the first by either, a create of the second that names the first or an edit of
 * it, and a sync of either. */
static void do_act(unsigned act)
{
    struct both_device *d = &sim_w.device[act & 1];
    unsigned made = sim_w.server.ids[5];

    switch (act) {
    case 0: case 1:
        sim_w.content[++sim_w.contents] = (struct both_content){.ref_kind = -1};
        both_edit(d, STORE_OP_UPDATE, 0, 0, sim_w.contents);
        break;
    case 2:
        sim_w.content[++sim_w.contents] = (struct both_content){.ref_kind = 0, .ref_id = 0};
        if (!made)
            both_edit(d, STORE_OP_CREATE, 5, sim_reserve(&sim_w.server, 5), sim_w.contents);
        else
            both_edit(d, STORE_OP_UPDATE, 5, 0, sim_w.contents);
        break;
    default:
        d = &sim_w.device[act - 3];
        d->next_ms = sim_w.server.now_ms;
        both_run(&sim_w, 3000);
    }
}

/* Nothing is left that the next sync may send. */
static bool settled(void)
{
    for (unsigned i = 0; i < sim_w.devices; i++)
        for (unsigned k = 0; k < sim_w.device[i].disk.n; k++)
            if (sim_w.device[i].disk.op[k].state < STORE_OP_ACKED)
                return false;
    return true;
}

/* One script under one fault. How many boundaries it had and requests. */
static void scoped(unsigned script, unsigned acts, struct both_setting s, unsigned *boundaries, unsigned *asked)
{
    both_init(&sim_w, &s);
    sim_w.server.n = sim_w.server.ids[0] = sim_w.server.ids[5] = sim_w.contents = 0;
    sim_next(&sim_w.server, 0, sim_reserve(&sim_w.server, 0))->content = sim_w.contents = 1;
    sim_w.content[1].ref_kind = -1;
    sim_w.server.now_ms += 1000;
    both_run(&sim_w, 3000);
    sim_w.boundary = sim_w.request = 0;
    for (unsigned i = 0, left = script; i < acts && !sim_w.broken; i++, left /= 5)
        do_act(left % 5);
    for (unsigned i = 0, quiet = 0; i < 6 && quiet < 2 && !sim_w.broken; i++) { /* what is to be waited for is */
        quiet = settled() ? quiet + 1 : 0;
        sim_w.calm = true;
        sim_w.device[0].next_ms = sim_w.device[1].next_ms = sim_w.server.now_ms;
        both_run(&sim_w, 100000);
    }
    *boundaries = sim_w.boundary;
    *asked = sim_w.request;
    if (!sim_w.broken)
        both_check_end(&sim_w);
    both_fini(&sim_w);
}

static unsigned scope_bad, scope_runs;

static void expect_scope(unsigned script, const struct both_setting *s)
{
    scope_runs++;
    if (!sim_w.broken)
        return;
    if (scope_bad++ < 5)
        printf("\n    script %u, kill %u, fate %s of request %u: %s: %s (%s) ", script, s->kill_at,
               s->fate_at ? both_fault_names[s->fate] : "-", s->fate_at, both_law_names[sim_w.law], sim_w.broken, sim_w.where);
}

/* All scripts of so many acts, each killed at every boundary, with each request lost in every way, and with two. */
static void small_scope(void)
{
    unsigned acts = (unsigned)sim_number("WARDLINE_SIM_SCOPE", 3), scripts = 1, all, asked, none, not_asked;
    unsigned parts = (unsigned)sim_number("WARDLINE_SIM_PARTS", 1), tried = 0;

    if (getenv("WARDLINE_SIM_SEED") || getenv("WARDLINE_SIM_FROM"))
        return;
    for (unsigned i = 0; i < acts; i++)
        scripts *= 5;
    for (unsigned script = (unsigned)sim_number("WARDLINE_SIM_PART", 0); script < scripts; script += parts) {
        struct both_setting s = {.seed = 1, .plant = LAWS, .scripted = true, .say = getenv("WARDLINE_SIM_SAY") != NULL};

        tried++;
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
    printf("%u scripts of %u acts, %u runs ", tried, acts, scope_runs);
}

static const struct unit_test tests[] = {
    {"histories", histories},
    {"each law sees what breaks it", planted},
    {"two resources, two devices, every kill and loss", small_scope},
};
UNIT_MAIN("send", tests)
