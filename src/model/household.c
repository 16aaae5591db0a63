/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "model/household.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/intl.h"
#include "base/limits.h"
#include "fhir/home.h"
#include "fhir/read.h"
#include "model/priv.h"

#define HOUSEHOLD_ARENA ((size_t)64 << 20)

/* --- telephones --------------------------------------------------------------------------------- */

/* A number of a list of ContactPoints whose key lies in [lo, hi), as it was written; "". */
static struct text number_in(const struct tape *t, tape_at list, int64_t lo, int64_t hi, struct arena *a)
{
    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        struct str value = str_trim(tape_str(t, tape_get(t, i, "value"), a));
        int64_t key;

        if (fhir_phone(value, &key) && key >= lo && key < hi)
            return text_safe(a, value, 64);
    }
    return (struct text){"", 0, 0};
}

/* What somebody is to the patient: the first words of a list of concepts. */
static struct text relation(const struct tape *t, tape_at list, struct arena *a)
{
    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        struct text words = text_safe(a, str_trim(fhir_words(t, i, a)), 64);

        if (words.n)
            return words;
    }
    return (struct text){"", 0, 0};
}

/* A resource's number with a key in [lo, hi); whose: who it belongs to when that is not the patient, else "". */
static struct text number_of(const struct tape *t, int64_t lo, int64_t hi, struct arena *a, struct text *whose)
{
    struct text number = number_in(t, tape_get(t, 0, "telecom"), lo, hi, a);
    tape_at contacts = tape_get(t, 0, "contact");

    *whose = relation(t, tape_get(t, 0, "relationship"), a);
    for (tape_at i = tape_first(t, contacts); !number.n && i != TAPE_NONE; i = tape_next(t, contacts, i)) {
        number = number_in(t, tape_get(t, i, "telecom"), lo, hi, a);
        *whose = relation(t, tape_get(t, i, "relationship"), a);
        if (!whose->n)
            *whose = text_own(_("a contact"));
    }
    return number;
}

/* --- why a filter found somebody ------------------------------------------------------------------ */

struct finding {
    struct arena *a;
    int64_t lo, hi;
    const char *words;
};

static int related_number(void *arg, const struct store_row *r)
{
    struct finding *f = arg;
    struct text number, whose;
    struct tape t;

    if (tape_parse(&t, r->bytes, NULL))
        return ERR_OK;
    number = number_of(&t, f->lo, f->hi, f->a, &whose);
    if (!whose.n)
        whose = text_own(_("a relative"));
    if (number.n)
        f->words = arena_fmt(f->a, _("PHONE %s of %s"), number.s, whose.s);
    tape_fini(&t);
    return f->words != NULL;
}

static const char *by_number(struct model *m, const struct model_person *who, const struct tape *t, struct str typed,
                             struct arena *a)
{
    struct store_query q = {.type = STR("RelatedPerson"), .patient = str_of(who->chart), .bytes = true};
    struct finding f = {.a = a};
    struct text number, whose;

    if (!fhir_phone_typed(typed, &f.lo, &f.hi))
        return NULL;
    number = number_of(t, f.lo, f.hi, a, &whose);
    if (number.n)
        return whose.n ? arena_fmt(a, _("PHONE %s of %s"), number.s, whose.s) : arena_fmt(a, _("PHONE %s"), number.s);
    store_each(m->store, &q, related_number, &f, NULL);
    return f.words;
}

static const char *by_address(const struct model_person *who, const struct tape *t, struct str word, struct arena *a)
{
    tape_at list = tape_get(t, 0, "address");
    const char *found = NULL;
    struct buf folded;

    buf_init(&folded, LIMIT_RESOURCE_BYTES);
    for (tape_at i = tape_first(t, list); !found && i != TAPE_NONE; i = tape_next(t, list, i)) {
        struct str words = fhir_home_words(t, i, a);

        buf_clear(&folded);
        if (fhir_home_holds(t, i, who->now_ms) && !text_fold(&folded, words) &&
            model_begins(buf_str(&folded), word))
            found = arena_fmt(a, _("HOME %s"), text_safe(a, words, 120).s);
    }
    buf_fini(&folded);
    return found;
}

/* REQ: who is found by a number or a home that others share says so, and whose it is: it may be the wrong one. */
struct text model_home_found(struct model *m, const struct model_person *who, const struct tape *t, struct str filter,
                             struct arena *a)
{
    const char *number = by_number(m, who, t, filter, a), *home = NULL;
    struct buf folded;

