/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The palette: `:` and the name of any command or section, its mnemonic, its id, or the first letters of any of them
 * that no other has. Several behind semicolons (CC;O;L) are done one after the other, up to the first page that asks
 * something. Made of the table of commands and the table of sections alone.
 */
#ifndef UI_PALETTE_H
#define UI_PALETTE_H

#include <stdbool.h>

#include "base/arena.h"
#include "ui/command.h"
#include "ui/prompt.h"

struct ui;

#define PALETTE_MAX 128 /* matches */

struct palette {
    char base[PROMPT_MAX]; /* what was typed, while Down goes through its matches */
    size_t base_n;
    unsigned at; /* the match that stands in the prompt, from 1; 0: what was typed */
};

struct palette_match {
    const struct command *c;
    int arg; /* of its run(); the section's index for "@section" */
    unsigned rank; /* 0 the best: exactly its mnemonic; then its id, its name, a section's letter, beginnings */
};

/* The rows of the table that such a word may mean on a screen, the best ones first, in the table's order. chart:
 * sections may be gone to. Returns how many. An empty word means all of them. */
unsigned palette_find(uint64_t where, bool chart, struct str word, struct palette_match out[PALETTE_MAX]);
/* Those of the best rank at its front: 1 says that the word is enough. Beginnings of all kinds count as one rank. */
unsigned palette_best(const struct palette_match *m, unsigned n);

void palette_open(struct ui *u);
/* Paints rows 22 and 23. False: the palette is not open. */
bool palette_paint(struct ui *u, struct arena *a);

#endif
