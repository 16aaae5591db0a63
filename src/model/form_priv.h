/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the form engine: definitions (struct form_item, in the order of the Questionnaire, so that what is under one
 * stands behind it up to .end), instances (struct form_node), and rules: what is computed from what.
 */
#ifndef MODEL_FORM_PRIV_H
#define MODEL_FORM_PRIV_H

#include "base/buf.h"
#include "base/jsonw.h"
#include "base/limits.h"
#include "base/vec.h"
#include "fhir/path_type.h"
#include "model/form.h"

#define FORM_NONE UINT32_MAX
#define FORM_EXPAND_MAX 1000 /* options of a set from outside that are numbered; a longer one is searched by words */
#define FORM_ARENA_MAX ((size_t)256 << 20)
#define FORM_SETTLE_MS 2000 /* a person waits for it; what is not computed by then says so */
#define FORM_KEYS_MAX 1000000 /* instances ever made */

/* --- values ----------------------------------------------------------------------------------- */

struct form_value {
    bool set;
    enum form_kind kind;  /* of value[x]; FORM_CHOICE is a Coding, FORM_STRING also for text */
    struct str text;      /* lexeme, characters, code, reference, "true" */
    struct str system;    /* of a Coding or a Quantity */
    struct str display;   /* of a Coding; of a Quantity its unit's words */
    struct str code;      /* of a Quantity's unit */
    struct str comparator; /* of a Quantity: "<"; such a one cannot be compared */
    struct str json;      /* the value as it came, where it came as JSON; else "" */
};

/* --- definitions ------------------------------------------------------------------------------ */

enum form_use {
    FORM_USE_VARIABLE,
    FORM_USE_ENABLE, /* enableWhenExpression */
    FORM_USE_WHEN,   /* enableWhen: no expression */
    FORM_USE_CALC,
    FORM_USE_INITIAL,
    FORM_USE_ANSWERS,
    FORM_USE_TOGGLE,
    FORM_USE_CONSTRAINT,
    FORM_USE_POPULATE, /* itemPopulationContext */
    FORM_USE_MIN,      /* cqf-calculatedValue of minValue */
    FORM_USE_MAX,
    FORM_USE_REQUIRED,
    FORM_USE_WORDS,    /* cqf-expression on text */
};

/* An expression where it stands, or an item's enableWhen. */
struct form_rule {
    enum form_use use;
    uint32_t item;        /* FORM_NONE: the form's */
    struct str name;      /* of a variable */
    struct str text;
    struct path *x;       /* NULL: enableWhen, or a query */
    bool query;           /* application/x-fhir-query: text has {{expressions}} */
    bool warning;         /* of a constraint */
    struct str human;     /* of a constraint */
    uint32_t more;        /* of FORM_USE_TOGGLE: the extension's place */
    uint32_t *links;      /* items that are named; over variables, too */
    unsigned nlinks;
    uint32_t *vars;       /* rules of variables that are named */
    unsigned nvars;
    struct str *names;    /* %names that are no variable of the form */
    unsigned nnames;
    bool whole;           /* looks at all answers */
    bool dirty, circular;
    unsigned rank;        /* the order in which rules are computed */
};

enum form_operator { FORM_EXISTS, FORM_EQ, FORM_NE, FORM_GT, FORM_LT, FORM_GE, FORM_LE };

struct form_when {
    uint32_t question;
    enum form_operator op;
    struct form_value v;
};

struct form_opt {
    struct form_value v;
    tape_at at;        /* in the Questionnaire: translations; or TAPE_NONE */
    struct str prefix, score;
    bool exclusive, initial;
};

struct form_item {
    tape_at at;
    uint32_t parent, end;
    unsigned depth;
    struct str link;
    enum form_kind kind;
    enum form_shape shape;
    const char *control;   /* itemControl's code, of those that are known; or NULL */
    bool required, repeats, read_only, editable, hidden, any;
    bool words_of;         /* a display that is its parent's help, unit, prompt: no row of its own */
    uint32_t help, unit_text; /* such items, or FORM_NONE */
    unsigned min_occurs, max_occurs; /* max 0: no limit */
    int64_t min_length, max_length;  /* -1: none */
    int places;            /* -1: any */
    struct str regex;
    tape_at min, max;      /* the extension that holds the value */
    struct form_opt *units;
    unsigned nunits;
    struct form_opt *opts;
    unsigned nopts;
    struct str value_set;  /* that env is asked for, or "" */
    bool closed;           /* has options, or should have */
    struct form_when *when;
    unsigned nwhen;
    uint32_t rule_calc, rule_answers; /* or FORM_NONE */
    int set_here;          /* of env's set: -1 not here, 0 not asked, 1 in opts, 2 too long for it */
    unsigned set_total;
};

