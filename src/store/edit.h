/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Edits made here: the row as edited, its outbox operation and (audit/audit.h) its audit row are one transaction;
 * with store_begin's durable they are on disk when store_commit answers. A row that was edited is never overwritten
 * by what a pull brings: the server's bytes are kept beside it (store_op_theirs). Also drafts, which never leave the
 * device.
 *
 * Threads: as in store/store.h. What takes a struct store_tx writes.
 */
#ifndef STORE_EDIT_H
#define STORE_EDIT_H

#include "base/limits.h"
#include "base/rng.h"
#include "store/store.h"

/* --- operations ------------------------------------------------------------------------------ */

enum store_op_kind { STORE_OP_CREATE, STORE_OP_UPDATE, STORE_OP_DELETE, STORE_OP_BINARY };

enum store_op_state {
    STORE_OP_QUEUED,    /* to be sent; the only one that a later edit may still join */
    STORE_OP_INFLIGHT,  /* was handed to the line: what became of it is not known yet */
    STORE_OP_INDOUBT,   /* may have reached the server: ask before sending it again */
    STORE_OP_ACKED,     /* the server has it */
    STORE_OP_CONFLICT,  /* the server's resource is another one by now: a person must say */
    STORE_OP_ATTENTION, /* the server refused it: a person must look */
    STORE_OP_DISCARDED, /* taken back here before the server had it: never in the outbox, only in store/ledger.h */
    STORE_OP_STATES
};

#define STORE_OP_BYTES 37 /* a UUID and its NUL */

struct store_op {
    char op[STORE_OP_BYTES];
    int64_t seq;   /* they are sent in this order */
    int64_t after; /* seq of the operation before it on the same resource, which must be acknowledged first; 0: none */
    struct str type, id; /* of the resource; of one that was created here, the id that it was given here */
    struct str chart;    /* chart id, or "" */
    struct str author, role; /* as in the profile, or "" */
    bool by_command;     /* entered by a command: the row says so, and nothing ever calls it signed */
    enum store_op_kind kind;
    enum store_op_state state;
    /* meta.versionId of what the edit was made from. "" for a create, for a server without versions, and where after
     * says it (then it is the version that the server gives that operation). */
    struct str base_etag;
    struct str why;      /* of the last state: a code of wardline's own, never a server's words; or "" */
    int64_t since_ms;    /* when the first edit in it was made */
    int64_t next_at_ms;  /* not to be tried before; 0: at once */
    unsigned tries; /* how often it may have been sent */
    struct str base, body; /* only when asked for. base: "" when it is not known. body: "" for a delete */
};

struct store_op_query {
    struct str chart;    /* "" = any */
    struct str type, id; /* of one resource, or "" */
    struct str op;       /* one operation, or "" */
    bool all;            /* acknowledged ones too */
    bool bytes;          /* fill base and body */
    unsigned limit;      /* 0 = no limit */
};
/* In the order of seq; a code of each's other than 0 ends it and is returned. */
int store_op_each(struct store *s, const struct store_op_query *q, int (*each)(void *arg, const struct store_op *op),
                  void *arg, struct err *e);

/* From one state to another: ERR_NOTFOUND when there is no such operation in that state, ERR_BUG for a step that no
 * operation takes. To STORE_OP_INFLIGHT counts a try, and why is the version that the sending names, or "": the
 * operation's base_etag from then on; straight from there to STORE_OP_QUEUED it was none. To STORE_OP_ACKED, when it
 * was the last one of its row: what a pull brought meanwhile takes the row's place, unless it is the version that was
 * replaced (else it can only be newer than what was sent); a deleted row goes. */
int store_op_move(struct store_tx *tx, const char *op, enum store_op_state from, enum store_op_state to, struct str why,
                  struct err *e);
/* The server has given what this operation created (it is not acknowledged yet) an id of its own. At once the row, its
 * chart where it is a patient, the operations behind it and all that names it and has not been sent are called so; and
 * what a pull brought under that id becomes one with the row. store_get knows it by the old id, too. ERR_NOTFOUND;
 * ERR_INPUT: no id. */
int store_op_rename(struct store_tx *tx, const char *op, struct str id, struct err *e);
/* The id that it has now, in the place of one that it may have had before. */
int store_renamed(struct store *s, struct str type, char id[LIMIT_ID_BYTES + 1], struct err *e);
/* A document with the names of today in place of those: appended to out if *changed. ERR_JSON. store_edit does the same
 * with what it is given. */
int store_current(struct store *s, struct str bytes, struct buf *out, bool *changed, struct err *e);
/* Not before that moment. ERR_NOTFOUND. */
int store_op_later(struct store_tx *tx, const char *op, int64_t next_at_ms, struct err *e);
/* Everything that is queued or in flight may have been sent by somebody else (a restored backup): in doubt. */
int store_op_doubt(struct store_tx *tx, struct str why, struct err *e);
/* Takes an edit back: the newest operation of its row, queued, in conflict or wanting attention. The row is again what
 * it was before: the edit before it, what was last received, or nothing. ERR_NOTFOUND; ERR_INUSE for one that is
 * under way, in doubt, to be sent again after that, or not the newest. */
