/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/edit.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "base/mem.h"
#include "fhir/index.h"

/* --- words -------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *words, *flag;
} states[STORE_OP_STATES] = {
    [STORE_OP_QUEUED] = {"queued", N_("queued"), NULL},
    [STORE_OP_INFLIGHT] = {"inflight", N_("being sent"), NULL},
    [STORE_OP_INDOUBT] = {"indoubt", N_("in doubt"), N_("in doubt")},
    [STORE_OP_ACKED] = {"acked", N_("sent"), NULL},
    [STORE_OP_CONFLICT] = {"conflict", N_("in conflict"), N_("in conflict")},
    [STORE_OP_ATTENTION] = {"attention", N_("refused by the server"), N_("refused by the server")},
    [STORE_OP_DISCARDED] = {"discarded", N_("given up"), NULL},
};

static const struct {
    const char *name, *words;
} kinds[] = {
    [STORE_OP_CREATE] = {"create", N_("new")},
    [STORE_OP_UPDATE] = {"update", N_("changed")},
    [STORE_OP_DELETE] = {"delete", N_("deleted")},
    [STORE_OP_BINARY] = {"binary", N_("attachment")},
};

/* By sync/push.c's table of answers, and by what a backup's copy says of itself. */
static const struct {
    const char *name, *words;
} whys[] = {
    {"version", N_("the server has another version of it")},
    {"gone", N_("the server has it no more")},
    {"id-taken", N_("the server has something else under its id")},
    {"no-history", N_("the server does not tell what became of it")},
    {"forbidden", N_("this user may not write it")},
    {"refused", N_("the server found it wrong")},
    {"not-supported", N_("the server takes no such thing")},
    {"too-large", N_("too large for this server")},
    {"several", N_("the server has it more than once")},
};

const char *model_op_why(struct str why)
{
    for (size_t i = 0; i < sizeof whys / sizeof *whys; i++)
        if (str_is(why, whys[i].name))
            return _(whys[i].words);
    return "";
}

const char *model_op_state(enum store_op_state state)
{
    return state < STORE_OP_STATES ? states[state].name : "";
}

const char *model_op_state_words(enum store_op_state state)
{
    return state < STORE_OP_STATES ? _(states[state].words) : "";
}

const char *model_op_flag(enum store_op_state state)
{
    return state < STORE_OP_STATES && states[state].flag ? _(states[state].flag) : NULL;
}

const char *model_op_kind(enum store_op_kind kind)
{
    return kind <= STORE_OP_BINARY ? kinds[kind].name : "";
}

const char *model_op_kind_words(enum store_op_kind kind)
{
    return kind <= STORE_OP_BINARY ? _(kinds[kind].words) : "";
}

/* --- the audit trail ---------------------------------------------------------------------------- */

struct audit_event model_event(const struct model *m, enum audit_action action, struct str chart)
{
    return (struct audit_event){.at_ms = clock_wall_ms(&m->clock),
                                .boot_ms = clock_boot_ms(&m->clock),
                                .session = str_of(m->session),
                                .author = str_of(m->practitioner),
                                .role = str_of(m->role),
                                .action = action,
                                .chart = chart,
                                .type = STR(""),
                                .id = STR(""),
                                .version = STR(""),
                                .purpose = STR(""),
                                .reason = STR("")};
}

