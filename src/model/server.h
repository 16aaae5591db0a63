/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking the server for patients who are not kept here: the search that typed words mean, and its answer as rows. The
 * rows are shown and not stored. Called by screens, on their thread; who sends the question is main's affair.
 */
#ifndef MODEL_SERVER_H
#define MODEL_SERVER_H

#include "model/model.h"

#define MODEL_SERVER_MAX 50 /* patients of one answer */

/* MODEL_HERE_PART: the fetch of this chart has not ended, so that anything may be missing in it. */
enum model_here { MODEL_HERE_NOT, MODEL_HERE_PART, MODEL_HERE };

/* The search for what a filter says, relative to the server's base: words are parts of names, what has a digit is a
 * birth date (1984, 1984-02, 03-Feb-1984) or an identifier. ERR_INPUT: nothing was typed. ERR_TOOBIG. */
int model_server_query(struct str filter, struct buf *url, struct err *e);

struct model_server {
    struct arena arena;
    struct model_patient *rows; /* as of the worklist */
    enum model_here *here;      /* is this one kept here */
    unsigned n;
    struct text head;  /* "50 of 312 on the server, asked 14:05"; "none on the server either, searched 14:05" */
};
/* Reads a searchset Bundle. ERR_NOTFHIR, ERR_JSON, ERR_NOMEM. */
int model_server_read(struct model *m, struct str body, struct model_server *out, struct err *e);
/* "ON SERVER, NOT HERE" */
const char *model_here_words(enum model_here h);
void model_server_fini(struct model_server *s);

#endif
