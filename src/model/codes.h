/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables that expressions and forms ask, joined to FHIRPath and to the form engine in one place: units (UCUM) and
 * value sets. Each is opened when it is first asked, so that who needs none pays for none. What was asked and could
 * not be answered is kept, to be said: a set that is not here, a unit that no table has, a file that cannot be read.
 *
 * One thread: asking may open a table. What it gives lives until model_codes_free.
 */
#ifndef MODEL_CODES_H
#define MODEL_CODES_H

#include "base/text.h"
#include "fhir/path.h"
#include "model/form.h"

struct model_codes;

/* dir: where ucum/ and codes/ lie; NULL: what comes with the program (path_data). NULL without memory. */
struct model_codes *model_codes_new(const char *dir);
void model_codes_free(struct model_codes *c);

/* For struct path_env and struct form_env. A table that cannot be read answers -1: nobody can tell. */
const struct path_units *model_codes_units(const struct model_codes *c);
int model_codes_member(struct model_codes *c, struct str set, struct str system, struct str code);
/* As struct form_env's expand. */
int model_codes_expand(struct model_codes *c, struct str set, struct str filter, unsigned from, unsigned max,
                       struct arena *a, struct form_coding *out, unsigned *total);

#define MODEL_LACKS 32 /* that are kept; more are counted */
/* What could not be answered so far, a sentence each, at most max: how many there are. */
unsigned model_codes_lacks(const struct model_codes *c, struct arena *a, struct text *out, unsigned max);

#endif
