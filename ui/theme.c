/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "ui/theme.h"

#include <string.h>

enum { BLACK = 1, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE };

/* The thin one is what the byte budgets are made for: the marker says where one is, and rows have no attributes at
 * all. */
static const struct theme themes[] = {
    {"thin", false, {[TTY_STRONG] = {.bold = true}, [TTY_ALERT] = {.reverse = true}}},
    {"mono",
     false,
     {[TTY_STRONG] = {.bold = true},
      [TTY_ALERT] = {.bold = true, .reverse = true},
      [TTY_ABNORMAL] = {.bold = true},
      [TTY_FOCUS] = {.underline = true}}},
    {"colour",
     true,
     {[TTY_STRONG] = {.bold = true},
      [TTY_ALERT] = {.bold = true, .fore = WHITE, .back = RED, .instead = THEME_REVERSE},
      [TTY_ABNORMAL] = {.fore = RED, .instead = THEME_BOLD},
      [TTY_DIM] = {.fore = CYAN},
      [TTY_FOCUS] = {.bold = true}}},
    {"contrast",
     true,
     {[TTY_PLAIN] = {.bold = true, .fore = WHITE, .back = BLACK},
      [TTY_STRONG] = {.bold = true, .underline = true, .fore = WHITE, .back = BLACK},
      [TTY_ALERT] = {.fore = BLACK, .back = YELLOW, .instead = THEME_REVERSE},
      [TTY_ABNORMAL] = {.bold = true, .underline = true, .fore = YELLOW, .back = BLACK},
      [TTY_DIM] = {.bold = true, .fore = WHITE, .back = BLACK},
      [TTY_FOCUS] = {.bold = true, .fore = BLACK, .back = WHITE, .instead = THEME_REVERSE}}},
    {"marked",
     false,
     {[TTY_STRONG] = {.bold = true}, [TTY_ALERT] = {.reverse = true}, [TTY_FOCUS] = {.reverse = true}}},
};

const struct theme *theme_of(const char *name)
{
    for (size_t i = 0; i < sizeof themes / sizeof *themes; i++)
        if (!strcmp(name, themes[i].name))
            return &themes[i];
    return NULL;
}

const char *theme_name(unsigned i)
{
    return i < sizeof themes / sizeof *themes ? themes[i].name : NULL;
}
