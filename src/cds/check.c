/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One run: what the order and the chart's medicines are, then each check, then what each of them says.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cds/cds_priv.h"

#define CARDS_MOST 1000u
#define LACKS_MOST 1000u
#define RESULT_MEMORY ((size_t)16 << 20)

/* --- words of the chart ------------------------------------------------------------------------ */

const char *cds_safe(struct cds_run *r, struct str s)
{
    return text_safe(r->a, s, LIMIT_TEXT_CELL).s;
}

const char *cds_when(struct cds_run *r, const struct tape *t)
{
    static const char *const paths[] = {"authoredOn",   "effectiveDateTime", "effectivePeriod.start",
                                        "dateAsserted", "recordedDate",      "onsetDateTime"};
    char day[DATE_TEXT_MAX];
    struct date d;

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (date_parse(tape_plain(t, tape_path(t, 0, paths[i])), &d)) {
            date_text(&d, day);
            return arena_fmt(r->a, "%s", day);
        }
    return "";
}

static const char *stand_words(struct cds_run *r, const struct cds_entry *x)
{
    if (x->not_wanted)
        return _("DO NOT GIVE");
    switch (x->stand) {
    case CDS_ACTIVE:
        return _("active");
    case CDS_HELD:
        return _("on hold");
    case CDS_PLANNED:
        return _("planned or proposed");
    case CDS_DRAFTED:
        return _("not signed yet");
    default:
        if (x->stopped_days < 0)
            return _("stopped, no day recorded");
        return arena_fmt(r->a, P_("stopped %d day ago", "stopped %d days ago", x->stopped_days), x->stopped_days);
    }
}

/* "warfarin 5 mg, active, of 03-Feb-2026" */
static const char *row_words(struct cds_run *r, const struct cds_medicine *m)
{
    const char *when = cds_when(r, m->entry->t), *how = stand_words(r, m->entry);

    /* TRANSLATORS: a medicine of the chart: its name, how it stands (active, on hold), its day */
    return *when ? arena_fmt(r->a, _("%s (%s, of %s)"), m->name, how, when) : arena_fmt(r->a, "%s (%s)", m->name, how);
}

unsigned cds_things(const struct codes_drug_set *s)
{
    return s->drugs + s->classes;
}

struct cds_thing cds_thing_at(const struct codes_drug_set *s, unsigned i)
{
    return i < s->drugs ? (struct cds_thing){false, s->drug[i]} : (struct cds_thing){true, s->cls[i - s->drugs]};
}

const char *cds_thing_name(const struct cds_run *r, struct cds_thing t)
{
    struct codes_drug_set s = {.drugs = !t.is_class, .classes = t.is_class, .drug = {t.of}, .cls = {t.of}};

    return text_safe(r->a, str_of(codes_drug_set_words(r->c->drugs, &s, r->a)), LIMIT_TEXT_CELL).s;
}

/* --- which ingredients ------------------------------------------------------------------------- */

/* One of a Medication's ingredients. What is not active is no medicine, unless the table knows it. *active: one that
 * is, and that the table knows. */
static int ingredient_drugs(const struct cds *c, const struct tape *t, tape_at at, struct arena *a,
                            struct codes_drug_set *out, bool *active, struct err *e)
{
    tape_at item = fhir_choice(t, at, "item").at;
    int code = codes_drugs_of(c->drugs, t, item, CODES_OF_A_MEDICINE, a, out, e);

    if (str_is(tape_raw(t, tape_get(t, at, "isActive")), "false")) {
        out->mapped = true;
        out->rest = STR("");
    } else if (cds_things(out)) {
        *active = true;
    }
    return code;
}

/* What a Medication is: its code and its ingredients. REQ: the list may add an ingredient, never take one away. */
static int medication_drugs(const struct cds *c, const struct tape *t, tape_at at, struct arena *a,
                            struct codes_drug_set *out, struct err *e)
{
    tape_at list = tape_get(t, at, "ingredient");
    struct codes_drug_set parts = {.mapped = true}, one;
    struct str words;
    bool whole, active = false;
    int code = codes_drugs_of(c->drugs, t, tape_get(t, at, "code"), CODES_OF_A_MEDICINE, a, out, e);

