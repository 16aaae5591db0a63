/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one prompt, on the last row: a label, and what is typed behind it. A screen that asks for words opens it with a
 * kind of its own and hears of each change and of Enter; the keys are rows of the table of commands (ON_PROMPT, or the
 * kind's own place). What is typed is UTF-8, whole characters only. It may be a patient's name: closing wipes it.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct ui;

#define PROMPT_MAX 120 /* bytes */

struct prompt_kind {
    uint64_t where;    /* whose rows of the table answer its keys: ON_PROMPT, or a place made for it */
    const char *label; /* N_("Find:") */
    const char *(*name)(const struct ui *u); /* in place of label, where it is made for what is asked; or NULL */
    /* Each may be NULL. They run while the prompt is open; what is typed is prompt_typed(u). */
    void (*changed)(struct ui *u);   /* after each key that changed what is typed */
    void (*enter)(struct ui *u);     /* Enter; the callee closes the prompt, or says why not. NULL: it closes */
    void (*cancelled)(struct ui *u); /* after it was closed by its cancel key, or by erasing nothing */
    void (*move)(struct ui *u, int by); /* Down +1, Up -1, in a list of matches */
    /* Which characters are part of it, NULL: all. One that is not (a letter behind a row's number) goes to over(). */
    bool (*takes)(int key);
    void (*over)(struct ui *u, int key);
    /* REQ: a clinical question: no key counts that was typed before it could be read. */
    bool guarded;
};

/* Since when something stands on the screen. */
struct ui_seen {
    bool painted;
    int64_t ms; /* boot clock */
};
void ui_seen_paint(struct ui *u, struct ui_seen *s); /* after a paint: what was typed until now is discarded, once */
/* Could nobody have read it yet? */
bool ui_seen_late(const struct ui *u, const struct ui_seen *s, int64_t ms);

struct prompt {
    const struct prompt_kind *kind; /* NULL: none is open */
    char typed[PROMPT_MAX];
    size_t n;
    bool fresh; /* what stands there was not typed now: the first character begins anew */
    struct ui_seen seen;
};

/* Opens it on row 24 with this text (at most PROMPT_MAX bytes of it), which the first character that is typed
 * replaces. Another open prompt is dropped without a word. */
void prompt_open(struct ui *u, const struct prompt_kind *kind, struct str with);
void prompt_close(struct ui *u); /* no callback; fine when none is open */
void prompt_set(struct ui *u, struct str text); /* puts this text there, as if typed; no callback */
bool prompt_deaf(struct ui *u);    /* REQ: this key is to be dropped, and it said so */
void prompt_painted(struct ui *u); /* after each paint */
bool prompt_is(const struct ui *u, const struct prompt_kind *kind);
/* What stands there; borrowed, good until the next key. Empty when none is open. */
struct str prompt_typed(const struct ui *u);

/* The editor alone, for tests: a character (its code point), KEYS_BACKSPACE or Ctrl-U. True when the text changed. A
 * byte that is no UTF-8, and what has no room, is not taken. */
bool prompt_edit(struct prompt *p, int key);

/* For the table of commands and ui.c. */
void prompt_key(struct ui *u, int key);
void prompt_enter(struct ui *u);
void prompt_cancel(struct ui *u);
void prompt_move(struct ui *u, int by);

#endif
