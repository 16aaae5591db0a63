/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "fhir/index.h"
#include "model/priv.h"

/* --- why something waits ------------------------------------------------------------------------- */

enum wait { WAIT_NONE, WAIT_BEFORE, WAIT_PATIENT, WAIT_NAMED, WAIT_LATER, WAIT_AGAIN, WAIT_NEXT, WAIT_LINE, WAIT_ASKED,
            WAIT_ANSWER, WAIT_MEND };

static const struct {
    const char *name, *words;
} waits[] = {
    [WAIT_NONE] = {"", ""},
    [WAIT_BEFORE] = {"before", N_("waits for the change before it, of the same entry")},
    [WAIT_PATIENT] = {"patient", N_("waits for the patient's own record")},
    [WAIT_NAMED] = {"named", N_("waits for another new entry that it names")},
    [WAIT_LATER] = {"later", N_("waits a while before it is tried again")},
    [WAIT_AGAIN] = {"again", N_("was sent and is not there: goes once more with the next sync")},
    [WAIT_NEXT] = {"next", N_("goes with the next sync")},
    [WAIT_LINE] = {"line", N_("was handed to the line, no answer yet")},
    [WAIT_ASKED] = {"asked", N_("may have reached the server: the next sync asks")},
    [WAIT_ANSWER] = {"answer", N_("waits for an answer to the conflict")},
    [WAIT_MEND] = {"mend", N_("waits to be mended, sent again or given up")},
};

/* What is in the outbox, without its bytes. */
struct waiting {
    int64_t seq;
    char op[STORE_OP_BYTES], type[65], id[65];
    enum store_op_kind kind;
    enum store_op_state state;
};

static int take_waiting(void *arg, const struct store_op *op)
{
    struct waiting *w = vec_push(arg);

    if (!w)
        return ERR_NOMEM;
    w->seq = op->seq;
    w->kind = op->kind;
    w->state = op->state;
    memcpy(w->op, op->op, sizeof w->op);
    snprintf(w->type, sizeof w->type, "%.*s", STR_ARG(op->type));
    snprintf(w->id, sizeof w->id, "%.*s", STR_ARG(op->id));
    return ERR_OK;
}

static int outbox(struct model *m, struct vec *out, struct err *e)
{
    const struct store_op_query q = {.limit = 0};
    int code;

    vec_init(out, sizeof(struct waiting), 1000000);
    code = store_op_each(m->store, &q, take_waiting, out, e);
    return code == ERR_NOMEM ? err_set(e, code, 0, 0, "queue") : code;
}

/* Which creates that are not at the server yet do the bytes of an operation name? */
struct naming {
    const struct vec *outbox;
    const char *op;            /* the one whose bytes they are */
    const struct waiting *on;  /* the first that was found */
    const char *of;            /* not NULL: only whether that one is named */
};

static void name_one(void *arg, struct str type, struct str id)
{
    struct naming *n = arg;

    VEC_EACH(const struct waiting, w, n->outbox)
        if (!n->on && w->kind == STORE_OP_CREATE && strcmp(w->op, n->op) && (!n->of || !strcmp(w->op, n->of)) &&
            str_is(type, w->type) && str_is(id, w->id))
            n->on = w;
}

static const struct waiting *named(const struct model *m, const struct vec *outbox, const struct store_op *op,
                                   const char *of)
{
    struct naming n = {.outbox = outbox, .op = op->op, .of = of};
    struct tape t;

    if (!op->body.n || tape_parse(&t, op->body, NULL))
        return NULL;
    fhir_references(&t, m->base[0] ? m->base : NULL, name_one, &n);
    tape_fini(&t);
    return n.on;
}

static bool is_patient(const char *type)
{
    const struct fhir_kind *k = kind_find(str_of(type));

    return k && k->patient_path && !strcmp(k->patient_path, "id");
}

/* *on: what is before it, where something is. */
static enum wait queued_for(const struct model *m, const struct vec *outbox, const struct store_op *op,
                            const struct waiting **on)
{
    VEC_EACH(const struct waiting, w, outbox)
        if (op->after && w->seq == op->after)
            *on = w;
    if (*on)
        return WAIT_BEFORE;
    if ((*on = named(m, outbox, op, NULL)))
        return is_patient((*on)->type) ? WAIT_PATIENT : WAIT_NAMED;
    if (op->next_at_ms > clock_wall_ms(&m->clock))
        return WAIT_LATER;
    return op->tries ? WAIT_AGAIN : WAIT_NEXT;
}

