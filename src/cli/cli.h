/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command line: one table of verbs, each `verb(app, args, in, out, err)`, with no stdio, exit or
 * working directory of its own, so that a verb can run in the owner's process for somebody else: cli_need_store opens
 * the store, or has the process that owns it run the verb and gives back its answer (cli/guest.c, cli/host.c). So a
 * verb calls cli_need_store before it reads `in` or changes anything, takes files by app->folder (openat), and looks
 * at cli_cancelled between the steps of long work.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/path.h"
#include "base/rng.h"
#include "crypt/secret.h"
#include "model/model.h"
#include "store/slots.h"
#include "store/store.h"

/* --- words out ------------------------------------------------------------------------------- */

/* Where a verb's words go: a descriptor, written as it fills. */
struct cli_out {
    int fd;        /* -1: the words go to sink */
    int (*sink)(void *arg, struct str bytes);
    void *arg;
    bool terminal;
    bool narrow; /* a terminal whose character set is not UTF-8: words are brought down to it (base/glyph.h) */
    bool failed; /* a write failed (a closed pipe): verbs stop with ERR_IO */
    struct buf buf;
};
void cli_out_init(struct cli_out *o, int fd);
void cli_out_sink(struct cli_out *o, bool terminal, int (*sink)(void *arg, struct str bytes), void *arg);
void cli_out_fini(struct cli_out *o); /* flushes */
/* Bytes as they are: `get` into a pipe, JSON. */
int cli_put(struct cli_out *o, struct str s);
/* The same as words: what a terminal's character set lacks stands in ASCII or by number. */
int cli_words(struct cli_out *o, struct str s);
/* What must stand behind a patient's name there (glyph_note), "" where the name stands as it is. */
const char *cli_name_note(const struct cli_out *o, struct str name);
/* wardline's own words, and text that went through text_safe; nothing else. */
int cli_line(struct cli_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int cli_flush(struct cli_out *o);
/* At once and from where it lies, without a copy in a buffer: secrets. False: not all of it went out. */
bool cli_write(struct cli_out *o, const void *p, size_t n);
/* On a terminal: rewrites one status line in place. Elsewhere nothing. line NULL clears it. */
void cli_progress(struct cli_out *o, const char *line);

/* --- the program ----------------------------------------------------------------------------- */

struct cli_host;
struct cli_verb;
struct serve_guest;
struct store_owner;
struct sync_hub;

struct cli_app {
    const char *home_option; /* --home, or NULL */
    int passphrase_fd;       /* --passphrase-fd, or -1: ask on the terminal */
    bool keyring;            /* --keyring: the kernel's keyring has the key */
    bool line;               /* --line: no full screen, whatever the terminal can do */
    const char *theme;       /* --theme, or NULL */
    char home[PATH_MAX_BYTES];
    struct clock clock;
    struct rng rng;
    bool memory_locked;      /* crypt_init could lock memory */
    struct store *store;     /* opened by cli_need_store */
    struct store_owner *owner; /* while this process owns the home */
    struct cli_host *host;   /* and answers others */
    struct sync_hub *hub;    /* the syncs of this process */
    struct serve_guest *guest; /* the verb runs for another process; NULL: for this one */
    bool unproven;           /* and that one did not show that it knows the passphrase: counts alone */
    int folder;              /* where a verb's file names begin: openat's first argument */
    const struct cli_verb *verb; /* what runs, and its words: the verb's name first */
    char **word;
    int words;
    bool yielded;            /* this process gave the home up to a full screen, and its verb begins again there */
    struct store_key *key;   /* for that */
    struct secret **typed;   /* what was shown for the key, until the owner has taken it: to unlock once more */
    bool stale;              /* the store was rotated since the key was unlocked: nothing ran */
    bool answered;           /* another process ran it: */
    int status;              /* exit status; what there was to say was said */
    int (*settings)(char *out, size_t n); /* ui's conf_check, which this room does not know; NULL: there is none */
    struct model model;
};

/* Finds the home, reads the passphrase, unlocks, becomes the owner, opens app->store and app->model; once. When another
 * process owns the home, it runs the verb: then app->answered is set and a code other than 0 given back, which the verb
 * hands on, as with every error. */
int cli_need_store(struct cli_app *app, struct err *e);
/* Lets the guests end, closes, gives the home up. */
void cli_close_store(struct cli_app *app);
/* Opens a file that a verb is to read, by the name that its asker gave; /dev/stdin is in. -1 and errno. */
int cli_open(const struct cli_app *app, int in, const char *name);
/* All of that file, or of in where path is NULL or "-", at most as much as out may hold; messages name the file without
 * its folders. ERR_NOFILE, ERR_IO (sub ECANCELED: the verb is to end), ERR_EMPTY, ERR_TOOBIG, ERR_NOMEM. */
int cli_read_input(const struct cli_app *app, int in, const char *path, struct buf *out, struct err *e);
/* The verb is to end soon, with ERR_CANCELLED and nothing half done: who asked for it has gone, or the store is to be
 * closed. Any thread. */
bool cli_cancelled(const struct cli_app *app);
/* The same with a proof that the verb has asked for. */
int cli_need_store_by(struct cli_app *app, const struct store_proof *proof, struct err *e);
/* Reads a passphrase from the fd, or asks for it on the terminal without echo, with prompt. */
int cli_passphrase(struct cli_app *app, const char *prompt, struct secret **out, struct err *e);

/* --- verbs ----------------------------------------------------------------------------------- */

#define CLI_OPTIONS 9
struct cli_option {
    const char *name; /* "--scope" */
    bool value;       /* takes one */
};

struct cli_args {
    const char *value[CLI_OPTIONS]; /* by the verb's option table; a flag that was given is "" */
    char **word;                    /* what is no option */
    int n;
};

enum {
    CLI_AGAIN = 1,  /* may be stopped and run once more from its beginning: nothing is doubled by it */
    CLI_ALONE = 2,  /* never runs for another process: it asks for a secret, or takes the store away */
    CLI_COUNTS = 4, /* says something without the passphrase: counts */
};

struct cli_verb {
    const char *name;                      /* "sync" */
    const char *usage;                     /* "[--json] [--watch]" */
    const char *help;                      /* N_("one full two-way sync") */
    struct cli_option option[CLI_OPTIONS]; /* up to the first without a name */
    int least, most;                       /* words; most -1: any number */
    unsigned how;                          /* CLI_AGAIN ... */
    int (*run)(struct cli_app *app, const struct cli_args *args, int in, struct cli_out *out, struct cli_out *err,
               struct err *e);
};
/* The table, ending at *n. The man page's list is checked against it. */
const struct cli_verb *cli_verbs(unsigned *n);
const struct cli_verb *cli_verb_named(const char *name); /* NULL: none */
/* Takes the verb's words apart, its name first, and runs it. */
int cli_run(struct cli_app *app, const struct cli_verb *v, int argc, char **argv, int in, struct cli_out *out,
            struct cli_out *err, struct err *e);

/* Parses the global options and runs a verb. Without a COMMAND it sets *screen and returns 0: main opens
 * the full screen. Else returns the exit status. */
int cli_main(struct cli_app *app, int argc, char **argv, bool *screen);

/* Prints "wardline: sentence" on standard error and returns the exit status. */
int cli_fail(const struct err *e);
/* The same to a verb's own. */
void cli_say_error(struct cli_out *err, const struct err *e);

#endif
