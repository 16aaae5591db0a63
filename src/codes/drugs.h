/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of drugs (data/drugs): ingredients with their other names, RxNorm's codes, classes, and the products that
 * we know forms and strengths of. Called by the order's screen (search) and by the checks (which ingredients is that?).
 * Made once, then read-only: any thread. Nobody with a licence to practise has reviewed the table.
 *
 * REQ: a search never chooses and never completes a word; it counts what it leaves out. REQ: what is not wholly
 * understood is said to be not: a medicine is mapped only when each of its words is.
 */
#ifndef CODES_DRUGS_H
#define CODES_DRUGS_H

#include "codes/dated.h"
#include "fhir/tape.h"

#define CODES_RXNORM "http://www.nlm.nih.gov/research/umls/rxnorm"
#define CODES_DRUGS_MEMORY ((size_t)8 << 20)

struct codes_drugs;

enum codes_drugs_file {
    CODES_INGREDIENTS,
    CODES_CLASSES,
    CODES_MEMBERS,
    CODES_PRODUCTS,
    CODES_WORDS,
    CODES_DRUGS_FILES
};

/* Reads dir (path_data("drugs", dir)). ERR_OK also when files are missing or old: codes_drugs_file says so, and nothing
 * is then mapped or found. ERR_NOMEM, ERR_TOOBIG. */
int codes_drugs_open(const char *dir, const struct date *today, struct codes_drugs **out, struct err *e);
void codes_drugs_free(struct codes_drugs *d);
const struct codes_dated *codes_drugs_file(const struct codes_drugs *d, enum codes_drugs_file which);
/* The first file of the table that is not good, or NULL: the table can be used. */
const struct codes_dated *codes_drugs_bad(const struct codes_drugs *d);

/* --- ingredients, classes, products ------------------------------------------------------------ */

struct codes_drug {
    struct str name;     /* "amoxicillin": as the table has it, in lower case */
    struct str tall;     /* the same in tall-man letters (REQ CS-18): for screens */
    struct str rxcui;    /* of the ingredient; "" when not known */
    struct str *synonym; /* other names, in English, Spanish and French; no brands */
    unsigned synonyms;
};
unsigned codes_drugs_count(const struct codes_drugs *d);
const struct codes_drug *codes_drug(const struct codes_drugs *d, unsigned drug); /* drug < count */
int codes_drug_find(const struct codes_drugs *d, struct str name); /* by the table's own name; -1 */

struct codes_class {
    struct str id;        /* "ssri-snri" */
    struct str name;      /* "SSRIs and SNRIs" */
    struct str duplicate; /* what two of it at once are: "stop", "ask", "note", or "-": nothing */
};
unsigned codes_classes_count(const struct codes_drugs *d);
const struct codes_class *codes_class(const struct codes_drugs *d, unsigned cls); /* cls < count */
int codes_class_find(const struct codes_drugs *d, struct str id);                 /* -1 */
bool codes_drug_in(const struct codes_drugs *d, unsigned drug, unsigned cls);

#define CODES_PRODUCT_DRUGS 6
struct codes_product {
    struct str rxcui, words;     /* "amoxicillin 500 MG Oral Tablet", as RxNorm or its user says it; rxcui "": words are
                                  * the name of a combination */
    struct str strength, form;   /* "500 mg", "oral tablet"; "" when not known. Of several: "875 mg / 125 mg" */
    unsigned drug[CODES_PRODUCT_DRUGS], drugs;
};
const struct codes_product *codes_product_find(const struct codes_drugs *d, struct str rxcui); /* NULL */
/* The products that hold an ingredient: *at = 0 begins; NULL at the end. Those of it alone come first. */
const struct codes_product *codes_product_next(const struct codes_drugs *d, unsigned drug, unsigned *at);

/* --- search (REQ CS-22) ------------------------------------------------------------------------ */

enum codes_match {
    CODES_EXACT,      /* a name, whole */
    CODES_BEGINS,     /* a name begins with what was typed */
    CODES_WORDS_MATCH /* each typed word begins a word of it */
};
struct codes_hit {
    unsigned drug;
    const struct codes_product *product; /* a combination that has a name of its own, "co-trimoxazole"; NULL. drug: the
                                          * first of it */
    enum codes_match match;
    struct str via; /* the other name that was found, when it was not its own; else "" */
};
/* What was typed, at least two letters of it: own names before others, better matches first, then by name. At most most
 * hits; *all: how many there are ("10 of 40"). Returns how many are in hits; fewer letters find none. ERR_NOMEM. */
#define CODES_TYPED_LEAST 2
int codes_drugs_search(const struct codes_drugs *d, struct str typed, struct codes_hit *hits, unsigned most,
                       unsigned *found, unsigned *all, struct err *e);

/* --- which ingredients is that? ---------------------------------------------------------------- */

#define CODES_SET_MOST 12
struct codes_drug_set {
    unsigned drug[CODES_SET_MOST], drugs;     /* ingredients, each once */
    unsigned cls[CODES_SET_MOST], classes;    /* named as a class, without an ingredient: "penicillin" */
    struct str words;                         /* what it is called, as it was sent; "" nothing */
    struct str rest;                          /* words that are not understood, "" none */
    bool mapped;                              /* something was, and nothing is left over */
};
enum codes_speaks { CODES_OF_A_MEDICINE, CODES_OF_AN_ALLERGY /* "allergy to", "intolerance" are understood, too */ };
/* A CodeableConcept: by RxNorm's code of an ingredient or of a product of the table; by its words otherwise, and beside
 * a code for what they name more. Strings in a. ERR_NOMEM. */
int codes_drugs_of(const struct codes_drugs *d, const struct tape *t, tape_at concept, enum codes_speaks of,
                   struct arena *a, struct codes_drug_set *out, struct err *e);
/* Words alone. */
int codes_drugs_of_words(const struct codes_drugs *d, struct str words, enum codes_speaks of, struct arena *a,
                         struct codes_drug_set *out, struct err *e);
/* Adds what b has; mapped only when both are. */
void codes_drug_set_add(struct codes_drug_set *to, const struct codes_drug_set *b, struct arena *a);
/* "amoxicillin + clavulanate", in tall-man letters; of classes their names. In a. */
const char *codes_drug_set_words(const struct codes_drugs *d, const struct codes_drug_set *s, struct arena *a);

/* Listed names of medicines in n bytes, in tall-man letters: only the case of letters changes. */
void codes_tall_man(char *s, size_t n);

#endif