    if (code || list == TAPE_NONE)
        return code;
    for (tape_at i = tape_first(t, list); i != TAPE_NONE && !code; i = tape_next(t, list, i)) {
        code = ingredient_drugs(c, t, i, a, &one, &active, e);
        codes_drug_set_add(&parts, &one, a);
    }
    whole = parts.mapped && active; /* then the code's words may be any */
    words = whole ? STR("") : out->rest;
    out->rest = STR("");
    out->mapped = whole || (out->mapped && parts.mapped);
    codes_drug_set_add(out, &parts, a);
    out->rest = out->rest.n || out->mapped ? out->rest : words.n ? words : out->words;
    return code;
}

int cds_entry_drugs(const struct cds *c, const struct cds_entry *x, enum codes_speaks of, struct arena *a,
                    struct codes_drug_set *out, struct err *e)
{
    tape_at ref;
    tape_at contained;

    *out = (struct codes_drug_set){.words = STR("")};
    if (!x->t)
        return ERR_OK;
    if (of == CODES_OF_AN_ALLERGY)
        return codes_drugs_of(c->drugs, x->t, tape_get(x->t, 0, "code"), of, a, out, e);
    ref = tape_get(x->t, 0, "medicationReference");
    if (ref == TAPE_NONE)
        return codes_drugs_of(c->drugs, x->t, tape_get(x->t, 0, "medicationCodeableConcept"), of, a, out, e);
    contained = fhir_contained(x->t, tape_str(x->t, tape_get(x->t, ref, "reference"), a));
    if (contained != TAPE_NONE)
        return medication_drugs(c, x->t, contained, a, out, e);
    if (x->medication)
        return medication_drugs(c, x->medication, 0, a, out, e);
    return codes_drugs_of_words(c->drugs, tape_str(x->t, tape_get(x->t, ref, "display"), a), of, a, out, e);
}

/* A product of the table, by a code of RxNorm: its strength is then known. */
static const struct codes_product *product_of(const struct cds_run *r, const struct cds_entry *x)
{
    tape_at list = tape_path(x->t, 0, "medicationCodeableConcept");
    const struct codes_product *found = NULL;

    list = tape_get(x->t, list, "coding");
    for (tape_at i = tape_first(x->t, list); i != TAPE_NONE; i = tape_next(x->t, list, i)) {
        const struct codes_product *p =
            codes_product_find(r->c->drugs, tape_plain(x->t, tape_get(x->t, i, "code")));

        if (!p || !tape_str_is(x->t, tape_get(x->t, i, "system"), CODES_RXNORM))
            continue;
        if (found && !str_eq(found->strength, p->strength))
            return NULL; /* which of the two it is, is not known */
        found = p;
    }
    return found;
}

static int understand(struct cds_run *r, const struct cds_entry *x, struct cds_medicine *m, struct err *e)
{
    int code;

    *m = (struct cds_medicine){.entry = x};
    code = cds_entry_drugs(r->c, x, CODES_OF_A_MEDICINE, r->a, &m->set, e);
    if (code || !x->t)
        return code;
    if (!codes_drugs_bad(r->c->drugs))
        m->product = product_of(r, x);
    m->name = m->set.words.n ? cds_safe(r, m->set.words) : codes_drug_set_words(r->c->drugs, &m->set, r->a);
    if (!*m->name)
        m->name = _("a medicine without a name");
    m->row = row_words(r, m);
    return r->a->failed ? err_set(e, ERR_NOMEM, 0, 0, "checks") : ERR_OK;
}

/* --- what is not checked ----------------------------------------------------------------------- */

void cds_lack(struct cds_run *r, enum cds_kind kind, const char *words)
{
    struct text *x = words ? vec_push(&r->lacks[kind]) : NULL;

    if (x)
        *x = (struct text){words, strlen(words), text_cols(str_of(words))};
    else
        r->a->failed = true; /* never a lack that is lost */
}

