/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which part of the patients the worklist shows, and in which order: the scopes that a clinic has, their names and
 * numbers of patients, and the one that a profile begins with. A scope is a value; a list shows one at a time.
 * Whoever holds a struct model reads; model_scope_keep writes, and runs on the store thread.
 */
#ifndef MODEL_SCOPE_H
#define MODEL_SCOPE_H

#include "model/model.h"

struct model_scope {
    enum store_scope scope;
    char type[16], id[80]; /* of a ward, a group, a list; "" else */
    int day;               /* STORE_BOOKED: days from today, 0..7 */
    enum store_order order;
};
bool model_scope_same(const struct model_scope *a, const struct model_scope *b); /* but for the order */

/* The worklist of a scope. *out as of model_worklist; its rows say OVERDUE and, on a clinic day, the time. */
int model_worklist_in(struct model *m, const struct model_scope *scope, struct str filter, unsigned offset,
                      unsigned limit, struct model_worklist *out, struct err *e);
/* The same rows read anew, none more, none less, in their order, with what is NOT SENT now: a list that is shown
 * changes its rows' words without a key, and not its rows. ERR_NOTFOUND: one of them is gone. */
int model_worklist_again(struct model *m, const struct model_scope *scope, struct str filter,
                         const struct model_worklist *shown, struct model_worklist *out, struct err *e);

/* What this profile keeps: "all" in the reader's language, or the words of init --scope. In a, or a literal. */
const char *model_kept_words(const struct model *m, struct arena *a);
/* "mine", "ward: East 1", "clinic today": safe, in a. A place or group that is not here any more says so. */
struct text model_scope_words(struct model *m, const struct model_scope *scope, struct arena *a);
/* "name", "days overdue" */
const char *model_order_words(enum store_order order);
#define MODEL_ORDERS 5

/* All that can be chosen now, with numbers of patients. A scope that cannot be had says why. */
struct model_scope_row {
    struct model_scope scope;
    struct text name;
    int64_t n;
    const char *refused; /* in words; NULL when it can be chosen */
};
struct model_scopes {
    struct arena arena;
    struct model_scope_row *rows;
    unsigned n;
};
int model_scopes(struct model *m, struct model_scopes *out, struct err *e);
void model_scopes_fini(struct model_scopes *s);

/* Why not, in words, or NULL: a profile that names no practitioner has no "mine". */
const char *model_scope_refused(struct model *m, const struct model_scope *scope);

/* The scope that the profile begins with: everybody by name when none was kept or what was kept is not understood. */
int model_scope_default(struct model *m, struct model_scope *out, struct err *e);
/* Keeps one for that, in a transaction of its own. On the store thread. */
int model_scope_keep(struct store *s, const struct model_scope *scope, struct err *e);

/* --- who is easily taken for whom --------------------------------------------------------------- */

/* A patient and all that are similar (as SIMILAR NAME says), with what tells them apart; by name. */
struct model_alike {
    struct model_patient who;
    struct text visit;     /* "last visit 03-Nov-2026, East 1", "no visit recorded" */
    struct text clinician; /* "Okafor, Chidi", "no clinician recorded" */
};
struct model_similar {
    struct arena arena;
    struct model_alike *rows;
    unsigned n; /* 1: nobody is similar, and the one row is not filled */
};
/* ERR_NOTFOUND: no such chart. */
int model_similar(struct model *m, struct str chart, struct model_similar *out, struct err *e);
void model_similar_fini(struct model_similar *s);

/* --- tasks over all patients --------------------------------------------------------------------- */

struct model_task {
    char chart[80], type[64], id[80];
    struct text due;    /* "OVERDUE 12d", "due today", "due 03-Dec-2026", "no due date" */
    struct text who;    /* "FAMILY, Given  943 476 5919": two identifiers, always */
    struct text what;   /* the row's words as in the chart */
    bool similar;
};
struct model_tasks {
    struct arena arena;
    struct model_task *rows;
    unsigned n, offset;
    int64_t total;
};
int model_tasks(struct model *m, unsigned offset, unsigned limit, struct model_tasks *out, struct err *e);
void model_tasks_fini(struct model_tasks *t);

#endif
