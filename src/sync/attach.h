/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An attachment that somebody asked for, fetched beside whatever sync runs, over the session's connections: from its
 * URL if that is at the profile's server, nowhere else. It goes into the store as it comes (store/blob.h). A line
 * that is cut is no end: the rest is asked for (Range, RFC 9110 14) if the answer's ETag says that it is of the same
 * content, or a hash in the record will show it; a server that sends all of it again (HAPI 8.8 knows no Range)
 * begins it anew.
 *
 * Everything is called on the loop's thread.
 */
#ifndef SYNC_ATTACH_H
#define SYNC_ATTACH_H

#include "sync/session.h"

struct sync_attach;
struct sync_attach_observer {
    /* At most 4 times a second. all -1: nobody has said. May be NULL. */
    void (*progress)(void *arg, uint64_t have, int64_t all);
    /* Once, on a later turn; *sync_attach is gone then. e->code ERR_OK: it is here, whole. ERR_NOTFOUND: no such row,
     * attachment or URL, or the server has none; ERR_ORIGIN: it is at another server; ERR_MISMATCH; ERR_INUSE:
     * somebody fetches it already; ERR_TOOBIG, ERR_AUTH, ERR_HTTP, those of net and of store/blob.h. What came of it is
     * kept but after ERR_MISMATCH. */
    void (*done)(void *arg, const struct err *e);
    void *arg;
};

/* The no-th attachment (fhir/attach.h) of a row. again: although it is here. ERR_NOMEM, ERR_TOOBIG. */
int sync_attach(struct sync_session *s, struct str type, struct str id, unsigned no, bool again,
                const struct sync_attach_observer *o, struct sync_attach **out, struct err *e);
/* Stops it: done comes with ERR_CANCELLED. */
void sync_attach_stop(struct sync_attach *a);
/* The same, and done does not come: *a is gone. What was not counted yet is not kept. NULL is fine. */
void sync_attach_drop(struct sync_attach *a);

#endif
