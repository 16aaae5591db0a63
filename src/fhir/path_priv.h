/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the FHIRPath engine share: the tree of an expression, one evaluation of it, and the tables of
 * operators and functions.
 */
#ifndef FHIR_PATH_PRIV_H
#define FHIR_PATH_PRIV_H

#include "fhir/path.h"
#include "fhir/path_decimal.h"
#include "fhir/path_time.h"
#include "fhir/path_type.h"

/* --- words ------------------------------------------------------------------------------------ */

enum path_token {
    PATH_T_END,
    PATH_T_NUMBER,
    PATH_T_STRING,
    PATH_T_NAME,     /* without its backticks; quoted says whether it had some */
    PATH_T_DATE,     /* without '@' */
    PATH_T_DATETIME,
    PATH_T_CLOCK,    /* without "@T" */
    PATH_T_DOLLAR,   /* "$this" */
    PATH_T_PERCENT,  /* the variable's name */
    PATH_T_SIGN,     /* "<=", "(" */
};

struct path_lex {
    struct str text;
    size_t pos;
    bool strict;
    struct arena *a;
    struct err *e;
    /* the word read last */
    enum path_token token;
    struct str word;
    size_t at;
    bool quoted;
};
int path_lex_next(struct path_lex *l);
/* Fails with a place in the expression. Returns ERR_PATH. */
int path_err(struct err *e, enum path_why why, size_t at, struct str what);

/* --- the tree --------------------------------------------------------------------------------- */

enum path_what {
    PATH_N_VALUE,
    PATH_N_EMPTY,
    PATH_N_THIS,
    PATH_N_INDEX,
    PATH_N_TOTAL,
    PATH_N_VARIABLE,
    PATH_N_MEMBER,  /* left.name */
    PATH_N_CALL,    /* left.fn(args) */
    PATH_N_ITEM,    /* left[right] */
    PATH_N_BINARY,
    PATH_N_MINUS,
    PATH_N_PLUS,
    PATH_N_TYPE,    /* left is name, left as name */
};

struct path_node {
    enum path_what what;
    uint32_t at;      /* its place in the expression, in bytes */
    uint16_t height;
    bool descending;  /* an argument of sort() behind a '-' */
    struct str name, space;
    const struct path_node *left, *right;
    const struct path_fn *fn;
    const struct path_operator *op;
    const struct path_node **arg;
    unsigned args;
    struct path_value value;
};

struct path {
    struct arena a;
    struct str text;
    unsigned flags, nodes;
    const struct path_node *root;
};

/* --- one evaluation --------------------------------------------------------------------------- */

struct path_run {
    const struct path *x;
    const struct path_env *env;
    struct arena *a;
    struct err *e;
    struct path_value root;
    unsigned steps;
    int failed;       /* an error's code: everything ends */
    int64_t until_ms; /* of the clock since boot; 0: no clock */
    int64_t now_ms;   /* of the wall clock: one now() an evaluation */
};

struct path_frame {
    struct path_list focus; /* $this, and where names begin */
    int64_t index;          /* $index, or -1 */
    const struct path_list *total;
};

struct path_call {
    const struct path_node *node;
    const struct path_frame *frame;
    struct path_list in;
    struct path_list arg[3]; /* of what is no criterion */
};

enum {
    PATH_LAMBDA = 1,   /* the first argument is evaluated for each item, by the function */
    PATH_TYPE_ARG = 2, /* the argument is a type's name */
    PATH_ORDERED = 4,  /* means a place in the collection */
    PATH_SHUFFLES = 8, /* gives what has no order */
    PATH_ALL_LAMBDA = 16,
    PATH_SECOND_LAMBDA = 32, /* trace(name, projection) */
};

struct path_fn {
    const char *name;
    unsigned least, most, how;
    int (*run)(struct path_run *r, const struct path_call *k, struct path_list *out);
    int kind; /* the function's own */
    const char *gives; /* a System type for path_check, "=" its input's, NULL unknown */
};
const struct path_fn *path_fn_named(struct str name);