static enum wait waits_for(const struct model *m, const struct vec *outbox, const struct store_op *op,
                           const struct waiting **on)
{
    static const enum wait by_state[STORE_OP_STATES] = {
        [STORE_OP_INFLIGHT] = WAIT_LINE,
        [STORE_OP_INDOUBT] = WAIT_ASKED,
        [STORE_OP_CONFLICT] = WAIT_ANSWER,
        [STORE_OP_ATTENTION] = WAIT_MEND,
    };

    *on = NULL;
    return op->state == STORE_OP_QUEUED ? queued_for(m, outbox, op, on) : by_state[op->state];
}

/* --- who and what ---------------------------------------------------------------------------------- */

/* Whose: by the chart as it is here, or, where the patient's own record is what was given up, by its bytes. */
static int say_whom(struct model *m, const struct store_op *op, const struct tape *t, bool read, struct arena *a,
                    struct model_change *c, struct model_person **who, struct err *e)
{
    int64_t now = clock_wall_ms(&m->clock);
    struct buf raw;
    struct tape patient;
    int code;

    *who = NULL;
    c->whom = text_own("");
    if (!op->chart.n)
        return ERR_OK;
    code = model_patient_open(m, op->chart, &raw, &patient, e);
    if (!code) {
        c->whom = model_name_text(&patient, now, a);
        code = model_person_open(m, op->chart, a, who, e);
        tape_fini(&patient);
        buf_fini(&raw);
        return code;
    }
    if (code != ERR_NOTFOUND && code != ERR_DAMAGED)
        return code;
    c->whom = read && is_patient(c->type) ? model_name_text(t, now, a) : text_safe(a, op->chart, 80);
    return ERR_OK;
}

static void say_what(struct model *m, const struct store_op *op, const struct tape *t, bool read,
                     const struct model_person *who, struct arena *a, struct model_change *c)
{
    const struct fhir_kind *k = kind_find(op->type);
    const char *in = k && k->section_of && read ? k->section_of(t) : NULL;
    const struct kind_section *s = k && (in || k->section) ? kind_section_find(str_of(in ? in : k->section)) : NULL;
    struct store_row r = {.type = op->type, .id = op->id, .origin = STORE_SERVER, .op_state = -1};
    struct text name = read && who ? model_format_name(m, who, &r, t, a) : text_own("");

    if (is_patient(c->type))
        c->what = text_own(_("The own record"));
    else if (s && name.n)
        c->what = text_own(arena_fmt(a, "%s %s", _(s->one), name.s));
    else if (name.n)
        c->what = name;
    else
        c->what = text_own(arena_fmt(a, "%s/%s", c->type, c->id));
}

/* ", by WARD, Ann (nurse)", ", entered by command": in a. */
static const char *say_by(struct model *m, const struct store_op *op, struct arena *a)
{
    struct str rest = op->author, type = str_split(&rest, '/');
    struct text name = text_safe(a, op->author, 80);
    struct buf raw;
    struct tape t;
    const char *by = "";

    buf_init(&raw, LIMIT_RESOURCE_BYTES);
    if (rest.n && !store_get(m->store, type, rest, &raw, NULL) && !tape_parse(&t, buf_str(&raw), NULL)) {
        if (tape_get(&t, 0, "name") != TAPE_NONE)
            name = model_name_text(&t, clock_wall_ms(&m->clock), a);
        tape_fini(&t);
    }
    buf_fini(&raw);
    if (name.n && op->role.n) /* TRANSLATORS: a name, a role */
        by = arena_fmt(a, _(", by %s (%s)"), name.s, text_safe(a, op->role, 40).s);
    else if (name.n)
        by = arena_fmt(a, _(", by %s"), name.s);
    return by && op->by_command ? arena_fmt(a, "%s%s", by, _(", entered by command")) : by;
}

/* --- the sentence ---------------------------------------------------------------------------------- */

static const char *moment(struct model *m, int64_t ms, struct arena *a)
{
    char when[DATE_TEXT_MAX];

    date_short(ms, date_today(clock_wall_ms(&m->clock)).year, when);
    return arena_dup(a, when, strlen(when));
}

/* Behind the dash, of what waits: "NOT SENT since 14:05, in conflict: the server has another version of it". */
static const char *not_sent(struct model *m, const struct store_op *op, enum wait w, const struct waiting *on,
                            struct arena *a)
{
    const char *flag = op->state == STORE_OP_INFLIGHT ? model_op_state_words(op->state) : model_op_flag(op->state);
    const char *said = model_op_why(op->why), *blocked = on ? model_op_flag(on->state) : NULL;

    return arena_fmt(a, "%s%s%s: %s%s%s%s%s%s", arena_fmt(a, _("NOT SENT since %s"), moment(m, op->since_ms, a)),
                     flag ? ", " : "", flag ? flag : "", said, *said ? "; " : "", _(waits[w].words),
                     blocked ? " (" : "", blocked ? blocked : "", blocked ? ")" : "");
}

