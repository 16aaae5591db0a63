/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What this server can do. Nobody types it in: its CapabilityStatement says it (doctor asks for that), and its answers
 * show it, which counts for more. It is kept for one base URL (the setting "server"); of another one nothing is known.
 * All of it is a guess that the next answer may correct; nothing rests on it but how a thing is asked.
 *
 * Setting sync.server: a line BASE, then a line "ABILITY yes|no said|shown MS" for each of which something is known.
 */
#ifndef SYNC_SERVER_H
#define SYNC_SERVER_H

#include "store/store.h"

enum server_ability {
    SERVER_IDS,          /* a PUT of an id that is not there makes it (R4 http.html 3.1.0.4.1: else 405; Medplum 404) */
    SERVER_BATCH,
    SERVER_TRANSACTION,  /* all of a Bundle or nothing */
    SERVER_HISTORY,      /* of all resources, with _since */
    SERVER_IF_MATCH,     /* a write that names another version than the newest is refused */
    SERVER_GZIP,         /* compressed request bodies */
    SERVER_ABILITIES
};

enum server_word { SERVER_UNKNOWN, SERVER_YES, SERVER_NO };

struct server {
    struct server_can {
        enum server_word word;
        bool shown;      /* by an answer; else its statement says so */
        int64_t at_ms;
    } can[SERVER_ABILITIES];
};

/* The ability's name in the setting and for scripts. */
const char *sync_server_name(enum server_ability a);

/* What is known of the profile's server: nothing where it cannot be read. */
void sync_server_load(struct store *s, struct server *out);
/* An answer has shown that it can or cannot. What others have noted is kept. */
int sync_server_shown(struct store *s, struct store_tx *tx, enum server_ability a, bool yes, int64_t now_ms,
                      struct err *e);
/* What its CapabilityStatement says (R4 capabilitystatement.html); of what an answer has shown it says nothing new. */
int sync_server_said(struct store *s, struct store_tx *tx, struct str statement, int64_t now_ms, struct err *e);
/* As sync_server_said reads it, without a store. False: it is none. *r4: fhirVersion 4.0.x; may be NULL. */
bool sync_server_read(struct str statement, int64_t now_ms, struct server *out, bool *r4);

/* Refused, not longer ago than SYNC_TRIED_MS: then it is tried again. */
bool sync_server_refuses(const struct server *v, enum server_ability a, int64_t now_ms);
/* The same of one ability, from the store. */
bool sync_server_refused(struct store *s, enum server_ability a, const struct clock *clock);

#endif
