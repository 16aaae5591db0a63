/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A scrolling list of items, each of one or more lines that were wrapped before, one of them
 * selected. An item is painted whole or not at all (only one that is taller than the page is
 * scrolled line by line): half of a dose is not a dose. Knows no patient and no key.
 * REQ CS-12: what does not fit is wrapped, never cut.
 */
#ifndef UI_LIST_H
#define UI_LIST_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/vec.h"
#include "ui/tty.h"

#define LIST_MARGIN 4     /* columns for the marker and the row's number: ">12 " */
#define LIST_NUMBERS 100 /* numbers go round: 1 to 99, 0 */
#define LIST_FOCUS 12 /* columns of the row at the marker that a theme may set apart: a whole row is 190 bytes a move */

struct list {
    struct arena arena;
    struct vec lines; /* struct text */
    struct vec first; /* unsigned: an item's first line */
    struct vec looks; /* enum tty_look: of each item */
    unsigned items;
    unsigned sel, top; /* items */
    unsigned skip;   /* lines of the top item above the page; not 0 only when it is taller than that */
    unsigned height; /* rows of the page */
    unsigned phase;  /* an item at which a page of the whole list begins: 0, or of a window of it */
    bool realign;    /* the height has changed: list_settle finds the selected item's page anew */
    bool unmarked; /* no item is selected until one is moved to or selected: no marker */
    bool plain;      /* lines of one text, nothing to choose: no numbers */
    unsigned base;   /* the first item's place in the whole list, of which this is a window */
    bool failed;     /* memory ran out: the list is not whole and must not be shown */
    /* What the last paint showed whole, until list_forget: [painted, painted_end). */
    unsigned painted, painted_end;
    bool shown; /* the page stands on the screen, from shown_top and shown_skip on */
    unsigned shown_top, shown_skip, shown_sel;
    unsigned page_row;  /* of the screen, where the page begins */
    unsigned shown_row; /* of the screen, with the marker */
};

void list_init(struct list *l);
void list_fini(struct list *l);
/* No items; selection and top are kept, and clipped by list_settle; so are plain and base. */
void list_clear(struct list *l, unsigned height);

/* Adds an item: lead, then body wrapped behind it at column indent; cols = columns of the page
 * without the margin. A lead wider than indent stands on lines of its own. Both are safe text. */
void list_add(struct list *l, struct text lead, unsigned indent, struct text body, unsigned cols);
/* How the item that was added last looks: TTY_PLAIN unless this says otherwise. Its words must say the same. */
void list_look(struct list *l, enum tty_look look);
void list_settle(struct list *l); /* after the last list_add */

void list_move(struct list *l, int by); /* +1, -1 */
void list_page(struct list *l, int by); /* +1, -1 */
void list_select(struct list *l, unsigned item);
void list_turn_to(struct list *l, unsigned line); /* the page begins with the item of this line, and selects it */
bool list_at_end(const struct list *l); /* nothing below the page */
unsigned list_lines(const struct list *l);
unsigned list_line_of(const struct list *l, unsigned item);
uint64_t list_layout(const struct list *l); /* the same where each item begins on the line that it began on */
/* "Page n of m", counted in lines. */
void list_pages(const struct list *l, unsigned *n, unsigned *m);
/* The same of the whole list, of total rows, of which this is a window: counted in rows; where rows need more lines
 * than one, there are more pages. more: the list goes on below the window. */
void list_pages_of(const struct list *l, unsigned total, bool more, unsigned *n, unsigned *m);

/* The items that a paint would show whole or in part: [*from, *to). */
void list_visible(const struct list *l, unsigned *from, unsigned *to);
/* Paints rows [row, row + height); parks the cursor on the selected item. */
void list_paint(struct list *l, struct tty *t, unsigned row);
/* The number painted before an item: its place in the whole list (from 1), modulo LIST_NUMBERS; it stays on its item
 * when the page scrolls. */
unsigned list_number(const struct list *l, unsigned item);
/* REQ: the item before which this number was painted last, whole or in part; false when none on the screen has it. */
bool list_numbered(const struct list *l, unsigned number, unsigned *item);
/* Was the selected item on the screen, as it is now, when the last paint was done? */
bool list_painted(const struct list *l);
/* The item that stands on this row of the screen, from 0, as it was painted last; false when none does. */
bool list_at_row(const struct list *l, unsigned row, unsigned *item);
void list_forget(struct list *l);
enum list_change {
    LIST_MOVES,  /* the marker, or a scroll by one item, where the terminal moves the rows whole */
    LIST_CLIMBS, /* the marker goes up on the same page */
    LIST_TURNS,  /* another page of the same list */
    LIST_OTHER,  /* another list than what the screen shows */
};
enum list_change list_change(const struct list *l);
void list_shown(struct list *l); /* after the paint */
/* The same rows stand in another window of the whole list now: what is on the screen still counts as seen. was: the
 * list as it was before list_clear, of which the numbers alone are read. */
void list_slid(struct list *l, const struct list *was);

#endif
