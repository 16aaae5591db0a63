/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The terminal: the only user of ncurses. Painting goes tty_begin, tty_put.., tty_cursor, tty_show; what is sent is the
 * difference to what the terminal shows. One tty_show a loop turn. No boxes, no titles. A look says what a text means,
 * and a theme how that looks here; REQ: no meaning hangs on it alone, the words say it in every theme. In line mode
 * (ui/line.h) the same painting goes to a page in memory, and nothing here sends a byte.
 */
#ifndef UI_TTY_H
#define UI_TTY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "ui/keys.h"

#define TTY_LINE_ROWS 24 /* the least that a page of line mode has, and what it has where nobody says */
#define TTY_LINE_COLS 80

struct tty;

enum tty_look {
    TTY_PLAIN,
    TTY_STRONG,   /* what the eye should find first */
    TTY_ALERT,    /* what must not be overlooked: the patient has died, the display stopped */
    TTY_ABNORMAL, /* a result outside its range, a medicine not to be given */
    TTY_DIM,      /* what matters less */
    TTY_FOCUS,    /* the first words of the row at the marker */
    TTY_LOOKS
};

/* Takes standard input and output. ERR_TERMINAL: no terminal, or TERM without `cup`. */
int tty_open(struct tty **out, struct err *e);
/* Line mode: any two descriptors will do; TERM does not matter. ERR_NOMEM. */
int tty_open_line(struct tty **out, struct err *e);
/* Can standard input and output show a full screen: a terminal with `cup`? */
bool tty_able(void);
/* "thin" (the marker alone; what tty_open begins with), "mono", "colour", "contrast", "marked". On a terminal without
 * colours, or with NO_COLOR set, the attributes alone. False: there is no such theme, and nothing changes. */
bool tty_theme(struct tty *t, const char *name);
const char *tty_theme_name(unsigned i); /* the i-th, or NULL behind the last */
void tty_close(struct tty *t); /* clears the screen, gives the terminal back as it was; NULL is fine */
void tty_emergency(void);      /* the same for a dying process: async-signal-safe */
/* The bytes that clear the screen and leave its modes; how many: 0 on a terminal that is not known. */
size_t tty_goodbye(char *out, size_t room);
/* Asks the terminal for clicks and the wheel (ui/keys.h), where it can; tty_suspend, tty_close and tty_emergency end
 * it. */
void tty_mouse(struct tty *t);
void tty_suspend(struct tty *t); /* clears, gives the terminal back for a while */
void tty_resume(struct tty *t);

int tty_fd(const struct tty *t);
/* Bytes that are waiting, without blocking: 0 when there are none. */
size_t tty_read(struct tty *t, unsigned char *p, size_t n);
bool tty_waits(const struct tty *t); /* bytes wait to be read */
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
/* Paints it anew as TTY_FOCUS where the theme sets that apart; else what stands there stays. */
void tty_focus(struct tty *t, unsigned row, unsigned col, struct text s, unsigned cols);
void tty_cursor(struct tty *t, unsigned row, unsigned col);
void tty_show(struct tty *t);
/* Sends rows of the page one by one, each blank before its new cells come: wherever the line
 * stalls, no row holds cells of two. A tty_show must follow. */
void tty_show_rows(struct tty *t, unsigned row, unsigned n);
void tty_redraw(struct tty *t); /* the next tty_show sends every cell */

/* text_cols and text_wrap: both count by what is painted in this locale. */
unsigned tty_cols(struct str safe);
struct str tty_wrap(struct str *rest, unsigned cols);
/* Terminals do not agree on this text's columns, or would shuffle what stands to its right: it stands alone on its
 * line. */
bool tty_alone(struct str safe);

/* --- line mode -------------------------------------------------------------------------------- */

/* Row of the page as it was painted, in the bytes of the locale, without blanks at its end. */
void tty_page_row(const struct tty *t, unsigned row, struct buf *out);
/* Whether what is typed is echoed; nothing where standard input is no terminal. */
void tty_echo(struct tty *t, bool on);

#endif
