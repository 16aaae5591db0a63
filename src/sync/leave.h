/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who has left the list that the profile follows (store/member.h): for STORE_MEMBER_GRACE_MS all that is here stays, as
 * it was, and says since when; then it is removed from the device, behind the brake of sync/absent.h: more of them at
 * once than deletions may be, or all there are, and a person is asked. What is in store_member_remove's way stays, and
 * is looked at again by the next sync. Nothing of it is asked of the server.
 */
#ifndef SYNC_LEAVE_H
#define SYNC_LEAVE_H

#include "sync/priv.h"

struct sync_leave {
    struct vec left;   /* of struct store_member */
    struct seen ids;   /* hashes of theirs */
    int64_t members;   /* whom a list takes out: those who are in it, and those who have left */
    int64_t due;       /* whose time is over */
    int64_t before_ms; /* who left before that */
};

/* All zero before. date_ms: the server's of this sync; 0: the list was not read, nobody is due. */
int sync_leave_look(struct store *s, int64_t date_ms, struct sync_leave *l, struct err *e);
void sync_leave_fini(struct sync_leave *l);
bool sync_leave_has(const struct sync_leave *l, struct str chart);
/* Takes out of the numbers of store_at_server what is of them: the server is not asked how many those are. */
int sync_leave_without(struct store *s, const struct sync_leave *l, struct str type, int64_t *here, int64_t *removed,
                       struct err *e);
/* On the store thread. *gone: how many patients. */
int sync_leave_remove(struct store *s, const struct sync_leave *l, int64_t now_ms, uint64_t *gone, struct err *e);

#endif
