/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The answers to a conflict: they go with what was shown, the server's side and the edit, or not at all.
 * Kills tests/mutants/rebase-any-version.patch, edit-undo-loses-theirs.patch and conflict-answer-unseen.patch.
 */
#include "config.h"

#include "tests/store/edits.h"

#include "store/conflict.h"

static int rebase(struct store *s, const char *op, const char *seen, const char *theirs, const char *body)
{
    struct store_tx *tx;
    struct made m;
    struct store_rebase r = {.op = op,
                             .seen = str_of(seen),
                             .gone = !theirs,
                             .base = str_of(theirs),
                             .base_version = theirs ? str_of(seen) : STR(""),
                             .ix = &m.ix,
                             .body = str_of(body),
                             .author = STR("Practitioner/2"),
                             .role = STR("nurse"),
                             .now_ms = MADE_NOW};
    int code = store_begin(s, true, &tx, NULL);

    made_init(&m, body ? body : theirs);
    if (!code && (code = store_op_rebase(tx, &r, NULL)))
        store_rollback(tx);
    made_fini(&m);
    return code ? code : store_commit(tx, NULL);
}

static int yield(struct store *s, const char *op, const char *seen, bool gone)
{
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, NULL);

    if (!code && (code = store_op_yield(tx, op, STR("Observation"), STR("o"), str_of(seen), gone, NULL)))
        store_rollback(tx);
    return code ? code : store_commit(tx, NULL);
}

/* An edit of version 3 with another one behind it; the server has version 4; the first is in conflict. */
static struct store *in_conflict(char home[64], char op[STORE_OP_BYTES], char second[STORE_OP_BYTES])
{
    struct store *s = made_store(home);

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "7.0"), STORE_NEW, second), ERR_OK);
    pull(s, V("4", "5.5"), STORE_CHANGED);
    CU_ASSERT_EQUAL(rebase(s, op, "4", V("4", "5.5"), V("4", "7.0")), ERR_NOTFOUND); /* it may be on the line */
    CU_ASSERT_EQUAL(yield(s, op, "4", false), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_CONFLICT, "version"), ERR_OK);
    return s;
}

static void answered_with_mine(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = in_conflict(home, op, second);
    struct seen x;

    pull(s, V("5", "5.6"), STORE_CHANGED);
    CU_ASSERT_EQUAL(rebase(s, op, "4", V("4", "5.5"), V("4", "7.0")), ERR_INUSE); /* said of what is no more there */
    CU_ASSERT_EQUAL(rebase(s, second, "5", V("5", "5.6"), V("5", "7.0")), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(ops(s, false).n, 2);
    CU_ASSERT_EQUAL(rebase(s, op, "5", V("5", "5.6"), V("5", "7.5")), ERR_OK);
    x = ops(s, false);
    CU_ASSERT(x.n == 1 && x.op.state == STORE_OP_QUEUED && x.op.kind == STORE_OP_UPDATE && !strcmp(x.op.op, op));
    UNIT_STR(x.base, V("5", "5.6"));
    UNIT_STR(x.body, V("5", "7.5"));
    UNIT_STR(x.etag, "5");
    UNIT_STR(x.why, "");
    UNIT_STR(x.author, "Practitioner/2");
    expect_row(s, "Observation", "o", V("5", "7.5"));
    CU_ASSERT(beside_of(s) == STORE_BESIDE_NOTHING && unsent(s, "") == 1 && state(s) == STORE_OP_QUEUED);
    expect_theirs(s, V("5", "5.6"), "5");
    pull(s, V("6", "5.7"), STORE_CHANGED); /* a further change is another conflict, not an overwritten answer */
    CU_ASSERT_EQUAL(beside_of(s), STORE_BESIDE_OTHER);
    UNIT_STR(ops(s, false).etag, "5");
    expect_row(s, "Observation", "o", V("5", "7.5"));
    made_end(s, home);
}

static void answered_with_theirs(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = in_conflict(home, op, second);

    CU_ASSERT_EQUAL(yield(s, op, "3", false), ERR_INUSE);
    CU_ASSERT_EQUAL(yield(s, op, "4", false), ERR_OK);
    CU_ASSERT(ops(s, true).n == 0 && unsent(s, "") == 0 && state(s) == -1);
    expect_row(s, "Observation", "o", V("4", "5.5"));
    expect_theirs(s, NULL, NULL);
    pull(s, V("4", "5.5"), STORE_SAME);
    made_end(s, home);
}

static void answered_with_nothing_there(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = in_conflict(home, op, second);
    struct store_tx *tx;
    struct seen x;

    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Observation"), STR("o"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(rebase(s, op, "", NULL, V("3", "7.0")), ERR_OK); /* it is made anew */
    x = ops(s, false);
    CU_ASSERT(x.n == 1 && x.op.kind == STORE_OP_CREATE && x.op.state == STORE_OP_QUEUED);
    UNIT_STR(x.etag, "");
    UNIT_STR(x.base, "");
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "7"), ERR_OK);
    expect_row(s, "Observation", "o", V("3", "7.0"));
    made_end(s, home);
    s = in_conflict(home, op, second);
    CU_ASSERT_EQUAL(yield(s, op, "4", true), ERR_OK); /* the answer to the sending said so; no pull has yet */
    expect_row(s, "Observation", "o", NULL);
    CU_ASSERT_EQUAL(ops(s, true).n, 0);
    made_end(s, home);
    s = in_conflict(home, op, second);
    CU_ASSERT_EQUAL(rebase(s, op, "4", V("4", "5.5"), NULL), ERR_OK); /* to be deleted after all: the row stays so long */
    x = ops(s, false);
    CU_ASSERT(x.n == 1 && x.op.kind == STORE_OP_DELETE);
    UNIT_STR(x.etag, "4");
    expect_row(s, "Observation", "o", V("4", "5.5"));
    made_end(s, home);
}

