/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who has left the list that the profile follows (store/member.h), in words.
 */
#ifndef MODEL_LEFT_H
#define MODEL_LEFT_H

#include "base/arena.h"
#include "base/str.h"

struct model;

/* "not in the list since 23-Nov-2026"; NULL: the list names the patient, or none is followed. *until_ms: kept here until
 * then at least. */
const char *model_left_words(struct model *m, struct str chart, int64_t *until_ms, struct arena *a);

#endif
