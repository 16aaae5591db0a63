/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prescribing: a drug of the table and a typed line become a MedicationRequest, which is read back from its own bytes,
 * checked as those bytes, kept as a draft, and signed; and what is done to an order that is there. Called by the
 * screens of orders; knows store, codes and cds, no screen and no line.
 *
 * REQ: a draft is NOT SIGNED wherever it is shown. What is signed are the bytes that were shown and checked; one's own
 * alone, and of that chart alone. What was signed is never changed but in how it stands: another dose is another order.
 * Nothing is filled in but the route that a product's form says; refills are typed.
 *
 * On the loop's thread; what is written is a filing (model/filing.h), which the store thread takes.
 */
#ifndef MODEL_ORDER_H
#define MODEL_ORDER_H

#include "base/rng.h"
#include "cds/check.h"
#include "model/filing.h"
#include "model/sig.h"

#define ORDER_REASON_LEAST 3 /* letters of a reason */
#define ORDER_REASON_MOST 400

/* Borrowed, for as long as anything of it is used. */
struct order_env {
    struct model *m;
    const struct cds *cds;
    const struct sig_words *words;
    const struct rng *rng;
};

/* The tables and the words that orders are written with, read once for a screen. */
struct order_desk {
    struct order_env env;
    struct cds *cds;
    struct sig_words *words;
};
/* m and rng are borrowed. ERR_OK also when tables are missing or old: the checks say so. To be closed in any case. */
int model_order_desk_open(struct model *m, const struct rng *rng, struct order_desk *out, struct err *e);
void model_order_desk_close(struct order_desk *d);

/* --- who may ----------------------------------------------------------------------------------- */

enum order_may { ORDER_MAY_NOT, ORDER_MAY_DRAFT, ORDER_MAY_SIGN };
/* By the profile's role. REQ: who is not named signs nothing, whatever the role. */
enum order_may model_order_may(const struct model *m);
/* Why this profile may not sign, or may do nothing: a sentence, translated; "" where it may sign. */
const char *model_order_may_words(const struct model *m);

/* --- the drug ---------------------------------------------------------------------------------- */

struct order_drug {
    struct text words;      /* "amoxicillin 500 MG Oral Capsule", in tall-man letters */
    struct text via;        /* another name by which it was found, or "" */
    struct str name, rxcui; /* as the resource will say it; of the table */
    struct str route;       /* a code of HL7's table 0162 that its form says; "" */
    bool product;           /* with a form, and as a rule a strength */
    struct str raw_name, raw; /* of an order that is prescribed again: its own medication[x], as it stands; "" */
};
#define ORDER_DRUGS_SHOWN 40
struct order_drugs {
    struct order_drug row[ORDER_DRUGS_SHOWN]; /* an ingredient, then its products where few ingredients match */
    unsigned n, all;
    struct text words; /* "shows 10 of 40"; or why the table cannot be searched */
};
/* Nothing is completed and nothing chosen. Strings in a or of the table. ERR_NOMEM. */
int model_order_search(const struct codes_drugs *d, struct str typed, struct arena *a, struct order_drugs *out,
                       struct err *e);

int model_order_find(const struct order_env *env, struct str typed, struct arena *a, struct order_drugs *out,
                     struct err *e); /* the same with the desk's table */

/* --- composing --------------------------------------------------------------------------------- */

struct order {
    struct arena arena;
    char chart[80], id[37];
    struct order_drug drug;
    struct sig *sig;      /* what was read: its questions, its sum */
    struct text *lack;    /* what must be said first, a sentence each; "" of none: */
    unsigned lacks;
    bool ready;           /* nothing is asked and nothing lacks. Then: */
    bool route_filled;    /* the route is the form's, nobody typed it */
    struct buf bytes;     /* the MedicationRequest, a draft */
    struct text words;    /* these bytes in words, as the chart will say them */
    struct text quantity; /* "21 tablets (1 tablet x 3 a day x 7 days = 21 tablets)" */
    struct cds_result checks;
};
/* Reads the line (which does not name the drug) for that chart. prior: "MedicationRequest/ID" that ends when this one
 * is signed, or "". ERR_OK also when something is asked or lacks. out is to be given to model_order_fini in any case.
 * ERR_ROLE; ERR_NOTFOUND; ERR_INPUT (a chart of a file; as model_sig_read); ERR_TOOBIG, ERR_NOMEM. */
int model_order_compose(const struct order_env *env, struct str chart, const struct order_drug *drug, struct str line,
                        struct str prior, struct order *out, struct err *e);
void model_order_fini(struct order *o);
/* Is a reason one: letters enough, not too many, nothing that drives a terminal? */
bool model_order_reason_good(struct str reason);
/* A STOP was read, and this is why it is given all the same: kept in the order as a note, which is part of what is read
 * back. ERR_INPUT: no reason, or no such card. */
