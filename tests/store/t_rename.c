/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ids of the server's choice: what was created here and all that names it are called so at once, in the transaction that
 * acknowledges it, and whoever still knows the old name is understood.
 * Kills tests/mutants/rename-namers-stay.patch, rename-twin-stays.patch and rename-late-edit.patch.
 */
#include "config.h"

#include "tests/store/edits.h"

#define NURSED(id, who, x)                                                                                    \
    "{\"resourceType\":\"Observation\",\"id\":\"" id "\",\"status\":\"final\",\"subject\":{\"reference\":\"Patient/" who \
    "\"},\"valueQuantity\":{\"value\":" x "}}"
#define CALLED(id, name, more) "{\"resourceType\":\"Patient\",\"id\":\"" id "\"" more ",\"name\":[{\"family\":\"" name "\"}]}"

/* The answer names the id: renamed and acknowledged, or neither. */
static int acknowledge(struct store *s, const char *op, const char *id, bool commits)
{
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, NULL);

    if (!code && !(code = store_op_rename(tx, op, str_of(id), NULL)))
        code = store_op_move(tx, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, STR("1"), NULL);
    if (!code && commits)
        return store_commit(tx, NULL);
    store_rollback(tx);
    return code;
}

struct charted {
    unsigned rows;
    char id[65];
};

static int on_row(void *arg, const struct store_row *row)
{
    struct charted *c = arg;

    c->rows++;
    snprintf(c->id, sizeof c->id, "%.*s", STR_ARG(row->patient));
    return ERR_OK;
}

static unsigned rows_of(struct store *s, const char *chart)
{
    struct charted c = {.rows = 0};

    CU_ASSERT_EQUAL(store_each(s, &(struct store_query){.patient = str_of(chart)}, on_row, &c, NULL), ERR_OK);
    CU_ASSERT(!c.rows || !strcmp(c.id, chart));
    return c.rows;
}

static int on_patient(void *arg, const struct store_patient *p)
{
    snprintf(arg, 65, "%.*s", STR_ARG(p->id));
    return ERR_OK;
}

static bool is_patient(struct store *s, const char *chart)
{
    char id[65] = "";

    return !store_patient(s, str_of(chart), on_patient, id, NULL) && !strcmp(id, chart);
}

static unsigned one(struct store *s, const char *op, struct seen *x)
{
    *x = (struct seen){.n = 0};
    CU_ASSERT_EQUAL(store_op_each(s, &(struct store_op_query){.bytes = true, .op = str_of(op)}, note_op, x, NULL), ERR_OK);
    return x->n;
}

static void renamed(void)
{
    char home[64], p[STORE_OP_BYTES], o[STORE_OP_BYTES], q[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct seen x;

    CU_ASSERT_EQUAL(edit(s, STORE_OP_CREATE, CALLED("p", "New", ""), STORE_NEW, p), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_CREATE, NURSED("o", "p", "5.0"), STORE_NEW, o), ERR_OK);
    CU_ASSERT_EQUAL(move(s, p, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, CALLED("p", "Newer", ""), STORE_NEW, q), ERR_OK); /* behind it */
    CU_ASSERT_EQUAL(acknowledge(s, p, "77", false), ERR_OK); /* a kill before the commit: all is as it was */
    CU_ASSERT(is_patient(s, "p") && !is_patient(s, "77") && rows_of(s, "p") == 2);
    CU_ASSERT_EQUAL(acknowledge(s, p, "77", true), ERR_OK);
    CU_ASSERT(is_patient(s, "77") && !is_patient(s, "p") && rows_of(s, "p") == 0 && rows_of(s, "77") == 2);
    expect_row(s, "Patient", "77", CALLED("77", "Newer", ""));
    expect_row(s, "Observation", "o", NURSED("o", "77", "5.0"));
    CU_ASSERT_EQUAL(one(s, o, &x), 1);
    UNIT_STR(x.body, NURSED("o", "77", "5.0"));
    UNIT_STR(x.chart, "77");
    CU_ASSERT_EQUAL(one(s, q, &x), 1);
    UNIT_STR(x.body, CALLED("77", "Newer", ""));
    CU_ASSERT_EQUAL(unsent(s, "77"), 2);
    CU_ASSERT_EQUAL(unsent(s, "p"), 0);
    CU_ASSERT_EQUAL(acknowledge(s, p, "78", true), ERR_NOTFOUND); /* it is not to be renamed twice */
    /* REQ: a screen, or a file, that still knows the old name */
    expect_row(s, "Patient", "p", CALLED("77", "Newer", ""));
    CU_ASSERT_EQUAL(edit(s, STORE_OP_CREATE, NURSED("late", "p", "6.0"), STORE_NEW, o), ERR_OK);
    expect_row(s, "Observation", "late", NURSED("late", "77", "6.0"));
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, CALLED("p", "Newest", ""), STORE_CHANGED, q), ERR_OK);
    expect_row(s, "Patient", "77", CALLED("77", "Newest", ""));
    CU_ASSERT_EQUAL(rows_of(s, "77"), 3);
    store_close(s);
    made_remove(home);
}

/* REQ: a pull may bring it before the answer is understood: it is the same, and one row. */
static void twin(void)
{
    char home[64], p[STORE_OP_BYTES], o[STORE_OP_BYTES], t[STORE_OP_BYTES];

    for (unsigned edited = 0; edited < 2; edited++) {
        struct store *s = made_store(home);

        CU_ASSERT_EQUAL(edit(s, STORE_OP_CREATE, CALLED("p", "New", ""), STORE_NEW, p), ERR_OK);
        CU_ASSERT_EQUAL(edit(s, STORE_OP_CREATE, NURSED("o", "p", "5.0"), STORE_NEW, o), ERR_OK);
        CU_ASSERT_EQUAL(move(s, p, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
        pull(s, CALLED("77", "New", ",\"meta\":{\"versionId\":\"1\"}"), STORE_NEW);
        pull(s, NURSED("theirs", "77", "4.0"), STORE_NEW);
        if (edited) /* and somebody took it for another one */
            CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, CALLED("77", "Mended", ",\"meta\":{\"versionId\":\"1\"}"), STORE_NEW, t), ERR_OK);
        CU_ASSERT_EQUAL(acknowledge(s, p, "77", true), ERR_OK);
        CU_ASSERT(is_patient(s, "77") && !is_patient(s, "p") && rows_of(s, "77") == 3 && rows_of(s, "p") == 0);
        expect_row(s, "Patient", "77", edited ? CALLED("77", "Mended", ",\"meta\":{\"versionId\":\"1\"}")
                                              : CALLED("77", "New", ",\"meta\":{\"versionId\":\"1\"}"));
        CU_ASSERT_EQUAL(unsent(s, "77"), 1 + edited);
        store_close(s);
        made_remove(home);
    }
}

static const struct unit_test tests[] = {
    {"all that names it is renamed with it", renamed},
    {"what a pull brought meanwhile is the same", twin},
};
UNIT_MAIN("rename", tests)