bool cds_usable(struct cds_run *r, enum cds_kind kind, const struct codes_dated *f)
{
    if (!f || f->state == CODES_FILE_GOOD)
        return true;
    cds_lack(r, kind, arena_fmt(r->a, "%s %s", f->file, codes_dated_why(f, r->a)));
    return false;
}

bool cds_order_known(struct cds_run *r, enum cds_kind kind)
{
    const struct codes_drug_set *s = &r->order.set;

    if (!cds_usable(r, kind, codes_drugs_bad(r->c->drugs)))
        return false;
    if (!cds_things(s)) {
        cds_lack(r, kind, arena_fmt(r->a, _("not in the drug table: %s"), r->order.name));
        return false;
    }
    if (!s->mapped)
        cds_lack(r, kind, arena_fmt(r->a, _("not understood of %s: %s"), r->order.name, cds_safe(r, s->rest)));
    if (s->classes) /* REQ: which of the class is not known, and rules for one of it cannot be asked */
        cds_lack(r, kind, arena_fmt(r->a, _("of %s only the class is known"), r->order.name));
    return true;
}

/* What was written, once and whole: a list that is made anew for each of its names would fill the arena. */
static const char *kept(struct cds_run *r, struct buf *b)
{
    const char *words = b->n ? arena_dup(r->a, b->p, b->n) : "";

    r->a->failed = r->a->failed || b->failed;
    buf_fini(b);
    return words ? words : "";
}

const char *cds_names(struct cds_run *r, const struct vec *names, const char *between)
{
    struct buf b;

    buf_init(&b, RESULT_MEMORY);
    for (size_t i = 0; i < names->n; i++) {
        buf_adds(&b, i ? between : "");
        buf_adds(&b, *(const char *const *)vec_at(names, i));
    }
    return kept(r, &b);
}

/* What of the chart is not here. */
static void lack_here(struct cds_run *r, enum cds_kind kind, enum cds_here here)
{
    static const char *const words[] = {"", N_("medicines NOT FETCHED"),
                                        N_("medicines were removed from this device"),
                                        N_("medicines are withheld from you")};

    if (here != CDS_WHOLE)
        cds_lack(r, kind, _(words[here]));
}

void cds_medicines_known(struct cds_run *r, enum cds_kind kind)
{
    struct vec names;
    unsigned unread = 0;

    vec_init(&names, sizeof(const char *), LACKS_MOST);
    for (unsigned i = 0; i < r->meds; i++) {
        const struct cds_medicine *m = &r->med[i];
        const char **x;

        unread += !m->entry->t;
        if (!m->entry->t || (m->set.mapped && !m->set.classes) ||
            (m->entry->stand == CDS_STOPPED && kind != CDS_INTERACTION))
            continue;
        x = vec_push(&names);
        if (x)
            *x = m->name;
        else
            r->a->failed = true;
    }
    lack_here(r, kind, r->chart->medicines_here);
    if (unread)
        cds_lack(r, kind,
                 arena_fmt(r->a, P_("%u medicine cannot be read", "%u medicines cannot be read", unread), unread));
    if (names.n && !codes_drugs_bad(r->c->drugs))
        cds_lack(r, kind, arena_fmt(r->a, P_("%u medicine is not, or not wholly, in the drug table: %s",
                                             "%u medicines are not, or not wholly, in the drug table: %s", names.n),
                                    (unsigned)names.n, cds_names(r, &names, ", ")));
    vec_fini(&names);
}

/* --- cards ------------------------------------------------------------------------------------- */

static struct text text_of(const char *z)
{
    return z ? (struct text){z, strlen(z), text_cols(str_of(z))} : (struct text){"", 0, 0};
}

static const char *source_of(struct cds_run *r, const struct cds_draft *d)
{
    char day[DATE_TEXT_MAX];

    if (!d->file)
        return cds_caution();
    date_text(&d->file->date, day);
    /* TRANSLATORS: where an alert comes from: the basis of a rule, the rule, its file, the file's day, "not reviewed by
     * a clinician" */
    return arena_fmt(r->a, _("%s; %s in %s of %s, %s"), d->basis.n ? cds_safe(r, d->basis) : "-", cds_safe(r, d->rule),
                     d->file->file, day, cds_caution());
}

