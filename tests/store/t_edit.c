/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Edits: the row, its operation and its audit row are there together or not at all, whatever fails; what a pull brings
 * never overwrites one. Kills tests/mutants/edit-base-lost.patch, edit-overwritten-by-pull.patch,
 * edit-joins-sent.patch. The answers to a conflict are in t_conflict.c, the audit trail in t_trail.c.
 */
#include "config.h"

#include "tests/store/edits.h"

#include "audit/audit.h"
#include "base/fault.h"
#include "store/edit.h"
#include "store/priv.h"

/* --- one edit ----------------------------------------------------------------------------------- */

static void one_edit(void)
{
    char home[64], op[STORE_OP_BYTES], again[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct seen x;

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "5.0"), STORE_SAME, op), ERR_OK); /* the very bytes: nothing */
    UNIT_STR(op, "");
    CU_ASSERT(ops(s, true).n == 0 && state(s) == -1 && unsent(s, "") == 0);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    expect_row(s, "Observation", "o", V("3", "6.0"));
    expect_theirs(s, V("3", "5.0"), "3");
    x = ops(s, false);
    CU_ASSERT(x.n == 1 && x.op.kind == STORE_OP_UPDATE && x.op.state == STORE_OP_QUEUED && !x.op.after && !x.op.tries);
    CU_ASSERT(!strcmp(x.op.op, op) && strlen(op) == 36 && x.op.since_ms == MADE_NOW && !x.op.by_command);
    UNIT_STR(x.base, V("3", "5.0"));
    UNIT_STR(x.body, V("3", "6.0"));
    UNIT_STR(x.etag, "3");
    UNIT_STR(x.chart, "p");
    UNIT_STR(x.author, "Practitioner/1");
    CU_ASSERT(state(s) == STORE_OP_QUEUED && unsent(s, "") == 1 && unsent(s, "p") == 1 && unsent(s, "q") == 0);

    /* A second one joins the first, whose base stays; so does a third with the bytes of the beginning. */
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "7.0"), STORE_CHANGED, again), ERR_OK);
    UNIT_STR(again, op);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "7.0"), STORE_SAME, again), ERR_OK);
    UNIT_STR(again, op);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "5.0"), STORE_CHANGED, again), ERR_OK);
    x = ops(s, false);
    CU_ASSERT_EQUAL(x.n, 1);
    UNIT_STR(x.base, V("3", "5.0"));
    UNIT_STR(x.body, V("3", "5.0"));
    CU_ASSERT(store_has(s, STR("Observation"), STR("o"), STR("3")) && unsent(s, "") == 1);
    made_end(s, home);
}

static void refused(void)
{
    char home[64], op[STORE_OP_BYTES], long_one[300];
    struct store *s = made_store(home);
    struct store_tx *tx;
    struct made m;
    struct rng rng = rng_seeded(&seed);
    struct store_edit ed = {.kind = STORE_OP_UPDATE, .rng = &rng};

    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_NOTFOUND);
    UNIT_STR(op, "");
    CU_ASSERT_EQUAL(edit(s, STORE_OP_DELETE, V("3", "6.0"), STORE_NEW, op), ERR_NOTFOUND);
    made_init(&m, V("3", "5.0"));
    CU_ASSERT_EQUAL(made_put(s, &m.ix, STR(V("3", "5.0")), STORE_FILE_IMPORT, NULL), ERR_OK); /* a file's is none */
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_NOTFOUND);
    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_CREATE, V("3", "6.0"), STORE_NEW, op), ERR_EXISTS);
    memset(long_one, 'x', sizeof long_one);
    ed.ix = &m.ix;
    ed.author = (struct str){long_one, sizeof long_one};
    ed.bytes = STR(V("3", "9"));
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_edit(tx, &ed, NULL, op, NULL), ERR_TOOBIG);
    ed.author = STR("");
    ed.bytes = STR("");
    CU_ASSERT_EQUAL(store_edit(tx, &ed, NULL, op, NULL), ERR_INPUT);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK); /* what was refused spoils nothing */
    made_fini(&m);
    expect_row(s, "Observation", "o", V("3", "5.0"));
    CU_ASSERT(ops(s, true).n == 0 && state(s) == -1);
    made_end(s, home);
}

