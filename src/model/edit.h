/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writing: an edit with its outbox operation and its audit row, and the audit rows of what is looked at, each in one
 * transaction that is on disk when it is answered. On the store thread, or in a program without a loop.
 */
#ifndef MODEL_EDIT_H
#define MODEL_EDIT_H

#include "base/rng.h"
#include "model/model.h"
#include "store/edit.h"

/* What became of an edit. */
struct model_edited {
    char op[STORE_OP_BYTES];          /* its operation; "" when there is none */
    char name[LIMIT_ID_BYTES + 72];   /* "Observation/ID", the id that was given to it here included */
    enum store_change change;         /* as of store_edit: STORE_SAME, nothing was queued */
};
/* Queues one resource as bytes: without an id a create, which is given one; else an update of what is here. White space
 * around the document is not part of it.
 * ERR_JSON; ERR_INPUT with what is wrong: "resourceType" (none, or none that is known), "id", "subject" (it cannot be
 * read whose it is, or it would move to another chart); ERR_NOTFOUND with "TYPE/ID" of the resource or of the patient
 * that is not here; ERR_TOOBIG. */
int model_edit(struct model *m, struct str bytes, bool by_command, const struct rng *rng, struct model_edited *out,
               struct err *e);

/* Several edits that stand or fall together: one transaction, in this order, each with its audit row. */
#define MODEL_WRITES 64
struct model_write {
    struct str bytes;
    struct str was;  /* what it was made from, which must still stand here: else ERR_STALE; p NULL: not asked */
    bool fresh;      /* a create whose id, a UUID of this program's, stands in the bytes already */
    bool by_command;
    const char *why; /* a word of wardline's own for the audit row, or NULL */
};
/* As model_edit of each; on an error nothing of any was written. out: n of them. ERR_STALE; ERR_TOOBIG. */
int model_edit_all(struct model *m, const struct model_write *w, unsigned n, const struct rng *rng,
                   struct model_edited *out, struct err *e);

/* "queued", "conflict"; "create": for --json and tests, never translated. */
const char *model_op_state(enum store_op_state state);
const char *model_op_kind(enum store_op_kind kind);
/* The same in words. */
const char *model_op_state_words(enum store_op_state state);
const char *model_op_kind_words(enum store_op_kind kind);
/* Why it is in that state, in words, by the code in struct store_op; "" where there is nothing to say. What the codes
 * mean, and what a person does, stands in wardline(1) under STATES (tests/house/states.py compares). */
const char *model_op_why(struct str why);
/* What a row says beside NOT SENT: "in conflict"; NULL: nothing more. */
const char *model_op_flag(enum store_op_state state);

/* --- the audit trail ------------------------------------------------------------------------------ */

/* An event of this profile, session and moment. */
struct audit_event model_event(const struct model *m, enum audit_action action, struct str chart);
/* In a transaction of its own, on disk when it is answered: before what it tells of is shown. */
int model_audit(const struct model *m, const struct audit_event *ev, struct err *e);
/* A chart is about to be opened. */
int model_opened(const struct model *m, struct str chart, struct err *e);
/* Rows of these charts (char[80], also more than once) are about to be shown in one list: of all tasks, or of a search
 * in all charts for what was typed. begins: it is a new list, and no further part of one. noted: charts of this list
 * that have their row; it grows. */
struct model_seen {
    bool tasks, begins;
    struct str typed;
    const struct vec *charts;
    struct vec *noted;
};
int model_seen(const struct model *m, const struct model_seen *seen, struct err *e);
/* The store was opened, and which passphrases were refused before it (audit_refused). */
int model_unlocked(const struct model *m, const char *home, struct err *e);
/* The chart that a resource belongs to, by its bytes; "" for none. id as store_get takes it. */
int model_chart_of(const struct model *m, struct str id, struct str bytes, char chart[80], struct err *e);

#endif
