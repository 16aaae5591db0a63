/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What has ended stays readable, in order, with its bytes; the acknowledged ones are counted and chained, and nothing else
 * is. Kills tests/mutants/ledger-count-above.patch, ledger-prune-newest.patch and ledger-link-alone.patch.
 */
#include "config.h"

#include "tests/store/edits.h"

#include "store/ledger.h"
#include "store/priv.h"

#define DAY 86400000LL

struct ended {
    unsigned n;
    char op[8][STORE_OP_BYTES], version[8][20];
    enum store_op_state state[8];
    int64_t at[8], no[8];
    char body[8][400];
};

static int take_ended(void *arg, const struct store_ended *x)
{
    struct ended *d = arg;

    CU_ASSERT_FATAL(d->n < 8);
    memcpy(d->op[d->n], x->op.op, STORE_OP_BYTES);
    snprintf(d->version[d->n], 20, "%.*s", STR_ARG(x->version));
    snprintf(d->body[d->n], 400, "%.*s", STR_ARG(x->op.body));
    d->state[d->n] = x->op.state;
    d->at[d->n] = x->at_ms;
    d->no[d->n++] = x->no;
    return ERR_OK;
}

static struct ended ledger(struct store *s)
{
    struct ended d = {.n = 0};

    CU_ASSERT_EQUAL(store_ledger_each(s, 0, "", take_ended, &d, NULL), ERR_OK);
    return d;
}

static struct store_ledger_head head(struct store *s)
{
    struct store_ledger_head h;

    CU_ASSERT_EQUAL(store_ledger_head(s, &h, NULL), ERR_OK);
    return h;
}

static void stamp(struct store *s, int64_t now)
{
    struct store_tx *tx;

    CU_ASSERT_EQUAL_FATAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_ledger_stamp(tx, now, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
}

static void send(struct store *s, const char *op, const char *version)
{
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_ACKED, version), ERR_OK);
}

/* As FORMAT says it. */
static void expect_link(const unsigned char before[CRYPT_SHA256], const char *op, const char *version, const char *body,
                        const unsigned char link[CRYPT_SHA256])
{
    struct crypt_digest *d = crypt_digest_new();
    unsigned char hash[CRYPT_SHA256], want[CRYPT_SHA256], sha1[CRYPT_SHA1];
    char words[200];

    snprintf(words, sizeof words, "%s\nObservation/o\n%s\n%d\n", op, version, STORE_OP_UPDATE);
    crypt_digest_add(d, body, strlen(body));
    crypt_digest_end(d, hash, sha1);
    crypt_digest_add(d, before, CRYPT_SHA256);
    crypt_digest_add(d, hash, sizeof hash);
    crypt_digest_add(d, words, strlen(words));
    crypt_digest_end(d, want, sha1);
    CU_ASSERT(!memcmp(want, link, sizeof want));
    crypt_digest_free(d);
}

static void chain(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES], third[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct store_ledger_head none = head(s), one, two;
    struct ended d;

    CU_ASSERT(!none.acked && !none.at_ms && ledger(s).n == 0);
    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_INDOUBT, ""), ERR_OK);
    CU_ASSERT(ledger(s).n == 0 && head(s).acked == 0); /* a time-out says nothing of what the server has */
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INDOUBT, STORE_OP_ACKED, "4"), ERR_OK);
    stamp(s, MADE_NOW);
    one = head(s);
    CU_ASSERT(one.acked == 1 && one.at_ms == MADE_NOW);
    expect_link(none.link, op, "4", V("3", "6.0"), one.link);
    pull(s, V("4", "6.0"), STORE_CHANGED);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("4", "7.0"), STORE_NEW, second), ERR_OK);
    CU_ASSERT_EQUAL(drop(s, second), ERR_OK); /* given up: readable, and not counted */
    stamp(s, MADE_NOW + 1);
    two = head(s);
    CU_ASSERT(two.acked == 1 && !memcmp(two.link, one.link, sizeof one.link));
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("4", "8.0"), STORE_NEW, third), ERR_OK);
    send(s, third, "5");
    stamp(s, MADE_NOW + 2);
    two = head(s);
    CU_ASSERT_EQUAL(two.acked, 2);
    expect_link(one.link, third, "5", V("4", "8.0"), two.link);
    d = ledger(s);
    CU_ASSERT_EQUAL_FATAL(d.n, 3);
    CU_ASSERT(!strcmp(d.op[0], third) && !strcmp(d.op[1], second) && !strcmp(d.op[2], op));
    CU_ASSERT(d.state[0] == STORE_OP_ACKED && d.state[1] == STORE_OP_DISCARDED && d.state[2] == STORE_OP_ACKED);
    CU_ASSERT(d.no[0] == 2 && d.no[1] == 0 && d.no[2] == 1);
    CU_ASSERT(d.at[0] == MADE_NOW + 2 && d.at[1] == MADE_NOW + 1 && d.at[2] == MADE_NOW);
    UNIT_STR(d.version[0], "5");
    UNIT_STR(d.body[1], V("4", "7.0"));
    UNIT_STR(d.body[2], V("3", "6.0"));
    made_end(s, home);
}

