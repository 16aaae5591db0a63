/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An edit of a resource as bytes: members of its root are replaced, added, taken out, or a list of it gets one element
 * more; every other byte stays as it was received. Called by model for orders. Pure; any thread.
 *
 * REQ: what comes out is read back and compared before it is given out: ERR_BUG rather than another changed byte.
 */
#ifndef FHIR_SPLICE_H
#define FHIR_SPLICE_H

#include "fhir/tape.h"

enum splice_how { SPLICE_SET, SPLICE_ADD /* one element more of a list */, SPLICE_DROP };

struct splice {
    const char *name; /* of a member of the root; each name once */
    enum splice_how how;
    struct str json;  /* the value, as JSON; not of SPLICE_DROP */
};

/* The document with these edits, appended to out. ERR_INPUT: no object, or SPLICE_ADD to what is no list; ERR_TOOBIG,
 * ERR_NOMEM. */
int fhir_splice(const struct tape *t, const struct splice *edit, unsigned n, struct buf *out, struct err *e);

#endif
