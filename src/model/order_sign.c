/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signing. The bytes that will be written are made first: what is shown, checked and signed is one thing. That the
 * draft they were made from still stands is asked again in the transaction that writes them.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "fhir/holds.h"
#include "fhir/index.h"
#include "model/check.h"
#include "model/order_priv.h"

bool model_order_is_draft(const struct tape *t)
{
    return tape_str_is(t, tape_get(t, 0, "resourceType"), ORDER_TYPE) &&
           tape_str_is(t, tape_get(t, 0, "status"), "draft") && tape_str_is(t, tape_get(t, 0, "intent"), "order") &&
           !fhir_unknown_modifier(t);
}

/* REQ: whose name stands in it as responsible. A nurse's draft has none, and is nobody's to sign. */
bool model_order_is_own(const struct model *m, const struct tape *t)
{
    return m->practitioner[0] && str_is(tape_plain(t, tape_path(t, 0, "requester.reference")), m->practitioner);
}

/* --- reading ---------------------------------------------------------------------------------- */

int model_order_read(const struct order_env *env, struct str chart, struct str id, struct arena *a, struct str *out,
                     struct err *e)
{
    char whose[80], name[LIMIT_ID_BYTES + 40];
    struct buf raw;
    int code;

    snprintf(name, sizeof name, ORDER_TYPE "/%.*s", STR_ARG(id));
    if (!str_is_id(id)) /* of a file, or none */
        return err_set(e, ERR_NOTFOUND, 0, 0, name);
    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    code = store_get(env->m->store, STR(ORDER_TYPE), id, &raw, e);
    code = code ? code : model_chart_of(env->m, id, buf_str(&raw), whose, e);
    if (!code && !str_is(chart, whose))
        code = err_set(e, ERR_NOTFOUND, 0, 0, name);
    if (!code) {
        *out = arena_str(a, buf_str(&raw));
        code = a->failed ? err_set(e, ERR_NOMEM, 0, 0, "order") : ERR_OK;
    }
    buf_fini(&raw);
    return code;
}

struct found {
    const struct order_env *env;
    struct order_basket *b;
    struct err *e;
};

static int take_row(void *arg, const struct store_row *r)
{
    struct found *f = arg;
    struct order_basket *b = f->b;
    struct order_line *l;
    struct tape t;
    bool own;

    if (!str_is(r->type, ORDER_TYPE) || r->origin != STORE_SERVER || !str_is(r->status, "draft") ||
        tape_parse(&t, r->bytes, NULL))
        return ERR_OK;
    own = model_order_is_own(f->env->m, &t);
    if (!model_order_is_draft(&t)) {
        tape_fini(&t);
        return ERR_OK;
    }
    tape_fini(&t);
    b->others += !own;
    b->more += own && b->n >= ORDER_LINES;
    if (!own || b->n >= ORDER_LINES)
        return ERR_OK;
    l = &b->line[b->n++];
    snprintf(l->id, sizeof l->id, "%.*s", STR_ARG(r->id));
    l->was = arena_str(&b->arena, r->bytes);
    buf_init(&l->bytes, LIMIT_RESOURCE_BYTES);
    buf_init(&l->ends_bytes, LIMIT_RESOURCE_BYTES);
    return b->arena.failed ? err_set(f->e, ERR_NOMEM, 0, 0, "orders") : ERR_OK;
}

/* --- what the line takes the place of ---------------------------------------------------------- */

static bool in_force(struct str status)
{
    return str_is(status, "active") || str_is(status, "on-hold") || str_is(status, "unknown");
}

/* The same doses are a renewal: the one before has been carried out. Else it was stopped, for a change. */
static int end_bytes(const struct tape *old, const struct tape *fresh, struct buf *out, struct arena *a, struct err *e)
{
    tape_at x = tape_get(old, 0, "dosageInstruction"), y = tape_get(fresh, 0, "dosageInstruction");

    if (x != TAPE_NONE && y != TAPE_NONE && fhir_same(old, x, fresh, y, a))
        return model_order_status(old, "completed", str_of(_("renewed: another order goes on with it")), out, e);
    return model_order_status(old, "stopped", str_of(_("changed: another order takes its place")), out, e);
}

static int find_end(const struct order_env *env, struct order_basket *b, struct order_line *l, const struct tape *t,
                    struct err *e)
{
    struct str type, id, ref = tape_str(t, tape_path(t, 0, "priorPrescription.reference"), &b->arena);
    struct tape old;
    int code;

    if (!ref.n || !fhir_reference(ref, env->m->base[0] ? env->m->base : NULL, &type, &id) || !str_is(type, ORDER_TYPE))
        return ERR_OK;
    code = model_order_read(env, str_of(b->chart), id, &b->arena, &l->ends_was, e);
    if (code)
        return code == ERR_NOTFOUND ? ERR_OK : code; /* it is not here: nothing is ended that nobody sees */
    if ((code = tape_parse(&old, l->ends_was, e)))
        return code;
    if (in_force(tape_plain(&old, tape_get(&old, 0, "status")))) {
        snprintf(l->ends, sizeof l->ends, "%.*s", STR_ARG(id));
        code = end_bytes(&old, t, &l->ends_bytes, &b->arena, e);
        code = code ? code : model_order_said(env, str_of(b->chart), l->ends_was, &b->arena, &l->ends_words, e);
    }
    tape_fini(&old);
    return code;
}

