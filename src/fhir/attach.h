/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The attachments of a resource: those at the kind table's text_paths, in the order of the document, counted from 0.
 * Nothing is fetched.
 */
#ifndef FHIR_ATTACH_H
#define FHIR_ATTACH_H

#include "fhir/kind.h"
#include "fhir/tape.h"

struct fhir_attachment {
    unsigned no;
    struct str media;    /* contentType, or "" */
    struct str title;    /* or "" */
    struct str url;      /* as it stands there, or "" */
    bool inlined;        /* its data stand in the resource: */
    struct str data;     /* base64 */
    int64_t size;        /* as it says, or -1 */
    bool hashed;         /* it states a hash, and that is one of 20 bytes (SHA-1, base64) */
    unsigned char sha1[20];
};
/* Calls each for every one; not 0 ends it and is returned. Strings live in a, or in the tape's bytes. k NULL: there are
 * none. */
int fhir_attachments(const struct tape *t, const struct fhir_kind *k, struct arena *a,
                     int (*each)(void *arg, const struct fhir_attachment *at), void *arg);
/* The no-th. False: there is no such one. */
bool fhir_attachment(const struct tape *t, const struct fhir_kind *k, unsigned no, struct arena *a,
                     struct fhir_attachment *out);

#endif
