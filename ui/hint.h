/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A key that waits for a second one (g and a section's letter, M and ' and a mark's). After a pause the two rows
 * above the last one name what may follow; they never cover the body. A key that is none of it drops the first one,
 * and does what it does without it.
 */
#ifndef UI_HINT_H
#define UI_HINT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"
#include "loop/loop.h"

struct ui;

#define HINT_MS 500

struct hint {
    uint64_t where; /* ON_GO, ON_MARK, ON_MARKED, ON_ACT; 0: nothing waits */
    bool shown;
    loop_timer timer;
};

/* For the table: where is one of the places behind a first key; and a key that drops what waits. */
void hint_second(struct ui *u, int where);
void hint_drop(struct ui *u, int arg);
void hint_on(struct ui *u, uint64_t where);
void hint_off(struct ui *u);
/* Paints rows 22 and 23. False: nothing to be shown, they are free. */
bool hint_paint(struct ui *u, struct arena *a);

/* Words one behind the other into two rows of so many columns, two blanks between them, none cut; how many had room. */
unsigned hint_fill(const struct text *word, unsigned n, unsigned cols, struct arena *a, struct text row[2]);

#endif
