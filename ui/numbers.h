/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * REQ CS-03: the numbers of rows: typed digits choose what is painted. `7` Enter opens row 7, `7T` does what T does
 * on it, `1-4,7` Enter opens several in turn where a list takes several. `13j` is a count: it moves 13 rows.
 */
#ifndef UI_NUMBERS_H
#define UI_NUMBERS_H

#include <stdbool.h>

#include "base/str.h"
#include "ui/list.h"

struct ui;

#define NUMBERS_COUNT 9999 /* rows to move by */

/* "7", "1-4,7": the numbers, each once, in the order of typing; 98-2 goes round. At most LIST_NUMBERS. False: no
 * such list of numbers below LIST_NUMBERS. */
bool numbers_parse(struct str typed, unsigned out[LIST_NUMBERS], unsigned *n);

/* The prompt, with this digit in it; -1: with nothing in it. */
void numbers_open(struct ui *u, int digit);
/* Moves so many rows (from 1) when this key moves by one, as in every pager. False: it is no such key. */
bool numbers_count(struct ui *u, int64_t count, int key);
/* "Page:", for lists of many pages. */
void numbers_page(struct ui *u);

/* The patients that were chosen by numbers, to be opened in turn by ] and [. */
struct numbers_turn {
    char chart[LIST_NUMBERS][80];
    unsigned n, at;
};
void numbers_turn_clear(struct ui *u);
void numbers_turn_rows(struct ui *u, const unsigned *item, unsigned n); /* rows of the worklist; opens the first */
/* Opens the next (+1) or the one before (-1) of those that were chosen; 0: the one that is due. Says so at either end.
 * False: none are chosen, and nothing was said. */
bool numbers_turn(struct ui *u, int by);

#endif
