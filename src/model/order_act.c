/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is done to an order that is there: how it stands changes, by splice, and nothing else of it.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/limits.h"
#include "model/order_priv.h"

static const struct action {
    const char *from[4]; /* statuses that it goes with; none: any but to */
    const char *to;
    bool reason;         /* needs one */
    const char *words;   /* N_() */
    const char *why;     /* of the audit row */
} actions[ORDER_ACTS] = {
    [ORDER_HOLD] = {{"active"}, "on-hold", false, N_("hold"), "hold"},
    [ORDER_RELEASE] = {{"on-hold"}, "active", false, N_("release"), "release"},
    [ORDER_STOP] = {{"active", "on-hold", "unknown"}, "stopped", true, N_("stop"), "stop"},
    [ORDER_ERROR] = {{NULL}, "entered-in-error", true, N_("strike out as entered in error"), "error"},
};

const char *model_order_act_words(enum order_act act)
{
    return act < ORDER_ACTS ? _(actions[act].words) : "";
}

bool model_order_act_reason(enum order_act act)
{
    return act < ORDER_ACTS && actions[act].reason;
}

static bool goes_with(const struct action *x, struct str status)
{
    bool found = !x->from[0] && status.n && !str_is(status, x->to);

    for (size_t i = 0; i < sizeof x->from / sizeof *x->from && x->from[i]; i++)
        found = found || str_is(status, x->from[i]);
    return found;
}

/* REQ: who drafts may take back what is drafted by that same person; what is signed is a prescriber's. */
static int may(const struct order_env *env, const struct tape *t, bool draft, struct err *e)
{
    struct str by = tape_plain(t, tape_path(t, 0, "recorder.reference"));
    const struct model *m = env->m;
    enum order_may who = model_order_may(m);

    if (who == ORDER_MAY_SIGN)
        return ERR_OK;
    if (who == ORDER_MAY_DRAFT && draft && m->practitioner[0] && str_is(by, m->practitioner))
        return ERR_OK;
    return err_set(e, ERR_ROLE, 0, 0, m->role);
}

int model_order_status(const struct tape *t, const char *status, struct str reason, struct buf *out, struct err *e)
{
    struct splice edit[2] = {{.name = "status", .how = SPLICE_SET},
                             {.name = "statusReason", .how = reason.n ? SPLICE_SET : SPLICE_DROP}};
    char quoted[40];
    struct buf json;
    struct jsonw w;
    int code;

    snprintf(quoted, sizeof quoted, "\"%s\"", status);
    edit[0].json = str_of(quoted);
    buf_init(&json, 8192);
    jsonw_init(&w, &json);
    jsonw_open(&w, '{');
    jsonw_key(&w, "text");
    jsonw_str(&w, reason);
    jsonw_close(&w, '}');
    edit[1].json = buf_str(&json);
    code = json.failed ? err_set(e, json.failed, 0, 0, "reason") : fhir_splice(t, edit, 2, out, e);
    buf_fini(&json);
    return code;
}

static int act_on(const struct order_env *env, const struct action *x, struct str was, struct str reason,
                  struct model_filing *out, struct err *e)
{
    struct model_write w = {.was = was, .why = x->why};
    struct str status;
    struct buf bytes;
    struct tape t;
    bool draft;
    int code = tape_parse(&t, was, e);

    if (code)
        return code;
    status = tape_plain(&t, tape_get(&t, 0, "status"));
    draft = str_is(status, "draft");
    buf_init(&bytes, LIMIT_RESOURCE_BYTES);
    code = may(env, &t, draft, e);
    if (!code && !goes_with(x, status) && !(draft && !strcmp(x->to, "stopped"))) {
        char what[40];

        snprintf(what, sizeof what, "%.*s", STR_ARG(status));
        code = err_set(e, ERR_STATE, 0, 0, what);
    }
    code = code ? code
                : model_order_status(&t, draft && !strcmp(x->to, "stopped") ? "cancelled" : x->to, reason, &bytes, e);
    tape_fini(&t);
    w.bytes = buf_str(&bytes);
    code = code ? code : model_filing_add(out, &w, e);
    buf_fini(&bytes);
    return code;
}

int model_order_do(const struct order_env *env, struct str chart, struct str id, enum order_act act, struct str reason,
                   struct model_filing *out, struct err *e)
{
    struct arena a;
    struct str was;
    int code;