int model_order_answer(const struct order_env *env, struct order *o, unsigned card, struct str reason, struct err *e);
/* STOP cards without a reason in these bytes. */
unsigned model_order_open(const struct cds_result *checks, struct str bytes);
bool model_order_answered(const struct cds_card *card, struct str bytes);
/* What keeps it as a draft, NOT SIGNED, once it is written. ERR_CHECKS: a STOP has no reason; ERR_OPEN: it is not
 * ready. out, here and below, is to be given to model_filing_fini in any case. */
int model_order_keep(const struct order *o, struct model_filing *out, struct err *e);

/* --- signing ----------------------------------------------------------------------------------- */

struct order_line {
    char id[80];
    bool ticked;
    struct str was;    /* the draft as it stands in the store */
    struct buf bytes;  /* as it is to be signed: these are shown, checked and written */
    struct text words; /* of them */
    char ends[80];     /* id of the order that it takes the place of, and that ends with it; "" */
    struct str ends_was;
    struct buf ends_bytes;
    struct text ends_words; /* as it stands now */
    struct cds_result checks;
};
#define ORDER_LINES 32
struct order_basket {
    struct arena arena;
    char chart[80];
    struct order_line *line; /* one's own drafts of the chart, oldest first; none ticked */
    unsigned n;
    unsigned others; /* drafts of others, which they sign themselves */
    unsigned more;   /* own ones beyond ORDER_LINES: these first */
};
/* ERR_ROLE: who may not sign has no list. out to model_order_basket_fini in any case. */
int model_order_basket(const struct order_env *env, struct str chart, struct order_basket *out, struct err *e);
void model_order_basket_fini(struct order_basket *b);
int model_order_line_answer(const struct order_env *env, struct order_basket *b, unsigned line, unsigned card,
                            struct str reason, struct err *e);
/* What signs all that are ticked, and ends what they take the place of: one transaction. *signed_n: how many. ERR_ROLE;
 * ERR_CHECKS: a STOP of a ticked one has no reason; ERR_OPEN: none is ticked. Where one has changed meanwhile,
 * model_filing_write says ERR_STALE, and nothing is signed. */
int model_order_sign(const struct order_env *env, const struct order_basket *b, struct model_filing *out,
                     unsigned *signed_n, struct err *e);

/* --- words ------------------------------------------------------------------------------------- */

enum order_row_kind { ORDER_SAYS, ORDER_ASKS, ORDER_CHOICE, ORDER_CARD };
struct order_row {
    enum order_row_kind kind;
    struct text lead, words;
    unsigned ask, choice; /* of a choice: for model_sig_answer */
    unsigned card;        /* of a card; open: a STOP that has no reason yet */
    bool open;
};
/* All that is to be read before a decision: questions with their choices and what lacks; else the read-back, the
 * quantity with its sum, what was filled in or read otherwise, cards, each check with its state and its list's date.
 * In o's arena. ERR_NOMEM. */
int model_order_rows(struct order *o, struct order_row **rows, unsigned *n, struct err *e);
/* The same of a line that is to be signed: what it ends, its cards that stop or ask, and all checks in one row. In b's
 * arena. */
int model_order_line_rows(struct order_basket *b, unsigned line, struct order_row **rows, unsigned *n, struct err *e);
/* --- what is done to an order ------------------------------------------------------------------- */

const char *model_order_type(void);    /* of the rows that are orders of a medicine */
bool model_order_is(const char *type); /* can something be done to a row of this type? */
enum order_act { ORDER_HOLD, ORDER_RELEASE, ORDER_STOP, ORDER_ERROR, ORDER_ACTS };
const char *model_order_act_words(enum order_act act); /* "hold": translated, for "Reason to ...:" */
bool model_order_act_reason(enum order_act act);       /* it needs one */
/* A change of status and of its reason, by splice: all other bytes stay. A draft that is stopped is cancelled.
 * ERR_ROLE; ERR_STATE: what = the status that it does not go with; ERR_INPUT "reason"; ERR_NOTFOUND. */
int model_order_do(const struct order_env *env, struct str chart, struct str id, enum order_act act, struct str reason,
                   struct model_filing *out, struct err *e);
/* To prescribe it again, as it was or changed: its medicine, and its doses as a line to be gone over; neither refills
 * nor quantity. ERR_INPUT "dosageInstruction": free text that no line says; "medication": it stands in the order
 * itself. Then it is to be prescribed anew. */
struct order_again {
    struct order_drug drug;
    struct text line, words; /* words: as it stands */
    char prior[100];
};
int model_order_again(const struct order_env *env, struct str chart, struct str id, struct arena *a,
                      struct order_again *out, struct err *e);

#endif