    buf_init(&folded, 32 * LIMIT_TEXT_CELL);
    text_fold(&folded, filter);
    for (size_t i = 0; i < folded.n; i++)
        folded.p[i] = folded.p[i] == ',' ? ' ' : folded.p[i];
    for (struct str rest = buf_str(&folded); rest.n;) {
        struct str w = str_split(&rest, ' ');

        if (w.n && !number)
            number = by_number(m, who, t, w, a);
        if (w.n && !home && !number)
            home = by_address(who, t, w, a);
    }
    buf_fini(&folded);
    return text_own(number ? number : home ? home : _("SAME HOME"));
}

/* --- a household ------------------------------------------------------------------------------------ */

struct gathering {
    struct model *m;
    struct arena *a;
    struct vec mates; /* struct store_mate */
    const char *name; /* of whom it is the household */
    int64_t now_ms;
};

static int take_mate(void *arg, const struct store_mate *from)
{
    struct gathering *g = arg;
    struct store_mate *m = vec_push(&g->mates);

    if (!m)
        return ERR_NOMEM;
    *m = *from;
    m->chart = arena_str(g->a, from->chart);
    m->type = arena_str(g->a, from->type);
    m->id = arena_str(g->a, from->id);
    m->mine_type = arena_str(g->a, from->mine_type);
    m->mine_id = arena_str(g->a, from->mine_id);
    return g->a->failed ? ERR_NOMEM : ERR_OK;
}

/* The address of mine that is one of theirs. */
static const char *address_words(const struct gathering *g, const struct tape *mine, const struct tape *theirs)
{
    tape_at list = tape_get(mine, 0, "address"), others = tape_get(theirs, 0, "address");

    for (tape_at i = tape_first(mine, list); i != TAPE_NONE; i = tape_next(mine, list, i)) {
        struct str key, other;

        if (!fhir_home_holds(mine, i, g->now_ms) || !fhir_home_key(mine, i, g->a, &key))
            continue;
        for (tape_at k = tape_first(theirs, others); k != TAPE_NONE; k = tape_next(theirs, others, k))
            if (fhir_home_key(theirs, k, g->a, &other) && str_eq(key, other))
                return arena_fmt(g->a, _("same address %s"), text_safe(g->a, fhir_home_words(mine, i, g->a), 200).s);
    }
    return _("same address");
}

/* Who is what to whom: the RelatedPerson is of one of both, and the other is that person. */
static const char *kin_words(const struct gathering *g, const struct tape *mine, const struct tape *theirs)
{
    struct text of_mine = relation(mine, tape_get(mine, 0, "relationship"), g->a),
                of_theirs = relation(theirs, tape_get(theirs, 0, "relationship"), g->a);

    if (of_mine.n) /* TRANSLATORS: "mother of ADAMS, Ada"; the first is as a server wrote it */
        return arena_fmt(g->a, _("%s of %s"), of_mine.s, g->name);
    if (of_theirs.n) /* TRANSLATORS: "ADAMS, Ada is the mother"; the second is as a server wrote it */
        return arena_fmt(g->a, _("%s is the %s"), g->name, of_theirs.s);
    return arena_fmt(g->a, _("related to %s"), g->name);
}

static const char *number_words(const struct gathering *g, int64_t key, const struct tape *mine,
                                const struct tape *theirs)
{
    struct text whose, theirs_of, number = number_of(mine, key, key + 1, g->a, &whose);

    number_of(theirs, key, key + 1, g->a, &theirs_of);
    whose = whose.n ? whose : theirs_of;
    return whose.n ? arena_fmt(g->a, _("same phone %s (of %s)"), number.s, whose.s)
                   : arena_fmt(g->a, _("same phone %s"), number.s);
}

static int open_tape(struct model *m, struct str type, struct str id, struct buf *raw, struct tape *t)
{
    int code;

    buf_init(raw, LIMIT_RESOURCE_BYTES);
    *t = (struct tape){.n = 0};
    code = store_get(m->store, type, id, raw, NULL);
    return code ? code : tape_parse(t, buf_str(raw), NULL);
}

static const char *why(const struct gathering *g, const struct store_mate *s)
{
    struct tape mine, theirs;
    struct buf a, b;
    const char *words = "";
    int code = open_tape(g->m, s->mine_type, s->mine_id, &a, &mine);

    code = open_tape(g->m, s->type, s->id, &b, &theirs) || code;
    if (!code && s->way == KIND_FACT_PHONE)
        words = number_words(g, s->key, &mine, &theirs);
    else if (!code && s->way == KIND_FACT_HOME)
        words = address_words(g, &mine, &theirs);
    else if (!code)
        words = kin_words(g, &mine, &theirs);
    tape_fini(&mine);
    tape_fini(&theirs);
    buf_fini(&a);
    buf_fini(&b);
    return words ? words : "";
}

