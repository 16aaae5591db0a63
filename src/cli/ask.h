/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words between a process that asks and the one that owns the store, as bytes: pure, and with a limit each. One
 * message is one packet of HOME/owner.sock. The owner greets; the asker asks, with two descriptors: its standard input
 * and its working directory; then the owner says what the verb says, and last how it ended. Whoever asks writes to its
 * own standard output itself, so that no pager and no stopped terminal can hold up the owner (tmux does so since 3.2).
 *
 *   greeting  "wl-own-1", 1 open or 0 locked, the challenge
 *   ask       "wl-ask-1", the proof, then the request that it covers: flags, then, each with a NUL, the name of the
 *             locale of the asker's characters (intl_characters), the verb, its words
 *   answer    'o' or 'e' and bytes for standard output or error; 'k': still here;
 *             'r', exit status, 1 = ask again somewhere else, sub, num (little-endian), the error's name, a NUL, what
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/limits.h"
#include "store/owner.h"

enum { ASK_STDIN, ASK_FOLDER, ASK_FDS }; /* the descriptors */
enum {                                   /* flags of a request */
    ASK_PROVEN = 1,
    ASK_OUT_TERMINAL = 2,
    ASK_ERR_TERMINAL = 4,
    ASK_YIELD = 8, /* no verb: whoever is no full screen gives the store up as soon as it can */
};
#define ASK_FLAGS (ASK_PROVEN | ASK_OUT_TERMINAL | ASK_ERR_TERMINAL | ASK_YIELD)
#define ASK_GREETING (8 + 1 + STORE_CHALLENGE)
#define ASK_PIECE 16384 /* bytes of one message that is said */

size_t cli_ask_greet(char out[ASK_GREETING], bool open, const unsigned char challenge[STORE_CHALLENGE]);
bool cli_ask_greeted(struct str packet, bool *open, unsigned char challenge[STORE_CHALLENGE]);

/* A request, still without its proof. ERR_TOOBIG. */
int cli_ask_request(struct buf *out, unsigned flags, const char *characters, int n, char *const *word);
/* The packet from it. */
int cli_ask_packet(struct buf *out, const unsigned char proof[STORE_PROOF], struct str request);

struct ask {
    unsigned char proof[STORE_PROOF];
    struct str request;
    unsigned flags;
    const char *characters;
    int n;
    char *word[LIMIT_ASK_WORDS]; /* into the packet */
};
/* False: it is none. Words that no verb needs to see (NUL-ended all) are as they came. */
bool cli_ask_parse(struct str packet, struct ask *out);

struct ask_answer {
    char kind; /* 'o', 'e', 'k', 'r' */
    struct str bytes;
    int status;
    bool again;
    struct err err; /* its code is ERR_BUG where a newer owner has one that is not known here */
};
bool cli_ask_answered(struct str packet, struct ask_answer *out);
int cli_ask_result(struct buf *out, int status, bool again, const struct err *e);

#endif
