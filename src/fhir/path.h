/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * FHIRPath (HL7, normative release 1, with the functions of the R4 test suite) over the tape: one engine for forms,
 * checks and reports. Decimals are exact and never a double; dates and times keep the precision they were written in.
 *
 * An expression is parsed once (path_parse), may be checked against a type (path_check), and is evaluated any number
 * of times (path_eval), by any thread. Evaluation is pure: time comes from env, nothing is fetched.
 * What cannot be computed is ERR_PATH and never an empty answer, 0 or false: a number that is too large, units that
 * differ where env has no table of units, and a unit that this table does not know. sub = enum path_why, num = the
 * character's place in the expression (from 1), what = the word of the expression there. No value of the record is in
 * it.
 */
#ifndef FHIR_PATH_H
#define FHIR_PATH_H

#include "base/arena.h"
#include "base/clock.h"
#include "fhir/tape.h"

enum path_why {
    PATH_SYNTAX = 1,  /* not an expression */
    PATH_DEPTH,       /* nested deeper than PATH_MAX_DEPTH, or longer than PATH_MAX_TREE */
    PATH_FUNCTION,    /* no such function, or another number of arguments */
    PATH_VARIABLE,    /* no such %variable */
    PATH_NO_TYPE,     /* no such type */
    PATH_NO_ELEMENT,  /* the type has no such element (strict) */
    PATH_ORDER,       /* the place in a collection that has no order (strict) */
    PATH_SINGLE,      /* several values where one is needed */
    PATH_KIND,        /* a value of another type is needed */
    PATH_BAD_VALUE,   /* an argument's value is not one that the function takes */
    PATH_REGEX,       /* not a regular expression, or one that takes too long */
    PATH_NEEDS,       /* needs what is not here (a terminology, a profile, a clock, a table of units) */
    PATH_TOO_LONG,    /* more steps, time or memory than a computation may take */
    PATH_WHY_N,
};

#define PATH_MAX_DEPTH 64       /* brackets, arguments and right sides in each other */
#define PATH_MAX_TREE 1000      /* operators and dots in a row */
#define PATH_MAX_BYTES_TEXT 65536
#define PATH_MAX_NODES 100000
#define PATH_MAX_STEPS 2000000
#define PATH_MAX_ARENA (32u << 20)
#define PATH_MAX_MS 50          /* env's clock, where there is one, and env.max_ms is 0 */

/* lenient: what forms in use write (%name-with-hyphen, valueQuantity). strict: the specification. */
enum { PATH_LENIENT = 0, PATH_STRICT = 1 };

struct path; /* an expression */

int path_parse(struct str text, unsigned flags, struct path **out, struct err *e);
void path_free(struct path *x);
/* Says what can be said without a document, whose type is type ("Patient"; "" unknown): elements that the types do not
 * have, and the order of what has none. ERR_PATH. */
int path_check(const struct path *x, struct str type, struct err *e);

/* What an expression asks of its surroundings, for who must know when it is to be computed again: each way that begins
 * at a %variable, at $this or at a bare name outside any criterion ("context"). */
struct path_way {
    struct str from;         /* the variable's name, or "context" */
    const struct str *links; /* all strings that linkId is compared with by = or in, in the criteria of this way */
    unsigned nlinks;
    bool narrowed;           /* false: no such criterion; it may look at everything */
};
/* False: no memory, or see said so. */
bool path_ways(const struct path *x, bool (*see)(void *arg, const struct path_way *way), void *arg);

/* --- values ----------------------------------------------------------------------------------- */

enum path_kind {
    PATH_NODE, /* a place in a document */
    PATH_BOOLEAN,
    PATH_INTEGER, /* of 64 bits, as Long in later releases */
    PATH_DECIMAL,
    PATH_STRING,
    PATH_DATE,
    PATH_DATETIME,
    PATH_TIME,
    PATH_QUANTITY,
    PATH_TYPE, /* what type() says */
};

struct path_decimal;

enum path_precision { PATH_P_NONE, PATH_YEAR, PATH_MONTH, PATH_DAY, PATH_HOUR, PATH_MINUTE, PATH_SECOND,
    PATH_FRACTION };