/* What a person wrote and what a command wrote are two operations, and so is what comes behind one that may be under
 * way: never two copies of one row on the line. */
static void what_joins(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES], third[STORE_OP_BYTES];
    struct store *s = made_store(home);
    enum store_change change;
    struct store_tx *tx;
    struct seen x;
    int64_t first;

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    first = ops(s, false).op.seq;
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(edit_in(tx, STORE_OP_UPDATE, V("3", "7.0"), "Practitioner/1", true, &change, second, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(change, STORE_NEW);
    x = ops(s, false);
    CU_ASSERT(x.n == 2 && x.op.by_command && x.op.after == first && unsent(s, "") == 1);
    UNIT_STR(x.base, V("3", "6.0"));
    UNIT_STR(x.etag, "");
    CU_ASSERT_EQUAL(drop(s, op), ERR_INUSE); /* not the newest */
    CU_ASSERT_EQUAL(drop(s, second), ERR_OK);
    expect_row(s, "Observation", "o", V("3", "6.0"));
    CU_ASSERT(ops(s, false).n == 1 && state(s) == STORE_OP_QUEUED);

    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(drop(s, op), ERR_INUSE);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "8.0"), STORE_NEW, second), ERR_OK);
    x = ops(s, false);
    CU_ASSERT(x.n == 2 && x.op.after == first);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_INDOUBT, "timeout"), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "8.5"), STORE_CHANGED, third), ERR_OK); /* joins the second */
    UNIT_STR(third, second);
    CU_ASSERT_EQUAL(drop(s, second), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "8.0"), STORE_NEW, second), ERR_OK);
    CU_ASSERT_EQUAL(drop(s, second), ERR_OK);

    /* One that the server refused is mended by the next edit, and goes again. */
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INDOUBT, STORE_OP_ATTENTION, "422"), ERR_OK);
    x = ops(s, false);
    CU_ASSERT(x.n == 1 && x.op.tries == 1);
    UNIT_STR(x.why, "422");
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "9.0"), STORE_CHANGED, third), ERR_OK);
    UNIT_STR(third, op);
    CU_ASSERT_EQUAL(ops(s, false).op.state, STORE_OP_QUEUED);
    /* One in conflict stays in conflict. */
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_CONFLICT, ""), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "9.5"), STORE_CHANGED, third), ERR_OK);
    CU_ASSERT(state(s) == STORE_OP_CONFLICT && ops(s, false).n == 1);
    UNIT_STR(ops(s, false).base, V("3", "5.0"));
    made_end(s, home);
}

