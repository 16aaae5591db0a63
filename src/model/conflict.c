/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/conflict.h"

#include <stdio.h>
#include <string.h>

#include "base/intl.h"
#include "base/mem.h"
#include "fhir/index.h"
#include "model/priv.h"
#include "store/conflict.h"
#include "store/ledger.h"

/* --- words -------------------------------------------------------------------------------------- */

/* Elements that a nurse has a word for; all others stand under FHIR's name. */
static const struct {
    const char *path, *words;
} labels[] = {
    {"telecom", N_("Telephone, mail")},
    {"address", N_("Address")},
    {"name", N_("Name")},
    {"identifier", N_("Number")},
    {"birthDate", N_("Birth date")},
    {"gender", N_("Sex")},
    {"contact", N_("Contact")},
    {"maritalStatus", N_("Marital status")},
    {"note", N_("Note")},
    {"status", N_("Status")},
    {"clinicalStatus", N_("Clinical status")},
    {"verificationStatus", N_("Verification")},
    {"criticality", N_("Criticality")},
    {"reaction", N_("Reaction")},
    {"code", N_("What it is")},
    {"medicationCodeableConcept", N_("Medicine")},
    {"dosageInstruction", N_("Dosage")},
    {"dosage", N_("Dosage")},
    {"valueQuantity", N_("Value")},
    {"subject", N_("Patient")},
    {"patient", N_("Patient")},
    {"", N_("All of it")},
};

static struct text label_of(struct str path, struct arena *a)
{
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (str_is(path, labels[i].path))
            return text_own(_(labels[i].words));
    return text_safe(a, path, 0);
}

/* Which leaves of a value: those for programs stand beside words that say the same. */
enum leaves { LEAVES_ALL, LEAVES_WORDS, LEAVES_CODES };

static bool for_programs(const struct tape *t, tape_at object, struct str name)
{
    bool words = tape_get(t, object, "display") != TAPE_NONE || tape_get(t, object, "unit") != TAPE_NONE;

    return str_is(name, "sequence") || str_is(name, "id") ||
           (words && (str_is(name, "system") || str_is(name, "code")));
}

/* Every leaf of a value of that sort, with its name where that says something. */
static void flatten(struct buf *out, const struct tape *t, tape_at at, struct str name, enum leaves which,
                    struct arena *a)
{
    static const char *const plain[] = {"value", "text", "display", "reference", "unit"};
    bool said = !name.n;

    if (tape_is(t, at, TAPE_OBJECT)) {
        for (tape_at k = tape_first_member(t, at); k != TAPE_NONE; k = tape_next_member(t, at, k)) {
            bool leaf = !tape_is(t, k + 1, TAPE_OBJECT) && !tape_is(t, k + 1, TAPE_ARRAY);

            if (!leaf || which == LEAVES_ALL || for_programs(t, at, tape_name(t, k)) == (which == LEAVES_CODES))
                flatten(out, t, k + 1, tape_name(t, k), which, a);
        }
        return;
    }
    if (tape_is(t, at, TAPE_ARRAY)) {
        for (tape_at i = tape_first(t, at); i != TAPE_NONE; i = tape_next(t, at, i)) {
            if (i != tape_first(t, at))
                buf_adds(out, ";");
            flatten(out, t, i, name, which, a);
        }
        return;
    }
    if (out->n)
        buf_adds(out, str_ends(buf_str(out), ";") ? " " : ", ");
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        said = said || str_is(name, plain[i]);
    if (!said)
        buf_addf(out, "%s ", text_safe(a, name, 0).s);
    buf_adds(out, text_safe(a, tape_is(t, at, TAPE_STRING) ? tape_str(t, at, a) : tape_raw(t, at), 0).s);
}

static struct text leaves_of(struct model_conflict *c, struct str value, enum leaves which)
{
    struct tape t = {.n = 0};
    struct buf out;
    struct text words;

    buf_init(&out, 4 * LIMIT_RESOURCE_BYTES);
    if (!tape_parse(&t, value, NULL))
        flatten(&out, &t, 0, STR(""), which, &c->arena);
    words = text_own(arena_dup(&c->arena, out.p ? out.p : "", out.n));
    if (out.failed)
        c->arena.failed = true;
    tape_fini(&t);
    buf_fini(&out);
    return words;
}

/* REQ: nothing is left out in which the sides differ: what is for programs goes where all sides have the same of it. */
static enum leaves leaves_wanted(struct model_conflict *c, const struct merge_field *f)
{
    const char *first = NULL;

    for (int s = 0; s < MODEL_SIDES; s++) {
        struct text codes = f->value[s].n ? leaves_of(c, f->value[s], LEAVES_CODES) : text_own("");

        if (!f->value[s].n)
            continue;
        if (first && strcmp(first, codes.s))
            return LEAVES_ALL;
        first = codes.s;
    }
    return LEAVES_WORDS;
}

