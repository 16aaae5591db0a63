/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The owner's side: runs verbs of cli_verbs() for other processes of this user, each on a thread of its own.
 */
#ifndef CLI_HOST_H
#define CLI_HOST_H

#include "cli/cli.h"

enum { HOST_LOCKED = 1, HOST_MOVED }; /* why a guest is cancelled: loop_serve_cancelled */
#define HOST_GUESTS 4                 /* verbs that run for others at once */
#define HOST_ASK_MS 2000              /* who has not asked by then is dropped */

/* app: the owner's, with owner and hub; borrowed. s NULL: locked, until cli_host_unlocked. idle: called on any thread
 * when the last guest has let go of the store, after cli_host_lock said that it would be. ERR_IO, ERR_NOMEM. */
int cli_host_open(struct cli_app *app, struct store *s, void (*idle)(void *arg), void *arg, struct cli_host **out,
                  struct err *e);
void cli_host_unlocked(struct cli_host *h, struct store *s);
/* The store is to be closed: guests are cancelled, and new ones told that it is locked; or, when this process leaves,
 * to try again. True: some still use it, and idle will be called. NULL is fine. */
bool cli_host_lock(struct cli_host *h, bool leaving);
/* A full screen keeps the home: it never gives it up to another. Any other is asked to (cli_host_asked), and its verb
 * ends as soon as it can. */
void cli_host_keeps(struct cli_host *h);
bool cli_host_asked(struct cli_host *h); /* NULL is fine: no. Any thread */
/* call: when it is asked, on any thread, until call is NULL. */
void cli_host_on_asked(struct cli_host *h, void (*call)(void *arg), void *arg);
/* Stops those that can begin again elsewhere, waits for the others. NULL is fine. */
void cli_host_close(struct cli_host *h);

#endif
