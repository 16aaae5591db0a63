/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/store/made.h"

#include "auth/unlock.h"
#include "store/copy.h"
#include "store/owner.h"

struct stage {
    struct loop *l;
    struct clock clock;
    int64_t now;
    struct loop_job spin;
    bool spinning;
    char home[64];
    struct auth_unlock *u;
    /* what happened */
    int64_t asked, answered;
    int calls, code;
    struct store *s;
    bool free_in_call;
};

/* A clock that goes on by itself, 200 ms with each look, but stands while the KDF runs; and a job that keeps
 * the loop turning. So a wait of a minute takes no time, and nothing but waits is counted. */
static int64_t ticking(void *arg)
{
    struct stage *st = arg;

    return st->now += st->l && loop_pending(st->l, LOOP_WORK) ? 0 : 200;
}

static int spin_run(struct loop_job *job)
{
    (void)job;
    return 0;
}

static void spin_done(struct loop_job *job)
{
    struct stage *st = (struct stage *)((char *)job - offsetof(struct stage, spin));

    if (st->spinning)
        loop_submit(st->l, LOOP_STORE, job);
}

static void stage_up(struct stage *st)
{
    struct secret *p = made_pass("correct horse");

    *st = (struct stage){.spinning = true};
    st->clock = (struct clock){ticking, ticking, st};
    made_home(st->home);
    CU_ASSERT_EQUAL_FATAL(store_create(st->home, p, &made_kdf, NULL), ERR_OK);
    secret_free(p);
    CU_ASSERT_EQUAL_FATAL(loop_new(&st->clock, &st->l), ERR_OK);
    st->spin = (struct loop_job){.run = spin_run, .done = spin_done};
    loop_submit(st->l, LOOP_STORE, &st->spin);
}

static void stage_down(struct stage *st)
{
    st->spinning = false;
    loop_free(st->l);
    store_close(st->s);
    made_remove(st->home);
}

static void opened(void *arg, struct store *s, const struct err *e)
{
    struct stage *st = arg;

    st->calls++;
    st->s = s;
    st->code = e ? e->code : ERR_OK;
    st->answered = st->now;
    if (st->free_in_call) {
        auth_unlock_free(st->u);
        st->u = NULL;
    }
    loop_stop(st->l, 0);
}

static int try(struct stage *st, const char *pass)
{
    int calls = st->calls;

    CU_ASSERT_EQUAL(auth_unlock_start(st->l, st->home, made_pass(pass), NULL, opened, st, &st->u), ERR_OK);
    st->asked = st->now;
    loop_run(st->l);
    CU_ASSERT_EQUAL(st->calls, calls + 1);
    return st->code;
}

/* Each wrong passphrase in a row costs twice the wait; a right one forgets them. Kills
 * tests/mutants/auth-no-wait.patch: an answer at once. */
