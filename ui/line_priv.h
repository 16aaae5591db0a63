/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Line mode, inside: what was read and not yet done, what was said last.
 */
#ifndef UI_LINE_PRIV_H
#define UI_LINE_PRIV_H

#include "base/buf.h"
#include "loop/loop.h"
#include "ui/line.h"

struct screen;

#define LINE_ROW_BYTES 1024
#define LINE_BODY_BYTES (1u << 20)

struct line {
    bool talks;    /* standard input is a terminal: somebody reads before typing */
    bool due;      /* a line was read and has no answer yet */
    bool ended;    /* no more lines will come */
    bool ahead;    /* what comes next was typed before the last answer was out */
    bool silent;   /* what is typed is not echoed, nor is the end of its line */
    bool prompted; /* the last thing said was the prompt */
    bool was_open; /* the store was open once */
    bool too_long; /* the rest of a line that is refused */
    loop_timer next;
    char in[LINE_MAX_BYTES]; /* may hold a passphrase: wiped as it is taken */
    size_t in_n;

    /* Said last. */
    const struct screen *screen;
    uint64_t where;
    unsigned sel;
    int phase;
    bool trying, asking, greeted, filtered;
    char head[2][LINE_ROW_BYTES], title[LINE_ROW_BYTES], words[LINE_ROW_BYTES], last[LINE_ROW_BYTES];
    struct buf body;
};

bool line_say_asks(const struct ui *u); /* the screen waits for the server's answer to a search */
void line_say_new(struct ui *u);        /* what is new since the last time, and the prompt */
void line_say_row(struct ui *u);        /* the selected row in full */
void line_say_forget(struct ui *u);     /* nothing counts as said: all of it is, next time */
void line_say_put(struct ui *u, struct str s);

#endif
