/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bytes from a terminal to keys. A pure machine: the caller feeds bytes and, some 150 ms after the
 * last one (400 over ssh), calls keys_timeout, so that an arrow cut in two by a slow line stays an
 * arrow and nothing ever waits in here. ncurses' own reading is not used: it blocks for the ESC
 * delay, and an unknown sequence decays into letters, which are commands. Here such a sequence is
 * swallowed whole.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Printable characters are their code point, Ctrl-A is 1. The rest is beyond Unicode. */
enum keys_code {
    KEYS_TAB = 9,
    KEYS_ENTER = 13,
    KEYS_ESC = 27,
    KEYS_BACKSPACE = 127,
    KEYS_UP = 0x200000,
    KEYS_DOWN,
    KEYS_LEFT,
    KEYS_RIGHT,
    KEYS_PGUP,
    KEYS_PGDN,
    KEYS_HOME,
    KEYS_END,
    KEYS_INSERT,
    KEYS_DELETE,
    KEYS_BACKTAB,
    KEYS_F1,
    KEYS_F2,
    KEYS_F3,
    KEYS_F4,
    KEYS_F5,
    KEYS_F6,
    KEYS_F7,
    KEYS_F8,
    KEYS_F9,
    KEYS_F10,
    KEYS_F11,
    KEYS_F12,
    KEYS_CLICK, /* at_row says where */
    KEYS_WHEEL_UP,
    KEYS_WHEEL_DOWN,
    KEYS_BYTE = 0x300000, /* plus a byte that is no UTF-8: part of a passphrase, or nothing */
};

#define KEYS_SEQ 12
#define KEYS_SEQS 96
struct keys {
    struct {
        char s[KEYS_SEQ];
        unsigned n;
        int key;
    } seq[KEYS_SEQS];
    unsigned n;
    bool mouse;              /* reports of the mouse (SGR, xterm's mode 1006) are keys; else nothing */
    unsigned at_row, at_col; /* of the last one, from 0 */
    char held[32]; /* bytes of a sequence or a character that is not complete */
    unsigned held_n;
};

void keys_init(struct keys *k); /* knows the ANSI forms of both cursor key modes, and those of
                                   VT220, xterm, Linux */
/* One more sequence (from terminfo). Ignored unless it starts with ESC and is new. */
void keys_add(struct keys *k, const char *sequence, int key);
/* Feeds one byte. Writes 0, 1 or 2 keys to out and returns how many. */
unsigned keys_feed(struct keys *k, unsigned char byte, int *out);
/* No more bytes are coming: a held ESC is the key Esc; half a character stays held. Returns 0 or 1. */
unsigned keys_timeout(struct keys *k, int *out);
bool keys_waiting(const struct keys *k); /* a sequence is held: set the timer */

/* "Enter", "Down", "j", "Ctrl-C" to its code and back. 0 or "" when unknown. */
int keys_code(struct str name);
const char *keys_name(int key, char room[16]);

/* UTF-8 of a printable key or a KEYS_BYTE: bytes written to out, 0 for any other key. */
size_t keys_utf8(int key, char out[4]);

#endif
