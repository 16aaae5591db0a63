/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * HOME/log: one line an event, for support. Only enumerated fields: an event name from the source code,
 * an error code, numbers, a resource type. Never an id, a name, a URL's query or a server's words.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/clock.h"

/* Opens path for appending (0600); until then events are dropped. A file that passes 1 MiB keeps its newest
 * half MiB. 0 or ERR_IO. Any thread may log after it. */
int log_open(const char *path, const struct clock *clock);
void log_close(void);

/* event: a literal such as "sync.page"; type: a resource type or NULL. */
void log_event(const char *event, int code, const char *type, int64_t a, int64_t b);

#endif