/* --- instances -------------------------------------------------------------------------------- */

struct form_node {
    form_key key;
    uint32_t item;
    struct form_node *parent, *first, *last, *next, *prev;
    bool on;        /* enabled by its own conditions */
    bool gone, seen, overridden, touched;
    bool alone;         /* added by a person: itemPopulationContext has nothing for it */
    struct form_value v;
    enum form_origin origin;
    struct str more;    /* the extensions that its answer, or its item, was resumed with: kept */
    struct str from;    /* where a prefilled value came from, not yet safe */
    unsigned unit;      /* of item->units, from 1; 0: none yet */
    bool mild;          /* its trouble is none that blocks: it was not prefilled */
    struct text trouble, doubt; /* what cannot be computed: its value; whether it is enabled */
    struct path_list around;    /* of itemPopulationContext: the one that this instance was made of */
    uint32_t off;       /* in the working response: its item's place, or FORM_NONE */
    tape_at at;
    int row;            /* its place among the rows, or -1 */
};

struct form_seen { /* a variable's value, as long as the working response is the same */
    uint32_t rule;
    const struct form_node *at;
    struct path_list list;
    int failed;
    struct err e;
};

struct form {
    struct form_env env;
    struct arena a;       /* definitions, instances, what was typed */
    struct buf bytes;
    struct tape t;
    struct str url, version, canonical;
    struct form_item *item;
    unsigned n;
    uint32_t *by_link;    /* items in the order of their linkIds */
    struct vec rules;     /* struct form_rule */
    uint32_t *order;      /* of rules, by rank */
    struct vec nodes;     /* struct form_node *, at key - 1 */
    unsigned live;
    struct form_node root;
    struct vec rows;      /* form_key */
    unsigned changes;
    bool touched, stale;  /* stale: the working response is not what the instances say */
    bool filling;         /* being opened: itemPopulationContext makes instances */
    struct buf doc;
    struct tape doc_t;
    struct arena run;     /* of the working response: values of variables */
    struct vec seen;      /* struct form_seen */
    unsigned depth;       /* variables in variables */
    int64_t until_ms;     /* of the clock since boot: what one action may compute; 0: no end */
    struct tape none;     /* {}: what is around an item that has no answer yet */
    const char *status;   /* of the working response */
    struct str kept;      /* members of a response that was resumed, ready to be written: its id, its extensions */
};

/* --- form_read.c: definitions ----------------------------------------------------------------- */

/* The n-th extension (0: the first) of an element by the end of its name, HL7's alone: "hidden", "calculatedExpression"
 * (whatever "questionnaire-" stands before it). TAPE_NONE. */
tape_at model_form_ext(const struct tape *t, tape_at element, const char *name, unsigned n);
/* The same extension's value[x], or TAPE_NONE. */
tape_at model_form_ext_value(const struct tape *t, tape_at element, const char *name);
/* A member of an extension that has parts. */
tape_at model_form_part(const struct tape *t, tape_at extension, const char *name);
bool model_form_value_read(const struct tape *t, tape_at object, const char *stem, struct arena *a,
                           struct form_value *out);
int model_form_define(struct form *f, struct form_findings *found, struct err *e);
uint32_t model_form_item(const struct form *f, struct str link); /* or FORM_NONE */
/* Words of the Questionnaire in env's language: of a member, with its translations. *foreign: there is none. */
struct str model_form_words(const struct form *f, const struct tape *t, tape_at object, const char *member,
                            struct arena *a, bool *foreign);
bool model_form_is_answer(enum form_kind kind);
int model_form_find(struct form_findings *l, enum form_grade grade, struct str link, const char *words);

/* --- form_lint.c, form_order.c ---------------------------------------------------------------- */

int model_form_refuse(struct form *f, struct form_findings *found, struct err *e);
/* What each rule looks at, and the order of all. ERR_INPUT: a circle. */
int model_form_order(struct form *f, struct form_findings *found, struct err *e);
/* What a rule that is none of the form's (item and x are set) looks at. */
int model_form_look(struct form *f, struct form_rule *r, struct err *e);
void model_form_lint(struct form *f, struct form_findings *found);

/* --- form_rule.c ------------------------------------------------------------------------------ */

