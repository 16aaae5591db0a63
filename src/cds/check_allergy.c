/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The order against the chart's allergies: the same ingredient, a class that is recorded as such, and the rules of what
 * crosses over to what.
 */
#include "config.h"

#include "base/limits.h"
#include "cds/cds_priv.h"
#include "codes/allergy.h"

#define NAMES_MOST 1000u

struct allergy {
    const struct cds_entry *entry;
    struct codes_drug_set set;
    const char *name; /* safe, with how sure it is */
};

/* --- words ------------------------------------------------------------------------------------- */

static const char *allergy_name(struct cds_run *r, const struct allergy *x)
{
    const struct tape *t = x->entry->t;
    struct str sure = fhir_code(t, tape_get(t, 0, "verificationStatus"));
    const char *name = x->set.words.n ? cds_safe(r, x->set.words) : codes_drug_set_words(r->c->drugs, &x->set, r->a);

    if (!*name)
        name = _("an allergy without a name");
    if (str_is(fhir_code(t, tape_get(t, 0, "clinicalStatus")), "inactive"))
        return arena_fmt(r->a, _("%s (inactive)"), name);
    if (str_is(sure, "unconfirmed"))
        return arena_fmt(r->a, _("%s (unconfirmed)"), name);
    return name;
}

/* "urticaria, wheezing"; "" none. */
static const char *reactions(struct cds_run *r, const struct tape *t)
{
    tape_at list = tape_get(t, 0, "reaction");
    const char **name, *all;
    struct vec names;

    vec_init(&names, sizeof *name, LIMIT_NODES);
    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        tape_at says = tape_get(t, i, "manifestation");

        for (tape_at k = tape_first(t, says); k != TAPE_NONE; k = tape_next(t, says, k)) {
            struct str words = str_trim(fhir_words(t, k, r->a));

            if (words.n && (name = vec_push(&names)))
                *name = cds_safe(r, words);
            else
                r->a->failed = r->a->failed || words.n;
        }
    }
    all = cds_names(r, &names, ", ");
    vec_fini(&names);
    return all;
}

static const char *allergy_row(struct cds_run *r, const struct allergy *x)
{
    const struct tape *t = x->entry->t;
    const char *when = cds_when(r, t), *how = reactions(r, t);
    const char *row = arena_fmt(r->a, _("recorded: %s"), x->name);

    if (*how)
        row = arena_fmt(r->a, _("%s - reaction: %s"), row, how);
    if (str_is(tape_plain(t, tape_get(t, 0, "criticality")), "high"))
        row = arena_fmt(r->a, _("%s - high criticality"), row);
    return *when ? arena_fmt(r->a, _("%s, of %s"), row, when) : row;
}

/* --- findings ---------------------------------------------------------------------------------- */

static bool is_intolerance(const struct tape *t)
{
    return str_is(tape_plain(t, tape_get(t, 0, "type")), "intolerance") &&
           !str_is(tape_plain(t, tape_get(t, 0, "criticality")), "high");
}

/* One that is not active any more asks; it does not stop. */
static enum cds_tier weighed(const struct allergy *x, enum cds_tier tier)
{
    const struct tape *t = x->entry->t;

    return tier == CDS_STOP && str_is(fhir_code(t, tape_get(t, 0, "clinicalStatus")), "inactive") ? CDS_ASK : tier;
}

static void add(struct cds_run *r, const struct allergy *x, enum cds_tier tier, struct cds_thing ordered,
                const struct cds_rule *rule)
{
    const char *name = cds_thing_name(r, ordered), *row = allergy_row(r, x);
    bool note = rule && rule->effect.n;
    struct cds_draft d = {
        .kind = CDS_ALLERGY,
        .tier = weighed(x, tier),
        .rule = rule ? rule->id : STR("recorded"),
        .basis = STR("-"),
        .file = rule ? &r->c->file[CDS_ALLERGY_RULES] : codes_drugs_file(r->c->drugs, CODES_INGREDIENTS),
        .about = x->entry,
        .of = name,
        .summary = rule ? arena_fmt(r->a, _("Allergy to a related medicine: %s; recorded: %s"), name, x->name)
                        : arena_fmt(r->a, _("Allergy: %s; recorded: %s"), name, x->name),
        .why = note ? arena_fmt(r->a, "%s - %s", row, cds_safe(r, rule->effect)) : row,
        .action = "",
    };

    cds_add(r, &d);
}

/* Is what is ordered recorded by its own name, or as its class? */
static bool recorded(const struct cds_run *r, const struct allergy *x, struct cds_thing ordered)
{
    for (unsigned i = 0; i < cds_things(&x->set); i++)
        if (cds_thing_in(r->c->drugs, ordered, cds_thing_at(&x->set, i)))
            return true;
    return false;
}

