/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The verbs, each in its own file, and what they share.
 */
#ifndef CLI_PRIV_H
#define CLI_PRIV_H

#include "base/jsonw.h"
#include "cli/cli.h"

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

/* "DEMO - NOT REAL PATIENTS", "UNPROTECTED": first lines of every printout that shows patients. */
void cli_marks(const struct cli_app *app, struct cli_out *out);
/* The members of `status` into an open object. */
int cli_status_members(struct cli_app *app, struct jsonw *w, struct err *e);
/* Descriptor number of an option such as --secret-fd: 0.., or ERR_USAGE. */
int cli_fd_option(const char *name, const char *value, int *fd, struct err *e);

#endif