int model_form_rules(struct form *f, struct form_findings *found, struct err *e);
struct form_rule *model_form_rule(const struct form *f, uint32_t i);

/* --- form_node.c: instances ------------------------------------------------------------------- */

/* With all that is under it. NULL: too many, or no memory. before NULL: at the end. */
struct form_node *model_form_grow(struct form *f, struct form_node *parent, uint32_t item, struct form_node *before);
void model_form_prune(struct form *f, struct form_node *n);
struct form_node *model_form_node(const struct form *f, form_key key);
/* The next in the order of the tree, under top alone; NULL at the end. */
struct form_node *model_form_walk(const struct form_node *top, const struct form_node *at);
bool model_form_on(const struct form_node *n); /* it and all around it */
unsigned model_form_count(const struct form_node *n, unsigned *nth); /* of its item, beside it */
struct form_node *model_form_beside(const struct form_node *parent, uint32_t item, const struct form_node *after);
/* Takes all away and begins anew, empty. */
int model_form_plant(struct form *f, struct err *e);
struct form_tree { /* all instances, taken off for others */
    struct form_node *first, *last;
    unsigned live;
};
struct form_tree model_form_lift(struct form *f);
void model_form_lay_back(struct form *f, struct form_tree t); /* in place of what is there */
void model_form_fell(struct form *f, struct form_tree t);     /* it is not needed any more */
/* One more of its item behind it. */
struct form_node *model_form_another(struct form *f, struct form_node *n);
bool model_form_shown(const struct form *f, const struct form_node *n);

/* --- form_value.c ----------------------------------------------------------------------------- */

const char *model_form_value_name(enum form_kind kind); /* "valueCoding", of what is a value's kind */
enum form_kind model_form_value_kind(enum form_kind kind); /* what a question's answers are */
int model_form_value_json(const struct form_value *v, struct buf *out); /* the value alone */
/* JSON without the blanks between its tokens: a form is written for people, a response for a thin line. */
void model_form_compact(struct jsonw *w, struct str json);
bool model_form_same(const struct form_value *a, const struct form_value *b);
/* The order; false: it cannot be said. */
bool model_form_compare(const struct form_value *a, const struct form_value *b, const struct path_units *units,
                        int *order);
struct text model_form_value_words(const struct form *f, const struct form_item *d, const struct form_value *v,
                                   struct arena *a);
struct form_value model_form_value_keep(struct arena *a, const struct form_value *v);
/* What an expression gave, as an answer to a question. False: it cannot be one. */
bool model_form_value_of(struct form *f, const struct form_node *n, const struct path_value *v,
                         struct form_value *out);
/* All that an expression gave, each kept in a; what can be no answer is not set. To be had before the first of them is
 * put: that makes the working response anew, and what was given is gone with the old one. NULL: no memory. */
struct form_value *model_form_values_of(struct form *f, struct form_node *n, const struct path_list *l,
                                        struct arena *a);
/* An amount that was computed. Its unit is a code only where it was one. */
struct form_value model_form_value_quantity(struct form *f, const struct path_value *v);
/* Gives a number a unit of struct form_item. */
void model_form_take_unit(struct form_value *v, const struct form_value *unit);
/* Which of an item's units a quantity is in, from 1; 0: none of them. */
unsigned model_form_unit_of(const struct form_item *d, const struct form_value *q);

/* --- form_run.c: expressions ------------------------------------------------------------------ */

int model_form_eval(struct form *f, const struct form_node *at, const struct form_rule *r, struct path_list *out,
                    struct err *e);
/* The same on another root than the instance's item, with variables more. The working response must be there. */
int model_form_eval_on(struct form *f, const struct form_node *at, const struct form_rule *r,
                       const struct path_value *root, const struct path_var *more, unsigned nmore,
                       struct path_list *out, struct err *e);
/* The working response: made anew where it is stale. */
int model_form_doc(struct form *f, struct err *e);
/* Where nothing that was computed is held: much of it is thrown away, with the working response. Who only looks may do
 * so for hours. */
void model_form_tidy(struct form *f);
struct path_value model_form_doc_item(struct form *f, const struct form_node *n, struct arena *a);
/* "cannot compute: ..." */
struct text model_form_cannot(struct arena *a, const struct err *e);
enum form_truth { FORM_FALSE, FORM_TRUE, FORM_NOTHING, FORM_FAILED };
enum form_truth model_form_true(struct form *f, const struct form_node *at, const struct form_rule *r, struct err *e);

/* --- form_calc.c ------------------------------------------------------------------------------ */