struct path_time {
    enum path_precision precision;
    int year, month, day, hour, min, sec; /* 0 where the precision ends */
    int32_t ns;
    int digits;   /* of the fraction */
    bool zoned;
    int zone_min; /* east of UTC */
};

struct path_value {
    enum path_kind kind;
    struct str type; /* of a node: "Patient", "Patient.contact", "code"; "" unknown. PATH_TYPE: the namespace */
    union {
        struct {
            const struct tape *t;
            tape_at at;   /* TAPE_NONE: a primitive that has extensions only */
            tape_at more; /* its _name member, or TAPE_NONE */
            struct str name;
            const struct path_value *in; /* the node that holds it; NULL for a root */
        } node;
        bool boolean;
        int64_t integer;
        const struct path_decimal *decimal;
        struct str string; /* also PATH_TYPE's name */
        struct path_time time;
        struct {
            const struct path_decimal *value;
            struct str unit;
            bool calendar; /* a word of the calendar ("week"), not a code of UCUM */
            bool word;     /* what a record calls its unit, without a code: "ft" may be feet, and is no femtotonne */
        } quantity;
    };
};

struct path_list {
    struct path_value *v; /* in the arena */
    uint32_t n, cap;
};

/* A document's root, with the type that it says of itself. */
struct path_value path_root(const struct tape *t, tape_at at);
/* Appends; false without memory. */
bool path_push(struct path_list *l, const struct path_value *v, struct arena *a);
/* The name of a value's type ("Patient", "code", "Integer") and its namespace ("FHIR", "System"). */
struct str path_type_of(const struct path_value *v, struct str *space);
/* What a node says as a value of the System types: false for an element of several, or one without a value. */
bool path_plain(const struct path_value *v, struct arena *a, struct path_value *out);
/* A value in words: digits as they were written, dates without '@', quantities with their unit, a node of several
 * elements as its bytes. Not yet safe to show. */
int path_text(const struct path_value *v, struct buf *out);

/* --- evaluation ------------------------------------------------------------------------------- */

struct path_var {
    const char *name; /* without the % */
    struct path_list list;
};

/* A table of units (codes/ucum.h), for quantities whose units differ. Each answers 1; 0: units of two kinds; or -1: it
 * cannot tell (no unit, grams beside moles, a number that is too large). All are asked with codes of UCUM. */
struct path_units {
    const void *arg;
    /* *order of two amounts. */
    int (*compare)(const void *arg, const struct path_decimal *x, struct str ux, const struct path_decimal *y,
                   struct str uy, int *order);
    /* x of unit from in unit to. */
    int (*convert)(const void *arg, const struct path_decimal *x, struct str from, struct str to,
                   struct path_decimal *out);
    /* x in the units that all others are made of: the same number for amounts that are equal. */
    int (*base)(const void *arg, const struct path_decimal *x, struct str unit, struct path_decimal *out);
};

struct path_env {
    const struct clock *clock; /* NULL: no now(), no today(), steps are counted alone */
    int zone_min;              /* the machine's, for now() */
    int max_ms;                /* 0: PATH_MAX_MS */
    const struct path_var *vars;
    unsigned nvars;
    void *arg;
    /* A reference's resource: true and *out, or false when it is not here. May be NULL. */
    bool (*resolve)(void *arg, struct str reference, struct path_value *out);
    /* 1, 0, or -1 when it cannot be known. May be NULL. */
    int (*member_of)(void *arg, struct str value_set, struct str system, struct str code);
    const struct path_units *units; /* NULL: units that differ are PATH_NEEDS, but for lengths of time */
};

/* env may be NULL. root is %context and $this, and the resource that it stands in %resource, unless env's vars say
 * otherwise; a result of an earlier evaluation may be a root, as long as its arena lives. Results live in a and borrow
 * from the tapes. */
int path_eval(const struct path *x, const struct path_env *env, const struct path_value *root, struct arena *a,
              struct path_list *out, struct err *e);

/* Words for enum path_why, to be translated. */
const char *path_why(int why);

#endif
