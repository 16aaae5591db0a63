/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside model: the writer with which formatters compose one row, and the words that they share.
 * Server text goes in through model_put_server alone, which is the sanitiser; own words through the
 * others. Everything here runs on the thread that asked for the view model, and keeps nothing.
 */
#ifndef MODEL_PRIV_H
#define MODEL_PRIV_H

#include "base/buf.h"
#include "base/intl.h"
#include "codes/allergy.h"
#include "fhir/read.h"
#include "model/model.h"

/* --- the chart's patient ---------------------------------------------------------------------- */

/* What reference ranges, ages and the patient check need to know. Strings live in the arena given.
 */
struct model_person {
    char chart[80];
    struct str id;     /* the FHIR id, without "file:" */
    bool file;         /* imported: the chart is of a file, not of the server */
    struct str sex;    /* administrative gender, a code, or "" */
    struct date birth; /* precision DATE_NONE: not recorded, or born_bad */
    struct str born_bad; /* a birth date that is none, as it was sent; else "" */
    bool dead;
    struct date death; /* precision DATE_NONE: no date, or died_bad */
    struct str died_bad;
    int64_t now_ms;
    struct date today;
    enum model_allergy allergies;
};

/* Opens the Patient of a chart: bytes into *raw (wiped with buf_fini), parsed into *t.
 * ERR_NOTFOUND. */
int model_patient_open(struct model *m, struct str chart, struct buf *raw, struct tape *t,
                       struct err *e);
void model_person_read(struct model *m, struct str chart, const struct tape *t, struct arena *a,
                       struct model_person *p);
/* How many rows are left out and why, in words; NULL: no memory. */
const char *model_not_shown(unsigned n, struct arena *a); /* they name another patient */
const char *model_not_read(unsigned n, struct arena *a);
/* Who a chart is of, in arena a, and nothing else of the resource. */
int model_person_open(struct model *m, struct str chart, struct arena *a, struct model_person **who, struct err *e);
/* Identity in words, for banner and worklist alike; all of it safe. */
struct text model_name_text(const struct tape *t, int64_t now_ms, struct arena *a);
struct text model_born_text(const struct model_person *p, struct arena *a);
/* The identifier that stands for the patient: a medical record number first; TAPE_NONE. */
tape_at model_number(const struct tape *t, int64_t now_ms);
/* Where a Patient's link of a type ("replaced-by") points: words for a person, and the bare number or id. False:
 * there is no such link. */
struct model_other {
    struct text words;  /* "FARROW, Kenneth 70010673", or "ID x" when it is not in this cache */
    struct text number; /* "No. 70010673", "ID x" */
};
bool model_linked_patient(struct model *m, const struct model_person *who, const struct tape *t, const char *type,
                          struct arena *a, struct model_other *out);
/* meta.security says that the patient is made up. */
bool model_is_test(const struct tape *t);
struct text model_sex_text(const struct model_person *p, struct arena *a);
/* "(42y)", "(14m)", "(9d)", "(~75y)"; "" when it cannot be said. */
void model_age(const struct date *birth, const struct date *on, char out[32]);

/* --- the worklist's rows ---------------------------------------------------------------------- */

struct model_scope;
/* The store's view of a scope at this moment; it borrows the scope's and the filter's strings. */
void model_scope_view(struct model *m, const struct model_scope *scope, struct str filter, struct store_view *out);
/* Somebody that the store found: kept while it walks, made a row of afterwards. */
struct model_listed {
    char chart[80];
    unsigned similar;
    enum store_origin origin;
    int64_t overdue_days, booked_ms;
    bool timed; /* the time of the booking is shown */
    bool all_sent; /* nobody has an edit that is not at the server: none need be counted */

    bool by_home; /* as of struct store_patient */
};
int model_listed_take(void *arg, const struct store_patient *p); /* arg: a vec of them */
int model_listed_row(struct model *m, const struct model_listed *x, struct str filter, struct arena *a,
                     struct model_patient *row, struct err *e);
/* Does a word of folded, or what follows a mark inside one, begin with w? */
bool model_begins(struct str folded, struct str w);
/* Why a filter found a patient by an address or a telephone alone: "PHONE 0722 123 456 of mother", "HOME 12 Mill Lane,
 * Northfield"; never empty. In a. */
struct text model_home_found(struct model *m, const struct model_person *who, const struct tape *t, struct str filter,
                             struct arena *a);