    model_filing_init(out, chart);
    if (act >= ORDER_ACTS)
        return err_set(e, ERR_BUG, 0, 0, "order act");
    reason = str_trim(reason);
    if (reason.n || actions[act].reason)
        if (!model_order_reason_good(reason))
            return err_set(e, ERR_INPUT, 0, 0, "reason");
    if (model_order_may(env->m) == ORDER_MAY_NOT)
        return err_set(e, ERR_ROLE, 0, 0, env->m->role);
    arena_init(&a, ORDER_ARENA);
    code = model_order_may_chart(chart, e);
    code = code ? code : model_order_read(env, chart, id, &a, &was, e);
    code = code ? code : act_on(env, &actions[act], was, reason, out, e);
    arena_fini(&a);
    return code;
}

/* --- again ------------------------------------------------------------------------------------- */

/* Its medicine as it stands. One that the order contains cannot be named by another order. */
static int take_medicine(const struct tape *t, struct arena *a, struct order_again *out, struct err *e)
{
    static const char *const names[] = {"medicationCodeableConcept", "medicationReference"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tape_at at = tape_get(t, 0, names[i]);

        if (at == TAPE_NONE || str_starts(tape_plain(t, tape_get(t, at, "reference")), "#"))
            continue;
        out->drug.raw_name = str_of(names[i]);
        out->drug.raw = arena_str(a, tape_raw(t, at));
        out->drug.name = arena_str(a, fhir_words(t, at, a));
        return a->failed ? err_set(e, ERR_NOMEM, 0, 0, "order") : ERR_OK;
    }
    return err_set(e, ERR_INPUT, 0, 0, "medication");
}

/* REQ: a dose that has no whole words in a line is not made one. */
static int take_line(const struct order_env *env, const struct tape *t, struct arena *a, struct order_again *out,
                     struct err *e)
{
    struct sig_env sig = {.words = env->words, .today = date_today(clock_wall_ms(&env->m->clock))};
    tape_at dosage = tape_get(t, 0, "dosageInstruction");
    struct sig *s = arena_alloc(a, sizeof *s);
    struct buf words;
    bool whole = false;
    int code = s ? ERR_OK : err_set(e, ERR_NOMEM, 0, 0, "order");

    if (!code && dosage == TAPE_NONE)
        code = err_set(e, ERR_INPUT, 0, 0, "dosageInstruction");
    code = code ? code : model_sig_from(&sig, t, dosage, a, s, &whole, e);
    if (!code && !whole)
        code = err_set(e, ERR_INPUT, 0, 0, "dosageInstruction");
    if (code)
        return code;
    buf_init(&words, SIG_LINE_BYTES);
    model_sig_say(t, dosage, &words);
    out->line = text_safe(a, buf_str(&words), 0);
    code = words.failed || a->failed ? err_set(e, ERR_NOMEM, 0, 0, "order") : ERR_OK;
    buf_fini(&words);
    return code;
}

int model_order_again(const struct order_env *env, struct str chart, struct str id, struct arena *a,
                      struct order_again *out, struct err *e)
{
    struct str was;
    struct tape t;
    int code;

    memset(out, 0, sizeof *out);
    if (model_order_may(env->m) == ORDER_MAY_NOT)
        return err_set(e, ERR_ROLE, 0, 0, env->m->role);
    if ((code = model_order_may_chart(chart, e)) || (code = model_order_read(env, chart, id, a, &was, e)) ||
        (code = tape_parse(&t, was, e)))
        return code;
    if (tape_str_is(&t, tape_get(&t, 0, "status"), "entered-in-error") || fhir_unknown_modifier(&t) ||
        tape_true(&t, tape_get(&t, 0, "doNotPerform")))
        code = err_set(e, ERR_STATE, 0, 0, "not an order to be given");
    code = code ? code : take_medicine(&t, a, out, e);
    code = code ? code : take_line(env, &t, a, out, e);
    tape_fini(&t);
    code = code ? code : model_order_said(env, chart, was, a, &out->words, e);
    if (code)
        return code;
    out->drug.words = text_safe(a, out->drug.name, 0);
    out->drug.via = text_own("");
    snprintf(out->prior, sizeof out->prior, ORDER_TYPE "/%.*s", STR_ARG(id));
    return ERR_OK;
}
