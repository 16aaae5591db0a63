/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/sim/seeds.h"
#include "tests/unit.h"

struct both_world sim_w;
static struct {
    unsigned long seen[BOTH_FAULTS], held[LAWS], requests, doubts, conflicts, lost;
} sum;

static void add_up(void)
{
    const struct both_world *w = &sim_w;

    for (unsigned i = 0; i < BOTH_FAULTS; i++)
        sum.seen[i] += w->seen[i];
    for (unsigned i = 0; i < LAWS; i++)
        sum.held[i] += w->held[i];
    for (unsigned i = 0; i < w->devices; i++) {
        sum.held[LAW_I5] += w->device[i].pull.marks_checked;
        sum.held[LAW_I7] += w->device[i].pull.marks_checked;
        sum.held[LAW_I18] += w->device[i].pull.ranks_checked;
        sum.held[LAW_I15] += w->device[i].pull.origins_checked;
    }
    sum.requests += w->requests;
    sum.doubts += w->doubts;
    sum.conflicts += w->conflicts;
    sum.lost += w->lost;
}

unsigned long sim_number(const char *name, unsigned long otherwise)
{
    const char *s = getenv(name);

    return s && *s ? strtoul(s, NULL, 10) : otherwise;
}

struct both_setting sim_setting(uint64_t seed)
{
    struct both_setting s = {.seed = seed, .acts = (unsigned)sim_number("WARDLINE_SIM_ACTS", 1000), .plant = LAWS,
                             .say = getenv("WARDLINE_SIM_SAY") != NULL};
    const char *off = getenv("WARDLINE_SIM_OFF");

    for (unsigned i = 0; off && i < BOTH_FAULTS; i++)
        s.off[i] = strstr(off, both_fault_names[i]) != NULL;
    return s;
}

/* Takes away faults and acts while the same law is broken; the command that repeats what is left. */
static void shrink(struct both_setting s, enum both_law law, const char *program)
{
    bool acts = true;

    for (unsigned i = 0; i < BOTH_FAULTS; i++) {
        s.off[i] = true;
        if (!both_history(&sim_w, &s) || sim_w.law != law)
            s.off[i] = false;
    }
    for (s.acts = 30; s.acts && acts;) {
        s.acts--;
        acts = both_history(&sim_w, &s) && sim_w.law == law;
    }
    s.acts += !acts;
    both_history(&sim_w, &s);
    printf("\n      %s\n      WARDLINE_SIM_SAY=1 WARDLINE_SIM_SEED=%llu WARDLINE_SIM_ACTS=%u WARDLINE_SIM_OFF=", sim_w.where,
           (unsigned long long)s.seed, s.acts);
    for (unsigned i = 0; i < BOTH_FAULTS; i++)
        if (s.off[i])
            printf("%s,", both_fault_names[i]);
    printf(" %s\n", program);
}

/* I23: a seed says all: twice the same. */
void sim_again(const struct both_setting *s)
{
    uint64_t trace = sim_w.trace;

    both_history(&sim_w, s);
    sum.held[LAW_I23]++;
    if (sim_w.trace != trace)
        both_broken(&sim_w, LAW_I23, "another trace", 0);
}

static void say_all(bool whole)
{
    printf("\n    %lu requests, %lu doubts, %lu conflicts, %lu lost updates on servers without If-Match", sum.requests, sum.doubts,
           sum.conflicts, sum.lost);
    for (unsigned i = 0; i < LAWS; i++)
        printf("\n    %-32s held %lu times", both_law_names[i], sum.held[i]);
    for (unsigned i = 0; i < BOTH_FAULTS; i++)
        printf("%s%s %lu", i % 8 ? ", " : "\n    ", both_fault_names[i], sum.seen[i]);
    printf("\n    ");
    for (unsigned i = 0; i < BOTH_FAULTS && whole; i++) /* each fault did happen, each law was looked at */
        CU_ASSERT(sum.seen[i] > 0);
    for (unsigned i = 0; i < LAWS && whole; i++)
        CU_ASSERT(sum.held[i] > 0);
}

void sim_histories(const struct both_store *store, unsigned seeds, unsigned twice, unsigned whole, const char *program)
{
    bool one = getenv("WARDLINE_SIM_SEED") != NULL;
    uint64_t first = sim_number("WARDLINE_SIM_SEED", sim_number("WARDLINE_SIM_FROM", 1)), n = one ? 1 : sim_number("WARDLINE_SIM_SEEDS", seeds);
    unsigned bad = 0, most = (unsigned)sim_number("WARDLINE_SIM_BAD", 5);

    for (uint64_t seed = first; seed < first + n && bad < most; seed++) {
        struct both_setting s = sim_setting(seed);

        s.store = store;
        both_history(&sim_w, &s);
        if (!sim_w.broken && seed % twice == 1)
            sim_again(&s);
        add_up();
        if (sim_w.broken) {
            printf("\n    seed %llu: %s: %s (%s)", (unsigned long long)seed, both_law_names[sim_w.law], sim_w.broken, sim_w.where);
            bad++;
            if (!one)
                shrink(s, sim_w.law, program);
        }
    }
    CU_ASSERT_EQUAL(bad, 0);
    say_all(!one && n >= whole);
}
