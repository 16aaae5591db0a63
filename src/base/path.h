/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a profile lies. One home is one server and one user: HOME/{store.wdb, store.wdb-wal, blobs, store.lock,
 * owner.sock, reserve, log}.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>

#include "base/err.h"

#define PATH_MAX_BYTES 1024

/* given (--home) or $XDG_DATA_HOME/wardline or $HOME/.local/share/wardline. */
int path_home(const char *given, char out[PATH_MAX_BYTES], struct err *e);
/* "dir/name". ERR_TOOBIG when it does not fit. */
int path_join(char out[PATH_MAX_BYTES], const char *dir, const char *name, struct err *e);
/* "DIR/name" of the running program's DIR, when it is there: what a tree that was built and not installed has. */
bool path_beside(const char *name, char out[PATH_MAX_BYTES]);
/* Where data that come with the program lie: data/name beside it, else name where it was installed. */
void path_data(const char *name, char out[PATH_MAX_BYTES]);
/* What this user keeps beside wardline.conf: $XDG_CONFIG_HOME/wardline/name, or ~/.config/wardline/name. False: there
 * is no such place. */
bool path_config(const char *name, char out[PATH_MAX_BYTES]);
/* Makes dir and its missing parents, 0700, and puts them on disk. An existing one must be a directory of this
 * user that nobody else can write to or read: else ERR_PERM. */
int path_make_private(const char *dir, struct err *e);

#endif