/* After ninety days only the newest link is left, and what is said of all of them stays. */
static void ninety_days(void)
{
    char home[64], op[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct store_ledger_head before;
    struct ended d;
    int64_t acked = -1;

    for (int i = 0; i < 3; i++) {
        if (i == 0)
            pull(s, V("3", "5.0"), STORE_NEW);
        else
            pull(s, i == 1 ? V("4", "6.0") : V("5", "7.0"), STORE_CHANGED);
        CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, i == 0 ? V("3", "6.0") : i == 1 ? V("4", "7.0") : V("5", "8.0"), STORE_NEW, op), ERR_OK);
        send(s, op, i == 0 ? "4" : i == 1 ? "5" : "6");
        stamp(s, MADE_NOW + i * DAY);
    }
    before = head(s);
    stamp(s, MADE_NOW + STORE_LEDGER_DAYS * DAY);
    CU_ASSERT_EQUAL(ledger(s).n, 2);
    stamp(s, MADE_NOW + 1000 * DAY);
    d = ledger(s);
    CU_ASSERT(d.n == 1 && d.no[0] == 3 && !strcmp(d.op[0], op));
    CU_ASSERT(head(s).acked == 3 && !memcmp(head(s).link, before.link, sizeof before.link));
    CU_ASSERT_EQUAL(sql_number(&s->w, "SELECT count(*) FROM outbox", &acked, NULL), ERR_OK);
    CU_ASSERT(acked <= 1);
    made_end(s, home);
}

/* A deletion shows what it deleted; an edit that is given up takes the later ones of its row with it, each readable. */
static void what_goes_with_it(void)
{
    char home[64], op[STORE_OP_BYTES], second[STORE_OP_BYTES];
    struct store *s = made_store(home);
    struct store_tx *tx;
    struct ended d;

    pull(s, V("3", "5.0"), STORE_NEW);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "6.0"), STORE_NEW, op), ERR_OK);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_QUEUED, STORE_OP_INFLIGHT, ""), ERR_OK);
    CU_ASSERT_EQUAL(edit(s, STORE_OP_UPDATE, V("3", "7.0"), STORE_NEW, second), ERR_OK);
    pull(s, V("4", "5.5"), STORE_CHANGED);
    CU_ASSERT_EQUAL(move(s, op, STORE_OP_INFLIGHT, STORE_OP_CONFLICT, "version"), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(store_begin(s, true, &tx, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_op_yield(tx, op, STR("Observation"), STR("o"), STR("4"), false, NULL), ERR_OK);
    CU_ASSERT_EQUAL(store_commit(tx, NULL), ERR_OK);
    d = ledger(s);
    CU_ASSERT(d.n == 2 && d.state[0] == STORE_OP_DISCARDED && d.state[1] == STORE_OP_DISCARDED);
    CU_ASSERT(d.n == 2 && !strcmp(d.op[0], op) && !strcmp(d.op[1], second) && !d.at[0] && head(s).acked == 0);
    UNIT_STR(d.body[1], V("3", "7.0"));
    CU_ASSERT_EQUAL(edit(s, STORE_OP_DELETE, V("4", "5.5"), STORE_NEW, op), ERR_OK);
    send(s, op, "");
    stamp(s, MADE_NOW);
    d = ledger(s);
    CU_ASSERT(d.n == 3 && d.state[0] == STORE_OP_ACKED && d.no[0] == 1 && d.at[2] == MADE_NOW);
    UNIT_STR(d.body[0], V("4", "5.5"));
    made_end(s, home);
}

static const struct unit_test tests[] = {
    {"the acknowledged ones are a chain, and nothing else counts", chain},
    {"ninety days", ninety_days},
    {"what goes with what is given up", what_goes_with_it},
};
UNIT_MAIN("ledger", tests)