void model_form_mark(struct form *f, uint32_t item, bool subtree);
void model_form_mark_all(struct form *f);
int model_form_settle(struct form *f, struct err *e);
int model_form_fill(struct form *f, struct form_node *top, struct err *e); /* initial values, under top */
/* v NULL: clears. ERR_NOMEM. */
int model_form_set(struct form *f, struct form_node *n, const struct form_value *v, enum form_origin origin,
                   struct err *e);
void model_form_list_rows(struct form *f);

/* --- form_pick.c ------------------------------------------------------------------------------ */

struct form_picks {
    enum form_here here;
    struct text why;
    const struct form_opt *v;
    unsigned n;
    bool search; /* a set too long: env is asked by words; total in n */
};
/* May this option not be chosen now (answerOptionsToggleExpression)? -1: it cannot be computed. */
int model_form_off(struct form *f, const struct form_node *n, const struct form_value *v);
int model_form_picks(struct form *f, const struct form_node *n, struct arena *a, struct form_picks *out,
                     struct err *e);
/* Does each word of folded (what was typed) begin a word of these, in any order? */
bool model_form_says(struct str words, struct str folded);
const struct form_opt *model_form_picked(const struct form_picks *p, const struct form_value *v);

/* --- form_type.c, form_when.c: what was typed ------------------------------------------------- */

struct form_typing {
    struct form *f;
    struct form_node *n;
    const struct form_item *d;
    struct str typed;
    bool meant;
    struct arena *a;
    struct form_reply *out;
    const char *unit_words, *unit_put; /* what stands behind a number in its readings */
    struct form_value v; /* what it was read as */
    struct err *e;
};
char *model_form_unit_list(const struct form_item *d, struct arena *a); /* "kg, lb" */
int model_form_refused(struct form_typing *t, const char *words);
/* Asks; readings follow by model_form_reading. */
int model_form_asked(struct form_typing *t, const char *words);
void model_form_reading(struct form_typing *t, const char *words, const char *put);
int model_form_read_number(struct form_typing *t, bool whole);
int model_form_read_quantity(struct form_typing *t);
int model_form_read_date(struct form_typing *t);
int model_form_read_datetime(struct form_typing *t);
int model_form_read_time(struct form_typing *t);
int model_form_read_choice(struct form_typing *t);

/* --- form_ask.c: problems ---------------------------------------------------------------------- */

struct form_list { /* of problems, in a */
    struct form_problem *v;
    unsigned n;
    struct arena *a;
};
/* Those of one instance, appended. */
int model_form_node_problems(struct form *f, struct form_node *n, struct form_list *l, struct err *e);
/* Required, now. One that cannot be computed is; that is said in e. */
bool model_form_needed(struct form *f, const struct form_node *n, struct err *e);
/* The least (or most) that its value may be; false: no limit, or (failed) one that cannot be computed. */
bool model_form_limit(struct form *f, const struct form_node *n, bool most, struct form_value *out, struct err *e);

/* --- form_save.c ------------------------------------------------------------------------------ */

int model_form_write_items(struct form *f, struct buf *out, unsigned flags);
enum { FORM_WORKING = 0x100 }; /* of flags: remember where each stands */
/* An instant in env's zone, as FHIR writes it. */
void model_form_now(const struct form *f, char out[40]);

/* --- form_extract.c, form_template.c ---------------------------------------------------------- */

#define FORM_URN 48
struct form_made { /* a variable of extractAllocateId, or a fullUrl */
    struct str name;
    const struct form_node *in; /* where the variable is seen; NULL: everywhere */
    char urn[FORM_URN];
};

struct form_harvest {
    struct form *f;
    struct jsonw *w;     /* in Bundle.entry */
    struct vec made;     /* struct form_made: what stands in the Bundle; the response first */
    struct vec ids;      /* struct form_made: variables */
    char now[40];
    struct arena *a;
    struct err *e;
};

/* method and url of the request; none_exist may be "". */
struct form_request {
    struct str full_url, method, url, none_exist;
};
void model_form_entry(struct form_harvest *h, const struct form_request *q, struct str resource);
void model_form_urn(struct form_harvest *h, char out[FORM_URN]);
void model_form_reference(struct jsonw *w, const char *name, struct str s); /* a member, where s is not "" */
int model_form_templates(struct form_harvest *h);
int model_form_observations(struct form_harvest *h);
/* False: an answer to it should become a part of an Observation (observationExtract) in a way that is not built. */
bool model_form_extractable(const struct form *f, uint32_t item);

#endif
