/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Marks: a letter for a place, a patient of the worklist or a row of a chart. They last until the screen locks. And
 * what was dismissed and can come back (z).
 */
#ifndef UI_MARKS_H
#define UI_MARKS_H

#include <stdbool.h>
#include <stddef.h>

struct ui;

#define MARKS 52 /* a to z, A to Z */
struct mark {
    char letter; /* 0: not set */
    bool on_list; /* a patient of the worklist, not a place in the chart */
    unsigned at;  /* on_list: its place in the whole list */
    char chart[80];
    char section[32]; /* kind_sections()' name */
    char type[64], id[80]; /* the resource, or "" */
};
void marks_set(struct ui *u, int letter);
/* Another patient's chart opens as any chart does, stop page and all; the list only moves its marker. Says what is
 * not there. */
void marks_go(struct ui *u, int letter);
void marks_clear(struct ui *u);

#define UNDO_MAX 8
#define UNDO_BYTES 400
struct undo {
    void (*again)(struct ui *u, const void *what);
    _Alignas(max_align_t) char what[UNDO_BYTES];
};
/* Something was dismissed that is shown again by again(what): a copy of n bytes, at most UNDO_BYTES. The oldest of more
 * than UNDO_MAX is forgotten. */
void marks_undo_keep(struct ui *u, void (*again)(struct ui *u, const void *what), const void *what, size_t n);
bool marks_undo_last(struct ui *u); /* brings the last one back; false: there is none */
void marks_undo_clear(struct ui *u); /* a message or a filter may name a patient */

#endif