/* The same of a Patient that need not be here, with so many edits NOT SENT; row zeroed before. ERR_NOMEM. */
int model_listed_fill(struct model *m, const struct model_listed *x, const struct tape *t, struct str filter,
                      int64_t unsent, struct arena *a, struct model_patient *row);
/* A member that is a Reference, in words: its display, else the name that its resource here has; "" when neither. */
struct text model_named(struct model *m, const struct model_person *who, const struct tape *t, tape_at reference,
                        struct arena *a);

/* --- allergies -------------------------------------------------------------------------------- */

/* The live ones by name, those of high criticality first; unconfirmed ones say so. Inactive ones are
 * counted. */
struct model_allergen {
    struct text name;
    bool severe;
    unsigned order;
};
struct model_allergens {
    struct arena *a; /* the names' */
    struct vec all;  /* of struct model_allergen */
    unsigned inactive;
};
void model_allergens_init(struct model_allergens *n, struct arena *a);
void model_allergens_fini(struct model_allergens *n);
/* "Known allergies: Penicillin, Codeine (unconfirmed)"; NULL without memory. */
const char *model_allergens_words(const struct model_allergens *n);
/* REQ: one of the four states of a chart, by display rule 20. names: NULL or initialised. */
int model_allergy_state(struct model *m, struct str chart, enum model_allergy *out,
                        struct model_allergens *names, struct err *e);
const char *model_allergy_words(enum model_allergy s);

/* --- weight ----------------------------------------------------------------------------------- */

/* REQ: the newest body weight (LOINC 29463-7) of this patient that was not struck and is not dated ahead, as it was
 * sent. value "": there is none. */
struct model_weight {
    struct text value; /* "72 kg" */
    struct text date;  /* "05-Mar-2026", "no date" */
    bool fetched;      /* vital signs are here in full: without a value, none is recorded */
    bool removed;      /* they are not, because they were removed from this device */

    bool unsent;       /* of an edit that the server has not got */
    struct str kg;     /* the lexeme, where the unit is kg; "" */
    struct date day;   /* precision DATE_NONE: none */
};
int model_weight(struct model *m, const struct model_person *who, struct arena *a, struct model_weight *out,
                 struct err *e);

/* --- the banner's second row ------------------------------------------------------------------ */

/* One thing that must be known: its brief words, and what it is about, by name. */
struct model_part {
    const char *brief; /* "Known allergies": all there is when no name fits */
    const char *counted; /* "Known allergies: 3" in their place, where room is left for that and for no name; or NULL */
    const char *label; /* "Known allergies: " before names; NULL: there are none */
    const struct text *name;
    unsigned names;
    bool instead; /* the names are whole wordings, each longer than the last: one of them stands for the brief words */
    unsigned turn; /* who gets names into the room that is left: 1 first; 0 never */
    bool yields;   /* stands there only where all others do, each with all its names */
    unsigned shown;
    bool terse, dropped, tally;
};
/* The parts in their order, two blanks between, within cols columns. First every part's brief words (those that do
 * not fit are counted: "+1"), then names by turn, whole ones only, the others counted ("+2 more"), then counts. */
struct text model_strip(struct arena *a, struct model_part *part, unsigned n, unsigned cols);

/* --- writing a row ---------------------------------------------------------------------------- */

struct model_fmt {
    struct model *m;
    const struct model_person *who;
    const struct fhir_kind *kind; /* NULL: a type that the table does not have */
    const struct tape *t;
    struct arena *a;    /* for this row alone */
    struct arena *keep; /* the view model's: flags live here */
    struct buf *out;
    const char *sep; /* between the parts of the row */
    struct model_row *row;
    struct str date, status; /* lexeme and code by the kind table, or "" */
    int rank;                /* groups of a section, smallest first */
    bool struck;             /* entered in error */
    unsigned said;           /* flags of an edit that is not at the server: how many of the row's are that */
    bool settled;            /* the lead said how it stands: no status words behind it */
};