struct path_operator {
    const char *sign;
    unsigned binds; /* the larger, the closer */
    int (*run)(struct path_run *r, const struct path_node *n, const struct path_list *a, const struct path_list *b,
               struct path_list *out);
    int kind;
};
const struct path_operator *path_operator_named(struct str sign);

int path_step(struct path_run *r, const struct path_node *n, unsigned steps);
/* Looks at the clock, whatever the steps. */
int path_late(struct path_run *r, const struct path_node *n);
/* The steps of work on so many bytes. */
int path_bytes(struct path_run *r, const struct path_node *n, size_t bytes);
/* Fails, the first time alone; behind an arena that is full always with PATH_TOO_LONG: what follows is no finding. */
int path_fail(struct path_run *r, const struct path_node *n, enum path_why why);
int path_walk(struct path_run *r, const struct path_node *n, const struct path_frame *f, struct path_list *out);
/* An argument for one item. */
int path_each(struct path_run *r, const struct path_call *k, unsigned arg, uint32_t i, const struct path_list *total,
              struct path_list *out);
int path_children(struct path_run *r, const struct path_node *n, const struct path_value *v, struct path_list *out);
int path_member(struct path_run *r, const struct path_node *n, const struct path_value *v, struct str name,
                struct path_list *out);

/* Pushes one value; ERR_OK or a failure. */
int path_put(struct path_run *r, const struct path_node *n, struct path_list *out, const struct path_value *v);
int path_put_bool(struct path_run *r, const struct path_node *n, struct path_list *out, bool v);
int path_put_int(struct path_run *r, const struct path_node *n, struct path_list *out, int64_t v);
int path_put_string(struct path_run *r, const struct path_node *n, struct path_list *out, struct str v);
int path_put_decimal(struct path_run *r, const struct path_node *n, struct path_list *out,
                     const struct path_decimal *d);
int path_put_all(struct path_run *r, const struct path_node *n, struct path_list *out, const struct path_list *in);

/* --- values ----------------------------------------------------------------------------------- */

/* OPEN: the specification leaves it open (empty). UNLIKE: only a table of units could tell (PATH_NEEDS). */
enum path_same { PATH_DIFFERS, PATH_SAME, PATH_SAME_OPEN, PATH_SAME_UNLIKE };
enum path_known { PATH_OTHER_KIND, PATH_KNOWN, PATH_OPEN, PATH_UNLIKE };
enum path_same path_equal(struct path_run *r, const struct path_node *n, const struct path_value *a,
                          const struct path_value *b);
/* 1, 0, or -1: open, or it failed. */
int path_equal_lists(struct path_run *r, const struct path_node *n, const struct path_list *a,
                     const struct path_list *b);
bool path_alike_lists(struct path_run *r, const struct path_node *n, const struct path_list *a,
                      const struct path_list *b);
/* PATH_KNOWN and *order. */
enum path_known path_order(struct path_run *r, const struct path_node *n, const struct path_value *a,
                           const struct path_value *b, int *order);
const struct path_units *path_units_of(const struct path_run *r); /* or NULL */
/* Two quantities whose units are not known to be of one kind, nor of two. */
bool path_unlike(const struct path_run *r, const struct path_value *a, const struct path_value *b);
/* The order of their units: PATH_KNOWN, PATH_OPEN (of two kinds, too) or PATH_UNLIKE. */
enum path_known path_unit_order(const struct path_run *r, const struct path_value *a, const struct path_value *b,
                                int *order);
/* q in the unit of another quantity: 1; 0 of two kinds, -1 not known. */
int path_in_unit(const struct path_run *r, const struct path_value *q, const struct path_value *of,
                 struct path_decimal *out);
/* The same number for quantities that are equal, to hash; false: no table, and no length of time. */
bool path_in_base(const struct path_run *r, const struct path_value *q, struct path_decimal *out);
/* A length of time in milliseconds or months; false: none. */
bool path_in_least(const struct path_value *q, struct path_decimal *out);
bool path_has(struct path_run *r, const struct path_node *n, const struct path_list *l, const struct path_value *v);
/* An integer, decimal or quantity without a unit's number; false for others. */
bool path_number(const struct path_value *v, struct path_decimal *out);
bool path_is_type(const struct path_value *v, struct str space, struct str name);
bool path_type_exists(struct str space, struct str name);
bool path_to_quantity(const struct path_value *v, struct arena *a, struct path_value *out);
const struct path_decimal *path_keep(struct arena *a, const struct path_decimal *d);