static const char *ended(struct model *m, const struct store_ended *x, struct arena *a)
{
    const char *entered = moment(m, x->op.since_ms, a), *state = model_op_state_words(x->op.state);

    if (x->op.state == STORE_OP_ACKED && !x->no) /* TRANSLATORS: "sent", an instant */
        return arena_fmt(a, _("%s, entered %s"), state, entered);
    if (x->op.state == STORE_OP_ACKED) /* TRANSLATORS: "sent", two instants */
        return arena_fmt(a, _("%s, acknowledged by the server %s, entered %s"), state, moment(m, x->at_ms, a), entered);
    return arena_fmt(a, _("%s %s, NOT on the server, entered %s"), state, moment(m, x->at_ms, a), entered);
}

/* All but how it stands. */
static int begin(struct model *m, const struct store_op *op, struct arena *a, struct model_change *c, struct err *e)
{
    struct tape t;
    struct model_person *who;
    /* of a deletion the outbox has the bytes as its base */
    struct str bytes = op->body.n ? op->body : op->base;
    bool read = bytes.n && !tape_parse(&t, bytes, NULL);
    int code;

    *c = (struct model_change){.kind = op->kind, .state = op->state, .by_command = op->by_command,
                               .since_ms = op->since_ms, .waits = ""};
    memcpy(c->op, op->op, sizeof c->op);
    snprintf(c->type, sizeof c->type, "%.*s", STR_ARG(op->type));
    snprintf(c->id, sizeof c->id, "%.*s", STR_ARG(op->id));
    snprintf(c->chart, sizeof c->chart, "%.*s", STR_ARG(op->chart));
    if (!(code = say_whom(m, op, &t, read, a, c, &who, e)))
        say_what(m, op, &t, read, who, a, c);
    if (read)
        tape_fini(&t);
    return code;
}

static int finish(struct model *m, const struct store_op *op, const char *how, struct arena *a, struct model_change *c,
                  struct err *e)
{
    const char *what = c->whom.n ? arena_fmt(a, _("%s of %s"), c->what.s, c->whom.s) : c->what.s;
    const char *by = say_by(m, op, a);

    c->how = text_own(how ? how : "");
    c->sentence = text_own("");
    if (what && by && how)
        what = arena_fmt(a, "%s, %s%s - %s", what, model_op_kind_words(op->kind), by, how);
    if (a->failed || !what)
        return err_set(e, ERR_NOMEM, 0, 0, "ledger");
    c->sentence = text_own(what);
    return ERR_OK;
}

struct telling {
    struct model *m;
    struct vec outbox;
    int (*each)(void *arg, const struct store_op *op, const struct model_change *c);
    int (*log)(void *arg, const struct model_change *c);
    void *arg;
    struct buf typed; /* folded */
    struct err *e;
};

static int tell(void *arg, const struct store_op *op)
{
    struct telling *t = arg;
    const struct waiting *on;
    struct model_change c;
    struct store_op head = *op;
    struct arena a;
    enum wait w = waits_for(t->m, &t->outbox, op, &on);
    int code;

    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    if (!(code = begin(t->m, op, &a, &c, t->e))) {
        c.waits = waits[w].name;
        code = finish(t->m, op, not_sent(t->m, op, w, on, &a), &a, &c, t->e);
    }
    head.body = head.base = STR("");
    if (!code)
        code = t->each(t->arg, &head, &c);
    arena_fini(&a);
    return code;
}

int model_ledger_each(struct model *m, const char *op,
                      int (*each)(void *arg, const struct store_op *op, const struct model_change *c), void *arg,
                      struct err *e)
{
    const struct store_op_query q = {.op = str_of(op), .bytes = true};
    struct telling t = {.m = m, .each = each, .arg = arg, .e = e};
    int code = outbox(m, &t.outbox, e);

    if (!code)
        code = store_op_each(m->store, &q, tell, &t, e);
    vec_fini(&t.outbox);
    return code;
}

static bool has_words(struct str typed, struct text sentence)
{
    struct buf folded;
    bool yes = true;

    buf_init(&folded, 4 * LIMIT_RESOURCE_BYTES);
    text_fold(&folded, (struct str){sentence.s, sentence.n});
    while (typed.n && yes) {
        struct str word = str_split(&typed, ' ');

        yes = !word.n || model_begins(buf_str(&folded), word);
    }
    buf_fini(&folded);
    return yes;
}

static int tell_ended(void *arg, const struct store_ended *x)
{
    struct telling *t = arg;
    struct model_change c;
    struct arena a;
    int code;

    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    if (!(code = begin(t->m, &x->op, &a, &c, t->e))) {
        c.at_ms = x->at_ms;
        code = finish(t->m, &x->op, ended(t->m, x, &a), &a, &c, t->e);
    }
    if (!code && has_words(buf_str(&t->typed), c.sentence))
        code = t->log(t->arg, &c);
    arena_fini(&a);
    return code;
}

