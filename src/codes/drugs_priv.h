/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the drug table: names as they are compared. A name is cut into words at all but letters and digits, each is
 * folded (no case, no accents), one blank between: "Co-Trimoxazole" and "co trimoxazole" are one.
 */
#ifndef CODES_DRUGS_PRIV_H
#define CODES_DRUGS_PRIV_H

#include "base/buf.h"
#include "codes/drugs.h"

/* What a name of the table stands for. */
enum codes_means {
    CODES_MEANS_DRUG,
    CODES_MEANS_PRODUCT, /* of several ingredients: "co-trimoxazole" */
    CODES_MEANS_CLASS,
    CODES_MEANS_NOTHING,
    CODES_MEANS_UNIT,    /* nothing, but that a strength stands there */
    CODES_MEANS_METAL,   /* nothing straight behind a name, "losartan potassium"; elsewhere a medicine of its own */
    CODES_MEANS_ALLERGY, /* says no more than that it is one */
};

struct codes_name {
    struct str key; /* as above */
    struct str words;
    enum codes_means means;
    unsigned of;    /* drug, product or class */
    bool own;       /* the table's own name of it */
};

struct codes_coded {
    struct str rxcui;
    unsigned at; /* drug or product */
};

struct codes_drugs {
    struct arena arena;
    struct codes_dated file[CODES_DRUGS_FILES];
    struct codes_drug *drug;
    struct codes_class *cls;
    struct codes_product *product;
    unsigned drugs, classes, products;
    bool *in;                 /* drugs x classes */
    struct codes_name *name;  /* by key */
    unsigned names;
    struct codes_coded *coded_drug, *coded_product; /* by rxcui */
    unsigned coded_drugs, coded_products;
};

#define CODES_NAME_WORDS 8 /* of the longest name */
#define CODES_WORD_BYTES 256u /* one of so many has an empty key: it is no name of anything */

/* One word of a text: its key is appended to out, with a blank before it when out has something. *word: as it stands in
 * the text. False: there is none any more. */
bool codes_next_word(struct str *rest, struct str *word, struct buf *out);
/* The key of all of s, appended. */
void codes_key(struct str s, struct buf *out);
/* Each typed word begins a word of key; both are keys. */
bool codes_words_match(struct str key, struct str typed);
/* The first name with a key, or NULL. */
const struct codes_name *codes_name_find(const struct codes_drugs *d, struct str key);
int codes_drug_by_rxcui(const struct codes_drugs *d, struct str rxcui); /* -1 */

#endif
