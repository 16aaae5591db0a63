/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Serving other processes of this user on a local socket (AF_UNIX, SOCK_SEQPACKET). One thread stands at the door:
 * it accepts, looks at the peer's uid, greets, takes the one message that asks, and sees when a guest leaves. Each
 * guest is served on a thread of its own, so that a long answer keeps nobody else waiting; at most `guests` at a time,
 * the others in their order. A guest that hangs up, or says one word more, is cancelled.
 *
 * loop_serve_start, loop_serve_stop and loop_serve_cancel: any thread. greet is called on the door's thread and must
 * be quick; run is called on the guest's, and so is everything that takes a struct serve_guest. No signal is ever
 * delivered to these threads.
 */
#ifndef LOOP_SERVE_H
#define LOOP_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct serve;
struct serve_guest;

#define SERVE_NOTE 64     /* bytes that greet may keep with a guest */
#define SERVE_GREETING 256
#define SERVE_FDS 8       /* the most descriptors that may come with a message */

struct serve_rules {
    size_t ask_most;      /* bytes of the message that asks; a longer one is not read */
    unsigned fds;         /* descriptors that come with it: so many, no more and no fewer (<= SERVE_FDS) */
    int64_t ask_ms;       /* who has not asked by then is dropped */
    unsigned guests;      /* served at once */
    struct str pulse;     /* said every pulse_ms to those who wait for an answer: this process still runs. Borrowed */
    int64_t pulse_ms;
    /* Writes the greeting to out, returns its length (0: drop this one). note: the guest's own, zeroed. */
    size_t (*greet)(void *arg, unsigned char note[SERVE_NOTE], char out[SERVE_GREETING]);
    void (*run)(void *arg, struct serve_guest *g);
    void *arg;
};

/* listening is borrowed until loop_serve_stop; it is made non-blocking. ERR_NOMEM, ERR_IO. */
int loop_serve_start(int listening, const struct serve_rules *rules, struct serve **out);
/* Nobody is let in any more; waits for those who are being served; the others are dropped. NULL is fine. */
void loop_serve_stop(struct serve *s);
/* Cancels all who are being served, for a reason of the caller's own (not 0); those who come later are not. */
void loop_serve_cancel(struct serve *s, int reason);

/* --- on a guest's thread ------------------------------------------------------------------------ */

struct str loop_serve_asked(const struct serve_guest *g);            /* its message */
const unsigned char *loop_serve_note(const struct serve_guest *g);   /* what greet kept */
/* Descriptor at of those that came; it is closed when run returns. */
int loop_serve_fd(const struct serve_guest *g, unsigned at);
/* One message to the guest. Waits while its socket is full; a cancelled guest is still told, if it takes it within a
 * second. ERR_IO: it is gone. */
int loop_serve_send(struct serve_guest *g, struct str message);
/* Why it was cancelled: 0 it was not, SERVE_LEFT the guest itself, or loop_serve_cancel's reason. */
#define SERVE_LEFT (-1)
int loop_serve_cancelled(const struct serve_guest *g);
/* A descriptor that is readable once it is cancelled: for a loop. Borrowed. */
int loop_serve_cancel_fd(const struct serve_guest *g);
/* It will mostly wait from here on (for a sync, for an end): it does not count among those who are served at once. */
void loop_serve_park(struct serve_guest *g);
/* Waits so long, or until it is cancelled. */
void loop_serve_pause(struct serve_guest *g, int64_t ms);
/* Waits until fd can be read. False: cancelled. */
bool loop_serve_readable(struct serve_guest *g, int fd);

#endif