int model_ledger_log(struct model *m, struct str typed,
                     int (*each)(void *arg, const struct model_change *c), void *arg, struct err *e)
{
    struct telling t = {.m = m, .log = each, .arg = arg, .e = e};
    int code;

    buf_init(&t.typed, LIMIT_TEXT_CELL);
    if (text_fold(&t.typed, typed))
        code = err_set(e, ERR_TOOBIG, 0, LIMIT_TEXT_CELL, "words");
    else
        code = store_ledger_each(m->store, 0, "", tell_ended, &t, e);
    buf_fini(&t.typed);
    return code;
}

/* --- what a person does ------------------------------------------------------------------------------ */

struct acting {
    struct model *m;
    struct vec outbox;
    const char *op;
    bool found;
    struct waiting it;
    char chart[80], version[LIMIT_ID_BYTES];
    int64_t after; /* of it */
    unsigned tries, behind;
};

static int look(void *arg, const struct store_op *op)
{
    struct acting *x = arg;

    if (!strcmp(op->op, x->op)) {
        x->found = true;
        x->tries = op->tries;
        x->it.state = op->state;
        snprintf(x->it.type, sizeof x->it.type, "%.*s", STR_ARG(op->type));
        snprintf(x->it.id, sizeof x->it.id, "%.*s", STR_ARG(op->id));
        snprintf(x->chart, sizeof x->chart, "%.*s", STR_ARG(op->chart));
    } else if (named(x->m, &x->outbox, op, x->op) ||
               (x->found && str_is(op->type, x->it.type) && str_is(op->id, x->it.id))) {
        x->behind++; /* names it, or is a later change of the same entry */
    }
    return ERR_OK;
}

static int find(struct acting *x, struct err *e)
{
    const struct store_op_query q = {.bytes = true};
    int code = outbox(x->m, &x->outbox, e);

    if (!code)
        code = store_op_each(x->m->store, &q, look, x, e);
    vec_fini(&x->outbox);
    if (!code && !x->found)
        code = err_set(e, ERR_NOTFOUND, 0, 0, x->op);
    /* REQ: of whom no conflict is answered by, no change of a chart is given up either. */
    return !code && x->chart[0] ? model_may_answer(x->m, e) : code;
}

/* With its audit row, or not at all. */
static int act(struct acting *x, const char *reason, int (*what)(struct store_tx *tx, struct acting *x, struct err *e),
               struct err *e)
{
    struct audit_event ev = model_event(x->m, AUDIT_UPDATE, str_of(x->chart));
    struct store_tx *tx;
    int code = store_begin(x->m->store, true, &tx, e);

    if (code)
        return code;
    ev.type = str_of(x->it.type);
    ev.id = str_of(x->it.id);
    ev.reason = str_of(reason);
    if (!(code = what(tx, x, e)))
        code = audit_append(tx, &ev, e);
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}

static int again(struct store_tx *tx, struct acting *x, struct err *e)
{
    if (x->it.state == STORE_OP_ATTENTION)
        return store_op_move(tx, x->op, STORE_OP_ATTENTION, STORE_OP_QUEUED, STR(""), e);
    return store_op_later(tx, x->op, 0, e);
}

int model_ledger_retry(struct model *m, const char *op, struct err *e)
{
    struct acting x = {.m = m, .op = op};
    int code = find(&x, e);

    if (!code && x.it.state == STORE_OP_CONFLICT)
        code = err_set(e, ERR_OPEN, 0, 1, NULL);
    return code ? code : act(&x, "queue: sent again", again, e);
}

static int give_up(struct store_tx *tx, struct acting *x, struct err *e)
{
    int code = store_op_drop(tx, x->op, e);

    return code ? code : store_ledger_stamp(tx, clock_wall_ms(&x->m->clock), e);
}

int model_ledger_discard(struct model *m, const char *op, struct err *e)
{
    struct acting x = {.m = m, .op = op};
    int code = find(&x, e);

    /* REQ: what may be on the line, or was and may still arrive, is never given up: the server may have it. */
    if (!code && (x.it.state == STORE_OP_INFLIGHT || x.it.state == STORE_OP_INDOUBT ||
                  (x.it.state == STORE_OP_QUEUED && x.tries)))
        code = err_set(e, ERR_LINE, 0, 0, op);
    if (!code && x.behind)
        code = err_set(e, ERR_BEHIND, 0, x.behind, NULL);
    if (!code && (code = act(&x, "queue: given up", give_up, e)) == ERR_INUSE) /* it was sent meanwhile */
        code = err_set(e, ERR_LINE, 0, 0, op);
    return code;
}