int store_op_drop(struct store_tx *tx, const char *op, struct err *e);

/* The answer to a conflict: what the edit is made from now, and what it says. */
struct store_rebase {
    const char *op;
    struct str seen;         /* the version that store_op_theirs gave when the answer was made */
    bool gone;               /* the server deleted it: sent as a create */
    struct str base, base_version; /* what the server has; "" where it is gone */
    const struct fhir_index *ix;   /* of the bytes that the row shows: body, or base where body is a deletion */
    struct str body;         /* as it is to be sent; "": deletes it */
    struct str author, role; /* who answered; author.p NULL: nobody was asked, the edit's own stay */
    bool by_command;
    int64_t now_ms;
};
/* Of a conflict, or of what the server refused: queued again, made from what the server has, and the row shows it.
 * Later edits of the row go into it: body is the whole of what is wanted. ERR_NOTFOUND: no such operation in such a
 * state. ERR_INUSE: one before it, or behind it, is under way, or the server said something else meanwhile. */
int store_op_rebase(struct store_tx *tx, const struct store_rebase *r, struct err *e);
/* The other answer: the edit goes, with the later ones of its row, which shows what the server has (gone: nothing).
 * Errors as store_op_rebase. */
int store_op_yield(struct store_tx *tx, const char *op, struct str type, struct str id, struct str seen, bool gone,
                   struct err *e);

/* What the server last said of an edited resource, appended to out, and its meta.versionId; *gone: that it was
 * deleted. ERR_NOTFOUND: the row has no unacknowledged edit, or was created here and never heard of since. */
int store_op_theirs(struct store *s, struct str type, struct str id, struct buf *out, char version[STORE_VERSION_BYTES],
                    bool *gone, struct err *e);

/* Has the server said something else of an edited resource than what the edit was made from? */
enum store_beside { STORE_BESIDE_NOTHING, STORE_BESIDE_OTHER, STORE_BESIDE_GONE };
int store_op_beside(struct store *s, struct str type, struct str id, enum store_beside *what, struct err *e);

/* Resources with an edit that the server has not acknowledged, in a chart; chart "": in all and in none. */
int store_unsent(struct store *s, struct str chart, int64_t *n, struct err *e);
/* Grows with each transaction that changed the outbox, whoever made it, since the store was opened. Any thread. */
uint64_t store_edits(struct store *s);

/* --- editing --------------------------------------------------------------------------------- */

struct store_edit {
    enum store_op_kind kind;     /* create, update, delete */
    const struct fhir_index *ix; /* of the bytes; of a delete type and id alone are read. A create's id is the caller's:
                                  * a UUID, so that it is nobody else's */
    struct str bytes;            /* as edited; a delete has none */
    struct str author, role;     /* at most LIMIT_ID_BYTES + 64 bytes each */
    struct str chart;            /* whose edit it is where the bytes name no patient (Provenance), or "" */
    bool by_command;
    int64_t now_ms;
    const struct rng *rng;       /* for the operation's id */
};
/* Edits a resource of the server's (never one of a file). *change: STORE_NEW, an operation was added; STORE_CHANGED,
 * the newest one was still queued and by the same author, and now says this: its base stays; STORE_SAME, the row holds
 * these very bytes and nothing was queued. op: of that operation; "" when there is none: the same bytes as received,
 * or a create that was never sent and is deleted now. May be NULL: change.
 * An update whose bytes name another meta.versionId than the one held was made from that one: that is its base_etag.
 * ERR_EXISTS: a create of what is here; ERR_NOTFOUND: an update or delete of what is not; ERR_INPUT, ERR_TOOBIG. */
int store_edit(struct store_tx *tx, const struct store_edit *ed, enum store_change *change, char op[STORE_OP_BYTES],
               struct err *e);

/* queued is called behind each commit that leaves something more to send: an edit, a person's answer to a conflict. On
 * the thread that wrote; it must only pass that on. Before another thread writes. NULL: nobody. */
void store_on_queued(struct store *s, void (*queued)(void *arg), void *arg);

/* --- drafts ---------------------------------------------------------------------------------- */

struct store_draft {
    struct str name;  /* the caller's: one draft a name */
    struct str chart; /* chart id, or "" */
    struct str form;  /* which form it is of */
    int64_t changed_ms;
    struct str bytes; /* of store_draft_each: "" */
};
/* In place of the one of that name. ERR_INPUT for an empty name, ERR_TOOBIG past LIMIT_RESOURCE_BYTES. */
int store_draft_put(struct store_tx *tx, const struct store_draft *d, struct err *e);
/* Its bytes, appended to out. ERR_NOTFOUND. */
int store_draft_get(struct store *s, struct str name, struct buf *out, struct err *e);
/* Those of a chart ("": all), the newest first. */
int store_draft_each(struct store *s, struct str chart, int (*each)(void *arg, const struct store_draft *d), void *arg,
                     struct err *e);
/* ERR_NOTFOUND: there is none of that name, which spoils no transaction. */
int store_draft_drop(struct store_tx *tx, struct str name, struct err *e);

#endif
