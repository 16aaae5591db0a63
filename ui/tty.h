/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The terminal: the only user of ncurses. Painting goes tty_begin, tty_put.., tty_cursor, tty_show;
 * what is sent is the difference to what the terminal shows. One tty_show a loop turn. No colours,
 * no boxes, no titles: bold and reverse are all the looks there are, and no meaning hangs on them.
 */
#ifndef UI_TTY_H
#define UI_TTY_H

#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "ui/keys.h"

struct tty;

enum tty_look { TTY_PLAIN, TTY_STRONG, TTY_ALERT };

/* Takes standard input and output. ERR_TERMINAL: no terminal, or TERM without `cup`. */
int tty_open(struct tty **out, struct err *e);
void tty_close(struct tty *t); /* clears the screen, gives the terminal back as it was; NULL is fine */
void tty_emergency(void);      /* the same for a dying process: async-signal-safe */
/* The bytes that clear the screen and leave its modes; how many: 0 on a terminal that is not known. */
size_t tty_goodbye(char *out, size_t room);
void tty_suspend(struct tty *t); /* clears, gives the terminal back for a while */
void tty_resume(struct tty *t);

int tty_fd(const struct tty *t);
/* Bytes that are waiting, without blocking: 0 when there are none. */
size_t tty_read(struct tty *t, unsigned char *p, size_t n);
void tty_discard_input(struct tty *t);
void tty_sequences(struct tty *t, struct keys *k); /* adds what terminfo knows about this terminal's keys */
unsigned tty_rows(const struct tty *t);
unsigned tty_columns(const struct tty *t);
void tty_resized(struct tty *t); /* reads the size anew */

/* Every cell blank, on the wire, before it returns: whatever the terminal showed is gone. */
void tty_blank(struct tty *t);
/* The same for some rows of the page that was shown last, from column 0 to cols. */
void tty_blank_rows(struct tty *t, unsigned row, unsigned n, unsigned cols);
void tty_begin(struct tty *t); /* an empty page to paint on */
/* Paints at most cols columns, never past the right edge. Returns the columns used. */
unsigned tty_put(struct tty *t, unsigned row, unsigned col, struct text s, unsigned cols,
                 enum tty_look look);
void tty_cursor(struct tty *t, unsigned row, unsigned col);
void tty_show(struct tty *t);
/* Sends rows of the page one by one, each blank before its new cells come: wherever the line
 * stalls, no row holds cells of two. A tty_show must follow. */
void tty_show_rows(struct tty *t, unsigned row, unsigned n);
void tty_redraw(struct tty *t); /* the next tty_show sends every cell */

/* Columns of safe text on this terminal: a character that its locale cannot show counts as <U+00E9>. */
unsigned tty_cols(struct str safe);
/* As text_wrap, by those columns. */
struct str tty_wrap(struct str *rest, unsigned cols);

#endif
