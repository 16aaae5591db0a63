/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One row an action. The key bar, `?`, the palette, wardline-keys(7) and the tests all come from this
 * table; no key is handled anywhere else.
 */
#ifndef UI_COMMAND_H
#define UI_COMMAND_H

#include <stdbool.h>

struct ui;

enum command_where { ON_LOCK = 1, ON_WORKLIST = 2, ON_CHART = 4, ON_DETAIL = 8, ON_HELP = 16, ON_ANY = 31 };

struct command {
    const char *id;        /* "chart.section.labs": stays, for wardline.conf and tests */
    unsigned where;        /* set of enum command_where */
    const char *keys;      /* names separated by blanks: "j Down", "Enter", "/" */
    const char *mnemonic;  /* VistA-like alias for the palette, or NULL */
    const char *label;     /* N_("Open"): at most 8 columns, for the key bar; NULL: not in the bar */
    const char *help;      /* N_() sentence */
    void (*run)(struct ui *u, int arg);
    int arg;
    /* NULL when it is allowed now, else the reason in words (translated). May be NULL itself: always. */
    const char *(*refused)(const struct ui *u, int arg);
};

const struct command *command_table(unsigned *n);
/* The command for a key on a screen, or NULL. */
const struct command *command_find(enum command_where where, int key);
/* A key's name ("Enter", "Down", "j") to its code and back. 0 / NULL when unknown. */
int command_key(const char *name, unsigned len);
const char *command_key_name(int key);

#endif