static void steps(void)
{
    char home[64], op[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct store_tx *tx;

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_ACKED, ""), ERR_BUG);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_ACKED, STORE_OP_QUEUED, ""), ERR_BUG);
    CU_ASSERT_EQUAL(move(s, "nothing", STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_op_later(tx, op, 77, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_op_later(tx, "nothing", 77, NULL), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(store_op_doubt(tx, STR("restored"), NULL), ERR_OK); /* a restored backup sends nothing unasked */
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT(ops(s, false).op.next_at_ms == 77 && ops(s, false).op.state == STORE_OP_INDOUBT);
    UNIT_STR(ops(s, false).why, "restored");
    made_end(s, home);
}

/* --- a pull beside an edit ------------------------------------------------------------------------ */

static void beside(void)
{
    char home[64], op[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct store_tx *tx;

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    pull(s, V("3", "5.0"), STORE_SAME);
    CU_ASSERT_EQUAL(beside_of(s), STORE_BESIDE_NOTHING);
    pull(s, V("4", "5.5"), STORE_CHANGED);
    CU_ASSERT_EQUAL(beside_of(s), STORE_BESIDE_OTHER);
    expect_row(s, "Observation", "o", V("3", "6.0"));
    expect_theirs(s, V("4", "5.5"), "4");
    CU_ASSERT(store_has(s, STR("Observation"), STR("o"), STR("4")) && !store_has(s, STR("Observation"), STR("o"), STR("3")));
    pull(s, V("4", "5.5"), STORE_SAME);
    UNIT_STR(ops(s, false).base, V("3", "5.0"));
    UNIT_STR(ops(s, false).etag, "3"); /* so the push will find the conflict */
    pull(s, V("3", "5.0"), STORE_CHANGED); /* back to what the edit was made from */
    CU_ASSERT_EQUAL(beside_of(s), STORE_BESIDE_NOTHING);
    expect_theirs(s, V("3", "5.0"), "3");
    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Observation"), STR("o"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    expect_row(s, "Observation", "o", V("3", "6.0"));
    expect_theirs(s, "", "");
    CU_ASSERT_EQUAL(beside_of(s), STORE_BESIDE_GONE);
    pull(s, V("5", "5.5"), STORE_CHANGED); /* undeleted */
    expect_theirs(s, V("5", "5.5"), "5");
    CU_ASSERT_EQUAL(drop(s, op), ERR_OK); /* taken back: what came meanwhile is the row */
    expect_row(s, "Observation", "o", V("5", "5.5"));
    expect_theirs(s, NULL, NULL);
    CU_ASSERT_EQUAL(beside_of(s), STORE_BESIDE_NOTHING);
    CU_ASSERT(state(s) == -1 && unsent(s, "") == 0 && ops(s, true).n == 0);
    pull(s, V("5", "5.5"), STORE_SAME);
    made_end(s, home);
}

/* An edit of bytes that name another version than the one held was made from that one. */
static void from_another_version(void)
{
    char home[64], op[STORE_OP_BYTES];
    struct store *s = made_store(home);

    pull(s, V("4", "5.5"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    UNIT_STR(ops(s, false).etag, "3");
    UNIT_STR(ops(s, false).base, ""); /* nobody here has seen version 3 */
    expect_theirs(s, V("4", "5.5"), "4");
    pull(s, V("4", "5.5"), STORE_SAME);
    CU_ASSERT_EQUAL(drop(s, op), ERR_OK);
    expect_row(s, "Observation", "o", V("4", "5.5"));
    made_end(s, home);
}

/* --- acknowledged ----------------------------------------------------------------------------------- */

static void acknowledged(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct seen x;

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "7.0"), STORE_NEW, second), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "4"), ERR_OK);
    x = ops(s, false);
    CU_ASSERT(x.n == 1 && state(s) == STORE_OP_QUEUED);
    UNIT_STR(x.etag, "4"); /* the version that the server gave the first is what the second was made from */
    UNIT_STR(x.base, V("3", "6.0"));
    CU_ASSERT_EQUAL(move(s, second, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, second, STORE_OP_INFLIGHT, STORE_OP_ACKED, "5"), ERR_OK);
    CU_ASSERT(state(s) == -1 && unsent(s, "") == 0 && unsent(s, "p") == 0 && ops(s, true).n == 2);
    expect_row(s, "Observation", "o", V("3", "7.0"));
    expect_theirs(s, NULL, NULL);
    /* The server's own bytes are still to come, and are taken whatever their version says. */
    CU_ASSERT(!store_has(s, STR("Observation"), STR("o"), STR("5")) && store_has(s, STR("Observation"), STR("o"), STR("")));
    /* An edit before they come is made from what was acknowledged, though the bytes still name version 3. */
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "7.5"), STORE_NEW, op), ERR_OK);
    UNIT_STR(ops(s, false).etag, "5");
    CU_ASSERT_EQUAL(drop(s, op), ERR_OK);
    expect_row(s, "Observation", "o", V("3", "7.0"));
    pull(s, V("5", "7.0"), STORE_CHANGED);
    expect_row(s, "Observation", "o", V("5", "7.0"));
    CU_ASSERT(store_has(s, STR("Observation"), STR("o"), STR("5")));
    made_end(s, home);
}

/* What a pull brought while the edit was on its way is what was sent, or newer. With another edit behind that one it
 * stays beside, and is not asked for again at each sync: kills edit-theirs-fetched-again. */
