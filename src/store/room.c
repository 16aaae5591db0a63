/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much room the store takes, and how much it may.
 */
#include "config.h"

#include "store/room.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "store/owner.h"
#include "store/blob.h"
#include "store/priv.h"
#include "store/seal.h"

#define QUOTA "quota" /* setting: bytes, or "" */
#define MARGIN 10     /* what is removed beyond the quota: its tenth part, so that not every sync removes a little */

static uint64_t bytes_of(const char *path)
{
    struct stat st;

    return stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

static void look_at_disk(struct store *s, struct store_room *r)
{
    char path[PATH_MAX_BYTES + 8];
    const char *home = owner_home(s->owner);
    struct statvfs v;

    snprintf(path, sizeof path, "%s-wal", s->path);
    r->file_bytes = bytes_of(s->path);
    r->wal_bytes = bytes_of(path);
    store_blob_bytes(s, &r->blob_bytes, NULL);
    if (!statvfs(home, &v))
        r->disk_free = (uint64_t)v.f_bavail * v.f_frsize;
    r->reserve_bytes = reserve_is_held(s) ? STORE_RESERVE_BYTES : 0;
}

static int quota_of(struct sql *c, uint64_t *out, struct err *e)
{
    sqlite3_stmt *st;
    int64_t n = 0;
    int code = sql_use(c, SQL_SETTING, &st, e);

    *out = 0;
    if (code)
        return code;
    sql_bind(st, 1, STR(QUOTA));
    if ((code = sql_step(c, st, e)) == 1)
        code = !sql_column(st, 0).n || str_int(sql_column(st, 0), 0, INT64_MAX, &n)
                   ? ERR_OK
                   : err_set(e, ERR_DAMAGED, 0, 0, QUOTA);
    sql_done(st);
    *out = (uint64_t)n;
    return code;
}

int room_pages(struct sql *c, int64_t *all, int64_t *empty, struct err *e)
{
    int code = sql_number(c, "PRAGMA page_count", all, e);

    return code ? code : sql_number(c, "PRAGMA freelist_count", empty, e);
}

int room_shrinks(struct sql *c, bool *yes, struct err *e)
{
    int64_t mode;
    int code = sql_number(c, "PRAGMA auto_vacuum", &mode, e);

    *yes = mode == 2;
    return code;
}

int room_checkpoint(struct store *s, bool empty, struct err *e)
{
    int rc;

    turn_take(&s->turn, false);
    rc = sqlite3_wal_checkpoint_v2(s->w.db, NULL, empty ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL,
                                   NULL);
    turn_leave(&s->turn);
    return rc == SQLITE_BUSY ? ERR_OK : sql_error(&s->w, rc, e); /* a reader holds it up: the next one does it */
}

int store_room(struct store *s, struct store_room *r, struct err *e)
{
    int64_t all, empty;
    int code = store_read_begin(s, e);

    *r = (struct store_room){.quota = 0};
    if (code)
        return code;
    if (!(code = room_pages(&s->r, &all, &empty, e)) && !(code = quota_of(&s->r, &r->quota, e)) &&
        !(code = room_shrinks(&s->r, &r->shrinks, e)))
        code = sql_number(&s->r, "SELECT count(*) FROM evicted", &r->removed, e);
    store_read_end(s);
    if (code)
        return code;
    r->free_bytes = (uint64_t)empty * SEAL_PAGE;
    look_at_disk(s, r);
    return ERR_OK;
}

uint64_t store_room_over(const struct store_room *r)
{
    uint64_t bytes = r->file_bytes + r->wal_bytes + r->blob_bytes - (r->shrinks ? 0 : r->free_bytes);

    return r->quota && bytes > r->quota ? bytes - r->quota : 0;
}

int store_quota_set(struct store_tx *tx, uint64_t bytes, struct err *e)
{
    char text[24] = "";

    if (bytes && (bytes < STORE_QUOTA_LEAST || bytes > INT64_MAX))
        return err_set(e, ERR_INPUT, 0, STORE_QUOTA_LEAST, QUOTA);
    if (bytes)
        snprintf(text, sizeof text, "%llu", (unsigned long long)bytes);
    return store_set(tx, QUOTA, str_of(text), e);
}

int store_keep_quota(struct store *s, struct store_evict *ev, int64_t now_ms, const struct store_progress *p,
                     struct err *e)
{
    struct store_room r;
    int code;

    if (ev->want)
        return store_evict(s, ev, now_ms, p, e);
    if ((code = store_room(s, &r, e)) || !store_room_over(&r))
        return code;
    if ((code = room_checkpoint(s, true, e)) || (code = store_room(s, &r, e)) || !store_room_over(&r))
        return code;
    ev->want = store_room_over(&r) + r.quota / MARGIN;
    return store_evict(s, ev, now_ms, p, e);
}
