/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A profile's syncs one after the other: net opened from the store's settings (server, CA, sign-in), the
 * scope read, connections kept between runs. Used by `sync` and by the full screen alike. What the server says of when
 * it may be asked again (sync/pace.h) holds for everything that goes over it, and for the next session too.
 */
#ifndef SYNC_SESSION_H
#define SYNC_SESSION_H

#include "sync/pace.h"
#include "sync/run.h"

struct sync_session;

/* The loop and store are borrowed and must outlive the session. ERR_USAGE, ERR_SQL. */
int sync_session_new(struct loop *l, struct store *s, const struct clock *clock, const struct rng *rng,
                     struct sync_session **out, struct err *e);
/* Stops what runs (its done is not called any more) and frees. NULL is fine. */
void sync_session_free(struct sync_session *s);

/* The session's net, for one question beside a sync (doctor). Borrowed. */
struct net *sync_session_net(struct sync_session *s);

/* The rooms that it was made with. */
struct sync_rooms {
    struct loop *loop;
    struct store *store;
    struct clock clock;
};
struct sync_rooms sync_session_rooms(const struct sync_session *s);

/* The next sync may take more than the day's bytes (sync/budget.h): a person has said so. */
void sync_session_lift(struct sync_session *s);
/* How long nothing may go to the server; what is asked meanwhile waits. */
int64_t sync_session_quiet(const struct sync_session *s);

/* Starts a sync of the scope as the settings have it now; before it, of what is demanded (sync/demand.h); when that
 * does not come whole it is the end. The observer is copied. ERR_INUSE when one runs already; ERR_BUSY while the server
 * is not to be asked for longer than SYNC_PACE_PATIENCE_MS. */
int sync_session_start(struct sync_session *s, const struct sync_observer *o, struct err *e);
/* Asks the running sync to stop: true, and its done comes with ERR_CANCELLED; false when none runs. */
bool sync_session_stop(struct sync_session *s);

/* --- ask.c: a question whose answer is not stored -------------------------------------------------- */

struct sync_ask;
struct sync_answer {
    int code;        /* ERR_OK: status 200, and the body came whole */
    struct err err;
    int status;
    struct str body; /* borrowed for the call */
};
/* GET url (relative to the base) beside whatever sync runs. done comes once, on a later turn (from sync_session_free
 * with ERR_CANCELLED), unless it was dropped; *out is gone then. */
int sync_ask(struct sync_session *s, const char *url, void (*done)(void *arg, const struct sync_answer *a), void *arg,
             struct sync_ask **out, struct err *e);
void sync_ask_drop(struct sync_ask *q); /* stops it: done does not come, *q is gone. NULL is fine */

#endif