static void wrong_ones_wait(void)
{
    static const int64_t waits[] = {1000, 2000, 4000, 8000};
    struct stage st;

    stage_up(&st);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        CU_ASSERT_EQUAL(try(&st, "wrong"), ERR_PASSPHRASE);
        CU_ASSERT_PTR_NULL(st.s);
        CU_ASSERT(st.answered - st.asked >= waits[i]);
    }
    CU_ASSERT_EQUAL(try(&st, "correct horse"), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(st.s);
    store_close(st.s);
    CU_ASSERT_EQUAL(try(&st, "wrong"), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(auth_unlock_wait_ms(0), 0);
    CU_ASSERT_EQUAL(auth_unlock_wait_ms(6), 32000);
    CU_ASSERT_EQUAL(auth_unlock_wait_ms(7), 60000);
    CU_ASSERT_EQUAL(auth_unlock_wait_ms(4000000000u), 60000);
    st.free_in_call = true;
    CU_ASSERT_EQUAL(try(&st, "correct horse"), ERR_OK);
    stage_down(&st);
}

static void one_at_a_time(void)
{
    struct stage st;

    stage_up(&st);
    CU_ASSERT_EQUAL(auth_unlock_start(st.l, st.home, made_pass("correct horse"), NULL, opened, &st, &st.u), ERR_OK);
    CU_ASSERT_EQUAL(auth_unlock_start(st.l, st.home, made_pass("correct horse"), NULL, opened, &st, &st.u), ERR_BUG);
    loop_run(st.l);
    CU_ASSERT_EQUAL(st.calls, 1);
    CU_ASSERT_PTR_NOT_NULL(st.s);
    auth_unlock_free(st.u);
    stage_down(&st);
}

/* Given up at any of its stages, it calls nobody and leaves the profile free. */
static void given_up(void)
{
    struct stage st;
    struct store *s;

    stage_up(&st);
    CU_ASSERT_EQUAL(auth_unlock_start(st.l, st.home, made_pass("correct horse"), NULL, opened, &st, &st.u), ERR_OK);
    auth_unlock_free(st.u);
    st.spinning = false;
    loop_free(st.l);
    CU_ASSERT_EQUAL(st.calls, 0);
    s = made_open(st.home);
    CU_ASSERT_PTR_NOT_NULL(s);
    made_end(s, st.home);
}

/* At the first turn after the KDF: a wrong one is being waited for. */
static void drop_in_its_wait(void *arg)
{
    struct stage *st = arg;

    if (st->u && !loop_pending(st->l, LOOP_WORK)) {
        auth_unlock_drop(&st->u);
        loop_on_turn(st->l, NULL, NULL);
        loop_stop(st->l, 0);
    }
}

/* The wait after a wrong passphrase that was cut short (the screen locked) is waited for before the next try. */
static void a_wait_is_owed(void)
{
    struct stage st;

    stage_up(&st);
    CU_ASSERT_EQUAL(auth_unlock_start(st.l, st.home, made_pass("wrong"), NULL, opened, &st, &st.u), ERR_OK);
    loop_on_turn(st.l, drop_in_its_wait, &st);
    loop_run(st.l);
    CU_ASSERT_EQUAL(st.calls, 0);
    CU_ASSERT_EQUAL(try(&st, "wrong"), ERR_PASSPHRASE);
    CU_ASSERT(st.answered - st.asked >= auth_unlock_wait_ms(1) + auth_unlock_wait_ms(2));
    CU_ASSERT_EQUAL(try(&st, "wrong"), ERR_PASSPHRASE); /* paid: only its own */
    CU_ASSERT(st.answered - st.asked < auth_unlock_wait_ms(3) + auth_unlock_wait_ms(2));
    auth_unlock_free(st.u);
    stage_down(&st);
}

/* A try that is dropped (the screen locked) calls nobody, and the next one may start at once. */
static void dropped(void)
{
    struct stage st;

    stage_up(&st);
    auth_unlock_drop(&st.u);
    CU_ASSERT_EQUAL(auth_unlock_start(st.l, st.home, made_pass("correct horse"), NULL, opened, &st, &st.u), ERR_OK);
    auth_unlock_drop(&st.u);
    CU_ASSERT_EQUAL(try(&st, "wrong"), ERR_PASSPHRASE);
    CU_ASSERT_EQUAL(st.calls, 1);
    CU_ASSERT_PTR_NULL(st.s);
    CU_ASSERT_EQUAL(try(&st, "wrong"), ERR_PASSPHRASE);
    CU_ASSERT(st.answered - st.asked >= auth_unlock_wait_ms(2));
    CU_ASSERT_EQUAL(try(&st, "correct horse"), ERR_OK);
    CU_ASSERT_PTR_NOT_NULL(st.s);
    auth_unlock_free(st.u);
    stage_down(&st);
}

static void no_profile(void)
{
    struct stage st;

    stage_up(&st);
    made_remove(st.home);
    CU_ASSERT_EQUAL(try(&st, "correct horse"), ERR_NOPROFILE);
    auth_unlock_free(st.u);
    stage_down(&st);
}

static int open_here(void *arg, struct store_key *key, const atomic_bool *cancel, struct store **out, struct err *e)
{
    CU_ASSERT_FALSE(atomic_load(cancel));
    return store_open_owned(arg, key, out, e);
}

/* Who owns the home already says how the store is opened. */
static void opened_by_its_owner(void)
{
    struct store_owner *o;
    struct auth_opener how = {open_here, NULL};
    struct stage st;

    stage_up(&st);
    CU_ASSERT_EQUAL_FATAL(store_own(st.home, &o, NULL), ERR_OK);
    how.arg = o;
    st.calls = 0;
    CU_ASSERT_EQUAL(auth_unlock_start(st.l, st.home, made_pass("correct horse"), &how, opened, &st, &st.u), ERR_OK);
    loop_run(st.l);
    CU_ASSERT_PTR_NOT_NULL(st.s);
    store_close(st.s);
    st.s = NULL;
    CU_ASSERT_EQUAL(try(&st, "correct horse"), ERR_INUSE); /* store_open would be a second owner */
    store_disown(o);
    auth_unlock_free(st.u);
    stage_down(&st);
}

struct rotating {
    const char *home;
    int calls, rotations;
};

/* Somebody rotates the store between the derivation and the opening. */
static int open_rotated(void *arg, struct store_key *key, const atomic_bool *cancel, struct store **out, struct err *e)
{
    struct rotating *r = arg;

    CU_ASSERT_FALSE(atomic_load(cancel));
    if (++r->calls <= r->rotations) {
        struct secret *p = made_pass("correct horse");
        struct store_slot dropped[STORE_SLOTS];
        struct store *s = made_open(r->home);
        unsigned n;

        CU_ASSERT_EQUAL(store_rotate(s, &(struct store_proof){.secret = p}, NULL, dropped, &n, NULL), ERR_OK);
        store_close(s);
        secret_free(p);
    }
    return store_open(r->home, key, out, e);
}

/* REQ: a passphrase that is right is never called wrong, nor its store damaged. Kills unlock-stale-is-wrong. */
static void rotated_meanwhile(void)
{
    struct stage st;
    struct rotating r = {.rotations = 1};
    const struct auth_opener how = {open_rotated, &r};

    stage_up(&st);
    r.home = st.home;
    st.calls = 0;
    CU_ASSERT_EQUAL(auth_unlock_start(st.l, st.home, made_pass("correct horse"), &how, opened, &st, &st.u), ERR_OK);
    loop_run(st.l);
    CU_ASSERT_PTR_NOT_NULL(st.s);
    CU_ASSERT(r.calls == 2 && st.calls == 1);
    store_close(st.s);
    st.s = NULL;
    auth_unlock_free(st.u);
    stage_down(&st);
}

static const struct unit_test tests[] = {
    {"a store that is rotated meanwhile is unlocked once more", rotated_meanwhile},
    {"wrong passphrases wait longer and longer", wrong_ones_wait},
    {"one try at a time", one_at_a_time},
    {"a try that is given up calls nobody", given_up},
    {"a try that is dropped calls nobody, and the next one starts", dropped},
    {"a wait that was cut short is owed", a_wait_is_owed},
    {"no profile is said at once", no_profile},
    {"an owner opens its store itself", opened_by_its_owner},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("unlock", tests, sizeof tests / sizeof *tests);
}
