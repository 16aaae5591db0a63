/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The histories of t_send.c with the first device's store the real sealed one, on a disk that loses what no sync has
 * followed: every move, edit, pull and look-up is the store's own, and the power goes between any two actions and in the
 * midst of the engine's transactions. The laws are the same. `tests/sim/run --full` does 200 seeds.
 *   WARDLINE_SIM_SEEDS, _SEED, _SAY, _OFF, _ACTS: as t_send.c
 * The planted fault is in the program: a disk that forgets what was synced. What the histories found is planted as
 * edit-theirs-fetched-again (seed 102), which tests/store/t_edit kills sooner.
 */
#include "config.h"

#include "tests/sim/real.h"
#include "tests/sim/seeds.h"
#include "tests/unit.h"

#define SEEDS 12

static void histories(void)
{
    sim_histories(&real_store, SEEDS, 5, 200, "tests/sim/t_real");
    printf("%lu transactions, %lu power cuts (%lu in the midst of one, %lu took something back), %lu backups ", real_sums.transactions,
           real_sums.crashes, real_sums.torn, real_sums.unsynced, real_sums.restored);
}

/* A disk that loses what was synced is seen. */
static void planted(void)
{
    uint64_t seed = 1;

    if (getenv("WARDLINE_SIM_SEED"))
        return;
    for (; seed < 40; seed++) {
        struct both_setting s = sim_setting(seed);

        s.store = &real_store;
        s.plant_disk = true;
        if (both_history(&sim_w, &s))
            break;
    }
    CU_ASSERT(seed < 40);
    printf("%s, by seed %u ", sim_w.broken ? both_law_names[sim_w.law] : "nothing", (unsigned)seed);
}

static const struct unit_test tests[] = {
    {"histories", histories},
    {"a disk that forgets is seen", planted},
};

int main(void)
{
    int code;

    if (crypt_init(NULL) || !real_start())
        return 99;
    code = unit_main("real", tests, sizeof tests / sizeof *tests);
    real_stop();
    return code;
}
