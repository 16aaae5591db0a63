/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "store/conflict.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/index.h"
#include "store/ledger.h"
#include "store/priv.h"

#define MERGE_BYTES (16u * LIMIT_RESOURCE_BYTES) /* strings of three documents, decoded to be compared */

static void take(char *to, size_t room, struct str s)
{
    snprintf(to, room, "%.*s", (int)(s.n < room ? s.n : 0), s.p);
}

struct looking {
    struct store_conflict *c;
    char etag[STORE_VERSION_BYTES];
    bool found;
    struct err *e;
};

/* The operation itself, and the newest of its row: that one is what is wanted here. */
static int one_op(void *arg, const struct store_op *op)
{
    struct looking *l = arg;
    struct store_conflict *c = l->c;
    int code = ERR_OK;

    if (!strcmp(op->op, c->op)) {
        l->found = op->state == STORE_OP_CONFLICT || op->state == STORE_OP_ATTENTION;
        c->state = op->state;
        c->since_ms = op->since_ms;
        take(c->why, sizeof c->why, op->why);
        take(l->etag, sizeof l->etag, op->base_etag);
        c->there[MERGE_BASE] = op->base.n > 0;
        code = buf_addstr(&c->bytes[MERGE_BASE], op->base);
    }
    if (!l->found)
        return ERR_OK;
    take(c->chart, sizeof c->chart, op->chart);
    take(c->author, sizeof c->author, op->author);
    take(c->role, sizeof c->role, op->role);
    c->by_command = op->by_command;
    c->deletes = op->kind == STORE_OP_DELETE;
    c->there[MERGE_MINE] = !c->deletes;
    buf_clear(&c->bytes[MERGE_MINE]);
    if (!code)
        code = buf_addstr(&c->bytes[MERGE_MINE], op->body);
    return code ? err_set(l->e, code, 0, 0, c->op) : ERR_OK;
}

static int name_of(void *arg, const struct store_op *op)
{
    struct store_conflict *c = arg;

    take(c->type, sizeof c->type, op->type);
    take(c->id, sizeof c->id, op->id);
    return ERR_OK;
}

/* What the server has, if that is known: bytes that it sent since, or that it has none. */
static int look_beside(struct store *s, struct store_conflict *c, const char *etag, struct err *e)
{
    enum store_beside what;
    bool gone = false;
    int code = store_op_beside(s, str_of(c->type), str_of(c->id), &what, e);

    if (!code)
        code = store_op_theirs(s, str_of(c->type), str_of(c->id), &c->bytes[MERGE_THEIRS], c->seen, &gone, e);
    if (code == ERR_NOTFOUND) { /* made here, and never heard of since */
        *e = ERR_NONE;
        code = ERR_OK;
        what = STORE_BESIDE_NOTHING;
        buf_clear(&c->bytes[MERGE_THEIRS]);
    }
    if (code)
        return code;
    c->gone = gone || (what == STORE_BESIDE_NOTHING && !strcmp(c->why, "gone"));
    if (c->gone)
        buf_clear(&c->bytes[MERGE_THEIRS]);
    c->there[MERGE_THEIRS] = c->bytes[MERGE_THEIRS].n > 0;
    /* the same bytes under another version: the server has written them anew */
    c->fetched = c->gone || ((what != STORE_BESIDE_NOTHING || (c->there[MERGE_THEIRS] && etag[0])) &&
                             (!etag[0] || !c->seen[0] || strcmp(etag, c->seen)));
    return ERR_OK;
}

/* The edit is read in any case: it is shown also where there is nothing to compare it with. */
static int merge(struct store_conflict *c, struct err *e)
{
    const struct tape *side[MERGE_SIDES];
    int code = ERR_OK;

    for (int i = 0; i < MERGE_SIDES && !code; i++) {
        side[i] = c->there[i] ? &c->tape[i] : NULL;
        if (c->there[i])
            code = tape_parse(&c->tape[i], buf_str(&c->bytes[i]), e);
    }
    if (code || !c->fetched)
        return code;
    return fhir_merge(side[MERGE_BASE], side[MERGE_MINE], side[MERGE_THEIRS], &c->a, &c->merge, e);
}

int store_conflict_open(struct store *s, const char *op, struct store_conflict *out, struct err *e)
{
    struct looking l = {.c = out, .e = e};
    int code;

    memset(out, 0, sizeof *out);
    take(out->op, sizeof out->op, str_of(op));
    arena_init(&out->a, MERGE_BYTES);
    for (int i = 0; i < MERGE_SIDES; i++)
        buf_init(&out->bytes[i], LIMIT_RESOURCE_BYTES);
    code = store_op_each(s, &(struct store_op_query){.op = str_of(op)}, name_of, out, e);
    if (!code && out->type[0])
        code = store_op_each(s,
                             &(struct store_op_query){.type = str_of(out->type), .id = str_of(out->id), .bytes = true},
                             one_op, &l, e);
    if (!code && !l.found)
        code = err_set(e, ERR_NOTFOUND, 0, 0, out->op);
    if (!code)
        code = look_beside(s, out, l.etag, e);
    return code ? code : merge(out, e);
}

