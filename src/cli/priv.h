/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The verbs, each in its own file, and what they share.
 */
#ifndef CLI_PRIV_H
#define CLI_PRIV_H

#include <signal.h>

#include "base/jsonw.h"
#include "cli/cli.h"
#include "store/copy.h"

#define CLI_VERB(name)                                                                                 \
    int name(struct cli_app *app, const struct cli_args *args, int in, struct cli_out *out,            \
             struct cli_out *err, struct err *e)

CLI_VERB(cli_verb_init);
CLI_VERB(cli_verb_sync);
CLI_VERB(cli_verb_list);
CLI_VERB(cli_verb_show);
CLI_VERB(cli_verb_get);
CLI_VERB(cli_verb_status);
CLI_VERB(cli_verb_import);
CLI_VERB(cli_verb_export);
CLI_VERB(cli_verb_doctor);
CLI_VERB(cli_verb_put);
CLI_VERB(cli_verb_queue);
CLI_VERB(cli_verb_attachment);

CLI_VERB(cli_verb_quota);
CLI_VERB(cli_verb_budget);

CLI_VERB(cli_verb_conflicts);
CLI_VERB(cli_verb_resolve);

CLI_VERB(cli_verb_fhirpath);
CLI_VERB(cli_verb_form);
CLI_VERB(cli_verb_sig);

CLI_VERB(cli_verb_key);
CLI_VERB(cli_verb_backup);
CLI_VERB(cli_verb_restore);
CLI_VERB(cli_verb_verify);
CLI_VERB(cli_verb_wipe);

/* The home and that there is a store in it: before anything is asked. ERR_NOPROFILE. */
int cli_find_profile(struct cli_app *app, struct err *e);
/* What opens the store: the keyring's key (--keyring), the site's key from a file (escrow, or NULL), else what is typed
 * or comes from --passphrase-fd. The caller frees out->secret. */
int cli_proof(struct cli_app *app, const char *escrow, const char *prompt, struct store_proof *out, struct err *e);
/* A new passphrase: one line of fd, or (fd < 0) asked twice, until both are the same. */
int cli_new_passphrase(int fd, struct secret **out, struct cli_out *err, struct err *e);
/* A conflict in words: what it was made from, the change, what the server has, and where they differ. */
struct model_conflict;
int cli_conflict_words(struct cli_out *out, const struct model_conflict *c);
/* What could not be looked up, a line each. */
struct model_codes;
void cli_lacks(struct cli_out *out, const struct model_codes *codes);
/* A line from the terminal, shown as it is typed. */
int cli_ask(const char *prompt, struct secret **out, struct err *e);
/* A key file of the site's, as `key pair` writes it. */
int cli_escrow_secret(const char *path, struct secret **out, struct err *e);
int cli_escrow_public(const char *path, unsigned char out[CRYPT_BOX_PUBLIC], struct err *e);
int cli_escrow_pair(const char *path, struct err *e); /* makes FILE and FILE.pub */

/* What the kernel's keyring calls this profile's key. */
#define CLI_KEYRING_NAME 64
int cli_keyring_name(const struct cli_app *app, char out[CLI_KEYRING_NAME], struct err *e);

/* Long work: a line on the terminal, and Ctrl-C ends it between two steps instead of the program anywhere. */
struct cli_work {
    const struct cli_app *app;
    struct cli_out *err;
    const char *what; /* _("verifying") */
    sigset_t before;
    int percent;
    struct store_progress progress;
};
void cli_work_begin(struct cli_work *w, const struct cli_app *app, struct cli_out *err, const char *what);
void cli_work_end(struct cli_work *w);

/* "DEMO - NOT REAL PATIENTS", "UNPROTECTED": first lines of every printout that shows patients. */
void cli_marks(const struct cli_app *app, struct cli_out *out);
/* The members of `status` into an open object. */
int cli_status_members(struct cli_app *app, struct jsonw *w, struct err *e);
/* "200M": bytes, or KiB, MiB, GiB, TiB by one letter; "none": 0. ERR_INPUT, also for less than least. */
int cli_read_size(struct str word, uint64_t least, uint64_t *out);
/* "5M/day", "5M", "none": bytes a day. ERR_INPUT with the word. */
int cli_read_budget(const char *word, int64_t *out, struct err *e);
/* What of the day's bytes is used, and what a sync therefore left. */
int cli_budget_words(struct cli_app *app, struct cli_out *out, struct err *e);
int cli_budget_members(struct cli_app *app, struct jsonw *w, struct err *e);
/* Descriptor number of an option such as --secret-fd: 0.., or ERR_USAGE. */
int cli_fd_option(const char *name, const char *value, int *fd, struct err *e);

#endif
