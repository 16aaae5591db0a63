/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * wardline.conf(5): keys and looks, nothing else. A line is `bind COMMAND KEY...`, `unbind COMMAND [KEY...]`, `theme
 * NAME` or `mouse on|off`. A line that is not understood, or not allowed, is left out and counted; the others hold.
 * REQ: the keys of questions, of stop pages and of the lock screen cannot be changed, nor can Enter, q, Esc and
 * Ctrl-C be taken away.
 */
#ifndef UI_CONF_H
#define UI_CONF_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/path.h"
#include "ui/command.h"

#define CONF_BYTES 65536u
#define CONF_BINDS 256
#define CONF_THEME 32

enum conf_fault {
    CONF_FINE,
    CONF_NO_LINE,    /* the first word is none of the four */
    CONF_NO_COMMAND, /* word: what no command is called */
    CONF_NO_KEY,     /* word: what no key is called */
    CONF_FIXED,      /* word: a key that stays what it is */
    CONF_QUESTION,   /* word: a command whose keys stay what they are */
    CONF_VALUE,      /* word: no theme's name, or neither on nor off */
    CONF_MANY,       /* more than CONF_BINDS keys */
    CONF_LARGE,      /* the file is longer than CONF_BYTES: none of it was read */
    CONF_UNREADABLE, /* it is there and cannot be read */
};

struct conf {
    struct {
        const struct command *c;
        int key;
        bool off; /* unbound */
    } bind[CONF_BINDS];
    unsigned n;
    char theme[CONF_THEME]; /* "" none was named */
    bool mouse;
    bool found; /* there is a file */
    char path[PATH_MAX_BYTES];
    /* The first fault, and how many lines have one. */
    enum conf_fault fault;
    unsigned line, faults;
    char word[40];
};

/* What a file's text says. Any bytes will do. */
void conf_parse(struct conf *c, struct str text);
/* $XDG_CONFIG_HOME/wardline/wardline.conf, or ~/.config/wardline/wardline.conf; a file that is not there is no
 * fault. */
void conf_read(struct conf *c);
/* "wardline.conf, line 3: ...", translated, when there is a fault: false when there is none. */
bool conf_say(const struct conf *c, char *out, size_t n);
/* For doctor: reads the file. > 0 and out = where it lies: it was understood; 0 and out = where none lies; < 0 and
 * out = what is wrong with it. */
int conf_check(char *out, size_t n);

/* command_find() with this file's keys. */
const struct command *conf_find(const struct conf *c, uint64_t where, int key, int *arg);
/* The names of a command's keys as they are now, blanks between them; for people. Made in a, or a row of the
 * table's. */
const char *conf_keys(const struct conf *c, const struct command *command, struct arena *a);

#endif
