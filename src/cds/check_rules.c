/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Interactions and duplicates: the order against each medicine of the chart.
 */
#include "config.h"

#include "cds/cds_priv.h"

/* --- interactions ------------------------------------------------------------------------------ */

static bool rule_holds(const struct codes_drugs *d, const struct cds_rule *x, struct cds_thing a, struct cds_thing b)
{
    return (cds_thing_in(d, a, x->a) && cds_thing_in(d, b, x->b)) ||
           (cds_thing_in(d, a, x->b) && cds_thing_in(d, b, x->a));
}

/* One that was stopped interacts for as long as the rule says. */
static bool lasts(const struct cds_entry *x, const struct cds_rule *rule)
{
    return x->stand != CDS_STOPPED || (rule->days && (x->stopped_days < 0 || x->stopped_days <= rule->days));
}

static void add_interaction(struct cds_run *r, const struct cds_rule *rule, struct cds_thing a, struct cds_thing b,
                            const struct cds_medicine *m)
{
    const char *ordered = cds_thing_name(r, a), *other = cds_thing_name(r, b);
    struct cds_draft d = {
        .kind = CDS_INTERACTION,
        .tier = (enum cds_tier)rule->tier,
        .rule = rule->id,
        .basis = rule->basis,
        .file = &r->c->file[CDS_INTERACTIONS],
        .about = m->entry,
        .of = ordered,
        .summary = arena_fmt(r->a, _("Interaction: %s + %s"), ordered, other),
        .why = arena_fmt(r->a, "%s - %s", cds_safe(r, rule->effect), m->row),
        .action = cds_safe(r, rule->action),
    };

    cds_add(r, &d);
}

static void compare(struct cds_run *r, struct cds_thing a, struct cds_thing b, const struct cds_medicine *m)
{
    const struct cds *c = r->c;

    for (unsigned i = 0; i < c->interactions; i++)
        if (rule_holds(c->drugs, &c->interaction[i], a, b) && lasts(m->entry, &c->interaction[i]))
            add_interaction(r, &c->interaction[i], a, b, m);
}

void cds_check_interactions(struct cds_run *r)
{
    bool usable = cds_usable(r, CDS_INTERACTION, &r->c->file[CDS_INTERACTIONS]);
    bool known = cds_order_known(r, CDS_INTERACTION);

    cds_medicines_known(r, CDS_INTERACTION);
    if (!usable || !known)
        return;
    for (unsigned i = 0; i < cds_things(&r->order.set); i++)
        for (unsigned k = 0; k < r->meds; k++)
            for (unsigned j = 0; !r->med[k].entry->not_wanted && j < cds_things(&r->med[k].set); j++) {
                struct cds_thing a = cds_thing_at(&r->order.set, i), b = cds_thing_at(&r->med[k].set, j);

                if (a.is_class != b.is_class || a.of != b.of) /* the same one is a duplicate */
                    compare(r, a, b, &r->med[k]);
            }
}

/* --- duplicates -------------------------------------------------------------------------------- */

static void add_duplicate(struct cds_run *r, enum cds_tier tier, struct str rule, const char *summary,
                          struct cds_thing a, const struct cds_medicine *m)
{
    struct cds_draft d = {
        .kind = CDS_DUPLICATE,
        .tier = tier,
        .rule = rule,
        .basis = STR("-"),
        .file = codes_drugs_file(r->c->drugs, CODES_CLASSES),
        .about = m->entry,
        .of = cds_thing_name(r, a),
        .summary = summary,
        /* TRANSLATORS: two medicines, one under the other: what is ordered, what is there already */
        .why = arena_fmt(r->a, _("ordered: %s - there already: %s"), r->order.name, m->row),
        .action = _("Change or stop the other one, or say why both"),
    };

    cds_add(r, &d);
}

/* The class with the strongest word on two of it at once that holds both; or none. */
static const struct codes_class *shared(const struct codes_drugs *d, struct cds_thing a, struct cds_thing b,
                                        enum cds_tier *tier)
{
    const struct codes_class *found = NULL;
    int one;

    for (unsigned i = 0; i < codes_classes_count(d); i++) {
        const struct codes_class *cls = codes_class(d, i);
        struct cds_thing side = {true, i};

        if (!cds_read_tier(cls->duplicate, false, &one) || (found && one >= (int)*tier) || !cds_thing_in(d, a, side) ||
            !cds_thing_in(d, b, side))
            continue;
        *tier = (enum cds_tier)one;
        found = cls;
    }
    return found;
}

static bool same_ingredient(struct cds_run *r, const struct cds_medicine *m)
{
    bool found = false;

    for (unsigned i = 0; i < r->order.set.drugs; i++)
        for (unsigned k = 0; k < m->set.drugs; k++) {
            struct cds_thing a = cds_thing_at(&r->order.set, i);

            if (r->order.set.drug[i] != m->set.drug[k])
                continue;
            found = true;
            add_duplicate(r, m->entry->stand == CDS_PLANNED ? CDS_ASK : CDS_STOP, STR("same-ingredient"),
                          arena_fmt(r->a, _("Duplicate: %s is there already"), cds_thing_name(r, a)), a, m);
        }
    return found;
}

/* REQ: what must not be given, by its name or as one of the class that the chart names. */
static void not_wanted(struct cds_run *r, const struct cds_medicine *m)
{
    for (unsigned i = 0; i < cds_things(&r->order.set); i++)
        for (unsigned k = 0; k < cds_things(&m->set); k++) {
            struct cds_thing a = cds_thing_at(&r->order.set, i);

            if (cds_thing_in(r->c->drugs, a, cds_thing_at(&m->set, k)))
                add_duplicate(r, CDS_STOP, STR("not-wanted"),
                              arena_fmt(r->a, _("The chart says DO NOT GIVE: %s"), cds_thing_name(r, a)), a, m);
        }
}

static void same_class(struct cds_run *r, const struct cds_medicine *m)
{
    for (unsigned i = 0; i < cds_things(&r->order.set); i++)
        for (unsigned k = 0; k < cds_things(&m->set); k++) {
            struct cds_thing a = cds_thing_at(&r->order.set, i), b = cds_thing_at(&m->set, k);
            enum cds_tier tier;
            const struct codes_class *cls = shared(r->c->drugs, a, b, &tier);

            if (cls)
                add_duplicate(r, tier, cls->id,
                              arena_fmt(r->a, _("Two of one class (%s): %s + %s"), cds_safe(r, cls->name),
                                        cds_thing_name(r, a), cds_thing_name(r, b)),
                              a, m);
        }
}

void cds_check_duplicates(struct cds_run *r)
{
    bool known = cds_order_known(r, CDS_DUPLICATE);

    cds_medicines_known(r, CDS_DUPLICATE);
    for (unsigned i = 0; known && i < r->meds; i++) {
        const struct cds_medicine *m = &r->med[i];

        if (!m->entry->t || m->entry->stand == CDS_STOPPED)
            continue;
        if (m->entry->not_wanted)
            not_wanted(r, m);
        else if (!same_ingredient(r, m))
            same_class(r, m);
    }
}
