/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One row from one resource, whatever its kind: lead words, name, body, status, labels, date. What
 * holds for every kind (whose it is, entered in error, unknown modifiers, confidentiality, dates)
 * is done here once.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "fhir/index.h"
#include "model/edit.h"
#include "model/priv.h"

#define SEP " - "

/* The kind's own name: its code, else whatever names such things. */
static void generic_name(struct model_fmt *f)
{
    static const char *const places[] = {"code", "title",    "name",        "description",
                                         "type", "category", "relationship"};
    tape_at at = f->kind && f->kind->code_path ? tape_path(f->t, 0, f->kind->code_path) : TAPE_NONE;

    if (at != TAPE_NONE && model_put_concept(f, at))
        return;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        at = tape_get(f->t, 0, places[i]);
        if (at != TAPE_NONE && model_put_concept(f, at))
            return;
    }
    if (f->struck || !model_put_first_words(f)) /* what has words in its narrative alone */
        model_put(f, _("without a name"));
}

static void generic_body(struct model_fmt *f)
{
    model_put_notes(f);
}

static void typed_name(struct model_fmt *f)
{
    model_put_server(f, tape_plain(f->t, tape_get(f->t, 0, "resourceType")));
    model_put(f, ": ");
    generic_name(f);
}

static const struct model_formatter generic = {"", NULL, typed_name, generic_body, NULL, true};

const struct model_formatter *model_formatter(struct str type)
{
    const struct model_formatter *const tables[] = {
        model_formatters_allergies(), model_formatters_medicines(), model_formatters_labs(),
        model_formatters_story(),     model_formatters_plans(),
    };

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct model_formatter *ft = tables[i]; ft->type; ft++)
            if (str_is(type, ft->type))
                return ft;
    return &generic;
}

const struct model_status *model_status(const struct model_formatter *ft, struct str code)
{
    const struct model_status *s = ft->status;

    while (s && s->code && !str_is(code, s->code))
        s++;
    return s; /* the last row, without a code, for one that is not known */
}

const char *model_base(const struct model *m, const struct model_person *who)
{
    return who->file ? FHIR_BASE_FILE : m->base[0] ? m->base : NULL;
}

/* Does a value at a path name the patient: a Reference, a list of them, or the id itself? */
static bool names_patient(const char *base, struct str own, const struct tape *t, tape_at at,
                          struct str path, struct arena *a)
{
    struct str rest = path, name = str_split(&rest, '.'), type, id;

    for (tape_at i = tape_first(t, at); i != TAPE_NONE; i = tape_next(t, at, i)) {
        if (name.n) {
            for (tape_at k = tape_first_member(t, i); k != TAPE_NONE; k = tape_next_member(t, i, k))
                if (str_eq(tape_name(t, k), name) && names_patient(base, own, t, k + 1, rest, a))
                    return true;
        } else if (tape_is(t, i, TAPE_STRING)) {
            if (str_eq(tape_plain(t, i), own))
                return true;
        } else if (fhir_reference(tape_str(t, tape_get(t, i, "reference"), a), base, &type, &id) &&
                   (!type.n || str_is(type, "Patient")) && str_eq(id, own)) {
            return true;
        }
    }
    return false;
}

/* REQ: whose row is it? By the resource's own reference, read again here; not by what an index
 * says. */
int model_own(const struct model *m, const struct model_person *who, const struct store_row *r,
              const struct tape *t, bool *own)
{
    const struct fhir_kind *k = kind_find(r->type);
    struct arena a;
    int code = ERR_OK;

    *own = true;
    if (!k || !k->patient_path) /* of no chart, or of a kind that the store keyed by itself */
        return ERR_OK;
    arena_init(&a, LIMIT_RESOURCE_BYTES);
    *own = names_patient(model_base(m, who), who->id, t, 0, str_of(k->patient_path), &a);
    if (a.failed)
        code = ERR_NOMEM;
    arena_fini(&a);
    return code;
}

bool model_struck(const struct tape *t, struct str status)
{
    return str_is(status, "entered-in-error") || tape_str_is(t, tape_get(t, 0, "docStatus"), "entered-in-error") ||
           str_is(fhir_code(t, tape_get(t, 0, "verificationStatus")), "entered-in-error");
}

static void put_labels(struct model_fmt *f)
{
    char c = fhir_confidentiality(f->t);

    if (f->row->flags && f->struck)
        return;
    if (c == 'V')
        model_flag(f, _("very restricted"));
    else if (c == 'R')
        model_flag(f, _("restricted"));
}

