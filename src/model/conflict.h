/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Conflicts in words: an edit made here, what it was made from, and what the server has by now; and a person's answer,
 * element by element. Nothing is decided here that the answer did not say.
 */
#ifndef MODEL_CONFLICT_H
#define MODEL_CONFLICT_H

#include "model/edit.h"

enum model_side { MODEL_BASE, MODEL_MINE, MODEL_THEIRS, MODEL_SIDES };
enum model_take { MODEL_TAKE_OPEN, MODEL_TAKE_MINE, MODEL_TAKE_THEIRS };

/* One element that is not the same in all three. */
struct model_conflict_field {
    struct text label;              /* "Criticality"; "telecom" where there is no word for it */
    struct text value[MODEL_SIDES]; /* all that stands there; "" for nothing */
    bool mine, theirs;              /* who changed it */
    bool ask;                       /* a person is to say; else it is merged as take says */
    enum model_take take;
};

struct store_conflict;
struct model_conflict {
    struct arena arena;
    char op[STORE_OP_BYTES], chart[80], type[65], id[65];
    enum store_op_state state;
    struct text who;                 /* the patient: name, birth date, number; "" where it is of no chart */
    struct text what;                /* "Allergies: Penicillin", "Task" */
    struct text since;               /* when the edit was begun */
    struct text why;                 /* model_op_why */
    struct text side[MODEL_SIDES];   /* the row of each in words, as the section shows it; or that there is none */
    struct model_conflict_field *field;
    unsigned n;
    bool fetched;                    /* what the server has is here */
    bool always;                     /* an allergy, a medicine, who somebody is: only a person may answer, with care */
    struct store_conflict *all;
};

/* One conflict. ERR_NOTFOUND: there is none of that name. */
int model_conflict_open(struct model *m, const char *op, struct model_conflict *out, struct err *e);
void model_conflict_close(struct model_conflict *c); /* fine behind an open that failed */
/* Takes a side in everything that is open: mine keeps what only the server changed. */
void model_conflict_take(struct model_conflict *c, enum model_take take);
/* How many fields are open. */
unsigned model_conflict_left(const struct model_conflict *c);
/* May this profile's role answer it? ERR_ROLE. */
int model_conflict_may(const struct model *m, const struct model_conflict *c, struct err *e);
/* The answer, with its audit row, on disk: take THEIRS gives the edit up; else by field. *queued: something waits to be
 * sent. ERR_OPEN; ERR_INPUT "theirs": what the server has is not here yet; "subject"; ERR_INUSE: the server
 * said something else meanwhile; ERR_ROLE; ERR_NOTFOUND. */
int model_conflict_answer(struct model *m, struct model_conflict *c, enum model_take take, bool by_command,
                          bool *queued, struct err *e);

/* Operations in conflict, of a chart ("": of all), oldest first. */
int model_conflicts(struct model *m, struct str chart, int (*each)(void *arg, const struct store_op *op), void *arg,
                    struct err *e);

/* For --json: what is asked, as raw JSON. */
struct model_conflict_raw {
    struct str path, key, value[MODEL_SIDES];
};
struct model_conflict_raw model_conflict_raw(const struct model_conflict *c, unsigned i);

#endif