/* One value or none: 1, 0, or an error's code. The value is plain, but for path_one_any. */
int path_one_any(struct path_run *r, const struct path_node *n, const struct path_list *l, struct path_value *out);
int path_one(struct path_run *r, const struct path_node *n, const struct path_list *l, struct path_value *out);
int path_one_string(struct path_run *r, const struct path_node *n, const struct path_list *l, struct str *out);
int path_one_int(struct path_run *r, const struct path_node *n, const struct path_list *l, int64_t *out);
/* As a condition: 1 true, 0 false, -1 empty; 2 and *code: failed. */
int path_truth(struct path_run *r, const struct path_node *n, const struct path_list *l, int *code);

/* --- sets ------------------------------------------------------------------------------------- */

/* Of values that stay where they are. Empty: {0}. */
struct path_set {
    struct path_slot *slot;
    uint32_t n, cap;
    struct path_list units; /* one quantity of each unit in it */
    bool places;            /* of a walk: two places with units that differ are two */
};
/* Fails with PATH_NEEDS where only a table of units could tell. */
bool path_set_has(struct path_run *r, const struct path_node *n, const struct path_set *s, const struct path_value *v);
/* Adds all; nothing is asked of their units. */
int path_set_fill(struct path_run *r, const struct path_node *n, struct path_set *s, const struct path_list *in);
/* Adds what is new to it, and to out. */
int path_set_put(struct path_run *r, const struct path_node *n, struct path_set *s, struct path_list *out,
                 const struct path_list *in);

/* --- the functions ---------------------------------------------------------------------------- */

#define PATH_FN(name) int name(struct path_run *r, const struct path_call *k, struct path_list *out)
PATH_FN(path_fn_exists);
PATH_FN(path_fn_truths);
PATH_FN(path_fn_subset);
PATH_FN(path_fn_count);
PATH_FN(path_fn_distinct);
PATH_FN(path_fn_where);
PATH_FN(path_fn_select);
PATH_FN(path_fn_repeat);
PATH_FN(path_fn_all);
PATH_FN(path_fn_part);
PATH_FN(path_fn_slice);
PATH_FN(path_fn_meet);
PATH_FN(path_fn_union);
PATH_FN(path_fn_iif);
PATH_FN(path_fn_aggregate);
PATH_FN(path_fn_fold);
PATH_FN(path_fn_sort);
PATH_FN(path_fn_convert);
PATH_FN(path_fn_of_type);
PATH_FN(path_fn_type);
PATH_FN(path_fn_not);
PATH_FN(path_fn_index_of);
PATH_FN(path_fn_substring);
PATH_FN(path_fn_within);
PATH_FN(path_fn_case);
PATH_FN(path_fn_replace);
PATH_FN(path_fn_length);
PATH_FN(path_fn_chars);
PATH_FN(path_fn_split);
PATH_FN(path_fn_join);
PATH_FN(path_fn_code);
PATH_FN(path_fn_escape);
PATH_FN(path_fn_matches);
PATH_FN(path_fn_replace_matches);
PATH_FN(path_fn_round);
PATH_FN(path_fn_math);
PATH_FN(path_fn_boundary);
PATH_FN(path_fn_precision);
PATH_FN(path_fn_comparable);
PATH_FN(path_fn_children);
PATH_FN(path_fn_trace);
PATH_FN(path_fn_now);
PATH_FN(path_fn_extension);
PATH_FN(path_fn_has_value);
PATH_FN(path_fn_resolve);
PATH_FN(path_fn_conforms);
PATH_FN(path_fn_member_of);
PATH_FN(path_fn_weight);
PATH_FN(path_fn_key);

#endif