static int end(struct store_tx *tx, int code, struct err *e)
{
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

int model_audit(const struct model *m, const struct audit_event *ev, struct err *e)
{
    struct store_tx *tx;
    int code = store_begin(m->store, true, &tx, e);

    return code ? code : end(tx, audit_append(tx, ev, e), e);
}

int model_opened(const struct model *m, struct str chart, struct err *e)
{
    const struct audit_event ev = model_event(m, AUDIT_OPEN, chart);
    struct store_tx *tx;
    int code = store_begin(m->store, true, &tx, e);

    if (code)
        return code;
    if (!(code = audit_append(tx, &ev, e)))
        code = store_opened(tx, chart, ev.at_ms, e);
    return end(tx, code, e);
}

static bool has_chart(const struct vec *charts, const char *id)
{
    for (size_t i = charts->n; i; i--)
        if (!strcmp(vec_at(charts, i - 1), id))
            return true;
    return false;
}

/* The rows of LIMIT_TX_ROWS events, as many a transaction as everywhere; of a list that begins its own first. */
static int see_some(const struct model *m, const struct model_seen *seen, bool head, size_t *at, struct err *e)
{
    struct audit_event ev = model_event(m, seen->tasks ? AUDIT_TASKS : AUDIT_SEARCH, STR(""));
    struct store_tx *tx;
    int code = store_begin(m->store, true, &tx, e);

    if (code)
        return code;
    ev.reason = (struct str){seen->typed.p, seen->typed.n < LIMIT_TEXT_CELL ? seen->typed.n : LIMIT_TEXT_CELL};
    if (head)
        code = audit_append(tx, &ev, e);
    ev.reason = STR("");
    for (unsigned n = head; !code && n < LIMIT_TX_ROWS && *at < seen->charts->n; ++*at) {
        const char *id = vec_at(seen->charts, *at);
        char *noted;

        if (has_chart(seen->noted, id))
            continue;
        ev.chart = str_of(id);
        if (!(noted = vec_push(seen->noted)))
            code = err_set(e, ERR_NOMEM, 0, 0, NULL);
        else if (!(code = audit_append(tx, &ev, e)))
            memcpy(noted, id, 80);
        n++;
    }
    return end(tx, code, e);
}

int model_seen(const struct model *m, const struct model_seen *seen, struct err *e)
{
    const size_t before = seen->noted->n;
    size_t at = 0;
    int code = seen->begins ? see_some(m, seen, true, &at, e) : ERR_OK;

    while (!code && at < seen->charts->n)
        code = see_some(m, seen, false, &at, e);
    if (code) /* they may not all be on disk */
        seen->noted->n = before;
    return code;
}

int model_unlocked(const struct model *m, const char *home, struct err *e)
{
    struct audit_event ev = model_event(m, AUDIT_UNLOCK, STR("")), refused = ev;
    int64_t last;
    unsigned n = audit_refused(home, &last);
    char count[16];
    struct store_tx *tx;
    int code = store_begin(m->store, n > 0, &tx, e);

    if (code)
        return code;
    snprintf(count, sizeof count, "%u", n);
    refused.outcome = AUDIT_REFUSED;
    refused.at_ms = last;
    refused.boot_ms = 0; /* of another process, perhaps of another boot */
    refused.reason = str_of(count);
    if (n)
        code = audit_append(tx, &refused, e);
    if (!code)
        code = audit_append(tx, &ev, e);
    code = end(tx, code, e);
    if (!code && n)
        audit_refused_clear(home);
    return code;
}

/* --- what is to be written ------------------------------------------------------------------------ */

struct editing {
    struct model *m;
    struct buf bytes; /* as they will be stored */
    struct tape t;    /* over them */
    struct arena a;
    struct fhir_index ix;
    bool create;
    struct str was;  /* as of struct model_write */
    const char *why;
    struct str chart; /* as of struct model_writes */
};

static const char *base_of(const struct model *m)
{
    return m->base[0] ? m->base : NULL;
}

int model_chart_of(const struct model *m, struct str id, struct str bytes, char chart[80], struct err *e)
{
    bool file = str_starts(id, STORE_FILE_PREFIX);
    struct fhir_index ix;
    struct arena a;
    struct tape t;
    int code = tape_parse(&t, bytes, e);

    chart[0] = '\0';
    if (code)
        return code;
    arena_init(&a, 2 * LIMIT_RESOURCE_BYTES);
    code = fhir_index(&t, file ? FHIR_BASE_FILE : base_of(m), &a, &ix, e);
    if (!code && ix.patient.n)
        snprintf(chart, 80, "%s%.*s", file ? STORE_FILE_PREFIX : "", STR_ARG(ix.patient));
    arena_fini(&a);
    tape_fini(&t);
    return code;
}

/* The document, with an id put in behind its first brace when it has none: all other bytes stay. */
static int with_id(struct editing *x, struct str bytes, const struct rng *rng, struct err *e)
{
    struct tape t;
    struct str raw;
    char id[37];
    tape_at at;
    int code = tape_parse(&t, bytes, e);

    if (code)
        return code;
    raw = tape_raw(&t, 0);
    at = tape_get(&t, 0, "id");
    x->create = x->create || at == TAPE_NONE;
    if (!tape_is(&t, 0, TAPE_OBJECT) || !kind_find(tape_plain(&t, tape_get(&t, 0, "resourceType"))))
        code = err_set(e, ERR_INPUT, 0, 0, "resourceType");
    else if (at != TAPE_NONE && !str_is_id(tape_plain(&t, at)))
        code = err_set(e, ERR_INPUT, 0, 0, "id");
    if (!code && at == TAPE_NONE) {
        rng_uuid(rng, id);
        buf_addf(&x->bytes, "{\"id\":\"%s\",", id);
        raw.p++;
        raw.n--;
    }
    tape_fini(&t);
    if (!code && (code = buf_addstr(&x->bytes, raw)))
        err_set(e, code, 0, LIMIT_RESOURCE_BYTES, "resource");
    return code;
}

/* REQ: it is of a patient whose chart is here, or clearly of none; what nobody could place is not written. */
static int check_subject(const struct editing *x, struct err *e)
{
    const struct fhir_kind *k = x->ix.kind;
    struct str type = STR(""), id = STR("");
    tape_at at = k->patient_path ? tape_path(&x->t, 0, k->patient_path) : TAPE_NONE;
    char name[LIMIT_ID_BYTES + 16];
    struct arena a;
    bool literal;

    if (x->ix.patient.n) {
        snprintf(name, sizeof name, "Patient/%.*s", STR_ARG(x->ix.patient));
        if (str_eq(x->ix.patient, x->ix.id) && !tape_is(&x->t, at, TAPE_OBJECT))
            return ERR_OK; /* the patient itself */
        return store_has(x->m->store, STR("Patient"), x->ix.patient, STR("")) ? ERR_OK
                                                                            : err_set(e, ERR_NOTFOUND, 0, 0, name);
    }
    if (at == TAPE_NONE)
        return ERR_OK;
    arena_init(&a, LIMIT_URL_BYTES * 8);
    literal = fhir_reference(tape_str(&x->t, tape_get(&x->t, at, "reference"), &a), base_of(x->m), &type, &id);
    literal = literal && !str_is(type, "Patient");
    arena_fini(&a);
    return literal ? ERR_OK : err_set(e, ERR_INPUT, 0, 0, "subject"); /* a group, a place, a device: of no chart */
}

/* REQ: no edit moves a resource from one patient's chart to another's. */
static int check_chart(const struct editing *x, struct err *e)
{
    struct buf held;
    char chart[80];
    int code;

    if (x->create)
        return ERR_OK;
    buf_init(&held, LIMIT_RESOURCE_BYTES);
    code = store_get(x->m->store, x->ix.type, x->ix.id, &held, e);
    if (!code && store_has(x->m->store, x->ix.type, x->ix.id, STR("")) &&
        !(code = model_chart_of(x->m, x->ix.id, buf_str(&held), chart, e)) && !str_is(x->ix.patient, chart))
        code = err_set(e, ERR_INPUT, 0, 0, "subject");
    buf_fini(&held);
    return code == ERR_DAMAGED ? ERR_OK : code; /* what cannot be read cannot be held against it */
}

/* REQ: who wrote it may still know a patient by the id that was given here, before the server gave its own. */
static int with_names(struct editing *x, struct err *e)
{
    struct buf now;
    bool changed;
    int code;

    buf_init(&now, LIMIT_RESOURCE_BYTES);
    if (!(code = store_current(x->m->store, buf_str(&x->bytes), &now, &changed, e)) && changed) {
        buf_clear(&x->bytes);
        code = buf_addstr(&x->bytes, buf_str(&now));
    }
    buf_fini(&now);
    return code;
}

static int read_edit(struct editing *x, struct str bytes, const struct rng *rng, struct err *e)
{
    int code = with_id(x, bytes, rng, e);

    if (!code)
        code = with_names(x, e);
    if (!code && !(code = tape_parse(&x->t, buf_str(&x->bytes), e)) &&
        !(code = fhir_index(&x->t, base_of(x->m), &x->a, &x->ix, e)) && !(code = check_subject(x, e)))
        code = check_chart(x, e);
    return code;
}

/* REQ: what an edit was made from is still what stands here, in the transaction that replaces it. */
static int check_base(const struct editing *x, struct err *e)
{
    struct buf held;
    int code;

    if (!x->was.p || x->create)
        return ERR_OK;
    buf_init(&held, LIMIT_RESOURCE_BYTES);
    code = store_get(x->m->store, x->ix.type, x->ix.id, &held, e);
    if (!code && !str_eq(buf_str(&held), x->was))
        code = err_set(e, ERR_STALE, 0, 0, NULL);
    buf_fini(&held);
    return code;
}

static int write_edit(struct editing *x, struct store_tx *tx, bool by_command, const struct rng *rng,
                      struct model_edited *out, struct err *e)
{
    const struct store_edit ed = {.kind = x->create ? STORE_OP_CREATE : STORE_OP_UPDATE,
                                  .ix = &x->ix,
                                  .bytes = buf_str(&x->bytes),
                                  .author = str_of(x->m->practitioner),
                                  .role = str_of(x->m->role),
                                  .chart = x->chart,
                                  .by_command = by_command,
                                  .now_ms = clock_wall_ms(&x->m->clock),
                                  .rng = rng};
    struct audit_event ev =
        model_event(x->m, x->create ? AUDIT_CREATE : AUDIT_UPDATE, x->ix.patient);
    int code;

    ev.type = x->ix.type;
    ev.id = x->ix.id;
    ev.version = x->ix.version.n <= LIMIT_ID_BYTES ? x->ix.version : STR("");
    ev.reason = str_of(x->why);
    code = check_base(x, e);
    code = code ? code : store_edit(tx, &ed, &out->change, out->op, e);
    if (code || out->change == STORE_SAME)
        return code;
    return audit_append(tx, &ev, e);
}

static void edit_init(struct editing *x, struct model *m)
{
    *x = (struct editing){.m = m};
    buf_init(&x->bytes, LIMIT_RESOURCE_BYTES);
    arena_init(&x->a, 4 * LIMIT_RESOURCE_BYTES);
}

static void edit_fini(struct editing *x)
{
    tape_fini(&x->t);
    arena_fini(&x->a);
    buf_fini(&x->bytes);
}

static void edit_name(const struct editing *x, struct model_edited *out)
{
    *out = (struct model_edited){.change = STORE_SAME};
    snprintf(out->name, sizeof out->name, "%.*s/%.*s", STR_ARG(x->ix.type), STR_ARG(x->ix.id));
}

int model_edit(struct model *m, struct str bytes, bool by_command, const struct rng *rng, struct model_edited *out,
               struct err *e)
{
    struct editing x;
    struct store_tx *tx;
    int code;

    *out = (struct model_edited){.change = STORE_SAME};
    edit_init(&x, m);
    if (!(code = read_edit(&x, bytes, rng, e)) && !(code = store_begin(m->store, true, &tx, e))) {
        edit_name(&x, out);
        code = write_edit(&x, tx, by_command, rng, out, e);
        if (!code && out->change == STORE_SAME)
            store_rollback(tx);
        else
            code = end(tx, code, e);
    }
    edit_fini(&x);
    return code;
}

static int read_all(struct editing *x, struct model *m, const struct model_writes *w, const struct rng *rng,
                    struct err *e)
{
    int code = ERR_OK;

    for (unsigned i = 0; i < w->n && !code; i++) {
        edit_init(&x[i], m);
        x[i].chart = w->chart;
        x[i].create = w->v[i].create;
        x[i].was = w->v[i].was;
        x[i].why = w->v[i].why;
        code = read_edit(&x[i], w->v[i].bytes, rng, e);
        /* REQ: what was written at one patient's banner goes into no other chart. */
        if (!code && (x[i].ix.patient.n || x[i].ix.kind->patient_path) && !str_eq(x[i].ix.patient, w->chart))
            code = err_set(e, ERR_INPUT, 0, 0, "subject");
    }
    return code;
}

int model_edit_all(struct model *m, const struct model_writes *w, const struct rng *rng, struct model_edited *out,
                   struct err *e)
{
    struct editing *x = w->n <= LIMIT_TX_ROWS ? mem_alloc((w->n + 1) * sizeof *x) : NULL;
    struct store_tx *tx;
    int code = x ? read_all(x, m, w, rng, e)
                 : err_set(e, w->n > LIMIT_TX_ROWS ? ERR_TOOBIG : ERR_NOMEM, 0, LIMIT_TX_ROWS, "resources");

    if (!code && !(code = store_begin(m->store, true, &tx, e))) {
        if (w->draft.n)
            code = store_draft_drop(tx, w->draft, e);
        for (unsigned i = 0; i < w->n && !code; i++) {
            edit_name(&x[i], &out[i]);
            code = write_edit(&x[i], tx, false, rng, &out[i], e);
        }
        code = end(tx, code, e);
    }
    for (unsigned i = 0; x && i < w->n; i++)
        edit_fini(&x[i]);
    mem_free(x);
    return code;
}