static void acknowledged_with_theirs(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct store_tx *tx;

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    pull(s, V("5", "6.1"), STORE_CHANGED);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "4"), ERR_OK);
    expect_row(s, "Observation", "o", V("5", "6.1"));
    pull(s, V("5", "6.1"), STORE_SAME);

    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("5", "6.2"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(store_begin(s, false, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_delete(tx, STR("Observation"), STR("o"), STORE_SERVER, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "6"), ERR_OK);
    expect_row(s, "Observation", "o", NULL);

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, "3"), ERR_OK);
    pull(s, V("5", "6.1"), STORE_CHANGED);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.2"), STORE_NEW, second), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "4"), ERR_OK);
    UNIT_STR(ops(s, false).etag, "4");
    expect_theirs(s, V("5", "6.1"), "5");
    CU_ASSERT(store_has(s, STR("Observation"), STR("o"), STR("5")) && !store_has(s, STR("Observation"), STR("o"), STR("4")));
    made_end(s, home);
}

/* --- creates and deletes ------------------------------------------------------------------------------ */

static int one_name(void *arg, const struct store_patient *p)
{
    return buf_addf(arg, "%.*s ", STR_ARG(p->name));
}

/* REQ: a page that was asked for before the acknowledgement, or came before the edit was sent, and says what the edit has
 * replaced, does not put that back. Kills edit-stale-page, edit-stale-theirs. */
static void replaced_comes_late(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = made_store(home);

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, "3"), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "4"), ERR_OK);
    pull(s, V("3", "5.0"), STORE_SAME);
    expect_row(s, "Observation", "o", V("3", "6.0"));
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "7.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "7.5"), STORE_CHANGED, second), ERR_OK);
    pull(s, V("4", "6.0"), STORE_CHANGED); /* the edit was made from it, and only its bytes are new */
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, "4"), ERR_OK);
    UNIT_STR(ops(s, false).etag, "4");
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "5"), ERR_OK);
    expect_row(s, "Observation", "o", V("3", "7.5"));
    pull(s, V("4", "6.0"), STORE_SAME);    /* late, once */
    pull(s, V("4", "6.0"), STORE_CHANGED); /* a second time it is what the server has: it was put back from a copy */
    expect_row(s, "Observation", "o", V("4", "6.0"));
    made_end(s, home);
}

/* REQ: what may have been sent is never changed, nor forgotten: the next edit is another operation. And a server that does
 * not say the version leaves none here. Kills edit-joins-doubted, edit-old-version-kept. */
static void sent_again(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = made_store(home);

    CU_ASSERT_EQUAL(edit(s, STORE_OP_CREATE, V("", "5.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_QUEUED, ""), ERR_OK); /* nothing left the machine */
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("", "5.5"), STORE_CHANGED, second), ERR_OK);
    UNIT_STR(second, op);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_INDOUBT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INDOUBT, STORE_OP_QUEUED, ""), ERR_OK); /* not there; a copy may still come */
    CU_ASSERT_EQUAL(drop(s, op), ERR_INUSE);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_DELETE, V("", "5.5"), STORE_NEW, second), ERR_OK);
    CU_ASSERT(strcmp(second, op) && ops(s, false).n == 2 && ops(s, false).op.after == ops(s, false).op.seq - 1);
    CU_ASSERT_EQUAL(drop(s, second), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "1"), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, "1"), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, ""), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("", "7.0"), STORE_NEW, op), ERR_OK);
    UNIT_STR(ops(s, false).etag, "");
    made_end(s, home);
}

static void expect_list(struct store *s, const char *filter, const char *names)
{
    struct buf b;

    buf_init(&b, 1000);
    buf_adds(&b, "");
    CU_ASSERT_EQUAL(store_patients(s, str_of(filter), 0, 0, one_name, &b, NULL), ERR_OK);
    UNIT_STR(b.n ? b.p : "", names);
    buf_fini(&b);
}