/* REQ: an edit that came while a conflict was being answered is in no answer: neither is it lost nor does it go unseen. */
static void edited_meanwhile(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = in_conflict(home, op, second);
    struct store_answer a = {.author = STR("Practitioner/2"), .role = STR("nurse"), .now_ms = MADE_NOW};
    struct store_conflict c;
    struct store_tx *tx;
    bool queued;

    CU_ASSERT_EQUAL_FATAL(store_conflict_open(s, op, &c, NULL), ERR_OK);
    CU_ASSERT(c.fetched && c.merge.n > 0);
    for (unsigned i = 0; i < c.merge.n; i++)
        c.merge.field[i].choice = MERGE_TAKE_MINE;
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "9.0"), STORE_CHANGED, second), ERR_OK);
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_conflict_answer(tx, &c, &a, &queued, NULL), ERR_INUSE);
    CU_ASSERT_EQUAL(store_conflict_yield(tx, &c, NULL), ERR_INUSE);
    store_rollback(tx);
    store_conflict_close(&c);
    expect_row(s, "Observation", "o", V("3", "9.0"));
    CU_ASSERT_EQUAL(ops(s, false).n, 2);
    CU_ASSERT_EQUAL_FATAL(store_conflict_open(s, op, &c, NULL), ERR_OK); /* looked at anew, it can be answered */
    for (unsigned i = 0; i < c.merge.n; i++)
        c.merge.field[i].choice = MERGE_TAKE_MINE;
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_conflict_answer(tx, &c, &a, &queued, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT(queued && ops(s, false).n == 1 && state(s) == STORE_OP_QUEUED);
    store_conflict_close(&c);
    made_end(s, home);
}

/* Taking back the second of two edits, the first of which is at the server: what came meanwhile is not lost. */
static void taken_back_behind_one(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = made_store(home);

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "7.0"), STORE_NEW, second), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "4"), ERR_OK);
    pull(s, V("5", "5.5"), STORE_CHANGED);
    CU_ASSERT_EQUAL(drop(s, second), ERR_OK);
    expect_row(s, "Observation", "o", V("5", "5.5"));
    made_end(s, home);
}

static const struct unit_test tests[] = {
    {"answered with what is wanted here", answered_with_mine},
    {"answered with what is there", answered_with_theirs},
    {"a conflict with a deletion", answered_with_nothing_there},
    {"edited while it was being answered", edited_meanwhile},
    {"the second of two edits taken back", taken_back_behind_one},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("conflict", tests, sizeof tests / sizeof *tests);
}
