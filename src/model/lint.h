/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Display rules over a string: what must not stand where an order is read. Words that wardline composes are refused for
 * it by tests (tests/house/rules.py, tests/model/t_lint.c); words that a server sent are shown as they came, with
 * MODEL_LINT_MARK behind them, and counted. model_lint is pure: no state, no memory, any thread.
 */
#ifndef MODEL_LINT_H
#define MODEL_LINT_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

enum model_lint {
    MODEL_LINT_ZERO,      /* 5.0: REQ CS-13 */
    MODEL_LINT_POINT,     /* .5: REQ CS-13 */
    MODEL_LINT_COMMA,     /* 10000 units: REQ CS-13 */
    MODEL_LINT_TOUCHING,  /* 10mg: REQ CS-11 */
    MODEL_LINT_UNITS,     /* 10 U, 10 IU: REQ CS-15 */
    MODEL_LINT_MICRO,     /* the mu glyph: REQ CS-15 */
    MODEL_LINT_CC,        /* 2 cc: REQ CS-15 */
    MODEL_LINT_STOP,      /* 5 mg. daily: REQ CS-15 */
    MODEL_LINT_OFTEN,     /* QD QOD OD HS: REQ CS-16 */
    MODEL_LINT_MORPHINE,  /* MS MSO4 MgSO4: REQ CS-16 */
    MODEL_LINT_LESS,      /* < 5, > 5: REQ CS-17 */
    MODEL_LINTS
};

#define MODEL_LINT_MARK " [!]"

/* The rules that s breaks: a set of 1u << enum model_lint. s is UTF-8, safe or not; a NUL ends nothing. */
unsigned model_lint(struct str s);
/* Which rule of the display rules that is, and what breaks it, in words of the language. */
unsigned model_lint_rule(enum model_lint lint);
const char *model_lint_words(enum model_lint lint);

/* The orders, doses and medicines in the cache: how many there are, at most MODEL_LINT_MOST, and how many of them hold
 * words that break a rule. An unreadable one counts as one that does not. */
#define MODEL_LINT_MOST 20000
struct model_lint_count {
    uint32_t rows, broken;
    unsigned rules; /* those that are broken anywhere */
};
int model_lint_cache(struct store *store, struct model_lint_count *out, struct err *e);

#endif