/* All that is shared with one, each once. */
static struct text all_why(const struct gathering *g, struct str chart)
{
    const char *all = "";

    VEC_EACH(const struct store_mate, s, &g->mates)
    {
        const char *one = str_eq(s->chart, chart) ? why(g, s) : "";

        if (one[0] && all && !strstr(all, one))
            all = arena_fmt(g->a, "%s%s%s", all, *all ? "; " : "", one);
    }
    return text_own(all ? all : "");
}

static bool seen(const struct model_household *h, struct str chart)
{
    for (unsigned i = 0; i < h->n; i++)
        if (str_is(chart, h->rows[i].who.chart))
            return true;
    return false;
}

static int add_row(struct gathering *g, struct model_household *out, struct str chart, struct err *e)
{
    struct model_mate *row = &out->rows[out->n];
    struct vec one;
    int code;

    vec_init(&one, sizeof(struct model_listed), 1);
    code = store_patient(g->m->store, chart, model_listed_take, &one, e);
    if (!code)
        code = model_listed_row(g->m, vec_at(&one, 0), STR(""), g->a, &row->who, e);
    vec_fini(&one);
    if (code == ERR_NOTFOUND) /* gone since */
        return ERR_OK;
    if (!code) {
        row->why = all_why(g, chart);
        out->n++;
    }
    return code;
}

static int by_name(const void *a, const void *b)
{
    const struct model_mate *x = a, *y = b;
    int d = strcmp(x->who.name.s, y->who.name.s);

    return d ? d : strcmp(x->who.chart, y->who.chart);
}

static int whose(struct model *m, struct str chart, struct gathering *g, struct model_household *out, struct err *e)
{
    struct vec one;
    struct model_patient row = {.marks_n = 0};
    int code;

    vec_init(&one, sizeof(struct model_listed), 1);
    code = store_patient(m->store, chart, model_listed_take, &one, e);
    if (!code)
        code = model_listed_row(m, vec_at(&one, 0), STR(""), g->a, &row, e);
    vec_fini(&one);
    if (code)
        return code;
    g->name = row.name.s;
    out->whose = text_own(arena_fmt(g->a, "%s  %s  %s", row.name.s, row.born.s, row.number.s));
    memcpy(out->chart, row.chart, sizeof out->chart);
    return ERR_OK;
}

static void note(struct model *m, struct model_household *out)
{
    struct buf missing;
    bool whole;

    buf_init(&missing, 1024);
    /* REQ: what was not fetched is not the same as nobody. */
    whole = model_fetched(m, str_of(out->chart), STR("family"), &missing, NULL, NULL);
    if (out->more)
        out->note = text_own(arena_fmt(&out->arena,
                                       _("More than %d people: perhaps an institution's number or address; not all "
                                         "shown."),
                                       MODEL_HOUSEHOLD_MAX));
    else if (!whole)
        out->note = text_own(_("Relations NOT FETCHED: only phone and address are compared."));
    else if (!out->n)
        out->note = text_own(_("Nobody else kept here shares a phone, an address or a relation."));
    buf_fini(&missing);
}

int model_household(struct model *m, struct str chart, struct model_household *out, struct err *e)
{
    struct gathering g = {.m = m, .a = &out->arena, .now_ms = clock_wall_ms(&m->clock)};
    int code;

    memset(out, 0, sizeof *out);
    arena_init(&out->arena, HOUSEHOLD_ARENA);
    vec_init(&g.mates, sizeof(struct store_mate), 1u << 16);
    code = whose(m, chart, &g, out, e);
    if (!code)
        code = store_household(m->store, chart, g.now_ms, take_mate, &g, e);
    if (!code && !(out->rows = arena_alloc(&out->arena, (MODEL_HOUSEHOLD_MAX + 1) * sizeof *out->rows)))
        code = err_set(e, ERR_NOMEM, 0, 0, "household");
    VEC_EACH(const struct store_mate, s, &g.mates)
    {
        if (code)
            break;
        if (seen(out, s->chart))
            continue;
        if ((out->more = out->n >= MODEL_HOUSEHOLD_MAX))
            break;
        code = add_row(&g, out, s->chart, e);
    }
    if (!code && out->arena.failed)
        code = err_set(e, ERR_NOMEM, 0, 0, "household");
    vec_fini(&g.mates);
    if (code) {
        model_household_fini(out);
        return code;
    }
    if (out->n > 1)
        qsort(out->rows, out->n, sizeof *out->rows, by_name);
    note(m, out);
    return ERR_OK;
}

void model_household_fini(struct model_household *h)
{
    arena_fini(&h->arena);
    memset(h, 0, sizeof *h);
}
