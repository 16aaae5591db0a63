/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A copy of a store under other keys. VACUUM INTO attaches the new file, which has its superblocks already, and writes
 * it page by page; it leaves a database that is not in WAL mode, which is mended by a connection of its own.
 */
#include "config.h"

#include "store/seal_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/mem.h"

#define STEP_OPS 4000 /* of SQLite's machine, between two calls of step: some milliseconds */

struct watch {
    const struct seal_copy *c;
    uint64_t all;
};

static int watched(void *arg)
{
    const struct watch *w = arg;
    struct stat st;
    uint64_t done = 0;

    if (!stat(w->c->to, &st) && st.st_size > SEAL_DATA_OFFSET)
        done = ((uint64_t)st.st_size - SEAL_DATA_OFFSET) / SEAL_PAGE;
    return w->c->step(w->c->arg, done < w->all ? done : w->all, w->all);
}

static uint64_t pages_of(sqlite3 *db)
{
    sqlite3_stmt *st = NULL;
    uint64_t n = 0;

    if (!sqlite3_prepare_v2(db, "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count", -1,
                            &st, NULL) &&
        sqlite3_step(st) == SQLITE_ROW)
        n = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

static int vacuum(const struct seal_copy *c, sqlite3 *db, char *to, struct err *e)
{
    struct watch w = {c, pages_of(db)};
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", to);
    int rc = sql ? sqlite3_set_authorizer(db, seal_authorize, to) : SQLITE_NOMEM;

    if (!rc) /* an older store has no pointer maps; the copy has */
        rc = sqlite3_exec(db, "PRAGMA auto_vacuum=2", NULL, NULL, NULL);
    if (!rc && c->step)
        sqlite3_progress_handler(db, STEP_OPS, watched, &w);
    c->keys->creating = true;
    seal_opening(c->keys);
    if (!rc && c->step && watched(&w))
        rc = SQLITE_INTERRUPT;
    if (!rc && (rc = sqlite3_exec(db, sql, NULL, NULL, NULL)))
        rc = sqlite3_extended_errcode(db);
    if (!rc && c->step && watched(&w))
        rc = SQLITE_INTERRUPT;
    seal_opening(NULL);
    c->keys->creating = false;
    sqlite3_progress_handler(db, 0, NULL, NULL);
    sqlite3_free(sql);
    return rc ? seal_error(e, db, rc, c->from_keys, c->from) : ERR_OK;
}

/* Page 1 says WAL from here on. */
static int into_wal(const struct seal_copy *c, const char *to, struct err *e)
{
    sqlite3 *db = NULL;
    int rc;

    c->keys->creating = true;
    seal_opening(c->keys);
    rc = sqlite3_open_v2(to, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, SEAL_VFS);
    seal_opening(NULL);
    if (!rc)
        rc = sqlite3_exec(db, "PRAGMA temp_store=2; PRAGMA journal_mode=OFF; PRAGMA journal_mode=WAL;"
                              "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
    if (rc)
        seal_error(e, db, sqlite3_extended_errcode(db), c->keys, c->to);
    if (sqlite3_close(db) && !rc) {
        rc = SQLITE_BUSY;
        err_set(e, ERR_SQL, rc, 0, c->to);
    }
    c->keys->creating = false;
    return rc ? e ? e->code : ERR_IO : ERR_OK;
}

static int synced(const char *path, struct err *e)
{
    int fd = fault_hit(FAULT_IO) ? (errno = EIO, -1) : open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int bad = fd < 0 || fsync(fd), why = errno;

    if (fd >= 0)
        close(fd);
    return bad ? err_set(e, ERR_IO, why, 0, path) : ERR_OK;
}

int seal_copy(const struct seal_copy *c, struct err *e)
{
    struct err own = ERR_NONE;
    sqlite3 *db = NULL;
    char *to = seal_canonical(c->to);
    int code = to ? seal_shell(to, c->super, c->keys, &own) : err_set(&own, ERR_IO, errno, 0, c->to);

    if (!code) {
        if (!(code = seal_open(c->from, c->from_keys, false, &db, &own)))
            code = vacuum(c, db, to, &own);
        sqlite3_close(db);
        if (!code && !(code = into_wal(c, to, &own)))
            code = synced(to, &own);
        if (code)
            seal_forget(to);
    }
    if (e && code)
        *e = own;
    mem_free(to);
    return code;
}
