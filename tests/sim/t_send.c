/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pulling and sending together, thousands of histories, each from one seed.
 */
#include "config.h"

#include "tests/sim/both.h"
#include "tests/unit.h"

#define SEEDS 1500

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

static void histories(void)
{
    uint64_t first = number("WARDLINE_SIM_SEED", 1), n = getenv("WARDLINE_SIM_SEED") ? 1 : number("WARDLINE_SIM_SEEDS", SEEDS);
    unsigned bad = 0;

    for (uint64_t seed = first; seed < first + n && bad < (unsigned)number("WARDLINE_SIM_BAD", 10); seed++) {
        struct both_setting s = setting(seed);

        if (both_history(&w, &s)) {
            printf("\n    seed %llu: %s: %s (%s)", (unsigned long long)seed, both_law_names[w.law], w.broken, w.where);
            bad++;
        }
        add_up();
    }
    CU_ASSERT_EQUAL(bad, 0);
    printf("\n    %lu requests, %lu doubts, %lu conflicts", requests, doubts, conflicts);
    for (unsigned i = 0; i < LAWS; i++)
        printf("\n    %-32s held %lu times", both_law_names[i], held[i]);
    for (unsigned i = 0; i < BOTH_FAULTS; i++)
        printf("%s%s %lu", i % 8 ? ", " : "\n    ", both_fault_names[i], seen[i]);
    printf("\n    ");
}

static const struct unit_test tests[] = {
    {"histories", histories},
};
UNIT_MAIN("send", tests)
