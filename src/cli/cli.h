/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command line: one table of verbs, each `verb(app, args, in, out, err)`, with no stdio, exit or
 * working directory of its own, so that a verb can run in the owner's process for somebody else.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/err.h"
#include "crypt/secret.h"
#include "model/model.h"
#include "store/store.h"

/* Where a verb's words go: a descriptor, written as it fills. */
struct cli_out {
    int fd;
    bool terminal;
    bool failed;        /* a write failed (closed pipe): verbs stop */
    struct buf buf;
};
void cli_out_init(struct cli_out *o, int fd);
void cli_put(struct cli_out *o, struct str s);
void cli_line(struct cli_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* own words and safe text only */
int cli_flush(struct cli_out *o);
void cli_out_fini(struct cli_out *o);

struct cli_app {
    const char *home_option;    /* --home, or NULL */
    int passphrase_fd;          /* --passphrase-fd, or -1: ask on the terminal */
    char home[1024];
    struct clock clock;
    struct rng rng;
    struct store *store;        /* opened on demand by cli_need_store */
    struct model model;
};

struct cli_verb {
    const char *name;           /* "sync" */
    const char *args;           /* N_("[--json] [--watch]") */
    const char *help;           /* N_("one full two-way sync") */
    int (*run)(struct cli_app *app, int argc, char **argv, int in_fd, struct cli_out *out, struct err *e);
};
/* argv[0] is the verb. The table, ending at *n; the man page's list is checked against it. */
const struct cli_verb *cli_verbs(unsigned *n);

/* Parses the global options and runs a verb. Sets *screen when no COMMAND was given (main opens the full
 * screen). Returns the exit status. */
int cli_main(struct cli_app *app, int argc, char **argv, bool *screen);

/* Reads the passphrase (fd or terminal), unlocks, opens app->store and app->model. */
int cli_need_store(struct cli_app *app, struct err *e);
/* Prints "wardline: sentence" on standard error and returns the exit status. */
int cli_fail(const struct err *e);

#endif
