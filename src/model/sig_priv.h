/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside model/sig: the table's rows, the tokens of a line, and the state of one reading. A reader looks at the token
 * it is given and answers how many it took, 0 when the line says something else there; what it takes it marks, once.
 */
#ifndef MODEL_SIG_PRIV_H
#define MODEL_SIG_PRIV_H

#include "fhir/path_decimal.h"
#include "model/sig.h"

/* --- the table -------------------------------------------------------------------------------- */

/* The second column of data/sig: what the words of a row are. */
#define SIG_KINDS(X) \
    X(UNIT, "unit") X(FORM, "form") X(SPAN, "span") X(OFTEN, "often") X(EACH, "each") X(EVERY, "every") \
    X(TIMES, "times") X(ONCE, "once") X(WHEN, "when") X(DAY, "day") X(ON, "on") X(AT, "at") X(OVER, "over") \
    X(FOR, "for") X(FROM, "from") X(UNTIL, "until") X(AND, "and") X(TO, "to") X(THEN, "then") X(STEP, "step") \
    X(ALSO, "also") X(DOSE, "dose") X(RATE, "rate") X(CALCULATED, "calculated") X(MAX, "max") X(IN, "in") \
    X(TIME, "each time") X(LIFE, "lifetime") X(NEEDED, "needed") X(NEEDED_FOR, "needed for") X(PATIENT, "patient") \
    X(ROUTE, "route") X(SITE, "site") X(EXTRA, "extra") X(DAW, "daw") X(STAT, "stat") X(QUANTITY, "quantity") \
    X(REPEATS, "repeats") X(COUNTED, "counted") X(IN_ALL, "in all") X(UP_TO, "up to") X(HOURLY, "hourly") \
    X(NUMBER, "number") X(PER, "per") X(OF, "of") X(MONTH, "month") X(WORD, "word")
enum sig_kind {
#define X(name, word) K_##name,
    SIG_KINDS(X)
#undef X
        K_KINDS
};
#define BIT(kind) (UINT64_C(1) << (kind))

struct sig_row {
    struct str text;  /* the phrase as it is written */
    struct str *word; /* folded */
    unsigned words;
    enum sig_kind kind;
    struct str value;
    struct str clear; /* what to write instead, so that it has one reading: then the phrase is asked; "" */
    bool again;       /* instead is "!": read, and said back in the words of its value */
    unsigned place;   /* in the file */
};

struct sig_words {
    struct arena a;
    struct sig_row *row; /* by their words */
    unsigned rows;
    char language[8];
    char decimal; /* what stands before the fraction in this language */
};

/* --- the tokens ------------------------------------------------------------------------------- */

enum lex_kind { LEX_WORD, LEX_NUMBER, LEX_SIGN, LEX_QUOTE };
enum { LEX_CHOICES = 3 };

struct lex {
    size_t off, len;
    enum lex_kind kind;
    bool glued;         /* nothing between it and the token before */
    bool free;          /* part of a free text: its digits mean nothing here */
    enum sig_use use;
    struct str fold;    /* of a word; a sign's own byte; what is in quotes, as it is */
    struct str value;   /* of a number: the lexeme */
    bool doubt;         /* it has another reading, or none, or is easily misread */
    struct str choice[LEX_CHOICES];
    unsigned choices;
    const char *remark; /* what it was read as, where it was written in another way; or NULL */
};

/* Into tokens, at most max: *n, or ERR_TOOBIG. Strings in a or of the line. */
int model_sig_lex(struct str line, char decimal, bool said, struct arena *a, struct lex *token, unsigned max,
                  unsigned *n);

/* --- one reading ------------------------------------------------------------------------------ */

enum sig_basis { BASIS_NONE, BASIS_DOSE, BASIS_DAY, BASIS_RATE, BASIS_STRENGTH };

/* An amount as it stands in the line, before it is known what it is of. */
struct sig_amount {
    struct sig_dose dose;
    struct sig_quantity per;   /* of a rate's denominator: 8 h */
    enum sig_basis basis;
    char by;                   /* 'k': per kg, 'm': per m2, 0 */
    bool countable;            /* tablets, not mg */
    const struct sig_row *form; /* behind it: "500 mg tab" */
    unsigned at, n;            /* its tokens */
};

enum { SIG_AMOUNTS = 6 };

struct reading {
    const struct sig_env *env;
    struct arena *a;
    struct sig *out;
    struct sig_step *s;
    struct lex t[SIG_TOKENS];
    unsigned n;
    struct sig_amount amount[SIG_AMOUNTS];
    unsigned amounts;
    unsigned drug;        /* tokens of the medicine's name */
    unsigned step_at;     /* the first token of the step */
    bool rate;            /* "RATE" stands before the amount */
    unsigned sequence;
    bool begun;           /* something of the step was read */
    bool failed;          /* no memory */
};