static void put_lead(struct model_fmt *f, const struct model_formatter *ft,
                     const struct model_status *s)
{
    if (fhir_unknown_modifier(f->t)) {
        /* REQ: R4 forbids to use such a row as if it were understood; it stays, and says so first.
         */
        model_put(f, _("CAUTION, unknown modifier, meaning may change: "));
        model_flag(f, _("unknown modifier"));
    }
    if (ft->lead)
        ft->lead(f);
    if (f->settled)
        return;
    if (s && s->code && s->lead) {
        tape_at why = tape_get(f->t, 0, "statusReason");

        model_put(f, _(s->lead));
        if (tape_first(f->t, why) != TAPE_NONE) {
            size_t before = f->out->n;

            model_put(f, " (");
            if (model_put_concepts(f, why, ", "))
                model_put(f, ")");
            else if (!f->out->failed)
                f->out->n = before;
        }
        model_put(f, ": ");
    }
}

static void put_tail(struct model_fmt *f, const struct model_formatter *ft,
                     const struct model_status *s)
{
    if (f->settled)
        return;
    if (s && s->code) {
        if (s->tail) {
            model_sep(f);
            model_put(f, _(s->tail));
        }
        return;
    }
    if (f->status.n) { /* a code that is not known is shown as it came */
        model_sep(f);
        model_put(f, _("status "));
        model_put_server(f, f->status);
    } else if (ft->status) {
        model_sep(f);
        model_put(f, _("status not recorded"));
    }
}

/* REQ: no day, no hour and no year is made up; what is dated after today says so and never leads.
 */
static void put_row_date(struct model_fmt *f, const struct model_formatter *ft,
                         const struct store_row *r)
{
    char words[DATE_TEXT_MAX];
    struct model_row *row = f->row;
    struct date d;

    row->sort_ms = r->date_ms;
    if (!f->date.n || !date_parse(f->date, &d)) {
        row->sort_ms = FHIR_NO_DATE;
        row->date = text_own(f->date.n ? _("UNREADABLE") : _("no date"));
        if (f->date.n) { /* REQ: what cannot be read is shown as it came */
            model_sep(f);
            model_put(f, _("DATE UNREADABLE: "));
            model_put_server(f, f->date);
        }
        return;
    }
    date_text(&d, words);
    row->date = text_safe(f->keep, str_of(words), 0);
    /* A day's grace for zones. */
    if (!ft->ahead && date_ms(&d) > f->who->now_ms + DATE_DAY_MS) {
        row->sort_ms = FHIR_NO_DATE + 1;
        model_sep(f);
        model_put(f, _("DATED IN THE FUTURE"));
        model_flag(f, _("future date"));
    }
}

static void put_name(struct model_fmt *f, const struct model_formatter *ft)
{
    f->row->name_at = (unsigned)f->out->n;
    (ft->name ? ft->name : generic_name)(f);
    f->row->name_n = (unsigned)f->out->n - f->row->name_at;
}

int model_unsent_flags(const struct model *m, const struct store_row *r, const char *flag[MODEL_UNSENT_FLAGS],
                       unsigned *n)
{
    enum store_beside beside;
    const char *more;
    int code;

    *n = 0;
    if (!r->unsent)
        return ERR_OK;
    flag[(*n)++] = _("NOT SENT");
    if ((more = model_op_flag((enum store_op_state)r->op_state)))
        flag[(*n)++] = more;
    code = store_op_beside(m->store, r->type, r->id, &beside, NULL);
    if (beside != STORE_BESIDE_NOTHING)
        flag[(*n)++] = beside == STORE_BESIDE_GONE ? _("deleted at the server") : _("changed at the server, too");
    if (r->op_kind == STORE_OP_DELETE)
        flag[(*n)++] = _("to be deleted");
    if (r->by_command)
        flag[(*n)++] = _("entered by command");
    return code;
}

/* REQ: an edit that the server has not got says so, before all else that a row's flags say; and how it was entered. */
static void put_unsent(struct model_fmt *f, const struct store_row *r)
{
    const char *flag[MODEL_UNSENT_FLAGS];
    unsigned n;
    int code = model_unsent_flags(f->m, r, flag, &n);

    if (code)
        f->out->failed = code; /* not known is not the same as not there */
    for (unsigned i = 0; i < n; i++)
        model_flag(f, flag[i]);
    if (n)
        f->said = f->row->flags;
}

