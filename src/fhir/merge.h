/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Three versions of one resource (what an edit was made from, the edit, what the server has by now) as one: by FHIR
 * element, on raw text. What neither side touched keeps the server's bytes; what stands in none of the three stands in
 * no result. Only what the table in merge.c lists is put together unasked; asking is the default.
 *
 * Pure. Everything is borrowed from the three documents or lives in the caller's arena.
 */
#ifndef FHIR_MERGE_H
#define FHIR_MERGE_H

#include "fhir/tape.h"

enum merge_side { MERGE_BASE, MERGE_MINE, MERGE_THEIRS, MERGE_SIDES };
enum merge_choice { MERGE_OPEN, MERGE_TAKE_MINE, MERGE_TAKE_THEIRS };

/* One element that is not the same in all three. The smallest one is a member of the resource, a member of its meta,
 * or an element of a list whose elements are told apart by a key (telecom, identifier, note, ...); nothing below it is
 * ever mixed, and members of one choice (onset[x], birthDate and _birthDate) are one. */
struct merge_field {
    struct str path;   /* "telecom", "meta.tag", "onsetString"; "" for the resource as a whole */
    struct str key;    /* of a list's element: raw JSON of what tells it apart, or "" */
    struct str value[MERGE_SIDES]; /* raw JSON; "": it is not there */
    bool mine, theirs; /* which side changed it */
    bool same;         /* both, in the same way */
    bool clash;        /* both, each in its own way */
    bool listed;       /* the table lets it be merged where there is no clash */
    bool ask;          /* a person must say, or see what is proposed */
    /* Proposed: the side that changed it; open where both did, and where that is a deletion. The caller sets it. */
    enum merge_choice choice;
    unsigned group, at[MERGE_SIDES]; /* merge.c's own */
};

struct merge_group;
struct merge {
    struct merge_field *field;
    unsigned n;
    bool whole;  /* there is one field: the resource, which one side deleted or nobody could take apart */
    bool ask;    /* a field does */
    bool always; /* what is asked is more than a clash of listed fields: a medicine, an allergy, who the patient is */
    bool mine, theirs; /* that side says something that the base does not, and the other one neither */
    const struct tape *side[MERGE_SIDES];
    struct merge_group *group;
    unsigned groups;
    struct arena *a;
};

/* Compares three. NULL: base, nobody knows what the edit was made from: then all that differs is asked; mine or theirs,
 * that side deleted it. Strings and fields live in a, whose fill is ERR_NOMEM. */
int fhir_merge(const struct tape *base, const struct tape *mine, const struct tape *theirs, struct arena *a,
               struct merge *out, struct err *e);
/* As one document, appended to out: theirs, with each field as chosen. It is read back and compared before it is given
 * out. ERR_INPUT: a field is open; ERR_NOTFOUND: what was chosen is a deletion. */
int fhir_merge_write(const struct merge *m, struct buf *out, struct err *e);
/* No resource of this type is ever merged without a person (allergies, medicines, problems, ...). */
bool fhir_merge_never(struct str type);

#endif