void cds_add(struct cds_run *r, const struct cds_draft *d)
{
    const char *about = d->about && d->about->id.n ? arena_fmt(r->a, "%.*s/%.*s", STR_ARG(d->about->type),
                                                               STR_ARG(d->about->id))
                                                   : "";
    /* REQ: two rows that have no id yet are two: their words tell them apart */
    const char *row = d->about && !d->about->id.n ? d->why : about;
    const char *key = arena_fmt(r->a, "%d:%.*s:%s:%s", (int)d->kind, STR_ARG(d->rule), d->of, row ? row : "");
    struct cds_card *x = NULL;

    VEC_EACH(const struct cds_card, have, &r->cards)
    {
        if (key && str_is(have->key, key))
            return;
    }
    if (key && about && d->summary && d->why)
        x = vec_push(&r->cards);
    if (!x) {
        r->a->failed = true; /* no alert is lost unsaid */
        return;
    }
    *x = (struct cds_card){
        .tier = d->tier,
        .kind = d->kind,
        .summary = text_of(d->summary),
        .why = text_of(d->why),
        .action = text_of(d->action),
        .source = text_of(source_of(r, d)),
        .about = text_of(about),
        .key = str_of(key),
    };
}

static int by_danger(const void *x, const void *y)
{
    const struct cds_card *a = x, *b = y;

    if (a->tier != b->tier)
        return (int)a->tier - (int)b->tier;
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : str_cmp(a->key, b->key);
}

/* --- what each check says ---------------------------------------------------------------------- */

static const struct codes_dated *list_of(const struct cds *c, enum cds_kind kind)
{
    switch (kind) {
    case CDS_ALLERGY:
        return &c->file[CDS_ALLERGY_RULES];
    case CDS_INTERACTION:
        return &c->file[CDS_INTERACTIONS];
    case CDS_DUPLICATE:
        return codes_drugs_file(c->drugs, CODES_CLASSES);
    default:
        return &c->file[CDS_DOSE_LIMITS];
    }
}

static const char *joined(struct cds_run *r, const struct cds_check *k)
{
    struct buf b;

    buf_init(&b, RESULT_MEMORY);
    for (unsigned i = 0; i < k->lacks; i++) {
        buf_adds(&b, i ? "; " : "");
        buf_addstr(&b, (struct str){k->lack[i].s, k->lack[i].n});
    }
    return kept(r, &b);
}

/* REQ: FOUND with what was not looked at beside it; nothing found and something not looked at is COULD NOT RUN. */
static const char *line_of(struct cds_run *r, const struct cds_check *k)
{
    const struct codes_dated *f = list_of(r->c, k->kind);
    const char *kind = cds_kind_words(k->kind), *state = cds_state_words(k->state);
    char day[DATE_TEXT_MAX];
    const char *line;

    date_text(&f->date, day);
    if (k->state == CDS_COULD_NOT_RUN)
        return arena_fmt(r->a, "%s: %s: %s", kind, state, joined(r, k));
    if (k->state == CDS_CLEAN)
        /* TRANSLATORS: "Interactions: RAN - nothing found (list of 30-Nov-2026)" */
        return arena_fmt(r->a, _("%s: %s (list of %s)"), kind, state, day);
    /* TRANSLATORS: "Interactions: FOUND 2 (list of 30-Nov-2026)" */
    line = f->state ? arena_fmt(r->a, "%s: %s %u", kind, state, k->found)
                    : arena_fmt(r->a, _("%s: %s %u (list of %s)"), kind, state, k->found, day);
    /* TRANSLATORS: what a check found, and what it could not look at */
    return line && k->lacks ? arena_fmt(r->a, _("%s; NOT CHECKED: %s"), line, joined(r, k)) : line;
}