static void created(void)
{
    char home[64], op[STORE_OP_BYTES], again[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct seen x;

    CU_ASSERT_EQUAL(edit(s, STORE_OP_CREATE, PATIENT("Adams"), STORE_NEW, op), ERR_OK);
    expect_list(s, "adams", "ADAMS ");
    x = ops(s, false);
    CU_ASSERT(x.n == 1 && x.op.kind == STORE_OP_CREATE && !x.base[0] && !x.etag[0]);
    UNIT_STR(x.chart, "p");
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, PATIENT("Bell"), STORE_CHANGED, again), ERR_OK);
    UNIT_STR(again, op);
    CU_ASSERT_EQUAL(ops(s, false).op.kind, STORE_OP_CREATE); /* still one POST */
    expect_list(s, "adams", "");
    expect_list(s, "bell", "BELL ");
    pull(s, PATIENT("Cole"), STORE_CHANGED); /* it had arrived, and only the answer was lost */
    expect_list(s, "", "BELL ");
    CU_ASSERT_EQUAL(drop(s, op), ERR_OK);
    expect_list(s, "", "COLE ");
    expect_row(s, "Patient", "p", PATIENT("Cole"));

    CU_ASSERT_EQUAL(edit(s, STORE_OP_CREATE, V("1", "5"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_DELETE, V("1", "5"), STORE_CHANGED, op), ERR_OK); /* nobody knew of it */
    CU_ASSERT(ops(s, true).n == 0 && unsent(s, "") == 0);
    expect_row(s, "Observation", "o", NULL);
    made_end(s, home);
}

static void deleted(void)
{
    char home[64], op[STORE_OP_BYTES], again[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct store_row r = {.op_state = -2};
    struct store_query q = {.type = STR("Observation")};

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_DELETE, V("3", "5.0"), STORE_NEW, op), ERR_OK);
    expect_row(s, "Observation", "o", V("3", "5.0")); /* others still see it: so does this chart, and says so */
    CU_ASSERT_EQUAL(store_each(s, &q, note_state, &r, NULL), ERR_OK);
    CU_ASSERT(r.op_state == STORE_OP_QUEUED && r.op_kind == STORE_OP_DELETE);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_DELETE, V("3", "5.0"), STORE_SAME, again), ERR_OK);
    UNIT_STR(again, op);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "5.0"), STORE_CHANGED, again), ERR_OK);
    CU_ASSERT(ops(s, false).n == 1 && ops(s, false).op.kind == STORE_OP_UPDATE);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_DELETE, V("3", "5.0"), STORE_CHANGED, again), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, ""), ERR_OK);
    expect_row(s, "Observation", "o", NULL);
    CU_ASSERT_EQUAL(ops(s, true).n, 1);
    pull(s, V("9", "1"), STORE_NEW); /* another row, which may get the number of the one that went */
    CU_ASSERT_EQUAL(state(s), -1);
    made_end(s, home);
}

/* A correction that is not there yet can be held against what it corrects, and so can it when it is. */
static void corrected(void)
{
#define FIXED(version)                                                                                      \
    "{\"resourceType\":\"Observation\",\"id\":\"o\",\"meta\":{\"versionId\":\"" version "\"},"                \
    "\"status\":\"corrected\",\"valueQuantity\":{\"value\":6}}"
    static const char fixed[] = FIXED("3");
    char home[64], op[STORE_OP_BYTES], v[STORE_VERSION_BYTES];
    struct store *s = made_store(home);
    struct buf b;

    buf_init(&b, 4000);
    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, fixed, STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(store_prior(s, STR("Observation"), STR("o"), &b, v, NULL), ERR_OK);
    CU_ASSERT(str_is(buf_str(&b), V("3", "5.0")) && !strcmp(v, "3"));
    CU_ASSERT_EQUAL(drop(s, op), ERR_OK);
    CU_ASSERT_EQUAL(store_prior(s, STR("Observation"), STR("o"), &b, v, NULL), ERR_NOTFOUND);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, fixed, STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, "4"), ERR_OK);
    pull(s, FIXED("4"), STORE_CHANGED);
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_prior(s, STR("Observation"), STR("o"), &b, v, NULL), ERR_OK);
    CU_ASSERT(str_is(buf_str(&b), V("3", "5.0")) && !strcmp(v, "3"));
    buf_fini(&b);
    made_end(s, home);
}

/* --- drafts -------------------------------------------------------------------------------------------- */

static int note_draft(void *arg, const struct store_draft *d)
{
    CU_ASSERT_EQUAL(d->bytes.n, 0);
    return buf_addf(arg, "%.*s:%.*s:%.*s:%lld ", STR_ARG(d->name), STR_ARG(d->chart), STR_ARG(d->form),
                    (long long)d->changed_ms);
}