static void compose(struct model_fmt *f, const struct store_row *r)
{
    const struct model_formatter *ft = model_formatter(r->type);
    const struct model_status *s = model_status(ft, f->status);

    if (!f->kind)
        f->status = fhir_code(f->t, tape_get(f->t, 0, "status"));
    f->rank = s ? s->rank : 0;
    f->struck = model_struck(f->t, f->status);
    put_unsent(f, r);
    if (f->struck) {
        /* REQ: a struck row shows what it was about, never a dose or a value like the others. */
        model_put(f, _("ENTERED IN ERROR: "));
        put_name(f, ft);
        model_flag(f, _("entered in error"));
        f->rank = 9;
    } else {
        put_lead(f, ft, s);
        put_name(f, ft);
        (ft->body ? ft->body : generic_body)(f);
        put_tail(f, ft, s);
    }
    put_row_date(f, ft, r);
    put_labels(f);
    if (r->origin == STORE_FILE_IMPORT)
        model_flag(f, _("FROM FILE, NOT ON SERVER"));
    while (str_ends(buf_str(f->out), f->sep))
        f->out->n -= strlen(f->sep);
}

static int format(struct model *m, const struct model_person *who, const struct store_row *r,
                  const struct tape *t, struct arena *keep, const char *sep, struct model_row *row, int *rank,
                  struct err *e)
{
    struct model_fmt f = {.m = m,
                          .who = who,
                          .sep = sep,
                          .kind = kind_find(r->type),
                          .t = t,
                          .keep = keep,
                          .row = row,
                          .date = r->date,
                          .status = r->status};
    struct arena a;
    struct buf out;
    char *words;
    bool own;
    int code;

    *row = (struct model_row){0};
    if ((code = model_own(m, who, r, t, &own)))
        return err_set(e, code, 0, 0, "row");
    if (!own)
        return err_set(e, ERR_NOTFOUND, 0, 0, "row");
    memcpy(row->chart, who->chart, sizeof row->chart);
    snprintf(row->type, sizeof row->type, "%.*s", STR_ARG(r->type));
    snprintf(row->id, sizeof row->id, "%.*s", STR_ARG(r->id));
    arena_init(&a, 4 * LIMIT_RESOURCE_BYTES);
    buf_init(&out, 4 * LIMIT_RESOURCE_BYTES);
    f.a = &a;
    f.out = &out;
    compose(&f, r);
    words = out.failed ? NULL : arena_dup(keep, out.p ? out.p : "", out.n);
    if (words && !a.failed) { /* REQ: a row that lost a word to memory is no row */
        row->text = text_own(words);
        *rank = f.rank;
    } else
        code = err_set(e, out.failed ? out.failed : ERR_NOMEM, 0, 0, "row");
    buf_fini(&out);
    arena_fini(&a);
    return code;
}

int model_format(struct model *m, const struct model_person *who, const struct store_row *r,
                 const struct tape *t, struct arena *keep, struct model_row *row, int *rank,
                 struct err *e)
{
    return format(m, who, r, t, keep, SEP, row, rank, e);
}

int model_format_lines(struct model *m, const struct model_person *who, const struct store_row *r,
                       const struct tape *t, struct arena *keep, struct model_row *row, int *rank,
                       struct err *e)
{
    return format(m, who, r, t, keep, "\n", row, rank, e);
}

struct text model_format_name(struct model *m, const struct model_person *who,
                              const struct store_row *r, const struct tape *t, struct arena *keep)
{
    const struct model_formatter *ft = model_formatter(r->type);
    struct model_row row = {0};
    struct model_fmt f = {.m = m,
                          .who = who,
                          .sep = SEP,
                          .kind = kind_find(r->type),
                          .t = t,
                          .keep = keep,
                          .row = &row,
                          .date = r->date,
                          .status = r->status};
    struct text name = {"", 0, 0};
    struct arena a;
    struct buf out;
    char *words;

    arena_init(&a, LIMIT_RESOURCE_BYTES);
    buf_init(&out, LIMIT_RESOURCE_BYTES);
    f.a = &a;
    f.out = &out;
    (ft->name ? ft->name : generic_name)(&f);
    words = out.failed ? NULL : arena_dup(keep, out.p ? out.p : "", out.n);
    if (words && !a.failed)
        name = text_own(words);
    else
        keep->failed = true;
    buf_fini(&out);
    arena_fini(&a);
    return name;
}