/* The words of one field's value of a side. */
static struct text value_of(struct model_conflict *c, unsigned i, enum merge_side side)
{
    const struct merge_field *f = &c->all->merge.field[i];
    struct text words;

    if (!f->value[side].n || !f->path.n) /* the whole resource stands above */
        return text_own("");
    words = leaves_of(c, f->value[side], leaves_wanted(c, f));
    return words.n ? words : leaves_of(c, f->value[side], LEAVES_ALL);
}

/* --- a side as its section says it ----------------------------------------------------------------- */

static int side_words(struct model *m, struct model_conflict *c, const struct model_person *who, enum merge_side side,
                      struct err *e)
{
    struct store_row r = {.type = str_of(c->type), .id = str_of(c->id), .origin = STORE_SERVER, .op_state = -1};
    const struct tape *t = &c->all->tape[side];
    struct fhir_index ix;
    struct model_row row;
    struct err why = ERR_NONE;
    int rank, code;

    if (!c->all->there[side]) {
        c->side[side] = text_own(side == MERGE_BASE                   ? _("not known, or it was new")
                                 : side == MERGE_THEIRS && !c->fetched ? _("NOT FETCHED: sync first")
                                                                       : _("deleted"));
        return ERR_OK;
    }
    if ((code = fhir_index(t, m->base[0] ? m->base : NULL, &c->arena, &ix, e)))
        return code;
    r.date = ix.date;
    r.status = ix.status;
    code = who ? model_format(m, who, &r, t, &c->arena, &row, &rank, &why) : ERR_NOTFOUND;
    if (code == ERR_NOTFOUND) /* of no chart, or of another patient by now: by field alone */
        c->side[side] = text_own(who ? _("ANOTHER PATIENT'S") : "");
    else if (code)
        return *e = why, code;
    else
        c->side[side] = row.text;
    return ERR_OK;
}

static int who_is(struct model *m, struct model_conflict *c, struct model_person **who, struct err *e)
{
    struct buf raw;
    struct tape t;
    int code;

    *who = NULL;
    c->who = text_own("");
    if (!c->chart[0])
        return ERR_OK;
    if ((code = model_patient_open(m, str_of(c->chart), &raw, &t, e)))
        return code == ERR_NOTFOUND ? ERR_OK : code;
    code = model_person_open(m, str_of(c->chart), &c->arena, who, e);
    if (!code)
        c->who = text_own(arena_fmt(&c->arena, "%s  %s", model_name_text(&t, (*who)->now_ms, &c->arena).s,
                                    model_born_text(*who, &c->arena).s));
    tape_fini(&t);
    buf_fini(&raw);
    return code;
}

static void say_what(struct model *m, struct model_conflict *c, const struct model_person *who)
{
    const struct fhir_kind *k = kind_find(str_of(c->type));
    const struct kind_section *s = k && k->section ? kind_section_find(str_of(k->section)) : NULL;
    struct store_row r = {.type = str_of(c->type), .id = str_of(c->id), .origin = STORE_SERVER, .op_state = -1};
    const char *type = s ? _(s->title) : text_safe(&c->arena, str_of(c->type), 0).s;
    enum merge_side side = c->all->there[MERGE_MINE] ? MERGE_MINE : MERGE_BASE;
    struct text name = text_own("");

    if (who && c->all->there[side])
        name = model_format_name(m, who, &r, &c->all->tape[side], &c->arena);
    c->what = text_own(name.n ? arena_fmt(&c->arena, "%s: %s", type, name.s) : type);
}

/* --- opening --------------------------------------------------------------------------------------- */