static void drafts(void)
{
    char home[64];
    struct store *s = made_store(home);
    struct store_tx *tx;
    struct buf b;

    buf_init(&b, 4000);
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_draft_put(tx, &(struct store_draft){STR("a"), STR("p"), STR("vitals"), 5, STR("one")}, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_draft_put(tx, &(struct store_draft){STR("b"), STR("q"), STR("vitals"), 6, STR("two")}, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_draft_put(tx, &(struct store_draft){STR("a"), STR("p"), STR("vitals"), 7, STR("three")}, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_draft_put(tx, &(struct store_draft){STR(""), STR("p"), STR("vitals"), 7, STR("x")}, NULL), ERR_INPUT);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    store_close(s);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(store_draft_get(s, STR("a"), &b, NULL), ERR_OK);
    CU_ASSERT(str_is(buf_str(&b), "three"));
    CU_ASSERT_EQUAL(store_draft_get(s, STR("c"), &b, NULL), ERR_NOTFOUND);
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_draft_each(s, STR(""), note_draft, &b, NULL), ERR_OK);
    UNIT_STR(b.p, "a:p:vitals:7 b:q:vitals:6 ");
    CU_ASSERT_EQUAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_draft_drop(tx, STR("a"), NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    buf_clear(&b);
    CU_ASSERT_EQUAL(store_draft_each(s, STR("p"), note_draft, &b, NULL), ERR_OK);
    CU_ASSERT_EQUAL(b.n, 0);
    CU_ASSERT(unsent(s, "") == 0 && unsent(s, "p") == 0); /* a draft is nothing that waits */
    buf_fini(&b);
    made_end(s, home);
}

/* --- whole or not there ---------------------------------------------------------------------------------- */

/* A person's edit is on disk when it is acknowledged: the log is synced in that very commit. */
static void durable(void)
{
    char home[64], op[STORE_OP_BYTES];
    struct store *s = made_store(home);
    int64_t mode = -1;

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(sql_number(&s->w, "PRAGMA synchronous", &mode, NULL), ERR_OK);
    CU_ASSERT_EQUAL(mode, 1);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(sql_number(&s->w, "PRAGMA synchronous", &mode, NULL), ERR_OK);
    CU_ASSERT_EQUAL(mode, 2);
    made_end(s, home);
}

#ifdef FAULT_INJECTION

static int edit_and_audit(struct store *s, enum store_op_kind kind, const struct made *m, struct err *e)
{
    const struct audit_event ev = {.action = AUDIT_UPDATE, .chart = STR("p"), .type = STR("Observation"), .id = STR("o"),
                                   .author = STR("Practitioner/1"), .at_ms = MADE_NOW,
                                   .session = STR("0123456789abcdef0123456789abcdef")};
    char op[STORE_OP_BYTES];
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, e);

    if (code)
        return code;
    if ((code = edit_as(tx, kind, m, "Practitioner/1", false, NULL, op, e)) || (code = audit_append(tx, &ev, e))) {
        store_rollback(tx);
        return code;
    }
    return store_commit(tx, e);
}

static int count_event(void *arg, int64_t seq, const struct audit_event *ev)
{
    (void)seq, (void)ev;
    ++*(int *)arg;
    return 0;
}

/* Row, operation and audit row: all three or none. */
static bool is_there(struct store *s, const char *before, const char *after)
{
    struct buf b;
    struct seen x = ops(s, false);
    int rows = 0;
    bool edited;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    CU_ASSERT_EQUAL(audit_each(s, 0, 0, count_event, &rows, NULL), ERR_OK);
    if (store_get(s, STR("Observation"), STR("o"), &b, NULL))
        CU_ASSERT_PTR_NULL(before);
    edited = b.n && str_is(buf_str(&b), after);
    CU_ASSERT(edited || (before ? str_is(buf_str(&b), before) : !b.n));
    CU_ASSERT(edited ? x.n == 1 && rows == 1 && !strcmp(x.body, after) && !strcmp(x.base, before ? before : "")
                     : x.n == 0 && rows == 0);
    buf_fini(&b);
    return edited;
}

static void without(enum fault_kind kind, const char *before, const char *after)
{
    bool done = false;
    char home[64];
    struct store *s = made_store(home);
    struct made m;

    made_init(&m, after);
    if (before)
        pull(s, before, STORE_NEW);
    for (unsigned long n = 1; !done && n < 3000; n++) {
        struct err e = ERR_NONE;
        int code;

        fault_arm(kind, n);
        code = edit_and_audit(s, before ? STORE_OP_UPDATE : STORE_OP_CREATE, &m, &e);
        done = fault_count(kind) < n;
        fault_arm(kind, 0);
        if (done)
            CU_ASSERT_EQUAL(code, ERR_OK);
        CU_ASSERT_EQUAL(is_there(s, before, after), code == ERR_OK);
        if (!done && code == ERR_OK) { /* it went well all the same: take it back for the next try */
            CU_ASSERT_EQUAL(drop(s, ops(s, false).op.op), ERR_OK);
            CU_ASSERT_EQUAL(sql_exec(&s->w, "DELETE FROM audit", NULL), ERR_OK);
        }
    }
    CU_ASSERT(done);
    made_fini(&m);
    store_close(s);
    s = made_open(home);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT(is_there(s, before, after));
    made_end(s, home);
}

static void without_memory(void)
{
    without(FAULT_MEM, V("3", "5.0"), V("3", "6.0"));
    without(FAULT_MEM, NULL, V("3", "6.0"));
}

static void without_files(void)
{
    without(FAULT_IO, V("3", "5.0"), V("3", "6.0"));
    without(FAULT_IO, NULL, V("3", "6.0"));
}

/* A pull beside an edit is whole or not there, too, and so is an acknowledgement. */
static void pull_and_ack_without_memory(void)
{
    char home[64], op[STORE_OP_BYTES];
    struct store *s = made_store(home);
    bool done = false;

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    for (unsigned long n = 1; !done && n < 2000; n++) {
        struct store_tx *tx;
        struct made m;
        int code;

        made_init(&m, V("4", "6.0"));
        fault_arm(FAULT_MEM, n);
        if (!(code = store_begin(s, true, &tx, NULL))) {
            if ((code = store_put(tx, &m.ix, STR(V("4", "6.0")), STORE_SERVER, 5, NULL, NULL)) ||
                (code = store_op_move(tx, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, STR("4"), NULL)))
                store_rollback(tx);
            else
                code = store_commit(tx, NULL);
        }
        done = fault_count(FAULT_MEM) < n;
        fault_arm(FAULT_MEM, 0);
        made_fini(&m);
        if (!code) {
            expect_row(s, "Observation", "o", V("4", "6.0"));
            CU_ASSERT_EQUAL(state(s), -1);
            break;
        }
        CU_ASSERT_EQUAL(code, ERR_NOMEM);
        expect_row(s, "Observation", "o", V("3", "6.0"));
        expect_theirs(s, V("3", "5.0"), "3");
        CU_ASSERT_EQUAL(state(s), STORE_OP_INFLIGHT);
    }
    made_end(s, home);
}

#else

static void without_memory(void)
{
    unit_skip("not configured with --enable-fault-injection");
}
#define without_files without_memory
#define pull_and_ack_without_memory without_memory

#endif

static const struct unit_test tests[] = {
    {"an edit is the row, and an operation with its base", one_edit},
    {"what cannot be an edit is refused and spoils nothing", refused},
    {"edits join while nobody has begun to send", what_joins},
    {"an operation takes only the steps there are", steps},
    {"a pull does not overwrite an edit", beside},
    {"an edit of another version than the one held", from_another_version},
    {"acknowledged: the server's bytes are the truth again", acknowledged},
    {"and those that came meanwhile", acknowledged_with_theirs},
    {"what an edit has replaced comes late", replaced_comes_late},
    {"what was sent is not changed", sent_again},
    {"a create is a chart's row at once", created},
    {"a deleted row stays until the server has deleted it", deleted},
    {"what a correction corrected", corrected},
    {"drafts", drafts},
    {"an edit is synced when it is acknowledged", durable},
    {"without memory an edit is whole or not there", without_memory},
    {"nor with files that fail", without_files},
    {"a pull beside an edit and its acknowledgement", pull_and_ack_without_memory},
};

int main(void)
{
    if (crypt_init(NULL))
        return 99;
    return unit_main("edit", tests, sizeof tests / sizeof *tests);
}
