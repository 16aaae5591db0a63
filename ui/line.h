/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Line mode: the same screens and the same table of commands as lines of text, for a terminal that cannot place its
 * cursor, a braille line, a screen reader, a teletype, a script. Rows have numbers; a line is read whole, answered with
 * what is new, and no byte of output is a control but the end of a line. What a line may say:
 *     12       opens row 12            12 t     runs t on row 12, after saying that row in full
 *     (empty)  the next page; at the end of the list, back         /words   finds
 *     t, Tab, FI, Sync                  the key, key's name, mnemonic or label of a command
 * A row counts as read when its page was printed before the line was typed. On the loop's thread.
 */
#ifndef UI_LINE_H
#define UI_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct ui;
struct line;

#define LINE_MAX_BYTES 4096 /* of one line; what is longer is refused whole */

enum line_kind { LINE_EMPTY, LINE_ROW, LINE_TEXT, LINE_WORD };

struct line_words {
    enum line_kind kind;
    int64_t row;     /* LINE_ROW: the number */
    int opener;      /* LINE_TEXT: the character in front: / : \ */
    struct str word; /* LINE_WORD; what stands behind the number or the opener, may be empty. Borrowed. */
};

/* What a line says. Pure. */
struct line_words line_parse(struct str line);

int line_new(struct ui *u);  /* u->line; ERR_NOMEM */
void line_free(struct ui *u); /* wiped; fine without one */
void line_input(struct ui *u); /* bytes wait on standard input, or its end */
/* After each turn of the loop: answers a line, or says what must be said by itself. */
void line_turn(struct ui *u);
/* A script whose passphrase does not open the profile ends with that error: true. */
bool line_over(struct ui *u, int code);

#endif
