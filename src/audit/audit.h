/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The audit trail: who did what, when, to whose chart. A row is written in the transaction of what it tells of, and
 * before anything of a chart is shown; rows are only ever added, and stay on this device.
 *
 * Threads: as in store/store.h. Strings come from wardline's own tables, from ids and from what was typed to search;
 * never a server's words.
 */
#ifndef AUDIT_AUDIT_H
#define AUDIT_AUDIT_H

#include "store/store.h"

/* Numbers that stay: they lie in stores. */
enum audit_action {
    AUDIT_UNLOCK = 1, /* the store was opened; refused: with a passphrase that is not its own */
    AUDIT_OPEN,       /* a chart, on the screen or in line mode */
    AUDIT_SHOW,       /* a chart, or a section of it, by a command */
    AUDIT_GET,        /* a resource's bytes, by a command */
    AUDIT_CREATE,
    AUDIT_UPDATE,
    AUDIT_DELETE,
    AUDIT_EXPORT,     /* files of many resources; of one chart, or of all (chart "") */
    AUDIT_IMPORT,
    AUDIT_PRINT,
    AUDIT_KEY,        /* a key slot was added, changed or removed; the store's key changed; reason: which */
    AUDIT_SEARCH,     /* words were looked for in all charts. One row with what was typed (reason) and no chart, then
                       * one for each chart that a row was shown of */
    AUDIT_TASKS,      /* the tasks of all patients: one row with no chart, then one for each chart, as it is shown */
    AUDIT_ACTIONS
};
enum audit_outcome { AUDIT_DONE, AUDIT_REFUSED, AUDIT_FAILED };

/* "open", "update": for reports and tests, never translated. NULL: no such one. */
const char *audit_action_name(enum audit_action action);

#define AUDIT_SESSION_BYTES 33 /* 32 hexadecimal digits and a NUL */
struct audit_event {
    int64_t at_ms, boot_ms;  /* wall clock, and the clock that never jumps */
    struct str session;      /* from one unlocking to the next locking */
    struct str author, role; /* as in the profile, or "" */
    enum audit_action action;
    enum audit_outcome outcome;
    struct str chart;        /* chart id, or "" */
    struct str type, id, version; /* of one resource, or "" */
    struct str purpose;      /* why, as a code (v3-PurposeOfUse), or "" */
    struct str reason;       /* a word of wardline's own: the section that was shown, how many rows; or what was typed;
                              * or "" */
};
/* ERR_TOOBIG for a field of more than LIMIT_TEXT_CELL bytes, ERR_INPUT for no action. */
int audit_append(struct store_tx *tx, const struct audit_event *ev, struct err *e);
/* Those behind seq after, oldest first; limit 0 = all. Stops at each's first code other than 0 and returns it. */
int audit_each(struct store *s, int64_t after, unsigned limit,
               int (*each)(void *arg, int64_t seq, const struct audit_event *ev), void *arg, struct err *e);

void audit_session(char out[AUDIT_SESSION_BYTES]); /* a new one, random */

/* Refused passphrases, while no store is open to hold a row: a byte each in HOME/refused, which tells nothing but how
 * many there were and when the last was. Whoever can write to the home can take them away. */
void audit_refused_note(const char *home);
unsigned audit_refused(const char *home, int64_t *last_ms);
void audit_refused_clear(const char *home); /* once the rows are on disk */

#endif