/* The longest phrase of those kinds that begins at token i: its tokens, or 0; *row the first row of it, and its other
 * readings follow it (model_sig_same). */
unsigned model_sig_match(const struct reading *p, unsigned i, uint64_t kinds, const struct sig_row **row);
const struct sig_row *model_sig_same(const struct reading *p, const struct sig_row *row); /* the next, or NULL */
bool model_sig_sign(const struct reading *p, unsigned i, char c);
bool model_sig_gap(const struct reading *p, unsigned i); /* a dash, comma or semicolon between two parts */
void model_sig_mark(struct reading *p, unsigned i, unsigned n, enum sig_use use);
/* Asks about n tokens from i on; choices: words, NULL behind the last. Marks them asked. */
struct sig_ask *model_sig_asks(struct reading *p, enum sig_why why, unsigned i, unsigned n);
void model_sig_choice(struct reading *p, struct sig_ask *ask, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A choice of some parts, blanks between. */
void model_sig_offer(struct reading *p, struct sig_ask *ask, const struct str *part, size_t n);
#define SIG_OFFER(p, ask, ...) \
    model_sig_offer(p, ask, (const struct str[]){__VA_ARGS__}, \
                    sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))
/* A phrase whose rows say what to write instead: asks and answers true. */
bool model_sig_row_asked(struct reading *p, const struct sig_row *row, unsigned i, unsigned n);
struct str model_sig_raw(const struct reading *p, unsigned i, unsigned n); /* bytes of the line */
struct str model_sig_fmt(struct reading *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The words of the table's first row of a kind that has a value: how a choice is written in this language; or "". */
struct str model_sig_phrase(const struct reading *p, enum sig_kind kind, const char *value);
/* The same of the second row: the first is the plural of a span, the second is one of it. */
struct str model_sig_singular(const struct reading *p, enum sig_kind kind, const char *value);
/* The table's first way to write a unit with that UCUM code. */
struct str model_sig_unit_phrase(const struct reading *p, const char *code);
void model_sig_remark(struct reading *p, unsigned i, unsigned n, struct str means);

/* A number, or two with a dash or "to" between; each with its clear form "(= 1,500)" behind it. */
struct sig_numbers {
    struct str low, high; /* high "": one */
    unsigned n;
};
bool model_sig_numbers(struct reading *p, unsigned i, struct sig_numbers *out);
unsigned model_sig_number(struct reading *p, unsigned i, struct str *out);
/* A clear form at token i of what stands in the tokens from..to: its tokens, or 0. Lifts their doubts. */
unsigned model_sig_clear(struct reading *p, unsigned i, unsigned from, unsigned to);
bool model_sig_number_is(struct str lexeme, int64_t n);

/* Readers; the amounts, */
unsigned model_sig_read_amount(struct reading *p, unsigned i, bool alone, struct sig_amount *out);
unsigned model_sig_read_dose(struct reading *p, unsigned i);
unsigned model_sig_read_pattern(struct reading *p, unsigned i);
unsigned model_sig_read_max(struct reading *p, unsigned i);
unsigned model_sig_read_fraction(struct reading *p, unsigned i, struct str *value);
/* and time. */
unsigned model_sig_read_often(struct reading *p, unsigned i);
unsigned model_sig_read_when(struct reading *p, unsigned i);
unsigned model_sig_read_lasting(struct reading *p, unsigned i);
bool model_sig_often(struct reading *p, const struct sig_repeat *r, unsigned i, unsigned n); /* or asks: said twice */
bool model_sig_add_when(struct reading *p, struct str code, unsigned i, unsigned n); /* the same; once */
bool model_sig_often_row(struct sig_repeat *r, struct str value); /* "3/1 d", "1/1 d MORN": of a table's row */

bool model_sig_of_meals(const struct sig_repeat *r); /* "with meals": of how many is not said */

/* The end of a step: what its amounts are, what it lacks; the end of the line. */
void model_sig_close_step(struct reading *p, unsigned end);
void model_sig_sum(struct reading *p);
/* HL7's code for a schedule, or "": BID, TID, AM. */
struct str model_sig_timing_code(const struct sig_repeat *r);
bool model_sig_decimal(struct str lexeme, struct path_decimal *out);
struct str model_sig_decimal_str(struct reading *p, struct path_decimal d);

#endif