/* A recorded class holds each of its ingredients; of a recorded ingredient, its classes are asked. */
static bool is_to(const struct cds_run *r, const struct allergy *x, struct cds_thing side)
{
    for (unsigned i = 0; i < cds_things(&x->set); i++)
        if (cds_thing_in(r->c->drugs, cds_thing_at(&x->set, i), side))
            return true;
    return false;
}

/* REQ: a rule for the drug goes before those for its class, and among equals the most dangerous counts. */
static const struct cds_rule *crossing(const struct cds_run *r, const struct allergy *x, struct cds_thing ordered)
{
    const struct cds_rule *best = NULL;

    for (unsigned i = 0; i < r->c->allergies; i++) {
        const struct cds_rule *rule = &r->c->allergy[i];
        bool closer = best && best->b.is_class && !rule->b.is_class;
        bool farther = best && !best->b.is_class && rule->b.is_class;

        if (farther || !is_to(r, x, rule->a) || !cds_thing_in(r->c->drugs, ordered, rule->b))
            continue;
        if (!best || closer || (rule->tier != CDS_NO_ALERT && (best->tier == CDS_NO_ALERT || rule->tier < best->tier)))
            best = rule;
    }
    return best && best->tier != CDS_NO_ALERT ? best : NULL;
}

static void compare(struct cds_run *r, const struct allergy *x)
{
    for (unsigned i = 0; i < cds_things(&r->order.set); i++) {
        struct cds_thing ordered = cds_thing_at(&r->order.set, i);
        const struct cds_rule *rule;

        if (recorded(r, x, ordered))
            add(r, x, is_intolerance(x->entry->t) ? CDS_ASK : CDS_STOP, ordered, NULL);
        else if ((rule = crossing(r, x, ordered)))
            add(r, x, (enum cds_tier)rule->tier, ordered, rule);
    }
}

/* --- what is not understood -------------------------------------------------------------------- */

/* Food, environment: where a category says so and no other. */
static bool is_no_medicine(const struct tape *t)
{
    tape_at list = tape_get(t, 0, "category");
    bool other = false;

    for (tape_at i = tape_first(t, list); i != TAPE_NONE; i = tape_next(t, list, i)) {
        if (!tape_str_is(t, i, "food") && !tape_str_is(t, i, "environment"))
            return false;
        other = true;
    }
    return other;
}

static void lack_here(struct cds_run *r, bool asked)
{
    static const char *const words[] = {"", N_("allergies NOT FETCHED"),
                                        N_("allergies were removed from this device"),
                                        N_("allergies are withheld from you")};

    if (r->chart->allergies_here != CDS_WHOLE)
        cds_lack(r, CDS_ALLERGY, _(words[r->chart->allergies_here]));
    else if (!asked) /* REQ: nobody asked is not "none known" */
        cds_lack(r, CDS_ALLERGY, _("allergies not recorded"));
}

/* One of the chart. True: somebody has asked for allergies to medicines. */
static bool look_at(struct cds_run *r, const struct cds_entry *entry, bool known, struct vec *names, unsigned *unread)
{
    struct allergy x = {.entry = entry};
    const char **name;

    if (!entry->t) {
        ++*unread;
        return true;
    }
    if (codes_allergy_read(entry->t) != CODES_ALLERGY_LIVE)
        return codes_allergy_asked(entry->t);
    if (cds_entry_drugs(r->c, entry, CODES_OF_AN_ALLERGY, r->a, &x.set, NULL))
        r->a->failed = true;
    x.name = allergy_name(r, &x);
    if (known)
        compare(r, &x);
    if (x.set.mapped || (!cds_things(&x.set) && is_no_medicine(entry->t)))
        return x.set.mapped; /* REQ: who was asked about food was not asked about medicines */
    if ((name = vec_push(names)))
        *name = x.name;
    else
        r->a->failed = true;
    return true;
}

void cds_check_allergies(struct cds_run *r)
{
    struct vec names;
    unsigned unread = 0;
    bool asked = false, known;

    vec_init(&names, sizeof(const char *), NAMES_MOST);
    cds_usable(r, CDS_ALLERGY, &r->c->file[CDS_ALLERGY_RULES]);
    known = cds_order_known(r, CDS_ALLERGY);
    for (unsigned i = 0; i < r->chart->allergies; i++)
        asked = look_at(r, &r->chart->allergy[i], known, &names, &unread) || asked;
    lack_here(r, asked);
    if (unread)
        cds_lack(r, CDS_ALLERGY,
                 arena_fmt(r->a, P_("%u allergy cannot be read", "%u allergies cannot be read", unread), unread));
    if (names.n && !codes_drugs_bad(r->c->drugs))
        cds_lack(r, CDS_ALLERGY,
                 arena_fmt(r->a, P_("%u allergy is not, or not wholly, in the drug table: %s",
                                    "%u allergies are not, or not wholly, in the drug table: %s", names.n),
                           (unsigned)names.n, cds_names(r, &names, ", ")));
    vec_fini(&names);
}