void store_conflict_close(struct store_conflict *c)
{
    for (int i = 0; i < MERGE_SIDES; i++) {
        tape_fini(&c->tape[i]);
        buf_fini(&c->bytes[i]);
    }
    arena_fini(&c->a);
    memset(c, 0, sizeof *c);
}

/* --- answering ------------------------------------------------------------------------------------ */

/* Is anything of the edit left? */
static bool wants(const struct store_conflict *c)
{
    for (unsigned i = 0; i < c->merge.n; i++)
        if (c->merge.field[i].choice == MERGE_TAKE_MINE && !c->merge.field[i].same)
            return true;
    return false;
}

/* REQ: an answer is to what was shown: an edit of the row since then is not in it, and must not go with it. */
static int check_mine(struct store_tx *tx, const struct store_conflict *c, struct err *e)
{
    struct store_conflict now;
    int code = store_conflict_open(tx->s, c->op, &now, e);

    if (!code && (now.deletes != c->deletes ||
                  !str_eq(buf_str(&now.bytes[MERGE_MINE]), buf_str(&c->bytes[MERGE_MINE]))))
        code = err_set(e, ERR_INUSE, 0, 0, c->op);
    store_conflict_close(&now);
    return code;
}

/* REQ: no answer moves a resource into another chart than the one that the server has it in. */
static int check_chart(const struct store_conflict *c, const struct fhir_index *ix, const char *base, struct err *e)
{
    struct fhir_index theirs;
    struct arena a;
    int code;

    if (!c->there[MERGE_THEIRS])
        return ERR_OK;
    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    code = fhir_index(&c->tape[MERGE_THEIRS], base, &a, &theirs, e);
    if (!code && !str_eq(theirs.patient, ix->patient))
        code = err_set(e, ERR_INPUT, 0, 0, "subject");
    arena_fini(&a);
    return code;
}

static int rebase(struct store_tx *tx, const struct store_conflict *c, const struct store_answer *a, struct str body,
                  struct err *e)
{
    struct store_rebase r = {.op = c->op,
                             .seen = str_of(c->seen),
                             .gone = c->gone,
                             .base = buf_str(&c->bytes[MERGE_THEIRS]),
                             .base_version = c->gone ? STR("") : str_of(c->seen),
                             .body = body,
                             .author = a->author,
                             .role = a->role,
                             .by_command = a->by_command,
                             .now_ms = a->now_ms};
    struct fhir_index ix;
    struct arena mem;
    struct tape t = {.n = 0};
    int code;

    r.ix = &ix;
    arena_init(&mem, 4 * LIMIT_RESOURCE_BYTES);
    if (!(code = tape_parse(&t, body.n ? body : r.base, e)) && !(code = fhir_index(&t, a->base, &mem, &ix, e)) &&
        !(code = check_chart(c, &ix, a->base, e)))
        code = store_op_rebase(tx, &r, e);
    tape_fini(&t);
    arena_fini(&mem);
    return code;
}

int store_conflict_answer(struct store_tx *tx, const struct store_conflict *c, const struct store_answer *a,
                          bool *queued, struct err *e)
{
    struct buf body;
    int code = c->fetched ? ERR_OK : err_set(e, ERR_INPUT, 0, 0, "theirs");
    unsigned open = 0;

    *queued = false;
    for (unsigned i = 0; i < c->merge.n; i++)
        open += c->merge.field[i].choice == MERGE_OPEN;
    if (!code && open)
        code = err_set(e, ERR_OPEN, 0, open, NULL);
    if (code)
        return code;
    if (!wants(c))
        return (code = store_conflict_yield(tx, c, e)) ? code : store_ledger_stamp(tx, a->now_ms, e);
    if ((code = check_mine(tx, c, e)))
        return code;
    buf_init(&body, LIMIT_RESOURCE_BYTES);
    if (!c->deletes) /* merged whole, a deletion says nothing more */
        code = fhir_merge_write(&c->merge, &body, e);
    if (!code)
        code = rebase(tx, c, a, buf_str(&body), e);
    *queued = !code;
    buf_fini(&body);
    return code;
}

int store_conflict_yield(struct store_tx *tx, const struct store_conflict *c, struct err *e)
{
    int code = check_mine(tx, c, e);

    return code ? code
                : store_op_yield(tx, c->op, str_of(c->type), str_of(c->id), str_of(c->seen), c->gone, e);
}