void model_put(struct model_fmt *f, const char *own); /* words of wardline's own */
void model_putf(struct model_fmt *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void model_put_server(struct model_fmt *f, struct str s); /* text of the server's */
/* The same for words that somebody wrote: in a row of medicines, what breaks a display rule is marked behind them. */
void model_put_told(struct model_fmt *f, struct str s);
/* What is put goes aside until it is taken as a text in keep; was: the f->out of before. */
void model_aside(struct model_fmt *f, struct buf *aside);
struct text model_aside_end(struct model_fmt *f, struct buf *aside, struct buf *was);
void model_sep(struct model_fmt *f);                      /* f->sep unless the row is empty */
/* "NOT SENT", and what is to be said beside it: the flags of an edit that the server has not got; *n = 0: it is none.
 * An error: what stands beside it cannot be told; the flags that can are there. */
#define MODEL_UNSENT_FLAGS 5
int model_unsent_flags(const struct model *m, const struct store_row *r, const char *flag[MODEL_UNSENT_FLAGS],
                       unsigned *n);
void model_flag(struct model_fmt *f, const char *own);    /* a flag of the row, once; own is kept, not copied */
/* Does a member stand there that is not false? For those by which a row turns round (doNotPerform): whatever a
 * careless server wrote, it is not nothing. */
bool model_not_false(const struct model_fmt *f, tape_at at);
/* A labelled server text behind a separator; nothing when s is empty. label: "note: " */
void model_put_labelled(struct model_fmt *f, const char *label, struct str s);
/* A date lexeme in words; one that is no R4 date is shown as it came, and said to be none. */
void model_put_date(struct model_fmt *f, struct str lexeme);
/* "from 03-Feb-2026 until 05-Feb-2026" */
void model_put_period(struct model_fmt *f, tape_at period);
/* The words of a CodeableConcept; without words its code, said to be one; "" stays "". True if
 * anything. */
bool model_put_concept(struct model_fmt *f, tape_at concept);
/* A list of them, joined. */
bool model_put_concepts(struct model_fmt *f, tape_at list, const char *glue);
/* Annotation.text of .note: each behind its separator. */
void model_put_notes(struct model_fmt *f);

/* XHTML or HTML as plain text with LF between lines, appended; not yet safe (text_safe_buf). out's failure. */
int model_xhtml(struct str html, struct buf *out);
/* The words of a note, safe, with LF between lines, appended to out: attached text, sections, else the narrative.
 * Nothing is fetched. *cut: there was more than MODEL_NOTE_BYTES. */
#define MODEL_NOTE_BYTES (1u << 20)
int model_note(const struct tape *t, struct arena *a, struct buf *out, bool *cut);
/* Its first words in quotation marks; false when there are none. */
bool model_put_first_words(struct model_fmt *f);

struct model_code_word {
    const char *code, *words; /* words: N_() */
};
/* The words for a code of a table that ends with {NULL, NULL}; NULL when it is not there. */
const char *model_code_word(const struct model_code_word *table, struct str code);
const char *model_absent_word(struct str code);         /* data-absent-reason */
const char *model_interpretation_word(struct str code); /* v3-ObservationInterpretation */

/* Is a literal reference to a row of this chart's patient (or to no patient's)? */
enum model_link { MODEL_LINK_OWN, MODEL_LINK_OTHER, MODEL_LINK_MISSING };
/* Opens what a Reference names, checks whose it is, and gives it to use() when it is this patient's
 * own. type: what it must be of; references of a file name an id alone. Anything else is missing. */
enum model_link model_link(struct model_fmt *f, struct str reference, const char *type,
                           void (*use)(struct model_fmt *f, const struct tape *t));

/* --- quantities and values -------------------------------------------------------------------- */

/* An amount of an order: "5.0 mg (= 5 mg)", "less than 3 units". after: "/hour"-like tail, or "".
 */
void model_put_dose(struct model_fmt *f, tape_at quantity);
void model_put_dose_range(struct model_fmt *f, tape_at range);
void model_put_dose_ratio(struct model_fmt *f, tape_at ratio);
/* "24 hours", "1 day", "5 to 7 days" */
void model_put_duration(struct model_fmt *f, struct str value, struct str max,
                        struct str unit_code);
/* The same of a Duration or Age: "5 days", "less than 12 years". */
void model_put_span(struct model_fmt *f, tape_at quantity);
/* A number with its clear form behind it when it breaks a display rule. */
void model_put_number(struct model_fmt *f, struct str lexeme);
/* The clear form of a number (fhir/decimal.h) with between between its thousands, appended; false when it is too long
 * to be written out. model_thousands: what a language has there. */
bool model_clear_number(struct str lexeme, const char *between, struct buf *out);
const char *model_thousands(void);
/* A result's quantity: comparator, lexeme, unit as sent. */
void model_put_result(struct model_fmt *f, tape_at quantity);
/* Any value[x] of an object, or another choice of the same types (detail[x]); false when there is none. */
bool model_put_value(struct model_fmt *f, tape_at object, const char *stem);
/* Unit in words: of an order (mcg, units, mL, per hour) or of a result (as sent, no mu glyph). */
void model_put_order_unit(struct model_fmt *f, const struct fhir_quantity *q, bool one);
void model_put_result_unit(struct model_fmt *f, const struct fhir_quantity *q);
/* Both name a unit that is known, and not the same one. */
bool model_unit_clash(const struct fhir_quantity *q);
bool model_same_unit(const struct fhir_quantity *a, const struct fhir_quantity *b);

/* --- results ---------------------------------------------------------------------------------- */

/* How a result is judged, without the words of its row. Strings in keep; lexemes borrowed. */
struct model_judgement {
    struct text flag;     /* "HH", "H by range", "outside range"; "" */
    char letter;          /* 'H', 'L', 'A'; 0 */
    struct text range;    /* "3.5-5.1": of the one range that is this patient's, in the value's unit; "" */
    struct str low, high; /* its limits, or "" */
};
void model_judge(struct model_fmt *f, tape_at object, struct model_judgement *out); /* an Observation, a component */
/* "no result: not performed"; false when no reason stands there. */
bool model_put_absent(struct model_fmt *f, tape_at object);
bool model_is_result(struct str type); /* one value, pair or set of parts, which a grid and a trend can hold */
/* Its place in the order in which vital signs are read, blood pressure and pulse first; MODEL_VITALS: it is none. */
#define MODEL_VITALS 13
unsigned model_vital_rank(const struct tape *t);
/* Is an Observation a systolic and a diastolic pressure and nothing else? */
bool model_pressure(struct model_fmt *f, tape_at *systolic, tape_at *diastolic);

/* Dosage[] in full words, by sequence. False when no dose stands anywhere in it. */
bool model_put_dosages(struct model_fmt *f, tape_at list);

/* How a resource stands among the medicines that an order is checked against, into x; false: it is none of them.
 * t NULL: it cannot be read. */
struct cds_entry;
bool model_medicine_stands(struct str type, const struct tape *t, int64_t now_ms, struct cds_entry *x);

/* --- formatters ------------------------------------------------------------------------------- */

struct model_status {
    const char *code;
    const char *lead; /* N_(): before the name, when it changes what the row means; NULL */
    const char *tail; /* N_(): behind; NULL: goes without saying */
    int rank;         /* within the section, smallest first; 9: struck */
};

struct model_formatter {
    const char *type;
    void (*lead)(struct model_fmt *f); /* words before the name (DO NOT GIVE); NULL */
    void (*name)(
        struct model_fmt *f); /* what it is: all that a struck row shows; NULL: the kind's code */
    void (*body)(struct model_fmt *f); /* the rest; NULL: generic */
    const struct model_status
        *status; /* ends with code NULL; the whole table NULL: the code as sent */
    bool ahead;  /* a date in the future is its nature */
};
/* A subject's formatters; the last has no type. */
const struct model_formatter *model_formatters_allergies(void);
const struct model_formatter *model_formatters_medicines(void);
const struct model_formatter *model_formatters_labs(void);
const struct model_formatter *model_formatters_story(void);
const struct model_formatter *model_formatters_plans(void);
const struct model_formatter *model_formatter(struct str type); /* never NULL */
const struct model_status *model_status(const struct model_formatter *ft, struct str code);

/* Formats one resource of a chart into row (its text in keep). ERR_JSON, ERR_NOMEM; ERR_NOTFOUND
 * when it is another patient's: such a row is never shown. rank: for sorting. */
int model_format(struct model *m, const struct model_person *who, const struct store_row *r,
                 const struct tape *t, struct arena *keep, struct model_row *row, int *rank,
                 struct err *e);

/* Is the resource entered in error? status: its index's. */
bool model_struck(const struct tape *t, struct str status);

/* The same with LF between the parts of the row, for the detail: " - " may also stand inside one. */
int model_format_lines(struct model *m, const struct model_person *who, const struct store_row *r,
                       const struct tape *t, struct arena *keep, struct model_row *row, int *rank,
                       struct err *e);

/* What references in this chart's rows are read against (fhir_reference): the server's base, or a file's own
 * names. */
const char *model_base(const struct model *m, const struct model_person *who);

/* Its name alone, as model_format would call it. */
struct text model_format_name(struct model *m, const struct model_person *who,
                              const struct store_row *r, const struct tape *t, struct arena *keep);
/* REQ: is a row this patient's, by the resource's own reference? 0 or ERR_NOMEM. */
int model_own(const struct model *m, const struct model_person *who, const struct store_row *r,
              const struct tape *t, bool *own);

/* What of a section's kinds is not here. */
struct model_lack {
    struct buf unfetched; /* types that were never pulled in full: "Observation, DiagnosticReport" */
    struct buf removed;   /* types of which rows were removed from this device for want of room (store/room.h) */
    int64_t removed_ms;   /* when the last of them was */
    bool wanted;          /* somebody asked for all of them again */
    int64_t asof_ms;      /* the kinds that were pulled are whole as of then, but for what was removed; 0: none is */
};
void model_lack_init(struct model_lack *l);
int model_lack_fini(struct model_lack *l); /* ERR_NOMEM: its lists are not whole */
/* True: nothing is. Adds to out. chart "": of all together, where what was removed does not count. */
bool model_lack(struct model *m, struct str chart, struct str section, struct model_lack *out, struct err *e);
/* "removed from this device on 23-Nov-2026, fetch with F: Observation"; in a, NULL without memory. */
const char *model_removed_words(const struct model_lack *l, struct arena *a);

/* Was every kind that feeds a section of a chart pulled in full, and is still here? If not, the types are added to
 * missing, with a word on those that were removed. */
bool model_fetched(struct model *m, struct str chart, struct str section, struct buf *missing,
                   int64_t *asof_ms, struct err *e);
/* Is this chart still to be pulled for the first time, because somebody asked for it (sync/demand.h)? */
bool model_demanded(struct model *m, struct str chart);

/* model/beside.c: what the server has of a row that was changed here and there, and nobody has answered it yet. there:
 * it is another one than the row. To be closed in any case. */
struct model_beside {
    struct buf bytes;
    struct tape t;
    bool there;
};
int model_beside_open(struct model *m, const struct store_row *r, struct model_beside *out, struct err *e);
void model_beside_close(struct model_beside *b);
/* As model_format: its row, which says whose it is. */
int model_beside_format(struct model *m, const struct model_person *who, const struct store_row *r,
                        const struct model_beside *b, struct arena *keep, struct model_row *row, int *rank,
                        struct err *e);

/* The rows that stand at the head of a section and come from no single resource (model/cover.c). */
struct model_rows {
    struct vec rows; /* of struct model_sorted */
    struct arena *keep;
    const struct model_person *who;
    int64_t asof_ms; /* of other kinds whose rows were added, the oldest; 0: of none */
    bool lacking;    /* one of them was never pulled in full */
    bool removed;    /* rows of one were removed from this device */
};
struct model_sorted {
    struct model_row row;
    int rank;
};
struct model_row *model_rows_add(struct model_rows *rs, int rank);
int model_rows_fill(struct model *m, struct str section, struct model_rows *rs, struct err *e);
void model_rows_sort(struct str section, struct model_rows *rs); /* in the order of that section */
int model_medicine_rows(struct model *m, struct model_rows *rs, struct err *e);
/* model/visits.c: what happened in each visit, counted in its row; of one, the lines (struct text) of its detail. */
int model_visit_rows(struct model *m, struct model_rows *rs, struct err *e);
bool model_is_visit(struct str type);
int model_visit_lines(struct model *m, const struct model_person *who, struct str type, struct str id, struct arena *a,
                      struct vec *lines, struct err *e);
/* model/attached.c: the lines (struct text) of a row's attachments; *fetch as in struct model_detail. */
int model_attached_lines(struct model *m, const struct store_row *r, const struct tape *t, struct arena *a,
                         struct vec *lines, unsigned *fetch, struct err *e);
int model_cover_rows(struct model *m, struct model_rows *rs, struct err *e);
int model_alert_rows(struct model *m, struct model_rows *rs, struct err *e); /* model/alerts.c: those of a cover */
int model_allergy_rows(struct model *m, struct model_rows *rs, struct err *e);

/* --- rows of many sections (model/refs.h) ------------------------------------------------------ */

/* Whose rows are read; made anew for each chart. */
struct model_reader {
    struct model *m;
    struct arena arena;
    struct model_person who;
    struct text name; /* "FARROW, Kenneth 70010673" */
};
int model_reader_open(struct model *m, struct str chart, struct model_reader *r, struct err *e); /* ERR_NOTFOUND */
void model_reader_close(struct model_reader *r);
/* ERR_JSON: it cannot be read. ERR_NOTFOUND: it names another patient. */
int model_reader_row(struct model_reader *r, const struct store_row *s, struct arena *keep, struct model_row *row,
                     struct err *e);
struct model_refs;
/* Adds a chart and its rows, newest first; undated: those without a day too, last. */
int model_refs_list(struct model *m, struct str chart, bool undated, struct model_refs *out, struct err *e);

#endif
