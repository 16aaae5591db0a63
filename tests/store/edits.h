/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of edits share: making them, pulling beside them, looking at what there is.
 */
#ifndef TESTS_STORE_EDITS_H
#define TESTS_STORE_EDITS_H

#include "tests/store/made.h"

#include "base/limits.h"
#include "fhir/tape.h"
#include "store/edit.h"

#define V(n, x)                                                                                               \
    "{\"resourceType\":\"Observation\",\"id\":\"o\",\"meta\":{\"versionId\":\"" n                              \
    "\"},\"status\":\"final\",\"subject\":{\"reference\":\"Patient/p\"},\"valueQuantity\":{\"value\":" x "}}"
#define PATIENT(name) "{\"resourceType\":\"Patient\",\"id\":\"p\",\"name\":[{\"family\":\"" name "\"}]}"

static uint64_t seed = 7; /* of the operations' ids */

/* --- doing ------------------------------------------------------------------------------------- */

/* The index of bytes; its tape and arena stay until made_fini. */
struct made {
    struct tape t;
    struct arena a;
    struct fhir_index ix;
};

static inline void made_init(struct made *m, const char *bytes)
{
    arena_init(&m->a, 1 << 20);
    CU_ASSERT_EQUAL_FATAL(tape_parse(&m->t, str_of(bytes), NULL), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(fhir_index(&m->t, NULL, &m->a, &m->ix, NULL), ERR_OK);
}

static inline void made_fini(struct made *m)
{
    tape_fini(&m->t);
    arena_fini(&m->a);
}

static inline void pull(struct store *s, const char *bytes, enum store_change want)
{
    enum store_change change;
    struct made m;

    made_init(&m, bytes);
    CU_ASSERT_EQUAL(made_put(s, &m.ix, str_of(bytes), STORE_SERVER, &change), ERR_OK);
    CU_ASSERT_EQUAL(change, want);
    made_fini(&m);
}

static inline int edit_as(struct store_tx *tx, enum store_op_kind kind, const struct made *m, const char *author, bool command,
                   enum store_change *change, char op[STORE_OP_BYTES], struct err *e)
{
    struct rng rng = rng_seeded(&seed);
    const struct store_edit ed = {.kind = kind, .ix = &m->ix, .author = str_of(author), .by_command = command,
                                  .bytes = kind == STORE_OP_DELETE ? STR("") : m->t.bytes, .now_ms = MADE_NOW,
                                  .rng = &rng};

    return store_edit(tx, &ed, change, op, e);
}

static inline int edit_in(struct store_tx *tx, enum store_op_kind kind, const char *bytes, const char *author, bool command,
                   enum store_change *change, char op[STORE_OP_BYTES], struct err *e)
{
    struct made m;
    int code;

    made_init(&m, bytes);
    code = edit_as(tx, kind, &m, author, command, change, op, e);
    made_fini(&m);
    return code;
}

static inline int edit(struct store *s, enum store_op_kind kind, const char *bytes, enum store_change want, char op[STORE_OP_BYTES])
{
    enum store_change change = STORE_SAME;
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, NULL);

    if (!code && (code = edit_in(tx, kind, bytes, "Practitioner/1", false, &change, op, NULL)))
        store_rollback(tx);
    else if (!code)
        code = store_commit(tx, NULL);
    if (!code)
        CU_ASSERT_EQUAL(change, want);
    return code;
}

static inline int move(struct store *s, const char *op, enum store_op_state from, enum store_op_state to, const char *why)
{
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, NULL);

    if (!code && (code = store_op_move(tx, op, from, to, str_of(why), NULL)))
        store_rollback(tx);
    return code ? code : store_commit(tx, NULL);
}

static inline int drop(struct store *s, const char *op)
{
    struct store_tx *tx;
    int code = store_begin(s, true, &tx, NULL);

    if (!code && (code = store_op_drop(tx, op, NULL)))
        store_rollback(tx);
    return code ? code : store_commit(tx, NULL);
}

/* --- looking ------------------------------------------------------------------------------------ */

static inline void expect_row(struct store *s, const char *type, const char *id, const char *bytes)
{
    struct buf b;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    CU_ASSERT_EQUAL(store_get(s, str_of(type), str_of(id), &b, NULL), bytes ? ERR_OK : ERR_NOTFOUND);
    if (bytes && !str_is(buf_str(&b), bytes))
        printf("\n    row is %.*s ", STR_ARG(buf_str(&b)));
    CU_ASSERT(!bytes || str_is(buf_str(&b), bytes));
    buf_fini(&b);
}

static inline enum store_beside beside_of(struct store *s)
{
    enum store_beside what = STORE_BESIDE_GONE;

    CU_ASSERT_EQUAL(store_op_beside(s, STR("Observation"), STR("o"), &what, NULL), ERR_OK);
    return what;
}

/* What the server last said; NULL: nothing; "": that it is gone. */
static inline void expect_theirs(struct store *s, const char *bytes, const char *version)
{
    char v[STORE_VERSION_BYTES];
    bool gone;
    struct buf b;
    int code;

    buf_init(&b, LIMIT_RESOURCE_BYTES);
    code = store_op_theirs(s, STR("Observation"), STR("o"), &b, v, &gone, NULL);
    CU_ASSERT_EQUAL(code, bytes ? ERR_OK : ERR_NOTFOUND);
    if (bytes) {
        CU_ASSERT_EQUAL(gone, !*bytes);
        CU_ASSERT(str_is(buf_str(&b), bytes));
        UNIT_STR(v, version);
    }
    buf_fini(&b);
}

struct seen {
    unsigned n;
    struct store_op op;         /* the last one */
    char body[400], base[400], etag[40], chart[40], why[40], author[40];
};

static inline int note_op(void *arg, const struct store_op *op)
{
    struct seen *x = arg;

    x->n++;
    x->op = *op;
    snprintf(x->body, sizeof x->body, "%.*s", STR_ARG(op->body));
    snprintf(x->base, sizeof x->base, "%.*s", STR_ARG(op->base));
    snprintf(x->etag, sizeof x->etag, "%.*s", STR_ARG(op->base_etag));
    snprintf(x->chart, sizeof x->chart, "%.*s", STR_ARG(op->chart));
    snprintf(x->why, sizeof x->why, "%.*s", STR_ARG(op->why));
    snprintf(x->author, sizeof x->author, "%.*s", STR_ARG(op->author));
    return ERR_OK;
}

static inline struct seen ops(struct store *s, bool all)
{
    struct store_op_query q = {.bytes = true, .all = all};
    struct seen x = {.n = 0};

    CU_ASSERT_EQUAL(store_op_each(s, &q, note_op, &x, NULL), ERR_OK);
    return x;
}

static inline int note_state(void *arg, const struct store_row *row)
{
    *(struct store_row *)arg = *row;
    return ERR_OK;
}

/* The state that the one Observation's row says; -1: as received. */
static inline int state(struct store *s)
{
    struct store_query q = {.type = STR("Observation")};
    struct store_row r = {.op_state = -2};

    CU_ASSERT_EQUAL(store_each(s, &q, note_state, &r, NULL), ERR_OK);
    return r.op_state;
}

static inline int64_t unsent(struct store *s, const char *chart)
{
    int64_t n = -1;

    CU_ASSERT_EQUAL(store_unsent(s, str_of(chart), &n, NULL), ERR_OK);
    return n;
}

#endif
