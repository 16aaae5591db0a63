/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The audit trail, refused passphrases, and that whatever a person is told of is on disk before. Kills
 * tests/mutants/put-not-durable.patch.
 */
#include "config.h"

#include "tests/store/made.h"

#include "audit/audit.h"
#include "model/edit.h"
#include "store/priv.h"

static uint64_t seed = 7;

static int one_event(void *arg, int64_t seq, const struct audit_event *ev)
{
    CU_ASSERT(seq > 0 && ev->action == AUDIT_UPDATE && ev->outcome == AUDIT_DONE && ev->at_ms == MADE_NOW);
    CU_ASSERT(str_is(ev->chart, "p") && str_is(ev->type, "Observation") && str_is(ev->id, "o"));
    CU_ASSERT(str_is(ev->author, "Practitioner/1") && ev->session.n == AUDIT_SESSION_BYTES - 1);
    ++*(int *)arg;
    return ERR_OK;
}

static void trail(void)
{
    struct audit_event ev = {.action = AUDIT_UPDATE, .chart = STR("p"), .type = STR("Observation"), .id = STR("o"),
                             .author = STR("Practitioner/1"), .at_ms = MADE_NOW};
    char home[64], session[AUDIT_SESSION_BYTES], other[AUDIT_SESSION_BYTES];
    struct store *s = made_store(home);
    struct store_tx *tx;
    int n = 0;

    audit_session(session);
    audit_session(other);
    CU_ASSERT(strlen(session) == 32 && strcmp(session, other));
    ev.session = str_of(session);
    for (int i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
        for (int k = 0; k < 150; k++)
            CU_ASSERT_EQUAL(audit_append(tx, &ev, NULL), ERR_OK);
        if (i == 1)
            store_rollback(tx);
        else
            CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    }
    ev.action = AUDIT_ACTIONS;
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(audit_append(tx, &ev, NULL), ERR_INPUT);
    store_rollback(tx);
    CU_ASSERT_EQUAL(audit_each(s, 0, 0, one_event, &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, 300);
    n = 0;
    CU_ASSERT_EQUAL(audit_each(s, 0, 7, one_event, &n, NULL), ERR_OK);
    CU_ASSERT_EQUAL(n, 7);
    for (enum audit_action a = AUDIT_UNLOCK; a < AUDIT_ACTIONS; a++)
        CU_ASSERT(audit_action_name(a) && *audit_action_name(a));
    CU_ASSERT_PTR_NULL(audit_action_name(AUDIT_ACTIONS));
    made_end(s, home);
}

static void refused_passphrases(void)
{
    char home[64];
    int64_t last;

    made_home(home);
    CU_ASSERT(audit_refused(home, &last) == 0 && !last);
    for (int i = 0; i < 3; i++)
        audit_refused_note(home);
    CU_ASSERT(audit_refused(home, &last) == 3 && last > MADE_NOW);
    audit_refused_clear(home);
    CU_ASSERT_EQUAL(audit_refused(home, &last), 0);
    made_remove(home);
}

/* All that a person is told of is synced: an edit, a chart that was opened, a row of the trail. A command that ends
 * would hide it, for closing the store syncs it; an owner that goes on does not close it. */
static void what_is_told_is_synced(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct clock clock = clock_system();
    struct rng rng = rng_seeded(&seed);
    struct model_edited done;
    struct model m;

    CU_ASSERT_EQUAL_FATAL(model_init(&m, s, &clock, NULL), ERR_OK);
    for (int i = 0; i < 3; i++) {
        const struct audit_event ev = model_event(&m, AUDIT_SHOW, STR("p"));
        int64_t mode = -1;
        int code = made_patient(s, "p", STORE_SERVER, "\"gender\":\"%d\"", i); /* a pull's row is not */

        CU_ASSERT_EQUAL(code, ERR_OK);
        CU_ASSERT_EQUAL(sql_number(&s->w, "PRAGMA synchronous", &mode, NULL), ERR_OK);
        CU_ASSERT_EQUAL(mode, 1);
        code = i == 0   ? model_edit(&m, STR("{\"resourceType\":\"Location\"}"), true, &rng, &done, NULL)
               : i == 1 ? model_opened(&m, STR("p"), NULL)
                        : model_audit(&m, &ev, NULL);
        CU_ASSERT_EQUAL(code, ERR_OK);
        CU_ASSERT_EQUAL(sql_number(&s->w, "PRAGMA synchronous", &mode, NULL), ERR_OK);
        CU_ASSERT_EQUAL(mode, 2);
    }
    made_end(s, home);
}

static const struct unit_test tests[] = {
    {"the audit trail", trail},
    {"refused passphrases", refused_passphrases},
    {"all that a person is told of is synced", what_is_told_is_synced},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("trail", tests, sizeof tests / sizeof *tests);
}
