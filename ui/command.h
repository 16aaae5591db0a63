/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One row an action. The key bar, `?`, the palette, wardline-keys(7) and the tests all come from
 * this table; no key is handled anywhere else, but characters typed into a field. The keys of the
 * chart's sections stand in fhir/kind.h's table: one row here ("@section") stands for all of them.
 *
 * REQ CS-02: `?` shows every key of the screen. REQ CS-04: VistA's mnemonics. REQ CS-05: an arrow or a function key
 * stands beside a letter, never instead of one.
 */
#ifndef UI_COMMAND_H
#define UI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct ui;

/* Where a key works: a set of places. Macros, for an enum's constants are int, and there are more places than it has
 * bits. What waits behind a first key is an int as well (struct command, arg): below 1 << 31. */
#define ON_(place) (UINT64_C(1) << (place))
#define ON_LOCK ON_(0)
#define ON_WORKLIST ON_(1)
#define ON_FIND ON_(2) /* the worklist while its filter is typed */
#define ON_CHART ON_(3)
#define ON_SECTIONS ON_(4) /* the chart's list of sections */
#define ON_DETAIL ON_(5)
#define ON_HELP ON_(6)
#define ON_BANNER ON_(7)    /* all of a patient's banner */
#define ON_ASK ON_(8)       /* a question stands on the last line */
#define ON_PROMPT ON_(9)    /* words are typed on the last line (ui/prompt.h) */
#define ON_GRID ON_(10)     /* results by date */
#define ON_TREND ON_(11)    /* one test over time */
#define ON_SCOPES ON_(12)   /* the choice of another list of patients, or of its order */
#define ON_STOP ON_(13)     /* patients that are easily taken for one another: no key may pass it unseen */
#define ON_TASKS ON_(14)    /* tasks over all patients */
#define ON_GO ON_(15)       /* behind g: the letter of a section (ui/hint.h) */
#define ON_MARK ON_(16)     /* behind M: the letter of a mark to set */
#define ON_MARKED ON_(17)   /* behind ': the letter of a mark to go to */
#define ON_TIMELINE ON_(18)
#define ON_FOUND ON_(19)    /* rows that a search found */
#define ON_GROWTH ON_(20)
#define ON_HOUSEHOLD ON_(21) /* who shares a home with a row of the worklist */
#define ON_SERVER ON_(22)    /* patients on the server, of whom not all are here */
#define ON_CONFLICTS ON_(23) /* what was changed here and at the server */
#define ON_FORMS ON_(24)     /* a new entry: forms and drafts */
#define ON_FORM ON_(25)      /* a form that is filled */
#define ON_PICK ON_(26)      /* options that what is typed filters: of a form's question, of a medicine's name */
#define ON_FILING ON_(27)    /* it is read back, to be filed */
#define ON_ANSWER ON_(28)    /* an answer is typed on the last line */
#define ON_SYNC ON_(29)      /* what waits, what went over the line, what goes next */
#define ON_ACT ON_(30)       /* behind A: what is done to the order at the marker */
#define ON_ORDER ON_(31)     /* one order, before it is kept */
#define ON_SIGN ON_(32)      /* drafts to be signed */
#define ON_LISTS                                                                                                       \
    (ON_WORKLIST | ON_CHART | ON_SECTIONS | ON_DETAIL | ON_HELP | ON_BANNER | ON_GRID | ON_TREND | ON_SCOPES |         \
     ON_STOP | ON_TASKS | ON_TIMELINE | ON_FOUND | ON_GROWTH | ON_HOUSEHOLD | ON_SERVER | ON_CONFLICTS | ON_FORMS |    \
     ON_FORM | ON_PICK | ON_FILING | ON_SYNC | ON_ORDER | ON_SIGN)
/* of one patient */
#define ON_CHARTS                                                                                                      \
    (ON_CHART | ON_SECTIONS | ON_DETAIL | ON_BANNER | ON_GRID | ON_TREND | ON_TIMELINE | ON_GROWTH | ON_CONFLICTS |    \
     ON_FORMS | ON_FORM | ON_PICK | ON_FILING | ON_ORDER | ON_SIGN)
#define ON_TYPING (ON_LOCK | ON_FIND | ON_PROMPT | ON_ANSWER) /* characters belong to a field */

struct command {
    const char *id; /* "chart.sections": stays, for wardline.conf and tests */
    uint64_t where; /* set of ON_... */
    /* Names separated by blanks: "j Down", "Enter", "/"; the first stands in the bar. "": only the palette has it.
     * "@section", "@digit", "@letter": all of a kind, and run() gets which. */
    const char *keys;
    const char *mnemonic; /* VistA-like aliases for the palette, separated by blanks, or NULL */
    const char *label;    /* N_("Open"): at most 8 columns, for the key bar; NULL: not in the bar */
    const char *help;     /* N_() sentence */
    void (*run)(struct ui *u, int arg);
    int arg;
    /* NULL when it is allowed now, else the reason in words (translated). May be NULL itself: always. */
    const char *(*refused)(const struct ui *u, int arg);
};

const struct command *command_table(unsigned *n);
/* By its id, on one of these screens; NULL: there is none. */
const struct command *command_named(const char *id, uint64_t where);
/* The command for a key on a screen, or NULL. *arg is the row's, or for "@section" the section's number, for
 * "@digit" and "@letter" the character. */
const struct command *command_find(uint64_t where, int key, int *arg);
/* Is it one of the keys of the row? *arg as above. */
bool command_takes(const struct command *c, int key, int *arg);
/* Its label in the words of the language, as it is now: what Back does where a filter is on. */
const char *command_label(const struct ui *u, const struct command *c);
const char *command_keys(const struct command *c); /* for people: "j Down", "0-9", "@section" */
/* "Patients": a screen's name for people (N_); NULL when there is no such bit, which is behind the last one. */
const char *command_where_name(uint64_t where);

#endif
