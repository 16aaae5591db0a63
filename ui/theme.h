/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Themes: how each meaning of ui/tty.h looks. A table, no terminal. Belongs to ui/tty.c.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>

#include "ui/tty.h"

enum theme_instead { THEME_NOTHING, THEME_BOLD, THEME_REVERSE };

struct theme_look {
    bool bold, underline, reverse;
    int fore, back;              /* an ANSI colour plus 1; 0: the terminal's own */
    enum theme_instead instead;  /* where there are no colours */
};

struct theme {
    const char *name;
    bool colours;
    struct theme_look look[TTY_LOOKS];
};

const struct theme *theme_of(const char *name); /* NULL: there is none */
const char *theme_name(unsigned i);             /* NULL behind the last */

#endif