/* --- the line as it will be --------------------------------------------------------------------- */

static int check_line(const struct order_env *env, struct order_basket *b, struct order_line *l, struct err *e)
{
    char prior[100] = "";

    if (l->ends[0])
        snprintf(prior, sizeof prior, ORDER_TYPE "/%s", l->ends);
    cds_result_fini(&l->checks);
    return model_check_order(env->m, env->cds, str_of(b->chart), buf_str(&l->bytes), NULL, 0, str_of(prior), &l->checks,
                             e);
}

static int fill_line(const struct order_env *env, struct order_basket *b, struct order_line *l, struct err *e)
{
    const struct splice edit = {.name = "status", .how = SPLICE_SET, .json = STR("\"active\"")};
    struct tape t;
    int code = tape_parse(&t, l->was, e);

    if (code)
        return code;
    code = fhir_splice(&t, &edit, 1, &l->bytes, e);
    code = code ? code : find_end(env, b, l, &t, e);
    tape_fini(&t);
    code = code ? code : model_order_said(env, str_of(b->chart), buf_str(&l->bytes), &b->arena, &l->words, e);
    return code ? code : check_line(env, b, l, e);
}

int model_order_basket(const struct order_env *env, struct str chart, struct order_basket *out, struct err *e)
{
    struct store_query q = {.section = STR("medicines"), .patient = chart, .bytes = true};
    struct found f = {env, out, e};
    int code;

    *out = (struct order_basket){.n = 0};
    arena_init(&out->arena, ORDER_ARENA);
    snprintf(out->chart, sizeof out->chart, "%.*s", STR_ARG(chart));
    if (model_order_may(env->m) != ORDER_MAY_SIGN)
        return err_set(e, ERR_ROLE, 0, 0, env->m->role);
    if ((code = model_order_may_chart(chart, e)))
        return code;
    if (!(out->line = arena_alloc(&out->arena, ORDER_LINES * sizeof *out->line)))
        return err_set(e, ERR_NOMEM, 0, 0, "orders");
    code = store_each(env->m->store, &q, take_row, &f, e);
    for (unsigned i = 0; i < out->n && !code; i++)
        code = fill_line(env, out, &out->line[i], e);
    return code;
}

void model_order_basket_fini(struct order_basket *b)
{
    for (unsigned i = 0; i < b->n; i++) {
        cds_result_fini(&b->line[i].checks);
        buf_fini(&b->line[i].bytes);
        buf_fini(&b->line[i].ends_bytes);
    }
    arena_fini(&b->arena);
    *b = (struct order_basket){.n = 0};
}

int model_order_line_answer(const struct order_env *env, struct order_basket *b, unsigned line, unsigned card,
                            struct str reason, struct err *e)
{
    struct order_line *l = &b->line[line];
    int code = line < b->n ? model_order_stop_note(env, &l->checks, card, reason, &l->bytes, e)
                           : err_set(e, ERR_INPUT, 0, 0, "line");

    return code ? code : model_order_said(env, str_of(b->chart), buf_str(&l->bytes), &b->arena, &l->words, e);
}

/* --- signing ------------------------------------------------------------------------------------- */

/* REQ: once more, of the very bytes that are written: this chart's, one's own, and a draft until now. */
static int verify(const struct order_env *env, const struct order_basket *b, const struct order_line *l, struct err *e)
{
    char whose[80];
    struct tape t;
    unsigned open = model_order_open(&l->checks, buf_str(&l->bytes));
    int code = model_chart_of(env->m, str_of(l->id), buf_str(&l->bytes), whose, e);

    if (!code && strcmp(whose, b->chart))
        code = err_set(e, ERR_INPUT, 0, 0, "subject");
    if (code || (code = tape_parse(&t, l->was, e)))
        return code;
    if (!model_order_is_draft(&t) || !model_order_is_own(env->m, &t))
        code = err_set(e, ERR_STATE, 0, 0, "not a draft of one's own");
    tape_fini(&t);
    return code ? code : open ? err_set(e, ERR_CHECKS, 0, open, NULL) : ERR_OK;
}

int model_order_sign(const struct order_env *env, const struct order_basket *b, struct model_filing *out,
                     unsigned *signed_n, struct err *e)
{
    int code = ERR_OK;

    *signed_n = 0;
    model_filing_init(out, str_of(b->chart));
    if (model_order_may(env->m) != ORDER_MAY_SIGN)
        return err_set(e, ERR_ROLE, 0, 0, env->m->role);
    for (unsigned i = 0; i < b->n && !code; i++) {
        const struct order_line *l = &b->line[i];
        struct model_write end = {.bytes = buf_str(&l->ends_bytes), .was = l->ends_was, .why = "replaced"};
        struct model_write w = {.bytes = buf_str(&l->bytes), .was = l->was, .why = "signed"};

        if (!l->ticked || (code = verify(env, b, l, e)))
            continue;
        /* What ends goes first, also on the line: never are both in force. */
        if (l->ends[0])
            code = model_filing_add(out, &end, e);
        code = code ? code : model_filing_add(out, &w, e);
        ++*signed_n;
    }
    return !code && !*signed_n ? err_set(e, ERR_OPEN, 0, 1, "orders") : code;
}
