/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The types of FHIR R4 and their elements, from HL7's definitions (data/types). A type is named as there: "Patient",
 * "Patient.contact" for what has no name of its own, "code". Names given back are slices of the table.
 */
#ifndef FHIR_PATH_TYPE_H
#define FHIR_PATH_TYPE_H

#include <stdbool.h>

#include "base/str.h"

/* The table as it is built from data/types/r4.txt. */
const char *const *path_table(unsigned *n);

struct str path_type_known(struct str name);            /* the table's own slice of the name, or "" */
struct str path_type_base(struct str type);             /* "" for none */
bool path_type_is(struct str type, struct str base);    /* the same, or derived from it */
bool path_type_primitive(struct str type);
bool path_type_resource(struct str type);

struct path_element {
    struct str type;   /* of a choice: "", but see types */
    struct str types;  /* "boolean|dateTime", "@" for any */
    bool many, choice;
};
/* An element of a type or of its bases, by its name without a choice's type ("value"). */
bool path_type_element(struct str type, struct str name, struct path_element *out);
/* What "valueQuantity" is in a type (or in one not known, ""): the choice's name and the type. */
bool path_type_choice(struct str type, struct str member, struct str *stem, struct str *chosen);
/* The type whose capitalised name is suffix ("Quantity", "DateTime"), or "". */
struct str path_type_suffix(struct str suffix);

#endif
