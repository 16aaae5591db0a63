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

#include "base/str.h"

struct ui;

enum command_where {
    ON_LOCK = 1,
    ON_WORKLIST = 2,
    ON_FIND = 4, /* the worklist while its filter is typed */
    ON_CHART = 8,
    ON_SECTIONS = 16, /* the chart's list of sections */
    ON_DETAIL = 32,
    ON_HELP = 64,
    ON_BANNER = 128, /* all of a patient's banner */
    ON_ASK = 256,    /* a question stands on the last line */
    ON_PROMPT = 512, /* words are typed on the last line (ui/prompt.h) */
    ON_GRID = 1024,  /* results by date */
    ON_TREND = 2048, /* one test over time */
    ON_SCOPES = 4096, /* the choice of another list of patients, or of its order */
    ON_STOP = 8192,   /* patients that are easily taken for one another: no key may pass it unseen */
    ON_TASKS = 16384, /* tasks over all patients */
    ON_GO = 1 << 15,    /* behind g: the letter of a section (ui/hint.h) */
    ON_MARK = 1 << 16,  /* behind M: the letter of a mark to set */
    ON_MARKED = 1 << 17, /* behind ': the letter of a mark to go to */
    ON_TIMELINE = 1 << 18,
    ON_FOUND = 1 << 19, /* rows that a search found */
    ON_GROWTH = 1 << 20,
    ON_HOUSEHOLD = 1 << 21, /* who shares a home with a row of the worklist */
    ON_SERVER = 1 << 22,    /* patients on the server, of whom not all are here */
    ON_CONFLICTS = 1 << 23, /* what was changed here and at the server */
    ON_DRUG = 1 << 24,      /* which medicine is to be ordered */
    ON_ORDER = 1 << 25,     /* one order, before it is kept */
    ON_SIGN = 1 << 26,      /* drafts to be signed */
    ON_ACT = 1 << 27,       /* behind A: what is done to the order at the marker */
    ON_LISTS = ON_WORKLIST | ON_CHART | ON_SECTIONS | ON_DETAIL | ON_HELP | ON_BANNER | ON_GRID | ON_TREND |
               ON_SCOPES | ON_STOP | ON_TASKS | ON_TIMELINE | ON_FOUND | ON_GROWTH | ON_HOUSEHOLD |
               ON_SERVER | ON_CONFLICTS | ON_DRUG | ON_ORDER | ON_SIGN,
    /* of one patient */
    ON_CHARTS = ON_CHART | ON_SECTIONS | ON_DETAIL | ON_BANNER | ON_GRID | ON_TREND | ON_TIMELINE | ON_GROWTH |
                ON_CONFLICTS | ON_DRUG | ON_ORDER | ON_SIGN,
    ON_TYPING = ON_LOCK | ON_FIND | ON_PROMPT, /* characters belong to a field */
};

struct command {
    const char *id; /* "chart.sections": stays, for wardline.conf and tests */
    unsigned where; /* set of enum command_where */
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
const struct command *command_named(const char *id, unsigned where);
/* The command for a key on a screen, or NULL. *arg is the row's, or for "@section" the section's number, for
 * "@digit" and "@letter" the character. */
const struct command *command_find(unsigned where, int key, int *arg);
/* Is it one of the keys of the row? *arg as above. */
bool command_takes(const struct command *c, int key, int *arg);
/* Its label in the words of the language, as it is now: what Back does where a filter is on. */
const char *command_label(const struct ui *u, const struct command *c);
const char *command_keys(const struct command *c); /* for people: "j Down", "0-9", "@section" */
/* "Patients": a screen's name for people (N_); NULL when there is no such bit, which is behind the last one. */
const char *command_where_name(unsigned where);

#endif