static void settle(struct cds_run *r, struct cds_result *out)
{
    struct cds_card *all = arena_alloc(r->a, r->cards.n * sizeof *all + 1);

    if (all && r->cards.n)
        memcpy(all, r->cards.p, r->cards.n * sizeof *all);
    out->card = all;
    out->cards = all ? (unsigned)r->cards.n : 0;
    if (out->cards > 1)
        qsort(all, out->cards, sizeof *all, by_danger);
    for (int i = 0; i < CDS_KINDS; i++) {
        struct cds_check *k = &out->check[i];
        struct text *lack = arena_alloc(r->a, r->lacks[i].n * sizeof *lack + 1);

        *k = (struct cds_check){.kind = (enum cds_kind)i, .lack = lack, .lacks = (unsigned)r->lacks[i].n};
        if (!lack)
            return;
        if (k->lacks)
            memcpy(lack, r->lacks[i].p, k->lacks * sizeof *lack);
        for (unsigned c = 0; c < out->cards; c++) {
            k->found += all[c].kind == k->kind;
            out->stops = out->stops || all[c].tier == CDS_STOP;
        }
        k->state = k->found ? CDS_FOUND : k->lacks ? CDS_COULD_NOT_RUN : CDS_CLEAN;
        k->line = text_of(line_of(r, k));
    }
}

static bool is_replaced(const struct cds_entry *x, struct str replaces)
{
    struct str rest = replaces, type = str_split(&rest, '/');

    return x->id.n && str_eq(x->type, type) && str_eq(x->id, rest);
}

/* The longest time for which a stopped medicine still interacts. */
static int longest(const struct cds *c)
{
    int days = 0;

    for (unsigned i = 0; i < c->interactions; i++)
        days = c->interaction[i].days > days ? c->interaction[i].days : days;
    return days;
}

static int take_chart(struct cds_run *r, const struct cds_entry *order, struct str replaces, struct err *e)
{
    const struct cds_chart *c = r->chart;
    int code = understand(r, order, &r->order, e), most = longest(r->c);

    r->med = arena_alloc(r->a, c->medicines * sizeof *r->med + 1);
    if (!code && !r->med)
        code = err_set(e, ERR_NOMEM, 0, 0, "checks");
    for (unsigned i = 0; i < c->medicines && !code; i++) {
        const struct cds_entry *x = &c->medicine[i];
        bool itself = x->t == order->t || (order->id.n && str_eq(x->type, order->type) && str_eq(x->id, order->id));

        bool over = x->stand == CDS_STOPPED && x->stopped_days > most && r->c->interactions;

        if (!itself && !over && !is_replaced(x, replaces))
            code = understand(r, x, &r->med[r->meds++], e);
    }
    return code;
}

int cds_check_order(const struct cds *c, const struct cds_chart *chart, const struct cds_entry *order,
                    struct str replaces, struct cds_result *out, struct err *e)
{
    static void (*const checks[])(struct cds_run *r) = {cds_check_allergies, cds_check_interactions,
                                                        cds_check_duplicates, cds_check_doses};
    struct cds_run r = {.c = c, .chart = chart, .a = &out->arena};
    int code;

    *out = (struct cds_result){.cards = 0};
    arena_init(&out->arena, RESULT_MEMORY);
    if (!order->t)
        return err_set(e, ERR_BUG, 0, 0, "an order without a resource");
    vec_init(&r.cards, sizeof(struct cds_card), CARDS_MOST);
    for (int i = 0; i < CDS_KINDS; i++)
        vec_init(&r.lacks[i], sizeof(struct text), LACKS_MOST);
    code = take_chart(&r, order, replaces, e);
    for (size_t i = 0; i < sizeof checks / sizeof *checks && !code; i++)
        checks[i](&r);
    if (!code)
        settle(&r, out);
    if (!code && (out->arena.failed || (r.cards.n && !out->card)))
        code = err_set(e, ERR_NOMEM, 0, 0, "checks");
    vec_fini(&r.cards);
    for (int i = 0; i < CDS_KINDS; i++)
        vec_fini(&r.lacks[i]);
    return code;
}

void cds_result_fini(struct cds_result *r)
{
    arena_fini(&r->arena);
    *r = (struct cds_result){.cards = 0};
}
