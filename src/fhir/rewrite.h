/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A document with other names in it: what its references name, and what it is called itself. All other bytes stay as
 * they are. Pure: everything is borrowed from the tape, the answer is appended.
 */
#ifndef FHIR_REWRITE_H
#define FHIR_REWRITE_H

#include "fhir/tape.h"

/* t's bytes with each Reference.reference for which swap answers another one (p not NULL) replaced. swap's argument is
 * decoded in a. *changed (NULL: not wanted): some were. out's error. */
int fhir_rewrite(const struct tape *t, struct str (*swap)(void *arg, struct str reference), void *arg, struct arena *a,
                 struct buf *out, bool *changed);

/* t's bytes with id in place of its own; "": without one. ERR_INPUT: it has none that could be replaced. */
int fhir_rewrite_id(const struct tape *t, struct str id, struct buf *out);

/* t's bytes with one more element (JSON) at the end of a list of the resource's own: "identifier"; or of its meta:
 * "tag". Where there is no list one is made. ERR_INPUT: what stands there is no list, or meta no object. */
enum rewrite_place { REWRITE_ROOT, REWRITE_META };
int fhir_rewrite_add(const struct tape *t, enum rewrite_place where, const char *list, struct str element,
                     struct buf *out);

#endif