static int fill(struct model *m, struct model_conflict *c, struct err *e)
{
    const struct store_conflict *all = c->all;
    struct model_person *who;
    char when[DATE_TEXT_MAX];
    int code;

    memcpy(c->op, all->op, sizeof c->op);
    memcpy(c->chart, all->chart, sizeof c->chart);
    memcpy(c->type, all->type, sizeof c->type);
    memcpy(c->id, all->id, sizeof c->id);
    c->state = all->state;
    c->fetched = all->fetched;
    c->always = !all->fetched || all->merge.always;
    c->n = all->merge.n;
    date_short(all->since_ms, 0, when);
    c->since = text_own(arena_dup(&c->arena, when, strlen(when)));
    c->why = text_own(model_op_why(str_of(all->why)));
    if ((code = who_is(m, c, &who, e)))
        return code;
    for (int s = 0; s < MERGE_SIDES && !code; s++)
        code = side_words(m, c, who, (enum merge_side)s, e);
    if (code)
        return code;
    say_what(m, c, who);
    if (!(c->field = arena_alloc(&c->arena, (c->n + 1) * sizeof *c->field)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    for (unsigned i = 0; i < c->n; i++) {
        const struct merge_field *f = &all->merge.field[i];

        c->field[i] = (struct model_conflict_field){.label = label_of(f->path, &c->arena), .mine = f->mine,
                                                    .theirs = f->theirs, .ask = f->ask,
                                                    .take = (enum model_take)f->choice};
        for (int s = 0; s < MERGE_SIDES; s++)
            c->field[i].value[s] = value_of(c, i, (enum merge_side)s);
    }
    return c->arena.failed ? err_set(e, ERR_NOMEM, 0, 0, NULL) : ERR_OK;
}

int model_conflict_open(struct model *m, const char *op, struct model_conflict *out, struct err *e)
{
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, (size_t)64 << 20);
    if (!(out->all = mem_alloc(sizeof *out->all)))
        return err_set(e, ERR_NOMEM, 0, 0, NULL);
    if ((code = store_conflict_open(m->store, op, out->all, e)))
        return code;
    return fill(m, out, e);
}

void model_conflict_close(struct model_conflict *c)
{
    if (c->all)
        store_conflict_close(c->all);
    mem_free(c->all);
    arena_fini(&c->arena);
    memset(c, 0, sizeof *c);
}

struct model_conflict_raw model_conflict_raw(const struct model_conflict *c, unsigned i)
{
    const struct merge_field *f = &c->all->merge.field[i];

    return (struct model_conflict_raw){f->path, f->key, {f->value[0], f->value[1], f->value[2]}};
}

struct listing {
    int (*each)(void *arg, const struct store_op *op);
    void *arg;
};

static int listed(void *arg, const struct store_op *op)
{
    const struct listing *l = arg;

    return op->state == STORE_OP_CONFLICT ? l->each(l->arg, op) : ERR_OK;
}

int model_conflicts(struct model *m, struct str chart, int (*each)(void *arg, const struct store_op *op), void *arg,
                    struct err *e)
{
    struct listing l = {each, arg};

    return store_op_each(m->store, &(struct store_op_query){.chart = chart}, listed, &l, e);
}

/* --- answering --------------------------------------------------------------------------------------- */

void model_conflict_take(struct model_conflict *c, enum model_take take)
{
    for (unsigned i = 0; i < c->n; i++) {
        struct model_conflict_field *f = &c->field[i];

        if (f->take == MODEL_TAKE_OPEN && f->mine && f->theirs)
            f->take = take;
        else if (f->take == MODEL_TAKE_OPEN)
            f->take = f->mine ? MODEL_TAKE_MINE : MODEL_TAKE_THEIRS;
    }
}

unsigned model_conflict_left(const struct model_conflict *c)
{
    unsigned n = 0;

    for (unsigned i = 0; i < c->n; i++)
        n += c->field[i].take == MODEL_TAKE_OPEN;
    return n;
}

int model_may_answer(const struct model *m, struct err *e)
{
    static const char *const not_they[] = {"support", "registrar"};

    for (size_t i = 0; i < sizeof not_they / sizeof *not_they; i++)
        if (!strcmp(m->role, not_they[i]))
            return err_set(e, ERR_ROLE, 0, 0, m->role);
    return ERR_OK;
}

int model_conflict_may(const struct model *m, const struct model_conflict *c, struct err *e)
{
    return c->always ? model_may_answer(m, e) : ERR_OK;
}

static int answer(struct model *m, struct model_conflict *c, enum model_take take, bool by_command, struct store_tx *tx,
                  bool *queued, struct err *e)
{
    const struct store_answer a = {.base = m->base[0] ? m->base : NULL,
                                   .author = str_of(m->practitioner),
                                   .role = str_of(m->role),
                                   .by_command = by_command,
                                   .now_ms = clock_wall_ms(&m->clock)};

    if (take == MODEL_TAKE_THEIRS) {
        int code = store_conflict_yield(tx, c->all, e);

        return code ? code : store_ledger_stamp(tx, a.now_ms, e);
    }
    if (!c->fetched && c->state == STORE_OP_ATTENTION) { /* the same once more */
        *queued = true;
        return store_op_move(tx, c->op, STORE_OP_ATTENTION, STORE_OP_QUEUED, STR(""), e);
    }
    for (unsigned i = 0; i < c->n; i++)
        c->all->merge.field[i].choice = (enum merge_choice)c->field[i].take;
    return store_conflict_answer(tx, c->all, &a, queued, e);
}

int model_conflict_answer(struct model *m, struct model_conflict *c, enum model_take take, bool by_command,
                          bool *queued, struct err *e)
{
    static const char *const how[] = {"conflict: by field", "conflict: mine", "conflict: theirs"};
    struct audit_event ev = model_event(m, AUDIT_UPDATE, str_of(c->chart));
    struct store_tx *tx;
    int code = model_conflict_may(m, c, e);

    *queued = false;
    if (code || (code = store_begin(m->store, true, &tx, e)))
        return code;
    ev.type = str_of(c->type);
    ev.id = str_of(c->id);
    ev.version = str_of(c->all->seen);
    ev.reason = str_of(how[take]);
    if (!(code = answer(m, c, take, by_command, tx, queued, e)))
        code = audit_append(tx, &ev, e);
    if (!code)
        return store_commit(tx, e);
    store_rollback(tx);
    return code;
}
