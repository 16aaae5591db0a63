/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The local checks of an order: allergy (ingredient and class), interaction, duplicate (ingredient, then class),
 * maximum single and daily dose. Knowledge is data/drugs and data/cds, dated files; nobody with a licence to practise
 * has reviewed them, and cds_caution says so. Called by model; pure: tapes in, cards out; struct cds is read-only.
 *
 * REQ: a check says RAN - nothing found, FOUND, or COULD NOT RUN and why. It never says the first when a file was
 * missing, cut or old, when a medicine or an allergy was not understood, or when the chart is not whole: what was found
 * is then shown, and what was not looked at beside it.
 */
#ifndef CDS_CHECK_H
#define CDS_CHECK_H

#include "base/text.h"
#include "codes/drugs.h"

/* --- the tables -------------------------------------------------------------------------------- */

struct cds;
enum cds_file { CDS_INTERACTIONS, CDS_ALLERGY_RULES, CDS_DOSE_LIMITS, CDS_FILES };

/* drugs and rules: the folders data/drugs and data/cds (path_data). today: of the machine's clock. ERR_OK also when
 * files are missing, cut or old: the checks then say COULD NOT RUN. ERR_NOMEM, ERR_TOOBIG. */
int cds_open(const char *drugs, const char *rules, const struct date *today, struct cds **out, struct err *e);
void cds_free(struct cds *c);
const struct codes_drugs *cds_drugs(const struct cds *c);
const struct codes_dated *cds_file(const struct cds *c, enum cds_file which);
/* "not reviewed by a clinician": to be on every page of cards, translated. */
const char *cds_caution(void);

/* --- what is checked --------------------------------------------------------------------------- */

/* How a medicine stands, as the caller's section counts it. */
enum cds_stand {
    CDS_ACTIVE,
    CDS_HELD,
    CDS_PLANNED, /* planned or proposed */
    CDS_DRAFTED, /* not signed yet: of the same basket */
    CDS_STOPPED, /* stopped_days ago: some interactions outlast the medicine */
};

/* A MedicationRequest, MedicationStatement or AllergyIntolerance, borrowed. */
struct cds_entry {
    struct str type, id;           /* id "" of what has none yet */
    const struct tape *t;          /* NULL: it is there and cannot be read */
    const struct tape *medication; /* the Medication that its reference names, unless contained; NULL: not here */
    enum cds_stand stand;          /* of a medicine */
    int stopped_days;              /* CDS_STOPPED: whole days ago; -1: nobody knows, which counts as today */
    bool not_wanted;               /* DO NOT GIVE: no duplicate and no interaction, but an order of it is FOUND */
};

/* Is all of it here? */
enum cds_here { CDS_WHOLE, CDS_NOT_FETCHED, CDS_REMOVED /* from this device */, CDS_WITHHELD /* from this user */ };

struct cds_chart {
    const struct cds_entry *medicine; /* all that are active, held, planned, drafted or stopped of late */
    unsigned medicines;
    enum cds_here medicines_here;
    const struct cds_entry *allergy; /* all: which of them count, is read here */
    unsigned allergies;
    enum cds_here allergies_here;
    struct date birth; /* precision DATE_NONE: not recorded */
    struct date today;
    struct str weight; /* kg, a lexeme; "" not known */
    struct date weighed;
};

/* --- cards ------------------------------------------------------------------------------------- */

/* CDS Hooks' critical, warning, info. */
enum cds_tier {
    CDS_STOP, /* a typed reason, kept in the resource */
    CDS_ASK,  /* one key */
    CDS_NOTE, /* shown beside the order; never interrupts */
};
enum cds_kind { CDS_ALLERGY, CDS_INTERACTION, CDS_DUPLICATE, CDS_SINGLE_DOSE, CDS_DAILY_DOSE, CDS_KINDS };

/* The one type of card, whoever made it. All text is safe and translated, but for words of the tables' own. */
struct cds_card {
    enum cds_tier tier;
    enum cds_kind kind;
    struct text summary; /* one sentence: "Interaction: warfarin + fluconazole" */
    struct text why;     /* values and dates: "warfarin 5 mg, active, of 03-Feb-2026 - Raised INR" */
    struct text action;  /* what to do; "" */
    struct text source;  /* "lbl-03, US prescribing information; interactions.tsv of 30-Nov-2026, not reviewed" */
    struct text about;   /* the row of the chart that it names: "MedicationRequest/m1"; "" */
    /* The same for the same order, rule and row: an alert of an event (opened, accepted, signed) is shown once. */
    struct str key;
};

enum cds_state { CDS_CLEAN, CDS_FOUND, CDS_COULD_NOT_RUN };

struct cds_check {
    enum cds_kind kind;
    enum cds_state state;   /* FOUND also when something could not be looked at: then lacks > 0 */
    unsigned found;         /* cards of it */
    const struct text *lack; /* what was not checked, and why: a sentence each */
    unsigned lacks;
    /* All of it in one line: "Interactions: RAN - nothing found (list of 30-Nov-2026)", "Allergies: COULD NOT RUN:
     * allergies NOT FETCHED", "Interactions: FOUND 2 (list of 30-Nov-2026); NOT CHECKED: 1 medicine is not ...". */
    struct text line;
};

struct cds_result {
    struct arena arena;
    struct cds_check check[CDS_KINDS];
    struct cds_card *card; /* the most dangerous first: by tier, then kind, then what it names */
    unsigned cards;
    bool stops;            /* there is a card of CDS_STOP */
};

/* Checks an order: a MedicationRequest as it is to be signed, whose dosageInstruction gives the doses. replaces: the
 * MedicationRequest that it renews or changes and that ends with it ("MedicationRequest/m1"), or "". out is to be given
 * to cds_result_fini whatever is returned. ERR_NOMEM: nothing was checked, and who asked says COULD NOT RUN. */
int cds_check_order(const struct cds *c, const struct cds_chart *chart, const struct cds_entry *order,
                    struct str replaces, struct cds_result *out, struct err *e);
void cds_result_fini(struct cds_result *r);

/* Which ingredients an entry is of: its medicationCodeableConcept, contained or linked Medication, or for an allergy
 * its code. ERR_NOMEM. */
int cds_entry_drugs(const struct cds *c, const struct cds_entry *x, enum codes_speaks of, struct arena *a,
                    struct codes_drug_set *out, struct err *e);

/* The words of a tier, a kind and a state: translated; static. */
const char *cds_tier_words(enum cds_tier t);   /* "STOP", "ASK", "NOTE" */
const char *cds_kind_words(enum cds_kind k);   /* "Allergies" */
const char *cds_state_words(enum cds_state s); /* "RAN - nothing found" */

#endif
